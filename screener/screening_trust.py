"""The run behind `outcome --sensitivity` and `--placebo`: reads the universe that was named, then measures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from screener.evidence.base_rates import date_rates, industry_rates, stock_rates
from screener.evidence.bases import compare_bases
from screener.evidence.placebo import measure_placebo
from screener.evidence.robustness import measure_robustness
from screener.evidence.sensitivity import measure_sensitivity
from screener.evidence.trust import Trust
from screener.judgement.outcome import Outcome
from screener.measures.universe import IndexHistory, Universe
from screener.sources.index_history import EMPTY_HISTORY, load_index_history
from screener.sources.market_file import load_universe
from screener.terms.notes import UsageError

MOST_BASKETS = 1_000_000


def assess_trust(
    outcome: Outcome, *, sensitivity: bool, placebo: int | None, universe: str | None, seed: int, store: Path | None = None
) -> Trust:
    """Measure what was asked for; `universe`: a folder, or `store` for the one in `store`.

    UsageError when a placebo has no universe, a universe no placebo, or N makes no sense.
    """
    if (placebo is None) != (universe is None):
        raise UsageError("placebo_needs_universe")
    if placebo is not None and not 1 <= placebo <= MOST_BASKETS:
        raise UsageError("placebo_count", most=MOST_BASKETS, value=placebo)
    if seed < 0:
        raise UsageError("placebo_seed", value=seed)
    trust = Trust(
        outcome=outcome,
        robustness=measure_robustness(outcome, seed=seed),
        bases=compare_bases(outcome),
        seed=seed,
        sensitivity=measure_sensitivity(outcome) if sensitivity else None,
    )
    if placebo is None or universe is None:
        return trust
    market, history = _load_market(outcome, universe, store)
    rates = (*industry_rates(outcome, history), *date_rates(outcome, history), *stock_rates(outcome, market))
    return replace(trust, placebo=measure_placebo(outcome, market, n=placebo, seed=seed), base_rates=rates)


def _load_market(outcome: Outcome, universe: str, store: Path | None) -> tuple[Universe, IndexHistory]:
    """The universe that a word names, with the industry indices of a folder; the store keeps no such history."""
    if universe == "store":
        from screener.store.universe import load_store_universe

        return load_store_universe(store, benchmark=outcome.benchmark, end=outcome.as_of), EMPTY_HISTORY
    folder = Path(universe)
    market = load_universe(folder, benchmark=outcome.benchmark, end=outcome.as_of)
    return market, load_index_history(folder, benchmark=outcome.benchmark, end=outcome.as_of)
