"""The whole market from the local store: every stock that `screener update --universe a-shares` has brought in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np

from screener.errors import ScreenerError, UsageError
from screener.performance import Floats
from screener.prices import as_date
from screener.sessions import Days, load_calendar, spread_on
from screener.store import Store, default_folder
from screener.symbols import parse_symbol
from screener.universe import Universe
from screener.universe_file import MarketRows, assemble_universe, common_shares


def load_store_universe(folder: Path | None, *, benchmark: str, end: dt.date) -> Universe:
    """Every common A share of the store until `end`, with the benchmark; unadjusted like a folder's market file.

    `folder`: None = the user's data directory. UsageError when the store has no stock, ScreenerError when it has nothing
    until `end`, StoreError when a file does not open.
    """
    store = Store(folder or default_folder())
    store.check_version()
    stocks = [symbol for symbol in store.symbols() if parse_symbol(symbol).kind == "stock"]
    if not stocks:
        raise UsageError("universe_store_empty", folder=store.folder)
    rows = _market_rows(store, stocks)
    known = rows.days[rows.days <= np.datetime64(end)]
    if not len(known):
        raise ScreenerError("universe_empty", file="store", end=end)
    sessions = load_calendar().between(as_date(known.min()), as_date(known.max()))
    kept, excluded = common_shares(rows.codes)
    universe = assemble_universe(rows, sessions, kept, excluded, name="store", file="store")
    levels = _benchmark_levels(store, benchmark, sessions)
    return replace(universe, benchmark=levels, benchmark_symbol=benchmark)


def _market_rows(store: Store, stocks: list[str]) -> MarketRows:
    """The stored closes and volumes of all stocks, one under the other."""
    days, closes, volumes, lengths = [], [], [], []
    for symbol in stocks:
        bars = store.read_bars(symbol)
        if bars is None:
            lengths.append(0)
            continue
        rows = bars.rows
        days.append(rows["session"].to_numpy().astype("datetime64[D]"))
        closes.append(rows["close"].to_numpy(dtype=float))
        volumes.append(rows["volume"].to_numpy(dtype=float))
        lengths.append(len(rows))
    if not days:
        raise UsageError("universe_store_empty", folder=store.folder)
    return MarketRows(
        codes=tuple(parse_symbol(symbol).code for symbol in stocks),
        code_at=np.repeat(np.arange(len(stocks)), lengths),
        days=np.concatenate(days),
        close=np.concatenate(closes),
        volume=np.concatenate(volumes),
    )


def _benchmark_levels(store: Store, benchmark: str, sessions: Days) -> Floats:
    """The benchmark's stored close per session, NaN where there is none."""
    bars = store.read_bars(benchmark)
    if bars is None:
        return np.full(len(sessions), np.nan)
    days = bars.rows["session"].to_numpy().astype("datetime64[D]")
    return spread_on(sessions, days, bars.rows["close"].to_numpy(dtype=float))
