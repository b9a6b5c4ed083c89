"""The rank of an industry among the 31 level-1 industries of 申万, as brokers print it."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from screener.measures.quotes import Market, Quote, quote
from screener.measures.returns import simple_return
from screener.terms.say import Lang


@dataclass(frozen=True)
class Industry:
    """A level-1 industry index and its names."""

    symbol: str
    name: str
    name_en: str

    def label(self, lang: Lang) -> str:
        """Its name in a language."""
        return self.name if lang == "zh" else self.name_en


@dataclass(frozen=True)
class Ranking:
    """Week returns (fractions) of the industries that could be measured, best first; `missing`: the others' symbols."""

    returns: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many industries were ranked."""
        return len(self.returns)

    def rank(self, symbol: str) -> int | None:
        """1 = best, equal returns share the better rank; None for a symbol that was not ranked."""
        found = dict(self.returns)
        return None if symbol not in found else self.place_of(found[symbol])

    def place_of(self, value: float) -> int:
        """The rank that a return (fraction) would have."""
        return 1 + sum(other > value for _, other in self.returns)


@cache
def industries() -> tuple[Industry, ...]:
    """The 31 industries of the classification of 2021, in the order of their codes; from `data/industries.csv`."""
    with (files("screener") / "data" / "industries.csv").open(encoding="utf-8") as file:
        return tuple(Industry(**row) for row in csv.DictReader(file))


def rank_industries(market: Market, *, start: dt.date, end: dt.date) -> Ranking:
    """Rank the industries by their return from the close of `start` to the close of `end` (price indices)."""
    measured, missing = [], []
    for industry in industries():
        first, last = (quote(market, industry.symbol, day, series="price") for day in (start, end))
        if isinstance(first, Quote) and isinstance(last, Quote):
            measured.append((industry.symbol, simple_return(first.level, last.level)))
        else:
            missing.append(industry.symbol)
    return Ranking(tuple(sorted(measured, key=lambda each: (-each[1], each[0]))), tuple(missing))
