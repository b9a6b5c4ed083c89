"""What works here and what does not, in plain words: versions, prices at hand, calendar, store, sources, fonts."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import pandas as pd

from screener.store.files import StoreError
from screener.store.store import Store
from screener.terms.notes import Note
from screener.terms.say import LANGS, Lang, say
from screener.terms.sessions import as_date, load_calendar
from screener.terms.symbols import parse_symbol
from screener.upstream import series
from screener.upstream.asking.memory import Settings
from screener.upstream.asking.patience import Fetcher, FetchError, Policy
from screener.upstream.asking.vendors import SOURCES, bar_sources
from screener.upstream.pull import ordered_sources
from screener.version import __version__

Level = Literal["ok", "warn", "fail"]
LIBRARIES = ("akshare", "pandas", "numpy", "pyarrow", "pandera", "duckdb")
# One symbol per source is asked for its last few sessions; a source that has only one kind gets that kind.
PROBES = {"csindex": "000300.SH", "swsresearch": "801770.SI"}
PROBE = "600941.SH"
PROBE_SESSIONS = 10
# Asking whether a source is there takes one try and little patience.
DOCTOR_POLICY = Policy(deadline_seconds=10.0, tries=1)
# A whole market is not listed symbol by symbol.
MAX_LISTED = 60


@dataclass(frozen=True)
class Finding:
    """One line of the examination: how serious, about what; message codes with parameters, a pair being (zh, en)."""

    level: Level
    topic: str
    code: str
    params: dict[str, object] = field(default_factory=dict)
    topic_params: dict[str, object] = field(default_factory=dict)

    def text(self, lang: Lang = "zh") -> str:
        """Say it in one sentence."""
        return say(self.code, lang, **self.params)

    def title(self, lang: Lang = "zh") -> str:
        """What it is about."""
        words = {key: each[LANGS.index(lang)] if isinstance(each, tuple) else each for key, each in self.topic_params.items()}
        return say(self.topic, lang, **words)


def examine(
    store: Store,
    symbols: Sequence[str],
    *,
    today: dt.date,
    fetcher: Fetcher | None = None,
    notes: Sequence[Note] = (),
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
) -> tuple[Finding, ...]:
    """Examine everything; `symbols`: what the theses need; `today`: the last finished day; no `fetcher`: ask no source.

    A host that the fetcher remembers to leave alone is named and not asked; `notes`: what was odd about that memory;
    `settings`: the user's order of sources and the hosts that are asked unverified.
    Nothing here raises for what it finds: a broken store or an akshare that cannot be imported is a finding.
    """
    return (
        *_versions(),
        *_snapshot(),
        *_calendar(today),
        *_store(store, symbols, today),
        *(Finding("warn", "topic_store", note.code, note.params) for note in notes),
        *(() if fetcher is None else _resting(fetcher)),
        *(() if fetcher is None else _sources(fetcher, today)),
        *_order(symbols, settings),
        *_single_sources(symbols),
    )


def _versions() -> Iterator[Finding]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "-"
    python = ".".join(map(str, sys.version_info[:3]))
    libraries = ", ".join(f"{name} {number}" for name, number in found.items())
    yield Finding(
        "ok", "topic_versions", "doctor_versions", {"screener": __version__, "python": python, "libraries": libraries}
    )


def _snapshot() -> Iterator[Finding]:
    from screener.sources.snapshot import snapshot_span

    first, last, symbols = snapshot_span()
    params: dict[str, object] = {
        "first": first,
        "last": last,
        "stocks": sum(parse_symbol(symbol).kind == "stock" for symbol in symbols),
        "indices": sum(parse_symbol(symbol).kind == "index" for symbol in symbols),
        "sessions": len(load_calendar().between(first, last)),
    }
    yield Finding("ok", "topic_snapshot", "doctor_snapshot", params)


def _calendar(today: dt.date) -> Iterator[Finding]:
    calendar = load_calendar()
    if today > calendar.last_day:
        params: dict[str, object] = {"last": calendar.last_day, "today": today}
        yield Finding("warn", "topic_calendar", "calendar_ended", params)
    else:
        yield Finding("ok", "topic_calendar", "doctor_calendar", {"last": calendar.last_day})


def _store(store: Store, symbols: Sequence[str], today: dt.date) -> Iterator[Finding]:
    if not store.exists():
        yield Finding("warn", "topic_store", "doctor_store_empty", {"folder": store.folder})
        return
    try:
        store.check_version()
    except StoreError as error:
        yield Finding("fail", "topic_store", error.code, error.params)
        return
    stored = store.symbols()
    if not stored:
        yield Finding("warn", "topic_store", "doctor_store_empty", {"folder": store.folder})
        return
    size = sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())
    params: dict[str, object] = {"folder": store.folder, "count": len(stored), "size": f"{size / 1e6:.1f}"}
    yield Finding("ok", "topic_store", "doctor_store", params)
    if not os.access(store.folder, os.W_OK):
        yield Finding("warn", "topic_store", "store_not_writable", {"folder": store.folder, "detail": "read-only"})
    for note in (store.fault(), *(Note("store_stray", {"file": f"{each.parent.name}/{each.name}"}) for each in store.strays())):
        if note is not None:
            yield Finding("warn", "topic_store", note.code, note.params)
    refused = store.quarantine.refusals()
    if refused:
        yield Finding("warn", "topic_quarantine", "doctor_quarantine", {"count": len(refused), "last": refused[-1].name})
    lacking = [symbol for symbol in symbols if symbol not in stored]
    if lacking:
        params = {"count": len(lacking), "symbols": ", ".join(lacking)}
        yield Finding("warn", "topic_store", "doctor_store_lacks", params)
    listed = stored if len(stored) <= MAX_LISTED else [symbol for symbol in symbols if symbol in stored]
    yield from (_stored_symbol(store, symbol, today) for symbol in listed)


def _stored_symbol(store: Store, symbol: str, today: dt.date) -> Finding:
    topic: dict[str, object] = {"symbol": symbol}
    try:
        bars = store.read_bars(symbol)
    except StoreError as error:
        return Finding("fail", "topic_symbol", error.code, error.params, topic)
    if bars is None:
        return Finding("warn", "topic_symbol", "not_in_store", {"symbol": symbol}, topic)
    calendar = load_calendar(parse_symbol(symbol).market)
    due = calendar.last_on_or_before(min(today, calendar.last_day)) or today
    params: dict[str, object] = {
        "last": bars.last,
        "source": bars.rows["source"].iloc[-1],
        "fetched": f"{bars.rows['fetched_at'].max():%Y-%m-%d %H:%M}Z",
        "sessions": calendar.count_between(bars.reach, due),
    }
    if bars.unverified:
        params = {"symbol": symbol, "hosts": ", ".join(bars.unverified)}
        return Finding("warn", "topic_symbol", "stored_unverified", params, topic)
    behind = bars.reach < due
    return Finding("warn" if behind else "ok", "topic_symbol", "doctor_behind" if behind else "doctor_symbol", params, topic)


def _resting(fetcher: Fetcher) -> Iterator[Finding]:
    for note in fetcher.resting():
        yield Finding("warn", "topic_source", note.code, note.params, {"name": note.params["host"]})


def _sources(fetcher: Fetcher, today: dt.date) -> Iterator[Finding]:
    """Ask every source of bars for a few sessions of one symbol, under the fetcher's deadline."""

    broken = _import_fault()
    if broken is not None:
        yield broken
        return
    calendar = load_calendar()
    end = calendar.last_on_or_before(min(today, calendar.last_day)) or today
    for name in bar_source_names():
        source = SOURCES[name]
        if fetcher.resting_until(source.host) is not None:
            continue
        topic: dict[str, object] = {"name": source.title}
        probe = parse_symbol(PROBES.get(name, PROBE))
        fetch = partial(series.fetch_bars, name, probe, start=calendar.shift(end, -PROBE_SESSIONS), end=end)
        yield _probe(fetcher, source.host, fetch, topic)


def _probe(fetcher: Fetcher, host: str, fetch: Callable[[], pd.DataFrame], topic: dict[str, object]) -> Finding:
    try:
        frame = fetcher.call(host, fetch)
    except FetchError as error:
        level: Level = "warn" if error.code == "source_empty" else "fail"
        return Finding(level, "topic_source", error.code, error.params, topic)
    params: dict[str, object] = {"host": host, "last": as_date(frame["session"].max())}
    return Finding("ok", "topic_source", "doctor_source", params, topic)


def bar_source_names() -> tuple[str, ...]:
    """Every source of bars that the mainland's stocks and indices are asked of, in order."""

    kinds = (PROBE, *PROBES.values())
    return tuple(dict.fromkeys(name for symbol in kinds for name in bar_sources(parse_symbol(symbol))))


def _import_fault() -> Finding | None:
    """Why akshare cannot be imported, if it cannot: then nothing can be fetched, and everything stored still works."""
    try:
        import akshare  # noqa: F401
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        detail = (str(error).splitlines() or [""])[0]
        return Finding("fail", "topic_akshare", "doctor_no_akshare", {"kind": type(error).__name__, "detail": detail})
    return None


def _order(symbols: Sequence[str], settings: Settings) -> Iterator[Finding]:
    """In which order the sources of each kind of symbol that is needed are asked, and which hosts go unverified."""
    orders: dict[tuple[str, ...], str] = {}
    for symbol in (*symbols, "920000.BJ"):
        orders.setdefault(ordered_sources(parse_symbol(symbol), settings.order), symbol)
    for sources, symbol in orders.items():
        yield Finding("ok", "topic_order", "doctor_order", {"symbol": symbol, "sources": " → ".join(sources) or "-"})
    for host in sorted(settings.unverified):
        yield Finding("warn", "topic_order", "doctor_unverified", {"host": host})


def _single_sources(symbols: Sequence[str]) -> Iterator[Finding]:

    single = [symbol for symbol in symbols if len(bar_sources(parse_symbol(symbol))) == 1]
    if single:
        yield Finding("warn", "topic_single", "doctor_single", {"symbols": ", ".join(single)})
