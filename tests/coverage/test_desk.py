from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import pytest

from screener.coverage.changes import Change, changes_since
from screener.coverage.desk import Desk, score_house
from screener.screening import check_desk, check_outcome, check_week
from screener.sources.snapshot import SnapshotSource
from screener.thesis.library import open_library
from tests.conftest import ROOT, THESIS, run_screener

TODAY = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def thesis_of(tmp_path_factory):
    """The bundled thesis under another slug, with some lines replaced, as (thesis, scale)."""
    text = (ROOT / "themes" / f"{THESIS}.toml").read_text("utf-8")

    def make(slug: str, **lines: str):
        changed = text
        for key, value in lines.items():
            before = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
            changed = changed.replace(before, f"{key} = {value}", 1)
        path = tmp_path_factory.mktemp("theses") / f"{slug}.toml"
        path.write_text(changed, encoding="utf-8")
        return open_library().load(str(path))

    return make


@pytest.fixture(scope="module")
def pairs(bundled, thesis_of):
    dates = {"published_earliest": "2024-09-01", "published_latest": "2024-12-31"}
    late = thesis_of("late", published="2024-11-04", house='"样例证券"', industry='"中性"', **dates)
    return [bundled, late]


@pytest.fixture(scope="module")
def desk(pairs):
    return check_desk(pairs, SnapshotSource(), today=TODAY)[0]


def test_every_figure_is_that_of_outcome_and_weekly_of_the_same_thesis(pairs, desk):
    for (thesis, scale), row in zip(pairs, desk.rows, strict=True):
        outcome = check_outcome(thesis, scale, SnapshotSource(), today=TODAY)
        week = check_week(thesis, scale, SnapshotSource(), today=TODAY).week
        assert desk.week_end == week.sessions[-1]
        assert (row.status, row.as_of) == (outcome.status, outcome.as_of)
        for standing in (row.index, row.basket):
            own = week.row(standing.subject)
            assert standing.excess == own.excess_since_published
            assert standing.to_next_edge == own.to_next_edge
            for months, (excess, band) in standing.horizons.items():
                judged = outcome.row(standing.subject, months)
                assert (excess, band) == (judged.excess, judged.band)
        assert [name.excess for name in row.names] == [each.excess for each in week.rows if each.kind == "candidate"]


def test_a_matured_rating_is_judged_at_its_end_and_a_running_one_is_not(desk):
    first, late = desk.rows
    assert first.status == "matured"
    assert (first.lead.hit, first.days_left) == (False, 0)
    assert first.lead.horizons[12][1] == "中性"
    assert late.status == "running"
    assert late.lead.hit is None
    # 2025-11-04 lies 127 days after 2025-06-30.
    assert (late.due, late.days_left) == (dt.date(2025, 11, 4), 127)


def test_a_name_in_two_theses_stands_once_with_the_band_under_each(desk):
    named = {each.symbol: each for each in desk.named_by_several}
    assert len(named) == 11
    mobile = named["600941.SH"]
    assert [house for _, house, _ in mobile.theses] == ["国联证券", "样例证券"]


def test_the_best_and_the_worst_names_share_none_and_are_in_order(desk):
    best, worst = desk.extremes
    assert {row.subject for row in best}.isdisjoint({row.subject for row in worst})
    assert [row.excess for row in best] == sorted((row.excess for row in best), reverse=True)
    assert [row.excess for row in worst] == sorted(row.excess for row in worst)


def test_a_house_score_counts_matured_ratings_only(desk):
    scores = {each.house: each for each in desk.houses}
    assert (scores["国联证券"].measured, scores["国联证券"].hits, scores["国联证券"].hit_rate) == (1, 0, 0.0)
    assert (scores["样例证券"].count, scores["样例证券"].measured, scores["样例证券"].hit_rate) == (1, 0, None)
    assert all(each.small for each in desk.houses)


def test_ratings_on_one_index_are_one_cluster_in_a_house_score(desk):
    row = desk.rows[0]
    hit = replace(row, index=replace(row.index, hit=True))
    score = score_house("国联证券", [row, hit, row, hit])
    assert (score.measured, score.hits, score.hit_rate) == (4, 2, 0.5)
    # One index is one draw: Wilson at n = 1 and p = 1/2 runs from 0.0546 to 0.9454.
    assert (score.low, score.high) == (pytest.approx(0.05461, abs=1e-4), pytest.approx(0.94539, abs=1e-4))


def moved(desk, **bands):
    """The desk with other bands for its second, running thesis a week before."""
    first, late = desk.rows
    return Desk(desk.week_end, desk.sessions, desk.as_of, (first, replace(late, bands_before={**late.bands_before, **bands})))


def test_a_crossed_band_is_said_once_and_only_inside_a_running_window(desk):
    now = desk.rows[1].bands["801770.SI"]
    before = "弱于大市" if now != "弱于大市" else "中性"
    crossed = [each for each in moved(desk, **{"801770.SI": before}).crossed if each.subject == "801770.SI"]
    assert [(each.slug, each.before, each.now) for each in crossed] == [("late", before, now)]
    old = replace(desk.rows[0], bands_before={"801770.SI": "弱于大市"})
    assert Desk(desk.week_end, desk.sessions, desk.as_of, (old,)).crossed == ()


def test_a_band_without_a_figure_before_is_no_crossing(desk):
    assert not [each for each in moved(desk, **{"801770.SI": None}).crossed if each.subject == "801770.SI"]


def test_what_falls_due_within_four_weeks_is_named_and_what_ends_in_the_week_matured(desk):
    late = desk.rows[1]

    def due(day):
        return Desk(desk.week_end, desk.sessions, desk.as_of, (replace(late, due=day),))

    assert desk.week_end == dt.date(2025, 6, 27)
    assert [len(due(day).due_soon) for day in (dt.date(2025, 6, 27), dt.date(2025, 6, 30), dt.date(2025, 7, 25))] == [0, 1, 1]
    assert due(dt.date(2025, 7, 28)).due_soon == ()
    assert [len(due(day).matured) for day in (dt.date(2025, 6, 20), dt.date(2025, 6, 23), dt.date(2025, 6, 27))] == [0, 1, 1]


def test_changes_since_an_earlier_record_are_those_of_bands_status_rating_and_date(desk):
    late = desk.rows[1]
    now = late.bands["801770.SI"]
    old = "弱于大市" if now != "弱于大市" else "中性"
    earlier = {
        "week_end": "2025-05-30",
        "theses": [
            {"slug": THESIS, "stated": "强于大市", "status": "running", "bands": {}},
            {"slug": "late", "stated": "强于大市", "status": "running", "bands": {"801770.SI": old, "all": None}},
        ],
    }
    assert changes_since(desk, earlier) == (
        Change("matured", THESIS, "", None, "强于大市"),
        Change("rating", "late", "", "强于大市", "中性"),
        Change("crossed", "late", "801770.SI", old, now),
    )
    assert changes_since(desk, {"week_end": "2025-06-20", "theses": []}) == (
        Change("new", THESIS, "", None, "强于大市"),
        Change("new", "late", "", None, "中性"),
    )


def test_a_thesis_that_cannot_be_measured_stands_with_its_reason_and_hides_no_other(bundled, thesis_of):
    text = "2026-05-04"
    unmeasured = thesis_of("future", published=text, published_earliest="2026-05-01", published_latest="2026-05-30")
    rows = check_desk([bundled, unmeasured], SnapshotSource(), today=TODAY)[0].rows
    assert rows[0].fault is None
    assert rows[1].index is None or rows[1].index.excess is None


def test_the_command_writes_four_files_and_json_is_the_same_record(tmp_path):
    ran = run_screener("desk", "--prices", "snapshot", "--out", tmp_path, "--quick")
    assert ran.code == 0
    folder = tmp_path / "desk" / "2025-W26"
    assert sorted(path.name for path in folder.iterdir()) == ["desk.html", "desk.json", "desk.md", "desk.xlsx"]
    record = run_screener("desk", "--prices", "snapshot", "--out", tmp_path, "--json", "--quick").json
    assert json.loads((folder / "desk.json").read_text("utf-8"))["theses"] == record["theses"]
    (thesis,) = record["theses"]
    assert thesis["index"]["horizons"]["12"]["band"] == "中性"
    assert "+6.75 pp" in ran.out


def test_only_changed_ends_with_4_where_something_crossed_and_with_0_where_nothing_did(tmp_path):
    words = ("desk", "--prices", "snapshot", "--out", tmp_path, "--only-changed", "--quick")
    assert run_screener(*words).code == 0
    path = tmp_path / "desk" / "2025-W26" / "desk.json"
    record = json.loads(path.read_text("utf-8"))
    record["theses"][0]["status"] = "running"
    path.write_text(json.dumps(record), encoding="utf-8")
    ran = run_screener(*words)
    assert ran.code == 4
    assert "到期" in ran.out
    path.write_text("{broken", encoding="utf-8")
    again = run_screener(*words)
    assert again.code == 0
    assert "desk.json" in again.err


def test_the_text_for_a_chat_is_a_line_a_thesis_and_writes_no_file(tmp_path):
    ran = run_screener("desk", "--prices", "snapshot", "--out", tmp_path, "--text", "--quick")
    assert len(ran.out.splitlines()) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_pages_behind_are_written_once_and_every_link_leads_to_a_file(tmp_path):
    first = run_screener("desk", "--prices", "snapshot", "--out", tmp_path)
    assert THESIS in first.err
    assert THESIS not in run_screener("desk", "--prices", "snapshot", "--out", tmp_path).err
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) == 4
    broken = [
        (page.name, link)
        for page in pages
        for link in re.findall(r'href="([^"#]+)"', page.read_text("utf-8"))
        if not link.startswith("data:") and not (page.parent / link).is_file()
    ]
    assert broken == []
    assert all("index.html" in page.read_text("utf-8") for page in pages if page.name != "index.html")
