"""What ratings are graded against, as dense arrays: the panel, and the sessions of every publication date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from screener.grading.arrays import HORIZONS, NO_DAY, STATUSES, Dates, Facts, Places, Standards
from screener.grading.plan import Plan
from screener.judgement.outcome import end_date, judge_status
from screener.measures.cells import GAP_NUMBER, NO_ENDS, NO_GAP, Panel
from screener.terms.sessions import Calendar, add_months
from screener.terms.symbols import parse_symbol

CALENDAR = "XSHG"


def build_facts(
    panel: Panel,
    calendar: Calendar,
    standards: Standards,
    *,
    symbols: Sequence[str],
    published: Sequence[dt.date],
    as_of: dt.date,
    ends: Mapping[str, dt.date] = NO_ENDS,
) -> Facts:
    """The facts for ratings of `symbols` published on the days `published`, judged on `as_of`, the panel's last session.

    `ends`: the as-of date of a symbol whose files end earlier. `standards`: built for the `shelves` of `symbols`.
    """
    places = {symbol: place for place, symbol in enumerate(panel.symbols)}
    identities = [parse_symbol(symbol) for symbol in symbols]
    graded = np.array([each.market == CALENDAR for each in identities], dtype=bool)
    judged = [min(as_of, ends.get(symbol, as_of)) for symbol in symbols]
    as_ofs = sorted({as_of, *judged})
    order = list(shelves(symbols))
    benchmarks = [
        [places.get(plan.compare(each).symbol or "", -1) for each in shelves(symbols).values()] for plan in standards.plans
    ]
    return Facts(
        panel=panel,
        dates=build_dates(panel, calendar, standards, published=published, as_ofs=as_ofs),
        standards=standards,
        symbols=tuple(symbols),
        place=np.array([places.get(symbol, -1) for symbol in symbols], dtype=np.int32),
        missing=np.where(graded, GAP_NUMBER["no_data"], GAP_NUMBER["no_benchmark"]).astype(np.int8),
        group=np.array([as_ofs.index(day) for day in judged], dtype=np.int32),
        shelf=np.array([order.index((each.exchange, each.board)) for each in identities], dtype=np.int32),
        benchmark=np.array(benchmarks, dtype=np.int32).reshape(len(standards.plans), -1),
    )


def shelves(symbols: Sequence[str]) -> dict[tuple[str, str], str]:
    """(exchange, board) → the first symbol of it: a standard may name an index for each."""
    found: dict[tuple[str, str], str] = {}
    for symbol in symbols:
        identity = parse_symbol(symbol)
        found.setdefault((identity.exchange, identity.board), symbol)
    return found


def build_dates(
    panel: Panel, calendar: Calendar, standards: Standards, *, published: Sequence[dt.date], as_ofs: Sequence[dt.date]
) -> Dates:
    """The sessions that follow from each day of `published` (distinct, ascending), as known on the last of `as_ofs`."""
    as_of = as_ofs[-1]
    positions = {day: place for place, day in enumerate(panel.days.tolist())}
    months = tuple(sorted({*HORIZONS, *standards.months.ravel().tolist()}))
    bases = [calendar.last_on_or_before(day) for day in published]
    ends = [[_end(calendar, day, each) for each in months] for day in published]
    known = [
        row if day >= calendar.first_day else [add_months(day, each) for each in months]
        for day, row in zip(published, ends, strict=True)
    ]
    rows = [_gap_and_base(day, base, positions, as_of) for day, base in zip(published, bases, strict=True)]
    due = [[-1 if end is None or end > as_of else positions.get(end, -1) for end in row] for row in ends]
    status = [[[_status(months, row, day, plan) for plan in standards.plans] for row in known] for day in as_ofs]
    return Dates(
        published=_days(published),
        base_day=_days(bases),
        base=np.array([base for _, base in rows], dtype=np.int32),
        gap=np.array([gap for gap, _ in rows], dtype=np.int8),
        months=months,
        end_day=np.array([_days(row) for row in ends], dtype=np.int32).reshape(-1, len(months)),
        end=np.array(due, dtype=np.int32).reshape(-1, len(months)),
        status=np.array(status, dtype=np.int8).reshape(len(as_ofs), -1, len(standards.plans)),
        last=positions[as_of],
    )


def _end(calendar: Calendar, day: dt.date, months: int) -> dt.date | None:
    """The end date of a horizon; None where calendar years end before it does."""
    return end_date(calendar, day, months) if day.year < dt.MAXYEAR - 1 else None


def _status(months: Sequence[int], ends: Sequence[dt.date | None], as_of: dt.date, plan: Plan) -> int:
    return STATUSES.index(judge_status(dict(zip(months, ends, strict=True)), as_of, plan.window))


def _gap_and_base(day: dt.date, base: dt.date | None, positions: Mapping[dt.date, int], as_of: dt.date) -> tuple[int, int]:
    """(why nothing published on `day` has a figure, position of its base date)."""
    if day > as_of and (base is None or base > as_of):
        return GAP_NUMBER["not_due"], -1
    if base is None or base not in positions:
        return GAP_NUMBER["no_data"], -1  # before the first price on record
    return NO_GAP, positions[base]


def _days(days: Sequence[dt.date | None]) -> Places:
    found = [NO_DAY if day is None else (day - dt.date(1970, 1, 1)).days for day in days]
    return np.array(found, dtype=np.int32)
