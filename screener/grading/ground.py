"""What ratings are graded on: prices read once, as a panel, and the facts of the ratings' own dates and standards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from screener.grading.arrays import Facts, Standards
from screener.grading.census import Contents
from screener.grading.facts import CALENDAR, build_facts, shelves
from screener.grading.panel_cache import Market, find_panel, keep_panel, panel_key
from screener.grading.standards import Editions, build_standards
from screener.measures.cells import Panel
from screener.measures.industries import industries
from screener.measures.panel import build_panel, last_seen
from screener.prices.prices import LOOKBACK, GroupedSource, ManyPrices, ManySource, Prices, PriceSource
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import Calendar, load_calendar
from screener.terms.symbols import parse_symbol

# Which source to read prices from, given the symbols of the ratings and the first publication date.
Choose = Callable[[Sequence[str], dt.date], PriceSource]


@dataclass(frozen=True, eq=False)
class Ground:
    """The facts that ratings are graded on, the as-of date, what the prices are, and what must be said.

    `is_behind`: the prices end before the as-of date that was asked for.
    """

    facts: Facts
    as_of: dt.date
    kind: str
    name: str
    notes: tuple[Note, ...]
    universe: int
    is_behind: bool = False

    @property
    def panel(self) -> Panel:
        """Every price."""
        return self.facts.panel


def prepare(
    rated: Contents,
    source: PriceSource,
    editions: Editions,
    *,
    as_of: dt.date | None,
    today: dt.date,
    whole_market: bool = False,
    with_closes: bool = False,
) -> Ground:
    """Read the prices of every rated symbol and benchmark once and work out the facts.

    The as-of date is the one asked for, or the last session on which a benchmark and some stock both have a price; never later
    than that. A symbol whose files end earlier is judged as of their end. UsageError for one after `today`, the last finished
    session's date; ScreenerError without any price.
    """
    calendar = load_calendar(CALENDAR)
    if as_of is not None and (as_of > today or calendar.last_on_or_before(as_of) is None):
        raise UsageError("as_of_unknown", as_of=as_of, today=today)
    stop = calendar.last_on_or_before(min(as_of or today, today, calendar.last_day))
    if stop is None:
        raise ScreenerError("no_prices", kind=source.kind)
    standards = build_standards(editions, rated.words, list(shelves(rated.symbols).values()))
    start = _start(rated, source, standards, calendar, stop)
    symbols = _wanted(rated, source, standards, whole_market)
    market = _market(source, symbols, start=start, stop=stop, with_closes=with_closes)
    panel, judged = market.panel, market.as_of
    facts = build_facts(
        panel, calendar, standards, symbols=rated.symbols, published=rated.published, as_of=judged, ends=market.ends
    )
    notes = (*market.notes, *_said(market.ends, judged, stop if as_of is not None else None))
    universe = sum(parse_symbol(symbol).kind == "stock" for symbol in panel.symbols)
    return Ground(facts, judged, market.kind, market.name, notes, universe, judged < stop and as_of is not None)


def _market(source: PriceSource, symbols: tuple[str, ...], *, start: dt.date, stop: dt.date, with_closes: bool) -> Market:
    """The panel of `symbols`, kept from the last run where nothing has changed since; ScreenerError without a price."""
    key = panel_key(source, symbols=symbols, start=start, stop=stop, closes=with_closes)
    kept = None if key is None else find_panel(key)
    if kept is not None:
        return kept
    many = load_many(source, symbols, start=start, end=stop)
    ends = _ends(source, many.prices)
    judged = min(stop, _reach(many.prices, ends, source.kind))
    cut = ManyPrices(many.prices.cut(judged), {symbol: day for symbol, day in many.faults.items() if day <= judged})
    panel = build_panel(cut, ends, with_closes=with_closes)
    market = Market(panel, judged, ends, many.prices.kind, many.prices.name, many.prices.notes)
    if key is not None:
        keep_panel(key, market)
    return market


def _ends(source: PriceSource, prices: Prices) -> dict[str, dt.date]:
    """Symbol → the last session on record of the files that it is read from, where the source has several groups of them."""
    own = getattr(source, "source", source)
    if not isinstance(own, GroupedSource):
        return {}
    stocks = [symbol for symbol in prices.close.columns if parse_symbol(symbol).kind == "stock" and symbol not in prices.gaps]
    groups = {symbol: own.group_of(symbol) for symbol in stocks}
    ends = {group: own.group_end(group) for group in set(groups.values())}
    known = {symbol: ends[group] for symbol, group in groups.items()}
    return {symbol: end for symbol, end in known.items() if end is not None}


def _reach(prices: Prices, ends: Mapping[str, dt.date], kind: str) -> dt.date:
    """The last session on which a benchmark and some stock have a price; ScreenerError without any."""
    stocks = max(ends.values()) if ends else last_seen(prices, "stock")
    known = [day for day in (last_seen(prices, "index"), stocks) if day]
    if not known:
        raise ScreenerError("no_prices", kind=kind)
    return min(known)


def _said(ends: Mapping[str, dt.date], judged: dt.date, asked: dt.date | None) -> Iterator[Note]:
    """That the prices end before what was asked for, and which names end before the others."""
    if asked is not None and judged < asked:
        yield Note("grade_prices_end", {"asked": asked, "day": judged})
    for day in sorted({day for day in ends.values() if day < judged}):
        yield Note("grade_group_ends", {"count": f"{sum(end == day for end in ends.values()):,}", "day": day, "as_of": judged})


def _start(rated: Contents, source: PriceSource, standards: Standards, calendar: Calendar, stop: dt.date) -> dt.date:
    """From where prices are needed: some sessions before the first rating, but not before any benchmark has a price.

    So that one rating of 2004 costs nothing: without its benchmark it has no figure.
    """
    first = min(max(rated.published[0], calendar.first_day), stop)
    start = calendar.shift(calendar.last_on_or_before(first) or calendar.first_day, -LOOKBACK)
    benchmarks = _benchmarks(rated, standards)
    if not benchmarks or standards.absolute.any() or standards.needs_industry.any():
        return start
    prices = load_many(source, benchmarks, start=start, end=stop).prices
    return max(start, calendar.shift(prices.first, -LOOKBACK))


def _benchmarks(rated: Contents, standards: Standards) -> tuple[str, ...]:
    """Every index that some rating is measured against, its industry's apart."""
    symbols = list(shelves(rated.symbols).values())
    found = (plan.compare(symbol).symbol for plan in standards.plans for symbol in symbols)
    return tuple(dict.fromkeys(each for each in found if each))


def _wanted(rated: Contents, source: PriceSource, standards: Standards, whole_market: bool) -> tuple[str, ...]:
    """Benchmarks, rated symbols on the mainland calendar, and the rest of the market if asked for."""
    own = [symbol for symbol in rated.symbols if parse_symbol(symbol).market == CALENDAR]
    rest = source.symbols() if whole_market and isinstance(source, ManySource) else ()
    level_one = [each.symbol for each in industries()] if any(plan.kind == "index" for plan in standards.plans) else []
    return tuple(dict.fromkeys([*_benchmarks(rated, standards), *own, *rest, *(level_one if whole_market else [])]))


def load_many(source: PriceSource, symbols: tuple[str, ...], *, start: dt.date, end: dt.date) -> ManyPrices:
    """Prices of many symbols; a source that cannot keep faults apart by symbol refuses them all (PriceProblems)."""
    if isinstance(source, ManySource):
        return source.load_many(symbols, start=start, end=end)
    return ManyPrices(source.load(symbols, start=start, end=end))
