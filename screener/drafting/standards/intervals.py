"""The intervals of a printed rating standard: 18%以上, 6%～18%, ±6%, 弱于指数6%以下, each as a pair of edges."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

# One printed interval: ±5%; -10%~5% (a dash may join or be a sign); or a single edge with what stands around it.
_NUMBER = r"[+-]?\s?\d{1,3}(?:\.\d{1,2})?"
INTERVAL = re.compile(
    rf"(?:±|\+/-|正负)\s{{0,2}}(?P<around>\d{{1,3}}(?:\.\d{{1,2}})?)\s{{0,2}}%"
    rf"|(?P<low>{_NUMBER})\s{{0,2}}%?\s{{0,2}}(?:~|至|到|-|与|和)\s{{0,2}}(?P<high>{_NUMBER})\s{{0,2}}%"
    rf"|(?:(?P<before>达到或超过|≥|≤|>=|<=|>|<|不低于|不小于|不高于|不超过|大于等于|小于等于|大于|小于|超过|超出|超越|高于|低于|至少)\s{{0,2}})?"
    rf"(?P<edge>{_NUMBER})\s{{0,2}}%\s{{0,2}}(?P<after>\(含\)以上|\(含\)以下|及以上|及以下|或以上|或以下|以上|以下|以内)?"
)
_DOWN = re.compile(r"跌幅|下跌|弱于|落后|跑输|逊于|差于|低于[^%;。\n]{0,24}?(?:指数|大盘|市场|基准|行业|大市)")
_UP = re.compile(r"(?<!跌)涨幅|上涨|强于|领先|跑赢|超越|优于|超出")
_EITHER_WAY = re.compile(r"涨跌幅|变动|波动|持平|相差|之间|介于")
_CLOSED_BEFORE = ("达到或超过", "≥", "≤", ">=", "<=", "不低于", "不小于", "不高于", "不超过", "大于等于", "小于等于", "至少")
_BELOW_BEFORE = ("≤", "<=", "<", "不高于", "不超过", "小于等于", "小于", "低于")


@dataclass(frozen=True)
class Interval:
    """Two edges (fractions) as printed; a closed edge is None where the words leave it open which side owns it."""

    lower: float
    upper: float
    lower_closed: bool | None
    upper_closed: bool | None
    start: int
    end: int


def intervals(section: str) -> Iterator[Interval]:
    """Every interval of `section` (half width) in its order, each read with the words since the last break."""
    for found in INTERVAL.finditer(section):
        if (
            found["edge"]
            and not (found["before"] or found["after"])
            and not re.search(r"幅|于|超|±|在|表现", _context(section, found.start()))
        ):
            continue
        edges = _edges(found, _context(section, found.start()))
        if edges is not None:
            yield Interval(*edges, start=found.start(), end=found.end())


def _context(section: str, at: int) -> str:
    """What stands before an interval in its own row: since the last break, or the last interval."""
    row = re.split(r"[\n\t|;。:]", section[max(0, at - 60) : at])[-1]
    return row[max((found.end() for found in INTERVAL.finditer(row)), default=0) :]


def _edges(found: re.Match[str], context: str) -> tuple[float, float, bool | None, bool | None] | None:
    down = _DOWN.search(context) is not None and not re.search(r"涨跌幅(?!.*(?:弱于|落后|跌幅))", context)
    if found["around"]:
        return -_share(found["around"]), _share(found["around"]), None, None
    if found["low"]:
        low, high = _share(found["low"]), _share(found["high"])
        if down and low >= 0:
            low, high = -high, -low
        return (min(low, high), max(low, high), None, None) if low != high else None
    return _single(found, context, down)


def _single(found: re.Match[str], context: str, down: bool) -> tuple[float, float, bool | None, bool | None]:
    edge, before, after = _share(found["edge"]), found["before"] or "", found["after"] or ""
    closed = before in _CLOSED_BEFORE or after.endswith(("以上", "以下"))
    if after == "以内" or (_EITHER_WAY.search(context) and not before and not after):
        return -abs(edge), abs(edge), None, None
    below = before in _BELOW_BEFORE or after.endswith("以下")
    if down and edge >= 0 and (before not in _BELOW_BEFORE or before == "低于"):
        return -math.inf, -edge, False, closed  # 弱于指数 6%以上 and 弱于指数 6%以下 are printed for the same band
    return (-math.inf, edge, False, closed) if below else (edge, math.inf, closed, False)


def _share(percent: str) -> float:
    return round(float(percent.replace(" ", "")) / 100, 6)
