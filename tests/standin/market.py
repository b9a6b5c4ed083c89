"""The folder of prices behind the stand-in: bars, actions, 前复权 and names by code, with the row faults applied."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.standin.faults import Bar, spoil_rows

SESSIONS = Path(__file__).parents[2] / "screener" / "data" / "sessions_xshg.txt"


@dataclass(frozen=True)
class Action:
    """One corporate action: gross CNY per share before, shares after per share before."""

    day: str
    cash: float
    ratio: float


class Market:
    """What the servers know. `renamed`: a code that changed → the code under which they know it now."""

    def __init__(self, folder: Path, renamed: dict[str, str]) -> None:
        self.folder = folder
        self.renamed = renamed

    def bars(self, kind: str, code: str, kinds: Iterable[str], *, start: str = "", end: str = "9") -> list[Bar] | None:
        """Bars of raw/, index/ or hk/ CODE from `start` to `end` (ISO); None = no such code."""
        if code in self.renamed:
            return None
        old = next((old for old, new in self.renamed.items() if new == code), code)
        path = self.folder / kind / f"{old}.csv"
        if not path.is_file():
            return None
        with path.open(encoding="utf-8-sig", newline="") as file:
            bars = [_bar(row) for row in csv.DictReader(file)]
        if kind == "hk":
            bars = [_with_range(bar) for bar in bars]
        return spoil_rows(kinds, [bar for bar in bars if start <= bar.day <= end])

    def adjusted(self, code: str, kinds: Iterable[str], *, start: str, end: str) -> list[Bar] | None:
        """前复权 bars: closes of qfq/CODE where it is there, else worked out by ratio, or by subtraction if told so."""
        bars = self.bars("raw", code, (), end=end)
        path = self.folder / "qfq" / f"{code}.csv"
        if bars is None or "missing_factor" in kinds:
            return None if bars is None else []
        if path.is_file() and "additive_qfq" not in kinds:
            with path.open(encoding="utf-8-sig", newline="") as file:
                bars = [_bar(row) for row in csv.DictReader(file)]
        else:
            bars = _adjust(bars, self.actions(code), by_ratio="additive_qfq" not in kinds)
        return spoil_rows(kinds, [bar for bar in bars if start <= bar.day <= end])

    def actions(self, code: str, kinds: Iterable[str] = ()) -> list[Action]:
        """Corporate actions of CODE, oldest first."""
        with (self.folder / "actions.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["code"] == code]
        found = sorted(
            (Action(r["ex_date"], float(r["cash_per_share"] or 0), float(r["split_ratio"] or 1)) for r in rows), key=_day
        )
        return found[:-1] if "missing_dividend" in kinds else found

    def every_action(self) -> list[tuple[str, Action]]:
        """Code and action of the whole list."""
        with (self.folder / "actions.csv").open(encoding="utf-8-sig", newline="") as file:
            codes = sorted({row["code"] for row in csv.DictReader(file)})
        return [(code, action) for code in codes for action in self.actions(code)]

    def spot(self) -> list[dict[str, Any]]:
        """A row for every name on the last day that any has: its bar (volume 0: it did not trade) and the previous close."""
        series = {code: self.bars("raw", code, ()) or [] for code, _ in self.listed()}
        last = max(bars[-1].day for bars in series.values() if bars)
        return [self._spot(code, bars, last) for code, bars in series.items() if bars]

    def _spot(self, code: str, bars: list[Bar], last: str) -> dict[str, Any]:
        before = [bar for bar in bars if bar.day < last]
        previous = float(before[-1].close or 0) if before else 0.0
        for action in self.actions(code):
            if before and before[-1].day < action.day <= last:
                previous = round((previous - action.cash) / action.ratio, 2)
        bar = bars[-1] if bars[-1].day == last else Bar(last, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return {"code": code, "previous": previous, **{name: value for name, value in vars(bar).items() if name != "day"}}

    def float_shares(self, code: str, day: str) -> float:
        """Float shares of CODE: those of shares.csv where it is there, else invented; they grow with every split."""
        path = self.folder / "shares.csv"
        if path.is_file():
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [row for row in csv.DictReader(file) if row["code"] == code and row["date"] <= day]
            return float(max(rows, key=lambda row: row["date"])["float_shares"])
        split = math.prod(action.ratio for action in self.actions(code) if action.day <= day)
        return round(1e8 * (1 + int(code) % 9) * split)

    def listed(self) -> list[tuple[str, str]]:
        """Code and name of every stock: names.csv, else the codes of raw/."""
        path = self.folder / "names.csv"
        if not path.is_file():
            return [(each.stem, each.stem) for each in sorted((self.folder / "raw").glob("*.csv"))]
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [(row["code"], row["name"]) for row in csv.DictReader(file)]

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name."""
        return dict(self.listed())

    @cached_property
    def sessions(self) -> list[str]:
        """Trading days, also those to come."""
        return [line for line in SESSIONS.read_text("ascii").split("\n")[2:] if line]


def _day(action: Action) -> str:
    return action.day


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _bar(row: dict[str, str]) -> Bar:
    close = float(row["close"])
    volume, amount = _number(row.get("volume")), _number(row.get("amount"))
    if amount is None and volume is not None:
        amount = volume * close
    return Bar(row["date"], *(_number(row.get(name)) for name in ("open", "high", "low")), close, volume, amount)


def _with_range(bar: Bar) -> Bar:
    """A folder has closes alone of Hong Kong; no day of a share has one price only, and no two days the same volume."""
    if bar.high is not None or not isinstance(bar.close, float):
        return bar
    volume = 1_000_000.0 + 100 * (dt.date.fromisoformat(bar.day).toordinal() % 5000)
    return replace(bar, open=bar.close, high=round(bar.close * 1.01, 2), low=round(bar.close * 0.99, 2), volume=volume)


def _adjust(bars: list[Bar], actions: list[Action], *, by_ratio: bool) -> list[Bar]:
    """Closes as of the last bar: each ex-date maps the days before it, by ratio or by taking the cash off."""
    closes = [float(bar.close or 0) for bar in bars]
    days = [bar.day for bar in bars]
    for action in actions:
        before = [at for at, day in enumerate(days) if day < action.day]
        if not before or action.day > days[-1]:
            continue
        previous = float(bars[before[-1]].close or 0)
        factor = (previous - action.cash) / action.ratio / previous
        for at in before:
            closes[at] = closes[at] * factor if by_ratio else (closes[at] - action.cash) / action.ratio
    return [
        replace(bar, open=round(close, 2), high=round(close, 2), low=round(close, 2), close=round(close, 2))
        for bar, close in zip(bars, closes, strict=True)
    ]
