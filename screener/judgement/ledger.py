"""Where the figures of an outcome come from: closes, factors and actions from which each row can be worked out again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.judgement.outcome import Outcome, Row
from screener.measures.quotes import Quote, quote
from screener.prices.adjust import action_factor
from screener.terms.notes import Gap
from screener.terms.sessions import as_date


@dataclass(frozen=True)
class Entry:
    """A row with what it is computed from: return = end close × `factor` / base close − 1.

    `factor`: shares (and on `total` reinvested cash) that one share at the base became; None for a basket, whose return
    is the mean of its members' returns, and with a gap. Benchmark closes in index points, None where there is no quote.
    """

    row: Row
    factor: float | None
    benchmark_base_close: float | None
    benchmark_end_close: float | None


@dataclass(frozen=True)
class ActionEntry:
    """A corporate action between a name's base close and the last close used: CNY per share before, and its two factors.

    `previous_close`: raw close on the last traded session before the ex-date. `price_factor`: shares after per share
    before. `total_factor`: see `action_factor`.
    """

    symbol: str
    ex_date: dt.date
    cash_per_share: float
    split_ratio: float
    previous_close: float
    total_factor: float


def entries(outcome: Outcome) -> tuple[Entry, ...]:
    """Every row of the outcome with its factor and the closes of its benchmark."""
    found: dict[tuple[str | None, dt.date | None], float | None] = {}
    for row in outcome.rows:
        for day in (row.base_date, row.end_date):
            if (row.benchmark, day) not in found:
                found[row.benchmark, day] = _close(outcome, row.benchmark, day)
    return tuple(
        Entry(row, factor(outcome, row), found[row.benchmark, row.base_date], found[row.benchmark, row.end_date])
        for row in outcome.rows
    )


def _close(outcome: Outcome, symbol: str | None, day: dt.date | None) -> float | None:
    if symbol is None or day is None or day > outcome.as_of:
        return None
    found = raw_quote(outcome, symbol, day)
    return found.close if isinstance(found, Quote) else None


def raw_quote(outcome: Outcome, symbol: str, day: dt.date) -> Quote | Gap:
    """The raw close of a symbol that stands for a session not later than the as-of date."""
    return quote(outcome.market, symbol, day, series="price")


def factor(outcome: Outcome, row: Row) -> float | None:
    """The adjustment between the base close and the end close of a single security or index; None for a basket or a gap.

    The product over its actions with an ex-date after the date of the base close and on or before that of the end close.
    """
    if row.base_close_date is None or row.end_close_date is None:
        return None
    found = [each for each in actions_of(outcome, row.subject) if row.base_close_date < each.ex_date <= row.end_close_date]
    return float(np.prod([each.split_ratio if row.series == "price" else each.total_factor for each in found]))


def actions_of(outcome: Outcome, symbol: str) -> tuple[ActionEntry, ...]:
    """Every corporate action of `symbol` that the run could see and that follows a close, by ex-date."""
    prices = outcome.prices
    rows = prices.actions[prices.actions["symbol"] == symbol].sort_values("ex_date")
    if symbol not in prices.close.columns:
        return ()
    closes = prices.close[symbol].dropna()
    return tuple(_action_entries(symbol, rows, closes))


def _action_entries(symbol: str, rows: pd.DataFrame, closes: pd.Series) -> Iterator[ActionEntry]:
    for ex_date, cash, ratio in zip(rows["ex_date"], rows["cash_per_share"], rows["split_ratio"], strict=True):
        before = closes[closes.index < ex_date]
        if len(before):
            previous = float(before.iloc[-1])
            yield ActionEntry(
                symbol,
                as_date(ex_date),
                float(cash),
                float(ratio),
                previous,
                action_factor("total", previous, float(cash), float(ratio)),
            )


def actions_since_base(outcome: Outcome) -> tuple[ActionEntry, ...]:
    """The actions of all candidates between the base date and the end of the window (or the as-of date, if earlier)."""
    ends = [outcome.end_dates[outcome.window_of(kind).to_months] for kind in ("all", "candidate")]
    last = None if None in ends else max(end for end in ends if end is not None)
    stop = outcome.as_of if last is None else min(last, outcome.as_of)
    if outcome.base_date is None:
        return ()
    found = [each for symbol in outcome.thesis.members("all") for each in actions_of(outcome, symbol)]
    return tuple(each for each in found if outcome.base_date < each.ex_date <= stop)


def cash_per_base_share(actions: Sequence[ActionEntry]) -> float:
    """Gross cash that one share before the first of `actions` (by ex-date) received over all of them, CNY."""
    shares, cash = 1.0, 0.0
    for each in actions:
        cash += shares * each.cash_per_share
        shares *= each.split_ratio
    return cash
