"""A screened table as terminal text: the columns that fit, and those that were asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from screener.labels import cell_text
from screener.messages import Lang, printable, say
from screener.screen import CORRELATION, Screen
from screener.screen_report import KINDS, cells_of, column_head, gap_lines, note_lines, title_of
from screener.terminal import HEAVY, LIGHT, WIDTH, Column, pad, table_lines, wrapped

SHOWN = ("excess_1w", "excess_4w", "excess_13w", "excess_52w", "excess_since_published", "band_so_far")
# Further columns while there is room, in this order.
SPARE = ("drawdown", "beta")
# A cell of a table has at least this many columns.
NARROW = 8
MOST_GAPS = 12


def screen_text(screen: Screen, lang: Lang = "zh", *, asked: str = "") -> str:
    """The table for a terminal; columns named in `asked` (the filter and the sort column) are shown too."""
    return "\n".join(_lines(screen, lang, asked)) + "\n"


def _lines(screen: Screen, lang: Lang, asked: str) -> Iterator[str]:
    yield title_of(screen, lang)
    yield HEAVY
    names = _columns(screen, asked)
    columns = [_text(screen, name, lang) for name in names]
    cells = [list(row) for row in zip(*columns, strict=True)]
    if cells:
        yield from table_lines([Column(column_head(name, lang), right=name in KINDS) for name in names], cells)
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


def _columns(screen: Screen, asked: str) -> list[str]:
    words = dict.fromkeys(re.findall(r"[a-z_0-9]+", asked))
    wanted = [name for name in words if name in screen.frame.columns]
    head = ["name", "symbol", *(["thesis"] if len(screen.theses) > 1 else [])]
    head += [CORRELATION] if screen.like else [] if screen.universe else ["bucket"]
    tail = ["gap"] if screen.frame["gap"].notna().any() else []
    fixed = list(dict.fromkeys([*head, *SHOWN, *wanted, *tail]))
    spare = [name for name in SPARE if name not in fixed]
    room = (WIDTH - sum(_usual(name) for name in fixed)) // (NARROW + 2)
    shown = {*fixed, *spare[: max(room, 0)]}
    order = [*head, *(name for name in screen.frame.columns if name not in head and name not in tail), *tail]
    return [name for name in order if name in shown]


def _usual(name: str) -> int:
    return 14 if name in ("name", "bucket", "symbol", "thesis") else NARROW + 3


def _text(screen: Screen, name: str, lang: Lang) -> list[str]:
    found = []
    for cell in cells_of(screen, name, lang):
        shown = cell_text(cell, lang).replace("\u2212", "-").replace("\u202f", " ")
        shown = say("label_gap", lang) if cell.kind == "gap" else "" if cell.kind == "none" else shown
        shown = say("term_not_published", lang) if cell.kind == "not_due" else shown
        found.append(printable(shown))
    return found
