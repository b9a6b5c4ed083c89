"""The bundled market of one base date as a universe, and the bundled industry indices as a history: chance, offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from screener.measures.industries import industries
from screener.measures.universe import IndexHistory, Traits, Universe
from screener.sources import bundled
from screener.terms.notes import Note
from screener.terms.sessions import Floats, load_calendar
from screener.terms.symbols import parse_symbol

BASE = dt.date(2024, 4, 12)
# Column of the table → the session that its return ends on.
ENDS: Mapping[str, dt.date] = MappingProxyType(
    {"ret6m": dt.date(2024, 10, 14), "ret9m": dt.date(2025, 1, 14), "ret12m": dt.date(2025, 4, 14)}
)
# The table holds total returns, so a price index is no fair benchmark for it.
TOTAL_RETURN: Mapping[str, str] = MappingProxyType({"000300.SH": "H00300.CSI"})
MILLION = 1e6


def load_bundled_universe(*, benchmark: str) -> Universe:
    """The Shanghai and Shenzhen A shares listed on BASE, total return (level 1 there), against `benchmark`'s total return.

    Names without a close at one of the ends and those of Beijing are left out and counted. A benchmark whose total-return
    index is not bundled has NaN levels: its comparisons are the gap `no_benchmark`.
    """
    table = bundled.universe_returns()
    beijing = table.index.str.endswith(".BJ")
    ended = table[list(ENDS)].notna().all(axis=1)
    kept = table[~beijing & ended].sort_index()
    excluded = {"bse": int(beijing.sum()), "no_end_close": int((~beijing & ~ended).sum())}
    count = len(kept)
    sessions = np.array([BASE, *ENDS.values()], dtype="datetime64[D]")
    total = TOTAL_RETURN.get(benchmark, "")
    note = Note(
        "placebo_bundled",
        {"base": BASE, "count": f"{count:,}", "missing": excluded["no_end_close"], "bse": excluded["bse"]},
    )
    return Universe(
        sessions=sessions,
        symbols=tuple(kept.index),
        level=np.vstack([np.ones(count), *(1 + kept[column].to_numpy(dtype=float) for column in ENDS)]),
        first=np.zeros(count, dtype=np.int64),
        last=np.full(count, len(ENDS), dtype=np.int64),
        benchmark=_levels(bundled.closes(), total, sessions),
        benchmark_symbol=total or benchmark,
        name="bundled",
        excluded=excluded,
        basis=(note,),
        series="total",
        only_base=BASE,
        traits=Traits(
            board=np.array([parse_symbol(symbol).board for symbol in kept.index]),
            size=kept["amount20_mn"].to_numpy(dtype=float) * MILLION,
            momentum=kept["mom6"].to_numpy(dtype=float),
        ),
    )


def load_bundled_history(*, benchmark: str, end: dt.date) -> IndexHistory:
    """The 31 industry indices until `end`, the bundled one of them with its longer history, and the benchmark's closes."""
    longer = bundled.industry_history()
    closes = longer.combine_first(bundled.industry_closes()).loc[: pd.Timestamp(end)]
    sessions = load_calendar().between(closes.index[0].date(), min(end, closes.index[-1].date()))
    names = {each.symbol: (each.name, each.name_en) for each in industries()}
    symbols = tuple(symbol for symbol in names if symbol in closes)
    close = np.column_stack([_levels(closes, symbol, sessions) for symbol in symbols])
    return IndexHistory(sessions, symbols, close, _levels(closes, benchmark, sessions), names)


def _levels(table: pd.DataFrame, symbol: str, sessions: np.ndarray) -> Floats:
    """A column of `table` on the sessions, NaN where it has none."""
    if symbol not in table:
        return np.full(len(sessions), np.nan)
    return table[symbol].reindex(pd.DatetimeIndex(sessions.astype("datetime64[s]"))).to_numpy(dtype=float)
