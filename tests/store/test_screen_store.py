"""The whole market from the store, on rows small enough to be worked out by hand, and beside the candidates' own screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from screener.judgement.screen import MARKET_COLUMNS
from screener.report.screen import screen_record
from screener.screening import check_market, check_screen
from screener.store.rows import Actions, Bars
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.notes import Gap, ScreenerError, UsageError
from screener.terms.sessions import load_calendar
from tests.conftest import run_screener
from tests.stored import INDICES, NOW, fill_store

FIRST, BASE, EX, END = (dt.date(2025, 6, day) for day in (3, 16, 20, 30))
DAYS = [day.item() for day in load_calendar().between(FIRST, END)]
FIGURES = [name for name, kind in MARKET_COLUMNS.items() if kind == "number"]


def bars(*steps: tuple[dt.date, float], halted_from: dt.date | None = None, until: dt.date = END) -> Bars:
    """Bars whose close is the last step's on every session from the first step to `until`; 1000 shares a day."""
    days = [day for day in DAYS if steps[0][0] <= day <= until]
    closes = [[close for day, close in steps if day <= each][-1] for each in days]
    rows = pd.DataFrame({"session": pd.DatetimeIndex(days).astype("datetime64[s]")})
    for column in ("open", "high", "low", "close"):
        rows[column] = closes
    halted = rows["session"] >= pd.Timestamp(halted_from or dt.date.max.replace(year=2100))
    rows["volume"] = [0.0 if each else 1000.0 for each in halted]
    rows["amount"] = rows["volume"] * rows["close"]
    return Bars(rows.assign(source="eastmoney", fetched_at=pd.Timestamp(NOW)), FIRST)


def actions(*cells: tuple[dt.date, float, float], sources: tuple[str, ...] = ("a", "b"), mismatches=None) -> Actions:
    """Actions as (ex-date, cash, ratio), known up to END."""
    frame = pd.DataFrame(cells, columns=["ex_date", "cash_per_share", "split_ratio"]).assign(source="a+b")
    frame["ex_date"] = pd.to_datetime(frame["ex_date"]).astype("datetime64[s]")
    return Actions(frame, END, sources, mismatches or {})


SPLIT, HALTED, YOUNG, UNKNOWN = "600001.SH", "600002.SH", "600003.SH", "600004.SH"
ONE_SOURCE, DOUBT, FAULTY, BROKEN, GONE = "600005.SH", "600006.SH", "600007.SH", "600008.SH", "600009.SH"
LISTED = {YOUNG: dt.date(2025, 6, 24)}
SPLIT_BARS = bars((FIRST, 20.0), (EX, 10.0), (END, 11.0))
DOUBTFUL = {EX: Gap("action_mismatch", "action_unknown", {"symbol": DOUBT, "day": EX})}
MARKET: dict[str, tuple[Bars, Actions | None]] = {
    SPLIT: (SPLIT_BARS, actions((EX, 0.5, 2.0))),
    HALTED: (bars((FIRST, 5.0), halted_from=dt.date(2025, 6, 26)), actions()),
    YOUNG: (bars((LISTED[YOUNG], 8.0), (dt.date(2025, 6, 25), 20.0), (END, 22.0)), actions()),
    UNKNOWN: (bars((FIRST, 20.0), (EX, 9.0), (END, 9.9)), None),
    ONE_SOURCE: (bars((FIRST, 10.0), (END, 10.5)), actions(sources=("a",))),
    DOUBT: (bars((FIRST, 10.0)), actions((EX, float("nan"), 1.0), mismatches=DOUBTFUL)),
    FAULTY: (bars((FIRST, 10.0), (EX, 5.0)), actions()),
    BROKEN: (bars((FIRST, 10.0)), actions()),
    GONE: (bars((FIRST, 10.0), until=dt.date(2025, 6, 10)), actions()),
    "900901.SH": (bars((FIRST, 0.5)), None),
}


def make_store(folder: Path, market=MARKET, *, listed: bool = True) -> Store:
    store = Store(folder)
    with store.writing(now=NOW):
        store.write_bars("000300.SH", bars((FIRST, 4000.0), (END, 4040.0)))
        for symbol, (rows, known) in market.items():
            if known is not None:
                store.write_actions(symbol, known)
            store.write_bars(symbol, rows)
        if listed:
            names = pd.DataFrame({"name": [f"name of {each}" for each in market]}, index=list(market))
            names["listed"] = pd.to_datetime([LISTED.get(each, dt.date(2001, 1, 2)) for each in market])
            store.write_names(names.assign(delisted=pd.NaT))
    if BROKEN in market:
        (folder / "bars" / f"{BROKEN}.parquet").write_bytes(b"PAR1 and nothing else")
    return store


@pytest.fixture(scope="module")
def pair(bundled):
    """The bundled thesis, as if published on BASE."""
    return bundled[0].model_copy(update={"published": BASE}), bundled[1]


def screened(pair, store: Store, **options):
    return check_market([pair], StoreSource(store, today=END), universe="a-shares", today=END, **options)


@pytest.fixture(scope="module")
def small(pair, tmp_path_factory):
    return screened(pair, make_store(tmp_path_factory.mktemp("market") / "store"))


@pytest.fixture(scope="module")
def rows(small):
    return small.frame.set_index("symbol")


def test_a_split_and_a_dividend_in_the_window_do_not_show_and_each_column_has_its_series(rows):
    row = rows.loc[SPLIT]
    assert row["basis"] == "checked"
    assert row["since_published"] == pytest.approx(11 * 2 / 20 - 1)
    assert row["excess_since_published"] == pytest.approx(0.10 - 0.01)
    assert row["excess_1w"] == pytest.approx(0.10 - 0.01)
    # 4 weeks: from 6 June, cash reinvested at the ex reference price: factor 20 × 2 / (20 − 0.5)
    assert row["excess_4w"] == pytest.approx(11 * (40 / 19.5) / 20 - 1 - 0.01)
    assert row["drawdown"] == 0
    assert row["band_so_far"] == "增持"


def test_a_suspended_name_keeps_its_last_close_and_its_mean_amount_is_over_traded_sessions(rows):
    row = rows.loc[HALTED]
    assert (row["since_published"], row["amount_20d"]) == (0, 5000)
    assert row["excess_1w"] == pytest.approx(-0.01)
    assert pd.isna(row["gap"])


def test_a_newly_listed_name_has_a_gap_since_publication_and_a_weekly_figure(rows):
    row = rows.loc[YOUNG]
    assert row["gap"] == "not_listed"
    assert pd.isna(row["since_published"])
    assert row["excess_1w"] == pytest.approx(22 / 20 - 1 - 0.01)
    assert row["listed_days"] == 6
    assert row["name"] == f"name of {YOUNG}"


def test_a_name_without_actions_is_measured_unadjusted_and_its_row_says_so(rows, small):
    row = rows.loc[UNKNOWN]
    assert row["basis"] == "unadjusted"
    assert row["since_published"] == pytest.approx(9.9 / 9 - 1)  # the fall of 55% is no trading: an ex-date
    assert rows["basis"].drop(index=[UNKNOWN, ONE_SOURCE, FAULTY, BROKEN]).eq("checked").all()
    assert rows.loc[ONE_SOURCE, "basis"] == "one_source"
    notes = {note.code: note.params for note in small.basis}
    assert notes["screen_store_rows"] == {"checked": "4", "one_source": "1", "factor": "0", "unadjusted": "1"}
    assert notes["screen_store_steps"] == {"count": 1, "steps": 1}
    assert not screen_record(small, "zh")["basis"]["adjusted"]


def test_a_doubtful_dividend_is_a_gap_of_the_columns_that_reinvest_it_and_of_no_other(rows, small):
    row = rows.loc[DOUBT]
    assert pd.isna(row["excess_4w"])
    assert row["excess_1w"] == pytest.approx(-0.01)
    assert row["since_published"] == 0
    assert pd.isna(row["gap"])
    assert small.gap_of(DOUBT, None, "excess_4w").code == "action_mismatch"
    assert row[["volatility", "beta"]].isna().all()
    assert small.gap_of(DOUBT, None, "beta").code == "action_mismatch"
    assert small.gap_of(DOUBT, None, "since_published") is None


def test_a_source_without_amounts_leaves_the_amount_open_and_nothing_else(pair, tmp_path, rows):
    own, known = MARKET[SPLIT]
    bare = replace(own, rows=own.rows.assign(amount=float("nan")))
    row = screened(pair, make_store(tmp_path / "store", {SPLIT: (bare, known)})).frame.iloc[0]
    assert pd.isna(row["amount_20d"])
    assert row["volatility"] == rows.loc[SPLIT, "volatility"]


def test_the_first_steps_of_a_name_whose_listing_date_is_unknown_are_a_break_and_no_fault(pair, tmp_path):
    store = make_store(tmp_path / "store", {YOUNG: MARKET[YOUNG]}, listed=False)
    screen = screened(pair, store)
    row = screen.frame.iloc[0]
    assert row["excess_1w"] == pytest.approx(22 / 20 - 1 - 0.01)
    assert pd.isna(row["volatility"])
    assert screen.gap_of(YOUNG, None, "volatility").reason == "limit_unexplained"


def test_a_faulty_or_unreadable_name_keeps_its_row_with_a_reason_and_stops_no_other(rows, small):
    for symbol, reason in ((FAULTY, "stored_bars_wrong"), (BROKEN, "store_unreadable")):
        assert rows.loc[symbol, "gap"] == "bad_data"
        assert rows.loc[symbol, ["excess_1w", "since_published", "beta"]].isna().all()
        assert pd.isna(rows.loc[symbol, "basis"])
        assert small.gap_of(symbol, None, "excess_1w").reason == reason


def test_b_shares_and_indices_are_not_in_it_and_what_the_store_lacks_is_said(small):
    assert set(small.frame["symbol"]) == set(MARKET) - {"900901.SH", GONE}
    notes = {note.code: note.params for note in small.basis}
    assert notes["screen_left"]["count"] == 1
    assert notes["screen_store_behind"] == {"count": 1, "symbol": GONE, "last": dt.date(2025, 6, 10), "end": END}
    assert small.has_gaps
    assert "screen_store_lacks" not in notes


def test_nothing_after_the_as_of_date_and_no_order_of_rows_changes_a_figure(pair, tmp_path):
    early = dt.date(2025, 6, 24)
    whole = screened(pair, make_store(tmp_path / "whole"), as_of=early)
    short = {}
    for symbol, (own, known) in MARKET.items():
        kept = own.rows[own.rows["session"] <= pd.Timestamp(early)].sample(frac=1, random_state=5)
        short[symbol] = (replace(own, rows=kept.reset_index(drop=True)), known)
    again = screened(pair, make_store(tmp_path / "short", short), as_of=early)
    pd.testing.assert_frame_equal(whole.frame, again.frame)


def test_prices_and_dividends_times_k_change_no_figure_but_the_amount(pair, tmp_path, small):
    fields = ["open", "high", "low", "close", "amount"]
    doubled = {}
    for symbol, (own, known) in MARKET.items():
        more = own.rows.assign(**{name: own.rows[name] * 2 for name in fields})
        cash = (
            None if known is None else replace(known, rows=known.rows.assign(cash_per_share=known.rows["cash_per_share"] * 2))
        )
        doubled[symbol] = (replace(own, rows=more), cash)
    again = screened(pair, make_store(tmp_path / "store", doubled))
    pd.testing.assert_frame_equal(small.frame.drop(columns="amount_20d"), again.frame.drop(columns="amount_20d"))


@pytest.mark.slow
@pytest.mark.parametrize("as_of", [dt.date(2025, 6, 30), dt.date(2024, 12, 31), dt.date(2024, 4, 1)])
def test_candidates_have_the_figures_of_their_own_screen(bundled, market_folder, tmp_path, as_of):
    store = fill_store(Store(tmp_path / "store"), market_folder, bundled[0].symbols(bundled[1]))
    source = StoreSource(store, today=as_of)
    own = check_screen([bundled], source, as_of=as_of, today=as_of).frame.set_index("symbol")
    market = check_market([bundled], source, universe="a-shares", as_of=as_of, today=as_of).frame.set_index("symbol")
    assert set(market.index) == set(own.index)
    assert market["basis"].eq("checked").all()
    market = market.reindex(own.index)
    for name in FIGURES:
        pd.testing.assert_series_equal(own[name], market[name], rtol=1e-9, atol=1e-12)
    for name in ("band_so_far", "gap", "bucket", "thesis"):
        assert own[name].fillna("none").tolist() == market[name].fillna("none").tolist()


def test_a_store_that_begins_after_publication_says_no_data_and_not_not_due(bundled, tmp_path):
    frame = screened(bundled, make_store(tmp_path / "store")).frame.set_index("symbol")
    assert frame.loc[SPLIT, "gap"] == "no_data"


def test_look_alikes_need_a_year_of_the_store(pair, tmp_path):
    with pytest.raises(ScreenerError):
        screened(pair, make_store(tmp_path / "store"), like="operators")


def test_the_command_takes_the_store_filters_by_basis_and_says_what_is_incomplete(tmp_path):
    store = make_store(tmp_path / "store")
    options = ("screen", "--universe", "a-shares", "--store", store.folder, "--as-of", END)
    ran = run_screener(*options, "--prices", "store", "--json", "--where", "basis == 'unadjusted'")
    assert ran.code == 3
    assert [row["symbol"] for row in ran.json["rows"]] == [UNKNOWN]
    assert set(ran.json["columns"]) < set(MARKET_COLUMNS)
    assert "since_published" not in ran.json["columns"]
    assert ran.json["universe"] == "store"
    shown = run_screener(*options, "--prices", "auto").out
    assert "未复权" in shown
    assert "复权/单源" in shown


@pytest.mark.parametrize("word", ["auto", "store"])
def test_a_store_without_a_market_says_what_to_run(tmp_path, market_folder, word):
    only_indices = fill_store(Store(tmp_path / "store"), market_folder, tuple(INDICES))
    for folder in (only_indices.folder, tmp_path / "nowhere"):
        ran = run_screener("screen", "--universe", "a-shares", "--prices", word, "--store", folder)
        assert (ran.code, ran.out) == (2, "")
        assert "screener update --universe a-shares" in ran.err


def test_names_without_the_exchanges_lists_are_not_taken_for_the_market_unsaid(pair, tmp_path):
    store = make_store(tmp_path / "store", {SPLIT: MARKET[SPLIT]}, listed=False)
    screen = screened(pair, store)
    assert "screen_store_no_list" in {note.code for note in screen.basis}
    assert screen.has_gaps
    ran = run_screener("screen", "--universe", "a-shares", "--prices", "auto", "--store", store.folder)
    assert ran.code == 2


def test_a_listed_name_that_is_not_stored_is_counted(pair, tmp_path):
    store = make_store(tmp_path / "store")
    (store.folder / "bars" / f"{HALTED}.parquet").unlink()
    notes = {note.code: note.params for note in screened(pair, store).basis}
    assert notes["screen_store_lacks"] == {"count": 1, "total": 9, "symbol": HALTED}


def test_prices_without_a_market_are_refused(bundled):
    from screener.sources.snapshot import SnapshotSource

    with pytest.raises(UsageError):
        check_market([bundled], SnapshotSource(), universe="a-shares", today=END)


def test_closes_from_before_a_listing_date_are_not_measured(pair, tmp_path):
    store = make_store(tmp_path / "store", {SPLIT: MARKET[SPLIT]})
    with store.writing(now=NOW):
        store.write_names(store.read_names().assign(listed=pd.Timestamp(EX)))
    row = screened(pair, store).frame.iloc[0]
    assert row["gap"] == "not_listed"
    assert pd.isna(row["since_published"])


def test_a_stored_close_without_a_value_is_bad_data_of_its_name_alone(pair, tmp_path):
    own, known = MARKET[SPLIT]
    holed = replace(own, rows=own.rows.assign(close=own.rows["close"].where(own.rows["session"] != pd.Timestamp(BASE))))
    frame = screened(pair, make_store(tmp_path / "store", {SPLIT: (holed, known), HALTED: MARKET[HALTED]})).frame
    assert frame.set_index("symbol")["gap"].fillna("none").to_dict() == {SPLIT: "bad_data", HALTED: "none"}
