"""The local store of raw bars and corporate actions: Parquet per symbol, one writer, every file replaced atomically."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
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

from screener.store.rows import ACTIONS, BARS, CLOSES, SHARES, Actions, Bars, Closes, ShareCounts
from screener.terms.notes import Gap, ScreenerError
from screener.terms.replacing import PART, replacing
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol

# Version of the layout. A store without a version is older than version 1: its manifest is made anew from its files.
VERSION = 1
LOCK_WAIT = 10.0
# A killed run may leave a manifest this many symbols behind its files; the next one reads them again.
SAVE_EVERY = 20
EXCERPT = 200
# A source that is refused every day must not fill the disk: the newest records are kept.
KEPT_REFUSALS = 500

NAMES = pa.schema([("symbol", pa.string()), ("name", pa.string()), ("listed", pa.date32()), ("delisted", pa.date32())])
_OURS = b"screener"


class StoreError(ScreenerError):
    """The store cannot be read or written: locked, too new, read-only, full."""


@dataclass(eq=False)
class Store:
    """A folder with `bars/`, `actions/`, `shares/`, `names.parquet`, `manifest.json`, `quarantine/` (CONTRACT, CHANGELOG).

    Every file says for itself what it holds; the manifest is a summary that a writer brings up to date when it starts,
    so a run that was killed between two files costs nothing. Reading needs no lock.
    """

    folder: Path
    _entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    _unsaved: int = 0

    def exists(self) -> bool:
        """Whether anything was ever stored here."""
        return (self.folder / "manifest.json").is_file() or (self.folder / "bars").is_dir()

    def symbols(self) -> tuple[str, ...]:
        """Every symbol with stored bars, sorted."""
        return tuple(sorted(path.stem for path in (self.folder / "bars").glob("[!.]*.parquet")))

    def check_version(self) -> int:
        """The layout's version, 0 for a store older than versions; StoreError when it is newer than this program."""
        version = self._manifest().get("version", 0)
        if not isinstance(version, int) or version > VERSION:
            raise StoreError("store_newer", folder=self.folder, version=version, known=VERSION)
        return version

    def read_bars(self, symbol: str) -> Bars | None:
        """Stored bars, None when there are none; StoreError `store_unreadable` when the file does not open."""
        table = self._read(self._path("bars", symbol), BARS)
        if table is None or not table.num_rows:
            return None
        meta = _meta(table)
        rows = _frame(table, "session")
        first = as_date(rows["session"].iloc[0])
        asked_from, silent_to = _day(meta.get("asked_from")) or first, _day(meta.get("silent_to"))
        return Bars(rows, asked_from, silent_to, tuple(meta.get("unverified", ())))

    def read_closes(self, symbol: str) -> Closes | None:
        """Stored closes without the rest, for reading a whole market; None and StoreError as `read_bars`."""
        table = self._read(self._path("bars", symbol), CLOSES)
        if table is None or not table.num_rows:
            return None
        day, close, volume, amount = (table[name].to_numpy() for name in CLOSES.names)
        return Closes(day.astype("datetime64[D]"), close, volume, amount, _day(_meta(table).get("silent_to")))

    def read_actions(self, symbol: str) -> Actions | None:
        """Stored actions, None when they were never read: an empty list means that there were none."""
        table = self._read(self._path("actions", symbol), ACTIONS)
        return None if table is None else _actions(_frame(table, "ex_date"), _meta(table))

    def read_many_actions(self, symbols: Sequence[str]) -> tuple[dict[str, Actions], dict[str, StoreError]]:
        """As `read_actions` for many symbols, without those never read; and why a file does not open, by symbol."""
        tables: dict[str, pa.Table] = {}
        broken: dict[str, StoreError] = {}
        for symbol in symbols:
            try:
                table = self._read(self._path("actions", symbol), ACTIONS)
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
        return {symbol: _actions(frame.iloc[low:high], _meta(table)) for (symbol, table), low, high in found}, broken

    def read_shares(self, symbol: str) -> ShareCounts | None:
        """Stored share counts, None when they were never read; StoreError `store_unreadable` when the file does not open."""
        table = self._read(self._path("shares", symbol), SHARES)
        if table is None or not table.num_rows:
            return None
        rows = _frame(table, "date")
        return ShareCounts(rows, _day(_meta(table).get("reach")) or as_date(rows["date"].iloc[-1]))

    def read_names(self) -> pd.DataFrame:
        """The registry of names: index symbol, columns name, listed, delisted (NaT = unknown); empty when never stored."""
        table = self._read(self.folder / "names.parquet", NAMES)
        frame: pd.DataFrame = (NAMES.empty_table() if table is None else table).to_pandas()
        for column in ("listed", "delisted"):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
        return frame.astype({"symbol": "str", "name": "str"}).set_index("symbol")

    def span(self, symbol: str) -> tuple[dt.date, dt.date] | None:
        """First and last stored session from the file's footer alone; None without rows or when it does not open."""
        try:
            footer = pq.read_metadata(self._path("bars", symbol))
            stats = [footer.row_group(group).column(0).statistics for group in range(footer.num_row_groups)]
            return (min(each.min for each in stats), max(each.max for each in stats)) if stats else None
        except (OSError, pa.ArrowException, AttributeError):
            return None

    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The manifest's entry per symbol, as last written."""
        found = self._manifest().get("symbols", {})
        return found if isinstance(found, dict) else {}

    def refusals(self) -> tuple[Path, ...]:
        """The records in quarantine, oldest first."""
        return tuple(sorted((self.folder / "quarantine").glob("[!.]*.json")))

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
            self._write(self.folder / "lock.json", json.dumps({"pid": os.getpid(), "since": f"{now:%Y-%m-%dT%H:%M:%SZ}"}))
            self._recover()
            yield
        finally:
            # Also after Ctrl-C between a file and its entry. A full disk has been reported by then.
            with suppress(StoreError, OSError):
                self._recover()
            with suppress(OSError):
                (self.folder / "lock.json").unlink(missing_ok=True)
            lock.release()

    def write_bars(self, symbol: str, bars: Bars) -> None:
        """Replace a symbol's bars; needs `writing`."""
        meta = {"asked_from": bars.asked_from, "silent_to": bars.silent_to, "unverified": bars.unverified}
        self._write(self._path("bars", symbol), _parquet(bars.rows, BARS, meta))
        self._note(symbol)

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
        self._write(self._path("actions", symbol), _parquet(actions.rows, ACTIONS, meta))
        self._note(symbol)

    def write_shares(self, symbol: str, shares: ShareCounts) -> None:
        """Replace a symbol's share counts; needs `writing`."""
        self._write(self._path("shares", symbol), _parquet(shares.rows, SHARES, {"reach": shares.reach}))
        self._note(symbol)

    def write_names(self, names: pd.DataFrame) -> None:
        """Replace the registry of names (index symbol, columns name, listed, delisted); needs `writing`."""
        self._write(self.folder / "names.parquet", _parquet(names.rename_axis("symbol").reset_index(), NAMES, {}))

    def write_text(self, name: str, text: str) -> None:
        """Replace a small file of the store's folder; needs `writing`."""
        self._write(self.folder / name, text)

    def quarantine(
        self, symbol: str, *, source: str, reason: str, detail: str, excerpt: bytes, rows: pd.DataFrame | None, now: dt.datetime
    ) -> None:
        """Keep what was refused: a record with the reason and the first bytes, and the rows where there were any.

        The newest KEPT_REFUSALS records stay. Needs `writing`.
        """
        name = f"{now:%Y%m%dT%H%M%SZ}-{symbol}-{_slug(source)}"
        record = {
            "symbol": symbol,
            "source": source,
            "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "reason": reason,
            "detail": detail,
            "first_bytes": excerpt[:EXCERPT].decode("utf-8", "replace"),
        }
        folder = self.folder / "quarantine"
        if rows is not None:
            self._write(folder / f"{name}.csv", rows.to_csv(index=False))
        self._write(folder / f"{name}.json", json.dumps(record, ensure_ascii=False, indent=2))
        for old in self.refusals()[:-KEPT_REFUSALS]:
            for path in (old, old.with_suffix(".csv")):
                path.unlink(missing_ok=True)

    def _path(self, part: str, symbol: str) -> Path:
        return self.folder / part / f"{parse_symbol(symbol)}.parquet"

    def _read(self, path: Path, schema: pa.Schema) -> pa.Table | None:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                table = file.read(schema.names, use_threads=False)
            return table if table.schema.equals(schema) else _cast(table, schema)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException, KeyError) as error:
            raise StoreError("store_unreadable", file=path.name, folder=path.parent, detail=_first_line(error)) from None

    def _write(self, path: Path, data: bytes | str) -> None:
        try:
            with replacing(path, durable=True) as part:
                part.write_bytes(data.encode() if isinstance(data, str) else data)
        except OSError as error:
            raise StoreError("store_write_failed", file=path, detail=error.strerror or error) from None

    def _manifest(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "manifest.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _holder(self) -> dict[str, object]:
        try:
            held = json.loads((self.folder / "lock.json").read_text("utf-8"))
            return {"pid": held["pid"], "since": held["since"]}
        except (OSError, ValueError, KeyError, TypeError):
            return {"pid": "?", "since": "?"}

    def _recover(self) -> None:
        """Remove half-written files, set aside what does not open, and enter what the manifest lacks or has wrong."""
        is_old = self.check_version() < VERSION
        for leftover in (*self.folder.rglob(f".*{PART}"), *self.folder.rglob(".*.tmp")):
            with suppress(OSError):
                leftover.unlink()
        known = {} if is_old else dict(self.entries())
        stored = self.symbols()
        self._entries = {symbol: dict(known[symbol]) for symbol in stored if symbol in known}
        for symbol in stored:
            entry, found = self._entries.get(symbol, {}), self._hashes(symbol)
            if any(entry.get(name) != value for name, value in found.items()):
                self._adopt(symbol)
        if is_old or self._entries != known:
            self._save()

    def _hashes(self, symbol: str) -> dict[str, str | None]:
        """SHA-256 of a symbol's bars and share counts, None for a file that is not there, under the manifest's names."""
        paths = {"sha256": self._path("bars", symbol), "shares_sha256": self._path("shares", symbol)}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None for name, path in paths.items()}

    def _adopt(self, symbol: str) -> None:
        try:
            self._note(symbol, save=False)
        except StoreError:
            self._set_aside("bars", symbol)
            self._entries.pop(symbol, None)

    def _set_aside(self, part: str, symbol: str) -> None:
        folder, path = self.folder / "quarantine", self._path(part, symbol)
        folder.mkdir(exist_ok=True)
        os.replace(path, folder / f"unreadable-{'' if part == 'bars' else f'{part}-'}{path.name}")

    def _whole_shares(self, symbol: str) -> ShareCounts | None:
        """Stored share counts; a file that does not open is set aside: bars are good without it."""
        try:
            return self.read_shares(symbol)
        except StoreError:
            self._set_aside("shares", symbol)
            return None

    def _note(self, symbol: str, *, save: bool = True) -> None:
        bars, actions = self.read_bars(symbol), self.read_actions(symbol)
        if bars is None:
            return
        shares = self._whole_shares(symbol)
        self._entries[symbol] = {
            "source": str(bars.rows["source"].iloc[-1]),
            "sources": {str(name): len(rows) for name, rows in bars.rows.groupby("source")},
            "first": bars.first.isoformat(),
            "last": bars.last.isoformat(),
            "rows": len(bars.rows),
            "fetched_at": f"{bars.rows['fetched_at'].max():%Y-%m-%dT%H:%M:%SZ}",
            **self._hashes(symbol),
            "silent_to": bars.silent_to.isoformat() if bars.silent_to else None,
            "actions_checked_to": actions.checked_to.isoformat() if actions else None,
            "action_mismatches": len(actions.mismatches) if actions else 0,
            "shares_reach": shares.reach.isoformat() if shares else None,
        }
        self._unsaved += 1
        if save and self._unsaved >= SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        manifest = {"version": VERSION, "symbols": dict(sorted(self._entries.items()))}
        self._write(self.folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        self._unsaved = 0


def default_folder() -> Path:
    """Where the store is when `--store` does not say: the user's data directory of this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir("screener", appauthor=False)) / "store"


def _parquet(rows: pd.DataFrame, schema: pa.Schema, meta: Mapping[str, Any]) -> bytes:
    frame = rows[schema.names].copy()
    for column in ("session", "ex_date", "date", "listed", "delisted"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column]).dt.date
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    text = json.dumps(meta, default=str, ensure_ascii=False).encode()
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_OURS: text}), buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema.with_metadata(table.schema.metadata))


def _frame(table: pa.Table, *order: str) -> pd.DataFrame:
    """The rows in the order of these columns, of which the last holds dates."""
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    dates = {order[-1]: frame[order[-1]].astype("datetime64[s]")}
    return frame.assign(**dates).sort_values(list(order), ignore_index=True)


def _actions(rows: pd.DataFrame, meta: Mapping[str, Any]) -> Actions:
    last = as_date(rows["ex_date"].iloc[-1]) if len(rows) else dt.date.min
    return Actions(
        rows=rows,
        checked_to=_day(meta.get("checked_to")) or last,
        checked=tuple(meta.get("checked", ())),
        mismatches=dict(_gap(each) for each in meta.get("mismatches", ())),
        unverified=tuple(meta.get("unverified", ())),
    )


def _meta(table: pa.Table) -> dict[str, Any]:
    found = json.loads((table.schema.metadata or {}).get(_OURS, b"{}"))
    return found if isinstance(found, dict) else {}


def _gap(stored: Mapping[str, Any]) -> tuple[dt.date, Gap]:
    day = dt.date.fromisoformat(stored["ex_date"])
    return day, Gap(stored["code"], stored["reason"], {**stored["params"], "day": day})


def _day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(text) if isinstance(text, str) else None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text) or "unknown"
