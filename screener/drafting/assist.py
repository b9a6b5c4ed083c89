"""An assistant may help and never decides: its answers are held against the report, and stand as proposals until accepted."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screener.drafting.dates import days_in
from screener.drafting.draft import Draft, Record
from screener.drafting.house import is_house
from screener.drafting.lines.text import Line, ReportText, half_width
from screener.drafting.naming.advice import is_against
from screener.drafting.naming.known import NameIndex, read_code
from screener.drafting.sector import sector_words, sectors
from screener.drafting.words import rating_words
from screener.terms.names import plain_name
from screener.terms.notes import UsageError
from screener.thesis.schema import file_schema

FIELDS = ("title", "house", "sector", "published", "rating.industry", "candidates")
# An assistant that has not answered by then, or answers more than this, is not waited for.
_SECONDS, _LONGEST_REPLY = 600, 5_000_000
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["answers"],
    "properties": {
        "answers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "value", "quote"],
                "properties": {
                    "field": {"enum": list(FIELDS)},
                    "value": {"type": "string", "description": "a date as YYYY-MM-DD; a candidate's name as printed"},
                    "quote": {"type": "string", "description": "the line of the report that says so, word for word"},
                    "bucket": {"type": "string", "description": "of a candidate: the theme segment, as printed"},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Proposal:
    """An answer that the report bears out: field, value, the line that holds the quote; of a candidate symbol and bucket."""

    field: str
    value: str
    line: Line
    symbol: str = ""
    bucket: str = ""

    def record(self) -> Record:
        """As a thesis file has it until it is accepted."""
        parts = {"field": self.field, "value": self.value, "symbol": self.symbol, "bucket": self.bucket}
        return {
            **{key: value for key, value in parts.items() if value},
            "place": self.line.place,
            "quote": self.line.text[:200],
        }


@dataclass(frozen=True)
class Refused:
    """An answer that was not taken, with the message code of why."""

    field: str
    value: str
    code: str


def ask_assistant(command: str, report: ReportText) -> list[Mapping[str, Any]]:
    """The answers of `command`, which gets the report's lines and the JSON Schemas on standard input.

    UsageError where it cannot be run, fails, takes too long, or answers anything but such JSON.
    """
    lines = [{"place": line.place, "text": line.text} for line in report.of("front", "body")]
    question = {"lines": lines, "thesis_schema": file_schema("thesis"), "answer_schema": ANSWER_SCHEMA}
    try:
        done = subprocess.run(  # noqa: S603 the command is the user's own
            shlex.split(command),
            input=json.dumps(question, ensure_ascii=False),
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=True,
        )
        answers = json.loads(done.stdout[:_LONGEST_REPLY])["answers"]
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
        raise UsageError("assist_failed", command=command, detail=str(error)[:120] or type(error).__name__) from None
    if not isinstance(answers, list):
        raise UsageError("assist_failed", command=command, detail="answers")
    return [each for each in answers if isinstance(each, dict)]


def weigh(
    answers: Sequence[Mapping[str, Any]], report: ReportText, draft: Draft, index: NameIndex, today: dt.date
) -> tuple[list[Proposal], list[Refused]]:
    """The answers that the report bears out and the draft leaves open, and the others with the reason."""
    proposals: dict[tuple[str, str], Proposal] = {}
    refused: list[Refused] = []
    lines = [(_bare(line.half), line) for line in report.of("front", "body")]
    for answer in answers:
        field, value, quote = (str(answer.get(key, "")).strip() for key in ("field", "value", "quote"))
        found = _held(field, value, quote, answer, lines, draft, index, today)
        if isinstance(found, str):
            refused += [Refused(field[:40], value[:60], found)] if found else []
        elif found is not None:
            key = (field, found.symbol) if field == "candidates" else (field, "")
            proposals.setdefault(key, found)
    return list(proposals.values()), refused


def _held(
    field: str,
    value: str,
    quote: str,
    answer: Mapping[str, Any],
    lines: Sequence[tuple[str, Line]],
    draft: Draft,
    index: NameIndex,
    today: dt.date,
) -> Proposal | str:
    """The proposal that an answer makes; the message code of why it makes none; empty where the draft has it already."""
    if field not in FIELDS:
        return "assist_field"
    wanted = _bare(quote)
    line = next((line for text, line in lines if wanted and wanted in text), None)
    if line is None or len(wanted) < 2:
        return "assist_quote_missing"
    if field == "candidates":
        return _candidate(value, quote, str(answer.get("bucket", "")), line, draft, index)
    if not _follows(field, value, quote, today):
        return "assist_not_in_quote"
    settled = _settled(draft, field)
    if settled is not None:
        return "" if settled == value else "assist_contradicts"
    return Proposal(field, value, line)


def _settled(draft: Draft, field: str) -> str | None:
    """What the draft says of a field without a question; None where it is open."""
    if any(each.field == field for each in draft.questions):
        return None
    value = draft.thesis.get("rating", {}).get("industry") if field == "rating.industry" else draft.thesis.get(field)
    return None if value is None else str(value)


def _follows(field: str, value: str, quote: str, today: dt.date) -> bool:
    half = half_width(quote)
    if field == "published":
        return value in {str(day) for day in days_in(half, today)}
    if not value or _bare(value) not in _bare(quote):
        return False
    if field == "rating.industry":
        return value in rating_words()
    if field == "sector":
        return value in sectors() or (value in sector_words() and bool(sector_words()[value].sector))
    return is_house(half_width(value)) if field == "house" else len(value) <= 80


def _candidate(value: str, quote: str, bucket: str, line: Line, draft: Draft, index: NameIndex) -> Proposal | str:
    """A candidate whose name stands in the quote and means one security, by itself or by the code behind it."""
    if not value or _bare(value) not in _bare(quote):
        return "assist_not_in_quote"
    if is_against(half_width(quote)) or line.zone not in ("front", "body"):
        return "seen_advised_against"
    symbols = index.symbols_of(plain_name(value))
    coded = re.search(rf"{re.escape(half_width(value))}\s?\(\s?([\w.]{{4,12}})", half_width(quote))
    code = read_code(coded[1]).symbol if coded else None
    symbol = code if code and (not symbols or code in symbols) else symbols[0] if len(symbols) == 1 and not coded else None
    if symbol is None:
        return "assist_name_unknown"
    if symbol in {each["symbol"] for each in draft.thesis.get("candidates", ())}:
        return ""
    kept = bucket if bucket and _bare(bucket) in _bare(quote) else ""
    return Proposal("candidates", index.name_of(symbol) or value, line, symbol, kept)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", half_width(text)).upper()
