"""What a page lacks, each reason once: every gap of its tables and charts, with the rows that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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


def gap_lines(found: Iterable[tuple[str, Gap]], lang: Lang, *, shown: Iterable[tuple[str, Gap]] = ()) -> Iterator[str]:
    """A line for every kind of reason why there is no figure, with those that lack it: pairs of a subject's name and a gap.

    Gaps that differ by their symbol only are one kind, so that eighteen names without dividends are one line. `shown`: pairs
    of a row's head and the gap of a cell; they count where `found` does not hold that very gap.
    """
    own = list(found)
    texts = {gap.text(lang) for _, gap in own}
    others = [(head, gap) for head, gap in shown if gap.text(lang) not in texts]
    for names, gaps in (*_by_kind(own).values(), *_by_kind(others).values()):
        yield say("gap_line", lang, names=_names(list(names), lang), code=gaps[0].kind(lang), reason=_reason(gaps, lang))


def _by_kind(found: Iterable[tuple[str, Gap]]) -> dict[object, tuple[dict[str, None], list[Gap]]]:
    kinds: dict[object, tuple[dict[str, None], list[Gap]]] = {}
    for name, gap in found:
        rest = (f"{key}={value}" for key, value in gap.params.items() if key != "symbol")
        names, gaps = kinds.setdefault((gap.code, gap.reason, *rest), ({}, []))
        names[name] = None
        gaps.append(gap)
    return kinds


def _reason(gaps: Sequence[Gap], lang: Lang) -> str:
    """The reason of gaps of one kind: in the first one's words, with how many more symbols it holds for."""
    symbols = list(dict.fromkeys(str(gap.params["symbol"]) for gap in gaps if "symbol" in gap.params))
    if len(symbols) < 2:
        return gaps[0].text(lang)
    shared = say("gap_symbols_more", lang, symbol=symbols[0], count=len(symbols))
    return replace(gaps[0], params={**gaps[0].params, "symbol": shared}).text(lang)


def _names(heads: Sequence[str], lang: Lang) -> str:
    words = ("、" if lang == "zh" else ", ").join(heads[:NAMED])
    return words if len(heads) <= NAMED else say("gap_names_more", lang, names=words, count=len(heads))
