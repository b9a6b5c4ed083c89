"""`screener doctor`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, StoreDir, ThemesDir, as_lang
from screener.cli.frame.saying import WIDTH, print_json
from screener.store.store import Store, default_folder
from screener.terms.clock import last_finished_day
from screener.terms.notes import Note, UsageError
from screener.terms.say import Lang, say
from screener.terms.widths import pad
from screener.thesis.library import open_library
from screener.upstream.asking.memory import Settings, load_breakers, load_settings
from screener.upstream.asking.patience import Fetcher
from screener.upstream.doctor import DOCTOR_POLICY, Finding, examine
from screener.upstream.jobs import Job, examine_jobs, exit_code
from screener.upstream.plan import thesis_symbols
from screener.writers.pictures import check_glyphs

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
    settings, notes = _settings(opened, notes)
    fetcher = Fetcher(DOCTOR_POLICY, breakers=breakers, unverified=settings.unverified)
    finished = last_finished_day(now)
    findings = examine(opened, symbols, today=finished, fetcher=fetcher, notes=notes, settings=settings)
    jobs = examine_jobs(findings, check_glyphs=check_glyphs)
    if as_json:
        print_json({"jobs": job_records(jobs, as_lang(lang)), "findings": doctor_records(findings, as_lang(lang))})
    else:
        print(doctor_text(jobs, as_lang(lang)), end="")
    if exit_code(jobs):
        raise typer.Exit(exit_code(jobs))


def _settings(opened: Store, notes: tuple[Note, ...]) -> tuple[Settings, tuple[Note, ...]]:
    """The user's settings; where they cannot be read the defaults, and what is wrong."""
    try:
        return load_settings(opened.folder), notes
    except UsageError as error:
        return Settings(), (*notes, Note(error.code, error.params))


def doctor_text(jobs: Sequence[Job], lang: Lang) -> str:
    """One line per job with what mends it, then every finding that needs attention, then the count."""
    lines = []
    for each in jobs:
        remedy = say("doctor_remedy", lang, command=each.remedy) if each.remedy else ""
        text = say(each.said.code, lang, **each.said.params)
        lines.append(f"{say('level_' + each.level, lang)}  {pad(say('job_title_' + each.name, lang), 14)}{text}{remedy}")
    details = [
        f"{say('level_' + each.level, lang)}  {pad(each.title(lang), 18)}{each.text(lang)}"
        for job in jobs
        for each in job.findings
        if each.level != "ok" or each.topic == "topic_order"
    ]
    count = {level: sum(each.level == level for each in jobs) for level in ("ok", "warn", "fail")}
    return "\n".join([*lines, "-" * WIDTH, *details, say("doctor_count", lang, **count)]) + "\n"


def job_records(jobs: Sequence[Job], lang: Lang) -> list[dict[str, Any]]:
    """The ten jobs for machines."""
    return [
        {
            "job": each.name,
            "level": each.level,
            "code": each.said.code,
            "text": say(each.said.code, lang, **each.said.params),
            "remedy": each.remedy or None,
        }
        for each in jobs
    ]


def doctor_records(findings: Sequence[Finding], lang: Lang) -> list[dict[str, Any]]:
    """Every finding for machines."""
    return [
        {
            "level": each.level,
            "topic": each.topic.removeprefix("topic_"),
            "subject": each.title("en") if each.topic_params else None,
            "code": each.code,
            "text": each.text(lang),
            **{key: value if isinstance(value, int) else str(value) for key, value in each.params.items()},
        }
        for each in findings
    ]
