"""The publication date: where the front page prints it, never from the text of the report."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from screener.drafting.fact import Fact
from screener.drafting.lines.text import Line, ReportText

_DAY = re.compile(
    r"(?<![\d.])(20\d{2})\s{0,2}(?:[.年/-]\s{0,2}(\d{1,2})\s{0,2}[.月/-]\s{0,2}(\d{1,2})(?:\s?日)?|(0[1-9]|1[0-2])([0-3]\d))(?![\d%])"
)
# A date in parts, as some front pages print it on a line of its own: 2023 02 26.
_IN_PARTS = re.compile(r"\W{0,3}(20\d{2})\s{1,3}(\d{2})\s{1,3}(\d{2})\W{0,3}")
_LABEL = re.compile(
    r"^(?:[^。;,]{0,24}[\s|)\t])?\W{0,4}(?:(?:报告|发布|出版|撰写|研究|完成|出具)(?:的)?(?:日期|时间|日)|日期|时间)[\s:|]{0,4}(?=20\d\d)"
)
_NO_DATE = re.compile(
    r"截至|截止|收盘|股价|行情|更新于|数据|成立|上市|上次|前次|数据来源|公告|周期|市场表现|以来|[~至到]\s?20\d\d|起|区间|走势"
)
# A line of a portal that says when it put the report up, which is not when the house published it.
_PORTAL_LINE = re.compile(r"栏目|浏览|点击|阅读量|上传|责任编辑|加入日期|文档编号")
_RELATED_HEAD = re.compile(
    r"^\W{0,6}(?:近期|相关|前期|最近|往期|同类)?(?:相关)?(?:研究|报告)(?:报告|回顾)?\W{0,3}$|相关研究|相关报告|近期报告|往期报告"
)
# What may stand beside the date on its line without making it another date.
_BESIDE = re.compile(
    r"星期.|周[一二三四五六日]|证券研究报告|(?:行业|公司|宏观|策略|证券|专题|深度|投资|点评|定期|跟踪|动态)?(?:研究|深度|点评|周报|月报|专题|报告|策略|动态|快报|简评)|作者|分析师|发布|日期|时间|[一-鿿]{2,8}证券(?:股份有限公司)?|研究所|研究院|[A-Za-z]{1,30}"
)


def read_published(report: ReportText, today: dt.date) -> Fact[dt.date] | None:
    """The date with its line; in doubt where several lines of the front page print different ones.

    A labelled date beats one that stands alone; a date in a running text, of a chart or of a related report is none.
    """
    lines = [*report.of("front"), *(line for line in report.of("furniture"))]
    listed = _listed(report.of("front"))
    dated = [(line, day) for line in lines if line not in listed for day in [_only_day(line, today)] if day is not None]
    labelled = [each for each in dated if _LABEL.search(each[0].half)]
    bare = [each for each in dated if _stands_alone(each[0])]
    for found in (labelled, bare):
        if found:
            return _settled(found, report, today)
    glued = _glued(report, today)
    if glued is not None:
        return glued
    named = _day(re.sub(r"[_\s]", " ", report.stem), today)
    if named is not None and report.lines:
        return Fact(named, report.lines[0], "published_from_file")
    return None


def _glued(report: ReportText, today: dt.date) -> Fact[dt.date] | None:
    """Of a text without line breaks: the first date near its head, where no other stands beside it."""
    head = ""
    for line in report.of("front")[:4]:
        begin = len(head)
        head += line.half[:240]
        found = _DAY.search(line.half[:160])
        if found is None or begin + found.start() > 160 or len(line.half) < 40 or _PORTAL_LINE.search(line.half[:160]):
            continue
        day = _day(found[0], today)
        around = line.half[max(0, found.start() - 8) : found.end() + 4]
        if day is not None and not _NO_DATE.search(around) and "《" not in line.half[: found.start()]:
            days = set(days_in(line.half[:240], today))
            return Fact(day, line, "" if len(days) == 1 else "published_unsure")
    return None


def _settled(found: Sequence[tuple[Line, dt.date]], report: ReportText, today: dt.date) -> Fact[dt.date]:
    """Of dates that agree that date; of others the first, in doubt; in doubt too where the data run later."""
    line, day = found[0]
    days = {each for _, each in found}
    if len(days) > 1:
        newest = max(days)
        named = _day(re.sub(r"[_\s]", " ", report.stem), today)
        chosen = named if named in days else newest if newest == day else None
        line, day = next(each for each in found if each[1] == (chosen or newest))
        if chosen is None or (chosen != named and (newest - min(days)).days < 40):
            return Fact(day, line, "published_unsure")
    late = max((each for each in _data_days(report, today)), default=None)
    return Fact(day, line, "published_before_data" if late is not None and late > day else "")


def _data_days(report: ReportText, today: dt.date) -> Iterator[dt.date]:
    """Days up to which the front page says that its data run: a report is not older than its data."""
    for line in report.of("front"):
        for found in re.finditer(r"(?:截至|截止)(?:到|至)?\s?(?=20)", line.half[:2000]):
            day = _day(line.half[found.end() : found.end() + 14], today)
            if day is not None:
                yield day


def _listed(front: Sequence[Line]) -> set[Line]:
    """Lines of the list of related reports: up to ten after its heading, while they hold titles or dates."""
    found: set[Line] = set()
    left = 0
    for line in front:
        if _RELATED_HEAD.search(line.half[:60]) and len(line.half) < 60:
            left = 12
            found.add(line)
        elif left > 0 and not re.search(r"[。]|分析师|评级[:：]|报告日期|发布日期", line.half):
            found.add(line)
            left -= 1
        else:
            left = 0
    return found


def _only_day(line: Line, today: dt.date) -> dt.date | None:
    """The date of a short line that prints one and only one, outside titles and figures."""
    half = line.half
    if len(half) > 160 or "《" in half or _NO_DATE.search(half) or _PORTAL_LINE.search(half):
        return None
    parts = _IN_PARTS.fullmatch(half)
    found = set(days_in("-".join(parts.groups()) if parts else half, today))
    return found.pop() if len(found) == 1 else None


def _stands_alone(line: Line) -> bool:
    """Whether the line says the date first, or nothing that would make it the date of something else."""
    rest = _BESIDE.sub("", _DAY.sub("", line.half, count=1))
    plain = re.sub(r"[\W\d_]", "", rest)
    lead = re.match(rf"\W{{0,4}}{_DAY.pattern}(?:\s{{0,4}}(?:星期.|周.|作者|分析师|\||$))", line.half)
    return len(plain) <= 6 or lead is not None


def days_in(text: str, today: dt.date) -> Iterator[dt.date]:
    """Every date in `text` that exists and is not after `today`."""
    for found in _DAY.finditer(text):
        year, month, day, *packed = found.groups()
        try:
            date = dt.date(int(year), int(month or packed[0]), int(day or packed[1]))
        except ValueError:
            continue
        if date <= today:
            yield date


def _day(text: str, today: dt.date) -> dt.date | None:
    return next(days_in(text, today), None)
