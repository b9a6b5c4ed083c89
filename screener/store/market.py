"""The local store as one table of a whole market: every stock's closes, volumes and amounts on one session axis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from screener.store.files import StoreError
from screener.store.rows import Closes
from screener.store.store import Store
from screener.terms.sessions import Days, Floats, as_date, load_calendar, places_on

# A stock without a known listing date is taken for young on its first stored sessions, see bars.
YOUNG_SESSIONS = 5


@dataclass(frozen=True, eq=False)
class StoredMarket:
    """Stored rows of many stocks, sessions × symbols; CNY, shares; NaN = no row.

    `close`: also of sessions on which a stock did not trade (volume 0). `last`: symbol → its last stored session, also after
    the axis; `reach`: symbol → the last date up to which its rows are known to be complete; `confirmed`: symbol → see
    `rows.Bars.confirmed_to`. `young`: symbol → the last of
    its first sessions in the store. `doubtful`: symbols with a row that is wrong or might be: no session, a date twice, a
    price or a volume that cannot be. `unreadable`: symbols whose file does not open, and why.
    """

    symbols: tuple[str, ...]
    sessions: Days
    close: Floats
    volume: Floats
    amount: Floats
    last: dict[str, dt.date] = field(default_factory=dict)
    reach: dict[str, dt.date] = field(default_factory=dict)
    confirmed: dict[str, dt.date] = field(default_factory=dict)
    young: dict[str, np.datetime64] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    unreadable: dict[str, StoreError] = field(default_factory=dict)

    @property
    def on_record(self) -> npt.NDArray[np.bool_]:
        """Where there is a row, traded or not."""
        return ~np.isnan(self.close)

    @property
    def traded(self) -> npt.NDArray[np.bool_]:
        """Where a stock traded: a row of which the volume is not 0."""
        return np.asarray(self.on_record & (self.volume != 0), dtype=bool)

    def are_in(self, some: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which columns are those of `some` symbols."""
        wanted = frozenset(some)
        return np.array([symbol in wanted for symbol in self.symbols], dtype=bool)


def read_store_market(store: Store, symbols: Sequence[str], *, start: dt.date | None, end: dt.date) -> StoredMarket:
    """The stored rows of `symbols` from `start` (None = the first stored one) to `end`, on the sessions that have any.

    One file after the other goes into three arrays, so that memory grows with sessions × symbols and nothing else.
    """
    first = start or min((span[0] for span in map(store.span, symbols) if span), default=end)
    sessions = load_calendar().between(first, end)
    arrays = [np.full((len(symbols), len(sessions)), np.nan) for _ in range(3)]
    market = StoredMarket(tuple(symbols), sessions, arrays[0].T, arrays[1].T, arrays[2].T)
    for column, symbol in enumerate(symbols):
        try:
            rows = store.read_closes(symbol)
        except StoreError as error:
            market.unreadable[symbol] = error
            continue
        if rows is not None:
            _take(market, symbol, rows, [array[column] for array in arrays])
    _doubt_values(market)
    return _trimmed(market)


def _take(market: StoredMarket, symbol: str, rows: Closes, into: Sequence[Floats]) -> None:
    market.last[symbol], market.reach[symbol] = as_date(rows.days.max()), rows.reach
    if rows.confirmed_to is not None:
        market.confirmed[symbol] = rows.confirmed_to
    market.young[symbol] = np.sort(rows.days)[:YOUNG_SESSIONS][-1]
    if not len(market.sessions):
        return
    at = places_on(market.sessions, rows.days)
    inside = at >= 0
    for row, values in zip(into, (rows.close, rows.volume, rows.amount), strict=True):
        row[at[inside]] = values[inside]
    window = (rows.days >= market.sessions[0]) & (rows.days <= market.sessions[-1])
    if (window & ~inside).any() or len(np.unique(rows.days)) < len(rows.days) or np.isnan(rows.close[inside]).any():
        market.doubtful.add(symbol)


def _doubt_values(market: StoredMarket) -> None:
    volume, close = market.volume, market.close
    with np.errstate(invalid="ignore"):
        wrong = (volume < 0) | ((volume > 0) & (volume < 1)) | (close <= 0) | np.isinf(close) | (market.amount < 0)
    market.doubtful.update(market.symbols[column] for column in np.flatnonzero(wrong.any(axis=0)))


def _trimmed(market: StoredMarket) -> StoredMarket:
    """The same market without the sessions before the first row and after the last one."""
    seen = np.flatnonzero(market.on_record.any(axis=1))
    kept = slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 0)
    return replace(
        market,
        sessions=market.sessions[kept],
        close=market.close[kept],
        volume=market.volume[kept],
        amount=market.amount[kept],
    )
