"""The whole market of an evening from lists: a day's prices at once, dividends by report period, a day's suspensions.

A name is brought in by its row alone where the row's previous close is what the stored close and the announced dividend make
it, to a cent. What is behind, odd, or not on the list goes the way of a single name. Where the previous close shows a
corporate action that the list does not explain, the bar is stored and the action is in doubt until a second list is asked:
ASKED names an evening, the others are named and asked the next time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
import pandas as pd

from screener.prices.limits import reference_price
from screener.store.rows import BARS, Actions, Bars
from screener.terms.clock import SAFE_TIME, SHANGHAI
from screener.terms.notes import Gap, Note
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, parse_symbol
from screener.upstream import whole_market
from screener.upstream.asking.patience import FetchError, Tried
from screener.upstream.asking.vendors import SOURCES
from screener.upstream.plan import SymbolResult
from screener.upstream.pull import Pulled
from screener.upstream.single import Run

T = TypeVar("T")
SPOT, PERIODS, SECOND = "sina_spot", "eastmoney_dividends", "sina_dividends"
# Names whose action a second list is asked about in one evening.
ASKED = 50
CENT = 0.01 + 1e-9
EXACT = 0.005
# Sina empties its list in the morning; before this hour it still says what the evening said.
MORNING = dt.time(8, 30)
# An announcement may take this long from the end of its report period to the ex-date.
LONGEST_WAIT_YEARS = 1.5
# A list is of another day unless so many of its previous closes are the stored ones.
MOST = 0.5


@dataclass(eq=False)
class Bulk:
    """One evening's lists for the names of `run.plan.bulk`, asked for when they are needed; `notes`: what was not to be had."""

    run: Run
    notes: list[Note] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    _periods: dict[dt.date, pd.DataFrame | None] = field(default_factory=dict)

    @property
    def end(self) -> dt.date:
        """The session that the update is to reach."""
        return self.run.plan.end

    @cached_property
    def spot(self) -> pd.DataFrame:
        """The evening's rows by symbol; empty where they cannot be had or are not those of `end`."""
        nothing = pd.DataFrame(columns=list(whole_market.SPOT_COLUMNS)).set_index("symbol")
        if not is_final(self.run.plan.now, self.end):
            self.notes.append(Note("bulk_not_final", {"end": self.end}))
            return nothing
        found = self._ask(SPOT, whole_market.fetch_spot)
        if found is None:
            return nothing
        found["odd"] = whole_market.odd_rows(found)
        rows = found.set_index("symbol")
        if rows["time"].max() < "15:00:00" or not self._is_of_the_day(rows):
            self.notes.append(Note("bulk_other_day", {"end": self.end, "time": rows["time"].max()}))
            return nothing
        return rows

    @cached_property
    def suspended(self) -> frozenset[str]:
        """The names that did not trade on `end`, as the data centre lists them."""
        return self._ask(PERIODS, partial(whole_market.fetch_suspensions, self.end)) or frozenset()

    def _ask(self, source: str, function: Callable[[], T]) -> T | None:
        try:
            return self.run.puller.fetcher.call(SOURCES[source].host, function, subject=f"a-shares {source}")
        except FetchError as error:
            self.notes.append(Note(error.code, error.params))
            return None

    def _is_of_the_day(self, rows: pd.DataFrame) -> bool:
        """Whether most previous closes are the stored ones, of the names that are stored up to the session before."""
        entries, before = self.run.store.entries(), load_calendar().shift(self.end, -1)
        ready = [symbol for symbol in self.run.plan.bulk if entries.get(symbol, {}).get("last") == before.isoformat()]
        sample = [symbol for symbol in ready if symbol in rows.index][:: max(1, len(ready) // 200)]
        closes = {symbol: bars.rows["close"].iloc[-1] for symbol in sample if (bars := self.run.store.read_bars(symbol))}
        same = [abs(rows.at[symbol, "previous"] - close) < EXACT for symbol, close in closes.items()]
        return not same or float(np.mean(same)) >= MOST

    def announced(self, since: dt.date) -> pd.DataFrame | None:
        """Every company's actions that may have an ex-date from `since` to `end`; None where a period cannot be had."""
        years = (self.end - since).days / 365.25 + LONGEST_WAIT_YEARS
        wanted = whole_market.periods_until(self.end, years=years)
        for period in wanted:
            if period not in self._periods:
                self._periods[period] = self._ask(PERIODS, partial(whole_market.fetch_period_actions, period))
        found = [self._periods[period] for period in wanted]
        if any(frame is None for frame in found):
            return None
        return pd.concat([frame for frame in found if frame is not None], ignore_index=True)

    @cached_property
    def recent(self) -> Mapping[str, pd.DataFrame]:
        """Symbol → the actions with an ex-date in the last months, as far as they can be had."""
        found = self.announced(self.end)
        return {} if found is None else {str(symbol): rows for symbol, rows in found.groupby("symbol")}

    # --- one name ----------------------------------------------------------------------------------------------------

    def update(self, symbol: Symbol) -> SymbolResult | None:
        """Bring a stored name to `end` by the lists; None where it must go its own way."""
        stored, actions = self.run.store.read_bars(str(symbol)), self.run.stored_actions(symbol)
        if stored is None or actions is None or stored.asked_from > self.run.plan.start:
            return None
        known = actions.known_to(stored.confirmed_to)
        if stored.reach >= self.end:
            return self.run.result(symbol, stored, Pulled(), known) if known.checked_to >= stored.last else None
        before = load_calendar().shift(self.end, -1)
        if stored.reach < before or known.checked_to < stored.last or str(symbol) not in self.spot.index:
            return None
        row = self.spot.loc[[str(symbol)]].iloc[0]
        if row["volume"] == 0:
            return self._silent(symbol, stored, known) if str(symbol) in self.suspended else None
        return None if row["odd"] else self._append(symbol, stored, known, row)

    def _silent(self, symbol: Symbol, stored: Bars, known: Actions) -> SymbolResult:
        """The list of prices and that of suspensions agree that it did not trade."""
        quiet = replace(stored, silent_to=self.end)
        self.run.store.write_bars(str(symbol), quiet)
        return self.run.result(symbol, quiet, self._answered(), known)

    def _append(self, symbol: Symbol, stored: Bars, known: Actions, row: pd.Series) -> SymbolResult:
        close, news = float(stored.rows["close"].iloc[-1]), self._news(symbol, stored.last)
        expected = _after(close, news)
        confirmed = abs(row["previous"] - expected) < (CENT if len(news) else EXACT)
        bars = replace(stored, rows=self._with_row(stored.rows, row), silent_to=None)
        if confirmed and not len(news):
            bars, actions = replace(bars, confirmed_to=self.end), known
        else:
            actions = (
                self._with_news(known, news) if confirmed else self._in_doubt(symbol, known, close, float(row["previous"]))
            )
            self.run.store.write_actions(str(symbol), actions)
            self.doubtful += [] if confirmed else [str(symbol)]
        self.run.store.write_bars(str(symbol), bars)
        return self.run.result(symbol, bars, self._answered(), actions.known_to(bars.confirmed_to))

    def _answered(self) -> Pulled:
        return Pulled(tried=[Tried(SPOT, "answered")])

    def _news(self, symbol: Symbol, last: dt.date) -> pd.DataFrame:
        """Announced actions with an ex-date after `last` up to `end`, ascending."""
        rows = self.recent.get(str(symbol), pd.DataFrame({"ex_date": pd.Series(dtype="datetime64[s]")}))
        inside = rows[(rows["ex_date"] > pd.Timestamp(last)) & (rows["ex_date"] <= pd.Timestamp(self.end))]
        return inside.sort_values("ex_date")

    def _with_row(self, rows: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
        cells = {name: float(row[name]) for name in ("open", "high", "low", "close", "volume", "amount")}
        at = pd.Timestamp(self.run.plan.now).floor("s")
        new = pd.DataFrame([{"session": pd.Timestamp(self.end), **cells, "source": SPOT, "fetched_at": at}])
        joined: pd.DataFrame = pd.concat([rows, new.astype(rows.dtypes.to_dict())], ignore_index=True)
        ordered: pd.DataFrame = joined[BARS.names]
        return ordered

    def _with_news(self, known: Actions, news: pd.DataFrame) -> Actions:
        rows = news[["ex_date", "cash_per_share", "split_ratio"]].assign(source=f"{PERIODS}+previous_close")
        joined = pd.concat([known.rows, rows]).sort_values("ex_date", ignore_index=True)
        return replace(known, rows=joined, checked_to=self.end)

    def _in_doubt(self, symbol: Symbol, known: Actions, close: float, previous: float) -> Actions:
        """An action of `end` that nobody explains: no return runs across it until somebody does."""
        split = np.nan if abs(previous / close - 1) > 0.1 else 1.0
        row = {"ex_date": pd.Timestamp(self.end), "cash_per_share": np.nan, "split_ratio": split, "source": SPOT}
        rows = pd.concat([known.rows, pd.DataFrame([row]).astype(known.rows.dtypes.to_dict())])
        params = {"symbol": str(symbol), "day": self.end, "close": f"{close:.2f}", "previous": f"{previous:.2f}"}
        gap = Gap("action_mismatch", "action_unconfirmed", params)
        rows = rows.sort_values("ex_date", ignore_index=True)
        return replace(known, rows=rows, checked_to=self.end, mismatches={**known.mismatches, self.end: gap})

    # --- doubts ------------------------------------------------------------------------------------------------------

    def clear_doubts(self) -> Iterator[SymbolResult]:
        """Ask the second list about names in doubt, those that waited longest first; what it explains is no doubt any more."""
        waiting = [symbol for symbol in self.run.plan.bulk if self._has_old_doubt(symbol)]
        for symbol in (*sorted(waiting), *self.doubtful)[:ASKED]:
            yield self._clear(parse_symbol(symbol))

    def _has_old_doubt(self, symbol: str) -> bool:
        entry = self.run.store.entries().get(symbol, {})
        if not entry.get("action_mismatches") or symbol in self.doubtful:
            return False
        actions = self.run.stored_actions(parse_symbol(symbol))
        return actions is not None and any(gap.reason == "action_unconfirmed" for gap in actions.mismatches.values())

    def _clear(self, symbol: Symbol) -> SymbolResult:
        stored, actions = self.run.store.read_bars(str(symbol)), self.run.stored_actions(symbol)
        assert stored is not None and actions is not None  # noqa: S101, PT018 - both were written before the doubt
        pulled = self._answered()
        second = self.run.puller.action_list(SECOND, symbol, pulled.tried)
        opinions = {SECOND: second, PERIODS: self.recent.get(str(symbol))}
        for day, gap in [each for each in actions.mismatches.items() if each[1].reason == "action_unconfirmed"]:
            actions = _explained(actions, day, gap, opinions)
        self.run.store.write_actions(str(symbol), actions)
        return self.run.result(symbol, stored, pulled, actions.known_to(stored.confirmed_to))


def _after(close: float, news: pd.DataFrame) -> float:
    """The ex-right close after the actions `news`, CNY."""
    for cash, ratio in zip(news["cash_per_share"], news["split_ratio"], strict=True) if len(news) else ():
        close = reference_price(close, float(cash), float(ratio))
    return close


def _explained(actions: Actions, day: dt.date, gap: Gap, opinions: Mapping[str, pd.DataFrame | None]) -> Actions:
    """The actions with the doubt of `day` replaced by the opinion that the previous close bears out, if there is one."""
    close, previous = (float(str(gap.params[name])) for name in ("close", "previous"))
    for source, frame in opinions.items():
        own = None if frame is None else frame[frame["ex_date"] == pd.Timestamp(day)]
        if own is None or own.empty or not abs(_after(close, own) - previous) < CENT:
            continue
        rows = own[["ex_date", "cash_per_share", "split_ratio"]].assign(source=f"{source}+previous_close")
        kept = actions.rows[actions.rows["ex_date"] != pd.Timestamp(day)]
        left = {each: gap for each, gap in actions.mismatches.items() if each != day}
        joined = pd.concat([kept, rows]).sort_values("ex_date", ignore_index=True)
        return replace(actions, rows=joined, mismatches=left)
    return actions


@dataclass(frozen=True, eq=False)
class ListedActions:
    """The corporate actions of one name out of the lists by report period: what `pull.ActionLists` is for a single name."""

    found: Mapping[str, pd.DataFrame]
    stored: Actions | None
    tried: Sequence[Tried] = ()

    @property
    def provisional(self) -> pd.DataFrame | None:
        """Actions to judge price limits by."""
        frames = [*self.found.values()]
        return frames[0] if frames else None if self.stored is None else self.stored.rows


def listed_actions(bulk: Bulk, symbol: Symbol, actions: Actions | None, listed: dt.date | None) -> ListedActions:
    """The actions of `symbol` from the first day that the plan wants, the stored ones kept up to where they were checked."""
    since = bulk.run.plan.start if actions is None else actions.checked_to
    frame = bulk.announced(max(since, listed or since))
    if frame is None:
        return ListedActions({}, actions)
    own = frame.loc[frame["symbol"] == str(symbol), ["ex_date", "cash_per_share", "split_ratio"]]
    own = own[own["ex_date"] <= pd.Timestamp(bulk.end)].drop_duplicates().astype({"ex_date": "datetime64[s]"})
    if actions is not None:
        own = own[own["ex_date"] > pd.Timestamp(actions.checked_to)]
        own = pd.concat([actions.rows[list(own.columns)], own])
    return ListedActions({PERIODS: own.sort_values("ex_date", ignore_index=True)}, actions)


def is_final(now: dt.datetime, end: dt.date) -> bool:
    """Whether a list of newest prices says what `end` closed with: after its close, before the next session's morning."""
    local = now.astimezone(SHANGHAI)
    if local.date() == end:
        return local.time() >= SAFE_TIME
    following = load_calendar().first_on_or_after(end + dt.timedelta(days=1))
    return end < local.date() and bool(following is None or (local.date(), local.time()) < (following, MORNING))
