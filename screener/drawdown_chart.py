"""The fall from the highest close since the base date: basket, industry index, benchmark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from screener import charts
from screener.chart_axes import axis_over, hundredths, path_cell, tick_decimals
from screener.charts import Axis, Spec
from screener.labels import number, percent
from screener.messages import Lang, say
from screener.periods import drawdown_path
from screener.phrases import name_of
from screener.relative_chart import NARROW, THIRD, Path, Paths
from screener.report import Chart, Column, Row, Table
from screener.weekly_facts import WeeklyFacts


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
        wide=_drawdown_spec(falls, days, names, THIRD, lang),
        narrow=_drawdown_spec(falls, days, names, NARROW, lang),
    )


def _drawdown_spec(falls: dict[str, Path], days: Sequence[dt.date], names: dict[str, str], width: int, lang: Lang) -> Spec:
    left, right, top, height = 34, 92, 26, 176
    inner = width - left - right
    rows: list[dict[str, Any]] = [
        {"i": at, "day": day.isoformat(), **{key: hundredths(values[at]) for key, values in falls.items()}}
        for at, day in enumerate(days)
    ]
    for row in rows:
        row.update({f"{key}_word": percent(row[key] / 100) if isinstance(row[key], float) else "" for key in falls})
    x = Axis(0, max(len(days) - 1, 1), 0, inner)
    y, ticks = axis_over([row[key] for row in rows for key in falls], height=height, most=4)
    layers = [
        charts.rules([{"x": 0, "x2": inner, "y": y.at(tick), "y2": y.at(tick)} for tick in ticks if tick], color="rule"),
        charts.rules([{"x": 0, "x2": inner, "y": y.at(0), "y2": y.at(0)}], color="ink2"),
        *charts.texts(
            [{"x": -6, "y": y.at(tick), "text": number(tick, tick_decimals(ticks))} for tick in ticks],
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
    spots = charts.spread([y.at(rows[-1][key]) for key in known], low=8, high=height - 8)
    for key, spot in zip(known, spots, strict=True):
        pair = [
            {"x": inner + 8, "y": spot - 6, "text": names[key]},
            {"x": inner + 8, "y": spot + 8, "text": rows[-1][f"{key}_word"]},
        ]
        layers += charts.texts(pair, color=key, bold=key != "bench", size=charts.SMALL)
        layers.append(charts.dots([{"x": x.at(len(days) - 1), "y": y.at(rows[-1][key])}], color=key, size=24))
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
