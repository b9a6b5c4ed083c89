"""Whether closes of A shares can be unadjusted: whole cents, and equal to those of other sources at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from screener.sources import bundled
from screener.sources.market_rows import CENT, MOST_NAMED, no_whole_cent
from screener.terms.notes import Note, Problem

# Unadjusted closes of a symbol by session from another source at hand; None where it has none.
Others = Mapping[str, Callable[[str], pd.Series | None]]
# So many days that differ are another kind of price; a single one is a wrong cell, which other checks name.
FEWEST_DIFFERING = 5


def bundled_closes(symbol: str) -> pd.Series | None:
    """The bundled unadjusted closes of a symbol; None for one that is not bundled."""
    return bundled.closes().get(symbol)


BUNDLED: Others = {"bundled": bundled_closes}
NO_OTHERS: Others = {}


def unadjusted_problems(rows: pd.DataFrame, symbol: str, file: str, others: Others = BUNDLED) -> Iterator[Problem]:
    """Faults of an A share's closes (session, close; the index is the line) that no unadjusted file has, the first of each.

    `others`: by a word for it, each source that the closes are held against.

    Source: MEASUREMENT, "Indices are checked too": a close that is no whole cent; closes that are not those of another source.
    """
    close = rows["close"].where(np.isfinite(rows["close"])).to_numpy(dtype=float)
    parts = np.flatnonzero(no_whole_cent(close))
    if len(parts):
        yield _problem(rows, int(parts[0]), file, "close_no_cent", {"count": len(parts)})
    for word, closes_of in others.items():
        found = closes_of(symbol)
        if found is None:
            continue
        other = found.reindex(pd.DatetimeIndex(rows["session"])).to_numpy(dtype=float)
        apart = np.flatnonzero(np.abs(close - other) > CENT / 2)  # whole cents that agree are the same cent
        if len(apart) >= FEWEST_DIFFERING:
            first = {"count": len(apart), "of": int(np.isfinite(other).sum()), "other": f"{other[apart[0]]:g}"}
            yield _problem(rows, int(apart[0]), file, f"close_not_{word}", first)
            return


def cannot_be_shown(rows: pd.DataFrame, symbol: str, others: Others = BUNDLED) -> bool:
    """Whether nothing shows that closes are unadjusted: no amounts with volumes, and no other closes of these days."""
    if (rows["amount"].notna() & rows["volume"].notna()).any():
        return False
    found = [closes_of(symbol) for closes_of in others.values()]
    return not any(each is not None and rows["session"].isin(each.index).any() for each in found)


def unshown_note(files: Iterable[str]) -> Note:
    """That nothing shows the closes of these files to be unadjusted, the first MOST_NAMED by name."""
    known = list(dict.fromkeys(files))
    more = f" … ({len(known)})" if len(known) > MOST_NAMED else ""
    return Note("prices_unshown", {"file": " ".join(known[:MOST_NAMED]) + more})


def _problem(rows: pd.DataFrame, place: int, file: str, code: str, params: dict[str, object]) -> Problem:
    day = {"day": rows["session"].iloc[place].date(), **params}
    return Problem(file, int(rows.index[place]), "close", f"{rows['close'].iloc[place]:g}", code, day)
