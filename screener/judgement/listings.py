"""Second listings in other markets of the standard, judged against the benchmark it names for each.

Each side uses its own last close on or before the same calendar date (publication, and publication + n months), at most
five sessions of its own market old; both dates are given. Prices are in each side's local currency, nothing is converted.
A benchmark without data is a gap; another index stands in for it only where the reader has named it (`proxies`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screener.judgement.outcome import ListingRow, Status, judge_status
from screener.measures.quotes import MAX_AGE, Market, Quote, build_market, find_break
from screener.measures.returns import excess_return, geometric_excess, simple_return
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap, UsageError
from screener.terms.sessions import add_months, as_date, load_calendar
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import RatingScale, is_near_edge, rate
from screener.thesis.thesis import Candidate, Listing, Thesis


@dataclass(frozen=True)
class _Side:
    """One side of a comparison: its quotes at both dates, or why there is no return."""

    start: Quote | None = None
    end: Quote | None = None
    gap: Gap | None = None

    @property
    def value(self) -> float | None:
        return simple_return(self.start.level, self.end.level) if self.start and self.end and self.gap is None else None


def parse_proxies(pairs: Sequence[str], thesis: Thesis, scale: RatingScale) -> dict[str, str]:
    """`BENCHMARK=SYMBOL` words as a mapping; UsageError for another form or a benchmark that no listing is judged by."""
    named = {benchmark_of(listing, scale) for _, listing in listings(thesis)}
    proxies = {}
    for pair in pairs:
        benchmark, equals, symbol = pair.partition("=")
        if not equals or "." not in symbol:
            raise UsageError("proxy_form", value=pair)
        if benchmark not in named:
            raise UsageError("proxy_unknown", value=benchmark, known=", ".join(sorted(named)))
        proxies[benchmark] = str(parse_symbol(symbol))
    return proxies


def listings(thesis: Thesis) -> tuple[tuple[Candidate, Listing], ...]:
    """Every second listing with its candidate, in the order of the file."""
    return tuple((candidate, listing) for candidate in thesis.candidates for listing in candidate.listings)


def benchmark_of(listing: Listing, scale: RatingScale) -> str:
    """The benchmark that the listing chooses, else the first that the standard names for its market."""
    return listing.benchmark or scale.market(listing.market).benchmarks[0].symbol or ""


def symbols_by_calendar(thesis: Thesis, scale: RatingScale, proxies: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What must be read for the listings, by session table: the listings, their benchmarks, and named proxies."""
    wanted: dict[str, list[str]] = {}
    for _, listing in listings(thesis):
        benchmark = benchmark_of(listing, scale)
        for symbol in (listing.symbol, benchmark, proxies.get(benchmark)):
            if symbol:
                wanted.setdefault(parse_symbol(symbol).market, []).append(symbol)
    return {calendar: tuple(dict.fromkeys(symbols)) for calendar, symbols in wanted.items()}


def judge_listings(
    thesis: Thesis,
    scale: RatingScale,
    prices: Mapping[str, Prices],
    *,
    published: dt.date,
    as_of: dt.date,
    proxies: Mapping[str, str],
) -> tuple[ListingRow, ...]:
    """Every second listing at every horizon, `price` and `total`, using nothing after `as_of`; `prices` by session table.

    Judged on the stock scale against a price index, so `total` rows are of mixed basis and flagged. A named proxy is used
    only where the benchmark itself has no data.
    """
    markets = {calendar: build_market(each.cut(as_of)) for calendar, each in prices.items()}
    check = _Check(scale, markets, published, as_of, proxies)
    return tuple(
        check.row(candidate, listing, series, months)
        for candidate, listing in listings(thesis)
        for series in ("price", "total")
        for months in scale.window.horizons
    )


def last_close(market: Market, symbol: str, day: dt.date, *, series: SeriesName) -> Quote | Gap:
    """The last close of `symbol` on or before the calendar date `day`, at most five sessions of its own market old."""
    prices = market.prices
    if symbol in prices.gaps:
        return prices.gaps[symbol]
    closes = prices.close[symbol].to_numpy(dtype=float)
    position = int(prices.close.index.searchsorted(np.datetime64(day), side="right"))
    known = np.flatnonzero(~np.isnan(closes[:position]))
    if not len(known):
        return Gap("no_data", "no_earlier_close", {"symbol": symbol, "day": day})
    last = int(known[-1])
    date = as_date(prices.close.index[last])
    if prices.calendar.count_between(date, day) > MAX_AGE:
        return Gap("stale", "stale_close", {"symbol": symbol, "day": day, "last": date})
    return Quote(date, float(closes[last]), date, float(market.levels[series][symbol].iloc[last]))


@dataclass(frozen=True, eq=False)
class _Check:
    """The fixed facts of one check of listings."""

    scale: RatingScale
    markets: Mapping[str, Market]
    published: dt.date
    as_of: dt.date
    proxies: Mapping[str, str]

    def row(self, candidate: Candidate, listing: Listing, series: SeriesName, months: int) -> ListingRow:
        benchmark = benchmark_of(listing, self.scale)
        against = self.measured_against(benchmark)
        end_day = add_months(self.published, months)
        status, due = self.status(listing, months)
        own = self.side(listing.symbol, series, end_day, due=due)
        other = self.side(against, "price", end_day, due=due)
        gap = own.gap or (self.of_benchmark(other.gap, benchmark, against) if other.gap else None)
        excess = geometric = band = None
        flags = list(self.flags(listing, series, benchmark, against, own, other))
        if gap is None and own.value is not None and other.value is not None:
            excess, geometric = excess_return(own.value, other.value), geometric_excess(own.value, other.value)
            band = rate(excess, self.scale.stock)
            flags += ["near_edge"] if is_near_edge(excess, self.scale.stock) else []
            flags += ["form_differs"] if rate(geometric, self.scale.stock) != band else []
        return ListingRow(
            subject=listing.symbol,
            listing_of=candidate.symbol,
            kind="listing",
            name=candidate.name,
            market=listing.market,
            currency=self.scale.market(listing.market).currency,
            benchmark_currency=self.currency(against),
            series=series,
            benchmark=benchmark,
            measured_against=against,
            horizon_months=months,
            base_day=self.published,
            end_day=end_day,
            base_close=own.start.close if own.start else None,
            base_close_date=own.start.close_date if own.start else None,
            benchmark_base_close_date=other.start.close_date if other.start else None,
            end_close=own.end.close if own.end else None,
            end_close_date=own.end.close_date if own.end else None,
            benchmark_end_close_date=other.end.close_date if other.end else None,
            own_return=own.value,
            benchmark_return=other.value if gap is None else None,
            excess=excess,
            excess_geometric=geometric,
            band=band,
            near_edge="near_edge" in flags,
            status=status,
            gap=gap,
            flags=tuple(flags),
        )

    def measured_against(self, benchmark: str) -> str:
        """The benchmark, or the named proxy where the benchmark has no data at all."""
        market = self.markets[parse_symbol(benchmark).market]
        return self.proxies.get(benchmark, benchmark) if benchmark in market.prices.gaps else benchmark

    def status(self, listing: Listing, months: int) -> tuple[Status, bool]:
        """Status of the listing by its own market's sessions, and whether this horizon is due."""
        calendar = load_calendar(parse_symbol(listing.symbol).market)
        ends = {each: calendar.last_on_or_before(add_months(self.published, each)) for each in self.scale.window.horizons}
        end = ends[months]
        return judge_status(ends, self.as_of, self.scale.window), end is not None and end <= self.as_of

    def side(self, symbol: str, series: SeriesName, end_day: dt.date, *, due: bool) -> _Side:
        """The return of one symbol from the publication date to `end_day` on its own sessions; `not_due` until then."""
        market = self.markets[parse_symbol(symbol).market]
        start = last_close(market, symbol, self.published, series=series)
        if isinstance(start, Gap):
            return _Side(gap=start)
        if not due:
            return _Side(start=start, gap=Gap("not_due", "not_due", {"as_of": self.as_of}))
        end = last_close(market, symbol, end_day, series=series)
        if isinstance(end, Gap):
            return _Side(start=start, gap=end)
        broken = find_break(market.prices, symbol, start.close_date, end.close_date, series=series)
        return _Side(start=start, end=end, gap=broken)

    def of_benchmark(self, gap: Gap, benchmark: str, against: str) -> Gap:
        """A benchmark without any price is `no_benchmark` and says how to name a proxy; other gaps keep their code."""
        if gap.code != "no_data":
            return gap
        code = "no_benchmark_here" if against == benchmark else "no_proxy"
        return Gap("no_benchmark", code, {"symbol": benchmark, "proxy": against})

    def currency(self, symbol: str) -> str | None:
        market = self.scale.market_of_exchange(parse_symbol(symbol).exchange)
        return market.currency if market else None

    def flags(
        self, listing: Listing, series: SeriesName, benchmark: str, against: str, own: _Side, other: _Side
    ) -> Iterator[str]:
        yield "local_currency"
        currency = self.currency(against)
        if currency is not None and currency != self.scale.market(listing.market).currency:
            yield "currency_differs"
        if against != benchmark:
            yield "proxy_benchmark"
        if series == "total":
            yield "mixed_basis"
        pairs = ((own.start, other.start), (own.end, other.end))
        if any(mine and its and mine.close_date != its.close_date for mine, its in pairs):
            yield "dates_differ"
