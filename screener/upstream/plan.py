"""What an update is about and what it comes to: symbols of theses or of the whole market, the window, a result a symbol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import pandas as pd

from screener.judgement.listings import symbols_by_calendar
from screener.judgement.span import first_needed
from screener.store.store import Store
from screener.terms.clock import last_finished_day
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, parse_symbol
from screener.thesis.library import Library
from screener.upstream import lists
from screener.upstream.asking.patience import Fetcher, FetchError, Tried
from screener.upstream.asking.vendors import SOURCES, bar_sources

UNIVERSES = ("a-shares",)
State = Literal["fresh", "stale", "failed", "quarantined", "unsupported"]


def thesis_symbols(library: Library, names: Sequence[str]) -> tuple[tuple[str, ...], dt.date]:
    """Every symbol that the named theses (all, if none is named) need, and the first session that any of them reads.

    Second listings abroad and their benchmarks are among them where a source has them.
    """
    slugs = list(names) or [str(path) for path in library.thesis_paths()]
    loaded = [library.load(slug) for slug in slugs]
    symbols = [symbol for thesis, scale in loaded for symbol in thesis.symbols(scale)]
    abroad = [symbols_by_calendar(thesis, scale, {}).values() for thesis, scale in loaded]
    symbols += [symbol for each in abroad for some in each for symbol in some if bar_sources(parse_symbol(symbol))]
    return tuple(dict.fromkeys(symbols)), min(first_needed(thesis) for thesis, _ in loaded)


def universe_symbols(
    store: Store, fetcher: Fetcher, name: str, *, now: dt.datetime
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Every A share of the stored registry of names, renewed first, exchange by exchange; a note for each that failed.

    A name that left the exchanges' lists stays in the registry, so that its history is not lost. UsageError for an unknown
    universe, ScreenerError when there is no registry and none can be had.
    """
    if name not in UNIVERSES:
        raise UsageError("universe_unknown", name=name)
    stored, lacking = store.read_names(), []
    for exchange in lists.NAME_LISTS:
        try:
            found = fetcher.call(SOURCES[exchange].host, partial(lists.fetch_names, exchange))
        except FetchError as error:
            lacking.append(error)
        else:
            stored = _merged(stored, found.drop_duplicates("symbol").set_index("symbol"))
    if stored.empty:
        raise ScreenerError("update_no_names", detail="; ".join(error.text("en") for error in lacking))
    with store.writing(now=now):
        store.write_names(stored)
    symbols = tuple(symbol for symbol in stored.index if parse_symbol(symbol).is_a_share)
    return symbols, tuple(Note("names_kept", {"count": len(symbols), "detail": error.text("en")}) for error in lacking)


def _merged(stored: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The registry with the names of a list; a name that left the list stays, a listing date once known is kept."""
    merged = stored.reindex(stored.index.union(found.index))
    merged["name"] = found["name"].reindex(merged.index).fillna(merged["name"])
    merged["listed"] = merged["listed"].fillna(found["listed"].reindex(merged.index))
    return merged


@dataclass(frozen=True)
class SymbolResult:
    """What an update did for one symbol, and what is stored of it afterwards.

    `state`: fresh = stored up to the last session wanted; stale = stored, but not so far; failed = nothing stored;
    quarantined = what came was refused and what was stored is kept; unsupported = no source has such symbols.
    `reason`: what to know about it; `complete`: nothing is missing that should be there. `shares`: why the float share
    counts are not up to date; bars are complete without them.
    """

    symbol: str
    source: str | None
    rows: int
    first: dt.date | None
    last: dt.date | None
    state: State
    reason: Note | None
    complete: bool
    tried: tuple[Tried, ...] = ()
    notes: tuple[Note, ...] = ()
    shares: Note | None = None

    @property
    def said(self) -> tuple[Note, ...]:
        """What a line about the symbol must say: the reason, and what is the matter with its share counts."""
        return tuple(each for each in (self.reason, self.shares) if each is not None)


class Watcher(Protocol):
    """Whoever wants to see an update go on."""

    def begin(self, symbol: str, sources: Sequence[str]) -> None:
        """`symbol` is about to be asked of `sources`."""

    def done(self, result: SymbolResult) -> None:
        """`result` is stored."""


@dataclass(frozen=True)
class Plan:
    """What an update is to reach: `symbols` from `start` to `end`, both sessions; `now` (aware) is when it runs.

    `counted`: those of which the float share counts are wanted too, a further request each. `bulk`: those that may come
    by the lists of the whole market.
    """

    symbols: tuple[str, ...]
    start: dt.date
    end: dt.date
    now: dt.datetime
    counted: frozenset[str] = frozenset()
    bulk: frozenset[str] = frozenset()

    def end_of(self, symbol: Symbol) -> dt.date:
        """The last finished session of the symbol's own market up to `end`; New York's day ends in Shanghai's next one."""
        calendar = load_calendar(symbol.market)
        last = min(self.end, calendar.last_day)
        return calendar.last_on_or_before(last - dt.timedelta(days=symbol.market == "XNYS")) or last

    @property
    def counts_due(self) -> dt.date:
        """The day that stored share counts must reach: the last session before the week of `end`.

        A weekly report weighs at the start of a period, at the latest there; so a name is asked once a week.
        """
        return load_calendar().last_week_ends(self.end, 2)[0]


def plan_update(
    symbols: Sequence[str],
    *,
    start: dt.date,
    end: dt.date | None,
    now: dt.datetime,
    counted: Collection[str] = (),
    bulk: Collection[str] = (),
) -> Plan:
    """The plan for `symbols` from `start` to the earlier of `end` and the last finished session; UsageError if that is none."""
    calendar = load_calendar()
    finished = min(last_finished_day(now), calendar.last_day)
    last = calendar.last_on_or_before(min(end or finished, finished))
    first = calendar.first_on_or_after(start)
    if last is None or first is None or first > last:
        raise UsageError("update_window_empty", start=start, end=end or finished)
    return Plan(tuple(dict.fromkeys(symbols)), first, last, now, frozenset(counted), frozenset(bulk))
