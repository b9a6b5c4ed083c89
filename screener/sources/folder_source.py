"""A folder of price files as a source of prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from screener.prices.prices import ManyPrices, Prices
from screener.sources.csv_files import parse_dates, read_table
from screener.sources.folder import FolderReader, _market_folder, _market_rows
from screener.sources.group_ends import hash_of_files, last_day_of_files, last_day_of_market
from screener.sources.market_rows import MARKET_FILE
from screener.terms.codes import symbols_borne
from screener.terms.notes import UsageError
from screener.terms.sessions import as_date
from screener.terms.symbols import Symbol, parse_symbol


class FolderSource:
    """Price source over `raw/`, `index/`, `hk/`, `actions.csv`, `shares.csv`, `names.csv`, `market_close.parquet`."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        """UsageError when `folder` is not a folder."""
        if not folder.is_dir():
            raise UsageError("folder_missing", folder=str(folder))
        self.folder = folder

    def last_session(self, symbol: str) -> dt.date | None:
        """Last readable date in the symbol's file; None without a file or a readable date."""
        path = self.file_of(parse_symbol(symbol))
        if not path.is_file():
            days = _market_rows(self.folder, [symbol])["session"]
            return None if days.empty else as_date(days.max())
        table = read_table(path, self.label(path), required=("date", "close"))
        if table.problems:
            return None
        dates, _ = parse_dates(table, "date")
        return None if dates.isna().all() else as_date(dates.max())

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`."""
        return FolderReader(self, start, end).read(symbols)

    def symbols(self) -> tuple[str, ...]:
        """See `prices.ManySource.symbols`."""
        from screener.sources.folder_market import list_symbols

        return list_symbols(self.folder)

    def load_many(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> ManyPrices:
        """See `prices.ManySource.load_many`."""
        from screener.sources.folder_market import read_many

        return read_many(self, symbols, start=start, end=end)

    def group_of(self, symbol: str) -> str:
        """See `prices.GroupedSource.group_of`: files of its own (`raw/`, `index/`, …), or the whole-market file."""
        path = self.file_of(parse_symbol(symbol))
        return path.parent.name if path.is_file() or not (self.folder / MARKET_FILE).is_file() else MARKET_FILE

    def group_end(self, group: str) -> dt.date | None:
        """See `prices.GroupedSource.group_end`; of single files only the first and last lines are looked at."""
        if group != MARKET_FILE:
            return last_day_of_files((self.folder / group).glob("*.csv"))
        return last_day_of_market(self.folder / MARKET_FILE)

    def files_hash(self) -> str:
        """See `prices.HashedSource.files_hash`."""
        return hash_of_files(self.folder, [*self.folder.glob("*.*"), *self.folder.glob("*/*.csv")])

    def file_of(self, symbol: Symbol) -> Path:
        """Indices in `index/`, A shares in `raw/`, others in a folder named by their ending; a fund may stand in `index/`."""
        index = self.folder / "index" / f"{symbol.code}.csv"
        if symbol.kind == "index":
            return index
        files = [self.folder / _market_folder(symbol) / f"{each.partition('.')[0]}.csv" for each in symbols_borne(str(symbol))]
        own = next((path for path in files if path.is_file()), files[0])
        return index if _market_folder(symbol) != "raw" and not own.is_file() and index.is_file() else own

    def label(self, path: Path) -> str:
        """How messages name a file of the folder."""
        return path.relative_to(self.folder).as_posix()
