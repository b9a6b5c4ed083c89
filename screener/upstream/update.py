"""Bring the local store up to date, symbol by symbol: what is missing is asked for, checked, joined and stored."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import FrameType
from typing import Literal, Protocol

import pandas as pd

from screener.judgement.listings import symbols_by_calendar
from screener.judgement.span import first_needed
from screener.prices.bars import listing_of
from screener.sources.snapshot import SnapshotSource
from screener.store.files import StoreError
from screener.store.rows import Actions, Bars, ShareCounts
from screener.store.source import listings_of
from screener.store.store import Store
from screener.terms.clock import last_finished_day, shanghai_date
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, parse_symbol
from screener.thesis.library import Library
from screener.upstream import lists
from screener.upstream.memory import keep_breakers
from screener.upstream.patience import Fetcher, FetchError, Tried
from screener.upstream.pull import ActionLists, Pulled, Puller, overlap_end, overlap_start
from screener.upstream.vendors import SOURCES, action_sources, bar_sources, share_sources

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

    `counted`: those of which the float share counts are wanted too, a further request each.
    """

    symbols: tuple[str, ...]
    start: dt.date
    end: dt.date
    now: dt.datetime
    counted: frozenset[str] = frozenset()

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
    symbols: Sequence[str], *, start: dt.date, end: dt.date | None, now: dt.datetime, counted: Sequence[str] = ()
) -> Plan:
    """The plan for `symbols` from `start` to the earlier of `end` and the last finished session; UsageError if that is none."""
    calendar = load_calendar()
    finished = min(last_finished_day(now), calendar.last_day)
    last = calendar.last_on_or_before(min(end or finished, finished))
    first = calendar.first_on_or_after(start)
    if last is None or first is None or first > last:
        raise UsageError("update_window_empty", start=start, end=end or finished)
    return Plan(tuple(dict.fromkeys(symbols)), first, last, now, frozenset(counted))


def run_update(
    store: Store,
    plan: Plan,
    *,
    fetcher: Fetcher,
    order: Mapping[str, Sequence[str]] | None = None,
    watcher: Watcher | None = None,
) -> tuple[SymbolResult, ...]:
    """Carry out `plan` and say per symbol what became of it; every symbol is stored before the next is asked.

    StoreError when the store cannot be locked or written; ScreenerError `update_stopped` on Ctrl-C. Either way what is
    stored stays, and the next run goes on from there.
    """
    with store.writing(now=plan.now), _interrupts() as interrupted:
        puller = Puller(store, fetcher, plan.now, shanghai_date(plan.now), last_finished_day(plan.now), order or {})
        run = _Run(store, plan, puller, listings_of(store, plan.symbols), _snapshot_levels(plan))
        results: list[SymbolResult] = []
        try:
            for symbol in plan.symbols:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if watcher:
                    watcher.begin(symbol, puller.sources(parse_symbol(symbol)))
                results.append(run.with_shares(run.update(parse_symbol(symbol))))
                keep_breakers(store, fetcher.breakers)
                if watcher:
                    watcher.done(results[-1])
        except KeyboardInterrupt:
            keep_breakers(store, fetcher.breakers)
            raise ScreenerError("update_stopped", done=len(results), total=len(plan.symbols)) from None
        return run.with_suspensions(results)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Ctrl-C noted as an event too: raised while an object is being finalised, the exception alone would be lost."""
    noticed = threading.Event()
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield noticed
        return

    def note(number: int, frame: FrameType | None) -> None:
        noticed.set()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, eq=False)
class _Run:
    """One update under way. `silent`: stocks of which two sources have nothing after the last row."""

    store: Store
    plan: Plan
    puller: Puller
    listings: pd.DataFrame
    levels: pd.DataFrame
    silent: set[str] = field(default_factory=set)

    def update(self, symbol: Symbol) -> SymbolResult:
        if not self.puller.sources(symbol):
            return SymbolResult(
                str(symbol), None, 0, None, None, "unsupported", Note("unsupported", {"symbol": str(symbol)}), False
            )
        stored, actions = self.store.read_bars(str(symbol)), self._stored_actions(symbol)
        window = self._window(symbol, stored)
        end = self.plan.end_of(symbol)
        known = actions is not None and actions.checked_to >= min(end, stored.last if stored else end)
        if window is None and stored is not None and (not action_sources(symbol) or known):
            return self._result(symbol, stored, Pulled(), actions)
        return self._pull(symbol, stored, actions, window)

    def _pull(
        self, symbol: Symbol, stored: Bars | None, actions: Actions | None, window: tuple[dt.date, dt.date] | None
    ) -> SymbolResult:
        listed = ActionLists(self.puller, symbol, actions)
        pulled = Pulled()
        if window is not None:
            pulled = self.puller.bars(
                symbol,
                stored,
                start=window[0],
                end=window[1],
                actions=lambda: listed.provisional,
                listing=listing_of(self.listings, str(symbol)),
                levels=self.levels.get(str(symbol)),
            )
        bars = pulled.bars or stored
        if bars is not None and listed.found:
            actions = self.puller.check(symbol, listed.found, bars=bars, old=stored, stored=actions, tried=listed.tried)
            self.store.write_actions(str(symbol), actions)
        if pulled.bars is not None:
            self.store.write_bars(str(symbol), pulled.bars)
        pulled.tried += listed.tried
        if pulled.silent and symbol.kind == "stock":
            self.silent.add(str(symbol))
        failed = bool(action_sources(symbol)) and bars is not None and not listed.found
        return self._result(symbol, bars, pulled, actions, actions_failed=failed)

    def with_shares(self, result: SymbolResult) -> SymbolResult:
        """Bring the share counts of a stored stock up to date where they are wanted, and say what came of it."""
        symbol = parse_symbol(result.symbol)
        if result.symbol not in self.plan.counted or result.last is None or not share_sources(symbol):
            return result
        due, stored = min(self.plan.counts_due, result.last), self._stored_shares(symbol)
        if stored is not None and stored.reach >= due:
            return result
        tried: list[Tried] = []
        notes: list[Note] = []
        found = self.puller.shares(symbol, stored, tried, notes)
        if found is not None:
            self.store.write_shares(result.symbol, found)
        lack = None
        if found is None:
            lack = Note("shares_failed", {"source": tried[-1].source, "why": tried[-1].code})
        elif found.reach < due:
            lack = Note("shares_behind", {"reach": found.reach, "due": due})
        return replace(result, tried=(*result.tried, *tried), notes=(*result.notes, *notes), shares=lack)

    def _stored_shares(self, symbol: Symbol) -> ShareCounts | None:
        """Stored share counts; a file that does not open counts as none and is written anew."""
        try:
            return self.store.read_shares(str(symbol))
        except StoreError:
            return None

    def _stored_actions(self, symbol: Symbol) -> Actions | None:
        """Stored actions; a file that does not open counts as none and is written anew."""
        try:
            return self.store.read_actions(str(symbol))
        except StoreError:
            return None

    def _window(self, symbol: Symbol, stored: Bars | None) -> tuple[dt.date, dt.date] | None:
        """What to ask for: the missing end after the last stored rows, the missing head before the first; None = nothing."""
        start, end = self.plan.start, self.plan.end_of(symbol)
        if stored is None:
            return start, end
        head, tail = stored.asked_from > start, stored.reach < end
        if head and not tail:
            return start, overlap_end(stored)
        if tail:
            return (start if head else overlap_start(stored)), end
        return None

    def _result(
        self, symbol: Symbol, bars: Bars | None, pulled: Pulled, actions: Actions | None, *, actions_failed: bool = False
    ) -> SymbolResult:
        state = self._state(symbol, bars, pulled)
        reason, complete = self._reason(symbol, bars, pulled, state)
        if complete and action_sources(symbol):
            reason, complete = self._actions_reason(symbol, actions, reason, failed=actions_failed)
        return SymbolResult(
            symbol=str(symbol),
            source=None if bars is None else str(bars.rows["source"].iloc[-1]),
            rows=0 if bars is None else len(bars.rows),
            first=bars.first if bars else None,
            last=bars.last if bars else None,
            state=state,
            reason=reason,
            complete=complete,
            tried=tuple(pulled.tried),
            notes=tuple(pulled.notes),
        )

    def _state(self, symbol: Symbol, bars: Bars | None, pulled: Pulled) -> State:
        if bars is not None and (bars.reach >= self.plan.end_of(symbol) or self._ended(symbol)):
            return "quarantined" if pulled.bars is None and pulled.refusals else "fresh"
        if pulled.bars is None and pulled.refusals:
            return "quarantined"
        return "failed" if bars is None else "stale"

    def _ended(self, symbol: Symbol) -> bool:
        delisted = listing_of(self.listings, str(symbol)).delisted
        return delisted is not None and delisted <= self.plan.end

    def _reason(self, symbol: Symbol, bars: Bars | None, pulled: Pulled, state: State) -> tuple[Note | None, bool]:
        if state == "quarantined":
            refusal = next(iter(pulled.refusals.values()))
            return Note(refusal.code, refusal.params), False
        if state == "failed":
            return (Note(pulled.tried[-1].code, dict(pulled.tried[-1].params)) if pulled.tried else None), False
        assert bars is not None  # noqa: S101 - every other state has stored rows
        if state == "stale":
            return self._lag(symbol, bars, pulled), False
        if pulled.late_start is not None:
            return pulled.late_start, False
        if bars.last < self.plan.end_of(symbol):
            return Note("suspended_since", {"symbol": str(symbol), "last": bars.last}), True
        return None, True

    def _lag(self, symbol: Symbol, bars: Bars, pulled: Pulled) -> Note:
        due = self.plan.end_of(symbol)
        sessions = load_calendar(symbol.market).count_between(bars.last, due)
        params: dict[str, object] = {"last": bars.last, "due": due, "sessions": sessions}
        failed = [each for each in pulled.tried if each.code != "answered"]
        if pulled.bars is not None or not failed:
            return Note("source_lags", params)
        return Note("kept_stale", {**params, "source": failed[0].source, "why": failed[0].code})

    def _actions_reason(
        self, symbol: Symbol, actions: Actions | None, reason: Note | None, *, failed: bool
    ) -> tuple[Note | None, bool]:
        """What is missing about corporate actions, where the bars are all there."""
        if actions is None or failed:
            return Note("actions_failed", {"symbol": str(symbol)}), False
        days = sorted(day for day in actions.mismatches if self.plan.start <= day <= self.plan.end)
        if days:
            return Note("actions_mismatch", {"symbol": str(symbol), "days": ", ".join(map(str, days))}), False
        if not actions.is_checked:
            return Note("actions_one_source", {"symbol": str(symbol)}), False
        return reason, True

    def with_suspensions(self, results: Sequence[SymbolResult]) -> tuple[SymbolResult, ...]:
        """Tell suspensions from late sources, now that all are done.

        A stock of which two sources have nothing after its last row did not trade, if other stocks of the run reached the
        end; otherwise the sources are late alike, and it stays `stale`.
        """
        reached = any(parse_symbol(each.symbol).kind == "stock" and each.last == self.plan.end for each in results)
        return tuple(self._suspended(each) if reached and each.symbol in self.silent else each for each in results)

    def _suspended(self, result: SymbolResult) -> SymbolResult:
        bars = self.store.read_bars(result.symbol)
        if bars is None or result.state != "stale":
            return result
        quiet = replace(bars, silent_to=self.plan.end)
        self.store.write_bars(result.symbol, quiet)
        again = self._result(
            parse_symbol(result.symbol),
            quiet,
            Pulled(tried=list(result.tried), notes=list(result.notes)),
            self._stored_actions(parse_symbol(result.symbol)),
        )
        return replace(again, shares=result.shares)


def _snapshot_levels(plan: Plan) -> pd.DataFrame:
    """Closes of the bundled snapshot: the level that a first pull of its symbols must have."""
    calendar = load_calendar()
    prices = SnapshotSource().load(plan.symbols, start=calendar.first_day, end=plan.end)
    return prices.close.dropna(axis="columns", how="all")
