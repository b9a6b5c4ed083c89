"""A document as Markdown that GitHub and Chinese editors render: the same figures as every other form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from screener.report import figures as labels
from screener.report.document import (
    Band,
    Block,
    Box,
    Cell,
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Panels,
    Paragraph,
    Parts,
    Row,
    Table,
)
from screener.terms.say import Lang

_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")
# Small drawings have no place in text; what they show stands in the columns beside them.
DRAWN = ("spark", "bullet")


def render_markdown(document: Document) -> str:
    """The whole document; ends with one line break, the same bytes each time."""
    lines = [f"# {escaped(document.title)}", "", "  \n".join(_byline(document)), ""]
    lines += _facts(document.meta, document.lang)
    for paragraph in document.lede:
        lines += _paragraph(paragraph, document.lang)
    if document.key_figures:
        lines += _key_figures(document)
    for section in document.sections:
        if section.title:
            lines += [f"## {escaped(section.title)}", ""]
        for block in section.blocks:
            lines += _block(block, document.lang)
    lines += ["---", ""]
    for line in document.foot:
        lines += [escaped(line), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    """Text in which nothing is taken for markup, on one line."""
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def parts_markdown(parts: Parts, lang: Lang) -> str:
    """Running text with its figures, strong ones bold."""
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(escaped(part))
        else:
            shown = escaped(cell_markdown(part, lang, unit=True))
            found.append(f"**{shown}**" if part.strong else shown)
    return "".join(found)


def cell_markdown(cell: Cell, lang: Lang, *, unit: bool = False) -> str:
    """A cell as text: a rating with its glyph, a second line in brackets."""
    shown = labels.cell_text(cell, lang, unit=unit)
    if isinstance(cell.value, Band):
        shown = f"{labels.GLYPHS[cell.value.level]} {shown}"
    return f"{shown} ({cell.note})" if cell.note else shown


def _byline(document: Document) -> Iterator[str]:
    yield f"**{escaped(document.kicker)}**"
    yield " · ".join(f"{escaped(fact.label)} {parts_markdown(fact.parts, document.lang)}".strip() for fact in document.byline)


def _facts(facts: tuple[Fact, ...], lang: Lang) -> list[str]:
    return [*(f"- {_anchor(fact)}{escaped(fact.label)}  {parts_markdown(fact.parts, lang)}" for fact in facts), ""]


def _anchor(fact: Fact) -> str:
    return f'<a id="{fact.anchor}"></a>' if fact.anchor else ""


def _paragraph(paragraph: Paragraph, lang: Lang) -> list[str]:
    head = [f"## {escaped(paragraph.title)}", ""] if paragraph.title else []
    words = parts_markdown(paragraph.parts, lang)
    if paragraph.style == "quote":
        source = [">", f"> {escaped(paragraph.source)}"] if paragraph.source else []
        return [*head, f"> {words}", *source, ""]
    words = f"**{words.replace('**', '')}**" if paragraph.style == "verdict" else words
    link = f" [{escaped(paragraph.link.word)}]({paragraph.link.file}.md)" if paragraph.link else ""
    return [*head, words + link, ""]


def _key_figures(document: Document) -> list[str]:
    lang = document.lang
    heads = [escaped(key.label) for key in document.key_figures]
    figures = [f"**{escaped(labels.cell_text(key.figure, lang, unit=True) + key.of)}**" for key in document.key_figures]
    notes = [parts_markdown(key.note, lang).strip() for key in document.key_figures]
    return [_line(heads), _line([":--" for _ in heads]), _line(figures), _line(notes), ""]


def _block(block: Block, lang: Lang) -> list[str]:
    if isinstance(block, Table) and block.layout == "folded":
        return _folded(block, lang)
    if isinstance(block, Table):
        return [*_head(block.title, block.sub), *table_lines(block, lang), *_notes(block.notes)]
    if isinstance(block, Chart):
        return [*_head(block.title, block.sub), escaped(block.finding), "", *_folded(block.data, lang)]
    if isinstance(block, Panels):
        return [*_head(block.title, block.sub), *_folded(block.data, lang)]
    if isinstance(block, Facts):
        return [*_head(block.title, block.sub), *_facts(block.items, lang)]
    if isinstance(block, Box):
        return _box(block)
    return _paragraph(block, lang) if isinstance(block, Paragraph) else []


def _head(title: str, sub: str) -> list[str]:
    return [f"## {escaped(title)}", "", *([escaped(sub), ""] if sub else [])]


def _notes(notes: tuple[str, ...]) -> list[str]:
    return [line for note in notes for line in (escaped(note), "")]


def _folded(table: Table, lang: Lang) -> list[str]:
    return [f"<details><summary>{escaped(table.title)}</summary>", "", *table_lines(table, lang), "</details>", ""]


def _box(box: Box) -> list[str]:
    lines = []
    for part in box.parts:
        lines += [f"### {escaped(part.title)}", "", *_notes(part.paragraphs)]
        lines += [" · ".join(f"[{escaped(each.word)}](#{each.anchor})" for each in part.links), ""] if part.links else []
        lines += [*(f"- {escaped(line)}" for line in part.bullets), ""] if part.bullets else []
    return lines


def table_lines(table: Table, lang: Lang) -> list[str]:
    """A pipe table; a column's group stands before its head, its unit behind; columns of small drawings are left out."""
    shown = [at for at in range(len(table.columns)) if not _is_drawn(table, at)]
    heads = [escaped(table.row_head), *(_column_head(table.columns[at]) for at in shown)]
    rule = [":--", *(":--" if table.columns[at].left else "--:" for at in shown)]
    rows = [_line([_row_head(row), *(_cell(row, at, lang) for at in shown)]) for row in table.rows]
    return [_line(heads), _line(rule), *rows, ""]


def _is_drawn(table: Table, at: int) -> bool:
    return bool(table.rows) and all(row.cells[at].kind in DRAWN for row in table.rows)


def _column_head(column: Column) -> str:
    words = [column.group, column.head, column.unit]
    return escaped(" ".join(word for word in words if word))


def _row_head(row: Row) -> str:
    name = escaped(row.head)
    name = f"**{name}**" if row.role in ("theme", "total") else f"\u3000{name}" if row.depth else name
    return f"{name} ({escaped(row.note)})" if row.note else name


def _cell(row: Row, at: int, lang: Lang) -> str:
    cell = row.cells[at]
    shown = escaped(cell_markdown(cell, lang))
    return f"**{shown}**" if cell.strong and shown else shown


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
