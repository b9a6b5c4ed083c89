"""Raw prices as one value, the protocol of what supplies them, and adjusted levels computed at read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.terms.notes import Gap, Note
from screener.terms.sessions import Calendar, as_date

SeriesName = Literal["price", "total"]
SERIES: tuple[SeriesName, ...] = ("price", "total")
# Prices are read and checked from this many sessions before the base date (MEASUREMENT): run-up, 13 weeks, volatility.
LOOKBACK = 60
_NO_COUNTS = (np.empty(0, dtype="datetime64[D]"), np.empty(0))
FIELDS = ("open", "high", "low", "close", "volume", "amount")


@dataclass(frozen=True, eq=False)
class Prices:
    """Unadjusted daily closes of one market's symbols on a dense session axis, with what explains their steps.

    `close` (and `open`, `volume`, `amount`; CNY and shares): DataFrame, index = every session of the calendar from
    first to last, columns = symbols, NaN = no traded value that session. `halted`: same shape, True where the source
    itself says that the symbol did not trade. `breaks`: symbol → sessions across which the level cannot be linked
    (an action of unknown kind, a step that nothing explains), the reason a Gap. `total_breaks`: the same for the
    `total` series only. `actions`: symbol, ex_date, cash_per_share, split_ratio. `listings`: index symbol, columns
    name, listed, delisted (NaT = unknown). `shares`: symbol, date, float_shares: the float A shares (流通股本) from that
    date on, NaN = not known from then on. `gaps`: symbols of which nothing can be said.
    `steps`: symbol → a vendor's cumulative factor over that of the row before, by ex-date, for names of which nothing else is
    known: `total` is multiplied by it, `price` is not.
    `valuations`: symbol, date, pe_ttm, pb, source: multiples as their source published them, the whole history; NaN = none.
    `actions_to`: symbol → the last day up to which its actions were looked up, where closes run on.
    `reaches`: symbol → the last session of which its group of files has a bar of any share: no close is carried beyond it.
    `unconfirmed`: index → its last row, where that is a leap which no later session confirms yet (`index_check`).
    `stale`: how far the source as a whole is behind the calendar, where it is one that should keep up with it.
    """

    calendar: Calendar
    close: pd.DataFrame
    halted: pd.DataFrame
    actions: pd.DataFrame
    listings: pd.DataFrame
    kind: str
    name: str
    open: pd.DataFrame | None = None
    volume: pd.DataFrame | None = None
    amount: pd.DataFrame | None = None
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    breaks: Mapping[str, Mapping[dt.date, Gap]] = field(default_factory=dict)
    total_breaks: Mapping[str, Mapping[dt.date, Gap]] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    actions_to: Mapping[str, dt.date] = field(default_factory=dict)
    reaches: Mapping[str, dt.date] = field(default_factory=dict)
    unconfirmed: Mapping[str, dt.date] = field(default_factory=dict)
    stale: Gap | None = None
    shares: pd.DataFrame = field(default_factory=lambda: EMPTY_SHARES)
    steps: Mapping[str, pd.Series] = field(default_factory=dict)
    valuations: pd.DataFrame = field(default_factory=lambda: EMPTY_VALUATIONS)

    @property
    def first(self) -> dt.date:
        """First session on which any symbol has a close; the axis' first session when none has."""
        traded = self.close.notna().to_numpy().any(axis=1)
        return as_date(self.close.index[int(traded.argmax())])

    @property
    def last(self) -> dt.date:
        """Last session on which any symbol has a close; the axis' first session when none has."""
        traded = self.close.notna().to_numpy().any(axis=1)
        return as_date(self.close.index[int(np.flatnonzero(traded)[-1])]) if traded.any() else self.first

    @property
    def sha256(self) -> str:
        """Hash of what a run could see: closes, halts, actions and share counts in canonical order, whatever the files."""
        digest = hashlib.sha256()
        days = self.close.index.to_numpy().astype("datetime64[D]").astype(np.int64)
        for symbol in sorted(self.close.columns):
            values = self.close[symbol].to_numpy(dtype=float)
            halted = self.halted[symbol].to_numpy(dtype=bool)
            kept = ~np.isnan(values) | halted
            digest.update(symbol.encode())
            for part in (days[kept].astype("<i8"), values[kept].astype("<f8"), halted[kept].astype("u1")):
                digest.update(part.tobytes())
        for row in sorted(self.actions.itertuples(index=False), key=lambda action: (action.symbol, action.ex_date)):
            digest.update(f"{row.symbol} {row.ex_date:%Y-%m-%d} {row.cash_per_share} {row.split_ratio}\n".encode())
        for symbol, own in sorted(self.steps.items()):
            for day, step in own.items():
                digest.update(f"{symbol} {day:%Y-%m-%d} step {step}\n".encode())
        for row in self.shares.sort_values(["symbol", "date"]).itertuples(index=False):
            digest.update(f"{row.symbol} {row.date:%Y-%m-%d} {row.float_shares}\n".encode())
        for row in self.valuations.itertuples(index=False):
            digest.update(f"{row.symbol} {row.date:%Y-%m-%d} {row.pe_ttm} {row.pb}\n".encode())
        return digest.hexdigest()

    def float_shares_on(self, symbol: str, day: dt.date) -> float | None:
        """Float A shares of `symbol` on `day`: the last count on or before it; None when it is not known."""
        days, counts = self._counts.get(symbol, _NO_COUNTS)
        at = int(days.searchsorted(np.datetime64(day), side="right")) - 1
        return float(counts[at]) if at >= 0 and np.isfinite(counts[at]) else None

    @cached_property
    def _counts(self) -> dict[str, tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64]]]:
        """Days and share counts by symbol, ascending: a weekly report looks up some hundred."""
        rows = self.shares.sort_values("date").groupby("symbol", sort=False)
        return {
            str(symbol): (own["date"].to_numpy().astype("datetime64[D]"), own["float_shares"].to_numpy(dtype=float))
            for symbol, own in rows
        }

    def cut(self, as_of: dt.date) -> Prices:
        """The same prices with nothing after `as_of`: what could be known that evening."""
        end = pd.Timestamp(as_of)

        def head(frame: pd.DataFrame | None) -> pd.DataFrame | None:
            return None if frame is None else frame.loc[:end]

        def before(breaks: Mapping[str, Mapping[dt.date, Gap]]) -> dict[str, Mapping[dt.date, Gap]]:
            return {symbol: {day: gap for day, gap in days.items() if day <= as_of} for symbol, days in breaks.items()}

        return replace(
            self,
            close=self.close.loc[:end],
            halted=self.halted.loc[:end],
            open=head(self.open),
            volume=head(self.volume),
            amount=head(self.amount),
            actions=self.actions[self.actions["ex_date"] <= end],
            shares=self.shares[self.shares["date"] <= end],
            valuations=self.valuations[self.valuations["date"] <= end],
            steps={symbol: own[own.index <= end] for symbol, own in self.steps.items()},
            breaks=before(self.breaks),
            total_breaks=before(self.total_breaks),
        )


class PriceSource(Protocol):
    """Anything that supplies raw prices: the bundled snapshot, a folder of files, the local store."""

    @property
    def kind(self) -> str:
        """`snapshot`, `folder` or `store`."""

    def last_session(self, symbol: str) -> dt.date | None:
        """Last session on record for `symbol`, None without data; cheap, nothing is validated."""

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """Checked prices of `symbols` (one market) from `start` to `end`; a symbol without data is a gap.

        PriceProblems when anything in a user's files is wrong in the window (in the store it is the symbol's gap `bad_data`);
        rows outside it are not judged.
        """


@dataclass(frozen=True, eq=False)
class ManyPrices:
    """Prices of many symbols where a faulty one does not stop the others.

    `faults`: symbol → the last session of which something is wrong. A run that would read the symbol from that session or
    earlier has no figure (`bad_data`); its rows after that session are good.
    """

    prices: Prices
    faults: Mapping[str, dt.date] = field(default_factory=dict)


@runtime_checkable
class ManySource(Protocol):
    """A price source that can supply a whole market at once."""

    def symbols(self) -> tuple[str, ...]:
        """Every A share of which the source has prices, sorted."""

    def load_many(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> ManyPrices:
        """As `PriceSource.load`, yet faults are given by symbol, not raised; closes, halts and amounts only."""


@runtime_checkable
class GroupedSource(Protocol):
    """A price source whose symbols come from several groups of files, each with an end of its own."""

    def group_of(self, symbol: str) -> str:
        """The group of files that `symbol` is read from."""

    def group_end(self, group: str) -> dt.date | None:
        """Last session on which the group has a bar of any symbol; None when it has none."""


@runtime_checkable
class HashedSource(Protocol):
    """A price source of which two that hold the same can be told to be equal."""

    def files_hash(self) -> str:
        """A hash of the content of every file that prices are read from."""


EMPTY_ACTIONS = pd.DataFrame(
    {
        "symbol": pd.Series(dtype="str"),
        "ex_date": pd.Series(dtype="datetime64[s]"),
        "cash_per_share": pd.Series(dtype=float),
        "split_ratio": pd.Series(dtype=float),
    }
)


EMPTY_SHARES: pd.DataFrame = pd.DataFrame(
    {
        "symbol": pd.Series(dtype="str"),
        "date": pd.Series(dtype="datetime64[s]"),
        "float_shares": pd.Series(dtype=float),
    }
)


EMPTY_VALUATIONS: pd.DataFrame = pd.DataFrame(
    {
        "symbol": pd.Series(dtype="str"),
        "date": pd.Series(dtype="datetime64[s]"),
        "pe_ttm": pd.Series(dtype=float),
        "pb": pd.Series(dtype=float),
        "source": pd.Series(dtype="str"),
    }
)
