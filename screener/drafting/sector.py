"""The rated industry, from where a front page names it, and the Shenwan index that stands for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from screener.drafting.fact import Fact
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.words import CHANGE, WORD, table


@dataclass(frozen=True)
class Sector:
    """A Shenwan level-one industry with its index, a second index (if any), and other words for it."""

    sector: str
    sector_en: str
    symbol: str
    second_symbol: str
    second_name: str
    second_name_en: str
    aliases: str


@dataclass(frozen=True)
class SectorWord:
    """A word that reports use for an industry: the Shenwan industry (empty for none) and whether that is beyond doubt."""

    word: str
    sector: str
    sure: bool


@cache
def sectors() -> dict[str, Sector]:
    """The Shenwan level-one industries (2021 edition) by name."""
    return {row["sector"]: Sector(**row) for row in table("sectors.csv")}


@cache
def sector_words() -> dict[str, SectorWord]:
    """The known words for industries; of one that stands twice the sure row counts."""
    found: dict[str, SectorWord] = {}
    for row in sorted(table("sector_words.csv"), key=lambda row: row["sure"] != "yes"):
        found.setdefault(row["word"], SectorWord(row["word"], row["level1_name"], row["sure"] == "yes"))
    return found


_LABEL = re.compile(r"(?:所属行业|行业(?:名称|分类)?|板块)\s?[:|]\s?(?P<word>[^\s|:,;()]{2,12})")
_PADDING = re.compile(
    rf"(?:{WORD})|{CHANGE}|[()\[\]]|评级|证券研究报告|研究报告|(?:行业|公司)?(?:深度|点评|周报|月报|日报|年报|专题|跟踪|动态|策略|快评|简评|研究|报告|周度|年度|中期|定期|系列|首次|覆盖)|20\d{{2}}年?\d{{0,2}}月?\d{{0,2}}日?|投资|行业|板块|证券|产业|[A-Za-z]{{1,20}}"
)


def word_of(text: str) -> SectorWord | None:
    """The industry that `text` (half width) is about when it says nothing else than industry and kind of report."""
    own = text.strip("# *\t|·:-/")
    if len(own) > 40 or not own:
        return None
    if own in sector_words():
        return sector_words()[own]
    parts = [_PADDING.sub("", part).strip() for part in re.split(r"[|·/\\\s:>_,-]+", own)]
    kept = [part for part in parts if part]
    known = [sector_words()[part] for part in kept if part in sector_words()]
    return known[0] if known and len(known) == len(kept) and len({each.sector for each in known}) == 1 else None


def is_sector_line(text: str) -> bool:
    """Whether `text` names an industry and nothing else."""
    return word_of(text) is not None


def read_sector(report: ReportText, title: str, related: Sequence[dict[str, Any]]) -> Fact[Sector] | None:
    """The industry: labelled, alone on a line of the front page, or before the colon of the title or of related reports."""
    front = list(report.of("front", "furniture"))[:80]
    found = _labelled(front) or _alone(front) or _prefixed(report, title) or _glued(front) or _related(report, related)
    if found is None:
        return None
    word, line, sure = found
    if word.sector not in sectors():
        return None
    return Fact(sectors()[word.sector], line, "" if sure and word.sure else "sector_unsure", (("word", word.word),))


_Found = tuple[SectorWord, Line, bool]


def _labelled(front: Sequence[Line]) -> _Found | None:
    for line in front:
        label = _LABEL.search(line.half[:120])
        word = word_of(label["word"]) if label else None
        if word is not None:
            return word, line, True
    return None


def _alone(front: Sequence[Line]) -> _Found | None:
    """Lines that say an industry only; all of one industry, else in doubt."""
    found = [(word, line) for line in front for word in [word_of(line.half)] if word is not None and word.sector]
    found = [each for each in found if each[0].word != "证券"]  # what is left of 证券研究报告 where its line broke
    if not found:
        return None
    return *found[0], len({word.sector for word, _ in found[:3]}) == 1


def _prefixed(report: ReportText, title: str) -> _Found | None:
    """电子行业周报：…, or 通信行业2024年度策略: the title begins with the industry."""
    head = re.match(r"(?P<word>[一-鿿A-Z]{2,10}?)(?:行业|板块|产业)", title.lstrip("《"))
    word = word_of(head["word"]) if head else None
    word = word or (word_of(re.split(r"[:：]", title)[0]) if ":" in title or "：" in title else None)
    return (word, report.lines[0], True) if word is not None else None


def _glued(front: Sequence[Line]) -> _Found | None:
    """Of a text without line breaks: the known word right before 行业深度, 行业周报 and the like near its head."""
    for line in front[:3]:
        found = re.search(r"([一-鿿]{2,10})行业(?:深度|周报|点评|研究|专题|跟踪|动态|月报|策略|报告)", line.half[:240])
        words = (found[1][at:] for at in range(len(found[1]) - 1)) if found else ()
        word = next((sector_words()[each] for each in words if each in sector_words()), None)
        if word is not None:
            return word, line, True
    return None


def _related(report: ReportText, related: Sequence[dict[str, Any]]) -> _Found | None:
    words = [word for each in related for word in [word_of(re.split(r"[:：]", each["title"])[0])] if word is not None]
    return (words[0], report.lines[0], len({word.sector for word in words}) == 1) if words else None
