"""The price that a return starts from, and the value of a basket from there, for many dates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.measures.baskets import quoted
from screener.measures.quotes import Market, breaks_of, is_unknown
from screener.prices.prices import SeriesName
from screener.terms.sessions import Floats

# last_close: close of the base session · previous_close: of the session before it · next_open, next_close: of the session
# after it · mean_5: mean of the five closes after it. Suspended: the last close stands in, as everywhere.
BasePrice = Literal["last_close", "previous_close", "next_open", "next_close", "mean_5"]
BASE_PRICES: tuple[BasePrice, ...] = get_args(BasePrice)
# First and last session of the entry, counted from the base session.
ENTRY_SESSIONS: dict[BasePrice, tuple[int, int]] = {
    "last_close": (0, 0),
    "previous_close": (-1, -1),
    "next_open": (1, 1),
    "next_close": (1, 1),
    "mean_5": (1, 5),
}

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LevelTable:
    """Adjusted levels of some symbols, sessions × symbols with one more row of NaN at the end ("no such session").

    `closes`: NaN where there is no quote. `opens`: level of the open, of the carried close on a suspended session, NaN
    where the source has no open. `segments`: breaks so far; levels of different segments cannot be linked.
    """

    closes: Floats
    opens: Floats
    segments: Positions

    @property
    def nowhere(self) -> int:
        """The position that stands for a session outside the prices."""
        return len(self.closes) - 1

    def shifted(self, at: Positions, count: int) -> Positions:
        """Positions `count` sessions later, `nowhere` for those that leave the prices."""
        moved = at + count
        return np.where((at == self.nowhere) | (moved < 0) | (moved > self.nowhere), self.nowhere, moved)


@dataclass(frozen=True, eq=False)
class Entries:
    """Where returns start: `levels` dates × symbols; positions per date of the `first` and `last` session of the entry."""

    levels: Floats
    first: Positions
    last: Positions


def build_level_table(market: Market, members: Sequence[str], series: SeriesName) -> LevelTable:
    """The levels of `members` on every session of the prices, NaN where `performance.quote` would say a gap."""
    prices, axis = market.prices, market.prices.close.index
    shape = (len(axis) + 1, len(members))
    closes, opens, segments = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    for column, member in enumerate(members):
        unknown = series == "total" and is_unknown(prices, member, series)
        if member in prices.gaps or member not in prices.close.columns or unknown:
            continue
        known = quoted(market, member, series, pd.DatetimeIndex(axis))
        level = np.where(known, market.levels[series][member].to_numpy(dtype=float), np.nan)
        closes[:-1, column] = level
        opens[:-1, column] = _open_levels(market, member, level)
        segments[:-1, column] = _segments(market, member, series)
    return LevelTable(closes, opens, segments)


def _open_levels(market: Market, member: str, level: Floats) -> Floats:
    close = market.prices.close[member].to_numpy(dtype=float)
    if market.prices.open is None or member not in market.prices.open.columns:
        return np.full(len(level), np.nan)
    raw = market.prices.open[member].to_numpy(dtype=float)
    if np.isnan(raw).all():
        return np.full(len(level), np.nan)
    # An open of 0 is a vendor's blank; the factor of the day turns a raw open into a level.
    opens = np.where(raw > 0, raw, np.nan) * level / close
    return np.where(np.isnan(close), level, opens)


def _segments(market: Market, member: str, series: SeriesName) -> Positions:
    days = breaks_of(market.prices, member, series)
    axis = market.prices.close.index
    cut = np.searchsorted(axis.to_numpy().astype("datetime64[D]"), np.array(sorted(days), dtype="datetime64[D]"))
    return np.asarray(np.searchsorted(cut, np.arange(len(axis)), side="right"), dtype=np.int64)


def build_entries(table: LevelTable, base_at: Positions, base_price: BasePrice) -> Entries:
    """The entry levels for base sessions at positions `base_at` (`table.nowhere` = outside the prices)."""
    begin, end = ENTRY_SESSIONS[base_price]
    first, last = table.shifted(base_at, begin), table.shifted(base_at, end)
    if base_price == "next_open":
        return Entries(table.opens[first], first, last)
    steps = [table.closes[table.shifted(base_at, count)] for count in range(begin, end + 1)]
    return Entries(np.mean(steps, axis=0), first, last)


def value_between(table: LevelTable, entries: Entries, end_at: Positions, *, rebalanced: bool = False) -> Floats:
    """Value of 1 put into the members in equal parts at the entry, at each end: dates × ends; NaN = no figure.

    `end_at`: dates × ends, positions. Held: weights drift. Rebalanced: equal weights again at every close from the last
    session of the entry on. A member without a level at the entry's first session is left out; without one at the end,
    or across a break, the basket has no figure.
    """
    kept = np.isfinite(table.closes[entries.first])
    linked = (table.segments[end_at] == table.segments[entries.first][:, None, :]) | ~kept[:, None, :]
    growth = table.closes[end_at] / entries.levels[:, None, :]
    values = _mean_of(growth, kept[:, None, :])
    if rebalanced:
        values = np.where(np.isnan(values), np.nan, _rebalanced(table, entries, kept, end_at))
    late = end_at < entries.last[:, None]
    return np.where(linked.all(axis=2) & ~late, values, np.nan)


def _mean_of(values: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    """Mean over the last axis of the kept values; NaN when none is kept or a kept one is NaN."""
    count = kept.sum(axis=-1)
    total = np.where(kept, values, 0.0).sum(axis=-1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), dtype=float)


def _rebalanced(table: LevelTable, entries: Entries, kept: npt.NDArray[np.bool_], end_at: Positions) -> Floats:
    values = np.full(end_at.shape, np.nan)
    with np.errstate(invalid="ignore"):
        steps = table.closes[1:] / table.closes[:-1]
    for date, start in enumerate(entries.last):
        if start == table.nowhere or not kept[date].any():
            continue
        mine = kept[date]
        path = np.concatenate([[1.0], np.cumprod(steps[start:, mine].mean(axis=1))])
        entered = (table.closes[start, mine] / entries.levels[date, mine]).mean()
        values[date] = entered * path[np.maximum(end_at[date] - start, 0)]
    return values
