"""`manifest.json`: a summary of the store with the hash of every file, and the journal of what was written since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screener.store.files import StoreError, digest_of, write_file
from screener.store.rows import Actions, Bars
from screener.terms.notes import Note
from screener.terms.replacing import folder_to_disk

FILE, JOURNAL = "manifest.json", "journal.txt"
# Version of the layout. A store without a version is older than version 1: its manifest is made anew from its files.
VERSION = 1
# Under which name an entry holds the hash of a symbol's file.
HASHES: Mapping[str, str] = {
    "bars": "sha256",
    "actions": "actions_sha256",
    "shares": "shares_sha256",
    "valuations": "valuations_sha256",
}


@dataclass(eq=False)
class Manifest:
    """The manifest as it lies in `folder`: `entries` by symbol, `version` (0 = none), `fault` where it cannot be used.

    `journal`: (part, symbol) → hashes of files written since it was saved. A file is announced there before it is replaced,
    so at any moment, also after a kill, the hash of a file that this program wrote is known. (After a power cut the last
    lines may be lost; their files are then set aside, and fetched again.)
    """

    folder: Path
    version: int = 0
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    journal: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    fault: Note | None = None

    def accepts(self, part: str, symbol: str, data: bytes) -> bool:
        """Whether `data` is a file that this program wrote; True where nothing is known of it: one put back, say."""
        name, entry = HASHES[part], self.entries.get(symbol, {})
        digest = digest_of(data)
        return entry.get(name) in (None, digest) or digest in self.journal.get((part, symbol), ())

    def announce(self, part: str, symbol: str, data: bytes) -> None:
        """Say, before it is written, that `data` is to be the file of `symbol`; StoreError when that cannot be said."""
        digest = digest_of(data)
        self.journal.setdefault((part, symbol), set()).add(digest)
        path = self.folder / JOURNAL
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="ascii") as file:
                file.write(f"{part} {symbol} {digest}\n")
        except OSError as error:
            raise StoreError("store_write_failed", file=path, detail=error.strerror or error) from None

    def save(self) -> None:
        """Make the files written so far last, write the manifest, then forget the journal."""
        for part in HASHES:
            folder_to_disk(self.folder / part)
        said = {"version": VERSION, "symbols": dict(sorted(self.entries.items()))}
        write_file(self.folder / FILE, json.dumps(said, ensure_ascii=False, indent=1).encode())
        (self.folder / JOURNAL).unlink(missing_ok=True)
        self.journal.clear()


def load_manifest(folder: Path) -> Manifest:
    """The manifest of `folder`; what cannot be read or cannot be is a `fault`, and nothing of it is believed."""
    path = folder / FILE
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Manifest(folder, journal=_read_journal(folder))
    except (OSError, ValueError, RecursionError) as error:
        return _faulty(folder, type(error).__name__)
    if not isinstance(said, dict):
        return _faulty(folder, type(said).__name__)
    version, symbols = said.get("version", 0), said.get("symbols", {})
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        return _faulty(folder, f"version {version!r}"[:60])
    if not isinstance(symbols, dict) or not all(isinstance(entry, dict) for entry in symbols.values()):
        return _faulty(folder, "symbols")
    return Manifest(folder, version, symbols, _read_journal(folder))


def _faulty(folder: Path, detail: str) -> Manifest:
    fault = Note("manifest_unreadable", {"file": folder / FILE, "detail": detail})
    return Manifest(folder, journal=_read_journal(folder), fault=fault)


def _read_journal(folder: Path) -> dict[tuple[str, str], set[str]]:
    """Every whole line of the journal; a last one that a kill cut short announces a file that was not written."""
    try:
        lines = (folder / JOURNAL).read_text("ascii", errors="replace").split("\n")
    except OSError:
        return {}
    journal: dict[tuple[str, str], set[str]] = {}
    for words in (line.split(" ") for line in lines):
        if len(words) == 3 and words[0] in HASHES and len(words[2]) == 64:
            journal.setdefault((words[0], words[1]), set()).add(words[2])
    return journal


def about_bars(bars: Bars) -> dict[str, Any]:
    """What the manifest says of a symbol's bars."""
    counts = bars.rows["source"].value_counts()
    return {
        "source": str(bars.rows["source"].iloc[-1]),
        "sources": {str(name): int(count) for name, count in sorted(counts.items())},
        "first": bars.first.isoformat(),
        "last": bars.last.isoformat(),
        "rows": len(bars.rows),
        "fetched_at": f"{bars.rows['fetched_at'].max():%Y-%m-%dT%H:%M:%SZ}",
        "silent_to": bars.silent_to.isoformat() if bars.silent_to else None,
    }


def about_actions(actions: Actions) -> dict[str, Any]:
    """What the manifest says of a symbol's corporate actions."""
    return {"actions_checked_to": actions.checked_to.isoformat(), "action_mismatches": len(actions.mismatches)}
