"""A folder of price files as a source of prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from screener.prices.prices import ManyPrices, Prices
from screener.sources.csv_files import parse_dates, read_table
from screener.sources.folder import FolderReader
from screener.sources.folder_files import FolderFiles, market_last
from screener.sources.folder_market import list_symbols, read_many
from screener.sources.group_ends import hash_of_files, last_day_of_files, last_day_of_market
from screener.sources.market_rows import MARKET_FILE
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol


class FolderSource(FolderFiles):
    """Price source over `raw/`, `index/`, `hk/`, `actions.csv`, `shares.csv`, `names.csv`, `market_close.parquet`."""

    def last_session(self, symbol: str) -> dt.date | None:
        """Last readable date in the symbol's file; None without a file or a readable date."""
        path = self.file_of(parse_symbol(symbol))
        if not path.is_file():
            return market_last(self.folder, symbol)
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
        return list_symbols(self.folder)

    def load_many(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> ManyPrices:
        """See `prices.ManySource.load_many`."""
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
