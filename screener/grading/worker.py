"""What an engine's workers do with their part of the ratings: Arrow batches in, Arrow batches out, numpy between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from screener.grading.arrays import Facts
from screener.grading.coding import Coder, Fault, Said, Words, Wrong
from screener.grading.results import side_by_side
from screener.grading.shipping import read_facts

# Ratings graded at once: enough of each publication date to be worth a matrix.
AT_ONCE = 250_000
# Examples of each kind of fault that a worker tells of.
EXAMPLES = 10
CENSUS = pa.schema([("what", pa.string()), *((name, pa.string()) for name in "abcd"), ("number", pa.int64())])
Scales = frozenset[str]
Names = Mapping[str, str]
Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Shipped:
    """Where a worker finds the facts: the `name` of a file that the engine has brought, or a URI."""

    name: str
    is_uri: bool = False


def take_census(batches: Batches, scales: Scales, names: Names) -> Iterator[pa.RecordBatch]:
    """What a part of the ratings holds: different symbols, words and days, the number of rows, and what is wrong with them."""
    coder = Coder(scales)
    days: set[int] = set()
    rows = bad = 0
    found: list[tuple[str, str, str, str, str, int]] = []
    for table in _tables(batches, names):
        coded, faults = coder.code(table)
        wrong = any_wrong(faults, len(table))
        rows, bad = rows + len(table), bad + int(wrong.sum())
        days |= set(np.unique(coded.date[~wrong]).tolist())
        found += [each for fault in faults for each in _told(fault)]
    found += [("symbol", each, "", "", "", 0) for each in coder.symbols.values]
    found += [("word", *word) for word in coder.words]
    found += [("day", "", "", "", "", day) for day in days]
    found += [("rows", "", "", "", "", rows), ("bad", "", "", "", "", bad)]
    yield from pa.table([pa.array(each) for each in zip(*found, strict=True)], schema=CENSUS).to_batches()


def _told(fault: Fault) -> Iterator[tuple[str, str, str, str, str, int]]:
    for row in np.flatnonzero(fault.rows)[:EXAMPLES].tolist():
        yield "fault", fault.column, fault.code, fault.value(row), "", 0


def any_wrong(faults: list[Fault], rows: int) -> Wrong:
    """Which rows of a batch have any fault."""
    wrong = np.zeros(rows, dtype=bool)
    for fault in faults:
        wrong |= fault.rows
    return wrong


def grade_part(
    batches: Batches, shipped: Shipped, scales: Scales, names: Names, *, schema: pa.Schema, shares: bool
) -> Iterator[pa.RecordBatch]:
    """The rows that have no fault with their outcomes, in the columns of `schema`."""
    facts, coder = _known(shipped, scales)
    for table in _tables(batches, names):
        coded, faults = coder.code(table)
        good = np.flatnonzero(~any_wrong(faults, len(table)))
        part = coded.take(good)
        part = replace(part, date=np.searchsorted(facts.dates.published, part.date).astype(np.int32))
        whole = side_by_side(table.take(pa.array(good)), part, facts, names=tuple(names), shares=shares)
        yield from whole.select(schema.names).cast(schema).combine_chunks().to_batches()


def bad_part(
    batches: Batches, shipped: Shipped, scales: Scales, names: Names, *, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows that have a fault, as they are, with the column `fault`: which cells are wrong, and how."""
    _, coder = _known(shipped, scales)
    for table in _tables(batches, names):
        _, faults = coder.code(table)
        rows = np.flatnonzero(any_wrong(faults, len(table)))
        reasons = ["; ".join(f"{each.column}: {each.code}" for each in faults if each.rows[row]) for row in rows.tolist()]
        found = table.take(pa.array(rows)).append_column("fault", pa.array(reasons, type=pa.string()))
        yield from found.select(schema.names).cast(schema).combine_chunks().to_batches()


def _tables(batches: Batches, names: Names) -> Iterator[pa.Table]:
    """The batches joined to tables of about AT_ONCE rows under our names."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= AT_ONCE:
            yield _renamed(waiting, names)
            waiting = []
    if waiting:
        yield _renamed(waiting, names)


def _renamed(batches: list[pa.RecordBatch], names: Names) -> pa.Table:
    theirs = pa.Table.from_batches(batches)
    return pa.table({ours: theirs[name] for ours, name in names.items() if name in theirs.column_names})


def _known(shipped: Shipped, scales: Scales) -> tuple[Facts, Coder]:
    """The facts, and a coder whose places are theirs."""
    facts, more = _open_facts(shipped)
    words = {Said(*word): place for place, word in enumerate(more["words"])}
    wrong = {int(place): (column, code, params) for place, (column, code, params) in more["wrong"].items()}
    symbols = Words({symbol: place for place, symbol in enumerate(facts.symbols)}, list(facts.symbols))
    return facts, Coder(scales, symbols=symbols, words=words, wrong=wrong)


@lru_cache(maxsize=1)
def _open_facts(shipped: Shipped) -> tuple[Facts, Mapping[str, Any]]:
    if shipped.is_uri:
        import pyarrow.fs

        files, path = pyarrow.fs.FileSystem.from_uri(shipped.name)
        with files.open_input_file(path) as source:
            return read_facts(pa.BufferReader(source.read_buffer()))
    from pyspark import SparkFiles

    return read_facts(pa.memory_map(SparkFiles.get(shipped.name)))
