from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import pytest

from screener.coverage.changes import Change, changes_since
from screener.coverage.desk import Desk, score_house
from screener.report.desk import desk_text, league_table
from screener.screening import check_desk, check_outcome, check_week
from screener.sources.snapshot import SnapshotSource
from screener.thesis.library import open_library
from screener.thesis.thesis import RatingChange
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


def assert_same_figures(row, outcome, week, before):
    """Every field of a desk's row against the outcome and the weeks of the same thesis."""
    assert (row.status, row.as_of, row.week_end) == (outcome.status, outcome.as_of, week.as_of)
    assert row.due == outcome.end_dates[outcome.scale.industry.window.to_months]
    for standing in (row.index, row.basket):
        if standing is None:
            continue
        own = week.row(standing.subject)
        assert (standing.excess, standing.measured) == (own.excess_since_published, own.measured_since)
        assert (standing.band, standing.to_next_edge) == (own.band_so_far, own.to_next_edge)
        assert standing.before == before.row(standing.subject).band_so_far
        assert {months: tuple(at) for months, at in standing.horizons.items()} == {
            months: (judged.excess, judged.measured, judged.band)
            for months in outcome.months
            for judged in [outcome.row(standing.subject, months)]
        }
        verdict = outcome.verdict.get(standing.subject)
        assert (standing.hit, standing.at_least, standing.until_change, standing.verdict_gap) == (
            (verdict.hit, verdict.at_least, verdict.until_change, verdict.gap) if verdict else (None, None, None, None)
        )
    assert [(name.subject, name.excess) for name in row.names] == [
        (each.subject, each.excess) for each in week.rows if each.kind == "candidate"
    ]


def test_every_figure_is_that_of_outcome_and_weekly_of_the_same_thesis(pairs, desk):
    for (thesis, scale), row in zip(pairs, desk.rows, strict=True):
        outcome = check_outcome(thesis, scale, SnapshotSource(), today=TODAY)
        week = check_week(thesis, scale, SnapshotSource(), today=TODAY).week
        before = check_week(thesis, scale, SnapshotSource(), day=week.previous, today=TODAY).week
        assert desk.week_end == week.sessions[-1]
        assert_same_figures(row, outcome, week, before)


PLAIN = """title = "样例报告"
house = "{house}"
sector = "通信"
scale = "{scale}"
published = {published}
published_basis = "printed"
[rating]
industry = "{rating}"
[industry_index]
symbol = "801770.SI"
name = "申万通信"
name_en = "SW Communications"
[[buckets]]
id = "operators"
name = "运营商"
name_en = "Operators"
"""
NAMES = (("600941.SH", "中国移动"), ("600050.SH", "中国联通"), ("601728.SH", "中国电信"))
CANDIDATE = '[[candidates]]\nsymbol = "{}"\nname = "{}"\nbucket = "operators"\n'


@pytest.fixture(scope="module")
def by_standard(tmp_path_factory):
    """The desk of one report under the standard of another house; `names`: the rating of each of its three names."""

    def make(scale, house, rating, *, published="2024-04-14", names=None):
        rated = f'rating = "{names}"\n' if names else ""
        text = PLAIN.format(house=house, scale=scale, rating=rating, published=published)
        path = tmp_path_factory.mktemp("standards") / f"by-{scale}.toml"
        path.write_text(text + "".join(CANDIDATE.format(*each) + rated for each in NAMES), encoding="utf-8")
        return check_desk([open_library().load(str(path))], SnapshotSource(), today=TODAY)[0]

    return make


def test_a_standard_of_words_is_judged_by_the_sign_and_shows_its_excess(by_standard):
    desk = by_standard("kysec", "开源证券", "看好")
    (row,) = desk.rows
    assert row.index.measure == "words_only"
    assert row.index.horizons[12].measured == pytest.approx(0.0675, abs=5e-5)
    assert (row.index.horizons[12].band, row.index.band, row.index.hit) == (None, None, True)
    cells = cells_of(desk, row)
    assert (cells["verdict"].value, cells["band"].value) == ("兑现", "只看正负")
    assert cells["index"].value == row.index.measured is not None
    assert cells["end"].value == row.index.horizons[12].measured


def test_an_absolute_standard_shows_the_return_with_its_unit_and_is_rated_by_it(by_standard):
    desk = by_standard("mszq", "民生证券", "推荐")
    (row,) = desk.rows
    assert row.index.measure == "absolute"
    assert row.index.excess is None or row.index.measured != row.index.excess
    end = row.index.horizons[12]
    assert (end.excess, end.band is not None) == (None, True)
    cells = cells_of(desk, row)
    assert (cells["end"].kind, cells["end"].value, cells["end"].with_unit) == ("return", end.measured, True)
    assert (cells["index"].kind, cells["index"].value) == ("return", row.index.measured)
    assert "pp" not in desk_text(desk, "zh").splitlines()[2]


def test_names_are_judged_in_the_window_of_their_own_ladder(by_standard):
    # 国金 judges industries after 3 to 6 months, stocks after 6 to 12: six months from 2024-11-04 are 2025-05-04, a holiday.
    desk = by_standard("gjzq", "国金证券", "买入", published="2024-11-04", names="买入")
    (row,) = desk.rows
    assert (row.status, row.due) == ("matured", dt.date(2025, 4, 30))
    assert row.rated_names is not None
    assert (row.rated_names.status, row.rated_names.due, row.rated_names.rated) == ("running", dt.date(2025, 11, 4), 3)
    assert row.closed == {"801770.SI", "all", "operators"}
    assert cells_of(desk, row)["names"].value == "2025-11-04 到期"
    before = {"600941.SH": "中性", "all": "减持"}
    moved_row = replace(row, bands={**row.bands, "600941.SH": "买入", "all": "买入"}, bands_before=before)
    assert [each.subject for each in replace(desk, rows=(moved_row,)).crossed] == ["600941.SH"]


def cells_of(desk, row):
    """The cells of a row of the league table, by column."""
    table = league_table(desk, "zh")
    cells = table.rows[desk.rows.index(row)].cells if len(desk.rows) == 1 else ()
    return dict(zip((column.id for column in table.columns), cells, strict=True))


def test_a_matured_rating_is_judged_at_its_end_and_a_running_one_is_not(desk):
    first, late = desk.rows
    assert first.status == "matured"
    assert (first.lead.hit, first.days_left) == (False, 0)
    assert first.lead.horizons[12].band == "中性"
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
    scores = {each.group: each for each in desk.houses}
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
        Change("matured", THESIS, "", None, "中性"),
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


def changing(desk, day, rating="弱于大市"):
    first, late = desk.rows
    change = RatingChange(date=day, rating=rating, source="later report")
    thesis = late.thesis.model_copy(update={"rating": late.thesis.rating.model_copy(update={"changes": (change,)})})
    return replace(desk, rows=(first, replace(late, thesis=thesis)))


def test_a_rating_changed_this_week_is_named_weekend_included_and_no_other(desk):
    days = (dt.date(2025, 6, 22), dt.date(2025, 6, 23), dt.date(2025, 6, 29), dt.date(2025, 6, 30))
    found = [[(each.slug, each.before, each.now) for each in changing(desk, day).changed] for day in days]
    assert found == [[], [("late", "中性", "弱于大市")], [("late", "中性", "弱于大市")], []]
    assert changing(desk, dt.date(2025, 6, 24), "中性").changed == ()
    assert Change("rating", "late", "", "中性", "弱于大市") in changes_since(changing(desk, dt.date(2025, 6, 24)), None)
    earlier = {"week_end": "2025-06-20", "theses": [{"slug": "late", "stated": "中性", "current": "中性"}]}
    assert Change("rating", "late", "", "中性", "弱于大市") in changes_since(changing(desk, dt.date(2025, 6, 24)), earlier)


def test_a_broken_thesis_file_is_a_gap_and_not_the_end_of_the_desk(tmp_path, thesis_of):
    path = tmp_path / "broken.toml"
    path.write_text('title = "x"\n', encoding="utf-8")
    ran = run_screener("desk", THESIS, path, "--prices", "snapshot", "--json", "--quick")
    assert ran.code == 3
    assert [each["slug"] for each in ran.json["theses"]] == [THESIS]
    assert [each["file"] for each in ran.json["unread"]] == ["broken.toml"]
    assert ran.json["unread"][0]["problems"]
    assert run_screener("desk", path, "--prices", "snapshot", "--json", "--quick").code == 2


def test_prices_are_read_once_for_the_desk_and_the_pages_behind_it(tmp_path, monkeypatch):
    reads = []
    load = SnapshotSource.load

    def counted(self, symbols, **span):
        reads.append(set(symbols))
        return load(self, symbols, **span)

    monkeypatch.setattr(SnapshotSource, "load", counted)
    run_screener("desk", "--prices", "snapshot", "--out", tmp_path)
    names = {"600941.SH", "600050.SH"}
    assert len([each for each in reads if names <= each]) == 1


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
