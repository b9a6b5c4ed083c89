"""Everything that a weekly report states beyond the week's rows, measured once: periods, weeks, names, ranks, changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from screener.judgement.outcome import Outcome
from screener.judgement.week import Week, WeekRow, measure_week
from screener.judgement.week_paths import Paths, build_paths
from screener.judgement.weightings import Weighted, WeightingId, measure_weightings
from screener.measures.baskets import Measured, value_path
from screener.measures.industries import Ranking
from screener.measures.periods import (
    Figure,
    Period,
    PeriodId,
    build_periods,
    daily_returns,
    measure_period,
    period_figure,
    week_ends,
    weekly_excess,
)
from screener.measures.quotes import quote
from screener.measures.returns import excess_return
from screener.measures.stock_facts import (
    Dividend,
    ExDate,
    LimitHit,
    drawdown_since,
    ex_dates,
    is_newly_listed,
    is_risk_warning,
    last_dividend,
    limit_hits,
    sessions_left,
    turnover_ratio,
)
from screener.measures.valuation import BasketValuation, Valuation, value_basket, value_on
from screener.terms.notes import Gap, ScreenerError
from screener.terms.sessions import add_months, as_date, session_axis
from screener.thesis.subjects import Subject

WEEKS_SHOWN = 13
WEEKS_OF_TURNOVER = 4


@dataclass(frozen=True)
class NameFacts:
    """One name beside its returns: close (CNY) with its date, drawdown since the base date, turnover ratio, marks."""

    close: float | Gap
    close_date: dt.date | None
    drawdown: float | Gap
    turnover: float | Gap
    dividend: Dividend | Gap | None
    limits: tuple[LimitHit, ...]
    newly_listed: bool
    risk_warning: bool


@dataclass(frozen=True)
class Part:
    """A member's part of the week: weight at the start, return, parts of its bucket's and of the whole basket's return."""

    symbol: str
    weight: float
    own_return: float
    to_bucket: float | None
    to_all: float


@dataclass(frozen=True)
class BucketParts:
    """A bucket with its members' parts; `weight` and `to_all` are sums over the members."""

    bucket: str
    own_return: float | Gap
    members: tuple[Part, ...]
    left_out: tuple[str, ...]

    @property
    def weight(self) -> float:
        """Share of the whole basket at the start of the week (fraction)."""
        return sum(part.weight for part in self.members)

    @property
    def to_all(self) -> float:
        """Part of the whole basket's return (fraction)."""
        return sum(part.to_all for part in self.members)


@dataclass(frozen=True)
class Crossing:
    """A subject whose band so far is another than a week before, with both excess figures (fractions)."""

    row: WeekRow
    before: WeekRow


@dataclass(frozen=True)
class Breadth:
    """Names by the week's return: up, down, unchanged, ahead of the benchmark; `halted` did not trade, `missing` has a gap."""

    up: int
    down: int
    flat: int
    ahead: int
    halted: int
    missing: int
    listed: int


@dataclass(frozen=True, eq=False)
class WeeklyFacts:
    """The facts of one week's report. `before`: the week before, None when the prices do not reach it.

    `led`: the week's rows with the figures since publication on the total series, where they were asked for. `matured`: the
    outcome by the week's end once the window has ended; its verdict is then the answer, and what ran on is no verdict.
    """

    week: Week
    before: Week | None
    subjects: tuple[Subject, ...]
    periods: tuple[Period, ...]
    figures: Mapping[tuple[str, PeriodId], Figure]
    weightings: tuple[Weighted, ...]
    weeks: tuple[tuple[dt.date, dt.date, int], ...]
    by_week: Mapping[str, tuple[float | Gap, ...]]
    since_paths: Mapping[str, tuple[float, ...] | Gap]
    by_day: Mapping[str, tuple[float | Gap, ...]]
    names: Mapping[str, NameFacts]
    parts: tuple[BucketParts, ...]
    crossings: tuple[Crossing, ...]
    breadth: Breadth
    gone_ex: tuple[ExDate, ...]
    horizons: Mapping[int, dt.date]
    left: Mapping[int, int | None]
    paths: Paths | None
    ranking: Ranking | None
    ranking_before: Ranking | None
    values: Mapping[str, Valuation | Gap]
    basket_value: BasketValuation | None
    led: Week | None = None
    matured: Outcome | None = None

    @property
    def benchmark(self) -> Subject:
        """The benchmark as a subject."""
        return self.subjects[-1]

    @property
    def candidates(self) -> tuple[Subject, ...]:
        """The names in thesis order."""
        return tuple(each for each in self.subjects if each.kind == "candidate")

    def weighted(self, weighting: WeightingId) -> dict[PeriodId, Figure]:
        """The whole basket under one weighting, by period."""
        return {each.period.id: each.figure for each in self.weightings if each.weighting == weighting}

    @property
    def float_cap(self) -> Weighted:
        """The float-cap basket since publication; of the week when there is no such period."""
        found = [each for each in self.weightings if each.weighting == "float_cap"]
        return next((each for each in found if each.period.id == "since"), found[0])

    def subject(self, subject_id: str) -> Subject:
        """The subject with this id."""
        return next(each for each in self.subjects if each.id == subject_id)

    def subject_figures(self, subject_id: str) -> dict[PeriodId, Figure]:
        """The figures of a subject, by period."""
        return {period.id: self.figures[subject_id, period.id] for period in self.periods}

    def against_industry(self, figures: Mapping[PeriodId, Figure], period: PeriodId = "since") -> float | Gap | None:
        """Return over a period − that of the industry index (fractions); None without the period or an industry index."""
        index = self.week.thesis.industry_index
        if index is None or period not in figures:
            return None
        own, other = figures[period].own, self.figures[index.symbol, period].own
        if isinstance(own, Gap) or isinstance(other, Gap):
            return own if isinstance(own, Gap) else other
        return excess_return(own, other)


def build_facts(week: Week, *, ranking: Ranking | None = None, ranking_before: Ranking | None = None) -> WeeklyFacts:
    """Measure everything that the report of `week` states; nothing after its last session is used."""
    subjects = (*week.thesis.subjects(), week.thesis.benchmark_subject(week.scale))
    calendar = week.prices.calendar
    periods = build_periods(calendar, week.as_of, base=week.base_date)
    weeks = week_ends(calendar, week.as_of, WEEKS_SHOWN)
    before = week_before(week)
    values = {symbol: value_on(week.prices, symbol, week.as_of) for symbol in week.thesis.members("all")}
    horizons = {months: add_months(week.published, months) for months in week.scale.horizons}
    return WeeklyFacts(
        week=week,
        before=before,
        subjects=subjects,
        periods=periods,
        figures=_figures(week, subjects, periods),
        weightings=measure_weightings(week),
        weeks=weeks,
        by_week=_by_week(week, subjects, weeks),
        since_paths={each.id: _since_path(week, each, subjects[-1]) for each in subjects if each.kind == "candidate"},
        by_day=_by_day(week, subjects),
        names={each.id: _name_facts(week, each) for each in subjects if each.kind == "candidate"},
        parts=tuple(_bucket_parts(week, subjects)),
        crossings=tuple(_crossings(week, before)),
        breadth=measure_breadth(week),
        gone_ex=ex_dates(week.prices, week.thesis.members("all"), after=week.previous, until=week.as_of),
        horizons=horizons,
        left={months: sessions_left(calendar, week.as_of, day) for months, day in horizons.items()},
        paths=build_paths(
            week, {each.id: each for each in subjects}, {months: horizons[months] for months in week.scale.window.horizons}
        ),
        ranking=ranking,
        ranking_before=ranking_before,
        values=values,
        basket_value=value_basket(values),
    )


def week_before(week: Week) -> Week | None:
    """The week before, with what was known then; None when the prices do not reach it."""
    if week.previous < week.prices.first:
        return None
    try:
        return measure_week(
            week.thesis, week.scale, week.prices, day=week.previous, published=week.published, as_of=week.previous
        )
    except ScreenerError:
        return None


def _figures(week: Week, subjects: tuple[Subject, ...], periods: tuple[Period, ...]) -> dict[tuple[str, PeriodId], Figure]:
    found = {}
    for period in periods:
        other = _measured(week, subjects[-1], period)
        for subject in subjects:
            own = other if subject is subjects[-1] else _measured(week, subject, period)
            late = not subject.is_single and not (week.base_date and week.base_date <= period.start)
            found[subject.id, period.id] = period_figure(own, other, equal_at_start=late)
    return found


def _measured(week: Week, subject: Subject, period: Period) -> Measured:
    return measure_period(week.market, subject, start=period.start, end=week.as_of, base=week.base_date, series=period.series)


def _by_week(
    week: Week, subjects: tuple[Subject, ...], weeks: tuple[tuple[dt.date, dt.date, int], ...]
) -> dict[str, tuple[float | Gap, ...]]:
    return {
        subject.id: weekly_excess(week.market, subject, subjects[-1], weeks=weeks, base=week.base_date)
        for subject in subjects[:-1]
        if subject.kind in ("candidate", "all", "industry_index")
    }


def _since_path(week: Week, subject: Subject, benchmark: Subject) -> tuple[float, ...] | Gap:
    """Excess since publication at the base date and at the end of every week since (fractions, `price` series)."""
    if week.base_date is None or week.base_date >= week.as_of:
        return Gap("not_due", "before_publication", {"day": week.base_date, "as_of": week.as_of})
    found = quote(week.market, subject.id, week.base_date, series="price")
    if isinstance(found, Gap):
        return found
    window = session_axis(week.base_date, week.as_of)
    own, other = (
        value_path(week.market, each.members, series="price", base=week.base_date, window=window)
        for each in (subject, benchmark)
    )
    count = len(window)
    ends = set(week.prices.calendar.last_week_ends(week.as_of, count))
    shown = [at for at in range(count) if at == 0 or as_date(window[at]) in ends]
    return tuple(float(own[at] - other[at]) for at in shown if np.isfinite(own[at] - other[at]))


def _by_day(week: Week, subjects: tuple[Subject, ...]) -> dict[str, tuple[float | Gap, ...]]:
    return {
        subject.id: daily_returns(week.market, subject, sessions=week.sessions, previous=week.previous, base=week.base_date)
        for subject in subjects
        if subject.kind in ("all", "industry_index", "benchmark")
    }


def _name_facts(week: Week, subject: Subject) -> NameFacts:
    prices, symbol = week.prices, subject.id
    found = measure_period(week.market, subject, start=week.previous, end=week.as_of, base=None, series="price")
    end = found.members[0].end if found.members else None
    earlier = week_ends(prices.calendar, week.previous, WEEKS_OF_TURNOVER)
    return NameFacts(
        close=end.close if end else _gap_of(found),
        close_date=end.close_date if end else None,
        drawdown=_drawdown(week, symbol),
        turnover=turnover_ratio(
            prices,
            symbol,
            week=week.sessions,
            weeks_before=[day.item() for day in prices.calendar.between(earlier[0][0], week.previous)[1:]],
        ),
        dividend=last_dividend(prices, symbol, week.as_of),
        limits=limit_hits(prices, symbol, week.sessions, name=subject.name),
        newly_listed=is_newly_listed(prices, symbol, week.as_of),
        risk_warning=is_risk_warning(subject.name),
    )


def _gap_of(measured: Measured) -> Gap:
    return measured.gap or Gap("no_data", "no_earlier_close", {})


def _drawdown(week: Week, symbol: str) -> float | Gap:
    if week.base_date is None or week.base_date >= week.as_of:
        return Gap("not_due", "before_publication", {"day": week.base_date, "as_of": week.as_of})
    return drawdown_since(week.market, symbol, base=week.base_date, end=week.as_of)


def _bucket_parts(week: Week, subjects: tuple[Subject, ...]) -> Iterator[BucketParts]:
    start, end, base = week.previous, week.as_of, week.base_date

    def measured(subject: Subject) -> Measured:
        return measure_period(week.market, subject, start=start, end=end, base=base, series="total")

    everyone = next(each for each in subjects if each.kind == "all")
    whole = measured(everyone)
    values = {member.symbol: member.start.level / member.base.level for member in whole.members}
    for subject in subjects:
        if subject.kind != "bucket":
            continue
        own = measured(subject)
        to_bucket = {member.symbol: member.contribution for member in own.members}
        parts = tuple(
            Part(
                symbol=member.symbol,
                weight=values[member.symbol] / sum(values.values()),
                own_return=member.end.level / member.start.level - 1,
                to_bucket=to_bucket.get(member.symbol),
                to_all=member.contribution,
            )
            for member in whole.members
            if member.symbol in subject.members
        )
        missing = tuple(each for each in subject.members if each not in values)
        yield BucketParts(subject.id, own.value if own.value is not None else _gap_of(own), parts, missing)


def _crossings(week: Week, before: Week | None) -> Iterator[Crossing]:
    if before is None:
        return
    earlier = {row.subject: row for row in before.rows}
    for row in week.rows:
        was = earlier[row.subject]
        if row.firm_band and was.firm_band and row.firm_band != was.firm_band:
            yield Crossing(row, was)


def measure_breadth(week: Week) -> Breadth:
    """Count the names that traded in the week; a suspended name is no 0% week (MEASUREMENT, "Faulty and missing rows")."""
    rows = [row for row in week.rows if row.kind == "candidate"]
    traded = [row for row in rows if row.own_return is not None and has_traded(week, row.subject)]
    returns = [row.own_return or 0.0 for row in traded]
    return Breadth(
        up=sum(value > 0 for value in returns),
        down=sum(value < 0 for value in returns),
        flat=sum(value == 0 for value in returns),
        ahead=sum(row.excess is not None and row.excess > 0 for row in traded),
        halted=sum(row.own_return is not None for row in rows) - len(traded),
        missing=sum(row.own_return is None for row in rows),
        listed=len(rows),
    )


def has_traded(week: Week, symbol: str) -> bool:
    """Whether a symbol has a close on any session of the week."""
    return traded_between(week, symbol, week.previous, week.as_of)


def traded_between(week: Week, symbol: str, after: dt.date, until: dt.date) -> bool:
    """Whether a symbol has a close after one session and on or before another."""
    if symbol not in week.prices.close.columns:
        return False
    closes = week.prices.close[symbol]
    days = closes.index
    inside = (days > np.datetime64(after)) & (days <= np.datetime64(until))
    return bool(closes.to_numpy()[inside].size and not np.isnan(closes.to_numpy()[inside]).all())


def order_by_excess(week: Week) -> dict[str, int]:
    """Candidates' places by excess since publication, 1 = highest; those without a figure have none."""
    rows = [row for row in week.rows if row.kind == "candidate" and row.excess_since_published is not None]
    rows.sort(key=lambda row: -(row.excess_since_published or 0.0))
    return {row.subject: place for place, row in enumerate(rows, 1)}
