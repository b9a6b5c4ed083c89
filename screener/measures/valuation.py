"""Valuation as its source published it: a name's multiples with their place in its own history, and a basket's medians."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import pandas as pd

from screener.measures.quotes import MAX_AGE
from screener.prices.prices import Prices
from screener.terms.notes import Gap
from screener.terms.sessions import add_months, as_date

# A percentile among fewer years of its own history says nothing.
HISTORY_YEARS = 2


@dataclass(frozen=True)
class Valuation:
    """PE-TTM and PB (multiples, as published) on `day`; a PE below 0 is a loss. Percentiles: see `place_in`, fractions."""

    day: dt.date
    first: dt.date
    source: str
    pe_ttm: float | None
    pb: float | None
    pe_percentile: float | Gap
    pb_percentile: float | Gap

    @property
    def is_loss(self) -> bool:
        """Whether the last four quarters lost money."""
        return self.pe_ttm is not None and self.pe_ttm <= 0


@dataclass(frozen=True)
class BasketValuation:
    """`count` names have a valuation: median PE-TTM of those with earnings, median PB, the share of loss-makers (fraction)."""

    count: int
    pe_ttm: float | None
    pb: float | None
    losses: float


def value_on(prices: Prices, symbol: str, day: dt.date) -> Valuation | Gap:
    """The last published multiples on or before `day`, at most five sessions old, and their place in the name's own history.

    A gap where nothing was pulled, and where the last row is older. Source: MEASUREMENT, "Valuation and crowding".
    """
    rows = prices.valuations
    own = rows[(rows["symbol"] == symbol) & (rows["date"] <= pd.Timestamp(day))].sort_values("date")
    if own.empty:
        return Gap("no_data", "valuation_not_pulled", {"symbol": symbol})
    last, first = own.iloc[-1], as_date(own["date"].iloc[0])
    at = as_date(last["date"])
    if prices.calendar.count_between(at, day) > MAX_AGE:
        return Gap("stale", "valuation_stale", {"symbol": symbol, "last": at, "day": day})
    short = Gap("no_data", "valuation_short", {"symbol": symbol, "first": first, "years": HISTORY_YEARS})
    is_long = first <= add_months(day, -12 * HISTORY_YEARS)
    pe, pb = (None if pd.isna(last[name]) else float(last[name]) for name in ("pe_ttm", "pb"))
    loss = Gap("no_data", "valuation_loss", {"symbol": symbol})
    return Valuation(
        day=at,
        first=first,
        source=str(last["source"]),
        pe_ttm=pe,
        pb=pb,
        pe_percentile=(loss if pe is not None and pe <= 0 else place_in(own["pe_ttm"], pe)) if is_long else short,
        pb_percentile=place_in(own["pb"], pb) if is_long else short,
    )


def place_in(history: pd.Series, value: float | None) -> float | Gap:
    """The share of the positive days of `history` (its last day included) below `value`, an equal one counting half."""
    known = history[history > 0]
    if value is None or value <= 0 or known.empty:
        return Gap("no_data", "valuation_none", {})
    return float((known < value).mean() + (known == value).mean() / 2)


def value_basket(values: Mapping[str, Valuation | Gap]) -> BasketValuation | None:
    """Medians over the names that have a valuation, and how many of them lose money; None where none has."""
    found = [each for each in values.values() if isinstance(each, Valuation)]
    rated = [each for each in found if each.pe_ttm is not None]
    if not found:
        return None
    earning = [each.pe_ttm for each in rated if each.pe_ttm is not None and not each.is_loss]
    books = [each.pb for each in found if each.pb is not None]
    return BasketValuation(
        count=len(found),
        pe_ttm=median(earning) if earning else None,
        pb=median(books) if books else None,
        losses=sum(each.is_loss for each in rated) / len(rated) if rated else 0.0,
    )
