"""The whole market from the local store: every A share that `screener update --universe a-shares` has brought in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from screener.measures.quotes import Market
from screener.measures.universe import Universe, record_ends, unadjusted_levels, unadjusted_universe
from screener.store.adjusted import adjust_names
from screener.store.market import StoredMarket, read_store_market
from screener.store.source import StoreSource, has_ended, listings_of
from screener.store.store import Store, default_folder
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import Days, Floats, as_date, spread_on
from screener.terms.symbols import common_shares, parse_symbol

NAME = "store"


def load_store_universe(folder: Path | None, *, benchmark: str, end: dt.date) -> Universe:
    """Every common A share of the store until `end`, with the benchmark; unadjusted like a folder's market file.

    `folder`: None = the user's data directory. UsageError when the store has no stock, ScreenerError when it has nothing
    until `end`, StoreError when a file does not open.
    """
    store = Store(folder or default_folder())
    store.check_version()
    symbols, excluded = a_shares(store)
    stored = _read(store, symbols, start=None, end=end)
    for error in stored.unreadable.values():
        raise error
    universe = unadjusted_universe(
        np.where(stored.traded, stored.close, np.nan),
        stored.close * stored.volume,
        on_record=stored.on_record,
        sessions=stored.sessions,
        symbols=stored.symbols,
        excluded=excluded,
        name=NAME,
        file=NAME,
    )
    return replace(universe, benchmark=_benchmark_levels(store, benchmark, stored.sessions), benchmark_symbol=benchmark)


def load_adjusted_universe(source: StoreSource, *, benchmark: str, start: dt.date, end: dt.date) -> Universe:
    """Every common A share of the store from `start` to `end`, adjusted where its corporate actions are stored.

    The levels of the others are unadjusted as in `load_store_universe`; `known` and `checked` tell which are which. A name
    whose rows are wrong or do not open has no level; why is in `known`. Errors: see `load_store_universe`.
    """
    symbols, excluded = a_shares(source.store)
    stored = _read(source.store, symbols, start=start, end=end)
    listings = listings_of(source.store, stored.symbols)
    names = adjust_names(source, stored, listings)
    known = names.market.prices
    level, steps = _levels(stored, names.market)
    first, last = record_ends(stored.on_record)
    # A file that does not open does not say when its stock traded: it keeps its row, with the gap.
    unreadable = stored.are_in(stored.unreadable)
    kept = np.flatnonzero(~np.isnan(level).all(axis=0) | stored.are_in(known.gaps))
    return Universe(
        sessions=stored.sessions,
        symbols=tuple(stored.symbols[column] for column in kept),
        level=level[:, kept],
        first=np.where(unreadable, 0, first)[kept],
        last=np.where(unreadable, len(stored.sessions) - 1, last)[kept],
        benchmark=_benchmark_levels(source.store, benchmark, stored.sessions),
        benchmark_symbol=benchmark,
        name=NAME,
        amount=stored.amount[:, kept],
        traded=stored.traded[:, kept],
        excluded=excluded,
        basis=(*steps, *_coverage(source.store, symbols), *_behind(stored, listings, end), *names.notes),
        known=names.market,
        checked=names.checked,
    )


def a_shares(store: Store) -> tuple[tuple[str, ...], dict[str, int]]:
    """The stored common A shares, sorted, and the count of other stocks by reason; UsageError when there are none."""
    stocks = [symbol for symbol in map(parse_symbol, store.symbols()) if symbol.kind == "stock" and symbol.market == "XSHG"]
    kept, excluded = common_shares([symbol.code for symbol in stocks])
    if not kept:
        raise UsageError("universe_store_empty", folder=store.folder)
    return tuple(kept.values()), excluded


def names_of(store: Store, symbols: Sequence[str]) -> tuple[dict[str, str], dict[str, dt.date]]:
    """Names and known listing dates by symbol: the stored registry's, then the bundled ones."""
    table = listings_of(store, symbols)
    days = zip(table.index, table["listed"], strict=True)
    names = dict(zip(table.index, table["name"], strict=True))
    return names, {symbol: as_date(day) for symbol, day in days if not pd.isna(day)}


def _read(store: Store, symbols: Sequence[str], *, start: dt.date | None, end: dt.date) -> StoredMarket:
    stored = read_store_market(store, symbols, start=start, end=end)
    if not len(stored.sessions):
        raise ScreenerError("universe_empty", file=NAME, end=end)
    return stored


def _levels(stored: StoredMarket, known: Market) -> tuple[Floats, tuple[Note, ...]]:
    """Adjusted levels where the actions are known, unadjusted ones else, none where nothing can be said; with a note."""
    level = np.full(stored.close.shape, np.nan)
    adjusted = stored.are_in(known.prices.close.columns)
    level[:, adjusted] = known.levels["price"].to_numpy()
    others = np.flatnonzero(~adjusted & ~stored.are_in(known.prices.gaps))
    if not len(others):
        return level, ()
    close = np.where(stored.traded[:, others], stored.close[:, others], np.nan)
    _, last = record_ends(stored.on_record[:, others])
    level[:, others], steps = unadjusted_levels(close, stored.sessions, [stored.symbols[each] for each in others], last)
    return level, (Note("screen_store_steps", {"count": len(others), "steps": steps}),)


def _coverage(store: Store, symbols: Sequence[str]) -> tuple[Note, ...]:
    """How many of the A shares on the exchanges' lists are stored; the lists come with `update --universe a-shares`."""
    listed = [symbol for symbol in store.read_names().index if parse_symbol(symbol).is_a_share]
    lacking = sorted(set(listed) - set(symbols))
    if not listed:
        return (Note("screen_store_no_list", {"count": len(symbols)}),)
    if not lacking:
        return ()
    return (Note("screen_store_lacks", {"count": len(lacking), "total": len(listed), "symbol": lacking[0]}),)


def _behind(stored: StoredMarket, listings: pd.DataFrame, end: dt.date) -> tuple[Note, ...]:
    """Names whose rows are not known to be complete up to `end`: a last close stands in for what was not pulled."""
    behind = {symbol: reach for symbol, reach in stored.reach.items() if reach < end and not has_ended(listings, symbol, end)}
    if not behind:
        return ()
    symbol = min(behind, key=lambda each: (behind[each], each))
    return (Note("screen_store_behind", {"count": len(behind), "symbol": symbol, "last": behind[symbol], "end": end}),)


def _benchmark_levels(store: Store, benchmark: str, sessions: Days) -> Floats:
    """The benchmark's stored close per session, NaN where there is none."""
    rows = store.read_closes(benchmark)
    return np.full(len(sessions), np.nan) if rows is None else spread_on(sessions, rows.days, rows.close)
