"""Graded ratings as the columns of a result: numbers become dates and words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.facts import HORIZONS, NO_DAY, STATUSES, Facts
from screener.grading.gather import FORM_DIFFERS, NEAR_EDGE_FLAG, Graded
from screener.measures.panel import ACTIONS_UNKNOWN, DELISTED, GAP_NUMBER, MISSING_SESSION, SUSPENDED, Floats
from screener.terms.notes import GAP_CODES

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


def result_schema(columns: Mapping[str, pa.DataType]) -> pa.Schema:
    """The schema of a result whose input columns are `columns`: what any engine writes."""
    word = pa.dictionary(pa.int32(), pa.string())
    types = dict.fromkeys(("base_date", "end_6m", "end_12m"), pa.date32())
    types |= dict.fromkeys(("excess_6m", "excess_12m", "share_in_band"), pa.float64())
    types |= {"hit_12m": pa.bool_(), "at_least_12m": pa.bool_(), "sessions": pa.int32()}
    return pa.schema([*columns.items(), *((name, types.get(name, word)) for name in RESULTS)])


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
