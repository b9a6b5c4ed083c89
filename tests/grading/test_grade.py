"""Many ratings at once: the same answers as one by one, worked out by hand and by the slow line."""

from __future__ import annotations

import csv
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.grading.census import read_ratings
from screener.grading.ratings import open_ratings
from screener.grading.result_files import result_writer
from screener.grading.run import grade_to_file, grade_to_scoreboard
from screener.grading.scoreboard import clustered_interval, unchanged_repeats
from screener.grading.standards import Editions, band_edges, near_zones
from screener.judgement.judge import judge
from screener.measures.panel import GAP_NUMBER, MISSING_SESSION, NO_GAP, build_panel
from screener.measures.quotes import Quote, build_market, find_break, quote
from screener.prices.prices import LOOKBACK, ManyPrices
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import InputProblems, UsageError
from screener.terms.sessions import load_calendar
from screener.thesis.scale import is_near_edge, rate
from screener.thesis.thesis import Bucket, Candidate, Thesis
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.ratings import fetch_to_file, map_rating, pull_ratings, ratings_table
from tests.conftest import ROOT, run_screener
from tests.grading.conftest import HEAD, grade, scales, sessions_of, write_ratings

CALENDAR = load_calendar()
HAND_AS_OF = dt.date(2025, 1, 27)


def stage_ratings(path: Path, known, folder: Path):
    return read_ratings(open_ratings(path, folder), Editions(known))


def as_value(cell: object) -> object:
    """None for every kind of missing, plain Python otherwise."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


# --- a folder small enough to work out by hand --------------------------------------------------------------------------


def test_a_tiny_folder_gives_the_figures_of_a_hand_calculation(hand_folder, tmp_path):
    rows = [
        ["a", "600001.SH", "2024-01-10", "增持", "guolian"],
        ["b", "600001.SH", "20240110", "买入", "guolian"],
        ["c", "600002.SH", "2024-01-10", "持有", "guolian"],
        ["d", "600003.SH", "2024-01-10", "买入", "guolian"],
        ["e", "600001.SH", "2024-09-10", "持有", "guolian"],
        ["f", "600009.SH", "2024-01-10", "", "guolian"],
    ]
    ratings = write_ratings(tmp_path / "r.csv", rows)
    found = grade(ratings, FolderSource(hand_folder), tmp_path / "o.parquet", as_of=HAND_AS_OF)
    a, b, c, d, e, f = (found.iloc[each] for each in range(6))
    # One share at 10 became two at 5.5 = 11: +10%. Index: 0 after 6 months, 4200/4000 − 1 = +5% after 12.
    assert a["excess_6m"] == pytest.approx(0.10, abs=1e-12)
    assert a["excess_12m"] == pytest.approx(0.05, abs=1e-12)
    assert (a["band_6m"], a["band_12m"]) == ("增持", "增持")  # 5% 以上: the edge belongs to 增持
    assert a["hit_12m"]
    assert a["at_least_12m"]
    assert not b["hit_12m"]
    assert not b["at_least_12m"]
    assert (a["base_date"], a["end_6m"], a["end_12m"]) == (dt.date(2024, 1, 10), dt.date(2024, 7, 10), dt.date(2025, 1, 10))
    # From 2024-07-10 to 2025-01-10 the excess is 10% or 5%, always 增持.
    window = len(sessions_of("2024-07-10", "2025-01-10"))
    assert (a["sessions"], a["share_in_band"], b["share_in_band"]) == (window, 1.0, 0.0)
    # The geometric excess is 1.10 / 1.05 − 1 = 4.76%, 持有.
    assert a["flags"] == "near_edge form_differs"
    # 600002 has no close after 2024-07-31: flat at 6 months; at 12 months far more than 5 sessions old.
    assert (c["excess_6m"], c["band_6m"], c["gap"]) == (0.0, "持有", "stale")
    assert as_value(c["hit_12m"]) is None
    # Its window ends 5 sessions after the last close (2024-08-07), all of them at excess 0.
    assert (c["sessions"], c["share_in_band"]) == (len(sessions_of("2024-07-10", "2024-08-07")), 1.0)
    assert (d["gap"], d["sessions"], d["status"]) == ("no_data", 0, "matured")
    assert (e["gap"], e["status"], e["end_12m"]) == ("not_due", "pending", dt.date(2025, 9, 10))
    assert (f["gap"], as_value(f["share_in_band"])) == ("no_data", None)


def test_the_bundled_thesis_is_graded_as_outcome_judges_it(bundled, tmp_path):
    thesis, scale = bundled
    source, as_of = SnapshotSource(), dt.date(2025, 6, 30)
    subjects = [each for each in thesis.subjects() if each.is_single]
    published = [thesis.published, dt.date(2024, 4, 7), dt.date(2024, 7, 31), dt.date(2025, 3, 1)]
    rows = [[f"{each.id} {day}", each.id, day, each.stated or "", "guolian"] for day in published for each in subjects]
    found = grade(write_ratings(tmp_path / "r.csv", rows), source, tmp_path / "o.parquet", as_of=as_of).set_index("rating_id")
    for day in published:
        prices = source.load(thesis.symbols(scale), start=CALENDAR.shift(day, -LOOKBACK - 1), end=as_of)
        one = judge(thesis, scale, prices, published=day, as_of=as_of)
        for each in subjects:
            assert_same(found.loc[f"{each.id} {day}"], one, each.id, each.stated or "")


def assert_same(row: pd.Series, one, symbol: str, stated: str) -> None:
    """A graded row against the outcome of its one subject, exactly."""
    six, twelve = one.row(symbol, 6), one.row(symbol, 12)
    window = next(each for each in one.windows if each.subject == symbol and each.benchmark == one.benchmark)
    verdict = one.verdict.get(symbol)
    gaps = [each.gap.code for each in (twelve, six) if each.gap]
    real = [code for code in gaps if code != "not_due"]
    expected = {
        "base_date": one.base_date,
        "end_6m": one.end_dates[6],
        "end_12m": one.end_dates[12],
        "excess_6m": six.excess,
        "excess_12m": twelve.excess,
        "band_6m": six.band,
        "band_12m": twelve.band,
        "hit_12m": verdict.hit if verdict else None,
        "at_least_12m": verdict.at_least if verdict else None,
        "share_in_band": window.share[stated] if stated and window.sessions else None,
        "sessions": window.sessions,
        "status": one.status,
        "gap": (real or gaps or [None])[0],
        # A file of ratings that names its scale by id has chosen: only a thesis is told that another edition is nearer.
        "flags": " ".join(each for each in twelve.flags if each != "edition_nearest") or None if twelve.gap is None else None,
    }
    assert {name: as_value(row[name]) for name in expected} == expected, (symbol, one.published)


# --- every rule against its home ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stock", "industry"])
def test_band_edges_are_the_smallest_doubles_that_earn_the_better_band(kind):
    ladder = getattr(scales()["guolian"], kind)
    for edge, start in zip(ladder.edges, band_edges(ladder), strict=True):
        below = np.nextafter(start, -np.inf)
        assert abs(start - edge) < 2e-9
        assert ladder.ratings.index(rate(below, ladder)) == ladder.ratings.index(rate(start, ladder)) + 1


def test_near_zones_end_where_rating_says():
    ladder = scales()["guolian"].stock
    for start, end in near_zones(ladder):
        assert is_near_edge(start, ladder)
        assert not is_near_edge(np.nextafter(start, -1), ladder)
        assert is_near_edge(np.nextafter(end, -1), ladder)
        assert not is_near_edge(end, ladder)


def test_every_cell_of_a_panel_is_what_quote_and_find_break_say(hand_folder):
    many = FolderSource(hand_folder).load_many(
        ["000300.SH", "600001.SH", "600002.SH", "600003.SH", "600009.SH"], start=dt.date(2023, 10, 9), end=dt.date(2025, 1, 27)
    )
    cell_by_cell(many, step=1)


def cell_by_cell(many: ManyPrices, *, step: int) -> None:
    panel, market = build_panel(many), build_market(many.prices)
    words = {number: code for code, number in GAP_NUMBER.items()} | {MISSING_SESSION: "no_data"}
    for place, symbol in enumerate(panel.symbols):
        for position in range(0, len(panel.days), step):
            day = panel.days[position].item()
            one = quote(market, symbol, day, series="price")
            gap = int(panel.gaps[place, position])
            assert isinstance(one, Quote) == (gap == NO_GAP), (symbol, day, one, gap)
            if isinstance(one, Quote):
                assert panel.levels[place, position] == one.level
                flags = [word for bit, word in ((1, "suspended"), (2, "delisted")) if panel.flags[place, position] & bit]
                assert tuple(flags) == one.flags
            else:
                assert words[gap] == one.code
            broken = find_break(many.prices, symbol, day, panel.days[-1].item(), series="price")
            assert (panel.stops[place, position] < len(panel.days)) == (broken is not None)


# --- the ratings file -----------------------------------------------------------------------------------------------------


def test_every_wrong_cell_is_listed_with_its_line(tmp_path):
    rows = [
        ["1", "600941.SH", "2024-04-14", "买入", "guolian"],
        ["2", "600941", "2024-04-14", "买入", "guolian"],
        ["3", "600941.SH", "2024-13-01", "买入", "guolian"],
        ["4", "600941.SH", "2024-04-14", "强烈推荐", "guolian"],
        ["5", "600941.SH", "2024-04-14", "买入", "nobody"],
        ["", "801770.SI", "2024-04-14", "买入", "guolian"],
    ]
    with pytest.raises(InputProblems) as caught:
        stage_ratings(write_ratings(tmp_path / "r.csv", rows), scales(), tmp_path)
    found = {(each.line, each.field, each.value, each.code) for each in caught.value.problems}
    assert found == {
        (3, "symbol", "600941", "bad_symbol"),
        (4, "published", "2024-13-01", "bad_date"),
        (5, "rating", "强烈推荐", "ratings_word_unknown"),
        (6, "scale", "nobody", "ratings_scale_unknown"),
        (7, "rating_id", "", "blank_cell"),
        (7, "rating", "买入", "ratings_word_unknown"),  # an index is rated on the industry bands
    }


def test_a_rating_id_that_occurs_twice_is_refused(hand_folder, tmp_path):
    rows = [["1", "600001.SH", "2024-01-10", "买入", "guolian"]] * 2
    with pytest.raises(InputProblems) as caught:
        grade(
            write_ratings(tmp_path / "r.csv", rows), FolderSource(hand_folder), tmp_path / "o.csv", as_of=dt.date(2025, 1, 27)
        )
    assert [(each.field, each.value, each.code) for each in caught.value.problems] == [("rating_id", "1", "ratings_id_twice")]


def test_a_column_named_like_a_result_is_refused(tmp_path):
    path = write_ratings(tmp_path / "r.csv", [["1", "600941.SH", "2024-04-14", "", "guolian", "x"]], [*HEAD, "status"])
    with pytest.raises(InputProblems):
        stage_ratings(path, scales(), tmp_path)


def test_a_file_without_rows_and_of_another_kind_is_refused(tmp_path):
    with pytest.raises(Exception, match="no rows"):
        stage_ratings(write_ratings(tmp_path / "r.csv", []), scales(), tmp_path)
    with pytest.raises(UsageError):
        stage_ratings(tmp_path / "none.csv", scales(), tmp_path)


def test_gb18030_and_parquet_files_give_the_same_staged_rows(tmp_path):
    rows = [["1", "600941.SH", "2024-04-14", "买入", "guolian", "国联证券"]]
    plain = write_ratings(tmp_path / "a.csv", rows, [*HEAD, "house"])
    coded = tmp_path / "b.csv"
    coded.write_bytes(plain.read_text("utf-8").encode("gb18030"))
    table = pd.DataFrame(rows, columns=[*HEAD, "house"]).assign(published=dt.date(2024, 4, 14))
    table.to_parquet(tmp_path / "c.parquet")
    found = []
    for name in ("a.csv", "b.csv", "c.parquet"):
        (tmp_path / name[0]).mkdir()
        rated = stage_ratings(tmp_path / name, scales(), tmp_path / name[0])
        found.append((rated.symbols, rated.published, rated.words, rated.coded.date.tolist()))
        assert rated.file.carried == ("house",)
    assert found[0] == found[1] == found[2]


# --- results ---------------------------------------------------------------------------------------------------------------


def test_a_csv_keeps_the_carried_columns_and_runs_no_formula(hand_folder, tmp_path):
    rows = [["=1+1", "600001.SH", "2024-01-10", "增持", "guolian", "@cmd", "-0.5"]]
    ratings = write_ratings(tmp_path / "r.csv", rows, [*HEAD, "note", "number"])
    out = tmp_path / "o.csv"
    as_of = HAND_AS_OF
    grade_to_file(ratings, lambda symbols, start: FolderSource(hand_folder), scales(), out=out, as_of=as_of, today=as_of)
    cells = next(csv.DictReader(out.open(encoding="utf-8-sig")))
    assert (cells["rating_id"], cells["note"], cells["number"]) == ("'=1+1", "'@cmd", "-0.5")
    assert cells["band_12m"] == "增持"


def test_a_run_that_fails_leaves_nothing_under_the_final_name(tmp_path):
    out = tmp_path / "o.parquet"
    tables = [pa.table({"a": [1]}), pa.table({"a": ["no number"]})]
    with pytest.raises(pa.ArrowInvalid), result_writer(out) as writer:
        list(map(writer.write, tables))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_command_writes_a_file_and_prints_a_scoreboard(hand_folder, tmp_path):
    rows = [
        ["a", "600001.SH", "2024-01-10", "增持", "guolian", "甲"],
        ["b", "600001.SH", "2024-09-10", "持有", "guolian", "乙"],
    ]
    ratings = write_ratings(tmp_path / "r.csv", rows, [*HEAD, "house"])
    asked = ("grade", ratings, "--prices", hand_folder, "--as-of", HAND_AS_OF)
    ran = run_screener(*asked, "--out", tmp_path / "o.parquet", "--json")
    assert (ran.code, ran.json["rows"], ran.json["measured"], ran.json["pending"]) == (0, 2, 1, 1)
    ran = run_screener(*asked, "--json")
    score = next(each for each in ran.json["rows"] if each["group"] == "甲")
    # Of the market's three stocks only 600001 has a figure at 12 months, and it earned 增持.
    assert (score["measured"], score["hit_rate"], score["base_rate"], score["skill"], score["small"]) == (
        1,
        1.0,
        1.0,
        0.0,
        True,
    )
    assert run_screener("grade", ratings, "--prices", hand_folder, "--out", tmp_path / "o.txt").code == 2


# --- the scoreboard ----------------------------------------------------------------------------------------------------------


def test_an_unchanged_repeat_within_the_window_counts_once():
    frame = pd.DataFrame(
        [
            ("甲", "A", dt.date(2024, 1, 10), "买入"),
            ("甲", "A", dt.date(2024, 3, 1), "买入"),  # repeat
            ("甲", "A", dt.date(2024, 5, 1), "增持"),  # changed
            ("甲", "A", dt.date(2024, 6, 1), "买入"),  # changed back
            ("甲", "A", dt.date(2025, 6, 1), "买入"),  # twelve months after the last counted: counts again
            ("乙", "A", dt.date(2024, 3, 1), "买入"),  # another house
        ],
        columns=["house", "symbol", "published", "rating"],
    )
    assert unchanged_repeats(frame).tolist() == [False, True, False, False, False, False]


def test_independent_ratings_have_wilsons_interval_about():
    # One rating of each of 100 symbols, 50 hits: variance of the ratio = 100/99 × 25/10000, so n = 99 and Wilson gives
    # 0.5 ± 1.96 × √(0.25/99 + (1.96/198)²) / (1 + 1.96²/99).
    low, high = clustered_interval([1] * 50 + [0] * 50, [1] * 100)
    half = 1.959963984540054 * np.sqrt(0.25 / 99 + (1.959963984540054 / 198) ** 2) / (1 + 1.959963984540054**2 / 99)
    assert (low, high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))


def test_ratings_of_few_symbols_have_a_wider_interval_than_their_number_suggests():
    alone = clustered_interval([1] * 50 + [0] * 50, [1] * 100)
    together = clustered_interval([10] * 5 + [0] * 5, [10] * 10)
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
    low, high = clustered_interval([40], [40])
    assert low < 0.3
    assert high == 1.0


# --- the whole market ---------------------------------------------------------------------------------------------------------

MARKET_AS_OF = dt.date(2025, 5, 23)


def random_ratings(folder: FolderSource, count: int, *, seed: int) -> pa.Table:
    """Ratings of random A shares of the market file on random calendar days, a fifth of them unrated."""
    rng = np.random.default_rng(seed)
    symbols = folder.symbols()
    days = np.arange(np.datetime64("2021-04-01"), np.datetime64("2025-05-30"))
    words = np.array([*scales()["guolian"].stock.ratings, ""])
    return pa.table(
        {
            "rating_id": [f"r{each}" for each in range(count)],
            "symbol": np.array(symbols)[rng.integers(0, len(symbols), count)],
            "published": days[rng.integers(0, len(days), count)],
            "rating": words[rng.integers(0, len(words), count)],
            "scale": ["guolian"] * count,
        }
    )


@pytest.mark.slow
def test_the_market_file_read_at_once_equals_symbol_by_symbol(market_folder):
    source = FolderSource(market_folder)
    start, end = dt.date(2022, 6, 1), MARKET_AS_OF
    many = source.load_many(["000300.SH", *source.symbols()], start=start, end=end)
    rng = np.random.default_rng(5)
    some = [*rng.choice(source.symbols(), 25), *rng.choice(sorted(many.prices.breaks), 25), "000300.SH", "600941.SH"]
    for symbol in (each for each in map(str, some) if each not in many.faults):
        one = source.load([symbol], start=start, end=end)
        pd.testing.assert_series_equal(many.prices.close[symbol], one.close[symbol], check_freq=False)
        assert many.prices.halted[symbol].tolist() == one.halted[symbol].tolist()
        assert many.prices.breaks.get(symbol, {}) == one.breaks.get(symbol, {})
        # Only a load of single names asks whether anything shows that closes are unadjusted.
        assert many.prices.flags.get(symbol, ()) == tuple(each for each in one.flags.get(symbol, ()) if each != "unadjusted")


@pytest.mark.slow
def test_cells_of_the_market_panel_are_what_quote_says(market_folder):
    source = FolderSource(market_folder)
    many = source.load_many(["000300.SH", *source.symbols()], start=dt.date(2021, 4, 1), end=MARKET_AS_OF)
    suspended = many.prices.close.isna().sum().sort_values().index[2500:2510]
    some = ["000300.SH", "000040.SZ", "300630.SZ", "688313.SH", *suspended, *sorted(many.prices.breaks)[::60]]
    wanted = list(dict.fromkeys(some))
    cut = replace(many.prices, close=many.prices.close[wanted], halted=many.prices.halted[wanted])
    cell_by_cell(ManyPrices(cut), step=7)


@pytest.mark.slow
def test_a_thousand_random_ratings_equal_the_slow_line(market_folder, tmp_path):
    source = FolderSource(market_folder)
    pq.write_table(random_ratings(source, 1000, seed=7), tmp_path / "r.parquet")
    found = grade(tmp_path / "r.parquet", source, tmp_path / "o.parquet", as_of=MARKET_AS_OF)
    symbols = ["000300.SH", *sorted(set(found["symbol"]))]
    many = source.load_many(symbols, start=dt.date(2020, 12, 31), end=MARKET_AS_OF)
    scale = scales()["guolian"]
    by_symbol = dict(tuple(many.prices.actions.groupby("symbol")))
    for row in found.itertuples(index=False):
        base = CALENDAR.last_on_or_before(row.published)
        start = CALENDAR.shift(min(base, MARKET_AS_OF), -LOOKBACK)
        if many.faults.get(row.symbol, dt.date.min) >= start:
            assert row.gap == "bad_data"
            continue
        pair = ["000300.SH", row.symbol]
        prices = replace(
            many.prices,
            close=many.prices.close.loc[str(start) :, pair],
            halted=many.prices.halted.loc[str(start) :, pair],
            actions=by_symbol.get(row.symbol, many.prices.actions.iloc[:0]),
            breaks={row.symbol: many.prices.breaks.get(row.symbol, {})},
        )
        one = judge(one_name(row), scale, prices, published=row.published, as_of=MARKET_AS_OF)
        assert_same(pd.Series(row._asdict()), one, row.symbol, row.rating)
    assert len(found) == 1000
    assert found["excess_12m"].notna().sum() > 200


def one_name(row) -> Thesis:
    """A thesis of one rated name."""
    return Thesis(
        slug="one",
        title="one",
        house="house",
        sector="sector",
        scale="guolian",
        published=row.published,
        published_basis="printed",
        buckets=(Bucket(id="one", name="one", name_en="one"),),
        candidates=(Candidate(symbol=row.symbol, name="one", bucket="one", rating=row.rating or None),),
    )


@pytest.mark.slow
def test_base_rates_are_what_grading_the_whole_market_gives(market_folder, tmp_path):
    folder, day = tmp_path / "market", dt.date(2024, 3, 8)
    folder.mkdir()
    for each in market_folder.iterdir():
        (folder / each.name).symlink_to(each)
    codes = [symbol[:6] for symbol in FolderSource(market_folder).symbols()]
    cover = [f"{code},2023-01-01,{MARKET_AS_OF}" for code in codes]  # else a name without an action has no verdict
    (folder / "actions_cover.csv").write_text("\n".join(["code,covered_from,covered_to", *cover, ""]))
    source = FolderSource(folder)
    rows = [[each, each, day, "买入", "guolian"] for each in source.symbols()]
    ratings = write_ratings(tmp_path / "r.csv", rows)
    found = grade(ratings, source, tmp_path / "o.parquet", as_of=MARKET_AS_OF)
    shares = found["band_12m"].dropna().value_counts(normalize=True)
    _, _, board = grade_to_scoreboard(ratings, lambda symbols, start: source, scales(), as_of=MARKET_AS_OF, today=MARKET_AS_OF)
    assert {band: share for (_, _, band), share in board.market.items()} == pytest.approx(shares.to_dict())
    # Everything rated 买入: the hit rate is the market's share of 买入, so there is no skill.
    assert board.of("rating")[0].skill == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
def test_a_run_killed_in_the_middle_leaves_no_file_under_the_final_name(market_folder, tmp_path):
    pq.write_table(random_ratings(FolderSource(market_folder), 1_500_000, seed=13), tmp_path / "r.parquet")
    out = tmp_path / "out" / "o.parquet"
    command = [sys.executable, "-m", "screener", "grade", tmp_path / "r.parquet", "--prices", market_folder]
    running = subprocess.Popen(
        [*map(str, command), "--as-of", "2025-05-23", "--out", str(out)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    while running.poll() is None and not any(each.stat().st_size for each in out.parent.glob(".*.part")):
        time.sleep(0.01)  # waits for a file of another process: there is nothing else to wait for
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not out.exists()
    assert [each.suffix for each in out.parent.iterdir()] == [".part"]


# --- ratings from akshare ----------------------------------------------------------------------------------------------------


def test_a_vendor_word_becomes_the_scales_rating_of_the_same_side():
    ladder = scales()["guolian"].stock
    assert map_rating("推荐", "买入", ladder) == ("买入", "vendor")
    assert map_rating("增持", "买入", ladder) == ("增持", "printed")
    assert map_rating("", "中性", ladder) == ("持有", "side")
    assert map_rating("", "减持", ladder) == ("卖出", "side")  # the scale has one rating on the sell side
    assert map_rating("", "", ladder) == ("", "unrated")


def test_fetched_ratings_are_stored_and_mapped_and_a_contradiction_is_set_aside(served, tmp_path):
    today = dt.date(2026, 8, 21)
    fetcher = Fetcher(Policy(calls_per_second=1000))
    [done] = pull_ratings(["600498.SH"], tmp_path, fetcher, today=today)
    assert (done.state, done.rows, done.first) == ("fresh", 1, dt.date(2025, 3, 3))
    [row] = ratings_table(tmp_path, ["600498.SH"], scales(), "guolian").to_dict("records")
    assert (row["published"], row["rating"], row["scale"], row["house"]) == (dt.date(2025, 3, 3), "买入", "guolian", "某某证券")
    assert row["mapped"] == "default_scale vendor"
    stored = pd.read_parquet(tmp_path / "600498.SH.parquet")
    stored.assign(rating="卖出").to_parquet(tmp_path / "600498.SH.parquet", index=False)
    [done] = pull_ratings(["600498.SH"], tmp_path, fetcher, today=today)
    assert (done.state, done.reason.code) == ("quarantined", "ratings_changed")
    assert pd.read_parquet(tmp_path / "600498.SH.parquet")["rating"].tolist() == ["卖出"]
    [done] = pull_ratings(["600498.SH"], tmp_path / "other", fetcher, today=dt.date(2025, 3, 2))
    assert (done.state, done.reason.code) == ("quarantined", "ratings_future")


def test_reports_that_look_like_formulas_or_have_no_number_are_kept_each_and_end_no_later_fetch(served, tmp_path):
    today, fetcher = dt.date(2026, 8, 21), Fetcher(Policy(calls_per_second=1000))

    def fetch(out):
        return fetch_to_file(["600498.SH"], tmp_path, fetcher, scales(), default="guolian", out=tmp_path / out, today=today)

    fault = served.fault("formula_title")
    assert [fetch("a.csv").rows, fetch("b.csv").rows, fetch("c.parquet").rows] == [2, 2, 2]
    served.faults.remove(fault)
    served.fault("no_codes")
    assert fetch("d.csv").rows == 4
    assert fetch("e.csv").rows == 4
    rows = pd.read_parquet(tmp_path / "600498.SH.parquet")
    assert sorted(rows["title"]) == ["=SUM(A1)", "报告1", "报告2", "算力网络建设提速"]
    table = pd.read_csv(tmp_path / "e.csv")
    assert table["rating_id"].is_unique
    assert table["target_price"].tolist() == [30.5] * 4
    assert set(table["last_rating"]) == {"增持"}


def test_a_stored_file_of_reports_that_does_not_open_is_set_aside_and_fetched_again(served, tmp_path):
    today, fetcher = dt.date(2026, 8, 21), Fetcher(Policy(calls_per_second=1000))
    list(pull_ratings(["600498.SH"], tmp_path, fetcher, today=today))
    (tmp_path / "600498.SH.parquet").write_bytes(b"PAR1 and nothing else")
    [done] = pull_ratings(["600498.SH"], tmp_path, fetcher, today=today)
    assert (done.state, done.rows) == ("fresh", 1)
    assert len(list((tmp_path / "quarantine").glob("unreadable-*-600498.SH.parquet"))) == 1


@pytest.mark.slow
def test_the_command_fetches_a_file_that_grade_takes(sample_upstream, tmp_path):
    store, out = tmp_path / "store", tmp_path / "r.csv"
    ran = run_screener("ratings", "fetch", "--store", store, "--out", out, "--json", env=sample_upstream.env())
    assert ran.code == 0
    assert ran.json["rows"] >= 1
    ran = run_screener("grade", out, "--prices", "snapshot", "--merge-repeats", "--as-of", "2025-06-30", "--json")
    assert ran.json["ratings"] >= 1


@pytest.mark.slow
def test_a_figure_on_an_index_close_that_nothing_confirms_yet_says_so(market_folder, tmp_path):
    """The benchmark's last close leaps by 4% on the end date of two ratings; one that ended before has no flag."""
    last, folder = "2025-04-14", tmp_path / "market"
    for kind in ("raw", "index"):
        (folder / kind).mkdir(parents=True)
        for path in (market_folder / kind).glob("*.csv"):
            bars = pd.read_csv(path)
            bars = bars[bars["date"] <= last]
            if path.stem == "000300":
                bars.loc[bars.index[-1], ["open", "high", "low", "close"]] *= 1.04
            bars.to_csv(folder / kind / path.name, index=False)
    (folder / "actions.csv").write_bytes((market_folder / "actions.csv").read_bytes())
    rows = [
        ["a", "600941.SH", "2024-04-14", "买入", "guolian"],
        ["b", "801770.SI", "2024-04-14", "强于大市", "guolian"],
        ["c", "600941.SH", "2024-04-11", "买入", "guolian"],
    ]
    ratings, day = write_ratings(tmp_path / "r.csv", rows), dt.date.fromisoformat(last)
    found = grade(ratings, FolderSource(folder), tmp_path / "o.parquet", as_of=day)
    flags = found["flags"].fillna("").str.split().tolist()
    assert ["unconfirmed_index" in each for each in flags] == [True, True, False]
