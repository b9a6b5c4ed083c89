"""Which passages of a report recommend something: sentences with a verb of advice, and lists under a heading of advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screener.drafting.lines.layout import Paragraph, heading, label, level, paragraphs
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.words import CHANGE, WORD

_VERB = (
    r"(?:(?:建议|可以?|值得|应|优先|持续|积极|重点|继续|坚定|长期|强烈|首先|核心|主要|同时|其次|此外|还|并|我们|短期|中期|短期内|年内)(?:投资者)?(?:可)?(?:重点|积极|持续|优先|长期|逢低|充分|密切|继续)?(?:关注|推荐|配置|布局|看好|买入|增配))"
    r"|推荐关注|关注并推荐|首推|(?<!投资)(?<!强烈)推荐|强烈推荐|(?:相关|推荐|关注|受益|建议关注|重点)(?:受益)?(?:标的|公司|个股|企业|组合)(?:包括|有|为)?|(?:受益|推荐|关注)(?:的)?(?:龙头)?(?:标的|公司|个股)|标的(?:上|方面|包括|有)|看好|(?<=^)关注|(?<=[,;:。\s)])(?:关注|受益)(?=[:一-鿿])"
)
_TRIGGER = re.compile(_VERB)
# Not the verb: the rating of that name, or what is told of somebody else.
_NO_VERB = re.compile(rf"^(?:评级|等级|[\"')(]{{0,2}}(?:{CHANGE}|评级|级别)|目录|系统|算法|位|信)")
_DENIED = re.compile(
    r"(?:不|未|不再|暂不|并不|并未|无需|不宜|停止|暂停|取消|终止|没有|避免)(?:再|予|予以|给予|对|会|做|作)?(?:建议|推荐|重点|继续)?$"
)
_AGAINST = re.compile(r"(?:建议)?(?:回避|规避|剔除|移出|调出|减持|卖出|减配|低配|看空|下调至|谨慎对待|不建议|不推荐|暂不|不再)")
SCOPE = re.compile(
    r"投资建议|投资策略|投资主线|投资机会|投资观点|配置建议|选股(?:思路|策略)|标的(?:推荐|梳理|选择)|(?:相关|推荐|关注|受益|重点|建议关注)(?:标的|公司|个股)|推荐逻辑|个股推荐|重点推荐|投资组合"
)
_OPENS = re.compile(r"以下|如下|主线|方向|思路|领域|环节|板块|标的(?:包括|有|为)?$|公司$|(?:包括|分别|推荐|关注|建议)$")
_IMPRINT = re.compile(r"^\W{0,4}(?:作者|(?:证券)?分析师|联系人|研究助理|执业|相关报告|相关研究|电话|邮箱)")
_RISK = re.compile(r"^\W{0,4}(?:\d[\d.]{0,5}\s{0,2}|[一二三四五六七八九十]{1,2}、\s{0,2})?风险(?:提示|因素|分析)")
_SOURCE = re.compile(r"^\W{0,4}(?:资料来源|数据来源|来源|注[:：]|备注|说明[:：])")
_CAPTION = re.compile(r"^\W{0,4}(?:图表?|表格?)\s{0,2}\d{1,3}|^\W{0,4}(?:图表|插图)?目录")
_ITEM = re.compile(r"(?<![\w.%(])\(?(?:(\d{1,2}|[一二三四五六七八九十])[)]|([①②③④⑤⑥⑦⑧⑨⑩]))(?=\s{0,3}\S)")
_ITEM_START = re.compile(
    r"^\W{0,3}(?:\(?(?:\d{1,2}|[一二三四五六七八九十])[)、.]|[①-⑩]|(?:第|其)[一二三四五六]|主线[一二三四五六\d]|[►■●◆▶❑➢•▪\-*])"
)


@dataclass(frozen=True)
class Passage:
    """Text that recommends (half width) from the verb or list on; `strict`: no verb in it, so that only a list counts.

    `offset`: where `text` begins in `paragraph`; `phrase`: the heading it stands under; `place`: how to cite it;
    `refused`: the advice is against, so that names in it are no recommendations.
    """

    text: str
    paragraph: Paragraph
    offset: int
    phrase: str
    place: str
    strict: bool = False
    refused: bool = False
    before: str = ""

    def line_at(self, at: int) -> Line:
        """The line of the report where the character at `at` of the text stands."""
        return self.paragraph.line_at(self.offset + at)


@dataclass
class _State:
    scope: bool = False
    opened: bool = False
    level: int = 0
    phrase: str = ""
    label: str = ""


def is_against(half: str) -> bool:
    """Whether a sentence advises against what it names, or takes it off a list."""
    denied = any(_is_denied(half, found.start()) for found in _TRIGGER.finditer(half))
    return denied or _AGAINST.search(half) is not None


def passages(report: ReportText) -> Iterator[Passage]:
    """The passages of advice of front page and body in their order."""
    state = _State()
    for paragraph in paragraphs(report.of("front", "body")):
        if _move(state, paragraph):
            yield from _sentences(state, paragraph)


def _move(state: _State, paragraph: Paragraph) -> bool:
    """Follow headings in and out of advice; False for a paragraph that recommends nothing whatever it says."""
    line = paragraph.first
    if _RISK.match(line.half) or _IMPRINT.match(line.half):
        state.scope, state.opened, state.phrase = False, False, ""
        return False
    if line.is_row or _SOURCE.match(line.half) or _CAPTION.match(line.half):
        return False
    title = heading(line) if len(paragraph.lines) == 1 else None
    head = SCOPE.match(line.half)
    if title is not None and not _is_item(line.half):
        opens = bool(SCOPE.search(title[:40]))
        state.scope = opens or (state.scope and level(line) > state.level)
        state.opened = state.opened and state.scope
        state.level = level(line) if opens else state.level
        state.phrase, state.label = "" if opens else title, label(line)
    elif head is not None and re.match(r"\s{0,3}(?::|$)", line.half[head.end() : head.end() + 4]):
        rated = re.match(rf"\W{{0,4}}(?:{WORD})\W{{0,3}}(?:{CHANGE})?\W{{0,3}}$", line.half[head.end() :])
        if not rated:
            state.scope, state.level, state.phrase, state.label = True, 9, "", head[0]
    return True


def _is_item(half: str) -> bool:
    return re.match(r"\W{0,3}(?:\(?\d{1,2}[)]|[①-⑩]|[•▪\-*]\s)", half) is not None


def _sentences(state: _State, paragraph: Paragraph) -> Iterator[Passage]:
    """The sentences of a paragraph that recommend; an enumeration that one opens goes on in numbered items."""
    item = ""
    starts = _ITEM_START.match(paragraph.half) is not None
    labelled = len(paragraph.half) < 90 and re.match(r"[^。;,:]{2,16}:", paragraph.half) is not None
    inside = (state.opened and (state.scope or starts)) or (state.scope and (starts or labelled))
    for start, sentence in _split(paragraph.half):
        number = _ITEM.match(sentence.lstrip())
        item = number[0].strip("( ") if number else item
        place = f"{state.label} {item}".strip() if state.scope else item
        cut = re.search(r"(?:资料|数据)来源|风险提示[:：]", sentence)
        text = sentence[: cut.start()] if cut else sentence
        found = list(
            _triggered(text, paragraph, start, state.phrase, place, inside and bool(number or item or state.scope or starts))
        )
        yield from found
        if any(
            not each.strict and not each.refused and _OPENS.search(each.text.rstrip(" :;,").split(":")[-1][-12:] or "有")
            for each in found
        ) or (found and text.rstrip().endswith(":")):
            state.opened = inside = True
    if not state.scope and not inside:
        state.opened = False


def _split(half: str) -> Iterator[tuple[int, str]]:
    start = 0
    for found in re.finditer(r"[。!！?？\n]", half):
        yield start, half[start : found.start()]
        start = found.end()
    if start < len(half):
        yield start, half[start:]


def _triggered(text: str, paragraph: Paragraph, start: int, phrase: str, place: str, inside: bool) -> Iterator[Passage]:
    """From each verb of advice to the next one, or to the end; what stands before the first only where a list is open."""
    verbs = [found for found in _TRIGGER.finditer(text) if not _NO_VERB.match(text[found.end() : found.end() + 6])]
    against = list(_AGAINST.finditer(text))
    if not verbs:
        if inside and not against:
            yield Passage(text, paragraph, start, phrase, place, strict=True)
        elif against:
            yield Passage(text[against[0].end() :], paragraph, start + against[0].end(), phrase, place, refused=True)
        return
    first = verbs[0].start()
    if first and (inside or _is_backward(text, verbs)):
        yield Passage(text[:first], paragraph, start, phrase, place, strict=True, refused=_is_denied(text, first))
    starts = {found.end(): found.start() for found in [*against, *verbs]}
    marks = sorted({found.end(): _is_denied(text, found.start()) for found in verbs}.items())
    marks += [(found.end(), True) for found in against if not any(verb.start() <= found.start() < verb.end() for verb in verbs)]
    marks.sort()
    for at, (end, refused) in enumerate(marks):
        last = marks[at + 1][0] if at + 1 < len(marks) else len(text)
        before = text[max(0, starts[end] - 40) : starts[end]]
        yield Passage(text[end:last], paragraph, start + end, phrase, place, refused=refused, before=before)


def _is_denied(text: str, at: int) -> bool:
    return _DENIED.search(text[max(0, at - 8) : at]) is not None


def _is_backward(text: str, verbs: Sequence[re.Match[str]]) -> bool:
    """Whether the verb closes the sentence, so that the list stands before it: 中兴通讯、烽火通信等，建议关注."""
    return (
        len(verbs) == 1
        and not re.search(r"[一-鿿]{2}", text[verbs[0].end() :])
        and re.search(r"等[^,]{0,6}[,]\s?$", text[: verbs[0].start()]) is not None
    )
