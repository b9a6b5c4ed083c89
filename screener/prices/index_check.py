"""Whether the closes of indices can be true: a day beyond what members may move, a leap that the next session takes back.

Source: MEASUREMENT, "Indices are checked too". Other series of the same source say what an index should have done that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.terms.notes import Note
from screener.terms.sessions import Floats, as_date

# No share of an index may move further in a day than its board allows; an index never did.
MOST_IN_A_DAY = 0.20
# A residual counts from this many robust standard deviations on, and from this size: the smaller where the fit is close.
DEVIATIONS = 6.0
SMALLEST, SMALLEST_CLOSE = 0.04, 0.025
CLOSE_FIT = 0.95
# How much of it the next session takes back when the row was wrong.
TAKEN_BACK = 0.75
NEIGHBOURS = 3
FEWEST_SESSIONS = 100
# Standard deviation of a normal distribution over its median absolute deviation.
ROBUST = 1.4826
# Returns further out than this many deviations do not steer a fit or a choice of neighbours.
CLIPPED = 5.0
NAMES = "(names)"
# Neighbours that may stand in where a closer one lacks a session; rounds of leaving outliers out of a fit.
SPARE = 8
ROUNDS = 3
TINY = 1e-12

Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int64]


@dataclass(frozen=True)
class IndexFault:
    """A close that cannot be: `code` of the message and its `params`."""

    symbol: str
    day: dt.date
    close: float
    code: str
    params: dict[str, object]


@dataclass(frozen=True)
class IndexCheck:
    """`faults`; `unconfirmed`: symbol → its last row, a leap that no later session can confirm yet; `unchecked`: not judged."""

    faults: tuple[IndexFault, ...] = ()
    unconfirmed: Mapping[str, dt.date] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()


class _Residuals(NamedTuple):
    """Per session: log return minus fit, its robust deviation, and the size from which it counts; NaN without a fit."""

    value: Floats
    deviation: Floats
    least: Floats

    @property
    def far(self) -> Flags:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(self.value) > np.maximum(DEVIATIONS * self.deviation, self.least), dtype=bool)

    @property
    def taken_back(self) -> Flags:
        """Far, and returned by the session after it."""
        after = np.append(self.value[1:], np.nan)
        with np.errstate(invalid="ignore"):
            back = -after * np.sign(self.value) >= TAKEN_BACK * np.abs(self.value)
        return np.asarray(self.far & back, dtype=bool)


def judge_indices(
    series: Mapping[str, pd.Series],
    asked: Sequence[str],
    *,
    names: Sequence[str],
    actions: pd.DataFrame,
    sessions: pd.DatetimeIndex,
    start: dt.date,
    end: dt.date,
) -> IndexCheck:
    """Judge the indices `asked` from `start` to `end`, the as-of date; see `check_indices`.

    `series`: every series of the source with all its rows, raw closes by session, the `names` among them, whose equal-weight
    mean is one more series; `actions`: theirs. `sessions`: the market's.
    """
    known = [each.index[0] for each in series.values() if len(each)]
    if not known or not asked:
        return IndexCheck()
    axis = sessions[(sessions >= min(known)) & (sessions <= pd.Timestamp(end))]
    wide = pd.DataFrame({symbol: each.reindex(axis) for symbol, each in series.items()}, index=axis)
    mean = _mean_level(wide[list(names)], actions)
    return check_indices(pd.concat([wide.drop(columns=list(names)), mean], axis=1), asked, start=start, end=end)


def _mean_level(closes: pd.DataFrame, actions: pd.DataFrame) -> pd.Series:
    """The equal-weight mean of names as a level per session, from raw closes (CNY); steps on an ex-date are left out."""
    if not len(closes.columns):
        return pd.Series(np.nan, index=closes.index, name=NAMES)
    steps = np.diff(np.log(closes.to_numpy(dtype=float)), axis=0, prepend=np.full((1, len(closes.columns)), np.nan))
    place = {symbol: column for column, symbol in enumerate(closes.columns)}
    at = closes.index.searchsorted(pd.DatetimeIndex(actions["ex_date"]))
    for symbol, row in zip(actions["symbol"], at.tolist(), strict=True):
        if symbol in place and row < len(steps):
            steps[row, place[symbol]] = np.nan
    known = np.isfinite(steps)
    mean = np.where(known, steps, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    level = np.exp(np.cumsum(mean))
    level[known.sum(axis=1) < NEIGHBOURS] = np.nan
    return pd.Series(level, index=closes.index, name=NAMES)


def index_notes(check: IndexCheck) -> list[Note]:
    """What must be said beside figures that rest on indices: which could not be judged, and whose last row is a leap."""
    notes = [Note("index_unconfirmed", {"symbol": symbol, "day": day}) for symbol, day in check.unconfirmed.items()]
    if check.unchecked:
        notes.append(Note("index_unchecked", {"symbols": ", ".join(check.unchecked), "fewest": FEWEST_SESSIONS}))
    return notes


def check_indices(closes: pd.DataFrame, asked: Iterable[str], *, start: dt.date, end: dt.date) -> IndexCheck:
    """Judge the rows of the `asked` columns from `start` to `end`, the as-of date.

    `closes`: sessions × every series of the source, all its rows up to `end`, NaN = no row. An index with fewer than three
    other series, or 100 sessions, is judged by the daily limit alone and is `unchecked`.
    """
    closes = closes.loc[: pd.Timestamp(end)]
    asked = [symbol for symbol in asked if symbol in closes and closes[symbol].notna().any()]
    first = int(closes.index.searchsorted(pd.Timestamp(start)))
    beyond = [fault for symbol in asked for fault in _beyond(closes[symbol], first)]
    market = _Market(closes)
    places = {symbol: int(closes.columns.get_loc(symbol)) for symbol in asked}  # type: ignore[arg-type]
    judged = np.arange(first, len(closes))
    fits = {symbol: market.residuals(place, judged) for symbol, place in places.items()}
    rows = sorted({int(row) for fit in fits.values() for row in np.flatnonzero(fit.taken_back)})
    wrong = [(row, place) for row in rows for place in market.culprits(row)]
    leaps = [_leap(closes, row, place) for row, place in wrong if closes.columns[place] in places]
    return IndexCheck(
        tuple(_each_once(beyond, leaps, closes.index)),
        {symbol: as_date(closes.index[row]) for symbol, fit in fits.items() if fit.far[row := market.last_row(places[symbol])]},
        tuple(symbol for symbol, fit in fits.items() if not np.isfinite(fit.value).any()),
    )


def _beyond(series: pd.Series, first: int) -> list[IndexFault]:
    """Days further from the close before than members may move, both rows from position `first` on."""
    known = np.flatnonzero(series.notna().to_numpy())
    known = known[known >= first]
    values = series.to_numpy(dtype=float)[known]
    with np.errstate(divide="ignore", invalid="ignore"):
        steps, days = np.diff(np.log(values)), np.diff(known)
    far = (steps > np.log1p(MOST_IN_A_DAY) * days) | (steps < np.log1p(-MOST_IN_A_DAY) * days)
    faults: list[IndexFault] = []
    came_back = False
    for place in np.flatnonzero(far):
        came_back = not came_back and bool(faults) and far[place - 1] and _is_back(values, int(place))
        if not came_back:
            params = {"before": f"{values[place]:g}", "change": f"{(values[place + 1] / values[place] - 1) * 100:+.2f}"}
            day = as_date(series.index[known[place + 1]])
            limit = {**params, "limit": round(MOST_IN_A_DAY * 100)}
            faults.append(IndexFault(str(series.name), day, float(values[place + 1]), "index_beyond_members", limit))
    return faults


def _each_once(beyond: list[IndexFault], leaps: list[IndexFault], sessions: pd.Index) -> Iterator[IndexFault]:
    """Every fault once: a leap that is beyond the limit is that alone, and so is the step back from a leap."""
    far = {(fault.symbol, fault.day) for fault in beyond}
    leapt = {(fault.symbol, fault.day) for fault in leaps}
    for fault in beyond:
        before = as_date(sessions[int(sessions.searchsorted(pd.Timestamp(fault.day))) - 1])
        if (fault.symbol, before) not in leapt:
            yield fault
    yield from (fault for fault in leaps if (fault.symbol, fault.day) not in far)


def _is_back(values: Floats, place: int) -> bool:
    """Whether the step after `place` leads back to where the step before it had started."""
    return bool(abs(np.log(values[place + 1] / values[place - 1])) < np.log1p(MOST_IN_A_DAY))


def _leap(closes: pd.DataFrame, row: int, place: int) -> IndexFault:
    before, here, after = closes.iloc[row - 1 : row + 2, place].to_numpy(dtype=float)
    params = {"change": f"{(here / before - 1) * 100:+.2f}", "back": f"{(after / here - 1) * 100:+.2f}"}
    return IndexFault(str(closes.columns[place]), as_date(closes.index[row]), float(here), "index_taken_back", dict(params))


class _Market:
    """Every series of a source as daily log returns, and how close they are to each other."""

    def __init__(self, closes: pd.DataFrame) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            levels = np.log(closes.to_numpy(dtype=float))
        self.returns = np.diff(levels, axis=0, prepend=np.full((1, levels.shape[1]), np.nan))
        self.returns[~np.isfinite(self.returns)] = np.nan
        self.known = np.isfinite(levels)
        self.clipped = _clip(self.returns)
        self.closeness = _correlations(self.clipped)

    def last_row(self, place: int) -> int:
        return int(np.flatnonzero(self.known[:, place])[-1])

    def residuals(self, place: int, judged: Columns, without: Sequence[int] = ()) -> _Residuals:
        """The residuals of a series on its three closest others, on the sessions `judged`; NaN where there are too few.

        Where one of the three lacks a session the next closest takes its place there.
        """
        found = _Residuals(*(np.full(len(self.returns), np.nan) for _ in range(3)))
        others = self.neighbours(place, without)
        there = np.isfinite(self.returns[np.ix_(judged, others)])
        three = there & (np.cumsum(there, axis=1) <= NEIGHBOURS)
        use = np.isfinite(self.returns[judged, place]) & (three.sum(axis=1) == NEIGHBOURS)
        patterns = three @ (1 << np.arange(len(others)))
        for pattern in np.unique(patterns[use]):
            same = use & (patterns == pattern)
            self._fit(place, others[three[np.flatnonzero(same)[0]]], judged[same], found)
        return found

    def neighbours(self, place: int, without: Sequence[int]) -> Columns:
        """The closest other series, closest first, a few more than are needed."""
        closeness = np.abs(self.closeness[place])
        closeness[[place, *without]] = np.nan
        order = np.argsort(-np.nan_to_num(closeness, nan=-1.0), kind="stable")
        return np.asarray(order[: min(SPARE, int(np.isfinite(closeness).sum()))], dtype=np.int64)

    def _fit(self, place: int, three: Columns, rows: Columns, found: _Residuals) -> None:
        """Fill `found` on `rows` from a fit over every session that the four series share, outliers left out of it."""
        shared = np.isfinite(self.returns[:, [place, *three]]).all(axis=1)
        if shared.sum() < FEWEST_SESSIONS:
            return
        design, own = _with_constant(self.clipped[np.ix_(shared, three)]), self.clipped[shared, place]
        slopes = _robust_slopes(design, own)
        residual = self.returns[:, place] - _with_constant(self.returns[:, three]) @ slopes
        deviation = _deviation(residual[shared])
        share = 1 - (deviation / max(_deviation(self.returns[shared, place]), TINY)) ** 2
        found.value[rows], found.deviation[rows] = residual[rows], max(deviation, TINY)
        found.least[rows] = SMALLEST_CLOSE if share >= CLOSE_FIT else SMALLEST

    def culprits(self, row: int) -> list[int]:
        """The series whose own row is wrong on a session: without them nobody else's residual stands out.

        A wrong row shows in the fits of its neighbours too, so each flagged series is set aside in turn, and the others are
        fitted again without it; between twins (an index and its total return) the one that is further from third series is
        wrong. On a day on which all move apart only what moved far more than the others counts.
        """
        set_aside: list[int] = []
        found: list[int] = []
        flagged = self._flagged(row, range(self.returns.shape[1]), set_aside)
        while flagged:
            left = {each: self._flagged(row, flagged.keys() - {each}, [*set_aside, each]) for each in flagged}
            alone = {each: self._apart(each, row, [*set_aside, *flagged.keys() - {each}]) for each in flagged}
            first = min(flagged, key=lambda each: (len(left[each]), -alone[each]))
            set_aside.append(first)
            if flagged[first] > DEVIATIONS * self._unrest(row, set_aside):
                found.append(first)
            flagged = left[first]
        return found

    def _flagged(self, row: int, places: Iterable[int], without: Sequence[int]) -> dict[int, float]:
        """Which of `places` stand out on `row` and are taken back, and by how many of their own deviations."""
        fits = {place: self._around(place, row, without) for place in sorted(places)}
        return {place: float(abs(fit.value[row]) / fit.deviation[row]) for place, fit in fits.items() if fit.taken_back[row]}

    def _unrest(self, row: int, without: Sequence[int]) -> float:
        """How far the others are from their fits on a session, 1 on a usual one or a calmer: the median deviation over them."""
        others = [place for place in range(self.returns.shape[1]) if place not in without]
        far = [apart for place in others if np.isfinite(apart := self._apart(place, row, without))]
        return max(1.0, float(np.median(far)) * ROBUST) if far else 1.0

    def _apart(self, place: int, row: int, without: Sequence[int]) -> float:
        """How many of its own deviations a series is away from its fit on a session."""
        fit = self._around(place, row, without)
        return float(abs(fit.value[row]) / fit.deviation[row])

    def _around(self, place: int, row: int, without: Sequence[int]) -> _Residuals:
        return self.residuals(place, np.arange(row, min(row + 2, len(self.returns))), without)


def _with_constant(values: Floats) -> Floats:
    return np.column_stack([np.ones(len(values)), values])


def _robust_slopes(design: Floats, own: Floats) -> Floats:
    """Least squares, again and again without what lies far off the fit before."""
    kept = np.ones(len(own), dtype=bool)
    slopes: Floats = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        inside = design[kept]
        slopes = np.asarray(np.linalg.lstsq(inside.T @ inside, inside.T @ own[kept], rcond=None)[0], dtype=np.float64)
        off = np.abs(own - design @ slopes)
        kept = off <= CLIPPED * max(ROBUST * float(np.median(off)), TINY)
    return slopes


def _deviation(values: Floats) -> float:
    return ROBUST * float(np.median(np.abs(values - np.median(values))))


def _clip(returns: Floats) -> Floats:
    """Returns with what lies further out than CLIPPED robust deviations drawn in, so that one wrong row steers nothing."""
    middle = _medians(returns)
    spread = CLIPPED * ROBUST * _medians(np.abs(returns - middle))
    return np.clip(returns, middle - spread, middle + spread)


def _medians(values: Floats) -> Floats:
    """The (lower) median of each column's known values; NaN for a column without any."""
    order = np.sort(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    return np.asarray(order[np.maximum(count - 1, 0) // 2, np.arange(values.shape[1])], dtype=np.float64)


def _correlations(returns: Floats) -> Floats:
    """Correlation of every two columns over the sessions that both have; NaN below FEWEST_SESSIONS of them."""
    known = np.isfinite(returns).astype(float)
    values = np.where(known > 0, returns, 0.0)
    count = known.T @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = values.T @ known / count, known.T @ values / count
        squares = (values**2).T @ known / count - own**2
        covariance = values.T @ values / count - own * other
        found = covariance / np.sqrt(squares * squares.T)
    return np.where(count >= FEWEST_SESSIONS, found, np.nan)
