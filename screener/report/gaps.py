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
    """A line for every kind of reason why cells of `blocks` have no figure, with the rows; not what the lines `said` give.

    Gaps that differ by their symbol only are one kind: the first one's words stand for all.
    """
    words: dict[object, tuple[Gap, dict[str, None]]] = {}
    for head, gap in gaps_in(blocks):
        if not any(gap.text(lang) in line for line in said):
            kind = (gap.code, gap.reason, *(f"{key}={value}" for key, value in gap.params.items() if key != "symbol"))
            words.setdefault(kind, (gap, {}))[1][head] = None
    for gap, heads in words.values():
        yield say("gap_line", lang, names=_names(list(heads), lang), code=gap.kind(lang), reason=gap.text(lang))


def _names(heads: Sequence[str], lang: Lang) -> str:
    words = ("、" if lang == "zh" else ", ").join(heads[:NAMED])
    return words if len(heads) <= NAMED else say("gap_names_more", lang, names=words, count=len(heads))
