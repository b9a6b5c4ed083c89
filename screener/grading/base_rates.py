"""How the market was distributed over a standard's bands, so that a hit rate has something to stand beside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from screener.grading.arrays import Facts
from screener.grading.gather import Coded
from screener.measures.cells import NO_GAP, Floats
from screener.measures.industries import industries
from screener.terms.symbols import parse_symbol

# Fewer industries than this are no market: the rated one would be compared with itself.
FEWEST_INDUSTRIES = 10
Flags = npt.NDArray[np.bool_]


@dataclass(eq=False)
class BaseRates:
    """The shares of a market in each band over the window of a rating, worked out when first asked for.

    The market of a stock is every common A share of the panel, that of an index every industry index; a name counts where it
    has a figure, with the same gaps as for a rating. NaN where none has one, or fewer than FEWEST_INDUSTRIES industries.
    """

    facts: Facts
    figures: dict[tuple[int, int, int, bool, bool], Floats] = field(default_factory=dict)
    sums: dict[int, Floats] = field(default_factory=dict)
    peers: dict[bool, npt.NDArray[np.intp]] = field(default_factory=dict)

    def stated(self, coded: Coded, measured: Flags) -> Floats:
        """The base rate of each rating's stated band (fractions), NaN where unknown and where it is not `measured`."""
        found = np.full(len(coded), np.nan)
        rows = np.flatnonzero(measured)
        count = len(self.facts.dates.base)
        shelf = self.facts.shelf[coded.symbol[rows]].astype(np.int64)
        keys, at = np.unique(
            (coded.word[rows] * (shelf.max(initial=0) + 1) + shelf) * count + coded.date[rows], return_inverse=True
        )
        first = np.unique(at, return_index=True)[1]
        times = np.bincount(at, minlength=len(keys))
        shares = [self._share(coded, int(rows[each]), int(time)) for each, time in zip(first, times, strict=True)]
        found[rows] = np.array(shares, dtype=float)[at] if len(keys) else np.empty(0)
        return found

    def market(self) -> Mapping[tuple[str, str, str], float]:
        """(scale, kind, band), best first → the mean share over the windows of the ratings asked for so far."""
        found = {}
        for place, sums in self.sums.items():
            plan = self.facts.standards.plans[place]
            band = self.facts.standards.band[place]
            for passed in range(len(sums) - 2, -1, -1):
                if band[passed] >= 0 and not plan.by_sign:
                    found[plan.scale.id, plan.kind, self.facts.standards.bands[band[passed]]] = float(sums[passed] / sums[-1])
        return found

    def _share(self, coded: Coded, row: int, times: int) -> float:
        """The share of the market whose figure lies in the band that a rating states; `times` ratings are like it."""
        standards, word = self.facts.standards, int(coded.word[row])
        plan = int(standards.plan[word])
        figures = self._figures(plan, int(self.facts.shelf[coded.symbol[row]]), int(coded.date[row]))
        if len(figures) < (FEWEST_INDUSTRIES if standards.plans[plan].kind == "index" else 1):
            return math.nan
        edges = standards.edges[plan][np.isfinite(standards.edges[plan])]
        counts = np.diff([0, *np.searchsorted(figures, edges), len(figures)])
        self.sums[plan] = self.sums.get(plan, np.zeros(len(counts) + 1)) + np.append(counts / len(figures), 1.0) * times
        low, high = np.searchsorted(figures, standards.stated[word])
        return float(high - low) / len(figures)

    def _figures(self, plan: int, shelf: int, date: int) -> Floats:
        """What every peer would be measured at, at the end of the window of `plan` from a publication date, ascending."""
        dates, standards = self.facts.dates, self.facts.standards
        is_index, benchmark = standards.plans[plan].kind == "index", int(self.facts.benchmark[plan, shelf])
        absolute, month = bool(standards.absolute[plan]), int(standards.months[plan, 1])
        key = (benchmark, date, month, is_index, absolute)
        if key not in self.figures:
            base, end = int(dates.base[date]), int(dates.end[date, dates.month(month)])
            own = self._returns(self._peers(is_index), base, end)
            other = np.zeros(1) if absolute else self._returns(np.array([benchmark]), base, end)
            self.figures[key] = np.sort(own - other[0]) if len(other) else np.empty(0)
        return self.figures[key]

    def _returns(self, places: npt.NDArray[np.intp], base: int, end: int) -> Floats:
        """Returns of those of `places` that have one from `base` to `end`."""
        panel = self.facts.panel
        if base < 0 or end < 0:
            return np.empty(0)
        known = (places >= 0) & (panel.base_gaps[places, base] == NO_GAP)
        known &= (panel.gaps[places, end] == NO_GAP) & (panel.stops[places, base] > end)
        return np.asarray(panel.levels[places[known], end] / panel.levels[places[known], base] - 1, dtype=float)

    def _peers(self, is_index: bool) -> npt.NDArray[np.intp]:
        if is_index not in self.peers:
            symbols = self.facts.panel.symbols
            level_one = {each.symbol for each in industries()}
            mine = [each in level_one if is_index else parse_symbol(each).is_a_share for each in symbols]
            self.peers[is_index] = np.flatnonzero(mine)
        return self.peers[is_index]
