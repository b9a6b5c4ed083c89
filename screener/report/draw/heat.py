"""The heat map of names and weeks as a drawing, for pictures; on a page it is a table whose every cell can be read."""

from __future__ import annotations

from collections.abc import Iterator

from screener.report.document import Row, Table
from screener.report.draw import marks as charts
from screener.report.draw.marks import Spec
from screener.report.draw.palette import heat_step
from screener.report.figures import cell_text
from screener.terms.say import Lang
from screener.terms.widths import width

WIDTH, HEAD, LINE, GROUP = 765, 34, 27, 5
# Room for names (pixels), and for one column of text at their size; a longer name ends with …
NAMES, NAMES_MOST, COLUMN = 112, 200, 6.7


def heat_spec(table: Table, lang: Lang) -> Spec:
    """A heat table as a specification: a rectangle a cell on its step, the figure inside; a gap is its word on no ground."""
    names = _names_room(table)
    step = (WIDTH - names) / max(len(table.columns), 1)
    tops = list(_tops(table))
    height = tops[-1] + LINE if tops else HEAD
    grounds: dict[str, list[dict[str, float]]] = {}
    words, figures = [], []
    for at, column in enumerate(table.columns):
        x = names + (at + 0.5) * step
        words += [{"x": x, "y": 9, "text": column.head}, *([{"x": x, "y": 23, "text": column.unit}] if column.unit else [])]
    for row, top in zip(table.rows, tops, strict=True):
        for at, cell in enumerate(row.cells):
            x = names + at * step
            if isinstance(cell.value, float):
                box = {"x": x + 1, "x2": x + step - 1, "y": top + 1, "y2": top + LINE - 1}
                grounds.setdefault(heat_step(cell.value).token, []).append(box)
            figures.append({"x": x + step / 2, "y": top + LINE / 2, "text": cell_text(cell, lang)})
    layers = [charts.rects(rows, fill=token) for token, rows in sorted(grounds.items())]
    layers += charts.texts(words, align="center", color="ink3", size=charts.SMALL)
    layers += charts.texts(figures, align="center", color="ink", size=charts.SMALL)
    for bold in (False, True):
        layers += charts.texts(list(_names(table, tops, room=names, bold=bold)), color="ink" if bold else "ink2", bold=bold)
    return charts.chart([charts.view(layers, width=WIDTH, height=int(height))], size=(WIDTH, int(height)), origin=(0, 0))


def _tops(table: Table) -> Iterator[float]:
    """Where each row begins (pixels): a little room behind the last row of a group."""
    top = float(HEAD)
    for row in table.rows:
        yield top
        top += LINE + (GROUP if row.ends_group else 0)


def _names_room(table: Table) -> float:
    """Pixels that the longest name takes, within bounds."""
    longest = max((width(row.head) for row in table.rows), default=0)
    return min(max(NAMES, COLUMN * longest + GROUP), NAMES_MOST)


def _shortened(text: str, room: float) -> str:
    """`text`, or as much of it as stands in `room` pixels, with … behind."""
    if COLUMN * width(text) <= room:
        return text
    kept = next(text[:end] for end in range(len(text), -1, -1) if COLUMN * width(text[:end] + "…") <= room)
    return kept.rstrip() + "…"


def _names(table: Table, tops: list[float], *, room: float, bold: bool) -> Iterator[dict[str, object]]:
    for row, top in zip(table.rows, tops, strict=True):
        if _is_bold(row) == bold:
            yield {"x": 0, "y": top + LINE / 2, "text": _shortened(row.head, room - GROUP)}


def _is_bold(row: Row) -> bool:
    return row.role == "theme"
