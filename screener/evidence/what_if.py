"""The grid of conventions as one dense block, in which a reader can pick a cell: a value for every dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.evidence.sensitivity import Sensitivity, headline_of
from screener.judgement.outcome import Outcome
from screener.terms.sessions import Floats

# The dimensions of the block, the outer ones first: the cells of one subject at one horizon stand together.
DIMENSIONS = ("subject", "horizon_months", "published", "anchor", "base_price", "weighting", "form", "basis")
# In place of a band: a cell without a figure, and a combination that makes no cell (a single name is not rebalanced).
GAP, NO_CELL = -1, -2


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Every cell of the grid. `values`: dimension → its values, in order; `chosen`: the place of the headline's in each.

    `excess`: fractions, flat, NaN without a figure, the last dimension running fastest; `band`: the place of the band in the
    subject's ladder, best first, GAP or NO_CELL.
    """

    values: Mapping[str, tuple[object, ...]]
    chosen: Mapping[str, int]
    excess: Floats
    band: npt.NDArray[np.int8]


def build_what_if(sensitivity: Sensitivity, outcome: Outcome) -> WhatIf:
    """The cells of `sensitivity` on all combinations of their values."""
    cells = sensitivity.cells
    columns = {name: cells[name] for name in DIMENSIONS[:-1]} | {"basis": cells["series"] + " " + cells["benchmark"]}
    values = {name: tuple(dict.fromkeys(column.tolist())) for name, column in columns.items()}
    values |= {name: tuple(sorted(values[name])) for name in ("published", "horizon_months")}
    codes = [pd.Categorical(columns[name], categories=list(values[name])).codes.astype(np.int64) for name in DIMENSIONS]
    shape = tuple(len(values[name]) for name in DIMENSIONS)
    at = np.ravel_multi_index(tuple(codes), shape)
    excess = np.full(int(np.prod(shape)), np.nan)
    band = np.full(excess.size, NO_CELL, dtype=np.int8)
    excess[at] = cells["excess"].to_numpy(dtype=float)
    band[at] = _band_places(cells, outcome)
    return WhatIf(values, _chosen(values, outcome), excess, band)


def _band_places(cells: pd.DataFrame, outcome: Outcome) -> npt.NDArray[np.int8]:
    """The place of each cell's band in its subject's ladder, GAP where it has none."""
    places = {
        (subject.id, rating): place
        for subject in outcome.thesis.subjects()
        for place, rating in enumerate(outcome.scale.ladder(subject.kind).ratings)
    }
    pairs = zip(cells["subject"], cells["band"], strict=True)
    return np.array([places.get(pair, GAP) for pair in pairs], dtype=np.int8)


def _chosen(values: Mapping[str, tuple[object, ...]], outcome: Outcome) -> dict[str, int]:
    """The headline's cell: the first stated subject at the longest horizon, everything else as the report is judged."""
    headline = headline_of(outcome)
    wanted = {
        "subject": next(iter(outcome.verdict), values["subject"][0]),
        "horizon_months": outcome.scale.window.to_months,
        **{name: headline[name] for name in ("published", "anchor", "base_price", "weighting", "form")},
        "basis": f"{headline['series']} {headline['benchmark']}",
    }
    return {name: values[name].index(wanted[name]) if wanted[name] in values[name] else 0 for name in DIMENSIONS}
