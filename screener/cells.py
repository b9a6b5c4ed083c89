"""Cells that a spreadsheet reads: text that could start a formula made harmless, and CSV that Excel opens as it is."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence

Field = str | int | float | bool | dt.date | None

# What Excel, LibreOffice and WPS take for the beginning of a formula or of a command (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralise(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet could take it for a formula.

    A visible apostrophe, not the hidden quote prefix of a cell: it survives saving as CSV and pasting elsewhere.
    """
    return "'" + text if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Field]]) -> str:
    """A CSV table (RFC 4180, one `\\n` a row): numbers in full precision, ISO dates, an empty cell for None.

    Written with encoding `utf-8-sig`, Excel shows its Chinese text rightly. Text is neutralised, numbers never are.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([neutralise(name) for name in head])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return file.getvalue()


def _written(cell: Field) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, (int, float)):
        return repr(cell)
    return cell.isoformat() if isinstance(cell, dt.date) else neutralise(cell)
