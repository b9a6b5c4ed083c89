"""Sixty damaged exports: each gets a clear word, none a wrong figure, none a traceback."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.sources.choose import open_place
from screener.terms.notes import InputProblems, ScreenerError
from tests.conftest import run_screener

NAME, INDEX = "600941.SH", "000300.SH"
START, END = dt.date(2024, 4, 1), dt.date(2024, 4, 12)
DAYS = ["2024-04-01", "2024-04-02", "2024-04-03", "2024-04-08", "2024-04-09", "2024-04-10", "2024-04-11", "2024-04-12"]
CLOSES = ["104.59", "104.44", "104.55", "105.61", "104.76", "104.68", "103.02", "101.05"]
GOOD = dict(zip(DAYS, map(float, CLOSES), strict=True))


def rows(change: dict[int, str] | None = None, days: dict[int, str] | None = None) -> list[str]:
    return [
        f"{(days or {}).get(at, day)},{(change or {}).get(at, close)}"
        for at, (day, close) in enumerate(zip(DAYS, CLOSES, strict=True))
    ]


def text(*lines: str, head: str = "日期,收盘价(元)") -> bytes:
    return "\n".join([head, *lines, ""]).encode()


# What lies there → a word that the complaint must hold (a message code), or "" where it is rightly read.
CASES: dict[str, tuple[dict[str, bytes], str]] = {
    "a word for a price": ({"600941.SH.csv": text(*rows({3: "abc"}))}, "not_a_number"),
    "a decimal comma": ({"600941.SH.csv": text(*rows({3: '"105,61"'}))}, "not_a_number"),
    "two decimal points": ({"600941.SH.csv": text(*rows({3: "105.6.1"}))}, "not_a_number"),
    "an infinite price": ({"600941.SH.csv": text(*rows({3: "inf"}))}, "not_a_number"),
    "a negative price": ({"600941.SH.csv": text(*rows({3: "-105.61"}))}, "price_not_positive"),
    "a price of zero": ({"600941.SH.csv": text(*rows({3: "0"}))}, "price_not_positive"),
    "a price rounded to 万": ({"600941.SH.csv": text(*rows({3: "1.05万"}))}, "number_rounded"),
    "a per cent for a price": ({"600941.SH.csv": text(*rows({3: "105.61%"}))}, "not_a_number"),
    "a part of a cent": ({"600941.SH.csv": text(*rows({3: "105.6112"}))}, "export_part_cent"),
    "a price ten times too high": ({"600941.SH.csv": text(*rows({3: "1056.1"}))}, "export_bundled_differs"),
    "a month that is none": ({"600941.SH.csv": text(*rows(days={3: "2024-13-08"}))}, "bad_date"),
    "a day that is none": ({"600941.SH.csv": text(*rows(days={3: "2024-02-30"}))}, "bad_date"),
    "the American order": ({"600941.SH.csv": text(*rows(days={3: "4/8/2024"}))}, "bad_date"),
    "a word for a day": ({"600941.SH.csv": text(*rows(days={3: "昨天"}))}, "bad_date"),
    "a blank day": ({"600941.SH.csv": text(*rows(days={3: ""}))}, "bad_date"),
    "an afternoon without a zone": ({"600941.SH.csv": text(*rows(days={3: "2024-04-08 15:00"}))}, "time_of_day"),
    "an Excel day with a time": ({"600941.SH.csv": text(*rows(days={3: "45390.625"}))}, "time_of_day"),
    "a Saturday": ({"600941.SH.csv": text(*rows(days={3: "2024-04-06"}))}, "weekend"),
    "a day twice with other prices": ({"600941.SH.csv": text(*rows(), "2024-04-08,99.99")}, "date_twice"),
    "a total below the rows": ({"600941.SH.csv": text(*rows(), "平均,104.75")}, "bad_date"),
    "an unknown source line": ({"600941.SH.csv": text(*rows(), "导出自某处,")}, "bad_date"),
    "no head": ({"600941.SH.csv": "\n".join(rows()).encode()}, "export_no_head"),
    "a head of other words": ({"600941.SH.csv": text(*rows(), head="日期,市盈率")}, "export_head"),
    "a head without a day": ({"600941.SH.csv": text(*rows(), head="序号,收盘价")}, "export"),
    "a head alone": ({"600941.SH.csv": text()}, "export_no_rows"),
    "an empty file": ({"600941.SH.csv": b""}, "empty_file"),
    "blank lines only": ({"600941.SH.csv": b"\n\n\n"}, "empty_file"),
    "bytes that are no text": ({"600941.SH.csv": bytes(range(128, 256)) * 20}, "not_text"),
    "zero bytes": ({"600941.SH.csv": b"\x00" * 200}, "not_text"),
    "a web page": ({"600941.SH.xls": b"<html><table><tr><td>1</td></tr></table></html>"}, "html_not_table"),
    "an old workbook": ({"600941.SH.xls": b"\xd0\xcf\x11\xe0" + b"\x00" * 500}, "excel_old"),
    "a broken workbook": ({"600941.SH.xlsx": b"PK\x03\x04 not a zip"}, "excel_broken"),
    "a text called a workbook": ({"600941.SH.xlsx": text(*rows())}, "excel_broken"),
    "an adjusted title": (
        {"600941.SH.csv": b"600941 \xe6\x97\xa5\xe7\xba\xbf \xe5\x89\x8d\xe5\xa4\x8d\xe6\x9d\x83\n" + text(*rows())},
        "export_adjusted",
    ),
    "an adjusted head": ({"600941.SH.csv": text(*rows(), head="日期,收盘价(后复权)")}, "export_adjusted"),
    "an adjusted file name": ({"600941.SH_qfq.csv": text(*rows())}, "export_adjusted"),
    "baostock's adjusted rows": (
        {"sh.600941.csv": text(*(f"{row},2" for row in rows()), head="date,close,adjustflag")},
        "export_adjusted_row",
    ),
    "a file of no security": ({"行情.csv": text(*rows())}, "export_no_subject"),
    "a code without its zeros": (
        {"行情.csv": text(*(f"2281,{row}" for row in rows()), head="代码,日期,收盘价")},
        "code_lost_zeros",
    ),
    "a name of two securities": ({"行情.csv": text(*(f"安德利,{row}" for row in rows()), head="简称,日期,收盘价")}, "?"),
    "a name of none": ({"行情.csv": text(*(f"无此股,{row}" for row in rows()), head="简称,日期,收盘价")}, "?"),
    "a bond's code": ({"行情.csv": text(*(f"113001,{row}" for row in rows()), head="代码,日期,收盘价")}, "?"),
    "two files that differ": (
        {"600941.SH.csv": text(*rows()), "SH600941.csv": text(*rows({3: "105.62"}))},
        "export_files_differ",
    ),
    "two sheets that agree": ({"600941.SH.csv": text(*rows()), "SH600941.csv": text(*rows())}, ""),
    "an unread plan": (
        {
            "600941.SH.csv": text(*rows()),
            "分红.csv": text("600941.SH,2024-04-10,每股派一点", head="证券代码,除权除息日,分红方案"),
        },
        "plan_unread",
    ),
    "two plans of one day": (
        {
            "600941.SH.csv": text(*rows()),
            "分红.csv": text(
                "600941.SH,2024-04-10,10派1元", "600941.SH,2024-04-10,10派2元", head="证券代码,除权除息日,分红方案"
            ),
        },
        "export_action_twice",
    ),
    "two lists of plans that differ": (
        {
            "600941.SH.csv": text(*rows()),
            "分红.csv": text("600941.SH,2024-04-10,10派1元", head="证券代码,除权除息日,分红方案"),
            "dividend.csv": text("600941.SH,20240410,0.2,实施", head="ts_code,ex_date,cash_div_tax,div_proc"),
        },
        "export_actions_differ",
    ),
    "cash beyond the price": (
        {
            "600941.SH.csv": text(*rows()),
            "actions.csv": text("600941,2024-04-10,500,1", head="code,ex_date,cash_per_share,split_ratio"),
        },
        "?",
    ),
    "a split of nothing": (
        {
            "600941.SH.csv": text(*rows()),
            "actions.csv": text("600941,2024-04-10,0,0", head="code,ex_date,cash_per_share,split_ratio"),
        },
        "ratio_not_positive",
    ),
    "an ex-date that is none": (
        {
            "600941.SH.csv": text(*rows()),
            "actions.csv": text("600941,2024-04-31,0.5,1", head="code,ex_date,cash_per_share,split_ratio"),
        },
        "bad_date",
    ),
    "an amount in another unit": (
        {"600941.SH.csv": text(*(f"{row},100000,1000" for row in rows()), head="日期,收盘价,最高,最低,成交量(股),成交额(元)")},
        "?",
    ),
    "an open quote": (
        {"600941.SH.csv": b'\xe6\x97\xa5\xe6\x9c\x9f,\xe6\x94\xb6\xe7\x9b\x98\n2024-04-01,"104.59\n2024-04-02,103.02\n'},
        "?",
    ),
    "a row cut short": ({"600941.SH.csv": text(*rows()[:-1], "2024-04-12")}, "gap"),
    "a row of blanks": ({"600941.SH.csv": text(*rows()[:3], ",", *rows()[3:])}, ""),
    "thousands separators": ({"600941.SH.csv": text(*rows({3: '"105.61"'}))}, ""),
    "full-width digits": ({"600941.SH.csv": text(*rows({3: "１０５．６１"}))}, ""),
    "a day not traded": ({"600941.SH.csv": text(*rows({3: "停牌"}))}, "gap"),
    "every order of rows": ({"600941.SH.csv": text(*reversed(rows()))}, ""),
    "GB18030": ({"600941.SH.csv": text(*rows()).decode().encode("gb18030")}, ""),
    "UTF-16": ({"600941.SH.csv": text(*rows()).decode().encode("utf-16")}, ""),
    "semicolons": ({"600941.SH.csv": text(*rows()).replace(b",", b";")}, ""),
    "a title and a source line": (
        {"行情.csv": "600941 中国移动 不复权\n".encode() + text(*rows(), "数据来源：某终端")},
        "",
    ),
}


def test_there_are_sixty_of_them():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", list(CASES))
def test_a_damaged_export_is_refused_in_words_or_read_right(name, tmp_path):
    files, word = CASES[name]
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    try:
        prices = open_place(tmp_path).load([NAME], start=START, end=END)
    except ScreenerError as error:
        codes = {error.code} | ({each.code for each in error.problems} if isinstance(error, InputProblems) else set())
        assert word not in ("", "gap"), codes
        assert word == "?" or any(code.startswith(word) for code in codes), codes
        return
    closes = {f"{day:%Y-%m-%d}": close for day, close in prices.close[NAME].dropna().items()}
    assert set(closes.items()) <= set(GOOD.items()), "a figure that stands nowhere in the file"
    if word == "":
        assert closes == GOOD
    elif word == "gap":
        assert len(closes) == len(GOOD) - 1
    else:  # nothing was read: what stands there instead must be said
        said = {each.params.get("code", each.code) for each in prices.notes} | {gap.reason for gap in prices.gaps.values()}
        assert closes == {} or word == "?"
        assert NAME in prices.gaps
        assert word == "?" or any(str(code).startswith(word) for code in said), said


@pytest.mark.parametrize("name", ["a word for a price", "no head", "an old workbook", "two files that differ", "UTF-16"])
def test_the_check_says_what_was_understood_and_what_to_do_without_a_traceback(name, tmp_path):
    files, word = CASES[name]
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    ran = run_screener("prices", "check", tmp_path)
    assert ran.code == (3 if word else 0)
    assert next(iter(files)) in ran.out
    assert run_screener("prices", "check", tmp_path, "--json", "--lang", "en").json["files"]
