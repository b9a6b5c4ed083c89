"""A draft as text: thesis and scale files in TOML, in the order that the bundled ones have."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from screener.draft import Draft
from screener.messages import Lang, say

Record = dict[str, Any]


def thesis_text(draft: Draft, lang: Lang = "zh") -> str:
    """The thesis file; dated policies of the report stand in comments, since the figures do not use them."""
    head = [f"# {say('draft_head', lang)}", "# " + say("thesis_units", lang)]
    policies = [f"# {each['date']}  {each['issuer']}  《{each['title']}》" for each in draft.policies]
    tail = ["", f"# {say('policies_head', lang)}", *policies] if policies else []
    return "\n".join([*head, *_lines(draft.thesis), *map(_one_line, tail), ""])


def scale_text(record: Record, lang: Lang = "zh") -> str:
    """The scale file."""
    return "\n".join([f"# {say('scale_head', lang)}", *_lines(record), ""])


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


def _lines(record: Record, path: str = "") -> Iterator[str]:
    """Plain keys first, then tables, then arrays of tables, each under its dotted name."""
    for key, value in record.items():
        if not _is_table(value) and value is not None:
            yield f"{key} = {_value(value)}"
    for key, value in record.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            plain = any(not _is_table(each) for each in value.values())
            yield from ["", f"[{name}]"] if plain else []
            yield from _lines(value, f"{name}.")
        elif _is_table(value):
            for each in value:
                yield from ["", f"[[{name}]]"]
                yield from _lines(each, f"{name}.")


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
