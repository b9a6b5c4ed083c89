"""Rating scales: the ordered bands of a house's own standard, as data."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from screener.terms.say import Lang

Side = Literal["buy", "hold", "sell"]
Record = TypeVar("Record", bound=BaseModel)


class Frozen(BaseModel):
    """A record read from a file: frozen, no unknown keys, no silent conversion of numbers to text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Band(Frozen):
    """An interval of excess return (fractions) that earns `rating`; a missing edge is unbounded.

    `side` says what the rating asks of its reader: `at_least` counts upwards on the buy side, downwards on the sell side.
    """

    rating: str = Field(min_length=1)
    rating_en: str = Field(min_length=1)
    lower: float = -math.inf
    upper: float = math.inf
    lower_closed: bool = False
    upper_closed: bool = False
    side: Side

    def word(self, lang: Lang) -> str:
        """The rating in the reader's language."""
        return self.rating if lang == "zh" else self.rating_en

    def holds(self, excess: float) -> bool:
        """Whether `excess` (a fraction) lies in the band, edges by `lower_closed` and `upper_closed`."""
        above = excess >= self.lower if self.lower_closed else excess > self.lower
        below = excess <= self.upper if self.upper_closed else excess < self.upper
        return above and below


class Ladder(Frozen):
    """The bands of one kind of subject, best rating first, covering every excess exactly once."""

    bands: tuple[Band, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _covers_the_line_once(self) -> Ladder:
        problems = list(_holes(self.bands))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def edges(self) -> tuple[float, ...]:
        """The finite band edges, ascending (fractions)."""
        return tuple(sorted(band.lower for band in self.bands if math.isfinite(band.lower)))

    @property
    def ratings(self) -> tuple[str, ...]:
        """The ratings, best first."""
        return tuple(band.rating for band in self.bands)

    def band(self, rating: str) -> Band:
        """The band that earns `rating`; KeyError for a word that the scale does not have."""
        for band in self.bands:
            if band.rating == rating:
                return band
        raise KeyError(rating)


def _holes(bands: tuple[Band, ...]) -> Iterator[str]:
    names = [band.rating for band in bands]
    if len(set(names)) < len(names):
        yield "band_duplicate"
    if math.isfinite(bands[0].upper) or math.isfinite(bands[-1].lower):
        yield "band_hole: the outer bands must be open-ended"
    for better, worse in zip(bands, bands[1:], strict=False):
        pair = f"{worse.rating} | {better.rating}"
        if not worse.upper > worse.lower:
            yield f"band_order: {worse.rating}"
        if better.lower > worse.upper or (better.lower == worse.upper and not (better.lower_closed or worse.upper_closed)):
            yield f"band_hole: {pair} ({worse.upper:g} .. {better.lower:g})"
        if better.lower < worse.upper or (better.lower == worse.upper and better.lower_closed and worse.upper_closed):
            yield f"band_overlap: {pair} ({better.lower:g} .. {worse.upper:g})"


class Benchmark(Frozen):
    """One index that the standard names for a market; `when` says for which securities of that market."""

    symbol: str | None = None
    name: str
    name_en: str
    total_return: str | None = None
    when: str | None = None


class Market(Frozen):
    """A market of the standard with the benchmarks it names, the first being used unless a thesis says otherwise.

    `exchanges`: endings of the symbols that trade there (a symbol's ending says which session table it follows);
    `currency`: in which its prices are.
    """

    id: str
    name: str
    name_en: str
    exchanges: tuple[str, ...] = ()
    currency: str = "CNY"
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1)

    def benchmark_name(self, symbol: str, lang: Lang) -> str:
        """What the standard calls a benchmark; the symbol of one that it does not name, such as a total-return index."""
        found = (each.name if lang == "zh" else each.name_en for each in self.benchmarks if each.symbol == symbol)
        return next(found, symbol)


class Window(Frozen):
    """The calendar months after publication between which the standard measures."""

    from_months: int = Field(ge=1)
    to_months: int = Field(ge=1)
    phrase: str

    @model_validator(mode="after")
    def _forward(self) -> Window:
        if self.to_months < self.from_months:
            raise ValueError("window_order")
        return self

    @property
    def horizons(self) -> tuple[int, ...]:
        """The months judged: first, middle (whole months) and last, without repeats."""
        middle = (self.from_months + self.to_months) // 2
        return tuple(sorted({self.from_months, middle, self.to_months}))


class RatingScale(Frozen):
    """A house's rating standard: bands for stocks and industries, the window, and a benchmark for each market."""

    id: str
    house: str
    house_en: str
    source: str
    valid_from: dt.date | None = None
    window: Window
    stock: Ladder
    industry: Ladder
    markets: tuple[Market, ...] = Field(min_length=1)

    def word(self, rating: str, lang: Lang) -> str:
        """A rating of either ladder in the reader's language; StopIteration for a word that the scale does not have."""
        bands = (*self.stock.bands, *self.industry.bands)
        return next(band.word(lang) for band in bands if band.rating == rating)

    def ladder(self, kind: str) -> Ladder:
        """The bands that a subject of `kind` is judged by: candidates the stock bands, everything else the industry's."""
        return self.stock if kind == "candidate" else self.industry

    def market_of_exchange(self, exchange: str) -> Market | None:
        """The market on which symbols with this ending trade; None when the standard knows none."""
        return next((market for market in self.markets if exchange in market.exchanges), None)

    def market(self, market_id: str) -> Market:
        """The market with this id; KeyError when the standard names none."""
        for market in self.markets:
            if market.id == market_id:
                return market
        raise KeyError(market_id)


def read_record(model: type[Record], document: dict[str, Any]) -> Record:
    """A record from a parsed TOML document; pydantic.ValidationError lists everything that does not fit.

    JSON mode is strict about types, yet takes lists for tuples and text for dates, which is what TOML needs.
    """
    return model.model_validate_json(json.dumps(document, default=str, ensure_ascii=False))
