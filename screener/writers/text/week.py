"""The weekly figures as terminal text: summary first, then a row for every subject."""

from __future__ import annotations

from collections.abc import Iterator

from screener.judgement.outcome import end_date
from screener.judgement.week import Week, WeekRow, led_by
from screener.prices.prices import SeriesName
from screener.report.records import gap_records
from screener.report.wording import basis_text
from screener.terms.say import Lang
from screener.thesis.thesis import ALL
from screener.writers.text.text import HEAVY, LIGHT, Column, Text, pct, pp, pp_in, table_lines, to_edge_text, wrapped


def week_text(week: Week, lang: Lang = "zh", *, series: SeriesName = "price") -> str:
    """The weekly figures for a terminal; `series` is the one of the figures since publication."""
    return "\n".join(_WeekText(led_by(week, series) if series != "price" else week, lang, series).lines()) + "\n"


class _WeekText(Text):
    def __init__(self, week: Week, lang: Lang, series: SeriesName) -> None:
        super().__init__(week.thesis, week.scale, lang)
        self.week, self.series = week, series
        self.benchmark = week.scale.market(week.thesis.market).benchmark_name(week.benchmark, lang)

    def lines(self) -> Iterator[str]:
        first, last = self.week.sessions[0], self.week.sessions[-1]
        year, number, _ = last.isocalendar()
        yield self.say(
            "term_week_title",
            year=year,
            week=number,
            days=f"{first:%m-%d}" if first == last else self.say("term_days", first=f"{first:%m-%d}", last=f"{last:%m-%d}"),
            sessions=self.say("term_session" if first == last else "term_sessions", count=len(self.week.sessions)),
            title=self.thesis.title_in(self.lang),
        )
        yield HEAVY
        yield from self.lead_lines()
        yield from wrapped(self.head("term_data"), self.data_line())
        yield LIGHT
        yield from table_lines(self.columns(), self.rows())
        yield LIGHT
        yield from wrapped(
            "", self.say(f"term_week_note_{self.series}", benchmark=self.benchmark, total=self.benchmark_since())
        )
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
            f"{self.name(subjects[each])} {self.since_excess(found)} {self.band(found.band_so_far)}"
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
        edge = "" if row.to_next_edge is None else to_edge_text(row.to_next_edge)
        flags = self.flags(row.flags) if row.kind == "candidate" else self.basket_flags(row.flags)
        return [name, *week, part, *total, band, edge, flags]

    def benchmark_since(self) -> str:
        """What baskets and stocks stand against since publication, as the difference that the table shows."""
        row = self.week.row(ALL)
        if row.since_published is None or row.excess_since_published is None:
            return self.say("term_gap")
        return f"{pct(row.since_published - row.excess_since_published)}%"

    def since_excess(self, row: WeekRow) -> str:
        if row.excess_since_published is None:
            return self.say("term_gap")
        return pp_in(row.excess_since_published, self.scale.ladder(row.kind))

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
