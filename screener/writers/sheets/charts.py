"""The charts that a spreadsheet draws by itself: a document's chart as series of cells, bands as areas behind its lines."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screener.report.document import Chart, Panels, Zone
from screener.report.draw.marks import tick_step
from screener.report.draw.palette import LIGHT
from screener.writers.sheets.grid import Grid

KINDS = {"lines": "line", "zones": "line", "bars": "column", "waterfall": "column", "ranks": "column"}
LINE_COLORS = (LIGHT["theme"], LIGHT["industry"], LIGHT["bench"], LIGHT["up"], LIGHT["dn"], "#6b4c9a")
# Fill of a band by its level, the same tints as on the page.
BAND_FILLS = {2: "up-s", 1: "up-t", 0: "flat", -1: "dn-s"}
ZONE_TRANSPARENCY = 40
SIZE = {"width": 760, "height": 400}
# Lines of a sheet that a chart stands over.
LINES = 22
# Room above and below the data, as a part of their span: so that the outer bands can be seen.
MARGIN = 0.05

# Keeps a row of helper values on a sheet of its own; returns the range in which they stand.
Keep = Callable[[str, Sequence[float]], str]


@dataclass(frozen=True)
class NativeCharts:
    """What draws the charts of one workbook: `palette` its colours, `keep` where values stand that no table shows."""

    book: Any
    palette: Mapping[str, str]
    keep: Keep

    def add(self, sheet: Any, grid: Grid, chart: Chart | Panels) -> None:
        """Draw a chart beside its rows: one native chart for the columns of each unit, the bands under an excess."""
        kind = "line" if isinstance(chart, Panels) else KINDS.get(chart.kind)
        if kind is None or not grid.rows:
            return
        zones = chart.zones if isinstance(chart, Chart) else ()
        runs = grid.numeric() if kind == "line" else grid.numeric()[:1]
        for place, columns in enumerate(runs):
            behind = zones if self._unit(grid, columns) == "excess" else ()
            native = self._lines(sheet, grid, columns, behind) if kind == "line" else self._bars(sheet, grid, columns)
            group = grid.heads[columns[0]].group.replace("\n", " ")
            words = f"{chart.title} · {group}" if len(runs) > 1 and group else chart.title
            self._frame(native, grid, columns, words, axis=self._axis(grid, columns, behind))
            sheet.insert_chart(grid.first + place * LINES, len(grid.heads) + 1, native)

    def _lines(self, sheet: Any, grid: Grid, columns: Sequence[int], zones: Sequence[Zone]) -> Any:
        lines = self.book.add_chart({"type": "line"})
        for place, column in enumerate(columns):
            colour = LINE_COLORS[place % len(LINE_COLORS)]
            lines.add_series({**_series(sheet, grid, column), "line": {"color": colour, "width": 1.5}})
        if not zones:
            return lines
        areas = self.book.add_chart({"type": "area", "subtype": "stacked"})
        low, high, _ = _domain(grid, columns, zones)
        for name, height, fill in self._strips(zones, low, high):
            values = self.keep(name, [height] * len(grid.rows))
            areas.add_series(
                {"name": name, "values": values, "categories": _categories(sheet, grid), "fill": fill, "border": {"none": True}}
            )
        areas.combine(lines)
        return areas

    def _strips(self, zones: Sequence[Zone], low: float, high: float) -> Iterator[tuple[str, float, dict[str, object]]]:
        """Stacked heights from the axis' lower end up, the first one only a base: (name, height, fill)."""
        yield " ", low, {"none": True}
        for zone in zones:
            fill = {"color": self.palette[BAND_FILLS[zone.band.level]], "transparency": ZONE_TRANSPARENCY}
            yield zone.band.word, min(zone.upper, high) - max(zone.lower, low), fill

    def _bars(self, sheet: Any, grid: Grid, columns: Sequence[int]) -> Any:
        bars = self.book.add_chart({"type": "column"})
        for place, column in enumerate(columns):
            fill: dict[str, object] = {"fill": {"color": LINE_COLORS[place % len(LINE_COLORS)]}}
            if len(columns) == 1:
                up, down = self.palette["up"], self.palette["dn"]
                fill = {"fill": {"color": up}, "invert_if_negative": True, "invert_if_negative_color": down}
            bars.add_series({**_series(sheet, grid, column), "gap": 60, **fill})
        return bars

    def _frame(self, native: Any, grid: Grid, columns: Sequence[int], title: str, *, axis: dict[str, object]) -> None:
        native.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        dates = isinstance(grid.rows[0][0].value, dt.date)
        months = {"date_axis": True, "num_format": "yyyy-mm", "major_unit": 1, "major_unit_type": "months"}
        native.set_x_axis({"label_position": "low", **(months if dates else {})})
        lines = {"visible": True, "line": {"color": LIGHT["rule"]}}
        native.set_y_axis({"num_format": "0%", "major_gridlines": lines, "label_position": "low", **axis})
        # The base under the bands is no series to a reader.
        hidden = {"delete_series": [0]} if "min" in axis else {}
        native.set_legend({"position": "bottom", **hidden} if len(columns) > 1 or hidden else {"none": True})
        native.set_size(SIZE)

    def _axis(self, grid: Grid, columns: Sequence[int], zones: Sequence[Zone]) -> dict[str, object]:
        if not zones:
            return {}
        low, high, step = _domain(grid, columns, zones)
        return {"min": low, "max": high, "major_unit": step}

    def _unit(self, grid: Grid, columns: Sequence[int]) -> str:
        return next(row[columns[0]].kind for row in grid.rows if row[columns[0]].kind != "gap")


def _series(sheet: Any, grid: Grid, column: int) -> dict[str, object]:
    name, values = [sheet.name, grid.first - 1, column], [sheet.name, grid.first, column, grid.last, column]
    return {"name": name, "categories": _categories(sheet, grid), "values": values}


def _categories(sheet: Any, grid: Grid) -> list[object]:
    return [sheet.name, grid.first, 0, grid.last, 0]


def _domain(grid: Grid, columns: Sequence[int], zones: Sequence[Zone]) -> tuple[float, float, float]:
    """The axis of a chart with bands (fractions): every value and edge inside, ends and step round."""
    values = [row[column].value for row in grid.rows for column in columns]
    known = [0.0, *(value for value in values if isinstance(value, float))]
    known += [edge for zone in zones for edge in (zone.lower, zone.upper) if math.isfinite(edge)]
    room = (max(known) - min(known)) * MARGIN
    low, high = min(known) - room, max(known) + room
    step = tick_step(100 * (high - low)) / 100
    return round(math.floor(low / step) * step, 6), round(math.ceil(high / step) * step, 6), round(step, 6)
