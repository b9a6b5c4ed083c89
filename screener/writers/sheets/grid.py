"""A document's table as the plain grid that a spreadsheet holds: one value a cell, notes in columns of their own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from screener.report.document import Band, Cell, Column, Row, Shares, Table
from screener.report.figures import cell_text, figure_text
from screener.terms.say import Lang, say

# A note that begins with a code, with or without its exchange: 000063, 0941.HK, 801770.SI, H00300.CSI.
CODE = re.compile(r"(?:\d{4,6}|[A-Z]{1,4}\d{3,6})(?:\.[A-Z]{2,5})?(?![^\s·])")
# Drawings whose figures stand in other columns; a sparkline is drawn by the spreadsheet itself.
DRAWN = ("bullet",)
# Cell kinds whose value is a number in a sheet.
NUMERIC = ("return", "excess", "points", "weight", "share", "heat", "price", "cash", "factor", "multiple", "count")


@dataclass(frozen=True)
class SheetCell:
    """One value for a spreadsheet: text, number or plain date; `shown` is what it looks like, `level` a band's (best: 2).

    `path`: the values of a sparkline (fractions). `formula`: as `document.Cell` has it.
    """

    value: str | float | dt.date | None
    kind: str
    shown: str
    level: int | None = None
    muted: bool = False
    strong: bool = False
    path: tuple[float, ...] = ()
    decimals: int | None = None
    formula: str = ""

    @classmethod
    def of(cls, cell: Cell, lang: Lang) -> SheetCell:
        """A document's cell: figures and dates as they are, everything else in the words of `labels`."""
        value, shown = cell.value, cell_text(cell, lang)
        if isinstance(value, Band):
            return cls(value.word, "band", value.word, level=2 if value.best else value.level, formula=cell.formula)
        if cell.kind == "spark" and isinstance(value, tuple):
            return cls(None, "spark", "", path=tuple(each for each in value if isinstance(each, float)))
        if isinstance(value, dt.date):
            return cls(value, "day", shown)
        if cell.kind in NUMERIC and isinstance(value, float | int):
            shown = figure_text(cell.kind, value, unit=True, decimals=cell.decimals)
            return cls(float(value), cell.kind, shown, strong=cell.strong, decimals=cell.decimals, formula=cell.formula)
        missing = cell.kind in ("gap", "not_due", "none")
        return cls(shown, cell.kind, shown, muted=missing or cell.quiet, strong=cell.strong, formula=cell.formula)


@dataclass(frozen=True)
class Head:
    """The head of a column in a sheet, the group over it, and whether its cells stand left."""

    words: str
    group: str = ""
    left: bool = False


@dataclass(frozen=True)
class Grid:
    """A table laid out for a sheet: groups on row `top`, heads below, then the rows (0-based lines).

    `places`: the column in which each of the table's columns stands; `lines`: the line of each of its rows, by id.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[SheetCell, ...], ...]
    top: int
    places: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The line of the first row."""
        return self.top + 2

    @property
    def last(self) -> int:
        """The line of the last row; one above the first where there is none."""
        return self.first + len(self.rows) - 1

    def groups(self) -> tuple[tuple[int, int, str], ...]:
        """(first column, last column, words) of neighbouring columns under one group."""
        found: list[tuple[int, int, str]] = []
        for place, head in enumerate(self.heads):
            if head.group and found and found[-1][2] == head.group and found[-1][1] == place - 1:
                found[-1] = (found[-1][0], place, head.group)
            elif head.group:
                found.append((place, place, head.group))
        return tuple(found)

    def numeric(self) -> tuple[tuple[int, ...], ...]:
        """The columns that a chart can draw, those of one unit together, in the order in which the units come."""
        found: dict[str, list[int]] = {}
        for place in range(len(self.heads)):
            kind = next((row[place].kind for row in self.rows if row[place].kind in NUMERIC), None)
            if kind:
                found.setdefault(kind, []).append(place)
        return tuple(tuple(places) for places in found.values())


def grid_of(table: Table, lang: Lang, *, top: int) -> Grid:
    """Lay out a table: row heads and their notes first, then each column, a share of days as one column for each band."""
    pieces = [_row_heads(table), *_row_notes(table, lang)]
    places: dict[str, int] = {}
    for place, column in enumerate(table.columns):
        cells = [row.cells[place] for row in table.rows]
        if any(cell.kind in DRAWN for cell in cells):
            continue
        places[column.id] = len(pieces)
        pieces += (
            _spread(column, cells, lang)
            if any(isinstance(cell.value, Shares) for cell in cells)
            else [_plain(column, cells, lang)]
        )
        if any(cell.note for cell in cells):
            notes = tuple(SheetCell(cell.note, "text", cell.note, muted=True) for cell in cells)
            pieces.append((Head(say("workbook_note", lang, head=column.head), _group(column), left=True), notes))
    rows = tuple(tuple(cells[place] for _, cells in pieces) for place in range(len(table.rows)))
    lines = {row.id: top + 2 + place for place, row in enumerate(table.rows)}
    return Grid(tuple(head for head, _ in pieces), rows, top, places, lines)


Piece = tuple[Head, tuple[SheetCell, ...]]


def _row_heads(table: Table) -> Piece:
    """The first column; real dates where every head is one."""
    days = [_day(row) for row in table.rows]
    if table.rows and all(days):
        return Head(table.row_head, left=True), tuple(
            SheetCell(day, "day", row.head) for day, row in zip(days, table.rows, strict=True)
        )
    return Head(table.row_head, left=True), tuple(SheetCell(row.head, "text", row.head) for row in table.rows)


def _day(row: Row) -> dt.date | None:
    try:
        return dt.date.fromisoformat(row.head) if len(row.head) == len("2024-04-14") else None
    except ValueError:
        return None


def _row_notes(table: Table, lang: Lang) -> Iterator[Piece]:
    """The code of each row, and what else stands beside its name; a column only where there is any."""
    codes = [found[0] if (found := CODE.match(row.note)) else "" for row in table.rows]
    rests = [row.note.removeprefix(code).lstrip(" ·") for row, code in zip(table.rows, codes, strict=True)]
    for word, kind, words in (("workbook_code", "code", codes), ("workbook_about", "text", rests)):
        if any(words):
            yield Head(say(word, lang), left=True), tuple(SheetCell(each, kind, each, muted=True) for each in words)


def _group(column: Column) -> str:
    return "\n".join(part for part in (column.group, column.group_note) if part)


def _plain(column: Column, cells: list[Cell], lang: Lang) -> Piece:
    # Percent is part of the number's format in a sheet; percentage points are a unit of their own.
    unit = "" if column.unit == "%" else column.unit
    return Head(" ".join(part for part in (column.head, unit) if part), _group(column), column.left), tuple(
        SheetCell.of(cell, lang) for cell in cells
    )


def _spread(column: Column, cells: list[Cell], lang: Lang) -> Iterator[Piece]:
    """A share of days as one column for each band, in the order of the scales; 0 for a band of the scale without a day."""
    words = dict.fromkeys(
        band.word for cell in cells if isinstance(cell.value, Shares) for band, _ in reversed(cell.value.parts)
    )
    for word in words:
        yield Head(word, column.head), tuple(_share_of(cell, word, lang) for cell in cells)


def _share_of(cell: Cell, word: str, lang: Lang) -> SheetCell:
    if not isinstance(cell.value, Shares):
        return SheetCell.of(cell, lang)
    share = next((part for band, part in cell.value.parts if band.word == word), None)
    if share is None:
        return SheetCell(None, "none", "")
    return SheetCell(share, "share", figure_text("share", share, unit=True))
