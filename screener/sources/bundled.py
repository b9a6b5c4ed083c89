"""The tables of figures that ship with the package, read when first needed; one function a table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

from screener.terms.symbols import stock_symbol

# Columns of the price tables that are not six-digit stock codes.
_INDICES = {"000300": "000300.SH", "H00300": "H00300.CSI", "931160": "931160.CSI"}
_ABROAD = {"0941": "0941.HK", "0762": "0762.HK", "0728": "0728.HK", "HSI": "HSI.HK", "MCHI": "MCHI.US"}


@cache
def closes() -> pd.DataFrame:
    """Unadjusted closes (CNY, points) of the bundled names and indices, sessions × symbols; NaN = not traded."""
    return _by_symbol("closes.csv")


@cache
def amounts() -> pd.DataFrame:
    """Daily turnover (CNY) of the bundled names, sessions × symbols."""
    return _by_symbol("amounts.csv")


@cache
def industry_closes() -> pd.DataFrame:
    """Closes of the 31 level-one industry indices, sessions × symbols."""
    return _by_symbol("industry_closes.csv")


@cache
def industry_history() -> pd.DataFrame:
    """Longer closes of the bundled industry index and its benchmark, sessions × symbols; NaN = not on record."""
    return _by_symbol("industry_history.csv")


@cache
def closes_abroad() -> pd.DataFrame:
    """Closes of the second listings (HKD), the Hang Seng index and an ETF on MSCI China (USD), days × symbols."""
    return _by_symbol("other_markets.csv")


@cache
def actions() -> pd.DataFrame:
    """Corporate actions of the bundled A shares: symbol, ex_date, cash_per_share (gross CNY), split_ratio."""
    rows = _read("actions.csv", dates=["ex_date"])
    return _of_symbols(rows, rows["code"].map(_symbol))[["symbol", "ex_date", "cash_per_share", "split_ratio"]]


@cache
def actions_abroad() -> pd.DataFrame:
    """Dividends of the second listings, as `actions`, in HKD."""
    rows = _read("other_markets_actions.csv", dates=["ex_date"])
    rows = _of_symbols(rows, rows["code"].map(_ABROAD)).assign(split_ratio=1.0).rename(columns={"cash_hkd": "cash_per_share"})
    return rows[["symbol", "ex_date", "cash_per_share", "split_ratio"]]


@cache
def float_shares() -> pd.DataFrame:
    """Float A shares of the bundled names by day of change: symbol, date, float_shares, plus_minus (shares)."""
    rows = _read("float_shares.csv", dates=["date"])
    rows = _of_symbols(rows, rows["code"].map(_symbol))
    return rows[["symbol", "date", "float_shares", "plus_minus"]].astype({"float_shares": float})


@cache
def securities() -> pd.DataFrame:
    """Every A share's name, listing date and date of delisting (NaT = unknown or still listed); index symbol."""
    rows = _read("securities.csv", dates=["listed", "delisted"])
    return rows.set_index(pd.Index(rows["code"].map(_symbol), name="symbol", dtype="str"))[["name", "listed", "delisted"]]


@cache
def universe_returns() -> pd.DataFrame:
    """Every A share listed on 2024-04-12, one row a symbol: see `data/README.md` for the columns and their units."""
    rows = _read("universe_2024-04-12.csv")
    return rows.set_index(pd.Index(rows["code"].map(_symbol), name="symbol", dtype="str"))


def _by_symbol(name: str) -> pd.DataFrame:
    table = _read(name, dates=["date"]).set_index("date")
    return table.set_axis([_symbol(code) for code in table.columns], axis=1)


def _symbol(code: str) -> str:
    if code in _INDICES or code in _ABROAD:
        return _INDICES.get(code) or _ABROAD[code]
    return f"{code}.SI" if code.startswith("801") else str(stock_symbol(code))


def _of_symbols(rows: pd.DataFrame, symbols: pd.Series) -> pd.DataFrame:
    return rows.assign(symbol=symbols)


def _read(name: str, *, dates: list[str] | None = None) -> pd.DataFrame:
    with (files("screener") / "data" / name).open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype={"code": "str"}, parse_dates=dates)
    return table.astype(dict.fromkeys(dates or [], "datetime64[s]"))
