"""`screener outcome`."""

from __future__ import annotations

import sys

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
    PlaceboCount,
    PricesWord,
    Proxy,
    Published,
    Quick,
    Seed,
    SensitivityFlag,
    SeriesOption,
    StoreDir,
    ThemesDir,
    ThesisName,
    UniverseFolder,
    WithCard,
    WithDocx,
    WithPdf,
    WithPng,
    as_lang,
    check_evidence,
    finished_day,
    parse_date,
    parse_edition,
    parse_published,
    parse_series,
)
from screener.cli.frame.saying import exit_with, print_json, print_text, say_archive, say_files, say_notes, writes
from screener.judgement.listings import parse_proxies
from screener.judgement.missing import has_gaps, listing_gaps
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record
from screener.report.trust import trust_sections
from screener.report.trust_records import with_trust
from screener.screening import check_outcome, check_trust
from screener.terms.say import say
from screener.writers.files import publish_archive, publish_outcome

app = typer.Typer(add_completion=False)


@app.command()
@reported
def outcome(
    thesis: ThesisName = DEFAULT,
    published: Published = None,
    as_of: AsOf = None,
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
    quick: Quick = False,
    sensitivity: SensitivityFlag = False,
    placebo: PlaceboCount = None,
    universe: UniverseFolder = None,
    seed: Seed = 0,
    proxy: Proxy = None,
    debug: Debug = False,
) -> None:
    """Check whether the rating came true, 6 to 12 months after publication. 核查评级是否兑现。"""
    check_evidence(quick=quick, sensitivity=sensitivity, placebo=placebo, universe=universe)
    edition, lead = parse_edition(png, pdf, updown, docx=docx, card=card), parse_series(series)
    loaded, scale, source = open_thesis(thesis, themes, prices, store)
    result = check_outcome(
        loaded,
        scale,
        source,
        published=parse_published(published),
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
        proxies=parse_proxies(proxy or [], loaded, scale),
    )
    say_notes((*result.prices.notes, *result.other_notes), as_lang(lang))
    trust = None
    if not quick:
        trust = check_trust(result, source, placebo=placebo, universe=universe, seed=seed, store=store)
    record = outcome_record(result, as_lang(lang))
    record = record if trust is None else with_trust(record, trust, as_lang(lang), cells=sensitivity)
    if as_json:
        print_json(record)
    if writes(out, as_json=as_json):
        document = build_dossier(result, as_lang(lang), extra=trust_sections(trust, as_lang(lang)) if trust else (), lead=lead)
        print_text(document, as_json=as_json)
        print(say("report_writing", as_lang(lang)), file=sys.stderr)
        place = out or REPORTS
        written = publish_outcome(result, place, record, lang=as_lang(lang), edition=edition, document=document)
        say_files(written, as_lang(lang), as_json=as_json)
        say_archive(*publish_archive(place, as_lang(lang), edition.updown), as_lang(lang), as_json=as_json)
    # A listing without its benchmark is said in its own rows, evidence that nobody asked for in its own section: they end the
    # run as incomplete only where they were asked for.
    asked = placebo is not None or universe is not None
    missing = bool(proxy and listing_gaps(result)) or (asked and trust is not None and any(trust.gaps()))
    exit_with(has_gaps(result) or missing)
