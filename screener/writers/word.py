"""A document as a Word file, as a house would send it; the only module that knows python-docx.

The same document gives the same bytes: neither the clock nor the machine is written down.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from screener.report.document import Block, Box, Cell, Chart, Document, Facts, Panels, Paragraph, Parts, Table
from screener.report.draw.palette import LIGHT, UpDown, signed
from screener.report.figures import cell_text, parts_text, tone
from screener.terms.say import Lang, say
from screener.writers.pictures import check_glyphs, draw_light, draw_panels, draw_png

CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 a document's properties carry no zone
# A drawing of this width (pixels) is as wide as the text.
FULL = 765
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
SANS, SERIF = ("Arial", "Microsoft YaHei"), ("Georgia", "SimSun")
# Sizes (points): body, tables by their number of columns, and the width of text on A4 (cm).
BODY, SMALL, TEXT_WIDTH = 10, 8, 17.4
# Tables with more columns than this are set smaller; those with ACROSS or more stand on a page across.
NARROW, SMALLEST, ACROSS = 7, 6.5, 11
DRAWN = ("spark", "bullet")


def render_word(document: Document, updown: UpDown = "red-up") -> bytes:
    """The report as .docx on A4: styles, tables, charts with alternative text, header, footer with page numbers.

    ScreenerError `no_glyphs` without Chinese glyphs for the charts.
    """
    import docx

    check_glyphs()
    book = docx.Document()
    _Writer(book, document, updown).write()
    file = io.BytesIO()
    book.save(file)
    return _without_clock(file.getvalue())


def _without_clock(content: bytes) -> bytes:
    """The same file with one fixed time for every part."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda each: (each != "[Content_Types].xml", each)):
            part = zipfile.ZipInfo(name, ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return file.getvalue()


@dataclass
class _Writer:
    """One file being written."""

    book: Any
    document: Document
    updown: UpDown

    @property
    def lang(self) -> Lang:
        return self.document.lang

    def write(self) -> None:
        """Page, header and footer, head of the report, its sections, and where the figures come from."""
        self.properties()
        self.styles()
        self.page()
        self.head()
        for section in self.document.sections:
            if section.title:
                self.book.add_heading(section.title, 1)
            for block in section.blocks:
                self.block(block)
        for line in self.document.foot:
            self.note(line)

    def properties(self) -> None:
        found = self.book.core_properties
        found.title, found.author, found.comments = self.document.page_title, "screener", ""
        found.created = found.modified = CREATED
        found.language = "zh-CN" if self.lang == "zh" else "en"

    def styles(self) -> None:
        """Two families as on the page: headings in a serif, text and figures in a sans."""
        from docx.shared import Pt, RGBColor

        ink = RGBColor.from_string(LIGHT["ink"].lstrip("#").upper())
        for name, size, fonts in (
            ("Normal", BODY, SANS),
            ("Title", 20, SERIF),
            ("Heading 1", 14, SERIF),
            ("Heading 2", 12, SERIF),
            ("Heading 3", 10.5, SANS),
        ):
            style = self.book.styles[name]
            style.font.size, style.font.color.rgb = Pt(size), ink
            _set_fonts(style.element.get_or_add_rPr(), fonts)
            style.paragraph_format.space_after = Pt(4)

    def page(self) -> None:
        """A4 with the report's name above and the page numbers below."""
        from docx.shared import Cm, Pt

        section = self.book.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm((21 - TEXT_WIDTH) / 2)
        section.top_margin = section.bottom_margin = Cm(2)
        header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
        header.text = f"{self.document.kicker} · {self.document.title}"
        footer.alignment = 2
        for word in ("PAGE", " / ", "NUMPAGES"):
            run = footer.add_run("" if word.isupper() else word)
            if word.isupper():
                _add_field(run, word)
        for paragraph in (header, footer):
            for run in paragraph.runs:
                run.font.size = Pt(SMALL)

    def head(self) -> None:
        """Title, who says it, dates and sources, the verdict, and the key figures."""
        self.book.add_heading(self.document.title, 0)
        facts = (*self.document.byline, *self.document.meta)
        self.pairs([(fact.label, parts_text(fact.parts, self.lang)) for fact in facts])
        for paragraph in self.document.lede:
            self.words(paragraph.parts, bold=paragraph.style == "verdict")
        if self.document.key_figures:
            keys = self.document.key_figures
            shown = [cell_text(key.figure, self.lang, unit=True) + key.of for key in keys]
            self.grid([[key.label for key in keys], shown, [parts_text(key.note, self.lang) for key in keys]])

    def block(self, block: Block) -> None:
        if isinstance(block, Table):
            across = len(block.columns) >= ACROSS
            if across:
                self.turn(across=True)
            self.title(block.title, block.sub)
            self.table(block)
            if across:
                self.turn(across=False)
        elif isinstance(block, Chart):
            self.title(block.title, block.sub)
            self.picture(draw_light(block.wide, self.updown), block.finding)
        elif isinstance(block, Panels):
            self.title(block.title, block.sub)
            finding = " ".join(f"{panel.head}: {panel.finding}" for panel in block.panels)
            self.picture(draw_panels(block, signed(LIGHT, self.updown), self.updown, self.document), finding)
        elif isinstance(block, Facts):
            self.title(block.title, block.sub)
            self.pairs([(fact.label, parts_text(fact.parts, self.lang)) for fact in block.items])
        elif isinstance(block, Box):
            self.box(block)
        elif isinstance(block, Paragraph):
            self.paragraph(block)

    def title(self, title: str, sub: str) -> None:
        if title:
            self.book.add_heading(title, 2)
        if sub:
            self.note(sub).paragraph_format.keep_with_next = True

    def paragraph(self, block: Paragraph) -> None:
        self.title(block.title, "")
        self.words(block.parts, style="Quote" if block.style == "quote" else None, bold=block.style == "verdict")
        if block.source:
            self.note(block.source)

    def box(self, box: Box) -> None:
        for part in box.parts:
            self.book.add_heading(part.title, 3)
            for text in part.paragraphs:
                self.book.add_paragraph(text)
            for text in part.bullets:
                self.book.add_paragraph(text, style="List Bullet")

    def words(self, parts: Parts, *, style: str | None = None, bold: bool = False) -> None:
        """Running text; a figure in the colour of its sign."""
        paragraph = self.book.add_paragraph(style=style)
        for part in parts:
            run = paragraph.add_run(part if isinstance(part, str) else cell_text(part, self.lang, unit=True))
            run.bold = bold or (isinstance(part, Cell) and part.strong) or None
            if isinstance(part, Cell):
                self.colour(run, part)

    def note(self, text: str) -> Any:
        """A small grey line."""
        from docx.shared import Pt, RGBColor

        paragraph = self.book.add_paragraph()
        run = paragraph.add_run(text)
        run.font.size, run.font.color.rgb = Pt(SMALL), RGBColor.from_string(LIGHT["ink3"].lstrip("#").upper())
        return paragraph

    def colour(self, run: Any, cell: Cell) -> None:
        from docx.shared import RGBColor

        if cell.kind in ("excess", "heat") and isinstance(cell.value, float):
            token = {"up": "up", "dn": "dn"}.get(tone(cell.value), "ink3")
            run.font.color.rgb = RGBColor.from_string(signed(LIGHT, self.updown)[token].lstrip("#").upper())

    def table(self, table: Table) -> None:
        """A table with its head repeated on every page; small drawings, whose figures stand elsewhere, are left out."""
        shown = [at for at in range(len(table.columns)) if not all(row.cells[at].kind in DRAWN for row in table.rows)]
        columns = [table.columns[at] for at in shown]
        heads = [table.row_head, *(" ".join(filter(None, (each.group, each.head, each.unit))) for each in columns)]
        rows: list[list[str | Cell]] = [
            [f"{row.head} {row.note}".strip(), *(row.cells[at] for at in shown)] for row in table.rows
        ]
        left = (True, *(column.left for column in columns))
        self.grid([heads, *rows], left=left, size=SMALL if len(heads) <= NARROW else SMALLEST)
        for note in table.notes:
            self.note(note)

    def pairs(self, found: Sequence[tuple[str, str]]) -> None:
        """Labelled lines as a table of two columns without a head."""
        self.grid([list(pair) for pair in found], left=(True, True), head=False, widths=(3.4, TEXT_WIDTH - 3.4))

    def grid(
        self,
        rows: Sequence[Sequence[str | Cell]],
        *,
        left: Sequence[bool] = (),
        size: float = SMALL,
        head: bool = True,
        widths: Sequence[float] = (),
    ) -> None:
        """A real table of text and typed cells; the first row is its head."""
        from docx.oxml import OxmlElement
        from docx.shared import Cm, Pt

        if not rows:
            return
        table = self.book.add_table(len(rows), len(rows[0]))
        table._tbl.tblPr.append(_hairlines())
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                paragraph = table.rows[at].cells[place].paragraphs[0]
                run = paragraph.add_run(self.cell_words(cell))
                run.font.size, run.bold = Pt(size), (head and at == 0) or (isinstance(cell, Cell) and cell.strong) or None
                paragraph.paragraph_format.space_after = Pt(0)
                paragraph.alignment = 0 if not left or left[place] else 2
                if isinstance(cell, Cell):
                    self.colour(run, cell)
        for place, wide in enumerate(widths or self.shares(len(rows[0]))):
            for each in table.columns[place].cells:
                each.width = Cm(wide)
        if head:
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for each in table.rows:
            each._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        self.book.add_paragraph().paragraph_format.space_after = Pt(2)

    def shares(self, columns: int) -> list[float]:
        """Widths of columns (cm): the first one, of names, wider."""
        from docx.shared import Cm

        section = self.book.sections[-1]
        text = (section.page_width - section.left_margin - section.right_margin) / Cm(1)
        first = min(3.6, text / columns * 2) if columns > 1 else text
        return [first, *((text - first) / (columns - 1) for _ in range(columns - 1))]

    def turn(self, *, across: bool) -> None:
        """Go on, on a new page, with A4 across for a wide table, or upright."""
        from docx.shared import Cm

        section = self.book.add_section()
        section.orientation = int(across)
        section.page_width, section.page_height = (Cm(29.7), Cm(21)) if across else (Cm(21), Cm(29.7))

    def cell_words(self, cell: str | Cell) -> str:
        if isinstance(cell, str):
            return cell
        return f"{cell_text(cell, self.lang)} {cell.note}".strip()

    def picture(self, drawing: tuple[str, int, int], alternative: str) -> None:
        """A drawing as a picture as wide as the text, with what it shows in words for those who do not see it."""
        from docx.shared import Cm

        inside, width, height = drawing
        self.book.add_picture(io.BytesIO(draw_png(inside, width, height)), width=Cm(TEXT_WIDTH * min(1.0, width / FULL)))
        shape = self.book.inline_shapes[-1]._inline.docPr
        shape.set("descr", alternative)
        shape.set("title", say("word_chart", self.lang))


def _hairlines() -> Any:
    """Borders of a table: horizontal hairlines only."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LIGHT["rule2"].lstrip("#"))):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    return borders


def _set_fonts(properties: Any, fonts: tuple[str, str]) -> None:
    """Western and Chinese family of a style."""
    from docx.oxml.ns import qn

    found = properties.get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        found.attrib.pop(qn(f"w:{theme}"), None)
    for kind, name in (("ascii", fonts[0]), ("hAnsi", fonts[0]), ("eastAsia", fonts[1])):
        found.set(qn(f"w:{kind}"), name)


def _add_field(run: Any, word: str) -> None:
    """A field that Word works out: PAGE, NUMPAGES."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), word)
    run._r.getparent().append(field)
    field.append(run._r)
