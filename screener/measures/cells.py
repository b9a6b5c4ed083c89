"""What a cell of a panel holds: a level, or as a small number why there is none; numpy alone, to be sent anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.terms.notes import GAP_CODES

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

# Gap codes as small integers, 0 = no gap. An index that lacks one session is told apart from one without any data.
NO_GAP = 0
MISSING_SESSION = 100
GAP_NUMBER: Mapping[str, int] = {code: number for number, code in enumerate(GAP_CODES, start=1)}
NO_ENDS: Mapping[str, dt.date] = {}
SUSPENDED, DELISTED, ACTIONS_UNKNOWN, UNCONFIRMED = 1, 2, 16, 64
# What a standard adds to every figure that it measures.
PLAN_FLAGS = {32: "by_sign", 64: "absolute", 128: "standard_total", 256: "against_industry", 512: "benchmark_assumed"}


@dataclass(frozen=True, eq=False)
class Panel:
    """The `price` series of many symbols on one session axis; every array is symbols × sessions.

    `levels`: adjusted level, carried over halts, NaN where a session has no quote. `gaps`: why a session has no quote
    (GAP_NUMBER, MISSING_SESSION, 0 = it has one). `base_gaps`: the same for a base date, where also an older fault or a
    close from before the run's window forbids a figure. `flags`: bits SUSPENDED, DELISTED, ACTIONS_UNKNOWN and UNCONFIRMED.
    `stops`: the first session after this one across which the level cannot be linked (a position; the number of sessions where
    there is none); `stop_gaps`: why. `closes`: unadjusted, carried over halts, where they were asked for.
    """

    symbols: tuple[str, ...]
    days: npt.NDArray[np.datetime64]
    levels: Floats
    gaps: Codes
    base_gaps: Codes
    flags: Codes
    stops: npt.NDArray[np.int32]
    stop_gaps: Codes
    closes: Floats | None = None

    def place(self, symbol: str) -> int:
        """Row of `symbol`; KeyError when the panel does not hold it."""
        return {each: place for place, each in enumerate(self.symbols)}[symbol]
