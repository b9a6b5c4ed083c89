"""What every source of prices must hold, run against each of them; expected closes come straight from the CSV files."""

from __future__ import annotations

import csv
import datetime as dt

import pandas as pd
import pytest

from screener.sources.choose import NotedSource
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.store.rows import ShareCounts
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.notes import Note
from screener.terms.sessions import as_date, session_axis
from tests.stored import END, NOW, fill_store

START = dt.date(2024, 3, 1)
COUNTED = "600941.SH"
SYMBOLS = ("000300.SH", "600941.SH", "688313.SH", "002281.SZ", "801770.SI")


@pytest.fixture(scope="module", params=["snapshot", "folder", "store", "noted"])
def source(request, market_folder, tmp_path_factory, bundled):
    if request.param == "folder":
        return FolderSource(market_folder)
    if request.param in ("store", "noted"):
        thesis, scale = bundled
        store = fill_store(Store(tmp_path_factory.mktemp("store")), market_folder, thesis.symbols(scale))
        days = pd.to_datetime(["2024-01-02", "2025-06-03"]).astype("datetime64[s]")
        with store.writing(now=NOW):
            rows = pd.DataFrame({"date": days, "float_shares": [9e8, 9.1e8], "source": "x"})
            store.write_shares(COUNTED, ShareCounts(rows, END))
        opened = StoreSource(store, today=END)
        return opened if request.param == "store" else NotedSource(opened, Note("auto_store", {"folder": store.folder}))
    return SnapshotSource()


@pytest.fixture(scope="module")
def closes(market_folder):
    """date → close by symbol, read by the csv module alone."""
    found = {}
    for symbol in SYMBOLS:
        part = "index" if symbol in ("000300.SH", "801770.SI") else "raw"
        with (market_folder / part / f"{symbol[:6]}.csv").open() as file:
            found[symbol] = {row["date"]: float(row["close"]) for row in csv.DictReader(file)}
    return found


class TestPriceSource:
    def test_every_close_of_the_window_is_the_traded_one_and_no_other_day_has_one(self, source, closes):
        prices = source.load(SYMBOLS, start=START, end=END)
        for symbol in SYMBOLS:
            got = {f"{day:%Y-%m-%d}": close for day, close in prices.close[symbol].dropna().items()}
            assert got == {day: close for day, close in closes[symbol].items() if str(START) <= day <= str(END)}

    def test_the_axis_is_every_session_of_the_window_and_nothing_else(self, source):
        prices = source.load(SYMBOLS, start=dt.date(2024, 9, 28), end=dt.date(2024, 10, 13))
        assert [f"{day:%m-%d}" for day in prices.close.index] == ["09-30", "10-08", "10-09", "10-10", "10-11"]
        pd.testing.assert_index_equal(prices.close.index, session_axis(dt.date(2024, 9, 28), dt.date(2024, 10, 13)))
        assert prices.close.shape == prices.halted.shape

    @pytest.mark.slow
    def test_columns_come_in_the_order_asked_for_and_the_order_changes_no_hash(self, source):
        there = source.load(SYMBOLS, start=START, end=END)
        back = source.load(SYMBOLS[::-1], start=START, end=END)
        assert list(back.close.columns) == list(SYMBOLS[::-1])
        assert there.sha256 == back.sha256

    def test_a_later_end_changes_no_earlier_close(self, source):
        early, late = (source.load(SYMBOLS, start=START, end=end) for end in (dt.date(2024, 12, 31), END))
        pd.testing.assert_frame_equal(early.close, late.close.loc[: pd.Timestamp("2024-12-31")])
        assert late.cut(dt.date(2024, 12, 31)).sha256 == early.cut(dt.date(2024, 12, 31)).sha256

    def test_an_unknown_symbol_is_a_gap_and_an_empty_column_and_does_not_stop_the_others(self, source):
        prices = source.load(("600941.SH", "399006.SZ"), start=dt.date(2025, 6, 2), end=END)
        assert prices.close["600941.SH"].notna().all()
        assert prices.gaps["399006.SZ"].code == "no_data"
        assert prices.close["399006.SZ"].isna().all()

    def test_a_symbol_without_data_has_no_last_session(self, source):
        assert source.last_session("899999.BJ") is None

    def test_the_last_session_is_the_last_close_on_record(self, source):
        assert source.last_session("000300.SH") >= END
        assert source.last_session("801770.SI") == END

    def test_actions_are_those_of_the_symbols_asked_for_with_plain_ex_dates(self, source):
        actions = source.load(("600941.SH",), start=START, end=END).actions
        assert set(actions["symbol"]) == {"600941.SH"}
        assert list(actions.columns) == ["symbol", "ex_date", "cash_per_share", "split_ratio"]
        days = {as_date(day) for day in actions["ex_date"]}
        assert {dt.date(2024, 6, 6), dt.date(2024, 9, 2), dt.date(2025, 6, 6)} <= days

    def test_share_counts_are_of_the_symbols_asked_for_and_not_later_than_the_end(self, source):
        shares = source.load(SYMBOLS, start=START, end=dt.date(2025, 3, 3)).shares
        assert list(shares.columns)[:3] == ["symbol", "date", "float_shares"]
        expected = {"store": {COUNTED}, "folder": set(), "snapshot": {"600941.SH", "688313.SH", "002281.SZ"}}
        assert set(shares["symbol"]) == expected[source.kind]
        assert (shares["date"] <= "2025-03-03").all()

    def test_a_session_without_trading_has_no_close(self, source):
        prices = source.load(("688313.SH",), start=dt.date(2025, 6, 25), end=END)
        assert pd.isna(prices.close["688313.SH"].iloc[-1])
        on_record = prices.close["688313.SH"].notna() | prices.halted["688313.SH"]
        assert on_record[on_record].index[-1] >= pd.Timestamp("2025-06-27")

    def test_kind_says_where_the_prices_come_from(self, source):
        assert source.load(SYMBOLS, start=dt.date(2025, 6, 2), end=END).kind == source.kind
        assert source.kind in ("snapshot", "folder", "store")


@pytest.mark.slow
def test_the_store_and_the_folder_it_was_filled_from_have_one_hash(market_folder, tmp_path, bundled):
    thesis, scale = bundled
    store = fill_store(Store(tmp_path), market_folder, thesis.symbols(scale))
    stored, folder = (
        each.load(thesis.symbols(scale), start=START, end=END)
        for each in (StoreSource(store, today=END), FolderSource(market_folder))
    )
    assert stored.cut(END).sha256 == folder.cut(END).sha256
