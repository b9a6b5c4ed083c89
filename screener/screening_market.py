"""The runs behind `screener screen`: reads the prices of theses, or of a whole market, then measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from screener.judgement.market_screen import LIKE_ON_RECORD, LIKE_SHOWN, MarketNames, find_alike, screen_universe
from screener.judgement.screen import (
    COLUMNS,
    CORRELATION,
    MARKET_COLUMNS,
    SCREEN_LOOKBACK,
    Screen,
    check_narrowing,
    join_screens,
    narrow,
    screen_thesis,
)
from screener.judgement.where import ColumnType
from screener.prices.prices import LOOKBACK, PriceSource
from screener.screening import known_session, load_prices
from screener.sources.folder import MARKET_FILE
from screener.sources.folder_source import FolderSource
from screener.sources.market_file import load_universe
from screener.sources.name_lists import _read_names
from screener.store.source import StoreSource
from screener.store.universe import a_shares, load_adjusted_universe, names_of
from screener.terms.notes import Note, UsageError
from screener.terms.sessions import as_date, load_calendar
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

UNIVERSES = ("a-shares",)
# What a store says of itself when part of the market is not in it, or not up to the day.
INCOMPLETE = frozenset({"screen_store_no_list", "screen_store_lacks", "screen_store_behind"})
Pairs = Sequence[tuple[Thesis, RatingScale]]


def open_screen(
    theses: Pairs,
    source: PriceSource,
    *,
    where: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    universe: str | None = None,
    like: str | None = None,
    as_of: dt.date | None = None,
    today: dt.date,
) -> Screen:
    """Screen the candidates of `theses`, or with `universe` or `like` a whole market, then filter, sort and cut.

    The filter and the sort column are read first, so that a mistake in them costs no waiting. Look-alikes come the most
    alike first, LIKE_SHOWN of them, unless asked otherwise.
    """
    is_market = universe is not None or like is not None
    columns: dict[str, ColumnType] = dict(MARKET_COLUMNS if is_market else COLUMNS)
    columns |= {CORRELATION: "number"} if like else {}
    check_narrowing(columns, where=where, sort=sort, top=top)
    if not is_market:
        return narrow(check_screen(theses, source, as_of=as_of, today=today), where=where, sort=sort, top=top)
    screen = check_market(theses, source, universe=universe or UNIVERSES[0], like=like, as_of=as_of, today=today)
    return narrow(screen, where=where, sort=sort, top=top or (LIKE_SHOWN if like else None))


def check_screen(theses: Pairs, source: PriceSource, *, as_of: dt.date | None = None, today: dt.date) -> Screen:
    """Every candidate of `theses` on the as-of date: by default the last session that every thesis's prices reach."""
    sessions = [known_session(thesis, scale, source, as_of=as_of, today=today) for thesis, scale in theses]
    day = min(sessions)
    screens = []
    for thesis, scale in theses:
        since = load_calendar().shift(day, -SCREEN_LOOKBACK)
        prices = load_prices(thesis, scale, source, published=thesis.published, as_of=day, since=since)
        screens.append(screen_thesis(thesis, scale, prices, published=thesis.published, as_of=day))
    return join_screens(screens)


def check_market(
    theses: Pairs, source: PriceSource, *, universe: str, like: str | None = None, as_of: dt.date | None = None, today: dt.date
) -> Screen:
    """Every name of the market that `source` holds, or with `like` those that moved most like a bucket.

    UsageError for an unknown universe, several theses, or prices without a whole market in them.
    """
    if universe not in UNIVERSES:
        raise UsageError("screen_universe_unknown", name=universe, known=", ".join(UNIVERSES))
    if len(theses) != 1:
        raise UsageError("screen_one_thesis", count=len(theses))
    thesis, scale = theses[0]
    own = _market_source(source)
    last = known_session(thesis, scale, source, as_of=as_of, today=today)
    if isinstance(own, FolderSource):
        market = load_universe(own.folder, benchmark=thesis.benchmark(scale), end=last)
        names = MarketNames(*_read_names(own.folder))
    else:
        start = first_session(thesis.published, last, like=like is not None)
        market = load_adjusted_universe(own, benchmark=thesis.benchmark(scale), start=start, end=last)
        names = MarketNames(*names_of(own.store, market.symbols))
    known = as_date(market.sessions[-1])
    if like is None:
        screen = screen_universe(market, thesis, scale, market=names, published=thesis.published, as_of=known)
    else:
        screen = find_alike(market, thesis, scale, like, market=names, published=thesis.published, as_of=known)
    lacks = any(note.code in INCOMPLETE for note in screen.basis)
    screen = replace(screen, is_incomplete=screen.is_incomplete or lacks)
    if known == last:
        return screen
    ends = Note("screen_market_ends", {"file": market.name if market.known else MARKET_FILE, "last": known, "asked": last})
    return replace(screen, basis=(ends, *screen.basis), is_incomplete=screen.is_incomplete or as_of is not None)


def _market_source(source: PriceSource) -> FolderSource | StoreSource:
    """The folder or store behind `source`; UsageError for another, and for a store without stocks."""
    own = getattr(source, "source", source)
    if isinstance(own, FolderSource):
        return own
    if not isinstance(own, StoreSource):
        raise UsageError("screen_needs_market", kind=source.kind, file=MARKET_FILE)
    a_shares(own.store)
    return own


def first_session(published: dt.date, as_of: dt.date, *, like: bool) -> dt.date:
    """The first session that the screen of a stored market reads: as for candidates, for look-alikes the year before it too."""
    calendar = load_calendar()
    base = min(calendar.last_on_or_before(published) or as_of, as_of)
    before_base = calendar.shift(base, -(LIKE_ON_RECORD if like else LOOKBACK))
    return min(before_base, calendar.shift(as_of, -SCREEN_LOOKBACK))
