"""`screener screen`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.opening import choose_prices
from screener.cli.frame.options import (
    DEFAULT,
    AsJson,
    AsOf,
    Debug,
    Language,
    PricesWord,
    StoreDir,
    ThemesDir,
    as_lang,
    finished_day,
    parse_date,
)
from screener.cli.frame.saying import exit_with, print_json, print_text, say_notes
from screener.report.screen import screen_document, screen_record
from screener.screening import open_screen
from screener.terms.say import say
from screener.thesis.library import open_library
from screener.writers.files import check_ending, write_screen

app = typer.Typer(add_completion=False)


@app.command()
@reported
def screen(
    theses: Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or .toml files of theses.")] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="EXPR", help="Keep rows: excess_13w > 0.1 and beta < 1")
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", metavar="COLUMN", help="Sort by; -COLUMN: largest first.")] = None,
    top: Annotated[int | None, typer.Option("--top", metavar="N", help="Only the first N rows.")] = None,
    universe: Annotated[str | None, typer.Option("--universe", metavar="a-shares", help="The whole market.")] = None,
    like: Annotated[str | None, typer.Option("--like", metavar="BUCKET", help="Names that moved like a bucket.")] = None,
    as_of: AsOf = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write .csv, .md, .xlsx or .json.")] = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Candidates, or the whole market, as a table: filter, sort, export. 筛选。"""
    if out is not None:
        check_ending(out)
    library = open_library(themes)
    pairs = [library.load(name) for name in theses or [DEFAULT]]
    symbols = tuple(dict.fromkeys(symbol for thesis, scale in pairs for symbol in thesis.symbols(scale)))
    result = open_screen(
        pairs,
        choose_prices(
            prices,
            store,
            symbols,
            min(thesis.published_earliest or thesis.published for thesis, _ in pairs),
            whole_market=universe is not None or like is not None,
        ),
        where=where,
        sort=sort,
        top=top,
        universe=universe,
        like=like,
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
        has_thesis=bool(theses),
    )
    say_notes((note for each in result.prices.values() for note in each.notes), as_lang(lang))
    if as_json:
        print_json(screen_record(result, as_lang(lang)))
    elif out is None:
        print_text(screen_document(result, as_lang(lang), asked=f"{where or ''} {sort or ''}"))
    if out is not None:
        print(say("screen_written", as_lang(lang), path=write_screen(result, out, as_lang(lang))), file=sys.stderr)
    exit_with(result.has_gaps)
