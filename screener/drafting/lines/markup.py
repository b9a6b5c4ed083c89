"""Markdown as converters of PDF write it: HTML tables become rows, pictures and emphasis go."""

from __future__ import annotations

import html
import re

_ROW_END = re.compile(r"</tr\s{0,3}>|</table\s{0,3}>|<table[^<>]{0,200}>|<br\s{0,3}/?>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]\s{0,3}>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\n]{0,400}\)")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\\)\$|\\(?=[%$#&_~])")
_TABLE_TAG = re.compile(r"<t(?:able|r|d|h|body|head)\b", re.IGNORECASE)


def plain_rows(text: str) -> str:
    """`text` with each row of an HTML table on a line of its own, cells between tabs; other tags and pictures go.

    A line keeps its number where it holds no table; rows of one follow each other.
    """
    return "\n".join(_plain(line) for line in _PICTURE.sub("", text).split("\n"))


def _plain(line: str) -> str:
    if "<" not in line:
        return _EMPHASIS.sub("", line)
    if _TABLE_TAG.search(line):
        line = _CELL_END.sub("\t", _ROW_END.sub("\n", line))
    plain = html.unescape(_EMPHASIS.sub("", _TAG.sub("", line)))
    return "\n".join(row.rstrip("\t ") for row in plain.split("\n") if row.strip()) or ""
