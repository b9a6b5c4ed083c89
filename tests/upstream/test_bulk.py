"""The whole market by its lists, the real akshare against the stand-in: what it costs, and that nothing is taken on trust.

Expected bars come straight from the stand-in's market; time is virtual: only pauses pass.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd
import pytest

from screener.store.rows import BARS, Actions, Bars
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.bulk import is_final
from screener.upstream.plan import plan_update, universe_symbols
from screener.upstream.update import run_update
from tests.standin import Upstream
from tests.standin.lists import exchange_of
from tests.standin.whole import WholeMarket, dividend

DAYS = ("2025-06-19", "2025-06-20", "2025-06-23", "2025-06-24", "2025-06-25", "2025-06-26", "2025-06-27", "2025-06-30")
START, EVE, END = dt.date(2025, 6, 19), dt.date(2025, 6, 27), dt.date(2025, 6, 30)
EVENING = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
HALTED = 5


@dataclass
class Clock:
    """Time that passes in pauses only."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Exchange:
    """A market, its servers, and a store that knows it up to the eve."""

    market: WholeMarket
    upstream: Upstream
    store: Store
    clock: Clock = field(default_factory=Clock)

    def update(self, *, now=EVENING, end=None, notes=None, only=None, **policy):
        fetcher = Fetcher(Policy(**policy), sleep=self.clock.sleep, monotonic=self.clock.monotonic)
        symbols, _ = universe_symbols(self.store, fetcher, "a-shares", now=now)
        own = [symbol for symbol in symbols if symbol[:6] in (only or self.market.names)]
        plan = plan_update(own, start=START, end=end, now=now, bulk=own)
        return {each.symbol: each for each in run_update(self.store, plan, fetcher=fetcher, notes=notes)}

    def fill(self, until=EVE, codes=None):
        """Store every name (or `codes`) up to `until`, as an update would have."""
        none = pd.DataFrame(columns=["ex_date", "cash_per_share", "split_ratio", "source"]).astype(
            {"ex_date": "datetime64[s]", "cash_per_share": float, "split_ratio": float}
        )
        with self.store.writing(now=EVENING):
            for code in codes or self.market.codes:
                rows = pd.DataFrame([vars(bar) for bar in self.market.bars("raw", code, (), end=f"{until}")])
                rows = rows.rename(columns={"day": "session"}).assign(source="sina", fetched_at=pd.Timestamp(EVENING))
                rows = rows.astype({"session": "datetime64[s]", "volume": float, "amount": float})[BARS.names]
                self.store.write_actions(symbol_of(code), Actions(none, until, ("a", "b")))
                self.store.write_bars(symbol_of(code), Bars(rows, START))

    def true_rows(self, code):
        return [(bar.day, bar.close, bar.volume) for bar in self.market.bars("raw", code, ())]

    def stored_rows(self, code):
        rows = self.store.read_bars(symbol_of(code)).rows
        return [(f"{row.session:%Y-%m-%d}", row.close, row.volume) for row in rows.itertuples()]


def symbol_of(code):
    return f"{code}.{exchange_of(code).upper()}"


def opened(tmp_path, monkeypatch, size):
    market = WholeMarket(tmp_path, DAYS, size)
    upstream = Upstream(tmp_path, market=market)
    for name, value in upstream.env().items():
        monkeypatch.setenv(name, value)
    return Exchange(market, upstream, Store(tmp_path / "store"))


@pytest.fixture
def exchange(tmp_path, monkeypatch):
    found = opened(tmp_path, monkeypatch, 84)
    yield found
    found.upstream.close()


@pytest.mark.slow
def test_an_evening_comes_by_lists_alone(exchange):
    exchange.fill()
    halted = exchange.market.codes[:HALTED]
    exchange.market.halted = set(halted)
    results = exchange.update()
    assert {each.state for each in results.values()} == {"fresh"}
    assert all(each.complete for each in results.values()), [each.reason for each in results.values() if not each.complete]
    for code in exchange.market.codes:
        assert exchange.stored_rows(code) == exchange.true_rows(code)
    assert {results[symbol_of(code)].reason.code for code in halted} == {"suspended_since"}
    single = [request for request in exchange.upstream.log if "klc" in request.path or "fqkline" in request.path]
    assert single == []


@pytest.mark.slow
def test_an_announced_dividend_that_the_previous_close_bears_out_needs_no_request(exchange):
    code, split = exchange.market.codes[13], exchange.market.codes[14]
    exchange.fill(codes=exchange.market.codes[10:20])
    exchange.market.events = {code: dividend(f"{END}", 0.37), split: dividend(f"{END}", 0.1, 1.4)}
    results = exchange.update(only=exchange.market.codes[10:20])
    assert all(each.complete for each in results.values())
    row = exchange.store.read_actions(symbol_of(code)).rows.iloc[-1]
    assert (row["ex_date"].date(), row["cash_per_share"], row["split_ratio"]) == (END, 0.37, 1.0)
    row = exchange.store.read_actions(symbol_of(split)).rows.iloc[-1]
    assert (row["cash_per_share"], row["split_ratio"]) == (0.1, 1.4)
    assert not exchange.upstream.asked(text="vISSUE_ShareBonus")
    prices = StoreSource(exchange.store, today=END).load([symbol_of(code), symbol_of(split)], start=START, end=END)
    assert not prices.total_breaks
    assert not prices.gaps


@pytest.mark.slow
def test_an_action_that_the_list_lacks_is_a_doubt_until_a_second_list_explains_it(exchange):
    code = exchange.market.codes[13]
    few = exchange.market.codes[10:15]
    exchange.fill(codes=few)
    exchange.market.events = {code: dividend(f"{END}", 0.37)}
    exchange.market.unlisted = {code}
    fault = exchange.upstream.fault("reset", path="vISSUE_ShareBonus")
    results = exchange.update(tries=1, only=few)
    assert (results[symbol_of(code)].state, results[symbol_of(code)].reason.code) == ("fresh", "actions_mismatch")
    assert exchange.stored_rows(code) == exchange.true_rows(code)
    prices = StoreSource(exchange.store, today=END).load([symbol_of(code)], start=START, end=END)
    assert prices.total_breaks[symbol_of(code)][END].reason == "action_unconfirmed"
    exchange.upstream.faults.remove(fault)
    results = exchange.update(only=few)
    assert results[symbol_of(code)].complete
    row = exchange.store.read_actions(symbol_of(code)).rows.iloc[-1]
    assert (row["cash_per_share"], row["source"]) == (0.37, "sina_dividends+previous_close")


def test_a_live_list_is_never_stored(exchange):
    exchange.fill(codes=exchange.market.codes[:5])
    exchange.upstream.fault("live_bar", path="getHQNodeData")
    notes = []
    exchange.update(notes=notes, only=exchange.market.codes[:5])
    assert "bulk_other_day" in {note.code for note in notes}
    assert "sina_spot" not in set(exchange.store.read_bars(symbol_of(exchange.market.codes[0])).rows["source"])


def test_only_after_its_close_and_before_the_next_morning_does_a_list_speak_of_a_session():
    def utc(day, hour, minute=0):
        return dt.datetime(2025, 6, day, hour, minute, tzinfo=dt.UTC)

    assert is_final(utc(30, 9), END)  # 17:00 in Shanghai
    assert not is_final(utc(30, 7, 30), END)  # 15:30
    assert is_final(dt.datetime(2025, 7, 1, 0, 0, tzinfo=dt.UTC), END)  # 08:00 of the next session
    assert not is_final(dt.datetime(2025, 7, 1, 1, 0, tzinfo=dt.UTC), END)
    assert is_final(utc(29, 3), EVE)  # a Sunday
    assert not is_final(utc(30, 3), EVE)  # the Monday after, 11:00


@pytest.mark.slow
def test_a_list_of_another_day_or_with_a_page_twice_is_not_used_and_names_go_their_own_way(exchange):
    exchange.fill(codes=exchange.market.codes[5:10])
    exchange.upstream.fault("page_twice", path="getHQNodeData")
    notes = []
    results = exchange.update(notes=notes, only=exchange.market.codes[5:10])
    assert "list_truncated" in {note.code for note in notes}
    assert {each.state for each in results.values()} == {"fresh"}
    assert exchange.stored_rows(exchange.market.codes[7]) == exchange.true_rows(exchange.market.codes[7])


def test_a_first_pull_takes_one_request_a_name_and_the_dividends_by_period(exchange):
    code = exchange.market.codes[13]
    exchange.market.events = {code: dividend("2025-06-25", 0.37)}
    results = exchange.update(only=exchange.market.codes[10:20])
    assert {each.state for each in results.values()} == {"fresh"}
    asked = [request for request in exchange.upstream.log if "klc_kl" in request.path or "fqkline" in request.path]
    assert len(asked) == 10
    assert len(exchange.upstream.asked(text="REPORT_DATE")) < 10
    assert exchange.stored_rows(code) == exchange.true_rows(code)
    assert exchange.store.read_actions(symbol_of(code)).rows["cash_per_share"].tolist() == [0.37]


@pytest.mark.slow
def test_an_evening_of_the_whole_market_costs_two_hundred_requests_and_six_minutes(tmp_path, monkeypatch):
    """The lists hold 5,400 names; the store a tenth of them, all ex-dates among them: a name by its row costs no request."""
    exchange = opened(tmp_path, monkeypatch, 5400)
    own = exchange.market.codes[:540]
    exchange.fill(codes=own)
    exchange.market.halted = set(own[:20])
    exchange.market.events = {code: dividend(f"{END}", 0.25) for code in own[100:300]}
    exchange.market.unlisted = set(own[100:180])  # of two hundred ex-dates eighty are on no list
    exchange.upstream.log.clear()
    results = exchange.update(only=own)
    assert len(exchange.upstream.asked(text="getHQNodeData")) == 68
    assert len(exchange.upstream.asked("bse.cn")) == 18
    assert len(exchange.upstream.log) <= 200
    assert exchange.clock.seconds <= 360
    assert {each.state for each in results.values()} == {"fresh"}
    named = [each for each in results.values() if not each.complete]
    assert len(named) == 30
    assert {each.reason.code for each in named} == {"actions_mismatch"}
    exchange.upstream.close()
