"""Facts of one name on one day beside its returns: price limits hit, turnover, last dividend, sessions left, listing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from screener.measures.quotes import Market, quote
from screener.measures.returns import drawdown
from screener.prices.limits import limit_on, limit_prices, reference_price
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Calendar, as_date
from screener.terms.symbols import parse_symbol

# A name is marked as newly listed for this many sessions, about a quarter.
NEW_SESSIONS = 60
CENT = 0.005


@dataclass(frozen=True)
class LimitHit:
    """A session that closed at the price limit."""

    session: dt.date
    side: Literal["up", "down"]


@dataclass(frozen=True)
class Dividend:
    """The last cash dividend: CNY per share before tax and its ex-date."""

    ex_date: dt.date
    cash: float


@dataclass(frozen=True)
class ExDate:
    """What went ex: CNY per share before, and shares after per share before (1 = no new shares)."""

    symbol: str
    ex_date: dt.date
    cash: float
    split_ratio: float


def limit_hits(prices: Prices, symbol: str, sessions: Sequence[dt.date], *, name: str) -> tuple[LimitHit, ...]:
    """The sessions on which `symbol` closed at its price limit, by the reference close in whole cents.

    Nothing is said for a session without a trade, without an earlier close, or in the free sessions after a known listing.
    """
    if symbol not in prices.close.columns:
        return ()
    closes = prices.close[symbol].dropna()
    actions = _actions(prices, symbol, None, max(sessions))
    hits = []
    for session in sessions:
        at = int(closes.index.searchsorted(pd.Timestamp(session)))
        if not 0 < at < len(closes) or as_date(closes.index[at]) != session:
            continue
        before = as_date(closes.index[at - 1])
        gone_ex = [each for each in actions if before < each.ex_date <= session]
        reference = ex_reference(float(closes.iloc[at - 1]), gone_ex)
        side = _limit_side(prices, symbol, session, close=float(closes.iloc[at]), reference=reference, name=name)
        if side is not None:
            hits.append(LimitHit(session, side))
    return tuple(hits)


def ex_reference(close: float, actions: Sequence[ExDate]) -> float | None:
    """Ex-right reference of a close (CNY, whole cents) after `actions`; None when one of them is of unknown kind."""
    for action in actions:
        close = reference_price(close, action.cash, action.split_ratio)
    return close if np.isfinite(close) else None


def _limit_side(
    prices: Prices, symbol: str, session: dt.date, *, close: float, reference: float | None, name: str
) -> Literal["up", "down"] | None:
    rule, listed = limit_on(parse_symbol(symbol).board, session), listed_on(prices, symbol)
    if rule is None or reference is None:
        return None
    if listed is not None and prices.calendar.count_between(listed, session) < rule.free_sessions:
        return None
    low, high = limit_prices(reference, rule.risk_warning_percent if is_risk_warning(name) else rule.percent, rule.tick)
    if close >= high - CENT:
        return "up"
    return "down" if close <= low + CENT else None


def is_risk_warning(name: str) -> bool:
    """Whether a name carries the exchange's risk warning (ST, *ST)."""
    return name.removeprefix("S").removeprefix("*").startswith("ST") or name.startswith(("ST", "*ST"))


def listed_on(prices: Prices, symbol: str) -> dt.date | None:
    """The listing date, if the source knows it."""
    if symbol not in prices.listings.index:
        return None
    listed = prices.listings["listed"].get(symbol)
    return None if listed is None or listed is pd.NaT else as_date(listed)


def is_newly_listed(prices: Prices, symbol: str, session: dt.date) -> bool:
    """Whether a known listing date lies less than NEW_SESSIONS before `session`."""
    listed = listed_on(prices, symbol)
    return listed is not None and listed <= session and prices.calendar.count_between(listed, session) < NEW_SESSIONS


def _actions(prices: Prices, symbol: str, after: dt.date | None, until: dt.date) -> list[ExDate]:
    rows = prices.actions[prices.actions["symbol"] == symbol]
    inside = rows[rows["ex_date"] <= pd.Timestamp(until)]
    if after is not None:
        inside = inside[inside["ex_date"] > pd.Timestamp(after)]
    return [
        ExDate(symbol, as_date(row.ex_date), float(row.cash_per_share), float(row.split_ratio))  # type: ignore[arg-type]
        for row in inside.sort_values("ex_date").itertuples(index=False)
    ]


def ex_dates(prices: Prices, symbols: Sequence[str], *, after: dt.date, until: dt.date) -> tuple[ExDate, ...]:
    """Every action of `symbols` with an ex-date after `after` and on or before `until`, by date."""
    found = [each for symbol in symbols for each in _actions(prices, symbol, after, until)]
    return tuple(sorted(found, key=lambda each: (each.ex_date, each.symbol)))


def last_dividend(prices: Prices, symbol: str, as_of: dt.date) -> Dividend | Gap | None:
    """The last cash dividend on record up to `as_of`; None when the record holds none; a gap when there is no record."""
    if symbol in prices.gaps:
        return prices.gaps[symbol]
    if "actions_unknown" in prices.flags.get(symbol, ()):
        return Gap("no_data", "actions_unknown", {"symbol": symbol})
    paid = [each for each in _actions(prices, symbol, None, as_of) if each.cash > 0]
    return Dividend(paid[-1].ex_date, paid[-1].cash) if paid else None


def turnover_ratio(prices: Prices, symbol: str, *, week: Sequence[dt.date], weeks_before: Sequence[dt.date]) -> float | Gap:
    """Mean amount per session of `week` / the same over `weeks_before` (the sessions of the four weeks before it).

    Sessions without a trade count as no turnover. A gap when a traded session has no amount, or nothing was traded before.
    """
    if prices.amount is None or symbol not in prices.amount.columns or prices.amount[symbol].isna().all():
        return Gap("no_data", "no_amount", {"symbol": symbol})
    means = []
    for sessions in (week, weeks_before):
        days = pd.DatetimeIndex(list(sessions))
        amount, close = (frame[symbol].reindex(days) for frame in (prices.amount, prices.close))
        if (amount.isna() & close.notna()).any() or not sessions or days[0] < prices.close.index[0]:
            return Gap("no_data", "no_amount", {"symbol": symbol})
        means.append(float(amount.fillna(0).mean()))
    return means[0] / means[1] if means[1] > 0 else Gap("no_data", "no_amount", {"symbol": symbol})


def drawdown_since(market: Market, symbol: str, *, base: dt.date, end: dt.date, series: SeriesName = "price") -> float | Gap:
    """Last level / highest level since the base date − 1 (a fraction ≤ 0), or the gap of either end."""
    for session in (base, end):
        found = quote(market, symbol, session, series=series)
        if isinstance(found, Gap):
            return found
    return drawdown(market.levels[series].loc[str(base) : str(end), symbol].to_numpy(dtype=float))


def sessions_left(calendar: Calendar, as_of: dt.date, horizon: dt.date) -> int | None:
    """Sessions after `as_of` up to the end date of `horizon` (0 when it has passed); None beyond the known calendar."""
    end = calendar.last_on_or_before(horizon)
    return None if end is None else max(0, calendar.count_between(as_of, end)) if end > as_of else 0
