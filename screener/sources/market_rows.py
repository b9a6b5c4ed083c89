"""The one reader of a whole-market file: its rows as arrays, read once a process and sorted by code and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from screener.terms.notes import PriceProblems, Problem
from screener.terms.sessions import Days, Floats

MARKET_FILE = "market_close.parquet"
# So many files or names of one kind are named, then how many there are.
MOST_NAMED = 10
# What a cumulative adjustment factor beside raw closes is called.
FACTORS = ("factor", "adj_factor")
# CNY: files may hold 32-bit numbers, whose steps grow with the price.
CENT, SLACK, SLACK_SHARE = 0.01, 1e-4, 2e-7


@dataclass(frozen=True, eq=False)
class MarketRows:
    """A market's rows as arrays in the file's order; `codes` are distinct, `code_at` points into them (−1: blank)."""

    codes: tuple[str, ...]
    code_at: npt.NDArray[np.int64]
    days: Days
    close: Floats
    volume: Floats | None
    factor: Floats | None = None

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Code → its place in `codes`."""
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Rows sorted by code, then day."""
        return np.lexsort((self.days, self.code_at))

    @cached_property
    def bounds(self) -> npt.NDArray[np.int64]:
        """For each code the first place in `order`, and one past the last code's rows."""
        return np.searchsorted(self.code_at[self.order], np.arange(len(self.codes) + 1))

    def rows_of(self, code: str) -> npt.NDArray[np.int64]:
        """The rows of a code by day; empty for one that the file lacks."""
        place = self.place_of.get(code)
        if place is None:
            return np.empty(0, dtype=np.int64)
        return self.order[self.bounds[place] : self.bounds[place + 1]]

    def frame_of(self, codes: Iterable[str]) -> pd.DataFrame:
        """The rows of `codes`: code, session, close, volume, factor (NaN where the file has none), by code and day."""
        rows = [(code, self.rows_of(code)) for code in codes]
        at = np.concatenate([own for _, own in rows]) if rows else np.empty(0, dtype=np.int64)
        volume, factor = (np.full(len(at), np.nan) if each is None else each[at] for each in (self.volume, self.factor))
        return pd.DataFrame(
            {
                "code": np.repeat([code for code, _ in rows], [len(own) for _, own in rows]),
                "session": self.days[at].astype("datetime64[s]"),
                "close": self.close[at],
                "volume": volume,
                "factor": factor,
            },
            index=at,
        )

    def last_day(self, code: str) -> dt.date | None:
        """The last day on which a code has a row; None for one that the file lacks."""
        rows = self.rows_of(code)
        return self.days[rows[-1]].astype(dt.date) if len(rows) else None


def read_market(path: Path, name: str) -> MarketRows:
    """The file's rows; PriceProblems when it is no Parquet file, lacks a column, or a column is of the wrong type.

    A second call for a file that has not changed since costs nothing.
    """
    try:
        stamp = path.stat()
    except OSError as error:
        raise _unread(name, "not_parquet", error) from None
    return _read(path, name, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, name: str, changed: int, size: int) -> MarketRows:
    try:
        table = pq.read_table(path, read_dictionary=["code"])
    except (pa.ArrowException, OSError) as error:
        raise _unread(name, "not_parquet", error) from None
    missing = [column for column in ("code", "date", "close") if column not in table.column_names]
    if missing:
        problem = Problem(MARKET_FILE, None, ", ".join(missing), "", "header_missing", {"wanted": " ".join(missing)})
        raise PriceProblems("prices_broken", [problem], name=name)
    try:
        code = table["code"].cast(pa.string()).combine_chunks().dictionary_encode()
        days = table["date"].cast(pa.date32()).to_numpy().astype("datetime64[D]")
        close = table["close"].cast(pa.float64()).to_numpy()
        volume = table["volume"].cast(pa.float64()).to_numpy() if "volume" in table.column_names else None
        named = next((each for each in FACTORS if each in table.column_names), None)
        factor = None if named is None else table[named].cast(pa.float64()).to_numpy()
    except pa.ArrowException as error:
        raise _unread(name, "value_wrong", error) from None
    at = code.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    undated = np.flatnonzero(np.isnat(days))
    if len(undated):
        problems = [Problem(MARKET_FILE, int(row), "date", "", "blank_cell") for row in undated]
        raise PriceProblems("prices_broken", problems, name=name)
    return MarketRows(tuple(code.dictionary.to_pylist()), at, days, close, volume, factor)


def steps_of(days: Days, factor: Floats) -> pd.Series:
    """A vendor's cumulative factor over that of the row before, by day, where it steps (`Prices.steps`); rows ascend."""
    at = np.flatnonzero(factor[1:] != factor[:-1]) + 1
    return pd.Series(factor[at] / factor[at - 1], index=pd.DatetimeIndex(days[at].astype("datetime64[s]")), dtype=float)


def wrong_factors(factor: Floats) -> npt.NDArray[np.int64]:
    """Places of factors that are not positive and finite; none in a column without any, which is as if it were not there."""
    if np.isnan(factor).all():
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(~(np.isfinite(factor) & (factor > 0)))


def _unread(name: str, code: str, error: Exception) -> PriceProblems:
    return PriceProblems("prices_broken", [Problem(MARKET_FILE, None, "", "", code, {"detail": error})], name=name)


def no_whole_cent(close: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where a close (CNY) of an A share is no whole cent; False where there is none."""
    with np.errstate(invalid="ignore"):
        return np.abs(close - np.round(close / CENT) * CENT) > np.maximum(SLACK, close * SLACK_SHARE)
