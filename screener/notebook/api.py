"""The public Python interface, `import screener as sc`: what the commands do, as values for a notebook."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from screener.evidence.sensitivity import measure_sensitivity
from screener.grading.run import grade_in_memory
from screener.judgement.outcome import Outcome
from screener.judgement.span import first_needed
from screener.notebook.many import DeskResult, GradeResult
from screener.notebook.results import (
    EventsResult,
    OutcomeResult,
    ScreenResult,
    SensitivityResult,
    ThesisView,
    TrustResult,
    WeekResult,
)
from screener.prices.prices import PriceSource
from screener.screening import check_desk, check_events, check_outcome, check_trust, check_week, open_chance, open_screen
from screener.sources.choose import open_source
from screener.sources.folder_source import FolderSource
from screener.terms.clock import last_finished_day
from screener.terms.notes import ScreenerError, UsageError
from screener.thesis.library import open_library
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import DEFAULT_THESIS, Thesis

__all__ = [
    "ScreenerError",
    "UsageError",
    "desk",
    "events",
    "grade",
    "list_theses",
    "load_thesis",
    "open_prices",
    "outcome",
    "screen",
    "sensitivity",
    "trust",
    "week",
]
Day = dt.date | str


@dataclass(frozen=True)
class PriceChoice:
    """Which prices to use; `auto` is decided for each thesis, since it depends on what the store covers."""

    word: str = "auto"
    store: Path | None = None
    source: PriceSource | None = field(default=None, repr=False)

    def for_theses(self, pairs: Sequence[tuple[Thesis, RatingScale]], *, whole_market: bool = False) -> PriceSource:
        """The source for these theses, or for a whole market."""
        symbols = tuple(dict.fromkeys(symbol for thesis, scale in pairs for symbol in thesis.symbols(scale)))
        return self.for_symbols(symbols, min(first_needed(thesis) for thesis, _ in pairs), whole_market=whole_market)

    def for_symbols(self, symbols: Sequence[str], start: dt.date, *, whole_market: bool = False) -> PriceSource:
        """The source for these symbols from `start` on."""
        return self.source or open_source(
            self.word, symbols, store=self.store, start=start, today=_last_day(), whole_market=whole_market
        )


def list_theses(themes: str | Path | None = None) -> pd.DataFrame:
    """Every thesis at hand: slug, house, title, sector, published, published_basis, names. `themes`: your own folder first.

    >>> import screener as sc
    >>> sc.list_theses()["slug"].tolist()
    ['guolian-2024-ai-compute']
    """
    library = open_library(None if themes is None else Path(themes))
    theses = [library.load(str(path))[0] for path in library.thesis_paths()]
    columns = ("slug", "house", "title", "sector", "published_basis")
    frame = pd.DataFrame({name: pd.Series([getattr(each, name) for each in theses], dtype="string") for name in columns})
    frame["published"] = pd.Series([each.published for each in theses]).astype("datetime64[s]")
    frame["names"] = pd.Series([len(each.candidates) for each in theses], dtype="Int64")
    return frame


def load_thesis(name: str | Path = DEFAULT_THESIS, *, themes: str | Path | None = None) -> ThesisView:
    """A checked thesis with its rating scale, by slug or path of a `.toml` file; the bundled one by default.

    UsageError when there is none, ThesisProblems (with every problem) when the file is broken.

    >>> import screener as sc
    >>> thesis = sc.load_thesis()
    >>> thesis.published, thesis.published_basis
    (datetime.date(2024, 4, 14), 'inferred')
    >>> thesis.names["bucket"].value_counts().idxmax()
    'operators'
    """
    thesis, scale = open_library(None if themes is None else Path(themes)).load(str(name))
    return ThesisView(thesis, scale)


def open_prices(source: str | Path = "auto", *, store: str | Path | None = None) -> PriceChoice:
    """Prices: `auto` (the store if it covers the thesis, else the snapshot), `snapshot`, `store`, or a folder of files.

    `store`: the store's folder, by default the one in the user's data directory. Nothing is read before a measure asks
    for it; UsageError for a folder that is not there.

    >>> import screener as sc
    >>> sc.open_prices("snapshot")
    PriceChoice(word='snapshot', store=None)
    >>> sc.open_prices("no-such-folder")
    Traceback (most recent call last):
    screener.errors.UsageError: ...
    """
    word, place = str(source), None if store is None else Path(store)
    if word not in ("auto", "snapshot", "store"):
        return PriceChoice(word, place, FolderSource(Path(word)))
    return PriceChoice(word, place)


def outcome(
    thesis: ThesisView,
    prices: PriceChoice | PriceSource | None = None,
    *,
    published: Day | None = None,
    as_of: Day | None = None,
) -> OutcomeResult:
    """Check whether the rating came true, as if published on `published`, with what was known on `as_of`.

    Dates are dates or ISO text. Figures are fractions; a missing one is a gap with its code in the column `gap`.

    >>> import screener as sc
    >>> result = sc.outcome(sc.load_thesis(), sc.open_prices("snapshot"))
    >>> result.verdict.loc["801770.SI", ["stated", "band"]].tolist()
    ['强于大市', '中性']
    >>> headline = result.frame.query("subject == 'all' and series == 'price' and horizon_months == 12")
    >>> round(headline["excess"].item(), 4)
    0.3781
    """
    return OutcomeResult(_judge(thesis, prices, published, as_of))


def week(
    thesis: ThesisView, prices: PriceChoice | PriceSource | None = None, *, day: Day | None = None, published: Day | None = None
) -> WeekResult:
    """Measure the ISO week that holds `day`; the last complete week in the prices by default.

    >>> import screener as sc
    >>> result = sc.week(sc.load_thesis(), sc.open_prices("snapshot"), day="2025-04-11")
    >>> result.sessions[0].isoformat(), len(result.sessions)
    ('2025-04-07', 5)
    >>> bool(result.frame["excess"].notna().all())
    True
    """
    source = _source(prices, [thesis])
    found = check_week(thesis.thesis, thesis.scale, source, day=_day(day), published=_day(published), today=_last_day())
    return WeekResult(found)


def screen(
    theses: ThesisView | Sequence[ThesisView],
    prices: PriceChoice | PriceSource | None = None,
    *,
    where: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    universe: str | None = None,
    like: str | None = None,
    as_of: Day | None = None,
) -> ScreenResult:
    """The candidates of one or many theses, or with `universe` or `like` a whole market, filtered, sorted and cut.

    The market is that of a folder's `market_close.parquet`, or of the store after `screener update --universe a-shares`;
    its column `basis` says per row what the levels are (`checked`, `one_source`, `unadjusted`).
    `where`: a condition over the columns; `sort`: a column, `-column` for the largest first. UsageError for a mistake.

    >>> import screener as sc
    >>> found = sc.screen(sc.load_thesis(), sc.open_prices("snapshot"), where="excess_13w > 0.5", sort="-excess_13w")
    >>> found.frame["name"].tolist()
    ['仕佳光子', '源杰科技']
    """
    chosen = [theses] if isinstance(theses, ThesisView) else list(theses)
    found = open_screen(
        [(each.thesis, each.scale) for each in chosen],
        _source(prices, chosen, whole_market=universe is not None or like is not None),
        where=where,
        sort=sort,
        top=top,
        universe=universe,
        like=like,
        as_of=_day(as_of),
        today=_last_day(),
    )
    return ScreenResult(found)


def sensitivity(
    thesis: ThesisView,
    prices: PriceChoice | PriceSource | None = None,
    *,
    published: Day | None = None,
    as_of: Day | None = None,
) -> SensitivityResult:
    """How often other readings of the same rule give the same answer: dates, base prices, weighting, form, series.

    >>> import screener as sc
    >>> result = sc.sensitivity(sc.load_thesis(), sc.open_prices("snapshot"))
    >>> row = result.frame.query("subject == 'all' and horizon_months == 12").iloc[0]
    >>> row["headline_band"], bool(0 <= row["share_same"] <= 1)
    ('强于大市', True)
    """
    judged = _judge(thesis, prices, published, as_of)
    return SensitivityResult(measure_sensitivity(judged), judged)


def events(
    thesis: ThesisView,
    prices: PriceChoice | PriceSource | None = None,
    *,
    as_of: Day | None = None,
    seed: int = 0,
    themes: str | Path | None = None,
) -> EventsResult:
    """The dated policies of a thesis against its baskets, and their targets; UsageError where it has no policies.

    >>> import screener as sc
    >>> len(sc.events(sc.load_thesis(), sc.open_prices("snapshot")).value.checkpoints)
    41
    """
    book = open_library(None if themes is None else Path(themes)).load_policies(thesis.thesis.slug)
    source = _source(prices, [thesis])
    found = check_events(thesis.thesis, thesis.scale, book, source, as_of=_day(as_of), today=_last_day(), seed=seed)
    return EventsResult(found)


def trust(
    thesis: ThesisView,
    prices: PriceChoice | PriceSource | None = None,
    *,
    published: Day | None = None,
    as_of: Day | None = None,
    placebo: int | None = None,
    universe: str | None = None,
    seed: int = 0,
) -> TrustResult:
    """How far to trust an outcome: conventions, base rates, robustness, and random baskets where a market is at hand.

    `placebo`: how many baskets, 10,000 by default; `universe`: `bundled`, `store` or a folder, by default the one at hand.

    >>> import screener as sc
    >>> found = sc.trust(sc.load_thesis(), sc.open_prices("snapshot"), placebo=200)
    >>> found.frame.query("subject == '801770.SI' and horizon_months == 12")["cells"].tolist()
    [248]
    """
    source = _source(prices, [thesis])
    store = prices.store if isinstance(prices, PriceChoice) else None
    judged = _judge(thesis, source, published, as_of)
    return TrustResult(check_trust(judged, source, placebo=placebo, universe=universe, seed=seed, store=store))


def desk(
    theses: Sequence[ThesisView],
    prices: PriceChoice | PriceSource | None = None,
    *,
    week: Day | None = None,
    universe: str | None = None,
    quick: bool = False,
) -> DeskResult:
    """Many theses at once, from one load of prices: who is right so far, what crossed, what is due.

    `week`: any day of it, by default the last complete one; `universe`: what random baskets are drawn from (`bundled`, `store`
    or a folder, by default the one at hand); `quick` leaves them and the conventions out. UsageError without a thesis.

    >>> import screener as sc
    >>> sc.desk([sc.load_thesis()], sc.open_prices("snapshot"), quick=True).frame["band"].tolist()
    ['强于大市']
    """
    if not theses:
        raise UsageError("desk_no_thesis")
    source = _source(prices, theses)
    store = prices.store if isinstance(prices, PriceChoice) else None
    chance = None if quick else open_chance(source, universe, store=store)
    pairs = [(each.thesis, each.scale) for each in theses]
    found, _ = check_desk(pairs, source, day=_day(week), today=_last_day(), chance=chance)
    return DeskResult(found)


def grade(
    ratings: pd.DataFrame | str | Path,
    prices: PriceChoice | PriceSource | None = None,
    *,
    as_of: Day | None = None,
    merge_repeats: bool = False,
    until_change: bool = False,
    themes: str | Path | None = None,
) -> GradeResult:
    """Many published ratings against what they promised, with hit rates by house, analyst and rating.

    `ratings`: a file, or a frame with symbol, published, rating, and optionally house, scale, analyst, columns of your own and
    rating_id (by default the frame's index).
    `merge_repeats`: a house's unchanged rating counts once in 12 months; `until_change`: a rating ends where its house changes
    it. InputProblems for rows that cannot be graded, UsageError for a file that is not there.

    >>> import pandas as pd, screener as sc
    >>> one = pd.DataFrame({"symbol": ["600941.SH"], "published": ["2024-04-15"], "rating": ["买入"], "house": ["国联证券"]})
    >>> sc.grade(one, sc.open_prices("snapshot")).ratings["band_12m"].tolist()
    ['持有']
    """
    scales = {scale.id: scale for scale in open_library(None if themes is None else Path(themes)).editions()}
    options: dict[str, Any] = {"merge_repeats": merge_repeats, "until_change": until_change, "as_of": _day(as_of)}

    choice = (
        PriceChoice(source=prices) if prices is not None and not isinstance(prices, PriceChoice) else prices or PriceChoice()
    )

    with _ratings_file(ratings) as place:
        ground, table, board = grade_in_memory(place, choice.for_symbols, scales, today=_last_day(), **options)
    return GradeResult(table.to_pandas(), board, ground)


@contextmanager
def _ratings_file(ratings: pd.DataFrame | str | Path) -> Iterator[Path | str]:
    """The file of ratings; a frame lies in one of its own as long as it is read."""
    if not isinstance(ratings, pd.DataFrame):
        yield ratings
        return
    with tempfile.TemporaryDirectory(prefix="screener-") as folder:
        place = Path(folder) / "ratings.parquet"
        known = ratings if "rating_id" in ratings else ratings.assign(rating_id=ratings.index.astype(str))
        known.to_parquet(place, index=False)
        yield place


def _judge(thesis: ThesisView, prices: PriceChoice | PriceSource | None, published: Day | None, as_of: Day | None) -> Outcome:
    return check_outcome(
        thesis.thesis,
        thesis.scale,
        _source(prices, [thesis]),
        published=_day(published),
        as_of=_day(as_of),
        today=_last_day(),
    )


def _source(
    prices: PriceChoice | PriceSource | None, theses: Sequence[ThesisView], *, whole_market: bool = False
) -> PriceSource:
    if prices is not None and not isinstance(prices, PriceChoice):
        return prices
    return (prices or PriceChoice()).for_theses([(each.thesis, each.scale) for each in theses], whole_market=whole_market)


def _day(day: Day | None) -> dt.date | None:
    if not isinstance(day, str):
        return day
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        raise UsageError("bad_option_date", option="date", value=day) from None


def _last_day() -> dt.date:
    return last_finished_day(dt.datetime.now(dt.UTC))
