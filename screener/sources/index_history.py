"""The industry indices of a folder of prices as one table over their whole history, for base rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from screener.measures.industries import industries
from screener.measures.universe import IndexHistory
from screener.prices.prices import EMPTY_ACTIONS
from screener.sources.csv_files import parse_dates, parse_numbers, read_table
from screener.sources.index_record import check_index_frames, index_problem
from screener.terms.notes import PriceProblems, Problem
from screener.terms.sessions import Days, Floats, as_date, load_calendar, spread_on
from screener.terms.symbols import parse_symbol

# No index on record: no base rate can be given.
EMPTY_HISTORY = IndexHistory(np.empty(0, dtype="datetime64[D]"), (), np.empty((0, 0)), np.empty(0), {})


def load_index_history(folder: Path, *, benchmark: str, end: dt.date) -> IndexHistory:
    """Every industry index that `folder/index` holds until `end`, with the benchmark; those it lacks are left out.

    A longer history of an index may stand beside its file as `<code>_full.csv` and is then read in its place. PriceProblems
    when a value is wrong: every file is read, none hides another.
    """
    problems: list[Problem] = []
    found: dict[str, tuple[Days, Floats]] = {}
    for symbol in (benchmark, *(industry.symbol for industry in industries())):
        path = _path(folder, symbol)
        if path is not None:
            days, closes = _read(path, problems)
            found[symbol] = (days[days <= np.datetime64(end)], closes[days <= np.datetime64(end)])
    problems = problems or _index_faults(folder, found, end)
    if problems:
        raise PriceProblems("prices_broken", problems, name=folder.name)
    symbols = tuple(symbol for symbol, (days, _) in found.items() if symbol != benchmark and len(days))
    if not symbols:
        return EMPTY_HISTORY
    start = min(found[symbol][0].min() for symbol in symbols)
    sessions = load_calendar().between(as_date(start), end)
    close = np.column_stack([spread_on(sessions, *found[symbol]) for symbol in symbols])
    bench = spread_on(sessions, *found[benchmark]) if benchmark in found else np.full(len(sessions), np.nan)
    return IndexHistory(sessions, symbols, close, bench, {each.symbol: (each.name, each.name_en) for each in industries()})


def _index_faults(folder: Path, found: Mapping[str, tuple[Days, Floats]], end: dt.date) -> list[Problem]:
    """Closes that the other indices contradict."""
    frames = {
        symbol: pd.DataFrame({"session": days.astype("datetime64[s]"), "close": closes})
        for symbol, (days, closes) in found.items()
    }
    start = as_date(min((days.min() for days, _ in found.values() if len(days)), default=np.datetime64(end)))
    check = check_index_frames(frames, folder, start=start, end=end, market="XSHG", actions=EMPTY_ACTIONS)
    problems = []
    for fault in check.faults:
        path = _path(folder, fault.symbol)
        label = f"index/{path.name}" if path else ""
        dates = parse_dates(read_table(path, label, required=("date", "close")), "date")[0] if path else pd.Series()
        problems.append(index_problem(fault, pd.DataFrame({"session": dates}), label))
    return problems


def _path(folder: Path, symbol: str) -> Path | None:
    code = parse_symbol(symbol).code
    candidates = (folder / "index" / f"{code}{ending}.csv" for ending in ("_full", ""))
    return next((path for path in candidates if path.is_file()), None)


def _read(path: Path, problems: list[Problem]) -> tuple[Days, Floats]:
    """Dates and closes of one file, ascending; its faults are added to `problems`."""
    label = f"index/{path.name}"
    table = read_table(path, label, required=("date", "close"))
    problems += table.problems
    if table.problems or table.cells.empty:
        return np.empty(0, dtype="datetime64[D]"), np.empty(0)
    dates, bad_dates = parse_dates(table, "date")
    closes, bad_closes = parse_numbers(table, "close", blank=False)
    problems += bad_dates + bad_closes
    again = dates.duplicated(keep="first") & dates.notna()
    rows = (("date", "date_twice", again), ("close", "price_not_positive", closes <= 0))
    for column, code, wrong in rows:
        cells = table.cells.loc[wrong, column]
        problems += [
            Problem(label, int(line), column, cell, code, {"other": "?"}) for line, cell in zip(cells.index, cells, strict=True)
        ]
    order = np.argsort(dates.to_numpy(), kind="stable")
    return dates.to_numpy().astype("datetime64[D]")[order], closes.to_numpy(dtype=float)[order]
