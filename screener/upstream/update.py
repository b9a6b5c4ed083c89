"""Bring the local store up to date: theses name by name, the whole market by its lists; every name is stored at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import pandas as pd

from screener.prices.bars import listing_of
from screener.sources.snapshot import SnapshotSource
from screener.store.source import listings_of
from screener.store.store import Store
from screener.terms.clock import last_finished_day, shanghai_date
from screener.terms.notes import Note, ScreenerError
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, parse_symbol
from screener.upstream.asking.memory import keep_breakers
from screener.upstream.asking.patience import Fetcher
from screener.upstream.bulk import SPOT, Bulk, listed_actions
from screener.upstream.plan import Plan, SymbolResult, Watcher
from screener.upstream.pull import Puller
from screener.upstream.single import Run

# The whole history of a name in one request, where the names are thousands.
BULK_ORDER: Mapping[str, Sequence[str]] = {"stock": ("sina", "tencent", "eastmoney")}


def run_update(
    store: Store,
    plan: Plan,
    *,
    fetcher: Fetcher,
    order: Mapping[str, Sequence[str]] | None = None,
    watcher: Watcher | None = None,
    notes: list[Note] | None = None,
) -> tuple[SymbolResult, ...]:
    """Carry out `plan` and say per symbol what became of it; every symbol is stored before the next is asked.

    StoreError when the store cannot be locked or written; ScreenerError `update_stopped` on Ctrl-C. Either way what is
    stored stays, and the next run goes on from there. `notes` takes what there is to say of the lists of the whole market.
    """
    with store.writing(now=plan.now), _interrupts() as interrupted:
        puller = Puller(store, fetcher, plan.now, shanghai_date(plan.now), last_finished_day(plan.now), order or {})
        run = Run(store, plan, puller, listings_of(store, plan.symbols), _snapshot_levels(plan))
        bulk = Bulk(run)
        results: list[SymbolResult] = []
        try:
            for symbol in plan.symbols:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if watcher:
                    watcher.begin(symbol, (SPOT,) if symbol in plan.bulk else puller.sources(parse_symbol(symbol)))
                results.append(_one(run, bulk, parse_symbol(symbol)))
                keep_breakers(store, fetcher.breakers)
                if watcher:
                    watcher.done(results[-1])
            results = _again(run, bulk, _cleared(bulk, results))
            keep_breakers(store, fetcher.breakers)
        except KeyboardInterrupt:
            keep_breakers(store, fetcher.breakers)
            raise ScreenerError("update_stopped", done=len(results), total=len(plan.symbols)) from None
        if notes is not None:
            notes += bulk.notes
        return run.with_suspensions(results)


def _one(run: Run, bulk: Bulk, symbol: Symbol) -> SymbolResult:
    """A name of the whole market by its lists, where they do not serve by itself; one of a thesis always by itself."""
    if str(symbol) not in run.plan.bulk:
        return run.with_shares(run.update(symbol))
    listed = listing_of(run.listings, str(symbol)).listed
    alone = replace(
        run,
        puller=replace(run.puller, order={**BULK_ORDER, **run.puller.order}),
        listed=lambda each, actions: listed_actions(bulk, each, actions, listed),
        halted=lambda each: each in bulk.suspended,
    )
    return bulk.update(symbol) or alone.update(symbol)


def _cleared(bulk: Bulk, results: Sequence[SymbolResult]) -> list[SymbolResult]:
    cleared = {each.symbol: each for each in bulk.clear_doubts()}
    return [cleared.get(each.symbol, each) for each in results]


def _again(run: Run, bulk: Bulk, results: Sequence[SymbolResult]) -> list[SymbolResult]:
    """Ask once more about the names that a resting host was not asked about: a host that was no name's fault answers now."""
    missed = run.puller.fetcher.missed()
    again = [each.symbol in missed and each.state not in ("fresh", "unsupported") for each in results]
    if any(again):
        run.puller.fetcher.wake()
    return [_one(run, bulk, parse_symbol(each.symbol)) if wanted else each for each, wanted in zip(results, again, strict=True)]


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


def _snapshot_levels(plan: Plan) -> pd.DataFrame:
    """Closes of the bundled snapshot: the level that a first pull of its symbols must have."""
    calendar = load_calendar()
    prices = SnapshotSource().load(plan.symbols, start=calendar.first_day, end=plan.end)
    return prices.close.dropna(axis="columns", how="all")
