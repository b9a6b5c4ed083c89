"""How the market was distributed over a standard's bands, so that a hit rate has something to stand beside."""

from __future__ import annotations

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
    excess: dict[tuple[int, int, bool], Floats] = field(default_factory=dict)
    shares: dict[tuple[int, int], Floats] = field(default_factory=dict)
    sums: dict[int, Floats] = field(default_factory=dict)
    peers: dict[bool, npt.NDArray[np.intp]] = field(default_factory=dict)

    def stated(self, coded: Coded, measured: Flags) -> Floats:
        """The base rate of each rating's stated band (fractions), NaN where unknown and where it is not `measured`."""
        found = np.full(len(coded), np.nan)
        rows = np.flatnonzero(measured)
        plan = self.facts.standards.plan[coded.word[rows]]
        keys, at = np.unique(plan.astype(np.int64) * len(self.facts.dates.base) + coded.date[rows], return_inverse=True)
        counts = np.bincount(at, minlength=len(keys))
        known = [divmod(int(key), len(self.facts.dates.base)) for key in keys]
        table = np.full((len(keys), self.facts.standards.band.shape[1]), np.nan)
        for place, ((of, date), count) in enumerate(zip(known, counts, strict=True)):
            shares = self._counted(of, date, int(count))
            table[place, : len(shares)] = shares
        passed = self._passed(coded.word[rows])
        found[rows] = np.where(passed >= 0, table[at, np.maximum(passed, 0)], np.nan)
        return found

    def market(self) -> Mapping[tuple[str, str, str], float]:
        """(scale, kind, band), best first → the mean share over the windows of the ratings asked for so far."""
        found = {}
        for place, sums in self.sums.items():
            plan = self.facts.standards.plans[place]
            for passed, rating in reversed(list(enumerate(reversed(plan.ladder.ratings)))):
                if sums[-1]:
                    found[plan.scale.id, plan.kind, rating] = float(sums[passed] / sums[-1])
        return found

    def _counted(self, plan: int, date: int, count: int) -> Floats:
        """The shares of one window, which `count` more ratings have."""
        shares = self.of(plan, date)
        if not np.isnan(shares).any():
            so_far = self.sums.get(plan, np.zeros(len(shares) + 1))
            self.sums[plan] = so_far + np.append(shares, 1.0) * count
        return shares

    def of(self, plan: int, date: int) -> Floats:
        """The share of the market in each band, worst first, at the end of the window of `plan` that begins on a date."""
        if (plan, date) not in self.shares:
            edges = self.facts.standards.edges[plan]
            edges = edges[np.isfinite(edges)]
            excess = self._excess(plan, date)
            counts = np.diff([0, *np.searchsorted(excess, edges, side="left"), len(excess)])
            is_index = self.facts.standards.plans[plan].kind == "index"
            enough = len(excess) >= (FEWEST_INDUSTRIES if is_index else 1)
            self.shares[plan, date] = counts / len(excess) if enough else np.full(len(edges) + 1, np.nan)
        return self.shares[plan, date]

    def _excess(self, plan: int, date: int) -> Floats:
        """Every peer's excess over 12 months from a publication date, ascending."""
        dates, benchmark = self.facts.dates, int(self.facts.benchmark[plan])
        is_index = self.facts.standards.plans[plan].kind == "index"
        key = (benchmark, date, is_index)
        if key not in self.excess:
            own = self._returns(self._peers(is_index), int(dates.base[date]), int(dates.end[date, dates.month(12)]))
            other = self._returns(np.array([benchmark]), int(dates.base[date]), int(dates.end[date, dates.month(12)]))
            self.excess[key] = np.sort(own - other[0]) if len(other) else np.empty(0)
        return self.excess[key]

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

    def _passed(self, words: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The place of each stated band among its ladder's, worst first; −1 for no rating."""
        standards = self.facts.standards
        low = standards.stated[:, 0]
        passed = (standards.edges[standards.plan] <= low[:, np.newaxis]).sum(axis=1)
        return np.asarray(np.where(np.isnan(low), -1, passed)[words], dtype=np.int64)
