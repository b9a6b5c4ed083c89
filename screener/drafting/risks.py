"""What else a report prints: related reports, risks, dated policies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

from screener.drafting.dates import days_in
from screener.drafting.lines.layout import heading
from screener.drafting.lines.text import Line, ReportText, half_width

Record = dict[str, Any]

_MONTH = re.compile(r"(?<!\d)(20\d{2})\s{0,2}[.年/-]\s{0,2}(\d{1,2})(?:\s{0,2}[.月/-]\s{0,2}(\d{1,2}))?")
_RELATED = re.compile(r"《(?P<title>[^《》]{1,80})》")
_RISK = re.compile(
    r"^\W{0,4}(?:\d[\d.]{0,5}\s{0,2}|[一二三四五六七八九十]{1,2}、\s{0,2})?风险(?:提示|因素|分析)\s{0,3}[:\s]{0,3}"
)


def read_related(report: ReportText) -> list[Record]:
    """Earlier reports of the series: a title in 《》 with a full date on the same line; title and date."""
    found: dict[str, Record] = {}
    for line in report.lines:
        title = _RELATED.search(line.half[:200]) if "《" in line.half else None
        rest = line.half.replace(title[0], "") if title else ""
        day = next(days_in(rest, dt.date.max), None) if title and len(rest) < 30 else None
        if title is not None and day is not None:
            printed = line.text[title.start("title") : title.end("title")]
            found.setdefault(printed, {"title": printed, "date": day})
    return list(found.values())


def read_risks(report: ReportText) -> list[str]:
    """The risks in short: what is feared, without 风险 and without the explanation after a colon."""
    body = report.of("front", "body")
    for at, line in enumerate(body):
        head = _RISK.match(line.half)
        if head is None:
            continue
        rest = line.text[head.end() :].strip()
        risks = list(_risks([rest] if rest else _until_next(body[at + 1 :])))
        if risks:
            return list(dict.fromkeys(risks))
    return []


def _until_next(lines: Sequence[Line]) -> Iterator[str]:
    """The paragraph after a bare heading: lines up to the next heading, at most ten."""
    for line in lines[:10]:
        numbered = re.match(r"\(?\d{1,2}[).、]\s*\S", line.half)
        if heading(line) is not None and not numbered:
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
    for row in report.of("front", "body"):
        if "《" not in row.text:
            continue
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
