"""The figures of many coded ratings, gathered by place from dense arrays: numpy alone, so that any engine can run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.grading.arrays import HORIZONS, Facts
from screener.measures.cells import GAP_NUMBER, NO_GAP, Codes, Floats

NOT_DUE, NO_DATA, NO_BENCHMARK = (GAP_NUMBER[code] for code in ("not_due", "no_data", "no_benchmark"))
NEAR_EDGE_FLAG, FORM_DIFFERS = 4, 8
# Cells of a matrix of window sessions that stay in the processor's cache.
CELLS_AT_ONCE = 400_000
PLACES = ("symbol", "date", "word")

Places = npt.NDArray[np.int32]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Coded:
    """Ratings as numbers, one entry a rating: places in `Facts.symbols`, `Dates.published` and `Standards.plan`."""

    symbol: Places
    date: Places
    word: Places

    def __len__(self) -> int:
        return len(self.symbol)

    def part(self, start: int, stop: int) -> Coded:
        """The ratings from `start` to `stop` (excluded)."""
        return Coded(*(getattr(self, name)[start:stop] for name in PLACES))


@dataclass(frozen=True, eq=False)
class Figures:
    """What was measured at one horizon: fractions (NaN with a gap), and why there is none (GAP_NUMBER, 0 = there is one)."""

    excess: Floats
    own: Floats
    benchmark: Floats
    gap: Codes


@dataclass(frozen=True, eq=False)
class Graded:
    """The outcome of each rating. `band`: by horizon, a place in `Standards.bands`, −1 = none. `hit`, `at_least`: of 12 months,
    −1 = none. `measured`, `earned`: sessions of the window with an excess, and of those in the stated band. `flags`: bits.
    """

    coded: Coded
    at: dict[int, Figures]
    band: dict[int, Places]
    hit: Codes
    at_least: Codes
    measured: Places
    earned: Places
    gap: Codes
    flags: npt.NDArray[np.int16]


def gather(coded: Coded, facts: Facts, *, shares: bool) -> Graded:
    """The outcome of every rating of `coded`, each by itself; without `shares` no session of a window is looked at."""
    pair = _Pair(coded, facts)
    at = {month: pair.figures(facts.dates.month(month)) for month in HORIZONS}
    band = {month: _bands(each.excess, pair.plan, facts) for month, each in at.items()}
    bounds = facts.standards.stated, facts.standards.at_least
    hit, at_least = (_within(at[12].excess, each[coded.word]) for each in bounds)
    measured, earned = count_windows(pair) if shares else (np.zeros(len(coded), dtype=np.int32),) * 2
    return Graded(
        coded=coded,
        at=at,
        band=band,
        hit=hit,
        at_least=at_least,
        measured=measured,
        earned=earned,
        gap=_shown_gap(at[12].gap, at[6].gap),
        flags=_flags(pair, at[12], band[12]),
    )


class _Leg:
    """One side of each rating, its name or its benchmark: quotes at the base date and at any later position."""

    def __init__(self, place: Rows, base: Rows, facts: Facts, missing: Codes | int) -> None:
        self.panel, self.known = facts.panel, place >= 0
        self.row = np.maximum(place, 0) * facts.panel.levels.shape[1]
        at = self.row + base
        self.level = self.panel.levels.ravel().take(at)
        self.stop, self.stop_gap = self.panel.stops.ravel().take(at), self.panel.stop_gaps.ravel().take(at)
        self.base_flag = self.panel.flags.ravel().take(at)
        self.base_gap = np.where(self.known, self.panel.base_gaps.ravel().take(at), missing).astype(np.int8)

    def end(self, position: Rows) -> tuple[Floats, Codes]:
        """(return since the base date, why there is none) at `position`, which is not −1."""
        at = self.row + position
        gap = self.panel.gaps.ravel().take(at)
        gap = np.where((gap == NO_GAP) & (self.stop <= position), self.stop_gap, gap)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.panel.levels.ravel().take(at) / self.level - 1, np.where(self.base_gap != NO_GAP, self.base_gap, gap)

    def flags(self, position: Rows) -> Codes:
        return np.asarray(self.base_flag | self.panel.flags.ravel().take(self.row + position), dtype=np.int8)


class _Pair:
    """Each rating's name and benchmark at its base date."""

    def __init__(self, coded: Coded, facts: Facts) -> None:
        self.facts, self.date = facts, coded.date.astype(np.intp)
        self.word = coded.word.astype(np.intp)
        self.plan = facts.standards.plan[self.word].astype(np.intp)
        symbol = coded.symbol.astype(np.intp)
        self.base = np.maximum(facts.dates.base[self.date], 0).astype(np.intp)
        self.place = facts.place[symbol].astype(np.intp)
        self.own = _Leg(self.place, self.base, facts, facts.missing[symbol])
        self.other_place = facts.benchmark[self.plan].astype(np.intp)
        self.other = _Leg(self.other_place, self.base, facts, NO_BENCHMARK)

    def figures(self, month: int) -> Figures:
        """The figures at a column of `Dates.end`; gaps in the order in which `outcome` meets them."""
        end = self.facts.dates.end[self.date, month]
        position = np.maximum(end, 0).astype(np.intp)
        own, own_gap = self.own.end(position)
        other, other_gap = self.other.end(position)
        other_gap = np.where(other_gap == NO_DATA, NO_BENCHMARK, other_gap)
        later = np.where(end < 0, NOT_DUE, np.where(own_gap != NO_GAP, own_gap, other_gap))
        gap = np.where(self.own.base_gap != NO_GAP, self.own.base_gap, later)
        date_gap = self.facts.dates.gap[self.date]
        gap = np.where(date_gap != NO_GAP, date_gap, gap).astype(np.int8)
        excess = np.where(gap == NO_GAP, own - other, np.nan)
        return Figures(excess, own, other, gap)


def _passed(excess: Floats, plan: Rows, facts: Facts) -> npt.NDArray[np.int8]:
    """How many band edges an excess has reached, which is its band counted from the worst."""
    edges = facts.standards.edges
    passed = np.zeros(len(excess), dtype=np.int8)
    for k in range(edges.shape[1]):
        passed += excess >= edges[:, k][plan]
    return passed


def _bands(excess: Floats, plan: Rows, facts: Facts) -> Places:
    return np.where(np.isnan(excess), -1, facts.standards.band[plan, _passed(excess, plan, facts)]).astype(np.int32)


def _within(excess: Floats, bounds: Floats) -> Codes:
    """1 where the excess lies in [from, to), 0 where not, −1 where there is no excess or nothing was stated."""
    inside = (excess >= bounds[:, 0]) & (excess < bounds[:, 1])
    return np.where(np.isnan(excess) | np.isnan(bounds[:, 0]), -1, inside).astype(np.int8)


def _shown_gap(last: Codes, first: Codes) -> Codes:
    """The one gap that is shown: a real one of the last horizon, else of the first, else that something is not due."""
    real = [(gap != NO_GAP) & (gap != NOT_DUE) for gap in (last, first)]
    rest = np.where(last == NO_GAP, first, last)
    return np.where(real[0], last, np.where(real[1], first, rest)).astype(np.int8)


def _flags(pair: _Pair, figures: Figures, band: Places) -> npt.NDArray[np.int16]:
    """Bits of the last horizon's figure; 0 where there is none."""
    standards, plan, excess = pair.facts.standards, pair.plan, figures.excess
    position = np.maximum(pair.facts.dates.end[pair.date, pair.facts.dates.month(HORIZONS[-1])], 0).astype(np.intp)
    bits = pair.own.flags(position).astype(np.int16)
    near = np.zeros(len(excess), dtype=bool)
    for k in range(standards.edges.shape[1]):
        near |= (excess >= standards.near_from[:, k][plan]) & (excess < standards.near_to[:, k][plan])
    with np.errstate(invalid="ignore", divide="ignore"):
        geometric = (figures.own + 1) / (figures.benchmark + 1) - 1
    differs = _bands(np.where(np.isnan(excess), np.nan, geometric), plan, pair.facts) != band
    bits |= np.where(near, NEAR_EDGE_FLAG, 0).astype(np.int16) | np.where(differs, FORM_DIFFERS, 0).astype(np.int16)
    return np.where(figures.gap == NO_GAP, bits, 0).astype(np.int16)


def count_windows(pair: _Pair) -> tuple[Places, Places]:
    """Per rating: the sessions of its window with an excess, and how many of them earned the stated band.

    Ratings of one window and benchmark are looked at together, as a matrix of names by sessions.
    """
    measured, earned = (np.zeros(len(pair.date), dtype=np.int32) for _ in range(2))
    dates, standards = pair.facts.dates, pair.facts.standards
    first, last = (np.searchsorted(dates.months, each)[pair.plan] for each in standards.months.T)
    start = dates.end[pair.date, first]
    ready = np.flatnonzero((start >= 0) & (pair.own.base_gap == NO_GAP) & (dates.gap[pair.date] == NO_GAP))
    stop = dates.end[pair.date, last]
    stop = np.where(stop >= 0, stop, dates.last)
    for rows in _groups(pair, start, stop, ready):
        some = slice(int(start[rows[0]]), int(stop[rows[0]]) + 1)
        measured[rows], earned[rows] = _count(pair, rows, some)
    return measured, earned


def _groups(pair: _Pair, start: Places, stop: Places, ready: Rows) -> Iterator[Rows]:
    """The ratings `ready`, by base date, window and benchmark, in pieces that a processor's cache holds."""
    sessions = pair.facts.panel.levels.shape[1]
    key = ((pair.other_place[ready] + 1) * sessions + pair.base[ready]) * sessions + start[ready]
    key = key * sessions + stop[ready]
    order = np.argsort(key, kind="stable")
    key, rows = key[order], ready[order]
    borders = np.flatnonzero(np.diff(key)) + 1
    for group in np.split(rows, borders) if len(rows) else ():
        size = max(1, CELLS_AT_ONCE // (int(stop[group[0]]) - int(start[group[0]]) + 1))
        yield from (group[at : at + size] for at in range(0, len(group), size))


def _count(pair: _Pair, rows: Rows, some: slice) -> tuple[Places, Places]:
    """(measured, earned) of ratings with one base date, window and benchmark. Order of operations as in outcome's path."""
    panel, one = pair.facts.panel, rows[0]
    other = _path(pair, int(one), some)
    excess = panel.levels[pair.place[rows], some]
    excess /= pair.own.level[rows, np.newaxis]
    excess -= 1
    excess -= other
    for late in np.flatnonzero(pair.own.stop[rows] < some.stop):
        excess[late, max(int(pair.own.stop[rows[late]]) - some.start, 0) :] = np.nan
    bounds = pair.facts.standards.stated[pair.word[rows]]
    inside = excess >= bounds[:, 0, np.newaxis]
    inside &= excess < bounds[:, 1, np.newaxis]
    return np.count_nonzero(~np.isnan(excess), axis=1).astype(np.int32), np.count_nonzero(inside, axis=1).astype(np.int32)


def _path(pair: _Pair, row: int, some: slice) -> Floats:
    """The benchmark's return since the base date on each session of a window, NaN where there is none."""
    place, base = int(pair.other_place[row]), int(pair.base[row])
    if place < 0 or pair.other.base_gap[row] != NO_GAP:
        return np.full(some.stop - some.start, np.nan)
    level = pair.facts.panel.levels[place]
    known = np.arange(some.start, some.stop) < pair.other.stop[row]
    return np.where(known, level[some] / level[base] - 1, np.nan)
