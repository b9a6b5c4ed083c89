"""Vega-Lite specifications from small layers, and how they are drawn without a browser.

Every position is arithmetic on fixed gutters, so that no text width matters: an axis is a layer of rules and one of texts.
Colours are CSS variables (`var(--theme)`), so that one drawing follows the page's palette; a picture gets the light one.
A layer whose name begins with `hover` answers to the pointer and is left out of still drawings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from screener.report.draw.palette import LIGHT, UpDown, resolve, signed

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
# The one pattern of a page: falling bars are hatched, the second encoding beside their colour.
HATCH = "url(#hd)"
FONT_SIZE, SMALL = 12, 11
LABEL_STEP = 30


def var(token: str) -> str:
    """The CSS variable of a colour token."""
    return f"var(--{token})"


@dataclass(frozen=True)
class Axis:
    """A linear scale: `low` … `high` of the data on `start` … `stop` pixels."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    @property
    def scale(self) -> Spec:
        """The Vega-Lite scale: exactly this domain and range."""
        return {"domain": [self.low, self.high], "range": [self.start, self.stop], "nice": False, "zero": False}


def encode(field: str, axis: Axis) -> Spec:
    """A position channel on an axis that draws nothing by itself."""
    return {"field": field, "type": "quantitative", "scale": axis.scale, "axis": None}


def texts(
    rows: Rows, *, align: str = "left", color: str = "ink2", size: int = FONT_SIZE, bold: bool = False, halo: bool = False
) -> list[Spec]:
    """Words at pixels: rows with x, y, text; a halo in the paper colour keeps them readable over a line."""
    mark: Spec = {"type": "text", "align": align, "baseline": "middle", "fontSize": size, "color": var(color)}
    if bold:
        mark["fontWeight"] = 700
    layer: Spec = {"data": {"values": list(rows)}, "mark": mark, "encoding": {**_pixels(), "text": {"field": "text"}}}
    if not halo:
        return [layer]
    behind = {**mark, "stroke": var("paper"), "strokeWidth": 3, "strokeJoin": "round", "color": var("paper")}
    return [{**layer, "mark": behind}, layer]


def _pixels(*channels: str) -> Spec:
    raw: Spec = {"type": "quantitative", "scale": None, "axis": None}
    return {name: {"field": name, **(raw if name in ("x", "y") else {})} for name in ("x", "y", *channels)}


def rules(rows: Rows, *, color: str, width: float = 1, dash: Sequence[int] = ()) -> Spec:
    """Straight lines between pixels: rows with x, y, x2, y2."""
    mark = {"type": "rule", "color": var(color), "strokeWidth": width, **({"strokeDash": list(dash)} if dash else {})}
    return {"data": {"values": list(rows)}, "mark": mark, "encoding": _pixels("x2", "y2")}


def rects(rows: Rows, *, fill: str, stroke: str | None = None, opacity: float = 1) -> Spec:
    """Rectangles between pixels: rows with x, y, x2, y2 and, for the pointer, `tip`."""
    mark: Spec = {"type": "rect", "color": fill if fill == HATCH else var(fill), "opacity": opacity}
    if stroke:
        mark.update(stroke=var(stroke), strokeWidth=1)
    encoding = _pixels("x2", "y2")
    if rows and "tip" in rows[0]:
        encoding["tooltip"] = {"field": "tip", "type": "nominal"}
    return {"data": {"values": list(rows)}, "mark": mark, "encoding": encoding}


def dots(rows: Rows, *, color: str, size: int = 36) -> Spec:
    """Filled circles at pixels: rows with x, y."""
    return {
        "data": {"values": list(rows)},
        "mark": {"type": "circle", "color": var(color), "size": size, "opacity": 1},
        "encoding": _pixels(),
    }


def line(
    field: str, *, x: Axis, y: Axis, color: str, width: float, dash: Sequence[int] = (), opacity: float = 1, series: str = ""
) -> Spec:
    """A line through the view's rows (`i` against `field`); `series` names the switch that shows it."""
    mark: Spec = {"type": "line", "color": var(color), "strokeWidth": width, "strokeJoin": "round", "opacity": opacity}
    if dash:
        mark["strokeDash"] = list(dash)
    if series:
        mark["opacity"] = {"expr": f"show_{series} ? {opacity} : 0.06"}
    return {"mark": mark, "encoding": {"x": encode("i", x), "y": encode(field, y)}}


def ribbon(low: str, high: str, *, x: Axis, y: Axis, color: str, opacity: float) -> Spec:
    """The area between two fields of the view's rows."""
    encoding = {"x": encode("i", x), "y": encode(low, y), "y2": {"field": high}}
    return {"mark": {"type": "area", "color": var(color), "opacity": opacity}, "encoding": encoding}


def pointer(fields: Mapping[str, str], *, name: str, x: Axis, height: float) -> Spec:
    """A rule that follows the pointer from session to session and tells its figures: `fields` maps a field to its title."""
    near = {"name": f"near_{name}", "select": {"type": "point", "on": "pointerover", "fields": ["i"], "clear": "pointerout"}}
    sides = [{"calculate": f"datum.i {side} 0.5", "as": as_} for side, as_ in (("-", "before"), ("+", "after"))]
    strips: Spec = {
        "params": [near],
        "transform": sides,
        "mark": {"type": "rect", "color": var("ink"), "opacity": 0.001, "y": 0, "y2": height},
        "encoding": {
            "x": encode("before", x),
            "x2": {"field": "after"},
            "tooltip": [{"field": field, "type": "nominal", "title": title} for field, title in fields.items()],
        },
    }
    rule: Spec = {
        "mark": {"type": "rule", "color": var("ink"), "strokeWidth": 1, "y": 0, "y2": height, "tooltip": None},
        "transform": [{"filter": {"param": f"near_{name}", "empty": False}}],
        "encoding": {"x": encode("i", x)},
    }
    return {"name": f"hover_{name}", "layer": [rule, strips]}


def spread(positions: Sequence[float], *, step: float = LABEL_STEP, low: float, high: float) -> list[float]:
    """Positions pushed apart to at least `step`, order kept, inside low … high as far as that fits (pixels)."""
    order = sorted(range(len(positions)), key=lambda each: positions[each])
    placed = list(positions)
    for before, after in zip(order, order[1:], strict=False):
        placed[after] = max(placed[after], placed[before] + step)
    if order:
        placed[order[-1]] = min(placed[order[-1]], high)
    for after, before in zip(order[::-1], order[-2::-1], strict=False):
        placed[before] = min(placed[before], placed[after] - step)
    shift = max(0.0, low - placed[order[0]]) if order else 0.0
    return [round(each + shift, 2) for each in placed]


def tick_step(span: float, most: int = 6) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that cuts `span` into at most `most` intervals."""
    scale = 10.0 ** (len(str(int(max(span, 1)))) - 3)
    while True:
        for factor in (1, 2, 2.5, 5):
            if span / (factor * scale) <= most:
                return factor * scale
        scale *= 10


def view(layers: Sequence[Spec], *, width: int, height: int, rows: Rows = ()) -> Spec:
    """One panel of layers; the rows are what lines and the pointer read, the chart's own when none are given."""
    own = {"data": {"values": list(rows)}} if rows else {}
    return {"width": width, "height": height, **own, "layer": list(layers), "view": {"stroke": None}}


def chart(
    panels: Sequence[Spec],
    *,
    size: tuple[int, int],
    origin: tuple[int, int],
    spacing: int = 0,
    rows: Rows = (),
    switches: Sequence[str] = (),
) -> Spec:
    """Panels one under the other in a drawing of exactly `size`, the first one's corner at `origin` (pixels).

    `rows` are shared by the panels that have none of their own; `switches` name the series that can be hidden.
    """
    return {
        "$schema": SCHEMA,
        "background": None,
        "autosize": {"type": "none"},
        "padding": {"left": origin[0], "top": origin[1], "right": 0, "bottom": 0},
        "usermeta": {"size": list(size)},
        "data": {"values": list(rows)},
        "params": [{"name": f"show_{name}", "value": True} for name in switches],
        "vconcat": list(panels),
        "bounds": "flush",
        "spacing": spacing,
        "config": {"aria": False, "font": "sans-serif", "concat": {"spacing": spacing}},
    }


def still(spec: Spec) -> Spec:
    """The specification without the layers that only answer to a pointer."""
    panels = [
        {**panel, "layer": [layer for layer in panel["layer"] if not layer.get("name", "").startswith("hover")]}
        for panel in spec["vconcat"]
    ]
    return {**spec, "vconcat": panels}


def in_light(spec: Spec, updown: UpDown = "red-up") -> Spec:
    """The specification with the colours of the light palette in place of CSS variables, where no page defines them."""
    palette = signed(LIGHT, updown)
    return cast(Spec, json.loads(resolve(json.dumps(spec).replace(HATCH, palette["dn-t"]), palette)))
