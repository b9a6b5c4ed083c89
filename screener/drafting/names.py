"""The securities that a report recommends, with the phrase that groups them, read from its text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from screener.drafting.scale import rating_words
from screener.drafting.text import Line, ReportText
from screener.terms.names import NameRegistry, plain_name
from screener.terms.symbols import parse_symbol, stock_symbol

_TRIGGER = re.compile(
    r"(?:建议|重点|持续|积极|继续)(?:重点|积极|持续)?(?:关注|推荐)|推荐关注|受益(?:标的|公司|个股)|(?:相关|推荐|关注)(?:标的|公司|个股)|首推|(?<!投资)推荐|关注"
)
_SCOPE = re.compile(r"投资建议|投资策略|投资主线|(?:相关|推荐|关注|受益|重点)(?:标的|公司|个股)")
# Two names with what introduces them are not longer than this.
_LONGEST_PAIR = 80
# Who wrote it: ends a passage of advice on a front page.
_IMPRINT = re.compile(r"^\W*(?:作者|分析师|联系人|研究助理|执业|证券分析师|相关报告|电话|邮箱)")
_RISK = re.compile(r"^\W*(?:\d[\d.]*\s*|[一二三四五六七八九十]{1,2}、\s*)?风险(?:提示|因素|分析)")
_ITEM_NUMBER = re.compile(r"(?<![\w.%(])\(?(\d{1,2}|[一二三四五六七八九十])[)](?=\s*\S)|([①②③④⑤⑥⑦⑧⑨⑩])")
_CODE = r"(?:(?:SH|SZ|BJ)[.]?\d{6}|\d{6}(?:\.(?:SH|SS|SZ|BJ|XSHG|XSHE))?|\d{1,5}\.HK)"
_BRACKETED = re.compile(rf"\(\s*({_CODE})([^()]*)\)", re.IGNORECASE)
_CODE_AFTER_NAME = re.compile(r"(?<=\S)\s+(\d{6}\.(?:SH|SS|SZ|BJ)|\d{1,5}\.HK)\b", re.IGNORECASE)
# What may stand right before a name without a separator: 的 of a clause, a colon, a verb, or a word for a kind of firm.
_BEFORE_NAME = re.compile(
    r"(?:^|[的:\"'(/ ]|关注|推荐|首推|包括|例如|比如|如|为|龙头|厂商|厂家|供应商|提供商|服务商|企业|公司|标的|个股)$"
)
_SPLIT = re.compile(r"[、,，/]|(?:以及|及|和|与)")
_TAIL = re.compile(r"(?:等(?:公司|标的|企业|个股|龙头)?|\(.*\)?|[。.\"'):：\s*]+)+$")
_PLAUSIBLE = re.compile(r"(?:\*?ST)?[一-鿿A-Za-z][一-鿿A-Za-z0-9·-]{1,7}")
_SPEECH = re.compile(
    r"建议|关注|推荐|相关|有望|受益|行业|领域|方向|需求|增长|以下|认为|我们|标的|产业|风险|政策|技术|国产|公司$"
)
_LEAD = re.compile(
    r"^(?:我们|持续|继续|重点|建议|积极|优先|认为|看好|推荐|首推|关注|受益于|受益|具备|具有|拥有|国内|国产|相关|其中|包括|以下|几个|领域|方向|标的|公司|个股|从事|在|从|及|和|与|的|[、,:;。\s()*#>\-\"']|\d[.、)])+"
)
_TRAIL = re.compile(
    r"(?:相关|领域|方向|环节|板块|产业链|产品能力|产品|能力|厂商|厂家|供应商|提供商|服务商|企业|公司|龙头|标的|个股|的|等|包括|有|为|是|建议|重点|推荐|关注|受益|首推|[、,:;。\s()*\"'])+$"
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


@dataclass
class Found:
    """A security that the report recommends: `phrase` groups it, `places` say where it is named."""

    symbol: str
    name: str
    line: int
    phrase: str = ""
    rating: str | None = None
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unread:
    """A word in the place of a name that could not be read: unknown, ambiguous, or with the code of another."""

    code: str
    name: str
    line: int
    params: dict[str, object]


@dataclass(frozen=True)
class _Item:
    """A token of a list: the name (if any) with its code, and the text before the name."""

    lead: str
    name: str
    symbols: tuple[str, ...]
    rating: str | None = None
    coded: bool = False


class NameReader:
    """Collects the recommended names of one report; first mention with a phrase of its own decides the group."""

    def __init__(self, registry: NameRegistry) -> None:
        self.registry = registry
        self.found: dict[str, Found] = {}
        self.unread: dict[str, Unread] = {}

    def read(self, report: ReportText) -> None:
        """Read every passage that recommends: sections on investment advice whole, elsewhere from the verb onwards."""
        for line, text, phrase, place in _passages(report):
            for label, clause in _clauses(text):
                self._read_clause(clause, line, phrase, f"{place} {label}".strip())

    def _read_clause(self, clause: str, line: Line, phrase: str, place: str) -> None:
        items = [self._item(part) for token in _tokens(clause) for part in self._parted(token)]
        at = next((at for at, item in enumerate(items) if item.symbols), None)
        if at is None:
            self._note_unknown_list(clause, line)
            return
        own = condense(_own_phrase(items[:at], items[at].lead))
        for item in items[at:]:
            own = (condense(item.lead) if item.lead else "") or own
            if item.symbols:
                self._add(item, line, own or phrase, place)
            elif _is_plausible(item.name):
                self._note("name_unknown", item.name, line)

    def _parted(self, token: str) -> tuple[str, ...]:
        """A token cut at 和, 与 or 及 where both sides are names: 川投能源和长江电力, but not 和而泰."""
        for joiner in re.finditer("以及|及|和|与", token if len(token) <= _LONGEST_PAIR else ""):
            left, right = token[: joiner.start()], token[joiner.end() :]
            if self._item(left).symbols and self._item(right).symbols:
                return (left, right)
        return (token,)

    def _item(self, token: str) -> _Item:
        code = _BRACKETED.search(token)
        rating = None
        if code is not None:
            rating = next((word for word in rating_words() if word in code[2]), None)
            return self._coded(token[: code.start()], _symbol(code[1]), rating)
        text = _TAIL.sub("", token)
        item = self._known_name(text)
        if item is not None:
            return item
        lead, _, name = text.rpartition(":")
        return _Item(lead, name.strip(), ())

    def _known_name(self, text: str) -> _Item | None:
        """The longest name of the registry that ends `text` after a place where names may begin."""
        for length in range(min(len(text), 12), 1, -1):
            name, before = text[-length:], text[:-length]
            symbols = self.registry.symbols_of(name) if name.strip() == name and _BEFORE_NAME.search(before) else ()
            if symbols:
                return _Item(before, name, symbols)
        return None

    def _coded(self, before: str, symbol: str | None, rating: str | None) -> _Item:
        """A name with its code in brackets: the listed name where it ends `before`, else what follows the last break."""
        text = _TAIL.sub("", before)
        listed = self.registry.names.get(symbol or "", "")
        for name in (listed, plain_name(listed)):
            if name and plain_name(text).endswith(plain_name(name)) and text.upper().endswith(name.upper()):
                return _Item(text[: -len(name)], text[-len(name) :], (symbol or "",), rating, coded=True)
        known = self._known_name(text)
        if known is not None:
            return _Item(known.lead, known.name, (symbol,) if symbol else known.symbols, rating, coded=True)
        parts = re.split(r"(?<=[的:\"'/ ])|(?<=关注)|(?<=推荐)|(?<=龙头)|(?<=厂商)|(?<=供应商)|(?<=包括)", text)
        name = parts[-1]
        return _Item(text[: len(text) - len(name)], name, (symbol,) if symbol else (), rating, coded=True)

    def _add(self, item: _Item, line: Line, phrase: str, place: str) -> None:
        if len(item.symbols) > 1:
            self._note("name_ambiguous", item.name, line, known=" / ".join(item.symbols))
            return
        symbol = item.symbols[0]
        listed = self.registry.names.get(symbol)
        if item.coded and listed and plain_name(listed) != plain_name(item.name):
            self._note("code_of_other_name", item.name, line, symbol=symbol, owner=listed)
        entry = self.found.setdefault(symbol, Found(symbol, item.name, line.number))
        entry.phrase = entry.phrase or phrase
        entry.rating = entry.rating or item.rating
        if place and place not in entry.places:
            entry.places.append(place)

    def _note_unknown_list(self, clause: str, line: Line) -> None:
        """A clause of advice that lists short words none of which the registry knows."""
        after = clause[max((found.end() for found in _TRIGGER.finditer(clause)), default=len(clause)) :]
        listing = clause.rpartition(":")[2] if ":" in clause else after
        names = [_TAIL.sub("", token).strip() for token in _SPLIT.split(listing)]
        if all(map(_is_plausible, names)) and not any(name in theme_words() for name in names):
            for name in names:
                self._note("name_unknown", name, line)

    def _note(self, code: str, name: str, line: Line, **params: object) -> None:
        self.unread.setdefault(name, Unread(code, name, line.number, {"name": name, **params}))


def _passages(report: ReportText) -> Iterator[tuple[Line, str, str, str]]:
    """Line, text to read, phrase of the heading above it, and the heading's label."""
    scope, level, phrase, label = False, 0, "", ""
    for line in report.body:
        heading = line.heading
        if _RISK.match(line.half):
            scope, phrase = False, ""
            continue
        if heading is not None and "|" not in line.half:
            opens = bool(_SCOPE.search(heading))
            scope = opens or (scope and line.level > level)
            level = line.level if opens else level
            phrase = "" if opens else condense(heading)
            label = line.label
        elif (head := _SCOPE.match(line.half)) and _opens(line.half[head.end() :]):
            scope, level, phrase, label = True, 9, "", head[0]
        elif _IMPRINT.match(line.half):
            scope = False
        text = _row_text(line.half) if line.half.startswith("|") or line.half.count("\t") >= 2 else line.half
        if scope:
            yield line, text, phrase, label
        else:
            yield from ((line, sentence, "", label) for sentence in re.split(r"[。;]", text) if _TRIGGER.search(sentence))


def _opens(rest: str) -> bool:
    """Whether what follows 投资建议 makes it a heading: nothing or a colon, but not a rating."""
    return re.match(r"\s*(?::|$)", rest) is not None and not rest.strip(": \t").startswith(tuple(rating_words()))


def _row_text(row: str) -> str:
    """A row of a Markdown table as a clause: `group:name(code)`; the first cell groups unless it is the name itself."""
    cells = [cell.strip(" *") for cell in re.split(r"[|\t]", row.strip("| "))]
    cells = [
        cell
        for cell in cells
        if cell and not re.fullmatch(r"[-:\s]+|[\d.,%x+-]+(?!\d*\.)", cell) or re.fullmatch(r"\d{6}", cell)
    ]
    code = next((at for at, cell in enumerate(cells) if re.fullmatch(_CODE, cell, re.IGNORECASE)), None)
    if code is None:
        return ":".join(cells[:2])
    name = code - 1 if code else 1
    words = [cell for cell in cells if cell in rating_words()]
    others = [cell for at, cell in enumerate(cells) if at not in (code, name) and cell not in words]
    named = f"{cells[name] if name < len(cells) else ''}({' '.join([cells[code], *words[:1]])})"
    return f"{others[0]}:{named}" if others else named


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Clauses with the item number they stand under: `1)`."""
    label = ""
    for sentence in re.split(r"[。;]", text):
        start = 0
        for number in _ITEM_NUMBER.finditer(sentence):
            yield label, sentence[start : number.start()]
            label, start = number[0].strip("( ") if number[1] else number[0], number.end()
        yield label, sentence[start:]


def _tokens(clause: str) -> list[str]:
    """Items of a list; commas inside brackets do not separate, nor does a 和 that belongs to a word before a colon."""
    joined = _CODE_AFTER_NAME.sub(r"(\1)", clause)
    joined = re.sub(r"\(([^()]*)\)", lambda found: "(" + re.sub(r"[、,，/]", " ", found[1]) + ")", joined)
    return [token.strip() for token in re.split(r"[、,，/]|(?<=\))\s*(?:以及|及|和|与)", joined) if token.strip()]


def _own_phrase(before: Iterable[_Item], lead: str) -> str:
    return "、".join([*(":".join(part for part in (item.lead, item.name) if part) for item in before), lead])


def _symbol(code: str) -> str | None:
    code = code.upper()
    if code.endswith(".HK"):
        return f"{int(code[:-3]):04d}.HK"
    digits = re.sub(r"\D", "", code)
    exchange = next((each for each in ("SH", "SZ", "BJ") if each in code), "SH" if code.endswith(".SS") else "")
    try:
        return str(parse_symbol(f"{digits}.{exchange}") if exchange else stock_symbol(digits))
    except ValueError:
        return None


def _is_plausible(name: str) -> bool:
    return bool(_PLAUSIBLE.fullmatch(name)) and not _SPEECH.search(name) and name not in rating_words()


def condense(phrase: str) -> str:
    """What a grouping phrase is about: a known theme word in it (the last, then the longest), else the phrase unpadded."""
    known = [(found.end(1), found.end(1) - found.start(1), found[1]) for found in _theme_pattern().finditer(phrase)]
    if known:
        plain = re.sub(r"\s", "", max(known)[2]).upper()
        return next(word for word in theme_words() if word.replace(" ", "").upper() == plain)
    plain = _TRAIL.sub("", _LEAD.sub("", phrase))
    return re.split(r"[,:]", plain)[-1].strip() if len(plain) > 16 else plain


@cache
def _theme_pattern() -> re.Pattern[str]:
    """Any theme word at each place, the longest first; spaces inside do not matter."""
    words = sorted((word.replace(" ", "") for word in theme_words()), key=len, reverse=True)
    return re.compile("(?=(" + "|".join(r"\s*".join(map(re.escape, word)) for word in words) + "))", re.IGNORECASE)


@cache
def theme_words() -> dict[str, ThemeWord]:
    """The known theme segments by their Chinese word."""
    with (files("screener") / "data" / "theme_words.csv").open(encoding="utf-8") as file:
        return {row["word"]: ThemeWord(**row) for row in csv.DictReader(file)}


def build_groups(found: Iterable[Found]) -> dict[str, Group]:
    """A group for each phrase in the order met; ids from known words, else from Latin letters in it, else bucket_N.

    Names without a phrase share the group of the empty one.
    """
    groups: dict[str, Group] = {}
    for entry in found:
        phrase = entry.phrase
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
