"""Names in one passage of advice: which of them stand as items of a list, with code, rating and the words before them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screener.drafting.naming.known import Code, Known, NameIndex, read_code
from screener.drafting.words import WORD, rating_words
from screener.terms.names import plain_name

CODE = r"(?:(?:SH|SZ|BJ|HK)[.:]?\d{5,6}|\d{6}\s?(?:\.\s?(?:SH|SS|SZ|BJ|XSHG|XSHE))?|\d{1,5}\s?\.?\s?HK|0\d{4})"
_CODE_IN = re.compile(rf"(?<![\dA-Z.]){CODE}(?![\d.%])", re.IGNORECASE)
_BRACKET = re.compile(r"\s{0,2}\((?P<inside>[^()]{0,120})\)")
_CODE_AFTER = re.compile(
    r"\s{0,2}(?P<inside>(?:(?:SH|SZ|BJ)\.?\d{6}|\d{6}(?:\.(?:SH|SS|SZ|BJ))?|\d{1,5}\.HK))(?![\d%])", re.IGNORECASE
)
# What may follow a name that is an item of a list, and what joins it to the next.
_CLOSES = re.compile(r"\s{0,3}(?:$|[、,;。:!?)\]\"'/|\t\n]|等(?!待)|以及|-|相关|标的|\+)")
_JOINS = re.compile(r"\s{0,2}(?:和|与|及|或|以及|、|,)\s{0,2}")
_SPACE = re.compile(r"\s{1,3}(?=\S)")
# What may stand right before a name of three characters or less, or of an ordinary word.
_OPENS = re.compile(
    r"(?:^|[的、,;:\"'(/|\t )]|关注|推荐|首推|看好|包括|例如|比如|如|为|有|是|龙头|厂商|厂家|商"
    r"|企业|公司|标的|个股|股|及|和|与|以及|者|配置|布局|受益|业)\s{0,2}$"
)
# A clause that says one of these before a name tells of somebody else than the recommended.
_OTHERS = re.compile(
    r"(?:竞争(?:对手|者|格局)|可比(?:公司)?|对标|(?:主要|下游|核心|大|海外|重要)?客户|股东|持股|参股|控股子公司|资料来源|数据来源|注:|相比|相较|对比|不如|弱于|不及|仅次于|媲美|超越|除了|不同于|区别于|承销|保荐|合作伙伴)[^,;。]{0,40}$"
)
# These leave it open: the name may be the recommended company's partner, or the company itself.
_DOUBTFUL = re.compile(
    r"(?:合作|供货|供应给|收购|旗下|子公司|母公司|签约|中标|联合|携手|导入|配套|绑定|进入|替代|借助|依托|转让|孵化|投资了|入股)[^,;。、的:]{0,16}$"
)
_NEGATED = re.compile(r"剔除|移出|调出|回避|规避|不再|暂不|不建议|不推荐")
_PLAUSIBLE = re.compile(r"(?:\*?ST)?[一-鿿A-Za-z][一-鿿A-Za-z0-9·-]{1,7}")
_SPEECH = re.compile(
    r"建议|关注|推荐|相关|有望|受益|行业|领域|方向|需求|增长|以下|认为|我们|标的|产业|风险|政策|技术|国产|公司$|龙头|板块|环节|厂商|企业|优质|具备|能力|设备$|材料$|芯片$|模块$|器件$|服务$|平台$|市场|业务|个股|赛道|主线|持续|机会|提升|估值|弹性|空间|布局|加速|释放|景气|链$|端$|类$|商$|股$|方面|其他|其余|可转债|\d{2,}|等|的"
)
# No sentence of a report lists more names than this.
_MOST_NAMES = 2000
_LONE_BRACKET = re.compile(
    r"(?:(?<=^)|(?<=[、,;:。和及与 ]))\(([一-鿿A-Za-z][一-鿿A-Za-z0-9-]{1,7})\)(?=[、,;。:和及与等( ]|$)"
)
_TARGET = re.compile(r"目标价(?:格|位)?(?:为|至|:)?\s{0,2}(\d{1,4}(?:\.\d{1,2})?)\s{0,2}(?:元|港元)?")


@dataclass(frozen=True)
class Item:
    """A name that stands as an item: place in the text, securities it may mean, printed code, rating, target, words before it.

    `doubt`: why it is only asked about, as a message code; `name`: as printed.
    """

    start: int
    end: int
    name: str
    symbols: tuple[str, ...]
    lead: str
    code: Code | None = None
    rating: str | None = None
    target: float | None = None
    doubt: str = ""
    former: bool = False


def items(text: str, index: NameIndex, *, strict: bool) -> Iterator[Item]:
    """The names of a clause (half width) that are items of a list, and what stands like one and is not known.

    `strict`: nothing recommends in the text itself, so that names must be a list after a colon, 的, or a kind of firm.
    """
    found = _standing(text, index)
    last = 0
    for known, tail in found:
        lead = text[last : known.start]
        item = _item(text, known, tail, lead)
        last = last if item.doubt == "no" and known.ordinary else item.end
        if item.doubt != "no" and not (strict and not _is_listed(text, item, lead)):
            yield item
    yield from _coded_strangers(text, index, [known for known, _ in found])


@dataclass(frozen=True)
class _Tail:
    """What follows a name: brackets and code, where they end, and whether the name closes as an item there."""

    end: int
    inside: str
    closed: bool


def _standing(text: str, index: NameIndex) -> list[tuple[Known, _Tail]]:
    """Known names outside brackets (or in a bracket that holds nothing but names), each with what follows it."""
    depths = _depths(text)
    named = itertools.islice(index.find(text), _MOST_NAMES)
    known = [each for each in named if not depths[each.start] or _is_list_bracket(text, each, index)]
    starts = {each.start for each in known}
    return [(each, _tail(text, each, starts)) for each in known]


def _depths(text: str) -> list[int]:
    depth, depths = 0, []
    for each in text:
        depth += each == "("
        depths.append(depth)
        depth -= each == ")" and depth > 0
    return depths


def _is_list_bracket(text: str, known: Known, index: NameIndex) -> bool:
    """光模块(中际旭创、新易盛): the bracket holds names, and what stands before it is none."""
    start = text.rfind("(", max(0, known.start - 80), known.start)
    end = text.find(")", known.end, known.end + 80)
    if start < 0 or end < 0:
        return False
    before = text[max(0, start - 12) : start]
    if any(each.end == len(before.rstrip()) for each in index.find(before.rstrip())):
        return False
    parts = [
        plain_name(part) for part in re.split(r"[、,/]|和|及", re.sub(r"等\w{0,4}$", "", text[start + 1 : end])) if part.strip()
    ]
    return bool(parts) and all(index.symbols_of(part) for part in parts)


def _tail(text: str, known: Known, starts: set[int]) -> _Tail:
    end, inside = known.end, ""
    for _ in range(3):
        found = _BRACKET.match(text, end) or (_CODE_AFTER.match(text, end) if not inside else None)
        if found is None:
            break
        end, inside = found.end(), inside + " " + found["inside"]
    if _CLOSES.match(text, end) or (inside and _JOINS.match(text, end)):
        return _Tail(end, inside, closed=True)
    joined = _JOINS.match(text, end) or _SPACE.match(text, end)
    next_name = joined is not None and any(at in starts for at in range(joined.end(), joined.end() + 15))
    spaced = _SPACE.match(text, end) is not None and re.match(r"\s{1,3}[\d【\"(A-Za-z]", text[end : end + 5]) is not None
    return _Tail(end, inside, closed=next_name or spaced or (end in starts and bool(inside)) or bool(inside))


def _item(text: str, known: Known, tail: _Tail, lead: str) -> Item:
    code = next((read_code(found[0]) for found in _CODE_IN.finditer(tail.inside)), None)
    rating = next((found[0] for found in re.finditer(WORD, tail.inside) if found[0] in rating_words()), None)
    target = _TARGET.search(tail.inside)
    clause = re.split(r"[;。]", text[max(0, known.start - 60) : known.start])[-1]
    own = re.split(r"[,]", clause)[-1]
    after = re.split(r"[,;。]", text[tail.end : tail.end + 6])[0]
    bare = code is None
    opened = _OPENS.search(text[max(0, known.start - 8) : known.start]) is not None
    doubt = ""
    if (
        not tail.closed
        or _OTHERS.search(own)
        or _NEGATED.search(own[-24:] + after)
        or bare
        and known.ordinary
        and (not opened or re.match(r"\s{0,2}[:(]", text[tail.end : tail.end + 3]))
    ):
        doubt = "no"
    elif bare and len(known.text) < 4 and not opened:
        doubt = "name_glued"
    elif known.ordinary and code is None:
        doubt = "name_ordinary"
    elif _DOUBTFUL.search(clause):
        doubt = "name_doubtful"
    return Item(
        known.start,
        tail.end,
        known.text,
        known.symbols,
        lead,
        code,
        rating,
        float(target[1]) if target else None,
        doubt,
        known.former,
    )


def _is_listed(text: str, item: Item, lead: str) -> bool:
    """Whether a name without a verb before it is an item: after a colon, 的 or a kind of firm, or joined to such a one."""
    before = text[max(0, item.start - 40) : item.start]
    joined = re.search(r"[、)]\s{0,2}$|(?:和|与|及|以及)\s{0,2}$", before) is not None
    opened = re.search(r"[:的]\s{0,2}$|(?:龙头|厂商|厂家|供应商|提供商|服务商|企业|标的|商)\s{0,2}$", before) is not None
    first = (
        re.fullmatch(r"[\W\d一二三四五六七八九十]{0,6}", before) is not None
        and re.match(r"\s{0,2}[、,;:]|\s{0,2}$|等", text[item.end : item.end + 4]) is not None
    )
    return joined or opened or first or item.code is not None


def _coded_strangers(text: str, index: NameIndex, known: Sequence[Known]) -> Iterator[Item]:
    """Codes in brackets, or after a name, behind words that are no known name: 舜宇光学科技(02382), 通信ETF(515880)."""
    inside = {at for each in known for at in range(each.start + 1, each.end + 1)}
    for found in re.finditer(
        rf"(?P<name>[一-鿿A-Za-z\d*·-]{{2,14}})\s{{0,2}}\(\s{{0,2}}(?P<code>{CODE})(?P<rest>[^()]{{0,60}})\)",
        text,
        re.IGNORECASE,
    ):
        if found.end("name") in inside:
            continue
        code = read_code(found["code"])
        name = _last_name(found["name"])
        rating = next((each[0] for each in re.finditer(WORD, found["rest"])), None)
        symbols = (code.symbol,) if code.symbol else ()
        start = found.end("name") - len(name)
        yield Item(
            start,
            found.end(),
            name,
            symbols,
            text[max(0, start - 40) : start],
            code,
            rating,
            doubt="" if symbols else "code_wrong",
        )


def _last_name(text: str) -> str:
    """What follows the last break of words before a code: 龙头腾讯控股 is 腾讯控股."""
    parts = re.split(
        r"(?<=的)|(?<=关注)|(?<=推荐)|(?<=龙头)|(?<=厂商)|(?<=供应商)|(?<=企业)|(?<=公司)|(?<=包括)|(?<=标的)", text
    )
    return parts[-1] or text


def strangers(text: str, found: Sequence[Item], index: NameIndex, themes: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Words that stand in a list beside known names and may be names themselves: place and word.

    A word counts between two marks of a list one of which touches a known name or a word that counts.
    """
    covered = bytearray(len(text))
    for item in found:
        covered[item.start : item.end] = b"\1" * (item.end - item.start)
    if not found:
        return
    parts = [(each.start(), each.end(), each[0]) for each in re.finditer(r"[^、,;:。]{1,40}", _masked(text))]
    named = [1 in covered[start:end] for start, end, _ in parts]
    for at, (start, end, part) in enumerate(parts):
        word = re.sub(r"等(?:公司|标的|企业|个股|龙头)?$|\(.{0,80}$", "", part.strip(" \"'")).strip()
        beside = (at > 0 and named[at - 1] and text[start - 1] == "、") or (
            at + 1 < len(parts) and named[at + 1] and text[end : end + 1] == "、"
        )
        if beside and not named[at] and _is_plausible(word) and word not in themes and not index.symbols_of(plain_name(word)):
            named[at] = True
            yield start, word


def unbracketed(text: str) -> str:
    """`text` with the brackets around a lone word of a list blanked, of the same length: (比亚迪)、(长安汽车)."""
    return _LONE_BRACKET.sub(lambda found: f" {found[1]} ", text)


def _masked(text: str) -> str:
    """`text` with what stands in brackets blanked, so that marks in it separate nothing."""
    return re.sub(r"\([^()]{0,120}\)", lambda found: "(" + "_" * (len(found[0]) - 2) + ")", text)


def _is_plausible(word: str) -> bool:
    return _PLAUSIBLE.fullmatch(word) is not None and _SPEECH.search(word) is None and word not in rating_words()


def unknown_list(text: str, themes: frozenset[str]) -> list[str]:
    """The words of a clause that lists short words none of which is known: 推荐神舟无线、美团; empty for speech."""
    listing = text.rpartition(":")[2] if ":" in text else text
    words = [
        re.sub(r"等(?:公司|标的|企业|个股|龙头)?$|\(.{0,80}\)?$", "", part.strip(" \"'")).strip()
        for part in re.split(r"[、,，/]", _masked(listing))
    ]
    able = len(words) >= 2 and all(_is_plausible(word) and word not in themes for word in words)
    return words if able else []
