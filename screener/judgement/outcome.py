"""Whether a rating came true: 6, 9 and 12 months after publication, and every session between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from screener.measures.baskets import Measured, measure, value_path
from screener.measures.quotes import SHARED_FLAGS, Market, build_market
from screener.measures.returns import excess_return, geometric_excess
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Calendar, Floats, add_months, as_date
from screener.thesis.scale import Ladder, RatingScale, is_at_least, is_near_edge, rate, rate_all
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Basis, Thesis

Status = Literal["pending", "running", "matured"]
# Each pair of series and benchmark that stands in the tables; the first is the headline (MEASUREMENT, "Like with like").
Pair = tuple[SeriesName, str]


@dataclass(frozen=True)
class Row:
    """One subject at one horizon: the figures, or the gap that stands in their place. Fractions, CNY, plain dates."""

    subject: str
    kind: str
    name: str
    series: SeriesName
    benchmark: str
    horizon_months: int
    base_date: dt.date | None
    base_close: float | None
    base_close_date: dt.date | None
    end_date: dt.date | None
    end_close: float | None
    end_close_date: dt.date | None
    own_return: float | None
    benchmark_return: float | None
    excess: float | None
    excess_geometric: float | None
    band: str | None
    near_edge: bool
    status: Status
    gap: Gap | None
    flags: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListingRow:
    """A second listing at one horizon: the figures, or the gap in their place. Fractions; closes in local currency.

    `own_return` needs no benchmark, so it stands where only the benchmark is missing.
    `listing_of`: the candidate. `benchmark`: what the standard names; `measured_against`: whose prices were used, another
    symbol only for a proxy. `base_day`, `end_day`: the calendar dates that both sides are measured at.
    """

    subject: str
    listing_of: str
    kind: str
    name: str
    market: str
    currency: str
    benchmark_currency: str | None
    series: SeriesName
    benchmark: str
    measured_against: str
    horizon_months: int
    base_day: dt.date
    end_day: dt.date
    base_close: float | None
    base_close_date: dt.date | None
    benchmark_base_close_date: dt.date | None
    end_close: float | None
    end_close_date: dt.date | None
    benchmark_end_close_date: dt.date | None
    own_return: float | None
    benchmark_return: float | None
    excess: float | None
    excess_geometric: float | None
    band: str | None
    near_edge: bool
    status: Status
    gap: Gap | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class WindowShares:
    """The share of sessions from the 6-month to the 12-month end date that earned each band (fractions of `sessions`)."""

    subject: str
    series: SeriesName
    benchmark: str
    sessions: int
    missing: int
    share: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """What became of a stated rating at the headline horizon; None where it is not due or a gap."""

    subject: str
    stated: str
    band: str | None
    hit: bool | None
    at_least: bool | None
    like_for_like_band: str | None
    status: Status


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outcome check of one thesis. `paths`: excess by session (fractions), one column per subject, headline series.

    `other_markets`: second listings, each against the benchmark of its own market; no row of `rows` depends on them;
    `other_notes`: what was noted while reading their prices.
    """

    thesis: Thesis
    scale: RatingScale
    published: dt.date
    published_basis: Basis
    as_of: dt.date
    base_date: dt.date | None
    end_dates: Mapping[int, dt.date | None]
    status: Status
    benchmark: str
    market: Market
    rows: tuple[Row, ...]
    windows: tuple[WindowShares, ...]
    verdict: Mapping[str, Verdict]
    paths: pd.DataFrame
    other_markets: tuple[ListingRow, ...] = ()
    other_notes: tuple[Note, ...] = ()

    @property
    def prices(self) -> Prices:
        """The prices that the run could see."""
        return self.market.prices

    @property
    def due_months(self) -> int | None:
        """The longest horizon that is due on the as-of date: the headline one once matured; None before the first."""
        return max((months for months in self.end_dates if self.is_due(months)), default=None)

    def is_due(self, months: int) -> bool:
        """Whether the end date of a horizon has come on the as-of date."""
        end = self.end_dates[months]
        return end is not None and end <= self.as_of

    def row(self, subject: str, months: int, series: SeriesName = "price", benchmark: str | None = None) -> Row:
        """The row of a subject at a horizon; the headline pair by default. KeyError when there is none."""
        key = (subject, months, series, benchmark or self.benchmark)
        for row in self.rows:
            if (row.subject, row.horizon_months, row.series, row.benchmark) == key:
                return row
        raise KeyError(key)


def judge(thesis: Thesis, scale: RatingScale, prices: Prices, *, published: dt.date, as_of: dt.date) -> Outcome:
    """Check the rating of `thesis` as published on `published`, using nothing after `as_of` (a session).

    Source: the report's own standard as rules in MEASUREMENT, "Outcome: 6 to 12 months".
    """
    market = build_market(prices.cut(as_of))
    base = prices.calendar.last_on_or_before(published)
    ends = {months: end_date(prices.calendar, published, months) for months in scale.window.horizons}
    status = judge_status(ends, as_of, scale)
    check = _Check(market, thesis, scale, base, ends, as_of, status)
    rows = tuple(check.rows())
    paths = {pair: check.path(pair) for pair in check.pairs()}
    windows = tuple(window for pair in check.pairs() for window in check.windows(pair, paths[pair]))
    return Outcome(
        thesis=thesis,
        scale=scale,
        published=published,
        published_basis=thesis.basis(published),
        as_of=as_of,
        base_date=base,
        end_dates=ends,
        status=status,
        benchmark=thesis.benchmark(scale),
        market=market,
        rows=rows,
        windows=windows,
        verdict=_verdicts(thesis, scale, rows, status),
        paths=paths[check.pairs()[0]],
    )


def end_date(calendar: Calendar, published: dt.date, months: int) -> dt.date | None:
    """Last session on or before `published` + `months` calendar months; None beyond the known calendar (not due)."""
    return calendar.last_on_or_before(add_months(published, months))


def judge_status(ends: Mapping[int, dt.date | None], as_of: dt.date, scale: RatingScale) -> Status:
    """`pending` before the first end date of the window, `matured` at or after the last, `running` between."""
    first, last = ends[scale.window.from_months], ends[scale.window.to_months]
    if first is None or as_of < first:
        return "pending"
    return "matured" if last is not None and as_of >= last else "running"


@dataclass(frozen=True)
class _Check:
    """The fixed facts of one outcome check, so that its steps need not hand them to each other."""

    market: Market
    thesis: Thesis
    scale: RatingScale
    base: dt.date | None
    ends: Mapping[int, dt.date | None]
    as_of: dt.date
    status: Status

    def pairs(self) -> tuple[Pair, ...]:
        benchmark, total = self.thesis.benchmark(self.scale), self.thesis.total_benchmark(self.scale)
        has_total = total is not None and total in self.market.prices.close and total not in self.market.prices.gaps
        like_for_like: tuple[Pair, ...] = (("total", total),) if total is not None and has_total else ()
        return (("price", benchmark), *like_for_like, ("total", benchmark))

    def pairs_of(self, subject: Subject) -> tuple[Pair, ...]:
        return self.pairs()[:1] if subject.kind == "industry_index" else self.pairs()

    def rows(self) -> Iterator[Row]:
        for subject in self.thesis.subjects():
            for series, benchmark in self.pairs_of(subject):
                for months in self.ends:
                    yield self.row(subject, series, benchmark, months)

    def row(self, subject: Subject, series: SeriesName, benchmark: str, months: int) -> Row:
        end = self.ends[months]
        own = self.measure(subject.members, series, end)
        other = self.measure((benchmark,), "price", end)
        flags, gap = [*own.flags, *(flag for flag in other.flags if flag in SHARED_FLAGS)], own.gap
        if gap is None and other.gap is not None:
            gap = _of_benchmark(other.gap, benchmark)
        excess = geometric = band = None
        ladder = self.scale.ladder(subject.kind)
        if gap is None and own.value is not None and other.value is not None:
            excess = excess_return(own.value, other.value)
            geometric = geometric_excess(own.value, other.value)
            band = rate(excess, ladder)
            flags += _row_flags(excess, geometric, ladder)
        if series == "total" and benchmark == self.thesis.benchmark(self.scale):
            flags.append("mixed_basis")
        single = own.members[0] if subject.is_single and own.members and gap is None else None
        return Row(
            subject=subject.id,
            kind=subject.kind,
            name=subject.name,
            series=series,
            benchmark=benchmark,
            horizon_months=months,
            base_date=self.base,
            base_close=single.start.close if single else None,
            base_close_date=single.start.close_date if single else None,
            end_date=end,
            end_close=single.end.close if single else None,
            end_close_date=single.end.close_date if single else None,
            own_return=own.value if gap is None else None,
            benchmark_return=other.value if gap is None else None,
            excess=excess,
            excess_geometric=geometric,
            band=band,
            near_edge="near_edge" in flags,
            status=self.status,
            gap=gap,
            flags=tuple(dict.fromkeys(flags)),
            left_out=own.left_out,
        )

    def measure(self, members: Sequence[str], series: SeriesName, end: dt.date | None) -> Measured:
        """Return of the equal-weight held basket of `members` from the base date to `end`; `not_due` until then."""
        if self.base is None or self.base > self.as_of:
            return Measured(gap=Gap("not_due", "base_not_reached", {"day": self.base, "as_of": self.as_of}))
        reached = end is not None and end <= self.as_of
        own = measure(self.market, members, series=series, start=self.base, end=end if reached and end else self.base)
        if own.gap is None and not reached:
            return Measured(gap=Gap("not_due", "not_due", {"as_of": self.as_of}), left_out=own.left_out)
        return own

    def path(self, pair: Pair) -> pd.DataFrame:
        """Excess by session from the base date to the as-of date or the end of the window, a column per subject."""
        sessions = self.market.prices.close.index
        if self.base is None or self.base > self.as_of or not len(sessions):
            return pd.DataFrame(index=sessions[:0])
        series, benchmark = pair
        last = self.ends[self.scale.window.to_months]
        stop = self.as_of if last is None else min(last, self.as_of)
        window = pd.DatetimeIndex(sessions[(sessions >= pd.Timestamp(self.base)) & (sessions <= pd.Timestamp(stop))])
        own = {subject.id: self.value_path(subject.members, series, window) for subject in self.thesis.subjects()}
        other = self.value_path((benchmark,), "price", window)
        return pd.DataFrame({key: values - other for key, values in own.items()}, index=window)

    def value_path(self, members: Sequence[str], series: SeriesName, window: pd.DatetimeIndex) -> Floats:
        return value_path(self.market, members, series=series, base=as_date(window[0]), window=window)

    def windows(self, pair: Pair, paths: pd.DataFrame) -> Iterator[WindowShares]:
        """Band shares over the sessions of the window that have passed; none before it begins."""
        first = self.ends[self.scale.window.from_months]
        for subject in self.thesis.subjects():
            if pair not in self.pairs_of(subject):
                continue
            ladder = self.scale.ladder(subject.kind)
            values = paths.loc[pd.Timestamp(first) :, subject.id] if first is not None and len(paths) else pd.Series()
            measured = values.dropna().to_numpy(dtype=float)
            share = share_in_bands(measured, ladder)
            yield WindowShares(subject.id, *pair, len(measured), len(values) - len(measured), share)


def share_in_bands(excess: Floats, ladder: Ladder) -> dict[str, float]:
    """The fraction of sessions in each band, every rating of the ladder named; empty without a session.

    `excess`: one fraction a session, without gaps. Source: the rating standard's 6 to 12 months, each session rated by itself.
    """
    bands = list(rate_all(excess, ladder))
    return {rating: bands.count(rating) / len(bands) for rating in ladder.ratings} if bands else {}


def _of_benchmark(gap: Gap, benchmark: str) -> Gap:
    """A benchmark without any price is `no_benchmark`; a stale or not yet due one keeps its code."""
    if gap.code == "no_data" and gap.reason != "missing_session":
        return Gap("no_benchmark", "no_benchmark", {"symbol": benchmark, **gap.params})
    return gap


def _row_flags(excess: float, geometric: float, ladder: Ladder) -> list[str]:
    flags = ["near_edge"] if is_near_edge(excess, ladder) else []
    return flags + (["form_differs"] if rate(geometric, ladder) != rate(excess, ladder) else [])


def _verdicts(thesis: Thesis, scale: RatingScale, rows: Sequence[Row], status: Status) -> dict[str, Verdict]:
    """The stated ratings against the headline row: the industry index, the basket of names, and rated candidates."""
    headline, months = thesis.benchmark(scale), scale.window.to_months
    total = thesis.total_benchmark(scale)
    found = {(row.subject, row.series, row.benchmark): row for row in rows if row.horizon_months == months}
    verdicts = {}
    for subject in thesis.subjects():
        if subject.stated is None:
            continue
        ladder = scale.ladder(subject.kind)
        band = found[subject.id, "price", headline].band
        like = found.get((subject.id, "total", total or ""))
        verdicts[subject.id] = Verdict(
            subject=subject.id,
            stated=subject.stated,
            band=band,
            hit=None if band is None else band == subject.stated,
            at_least=None if band is None else is_at_least(band, subject.stated, ladder),
            like_for_like_band=band if subject.kind == "industry_index" else like.band if like else None,
            status=status,
        )
    return verdicts
