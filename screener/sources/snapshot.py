"""The bundled figures: closes, turnover, share counts and corporate actions that ship with the package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from screener.prices.adjust import assemble_prices
from screener.prices.index_check import IndexCheck, index_notes, judge_indices
from screener.prices.prices import FIELDS, Prices
from screener.sources import bundled
from screener.terms.names import bundled_names
from screener.terms.notes import Gap
from screener.terms.sessions import as_date, load_calendar, session_axis
from screener.terms.symbols import parse_symbol


class SnapshotSource:
    """Price source over the bundled figures; it has no opens, highs, lows or volumes."""

    kind = "snapshot"

    def last_session(self, symbol: str) -> dt.date | None:
        """See `prices.PriceSource.last_session`."""
        table = _table_of(symbol)
        return None if table is None else as_date(table.index[-1])

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`; a blank in a table is a session on which the symbol did not trade."""
        market = parse_symbol(symbols[0]).market
        axis = session_axis(start, end, market)
        bars = {symbol: table for symbol in symbols if (table := _bars(symbol, start, end)) is not None}
        known = list(bars)
        actions = pd.concat([bundled.actions(), bundled.actions_abroad()], ignore_index=True)
        shares = bundled.float_shares()
        check = _check_indices(tuple(symbols), start, end)
        return assemble_prices(
            bars,
            {symbol: each["close"].isna() for symbol, each in bars.items()},
            symbols=symbols,
            axis=axis,
            calendar=load_calendar(market),
            actions=actions[actions["symbol"].isin(known)].reset_index(drop=True),
            listings=_listings(symbols),
            kind=self.kind,
            name=self.kind,
            gaps={symbol: Gap("no_data", "not_in_snapshot", {"symbol": symbol}) for symbol in symbols if symbol not in bars},
            breaks={},
            notes=[note for note in index_notes(check) if note.code != "index_unchecked"],
            unconfirmed=check.unconfirmed,
            shares=shares[shares["symbol"].isin(known) & (shares["date"] <= pd.Timestamp(end))],
        )


def snapshot_span() -> tuple[dt.date, dt.date, tuple[str, ...]]:
    """First and last session of the bundled closes of A shares and their indices, and every symbol of the snapshot."""
    closes = bundled.closes()
    symbols = (*closes.columns, *bundled.industry_closes().columns, *bundled.closes_abroad().columns)
    return as_date(closes.index[0]), as_date(closes.index[-1]), tuple(dict.fromkeys(symbols))


def snapshot_closes(symbol: str) -> pd.Series | None:
    """Every bundled close of `symbol` by day, NaN where it did not trade; None where the snapshot lacks it."""
    table = _table_of(symbol)
    return None if table is None else table[symbol]


def _table_of(symbol: str) -> pd.DataFrame | None:
    """The table of closes that holds `symbol`; the later ones are read only when an earlier one lacks it."""
    tables = (bundled.closes, bundled.industry_closes, bundled.closes_abroad)
    return next((table for read in tables if symbol in (table := read())), None)


@lru_cache(maxsize=64)
def _check_indices(symbols: tuple[str, ...], start: dt.date, end: dt.date) -> IndexCheck:
    """Leaps in last rows. The tables were checked whole before they were shipped, so early dates need no note."""
    closes = bundled.closes()
    every = [str(symbol) for symbol in closes.columns]
    names = [symbol for symbol in every if parse_symbol(symbol).kind == "stock"]
    return judge_indices(
        {symbol: closes[symbol].dropna() for symbol in every},
        [symbol for symbol in symbols if symbol in every and symbol not in names],
        names=names,
        actions=bundled.actions(),
        sessions=pd.DatetimeIndex(closes.index),
        start=start,
        end=end,
    )


def _bars(symbol: str, start: dt.date, end: dt.date) -> pd.DataFrame | None:
    """Rows of `symbol` from `start` to `end` under the names of FIELDS; None where the snapshot lacks it."""
    table = _table_of(symbol)
    if table is None:
        return None
    bars = table[[symbol]].set_axis(["close"], axis=1).reindex(columns=list(FIELDS))
    if parse_symbol(symbol).kind == "stock" and symbol in bundled.amounts():
        bars["amount"] = bundled.amounts()[symbol]
    return bars.loc[pd.Timestamp(start) : pd.Timestamp(end)]


def _listings(symbols: Sequence[str]) -> pd.DataFrame:
    names = {symbol: name for symbol, name in bundled_names().items() if symbol in symbols}
    listed = bundled.securities()[["listed", "delisted"]].reindex(list(names))
    return listed.assign(name=list(names.values()))[["name", "listed", "delisted"]].rename_axis("symbol")
