"""The document of a measured week, with the ranks of the industries."""

from __future__ import annotations

from screener.judgement.week import Week
from screener.judgement.week_facts import build_facts
from screener.prices.prices import PriceSource
from screener.report.document import Document
from screener.report.records import versions
from screener.report.week.report import weekly_document
from screener.screening import load_rankings
from screener.terms.say import Lang


def weekly_of(week: Week, source: PriceSource, lang: Lang) -> Document:
    """The document of a measured week, with the industries' ranks where the source has them."""
    now, before = load_rankings(week, source)
    return weekly_document(build_facts(week, ranking=now, ranking_before=before), lang, versions=versions())
