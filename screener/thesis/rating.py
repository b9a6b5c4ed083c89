"""From excess return to rating band, and from band to hit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from screener.thesis.scale import Ladder

# Excess is rounded to this many decimals before it meets an edge, so that 0.20 computed in floating point is at the edge.
# Always as a Python float: numpy's scalars round by another method, half an ulp off at the edge's border.
EXCESS_DECIMALS = 9
# Within half a percentage point of an edge the answer hangs on details: "near edge" (MEASUREMENT).
NEAR_EDGE = 0.005


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
