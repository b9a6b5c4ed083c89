"""Results as files: Parquet or CSV, whole or not at all, their text safe for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from screener.terms.notes import UsageError
from screener.terms.replacing import replacing

# A spreadsheet runs a cell that begins with one of these, unless the whole cell is a number.
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table to `path` (.csv or .parquet), atomically, its text safe for a spreadsheet."""
    with result_writer(path) as writer:
        writer.write(pa.Table.from_pandas(frame, preserve_index=False))


def check_result_path(path: Path) -> None:
    """UsageError unless the ending says how to write it."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError("result_kind", path=path.name)


@contextmanager
def result_writer(path: Path) -> Iterator[ResultWriter]:
    """Write a result to `path` (.parquet or .csv): it appears under its name when complete, and not at all otherwise."""
    check_result_path(path)
    with replacing(path) as part:
        writer: ResultWriter = _CsvWriter(part) if path.suffix.lower() == ".csv" else _ParquetWriter(part)
        yield writer
        writer.close()


class ResultWriter(Protocol):
    """Takes tables of equal columns, one after the other."""

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`."""

    def close(self) -> None:
        """Finish the file."""


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if self.writer is None:
            # Without its own schema beside it a column of words is read back as plain text.
            self.writer = pq.ParquetWriter(self.path, table.schema, compression="zstd", store_schema=False)
        self.writer.write_table(table.cast(self.writer.schema))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


class _CsvWriter:
    """UTF-8 with BOM, so that a spreadsheet reads the Chinese; text that it would run as a formula gets an apostrophe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pyarrow.csv.CSVWriter | None = None

    def write(self, table: pa.Table) -> None:
        safe = pa.table({name: _neutral(_plain(name, table[name])) for name in table.column_names})
        if self.writer is None:
            self.file = self.path.open("wb")
            self.file.write(b"\xef\xbb\xbf")
            options = pyarrow.csv.WriteOptions(quoting_style="needed")
            self.writer = pyarrow.csv.CSVWriter(self.file, safe.schema, write_options=options)
        self.writer.write_table(safe)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.file.close()


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as CSV can hold it; UsageError for lists and other nested values."""
    if pa.types.is_nested(column.type):
        raise UsageError("ratings_outcome_kind", column=name)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _neutral(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    risky = pc.and_(pc.match_substring_regex(column, _FORMULA), pc.invert(pc.match_substring_regex(column, _NUMBER)))
    if not pc.any(risky).as_py():
        return column
    quote, nothing = (pa.scalar(text, column.type) for text in ("'", ""))
    return pc.if_else(risky, pc.binary_join_element_wise(quote, column, nothing), column)
