"""A rating standard read from a report's text: bands, window and benchmarks, also where the table's layout is broken."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from screener.drafting.text import half_width

_SECTION = re.compile(r"评级说明|评级标准|评级体系|评级定义|评级系统|投资评级|评级的?比较标准|评级类别")
_END = re.compile(r"(?:免责|法律|重要|特别|一般|分析师)(?:声明|承诺|申明)|免责条款")
_SECTION_LENGTH = 4000
# So many places are tried, so far apart, that a hostile text cannot make reading slow.
_SECTIONS, _SECTION_APART = 40, 60
# One printed interval: ±5%; -10%~5% (a dash may join or be a sign); or a single edge with what stands around it.
_BAND = re.compile(
    r"(?:±|\+/-|正负)\s*(?P<around>\d{1,3}(?:\.\d+)?)\s*%"
    r"|(?P<low>[+-]?\d{1,3}(?:\.\d+)?)\s*%?\s*(?:~|至|到|-|与|和)\s*(?P<high>[+-]?\d{1,3}(?:\.\d+)?)\s*%"
    r"|(?:(?P<before>≥|≤|>=|<=|>|<|不低于|不小于|不高于|大于等于|小于等于|大于|小于|超过|超出|超越|高于|低于|至少)\s*)?"
    r"(?P<edge>[+-]?\d{1,3}(?:\.\d+)?)\s*%\s*(?P<after>\(含\)以上|\(含\)以下|及以上|及以下|或以上|或以下|以上|以下|以内)?"
)
_DOWN = re.compile(r"跌幅|下跌|弱于|落后|跑输|逊于|差于|低于[^%;。\n]*?(?:指数|大盘|市场|基准|行业|大市)")
_EITHER_WAY = re.compile(r"涨跌幅|变动|波动|持平|相差")
_CLOSED_BEFORE = ("≥", "≤", ">=", "<=", "不低于", "不小于", "不高于", "大于等于", "小于等于", "至少")
_BELOW_BEFORE = ("≤", "<=", "<", "不高于", "小于等于", "小于", "低于")
_MONTHS = re.compile(r"(?:(?P<a>\d{1,2}|[三六九])\s*(?:个月)?\s*(?:到|至|~|-)\s*)?(?P<b>\d{1,2}|十二|[三六九])\s*个月")
_NUMERALS = {"三": 3, "六": 6, "九": 9, "十二": 12}
_MARKET_RULE = re.compile(
    r"(?P<market>A\s*股|沪深|新三板|香港|港股|H\s*股|美国|美股|韩国)(?:市场|公司|股票)?以(?P<indices>[^;。\n]+?)(?:作)?为(?:比较)?(?:基准|参照)"
)
_MARKET_IDS = {"A股": "a_share", "沪深": "a_share", "新三板": "neeq", "美国": "us", "美股": "us", "韩国": "korea"}


@dataclass(frozen=True)
class RatingWord:
    """A word that houses use for a rating; `kind` only when no house uses it for the other kind of subject."""

    word: str
    word_en: str
    side: str
    kind: str


@dataclass(frozen=True)
class PrintedBand:
    """An interval as printed (fractions); a closed edge is None where the words leave it open which side owns it."""

    rating: str
    lower: float
    upper: float
    lower_closed: bool | None
    upper_closed: bool | None
    start: int
    end: int


@dataclass(frozen=True)
class PrintedScale:
    """What was read of a standard: bands per kind (best first), window months with their sentence, markets as data."""

    stock: tuple[PrintedBand, ...]
    industry: tuple[PrintedBand, ...]
    window: tuple[int, int, str] | None
    markets: tuple[dict[str, Any], ...]
    has_benchmark: bool


@cache
def rating_words() -> dict[str, RatingWord]:
    """Every known rating word, longest first, so that 谨慎推荐 is found before 推荐."""
    rows = [RatingWord(**row) for row in _table("rating_words.csv")]
    return {row.word: row for row in sorted(rows, key=lambda row: -len(row.word))}


def _table(name: str) -> list[dict[str, str]]:
    with (files("screener") / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_scale(text: str) -> PrintedScale | None:
    """The rating standard that `text` prints; None when it prints none.

    Of several places that speak of ratings the one with the most bands counts. A ladder counts when it is open-ended on
    both sides; else the kind has no bands.
    """
    half = half_width(text)
    best: tuple[int, int, tuple[tuple[PrintedBand, ...], tuple[PrintedBand, ...]]] | None = None
    for found in _section_heads(half):
        ladders = _ladders(half[found.start() : _section_end(half, found.start())])
        count = sum(len(ladder) for ladder in ladders)
        if count and (best is None or count > best[0]):
            best = (count, found.start(), ladders)
    if best is None:
        return None
    start, end = best[1], _section_end(half, best[1])
    markets, printed = _markets(half[start:end])
    return PrintedScale(*best[2], _window(half[start:end], text[start:end]), markets, printed)


def _section_heads(half: str) -> list[re.Match[str]]:
    """Places that speak of ratings, the last ones, since the standard stands at the end; of close ones the first."""
    heads: list[re.Match[str]] = []
    for found in _SECTION.finditer(half):
        if not heads or found.start() - heads[-1].start() >= _SECTION_APART:
            heads.append(found)
    return heads[-_SECTIONS:]


def _section_end(half: str, start: int) -> int:
    end = _END.search(half, start + 4)
    return min(end.start() if end else len(half), start + _SECTION_LENGTH)


def _ladders(section: str) -> tuple[tuple[PrintedBand, ...], tuple[PrintedBand, ...]]:
    """The stock and the industry ladder among the rated bands, each () where none is complete."""
    runs = [run for run in _runs(list(_rated_bands(section))) if _is_complete(run)]
    kinds = [_kind(section, run, runs[at - 1][-1].end if at else 0) for at, run in enumerate(runs)]
    if len(runs) >= 2 and kinds[0] is None:
        kinds[0] = "industry" if kinds[1] == "stock" else "stock"
    if len(runs) >= 2 and kinds[1] is None:
        kinds[1] = "stock" if kinds[0] == "industry" else "industry"
    if len(runs) == 1 and kinds[0] is None:
        kinds[0] = "industry"
    found = {kind: tuple(run) for kind, run in reversed(list(zip(kinds, runs, strict=True)))}
    return found.get("stock", ()), found.get("industry", ())


def _rated_bands(section: str) -> Iterator[PrintedBand]:
    """Intervals with their rating: the word before each, or words and intervals one to one where columns came apart."""
    bands = list(_BAND.finditer(section))
    words = [each for each in _word_places(section) if not any(band.start() <= each[0] < band.end() for band in bands)]
    tokens: list[tuple[int, Any]] = sorted(
        [(at, word) for at, word in words] + [(band.start(), band) for band in bands], key=lambda each: each[0]
    )
    waiting: list[tuple[int, str]] = []
    for is_word, group in itertools.groupby(tokens, key=lambda each: isinstance(each[1], str)):
        items = list(group)
        if is_word:
            waiting = items
            continue
        pairs = zip(waiting, items, strict=True) if len(waiting) == len(items) else zip(waiting[-1:], items[:1], strict=False)
        for (word_at, word), (_, band) in pairs:
            context = (
                section[max(word_at + len(word), band.start() - 40) : band.start()]
                if len(items) == 1
                else _row(section, band.start())
            )
            printed = _interval(band, context)
            if printed is not None:
                yield PrintedBand(word, *printed, start=word_at, end=band.end())


def _row(section: str, at: int) -> str:
    return re.split(r"[\n\t|;。]", section[:at])[-1]


def _word_places(section: str) -> list[tuple[int, str]]:
    """Rating words that stand for themselves (in a cell, in quotes, before a colon), not inside a sentence."""
    words = "|".join(map(re.escape, rating_words()))
    pattern = rf"(?:^|(?<=[\s|:;。,、(\"'*]))({words})(?=$|[\s|:,;、(\"'*)=≥≤<>—-]|指|表示|评级)"
    return [(found.start(1), found[1]) for found in re.finditer(pattern, section, re.MULTILINE)]


def _interval(band: re.Match[str], context: str) -> tuple[float, float, bool | None, bool | None] | None:
    down = bool(_DOWN.search(context))
    if band["around"]:
        return -_share(band["around"]), _share(band["around"]), None, None
    if band["low"]:
        low, high = _share(band["low"]), _share(band["high"])
        if down and low >= 0 and not _EITHER_WAY.search(context):
            low, high = -high, -low
        return (min(low, high), max(low, high), None, None) if low != high else None
    edge, before, after = _share(band["edge"]), band["before"] or "", band["after"] or ""
    closed = before in _CLOSED_BEFORE or after.endswith(("以上", "以下"))
    if after == "以内" or (_EITHER_WAY.search(context) and not before and not after):
        return -abs(edge), abs(edge), None, None
    below = before in _BELOW_BEFORE or after.endswith("以下")
    if down and edge >= 0:
        edge, below = -edge, not below
    return (-math.inf, edge, False, closed) if below else (edge, math.inf, closed, False)


def _share(percent: str) -> float:
    return round(float(percent) / 100, 6)


def _runs(bands: Sequence[PrintedBand]) -> list[list[PrintedBand]]:
    """The bands cut where a rating comes again or an interval is not below the one before: there a new ladder begins."""
    runs: list[list[PrintedBand]] = []
    for band in bands:
        goes_on = runs and band.upper <= runs[-1][-1].lower and band.rating not in {each.rating for each in runs[-1]}
        if goes_on:
            runs[-1].append(band)
        else:
            runs.append([band])
    return runs


def _is_complete(run: Sequence[PrintedBand]) -> bool:
    return len(run) >= 2 and math.isinf(run[0].upper) and math.isinf(run[-1].lower)


def _kind(section: str, run: Sequence[PrintedBand], since: int) -> str | None:
    """By its words; else by the last heading before it that says 行业 or 股票; None when neither tells."""
    kinds = {rating_words()[band.rating].kind for band in run} - {""}
    if len(kinds) == 1:
        return kinds.pop()
    heads = re.findall(r"(行业|板块)|(股票|公司|个股)(?:投资)?评级", section[since : run[0].start])
    return None if not heads else "industry" if heads[-1][0] else "stock"


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
    return [_band_record(band) for band in settled]


def _band_record(band: PrintedBand) -> dict[str, Any]:
    word = rating_words()[band.rating]
    record: dict[str, Any] = {"rating": band.rating, "rating_en": word.word_en}
    for name, edge, closed in (("lower", band.lower, band.lower_closed), ("upper", band.upper, band.upper_closed)):
        if math.isfinite(edge):
            record[name] = edge
            record |= {f"{name}_closed": True} if closed else {}
    return {**record, "side": word.side}


def _window(half: str, text: str) -> tuple[int, int, str] | None:
    found = _MONTHS.search(half)
    if found is None:
        return None
    last = _months(found["b"])
    first = _months(found["a"]) if found["a"] else last
    start = max(half.rfind(each, 0, found.start()) for each in "\n。;,\t|:") + 1
    ends = [place for each in "\n。;,\t|" if (place := half.find(each, found.end())) >= 0]
    phrase = re.sub(r"\s+", " ", text[start : min(ends, default=len(text))]).strip()
    return (first, last, phrase) if 1 <= first <= last else None


def _months(text: str) -> int:
    return _NUMERALS[text] if text in _NUMERALS else int(text)


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
    csi300 = next(row for row in _table("benchmarks.csv") if row["symbol"] == "000300.SH")
    found = found if printed else {"a_share": [_benchmark(csi300, "")]}
    names = {row["market"]: row for row in _table("benchmarks.csv")}
    markets = [
        {
            "id": market,
            "name": names[market]["market_name"],
            "name_en": names[market]["market_name_en"],
            "exchanges": names[market]["exchanges"].split(),
            "currency": names[market]["currency"],
            "benchmarks": indices,
        }
        for market, indices in found.items()
        if indices
    ]
    return tuple(markets), printed


def _indices(text: str) -> list[dict[str, str]]:
    """Rows of the table of indices whose words stand in `text`, in the order of the text."""
    places = {}
    for at, row in enumerate(_table("benchmarks.csv")):
        hits = [text.find(word) for word in row["words"].split() if word in text.replace(" ", "") and word in text]
        if hits:
            places[at] = (min(hits), row)
    return [row for _, row in sorted(places.values(), key=lambda each: each[0])]


def _benchmark(row: dict[str, str], text: str) -> dict[str, Any]:
    record = {"symbol": row["symbol"], "name": row["name"], "name_en": row["name_en"]}
    if row["total_return"]:
        record["total_return"] = row["total_return"]
    for word in row["words"].split():
        said = re.search(rf"{re.escape(word)}[^或(,、]*\((?:针对)?([^)]+)\)", text)
        if said:
            record["when"] = said[1]
    return record
