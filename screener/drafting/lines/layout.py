"""Which part of a report a line stands in: front page, body, contents, running headers, the rating standard, back matter."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from screener.drafting.lines.text import Line, Zone, has_leaders
from screener.drafting.standards.intervals import INTERVAL
from screener.drafting.words import RATED_LINE, WORD

_FRONT_LINES, _FRONT_LENGTH = 70, 5000
_FURNITURE = re.compile(
    r"^\W{0,6}(?:敬请|请)(?:您)?(?:务必|仔细|认真)?(?:阅读|参阅|参考|参见|查阅)"
    r"|^\W{0,4}(?:第\s?)?\d{1,3}\s?(?:页|/\s?\d{1,3})?(?:\s?共\s?\d{1,3}\s?页)?\W{0,3}$"
    r"|^\W{0,4}证券研究报告\W{0,4}$|^\W{0,3}(?:https?://|www\.)\S{3,80}\W{0,3}$|^\W{0,4}Page\b.{0,12}$"
)
_CONTENTS_HEAD = re.compile(r"^\W{0,6}(?:正文|内容|图表|报告|插图|表格)?目\s{0,4}录\W{0,6}$|^\W{0,6}(?:图表|插图|表格)目录")
_CONTENTS_LINE = re.compile(r"^.{2,90}(?:\t|\s{2})\s{0,6}\d{1,3}$|^(?:图表?|表)\s?\d{1,3}[:.\s].{2,80}\s\d{1,3}$")
_BACK = re.compile(
    r"^\W{0,4}(?:\d+(?:\.\d+)*[.、]?\s*)?(?:[^\s。:,;]{0,6}(?:分析师|研究员|特别|重要|免责|法律|一般|信息披露|证券研究报告)(?:声明|承诺|条款|申明|及其他)"
    r"|免责条款|法律声明|信息披露|分析师介绍|分析师简介|研究团队(?:简介|介绍)|机构销售|销售(?:团队|联系))"
)
STANDARD_HEAD = re.compile(
    r"^\W{0,4}(?:[^\s。:,;]{0,14}(?:评级(?:体系)?的?(?:说明|标准|体系|定义|系统|类别|含义|分类|释义)|评级的?比较标准|评级制度)|(?:股票|公司|行业|投资|个股)(?:投资)?评级\W{0,3}$)"
)
_HEADING = re.compile(
    r"^(?P<mark>#{1,6}\s+|[►■●◆▶❑➢•▪◼★☆]\s*|\d{1,2}(?:\.\d{1,2})*[.、]?\s+|\d{1,2}[.、](?!\d)|[一二三四五六七八九十]{1,3}、\s*|第[一二三四五六七八九十]{1,2}(?:章|部分)\s*)(?P<title>\S.*)$"
)
_HEADING_STARTS = frozenset("#►■●◆▶❑➢•▪◼★☆0123456789一二三四五六七八九十第")
_WORD_LINE = re.compile(rf"\W{{0,3}}(?:{WORD})(?:\s{{0,3}}\([^()]{{1,24}}\))?\W{{0,3}}$")
_LABELS = re.compile(
    r"^\W{0,4}(?:作者|(?:证券)?分析师|联系人|研究助理|执业|相关(?:研究|报告)|近期报告|电话|邮箱|资料来源|数据来源|图表?\s?\d|表\s?\d)"
)


def lay_out(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines with their zones."""
    furniture = _running(lines)
    back = _back_start(lines, furniture)
    contents = _contents(lines, back)
    front = _front_end(lines, contents)
    ladder = next((at for at in range(back, len(lines)) if STANDARD_HEAD.match(lines[at].half)), len(lines))
    for at, line in enumerate(lines):
        zone: Zone = "front" if at < front else "body"
        if at >= back:
            zone = "standard" if at >= ladder else "back"
        elif at in contents:
            zone = "contents"
        elif at in furniture:
            zone = "furniture"
        yield replace(line, zone=zone)


def _running(lines: Sequence[Line]) -> set[int]:
    """Headers and footers: what asks to read the disclaimer, page numbers, and what stands on a third of the pages."""
    pages: dict[str, set[int]] = defaultdict(set)
    places: dict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        same = re.sub(r"[\d\s]+", "", line.half)
        places[same].append(at)
        if line.page is not None and len(line.half) < 80:
            pages[same].add(line.page)
    count = len({line.page for line in lines})
    often = {same for same, found in pages.items() if len(found) >= max(3, count / 3) and same}
    running = {at for same in often for at in places[same]}
    return running | {at for at, line in enumerate(lines) if len(line.half) < 90 and _FURNITURE.match(line.half)}


def _back_start(lines: Sequence[Line], furniture: set[int]) -> int:
    """Where the standard or the declarations begin, after which nothing is a statement of the report.

    Early declarations (page 2 of some houses) end where advice or a numbered heading goes on.
    """
    least = min(len(lines) // 4, 8)
    later = [at for at, line in enumerate(lines) if at not in furniture and _is_advice_head(line)]
    for at, line in enumerate(lines):
        if at < least or at in furniture or has_leaders(line.half):
            continue
        begins = (len(line.half) < 40 and _BACK.match(line.half)) or _is_standard(lines, at)
        if begins and not (at < 0.4 * len(lines) and later and later[-1] > at):
            return at
    return len(lines)


def _is_advice_head(line: Line) -> bool:
    title = heading(line)
    return title is not None and len(title) < 40 and re.search(r"投资建议|风险提示|投资策略|投资主线", title) is not None


def _is_standard(lines: Sequence[Line], at: int) -> bool:
    """A heading of a standard with ratings that are explained in the lines that follow, or such a line alone."""
    half = lines[at].half[:600]
    if STANDARD_HEAD.match(half):
        return _is_explained(lines, at)
    if not RATED_LINE.match(half[:400]):
        return _names_rating(half) and len(INTERVAL.findall(half)) >= 3 and len(re.findall(WORD, half)) >= 3
    return sum(bool(RATED_LINE.match(line.half[:400])) for line in lines[at : at + 5]) >= 3


def _names_rating(half: str) -> bool:
    return STANDARD_HEAD.match(half.split(":", maxsplit=1)[0]) is not None


def _is_explained(lines: Sequence[Line], at: int) -> bool:
    """Whether ratings are explained in the lines after a heading of a standard, or on its own line."""
    following = [line.half for line in lines[at : at + 16]]
    explained = sum(bool(RATED_LINE.search(half[:400]) or _WORD_LINE.match(half)) for half in following)
    numbers = sum(len(INTERVAL.findall(half[:600])) for half in following[:6])
    return explained >= 2 or (explained == 1 and (len(following[0]) > 60 or numbers >= 3))


def _contents(lines: Sequence[Line], back: int) -> set[int]:
    found: set[int] = set()
    inside = False
    for at, line in enumerate(lines[:back]):
        if _CONTENTS_HEAD.match(line.half):
            inside = True
            found.add(at)
        elif has_leaders(line.half) or (inside and _CONTENTS_LINE.match(line.half[:120])):
            found.add(at)
        elif len(line.half) > 12:
            inside = False
    return found


def _front_end(lines: Sequence[Line], contents: set[int]) -> int:
    """How many lines the front page has: page 1, or what stands before the contents or the first chapter, within bounds."""
    if lines and lines[0].page is not None:
        first = lines[0].page
        return sum(1 for line in lines if line.page == first)
    length = 0
    for at, line in enumerate(lines):
        length += len(line.half)
        mark = _HEADING.match(line.half[:80])
        chapter = (
            at >= 6
            and mark is not None
            and re.match(r"(?:#+\s+)?(?:1[.、]?\s*$|1[.、]|一、|第一)", mark["mark"] + mark["title"])
        )
        if at in contents or at >= _FRONT_LINES or length > _FRONT_LENGTH or chapter:
            return at
    return len(lines)


def heading(line: Line) -> str | None:
    """The title when the line is a heading (numbered, marked, or Markdown), else None."""
    if len(line.half) > 72 or line.half[:1] not in _HEADING_STARTS or line.is_row:
        return None
    if line.half.endswith((".", "。", ";", "、", ",")):
        return None
    found = _HEADING.match(line.half)
    return found["title"].strip("* ") if found and len(found["title"]) <= 60 else None


def level(line: Line) -> int:
    """Depth of a numbered or Markdown heading: 1 for `3.`, 2 for `3.1`; 1 for any other mark."""
    found = _HEADING.match(line.half[:80])
    mark = found["mark"].strip() if found else ""
    return mark.count("#") or len(re.findall(r"\d+", mark)) or 1


def label(line: Line) -> str:
    """How to cite a heading: its number, or its first words."""
    found = _HEADING.match(line.half[:80])
    number = re.match(r"\d[\d.]*", found["mark"]) or re.match(r"\d[\d.]*(?=[.、\s])", found["title"]) if found else None
    return number[0].rstrip(".") if number else (heading(line) or "").split(":")[0].strip()


@dataclass(frozen=True)
class Paragraph:
    """Lines that go on into each other as one text (half width); `starts`: where each of them begins in it."""

    half: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]

    @property
    def first(self) -> Line:
        """The line that the paragraph begins with."""
        return self.lines[0]

    def line_at(self, place: int) -> Line:
        """The line of the report in which the character at `place` stands."""
        return next(line for start, line in zip(reversed(self.starts), reversed(self.lines), strict=True) if start <= place)


def paragraphs(lines: Sequence[Line]) -> Iterator[Paragraph]:
    """Lines joined where one fills its column, or ends in the middle of a list, and the next begins nothing new."""
    group: list[Line] = []
    for line in lines:
        if group and not _goes_on(group[-1], line):
            yield _joined(group)
            group = []
        group.append(line)
    if group:
        yield _joined(group)


def _goes_on(line: Line, after: Line) -> bool:
    if line.is_row or after.is_row or heading(after) is not None or _LABELS.match(after.half):
        return False
    if re.match(r"^\W{0,2}(?:\(?\d{1,2}[)、]|[①-⑩]|[一二三四五六七八九十]、)", after.half):
        return False
    if line.half.endswith(("、", ",", "(")) and heading(line) is None:
        return True
    return line.full and not line.half.endswith(("。", ";", ":", "!", "?"))


def _joined(group: Sequence[Line]) -> Paragraph:
    starts, length = [], 0
    for line in group:
        starts.append(length)
        length += len(line.half)
    return Paragraph("".join(line.half for line in group), tuple(group), tuple(starts))
