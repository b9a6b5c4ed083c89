"""Names and codes: which symbol a name means, and which code a security bears today."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from screener.terms.codes import code_changes, read_rows
from screener.terms.notes import Note, ScreenerError
from screener.terms.symbols import Symbol, parse_symbol, stock_symbol

# What exchanges put before a short name: risk warning, ex-dividend and ex-right days, the first days of trading.
_RISK = re.compile(r"^(?:S?\*?ST|SST)(?=[一-鿿A-Z0-9])")
_MARKED_DAY = re.compile(r"^(?:XD|XR|DR|[NC](?=[一-鿿]))")
# What they put behind one: not yet profitable, unequal votes, depositary receipts, Hong Kong biotech.
_SUFFIX = re.compile(r"-(?:UW|WD|SW|U|W|D|B|S|R)$")
_DELISTING = re.compile(r"^退市|退$")
# A list with fewer names than this is somebody's selection: absence from it says nothing.
WHOLE_MARKET = 3000


_EXCHANGE_FIRST = re.compile(r"^(SH|SZ|BJ)[.]?(\d{6})$")


@cache
def bundled_names() -> dict[str, str]:
    """Symbol → name of what the bundled theses concern, from `data/names.csv`: indices and Hong Kong shares too."""
    return {row["symbol"]: row["name"] for row in read_rows("names.csv")}


def plain_name(name: str) -> str:
    """A short name without what exchanges add to it: `ＸＤ`, `*ST`, `-U`, full-width letters and spaces go."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).upper()
    plain = _SUFFIX.sub("", _RISK.sub("", _MARKED_DAY.sub("", plain)))
    return _DELISTING.sub("", plain) or plain


def is_delisting(name: str) -> bool:
    """Whether a short name carries the mark of a delisting period: 退市xx or xx退."""
    return bool(_DELISTING.search(name))


@dataclass(frozen=True, eq=False)
class NameRegistry:
    """A list of securities: symbol → short name, and the date of delisting where known.

    `names` are as the list prints them; `label` says in messages which list it is. `former`: symbol → names it bore before.
    """

    names: Mapping[str, str]
    label: str
    delisted: Mapping[str, dt.date] = field(default_factory=dict)
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_whole_market(self) -> bool:
        """Whether absence from the list means something."""
        return len(self.names) >= WHOLE_MARKET

    def symbols_of(self, name: str) -> tuple[str, ...]:
        """Every stock that `name` may mean: () when unknown, several when it is ambiguous.

        A name printed whole wins; then the same with the A of an A share (万科 is 万科A); then a listed name that an
        ex-dividend mark cut short (XD生益科 is 生益科技); then a name that a security bore before. A name that is one
        security's today and was another's before means both. Of one company's listings the A share wins.
        """
        return _prefer_a_share(self.bearers_of(name))

    def bearers_of(self, name: str) -> tuple[str, ...]:
        """As `symbols_of`, with every listing of a company."""
        plain = plain_name(name)
        before = self._by_former.get(plain, ())
        for wanted in (plain, f"{plain}A"):
            if wanted in self._by_name:
                return tuple(dict.fromkeys((*self._by_name[wanted], *before)))
        cut = [symbol for short, symbol in self._cut_short if plain.startswith(short) and len(short) < len(plain)]
        return tuple(cut) or before

    def listings_of(self, symbol: str) -> tuple[str, ...]:
        """Other symbols of the list under the same plain name as `symbol` on another exchange; () for an unknown one."""
        same = self._by_name.get(plain_name(self.names.get(symbol, "")), ())
        return tuple(each for each in same if each.rpartition(".")[2] != symbol.rpartition(".")[2])

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for symbol, name in self.names.items():
            if parse_symbol(symbol).kind == "stock":
                found[plain_name(name)] = (*found.get(plain_name(name), ()), symbol)
        return found

    @cached_property
    def _by_former(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for symbol, names in self.former.items():
            for plain in {plain_name(name) for name in names} - {plain_name(self.names.get(symbol, ""))}:
                # A code that no longer exists under a name that does: the same security, renumbered.
                if symbol in self.names or plain not in self._by_name:
                    found[plain] = (*found.get(plain, ()), symbol)
        return found

    @cached_property
    def _cut_short(self) -> tuple[tuple[str, str], ...]:
        """Names whose ex-dividend mark pushed their last character out: exchanges print four full-width characters."""
        marked = ((unicodedata.normalize("NFKC", name), symbol) for symbol, name in self.names.items())
        return tuple((plain_name(name), symbol) for name, symbol in marked if re.match(r"XD|XR|DR", name) and len(name) >= 5)


def _prefer_a_share(symbols: tuple[str, ...]) -> tuple[str, ...]:
    domestic = tuple(symbol for symbol in symbols if not symbol.endswith(".HK"))
    return domestic or symbols


@cache
def bundled_registry() -> NameRegistry:
    """The names that ship with the package: every A share, what they were called before, and the names of the theses."""
    rows = [(str(stock_symbol(row["code"])), row) for row in read_rows("securities.csv")]
    listed = {symbol: row["name"] for symbol, row in rows}
    delisted = {symbol: dt.date.fromisoformat(row["delisted"]) for symbol, row in rows if row["delisted"]}
    former: dict[str, tuple[str, ...]] = {}
    for row in read_rows("former_names.csv"):
        symbol = str(stock_symbol(row["code"]))
        former[symbol] = (*former.get(symbol, ()), row["name"])
    return NameRegistry({**listed, **bundled_names()}, "data/securities.csv", delisted, former)


@dataclass(frozen=True)
class Security:
    """What a reader's word was understood as: the symbol, and the name that the security bears today (None = unknown)."""

    symbol: Symbol
    listed: str | None


def find_security(text: str, registry: NameRegistry) -> Security:
    """The security that a word means: 688012.SH, SH688012, 688012, or a short name, old ones included.

    Full-width letters, spaces and case do not matter. ScreenerError `security_unknown` for a word that means none and
    `security_ambiguous`, which lists them, for one that means several.
    """
    word = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    coded = _EXCHANGE_FIRST.sub(r"\2.\1", word)
    if "." in coded:
        symbol = parse_symbol(coded)
        return Security(symbol, registry.names.get(str(symbol)))
    if re.fullmatch(r"\d{6}", word):
        symbol = stock_symbol(word)
        return Security(symbol, registry.names.get(str(symbol)))
    found = registry.symbols_of(word) if word else ()
    if len(found) != 1:
        options = "、".join(f"{each} {registry.names.get(each, '')}".strip() for each in found)
        raise ScreenerError("security_ambiguous" if found else "security_unknown", value=text, options=options)
    return Security(parse_symbol(found[0]), registry.names.get(found[0]))


def renaming(symbol: str, name: str, registry: NameRegistry) -> Note | None:
    """What to say where `name` is printed of a security that bears another name or code today; None where nothing changed."""
    change = code_changes().get(symbol)
    listed = registry.names.get(symbol if change is None else change.new) or registry.names.get(symbol)
    if change is not None:
        params: dict[str, object] = {"symbol": symbol, "new": change.new, "since": change.since, "name": listed or name}
        return Note("code_now", params)
    if listed is None or plain_name(listed) == plain_name(name) or plain_name(name).startswith(plain_name(listed)):
        return None
    return Note("name_now", {"symbol": symbol, "name": name, "listed": listed})
