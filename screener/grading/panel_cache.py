"""A market's panel kept for the next run, by the hash of every file that it was made of; it may be deleted at any time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pyarrow as pa

from screener.grading.shipping import listed
from screener.measures.cells import Panel
from screener.prices.prices import HashedSource, PriceSource
from screener.terms.notes import Note
from screener.terms.replacing import replacing
from screener.version import __version__

# Fewer symbols than this are read again as fast.
WORTH_KEEPING = 500
# Panels kept at most, the newest ones: each takes some ten megabytes.
MOST_KEPT = 3
# The code that a panel follows from: kept panels of other code are not used.
ROOMS = ("terms", "prices", "measures", "sources", "grading")


@dataclass(frozen=True, eq=False)
class Market:
    """A panel with what a run says of it: the as-of date, the ends of symbols whose files end earlier, notes, the source."""

    panel: Panel
    as_of: dt.date
    ends: Mapping[str, dt.date]
    kind: str
    name: str
    notes: tuple[Note, ...]


def panel_key(source: PriceSource, **asked: object) -> str | None:
    """What a panel is kept under, a hash of the source's files, of what was asked for, and of the code; None: none is kept."""
    own = getattr(source, "source", source)
    if not isinstance(own, HashedSource) or len(asked.get("symbols", ())) < WORTH_KEEPING:  # type: ignore[arg-type]
        return None
    parts = [own.files_hash(), _code_hash(), *(f"{name}={value}" for name, value in sorted(asked.items()))]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _code_hash() -> str:
    digest = hashlib.blake2b(__version__.encode(), digest_size=16)
    for room in ROOMS:
        folder = Path(str(files("screener"))) / room
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _folder() -> Path:
    return platformdirs.user_cache_path("screener") / "panels"


def find_panel(key: str) -> Market | None:
    """The panel kept under `key`; None where there is none, or where the file is not what was written."""
    path = next(iter(sorted(_folder().glob(f"{key}-*.arrow"))), None)
    try:
        if path is None or _digest(path) != path.stem.rpartition("-")[2]:
            return None
        path.touch()
        return _read(path)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def keep_panel(key: str, market: Market) -> None:
    """Keep `market` under `key`, and drop the oldest ones; nothing happens where the folder cannot be written."""
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{key}.tmp") as part:
            _write(part, market)
            name = f"{key}-{_digest(part)}.arrow"
        (folder / f"{key}.tmp").replace(folder / name)
        for old in sorted(folder.glob("*.arrow"), key=lambda each: each.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _write(path: Path, market: Market) -> None:
    panel = market.panel
    arrays = {each.name: getattr(panel, each.name) for each in dataclasses.fields(panel)}
    columns = {name: listed(each) for name, each in arrays.items() if isinstance(each, np.ndarray)}
    shapes = {name: list(arrays[name].shape) for name in columns}
    words = {"symbols": panel.symbols, "as_of": market.as_of.isoformat(), "kind": market.kind, "name": market.name}
    ends = {symbol: day.isoformat() for symbol, day in market.ends.items()}
    notes = [[note.code, {name: _plain(value) for name, value in note.params.items()}] for note in market.notes]
    meta = {"shapes": json.dumps(shapes), "words": json.dumps(words), "ends": json.dumps(ends), "notes": json.dumps(notes)}
    batch = pa.record_batch(columns).replace_schema_metadata(meta)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _read(path: Path) -> Market:
    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    meta = {key.decode(): json.loads(value) for key, value in batch.schema.metadata.items()}
    arrays = {
        name: batch.column(name).values.to_numpy(zero_copy_only=False).reshape(shape) for name, shape in meta["shapes"].items()
    }
    words = meta["words"]
    notes = tuple(Note(code, {name: _fancy(value) for name, value in params.items()}) for code, params in meta["notes"])
    ends = {symbol: dt.date.fromisoformat(day) for symbol, day in meta["ends"].items()}
    panel = Panel(symbols=tuple(words["symbols"]), **arrays)
    return Market(panel, dt.date.fromisoformat(words["as_of"]), ends, words["kind"], words["name"], notes)


def _plain(value: object) -> Any:
    """A note's parameter as JSON holds it: a date is marked as one."""
    return (
        {"date": value.isoformat()} if isinstance(value, dt.date) else value if isinstance(value, int | float) else str(value)
    )


def _fancy(value: Any) -> object:
    return dt.date.fromisoformat(value["date"]) if isinstance(value, dict) else value
