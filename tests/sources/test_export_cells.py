"""Cells and heads as terminals write them: days, numbers, plans, names of columns, names of securities."""

from __future__ import annotations

from decimal import Decimal

import pytest

from screener.sources.exports.cells import read_day, read_number, read_plan
from screener.sources.exports.heads import adjustment_of, read_head
from screener.sources.exports.subjects import Unknown, find_subject


@pytest.mark.parametrize(
    "cell",
    [
        "2021-03-18",
        "2021/3/18",
        "2021.3.18",
        "2021年3月18日",
        "２０２１年３月１８日",
        "20210318",
        "44273",  # Excel: days since 1899-12-30
        "44273.0",
        "2021-03-18 00:00:00",
        "2021-03-18T00:00",
        "2021-03-18 00:00:00+08:00",
        "2021-03-17T16:00:00Z",  # midnight in Shanghai
        "2021-03-17 17:30:00+00:00",  # half past one in the morning there
        "2021-03-18,四",
        "2021-03-18 星期四",
        " 2021/03/18 ",
    ],
)
def test_a_day_is_read_in_every_form_that_terminals_write(cell):
    assert read_day(cell) == ("2021-03-18", "")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2021-03-18 15:00:00", "time_of_day"),  # whose clock?
        ("44273.625", "time_of_day"),
        ("2021-02-30", "bad_date"),
        ("2021-13-01", "bad_date"),
        ("3/18/2021", "bad_date"),
        ("18.03.21", "bad_date"),
        ("12", "bad_date"),
        ("", "bad_date"),
        ("2021-03-18 25:00:00+08:00", "bad_date"),
        ("2021-03-18 昨天", "bad_date"),
    ],
)
def test_what_may_mean_another_day_is_no_day(cell, code):
    assert read_day(cell) == ("", code)


@pytest.mark.parametrize(
    ("cell", "factor", "text"),
    [
        ("1,234.50", 1, "1234.50"),
        ("１２．５", 1, "12.5"),
        ("12.5", 10000, "125000"),
        ("0.1", 1000, "100"),
        ("1.5e3", 1, "1.5e3"),
        ("-3", 1, "-3"),
        ("--", 1, ""),
        ("停牌", 1, ""),
        ("#N/A", 1, ""),
        ("", 1, ""),
    ],
)
def test_a_number_is_read_exactly_in_its_unit(cell, factor, text):
    assert read_number(cell, Decimal(factor)) == (text, "")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,23", "not_a_number"),
        ("12a", "not_a_number"),
        ("inf", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("3.4亿", "number_rounded"),
    ],
)
def test_what_is_no_number_is_said(cell, code):
    assert read_number(cell) == ("", code)


@pytest.mark.parametrize(
    ("plan", "terms"),
    [
        ("10派3.5元", ("0.35", "1")),
        ("10派3.5元(含税,扣税后3.15元)", ("0.35", "1")),
        ("10转4", ("0", "1.4")),
        ("10送2转3派1元", ("0.1", "1.5")),
        ("每10股派发现金红利5.6元，转增4股", ("0.56", "1.4")),
        ("10股转4.0股派5.60元", ("0.56", "1.4")),
        ("不分配不转增", ("", "")),
        ("10配3股", ("0", "")),  # a rights issue: the ratio is unknown
        ("分红", None),
        ("派3.5元", None),
    ],
)
def test_a_plan_of_distribution_is_read_as_cash_and_shares(plan, terms):
    assert read_plan(plan) == terms


@pytest.mark.parametrize(
    ("head", "name", "factor"),
    [
        ("收盘价(元)", "close", 1),
        ("收盘价（元）", "close", 1),
        ("收盘价\n[单位]元 [复权方式]不复权", "close", 1),
        ("成交额(万元)", "amount", 10_000),
        ("成交额[百万元]", "amount", 1_000_000),
        ("成交量(手)", "volume", 100),
        ("成交量：股", "volume", 1),
        ("Close", "close", 1),
        ("TRADE_DATE", "date", 1),
        ("前收盘价(元)", "pre_close", 1),
    ],
)
def test_a_head_is_a_name_of_ours_with_its_unit(head, name, factor):
    found = read_head(head)
    assert (found.name, found.factor) == (name, factor)


def test_a_head_that_is_none_of_ours_is_left_alone():
    assert [read_head(word) for word in ("涨跌幅(%)", "Adj Close", "市盈率", "")] == [None] * 4


@pytest.mark.parametrize("text", ["日线 前复权", "600941_qfq", "收盘价(后复权)", "hfq/600941.csv"])
def test_an_adjusted_price_gives_itself_away(text):
    assert adjustment_of(text)


@pytest.mark.parametrize("text", ["日线 不复权", "adj_factor.csv", "收盘价(元)", "未复权"])
def test_an_unadjusted_price_is_not_suspected(text):
    assert not adjustment_of(text)


@pytest.mark.parametrize(
    ("word", "symbol"),
    [
        ("688012.SH", "688012.SH"),
        ("SH688012", "688012.SH"),
        ("sh.688012", "688012.SH"),
        ("SH#688012", "688012.SH"),
        ("688012.XSHG", "688012.SH"),
        ("688012.SS", "688012.SH"),
        ("688012_20240412_20250630", "688012.SH"),
        ("中国移动(600941)", "600941.SH"),
        ("00941.HK", "0941.HK"),
        ("000300", "000300.SH"),  # no A share bears it
        ("000001", "000001.SZ"),  # an A share bears it
        ("801770", "801770.SI"),
        ("沪深300", "000300.SH"),
        ("双林生物", "000403.SZ"),
    ],
)
def test_a_word_of_any_vendor_means_one_security(word, symbol):
    assert str(find_subject(word)) == symbol


@pytest.mark.parametrize(
    ("word", "code"), [("2281", "code_lost_zeros"), ("安德利", "security_ambiguous"), ("收盘价", "security_unknown")]
)
def test_a_word_that_means_none_or_several_is_asked_about(word, code):
    found = find_subject(word)
    assert isinstance(found, Unknown)
    assert found.code == code


def test_a_bare_code_among_indices_is_an_index():
    assert str(find_subject("000300", is_index=True)) == "000300.SH"
