"""Returns, excess, baskets, drawdown, volatility and beta: pure functions over levels."""

from __future__ import annotations

from typing import cast

import numpy as np

from screener.terms.sessions import Floats


def drawdown_path(path: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Fall from the highest value so far along a path of returns since its first session (fractions ≤ 0)."""
    values = 1 + path
    highest = np.fmax.accumulate(values)
    return values / highest - 1


# Volatility and beta look at the last 250 traded daily returns, about a year, and annualise with the same number.
TRADING_DAYS = 250


def simple_return(start_level: float, end_level: float) -> float:
    """End level / start level − 1, a fraction; exactly 0 for equal levels."""
    return end_level / start_level - 1


def excess_return(own: float, benchmark: float) -> float:
    """Arithmetic excess, own return − benchmark return (fractions), as brokers print it."""
    return own - benchmark


def geometric_excess(own: float, benchmark: float) -> float:
    """(1 + own) / (1 + benchmark) − 1, fractions: what the position gained measured in the benchmark."""
    return (1 + own) / (1 + benchmark) - 1


def held_basket(levels: Floats) -> Floats:
    """Value path of an equal-weight basket bought on the first row and held: sessions × members in, 1 at start."""
    return cast(Floats, (levels / levels[0]).mean(axis=1))


def rebalanced_basket(levels: Floats) -> Floats:
    """Value path of a basket brought back to equal weights at every close: sessions × members in, 1 at start."""
    growth = np.ones(len(levels))
    growth[1:] = (levels[1:] / levels[:-1]).mean(axis=1)
    return cast(Floats, np.cumprod(growth))


def contributions(base_levels: Floats, start_levels: Floats, end_levels: Floats) -> Floats:
    """Each member's part of a held basket's return from start to end (fractions); they add up to the basket's return.

    Weights have drifted since the base: member value at the start / basket value at the start.
    """
    values = start_levels / base_levels
    return cast(Floats, (end_levels / base_levels - values) / values.sum())


def drawdown(levels: Floats) -> float:
    """Last level / highest level so far − 1, a fraction ≤ 0."""
    return float(levels[-1] / np.max(levels) - 1)


def worst_drawdown(levels: Floats) -> float:
    """The deepest fall from an earlier high along the path, a fraction ≤ 0."""
    return float(np.min(levels / np.maximum.accumulate(levels) - 1))


def volatility(returns: Floats) -> float | None:
    """Annualised standard deviation (ddof 1) of the last 250 traded daily returns × √250; None with fewer than two."""
    last = returns[-TRADING_DAYS:]
    return float(np.std(last, ddof=1) * np.sqrt(TRADING_DAYS)) if len(last) > 1 else None


def beta(returns: Floats, benchmark_returns: Floats) -> float | None:
    """Covariance with the benchmark / its variance over the same last 250 days; None when the benchmark did not move."""
    own, other = returns[-TRADING_DAYS:], benchmark_returns[-TRADING_DAYS:]
    if len(own) < 2:
        return None
    variance = np.var(other, ddof=1)
    return float(np.cov(own, other, ddof=1)[0, 1] / variance) if variance > 0 else None
