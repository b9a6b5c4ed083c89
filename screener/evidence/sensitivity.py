"""How the answer changes with every convention that the report leaves open: a grid of cells, one per combination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.judgement.outcome import Outcome, end_date
from screener.measures.baskets import measure
from screener.measures.levels import (
    BASE_PRICES,
    BasePrice,
    LevelTable,
    Positions,
    build_entries,
    build_level_table,
    value_between,
)
from screener.measures.returns import excess_return, geometric_excess
from screener.prices.prices import SeriesName
from screener.terms.sessions import Calendar, Days, Floats
from screener.thesis.scale import Ladder, rate_all
from screener.thesis.subjects import Subject

Anchor = Literal["published", "base_date"]
Weighting = Literal["hold", "rebalanced"]
Form = Literal["arithmetic", "geometric"]
# Columns of CELL_COLUMNS, one array each.
Block = dict[str, npt.NDArray[Any]]
FORMS: tuple[Form, ...] = get_args(Form)
# A printed publication date is varied by this many sessions either way (issue of a report and its reading may be days apart).
PRINTED_RANGE = 5
# The choices that the grid varies; `basis` is the pair of series and benchmark, which only make sense together.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "published": ("published",),
    "base_price": ("base_price",),
    "anchor": ("anchor",),
    "weighting": ("weighting",),
    "form": ("form",),
    "basis": ("series", "benchmark"),
}


@dataclass(frozen=True)
class Agreement:
    """How many of a subject's cells at a horizon earn the headline's band; `bands`: band → share of `cells`."""

    subject: str
    horizon_months: int
    headline_band: str | None
    cells: int
    gaps: int
    share_same: float | None
    bands: Mapping[str, float]


@dataclass(frozen=True)
class Choice:
    """What one choice is worth when it alone leaves the headline convention.

    `low`, `high`, `spread`: lowest, highest excess over its values and their difference (fractions); `share_same`: share
    of those values that earn the headline's band. `moves_most`: the widest spread of the subject's choices.
    """

    subject: str
    horizon_months: int
    choice: str
    cells: int
    low: float
    high: float
    spread: float
    share_same: float
    moves_most: bool


@dataclass(frozen=True)
class LeftOut:
    """A base price that a subject's comparison makes no cells for, since `lacking` (a symbol) has no such price."""

    subject: str
    series: SeriesName
    benchmark: str
    base_price: BasePrice
    lacking: str


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The grid. `cells`: one row per cell (columns of CELL_COLUMNS); `left_out`: what the prices do not allow."""

    cells: pd.DataFrame
    agreement: tuple[Agreement, ...]
    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]

    def agreement_of(self, subject: str, months: int) -> Agreement:
        """The agreement of a subject at a horizon; KeyError when there is none."""
        return {(each.subject, each.horizon_months): each for each in self.agreement}[subject, months]

    def choices_of(self, subject: str, months: int) -> tuple[Choice, ...]:
        """What each choice is worth to a subject at a horizon; empty where there is no figure."""
        return tuple(each for each in self.choices if (each.subject, each.horizon_months) == (subject, months))


CELL_COLUMNS = (
    "subject",
    "published",
    "anchor",
    "base_price",
    "weighting",
    "form",
    "series",
    "benchmark",
    "horizon_months",
    "excess",
    "band",
    "gap",
)


def measure_sensitivity(outcome: Outcome, *, subjects: Sequence[str] | None = None) -> Sensitivity:
    """Compute the excess of `subjects`, by default of all, under each convention, from the prices that the outcome could see.

    Conventions, the same on both sides: publication date; base price (see `conventions`); anchor of the horizon (months
    counted from the publication date or from the base date, one cell when they are the same day); weighting (baskets of
    two or more); form; pair of series and benchmark. A base price that a subject or benchmark lacks makes no cells.
    """
    grid = _Grid(outcome)
    chosen = [each for each in outcome.thesis.subjects() if subjects is None or each.id in subjects]
    blocks = [block for subject in chosen for block in grid.blocks(subject)]
    cells = pd.DataFrame(
        {column: np.concatenate([block[column] for block in blocks] or [np.empty(0, dtype=object)]) for column in CELL_COLUMNS}
    )
    slices = tuple(_slices(outcome, chosen, cells))
    agreement = tuple(_agreement(outcome, each) for each in slices)
    choices = tuple(choice for each in slices for choice in _choices(outcome, cells, each))
    return Sensitivity(cells, agreement, choices, tuple(grid.left_out))


def publication_days(outcome: Outcome) -> tuple[dt.date, ...]:
    """Every calendar day of an inferred date's range, else the sessions up to five before and after, and the day itself."""
    thesis, published, calendar = outcome.thesis, outcome.published, outcome.prices.calendar
    earliest, latest = thesis.published_earliest, thesis.published_latest
    if thesis.published_basis == "inferred" and earliest and latest and earliest <= published <= latest:
        return tuple(earliest + dt.timedelta(days=count) for count in range((latest - earliest).days + 1))
    base = calendar.last_on_or_before(published)
    if base is None:
        return (published,)
    near = {calendar.shift(base, count) for count in range(-PRINTED_RANGE, PRINTED_RANGE + 1)}
    return tuple(sorted(near | {published}))


def heat_table(sensitivity: Sensitivity, outcome: Outcome, subject: str, months: int) -> pd.DataFrame:
    """Excess (fractions) by publication date and anchor (rows) and base price (columns), the rest as in the headline."""
    cells = sensitivity.cells
    headline = headline_of(outcome)
    fixed = {key: headline[key] for key in ("weighting", "form", "series", "benchmark")}
    mine = (cells["subject"] == subject) & (cells["horizon_months"] == months)
    for key, value in fixed.items():
        mine &= cells[key] == value
    table = cells[mine].pivot_table(
        index=["published", "anchor"], columns="base_price", values="excess", dropna=False, observed=True
    )
    table = table.sort_index(level=["published", "anchor"], ascending=[True, False])
    return table.reindex(columns=[each for each in BASE_PRICES if each in table.columns]).dropna(how="all")


@dataclass(frozen=True)
class _Moment:
    """One publication date under one anchor: where its horizons end."""

    published: dt.date
    anchor: Anchor
    base: dt.date | None
    ends: tuple[dt.date | None, ...]


class _Grid:
    """The facts that every block of the grid shares: moments, where they lie in the prices, returns already worked out."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.months = outcome.scale.window.horizons
        self.moments = tuple(_moments(outcome.prices.calendar, publication_days(outcome), self.months))
        axis = outcome.prices.close.index.to_numpy().astype("datetime64[D]")
        self.base_at = _positions(axis, [each.base for each in self.moments])
        self.end_at = np.array([_positions(axis, each.ends) for each in self.moments])
        self.left_out: list[LeftOut] = []
        self.tables: dict[tuple[tuple[str, ...], SeriesName], LevelTable] = {}
        self.returns: dict[tuple[tuple[str, ...], SeriesName, BasePrice, Weighting], Floats] = {}

    def blocks(self, subject: Subject) -> Iterator[Block]:
        """One block of columns per pair, base price, weighting and form: moments × horizons."""
        if not self.outcome.is_banded(subject.id, subject.kind):
            return
        for series, benchmark in _pairs_of(self.outcome, subject):
            for base_price in BASE_PRICES:
                lacking = self._without_opens(subject, benchmark) if base_price == "next_open" else None
                if lacking is not None:
                    self.left_out.append(LeftOut(subject.id, series, benchmark, base_price, lacking))
                    continue
                other = self._return_of((benchmark,), "price", base_price, "hold")
                for weighting in _weightings(subject):
                    own = self._return_of(subject.members, series, base_price, weighting)
                    gaps = self._gaps(subject, series, own, other)
                    for form in FORMS:
                        facts = {
                            "subject": subject.id,
                            "base_price": base_price,
                            "weighting": weighting,
                            "form": form,
                            "series": series,
                            "benchmark": benchmark,
                        }
                        yield self._block(facts, _excess(form, own, other), gaps, self.outcome.scale.ladder(subject.kind))

    def _block(self, facts: Mapping[str, str], excess: Floats, gaps: npt.NDArray[np.object_], ladder: Ladder) -> Block:
        count = len(self.months)
        return {
            **{column: np.full(excess.size, value, dtype=object) for column, value in facts.items()},
            "published": np.repeat(np.array([each.published for each in self.moments], dtype=object), count),
            "anchor": np.repeat(np.array([each.anchor for each in self.moments], dtype=object), count),
            "horizon_months": np.tile(self.months, len(self.moments)),
            "excess": excess.ravel(),
            "band": rate_all(excess.ravel(), ladder),
            "gap": gaps.ravel(),
        }

    def _table(self, members: tuple[str, ...], series: SeriesName) -> LevelTable:
        if (members, series) not in self.tables:
            self.tables[members, series] = build_level_table(self.outcome.market, members, series)
        return self.tables[members, series]

    def _return_of(self, members: tuple[str, ...], series: SeriesName, base_price: BasePrice, weighting: Weighting) -> Floats:
        """Return of `members` at every moment and horizon, fractions; NaN = no figure."""
        key = (members, series, base_price, weighting)
        if key not in self.returns:
            table = self._table(members, series)
            entries = build_entries(table, np.minimum(self.base_at, table.nowhere), base_price)
            self.returns[key] = value_between(table, entries, self.end_at, rebalanced=weighting == "rebalanced") - 1
        return self.returns[key]

    def _without_opens(self, subject: Subject, benchmark: str) -> str | None:
        """The first symbol of the comparison for which the prices hold no open at all."""
        for symbol in (benchmark, *subject.members):
            table = self._table((symbol,), "price")
            if np.isfinite(table.closes).any() and not np.isfinite(table.opens).any():
                return symbol
        return None

    def _gaps(self, subject: Subject, series: SeriesName, own: Floats, other: Floats) -> npt.NDArray[np.object_]:
        """Gap code per moment and horizon, None where there is a figure."""
        gaps = np.full(own.shape, None, dtype=object)
        for moment, horizon in np.argwhere(np.isnan(own - other)):
            each = self.moments[moment]
            base, end = each.base, each.ends[horizon]
            if base is None or end is None or max(base, end) > self.outcome.as_of:
                gaps[moment, horizon] = "not_due"
            elif np.isnan(own[moment, horizon]):
                gap = measure(self.outcome.market, subject.members, series=series, start=base, end=end).gap
                gaps[moment, horizon] = gap.code if gap else "no_data"
            else:
                gaps[moment, horizon] = "no_benchmark"
        return gaps


def _excess(form: Form, own: Floats, other: Floats) -> Floats:
    """Excess of whole arrays; the formulas are those of `performance`, NaN stays NaN."""
    formula = cast("Callable[[Floats, Floats], Floats]", excess_return if form == "arithmetic" else geometric_excess)
    return formula(own, other)


def _moments(calendar: Calendar, days: Sequence[dt.date], months: Sequence[int]) -> Iterator[_Moment]:
    for day in days:
        base = calendar.last_on_or_before(day)
        yield _Moment(day, "published", base, tuple(end_date(calendar, day, each) for each in months))
        if base is not None and base != day:
            yield _Moment(day, "base_date", base, tuple(end_date(calendar, base, each) for each in months))


def _positions(axis: Days, days: Sequence[dt.date | None]) -> Positions:
    """Position of each day on the axis; len(axis) for a day beyond it or unknown, so that it has no level."""
    known = np.array([day or dt.date.max for day in days], dtype="datetime64[D]")
    at = np.searchsorted(axis, known)
    on_axis = (at < len(axis)) & (axis[np.minimum(at, len(axis) - 1)] == known)
    return np.where(on_axis, at, len(axis)).astype(np.int64)


def _weightings(subject: Subject) -> tuple[Weighting, ...]:
    return ("hold", "rebalanced") if len(subject.members) > 1 else ("hold",)


def _pairs_of(outcome: Outcome, subject: Subject) -> tuple[tuple[SeriesName, str], ...]:
    pairs = dict.fromkeys((row.series, row.benchmark or "") for row in outcome.rows if row.subject == subject.id)
    return tuple(pairs)


def headline_of(outcome: Outcome) -> dict[str, object]:
    """The cell by which the report is judged: a value for every convention."""
    return {
        "published": outcome.published,
        "anchor": "published",
        "base_price": "last_close",
        "weighting": "hold",
        "form": "arithmetic",
        "series": "price",
        "benchmark": outcome.benchmark,
    }


@dataclass(frozen=True, eq=False)
class _Slice:
    """The cells of one subject at one horizon, as arrays."""

    subject: str
    months: int
    headline_band: str | None
    rows: Positions
    excess: Floats
    band: npt.NDArray[np.object_]


def _slices(outcome: Outcome, chosen: Sequence[Subject], cells: pd.DataFrame) -> Iterator[_Slice]:
    excess, band = cells["excess"].to_numpy(dtype=float), cells["band"].to_numpy(dtype=object)
    subjects, months = cells["subject"].to_numpy(dtype=object), cells["horizon_months"].to_numpy(dtype=np.int64)
    for subject in chosen:
        mine = subjects == subject.id
        for horizon in outcome.scale.window.horizons:
            rows = np.flatnonzero(mine & (months == horizon))
            headline = outcome.row(subject.id, horizon).band
            yield _Slice(subject.id, horizon, headline, rows, excess[rows], band[rows])


def _agreement(outcome: Outcome, found: _Slice) -> Agreement:
    known = np.isfinite(found.excess)
    count = int(known.sum())
    kind = next(subject.kind for subject in outcome.thesis.subjects() if subject.id == found.subject)
    ratings = outcome.scale.ladder(kind).ratings if count else ()
    shares = {rating: float((found.band[known] == rating).mean()) for rating in ratings}
    return Agreement(
        subject=found.subject,
        horizon_months=found.months,
        headline_band=found.headline_band,
        cells=count,
        gaps=len(known) - count,
        share_same=shares.get(found.headline_band) if found.headline_band else None,
        bands=shares,
    )


def _choices(outcome: Outcome, cells: pd.DataFrame, found: _Slice) -> Iterator[Choice]:
    """Each choice alone, from the headline's cell; the widest spread is marked."""
    mine = cells.iloc[found.rows]
    same = {column: mine[column].to_numpy() == value for column, value in headline_of(outcome).items()}
    choices = []
    for choice, varied in CHOICES.items():
        alone = np.logical_and.reduce([mask for column, mask in same.items() if column not in varied])
        alone &= np.isfinite(found.excess)
        if found.headline_band is None or alone.sum() < 2:
            continue
        low, high = float(found.excess[alone].min()), float(found.excess[alone].max())
        share = float((found.band[alone] == found.headline_band).mean())
        choices.append(Choice(found.subject, found.months, choice, int(alone.sum()), low, high, high - low, share, False))
    widest = max((each.spread for each in choices), default=0.0)
    yield from (replace(each, moves_most=each.spread == widest) for each in choices)
