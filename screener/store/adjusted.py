"""A stored market's names with their corporate actions: adjusted levels, doubts, and steps that no action explains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.measures.quotes import Market, build_market
from screener.measures.universe import carry_forward
from screener.prices.adjust import action_breaks
from screener.prices.bars import PRICE_CENT, SMALLEST_STEP, Listing, limit_breach, listing_of, unexplained_step
from screener.prices.limits import narrowest_limit, reference_price
from screener.prices.prices import EMPTY_ACTIONS, Prices
from screener.store.market import StoredMarket
from screener.store.rows import Actions
from screener.store.source import Breaks, StoreSource, breaks_of_actions
from screener.terms.notes import Gap, Note
from screener.terms.sessions import Floats, as_date, load_calendar
from screener.terms.symbols import parse_symbol


@dataclass(frozen=True, eq=False)
class AdjustedNames:
    """What is known of a market's names by their actions.

    `market`: the prices of those whose actions are stored, with both series, and the gaps of all of which nothing can be
    said. `checked`: those whose actions two sources agree on. `notes`: what the full check of doubtful rows had to say.
    """

    market: Market
    checked: frozenset[str]
    notes: tuple[Note, ...]


def adjust_names(source: StoreSource, stored: StoredMarket, listings: pd.DataFrame) -> AdjustedNames:
    """Adjust every name of `stored` whose actions are in the store, by the rules of `StoreSource.load`.

    Rows were checked when they came in; here closes, volumes, dates and steps are looked at again, since actions change,
    and only a name with something odd goes through the whole check. `listings`: index symbol, columns listed, delisted.
    """
    actions, broken = source.store.read_many_actions(stored.symbols)
    actions = {symbol: each.known_to(stored.confirmed.get(symbol)) for symbol, each in actions.items()}
    gaps = {symbol: Gap("bad_data", each.code, each.params) for symbol, each in {**broken, **stored.unreadable}.items()}
    rows = _rows_on_axis(actions, stored)
    steps, doubtful = _unexplained_steps(stored, rows, frozenset(actions), listings)
    notes: tuple[Note, ...] = ()
    suspects = sorted((doubtful | stored.doubtful) - set(gaps))
    if suspects:
        loaded = source.load(suspects, start=as_date(stored.sessions[0]), end=as_date(stored.sessions[-1]))
        gaps |= loaded.gaps
        notes = tuple(note for note in loaded.notes if note.code != "actions_one_source")
    both, total = action_breaks(rows)
    _merge(both, steps)
    for symbol in stored.last.keys() & actions.keys():
        doubts = breaks_of_actions(symbol, actions[symbol], stored.last[symbol], load_calendar())
        _merge(both, {symbol: doubts[0]})
        _merge(total, {symbol: doubts[1]})
    known = [symbol for symbol in stored.symbols if symbol in actions and symbol in stored.last and symbol not in gaps]
    prices = _prices(stored, known, rows[rows["symbol"].isin(known)], listings, gaps, (both, total))
    return AdjustedNames(build_market(prices), frozenset(each for each in known if actions[each].is_checked), notes)


def _merge(target: Breaks, more: Mapping[str, Mapping[dt.date, Gap]]) -> None:
    for symbol, days in more.items():
        if days:
            target[symbol] = {**target.get(symbol, {}), **days}


def _rows_on_axis(actions: Mapping[str, Actions], stored: StoredMarket) -> pd.DataFrame:
    """The actions whose ex-date lies on the market's axis: columns symbol, ex_date, cash_per_share, split_ratio."""
    if not actions or not len(stored.sessions):
        return EMPTY_ACTIONS
    lengths = [len(each.rows) for each in actions.values()]
    rows = pd.concat([each.rows for each in actions.values()], ignore_index=True)
    rows = rows.assign(symbol=np.repeat(np.array(list(actions), dtype=object), lengths))[list(EMPTY_ACTIONS.columns)]
    first, last = (pd.Timestamp(stored.sessions[end]) for end in (0, -1))
    return rows[rows["ex_date"].between(first, last)].astype({"symbol": "str"}).reset_index(drop=True)


def _prices(
    stored: StoredMarket,
    known: Sequence[str],
    actions: pd.DataFrame,
    listings: pd.DataFrame,
    gaps: Mapping[str, Gap],
    breaks: tuple[Breaks, Breaks],
) -> Prices:
    columns = np.flatnonzero(stored.are_in(known))
    axis = pd.DatetimeIndex(stored.sessions.astype("datetime64[s]"), name="session")
    close, volume = stored.close[:, columns], stored.volume[:, columns]
    return Prices(
        calendar=load_calendar(),
        close=pd.DataFrame(np.where(volume == 0, np.nan, close), index=axis, columns=list(known)),
        halted=pd.DataFrame((volume == 0) & ~np.isnan(close), index=axis, columns=list(known)),
        actions=actions,
        listings=listings,
        kind=StoreSource.kind,
        name=StoreSource.kind,
        gaps=gaps,
        breaks=breaks[0],
        total_breaks=breaks[1],
    )


def _unexplained_steps(
    stored: StoredMarket, actions: pd.DataFrame, known: frozenset[str], listings: pd.DataFrame
) -> tuple[Breaks, set[str]]:
    """Steps beyond the price limit that no action explains: breaks of a young name; the other names that have any.

    Names without known actions are not judged. Source: `bars.check_bars`, whose answers these are.
    """
    reference, acted = _references(stored, actions)
    narrowest = np.array([narrowest_limit(parse_symbol(symbol).board) for symbol in stored.symbols])
    judged = stored.are_in(known)
    with np.errstate(invalid="ignore"):
        step = np.abs(stored.close - reference)
        far = (step > SMALLEST_STEP * reference) & (step > narrowest * reference - 2 * PRICE_CENT) & stored.traded & judged
    breaks: Breaks = {}
    doubtful = _impossible(stored, actions, acted, reference)
    lives: dict[str, Listing] = {}
    for row, column in zip(*np.nonzero(far), strict=True):
        symbol, day = stored.symbols[column], stored.sessions[row]
        if symbol not in lives:
            lives[symbol] = listing_of(listings, symbol)
        params = limit_breach(
            parse_symbol(symbol),
            as_date(day),
            reference=float(reference[row, column]),
            close=float(stored.close[row, column]),
            acted=bool(acted[row, column]),
            listing=lives[symbol],
            calendar=load_calendar(),
        )
        if params is None:
            continue
        if lives[symbol].listed is None and day <= stored.young[symbol]:
            _merge(breaks, {symbol: {as_date(day): unexplained_step(parse_symbol(symbol), as_date(day), params)}})
        else:
            doubtful.add(symbol)
    return breaks, doubtful


def _impossible(stored: StoredMarket, actions: pd.DataFrame, acted: npt.NDArray[np.bool_], reference: Floats) -> set[str]:
    """Names with an action after which no price would be left; one of unknown kind is a doubt that is known already."""
    unknown = set(actions.loc[~np.isfinite(actions["cash_per_share"] + actions["split_ratio"]), "symbol"])
    unread = np.flatnonzero((acted & np.isnan(reference)).any(axis=0))
    return {stored.symbols[column] for column in unread} - unknown


def _references(stored: StoredMarket, actions: pd.DataFrame) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Ex-right close of the row before, and where an action took effect since: on the first row on or after its ex-date.

    NaN where there is no earlier row, and where the action is of unknown kind or cannot be.
    """
    nothing = np.full((min(1, len(stored.close)), len(stored.symbols)), np.nan)
    reference = np.vstack([nothing, carry_forward(stored.close)[:-1]])
    acted = np.zeros(reference.shape, dtype=bool)
    place = {symbol: column for column, symbol in enumerate(stored.symbols)}
    at = np.searchsorted(stored.sessions, actions["ex_date"].to_numpy().astype("datetime64[D]"))
    cells = zip(actions["symbol"], at.tolist(), actions["cash_per_share"], actions["split_ratio"], strict=True)
    for symbol, start, cash, ratio in cells:
        column = place[symbol]
        later = np.flatnonzero(~np.isnan(stored.close[start:, column]))
        if not len(later) or np.isnan(reference[start + later[0], column]):
            continue
        row = start + later[0]
        acted[row, column] = True
        before = float(reference[row, column])
        reference[row, column] = reference_price(before, cash, ratio)
    return reference, acted
