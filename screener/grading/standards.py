"""Rating standards as intervals of doubles, so that what compares excess returns can have no opinion of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screener.grading.arrays import Places, Standards
from screener.terms.sessions import Floats
from screener.thesis.scale import Ladder, RatingScale, Window, is_at_least, is_near_edge, rate

MARKET = "a_share"
Bounds = tuple[float, float]
# Half a percentage point around an edge (rating.NEAR_EDGE) and a little more, where the search for the zone's ends begins.
BEYOND_NEAR = 0.0051


@dataclass(frozen=True)
class Plan:
    """How one kind of security is judged under one scale: its bands, its window in months, what it is measured against."""

    scale: RatingScale
    kind: str

    @property
    def ladder(self) -> Ladder:
        """The bands."""
        return ladder_of(self.scale, self.kind)

    @property
    def window(self) -> Window:
        """The months between which the standard measures."""
        return self.scale.window

    @property
    def benchmark(self) -> str | None:
        """The index that the standard names for A shares; None when it names none."""
        return benchmark_of(self.scale)


def build_standards(scales: Mapping[str, RatingScale], words: Sequence[tuple[str, str, str]]) -> Standards:
    """The plans that `words` (scale, kind, rating; "" being unrated) are judged by, and the words in their order."""
    pairs = tuple(dict.fromkeys((scale, kind) for scale, kind, _ in words))
    plans = tuple(Plan(scales[scale], kind) for scale, kind in pairs)
    known = [_bounds(plan.ladder) for plan in plans]
    at = [pairs.index((scale, kind)) for scale, kind, _ in words]
    bounds = [known[plan][rating] for plan, (_, _, rating) in zip(at, words, strict=True)]
    width = max((len(plan.ladder.edges) for plan in plans), default=0)
    zones = [near_zones(plan.ladder) for plan in plans]
    bands = tuple(dict.fromkeys(rating for plan in plans for rating in plan.ladder.ratings))
    return Standards(
        plans=plans,
        ratings=tuple(rating for _, _, rating in words),
        plan=np.array(at, dtype=np.int32),
        months=np.array([(plan.window.from_months, plan.window.to_months) for plan in plans], dtype=np.int32).reshape(-1, 2),
        stated=np.array([stated for stated, _ in bounds], dtype=float).reshape(-1, 2),
        at_least=np.array([least for _, least in bounds], dtype=float).reshape(-1, 2),
        edges=_padded([band_edges(plan.ladder) for plan in plans], width),
        near_from=_padded([[start for start, _ in zone] for zone in zones], width),
        near_to=_padded([[end for _, end in zone] for zone in zones], width),
        band=_band_places(plans, bands, width + 1),
        bands=bands,
    )


def ladder_of(scale: RatingScale, kind: str) -> Ladder:
    """The bands for a security of this kind: an index stands for an industry."""
    return scale.industry if kind == "index" else scale.stock


def ratings_of(scales: Mapping[str, RatingScale]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(scale, kind) → the ratings that it knows, best first."""
    return {(name, kind): ladder_of(scale, kind).ratings for name, scale in scales.items() for kind in ("stock", "index")}


def benchmark_of(scale: RatingScale) -> str | None:
    """The index that the standard names for A shares; None when it names none."""
    if MARKET not in {market.id for market in scale.markets}:
        return None
    return scale.market(MARKET).benchmarks[0].symbol


def _padded(rows: Sequence[Sequence[float]], width: int) -> Floats:
    return np.array([[*row, *[math.inf] * (width - len(row))] for row in rows], dtype=float).reshape(-1, width)


def _bounds(ladder: Ladder) -> dict[str, tuple[Bounds, Bounds]]:
    """Each rating's own band and the bands that are at least it, as excess [from, to); NaN for no rating."""
    ends = [-math.inf, *band_edges(ladder), math.inf]
    worst_first = list(reversed(ladder.ratings))
    found = {"": ((math.nan, math.nan), (math.nan, math.nan))}
    for passed, rating in enumerate(worst_first):
        least = [other for other, earned in enumerate(worst_first) if is_at_least(earned, rating, ladder)]
        found[rating] = ((ends[passed], ends[passed + 1]), (ends[min(least)], ends[max(least) + 1]))
    return found


def _band_places(plans: Sequence[Plan], bands: Sequence[str], width: int) -> Places:
    found = np.full((len(plans), width), -1, dtype=np.int32)
    for place, plan in enumerate(plans):
        worst_first = [bands.index(rating) for rating in reversed(plan.ladder.ratings)]
        found[place, : len(worst_first)] = worst_first
    return found


def smallest_excess(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest double in (low, high] for which `holds`, which is False at `low`, True at `high`, and turns once."""
    while (middle := low + (high - low) / 2) not in (low, high):
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def band_edges(ladder: Ladder) -> list[float]:
    """For each band edge, ascending: the smallest excess (a double) that earns the better band, as `rating.rate` says."""
    order: dict[str | None, int] = {rating: rank for rank, rating in enumerate((*ladder.ratings, None))}
    margin = 1e-6
    found = []
    for edge in ladder.edges:
        worse = order[rate(edge - margin, ladder)]
        found.append(
            smallest_excess(lambda x, worse=worse: order[rate(x, ladder)] < worse, edge - margin, edge + margin)  # type: ignore[misc]
        )
    return found


def near_zones(ladder: Ladder) -> list[tuple[float, float]]:
    """For each band edge: the smallest near excess, and the smallest one above that is no longer near (doubles)."""
    zones = []
    for edge in ladder.edges:
        low, high = edge - BEYOND_NEAR, edge + BEYOND_NEAR
        start = low if is_near_edge(low, ladder) else smallest_excess(lambda x: is_near_edge(x, ladder), low, edge)
        end = high if is_near_edge(high, ladder) else smallest_excess(lambda x: not is_near_edge(x, ladder), edge, high)
        zones.append((start, end))
    return zones
