"""A screened table as terminal text: the columns that fit, and those that were asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from screener.judgement.screen import BASIS, CORRELATION, Screen
from screener.report.figures import cell_text
from screener.report.screen import KINDS, cells_of, column_head, gap_lines, note_lines, title_of
from screener.terms.say import Lang, printable, say
from screener.writers.text.text import HEAVY, LIGHT, WIDTH, Column, pad, table_lines, wrapped
from screener.writers.text.widths import width

# The columns that a terminal shows while there is room, the most wanted first.
SHOWN = (
    "excess_since_published",
    "band_so_far",
    "excess_1w",
    "excess_13w",
    "excess_52w",
    "excess_4w",
    "drawdown",
    "beta",
    "excess_26w",
)
MOST_GAPS = 12


def screen_text(screen: Screen, lang: Lang = "zh", *, asked: str = "") -> str:
    """The table for a terminal; columns named in `asked` (the filter and the sort column) are shown too."""
    return "\n".join(_lines(screen, lang, asked)) + "\n"


def _lines(screen: Screen, lang: Lang, asked: str) -> Iterator[str]:
    yield title_of(screen, lang)
    yield HEAVY
    columns = _columns(screen, asked, lang)
    cells = [list(row) for row in zip(*columns.values(), strict=True)]
    if cells:
        yield from table_lines([Column(column_head(name, lang), right=name in KINDS) for name in columns], cells)
    else:
        yield say("screen_no_rows", lang)
    yield LIGHT
    for line in note_lines(screen, lang):
        yield from wrapped("", line)
    gaps = list(gap_lines(screen, lang))
    for symbol, code, reason in gaps[:MOST_GAPS]:
        yield from wrapped(pad(say("label_gap", lang), 6), f"{symbol}  {code}  {printable(reason)}")
    if len(gaps) > MOST_GAPS:
        yield say("screen_more_gaps", lang, count=len(gaps) - MOST_GAPS)


def _columns(screen: Screen, asked: str, lang: Lang) -> dict[str, list[str]]:
    """Column → its cells as text: head, figures, gaps; then what was asked about and what there is room for."""
    words = dict.fromkeys(re.findall(r"[a-z_0-9]+", asked))
    wanted = [name for name in words if name in screen.frame.columns]
    head = ["name", "symbol", *(["thesis"] if len(screen.theses) > 1 else [])]
    head += [CORRELATION] if screen.like else [] if screen.universe else ["bucket"]
    head += [BASIS] if screen.universe and screen.frame[BASIS].nunique() > 1 else []
    tail = ["gap"] if screen.frame["gap"].notna().any() else []
    kept = list(dict.fromkeys([*head, *wanted, *tail]))
    cells = {name: _text(screen, name, lang) for name in dict.fromkeys([*kept, *SHOWN])}
    room = WIDTH - sum(_size(name, cells[name], lang) for name in kept)
    for name in SHOWN:
        size = _size(name, cells[name], lang)
        if name not in kept and size <= room:
            kept.append(name)
            room -= size
    order = [*head, *(name for name in screen.frame.columns if name not in head and name not in tail), *tail]
    return {name: cells[name] for name in order if name in kept}


def _size(name: str, cells: Sequence[str], lang: Lang) -> int:
    """Columns of the terminal that a column takes, with the space after it."""
    return max(width(each) for each in (column_head(name, lang), *cells)) + 2


def _text(screen: Screen, name: str, lang: Lang) -> list[str]:
    found = []
    for cell in cells_of(screen, name, lang):
        shown = cell_text(cell, lang).replace("\u2212", "-").replace("\u202f", " ")
        shown = say("label_gap", lang) if cell.kind == "gap" else "" if cell.kind == "none" else shown
        shown = say("term_not_published", lang) if cell.kind == "not_due" else shown
        found.append(printable(shown))
    return found
