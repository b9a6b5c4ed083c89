from __future__ import annotations

import csv
import datetime as dt
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from screener.judgement.market_screen import LIKE_AMOUNT, MarketNames, find_alike, screen_universe
from screener.judgement.screen import COLUMNS, MARKET_COLUMNS, Screen, mean_amount, narrow
from screener.measures.universe import Universe
from screener.report.screen import screen_record
from screener.screening import check_market, check_screen
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import ScreenerError, UsageError
from screener.terms.sessions import load_calendar
from screener.writers.csv import screen_csv
from screener.writers.files import write_screen
from tests.conftest import ROOT, THESIS, run_screener
from tests.reference_measures import NAMES, growth, last_session, read_figures

FIGURES = read_figures(ROOT / "screener" / "data")
LATE = dt.date(2025, 6, 30)
BENCHMARK = "000300.SH"


@pytest.mark.slow
def test_the_weekly_excess_is_the_weekly_reports_own_and_since_publication_agrees_with_it(bundled):
    from screener.screening import check_week

    for day in (dt.date(2024, 9, 30), dt.date(2025, 4, 11), LATE):
        screen = check_screen([bundled], SnapshotSource(), as_of=day, today=LATE)
        week = check_week(*bundled, SnapshotSource(), day=day, today=day).week
        for row in screen.frame.to_dict("records"):
            own = week.row(row["symbol"])
            assert row["excess_1w"] == own.excess
            assert row["excess_since_published"] == own.excess_since_published
            assert (row["band_so_far"], row["to_next_edge"]) == (own.band_so_far, own.to_next_edge)


@pytest.fixture(scope="module")
def late(bundled) -> Screen:
    return check_screen([bundled], SnapshotSource(), today=LATE)


def test_the_columns_are_those_of_the_contract(late):
    words = "symbol name thesis bucket excess_1w excess_4w excess_13w excess_26w excess_52w since_published"
    words += " excess_since_published band_so_far to_next_edge drawdown volatility beta amount_20d listed_days gap"
    assert list(late.frame.columns) == words.split() == list(COLUMNS)
    assert late.frame["symbol"].str[:6].tolist() == NAMES


@pytest.mark.parametrize("weeks", [4, 13, 26, 52])
def test_an_excess_of_n_weeks_starts_at_the_end_of_the_week_before_them(late, weeks):
    monday = LATE - dt.timedelta(days=LATE.weekday())
    ends, week = [], monday
    while len(ends) < weeks + 1:  # the last session of each ISO week that had one
        days = [day for day in FIGURES.days if week <= day < week + dt.timedelta(days=7) and day <= LATE]
        ends += [max(days)] if days else []
        week -= dt.timedelta(days=7)
    start = ends[-1]
    other = growth(FIGURES, "000300", start, LATE, reinvest=False)
    for code in NAMES:
        own = growth(FIGURES, code, start, LATE, reinvest=True)
        row = late.frame[late.frame["symbol"].str.startswith(code)]
        assert row[f"excess_{weeks}w"].item() == pytest.approx(own - other, abs=1e-10)


def test_drawdown_counts_from_the_highest_close_since_the_base_date(late):
    base = last_session(FIGURES, dt.date(2024, 4, 14))
    for code in NAMES:
        path = [growth(FIGURES, code, base, day, reinvest=False) for day in FIGURES.days if base <= day <= LATE]
        row = late.frame[late.frame["symbol"].str.startswith(code)]
        assert row["drawdown"].item() == pytest.approx(path[-1] / max(path) - 1, abs=1e-12)


def daily_returns(code: str, reinvest: bool, last: int = 250) -> dict[dt.date, float]:
    closes, days = FIGURES.closes[code], FIGURES.days
    found = {}
    for before, day in zip(days, days[1:], strict=False):
        if before in closes and day in closes and day <= LATE:
            found[day] = growth(FIGURES, code, before, day, reinvest=reinvest) - 1
    return dict(list(found.items())[-last:])


def test_volatility_and_beta_rest_on_the_last_250_traded_returns(late):
    market = daily_returns("000300", False, last=10_000)
    for code in NAMES:
        own = daily_returns(code, True)
        both = [(own[day], market[day]) for day in own if day in market]
        mean = sum(own.values()) / len(own)
        deviation = math.sqrt(sum((each - mean) ** 2 for each in own.values()) / (len(own) - 1))
        mx, my = (sum(pair[at] for pair in both) / len(both) for at in (0, 1))
        slope = sum((x - mx) * (y - my) for x, y in both) / sum((y - my) ** 2 for _, y in both)
        row = late.frame[late.frame["symbol"].str.startswith(code)]
        assert row["volatility"].item() == pytest.approx(deviation * math.sqrt(250), rel=1e-9)
        assert row["beta"].item() == pytest.approx(slope, rel=1e-9)


@pytest.fixture(scope="module")
def from_closes(bundled, closes_folder) -> Screen:
    return check_screen([bundled], FolderSource(closes_folder), today=LATE)


@pytest.mark.slow
def test_what_the_source_does_not_know_is_missing_and_never_zero(from_closes, closes_folder):
    assert from_closes.frame["amount_20d"].isna().all()
    assert from_closes.frame["listed_days"].isna().all()
    assert "缺口" in run_screener("screen", "--sort", "amount_20d", "--prices", closes_folder).out
    assert screen_record(from_closes, "zh")["rows"][0]["amount_20d"] is None
    assert narrow(from_closes, where="amount_20d > 0").frame.empty  # unknown is not true


def test_the_snapshot_knows_turnover_and_listing_dates(late):
    # 中国移动 was listed on 2022-01-05; 1,272 days before 2025-06-30.
    row = late.frame.set_index("symbol").loc["600941.SH"]
    assert row["listed_days"] == (LATE - dt.date(2022, 1, 5)).days
    with (ROOT / "screener" / "data" / "amounts.csv").open() as file:
        amounts = [float(each["600941"]) for each in csv.DictReader(file)][-20:]
    assert row["amount_20d"] == pytest.approx(sum(amounts) / 20, rel=1e-12)


def test_before_publication_there_is_no_figure_since_it_and_no_gap(bundled):
    screen = check_screen([bundled], SnapshotSource(), as_of=dt.date(2024, 4, 1), today=LATE)
    assert screen.frame[["since_published", "excess_since_published", "band_so_far", "drawdown"]].isna().all(axis=None)
    assert screen.frame["gap"].isna().all()
    assert {each.column for each in screen.gaps} == {"excess_13w", "excess_26w", "excess_52w"}  # the snapshot begins 2024-03-01
    assert screen.frame["excess_4w"].notna().all()
    assert [note.code for note in screen.basis] == ["screen_short"]


def test_a_name_without_prices_keeps_its_row_with_a_gap_and_its_reason(bundled):
    thesis, scale = bundled
    other = thesis.candidates[0].model_copy(update={"symbol": "300308.SZ", "name": "中际旭创"})
    own = thesis.model_copy(update={"candidates": (other, *thesis.candidates[1:])})
    screen = check_screen([(own, scale)], SnapshotSource(), today=LATE)
    row = screen.frame.iloc[0]
    assert (row["symbol"], row["gap"]) == ("300308.SZ", "no_data")
    assert row[["excess_1w", "beta", "drawdown"]].isna().all()
    assert screen.gap_of("300308.SZ", THESIS, "beta").code == "no_data"
    assert screen.has_gaps
    assert screen.frame["gap"].notna().sum() == 1


def test_the_mean_amount_is_over_traded_sessions_only(bundled):
    prices = SnapshotSource().load([BENCHMARK], start=dt.date(2024, 3, 1), end=dt.date(2024, 4, 30))
    amounts = prices.close.copy()
    amounts[BENCHMARK] = np.arange(len(amounts), dtype=float)
    assert mean_amount(replace(prices, amount=amounts), BENCHMARK) == sum(range(len(amounts) - 20, len(amounts))) / 20
    halted = prices.close.copy()
    halted.iloc[-2:] = np.nan
    seen = range(len(amounts) - 20, len(amounts) - 2)
    assert mean_amount(replace(prices, amount=amounts, close=halted), BENCHMARK) == sum(seen) / 18
    assert mean_amount(replace(prices, amount=None), BENCHMARK) is None


def test_nothing_after_the_as_of_date_changes_a_figure(bundled):
    early = check_screen([bundled], SnapshotSource(), as_of=dt.date(2024, 12, 31), today=dt.date(2024, 12, 31))
    again = check_screen([bundled], SnapshotSource(), as_of=dt.date(2024, 12, 31), today=LATE)
    pd.testing.assert_frame_equal(early.frame, again.frame)


def test_rows_are_filtered_sorted_and_cut(late):
    found = narrow(late, where="excess_13w > 0 and bucket != 'operators'", sort="-excess_13w", top=2).frame
    assert found["name"].tolist() == ["仕佳光子", "源杰科技"]
    ascending = narrow(late, sort="beta").frame["beta"]
    assert ascending.is_monotonic_increasing


@pytest.mark.parametrize(
    "mistake",
    [
        {"sort": "price"},
        {"sort": "--beta"},
        {"top": 0},
        {"where": "beta >"},
        {"where": "__import__('os').system('true') == 1"},
    ],
)
def test_a_mistake_in_a_filter_is_a_usage_error(late, mistake):
    with pytest.raises(UsageError):
        narrow(late, **mistake)


def test_two_theses_make_two_rows_of_a_shared_name(bundled):
    thesis, scale = bundled
    again = thesis.model_copy(update={"slug": "another", "published": dt.date(2024, 10, 8)})
    screen = check_screen([bundled, (again, scale)], SnapshotSource(), today=LATE)
    pair = screen.frame[screen.frame["symbol"] == "600941.SH"].set_index("thesis")
    assert set(pair.index) == {THESIS, "another"}
    assert pair["since_published"].nunique() == 2
    assert pair["excess_4w"].nunique() == 1


# ---- files


def test_a_csv_opens_in_excel_and_holds_no_formula(from_closes, tmp_path):
    late = from_closes
    frame = late.frame.copy()
    frame["name"] = frame["name"].astype(object)
    frame.loc[0, "name"] = "=cmd|' /C calc'!A0"
    text = screen_csv(replace(late, frame=frame))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["name"] == "'=cmd|' /C calc'!A0"
    assert float(rows[1]["excess_13w"]) == late.frame["excess_13w"][1]
    assert rows[0]["amount_20d"] == ""
    path = write_screen(late, tmp_path / "s.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_excel_file_holds_codes_as_text_and_figures_as_numbers(late, tmp_path):
    sheet = openpyxl.load_workbook(write_screen(late, tmp_path / "s.xlsx")).worksheets[1]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    row = next(row for row in cells if "600941.SH" in row)
    assert late.frame["excess_13w"][0] in row
    assert not any(isinstance(value, str) and value.startswith("=") for row in cells for value in row)


def test_markdown_and_json_are_written_by_the_ending(late, tmp_path):
    assert "| 中国移动 |" in write_screen(late, tmp_path / "s.md").read_text("utf-8")
    assert '"rows"' in write_screen(late, tmp_path / "deep" / "s.JSON").read_text("utf-8")
    with pytest.raises(UsageError):
        write_screen(late, tmp_path / "s.pdf")


def test_the_command_prints_a_table_json_and_its_exit_code(tmp_path):
    asked = ("screen", "--where", "excess_13w > 0.5", "--sort", "-excess_13w")
    ran = run_screener(*asked)
    assert ran.code == 0
    assert ran.out.index("仕佳光子") < ran.out.index("源杰科技")
    assert "仕佳光子" not in run_screener(*asked, "--out", tmp_path / "s.csv").out
    assert (tmp_path / "s.csv").is_file()
    record = run_screener("screen", "--json", "--top", 3).json
    assert record["columns"] == list(COLUMNS)
    assert len(record["rows"]) == 3
    assert record["basis"]["adjusted"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["--where", "price > 1"],
        ["--sort", "price"],
        ["--top", "0"],
        ["--out", "table.pdf"],
        ["--universe", "a-shares"],
        ["--universe", "everything"],
        ["--like", "operators"],
        ["../../etc/passwd"],
    ],
)
def test_a_mistake_on_the_command_line_is_exit_code_2(arguments):
    ran = run_screener("screen", *arguments)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("arguments", [[], ["--lang", "en"], ["--where", "amount_20d > 0 or volatility > 0", "--sort", "beta"]])
def test_a_table_fits_a_terminal_and_shows_what_was_asked_about(arguments):
    from screener.terms.widths import width

    ran = run_screener("screen", *arguments)
    assert max(width(line) for line in ran.out.splitlines()) <= 100
    if "--where" in arguments:
        head = ran.out[: ran.out.index("中国移动")].replace("\n", "")
        assert all(word in head for word in ("年化波动", "beta", "日均成交额"))


def test_a_filter_mistake_shows_a_caret_under_it():
    assert "^" in run_screener("screen", "--where", "beta > 1 and price > 1").err


# ---- the whole market, on an invented one


def invented(*, count: int = 6, seed: int = 7) -> Universe:
    """A market from 2023-01-03 to 2024-12-31; column 0 and 1 are a bucket, 2 follows them, the others do not."""
    sessions = load_calendar().between(dt.date(2023, 1, 3), dt.date(2024, 12, 31))
    random = np.random.default_rng(seed)
    benchmark = 4000 * np.cumprod(1 + random.normal(0, 0.01, len(sessions)))
    common = random.normal(0, 0.02, len(sessions))
    moves = random.normal(0, 0.02, (len(sessions), count))
    moves[:, :3] = 0.3 * moves[:, :3] + common[:, None]
    moves[:, 0] = common
    growth_of_market = np.diff(benchmark, prepend=benchmark[0]) / np.concatenate([benchmark[:1], benchmark[:-1]])
    level = 10 * np.cumprod(1 + moves + growth_of_market[:, None], axis=0)
    symbols = ("600941.SH", "600050.SH", "600001.SH", "600002.SH", "600003.SH", "600004.SH")[:count]
    return Universe(
        sessions=sessions,
        symbols=symbols,
        level=level,
        first=np.zeros(count, dtype=np.int64),
        last=np.full(count, len(sessions) - 1),
        benchmark=benchmark,
        benchmark_symbol=BENCHMARK,
        name="invented",
        amount=np.full(level.shape, 1e8),
    )


NAMELESS = MarketNames({}, {"600001.SH": dt.date(2023, 1, 3)})
PUBLISHED, AS_OF = dt.date(2024, 4, 14), dt.date(2024, 12, 31)


def test_a_market_is_measured_by_the_rules_of_candidates(bundled):
    thesis, scale = bundled
    universe = invented()
    universe.amount[-3:, 3] = 0  # 600002 was suspended: its last level is carried
    universe.level[-3:, 3] = universe.level[-4, 3]
    screen = screen_universe(universe, thesis, scale, market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    days = [day.astype(dt.date) for day in universe.sessions]
    base = days.index(dt.date(2024, 4, 12))
    week_before = days.index(dt.date(2024, 12, 27))
    for at, row in enumerate(screen.frame.to_dict("records")):
        path, other = universe.level[:, at], universe.benchmark
        assert row["excess_1w"] == pytest.approx(path[-1] / path[week_before] - other[-1] / other[week_before])
        assert row["since_published"] == pytest.approx(path[-1] / path[base] - 1)
        assert row["drawdown"] == pytest.approx(path[-1] / max(path[base:]) - 1)
        traded = [day for day in range(1, len(days)) if universe.amount[day, at] > 0 and universe.amount[day - 1, at] > 0][
            -250:
        ]
        own = np.array([path[day] / path[day - 1] - 1 for day in traded])
        market = np.array([other[day] / other[day - 1] - 1 for day in traded])
        assert row["volatility"] == pytest.approx(np.std(own, ddof=1) * math.sqrt(250))
        assert row["beta"] == pytest.approx(np.cov(own, market)[0, 1] / np.var(market, ddof=1))
        assert row["amount_20d"] == 1e8
    assert screen.frame["listed_days"].tolist()[2] == (AS_OF - dt.date(2023, 1, 3)).days
    assert screen.frame["basis"].eq("unadjusted").all()
    assert screen_record(screen, "en")["basis"]["adjusted"] is False
    assert screen.frame["bucket"].tolist()[:2] == ["operators", "operators"]
    assert screen.frame["thesis"].isna().tolist() == [False, False, True, True, True, True]


def test_a_young_name_has_a_gap_where_it_was_not_on_record_and_a_gone_one_is_counted_not_shown(bundled):
    universe = invented()
    universe.first[4], universe.last[5] = 400, 380
    universe.level[:400, 4] = np.nan
    universe.amount[:400, 4] = np.nan
    screen = screen_universe(universe, *bundled, market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    frame = screen.frame.set_index("symbol")
    assert "600004.SH" not in frame.index
    assert frame.loc["600003.SH", "gap"] == "no_data"
    assert np.isnan(frame.loc["600003.SH", "since_published"])
    assert frame.loc["600003.SH", "excess_4w"] == pytest.approx(frame.loc["600003.SH", "excess_4w"])
    assert [note.params["count"] for note in screen.basis if note.code == "screen_left"] == [1]


def test_a_name_long_suspended_has_its_250_returns_from_before(bundled):
    universe = invented()
    universe.amount[-200:-1, 3] = 0
    universe.level[-200:-1, 3] = universe.level[-201, 3]
    screen = screen_universe(universe, *bundled, market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    count = len(universe.sessions)
    traded = range(1, count - 200)[-250:]
    own = [universe.level[day, 3] / universe.level[day - 1, 3] - 1 for day in traded]
    assert screen.frame["volatility"][3] == pytest.approx(np.std(own, ddof=1) * math.sqrt(250))


def test_the_name_that_moved_like_the_bucket_comes_first_and_members_are_left_out(bundled):
    screen = find_alike(invented(), *bundled, "operators", market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    assert screen.frame["symbol"].tolist()[0] == "600001.SH"
    assert not {"600941.SH", "600050.SH"} & set(screen.frame["symbol"])
    universe = invented()
    base = int(np.searchsorted(universe.sessions, np.datetime64("2024-04-12")))
    moves = universe.level[1:] / universe.level[:-1] - (universe.benchmark[1:] / universe.benchmark[:-1])[:, None]
    window = moves[base - 120 : base]  # the 120 returns up to the base date
    expected = np.corrcoef(window[:, :2].mean(axis=1), window[:, 2])[0, 1]
    assert screen.frame["correlation"][0] == pytest.approx(expected)


def test_likeness_uses_nothing_after_the_base_date(bundled):
    universe, later = invented(), invented()
    base = int(np.searchsorted(universe.sessions, np.datetime64("2024-04-12")))
    later.level[base + 1 :] = later.level[base]
    found = [
        find_alike(each, *bundled, "operators", market=NAMELESS, published=PUBLISHED, as_of=AS_OF).frame
        for each in (universe, later)
    ]
    pd.testing.assert_series_equal(found[0]["correlation"], found[1]["correlation"])


@pytest.mark.parametrize("reason", ["young", "illiquid", "rarely traded"])
def test_a_look_alike_must_be_listed_long_enough_liquid_and_traded(bundled, reason):
    universe = invented()
    if reason == "young":
        universe.first[2] = 200
    elif reason == "illiquid":
        universe.amount[:, 2] = LIKE_AMOUNT - 1
    else:
        universe.amount[::5, 2] = 0
    screen = find_alike(universe, *bundled, "operators", market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    assert "600001.SH" not in set(screen.frame["symbol"])


def test_a_market_that_begins_too_late_or_a_bucket_that_is_not_there_is_an_error(bundled):
    with pytest.raises(ScreenerError):
        find_alike(invented(), *bundled, "operators", market=NAMELESS, published=dt.date(2023, 6, 1), as_of=AS_OF)
    with pytest.raises(UsageError):
        find_alike(invented(), *bundled, "optics", market=NAMELESS, published=PUBLISHED, as_of=AS_OF)
    with pytest.raises(ScreenerError):
        find_alike(invented(), *bundled, "aidc", market=NAMELESS, published=PUBLISHED, as_of=AS_OF)


@pytest.mark.slow
def test_the_real_market_is_screened_in_seconds_and_asks_a_question(bundled, market_folder: Path):
    screen = check_market([bundled], FolderSource(market_folder), universe="a-shares", today=dt.date(2025, 12, 31))
    assert len(screen.frame) > 5000
    assert screen.as_of == dt.date(2025, 5, 23)
    assert {"screen_market_ends", "screen_store_rows"} <= {note.code for note in screen.basis}
    ran = run_screener("screen", "--prices", market_folder, "--like", "operators", "--top", 5)
    assert "不是推荐" in ran.out
    assert "中国石油" in ran.out


@pytest.mark.slow
@pytest.mark.parametrize("prices", ["", "whole/market_raw.parquet"])
def test_a_candidate_has_one_row_in_both_screens(market_folder, prices):
    """Names of a thesis outside the bundled ones, by closes alone and by a factor: the universe's row is the candidate's."""
    thesis = Path(__file__).parents[1] / "theses" / "util-202412.toml"
    place = market_folder / prices
    own = run_screener("screen", thesis, "--prices", place, "--json").json["rows"]
    every = {
        row["symbol"]: row
        for row in run_screener("screen", thesis, "--universe", "a-shares", "--prices", place, "--json").json["rows"]
    }
    assert len(own) == 18
    for row in own:
        other = every[row["symbol"]]
        for name in (*(name for name, kind in MARKET_COLUMNS.items() if kind == "number"), "band_so_far", "gap"):
            assert other.get(name) == (pytest.approx(row[name], abs=1e-9) if isinstance(row[name], float) else row[name])
