"""Formulas of a document as a spreadsheet has them: each cell that one names by the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from screener.writers.sheets.grid import Grid

# A cell that a formula names: `{column}` of its own row or `{column@table:row}` of another table.
NAMED = re.compile(r"\{(\w+)(?:@(\w+):([^{}]+))?\}")
# Columns that answer with a word; every other cell that a formula reads is a number.
ANSWERS = ("word", "rating")

# Every table that has a sheet, by id: the sheet and where its cells stand.
Laid = Mapping[str, tuple[Any, Grid]]


def resolved(words: str, laid: Laid, grid: Grid, line: int) -> str:
    """A formula of a cell in `line` of `grid` with places for names; "" where one of them stands on no sheet."""
    places = [_place(*found.groups(), laid=laid, grid=grid, line=line) for found in NAMED.finditer(words)]
    found = iter(places)
    return "=" + NAMED.sub(lambda _: next(found), words) if places and all(places) else ""


def _place(column: str, table: str | None, row: str, *, laid: Laid, grid: Grid, line: int) -> str:
    from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell

    if table is None:
        return str(xl_rowcol_to_cell(line, grid.places[column])) if column in grid.places else ""
    sheet, there = laid.get(table, (None, grid))
    if sheet is None or column not in there.places or row not in there.lines:
        return ""
    at, place = there.lines[row], there.places[column]
    if isinstance(there.rows[at - there.first][place].value, str) and column not in ANSWERS:
        return ""
    return f"{quote_sheetname(sheet.name)}!{xl_rowcol_to_cell(at, place, row_abs=True, col_abs=True)}"
