from __future__ import annotations

import pytest

from screener.terms.notes import ScreenerError
from screener.terms.symbols import parse_symbol, stock_symbol


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
