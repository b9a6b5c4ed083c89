"""A weekly report on disk: every format in one folder a week."""

from __future__ import annotations

from pathlib import Path

from screener.judgement.week import Week
from screener.prices.prices import PriceSource
from screener.report.records import week_record
from screener.report.week.report import week_label
from screener.screening_week import weekly_of
from screener.terms.say import Lang
from screener.writers.files import STANDARD_EDITION, Edition, document_files, json_bytes, write_files

STEM = "weekly"


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
