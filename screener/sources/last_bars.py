"""The last session of which a group of files has a bar of any share: beyond it nobody is suspended, the data have ended."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screener.terms.sessions import as_date

# The first and the last rows of a file stand within this many bytes of its ends, whatever their order.
ENDS = 2000
_DAY = re.compile(rb"(?m)(?:^|,)\"?(\d{4})[-/]?(\d{1,2})[-/]?(\d{1,2})\"?(?=,|$|\s)")


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
    if group.is_dir():
        return max((day for path in group.glob("*.csv") for day in _days_at_ends(path)), default=None)
    try:
        last = pc.max(pq.read_table(group, columns=["date"])["date"]).as_py()
    except (pa.ArrowException, OSError):
        return None
    return None if last is None else as_date(last)


def _days_at_ends(path: Path) -> list[dt.date]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        ends = [file.read(ENDS)]
        file.seek(max(0, size - ENDS))
        ends.append(file.read())
    found = []
    for year, month, day in (match.groups() for part in ends for match in _DAY.finditer(part)):
        try:
            found.append(dt.date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found
