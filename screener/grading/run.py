"""Ratings in, outcomes out: stages the file, prepares prices and facts, runs an engine, writes the result atomically."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from screener.grading.facts import CALENDAR, Facts, benchmark_of, build_facts
from screener.grading.ratings import COLUMNS, StagedRatings, stage_ratings
from screener.grading.scoreboard import Scoreboard, build_scoreboard, measure_base_rates
from screener.measures.panel import Panel, build_panel, last_seen
from screener.prices.prices import LOOKBACK, ManyPrices, ManySource, PriceSource
from screener.terms.notes import InputProblems, Note, Problem, ScreenerError, UsageError
from screener.terms.replacing import replacing
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import RatingScale

if TYPE_CHECKING:
    from screener.grading.query import EngineName

# A spreadsheet runs a cell that begins with one of these, unless the whole cell is a number.
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True, eq=False)
class Ground:
    """What ratings are graded on: the panel of prices, the facts made of it, the as-of date, and what must be said."""

    panel: Panel
    facts: Facts
    as_of: dt.date
    kind: str
    name: str
    notes: tuple[Note, ...]
    universe: int


# Which source to read prices from, given the symbols of the ratings and the first publication date.
Choose = Callable[[Sequence[str], dt.date], PriceSource]


def grade_to_file(
    ratings: Path,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    out: Path,
    as_of: dt.date | None = None,
    today: dt.date,
    engine: EngineName = "duckdb",
    shares: bool = True,
) -> tuple[Ground, Tally]:
    """Write every rating with its outcome to `out` (.csv or .parquet), in the order of the file; see `graded`."""
    check_result_path(out)
    tally = Tally()
    with graded(ratings, choose, scales, as_of=as_of, today=today, engine=engine, shares=shares) as (ground, _, tables):
        with result_writer(out) as writer:
            for table in tables:
                writer.write(tally.add(table))
        return ground, tally


def grade_to_scoreboard(
    ratings: Path,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    engine: EngineName = "duckdb",
    merge_repeats: bool = False,
) -> tuple[Ground, Tally, Scoreboard]:
    """Grade and count by house, analyst and rating, beside the base rates of the whole market; see `scoreboard`."""
    tally = Tally()
    options: dict[str, Any] = {"as_of": as_of, "today": today, "engine": engine}
    with graded(ratings, choose, scales, **options, shares=False, whole_market=True) as (ground, staged, tables):
        used = {each: scales[each] for each in staged.scales}
        base_rates = measure_base_rates(ground.panel, ground.facts, used)
        counted: Iterator[pa.Table] = (tally.add(table) for table in tables)
        if merge_repeats and "house" not in staged.carried:
            raise UsageError("ratings_no_house")
        if merge_repeats:
            counted = iter([pa.concat_tables(counted)])
        board = build_scoreboard(counted, base_rates, universe=ground.universe, merge_repeats=merge_repeats)
    return ground, tally, board


@contextmanager
def graded(
    ratings: Path,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    engine: EngineName = "duckdb",
    shares: bool = True,
    whole_market: bool = False,
) -> Iterator[tuple[Ground, StagedRatings, Iterator[pa.Table]]]:
    """Grade the file `ratings` with every scale of `scales` at hand: (ground, staged file, tables in the file's order).

    Each table has COLUMNS, the carried columns and RESULTS, the figures that `outcome` gives one by one. `whole_market`
    also reads the symbols that nobody rated, for base rates. The files behind it live as long as the context.
    """
    from screener.grading.query import open_engine, repeated_ids

    with tempfile.TemporaryDirectory(prefix="screener-") as name:
        folder = Path(name)
        staged = stage_ratings(ratings, scales, folder)
        again = [Problem(ratings.name, None, "rating_id", each, "ratings_id_twice") for each in repeated_ids(staged)]
        if again:
            raise InputProblems("ratings_broken", again, file=ratings.name)
        used = {each: scales[each] for each in staged.scales}
        source = choose(staged.symbols, staged.first)
        ground = prepare(staged, source, used, as_of=as_of, today=today, whole_market=whole_market)
        with open_engine(engine, ground.facts, folder) as running:
            # The engine has its own copy of the large tables.
            kept = {"dates": ground.facts.tables["dates"]}
            ground = replace(ground, facts=replace(ground.facts, tables=kept))
            yield ground, staged, _side_by_side(staged, running.results(staged, shares=shares))


def prepare(
    staged: StagedRatings,
    source: PriceSource,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None,
    today: dt.date,
    whole_market: bool,
) -> Ground:
    """Read the prices of every rated symbol and benchmark once and work out the facts.

    The as-of date is the one asked for, or the last session on which a benchmark and some stock both have a price.
    UsageError for one after `today`, the last finished session's date; ScreenerError without any price.
    """
    calendar = load_calendar(CALENDAR)
    if as_of is not None and (as_of > today or calendar.last_on_or_before(as_of) is None):
        raise UsageError("as_of_unknown", as_of=as_of, today=today)
    stop = calendar.last_on_or_before(min(as_of or today, today, calendar.last_day))
    base = calendar.last_on_or_before(max(staged.first, calendar.first_day))
    if stop is None or base is None:
        raise ScreenerError("no_prices", kind=source.kind)
    many = load_many(
        source, _wanted(staged, source, scales, whole_market), start=calendar.shift(min(base, stop), -LOOKBACK), end=stop
    )
    known = [day for day in (last_seen(many.prices, "index"), last_seen(many.prices, "stock")) if day]
    if not known:
        raise ScreenerError("no_prices", kind=source.kind)
    as_of = stop if as_of is not None else min(known)
    cut = ManyPrices(many.prices.cut(as_of), {symbol: day for symbol, day in many.faults.items() if day <= as_of})
    panel = build_panel(cut)
    facts = build_facts(panel, calendar, scales, symbols=staged.symbols, first=staged.first, last=staged.last, as_of=as_of)
    prices = many.prices
    universe = sum(parse_symbol(symbol).kind == "stock" for symbol in panel.symbols)
    return Ground(panel, facts, as_of, prices.kind, prices.name, prices.notes, universe)


def _wanted(
    staged: StagedRatings, source: PriceSource, scales: Mapping[str, RatingScale], whole_market: bool
) -> tuple[str, ...]:
    """Benchmarks, rated symbols on the mainland calendar, and the rest of the market if asked for."""
    benchmarks = [symbol for symbol in map(benchmark_of, scales.values()) if symbol]
    rated = [symbol for symbol in staged.symbols if parse_symbol(symbol).market == CALENDAR]
    rest = source.symbols() if whole_market and isinstance(source, ManySource) else ()
    return tuple(dict.fromkeys([*benchmarks, *rated, *rest]))


def load_many(source: PriceSource, symbols: tuple[str, ...], *, start: dt.date, end: dt.date) -> ManyPrices:
    """Prices of many symbols; a source that cannot keep faults apart by symbol refuses them all (PriceProblems)."""
    if isinstance(source, ManySource):
        return source.load_many(symbols, start=start, end=end)
    return ManyPrices(source.load(symbols, start=start, end=end))


def _side_by_side(staged: StagedRatings, results: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Input columns and results, piece by piece, in the order of the file."""
    columns = [*COLUMNS, *staged.carried]
    inputs = staged.batches(columns)
    waiting = pa.table({name: pa.array([], type=pa.null()) for name in columns}).slice(0, 0)
    for result in results:
        pieces = [waiting] if len(waiting) else []
        while sum(map(len, pieces)) < len(result):
            pieces.append(next(inputs))
        rows = pa.concat_tables(pieces)
        waiting = rows.slice(len(result))
        table = rows.slice(0, len(result))
        for name in result.column_names:
            table = table.append_column(name, result[name])
        yield table
        del table, result, rows, pieces
        pa.default_memory_pool().release_unused()


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table to `path` (.csv or .parquet), atomically, its text safe for a spreadsheet."""
    with result_writer(path) as writer:
        writer.write(pa.Table.from_pandas(frame, preserve_index=False))


def check_result_path(path: Path) -> None:
    """UsageError unless the ending says how to write it."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError("result_kind", path=path.name)


@dataclass
class Tally:
    """What was written: rows, rows with a figure at 12 months, not due, and with a gap that should not be there."""

    rows: int = 0
    measured: int = 0
    pending: int = 0
    gaps: int = 0

    def add(self, table: pa.Table) -> pa.Table:
        """Count the rows of a graded table, and hand it on."""
        gap = table["gap"]
        self.rows += len(table)
        self.measured += len(table) - table["excess_12m"].null_count
        pending = pc.sum(pc.equal(gap, "not_due")).as_py() or 0
        self.pending += pending
        self.gaps += len(table) - gap.null_count - pending
        return table


@contextmanager
def result_writer(path: Path) -> Iterator[ResultWriter]:
    """Write a result to `path` (.parquet or .csv): it appears under its name when complete, and not at all otherwise."""
    check_result_path(path)
    with replacing(path) as part:
        writer: ResultWriter = _CsvWriter(part) if path.suffix.lower() == ".csv" else _ParquetWriter(part)
        yield writer
        writer.close()


class ResultWriter(Protocol):
    """Takes tables of equal columns, one after the other."""

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`."""

    def close(self) -> None:
        """Finish the file."""


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self.writer.write_table(table.cast(self.writer.schema))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


class _CsvWriter:
    """UTF-8 with BOM, so that a spreadsheet reads the Chinese; text that it would run as a formula gets an apostrophe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pyarrow.csv.CSVWriter | None = None

    def write(self, table: pa.Table) -> None:
        safe = pa.table({name: _neutral(table[name]) for name in table.column_names})
        if self.writer is None:
            self.file = self.path.open("wb")
            self.file.write(b"\xef\xbb\xbf")
            options = pyarrow.csv.WriteOptions(quoting_style="needed")
            self.writer = pyarrow.csv.CSVWriter(self.file, safe.schema, write_options=options)
        self.writer.write_table(safe)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.file.close()


def _neutral(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    risky = pc.and_(pc.match_substring_regex(column, _FORMULA), pc.invert(pc.match_substring_regex(column, _NUMBER)))
    if not pc.any(risky).as_py():
        return column
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
