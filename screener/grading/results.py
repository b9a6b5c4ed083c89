"""Graded ratings as the columns of a result: numbers become dates and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.arrays import HORIZONS, NO_DAY, STATUSES, Facts
from screener.grading.coding import as_text
from screener.grading.gather import FORM_DIFFERS, NEAR_EDGE_FLAG, Coded, Graded, gather
from screener.measures.cells import ACTIONS_UNKNOWN, DELISTED, GAP_NUMBER, MISSING_SESSION, SUSPENDED, Floats
from screener.terms.notes import GAP_CODES

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
# In the order in which `outcome` lists them.
FLAG_WORDS = {
    SUSPENDED: "suspended",
    DELISTED: "delisted",
    ACTIONS_UNKNOWN: "actions_unknown",
    NEAR_EDGE_FLAG: "near_edge",
    FORM_DIFFERS: "form_differs",
}
_FLAGS = pa.array([" ".join(word for bit, word in FLAG_WORDS.items() if bits & bit) for bits in range(sum(FLAG_WORDS) + 1)])
_GAPS = pa.array(GAP_CODES, type=pa.string())
_GAP_PLACES = np.full(MISSING_SESSION + 1, -1, dtype=np.int32)
_GAP_PLACES[list(GAP_NUMBER.values())] = np.arange(len(GAP_CODES))
_GAP_PLACES[MISSING_SESSION] = GAP_CODES.index("no_data")

Numbers = npt.NDArray[np.integer]


def side_by_side(table: pa.Table, coded: Coded, facts: Facts, *, names: Sequence[str], shares: bool) -> pa.Table:
    """The columns COLUMNS, those of `names` that are only handed on, and RESULTS, a row a rating.

    `table`: the same ratings as they were read; its symbol, date and rating are not looked at again.
    """
    ratings = list(dict.fromkeys(facts.standards.ratings))
    rating = np.array([ratings.index(each) for each in facts.standards.ratings], dtype=np.int32)[coded.word]
    made = {
        "rating_id": as_text(table["rating_id"]),
        "symbol": pa.DictionaryArray.from_arrays(coded.symbol, list(facts.symbols)),
        "published": pa.array(facts.dates.published[coded.date]).cast(pa.date32()),
        "rating": pa.DictionaryArray.from_arrays(rating, ratings),
    }
    inputs = {name: made[name] if name in made else table[name] for name in ordered(names)}
    results = result_table(gather(coded, facts, shares=shares), facts)
    return pa.table({**inputs, **{name: results[name] for name in results.column_names}})


def ordered(names: Sequence[str]) -> list[str]:
    """The columns of a ratings file in the order of a result: COLUMNS, then those that are only handed on."""
    return [*(name for name in COLUMNS if name in names), *(name for name in names if name not in COLUMNS)]


def result_table(graded: Graded, facts: Facts) -> pa.Table:
    """The columns RESULTS, a row a rating in the order of the coded ones; words are dictionary-encoded."""
    dates, coded = facts.dates, graded.coded
    columns: dict[str, pa.Array] = {"base_date": _days(dates.base_day, coded.date)}
    for month in HORIZONS:
        columns[f"end_{month}m"] = _days(dates.end_day[:, dates.month(month)], coded.date)
        columns[f"excess_{month}m"] = _nullable(graded.at[month].excess)
        columns[f"band_{month}m"] = _words(graded.band[month], pa.array(facts.standards.bands))
    columns["hit_12m"], columns["at_least_12m"] = _flag(graded.hit), _flag(graded.at_least)
    stated = ~np.isnan(facts.standards.stated[coded.word, 0])
    columns["share_in_band"] = _nullable(_shares(graded, stated))
    status = dates.status[facts.group[coded.symbol], coded.date, facts.standards.plan[coded.word]]
    columns["sessions"] = pa.array(graded.measured, type=pa.int32())
    columns["status"] = _words(status, pa.array(STATUSES))
    columns["gap"] = _words(_GAP_PLACES[graded.gap], _GAPS)
    columns["flags"] = _words(graded.flags.astype(np.int32) - 1, _FLAGS[1:])
    return pa.table({name: columns[name] for name in RESULTS})


def result_fields() -> list[pa.Field]:
    """The columns RESULTS with their types, words as text."""
    types = dict.fromkeys(("base_date", "end_6m", "end_12m"), pa.date32())
    types |= dict.fromkeys(("excess_6m", "excess_12m", "share_in_band"), pa.float64())
    types |= {"hit_12m": pa.bool_(), "at_least_12m": pa.bool_(), "sessions": pa.int32()}
    return [pa.field(name, types.get(name, pa.string())) for name in RESULTS]


def _shares(graded: Graded, stated: npt.NDArray[np.bool_]) -> Floats:
    known = stated & (graded.measured > 0)
    return np.where(known, graded.earned / np.maximum(graded.measured, 1), np.nan)


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _flag(values: npt.NDArray[np.int8]) -> pa.Array:
    return pa.array(values == 1, mask=values < 0)


def _words(places: Numbers, words: pa.Array) -> pa.Array:
    """A dictionary column: −1 is null."""
    indices = pa.array(places.astype(np.int32), mask=places < 0)
    return pa.DictionaryArray.from_arrays(indices, words)


def _days(days: Numbers, places: Numbers) -> pa.Array:
    found = days[places]
    return pa.array(found, mask=found == NO_DAY).cast(pa.date32())
