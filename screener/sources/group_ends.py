"""What is known of a group of files without reading their prices: the last session of any of them, and a hash of them all."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# Bytes at either end of a text file that are looked at: several rows.
EDGE = 2048
_DAY = re.compile(rb"(?:^|\n)\"?(\d{4})[-/]?(\d{2})[-/]?(\d{2})\b")


def last_day_of_files(paths: Iterable[Path]) -> dt.date | None:
    """The latest date at the beginning of a line near either end of the files; None without any.

    Rows stand in the order of their dates, one way or the other, as every export has them.
    """
    return max((day for path in paths for day in _edge_days(path)), default=None)


def _edge_days(path: Path) -> Iterator[dt.date]:
    with path.open("rb") as file:
        head = file.read(EDGE)
        file.seek(max(0, path.stat().st_size - EDGE))
        tail = file.read()
    for year, month, day in _DAY.findall(head) + _DAY.findall(tail):
        try:
            yield dt.date(int(year), int(month), int(day))
        except ValueError:
            continue  # the reader of the file says what is wrong with it


def last_day_of_market(path: Path) -> dt.date | None:
    """The latest date in a whole-market file, from its statistics where it has them; None where it cannot be read."""
    try:
        with pq.ParquetFile(path) as file:
            place = file.schema_arrow.get_field_index("date")
            stats = [file.metadata.row_group(each).column(place).statistics for each in range(file.metadata.num_row_groups)]
            known = [each.max for each in stats if each is not None and each.has_min_max]
            if place < 0 or len(known) < len(stats) or not all(isinstance(each, dt.date) for each in known):
                return pc.max(file.read(["date"])["date"]).cast(pa.date32()).as_py() if place >= 0 else None
    except (pa.ArrowException, OSError):
        return None  # the reader of the file says what is wrong with it
    return max((each.date() if isinstance(each, dt.datetime) else each for each in known), default=None)


def hash_of_files(folder: Path, paths: Iterable[Path]) -> str:
    """A hash of the names and the content of files below `folder`."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(each for each in paths if each.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
