"""The theme's basket under three weightings, side by side over every period of a week: held, rebalanced, float-cap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from screener.judgement.week import Week
from screener.measures.baskets import Measured
from screener.measures.periods import Figure, Period, build_periods, measure_period, measure_rebalanced, period_figure
from screener.measures.weights import float_weights, measure_float_cap
from screener.terms.notes import Gap
from screener.thesis.subjects import Subject

WeightingId = Literal["hold", "rebalanced", "float_cap"]


@dataclass(frozen=True)
class Weighted:
    """The whole basket over one period under one weighting. `weighed_on`: the close at which its weights were set.

    `weights`: symbol → fraction there, for `float_cap`; a basket that is rebalanced has no such day.
    """

    weighting: WeightingId
    period: Period
    figure: Figure
    weighed_on: dt.date | None = None
    weights: Mapping[str, float] | Gap | None = None


def measure_weightings(week: Week) -> tuple[Weighted, ...]:
    """Every weighting over every period that ends with the week; fractions.

    Held baskets, equal and float-cap, weigh at the base date, or at the start of a period that begins before it.
    """
    everyone = next(each for each in week.thesis.subjects() if each.kind == "all")
    benchmark = Subject(week.benchmark, "benchmark", "", "", (week.benchmark,))
    periods = build_periods(week.prices.calendar, week.as_of, base=week.base_date)
    others = {each.id: _held(week, benchmark, each) for each in periods}
    found = {each.id: tuple(_weighted(week, everyone, each, others[each.id])) for each in periods}
    return tuple(each for at in range(3) for each in (found[period.id][at] for period in periods))


def _held(week: Week, subject: Subject, period: Period) -> Measured:
    return measure_period(week.market, subject, start=period.start, end=week.as_of, base=week.base_date, series=period.series)


def _weighted(week: Week, everyone: Subject, period: Period, other: Measured) -> Iterator[Weighted]:
    base = week.base_date if week.base_date is not None and week.base_date <= period.start else None
    start, end, day = period.start, week.as_of, base or period.start
    own = _held(week, everyone, period)
    yield Weighted("hold", period, period_figure(own, other, equal_at_start=base is None), day)
    own = measure_rebalanced(week.market, everyone.members, start=start, end=end, series=period.series)
    yield Weighted("rebalanced", period, period_figure(own, other))
    own = measure_float_cap(week.market, everyone.members, series=period.series, start=start, end=end, base=base)
    weights = float_weights(week.market, everyone.members, day)
    yield Weighted("float_cap", period, period_figure(own, other), day, weights)
