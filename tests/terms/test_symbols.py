from __future__ import annotations

import pytest

from screener.terms.notes import ScreenerError
from screener.terms.symbols import a_share, common_shares, parse_symbol, stock_symbol


@pytest.mark.parametrize(
    ("text", "kind", "board", "market"),
    [
        ("600941.SH", "stock", "main", "XSHG"),
        ("688205.SH", "stock", "star", "XSHG"),
        ("002281.SZ", "stock", "main", "XSHG"),
        ("301165.SZ", "stock", "chinext", "XSHG"),
        ("920599.BJ", "stock", "bse", "XSHG"),
        ("900901.SH", "stock", "b_share", "XSHG"),
        ("000300.SH", "index", "none", "XSHG"),
        ("399006.SZ", "index", "none", "XSHG"),
        ("801770.SI", "index", "none", "XSHG"),
        ("H00300.CSI", "index", "none", "XSHG"),
        ("0941.HK", "stock", "hk", "XHKG"),
    ],
)
def test_a_symbol_says_what_it_is(text, kind, board, market):
    symbol = parse_symbol(text)
    assert (symbol.kind, symbol.board, symbol.market, str(symbol)) == (kind, board, market, text)


def test_the_same_digits_are_a_stock_in_shenzhen_and_an_index_in_shanghai():
    assert parse_symbol("000001.SZ").kind == "stock"
    assert parse_symbol("000001.SH").kind == "index"


@pytest.mark.parametrize("text", ["600941", "600941.sh", "60094.SH", "301165.SH", "600941.SZ", "../x.SH", "", "600941.SH\n"])
def test_anything_else_is_refused(text):
    with pytest.raises(ScreenerError):
        parse_symbol(text)


def test_a_bare_code_finds_its_exchange_by_the_numbering():
    assert [str(stock_symbol(code)) for code in ("600941", "002281", "301165", "688702", "920599")] == [
        "600941.SH",
        "002281.SZ",
        "301165.SZ",
        "688702.SH",
        "920599.BJ",
    ]
    with pytest.raises(ScreenerError):
        stock_symbol("801770")


def test_which_codes_are_common_a_shares_is_one_list_and_no_code_ends_the_count():
    shares = ["600941", "688205", "689009", "000063", "300442", "301165", "430047", "832000", "871981", "920002"]
    others = [
        "400001",
        "420001",
        "810001",
        "820001",
        "900901",
        "200012",
        "201872",
        "140001",
        "360001",
        "510300",
        "990001",
        "4",
        "",
    ]
    kept, excluded = common_shares([*shares, *others])
    assert sorted(symbol[:6] for symbol in kept.values()) == sorted(shares)
    assert sum(excluded.values()) == len(others)
    assert excluded["b_share"] == 3
    assert [a_share(code) for code in others] == [None] * len(others)
    assert all(str(a_share(code)) in kept.values() for code in shares)
