"""Results as plain JSON objects (CONTRACT): fractions in full precision, ISO dates, null where there is no figure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from screener import __version__
from screener.errors import Gap, Problem
from screener.events import EventRow, EventStudy, SubjectMean, WindowFigure
from screener.messages import Lang, say
from screener.outcome import ListingRow, Outcome, Row
from screener.policies import Checkpoint, Policy
from screener.prices import Prices
from screener.thesis import Thesis
from screener.week import Week, WeekRow

Record = dict[str, Any]


def outcome_record(outcome: Outcome, lang: Lang = "zh") -> Record:
    """`screener outcome --json` as one object."""
    thesis = outcome.thesis
    return {
        "thesis": thesis.slug,
        "title": thesis.title,
        "published": _plain(outcome.published),
        "published_basis": outcome.published_basis,
        "as_of": _plain(outcome.as_of),
        "base_date": _plain(outcome.base_date),
        "status": outcome.status,
        "benchmark": outcome.benchmark,
        "prices": prices_record(outcome.prices, lang),
        "rating": thesis.rating.industry if thesis.rating else None,
        "scale": outcome.scale.id,
        "rows": [_row_record(row, lang) for row in outcome.rows],
        "windows": [_fields(window) for window in outcome.windows],
        "verdict": {subject: _fields(verdict) for subject, verdict in outcome.verdict.items()},
        "other_markets": [_listing_record(row, lang) for row in outcome.other_markets],
        "gaps": gap_records(outcome, lang),
        "versions": versions(),
    }


def week_record(week: Week, lang: Lang = "zh") -> Record:
    """`screener weekly --json` as one object."""
    return {
        "thesis": week.thesis.slug,
        "title": week.thesis.title,
        "published": _plain(week.published),
        "published_basis": week.thesis.published_basis if week.published == week.thesis.published else "tried",
        "week_start": _plain(week.sessions[0]),
        "week_end": _plain(week.sessions[-1]),
        "sessions": len(week.sessions),
        "previous_session": _plain(week.previous),
        "base_date": _plain(week.base_date),
        "as_of": _plain(week.as_of),
        "benchmark": week.benchmark,
        "prices": prices_record(week.prices, lang),
        "rows": [_row_record(row, lang) for row in week.rows],
        "gaps": gap_records(week, lang),
        "versions": versions(),
    }


def events_record(study: EventStudy, lang: Lang = "zh") -> Record:
    """`screener events --json` as one object."""
    policies = {policy.id: policy for policy in study.book.policies}
    return {
        "thesis": study.thesis.slug,
        "title": study.thesis.title,
        "as_of": _plain(study.as_of),
        "benchmark": study.benchmark,
        "series": study.series,
        "seed": study.seed,
        "prices": prices_record(study.prices, lang),
        "causality": say("events_no_cause", lang),
        "events": [_policy_record(policy) for policy in study.book.policies],
        "rows": [_event_record(row, policies[row.event], lang) for row in study.rows],
        "means": [_mean_record(mean) for mean in study.means],
        "targets": [_target_record(each) for each in study.checkpoints],
        "gaps": [{"subject": subject, "code": gap.code, "reason": text} for (subject, text), gap in event_gaps(study, lang)],
        "versions": versions(),
    }


def event_gaps(study: EventStudy, lang: Lang = "zh") -> list[tuple[tuple[str, str], Gap]]:
    """Every reason why an event that concerns a subject has no figure, once per subject; what is not due is no gap."""
    found: dict[tuple[str, str], Gap] = {}
    for row in study.rows:
        for figure in row.windows:
            if row.concerned and figure.gap is not None and figure.gap.code != "not_due":
                found.setdefault((row.subject, figure.gap.text(lang)), figure.gap)
    return list(found.items())


def _policy_record(policy: Policy) -> Record:
    record: Record = policy.model_dump(mode="json", exclude={"targets"})
    return {**record, "fields": list(policy.fields)}


def _event_record(row: EventRow, policy: Policy, lang: Lang) -> Record:
    date = row.date
    return {
        "event": row.event,
        "subject": row.subject,
        "kind": row.kind,
        "concerned": row.concerned,
        "date": _plain(policy.day),
        "month": policy.month,
        "dated": date.dated if date else None,
        "session": _plain(date.first) if date and date.dated == "day" else None,
        "first_session": _plain(date.first) if date else None,
        "last_session": _plain(date.last) if date else None,
        "windows": [_window_record(figure, lang) for figure in row.windows],
    }


def _window_record(figure: WindowFigure, lang: Lang) -> Record:
    record = _fields(figure)
    record["placebo_percentile"] = record.pop("percentile")
    record["placebo_dates"] = record.pop("dates")
    record["gap"] = figure.gap.code if figure.gap else None
    record["gap_reason"] = figure.gap.text(lang) if figure.gap else None
    return record


def _mean_record(mean: SubjectMean) -> Record:
    return _fields(mean)


def _target_record(checkpoint: Checkpoint) -> Record:
    policy, target = checkpoint.policy, checkpoint.target
    return {"event": policy.id, "month": policy.month, "region": policy.region, **target.model_dump(mode="json")} | {
        "status": checkpoint.status,
        "attained": None,
    }


def prices_record(prices: Prices, lang: Lang) -> Record:
    """Where the prices came from: kind, name, first and last session, hash, and what was noted while reading."""
    return {
        "kind": prices.kind,
        "name": prices.name,
        "first": _plain(prices.first),
        "last": _plain(prices.last),
        "sha256": prices.sha256,
        "notes": [say(note.code, lang, **note.params) for note in prices.notes],
    }


def gap_records(result: Outcome | Week, lang: Lang) -> list[Record]:
    """Every gap that should not be there, once per subject and reason; what is not due yet is no gap."""
    found: dict[tuple[str, str], Record] = {}
    for subject, gap in _gaps(result):
        text = gap.text(lang)
        found.setdefault((subject, text), {"subject": subject, "code": gap.code, "reason": text})
    return list(found.values())


def _gaps(result: Outcome | Week) -> Iterable[tuple[str, Gap]]:
    if result.prices.last < result.as_of:
        yield "prices", Gap("stale", "prices_stale", {"last": result.prices.last, "as_of": result.as_of})
    if result.prices.stale is not None:
        yield "prices", result.prices.stale
    for symbol, gap in result.prices.gaps.items():
        if symbol in result.thesis.members("all"):
            yield symbol, gap
    for row in result.rows:
        gaps: Sequence[Gap | None] = (row.gap, row.since_gap) if isinstance(row, WeekRow) else (row.gap,)
        yield from ((row.subject, gap) for gap in gaps if gap is not None and gap.code != "not_due")


def has_gaps(result: Outcome | Week) -> bool:
    """Whether something that should be there is missing or stale: exit code 3."""
    return next(iter(_gaps(result)), None) is not None


def listing_gaps(outcome: Outcome) -> list[Gap]:
    """Why second listings have no figure, except that it is not due."""
    return [row.gap for row in outcome.other_markets if row.gap is not None and row.gap.code != "not_due"]


def versions() -> Record:
    """The versions that a figure may depend on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"screener": __version__, "python": python, "pandas": version("pandas"), "numpy": version("numpy")}


def _row_record(row: Row | WeekRow, lang: Lang) -> Record:
    record = _fields(row)
    record["gap"] = row.gap.code if row.gap else None
    record["gap_reason"] = row.gap.text(lang) if row.gap else None
    if isinstance(row, WeekRow):
        record["since_gap"] = row.since_gap.code if row.since_gap else None
    return record


def _listing_record(row: ListingRow, lang: Lang) -> Record:
    gap = {"gap": row.gap.code if row.gap else None, "gap_reason": row.gap.text(lang) if row.gap else None}
    return {**_fields(row), **gap}


def _fields(value: Any) -> Record:
    names = {"own_return": "return"}
    return {names.get(each.name, each.name): _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return dict(value) if hasattr(value, "items") else value


def thesis_record(thesis: Thesis) -> Record:
    """A thesis as its file has it, with its slug."""
    return thesis.model_dump(mode="json", by_alias=True, exclude_none=True)


def problem_record(problem: Problem, lang: Lang) -> Record:
    """A problem of a file with its place and text."""
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "value": problem.value,
        "code": problem.code,
        "text": problem.text(lang),
    }
