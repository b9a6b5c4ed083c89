"""How often a band is earned by doing nothing clever: any industry, any stock, or the same index on any other day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screener.evidence.placebo import Columns, horizon_ends, rank
from screener.judgement.outcome import Outcome
from screener.measures.quotes import MAX_AGE
from screener.measures.universe import IndexHistory, Universe, carry_forward
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Days, Floats
from screener.thesis.scale import Ladder, rate_all


@dataclass(frozen=True, eq=False)
class BaseRate:
    """The share of chance results that earned each band, and where the subject's own excess stands among them.

    `against`: industries (the others of its classification, same window), stocks (every stock alive, same window) or dates
    (the same index, every session as a publication date). `excess`: the chance results (fractions), in the order of
    `labels`; `own`: the subject's; `place`: its rank from the top, counting itself.
    """

    subject: str
    horizon_months: int
    against: str
    n: int
    share: Mapping[str, float]
    own: float | None
    percentile: float | None
    share_beaten: float | None
    place: int | None
    labels: tuple[str, ...]
    excess: Floats
    basis: tuple[Note, ...]
    gap: Gap | None = None

    @property
    def median(self) -> float | None:
        """The middle of the chance results, None where there are none."""
        return float(np.median(self.excess)) if len(self.excess) else None


def recent_closes(close: Floats) -> Floats:
    """Each session's close, or the last one at most MAX_AGE sessions old; NaN where that is missing too."""
    rows = np.where(np.isnan(close), -1, np.arange(len(close))[:, None])
    age = np.arange(len(close))[:, None] - np.maximum.accumulate(rows, axis=0)
    return np.asarray(np.where(age <= MAX_AGE, carry_forward(close), np.nan), dtype=float)


def industry_rates(outcome: Outcome, history: IndexHistory) -> tuple[BaseRate, ...]:
    """The industry index against the other indices of `history` over the same window, at every horizon."""
    subject = _index_of(outcome)
    if subject is None or outcome.base_date is None or not outcome.is_banded(subject, "industry_index"):
        return ()
    closes = recent_closes(history.close)
    rates = []
    for months in outcome.window_of("industry_index").horizons:
        due = outcome.end_dates[months]
        own = outcome.row(subject, months).excess
        at, end = (_position(history.sessions, day) for day in (outcome.base_date, due))
        if own is None or at is None or end is None:
            rates.append(_missing(outcome, subject, months, "industries"))
            continue
        excess = closes[end] / closes[at] - history.benchmark[end] / history.benchmark[at]
        others = [place for place, symbol in enumerate(history.symbols) if symbol != subject and np.isfinite(excess[place])]
        labels = tuple(history.symbols[place] for place in others)
        rates.append(_rate(subject, months, "industries", own, labels, excess[others], outcome.scale.industry, ()))
    return tuple(rates)


def date_rates(outcome: Outcome, history: IndexHistory, *, until: dt.date | None = None) -> tuple[BaseRate, ...]:
    """The industry index on every session as a publication date, whose end date is at most `until`, at every horizon.

    `until` defaults to the end of the report's own window (the as-of date, if earlier), so that all horizons look at the
    same past. Sessions that the
    index lacks are no start; an end without a close takes the last one at most five sessions old. Windows overlap.
    """
    subject = _index_of(outcome)
    if subject is not None and not outcome.is_banded(subject, "industry_index"):
        return ()
    horizons = outcome.window_of("industry_index").horizons
    longest = outcome.end_dates[horizons[-1]]
    until = until or min(longest or outcome.as_of, outcome.as_of)
    if subject is None or subject not in history.symbols:
        return () if subject is None else tuple(_missing(outcome, subject, each, "dates") for each in horizons)
    count = int(np.searchsorted(history.sessions, np.datetime64(until), side="right"))
    sessions, column = history.sessions[:count], history.symbols.index(subject)
    close, benchmark = history.close[:count, [column]], history.benchmark[:count]
    recent = recent_closes(close)[:, 0]
    rates = []
    for months in horizons:
        ends = horizon_ends(outcome.prices.calendar, sessions, months)
        starts = np.flatnonzero((ends >= 0) & np.isfinite(close[:, 0]))
        excess = recent[ends[starts]] / recent[starts] - benchmark[ends[starts]] / benchmark[starts]
        starts, excess = starts[np.isfinite(excess)], excess[np.isfinite(excess)]
        labels = tuple(str(sessions[start]) for start in starts)
        notes = (Note("placebo_dates_overlap", {}),)
        own = outcome.row(subject, months).excess
        rates.append(_rate(subject, months, "dates", own, labels, excess, outcome.scale.industry, notes))
    return tuple(rates)


def stock_rates(outcome: Outcome, universe: Universe) -> tuple[BaseRate, ...]:
    """Every stock alive at the base date over the same window, on the stock scale: what any name would have earned."""
    universe = universe.cut(outcome.as_of)
    at = None if outcome.base_date is None else universe.base_position(outcome.base_date)
    rates = []
    if not all(outcome.is_banded(each, "candidate") for each in outcome.thesis.members("all")):
        return ()
    for months in outcome.window_of("candidate").horizons:
        due = outcome.end_dates[months]
        end = _position(universe.sessions, due)
        if at is None or end is None:
            rates.append(_missing(outcome, "stocks", months, "stocks"))
            continue
        alive: Columns = universe.alive(at)
        bench = universe.benchmark[end] / universe.benchmark[at]
        excess = universe.level[end, alive] / universe.level[at, alive] - bench
        absent = universe.absent_exchange(at)
        notes = (*universe.basis, Note("placebo_last_price"), *([absent] if absent else []))
        labels = tuple(universe.symbols[column] for column in alive)
        rates.append(_rate("stocks", months, "stocks", None, labels, excess, outcome.scale.stock, notes))
    return tuple(rates)


def _index_of(outcome: Outcome) -> str | None:
    index = outcome.thesis.industry_index
    return index.symbol if index else None


def _position(sessions: Days, day: dt.date | None) -> int | None:
    if day is None:
        return None
    at = int(np.searchsorted(sessions, np.datetime64(day)))
    return at if at < len(sessions) and sessions[at] == np.datetime64(day) else None


def _rate(
    subject: str,
    months: int,
    against: str,
    own: float | None,
    labels: Sequence[str],
    excess: Floats,
    ladder: Ladder,
    basis: tuple[Note, ...],
) -> BaseRate:
    if not len(excess):
        return _empty(subject, months, against, own, Gap("no_match", "base_rate_nothing", {}))
    bands = rate_all(excess, ladder)
    share = {rating: float((bands == rating).mean()) for rating in ladder.ratings}
    percentile, beaten = (None, None) if own is None else rank(own, excess)
    place = None if own is None else int((excess > own).sum()) + 1
    return BaseRate(subject, months, against, len(excess), share, own, percentile, beaten, place, tuple(labels), excess, basis)


def _missing(outcome: Outcome, subject: str, months: int, against: str) -> BaseRate:
    due = outcome.end_dates[months]
    if due is None or due > outcome.as_of:
        gap = Gap("not_due", "not_due", {"as_of": outcome.as_of})
    else:
        gap = Gap("no_data", "base_rate_nothing", {})
    return _empty(subject, months, against, None, gap)


def _empty(subject: str, months: int, against: str, own: float | None, gap: Gap) -> BaseRate:
    return BaseRate(subject, months, against, 0, {}, own, None, None, None, (), np.empty(0), (), gap)
