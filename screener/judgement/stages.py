"""What the rows of an outcome and of a week must satisfy on their way out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from screener.prices.pandera_alone import pa
from screener.terms.notes import GAP_CODES, Gap

_FRACTION = pa.Column(
    float, pa.Check(lambda value: np.isfinite(value) | value.isna(), error="not_finite"), nullable=True, coerce=True
)


_GAP = pa.Column(object, pa.Check.isin(GAP_CODES), nullable=True)


# Stage out: a figure or a gap in every row, never both, never neither.
OUTCOME_ROWS = pa.DataFrameSchema(
    {
        "kind": pa.Column(object, pa.Check.isin(["candidate", "bucket", "all", "industry_index"])),
        "series": pa.Column(object, pa.Check.isin(["price", "total"])),
        "horizon_months": pa.Column(int, pa.Check.gt(0), coerce=True),
        "own_return": _FRACTION,
        "benchmark_return": _FRACTION,
        "excess": _FRACTION,
        "excess_geometric": _FRACTION,
        "measured": _FRACTION,
        "band": pa.Column(object, nullable=True),
        "status": pa.Column(object, pa.Check.isin(["pending", "running", "matured"])),
        "gap": _GAP,
    },
    checks=[
        pa.Check(lambda rows: rows["measured"].isna() == rows["gap"].notna(), error="figure_xor_gap"),
        pa.Check(lambda rows: rows["measured"].notna() | rows["band"].isna(), error="band_with_figure"),
    ],
)


WEEK_ROWS = pa.DataFrameSchema(
    {
        "kind": pa.Column(object, pa.Check.isin(["candidate", "bucket", "all", "industry_index", "benchmark"])),
        "own_return": _FRACTION,
        "benchmark_return": _FRACTION,
        "excess": _FRACTION,
        "gap": _GAP,
    },
    checks=pa.Check(lambda rows: rows["own_return"].isna() == rows["gap"].notna(), error="figure_xor_gap"),
)


def check_stage(schema: pa.DataFrameSchema, rows: Sequence[object]) -> None:
    """Check the rows (frozen values with the schema's fields) that a stage hands on.

    pandera's SchemaErrors names every row that is wrong: a fault of ours, never of the reader's data.
    """

    def cell(row: object, name: str) -> object:
        value = getattr(row, name)
        return value.code if isinstance(value, Gap) else value

    cells = [[cell(row, name) for name in schema.columns] for row in rows]
    schema.validate(pd.DataFrame(cells, columns=list(schema.columns), dtype=object), lazy=True)
