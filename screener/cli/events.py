"""`screener events`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.opening import open_thesis
from screener.cli.frame.options import (
    DEFAULT,
    REPORTS,
    AsJson,
    AsOf,
    Colours,
    Debug,
    Language,
    OutDir,
    PricesWord,
    StoreDir,
    ThemesDir,
    ThesisName,
    WithCard,
    WithDocx,
    WithPdf,
    WithPng,
    as_lang,
    finished_day,
    parse_date,
    parse_edition,
)
from screener.cli.frame.saying import exit_with, print_json, print_text, say_archive, say_files, say_notes, writes
from screener.report.event_records import events_record
from screener.report.events import event_gaps, events_document
from screener.screening import check_events
from screener.terms.say import say
from screener.thesis.library import open_library
from screener.writers.files import publish_archive, publish_events

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
    out: OutDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    png: WithPng = False,
    pdf: WithPdf = False,
    docx: WithDocx = False,
    card: WithCard = False,
    updown: Colours = "red-up",
    debug: Debug = False,
) -> None:
    """Dated policies of the thesis against its baskets, and their targets. 政策事件与量化目标。"""
    edition = parse_edition(png, pdf, updown, docx=docx, card=card)
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
    if writes(out, as_json=as_json):
        document = events_document(result, as_lang(lang))
        print_text(document, as_json=as_json)
        print(say("report_writing", as_lang(lang)), file=sys.stderr)
        place = out or REPORTS
        say_files(publish_events(result, document, place, edition=edition), as_lang(lang), as_json=as_json)
        say_archive(*publish_archive(place, as_lang(lang), edition.updown), as_lang(lang), as_json=as_json)
    exit_with(bool(event_gaps(result)))
