"""Prices read once for many theses, handed out thesis by thesis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from screener.prices.prices import Prices, PriceSource
from screener.terms.notes import Note

Value = TypeVar("Value")


class LoadedSource:
    """A PriceSource that answers from prices already read and checked; `source` serves what they do not hold."""

    def __init__(self, source: PriceSource, prices: Prices) -> None:
        self.source, self.prices = source, prices
        self.known = set(prices.close.columns) | set(prices.gaps)

    @property
    def kind(self) -> str:
        """The kind of the source that was read."""
        return self.source.kind

    def last_session(self, symbol: str) -> dt.date | None:
        """See `PriceSource.last_session`."""
        return self.source.last_session(symbol)

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `PriceSource.load`; symbols or sessions that were not read are asked of the source."""
        first = self.prices.close.index[0].date()
        if not set(symbols) <= self.known or start < first or end > self.prices.close.index[-1].date():
            return self.source.load(symbols, start=start, end=end)
        return choose_symbols(self.prices, symbols, start=start).cut(end)


def choose_symbols(prices: Prices, symbols: Sequence[str], *, start: dt.date) -> Prices:
    """The prices of `symbols` from `start` on, with what was noted of them; notes of no symbol stay."""
    wanted = [symbol for symbol in symbols if symbol in prices.close.columns]
    kept = set(symbols)

    def own(values: Mapping[str, Value]) -> dict[str, Value]:
        return {symbol: value for symbol, value in values.items() if symbol in kept}

    axis = prices.close.loc[str(start) :].index
    frames = {
        name: None if frame is None else frame.loc[axis].reindex(columns=[each for each in wanted if each in frame.columns])
        for name, frame in (("open", prices.open), ("volume", prices.volume), ("amount", prices.amount))
    }
    return replace(
        prices,
        close=prices.close.loc[axis, wanted],
        halted=prices.halted.loc[axis, wanted],
        actions=prices.actions[prices.actions["symbol"].isin(kept)],
        listings=prices.listings[prices.listings.index.isin(kept)],
        shares=prices.shares[prices.shares["symbol"].isin(kept)],
        gaps=own(prices.gaps),
        breaks=own(prices.breaks),
        total_breaks=own(prices.total_breaks),
        flags=own(prices.flags),
        notes=tuple(note for note in prices.notes if _concerns(note, kept)),
        open=frames["open"],
        volume=frames["volume"],
        amount=frames["amount"],
    )


def _concerns(note: Note, symbols: set[str]) -> bool:
    return str(note.params.get("symbol", next(iter(symbols)))) in symbols
