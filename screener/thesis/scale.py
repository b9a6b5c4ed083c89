"""Rating scales: the ordered bands of a house's own standard, as data."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from screener.terms.numbers import rounded
from screener.terms.say import Lang, say

Side = Literal["buy", "hold", "sell"]
Record = TypeVar("Record", bound=BaseModel)

# Excess is rounded to this many decimals before it meets an edge, so that 0.20 computed in floating point is at the edge.
# Always as a Python float: numpy's scalars round by another method, half an ulp off at the edge's border.
EXCESS_DECIMALS = 9
# Within half a percentage point of an edge the answer hangs on details: "near edge" (MEASUREMENT).
NEAR_EDGE = 0.005


class Frozen(BaseModel):
    """A record read from a file: frozen, no unknown keys, no silent conversion of numbers to text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def edge_text(edge: float) -> str:
    """A band edge (fraction) in percentage points, its sign shown, no more digits than it has: +20, −2.5, 0."""
    value = round(100 * edge, EXCESS_DECIMALS - 2)
    return (f"{value:+.15g}" if value else "0").replace("-", "\u2212")


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

    def text(self, lang: Lang) -> str:
        """The band with its edges in percentage points, an open one as > or <, a closed one as ≥ or ≤: +5 ≤ 增持 < +20."""
        word = self.word(lang)
        above, below = ("≥" if self.lower_closed else ">"), ("≤" if self.upper_closed else "<")
        low, high = edge_text(self.lower), edge_text(self.upper)
        if math.isinf(self.lower) and math.isinf(self.upper):
            return word
        if math.isinf(self.lower):
            return f"{word} {below} {high}"
        if math.isinf(self.upper):
            return f"{word} {above} {low}"
        return f"{low} {'≤' if self.lower_closed else '<'} {word} {below} {high}"

    def range(self, lang: Lang) -> str:
        """The edges alone in percentage points: ±10, or −5 至 +10; of an outer band > or ≥ with its one edge."""
        if math.isfinite(self.lower) and self.lower == -self.upper:
            return f"±{edge_text(self.upper).lstrip('+')}"
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return say("label_range", lang, first=edge_text(self.lower), last=edge_text(self.upper))
        return self.text(lang).removeprefix(self.word(lang)).strip()

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

    def text(self, lang: Lang) -> str:
        """Every band with its edges in percentage points, best first."""
        return say("phrase_comma", lang).join(band.text(lang) for band in self.bands)

    @property
    def market_band(self) -> Band:
        """The band that a subject level with its benchmark earns: the one that holds an excess of 0."""
        return next(band for band in self.bands if band.holds(0.0))

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


def rate(excess: float, ladder: Ladder) -> str:
    """The rating whose band holds `excess` (a fraction, unrounded); ValueError for a number that is not finite."""
    if not math.isfinite(excess):
        raise ValueError(f"excess must be finite, not {excess!r}")
    value = round(float(excess), EXCESS_DECIMALS)
    return next(band.rating for band in ladder.bands if band.holds(value))


def rate_all(excess: npt.NDArray[np.float64], ladder: Ladder) -> npt.NDArray[np.object_]:
    """As `rate`, for a whole array of any shape; None where the excess is NaN, ValueError for an infinite one."""
    if np.isinf(excess).any():
        raise ValueError("excess must not be infinite")
    values = np.round(excess, EXCESS_DECIMALS)
    bands = np.full(values.shape, None, dtype=object)
    for band in ladder.bands:
        above = values >= band.lower if band.lower_closed else values > band.lower
        below = values <= band.upper if band.upper_closed else values < band.upper
        bands[above & below] = band.rating
    return bands


def to_next_edge(excess: float, ladder: Ladder) -> float:
    """Signed distance (a fraction) from `excess` to the nearest band edge; the upper one when two are equally near."""
    value = round(float(excess), EXCESS_DECIMALS)
    nearest = min(reversed(ladder.edges), key=lambda edge: round(abs(edge - value), EXCESS_DECIMALS))
    return nearest - value


def is_near_edge(excess: float, ladder: Ladder) -> bool:
    """Whether `excess` lies within 0.5 percentage points of a band edge, both ends included."""
    return round(abs(to_next_edge(excess, ladder)), EXCESS_DECIMALS) <= NEAR_EDGE


def is_at_least(earned: str, stated: str, ladder: Ladder) -> bool:
    """Whether the earned rating is as good or better on the buy side, as bad or worse on the sell side, equal on hold."""
    order = {rating: rank for rank, rating in enumerate(ladder.ratings)}
    side = ladder.band(stated).side
    if side == "hold":
        return earned == stated
    return order[earned] <= order[stated] if side == "buy" else order[earned] >= order[stated]


def decimals_apart(excess: float, ladder: Ladder, least: int = 2) -> int:
    """How many decimals an excess (fraction) needs in percentage points to be shown inside its own band.

    `least`, or more where rounding would put it over an edge, or on one that it does not reach: +9.996, not +10.00.
    """
    value = round(float(excess), EXCESS_DECIMALS)
    for decimals in range(least, EXCESS_DECIMALS - 2):
        shown = round(float(rounded(100 * value, decimals)) / 100, EXCESS_DECIMALS)
        if rate(shown, ladder) == rate(value, ladder) and (shown == value or shown not in ladder.edges):
            return decimals
    return EXCESS_DECIMALS - 2


def decimals_seen(distance: float, least: int = 2) -> int:
    """How many decimals a distance to an edge (fraction) needs in percentage points so as not to be shown as 0."""
    value = round(float(distance), EXCESS_DECIMALS)
    enough = (decimals for decimals in range(least, EXCESS_DECIMALS - 2) if not value or rounded(100 * value, decimals))
    return next(enough, EXCESS_DECIMALS - 2)
