"""Adjusted levels computed at read: factors of corporate actions, and where a level cannot be linked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.prices.prices import EMPTY_SHARES, EMPTY_VALUATIONS, Prices, SeriesName
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Calendar, as_date


def adjustment_factors(
    days: npt.NDArray[np.datetime64],
    closes: npt.NDArray[np.float64],
    actions: pd.DataFrame,
    series: SeriesName,
) -> npt.NDArray[np.float64]:
    """Cumulative factor per traded day (1 on the first), so that close × factor is the adjusted level.

    `days` ascending traded days, `closes` their raw closes (CNY), `actions` one symbol's rows. The factor of an ex-date
    applies from the first traded day on or after it, see `action_factor`. Actions on or before the first day change
    nothing. An action that cannot be applied (unknown kind, cash ≥ close) is a break of the symbol, not a factor.
    """
    factors = np.ones(len(days))
    at = np.searchsorted(days, actions["ex_date"].to_numpy().astype(days.dtype))
    for position, cash, ratio in zip(at, actions["cash_per_share"], actions["split_ratio"], strict=True):
        if not 0 < position < len(days) or not np.isfinite(ratio) or not np.isfinite(cash):
            continue
        previous = closes[position - 1]
        if series == "price" or cash < previous:
            factors[position] *= action_factor(series, previous, cash, ratio)
    return np.asarray(np.cumprod(factors), dtype=np.float64)


def action_factor(series: SeriesName, previous: float, cash: float, ratio: float) -> float:
    """By what an action multiplies the level: `price`: `ratio`; `total`: previous × ratio / (previous − cash).

    So `total` reinvests gross cash at the ex reference price. `previous`: raw close before the ex-date (CNY), `cash`: CNY
    per share before, below `previous`; `ratio`: shares after per share before. Source: MEASUREMENT, "Prices".
    """
    return ratio if series == "price" else previous * ratio / (previous - cash)


def factors_of_steps(days: npt.NDArray[np.datetime64], steps: pd.Series) -> npt.NDArray[np.float64]:
    """Cumulative factor per traded day (1 on the first) from a vendor's steps by ex-date, see `Prices.steps`."""
    factors = np.ones(len(days) + 1)
    np.multiply.at(factors, np.searchsorted(days, steps.index.to_numpy().astype(days.dtype)), steps.to_numpy(dtype=float))
    factors[:1] = 1.0
    return np.asarray(np.cumprod(factors[:-1]), dtype=np.float64)


def adjusted_levels(prices: Prices, series: SeriesName) -> pd.DataFrame:
    """Adjusted level of every symbol on every session: sessions × symbols, carried over halts, NaN before the first close.

    A carried level stays where the last traded close put it: an ex-date inside a suspension acts on that close.
    """
    days = prices.close.index.to_numpy()
    values = prices.close.to_numpy(dtype=float, copy=True)
    by_symbol = dict(tuple(prices.actions.groupby("symbol", sort=False)))
    steps = prices.steps if series == "total" else {}
    for column, symbol in enumerate(prices.close.columns):
        if symbol in by_symbol or symbol in steps:
            traded = np.flatnonzero(~np.isnan(values[:, column]))
            closes = values[traded, column]
            if symbol in steps:
                values[traded, column] = closes * factors_of_steps(days[traded], steps[symbol])
            else:
                values[traded, column] = closes * adjustment_factors(days[traded], closes, by_symbol[symbol], series)
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(days))[:, np.newaxis]), axis=0)
    levels = np.where(last < 0, np.nan, np.take_along_axis(values, np.maximum(last, 0), axis=0))
    return pd.DataFrame(levels, index=prices.close.index, columns=prices.close.columns)


def action_breaks(
    actions: pd.DataFrame,
) -> tuple[dict[str, dict[dt.date, Gap]], dict[str, dict[dt.date, Gap]]]:
    """Sessions across which an action of unknown kind forbids linking: (both series, `total` only).

    An unknown split ratio (a rights issue) breaks both series; known shares with unknown cash break `total` only.
    """
    both: dict[str, dict[dt.date, Gap]] = {}
    total: dict[str, dict[dt.date, Gap]] = {}
    unknown = actions[actions[["cash_per_share", "split_ratio"]].isna().any(axis=1)]
    for symbol, ex_date, ratio in zip(unknown["symbol"], unknown["ex_date"], unknown["split_ratio"], strict=True):
        day = as_date(ex_date)
        target = both if pd.isna(ratio) else total
        target.setdefault(symbol, {})[day] = Gap("action_mismatch", "action_unknown", {"symbol": symbol, "day": day})
    return both, total


def assemble_prices(
    bars: Mapping[str, pd.DataFrame],
    halted: Mapping[str, pd.Series],
    *,
    symbols: Sequence[str],
    axis: pd.DatetimeIndex,
    calendar: Calendar,
    actions: pd.DataFrame,
    listings: pd.DataFrame,
    kind: str,
    name: str,
    gaps: Mapping[str, Gap],
    breaks: Mapping[str, Mapping[dt.date, Gap]],
    total_breaks: Mapping[str, Mapping[dt.date, Gap]] | None = None,
    flags: Mapping[str, tuple[str, ...]] | None = None,
    notes: Sequence[Note] = (),
    actions_to: Mapping[str, dt.date] | None = None,
    reaches: Mapping[str, dt.date] | None = None,
    unconfirmed: Mapping[str, dt.date] | None = None,
    stale: Gap | None = None,
    shares: pd.DataFrame | None = None,
    steps: Mapping[str, pd.Series] | None = None,
    valuations: pd.DataFrame | None = None,
) -> Prices:
    """Put checked bars per symbol (session-indexed) side by side on `axis`; a symbol without bars is a column of NaN."""

    def wide(column: str) -> pd.DataFrame:
        data = {symbol: bars[symbol][column].reindex(axis).to_numpy(dtype=float) for symbol in bars}
        return pd.DataFrame(data, index=axis).reindex(columns=list(symbols))

    stopped = {symbol: marks.reindex(axis, fill_value=False).to_numpy(dtype=bool) for symbol, marks in halted.items()}
    both, total = action_breaks(actions)
    for symbol, days in breaks.items():
        both[symbol] = {**both.get(symbol, {}), **days}
    for symbol, days in (total_breaks or {}).items():
        total[symbol] = {**total.get(symbol, {}), **days}
    return Prices(
        calendar=calendar,
        close=wide("close"),
        open=wide("open"),
        volume=wide("volume"),
        amount=wide("amount"),
        halted=pd.DataFrame(stopped, index=axis).reindex(columns=list(symbols), fill_value=False),
        actions=actions.reset_index(drop=True),
        listings=listings,
        kind=kind,
        name=name,
        gaps=dict(gaps),
        breaks=both,
        total_breaks=total,
        flags=dict(flags or {}),
        notes=tuple(notes),
        actions_to=dict(actions_to or {}),
        reaches=dict(reaches or {}),
        unconfirmed=dict(unconfirmed or {}),
        stale=stale,
        steps=dict(steps or {}),
        valuations=EMPTY_VALUATIONS if valuations is None else valuations.reset_index(drop=True),
        shares=EMPTY_SHARES if shares is None else shares.reset_index(drop=True),
    )
