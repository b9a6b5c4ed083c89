"""Where the rated subjects of one thesis stand, taken from its outcome and its week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from screener.coverage.chance import Evidence
from screener.judgement.outcome import Outcome, Status, UntilChange
from screener.judgement.week import Week
from screener.terms.notes import Gap


class At(NamedTuple):
    """One horizon: `excess` over the benchmark, `measured` what the bands compare (fractions), its band; None while not due."""

    excess: float | None
    measured: float | None
    band: str | None


@dataclass(frozen=True)
class Standing:
    """Where one headline subject of a thesis stands. Fractions; `horizons` by months.

    `excess`: over the benchmark so far; `measured`, `band`: what the ladder's `measure` compares so far, and what it earns;
    `before`: the band at the end of the week before; `agreement`: share of conventions that give the headline's band at the end
    of the window; `percentile`: among random baskets over the same window; `verdict_gap`: why a due figure decides nothing.
    """

    subject: str
    name: str
    name_en: str
    measure: str
    excess: float | None
    measured: float | None
    band: str | None
    before: str | None
    to_next_edge: float | None
    horizons: Mapping[int, At]
    hit: bool | None
    at_least: bool | None
    until_change: UntilChange | None
    agreement: float | None
    percentile: float | None
    percentile_gap: Gap | None
    base_rate: float | None
    gap: Gap | None
    verdict_gap: Gap | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class NamesStanding:
    """The names that a report rates one by one, under its ladder for stocks, whose window may be another than the industry's.

    `rated`: how many; `measured`: those of which it is known; `hits`: those that came true; `due`: the end of the window.
    """

    status: Status
    months: int
    due: dt.date | None
    rated: int
    measured: int
    hits: int


def stand(outcome: Outcome, week: Week, before: Week, subject: str, evidence: Evidence) -> Standing:
    """Where `subject` stands; its end is that of the window of its own ladder."""
    row, verdict = week.row(subject), outcome.verdict.get(subject)
    own = next(each for each in outcome.thesis.subjects() if each.id == subject)
    rows = {months: outcome.row(subject, months) for months in outcome.end_dates}
    end = rows[outcome.window_of(own.kind).to_months]
    return Standing(
        subject=subject,
        name=own.name,
        name_en=own.name_en,
        measure=end.measure,
        excess=row.excess_since_published,
        measured=row.measured_since,
        band=row.band_so_far,
        before=before.row(subject).band_so_far,
        to_next_edge=row.to_next_edge,
        horizons={months: At(each.excess, each.measured, each.band) for months, each in rows.items()},
        hit=verdict.hit if verdict else None,
        at_least=verdict.at_least if verdict else None,
        until_change=verdict.until_change if verdict else None,
        agreement=evidence.agreement.get(subject),
        percentile=evidence.percentile if own.kind == "all" else None,
        percentile_gap=evidence.gap if own.kind == "all" else None,
        base_rate=evidence.base_rate if own.kind != "all" else None,
        gap=next((gap for gap in (end.gap, row.since_gap, row.band_gap) if gap is not None and gap.code != "not_due"), None),
        verdict_gap=verdict.gap if verdict else None,
        flags=tuple(dict.fromkeys((*row.flags, *end.flags))),
    )


def stand_names(outcome: Outcome) -> NamesStanding | None:
    """What became of the names that carry a rating of their own; None where none does."""
    names = [each for each in outcome.thesis.subjects() if each.kind == "candidate" and each.stated is not None]
    if not names:
        return None
    hits = [outcome.verdict[each.id].hit for each in names]
    months = outcome.window_of("candidate").to_months
    return NamesStanding(
        status=outcome.status_of("candidate"),
        months=months,
        due=outcome.end_dates[months],
        rated=len(names),
        measured=sum(hit is not None for hit in hits),
        hits=sum(bool(hit) for hit in hits),
    )
