"""Which rating each interval of a printed standard belongs to, and which of them make one ladder."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from screener.drafting.standards.intervals import Interval, intervals
from screener.drafting.words import WORD, rating_words

Measure = Literal["relative", "absolute", "industry_relative", "words_only"]

_WORD_PLACE = re.compile(
    rf"(?:^|(?<=[\s|:;。,、(\"'*\dA-Za-z.])|(?<=以上)|(?<=以下)|(?<=之间)|(?<=以内)|(?<=区间)|(?<=说明)|(?<=评级)|(?<=定义)|(?<=标准)|(?<=体系)|(?<=%)|(?<=%为)|(?<=[上下]为))(?P<word>{WORD})"
    rf"(?=$|[\s|:,;、(\"'*)=≥≤<>—-]|指|表示|评级|相对|预[计期]|未来|行业|股价|股票|个股|公司|分析师|强于|弱于|\d|涨|跌|超)",
    re.MULTILINE,
)
_RELATIVE = re.compile(
    r"相对|强于|弱于|超越|超出|跑赢|跑输|领先|落后|优于|逊于|沪深300|大盘|大市|基准指数|市场指数|同期|上证|深证|超过[^%\d]{0,12}指数|高于[^%\d]{0,12}指数"
)
_WORDS_ONLY = re.compile(r"强于|弱于|超越|跑赢|跑输|持平|同步|优于|落后|领先|战胜|好于|差于")
_MONTHS = re.compile(
    r"(?:(?P<a>\d{1,2}|[三六九])\s{0,2}(?:个月)?\s{0,2}(?:到|至|~|-)\s{0,2})?(?P<b>\d{1,2}|十二|[三六九])\s{0,2}个月"
)
_NUMERALS = {"三": 3, "六": 6, "九": 9, "十二": 12}
_HEADS = re.compile(
    r"(?P<industry>行业|板块)(?:的)?(?:投资)?(?:评级|评价)|(?P<stock>股票|公司|个股)(?:的)?(?:投资)?(?:评级|评价)"
)


@dataclass(frozen=True)
class PrintedBand:
    """An interval as printed with its rating; infinite edges are open ends. `text`: the words around it."""

    rating: str
    lower: float
    upper: float
    lower_closed: bool | None
    upper_closed: bool | None
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class PrintedLadder:
    """The bands of one kind of subject, best first; `fault`: the message code of why they cannot be used, else empty."""

    kind: str
    bands: tuple[PrintedBand, ...]
    measure: Measure
    fault: str = ""
    window: tuple[int, int, str] | None = None


def read_ladders(section: str) -> list[PrintedLadder]:
    """The ladders that a standard prints, whole or not, the longer first of each kind."""
    runs = [run for run in _runs(section, list(_rated(section))) if len(run) >= 2]
    found = [_ladder(section, run, runs[at - 1][-1].end if at else 0) for at, run in enumerate(runs)]
    found = _settled_kinds(found)
    worded = _worded(section, [band for run in runs for band in run])
    kinds = {each.kind for each in found}
    found += [each for each in worded if each.kind not in kinds]
    return sorted(found, key=lambda each: (bool(each.fault), -len(each.bands)))


def _rated(section: str) -> Iterator[PrintedBand]:
    """Intervals with their ratings: the word before each, after 为 the word behind it, one to one where columns came apart."""
    marks = list(intervals(section))
    words = [
        found for found in _WORD_PLACE.finditer(section) if not any(each.start <= found.start() < each.end for each in marks)
    ]
    tokens: list[Any] = sorted([*words, *marks], key=lambda each: each.start() if isinstance(each, re.Match) else each.start)
    after = _number_first(section, marks, words)
    if after:
        yield from after
        return
    waiting: list[re.Match[str]] = []
    for is_word, group in itertools.groupby(tokens, key=lambda each: isinstance(each, re.Match)):
        items = list(group)
        if is_word:
            waiting = items
            continue
        if len(items) > 1 and len(waiting) == len(items):
            pairs = list(zip(waiting, items, strict=True))
        elif len(items) > 1 and len(waiting) > 1:
            continue
        else:
            pairs = list(zip(waiting[-1:], items[:1], strict=False))
        for word, mark in pairs:
            yield _band(word["word"], mark, word.start(), section[min(word.end(), mark.start) : mark.end + 4])
        waiting = []


def _number_first(section: str, marks: Sequence[Interval], words: Sequence[re.Match[str]]) -> list[PrintedBand]:
    """18%以上为买入评级；6%-18%为增持评级: the word follows its interval."""
    pairs = [
        (mark, word)
        for mark in marks
        for word in words
        if 0 <= word.start() - mark.end <= 2 and section[mark.end : word.start()].strip() in ("为", "")
    ]
    said = [(mark, word) for mark, word in pairs if "为" in section[mark.end - 1 : word.start()]]
    return (
        [_band(word["word"], mark, mark.start, section[max(0, mark.start - 20) : word.end()]) for mark, word in said]
        if len(said) >= 2
        else []
    )


def _band(word: str, mark: Interval, start: int, text: str) -> PrintedBand:
    return PrintedBand(word, mark.lower, mark.upper, mark.lower_closed, mark.upper_closed, start, max(mark.end, start), text)


def _runs(section: str, bands: Sequence[PrintedBand]) -> list[list[PrintedBand]]:
    """The bands cut where a rating comes again, an interval lies above the one before, or a heading names the other kind."""
    runs: list[list[PrintedBand]] = []
    for printed in bands:
        band = printed
        last = runs[-1][-1] if runs else None
        above = last is not None and math.isinf(last.upper) and math.isinf(printed.upper)
        if above and last is not None and printed.lower < last.lower:
            band = replace(
                printed, upper=last.lower, upper_closed=False
            )  # 增持 8%以上 below 买入 18%以上 ends where 买入 begins
        fits = last is not None and band.upper <= last.lower + 1e-9 and band.rating not in {each.rating for each in runs[-1]}
        # A heading that fell into the middle of a ladder (cells came apart) ends none that still waits for its next band.
        goes_on = last is not None and math.isfinite(last.lower) and abs(band.upper - last.lower) < 1e-9
        if fits and last is not None and (goes_on or not _HEADS.search(section[last.end : band.start])):
            runs[-1].append(band)
        elif (
            last is not None
            and math.isinf(last.lower)
            and math.isinf(band.lower)
            and band.upper < last.upper
            and not _HEADS.search(section[last.end : band.start])
        ):
            runs[-1][-1] = replace(last, lower=band.upper)
            runs[-1].append(band)
        else:
            runs.append([band])
    return runs


def _ladder(section: str, run: Sequence[PrintedBand], since: int) -> PrintedLadder:
    window = read_window(section[run[0].start : run[-1].end]) or read_window(
        section[max(since, run[0].start - 160) : run[0].start]
    )
    return PrintedLadder(_kind(section, run, since), tuple(run), _measure(section, run, since), _fault(run), window)


def read_window(text: str) -> tuple[int, int, str] | None:
    """The months of a standard: first, last, and the words that say so; None where none are printed."""
    found = _MONTHS.search(text)
    if found is None:
        return None
    last = _months(found["b"])
    first = _months(found["a"]) if found["a"] else last
    start = max(text.rfind(each, 0, found.start()) for each in "\n。;,\t|:(") + 1
    ends = [place for each in "\n。;,\t|)" if (place := text.find(each, found.end())) >= 0]
    phrase = re.sub(r"\s+", " ", text[start : min(ends, default=len(text))]).strip()
    return (first, last, phrase) if 1 <= first <= last <= 36 else None


def _months(text: str) -> int:
    return _NUMERALS[text] if text in _NUMERALS else int(text)


def _fault(run: Sequence[PrintedBand]) -> str:
    if not (math.isinf(run[0].upper) and math.isinf(run[-1].lower)):
        return "bands_no_open_end"
    if any(abs(better.lower - worse.upper) > 1e-9 for better, worse in itertools.pairwise(run)):
        return "bands_hole"
    return ""


def _kind(section: str, run: Sequence[PrintedBand], since: int) -> str:
    """By the last heading before it, then by what its bands speak of, then by its words; empty when nothing tells."""
    heads = list(_HEADS.finditer(section[since : run[0].start + 2]))
    if heads and len({each.lastgroup for each in heads[-2:]}) == 1:
        return str(heads[-1].lastgroup)
    text = "".join(band.text for band in run)
    stock, industry = len(re.findall(r"股价|个股|公司股|股票", text)), len(re.findall(r"行业", text))
    if bool(stock) != bool(industry):
        return "stock" if stock else "industry"
    kinds = {rating_words()[band.rating].kind for band in run} - {""}
    return kinds.pop() if len(kinds) == 1 else ""


def _settled_kinds(found: list[PrintedLadder]) -> list[PrintedLadder]:
    """Of two ladders one of which is known, the other is the other kind; one alone whose kind nothing tells is the stocks'."""
    kinds = [each.kind for each in found]
    if len(found) == 1 and not kinds[0]:
        kinds = ["stock"]
    for at, kind in enumerate(kinds):
        if not kind:
            kinds[at] = "industry" if "stock" in kinds else "stock"
    return [replace(each, kind=kind) for each, kind in zip(found, kinds, strict=True)]


def _measure(section: str, run: Sequence[PrintedBand], since: int) -> Measure:
    """Absolute where neither the bands nor the sentence that introduces them compare with anything."""
    own = "".join(band.text for band in run)
    if re.search(r"相对(?:于)?(?:同)?行业|(?:强于|弱于|超越|跑赢|跑输)(?:所属)?行业(?:指数|平均)", own):
        return "industry_relative"
    head = section[max(since, run[0].start - 160) : run[0].start]
    words = re.sub(
        r"跑[赢输]|强于大市|弱于大市|优于大市|同步大市|领先大市|落后大市|优于大势|同步大势|落后大势", "", head
    ) + re.sub(WORD, "", own)
    absolute = re.search(r"涨幅|跌幅|收益|回报|涨跌", words) is not None and not _RELATIVE.search(words)
    return "absolute" if absolute else "relative"


def _worded(section: str, banded: Sequence[PrintedBand]) -> list[PrintedLadder]:
    """Ladders without numbers: 强于大市：行业指数超越基准; at least two ratings of both sides, none of which has a number."""
    used = {band.start for band in banded}
    words = [each for each in _WORD_PLACE.finditer(section) if each.start() not in used]
    ends = [each.start() for each in _WORD_PLACE.finditer(section)] + [len(section)]
    found: list[PrintedBand] = []
    for word in words:
        text = re.split(r"[\n;。]", section[word.end() : min(*(end for end in ends if end > word.start()), word.end() + 80)])[0]
        if _WORDS_ONLY.search(text) and "%" not in text and word["word"] not in {band.rating for band in found}:
            found.append(PrintedBand(word["word"], math.nan, math.nan, None, None, word.start(), word.end(), text))
    sides = {rating_words()[band.rating].side for band in found}
    if len(found) < 2 or not {"buy", "sell"} <= sides:
        return []
    kind = "industry" if any("行业" in band.text for band in found) else _kind(section, found, 0) or "industry"
    return [PrintedLadder(kind, tuple(found), "words_only")]


def ladder_record(bands: Sequence[PrintedBand]) -> list[dict[str, Any]]:
    """Bands as a scale file has them: every shared edge owned by one side.

    An edge belongs to the band whose words claim it (10%以上, ≥); between two ranges to the better one; where both
    neighbours say 超过, to the range between them.
    """
    settled = list(bands)
    for at, (better, worse) in enumerate(itertools.pairwise(bands)):
        worse_owns = worse.upper_closed is True or (worse.upper_closed is None and better.lower_closed is False)
        settled[at] = replace(settled[at], lower_closed=not worse_owns)
        settled[at + 1] = replace(settled[at + 1], upper_closed=worse_owns)
    order = {"buy": 0, "hold": 1, "sell": 2}
    numbers = any(math.isfinite(edge) for band in settled for edge in (band.lower, band.upper))
    ordered = settled if numbers else sorted(settled, key=lambda band: order[rating_words()[band.rating].side])
    return [_band_record(band) for band in ordered]


def _band_record(band: PrintedBand) -> dict[str, Any]:
    word = rating_words()[band.rating]
    record: dict[str, Any] = {"rating": band.rating, "rating_en": word.word_en}
    for name, edge, closed in (("lower", band.lower, band.lower_closed), ("upper", band.upper, band.upper_closed)):
        if math.isfinite(edge):
            record[name] = edge
            record |= {f"{name}_closed": True} if closed else {}
    return {**record, "side": word.side}
