"""A document as text for a terminal of any width: head, answer, and the blocks of its short form.

Only ASCII and characters that are two columns wide everywhere are written, so that tables line up on every terminal.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.box import Box as Lines
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from screener.report.document import Block, Box, Cell, Column, Document, Fact, Facts, Paragraph, Table
from screener.report.figures import cell_text, parts_text
from screener.terms.say import Lang, listed, printable, say
from screener.terms.widths import width, wrap

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
# Between columns: one of padding, one of the rule that crosses it.
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
        head = document.title if document.title.startswith(document.kicker) else f"{document.kicker}  {document.title}"
        yield from self.wrapped(head)
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
            yield from self.wrapped(parts_text(each.parts, self.lang).replace("\n", "  "), f"{each.label}  ")

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
        found = [_Shown.of(column, [self.cell(row.cells[at]) for row in table.rows]) for at, column in enumerate(table.columns)]
        found.append(_Shown.of(Column("note", "", left=True, short=9), [certain(row.note) for row in table.rows]))
        shown = [each for each in found if each.column.short >= 0 and any(each.cells)]
        names = [certain("  " * row.depth + row.head) for row in table.rows]
        size = min(max(map(width, (certain(table.row_head), *names))), max(self.columns // 3, 12))
        kept = fitting(shown, self.columns - size)
        grid = Grid(box=_RULES, show_edge=False, pad_edge=False, padding=(0, SPACE - 1, 0, 0))
        heads = stacked([wrap(certain(table.row_head), size), *heads_of(kept)])
        grid.add_column(Text(heads[0]), overflow="fold", width=size)
        for each, head in zip(kept, heads[1:], strict=True):
            grid.add_column(Text(head), justify="left" if each.column.left else "right", overflow="fold", width=each.size)
        for at, (row, name) in enumerate(zip(table.rows, names, strict=True)):
            grid.add_row(Text(name), *(Text(each.cells[at]) for each in kept), end_section=row.ends_group)
        yield from printed(grid, self.columns)
        lost = dict.fromkeys(lost_heads(shown, kept))
        if lost:
            yield from self.wrapped(say("text_columns_left_out", self.lang, heads=listed(lost, self.lang)))

    def cell(self, cell: Cell) -> str:
        """A cell as text; what is empty on purpose stays empty."""
        empty = cell.kind == "none" or (cell.kind == "flags" and not cell.value)
        return "" if empty else certain(cell_text(cell, self.lang))


@dataclass(frozen=True)
class _Shown:
    """A column with its cells as text and the columns of the terminal that it takes; words are folded, figures never."""

    column: Column
    cells: Sequence[str]
    size: int

    @classmethod
    def of(cls, column: Column, cells: Sequence[str]) -> _Shown:
        widest = max([0, *map(width, cells)])
        own = f"{column.head} {column.unit}".strip()
        least = max(map(width, (certain(word) for word in own.split(" "))), default=0)
        return cls(column, cells, max(min(widest, WIDEST) if column.left else widest, min(least, WIDEST)))


def fitting(shown: Sequence[_Shown], room: int) -> list[_Shown]:
    """The columns that fit into `room`, in their order; those that the short form wants most come first."""
    found = []
    for each in sorted(shown, key=lambda each: each.column.short):
        if SPACE + each.size <= room or each.column.short == 0:
            found.append(each)
            room -= SPACE + each.size
    return [each for each in shown if each in found]


def heads_of(shown: Sequence[_Shown]) -> Iterator[list[str]]:
    """The head of each column as lines: the group over the first of its columns, then its own words with the unit."""
    before = ""
    for each in shown:
        column = each.column
        group = wrap(certain(column.group), each.size) if column.group and column.group != before else []
        yield [*group, *wrap(certain(f"{column.head} {column.unit}".strip()), each.size)]
        before = column.group


def lost_heads(shown: Sequence[_Shown], kept: Sequence[_Shown]) -> Iterator[str]:
    """What was left out: a whole group by its name, else the column by its own."""
    groups = {each.column.group for each in kept}
    for each in shown:
        column = each.column
        if each not in kept and column.head:
            yield f"{column.group} {column.head}".strip() if column.group in groups else column.group or column.head


def stacked(heads: Sequence[Sequence[str]]) -> list[str]:
    """Heads of different heights, set on one line below."""
    tallest = max(map(len, heads))
    return ["\n".join([""] * (tallest - len(head)) + list(head)) for head in heads]


def printed(grid: Grid, columns: int) -> Iterator[str]:
    """A table of rich as lines, without colours."""
    console = Console(file=io.StringIO(), width=columns, color_system=None, legacy_windows=False, markup=False, highlight=False)
    console.print(grid)
    assert isinstance(console.file, io.StringIO)  # noqa: S101 set above
    yield from console.file.getvalue().splitlines()
