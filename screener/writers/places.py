"""What was understood of a place of exports, as text and as plain objects."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from screener.sources.exports.findings import Finding
from screener.sources.exports.place import Difference, Place, Understood
from screener.terms.notes import Problem
from screener.terms.say import Lang, listed, say
from screener.terms.symbols import parse_symbol

# Lines of a kind that are shown; the rest is counted.
MOST_LINES = 10


def place_text(place: Place, findings: Sequence[Finding], lang: Lang) -> str:
    """File by file what was understood, then security by security, then what is wrong with its remedy."""
    understood = [each for each in place.sheets if each.reason is None]
    parts = [
        (say("prices_files", lang, count=len(understood)), [_sheet_line(each, lang) for each in understood]),
        (say("prices_securities", lang, count=len(findings)), [_finding_line(each, lang) for each in findings]),
        (say("prices_compared", lang), [_difference_line(each, lang) for each in place.differences()]),
        (say("prices_set_aside", lang), [_reason_line(each, lang) for each in place.sheets if each.reason is not None]),
    ]
    lines = [line for head, found in parts if found for line in (head, *_shown(found, lang))]
    problems = [each.problem for each in place.faults]
    if problems:
        lines += [say("prices_faults", lang, count=len(problems)), *_fault_lines(problems, lang)]
    lines.append(_last_line(place, findings, lang))
    return "\n".join(lines) + "\n"


def _shown(lines: Sequence[str], lang: Lang) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield "  " + say("prices_more", lang, count=len(lines) - MOST_LINES)


def _fault_lines(problems: Iterable[Problem], lang: Lang) -> Iterator[str]:
    """At most MOST_LINES of each kind of fault; the remedy stands in each line's own sentence."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for each in problems:
        kinds[each.code].append(each)
    for found in kinds.values():
        yield from _shown([each.line_text(lang) for each in found], lang)


def _sheet_line(sheet: Understood, lang: Lang) -> str:
    layout = sheet.layout
    heads = [] if layout is None else [each.head for each in layout.columns if each.head.printed]
    columns = dict.fromkeys(f"{each.printed}→{each.name}" + (f"×{each.factor:f}" if each.factor != 1 else "") for each in heads)
    shown = list(columns)[:MOST_LINES]
    words: dict[str, object] = {"file": sheet.file, "rows": sheet.rows, "count": len(sheet.symbols)}
    words |= {"kind": say(f"prices_kind_{layout.kind if layout else 'bars'}", lang), "columns": listed(shown, lang)}
    words |= {"first": sheet.first or "-", "last": sheet.last or "-"}
    parts = [say("prices_sheet", lang, **words)]
    if layout is not None and layout.ignored:
        parts.append(say("prices_ignored", lang, columns=listed(layout.ignored[:MOST_LINES], lang)))
    parts += [say(note.code, lang, **note.params) for note in sheet.notes]
    return say("prices_joint", lang).join(parts)


def _reason_line(sheet: Understood, lang: Lang) -> str:
    reason = "" if sheet.reason is None else say(sheet.reason.code, lang, **sheet.reason.params)
    return f"{sheet.file}  {reason}"


def _finding_line(found: Finding, lang: Lang) -> str:
    words: dict[str, object] = {"symbol": found.symbol, "name": found.name, "first": found.first, "last": found.last}
    parts = [say("prices_finding", lang, **words, days=found.days, missing=found.missing)]
    if parse_symbol(found.symbol).kind == "stock":
        parts += [_adjustment(found, lang), _actions(found, lang)]
    if found.common:
        code = "prices_differs" if found.differs_on else "prices_agrees"
        day, own, other = found.differs_on or ("", 0.0, 0.0)
        parts.append(say(code, lang, common=found.common, count=found.differing, day=day, own=own, other=other))
    return say("prices_joint", lang).join(parts)


def _adjustment(found: Finding, lang: Lang) -> str:
    if found.part_cents:
        return say("prices_part_cents", lang, count=found.part_cents)
    return say("prices_unadjusted" if found.common and not found.differing else "prices_whole_cents", lang)


def _actions(found: Finding, lang: Lang) -> str:
    if found.actions is None:
        return say("prices_no_list", lang)
    return say("prices_actions", lang, count=found.actions)


def _difference_line(found: Difference, lang: Lang) -> str:
    words: dict[str, object] = {"symbol": found.symbol, "one": found.files[0], "other": found.files[1], "common": found.common}
    if found.values is None:
        return say("prices_two_agree", lang, **words)
    one, other = found.values
    return say("prices_two_differ", lang, **words, count=found.count, day=found.first, a=one.text, b=other.text)


def _last_line(place: Place, findings: Sequence[Finding], lang: Lang) -> str:
    if not findings:
        return say("prices_none", lang)
    code = "prices_to_mend" if place.faults else "prices_ready"
    return say(code, lang, place=place.root, count=len(findings))


def import_text(place: Place, files: Sequence[str], lang: Lang, *, day: dt.date) -> str:
    """What an import did, for the terminal and for the README that it leaves."""
    sheets = [each for each in place.sheets if each.reason is None]
    lines = [say("import_head", lang, day=day, count=len(files)), *_shown(files, lang)]
    lines += [say("import_from", lang, count=len(sheets)), *_shown([_sheet_line(each, lang) for each in sheets], lang)]
    aside = [_reason_line(each, lang) for each in place.sheets if each.reason is not None]
    lines += [say("prices_set_aside", lang), *_shown(aside, lang)] if aside else []
    return "\n".join(lines) + "\n"


def place_record(place: Place, findings: Sequence[Finding], lang: Lang) -> dict[str, Any]:
    """`screener prices check --json` as one object."""
    return {
        "place": str(place.root),
        "files": [_sheet_record(each, lang) for each in place.sheets],
        "securities": [
            {**vars(each), "files": list(each.files), "differs_on": list(each.differs_on) if each.differs_on else None}
            for each in findings
        ],
        "compared": [
            {"symbol": each.symbol, "files": list(each.files), "common": each.common, "differing": each.count}
            for each in place.differences()
        ],
        "problems": [_problem_record(fault.problem, lang) for fault in place.faults],
    }


def _problem_record(found: Problem, lang: Lang) -> dict[str, Any]:
    place = {"file": found.file, "line": found.line, "field": found.field, "value": found.value}
    return {**place, "code": found.code, "text": found.text(lang)}


def _sheet_record(sheet: Understood, lang: Lang) -> dict[str, Any]:
    layout = sheet.layout
    return {
        "file": sheet.file,
        "kind": layout.kind if layout else None,
        "reason": None if sheet.reason is None else sheet.reason.code,
        "columns": {}
        if layout is None
        else {each.head.printed: each.head.name for each in layout.columns if each.head.printed},
        "ignored": [] if layout is None else list(layout.ignored),
        "symbols": list(sheet.symbols),
        "first": sheet.first or None,
        "last": sheet.last or None,
        "rows": sheet.rows,
        "notes": [say(note.code, lang, **note.params) for note in sheet.notes],
    }
