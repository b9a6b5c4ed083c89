"""Every rating graded: ratings joined with the facts by equality, written once and run by DuckDB or by Spark."""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screener.grading.facts import BLOCK, FORM_DIFFERS, HORIZONS, NEAR_EDGE_FLAG, Facts
from screener.grading.ratings import RESULTS, StagedRatings
from screener.measures.panel import GAP_NUMBER, NO_GAP
from screener.terms.notes import ScreenerError

EngineName = Literal["duckdb", "spark"]
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")
KEYS = ("row", "symbol", "published", "rating", "scale")
NOT_DUE = GAP_NUMBER["not_due"]
# What DuckDB may use: the hash tables over the quotes (bytes for each cell of the panel), and never less than 1 GB.
BYTES_PER_QUOTE, LEAST_MEMORY = 210, 1_000_000_000
# Each thread holds buffers of its own; beyond a few, memory grows and speed does not.
MOST_THREADS = 4
# Ratings of one query, without and with window shares: enough to be worth building the hash tables, few enough to stay
# within the memory.
GRADED_AT_ONCE, SHARED_AT_ONCE = 1_000_000, 750_000
# Where the memory does not suffice, batches are halved down to this.
FEWEST_AT_ONCE = 50_000

Table = Any  # ibis has no types


@dataclass(frozen=True, eq=False)
class Relations:
    """The tables of `grade_facts.Facts` as an engine holds them, with the numbers that make up their keys."""

    tables: Mapping[str, Table]
    sessions: int
    blocks: int
    edges: int


def grade_expression(ratings: Table, facts: Relations, *, counts: Table | None = None) -> Table:
    """The outcome of each rating as one Ibis expression: columns `row` and RESULTS, one row per rating, in no order.

    `ratings`: row (any unique key), symbol, published, rating ("" = unrated), scale. `counts`: what `window_counts` gives
    for the same ratings; without it share_in_band and sessions are null. Equality joins only, so that the same expression
    compiles for every engine.
    """
    rows = _rate(_horizons(_place(ratings, facts), facts), facts.edges)
    if counts is None:
        rows = rows.mutate(measured=ibis.null("int64"), earned=ibis.null("int64"))
    else:
        rows = _joined(rows, counts, row="counted_row")
    return _named(rows, facts.tables)


def window_counts(ratings: Table, facts: Relations) -> Table:
    """Per rating with a quote at its base date: counted_row, sessions of its window that could be `measured`, and how many
    `earned` the stated band. A rating whose window has not begun has no row.

    A window is joined in blocks of BLOCK sessions, each as one wide row, so that it takes about nine joined rows.
    """
    placed = _place(ratings, facts)
    rows = placed.filter(placed.base_gap == NO_GAP)
    rows = rows.select("row", "sid", "level_0", "stop", "stated_from", "stated_to", "date_id")
    rows = rows.inner_join(facts.tables["windows"], "date_id")
    rows = rows.mutate(block_key=rows.sid * facts.blocks + rows.block, linked=rows.stop - rows.block * BLOCK)
    rows = rows.inner_join(facts.tables["blocks"].rename(level_key="key"), [("block_key", "level_key")])
    measured, earned = [], []
    for place in range(BLOCK):
        # The difference of two simple returns, in the order of operations of outcome's path.
        excess = (rows[f"close_{place}"] / rows.level_0 - 1) - rows[f"bench_{place}"]
        linked = rows.linked > place
        measured.append(ibis.ifelse(excess.notnull() & linked, 1, 0))
        earned.append(ibis.ifelse((excess >= rows.stated_from) & (excess < rows.stated_to) & linked, 1, 0))
    counts = rows.select(
        counted_row="row", measured=functools.reduce(operator.add, measured), earned=functools.reduce(operator.add, earned)
    )
    return counts.group_by("counted_row").aggregate(
        measured=counts.measured.sum().cast("int64"), earned=counts.earned.sum().cast("int64")
    )


def _joined(left: Table, right: Table, **keys: str) -> Table:
    """Left join on left column = right column (both under their names), the right keys dropped."""
    right = right.rename({f"_{name}": name for name in keys.values()})
    on = [left[mine] == right[f"_{other}"] for mine, other in keys.items()]
    return left.left_join(right, on).drop(*(f"_{name}" for name in keys.values()))


def _place(ratings: Table, facts: Relations) -> Table:
    """Ratings with their symbol's place, their standard, their dates, and the quote at the base date."""
    tables = facts.tables
    rows = _joined(ratings, tables["symbols"], symbol="symbol")
    rows = _joined(rows, tables["standards"], scale="scale", kind="kind", rating="rating")
    rows = _joined(rows, tables["dates"], plan="plan", published="published")
    rows = rows.mutate(quote_key=rows.sid * facts.sessions + rows.base_pos)
    base = tables["quotes"].select("key", "base_gap", "stop", "stop_gap", level_0="level", flag_0="flag")
    rows = _joined(rows, base, quote_key="key").drop("quote_key")
    return rows.mutate(base_gap=rows.base_gap.fill_null(rows.symbol_gap))


def _horizons(rows: Table, facts: Relations) -> Table:
    """With each horizon's quote, its gap, and own and excess return where there is no gap."""
    for months in HORIZONS:
        quotes = facts.tables["quotes"]
        end = quotes.select("key", **{f"level_{months}": "level", f"end_gap_{months}": "gap", f"flag_{months}": "flag"})
        rows = rows.mutate(quote_key=rows.sid * facts.sessions + rows[f"pos_{months}"])
        rows = _joined(rows, end, quote_key="key").drop("quote_key")
        rows = rows.mutate(**{f"gap_{months}": _gap(rows, months), f"own_{months}": rows[f"level_{months}"] / rows.level_0 - 1})
        excess = rows[f"own_{months}"] - rows[f"bench_{months}"]
        known = rows[f"gap_{months}"] == NO_GAP
        rows = rows.mutate(**{f"excess_{months}m": ibis.ifelse(known, excess, ibis.null("float64"))})
    return rows


def _gap(rows: Table, months: int) -> Table:
    """The gap of a horizon, in the order in which `outcome` meets them: base, not due, end, break, benchmark."""
    position, end_gap = rows[f"pos_{months}"], rows[f"end_gap_{months}"]
    return ibis.cases(
        (rows.base_pos.isnull(), NOT_DUE),
        (rows.base_gap != NO_GAP, rows.base_gap),
        (position.isnull(), NOT_DUE),
        (end_gap != NO_GAP, end_gap),
        (rows.stop <= position, rows.stop_gap),
        else_=rows[f"gap_of_bench_{months}"],
    ).cast("int8")


def _passed(excess: Table, rows: Table, edges: int) -> Table:
    """How many band edges an excess has reached, which is its band counted from the worst; null for a null."""
    return functools.reduce(operator.add, [(excess >= rows[f"edge_{k}"]).cast("int32") for k in range(edges)])


def _rate(rows: Table, edges: int) -> Table:
    """With bands as edges passed, hit and at-least, the flags of the 12-month figure, and the one gap that is shown."""
    rows = rows.mutate(passed_6=_passed(rows.excess_6m, rows, edges), passed_12=_passed(rows.excess_12m, rows, edges))
    geometric = (rows.own_12 + 1) / (rows.bench_12 + 1) - 1
    zones = [(rows.excess_12m >= rows[f"near_from_{k}"]) & (rows.excess_12m < rows[f"near_to_{k}"]) for k in range(edges)]
    near = ibis.ifelse(functools.reduce(operator.or_, zones), NEAR_EDGE_FLAG, 0)
    differs = ibis.ifelse(_passed(geometric, rows, edges) != rows.passed_12, FORM_DIFFERS, 0)
    bits = (rows.flag_0.cast("int32") | rows.flag_12.cast("int32")) + near + differs
    real = {each: (rows[f"gap_{each}"] != NO_GAP) & (rows[f"gap_{each}"] != NOT_DUE) for each in HORIZONS}
    return rows.mutate(
        hit_12m=rows.passed_12 == rows.stated,
        at_least_12m=(rows.passed_12 >= rows.least_from) & (rows.passed_12 <= rows.least_to),
        bits=ibis.ifelse(rows.excess_12m.notnull(), bits, 0).cast("int32"),
        number=ibis.cases(
            (real[12], rows.gap_12), (real[6], rows.gap_6), (rows.gap_12 == NO_GAP, rows.gap_6), else_=rows.gap_12
        ).cast("int8"),
    )


def _named(rows: Table, tables: Mapping[str, Table]) -> Table:
    """Numbers turned into the words of the tables, and the columns of a result."""
    for months in HORIZONS:
        bands = tables["bands"].rename({f"band_{months}m": "band"})
        rows = _joined(rows, bands, **{"ladder": "ladder", f"passed_{months}": "passed"})
    rows = _joined(rows, tables["gaps"], number="number")
    rows = _joined(rows, tables["flags"], bits="bits")
    share = rows.earned.cast("float64") / rows.measured.nullif(0).cast("float64")
    rows = rows.mutate(
        share_in_band=ibis.ifelse(rows.stated.notnull(), share, ibis.null("float64")),
        sessions=rows.measured.fill_null(0).cast("int32"),
    )
    return rows.select("row", *RESULTS)


class Engine(Protocol):
    """What runs the expression."""

    def results(self, staged: StagedRatings, *, shares: bool) -> Iterator[pa.Table]:
        """Columns RESULTS in the order of the staged rows; the pieces may be of any length."""


def repeated_ids(staged: StagedRatings, most: int = 20) -> list[str]:
    """Rating ids that occur more than once, at most `most` of them."""
    connection = _connect(LEAST_MEMORY, staged.path.parent)
    try:
        ids = connection.read_parquet(staged.path).rating_id
        if connection.to_pyarrow(ids.nunique()).as_py() == staged.rows:
            return []
        counts = ids.value_counts(name="times")
        again = counts.filter(counts.times > 1).order_by("rating_id").limit(most)
        return [str(each) for each in connection.to_pyarrow(again)["rating_id"].to_pylist()]
    finally:
        connection.disconnect()


def _connect(memory: int, folder: Path) -> Any:
    """A DuckDB of its own, spilling to `folder`; rows come in any order, so it need not keep one."""
    return ibis.duckdb.connect(
        memory_limit=f"{memory // 1_000_000}MB",
        temp_directory=str(folder),
        threads=min(MOST_THREADS, os.cpu_count() or 1),
        preserve_insertion_order=False,
    )


@contextmanager
def open_engine(name: EngineName, facts: Facts, folder: Path) -> Iterator[Engine]:
    """DuckDB in this process, or the Spark session of the environment; `folder` is for facts and spill files.

    ScreenerError `engine_missing` when the `spark` extra is not installed.
    """
    paths = {}
    for table in facts.tables:
        paths[table] = folder / f"{table}.parquet"
        pq.write_table(facts.tables[table], paths[table], compression="none", use_dictionary=False)
    if name == "spark":
        yield _SparkEngine(facts, paths, folder)
        return
    engine = _DuckEngine(facts, paths, folder)
    try:
        yield engine
    finally:
        engine.connection.disconnect()


class _DuckEngine:
    """DuckDB: facts as tables in memory, ratings in batches, so that memory does not grow with their number."""

    def __init__(self, facts: Facts, paths: Mapping[str, Path], folder: Path) -> None:
        quotes = facts.tables["quotes"].num_rows
        self.memory = max(LEAST_MEMORY, BYTES_PER_QUOTE * quotes)
        self.connection = _connect(self.memory, folder)
        read = self.connection.read_parquet
        tables = {name: self.connection.create_table(name, obj=read(path)) for name, path in paths.items()}
        self.relations = Relations(tables, facts.sessions, facts.blocks, facts.edges)

    def results(self, staged: StagedRatings, *, shares: bool) -> Iterator[pa.Table]:
        ratings = self.connection.read_parquet(staged.path).select(*KEYS)
        size, start = SHARED_AT_ONCE if shares else GRADED_AT_ONCE, 0
        while start < staged.rows:
            some = ratings.filter((ratings.row >= start) & (ratings.row < start + size))
            try:
                result = self.grade(some, shares=shares)
            except duckdb.OutOfMemoryException:
                if size <= FEWEST_AT_ONCE:
                    raise ScreenerError("grade_memory", bytes=f"{self.memory / 1e9:.1f}") from None
                size //= 2
                continue
            yield _in_order(result)
            start += size

    def grade(self, ratings: Table, *, shares: bool) -> pa.Table:
        """One batch, counted first so that its windows and its horizons do not need memory at once."""
        self.connection.raw_sql("DROP TABLE IF EXISTS counts")
        counts = self.connection.create_table("counts", obj=window_counts(ratings, self.relations)) if shares else None
        return self.connection.to_pyarrow(grade_expression(ratings, self.relations, counts=counts))


class _SparkEngine:
    """Spark: one query over the whole file, written by the executors to `folder`, which they must be able to reach."""

    def __init__(self, facts: Facts, paths: Mapping[str, Path], folder: Path) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise ScreenerError("engine_missing") from None
        self.session = SparkSession.builder.appName("screener grade").getOrCreate()
        self.connection = ibis.pyspark.connect(self.session)
        tables = {name: self.connection.read_parquet(path, table_name=f"facts_{name}") for name, path in paths.items()}
        self.relations = Relations(tables, facts.sessions, facts.blocks, facts.edges)
        self.folder = folder

    def results(self, staged: StagedRatings, *, shares: bool) -> Iterator[pa.Table]:
        ratings = self.connection.read_parquet(staged.path, table_name="ratings").select(*KEYS)
        counts = window_counts(ratings, self.relations) if shares else None
        graded = grade_expression(ratings, self.relations, counts=counts).order_by("row")
        target = self.folder / "graded"
        self.session.sql(self.connection.compile(graded)).write.mode("overwrite").parquet(str(target))
        for part in sorted(target.glob("part-*.parquet")):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(GRADED_AT_ONCE):
                    yield _in_order(pa.Table.from_batches([batch]))


def _in_order(result: pa.Table) -> pa.Table:
    """RESULTS by ascending row."""
    order = np.argsort(result["row"].to_numpy(), kind="stable")
    return result.select(list(RESULTS)).take(pa.array(order))
