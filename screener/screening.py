"""Start here: thesis → prices → performance → rating → outcome | week, in one straight line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from screener.judgement.listings import judge_listings, symbols_by_calendar
from screener.judgement.outcome import ListingRow, Outcome, judge
from screener.judgement.span import weekly_start
from screener.judgement.stages import OUTCOME_ROWS, WEEK_ROWS, check_stage
from screener.judgement.week import Week, last_complete_week, measure_week, week_sessions
from screener.judgement.week_facts import build_ranking_dates
from screener.measures.industries import Ranking, industries, rank_industries
from screener.measures.quotes import build_market
from screener.prices.prices import LOOKBACK, Prices, PriceSource
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import load_calendar
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

if TYPE_CHECKING:
    from screener.judgement.events import EventStudy
    from screener.thesis.policies import PolicyBook

# A rank among fewer industries than this says nothing; a house that merges some ranks 27 of the 31.
FEWEST_INDUSTRIES = 20
NO_PROXIES: Mapping[str, str] = MappingProxyType({})


def check_outcome(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    *,
    published: dt.date | None = None,
    as_of: dt.date | None = None,
    today: dt.date,
    proxies: Mapping[str, str] = NO_PROXIES,
) -> Outcome:
    """Check the rating outcome of `thesis`, as if published on `published`, with what was known on `as_of`.

    `proxies`: benchmark of another market → the symbol that the reader names to stand in for it.
    """
    published = known_day(published or thesis.published)
    as_of = known_session(thesis, scale, source, as_of=as_of, today=today)
    prices = load_prices(thesis, scale, source, published=published, as_of=as_of)
    outcome = judge(thesis, scale, prices, published=published, as_of=as_of)
    check_stage(OUTCOME_ROWS, outcome.rows)
    others, notes = check_listings(thesis, scale, source, published=published, as_of=as_of, proxies=proxies)
    return replace(outcome, other_markets=others, other_notes=tuple(note for note in notes if note not in prices.notes))


def check_listings(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    *,
    published: dt.date,
    as_of: dt.date,
    proxies: Mapping[str, str] = NO_PROXIES,
) -> tuple[tuple[ListingRow, ...], tuple[Note, ...]]:
    """Judge the second listings in other markets, each on its own sessions and against its own benchmark; with notes."""
    prices = {}
    for calendar, symbols in symbols_by_calendar(thesis, scale, proxies).items():
        sessions = load_calendar(calendar)
        start = sessions.shift(sessions.last_on_or_before(min(published, as_of)) or as_of, -LOOKBACK)
        prices[calendar] = source.load(symbols, start=start, end=as_of)
    rows = judge_listings(thesis, scale, prices, published=published, as_of=as_of, proxies=proxies)
    return rows, tuple(note for each in prices.values() for note in each.notes)


def check_week(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    *,
    day: dt.date | None = None,
    published: dt.date | None = None,
    today: dt.date,
) -> Week:
    """Measure the week that holds `day`; by default the last complete week in the prices."""
    published = known_day(published or thesis.published)
    last = known_session(thesis, scale, source, as_of=None, today=today)
    calendar = load_calendar()
    sessions = week_sessions(calendar, day or last_complete_week(calendar, last), last)
    prices = load_prices(
        thesis, scale, source, published=published, as_of=sessions[-1], since=weekly_start(calendar, sessions[-1])
    )
    week = measure_week(thesis, scale, prices, day=sessions[-1], published=published, as_of=sessions[-1])
    check_stage(WEEK_ROWS, week.rows)
    return week


def check_events(
    thesis: Thesis,
    scale: RatingScale,
    book: PolicyBook,
    source: PriceSource,
    *,
    as_of: dt.date | None = None,
    today: dt.date,
    seed: int = 0,
) -> EventStudy:
    """Measure the policies of `book` on the thesis's indices and baskets, with what was known on `as_of`."""
    from screener.judgement.events import study_events

    as_of = known_session(thesis, scale, source, as_of=as_of, today=today)
    first = load_calendar().first_on_or_after(min(policy.first_day for policy in book.policies)) or as_of
    start = load_calendar().shift(min(first, as_of), -LOOKBACK)
    prices = source.load(thesis.symbols(scale), start=start, end=as_of)
    return study_events(thesis, scale, book, prices, as_of=as_of, seed=seed)


def known_day(published: dt.date) -> dt.date:
    """The publication date itself; UsageError for one before the first session on record, which has no base date."""
    calendar = load_calendar()
    if published < calendar.first_day:
        raise UsageError("beyond_calendar", day=published, first=calendar.first_day, last=calendar.last_day)
    return published


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


def load_rankings(week: Week, source: PriceSource) -> tuple[Ranking | None, Ranking | None]:
    """The ranks of the 申万 industries this week and the week before; None where the source lacks most of the indices."""
    first, middle, last = build_ranking_dates(week)
    prices = source.load([each.symbol for each in industries()], start=first, end=last)
    if len(prices.close.columns) - len(prices.gaps) < FEWEST_INDUSTRIES:
        return None, None
    market = build_market(prices)
    return rank_industries(market, start=middle, end=last), rank_industries(market, start=first, end=middle)
