"""The figures of many coded ratings, gathered by place from dense arrays: numpy alone, so that any engine can run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from screener.grading.arrays import HORIZONS, Facts
from screener.measures.cells import ACTIONS_UNKNOWN, GAP_NUMBER, NO_GAP, UNCONFIRMED, Codes, Floats

NOT_DUE, NO_DATA, NO_BENCHMARK = (GAP_NUMBER[code] for code in ("not_due", "no_data", "no_benchmark"))
NEAR_EDGE_FLAG, FORM_DIFFERS, UNCONFIRMED_INDEX = 4, 8, 1024
# Cells of a matrix of window sessions that stay in the processor's cache.
CELLS_AT_ONCE = 400_000
# A close that misses its target by no more than this (relative) has reached it: what arithmetic leaves behind.
TOUCH = 1e-12

Places = npt.NDArray[np.int32]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Coded:
    """Ratings as numbers, one entry a rating: places in `Facts.symbols`, `Dates.published` and `Standards.plan`.

    Where the ratings have them: `industry`, the rating's own industry index, a place in `Facts.symbols`, −1 = none; `target`,
    CNY, NaN = none; `before`, the word of the same house's last rating, and `until`, the date of its next different one, a
    place in `Dates.published`; −1 = none.
    """

    symbol: Places
    date: Places
    word: Places
    industry: Places | None = None
    target: Floats | None = None
    before: Places | None = None
    until: Places | None = None

    def __len__(self) -> int:
        return len(self.symbol)

    def take(self, rows: Rows | slice) -> Coded:
        """Some of the ratings."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in PARTS}
        return replace(self, **{name: each[rows] for name, each in parts.items() if each is not None})


PARTS = tuple(each.name for each in fields(Coded))


@dataclass(frozen=True, eq=False)
class Figures:
    """What was measured at one position of each rating: fractions (NaN with a gap), and why there is none (GAP_NUMBER).

    `excess`: NaN where the standard measures the return itself; `measured`: what its bands compare. `own` is known without
    its benchmark too, `own_gap` says why not.
    """

    position: Places
    excess: Floats
    measured: Floats
    own: Floats
    benchmark: Floats
    gap: Codes
    own_gap: Codes


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a figure earned: `band` a place in `Standards.bands` (−1 = none), `hit` and `at_least` 1, 0, or −1 = not known."""

    band: Places
    hit: Codes
    at_least: Codes


@dataclass(frozen=True, eq=False)
class Target:
    """What became of a target price: `reached` 1, 0, or −1 = not known; the first position `at` which it was (−1 = none); `gap`
    = close at the end / target − 1, NaN where there is no close or no target.
    """

    reached: Codes
    at: Places
    gap: Floats


@dataclass(frozen=True, eq=False)
class Graded:
    """The outcome of each rating: `at` and `verdict` by month (a month outside the rating's window has no figure) and at the
    `end` of its own window, or of the rating. `measured`, `earned`: sessions of the window with a figure, and of those in the
    stated band. `gap`: the one that is shown. `flags`: bits of the figure at the end. `ended`: by a change of the rating.
    """

    coded: Coded
    at: dict[int, Figures]
    verdict: dict[int, Verdict]
    end: Figures
    judged: Verdict
    measured: Places
    earned: Places
    gap: Codes
    flags: npt.NDArray[np.int16]
    ended: npt.NDArray[np.bool_]
    target: Target | None


def gather(coded: Coded, facts: Facts, *, shares: bool, until_change: bool = False) -> Graded:
    """The outcome of every rating of `coded`, each by itself; without `shares` no session of a window is looked at.

    `until_change`: a rating ends where the same house changes it, if that is before the end of its window.
    """
    pair = _Pair(coded, facts, until_change=until_change)
    end, begin = pair.figures(pair.last), pair.figures(pair.first)
    usual = pair.is_usual
    at = {month: pair.figures_at(month) for month in HORIZONS} if not usual else dict(zip(HORIZONS, (begin, end), strict=True))
    judged = _judge(end, pair)
    verdict = {month: _judge(each, pair) if each is not end else judged for month, each in at.items()}
    nothing = np.zeros(len(coded), dtype=np.int32)
    measured, earned = count_windows(pair) if shares else (nothing, nothing)
    return Graded(
        coded=coded,
        at=at,
        verdict=verdict,
        end=end,
        judged=judged,
        measured=measured,
        earned=earned,
        gap=_shown_gap(end.gap, begin.gap, facts.standards.word_gap[coded.word]),
        flags=_flags(pair, end, judged.band),
        ended=pair.ended,
        target=None if coded.target is None else _target(pair, end, coded.target),
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
    """Each rating's name and benchmark at its base date, and the positions of its window."""

    def __init__(self, coded: Coded, facts: Facts, *, until_change: bool) -> None:
        self.facts, self.coded, self.date = facts, coded, coded.date.astype(np.intp)
        standards, dates = facts.standards, facts.dates
        self.word = coded.word.astype(np.intp)
        self.plan = standards.plan[self.word].astype(np.intp)
        symbol = coded.symbol.astype(np.intp)
        self.base = np.maximum(dates.base[self.date], 0).astype(np.intp)
        self.place = facts.place[symbol].astype(np.intp)
        self.own = _Leg(self.place, self.base, facts, facts.missing[symbol])
        self.shelf = facts.shelf[symbol].astype(np.intp)
        self.other_place = self._others()
        self.other = _Leg(self.other_place, self.base, facts, NO_BENCHMARK)
        self.absolute = standards.absolute[self.plan]
        first, last = (np.searchsorted(dates.months, each)[self.plan] for each in standards.months.T)
        self.first, whole = dates.end[self.date, first], dates.end[self.date, last]
        self.last, self.ended = self._changed(whole, coded.until if until_change else None)
        used = standards.months[np.unique(self.plan)]
        self.is_usual = bool((used == HORIZONS).all()) and not self.ended.any()

    def _others(self) -> Rows:
        """Place of each rating's benchmark: the index of its standard, or of its own industry."""
        found = self.facts.benchmark[self.plan, self.shelf].astype(np.intp)
        own, industry = self.facts.standards.needs_industry[self.plan], self.coded.industry
        if not own.any() or industry is None:
            return found
        place = np.where(industry >= 0, self.facts.place[np.maximum(industry, 0)], -1)
        return np.where(own, place, found).astype(np.intp)

    def _changed(self, last: Places, until: Places | None) -> tuple[Places, npt.NDArray[np.bool_]]:
        """(where each rating ends, whether by a change): a change after the window, or not reached yet, ends nothing."""
        if until is None:
            return last, np.zeros(len(last), dtype=bool)
        change = np.where(until >= 0, self.facts.dates.base[np.maximum(until, 0)], -1)
        ended = (change > self.base) & ((last < 0) | (change < last))
        return np.where(ended, change, last).astype(np.int32), ended

    def figures_at(self, month: int) -> Figures:
        """The figures of a month, where it lies in the rating's window."""
        low, high = self.facts.standards.months[self.plan].T
        found = self.figures(self.facts.dates.end[self.date, self.facts.dates.month(month)])
        inside = (low <= month) & (month <= high)
        excess, measured = (np.where(inside, each, np.nan) for each in (found.excess, found.measured))
        return replace(found, excess=excess, measured=measured)

    def figures(self, end: Places) -> Figures:
        """The figures at a position of each rating, −1 = not due; gaps in the order in which `outcome` meets them."""
        position = np.maximum(end, 0).astype(np.intp)
        own, own_gap = self.own.end(position)
        other, other_gap = self.other.end(position)
        other_gap = np.where(other_gap == NO_DATA, NO_BENCHMARK, other_gap)
        other, other_gap = np.where(self.absolute, 0.0, other), np.where(self.absolute, NO_GAP, other_gap)
        date_gap = self.facts.dates.gap[self.date]
        own_gap = np.where(self.own.base_gap != NO_GAP, self.own.base_gap, np.where(end < 0, NOT_DUE, own_gap))
        own_gap = np.where(date_gap != NO_GAP, date_gap, own_gap).astype(np.int8)
        gap = np.where(own_gap != NO_GAP, own_gap, other_gap).astype(np.int8)
        measured = np.where(gap == NO_GAP, own - other, np.nan)
        return Figures(end, np.where(self.absolute, np.nan, measured), measured, own, other, gap, own_gap)


def _bands(measured: Floats, plan: Rows, facts: Facts) -> Places:
    """The band of each figure: by how many edges of its ladder it has reached."""
    edges = facts.standards.edges
    passed = np.zeros(len(measured), dtype=np.int8)
    for k in range(edges.shape[1]):
        passed += measured >= edges[:, k][plan]
    return np.where(np.isnan(measured), -1, facts.standards.band[plan, passed]).astype(np.int32)


def _judge(figures: Figures, pair: _Pair) -> Verdict:
    standards, measured = pair.facts.standards, figures.measured
    band = _bands(measured, pair.plan, pair.facts)
    told = (band >= 0) | (standards.by_sign[pair.plan] & ~np.isnan(measured))
    # A band that rests on unknown actions is doubtful and no verdict (MEASUREMENT, "Unknown actions").
    told &= (pair.own.flags(np.maximum(figures.position, 0).astype(np.intp)) & ACTIONS_UNKNOWN) == 0
    hit, at_least = (_within(measured, each[pair.word], told) for each in (standards.stated, standards.at_least))
    return Verdict(band, hit, at_least)


def _within(measured: Floats, bounds: Floats, told: npt.NDArray[np.bool_]) -> Codes:
    """1 where a figure lies in [from, to), 0 where not, −1 where it cannot be told or nothing was stated."""
    inside = (measured >= bounds[:, 0]) & (measured < bounds[:, 1])
    return np.where(told & ~np.isnan(bounds[:, 0]), inside, -1).astype(np.int8)


def _shown_gap(last: Codes, first: Codes, word: Codes) -> Codes:
    """The one gap that is shown: a real one of the end, else of the beginning, else what is not due, else the word's."""
    real = [(gap != NO_GAP) & (gap != NOT_DUE) for gap in (last, first)]
    rest = np.where(last == NO_GAP, first, last)
    found = np.where(real[0], last, np.where(real[1], first, rest))
    return np.where(found == NO_GAP, word, found).astype(np.int8)


def _flags(pair: _Pair, figures: Figures, band: Places) -> npt.NDArray[np.int16]:
    """Bits of the figure at the end; 0 where there is none."""
    standards, plan, measured = pair.facts.standards, pair.plan, figures.measured
    position = np.maximum(figures.position, 0).astype(np.intp)
    own, other = pair.own.flags(position), np.where(pair.absolute, 0, pair.other.flags(position))
    bits = (own & ~UNCONFIRMED).astype(np.int16)
    bits |= np.where((own | other) & UNCONFIRMED, UNCONFIRMED_INDEX, 0).astype(np.int16)
    near = np.zeros(len(measured), dtype=bool)
    for k in range(standards.near_from.shape[1]):
        near |= (measured >= standards.near_from[:, k][plan]) & (measured < standards.near_to[:, k][plan])
    with np.errstate(invalid="ignore", divide="ignore"):
        geometric = (figures.own + 1) / (figures.benchmark + 1) - 1
    differs = ~pair.absolute & (_bands(np.where(np.isnan(measured), np.nan, geometric), plan, pair.facts) != band)
    bits |= np.where(near, NEAR_EDGE_FLAG, 0).astype(np.int16) | np.where(differs, FORM_DIFFERS, 0).astype(np.int16)
    bits |= standards.flags[plan, pair.shelf]
    return np.where(figures.gap == NO_GAP, bits, 0).astype(np.int16)


def _target(pair: _Pair, end: Figures, target: Floats) -> Target:
    """Whether a close after the base date, up to the end of the rating, reached its target, adjusted for actions since.

    A target above the close of the base date is reached from below, one below it from above.
    """
    closes, dates = pair.facts.panel.closes, pair.facts.dates
    if closes is None:
        raise ValueError("a panel without closes cannot judge target prices")
    close = closes[np.maximum(pair.place, 0), pair.base]
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = target / close
        gap = np.where(end.own_gap == NO_GAP, (end.own + 1) / wanted - 1, np.nan)
    known = np.isfinite(wanted) & (pair.own.base_gap == NO_GAP) & (dates.gap[pair.date] == NO_GAP)
    at = np.full(len(wanted), -1, dtype=np.int32)
    start, stop = (pair.base + 1).astype(np.int32), np.where(end.position >= 0, end.position, dates.last).astype(np.int32)
    for rows in _groups(pair, start, stop, np.flatnonzero(known & (stop >= start))):
        some = slice(int(start[rows[0]]), int(stop[rows[0]]) + 1)
        path = _own_path(pair, rows, some)
        want = wanted[rows, np.newaxis]
        there = np.where(want >= 1, path >= want * (1 - TOUCH), path <= want * (1 + TOUCH))
        at[rows] = np.where(there.any(axis=1), some.start + there.argmax(axis=1), -1)
    reached = np.where(at >= 0, 1, np.where(known & (end.own_gap == NO_GAP), 0, -1))
    return Target(reached.astype(np.int8), at, np.where(known, gap, np.nan))


def count_windows(pair: _Pair) -> tuple[Places, Places]:
    """Per rating: the sessions of its window with a figure, and how many of them earned the stated band.

    Ratings of one window and benchmark are looked at together, as a matrix of names by sessions.
    """
    measured, earned = (np.zeros(len(pair.date), dtype=np.int32) for _ in range(2))
    dates, start = pair.facts.dates, pair.first
    stop = np.where(pair.last >= 0, pair.last, dates.last).astype(np.int32)
    ready = (start >= 0) & (stop >= start) & (pair.own.base_gap == NO_GAP) & (dates.gap[pair.date] == NO_GAP)
    for rows in _groups(pair, start, stop, np.flatnonzero(ready)):
        some = slice(int(start[rows[0]]), int(stop[rows[0]]) + 1)
        measured[rows], earned[rows] = _count(pair, rows, some)
    return measured, earned


def _groups(pair: _Pair, start: Places, stop: Places, ready: Rows) -> Iterator[Rows]:
    """The ratings `ready`, by base date, window and benchmark, in pieces that a processor's cache holds."""
    sessions = pair.facts.panel.levels.shape[1]
    other = np.where(pair.absolute[ready], -1, pair.other_place[ready])
    key = ((other + 2 - pair.absolute[ready]) * sessions + pair.base[ready]) * sessions + start[ready]
    key = key * sessions + stop[ready]
    order = np.argsort(key, kind="stable")
    key, rows = key[order], ready[order]
    borders = np.flatnonzero(np.diff(key)) + 1
    for group in np.split(rows, borders) if len(rows) else ():
        size = max(1, CELLS_AT_ONCE // (int(stop[group[0]]) - int(start[group[0]]) + 1))
        yield from (group[at : at + size] for at in range(0, len(group), size))


def _own_path(pair: _Pair, rows: Rows, some: slice) -> Floats:
    """Level over level at the base date of ratings on each session of `some`, NaN where there is none."""
    path = pair.facts.panel.levels[pair.place[rows], some]
    path /= pair.own.level[rows, np.newaxis]
    for late in np.flatnonzero(pair.own.stop[rows] < some.stop):
        path[late, max(int(pair.own.stop[rows[late]]) - some.start, 0) :] = np.nan
    return path


def _count(pair: _Pair, rows: Rows, some: slice) -> tuple[Places, Places]:
    """(measured, earned) of ratings with one base date, window and benchmark. Order of operations as in outcome's path."""
    figures = _own_path(pair, rows, some)
    figures -= 1
    figures -= _path(pair, int(rows[0]), some)
    bounds = pair.facts.standards.stated[pair.word[rows]]
    inside = figures >= bounds[:, 0, np.newaxis]
    inside &= figures < bounds[:, 1, np.newaxis]
    return np.count_nonzero(~np.isnan(figures), axis=1).astype(np.int32), np.count_nonzero(inside, axis=1).astype(np.int32)


def _path(pair: _Pair, row: int, some: slice) -> Floats:
    """The benchmark's return since the base date on each session, NaN where there is none; 0 for an absolute measure."""
    place, base = int(pair.other_place[row]), int(pair.base[row])
    if pair.absolute[row]:
        return np.zeros(some.stop - some.start)
    if place < 0 or pair.other.base_gap[row] != NO_GAP:
        return np.full(some.stop - some.start, np.nan)
    level = pair.facts.panel.levels[place]
    known = np.arange(some.start, some.stop) < pair.other.stop[row]
    return np.where(known, level[some] / level[base] - 1, np.nan)
