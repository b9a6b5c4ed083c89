"""Rating scales: the ordered bands of a house's own standard, as data."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, model_validator

from screener.terms.numbers import rounded
from screener.terms.say import Lang, say
from screener.thesis.markets import A_SHARES, Frozen, Market, Standard

Side = Literal["buy", "hold", "sell"]
Measure = Literal["relative", "absolute", "industry_relative", "words_only"]
Record = TypeVar("Record", bound=BaseModel)

# Excess is rounded to this many decimals before it meets an edge, so that 0.20 computed in floating point is at the edge.
# Always as a Python float: numpy's scalars round by another method, half an ulp off at the edge's border.
EXCESS_DECIMALS = 9
# Within half a percentage point of an edge the answer hangs on details: "near edge" (MEASUREMENT).
NEAR_EDGE = 0.005
# Horizons that stay in every result for comparison, with a verdict only inside the ladder's window.
COMPARED = (6, 9, 12)
MONTH = r"^\d{4}(-(0[1-9]|1[0-2]))?$"
NO_RATING = ("无评级", "未评级", "暂停评级", "不评级", "无", "NR", "Not Rated")


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

    @property
    def is_bounded(self) -> bool:
        """Whether the band has an edge at all."""
        return math.isfinite(self.lower) or math.isfinite(self.upper)

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


class Window(Frozen):
    """The calendar months after publication between which the standard measures; `phrase`: its own words."""

    from_months: int = Field(ge=1, le=120)
    to_months: int = Field(ge=1, le=120)
    phrase: str = ""

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

    def holds(self, months: int) -> bool:
        """Whether a horizon lies in the window, both ends included: only there it earns a verdict."""
        return self.from_months <= months <= self.to_months


class Ladder(Frozen):
    """The bands of one kind of subject, best rating first, covering every figure exactly once unless `partial`.

    `measure`: what the bands compare: `relative` return minus benchmark, `absolute` return, `industry_relative` return minus
    the industry index, `words_only` the sign of the relative return, since the standard has no numbers. `benchmark`: by market
    id, else the market's first one. `dividends`: the standard counts them. `unconfirmed`: seen once, or not whole.
    """

    bands: tuple[Band, ...] = Field(min_length=1)
    own_window: Window | None = Field(default=None, alias="window")
    measure: Measure = "relative"
    benchmark: dict[str, Standard] = Field(default_factory=dict)
    partial: bool = False
    dividends: bool = False
    unconfirmed: bool = False

    @model_validator(mode="after")
    def _covers_the_line_once(self) -> Ladder:
        problems = list(_holes(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def window(self) -> Window:
        """The months between which this ladder measures."""
        return self.own_window or USUAL_WINDOW

    @property
    def edges(self) -> tuple[float, ...]:
        """The finite band edges, ascending (fractions)."""
        found = {edge for band in self.bands for edge in (band.lower, band.upper) if math.isfinite(edge)}
        return tuple(sorted(found))

    @property
    def ratings(self) -> tuple[str, ...]:
        """The ratings, best first."""
        return tuple(band.rating for band in self.bands)

    @property
    def has_numbers(self) -> bool:
        """Whether the bands can be told by a figure; not where the standard has words only, or is not known."""
        return bool(self.edges)

    def text(self, lang: Lang) -> str:
        """Every band with its edges in percentage points, best first."""
        return say("phrase_comma", lang).join(band.text(lang) for band in self.bands)

    @property
    def level_band(self) -> Band | None:
        """The band that a subject level with its benchmark earns: the one that holds 0; None where there are no numbers."""
        return next((band for band in self.bands if band.holds(0.0)), None) if self.has_numbers else None

    def named(self, market: str) -> tuple[str, ...]:
        """The symbols of every index that the ladder itself names for a market."""
        standard = self.benchmark.get(market)
        found = (standard.symbol, *standard.by.values()) if standard else ()
        return tuple(symbol for symbol in found if symbol)

    def knows(self, rating: str) -> bool:
        """Whether `rating` is a word of this ladder."""
        return rating in self.ratings

    def band(self, rating: str) -> Band:
        """The band that earns `rating`; KeyError for a word that the scale does not have."""
        for band in self.bands:
            if band.rating == rating:
                return band
        raise KeyError(rating)


def _holes(ladder: Ladder) -> Iterator[str]:
    bands = ladder.bands
    names = [band.rating for band in bands]
    if len(set(names)) < len(names):
        yield "band_duplicate"
    if ladder.measure == "words_only":
        yield from (f"band_with_edges: {band.rating}" for band in bands if band.is_bounded)
        return
    if not ladder.partial and (math.isfinite(bands[0].upper) or math.isfinite(bands[-1].lower)):
        yield "band_hole: the outer bands must be open-ended"
    for better, worse in zip(bands, bands[1:], strict=False):
        pair = f"{worse.rating} | {better.rating}"
        touching = better.lower == worse.upper
        if not worse.upper > worse.lower:
            yield f"band_order: {worse.rating}"
        if better.lower > worse.upper or (touching and not (better.lower_closed or worse.upper_closed)):
            yield f"band_hole: {pair} ({worse.upper:g} .. {better.lower:g})"
        if better.lower < worse.upper or (touching and better.lower_closed and worse.upper_closed):
            yield f"band_overlap: {pair} ({better.lower:g} .. {worse.upper:g})"


USUAL_WINDOW = Window(from_months=6, to_months=12)
# Stands where a house has no ladder for a kind of subject: nothing is rated by it.
NO_LADDER = Ladder.model_construct(
    bands=(), own_window=USUAL_WINDOW, measure="relative", benchmark={}, partial=True, dividends=False, unconfirmed=False
)


class RatingScale(Frozen):
    """One edition of a house's rating standard: a ladder for stocks, one for industries, and a benchmark for each market.

    `edition_from`, `edition_to`: the first and last month (2021-05) or year that it was seen in print. A window of the whole
    file is that of each ladder without its own. `risk_suffixes` are cut from a word (领先大市-A); `no_rating`: words without a
    rating.
    """

    id: str
    house: str
    house_en: str
    source: str
    aliases: tuple[str, ...] = ()
    edition_from: str | None = Field(default=None, pattern=MONTH)
    edition_to: str | None = Field(default=None, pattern=MONTH)
    valid_from: dt.date | None = None
    unconfirmed: bool = False
    common_window: Window | None = Field(default=None, alias="window")
    own_stock: Ladder | None = Field(default=None, alias="stock")
    own_industry: Ladder | None = Field(default=None, alias="industry")
    markets: tuple[Market, ...] = Field(default=(A_SHARES,), min_length=1)
    risk_suffixes: tuple[str, ...] = ()
    no_rating: tuple[str, ...] = NO_RATING

    @model_validator(mode="after")
    def _every_ladder_has_a_window(self) -> RatingScale:
        for field, ladder in (("own_stock", self.own_stock), ("own_industry", self.own_industry)):
            if ladder is None or ladder.own_window is not None:
                continue
            if self.common_window is None:
                raise ValueError(f"window_missing: {field.removeprefix('own_')}")
            object.__setattr__(self, field, ladder.model_copy(update={"own_window": self.common_window}))
        return self

    @property
    def stock(self) -> Ladder:
        """The ladder for single names; without a band where the standard has none."""
        return self.own_stock or NO_LADDER

    @property
    def industry(self) -> Ladder:
        """The ladder for industries and baskets; without a band where the standard has none."""
        return self.own_industry or NO_LADDER

    @property
    def window(self) -> Window:
        """The months that a run as a whole is dated by: the industry ladder's, or a lone stock ladder's."""
        return (self.own_industry or self.stock).window

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons of both ladders, ascending."""
        ladders = [ladder for ladder in (self.own_stock, self.own_industry) if ladder is not None]
        return tuple(sorted({months for ladder in ladders for months in ladder.window.horizons})) or self.window.horizons

    @property
    def months(self) -> tuple[int, ...]:
        """Every horizon that a result shows: those of both ladders, and 6, 9 and 12 months for comparison."""
        return tuple(sorted({*COMPARED, *self.horizons}))

    def word(self, rating: str, lang: Lang) -> str:
        """A rating of either ladder in the reader's language; the word itself where the scale does not have it."""
        bands = (*self.stock.bands, *self.industry.bands)
        return next((band.word(lang) for band in bands if band.rating == rating), rating)

    def plain_rating(self, word: str) -> str | None:
        """A printed rating without its risk grade; None for a word that rates nothing (无评级)."""
        found = next((word.removesuffix(each) for each in self.risk_suffixes if word.endswith(each)), word).strip()
        return None if found in self.no_rating else found

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


def no_standard(house: str, house_en: str | None = None) -> RatingScale:
    """Stands for a house without any edition at hand: prices are compared, nothing is rated (gap `no_standard`)."""
    return RatingScale(id="no-standard", house=house, house_en=house_en or house, source="")


def read_record(model: type[Record], document: dict[str, Any]) -> Record:
    """A record from a parsed TOML document; pydantic.ValidationError lists everything that does not fit.

    JSON mode is strict about types, yet takes lists for tuples and text for dates, which is what TOML needs.
    """
    return model.model_validate_json(json.dumps(document, default=str, ensure_ascii=False))


def rate(value: float, ladder: Ladder) -> str | None:
    """The rating whose band holds `value` (a fraction, unrounded); ValueError for a number that is not finite.

    `value` is what the ladder's `measure` says: an excess, or a return. None where no band holds it: the standard has words
    only, no ladder, or a partial one.
    """
    if not math.isfinite(value):
        raise ValueError(f"excess must be finite, not {value!r}")
    if not ladder.has_numbers:
        return None
    plain = round(float(value), EXCESS_DECIMALS)
    return next((band.rating for band in ladder.bands if band.holds(plain)), None)


def rate_all(values: npt.NDArray[np.float64], ladder: Ladder) -> npt.NDArray[np.object_]:
    """As `rate`, for a whole array of any shape; None where the figure is NaN too, ValueError for an infinite one."""
    if np.isinf(values).any():
        raise ValueError("excess must not be infinite")
    plain = np.round(values, EXCESS_DECIMALS)
    found = np.full(plain.shape, None, dtype=object)
    for band in ladder.bands if ladder.has_numbers else ():
        above = plain >= band.lower if band.lower_closed else plain > band.lower
        below = plain <= band.upper if band.upper_closed else plain < band.upper
        found[above & below] = band.rating
    return found


def to_next_edge(value: float, ladder: Ladder) -> float | None:
    """Signed distance (a fraction) from `value` to the nearest band edge; the upper one when two are equally near.

    None where the ladder has no edge.
    """
    plain = round(float(value), EXCESS_DECIMALS)
    found = reversed(ladder.edges)
    nearest = min(found, key=lambda edge: round(abs(edge - plain), EXCESS_DECIMALS), default=None)
    return None if nearest is None else nearest - plain


def is_near_edge(value: float, ladder: Ladder) -> bool:
    """Whether `value` lies within 0.5 percentage points of a band edge, both ends included."""
    distance = to_next_edge(value, ladder)
    return distance is not None and round(abs(distance), EXCESS_DECIMALS) <= NEAR_EDGE


def is_at_least(earned: str, stated: str, ladder: Ladder) -> bool:
    """Whether the earned rating is as good or better on the buy side, as bad or worse on the sell side, equal on hold."""
    order = {rating: rank for rank, rating in enumerate(ladder.ratings)}
    side = ladder.band(stated).side
    if side == "hold":
        return earned == stated
    return order[earned] <= order[stated] if side == "buy" else order[earned] >= order[stated]


class Earned(NamedTuple):
    """What a figure earned beside a stated rating; None where it cannot be said. `by_sign`: judged by the side alone."""

    band: str | None
    hit: bool | None
    at_least: bool | None
    by_sign: bool = False


def judge_rating(value: float, stated: str, ladder: Ladder) -> Earned:
    """Whether `value` (as `rate` takes it) came true to the rating `stated`.

    Words only: a hit where the sign is that of the rating's side, exactly 0 is none; neutral cannot be told (`no_bands`).
    Neither can a word that the ladder does not have, or a figure that a partial ladder leaves out.
    """
    band = rate(value, ladder)
    if not ladder.knows(stated):
        return Earned(band, None, None)
    if ladder.measure == "words_only":
        side, plain = ladder.band(stated).side, round(float(value), EXCESS_DECIMALS)
        hit = None if side == "hold" else plain > 0 if side == "buy" else plain < 0
        return Earned(None, hit, hit, by_sign=True)
    if band is None:
        return Earned(None, None, None)
    return Earned(band, band == stated, is_at_least(band, stated, ladder))


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
