"""What one symbol's daily bars must satisfy before a figure may rest on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.prices.limits import is_possible, limit_on, limit_prices, reference_price
from screener.prices.prices import FIELDS
from screener.prices.tables import BARS, schema_problems
from screener.terms.notes import Gap, Note, Problem
from screener.terms.sessions import Calendar, as_date
from screener.terms.symbols import Symbol

# amount / volume may leave [low, high] by 0.2% and by half a lot (MEASUREMENT, "Faulty and missing rows").
AMOUNT_TOLERANCE = 0.002
LOT = 100
PRICE_CENT = 0.01
HALF_LOT = 50.0
# A cheap filter before the price limit is looked up: no board has a limit below 5%.
SMALLEST_STEP = 0.045
# A delisting period is 15 sessions (30 before 2021); its first session has no limit.
DELISTING_PERIOD = 30


@dataclass(frozen=True)
class Listing:
    """What is known of a security's life: None = unknown."""

    name: str | None = None
    listed: dt.date | None = None
    delisted: dt.date | None = None


@dataclass(frozen=True, eq=False)
class CheckedBars:
    """`bars`: session-indexed, ascending, unique, columns open high low close volume amount (NaN = none); `halted`: bool."""

    bars: pd.DataFrame
    halted: pd.Series
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]
    breaks: Mapping[dt.date, Gap]


def listing_of(listings: pd.DataFrame, symbol: str) -> Listing:
    """What a table of listings (index symbol, columns name, listed, delisted) says of `symbol`; all unknown if it lacks it."""
    if symbol not in listings.index:
        return Listing()
    row = listings.loc[symbol]
    days = [None if pd.isna(row[column]) else as_date(row[column]) for column in ("listed", "delisted")]
    return Listing(str(row["name"]), *days)


def check_bars(
    frame: pd.DataFrame,
    *,
    file: str,
    symbol: Symbol,
    calendar: Calendar,
    start: dt.date,
    end: dt.date,
    actions: pd.DataFrame | None,
    listing: Listing,
    actions_since: dt.date | None = None,
    actions_file: str = "actions.csv",
) -> CheckedBars:
    """Check the rows from `start` to `end` of one symbol and drop what may be dropped; rows outside are not judged.

    `frame`: columns session and FIELDS (CNY; volume in shares or lots), optionally pre_close; index = line of the file,
    any order. `actions`: the symbol's own rows; None where actions are unknown, which turns a step beyond the price
    limit from a fault into a break; so does a step before `actions_since`, where the list of actions does not reach. The
    index of `actions` is the line in `actions_file`.
    """
    window = frame[(frame["session"] >= pd.Timestamp(start)) & (frame["session"] <= pd.Timestamp(end))]
    kept, problems, notes = _on_sessions(window, file, calendar)
    kept, more = _unique(kept, file, notes)
    problems += more + schema_problems(BARS, kept, file, symbol=str(symbol))
    kept = kept.sort_values("session")
    if problems:
        return CheckedBars(kept.set_index("session")[list(FIELDS)], pd.Series(dtype=bool), tuple(problems), tuple(notes), {})
    kept = _volume_in_shares(kept, file, symbol, notes)
    problems += _amount_faults(kept, file)
    problems += _impossible_actions(kept, actions, actions_file)
    problems += _neighbour_faults(kept, file, symbol, actions)
    breaks: dict[dt.date, Gap] = {}
    if symbol.board not in ("none", "hk"):
        youngest = frame["session"].sort_values().iloc[:5]
        problems += _limit_faults(kept, file, symbol, actions, listing, calendar, youngest, actions_since, breaks)
    bars = kept.set_index("session")[list(FIELDS)]
    halted = bars["volume"] == 0
    bars.loc[halted] = np.nan
    return CheckedBars(bars, halted, tuple(problems), tuple(notes), breaks)


def _on_sessions(rows: pd.DataFrame, file: str, calendar: Calendar) -> tuple[pd.DataFrame, list[Problem], list[Note]]:
    known = rows["session"].isin(pd.DatetimeIndex(calendar.days.astype("datetime64[s]")))
    weekend = rows["session"].dt.day_of_week >= 5
    problems = [
        Problem(file, int(line), "date", f"{day:%Y-%m-%d}", "weekend", {"weekday": day.day_of_week})
        for line, day in rows.loc[weekend, "session"].items()
    ]
    holidays = rows.loc[~known & ~weekend, "session"]
    return rows[known], problems, list(_holiday_notes(file, holidays))


def _holiday_notes(file: str, holidays: pd.Series) -> Iterator[Note]:
    """One note a file: the row of a holiday that was left out, or the first of them with their number."""
    if holidays.empty:
        return
    params = {"file": file, "line": int(holidays.index[0]), "day": as_date(holidays.iloc[0]), "count": len(holidays)}
    yield Note("dropped_holiday" if len(holidays) == 1 else "dropped_holidays", params)


def _unique(rows: pd.DataFrame, file: str, notes: list[Note]) -> tuple[pd.DataFrame, list[Problem]]:
    exact = rows.duplicated(keep="first")
    if exact.any():
        notes.append(Note("dropped_duplicates", {"file": file, "count": int(exact.sum())}))
    rows = rows[~exact]
    again = rows["session"].duplicated(keep="first")
    first_line = {day: line for line, day in reversed(list(rows["session"].items()))}
    return rows[~again], [
        Problem(file, line, "date", f"{day:%Y-%m-%d}", "date_twice", {"other": first_line[day]})
        for line, day in zip(rows.index[again].tolist(), rows.loc[again, "session"], strict=True)
    ]


def _volume_in_shares(rows: pd.DataFrame, file: str, symbol: Symbol, notes: list[Note]) -> pd.DataFrame:
    """Decide shares or lots from amount / volume against the day's prices, for the whole file; say it when lots."""
    proof = rows[(rows["volume"] > 0) & (rows["amount"] > 0)]
    if symbol.kind != "stock" or proof.empty:
        return rows
    low, high = proof["low"].fillna(proof["close"] * 0.8), proof["high"].fillna(proof["close"] * 1.25)
    price = proof["amount"] / proof["volume"]
    fits = {unit: int(((price / unit >= low * 0.9) & (price / unit <= high * 1.1)).sum()) for unit in (1, LOT)}
    if fits[LOT] > fits[1]:
        notes.append(Note("volume_in_lots", {"file": file}))
        return rows.assign(volume=rows["volume"] * LOT)
    return rows


def _amount_faults(rows: pd.DataFrame, file: str) -> Iterator[Problem]:
    traded = rows[(rows["volume"] >= LOT) & (rows["amount"] > 0) & rows["low"].notna() & rows["high"].notna()]
    too_high = traded["amount"] / (traded["volume"] + HALF_LOT) > traded["high"] * (1 + AMOUNT_TOLERANCE)
    too_low = traded["amount"] / (traded["volume"] - HALF_LOT) < traded["low"] * (1 - AMOUNT_TOLERANCE)
    for line in traded.index[too_high | too_low]:
        row = traded.loc[line]
        price = row["amount"] / row["volume"]
        params: dict[str, object] = {"price": f"{price:.2f}", "low": f"{row['low']:g}", "high": f"{row['high']:g}"}
        yield Problem(file, int(line), "amount", f"{row['amount']:.0f}", "amount_identity", params)


def _neighbour_faults(rows: pd.DataFrame, file: str, symbol: Symbol, actions: pd.DataFrame | None) -> Iterator[Problem]:
    """A halted bar whose close moved, a full row equal to the one before, a pre_close that is not the previous close."""
    previous = rows.shift(1)
    steps = _ex_steps(rows, actions)
    same_close = (rows["close"] - previous["close"]).abs() < PRICE_CENT / 2
    reference = (rows["close"] - steps["reference"]).abs() < PRICE_CENT * 1.5
    halted = rows["volume"] == 0
    moved = halted & previous["close"].notna() & ~same_close & ~reference
    for line in rows.index[moved]:
        yield Problem(file, int(line), "close", f"{rows.loc[line, 'close']:g}", "halted_moved")
    fields = list(FIELDS[:5])
    complete = rows[fields].notna().all(axis=1) & (rows["volume"] > 0)
    equal = (rows[[*fields, "amount"]].fillna(-1) == previous[[*fields, "amount"]].fillna(-1)).all(axis=1) & complete
    for line in rows.index[equal & (symbol.kind == "stock")]:
        yield Problem(file, int(line), "date", f"{rows.loc[line, 'session']:%Y-%m-%d}", "row_repeated")
    if "pre_close" in rows:
        said = rows["pre_close"]
        wrong = said.notna() & previous["close"].notna() & ((said - previous["close"]).abs() > PRICE_CENT)
        wrong &= ~((said - steps["reference"]).abs() <= PRICE_CENT * 1.5)
        for line in rows.index[wrong]:
            yield Problem(file, int(line), "pre_close", f"{said[line]:g}", "pre_close_differs")


def _impossible_actions(rows: pd.DataFrame, actions: pd.DataFrame | None, file: str) -> Iterator[Problem]:
    """Actions after which no price would be left, against the last close before the ex-date; unknown kinds are not judged."""
    for line, position, cash, ratio in _on_rows(rows, actions):
        previous = float(rows["close"].iloc[position - 1])
        if np.isfinite(cash + ratio) and not is_possible(previous, cash, ratio):
            column, value = ("cash_per_share", cash) if not 0 <= cash < previous else ("split_ratio", ratio)
            params: dict[str, object] = {"close": f"{previous:g}", "day": as_date(rows["session"].iloc[position])}
            yield Problem(file, line, column, f"{value:g}", "action_impossible", params)


def _on_rows(rows: pd.DataFrame, actions: pd.DataFrame | None) -> Iterator[tuple[int, int, float, float]]:
    """(line, position of the row on which it takes effect, cash, ratio) of each action that has a row before it."""
    if actions is None or not len(rows):
        return
    at = np.searchsorted(rows["session"].to_numpy(), actions["ex_date"].to_numpy().astype("datetime64[s]"))
    for line, position, cash, ratio in zip(
        actions.index, at.tolist(), actions["cash_per_share"], actions["split_ratio"], strict=True
    ):
        if 0 < position < len(rows):
            yield int(line), position, float(cash), float(ratio)


def _ex_steps(rows: pd.DataFrame, actions: pd.DataFrame | None) -> pd.DataFrame:
    """Per row: `reference` = ex-right previous close in cents, `acted` = an action took effect since the previous row."""
    reference = rows["close"].shift(1)
    acted = pd.Series(False, index=rows.index)
    for _, position, cash, ratio in _on_rows(rows, actions):
        line = rows.index[position]
        acted[line] = True
        reference[line] = reference_price(reference[line], cash, ratio)
    return pd.DataFrame({"reference": reference, "acted": acted})


def _limit_faults(
    rows: pd.DataFrame,
    file: str,
    symbol: Symbol,
    actions: pd.DataFrame | None,
    listing: Listing,
    calendar: Calendar,
    youngest: pd.Series,
    actions_since: dt.date | None,
    breaks: dict[dt.date, Gap],
) -> list[Problem]:
    """Closes beyond the board's limit that no action explains: faults, or breaks where listing or actions are unknown."""
    steps = _ex_steps(rows, actions)
    change = (rows["close"] / steps["reference"] - 1).abs()
    problems = []
    for line in rows.index[(change > SMALLEST_STEP) & (rows["volume"] != 0)]:
        session = as_date(rows.loc[line, "session"])
        params = limit_breach(
            symbol,
            session,
            reference=float(steps.loc[line, "reference"]),
            close=float(rows.loc[line, "close"]),
            acted=bool(steps.loc[line, "acted"]),
            listing=listing,
            calendar=calendar,
        )
        if params is None:
            continue
        young = listing.listed is None and bool((youngest == rows.loc[line, "session"]).any())
        unlisted = actions is None or (actions_since is not None and session < actions_since)
        if young or unlisted:
            breaks[session] = unexplained_step(symbol, session, params)
        else:
            problems.append(Problem(file, int(line), "close", f"{rows.loc[line, 'close']:g}", "limit_broken", params))
    return problems


def limit_breach(
    symbol: Symbol,
    session: dt.date,
    *,
    reference: float,
    close: float,
    acted: bool,
    listing: Listing,
    calendar: Calendar,
) -> dict[str, object] | None:
    """What a message must say of a close (CNY) beyond the board's limit from `reference`; None when it is within.

    Edges: half a cent of slack, two cents where an action took effect (`acted`), since its amount is rounded.
    """
    rule = limit_on(symbol.board, session)
    if rule is None:
        return None
    low, high = limit_prices(reference, rule.percent, rule.tick)
    slack = 2 * PRICE_CENT if acted else PRICE_CENT / 2
    if low - slack <= close <= high + slack or _is_free(session, rule.free_sessions, listing, calendar):
        return None
    return {"change": f"{(close / reference - 1) * 100:+.2f}", "limit": rule.percent, "reference": f"{reference:.2f}"}


def unexplained_step(symbol: Symbol, session: dt.date, params: Mapping[str, object]) -> Gap:
    """The gap across a step beyond the limit that nothing explains."""
    return Gap("action_mismatch", "limit_unexplained", {"symbol": str(symbol), "day": session, **params})


def _is_free(session: dt.date, free_sessions: int, listing: Listing, calendar: Calendar) -> bool:
    if listing.listed is not None and calendar.count_between(listing.listed, session) < free_sessions:
        return True
    return listing.delisted is not None and 0 <= calendar.count_between(session, listing.delisted) <= DELISTING_PERIOD
