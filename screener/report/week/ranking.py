"""The 申万 level-1 industries by the week's return, as ranked columns."""

from __future__ import annotations

from typing import Any

from screener.judgement.week_facts import WeeklyFacts
from screener.measures.industries import Ranking, industries
from screener.report.document import Cell, Chart, Column, Row, Table
from screener.report.draw import marks as charts
from screener.report.draw.axes import axis_over, tick_decimals
from screener.report.draw.marks import Axis, Spec
from screener.report.figures import number, percent, points
from screener.terms.say import Lang, say

NARROW, THIRD = 358, 371


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
    y, ticks = axis_over([*values, *([100 * theme] if theme is not None else [])], height=height, most=4)
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
            [{"x": -6, "y": y.at(tick), "text": number(tick, tick_decimals(ticks))} for tick in ticks],
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
        place = {"x": 2, "y": y.at(100 * theme) + 10} if theme < 0 else {"x": inner, "y": y.at(100 * theme) - 9}
        row: dict[str, Any] = {**place, "text": f"{say('weekly_theme', lang)} {points(theme, unit=False)}"}
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
