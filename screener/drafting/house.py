"""The house that published: known by its legal, former and short names, from the places where a publisher stands."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from screener.drafting.fact import Fact
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.words import table

# Where a publisher names itself, right before or after its name.
_OWN_BEFORE = re.compile(
    r"(?:本报告(?:仅)?(?:由|供|是由|版权(?:归|为))|版权(?:均)?(?:归|为|属于?)|著作权归|仅供|以下(?:统|合)?(?:简称|称)[:\"'(\s]{0,3}(?:为)?[\"']?|作者(?:属于|为|系)|由|任何人使用)$"
)
_OWN_AFTER = re.compile(
    r"^(?:股份)?(?:有限)?(?:责任)?(?:公司)?[\"')]{0,2}(?:\([^()]{0,40}\))?(?:的?(?:客户使用|客户|所有|制作|发布|研究所|研究院|研究部|研究中心|研究发展(?:部|中心)|证券研究|制作及发布|具(?:有|备)|版权|已(?:获|具|取得)|经中国证监会|及其(?:附属|关联|联营)|是经|系经|违反|事先书面))"
)
# A publisher with the day and hour behind it, as collections of reports print it: 青禾证券· 2025-04-09 10:14.
_DAY_AFTER = re.compile(r"^\s*[·•|,:-]?\s*20\d\d[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?\s*$")
_SOURCE = re.compile(r"(?:资料|数据)?来源[:：]")
_UNKNOWN = re.compile(r"(?P<house>[一-鿿]{2,6}证券)(?:股份)?(?:有限(?:责任)?公司)?(?:研究所|研究院|研究部)?")
_LEGAL = re.compile(r"(?:由|归|仅供|属于|归属|属)(?P<house>[一-鿿]{2,6}?证券)(?:股份)?有限(?:责任)?公司")
_DEFINED = re.compile(r"(?:简称|称)[:\"'(\s]{0,3}[\"'](?P<house>[一-鿿]{2,10})[\"']")
_RESEARCH = r"(?:证券)?(?:经济|战略|产业)?(?:研究所|研究院|研究部|研究中心|研究发展部)"


@dataclass(frozen=True)
class House:
    """A securities house: its short name, its English one, and every name that it goes or went by."""

    short: str
    english: str
    names: tuple[str, ...]
    later: str


@cache
def houses() -> tuple[House, ...]:
    """The known houses; a bare alias stands for one only in front of 研究 words, so it is no name here."""
    return tuple(_house(row) for row in table("house_names.csv"))


def _house(row: dict[str, str]) -> House:
    short, legal = row["short"], row["legal_name"]
    former = [part for part in re.findall(r"[一-鿿（）]{4,}", row["former_or_later_names"]) if not re.search(r"控股", part)]
    later = "now" in row["former_or_later_names"] or "merged into" in row["former_or_later_names"]
    own = [short, legal, *([f"{short.removesuffix('证券')}证券研究所"] if short.endswith("证券") else [])]
    short_names = {"中银国际证券": ["中银证券"], "中金公司": ["中金研究"], "中国银河证券": ["银河证券"]}.get(short, [])
    return House(
        short, row["english_short"], (*own, *short_names, *(() if later else former)), former[0] if later and former else ""
    )


@cache
def _names() -> dict[str, str]:
    """Every name → short name; a former name that is a house of its own stays that house's."""
    shorts = {house.short for house in houses()}
    found: dict[str, str] = {}
    for house in houses():
        for name in house.names:
            owner = house.short if name in (house.short,) or name not in shorts else name
            found.setdefault(name.replace("（", "(").replace("）", ")"), owner)
    for house in houses():
        found[house.short.replace("（", "(").replace("）", ")")] = house.short
    return found


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each) for each in sorted(_names(), key=len, reverse=True)))


@cache
def _aliases() -> dict[str, str]:
    return {row["bare_alias"]: row["short"] for row in table("house_names.csv") if len(row["bare_alias"]) >= 2}


@cache
def _bare_pattern() -> re.Pattern[str]:
    """A bare alias in front of a word for research: 国联研究所, 国君研究."""
    words = "|".join(sorted(map(re.escape, _aliases()), key=len, reverse=True))
    return re.compile(rf"(?P<alias>{words}){_RESEARCH}")


def is_house(text: str) -> bool:
    """Whether `text` (half width) says nothing else than a house: its name, its research institute, a legal form."""
    rest = re.sub(r"(?:股份)?有限(?:责任)?公司|研究所|研究院|研究部|证券研究|研究|[\W_]|[A-Za-z]", "", _pattern().sub("", text))
    return not rest or (
        len(text) < 24
        and re.fullmatch(r"[一-鿿]{2,6}证券(?:股份)?(?:有限(?:责任)?公司)?(?:研究所|研究院)?", text.strip()) is not None
    )


@dataclass(frozen=True)
class _Sight:
    house: str
    line: Line
    weight: int


def read_house(report: ReportText) -> Fact[str] | None:
    """The house, by where its name stands; in doubt where several or an unknown one could be it; joint houses both."""
    sights = [sight for line in report.lines for sight in _sights(line)]
    weights: Counter[str] = Counter()
    for sight in sights:
        weights[sight.house] += sight.weight
    bonus = [name for name in weights if name in report.stem]
    for name in bonus:
        weights[name] += 4
    joint = _joint(report)
    if joint is not None:
        return joint
    strong = [(name, weight) for name, weight in weights.most_common() if weight >= 3]
    if not strong:
        return _unknown(report, weights)
    name, weight = strong[0]
    line = (
        next(sight.line for sight in sorted(sights, key=lambda each: -each.weight) if sight.house == name)
        if sights
        else report.lines[0]
    )
    rival = strong[1][1] if len(strong) > 1 else 0
    return Fact(name, line, "house_unsure" if rival * 3 > weight else "")


def _sights(line: Line) -> list[_Sight]:
    """Known houses on a line with how much the place says: 5 a legal text, 4 alone in front, 2 own charts."""
    found = []
    half = line.half if len(line.half) < 4000 else line.half[:4000]
    for match in _pattern().finditer(half):
        before, after = half[max(0, match.start() - 12) : match.start()], half[match.end() : match.end() + 16]
        weight = 0
        if line.zone in ("back", "standard") or len(half) > 60:
            weight = 5 if _OWN_BEFORE.search(before) or _OWN_AFTER.match(after) else 0
        alone = is_house(half) or (not half[: match.start()].strip("# *>") and _DAY_AFTER.match(half[match.end() :]))
        if not weight and line.zone in ("front", "furniture") and alone:
            weight = 4
        elif not weight and _SOURCE.search(half[: match.start()]):
            weight = 2 if re.match(rf"{_RESEARCH}|研究|\W{{0,3}}$|整理", after) else 1
        elif not weight and line.zone in ("furniture", "front", "back", "standard"):
            weight = 3 if _OWN_AFTER.match(after) else 1 if line.zone != "front" and len(half) < 60 else 0
        if re.search(
            r"(?:曾(?:任|就职|供职)|加入|任职|加盟|供职|就职|来自|历任|曾在|先后)[^。;]{0,24}$", half[: match.start()]
        ):
            weight = 1 if re.search(r"加入|加盟", half[: match.start()]) else 0
        found.append(_Sight(_names()[match[0]], line, weight))
    for match in _bare_pattern().finditer(half):
        owner = _aliases()[match["alias"]]
        at_source = _SOURCE.search(half[: match.start()]) or line.zone in ("front", "furniture")
        found += [_Sight(owner, line, 2 if at_source else 0)] if not _pattern().match(half, match.start()) else []
    return found


def _joint(report: ReportText) -> Fact[str] | None:
    """Two houses that say they published together."""
    for line in report.lines:
        if len(line.half) < 200 and re.search(r"联合(?:发布|制作|撰写|出品|研究)|共同(?:发布|制作)", line.half):
            found = list(dict.fromkeys(_names()[each[0]] for each in _pattern().finditer(line.half)))
            if len(found) >= 2:
                return Fact("、".join(found), line, "house_joint")
    return None


def _unknown(report: ReportText, weights: Counter[str]) -> Fact[str] | None:
    """A house that no list has: the name that the legal text puts in quotes, or that stands alone on a line; else proposed."""
    own = [line for line in report.lines if len(line.half) < 4000]
    for line in own:
        defined = _DEFINED.search(line.half)
        if defined and re.search(r"证券|国际|研究|资本", defined["house"]):
            return Fact(defined["house"], line)
    for line in own:
        parts = [_UNKNOWN.fullmatch(part.strip("# *>")) for part in re.split(r"[|\t]", line.half[:120])]
        alone = next((part for part in parts if part is not None and not is_stop(part["house"])), None)
        if alone is not None:
            return Fact(alone["house"], line)
    legal = [(line, found) for line in own if (found := _LEGAL.search(line.half)) and not is_stop(found["house"])]
    if legal:
        return Fact(legal[0][1]["house"], legal[0][0])
    guess = [
        (line, found) for line in own if (found := re.search(r"(?:本报告由|仅供|版权归)(?P<house>[一-鿿]{2,6}证券)", line.half))
    ]
    if guess:
        return Fact(guess[0][1]["house"], guess[0][0], "house_unsure")
    labelled = [
        (line, found)
        for line in own
        if (found := re.match(r"\W{0,3}(?:发布机构|研究机构|机构)\s?:\s?(?P<house>[一-鿿A-Za-z]{2,12})\s*$", line.half))
    ]
    if labelled:
        return Fact(labelled[0][1]["house"], labelled[0][0])
    if weights and weights.most_common(1)[0][1] > 0:
        name = weights.most_common(1)[0][0]
        line = next(line for line in own if name in line.half or name.removesuffix("证券") in line.half)
        return Fact(name, line, "house_unsure")
    return None


def is_stop(name: str) -> bool:
    """Whether a word that ends in 证券 names no house: 推荐证券, 标的证券."""
    return re.search(r"推荐|标的|研究|本公司|相关|该|期货|基金|投资|有价|中国证券|上市", name) is not None


def house_english(short: str) -> str:
    """The English name of a known house; empty for another."""
    return next((house.english for house in houses() if house.short == short), "")
