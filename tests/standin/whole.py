"""A whole market of invented names, held in memory: as many as there are in earnest, each with a few sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.standin.faults import Bar, spoil_rows
from tests.standin.market import Action, Market


class WholeMarket(Market):
    """`size` names on `days`; `actions`: code → action; `halted`: codes that did not trade on the last day.

    `days` may be shortened or lengthened (`upto`) between two updates: the servers then know another evening.
    """

    def __init__(self, folder: Path, days: Sequence[str], size: int) -> None:
        super().__init__(folder, {})
        self.days = list(days)
        self.upto = self.days[-1]
        # One name in sixteen is Beijing's, whose list then has eighteen pages, as the real one has.
        self.codes = [_code(at) for at in range(size)]
        self.events: dict[str, Action] = {}
        self.unlisted: set[str] = set()
        self.halted: set[str] = set()

    def bar(self, code: str, at: int) -> Bar:
        """The bar of a session by its place: a price that climbs by cents, lower after an ex-date."""
        close = round(10 + int(code) % 90 + 0.01 * at, 2)
        event = self.events.get(code)
        if event is not None and self.days[at] >= event.day:
            close = round((close - event.cash) / event.ratio, 2)
        opened, volume = round(close - 0.05, 2), 100_000 + 100 * at
        return Bar(self.days[at], opened, round(close + 0.1, 2), round(close - 0.1, 2), close, volume, round(volume * close))

    def previous(self, code: str, at: int) -> float:
        """The exchange's previous close: the last close after the day's action."""
        close, event = float(self.bar(code, at - 1).close or 0), self.events.get(code)
        return round((close - event.cash) / event.ratio, 2) if event is not None and event.day == self.days[at] else close

    def bars(self, kind: str, code: str, kinds: Iterable[str], *, start: str = "", end: str = "9") -> list[Bar] | None:
        """See Market.bars."""
        if kind != "raw" or code not in self.names:
            return None
        known = [at for at, day in enumerate(self.days) if start <= day <= min(end, self.upto)]
        found = [self.bar(code, at) for at in known if not (code in self.halted and self.days[at] == self.upto)]
        return spoil_rows(kinds, found)

    def spot(self) -> list[dict[str, Any]]:
        """See Market.spot."""
        at = self.days.index(self.upto)
        return [self._spot(code, at) for code in self.codes]

    def _spot(self, code: str, at: int) -> dict[str, Any]:
        bar, previous = self.bar(code, at), self.previous(code, at)
        if code in self.halted:
            return {
                "code": code,
                **dict.fromkeys(("open", "high", "low", "close", "volume", "amount"), 0.0),
                "previous": previous,
            }
        return {"code": code, "previous": previous, **{name: getattr(bar, name) for name in vars(bar) if name != "day"}}

    def actions(self, code: str, kinds: Iterable[str] = ()) -> list[Action]:
        """See Market.actions."""
        return [self.events[code]] if code in self.events else []

    def every_action(self) -> list[tuple[str, Action]]:
        """See Market.every_action; without those that the lists do not know yet."""
        return [(code, action) for code, action in self.events.items() if code not in self.unlisted]

    def listed(self) -> list[tuple[str, str]]:
        """See Market.listed."""
        return [(code, code) for code in self.codes]


def dividend(day: str, cash: float = 0.5, ratio: float = 1.0) -> Action:
    """A dividend with its ex-date."""
    dt.date.fromisoformat(day)
    return Action(day, cash, ratio)


def _code(at: int) -> str:
    if at % 16 == 15:
        return f"{920001 + at // 16}"
    return f"{(300000, 600000, 688000)[at % 3] + at // 3 + 1}"
