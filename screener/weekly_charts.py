"""The charts of the weekly report: each at a wide and a narrow width, with the rows behind it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from screener import charts
from screener.baskets import value_path
from screener.charts import Axis, Rows, Spec
from screener.errors import Gap
from screener.labels import month_day, number, percent, points, rounded
from screener.messages import Lang, say
from screener.periods import drawdown_path, series_of
from screener.phrases import name_of, rating_word
from screener.prices import as_date, session_axis
from screener.ranking import Ranking, industries
from screener.report import Cell, Chart, Column, Row, Table, figure
from screener.subjects import Subject
from screener.weekly_facts import WeeklyFacts

Path = npt.NDArray[np.float64]
# Sessions drawn before the base date, about six weeks: enough to see where the theme came from.
RUN_UP = 28
WIDE, NARROW, THIRD = 765, 358, 371
# Two tick labels need this many pixels between them; zones lie over the window's shade at this opacity.
TICK_ROOM, ZONE = 13, 0.6


@dataclass(frozen=True, eq=False)
class Paths:
    """Returns since the base date by session (fractions, `price` series), run-up before it with equal weights at its start.

    `sessions`: from the run-up to the end of the window; values are NaN after the as-of date and where there is no figure.
    """

    sessions: tuple[dt.date, ...]
    base: int
    end: int
    window: tuple[int | None, int | None]
    theme: Path
    industry: Path | None
    benchmark: Path

    def excess(self, path: Path) -> Path:
        """Arithmetic excess over the benchmark, from the base date on."""
        values = path - self.benchmark
        values[: self.base] = np.nan
        return values


def build_paths(facts: WeeklyFacts) -> Paths | None:
    """The paths behind the chart of relative performance; None before publication."""
    week, calendar = facts.week, facts.week.prices.calendar
    if week.base_date is None or week.base_date >= week.as_of:
        return None
    first = max(calendar.shift(week.base_date, -RUN_UP), week.prices.first)
    months = sorted(facts.horizons)
    ends = [calendar.last_on_or_before(facts.horizons[each]) for each in (months[0], months[-1])]
    last = max(ends[1] or calendar.last_day, week.as_of)
    axis = session_axis(first, last)
    sessions = tuple(as_date(day) for day in axis)
    position = {day: at for at, day in enumerate(sessions)}

    def path(subject: Subject) -> Path:
        return _path(facts, subject, axis, base=position[week.base_date or first], end=position[week.as_of])

    index = week.thesis.industry_index
    return Paths(
        sessions=sessions,
        base=position[week.base_date],
        end=position[week.as_of],
        window=(position.get(ends[0]) if ends[0] else None, position.get(ends[1]) if ends[1] else None),
        theme=path(facts.subject("all")),
        industry=path(facts.subject(index.symbol)) if index else None,
        benchmark=path(facts.benchmark),
    )


def _path(facts: WeeklyFacts, subject: Subject, axis: pd.DatetimeIndex, *, base: int, end: int) -> Path:
    values = np.full(len(axis), np.nan)
    series = series_of(subject, "price")
    values[base : end + 1] = value_path(
        facts.week.market, subject.members, series=series, base=as_date(axis[base]), window=axis[base : end + 1]
    )
    before = value_path(facts.week.market, subject.members, series=series, base=as_date(axis[0]), window=axis[: base + 1])
    values[: base + 1] = (1 + before) / (1 + before[-1]) - 1
    return values


def weekly_charts(facts: WeeklyFacts, lang: Lang) -> dict[str, Chart]:
    """Every chart that this week's data can draw, by id."""
    paths = build_paths(facts)
    drawn = [excess_chart(facts, lang), contribution_chart(facts, lang)]
    if paths is not None:
        drawn += [relative_chart(facts, paths, lang), drawdown_chart(facts, paths, lang)]
    if facts.ranking is not None and facts.ranking.count:
        drawn.append(ranking_chart(facts, facts.ranking, lang))
    return {each.id: each for each in drawn if each is not None}


# Relative performance


@dataclass(frozen=True)
class _Look:
    """Measures of one width of the chart of two panels (pixels)."""

    size: tuple[int, int]
    upper: int
    lower: int
    right: int
    top: int = 30
    left: int = 38
    spacing: int = 44

    @property
    def width(self) -> int:
        return self.size[0] - self.left - self.right


_LOOKS = {"wide": _Look((WIDE, 548), 282, 166, 128), "narrow": _Look((NARROW, 430), 216, 112, 84, spacing=40)}


def relative_chart(facts: WeeklyFacts, paths: Paths, lang: Lang) -> Chart:
    """Returns since the base date above, excess with the bands of the industry scale below."""
    index = facts.week.thesis.industry_index
    names = {"theme": name_of(facts.subject("all"), lang), "bench": name_of(facts.benchmark, lang)}
    if index:
        names["industry"] = name_of(facts.subject(index.symbol), lang)
    drawn = _Relative(facts, paths, names, lang)
    first, end = paths.sessions[0], paths.sessions[paths.end]
    finding = say("weekly_relative_finding", lang, first=first, end=end) + drawn.finding()
    return Chart(
        id="relative",
        title=say("weekly_relative_title", lang),
        sub=say("weekly_relative_sub", lang, first=first),
        finding=finding,
        kind="lines",
        data=drawn.table(),
        wide=drawn.spec(_LOOKS["wide"], narrow=False),
        narrow=drawn.spec(_LOOKS["narrow"], narrow=True),
    )


@dataclass(frozen=True, eq=False)
class _Relative:
    facts: WeeklyFacts
    paths: Paths
    names: dict[str, str]
    lang: Lang

    def series(self) -> dict[str, Path]:
        found = {"theme": self.paths.theme}
        if self.paths.industry is not None:
            found["industry"] = self.paths.industry
        return {**found, "bench": self.paths.benchmark}

    def finding(self) -> str:
        last = {key: values[self.paths.end] for key, values in self.series().items()}
        stop = {"zh": "，", "en": ", "}[self.lang]
        return stop.join(f"{self.names[key]} {percent(value)}" for key, value in last.items() if np.isfinite(value)) + (
            "。" if self.lang == "zh" else "."
        )

    def table(self) -> Table:
        """Weekly rows since the base date: the last session of each week."""
        paths, keys = self.paths, self.series()
        ends = set(self.facts.week.prices.calendar.last_week_ends(paths.sessions[paths.end], 80))
        at = [each for each in range(paths.base, paths.end + 1) if paths.sessions[each] in ends or each == paths.base]
        columns = [Column(key, self.names[key], "%", group=say("weekly_head_return", self.lang)) for key in keys]
        excess = {key: paths.excess(values) for key, values in keys.items() if key != "bench"}
        columns += [
            Column(f"{key}_excess", self.names[key], "pp", group=say("weekly_head_excess", self.lang)) for key in excess
        ]
        rows = tuple(
            Row(
                paths.sessions[each].isoformat(),
                paths.sessions[each].isoformat(),
                (
                    *(_cell("return", values[each]) for values in keys.values()),
                    *(_cell("excess", values[each]) for values in excess.values()),
                ),
            )
            for each in at
        )
        return Table(
            "relative_data", say("weekly_data_weekly", self.lang), say("weekly_head_session", self.lang), tuple(columns), rows
        )

    def rows(self) -> list[dict[str, object]]:
        """One row per session: figures in percent, and the words that the pointer shows."""
        found = []
        bench = self.paths.benchmark
        edge = max(self.facts.week.scale.industry.edges)
        for at, day in enumerate(self.paths.sessions):
            row: dict[str, object] = {"i": at, "day": day.isoformat()}
            for key, values in self.series().items():
                row[key] = _hundredths(values[at])
                row[f"{key}_word"] = percent(values[at]) if np.isfinite(values[at]) else ""
            for key, values in self.series().items():
                if key != "bench":
                    excess = values[at] - bench[at] if at >= self.paths.base else math.nan
                    row[f"{key}_excess"] = _hundredths(excess)
                    row[f"{key}_excess_word"] = points(excess) if np.isfinite(excess) else ""
            row["low"], row["high"] = (
                _hundredths(bench[at] + side * edge) if at >= self.paths.base else None for side in (-1, 1)
            )
            if at <= self.paths.end:
                found.append(row)
        return found

    def spec(self, look: _Look, *, narrow: bool) -> Spec:
        rows = self.rows()
        x = Axis(0, len(self.paths.sessions) - 1, 0, look.width)
        panels = [
            charts.view(self.upper(look, x, rows, narrow=narrow), width=look.width, height=look.upper),
            charts.view(self.lower(look, x, rows, narrow=narrow), width=look.width, height=look.lower),
        ]
        return charts.chart(
            panels, size=look.size, origin=(look.left, look.top), spacing=look.spacing, rows=rows, switches=list(self.series())
        )

    def ground(self, x: Axis, height: int) -> list[Spec]:
        """The window, shaded; it runs on to its end, or to the end of the known calendar."""
        low, high = self.paths.window
        if low is None:
            return []
        right = x.at(high) if high is not None else x.stop
        return [charts.rects([{"x": x.at(low), "x2": right, "y": 0, "y2": height}], fill="window")]

    def frame(self, look: _Look, y: Axis, ticks: Sequence[float], *, sign: bool) -> list[Spec]:
        """Grid, zero line and tick labels."""
        grid = [{"x": 0, "x2": look.width, "y": y.at(tick), "y2": y.at(tick)} for tick in ticks if tick]
        zero = [{"x": 0, "x2": look.width, "y": y.at(0), "y2": y.at(0)}]
        labels = [{"x": -6, "y": y.at(tick), "text": number(tick, 0, sign=sign)} for tick in ticks]
        rules = [charts.rules(grid, color="rule"), charts.rules(zero, color="ink2")]
        return rules + charts.texts(labels, align="right", color="ink3", size=charts.SMALL)

    def marks(self, x: Axis, height: int) -> list[Spec]:
        """The publication line, solid, and the window's ends, dotted."""
        at = x.at(self.paths.base)
        ends = [x.at(each) for each in self.paths.window if each is not None]
        return [
            charts.rules([{"x": at, "x2": at, "y": 0, "y2": height}], color="ink"),
            charts.rules([{"x": each, "x2": each, "y": 0, "y2": height} for each in ends], color="ink3", dash=(2, 3)),
        ]

    def upper(self, look: _Look, x: Axis, rows: Rows, *, narrow: bool) -> list[Spec]:
        y, ticks = _axis_over([row[key] for row in rows for key in (*self.series(), "low", "high")], height=look.upper)
        return [
            *self.ground(x, look.upper),
            *self.frame(look, y, ticks, sign=False),
            charts.ribbon("low", "high", x=x, y=y, color="bench", opacity=0.13),
            *self.marks(x, look.upper),
            *self.lines(x, y, suffix=""),
            *self.ends(look, x, y, {key: f"{key}_word" for key in self.series()}, rows),
            *self.captions(look, x, narrow=narrow),
            self.pointer(x, look.upper, "upper"),
        ]

    def lower(self, look: _Look, x: Axis, rows: Rows, *, narrow: bool) -> list[Spec]:
        keys = [key for key in self.series() if key != "bench"]
        edges = self.facts.week.scale.industry.edges
        values = [row[f"{key}_excess"] for row in rows for key in keys] + [
            100 * (each + side * 0.05) for each in edges for side in (-1, 1)
        ]
        y, ticks = _axis_around(values, height=look.lower, edges=[100 * each for each in edges])
        top, bottom = y.at(100 * edges[-1]), y.at(100 * edges[0])
        at_edges = [{"x": 0, "x2": look.width, "y": each, "y2": each} for each in (top, bottom)]
        unit = say("weekly_axis_excess", self.lang, benchmark=self.names["bench"])
        return [
            *self.ground(x, look.lower),
            charts.rects([{"x": 0, "x2": look.width, "y": 0, "y2": top}], fill="up-t", opacity=ZONE),
            charts.rects([{"x": 0, "x2": look.width, "y": bottom, "y2": look.lower}], fill="dn-t", opacity=ZONE),
            *self.frame(look, y, ticks, sign=True),
            charts.rules(at_edges, color="ink3", dash=(2, 3)),
            *self.marks(x, look.lower),
            *self.lines(x, y, suffix="_excess", keys=keys),
            *self.ends(look, x, y, {key: f"{key}_excess_word" for key in keys}, rows, suffix="_excess"),
            *self.zones(x, top, bottom),
            *charts.texts([{"x": -look.left, "y": -20, "text": unit}], color="ink3", size=charts.SMALL),
            *self.months(look, x),
            self.pointer(x, look.lower, "lower"),
        ]

    def zones(self, x: Axis, top: float, bottom: float) -> list[Spec]:
        """The outer bands by name, inside their zones, beside the publication mark."""
        bands = self.facts.week.scale.industry.bands
        edges = self.facts.week.scale.industry.edges
        words = [rating_word(band.rating, self.facts.week.scale.industry, self.lang) for band in (bands[0], bands[-1])]
        left = x.at(self.paths.base) + 30
        rows = [
            {"x": left, "y": top - 9, "text": f"{words[0]} ≥ {number(100 * edges[-1], 0, sign=True)}"},
            {"x": left, "y": bottom + 9, "text": f"{words[1]} ≤ {number(100 * edges[0], 0, sign=True)}"},
        ]
        return charts.texts(rows, size=charts.SMALL)

    def lines(self, x: Axis, y: Axis, *, suffix: str, keys: Sequence[str] = ()) -> list[Spec]:
        """The lines since publication, and the run-up before it paler."""
        styles = {"bench": (1.5, (5, 2)), "industry": (1.75, ()), "theme": (2.25, ())}
        layers = []
        for key, (width, dash) in styles.items():
            if key not in (keys or self.series()):
                continue
            for early in (True, False) if not suffix else (False,):
                layer = charts.line(
                    f"{key}{suffix}", x=x, y=y, color=key, width=width, dash=dash, opacity=0.45 if early else 1, series=key
                )
                test = f"datum.i {'<=' if early else '>='} {self.paths.base} && isValid(datum.{key}{suffix})"
                layers.append({**layer, "transform": [{"filter": test}]})
        return layers

    def ends(self, look: _Look, x: Axis, y: Axis, words: dict[str, str], rows: Rows, *, suffix: str = "") -> list[Spec]:
        """Name and last value of each line at its end, in its colour, pushed apart."""
        last = rows[-1]
        keys = [key for key in words if last[f"{key}{suffix}"] is not None]
        where = [y.at(last[f"{key}{suffix}"]) for key in keys]
        placed = charts.spread(where, low=8, high=y.start - 8)
        layers = []
        for key, at, spot in zip(keys, where, placed, strict=True):
            pair = [
                {"x": look.width + 10, "y": spot - 6, "text": self.names[key]},
                {"x": look.width + 10, "y": spot + 8, "text": last[words[key]]},
            ]
            layers += charts.texts(pair, color=key, bold=key != "bench")
            layers.append(charts.dots([{"x": x.at(self.paths.end), "y": at}], color=key))
        return layers

    def captions(self, look: _Look, x: Axis, *, narrow: bool) -> list[Spec]:
        """Unit and base above the axis, the publication date and the window's dates inside, the ribbon's meaning below."""
        week, lang, low = self.facts.week, self.lang, self.paths.window[0]
        months = sorted(self.facts.horizons)
        published = "weekly_mark_inferred" if _is_inferred(self.facts) else "weekly_mark_published"
        inside = [{"x": x.at(self.paths.base) + 5, "y": 8, "text": say(published, lang, day=week.published)}]
        inside.append(
            {
                "x": x.at(self.paths.base) + 5,
                "y": 23,
                "text": say("weekly_mark_base", lang, day=month_day(week.base_date or week.as_of)),
            }
        )
        if low is not None:
            opens = say("weekly_mark_window", lang, months=months[0], day=self.facts.horizons[months[0]])
            left = self.facts.left[months[-1]]
            status = say("weekly_window_left", lang, left=left) if left else say("weekly_window_over", lang)
            inside += (
                [] if narrow else [{"x": x.at(low) + 5, "y": 8, "text": opens}, {"x": x.at(low) + 5, "y": 23, "text": status}]
            )
        edge = number(100 * max(week.scale.industry.edges), 0)
        ribbon = say(
            "weekly_ribbon",
            lang,
            benchmark=self.names["bench"],
            edge=edge,
            band=rating_word(week.scale.industry.ratings[1], week.scale.industry, lang),
        )
        above = [{"x": -38, "y": -20, "text": say("weekly_axis_return", lang, day=week.base_date)}]
        below = [{"x": x.at(self.paths.base) + 5, "y": look.upper - 10, "text": ribbon}]
        ends = (
            []
            if narrow
            else [
                {
                    "x": look.width,
                    "y": -8,
                    "text": say("weekly_mark_end", lang, months=months[-1], day=self.facts.horizons[months[-1]]),
                }
            ]
        )
        return [
            *charts.texts(inside, size=charts.SMALL, halo=True),
            *charts.texts(above, size=charts.SMALL, color="ink3"),
            *charts.texts(ends, size=charts.SMALL, align="right"),
            *charts.texts(below, size=charts.SMALL, color="ink3", halo=True),
        ]

    def months(self, look: _Look, x: Axis) -> list[Spec]:
        """The first session of every second month, the year where it changes."""
        days = self.paths.sessions
        firsts = [at for at, day in enumerate(days) if at == 0 or day.month != days[at - 1].month]
        step = max(1, math.ceil(len(firsts) / (look.width / 86)))
        rows, year = [], 0
        for at in firsts[::step]:
            day = days[at]
            text = (
                say("weekly_tick_month", self.lang, month=day.month, short=f"{day:%b}") if day.year == year else f"{day:%Y-%m}"
            )
            rows.append({"x": x.at(at), "y": look.lower + 14, "text": text})
            year = day.year
        return [
            *charts.texts(rows, align="center", color="ink3", size=charts.SMALL),
            charts.rules(
                [{"x": row["x"], "x2": row["x"], "y": look.lower, "y2": look.lower + 4} for row in rows], color="rule2"
            ),
        ]

    def pointer(self, x: Axis, height: int, name: str) -> Spec:
        head = {"day": say("weekly_head_session", self.lang)}
        shown = {f"{key}_word": self.names[key] for key in self.series()}
        excess = {
            f"{key}_excess_word": f"{self.names[key]} {say('weekly_head_excess', self.lang)}"
            for key in self.series()
            if key != "bench"
        }
        return charts.pointer({**head, **shown, **excess}, name=name, x=x, height=height)


def _is_inferred(facts: WeeklyFacts) -> bool:
    return facts.week.published == facts.week.thesis.published and facts.week.thesis.published_basis == "inferred"


def _hundredths(value: float) -> float | None:
    return round(100 * float(value), 4) if np.isfinite(value) else None


def _cell(kind: str, value: float) -> Cell:
    return figure(kind, float(value)) if np.isfinite(value) else Cell("none")  # type: ignore[arg-type]


def _axis_around(values: Sequence[object], *, height: float, edges: Sequence[float]) -> tuple[Axis, list[float]]:
    """An axis just around every value (percent), with a tick at each band edge and round ticks where there is room."""
    known = [float(each) for each in values if isinstance(each, float | int)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    axis = Axis(low - 0.03 * (high - low), high + 0.06 * (high - low), height, 0)
    step = charts.tick_step(high - low, 4)
    rounds = [step * each for each in range(math.ceil(axis.low / step), math.floor(axis.high / step) + 1)]
    free = [tick for tick in rounds if all(abs(axis.at(tick) - axis.at(edge)) >= TICK_ROOM for edge in edges)]
    return axis, sorted({*free, *edges})


def _axis_over(values: Sequence[object], *, height: float, most: int = 6) -> tuple[Axis, list[float]]:
    """An axis that holds every value (percent) on round ticks."""
    known = [float(each) for each in values if isinstance(each, float | int)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    step = charts.tick_step(max(high - low, 1.0), most)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return Axis(low, high, height, 0), [low + step * each for each in range(round((high - low) / step) + 1)]


# Bars


@dataclass(frozen=True)
class _Bar:
    """A row of a bar chart: name and value (fraction); `bold` for the theme itself."""

    name: str
    value: float | Gap
    bold: bool = False


def excess_chart(facts: WeeklyFacts, lang: Lang) -> Chart | None:
    """The week's excess of every bucket, then of the whole basket and the industry index."""
    week = facts.week
    shown = [each for each in facts.subjects if each.kind == "bucket"]
    shown += [each for each in facts.subjects if each.kind == "all"]
    index = week.thesis.industry_index
    shown += [facts.subject(index.symbol)] if index else []
    bars = [_Bar(name_of(each, lang), facts.figures[each.id, "week"].excess, each.kind == "all") for each in shown]
    known = [bar for bar in bars if isinstance(bar.value, float)]
    if not known:
        return None
    best = max(known, key=lambda bar: bar.value)  # type: ignore[arg-type, return-value]
    worst = min(known, key=lambda bar: bar.value)  # type: ignore[arg-type, return-value]
    benchmark = name_of(facts.benchmark, lang)
    return Chart(
        id="excess",
        title=say("weekly_excess_title", lang),
        sub=say("weekly_excess_sub", lang, benchmark=benchmark),
        finding=say(
            "weekly_excess_finding",
            lang,
            best=best.name,
            best_value=points(_value(best)),
            worst=worst.name,
            worst_value=points(_value(worst)),
        ),
        kind="bars",
        data=_bar_table("excess_data", bars, kind="excess", head=say("weekly_head_excess", lang), lang=lang),
        wide=_bars_spec(bars, THIRD),
        narrow=_bars_spec(bars, NARROW),
    )


def _value(bar: _Bar) -> float:
    return bar.value if isinstance(bar.value, float) else 0.0


def _bar_table(table_id: str, bars: Sequence[_Bar], *, kind: str, head: str, lang: Lang) -> Table:
    rows = tuple(
        Row(f"{at}", bar.name, (figure(kind, bar.value),), role="theme" if bar.bold else "plain") for at, bar in enumerate(bars)
    )  # type: ignore[arg-type]
    return Table(table_id, say("weekly_data", lang), say("weekly_head_subject", lang), (Column("value", head, "pp"),), rows)


ROW, BAR, NAME_GUTTER, VALUE_GUTTER = 25, 14, 104, 44


def _bars_spec(bars: Sequence[_Bar], width: int) -> Spec:
    """Horizontal bars from zero; falling ones hatched, each with its value at its end."""
    height = ROW * len(bars) + 8
    values = [100 * _value(bar) for bar in bars]
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
        value = 100 * _value(bar)
        box = {
            "x": x.at(min(value, 0)),
            "x2": x.at(max(value, 0)),
            "y": at - BAR / 2,
            "y2": at + BAR / 2,
            "tip": f"{bar.name} {_bar_text(bar)}",
        }
        down = value < 0
        layers.append(charts.rects([box], fill=charts.HATCH if down else "up", stroke="dn" if down else None))
        label = {"x": x.at(value) + (-5 if down else 5), "y": at, "text": _bar_text(bar)}
        color = "dn" if rounded(value, 2) < 0 else "up" if rounded(value, 2) > 0 else "ink3"
        layers += charts.texts([label], align="right" if down else "left", color=color)
    return layers


def _bar_text(bar: _Bar) -> str:
    return points(bar.value, unit=False) if isinstance(bar.value, float) else bar.value.code  # type: ignore[union-attr]


def contribution_chart(facts: WeeklyFacts, lang: Lang) -> Chart | None:
    """How the buckets add up to the theme basket's week: a waterfall with the benchmark as a dotted line."""
    total = facts.figures["all", "week"]
    if isinstance(total.own, Gap):
        return None
    bars = [_Bar(name_of(facts.subject(part.bucket), lang), part.to_all) for part in facts.parts]
    bars.append(_Bar(name_of(facts.subject("all"), lang), total.own, bold=True))
    other = facts.figures[facts.benchmark.id, "week"].own
    mark = None if isinstance(other, Gap) else (name_of(facts.benchmark, lang), other)
    biggest = max(bars[:-1], key=lambda bar: abs(_value(bar)))
    return Chart(
        id="contribution",
        title=say("weekly_contribution_title", lang),
        sub=say("weekly_contribution_sub", lang, count=len(facts.parts)),
        finding=say(
            "weekly_contribution_finding", lang, total=percent(total.own), name=biggest.name, value=points(_value(biggest))
        ),
        kind="waterfall",
        data=_bar_table("contribution_data", bars, kind="points", head=say("weekly_head_contribution", lang), lang=lang),
        wide=_waterfall_spec(bars, THIRD, mark),
        narrow=_waterfall_spec(bars, NARROW, mark),
    )


def _waterfall_spec(bars: Sequence[_Bar], width: int, mark: tuple[str, float] | None) -> Spec:
    top = 22
    height = ROW * len(bars) + 8
    steps = np.concatenate([[0.0], np.cumsum([100 * _value(bar) for bar in bars[:-1]])])
    spans = [(steps[at], steps[at + 1]) for at in range(len(bars) - 1)] + [(0.0, 100 * _value(bars[-1]))]
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
            "tip": f"{bar.name} {_bar_text(bar)}",
        }
        down = stop < start
        fill = "theme" if bar.bold else charts.HATCH if down else "up"
        layers.append(charts.rects([box], fill=fill, stroke="dn" if down and not bar.bold else None))
        color = "ink" if bar.bold else "dn" if down else "up"
        layers += charts.texts([{"x": width, "y": at, "text": _bar_text(bar)}], align="right", color=color, bold=bar.bold)
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


# Ranks


def ranking_chart(facts: WeeklyFacts, ranking: Ranking, lang: Lang) -> Chart | None:
    """The level-1 industries by the week's return, the thesis's own marked; where the theme basket would stand is said."""
    names = {each.symbol: each.label(lang) for each in industries()}
    index = facts.week.thesis.industry_index
    own = index.symbol if index and ranking.rank(index.symbol) else None
    theme = facts.figures["all", "week"].own
    best = ranking.returns[0]
    sub = say("weekly_ranking_sub", lang, count=ranking.count)
    if isinstance(theme, float):
        sub += say("weekly_ranking_theme", lang, place=ranking.place_of(theme))
    finding = say("weekly_ranking_finding", lang, best=names[best[0]], best_value=percent(best[1]), count=ranking.count)
    if own:
        finding += say(
            "weekly_ranking_own", lang, name=names[own], value=percent(dict(ranking.returns)[own]), rank=ranking.rank(own)
        )
    rows = tuple(
        Row(
            symbol,
            names[symbol],
            (Cell("count", ranking.rank(symbol)), Cell("return", value)),
            note=symbol,
            role="theme" if symbol == own else "plain",
        )
        for symbol, value in ranking.returns
    )
    columns = (Column("rank", say("weekly_head_rank", lang)), Column("return", say("weekly_head_return", lang), "%"))
    theme_mark = theme if isinstance(theme, float) else None
    return Chart(
        id="ranking",
        title=say("weekly_ranking_title", lang),
        sub=sub,
        finding=finding,
        kind="ranks",
        data=Table("ranking_data", say("weekly_data", lang), say("weekly_head_industry", lang), columns, rows),
        wide=_ranks_spec(ranking, names, own, THIRD, theme_mark, lang),
        narrow=_ranks_spec(ranking, names, own, NARROW, theme_mark, lang),
    )


def _ranks_spec(ranking: Ranking, names: dict[str, str], own: str | None, width: int, theme: float | None, lang: Lang) -> Spec:
    left, top, height = 34, 30, 182
    inner = width - left
    values = [100 * value for _, value in ranking.returns]
    y, ticks = _axis_over([*values, *([100 * theme] if theme is not None else [])], height=height, most=4)
    step = inner / len(values)
    boxes = [
        (
            symbol == own,
            {
                "x": step * at + 1,
                "x2": step * (at + 1) - 1,
                "y": y.at(max(value, 0)),
                "y2": y.at(min(value, 0)),
                "tip": f"{at + 1}  {names[symbol]} {percent(value / 100)}",
            },
        )
        for at, ((symbol, _), value) in enumerate(zip(ranking.returns, values, strict=True))
    ]
    layers = [
        charts.rules([{"x": 0, "x2": inner, "y": y.at(tick), "y2": y.at(tick)} for tick in ticks], color="rule"),
        charts.rects([box for is_own, box in boxes if not is_own], fill="rule2"),
        charts.rules([{"x": 0, "x2": inner, "y": y.at(0), "y2": y.at(0)}], color="ink2"),
        *charts.texts(
            [{"x": -6, "y": y.at(tick), "text": number(tick, _tick_decimals(ticks))} for tick in ticks],
            align="right",
            color="ink3",
            size=charts.SMALL,
        ),
        *charts.texts([{"x": -left, "y": -20, "text": say("weekly_axis_week", lang)}], color="ink3", size=charts.SMALL),
    ]
    marked = [box for is_own, box in boxes if is_own]
    if marked:
        layers.append(charts.rects(marked, fill="industry"))
    if theme is not None:
        at = y.at(100 * theme)
        layers.append(charts.rules([{"x": 0, "x2": inner, "y": at, "y2": at}], color="theme", dash=(2, 3)))
    layers += _rank_labels(ranking, names, own, y, step, theme, lang, height)
    return charts.chart([charts.view(layers, width=inner, height=height)], size=(width, height + top + 10), origin=(left, top))


def _tick_decimals(ticks: Sequence[float]) -> int:
    return 0 if all(float(tick).is_integer() for tick in ticks) else 1


def _rank_labels(
    ranking: Ranking,
    names: dict[str, str],
    own: str | None,
    y: Axis,
    step: float,
    theme: float | None,
    lang: Lang,
    height: float,
) -> list[Spec]:
    """First, last and own, each beside its column; the theme's level at the line's quiet end."""
    returns, inner = ranking.returns, step * ranking.count
    first, last = returns[0], returns[-1]
    labels = []
    if first[0] != own:
        labels.append(
            {"x": 2, "y": y.at(max(100 * first[1], 0)) - 9, "text": f"{names[first[0]]} {points(first[1], unit=False)}"}
        )
    layers = charts.texts(labels, size=charts.SMALL, halo=True)
    if last[0] != own:
        spot = y.at(100 * last[1]) + 10 if last[1] < 0 else y.at(0) + 10
        layers += charts.texts(
            [{"x": inner, "y": min(spot, height + 2), "text": f"{names[last[0]]} {points(last[1], unit=False)}"}],
            align="right",
            size=charts.SMALL,
            halo=True,
        )
    if theme is not None:
        # Below zero the line is bare on the left, above zero on the right.
        spot = {"x": 2, "y": y.at(100 * theme) + 10} if theme < 0 else {"x": inner, "y": y.at(100 * theme) - 9}
        row = {**spot, "text": f"{say('weekly_theme', lang)} {points(theme, unit=False)}"}
        layers += charts.texts([row], align="left" if theme < 0 else "right", color="theme", size=charts.SMALL, halo=True)
    if own:
        rank = ranking.rank(own) or 1
        value = dict(returns)[own]
        at = step * (rank - 0.5)
        text = say("weekly_ranking_label", lang, name=names[own], value=points(value, unit=False), rank=rank)
        spot = y.at(100 * value) - 10 if value > 0 else y.at(0) - 10
        layers += charts.texts(
            [{"x": at, "y": spot, "text": text}],
            align="left" if at < inner / 3 else "right" if at > inner * 2 / 3 else "center",
            color="ink",
            bold=True,
            halo=True,
        )
    return layers


# Drawdown


def drawdown_chart(facts: WeeklyFacts, paths: Paths, lang: Lang) -> Chart:
    """The fall from the highest close since the base date, for the basket, the industry index and the benchmark."""
    series = {
        "theme": paths.theme,
        **({"industry": paths.industry} if paths.industry is not None else {}),
        "bench": paths.benchmark,
    }
    index = facts.week.thesis.industry_index
    names = {"theme": name_of(facts.subject("all"), lang), "bench": name_of(facts.benchmark, lang)}
    if index:
        names["industry"] = name_of(facts.subject(index.symbol), lang)
    falls = {key: drawdown_path(values[paths.base : paths.end + 1]) for key, values in series.items()}
    days = paths.sessions[paths.base : paths.end + 1]
    last = {key: float(values[-1]) for key, values in falls.items()}
    stop = "，" if lang == "zh" else ", "
    finding = say("weekly_drawdown_finding", lang, end=days[-1]) + stop.join(
        f"{names[key]} {percent(value)}" for key, value in last.items() if np.isfinite(value)
    )
    ends = set(facts.week.prices.calendar.last_week_ends(days[-1], 80))
    rows = tuple(
        Row(day.isoformat(), day.isoformat(), tuple(_cell("return", values[at]) for values in falls.values()))
        for at, day in enumerate(days)
        if day in ends
    )
    return Chart(
        id="drawdown",
        title=say("weekly_drawdown_title", lang),
        sub=say("weekly_drawdown_sub", lang),
        finding=finding,
        kind="lines",
        data=Table(
            "drawdown_data",
            say("weekly_data_weekly", lang),
            say("weekly_head_session", lang),
            tuple(Column(key, names[key], "%") for key in series),
            rows,
        ),
        wide=_drawdown_spec(falls, days, names, THIRD, lang),
        narrow=_drawdown_spec(falls, days, names, NARROW, lang),
    )


def _drawdown_spec(falls: dict[str, Path], days: Sequence[dt.date], names: dict[str, str], width: int, lang: Lang) -> Spec:
    left, right, top, height = 34, 92, 26, 176
    inner = width - left - right
    rows = [
        {"i": at, "day": day.isoformat(), **{key: _hundredths(values[at]) for key, values in falls.items()}}
        for at, day in enumerate(days)
    ]
    for row in rows:
        row.update({f"{key}_word": percent(row[key] / 100) if isinstance(row[key], float) else "" for key in falls})  # type: ignore[operator]
    x = Axis(0, max(len(days) - 1, 1), 0, inner)
    y, ticks = _axis_over([row[key] for row in rows for key in falls], height=height, most=4)
    layers = [
        charts.rules([{"x": 0, "x2": inner, "y": y.at(tick), "y2": y.at(tick)} for tick in ticks if tick], color="rule"),
        charts.rules([{"x": 0, "x2": inner, "y": y.at(0), "y2": y.at(0)}], color="ink2"),
        *charts.texts(
            [{"x": -6, "y": y.at(tick), "text": number(tick, _tick_decimals(ticks))} for tick in ticks],
            align="right",
            color="ink3",
            size=charts.SMALL,
        ),
        *charts.texts([{"x": -left, "y": -16, "text": say("weekly_axis_drawdown", lang)}], color="ink3", size=charts.SMALL),
    ]
    styles = {"bench": (1.5, (5, 2)), "industry": (1.75, ()), "theme": (2.25, ())}
    for key, (stroke, dash) in styles.items():
        if key in falls:
            layers.append(charts.line(key, x=x, y=y, color=key, width=stroke, dash=dash))
    known = [key for key in falls if rows[-1][key] is not None]
    spots = charts.spread([y.at(rows[-1][key]) for key in known], low=8, high=height - 8)  # type: ignore[arg-type]
    for key, spot in zip(known, spots, strict=True):
        pair = [
            {"x": inner + 8, "y": spot - 6, "text": names[key]},
            {"x": inner + 8, "y": spot + 8, "text": rows[-1][f"{key}_word"]},
        ]
        layers += charts.texts(pair, color=key, bold=key != "bench", size=charts.SMALL)
        layers.append(charts.dots([{"x": x.at(len(days) - 1), "y": y.at(rows[-1][key])}], color=key, size=24))  # type: ignore[arg-type]
    ticks_at = sorted({0, len(days) // 2, len(days) - 1})
    align = {0: "left", len(days) - 1: "right"}
    for at in ticks_at:
        layers += charts.texts(
            [{"x": x.at(at), "y": height + 13, "text": f"{days[at]:%y-%m-%d}"}],
            align=align.get(at, "center"),
            color="ink3",
            size=charts.SMALL,
        )
    head = {"day": say("weekly_head_session", lang), **{f"{key}_word": names[key] for key in falls}}
    layers.append(charts.pointer(head, name="fall", x=x, height=height))
    return charts.chart(
        [charts.view(layers, width=inner, height=height, rows=rows)],
        size=(width, height + top + 24),
        origin=(left, top),
    )
