"""Many theses side by side: where each stands, what changed this week, who was right so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from screener.coverage.chance import Evidence
from screener.grading.scoreboard import FEW_SYMBOLS, clustered_interval
from screener.judgement.outcome import Outcome, Status
from screener.judgement.week import Week, WeekRow
from screener.terms.notes import Gap, ScreenerError
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import ALL, Basis, Thesis

# A rating that matures within this many days of the week's end is due soon: four weeks.
SOON = dt.timedelta(weeks=4)
# The best and the worst names of the week shown on the desk.
EXTREMES = 5


@dataclass(frozen=True)
class Standing:
    """Where one headline subject of a thesis stands. Fractions; `horizons`: months → (excess, band), None while not due.

    `excess`, `band`: so far, `before`: the band at the end of the week before; `agreement`: share of conventions that give
    the headline's band at the end of the window; `percentile`: among random baskets over the same window.
    """

    subject: str
    name: str
    name_en: str
    excess: float | None
    band: str | None
    before: str | None
    to_next_edge: float | None
    horizons: Mapping[int, tuple[float | None, str | None]]
    hit: bool | None
    agreement: float | None
    percentile: float | None
    base_rate: float | None
    gap: Gap | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class DeskRow:
    """One thesis of the desk; `fault` says why it could not be measured at all, and then nothing else is known."""

    thesis: Thesis
    scale: RatingScale
    basis: Basis
    status: Status | None = None
    due: dt.date | None = None
    as_of: dt.date | None = None
    index: Standing | None = None
    basket: Standing | None = None
    names: tuple[WeekRow, ...] = ()
    bands: Mapping[str, str | None] = field(default_factory=dict)
    bands_before: Mapping[str, str | None] = field(default_factory=dict)
    gaps: tuple[tuple[str, Gap], ...] = ()
    fault: ScreenerError | None = None

    @property
    def stated(self) -> str | None:
        """The industry rating that the report states."""
        return self.thesis.rating.industry if self.thesis.rating else None

    @property
    def lead(self) -> Standing | None:
        """The subject on which the stated rating is judged: the industry index, else the basket."""
        return self.index or self.basket

    @property
    def days_left(self) -> int | None:
        """Calendar days from the as-of date to the end of the window; None without either, 0 once it has matured."""
        return None if self.due is None or self.as_of is None else max((self.due - self.as_of).days, 0)


@dataclass(frozen=True)
class Crossed:
    """A subject whose band at the end of the week is not that of the week before."""

    slug: str
    subject: str
    name: str
    name_en: str
    before: str
    now: str


@dataclass(frozen=True)
class NamedBy:
    """A name that more than one thesis recommends, with the band that it has so far under each thesis's standard."""

    symbol: str
    name: str
    theses: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True)
class HouseScore:
    """How often a house's industry ratings came true. Fractions; `low`, `high`: 95%, clustered by the rated subject.

    `base_rate`: mean share of industries that earned the stated band over the same windows; `skill` = hit rate − base rate.
    """

    house: str
    count: int
    measured: int
    hits: int
    hit_rate: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    skill: float | None
    small: bool


@dataclass(frozen=True)
class Desk:
    """Every thesis, measured once, for the week that ends on `week_end`."""

    week_end: dt.date
    sessions: tuple[dt.date, ...]
    as_of: dt.date
    rows: tuple[DeskRow, ...]

    @property
    def crossed(self) -> tuple[Crossed, ...]:
        """Every band crossed this week inside a window that still runs, a doubtful band on either side left out."""
        return tuple(each for row in self.rows for each in _crossed(row))

    @property
    def matured(self) -> tuple[DeskRow, ...]:
        """The theses whose window ended this week."""
        return tuple(row for row in self.rows if row.due and self.sessions[0] <= row.due <= self.week_end)

    @property
    def due_soon(self) -> tuple[DeskRow, ...]:
        """The theses whose window ends within four weeks after this one, the nearest first."""
        coming = [row for row in self.rows if row.due and self.week_end < row.due <= self.week_end + SOON]
        return tuple(sorted(coming, key=lambda row: (row.due or dt.date.max, row.thesis.slug)))

    @property
    def named_by_several(self) -> tuple[NamedBy, ...]:
        """The names in two theses or more, those in most first."""
        theses: dict[str, list[tuple[str, str, str | None]]] = {}
        names: dict[str, str] = {}
        for row in self.rows:
            for name in row.names:
                names.setdefault(name.subject, name.name)
                theses.setdefault(name.subject, []).append((row.thesis.slug, row.thesis.house, row.bands.get(name.subject)))
        found = [NamedBy(symbol, names[symbol], tuple(own)) for symbol, own in theses.items() if len(own) > 1]
        return tuple(sorted(found, key=lambda each: (-len(each.theses), each.symbol)))

    @property
    def extremes(self) -> tuple[tuple[WeekRow, ...], tuple[WeekRow, ...]]:
        """The week's best and worst names by their excess of the week, each name once; none stands in both."""
        known = {name.subject: name for row in self.rows for name in row.names if name.excess is not None}
        ordered = sorted(known.values(), key=lambda name: (-(name.excess or 0.0), name.subject))
        count = min(EXTREMES, len(ordered) // 2)
        return tuple(ordered[:count]), tuple(reversed(ordered[len(ordered) - count :]))

    @property
    def houses(self) -> tuple[HouseScore, ...]:
        """The score of every house, those with most matured ratings first."""
        houses = sorted({row.thesis.house for row in self.rows})
        scores = [score_house(house, [row for row in self.rows if row.thesis.house == house]) for house in houses]
        return tuple(sorted(scores, key=lambda score: (-score.measured, score.house)))

    @property
    def has_gaps(self) -> bool:
        """Whether something that should be there is missing."""
        return any(row.fault is not None or row.gaps for row in self.rows)


def build_row(
    outcome: Outcome,
    week: Week,
    before: Week,
    *,
    evidence: Evidence,
    gaps: Sequence[tuple[str, Gap]],
) -> DeskRow:
    """The row of one thesis from its outcome, its week and the week before."""
    thesis, months = outcome.thesis, last_horizon(outcome)
    index = thesis.industry_index.symbol if thesis.industry_index else None
    return DeskRow(
        thesis=thesis,
        scale=outcome.scale,
        basis=thesis.basis(outcome.published),
        status=outcome.status,
        due=outcome.end_dates[months],
        as_of=outcome.as_of,
        index=_standing(outcome, week, before, index, evidence) if index else None,
        basket=_standing(outcome, week, before, ALL, evidence),
        names=tuple(row for row in week.rows if row.kind == "candidate"),
        bands={row.subject: row.firm_band for row in week.rows},
        bands_before={row.subject: row.firm_band for row in before.rows},
        gaps=tuple(gaps),
    )


def last_horizon(outcome: Outcome) -> int:
    """The horizon at the end of the window of the industry ladder, in months."""
    return outcome.scale.window.to_months


def named_gaps(outcome: Outcome, week: Week) -> tuple[tuple[str, Gap], ...]:
    """Every gap of the outcome and the week that should not be there, once per subject and reason."""
    rows = [(row.subject, row.gap) for row in outcome.rows]
    rows += [(row.subject, gap) for row in week.rows for gap in (row.gap, row.since_gap)]
    found = {(subject, gap.code, gap.reason): (subject, gap) for subject, gap in rows if gap and gap.code != "not_due"}
    return tuple(found.values())


def _standing(outcome: Outcome, week: Week, before: Week, subject: str, evidence: Evidence) -> Standing:
    row, verdict = week.row(subject), outcome.verdict.get(subject)
    horizons = {months: outcome.row(subject, months) for months in outcome.end_dates}
    end = horizons[last_horizon(outcome)]
    own = next(each for each in outcome.thesis.subjects() if each.id == subject)
    return Standing(
        subject=subject,
        name=own.name,
        name_en=own.name_en,
        excess=row.excess_since_published,
        band=row.band_so_far,
        before=before.row(subject).band_so_far,
        to_next_edge=row.to_next_edge,
        horizons={months: (each.excess, each.band) for months, each in horizons.items()},
        hit=verdict.hit if verdict else None,
        agreement=evidence.agreement.get(subject),
        percentile=evidence.percentile if subject == ALL else None,
        base_rate=evidence.base_rate if subject != ALL else None,
        gap=end.gap if end.gap is not None and end.gap.code != "not_due" else row.since_gap,
        flags=tuple(dict.fromkeys((*row.flags, *end.flags))),
    )


def _crossed(row: DeskRow) -> Iterator[Crossed]:
    if row.status == "matured":
        return
    for subject in row.thesis.subjects():
        before, now = row.bands_before.get(subject.id), row.bands.get(subject.id)
        if before is not None and now is not None and before != now:
            yield Crossed(row.thesis.slug, subject.id, subject.name, subject.name_en, before, now)


def score_house(house: str, rows: Sequence[DeskRow]) -> HouseScore:
    """The hits of one house's stated ratings that have matured; ratings without a figure are in no denominator."""
    stated = [row for row in rows if row.stated is not None]
    due = [(row, row.lead) for row in stated if row.status == "matured"]
    known = [(lead.subject if row.index else row.thesis.slug, lead) for row, lead in due if lead and lead.hit is not None]
    subjects = sorted({subject for subject, _ in known})
    hits = np.array([sum(bool(lead.hit) for own, lead in known if own == subject) for subject in subjects])
    counts = np.array([sum(own == subject for own, _ in known) for subject in subjects])
    total, hit = len(known), int(hits.sum()) if known else 0
    low, high = map(float, clustered_interval(hits, counts)) if known else (None, None)
    bases = [lead.base_rate for _, lead in known if lead.base_rate is not None]
    rate, base = (hit / total if total else None), (float(np.mean(bases)) if total and len(bases) == total else None)
    return HouseScore(
        house=house,
        count=len(stated),
        measured=total,
        hits=hit,
        hit_rate=rate,
        low=low,
        high=high,
        base_rate=base,
        skill=None if rate is None or base is None else rate - base,
        small=len(subjects) < FEW_SYMBOLS,
    )
