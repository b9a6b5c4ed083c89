"""`screener grade`."""

from __future__ import annotations

import functools
import sys
from typing import Annotated, Any

import typer

from screener.cli.errors import reported
from screener.cli.opening import choose_prices
from screener.cli.options import (
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
from screener.cli.saying import exit_with, print_json, say_notes
from screener.grading.result_files import check_result_path
from screener.grading.run import ENGINES, grade_to_file, grade_to_scoreboard
from screener.report.scoreboard import build_scoreboard_report, scoreboard_record
from screener.terms.notes import UsageError
from screener.terms.say import say
from screener.thesis.library import open_library
from screener.writers.files import document_bytes, write_files
from screener.writers.text.scoreboard import scoreboard_text

# Endings of `grade --out` that ask for the scoreboard instead of every rating.
BOARD_ENDINGS = (".html", ".xlsx", ".md")


app = typer.Typer(add_completion=False)


@app.command()
@reported
def grade(
    ratings: RatingsFile,
    prices: PricesWord = "auto",
    as_of: AsOf = None,
    engine: Annotated[str, typer.Option("--engine", metavar="duckdb|spark", help="What runs the query.")] = "duckdb",
    out: ResultFile = None,
    merge_repeats: Annotated[
        bool, typer.Option("--merge-repeats", help="Scoreboard: a house's unchanged rating counts once in 12 months.")
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
    scales = {scale.id: scale for scale in library.editions() if scale.is_uniform}
    choose = functools.partial(choose_prices, prices, store)
    when: dict[str, Any] = {"as_of": parse_date(as_of, "--as-of"), "today": finished_day()}
    if out is not None and out.suffix.lower() not in BOARD_ENDINGS:
        check_result_path(out)
        ground, tally = grade_to_file(ratings, choose, scales, out=out, **when)
        counts = {"rows": tally.rows, "measured": tally.measured, "pending": tally.pending, "gaps": tally.gaps}
        if as_json:
            print_json({"out": str(out), "as_of": str(ground.as_of), **counts})
        else:
            print(say("grade_written", as_lang(lang), path=out, as_of=ground.as_of, **counts))
    else:
        ground, tally, board = grade_to_scoreboard(ratings, choose, scales, merge_repeats=merge_repeats, **when)
        if out is not None:
            document = build_scoreboard_report(board, ground, tally.rows, as_lang(lang))
            write_files(out.parent, {out.name: document_bytes(document, out.suffix.lower())})
            print(say("board_written", as_lang(lang), path=out, rows=tally.rows), file=sys.stderr)
        if as_json:
            print_json(scoreboard_record(board, ground, tally.rows))
        elif out is None:
            print(scoreboard_text(board, ground, tally.rows, as_lang(lang)), end="")
    say_notes(ground.notes, as_lang(lang))
    exit_with(tally.gaps > 0 or ground.is_behind)
