"""Axes and cells that the weekly charts share: round ticks, values in percent, gaps left out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from screener.report.document import Cell, CellKind, figure
from screener.report.draw import marks as charts
from screener.report.draw.marks import Axis

# Two tick labels need this many pixels between them.
TICK_ROOM = 13


def axis_over(values: Sequence[object], *, height: float, most: int = 6) -> tuple[Axis, list[float]]:
    """An axis that holds every value (percent) on round ticks."""
    known = [float(each) for each in values if isinstance(each, float | int)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    step = charts.tick_step(max(high - low, 1.0), most)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return Axis(low, high, height, 0), [low + step * each for each in range(round((high - low) / step) + 1)]


def axis_around(values: Sequence[object], *, height: float, edges: Sequence[float]) -> tuple[Axis, list[float]]:
    """An axis just around every value (percent), with a tick at each band edge and round ticks where there is room."""
    known = [float(each) for each in values if isinstance(each, float | int)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    axis = Axis(low - 0.03 * (high - low), high + 0.06 * (high - low), height, 0)
    step = charts.tick_step(high - low, 4)
    rounds = [step * each for each in range(math.ceil(axis.low / step), math.floor(axis.high / step) + 1)]
    free = [tick for tick in rounds if all(abs(axis.at(tick) - axis.at(edge)) >= TICK_ROOM for edge in edges)]
    return axis, sorted({*free, *edges})


def tick_decimals(ticks: Sequence[float]) -> int:
    """Decimals that tick labels need: none when every tick is whole."""
    return 0 if all(float(tick).is_integer() for tick in ticks) else 1


def hundredths(value: float) -> float | None:
    """A fraction in percent to four decimals, None where there is no figure."""
    return round(100 * float(value), 4) if np.isfinite(value) else None


def path_cell(kind: CellKind, value: float) -> Cell:
    """A value of a path as a cell; `none` where the path has no figure."""
    return figure(kind, float(value)) if np.isfinite(value) else Cell("none")
