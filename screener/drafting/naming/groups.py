"""Theme segments: the phrase that groups names, condensed to what it is about, and the buckets made of such phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from screener.drafting.words import table

_SPEECH = re.compile(
    r"建议|关注|推荐|有望|受益|增长|认为|我们|风险|持续|提升|加速|预计|实现|拥有|布局|进入|占比|公司|本周|行情|业绩|估值|优势|积极|看好|逻辑|方面|角度|其中|另外|同时|此外|以及|此前|未来|短期|长期|维持|首次|标的|以下|包括"
)
_LEAD = re.compile(
    r"^(?:我们|持续|继续|重点|建议|积极|优先|认为|看好|推荐|首推|关注|受益于|受益|具备|具有|拥有|国内|国产|全球|相关|其中|包括|以下|几个|从事|在|从|及|和|与|的|以及|等|[、,:;。\s()*#>\-\"'/]|\d[.、)])+"
)
_TRAIL = re.compile(
    r"(?:相关|领域|方向|环节|板块|赛道|产业链|产品能力|产品|能力|厂商|厂家|供应商|提供商|服务商|制造商|运营商(?=龙头)|企业|公司|龙头|领军|领先|标的|个股|的|等|包括|有|为|是|如|建议|重点|推荐|关注|受益|首推|[、,:;。\s()*\"'/])+$"
)
# A lead that names a kind of firm makes a group; any other only where a colon follows it, or a known theme stands in it.
_KIND = re.compile(
    r"(?:厂商|厂家|供应商|提供商|服务商|制造商|企业|公司|龙头|领军|标的|个股|产业链|环节|板块|领域|方向|赛道|能力|商)的?\s{0,2}$"
)


_NO_LABEL = re.compile(
    r"^\W{0,4}(?:投资(?:建议|策略|主线|机会|观点)|配置建议|(?:相关|推荐|关注|受益|重点|建议关注)(?:标的|公司|个股)|重点推荐|推荐)\s{0,2}:"
)


@dataclass(frozen=True)
class ThemeWord:
    """A theme segment that reports often name, with an id and an English name for it."""

    word: str
    id: str
    word_en: str


@dataclass(frozen=True)
class Group:
    """A theme segment of a draft: `phrase` as condensed from the report; `name_en` equals it where no English is known."""

    id: str
    name: str
    name_en: str


@cache
def theme_words() -> dict[str, ThemeWord]:
    """The known theme segments by their Chinese word."""
    return {row["word"]: ThemeWord(**row) for row in table("theme_words.csv")}


@cache
def _theme_pattern() -> re.Pattern[str]:
    """Any theme word at each place, the longest first; a space inside does not matter."""
    words = sorted((word.replace(" ", "") for word in theme_words()), key=len, reverse=True)
    return re.compile("(?=(" + "|".join(r"\s{0,2}".join(map(re.escape, word)) for word in words) + "))", re.IGNORECASE)


def condense(phrase: str) -> str:
    """What a grouping phrase is about: a known theme word in it (the last, then the longest), else the phrase unpadded.

    Empty where it says nothing that could name a group.
    """
    phrase = phrase[-120:]
    known = [(found.end(1), found.end(1) - found.start(1), found[1]) for found in _theme_pattern().finditer(phrase)]
    if known:
        plain = re.sub(r"\s", "", max(known)[2]).upper()
        return next(word for word in theme_words() if word.replace(" ", "").upper() == plain)
    plain = _TRAIL.sub("", _LEAD.sub("", phrase))
    short = re.split(r"[,:;]", plain)[-1].strip() if len(plain) > 14 else plain
    return "" if len(short) > 14 or _SPEECH.search(short) or len(short) < 2 else short


def group_of(lead: str) -> str:
    """The group that the words before a name open, empty where they open none.

    A label before a colon counts (the first of several short ones: 光模块：需求上行…), a kind of firm, or a known theme.
    """
    cut = _NO_LABEL.sub("", re.split(r"[。;]", lead)[-1])
    if ":" in cut:
        labels = [part for part in (re.sub(r"^\W+|\W+$", "", each) for each in cut.split(":")) if part]
        rest = cut.rpartition(":")[2].strip()
        for text in ([rest] if rest and _KIND.search(rest) else []) + [each for each in labels if len(each) <= 40]:
            found = condense(re.split(r"[,]", text)[-1] if len(text) > 24 else text)
            if found:
                return found
        return ""
    clause = re.split(r"[,]", cut)[-1]
    if _KIND.search(clause) or (clause.rstrip().endswith("的") and _theme_pattern().search(clause)):
        return condense(clause)
    plain = condense(clause) if clause.rstrip().endswith("的") else ""
    return plain if len(plain) <= 8 else ""


def build_groups(phrases: Iterable[str]) -> dict[str, Group]:
    """A group for each phrase in the order met; ids from known words, else from Latin letters in it, else bucket_N.

    Names without a phrase share the group of the empty one.
    """
    groups: dict[str, Group] = {}
    for phrase in phrases:
        if phrase in groups:
            continue
        if not phrase:
            groups[phrase] = Group("recommended", "推荐标的", "Recommended names")
            continue
        known = theme_words().get(phrase)
        latin = re.sub(r"\W+", "_", " ".join(re.findall(r"[A-Za-z][A-Za-z0-9]+", phrase))).lower()
        taken = {group.id for group in groups.values()} | {"all", ""}
        wanted = known.id if known else latin
        name_id = wanted if wanted not in taken else f"bucket_{len(groups) + 1}"
        groups[phrase] = Group(name_id, phrase, known.word_en if known else phrase)
    return groups
