"""Start here: thesis → prices → measures → judgement → evidence, in one straight line for every question that is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from screener.coverage.chance import Chance, weigh
from screener.coverage.desk import Desk, DeskRow, build_row, named_gaps
from screener.evidence.base_rates import date_rates, industry_rates, stock_rates
from screener.evidence.bases import compare_bases
from screener.evidence.placebo import measure_placebo
from screener.evidence.robustness import measure_robustness
from screener.evidence.sensitivity import measure_sensitivity
from screener.evidence.trust import BASKETS, Trust, check_draws
from screener.judgement.events import EventStudy, study_events
from screener.judgement.judge import judge
from screener.judgement.listings import judge_listings
from screener.judgement.market_screen import LIKE_SHOWN, find_alike, screen_universe
from screener.judgement.outcome import ListingRow, Outcome
from screener.judgement.screen import (
    COLUMNS,
    CORRELATION,
    MARKET_COLUMNS,
    SCREEN_LOOKBACK,
    SINCE,
    VALUES,
    Screen,
    check_narrowing,
    join_screens,
    narrow,
    screen_thesis,
)
from screener.judgement.span import known_day
from screener.judgement.stages import OUTCOME_ROWS, WEEK_ROWS, check_stage
from screener.judgement.week import last_complete_week, led_by, measure_week, week_sessions
from screener.judgement.week_facts import WeeklyFacts, build_facts
from screener.judgement.where import ColumnType
from screener.measures.universe import IndexHistory, Universe
from screener.prices.prices import LOOKBACK, Prices, PriceSource, SeriesName
from screener.sources.market_rows import MARKET_FILE
from screener.sources.reading import (
    known_session,
    load_chance,
    load_history,
    load_listings,
    load_market,
    load_prices,
    load_rankings,
    load_week,
    read_once,
    universe_at_hand,
)
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.sessions import as_date, load_calendar
from screener.thesis.policies import PolicyBook
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

UNIVERSES = ("a-shares",)
# Whole markets held at once: a desk looks at few benchmarks, from few days.
MARKETS_KEPT = 8
NO_PROXIES: Mapping[str, str] = MappingProxyType({})
Pairs = Sequence[tuple[Thesis, RatingScale]]


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
    outcome = judge_from(thesis, scale, source, published=published, as_of=as_of)
    prices = outcome.prices
    others, notes = check_listings(thesis, scale, source, published=published, as_of=as_of, proxies=proxies)
    return replace(outcome, other_markets=others, other_notes=tuple(note for note in notes if note not in prices.notes))


def judge_from(thesis: Thesis, scale: RatingScale, source: PriceSource, *, published: dt.date, as_of: dt.date) -> Outcome:
    """The outcome of `thesis` by the prices of `source`, its rows checked on their way out."""
    prices = load_prices(thesis, scale, source, published=published, as_of=as_of)
    outcome = judge(thesis, scale, prices, published=published, as_of=as_of)
    check_stage(OUTCOME_ROWS, outcome.rows)
    return outcome


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
    prices = load_listings(thesis, scale, source, published=published, as_of=as_of, proxies=proxies)
    rows = judge_listings(thesis, scale, prices, published=published, as_of=as_of, proxies=proxies)
    return rows, tuple(note for each in prices.values() for note in each.notes)


def check_trust(
    outcome: Outcome,
    source: PriceSource,
    *,
    placebo: int | None = None,
    universe: str | None = None,
    seed: int = 0,
    store: Path | None = None,
    chance: Chance | None = None,
) -> Trust:
    """Measure how far to trust an outcome: conventions, base rates, robustness, and chance where a universe is at hand.

    `placebo`: how many random baskets, BASKETS by default; `universe`: `bundled`, `store`, a folder, by default the one at
    hand for `source`; `chance` instead: what many outcomes share. UsageError when baskets are asked for and no universe is at
    hand, or a number makes no sense.
    """
    check_draws(placebo, seed)
    found = (chance or open_chance(source, universe, store=store)).market(outcome)
    if placebo is not None and found is None:
        raise UsageError("placebo_needs_universe")
    trust = Trust(
        outcome=outcome,
        robustness=measure_robustness(outcome, seed=seed),
        bases=compare_bases(outcome),
        seed=seed,
        sensitivity=measure_sensitivity(outcome),
    )
    if found is None:
        history = load_history(source, benchmark=outcome.benchmark, end=outcome.as_of)
        return replace(trust, base_rates=(*industry_rates(outcome, history), *date_rates(outcome, history)))
    market, history = found
    rates = (*industry_rates(outcome, history), *date_rates(outcome, history), *stock_rates(outcome, market))
    return replace(trust, placebo=measure_placebo(outcome, market, n=placebo or BASKETS, seed=seed), base_rates=rates)


def check_week(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    *,
    day: dt.date | None = None,
    published: dt.date | None = None,
    today: dt.date,
    lead: SeriesName = "price",
) -> WeeklyFacts:
    """Measure the week that holds `day`, by default the last complete one in the prices, and all that its report states.

    `lead`: the series that the short form leads with since publication.
    """
    published = known_day(published or thesis.published)
    last = known_session(thesis, scale, source, as_of=None, today=today)
    calendar = load_calendar()
    end = week_sessions(calendar, day or last_complete_week(calendar, last), last)[-1]
    prices = load_week(thesis, scale, source, published=published, end=end)
    week = measure_week(thesis, scale, prices, day=end, published=published, as_of=end)
    check_stage(WEEK_ROWS, week.rows)
    now, before = load_rankings(source, end)
    facts = build_facts(week, ranking=now, ranking_before=before)
    outcome = judge(thesis, scale, prices, published=published, as_of=end)
    matured = outcome if outcome.status == "matured" else None
    return replace(facts, matured=matured, led=led_by(week, lead) if lead != "price" else None)


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
    as_of = known_session(thesis, scale, source, as_of=as_of, today=today)
    first = load_calendar().first_on_or_after(min(policy.first_day for policy in book.policies)) or as_of
    start = load_calendar().shift(min(first, as_of), -LOOKBACK)
    prices = source.load(thesis.symbols(scale), start=start, end=as_of)
    return study_events(thesis, scale, book, prices, as_of=as_of, seed=seed)


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
    has_thesis: bool = True,
) -> Screen:
    """Screen the candidates of `theses`, or with `universe` or `like` a whole market, then filter, sort and cut.

    `has_thesis`: whether the reader named the thesis; without one a market has no columns that count from a publication.

    The filter and the sort column are read first, so that a mistake in them costs no waiting. Look-alikes come the most
    alike first, LIKE_SHOWN of them, unless asked otherwise.
    """
    is_market = universe is not None or like is not None
    columns: dict[str, ColumnType] = dict(MARKET_COLUMNS if is_market else {**COLUMNS, **VALUES})
    columns |= {CORRELATION: "number"} if like else {}
    left_out = () if has_thesis or like or not is_market else SINCE
    columns = {name: kind for name, kind in columns.items() if name not in left_out}
    check_narrowing(columns, where=where, sort=sort, top=top)
    if not is_market:
        return narrow(check_screen(theses, source, as_of=as_of, today=today), where=where, sort=sort, top=top)
    screen = check_market(theses, source, universe=universe or UNIVERSES[0], like=like, as_of=as_of, today=today)
    screen = replace(screen, frame=screen.frame.drop(columns=list(left_out)))
    return narrow(screen, where=where, sort=sort, top=top or (LIKE_SHOWN if like else None))


def check_screen(theses: Pairs, source: PriceSource, *, as_of: dt.date | None = None, today: dt.date) -> Screen:
    """Every candidate of `theses` on the as-of date: by default the last session that every thesis's prices reach."""
    day = min(known_session(thesis, scale, source, as_of=as_of, today=today) for thesis, scale in theses)
    since = load_calendar().shift(day, -SCREEN_LOOKBACK)
    screens = []
    for thesis, scale in theses:
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
    last = known_session(thesis, scale, source, as_of=as_of, today=today)
    market, names = load_market(thesis, scale, source, end=last, like=like is not None)
    when = {"published": thesis.published, "as_of": as_date(market.sessions[-1])}
    if like is None:
        screen = screen_universe(market, thesis, scale, market=names, **when)
    else:
        screen = find_alike(market, thesis, scale, like, market=names, **when)
    return _with_end(screen, market, last, is_asked=as_of is not None)


def _with_end(screen: Screen, market: Universe, asked: dt.date, *, is_asked: bool) -> Screen:
    """The same screen, said where the market ends before the session `asked` for."""
    last = as_date(market.sessions[-1])
    if last == asked:
        return screen
    ends = Note("screen_market_ends", {"file": market.name if market.known else MARKET_FILE, "last": last, "asked": asked})
    return replace(screen, basis=(ends, *screen.basis), is_incomplete=screen.is_incomplete or is_asked)


def check_desk(
    theses: Pairs,
    source: PriceSource,
    *,
    day: dt.date | None = None,
    today: dt.date,
    chance: Chance | None = None,
) -> tuple[Desk, Prices | None]:
    """Every thesis of `theses` in the week that holds `day`, by default the last complete one, from one load of prices.

    A thesis that cannot be measured stands in the desk with its reason. `chance`: what baskets and indices are compared with.
    Also returns what was read, for where the figures come from. `source` may be what `read_once` made of it already.
    """
    source, prices = read_once(theses, source, today=today)
    calendar = load_calendar()
    ends = [each for each in (_end_of(pair, source, today) for pair in theses) if each is not None]
    if not ends:
        raise ScreenerError("no_prices", kind=source.kind)
    sessions = week_sessions(calendar, day or last_complete_week(calendar, max(ends)), max(ends))
    as_of = max(ends) if day is None else sessions[-1]
    rows = tuple(_desk_row(pair, source, sessions=sessions, as_of=as_of, today=today, chance=chance) for pair in theses)
    return Desk(sessions[-1], sessions, as_of, rows), prices


def open_chance(source: PriceSource, universe: str | None, *, store: Path | None) -> Chance:
    """What theses are compared with: the market that `universe` names, by default the one at hand, until the as-of date.

    Each is read once for all that look at it from the same day.
    """

    @lru_cache(maxsize=MARKETS_KEPT)
    def load(place: str, benchmark: str, end: dt.date) -> tuple[Universe, IndexHistory]:
        return load_chance(place, benchmark=benchmark, end=end, store=store)

    def market(outcome: Outcome) -> tuple[Universe, IndexHistory] | None:
        place = universe or universe_at_hand(source, outcome.base_date, store=store)
        return None if place is None else load(place, outcome.benchmark, outcome.as_of)

    return Chance(market)


def _end_of(pair: tuple[Thesis, RatingScale], source: PriceSource, today: dt.date) -> dt.date | None:
    """The last session of a thesis in the prices; None where they hold nothing of it."""
    try:
        return known_session(*pair, source, as_of=None, today=today)
    except ScreenerError:
        return None


def _desk_row(
    pair: tuple[Thesis, RatingScale],
    source: PriceSource,
    *,
    sessions: Sequence[dt.date],
    as_of: dt.date,
    today: dt.date,
    chance: Chance | None,
) -> DeskRow:
    """One thesis as `outcome` and `weekly` measure it; with its fault where they cannot."""
    thesis, scale = pair
    try:
        last = min(as_of, known_session(thesis, scale, source, as_of=None, today=today))
        outcome = judge_from(thesis, scale, source, published=thesis.published, as_of=last)
        end = min(sessions[-1], last)
        prices = load_week(thesis, scale, source, published=thesis.published, end=end)
        week = measure_week(thesis, scale, prices, day=end, published=thesis.published, as_of=end)
        before = measure_week(thesis, scale, prices, day=week.previous, published=thesis.published, as_of=week.previous)
    except ScreenerError as fault:
        return DeskRow(thesis, scale, thesis.published_basis, fault=fault)
    return build_row(outcome, week, before, evidence=weigh(outcome, chance), gaps=named_gaps(outcome, week))
