"""What a run reads: its as-of session, the prices of a thesis, of its second listings, of the industries, of a whole market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from screener.judgement.listings import symbols_by_calendar
from screener.judgement.market_screen import LIKE_ON_RECORD, MarketNames
from screener.judgement.screen import SCREEN_LOOKBACK
from screener.judgement.span import weekly_start
from screener.measures.industries import industries, rank_industries
from screener.measures.quotes import build_market
from screener.measures.universe import IndexHistory, Universe
from screener.prices.prices import LOOKBACK, Prices, PriceSource
from screener.sources.bundled_universe import BASE, load_bundled_history, load_bundled_universe
from screener.sources.folder_source import FolderSource
from screener.sources.index_history import EMPTY_HISTORY, load_index_history
from screener.sources.loaded import LoadedSource, Rankings, choose_symbols, is_plain, join_prices
from screener.sources.market_file import load_known_universe, load_universe
from screener.sources.market_rows import MARKET_FILE
from screener.sources.name_lists import _read_names
from screener.store.source import StoreSource
from screener.store.universe import a_shares, load_adjusted_universe, load_store_universe, names_of
from screener.terms.notes import InputProblems, ScreenerError, UsageError
from screener.terms.sessions import as_date, load_calendar
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

# A rank among fewer industries than this says nothing; a house that merges some ranks 27 of the 31.
FEWEST_INDUSTRIES = 20
# The word for the bundled universe, and how many symbols a store holds at least that is a market to draw from.
BUNDLED, WHOLE_MARKET = "bundled", 1000


def known_session(thesis: Thesis, scale: RatingScale, source: PriceSource, *, as_of: dt.date | None, today: dt.date) -> dt.date:
    """The as-of session: the one asked for, or the last on which the benchmark and some candidate both have a price.

    `today` is the last finished session's date; UsageError for an as-of date after it.
    """
    calendar = load_calendar()
    if as_of is not None:
        session = calendar.last_on_or_before(as_of)
        if as_of > today or session is None:
            raise UsageError("as_of_unknown", as_of=as_of, today=today)
        return session
    benchmark = source.last_session(thesis.benchmark(scale))
    stocks = [day for day in (source.last_session(symbol) for symbol in thesis.members("all")) if day]
    known = [day for day in (benchmark, max(stocks, default=None), today) if day]
    session = calendar.last_on_or_before(min(known))
    if session is None or not (benchmark or stocks):
        raise ScreenerError("no_prices", kind=source.kind)
    return session


def load_prices(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    *,
    published: dt.date,
    as_of: dt.date,
    since: dt.date | None = None,
) -> Prices:
    """The prices of every symbol of the thesis, from LOOKBACK sessions before the base date, or the as-of date, if earlier.

    `since` asks for more: a weekly report before publication looks further back than LOOKBACK.
    """
    calendar = load_calendar()
    base = calendar.last_on_or_before(published) or as_of
    start = calendar.shift(min(base, as_of), -LOOKBACK)
    return source.load(thesis.symbols(scale), start=min(start, since or start), end=as_of)


def load_listings(
    thesis: Thesis, scale: RatingScale, source: PriceSource, *, published: dt.date, as_of: dt.date, proxies: Mapping[str, str]
) -> dict[str, Prices]:
    """The prices of the second listings in other markets and of their benchmarks, by calendar."""
    prices = {}
    for calendar, symbols in symbols_by_calendar(thesis, scale, proxies).items():
        sessions = load_calendar(calendar)
        start = sessions.shift(sessions.last_on_or_before(min(published, as_of)) or as_of, -LOOKBACK)
        prices[calendar] = source.load(symbols, start=start, end=as_of)
    return prices


def load_week(thesis: Thesis, scale: RatingScale, source: PriceSource, *, published: dt.date, end: dt.date) -> Prices:
    """The prices that the report of the week which ends on `end` counts from."""
    since = weekly_start(load_calendar(), end)
    return load_prices(thesis, scale, source, published=published, as_of=end, since=since)


def load_rankings(source: PriceSource, end: dt.date) -> Rankings:
    """The ranks of the 申万 industries in the week that ends on `end` and the week before; None where most indices lack.

    A source that has read for many theses remembers them.
    """
    if not isinstance(source, LoadedSource):
        return _rank_weeks(source, end)
    if end not in source.rankings:
        source.rankings[end] = _rank_weeks(source, end)
    return source.rankings[end]


def _rank_weeks(source: PriceSource, end: dt.date) -> Rankings:
    first, middle, last = load_calendar().last_week_ends(end, 3)
    prices = source.load([each.symbol for each in industries()], start=first, end=last)
    if len(prices.close.columns) - len(prices.gaps) < FEWEST_INDUSTRIES:
        return None, None
    market = build_market(prices)
    return rank_industries(market, start=middle, end=last), rank_industries(market, start=first, end=middle)


def load_market(
    thesis: Thesis, scale: RatingScale, source: PriceSource, *, end: dt.date, like: bool
) -> tuple[Universe, MarketNames]:
    """The whole market behind `source` until `end`, with names; with `like` a year before the base date too.

    UsageError for a source that is neither folder nor store, and for a store without stocks.
    """
    own, benchmark = innermost(source), thesis.benchmark(scale)
    start = _market_start(thesis.published, end, like=like)
    if isinstance(own, FolderSource):
        market = load_known_universe(own, benchmark=benchmark, start=start, end=end)
        return _with_rulers(market, thesis, scale, own), MarketNames(*_read_names(own.folder))
    if not isinstance(own, StoreSource):
        raise UsageError("screen_needs_market", kind=source.kind, file=MARKET_FILE)
    a_shares(own.store)
    market = load_adjusted_universe(own, benchmark=benchmark, start=start, end=end)
    return _with_rulers(market, thesis, scale, own), MarketNames(*names_of(own.store, market.symbols))


def _with_rulers(market: Universe, thesis: Thesis, scale: RatingScale, source: PriceSource) -> Universe:
    """The same universe with the other indices that the thesis's standard may measure a name against."""
    names = thesis.members("all")
    others = [each for each in thesis.symbols(scale) if each not in names and each != market.benchmark_symbol]
    if not others:
        return market
    prices = source.load(others, start=as_date(market.sessions[0]), end=as_date(market.sessions[-1]))
    held = [symbol for symbol in others if symbol in prices.close and symbol not in prices.gaps]
    return replace(market, rulers={symbol: prices.close[symbol].to_numpy(dtype=float) for symbol in held})


def _market_start(published: dt.date, as_of: dt.date, *, like: bool) -> dt.date:
    """The first session that the screen of a stored market reads: as for candidates, for look-alikes the year before it too."""
    calendar = load_calendar()
    base = min(calendar.last_on_or_before(published) or as_of, as_of)
    before_base = calendar.shift(base, -(LIKE_ON_RECORD if like else LOOKBACK))
    return min(before_base, calendar.shift(as_of, -SCREEN_LOOKBACK))


def load_chance(universe: str, *, benchmark: str, end: dt.date, store: Path | None = None) -> tuple[Universe, IndexHistory]:
    """The universe that a word names, with the industry indices beside it; the store keeps no such history.

    `universe`: bundled (the market of one base date), store, or a folder.
    """
    if universe == BUNDLED:
        return load_bundled_universe(benchmark=benchmark), load_bundled_history(benchmark=benchmark, end=end)
    if universe == "store":
        return load_store_universe(store, benchmark=benchmark, end=end), EMPTY_HISTORY
    folder = Path(universe)
    market = load_universe(folder, benchmark=benchmark, end=end)
    return market, load_index_history(folder, benchmark=benchmark, end=end)


def load_history(source: PriceSource, *, benchmark: str, end: dt.date) -> IndexHistory:
    """The industry indices beside `source`: those of its folder, else the bundled ones."""
    own = innermost(source)
    found = load_index_history(own.folder, benchmark=benchmark, end=end) if isinstance(own, FolderSource) else EMPTY_HISTORY
    return found if found.symbols else load_bundled_history(benchmark=benchmark, end=end)


def innermost(source: PriceSource) -> PriceSource:
    """The source itself behind what adds notes to it or holds its prices."""
    inner = getattr(source, "source", None)
    return source if inner is None else innermost(inner)


def universe_at_hand(source: PriceSource, base: dt.date | None, *, store: Path | None = None) -> str | None:
    """Where random baskets may come from beside `source`: its folder's market file, a store that holds the market, or the
    bundled market where `base` is its date; None without any.
    """
    own = innermost(source)
    if isinstance(own, FolderSource) and (own.folder / MARKET_FILE).is_file():
        return str(own.folder)
    if isinstance(own, StoreSource) and len(own.store.symbols()) >= WHOLE_MARKET:
        return "store"
    return BUNDLED if base == BASE else None


def read_once(
    theses: Sequence[tuple[Thesis, RatingScale]], source: PriceSource, *, today: dt.date
) -> tuple[PriceSource, Prices | None]:
    """A source that has read the prices of all `theses` together, and these; the same source, and None, where they hold faults.

    A fault of one file must not hide the theses that do not use it: they are then read one by one. A source that has read
    already stays as it is.
    """
    if isinstance(source, LoadedSource):
        return source, source.prices
    calendar = load_calendar()
    symbols = tuple(dict.fromkeys(symbol for thesis, scale in theses for symbol in thesis.symbols(scale)))
    benchmarks = {thesis.benchmark(scale) for thesis, scale in theses}
    lasts = [day for day in map(source.last_session, (*benchmarks, *symbols[:1])) if day]
    end = calendar.last_on_or_before(min(max(lasts), today)) if lasts else None
    if end is None:
        return source, None
    starts = [calendar.shift(calendar.last_on_or_before(thesis.published) or end, -LOOKBACK) for thesis, _ in theses]
    try:
        prices = _load_all(source, symbols, start=min(*starts, weekly_start(calendar, end)), end=end)
    except InputProblems:
        return source, None
    own = innermost(source)
    known = (own.files_of(symbols), own.others) if isinstance(own, FolderSource) else ()
    return LoadedSource(source, prices, *known), prices


def _load_all(source: PriceSource, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
    """The prices of very many symbols: names that stand only in a whole-market file are read from it together.

    Such a name with a fault is left out, so that the thesis that wants it meets the fault by itself.
    """
    own = innermost(source)
    together = [each for each in symbols if isinstance(own, FolderSource) and own.group_of(each) == MARKET_FILE]
    if not together or not isinstance(own, FolderSource):
        return source.load(symbols, start=start, end=end)
    single = [each for each in symbols if each not in set(together)]
    many = own.load_many(together, start=start, end=end)
    sound = [each for each in together if each not in many.faults and is_plain(many.prices, each, own.others)]
    return join_prices(source.load(single, start=start, end=end), choose_symbols(many.prices, sound, start=start))
