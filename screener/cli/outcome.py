"""`screener outcome`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from screener.cli.errors import reported
from screener.cli.opening import open_thesis
from screener.cli.options import (
    DEFAULT,
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
    Seed,
    SensitivityFlag,
    SeriesOption,
    StoreDir,
    ThemesDir,
    ThesisName,
    UniverseFolder,
    WithPdf,
    WithPng,
    as_lang,
    finished_day,
    parse_date,
    parse_edition,
    parse_published,
    parse_series,
)
from screener.cli.saying import exit_with, print_json, print_text, say_archive, say_files, say_notes
from screener.evidence.trust import Trust
from screener.judgement.listings import parse_proxies
from screener.judgement.outcome import Outcome
from screener.report.document import Section
from screener.report.outcome.dossier import build_dossier
from screener.report.records import has_gaps, listing_gaps, outcome_record
from screener.report.trust import trust_sections
from screener.report.trust_records import with_trust
from screener.screening import check_outcome, check_trust
from screener.terms.say import Lang, say
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
    out: OutDir = Path("reports"),
    as_json: AsJson = False,
    lang: Language = "zh",
    series: SeriesOption = "price",
    png: WithPng = False,
    pdf: WithPdf = False,
    updown: Colours = "red-up",
    sensitivity: SensitivityFlag = False,
    placebo: PlaceboCount = None,
    universe: UniverseFolder = None,
    seed: Seed = 0,
    proxy: Proxy = None,
    debug: Debug = False,
) -> None:
    """Check whether the rating came true, 6 to 12 months after publication. 核查评级是否兑现。"""
    edition, lead = parse_edition(png, pdf, updown), parse_series(series)
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
    trust = _trust(result, sensitivity=sensitivity, placebo=placebo, universe=universe, seed=seed, store=store)
    record = _trust_record(outcome_record(result, as_lang(lang)), trust, as_lang(lang))
    if as_json:
        print_json(record)
    else:
        document = build_dossier(result, as_lang(lang), extra=_trust_sections(trust, as_lang(lang)), lead=lead)
        print_text(document)
        print(say("report_writing", as_lang(lang)), file=sys.stderr)
        say_files(publish_outcome(result, out, record, lang=as_lang(lang), edition=edition, document=document), as_lang(lang))
        say_archive(*publish_archive(out, as_lang(lang), edition.updown), as_lang(lang))
    # A listing without its benchmark is said in its own rows; it ends the run as incomplete only where a proxy was asked for.
    missing = bool(proxy and listing_gaps(result)) or (trust is not None and any(trust.gaps()))
    exit_with(has_gaps(result) or missing)


def _trust(
    result: Outcome, *, sensitivity: bool, placebo: int | None, universe: str | None, seed: int, store: Path | None
) -> Trust | None:
    if not sensitivity and placebo is None and universe is None:
        return None

    return check_trust(result, sensitivity=sensitivity, placebo=placebo, universe=universe, seed=seed, store=store)


def _trust_record(record: dict[str, Any], trust: Trust | None, lang: Lang) -> dict[str, Any]:
    if trust is None:
        return record

    return with_trust(record, trust, lang)


def _trust_sections(trust: Trust | None, lang: Lang) -> Sequence[Section]:
    if trust is None:
        return ()

    return trust_sections(trust, lang)
