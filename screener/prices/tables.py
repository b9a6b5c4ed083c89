"""Pandera tables at the two borders: what data must be on its way in, what results must be on their way out."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from screener.prices.pandera_alone import pa
from screener.terms.notes import Problem

# Vendors round prices to cents and amounts to yuan: low ≤ close is allowed to miss by a hundredth of a cent.
PRICE_TOLERANCE = 1e-4
INFINITE = float("inf")


def _traded(bars: pd.DataFrame) -> pd.Series:
    return ~(bars["volume"] == 0)


def _positive(column: str) -> pa.Check:
    return pa.Check(
        lambda bars: bars[column].between(0, INFINITE, inclusive="neither") | bars[column].isna() | ~_traded(bars),
        error=f"price_not_positive:{column}",
    )


def _from(least: float, error: str, *, inclusive: Literal["left", "neither"] = "left") -> pa.Check:
    """A finite number from `least` on, or none."""
    return pa.Check(lambda values: values.between(least, INFINITE, inclusive=inclusive) | values.isna(), error=error)


def _between(column: str) -> pa.Check:
    def holds(bars: pd.DataFrame) -> pd.Series:
        low, high = bars["low"] - PRICE_TOLERANCE, bars["high"] + PRICE_TOLERANCE
        outside = (bars[column] < low) | (bars[column] > high) | (bars["low"] > high)
        return ~(outside & _traded(bars) & (bars[column] > 0))

    return pa.Check(holds, error=f"outside_low_high:{column}")


# One symbol's bars as read: CNY, shares; index = line of the file. volume 0 = not traded, its other prices may be 0.
BARS = pa.DataFrameSchema(
    {
        "session": pa.Column("datetime64[s]", nullable=False),
        "open": pa.Column(float, nullable=True),
        "high": pa.Column(float, nullable=True),
        "low": pa.Column(float, nullable=True),
        "close": pa.Column(float, _from(0, "price_not_positive:close", inclusive="neither"), nullable=False),
        "volume": pa.Column(
            float,
            [
                _from(0, "volume_negative:volume"),
                pa.Check(lambda volume: ~((volume > 0) & (volume < 1)), error="volume_fraction:volume"),
            ],
            nullable=True,
        ),
        "amount": pa.Column(
            float,
            _from(0, "amount_negative:amount"),
            nullable=True,
        ),
    },
    checks=[*(_positive(column) for column in ("open", "high", "low")), _between("open"), _between("close")],
    strict=False,
)

# Corporate actions: gross CNY per share before, shares after per share before; NaN = an action of unknown kind.
ACTIONS = pa.DataFrameSchema(
    {
        "ex_date": pa.Column("datetime64[s]", nullable=False),
        "cash_per_share": pa.Column(float, _from(0, "cash_negative:cash_per_share"), nullable=True),
        "split_ratio": pa.Column(
            float,
            _from(0, "ratio_not_positive:split_ratio", inclusive="neither"),
            nullable=True,
        ),
    },
    strict=False,
)


# Float share counts by day of change.
SHARES = pa.DataFrameSchema(
    {
        "date": pa.Column("datetime64[s]", nullable=False),
        "float_shares": pa.Column(
            float,
            _from(1, "shares_not_positive:float_shares"),
            nullable=True,
        ),
    },
    strict=False,
)


def schema_problems(schema: pa.DataFrameSchema, frame: pd.DataFrame, file: str, *, symbol: str = "") -> list[Problem]:
    """Every cell of `frame` that breaks `schema`, at once, the frame's index being the line in `file`.

    `symbol`: whose rows these are, for a cell without a value, which cannot be shown.
    """
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        found = set_of_problems(errors.failure_cases, frame, file, symbol=symbol)
        return sorted(found, key=lambda problem: problem.line or 0)
    return []


def set_of_problems(cases: pd.DataFrame, frame: pd.DataFrame, file: str, *, symbol: str = "") -> list[Problem]:
    """Pandera's failure cases as problems, one per line and fault; ValueError for a fault of ours, such as a missing column."""
    seen: dict[tuple[int, str], Problem] = {}
    for check, column, line in zip(cases["check"], cases["column"], cases["index"], strict=True):
        code, _, checked = str(check).partition(":")
        if code == "not_nullable":
            day = f"{frame.loc[line, 'session']:%Y-%m-%d}" if "session" in frame else ""
            problem = Problem(file, int(line), str(column), "", "value_missing", {"symbol": symbol, "day": day})
        elif checked:
            problem = Problem(file, int(line), checked, f"{frame.loc[line, checked]:g}", code)
        else:
            raise ValueError(f"unexpected schema failure in {file}: {check}")
        seen.setdefault((int(line), problem.code + problem.field), problem)
    return list(seen.values())
