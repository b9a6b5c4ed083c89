"""A weekly report on disk: every format in one folder a week."""

from __future__ import annotations

from pathlib import Path

from screener.messages import Lang
from screener.prices import PriceSource
from screener.publishing import STANDARD_EDITION, Edition, document_files, json_bytes, write_files
from screener.records import versions, week_record
from screener.report import Document
from screener.screening import load_rankings
from screener.week import Week
from screener.weekly_facts import build_facts
from screener.weekly_report import week_label, weekly_document

STEM = "weekly"


def weekly_of(week: Week, source: PriceSource, lang: Lang) -> Document:
    """The document of a measured week, with the industries' ranks where the source has them."""
    now, before = load_rankings(week, source)
    return weekly_document(build_facts(week, ranking=now, ranking_before=before), lang, versions=versions())


def publish_weekly(
    week: Week, source: PriceSource, out: Path, *, lang: Lang = "zh", edition: Edition = STANDARD_EDITION
) -> tuple[Path, ...]:
    """Write the report of `week` to `out`/<thesis>/<year>-W<week>/: HTML, Markdown, Excel, JSON, and what `edition` adds.

    Returns the files written. ScreenerError when the folder cannot be written, for pictures or PDF without Chinese glyphs,
    for PDF without the library that makes it.
    """
    files = document_files(weekly_of(week, source, lang), STEM, edition)
    files[f"{STEM}.json"] = json_bytes(week_record(week, lang))
    return write_files(out / week.thesis.slug / week_label(week.as_of), files)
