"""Prices read once for many theses, handed out thesis by thesis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from screener.measures.industries import Ranking
from screener.prices.prices import Prices, PriceSource
from screener.sources.market_rows import MARKET_FILE
from screener.sources.unadjusted import NO_OTHERS, Others, cannot_be_shown, unadjusted_problems, unshown_note
from screener.terms.notes import Note

Value = TypeVar("Value")
UNADJUSTED = "unadjusted"
# Notes that speak of all that was read together.
ACTIONS_SINCE = "actions_begin"
SAID_OF_FILES = ("market_file_read", "from_market_file", "market_amounts", "prices_unshown")
# The ranks of the industries in a week and in the week before it.
Rankings = tuple[Ranking | None, Ranking | None]


class LoadedSource:
    """A PriceSource that answers from prices already read and checked; `source` serves what they do not hold.

    `files`: symbol → the file of its closes, of the A shares in a folder; from these every answer says itself what cannot be
    shown of the closes in it, as a load of its own would.
    """

    def __init__(
        self, source: PriceSource, prices: Prices, files: Mapping[str, str] | None = None, others: Others = NO_OTHERS
    ) -> None:
        self.source, self.prices, self.files, self.others = source, prices, files or {}, others
        self.known = set(prices.close.columns) | set(prices.gaps)
        self.last: dict[str, dt.date | None] = {}
        self.rankings: dict[dt.date, Rankings] = {}

    @property
    def kind(self) -> str:
        """The kind of the source that was read."""
        return self.source.kind

    def last_session(self, symbol: str) -> dt.date | None:
        """See `PriceSource.last_session`."""
        if symbol not in self.last:
            self.last[symbol] = self.source.last_session(symbol)
        return self.last[symbol]

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `PriceSource.load`; symbols or sessions that were not read are asked of the source."""
        first = self.prices.close.index[0].date()
        if not set(symbols) <= self.known or start < first or end > self.prices.close.index[-1].date():
            return self.source.load(symbols, start=start, end=end)
        return self._marked(choose_symbols(self.prices, symbols, start=start).cut(end))

    def _marked(self, prices: Prices) -> Prices:
        """The same prices with the flags and notes of a load that read nothing else."""
        own = [symbol for symbol in prices.close.columns if symbol in self.files]
        if not own:
            return prices
        market = [symbol for symbol in own if self.files[symbol] == MARKET_FILE]
        flags = dict(prices.flags)
        for symbol in market:
            rest = tuple(flag for flag in flags.get(symbol, ()) if flag != UNADJUSTED)
            flags[symbol] = (UNADJUSTED, *rest) if self._is_unshown(prices, symbol) else rest
        unshown = [symbol for symbol in own if UNADJUSTED in flags.get(symbol, ())]
        notes = [note for note in prices.notes if note.code not in SAID_OF_FILES and not _is_before(note, prices.first)]
        if market:
            notes.append(Note("from_market_file", {"count": len(market), "symbols": " ".join(market), "file": MARKET_FILE}))
        amounts = self.prices.amount
        if market and amounts is not None and amounts[[each for each in market if each in amounts]].notna().any(axis=None):
            notes.append(Note("market_amounts", {"file": MARKET_FILE}))
        if unshown:
            notes.append(unshown_note(self.files[each] for each in unshown))
        return replace(prices, flags={symbol: found for symbol, found in flags.items() if found}, notes=tuple(notes))

    def _is_unshown(self, prices: Prices, symbol: str) -> bool:
        """Whether nothing shows the closes of the whole-market file, which has no amounts of its own, to be unadjusted."""
        close = prices.close[symbol].dropna()
        rows = pd.DataFrame({"session": close.index, "amount": np.nan, "volume": np.nan})
        return len(close) > 0 and cannot_be_shown(rows, symbol, self.others)


def is_plain(prices: Prices, symbol: str, others: Others) -> bool:
    """Whether the closes of a share in a whole-market file can be unadjusted; where not, a load of its own says why."""
    close = prices.close[symbol].dropna()
    rows = pd.DataFrame({"session": close.index, "close": close.to_numpy()})
    return next(iter(unadjusted_problems(rows, symbol, MARKET_FILE, others)), None) is None


def _is_before(note: Note, first: dt.date) -> bool:
    """Whether a note says that actions are not known before a day that these prices do not reach back to."""
    since = note.params.get("since")
    return note.code == ACTIONS_SINCE and isinstance(since, dt.date) and since <= first


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
        steps=own(prices.steps),
        valuations=prices.valuations[prices.valuations["symbol"].isin(kept)],
        notes=tuple(note for note in prices.notes if _concerns(note, kept)),
        open=frames["open"],
        volume=frames["volume"],
        amount=frames["amount"],
    )


def _concerns(note: Note, symbols: set[str]) -> bool:
    return str(note.params.get("symbol", next(iter(symbols)))) in symbols


def join_prices(one: Prices, other: Prices) -> Prices:
    """Two loads of one source over the same sessions as one, the columns of `one` first."""

    def beside(name: str) -> pd.DataFrame | None:
        first: pd.DataFrame | None = getattr(one, name)
        second: pd.DataFrame | None = getattr(other, name)
        if first is None:
            return None
        filled = pd.DataFrame(float("nan"), index=other.close.index, columns=other.close.columns) if second is None else second
        joined: pd.DataFrame = pd.concat([first, filled], axis=1)
        return joined

    return replace(
        one,
        close=pd.concat([one.close, other.close], axis=1),
        halted=pd.concat([one.halted, other.halted], axis=1),
        actions=pd.concat([one.actions, other.actions], ignore_index=True).drop_duplicates(ignore_index=True),
        listings=pd.concat([one.listings, other.listings.drop(index=one.listings.index, errors="ignore")]),
        gaps={**one.gaps, **other.gaps},
        breaks={**other.breaks, **one.breaks},
        total_breaks={**other.total_breaks, **one.total_breaks},
        flags={**other.flags, **one.flags},
        steps={**other.steps, **one.steps},
        valuations=pd.concat([one.valuations, other.valuations], ignore_index=True),
        notes=(*one.notes, *(note for note in other.notes if note not in one.notes)),
        open=beside("open"),
        volume=beside("volume"),
        amount=beside("amount"),
    )
