"""`screener weekly`."""

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
    Colours,
    Debug,
    Language,
    OutDir,
    PricesWord,
    Published,
    SeriesOption,
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
    parse_published,
    parse_series,
)
from screener.cli.frame.saying import exit_with, print_json, print_text, say_archive, say_files, say_notes, writes
from screener.judgement.missing import has_gaps
from screener.report.records import week_record
from screener.report.week.report import weekly_document
from screener.screening import check_week
from screener.terms.say import say
from screener.writers.files import publish_archive, publish_weekly

app = typer.Typer(add_completion=False)


@app.command()
@reported
def weekly(
    thesis: ThesisName = DEFAULT,
    week: Annotated[str | None, typer.Option("--week", metavar="DATE", help="Any day of the week wanted.")] = None,
    published: Published = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: OutDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    series: SeriesOption = "price",
    png: WithPng = False,
    pdf: WithPdf = False,
    docx: WithDocx = False,
    card: WithCard = False,
    updown: Colours = "red-up",
    debug: Debug = False,
) -> None:
    """Write the weekly theme performance report. 主题周度表现。"""
    edition, lead = parse_edition(png, pdf, updown, docx=docx, card=card), parse_series(series)
    loaded, scale, source = open_thesis(thesis, themes, prices, store)
    result = check_week(
        loaded,
        scale,
        source,
        day=parse_date(week, "--week"),
        published=parse_published(published),
        today=finished_day(),
        lead=lead,
    )
    say_notes(result.week.prices.notes, as_lang(lang))
    if as_json:
        print_json(week_record(result, as_lang(lang)))
    if writes(out, as_json=as_json):
        document = weekly_document(result, as_lang(lang))
        print_text(document, as_json=as_json)
        print(say("report_writing", as_lang(lang)), file=sys.stderr)
        place = out or REPORTS
        written = publish_weekly(result, place, lang=as_lang(lang), edition=edition, document=document)
        say_files(written, as_lang(lang), as_json=as_json)
        say_archive(*publish_archive(place, as_lang(lang), edition.updown), as_lang(lang), as_json=as_json)
    exit_with(has_gaps(result.week))
