"""Single facts read from a report's text: title, house, sector, rating, dates, risks, policies."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from screener.drafting.text import Line, ReportText, half_width

Record = dict[str, Any]

_DAY = re.compile(r"(?<!\d)(20\d{2})\s*(?:[.年/-]\s*(\d{1,2})\s*[.月/-]\s*(\d{1,2})日?|(0[1-9]|1[0-2])([0-3]\d))(?!\d)")
_MONTH = re.compile(r"(?<!\d)(20\d{2})\s*[.年/-]\s*(\d{1,2})(?:\s*[.月/-]\s*(\d{1,2}))?")
_DAY_LABEL = re.compile(r"(?:报告|发布|出版|撰写)(?:日期|时间|日)|^日期")
_HOUSE = (
    re.compile(r"以下(?:统|合)?(?:简称|称)[:\"'(\s]*(?P<house>[一-鿿]{2,10}?(?:证券|国际|研究所|研究院|研究|资本))"),
    re.compile(r"(?P<house>[一-鿿]{2,8}证券)(?:股份)?有限(?:责任)?公司"),
    re.compile(r"(?P<house>[一-鿿]{2,8}证券)(?:经济|战略|产业)?研究(?:所|院|部|中心|发展部)"),
    re.compile(r"(?:发布机构|研究机构|机构)\s*:\s*(?P<house>[一-鿿A-Za-z]{2,12})"),
)
# What may be glued to a house's name from the left.
_HOUSE_LEFT = re.compile(r"^.*(?:均属|归属|属于|由|归|为|自|的|与|经|和|及|是|向|本报告|来源)(?=[一-鿿]{2})")
_RELATED = re.compile(r"《(?P<title>[^《》]+)》")
_LABEL = r"(?:行业(?:投资)?评级|投资评级|投资建议|行业看法|(?<![一-鿿])评级)"
_CHANGES = {
    "维持": "maintained", "首次": "first", "首次覆盖": "first", "首次给予": "first", "首予": "first",
    "上调": "raised", "调高": "raised", "调升": "raised", "下调": "lowered", "调低": "lowered", "调降": "lowered",
}  # fmt: skip
_BULLETS = ("►", "■", "●", "-", "*", "•", "|", "投资建议", "上次")
_NOT_A_TITLE = re.compile(
    r"证券研究报告|研究报告$|行业(?:研究|深度|点评|周报|月报|专题)|证券$|分析师|评级|报告日期|^目录|^[A-Z ]+$|执业|\|"
)


@dataclass(frozen=True)
class Sector:
    """A Shenwan level-one industry with its index, a second index (if any), and other words for it."""

    sector: str
    sector_en: str
    symbol: str
    second_symbol: str
    second_name: str
    second_name_en: str
    aliases: str


@cache
def sectors() -> tuple[Sector, ...]:
    """The Shenwan level-one industries (2021 edition) with their index symbols."""
    with (files("screener") / "data" / "sectors.csv").open(encoding="utf-8") as file:
        return tuple(Sector(**row) for row in csv.DictReader(file))


def read_house(half: str) -> str | None:
    """The house that published: the name that the legal text defines, else the one met most often with 公司 or 研究所."""
    for weighty in (_HOUSE[:1], _HOUSE[1:]):
        found = Counter(_HOUSE_LEFT.sub("", each["house"]) for pattern in weighty for each in pattern.finditer(half))
        if found:
            return found.most_common(1)[0][0]
    return None


def read_title(report: ReportText) -> str | None:
    """The first line of the front page (a Markdown heading first) that is no sector, house, date or label."""
    head = report.lines[:15]
    marked = [line for line in head if line.text.startswith("# ")]
    for line in [*marked, *head]:
        text = re.sub(r"\s+", " ", line.text.lstrip("# ").strip())
        half = half_width(text)
        plain = len(text) >= 6 and not _NOT_A_TITLE.search(half) and not _DAY.search(half) and not half.startswith(_BULLETS)
        if plain and _sector_of(half) is None:
            return text
    return None


def read_sector(report: ReportText, related: Sequence[Record]) -> Sector | None:
    """The industry: labelled, as a line of the front page, as the prefix of the title, or of the related reports."""
    head = [line.half for line in report.lines[:15]]
    labelled = [found[1] for line in report.lines[:40] if (found := re.search(r"(?:所属)?行业\s*:\s*(\S+)", line.half))]
    prefixes = [text.lstrip("# ").partition(":")[0] for text in [*head, *(half_width(each["title"]) for each in related)]]
    candidates = [*labelled, *head, *prefixes]
    return next((sector for text in candidates if (sector := _sector_of(text.lstrip("# ").strip()))), None)


def _sector_of(text: str) -> Sector | None:
    """The industry that `text` is about when it says nothing else than the industry and a kind of report."""
    plain = re.sub(r"[\s|/·.,()ⅠⅡI-]|行业|板块|投资|证券|研究|深度|点评|周报|月报|年度|中期|跟踪|专题|策略|报告|动态", "", text)
    return next((each for each in sectors() if plain in (each.sector, *each.aliases.split())), None)


def read_rating(report: ReportText, words: Sequence[str]) -> Record | None:
    """The stated industry rating with what became of it: industry, change, previous (only what is printed or follows).

    A maintained rating was the same before; a raised or lowered one from another is read from 由…上调至….
    """
    text = "\n".join(line.half for line in report.body)
    word = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    if not word:
        return None
    change = "|".join(sorted(_CHANGES, key=len, reverse=True))
    moved = re.search(rf"(?:由|从)\s*\"?({word})\"?\s*({change})(?:至|为|到)\s*\"?({word})", text)
    stated = re.search(rf"{_LABEL}\s*[:\t |]*\s*\"?({word})\"?(?:评级)?[^\S\n]*[(,/|\"]*[^\S\n]*({change})?", text)
    said = re.search(rf"({change})[^。;\n]{{0,16}}?\"?({word})\"?(?:的)?(?:投资|行业)?评级", text)
    before = re.search(rf"(?:上次|前次|此前|原)(?:建议|评级|投资评级|行业评级)\s*[:\t |]*\s*\"?({word}|[一-鿿]{{2,4}})", text)
    if moved:
        return {"industry": moved[3], "change": _CHANGES[moved[2]], "previous": moved[1]}
    if stated is None and said is None:
        return None
    rating, verb = (stated[1], stated[2]) if stated else (said[2], said[1])  # type: ignore[index]
    if verb is None and said is not None and said[2] == rating:
        verb = said[1]
    kind = _CHANGES.get(verb or "")
    previous = before[1] if before else rating if kind == "maintained" else None
    return {"industry": rating, **({"change": kind} if kind else {}), **({"previous": previous} if previous else {})}


def read_published(report: ReportText, today: dt.date) -> dt.date | None:
    """The publication date, where it is printed: with a label, or alone on a line of the front page."""
    for line in report.body:
        if _DAY_LABEL.search(line.half) and "《" not in line.half and (day := _day(line.half, today)):
            return day
    for line in report.lines[:20]:
        rest = _DAY.sub("", line.half)
        bare = re.sub(r"[\s|(),.:-]|星期.|周.|证券研究报告|行业[一-鿿]{0,4}", "", rest)
        if not bare and (day := _day(line.half, today)):
            return day
    return None


def _day(text: str, today: dt.date) -> dt.date | None:
    """The first date in `text` that exists and is not after `today`."""
    for found in _DAY.finditer(text):
        year, month, day, *packed = found.groups()
        try:
            date = dt.date(int(year), int(month or packed[0]), int(day or packed[1]))
        except ValueError:
            continue
        if date <= today:
            return date
    return None


def read_related(report: ReportText) -> list[Record]:
    """Earlier reports of the series: a title in 《》 with a full date on the same line; title and date."""
    found: dict[str, Record] = {}
    for line in report.lines:
        title = _RELATED.search(line.half)
        rest = line.half.replace(title[0], "") if title else ""
        day = _day(rest, dt.date.max) if title and len(rest) < 30 else None
        if title is not None and day is not None:
            printed = line.text[title.start("title") : title.end("title")]
            found.setdefault(printed, {"title": printed, "date": day})
    return list(found.values())


def read_risks(report: ReportText) -> list[str]:
    """The risks in short: what is feared, without 风险 and without the explanation after a colon."""
    for at, line in enumerate(report.body):
        head = re.match(r"^\W*(?:\d[\d.]*\s*|[一二三四五六七八九十]{1,2}、\s*)?风险(?:提示|因素|分析)\s*[:\s]*", line.half)
        if head is None:
            continue
        rest = line.text[head.end() :].strip()
        risks = list(_risks([rest] if rest else _until_next(report.body[at + 1 :])))
        if risks:
            return list(dict.fromkeys(risks))
    return []


def _until_next(lines: Sequence[Line]) -> Iterator[str]:
    """The paragraph after a bare heading: lines up to the next heading, at most ten."""
    for line in lines[:10]:
        numbered = re.match(r"\(?\d{1,2}[).、]\s*\S", line.half)
        if line.heading is not None and not numbered:
            return
        yield line.text


def _risks(paragraphs: Sequence[str] | Iterator[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        for piece in re.split(r"[；;。]|[、，,](?=[^；;。]{2,30}风险)|(?:^|\s)[（(]?\d{1,2}[)）、.]", paragraph):
            plain = re.sub(r"^[（(]?\d{1,2}[)）、.]\s*", "", piece.strip(" \t-*•►●"))
            text = re.split(r"[：:]|，若|,若|，可能|,可能", plain)[0].strip()
            text = re.sub(r"(?:的?风险|等)+$", "", re.sub(r"^(?:若|如果)", "", text)).strip()
            if 2 <= len(text) <= 60:
                yield text


def read_policies(report: ReportText) -> Iterator[Record]:
    """Dated policies of the report's tables: date as printed (to the month or day), issuer, title; a title once.

    A row is a date, an issuer (the one of the row above where the cell is merged), and a title in 《》; a month that does not
    exist leaves its row out.
    """
    seen: set[str] = set()
    issuer = ""
    for row in report.body:
        cells = [cell.strip() for cell in re.split(r"[\t|]", row.text.strip("|"))]
        at = next((at for at, cell in enumerate(cells) if _RELATED.search(cell)), 0)
        date = next((day for cell in cells[:2] if (day := _MONTH.match(half_width(cell)))), None)
        if at == 0 or date is None or not 1 <= int(date[2]) <= 12:
            continue
        name = re.sub(r"\s+", " ", _RELATED.findall(cells[at])[0])
        issuer = next((cell for cell in cells[:at] if cell and not _MONTH.match(half_width(cell))), issuer)
        if re.sub(r"\W", "", name) in seen:
            continue
        seen.add(re.sub(r"\W", "", name))
        printed = f"{date[1]}-{int(date[2]):02d}" + (f"-{int(date[3]):02d}" if date[3] else "")
        yield {"date": printed, "issuer": issuer, "title": name}
