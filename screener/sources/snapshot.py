"""The bundled figures: closes and corporate actions that ship with the package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import pandas as pd

from screener.prices.adjust import assemble_prices
from screener.prices.prices import FIELDS, Prices
from screener.terms.names import bundled_names
from screener.terms.notes import Gap
from screener.terms.sessions import as_date, load_calendar, session_axis
from screener.terms.symbols import parse_symbol, stock_symbol

# The closes' columns that are not six-digit stock codes.
INDICES = {"000300": "000300.SH", "H00300": "H00300.CSI", "931160": "931160.CSI", "801770": "801770.SI"}


class SnapshotSource:
    """Price source over the bundled closes; it has no opens, volumes or amounts."""

    kind = "snapshot"

    def last_session(self, symbol: str) -> dt.date | None:
        """See `prices.PriceSource.last_session`."""
        closes = _closes()
        return as_date(closes.index[-1]) if symbol in closes else None

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`; a blank in the table is a session on which the symbol did not trade."""
        closes = _closes().loc[pd.Timestamp(start) : pd.Timestamp(end)]
        known = [symbol for symbol in symbols if symbol in closes]
        actions = _actions()
        return assemble_prices(
            {symbol: closes[[symbol]].set_axis(["close"], axis=1).reindex(columns=list(FIELDS)) for symbol in known},
            {symbol: closes[symbol].isna() for symbol in known},
            symbols=symbols,
            axis=session_axis(start, end, parse_symbol(symbols[0]).market),
            calendar=load_calendar(parse_symbol(symbols[0]).market),
            actions=actions[actions["symbol"].isin(known)].reset_index(drop=True),
            listings=_listings(symbols),
            kind=self.kind,
            name=self.kind,
            gaps={symbol: Gap("no_data", "not_in_snapshot", {"symbol": symbol}) for symbol in symbols if symbol not in known},
            breaks={},
        )


def snapshot_span() -> tuple[dt.date, dt.date, tuple[str, ...]]:
    """First and last session of the bundled closes, and their symbols."""
    closes = _closes()
    return as_date(closes.index[0]), as_date(closes.index[-1]), tuple(closes.columns)


@cache
def _closes() -> pd.DataFrame:
    with (files("screener") / "data" / "closes.csv").open(encoding="utf-8") as file:
        closes = pd.read_csv(file, index_col="date", parse_dates=True)
    columns = [INDICES.get(code) or str(stock_symbol(code)) for code in closes.columns]
    return closes.set_axis(columns, axis=1).set_axis(closes.index.astype("datetime64[s]"))


@cache
def _actions() -> pd.DataFrame:
    with (files("screener") / "data" / "actions.csv").open(encoding="utf-8") as file:
        actions = pd.read_csv(file, dtype={"code": "str"}, parse_dates=["ex_date"])
    return actions.assign(
        symbol=actions["code"].map(lambda code: str(stock_symbol(code))),
        ex_date=actions["ex_date"].astype("datetime64[s]"),
    )[["symbol", "ex_date", "cash_per_share", "split_ratio"]]


def _listings(symbols: Sequence[str]) -> pd.DataFrame:
    names = {symbol: name for symbol, name in bundled_names().items() if symbol in symbols}
    unknown = pd.DatetimeIndex([pd.NaT] * len(names)).astype("datetime64[s]")
    index = pd.Index(list(names), name="symbol", dtype="str")
    return pd.DataFrame({"name": list(names.values()), "listed": unknown, "delisted": unknown}, index=index)
