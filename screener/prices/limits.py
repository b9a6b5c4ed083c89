"""Daily price limits of the mainland boards, as dated data with the exchanges' cent rounding."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import lru_cache

from screener.terms.symbols import Board

# CNY: below a cent no reference price can be quoted; beyond a million no share was ever dear.
CHEAPEST = 0.005
MOST_EXPENSIVE = 1e6


@dataclass(frozen=True)
class Limit:
    """From `since`, a board's close stays within ± `percent` of its reference; none on the first `free_sessions`."""

    board: Board
    since: dt.date
    percent: int
    free_sessions: int
    risk_warning_percent: int
    tick: float = 0.01


# Source: the exchanges' trading rules. Before registration-based IPOs the first session had a rule of its own (44%).
# 2026-07-06: public code says that risk-warning names on the main boards moved to 10%; not read in a rule book.
LIMITS: tuple[Limit, ...] = (
    Limit("main", dt.date(1996, 12, 16), 10, 1, 5),
    Limit("main", dt.date(2023, 4, 10), 10, 5, 5),
    Limit("main", dt.date(2026, 7, 6), 10, 5, 10),
    Limit("b_share", dt.date(1996, 12, 16), 10, 1, 5, tick=0.001),
    Limit("chinext", dt.date(2009, 10, 30), 10, 1, 10),
    Limit("chinext", dt.date(2020, 8, 24), 20, 5, 20),
    Limit("star", dt.date(2019, 7, 22), 20, 5, 20),
    Limit("bse", dt.date(2021, 11, 15), 30, 1, 30),
)


@lru_cache(maxsize=65536)
def limit_on(board: Board, session: dt.date) -> Limit | None:
    """The rule in force for `board` on `session`; None where the board has no daily limit."""
    rules = [rule for rule in LIMITS if rule.board == board and rule.since <= session]
    return rules[-1] if rules else None


def narrowest_limit(board: Board) -> float:
    """The narrowest daily limit that `board` ever had, a fraction; infinity for a board without limits.

    Beyond the limit means more than reference × limit away, so a smaller step need not be looked at.
    """
    return min((rule.percent for rule in LIMITS if rule.board == board), default=math.inf) / 100


def limit_prices(reference: float, percent: int, tick: float = 0.01) -> tuple[float, float]:
    """Lowest and highest close (CNY) allowed from `reference`: reference × (1 ± percent), half a tick rounded up.

    Whole ticks throughout (Shanghai B shares: 0.001): 1.05 CNY + 10% is 1.16 (+10.48%), as the exchange prints it.
    """
    per_unit = round(1 / tick)
    ticks = round(reference * per_unit)
    low, high = ((ticks * (100 + sign * percent) + 50) // 100 for sign in (-1, 1))
    return low / per_unit, high / per_unit


def reference_price(previous_close: float, cash: float = 0.0, split_ratio: float = 1.0) -> float:
    """Ex-right previous close in whole cents (CNY): (previous close − cash) / split ratio.

    NaN for an action that cannot be, see `is_possible`, and for one of unknown kind.
    """
    if not is_possible(previous_close, cash, split_ratio):
        return math.nan
    return round((previous_close - cash) / split_ratio + 1e-9, 2)


def is_possible(previous_close: float, cash: float, split_ratio: float) -> bool:
    """Whether a price (CNY) is left after the action: cash below the close, and a reference from a cent to MOST_EXPENSIVE."""
    if not 0 <= cash < previous_close or not split_ratio > 0:
        return False
    return bool(CHEAPEST <= (previous_close - cash) / split_ratio <= MOST_EXPENSIVE)
