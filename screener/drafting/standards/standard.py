"""A rating standard read from a report's last pages: ladders, window, benchmarks, also where its table came apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from screener.drafting.lines.text import Line, ReportText
from screener.drafting.standards.ladders import PrintedLadder, read_ladders, read_window
from screener.drafting.words import table

_SECTION = re.compile(
    r"评级(?:体系)?的?说明|评级标准|评级体系|评级定义|评级系统|投资评级|评级的?比较标准|评级类别|(?:股票|行业|公司)评级"
)
_END = re.compile(r"(?:免责|法律|重要|特别|一般|分析师)(?:声明|承诺|申明)|免责条款")
_SECTION_LENGTH = 3000
# So many places are tried, so far apart, that a hostile text cannot make reading slow.
_SECTIONS, _SECTION_APART = 24, 40
_MARKET_RULE = re.compile(
    r"(?P<market>A\s{0,2}股|沪深|新三板|香港|港股|H\s{0,2}股|美国|美股|韩国)(?:市场|公司|股票)?以(?P<indices>[^;。\n]{1,120}?)(?:作)?为(?:比较)?(?:基准|参照)"
)
_MARKET_IDS = {"A股": "a_share", "沪深": "a_share", "新三板": "neeq", "美国": "us", "美股": "us", "韩国": "korea"}


@dataclass(frozen=True)
class PrintedScale:
    """What was read of a standard: a ladder per kind (None where none is usable), its months with their sentence, markets.

    `broken`: ladders that were seen and cannot be used, with the reason as a message code; `line` where it begins.
    """

    stock: PrintedLadder | None
    industry: PrintedLadder | None
    broken: tuple[PrintedLadder, ...]
    window: tuple[int, int, str] | None
    markets: tuple[dict[str, Any], ...]
    has_benchmark: bool
    line: Line | None = None


def read_scale(report: ReportText) -> PrintedScale | None:
    """The rating standard that the report prints; None when it prints none.

    Of several places that speak of ratings the one with the most usable bands counts.
    """
    lines = report.lines
    half = "\n".join(line.half for line in lines)
    starts = _starts(lines)
    best: tuple[tuple[int, int], int, list[PrintedLadder]] | None = None
    for place in _section_heads(half, _since(starts, lines)):
        ladders = read_ladders(half[place : _section_end(half, place)])
        good = sum(len(each.bands) for each in ladders if not each.fault)
        score = (good, sum(len(each.bands) for each in ladders))
        if ladders and (best is None or score > best[0]):
            best = (score, place, ladders)
    if best is None:
        return None
    _, place, ladders = best
    end = _section_end(half, place)
    section = half[place:end]
    line = next(line for start, line in zip(reversed(starts), reversed(lines), strict=True) if start <= place)
    markets, printed = _markets(section)
    usable = [each for each in ladders if not each.fault]
    stock, industry = (next((each for each in usable if each.kind == kind), None) for kind in ("stock", "industry"))
    broken = tuple(each for each in ladders if each.fault and not any(other.kind == each.kind for other in usable))
    return PrintedScale(stock, industry, broken, read_window(section), markets, printed, line)


def _starts(lines: tuple[Line, ...]) -> list[int]:
    starts, length = [], 0
    for line in lines:
        starts.append(length)
        length += len(line.half) + 1
    return starts


def _since(starts: list[int], lines: tuple[Line, ...]) -> int:
    """Where the standard's zone begins, with the lines right before it that speak of ratings or months."""
    at = next((at for at, line in enumerate(lines) if line.zone in ("standard", "back")), 0)
    while at and re.search(r"评级|个月", lines[at - 1].half) and len(lines[at - 1].half) > 3 and at > 1:
        at -= 1
    return starts[at] if starts else 0


def _section_heads(half: str, since: int) -> list[int]:
    """Places that speak of ratings where the standard begins and after; else the last ones; of close ones the first."""
    heads: list[int] = [since] if since else []
    for found in _SECTION.finditer(half, since):
        if not heads or found.start() - heads[-1] >= _SECTION_APART:
            heads.append(max(half.rfind("\n", 0, found.start()) + 1, found.start() - 40))
    return heads[-_SECTIONS:]


def _section_end(half: str, start: int) -> int:
    end = _END.search(half, start + 12, start + _SECTION_LENGTH)
    return end.start() if end else min(len(half), start + _SECTION_LENGTH)


def _markets(section: str) -> tuple[tuple[dict[str, Any], ...], bool]:
    """The markets with their benchmarks in the order of the text; CSI 300 for A shares, where it names no index at all."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in _MARKET_RULE.finditer(section):
        market = _MARKET_IDS.get(rule["market"].replace(" ", ""), "hong_kong")
        found[market] = [_benchmark(row, rule["indices"]) for row in _indices(rule["indices"])]
    if not any(found.values()):
        for row in _indices(section):
            found.setdefault(row["market"], []).append(_benchmark(row, ""))
    printed = any(found.values())
    csi300 = next(row for row in table("benchmarks.csv") if row["symbol"] == "000300.SH")
    found = found if printed else {"a_share": [_benchmark(csi300, "")]}
    names = {row["market"]: row for row in table("benchmarks.csv")}
    return tuple(_market(names[market], indices) for market, indices in found.items() if indices), printed


def _market(row: dict[str, str], indices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row["market"],
        "name": row["market_name"],
        "name_en": row["market_name_en"],
        "exchanges": row["exchanges"].split(),
        "currency": row["currency"],
        "benchmarks": indices,
    }


def _indices(text: str) -> list[dict[str, str]]:
    """Rows of the table of indices whose words stand in `text`, in the order of the text."""
    places = {}
    for at, row in enumerate(table("benchmarks.csv")):
        hits = [text.find(word) for word in row["words"].split() if word in text]
        if hits:
            places[at] = (min(hits), row)
    return [row for _, row in sorted(places.values(), key=lambda each: each[0])]


def _benchmark(row: dict[str, str], text: str) -> dict[str, Any]:
    record = {"symbol": row["symbol"], "name": row["name"], "name_en": row["name_en"]}
    if row["total_return"]:
        record["total_return"] = row["total_return"]
    for word in row["words"].split():
        said = re.search(rf"{re.escape(word)}[^或(,、]{{0,30}}\((?:针对)?([^()]{{1,40}})\)", text)
        if said:
            record["when"] = said[1]
    return record
