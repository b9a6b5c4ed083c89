"""How long the trust measures take and how much memory: python benchmarks/trust.py FOLDER (a folder of prices).

Each line prints the seconds of one call, the limit it must keep, and at the end the process's peak memory. Reading the
files is timed apart from measuring.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from screener.evidence.placebo import MOST_DATES, draw_baskets, horizon_ends, match_groups, measure_placebo
from screener.evidence.robustness import measure_robustness
from screener.evidence.sensitivity import measure_sensitivity
from screener.measures.universe import measure_traits
from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.sources.index_history import load_index_history
from screener.sources.market_file import load_universe
from screener.thesis.library import open_library
from screener.thesis.thesis import DEFAULT_THESIS

AS_OF = dt.date(2025, 5, 23)
Result = TypeVar("Result")


def timed(name: str, limit: float | None, call: Callable[[], Result]) -> Result:
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    print(f"{seconds:8.3f} s  {'' if limit is None else f'limit {limit:g} s':>12}  {name}")
    return result


def one_thousand_dates(universe, calendar, columns):
    """The longest possible run over dates: 1,000 of them, whatever the members' own history allows."""
    ends = horizon_ends(calendar, universe.sessions, 6)
    starts = [at for at, end in enumerate(ends) if end >= 0][:MOST_DATES]
    levels = universe.level[:, columns]
    return (levels[ends[starts]] / levels[starts]).mean(axis=1)


def main(folder: Path) -> None:
    import numpy as np

    thesis, scale = open_library(None).load(DEFAULT_THESIS)
    outcome = timed("outcome", None, lambda: check_outcome(thesis, scale, FolderSource(folder), as_of=AS_OF, today=AS_OF))
    grid = timed("sensitivity, whole thesis", 2, lambda: measure_sensitivity(outcome))
    print(f"{'':24}{len(grid.cells):,} cells; {len(grid.cells[grid.cells['subject'] == 'all']):,} of the basket")
    timed("robustness, whole thesis", None, lambda: measure_robustness(outcome, seed=0))
    universe = timed("reading the universe", None, lambda: load_universe(folder, benchmark=outcome.benchmark, end=AS_OF))
    timed("reading the industries", None, lambda: load_index_history(folder, benchmark=outcome.benchmark, end=AS_OF))
    at, end = (universe.position(day) for day in (dt.date(2024, 8, 1), AS_OF))
    growth, alive = universe.level[end] / universe.level[at], universe.alive(at)
    rng = np.random.default_rng(0)
    timed(
        f"100,000 baskets of 11 out of {len(alive):,}",
        3,
        lambda: growth[alive[draw_baskets(rng, len(alive), 11, 100_000)]].mean(axis=1),
    )
    timed("groups of matched peers", None, lambda: match_groups(measure_traits(universe, at), alive))
    columns = universe.columns(thesis.members("all"))
    timed("1,000 dates of the same names", 5, lambda: one_thousand_dates(universe, outcome.prices.calendar, columns))
    timed(
        "100,000 random, 100,000 matched baskets and all dates, 17 subjects, 3 horizons",
        10,
        lambda: measure_placebo(outcome, universe, n=100_000, seed=0),
    )
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB  {'limit 1000 MB':>12}  peak memory")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
