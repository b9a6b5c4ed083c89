"""Published ratings as they lie in files: CSV or Parquet, one file, a folder, a glob; read in batches, never all in memory."""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from screener.grading.faults import Faults
from screener.grading.results import COLUMNS, TAKEN
from screener.terms.notes import InputProblems, Problem, UsageError

# What exporters and people call the columns; the first name is ours.
HEADS: Mapping[str, tuple[str, ...]] = {
    "rating_id": ("rating_id", "编号", "评级编号", "研报编号", "报告编号"),
    "symbol": ("symbol", "证券代码", "股票代码", "代码"),
    "published": ("published", "发布日期", "报告日期", "报告发布日", "日期"),
    "rating": ("rating", "评级", "投资评级", "股票评级", "东财评级"),
    "scale": ("scale", "评级标准", "标准"),
    "house": ("house", "机构", "券商", "研究机构", "机构名称"),
    "analyst": ("analyst", "分析师", "研究员"),
    "subject_kind": ("subject_kind", "评级对象"),
    "industry_index": ("industry_index", "行业指数"),
    "rating_change": ("rating_change", "评级变动", "评级变化"),
    "target_price": ("target_price", "目标价", "目标价格"),
}
# Columns of few different values: read and kept as places in a list of them.
CODED = (*COLUMNS, "house", "subject_kind", "industry_index", "target_price")
WORDS = ("symbol", "published", "rating", "scale", "house", "subject_kind", "industry_index")
BATCH = 500_000
TEXT_BATCH = 100_000
_OUR_NAMES = {alias: name for name, aliases in HEADS.items() for alias in aliases}

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RatingsFile:
    """Ratings as one or several Parquet files of the same columns: `names` as we call them, in the order of the file.

    `lines`: where a row stands in the text that it was read from; None = the number of the row. `faults`: what was wrong with
    the rows so far.
    """

    name: str
    places: tuple[str, ...]
    files: pyarrow.fs.FileSystem
    names: Mapping[str, str]
    lines: Lines | None = None
    faults: Faults = field(default_factory=lambda: Faults(""))

    @property
    def carried(self) -> tuple[str, ...]:
        """The columns that are only handed on."""
        return tuple(name for name in self.names if name not in COLUMNS)

    def batches(self, columns: Sequence[str], size: int = BATCH) -> Iterator[pa.Table]:
        """The rows in order, at most `size` at a time, these columns under our names; UsageError for a damaged file."""
        theirs = [self.names[name] for name in columns]
        words = [self.names[name] for name in columns if name in WORDS]
        for place in self.places:
            try:
                with pq.ParquetFile(place, filesystem=self.files, read_dictionary=words) as file:
                    for batch in file.iter_batches(size, columns=theirs):
                        yield pa.Table.from_batches([batch]).select(theirs).rename_columns(list(columns))
            except (pa.ArrowException, OSError) as error:
                raise _damaged(place, error) from None

    def line(self, row: int) -> int:
        """Where a row (0, 1, …) stands: the line of a text file, the number of the row (from 1) of another."""
        return row + 1 if self.lines is None else int(self.lines[row])


def _damaged(place: str, error: Exception) -> UsageError:
    return UsageError("ratings_not_parquet", path=Path(place).name, detail=str(error).splitlines()[0][:80])


def open_ratings(place: str | Path, folder: Path) -> RatingsFile:
    """The ratings at `place`: a CSV file (kept in `folder` as Parquet), a Parquet file, a folder or glob of them, a URI.

    InputProblems for a head that lacks a column, holds one twice or one of a result; UsageError for what is missing, damaged,
    or of another kind.
    """
    text = str(place)
    if "://" not in text and Path(text).suffix.lower() == ".csv" and not any(each in text for each in "*?["):
        return _staged_csv(Path(text), folder)
    files, places = _parquet_places(text)
    heads = [_read_head(each, files) for each in places]
    name = Path(text).name or text
    for place_, head in zip(places[1:], heads[1:], strict=True):
        if head != heads[0]:
            raise UsageError("ratings_heads_differ", path=Path(place_).name, first=Path(places[0]).name)
    return RatingsFile(name, tuple(places), files, our_names(heads[0], name), faults=Faults(name))


def _parquet_places(text: str) -> tuple[pyarrow.fs.FileSystem, list[str]]:
    if "://" in text:
        return _uri_places(text)
    path, local = Path(text), pyarrow.fs.LocalFileSystem()
    if path.is_dir():
        found = sorted(str(each) for each in path.glob("*.parquet") if not each.name.startswith((".", "_")))
    elif path.is_file():
        found = [text]
    else:
        found = sorted(glob.glob(text))
    if not found:
        raise UsageError("ratings_missing", path=text)
    wrong = next((each for each in found if Path(each).suffix.lower() != ".parquet"), None)
    if wrong is not None:
        raise UsageError("ratings_kind", path=Path(wrong).name)
    return local, found


def _uri_places(text: str) -> tuple[pyarrow.fs.FileSystem, list[str]]:
    try:
        files, path = pyarrow.fs.FileSystem.from_uri(text)
        [found] = files.get_file_info([path])
        if found.type == pyarrow.fs.FileType.Directory:
            below = files.get_file_info(pyarrow.fs.FileSelector(path))
            found_paths = sorted(each.path for each in below if each.path.endswith(".parquet"))
        else:
            found_paths = [path] if found.type == pyarrow.fs.FileType.File else []
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError("ratings_unreachable", path=text, detail=str(error).splitlines()[0][:80]) from None
    if not found_paths:
        raise UsageError("ratings_missing", path=text)
    return files, found_paths


def _read_head(place: str, files: pyarrow.fs.FileSystem) -> tuple[tuple[str, str], ...]:
    """(name, type) of each column."""
    try:
        with pq.ParquetFile(place, filesystem=files) as file:
            return tuple((each.name, str(each.type)) for each in file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(place, error) from None


def our_names(head: Sequence[tuple[str, str]], name: str) -> dict[str, str]:
    """Our name → the file's, in its order; InputProblems for a head that will not do."""
    names = [each for each, _ in head]
    ours = [_OUR_NAMES.get(each.strip(), each.strip()) for each in names]
    faults = Faults(name)
    text = ",".join(names)[:80]
    faults.add(Problem(name, 1, each, text, "header_missing", {"wanted": " ".join(HEADS[each])}) for each in _lacking(ours))
    faults.add(Problem(name, 1, each, text, "header_twice") for each in sorted({each for each in ours if ours.count(each) > 1}))
    faults.add(Problem(name, 1, each, text, "ratings_column_taken") for each in ours if each in TAKEN)
    kinds = dict(zip(ours, (kind for _, kind in head), strict=True))
    nested = [each for each, kind in kinds.items() if each in HEADS and "<" in kind and not kind.startswith("dictionary")]
    faults.add(Problem(name, 1, each, kinds[each][:60], "ratings_column_kind") for each in nested)
    faults.check()
    return dict(zip(ours, names, strict=True))


def _lacking(ours: Sequence[str]) -> list[str]:
    """Columns that must be there; a house stands in for a scale."""
    return [each for each in COLUMNS if each not in ours and not (each == "scale" and "house" in ours)]


@dataclass
class _Text:
    """A CSV file on its way to Parquet."""

    path: Path
    head: list[str]
    faults: Faults
    lines: list[Lines] = field(default_factory=list)


def _staged_csv(path: Path, folder: Path) -> RatingsFile:
    """The same rows as Parquet, all text; InputProblems names every row whose number of cells is wrong."""
    if not path.is_file():
        raise UsageError("ratings_missing", path=str(path))
    staged = folder / "ratings.parquet"
    with path.open(encoding=_encoding(path), newline="") as file:
        reader = csv.reader(file, strict=True)
        head = [cell.strip() for cell in next(reader, [])]
        names = our_names([(each, "string") for each in head], path.name)
        text = _Text(path, head, Faults(path.name))
        schema = pa.schema([(each, pa.string()) for each in head])
        with pq.ParquetWriter(staged, schema, compression="lz4") as writer:
            for table in _csv_tables(reader, text):
                writer.write_table(table)
    lines = np.concatenate([np.empty(0, dtype=np.int64), *text.lines])
    return RatingsFile(path.name, (str(staged),), pyarrow.fs.LocalFileSystem(), names, lines, text.faults)


def _csv_tables(reader: csv._reader, text: _Text) -> Iterator[pa.Table]:  # type: ignore[name-defined]
    rows: list[list[str]] = []
    lines: list[int] = []
    for row in _csv_rows(reader, text):
        rows.append(row)
        lines.append(reader.line_num)
        if len(rows) == TEXT_BATCH:
            text.lines.append(np.array(lines, dtype=np.int64))
            yield _text_table(rows, text.head)
            rows, lines = [], []
    text.lines.append(np.array(lines, dtype=np.int64))
    yield _text_table(rows, text.head)


def _csv_rows(reader: csv._reader, text: _Text) -> Iterator[list[str]]:  # type: ignore[name-defined]
    """The rows with as many cells as the head; blank lines are passed over."""
    name = text.path.name
    try:
        for row in reader:
            if len(row) == len(text.head):
                yield row
            elif row:
                params: dict[str, object] = {"found": len(row), "expected": len(text.head)}
                text.faults.add([Problem(name, reader.line_num, "", ",".join(row)[:60], "ragged_row", params)])
    except csv.Error as error:
        text.faults.add([Problem(name, reader.line_num, "", "", "broken_row", {"detail": str(error)})])


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
    raise InputProblems("ratings_broken", [Problem(path.name, None, "", "", "not_text")], file=path.name, total="1")
