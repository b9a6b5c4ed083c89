"""Sheets of text cells from files: CSV and its cousins in any encoding of the field, Excel workbooks."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from screener.terms.notes import Problem

TEXT_ENDINGS = frozenset({".csv", ".txt", ".tsv", ".xls"})
BOOK_ENDINGS = frozenset({".xlsx", ".xlsm"})
# A workbook that unpacks to more than this is no export of daily prices.
MOST_BYTES = 1 << 30
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ("\t", ",", ";", "|")


@dataclass(frozen=True)
class Sheet:
    """A table of cells as text: `rows` are (line of the file, cells) without blank rows; `name` is a workbook's own."""

    file: str
    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def label(self) -> str:
        """How messages name it: the file, with the sheet's name where a workbook has several."""
        return f"{self.file}[{self.name}]" if self.name else self.file


def read_sheets(path: Path, file: str) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    """Every sheet of a file that has a cell; a problem in their place for a file that cannot be read."""
    with path.open("rb") as opened:
        start = opened.read(8)
    if start.startswith(_OLD_EXCEL):
        return (), (Problem(file, None, "", "", "excel_old"),)
    if path.suffix.lower() in BOOK_ENDINGS or start.startswith(b"PK\x03\x04"):
        return _read_book(path, file)
    return _read_text(path, file)


def _read_book(path: Path, file: str) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    import openpyxl  # type: ignore[import-untyped]  # a tenth of the start of a run that reads no workbook

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                return (), (Problem(file, None, "", "", "excel_large"),)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, IndexError, AttributeError) as error:
        return (), (Problem(file, None, "", "", "excel_broken", {"detail": type(error).__name__}),)
    try:
        several = len(book.worksheets) > 1
        sheets = [
            Sheet(file, each.title if several else "", tuple(_rows(each.iter_rows(values_only=True))))
            for each in book.worksheets
        ]
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        return (), (Problem(file, None, "", "", "excel_broken", {"detail": type(error).__name__}),)
    finally:
        book.close()
    found = tuple(each for each in sheets if each.rows)
    return found, () if found else (Problem(file, None, "", "", "empty_file"),)


def _rows(values: Iterable[tuple[object, ...]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for line, row in enumerate(values, start=1):
        cells = tuple(_cell_text(value) for value in row)
        if any(cells):
            yield line, cells


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time(0) else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.strip() if isinstance(value, str) else str(value)


def _read_text(path: Path, file: str) -> tuple[tuple[Sheet, ...], tuple[Problem, ...]]:
    text = decode(path.read_bytes())
    if text is None:
        return (), (Problem(file, None, "", "", "not_text"),)
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype", "<table")):
        return (), (Problem(file, None, "", "", "html_not_table"),)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for row in reader:
            cells = tuple(_unwrapped(cell) for cell in row)
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        return (), (Problem(file, reader.line_num, "", "", "broken_row", {"detail": str(error)}),)
    return ((Sheet(file, "", tuple(rows)),), ()) if rows else ((), (Problem(file, None, "", "", "empty_file"),))


def _unwrapped(cell: str) -> str:
    """A cell without spaces, and without the ="…" by which exporters keep Excel from eating zeros."""
    text = cell.strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text.lstrip("\t'")


def decode(data: bytes) -> str | None:
    """Text of UTF-8 or UTF-16 with their marks, UTF-8 without, or GB18030; None for anything else."""
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _delimiter(text: str) -> str:
    """The delimiter that splits most of the first lines; a comma where none does."""
    lines = [line for line in text.split("\n")[:40] if line.strip()]
    counts = {each: sum(each in line for line in lines) for each in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda each: counts[each])
    return best if counts[best] else ","
