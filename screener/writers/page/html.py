"""A document as one HTML page, and the archive's page; the only module that knows jinja2.

The page is one file without any outside reference: palette, drawings, runtime and script stand inside. It reads without a
script; with one it gets a dark palette, swapped colours, tooltips and switches for lines.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from screener.report import figures as labels
from screener.report.document import (
    Band,
    Bullet,
    Cell,
    Chart,
    Column,
    Document,
    Flag,
    Panels,
    Parts,
    Row,
    Shares,
    Table,
    WhatIf,
)
from screener.report.draw.palette import HEAT_NEUTRAL, UpDown, heat_step
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.writers.archive import Archive
from screener.writers.page import marks
from screener.writers.page.what_if import what_if_json
from screener.writers.svg import draw_svg

if TYPE_CHECKING:
    from jinja2 import Environment

# Reports that stand two folders below the archive's page, and the way up to it.
FILED, ARCHIVE = ("weekly", "outcome", "events", "desk"), "../../index.html"
# Charts whose lines can be hidden by a button.
SWITCHED_KINDS = ("lines",)
SHORT_UNITS, SHORT_HEAD = ("%", "pp", "元", "CNY"), 6


def render_html(document: Document, *, runtime: str = "", updown: UpDown = "red-up") -> str:
    """The whole page; `runtime` is the script of `runtime.load_runtime`, or "" for still drawings only.

    `updown`: the colours that it opens with; a reader can swap them there.
    """
    drawings = _draw_all(document)
    page = _environment().get_template("page.html.j2")
    return page.render(
        document=document,
        lang=document.lang,
        updown=updown,
        css=Markup(_asset("page.css") + (_asset("outcome.css") if document.kind == "outcome" else "")),
        early=Markup(_asset("early.js")),
        script=Markup(_asset("page.js") + (";" + _asset("whatif.js") if has_what_if(document) else "")),
        archive=ARCHIVE if document.kind in FILED else "",
        runtime=Markup(runtime),
        drawings=drawings,
        specs=Markup(_specs(document)) if runtime else "",
        words=Markup(_script_words(document.lang)),
        write=_Writer(document.lang),
    )


def has_what_if(document: Document) -> bool:
    """Whether a page lets its reader pick conventions."""
    return any(isinstance(block, WhatIf) for block in document.blocks)


def render_index(archive: Archive, lang: Lang, *, updown: UpDown = "red-up") -> str:
    """The archive's page: the outcome check and a table of weeks for every thesis."""
    page = _environment().get_template("index.html.j2")
    return page.render(
        archive=archive,
        lang=lang,
        updown=updown,
        css=Markup(_asset("page.css")),
        early=Markup(_asset("early.js")),
        words=Markup(_script_words(lang)),
        script=Markup(_asset("page.js")),
        write=_Writer(lang),
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("screener.writers.page"),
        autoescape=select_autoescape(["j2", "html"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = say
    environment.filters["runs"] = column_runs
    return environment


@cache
def _asset(name: str) -> str:
    return (files("screener") / "writers" / "page" / "templates" / name).read_text("utf-8")


def _draw_all(document: Document) -> dict[str, Markup]:
    """Every drawing by key: chart id with `-w` or `-n`, panel id."""
    found = {}
    for chart in document.charts:
        for suffix, spec, css in (("w", chart.wide, "vw"), ("n", chart.narrow, "vn")):
            key = f"{chart.id}-{suffix}"
            found[key] = Markup(draw_svg(spec, title=chart.title, finding=chart.finding, key=key, css_class=css))
    for block in document.blocks:
        if isinstance(block, Panels):
            for panel in block.panels:
                drawn = draw_svg(panel.drawing, title=panel.head, finding=panel.finding, key=panel.id)
                found[panel.id] = Markup(drawn)
    return found


def _specs(document: Document) -> str:
    """The specifications of every chart for the script, as JSON that may stand in a page."""
    found = {}
    for chart in document.charts:
        if _answers(chart.wide):
            found[f"{chart.id}-w"], found[f"{chart.id}-n"] = chart.wide, chart.narrow
    return _json(found)


def _answers(spec: dict[str, Any]) -> bool:
    """Whether a chart has anything for a pointer: a hover layer or a tooltip."""
    text = json.dumps(spec)
    return '"hover_' in text or '"tooltip"' in text


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _script_words(lang: Lang) -> str:
    names = ("theme_dark", "theme_light", "green_up", "red_up", "series_show", "filter")
    return _json({name: say(f"page_{name}", lang) for name in names})


def column_runs(columns: Iterable[Column]) -> list[tuple[str, str, int]]:
    """Neighbouring columns with one group as (group, its note, how many)."""
    runs: list[tuple[str, str, int]] = []
    for column in columns:
        if runs and runs[-1][:2] == (column.group, column.group_note):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((column.group, column.group_note, 1))
    return runs


class _Writer:
    """Cells, parts and class names of a page in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def cell(self, cell: Cell, row: Row, *, unit: bool = False) -> Markup:
        """A cell of a table, with its second line."""
        shown = self.value(cell, name=row.head, unit=unit)
        note = Markup('<span class="d2">{}</span>').format(cell.note) if cell.note else Markup("")
        return Markup("<b>{}</b>").format(shown) + note if cell.strong else shown + note

    def sort_key(self, cell: Cell) -> str:
        """What a league sorts a cell by: its number, its day, the level of its band, its words; "" without a figure."""
        value = cell.value
        if value is None or isinstance(value, Gap):
            return ""
        if isinstance(value, Band):
            return str(value.level)
        return str(value.now) if isinstance(value, Bullet) else str(value)

    def value(self, cell: Cell, *, name: str = "", unit: bool = False) -> Markup:
        """A cell's value with what marks it: colour of its sign, chip, flag, small drawing."""
        value = cell.value
        text = labels.cell_text(cell, self.lang, unit=unit)
        if isinstance(value, Gap):
            return Markup('<span class="mut gap" title="{}">{}</span>').format(value.text(self.lang), text)
        if isinstance(value, Band):
            return self.chip(value)
        if isinstance(value, Bullet | Shares) or cell.kind == "spark":
            return self.drawing(cell, name, text)
        if cell.kind == "flags" and isinstance(value, tuple) and value:
            return Markup(" ").join(self.flag(each) for each in value if isinstance(each, Flag))
        if cell.kind in ("excess", "heat") or (cell.kind == "return" and cell.toned):
            return Markup('<span class="{}">{}</span>').format(labels.tone(float(value), 1 if cell.kind == "heat" else 2), text)  # type: ignore[arg-type]
        quiet = cell.quiet or cell.kind in ("none", "not_due", "flags")
        return Markup('<span class="mut">{}</span>').format(text) if quiet else escape(text)

    def chip(self, band: Band) -> Markup:
        """A rating with its glyph, on the tint of its side."""
        glyph = labels.GLYPHS[band.level]
        return Markup('<span class="chip {}"><i aria-hidden="true">{}</i>{}</span>').format(
            marks.chip_class(band), glyph, band.word
        )

    def flag(self, flag: Flag) -> Markup:
        """A mark beside a name."""
        return Markup('<span class="flag{}">{}</span>').format(" w" if flag.strong else "", flag.text)

    def drawing(self, cell: Cell, name: str, text: str) -> Markup:
        """The small drawing of a cell, which says its figures to those who do not see it."""
        value = cell.value
        if isinstance(value, Bullet):
            code = "mark_bullet" if value.before is not None else "mark_bullet_now"
            finding = marks.bullet_finding(value, say(code, self.lang, now="{now}", before="{before}"))
            return Markup(marks.bullet(value, name, finding))
        if isinstance(value, Shares):
            return Markup(marks.shares(value, name, text))
        path = [each for each in value if isinstance(each, float)] if isinstance(value, tuple) else []
        if not path:
            return Markup('<span class="mut">{}</span>').format(say("label_none", self.lang))
        return Markup(marks.sparkline(path, name, say("mark_spark", self.lang, last=labels.points(path[-1]))))

    def parts(self, parts: Parts) -> Markup:
        """Running text with its figures; a line break where the text has one."""
        shown = Markup("")
        for part in parts:
            if isinstance(part, str):
                shown += Markup("<br>").join(escape(line) for line in part.split("\n"))
            else:
                value = self.value(part, unit=True)
                shown += Markup("<b>{}</b>").format(value) if part.strong else value
        return shown

    def what_if(self, block: WhatIf) -> Markup:
        """What the script of the what-if needs: the cells, compressed, ladders and words."""
        return Markup(what_if_json(block, self.lang))

    def figure(self, cell: Cell) -> Markup:
        """A key figure: its unit small."""
        if cell.kind != "excess" or isinstance(cell.value, Gap):
            return self.value(cell, unit=True)
        return self.value(cell) + Markup("<small> pp</small>")

    def plain(self, cell: Cell) -> Markup:
        """A cell in ink, as heat cells are; a gap says why."""
        return self.value(cell) if isinstance(cell.value, Gap) else escape(labels.cell_text(cell, self.lang))

    def heat_class(self, cell: Cell) -> str:
        """The step of a heat cell."""
        return (heat_step(cell.value) if isinstance(cell.value, float) else HEAT_NEUTRAL).css

    def card_label(self, column: Column) -> str:
        """The label of a figure on a card: the column's group or else its head, with a short unit."""
        if column.group:
            return "" if column.left else f"{column.group} {column.unit}"
        return f"{column.head} {column.unit}" if column.unit in SHORT_UNITS and len(column.head) <= SHORT_HEAD else column.head

    def axis(self, table: Table, column_index: int) -> Markup:
        """The band edges above a column of bullets."""
        for row in table.rows:
            value = row.cells[column_index].value
            if isinstance(value, Bullet):
                return Markup(marks.bullet_axis(value.edges))
        return Markup("")

    def percent(self, value: float | None) -> str:
        """A fraction as percent for the archive, or the word for a gap."""
        return say("label_gap", self.lang) if value is None else labels.percent(value, unit=False)

    def range(self, start: dt.date, end: dt.date) -> str:
        """The sessions of a week as 04-07 至 04-11, one day alone."""
        first, last = labels.month_day(start), labels.month_day(end)
        return last if start == end else say("label_range", self.lang, first=first, last=last)

    def points(self, value: float | None) -> Markup:
        """A fraction as percentage points in the colour of its sign, or the word for a gap."""
        if value is None:
            return Markup('<span class="mut">{}</span>').format(say("label_gap", self.lang))
        return Markup('<span class="{}">{}</span>').format(labels.tone(value), labels.points(value, unit=False))

    def key_class(self, chart: Chart) -> str:
        """Whether the lines of a chart can be switched."""
        return "switched" if chart.kind in SWITCHED_KINDS and chart.wide.get("params") else ""

    def switches(self, chart: Chart) -> list[tuple[str, str]]:
        """The lines that can be switched: (name of the switch, name of the line)."""
        names = {column.id: column.head for column in chart.data.columns}
        found = [param["name"] for param in chart.wide.get("params", []) if param["name"].startswith("show_")]
        return [(name, names[name.removeprefix("show_")]) for name in found if name.removeprefix("show_") in names]
