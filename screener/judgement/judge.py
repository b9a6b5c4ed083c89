"""Whether a rating came true: beginning, middle and end of its window after publication, and every session between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.judgement.outcome import (
    Basis,
    Outcome,
    Pair,
    Row,
    Status,
    UntilChange,
    Verdict,
    WindowShares,
    end_date,
    judge_status,
    share_in_bands,
)
from screener.judgement.targets import judge_targets
from screener.measures.baskets import Measured, measure, value_path
from screener.measures.quotes import SHARED_FLAGS, Market, build_market, doubt_gap, is_doubtful
from screener.measures.returns import excess_return, geometric_excess
from screener.prices.prices import Prices, SeriesName
from screener.terms.notes import Gap
from screener.terms.sessions import Floats, as_date
from screener.thesis.comparison import Comparison, compare
from screener.thesis.scale import Earned, Ladder, RatingScale, Window, is_near_edge, judge_rating, rate
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis


def judge(thesis: Thesis, scale: RatingScale, prices: Prices, *, published: dt.date, as_of: dt.date) -> Outcome:
    """Check the rating of `thesis` as published on `published`, using nothing after `as_of` (a session).

    Source: the report's own standard as rules in MEASUREMENT, "Outcome: 6 to 12 months".
    """
    market = build_market(prices.cut(as_of))
    base = prices.calendar.last_on_or_before(published)
    ends = {months: end_date(prices.calendar, published, months) for months in scale.months}
    compared = {subject.id: compare(thesis, scale, subject) for subject in thesis.subjects()}
    check = _Check(market, thesis, scale, base, ends, as_of, compared, published)
    rows = tuple(check.rows())
    paths: dict[Basis, pd.DataFrame] = {basis: check.path(basis) for basis in ("headline", "like", "mixed")}
    windows = tuple(window for basis, path in paths.items() for window in check.windows(basis, path))
    return Outcome(
        thesis=thesis,
        scale=scale,
        published=published,
        published_basis=thesis.basis(published),
        as_of=as_of,
        base_date=base,
        end_dates=ends,
        status=judge_status(ends, as_of, scale.window),
        benchmark=thesis.benchmark(scale),
        market=market,
        rows=rows,
        windows=windows,
        verdict=check.verdicts(rows),
        paths=paths["headline"],
        compared=compared,
        targets=tuple(judge_targets(thesis, market, base=base, as_of=as_of, until=check.target_ends())),
    )


@dataclass(frozen=True)
class _Check:
    """The fixed facts of one outcome check, so that its steps need not hand them to each other."""

    market: Market
    thesis: Thesis
    scale: RatingScale
    base: dt.date | None
    ends: Mapping[int, dt.date | None]
    as_of: dt.date
    compared: Mapping[str, Comparison]
    published: dt.date

    def target_ends(self) -> dict[str, dt.date | None]:
        """By candidate, the last session of its target price: by the target's own date, else the end of the stock window."""
        calendar, window = self.market.prices.calendar, self.scale.stock.window
        usual = end_date(calendar, self.published, window.to_months)
        dated = {each.symbol: each.target_date for each in self.thesis.candidates}
        return {symbol: usual if day is None else calendar.last_on_or_before(day) for symbol, day in dated.items()}

    def pairs_of(self, subject: Subject) -> dict[Basis, Pair]:
        """What stands in the tables for a subject, the headline first; an index has the price series only."""
        found = self.compared[subject.id]
        headline: dict[Basis, Pair] = {"headline": ("price", found.symbol)}
        if subject.kind == "industry_index":
            return headline
        if found.is_absolute:
            return {**headline, "like": ("total", None)}
        like: dict[Basis, Pair] = {"like": ("total", found.total)} if self.is_at_hand(found.total) else {}
        return {**headline, **like, "mixed": ("total", found.symbol)}

    def is_at_hand(self, symbol: str | None) -> bool:
        return symbol is not None and symbol in self.market.prices.close and symbol not in self.market.prices.gaps

    def rows(self) -> Iterator[Row]:
        for subject in self.thesis.subjects():
            for basis, pair in self.pairs_of(subject).items():
                for months in self.ends:
                    yield self.row(subject, basis, pair, months)

    def row(self, subject: Subject, basis: Basis, pair: Pair, months: int) -> Row:
        series, benchmark = pair
        end, found, ladder = self.ends[months], self.compared[subject.id], self.scale.ladder(subject.kind)
        own = self.measure(subject.members, series, end)
        other = self.measure_benchmark(found, benchmark, end)
        gap = own.gap or of_benchmark(other.gap, benchmark)
        flags = [*own.flags, *(flag for flag in other.flags if flag in SHARED_FLAGS)]
        excess = geometric = measured = None
        if gap is None and own.value is not None:
            if not found.is_absolute and other.value is not None:
                excess, geometric = excess_return(own.value, other.value), geometric_excess(own.value, other.value)
            measured = own.value if found.is_absolute else excess
            flags += self.figure_flags(subject, measured, geometric, months)
        flags += ["mixed_basis"] if basis == "mixed" else []
        band, band_gap = self.band(subject, measured, months)
        single = own.members[0] if subject.is_single and own.members and gap is None else None
        return Row(
            subject=subject.id,
            kind=subject.kind,
            name=subject.name,
            series=series,
            benchmark=benchmark,
            basis=basis,
            measure=ladder.measure,
            horizon_months=months,
            base_date=self.base,
            base_close=single.start.close if single else None,
            base_close_date=single.start.close_date if single else None,
            end_date=end,
            end_close=single.end.close if single else None,
            end_close_date=single.end.close_date if single else None,
            own_return=own.value if gap is None else None,
            benchmark_return=other.value if gap is None else None,
            excess=excess,
            excess_geometric=geometric,
            band=band,
            near_edge="near_edge" in flags,
            status=self.status(subject),
            gap=gap,
            flags=tuple(dict.fromkeys(flags)),
            left_out=own.left_out,
            measured=measured,
            band_gap=band_gap,
        )

    def status(self, subject: Subject) -> Status:
        return judge_status(self.ends, self.as_of, self.window(subject))

    def window(self, subject: Subject) -> Window:
        ladder = self.scale.ladder(subject.kind)
        return ladder.window if ladder.bands else self.scale.window

    def figure_flags(self, subject: Subject, measured: float | None, geometric: float | None, months: int) -> Iterator[str]:
        """What stands beside a figure: how it is measured, whether it is for comparison only, how firm its band is."""
        ladder = self.scale.ladder(subject.kind)
        yield from self.compared[subject.id].flags
        if not self.window(subject).holds(months):
            yield "outside_window"
        elif measured is not None and is_near_edge(measured, ladder):
            yield "near_edge"
        if measured is not None and geometric is not None and rate(geometric, ladder) != rate(measured, ladder):
            yield "form_differs"

    def band(self, subject: Subject, measured: float | None, months: int) -> tuple[str | None, Gap | None]:
        """The band of a figure inside the window, or why there is none: words only have none by nature, which is no gap."""
        ladder = self.scale.ladder(subject.kind)
        if measured is None or not self.window(subject).holds(months):
            return None, None
        if not ladder.bands:
            return None, no_ladder_gap(self.scale)
        band = rate(measured, ladder)
        missing = band is None and ladder.has_numbers
        return band, Gap("no_bands", "no_bands_here", {}) if missing else None

    def measure_benchmark(self, found: Comparison, benchmark: str | None, end: dt.date | None) -> Measured:
        """What stands against a subject: nothing for an absolute measure, the reason where the standard's index is not kept."""
        if found.is_absolute:
            return Measured()
        return self.measure((benchmark,), "price", end) if benchmark is not None else Measured(gap=found.gap)

    def measure(self, members: Sequence[str], series: SeriesName, end: dt.date | None) -> Measured:
        """Return of the equal-weight held basket of `members` from the base date to `end`; `not_due` until then."""
        if self.base is None or self.base > self.as_of:
            return Measured(gap=Gap("not_due", "base_not_reached", {"day": self.base, "as_of": self.as_of}))
        reached = end is not None and end <= self.as_of
        own = measure(self.market, members, series=series, start=self.base, end=end if reached and end else self.base)
        if own.gap is None and not reached:
            return Measured(gap=Gap("not_due", "not_due", {"as_of": self.as_of}), left_out=own.left_out)
        return own

    def path(self, basis: Basis) -> pd.DataFrame:
        """What the bands compare by session, from the base date to the as-of date or the end of the window; by subject."""
        sessions = self.market.prices.close.index
        if self.base is None or self.base > self.as_of or not len(sessions):
            return pd.DataFrame(index=sessions[:0])
        last = max((end for subject in self.thesis.subjects() if (end := self.last(subject)) is not None), default=None)
        stop = self.as_of if last is None else min(last, self.as_of)
        window = pd.DatetimeIndex(sessions[(sessions >= pd.Timestamp(self.base)) & (sessions <= pd.Timestamp(stop))])
        found = {}
        others: dict[str | None, Floats | float] = {None: 0.0}
        for subject in self.thesis.subjects():
            pair = self.pairs_of(subject).get(basis)
            if pair is None:
                continue
            series, benchmark = pair
            if benchmark not in others:
                others[benchmark] = self.value_path((str(benchmark),), "price", window)
            known = np.nan if self.compared[subject.id].gap is not None else 0.0
            found[subject.id] = self.value_path(subject.members, series, window) - others[benchmark] + known
        return pd.DataFrame(found, index=window)

    def last(self, subject: Subject) -> dt.date | None:
        return self.ends[self.window(subject).to_months]

    def value_path(self, members: Sequence[str], series: SeriesName, window: pd.DatetimeIndex) -> Floats:
        return value_path(self.market, members, series=series, base=as_date(window[0]), window=window)

    def windows(self, basis: Basis, paths: pd.DataFrame) -> Iterator[WindowShares]:
        """Band shares over the sessions of each ladder's window that have passed; none before it begins."""
        for subject in self.thesis.subjects():
            pair = self.pairs_of(subject).get(basis)
            if pair is None:
                continue
            first, last = self.ends[self.window(subject).from_months], self.last(subject)
            values = pd.Series()
            if first is not None and subject.id in paths:
                inside = (paths.index >= pd.Timestamp(first)) & (paths.index <= pd.Timestamp(last or self.as_of))
                values = paths.loc[inside, subject.id]
            measured = values.dropna().to_numpy(dtype=float)
            share = share_in_bands(measured, self.scale.ladder(subject.kind))
            yield WindowShares(subject.id, *pair, basis, len(measured), len(values) - len(measured), share)

    def verdicts(self, rows: Sequence[Row]) -> dict[str, Verdict]:
        """The stated ratings at the end of their window: the industry index, the basket of names, and rated candidates."""
        found = {(row.subject, row.basis, row.horizon_months): row for row in rows}
        return {
            subject.id: self.verdict(subject, subject.stated, found)
            for subject in self.thesis.subjects()
            if subject.stated is not None
        }

    def verdict(self, subject: Subject, stated: str, found: Mapping[tuple[str, Basis, int], Row]) -> Verdict:
        ladder, months = self.scale.ladder(subject.kind), self.window(subject).to_months
        row, like = found[subject.id, "headline", months], found.get((subject.id, "like", months))
        doubt = doubt_gap(row.flags)
        measured = row.measured if doubt is None else None
        earned = Earned(None, None, None) if measured is None else judge_rating(measured, stated, ladder)
        undecided = row.measured is not None and earned.hit is None
        alike = row if subject.kind == "industry_index" else like
        return Verdict(
            subject=subject.id,
            stated=stated,
            band=earned.band,
            hit=earned.hit,
            at_least=earned.at_least,
            like_for_like_band=alike.band if alike is not None and not is_doubtful(alike.flags) else None,
            status=row.status,
            months=months,
            gap=doubt or untold(stated, row.band_gap, ladder, self.scale) if undecided else None,
            flags=self.compared[subject.id].flags,
            until_change=self.until_change(subject, stated) if subject.kind != "candidate" else None,
        )

    def until_change(self, subject: Subject, stated: str) -> UntilChange | None:
        """The second verdict: at the house's first other rating, where it came inside the window and by the as-of date."""
        change = self.thesis.rating.first_change(self.published) if self.thesis.rating else None
        end = self.market.prices.calendar.last_on_or_before(change.date) if change else None
        last = self.last(subject)
        if change is None or end is None or self.base is None or not self.base < end <= self.as_of or (last and end >= last):
            return None
        found, ladder = self.compared[subject.id], self.scale.ladder(subject.kind)
        own, other = self.measure(subject.members, "price", end), self.measure_benchmark(found, found.symbol, end)
        gap = own.gap or of_benchmark(other.gap, found.symbol) or doubt_gap(own.flags)
        if gap is not None or own.value is None:
            return UntilChange(change.date, change.rating, end, None, None, None, None, gap)
        measured = own.value if other.value is None else excess_return(own.value, other.value)
        earned = judge_rating(measured, stated, ladder)
        told = (
            None
            if earned.hit is not None
            else untold(stated, None if ladder.bands else no_ladder_gap(self.scale), ladder, self.scale)
        )
        return UntilChange(change.date, change.rating, end, measured, *earned[:3], told)


def no_ladder_gap(scale: RatingScale) -> Gap:
    """Why nothing is rated: the house has no standard at hand, or its standard has no ladder of this kind."""
    return Gap("no_standard", "no_ladder" if scale.source else "no_standard", {"house": scale.house})


def untold(stated: str, band_gap: Gap | None, ladder: Ladder, scale: RatingScale) -> Gap:
    """Why a figure that is there gives no verdict on `stated`."""
    if band_gap is not None:
        return band_gap
    if not ladder.knows(stated):
        return Gap("no_bands", "rating_not_in_standard", {"house": scale.house, "rating": stated})
    return Gap("no_bands", "no_bands_words", {})


def of_benchmark(gap: Gap | None, benchmark: str | None) -> Gap | None:
    """A benchmark without any price is `no_benchmark`; a stale or not yet due one keeps its code."""
    if gap is not None and gap.code == "no_data" and gap.reason != "missing_session":
        return Gap("no_benchmark", "no_benchmark", {"symbol": benchmark, **gap.params})
    return gap
