"""The store's files one by one: written whole or not at all, read with every doubt a StoreError that names the file."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from screener.terms.notes import ScreenerError
from screener.terms.replacing import PART, folder_to_disk, replacing
from screener.terms.symbols import parse_symbol

_OURS = b"screener"
# A file that is being written, see `terms.replacing`; and what this program writes into a store.
_PARTIAL = re.compile(r"\.(?P<target>.+)\.[a-z0-9_]{8}\.part")
_NAMES = frozenset({"manifest.json", "breakers.json", "lock.json", "names.parquet"})
_RECORD = re.compile(r"\d{8}T\d{6}Z-.+\.(csv|json)")
_DATES = ("session", "ex_date", "date", "listed", "delisted")


class StoreError(ScreenerError):
    """The store cannot be read or written: locked, too new, read-only, full, or a file is not what it should be."""


def write_file(path: Path, data: bytes, *, one_of_many: bool = False) -> None:
    """Replace `path` by `data` in one step that survives a power cut; StoreError `store_write_failed`.

    `one_of_many`: the caller makes the step last later, for all of them (`folder_to_disk`).
    """
    try:
        with replacing(path, durable=True) as part:
            part.write_bytes(data)
        if not one_of_many:
            folder_to_disk(path.parent)
    except OSError as error:
        raise StoreError("store_write_failed", file=path, detail=error.strerror or error) from None


def partial_files(folder: Path) -> list[Path]:
    """What a killed run of this program left half written in `folder` itself; nobody else's files."""
    found = ((path, _PARTIAL.fullmatch(path.name)) for path in (folder.glob(f".*{PART}") if folder.is_dir() else ()))
    return [path for path, name in found if name is not None and _is_ours(name["target"])]


def _is_ours(target: str) -> bool:
    return target in _NAMES or _RECORD.fullmatch(target) is not None or is_symbol(target.removesuffix(".parquet"))


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parquet_bytes(rows: pd.DataFrame, schema: pa.Schema, meta: Mapping[str, Any]) -> bytes:
    """`rows` as a Parquet file with page checksums and `meta` (JSON) in its metadata."""
    frame = rows[schema.names].copy()
    for column in _DATES:
        if column in frame:
            frame[column] = pd.to_datetime(frame[column]).dt.date
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    text = json.dumps(meta, default=str, ensure_ascii=False).encode()
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_OURS: text}), buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def read_parquet(path: Path, data: bytes, schema: pa.Schema) -> pa.Table:
    """The table of a file's bytes in the columns of `schema`; StoreError `store_unreadable` where it does not open."""
    try:
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True) as file:
            table = file.read(schema.names, use_threads=False)
        return table if table.schema.equals(schema) else _cast(table, schema)
    except (OSError, pa.ArrowException, LookupError, ValueError, OverflowError, NotImplementedError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> StoreError:
    """The error for a file that does not open."""
    detail = (str(error).splitlines() or [type(error).__name__])[0]
    return StoreError("store_unreadable", file=path.name, folder=path.parent, detail=detail)


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema.with_metadata(table.schema.metadata))


def meta_of(table: pa.Table) -> dict[str, Any]:
    """What a file of ours says of itself; empty for another's."""
    try:
        found = json.loads((table.schema.metadata or {}).get(_OURS, b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_symbol(text: str) -> bool:
    """Whether a file's stem is a symbol as the store writes it."""
    try:
        return str(parse_symbol(text)) == text
    except ScreenerError:
        return False
