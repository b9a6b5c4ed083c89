"""Which price source a word names: auto, snapshot, store, or a folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from screener.prices.prices import Prices, PriceSource
from screener.sources.exports.market import MarketFileSource
from screener.sources.exports.source import ExportSource, is_plain_folder
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Note, ScreenerError, UsageError

if TYPE_CHECKING:
    from screener.store.store import Store


@dataclass(frozen=True)
class NotedSource:
    """A source whose prices carry more notes: why it was chosen, and what else a reader must know of it."""

    source: PriceSource
    note: Note
    more: tuple[Note, ...] = ()

    @property
    def kind(self) -> str:
        """See `prices.PriceSource.kind`."""
        return self.source.kind

    def last_session(self, symbol: str) -> dt.date | None:
        """See `prices.PriceSource.last_session`."""
        return self.source.last_session(symbol)

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`."""
        prices = self.source.load(symbols, start=start, end=end)
        return replace(prices, notes=(self.note, *self.more, *prices.notes))


def with_notes(source: PriceSource, notes: Sequence[Note]) -> PriceSource:
    """The same source, its prices carrying `notes` too."""
    if isinstance(source, NotedSource):
        return replace(source, more=(*source.more, *notes))
    return NotedSource(source, notes[0], tuple(notes[1:])) if notes else source


def open_place(place: Path) -> FolderSource:
    """A folder in the folder layout as it stands, any other folder or file of exports as it is understood.

    UsageError when there is nothing at `place`.
    """
    if not place.exists():
        raise UsageError("folder_missing", folder=str(place))
    if place.is_file() and place.suffix.lower() == ".parquet":
        return MarketFileSource(place)
    return FolderSource(place) if place.is_dir() and is_plain_folder(place) else ExportSource(place)


def open_source(
    word: str,
    symbols: Sequence[str],
    *,
    store: Path | None = None,
    start: dt.date,
    today: dt.date,
    whole_market: bool = False,
) -> PriceSource:
    """The source that `word` names; UsageError or StoreError when there is no such thing.

    `auto` is the store if it holds every one of `symbols` from `start` to the snapshot's last session at least, else the
    snapshot; which of them it is stands in the notes. With `whole_market` it is the store once `update --universe` has
    brought in some of the market: what it lacks is said with the figures. `store`: the store's folder, None = the user's
    data directory; `today`: the last finished day.
    """
    if word == "snapshot":
        return SnapshotSource()
    from screener.store.source import StoreSource
    from screener.store.store import Store, default_folder

    opened = Store(store or default_folder())
    if word not in ("auto", "store"):
        place = open_place(Path(word))
        place.others = {**place.others, "store": partial(_closes_in, opened)}
        return place
    if word == "store" and whole_market and not opened.exists():
        raise UsageError("universe_store_empty", folder=opened.folder)
    if word == "store":
        return StoreSource(opened, today=today)
    why_not = _why_not_market(opened) if whole_market else _why_not_store(opened, symbols, start)
    if why_not is not None:
        return NotedSource(SnapshotSource(), why_not)
    return NotedSource(StoreSource(opened, today=today), Note("auto_store", {"folder": opened.folder}))


def _closes_in(store: Store, symbol: str) -> pd.Series | None:
    """The closes of a symbol in a store; None where there are none, or where they do not open."""
    try:
        found = store.read_closes(symbol)
    except ScreenerError:
        return None
    return None if found is None else pd.Series(found.close, index=pd.DatetimeIndex(found.days.astype("datetime64[s]")))


def _why_not_market(store: Store) -> Note | None:
    """Why `auto` does not take the store for a whole market; None when `update --universe` has brought in some of it."""
    from screener.store.files import StoreError

    if not store.exists():
        return Note("auto_snapshot_empty", {})
    try:
        store.check_version()
        listed = store.read_names()
    except StoreError as error:
        return Note("auto_snapshot_unreadable", {"detail": error.text("en")})
    return None if listed.index.isin(store.symbols()).any() else Note("auto_snapshot_empty", {})


def _why_not_store(store: Store, symbols: Sequence[str], start: dt.date) -> Note | None:
    """Why `auto` does not take the store; None when it covers what is needed."""
    from screener.store.files import StoreError

    if not store.exists():
        return Note("auto_snapshot_empty", {})
    snapshot = SnapshotSource()
    try:
        store.check_version()
        for symbol in symbols:
            bars, end = store.read_bars(symbol), snapshot.last_session(symbol)
            if bars is None or bars.asked_from > start or (end is not None and bars.reach < end):
                return Note("auto_snapshot_lacks", {"symbol": symbol, "start": start, "end": end or "-"})
    except StoreError as error:
        return Note("auto_snapshot_unreadable", {"detail": error.text("en")})
    return None
