"""Returns, excess, baskets, drawdown, volatility and beta: pure functions over levels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.prices.adjust import adjusted_levels
from screener.prices.prices import SERIES, Prices, SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Floats, as_date
from screener.terms.symbols import parse_symbol

# A close at most this many sessions old stands in for a session without one; older is stale (MEASUREMENT).
MAX_AGE = 5
# Flags of a benchmark that every figure against it carries too.
SHARED_FLAGS = ("unverified", "unconfirmed_index")
# Flags of a figure whose band is doubtful: it is shown with a mark, crosses no edge and decides nothing.
DOUBTFUL = ("actions_unknown",)


def is_doubtful(flags: Iterable[str]) -> bool:
    """Whether a figure with these flags rests on prices that may hide a split."""
    return any(flag in DOUBTFUL for flag in flags)


@dataclass(frozen=True)
class Quote:
    """What a symbol was worth on a session: raw `close` (CNY), adjusted `level`, and the date the close is of."""

    session: dt.date
    close: float
    close_date: dt.date
    level: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tape:
    """One symbol's columns as arrays over the sessions: closes, levels, halts, the positions that traded, and its life."""

    closes: Floats
    levels: dict[SeriesName, Floats]
    halted: npt.NDArray[np.bool_]
    traded: npt.NDArray[np.int64]
    listed: dt.date | None
    delisted: dt.date | None


@dataclass(frozen=True, eq=False)
class Market:
    """Prices with the adjusted levels of both series, computed once."""

    prices: Prices
    levels: dict[SeriesName, pd.DataFrame]
    tapes: dict[str, Tape] = field(default_factory=dict, repr=False)
    quotes: dict[tuple[str, dt.date, SeriesName], Quote | Gap] = field(default_factory=dict, repr=False)

    def position(self, session: dt.date) -> int:
        """Position of the last session on or before `session`; −1 before the first."""
        return int(self.prices.close.index.searchsorted(pd.Timestamp(session), side="right")) - 1

    def cut(self, as_of: dt.date) -> Market:
        """The same market with nothing after `as_of`: levels are counted from the first session on."""
        end = pd.Timestamp(as_of)
        return Market(self.prices.cut(as_of), {series: frame.loc[:end] for series, frame in self.levels.items()})

    def tape(self, symbol: str) -> Tape:
        """The columns of a symbol as arrays, made once: a report asks for thousands of quotes."""
        if symbol not in self.tapes:
            closes = self.prices.close[symbol].to_numpy(dtype=float)
            self.tapes[symbol] = Tape(
                closes,
                {series: frame[symbol].to_numpy(dtype=float) for series, frame in self.levels.items()},
                self.prices.halted[symbol].to_numpy(dtype=bool),
                np.flatnonzero(~np.isnan(closes)),
                *_life(self.prices, symbol),
            )
        return self.tapes[symbol]


def build_market(prices: Prices) -> Market:
    """Adjust `prices` for both series."""
    return Market(prices, {series: adjusted_levels(prices, series) for series in SERIES})


def quote(market: Market, symbol: str, session: dt.date, *, series: SeriesName) -> Quote | Gap:
    """The last close of `symbol` on or before `session`, or why there is none.

    A stock without a close that session is suspended (last close, flagged) when the source says so, when it traded again
    later in the data, or for at most MAX_AGE sessions, and never beyond the last session of which its own files have a bar of
    any share; a delisted one keeps its last price. Anything older is `stale`.
    An index trades every session: a missing one is a gap. No close yet: `not_listed` when the listing date says so.
    """
    key = (symbol, session, series)
    if key not in market.quotes:
        market.quotes[key] = _find_quote(market, symbol, session, series=series)
    return market.quotes[key]


def _find_quote(market: Market, symbol: str, session: dt.date, *, series: SeriesName) -> Quote | Gap:
    prices = market.prices
    if symbol in prices.gaps:
        return prices.gaps[symbol]
    if symbol not in prices.close.columns:
        return Gap("no_data", "not_in_source", {"symbol": symbol})
    position, tape = market.position(session), market.tape(symbol)
    traded, listed, delisted = tape.traded, tape.listed, tape.delisted
    known = traded[traded <= position]
    if listed is not None and session < listed:
        return Gap("not_listed", "listed_later", {"symbol": symbol, "listed": listed, "day": session})
    if not len(known):
        return Gap("no_data", "no_earlier_close", {"symbol": symbol, "day": session})
    last = int(known[-1])
    flags: tuple[str, ...] = ()
    beyond = prices.calendar.count_between(as_date(prices.close.index[-1]), session)
    age = position - last + max(beyond, 0)
    if age:
        resumed = last < traded[-1]
        halted = bool(tape.halted[last + 1 : position + 1].any())
        params: dict[str, object] = {"symbol": symbol, "day": session, "last": as_date(prices.close.index[last])}
        if parse_symbol(symbol).kind == "index":
            return Gap("no_data", "missing_session", params) if resumed else Gap("stale", "stale_close", params)
        if delisted is not None and session >= delisted:
            flags = ("delisted",)
        elif session > prices.reaches.get(symbol, session):
            return Gap("stale", "stale_close", params)
        elif resumed or halted or age <= MAX_AGE:
            flags = ("suspended",)
        else:
            return Gap("stale", "stale_close", params)
    level, day = float(tape.levels[series][position]), as_date(prices.close.index[last])
    if day > prices.actions_to.get(symbol, day):
        flags = (*flags, "actions_unknown")
    if prices.unconfirmed.get(symbol) == day:
        flags = (*flags, "unconfirmed_index")
    return Quote(session, float(tape.closes[last]), day, level, flags)


def _life(prices: Prices, symbol: str) -> tuple[dt.date | None, dt.date | None]:
    if symbol not in prices.listings.index:
        return None, None
    row = prices.listings.loc[symbol]
    return cast(
        tuple[dt.date | None, dt.date | None],
        tuple(None if pd.isna(row[column]) else as_date(row[column]) for column in ("listed", "delisted")),
    )


def doubt_gap(flags: Iterable[str]) -> Gap | None:
    """Why a figure with these flags decides no rating; None where it may."""
    found = [flag for flag in DOUBTFUL if flag in set(flags)]
    return Gap("no_data", f"doubt_{found[0]}", {}) if found else None


def doubts(prices: Prices, members: Iterable[str]) -> tuple[str, ...]:
    """The flags that make a figure of `members` doubtful."""
    flags = (flag for member in members for flag in prices.flags.get(member, ()))
    return tuple(dict.fromkeys(flag for flag in flags if flag in DOUBTFUL))


def unknown_actions(prices: Prices, members: Iterable[str]) -> tuple[tuple[str, Gap], ...]:
    """What is missing of each of `members` whose corporate actions are unknown."""
    unknown = [member for member in members if "actions_unknown" in prices.flags.get(member, ())]
    return tuple((member, Gap("no_data", "actions_unknown", {"symbol": member})) for member in unknown)


def known_series(prices: Prices, symbol: str, series: SeriesName) -> SeriesName:
    """`series`, or `price` for a name whose actions are unknown: its `total` series is a gap."""
    return "price" if is_unknown(prices, symbol, "total") else series


def is_unknown(prices: Prices, symbol: str, series: SeriesName) -> bool:
    """Whether the actions that `series` rests on are unknown: a vendor's factor gives `total`, never `price`."""
    return "actions_unknown" in prices.flags.get(symbol, ()) and (series == "price" or symbol not in prices.steps)


def series_flags(prices: Prices, symbol: str, series: SeriesName) -> tuple[str, ...]:
    """The flags of a figure of `symbol` on `series`: `total` by a vendor's factor hides no action."""
    flags = prices.flags.get(symbol, ())
    return flags if is_unknown(prices, symbol, series) else tuple(flag for flag in flags if flag != "actions_unknown")


def breaks_of(prices: Prices, symbol: str, series: SeriesName) -> dict[dt.date, Gap]:
    """Sessions across which the level of `symbol` cannot be linked; a step of a vendor's factor explains that of `total`."""
    days = dict(prices.breaks.get(symbol, {}))
    if series == "total":
        days.update(prices.total_breaks.get(symbol, {}))
        explained = prices.steps[symbol].index if symbol in prices.steps else ()
        days = {day: gap for day, gap in days.items() if pd.Timestamp(day) not in explained}
    return days


def find_break(prices: Prices, symbol: str, start: dt.date, end: dt.date, *, series: SeriesName) -> Gap | None:
    """The first reason why the level of `symbol` cannot be linked from `start` (exclusive) to `end` (inclusive)."""
    if series == "total" and is_unknown(prices, symbol, series):
        return Gap("no_data", "actions_unknown", {"symbol": symbol})
    days = breaks_of(prices, symbol, series)
    hit = sorted(day for day in days if start < day <= end)
    return days[hit[0]] if hit else None


def traded_returns(market: Market, symbol: str, series: SeriesName = "total") -> pd.Series:
    """Daily returns (fractions) between consecutive sessions on both of which the symbol traded, session-indexed."""
    traded = market.prices.close[symbol].notna().to_numpy()
    levels = market.levels[series][symbol].to_numpy(dtype=float)
    both = traded[1:] & traded[:-1]
    return pd.Series((levels[1:] / levels[:-1] - 1)[both], index=market.prices.close.index[1:][both], name=symbol)
