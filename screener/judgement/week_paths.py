"""Where basket, industry index and benchmark went since the base date, session by session, and before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.judgement.week import Week
from screener.measures.baskets import value_path
from screener.measures.periods import series_of
from screener.measures.returns import drawdown_path
from screener.terms.sessions import as_date, session_axis
from screener.thesis.subjects import Subject

Path = npt.NDArray[np.float64]
# Sessions before the base date, about six weeks: enough to see where the theme came from.
RUN_UP = 28


@dataclass(frozen=True, eq=False)
class Paths:
    """Returns since the base date by session (fractions, `price` series), run-up before it with equal weights at its start.

    `sessions`: from the run-up to the end of the window; values are NaN after the as-of date and where there is no figure.
    """

    sessions: tuple[dt.date, ...]
    base: int
    end: int
    window: tuple[int | None, int | None]
    theme: Path
    industry: Path | None
    benchmark: Path

    def excess(self, path: Path) -> Path:
        """Arithmetic excess over the benchmark, from the base date on."""
        values = path - self.benchmark
        values[: self.base] = np.nan
        return values

    @property
    def series(self) -> dict[str, Path]:
        """The paths that there are: `theme`, `industry`, `bench`."""
        found = {"theme": self.theme, "industry": self.industry, "bench": self.benchmark}
        return {key: path for key, path in found.items() if path is not None}

    @property
    def falls(self) -> dict[str, Path]:
        """Drawdown from the highest close since the base date, from the base date to the as-of date (fractions ≤ 0)."""
        return {key: drawdown_path(values[self.base : self.end + 1]) for key, values in self.series.items()}


def build_paths(week: Week, subjects: Mapping[str, Subject], horizons: Mapping[int, dt.date]) -> Paths | None:
    """The paths of the basket, the industry index and the benchmark; None where no price or no day is since publication."""
    calendar = week.prices.calendar
    if week.base_date is None or not week.prices.first <= week.base_date < week.as_of:
        return None
    first = max(calendar.shift(week.base_date, -RUN_UP), week.prices.first)
    months = sorted(horizons)
    ends = [calendar.last_on_or_before(horizons[each]) for each in (months[0], months[-1])]
    last = max(ends[1] or calendar.last_day, week.as_of)
    axis = session_axis(first, last)
    sessions = tuple(as_date(day) for day in axis)
    position = {day: at for at, day in enumerate(sessions)}
    base, end = position[week.base_date], position[week.as_of]
    index = week.thesis.industry_index
    return Paths(
        sessions=sessions,
        base=base,
        end=end,
        window=(position.get(ends[0]) if ends[0] else None, position.get(ends[1]) if ends[1] else None),
        theme=_path(week, subjects["all"], axis, base=base, end=end),
        industry=_path(week, subjects[index.symbol], axis, base=base, end=end) if index else None,
        benchmark=_path(week, subjects[week.benchmark], axis, base=base, end=end),
    )


def _path(week: Week, subject: Subject, axis: pd.DatetimeIndex, *, base: int, end: int) -> Path:
    values = np.full(len(axis), np.nan)
    series = series_of(subject, "price")
    values[base : end + 1] = value_path(
        week.market, subject.members, series=series, base=as_date(axis[base]), window=axis[base : end + 1]
    )
    before = value_path(week.market, subject.members, series=series, base=as_date(axis[0]), window=axis[: base + 1])
    values[: base + 1] = (1 + before) / (1 + before[-1]) - 1
    return values
