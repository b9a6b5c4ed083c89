"""Reports as files: a document in every format, in its own folder, each file replaced in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from screener.judgement.events import EventStudy
from screener.judgement.outcome import Outcome
from screener.judgement.screen import Screen
from screener.judgement.week_facts import WeeklyFacts
from screener.report.document import Document, PageLink
from screener.report.draw.palette import UpDown
from screener.report.event_records import events_record
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record, week_record
from screener.report.screen import screen_document, screen_record
from screener.report.week.report import week_label, weekly_document
from screener.terms.notes import ScreenerError, UsageError
from screener.terms.replacing import replacing
from screener.terms.say import Lang, say
from screener.writers.archive import read_archive
from screener.writers.card import draw_card
from screener.writers.csv import daily_csv, outcome_csv, screen_csv
from screener.writers.edition import STANDARD, STANDARD_EDITION, Edition
from screener.writers.markdown import render_markdown
from screener.writers.page.html import render_html, render_index
from screener.writers.pdf import render_pdf
from screener.writers.pictures import draw_pictures
from screener.writers.sheets.workbook import render_workbook
from screener.writers.svg import load_runtime
from screener.writers.word import render_word

# Excel takes a CSV file for UTF-8 only with a byte-order mark.
CSV_ENCODING = "utf-8-sig"
SCREEN_ENDINGS = (".csv", ".md", ".xlsx", ".json")


def publish_outcome(
    outcome: Outcome,
    out: Path,
    record: Mapping[str, object] | None = None,
    *,
    lang: Lang = "zh",
    edition: Edition = STANDARD_EDITION,
    document: Document | None = None,
) -> tuple[Path, ...]:
    """Write the dossier of `outcome` to `out`/<thesis>/outcome/: HTML, Markdown, Excel, JSON, CSV, and what `edition` adds.

    `record`, `document`: what the JSON file and the others hold, by default the outcome alone. Returns the files written.
    ScreenerError when the folder cannot be written, for pictures or PDF without Chinese glyphs, for PDF without the library
    that makes it.
    """
    document = document or build_dossier(outcome, lang)
    files = document_files(document, "outcome", edition)
    files["outcome.json"] = json_bytes(record or outcome_record(outcome, lang))
    files["outcome.csv"] = outcome_csv(outcome, lang).encode(CSV_ENCODING)
    files["outcome-daily.csv"] = daily_csv(outcome).encode(CSV_ENCODING)
    return write_files(out / document.slug / "outcome", files)


def publish_weekly(
    facts: WeeklyFacts,
    out: Path,
    *,
    lang: Lang = "zh",
    edition: Edition = STANDARD_EDITION,
    document: Document | None = None,
) -> tuple[Path, ...]:
    """Write the report of a week to `out`/<thesis>/<year>-W<week>/: HTML, Markdown, Excel, JSON, and what `edition` adds.

    Returns the files written. Errors: see `publish_outcome`.
    """
    document = document or weekly_document(facts, lang)
    if _is_checked(out / document.slug / "outcome" / "outcome.json", facts):
        document = _led_to_outcome(document)
    files = document_files(document, "weekly", edition)
    files["weekly.json"] = json_bytes(week_record(facts, lang))
    return write_files(out / document.slug / week_label(facts.week.as_of), files)


def _is_checked(path: Path, facts: WeeklyFacts) -> bool:
    """Whether the outcome check that lies there is of the publication date of this week's report."""
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("published") == facts.week.published.isoformat()


def _led_to_outcome(document: Document) -> Document:
    """The report whose verdict leads to the outcome check, two folders of the same thesis."""
    link = PageLink("../outcome/outcome", say("weekly_verdict_whole", document.lang))
    lede = tuple(replace(each, link=link) if each.style == "verdict" else each for each in document.lede)
    return replace(document, lede=lede)


def publish_desk(
    document: Document, record: Mapping[str, object], folder: Path, *, edition: Edition = STANDARD_EDITION
) -> tuple[Path, ...]:
    """Write a desk to `folder`: HTML, Markdown, Excel, JSON. Returns the files written. Errors: see `publish_outcome`."""
    return write_files(folder, document_files(document, "desk", edition) | {"desk.json": json_bytes(record)})


def publish_events(
    study: EventStudy, document: Document, out: Path, *, edition: Edition = STANDARD_EDITION
) -> tuple[Path, ...]:
    """Write the document of `study` to `out`/<thesis>/events/: HTML, Markdown, Excel, JSON, and what `edition` adds.

    Returns the files written. Errors: see `publish_outcome`.
    """
    files = document_files(document, "events", edition)
    files["events.json"] = json_bytes(events_record(study, document.lang))
    return write_files(out / document.slug / "events", files)


def check_ending(path: Path) -> None:
    """UsageError when no screened table can be written in the form that the ending of `path` names."""
    if path.suffix.lower() not in SCREEN_ENDINGS:
        raise UsageError("screen_out_ending", value=path.name, known=" ".join(SCREEN_ENDINGS))


def write_screen(screen: Screen, path: Path, lang: Lang = "zh") -> Path:
    """Write a screened table to `path`, replaced in one step; UsageError for another ending, ScreenerError when not allowed.

    Codes are text in every form; text that a spreadsheet could take for a formula is made harmless.
    """
    check_ending(path)
    ending = path.suffix.lower()
    if ending == ".csv":
        content = screen_csv(screen).encode(CSV_ENCODING)
    elif ending == ".json":
        content = json_bytes(screen_record(screen, lang))
    else:
        content = document_bytes(screen_document(screen, lang), ending)
    (written,) = write_files(path.parent, {path.name: content})
    return written


def publish_archive(out: Path, lang: Lang, updown: UpDown = "red-up") -> tuple[Path, tuple[Path, ...]]:
    """Write `out`/index.html, every report of every thesis found there; returns it and the JSON files it could not read."""
    archive = read_archive(out)
    (page,) = write_files(out, {"index.html": render_index(archive, lang, updown=updown).encode()})
    return page, archive.broken


def document_files(document: Document, stem: str, edition: Edition) -> dict[str, bytes]:
    """A document as HTML, Markdown and Excel, and what `edition` asks for beside them, by file name."""
    endings = (*STANDARD, *((".pdf",) if edition.pdf else ()), *((".docx",) if edition.docx else ()))
    files = {stem + ending: document_bytes(document, ending, edition.updown) for ending in endings}
    card = {f"{stem}-card.png": draw_card(document, edition.updown)} if edition.card else {}
    return files | card | (draw_pictures(document, edition.updown) if edition.png else {})


def write_document(document: Document, path: Path) -> tuple[Path, ...]:
    """Write a document to `path`, replaced in one step; UsageError for an ending other than .html .md .xlsx."""
    if path.suffix.lower() not in STANDARD:
        raise UsageError("document_ending", value=path.name, known=" ".join(STANDARD))
    return write_files(path.parent, {path.name: document_bytes(document, path.suffix.lower())})


def document_bytes(document: Document, ending: str, updown: UpDown = "red-up") -> bytes:
    """One document in the format that `ending` names (.html .md .xlsx .pdf .docx); KeyError for another."""
    match ending:
        case ".html":
            return render_html(document, runtime=load_runtime(), updown=updown).encode()
        case ".md":
            return render_markdown(document).encode()
        case ".xlsx":
            return render_workbook(document, updown)
        case ".pdf":
            return render_pdf(document, updown)
        case ".docx":
            return render_word(document, updown)
    raise KeyError(ending)


def json_bytes(record: Mapping[str, object]) -> bytes:
    """A record as indented JSON, Chinese as it is, never NaN."""
    return (json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def write_files(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write `files` into `folder`, made if need be, each replaced in one step; ScreenerError when that is not allowed."""
    try:
        for name, content in files.items():
            with replacing(folder / name) as part:
                part.write_bytes(content)
    except OSError as error:
        raise ScreenerError("report_not_written", folder=folder, detail=error.strerror or error) from error
    return tuple(folder / name for name in files)
