"""One cell of an export: a day in any of the forms that terminals write, a number in any of theirs."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Excel counts days from here; its numbers from 1982 to 2064 are taken for days, and only in a column of days.
EXCEL_EPOCH = dt.date(1899, 12, 30)
EXCEL_DAYS = range(30000, 60001)
# What stands where there is no value.
BLANKS = frozenset({"", "-", "--", "---", "—", "——", "/", "N/A", "#N/A", "NA", "NAN", "NULL", "NONE", "停牌", "不适用", "无"})
_WEEKDAY = re.compile(r"[,\s]*\(?(?:星期|周|礼拜)?[一二三四五六日天]\)?$")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(.*))?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T\s]+(.*))?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.0*)?\s*(Z|[+-]\d{2}:?\d{2})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_ROUNDED = re.compile(r"[+-]?[\d.,]+\s*[万亿]")


def plain_cell(text: str) -> str:
    """A cell without the spaces around it, full-width letters and digits as ordinary ones."""
    return unicodedata.normalize("NFKC", text).replace("\u200b", "").strip()


def read_day(cell: str) -> tuple[str, str]:
    """(ISO day, "") of a cell in a column of days, or ("", message code) of what is wrong with it.

    A time with a zone counts as its day in Shanghai; a time without one must be midnight, since 15:00 may be any clock's.
    """
    text = _WEEKDAY.sub("", plain_cell(cell))
    match = _DAY.fullmatch(text) or _DIGITS.fullmatch(text)
    if match is None:
        return _read_serial(text)
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return "", "bad_date"
    return (day.isoformat(), "") if not match[4] else _day_of_time(day, match[4].strip())


def _read_serial(text: str) -> tuple[str, str]:
    whole, _, part = text.partition(".")
    if not whole.isdigit() or int(whole) not in EXCEL_DAYS:
        return "", "bad_date"
    if part.strip("0"):
        return "", "time_of_day"
    return (EXCEL_EPOCH + dt.timedelta(days=int(whole))).isoformat(), ""


def _day_of_time(day: dt.date, text: str) -> tuple[str, str]:
    match = _TIME.fullmatch(text)
    if match is None:
        return "", "bad_date"
    try:
        clock = dt.time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError:
        return "", "bad_date"
    if match[4]:
        zone = "+0000" if match[4] == "Z" else match[4].replace(":", "")
        moment = dt.datetime.strptime(f"{day}T{clock}{zone}", "%Y-%m-%dT%H:%M:%S%z")
        return moment.astimezone(SHANGHAI).date().isoformat(), ""
    return (day.isoformat(), "") if clock == dt.time(0) else ("", "time_of_day")


def read_number(cell: str, factor: Decimal = Decimal(1)) -> tuple[str, str]:
    """(number as text times `factor`, ""), ("", "") for a blank, or ("", message code) of what is wrong.

    Thousands separators and full-width digits are read; a number rounded to 万 or 亿 is `number_rounded`.
    """
    text = plain_cell(cell)
    if text.upper() in BLANKS:
        return "", ""
    if _ROUNDED.fullmatch(text):
        return "", "number_rounded"
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return "", "not_a_number"
    if not value.is_finite():
        return "", "not_a_number"
    return (text if factor == 1 else f"{(value * factor).normalize():f}"), ""


_TEN = re.compile(r"(?:每)?10股?|十股")
_CASH = re.compile(r"派(?:发|息|现|现金|现金红利|发现金红利)?(?:人民币)?([\d.]+)")
_BONUS = re.compile(r"送(?:红股|股)?([\d.]+)")
_TRANSFER = re.compile(r"转(?:增|赠)?(?:股本)?([\d.]+)")


def read_plan(text: str) -> tuple[str, str] | None:
    """(gross cash per share, shares after per share before) of a plan like 10派3.5元转4股; None for anything else.

    `("", "")` for no distribution; a rights issue (配股) has an unknown ratio: `("0", "")`.
    """
    plan = re.sub(r"\s", "", plain_cell(text))
    if plan in ("", "-", "--") or "不分配" in plan:
        return "", ""
    if "配" in plan and "分配" not in plan:
        return "0", ""
    if not _TEN.search(plan):
        return None
    found = [match and match[1] for match in (_CASH.search(plan), _BONUS.search(plan), _TRANSFER.search(plan))]
    if not any(found):
        return None
    try:
        cash, bonus, transfer = (Decimal(each or 0) for each in found)
    except InvalidOperation:
        return None
    return f"{cash / 10:f}", f"{1 + (bonus + transfer) / 10:f}"
