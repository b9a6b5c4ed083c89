"""The whole market as one value: every stock's level on every session, and who could have been picked on a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from screener.measures.quotes import Market, build_market
from screener.prices.bars import DELISTING_PERIOD
from screener.prices.limits import LIMITS
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Note
from screener.terms.sessions import Days, Floats, add_months
from screener.terms.symbols import parse_symbol

# A stock's first sessions have no price limit on any board today; a step among them proves nothing (limits, MEASUREMENT).
FREE_SESSIONS = 5
HALF_CENT = 0.005
# Columns adjusted at once: enough to be fast, few enough to stay small in memory.
BLOCK = 500
# Turnover of about a month stands in for float size.
SIZE_SESSIONS = 20
MOMENTUM_MONTHS = 6
# An exchange whose stocks mostly begin after the base date is not represented on it.
REPRESENTED = 0.5

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Universe:
    """Common A shares of one source, sessions × symbols, for comparing any basket with any other.

    `level`: what a return is computed from, the last one carried over suspensions and after a delisting, NaN before the
    first close. `amount`: CNY traded per session (close × volume), NaN = unknown, None where the source has no volume.
    `first`, `last`: positions of a symbol's first and last session on record. `benchmark`: the benchmark's level per
    session. `traded`: where a stock traded; None = where its amount is above 0. `excluded`: reason → number of codes that
    are no common A share. `basis`: what a reader must know. `known`: prices, with both series, of the names whose corporate
    actions the source has, and the gaps of names of which nothing can be said; None where it has no actions. `checked`:
    those of them whose actions two sources agree on. `series`: what the levels hold; `price` may lack small splits, see
    `basis`. `only_base`: the one session from which returns are known; None = any. `traits`: those of that session, where
    the sessions do not give them. `rulers`: levels per session of the other indices that a standard measures against.
    """

    sessions: Days
    symbols: tuple[str, ...]
    level: Floats
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    benchmark: Floats
    benchmark_symbol: str
    name: str
    amount: Floats | None = None
    traded: Flags | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)
    basis: tuple[Note, ...] = ()
    known: Market | None = None
    checked: frozenset[str] = frozenset()
    series: SeriesName = "price"
    only_base: dt.date | None = None
    traits: Traits | None = None
    rulers: Mapping[str, Floats] = field(default_factory=dict)

    def position(self, day: dt.date) -> int | None:
        """Position of the session `day`; None when it is not on the axis."""
        at = int(np.searchsorted(self.sessions, np.datetime64(day)))
        return at if at < len(self.sessions) and self.sessions[at] == np.datetime64(day) else None

    def alive(self, at: int) -> npt.NDArray[np.int64]:
        """Columns that could have been picked on session `at`: on record before or on it, and on or after it."""
        return np.flatnonzero((self.first <= at) & (at <= self.last))

    def columns(self, members: Sequence[str]) -> npt.NDArray[np.int64]:
        """Columns of the members that the universe has, in their order."""
        return np.array([self._place[member] for member in members if member in self._place], dtype=np.int64)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {symbol: column for column, symbol in enumerate(self.symbols)}

    @cached_property
    def _exchange(self) -> npt.NDArray[np.str_]:
        return np.array([symbol.partition(".")[2] for symbol in self.symbols])

    def cut(self, as_of: dt.date) -> Universe:
        """The same universe with nothing after `as_of`; a stock that only began later is gone."""
        count = int(np.searchsorted(self.sessions, np.datetime64(as_of), side="right"))
        if count == len(self.sessions) and (self.first < count).all():
            return self
        kept = np.flatnonzero(self.first < count)
        return replace(
            self,
            sessions=self.sessions[:count],
            symbols=tuple(self.symbols[column] for column in kept),
            level=self.level[:count, kept],
            first=self.first[kept],
            last=np.minimum(self.last[kept], count - 1),
            benchmark=self.benchmark[:count],
            rulers={symbol: level[:count] for symbol, level in self.rulers.items()},
            amount=None if self.amount is None else self.amount[:count, kept],
            traded=None if self.traded is None else self.traded[:count, kept],
            known=None if self.known is None else self.known.cut(as_of),
            traits=None if self.traits is None else self.traits.take(kept),
        )

    def base_position(self, day: dt.date) -> int | None:
        """Position of `day` as the session that returns start on; None where the universe has no returns from it."""
        return self.position(day) if self.only_base in (None, day) else None

    def absent_exchange(self, at: int) -> Note | None:
        """An exchange of which fewer than half of the stocks are on record yet on session `at`, and when they begin."""
        for name in np.unique(self._exchange).tolist():
            first = np.sort(self.first[self._exchange == name])
            begins = int(first[int(len(first) * REPRESENTED)])
            if begins > at:
                day = self.sessions[begins].astype(dt.date)
                return Note("placebo_exchange_absent", {"exchange": name, "day": day, "alive": int((first <= at).sum())})
        return None


@dataclass(frozen=True, eq=False)
class Traits:
    """What matched peers share, per column: `board`, `size` (mean CNY per session), `momentum` (fraction); NaN = unknown."""

    board: npt.NDArray[np.str_]
    size: Floats
    momentum: Floats

    def take(self, columns: npt.NDArray[np.int64]) -> Traits:
        """The traits of some columns."""
        return Traits(self.board[columns], self.size[columns], self.momentum[columns])


def unadjusted_universe(
    close: Floats,
    amount: Floats | None,
    *,
    on_record: Flags,
    sessions: Days,
    symbols: Sequence[str],
    excluded: Mapping[str, int],
    name: str,
    file: str,
) -> Universe:
    """A universe of raw closes whose actions are unknown, its benchmark still to be set; columns without a close are left out.

    `close`: CNY, NaN = not traded; `on_record`: where the source has a row, traded or not; all sessions × symbols. `file`:
    what the notes call the source.
    """
    first, last = record_ends(on_record)
    level, steps = unadjusted_levels(close, sessions, symbols, last)
    seen = np.flatnonzero(~np.isnan(level).all(axis=0))
    return Universe(
        sessions=sessions,
        symbols=tuple(symbols[each] for each in seen.tolist()),
        level=level[:, seen],
        first=first[seen],
        last=last[seen],
        benchmark=np.full(len(sessions), np.nan),
        benchmark_symbol="",
        name=name,
        amount=None if amount is None else amount[:, seen],
        excluded=excluded,
        basis=(Note("placebo_unadjusted", {"file": file, "steps": steps}),),
    )


def known_universe(prices: Prices, symbols: Sequence[str], *, benchmark: str, excluded: Mapping[str, int]) -> Universe:
    """A universe of the `symbols` of `prices`, each measured as a candidate is; those without a close are left out.

    A name with a gap has no level.
    """
    market, traded = build_market(prices), prices.close[symbols].notna().to_numpy()
    level = market.levels["price"][symbols].to_numpy(dtype=float, copy=True)
    level[:, [symbol in prices.gaps for symbol in symbols]] = np.nan
    first, last = record_ends(traded | prices.halted[symbols].to_numpy())
    seen = np.flatnonzero(traded.any(axis=0))
    amount = np.full(level.shape, np.nan) if prices.amount is None else prices.amount[symbols].to_numpy(dtype=float)
    return Universe(
        sessions=prices.close.index.to_numpy().astype("datetime64[D]"),
        symbols=tuple(symbols[each] for each in seen.tolist()),
        level=level[:, seen],
        first=first[seen],
        last=last[seen],
        benchmark=prices.close[benchmark].to_numpy(dtype=float),
        benchmark_symbol=benchmark,
        name=prices.name,
        amount=None if np.isnan(amount).all() else amount[:, seen],
        traded=traded[:, seen],
        excluded=excluded,
        known=market,
    )


def record_ends(on_record: Flags) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last session on record of each column; one past the end and −1 where there is none."""
    count, seen = len(on_record), on_record.any(axis=0)
    first = np.where(seen, on_record.argmax(axis=0), count)
    return first, np.where(seen, count - 1 - on_record[::-1].argmax(axis=0), -1)


def unadjusted_levels(close: Floats, sessions: Days, symbols: Sequence[str], last: npt.NDArray[np.int64]) -> tuple[Floats, int]:
    """Levels from raw closes whose actions are unknown, and the number of steps taken out.

    `close`: CNY, sessions × symbols, NaN = not traded. A fall beyond the board's price limit cannot be trading: it is read
    as an ex-date, and that session counts as unchanged. Not among a stock's first five closes, nor within a delisting
    period (its first session has no limit). Dividends and small splits within the limit stay in: levels are biased low.
    """
    levels, steps = np.empty_like(close), 0
    for start in range(0, close.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        levels[:, block], count = _without_steps(close[:, block], sessions, symbols[block], last[block])
        steps += count
    return levels, steps


def _without_steps(close: Floats, sessions: Days, symbols: Sequence[str], last: npt.NDArray[np.int64]) -> tuple[Floats, int]:
    carried = carry_forward(close)
    previous = np.vstack([np.full((1, close.shape[1]), np.nan), carried[:-1]])
    traded = ~np.isnan(close)
    order = np.cumsum(traded, axis=0)
    with np.errstate(invalid="ignore"):
        beyond = traded & (order > FREE_SESSIONS) & (close < _lowest(previous, sessions, symbols) - HALF_CENT)
    leaving = np.where(last < len(sessions) - 1, last - DELISTING_PERIOD, len(sessions))
    beyond &= np.arange(len(sessions))[:, None] < leaving[None, :]
    factors = np.ones_like(close)
    factors[beyond] = previous[beyond] / close[beyond]
    return carried * np.cumprod(factors, axis=0), int(beyond.sum())


def carry_forward(values: Floats) -> Floats:
    """Each column's last known value so far; NaN before the first."""
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    last = np.maximum.accumulate(rows, axis=0)
    return np.asarray(np.take_along_axis(values, last, axis=0), dtype=float)


def _lowest(previous: Floats, sessions: Days, symbols: Sequence[str]) -> Floats:
    """The lowest close that the board's limit allows, in whole cents as `limits.limit_prices` rounds it."""
    boards = np.array([parse_symbol(symbol).board for symbol in symbols])
    percent = np.full((len(sessions), len(symbols)), 100.0)
    for rule in LIMITS:
        rows = np.flatnonzero(sessions >= np.datetime64(rule.since))
        percent[np.ix_(rows, np.flatnonzero(boards == rule.board))] = rule.percent
    return np.asarray(np.floor((np.round(previous * 100) * (100 - percent) + 50) / 100) / 100, dtype=float)


def measure_traits(universe: Universe, at: int) -> Traits:
    """Board, size and momentum of every column on session `at`, from what was known that evening.

    Size: mean turnover of the last 20 sessions (a suspended one counts 0). Momentum: level / level six calendar months
    before − 1, NaN for a stock that is younger.
    """
    if universe.traits is not None:
        return universe.traits
    boards = np.array([parse_symbol(symbol).board for symbol in universe.symbols])
    unknown = np.full(len(universe.symbols), np.nan)
    size = unknown
    if universe.amount is not None and at + 1 >= SIZE_SESSIONS:
        size = np.nan_to_num(universe.amount[at + 1 - SIZE_SESSIONS : at + 1]).mean(axis=0)
    day = universe.sessions[at].astype(dt.date)
    before = int(np.searchsorted(universe.sessions, np.datetime64(add_months(day, -MOMENTUM_MONTHS)), side="right")) - 1
    momentum = universe.level[at] / universe.level[before] - 1 if before >= 0 else unknown
    return Traits(boards, np.where(size > 0, size, np.nan), momentum)


@dataclass(frozen=True, eq=False)
class IndexHistory:
    """Closes of some indices and their benchmark, sessions × symbols, NaN = none; `names`: symbol → (Chinese, English)."""

    sessions: Days
    symbols: tuple[str, ...]
    close: Floats
    benchmark: Floats
    names: Mapping[str, tuple[str, str]]
