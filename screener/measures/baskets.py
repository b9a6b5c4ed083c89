"""The return of one symbol or of an equal-weight basket between two sessions, or the gap in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.measures.quotes import Market, Quote, breaks_of, find_break, known_series, quote, series_flags
from screener.measures.returns import contributions, held_basket
from screener.prices.prices import SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Floats, as_date

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Member:
    """One member of a measured basket: its quotes at the base, start and end sessions, and its part of the return."""

    symbol: str
    base: Quote
    start: Quote
    end: Quote
    contribution: float


@dataclass(frozen=True)
class Measured:
    """`value`: return from start to end (fraction), None with a gap. `left_out`: members with a gap at the start."""

    value: float | None = None
    gap: Gap | None = None
    flags: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


def measure(
    market: Market,
    members: Sequence[str],
    *,
    series: SeriesName,
    start: dt.date,
    end: dt.date,
    base: dt.date | None = None,
    fallback: bool = False,
) -> Measured:
    """Return of `members` from `start` to `end`, equal weight at `base` and held since; without base, equal at `start`.

    Members with a gap at the base or start session are left out and listed; a gap at the end is a gap of the basket, since
    dropping a member then would choose by result. One member is a basket of one. `fallback`: names whose actions are unknown
    count on the `price` series instead of being a gap; the flag says so.
    """
    base = start if base is None else base
    kept: dict[str, tuple[Quote, Quote]] = {}
    gaps: list[Gap] = []
    for member in members:
        at_base, at_start = (quote(market, member, day, series=series) for day in (base, start))
        linked = known_series(market.prices, member, series) if fallback else series
        broken = find_break(market.prices, member, base, start, series=linked)
        if isinstance(at_base, Quote) and isinstance(at_start, Quote) and broken is None:
            kept[member] = (at_base, at_start)
        else:
            gaps.append(next(each for each in (at_base, at_start, broken) if isinstance(each, Gap)))
    left_out = tuple(member for member in members if member not in kept)
    if not kept:
        return Measured(gap=gaps[0], left_out=left_out)
    ends: list[Quote] = []
    for member in kept:
        at_end = quote(market, member, end, series=series)
        linked = known_series(market.prices, member, series) if fallback else series
        broken = find_break(market.prices, member, start, end, series=linked)
        if isinstance(at_end, Gap) or broken is not None:
            return Measured(gap=at_end if isinstance(at_end, Gap) else broken, left_out=left_out)
        ends.append(at_end)
    levels = np.array([[at_base.level, at_start.level] for at_base, at_start in kept.values()]).T
    parts = contributions(levels[0], levels[1], np.array([at_end.level for at_end in ends]))
    flags = [flag for each in (*(at_start for _, at_start in kept.values()), *ends) for flag in each.flags]
    flags += [flag for member in kept for flag in series_flags(market.prices, member, series)]
    return Measured(
        value=float(parts.sum()),
        flags=tuple(dict.fromkeys([*flags, *(["left_out"] if left_out else [])])),
        left_out=left_out,
        members=tuple(
            Member(member, at_base, at_start, at_end, float(part))
            for (member, (at_base, at_start)), at_end, part in zip(kept.items(), ends, parts, strict=True)
        ),
    )


def value_path(
    market: Market, members: Sequence[str], *, series: SeriesName, base: dt.date, window: pd.DatetimeIndex
) -> npt.NDArray[np.float64]:
    """Return since `base` (the first session of `window`) by session, equal weight and held; fractions.

    NaN where a kept member cannot be measured; all NaN when no member has a quote on the base session.
    """
    kept = [member for member in members if isinstance(quote(market, member, base, series=series), Quote)]
    if not kept or not len(window):
        return np.full(len(window), np.nan)
    at, on_axis = _positions(market, window)
    levels = np.column_stack([np.where(on_axis, market.tape(member).levels[series][at], np.nan) for member in kept])
    for column, member in enumerate(kept):
        levels[~measurable(market, member, series, window), column] = np.nan
    return held_basket(levels) - 1


def measurable(market: Market, member: str, series: SeriesName, window: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Which sessions of `window` have a figure: a quote, and no break since the window's first session."""
    known = quoted(market, member, series, window)
    broken = find_break(market.prices, member, as_date(window[0]), as_date(window[-1]), series=series)
    if broken is not None:
        known &= np.asarray(window < pd.Timestamp(broken.params.get("day", window[0])))  # type: ignore[arg-type]
    return known


def quoted(market: Market, member: str, series: SeriesName, window: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Which sessions of `window` have a quote, whatever breaks lie between them."""
    known = np.ones(len(window), dtype=bool)
    at, on_axis = _positions(market, window)
    for position in np.flatnonzero(~on_axis | np.isnan(market.tape(member).closes[at])):
        if isinstance(quote(market, member, as_date(window[int(position)]), series=series), Gap):
            known[position] = False
    return known


def _positions(market: Market, window: pd.DatetimeIndex) -> tuple[Positions, npt.NDArray[np.bool_]]:
    """Where the sessions of `window` stand on the axis, and whether they do; 0 for one that does not."""
    at = market.prices.close.index.get_indexer(window)
    return np.where(at < 0, 0, at), at >= 0


def window_returns(market: Market, members: Sequence[str], starts: Positions, ends: Positions, *, series: SeriesName) -> Floats:
    """Return of the equal-weight basket of `members` from each session position to another: fractions, one per window.

    The same figures as `measure` without a base, for many windows at once: members without a quote at the start are left
    out; NaN where none has one, where a kept one has none at the end, or where its level breaks in between.
    """
    levels = market.levels[series][list(members)].to_numpy(dtype=float)
    known = np.column_stack([_quoted(market, member, series) for member in members])
    broken = np.column_stack([_breaks_so_far(market, member, series) for member in members])
    kept = known[starts]
    whole = known[ends] & (broken[ends] == broken[starts])
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.where(kept, levels[ends] / levels[starts] - 1, 0.0)
    count = kept.sum(axis=1)
    usable = (count > 0) & (whole | ~kept).all(axis=1)
    return np.asarray(np.where(usable, growth.sum(axis=1) / np.maximum(count, 1), np.nan), dtype=np.float64)


def _quoted(market: Market, member: str, series: SeriesName) -> npt.NDArray[np.bool_]:
    """On which sessions `member` has a quote: where it traded, and where its last close may stand in."""
    closes = market.prices.close[member].to_numpy(dtype=float)
    known: npt.NDArray[np.bool_] = np.isfinite(closes)
    traded = np.flatnonzero(known)
    for position in np.flatnonzero(~known):
        if len(traded) and position > traded[0]:
            session = as_date(market.prices.close.index[int(position)])
            known[position] = isinstance(quote(market, member, session, series=series), Quote)
    return known


def _breaks_so_far(market: Market, member: str, series: SeriesName) -> Positions:
    axis = market.prices.close.index
    days = breaks_of(market.prices, member, series)
    return np.asarray(pd.DatetimeIndex(sorted(days)).searchsorted(axis, side="right"), dtype=np.intp)
