"""How often ratings came true, by group: hit rates beside what any stock of the market would have earned."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from screener.grading.facts import Facts, band_edges
from screener.measures.panel import NO_GAP, Floats, Panel
from screener.terms.sessions import add_months
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import RatingScale

# Below this many measured ratings, or this many different symbols, a hit rate says nothing about the group.
FEW_RATINGS, FEW_SYMBOLS = 30, 10
# Two-sided 95% of the normal distribution.
Z_95 = 1.959963984540054
GROUPS = ("house", "analyst", "rating")
_SUMS = ("count", "pending", "gaps", "measured", "hits", "base")


@dataclass(frozen=True)
class Score:
    """One group of ratings. `measured`: rated and due, with a figure; rates and skill are fractions of these.

    `low`, `high`: 95% interval of the hit rate, clustered by symbol. `base_rate`: the mean share of the market's stocks
    that earned the stated band over the same windows. `skill` = hit_rate − base_rate. `small`: too small to say anything.
    """

    by: str
    group: str
    count: int
    pending: int
    gaps: int
    measured: int
    symbols: int
    hits: int
    hit_rate: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    skill: float | None
    small: bool


@dataclass(frozen=True)
class Scoreboard:
    """`scores` by group; `market`: (scale, band) → the share of the market's stocks that earned it, averaged over the windows
    of the measured ratings; `universe`: how many stocks the market has; `repeats`: ratings left out as unchanged repeats.
    """

    scores: tuple[Score, ...]
    market: Mapping[tuple[str, str], float]
    universe: int
    repeats: int = 0

    def of(self, by: str) -> tuple[Score, ...]:
        """The scores of one grouping."""
        return tuple(score for score in self.scores if score.by == by)


@dataclass(frozen=True, eq=False)
class BaseRates:
    """`shares[plan]`: days × bands (worst first), the share of stocks in each band over the 12 months after each day."""

    first: dt.date
    scales: tuple[str, ...]
    bands: Mapping[str, tuple[str, ...]]
    shares: Mapping[str, Floats]

    def rows(self, scale: str, published: pd.Series) -> Floats:
        """The shares for each date of `published`: dates × bands, NaN where nothing is due."""
        at = (published.to_numpy().astype("datetime64[D]") - np.datetime64(self.first)).astype(np.int64)
        return self.shares[scale][at]


def measure_base_rates(panel: Panel, facts: Facts, scales: Mapping[str, RatingScale]) -> BaseRates:
    """For every publication date and scale, how the market's stocks were distributed over the bands 12 months later.

    A stock counts when it has a figure: the same gaps as for a rating.
    """
    stocks = np.array([parse_symbol(symbol).board not in ("none", "b_share") for symbol in panel.symbols])
    dates = facts.tables["dates"].to_pandas()
    shares: dict[str, Floats] = {}
    for plan, (name, scale) in enumerate(scales.items()):
        edges = np.array(band_edges(scale.stock))
        rows = dates[dates["plan"] == plan]
        counts = [
            _distribution(panel, stocks, edges, base, end, bench)
            for base, end, bench in zip(rows["base_pos"], rows["pos_12"], rows["bench_12"], strict=True)
        ]
        shares[name] = np.array(counts)
    bands = {name: tuple(reversed(scale.stock.ratings)) for name, scale in scales.items()}
    return BaseRates(dates["published"].min(), tuple(scales), bands, shares)


def _distribution(panel: Panel, stocks: np.ndarray, edges: Floats, base: float, end: float, bench: float) -> Floats:
    if any(math.isnan(each) for each in (base, end, bench)):
        return np.full(len(edges) + 1, np.nan)
    start, stop = int(base), int(end)
    known = stocks & (panel.base_gaps[:, start] == NO_GAP) & (panel.gaps[:, stop] == NO_GAP)
    known &= panel.stops[:, start] > stop
    excess = (panel.levels[known, stop] / panel.levels[known, start] - 1) - bench
    counts = np.bincount(np.searchsorted(edges, excess, side="right"), minlength=len(edges) + 1)
    return counts / counts.sum() if counts.sum() else np.full(len(edges) + 1, np.nan)


def build_scoreboard(
    tables: Iterable[pa.Table], base_rates: BaseRates, *, universe: int, merge_repeats: bool = False
) -> Scoreboard:
    """Scores by house, analyst (where there are such columns) and rating, from graded tables, one piece at a time.

    `merge_repeats` (needs all ratings in one piece, and a house column): see `unchanged_repeats`.
    """
    sums: dict[str, pd.DataFrame] = {}
    market: dict[str, Floats] = {name: np.zeros(len(bands) + 1) for name, bands in base_rates.bands.items()}
    repeats = 0
    for table in tables:
        frame = table.to_pandas()
        if merge_repeats:
            again = unchanged_repeats(frame)
            repeats += int(again.sum())
            frame = frame[~again]
        frame = _marked(frame, base_rates, market)
        for by in (name for name in GROUPS if name in frame):
            part = frame.groupby([frame[by].fillna("").astype(str), "symbol"], sort=False)[list(_SUMS)].sum()
            sums[by] = part if by not in sums else pd.concat([sums[by], part]).groupby(level=[0, 1], sort=False).sum()
    scores = [score for by, part in sums.items() for score in _scores(by, part)]
    shares = {
        (name, band): float(market[name][place] / market[name][-1])
        for name, bands in base_rates.bands.items()
        for place, band in reversed(list(enumerate(bands)))
        if market[name][-1]
    }
    return Scoreboard(tuple(scores), shares, universe, repeats)


def _marked(frame: pd.DataFrame, base_rates: BaseRates, market: dict[str, Floats]) -> pd.DataFrame:
    """With 0/1 columns to add up, and the base rate of the stated band; adds the measured windows to `market`."""
    measured = frame["hit_12m"].notna()
    base = pd.Series(0.0, index=frame.index)
    for name in base_rates.scales:
        mine = frame[measured & (frame["scale"] == name)]
        if mine.empty:
            continue
        rows = base_rates.rows(name, mine["published"])
        bands = pd.Index(base_rates.bands[name])
        place = bands.get_indexer(pd.Index(mine["rating"]))
        base[mine.index] = np.where(place >= 0, rows[np.arange(len(mine)), np.maximum(place, 0)], 0.0)
        market[name] += np.append(np.nansum(rows, axis=0), len(rows))
    return frame.assign(
        count=1,
        pending=(frame["gap"] == "not_due").astype(int),
        gaps=(frame["gap"].notna() & (frame["gap"] != "not_due")).astype(int),
        measured=measured.astype(int),
        hits=frame["hit_12m"].fillna(False).astype(int),
        base=base,
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
    scores = [_score(by, str(group), part) for group, part in sums.groupby(level=0, sort=True)]
    return sorted(scores, key=lambda score: (-score.measured, score.group))


def _score(by: str, group: str, sums: pd.DataFrame) -> Score:
    total = sums.sum()
    measured = sums[sums["measured"] > 0]
    count, hits = int(total["measured"]), int(total["hits"])
    rate = hits / count if count else None
    low, high = clustered_interval(measured["hits"].to_numpy(), measured["measured"].to_numpy()) if count else (None, None)
    base = float(total["base"]) / count if count else None
    return Score(
        by=by,
        group=group,
        count=int(total["count"]),
        pending=int(total["pending"]),
        gaps=int(total["gaps"]),
        measured=count,
        symbols=len(measured),
        hits=hits,
        hit_rate=rate,
        low=low,
        high=high,
        base_rate=base,
        skill=None if rate is None or base is None else rate - base,
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
