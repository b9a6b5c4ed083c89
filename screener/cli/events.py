"""`screener events`."""

from __future__ import annotations

from typing import Annotated

import typer

from screener.cli.errors import reported
from screener.cli.opening import open_thesis
from screener.cli.options import (
    DEFAULT,
    AsJson,
    AsOf,
    Debug,
    Language,
    PricesWord,
    StoreDir,
    ThemesDir,
    ThesisName,
    as_lang,
    finished_day,
    parse_date,
)
from screener.cli.saying import exit_with, print_json, say_notes
from screener.report.event_records import event_gaps, events_record
from screener.screening import check_events
from screener.thesis.library import open_library
from screener.writers.text.events import events_text

app = typer.Typer(add_completion=False)


@app.command()
@reported
def events(
    thesis: ThesisName = DEFAULT,
    as_of: AsOf = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of the random dates.")] = 0,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Dated policies of the thesis against its baskets, and their targets. 政策事件与量化目标。"""
    loaded, scale, source = open_thesis(thesis, themes, prices, store)
    result = check_events(
        loaded,
        scale,
        open_library(themes).load_policies(thesis),
        source,
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
        seed=seed,
    )
    say_notes(result.prices.notes, as_lang(lang))
    if as_json:
        print_json(events_record(result, as_lang(lang)))
    else:
        print(events_text(result, as_lang(lang)), end="")
    exit_with(bool(event_gaps(result)))
