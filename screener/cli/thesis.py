"""`screener thesis`: thesis files listed, checked, drafted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.opening import open_registry
from screener.cli.frame.options import AsJson, Debug, Language, NamesPlace, ThemesDir, as_lang, parse_date, today
from screener.cli.frame.saying import exit_with, print_json
from screener.drafting.accept import accept_file
from screener.drafting.assist import ask_assistant, weigh
from screener.drafting.by_hand import hand_text, hand_thesis, split_groups
from screener.drafting.draft import Draft, Record, draft_thesis
from screener.drafting.files import draft_place, quoted, scale_text, thesis_text, write_draft, write_new, write_schemas
from screener.drafting.lines.reading import read_report
from screener.drafting.lines.text import ReportText
from screener.drafting.naming.known import NameIndex
from screener.report.records import problem_record, thesis_record
from screener.report.wording import basis_text
from screener.terms.names import NameRegistry
from screener.terms.notes import UsageError
from screener.terms.say import Lang, say
from screener.thesis.library import open_library
from screener.thesis.lock import check_library
from screener.thesis.schema import SCHEMA_FILES, schema_text

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
    assist: Annotated[str | None, typer.Option("--assist", metavar="COMMAND")] = None,
    yes: Annotated[bool, typer.Option("--yes")] = False,
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
    if assist is not None:
        draft = replace(_assisted(draft, text, assist, open_registry(names), as_lang(lang)), accepted=yes)
    written = write_draft(draft, place, as_lang(lang)) if place else ()
    if as_json:
        print_json(draft_record(draft, written, as_lang(lang)))
    elif not written:
        print(thesis_text(draft, as_lang(lang)), end="")
    _say_draft(draft, written, as_lang(lang))
    exit_with(not draft.is_complete)


@app.command("accept")
@reported
def accept_proposals(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Take the proposals of an assistant into thesis files. 采纳助手的提议。"""
    for path in paths:
        if not path.is_file():
            raise UsageError("thesis_file_missing", path=str(path))
        count = accept_file(path)
        print(say("accepted", as_lang(lang), path=path, count=count))


@app.command("schema")
@reported
def print_schema(
    kind: Annotated[str, typer.Argument(metavar="thesis|scale")] = "thesis",
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR")] = None,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Print the JSON Schema of thesis or scale files. 打印文件的 JSON Schema。"""
    if kind not in SCHEMA_FILES:
        raise UsageError("schema_kind", value=kind, known=" ".join(SCHEMA_FILES))
    if out is None:
        print(schema_text(kind), end="")
        return
    for path in write_schemas(out):
        print(say("draft_written", as_lang(lang), path=path))


@app.command("new")
@reported
def new_thesis(
    out: Annotated[Path, typer.Option("--out", metavar="FILE")],
    house: Annotated[str | None, typer.Option("--house", metavar="NAME")] = None,
    date: Annotated[str | None, typer.Option("--date", metavar="DATE")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT")] = None,
    sector: Annotated[str | None, typer.Option("--sector", metavar="WORD")] = None,
    rating: Annotated[str | None, typer.Option("--rating", metavar="WORD")] = None,
    candidates: Annotated[str, typer.Option("--candidates", metavar="NAME,CODE…")] = "",
    group: Annotated[list[str] | None, typer.Option("--group", metavar="GROUP:NAME,CODE…")] = None,
    names: NamesPlace = None,
    themes: ThemesDir = None,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Write a thesis file from a few answers. 手填几项，写成投资逻辑文件。"""
    place = draft_place(out, out)[1] or out
    asked = _Asker(as_lang(lang))
    day = parse_date(asked("date", date), "--date")
    thesis = hand_thesis(
        house=asked("house", house),
        published=day or today(),
        title=asked("title", title),
        sector=asked("sector", sector),
        rating=asked("rating", rating, optional=True) or None,
        groups=split_groups(candidates or ("" if group else asked("candidates", None)), group or ()),
        registry=open_registry(names),
    )
    for path in write_new({place: hand_text(thesis, as_lang(lang))}, place.parent):
        print(say("draft_written", as_lang(lang), path=path))
    checked = check_library(open_library(themes), [str(place)], today=today(), registry=open_registry(names), record=False)
    for problem in checked.problems:
        print(problem.line_text(as_lang(lang)), file=sys.stderr)
    if checked.problems:
        raise typer.Exit(2)
    print(say("new_next", as_lang(lang), path=place))


class _Asker:
    """Asks for what no option gave, where somebody sits at the terminal; else says which option is missing."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, name: str, given: str | None, *, optional: bool = False) -> str:
        if given is not None:
            return given.strip()
        if sys.stdin.isatty():
            answer: str = typer.prompt(say(f"new_ask_{name}", self.lang), default="" if optional else None, show_default=False)
            return answer.strip()
        if optional:
            return ""
        raise UsageError("new_missing", option=f"--{name}")


def _assisted(draft: Draft, report: ReportText, command: str, registry: NameRegistry, lang: Lang) -> Draft:
    """The draft with what an assistant proposes and the report bears out; what is not taken is said."""
    proposals, refused = weigh(ask_assistant(command, report), report, draft, NameIndex(registry), today())
    for no in refused:
        print(say("assist_refused", lang, field=no.field, value=no.value, reason=say(no.code, lang)), file=sys.stderr)
    for yes in proposals:
        print(say("assist_proposed", lang, field=yes.field, value=yes.value, place=yes.line.place), file=sys.stderr)
    return replace(draft, proposed=tuple(each.record() for each in proposals))


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
        "proposed": list(draft.proposed),
        "policies": list(draft.policies),
        "written": [str(path) for path in written],
    }
