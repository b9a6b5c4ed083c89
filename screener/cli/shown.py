"""What only the command line shows: updates, examinations and drafts as text and as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from screener.drafting.draft import Draft, Record
from screener.drafting.files import scale_text, thesis_text
from screener.report.records import problem_record
from screener.store.store import Store
from screener.terms.notes import Note
from screener.terms.say import Lang, say
from screener.upstream.doctor import Finding
from screener.upstream.ratings import FetchedRatings
from screener.upstream.update import Plan, SymbolResult
from screener.writers.text.text import LIGHT, pad


def draft_record(draft: Draft, written: Sequence[Path], lang: Lang = "zh") -> Record:
    """`screener thesis draft --json` as one object: the files as text, the facts, what is asked back, dated policies."""
    return {
        "slug": draft.slug,
        "complete": draft.is_complete,
        "toml": thesis_text(draft, lang),
        "scale_toml": scale_text(draft.scale, lang) if draft.scale else None,
        "thesis": json.loads(json.dumps(draft.thesis, default=str)),
        "scale": draft.scale,
        "questions": [problem_record(each, lang) for each in draft.questions],
        "policies": list(draft.policies),
        "written": [str(path) for path in written],
    }


def doctor_text(findings: Sequence[Finding], lang: Lang) -> str:
    """One line per finding, then the count."""
    lines = [f"{say('level_' + each.level, lang)}  {pad(each.title(lang), 18)}{each.text(lang)}" for each in findings]
    count = {level: sum(each.level == level for each in findings) for level in ("ok", "warn", "fail")}
    return "\n".join([*lines, LIGHT, say("doctor_count", lang, **count)]) + "\n"


def doctor_records(findings: Sequence[Finding], lang: Lang) -> list[dict[str, Any]]:
    """`screener doctor --json`: one object per finding."""
    return [
        {
            "level": each.level,
            "topic": each.topic.removeprefix("topic_"),
            "subject": each.title("en") if each.topic_params else None,
            "code": each.code,
            "text": each.text(lang),
            **{key: value if isinstance(value, int | float) else str(value) for key, value in each.params.items()},
        }
        for each in findings
    ]


def update_records(results: Sequence[SymbolResult], lang: Lang) -> list[dict[str, Any]]:
    """`screener update --json`: one object per symbol (CONTRACT)."""
    return [
        {
            "symbol": each.symbol,
            "source": each.source,
            "rows": each.rows,
            "first": each.first.isoformat() if each.first else None,
            "last": each.last.isoformat() if each.last else None,
            "state": each.state,
            "complete": each.complete,
            "reason": say(each.reason.code, lang, **each.reason.params) if each.reason else None,
            "reason_code": each.reason.code if each.reason else None,
            "tried": [{"source": one.source, "outcome": one.code, "detail": one.text(lang)} for one in each.tried],
            "notes": [say(note.code, lang, **note.params) for note in (*each.notes, *filter(None, [each.shares]))],
        }
        for each in results
    ]


def update_text(results: Sequence[SymbolResult], plan: Plan, store: Store, lang: Lang) -> str:
    """One line per symbol, then how many reach the end that was wanted."""
    rows = [
        say(
            "update_row",
            lang,
            symbol=each.symbol,
            state=say(f"state_{each.state}", lang),
            rows=each.rows,
            first=each.first or "-",
            last=each.last or "-",
            source=each.source or "-",
            reason=_joined(each.said, lang),
        ).rstrip()
        for each in results
    ]
    fresh = sum(each.state == "fresh" for each in results)
    rows.append(say("update_end", lang, folder=store.folder, fresh=fresh, total=len(results), end=plan.end))
    return "\n".join(rows) + "\n"


def _joined(notes: Sequence[Note], lang: Lang) -> str:
    return ("；" if lang == "zh" else "; ").join(say(note.code, lang, **note.params) for note in notes)


def fetched_record(found: FetchedRatings) -> dict[str, object]:
    """The fetch for machines."""
    return {
        "out": str(found.out),
        "rows": found.rows,
        "default_scale": found.default,
        "symbols": [
            {
                "symbol": each.symbol,
                "state": each.state,
                "rows": each.rows,
                "first": each.first and each.first.isoformat(),
                "last": each.last and each.last.isoformat(),
                "reason": each.reason.code if each.reason else None,
            }
            for each in found.results
        ],
    }
