"""Cells that a spreadsheet reads: text that could start a formula made harmless, and CSV that Excel opens as it is."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from screener.judgement.ledger import entries
from screener.judgement.outcome import Outcome
from screener.judgement.screen import Screen
from screener.report.document import Field
from screener.report.outcome.ledger import row_fields
from screener.report.screen import plain
from screener.terms.say import Lang
from screener.terms.sessions import as_date

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


def outcome_csv(outcome: Outcome, lang: Lang = "zh") -> str:
    """Every row with what it is computed from, under the names of `--json`; fractions, CNY, ISO dates."""
    rows = [row_fields(entry, lang) for entry in entries(outcome)]
    return csv_text(list(rows[0]), (tuple(row.values()) for row in rows))


def daily_csv(outcome: Outcome) -> str:
    """Excess by session from the base date on (fractions), a column per subject: what the shares of days are counted from."""
    head = ("session", *map(str, outcome.paths.columns))
    rows = zip(outcome.paths.index, outcome.paths.to_numpy(dtype=float), strict=True)
    return csv_text(
        head, ((as_date(day), *(None if np.isnan(each) else float(each) for each in values)) for day, values in rows)
    )


def screen_csv(screen: Screen) -> str:
    """The table as CSV: full precision, an empty field where there is no figure, text neutralised."""
    return csv_text(list(screen.frame.columns), _fields(screen.frame.to_dict("records")))


def _fields(rows: Iterable[Mapping[Any, Any]]) -> Iterator[Sequence[Field]]:
    for row in rows:
        yield [plain(value) for value in row.values()]
