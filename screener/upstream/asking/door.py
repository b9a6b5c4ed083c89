"""What a fetched series must satisfy before it is stored, and how it joins what is stored already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from screener.prices.bars import Listing, check_bars
from screener.prices.prices import FIELDS
from screener.store.rows import Bars
from screener.terms.notes import Note, Problem
from screener.terms.sessions import as_date, load_calendar
from screener.terms.symbols import Symbol
from screener.upstream.asking.vendors import INDEX_NAMES

# A stored close and a fetched one may differ by a cent: vendors round index closes to two decimals, or do not.
CLOSE_TOLERANCE = 0.01
# Two sources are joined only where they agree on at least this many sessions; as many are asked again on every update.
OVERLAP = 5
# Against closes known from elsewhere a series may be off by this factor (its level is checked, not its cents).
LEVEL_FACTOR = 1.5
# No mainland index may move further in a session than the widest price limit of its members (BSE, 30%).
INDEX_LIMIT = 0.30
_COLUMNS = ["session", *FIELDS]


@dataclass(frozen=True)
class Asked:
    """What a source was asked: the rows of `symbol` from `start` to `end`, seen on the evening of `finished`.

    `today`: the calendar date; a row of it after `finished` is provisional. `actions`: known corporate actions, None =
    unknown. `levels`: closes known from elsewhere (session-indexed, CNY), for a symbol that has no stored rows yet.
    """

    symbol: Symbol
    source: str
    start: dt.date
    end: dt.date
    finished: dt.date
    today: dt.date
    actions: pd.DataFrame | None
    listing: Listing
    levels: pd.Series | None = None


@dataclass(frozen=True)
class Refusal:
    """Why a series is not let in: a message code with its parameters, and the faults of single rows where there are any."""

    code: str
    params: dict[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, eq=False)
class Admitted:
    """Rows that may be stored (session ascending, FIELDS), and what was left out of them."""

    rows: pd.DataFrame
    notes: tuple[Note, ...]


def admit(frame: pd.DataFrame, asked: Asked) -> Admitted | Refusal:
    """Check a fetched series (session, FIELDS; CNY, shares) by every rule that stored data must satisfy.

    Left out with a note: today's bar before the safe time, a row on a holiday, an exact duplicate. Refused as a whole: a
    name that is not the index's, a row of the future, a fault in any row (`bars.check_bars`), a last row that copies the
    one before, a level that is not the known one, nothing left.
    """
    name = str(frame.attrs.get("name", ""))
    if not _is_named_so(str(asked.symbol), name):
        return Refusal("door_name", {"symbol": str(asked.symbol), "name": name})
    future = frame.loc[frame["session"] > pd.Timestamp(asked.today), "session"]
    if len(future):
        return Refusal("door_future", {"day": as_date(future.max()), "today": asked.today})
    blank = _blank_cells(frame, f"{asked.source} {asked.symbol}")
    if blank:
        return _rows_refusal(blank)
    provisional = frame["session"] > pd.Timestamp(asked.finished)
    notes = [Note("provisional_dropped", {"symbol": str(asked.symbol), "day": asked.today})] if provisional.any() else []
    rows = frame.loc[~provisional, _COLUMNS].astype(dict.fromkeys(FIELDS, float)).reset_index(drop=True)
    rows.index += 1
    checked = check_bars(
        rows,
        file=f"{asked.source} {asked.symbol}",
        symbol=asked.symbol,
        calendar=load_calendar(asked.symbol.market),
        start=asked.start,
        end=asked.end,
        actions=asked.actions,
        actions_file=f"actions {asked.symbol}",
        listing=asked.listing,
    )
    if checked.problems:
        return _rows_refusal(checked.problems)
    kept = _with_halts(checked.bars, checked.halted, rows)
    refusal = _level_refusal(kept, asked) or _copy_refusal(kept, asked) or _step_refusal(kept, asked)
    return refusal or Admitted(kept, (*notes, *checked.notes))


def _blank_cells(frame: pd.DataFrame, file: str) -> list[Problem]:
    """A row without a date or a close, or with a number that is not finite."""
    numbers = frame[list(FIELDS)].astype(float)
    infinite = np.isinf(numbers.to_numpy()).any(axis=1)
    wrong = infinite | numbers["close"].isna().to_numpy() | frame["session"].isna().to_numpy()
    return [Problem(file, int(at) + 1, "close", str(frame["close"].iloc[at]), "blank_cell") for at in np.flatnonzero(wrong)]


def _rows_refusal(problems: Sequence[Problem]) -> Refusal:
    first = problems[0]
    place = " ".join((first.place, first.field, first.value))
    return Refusal("door_rows", {"count": len(problems), "place": place}, tuple(problems))


def _is_named_so(symbol: str, name: str) -> bool:
    return name == "" or INDEX_NAMES.get(symbol, "") in name.replace(" ", "")


def _with_halts(bars: pd.DataFrame, halted: pd.Series, rows: pd.DataFrame) -> pd.DataFrame:
    """The checked rows as they came: a session without trading keeps its volume 0 and the close that was carried."""
    first = rows.drop_duplicates("session").set_index("session")
    kept = bars.where(~halted.reindex(bars.index, fill_value=False), first.reindex(bars.index)[list(FIELDS)])
    return kept.rename_axis("session").reset_index()


def _level_refusal(rows: pd.DataFrame, asked: Asked) -> Refusal | None:
    if rows.empty:
        return Refusal("door_nothing", {"symbol": str(asked.symbol), "start": asked.start, "end": asked.end})
    if asked.levels is None:
        return None
    known = asked.levels.reindex(rows["session"]).to_numpy(dtype=float)
    ratio = (rows["close"] / known).dropna()
    if ratio.empty or 1 / LEVEL_FACTOR < ratio.median() < LEVEL_FACTOR:
        return None
    return Refusal("door_level", {"symbol": str(asked.symbol), "factor": f"{ratio.median():.3g}"})


def _copy_refusal(rows: pd.DataFrame, asked: Asked) -> Refusal | None:
    """An index whose last row equals the one before: a stale copy under a new date (a stock's is a fault of its row)."""
    if asked.symbol.kind != "index" or len(rows) < 2:
        return None
    last, before = (rows.iloc[at][["open", "high", "low", "close"]].astype(float).fillna(-1.0) for at in (-1, -2))
    if not last.equals(before.set_axis(last.index)):
        return None
    return Refusal("door_copy", {"symbol": str(asked.symbol), "day": as_date(rows["session"].iloc[-1])})


def _step_refusal(rows: pd.DataFrame, asked: Asked) -> Refusal | None:
    """A mainland index that moves further than any of its members may."""
    if asked.symbol.kind != "index" or asked.symbol.market != "XSHG":
        return None
    change = rows["close"].pct_change()
    beyond = rows.loc[change.abs() > INDEX_LIMIT, "session"]
    if beyond.empty:
        return None
    percent = f"{change[beyond.index[0]] * 100:+.1f}"
    return Refusal("door_step", {"symbol": str(asked.symbol), "day": as_date(beyond.iloc[0]), "change": percent})


def join(stored: Bars, rows: pd.DataFrame, source: str) -> pd.DataFrame | Refusal:
    """Stored rows with the new ones (BARS columns, all of `source`) around them; what is stored is never changed.

    On the sessions that both have, raw closes must agree within CLOSE_TOLERANCE, and a new series may not lack a traded
    session between its own first and last that is stored. Rows of another source than the stored ones next to them join
    only over at least OVERLAP agreeing sessions. Fewer stored rows than that give way to the new series as a whole, if
    it agrees and holds them all, so that no series is pieced together without proof.
    """
    old = stored.rows
    both = old.merge(rows, on="session", suffixes=("_old", "_new"))
    differs = both[(both["close_old"] - both["close_new"]).abs() > CLOSE_TOLERANCE + 1e-9]
    same_source = bool((old["source"] == source).any())
    if len(differs):
        row = differs.iloc[0]
        params: dict[str, object] = {"day": as_date(row["session"]), "stored": row["close_old"], "found": row["close_new"]}
        return Refusal(
            "door_restated" if same_source else "door_disagrees", {**params, "count": len(differs), "source": source}
        )
    inside = old[old["session"].between(rows["session"].iloc[0], rows["session"].iloc[-1]) & (old["volume"] != 0)]
    lost = inside[~inside["session"].isin(rows["session"])]
    if len(lost):
        return Refusal("door_lost", {"day": as_date(lost["session"].iloc[0]), "count": len(lost), "source": source})
    if len(old) < OVERLAP and old["session"].isin(rows["session"]).all():
        return rows
    neighbours = both.loc[both["source_old"] != source]
    if len(both) < (OVERLAP if len(neighbours) else 1):
        return Refusal("door_overlap", {"count": len(both), "needed": OVERLAP, "source": source})
    new = rows[~rows["session"].isin(old["session"])]
    return pd.concat([old, new]).sort_values("session", ignore_index=True)
