"""A screened table as a file, by the ending of its name: CSV, Markdown, Excel or JSON."""

from __future__ import annotations

from pathlib import Path

from screener.judgement.screen import Screen
from screener.report.screen import screen_document, screen_record
from screener.terms.notes import UsageError
from screener.terms.say import Lang
from screener.writers.csv import screen_csv
from screener.writers.files import CSV_ENCODING, document_bytes, json_bytes, write_files

ENDINGS = (".csv", ".md", ".xlsx", ".json")


def check_ending(path: Path) -> None:
    """UsageError when no file of this ending can be written."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError("screen_out_ending", value=path.name, known=" ".join(ENDINGS))


def write_screen(screen: Screen, path: Path, lang: Lang = "zh") -> Path:
    """Write the table to `path`, replaced in one step; UsageError for another ending, ScreenerError when not allowed.

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
