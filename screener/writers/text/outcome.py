"""The outcome check as terminal text: the plain answer first, then convention, data, table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from screener.judgement.outcome import Outcome, Row
from screener.measures.quotes import quote
from screener.prices.prices import SeriesName
from screener.report.figures import percent
from screener.report.records import gap_records
from screener.report.wording import basis_text, earned_word
from screener.terms.notes import Gap
from screener.terms.say import Lang
from screener.thesis.subjects import Subject
from screener.thesis.thesis import ALL
from screener.writers.text.text import HEAVY, LIGHT, Column, Text, pad, pp_in, table_lines, wrapped
from screener.writers.text.widths import width


def outcome_text(outcome: Outcome, lang: Lang = "zh", *, series: SeriesName = "price") -> str:
    """The outcome check for a terminal; `series` is the one that the table leads with, the verdict keeps the headline."""
    return "\n".join(_OutcomeText(outcome, lang, series).lines()) + "\n"


class _OutcomeText(Text):
    def __init__(self, outcome: Outcome, lang: Lang, series: SeriesName) -> None:
        super().__init__(outcome.thesis, outcome.scale, lang)
        self.outcome = outcome
        total = outcome.thesis.total_benchmark(outcome.scale)
        has_total = any(row.benchmark == total for row in outcome.rows)
        self.pair: tuple[SeriesName, str] = (series, total if series == "total" and total and has_total else outcome.benchmark)
        self.has_total = has_total
        self.months = tuple(outcome.end_dates)

    def lines(self) -> Iterator[str]:
        house, title, sector = (each(self.lang) for each in (self.thesis.house_in, self.thesis.title_in, self.thesis.sector_in))
        yield self.say("term_outcome_title", title=title, house=house, sector=sector)
        yield HEAVY
        yield from self.verdict_lines()
        yield from wrapped(self.head("term_convention"), self.rule_line())
        yield from wrapped(self.head("term_data"), self.data_line())
        yield LIGHT
        yield from table_lines(self.columns(), self.rows())
        yield LIGHT
        yield from self.notes()

    def row(self, subject: Subject, months: int) -> Row:
        index = subject.kind == "industry_index"
        return self.outcome.row(subject.id, months, *(("price", self.outcome.benchmark) if index else self.pair))

    def verdict_lines(self) -> Iterator[str]:
        head = self.head("term_verdict")
        if not self.outcome.verdict:
            yield head + self.say("term_no_stated")
            return
        indent, last = " " * width(head), self.months[-1]
        yield head + self.say("term_by_own_rule", months=last)
        rated = [subject for subject in self.thesis.subjects() if subject.id in self.outcome.verdict]
        for subject in rated:
            yield from wrapped(indent, self.verdict_of(subject, last))
        for months in self.months[:-1]:
            found = [self.finding(subject, months) for subject in rated if self.outcome.row(subject.id, months).band]
            if found:
                joined = self.comma().join(found)
                yield from wrapped(indent, self.say("term_at_horizon", months=months, findings=joined))
        yield from self.window_line(rated, indent)

    def verdict_of(self, subject: Subject, months: int) -> str:
        verdict = self.outcome.verdict[subject.id]
        where = self.say(f"term_on_{subject.kind}", stated=self.band(verdict.stated), name=self.name(subject))
        row = self.outcome.row(subject.id, months)
        if row.gap is not None:
            word = self.say("term_pending" if row.gap.code == "not_due" else "term_undecided")
            return f"{where}  {word}  {self.name(subject)}"
        word = self.say("term_hit" if verdict.hit else "term_missed")
        return f"{where}  {word}  {self.finding_of(subject, row)}"

    def finding(self, subject: Subject, months: int) -> str:
        return self.finding_of(subject, self.outcome.row(subject.id, months))

    def finding_of(self, subject: Subject, row: Row) -> str:
        if row.excess is None or row.band is None:
            return f"{self.name(subject)} {self.say('term_gap')}"
        excess = f"{self.pp(row)} pp"
        return self.say("term_finding", name=self.name(subject), excess=excess, band=self.band(row.band))

    def window_line(self, rated: Sequence[Subject], indent: str) -> Iterator[str]:
        """The share of sessions that each rated subject spent in the band that was stated for it."""
        shares = {each.subject: each for each in self.outcome.windows if each.series == "price"}
        by_rating: dict[str, list[Subject]] = {}
        for subject in rated:
            if shares[subject.id].sessions:
                by_rating.setdefault(self.outcome.verdict[subject.id].stated, []).append(subject)
        for stated, subjects in by_rating.items():
            items = [f"{self.name(each)} {percent(shares[each.id].share[stated], 1, sign=False)}" for each in subjects]
            known = {"sessions": shares[subjects[0].id].sessions, "stated": self.band(stated)}
            yield from wrapped(indent, self.say("term_window", shares=self.comma().join(items), **known))

    def rule_line(self) -> str:
        series, benchmark = self.pair
        name = self.scale.market(self.thesis.market).benchmark_name(benchmark, self.lang)
        return self.say(
            "term_rule_line",
            published=self.outcome.published,
            basis=basis_text(self.thesis, self.outcome.published, self.lang),
            base=self.outcome.base_date or self.say("term_base_unknown"),
            pair=self.say(f"term_pair_{series}", benchmark=name),
        )

    def data_line(self) -> str:
        prices = self.outcome.prices
        return self.say(
            "term_data_line",
            name=prices.name,
            kind=self.say(f"term_kind_{prices.kind}"),
            first=prices.first,
            last=prices.last,
            sha=prices.sha256[:12],
            status=self.say(f"term_status_{self.outcome.status}"),
        )

    def columns(self) -> list[Column]:
        matured = self.outcome.status == "matured"
        so_far = [] if matured else [Column(self.say("term_so_far"), right=True)]
        months = [Column(self.say("term_months", months=each), right=True) for each in self.months]
        last = Column(self.say("term_main_band" if matured else "term_flags"), right=matured)
        return [Column(self.say("term_subject")), Column(self.say("term_code")), *so_far, *months, last]

    def rows(self) -> list[list[str] | None]:
        lines: list[list[str] | None] = []
        for group in self.groups():
            lines += [None] if lines else []
            lines += [self.subject_cells(subject) for subject in group]
        return lines

    def subject_cells(self, subject: Subject) -> list[str]:
        rows = [self.row(subject, months) for months in self.months]
        so_far = [] if self.outcome.status == "matured" else [self.so_far(subject)]
        last = self.main_band(subject) if self.outcome.status == "matured" else self.halt(subject)
        return [self.name(subject), self.code(subject), *so_far, *(self.figure(row) for row in rows), last]

    def figure(self, row: Row) -> str:
        if row.excess is None or row.band is None:
            gap = row.gap.code if row.gap else ""
            return self.say("term_pending") if gap == "not_due" else f"{self.say('term_gap')} {gap}"
        return f"{self.pp(row)}  {pad(self.band(row.band), self.band_width())}"

    def pp(self, row: Row) -> str:
        """The excess of a row in percentage points, on its own side of every edge."""
        return pp_in(row.excess or 0.0, self.scale.ladder(row.kind))

    def band_width(self) -> int:
        return max(width(self.band(band.rating)) for band in (*self.scale.stock.bands, *self.scale.industry.bands))

    def so_far(self, subject: Subject) -> str:
        if subject.id not in self.outcome.paths or not len(self.outcome.paths):
            return self.say("term_pending")
        value = float(self.outcome.paths[subject.id].iloc[-1])
        if math.isnan(value):
            return self.say("term_gap")
        ladder = self.scale.ladder(subject.kind)
        return f"{pp_in(value, ladder)}  {pad(earned_word(value, ladder, self.lang), self.band_width())}"

    def halt(self, subject: Subject) -> str:
        """The mark of a security that did not trade on the as-of date: since when its close is carried."""
        if subject.kind != "candidate" or self.outcome.base_date is None or self.outcome.base_date > self.outcome.as_of:
            return ""
        found = quote(self.outcome.market, subject.id, self.outcome.as_of, series="price")
        if isinstance(found, Gap):
            return f"{self.say('term_gap')} {found.code}"
        return self.say("flag_suspended_since", day=found.close_date) if "suspended" in found.flags else self.flags(found.flags)

    def main_band(self, subject: Subject) -> str:
        pair = ("price", self.outcome.benchmark) if subject.kind == "industry_index" else self.pair
        for window in self.outcome.windows:
            if (window.subject, window.series, window.benchmark) == (subject.id, *pair) and window.sessions:
                rating, share = max(reversed(list(window.share.items())), key=lambda item: item[1])
                return f"{self.band(rating)} {percent(share, 0, sign=False)}"
        return self.say("term_gap")

    def notes(self) -> Iterator[str]:
        yield self.say("term_scale_note")
        yield from self.basis_lines()
        near = [
            self.say("term_near_item", name=self.name(subject), months=months, excess=self.pp(row))
            for subject in self.thesis.subjects()
            for months in self.months
            for row in [self.outcome.row(subject.id, months)]
            if row.near_edge and row.excess is not None
        ]
        comma = self.comma()
        yield self.say("term_near", items=comma.join(near)) if near else self.say("term_near_none")
        left_out = dict.fromkeys(name for row in self.outcome.rows for name in row.left_out if row.kind == ALL)
        unknown = [self.name(each) for each in self.thesis.subjects() if self.is_unadjusted(each)]
        if unknown:
            yield self.say("term_actions_unknown", names=comma.join(unknown))
        if left_out:
            yield self.say("term_left_out", names=comma.join(left_out))
        if not self.has_total:
            yield self.say("term_no_total")
        gaps = gap_records(self.outcome, self.lang)
        yield from (self.say("term_gap_line", **gap) for gap in gaps)
        yield self.say("term_gaps_closing" if gaps else "term_more")

    def is_unadjusted(self, subject: Subject) -> bool:
        return subject.kind == "candidate" and "actions_unknown" in self.outcome.prices.flags.get(subject.id, ())

    def basis_lines(self) -> Iterator[str]:
        """Subjects whose band at the last horizon differs between the three bases."""
        months, total = self.months[-1], self.thesis.total_benchmark(self.scale)
        for subject in self.thesis.subjects():
            rows = [row for row in self.outcome.rows if (row.subject, row.horizon_months) == (subject.id, months)]
            if total is None or len(rows) < 3 or len({row.band for row in rows}) < 2:
                continue
            price, like, mixed = (
                f"{self.pp(row)} {self.band(row.band)}" if row.excess is not None and row.band else self.say("term_gap")
                for row in rows
            )
            yield self.say("term_mixed", name=self.name(subject), months=months, price=price, total=like, mixed=mixed)
