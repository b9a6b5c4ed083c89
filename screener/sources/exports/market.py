"""One Parquet file of a whole market as a source of prices; what it lacks beside closes is lent or said."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screener.prices.prices import Prices
from screener.sources.exports.folders import lend_indices
from screener.sources.folder_source import FolderSource
from screener.sources.market_rows import FACTORS, MARKET_FILE
from screener.terms.codes import stock_codes
from screener.terms.notes import Note, UsageError
from screener.terms.sessions import as_date

NEEDED = ("code", "date", "close")
ROW_GROUP = 32_768


class MarketFileSource(FolderSource):
    """Price source over a file of code, date, close[, volume][, factor], unadjusted; indices are the bundled ones, said."""

    has_factor = False

    def __init__(self, path: Path) -> None:
        """UsageError when `path` is no Parquet file with code (text), date and close."""
        table = _read(path)
        self._copy = tempfile.TemporaryDirectory(prefix="screener-")
        folder = Path(self._copy.name) / path.stem
        folder.mkdir()
        volume = table["volume"] if "volume" in table.column_names else pa.nulls(len(table), pa.float64())
        factor = next((table[name] for name in FACTORS if name in table.column_names), None)
        kept = pa.table({**{name: table[name] for name in NEEDED}, "volume": volume})
        if factor is not None:
            self.has_factor = True
            kept = kept.append_column("factor", factor)
        # One security's rows together, so that reading one reads little of the file.
        pq.write_table(kept.sort_by("code"), folder / MARKET_FILE, compression="lz4", row_group_size=ROW_GROUP)
        self.lent = lend_indices(folder, known=())
        ends = kept.group_by("code").aggregate([("date", "max")])
        self.ends = dict(zip(ends["code"].to_pylist(), ends["date_max"].to_pylist(), strict=True))
        super().__init__(folder)

    def last_session(self, symbol: str) -> dt.date | None:
        """See `prices.PriceSource.last_session`; the ends of all shares are known from the first reading."""
        codes = stock_codes([symbol])
        if not codes:
            return super().last_session(symbol)
        found = [self.ends[code] for code in codes if code in self.ends]
        return as_date(max(found)) if found else None

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`."""
        prices = super().load(symbols, start=start, end=end)
        return replace(prices, notes=(*self._own_notes(symbols), *prices.notes))

    def _own_notes(self, symbols: Sequence[str]) -> Iterator[Note]:
        lent = [symbol for symbol in self.lent if symbol in symbols]
        if lent:
            yield Note("export_indices_lent", {"symbols": "、".join(lent)})
        if self.has_factor:
            yield Note("market_factor_used", {"name": self.folder.name})


def _read(path: Path) -> pa.Table:
    try:
        schema = pq.read_schema(path)
        if not set(NEEDED) <= set(schema.names) or not pa.types.is_string(_plain(schema.field("code").type)):
            raise UsageError("market_file_columns", file=path.name, found=", ".join(schema.names), wanted=", ".join(NEEDED))
        return pq.read_table(path, columns=[name for name in schema.names if name in (*NEEDED, "volume", *FACTORS)])
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError("market_file_unread", file=path.name, detail=type(error).__name__) from None


def _plain(kind: pa.DataType) -> pa.DataType:
    """A type of text, whether its words are kept once (dictionary), wide, or plain."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(value) else value
