"""What the store keeps of one symbol: bars, corporate actions and share counts, with the columns of their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from screener.terms.notes import Gap
from screener.terms.sessions import Days, Floats, as_date

BARS = pa.schema(
    [
        ("session", pa.date32()),
        *((name, pa.float64()) for name in ("open", "high", "low", "close", "volume", "amount")),
        ("source", pa.string()),
        ("fetched_at", pa.timestamp("s", tz="UTC")),
    ]
)
CLOSES = pa.schema([field for field in BARS if field.name in ("session", "close", "volume", "amount")])
ACTIONS = pa.schema(
    [("ex_date", pa.date32()), ("cash_per_share", pa.float64()), ("split_ratio", pa.float64()), ("source", pa.string())]
)
SHARES = pa.schema([("date", pa.date32()), ("float_shares", pa.float64()), ("source", pa.string())])

VALUATIONS = pa.schema(
    [
        ("date", pa.date32()),
        *((name, pa.float64()) for name in ("pe_ttm", "pb", "total_cap", "float_cap")),
        ("source", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Bars:
    """One symbol's stored rows, ascending by `session` (datetime64[s]), and what was asked for them.

    `rows`: columns of BARS; CNY, shares. `asked_from`: no source has an earlier row back to this date. `silent_to`: two
    sources agree that the symbol has no row after the last one up to this date (it did not trade); None: nothing is known.
    `unverified`: hosts whose certificate was not checked when rows came from there. `confirmed_to`: no ex-date lies after
    those in the stored actions up to this date, as the previous close that a source gave beside each row shows.
    """

    rows: pd.DataFrame
    asked_from: dt.date
    silent_to: dt.date | None = None
    unverified: tuple[str, ...] = ()
    confirmed_to: dt.date | None = None

    @property
    def first(self) -> dt.date:
        """First stored session."""
        return as_date(self.rows["session"].iloc[0])

    @property
    def last(self) -> dt.date:
        """Last stored session."""
        return as_date(self.rows["session"].iloc[-1])

    @property
    def reach(self) -> dt.date:
        """The last date up to which the rows are known to be complete."""
        return max(self.last, self.silent_to or self.last)


@dataclass(frozen=True, eq=False)
class Closes:
    """One symbol's stored rows as arrays, in the file's order; CNY, shares. `silent_to`, `confirmed_to`: see Bars."""

    days: Days
    close: Floats
    volume: Floats
    amount: Floats
    silent_to: dt.date | None
    confirmed_to: dt.date | None

    @property
    def reach(self) -> dt.date:
        """See `Bars.reach`."""
        last = as_date(self.days.max())
        return max(last, self.silent_to or last)


@dataclass(frozen=True, eq=False)
class Actions:
    """One symbol's stored corporate actions (columns of ACTIONS, ascending by `ex_date`), known up to `checked_to`.

    `checked`: the sources whose lists were compared, and "adjusted" where 前复权 was; a single one = unchecked.
    `mismatches`: ex-date → the gap that names the two opinions which differ. `unverified`: see Bars.
    """

    rows: pd.DataFrame
    checked_to: dt.date
    checked: tuple[str, ...] = ()
    mismatches: Mapping[dt.date, Gap] = field(default_factory=dict)
    unverified: tuple[str, ...] = ()

    @property
    def is_checked(self) -> bool:
        """Whether a second opinion was there."""
        return len(self.checked) > 1

    def known_to(self, day: dt.date | None) -> Actions:
        """The same actions, known up to `day` if that is later: see `Bars.confirmed_to`."""
        return self if day is None or day <= self.checked_to else replace(self, checked_to=day)


@dataclass(frozen=True, eq=False)
class ShareCounts:
    """One symbol's float share counts (columns of SHARES, ascending by `date`): a row says the count from its date on.

    NaN: the source gives no count that can be believed from that date on. `reach`: the last day that the source spoke of;
    what holds after it is not known.
    """

    rows: pd.DataFrame
    reach: dt.date


@dataclass(frozen=True, eq=False)
class Valuations:
    """One symbol's valuation by session as its source published it (columns of VALUATIONS, ascending by `date`).

    `pe_ttm`: price over the earnings of the last four quarters, negative for a loss; `pb`: price over book value; both
    multiples. `total_cap`, `float_cap`: CNY. NaN: the source has none.
    """

    rows: pd.DataFrame

    @property
    def reach(self) -> dt.date:
        """The last day that the source spoke of."""
        return as_date(self.rows["date"].iloc[-1])


def actions_of(rows: pd.DataFrame, meta: Mapping[str, Any]) -> Actions:
    """Actions from a file's rows and what the file says of itself."""
    last = as_date(rows["ex_date"].iloc[-1]) if len(rows) else dt.date.min
    return Actions(
        rows=rows,
        checked_to=day_of(meta.get("checked_to")) or last,
        checked=tuple(meta.get("checked", ())),
        mismatches=dict(_gap(each) for each in meta.get("mismatches", ())),
        unverified=tuple(meta.get("unverified", ())),
    )


def _gap(stored: Mapping[str, Any]) -> tuple[dt.date, Gap]:
    day = dt.date.fromisoformat(stored["ex_date"])
    return day, Gap(stored["code"], stored["reason"], {**stored["params"], "day": day})


def day_of(text: object) -> dt.date | None:
    """The date that a file gives in ISO form; None for anything else that is no text."""
    return dt.date.fromisoformat(text) if isinstance(text, str) else None
