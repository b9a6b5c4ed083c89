"""What a report says, without any format: frozen values that the HTML, Markdown and Excel writers read alike.

Words are already in the document's language; figures are typed cells with full precision, and only `labels` turns them
into text. So the same figure is the same in every format.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from screener.terms.notes import Gap
from screener.terms.say import Lang

# What a cell holds, and so how `labels` writes it:
# text str · code str · return fraction, as % · excess fraction, as pp, in a sign colour · points fraction, as pp, in ink ·
# weight fraction ≥ 0, as % without a sign · share fraction, as whole % · heat fraction, as pp with one decimal, on a step ·
# price CNY · cash CNY per share · factor ratio · multiple × · count int · day date · band Band · flags tuple[Flag, ...] ·
# spark tuple[float, ...] (fractions) · bullet Bullet · shares Shares · gap Gap ·
# not_due None (no figure yet, which is no gap) · none None.
CellKind = Literal[
    "text",
    "code",
    "return",
    "excess",
    "points",
    "weight",
    "share",
    "heat",
    "price",
    "cash",
    "factor",
    "multiple",
    "count",
    "day",
    "band",
    "flags",
    "spark",
    "bullet",
    "shares",
    "gap",
    "not_due",
    "none",
]


@dataclass(frozen=True)
class Band:
    """An earned or stated rating as a chip: `rating` as in the scale, `word` in the document's language.

    `level`: 2 best of two buy ratings, 1 buy, 0 hold, −1 sell; `best` marks the ladder's first band.
    """

    rating: str
    word: str
    level: int
    best: bool = False


@dataclass(frozen=True)
class Flag:
    """A mark beside a name, such as a suspension; `strong` where a reader must not miss it."""

    code: str
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Bullet:
    """Where a subject stands on its rating scale: excess `now` and a week `before` (fractions), `edges` ascending.

    `bands`: the bands that the edges part, worst first; one more than edges.
    """

    now: float
    before: float | None
    edges: tuple[float, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Shares:
    """How `sessions` divide among bands, worst first: (band, fraction) pairs; `missing`: sessions without a figure."""

    parts: tuple[tuple[Band, float], ...]
    sessions: int
    missing: int = 0


Value = str | float | int | dt.date | Band | Bullet | Shares | Gap | tuple[Flag, ...] | tuple[float, ...] | None


@dataclass(frozen=True)
class Cell:
    """One typed figure or word. `note`: a second, smaller line; `strong`: the deciding figure; `quiet`: set back.

    `toned`: a return that takes the colour of its sign, as in running text; an excess always does. `decimals`: more than the
    kind's own where they keep an excess on its side of a band edge. `with_unit`: the cell has its own unit,
    not the head's.
    `formula`: how a spreadsheet works the value out again, from cells named `{column}` of the same row or
    `{column@table:row}` of another; never text that came from outside.
    """

    kind: CellKind
    value: Value = None
    note: str = ""
    strong: bool = False
    quiet: bool = False
    toned: bool = False
    decimals: int | None = None
    with_unit: bool = False
    formula: str = ""


Parts = tuple[str | Cell, ...]


@dataclass(frozen=True)
class Column:
    """A column: `unit` ("%", "pp", …) stands in the head, never in a cell. Columns with one `group` share a head.

    `short`: the order in which the short form of a narrow terminal keeps it: 0 always, then 1, 2, …; −1 never.
    """

    id: str
    head: str
    unit: str = ""
    group: str = ""
    group_note: str = ""
    left: bool = False
    short: int = 1


@dataclass(frozen=True)
class Row:
    """A row: its head (the name) with a `note` (code, number of members, bucket), and a cell for every column.

    `role`: theme (bold), reference (on a wash), total, or plain; `depth` indents members; `ends_group` closes a group.
    """

    id: str
    head: str
    cells: tuple[Cell, ...]
    note: str = ""
    role: Literal["plain", "theme", "reference", "total"] = "plain"
    depth: int = 0
    ends_group: bool = False


@dataclass(frozen=True)
class Table:
    """A table; `layout`: wide scrolls in its own box, cards become cards on a phone, folded opens on request,
    league is sorted and filtered by its reader.
    """

    id: str
    title: str
    row_head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sub: str = ""
    notes: tuple[str, ...] = ()
    layout: Literal["wide", "cards", "plain", "heat", "folded", "league"] = "plain"


@dataclass(frozen=True)
class Zone:
    """A band as a strip behind lines of excess: from `lower` to `upper` (fractions, infinite at the outer ends).

    `token`: the colour of its ground, "" for none.
    """

    band: Band
    lower: float
    upper: float
    token: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart drawn twice, `wide` and `narrow` (Vega-Lite specifications), with the rows behind it as `data`.

    `finding`: what it shows, in figures, for those who do not see it. `kind` tells a spreadsheet what to draw natively,
    `zones` the bands to draw behind an excess, worst first.
    """

    id: str
    title: str
    finding: str
    kind: Literal["lines", "bars", "waterfall", "heat", "ranks", "zones", "none"]
    data: Table
    wide: dict[str, Any] = field(hash=False)
    narrow: dict[str, Any] = field(hash=False)
    sub: str = ""
    zones: tuple[Zone, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One of several small charts: its name and band, the drawing (one width), and the figures of its marks."""

    id: str
    head: str
    band: Cell
    marks: tuple[Cell, ...]
    finding: str
    drawing: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Panels:
    """Small charts side by side, each on its own scale, with the rows behind all of them as `data`."""

    id: str
    title: str
    panels: tuple[Panel, ...]
    data: Table
    sub: str = ""


@dataclass(frozen=True)
class PageLink:
    """A word that leads to another report's file, named from the folder of this one, without its ending."""

    file: str
    word: str


@dataclass(frozen=True)
class Paragraph:
    """Running text with typed figures inside it, under a `title` where it has one; a quote names its `source`.

    `link`: where the whole answer stands, for a page and for Markdown.
    """

    parts: Parts
    style: Literal["lede", "verdict", "body", "note", "quote"] = "body"
    source: str = ""
    title: str = ""
    link: PageLink | None = None


@dataclass(frozen=True)
class Fact:
    """A labelled line: the label, and text with typed figures; `anchor` is where a link finds it."""

    label: str
    parts: Parts
    inferred: bool = False
    anchor: str = ""


@dataclass(frozen=True)
class Facts:
    """A titled list of labelled lines: what changed, what comes next."""

    id: str
    title: str
    items: tuple[Fact, ...]
    sub: str = ""


@dataclass(frozen=True)
class Link:
    """A word that leads to the `anchor` of a line further down."""

    anchor: str
    word: str


@dataclass(frozen=True)
class BoxPart:
    """A titled part of a box: paragraphs, or bullets; `links` follow the paragraphs."""

    title: str
    paragraphs: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Box:
    """Method, scale, gaps and risks, set apart from the figures."""

    id: str
    parts: tuple[BoxPart, ...]


@dataclass(frozen=True)
class Picker:
    """One choice of a reader: its label, the options in order, and the place of the one that the report itself makes."""

    id: str
    label: str
    options: tuple[str, ...]
    chosen: int


@dataclass(frozen=True)
class WhatIf:
    """A result for every combination of choices, for a page with a script; other formats leave it to the tables beside it.

    `excess` (fractions, NaN without a figure) and `band` (place in the ladder of the first choice, best first; −1 a gap, −2 no
    such combination) are flat, the last picker running fastest. The first two pickers name what is judged, and when: the
    others' cells are the distribution in which a choice stands. `bands`, `edges`: the ladder for each option of the first.
    """

    id: str
    title: str
    sub: str
    pickers: tuple[Picker, ...]
    bands: tuple[tuple[Band, ...], ...]
    edges: tuple[tuple[float, ...], ...]
    excess: tuple[float, ...] = field(hash=False, repr=False)
    band: tuple[int, ...] = field(hash=False, repr=False)


Block = Table | Chart | Panels | Paragraph | Facts | Box | WhatIf


@dataclass(frozen=True)
class Stack:
    """Blocks one under the other, `span` of twelve columns wide on a wide page; a reader of one column ignores it."""

    blocks: tuple[Block, ...]
    span: int = 12


def _rows(block: Block) -> int:
    """Lines of a block in print, heads and notes about."""
    if isinstance(block, Box):
        return sum(2 + 2 * len(part.paragraphs) + len(part.bullets) for part in block.parts)
    return len(block.rows) + 5 if isinstance(block, Table) and block.layout != "folded" else 5


# Table rows that a page of A4 holds beside heads and titles, with some to spare.
PAGE_ROWS = 40


@dataclass(frozen=True)
class Section:
    """A part of the document. `title` is "" where its blocks carry their own titles. `front`: on the first page in print."""

    id: str
    title: str
    stacks: tuple[Stack, ...]
    front: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block in reading order."""
        return tuple(block for stack in self.stacks for block in stack.blocks)

    @property
    def is_long(self) -> bool:
        """Whether it may be longer than a page of A4, so that it has to break."""
        rows = [sum(_rows(block) for block in stack.blocks) for stack in self.stacks]
        return max(rows, default=0) > PAGE_ROWS


@dataclass(frozen=True)
class KeyFigure:
    """One large figure with its label and a short line below."""

    label: str
    figure: Cell
    note: Parts = ()
    of: str = ""


@dataclass(frozen=True)
class Document:
    """A whole report. `parameters`: everything that a rerun needs, and where the figures come from.

    `brief`: the blocks that its short form, as on a terminal, shows beside head, lede and meta. `appendix`: tables that only
    a spreadsheet carries, such as every row with what it is computed from.
    """

    kind: Literal["weekly", "outcome", "screen", "scoreboard", "desk", "events", "standards"]
    lang: Lang
    slug: str
    kicker: str
    title: str
    page_title: str
    byline: tuple[Fact, ...]
    meta: tuple[Fact, ...]
    lede: tuple[Paragraph, ...]
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
    parameters: tuple[Fact, ...]
    brief: tuple[Block, ...] = ()
    appendix: tuple[Table, ...] = ()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block of every section in reading order."""
        return tuple(block for section in self.sections for block in section.blocks)

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart in reading order."""
        return tuple(block for block in self.blocks if isinstance(block, Chart))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table in reading order, without those behind charts."""
        return tuple(block for block in self.blocks if isinstance(block, Table))


def walk_cells(document: Document) -> Iterator[Cell]:
    """Every typed cell of every table, those behind charts included: what two formats can be compared by."""
    for block in document.blocks:
        table = block.data if isinstance(block, Chart | Panels) else block
        if isinstance(table, Table):
            for row in table.rows:
                yield from row.cells


def figure(kind: CellKind, value: Value | Gap, note: str = "", *, strong: bool = False, quiet: bool = False) -> Cell:
    """A cell of `kind`; a Gap in place of the value becomes a gap, or `not_due`, which is none."""
    if isinstance(value, Gap):
        return Cell("not_due" if value.code == "not_due" else "gap", value, note)
    return Cell("none" if value is None else kind, value, note, strong=strong, quiet=quiet)


def text(value: str, note: str = "", *, strong: bool = False, quiet: bool = False) -> Cell:
    """A cell of words."""
    return Cell("text", value, note, strong=strong, quiet=quiet)


Field = str | int | float | bool | dt.date | None
