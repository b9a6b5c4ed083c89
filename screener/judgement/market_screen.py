"""The screen of a whole market, and which of its names moved most like a bucket before publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener.judgement.screen import (
    AMOUNT_SESSIONS,
    BASIS,
    CORRELATION,
    MARKET_COLUMNS,
    WEEKS,
    CellGap,
    RowBasis,
    Screen,
    short_notes,
    typed_frame,
)
from screener.measures.quotes import MAX_AGE, breaks_of, find_break, known_series
from screener.measures.returns import TRADING_DAYS
from screener.measures.universe import Flags, Universe
from screener.prices.prices import SERIES, SeriesName
from screener.terms.notes import Gap, Note, ScreenerError, UsageError
from screener.terms.sessions import Floats, as_date, load_calendar
from screener.thesis.comparison import comparison_of
from screener.thesis.scale import RatingScale, rate_all, to_next_edge
from screener.thesis.thesis import ALL, Thesis

# Look-alikes: correlation over about half a year, of names on record for a year,
# that traded on nine sessions in ten, with a month's mean turnover that a fund could trade in (CNY).
LIKE_SESSIONS = 120
LIKE_ON_RECORD = 250
LIKE_TRADED = 0.9
LIKE_AMOUNT = 50e6
LIKE_SHOWN = 20
# Nearly every name has its 250 traded returns in the last sessions of this number; only the others are looked at whole.
RECENT = 300

# What a store says of itself when part of the market is not in it, or not up to the day.
INCOMPLETE = frozenset({"screen_store_no_list", "screen_store_lacks", "screen_store_behind"})

# Reasons of a gap that are no fault of the data: some names of a market are always too young.
YOUNG = ("no_earlier_close", "listed_later")

Columns = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MarketNames:
    """What the names of a market are called, and since when they have been listed, where that is known."""

    names: Mapping[str, str]
    listed: Mapping[str, dt.date]


def screen_universe(
    universe: Universe, thesis: Thesis, scale: RatingScale, *, market: MarketNames, published: dt.date, as_of: dt.date
) -> Screen:
    """Every name of `universe` that was on record within five sessions of `as_of`, measured against `thesis`.

    The columns mean the same as for candidates: benchmark, base date and stock bands are the thesis's; `thesis` and `bucket`
    stand only with names that it names. Every row rests on the universe's own levels, candidates too: where the universe has
    corporate actions a name is adjusted as a candidate is, else unadjusted, and the column `basis` says which. ScreenerError
    when the universe does not reach the benchmark.
    """
    measured = _Market(universe.cut(as_of), thesis, scale, market, published)
    near = measured.universe.last >= measured.at - MAX_AGE
    left = int((~near).sum())
    basis = [*universe.basis, *([Note("screen_left", {"count": left, "sessions": MAX_AGE})] if left else [])]
    return measured.screen(np.flatnonzero(near), basis)


def find_alike(
    universe: Universe,
    thesis: Thesis,
    scale: RatingScale,
    bucket: str,
    *,
    market: MarketNames,
    published: dt.date,
    as_of: dt.date,
) -> Screen:
    """The names that moved most like `bucket` in the 120 sessions up to the base date, the most alike first.

    Measure: correlation of daily excess returns with the equal-weight mean of the bucket's members, over sessions on which
    both traded. Members are left out; so are names on record for fewer than 250 sessions at the base date, traded on fewer
    than 90% of the 120, or with a mean turnover below CNY 50 million over the last 20. The screen columns show what became
    of them until `as_of`. UsageError for an unknown bucket; ScreenerError where the universe begins too late.
    """
    names = {word: each.id for each in thesis.buckets for word in (each.name, each.name_en, each.id)}
    if bucket not in (*names, ALL):
        known = [f"{each.id}（{each.name}）" for each in thesis.buckets]
        raise UsageError("like_unknown", name=bucket, known=", ".join([*known, ALL]))
    bucket = names.get(bucket, bucket)
    measured = _Market(universe.cut(as_of), thesis, scale, market, published)
    base = measured.base
    if base is None or base < LIKE_ON_RECORD:
        raise ScreenerError("like_too_early", sessions=LIKE_ON_RECORD, first=as_date(universe.sessions[0]), published=published)
    own = measured.universe.columns(thesis.members(bucket))
    if not len(own):
        raise ScreenerError("like_no_members", bucket=bucket, universe=universe.name)
    found = measured.correlations(own, base)
    order = np.argsort(-np.nan_to_num(found, nan=-2.0), kind="stable")
    columns = order[: int(np.isfinite(found).sum())]
    basis = (*universe.basis, Note("like_rule", _rule_words(measured, thesis, bucket, len(own), len(columns))))
    screen = measured.screen(columns, basis)
    frame = screen.frame.copy()
    frame.insert(len(frame.columns) - 1, CORRELATION, found[columns])
    return replace(screen, frame=frame, like=bucket)


def _rule_words(measured: _Market, thesis: Thesis, bucket: str, members: int, count: int) -> dict[str, object]:
    return {
        "sessions": LIKE_SESSIONS,
        "base": as_date(measured.universe.sessions[measured.base or 0]),
        "record": LIKE_ON_RECORD,
        "traded": round(LIKE_TRADED * 100),
        "amount": f"{LIKE_AMOUNT:,.0f}",
        "members": members,
        "of": len(thesis.members(bucket)),
        "count": f"{count:,}",
    }


class _Market:
    """A universe that ends on the as-of date, with what a thesis measures its names by."""

    def __init__(self, universe: Universe, thesis: Thesis, scale: RatingScale, market: MarketNames, published: dt.date) -> None:
        self.universe, self.thesis, self.scale, self.market = universe, thesis, scale, market
        self.at = len(universe.sessions) - 1
        self.as_of = as_date(universe.sessions[self.at])
        if not np.isfinite(universe.benchmark[self.at]):
            raise ScreenerError("screen_no_benchmark", symbol=universe.benchmark_symbol, day=self.as_of)
        self.base_day = load_calendar().last_on_or_before(published)
        self.base = None if self.base_day is None else universe.position(self.base_day)
        self.due = self.base_day is not None and self.base_day < self.as_of
        weeks = load_calendar().last_week_ends(self.as_of, max(WEEKS) + 1)
        self.week_ends = {count: weeks[-count - 1] for count in WEEKS}
        self.levels = series_levels(universe)
        self.broken = last_breaks(universe)
        days = [market.listed.get(symbol) for symbol in universe.symbols]
        self.listed = np.array(days, dtype="datetime64[D]")
        self.traded = universe.traded
        if self.traded is None and universe.amount is not None:
            self.traded = np.isfinite(universe.amount) & (universe.amount > 0)
        self.counts = np.zeros(len(universe.symbols), dtype=np.int64)
        self.first_return = np.zeros(len(universe.symbols), dtype=np.int64)

    def screen(self, columns: Columns, basis: tuple[Note, ...] | list[Note]) -> Screen:
        symbols = [self.universe.symbols[column] for column in columns]
        buckets = {each.symbol: each.bucket for each in self.thesis.candidates}
        stale = self.universe.last[columns] < self.at - MAX_AGE
        figures = {name: np.where(stale, np.nan, values[columns]) for name, values in self.figures().items()}
        since, judged = figures["excess_since_published"], self.judged(figures, columns)
        absent = self.universe.absent_exchange(self.base) if self.base is not None else None
        listed = [self.market.listed.get(symbol) for symbol in symbols]
        frame = pd.DataFrame(
            {
                "symbol": symbols,
                "name": [self.market.names.get(symbol, symbol) for symbol in symbols],
                "thesis": [self.thesis.slug if symbol in buckets else None for symbol in symbols],
                "bucket": [buckets.get(symbol) for symbol in symbols],
                **figures,
                "band_so_far": rate_all(judged, self.scale.stock),
                "to_next_edge": [
                    to_next_edge(each, self.scale.stock) if np.isfinite(each) else np.nan for each in judged.tolist()
                ],
                "listed_days": [None if day is None else (self.as_of - day).days for day in listed],
                BASIS: row_bases(self.universe, symbols),
                "gap": [
                    "stale" if old else self.row_gap(column, np.isfinite(week), np.isfinite(later))
                    for column, old, week, later in zip(columns.tolist(), stale, figures["excess_1w"], since, strict=True)
                ],
            }
        )
        has_actions = self.universe.known is not None
        return Screen(
            frame=typed_frame(frame[list(MARKET_COLUMNS)]),
            as_of=self.as_of,
            theses=(self.thesis,),
            scales=(self.scale,),
            gaps=tuple(self.cell_gaps(frame)) if has_actions else (),
            rests_on="screen_basis_store" if has_actions else "screen_basis_market",
            basis=(
                *([_row_counts(frame)] if has_actions else []),
                *basis,
                *([absent] if absent else []),
                *short_notes(self.counts[columns].tolist()),
            ),
            is_incomplete=absent is not None or any(note.code in INCOMPLETE for note in basis),
            universe=self.universe.name,
            screened=len(frame),
        )

    def judged(self, figures: Mapping[str, Floats], columns: Columns) -> Floats:
        """What the stock bands compare, by the standard's own measure for each name, as for candidates."""
        found = figures["excess_since_published"].copy()
        chosen, industry = self.thesis.benchmark_symbol, self.thesis.industry_index
        for place, column in enumerate(columns.tolist()):
            against = comparison_of(
                self.scale,
                self.scale.stock,
                market=self.thesis.market,
                symbol=self.universe.symbols[column],
                chosen=chosen,
                industry=industry.symbol if industry else None,
            )
            if against.is_absolute:
                found[place] = figures["since_published"][place]
            elif against.symbol != self.universe.benchmark_symbol:
                found[place] = figures["since_published"][place] - self.ruler(against.symbol)
        return found

    def ruler(self, symbol: str | None) -> float:
        """Return of another index since the base session; NaN where it is not at hand."""
        level = self.universe.rulers.get(symbol or "")
        return float("nan") if level is None or self.base is None else float(level[self.at] / level[self.base] - 1)

    def row_gap(self, column: int, has_week: bool, has_since: bool) -> str | None:
        """The code of the first gap of a row, this week's before the one since publication, as for candidates."""
        if not has_week:
            return self.reason(column, self.week_ends[1], "total").code
        if self.due and not has_since and self.base_day is not None:
            return self.reason(column, self.base_day, "price").code
        return None

    def reason(self, column: int, start: dt.date, series: SeriesName) -> Gap:
        """Why a name has no figure from `start` to the as-of date; where its actions are known, as for a candidate."""
        symbol, known = self.universe.symbols[column], self.universe.known
        if known is not None and symbol in known.prices.gaps:
            return known.prices.gaps[symbol]
        listed, at = self.market.listed.get(symbol), self.universe.position(start)
        if listed is not None and start < listed:
            return Gap("not_listed", "listed_later", {"symbol": symbol, "listed": listed, "day": start})
        if known is not None and at is not None and np.isfinite(self.levels[series][at, column]):
            linked = known_series(known.prices, symbol, series)
            broken = find_break(known.prices, symbol, start, self.as_of, series=linked)
            if broken is not None:
                return broken
        return Gap("no_data", "no_earlier_close", {"symbol": symbol, "day": start})

    def cell_gaps(self, frame: pd.DataFrame) -> Iterator[CellGap]:
        """The reason of each figure that faulty data or a doubtful action forbid; a name's youth stands in its row only."""
        starts: dict[str, tuple[dt.date, SeriesName]] = {f"excess_{n}w": (day, "total") for n, day in self.week_ends.items()}
        if self.due and self.base_day is not None:
            since = ("since_published", "excess_since_published", "to_next_edge", "drawdown")
            starts |= dict.fromkeys(since, (self.base_day, "price"))
        place = {symbol: column for column, symbol in enumerate(self.universe.symbols)}
        for name in (*starts, "volatility", "beta"):
            for symbol, thesis in frame.loc[frame[name].isna(), ["symbol", "thesis"]].itertuples(index=False):
                column = place[symbol]
                start, series = starts.get(name) or (as_date(self.universe.sessions[self.first_return[column]]), "total")
                gap = self.reason(column, start, series)
                if gap.reason not in YOUNG:
                    yield CellGap(symbol, None if pd.isna(thesis) else thesis, name, gap)

    def figures(self) -> dict[str, Floats]:
        """The columns that are figures, over every name of the universe."""
        found = {f"excess_{n}w": self.excess(self.universe.position(day), "total") for n, day in self.week_ends.items()}
        base = self.base if self.due else None
        found["since_published"] = self.growth(base, "price")
        found["excess_since_published"] = self.excess(base, "price")
        found["drawdown"] = self.drawdown(base)
        spread, slope = self.behaviour()
        quoted = np.isfinite(found["excess_1w"])
        self.counts = np.where(quoted, self.counts, 0)
        found["volatility"], found["beta"] = np.where(quoted, spread, np.nan), np.where(quoted, slope, np.nan)
        found["amount_20d"] = self.amount(self.at)
        return found

    def growth(self, start: int | None, series: SeriesName) -> Floats:
        """Return from session `start` to the last one; NaN for a name without a level at the start or with a break since."""
        if start is None:
            return np.full(len(self.universe.symbols), np.nan)
        level = self.levels[series]
        linked = (self.broken[series] <= start) & ~(self.universe.sessions[start] < self.listed)
        return np.where(linked, level[self.at] / level[start] - 1, np.nan)

    def excess(self, start: int | None, series: SeriesName) -> Floats:
        benchmark = self.universe.benchmark
        return self.growth(start, series) - (np.nan if start is None else benchmark[self.at] / benchmark[start] - 1)

    def drawdown(self, base: int | None) -> Floats:
        growth = self.growth(base, "price")
        if base is None:
            return growth
        path = self.levels["price"][base : self.at + 1]
        return np.where(np.isfinite(growth), path[-1] / path.max(axis=0) - 1, np.nan)

    def returns(self, start: int, stop: int, columns: Columns | slice = slice(None)) -> tuple[Floats, Flags]:
        """Daily returns of the sessions from `start` to `stop` (excluded), and which are between two traded sessions."""
        level = self.levels["total"][start - 1 : stop, columns]
        with np.errstate(invalid="ignore"):
            moves = level[1:] / level[:-1] - 1
        if self.traded is None:
            return moves, np.zeros(moves.shape, dtype=bool)
        traded = self.traded[start - 1 : stop, columns]
        return moves, traded[1:] & traded[:-1] & np.isfinite(moves)

    def benchmark_returns(self, start: int, stop: int) -> Floats:
        level = self.universe.benchmark[start - 1 : stop]
        return np.asarray(level[1:] / level[:-1] - 1, dtype=float)

    def behaviour(self) -> tuple[Floats, Floats]:
        """Volatility and beta of the last 250 traded returns; NaN with fewer than two, or where trading is unknown."""
        recent = max(1, self.at + 1 - RECENT)
        spread, slope, self.counts, self.first_return = self.behaviour_from(recent, slice(None))
        short = np.flatnonzero((self.counts < TRADING_DAYS) & (self.universe.first < recent))
        if len(short) and self.traded is not None:
            spread[short], slope[short], self.counts[short], self.first_return[short] = self.behaviour_from(1, short)
        return spread, slope

    def behaviour_from(self, start: int, columns: Columns | slice) -> tuple[Floats, Floats, Columns, Columns]:
        """Volatility, beta, the number of returns behind them and where these begin, no earlier than before session `start`.

        NaN where the level cannot be linked over all of them.
        """
        moves, known = self.returns(start, self.at + 1, columns)
        from_end = np.cumsum(known[::-1], axis=0)[::-1]
        kept = known & (from_end <= TRADING_DAYS)
        other = np.broadcast_to(self.benchmark_returns(start, self.at + 1)[:, None], moves.shape)
        spread = np.sqrt(_covariance(moves, moves, kept) * TRADING_DAYS)
        both = kept & np.isfinite(other)
        variance = _covariance(other, other, both)
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = np.where(variance > 0, _covariance(moves, other, both) / variance, np.nan)
        first = start - 1 + kept.argmax(axis=0)
        linked = self.broken["total"][columns] <= first
        return np.where(linked, spread, np.nan), np.where(linked, slope, np.nan), kept.sum(axis=0), first

    def amount(self, at: int) -> Floats:
        """Mean amount of the traded ones among the 20 sessions up to `at`; NaN where none was."""
        if self.universe.amount is None or self.traded is None:
            return self.growth(None, "price")
        last = slice(max(at + 1 - AMOUNT_SESSIONS, 0), at + 1)
        count = self.traded[last].sum(axis=0)
        total = np.where(self.traded[last], self.universe.amount[last], 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def correlations(self, members: Columns, base: int) -> Floats:
        """Correlation of each name's daily excess with the mean of `members`; NaN for members and for names left out."""
        moves, known = self.returns(base + 1 - LIKE_SESSIONS, base + 1)
        excess = moves - self.benchmark_returns(base + 1 - LIKE_SESSIONS, base + 1)[:, None]
        known &= np.isfinite(excess)
        of_members = np.where(known[:, members], excess[:, members], 0.0).sum(axis=1)
        count = known[:, members].sum(axis=1)
        bucket = np.broadcast_to((of_members / np.maximum(count, 1))[:, None], excess.shape)
        both = known & (count > 0)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.sqrt(_covariance(excess, excess, both) * _covariance(bucket, bucket, both))
            found = np.where(scale > 0, _covariance(excess, bucket, both) / scale, np.nan)
        usual = both.sum(axis=0) >= LIKE_TRADED * LIKE_SESSIONS
        usual &= self.universe.first <= base + 1 - LIKE_ON_RECORD
        usual &= np.nan_to_num(self.amount(base)) >= LIKE_AMOUNT
        usual[members] = False
        return np.where(usual, found, np.nan)


def series_levels(universe: Universe) -> Mapping[SeriesName, Floats]:
    """Levels of both series; `total` differs only for names whose actions are known."""
    total = universe.level
    if universe.known is not None and len(universe.known.prices.close.columns):
        columns = [column for column, symbol in enumerate(universe.symbols) if symbol in universe.known.levels["total"]]
        total = total.copy()
        total[:, columns] = universe.known.levels["total"][[universe.symbols[column] for column in columns]].to_numpy()
    return {"price": universe.level, "total": total}


def last_breaks(universe: Universe) -> Mapping[SeriesName, Columns]:
    """Per column the first session from which on the level can be linked to the last one; 0 where it always can.

    Source: `performance.find_break`, whose answers these are for every start.
    """
    found: dict[SeriesName, Columns] = {series: np.zeros(len(universe.symbols), dtype=np.int64) for series in SERIES}
    if universe.known is None:
        return found
    prices, place = universe.known.prices, {symbol: column for column, symbol in enumerate(universe.symbols)}
    for series in SERIES:
        for symbol in dict.fromkeys((*prices.breaks, *prices.total_breaks)):
            days = breaks_of(prices, symbol, series)
            if symbol in place and days:
                found[series][place[symbol]] = int(np.searchsorted(universe.sessions, np.datetime64(max(days))))
    return found


def row_bases(universe: Universe, symbols: Sequence[str]) -> list[RowBasis | None]:
    """What the levels of each symbol are; None where nothing can be said of it."""
    if universe.known is None:
        return ["unadjusted"] * len(symbols)
    prices = universe.known.prices
    adjusted = {each for each in prices.close.columns if "actions_unknown" not in prices.flags.get(each, ())}

    def basis(symbol: str) -> RowBasis | None:
        if symbol in prices.gaps:
            return None
        if symbol not in adjusted:
            return "factor" if symbol in prices.steps else "unadjusted"
        return "checked" if symbol in universe.checked else "one_source"

    return [basis(symbol) for symbol in symbols]


def _row_counts(frame: pd.DataFrame) -> Note:
    counts = frame[BASIS].value_counts()
    return Note("screen_store_rows", {basis: f"{int(counts.get(basis, 0)):,}" for basis in get_args(RowBasis)})


def _covariance(left: Floats, right: Floats, kept: Flags) -> Floats:
    """Sample covariance (ddof 1) of each pair of columns over the rows that are kept; NaN with fewer than two."""
    count = kept.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [np.where(kept, each, 0.0).sum(axis=0) / count for each in (left, right)]
        parts = np.where(kept, (left - means[0]) * (right - means[1]), 0.0)
        return np.where(count > 1, parts.sum(axis=0) / (count - 1), np.nan)
