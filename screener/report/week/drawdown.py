"""The fall from the highest close since the base date: basket, industry index, benchmark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from screener.judgement.week_facts import WeeklyFacts
from screener.judgement.week_paths import Path, Paths
from screener.report.document import Chart, Column, Row, Table
from screener.report.draw import marks as charts
from screener.report.draw.axes import axis_over, hundredths, path_cell, tick_decimals
from screener.report.draw.marks import Axis, Spec
from screener.report.figures import number, percent
from screener.report.week.relative import NARROW, THIRD
from screener.terms.say import Lang, say


def drawdown_chart(facts: WeeklyFacts, paths: Paths, lang: Lang) -> Chart:
    """The fall from the highest close since the base date, for the basket, the industry index and the benchmark."""
    series, falls = paths.series, paths.falls
    index = facts.week.thesis.industry_index
    names = {"theme": facts.subject("all").name_in(lang), "bench": facts.benchmark.name_in(lang)}
    if index:
        names["industry"] = facts.subject(index.symbol).name_in(lang)
    days = paths.sessions[paths.base : paths.end + 1]
    last = {key: float(values[-1]) for key, values in falls.items()}
    stop = "，" if lang == "zh" else ", "
    finding = say("weekly_drawdown_finding", lang, end=days[-1]) + stop.join(
        f"{names[key]} {percent(value)}" for key, value in last.items() if np.isfinite(value)
    )
    ends = set(facts.week.prices.calendar.last_week_ends(days[-1], 80))
    rows = tuple(
        Row(day.isoformat(), day.isoformat(), tuple(path_cell("return", values[at]) for values in falls.values()))
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
        wide=_drawdown_spec(falls, days, names, (THIRD, HEIGHT if facts.ranking else TALL), lang),
        narrow=_drawdown_spec(falls, days, names, (NARROW, HEIGHT), lang),
    )


LEFT, RIGHT, TOP, BOTTOM = 34, 92, 26, 24
# Over the strongest and weakest names, and where the chart has the side of the heat map to itself.
HEIGHT, TALL = 176, 310
STYLES: dict[str, tuple[float, tuple[int, ...]]] = {"bench": (1.5, (5, 2)), "industry": (1.75, ()), "theme": (2.25, ())}


def _drawdown_spec(
    falls: dict[str, Path], days: Sequence[dt.date], names: dict[str, str], size: tuple[int, int], lang: Lang
) -> Spec:
    (width, height), inner = size, size[0] - LEFT - RIGHT
    rows = _rows(falls, days)
    x = Axis(0, max(len(days) - 1, 1), 0, inner)
    y, ticks = axis_over([row[key] for row in rows for key in falls], height=height, most=4)
    unit = [{"x": -LEFT, "y": -16, "text": say("weekly_axis_drawdown", lang)}]
    marks = [{"x": -6, "y": y.at(tick), "text": number(tick, tick_decimals(ticks))} for tick in ticks]
    head = {"day": say("weekly_head_session", lang), **{f"{key}_word": names[key] for key in falls}}
    layers = [
        charts.rules([{"x": 0, "x2": inner, "y": y.at(tick), "y2": y.at(tick)} for tick in ticks if tick], color="rule"),
        charts.rules([{"x": 0, "x2": inner, "y": y.at(0), "y2": y.at(0)}], color="ink2"),
        *charts.texts(marks, align="right", color="ink3", size=charts.SMALL),
        *charts.texts(unit, color="ink3", size=charts.SMALL),
        *(charts.line(key, x=x, y=y, color=key, width=STYLES[key][0], dash=STYLES[key][1]) for key in STYLES if key in falls),
        *_ends(rows[-1], names, x, y),
        *_dates(days, x, y),
        charts.pointer(head, name="fall", x=x, height=height),
    ]
    panel = charts.view(layers, width=inner, height=height, rows=rows)
    return charts.chart([panel], size=(width, height + TOP + BOTTOM), origin=(LEFT, TOP))


def _rows(falls: dict[str, Path], days: Sequence[dt.date]) -> list[dict[str, Any]]:
    """One row per session: falls in percent, and the words that the pointer shows."""
    rows: list[dict[str, Any]] = []
    for at, day in enumerate(days):
        row: dict[str, Any] = {"i": at, "day": day.isoformat(), **{key: hundredths(path[at]) for key, path in falls.items()}}
        row |= {f"{key}_word": percent(row[key] / 100) if row[key] is not None else "" for key in falls}
        rows.append(row)
    return rows


def _ends(last: dict[str, Any], names: dict[str, str], x: Axis, y: Axis) -> list[Spec]:
    """Name and last value of each line at its end, pushed apart."""
    known = [key for key in names if last.get(key) is not None]
    spots = charts.spread([y.at(last[key]) for key in known], low=8, high=y.start - 8)
    layers: list[Spec] = []
    for key, spot in zip(known, spots, strict=True):
        left = x.stop + 8
        pair = [{"x": left, "y": spot - 6, "text": names[key]}, {"x": left, "y": spot + 8, "text": last[f"{key}_word"]}]
        layers += charts.texts(pair, color=key, bold=key != "bench", size=charts.SMALL)
        layers.append(charts.dots([{"x": x.at(last["i"]), "y": y.at(last[key])}], color=key, size=24))
    return layers


def _dates(days: Sequence[dt.date], x: Axis, y: Axis) -> list[Spec]:
    """First, middle and last session below the axis."""
    align = {0: "left", len(days) - 1: "right"}
    layers: list[Spec] = []
    for at in sorted({0, len(days) // 2, len(days) - 1}):
        row = {"x": x.at(at), "y": y.start + 13, "text": f"{days[at]:%y-%m-%d}"}
        layers += charts.texts([row], align=align.get(at, "center"), color="ink3", size=charts.SMALL)
    return layers
