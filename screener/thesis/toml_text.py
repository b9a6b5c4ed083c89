"""Records as TOML text: what the tool writes for people to read and edit."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]


def toml_lines(record: Record, path: str = "") -> Iterator[str]:
    """The lines of `record`: plain keys first, then tables and arrays of tables, each under its dotted name.

    Values are text, numbers, bools, dates, lists of these, or records; a None is left out.
    """
    for key, value in record.items():
        if not _is_table(value) and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in record.items():
        name = f"{path}{_key(key)}"
        if isinstance(value, dict):
            plain = any(not _is_table(each) for each in value.values())
            yield from ["", f"[{name}]"] if plain else []
            yield from toml_lines(value, f"{name}.")
        elif _is_table(value):
            for each in value:
                yield from ["", f"[[{name}]]"]
                yield from toml_lines(each, f"{name}.")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _is_table(value: object) -> bool:
    rows = value if isinstance(value, list) else []
    return isinstance(value, dict) or (bool(rows) and all(isinstance(each, dict) for each in rows))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
