"""The last session of which a group of files has a bar of any share: beyond it nobody is suspended, the data have ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from screener.sources.group_ends import last_day_of_files, last_day_of_market


def group_reaches(groups: Mapping[str, Path], known: Mapping[str, dt.date], *, end: dt.date) -> dict[str, dt.date]:
    """Symbol → the last day up to `end` with a bar of any share of its group.

    `groups`: symbol → the folder of text files or the Parquet file that its rows come from; `known`: symbol → its own last
    row. The other files of a group are looked at only where none of the known rows reaches `end`.
    """
    found: dict[Path, dt.date] = {}
    for group in set(groups.values()):
        last = max(known[symbol] for symbol, own in groups.items() if own == group)
        found[group] = min(end, last if last >= end else max(last, _last_of(group, group.stat().st_mtime_ns) or last))
    return {symbol: found[group] for symbol, group in groups.items()}


@lru_cache(maxsize=32)
def _last_of(group: Path, changed: int) -> dt.date | None:
    """The last day in a group of files; `changed` keys the cache."""
    return last_day_of_files(group.glob("*.csv")) if group.is_dir() else last_day_of_market(group)
