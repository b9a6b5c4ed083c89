"""A security's identity: code, exchange and kind, without any lookup by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from screener.terms.notes import ScreenerError

Kind = Literal["stock", "index", "fund"]
Board = Literal["main", "chinext", "star", "bse", "b_share", "hk", "none"]

_PATTERN = re.compile(r"([0-9A-Z]{2,8})\.([A-Z]{2,5})")
# A code's shape on each exchange; 000300.SH is an index because 000xxx on Shanghai is never a stock.
_INDEX_PREFIX = {"SH": ("000", "880"), "SZ": ("399",), "BJ": ("899",), "NEEQ": ("899",)}
_STOCK_PREFIX = {"SH": ("60", "68", "900"), "SZ": ("00", "30", "200"), "BJ": ("43", "83", "87", "88", "92")}
# The boards of common A shares; B shares are quoted in other currencies.
_A_SHARE_BOARDS = ("main", "chinext", "star", "bse")
# Exchanges where digits are stocks and letters are indices; on the US exchanges the shape does not tell.
_LETTERS_ARE_INDICES = ("HK", "KR")
_US_INDICES = ("IXIC", "SPX", "NDX", "DJI")
# Session table by ending; MSCI China follows Hong Kong. Every other ending follows Shanghai.
_MARKET = {"HK": "XHKG", "MSCI": "XHKG", "US": "XNYS", "KR": "XKRX"}


@dataclass(frozen=True, order=True)
class Symbol:
    """A code with its exchange, e.g. 600941.SH (stock), 000300.SH (index), 801770.SI (申万 index)."""

    code: str
    exchange: str

    def __str__(self) -> str:
        return f"{self.code}.{self.exchange}"

    @property
    def kind(self) -> Kind:
        """`stock` or `index`; every ending that is no exchange's (SI, CSI, MSCI) is an index publisher's."""
        if self.exchange in _LETTERS_ARE_INDICES:
            return "stock" if self.code.isdigit() else "index"
        if self.exchange == "US":
            return "index" if self.code in _US_INDICES else "stock"
        if self.exchange not in _INDEX_PREFIX:
            return "index"
        return "index" if self.code.startswith(_INDEX_PREFIX[self.exchange]) else "stock"

    @property
    def board(self) -> Board:
        """The board whose price limit applies; `none` for an index and where no limit of ours is known."""
        if self.kind != "stock" or self.exchange in ("US", "KR", "NEEQ"):
            return "none"
        if self.exchange == "HK":
            return "hk"
        if self.exchange == "BJ":
            return "bse"
        if self.code.startswith(("900", "200")):
            return "b_share"
        if self.code.startswith(("688", "689")):
            return "star"
        return "chinext" if self.code.startswith("30") else "main"

    @property
    def is_a_share(self) -> bool:
        """Whether this is a common A share of Shanghai, Shenzhen or Beijing."""
        return self.board in _A_SHARE_BOARDS

    @property
    def market(self) -> str:
        """ISO code of the market whose calendar the symbol follows."""
        return _MARKET.get(self.exchange, "XSHG")


@lru_cache(maxsize=16384)
def parse_symbol(text: str) -> Symbol:
    """Read `CODE.EXCHANGE`; ScreenerError `bad_symbol` for anything else, also for a bare code."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ScreenerError("bad_symbol", value=text)
    symbol = Symbol(*match.groups())
    prefixes = _STOCK_PREFIX.get(symbol.exchange)
    if prefixes is not None:
        known = symbol.code.startswith(prefixes + _INDEX_PREFIX[symbol.exchange])
        if not known or not re.fullmatch(r"\d{6}", symbol.code):
            raise ScreenerError("bad_symbol", value=text)
    return symbol


def stock_symbol(code: str) -> Symbol:
    """The mainland stock with this six-digit code, by the exchanges' numbering; ScreenerError if no exchange uses it."""
    symbol = _numbered(code)
    if symbol is None:
        raise ScreenerError("bad_code", value=code)
    return symbol


def a_share(code: str) -> Symbol | None:
    """The common A share with this code; None for every other code: B and preferred shares, funds, delisted boards, text."""
    symbol = _numbered(code)
    return symbol if symbol is not None and symbol.is_a_share else None


def _numbered(code: str) -> Symbol | None:
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    found = (exchange for exchange, prefixes in _STOCK_PREFIX.items() if code.startswith(prefixes))
    exchange = next(found, None)
    return None if exchange is None else Symbol(code, exchange)


# What a code is that is no common A share, by the exchanges' numbering; the first fitting prefix counts.
OTHER_CODES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("b_share", ("900", "200", "201")),
    ("preferred", ("140", "360")),
    ("fund", ("50", "51", "52", "53", "56", "58", "15", "16", "18")),
)


def common_shares(codes: Sequence[str]) -> tuple[dict[int, str], dict[str, int]]:
    """Place of each common A share's code → its symbol, in the order of symbols; and the count of the others by reason."""
    kept: dict[int, str] = {}
    excluded: dict[str, int] = {}
    for place, code in enumerate(codes):
        share = a_share(code)
        if share is not None:
            kept[place] = str(share)
            continue
        reason = next((name for name, prefixes in OTHER_CODES if code.startswith(prefixes)), "no_share")
        excluded[reason] = excluded.get(reason, 0) + 1
    return dict(sorted(kept.items(), key=lambda each: each[1])), excluded
