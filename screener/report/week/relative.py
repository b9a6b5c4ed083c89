"""Relative performance since the base date: returns above, excess with the rating bands below; and drawdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from screener.judgement.week_facts import WeeklyFacts
from screener.judgement.week_paths import Path, Paths
from screener.report.document import Chart, Column, Row, Table
from screener.report.draw import marks as charts
from screener.report.draw.axes import axis_around, axis_over, hundredths, path_cell
from screener.report.draw.marks import Axis, Rows, Spec
from screener.report.figures import month_day, number, percent, points
from screener.report.wording import zones_of
from screener.terms.say import Lang, say

WIDE, NARROW, THIRD = 765, 358, 371
# Zones lie over the window's shade at this opacity.
ZONE = 0.6


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
    names = {"theme": facts.subject("all").name_in(lang), "bench": facts.benchmark.name_in(lang)}
    if index:
        names["industry"] = facts.subject(index.symbol).name_in(lang)
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
        zones=zones_of(facts.week.scale.industry, lang),
    )


@dataclass(frozen=True, eq=False)
class _Relative:
    facts: WeeklyFacts
    paths: Paths
    names: dict[str, str]
    lang: Lang

    def series(self) -> dict[str, Path]:
        return self.paths.series

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
                    *(path_cell("return", values[each]) for values in keys.values()),
                    *(path_cell("excess", values[each]) for values in excess.values()),
                ),
            )
            for each in at
        )
        return Table(
            "relative_data", say("weekly_data_weekly", self.lang), say("weekly_head_session", self.lang), tuple(columns), rows
        )

    def rows(self) -> list[dict[str, object]]:
        """One row per session up to the as-of date: figures in percent, and the words that the pointer shows."""
        paths, level = self.paths, self.facts.week.scale.industry.level_band
        series = self.series()
        excess = {key: paths.excess(values) for key, values in series.items() if key != "bench"}
        found = []
        for at, day in enumerate(paths.sessions[: paths.end + 1]):
            row: dict[str, object] = {"i": at, "day": day.isoformat()}
            for key, values in series.items():
                row |= _shown(key, values[at], percent)
            for key, values in excess.items():
                row |= _shown(f"{key}_excess", values[at], points)
            edges = (level.lower, level.upper) if level and at >= paths.base else (np.nan, np.nan)
            row["low"], row["high"] = (hundredths(paths.benchmark[at] + edge) for edge in edges)
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
        y, ticks = axis_over([row[key] for row in rows for key in (*self.series(), "low", "high")], height=look.upper)
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
        y, ticks = axis_around(values, height=look.lower, edges=[100 * each for each in edges])
        at_edges = [{"x": 0, "x2": look.width, "y": y.at(100 * edge), "y2": y.at(100 * edge)} for edge in edges]
        unit = say("weekly_axis_excess", self.lang, benchmark=self.names["bench"])
        return [
            *self.ground(x, look.lower),
            *self.grounds(look, y),
            *self.frame(look, y, ticks, sign=True),
            charts.rules(at_edges, color="ink3", dash=(2, 3)),
            *self.marks(x, look.lower),
            *self.lines(x, y, suffix="_excess", keys=keys),
            *self.ends(look, x, y, {key: f"{key}_excess_word" for key in keys}, rows, suffix="_excess"),
            *self.zones(x, y),
            *charts.texts([{"x": -look.left, "y": -20, "text": unit}], color="ink3", size=charts.SMALL),
            *self.months(look, x),
            self.pointer(x, look.lower, "lower"),
        ]

    def grounds(self, look: _Look, y: Axis) -> list[Spec]:
        """The bands as strips, cut at the panel; the ground of a hold band stays as it is."""
        layers = []
        for zone in zones_of(self.facts.week.scale.industry, self.lang):
            top, bottom = max(0.0, y.at(100 * zone.upper)), min(float(look.lower), y.at(100 * zone.lower))
            if zone.token and bottom > top:
                layers.append(charts.rects([{"x": 0, "x2": look.width, "y": top, "y2": bottom}], fill=zone.token, opacity=ZONE))
        return layers

    def zones(self, x: Axis, y: Axis) -> list[Spec]:
        """The outer bands with their edges, inside their zones, beside the publication mark."""
        bands = self.facts.week.scale.industry.bands if self.facts.week.scale.industry.has_numbers else ()
        if not bands:
            return []
        best, worst = bands[0], bands[-1]
        left = x.at(self.paths.base) + 30
        rows = [
            {"x": left, "y": y.at(100 * best.lower) - 9, "text": best.text(self.lang)},
            {"x": left, "y": y.at(100 * worst.upper) + 9, "text": worst.text(self.lang)},
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
        lang, left = self.lang, x.at(self.paths.base) + 5
        ribbon = self.ribbon_text()
        above = [{"x": -look.left, "y": -20, "text": say("weekly_axis_return", lang, day=self.facts.week.base_date)}]
        below = [{"x": left, "y": look.upper - 10, "text": ribbon}]
        window, end = ([], []) if narrow else self.window_words(look, x)
        return [
            *charts.texts([*self.publication_words(left), *window], size=charts.SMALL, halo=True),
            *charts.texts(above, size=charts.SMALL, color="ink3"),
            *charts.texts(end, size=charts.SMALL, align="right"),
            *charts.texts(below, size=charts.SMALL, color="ink3", halo=True),
        ]

    def ribbon_text(self) -> str:
        """What the grey band around the benchmark means; "" where the standard has no numbers."""
        level, lang = self.facts.week.scale.industry.level_band, self.lang
        if level is None:
            return ""
        return say("weekly_ribbon", lang, benchmark=self.names["bench"], range=level.range(lang), band=level.word(lang))

    def publication_words(self, left: float) -> list[dict[str, object]]:
        """When the report came out, and the date that the returns count from, beside the publication mark."""
        week = self.facts.week
        code = "weekly_mark_inferred" if _is_inferred(self.facts) else "weekly_mark_published"
        base = say("weekly_mark_base", self.lang, day=month_day(week.base_date or week.as_of))
        published = say(code, self.lang, day=week.published)
        return [{"x": left, "y": 8, "text": published}, {"x": left, "y": 23, "text": base}]

    def window_words(self, look: _Look, x: Axis) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        """When the window opens and what is left of it, inside it; when it ends, above its end."""
        days, low = self.facts.horizons, self.paths.window[0]
        window = self.facts.week.scale.window
        first, last = window.from_months, window.to_months
        end = say("weekly_mark_end", self.lang, months=last, day=days[last])
        above: list[dict[str, object]] = [{"x": look.width, "y": -8, "text": end}]
        if low is None:
            return [], above
        opens = say("weekly_mark_window", self.lang, months=first, day=days[first])
        left = x.at(low) + 5
        status = window_status(self.facts.left[last], self.lang)
        return [{"x": left, "y": 8, "text": opens}, {"x": left, "y": 23, "text": status}], above

    def months(self, look: _Look, x: Axis) -> list[Spec]:
        """The first session of every second month, the year where it changes."""
        days = self.paths.sessions
        firsts = [at for at, day in enumerate(days) if at == 0 or day.month != days[at - 1].month]
        step = max(1, math.ceil(len(firsts) / (look.width / 86)))
        rows, year = [], 0
        for at in firsts[::step]:
            day = days[at]
            month = say("weekly_tick_month", self.lang, month=day.month if self.lang == "zh" else f"{day:%b}")
            text = month if day.year == year else f"{day:%Y-%m}"
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


def window_status(left: int | None, lang: Lang) -> str:
    """What is left of the window in sessions; only its name where its end lies beyond the known calendar."""
    if left is None:
        return say("weekly_window_open", lang)
    code = "weekly_window_over" if left == 0 else "weekly_window_left_one" if left == 1 else "weekly_window_left"
    return say(code, lang, left=left)


def _shown(key: str, value: float, write: Callable[[float], str]) -> dict[str, object]:
    """A figure of a row, in percent and in words; None and "" where there is none."""
    return {key: hundredths(value), f"{key}_word": write(value) if np.isfinite(value) else ""}


def _is_inferred(facts: WeeklyFacts) -> bool:
    return facts.week.thesis.basis(facts.week.published) == "inferred"
