"""Stores made in plain pandas from a folder of CSV files, independently of what fills a store in earnest."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from screener.store.rows import Actions, Bars
from screener.store.store import Store

NOW = dt.datetime(2025, 7, 1, 9, 0, tzinfo=dt.UTC)
END = dt.date(2025, 6, 30)
INDICES = {"000300.SH": "000300", "H00300.CSI": "H00300", "801770.SI": "801770", "931160.CSI": "931160"}


def bars_of(folder: Path, symbol: str, *, end: dt.date = END, source: str = "eastmoney") -> Bars:
    """The stored form of one file of `folder`."""
    code = symbol.partition(".")[0]
    path = folder / "index" / f"{code}.csv" if symbol in INDICES else folder / "raw" / f"{code}.csv"
    rows = pd.read_csv(path, parse_dates=["date"]).rename(columns={"date": "session"})
    rows = rows.reindex(columns=["session", "open", "high", "low", "close", "volume", "amount"])
    rows = rows[(rows["session"] <= pd.Timestamp(end)) & (rows["session"] >= "2023-12-01")]
    rows = rows.assign(source=source, fetched_at=pd.Timestamp(NOW)).reset_index(drop=True)
    silent = end if rows["session"].iloc[-1].date() < end else None
    return Bars(rows, dt.date(2023, 12, 1), silent)


def actions_of(folder: Path, symbol: str, *, checked_to: dt.date = END) -> Actions:
    """The stored form of one symbol's rows of `actions.csv`."""
    rows = pd.read_csv(folder / "actions.csv", dtype={"code": "str"}, parse_dates=["ex_date"])
    own = rows[(rows["code"] == symbol[:6]) & (rows["ex_date"] <= pd.Timestamp(checked_to))].sort_values("ex_date")
    return Actions(own[["ex_date", "cash_per_share", "split_ratio"]].assign(source="a+b"), checked_to, ("a", "b"))


def fill_store(store: Store, folder: Path, symbols: tuple[str, ...]) -> Store:
    """Store `symbols` from `folder`, up to END."""
    with store.writing(now=NOW):
        for symbol in symbols:
            if symbol not in INDICES:
                store.write_actions(symbol, actions_of(folder, symbol))
            store.write_bars(symbol, bars_of(folder, symbol))
    return store


def small_bars(
    closes: list[float], *, first: str = "2025-06-03", source: str = "eastmoney", asked_from: str = "2025-06-03"
) -> Bars:
    """Bars on consecutive sessions with flat prices, 1000 shares a day: for tests that care for the rows' joints only."""
    from screener.terms.sessions import load_calendar

    days = load_calendar().between(dt.date.fromisoformat(first), dt.date(2025, 12, 31))[: len(closes)]
    rows = pd.DataFrame({"session": pd.DatetimeIndex(days).astype("datetime64[s]")})
    for column in ("open", "high", "low", "close"):
        rows[column] = closes
    rows = rows.assign(volume=1000.0, amount=[1000.0 * close for close in closes], source=source, fetched_at=pd.Timestamp(NOW))
    return Bars(rows, dt.date.fromisoformat(asked_from))
