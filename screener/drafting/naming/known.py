"""Every name that a security goes or went by, found in a text in one pass."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from screener.drafting.words import table
from screener.terms.names import NameRegistry, bundled_registry, plain_name
from screener.terms.notes import ScreenerError
from screener.terms.symbols import parse_symbol, stock_symbol

# Short names that are ordinary words: only a code behind them says that the security is meant.
_ORDINARY = re.compile(
    "太阳能|机器人|农产品|新产业|信息发展|数字人|大智慧|好想你|新华网|人民网|国新能源|新能源|电子城|高新发展|创业环保"
    "|国际实业|新材料|大湖|东方|中房|国际医学|申科|新动力|全新好|天健|海峡|中关村|德新|双星|互联网|文化长城"
)
# Of names of two characters these alone are no ordinary words (the others lost an ST in front).
_TWO_CHARACTERS = ("万科", "柳工")
_MARK = re.compile(r"-(?:UW|WD|SW|U|W|D|B|S|R)(?![A-Z])")


@dataclass(frozen=True)
class Known:
    """A known name in a text: where it stands, and the securities it may mean; `ordinary` when it is a common word too."""

    start: int
    end: int
    text: str
    symbols: tuple[str, ...]
    former: bool
    ordinary: bool


class NameIndex:
    """The names of a registry, of the shipped list and of the past; those of the registry come first."""

    def __init__(self, registry: NameRegistry) -> None:
        self.registry = registry
        self.current: dict[str, tuple[str, ...]] = defaultdict(tuple)
        self.listed: dict[str, str] = {}
        for symbol, name in [*bundled_registry().names.items(), *registry.names.items()]:
            if parse_symbol(symbol).kind == "stock":
                self.listed[symbol] = name
        for symbol, name in self.listed.items():
            self.current[plain_name(name)] += (symbol,)
        for name in [name for name in self.current if re.fullmatch(r"[一-鿿]{2,}A", name) and name[:-1] not in self.current]:
            self.current[name[:-1]] = self.current[name]
        self.past = {name: symbols for name, symbols in _former().items() if name not in self.current}
        for name, symbols in _former().items():
            others = tuple(symbol for symbol in symbols if symbol in self.listed and symbol not in self.current.get(name, ()))
            if name in self.current and others:
                self.current[name] += others
        self._lengths: dict[str, list[int]] = defaultdict(list)
        for name in {name for name in {*self.current, *self.past} if len(name) > 2 or name in _TWO_CHARACTERS}:
            if len(name) not in self._lengths[name[:2]]:
                self._lengths[name[:2]].append(len(name))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def find(self, half: str) -> Iterator[Known]:
        """Known names in `half` (half width) from left to right, the longest at each place, none inside another."""
        text = half.upper()
        at = 0
        while at < len(text) - 1:
            found = self._at(text, at)
            if found is None:
                at += 1
                continue
            yield found
            at = found.end

    def _at(self, text: str, at: int) -> Known | None:
        if text[at].isascii() and at and text[at - 1].isascii() and text[at - 1].isalnum():
            return None  # inside a Latin word
        for length in self._lengths.get(text[at : at + 2], ()):
            name = text[at : at + length]
            symbols = self.symbols_of(name) if len(name) == length else ()
            if symbols:
                mark = _MARK.match(text, at + length)
                end = mark.end() if mark else at + length
                ordinary = _ORDINARY.fullmatch(name) is not None
                risk = re.search(r"(?:S?\*?ST|SST)$", text[max(0, at - 4) : at])
                at -= len(risk[0]) if risk else 0
                return Known(at, end, text[at:end], symbols, name in self.past, ordinary)
        return None

    def symbols_of(self, name: str) -> tuple[str, ...]:
        """The securities that a plain name may mean; of one company's listings the A share."""
        found = self.current.get(name) or self.past.get(name, ())
        domestic = tuple(symbol for symbol in found if not symbol.endswith(".HK"))
        return tuple(dict.fromkeys(domestic or found))

    def name_of(self, symbol: str) -> str:
        """Today's name of a security; empty for one that no list has."""
        return self.listed.get(symbol, "")

    @property
    def is_whole_market(self) -> bool:
        """Whether a code that the lists do not have is doubtful."""
        return len(self.listed) >= 3000


@cache
def _former() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for symbol, names in bundled_registry().former.items():
        for name in {plain_name(each) for each in names}:
            if len(name) >= 3:
                found[name] = (*found.get(name, ()), symbol)
    return found


@cache
def hints() -> dict[str, str]:
    """Well-known names of other markets and the symbol that they may mean: proposals only."""
    return {row["name"]: row["symbol"] for row in table("hong_kong_hints.csv")}


def a_share(code: str) -> str | None:
    """The symbol of a six-digit code of an A share; None for any other."""
    try:
        return str(stock_symbol(code))
    except ScreenerError:
        return None


@dataclass(frozen=True)
class Code:
    """A printed code: the symbol it stands for, None where it is no share's or names the wrong exchange."""

    printed: str
    symbol: str | None


def read_code(printed: str) -> Code:
    """A code as printed: 600941, 600941.SH, SH600941, 0700.HK, 02382."""
    code = re.sub(r"\s", "", printed.upper()).replace("XSHG", "SH").replace("XSHE", "SZ")
    if code.endswith(".SS"):
        code = code[:-3] + ".SH"
    hong_kong = re.fullmatch(r"(?:HK\.?)?(\d{1,5})(?:\.?HK)?", code)
    digits = re.sub(r"\D", "", code)
    if hong_kong is not None and len(digits) <= 5:
        return Code(printed, f"{int(digits):04d}.HK" if int(digits) else None)
    exchange = next((each for each in ("SH", "SZ", "BJ") if each in code), "")
    symbol = a_share(digits)
    return Code(printed, symbol if symbol and symbol.endswith(exchange) else None)
