"""The whole market from one Parquet file of a folder of prices: `market_close.parquet` (CONTRACT)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from screener.measures.universe import Universe, known_universe, unadjusted_universe
from screener.sources.folder_source import FolderSource
from screener.sources.market_rows import MARKET_FILE, MarketRows, no_whole_cent, read_market
from screener.terms.notes import Gap, Note, PriceProblems, Problem, ScreenerError, UsageError
from screener.terms.sessions import Calendar, Days, Floats, as_date, load_calendar, places_on, spread_on
from screener.terms.symbols import a_share, common_shares

# A broken file is broken everywhere: its first faults are enough to see why.
SHOWN_PROBLEMS = 20


def load_universe(folder: Path, *, benchmark: str, end: dt.date) -> Universe:
    """Every common A share of `folder`'s market file until `end`, with the benchmark from the same folder.

    UsageError when the folder or its file is missing, PriceProblems when a value is wrong, ScreenerError when the file has
    nothing until `end`.
    """
    source = FolderSource(folder)
    path = folder / MARKET_FILE
    if not path.is_file():
        raise UsageError("universe_file_missing", folder=folder.name, file=MARKET_FILE)
    rows = read_market(path, folder.name)
    calendar = load_calendar()
    problems = [*_faults(rows, calendar), *_adjusted_signs(rows)]
    if problems:
        raise PriceProblems("prices_broken", problems, name=folder.name)
    known = rows.days[rows.days <= np.datetime64(end)]
    if not len(known):
        raise ScreenerError("universe_empty", file=MARKET_FILE, end=end)
    sessions = calendar.between(as_date(known.min()), as_date(known.max()))
    kept, excluded = common_shares(rows.codes)
    universe = _assemble(rows, sessions, kept=kept, excluded=excluded, name=folder.name)
    levels = _benchmark_levels(source, benchmark, sessions)
    return replace(universe, benchmark=levels, benchmark_symbol=benchmark)


def load_known_universe(source: FolderSource, *, benchmark: str, start: dt.date, end: dt.date) -> Universe:
    """Every common A share of a folder with a market file from `start` to `end`, each measured as a candidate is.

    A name's own files and actions win, then a factor, then raw closes; a name with a fault in the window has no level, and why
    is in `known`. UsageError without a market file, ScreenerError when it has nothing until `end`.
    """
    if not (source.folder / MARKET_FILE).is_file():
        raise UsageError("universe_file_missing", folder=source.folder.name, file=MARKET_FILE)
    last = source.group_end(MARKET_FILE)
    if last is None:
        raise ScreenerError("universe_empty", file=MARKET_FILE, end=end)
    kept, excluded = common_shares([symbol.partition(".")[0] for symbol in source.symbols()])
    symbols = list(kept.values())
    many = source.load_many([*symbols, benchmark], start=start, end=min(end, last))
    prices, faults = many.prices, {symbol: Gap("bad_data", "name_faulty", {"symbol": symbol}) for symbol in many.faults}
    if prices.close[symbols].isna().all(axis=None):
        raise ScreenerError("universe_empty", file=MARKET_FILE, end=end)
    universe = known_universe(replace(prices, gaps={**prices.gaps, **faults}), symbols, benchmark=benchmark, excluded=excluded)
    return replace(universe, basis=() if universe.amount is None else (Note("market_amounts", {"file": MARKET_FILE}),))


def _faults(rows: MarketRows, calendar: Calendar) -> Iterator[Problem]:
    """Blank cells, prices that are not positive, negative volumes, weekends, and a date twice; the first of each kind."""
    traded = np.ones(len(rows.close), dtype=bool) if rows.volume is None else rows.volume != 0
    weekend = (rows.days.astype(np.int64) + 3) % 7 >= 5
    again = _repeated(rows)
    odd = np.array([not (len(code) == 6 and code.isdigit()) for code in rows.codes] + [True])[rows.code_at]
    checks = (
        ("code", "bad_code", odd),
        ("date", "bad_date", np.isnat(rows.days)),
        ("date", "weekend", weekend & ~np.isnat(rows.days)),
        ("close", "price_not_positive", traded & ~(np.isfinite(rows.close) & (rows.close > 0))),
        ("volume", "volume_negative", np.zeros(len(again), bool) if rows.volume is None else rows.volume < 0),
        ("date", "date_twice", again),
    )
    for column, code, wrong in checks:
        for row in np.flatnonzero(wrong)[:SHOWN_PROBLEMS]:
            symbol = rows.codes[rows.code_at[row]] if rows.code_at[row] >= 0 else ""
            shown = {"code": symbol, "date": rows.days[row], "close": rows.close[row]}.get(column, "")
            yield Problem(MARKET_FILE, int(row) + 1, column, str(shown), code, {"value": symbol, "other": symbol})


def _adjusted_signs(rows: MarketRows) -> Iterator[Problem]:
    """The first close of an A share that is no whole cent, so that the file holds adjusted prices, and how many there are."""
    share = np.array([a_share(code) is not None for code in rows.codes] + [False])[rows.code_at]
    parts = np.flatnonzero(share & no_whole_cent(rows.close))
    if len(parts):
        first = int(parts[0])
        told = {"day": rows.days[first], "count": f"{len(parts):,}"}
        yield Problem(MARKET_FILE, first + 1, "close", f"{rows.close[first]:g}", "close_no_cent", told)


def _repeated(rows: MarketRows) -> npt.NDArray[np.bool_]:
    """Rows whose code and date stood in an earlier row; a file in order, as most are, is not sorted again."""
    keys = rows.code_at * np.int64(1 << 32) + rows.days.astype(np.int64)
    again = np.zeros(len(keys), dtype=bool)
    if (np.diff(keys) > 0).all():
        return again
    order = np.argsort(keys, kind="stable")
    again[order[1:]] = np.diff(keys[order]) == 0
    return again


def _assemble(rows: MarketRows, sessions: Days, *, kept: dict[int, str], excluded: dict[str, int], name: str) -> Universe:
    """The universe of `rows` on `sessions`, its benchmark still to be set."""
    column_of = np.full(len(rows.codes) + 1, -1, dtype=np.int64)
    column_of[list(kept)] = np.arange(len(kept))
    column, row = column_of[rows.code_at], places_on(sessions, rows.days)
    inside = (column >= 0) & (row >= 0)
    row, column = row[inside], column[inside]
    close, amount = np.full((len(sessions), len(kept)), np.nan), None
    on_record = np.zeros(close.shape, dtype=bool)
    on_record[row, column] = True
    volume = None if rows.volume is None else rows.volume[inside]
    traded = np.ones(len(row), dtype=bool) if volume is None else volume != 0
    close[row[traded], column[traded]] = rows.close[inside][traded]
    if volume is not None:
        amount = np.full(close.shape, np.nan)
        amount[row, column] = rows.close[inside] * volume
    return unadjusted_universe(
        close,
        amount,
        on_record=on_record,
        sessions=sessions,
        symbols=tuple(kept.values()),
        excluded=excluded,
        name=name,
        file=MARKET_FILE,
    )


def _benchmark_levels(source: FolderSource, benchmark: str, sessions: Days) -> Floats:
    """The benchmark's close per session, NaN where the folder has none."""
    prices = source.load([benchmark], start=as_date(sessions[0]), end=as_date(sessions[-1]))
    closes = prices.close[benchmark]
    return spread_on(sessions, closes.index.to_numpy().astype("datetime64[D]"), closes.to_numpy(dtype=float))
