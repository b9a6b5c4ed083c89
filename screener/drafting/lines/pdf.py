"""A PDF as lines with page, place and size of type: columns are read one after the other, cells of a row stay together."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from screener.drafting.lines.text import RawLine
from screener.terms.notes import UsageError

# A page with fewer characters than this and a picture on it is a scan.
_FEW_CHARACTERS = 12
# Two words of one line are cells of a table when they stand further apart than so many heights of type.
_CELL_GAP = 1.1
# A gutter is a strip at least this wide (points) that hardly a line of the page crosses.
_GUTTER, _CROSSING = 9.0, 0.2


@dataclass(frozen=True)
class _Word:
    text: str
    left: float
    right: float
    top: float
    size: float


@dataclass(frozen=True)
class _Row:
    """Words of one height: their cells, the extent, and the size of type."""

    words: tuple[_Word, ...]

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def size(self) -> float:
        return max(word.size for word in self.words)

    @property
    def text(self) -> str:
        parts = [self.words[0].text]
        for before, word in itertools.pairwise(self.words):
            gap = word.left - before.right
            wide = max(before.size, word.size)
            ascii_words = before.text[-1:].isascii() and word.text[:1].isascii()
            parts += ["\t" if gap > _CELL_GAP * wide else " " if ascii_words or gap > 0.4 * wide else "", word.text]
        return "".join(parts)


def read_pdf(path: Path, progress: Callable[[int, int], None] | None) -> tuple[list[RawLine], tuple[int, ...]]:
    """The lines of a PDF in reading order, and the numbers of its pages without text; UsageError where it cannot be read."""
    try:
        import pdfplumber
        from pdfminer.pdfexceptions import PDFException
        from pdfplumber.utils.exceptions import PdfminerException
    except ImportError:
        raise UsageError("draft_extra_missing", path=path.name, library="pdfplumber") from None
    lines: list[RawLine] = []
    pictures: list[int] = []
    try:
        with pdfplumber.open(path) as document:
            for number, page in enumerate(document.pages, start=1):
                words = _words(page)
                if sum(len(word.text) for word in words) < _FEW_CHARACTERS:
                    pictures += [number] if page.images or not words else []
                lines += _page_lines(words, number, float(page.width))
                page.close()
                if progress is not None:
                    progress(number, len(document.pages))
    except (PDFException, PdfminerException, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        raise UsageError("pdf_unreadable", path=path.name, detail=str(error)[:80] or type(error).__name__) from None
    return lines, tuple(pictures)


def _words(page: Any) -> list[_Word]:
    found = page.dedupe_chars().extract_words(x_tolerance_ratio=0.3, y_tolerance=2, extra_attrs=["size"])
    return [_Word(each["text"], each["x0"], each["x1"], each["top"], each["size"]) for each in found]


def _page_lines(words: Sequence[_Word], page: int, width: float) -> Iterator[RawLine]:
    """Lines of a page: block by block, in each the columns from left to right; `full` where one ends at its column's edge."""
    number = itertools.count(1)
    for column in _columns(words, width):
        rows = list(_rows(column))
        edges = _edges(rows)
        for row in rows:
            full = _is_text(row) and row.right >= edges[round(row.size)] - 1.6 * row.size
            yield RawLine(row.text, next(number), page, round(row.size, 1), full)


def _is_text(row: _Row) -> bool:
    """Whether the row is running text: longer than nine characters, not cells."""
    return row.right - row.left > 9 * row.size and "\t" not in row.text


def _edges(rows: Sequence[_Row]) -> dict[int, float]:
    """Where the lines of each size of type end when they are full: the rightmost end but for a few that stick out."""
    ends: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        if _is_text(row):
            ends[round(row.size)].append(row.right)
    return {size: sorted(found)[(len(found) - 1) * 9 // 10] for size, found in ends.items()}


def _rows(words: Iterable[_Word]) -> Iterator[_Row]:
    """Words cut into rows: those whose middles are at one height."""
    row: list[_Word] = []
    for word in sorted(words, key=lambda each: (each.top + each.size / 2, each.left)):
        middle = word.top + word.size / 2
        if row and middle - median(each.top + each.size / 2 for each in row[-6:]) > 0.45 * min(word.size, row[-1].size):
            yield _Row(tuple(sorted(row, key=lambda each: each.left)))
            row = []
        row.append(word)
    if row:
        yield _Row(tuple(sorted(row, key=lambda each: each.left)))


def _columns(words: Sequence[_Word], width: float) -> Iterator[list[_Word]]:
    """The words of each column; of a page without a gutter all of them at once.

    What crosses the gutter (a heading over both columns) cuts the page into blocks.
    """
    gutter = _gutter(words, width)
    if gutter is None:
        yield list(words)
        return
    rows = list(_rows(words))
    for crossing, block in itertools.groupby(rows, key=lambda row: any(word.left < gutter < word.right for word in row.words)):
        inside = [word for row in block for word in row.words]
        if crossing:
            yield inside
        else:
            yield [word for word in inside if word.right <= gutter]
            yield [word for word in inside if word.right > gutter]


def _gutter(words: Sequence[_Word], width: float) -> float | None:
    """The middle of a strip between two columns of prose, None where the page has one column.

    Both sides must hold a fifth of the characters, so that a table's cells make no columns of a page.
    """
    if not words:
        return None
    best: tuple[float, float] | None = None
    total = sum(len(word.text) for word in words)
    rows = [(row.left, row.right, row.words) for row in _rows(words)]
    for step in range(20, 81):
        at = width * step / 100
        crossing = sum(any(word.left < at + _GUTTER / 2 and word.right > at - _GUTTER / 2 for word in each[2]) for each in rows)
        left = sum(len(word.text) for word in words if word.right <= at)
        both = sum(each[0] < at < each[1] for each in rows)
        if crossing <= _CROSSING * len(rows) and 0.15 * total <= left <= 0.85 * total and both >= 0.25 * len(rows):
            best = min(best, (crossing, at)) if best else (crossing, at)
    if best is None:
        return None
    return best[1] if _is_prose(words, best[1]) else None


def _is_prose(words: Sequence[_Word], gutter: float) -> bool:
    """Whether one side at least holds running text: rows with fifteen characters on end, not cells of figures."""
    sides = ([w for w in words if w.right <= gutter], [w for w in words if w.left >= gutter])
    longest = [sorted(max(len(word.text) for word in row.words) for row in _rows(side)) for side in sides]
    return any(rows and rows[len(rows) * 2 // 3] >= 15 for rows in longest)
