"""The local store of raw bars and corporate actions: Parquet per symbol, one writer, every file replaced atomically."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from screener.store.files import (
    StoreError,
    digest_of,
    is_symbol,
    meta_of,
    parquet_bytes,
    partial_files,
    read_parquet,
    unreadable,
    write_file,
)
from screener.store.manifest import FILE, HASHES, JOURNAL, VERSION, Manifest, about_actions, about_bars, load_manifest
from screener.store.quarantine import Quarantine
from screener.store.rows import (
    ACTIONS,
    BARS,
    CLOSES,
    SHARES,
    VALUATIONS,
    Actions,
    Bars,
    Closes,
    ShareCounts,
    Valuations,
    actions_of,
    day_of,
)
from screener.terms.notes import Note
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol

LOCK_WAIT = 10.0
# The manifest is saved after so many files; the journal says what was written since.
SAVE_EVERY = 60
# What the store keeps of a symbol, a folder each.
PARTS: Mapping[str, pa.Schema] = {"bars": BARS, "actions": ACTIONS, "shares": SHARES, "valuations": VALUATIONS}

NAMES = pa.schema([("symbol", pa.string()), ("name", pa.string()), ("listed", pa.date32()), ("delisted", pa.date32())])


@dataclass(eq=False)
class Store:
    """A folder with `bars/`, `actions/`, `shares/`, `valuations/`, `names.parquet`, `manifest.json`, `quarantine/`.

    Every file says for itself what it holds and of which symbol; the manifest has its hash. A file that is another's, or
    that somebody else wrote, is an error for a reader, and set aside by itself by the next writer. Reading needs no lock.
    `mended`: what the last writer had to set aside or ignore.
    """

    folder: Path
    mended: list[Note] = field(default_factory=list)
    _known: Manifest | None = None
    _seen: tuple[object, ...] = ()
    _writer: Manifest | None = None
    _unsaved: int = 0

    def exists(self) -> bool:
        """Whether anything was ever stored here."""
        return (self.folder / FILE).is_file() or (self.folder / "bars").is_dir()

    def symbols(self) -> tuple[str, ...]:
        """Every symbol with stored bars, sorted."""
        return tuple(sorted(path.stem for path in (self.folder / "bars").glob("[!.]*.parquet") if is_symbol(path.stem)))

    def strays(self) -> tuple[Path, ...]:
        """Files in the store's folders that bear no symbol's name: copies of a cloud folder, say. They are never read."""
        found = (path for part in PARTS for path in (self.folder / part).glob("[!.]*"))
        return tuple(sorted(path for path in found if path.suffix != ".parquet" or not is_symbol(path.stem)))

    def check_version(self) -> int:
        """The layout's version, 0 for a store older than versions; StoreError when it is newer than this program."""
        version = self._manifest().version
        if version > VERSION:
            raise StoreError("store_newer", folder=self.folder, version=version, known=VERSION)
        return version

    def read_bars(self, symbol: str) -> Bars | None:
        """Stored bars, None when there are none; StoreError `store_unreadable` when the file does not open."""
        table = self.read_table("bars", symbol, BARS)
        if table is None or not table.num_rows:
            return None
        meta = meta_of(table)
        rows = _frame(table, "session")
        first = as_date(rows["session"].iloc[0])
        asked_from, silent_to = day_of(meta.get("asked_from")) or first, day_of(meta.get("silent_to"))
        return Bars(rows, asked_from, silent_to, tuple(meta.get("unverified", ())), day_of(meta.get("confirmed_to")))

    def read_closes(self, symbol: str) -> Closes | None:
        """Stored closes without the rest, for reading a whole market; None and StoreError as `read_bars`."""
        table = self.read_table("bars", symbol, CLOSES)
        if table is None or not table.num_rows:
            return None
        day, close, volume, amount = (table[name].to_numpy() for name in CLOSES.names)
        meta = meta_of(table)
        silent_to, confirmed_to = (day_of(meta.get(name)) for name in ("silent_to", "confirmed_to"))
        return Closes(day.astype("datetime64[D]"), close, volume, amount, silent_to, confirmed_to)

    def read_actions(self, symbol: str) -> Actions | None:
        """Stored actions, None when they were never read: an empty list means that there were none."""
        table = self.read_table("actions", symbol, ACTIONS)
        return None if table is None else actions_of(_frame(table, "ex_date"), meta_of(table))

    def read_many_actions(self, symbols: Sequence[str]) -> tuple[dict[str, Actions], dict[str, StoreError]]:
        """As `read_actions` for many symbols, without those never read; and why a file does not open, by symbol."""
        tables: dict[str, pa.Table] = {}
        broken: dict[str, StoreError] = {}
        for symbol in symbols:
            try:
                table = self.read_table("actions", symbol, ACTIONS)
            except StoreError as error:
                broken[symbol] = error
            else:
                tables |= {} if table is None else {symbol: table}
        if not tables:
            return {}, broken
        # One conversion for all: pandas takes longer to make a frame than the file takes to read.
        ends = np.cumsum([table.num_rows for table in tables.values()]).tolist()
        whole = pa.concat_tables(table.replace_schema_metadata() for table in tables.values())
        owner = np.repeat(np.arange(len(tables)), np.diff(ends, prepend=0))
        frame = _frame(whole.append_column("owner", pa.array(owner)), "owner", "ex_date").drop(columns="owner")
        found = zip(tables.items(), [0, *ends], ends, strict=False)
        return {symbol: actions_of(frame.iloc[low:high], meta_of(table)) for (symbol, table), low, high in found}, broken

    def read_shares(self, symbol: str) -> ShareCounts | None:
        """Stored share counts, None when they were never read; StoreError `store_unreadable` when the file does not open."""
        table = self.read_table("shares", symbol, SHARES)
        if table is None or not table.num_rows:
            return None
        rows = _frame(table, "date")
        return ShareCounts(rows, day_of(meta_of(table).get("reach")) or as_date(rows["date"].iloc[-1]))

    def read_valuations(self, symbol: str) -> Valuations | None:
        """Stored valuations, None when they were never read; StoreError as `read_bars`."""
        table = self.read_table("valuations", symbol, VALUATIONS)
        return None if table is None or not table.num_rows else Valuations(_frame(table, "date"))

    def read_names(self) -> pd.DataFrame:
        """The registry of names: index symbol, columns name, listed, delisted (NaT = unknown); empty when never stored.

        StoreError `store_unreadable` where the file does not open, or a row has no symbol or one that another has.
        """
        path = self.folder / "names.parquet"
        table = read_parquet(path, path.read_bytes(), NAMES) if path.is_file() else None
        frame: pd.DataFrame = (NAMES.empty_table() if table is None else table).to_pandas()
        for column in ("listed", "delisted"):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
        symbols = frame["symbol"].tolist()
        odd = [each for each in symbols if not isinstance(each, str) or not is_symbol(each)]
        if odd or len(set(symbols)) < len(symbols):
            raise unreadable(path, ValueError(f"symbol {odd[0] if odd else 'twice'}"))
        return frame.astype({"symbol": "str", "name": "str"}).set_index("symbol")

    def span(self, symbol: str) -> tuple[dt.date, dt.date] | None:
        """First and last stored session from the file's footer alone; None without rows or when it does not open."""
        try:
            footer = pq.read_metadata(self._path("bars", symbol))
            stats = [footer.row_group(group).column(0).statistics for group in range(footer.num_row_groups)]
            days = [day for each in stats for day in (each.min, each.max)]
            return (min(days), max(days)) if days and all(isinstance(day, dt.date) for day in days) else None
        except (OSError, pa.ArrowException, AttributeError):
            return None

    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The manifest's entry per symbol, as last written."""
        return self._manifest().entries

    def fault(self) -> Note | None:
        """Why the manifest cannot be used, if it cannot: the next writer makes it anew from the files."""
        return self._manifest().fault

    @property
    def quarantine(self) -> Quarantine:
        """What was refused or set aside."""
        return Quarantine(self.folder / "quarantine")

    @contextmanager
    def writing(self, *, wait: float = LOCK_WAIT, now: dt.datetime) -> Iterator[None]:
        """Hold the store's only lock: migrate, tidy up after a killed run, and leave a manifest that is right.

        StoreError `store_locked` (with the holder's process and since when) after `wait` seconds, `store_newer`, or
        `store_not_writable`.
        """
        import filelock

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / "lock")
            lock.acquire(timeout=wait, poll_interval=0.1)
        except filelock.Timeout:
            raise StoreError("store_locked", folder=self.folder, **self._holder()) from None
        except OSError as error:
            raise StoreError("store_not_writable", folder=self.folder, detail=error.strerror or error) from None
        try:
            self.check_version()
            self.write_text("lock.json", json.dumps({"pid": os.getpid(), "since": f"{now:%Y-%m-%dT%H:%M:%SZ}"}))
            self._recover(now)
            yield
        finally:
            # Also after Ctrl-C. A full disk has been reported by then.
            with suppress(StoreError, OSError):
                if self._writer is not None and self._unsaved:
                    self._save(self._writer)
            self._writer = None
            with suppress(OSError):
                (self.folder / "lock.json").unlink(missing_ok=True)
            lock.release()

    def write_bars(self, symbol: str, bars: Bars) -> None:
        """Replace a symbol's bars; needs `writing`."""
        meta = {"asked_from": bars.asked_from, "silent_to": bars.silent_to, "unverified": bars.unverified}
        meta["confirmed_to"] = bars.confirmed_to
        self._put("bars", symbol, bars.rows, meta, about_bars(bars))

    def write_actions(self, symbol: str, actions: Actions) -> None:
        """Replace a symbol's actions; needs `writing`. Written before the bars they explain: an early action is harmless."""
        meta = {
            "checked_to": actions.checked_to,
            "checked": actions.checked,
            "unverified": actions.unverified,
            "mismatches": [
                {"ex_date": day, "code": gap.code, "reason": gap.reason, "params": gap.params}
                for day, gap in sorted(actions.mismatches.items())
            ],
        }
        self._put("actions", symbol, actions.rows, meta, about_actions(actions))

    def write_shares(self, symbol: str, shares: ShareCounts) -> None:
        """Replace a symbol's share counts; needs `writing`."""
        about = {"shares_reach": shares.reach.isoformat()}
        self._put("shares", symbol, shares.rows, {"reach": shares.reach}, about)

    def write_valuations(self, symbol: str, valuations: Valuations) -> None:
        """Replace a symbol's valuations; needs `writing`."""
        about = {"valuations_reach": valuations.reach.isoformat()}
        self._put("valuations", symbol, valuations.rows, {}, about)

    def write_names(self, names: pd.DataFrame) -> None:
        """Replace the registry of names (index symbol, columns name, listed, delisted); needs `writing`."""
        data = parquet_bytes(names.rename_axis("symbol").reset_index(), NAMES, {})
        write_file(self.folder / "names.parquet", data)

    def write_text(self, name: str, text: str) -> None:
        """Replace a small file of the store's folder; needs `writing`."""
        write_file(self.folder / name, text.encode())

    def _path(self, part: str, symbol: str) -> Path:
        return self.folder / part / f"{parse_symbol(symbol)}.parquet"

    def read_table(self, part: str, symbol: str, schema: pa.Schema) -> pa.Table | None:
        """A symbol's table out of `part`; StoreError where it does not open, is another symbol's, or was changed."""
        path = self._path(part, symbol)
        data = _bytes(path)
        if data is None:
            return None
        table = read_parquet(path, data, schema)
        found = meta_of(table).get("symbol", symbol)
        if found != symbol:
            raise StoreError("store_swapped", file=f"{part}/{path.name}", symbol=symbol, found=found)
        if not self._manifest().accepts(part, symbol, data):
            again = _bytes(path)  # it may have been replaced, and the journal cleared, in between
            if again == data or again is None or not self._manifest().accepts(part, symbol, again):
                raise StoreError("store_changed", file=f"{part}/{path.name}")
            table = read_parquet(path, again, schema)
        return table

    def _put(self, part: str, symbol: str, rows: pd.DataFrame, meta: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Announce, write and enter one file; `about`: what the manifest says of it."""
        if self._writer is None:
            raise RuntimeError("files are written within `Store.writing`")
        data = parquet_bytes(rows, PARTS[part], {"symbol": symbol, **meta})
        path = self._path(part, symbol)
        self._writer.announce(part, symbol, data)
        write_file(path, data, one_of_many=True)
        entry = self._writer.entries.setdefault(symbol, dict.fromkeys(HASHES.values()))
        entry.update({HASHES[part]: digest_of(data), **about})
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self._save(self._writer)

    def _save(self, manifest: Manifest) -> None:
        manifest.save()
        self._unsaved = 0

    def _manifest(self) -> Manifest:
        """The manifest as it lies on disk, or as the writer has it; read anew when it has changed."""
        if self._writer is not None:
            return self._writer
        seen = tuple(_stamp(self.folder / name) for name in (FILE, JOURNAL))
        if self._known is None or seen != self._seen:
            self._known, self._seen = load_manifest(self.folder), seen
        return self._known

    def _holder(self) -> dict[str, object]:
        try:
            held = json.loads((self.folder / "lock.json").read_text("utf-8"))
            return {"pid": held["pid"], "since": held["since"]}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {"pid": "?", "since": "?"}

    def _recover(self, now: dt.datetime) -> None:
        """Take up where the last writer ended: remove what it left half written, set aside what is not what it should be."""
        manifest = load_manifest(self.folder)
        if manifest.version < VERSION:
            manifest.entries = {}
        self._writer, self._unsaved = manifest, 0
        self.mended += [] if manifest.fault is None else [manifest.fault]
        for part in ("", *PARTS, "quarantine"):
            for leftover in partial_files(self.folder / part):
                leftover.unlink(missing_ok=True)
        self.mended += [Note("store_stray", {"file": f"{path.parent.name}/{path.name}"}) for path in self.strays()]
        self._recover_names(now)
        before = dict(manifest.entries)
        found = frozenset().union(*(self.stored(part) for part in PARTS))
        manifest.entries = {symbol: entry for symbol, entry in before.items() if symbol in found}
        for symbol in sorted(found):
            self._recover_symbol(symbol, manifest, now)
        if manifest.entries != before or manifest.journal or manifest.version < VERSION:
            self._save(manifest)

    def stored(self, part: str) -> frozenset[str]:
        """The symbols with a file in `part`, whether it opens or not."""
        return frozenset(path.stem for path in (self.folder / part).glob("[!.]*.parquet") if is_symbol(path.stem))

    def _recover_symbol(self, symbol: str, manifest: Manifest, now: dt.datetime) -> None:
        entry, hashes = manifest.entries.get(symbol, {}), self._hashes(symbol)
        if all(entry.get(name, "") == digest for name, digest in hashes.items()):
            return
        for part, schema in PARTS.items():
            try:
                self.read_table(part, symbol, schema)
            except StoreError as error:
                self._set_aside(f"{part}/{symbol}.parquet", error, now)
        self._enter(symbol, manifest)

    def _enter(self, symbol: str, manifest: Manifest) -> None:
        """Enter what the files of `symbol` hold into the manifest; a symbol without any file has no entry."""
        manifest.entries.pop(symbol, None)
        hashes = self._hashes(symbol)
        if not any(hashes.values()):
            return
        bars, actions = self.read_bars(symbol), self.read_actions(symbol)
        shares, valued = self.read_shares(symbol), self.read_valuations(symbol)
        manifest.entries[symbol] = {
            **hashes,
            **({} if bars is None else about_bars(bars)),
            **({} if actions is None else about_actions(actions)),
            "shares_reach": shares.reach.isoformat() if shares else None,
            "valuations_reach": valued.reach.isoformat() if valued else None,
        }

    def _recover_names(self, now: dt.datetime) -> None:
        try:
            self.read_names()
        except StoreError as error:
            self._set_aside("names.parquet", error, now)

    def _hashes(self, symbol: str) -> dict[str, str | None]:
        """SHA-256 of a symbol's files, None for a file that is not there, under the manifest's names."""
        found = {HASHES[part]: _bytes(self._path(part, symbol)) for part in PARTS}
        return {name: None if data is None else digest_of(data) for name, data in found.items()}

    def _set_aside(self, file: str, error: StoreError, now: dt.datetime) -> None:
        """Move one file, and no other, into quarantine, and say so."""
        place = self.quarantine.take(self.folder / file, file.removeprefix("bars/").replace("/", "-"), now=now)
        self.mended += [Note(error.code, error.params), Note("store_set_aside", {"file": file, "place": place.name})]


def default_folder() -> Path:
    """Where the store is when `--store` does not say: the user's data directory of this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir("screener", appauthor=False)) / "store"


def _bytes(path: Path) -> bytes | None:
    """A file's bytes, None where there is none; StoreError `store_unreadable`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _frame(table: pa.Table, *order: str) -> pd.DataFrame:
    """The rows in the order of these columns, of which the last holds dates."""
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    dates = {order[-1]: frame[order[-1]].astype("datetime64[s]")}
    return frame.assign(**dates).sort_values(list(order), ignore_index=True)
