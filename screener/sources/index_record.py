"""Every series of a folder that says what an index should have done: its other indices, and the names of the run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pandas as pd

from screener.prices.index_check import IndexCheck, IndexFault, judge_indices
from screener.sources.csv_files import HEADERS
from screener.terms.notes import Problem
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol

# A folder with more indices than this is not read whole for the sake of one of them.
MOST_SERIES = 80


def check_index_frames(
    frames: Mapping[str, pd.DataFrame], folder: Path, *, start: dt.date, end: dt.date, market: str, actions: pd.DataFrame
) -> IndexCheck:
    """Judge the indices among `frames` (symbol → its whole file: session, close) from `start` to `end`.

    Beside them stand the other files of `index/` and the equal-weight mean of the names among `frames`; `actions`: theirs.
    A file that cannot be read quickly is left out: it only says what others should have done.
    """
    asked = [symbol for symbol in frames if parse_symbol(symbol).kind == "index"]
    if not asked:
        return IndexCheck()
    series = {symbol: _closes(frame) for symbol, frame in frames.items()}
    used = {parse_symbol(symbol).code for symbol in asked}
    for path in sorted((folder / "index").glob("*.csv"))[:MOST_SERIES]:
        if path.stem.isalnum() and path.stem not in used:
            series[path.stem] = quick_closes(path, path.stat().st_mtime_ns)
    return judge_indices(
        series,
        asked,
        names=[symbol for symbol in frames if symbol not in asked],
        actions=actions,
        sessions=pd.DatetimeIndex(load_calendar(market).days.astype("datetime64[s]")),
        start=start,
        end=end,
    )


def index_problem(fault: IndexFault, frame: pd.DataFrame, file: str) -> Problem:
    """The fault with the line on which it stands; `frame`: the index's rows, its index being the lines of `file`."""
    lines = frame.index[frame["session"] == pd.Timestamp(fault.day)]
    params = {"day": fault.day, **fault.params}
    return Problem(file, int(lines[0]) if len(lines) else None, "close", f"{fault.close:g}", fault.code, params)


@lru_cache(maxsize=128)
def quick_closes(path: Path, changed: int) -> pd.Series:
    """Dates and closes of a file by the fast reader, empty where it does not follow; `changed` keys the cache."""
    wanted = {name: column for column in ("date", "close") for name in HEADERS[column]}
    try:
        frame = pd.read_csv(path, usecols=lambda head: head.strip().lower() in wanted, encoding="utf-8-sig")
        frame = frame.rename(columns=lambda head: wanted[head.strip().lower()])
        dates = pd.to_datetime(frame["date"].astype(str), errors="coerce", format="mixed")
        return _closes(pd.DataFrame({"session": dates, "close": pd.to_numeric(frame["close"], errors="coerce")}))
    except (ValueError, KeyError, OSError):
        return pd.Series(dtype=float, index=pd.DatetimeIndex([]))


def _closes(frame: pd.DataFrame) -> pd.Series:
    """Closes by session, ascending, one a session, positive."""
    known = frame[frame["session"].notna() & (frame["close"] > 0)].drop_duplicates("session")
    return known.set_index("session")["close"].sort_index()
