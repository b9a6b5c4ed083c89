"""The Excel form of a document: real numbers with formats, codes as text, native charts, one sheet of provenance.

The only module that knows xlsxwriter. Figures are the document's own, in full precision: fractions shown as percent, so that
excess (percentage points) = return − benchmark return holds inside the sheet.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from screener.report.document import Block, Box, Cell, Chart, Document, Facts, Panels, Paragraph, Row, Table
from screener.report.draw.palette import HEAT_DOWN, HEAT_UP, LIGHT, UpDown, signed
from screener.report.figures import parts_text
from screener.terms.say import Lang, say
from screener.terms.widths import width
from screener.writers.csv import neutralise
from screener.writers.sheets.charts import BAND_FILLS, NativeCharts
from screener.writers.sheets.formulas import resolved
from screener.writers.sheets.grid import Grid, SheetCell, grid_of

# The workbook says nothing about the machine's clock: the same document gives the same bytes.
CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 Excel's properties carry no zone
FONT = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
NUMBER_FORMATS = {
    "return": "+0.00%;-0.00%;0.00%",
    "excess": "+0.00%;-0.00%;0.00%",
    "points": "+0.00%;-0.00%;0.00%",
    "heat": "+0.0%;-0.0%;0.0%",
    "weight": "0.00%",
    "share": "0%",
    "price": "#,##0.00",
    "cash": "0.0000",
    "factor": "0.0000",
    "multiple": '0.00"×"',
    "count": "#,##0",
    "day": "yyyy-mm-dd",
}
SIGNED = ("excess",)
INK, MUTED, WASH, RULE = LIGHT["ink"], LIGHT["ink3"], LIGHT["wash"], LIGHT["rule2"]
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
READING = ("units", "formulas", "bands", "gaps", "colours")
# Characters that a page of A4 across holds at a readable size; wider sheets run on to the right.
PAGE_WIDTH, SCALE = 210, 62
SHEET_NAME, MIN_WIDTH, MAX_WIDTH = 31, 8, 44
# Chinese fonts draw characters of ambiguous width wide.
WIDE = "WFA"


def number_format(cell: SheetCell) -> str:
    """The format of a number: its kind's, with more decimals where they keep it on its side of a band edge."""
    usual = NUMBER_FORMATS[cell.kind]
    return usual if cell.decimals is None else usual.replace("0.00", f"0.{'0' * cell.decimals}")


def render_workbook(document: Document, updown: UpDown = "red-up") -> bytes:
    """`document` as a workbook: a summary, a sheet for every table and chart, the words, and the parameters.

    The same document gives the same bytes. Text that a spreadsheet could take for a formula is neutralised.
    """
    import xlsxwriter

    options = {
        "default_format_properties": dict(FONT),
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": neutralise(document.page_title), "author": "screener", "created": CREATED})
        _Writer(book, document, signed(LIGHT, updown)).write()
    return file.getvalue()


@dataclass
class _Writer:
    """One workbook being written; formats are made once for each set of properties."""

    book: Any
    document: Document
    palette: dict[str, str]
    formats: dict[tuple[tuple[str, object], ...], Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    paths: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)
    laid: dict[str, tuple[Any, Grid]] = field(default_factory=dict)

    @property
    def lang(self) -> Lang:
        return self.document.lang

    def write(self) -> None:
        """Every sheet: summary, tables, charts with their rows, appendix, words, parameters."""
        self.summary()
        charts = [block for block in self.document.blocks if isinstance(block, Chart | Panels)]
        wanted = [
            *((table, table.title, table.sub) for table in self.document.tables),
            *((block.data, block.title, block.sub or block.data.sub) for block in charts),
            *((table, table.title, table.sub) for table in self.document.appendix),
        ]
        places = [self.place(table, title) for table, title, _ in wanted]
        for (table, title, sub), place in zip(wanted, places, strict=True):
            self.table(table, place, title=title, sub=sub)
        for block, (sheet, grid) in zip(charts, places[len(self.document.tables) :], strict=False):
            NativeCharts(self.book, self.palette, self.keep).add(sheet, grid, block)
        self.paths_sheet()
        self.words()
        self.reading()
        self.parameters()

    def format(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({**FONT, **properties})
        return self.formats[key]

    def sheet(self, title: str) -> Any:
        """A new sheet under a name that Excel allows and no other sheet has; A4 across, one page wide."""
        base = " ".join(neutralise(title).translate(FORBIDDEN).split())[:SHEET_NAME].strip() or "-"
        name, count = base, 1
        while name.lower() in self.names:
            count += 1
            name = f"{base[: SHEET_NAME - len(str(count)) - 1]} {count}"
        self.names.add(name.lower())
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        sheet.fit_to_pages(1, 0)
        return sheet

    def summary(self) -> None:
        """Title, facts, the paragraphs written from the figures, and the key figures."""
        sheet = self.sheet(say("workbook_summary", self.lang))
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 92)
        sheet.write_string(0, 0, neutralise(self.document.title), self.format(bold=True, font_size=16))
        sheet.write_string(1, 0, neutralise(self.document.kicker), self.format(font_color=MUTED))
        line = 3
        for fact in (*self.document.byline, *self.document.meta):
            self.text(sheet, line, 0, fact.label, font_color=MUTED)
            self.text(sheet, line, 1, parts_text(fact.parts, self.lang), underline=0)
            line += 1
        line += 1
        for paragraph in self.document.lede:
            line = self.paragraph(sheet, line, parts_text(paragraph.parts, self.lang), bold=paragraph.style == "verdict")
        line += 1
        for key in self.document.key_figures:
            self.text(sheet, line, 0, key.label, font_color=MUTED)
            self.value(sheet, line, 1, SheetCell.of(key.figure, self.lang), bold=True, align="left")
            note = parts_text(key.note, self.lang)
            if note:
                self.text(sheet, line + 1, 1, note, font_color=MUTED)
            line += 2 if note else 1

    def reading(self) -> None:
        """How to read the workbook: units, colours, gaps, and which cells are worked out again."""
        sheet = self.sheet(say("workbook_reading", self.lang))
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 92)
        self.text(sheet, 0, 0, say("workbook_reading", self.lang), bold=True, font_size=14)
        for line, name in enumerate(READING, start=2):
            words = say(f"workbook_reading_{name}", self.lang)
            self.text(sheet, line, 0, say(f"workbook_reading_{name}_head", self.lang), bold=True, valign="top")
            self.text(sheet, line, 1, words, text_wrap=True)
            sheet.set_row(line, 17 * -(-width(words, wide=WIDE) // 88) + 4)

    def paragraph(self, sheet: Any, line: int, text: str, *, bold: bool = False) -> int:
        """A wrapped paragraph over both columns, its height from its width; returns the next line."""
        lines = -(-width(text, wide=WIDE) // 110)
        sheet.merge_range(line, 0, line, 1, "", self.format())
        self.text(sheet, line, 0, text, text_wrap=True, bold=bold, valign="top", font_size=12 if bold else 10)
        sheet.set_row(line, (22 if bold else 17) * lines + 4)
        return line + 1

    def text(self, sheet: Any, row: int, column: int, text: str, **properties: object) -> None:
        sheet.write_string(row, column, neutralise(text), self.format(**properties))

    def value(self, sheet: Any, row: int, column: int, cell: SheetCell, **properties: object) -> None:
        """A typed cell: a number or a date under its format, or text."""
        shown = dict(properties)
        if cell.muted:
            shown["font_color"] = MUTED
        if cell.formula:
            kind = {"num_format": number_format(cell)} if cell.kind in NUMBER_FORMATS else {}
            sheet.write_formula(row, column, cell.formula, self.format(**{**kind, **shown}), cell.value)
        elif isinstance(cell.value, str):
            self.text(sheet, row, column, cell.value, **{"num_format": "@", **shown})
        elif isinstance(cell.value, dt.date):
            sheet.write_datetime(row, column, cell.value, self.format(**{"num_format": NUMBER_FORMATS["day"], **shown}))
        elif cell.value is None:
            sheet.write_blank(row, column, None, self.format(**shown))
        else:
            sheet.write_number(row, column, cell.value, self.format(**{"num_format": number_format(cell), **shown}))

    def place(self, table: Table, title: str) -> tuple[Any, Grid]:
        """Lay a table out on a sheet of its own, so that formulas know where it will stand."""
        found = self.sheet(title or table.id), grid_of(table, self.lang, top=3)
        self.laid.setdefault(table.id, found)
        return found

    def table(self, table: Table, place: tuple[Any, Grid], *, title: str, sub: str) -> None:
        """Fill the sheet of one table: title, heads (frozen), rows, notes."""
        sheet, grid = place
        self.text(sheet, 0, 0, title or table.id, bold=True, font_size=14)
        self.text(sheet, 1, 0, sub, font_color=MUTED)
        self.heads(sheet, grid)
        for at, row in enumerate(table.rows):
            self.row(sheet, grid, grid.first + at, row, at)
        self.colours(sheet, grid)
        self.sparks(sheet, grid)
        widths = list(self.widths(grid))
        for at, wanted in enumerate(widths):
            sheet.set_column(at, at, wanted)
        if sum(widths) > PAGE_WIDTH:
            sheet.set_print_scale(SCALE)
            sheet.repeat_columns(0)
        for at, note in enumerate(table.notes):
            self.text(sheet, grid.last + 2 + at, 0, note, font_color=MUTED)
        sheet.freeze_panes(grid.first, 1)
        sheet.repeat_rows(grid.top, grid.first - 1)
        if table.rows:
            sheet.autofilter(grid.first - 1, 0, grid.last, len(grid.heads) - 1)

    def heads(self, sheet: Any, grid: Grid) -> None:
        """The row of groups, merged over their columns, and the row of heads."""
        style = {"font_color": MUTED, "bottom": 1, "bottom_color": RULE, "text_wrap": True}
        for start, stop, words in grid.groups():
            if stop > start:
                sheet.merge_range(grid.top, start, grid.top, stop, "", self.format(align="center"))
            self.text(sheet, grid.top, start, words, align="center", font_color=MUTED, text_wrap=True)
        if any(words for _, _, words in grid.groups()):
            sheet.set_row(grid.top, 32)
        for place, head in enumerate(grid.heads):
            self.text(
                sheet,
                grid.first - 1,
                place,
                head.words,
                align="left" if head.left else "right",
                indent=int(head.left and place > 0),
                **style,
            )

    def row(self, sheet: Any, grid: Grid, line: int, row: Row, place: int) -> None:
        style: dict[str, object] = {"bold": True} if row.role in ("theme", "total") else {}
        if row.role == "reference":
            style["bg_color"] = WASH
        if row.ends_group:
            style.update(bottom=1, bottom_color=RULE)
        for column, plain in enumerate(grid.rows[place]):
            cell = replace(plain, formula=resolved(plain.formula, self.laid, grid, line))
            left = grid.heads[column].left
            own: dict[str, object] = {**style, "align": "left" if left else "right"}
            if left:
                own["indent"] = row.depth if column == 0 else 1
            if cell.strong:
                own["bold"] = True
            self.value(sheet, line, column, cell, **own)

    def colours(self, sheet: Any, grid: Grid) -> None:
        """Conditional colours that follow the cells: signs of excess, tints of bands."""
        if grid.last < grid.first:
            return
        for column in range(len(grid.heads)):
            cells = [row[column] for row in grid.rows]
            place = (grid.first, column, grid.last, column)
            if any(cell.kind in SIGNED for cell in cells):
                for criteria, token in ((">", "up"), ("<", "dn")):
                    rule = {
                        "type": "cell",
                        "criteria": criteria,
                        "value": 0,
                        "format": self.book.add_format({"font_color": self.palette[token]}),
                    }
                    sheet.conditional_format(*place, rule)
            if any(cell.kind == "heat" for cell in cells):
                self.heat(sheet, place)
            for word, level in sorted({(str(cell.value), cell.level) for cell in cells if cell.level is not None}):
                fill = self.book.add_format({"bg_color": self.palette[BAND_FILLS[level]]})
                rule = {"type": "cell", "criteria": "==", "value": '"' + word.replace('"', '""') + '"', "format": fill}
                sheet.conditional_format(*place, rule)

    def heat(self, sheet: Any, place: tuple[int, int, int, int]) -> None:
        """Weekly excess on fixed steps, so that two weeks can be compared."""
        for criteria, step in (*(("<=", each) for each in HEAT_DOWN), *((">=", each) for each in HEAT_UP)):
            fill = self.book.add_format({"bg_color": self.palette[step.token]})
            rule = {"type": "cell", "criteria": criteria, "value": step.edge, "format": fill, "stop_if_true": True}
            sheet.conditional_format(*place, rule)

    def sparks(self, sheet: Any, grid: Grid) -> None:
        """Sparklines, drawn by the spreadsheet from values on a sheet of their own."""
        colours = {"series_color": "#454C54", "weight": 1.25, "last_point": True, "last_color": INK, "axis": True}
        for line, row in enumerate(grid.rows):
            for column, cell in enumerate(row):
                if cell.path:
                    area = self.keep(row[0].shown, cell.path)
                    sheet.add_sparkline(grid.first + line, column, {"range": area, **colours})

    def keep(self, name: str, values: Sequence[float]) -> str:
        """Put values that a drawing reads on the sheet for them, a row each; the range in which they stand."""
        self.paths.append((name, tuple(values)))
        from xlsxwriter.utility import xl_rowcol_to_cell

        last = xl_rowcol_to_cell(len(self.paths) - 1, len(values), row_abs=True, col_abs=True)
        return f"='{say('workbook_paths', self.lang)}'!$B${len(self.paths)}:{last}"

    def paths_sheet(self) -> None:
        """The values behind sparklines and bands, a row each."""
        if not self.paths:
            return
        sheet = self.sheet(say("workbook_paths", self.lang))
        for line, (name, path) in enumerate(self.paths):
            self.text(sheet, line, 0, name)
            for place, value in enumerate(path):
                sheet.write_number(line, place + 1, value, self.format(num_format=NUMBER_FORMATS["heat"]))
        sheet.freeze_panes(0, 1)

    def widths(self, grid: Grid) -> Iterator[float]:
        """A width for every column that holds its heads and figures, within bounds."""
        for column, head in enumerate(grid.heads):
            words = [head.words, *(row[column].shown for row in grid.rows)]
            yield min(max(max(width(each, wide=WIDE) for each in words) + 2, MIN_WIDTH), MAX_WIDTH)

    def words(self) -> None:
        """What the report says in words: paragraphs, lists and boxes, one column."""
        sheet = self.sheet(say("workbook_words", self.lang))
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 92)
        for line, (label, text) in enumerate(self.sentences()):
            self.text(sheet, line, 0, label, bold=True, valign="top", text_wrap=True)
            self.text(sheet, line, 1, text, text_wrap=True)
            sheet.set_row(line, 17 * sum(max(1, -(-width(line, wide=WIDE) // 88)) for line in text.split("\n")))

    def sentences(self) -> Iterator[tuple[str, str]]:
        """(label, sentence) of everything in the document that is neither a table nor a chart."""
        for section in self.document.sections:
            found = [pair for block in section.blocks for pair in self.block_sentences(block)]
            if found and section.title:
                yield section.title, ""
            yield from found
        for text in self.document.foot:
            yield "", text

    def block_sentences(self, block: Block) -> Iterator[tuple[str, str]]:
        """(label, sentence) of one block; a quotation is followed by its source."""
        if isinstance(block, Paragraph):
            yield block.title, parts_text(block.parts, self.lang)
            if block.source:
                yield "", block.source
        elif isinstance(block, Facts):
            yield block.title, block.sub
            for fact in block.items:
                yield fact.label, parts_text(fact.parts, self.lang)
        elif isinstance(block, Box):
            for part in block.parts:
                for place, text in enumerate((*part.paragraphs, *part.bullets)):
                    yield part.title if place == 0 else "", text

    def parameters(self) -> None:
        """Everything that a rerun needs: where the prices come from, hash, versions, dates, what is inferred."""
        sheet = self.sheet(say("workbook_parameters", self.lang))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 76)
        head = {"font_color": MUTED, "bottom": 1, "bottom_color": RULE}
        self.text(sheet, 0, 0, say("workbook_parameter", self.lang), **head)
        self.text(sheet, 0, 1, say("workbook_value", self.lang), **head)
        for place, fact in enumerate(self.document.parameters):
            self.text(sheet, place + 1, 0, fact.label)
            only = fact.parts[0] if len(fact.parts) == 1 else None
            if isinstance(only, Cell):
                self.value(sheet, place + 1, 1, SheetCell.of(only, self.lang), align="left")
            else:
                self.text(sheet, place + 1, 1, parts_text(fact.parts, self.lang), num_format="@", text_wrap=True)
        sheet.freeze_panes(1, 0)
