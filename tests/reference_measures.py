"""A slow second opinion: the rules of measurement in plain Python over the files, sharing no code with the product."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

BUCKETS = {
    "operators": ["600941", "600050", "601728"],
    "cw_light_source": ["688498", "688313"],
    "switch_equipment": ["301165"],
    "switch_chip": ["688702"],
    "otn_400g": ["600498", "688205", "002281"],
    "aidc": ["300442"],
}
NAMES = [code for codes in BUCKETS.values() for code in codes]


@dataclass
class Figures:
    """The table of closes (date → code → close or None) and the actions by code."""

    days: list[dt.date]
    closes: dict[str, dict[dt.date, float]]
    actions: dict[str, list[tuple[dt.date, float, float]]]


def read_figures(folder: Path) -> Figures:
    closes: dict[str, dict[dt.date, float]] = {}
    days = []
    with (folder / "closes.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = dt.date.fromisoformat(row.pop("date"))
            days.append(day)
            for code, cell in row.items():
                if cell:
                    closes.setdefault(code, {})[day] = float(cell)
    actions: dict[str, list[tuple[dt.date, float, float]]] = {}
    with (folder / "actions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            entry = (dt.date.fromisoformat(row["ex_date"]), float(row["cash_per_share"]), float(row["split_ratio"]))
            actions.setdefault(row["code"], []).append(entry)
    return Figures(days, closes, actions)


def last_session(figures: Figures, day: dt.date) -> dt.date:
    return max(each for each in figures.days if each <= day)


def months_later(day: dt.date, months: int) -> dt.date:
    total = day.year * 12 + (day.month - 1) + months
    year, month = total // 12, total % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def growth(figures: Figures, code: str, start: dt.date, end: dt.date, *, reinvest: bool) -> float:
    """End value of one unit put in at the close of `start`."""
    closes = figures.closes[code]
    traded = sorted(day for day in closes if day <= end)
    first = max(day for day in traded if day <= start)
    last = traded[-1]
    shares = 1.0
    for ex_date, cash, ratio in sorted(figures.actions.get(code, [])):
        if not start < ex_date <= end:
            continue
        after = [day for day in traded if day >= ex_date]
        if not after:
            continue
        before = closes[max(day for day in traded if day < ex_date)]
        if reinvest:
            shares *= before * ratio / (before - cash)
        else:
            shares *= ratio
    return shares * closes[last] / closes[first]


def basket(figures: Figures, codes: list[str], base: dt.date, start: dt.date, end: dt.date, *, reinvest: bool) -> float:
    """Return from start to end of a basket bought in equal parts at `base` and held."""
    before = [growth(figures, code, base, start, reinvest=reinvest) for code in codes]
    after = [growth(figures, code, base, end, reinvest=reinvest) for code in codes]
    return sum(after) / sum(before) - 1
