"""Rating standards as intervals of doubles, so that what compares excess returns can have no opinion of its own."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from screener.grading.arrays import Places, Standards
from screener.grading.coding import Said, Trouble
from screener.grading.plan import Plan
from screener.measures.cells import GAP_NUMBER, NO_GAP, PLAN_FLAGS
from screener.terms.sessions import Floats
from screener.thesis.comparison import Comparison
from screener.thesis.editions import choose_edition, is_of_house
from screener.thesis.scale import EXCESS_DECIMALS, Ladder, RatingScale, is_at_least, is_near_edge, no_standard, rate

Interval = tuple[float, float]
NOTHING: Interval = (math.nan, math.nan)
# Half a percentage point around an edge (NEAR_EDGE) and a little more, where the search for the zone's ends begins.
BEYOND_NEAR = 0.0051
# So close to an edge there is no other.
MARGIN = 1e-6
NO_STANDARD = no_standard("")


@dataclass
class Editions:
    """The scales at hand, by id and by house and month. `house`: the editions of a house, found once."""

    scales: Mapping[str, RatingScale]
    house: dict[str, tuple[RatingScale, ...]] = field(default_factory=dict)

    def trouble(self, said: Said) -> Trouble | None:
        """Why a rating cannot be graded at all: a scale that is unknown, or a word that the named scale does not have."""
        known = {"count": len(self.scales)}
        if said.scale in self.scales:
            ladder = Plan(self.scales[said.scale], said.kind).ladder
            word = self.scales[said.scale].plain_rating(said.rating) if said.rating else None
            if word is None or word in ladder.ratings:
                return None
            return "rating", "ratings_word_unknown", {"known": " ".join(ladder.ratings)}
        if said.scale:
            return None if self._of_house(said.scale) else ("scale", "ratings_scale_unknown", known)
        return None if said.house else ("scale", "ratings_scale_unknown", known)

    def plan(self, said: Said) -> tuple[Plan, str]:
        """(how a rating is judged, its word, "" for none). A house without an edition has NO_STANDARD."""
        scale = self.scales.get(said.scale)
        if scale is None:
            day = dt.date(max(1, said.month // 12), said.month % 12 + 1, 1)
            scale = choose_edition(self._of_house(said.scale or said.house), said.scale or said.house, day, rating=said.rating)
        plan = Plan(scale or NO_STANDARD, said.kind)
        if not plan.ladder.bands:
            plan = Plan(NO_STANDARD, said.kind)
        return plan, (plan.scale.plain_rating(said.rating) or "") if said.rating else ""

    def _of_house(self, house: str) -> tuple[RatingScale, ...]:
        if house not in self.house:
            self.house[house] = tuple(scale for scale in self.scales.values() if is_of_house(scale, house))
        return self.house[house]


def build_standards(editions: Editions, words: Sequence[Said], symbols: Sequence[str]) -> Standards:
    """The plans that `words` are judged by, and the words in their order.

    `symbols`: one of each exchange and board, since a standard may name an index for each.
    """
    planned = [editions.plan(said) for said in words]
    keys = [(plan.scale.id, plan.kind) for plan, _ in planned]
    by_key = {key: plan for key, (plan, _) in zip(keys, planned, strict=True)}
    places = {key: place for place, key in enumerate(by_key)}
    plans = tuple(by_key.values())
    segments = [list(band_segments(plan.ladder)) for plan in plans]
    width = max((len(each) for each in segments), default=0)
    known = [_intervals(plan.ladder) for plan in plans]
    intervals = [known[places[key]].get(word, (NOTHING, NOTHING)) for key, (_, word) in zip(keys, planned, strict=True)]
    zones = [near_zones(plan.ladder) for plan in plans]
    most = max((len(zone) for zone in zones), default=0)
    bands = tuple(dict.fromkeys(rating for plan in plans for rating in plan.ladder.ratings))
    compared = [[plan.compare(symbol) for symbol in symbols] for plan in plans]
    return Standards(
        plans=plans,
        names=tuple("" if plan.scale is NO_STANDARD else plan.scale.id for plan in plans),
        ratings=tuple(said.rating for said in words),
        plan=np.array([places[key] for key in keys], dtype=np.int32),
        months=np.array([(plan.window.from_months, plan.window.to_months) for plan in plans], dtype=np.int32).reshape(-1, 2),
        stated=np.array([stated for stated, _ in intervals], dtype=float).reshape(-1, 2),
        at_least=np.array([least for _, least in intervals], dtype=float).reshape(-1, 2),
        word_gap=np.array([_word_gap(plan, word) for plan, word in planned], dtype=np.int8),
        rank=np.array([_rank(plan, word) for plan, word in planned], dtype=np.int32),
        edges=_padded([[start for start, _ in each[1:]] for each in segments], width - 1),
        near_from=_padded([[start for start, _ in zone] for zone in zones], most),
        near_to=_padded([[end for _, end in zone] for zone in zones], most),
        band=_band_places(segments, bands, width),
        bands=bands,
        by_sign=np.array([plan.by_sign for plan in plans], dtype=bool),
        absolute=np.array([plan.ladder.measure == "absolute" for plan in plans], dtype=bool),
        needs_industry=np.array([plan.needs_industry for plan in plans], dtype=bool),
        flags=np.array([[_flag_bits(each) for each in row] for row in compared], dtype=np.int16).reshape(len(plans), -1),
    )


def _flag_bits(found: Comparison) -> int:
    return sum(bit for bit, word in PLAN_FLAGS.items() if word in found.flags)


def _word_gap(plan: Plan, word: str) -> int:
    """Why a rating cannot be told true or false although it has a figure: no standard, or no band for its word."""
    if not plan.ladder.bands:
        return GAP_NUMBER["no_standard"]
    told = not word or (plan.ladder.knows(word) and not (plan.by_sign and plan.ladder.band(word).side == "hold"))
    return NO_GAP if told else GAP_NUMBER["no_bands"]


def _rank(plan: Plan, word: str) -> int:
    """How good a rating is among its ladder's, 0 the worst; −1 for none."""
    return len(plan.ladder.bands) - 1 - plan.ladder.ratings.index(word) if plan.ladder.knows(word) else -1


def _padded(rows: Sequence[Sequence[float]], width: int) -> Floats:
    return np.array([[*row, *[math.inf] * (width - len(row))] for row in rows], dtype=float).reshape(len(rows), max(width, 0))


def _intervals(ladder: Ladder) -> dict[str, tuple[Interval, Interval]]:
    """Each rating's own band and the bands that are at least it, as figures [from, to); NaN for what cannot be told."""
    if ladder.measure == "words_only":
        return {band.rating: (_side(band.side), _side(band.side)) for band in ladder.bands}
    starts = list(band_segments(ladder))
    ends = [*(start for start, _ in starts[1:]), math.inf]
    own = {rating: (start, end) for (start, rating), end in zip(starts, ends, strict=True) if rating is not None}
    found = {}
    for rating, interval in own.items():
        least = [each for other, each in own.items() if is_at_least(other, rating, ladder)]
        found[rating] = (interval, (min(low for low, _ in least), max(high for _, high in least)))
    return found


def _side(side: str) -> Interval:
    """The figures whose sign is that of a rating's side; exactly 0 (after rounding) is of neither."""
    if side == "buy":
        return smallest_excess(lambda x: round(x, EXCESS_DECIMALS) > 0, 0.0, MARGIN), math.inf
    return (-math.inf, smallest_excess(lambda x: round(x, EXCESS_DECIMALS) >= 0, -MARGIN, 0.0)) if side == "sell" else NOTHING


def _band_places(segments: Sequence[Sequence[tuple[float, str | None]]], bands: Sequence[str], width: int) -> Places:
    found = np.full((len(segments), max(width, 1)), -1, dtype=np.int32)
    for place, each in enumerate(segments):
        found[place, : len(each)] = [-1 if rating is None else bands.index(rating) for _, rating in each]
    return found


def smallest_excess(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest double in (low, high] for which `holds`, which is False at `low`, True at `high`, and turns once."""
    while (middle := low + (high - low) / 2) not in (low, high):
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def band_segments(ladder: Ladder) -> Iterator[tuple[float, str | None]]:
    """(smallest double, the rating from there on) of each piece of the line, ascending, as `scale.rate` says; None: no band."""
    edges = ladder.edges
    if not edges:
        yield -math.inf, None
        return
    yield -math.inf, rate(edges[0] - MARGIN, ladder)
    for edge in edges:
        below, above = rate(edge - MARGIN, ladder), rate(edge + MARGIN, ladder)
        if below != above:
            yield smallest_excess(lambda x, below=below: rate(x, ladder) != below, edge - MARGIN, edge + MARGIN), above  # type: ignore[misc]


def band_edges(ladder: Ladder) -> list[float]:
    """For each band edge, ascending: the smallest excess (a double) that earns the better band, as `scale.rate` says."""
    return [start for start, _ in band_segments(ladder)][1:]


def near_zones(ladder: Ladder) -> list[Interval]:
    """For each band edge: the smallest near excess, and the smallest one above that is no longer near (doubles)."""
    zones = []
    for edge in ladder.edges:
        low, high = edge - BEYOND_NEAR, edge + BEYOND_NEAR
        start = low if is_near_edge(low, ladder) else smallest_excess(lambda x: is_near_edge(x, ladder), low, edge)
        end = high if is_near_edge(high, ladder) else smallest_excess(lambda x: not is_near_edge(x, ladder), edge, high)
        zones.append((start, end))
    return zones
