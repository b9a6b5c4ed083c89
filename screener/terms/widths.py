"""How wide a text is where every character takes one column or two, and where it breaks."""

from __future__ import annotations

import re
import unicodedata


def width(text: str, *, wide: str = "WF") -> int:
    """Columns that `text` takes: characters of an East Asian width in `wide` count two.

    Where Chinese fonts draw ambiguous characters wide (a spreadsheet), `wide` is "WFA".
    """
    return sum(2 if unicodedata.east_asian_width(each) in wide else 1 for each in text)


def broken(text: str, columns: int) -> list[str]:
    """`text` as lines of at most `columns`, broken behind spaces and full-width stops; what has none may be longer."""
    lines = [""]
    for part in re.findall(r".+?(?:[ ，；。]|$)", text):
        if lines[-1] and width(lines[-1] + part.rstrip()) > columns:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


# Where a line may end: behind a run of Latin text or a single full-width character, never before a closing mark or behind
# an opening one.
_OPEN, _CLOSE, _FULL = "（「『《【", "，。；：、！？）」』》】", "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECES = re.compile(rf"[{_OPEN}]*(?:(?![{_OPEN}])[{_FULL}]|[^\s{_FULL}]+)[{_CLOSE}]*\s*|[{_OPEN}]+|\s+")


def wrap(text: str, columns: int, *, head: str = "") -> list[str]:
    """`text` behind `head` as lines of at most `columns`, indented below it; a piece that is longer is cut."""
    room = max(columns - width(head), 1)
    lines = [""]
    for piece in (part for each in _PIECES.findall(text) for part in _cut(each, room)):
        if lines[-1] and width(lines[-1] + piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece if lines[-1] or len(lines) == 1 else piece.lstrip()
    return [(" " * width(head) if at else head) + line.rstrip() for at, line in enumerate(lines)]


def _cut(piece: str, room: int) -> list[str]:
    if width(piece.rstrip()) <= room:
        return [piece]
    parts = [""]
    for each in piece:
        if width(parts[-1] + each) > room:
            parts.append("")
        parts[-1] += each
    return parts


def pad(text: str, columns: int) -> str:
    """`text` padded with spaces to `columns`."""
    return text + " " * max(columns - width(text), 0)
