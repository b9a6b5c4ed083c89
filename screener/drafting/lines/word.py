"""A Word document as lines: paragraphs and rows of tables in their order, headings marked as in Markdown."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from screener.drafting.lines.text import RawLine
from screener.terms.notes import UsageError


def read_word(path: Path) -> list[RawLine]:
    """The lines of a .docx file, numbered from 1; UsageError for a file that is none, or without python-docx."""
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
    except ImportError:
        raise UsageError("draft_extra_missing", path=path.name, library="python-docx") from None
    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UsageError("word_unreadable", path=path.name, detail=str(error)[:80]) from None
    texts = (text for block in document.iter_inner_content() for text in _texts(block))
    return [RawLine(text, number, size=size, full=False) for number, (text, size) in enumerate(texts, start=1)]


def _texts(block: Any) -> Iterator[tuple[str, float]]:
    """The lines of a paragraph with the size of its type, or the rows of a table."""
    if not hasattr(block, "rows"):
        heading = re.match(r"(?:Heading|标题)\s*(\d)|(Title)$", block.style.name if block.style is not None else "")
        mark = "#" * int(heading[1] or 1) + " " if heading and block.text.strip() else ""
        sizes = [run.font.size.pt for run in block.runs if run.font.size is not None and run.text.strip()]
        yield from ((mark + text, max(sizes, default=0.0)) for text in block.text.split("\n"))
        return
    for row in block.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = re.sub(r"\s+", " ", cell.text).strip()
            if not cells or cells[-1] != text:
                cells.append(text)
        yield "\t".join(cells) if len(cells) > 1 else "".join(cells), 0.0
