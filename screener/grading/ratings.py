"""Published ratings from a CSV or Parquet file: checked row by row in batches, never all in memory."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screener.terms.notes import InputProblems, Problem, ScreenerError, UsageError
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import Ladder, RatingScale

COLUMNS = ("rating_id", "symbol", "published", "rating", "scale")
RESULTS = (
    "base_date",
    "end_6m",
    "end_12m",
    "excess_6m",
    "excess_12m",
    "band_6m",
    "band_12m",
    "hit_12m",
    "at_least_12m",
    "share_in_band",
    "sessions",
    "status",
    "gap",
    "flags",
)
BATCH = 500_000
# A file with more faults than this is not a ratings file; reading stops there, and says so.
MOST_PROBLEMS = 1000
_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{8})$"


@dataclass(frozen=True, eq=False)
class StagedRatings:
    """A checked ratings file as Parquet: `path`, and what a run must know of it before prices are read.

    Columns: row (0, 1, …), then COLUMNS (`published` a date, the others text; `rating` is "" for a name recommended
    without a rating), then the carried columns as they were.
    """

    path: Path
    rows: int
    carried: tuple[str, ...]
    symbols: tuple[str, ...]
    scales: tuple[str, ...]
    first: dt.date
    last: dt.date

    def batches(self, columns: Sequence[str] | None = None, size: int = BATCH) -> Iterator[pa.Table]:
        """The rows in order, at most `size` at a time, only these columns."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(size, columns=list(columns) if columns else None):
                yield pa.Table.from_batches([batch])


@dataclass
class _Census:
    """What the batches seen so far hold."""

    file: str
    scales: Mapping[str, RatingScale]
    rows: int = 0
    symbols: dict[str, str | None] = field(default_factory=dict)
    used_scales: set[str] = field(default_factory=set)
    first: dt.date | None = None
    last: dt.date | None = None
    problems: list[Problem] = field(default_factory=list)


def stage_ratings(path: Path, scales: Mapping[str, RatingScale], folder: Path) -> StagedRatings:
    """Check every row of a ratings file and keep it as Parquet in `folder`.

    `scales`: every scale that a row may name. InputProblems lists each wrong cell with file, line (of Parquet: the row),
    field and value; UsageError for a file that is missing or of another kind.
    """
    if not path.is_file():
        raise UsageError("ratings_missing", path=str(path))
    readers = {".csv": _csv_batches, ".parquet": _parquet_batches}
    if path.suffix.lower() not in readers:
        raise UsageError("ratings_kind", path=path.name)
    census = _Census(path.name, scales)
    staged = folder / "ratings.parquet"
    writer: pq.ParquetWriter | None = None
    for table, lines in readers[path.suffix.lower()](path, census):
        checked = _check_batch(table, lines, census)
        if writer is None:
            writer = pq.ParquetWriter(staged, checked.schema, compression="lz4")
        if not census.problems:
            writer.write_table(checked.cast(writer.schema))
        if len(census.problems) > MOST_PROBLEMS:
            break
    if writer is not None:
        writer.close()
    if census.problems:
        raise InputProblems("ratings_broken", census.problems[:MOST_PROBLEMS], file=path.name)
    if writer is None or census.first is None or census.last is None:
        raise ScreenerError("ratings_empty", file=path.name)
    return StagedRatings(
        path=staged,
        rows=census.rows,
        carried=tuple(name for name in writer.schema.names if name not in ("row", *COLUMNS)),
        symbols=tuple(sorted(census.symbols)),
        scales=tuple(sorted(census.used_scales)),
        first=census.first,
        last=census.last,
    )


def _check_head(names: Sequence[str], file: str) -> list[Problem]:
    head = ",".join(names)[:80]
    missing = [name for name in COLUMNS if name not in names]
    problems = [Problem(file, 1, name, head, "header_missing", {"wanted": name}) for name in missing]
    twice = sorted({name for name in names if list(names).count(name) > 1})
    problems += [Problem(file, 1, name, head, "header_twice") for name in twice]
    return problems + [Problem(file, 1, name, head, "ratings_column_taken") for name in names if name in ("row", *RESULTS)]


def _parquet_batches(path: Path, census: _Census) -> Iterator[tuple[pa.Table, pa.Array]]:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise UsageError("ratings_not_parquet", path=path.name, detail=str(error)[:80]) from None
    with file:
        problems = _check_head(file.schema_arrow.names, path.name)
        if problems:
            raise InputProblems("ratings_broken", problems, file=path.name)
        row = 1
        for batch in file.iter_batches(BATCH):
            yield pa.Table.from_batches([batch]), pa.array(np.arange(row, row + len(batch)))
            row += len(batch)


def _csv_batches(path: Path, census: _Census) -> Iterator[tuple[pa.Table, pa.Array]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        reader = csv.reader(file, strict=True)
        head = [cell.strip() for cell in next(reader, [])]
        problems = _check_head(head, path.name)
        if problems:
            raise InputProblems("ratings_broken", problems, file=path.name)
        yield from _csv_rows(reader, head, census)


def _csv_rows(reader: csv._reader, head: Sequence[str], census: _Census) -> Iterator[tuple[pa.Table, pa.Array]]:  # type: ignore[name-defined]
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if len(row) != len(head):
                params: dict[str, object] = {"found": len(row), "expected": len(head)}
                if row:
                    census.problems.append(Problem(census.file, reader.line_num, "", ",".join(row)[:60], "ragged_row", params))
                continue
            rows.append(row)
            lines.append(reader.line_num)
            if len(rows) == BATCH // 5:
                yield _text_table(rows, head), pa.array(lines)
                rows, lines = [], []
    except csv.Error as error:
        census.problems.append(Problem(census.file, reader.line_num, "", "", "broken_row", {"detail": str(error)}))
    if rows or census.problems:
        yield _text_table(rows, head), pa.array(lines, type=pa.int64())


def _text_table(rows: list[list[str]], head: Sequence[str]) -> pa.Table:
    columns: Iterable[Sequence[str]] = zip(*rows, strict=True) if rows else [()] * len(head)
    return pa.table({name: pa.array(cells, type=pa.string()) for name, cells in zip(head, columns, strict=True)})


def _encoding(path: Path) -> str:
    """UTF-8 (with or without BOM) if the whole file decodes as it, else GB18030; InputProblems for neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise InputProblems("ratings_broken", [Problem(path.name, None, "", "", "not_text")], file=path.name)


def _check_batch(table: pa.Table, lines: pa.Array, census: _Census) -> pa.Table:
    """One batch with the columns of a staged file, its faults noted in `census`."""
    texts = {name: _text(table[name]) for name in COLUMNS if name != "published"}
    published, bad_dates = _dates(table["published"])
    _note(census, lines, table["published"], bad_dates, "published", "bad_date")
    _note(census, lines, texts["rating_id"], pc.equal(texts["rating_id"], ""), "rating_id", "blank_cell")
    _check_symbols(texts["symbol"], lines, census)
    _check_ratings(texts, lines, census)
    days = pc.min_max(published)
    if days["min"].is_valid:
        census.first = min(days["min"].as_py(), census.first or dt.date.max)
        census.last = max(days["max"].as_py(), census.last or dt.date.min)
    rows = pa.array(np.arange(census.rows, census.rows + len(table), dtype=np.int64))
    census.rows += len(table)
    kept = {"row": rows, **{name: published if name == "published" else texts[name] for name in COLUMNS}}
    return pa.table({**kept, **{name: table[name] for name in table.column_names if name not in COLUMNS}})


def _text(column: pa.ChunkedArray) -> pa.Array:
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.fill_null(texts, "").combine_chunks()


def _dates(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Dates of a column of dates, timestamps or text (ISO or YYYYMMDD), and which cells are none."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        dates = column.cast(pa.date32(), safe=False).combine_chunks()
        return dates, pc.is_null(dates)
    texts = _text(column)
    encoded = texts.dictionary_encode()
    days = pa.array([_date(text) for text in encoded.dictionary.to_pylist()], type=pa.date32())
    dates = days.take(encoded.indices)
    return dates, pc.is_null(dates)


def _date(text: str) -> dt.date | None:
    if not re.match(_DATE, text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _check_symbols(symbols: pa.Array, lines: pa.Array, census: _Census) -> None:
    new = [symbol for symbol in pc.unique(symbols).to_pylist() if symbol not in census.symbols]
    for symbol in new:
        try:
            census.symbols[symbol] = parse_symbol(symbol).kind
        except ScreenerError:
            census.symbols[symbol] = None
    bad = [symbol for symbol, kind in census.symbols.items() if kind is None]
    if bad:
        wrong = pc.is_in(symbols, value_set=pa.array(bad))
        _note(census, lines, symbols, wrong, "symbol", "bad_symbol", by_value=True)


def _check_ratings(texts: Mapping[str, pa.Array], lines: pa.Array, census: _Census) -> None:
    """Every scale must be known, and every rating be one of the scale's, for a stock or for an index."""
    kinds = pa.array([census.symbols[symbol] or "" for symbol in pc.unique(texts["symbol"]).to_pylist()])
    kind = kinds.take(texts["symbol"].dictionary_encode().indices)
    parts = pa.table({"scale": texts["scale"], "kind": kind, "rating": texts["rating"]})
    combined = pc.binary_join_element_wise(*parts.columns, "\x1f").combine_chunks()
    for key in pc.unique(combined).to_pylist():
        scale_id, kind_of, rating = key.split("\x1f")
        scale = census.scales.get(scale_id)
        if scale is None:
            known = ", ".join(census.scales)
            at = pc.equal(combined, key)
            _note(census, lines, texts["scale"], at, "scale", "ratings_scale_unknown", known=known)
            continue
        census.used_scales.add(scale_id)
        ratings = ladder_of(scale, kind_of or "stock").ratings
        if rating and kind_of and rating not in ratings:
            at = pc.equal(combined, key)
            _note(census, lines, texts["rating"], at, "rating", "ratings_word_unknown", known=" ".join(ratings))


def ladder_of(scale: RatingScale, kind: str) -> Ladder:
    """The bands for a security of this kind: an index stands for an industry."""
    return scale.industry if kind == "index" else scale.stock


def _note(
    census: _Census,
    lines: pa.Array,
    values: pa.Array | pa.ChunkedArray,
    wrong: pa.Array,
    column: str,
    code: str,
    *,
    by_value: bool = False,
    **params: object,
) -> None:
    places = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))[: MOST_PROBLEMS + 1]
    for place in places:
        value = values[int(place)].as_py()
        text = "" if value is None else str(value)
        own = {"value": text} if by_value else {}
        census.problems.append(Problem(census.file, lines[int(place)].as_py(), column, text, code, {**params, **own}))
