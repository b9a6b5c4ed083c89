"""Graded ratings as the columns of a result: numbers become dates and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.arrays import HORIZONS, NO_DAY, STATUSES, Facts
from screener.grading.coding import as_text
from screener.grading.gather import FORM_DIFFERS, NEAR_EDGE_FLAG, UNCONFIRMED_INDEX, Coded, Graded, gather
from screener.measures.cells import ACTIONS_UNKNOWN, DELISTED, GAP_NUMBER, MISSING_SESSION, PLAN_FLAGS, SUSPENDED, Floats
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
    "edition",
    "months_from",
    "months_to",
    "end_date",
    "excess_end",
    "measured_end",
    "band_end",
    "hit_end",
    "at_least_end",
)
# Where the ratings have a target price; where a change of the rating ends it.
TARGETS = ("target_reached", "target_date", "target_gap")
CHANGES = ("change", "ended_by_change")
STEPS = ("first", "up", "down", "kept")
TAKEN = frozenset({*RESULTS, *TARGETS, *CHANGES})
# In the order in which `outcome` lists them.
FLAG_WORDS = {
    SUSPENDED: "suspended",
    DELISTED: "delisted",
    ACTIONS_UNKNOWN: "actions_unknown",
    **PLAN_FLAGS,
    NEAR_EDGE_FLAG: "near_edge",
    FORM_DIFFERS: "form_differs",
    UNCONFIRMED_INDEX: "unconfirmed_index",
}
_FLAGS = pa.array([" ".join(word for bit, word in FLAG_WORDS.items() if bits & bit) for bits in range(sum(FLAG_WORDS) + 1)])
_GAPS = pa.array(GAP_CODES, type=pa.string())
_GAP_PLACES = np.full(MISSING_SESSION + 1, -1, dtype=np.int32)
_GAP_PLACES[list(GAP_NUMBER.values())] = np.arange(len(GAP_CODES))
_GAP_PLACES[MISSING_SESSION] = GAP_CODES.index("no_data")

Numbers = npt.NDArray[np.integer]


def side_by_side(
    table: pa.Table, coded: Coded, facts: Facts, *, names: Sequence[str], shares: bool, until_change: bool = False
) -> pa.Table:
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
    results = result_table(gather(coded, facts, shares=shares, until_change=until_change), facts)
    return pa.table({**inputs, **{name: results[name] for name in results.column_names}})


def ordered(names: Sequence[str]) -> list[str]:
    """The columns of a ratings file in the order of a result: COLUMNS, then those that are only handed on."""
    return [*(name for name in COLUMNS if name in names), *(name for name in names if name not in COLUMNS)]


def result_table(graded: Graded, facts: Facts) -> pa.Table:
    """The columns RESULTS (and TARGETS, CHANGES), a row a rating in the order of the coded ones; words dictionary-encoded."""
    dates, coded, standards = facts.dates, graded.coded, facts.standards
    plan, bands = standards.plan[coded.word], pa.array(standards.bands, type=pa.string())
    columns: dict[str, pa.Array] = {"base_date": _days(dates.base_day[coded.date])}
    for month in HORIZONS:
        inside = (standards.months[plan, 0] <= month) & (month <= standards.months[plan, 1])
        columns[f"end_{month}m"] = _days(np.where(inside, dates.end_day[coded.date, dates.month(month)], NO_DAY))
        columns[f"excess_{month}m"] = _nullable(graded.at[month].excess)
        columns[f"band_{month}m"] = _words(graded.verdict[month].band, bands)
    last = graded.verdict[HORIZONS[-1]]
    columns |= {"hit_12m": _flag(last.hit), "at_least_12m": _flag(last.at_least)}
    columns["share_in_band"] = _nullable(_shares(graded, ~np.isnan(standards.stated[coded.word, 0]) & ~standards.by_sign[plan]))
    columns["sessions"] = pa.array(graded.measured, type=pa.int32())
    status = dates.status[facts.group[coded.symbol], coded.date, plan]
    columns["status"] = _words(np.where(graded.ended, len(STATUSES) - 1, status), pa.array(STATUSES))
    columns["gap"] = _words(_GAP_PLACES[graded.gap], _GAPS)
    columns["flags"] = _words(graded.flags.astype(np.int32) - 1, _FLAGS[1:])
    columns |= _at_end(graded, facts, plan, bands)
    return pa.table({name: columns[name] for name in (*RESULTS, *TARGETS, *CHANGES) if name in columns})


def _at_end(graded: Graded, facts: Facts, plan: Numbers, bands: pa.Array) -> dict[str, pa.Array]:
    dates, coded, standards = facts.dates, graded.coded, facts.standards
    names = np.array([place if name else -1 for place, name in enumerate(standards.names)], dtype=np.int32)
    ended = dates.base_day[np.maximum(coded.until, 0)] if coded.until is not None else NO_DAY
    whole = dates.end_day[coded.date, np.searchsorted(dates.months, standards.months[plan, 1])]
    ruled = names[plan] >= 0  # without a standard nobody knows months or an end: no default stands in for it
    columns = {
        "edition": _words(names[plan], pa.array(standards.names, type=pa.string())),
        "months_from": pa.array(standards.months[plan, 0].astype(np.int32), mask=~ruled),
        "months_to": pa.array(standards.months[plan, 1].astype(np.int32), mask=~ruled),
        "end_date": _days(np.where(graded.ended, ended, np.where(ruled, whole, NO_DAY))),
        "excess_end": _nullable(np.where(ruled, graded.end.excess, np.nan)),
        "measured_end": _nullable(np.where(ruled, graded.end.measured, np.nan)),
        "band_end": _words(graded.judged.band, bands),
        "hit_end": _flag(graded.judged.hit),
        "at_least_end": _flag(graded.judged.at_least),
    }
    if graded.target is not None:
        reached = np.append(facts.panel.days.astype("datetime64[D]").astype(np.int32), NO_DAY)[graded.target.at]
        columns |= {
            "target_reached": _flag(graded.target.reached),
            "target_date": _days(reached),
            "target_gap": _nullable(graded.target.gap),
        }
    if coded.before is not None:
        columns |= {
            "change": _words(_steps(coded, coded.before, facts), pa.array(STEPS)),
            "ended_by_change": pa.array(graded.ended),
        }
    return columns


def _steps(coded: Coded, before: Numbers, facts: Facts) -> Numbers:
    """Places in STEPS; −1 where a rating and the one before it are not of one ladder."""
    standards = facts.standards
    earlier = np.maximum(before, 0)
    step = standards.rank[coded.word] - standards.rank[earlier]
    alike = (
        (standards.plan[coded.word] == standards.plan[earlier])
        & (standards.rank[coded.word] >= 0)
        & (standards.rank[earlier] >= 0)
    )
    return np.where(before < 0, 0, np.where(~alike, -1, np.where(step > 0, 1, np.where(step < 0, 2, 3)))).astype(np.int32)


def result_fields(names: Sequence[str] = ()) -> list[pa.Field]:
    """The result columns of ratings with the columns `names`, with their types, words as text."""
    types = dict.fromkeys(("base_date", "end_6m", "end_12m", "end_date", "target_date"), pa.date32())
    types |= dict.fromkeys(
        ("excess_6m", "excess_12m", "share_in_band", "excess_end", "measured_end", "target_gap"), pa.float64()
    )
    types |= dict.fromkeys(("hit_12m", "at_least_12m", "hit_end", "at_least_end", "target_reached"), pa.bool_())
    types |= dict.fromkeys(("sessions", "months_from", "months_to"), pa.int32())
    found = (*RESULTS, *(TARGETS if "target_price" in names else ()))
    return [pa.field(name, types.get(name, pa.string())) for name in found]


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


def _days(days: Numbers) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=days == NO_DAY).cast(pa.date32())
