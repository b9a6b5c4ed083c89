"""Policies as events: excess around them, where it stands among random dates, and what they promised for when.

An event dated by day has session 0 = the first session on or after that day. Where only the month is known, the whole
month stands for session 0: a window [a, b] then runs from a sessions before the month's first session to b sessions after
its last, so that it holds the event whichever day it was; the two kinds are never averaged together. A return over [a, b]
counts from the close before its first session. Nothing here says that a policy caused a move.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from screener.measures.baskets import Positions, measure, window_returns
from screener.measures.quotes import Market, build_market
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Floats, as_date
from screener.thesis.policies import Checkpoint, Policy, PolicyBook, checkpoints
from screener.thesis.scale import RatingScale
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis

Dated = Literal["day", "month"]
Window = tuple[int, int]
Excess = Callable[[Positions, Positions], Floats]
Pools = Callable[[Window, int], Floats]

# Sessions around session 0: the shock itself, its week, its month.
WINDOWS: tuple[Window, ...] = ((-1, 1), (0, 4), (0, 19))
# Cash is left out on both sides: lists of dividends seldom reach as far back as the policies do.
SERIES: SeriesName = "price"
DRAWS = 1000
# Below this many random dates a percentile says nothing (as for the placebo of baskets).
FEWEST = 30


@dataclass(frozen=True)
class EventDate:
    """When an event can first have moved prices: one session for a day, first to last session of a month."""

    dated: Dated
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class WindowFigure:
    """Excess over sessions `window` around an event (fractions), or the gap in its place.

    `base`: session from whose close the return counts; `end`: last session; `sessions`: how many returns lie between.
    `percentile`: share of `dates` random windows of the same length with a lower excess (ties half), None when there are
    fewer than 30. `overlaps`: events whose window shares a session. `counted`: whether the mean holds it; an event that
    overlaps an earlier counted one is not counted again.
    """

    window: Window
    base: dt.date | None
    end: dt.date | None
    sessions: int
    excess: float | None
    percentile: float | None
    dates: int
    overlaps: tuple[str, ...]
    counted: bool
    gap: Gap | None
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class EventRow:
    """One event against one subject; `concerned`: whether the file says that the policy concerns it."""

    event: str
    subject: str
    kind: str
    concerned: bool
    date: EventDate | None
    windows: tuple[WindowFigure, ...]


@dataclass(frozen=True)
class SubjectMean:
    """Mean excess (a fraction) of the counted events that concern a subject, and the share of random sets it beats.

    A random set has one random window for each counted event, of the same length, drawn independently; `sets` of them.
    `overlapping`: concerned events left out because their window overlaps a counted one. `gaps`: those without a figure.
    """

    subject: str
    dated: Dated
    window: Window
    events: int
    overlapping: int
    gaps: int
    mean: float | None
    share_beaten: float | None
    sets: int


@dataclass(frozen=True, eq=False)
class EventStudy:
    """The policies of a thesis against its subjects, and their targets by due date. Fractions; `seed` makes it repeatable."""

    thesis: Thesis
    book: PolicyBook
    as_of: dt.date
    benchmark: str
    market: Market
    series: SeriesName
    seed: int
    rows: tuple[EventRow, ...]
    means: tuple[SubjectMean, ...]
    checkpoints: tuple[Checkpoint, ...]

    @property
    def prices(self) -> Prices:
        """The prices that the run could see."""
        return self.market.prices

    def subjects(self) -> tuple[Subject, ...]:
        """What is measured: the industry index, all names, the second opinion, the buckets."""
        return tuple(subject for subject in self.thesis.subjects() if subject.kind != "candidate")

    def row(self, event: str, subject: str) -> EventRow:
        """The row of an event and a subject; KeyError when there is none."""
        return {(each.event, each.subject): each for each in self.rows}[event, subject]


def study_events(
    thesis: Thesis,
    scale: RatingScale,
    book: PolicyBook,
    prices: Prices,
    *,
    as_of: dt.date,
    seed: int = 0,
    draws: int = DRAWS,
) -> EventStudy:
    """Measure every policy published by `as_of` on every subject, using nothing after `as_of` (a session).

    Random dates: every session from the first event to the last, as session 0, at most `draws` of them; `draws` random
    sets for the means. Arithmetic excess against the thesis's benchmark, equal weight at the base, held.
    """
    market = build_market(prices.cut(as_of))
    study = _Study(market, thesis, book, place_events(book, market.prices), thesis.benchmark(scale), seed, draws)
    subjects = [subject for subject in thesis.subjects() if subject.kind != "candidate"]
    rows: list[EventRow] = []
    means: list[SubjectMean] = []
    for subject in subjects:
        measured, found = study.of_subject(subject)
        rows += measured
        means += found
    order = {policy.id: at for at, policy in enumerate(book.policies)}
    return EventStudy(
        thesis=thesis,
        book=book,
        as_of=as_of,
        benchmark=study.benchmark,
        market=market,
        series=SERIES,
        seed=seed,
        rows=tuple(sorted(rows, key=lambda row: order[row.event])),
        means=tuple(means),
        checkpoints=checkpoints(book, as_of),
    )


def event_date(policy: Policy, prices: Prices) -> EventDate | None:
    """The sessions on which the policy can first have moved prices; None where the session table does not reach.

    A day on which the market was open counts itself: the hour of publication is not known.
    """
    first = prices.calendar.first_on_or_after(policy.first_day)
    last = first if policy.day else prices.calendar.last_on_or_before(policy.last_day)
    return None if first is None or last is None else EventDate("day" if policy.day else "month", first, last)


def percentile_of(value: float, others: Floats) -> float:
    """Share of `others` below `value`, those equal to it by half: 0 to 1."""
    return float((np.sum(others < value) + 0.5 * np.sum(others == value)) / len(others))


@dataclass(frozen=True, eq=False)
class _Placed:
    """An event on the session axis: positions of its first and last session of reaction."""

    policy: Policy
    date: EventDate
    first: int
    last: int

    def bounds(self, window: Window) -> tuple[int, int]:
        """Positions of the base session and of the last session of `window`."""
        return self.first + window[0] - 1, self.last + window[1]


def place_events(book: PolicyBook, prices: Prices) -> tuple[_Placed, ...]:
    """The events that had happened by the last session of `prices`, in the order of time.

    Positions are reckoned from the calendar, so that a month that is not over yet ends beyond the axis.
    """
    axis = prices.close.index
    found = []
    for policy in book.policies:
        date = event_date(policy, prices)
        if date is None or not len(axis) or pd.Timestamp(date.first) > axis[-1]:
            continue
        at = int(axis.searchsorted(pd.Timestamp(date.first)))
        found.append(_Placed(policy, date, at, at + prices.calendar.count_between(date.first, date.last)))
    return tuple(sorted(found, key=lambda each: (each.date.first, each.date.last)))


@dataclass(frozen=True, eq=False)
class _Study:
    """The fixed facts of one study, so that its steps need not hand them to each other."""

    market: Market
    thesis: Thesis
    book: PolicyBook
    placed: tuple[_Placed, ...]
    benchmark: str
    seed: int
    draws: int

    def of_subject(self, subject: Subject) -> tuple[list[EventRow], list[SubjectMean]]:
        placed = self.placed
        excess = self.excess_of(subject)
        pools = _pool_maker(self, excess)
        figures = {
            (each.policy.id, window): self.figure(subject, each, window, excess, pools) for each in placed for window in WINDOWS
        }
        means = []
        for dated in ("day", "month"):
            for window in WINDOWS:
                ours = [each for each in placed if each.date.dated == dated and self.concerns(each.policy, subject)]
                means.append(self.mean(subject, dated, window, ours, figures, pools))
        dates = {each.policy.id: each.date for each in placed}
        rows = [
            EventRow(
                event=policy.id,
                subject=subject.id,
                kind=subject.kind,
                concerned=self.concerns(policy, subject),
                date=dates.get(policy.id),
                windows=tuple(figures[policy.id, window] for window in WINDOWS),
            )
            for policy in self.book.policies
            if policy.id in dates
        ]
        return rows, means

    def concerns(self, policy: Policy, subject: Subject) -> bool:
        """Indices and the basket of all names answer for every policy; a bucket for those that the file maps to it."""
        return subject.kind != "bucket" or subject.id in policy.buckets

    def excess_of(self, subject: Subject) -> Excess:
        def excess(starts: Positions, ends: Positions) -> Floats:
            own = window_returns(self.market, subject.members, starts, ends, series=SERIES)
            other = window_returns(self.market, (self.benchmark,), starts, ends, series=SERIES)
            return own - other

        return excess

    def figure(
        self,
        subject: Subject,
        event: _Placed,
        window: Window,
        excess: Excess,
        pools: Pools,
    ) -> WindowFigure:
        """The excess of one event in one window; not yet counted."""
        axis = self.market.prices.close.index
        low, high = event.bounds(window)
        blank = WindowFigure(window, None, None, high - low, None, None, 0, self.overlaps(event, window), False, None, ())
        if high >= len(axis):
            return replace(blank, gap=Gap("not_due", "not_due", {}))
        base, end = as_date(axis[max(low, 0)]), as_date(axis[high])
        gap = self.too_early(low)
        value = np.nan if gap else float(excess(np.array([low]), np.array([high]))[0])
        own = measure(self.market, subject.members, series=SERIES, start=base, end=end)
        if np.isnan(value):
            other = measure(self.market, (self.benchmark,), series=SERIES, start=base, end=end)
            return replace(blank, base=base, end=end, gap=gap or own.gap or other.gap, left_out=own.left_out)
        others = pools(window, high - low)
        return replace(
            blank,
            base=base,
            end=end,
            excess=value,
            percentile=percentile_of(value, others) if len(others) >= FEWEST else None,
            dates=len(others),
            left_out=own.left_out,
        )

    def too_early(self, position: int) -> Gap | None:
        """The gap of an event that lies before the benchmark's prices begin."""
        known = np.flatnonzero(self.market.prices.close[self.benchmark].notna().to_numpy())
        if len(known) and position >= known[0]:
            return None
        if not len(known):
            return self.market.prices.gaps.get(self.benchmark) or Gap("no_data", "not_in_source", {"symbol": self.benchmark})
        first = as_date(self.market.prices.close.index[int(known[0])])
        return Gap("no_data", "event_before_prices", {"first": first})

    def overlaps(self, event: _Placed, window: Window) -> tuple[str, ...]:
        return tuple(
            other.policy.id for other in self.placed if other.policy.id != event.policy.id and _share(event, other, window)
        )

    def mean(
        self,
        subject: Subject,
        dated: Dated,
        window: Window,
        events: Sequence[_Placed],
        figures: dict[tuple[str, Window], WindowFigure],
        pools: Pools,
    ) -> SubjectMean:
        """Count disjoint windows in the order of time, mark them in `figures`, and set their mean among random sets."""
        measured = [each for each in events if figures[each.policy.id, window].excess is not None]
        counted: list[_Placed] = []
        for each in measured:
            if not any(_share(each, other, window) for other in counted):
                counted.append(each)
                figures[each.policy.id, window] = replace(figures[each.policy.id, window], counted=True)
        values = [figures[each.policy.id, window].excess for each in counted]
        mean = float(np.mean([value for value in values if value is not None])) if values else None
        drawn = [pools(window, each.bounds(window)[1] - each.bounds(window)[0]) for each in counted]
        share = None
        if mean is not None and all(len(pool) >= FEWEST for pool in drawn):
            random = np.random.default_rng([self.seed, *map(abs, window), len(drawn)])
            sets = np.mean([random.choice(pool, size=self.draws) for pool in drawn], axis=0)
            share = percentile_of(mean, sets)
        return SubjectMean(
            subject=subject.id,
            dated=dated,
            window=window,
            events=len(counted),
            overlapping=len(measured) - len(counted),
            gaps=len(events) - len(measured),
            mean=mean,
            share_beaten=share,
            sets=self.draws if share is not None else 0,
        )


def _share(one: _Placed, other: _Placed, window: Window) -> bool:
    """Whether the windows of two events share a session (the base session is not part of a window)."""
    (low, high), (start, end) = one.bounds(window), other.bounds(window)
    return max(low, start) < min(high, end)


def _pool_maker(study: _Study, excess: Excess) -> Pools:
    """Excess over windows of a given length at random dates: session 0 anywhere from the first event to the last."""
    placed = study.placed

    @cache
    def pool(window: Window, sessions: int) -> Floats:
        starts = np.arange(placed[0].first, placed[-1].last + 1, dtype=np.intp) + window[0] - 1
        starts = starts[(starts >= 0) & (starts + sessions < len(study.market.prices.close.index))]
        if len(starts) > study.draws:
            random = np.random.default_rng([study.seed, sessions])
            starts = np.sort(random.choice(starts, size=study.draws, replace=False))
        values = excess(starts, starts + sessions)
        return values[~np.isnan(values)]

    return pool
