"""`screener scales`: the houses' rating standards at hand, listed, shown, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, ThemesDir, as_lang, parse_date
from screener.cli.frame.saying import print_json, print_text, say_files
from screener.report.document import Document
from screener.report.records import problem_record
from screener.report.standards import standard_record, standards_document
from screener.terms.notes import Problem, UsageError
from screener.terms.say import Lang, say
from screener.thesis.check import check_scale_text
from screener.thesis.editions import choose_edition, is_of_house
from screener.thesis.library import open_library
from screener.writers.files import write_document

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Rating standards. 评级标准。")

OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write .html, .md or .xlsx.")]


@app.command("list")
@reported
def list_scales(
    themes: ThemesDir = None, out: OutFile = None, as_json: AsJson = False, lang: Language = "zh", debug: Debug = False
) -> None:
    """What each house promises. 各机构的评级标准。"""
    scales = sorted(open_library(themes).editions(), key=lambda each: (each.house, each.edition_from or ""))
    if as_json:
        print_json([standard_record(each) for each in scales])
    _give(standards_document(scales, as_lang(lang)), out, as_lang(lang), quiet=as_json)


@app.command("show")
@reported
def show_scale(
    house: Annotated[str, typer.Argument(metavar="HOUSE", help="A house's name, alias or id.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="The date of a report.")] = None,
    themes: ThemesDir = None,
    out: OutFile = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Every edition of one house, and the one that holds on a date. 一家机构的各个版本。"""
    scales, day = open_library(themes).editions(), parse_date(on, "--on")
    own = [each for each in scales if is_of_house(each, house) or each.id == house]
    if not own:
        raise UsageError("house_unknown", house=house, known=", ".join(sorted({each.house for each in scales})))
    own.sort(key=lambda each: each.edition_from or "")
    chosen = choose_edition(own, own[0].house, day) if day is not None else None
    if as_json:
        print_json([{**standard_record(each), "holds": chosen is not None and each.id == chosen.id} for each in own])
    _give(standards_document(own, as_lang(lang), on=day, chosen=chosen), out, as_lang(lang), quiet=as_json)


@app.command("check")
@reported
def check_scales(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scale files.")],
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Find every problem of scale files at once. 检查评级标准文件。"""
    problems = [problem for path in files for problem in _problems(path)]
    if as_json:
        print_json([problem_record(each, as_lang(lang)) for each in problems])
    else:
        for each in problems:
            print(each.line_text(as_lang(lang)))
        if not problems:
            print(say("check_passed", as_lang(lang), files=len(files), count=0))
    if problems:
        raise typer.Exit(2)


def _problems(path: Path) -> tuple[Problem, ...]:
    try:
        return check_scale_text(path.read_bytes(), path.name)[1]
    except OSError as error:
        return (Problem(path.name, None, "", "", "file_unreadable", {"detail": error.strerror or type(error).__name__}),)


def _give(document: Document, out: Path | None, lang: Lang, *, quiet: bool) -> None:
    """The document in the terminal, or as a file where one was asked for."""
    if out is not None:
        paths = write_document(document, out)
        if not quiet:
            say_files(paths, lang)
    elif not quiet:
        print_text(document)
