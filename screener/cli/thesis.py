"""`screener thesis`: thesis files listed, checked, drafted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.errors import reported
from screener.cli.opening import open_registry
from screener.cli.options import AsJson, Debug, Language, NamesPlace, ThemesDir, as_lang, today
from screener.cli.saying import exit_with, print_json
from screener.drafting.draft import Draft, Record, draft_thesis
from screener.drafting.files import draft_place, quoted, scale_text, thesis_text, write_draft
from screener.drafting.reading import read_report
from screener.report.records import problem_record, thesis_record
from screener.report.wording import basis_text
from screener.terms.say import Lang, say
from screener.thesis.library import open_library
from screener.thesis.lock import check_library

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List and check thesis files. 投资逻辑文件。")


@app.command("list")
@reported
def list_theses(themes: ThemesDir = None, as_json: AsJson = False, lang: Language = "zh", debug: Debug = False) -> None:
    """List the theses at hand. 列出投资逻辑。"""
    library = open_library(themes)
    theses = [library.load(str(path))[0] for path in library.thesis_paths()]
    if as_json:
        print_json([thesis_record(each) for each in theses])
    else:
        for each in theses:
            basis = basis_text(each, each.published, as_lang(lang))
            names = f"{each.house_in(as_lang(lang))}  {each.title_in(as_lang(lang))}"
            print(f"{each.slug}  {each.published}{basis}  {names}")


@app.command("check")
@reported
def check_theses(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[FILE…]", help="Files or slugs; all when none.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the facts of sound files into theses.lock.")] = False,
    names: NamesPlace = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Find every problem of thesis files at once. 检查投资逻辑文件。"""
    library, day = open_library(themes), today()
    checked = check_library(library, paths or [], today=day, registry=open_registry(names), record=record)
    levels = [("problem", each) for each in checked.problems] + [("stale", each) for each in checked.stale]
    if as_json:
        print_json([{**problem_record(each, as_lang(lang)), "level": level} for level, each in levels])
    else:
        for _, each in levels:
            print(each.line_text(as_lang(lang)))
        count, files = len(checked.problems), checked.files
        print(say("check_found" if count else "check_passed", as_lang(lang), files=files, count=count))
        for slug in checked.recorded:
            print(say("check_recorded", as_lang(lang), slug=slug))
        if checked.stale:
            print(say("check_stale", as_lang(lang), count=len(checked.stale)))
    if checked.problems:
        raise typer.Exit(2)
    exit_with(bool(checked.stale))


@app.command("draft")
@reported
def draft_report(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report: .pdf, .docx, .md or .txt.")],
    names: NamesPlace = None,
    scale: Annotated[str | None, typer.Option("--scale", metavar="ID", help="Take this rating scale of the library.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of printing.")] = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Draft a thesis file from a report's text. 由研报正文起草投资逻辑。"""
    library, text = open_library(themes), read_report(report, _progress(as_lang(lang)))
    slug, place = draft_place(report, out)
    scales = [library.load_scale(each) for each in ([scale] if scale else library.scale_ids())]
    draft = draft_thesis(
        text, file=report.name, slug=slug, registry=open_registry(names), scales=scales, scale_id=scale, today=today()
    )
    written = write_draft(draft, place, as_lang(lang)) if place else ()
    if as_json:
        print_json(draft_record(draft, written, as_lang(lang)))
    elif not written:
        print(thesis_text(draft, as_lang(lang)), end="")
    _say_draft(draft, written, as_lang(lang))
    exit_with(not draft.is_complete)


def _progress(lang: Lang) -> Callable[[int, int], None]:
    """Tells the page being read on standard error, from the first second on and once a second."""
    begun = time.monotonic()
    said = [begun]

    def tell(page: int, pages: int) -> None:
        if time.monotonic() - said[0] >= 1:
            said[0] = time.monotonic()
            print(say("draft_reading", lang, page=page, pages=pages), file=sys.stderr)

    return tell


def _say_draft(draft: Draft, written: Sequence[Path], lang: Lang) -> None:
    lines = [say("draft_written", lang, path=path) for path in written]
    lines += [say("draft_scale_apart", lang)] if draft.scale and not written else []
    lines += [say("draft_asked", lang, count=len(draft.questions))] if draft.questions else []
    for line in [*lines, *("  " + each.line_text(lang) for each in draft.questions)]:
        print(line, file=sys.stderr)


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
        "source": {name: {"page": line.page, "line": line.number, "text": line.text} for name, line in draft.sources.items()},
        "seen": [
            {"field": each.field, "value": each.value, "line": quoted(each.line), "text": say(each.code, lang)}
            for each in draft.seen
        ],
        "policies": list(draft.policies),
        "written": [str(path) for path in written],
    }
