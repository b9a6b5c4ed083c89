"""Which security a file, a column or a cell of an export is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from screener.measures.industries import industries
from screener.sources.exports.cells import plain_cell
from screener.terms.names import bundled_names, bundled_registry, find_security
from screener.terms.notes import ScreenerError
from screener.terms.symbols import Symbol, parse_symbol, stock_symbol

# What other vendors call the exchanges.
_EXCHANGES: Mapping[str, str] = {"SS": "SH", "XSHG": "SH", "XSHE": "SZ", "SSE": "SH", "SZSE": "SZ", "BSE": "BJ", "SWI": "SI"}
_BEFORE = re.compile(r"(?<![A-Z])(SH|SZ|BJ|HK)[#._-]?(\d{5,6})(?!\d)")
_AFTER = re.compile(r"(?<![\dA-Z])(H?\d{4,6})\.(SH|SZ|BJ|SS|XSHG|XSHE|SSE|SZSE|BSE|SI|SWI|CSI|HK|US|KR)(?![A-Z])")
_BARE = re.compile(r"(?<![\dA-Z.])(\d{6})(?![\d.]*\d)")


@dataclass(frozen=True)
class Unknown:
    """Why a word means no security: a message code with its parameters."""

    code: str
    params: Mapping[str, object]


@cache
def index_symbols() -> Mapping[str, str]:
    """Code or name of an index that ships with the package → its symbol."""
    named = {symbol: name for symbol, name in bundled_names().items() if parse_symbol(symbol).kind == "index"}
    named |= {each.symbol: f"申万{each.name}" for each in industries()}
    found = {"HSI": "HSI.HK", "恒生指数": "HSI.HK", "MCHI": "MCHI.US"}
    return found | {word: symbol for symbol, name in named.items() for word in (parse_symbol(symbol).code, name)}


def find_subject(word: str, *, is_index: bool = False) -> Symbol | Unknown:
    """The security that a whole cell, head or file name means: a code in any vendor's form, or a name.

    A code wins over words beside it. A bare code that no A share bears is an index where it is one of ours; `is_index` says
    that only indices stand here.
    """
    text = plain_cell(word).upper()
    if text in index_symbols() and (is_index or not _is_listed(text)):
        return parse_symbol(index_symbols()[text])
    coded = coded_subject(text, is_index=is_index)
    if coded is not None:
        return coded
    if re.fullmatch(r"\d{1,5}", text):
        return Unknown("code_lost_zeros", {"likely": text.zfill(6)})
    try:
        return find_security(text, bundled_registry()).symbol
    except ScreenerError as error:
        return Unknown(error.code, error.params)


def coded_subject(text: str, *, is_index: bool = False) -> Symbol | None:
    """The security whose code stands anywhere in `text` (a file name, a title); None where there is none."""
    text = plain_cell(text).upper()
    match = _AFTER.search(text)
    try:
        if match:
            code, exchange = match[1], _EXCHANGES.get(match[2], match[2])
            return parse_symbol(f"{code[-4:] if exchange == 'HK' else code}.{exchange}")
        match = _BEFORE.search(text)
        if match:
            return parse_symbol(f"{match[2][-4:] if match[1] == 'HK' else match[2]}.{match[1]}")
        match = _BARE.search(text)
        if match is None:
            return None
        if match[1] in index_symbols() and (is_index or not _is_listed(match[1])):
            return parse_symbol(index_symbols()[match[1]])
        return stock_symbol(match[1])
    except ScreenerError:
        return None


def _is_listed(code: str) -> bool:
    """Whether an A share bears the code."""
    try:
        return str(stock_symbol(code)) in bundled_registry().names
    except ScreenerError:
        return False
