"""Results as plain JSON objects (CONTRACT): fractions in full precision, ISO dates, null where there is no figure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from screener.judgement.missing import missing_in
from screener.judgement.outcome import Outcome
from screener.judgement.week import Week
from screener.judgement.week_facts import WeeklyFacts
from screener.judgement.weightings import Weighted
from screener.prices.prices import Prices
from screener.terms.notes import Gap, Note, Problem
from screener.terms.say import Lang, say
from screener.thesis.thesis import Thesis
from screener.version import __version__

Record = dict[str, Any]


def outcome_record(outcome: Outcome, lang: Lang = "zh") -> Record:
    """`screener outcome --json` as one object."""
    thesis = outcome.thesis
    return {
        "thesis": thesis.slug,
        "title": thesis.title,
        "published": plain(outcome.published),
        "published_basis": outcome.published_basis,
        "as_of": plain(outcome.as_of),
        "base_date": plain(outcome.base_date),
        "status": outcome.status,
        "benchmark": outcome.benchmark,
        "prices": prices_record(outcome.prices, lang),
        "rating": thesis.rating.industry if thesis.rating else None,
        "scale": outcome.scale.id,
        "rows": _row_records(outcome.rows, lang),
        "windows": plain(outcome.windows, lang),
        "verdict": plain(outcome.verdict, lang),
        "other_markets": plain(outcome.other_markets, lang),
        "targets": plain(outcome.targets, lang),
        "gaps": gap_records(outcome, lang),
        "versions": versions(),
    }


def week_record(facts: WeeklyFacts, lang: Lang = "zh") -> Record:
    """`screener weekly --json` as one object."""
    week = facts.week
    return {
        "thesis": week.thesis.slug,
        "title": week.thesis.title,
        "published": plain(week.published),
        "published_basis": week.thesis.basis(week.published),
        "week_start": plain(week.sessions[0]),
        "week_end": plain(week.sessions[-1]),
        "sessions": len(week.sessions),
        "is_cut": week.is_cut,
        "previous_session": plain(week.previous),
        "base_date": plain(week.base_date),
        "as_of": plain(week.as_of),
        "benchmark": week.benchmark,
        "prices": prices_record(week.prices, lang),
        "rows": _row_records(week.rows, lang),
        "verdict": plain(facts.matured.verdict, lang) if facts.matured else None,
        "weightings": [_weighted_record(each, lang) for each in facts.weightings],
        "gaps": gap_records(week, lang),
        "versions": versions(),
    }


def prices_record(prices: Prices, lang: Lang) -> Record:
    """Where the prices came from: kind, name, first and last session, hash, and what was noted while reading."""
    return {
        "kind": prices.kind,
        "name": prices.name,
        "first": plain(prices.first),
        "last": plain(prices.last),
        "sha256": prices.sha256,
        "notes": [say(note.code, lang, **note.params) for note in prices.notes],
    }


def gap_records(result: Outcome | Week, lang: Lang) -> list[Record]:
    """Every gap that should not be there, once per subject and reason; what is not due yet is no gap."""
    found: dict[tuple[str, str], Record] = {}
    for subject, gap in missing_in(result):
        text = gap.text(lang)
        found.setdefault((subject, text), {"subject": subject, "code": gap.code, "reason": text})
    return list(found.values())


def versions() -> Record:
    """The versions that a figure may depend on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"screener": __version__, "python": python, "pandas": version("pandas"), "numpy": version("numpy")}


def _row_records(rows: Sequence[object], lang: Lang) -> list[Record]:
    """Rows as JSON; a band that is missing although there is a figure is named where any other gap is."""
    records: list[Record] = plain(tuple(rows), lang)
    for record in records:
        band_gap, reason = record.pop("band_gap"), record.pop("band_gap_reason")
        if record["gap"] is None:
            record |= {"gap": band_gap, "gap_reason": reason}
    return records


def _weighted_record(each: Weighted, lang: Lang) -> Record:
    own, excess = each.figure.own, each.figure.excess
    gap = own if isinstance(own, Gap) else excess if isinstance(excess, Gap) else None
    return {
        "weighting": each.weighting,
        "period": each.period.id,
        "series": each.period.series,
        "start": plain(each.period.start),
        "weighed_on": plain(each.weighed_on),
        "return": None if isinstance(own, Gap) else own,
        "excess": None if isinstance(excess, Gap) else excess,
        "weights": None if isinstance(each.weights, Gap) else plain(each.weights),
        "gap": gap.code if gap else None,
        "gap_reason": gap.text(lang) if gap else None,
    }


def plain(value: Any, lang: Lang = "zh") -> Any:
    """Any result as JSON: a frozen value as an object under the names of the contract, a gap as its code with its reason
    beside it, ISO dates, lists for tuples, objects for mappings, null for a figure that is none.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value, lang)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, tuple | list):
        return [plain(each, lang) for each in value]
    return {str(key): plain(each, lang) for key, each in value.items()} if hasattr(value, "items") else value


def _fields(value: Any, lang: Lang) -> Record:
    names = {"own_return": "return"}
    record: Record = {}
    for each in dataclasses.fields(value):
        content = getattr(value, each.name)
        if each.name.endswith("gap"):
            record[each.name] = content.code if content else None
            record[f"{each.name}_reason"] = content.text(lang) if content else None
        elif isinstance(content, Note):
            record[each.name] = say(content.code, lang, **content.params)
        else:
            record[names.get(each.name, each.name)] = plain(content, lang)
    return record


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
