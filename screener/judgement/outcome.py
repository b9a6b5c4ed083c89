"""Whether a rating came true: 6, 9 and 12 months after publication, and every session between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from screener.judgement.targets import TargetVerdict
from screener.measures.quotes import Market
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Calendar, Floats, add_months
from screener.thesis.comparison import Comparison
from screener.thesis.scale import Ladder, Measure, RatingScale, Window, rate_all
from screener.thesis.thesis import Basis as DateBasis
from screener.thesis.thesis import Thesis

Status = Literal["pending", "running", "matured"]
# What a row's series stands against (MEASUREMENT, "Like with like"): `headline` price against the index, `like` total against
# the total-return index, `mixed` total against the price index. An absolute measure stands against nothing, both series.
Basis = Literal["headline", "like", "mixed"]
Pair = tuple[SeriesName, str | None]


@dataclass(frozen=True)
class Row:
    """One subject at one horizon: the figures, or the gap that stands in their place. Fractions, CNY, plain dates.

    `measured`: what the bands compare, by the ladder's `measure`: the excess, or of an absolute one the return, which has no
    benchmark and no excess. Outside the ladder's window there is a figure and no band; `band_gap`: why there is none inside.
    """

    subject: str
    kind: str
    name: str
    series: SeriesName
    benchmark: str | None
    basis: Basis
    measure: Measure
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
    measured: float | None = None
    band_gap: Gap | None = None


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
    """The share of sessions between both end dates of the ladder's window that earned each band (fractions of `sessions`)."""

    subject: str
    series: SeriesName
    benchmark: str | None
    basis: Basis
    sessions: int
    missing: int
    share: Mapping[str, float]


@dataclass(frozen=True)
class UntilChange:
    """What a stated rating was worth on the day on which its house changed it; the window itself runs on.

    `rating`: the new one; `end_date`: the last session on or before `day`; `measured`: what the bands compare (a fraction).
    """

    day: dt.date
    rating: str
    end_date: dt.date
    measured: float | None
    band: str | None
    hit: bool | None
    at_least: bool | None
    gap: Gap | None


@dataclass(frozen=True)
class Verdict:
    """What became of a stated rating at the headline horizon, the end of its window; None where it is not due or a gap.

    `gap`: why nothing can be said of a figure that is there (`no_standard`, `no_bands`); `flags`: what must stand beside it.
    """

    subject: str
    stated: str
    band: str | None
    hit: bool | None
    at_least: bool | None
    like_for_like_band: str | None
    status: Status
    months: int = 12
    gap: Gap | None = None
    flags: tuple[str, ...] = ()
    until_change: UntilChange | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outcome check of one thesis. `paths`: what the bands compare by session (fractions), a column per subject, headline.

    `status`: of the industry ladder, which dates the run (of a lone stock ladder). `benchmark`: the market's; what each subject
    is measured against stands in `compared`.

    `other_markets`: second listings, each against the benchmark of its own market; no row of `rows` depends on them;
    `other_notes`: what was noted while reading their prices.
    """

    thesis: Thesis
    scale: RatingScale
    published: dt.date
    published_basis: DateBasis
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
    compared: Mapping[str, Comparison] = field(default_factory=dict)
    targets: tuple[TargetVerdict, ...] = ()

    @property
    def prices(self) -> Prices:
        """The prices that the run could see."""
        return self.market.prices

    @property
    def due_months(self) -> int | None:
        """The longest horizon of the run that is due on the as-of date: the headline once matured; None before the first."""
        return self.due_of("all")

    def due_of(self, kind: str) -> int | None:
        """As `due_months`, for the ladder that a kind of subject is judged by."""
        horizons = self.window_of(kind).horizons
        return max((months for months in horizons if self.is_due(months)), default=None)

    def window_of(self, kind: str) -> Window:
        """The months between which a kind of subject is judged; those of the run where the standard has no such ladder."""
        ladder = self.scale.ladder(kind)
        return ladder.window if ladder.bands else self.scale.window

    @property
    def months(self) -> tuple[int, ...]:
        """Every horizon of the result, those for comparison included."""
        return tuple(self.end_dates)

    def status_of(self, kind: str) -> Status:
        """The status of the ladder that a kind of subject is judged by."""
        return judge_status(self.end_dates, self.as_of, self.window_of(kind))

    def is_plain(self, subject: str) -> bool:
        """Whether a subject is measured as its return minus that of the run's own benchmark."""
        found = self.compared[subject]
        return found.gap is None and not found.is_absolute and found.symbol == self.benchmark

    def is_due(self, months: int) -> bool:
        """Whether the end date of a horizon has come on the as-of date."""
        end = self.end_dates[months]
        return end is not None and end <= self.as_of

    def is_banded(self, subject: str, kind: str) -> bool:
        """Whether a subject's band hangs on its excess over the run's own benchmark, so that others can be rated alike."""
        return self.is_plain(subject) and self.scale.ladder(kind).has_numbers

    def row(
        self,
        subject: str,
        months: int,
        series: SeriesName = "price",
        benchmark: str | None = None,
        *,
        basis: Basis | None = None,
    ) -> Row:
        """The row of a subject at a horizon, the headline one by default. KeyError when there is none.

        `basis` asks for what the series stands against; without it a series means its row against the price index, or the one
        against `benchmark`.
        """
        basis = basis or ("headline" if series == "price" else "mixed")
        for row in self.rows:
            asked = row.basis == basis if benchmark is None else (row.series, row.benchmark) == (series, benchmark)
            if asked and (row.subject, row.horizon_months) == (subject, months):
                return row
        raise KeyError((subject, months, basis, benchmark))


def end_date(calendar: Calendar, published: dt.date, months: int) -> dt.date | None:
    """Last session on or before `published` + `months` calendar months; None beyond the known calendar (not due)."""
    return calendar.last_on_or_before(add_months(published, months))


def judge_status(ends: Mapping[int, dt.date | None], as_of: dt.date, window: Window) -> Status:
    """`pending` before the first end date of the window, `matured` at or after the last, `running` between."""
    first, last = ends[window.from_months], ends[window.to_months]
    if first is None or as_of < first:
        return "pending"
    return "matured" if last is not None and as_of >= last else "running"


def share_in_bands(excess: Floats, ladder: Ladder) -> dict[str, float]:
    """The fraction of sessions in each band, every rating of the ladder named; empty without a session.

    `excess`: one fraction a session, without gaps. Source: the rating standard's 6 to 12 months, each session rated by itself.
    """
    bands = list(rate_all(excess, ladder))
    return {rating: bands.count(rating) / len(bands) for rating in ladder.ratings} if bands and ladder.has_numbers else {}
