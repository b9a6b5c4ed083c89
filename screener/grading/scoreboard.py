"""How often ratings came true, by group: hit rates beside what any stock of the market would have earned."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from screener.grading.base_rates import BaseRates
from screener.grading.gather import Coded
from screener.measures.cells import Floats
from screener.terms.sessions import add_months

# Below this many measured ratings, or this many different symbols, a hit rate says nothing about the group.
FEW_RATINGS, FEW_SYMBOLS = 30, 10
# Two-sided 95% of the normal distribution.
Flags = npt.NDArray[np.bool_]
Z_95 = 1.959963984540054
GROUPS = ("house", "analyst", "rating", "change")
BY_SIGN = " (by_sign)"
PRINTED_STEPS = {"上调": "up", "调高": "up", "下调": "down", "调低": "down", "首次": "first", "维持": "kept"}
# Added up by symbol: ratings, those not due, without a figure, measured, hits, and those whose base rate is known.
SUMS = ("count", "pending", "gaps", "measured", "hits", "compared", "compared_hits", "base")
_NEEDED = ("symbol", "published", "rating", "house", "analyst", "hit_end", "gap", "flags", "change", "rating_change")


@dataclass(frozen=True)
class Score:
    """One group of ratings. `measured`: rated and due, with a figure; rates and skill are fractions of these.

    `low`, `high`: 95% interval of the hit rate, clustered by symbol. `base_rate`: the mean share of the market (stocks, or
    industry indices where an index is rated) that earned the stated band over the same windows, over the `compared` ratings
    of which it is known; None where of none. `skill`: hit rate of these − base_rate. `small`: too small to say anything.
    """

    by: str
    group: str
    count: int
    pending: int
    gaps: int
    measured: int
    symbols: int
    hits: int
    compared: int
    hit_rate: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    skill: float | None
    small: bool


@dataclass(frozen=True)
class Scoreboard:
    """`scores` by group; `market`: (scale, kind, band) → the share of the market that earned it, averaged over the windows of
    the measured ratings; `universe`: how many stocks the market has; `repeats`: ratings left out as unchanged repeats.
    """

    scores: tuple[Score, ...]
    market: Mapping[tuple[str, str, str], float]
    universe: int
    repeats: int = 0

    def of(self, by: str) -> tuple[Score, ...]:
        """The scores of one grouping."""
        return tuple(score for score in self.scores if score.by == by)


def build_scoreboard(
    batches: Iterable[tuple[pa.Table, Coded]], base_rates: BaseRates, *, universe: int, merge_repeats: bool = False
) -> Scoreboard:
    """Scores by house, analyst (where there are such columns) and rating, from graded batches, one at a time.

    `merge_repeats` (needs all ratings in one batch, and a house column): see `unchanged_repeats`.
    """
    sums: dict[str, pd.DataFrame] = {}
    repeats = 0
    for table, coded in batches:
        frame = table.select([name for name in _NEEDED if name in table.column_names]).to_pandas()
        kept = np.ones(len(frame), dtype=bool)
        if merge_repeats:
            kept = ~unchanged_repeats(frame).to_numpy()
            repeats += int((~kept).sum())
        frame = _with_steps(frame)
        measured = kept & frame["hit_end"].notna().to_numpy()
        frame = _marked(frame, measured, base_rates.stated(coded, measured))[kept]
        for by in (name for name in GROUPS if name in frame):
            part = frame.groupby([_labels(frame, by), frame["symbol"].astype(object)], sort=False)
            added = part[list(SUMS)].sum()
            sums[by] = added if by not in sums else pd.concat([sums[by], added]).groupby(level=[0, 1], sort=False).sum()
    scores = [score for by, part in sums.items() for score in _scores(by, part)]
    return Scoreboard(tuple(scores), base_rates.market(), universe, repeats)


def _labels(frame: pd.DataFrame, by: str) -> pd.Series:
    """The group of each rating; those judged by the sign alone are a group of their own."""
    label = frame[by].astype(object).fillna("")
    by_sign = frame["flags"].astype(object).fillna("").str.contains("by_sign", regex=False)
    return label.where(~by_sign, label + BY_SIGN)


def _with_steps(frame: pd.DataFrame) -> pd.DataFrame:
    """With the step from the rating before in `change`: the report's own word where there is one."""
    if "rating_change" not in frame:
        return frame
    printed = frame["rating_change"].astype(object).map(PRINTED_STEPS)
    derived = frame["change"].astype(object) if "change" in frame else None
    return frame.assign(change=printed if derived is None else printed.fillna(derived))


def _marked(frame: pd.DataFrame, measured: Flags, base: Floats) -> pd.DataFrame:
    """With columns to add up: 0 or 1, and the base rate of the stated band where it is known."""
    hits = frame["hit_end"].fillna(False).astype(bool).to_numpy() & measured
    compared = measured & ~np.isnan(base)
    return frame.assign(
        count=1,
        pending=(frame["gap"] == "not_due").astype(int),
        gaps=(frame["gap"].notna() & (frame["gap"] != "not_due")).astype(int),
        measured=measured.astype(int),
        hits=hits.astype(int),
        compared=compared.astype(int),
        compared_hits=(hits & compared).astype(int),
        base=np.where(compared, base, 0.0),
    )


def unchanged_repeats(frame: pd.DataFrame, months: int = 12) -> pd.Series:
    """Which ratings repeat the same house's last counted rating of the symbol, unchanged, within `months` after it.

    `frame`: house, symbol, published, rating. The first of equal ones counts; one after the window counts again.
    """
    again = pd.Series(False, index=frame.index)
    counted: dict[tuple[object, object], tuple[object, dt.date]] = {}
    ordered = frame.sort_values("published", kind="stable")
    rows = zip(ordered.index, ordered["house"], ordered["symbol"], ordered["rating"], ordered["published"], strict=True)
    for row, house, symbol, rating, published in rows:
        before = counted.get((house, symbol))
        if before is not None and before[0] == rating and published < add_months(before[1], months):
            again[row] = True
        else:
            counted[house, symbol] = (rating, published)
    return again


def _scores(by: str, sums: pd.DataFrame) -> list[Score]:
    scores = [score_group(by, str(group), part) for group, part in sums.groupby(level=0, sort=True)]
    return sorted(scores, key=lambda score: (-score.measured, score.group))


def score_group(by: str, group: str, sums: pd.DataFrame) -> Score:
    """The score of one group from its sums: a row a symbol, the columns of SUMS."""
    total = sums.sum()
    measured = sums[sums["measured"] > 0]
    count, hits = int(total["measured"]), int(total["hits"])
    rate = hits / count if count else None
    low, high = clustered_interval(measured["hits"].to_numpy(), measured["measured"].to_numpy()) if count else (None, None)
    compared = int(total["compared"])
    base = float(total["base"]) / compared if compared else None
    return Score(
        by=by,
        group=group,
        count=int(total["count"]),
        pending=int(total["pending"]),
        gaps=int(total["gaps"]),
        measured=count,
        symbols=len(measured),
        hits=hits,
        compared=compared,
        hit_rate=rate,
        low=low,
        high=high,
        base_rate=base,
        skill=None if base is None else int(total["compared_hits"]) / compared - base,
        small=count < FEW_RATINGS or len(measured) < FEW_SYMBOLS,
    )


def clustered_interval(hits: Sequence[int] | np.ndarray, counts: Sequence[int] | np.ndarray) -> tuple[float, float]:
    """95% interval (fractions) of Σ hits / Σ counts, ratings of one symbol being no independent draws.

    `hits`, `counts`: by symbol. Wilson's interval at the effective number of ratings p(1 − p) / v, v being the variance of
    the ratio by clusters, G/(G − 1) Σ (hits − p counts)² / (Σ counts)²; at most Σ counts, and the number of symbols G where
    v is 0 or unknown (all hits, no hit, one symbol). Source: Kish, Survey Sampling (1965), ch. 5-6; Wilson (1927).
    """
    hit, count = np.asarray(hits, dtype=float), np.asarray(counts, dtype=float)
    groups, total = len(count), count.sum()
    share = hit.sum() / total
    variance = 0.0
    if groups > 1:
        variance = groups / (groups - 1) * float(((hit - share * count) ** 2).sum()) / total**2
    effective = min(total, share * (1 - share) / variance) if variance > 0 else float(groups)
    middle = (share + Z_95**2 / (2 * effective)) / (1 + Z_95**2 / effective)
    half = Z_95 * math.sqrt(share * (1 - share) / effective + (Z_95 / (2 * effective)) ** 2) / (1 + Z_95**2 / effective)
    return max(0.0, middle - half), min(1.0, middle + half)
