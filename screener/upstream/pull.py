"""One symbol's bars and corporate actions, asked of its sources in order until one passes the door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeVar

import pandas as pd

from screener.prices.bars import Listing
from screener.store.files import StoreError
from screener.store.rows import BARS, Actions, Bars, ShareCounts, Valuations
from screener.store.store import Store
from screener.terms.notes import Note
from screener.terms.sessions import as_date, load_calendar
from screener.terms.symbols import Symbol
from screener.upstream import lists, series
from screener.upstream.actions import check_actions
from screener.upstream.asking.door import OVERLAP, Asked, Refusal, admit, join
from screener.upstream.asking.patience import Fetcher, FetchError, Tried
from screener.upstream.asking.vendors import SOURCES, action_sources, bar_sources, share_sources
from screener.upstream.counts import count_changes, joined_counts

T = TypeVar("T")
_NO_ACTIONS = pd.DataFrame(
    {
        "ex_date": pd.Series(dtype="datetime64[s]"),
        "cash_per_share": pd.Series(dtype=float),
        "split_ratio": pd.Series(dtype=float),
    }
)
# Where a vendor's forward-adjusted closes come from. The first of a long series is asked where its raw closes were; a
# later step is checked at the other, so that an update asks no host twice for the bars of one symbol.
ADJUSTED = "adjusted"
_ADJUSTED_FIRST, _ADJUSTED_LATER = ("eastmoney", "tencent"), ("tencent", "eastmoney")


@dataclass(eq=False)
class Pulled:
    """What came of asking for bars: `bars` as they may be stored (None = nothing new), and how each source answered.

    `actions`: what price limits are judged by. `refusals`: source → why the door did not let its series in. `silent`: a
    second source agrees that there is nothing after the last row. `late_start`: the series begins later than asked, and
    no second source says that it must.
    """

    actions: Callable[[], pd.DataFrame | None] = lambda: None
    bars: Bars | None = None
    tried: list[Tried] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    silent: bool = False
    late_start: Note | None = None


@dataclass(frozen=True, eq=False)
class Puller:
    """Asks sources for one symbol at a time under one Fetcher; sets aside in `store` whatever is refused.

    `finished`: the last finished session's date, `today` the calendar's. `order`: symbol or kind → names of sources, where
    the user has another order than `bar_sources`.
    """

    store: Store
    fetcher: Fetcher
    now: dt.datetime
    today: dt.date
    finished: dt.date
    order: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def sources(self, symbol: Symbol) -> tuple[str, ...]:
        """Names of the sources of bars of `symbol`, in the order in which they are asked: see `ordered_sources`."""
        return ordered_sources(symbol, self.order)

    def unverified(self, sources: Iterable[str]) -> tuple[str, ...]:
        """The hosts of `sources` whose certificates the user does not want checked."""
        return tuple(sorted({SOURCES[source].host for source in sources} & self.fetcher.unverified))

    def bars(
        self,
        symbol: Symbol,
        stored: Bars | None,
        *,
        start: dt.date,
        end: dt.date,
        actions: Callable[[], pd.DataFrame | None],
        listing: Listing,
        levels: pd.Series | None,
        halted: bool = False,
    ) -> Pulled:
        """Rows from `start` to `end` from the first source that passes the door, joined to the stored ones.

        A source that begins late or ends early is followed by the next ones: for what it lacks, and as a second opinion
        that there is nothing (a stock not yet listed, a suspension; not where `halted` says so already). `actions` is called
        once a series is there: other hosts are asked while the first one rests.
        """
        pulled = Pulled(actions=actions)
        asked = Asked(symbol, "", start, end, self.finished, self.today, None, listing, None if stored else levels)
        left = list(self.sources(symbol))
        late: list[Bars] = []
        while left and pulled.bars is None and not _agree_on_first(late):
            source = left.pop(0)
            bars = self._one(replace(asked, source=source), stored, pulled)
            if bars is not None and _starts_late(bars, asked):
                late.append(bars)
            else:
                pulled.bars = bars
        if pulled.bars is None and late:
            self._take_late(late, asked, pulled)
        if pulled.bars is not None and halted and pulled.bars.last < asked.end:
            pulled.silent, pulled.bars = True, replace(pulled.bars, silent_to=asked.end)
        elif pulled.bars is not None:
            self._ask_for_the_rest(asked, left, pulled)
        return pulled

    def _take_late(self, late: Sequence[Bars], asked: Asked, pulled: Pulled) -> None:
        """Of series that all begin late the longest; that nobody has more is known if two agree or nobody else is there."""
        longest = min(late, key=lambda each: each.first)
        alone = asked.symbol.kind == "stock" and len(self.sources(asked.symbol)) == 1
        if alone or _agree_on_first(late):
            pulled.bars = longest
            return
        pulled.bars = replace(longest, asked_from=longest.first)
        pulled.late_start = Note("starts_late", {"first": longest.first, "asked": asked.start})

    def _one(self, asked: Asked, stored: Bars | None, pulled: Pulled) -> Bars | None:
        """One source's series through the door and joined to what is stored; None when it is not to be had or not let in."""
        fetch = partial(series.fetch_bars, asked.source, asked.symbol, start=asked.start, end=asked.end)
        frame = self._call(asked.source, asked.symbol, fetch, pulled.tried)
        if frame is None:
            return None
        answer = self._through_the_door(frame, replace(asked, actions=pulled.actions()), stored, pulled.notes)
        if isinstance(answer, Refusal):
            self._refuse(asked, answer, frame, pulled)
            return None
        pulled.tried.append(Tried(asked.source, "answered"))
        return answer

    def _through_the_door(self, frame: pd.DataFrame, asked: Asked, stored: Bars | None, notes: list[Note]) -> Bars | Refusal:
        let_in = admit(frame, asked)
        if isinstance(let_in, Refusal):
            return let_in
        rows = let_in.rows.assign(source=asked.source, fetched_at=pd.Timestamp(self.now).floor("s"))[BARS.names]
        joined = rows if stored is None else join(stored, rows, asked.source)
        if isinstance(joined, Refusal):
            return joined
        notes += let_in.notes
        used = str(frame.attrs.get("asked_as") or asked.symbol)
        if used != str(asked.symbol):
            notes.append(Note("asked_under_new_code", {"symbol": str(asked.symbol), "used": used}))
        unverified = self.unverified((asked.source,))
        if unverified:
            notes.append(Note("came_unverified", {"symbol": str(asked.symbol), "hosts": ", ".join(unverified)}))
        if stored is None:
            return Bars(joined, asked.start, unverified=unverified)
        hosts = tuple(sorted({*stored.unverified, *unverified}))
        bars = Bars(joined, min(stored.asked_from, asked.start), unverified=hosts, confirmed_to=stored.confirmed_to)
        return replace(bars, silent_to=stored.silent_to) if bars.last == stored.last else bars

    def _ask_for_the_rest(self, asked: Asked, left: Sequence[str], pulled: Pulled) -> None:
        for source in left:
            bars = pulled.bars
            if bars is None or bars.last >= asked.end:
                return
            further = self._one(replace(asked, source=source, start=overlap_start(bars), levels=None), bars, pulled)
            if further is None:
                continue
            pulled.silent = further.last == bars.last
            pulled.bars = replace(further, asked_from=bars.asked_from)
            if pulled.silent:
                return

    def _refuse(self, asked: Asked, refusal: Refusal, frame: pd.DataFrame, pulled: Pulled) -> None:
        pulled.tried.append(Tried(asked.source, refusal.code, refusal.params))
        pulled.refusals[asked.source] = refusal
        self.store.quarantine.keep(
            str(asked.symbol),
            source=asked.source,
            reason=refusal.code,
            detail="; ".join(each.line_text("en") for each in refusal.problems[:20]) or repr(refusal.params),
            excerpt=frame.head(3).to_csv(index=False).encode(),
            rows=frame,
            now=self.now,
        )

    def _call(self, source: str, symbol: Symbol, function: Callable[[], T], tried: list[Tried]) -> T | None:
        try:
            return self.fetcher.call(SOURCES[source].host, function, subject=str(symbol))
        except FetchError as error:
            tried.append(Tried(source, error.code, error.params, error.excerpt))
            if error.excerpt:
                self.store.quarantine.keep(
                    str(symbol),
                    source=source,
                    reason=error.code,
                    detail=error.text("en"),
                    excerpt=error.excerpt,
                    rows=None,
                    now=self.now,
                )
            return None

    def action_list(self, source: str, symbol: Symbol, tried: list[Tried]) -> pd.DataFrame | None:
        """The corporate actions of `symbol` as `source` has them; None when it failed."""
        frame = self._call(source, symbol, partial(lists.fetch_actions, source, symbol), tried)
        if frame is not None:
            tried.append(Tried(source, "answered"))
        return frame

    def shares(self, symbol: Symbol, stored: ShareCounts | None, tried: list[Tried], notes: list[Note]) -> ShareCounts | None:
        """The float share counts of `symbol` up to the last finished session, beside the stored ones; None when not to be had.

        Days on which the source contradicts itself are set aside and noted; so is a count that differs from a stored one.
        """
        for source in share_sources(symbol):
            answer = self._call(source, symbol, partial(lists.fetch_values, source, symbol), tried)
            if answer is None:
                continue
            frame, values = answer
            tried.append(Tried(source, "answered"))
            self._keep_values(source, symbol, values, notes)
            refused = frame.attrs.pop("refused")
            if refused:
                params: dict[str, object] = {"symbol": str(symbol), "count": len(refused), "first": refused[0]}
                notes.append(Note("shares_days_refused", params))
                self.store.quarantine.keep(
                    str(symbol),
                    source=source,
                    reason="shares_days_refused",
                    detail=", ".join(map(str, refused)),
                    excerpt=b"",
                    rows=None,
                    now=self.now,
                )
            frame = frame[frame["date"] <= pd.Timestamp(self.finished)]
            if len(frame):
                found = ShareCounts(count_changes(frame).assign(source=source), as_date(frame["date"].iloc[-1]))
                return joined_counts(found, stored, notes, symbol)
        return None

    def _keep_values(self, source: str, symbol: Symbol, values: pd.DataFrame | None, notes: list[Note]) -> None:
        """Store PE, PB and market values beside what is stored from earlier days; a note where the reply has none."""
        rows = None if values is None else values[values["date"] <= pd.Timestamp(self.finished)]
        if rows is None or rows.empty:
            notes.append(Note("valuations_failed", {"symbol": str(symbol), "source": source}))
            return
        try:
            stored = self.store.read_valuations(str(symbol))
        except StoreError:
            stored = None
        rows = rows.assign(source=source)
        if stored is not None:
            rows = pd.concat([stored.rows[stored.rows["date"] < rows["date"].iloc[0]], rows], ignore_index=True)
        self.store.write_valuations(str(symbol), Valuations(rows))

    def check(
        self,
        symbol: Symbol,
        found: Mapping[str, pd.DataFrame],
        *,
        bars: Bars,
        old: Bars | None,
        stored: Actions | None,
        tried: list[Tried],
        adjusted: bool = True,
    ) -> Actions:
        """The actions that may be used: the lists against each other and, where a stored step is new, against 前复权.

        The latter only if `adjusted`.
        """
        raw = bars.rows[["session", "close"]]
        levels = None
        if adjusted and (_has_new_step(found, bars, old) or (stored is not None and _step_days(stored))):
            levels = self._adjusted(symbol, bars, first_pull=old is None, tried=tried)
        result = check_actions(found, symbol=str(symbol), raw=raw, adjusted=levels)
        hosts = self.unverified(found)
        return _with_open_doubts(Actions(result.actions, bars.last, result.checked, result.mismatches, hosts), stored)

    def _adjusted(self, symbol: Symbol, bars: Bars, *, first_pull: bool, tried: list[Tried]) -> pd.DataFrame | None:
        for source in _ADJUSTED_FIRST if first_pull else _ADJUSTED_LATER:
            fetch = partial(series.fetch_forward_adjusted, source, symbol, start=bars.first, end=bars.last)
            frame = self._call(source, symbol, fetch, tried)
            if frame is not None:
                return frame
        return None


def ordered_sources(symbol: Symbol, order: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The sources that have `symbol`: those of the user's order for it, its board or its kind first, then the others."""
    able = bar_sources(symbol)
    chosen = next((order[key] for key in (str(symbol), symbol.board, symbol.kind) if key in order), ())
    return tuple(dict.fromkeys([*(source for source in chosen if source in able), *able]))


@dataclass(eq=False)
class ActionLists:
    """The corporate actions of one symbol as its sources list them, asked for when they are first needed."""

    puller: Puller
    symbol: Symbol
    stored: Actions | None
    tried: list[Tried] = field(default_factory=list)

    @cached_property
    def found(self) -> dict[str, pd.DataFrame]:
        """Source → list; a source that failed is not among them."""
        sources = action_sources(self.symbol)
        lists = ((source, self.puller.action_list(source, self.symbol, self.tried)) for source in sources)
        return {source: frame for source, frame in lists if frame is not None}

    @cached_property
    def provisional(self) -> pd.DataFrame | None:
        """Actions to judge price limits by before anything is checked, doubtful values NaN; the stored ones, or None, else."""
        if not self.found:
            return None if self.stored is None else self.stored.rows
        empty = pd.DataFrame({"session": pd.Series(dtype="datetime64[s]"), "close": pd.Series(dtype=float)})
        return check_actions(self.found, symbol=str(self.symbol), raw=empty, adjusted=None).actions


def _starts_late(bars: Bars, asked: Asked) -> bool:
    due = load_calendar(asked.symbol.market).first_on_or_after(max(asked.start, asked.listing.listed or asked.start))
    return due is not None and bars.first > due


def _agree_on_first(late: Sequence[Bars]) -> bool:
    """Whether two series begin on one session, and none earlier."""
    firsts = sorted(bars.first for bars in late)
    return len(firsts) > 1 and firsts[0] == firsts[1]


def overlap_start(bars: Bars) -> dt.date:
    """The first of the last OVERLAP sessions that traded: from where an update asks again."""
    traded = bars.rows.loc[bars.rows["volume"] != 0, "session"]
    return as_date(traded.iloc[-OVERLAP:].iloc[0]) if len(traded) else bars.first


def overlap_end(bars: Bars) -> dt.date:
    """The last of the first OVERLAP sessions that traded: up to where an earlier history is asked."""
    traded = bars.rows.loc[bars.rows["volume"] != 0, "session"]
    return as_date(traded.iloc[:OVERLAP].iloc[-1]) if len(traded) else bars.last


def _has_new_step(found: Mapping[str, pd.DataFrame], bars: Bars, old: Bars | None) -> bool:
    """Whether the new rows hold an ex-date, or could hide one that no list has (a first pull always could)."""
    if old is None:
        return True
    days = pd.concat([frame["ex_date"] for frame in found.values()]) if found else _NO_ACTIONS["ex_date"]
    inside = days[(days >= pd.Timestamp(bars.first)) & (days <= pd.Timestamp(bars.last))]
    return bool((~inside.between(pd.Timestamp(old.first), pd.Timestamp(old.last))).any())


def _step_days(actions: Actions) -> set[dt.date]:
    return {day for day, gap in actions.mismatches.items() if gap.reason == "action_step_differs"}


def _with_open_doubts(new: Actions, stored: Actions | None) -> Actions:
    """The new list with the stored doubts that it could not look into: a source or the 前复权 was not to be had this time."""
    if stored is None:
        return new
    looked_at = set(stored.mismatches) if len(set(new.checked) - {ADJUSTED}) > 1 else set()
    looked_at = looked_at - _step_days(stored) if ADJUSTED not in new.checked else looked_at | _step_days(stored)
    kept = {day: gap for day, gap in stored.mismatches.items() if day not in looked_at}
    days = pd.to_datetime(list(kept)).astype("datetime64[s]")
    old, rows = stored.rows, new.rows
    rows = pd.concat([rows[~rows["ex_date"].isin(days)], old[old["ex_date"].isin(days)]]).sort_values(
        "ex_date", ignore_index=True
    )
    checked = new.checked if ADJUSTED in new.checked or ADJUSTED not in stored.checked else (*new.checked, ADJUSTED)
    return replace(new, rows=rows, checked=checked, mismatches={**new.mismatches, **kept})
