"""What a ratings file holds, read once before prices are: every cell checked, every rating a few numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.arrays import Places
from screener.grading.coding import Coder, Said, Words, as_text, as_words
from screener.grading.faults import SHOWN
from screener.grading.gather import PARTS, Coded
from screener.grading.ratings import CODED, RatingsFile
from screener.grading.standards import Editions
from screener.terms.notes import Problem, ScreenerError, UsageError

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Contents:
    """What ratings speak of: their different symbols, publication dates (ascending) and words."""

    symbols: tuple[str, ...]
    published: tuple[dt.date, ...]
    words: tuple[Said, ...]


@dataclass(frozen=True, eq=False)
class Rated(Contents):
    """A checked ratings file: `coded` has one entry a row, pointing into `symbols`, `published` and `words`."""

    file: RatingsFile
    coded: Coded


def read_ratings(file: RatingsFile, editions: Editions, *, follow: bool = False) -> Rated:
    """Check every row of `file` and code it.

    `editions`: every scale that a row may name. `follow`: also find the rating of the same house before and after each one;
    UsageError without a column house. InputProblems counts the wrong cells and lists the first with file, line (of
    Parquet: the row), field and value; ScreenerError for a file without rows.
    """
    coder = Coder(frozenset(editions.scales), editions.trouble)
    parts: list[Coded] = []
    hashes: list[Hashes] = []
    houses: list[Places] = []
    known = Words()
    if follow and "house" not in file.names:
        raise UsageError("ratings_no_house")
    row = 0
    for table in file.batches([name for name in CODED if name in file.names]):
        coded, faults = coder.code(table)
        file.faults.take(faults, file.line, row)
        parts.append(coded)
        hashes.append(hash_ids(as_text(table["rating_id"])))
        row += len(table)
        if follow:
            houses.append(known.code(as_words(table["house"])))
    file.faults.check()
    if not row:
        raise ScreenerError("ratings_empty", file=file.name)
    _check_ids(file, np.concatenate(hashes))
    coded = join_coded(parts)
    date, published = _distinct([coded.date])
    coded = replace(coded, date=date)
    words = tuple(coder.words)
    if follow:
        coded = follow_ratings(coded, np.concatenate(houses), words)
    return Rated(tuple(coder.symbols.values), published, words, file, coded)


def follow_ratings(coded: Coded, house: Places, words: Sequence[Said]) -> Coded:
    """With `before`, the word of the same house's last rating of the symbol, and `until`, the date of its next different one.

    −1 = none. Of several on one day the later row counts as the later one.
    """
    said = {rating: place for place, rating in enumerate(dict.fromkeys(word.rating for word in words))}
    rating = np.array([said[word.rating] for word in words], dtype=np.int64)[coded.word]
    order = np.lexsort((coded.date, coded.symbol, house))
    pair = house[order].astype(np.int64) * (int(coded.symbol.max()) + 1) + coded.symbol[order]
    same_pair = pair[1:] == pair[:-1]
    before, until = (np.full(len(order), -1, dtype=np.int32) for _ in range(2))
    before[order[1:]] = np.where(same_pair, coded.word[order[:-1]], -1)
    starts = np.flatnonzero(np.append(True, ~same_pair | (rating[order[1:]] != rating[order[:-1]])))
    ends = np.append(starts[1:], len(order))
    follows = np.append(same_pair[starts[1:] - 1], False)
    next_date = np.where(follows, coded.date[order[np.minimum(ends, len(order) - 1)]], -1)
    until[order] = np.repeat(next_date, ends - starts)
    return replace(coded, before=before, until=until)


def join_coded(parts: Sequence[Coded]) -> Coded:
    """The ratings of all parts, one after the other."""
    columns: dict[str, Any] = {name: [getattr(part, name) for part in parts] for name in PARTS}
    return replace(parts[0], **{name: np.concatenate(each) for name, each in columns.items() if each[0] is not None})


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
