"""Which file of a folder of prices holds what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from screener.sources.market_rows import MARKET_FILE, read_market
from screener.sources.unadjusted import BUNDLED
from screener.terms.codes import stock_codes, symbols_borne
from screener.terms.notes import UsageError
from screener.terms.symbols import Symbol, parse_symbol, stock_symbol


class FolderFiles:
    """The files of one folder of prices."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        """UsageError when `folder` is not a folder."""
        if not folder.is_dir():
            raise UsageError("folder_missing", folder=str(folder))
        self.folder = folder
        self.others = BUNDLED  # what its closes are held against; whoever opens it adds the sources at hand

    def file_of(self, symbol: Symbol) -> Path:
        """Indices in `index/`, A shares in `raw/`, others in a folder named by their ending; a fund may stand in `index/`."""
        index = self.folder / "index" / f"{symbol.code}.csv"
        if symbol.kind == "index":
            return index
        files = [self.folder / market_folder(symbol) / f"{each.partition('.')[0]}.csv" for each in symbols_borne(str(symbol))]
        own = next((path for path in files if path.is_file()), files[0])
        return index if market_folder(symbol) != "raw" and not own.is_file() and index.is_file() else own

    def files_of(self, symbols: Iterable[str]) -> dict[str, str]:
        """Where the closes of the A shares among `symbols` stand, as messages name it: their own file, else the market's."""
        shares = [parsed for parsed in map(parse_symbol, symbols) if parsed.is_a_share]
        files = {str(each): self.file_of(each) for each in shares}
        return {symbol: self.label(path) if path.is_file() else MARKET_FILE for symbol, path in files.items()}

    def label(self, path: Path) -> str:
        """How messages name a file of the folder."""
        return path.relative_to(self.folder).as_posix()


def path_without_zeros(folder: Path, symbol: Symbol) -> Path | None:
    """The file whose name is the symbol's code without its leading zeros, if the folder has one."""
    name = symbol.code.lstrip("0")
    path = folder / ("index" if symbol.kind == "index" else market_folder(symbol)) / f"{name}.csv"
    return path if name != symbol.code and path.is_file() else None


def market_folder(symbol: Symbol) -> str:
    """The folder of a symbol's file: `raw` for A shares, else named by its ending."""
    return "raw" if symbol.exchange in ("SH", "SZ", "BJ") else symbol.exchange.lower()


def market_rows(folder: Path, symbols: Sequence[str]) -> pd.DataFrame:
    """Rows of the whole-market file for stocks: symbol, session, close, volume, factor; empty when there is no such file."""
    codes, path = _market_codes(symbols), folder / MARKET_FILE
    if not path.is_file() or not codes:
        return pd.DataFrame(columns=["symbol", "session", "close", "volume", "factor"])
    rows = read_market(path, folder.name).frame_of(codes)
    return rows.assign(symbol=rows["code"].map(codes))[["symbol", "session", "close", "volume", "factor"]]


def market_last(folder: Path, symbol: str) -> dt.date | None:
    """The last day on which the whole-market file has a row of a stock; None without a file or a row."""
    codes, path = _market_codes([symbol]), folder / MARKET_FILE
    if not codes or not path.is_file():
        return None
    days = (read_market(path, folder.name).last_day(code) for code in codes)
    return max((day for day in days if day is not None), default=None)


def _market_codes(symbols: Sequence[str]) -> dict[str, str]:
    """Code → symbol, of those that the whole-market file may hold."""
    parsed = [parse_symbol(symbol) for symbol in symbols]
    stocks = [symbol for symbol in parsed if symbol.kind == "stock" and market_folder(symbol) == "raw"]
    return stock_codes(str(symbol) for symbol in stocks if stock_symbol(symbol.code) == symbol)
