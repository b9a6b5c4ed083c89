"""How often chance does as well: the excess of random baskets, and of the same names on other days."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from screener.judgement.outcome import Basis, Outcome
from screener.measures.baskets import measure
from screener.measures.universe import Traits, Universe, measure_traits
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Calendar, Days, Floats, add_months_to_all
from screener.thesis.subjects import Subject

Against = Literal["baskets", "matched_baskets", "dates"]
# The comparisons of a basket, in the order of the columns; a universe of one base date has no other dates.
AGAINST: tuple[Against, ...] = get_args(Against)
# The traits that peers share, in this order (CONTRACT, `matched`).
MATCHED_ON = ("board", "size", "momentum")
# Within a board: fifths of size, within each thirds of momentum. Fewer than 30 peers say nothing about chance.
SIZE_GROUPS, MOMENTUM_GROUPS = 5, 3
FEWEST_PEERS = 30
MOST_DATES = 1000
# Baskets drawn at once, so that memory does not grow with their number.
BATCH = 100_000
# Excess is compared after rounding, so that the same names added up in another order are equal.
TIE_DECIMALS = 12

Columns = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placebo:
    """Where one subject's excess stands among chance results of the same universe, file, series and adjustment.

    `n`: chance results; `universe_size`: stocks alive at the base date; `size`: names in the basket; `excess`: the
    subject's own (fraction), measured in the universe; `median`: of the chance results; `share_beaten`: share strictly
    below the subject's; `percentile`: the same with ties counted half; `excluded`: reason → codes left out; `left_out`:
    members that the universe lacks; `dividends`: what the subject's dividends were worth over the window (fraction), as
    far as the outcome's own prices know; `unseen`: price return of the same members there less their return in the
    universe (small splits that no step betrays). Both are the size of the bias of unadjusted levels.
    """

    subject: str
    horizon_months: int
    against: Against
    n: int
    universe_size: int
    size: int
    excess: float | None
    median: float | None
    percentile: float | None
    share_beaten: float | None
    matched: tuple[str, ...] | None
    seed: int
    excluded: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    dividends: float | None = None
    unseen: float | None = None
    basis: tuple[Note, ...] = ()
    gap: Gap | None = None


def measure_placebo(outcome: Outcome, universe: Universe, *, n: int, seed: int) -> tuple[Placebo, ...]:
    """Compare every basket and name of `outcome` with `n` random baskets, `n` matched ones, and its own other dates.

    Nothing after the outcome's as-of date is used. The same arguments give the same figures, in any order of subjects.
    """
    run = _Run(outcome, universe.cut(outcome.as_of), n, seed)
    subjects = [each for each in outcome.thesis.subjects() if each.kind != "industry_index"]
    return tuple(each for subject in subjects for each in run.placebos(subject))


def measure_basket_placebo(outcome: Outcome, universe: Universe, *, n: int, seed: int) -> dict[int, Placebo]:
    """The theme basket among `n` random baskets, by horizon in months: the figures of `measure_placebo`, nothing else."""
    run = _Run(outcome, universe.cut(outcome.as_of), n, seed)
    subject = next(each for each in outcome.thesis.subjects() if each.kind == "all")
    return {each.horizon_months: each for each in run.random_placebos(subject)}


def draw_baskets(rng: np.random.Generator, pool: int, size: int, n: int) -> Columns:
    """`n` baskets of `size` different places out of `pool`, every set equally likely: n × size integers.

    Floyd's algorithm (Bentley, "Programming Pearls: a sample of brilliance", CACM 30(9), 1987), all baskets at once.
    ValueError when the pool is smaller than the basket.
    """
    if size > pool:
        raise ValueError(f"cannot draw {size} of {pool}")
    chosen = np.empty((n, size), dtype=np.int64)
    for place, highest in enumerate(range(pool - size, pool)):
        drawn = rng.integers(0, highest + 1, size=n)
        taken = (chosen[:, :place] == drawn[:, None]).any(axis=1)
        chosen[:, place] = np.where(taken, highest, drawn)
    return chosen


def rank(own: float, others: Floats) -> tuple[float, float]:
    """(percentile, share beaten) of `own` among `others`: fractions; ties count half in the first, not in the second."""
    rounded, mine = np.round(others, TIE_DECIMALS), round(own, TIE_DECIMALS)
    beaten = float((rounded < mine).mean())
    return beaten + float((rounded == mine).mean()) / 2, beaten


def match_groups(traits: Traits, alive: Columns) -> Columns:
    """Group number per universe column, −1 for what is not alive or lacks a trait.

    One group: one board, one fifth of size on it, one third of momentum in that fifth.
    """
    groups = np.full(len(traits.board), -1, dtype=np.int64)
    usable = alive[np.isfinite(traits.size[alive]) & np.isfinite(traits.momentum[alive])]
    for number, board in enumerate(sorted(set(traits.board[usable].tolist()))):
        mine = usable[traits.board[usable] == board]
        for fifth, by_size in enumerate(np.array_split(mine[np.argsort(traits.size[mine], kind="stable")], SIZE_GROUPS)):
            ordered = by_size[np.argsort(traits.momentum[by_size], kind="stable")]
            for third, peers in enumerate(np.array_split(ordered, MOMENTUM_GROUPS)):
                groups[peers] = (number * SIZE_GROUPS + fifth) * MOMENTUM_GROUPS + third
    return groups


def horizon_ends(calendar: Calendar, sessions: Days, months: int) -> Columns:
    """Per session as a publication date: position of its end date on `sessions`, −1 where that lies beyond them."""
    ends = add_months_to_all(sessions, months)
    at = np.searchsorted(sessions, ends, side="right") - 1
    # The last session may fall short of the end date: only the calendar knows whether a later one belongs to it.
    return np.where(calendar.all_last_on_or_before(ends) <= sessions[-1], at, -1)


@dataclass(frozen=True)
class _Basket:
    """A subject's members that the universe knows on the base date, and what all its results share."""

    subject: Subject
    at: int
    columns: Columns
    left_out: tuple[str, ...]


class _Run:
    """One run over all subjects: what they share is worked out once."""

    def __init__(self, outcome: Outcome, universe: Universe, n: int, seed: int) -> None:
        self.outcome, self.universe, self.n, self.seed = outcome, universe, n, seed
        self.at = None if outcome.base_date is None else universe.base_position(outcome.base_date)
        self.alive = np.empty(0, dtype=np.int64) if self.at is None else universe.alive(self.at)
        self.excluded = {**universe.excluded, "not_alive": len(universe.symbols) - len(self.alive)}
        months = outcome.months
        self.ends = {each: horizon_ends(outcome.prices.calendar, universe.sessions, each) for each in months}
        absent = None if self.at is None else universe.absent_exchange(self.at)
        kept = [Note("placebo_last_price")] if universe.only_base is None else []
        self.basis = (*universe.basis, *kept, *([absent] if absent else []))

    @cached_property
    def groups(self) -> Columns | None:
        """The group of peers of every column; None without a base date in the universe."""
        return None if self.at is None else match_groups(measure_traits(self.universe, self.at), self.alive)

    def placebos(self, subject: Subject) -> Iterator[Placebo]:
        """Random, matched and own-date comparisons of a subject, each at every horizon."""
        basket = self._basket(subject)
        if isinstance(basket, Gap):
            for against in AGAINST if self.universe.only_base is None else AGAINST[:2]:
                yield from self._all_gaps(subject, against, basket)
            return
        yield from self._random_placebos(basket)
        pools = self._pools(basket)
        if isinstance(pools, Gap):
            yield from self._all_gaps(subject, "matched_baskets", pools, basket)
        else:
            draws = [self._peers(basket, pools, batch) for batch in self._batches(subject, "matched_baskets")]
            yield from self._compared(basket, "matched_baskets", draws)
        for months in self.ends if self.universe.only_base is None else ():
            yield self._other_dates(basket, months)

    def random_placebos(self, subject: Subject) -> Iterator[Placebo]:
        """The random comparison of a subject alone, at every horizon."""
        basket = self._basket(subject)
        return self._all_gaps(subject, "baskets", basket) if isinstance(basket, Gap) else self._random_placebos(basket)

    def _random_placebos(self, basket: _Basket) -> Iterator[Placebo]:
        draws = [self._random(basket, batch) for batch in self._batches(basket.subject, "baskets")]
        return self._compared(basket, "baskets", draws)

    def _basket(self, subject: Subject) -> _Basket | Gap:
        if self.at is None and self.universe.only_base is not None:
            params: dict[str, object] = {"day": self.outcome.base_date, "base": self.universe.only_base}
            return Gap("no_data", "placebo_other_base", params)
        if self.at is None:
            day = self.outcome.base_date
            first, last = (self.universe.sessions[place].astype(dt.date) for place in (0, -1))
            return Gap("no_data", "placebo_base_outside", {"day": day, "first": first, "last": last})
        known = [member for member in subject.members if len(self.universe.columns([member]))]
        columns = self.universe.columns(known)
        living = np.isin(columns, self.alive)
        kept = {member for member, lives in zip(known, living, strict=True) if lives}
        left_out = tuple(member for member in subject.members if member not in kept)
        if not kept:
            params = {
                "symbols": " ".join(left_out),
                "name": self.universe.name,
                "day": self.outcome.base_date,
            }
            return Gap("no_data", "placebo_not_in_universe", params)
        return _Basket(subject, self.at, columns[living], left_out)

    def _batches(self, subject: Subject, against: Against) -> Iterator[tuple[np.random.Generator, int]]:
        """One generator for the subject's whole comparison, and the number of baskets of each batch."""
        rng = np.random.default_rng([self.seed, zlib.crc32(f"{subject.id} {against}".encode())])
        for start in range(0, self.n, BATCH):
            yield rng, min(BATCH, self.n - start)

    def _random(self, basket: _Basket, batch: tuple[np.random.Generator, int]) -> Columns:
        rng, count = batch
        return self.alive[draw_baskets(rng, len(self.alive), len(basket.columns), count)]

    def _pools(self, basket: _Basket) -> dict[int, Columns] | Gap:
        """Group → its stocks other than the basket's own; a gap when a member has fewer than FEWEST_PEERS such peers."""
        pools = {}
        for column in basket.columns:
            group = -1 if self.groups is None else int(self.groups[column])
            symbol = self.universe.symbols[column]
            if group < 0:
                return Gap("no_match", "placebo_no_traits", {"symbol": symbol})
            pools[group] = np.setdiff1d(np.flatnonzero(self.groups == group), basket.columns)
            if len(pools[group]) < FEWEST_PEERS:
                params: dict[str, object] = {"symbol": symbol, "peers": len(pools[group]), "fewest": FEWEST_PEERS}
                return Gap("no_match", "placebo_few_peers", params)
        return pools

    def _peers(self, basket: _Basket, pools: Mapping[int, Columns], batch: tuple[np.random.Generator, int]) -> Columns:
        """For each member a peer of its own group, all different."""
        rng, count = batch
        assert self.groups is not None  # noqa: S101 _pools found groups for every member
        groups = self.groups[basket.columns]
        drawn = np.empty((count, len(basket.columns)), dtype=np.int64)
        for group, pool in pools.items():
            places = np.flatnonzero(groups == group)
            drawn[:, places] = pool[draw_baskets(rng, len(pool), len(places), count)]
        return drawn

    def _compared(self, basket: _Basket, against: Against, draws: Sequence[Columns]) -> Iterator[Placebo]:
        for months in self.ends:
            end = self._end(months)
            if isinstance(end, Gap):
                yield self._placebo(basket.subject, months, against, basket=basket, gap=end)
                continue
            growth, bench = self._growth(basket.at, end)
            others = np.concatenate([growth[each].mean(axis=1) for each in draws]) - bench
            own = float(growth[basket.columns].mean()) - bench
            yield self._placebo(basket.subject, months, against, basket=basket, own=own, others=others)

    def _growth(self, at: int, end: int) -> tuple[Floats, float]:
        """End level / base level of every column, and of the benchmark: their difference is the arithmetic excess."""
        levels, benchmark = self.universe.level, self.universe.benchmark
        return levels[end] / levels[at], float(benchmark[end] / benchmark[at])

    def _other_dates(self, basket: _Basket, months: int) -> Placebo:
        """The same names published on every other session, at most MOST_DATES, on which all of them were alive."""
        ends, end = self.ends[months], self._end(months)
        if isinstance(end, Gap):
            return self._placebo(basket.subject, months, "dates", basket=basket, gap=end)
        first, last = self.universe.first[basket.columns].max(), self.universe.last[basket.columns].min()
        starts = np.arange(len(self.universe.sessions))
        starts = starts[(starts >= first) & (starts <= last) & (ends >= 0) & (starts != basket.at)]
        if len(starts) > MOST_DATES:
            rng = next(self._batches(basket.subject, "dates"))[0]
            starts = np.sort(rng.choice(starts, MOST_DATES, replace=False))
        if not len(starts):
            return self._placebo(basket.subject, months, "dates", basket=basket, gap=Gap("no_match", "placebo_no_dates", {}))
        levels, benchmark = self.universe.level[:, basket.columns], self.universe.benchmark
        at = np.append(starts, basket.at)
        until = np.append(ends[starts], end)
        excess = (levels[until] / levels[at]).mean(axis=1) - benchmark[until] / benchmark[at]
        known = excess[:-1][np.isfinite(excess[:-1])]
        return self._placebo(basket.subject, months, "dates", basket=basket, own=float(excess[-1]), others=known)

    def _end(self, months: int) -> int | Gap:
        """Position of the outcome's end date, or why the universe cannot be measured there."""
        due = self.outcome.end_dates[months]
        if due is None or due > self.outcome.as_of:
            return Gap("not_due", "not_due", {"as_of": self.outcome.as_of})
        end = self.universe.position(due)
        if end is None:
            last = self.universe.sessions[-1].astype(dt.date)
            return Gap("stale", "placebo_universe_ends", {"name": self.universe.name, "last": last, "day": due})
        if np.isnan(self.universe.benchmark[[end, self.at or 0]]).any():
            return Gap("no_benchmark", "no_benchmark", {"symbol": self.universe.benchmark_symbol})
        return end

    def _all_gaps(self, subject: Subject, against: Against, gap: Gap, basket: _Basket | None = None) -> Iterator[Placebo]:
        for months, due in self.outcome.end_dates.items():
            later = due is None or due > self.outcome.as_of
            first = Gap("not_due", "not_due", {"as_of": self.outcome.as_of}) if later else gap
            yield self._placebo(subject, months, against, basket=basket, gap=first)

    def _placebo(
        self,
        subject: Subject,
        months: int,
        against: Against,
        *,
        basket: _Basket | None,
        own: float | None = None,
        others: Floats | None = None,
        gap: Gap | None = None,
    ) -> Placebo:
        percentile, beaten = (None, None) if own is None or others is None else rank(own, others)
        extra = {"matched_baskets": (Note("placebo_matched_on"),), "dates": (Note("placebo_dates_overlap"),), "baskets": ()}
        return Placebo(
            subject=subject.id,
            horizon_months=months,
            against=against,
            n=0 if others is None else len(others),
            universe_size=len(self.alive),
            size=len(subject.members) if basket is None else len(basket.columns),
            excess=own,
            median=None if others is None else float(np.median(others)),
            percentile=percentile,
            share_beaten=beaten,
            matched=MATCHED_ON if against == "matched_baskets" else None,
            seed=self.seed,
            excluded=self.excluded,
            left_out=subject.members if basket is None else basket.left_out,
            dividends=self._dividends(subject, months),
            unseen=None if basket is None or own is None else self._unseen(basket, months),
            basis=(*self.basis, *extra[against]),
            gap=gap,
        )

    def _dividends(self, subject: Subject, months: int) -> float | None:
        """Total less price return of the subject in the outcome's own prices, a fraction; None where either is a gap.

        None too where the universe's own levels hold the dividends.
        """
        if self.universe.series == "total":
            return None
        with_cash: Basis = "like" if self.outcome.compared[subject.id].is_absolute else "mixed"
        total, price = (self.outcome.row(subject.id, months, basis=basis).own_return for basis in (with_cash, "headline"))
        return None if total is None or price is None else total - price

    def _unseen(self, basket: _Basket, months: int) -> float | None:
        """Price return of the basket's kept members in the outcome's prices less that in the universe, a fraction."""
        base, due, end = self.outcome.base_date, self.outcome.end_dates[months], self._end(months)
        if base is None or due is None or isinstance(end, Gap) or self.universe.series == "total":
            return None
        kept = [self.universe.symbols[column] for column in basket.columns]
        adjusted = measure(self.outcome.market, kept, series="price", start=base, end=due).value
        growth, _ = self._growth(basket.at, end)
        return None if adjusted is None else adjusted - float(growth[basket.columns].mean() - 1)
