"""What a page lacks, each reason once: every gap of its tables and charts, with the rows that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from screener.report.document import Block, Chart, Panels, Table
from screener.terms.notes import Gap
from screener.terms.say import Lang, say

# How many rows of one reason are named before the rest is counted.
NAMED = 4


def gaps_in(blocks: Iterable[Block]) -> Iterator[tuple[str, Gap]]:
    """The head of the row and the gap of every cell without a figure; what is not due yet is none."""
    for block in blocks:
        table = block.data if isinstance(block, Chart | Panels) else block
        if isinstance(table, Table):
            for row in table.rows:
                yield from ((row.head, cell.value) for cell in row.cells if cell.kind == "gap" and isinstance(cell.value, Gap))


def gap_lines(blocks: Iterable[Block], lang: Lang, *, said: Sequence[str] = ()) -> Iterator[str]:
    """A line for every reason why a cell of `blocks` has no figure that none of the lines `said` gives already."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for head, gap in gaps_in(blocks):
        found.setdefault((gap.code, gap.text(lang)), {})[head] = None
    for (code, reason), heads in found.items():
        if not any(reason in line for line in said):
            yield say("gap_line", lang, names=_names(list(heads), lang), code=code, reason=reason)


def _names(heads: Sequence[str], lang: Lang) -> str:
    words = ("、" if lang == "zh" else ", ").join(heads[:NAMED])
    return words if len(heads) <= NAMED else say("gap_names_more", lang, names=words, count=len(heads))
