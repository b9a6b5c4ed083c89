"""`screener doctor`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import typer

from screener.cli.errors import reported
from screener.cli.options import AsJson, Debug, Language, StoreDir, ThemesDir, as_lang
from screener.cli.saying import WIDTH, print_json
from screener.store.store import Store, default_folder
from screener.terms.clock import last_finished_day
from screener.terms.say import Lang, say
from screener.terms.widths import pad
from screener.thesis.library import open_library
from screener.upstream.doctor import DOCTOR_POLICY, Finding, examine
from screener.upstream.memory import load_breakers
from screener.upstream.patience import Fetcher
from screener.upstream.plan import thesis_symbols

app = typer.Typer(add_completion=False)


@app.command()
@reported
def doctor(
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Say what works here: sources, store, calendar, versions, fonts. 检查环境。"""
    now = dt.datetime.now(dt.UTC)
    opened = Store(store or default_folder())
    symbols, _ = thesis_symbols(open_library(themes), [])
    breakers, notes = load_breakers(opened.folder, now=now)
    fetcher = Fetcher(DOCTOR_POLICY, breakers=breakers)
    findings = examine(opened, symbols, today=last_finished_day(now), fetcher=fetcher, notes=notes)
    if as_json:
        print_json(doctor_records(findings, as_lang(lang)))
    else:
        print(doctor_text(findings, as_lang(lang)), end="")


def doctor_text(findings: Sequence[Finding], lang: Lang) -> str:
    """One line per finding, then the count."""
    lines = [f"{say('level_' + each.level, lang)}  {pad(each.title(lang), 18)}{each.text(lang)}" for each in findings]
    count = {level: sum(each.level == level for each in findings) for level in ("ok", "warn", "fail")}
    return "\n".join([*lines, "-" * WIDTH, say("doctor_count", lang, **count)]) + "\n"


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
