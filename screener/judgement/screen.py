"""The screen: every candidate of one or many theses as one table, measured as the weekly report and the outcome measure it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from screener.judgement.columns import column_named, known_columns
from screener.judgement.week import Week, measure_week
from screener.judgement.where import ColumnType, parse_where, select
from screener.measures.baskets import measure
from screener.measures.quotes import DOUBTFUL, SHARED_FLAGS, find_break, known_series, traded_returns
from screener.measures.returns import TRADING_DAYS, beta, excess_return, volatility
from screener.measures.stock_facts import drawdown_since, listed_on
from screener.measures.valuation import value_on
from screener.prices.prices import Prices
from screener.terms.notes import Gap, Note, UsageError
from screener.terms.sessions import as_date
from screener.thesis.scale import RatingScale
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis

WEEKS = (1, 4, 13, 26, 52)
AMOUNT_SESSIONS = 20
# Sessions before the as-of date that 52 weeks and 250 traded returns need, with room for a suspension of a month.
SCREEN_LOOKBACK = 300
# CONTRACT, "Screen columns": name → what --where may compare it with.
COLUMNS: Mapping[str, ColumnType] = {
    **dict.fromkeys(("symbol", "name", "thesis", "bucket"), "text"),
    **dict.fromkeys((f"excess_{weeks}w" for weeks in WEEKS), "number"),
    **dict.fromkeys(("since_published", "excess_since_published"), "number"),
    "band_so_far": "text",
    **dict.fromkeys(("to_next_edge", "drawdown", "volatility", "beta", "amount_20d", "listed_days"), "number"),
    "gap": "text",
}
# The column that `--like` adds before the gap, and the one that every whole market has there: what a row's levels are.
# What counts from a thesis's publication.
SINCE = ("since_published", "excess_since_published", "band_so_far", "to_next_edge", "drawdown")
CORRELATION = "correlation"
# The columns that stand before the gap where the source holds valuations: multiples as published, and a place in own history.
VALUES: Mapping[str, ColumnType] = dict.fromkeys(("pe_ttm", "pb", "pb_percentile"), "number")
# Flags of a row that change what its figures are worth.
SCREEN_FLAGS = (*DOUBTFUL, "unadjusted", *SHARED_FLAGS, "delisted")
BASIS = "basis"
MARKET_COLUMNS: Mapping[str, ColumnType] = {
    **{name: kind for name, kind in COLUMNS.items() if name != "gap"},
    BASIS: "text",
    "gap": "text",
}
# The column that stands before the gap where a row carries one of SCREEN_FLAGS.
FLAGS = "flags"
_KINDS: Mapping[str, ColumnType] = {**COLUMNS, **MARKET_COLUMNS, **VALUES, FLAGS: "text"}
# Values of BASIS: actions known, from two sources that agree or from one; unknown, so that closes are unadjusted, or `total`
# is by a vendor's factor and `price` unadjusted.
RowBasis = Literal["checked", "one_source", "factor", "unadjusted"]
# Rows whose price series may hide a split.
UNADJUSTED: tuple[RowBasis, ...] = ("factor", "unadjusted")
Figure = float | Gap | None


@dataclass(frozen=True)
class CellGap:
    """Why a figure of the table is missing; `column` is a screen column."""

    symbol: str
    thesis: str | None
    column: str
    gap: Gap


@dataclass(frozen=True, eq=False)
class Screen:
    """A screened table. `frame`: one row per name, the screen columns; fractions, CNY, calendar days; NaN where missing.

    `gaps`: the reason of each missing figure; a figure before publication and one that no source offers (amounts, listing
    dates) has none. `basis`: what a reader must know of the figures, `rests_on` (a message code) first. `universe`: None, or
    the name of the market screened. `like`: the bucket whose look-alikes these are. `screened`: names before filtering.
    `unknown`: columns of the filter that no name had a figure in. `is_incomplete`: the data end before the as-of date asked
    for, or part of the market is missing.
    """

    frame: pd.DataFrame
    as_of: dt.date
    theses: tuple[Thesis, ...]
    scales: tuple[RatingScale, ...]
    gaps: tuple[CellGap, ...] = ()
    prices: Mapping[str, Prices] = field(default_factory=dict)
    basis: tuple[Note, ...] = ()
    rests_on: str = "screen_basis"
    universe: str | None = None
    like: str | None = None
    screened: int = 0
    is_incomplete: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, ColumnType]:
        """The columns of the table, with what they hold."""
        return {name: _KINDS.get(name, "number") for name in self.frame.columns}

    @property
    def is_adjusted(self) -> bool:
        """Whether every row rests on known corporate actions."""
        return BASIS not in self.frame or not bool(self.frame[BASIS].isin(UNADJUSTED).any())

    @property
    def has_gaps(self) -> bool:
        """Whether something that should be there is missing: a candidate's row, or part of a market.

        In a whole market some names are always too young for the base date; that is no fault of the data.
        """
        lacking = [name for name in (FLAGS, "gap") if name in self.frame]
        return self.is_incomplete or (self.universe is None and bool(self.frame[lacking].notna().any(axis=None)))

    def gap_of(self, symbol: str, thesis: str | None, column: str) -> Gap | None:
        """The reason of a missing figure; None where the figure is there or nothing is owed."""
        return self._gap_of.get((symbol, thesis, column))

    @cached_property
    def _gap_of(self) -> dict[tuple[str, str | None, str], Gap]:
        return {(each.symbol, each.thesis, each.column): each.gap for each in reversed(self.gaps)}


def screen_thesis(thesis: Thesis, scale: RatingScale, prices: Prices, *, published: dt.date, as_of: dt.date) -> Screen:
    """Every candidate of `thesis` on `as_of` (a session), using nothing after it.

    `excess_nw`: n ISO weeks that had a session, the last one cut at `as_of`; `total` series against the price benchmark, as
    the weekly report prints it (excess_1w is its figure). Since publication: headline price series, as in the outcome.
    Volatility and beta: last 250 traded daily returns. Source: MEASUREMENT, "Weeks" and "Return, excess, band".
    """
    week = measure_week(thesis, scale, prices, day=as_of, published=published, as_of=as_of)
    measurer = _Measurer(week)
    rows = [measurer.row(subject) for subject in thesis.subjects() if subject.kind == "candidate"]
    values = () if prices.valuations.empty else VALUES
    frame = flagged_frame(pd.DataFrame(rows, columns=[*(each for each in COLUMNS if each != "gap"), *values, "gap", FLAGS]))
    gaps = tuple(measurer.gaps)
    basis = short_notes(list(measurer.returns.values()))
    return Screen(frame, as_of, (thesis,), (scale,), gaps, {thesis.slug: prices}, basis, screened=len(frame))


def short_notes(counts: Sequence[int]) -> tuple[Note, ...]:
    """A note when some of the names have fewer than 250 traded returns for volatility and beta."""
    short = [count for count in counts if 1 < count < TRADING_DAYS]
    return (Note("screen_short", {"count": len(short), "fewest": min(short)}),) if short else ()


@dataclass
class _Measurer:
    """The candidates of one measured week; collects the reason of every missing figure, and how many returns were used."""

    week: Week
    gaps: list[CellGap] = field(default_factory=list)
    returns: dict[str, int] = field(default_factory=dict)

    def row(self, subject: Subject) -> dict[str, object]:
        found, slug = self.week.row(subject.id), self.week.thesis.slug
        figures: dict[str, Figure] = {f"excess_{weeks}w": self.excess(subject.id, weeks) for weeks in WEEKS}
        for column in ("since_published", "excess_since_published", "to_next_edge"):
            figures[column] = getattr(found, column) if found.since_gap is None else found.since_gap
        base = self.week.base_date
        waits = found.since_gap is not None or base is None
        figures["drawdown"] = found.since_gap if waits or base is None else self.drawdown(subject.id, base)
        figures["volatility"], figures["beta"] = self.behaviour(subject.id)
        figures |= self.values(subject.id)
        for column, value in figures.items():
            if isinstance(value, Gap) and value.code != "not_due":
                self.gaps.append(CellGap(subject.id, slug, column, value))
        listed = listed_on(self.week.prices, subject.id)
        due = [gap for gap in (found.gap, found.since_gap) if gap is not None and gap.code != "not_due"]
        return {
            "symbol": subject.id,
            "name": subject.name,
            "thesis": slug,
            "bucket": subject.bucket,
            **{column: None if isinstance(value, Gap) else value for column, value in figures.items()},
            "band_so_far": found.band_so_far,
            "amount_20d": mean_amount(self.week.prices, subject.id),
            "listed_days": None if listed is None else (self.week.as_of - listed).days,
            "flags": " ".join(flag for flag in found.flags if flag in SCREEN_FLAGS) or None,
            "gap": due[0].code if due else None,
        }

    def excess(self, symbol: str, weeks: int) -> Figure:
        """Excess over the last `weeks` weeks that had a session; for one week the weekly report's own figure."""
        if weeks == 1:
            found = self.week.row(symbol)
            return found.gap or found.excess
        start = self.week.prices.calendar.last_week_ends(self.week.as_of, weeks + 1)[0]
        own = measure(self.week.market, (symbol,), series="total", start=start, end=self.week.as_of, fallback=True)
        other = measure(self.week.market, (self.week.benchmark,), series="price", start=start, end=self.week.as_of)
        if own.value is None or other.value is None:
            return own.gap or other.gap
        return excess_return(own.value, other.value)

    def values(self, symbol: str) -> dict[str, Figure]:
        """The columns VALUES; none where the source holds no valuations."""
        prices = self.week.prices
        if prices.valuations.empty:
            return {}
        found = value_on(prices, symbol, self.week.as_of)
        if isinstance(found, Gap):
            return dict.fromkeys(VALUES, found)
        return {"pe_ttm": found.pe_ttm, "pb": found.pb, "pb_percentile": found.pb_percentile}

    def drawdown(self, symbol: str, base: dt.date) -> Figure:
        return drawdown_since(self.week.market, symbol, base=base, end=self.week.as_of)

    def behaviour(self, symbol: str) -> tuple[Figure, Figure]:
        """Volatility and beta over the same days: those of the last 250 traded returns on which the benchmark traded too."""
        market, prices = self.week.market, self.week.prices
        gap = self.week.row(symbol).gap or prices.gaps.get(symbol)
        if gap is not None:
            return gap, gap
        own = traded_returns(market, symbol).iloc[-TRADING_DAYS:]
        if len(own) < 2:
            few = Gap("no_data", "few_returns", {"symbol": symbol, "count": len(own)})
            return few, few
        self.returns[symbol] = len(own)
        before = prices.calendar.shift(as_date(own.index[0]), -1)
        broken = find_break(prices, symbol, before, self.week.as_of, series=known_series(prices, symbol, "total"))
        if broken is not None:
            return broken, broken
        both = pd.concat([own, traded_returns(market, self.week.benchmark, "price")], axis=1, join="inner").to_numpy(
            dtype=float
        )
        return volatility(own.to_numpy(dtype=float)), beta(both[:, 0], both[:, 1])


def mean_amount(prices: Prices, symbol: str) -> float | None:
    """Mean amount (CNY) of the sessions among the last 20 on which `symbol` traded; None without amounts or trading."""
    if prices.amount is None or symbol not in prices.amount:
        return None
    last = slice(-AMOUNT_SESSIONS, None)
    amounts = prices.amount[symbol].iloc[last][prices.close[symbol].iloc[last].notna()]
    return None if amounts.empty or amounts.isna().any() else float(amounts.mean())


def typed_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with the types of the screen columns: text `string`, numbers `float64`, days `Int64`."""
    kinds = {"text": "string", "number": "float64"}
    dtypes = {name: kinds[_KINDS.get(name, "number")] for name in frame.columns}
    if "listed_days" in dtypes:
        dtypes["listed_days"] = "Int64"
    return frame.astype(dtypes)


def flagged_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The typed rows with FLAGS before the gap, or without that column where no row has a flag."""
    flags = frame.pop(FLAGS) if FLAGS in frame else pd.Series(None, index=frame.index, dtype=object)
    if flags.notna().any():
        frame.insert(frame.columns.get_loc("gap"), FLAGS, flags)  # type: ignore[arg-type]
    return typed_frame(frame)


def join_screens(screens: Sequence[Screen]) -> Screen:
    """The tables of several theses under each other; a name of two theses has a row in each."""
    first, notes = screens[0], dict.fromkeys(note.code for each in screens for note in each.basis)
    return replace(
        first,
        frame=flagged_frame(pd.concat([each.frame for each in screens], ignore_index=True)),
        as_of=max(each.as_of for each in screens),
        theses=tuple(thesis for each in screens for thesis in each.theses),
        scales=tuple(scale for each in screens for scale in each.scales),
        gaps=tuple(gap for each in screens for gap in each.gaps),
        prices={slug: prices for each in screens for slug, prices in each.prices.items()},
        basis=tuple(next(note for each in screens for note in each.basis if note.code == code) for code in notes),
        screened=sum(each.screened for each in screens),
    )


def check_narrowing(
    columns: Mapping[str, ColumnType], *, where: str | None = None, sort: str | None = None, top: int | None = None
) -> None:
    """UsageError for a filter that cannot be read, a sort column that is not there, or a `top` below 1."""
    if where is not None:
        parse_where(where, columns)
    if sort is not None and column_named(sort.removeprefix("-"), columns) not in columns:
        raise UsageError("screen_sort_unknown", name=sort.removeprefix("-"), known=known_columns(columns))
    if top is not None and top < 1:
        raise UsageError("screen_top", value=top)


def _meanings(screen: Screen) -> dict[str, dict[str, str]]:
    """The id of each bucket by its names, and each rating by its English word."""
    buckets = {word: each.id for thesis in screen.theses for each in thesis.buckets for word in (each.name_en, each.name)}
    bands = {band.rating_en: band.rating for scale in screen.scales for band in (*scale.stock.bands, *scale.industry.bands)}
    return {"bucket": buckets, "band_so_far": bands}


def narrow(screen: Screen, *, where: str | None = None, sort: str | None = None, top: int | None = None) -> Screen:
    """The rows for which `where` is true, in the order of the column `sort` (`-column` descending), the first `top`.

    Rows without a figure in the sort column come last; equal ones keep their order. Errors: see `check_narrowing`.
    """
    check_narrowing(screen.columns, where=where, sort=sort, top=top)
    frame, unknown = screen.frame, list[str]()
    if where is not None:
        unknown = [name for name in screen.columns if re.search(rf"\b{name}\b", where) and frame[name].isna().all()]
        frame = select(frame, parse_where(where, screen.columns, values=_meanings(screen)))
    if sort is not None:
        column, ascending = column_named(sort.removeprefix("-"), screen.columns), not sort.startswith("-")
        frame = frame.sort_values(column, ascending=ascending, kind="stable", na_position="last")
    frame = frame.head(top) if top is not None else frame
    kept = set(zip(frame["symbol"], frame["thesis"].astype(object).where(frame["thesis"].notna(), None), strict=True))
    gaps = tuple(each for each in screen.gaps if (each.symbol, each.thesis) in kept)
    return replace(screen, frame=frame.reset_index(drop=True), gaps=gaps, unknown=tuple(unknown))
