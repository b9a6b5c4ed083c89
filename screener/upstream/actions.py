"""Whether two lists of corporate actions agree with each other and with the step of raw over a vendor's 前复权.

Where they do not, the row says so itself (NaN), so that no return is computed across that date; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.terms.notes import Gap
from screener.terms.sessions import as_date

# Lists give amounts per ten shares, some rounded to a hundredth of a yuan: half of that per share.
CASH_TOLERANCE = 0.0006
RATIO_TOLERANCE = 0.0001
# A vendor's factor may drift by some hundredths of a percent without an event; a dividend below this is not seen.
STEP_TOLERANCE = 0.001
CENT = 0.01
# An unexplained step beyond this share of the price may be a split: both series are broken there, else `total` only.
SPLIT_SUSPECT = 0.1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CheckedActions:
    """Actions that may be used, and the dates across which they may not.

    `actions`: ex_date, cash_per_share, split_ratio, source ("a+b" = both say so), ascending. In a row in doubt the cash is
    NaN (breaks `total`) or the split ratio, too (breaks both series).
    `mismatches`: ex-date → Gap `action_mismatch` that names who says what.
    `checked`: what the lists were checked against each other or with: source names, "adjusted"; one entry = unchecked.
    """

    actions: pd.DataFrame
    mismatches: Mapping[dt.date, Gap]
    checked: tuple[str, ...]


def check_actions(
    found: Mapping[str, pd.DataFrame],
    *,
    symbol: str,
    raw: pd.DataFrame,
    adjusted: pd.DataFrame | None,
) -> CheckedActions:
    """Compare the actions of one or two sources with each other, and over the sessions of both price series with those.

    `found`: source name → ex_date, cash_per_share, split_ratio, in order of preference. `raw`: session, close (unadjusted).
    `adjusted`: session, close of a vendor's 前复权 as of now, or None; it may be by ratio or by subtraction, whichever
    leaves fewer steps unexplained. A rights issue, which only some sources list, is kept as it is and is no mismatch.
    """
    mismatches: dict[dt.date, Gap] = {}
    rows = [_agree(symbol, day, said, mismatches) for day, said in _by_date(found).items()]
    actions = _frame(rows)
    checked = tuple(found)
    if adjusted is not None and not adjusted.empty and not raw.empty:
        actions = _check_steps(symbol, actions, raw, adjusted, mismatches)
        checked = (*checked, "adjusted")
    return CheckedActions(actions, dict(sorted(mismatches.items())), checked)


@dataclass(frozen=True)
class _Row:
    ex_date: dt.date
    cash_per_share: float
    split_ratio: float
    source: str


_Said = dict[str, tuple[float, float] | None]


def _by_date(found: Mapping[str, pd.DataFrame]) -> dict[dt.date, _Said]:
    """Ex-date → what every source says of it: (cash, ratio), or None where it has nothing on that date."""
    days: dict[dt.date, _Said] = {}
    for source, frame in found.items():
        for day, cash, ratio in zip(frame["ex_date"], frame["cash_per_share"], frame["split_ratio"], strict=True):
            days.setdefault(as_date(day), dict.fromkeys(found))[source] = (cash, ratio)
    return dict(sorted(days.items()))


def _agree(symbol: str, day: dt.date, said: _Said, mismatches: dict[dt.date, Gap]) -> _Row:
    """One row for one ex-date; NaN where the sources differ, which is then noted."""
    present = {source: values for source, values in said.items() if values is not None}
    source = "+".join(present)
    if any(np.isnan(ratio) for _, ratio in present.values()):
        return _Row(day, max(cash for cash, _ in present.values()), float("nan"), source)
    first, *others = [values or (0.0, 1.0) for values in said.values()]
    same_cash = all(abs(first[0] - other[0]) <= CASH_TOLERANCE for other in others)
    same_ratio = all(abs(first[1] - other[1]) <= RATIO_TOLERANCE for other in others)
    if same_cash and same_ratio:
        return _Row(day, *next(iter(present.values())), source)
    words = "; ".join(f"{name}: {_words(values)}" for name, values in said.items())
    mismatches[day] = Gap("action_mismatch", "actions_differ", {"symbol": symbol, "day": day, "said": words})
    return _Row(day, float("nan"), first[1] if same_ratio else float("nan"), source)


def _words(values: tuple[float, float] | None) -> str:
    return "-" if values is None else f"{values[0]:g} CNY × {values[1]:g}"


def _frame(rows: Sequence[_Row]) -> pd.DataFrame:
    frame = pd.DataFrame([vars(row) for row in rows], columns=["ex_date", "cash_per_share", "split_ratio", "source"])
    frame["ex_date"] = frame["ex_date"].astype("datetime64[s]")
    for column in ("cash_per_share", "split_ratio"):
        frame[column] = frame[column].astype(float)
    return frame.sort_values("ex_date", ignore_index=True)


def _check_steps(
    symbol: str, actions: pd.DataFrame, raw: pd.DataFrame, adjusted: pd.DataFrame, mismatches: dict[dt.date, Gap]
) -> pd.DataFrame:
    """Put in doubt every session where 前复权 steps otherwise than the actions say."""
    both = raw[["session", "close"]].merge(adjusted[["session", "close"]], on="session", suffixes=("", "_adjusted"))
    both = both.dropna().drop_duplicates("session").sort_values("session")
    sessions = [as_date(day) for day in both["session"]]
    close, levels = both["close"].to_numpy(dtype=float), both["close_adjusted"].to_numpy(dtype=float)
    if len(close) < 2 or (close <= 0).any():
        return actions
    cash, ratio, known = _per_step(actions, sessions)
    by_ratio = _ratio_steps(close, levels, cash, ratio)
    by_subtraction = _subtraction_steps(close, levels, cash, ratio, _later(actions, sessions[-1]))
    off = min(by_ratio, by_subtraction, key=lambda steps: int(np.count_nonzero(steps[known])))
    for at in np.flatnonzero((off != 0) & known):
        day = sessions[at + 1]
        step = {"symbol": symbol, "day": day, "step": f"{off[at]:+.3f}"}
        mismatches.setdefault(day, Gap("action_mismatch", "action_step_differs", step))
        actions = _doubt(actions, day, split=abs(off[at]) > SPLIT_SUSPECT * close[at])
    return actions


def _per_step(actions: pd.DataFrame, sessions: Sequence[dt.date]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """For each step from one session to the next: cash and ratio of its actions, and whether they are known."""
    cash, ratio = np.zeros(len(sessions) - 1), np.ones(len(sessions) - 1)
    for row in actions.itertuples(index=False):
        at = int(np.searchsorted(np.array(sessions, dtype="datetime64[D]"), np.datetime64(as_date(row.ex_date)))) - 1
        if 0 <= at < len(cash):
            cash[at], ratio[at] = cash[at] + row.cash_per_share, ratio[at] * row.split_ratio
    known = np.isfinite(cash) & np.isfinite(ratio)
    return np.where(known, cash, 0.0), np.where(known, ratio, 1.0), known


def _later(actions: pd.DataFrame, last: dt.date) -> list[tuple[float, float]]:
    """Cash and ratio of the actions after the last session, which a 前复权 as of now already contains; newest first."""
    after = actions[(actions["ex_date"] > pd.Timestamp(last))].dropna()
    return list(zip(after["cash_per_share"], after["split_ratio"], strict=True))[::-1]


def _ratio_steps(close: Floats, levels: Floats, cash: Floats, ratio: Floats) -> Floats:
    """CNY by which the ex-right close implied by 前复权 by ratio differs from the actions'; 0 = within tolerance.

    The close before a step, seen from the session after it, is level / next level × next close; it must be
    (close − cash) / ratio. Levels are rounded to the cent: half a cent in each of the two, to first order.
    """
    expected = (close[:-1] - cash) / ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = levels[:-1] / levels[1:] * close[1:]
        rounding = CENT / 2 * (close[1:] + expected) / np.abs(levels[1:])
        tolerance = STEP_TOLERANCE * close[:-1] + CENT + rounding
    off = np.nan_to_num(implied - expected, nan=np.inf)
    return np.where(np.abs(off) > np.nan_to_num(tolerance, nan=0.0, posinf=0.0), off, 0.0)


def _subtraction_steps(
    close: Floats, levels: Floats, cash: Floats, ratio: Floats, later: Sequence[tuple[float, float]]
) -> Floats:
    """The same for 前复权 by subtraction, where each ex-date maps earlier prices to (price − cash) / ratio."""
    scale, shift = 1.0, 0.0
    for paid, split in later:
        shift, scale = shift - scale * paid / split, scale / split
    off = np.zeros(len(cash))
    ahead = levels[-1] - (scale * close[-1] + shift)
    for at in range(len(cash) - 1, -1, -1):
        shift, scale = shift - scale * cash[at] / ratio[at], scale / ratio[at]
        behind = levels[at] - (scale * close[at] + shift)
        step = (behind - ahead) / scale
        off[at] = step if abs(step) > STEP_TOLERANCE * close[at] + CENT + CENT / scale else 0.0
        ahead = behind
    return off


def _doubt(actions: pd.DataFrame, day: dt.date, *, split: bool) -> pd.DataFrame:
    """The actions with the row of `day` (a new one, if there is none) in doubt: its cash, and its split if it has one."""
    on_day = actions["ex_date"] == pd.Timestamp(day)
    if not on_day.any():
        return pd.concat([actions, _frame([_Row(day, np.nan, np.nan if split else 1.0, "adjusted")])]).sort_values(
            "ex_date", ignore_index=True
        )
    actions = actions.copy()
    actions.loc[on_day, "cash_per_share"] = np.nan
    actions.loc[on_day & ((actions["split_ratio"] != 1) | split), "split_ratio"] = np.nan
    return actions
