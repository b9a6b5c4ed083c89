"""How much of a basket's result hangs on one name, on the path it took, and on what came before publication."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.evidence.placebo import BATCH
from screener.judgement.outcome import Outcome
from screener.measures.baskets import measure, value_path
from screener.measures.quotes import traded_returns
from screener.measures.returns import beta, excess_return, volatility
from screener.terms.notes import Gap
from screener.terms.sessions import Floats, as_date
from screener.thesis.scale import rate, rate_all
from screener.thesis.subjects import Subject

# A month of sessions per block keeps the runs of a trending market together.
BLOCK_SESSIONS = 20
RESAMPLES = 10_000
# The interval holds the middle nine tenths.
LOW, HIGH = 0.05, 0.95
RUN_UP_SESSIONS = 20


@dataclass(frozen=True)
class LeftOneOut:
    """A basket without one of its names: `excess` (fraction) and `band` at the headline horizon; `best`: the best name."""

    subject: str
    horizon_months: int
    without: str
    excess: float | None
    band: str | None
    same_band: bool | None
    best: bool
    gap: Gap | None = None


@dataclass(frozen=True)
class Interval:
    """Block bootstrap of a subject's excess over its window: fractions; `share`: band → share of the resamples."""

    subject: str
    horizon_months: int
    low: float | None
    high: float | None
    share: Mapping[str, float]
    resamples: int
    block: int
    sessions: int
    seed: int
    gap: Gap | None = None


@dataclass(frozen=True)
class Behaviour:
    """A subject before and after publication, price series: fractions, `beta` a ratio.

    `run_up`: excess over the 20 sessions before the base date; `beta`, `volatility`: over at most the last 250 traded
    sessions of the window from the base date to the end of the headline horizon (or the as-of date, if earlier).
    """

    subject: str
    run_up: float | None
    beta: float | None
    volatility: float | None
    sessions: int
    gap: Gap | None = None


@dataclass(frozen=True)
class Robustness:
    """Everything that needs no other prices than the outcome's own."""

    left_one_out: tuple[LeftOneOut, ...]
    intervals: tuple[Interval, ...]
    behaviour: tuple[Behaviour, ...]


def measure_robustness(outcome: Outcome, *, seed: int) -> Robustness:
    """Leave one out for baskets, interval and behaviour for every subject; headline convention."""
    subjects = outcome.thesis.subjects()
    plain = [each for each in subjects if outcome.is_banded(each.id, each.kind)]
    return Robustness(
        left_one_out=tuple(each for subject in plain if len(subject.members) > 1 for each in leave_one_out(outcome, subject)),
        intervals=tuple(bootstrap_interval(outcome, each, seed=seed) for each in plain),
        behaviour=tuple(measure_behaviour(outcome, each) for each in subjects),
    )


def leave_one_out(outcome: Outcome, subject: Subject) -> Iterator[LeftOneOut]:
    """The basket's excess without each of its names in turn, in their order; the name with the highest return is `best`."""
    months = outcome.window_of(subject.kind).to_months
    row, end = outcome.row(subject.id, months), outcome.end_dates[months]
    if row.gap is not None or outcome.base_date is None or end is None or row.benchmark_return is None:
        for member in subject.members:
            yield LeftOneOut(subject.id, months, member, None, None, None, best=False, gap=row.gap)
        return
    kept = [member for member in subject.members if member not in row.left_out]
    returns = {each: outcome.row(each, months).own_return for each in kept}
    best = max(kept, key=lambda each: -np.inf if returns[each] is None else float(returns[each] or 0.0))
    for member in kept:
        others = [each for each in kept if each != member]
        own = measure(outcome.market, others, series="price", start=outcome.base_date, end=end)
        if own.value is None:
            yield LeftOneOut(subject.id, months, member, None, None, None, best=member == best, gap=own.gap)
            continue
        excess = excess_return(own.value, row.benchmark_return)
        band = rate(excess, outcome.scale.ladder(subject.kind))
        yield LeftOneOut(subject.id, months, member, excess, band, band == row.band, best=member == best)


def bootstrap_interval(outcome: Outcome, subject: Subject, *, seed: int) -> Interval:
    """The range of 12-month excess that the same daily moves give in another order: circular blocks of 20 sessions.

    The subject's and the benchmark's daily returns of the window are drawn together, so that their link stays; each
    resample is as long as the window. It says how far luck in the order and repetition of moves carries, not what was
    likely in another market. Source: Politis & Romano (1992), "A circular block-resampling procedure".
    """
    months = outcome.window_of(subject.kind).to_months
    row = outcome.row(subject.id, months)
    window = _window(outcome, months)
    if row.gap is not None or window is None:
        return Interval(subject.id, months, None, None, {}, 0, BLOCK_SESSIONS, 0, seed, row.gap)
    own, other = (daily_returns(outcome, members, window) for members in (subject.members, (outcome.benchmark,)))
    if np.isnan(own + other).any():
        gap = Gap("no_data", "robustness_no_path", {"subject": subject.id})
        return Interval(subject.id, months, None, None, {}, 0, BLOCK_SESSIONS, len(own), seed, gap)
    rng = np.random.default_rng([seed, zlib.crc32(subject.id.encode())])
    excess = resampled_excess(rng, own, other, resamples=RESAMPLES, block=BLOCK_SESSIONS)
    bands = rate_all(excess, outcome.scale.ladder(subject.kind))
    share = {rating: float((bands == rating).mean()) for rating in outcome.scale.ladder(subject.kind).ratings}
    low, high = (float(each) for each in np.quantile(excess, [LOW, HIGH]))
    return Interval(subject.id, months, low, high, share, RESAMPLES, BLOCK_SESSIONS, len(own), seed)


def resampled_excess(rng: np.random.Generator, own: Floats, other: Floats, *, resamples: int, block: int) -> Floats:
    """Compounded excess (fraction) of each resample: blocks of `block` successive returns, wrapping round the end."""
    length = len(own)
    blocks = -(-length // block)
    logs = np.log1p(np.column_stack([own, other]))
    # Sums over blocks come from running sums over the wrapped series: no resampled path is ever written out.
    running = np.vstack([np.zeros((1, 2)), np.cumsum(np.vstack([logs, logs[:block]]), axis=0)])
    sizes = np.full(blocks, block)
    sizes[-1] = length - block * (blocks - 1)
    totals = np.zeros((resamples, 2))
    for begin in range(0, resamples, BATCH):
        starts = rng.integers(0, length, size=(min(BATCH, resamples - begin), blocks))
        totals[begin : begin + len(starts)] = (running[starts + sizes] - running[starts]).sum(axis=1)
    growth = np.exp(totals)
    return np.asarray(growth[:, 0] - growth[:, 1], dtype=float)


def measure_behaviour(outcome: Outcome, subject: Subject) -> Behaviour:
    """Run-up before publication, beta and volatility after it."""
    months = outcome.window_of(subject.kind).to_months
    window = _window(outcome, months)
    if window is None or len(window) < 2:
        return Behaviour(subject.id, None, None, None, 0, Gap("not_due", "not_due", {"as_of": outcome.as_of}))
    own = _moves(outcome, subject, window)
    other = pd.Series(daily_returns(outcome, (outcome.benchmark,), window), index=window[1:])
    both = own.index[(own.notna() & other.reindex(own.index).notna()).to_numpy()]
    mine, market = own[both].to_numpy(dtype=float), other[both].to_numpy(dtype=float)
    return Behaviour(
        subject.id, _run_up(outcome, subject), beta(mine, np.asarray(market, dtype=np.float64)), volatility(mine), len(both)
    )


def daily_returns(outcome: Outcome, members: tuple[str, ...], window: pd.DatetimeIndex) -> Floats:
    """Daily returns (fractions) of the members held from the first session of `window`, one fewer than its sessions."""
    path = 1 + value_path(outcome.market, members, series="price", base=as_date(window[0]), window=window)
    return np.asarray(path[1:] / path[:-1] - 1, dtype=float)


def _moves(outcome: Outcome, subject: Subject, window: pd.DatetimeIndex) -> pd.Series:
    """Daily returns in the window: of traded sessions only for one symbol, of the held value for a basket."""
    if len(subject.members) > 1:
        return pd.Series(daily_returns(outcome, subject.members, window), index=window[1:])
    if subject.members[0] not in outcome.prices.close.columns:
        return pd.Series(dtype=float, index=window[:0])
    moves = traded_returns(outcome.market, subject.members[0], "price")
    return moves[(moves.index > window[0]) & (moves.index <= window[-1])]


def _run_up(outcome: Outcome, subject: Subject) -> float | None:
    if outcome.base_date is None:
        return None
    start = outcome.prices.calendar.shift(outcome.base_date, -RUN_UP_SESSIONS)
    own, other = (
        measure(outcome.market, members, series="price", start=start, end=outcome.base_date).value
        for members in (subject.members, (outcome.benchmark,))
    )
    return None if own is None or other is None else excess_return(own, other)


def _window(outcome: Outcome, months: int) -> pd.DatetimeIndex | None:
    """Sessions from the base date to the end of the horizon, or to the as-of date; None before the base date."""
    end = outcome.end_dates[months]
    stop = outcome.as_of if end is None else min(end, outcome.as_of)
    if outcome.base_date is None or outcome.base_date > stop:
        return None
    sessions = outcome.prices.close.index
    return pd.DatetimeIndex(sessions[(sessions >= pd.Timestamp(outcome.base_date)) & (sessions <= pd.Timestamp(stop))])
