"""What a ratings file holds, read once before prices are: every cell checked, every rating a few numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.coding import Coder, Word, as_text
from screener.grading.faults import SHOWN
from screener.grading.gather import Coded
from screener.grading.ratings import RatingsFile
from screener.grading.results import COLUMNS
from screener.grading.standards import ratings_of
from screener.terms.notes import Problem, ScreenerError
from screener.thesis.scale import RatingScale

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Contents:
    """What ratings speak of: their different symbols, publication dates (ascending) and words."""

    symbols: tuple[str, ...]
    published: tuple[dt.date, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, eq=False)
class Rated(Contents):
    """A checked ratings file: `coded` has one entry a row, pointing into `symbols`, `published` and `words`."""

    file: RatingsFile
    coded: Coded


def read_ratings(file: RatingsFile, scales: Mapping[str, RatingScale]) -> Rated:
    """Check every row of `file` and code it.

    `scales`: every scale that a row may name. InputProblems counts the wrong cells and lists the first with file, line (of
    Parquet: the row), field and value; ScreenerError for a file without rows.
    """
    coder = Coder(ratings_of(scales))
    parts: list[Coded] = []
    hashes: list[Hashes] = []
    row = 0
    for table in file.batches([name for name in COLUMNS if name in file.names]):
        coded, faults = coder.code(table)
        file.faults.take(faults, file.line, row)
        parts.append(coded)
        hashes.append(hash_ids(as_text(table["rating_id"])))
        row += len(table)
    file.faults.check()
    if not row:
        raise ScreenerError("ratings_empty", file=file.name)
    _check_ids(file, np.concatenate(hashes))
    date, published = _distinct([part.date for part in parts])
    symbol, word = (np.concatenate([getattr(part, name) for part in parts]) for name in ("symbol", "word"))
    return Rated(tuple(coder.symbols.values), published, tuple(coder.words), file, Coded(symbol, date, word))


def _distinct(parts: list[npt.NDArray[np.int32]]) -> tuple[npt.NDArray[np.int32], tuple[dt.date, ...]]:
    """(place of each day among the distinct ones, these as dates, ascending)."""
    days = np.concatenate(parts)
    first = int(days.min())
    there = np.bincount(days - first) > 0
    places = (np.cumsum(there) - 1).astype(np.int32)[days - first]
    return places, tuple(day_of(first + each) for each in np.flatnonzero(there).tolist())


def day_of(number: int) -> dt.date:
    """The date that is `number` days after 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)


def hash_ids(ids: pa.Array) -> Hashes:
    """A 64-bit number for each id, equal for equal ids: a tenth of the memory of the ids."""
    import duckdb

    rows = pa.table({"id": ids})  # noqa: F841 DuckDB reads it by its name
    with duckdb.connect() as connection:
        return connection.sql("SELECT hash(id) AS hash FROM rows").fetchnumpy()["hash"]  # type: ignore[no-any-return]


def _check_ids(file: RatingsFile, hashes: Hashes) -> None:
    """InputProblems with ids that occur more than once; looked up only where two have the same number."""
    ordered = np.sort(hashes)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return
    times: dict[str, int] = {}
    for table in file.batches(["rating_id"]):
        ids = as_text(table["rating_id"])
        for place in np.flatnonzero(np.isin(hash_ids(ids), again)).tolist():
            times[ids[place].as_py()] = times.get(ids[place].as_py(), 0) + 1
    twice = sorted(each for each, count in times.items() if count > 1)
    shown = [Problem(file.name, None, "rating_id", each, "ratings_id_twice") for each in twice[:SHOWN]]
    file.faults.add(shown, count=len(twice))
    file.faults.check()
