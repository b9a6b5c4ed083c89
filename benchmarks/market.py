"""Screening a stored market of invented prices: python benchmarks/market.py [--names 5000] [--sessions 250].

Wall time and peak memory of a process of its own, from the files in the store to the screened table.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from screener.store.rows import Actions, Bars
from screener.store.store import Store
from screener.terms.sessions import load_calendar
from screener.thesis.library import open_library

END = dt.date(2025, 6, 30)
NOW = dt.datetime(2025, 7, 1, 9, 0, tzinfo=dt.UTC)
PREFIXES = (("600", "SH"), ("603", "SH"), ("000", "SZ"), ("002", "SZ"), ("300", "SZ"))


def fill(store: Store, names: int, sessions: int) -> None:
    """Random walks, nine names in ten with a dividend in the middle, the others with unknown actions; the benchmark."""
    calendar, random = load_calendar(), np.random.default_rng(1)
    days = pd.DatetimeIndex(calendar.between(calendar.shift(END, 1 - sessions), END).astype("datetime64[s]"))
    paid = pd.DataFrame({"ex_date": days[[sessions // 2]], "cash_per_share": 0.1, "split_ratio": 1.0, "source": "a+b"})
    each = -(-names // len(PREFIXES))
    symbols = [f"{prefix}{number:03d}.{exchange}" for prefix, exchange in PREFIXES for number in range(each)][:names]
    with store.writing(now=NOW):
        store.write_names(pd.DataFrame({"name": symbols, "listed": pd.NaT, "delisted": pd.NaT}, index=symbols))
        for place, symbol in enumerate(["000300.SH", *symbols]):
            close = np.round(20 * np.cumprod(1 + random.normal(0, 0.01, sessions)), 2)
            rows = pd.DataFrame({"session": days, "open": close, "high": close * 1.01, "low": close * 0.99, "close": close})
            rows = rows.assign(volume=1e6, amount=1e6 * close, source="eastmoney", fetched_at=pd.Timestamp(NOW))
            if place % 10:
                store.write_actions(symbol, Actions(paid, END, ("a", "b")))
            store.write_bars(symbol, Bars(rows, days[0].date()))


def screen(folder: Path) -> None:
    """What `screener screen --universe a-shares --prices store` does, without printing the table."""
    from screener.screening import check_market
    from screener.store.source import StoreSource

    started = time.perf_counter()
    pair = open_library().load("guolian-2024-ai-compute")
    found = check_market([pair], StoreSource(Store(folder), today=END), universe="a-shares", today=END)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(found.frame):,} names  {time.perf_counter() - started:.1f} s  peak {megabytes:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=5000)
    parser.add_argument("--sessions", type=int, default=250)
    parser.add_argument("--store", type=Path, help="Screen this store, in this process.")
    chosen = parser.parse_args()
    if chosen.store is not None:
        screen(chosen.store)
        return
    with tempfile.TemporaryDirectory() as folder:
        fill(Store(Path(folder)), chosen.names, chosen.sessions)
        subprocess.run([sys.executable, __file__, "--store", folder], check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})


if __name__ == "__main__":
    main()
