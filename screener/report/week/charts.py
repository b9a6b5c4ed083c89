"""The charts of the weekly report by id; excess by segment and contributions are drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.judgement.week_facts import WeeklyFacts
from screener.report.document import CellKind, Chart, Column, Row, Table, figure
from screener.report.draw import marks as charts
from screener.report.draw.marks import Axis, Spec
from screener.report.figures import cell_text, percent, points
from screener.report.week.drawdown import drawdown_chart
from screener.report.week.ranking import ranking_chart
from screener.report.week.relative import relative_chart
from screener.terms.notes import Gap
from screener.terms.numbers import rounded
from screener.terms.say import Lang, say
from screener.thesis.subjects import Subject

NARROW, THIRD = 358, 371


def weekly_charts(facts: WeeklyFacts, lang: Lang) -> dict[str, Chart]:
    """Every chart that this week's data can draw, by id."""
    paths = facts.paths
    drawn = [excess_chart(facts, lang), contribution_chart(facts, lang)]
    if paths is not None:
        drawn += [relative_chart(facts, paths, lang), drawdown_chart(facts, paths, lang)]
    if facts.ranking is not None and facts.ranking.count:
        drawn.append(ranking_chart(facts, facts.ranking, lang))
    return {each.id: each for each in drawn if each is not None}


@dataclass(frozen=True)
class _Bar:
    """A row of a bar chart: name, value (fraction) and how it is written; `bold` for the theme itself."""

    name: str
    value: float | Gap
    text: str
    bold: bool = False

    @property
    def words(self) -> str:
        """The value with its unit, for a sentence."""
        return points(self.value) if isinstance(self.value, float) else self.text

    @property
    def drawn(self) -> float:
        """The value in percent; a gap has no bar."""
        return 100 * self.value if isinstance(self.value, float) else 0.0


def _bar(subject: Subject, value: float | Gap, lang: Lang) -> _Bar:
    return _Bar(subject.name_in(lang), value, cell_text(figure("points", value), lang), subject.kind == "all")


def excess_chart(facts: WeeklyFacts, lang: Lang) -> Chart | None:
    """The week's excess of every bucket, then of the whole basket and the industry index."""
    week = facts.week
    shown = [each for each in facts.subjects if each.kind == "bucket"]
    shown += [each for each in facts.subjects if each.kind == "all"]
    index = week.thesis.industry_index
    shown += [facts.subject(index.symbol)] if index else []
    bars = [_bar(each, facts.figures[each.id, "week"].excess, lang) for each in shown]
    known = [bar for bar in bars if isinstance(bar.value, float)]
    if not known:
        return None
    best = max(known, key=lambda bar: bar.drawn)
    worst = min(known, key=lambda bar: bar.drawn)
    benchmark = facts.benchmark.name_in(lang)
    return Chart(
        id="excess",
        title=say("weekly_excess_title", lang),
        sub=say("weekly_excess_sub", lang, benchmark=benchmark),
        finding=say(
            "weekly_excess_finding",
            lang,
            best=best.name,
            best_value=best.words,
            worst=worst.name,
            worst_value=worst.words,
        ),
        kind="bars",
        data=_bar_table("excess_data", bars, kind="excess", head=say("weekly_head_excess", lang), lang=lang),
        wide=_bars_spec(bars, THIRD),
        narrow=_bars_spec(bars, NARROW),
    )


def _bar_table(table_id: str, bars: Sequence[_Bar], *, kind: CellKind, head: str, lang: Lang) -> Table:
    rows = tuple(
        Row(f"{at}", bar.name, (figure(kind, bar.value),), role="theme" if bar.bold else "plain") for at, bar in enumerate(bars)
    )
    return Table(table_id, say("weekly_data", lang), say("weekly_head_subject", lang), (Column("value", head, "pp"),), rows)


ROW, BAR, NAME_GUTTER, VALUE_GUTTER = 25, 14, 104, 44


def _bars_spec(bars: Sequence[_Bar], width: int) -> Spec:
    """Horizontal bars from zero; falling ones hatched, each with its value at its end."""
    height = ROW * len(bars) + 8
    values = [bar.drawn for bar in bars]
    low, high = min(0.0, *values), max(0.0, *values)
    room = (VALUE_GUTTER if low < 0 else 4, VALUE_GUTTER if high > 0 else 4)
    x = Axis(low, high if high > low else low + 1, NAME_GUTTER + room[0], width - room[1])
    middle = [4 + ROW * at + ROW / 2 for at in range(len(bars))]
    layers = [*_row_names(bars, middle), *_bar_marks(bars, middle, x)]
    total = next((at for at, bar in enumerate(bars) if bar.bold), None)
    if total is not None:
        at = middle[total] - ROW / 2
        layers.append(charts.rules([{"x": 0, "x2": width, "y": at, "y2": at}], color="rule"))
    zero = {"x": x.at(0), "x2": x.at(0), "y": 0, "y2": height}
    layers.append(charts.rules([zero], color="ink2"))
    return charts.chart([charts.view(layers, width=width, height=height)], size=(width, height), origin=(0, 0))


def _row_names(bars: Sequence[_Bar], middle: Sequence[float]) -> list[Spec]:
    rows = [({"x": 0, "y": at, "text": bar.name}, bar.bold) for bar, at in zip(bars, middle, strict=True)]
    plain, bold = ([row for row, is_bold in rows if is_bold is wanted] for wanted in (False, True))
    return [*charts.texts(plain), *(charts.texts(bold, bold=True, color="ink") if bold else [])]


def _bar_marks(bars: Sequence[_Bar], middle: Sequence[float], x: Axis) -> list[Spec]:
    layers = []
    for bar, at in zip(bars, middle, strict=True):
        value = bar.drawn
        box = {
            "x": x.at(min(value, 0)),
            "x2": x.at(max(value, 0)),
            "y": at - BAR / 2,
            "y2": at + BAR / 2,
            "tip": f"{bar.name} {bar.text}",
        }
        down = value < 0
        layers.append(charts.rects([box], fill=charts.HATCH if down else "up", stroke="dn" if down else None))
        label = {"x": x.at(value) + (-5 if down else 5), "y": at, "text": bar.text}
        color = "dn" if rounded(value, 2) < 0 else "up" if rounded(value, 2) > 0 else "ink3"
        layers += charts.texts([label], align="right" if down else "left", color=color)
    return layers


def contribution_chart(facts: WeeklyFacts, lang: Lang) -> Chart | None:
    """How the buckets add up to the theme basket's week: a waterfall with the benchmark as a dotted line."""
    total = facts.figures["all", "week"]
    if isinstance(total.own, Gap):
        return None
    bars = [_bar(facts.subject(part.bucket), part.to_all, lang) for part in facts.parts]
    bars.append(_bar(facts.subject("all"), total.own, lang))
    other = facts.figures[facts.benchmark.id, "week"].own
    mark = None if isinstance(other, Gap) else (facts.benchmark.name_in(lang), other)
    biggest = max(bars[:-1], key=lambda bar: abs(bar.drawn))
    return Chart(
        id="contribution",
        title=say("weekly_contribution_title", lang),
        sub=say("weekly_contribution_sub", lang, count=len(facts.parts)),
        finding=say("weekly_contribution_finding", lang, total=percent(total.own), name=biggest.name, value=biggest.words),
        kind="waterfall",
        data=_bar_table("contribution_data", bars, kind="points", head=say("weekly_head_contribution", lang), lang=lang),
        wide=_waterfall_spec(bars, THIRD, mark),
        narrow=_waterfall_spec(bars, NARROW, mark),
    )


def _waterfall_spec(bars: Sequence[_Bar], width: int, mark: tuple[str, float] | None) -> Spec:
    top = 22
    height = ROW * len(bars) + 8
    steps = np.concatenate([[0.0], np.cumsum([bar.drawn for bar in bars[:-1]])])
    spans = [(steps[at], steps[at + 1]) for at in range(len(bars) - 1)] + [(0.0, bars[-1].drawn)]
    known = [*steps, *(each for span in spans for each in span), *([100 * mark[1]] if mark else [])]
    low, high = min(known), max(known)
    x = Axis(low, high if high > low else low + 1, NAME_GUTTER + 8, width - VALUE_GUTTER - 14)
    middle = [4 + ROW * at + ROW / 2 for at in range(len(bars))]
    layers = _row_names(bars, middle)
    for bar, (start, stop), at in zip(bars, spans, middle, strict=True):
        box = {
            "x": x.at(min(start, stop)),
            "x2": x.at(max(start, stop)),
            "y": at - BAR / 2,
            "y2": at + BAR / 2,
            "tip": f"{bar.name} {bar.text}",
        }
        down = stop < start
        fill = "theme" if bar.bold else charts.HATCH if down else "up"
        layers.append(charts.rects([box], fill=fill, stroke="dn" if down and not bar.bold else None))
        color = "ink" if bar.bold else "dn" if down else "up"
        layers += charts.texts([{"x": width, "y": at, "text": bar.text}], align="right", color=color, bold=bar.bold)
    links = [
        {"x": x.at(stop), "x2": x.at(stop), "y": at + BAR / 2, "y2": at + ROW - BAR / 2}
        for (_, stop), at in zip(spans[:-1], middle, strict=False)
    ]
    layers.append(charts.rules(links, color="ink2"))
    line = middle[-1] - ROW / 2
    layers.append(charts.rules([{"x": 0, "x2": width, "y": line, "y2": line}], color="rule"))
    layers.append(charts.rules([{"x": x.at(0), "x2": x.at(0), "y": 0, "y2": height}], color="ink2"))
    if mark:
        at = x.at(100 * mark[1])
        layers.append(charts.rules([{"x": at, "x2": at, "y": -6, "y2": height}], color="ink3", dash=(2, 3)))
        side = "left" if at < NAME_GUTTER + 60 else "right" if at > width - 80 else "center"
        layers += charts.texts(
            [{"x": at, "y": -14, "text": f"{mark[0]} {points(mark[1], unit=False)}"}], align=side, size=charts.SMALL
        )
    return charts.chart([charts.view(layers, width=width, height=height)], size=(width, height + top), origin=(0, top))
