"""The drawings of the outcome dossier: daily excess over the window, on the bands as coloured zones."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.judgement.outcome import Outcome
from screener.measures.quotes import doubts
from screener.report.document import Cell, Chart, Column, Panel, Panels, Row, Table, figure
from screener.report.draw import marks as charts
from screener.report.draw.marks import Axis, Spec
from screener.report.figures import measured_text, points
from screener.report.outcome.verdict import counted_names, main_subjects
from screener.report.wording import earned, rated, zones_of
from screener.terms.say import Lang, listed, say
from screener.terms.sessions import as_date
from screener.thesis.scale import Ladder, edge_text
from screener.thesis.subjects import Subject

WIDE, NARROW, PANEL = (568, 268), (358, 232), (180, 92)
LEFT, RIGHT, TOP, BOTTOM = 38, 104, 8, 40
# Room above and below the data, as a part of their span: so that the outer zones can be seen.
MARGIN = 0.10
# Pixels between a mark and its value, and the room that a value needs.
LABEL_OFFSET, LABEL_WIDTH = 13, 52


@dataclass(frozen=True)
class Span:
    """The sessions that a chart shows, and the marked ones: (position, word). `open`: the window has not begun."""

    sessions: tuple[dt.date, ...]
    marks: tuple[tuple[int, str], ...]
    open: bool


def shown_span(outcome: Outcome, kind: str) -> Span | None:
    """The whole window of a kind of subject from its first to its last end date; None without a path.

    Before the window begins, base date to as-of date.
    """
    window, ends = outcome.window_of(kind), outcome.end_dates
    first, last = ends[window.from_months], ends[window.to_months]
    if len(outcome.paths) < 2:
        return None
    if outcome.status_of(kind) == "pending" or first is None:
        sessions = tuple(as_date(day) for day in outcome.paths.index)
        return Span(sessions, ((0, "base"), (len(sessions) - 1, "as_of")), open=True)
    calendar = outcome.prices.calendar
    sessions = tuple(as_date(day) for day in calendar.between(first, last or calendar.last_day))
    dated = [(months, ends[months]) for months in window.horizons]
    marks = tuple((sessions.index(end), str(months)) for months, end in dated if end is not None)
    return Span(sessions, marks, open=False)


def values_of(outcome: Outcome, subject: str, span: Span) -> list[float | None]:
    """The excess of a subject on each session of a span (fractions); None after the as-of date and where it is a gap."""
    path: pd.Series = outcome.paths[subject].reindex(pd.DatetimeIndex(span.sessions))
    return [None if np.isnan(value) else float(value) for value in path.to_numpy(dtype=float)]


def path_charts(outcome: Outcome, lang: Lang) -> tuple[Chart, ...]:
    """One chart for the rated industry index and one for the basket of all names, those that have a path."""
    span = shown_span(outcome, "all")
    if span is None:
        return ()
    found = [each for each in main_subjects(outcome) if any(value is not None for value in values_of(outcome, each.id, span))]
    return tuple(_path_chart(outcome, each, span, lang, alone=len(found) == 1) for each in found)


def _path_chart(outcome: Outcome, subject: Subject, span: Span, lang: Lang, *, alone: bool) -> Chart:
    which = "all" if subject.kind == "all" else "index"
    window = {"from_months": outcome.scale.window.from_months, "to_months": outcome.scale.window.to_months}
    title = f"dossier_path_open_title_{which}" if span.open else f"dossier_path_{which}_title"
    benchmark = outcome.thesis.benchmark_name_in(outcome.scale, lang)
    if outcome.compared[subject.id].is_absolute:
        benchmark = say("dossier_no_index", lang)
    names = {"name": subject.name_in(lang), "benchmark": benchmark, "n": counted_names(outcome)}
    drawing = _Drawing(outcome, subject, span, lang)
    other = "" if alone or which == "index" else say("dossier_path_other_scale", lang)
    return Chart(
        id=f"path-{which}",
        title=say(title, lang, **window),
        finding=finding(outcome, subject, span, lang),
        kind="zones",
        data=_daily_table(outcome, [subject], span, lang, key=f"path-{which}"),
        wide=drawing.spec(WIDE),
        narrow=drawing.spec(NARROW),
        sub=say(f"dossier_path_{which}_sub", lang, **names) + other,
        zones=zones_of(drawing.ladder, lang),
    )


def finding(outcome: Outcome, subject: Subject, span: Span, lang: Lang) -> str:
    """What a path shows, in figures: its marks, its highest and its lowest excess."""
    values = values_of(outcome, subject.id, span)
    known = [(day, value) for day, value in zip(span.sessions, values, strict=True) if value is not None]
    ladder = outcome.scale.ladder(subject.kind)
    marks = [words for _, words in _mark_words(values, span, ladder, lang)]
    return say(
        "dossier_path_finding",
        lang,
        name=subject.name_in(lang),
        marks=say("phrase_comma", lang).join(marks),
        from_day=known[0][0],
        to_day=known[-1][0],
        high=measured_text(max(value for _, value in known), ladder),
        low=measured_text(min(value for _, value in known), ladder),
    )


def _mark_words(values: Sequence[float | None], span: Span, ladder: Ladder, lang: Lang) -> Iterator[tuple[int, str]]:
    for place, word in span.marks:
        value = values[place]
        if value is not None and not (span.open and place == 0):
            code = "dossier_path_mark" if word.isdigit() else "dossier_path_now"
            yield place, say(code, lang, months=word, day=span.sessions[place], excess=measured_text(value, ladder))


def _daily_table(outcome: Outcome, subjects: Sequence[Subject], span: Span, lang: Lang, *, key: str) -> Table:
    """Excess by session, a column per subject; for one subject its band beside it."""
    columns = [Column(each.id, each.name_in(lang), "pp") for each in subjects]
    if len(subjects) == 1:
        columns.append(Column("band", say("dossier_band", lang), left=True))
    series = [values_of(outcome, each.id, span) for each in subjects]
    rows = []
    for place, day in enumerate(span.sessions):
        values = [each[place] for each in series]
        if day <= outcome.as_of:
            rows.append(Row(day.isoformat(), day.isoformat(), _daily_cells(outcome, subjects, values, lang)))
    return Table(f"{key}-data", say("dossier_daily_title", lang), say("dossier_session", lang), tuple(columns), tuple(rows))


def _daily_cells(outcome: Outcome, subjects: Sequence[Subject], values: Sequence[float | None], lang: Lang) -> tuple[Cell, ...]:
    gaps = [outcome.row(each.id, outcome.window_of(each.kind).from_months).gap for each in subjects]
    cells = [
        Cell("excess", value) if value is not None else figure("excess", gap) for value, gap in zip(values, gaps, strict=True)
    ]
    if len(subjects) > 1 or values[0] is None:
        return tuple(cells) if len(subjects) > 1 else (*cells, Cell("none"))
    ladder = outcome.scale.ladder(subjects[0].kind)
    return rated(values[0], ladder), earned(values[0], ladder, lang, flags=doubts(outcome.prices, subjects[0].members))


def path_panels(outcome: Outcome, lang: Lang) -> Panels | None:
    """A small chart for every name, and for the second opinion; None without a path."""
    span = shown_span(outcome, "candidate")
    if span is None:
        return None
    main = {each.id for each in main_subjects(outcome)}
    subjects = [each for each in outcome.thesis.subjects() if each.kind == "candidate"]
    if outcome.window_of("candidate").horizons == outcome.window_of("all").horizons:
        subjects += [each for each in outcome.thesis.subjects() if each.kind == "industry_index" and each.id not in main]
    subjects = [each for each in subjects if any(value is not None for value in values_of(outcome, each.id, span))]
    if not subjects:
        return None
    names = sum(each.kind == "candidate" for each in subjects)
    state = "_open" if span.open else ""
    return Panels(
        id="paths",
        title=say(f"dossier_panels{state}_title", lang, n=names),
        panels=tuple(_panel(outcome, each, span, lang) for each in subjects),
        data=_daily_table(outcome, subjects, span, lang, key="paths"),
        sub=say(f"dossier_panels{state}_sub", lang, months=listed(outcome.window_of("candidate").horizons, lang)),
    )


def _panel(outcome: Outcome, subject: Subject, span: Span, lang: Lang) -> Panel:
    values = values_of(outcome, subject.id, span)
    ladder = outcome.scale.ladder(subject.kind)
    last = next(value for value in reversed(values) if value is not None)
    marked = span.marks[1:] if span.open else span.marks
    found = [values[place] for place, _ in marked]
    marks = [Cell("not_due") if value is None else rated(value, ladder, kind="heat") for value in found]
    return Panel(
        id=f"path-{subject.id}",
        head=subject.name_in(lang),
        band=earned(last, ladder, lang, flags=doubts(outcome.prices, subject.members)),
        marks=tuple(marks),
        finding=finding(outcome, subject, span, lang),
        drawing=_Drawing(outcome, subject, span, lang).panel(),
    )


@dataclass(frozen=True)
class Strip:
    """A band's part of the drawing: its limits in percentage points, its colour token, its name."""

    low: float
    high: float
    token: str
    word: str


class _Drawing:
    """One subject's path with the zones of its ladder; values in percentage points, positions in pixels."""

    def __init__(self, outcome: Outcome, subject: Subject, span: Span, lang: Lang) -> None:
        self.subject, self.span, self.lang = subject, span, lang
        self.ladder = outcome.scale.ladder(subject.kind)
        self.values = [None if value is None else value * 100 for value in values_of(outcome, subject.id, span)]
        self.name = subject.name_in(lang)
        self.color = {"all": "theme", "industry_index": "industry"}.get(subject.kind, "ink2")
        known = [value for value in self.values if value is not None]
        edges = [edge * 100 for edge in self.ladder.edges]
        low, high = min(*known, *edges, 0.0), max(*known, *edges, 0.0)
        room = (high - low) * MARGIN
        self.domain = (low - room, high + room)

    def axes(self, size: tuple[int, int], gutters: tuple[int, int, int, int]) -> tuple[Axis, Axis]:
        left, right, top, bottom = gutters
        width, height = size[0] - left - right, size[1] - top - bottom
        return Axis(0, max(len(self.values) - 1, 1), 0, width), Axis(*self.domain, height, 0)

    def strips(self) -> tuple[Strip, ...]:
        """The ladder's bands cut at the domain, worst first."""
        low, high = self.domain
        found = []
        for zone in zones_of(self.ladder, self.lang):
            start, stop = max(zone.lower * 100, low), min(zone.upper * 100, high)
            band = self.ladder.band(zone.band.rating)
            word = zone.band.word if math.isfinite(zone.lower) and math.isfinite(zone.upper) else band.text(self.lang)
            found.append(Strip(start, stop, zone.token, word))
        return tuple(found)

    def shown(self, value: float) -> str:
        """A value (percentage points) as text that does not contradict its zone."""
        return measured_text(value / 100, self.ladder)

    def rows(self) -> list[dict[str, object]]:
        shown = [None if value is None else self.shown(value) for value in self.values]
        return [
            {"i": place, "v": value, "day": day.isoformat(), "shown": text}
            for place, (day, value, text) in enumerate(zip(self.span.sessions, self.values, shown, strict=True))
        ]

    def grounds(self, x: Axis, y: Axis) -> list[Spec]:
        """Zones and the zero line."""
        layers = []
        for strip in self.strips():
            if strip.token:
                rows = [{"x": x.start, "x2": x.stop, "y": y.at(strip.high), "y2": y.at(strip.low)}]
                layers.append(charts.rects(rows, fill=strip.token, opacity=0.6))
        return [*layers, charts.rules([_flat(x, y.at(0))], color="ink2")]

    def ticks(self, x: Axis, y: Axis) -> list[Spec]:
        """Edge values and round values on the left, as far as they have room; a grid line for each round value."""
        edges = [edge * 100 for edge in self.ladder.edges]
        step = charts.tick_step(self.domain[1] - self.domain[0])
        rounds = [place * step for place in range(math.ceil(self.domain[0] / step), math.floor(self.domain[1] / step) + 1)]
        free = [value for value in rounds if all(abs(y.at(value) - y.at(edge)) >= charts.FONT_SIZE for edge in edges)]
        shown = sorted({*edges, *free})
        labels = [{"x": -6, "y": y.at(value), "text": edge_text(value / 100)} for value in shown]
        grid = charts.rules([_flat(x, y.at(value)) for value in free if value], color="rule")
        dotted = charts.rules([_flat(x, y.at(edge)) for edge in edges], color="ink3", dash=(2, 3))
        return [grid, dotted, *charts.texts(labels, align="right", color="ink3", size=charts.SMALL)]

    def calendar(self, x: Axis, y: Axis) -> list[Spec]:
        """A dotted line at each mark, with its word and date below."""
        lines = [{"x": x.at(place), "x2": x.at(place), "y": y.stop, "y2": y.start} for place, _ in self.span.marks]
        layers = [charts.rules(lines, color="ink3", dash=(2, 3))]
        last = len(self.span.sessions) - 1
        for place, word in self.span.marks:
            align = "left" if place == 0 else "right" if place == last else "center"
            said = say("dossier_horizon", self.lang, months=word) if word.isdigit() else say(f"dossier_{word}_label", self.lang)
            rows = [
                {"x": x.at(place), "y": y.start + 13, "text": said},
                {"x": x.at(place), "y": y.start + 27, "text": self.span.sessions[place].isoformat()},
            ]
            layers += charts.texts(rows, align=align, color="ink3", size=charts.SMALL)
        return layers

    def names(self, x: Axis, y: Axis) -> list[Spec]:
        """The names of the bands inside their zones, on the side where the path is farther away."""
        layers: list[Spec] = []
        for strip in self.strips():
            top, bottom = y.at(strip.high), y.at(strip.low)
            if bottom - top < charts.SMALL:
                continue
            at = min(max(top + 10 if strip.low > 0 else bottom - 8, top + 6), bottom - 6)
            left = self._clearance(at, x, y, range(len(self.values) // 3))
            right = self._clearance(at, x, y, range(len(self.values) * 2 // 3, len(self.values)))
            row = {"x": 6 if left >= right else x.stop - 6, "y": at, "text": strip.word}
            align = "left" if left >= right else "right"
            layers += charts.texts([row], align=align, color="ink2", size=charts.SMALL, halo=True)
        return layers

    def _clearance(self, at: float, x: Axis, y: Axis, places: range) -> float:
        """How far a word at a height stays from the path and from the value beside its first mark (pixels)."""
        found = [abs(y.at(value) - at) for place in places for value in [self.values[place]] if value is not None]
        if self.values[0] is not None and 0 in places:
            found.append(abs(self._beside(0, x, y, left=False) - at) - charts.FONT_SIZE)
        return min(found, default=math.inf)

    def _beside(self, place: int, x: Axis, y: Axis, *, left: bool) -> float:
        """The height for a value beside a mark: above or below the path along it, off the zero line (pixels)."""
        steps = int(LABEL_WIDTH / (x.stop / max(len(self.values) - 1, 1))) + 1
        along = self.values[max(place - steps, 0) : place + 1] if left else self.values[place : place + steps + 1]
        heights = [y.at(value) for value in along if value is not None]
        own = y.at(self.values[place] or 0.0)
        zero = y.at(0)
        above, below = min(heights) - LABEL_OFFSET, max(heights) + LABEL_OFFSET
        above = zero - LABEL_OFFSET if abs(above - zero) < LABEL_OFFSET / 2 else above
        below = zero + LABEL_OFFSET if abs(below - zero) < LABEL_OFFSET / 2 else below
        free = [at for at in (below, above) if 8 <= at <= y.start - 8]
        return min(free or [min(max(own, 8), y.start - 8)], key=lambda at: abs(at - own))

    def marked(self, x: Axis, y: Axis) -> list[Spec]:
        """Rings at the marks, their values beside them, and name and value at the end of the line."""
        places = [
            place for place, _ in self.span.marks if self.values[place] is not None and not (self.span.open and place == 0)
        ]
        end = max(place for place, value in enumerate(self.values) if value is not None)
        layers = []
        for place in dict.fromkeys([*places, end]):
            layers += _ring(x.at(place), y.at(self.values[place] or 0.0), self.color)
        for place in places:
            if place != end:
                layers += self._value_label(place, end, x, y)
        at = y.at(self.values[end] or 0.0)
        top = min(max(at - 7, 8), y.start - 20)
        words = [{"x": x.at(end) + 9, "y": top, "text": self.name}]
        words.append({"x": x.at(end) + 9, "y": top + 15, "text": self.shown(self.values[end] or 0.0)})
        return [*layers, *charts.texts(words, color=self.color, bold=True, halo=True)]

    def _value_label(self, place: int, end: int, x: Axis, y: Axis) -> list[Spec]:
        """The value of a mark beside it, to the left where the path ends soon after."""
        crowded = x.at(end) - x.at(place) < LABEL_WIDTH
        at = self._beside(place, x, y, left=crowded)
        row = {
            "x": x.at(place) + (-8 if crowded else 6),
            "y": at,
            "text": points((self.values[place] or 0.0) / 100, unit=False),
        }
        return charts.texts([row], align="right" if crowded else "left", color=self.color, bold=True, halo=True)

    def spec(self, size: tuple[int, int]) -> Spec:
        """The chart at one size."""
        x, y = self.axes(size, (LEFT, RIGHT, TOP, BOTTOM))
        path = charts.line("v", x=x, y=y, color=self.color, width=2.25 if self.subject.kind == "all" else 1.75)
        fields = {"day": say("dossier_session", self.lang), "shown": self.name}
        hover = charts.pointer(fields, name="path", x=x, height=y.start)
        grounds = [*self.grounds(x, y), *self.ticks(x, y), *self.calendar(x, y), *self.names(x, y)]
        layers = [*grounds, path, *self.marked(x, y), hover]
        panel = charts.view(layers, width=int(x.stop), height=int(y.start), rows=self.rows())
        return charts.chart([panel], size=size, origin=(LEFT, TOP))

    def panel(self) -> Spec:
        """The small chart: zones, zero line, path and dots, no words."""
        x, y = self.axes(PANEL, (4, 4, 4, 4))
        path = charts.line("v", x=x, y=y, color="ink2", width=1.25)
        marks = self.span.marks[1:] if self.span.open else self.span.marks
        rows = [
            {"x": x.at(place), "y": y.at(value)} for place, _ in marks for value in [self.values[place]] if value is not None
        ]
        layers = [*self.grounds(x, y), path, charts.dots(rows, color="ink", size=30)]
        panel = charts.view(layers, width=int(x.stop), height=int(y.start), rows=self.rows())
        return charts.chart([panel], size=PANEL, origin=(4, 4))


def _flat(x: Axis, at: float) -> dict[str, float]:
    return {"x": x.start, "x2": x.stop, "y": at, "y2": at}


def _ring(x: float, y: float, color: str) -> list[Spec]:
    row = [{"x": x, "y": y}]
    return [charts.dots(row, color=color, size=64), charts.dots(row, color="paper", size=26)]
