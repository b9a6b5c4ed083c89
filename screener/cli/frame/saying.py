"""What a command says: notes, files written, JSON, and whether something is missing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from screener.cli.frame.options import EXIT_GAPS
from screener.report.document import Document
from screener.terms.notes import Note
from screener.terms.say import Lang, say
from screener.writers.edition import left_behind
from screener.writers.text import render_text

# Columns of a text that goes to no terminal, and the fewest that a table is laid out for.
WIDTH, NARROWEST = 100, 40


def say_notes(notes: Iterable[Note], lang: Lang) -> None:
    """Each note once, in the order in which they came."""
    for text in dict.fromkeys(say(note.code, lang, **note.params) for note in notes):
        say_note(text, lang)


def say_note(text: str, lang: Lang) -> None:
    """One note on standard error."""
    print(say("note_line", lang, text=text), file=sys.stderr)


def writes(out: Path | None, *, as_json: bool) -> bool:
    """Whether a command writes its report: always as text; with `--json` where `--out` was given."""
    return out is not None or not as_json


def say_files(paths: Sequence[Path], lang: Lang, *, as_json: bool = False) -> None:
    """The files written, and those of an earlier run that lie beside them; on standard error where JSON has the other."""
    stream = sys.stderr if as_json else sys.stdout
    print(say("report_written", lang, folder=paths[0].parent, files=" ".join(path.name for path in paths)), file=stream)
    older = left_behind(paths)
    if older:
        say_note(say("report_left_behind", lang, files=" ".join(path.name for path in older)), lang)


def say_archive(page: Path, broken: Sequence[Path], lang: Lang, *, as_json: bool = False) -> None:
    """The archive page, and the reports that it could not read."""
    print(say("weekly_archive", lang, path=page), file=sys.stderr if as_json else sys.stdout)
    for path in broken:
        say_note(say("weekly_archive_broken", lang, path=path), lang)


def print_json(record: object) -> None:
    """The one thing that `--json` puts on standard output."""
    print(json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False))


def print_text(document: Document, *, as_json: bool = False) -> None:
    """The short form of a document on standard output, as wide as the terminal; WIDTH columns where there is none.

    Nothing where the output is JSON.
    """
    if as_json:
        return
    columns = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDTH
    try:
        print(render_text(document, max(columns, NARROWEST)), end="", flush=True)
    except BrokenPipeError:
        # Whoever read the text (head, less) has had enough; the report is still to be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_with(gaps: bool) -> None:
    """End with EXIT_GAPS where something that should be there is missing."""
    if gaps:
        raise typer.Exit(EXIT_GAPS)
