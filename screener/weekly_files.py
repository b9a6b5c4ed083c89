"""A weekly report on disk: HTML, Markdown, Excel, JSON and pictures in one folder a week, and the archive's page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from screener.archive import read_entries
from screener.markdown import render_markdown
from screener.messages import Lang
from screener.prices import PriceSource
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


def write_weekly(
    week: Week, source: PriceSource, out: Path, *, lang: Lang, pictures: bool = False, progress: Callable[[str], None]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Write `out`/<thesis>/<year>-W<week>/weekly.* and the archive; returns what was written and what it could not read.

    Nothing is written when pictures are asked for and this machine cannot draw their words (ScreenerError `no_glyphs`).
    `progress` is told the name of each step before it begins.
    """
    if pictures:
        from screener.charts import check_glyphs

        check_glyphs()
    progress("progress_content")
    document = weekly_of(week, source, lang)
    folder = out / week.thesis.slug / week_label(week.as_of)
    folder.mkdir(parents=True, exist_ok=True)
    written = list(write_document(document, folder, STEM, progress=progress))
    record = folder / f"{STEM}.json"
    save(record, json.dumps(week_record(week, lang), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    written.append(record)
    if pictures:
        progress("progress_pictures")
        written += write_pictures(document, folder / "charts")
    page, broken = write_archive(out, lang)
    return (*written, page), broken


def write_document(document: Document, folder: Path, stem: str, *, progress: Callable[[str], None]) -> Iterator[Path]:
    """Write a document as HTML, Markdown and Excel into `folder`; yields each file as it is written."""
    from screener.render import render_html
    from screener.runtime import load_runtime
    from screener.workbook import write_workbook

    progress("progress_html")
    page = folder / f"{stem}.html"
    save(page, render_html(document, runtime=load_runtime()))
    yield page
    text = folder / f"{stem}.md"
    save(text, render_markdown(document))
    yield text
    progress("progress_workbook")
    book = folder / f"{stem}.xlsx"
    write_workbook(document, book)
    yield book


def write_pictures(document: Document, folder: Path) -> Iterator[Path]:
    """Write every chart as a PNG at its wide size, twice as many pixels; yields each file."""
    from screener.charts import draw_picture

    folder.mkdir(parents=True, exist_ok=True)
    for chart in document.charts:
        path = folder / f"{chart.id}.png"
        path.write_bytes(draw_picture(chart.wide))
        yield path


def write_archive(out: Path, lang: Lang) -> tuple[Path, tuple[Path, ...]]:
    """Write `out`/index.html, every week of every thesis found there; returns it and the JSON files it could not read."""
    from screener.render import render_index

    entries, broken = read_entries(out)
    page = out / "index.html"
    save(page, render_index(entries, lang))
    return page, broken


def save(path: Path, text: str) -> None:
    """Write text as UTF-8 with plain line breaks, the same bytes on every system."""
    path.write_bytes(text.encode("utf-8"))
