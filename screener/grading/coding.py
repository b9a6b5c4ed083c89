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

from screener.grading.faults import SHOWN, Faults
from screener.grading.gather import Coded
from screener.grading.ratings import RatingsFile
from screener.grading.standards import ladder_of
from screener.terms.notes import Problem, ScreenerError
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import RatingScale

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


@dataclass
class Coder:
    """Turns batches of a ratings file into numbers; keeps what the values are, and counts what is wrong."""

    scales: Mapping[str, RatingScale]
    faults: Faults
    symbols: Words = field(default_factory=Words)
    words: dict[Word, int] = field(default_factory=dict)

    def code(self, table: pa.Table, file: RatingsFile, first: int) -> Coded:
        """The rows as numbers, `date` in days since 1970; the first is row `first` of the file. Faults are counted."""
        note = _Noting(self.faults, file, first)
        texts = {name: as_words(table[name]) for name in ("symbol", "rating", "scale")}
        ids = as_text(table["rating_id"])
        note.wrong("rating_id", ids, pc.equal(ids, "").to_numpy(zero_copy_only=False), "blank_cell")
        symbol = self._symbols(texts["symbol"], note)
        days = self._days(table["published"], note)
        return Coded(symbol, days, self._word(texts, symbol, note))

    def _symbols(self, texts: pa.DictionaryArray, note: _Noting) -> Places:
        by_value = np.array([self.symbols.place(each, _is_symbol) for each in texts.dictionary.to_pylist()], dtype=np.int32)
        found = _spread(by_value, texts)
        note.wrong("symbol", texts, found < 0, "bad_symbol", with_value=True)
        return found

    def _days(self, column: pa.ChunkedArray, note: _Noting) -> Places:
        days, bad, timed = read_days(column)
        note.wrong("published", column, bad, "bad_date")
        note.wrong("published", column, timed, "ratings_time_of_day")
        return days

    def _word(self, texts: Mapping[str, pa.DictionaryArray], symbol: Places, note: _Noting) -> Places:
        """Every scale must be known, and every rating be one of the scale's, for a stock or for an index."""
        kinds = np.array([parse_symbol(each).kind == "index" for each in self.symbols.values] + [False])
        scale, rating = texts["scale"], texts["rating"]
        scales, ratings = scale.dictionary.to_pylist(), rating.dictionary.to_pylist()
        key = (_indices(scale) * len(ratings) + _indices(rating)) * 2 + kinds[symbol]
        table = np.full(len(scales) * len(ratings) * 2, -1, dtype=np.int32)
        for each in np.flatnonzero(np.bincount(key, minlength=len(table))).tolist():
            scale_at, rest = divmod(each, len(ratings) * 2)
            word = (scales[scale_at], "index" if rest % 2 else "stock", ratings[rest // 2])
            fault = self._fault(word)
            if fault is None:
                table[each] = self.words.setdefault(word, len(self.words))
            else:
                name, code, params = fault
                # Of a symbol that is none it is not known which bands apply.
                note.wrong(name, texts[name], (key == each) & (symbol >= 0 if name == "rating" else True), code, **params)
        return table[key]

    def _fault(self, word: Word) -> tuple[str, str, dict[str, object]] | None:
        scale, kind, rating = self.scales.get(word[0]), word[1], word[2]
        if scale is None:
            return "scale", "ratings_scale_unknown", {"known": ", ".join(self.scales)}
        ratings = ladder_of(scale, kind).ratings
        return ("rating", "ratings_word_unknown", {"known": " ".join(ratings)}) if rating and rating not in ratings else None


@dataclass(frozen=True)
class _Noting:
    """Counts the wrong cells of one batch, whose first row is `first`."""

    faults: Faults
    file: RatingsFile
    first: int

    def wrong(
        self, column: str, values: pa.Array, wrong: Wrong, code: str, *, with_value: bool = False, **params: object
    ) -> None:
        count = int(np.count_nonzero(wrong))
        if not count:
            return
        found = []
        for place in np.flatnonzero(wrong)[:SHOWN].tolist():
            cell = values[place].as_py()
            text = "" if cell is None else str(cell)
            own = {"value": text} if with_value else {}
            line = self.file.line(self.first + place)
            found.append(Problem(self.faults.file, line, column, text, code, {**params, **own}))
        self.faults.add(found, count=count)


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
    return words.indices.to_numpy().astype(np.int64)


def _spread(by_value: Places, words: pa.DictionaryArray) -> Places:
    return by_value[words.indices.to_numpy()]


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
    days = np.array([0 if each is None or each == "time" else (each - _ZERO_DAY).days for each in read], dtype=np.int32)
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
    return column.is_null().combine_chunks().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _filled(days: pa.ChunkedArray) -> Places:
    return pc.fill_null(days, 0).combine_chunks().to_numpy()  # type: ignore[no-any-return]


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
