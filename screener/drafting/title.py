"""The title: the line that names the file, the largest type of page 1, the first Markdown heading, or the only one possible."""

from __future__ import annotations

import re
from collections.abc import Sequence

from screener.drafting.fact import Fact
from screener.drafting.house import is_house
from screener.drafting.lines.text import Line, ReportText, half_width
from screener.drafting.sector import is_sector_line
from screener.drafting.words import CHANGE, WORD

_KIND = (
    r"(?:证券|行业|公司|宏观|策略|海外|专题|深度|点评|跟踪|动态|定期|周度|年度|季度|月度|简评|调研|投资|研究|报告|周报|月报|日报|系列|首次覆盖|A股|港股|产业|主题|"
    r"快评|事件|分析|季报|年报|中报|半年报|策略|之[一二三四五六七八九十]|[|·/\-—()\s])"
)
_NOT_A_TITLE = re.compile(
    rf"^{_KIND}{{1,12}}$|^\W{{0,3}}(?:敬请|请)|声明|@|http|www\.|执业|SAC|分析师|联系人|研究员|助理|邮箱|电话|[Ee]-?mail|Tel|评级[:\s]|^评级|报告日期|发布日期"
    rf"|^目\s?录|图表|资料来源|数据来源|收盘|市值|股本|沪深300|市盈|总股|目标价|相关研究|相关报告|\d{{4}}\s?[年./-]\s?\d{{1,2}}\s?[月./-]\s?\d{{1,2}}"
    rf"|^(?:{WORD})\W{{0,3}}(?:{CHANGE})?\W{{0,3}}$|^[A-Za-z\d\s.,:%()/+-]+$|有限(?:责任)?公司$|^(?:投资要点|核心观点|报告要点|摘要|主要观点|事件|要点|投资建议|风险提示|内容提要|报告摘要|投资逻辑|核心结论|本周观点|本期内容)\W{{0,2}}"
    r"|^[\d一二三四五六七八九十]{1,2}[.、]|^[►■●◆▶❑➢•▪\-*|>]|走势|(?<![一-鿿])(?:首席|证书|编号)|股价|[:]\s{0,2}-?\d[\d,.]*\W{0,3}$|^\W{0,3}\d{0,2}[.、]?\s?《"
)
# A line that says what kind of report it is, or which company: the title only where there is no other.
_KIND_LINE = re.compile(
    r"[^:,]{0,12}(?:行业|公司|产业)?(?:深度|专题|点评|动态|跟踪|策略|研究|周报|月报|季报|年报|首次覆盖|信息更新|快评|简评)(?:研究|分析)?(?:报告)?"
    r"|[一-鿿A-Za-z*-]{2,10}\s{0,2}\(?\s?\d{6}(?:\.S[HZ])?\s?\)?"
)
_SENTENCE = re.compile(r"[。;；]|(?:我们|本周|本报告|公司|预计).{12,}[,，].{6,}")


def read_title(report: ReportText) -> Fact[str] | None:
    """The title with its line; in doubt where several lines could be it."""
    front = [line for line in report.of("front", "furniture") if line.page in (None, report.lines[0].page)][:80]
    return _named_by_file(report, front) or _largest(report, front) or _marked(front) or _only(report, front)


def can_be_title(line: Line) -> bool:
    """Whether nothing speaks against the line: no label, date, house, sector or sentence."""
    text = line.half.lstrip("# ").strip()
    plain = re.sub(r"[^一-鿿]", "", text)
    if not len(plain) >= 5 or len(text) > 60 or "\t" in text or line.zone == "furniture":
        return False
    return not (
        _NOT_A_TITLE.search(text)
        or _SENTENCE.search(text)
        or text.endswith(("。", ",", "、", ":"))
        or is_house(text)
        or is_sector_line(text)
    )


def _text(line: Line) -> str:
    return re.sub(r"\s+", " ", line.text.lstrip("# ").strip())


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", half_width(text)).upper()


def _named_by_file(report: ReportText, front: Sequence[Line]) -> Fact[str] | None:
    """A line (or two in a row) of the front page that the file's name holds, or that holds a part of it between dashes."""
    stem = _bare(report.stem)
    if len(re.sub(r"[^一-鿿]", "", stem)) < 6:
        return None
    parts = {_bare(part) for part in re.split(r"[-_—–~·\s]+|【[^】]{0,40}】", report.stem)} | {stem}
    wanted = {part for part in parts if len(re.sub(r"[^一-鿿]", "", part)) >= 6}
    for at, line in enumerate(front):
        own = _bare(line.half)
        if len(own) >= 6 and can_be_title(line) and own in stem:
            after = front[at + 1] if at + 1 < len(front) else None
            both = own + _bare(after.half) if after else ""
            if after is not None and both in stem and len(_bare(after.half)) >= 2 and not is_sector_line(after.half):
                return Fact(_text(line) + _text(after), line)
            return Fact(_text(line), line)
        if own in wanted:
            return Fact(_text(line), line)
    return None


def _largest(report: ReportText, front: Sequence[Line]) -> Fact[str] | None:
    """The lines in the largest type of page 1 that can be a title; in doubt where it hardly differs from the text."""
    sized = [line for line in front if line.size and can_be_title(line)]
    sized = [line for line in sized if not _KIND_LINE.fullmatch(line.half.strip("# "))] or sized
    if not sized:
        return None
    first = max(sized, key=lambda line: line.size)
    at = front.index(first)
    text = _text(first)
    for line in front[at + 1 : at + 3]:
        goes_on = abs(line.size - first.size) < 0.6 and line.zone != "furniture" and not _NOT_A_TITLE.search(line.half)
        if not goes_on or is_sector_line(line.half) or is_house(line.half):
            break
        text += _text(line)
    sizes = sorted(line.size for line in report.lines if line.size)
    large = first.size >= 1.25 * sizes[len(sizes) // 2]
    return Fact(text, first, "" if large else "title_unsure")


def _marked(front: Sequence[Line]) -> Fact[str] | None:
    marked = [line for line in front[:40] if re.match(r"#{1,2}\s", line.half)]
    able = [line for line in marked if can_be_title(line)]
    if not able:
        return None
    doubt = able[0] is not marked[0] and len(able) > 1 and len(able[0].half) < 10
    return Fact(_text(able[0]), able[0], "title_unsure" if doubt else "")


def _only(report: ReportText, front: Sequence[Line]) -> Fact[str] | None:
    """Of plain text: the only line near the top that can be a title, or the one that comes back as a running header."""
    near = _until_prose(front)
    able = [line for line in near if can_be_title(line)]
    able = [line for line in able if not _KIND_LINE.fullmatch(line.half.strip("# "))] or able
    if not able:
        return None
    if len(able) == 1:
        return Fact(_text(able[0]), able[0])
    again = [line for line in able if sum(other.half == line.half for other in report.lines) > 1]
    if len(again) == 1 and again[0] is able[0]:
        return Fact(_text(again[0]), again[0])
    at = near.index(able[0])
    alone = at <= 3 and able[1].number - able[0].number > 1 and ":" in able[0].half
    return Fact(_text(able[0]), able[0], "" if alone else "title_unsure")


def _until_prose(front: Sequence[Line]) -> list[Line]:
    """The lines above the first sentence, bullet or chapter of the front page, at most twenty."""
    for at, line in enumerate(front[:20]):
        if (
            re.search(r"[。;]", line.half)
            or len(line.half) > 90
            or re.match(r"^[►■●◆▶❑➢•▪]|^\W{0,3}(?:投资要点|核心观点|投资建议|风险提示|摘要)", line.half)
        ):
            return list(front[:at])
    return list(front[:20])
