"""A library of theses over time: edits after recording, and candidates gone stale."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest

from screener.sources.name_lists import read_registry
from screener.terms.names import NameRegistry, bundled_registry
from screener.terms.notes import InputProblems, UsageError
from screener.thesis.library import Library, bundled_folder, open_library
from screener.thesis.lock import LOCK, check_library, facts_hash, read_lock, thesis_facts
from tests.conftest import THESIS, run_screener

TODAY = dt.date(2026, 11, 25)
FILE = f"{THESIS}.toml"


@pytest.fixture
def folder(tmp_path):
    """A library folder of one's own: the bundled thesis with its scale and lock."""
    shutil.copytree(bundled_folder(), tmp_path / "themes")
    return tmp_path / "themes"


def edit(folder, old, new, file=FILE):
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def check(folder, *names, registry=None, record=False, today=TODAY):
    return check_library(Library((folder,)), names, today=today, registry=registry or bundled_registry(), record=record)


def found(checked):
    return [(each.field, each.value, each.code) for each in checked.problems]


def test_every_bundled_thesis_is_recorded_and_unedited():
    library = open_library()
    lock = read_lock(bundled_folder() / LOCK)
    assert set(lock) == {path.stem for path in library.thesis_paths()}
    checked = check_library(library, [], today=TODAY, registry=bundled_registry())
    assert (checked.problems, checked.stale) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "code"),
    [
        ("published = 2024-04-14", "published = 2024-04-15", "published", "2024-04-15 inferred", "fact_edited"),
        ('industry = "强于大市"', 'industry = "中性"', "rating", "中性 maintained 强于大市", "fact_edited"),
        (
            'symbol = "801770.SI"\nname = "申万通信"',
            'symbol = "801750.SI"\nname = "申万计算机"',
            "industry_index",
            "801750.SI",
            "fact_edited",
        ),
        ('bucket = "aidc"', 'bucket = "aidc"\nrating = "买入"', "300442.SZ", "aidc 买入", "fact_edited"),
    ],
)
def test_an_edited_fact_is_named_with_what_it_was(folder, old, new, field, value, code):
    edit(folder, old, new)
    (problem,) = check(folder).problems
    assert (problem.file, problem.field, problem.value, problem.code) == (FILE, field, value, code)
    assert str(problem.params["old"]) in problem.text("en")
    assert "2026-11-25" in problem.text("zh"), "since when the fact was on record"


def test_a_candidate_added_and_one_removed_are_named(folder):
    edit(folder, 'symbol = "688205.SH"\nname = "德科立"\nname_en = "Taclink"', 'symbol = "301205.SZ"\nname = "联特科技"')
    assert found(check(folder)) == [("688205.SH", "", "fact_removed"), ("301205.SZ", "otn_400g", "fact_added")]


def test_a_band_edited_in_the_scale_is_an_edit_of_the_thesis(folder):
    for _ in range(2):
        edit(folder, "0.05", "0.06", file="scales/guolian.toml")
    assert [(each.field, each.code) for each in check(folder).problems] == [("scale stock", "fact_edited")]


@pytest.mark.parametrize(
    ("old", "new"), [("Building the compute base for AI", "Compute"), ('name = "CW 光源"', 'name = "光源"'), ("\n\n", "\n")]
)
def test_words_that_no_figure_hangs_on_may_be_edited(folder, old, new):
    edit(folder, old, new)
    assert check(folder).problems == ()


def test_the_order_of_candidates_is_no_fact(bundled):
    thesis, scale = bundled
    turned = thesis.model_copy(update={"candidates": tuple(reversed(thesis.candidates))})
    assert facts_hash(thesis_facts(turned, scale)) == facts_hash(thesis_facts(thesis, scale))


def test_recording_an_edit_keeps_the_first_date_and_adds_the_day_of_the_edit(folder):
    edit(folder, "published = 2024-04-14", "published = 2024-04-15")
    checked = check(folder, record=True, today=dt.date(2026, 12, 1))
    assert checked.recorded == (THESIS,)
    entry = read_lock(folder / LOCK)[THESIS]
    assert (entry["recorded"], entry["edited"]) == (dt.date(2026, 11, 25), dt.date(2026, 12, 1))
    assert check(folder).problems == ()
    before = (folder / LOCK).read_bytes()
    assert check(folder, record=True, today=dt.date(2026, 12, 2)).recorded == (), "nothing to record twice"
    assert (folder / LOCK).read_bytes() == before


def test_a_broken_thesis_is_not_recorded(folder):
    before = (folder / LOCK).read_bytes()
    edit(folder, "688205.SH", "301205.SZ")
    checked = check(folder, record=True)
    assert [each.code for each in checked.problems] == ["symbol_of_other"]
    assert (folder / LOCK).read_bytes() == before


def test_a_lock_whose_facts_were_edited_by_hand_is_found(folder):
    edit(folder, '"300442.SZ" = "aidc"', '"300442.SZ" = "operators"', file=LOCK)
    assert "lock_hash_wrong" in [each.code for each in check(folder).problems]


@pytest.mark.parametrize(
    "text", ["not toml", "[x]\nsha256 = 1\n", "x = 1\n", "[x]\nrecorded = 2026-01-01\nsha256 = 'a'\nfacts = 5\n"]
)
def test_a_broken_lock_is_refused(folder, text):
    (folder / LOCK).write_text(text, "utf-8")
    with pytest.raises(InputProblems):
        check(folder)


def test_an_edited_copy_outside_the_library_is_free(folder, tmp_path):
    copy = tmp_path / FILE
    shutil.copy(folder / FILE, copy)
    shutil.copy(folder / LOCK, tmp_path / LOCK)
    copy.write_text(copy.read_text("utf-8").replace("published = 2024-04-14", "published = 2024-04-15"), "utf-8")
    assert check(folder, str(copy)).problems == ()
    assert run_screener("thesis", "check", copy).code == 0


def test_a_copy_outside_the_library_cannot_be_recorded(folder, tmp_path):
    shutil.copy(folder / FILE, tmp_path / FILE)
    with pytest.raises(UsageError, match="no folder of theses"):
        check(folder, str(tmp_path / FILE), record=True)


def test_one_name_that_cannot_be_found_hides_no_other(folder):
    edit(folder, "688205.SH", "301205.SZ")
    checked = check(folder, "nothing", THESIS, "../x")
    assert [each.code for each in checked.problems] == ["thesis_unknown", "symbol_of_other", "bad_slug"]
    assert checked.files == 3


# Stale candidates.


def listed(**changes) -> NameRegistry:
    """A list as long as a market, with the bundled names and `changes` (None: not listed)."""
    filler = {f"{600000 + at:06d}.SH": f"某某{at}" for at in range(4000)}
    names = {**filler, **bundled_registry().names, **{key.replace("_", "."): value for key, value in changes.items()}}
    return NameRegistry({symbol: name for symbol, name in names.items() if name}, "names.csv")


def stale(folder, registry, today=TODAY):
    checked = check(folder, registry=registry, today=today)
    assert checked.problems == ()
    return [(each.value, each.code) for each in checked.stale]


def test_a_list_that_agrees_finds_nothing_stale(folder):
    assert stale(folder, listed()) == []


def test_a_renamed_and_an_absent_candidate_are_stale_with_their_line(folder):
    checked = check(folder, registry=listed(**{"688205_SH": "新德科立", "300442_SZ": None}))
    assert [(each.value, each.code) for each in checked.stale] == [
        ("688205.SH", "candidate_renamed"),
        ("300442.SZ", "candidate_absent"),
    ]
    lines = (folder / FILE).read_text("utf-8").split("\n")
    assert lines[checked.stale[0].line - 1] == 'symbol = "688205.SH"'


@pytest.mark.parametrize("name", ["ST德科立", "XD德科立", "德科立-U", "XD德科"])
def test_the_marks_of_an_exchange_are_no_new_name(folder, name):
    assert stale(folder, listed(**{"688205_SH": name})) == []


def test_a_short_list_says_nothing_about_absence(folder):
    assert stale(folder, NameRegistry({"600941.SH": "中国移动"}, "mine.csv")) == []


def test_a_delisting_and_a_delisted_candidate_are_stale(folder):
    registry = listed(**{"688205_SH": "退市德科"})
    registry = NameRegistry(
        registry.names, registry.label, {"300442.SZ": dt.date(2026, 5, 6), "002281.SZ": dt.date(2027, 1, 1)}
    )
    assert stale(folder, registry) == [("688205.SH", "candidate_delisting"), ("300442.SZ", "candidate_delisted")]


def test_a_code_changed_since_is_stale_from_that_day(folder):
    edit(folder, 'symbol = "688205.SH"\nname = "德科立"', 'symbol = "300114.SZ"\nname = "中航电测"')
    (folder / LOCK).unlink()
    assert stale(folder, bundled_registry(), today=dt.date(2025, 2, 16)) == []
    assert stale(folder, bundled_registry(), today=dt.date(2025, 2, 17)) == [("300114.SZ", "code_changed")]


def test_a_beijing_code_is_stale_and_the_message_names_the_new_one(folder):
    edit(folder, 'symbol = "688205.SH"\nname = "德科立"', 'symbol = "832982.BJ"\nname = "锦波生物"')
    (folder / LOCK).unlink()
    (problem,) = check(folder).stale
    assert problem.code == "code_changed"
    assert "920982.BJ" in problem.text("zh")


def test_the_bundled_thesis_holds_against_the_real_list(folder, market_folder):
    assert stale(folder, read_registry(market_folder)) == []


# The command.


def test_the_command_checks_the_whole_library_when_nothing_is_named(folder):
    shutil.copy(folder / FILE, folder / "second.toml")
    done = run_screener("thesis", "check", "--themes", folder, "--lang", "en")
    assert done.code == 0
    assert "2 files, no problem" in done.out


def test_the_command_exits_with_2_for_an_edit_and_with_3_for_stale_names(folder, tmp_path):
    (tmp_path / "names.csv").write_text("code,name\n688205,新德科立\n", "utf-8")
    done = run_screener("thesis", "check", "--themes", folder, "--names", tmp_path, "--json")
    assert done.code == 3
    assert [(each["value"], each["level"]) for each in done.json] == [("688205.SH", "stale")]
    edit(folder, "published = 2024-04-14", "published = 2024-04-15")
    done = run_screener("thesis", "check", THESIS, "--themes", folder, "--lang", "en")
    assert done.code == 2
    assert "it was 2024-04-14 inferred" in done.out


def test_the_command_records(folder):
    (folder / LOCK).unlink()
    done = run_screener("thesis", "check", "--record", "--themes", folder, "--lang", "en")
    assert done.code == 0
    assert f"{THESIS} is recorded in theses.lock" in done.out
    assert set(read_lock(folder / LOCK)) == {THESIS}
