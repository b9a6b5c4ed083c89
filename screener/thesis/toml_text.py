"""Records as TOML text: what the tool writes for people to read and edit, with a remark above a key where there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from screener.terms.say import printable

Record = dict[str, Any]


def toml_lines(record: Record, path: str = "", *, remarks: Mapping[str, str] | None = None, place: str = "") -> Iterator[str]:
    """The lines of `record`: plain keys first, then tables and arrays of tables, each under its dotted name.

    Values are text, numbers, bools, dates, lists of these, or records; a None is left out. `remarks`: what stands in a comment
    above a key or table, by its field: `title`, `candidates[0]`.
    """
    said = remarks or {}
    for key, value in record.items():
        if not _is_table(value) and value is not None:
            yield from remark_lines(said.get(f"{place}{key}", ""))
            yield f"{_key(key)} = {_value(value)}"
    for key, value in record.items():
        name, field = f"{path}{_key(key)}", f"{place}{key}"
        if isinstance(value, dict):
            plain = any(not _is_table(each) for each in value.values())
            yield from ["", *remark_lines(said.get(field, "")), f"[{name}]"] if plain else []
            yield from toml_lines(value, f"{name}.", remarks=said, place=f"{field}.")
        elif _is_table(value):
            for at, each in enumerate(value):
                yield from ["", *remark_lines(said.get(f"{field}[{at}]", "")), f"[[{name}]]"]
                yield from toml_lines(each, f"{name}.", remarks=said, place=f"{field}[{at}].")


def remark_lines(text: str) -> list[str]:
    """A remark as a comment of one line; none for an empty one."""
    plain = " ".join(printable(text).split())
    return [f"# {plain}"] if plain else []


def _key(key: str) -> str:
    return tomli_w.dumps({key: 0}).removesuffix(" = 0\n")


def _is_table(value: object) -> bool:
    rows = value if isinstance(value, list) else []
    return isinstance(value, dict) or (bool(rows) and all(isinstance(each, dict) for each in rows))


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")
