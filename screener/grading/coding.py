"""Ratings as numbers: every cell is checked once for each different value, and becomes a place in a list of these."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.grading.gather import Coded
from screener.measures.cells import Floats
from screener.terms.notes import ScreenerError
from screener.terms.symbols import parse_symbol


class Said(NamedTuple):
    """What a rating says of itself: the scale (an id, or a house's name) or else the house, its kind, its word, and, where
    an edition of a house has to be found, the month (from year 0; 0 where a scale is named by its id).
    """

    scale: str
    house: str
    kind: str
    rating: str
    month: int


# (column, message code, parameters): why a word will not do.
Trouble = tuple[str, str, Mapping[str, object]]
Places = npt.NDArray[np.int32]
Wrong = npt.NDArray[np.bool_]
# Shanghai is eight hours ahead of UTC, without summer time since 1992.
SHANGHAI_SECONDS = 8 * 3600
DAY_SECONDS = 86_400
# What the column `subject_kind` may say; a blank leaves it to the symbol.
BY_SYMBOL = 2
KINDS = {"": BY_SYMBOL, "stock": 0, "candidate": 0, "个股": 0, "公司": 0, "股票": 0}
KINDS |= {"index": 1, "industry": 1, "industry_index": 1, "行业": 1, "指数": 1}
BLANKS = frozenset({"", "-", "--", "—", "nan", "None"})
# Months from year 0 to 1970, numpy's first.
YEAR_0 = 1970 * 12
# Up to this many different numbers it is faster to count them than to sort them.
MOST_COUNTED = 4_000_000
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

    def code(self, texts: pa.DictionaryArray, holds: Callable[[str], bool] = lambda value: True) -> Places:
        """The place of each of `texts`."""
        by_value = [self.place(each, holds) for each in texts.dictionary.to_pylist()]
        return _spread(np.array(by_value, dtype=np.int32), texts)


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
    """Turns batches of ratings into numbers: places among the `symbols` and the `words` that it has met.

    `scales`: ids of the scales at hand. `judge`: why a word will not do; a rating that uses it is a fault.
    """

    scales: frozenset[str]
    judge: Callable[[Said], Trouble | None] = lambda said: None
    symbols: Words = field(default_factory=Words)
    words: dict[Said, int] = field(default_factory=dict)
    wrong: dict[int, Trouble] = field(default_factory=dict)

    def code(self, table: pa.Table) -> tuple[Coded, list[Fault]]:
        """(the rows as numbers, `date` in days since 1970; what is wrong with them: such a row's numbers mean nothing)."""
        texts = {name: _words_of(table, name) for name in ("symbol", "rating", "scale", "house", "subject_kind")}
        ids = as_text(table["rating_id"])
        days, bad, timed = read_days(table["published"])
        symbol, symbol_fault = self._symbols(texts["symbol"])
        kind, kind_fault = self._kinds(texts["subject_kind"], symbol)
        word, word_faults = self._words(texts, kind, days, symbol >= 0)
        target, target_fault = read_numbers(table, "target_price")
        faults = [
            Fault("rating_id", "blank_cell", pc.equal(ids, "").to_numpy(zero_copy_only=False), ids),
            symbol_fault,
            Fault("published", "bad_date", bad, table["published"]),
            Fault("published", "ratings_time_of_day", timed, table["published"]),
            kind_fault,
            *word_faults,
            *target_fault,
        ]
        coded = Coded(symbol, days, word, self._industry(table), target)
        return coded, [fault for fault in faults if fault.rows.any()]

    def _symbols(self, texts: pa.DictionaryArray) -> tuple[Places, Fault]:
        found = self.symbols.code(texts, _is_symbol)
        return found, Fault("symbol", "bad_symbol", found < 0, texts)

    def _industry(self, table: pa.Table) -> Places | None:
        """The industry index of each row, −1 where none is named; None without such a column."""
        if "industry_index" not in table.column_names:
            return None
        return self._symbols(as_words(table["industry_index"]))[0]

    def _kinds(self, texts: pa.DictionaryArray, symbol: Places) -> tuple[Places, Fault]:
        """1 for what is rated as an industry, 0 for a stock: as the column says, else by the symbol."""
        own = np.array([parse_symbol(each).kind == "index" for each in self.symbols.values] + [False])
        said = [KINDS.get(each.lower(), -1) for each in texts.dictionary.to_pylist()]
        found = _spread(np.array(said, dtype=np.int32), texts)
        kinds = np.where(found == BY_SYMBOL, own[symbol], found == 1).astype(np.int32)
        return kinds, Fault("subject_kind", "ratings_kind_unknown", found < 0, texts)

    def _words(
        self, texts: Mapping[str, pa.DictionaryArray], kind: Places, days: Places, known: Wrong
    ) -> tuple[Places, list[Fault]]:
        """Every scale must be known, and every rating be one of the scale's; a house's edition is that of the month."""
        scale, house, rating = (texts[name] for name in ("scale", "house", "rating"))
        named = _spread(np.array([each in self.scales for each in scale.dictionary.to_pylist()], dtype=np.int32), scale) == 1
        blank = _spread(np.array([not each for each in scale.dictionary.to_pylist()], dtype=np.int32), scale) == 1
        month = np.where(named, 0, days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + YEAR_0)
        houses = np.where(blank, _indices(house), len(house.dictionary) - 1)
        parts = [_indices(scale), houses, kind, _indices(rating), month]
        keys, at = _distinct(parts)
        values = [each.dictionary.to_pylist() for each in (scale, house, rating)]
        places, faults = np.empty(len(keys), dtype=np.int32), []
        for place, (own, house_at, is_index, word, of) in enumerate(keys):
            said = Said(values[0][own], values[1][house_at], "index" if is_index else "stock", values[2][word], of)
            places[place] = self._place(said)
            if int(places[place]) in self.wrong:
                column, code, params = self.wrong[int(places[place])]
                # Of a symbol that is none it is not known which bands apply.
                faults.append(Fault(column, code, (at == place) & (known | (column == "scale")), texts[column], params))
        return places[at], faults

    def _place(self, said: Said) -> int:
        if said not in self.words:
            self.words[said] = len(self.words)
            trouble = self.judge(said)
            if trouble is not None:
                self.wrong[self.words[said]] = trouble
        return self.words[said]


def _words_of(table: pa.Table, name: str) -> pa.DictionaryArray:
    """A column as `as_words` gives it; blanks where there is no such column."""
    if name in table.column_names:
        return as_words(table[name])
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(table), dtype=np.int32)), pa.array([""]))


def _distinct(parts: Sequence[npt.NDArray[np.integer]]) -> tuple[list[tuple[int, ...]], npt.NDArray[np.int64]]:
    """(the different rows of some columns of small numbers, place of each row among them)."""
    key = np.zeros(len(parts[0]), dtype=np.int64)
    widths = []
    for part in parts:
        low = int(part.min()) if len(part) else 0
        width = (int(part.max()) - low + 1) if len(part) else 1
        widths.append((low, width))
        key = key * width + (part.astype(np.int64) - low)
    if not len(key):
        return [], key
    size = int(key.max()) + 1
    if size <= MOST_COUNTED:
        there = np.bincount(key, minlength=size) > 0
        found, at = np.flatnonzero(there), (np.cumsum(there) - 1)[key]
    else:
        found, at = np.unique(key, return_inverse=True)
    return [_unfolded(int(each), widths) for each in found], at


def _unfolded(key: int, widths: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    parts = []
    for low, width in reversed(widths):
        key, part = divmod(key, width)
        parts.append(part + low)
    return tuple(reversed(parts))


def read_numbers(table: pa.Table, name: str) -> tuple[Floats | None, list[Fault]]:
    """(positive numbers of a column, NaN for a blank, None without such a column; cells that are none)."""
    if name not in table.column_names:
        return None, []
    column = table[name]
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = np.asarray(column.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False), dtype=float)
        blank = np.isnan(values)
    else:
        words = as_words(column)
        texts = words.dictionary.to_pylist()
        values = np.array([_number(text) for text in texts])[words.indices.to_numpy()]
        blank = np.array([text in BLANKS for text in texts])[words.indices.to_numpy()]
    with np.errstate(invalid="ignore"):
        wrong = ~blank & ~(np.isfinite(values) & (values > 0))
    return np.where(wrong, np.nan, values), [Fault(name, "ratings_price_wrong", wrong, column)]


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return np.nan


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
