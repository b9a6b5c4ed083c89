"""Names and codes: which symbol a name means, and which code a security bears today."""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

from screener.terms.symbols import Symbol, parse_symbol

# What exchanges put before a short name: risk warning, ex-dividend and ex-right days, the first days of trading.
_RISK = re.compile(r"^(?:S?\*?ST|SST)(?=[一-鿿A-Z0-9])")
_MARKED_DAY = re.compile(r"^(?:XD|XR|DR|[NC](?=[一-鿿]))")
# What they put behind one: not yet profitable, unequal votes, depositary receipts, Hong Kong biotech.
_SUFFIX = re.compile(r"-(?:UW|WD|SW|U|W|D|B|S|R)$")
_DELISTING = re.compile(r"^退市|退$")
# A list with fewer names than this is somebody's selection: absence from it says nothing.
WHOLE_MARKET = 3000


@cache
def bundled_names() -> dict[str, str]:
    """Symbol → name, from the bundled `data/names.csv`."""
    with (files("screener") / "data" / "names.csv").open(encoding="utf-8") as file:
        return {row["symbol"]: row["name"] for row in csv.DictReader(file)}


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

    `names` are as the list prints them; `label` says in messages which list it is.
    """

    names: Mapping[str, str]
    label: str
    delisted: Mapping[str, dt.date] = field(default_factory=dict)

    @property
    def is_whole_market(self) -> bool:
        """Whether absence from the list means something."""
        return len(self.names) >= WHOLE_MARKET

    def symbols_of(self, name: str) -> tuple[str, ...]:
        """Every stock that `name` may mean: () when unknown, several when it is ambiguous.

        A name printed whole wins; then the same with the A of an A share (万科 is 万科A); then a listed name that an
        ex-dividend mark cut short (XD生益科 is 生益科技). Of one company's listings the A share wins.
        """
        plain = plain_name(name)
        for wanted in (plain, f"{plain}A"):
            if wanted in self._by_name:
                return _prefer_a_share(self._by_name[wanted])
        cut = [symbol for short, symbol in self._cut_short if plain.startswith(short) and len(short) < len(plain)]
        return _prefer_a_share(tuple(cut))

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
    def _cut_short(self) -> tuple[tuple[str, str], ...]:
        """Names whose ex-dividend mark pushed their last character out: exchanges print four full-width characters."""
        marked = ((unicodedata.normalize("NFKC", name), symbol) for symbol, name in self.names.items())
        return tuple((plain_name(name), symbol) for name, symbol in marked if re.match(r"XD|XR|DR", name) and len(name) >= 5)


def _prefer_a_share(symbols: tuple[str, ...]) -> tuple[str, ...]:
    domestic = tuple(symbol for symbol in symbols if not symbol.endswith(".HK"))
    return domestic or symbols


@cache
def bundled_registry() -> NameRegistry:
    """The names that ship with the package."""
    return NameRegistry(bundled_names(), "data/names.csv")


@dataclass(frozen=True)
class CodeChange:
    """A security that bears another code since a date; `?` in a rule stands for a digit, the last ones being kept."""

    old: str
    new: str
    since: dt.date
    old_name: str
    new_name: str

    @property
    def is_rule(self) -> bool:
        """Whether the row stands for a whole range of codes."""
        return "?" in self.old

    def apply(self, symbol: str) -> str | None:
        """The new symbol of `symbol`, None when this change does not concern it."""
        if not re.fullmatch(re.escape(self.old).replace(r"\?", r"\d"), symbol) or parse_symbol(symbol).kind != "stock":
            return None
        kept = self.new.count("?")
        return self.new.replace("?" * kept, parse_symbol(symbol).code[-kept:]) if kept else self.new


@cache
def code_changes() -> tuple[CodeChange, ...]:
    """The bundled code changes, single securities before rules.

    Source: announcements of the exchanges. 中航电测 became 中航成飞 on 2025-02-17. The Beijing exchange moved six pilot
    stocks on 2025-05-06 and all others on 2025-10-09 to 920 and the old last three digits; where two old codes ended alike
    it moved one of them on to the next free number, which a rule cannot know (a list of names can).
    """
    with (files("screener") / "data" / "code_changes.csv").open(encoding="utf-8") as file:
        rows = [
            CodeChange(row["old"], row["new"], dt.date.fromisoformat(row["since"]), row["old_name"], row["new_name"])
            for row in csv.DictReader(file)
        ]
    return tuple(sorted(rows, key=lambda row: row.is_rule))


def current_symbol(symbol: str, on: dt.date) -> str:
    """The symbol that the security bears on the date `on`; itself when nothing is known to have changed."""
    for change in code_changes():
        new = change.apply(symbol) if change.since <= on else None
        if new is not None:
            return new
    return symbol


def successor(symbol: Symbol) -> Symbol:
    """The symbol under which sources know the security today: itself, unless its own change of code is on record.

    A rule over a range of codes is no proof: asking by it could bring another company's prices.
    """
    found = (change.new for change in code_changes() if not change.is_rule and change.old == str(symbol))
    return parse_symbol(next(found, str(symbol)))
