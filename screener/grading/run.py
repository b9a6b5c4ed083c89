"""Ratings in, outcomes out: reads the file, prepares prices and facts, gathers the figures, writes the result atomically."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from screener.grading.arrays import Facts
from screener.grading.base_rates import BaseRates
from screener.grading.census import Rated, join_coded, read_ratings
from screener.grading.gather import Coded
from screener.grading.ground import Choose, Ground, prepare
from screener.grading.ratings import open_ratings
from screener.grading.result_files import check_result_path, result_writer
from screener.grading.results import side_by_side
from screener.grading.scoreboard import Scoreboard, build_scoreboard
from screener.grading.standards import Editions
from screener.terms.notes import UsageError
from screener.thesis.scale import RatingScale

EngineName = Literal["duckdb", "spark"]
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")
# Batches graded ahead of the one that is written, each on a thread of its own.
AHEAD = 2
Batch = tuple[pa.Table, Coded]


def grade_to_file(
    ratings: Path | str,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    out: Path,
    as_of: dt.date | None = None,
    today: dt.date,
    shares: bool = True,
    until_change: bool = False,
) -> tuple[Ground, Tally]:
    """Write every rating with its outcome to `out` (.csv or .parquet), in the order of the file; see `graded`."""
    check_result_path(out)
    tally = Tally()
    options: dict[str, Any] = {"as_of": as_of, "today": today, "shares": shares, "until_change": until_change}
    with graded(ratings, choose, scales, **options) as (ground, _, batches):
        with result_writer(out) as writer:
            for table, _ in batches:
                writer.write(tally.add(table))
        return ground, tally


def grade_to_scoreboard(
    ratings: Path | str,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    merge_repeats: bool = False,
    until_change: bool = False,
) -> tuple[Ground, Tally, Scoreboard]:
    """Grade and count by house, analyst and rating, beside the base rates of the whole market; see `scoreboard`."""
    tally = Tally()
    options: dict[str, Any] = {"as_of": as_of, "today": today, "until_change": until_change}
    with graded(ratings, choose, scales, **options, shares=False, whole_market=True) as (ground, rated, batches):
        base_rates = BaseRates(ground.facts)
        counted: Iterator[Batch] = ((tally.add(table), coded) for table, coded in batches)
        if merge_repeats and "house" not in rated.file.carried:
            raise UsageError("ratings_no_house")
        if merge_repeats:
            counted = iter([_together(list(counted))])
        board = build_scoreboard(counted, base_rates, universe=ground.universe, merge_repeats=merge_repeats)
    return ground, tally, board


def grade_in_memory(
    ratings: Path | str,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    merge_repeats: bool = False,
    until_change: bool = False,
) -> tuple[Ground, pa.Table, Scoreboard]:
    """Every rating with its outcome as one table, and the scoreboard over them: what a notebook holds at once."""
    options: dict[str, Any] = {"as_of": as_of, "today": today, "until_change": until_change}
    with graded(ratings, choose, scales, **options, whole_market=True) as (ground, rated, batches):
        if merge_repeats and "house" not in rated.file.carried:
            raise UsageError("ratings_no_house")
        whole = _together(list(batches))
        board = build_scoreboard([whole], BaseRates(ground.facts), universe=ground.universe, merge_repeats=merge_repeats)
    return ground, whole[0], board


@contextmanager
def graded(
    ratings: Path | str,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    shares: bool = True,
    whole_market: bool = False,
    until_change: bool = False,
) -> Iterator[tuple[Ground, Rated, Iterator[Batch]]]:
    """Grade the file `ratings` with every scale of `scales` at hand: (ground, checked file, batches in the file's order).

    Each batch is a table and its rows as numbers; the table has COLUMNS, the carried columns and RESULTS, the figures that
    `outcome` gives one by one. `whole_market` also reads the symbols that nobody rated, for base rates. `until_change`: see
    `gather`. The files behind it live as long as the context.
    """
    with tempfile.TemporaryDirectory(prefix="screener-") as folder:
        editions = Editions(scales)
        file = open_ratings(ratings, Path(folder))
        follow = until_change or (whole_market and "house" in file.names)
        rated = read_ratings(file, editions, follow=follow)
        source = choose(rated.symbols, rated.published[0])
        has_targets = "target_price" in rated.file.names
        ground = prepare(rated, source, editions, as_of=as_of, today=today, whole_market=whole_market, with_closes=has_targets)
        yield ground, rated, _side_by_side(rated, ground.facts, shares=shares, until_change=until_change)


def _together(batches: list[Batch]) -> Batch:
    tables, coded = zip(*batches, strict=True)
    return pa.concat_tables(tables), join_coded(coded)


def _side_by_side(rated: Rated, facts: Facts, *, shares: bool, until_change: bool) -> Iterator[Batch]:
    """Input columns and results, batch by batch in the order of the file; the next batches are graded meanwhile."""
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(min(AHEAD, os.cpu_count() or 1)) as workers:
        try:
            for table, coded in _batches(rated):
                waiting.append(
                    workers.submit(_graded_batch, rated, facts, table, coded, shares=shares, until_change=until_change)
                )
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()


def _batches(rated: Rated) -> Iterator[tuple[pa.Table, Coded]]:
    """The columns that are handed on as they are, beside the numbers of the same rows."""
    columns = [name for name in rated.file.names if name not in ("symbol", "published", "rating")]
    row = 0
    for table in rated.file.batches(columns):
        yield table, rated.coded.take(slice(row, row + len(table)))
        row += len(table)


def _graded_batch(rated: Rated, facts: Facts, table: pa.Table, coded: Coded, *, shares: bool, until_change: bool) -> Batch:
    return side_by_side(table, coded, facts, names=tuple(rated.file.names), shares=shares, until_change=until_change), coded


@dataclass
class Tally:
    """What was written: rows, rows with a figure at the end, not due, and with a gap that should not be there."""

    rows: int = 0
    measured: int = 0
    pending: int = 0
    gaps: int = 0

    def add(self, table: pa.Table) -> pa.Table:
        """Count the rows of a graded table, and hand it on."""
        gap = table["gap"].cast(pa.string())
        self.rows += len(table)
        self.measured += len(table) - table["measured_end"].null_count
        pending = pc.sum(pc.equal(gap, "not_due")).as_py() or 0
        self.pending += pending
        self.gaps += len(table) - gap.null_count - pending
        return table
