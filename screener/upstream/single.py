"""One symbol of an update: what is missing of it is asked for, checked, joined and stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import pandas as pd

from screener.prices.bars import listing_of
from screener.store.files import StoreError
from screener.store.rows import Actions, Bars, ShareCounts
from screener.store.store import Store
from screener.terms.notes import Note
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, parse_symbol
from screener.upstream.asking.patience import Tried
from screener.upstream.asking.vendors import action_sources, share_sources
from screener.upstream.plan import Plan, State, SymbolResult
from screener.upstream.pull import ActionLists, Pulled, Puller, overlap_end, overlap_start


class FoundActions(Protocol):
    """The corporate actions of one name as its sources list them."""

    @property
    def found(self) -> Mapping[str, pd.DataFrame]:
        """Source → list; a source that failed is not among them."""

    @property
    def provisional(self) -> pd.DataFrame | None:
        """Actions to judge price limits by before anything is checked."""

    @property
    def tried(self) -> Sequence[Tried]:
        """How the sources answered."""


@dataclass(frozen=True, eq=False)
class Run:
    """One update under way. `silent`: stocks of which two sources have nothing after the last row.

    `listed`: where a name's corporate actions come from, None = from its own lists, checked against 前复权 too. `halted`:
    whether a list says of a name that it did not trade on the last session, so that no second source need say so.
    """

    store: Store
    plan: Plan
    puller: Puller
    listings: pd.DataFrame
    levels: pd.DataFrame
    silent: set[str] = field(default_factory=set)
    listed: Callable[[Symbol, Actions | None], FoundActions] | None = None
    halted: Callable[[str], bool] = lambda symbol: False

    def update(self, symbol: Symbol) -> SymbolResult:
        """Bring `symbol` up to date, one source after the other, and say what came of it."""
        if not self.puller.sources(symbol):
            return SymbolResult(
                str(symbol), None, 0, None, None, "unsupported", Note("unsupported", {"symbol": str(symbol)}), False
            )
        stored, actions = self.store.read_bars(str(symbol)), self.stored_actions(symbol)
        window = self._window(symbol, stored)
        end = self.plan.end_of(symbol)
        if actions is not None and stored is not None:
            actions = actions.known_to(stored.confirmed_to)
        known = actions is not None and actions.checked_to >= min(end, stored.last if stored else end)
        if window is None and stored is not None and (not action_sources(symbol) or known):
            return self.result(symbol, stored, Pulled(), actions)
        listed = self.listed(symbol, actions) if self.listed else ActionLists(self.puller, symbol, actions)
        return self._pull(symbol, stored, actions, window, listed)

    def _pull(
        self,
        symbol: Symbol,
        stored: Bars | None,
        actions: Actions | None,
        window: tuple[dt.date, dt.date] | None,
        listed: FoundActions,
    ) -> SymbolResult:
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
                halted=self.halted(str(symbol)),
            )
        bars = pulled.bars or stored
        if bars is not None and listed.found:
            tried = list(listed.tried)
            adjusted = self.listed is None
            actions = self.puller.check(
                symbol, listed.found, bars=bars, old=stored, stored=actions, tried=tried, adjusted=adjusted
            )
            self.store.write_actions(str(symbol), actions)
        if pulled.bars is not None:
            self.store.write_bars(str(symbol), pulled.bars)
        pulled.tried += listed.tried
        if pulled.silent and symbol.kind == "stock":
            self.silent.add(str(symbol))
        failed = bool(action_sources(symbol)) and bars is not None and not listed.found
        return self.result(symbol, bars, pulled, actions, actions_failed=failed)

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

    def stored_actions(self, symbol: Symbol) -> Actions | None:
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

    def result(
        self, symbol: Symbol, bars: Bars | None, pulled: Pulled, actions: Actions | None, *, actions_failed: bool = False
    ) -> SymbolResult:
        """What is stored of `symbol` now, and what to know about it."""
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
        again = self.result(
            parse_symbol(result.symbol),
            quiet,
            Pulled(tried=list(result.tried), notes=list(result.notes)),
            self.stored_actions(parse_symbol(result.symbol)),
        )
        return replace(again, shares=result.shares)
