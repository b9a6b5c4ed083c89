"""What the columns of a screened table are called by people, and which column such a word means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from screener.terms.say import Lang, say


def column_word(name: str, lang: Lang) -> str:
    """What a column is called for people; an n-week excess by its number of weeks."""
    weeks = re.fullmatch(r"excess_(\d+)w", name)
    return say("screen_column_weeks", lang, weeks=weeks[1]) if weeks else say(f"screen_column_{name}", lang)


def column_heads(columns: Iterable[str]) -> dict[str, str]:
    """The id of each column by the Chinese head that the table shows."""
    return {column_word(name, "zh"): name for name in columns}


def column_named(text: str, columns: Iterable[str]) -> str:
    """The id that a word means: itself, or that of the Chinese head; the word as it is where it is neither."""
    return column_heads(columns).get(text, text)


def known_columns(columns: Iterable[str]) -> str:
    """Every column by its id and its Chinese head, for a message."""
    return ", ".join(f"{name}（{head}）" if head != name else name for head, name in column_heads(columns).items())
