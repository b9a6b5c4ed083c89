"""Lists of names from files: a folder's or a store's, beside the bundled one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from screener.sources.csv_files import parse_dates, read_table
from screener.terms.names import NameRegistry, bundled_names, bundled_registry
from screener.terms.notes import InputProblems, Problem, ScreenerError, UsageError
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol, stock_symbol


def read_registry(path: Path) -> NameRegistry:
    """A list of names from a file (CSV or Parquet), or from `names.csv` or `names.parquet` of a folder or store.

    Columns code and name, optional delisted; a code is six digits or CODE.EXCHANGE. Codes of no stock (preferred shares,
    funds) are left out. The bundled names stand in where the list has none (Hong Kong, indices). UsageError without such a
    file, InputProblems for a broken one.
    """
    places = [path] if path.is_file() else [path / "names.csv", path / "names.parquet"]
    place = next((each for each in places if each.is_file()), None)
    if place is None:
        raise UsageError("names_missing", path=str(path))
    rows = list(_parquet_rows(place) if place.suffix == ".parquet" else _csv_rows(place))
    listed = {symbol: name for symbol, name, _ in rows}
    delisted = {symbol: day for symbol, _, day in rows if day is not None}
    others = {symbol: name for symbol, name in bundled_names().items() if symbol not in listed}
    return NameRegistry({**listed, **others}, place.name, delisted)


def _csv_rows(path: Path) -> Iterator[tuple[str, str, dt.date | None]]:
    table = read_table(path, path.name, required=("code", "name"))
    problems, days = list(table.problems), None
    if not problems and "delisted" in table.cells:
        days, more = parse_dates(table, "delisted", blank=True)
        problems += more
    bad = [] if problems else [each for each in table.cells["code"].items() if not re.fullmatch(r"\d{6}|\w+\.[A-Z]+", each[1])]
    problems += [Problem(path.name, int(str(line)), "code", code, "bad_code", {"value": code}) for line, code in bad]
    if problems:
        raise InputProblems("names_broken", problems, file=path.name)
    ends = days if days is not None else pd.Series(pd.NaT, index=table.cells.index)
    for code, name, day in zip(table.cells["code"], table.cells["name"], ends, strict=True):
        symbol = _symbol(code)
        if symbol and name:
            yield symbol, name, None if pd.isna(day) else as_date(day)


def _parquet_rows(path: Path) -> Iterator[tuple[str, str, dt.date | None]]:
    frame = pd.read_parquet(path)
    column = next((each for each in ("symbol", "code") if each in frame), None)
    if column is None or "name" not in frame:
        wanted = "code/symbol name"
        raise InputProblems(
            "names_broken", [Problem(path.name, None, "", "", "header_missing", {"wanted": wanted})], file=path.name
        )
    days = pd.to_datetime(frame["delisted"]) if "delisted" in frame else pd.Series(pd.NaT, index=frame.index)
    for code, name, day in zip(frame[column], frame["name"], days, strict=True):
        symbol = _symbol(str(code))
        if symbol and name:
            yield symbol, str(name), None if pd.isna(day) else day.date()


def _symbol(code: str) -> str | None:
    try:
        return str(parse_symbol(code) if "." in code else stock_symbol(code))
    except ScreenerError:
        return None


def _read_names(folder: Path) -> tuple[dict[str, str], dict[str, dt.date]]:
    """Names and listing dates by symbol from `names.csv`, the bundled names where there is no such file."""
    path = folder / "names.csv"
    if not path.is_file():
        return dict(bundled_registry().names), {}
    table = read_table(path, path.name, required=("code", "name"))
    problems = list(table.problems)
    listed = pd.Series(pd.NaT, index=table.cells.index)
    if not problems and "listed" in table.cells:
        listed, more = parse_dates(table, "listed", blank=True)
        problems += more
    if problems:
        raise InputProblems("names_broken", problems, file=path.name)
    stocks = table.cells["code"].str.fullmatch(r"(?:60|68|00|30|4|8|920)\d*") & (table.cells["code"].str.len() == 6)
    symbols = table.cells["code"][stocks].map(lambda code: str(stock_symbol(code)))
    names = dict(zip(symbols, table.cells["name"][stocks], strict=True))
    days = {symbol: as_date(day) for symbol, day in zip(symbols, listed[stocks], strict=True) if not pd.isna(day)}
    return names, days
