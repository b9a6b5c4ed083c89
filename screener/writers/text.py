"""A document as text for a terminal of any width: head, answer, and the blocks of its short form.

Only ASCII and characters that are two columns wide everywhere are written, so that tables line up on every terminal.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.box import Box as Lines
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from screener.report.document import Block, Box, Cell, Column, Document, Fact, Facts, Paragraph, Row, Table
from screener.report.figures import cell_text, parts_text
from screener.terms.say import Lang, printable, say
from screener.writers.widths import width, wrap

# Characters of uncertain width, and what stands in for them.
_CERTAIN = str.maketrans(
    {
        "\u2212": "-",
        "\u202f": " ",
        "\u00a0": " ",
        "·": "/",
        "—": "-",
        "–": "-",
        "…": "...",
        "×": "x",
        "±": "+/-",
        "≥": ">=",
        "≤": "<=",
        "→": "->",
        "“": "「",
        "”": "」",
        "‘": "'",
        "’": "'",
        "°": "",
    }
)
_RULES = Lines("    \n    \n----\n    \n----\n----\n    \n    \n", ascii=True)
SPACE = 2
# Words in a cell are folded at this width, so that figures keep their room.
WIDEST = 24


def render_text(document: Document, columns: int) -> str:
    """The short form of a document, no line wider than `columns`."""
    writer = _Writer(document.lang, columns)
    return "".join(f"{line.rstrip()}\n" for line in writer.lines(document))


def certain(text: str) -> str:
    """`text` in characters whose width is the same on every terminal, without control characters."""
    return printable(text.translate(_CERTAIN))


@dataclass(frozen=True)
class _Writer:
    lang: Lang
    columns: int

    def lines(self, document: Document) -> Iterator[str]:
        yield from self.wrapped(f"{document.kicker}  {document.title}")
        byline = [f"{each.label} {parts_text(each.parts, self.lang)}".strip() for each in document.byline]
        yield from self.wrapped("  ".join(byline)) if byline else ()
        yield "=" * self.columns
        for each in document.lede:
            yield from self.paragraph(each)
        yield from self.wrapped("  ".join(self.fact(each) for each in document.meta)) if document.meta else ()
        for block in document.brief:
            yield "-" * self.columns
            yield from self.block(block)

    def wrapped(self, text: str, head: str = "") -> Iterator[str]:
        for line in text.split("\n"):
            yield from wrap(certain(line), self.columns, head=certain(head))

    def fact(self, fact: Fact) -> str:
        """A labelled line in one piece: label and words do not part."""
        return f"{fact.label} {parts_text(fact.parts, self.lang)}".strip()

    def block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Table):
            yield from self.table(block)
        elif isinstance(block, Paragraph):
            yield from self.paragraph(block)
        elif isinstance(block, Facts):
            yield from self.facts(block)
        elif isinstance(block, Box):
            yield from self.box(block)

    def paragraph(self, paragraph: Paragraph) -> Iterator[str]:
        yield from self.wrapped(paragraph.title) if paragraph.title else ()
        yield from self.wrapped(parts_text(paragraph.parts, self.lang))

    def facts(self, facts: Facts) -> Iterator[str]:
        yield from self.wrapped(facts.title) if facts.title else ()
        for each in facts.items:
            yield from self.wrapped(parts_text(each.parts, self.lang), f"{each.label}  " if each.label else "")

    def box(self, box: Box) -> Iterator[str]:
        for part in box.parts:
            yield from self.wrapped(part.title) if part.title else ()
            for text in (*part.paragraphs, *part.bullets):
                yield from self.wrapped(text, "  ")

    def table(self, table: Table) -> Iterator[str]:
        yield from self.wrapped(f"{table.title}  {table.sub}".strip()) if table.title else ()
        if not table.rows:
            yield from self.wrapped(say("text_no_rows", self.lang))
        else:
            yield from self.grid(table)
        for note in table.notes:
            yield from self.wrapped(note)

    def grid(self, table: Table) -> Iterator[str]:
        """The columns that there is room for, and the heads of those that there is none for."""
        cells = [[self.cell(cell) for cell in row.cells] for row in table.rows]
        names = [self.name(row) for row in table.rows]
        shown = [at for at, column in enumerate(table.columns) if column.short >= 0 and any(row[at] for row in cells)]
        kept = self.kept(table, names, cells, shown)
        grid = Grid(box=_RULES, show_edge=False, pad_edge=False, padding=(0, SPACE, 0, 0))
        grid.add_column(Text(certain(table.row_head)), overflow="fold", min_width=min(8, max(map(width, names))))
        for at in kept:
            column = table.columns[at]
            right = not column.left
            fold = column.left and max(width(row[at]) for row in cells) > WIDEST
            heading = Text(certain(head_of(column)))
            if fold:
                grid.add_column(heading, overflow="fold", max_width=WIDEST)
            else:
                grid.add_column(heading, justify="right" if right else "left", no_wrap=True)
        for row, name, texts in zip(table.rows, names, cells, strict=True):
            grid.add_row(Text(name), *(Text(texts[at]) for at in kept), end_section=row.ends_group)
        yield from printed(grid, self.columns)
        lost = [head_of(table.columns[at]).replace("\n", " ") for at in shown if at not in kept]
        if lost:
            heads = ("、" if self.lang == "zh" else ", ").join(lost)
            yield from self.wrapped(say("text_columns_left_out", self.lang, count=len(lost), heads=heads))

    def name(self, row: Row) -> str:
        return certain(" " * row.depth * 2 + row.head)

    def cell(self, cell: Cell) -> str:
        """A cell as text; what is empty on purpose stays empty."""
        empty = cell.kind == "none" or (cell.kind == "flags" and not cell.value)
        return "" if empty else certain(cell_text(cell, self.lang))

    def kept(self, table: Table, names: Sequence[str], cells: Sequence[Sequence[str]], shown: Sequence[int]) -> list[int]:
        """The columns that fit beside the names, in their order; those that the short form wants most come first."""
        room = self.columns - max(width(table.row_head), *map(width, names))
        found = []
        for at in sorted(shown, key=lambda each: (table.columns[each].short, each)):
            size = SPACE + column_width(table.columns[at], [row[at] for row in cells])
            if size <= room or table.columns[at].short == 0:
                found.append(at)
                room -= size
        return sorted(found)


def head_of(column: Column) -> str:
    """The head of a column over one or two lines: its group, then its own words with the unit."""
    own = f"{column.head} {column.unit}".strip()
    return f"{column.group}\n{own}" if column.group else own


def column_width(column: Column, cells: Iterable[str]) -> int:
    """Columns of the terminal that a column takes, words folded."""
    heads = [width(certain(line)) for line in head_of(column).split("\n")]
    widest = max([*heads, *map(width, cells)])
    return max(*heads, min(widest, WIDEST)) if column.left else widest


def printed(grid: Grid, columns: int) -> Iterator[str]:
    """A table of rich as lines, without colours."""
    console = Console(file=io.StringIO(), width=columns, color_system=None, legacy_windows=False, markup=False, highlight=False)
    console.print(grid)
    assert isinstance(console.file, io.StringIO)  # noqa: S101 set above
    yield from console.file.getvalue().splitlines()
