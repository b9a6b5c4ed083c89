"""What a name means, and which code a security bears on a day."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.sources.name_lists import read_registry
from screener.terms.codes import current_symbol, symbols_borne
from screener.terms.names import NameRegistry, bundled_registry, find_security, plain_name, renaming
from screener.terms.notes import InputProblems, ScreenerError, UsageError

MARKET = NameRegistry(
    {
        "000002.SZ": "万科Ａ",
        "200011.SZ": "深物业B",
        "000011.SZ": "深物业A",
        "000004.SZ": "*ST国华",
        "600183.SH": "XD生益科",
        "688702.SH": "盛科通信-U",
        "600941.SH": "中国移动",
        "0941.HK": "中国移动",
        "002402.SZ": "和而泰",
        "600001.SH": "双名股份",
        "600002.SH": "双名股份",
        "000300.SH": "沪深300",
    },
    "test",
)


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("万科Ａ", "万科A"),
        ("*ST国华", "国华"),
        ("S*ST国华", "国华"),
        ("ＳＴ国华", "国华"),
        ("XD生益科", "生益科"),
        ("C太力科技", "太力科技"),
        ("N 华新", "华新"),
        ("盛科通信－Ｕ", "盛科通信"),
        ("美团-W", "美团"),
        ("百济神州-UW", "百济神州"),
        ("退市海润", "海润"),
        ("TCL科技", "TCL科技"),
        ("XDTCL科", "TCL科"),
        ("中国石化", "中国石化"),
    ],
)
def test_a_plain_name_has_no_mark_of_the_exchange(printed, plain):
    assert plain_name(printed) == plain


@given(st.text(max_size=12))
def test_a_plain_name_cannot_be_made_plainer_by_spaces_and_full_width_letters(name):
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in name)
    assert plain_name(wide) == plain_name(name) == plain_name(f" {name} ")


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        ("万科A", ("000002.SZ",)),
        ("万科", ("000002.SZ",)),
        ("深物业", ("000011.SZ",)),
        ("深物业B", ("200011.SZ",)),
        ("ST国华", ("000004.SZ",)),
        ("生益科技", ("600183.SH",)),
        ("盛科通信", ("688702.SH",)),
        ("中国移动", ("600941.SH",)),
        ("双名股份", ("600001.SH", "600002.SH")),
        ("沪深300", ()),
        ("生益", ()),
        ("", ()),
    ],
)
def test_a_name_means_every_stock_that_it_may_mean(name, symbols):
    assert MARKET.symbols_of(name) == symbols


def test_the_bundled_list_knows_taclink_and_its_look_alike():
    assert bundled_registry().symbols_of("德科立") == ("688205.SH",)
    assert bundled_registry().symbols_of("联特科技") == ("301205.SZ",)
    assert bundled_registry().is_whole_market


def test_a_folder_of_names_is_read_whole_with_the_bundled_names_beside_it(tmp_path):
    (tmp_path / "names.csv").write_bytes(
        "代码,名称,退市日期\n000002,万科Ａ,\n140001,宁行优01,\n600001,旧股,2020-01-02\n".encode("gb18030")
    )
    registry = read_registry(tmp_path)
    assert registry.names["000002.SZ"] == "万科Ａ"
    assert registry.delisted == {"600001.SH": dt.date(2020, 1, 2)}
    assert not any("140001" in symbol for symbol in registry.names), "a preferred share is no stock"
    assert registry.symbols_of("德科立") == ("688205.SH",)
    assert read_registry(tmp_path / "names.csv").names == registry.names


def test_the_store_s_list_of_names_is_read_from_parquet(tmp_path):
    pd.DataFrame({"code": ["000002", "688205"], "name": ["万科Ａ", "德科立"]}).to_parquet(tmp_path / "names.parquet")
    assert read_registry(tmp_path).symbols_of("万科") == ("000002.SZ",)


def test_a_list_with_lost_zeros_is_refused_with_the_line(tmp_path):
    (tmp_path / "names.csv").write_text("code,name\n688205,德科立\n2281,光迅科技\n", "utf-8")
    with pytest.raises(InputProblems) as caught:
        read_registry(tmp_path)
    found = [(each.file, each.line, each.field, each.value) for each in caught.value.problems]
    assert found == [("names.csv", 3, "code", "2281")]


def test_a_list_of_names_that_is_not_there_is_an_error_of_use(tmp_path):
    with pytest.raises(UsageError, match="no list of names"):
        read_registry(tmp_path)


def test_a_parquet_file_without_names_is_refused(tmp_path):
    pd.DataFrame({"code": ["000002"]}).to_parquet(tmp_path / "names.parquet")
    with pytest.raises(InputProblems):
        read_registry(tmp_path)


def test_every_name_of_the_real_list_means_its_own_code(market_folder):
    registry = read_registry(market_folder)
    assert registry.is_whole_market
    stocks = {symbol: name for symbol, name in registry.names.items() if symbol.endswith((".SH", ".SZ", ".BJ"))}
    lost = [symbol for symbol, name in stocks.items() if symbol not in (*registry.symbols_of(name), "000300.SH")]
    assert lost == []
    assert registry.symbols_of("生益科技") == ("600183.SH",)
    assert registry.symbols_of("中科曙光") == ("603019.SH",)


@pytest.mark.parametrize(
    ("symbol", "day", "current"),
    [
        ("300114.SZ", "2025-02-16", "300114.SZ"),
        ("300114.SZ", "2025-02-17", "302132.SZ"),
        ("302132.SZ", "2025-02-17", "302132.SZ"),
        ("833819.BJ", "2025-05-05", "833819.BJ"),
        ("833819.BJ", "2025-05-06", "920819.BJ"),
        ("832982.BJ", "2025-05-06", "832982.BJ"),
        ("832982.BJ", "2025-10-08", "832982.BJ"),
        ("832982.BJ", "2025-10-09", "920982.BJ"),
        ("430047.BJ", "2025-10-09", "920047.BJ"),
        ("920819.BJ", "2026-01-05", "920819.BJ"),
        ("899050.BJ", "2026-01-05", "899050.BJ"),
        ("600941.SH", "2026-01-05", "600941.SH"),
    ],
)
def test_a_security_bears_its_new_code_from_the_day_of_the_change(symbol, day, current):
    assert current_symbol(symbol, dt.date.fromisoformat(day)) == current


def test_where_two_old_codes_ended_alike_the_list_knows_which_one_moved_on():
    # 839167 took 920167 in May 2025, so 831167 was moved on.
    assert current_symbol("831167.BJ", dt.date(2025, 10, 9)) == "920267.BJ"
    assert current_symbol("839167.BJ", dt.date(2025, 10, 9)) == "920167.BJ"


def test_a_security_is_found_under_every_code_that_it_has_borne():
    assert symbols_borne("831167.BJ") == ("831167.BJ", "920267.BJ")
    assert symbols_borne("920267.BJ") == ("920267.BJ", "831167.BJ")
    assert symbols_borne("600941.SH") == ("600941.SH",)


@pytest.mark.parametrize(
    ("word", "symbol"),
    [
        ("双林生物", "000403.SZ"),  # until 2021-04-01
        ("派林生物", "000403.SZ"),
        ("派林生物 ", "000403.SZ"),
        ("000403", "000403.SZ"),
        ("sz000403", "000403.SZ"),
        ("000403.sz", "000403.SZ"),
        ("ＳＨ６８８０１２", "688012.SH"),
        ("盛科通信", "688702.SH"),
        ("中国移动", "600941.SH"),
        ("微创光电", "920198.BJ"),  # listed as 430198 before
    ],
)
def test_a_word_is_understood_as_the_security_it_means(word, symbol):
    assert str(find_security(word, bundled_registry()).symbol) == symbol


@pytest.mark.parametrize(
    ("word", "code"), [("安德利", "security_ambiguous"), ("无此股", "security_unknown"), ("", "security_unknown")]
)
def test_a_word_that_means_several_or_none_is_asked_about(word, code):
    with pytest.raises(ScreenerError) as caught:
        find_security(word, bundled_registry())
    assert caught.value.code == code
    if code == "security_ambiguous":  # 603031 was called so before, 605198 is today
        assert "603031.SH" in caught.value.text("zh")
        assert "605198.SH" in caught.value.text("zh")


def test_a_name_or_code_that_changed_since_is_said():
    registry = bundled_registry()
    assert renaming("000403.SZ", "双林生物", registry).params["listed"] == "派林生物"
    assert renaming("000403.SZ", "派林生物", registry) is None
    assert renaming("300114.SZ", "中航电测", registry).params["new"] == "302132.SZ"


def test_every_bundled_name_means_its_own_code():
    registry = bundled_registry()
    lost = [
        symbol
        for symbol, name in registry.names.items()
        if symbol[-2:] in ("SH", "SZ", "BJ") and symbol not in registry.bearers_of(name)
    ]
    assert lost == ["000300.SH"]  # an index is no stock
