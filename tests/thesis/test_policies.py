"""The policies of the report as data, and what the check of their file finds."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections import Counter

import pytest

from screener.terms.notes import UsageError
from screener.thesis.check import check_policies_text
from screener.thesis.library import Library, open_library
from screener.thesis.policies import Target, checkpoints
from tests.conftest import ROOT, THESIS, run_screener

FILE = ROOT / "themes" / "policies" / f"{THESIS}.toml"
BUCKETS = ("operators", "aidc")
MONTH = 'month = "2023-10"'
GOOD = """thesis = "t"
source = "tables"

[[policies]]
id = "one"
month = "2023-10"
region = "全国"
region_en = "National"
title = "政策"
title_en = "Policy"
tables = [2]
keywords = { compute = ["算力"] }
buckets = ["operators"]

[[policies.targets]]
metric = "scale"
name = "规模"
name_en = "scale"
comparator = ">"
value = 300
unit = "EFLOPS"
due = 2025-12-31
scope = "全国"
scope_en = "national"
buckets = ["aidc"]
"""


@pytest.fixture(scope="module")
def book():
    return open_library().load_policies(THESIS)


def check(text: str, **options):
    return check_policies_text(text.encode(), file="policies/t.toml", slug="t", buckets=BUCKETS, **options)


def test_every_row_of_tables_2_to_9_stands_in_the_file_and_a_policy_in_several_tables_is_one_event(book):
    # Counted by hand in the report: rows of each table.
    rows = {2: 12, 3: 11, 4: 2, 5: 3, 6: 2, 7: 14, 8: 5, 9: 3}
    assert Counter(table for policy in book.policies for table in policy.tables) == rows
    assert len(book.policies) == 33
    assert len({policy.title for policy in book.policies}) == 33


def test_the_action_plan_of_october_2023_stands_in_five_tables_with_nine_targets(book):
    plan = {policy.id: policy for policy in book.policies}["compute-action-plan-2023"]
    assert (plan.month, plan.tables, plan.issuers) == ("2023-10", (2, 3, 4, 5, 6), ("工信部",))
    assert plan.fields == ("compute", "application", "network", "east_west")
    assert {(each.metric, each.comparator, each.value, each.unit) for each in plan.targets} == {
        ("compute_scale", ">", 300, "EFLOPS"),
        ("intelligent_share", ">=", 0.35, "fraction"),
        ("storage", ">", 1800, "EB"),
        ("advanced_storage_share", ">=", 0.30, "fraction"),
        ("disaster_recovery", ">=", 1.0, "fraction"),
        ("benchmarks_per_field", ">=", 30, "per_field"),
        ("latency_ratio", "<=", 1.5, "ratio"),
        ("otn_coverage", ">=", 0.80, "fraction"),
        ("srv6_share", ">=", 0.40, "fraction"),
    }
    assert {each.due for each in plan.targets} == {dt.date(2025, 12, 31)}


def test_the_targets_of_the_hub_nodes_and_of_the_provinces_are_those_of_the_tables(book):
    found = {(policy.region, each.metric, each.value, each.due) for policy in book.policies for each in policy.targets}
    end = dt.date(2025, 12, 31)
    assert {
        ("全国", "hub_share_of_new_compute", 0.60, end),
        ("全国", "latency_city", 1, end),
        ("全国", "latency_region", 5, end),
        ("全国", "latency_hubs", 20, end),
        ("全国", "green_power_share", 0.80, end),
        ("贵州", "compute_scale", 2, dt.date(2023, 12, 31)),
        ("贵州", "compute_scale", 5, dt.date(2024, 12, 31)),
        ("贵州", "compute_scale", 10, end),
        ("上海", "compute_scale", 15, dt.date(2024, 12, 31)),
        ("上海", "pue_start_area", 1.25, dt.date(2024, 12, 31)),
        ("湖南", "compute_scale", 10, end),
        ("湖南", "racks", 172_000, None),
        ("山东", "racks", 450_000, end),
        ("山东", "utilisation", 0.60, end),
        ("江苏", "utilisation", 0.65, dt.date(2023, 12, 31)),
        ("河南", "intelligent_and_super_compute", 2000, end),
        ("内蒙古", "latency_jingjinji", 10, end),
    } <= found
    assert sum(len(policy.targets) for policy in book.policies) == 41


def test_the_month_printed_as_2023_20_is_february_and_says_so(book):
    plan = {policy.id: policy for policy in book.policies}["digital-china-2023"]
    assert plan.month == "2023-02"
    assert "2023.20" in (plan.correction or "")
    assert "2023.20" in (plan.correction_en or "")


def test_every_title_is_printed_in_the_report_and_no_sentence_of_it_is_repeated(book, reference):
    def bare(text: str) -> str:
        return re.sub(r"[\s“”〈〉（）()《》]", "", text)

    report = bare((reference / "seed" / f"{THESIS}-report.txt").read_text("utf-8"))
    titles = {bare(policy.title) for policy in book.policies}
    assert [title for title in titles if title not in report] == []
    quoted = [bare(text) for text in re.findall(r'"([^"]+)"', FILE.read_text("utf-8"))]
    assert [text for text in quoted if len(text) > 20 and text not in titles and text in report] == []


def test_every_month_is_the_one_printed_beside_the_title(book, reference):
    rows = (reference / "seed" / f"{THESIS}-report.txt").read_text("utf-8").split("\n")
    printed = {}
    for row in rows:
        month = re.search(r"\t?(20\d\d)\. ?(\d{1,2})\t", row)
        title = re.search(r"《(.+)》", row.split("\t")[-2] if row.count("\t") >= 2 else "") or re.search(r"《(.+?)》\t", row)
        if month and title and int(month[2]) <= 12:
            printed.setdefault(re.sub(r"[\s“”〈〉（）()]", "", title[1]), set()).add(f"{month[1]}-{int(month[2]):02d}")
    wrong = [
        policy.id
        for policy in book.policies
        if printed.get(re.sub(r"[\s“”〈〉（）()]", "", policy.title)) not in (None, {policy.month})
    ]
    assert len(printed) > 25
    assert wrong == []


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        (dt.date(2025, 6, 29), "later"),  # + 6 months = 2025-12-29
        (dt.date(2025, 6, 30), "later"),  # + 6 months = 2025-12-30
        (dt.date(2025, 7, 1), "soon"),  # + 6 months = 2026-01-01
        (dt.date(2025, 12, 30), "soon"),
        (dt.date(2025, 12, 31), "passed"),
    ],
)
def test_a_target_is_passed_on_its_due_date_and_soon_within_six_calendar_months(as_of, status):
    target = Target(
        metric="m",
        name="m",
        name_en="m",
        comparator=">",
        value=1,
        unit="EB",
        due=dt.date(2025, 12, 31),
        scope="s",
        scope_en="s",
        buckets=("aidc",),
    )
    assert target.due_status(as_of) == status


def test_targets_come_by_due_date_and_those_of_later_policies_are_not_known_yet(book):
    known = checkpoints(book, dt.date(2021, 11, 1))
    # Inner Mongolia (1) and Shandong (5) only.
    assert [each.policy.month for each in known] == ["2021-07", *["2021-10"] * 5]
    dues = [each.target.due or dt.date.max for each in checkpoints(book, dt.date(2025, 6, 30))]
    assert dues == sorted(dues)


def test_a_good_file_has_no_problem():
    read, problems = check(GOOD)
    assert problems == ()
    assert read is not None
    assert (read.policies[0].first_day, read.policies[0].last_day) == (dt.date(2023, 10, 1), dt.date(2023, 10, 31))


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "code"),
    [
        (MONTH, 'month = "2023-20"', 6, "policies[0].month", "pattern_wrong"),
        (
            'month = "2023-10"',
            'month = "2023-10"\nday = 2023-11-08\nday_source = "x"',
            7,
            "policies[0].day",
            "day_outside_month",
        ),
        (MONTH, f"{MONTH}\nday = 2023-10-08", 7, "policies[0].day", "day_needs_source"),
        ('buckets = ["operators"]', 'buckets = ["operator"]', 13, "policies[0].buckets[0]", "bucket_unknown"),
        ('buckets = ["aidc"]', 'buckets = ["idc"]', 25, "policies[0].targets[0].buckets[0]", "bucket_unknown"),
        ("due = 2025-12-31\n", "", 15, "policies[0].targets[0].due", "target_due"),
        ('unit = "EFLOPS"', 'unit = "EFLOP"', 21, "policies[0].targets[0].unit", "not_one_of"),
        ('thesis = "t"', 'thesis = "other"', 1, "thesis", "policies_of_other"),
        ("tables = [2]", "tables = []", 11, "policies[0].tables", "list_empty"),
        ("compute = [", "computing = [", 12, "policies[0].keywords.computing.[key]", "not_one_of"),
    ],
)
def test_a_fault_is_found_with_its_line_and_field(old, new, line, field, code):
    assert GOOD.count(old) == 1
    _, problems = check(GOOD.replace(old, new))
    assert [(each.line, each.field, each.code) for each in problems] == [(line, field, code)]


def test_a_second_policy_of_the_same_id_and_a_month_to_come_are_problems():
    twice = GOOD + GOOD[GOOD.index("[[policies]]") :]
    _, problems = check(twice, today=dt.date(2023, 9, 1))
    assert [(each.line, each.code) for each in problems] == [(6, "date_in_future"), (27, "duplicate"), (28, "date_in_future")]


def test_thesis_check_reads_the_policies_beside_the_thesis_too(tmp_path):
    folder = tmp_path / "themes"
    shutil.copytree(ROOT / "themes", folder)
    path = folder / "policies" / f"{THESIS}.toml"
    path.write_text(path.read_text("utf-8").replace('month = "2021-07"', 'month = "2021-17"'), "utf-8")
    ran = run_screener("thesis", "check", folder / f"{THESIS}.toml")
    assert ran.code == 2
    assert f"policies/{THESIS}.toml:" in ran.out
    assert "2021-17" in ran.out


def test_the_folder_of_policies_holds_no_thesis_and_a_thesis_may_have_none(tmp_path):
    folder = tmp_path / "themes"
    shutil.copytree(ROOT / "themes", folder, ignore=shutil.ignore_patterns("policies"))
    library = Library((folder,))
    assert [path.stem for path in open_library().thesis_paths()] == [path.stem for path in library.thesis_paths()]
    with pytest.raises(UsageError, match="no policies"):
        library.load_policies(THESIS)
