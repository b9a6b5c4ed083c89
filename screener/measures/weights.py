"""Float-cap weight (流通市值加权): what a member of a basket weighs by its float A shares, and the return of holding that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from screener.measures.baskets import Measured, measure
from screener.measures.quotes import Market, Quote, quote
from screener.measures.returns import contributions
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap

NO_COUNTS = Gap("no_data", "no_share_counts", {})


def float_weights(market: Market, members: Sequence[str], day: dt.date) -> Mapping[str, float] | Gap:
    """Each member's part of the float market value on `day` (fractions that add to 1), or why there is none.

    Weight = raw close × float A shares / the sum over members. A suspended member has its last close, and the count of that
    close's day: after an ex-date inside the suspension the two would not belong together. One member without a close or a
    count is a gap of the whole, which names it: the weights of a smaller basket are those of another basket.
    Source: MEASUREMENT, "Return, excess, band" (float-cap weight).
    """
    if market.prices.shares.empty:
        return NO_COUNTS
    found = {member: quote(market, member, day, series="price") for member in members}
    lacking = next((each for each in found.values() if isinstance(each, Gap)), None)
    if lacking is not None:
        return lacking
    return _weights(market.prices, {member: each for member, each in found.items() if isinstance(each, Quote)}, day)


def _weights(prices: Prices, quotes: Mapping[str, Quote], day: dt.date) -> Mapping[str, float] | Gap:
    values: dict[str, float] = {}
    unknown: list[str] = []
    for member, each in quotes.items():
        count = prices.float_shares_on(member, each.close_date)
        if count is None:
            unknown.append(member)
        else:
            values[member] = each.close * count
    if unknown:
        return Gap("no_data", "no_float_shares", {"symbols": ", ".join(unknown), "day": day})
    total = sum(values.values())
    return {member: value / total for member, value in values.items()}


def measure_float_cap(
    market: Market,
    members: Sequence[str],
    *,
    series: SeriesName,
    start: dt.date,
    end: dt.date,
    base: dt.date | None = None,
) -> Measured:
    """Return of `members` from `start` to `end` (fraction), float-cap weight at `base` and held; without base, at `start`.

    Since `base` = Σ weight × the member's return. As `baskets.measure`, but a member with a gap is a gap of the whole.
    """
    if market.prices.shares.empty:
        return Measured(gap=NO_COUNTS)
    held = measure(market, members, series=series, start=start, end=end, base=base)
    if held.left_out:
        return measure(market, held.left_out[:1], series=series, start=start, end=end, base=base)
    if held.gap is not None:
        return held
    weights = _weights(market.prices, {each.symbol: each.base for each in held.members}, start if base is None else base)
    return Measured(gap=weights) if isinstance(weights, Gap) else _weighted(held, weights)


def _weighted(held: Measured, weights: Mapping[str, float]) -> Measured:
    """The held basket with other weights at its base: a member's units there are weight / level instead of 1 / level."""
    own = np.array([weights[each.symbol] for each in held.members])
    levels = np.array([[each.base.level, each.start.level, each.end.level] for each in held.members]).T
    parts = contributions(levels[0] / own, levels[1], levels[2])
    members = tuple(replace(each, contribution=float(part)) for each, part in zip(held.members, parts, strict=True))
    return replace(held, value=float(parts.sum()), members=members)
