"""Text tables from people's files: decoded, headed and parsed cell by cell, each fault with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from screener.terms.notes import Note, Problem

# What exporters of terminals call the columns that we read; the first name is ours.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "日期", "交易日期", "交易日", "trade_date", "时间"),
    "open": ("open", "开盘", "开盘价"),
    "high": ("high", "最高", "最高价"),
    "low": ("low", "最低", "最低价"),
    "close": ("close", "收盘", "收盘价"),
    "volume": ("volume", "成交量"),
    "amount": ("amount", "成交额", "成交金额"),
    "pre_close": ("pre_close", "前收盘", "前收盘价", "昨收"),
    "code": ("code", "代码", "股票代码", "证券代码", "指数代码"),
    "name": ("name", "名称", "股票名称", "证券简称"),
    "listed": ("listed", "上市日期"),
    "delisted": ("delisted", "退市日期"),
    "ex_date": ("ex_date", "除权除息日", "除权日"),
    "cash_per_share": ("cash_per_share", "每股派息", "cash_hkd"),
    "split_ratio": ("split_ratio", "拆股比例"),
    "covered_from": ("covered_from", "覆盖自"),
    "covered_to": ("covered_to", "覆盖至"),
    "float_shares": ("float_shares", "流通股本", "流通股数", "流通a股"),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")


@dataclass(frozen=True, eq=False)
class Table:
    """A text table: `cells` is a frame of str indexed by the file's line numbers, columns under our names."""

    file: str
    cells: pd.DataFrame
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...]


def read_table(path: Path, file: str, *, required: Sequence[str]) -> Table:
    """Read a CSV file (UTF-8 with or without BOM, or GB18030; English or Chinese heads); never raises for its content.

    `file` is how messages name it. Unknown columns are left out. Problems: no bytes, not text, a broken or ragged row, a
    head that lacks a required column or has one twice.
    """
    text, notes, problems = _decode(path.read_bytes(), file)
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        problems.append(Problem(file, reader.line_num, "", "", "broken_row", {"detail": str(error)}))
    if problems or not rows:
        problems = problems or [Problem(file, None, "", "", "empty_file")]
        return Table(file, pd.DataFrame(columns=list(required), dtype="str"), tuple(notes), tuple(problems))
    head, places = _columns(rows[0])
    problems += _check_head(rows[0], head, file, required)
    for line, row in zip(lines[1:], rows[1:], strict=True):
        if len(row) != len(rows[0]):
            problems.append(
                Problem(file, line, "", ",".join(row)[:60], "ragged_row", {"found": len(row), "expected": len(rows[0])})
            )
    if any(not cell.isascii() for cell in rows[0]):
        notes.append(Note("read_chinese_head", {"file": file}))
    kept = [(line, row) for line, row in zip(lines[1:], rows[1:], strict=True) if len(row) == len(rows[0])]
    cells = pd.DataFrame(
        {name: [row[places[name]] for _, row in kept] for name in head},
        index=pd.Index([line for line, _ in kept], name="line", dtype="int64"),
        dtype="object",
    )
    return Table(file, cells, tuple(notes), tuple(problems))


def _decode(data: bytes, file: str) -> tuple[str, list[Note], list[Problem]]:
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        notes = [Note("read_bom", {"file": file})]
    else:
        notes = []
    try:
        return data.decode("utf-8"), notes, []
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030"), [*notes, Note("read_gb18030", {"file": file})], []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", notes, [Problem(file, line, "", "", "not_text")]


def _columns(head: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    found = [(name, place) for place, cell in enumerate(head) for name in [_our_name(cell)] if name]
    places: dict[str, int] = {}
    for name, place in found:
        places.setdefault(name, place)
    return list(places), places


def _our_name(cell: str) -> str | None:
    return next((name for name, others in HEADERS.items() if cell.lower() in others), None)


def _check_head(raw: Sequence[str], head: Sequence[str], file: str, required: Sequence[str]) -> Iterator[Problem]:
    missing = [name for name in required if name not in head]
    if missing:
        wanted = " ".join("/".join(HEADERS[name][:2]) for name in missing)
        yield Problem(file, 1, ", ".join(missing), ",".join(raw)[:80], "header_missing", {"wanted": wanted})
    named = [name for cell in raw if (name := _our_name(cell))]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield Problem(file, 1, name, ",".join(raw)[:80], "header_twice")


def parse_dates(table: Table, column: str, *, blank: bool = False) -> tuple[pd.Series, list[Problem]]:
    """Dates (ISO or YYYYMMDD) of a column as datetime64[s]; NaT with a problem for anything else, also for 2024-13-01."""
    cells = table.cells[column]
    shaped = cells.map(lambda cell: bool(_DATE.fullmatch(cell))).astype(bool)
    digits = cells.where(shaped, "").str.replace("-", "")
    dates = pd.to_datetime(digits, format="%Y%m%d", errors="coerce").astype("datetime64[s]")
    wrong = dates.isna() & ~((cells == "") & blank)
    return dates, [
        Problem(table.file, int(line), column, cell, "bad_date")
        for line, cell in zip(cells.index[wrong], cells[wrong], strict=True)
    ]


def parse_numbers(table: Table, column: str, *, blank: bool = True) -> tuple[pd.Series, list[Problem]]:
    """Numbers of a column as float64, NaN where blank; a problem for text, NaN, infinity, and blanks unless allowed."""
    cells = table.cells[column]
    numbers = pd.to_numeric(cells.where(cells != "", None), errors="coerce").astype(float)
    wrong = ~np.isfinite(numbers) & ~((cells == "") & blank)
    return numbers.where(np.isfinite(numbers)), [
        Problem(table.file, int(line), column, cell, "blank_cell" if cell == "" else "not_a_number")
        for line, cell in zip(cells.index[wrong], cells[wrong], strict=True)
    ]


def check_codes(table: Table, column: str = "code") -> list[Problem]:
    """A problem for every code that is not six digits, saying what it probably was before a spreadsheet ate its zeros."""
    return [
        Problem(table.file, int(line), column, cell, *_code_fault(cell))
        for line, cell in zip(table.cells.index, table.cells[column], strict=True)
        if not re.fullmatch(r"\d{6}", cell)
    ]


def _code_fault(cell: str) -> tuple[str, dict[str, object]]:
    if re.fullmatch(r"\d{1,5}", cell):
        return "code_lost_zeros", {"likely": cell.zfill(6)}
    return "bad_code", {"value": cell}
