"""Results as plain text for a terminal of 100 columns: ASCII and full-width characters only."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from screener.errors import Gap
from screener.labels import percent, points
from screener.messages import Lang, say
from screener.outcome import Outcome, Row, end_date
from screener.performance import quote
from screener.prices import SeriesName
from screener.rating import rate
from screener.records import gap_records
from screener.scales import RatingScale
from screener.subjects import Subject
from screener.thesis import ALL, Thesis
from screener.week import Week, WeekRow

WIDTH = 100
HEAVY, LIGHT = "=" * WIDTH, "-" * WIDTH


def outcome_text(outcome: Outcome, lang: Lang = "zh", *, series: SeriesName = "price") -> str:
    """The outcome check: the plain answer first, then convention, data, table, and what to know beside it."""
    return "\n".join(_OutcomeText(outcome, lang, series).lines()) + "\n"


def week_text(week: Week, lang: Lang = "zh") -> str:
    """The weekly figures: summary first, then a row for every subject."""
    return "\n".join(_WeekText(week, lang).lines()) + "\n"


def theses_text(theses: Sequence[Thesis], lang: Lang = "zh") -> str:
    """One line per thesis: slug, publication date and its basis, house, title."""
    lines = []
    for each in theses:
        basis = basis_text(each, each.published, lang)
        house, title, _ = _words(each, lang)
        lines.append(f"{each.slug}  {each.published}{basis}  {house}  {title}\n")
    return "".join(lines)


def width(text: str) -> int:
    """Columns that `text` takes: wide and full-width characters count two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` padded with spaces to `columns`."""
    space = " " * max(columns - width(text), 0)
    return space + text if right else text + space


def basis_text(thesis: Thesis, published: dt.date, lang: Lang) -> str:
    """What stands behind a publication date: printed, inferred with its range, or tried."""
    if published != thesis.published:
        return say("term_tried", lang, published=thesis.published)
    if thesis.published_basis == "printed":
        return say("term_printed", lang)
    return say("term_inferred", lang, earliest=thesis.published_earliest, latest=thesis.published_latest)


def _words(thesis: Thesis, lang: Lang) -> tuple[str, str, str]:
    if lang == "en":
        return thesis.house_en or thesis.house, thesis.title_en or thesis.title, thesis.sector_en or thesis.sector
    return thesis.house, thesis.title, thesis.sector


def band_word(scale: RatingScale, rating: str, lang: Lang) -> str:
    """A rating in the reader's language."""
    bands = (*scale.stock.bands, *scale.industry.bands)
    return next(band.rating_en if lang == "en" else rating for band in bands if band.rating == rating)


def benchmark_name(thesis: Thesis, scale: RatingScale, symbol: str, lang: Lang) -> str:
    """What the scale calls a benchmark; the symbol of one that it knows only as a total-return index."""
    for each in scale.market(thesis.market).benchmarks:
        if each.symbol == symbol:
            return each.name_en if lang == "en" else each.name
    return symbol


@dataclass(frozen=True)
class Column:
    """A column of a text table: its head, and whether it is set right; it is as wide as its widest cell."""

    head: str
    right: bool = False


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str] | None]) -> Iterator[str]:
    """A text table between rules, two spaces between columns and more where WIDTH allows; None among the rows is a rule."""
    filled = [row for row in rows if row is not None]
    sizes = [max(width(text) for text in (column.head, *(row[at] for row in filled))) for at, column in enumerate(columns)]
    gap = min(max((WIDTH - sum(sizes)) // max(len(sizes) - 1, 1), 2), 4)

    def line(cells: Sequence[str]) -> str:
        padded = (pad(cell, size, right=column.right) for cell, size, column in zip(cells, sizes, columns, strict=True))
        return (" " * gap).join(padded).rstrip()

    yield line([column.head for column in columns])
    yield LIGHT
    yield from (LIGHT if row is None else line(row) for row in rows)


def wrapped(head: str, text: str) -> Iterator[str]:
    """`text` after `head`, broken at spaces or full-width stops so that no line is wider than WIDTH; indented below."""
    lines = [""]
    for part in re.findall(r".+?(?:[ ，；。]|$)", text):
        if width(lines[-1] + part.rstrip()) > WIDTH - width(head):
            lines.append("")
        lines[-1] += part
    yield head + lines[0].rstrip()
    yield from (" " * width(head) + line.rstrip() for line in lines[1:])


def pp(value: float) -> str:
    """Percentage points with an ASCII sign, without unit."""
    return points(value, unit=False, minus="-")


def pct(value: float) -> str:
    """Per cent with an ASCII sign, without unit."""
    return percent(value, unit=False, minus="-")


class _Text:
    """What the two texts share: language, thesis and the words of both."""

    def __init__(self, thesis: Thesis, scale: RatingScale, lang: Lang) -> None:
        self.thesis, self.scale, self.lang = thesis, scale, lang

    def say(self, code: str, **params: object) -> str:
        return say(code, self.lang, **params)

    def name(self, subject: Subject) -> str:
        return subject.name_en if self.lang == "en" else subject.name

    def band(self, rating: str) -> str:
        return band_word(self.scale, rating, self.lang)

    def flags(self, flags: Sequence[str]) -> str:
        shown = [flag for flag in flags if flag not in ("mixed_basis", "left_out", "equal_at_start")]
        return " ".join(self.say(f"flag_{flag}") for flag in shown)

    def basket_flags(self, flags: Sequence[str]) -> str:
        """The flags of a basket: a member's suspension is not the basket's own."""
        return self.flags(["suspended_member" if flag == "suspended" else flag for flag in flags])

    def groups(self) -> Iterator[tuple[Subject, ...]]:
        subjects = self.thesis.subjects()
        kinds: tuple[Callable[[Subject], bool], ...] = (
            lambda subject: subject.kind in ("industry_index", ALL),
            lambda subject: subject.kind == "bucket",
            lambda subject: subject.kind == "candidate",
        )
        for belongs in kinds:
            yield tuple(subject for subject in subjects if belongs(subject))

    def code(self, subject: Subject) -> str:
        if subject.is_single:
            return subject.id
        return self.say("term_member" if len(subject.members) == 1 else "term_members", count=len(subject.members))

    def head(self, code: str) -> str:
        return pad(self.say(code), 6 if self.lang == "zh" else 9)

    def comma(self) -> str:
        return "，" if self.lang == "zh" else ", "


class _OutcomeText(_Text):
    def __init__(self, outcome: Outcome, lang: Lang, series: SeriesName) -> None:
        super().__init__(outcome.thesis, outcome.scale, lang)
        self.outcome = outcome
        total = outcome.thesis.total_benchmark(outcome.scale)
        has_total = any(row.benchmark == total for row in outcome.rows)
        self.pair: tuple[SeriesName, str] = (series, total if series == "total" and total and has_total else outcome.benchmark)
        self.has_total = has_total
        self.months = tuple(outcome.end_dates)

    def lines(self) -> Iterator[str]:
        house, title, sector = _words(self.thesis, self.lang)
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
        excess = f"{pp(row.excess)} pp"
        return self.say("term_finding", name=self.name(subject), excess=excess, band=self.band(row.band))

    def window_line(self, rated: Sequence[Subject], indent: str) -> Iterator[str]:
        shares = {each.subject: each for each in self.outcome.windows if each.series == "price"}
        shown = [subject for subject in rated if shares[subject.id].sessions]
        if shown:
            stated = self.outcome.verdict[shown[0].id].stated
            items = [f"{self.name(each)} {percent(shares[each.id].share.get(stated, 0.0), 1, sign=False)}" for each in shown]
            joined = self.comma().join(items)
            sessions = shares[shown[0].id].sessions
            line = self.say("term_window", sessions=sessions, stated=self.band(stated), shares=joined)
            yield from wrapped(indent, line)

    def rule_line(self) -> str:
        series, benchmark = self.pair
        name = benchmark_name(self.thesis, self.scale, benchmark, self.lang)
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
        return f"{pp(row.excess)}  {pad(self.band(row.band), self.band_width())}"

    def band_width(self) -> int:
        return max(width(self.band(band.rating)) for band in (*self.scale.stock.bands, *self.scale.industry.bands))

    def so_far(self, subject: Subject) -> str:
        if subject.id not in self.outcome.paths or not len(self.outcome.paths):
            return self.say("term_pending")
        value = float(self.outcome.paths[subject.id].iloc[-1])
        if math.isnan(value):
            return self.say("term_gap")
        ladder = self.scale.stock if subject.kind == "candidate" else self.scale.industry
        return f"{pp(value)}  {pad(self.band(rate(value, ladder)), self.band_width())}"

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
            self.say("term_near_item", name=self.name(subject), months=months, excess=pp(row.excess))
            for subject in self.thesis.subjects()
            for months in self.months
            for row in [self.outcome.row(subject.id, months)]
            if row.near_edge and row.excess is not None
        ]
        comma = self.comma()
        yield self.say("term_near", items=comma.join(near)) if near else self.say("term_near_none")
        left_out = dict.fromkeys(name for row in self.outcome.rows for name in row.left_out if row.kind == ALL)
        if left_out:
            yield self.say("term_left_out", names=comma.join(left_out))
        if not self.has_total:
            yield self.say("term_no_total")
        gaps = gap_records(self.outcome, self.lang)
        yield from (self.say("term_gap_line", **gap) for gap in gaps)
        yield self.say("term_gaps_closing" if gaps else "term_more")

    def basis_lines(self) -> Iterator[str]:
        """Subjects whose band at the last horizon differs between the three bases."""
        months, total = self.months[-1], self.thesis.total_benchmark(self.scale)
        for subject in self.thesis.subjects():
            rows = [row for row in self.outcome.rows if (row.subject, row.horizon_months) == (subject.id, months)]
            if total is None or len(rows) < 3 or len({row.band for row in rows}) < 2:
                continue
            price, like, mixed = (
                f"{pp(row.excess)} {self.band(row.band)}" if row.excess is not None and row.band else self.say("term_gap")
                for row in rows
            )
            yield self.say("term_mixed", name=self.name(subject), months=months, price=price, total=like, mixed=mixed)


class _WeekText(_Text):
    def __init__(self, week: Week, lang: Lang) -> None:
        super().__init__(week.thesis, week.scale, lang)
        self.week = week
        self.benchmark = benchmark_name(week.thesis, week.scale, week.benchmark, lang)

    def lines(self) -> Iterator[str]:
        first, last = self.week.sessions[0], self.week.sessions[-1]
        year, number, _ = last.isocalendar()
        yield self.say(
            "term_week_title",
            year=year,
            week=number,
            days=f"{first:%m-%d}" if first == last else self.say("term_days", first=f"{first:%m-%d}", last=f"{last:%m-%d}"),
            sessions=self.say("term_session" if first == last else "term_sessions", count=len(self.week.sessions)),
            title=_words(self.thesis, self.lang)[1],
        )
        yield HEAVY
        yield from self.lead_lines()
        yield from wrapped(self.head("term_data"), self.data_line())
        yield LIGHT
        yield from table_lines(self.columns(), self.rows())
        yield LIGHT
        yield self.say("term_week_note", benchmark=self.benchmark)
        yield self.horizon_line()
        gaps = gap_records(self.week, self.lang)
        yield from (self.say("term_gap_line", **gap) for gap in gaps)

    def lead_lines(self) -> Iterator[str]:
        row, benchmark = self.week.row(ALL), self.week.row(self.week.benchmark)
        subjects = {subject.id: subject for subject in self.thesis.subjects()}
        words = []
        if row.own_return is not None and row.excess is not None and benchmark.own_return is not None:
            params = {"own": pct(row.own_return), "other": pct(benchmark.own_return), "excess": pp(row.excess)}
            words.append(self.say("term_week_lead", basket=self.name(subjects[ALL]), benchmark=self.benchmark, **params))
        index = self.thesis.industry_index
        if index:
            own = self.week.row(index.symbol)
            if own.own_return is not None and own.excess is not None:
                params = {"own": pct(own.own_return), "excess": pp(own.excess)}
                words.append(self.say("term_week_index", name=self.name(subjects[index.symbol]), **params))
        yield ("" if self.lang == "zh" else " ").join(words)
        since = [
            f"{self.name(subjects[each])} {pp(found.excess_since_published)} {self.band(found.band_so_far)}"
            for each in (ALL, *([index.symbol] if index else []))
            for found in [self.week.row(each)]
            if found.excess_since_published is not None and found.band_so_far
        ]
        if since:
            yield self.say("term_since_lead", items=("；" if self.lang == "zh" else "; ").join(since))

    def data_line(self) -> str:
        prices = self.week.prices
        return self.say(
            "term_week_data",
            name=prices.name,
            kind=self.say(f"term_kind_{prices.kind}"),
            as_of=self.week.as_of,
            sha=prices.sha256[:12],
            published=self.week.published,
            basis=basis_text(self.thesis, self.week.published, self.lang),
        )

    def columns(self) -> list[Column]:
        heads = ("week_return", "week_excess", "contribution", "since", "since_excess")
        figures = [Column(self.say(f"term_{head}"), right=True) for head in heads]
        band, edge, flags = (self.say(f"term_{head}") for head in ("band_so_far", "to_edge", "flags"))
        return [Column(self.say("term_subject")), *figures, Column(band), Column(edge, right=True), Column(flags)]

    def rows(self) -> list[list[str] | None]:
        lines: list[list[str] | None] = []
        for group in self.groups():
            lines += [None] if lines else []
            lines += [self.cells(self.name(subject), self.week.row(subject.id)) for subject in group]
            if group[0].kind == "industry_index" or group[0].kind == ALL:
                lines.append(self.cells(self.benchmark, self.week.row(self.week.benchmark)))
        return lines

    def cells(self, name: str, row: WeekRow) -> list[str]:
        gap = f"{self.say('term_gap')} {row.gap.code}" if row.gap else ""
        week = [gap, ""] if row.own_return is None else [pct(row.own_return), "" if row.excess is None else pp(row.excess)]
        since = self.say("term_not_published") if row.since_gap and row.since_gap.code == "not_due" else self.say("term_gap")
        total = [since, ""] if row.since_published is None else [pct(row.since_published), self.since_excess(row)]
        band = self.band(row.band_so_far) if row.band_so_far else ""
        if row.kind == "benchmark":
            band = self.say("term_benchmark_band")
        part = "" if row.contribution is None else pp(row.contribution)
        edge = "" if row.to_next_edge is None else pp(row.to_next_edge)
        flags = self.flags(row.flags) if row.kind == "candidate" else self.basket_flags(row.flags)
        return [name, *week, part, *total, band, edge, flags]

    def since_excess(self, row: WeekRow) -> str:
        return self.say("term_gap") if row.excess_since_published is None else pp(row.excess_since_published)

    def horizon_line(self) -> str:
        calendar = self.week.prices.calendar
        items = []
        for months in (self.scale.window.from_months, self.scale.window.to_months):
            day = end_date(calendar, self.week.published, months)
            if day is None:
                items.append(self.say("term_horizon_unknown", months=months))
                continue
            left = calendar.count_between(self.week.as_of, day)
            word = self.say("term_horizon_left", sessions=left) if left > 0 else self.say("term_horizon_past")
            items.append(self.say("term_horizon_item", months=months, day=day, left=word))
        return self.say("term_horizons", items=("；" if self.lang == "zh" else "; ").join(items))
