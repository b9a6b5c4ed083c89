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
