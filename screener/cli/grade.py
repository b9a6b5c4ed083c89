"""`screener grade`."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.opening import choose_prices
from screener.cli.frame.options import (
    AsJson,
    AsOf,
    Debug,
    Language,
    PricesWord,
    RatingsFile,
    ResultFile,
    StoreDir,
    ThemesDir,
    as_lang,
    finished_day,
    parse_date,
)
from screener.cli.frame.saying import exit_with, print_json, print_text, say_notes
from screener.grading.cluster import BAD, Manifest, grade_on_spark
from screener.grading.ground import Ground
from screener.grading.run import ENGINES, Tally, grade_to_file, grade_to_scoreboard
from screener.grading.scoreboard import Scoreboard
from screener.report.scoreboard import build_scoreboard_report, scoreboard_record
from screener.terms.notes import UsageError
from screener.terms.say import Lang, say
from screener.thesis.library import open_library
from screener.writers.files import document_bytes, write_files

# Endings of `grade --out` that ask for the scoreboard instead of every rating.
BOARD_ENDINGS = (".html", ".xlsx", ".md")


app = typer.Typer(add_completion=False)


@app.command()
@reported
def grade(
    ratings: RatingsFile,
    prices: PricesWord = "auto",
    as_of: AsOf = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="duckdb|spark", help="In this process, or on a cluster.")
    ] = "duckdb",
    out: ResultFile = None,
    staging: Annotated[
        str | None, typer.Option("--staging", metavar="URI", help="Spark: where its workers find what they need.")
    ] = None,
    merge_repeats: Annotated[
        bool, typer.Option("--merge-repeats", help="Scoreboard: a house's unchanged rating counts once in 12 months.")
    ] = False,
    until_change: Annotated[
        bool, typer.Option("--until-change", help="A rating ends where its house changes it, if that is earlier.")
    ] = False,
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Grade many published ratings at once. 批量核查评级是否兑现。"""
    if engine not in ENGINES:
        raise UsageError("engine_unknown", value=engine)
    library = open_library(themes)
    scales = {scale.id: scale for scale in library.editions()}
    choose = functools.partial(choose_prices, prices, store)
    when: dict[str, Any] = {"as_of": parse_date(as_of, "--as-of"), "today": finished_day()}
    if engine == "spark":
        if until_change or merge_repeats:
            raise UsageError("engine_whole_file")
        if out is None or Path(out).suffix.lower() in (".csv", *BOARD_ENDINGS):
            raise UsageError("engine_out", path=out or "")
        ground, counted = grade_on_spark(ratings, choose, scales, out=out, staging=staging, **when)
        _say_written(out, ground, counted, as_json=as_json, lang=as_lang(lang))
    elif out is not None and Path(out).suffix.lower() not in BOARD_ENDINGS:
        ground, tally = grade_to_file(ratings, choose, scales, out=Path(out), until_change=until_change, **when)
        _say_written(out, ground, tally, as_json=as_json, lang=as_lang(lang))
    else:
        ground, tally, board = grade_to_scoreboard(
            ratings, choose, scales, merge_repeats=merge_repeats, until_change=until_change, **when
        )
        _show_board(board, ground, tally.rows, out=None if out is None else Path(out), as_json=as_json, lang=as_lang(lang))
    say_notes(ground.notes, as_lang(lang))
    exit_with((counted if engine == "spark" else tally).gaps > 0 or ground.is_behind)


def _say_written(out: str, ground: Ground, done: Tally | Manifest, *, as_json: bool, lang: Lang) -> None:
    counts = {"rows": done.rows, "measured": done.measured, "pending": done.pending, "gaps": done.gaps}
    bad = done.bad if isinstance(done, Manifest) else 0
    if as_json:
        print_json({"out": out, "as_of": str(ground.as_of), **counts, **({"bad": bad} if isinstance(done, Manifest) else {})})
        return
    print(say("grade_written", lang, path=out, as_of=ground.as_of, **counts))
    if bad:
        print(say("grade_set_aside", lang, bad=f"{bad:,}", path=f"{out.rstrip('/')}/{BAD}"), file=sys.stderr)


def _show_board(board: Scoreboard, ground: Ground, rows: int, *, out: Path | None, as_json: bool, lang: Lang) -> None:
    document = build_scoreboard_report(board, ground, rows, lang)
    if out is not None:
        write_files(out.parent, {out.name: document_bytes(document, out.suffix.lower())})
        print(say("board_written", lang, path=out, rows=rows), file=sys.stderr)
    if as_json:
        print_json(scoreboard_record(board, ground, rows))
    elif out is None:
        print_text(document)
