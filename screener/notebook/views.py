"""What a notebook shows of a result: a table that suits light and dark pages, a chart, tidy frames, an Excel file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from screener.report.document import Box, Cell, Chart, Document, Table
from screener.report.draw.marks import Spec, in_light, still
from screener.report.draw.palette import LIGHT
from screener.report.figures import cell_text, parts_text, tone
from screener.terms.say import Lang, say
from screener.writers.files import document_bytes, write_files
from screener.writers.pictures import PICTURE_FONTS, PICTURE_SCALE, check_glyphs

# Colours of signs are mixed with the page's own text colour, so that they keep their contrast on light and dark alike.
STYLE = """
.screener-view{color:inherit;font-size:13px;line-height:1.5;max-width:100%}
.screener-view p{margin:.2em 0 .5em;max-width:60em}
.screener-view .screener-title{font-weight:600;font-size:15px}
.screener-view .screener-note{opacity:.72;font-size:12px}
.screener-view .screener-scroll{overflow-x:auto}
.screener-view table{border-collapse:collapse;margin:.4em 0;font-variant-numeric:tabular-nums;border:0}
.screener-view table tr,.screener-view table tr:nth-child(even),.screener-view table tr:hover{background:transparent}
.screener-view.screener-view th,.screener-view.screener-view td{padding:.2em .7em;text-align:right;white-space:nowrap}
.screener-view.screener-view th,.screener-view.screener-view td{border:0;color:inherit}
.screener-view.screener-view th{font-weight:500;opacity:.75;border-bottom:1px solid currentColor}
.screener-view.screener-view td{border-bottom:1px solid rgba(128,128,128,.25)}
.screener-view.screener-view th.screener-left,.screener-view.screener-view td.screener-left{text-align:left}
.screener-view.screener-view td.up{color:#d23c37;color:color-mix(in srgb,#e3342f 72%,currentColor)}
.screener-view.screener-view td.dn{color:#1d8a5f;color:color-mix(in srgb,#0f9d63 72%,currentColor)}
.screener-view .screener-quiet{opacity:.6}
"""
# Pixels around a chart, and for the title above it.
MARGIN, TITLE = 14, 16
VEGALITE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
# How a field of a result is typed in its frame; the others are figures.
TEXTS = frozenset(
    (
        "subject",
        "kind",
        "name",
        "bucket",
        "series",
        "benchmark",
        "basis",
        "measure",
        "band",
        "band_so_far",
        "status",
        "gap",
        "stated",
        "flags",
    )
    + ("like_for_like_band", "headline_band", "since_gap", "left_out")
)
DATES = frozenset(["base_date", "end_date", "base_close_date", "end_close_date"])
TRUTHS = frozenset(["near_edge", "hit", "at_least"])
COUNTS = frozenset(["horizon_months", "sessions", "missing", "cells", "gaps"])


@dataclass(frozen=True, eq=False)
class VegaChart:
    """A chart that JupyterLab draws by itself; where nothing draws Vega-Lite, its picture stands in.

    `spec`: Vega-Lite with literal colours on paper of its own, so that it can be read on a dark page too.
    """

    title: str
    finding: str
    spec: Spec = field(repr=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {VEGALITE: self.spec, "image/png": self.png(), "text/plain": f"{self.title}: {self.finding}"}

    def png(self) -> bytes:
        """The chart as a picture; ScreenerError where this machine has no Chinese glyphs."""
        import vl_convert

        check_glyphs()
        drawn = str(vl_convert.vegalite_to_svg({**self.spec, "config": {**self.spec["config"], "font": PICTURE_FONTS}}))
        return bytes(vl_convert.svg_to_png(drawn, scale=PICTURE_SCALE))

    def save(self, path: str | Path) -> Path:
        """Write the picture (PNG) to `path`."""
        place = Path(path)
        return write_files(place.parent, {place.name: self.png()})[0]


def view_chart(chart: Chart) -> VegaChart:
    """A report's chart as a notebook's: on paper, its title above it, as large as what is drawn.

    A page gives the drawing its size; a notebook has only the specification to go by.
    """
    return VegaChart(chart.title, chart.finding, {**in_light(still(chart.wide)), **_frame(chart.title, offset=TITLE)})


def bar_chart(title: str, finding: str, rows: Sequence[Mapping[str, Any]], *, unit: str) -> VegaChart:
    """Horizontal bars of `value` by `name`, largest first; up and down in the colours of signs, a missing value as a word.

    Rows: name, value (in `unit`, None for a gap), text (how the value is written).
    """
    height, width, left = 26 * len(rows), 420, 130
    layers = [
        {
            "mark": {"type": "bar", "height": 14},
            "transform": [{"filter": "isValid(datum.value)"}],
            "encoding": {
                "x": {
                    "field": "value",
                    "type": "quantitative",
                    "axis": {"title": unit, "grid": True},
                },
                "color": {
                    "condition": {"test": "datum.value < 0", "value": LIGHT["dn"]},
                    "value": LIGHT["up"],
                },
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "color": LIGHT["ink"]},
            "encoding": {"x": {"field": "place", "type": "quantitative"}, "text": {"field": "text"}},
        },
    ]
    placed = [{**row, "place": max(row["value"] or 0.0, 0.0)} for row in rows]
    y = {"field": "name", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": left, "ticks": False}}
    panel: Spec = {"width": width, "height": height, "encoding": {"y": y}, "layer": layers, "view": {"stroke": None}}
    return VegaChart(title, finding, {**_frame(title), "data": {"values": placed}, "vconcat": [panel]})


def strip_chart(title: str, finding: str, rows: Sequence[Mapping[str, Any]], *, edges: Sequence[float], unit: str) -> VegaChart:
    """One tick for every value of a name on a line, the headline as a dot, band edges as rules.

    Rows: name, value (in `unit`), headline (whether it is the one that is reported).
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    height, width, left = 54 * len(names), 520, 130
    x = {"field": "value", "type": "quantitative", "axis": {"title": unit, "grid": False}}
    y = {"field": "name", "type": "nominal", "sort": names, "axis": {"title": None, "labelLimit": left, "ticks": False}}
    layers = [
        {
            "data": {"values": [{"edge": edge} for edge in edges]},
            "mark": {"type": "rule", "color": LIGHT["rule2"], "strokeDash": [4, 3]},
            "encoding": {"x": {"field": "edge", "type": "quantitative"}},
        },
        {
            "mark": {"type": "tick", "color": LIGHT["theme"], "opacity": 0.16, "thickness": 1.4, "height": 26},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 90, "color": LIGHT["up"], "opacity": 1},
            "transform": [{"filter": "datum.headline"}],
            "encoding": {"x": x, "y": y},
        },
    ]
    panel: Spec = {"width": width, "height": height, "layer": layers, "view": {"stroke": None}}
    return VegaChart(title, finding, {**_frame(title), "data": {"values": list(rows)}, "vconcat": [panel]})


def _frame(title: str, offset: int = 8) -> Spec:
    """What every chart has: its schema, title, margin, and literal colours, so that a page's dark theme changes nothing."""
    axis = {"labelColor": LIGHT["ink2"], "titleColor": LIGHT["ink2"], "gridColor": LIGHT["rule"]}
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "anchor": "start", "offset": offset, "fontSize": 14, "color": LIGHT["ink"]},
        "background": LIGHT["paper"],
        "autosize": {"type": "pad", "contains": "padding"},
        "padding": MARGIN,
        "config": {"font": "sans-serif", "axis": {**axis, "domainColor": LIGHT["rule2"], "tickColor": LIGHT["rule2"]}},
    }


def view_html(title: str, sentences: Iterable[str], table: Table | None, lang: Lang, *, notes: Iterable[str] = ()) -> str:
    """Title, sentences and a table, where there is one, as HTML with its own style; every text is escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in sentences)
    below = "".join(f'<p class="screener-note">{escape(line)}</p>' for line in notes)
    grid = "" if table is None else _grid_html(table, lang)
    head = f'<style>{STYLE}</style><p class="screener-title">{escape(title)}</p>'
    return f'<div class="screener-view">{head}{lines}{grid}{below}</div>'


def _grid_html(table: Table, lang: Lang) -> str:
    heads = "".join(
        f'<th class="{"screener-left" if column.left else ""}">{escape(" ".join(filter(None, words)))}</th>'
        for column in table.columns
        for words in [(column.group, column.head, column.unit)]
    )
    rows = "".join(_row_html(row.head, row.cells, [column.left for column in table.columns], lang) for row in table.rows)
    return (
        f'<div class="screener-scroll"><table><thead><tr><th class="screener-left">{escape(table.row_head)}</th>{heads}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def view_document(document: Document) -> str:
    """The short form of a document as HTML: head, answer, tables, and what is missing."""
    lines = [parts_text(each.parts, document.lang) for each in document.lede]
    facts = [f"{each.label} {parts_text(each.parts, document.lang)}".strip() for each in (*document.byline, *document.meta)]
    found = [view_html(document.title, lines, None, document.lang, notes=[" · ".join(facts)])]
    for block in document.brief:
        if isinstance(block, Table):
            found.append(view_html(block.title, [block.sub] if block.sub else [], block, document.lang, notes=block.notes))
        elif isinstance(block, Box):
            found += [
                view_html(each.title, (), None, document.lang, notes=(*each.paragraphs, *each.bullets)) for each in block.parts
            ]
    return "".join(found)


def _row_html(head: str, cells: Sequence[Cell], lefts: Sequence[bool], lang: Lang) -> str:
    found = [f'<td class="screener-left">{escape(head)}</td>']
    for cell, left in zip(cells, lefts, strict=True):
        quiet = "screener-quiet" if cell.kind in ("gap", "not_due", "none") else ""
        sign = tone(cell.value) if cell.kind in ("excess", "return") and isinstance(cell.value, float) else ""
        classes = " ".join(each for each in ("screener-left" if left else "", quiet, sign) if each)
        shown = say("label_gap", lang) if cell.kind == "gap" else cell_text(cell, lang)
        found.append(f'<td class="{classes}">{escape(shown)}</td>')
    return f"<tr>{''.join(found)}</tr>"


def tidy_frame(values: Iterable[Any]) -> pd.DataFrame:
    """Frozen values of one kind as a frame: a row each, fields as columns with types, gaps as their codes, no objects.

    Text `string`, figures `float64`, dates `datetime64[s]`, truths `boolean`, counts `Int64`.
    """
    rows = [{_column(each.name): _field(getattr(value, each.name)) for each in dataclasses.fields(value)} for value in values]
    frame = pd.DataFrame(rows)
    return frame.astype({name: _dtype(name) for name in frame.columns})


def _column(name: str) -> str:
    return "return" if name == "own_return" else name


def _field(value: Any) -> Any:
    if hasattr(value, "reason"):
        return value.code
    return " ".join(value) if isinstance(value, tuple) else value


def _dtype(name: str) -> str:
    if name in DATES:
        return "datetime64[s]"
    kinds = ((TEXTS, "string"), (TRUTHS, "boolean"), (COUNTS, "Int64"))
    return next((dtype for names, dtype in kinds if name in names), "float64")


def save_workbook(document: Document, path: str | Path) -> Path:
    """Write a document as an Excel file; ScreenerError when that is not allowed."""
    place = Path(path)
    return write_files(place.parent, {place.name: document_bytes(document, ".xlsx")})[0]
