"""How far a thesis's answer depends on conventions and on luck, as far as a desk shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from screener.evidence.base_rates import industry_rates
from screener.evidence.placebo import measure_basket_placebo
from screener.evidence.sensitivity import measure_sensitivity
from screener.judgement.outcome import Outcome
from screener.measures.universe import IndexHistory, Universe
from screener.terms.notes import Gap
from screener.thesis.thesis import ALL


@dataclass(frozen=True, eq=False)
class Chance:
    """What a desk is compared with: `market` gives an outcome's universe and industries, None where none is at hand.

    `n`: random baskets; `seed` of the draws.
    """

    market: Callable[[Outcome], tuple[Universe, IndexHistory] | None]
    n: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Evidence:
    """At the end of the window, fractions: `agreement` by headline subject, the basket's `percentile` among random ones with
    the `gap` where there is none, and `base_rate`, the share of industries that earned the stated band.
    """

    agreement: Mapping[str, float | None] = field(default_factory=dict)
    percentile: float | None = None
    gap: Gap | None = None
    base_rate: float | None = None


def weigh(outcome: Outcome, chance: Chance | None) -> Evidence:
    """The evidence on one outcome; nothing without `chance`, and before its window has ended."""
    months = outcome.scale.window.to_months
    if chance is None or outcome.status != "matured":
        return Evidence()
    index = outcome.thesis.industry_index
    subjects = tuple(each for each in (index.symbol if index else None, ALL) if each is not None)
    grid = measure_sensitivity(outcome, subjects=subjects)
    agreement = {subject: grid.agreement_of(subject, months).share_same for subject in subjects}
    found = chance.market(outcome)
    if found is None:
        return Evidence(agreement)
    universe, history = found
    placebo = measure_basket_placebo(outcome, universe, n=chance.n, seed=chance.seed)[months]
    rates = industry_rates(outcome, history)
    stated = outcome.thesis.rating.industry if outcome.thesis.rating else None
    rate = next((each for each in rates if each.horizon_months == months and each.gap is None), None)
    return Evidence(
        agreement=agreement,
        percentile=placebo.percentile,
        gap=placebo.gap,
        base_rate=rate.share.get(stated) if rate and stated else None,
    )
