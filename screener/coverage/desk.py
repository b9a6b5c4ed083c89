"""Many theses side by side: where each stands, what changed this week, who was right so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from screener.coverage.chance import Evidence
from screener.coverage.standing import NamesStanding, Standing, stand, stand_names
from screener.grading.scoreboard import SUMS, Score, score_group
from screener.judgement.missing import missing_in
from screener.judgement.outcome import Outcome, Status
from screener.judgement.week import Week, WeekRow
from screener.terms.notes import Gap, InputProblems, ScreenerError
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import ALL, Basis, Thesis

# A rating that matures within this many days of the week's end is due soon: four weeks.
SOON = dt.timedelta(weeks=4)
# The best and the worst names of the week shown on the desk.
EXTREMES = 5


@dataclass(frozen=True)
class DeskRow:
    """One thesis of the desk; `fault` says why it could not be measured at all, and then nothing else is known.

    `status`, `due`: of the industry ladder's window; `week_end`: of the week that its prices reach;
    `closed`: the subjects whose own window has ended.
    """

    thesis: Thesis
    scale: RatingScale
    basis: Basis
    status: Status | None = None
    due: dt.date | None = None
    as_of: dt.date | None = None
    week_end: dt.date | None = None
    index: Standing | None = None
    basket: Standing | None = None
    rated_names: NamesStanding | None = None
    names: tuple[WeekRow, ...] = ()
    bands: Mapping[str, str | None] = field(default_factory=dict)
    bands_before: Mapping[str, str | None] = field(default_factory=dict)
    gaps: tuple[tuple[str, Gap], ...] = ()
    closed: frozenset[str] = frozenset()
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
class Changed:
    """A rating that its house changed this week."""

    slug: str
    date: dt.date
    before: str
    now: str


@dataclass(frozen=True)
class Unread:
    """A thesis file that is broken: the desk goes on without it."""

    file: str
    fault: InputProblems


@dataclass(frozen=True)
class Desk:
    """Every thesis, measured once, for the week that ends on `week_end`."""

    week_end: dt.date
    sessions: tuple[dt.date, ...]
    as_of: dt.date
    rows: tuple[DeskRow, ...]
    unread: tuple[Unread, ...] = ()

    @property
    def crossed(self) -> tuple[Crossed, ...]:
        """Every band crossed this week inside a window that still runs, a doubtful band on either side left out."""
        return tuple(each for row in self._current for each in _crossed(row))

    @property
    def changed(self) -> tuple[Changed, ...]:
        """The ratings that their houses changed from Monday to Sunday of this week."""
        monday = self.week_end - dt.timedelta(days=self.week_end.weekday())
        return tuple(each for row in self.rows for each in _changed(row.thesis) if monday <= each.date <= self.last_day)

    @property
    def last_day(self) -> dt.date:
        """The Sunday of this week: what a house says at the weekend belongs to the desk of Monday morning."""
        return self.week_end + dt.timedelta(days=6 - self.week_end.weekday())

    def current(self, thesis: Thesis) -> str | None:
        """The industry rating that holds at the end of this week: the stated one, or what its house made of it since."""
        later = [each.now for each in _changed(thesis) if each.date <= self.last_day]
        return later[-1] if later else thesis.rating.industry if thesis.rating else None

    @property
    def _current(self) -> tuple[DeskRow, ...]:
        """The theses whose prices reach this week."""
        return tuple(row for row in self.rows if row.week_end is not None and row.week_end >= self.sessions[0])

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
        known = {name.subject: name for row in self._current for name in row.names if name.excess is not None}
        ordered = sorted(known.values(), key=lambda name: (-(name.excess or 0.0), name.subject))
        count = min(EXTREMES, len(ordered) // 2)
        return tuple(ordered[:count]), tuple(reversed(ordered[len(ordered) - count :]))

    @property
    def houses(self) -> tuple[Score, ...]:
        """The score of every house by its industry ratings, those with most matured ratings first."""
        houses = sorted({row.thesis.house for row in self.rows})
        scores = [score_house(house, [row for row in self.rows if row.thesis.house == house]) for house in houses]
        return tuple(sorted(scores, key=lambda score: (-score.measured, score.group)))

    @property
    def has_gaps(self) -> bool:
        """Whether something that should be there is missing."""
        return bool(self.unread) or any(row.fault is not None or row.gaps for row in self.rows)


def build_row(
    outcome: Outcome,
    week: Week,
    before: Week,
    *,
    evidence: Evidence,
    gaps: Sequence[tuple[str, Gap]],
) -> DeskRow:
    """The row of one thesis from its outcome, its week and the week before."""
    thesis = outcome.thesis
    index = thesis.industry_index.symbol if thesis.industry_index else None
    return DeskRow(
        thesis=thesis,
        scale=outcome.scale,
        basis=thesis.basis(outcome.published),
        status=outcome.status,
        due=outcome.end_dates[outcome.scale.window.to_months],
        as_of=outcome.as_of,
        week_end=week.as_of,
        index=stand(outcome, week, before, index, evidence) if index else None,
        basket=stand(outcome, week, before, ALL, evidence),
        rated_names=stand_names(outcome),
        names=tuple(row for row in week.rows if row.kind == "candidate"),
        bands={row.subject: row.firm_band for row in week.rows},
        bands_before={row.subject: row.firm_band for row in before.rows},
        gaps=tuple(gaps),
        closed=frozenset(each.id for each in thesis.subjects() if outcome.status_of(each.kind) == "matured"),
    )


def named_gaps(outcome: Outcome, week: Week) -> tuple[tuple[str, Gap], ...]:
    """Every gap of the outcome and the week that should not be there, once per subject and reason."""
    rows = (*missing_in(outcome), *missing_in(week))
    return tuple({(subject, gap.text("en")): (subject, gap) for subject, gap in rows}.values())


def _crossed(row: DeskRow) -> Iterator[Crossed]:
    for subject in row.thesis.subjects():
        before, now = row.bands_before.get(subject.id), row.bands.get(subject.id)
        if before is not None and now is not None and before != now and subject.id not in row.closed:
            yield Crossed(row.thesis.slug, subject.id, subject.name, subject.name_en, before, now)


def _changed(thesis: Thesis) -> Iterator[Changed]:
    """Every later rating that is another one than that before it, the earliest first."""
    before = thesis.rating.industry if thesis.rating else ""
    for each in sorted(thesis.rating.changes if thesis.rating else (), key=lambda change: change.date):
        if each.rating != before:
            yield Changed(thesis.slug, each.date, before, each.rating)
        before = each.rating


def score_house(house: str, rows: Sequence[DeskRow]) -> Score:
    """The hits of one house's stated industry ratings, by the rated subject; ratings without a figure are in no denominator."""
    stated = [row for row in rows if row.stated is not None]
    subjects = [row.index.subject if row.index else row.thesis.slug for row in stated]
    counted = pd.DataFrame([_counted(row) for row in stated], index=subjects, columns=list(SUMS), dtype=float)
    return score_group("house", house, counted.groupby(level=0).sum())


def _counted(row: DeskRow) -> tuple[float, ...]:
    """One rating as SUMS has it."""
    lead = row.lead
    hit = lead.hit if lead is not None and row.status == "matured" else None
    base = lead.base_rate if lead is not None and hit is not None else None
    pending = row.fault is None and row.status != "matured"
    compared = base is not None
    return (1, pending, hit is None and not pending, hit is not None, bool(hit), compared, bool(hit) and compared, base or 0.0)
