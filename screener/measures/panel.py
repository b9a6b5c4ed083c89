"""Dense levels of many symbols by session, with the same answers as `performance.quote` and `find_break` at every cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from screener.measures.cells import (
    ACTIONS_UNKNOWN,
    DELISTED,
    GAP_NUMBER,
    MISSING_SESSION,
    NO_ENDS,
    NO_GAP,
    SUSPENDED,
    UNCONFIRMED,
    Codes,
    Panel,
)
from screener.measures.quotes import MAX_AGE
from screener.prices.adjust import adjusted_levels
from screener.prices.prices import LOOKBACK, ManyPrices, Prices
from screener.terms.notes import Gap
from screener.terms.sessions import as_date
from screener.terms.symbols import Kind, parse_symbol


def last_seen(prices: Prices, kind: Kind) -> dt.date | None:
    """Last session on which any symbol of this kind has a close or a halt on record; None without data."""
    columns = [parse_symbol(each).kind == kind for each in prices.close.columns]
    seen = (prices.close.notna().to_numpy() | prices.halted.to_numpy())[:, columns].any(axis=1)
    return as_date(prices.close.index[int(np.flatnonzero(seen)[-1])]) if seen.any() else None


def build_panel(many: ManyPrices, ends: Mapping[str, dt.date] = NO_ENDS, *, with_closes: bool = False) -> Panel:
    """Work out every cell once: symbols × sessions of `many.prices`, the headline series.

    `ends`: symbol → the last session on record of the files that it is read from; later ones are not due, no suspension.

    Source: `performance.quote` and `performance.find_break`, whose answers these are, cell by cell.
    """
    prices = many.prices
    symbols = tuple(prices.close.columns)
    days = prices.close.index.to_numpy().astype("datetime64[D]")
    traded = prices.close.notna().to_numpy().T
    levels = np.ascontiguousarray(adjusted_levels(prices, "price").to_numpy().T)
    gaps, flags, age = _quotes(prices, symbols, days, traded)
    for place, symbol in enumerate(symbols):
        if symbol in ends:
            after = int(np.searchsorted(days, np.datetime64(ends[symbol]), side="right"))
            gaps[place, after:], flags[place, after:] = GAP_NUMBER["not_due"], 0
    levels = np.where(gaps == NO_GAP, levels, np.nan)
    stops, stop_gaps = _stops(prices, symbols, days)
    return Panel(
        symbols=symbols,
        days=days,
        levels=levels,
        gaps=gaps,
        base_gaps=_base_gaps(many, gaps, age, days),
        flags=flags,
        stops=stops,
        stop_gaps=stop_gaps,
        closes=np.ascontiguousarray(prices.close.ffill().to_numpy().T) if with_closes else None,
    )


def _quotes(
    prices: Prices, symbols: tuple[str, ...], days: npt.NDArray[np.datetime64], traded: npt.NDArray[np.bool_]
) -> tuple[Codes, Codes, npt.NDArray[np.int32]]:
    """(gaps, flags, sessions since the last close) of every cell; the rules are those of `performance.quote`."""
    place = np.arange(len(days), dtype=np.int32)
    last = np.maximum.accumulate(np.where(traded, place, np.int32(-1)), axis=1)
    age = place - last
    resumed = last < last[:, -1:]
    halts = np.cumsum(prices.halted.to_numpy().T, axis=1, dtype=np.int32)
    halted = halts > np.take_along_axis(halts, np.maximum(last, 0), axis=1)
    is_index = np.array([parse_symbol(each).kind == "index" for each in symbols])[:, np.newaxis]
    listed, delisted = (_life_days(prices, symbols, column) for column in ("listed", "delisted"))
    gone = days >= delisted
    old = age > 0
    gaps = np.zeros(traded.shape, dtype=np.int8)
    gaps[old & is_index] = GAP_NUMBER["stale"]
    gaps[old & is_index & resumed] = MISSING_SESSION
    gaps[old & ~is_index & ~gone & ~resumed & ~halted & (age > MAX_AGE)] = GAP_NUMBER["stale"]
    reach = np.array([prices.reaches.get(each, as_date(days[-1])) for each in symbols], dtype="datetime64[D]")[:, np.newaxis]
    gaps[old & ~is_index & ~gone & (days > reach)] = GAP_NUMBER["stale"]
    gaps[last < 0] = GAP_NUMBER["no_data"]
    gaps[days < listed] = GAP_NUMBER["not_listed"]
    for symbol, gap in prices.gaps.items():
        if symbol in symbols:
            gaps[symbols.index(symbol)] = GAP_NUMBER[gap.code]
    flags = np.where(old & (gaps == NO_GAP), np.where(gone, DELISTED, SUSPENDED), 0).astype(np.int8)
    unknown = np.array(["actions_unknown" in prices.flags.get(each, ()) for each in symbols])[:, np.newaxis]
    flags |= np.where(unknown & (gaps == NO_GAP), ACTIONS_UNKNOWN, 0).astype(np.int8)
    for symbol in set(prices.unconfirmed) & set(symbols):
        row = symbols.index(symbol)
        of_day = days[np.maximum(last[row], 0)] == np.datetime64(prices.unconfirmed[symbol])
        flags[row] |= np.where(of_day & (gaps[row] == NO_GAP), UNCONFIRMED, 0).astype(np.int8)
    return gaps, flags, age


def _life_days(prices: Prices, symbols: tuple[str, ...], column: str) -> npt.NDArray[np.datetime64]:
    """Listing or delisting day by symbol, as a column; NaT (no comparison holds) where unknown."""
    if column not in prices.listings or prices.listings.empty:
        return np.full((len(symbols), 1), np.datetime64("NaT", "D"))
    known = prices.listings[column].reindex(list(symbols)).astype("datetime64[s]")
    return known.to_numpy().astype("datetime64[D]")[:, np.newaxis]


def _base_gaps(many: ManyPrices, gaps: Codes, age: npt.NDArray[np.int32], days: npt.NDArray[np.datetime64]) -> Codes:
    known = ~np.isin(gaps, [GAP_NUMBER["not_listed"], GAP_NUMBER["not_due"]])
    base = np.where(known & (age > LOOKBACK), GAP_NUMBER["no_data"], gaps).astype(np.int8)
    for symbol, fault in many.faults.items():
        place = many.prices.close.columns.get_loc(symbol)
        until = int(np.searchsorted(days, np.datetime64(fault), side="right")) + LOOKBACK
        base[place, :until] = GAP_NUMBER["bad_data"]
    return base


def _stops(prices: Prices, symbols: tuple[str, ...], days: npt.NDArray[np.datetime64]) -> tuple[npt.NDArray[np.int32], Codes]:
    stops = np.full((len(symbols), len(days)), len(days), dtype=np.int32)
    codes = np.zeros(stops.shape, dtype=np.int8)
    places = {symbol: place for place, symbol in enumerate(symbols)}
    for symbol, breaks in prices.breaks.items():
        if symbol in places:
            for position, gap in reversed(list(_positions(breaks, days))):
                stops[places[symbol], :position] = position
                codes[places[symbol], :position] = GAP_NUMBER[gap.code]
    return stops, codes


def _positions(breaks: Mapping[dt.date, Gap], days: npt.NDArray[np.datetime64]) -> Iterator[tuple[int, Gap]]:
    for day in sorted(breaks):
        position = int(np.searchsorted(days, np.datetime64(day)))
        if position < len(days):
            yield position, breaks[day]
