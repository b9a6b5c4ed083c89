"""The local store as a source of prices: the same checks as for anybody's files, and how far it is behind the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from screener.prices.adjust import assemble_prices
from screener.prices.bars import CheckedBars, check_bars, listing_of
from screener.prices.index_check import index_notes, judge_indices
from screener.prices.prices import EMPTY_ACTIONS, EMPTY_SHARES, EMPTY_VALUATIONS, FIELDS, Prices
from screener.store.files import StoreError
from screener.store.rows import Actions
from screener.store.store import Store
from screener.terms.names import bundled_names
from screener.terms.notes import Gap, Note, Problem
from screener.terms.sessions import Calendar, as_date, load_calendar, session_axis
from screener.terms.symbols import parse_symbol

Breaks = dict[str, dict[dt.date, Gap]]


class StoreSource:
    """Price source over a Store; `today`: the last finished day, against which the store's age is measured."""

    kind = "store"

    def __init__(self, store: Store, *, today: dt.date) -> None:
        """StoreError when there is no store or it is newer than this program."""
        if not store.exists():
            raise StoreError("store_missing", folder=store.folder)
        store.check_version()
        self.store = store
        self.today = today

    def last_session(self, symbol: str) -> dt.date | None:
        """See `prices.PriceSource.last_session`."""
        span = self.store.span(symbol)
        return span[1] if span else None

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`; a symbol whose stored rows are wrong or do not open is a gap `bad_data`."""
        return _StoreReader(self, start, end).read(symbols)


@dataclass
class _StoreReader:
    """One load: reads and checks symbol by symbol, so that no fault of one hides another."""

    source: StoreSource
    start: dt.date
    end: dt.date
    notes: list[Note] = field(default_factory=list)
    gaps: dict[str, Gap] = field(default_factory=dict)
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    breaks: Breaks = field(default_factory=dict)
    total_breaks: Breaks = field(default_factory=dict)
    actions: list[pd.DataFrame] = field(default_factory=list)
    shares: list[pd.DataFrame] = field(default_factory=list)
    valuations: list[pd.DataFrame] = field(default_factory=list)
    actions_to: dict[str, dt.date] = field(default_factory=dict)
    reach: dict[str, dt.date] = field(default_factory=dict)

    def read(self, symbols: Sequence[str]) -> Prices:
        market = parse_symbol(symbols[0]).market
        calendar = load_calendar(market)
        listings = listings_of(self.source.store, symbols)
        checked: dict[str, CheckedBars] = {}
        for symbol in symbols:
            result = self._read_symbol(symbol, calendar, listings)
            if result is not None:
                checked[symbol] = result
                self._add_breaks(self.breaks, symbol, result.breaks)
        stale = self._stale(calendar, listings)
        unconfirmed = self._check_indices(symbols, market)
        return assemble_prices(
            {symbol: result.bars for symbol, result in checked.items()},
            {symbol: result.halted for symbol, result in checked.items()},
            symbols=symbols,
            axis=session_axis(self.start, self.end, market),
            calendar=calendar,
            actions=pd.concat(self.actions, ignore_index=True) if self.actions else EMPTY_ACTIONS,
            listings=listings,
            kind=self.source.kind,
            name=self.source.store.folder.name,
            gaps=self.gaps,
            breaks=self.breaks,
            total_breaks=self.total_breaks,
            flags=self.flags,
            notes=self.notes,
            unconfirmed=unconfirmed,
            actions_to=self.actions_to,
            stale=stale,
            shares=pd.concat(self.shares, ignore_index=True) if self.shares else None,
            valuations=pd.concat(self.valuations, ignore_index=True) if self.valuations else None,
        )

    def _read_symbol(self, symbol: str, calendar: Calendar, listings: pd.DataFrame) -> CheckedBars | None:
        try:
            bars, actions = self.source.store.read_bars(symbol), self.source.store.read_actions(symbol)
        except StoreError as error:
            self.gaps[symbol] = Gap("bad_data", error.code, error.params)
            return None
        if bars is None:
            self.gaps[symbol] = Gap("no_data", "not_in_store", {"symbol": symbol})
            return None
        self.reach[symbol] = bars.reach
        result = check_bars(
            bars.rows[["session", *FIELDS]].set_axis(range(1, len(bars.rows) + 1)),
            file=f"bars/{symbol}.parquet",
            symbol=parse_symbol(symbol),
            calendar=calendar,
            start=self.start,
            end=self.end,
            actions=None if actions is None else actions.rows.set_axis(range(1, len(actions.rows) + 1)),
            actions_file=f"actions/{symbol}.parquet",
            listing=listing_of(listings, symbol),
        )
        self.notes += result.notes
        if result.problems:
            self.gaps[symbol] = _wrong(symbol, result.problems)
            return None
        actions = None if actions is None else actions.known_to(bars.confirmed_to)
        self._take_actions(symbol, actions, bars.last, calendar)
        self._mark_unverified(symbol, {*bars.unverified, *(() if actions is None else actions.unverified)})
        self._take_shares(symbol)
        self._take_valuations(symbol)
        return result

    def _check_indices(self, symbols: Sequence[str], market: str) -> Mapping[str, dt.date]:
        """Judge the stored indices by each other and the run's names: a fault is the index's gap; returns last leaps."""
        asked = [symbol for symbol in symbols if parse_symbol(symbol).kind == "index" and symbol not in self.gaps]
        names = [symbol for symbol in symbols if parse_symbol(symbol).kind == "stock" and symbol not in self.gaps]
        others = [symbol for symbol in self.source.store.symbols() if parse_symbol(symbol).kind == "index"] if asked else []
        check = judge_indices(
            {symbol: stored_closes(self.source.store, symbol) for symbol in dict.fromkeys([*asked, *others, *names])},
            asked,
            names=names,
            actions=pd.concat(self.actions, ignore_index=True) if self.actions else EMPTY_ACTIONS,
            sessions=pd.DatetimeIndex(load_calendar(market).days.astype("datetime64[s]")),
            start=self.start,
            end=self.end,
        )
        for fault in check.faults:
            file, params = f"bars/{fault.symbol}.parquet", {"day": fault.day, **fault.params}
            problem = Problem(file, None, f"{fault.day} close", f"{fault.close:g}", fault.code, params)
            self.gaps[fault.symbol] = _wrong(fault.symbol, [problem])
        self.notes += index_notes(check)
        return check.unconfirmed

    def _take_shares(self, symbol: str) -> None:
        """The counts up to the window's end; from the day after the last one that the source spoke of nothing is known."""
        try:
            shares = self.source.store.read_shares(symbol)
        except StoreError as error:
            self.notes.append(Note(error.code, error.params))
            return
        if shares is None:
            return
        beyond = pd.DataFrame({"date": [pd.Timestamp(shares.reach + dt.timedelta(days=1))], "float_shares": [float("nan")]})
        rows = pd.concat([shares.rows[["date", "float_shares"]], beyond.astype({"date": "datetime64[s]"})], ignore_index=True)
        rows = rows[rows["date"] <= pd.Timestamp(self.end)]
        if len(rows):
            self.shares.append(rows.assign(symbol=symbol)[list(EMPTY_SHARES.columns)])

    def _take_valuations(self, symbol: str) -> None:
        """The whole published history up to the window's end: a percentile is counted among all of it."""
        try:
            found = self.source.store.read_valuations(symbol)
        except StoreError as error:
            self.notes.append(Note(error.code, error.params))
            return
        rows = None if found is None else found.rows[found.rows["date"] <= pd.Timestamp(self.end)]
        if rows is not None and len(rows):
            self.valuations.append(rows.assign(symbol=symbol)[list(EMPTY_VALUATIONS.columns)])

    def _take_actions(self, symbol: str, actions: Actions | None, last: dt.date, calendar: Calendar) -> None:
        if parse_symbol(symbol).kind != "stock":
            return
        if actions is None:
            self.flags[symbol] = ("actions_unknown",)
            return
        self.actions.append(actions.rows.assign(symbol=symbol)[list(EMPTY_ACTIONS.columns)])
        if actions.checked_to < min(last, self.end):
            self.actions_to[symbol] = actions.checked_to
        if not actions.is_checked:
            self.notes.append(Note("actions_one_source", {"symbol": symbol}))
        both, total = breaks_of_actions(symbol, actions, last, calendar)
        self._add_breaks(self.breaks, symbol, both)
        self._add_breaks(self.total_breaks, symbol, total)

    def _mark_unverified(self, symbol: str, hosts: Collection[str]) -> None:
        if hosts:
            self.flags[symbol] = (*self.flags.get(symbol, ()), "unverified")
            self.notes.append(Note("stored_unverified", {"symbol": symbol, "hosts": ", ".join(sorted(hosts))}))

    @staticmethod
    def _add_breaks(target: Breaks, symbol: str, days: Mapping[dt.date, Gap]) -> None:
        if days:
            target.setdefault(symbol, {}).update(days)

    def _stale(self, calendar: Calendar, listings: pd.DataFrame) -> Gap | None:
        """The gap of a store that does not reach the last finished session; a delisted name need not."""
        today = self.source.today
        if today > calendar.last_day:
            self.notes.append(Note("calendar_ended", {"last": calendar.last_day, "today": today}))
        due = calendar.last_on_or_before(min(today, calendar.last_day))
        if due is None:
            return None
        behind = {symbol: reach for symbol, reach in self.reach.items() if reach < due and not has_ended(listings, symbol, due)}
        if not behind:
            return None
        symbol = min(behind, key=lambda each: (behind[each], each))
        params: dict[str, object] = {"last": behind[symbol], "due": due, "symbol": symbol, "count": len(behind)}
        return Gap("stale", "store_behind", {**params, "sessions": calendar.count_between(behind[symbol], due)})


def stored_closes(store: Store, symbol: str) -> pd.Series:
    """Every stored close of a symbol by session; empty where there is none, or its file does not open."""
    try:
        rows = store.read_closes(symbol)
    except StoreError:
        rows = None
    if rows is None:
        return pd.Series(dtype=float, index=pd.DatetimeIndex([]))
    closes = pd.Series(rows.close, index=pd.DatetimeIndex(rows.days.astype("datetime64[s]")))
    return closes[(closes > 0) & ~closes.index.duplicated()].sort_index()


def breaks_of_actions(
    symbol: str, actions: Actions, last: dt.date, calendar: Calendar
) -> tuple[dict[dt.date, Gap], dict[dt.date, Gap]]:
    """Sessions across which doubts about stored actions forbid linking: (both series, `total` only).

    `last`: the last stored session; actions that were not looked up so far end the `total` series.
    """
    unknown_split: set[dt.date] = set()
    if actions.mismatches:
        unknown_split = {as_date(day) for day in actions.rows.loc[actions.rows["split_ratio"].isna(), "ex_date"]}
    both = {day: gap for day, gap in actions.mismatches.items() if day in unknown_split}
    total = {day: gap for day, gap in actions.mismatches.items() if day not in unknown_split}
    if actions.checked_to < last:
        day = calendar.shift(calendar.last_on_or_before(actions.checked_to) or last, 1)
        params: dict[str, object] = {"symbol": symbol, "checked_to": actions.checked_to, "day": day}
        total[day] = Gap("no_data", "actions_unchecked_since", params)
    return both, total


def listings_of(store: Store, symbols: Sequence[str]) -> pd.DataFrame:
    """What is known of the life of `symbols`: the stored registry first, then the bundled names; unknown dates are NaT."""
    try:
        stored = store.read_names()
    except StoreError:
        stored = pd.DataFrame(columns=["name", "listed", "delisted"])
    ours = stored[stored.index.isin(symbols)]
    names = {symbol: name for symbol, name in bundled_names().items() if symbol in symbols and symbol not in ours.index}
    unknown = pd.DatetimeIndex([pd.NaT] * len(names)).astype("datetime64[s]")
    index = pd.Index(list(names), name="symbol", dtype="str")
    bundled = pd.DataFrame({"name": list(names.values()), "listed": unknown, "delisted": unknown}, index=index)
    return pd.concat([ours, bundled]) if len(ours) else bundled


def has_ended(listings: pd.DataFrame, symbol: str, due: dt.date) -> bool:
    """Whether `symbol` is known to have been delisted by `due`."""
    delisted = listing_of(listings, symbol).delisted
    return delisted is not None and delisted <= due


def _wrong(symbol: str, problems: Sequence[Problem]) -> Gap:
    first = " ".join((problems[0].place, problems[0].field, problems[0].value))
    params: dict[str, object] = {"symbol": symbol, "count": len(problems), "first": first}
    return Gap("bad_data", "stored_bars_wrong", params)
