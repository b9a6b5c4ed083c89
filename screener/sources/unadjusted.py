"""Whether closes of A shares can be unadjusted: whole cents, and equal to the bundled closes where those have the days."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from screener.sources import bundled
from screener.terms.notes import Problem

# CNY: files may hold 32-bit numbers, whose steps grow with the price.
CENT, SLACK, SLACK_SHARE = 0.01, 1e-4, 2e-7
# So many days that differ are another kind of price; a single one is a wrong cell, which other checks name.
FEWEST_DIFFERING = 5


def unadjusted_problems(rows: pd.DataFrame, symbol: str, file: str) -> Iterator[Problem]:
    """Faults of an A share's closes (session, close; the index is the line) that no unadjusted file has, the first of each.

    Source: MEASUREMENT, "Indices are checked too": a close that is no whole cent; closes that are not those of another source.
    """
    close = rows["close"].where(np.isfinite(rows["close"])).to_numpy(dtype=float)
    parts = np.flatnonzero(np.abs(close - np.round(close / CENT) * CENT) > np.maximum(SLACK, close * SLACK_SHARE))
    if len(parts):
        yield _problem(rows, int(parts[0]), file, "close_no_cent", {"count": len(parts)})
    if symbol not in bundled.closes():
        return
    other = bundled.closes()[symbol].reindex(pd.DatetimeIndex(rows["session"])).to_numpy(dtype=float)
    apart = np.flatnonzero(np.abs(close - other) > CENT + SLACK)
    if len(apart) >= FEWEST_DIFFERING:
        first = {"count": len(apart), "of": int(np.isfinite(other).sum()), "other": f"{other[apart[0]]:g}"}
        yield _problem(rows, int(apart[0]), file, "close_not_unadjusted", first)


def cannot_be_shown(rows: pd.DataFrame, symbol: str) -> bool:
    """Whether nothing shows that an A share's closes are unadjusted: no amounts, and no bundled closes of these days."""
    if rows["amount"].notna().any():
        return False
    return symbol not in bundled.closes() or not rows["session"].isin(bundled.closes().index).any()


def _problem(rows: pd.DataFrame, place: int, file: str, code: str, params: dict[str, object]) -> Problem:
    day = {"day": rows["session"].iloc[place].date(), **params}
    return Problem(file, int(rows.index[place]), "close", f"{rows['close'].iloc[place]:g}", code, day)
