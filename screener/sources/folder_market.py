"""Many symbols of a folder at once: the whole-market file in one pass, a faulty symbol never stopping the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.prices.adjust import action_breaks
from screener.prices.bars import (
    PRICE_CENT,
    SMALLEST_STEP,
    CheckedBars,
    Listing,
    check_bars,
    limit_breach,
    listing_of,
    unexplained_step,
)
from screener.prices.limits import narrowest_limit
from screener.prices.prices import FIELDS, ManyPrices, Prices
from screener.sources.folder import FolderReader
from screener.sources.folder_files import FolderFiles, path_without_zeros
from screener.sources.market_rows import MARKET_FILE, MOST_NAMED, no_whole_cent, read_market, steps_of, wrong_factors
from screener.terms.codes import stock_codes
from screener.terms.notes import Gap, Note, PriceProblems, Problem
from screener.terms.sessions import Calendar, as_date, load_calendar, session_axis
from screener.terms.symbols import a_share, parse_symbol

# Faults that show only against the row before: a run that starts on the faulty row itself does not see them.
NEIGHBOUR_FAULTS = frozenset({"halted_moved", "limit_broken", "row_repeated", "pre_close_differs"})
# From this difference (CNY) a close of a halted row counts as moved, see bars.
MOVED = 0.005


@dataclass(frozen=True, eq=False)
class MarketRows:
    """Rows of the whole-market file, ascending by symbol and date: `column` = place in the list of symbols asked for."""

    column: npt.NDArray[np.int64]
    day: npt.NDArray[np.datetime64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]

    def of(self, column: int) -> pd.DataFrame:
        """One symbol's rows as `bars.check_bars` takes them."""
        low, high = np.searchsorted(self.column, [column, column + 1])
        frame = pd.DataFrame({"session": self.day[low:high].astype("datetime64[s]")}, index=np.arange(low, high))
        close, volume = self.close[low:high], self.volume[low:high]
        frame = frame.assign(close=close, volume=volume, amount=close * volume)
        return frame.reindex(columns=["session", *FIELDS]).astype(dict.fromkeys(FIELDS, float))


def list_symbols(folder: Path) -> tuple[str, ...]:
    """Every A share with a file in `raw/` or rows in the whole-market file, sorted; codes of other securities are left out."""
    codes = {path.stem for path in (folder / "raw").glob("*.csv")}
    path = folder / MARKET_FILE
    if path.is_file():
        codes |= set(read_market(path, folder.name).codes) - {None}
    return tuple(sorted(str(share) for share in map(a_share, codes) if share is not None))


def read_market_rows(folder: Path, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> MarketRows:
    """The rows of `symbols` from `start` to `end` in the whole-market file, sorted; empty when there is no such file."""
    path = folder / MARKET_FILE
    order = {symbol: place for place, symbol in enumerate(symbols)}
    places = {code: order[symbol] for code, symbol in stock_codes(symbols).items()}
    if not path.is_file() or not places:
        none = np.empty(0)
        return MarketRows(none.astype(np.int64), none.astype("datetime64[D]"), none, none, none)
    rows = read_market(path, folder.name)
    known = np.array([places.get(code, -1) for code in rows.codes] + [-1], dtype=np.int64)
    column, day = known[rows.code_at], rows.days
    kept = np.flatnonzero((column >= 0) & (day >= np.datetime64(start)) & (day <= np.datetime64(end)))
    kept = kept[np.lexsort((day[kept], column[kept]))]
    volume, factor = (np.full(len(kept), np.nan) if each is None else each[kept] for each in (rows.volume, rows.factor))
    return MarketRows(column[kept], day[kept], rows.close[kept], volume, factor)


def read_many(source: FolderFiles, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> ManyPrices:
    """See `prices.ManySource.load_many`; PriceProblems for `actions.csv` and `names.csv`, which concern every symbol."""
    return _ManyReader(source, start, end).read_many(symbols)


class _ManyReader(FolderReader):
    """One load of many symbols: fills closes and halts column by column, and keeps each symbol's last faulty session."""

    def read_many(self, symbols: Sequence[str]) -> ManyPrices:
        market = parse_symbol(symbols[0]).market
        self.calendar = load_calendar(market)
        self.symbols = list(symbols)
        self.axis = session_axis(self.start, self.end, market)
        self.closes = np.full((len(self.axis), len(symbols)), np.nan)
        self.halted = np.zeros(self.closes.shape, dtype=bool)
        self.amounts = np.full(self.closes.shape, np.nan)
        self.breaks: dict[str, dict[dt.date, Gap]] = {}
        self.faults: dict[str, dt.date] = {}
        self.adjusted: list[str] = []
        self.lives: dict[str, Listing] = {}
        self.index_rows: dict[str, pd.DataFrame] = {}
        self.unconfirmed: Mapping[str, dt.date] = {}
        self.actions = self._read_actions(symbols)
        self.acting = set(self.actions["symbol"])
        self.listings = self._read_names(symbols)
        if self.problems:
            raise PriceProblems("prices_broken", self.problems, name=self.source.folder.name)
        self._read_files()
        return ManyPrices(self._prices(), self.faults)

    def _prices(self) -> Prices:
        both, total = action_breaks(self.actions)
        for symbol, days in self.breaks.items():
            both[symbol] = {**both.get(symbol, {}), **days}
        return Prices(
            calendar=self.calendar,
            close=pd.DataFrame(self.closes, index=self.axis, columns=self.symbols),
            halted=pd.DataFrame(self.halted, index=self.axis, columns=self.symbols),
            amount=pd.DataFrame(self.amounts, index=self.axis, columns=self.symbols),
            actions=self.actions.reset_index(drop=True),
            listings=self.listings,
            kind=self.source.kind,
            name=self.source.folder.name,
            gaps=self.gaps,
            breaks=both,
            total_breaks=total,
            flags=self.flags,
            steps=self.steps,
            notes=(*self.notes, *self._said_once()),
            reaches=self._reaches(self._last_rows()),
            unconfirmed=self.unconfirmed,
        )

    def _last_rows(self) -> dict[str, dt.date]:
        seen = ~np.isnan(self.closes) | self.halted
        columns = np.flatnonzero(seen.any(axis=0))
        rows = len(self.axis) - 1 - seen[::-1].argmax(axis=0)
        return {self.symbols[column]: as_date(self.axis[rows[column]]) for column in columns.tolist()}

    def _read_files(self) -> None:
        without: list[int] = []
        for column, symbol in enumerate(self.symbols):
            identity = parse_symbol(symbol)
            if self.source.file_of(identity).is_file():
                frame, file = self._read_bars(identity)
                self._check_one(column, frame, file)
            elif path_without_zeros(self.source.folder, identity) is not None:
                self.faults[symbol] = self.end
            else:
                without.append(column)
        self._read_whole_market(without)
        self._judge_indices()
        for symbol in self.adjusted:
            self.faults[symbol] = self.end
        if self.adjusted:
            more = f" … ({len(self.adjusted)})" if len(self.adjusted) > MOST_NAMED else ""
            self.notes.append(Note("closes_adjusted", {"symbols": " ".join(self.adjusted[:MOST_NAMED]) + more}))

    def _judge_indices(self) -> None:
        """A close that the other indices contradict is a fault of its index, named in the notes."""
        indices = [symbol for symbol in self.symbols if symbol in self.index_rows]
        frames = {symbol: self.index_rows[symbol] for symbol in indices}
        files = {self.source.label(self.source.file_of(parse_symbol(each))): each for each in indices}
        self.unconfirmed = self._check_indices(frames, self.actions, self.calendar.market)
        for problem in self.problems:
            symbol, day = files[problem.file], as_date(problem.params["day"])
            self.faults[symbol] = max(day, self.faults.get(symbol, day))
            self.notes.append(Note("index_fault", {"place": problem.place, "value": problem.value}))
        self.problems.clear()

    def _check_one(self, column: int, frame: pd.DataFrame | None, file: str) -> None:
        """Check one symbol's rows as `outcome` does, from after its last faulty session on."""
        symbol = self.symbols[column]
        if self.problems:
            self.faults[symbol] = self.end
            self.problems.clear()
        if frame is None:
            return
        if parse_symbol(symbol).kind == "index":
            self.index_rows[symbol] = frame
        actions_unknown = self._actions_unknown(symbol, self.actions)
        begin = self.start
        while True:
            checked = check_bars(
                frame,
                file=file,
                symbol=parse_symbol(symbol),
                calendar=self.calendar,
                start=begin,
                end=self.end,
                actions=None if actions_unknown else self.actions[self.actions["symbol"] == symbol],
                listing=listing_of(self.listings, symbol),
                actions_since=self.actions_since,
            )
            if not checked.problems:
                break
            fault = max(_fault_day(problem, frame, self.end) for problem in checked.problems)
            self.faults[symbol] = max(fault, self.faults.get(symbol, fault))
            begin = fault + dt.timedelta(days=1)
        if actions_unknown and parse_symbol(symbol).kind == "stock":
            self.flags[symbol] = ("actions_unknown",)
        if file != MARKET_FILE:
            self._check_unadjusted(symbol, frame, file)
        if self.problems:
            self.adjusted.append(symbol)
            self.problems.clear()
        self._keep(column, checked)

    def _keep(self, column: int, checked: CheckedBars) -> None:
        at = self.axis.get_indexer(pd.DatetimeIndex(checked.bars.index))
        self.closes[at, column] = checked.bars["close"].to_numpy(dtype=float)
        self.halted[at, column] = checked.halted.to_numpy(dtype=bool)
        self.amounts[at, column] = checked.bars["amount"].to_numpy(dtype=float)
        self.notes += checked.notes
        if checked.breaks:
            self.breaks[self.symbols[column]] = dict(checked.breaks)

    def _read_whole_market(self, without: Sequence[int]) -> None:
        asked = [self.symbols[column] for column in without]
        stocks = [symbol if parse_symbol(symbol).kind == "stock" else "" for symbol in asked]
        rows = read_market_rows(self.source.folder, [symbol for symbol in stocks if symbol], start=self.start, end=self.end)
        columns = np.array([column for column, symbol in zip(without, stocks, strict=True) if symbol], dtype=np.int64)
        present = set(np.unique(rows.column).tolist())
        for column in set(without) - {int(columns[place]) for place in present}:
            file = self.source.label(self.source.file_of(parse_symbol(self.symbols[column])))
            params: dict[str, object] = {"file": file, "symbol": self.symbols[column]}
            self.gaps[self.symbols[column]] = Gap("no_data", "no_file", params)
        doubtful = _doubtful(rows, self.calendar) | {
            place for place in present if self.symbols[int(columns[place])] in self.acting
        }
        for place in sorted(doubtful):
            self._check_one(int(columns[place]), rows.of(place), MARKET_FILE)
        self._fill(rows, columns, doubtful)
        parts = np.unique(columns[rows.column[no_whole_cent(rows.close)]])
        self.adjusted += [self.symbols[column] for column in parts if parse_symbol(self.symbols[column]).is_a_share]
        self._read_steps(rows, columns)
        if present:
            self.notes.append(Note("market_file_read", {"count": len(present), "file": MARKET_FILE}))

    def _fill(self, rows: MarketRows, columns: npt.NDArray[np.int64], doubtful: set[int]) -> None:
        clean = ~np.isin(rows.column, list(doubtful))
        column, day, close = columns[rows.column[clean]], rows.day[clean], rows.close[clean]
        halted = rows.volume[clean] == 0
        at = np.searchsorted(self.axis.to_numpy().astype("datetime64[D]"), day)
        self.closes[at, column] = np.where(halted, np.nan, close)
        self.halted[at, column] = halted
        self.amounts[at, column] = close * rows.volume[clean]
        for symbol in (self.symbols[each] for each in np.unique(column)):
            if parse_symbol(symbol).code not in self.covered:
                self.flags[symbol] = ("actions_unknown",)
        narrowest = np.array([narrowest_limit(parse_symbol(symbol).board) for symbol in self.symbols])[column[1:]]
        step = np.abs(close[1:] - close[:-1])
        beyond = (step > close[:-1] * narrowest - PRICE_CENT) & (step > close[:-1] * SMALLEST_STEP)
        for row in np.flatnonzero((column[1:] == column[:-1]) & beyond & ~halted[1:]) + 1:
            self._break_beyond_limit(self.symbols[column[row]], day[row].item(), float(close[row - 1]), float(close[row]))

    def _read_steps(self, rows: MarketRows, columns: npt.NDArray[np.int64]) -> None:
        """The steps of the factors of names whose actions are unknown; a wrong factor is a fault of its name."""
        if np.isnan(rows.factor).all():
            return
        ends = np.searchsorted(rows.column, np.arange(len(columns) + 1))
        for place, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            symbol, factor, day = self.symbols[int(columns[place])], rows.factor[low:high], rows.day[low:high]
            if "actions_unknown" not in self.flags.get(symbol, ()) or np.isnan(factor).all():
                continue
            wrong = wrong_factors(factor)
            if len(wrong):
                fault = as_date(day[wrong[-1]])
                self.faults[symbol] = max(fault, self.faults.get(symbol, fault))
                day, factor = day[wrong[-1] + 1 :], factor[wrong[-1] + 1 :]
            self.steps[symbol] = steps_of(day, factor)

    def _break_beyond_limit(self, symbol: str, session: dt.date, reference: float, close: float) -> None:
        identity = parse_symbol(symbol)
        if symbol not in self.lives:
            self.lives[symbol] = listing_of(self.listings, symbol)
        params = limit_breach(
            identity,
            session,
            reference=reference,
            close=close,
            acted=False,
            listing=self.lives[symbol],
            calendar=self.calendar,
        )
        if params is not None:
            self.breaks.setdefault(symbol, {})[session] = unexplained_step(identity, session, params)


def _fault_day(problem: Problem, frame: pd.DataFrame, end: dt.date) -> dt.date:
    """The last session from which a run would meet the fault; `end` when the place is unknown."""
    if problem.code == "action_impossible":
        day = pd.Timestamp(str(problem.params["day"]))
        return as_date(frame["session"][frame["session"] < day].max())
    if problem.line is None or problem.line not in frame.index:
        return end
    day = frame["session"][problem.line]
    if problem.code in NEIGHBOUR_FAULTS:
        day = frame["session"][frame["session"] < day].max()
    return as_date(day)


def _doubtful(rows: MarketRows, calendar: Calendar) -> set[int]:
    """Places of symbols with a row that is wrong or might be: these are checked one by one."""
    on_session = np.isin(rows.day, calendar.days.astype("datetime64[D]"))
    volume, close = rows.volume, rows.close
    wrong = ~on_session | ~(np.isfinite(close) & (close > 0)) | (volume < 0) | ((volume > 0) & (volume < 1))
    same = rows.column[1:] == rows.column[:-1]
    wrong[1:] |= same & (rows.day[1:] == rows.day[:-1])
    wrong[1:] |= same & (volume[1:] == 0) & (np.abs(close[1:] - close[:-1]) >= MOVED)
    return set(np.unique(rows.column[wrong]).tolist())
