"""Float share counts as they are stored: the days on which they changed, beside what was stored before."""

from __future__ import annotations

import pandas as pd

from screener.store.rows import ShareCounts
from screener.terms.notes import Note
from screener.terms.sessions import as_date
from screener.terms.symbols import Symbol


def count_changes(counts: pd.DataFrame) -> pd.DataFrame:
    """The days (ascending) on which the count is another than on the row before; the first is one, unknown equals unknown."""
    values = counts["float_shares"]
    before = values.shift()
    same = (values == before) | (values.isna() & before.isna())
    same.iloc[:1] = False
    return counts[~same].reset_index(drop=True)


def joined_counts(found: ShareCounts, stored: ShareCounts | None, notes: list[Note], symbol: Symbol) -> ShareCounts:
    """What was found with the stored counts from before it; a note where it says of a stored day something else."""
    if stored is None:
        return found
    first = found.rows["date"].iloc[0]
    days = sorted({*stored.rows["date"], *found.rows["date"]})
    both = [(day, *(_count_on(each.rows, day) for each in (stored, found))) for day in days if day >= first]
    other = [each for each in both if as_date(each[0]) <= stored.reach and abs(each[1] - each[2]) > 0.5]
    if other:
        day, was, now = other[0]
        params: dict[str, object] = {"symbol": str(symbol), "day": as_date(day), "stored": f"{was:.0f}", "found": f"{now:.0f}"}
        notes.append(Note("shares_restated", params))
    earlier = stored.rows[stored.rows["date"] < first]
    return ShareCounts(pd.concat([earlier, found.rows], ignore_index=True), max(found.reach, stored.reach))


def _count_on(rows: pd.DataFrame, day: pd.Timestamp) -> float:
    known = rows.loc[rows["date"] <= day, "float_shares"]
    return float(known.iloc[-1]) if len(known) else float("nan")
