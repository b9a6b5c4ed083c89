"""The weekly figures of a thesis: one ISO week, and where each subject stands since publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from screener.judgement.judge import no_ladder_gap, of_benchmark
from screener.measures.baskets import Measured, measure
from screener.measures.quotes import DOUBTFUL, SHARED_FLAGS, Market, build_market, is_doubtful
from screener.measures.returns import excess_return
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap, ScreenerError
from screener.terms.sessions import Calendar
from screener.thesis.comparison import Comparison, compare
from screener.thesis.scale import RatingScale, is_near_edge, rate, to_next_edge
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis


@dataclass(frozen=True)
class WeekRow:
    """One subject in one week. Fractions; this week on the `total` series, since publication on the headline series.

    `excess_since_published` stands against the week's benchmark, `measured_since` is what the bands compare by the ladder's own
    measure and index; `band_gap`: why there is no band although the subject has a return.
    """

    subject: str
    kind: str
    name: str
    bucket: str | None
    own_return: float | None
    benchmark_return: float | None
    excess: float | None
    since_published: float | None
    excess_since_published: float | None
    band_so_far: str | None
    to_next_edge: float | None
    contribution: float | None
    gap: Gap | None
    since_gap: Gap | None
    flags: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    measured_since: float | None = None
    band_gap: Gap | None = None

    @property
    def firm_band(self) -> str | None:
        """The band so far; None where the figure is doubtful (`quotes.is_doubtful`)."""
        return None if is_doubtful(self.flags) else self.band_so_far


@dataclass(frozen=True, eq=False)
class Week:
    """The figures of one week. `sessions`: those of the week up to the as-of date; `previous`: the last one before."""

    thesis: Thesis
    scale: RatingScale
    published: dt.date
    base_date: dt.date | None
    sessions: tuple[dt.date, ...]
    previous: dt.date
    as_of: dt.date
    benchmark: str
    market: Market
    rows: tuple[WeekRow, ...]

    @property
    def prices(self) -> Prices:
        """The prices that the run could see."""
        return self.market.prices

    @property
    def is_cut(self) -> bool:
        """Whether the data end before the week does: it holds fewer sessions than the calendar has for it."""
        return self.sessions[-1] < self.prices.calendar.week(self.sessions[-1])[-1]

    def row(self, subject: str) -> WeekRow:
        """The row of a subject; KeyError when there is none."""
        return {row.subject: row for row in self.rows}[subject]


def week_sessions(calendar: Calendar, day: dt.date, as_of: dt.date) -> tuple[dt.date, ...]:
    """Sessions of the ISO week that holds `day`, none after `as_of`; ScreenerError when there is none."""
    sessions = tuple(session for session in calendar.week(day) if session <= as_of)
    if not sessions:
        code = "week_is_holiday" if not calendar.week(day) else "week_not_in_prices"
        raise ScreenerError(code, day=day, as_of=as_of)
    return sessions


def last_complete_week(calendar: Calendar, as_of: dt.date) -> dt.date:
    """The last session of the last ISO week whose sessions are all on or before `as_of`."""
    this_week = calendar.week(as_of)
    if this_week and this_week[-1] <= as_of:
        return this_week[-1]
    return calendar.shift(this_week[0] if this_week else as_of, -1)


def measure_week(
    thesis: Thesis, scale: RatingScale, prices: Prices, *, day: dt.date, published: dt.date, as_of: dt.date
) -> Week:
    """Measure the ISO week that holds `day`, using nothing after `as_of` or the week's last session.

    Week return = last close of the week / last close before it − 1, `total` series, against the price benchmark, as
    brokers print it. Source: MEASUREMENT, "Weeks". ScreenerError for a week without a session in the prices.
    """
    sessions = week_sessions(prices.calendar, day, as_of)
    market = build_market(prices.cut(sessions[-1]))
    base = prices.calendar.last_on_or_before(published)
    previous = prices.calendar.shift(sessions[0], -1)
    measurer = _Measurer(market, thesis, scale, base, previous, sessions[-1])
    return Week(
        thesis=thesis,
        scale=scale,
        published=published,
        base_date=base,
        sessions=sessions,
        previous=previous,
        as_of=sessions[-1],
        benchmark=thesis.benchmark(scale),
        market=market,
        rows=tuple(measurer.rows()),
    )


def led_by(week: Week, series: SeriesName) -> Week:
    """The same week with its figures since publication on `series`: `total` stands against the total-return index.

    Indices keep the price series, the only one that they have. Without a total-return index the figures are gaps.
    """
    measurer = _Measurer(week.market, week.thesis, week.scale, week.base_date, week.previous, week.as_of, series)
    return replace(week, rows=tuple(measurer.rows()))


@dataclass(frozen=True)
class _Measurer:
    market: Market
    thesis: Thesis
    scale: RatingScale
    base: dt.date | None
    previous: dt.date
    end: dt.date
    series: SeriesName = "price"

    def rows(self) -> Iterator[WeekRow]:
        weeks = {subject.id: self.week_of(subject) for subject in self.subjects()}
        parts = {
            member.symbol: member.contribution
            for subject in self.thesis.subjects()
            if subject.kind == "bucket"
            for member in weeks[subject.id].members
        }
        for subject in self.subjects():
            yield self.row(subject, weeks, parts)

    def subjects(self) -> tuple[Subject, ...]:
        return (*self.thesis.subjects(), self.thesis.benchmark_subject(self.scale))

    def week_of(self, subject: Subject) -> Measured:
        series: SeriesName = "price" if subject.kind in ("industry_index", "benchmark") else "total"
        held = self.base is not None and self.base <= self.previous
        return measure(
            self.market,
            subject.members,
            series=series,
            start=self.previous,
            end=self.end,
            base=self.base if held else None,
            fallback=True,
        )

    def since(self, subject: Subject) -> Measured:
        return self._since(subject.members, "price" if subject.kind in ("industry_index", "benchmark") else self.series)

    def benchmark_since(self, subject: Subject, symbol: str, total: str | None) -> Measured:
        """What a subject's return since publication stands against: an index, or for `total` its total-return sister."""
        if self.series == "total" and subject.kind not in ("industry_index", "benchmark"):
            if total is None or total not in self.market.prices.close:
                return Measured(gap=Gap("no_benchmark", "no_benchmark", {"symbol": total or f"{symbol} total"}))
            symbol = total
        return self._since((symbol,), "price")

    def _since(self, members: tuple[str, ...], series: SeriesName) -> Measured:
        if self.base is None or self.base >= self.end:
            return Measured(gap=Gap("not_due", "before_publication", {"day": self.base, "as_of": self.end}))
        return measure(self.market, members, series=series, start=self.base, end=self.end)

    def row(self, subject: Subject, weeks: Mapping[str, Measured], parts: Mapping[str, float]) -> WeekRow:
        benchmark = self.thesis.benchmark(self.scale)
        own, other, since = weeks[subject.id], weeks[benchmark], self.since(subject)
        excess = None if own.value is None or other.value is None else excess_return(own.value, other.value)
        so_far = self.benchmark_since(subject, benchmark, self.thesis.total_benchmark(self.scale))
        since_excess = None if since.value is None or so_far.value is None else excess_return(since.value, so_far.value)
        ladder = self.scale.ladder(subject.kind)
        found = compare(self.thesis, self.scale, subject)
        measured, band_gap = (None, None) if subject.kind == "benchmark" else self.measured(subject, found, since, since_excess)
        flags = [*own.flags, *(flag for member in since.members for flag in member.end.flags)]
        flags += [flag for flag in since.flags if flag in DOUBTFUL]
        flags += [flag for flag in (*other.flags, *so_far.flags) if flag in SHARED_FLAGS]
        if self.base is None or self.base > self.previous:
            flags += ["equal_at_start"] if not subject.is_single else []
        flags += found.flags if subject.kind != "benchmark" else ()
        flags += ["near_edge"] if measured is not None and is_near_edge(measured, ladder) else []
        return WeekRow(
            subject=subject.id,
            kind=subject.kind,
            name=subject.name,
            bucket=subject.bucket,
            own_return=own.value,
            benchmark_return=other.value,
            excess=excess,
            since_published=since.value,
            excess_since_published=since_excess,
            band_so_far=rate(measured, ladder) if measured is not None else None,
            to_next_edge=to_next_edge(measured, ladder) if measured is not None else None,
            contribution=parts.get(subject.id) if subject.kind == "candidate" else None,
            gap=own.gap,
            since_gap=since.gap or (so_far.gap if self.series == "total" else None),
            flags=tuple(dict.fromkeys(flags)),
            left_out=own.left_out,
            measured_since=measured,
            band_gap=band_gap,
        )

    def measured(
        self, subject: Subject, found: Comparison, since: Measured, excess: float | None
    ) -> tuple[float | None, Gap | None]:
        """What the bands compare since publication, or why there is no band although the subject has a return."""
        ladder = self.scale.ladder(subject.kind)
        if since.value is None:
            return None, None
        if not ladder.bands:
            return None, no_ladder_gap(self.scale)
        if found.is_absolute:
            return since.value, None
        if found.symbol is None:
            return None, found.gap
        if found.symbol == self.thesis.benchmark(self.scale):
            return excess, None
        other = self.benchmark_since(subject, found.symbol, found.total)
        return (None, of_benchmark(other.gap, found.symbol)) if other.value is None else (since.value - other.value, None)
