"""Ratings as numbers: every cell is checked once for each different value, and becomes a place in a list of these."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.grading.gather import Coded
from screener.terms.notes import ScreenerError
from screener.terms.symbols import parse_symbol

# (scale, kind, rating): what a rating says, and under which bands.
Word = tuple[str, str, str]
Places = npt.NDArray[np.int32]
Wrong = npt.NDArray[np.bool_]
# Shanghai is eight hours ahead of UTC, without summer time since 1992.
SHANGHAI_SECONDS = 8 * 3600
DAY_SECONDS = 86_400
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))")
_TIME = re.compile(r"[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?")
_ZERO_DAY = dt.date(1970, 1, 1)


@dataclass
class Words:
    """Different values of a column so far, each with its place; −1 for one that will not do."""

    places: dict[str, int] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)

    def place(self, value: str, holds: Callable[[str], bool]) -> int:
        """The place of `value`, a new one if need be; −1 when it does not hold."""
        if value not in self.places:
            self.places[value] = len(self.values) if holds(value) else -1
            if self.places[value] >= 0:
                self.values.append(value)
        return self.places[value]


@dataclass(frozen=True, eq=False)
class Fault:
    """Cells of one column that are wrong in one way: `rows` says which rows of the batch, `params` fill the message."""

    column: str
    code: str
    rows: Wrong
    values: pa.Array
    params: Mapping[str, object] = field(default_factory=dict)

    def value(self, row: int) -> str:
        """What stands in a cell."""
        cell = self.values[row].as_py()
        return "" if cell is None else str(cell)


@dataclass
class Coder:
    """Turns batches of ratings into numbers. `ratings`: (scale, kind) → its ratings; `words`: each with its place."""

    ratings: Mapping[tuple[str, str], tuple[str, ...]]
    symbols: Words = field(default_factory=Words)
    words: dict[Word, int] = field(default_factory=dict)

    def code(self, table: pa.Table) -> tuple[Coded, list[Fault]]:
        """(the rows as numbers, `date` in days since 1970; what is wrong with them: such a row's numbers mean nothing)."""
        texts = {name: as_words(table[name]) for name in ("symbol", "rating", "scale")}
        ids = as_text(table["rating_id"])
        days, bad, timed = read_days(table["published"])
        symbol, symbol_fault = self._symbols(texts["symbol"])
        word, word_faults = self._word(texts, symbol)
        faults = [
            Fault("rating_id", "blank_cell", pc.equal(ids, "").to_numpy(zero_copy_only=False), ids),
            symbol_fault,
            Fault("published", "bad_date", bad, table["published"]),
            Fault("published", "ratings_time_of_day", timed, table["published"]),
            *word_faults,
        ]
        return Coded(symbol, days, word), [fault for fault in faults if fault.rows.any()]

    def _symbols(self, texts: pa.DictionaryArray) -> tuple[Places, Fault]:
        by_value = np.array([self.symbols.place(each, _is_symbol) for each in texts.dictionary.to_pylist()], dtype=np.int32)
        found = _spread(by_value, texts)
        return found, Fault("symbol", "bad_symbol", found < 0, texts)

    def _word(self, texts: Mapping[str, pa.DictionaryArray], symbol: Places) -> tuple[Places, list[Fault]]:
        """Every scale must be known, and every rating be one of the scale's, for a stock or for an index."""
        kinds = np.array([parse_symbol(each).kind == "index" for each in self.symbols.values] + [False])
        scale, rating = texts["scale"], texts["rating"]
        scales, ratings = scale.dictionary.to_pylist(), rating.dictionary.to_pylist()
        key = (_indices(scale) * len(ratings) + _indices(rating)) * 2 + kinds[symbol]
        table = np.full(len(scales) * len(ratings) * 2, -1, dtype=np.int32)
        faults: list[Fault] = []
        for each in np.flatnonzero(np.bincount(key, minlength=len(table))).tolist():
            scale_at, rest = divmod(each, len(ratings) * 2)
            word = (scales[scale_at], "index" if rest % 2 else "stock", ratings[rest // 2])
            wrong = self._fault(word)
            if wrong is None:
                table[each] = self.words.setdefault(word, len(self.words))
            else:
                column, code, params = wrong
                # Of a symbol that is none it is not known which bands apply.
                rows = (key == each) & ((symbol >= 0) | (column == "scale"))
                faults.append(Fault(column, code, rows, texts[column], params))
        return table[key].astype(np.int32), faults

    def _fault(self, word: Word) -> tuple[str, str, dict[str, object]] | None:
        scale, kind, rating = word
        known = self.ratings.get((scale, kind))
        if known is None:
            return "scale", "ratings_scale_unknown", {"known": ", ".join(dict.fromkeys(each for each, _ in self.ratings))}
        if rating and rating not in known:
            return "rating", "ratings_word_unknown", {"known": " ".join(known)}
        return None


def _is_symbol(text: str) -> bool:
    try:
        parse_symbol(text)
    except ScreenerError:
        return False
    return True


def as_text(column: pa.ChunkedArray) -> pa.Array:
    """A column as trimmed text, "" for a blank."""
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.fill_null(texts, "").combine_chunks()


def as_words(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A column as places in the list of its different trimmed texts; a blank is ""."""
    coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    coded = coded.unify_dictionaries().combine_chunks()
    texts = [("" if each is None else str(each)).strip() for each in coded.dictionary.to_pylist()]
    blank = len(texts)
    indices = pc.fill_null(coded.indices.cast(pa.int32()), blank)
    return pa.DictionaryArray.from_arrays(indices, pa.array([*texts, ""], type=pa.string()))


def _indices(words: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    return np.asarray(words.indices.to_numpy(), dtype=np.int64)


def _spread(by_value: Places, words: pa.DictionaryArray) -> Places:
    return np.asarray(by_value[words.indices.to_numpy()], dtype=np.int32)


def read_days(column: pa.ChunkedArray) -> tuple[Places, Wrong, Wrong]:
    """(days since 1970, which cells are no date, which are a time of day without a zone) of dates, timestamps or text.

    A time with a zone is the day in Shanghai. Text: ISO, 20240414, 2024/4/14, 2024年4月14日. A wrong cell has day 0.
    """
    if pa.types.is_date(column.type):
        days = column.cast(pa.date32()).cast(pa.int32())
        return _filled(days), _nulls(column), np.zeros(len(column), dtype=bool)
    if pa.types.is_timestamp(column.type):
        return _stamped(column)
    words = as_words(column)
    read = [read_day(text) for text in words.dictionary.to_pylist()]
    days = np.array([(each - _ZERO_DAY).days if isinstance(each, dt.date) else 0 for each in read], dtype=np.int32)
    bad, timed = np.array([each is None for each in read]), np.array([each == "time" for each in read])
    at = words.indices.to_numpy()
    return days[at], bad[at], timed[at]


def _stamped(column: pa.ChunkedArray) -> tuple[Places, Wrong, Wrong]:
    per_second = _PER_SECOND[column.type.unit]
    raw = pc.fill_null(column.cast(pa.int64()), 0).combine_chunks().to_numpy()
    if column.type.tz is not None:
        days = (raw + SHANGHAI_SECONDS * per_second) // (DAY_SECONDS * per_second)
        timed = np.zeros(len(raw), dtype=bool)
    else:
        days, rest = np.divmod(raw, DAY_SECONDS * per_second)
        timed = rest != 0
    return days.astype(np.int32), _nulls(column), timed


def _nulls(column: pa.ChunkedArray) -> Wrong:
    return np.asarray(column.is_null().combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)


def _filled(days: pa.ChunkedArray) -> Places:
    return np.asarray(pc.fill_null(days, 0).combine_chunks().to_numpy(), dtype=np.int32)


def read_day(text: str) -> dt.date | str | None:
    """A date from text; "time" for a time of day without a zone, None for anything else."""
    found = _DATE.match(text)
    if found is None:
        return None
    try:
        year, month, day = (int(each) for each in found.groups() if each is not None)
        date = dt.date(year, month, day)
    except ValueError:
        return None
    rest = text[found.end() :]
    return _with_time(date, rest) if rest else date


def _with_time(date: dt.date, rest: str) -> dt.date | str | None:
    timed = _TIME.fullmatch(rest)
    if timed is None:
        return None
    try:
        clock = dt.time.fromisoformat(timed.group(1))
        if timed.group(2) is None:
            return date if clock == dt.time() else "time"
        zone = dt.datetime.strptime(timed.group(2).replace("Z", "+0000"), "%z").tzinfo
        local = dt.datetime.combine(date, clock, tzinfo=zone)
        return local.astimezone(dt.timezone(dt.timedelta(seconds=SHANGHAI_SECONDS))).date()
    except (ValueError, OverflowError):
        return None
