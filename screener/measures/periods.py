"""The same subject over several periods that end on one day: week, month and year to date, 4 and 13 weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from screener.measures.baskets import Measured, measure
from screener.measures.quotes import Market
from screener.measures.returns import excess_return, rebalanced_basket
from screener.prices.prices import SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Calendar
from screener.thesis.subjects import Subject

PeriodId = Literal["week", "month", "weeks_4", "weeks_13", "year", "since"]


@dataclass(frozen=True)
class Period:
    """Returns count from the close of `start`; `since` is the only one on the `price` series."""

    id: PeriodId
    start: dt.date

    @property
    def series(self) -> SeriesName:
        """Since publication agrees with the outcome check: `price`; the others are as brokers print a week: `total`."""
        return "price" if self.id == "since" else "total"


@dataclass(frozen=True)
class Figure:
    """Return and arithmetic excess over the benchmark (fractions), or the gap that stands in their place."""

    own: float | Gap
    excess: float | Gap
    equal_at_start: bool = False


def build_periods(calendar: Calendar, end: dt.date, *, base: dt.date | None) -> tuple[Period, ...]:
    """Every period that ends on session `end`, `since` only when the base date lies before it.

    Month and year to date count from the last session before the month or year; n weeks from the last session before the
    last n ISO weeks that had a session. Source: MEASUREMENT, "Return, excess, band".
    """
    month = calendar.last_on_or_before(end.replace(day=1) - dt.timedelta(days=1))
    year = calendar.last_on_or_before(dt.date(end.year - 1, 12, 31))
    ends = calendar.last_week_ends(end, 14)
    starts: list[tuple[PeriodId, dt.date | None]] = [
        ("week", ends[-2]),
        ("month", month),
        ("weeks_4", ends[-5]),
        ("weeks_13", ends[-14]),
        ("year", year),
        ("since", base if base is not None and base < end else None),
    ]
    return tuple(Period(name, start) for name, start in starts if start is not None)


def series_of(subject: Subject, series: SeriesName) -> SeriesName:
    """An index has the `price` series only."""
    return "price" if subject.kind in ("industry_index", "benchmark") else series


def measure_period(
    market: Market, subject: Subject, *, start: dt.date, end: dt.date, base: dt.date | None, series: SeriesName
) -> Measured:
    """`subject` from `start` to `end`: baskets held since `base`, or equal weight at `start` when that is before `base`."""
    held = base if base is not None and base <= start else None
    own = series_of(subject, series)
    return measure(market, subject.members, series=own, start=start, end=end, base=held, fallback=True)


def measure_rebalanced(market: Market, members: Sequence[str], *, start: dt.date, end: dt.date, series: SeriesName) -> Measured:
    """`members` brought back to equal weights at every close from `start` to `end`; gaps as for the held basket."""
    held = measure(market, members, series=series, start=start, end=end, fallback=True)
    if held.gap is not None:
        return held
    frame = market.levels[series].loc[str(start) : str(end), [member.symbol for member in held.members]]
    path = rebalanced_basket(frame.to_numpy(dtype=float))
    return Measured(value=float(path[-1] - 1), flags=held.flags, left_out=held.left_out)


def period_figure(own: Measured, benchmark: Measured, *, equal_at_start: bool = False) -> Figure:
    """Both as one figure: a gap of either side is a gap of the excess."""
    if own.value is None:
        return Figure(_gap(own), _gap(own))
    excess = _gap(benchmark) if benchmark.value is None else excess_return(own.value, benchmark.value)
    return Figure(own.value, excess, equal_at_start)


def _gap(measured: Measured) -> Gap:
    if measured.gap is None:
        raise ValueError("a figure without a value needs a gap")
    return measured.gap


def week_ends(calendar: Calendar, end: dt.date, count: int) -> tuple[tuple[dt.date, dt.date, int], ...]:
    """The last `count` weeks with a session as (close counted from, last session, number of sessions), oldest first."""
    ends = calendar.last_week_ends(end, count + 1)
    return tuple((start, stop, calendar.count_between(start, stop)) for start, stop in zip(ends, ends[1:], strict=False))


def weekly_excess(
    market: Market,
    subject: Subject,
    benchmark: Subject,
    *,
    weeks: Sequence[tuple[dt.date, dt.date, int]],
    base: dt.date | None,
) -> tuple[float | Gap, ...]:
    """Excess of each week (fraction, `total` series), or its gap."""
    figures = []
    for start, stop, _ in weeks:
        own, other = (
            measure_period(market, each, start=start, end=stop, base=base, series="total") for each in (subject, benchmark)
        )
        figures.append(period_figure(own, other).excess)
    return tuple(figures)


def daily_returns(
    market: Market, subject: Subject, *, sessions: Sequence[dt.date], previous: dt.date, base: dt.date | None
) -> tuple[float | Gap, ...]:
    """Return of each session of a week (fraction, `total` series) on the close before it, or its gap."""
    days = (previous, *sessions)
    measured = [
        measure_period(market, subject, start=before, end=day, base=base, series="total")
        for before, day in zip(days, days[1:], strict=False)
    ]
    return tuple(_gap(each) if each.value is None else each.value for each in measured)
