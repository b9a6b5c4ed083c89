"""What became of a target price: reached on some close of its time, and how far the last close was from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from screener.measures.quotes import Market, find_break, quote
from screener.terms.notes import Gap
from screener.terms.sessions import as_date
from screener.thesis.thesis import Candidate, Thesis

# A close that misses its target by no more than this (relative) has reached it: what arithmetic leaves behind.
TOUCH = 1e-12


@dataclass(frozen=True)
class TargetVerdict:
    """A stated target price beside its rating, never mixed with the rating's hit.

    `target`: CNY a share as on the base date; splits since are adjusted for, dividends are not. `reached_on`: the first session
    after the base date, up to `until`, whose close reached it, from below or from above. `to_target`: last close / target − 1
    (a fraction) at `until`; None before.
    """

    subject: str
    target: float
    until: dt.date
    base_close: float | None
    reached: bool | None
    reached_on: dt.date | None
    to_target: float | None
    gap: Gap | None


def judge_targets(
    thesis: Thesis, market: Market, *, base: dt.date | None, as_of: dt.date, until: Mapping[str, dt.date | None]
) -> Iterator[TargetVerdict]:
    """Every target price of the candidates, in the order of the file, using nothing after `as_of`.

    `until`: by symbol, the session at which a target's time ends, its own date or the end of the rating's window. A target
    above the close of the base date is reached from below, one below it from above. Source: MEASUREMENT, "Target price".
    """
    for each in thesis.candidates:
        end = until.get(each.symbol)
        if each.target_price is not None and end is not None:
            yield _judge(each, each.target_price, market, base=base, as_of=as_of, end=end)


def _judge(
    candidate: Candidate, target: float, market: Market, *, base: dt.date | None, as_of: dt.date, end: dt.date
) -> TargetVerdict:
    symbol, stop = candidate.symbol, min(end, as_of)

    def untold(gap: Gap, close: float | None = None) -> TargetVerdict:
        return TargetVerdict(symbol, target, end, close, None, None, None, gap)

    if base is None or base >= stop:
        return untold(Gap("not_due", "not_due", {"as_of": as_of}))
    start, last = (quote(market, symbol, day, series="price") for day in (base, stop))
    if isinstance(start, Gap):
        return untold(start)
    broken = find_break(market.prices, symbol, base, stop, series="price")
    if isinstance(last, Gap):
        return untold(last, start.close)
    if broken is not None:
        return untold(broken, start.close)
    wanted = target / start.close * start.level
    day = _reached(market, symbol, wanted, after=base, until=stop, from_below=target >= start.close)
    due = end <= as_of
    reached = True if day is not None else False if due else None
    gap = None if reached is not None else Gap("not_due", "not_due", {"as_of": as_of})
    return TargetVerdict(symbol, target, end, start.close, reached, day, last.level / wanted - 1 if due else None, gap)


def _reached(market: Market, symbol: str, wanted: float, *, after: dt.date, until: dt.date, from_below: bool) -> dt.date | None:
    """The first traded session of (after, until] whose level reached `wanted`."""
    levels, closes = market.levels["price"][symbol], market.prices.close[symbol]
    inside = (levels.index > pd.Timestamp(after)) & (levels.index <= pd.Timestamp(until)) & closes.notna().to_numpy()
    found = levels[inside]
    there = found[found >= wanted * (1 - TOUCH)] if from_below else found[found <= wanted * (1 + TOUCH)]
    return as_date(there.index[0]) if len(there) else None
