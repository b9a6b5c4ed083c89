"""Trading days: base dates, end dates, weeks; a plain table per market, nothing computed from weekdays."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.terms.notes import ScreenerError

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Calendar:
    """The sessions of one market, ascending, complete from `first_day` to `last_day` (both included)."""

    market: str
    days: Days
    first_day: dt.date
    last_day: dt.date

    def covers(self, day: dt.date) -> bool:
        """Whether the table says for certain if `day` is a session."""
        return self.first_day <= day <= self.last_day

    def is_session(self, day: dt.date) -> bool:
        """Whether the market traded on `day`; False outside the table."""
        at = int(np.searchsorted(self.days, np.datetime64(day)))
        return at < len(self.days) and _date(self.days[at]) == day

    def last_on_or_before(self, day: dt.date) -> dt.date | None:
        """Last session on or before `day`; None when the table does not reach that far."""
        if not self.covers(day):
            return None
        at = int(np.searchsorted(self.days, np.datetime64(day), side="right"))
        return _date(self.days[at - 1]) if at else None

    def all_last_on_or_before(self, days: Days) -> Days:
        """As `last_on_or_before` for an array of days; NaT where the table does not reach that far."""
        at = np.searchsorted(self.days, days, side="right")
        known = (days >= np.datetime64(self.first_day)) & (days <= np.datetime64(self.last_day)) & (at > 0)
        return np.where(known, self.days[np.maximum(at, 1) - 1], np.datetime64("NaT"))

    def first_on_or_after(self, day: dt.date) -> dt.date | None:
        """First session on or after `day`; None when the table does not reach that far."""
        at = int(np.searchsorted(self.days, np.datetime64(day)))
        return _date(self.days[at]) if self.covers(day) and at < len(self.days) else None

    def shift(self, session: dt.date, count: int) -> dt.date:
        """The session `count` sessions after `session` (before, if negative), clamped to the table."""
        at = int(np.searchsorted(self.days, np.datetime64(session))) + count
        return _date(self.days[min(max(at, 0), len(self.days) - 1)])

    def count_between(self, start: dt.date, end: dt.date) -> int:
        """Sessions after `start` up to and including `end`."""
        low, high = (int(np.searchsorted(self.days, np.datetime64(day), side="right")) for day in (start, end))
        return high - low

    def between(self, start: dt.date, end: dt.date) -> Days:
        """Sessions from `start` to `end`, both included."""
        low = np.searchsorted(self.days, np.datetime64(start))
        high = np.searchsorted(self.days, np.datetime64(end), side="right")
        return self.days[low:high]

    def week(self, day: dt.date) -> tuple[dt.date, ...]:
        """Sessions of the ISO week that holds `day`; empty when the whole week is a holiday.

        ScreenerError `beyond_calendar` when the table does not cover the week's days.
        """
        if not self.first_day <= day <= self.last_day + dt.timedelta(days=7):
            raise ScreenerError("beyond_calendar", day=day, first=self.first_day, last=self.last_day)
        monday = day - dt.timedelta(days=day.weekday())
        sunday = monday + dt.timedelta(days=6)
        if not (self.covers(monday) and self.covers(min(sunday, self.last_day))):
            raise ScreenerError("beyond_calendar", day=day, first=self.first_day, last=self.last_day)
        return tuple(_date(session) for session in self.between(monday, sunday))

    def last_week_ends(self, session: dt.date, count: int) -> tuple[dt.date, ...]:
        """Last sessions of the `count` ISO weeks that had a session, the last being the week of `session` cut there."""
        days = self.days[: int(np.searchsorted(self.days, np.datetime64(session), side="right"))][-8 * count - 8 :]
        weeks = iso_week_number(days)
        ends = np.append(weeks[1:] != weeks[:-1], True)
        return tuple(_date(day) for day in days[ends][-count:])


def _date(day: np.datetime64) -> dt.date:
    return day.astype("datetime64[D]").item()  # type: ignore[no-any-return]


def iso_week_number(days: Days) -> npt.NDArray[np.int64]:
    """A running number that is equal for the days of one ISO week (Monday to Sunday)."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) // 7


def places_on(sessions: Days, days: Days) -> npt.NDArray[np.int64]:
    """Position of each day among the sessions, −1 for what is none; looked up, since a market has millions of rows."""
    if not len(sessions):
        return np.full(len(days), -1, dtype=np.int64)
    first, last = sessions[0].astype(np.int64), sessions[-1].astype(np.int64)
    table = np.full(last - first + 1, -1, dtype=np.int64)
    table[sessions.astype(np.int64) - first] = np.arange(len(sessions))
    offset = days.astype(np.int64) - first
    inside = (offset >= 0) & (offset < len(table))
    return np.where(inside, table[np.where(inside, offset, 0)], -1)


def spread_on(sessions: Days, days: Days, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The value of each day on the session axis, NaN where there is none; days that are no session are left out."""
    found = np.full(len(sessions), np.nan)
    at = places_on(sessions, days)
    found[at[at >= 0]] = values[at >= 0]
    return found


def add_months_to_all(days: Days, months: int) -> Days:
    """As `add_months` for an array of days."""
    month = days.astype("datetime64[M]")
    target = month + months
    longest = (target + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.asarray(np.minimum(target.astype("datetime64[D]") + (days - month.astype("datetime64[D]")), longest))


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month `months` later, clamped to the month's last day (31 Aug + 6 = 28 or 29 Feb)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4)
def load_calendar(market: str = "XSHG") -> Calendar:
    """The shipped session table of `market` (XSHG or XHKG), made from exchange_calendars."""
    path = files("screener") / "data" / f"sessions_{market.lower()}.txt"
    if not path.is_file():
        raise ScreenerError("no_calendar", market=market)
    lines = path.read_text("ascii").split("\n")
    _, _, first, last = lines[1].split()
    days = np.array([line for line in lines[2:] if line], dtype="datetime64[D]")
    return Calendar(market, days, dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def as_date(stamp: object) -> dt.date:
    """A plain date from a pandas timestamp."""
    return pd.Timestamp(stamp).date()  # type: ignore[arg-type]


def session_axis(start: dt.date, end: dt.date, market: str = "XSHG") -> pd.DatetimeIndex:
    """Every session of `market` from `start` to `end` as the index of price frames."""
    return pd.DatetimeIndex(load_calendar(market).between(start, end).astype("datetime64[s]"), name="session")


Floats = npt.NDArray[np.float64]
