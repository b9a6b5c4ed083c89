"""A small folder of invented prices, so that the stand-in needs no data from elsewhere."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.standin.market import SESSIONS

FIRST, LAST = "2025-01-02", "2025-06-30"
STOCKS = {
    "600498": ("烽火通信", 20.52),
    "601728": ("中国电信", 7.31),
    "002281": ("光迅科技", 48.87),
    "000063": ("中兴通讯", 33.15),
    "301165": ("锐捷网络", 62.44),
    "688205": ("德科立", 91.26),
    "689009": ("九号公司", 55.03),
    "920799": ("艾融软件", 46.18),
}
INDICES = {"000300": 3820.41, "H00300": 5213.77, "931160": 6011.93, "801770": 2755.29}
ABROAD = {"HSI": 19980.15, "IXIC": 15310.97, "SPX": 5204.34, "KOSPI": 2714.21}
# code, ex-date, gross CNY per share before, shares after per share before
ACTIONS = (("600498", "2025-06-12", 0.137, 1.0), ("688205", "2025-05-29", 0.35, 1.3), ("002281", "2025-06-05", 0.26, 1.0))


def write_sample(folder: Path) -> Path:
    """Write the folder and return it: eight stocks, eight indices, one Hong Kong share, three corporate actions."""
    days = [day for day in SESSIONS.read_text("ascii").split("\n")[2:] if FIRST <= day <= LAST]
    for code, (_, price) in STOCKS.items():
        actions = {day: (cash, ratio) for each, day, cash, ratio in ACTIONS if each == code}
        _write(
            folder / "raw" / f"{code}.csv", "date,open,high,low,close,volume,amount", _stock(days, int(code), price, actions)
        )
    for code, level in {**INDICES, **ABROAD}.items():
        seed = sum(map(ord, code))
        rows = ((day, "", "", "", _wave(seed, at, level), _amount(seed, at)) for at, day in enumerate(days))
        _write(folder / "index" / f"{code}.csv", "date,open,high,low,close,amount", rows)
    _write(folder / "hk" / "0941.csv", "date,close", ((day, _wave(941, at, 71.35)) for at, day in enumerate(days)))
    _write(folder / "actions.csv", "code,ex_date,cash_per_share,split_ratio", ACTIONS)
    _write(folder / "names.csv", "code,name", ((code, name) for code, (name, _) in STOCKS.items()))
    return folder


def _wave(seed: int, at: float, level: float) -> float:
    """A level that moves by a few percent, the same on every machine."""
    return round(level * (1 + 0.05 * math.sin(0.37 * at + seed % 17) + 0.02 * math.sin(1.9 * at)), 2)


def _amount(seed: int, at: int) -> int:
    return 200_000_000_000 + 1_000_000 * ((seed * 7919 + at * 104_729) % 90_000)


def _stock(
    days: Sequence[str], seed: int, price: float, actions: dict[str, tuple[float, float]]
) -> Iterable[tuple[object, ...]]:
    """Daily bars whose amount is volume × the middle of the day's range; an ex-date lowers all later prices."""
    cash, ratio_total = 0.0, 1.0
    for at, day in enumerate(days):
        if day in actions:
            cash, ratio_total = (cash + actions[day][0]) / actions[day][1], ratio_total * actions[day][1]
        opened, close = (round(_wave(seed, at + shift, price) / ratio_total - cash, 2) for shift in (-0.4, 0))
        high, low = round(max(opened, close) * 1.01, 2), round(min(opened, close) * 0.99, 2)
        volume = 100 * (100_000 + (seed * 31 + at * 7907) % 50_000)
        yield day, opened, high, low, close, volume, round(volume * (high + low) / 2)


def _write(path: Path, head: str, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head.split(","))
        writer.writerows(rows)
