"""Where a key of a TOML text stands: its line, also of tables in arrays and of entries of lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Parser

Path = tuple[str | int, ...]


class Lines:
    """The line of every key of a TOML text; parsed only when a problem asks for one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines: dict[Path, int] | None = None

    def find(self, path: Path) -> int | None:
        """The line of `path`; else of the first key inside it, or of the nearest table around it."""
        if self._lines is None:
            self._lines = _with_heads(key_lines(self.text))
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)


def _with_heads(found: Iterator[tuple[Path, int]]) -> dict[Path, int]:
    """The lines of keys, and of every path around them that has none of its own: that of its first key."""
    own: dict[Path, int] = {}
    heads: dict[Path, int] = {}
    for path, line in found:
        own[path] = line
        for end in range(1, len(path)):
            heads[path[:end]] = min(heads.get(path[:end], line), line)
    return heads | own


def locate(data: bytes, path: Path) -> int | None:
    """The line of a key path in TOML text that parses, or of the nearest table around it."""
    return Lines(data.decode("utf-8-sig")).find(path)


def key_lines(text: str) -> Iterator[tuple[Path, int]]:
    """Every key path of a TOML text with its line."""
    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    counts: Counter[Path] = Counter()
    for node in tree.root_node.children:
        if node.type == "pair":
            yield from _pair_lines(node, ())
        elif node.type in ("table", "table_array_element"):
            inside = [child for child in node.children if child.is_named and child.type != "comment"]
            head = _resolve(_keys(inside[0]), counts)
            if node.type == "table_array_element":
                counts[head] += 1
                head = (*head, counts[head] - 1)
            yield head, node.start_point[0] + 1
            for child in inside[1:]:
                yield from _pair_lines(child, head)


def _resolve(keys: Path, counts: Counter[Path]) -> Path:
    """Put the running number of each enclosing array table into the path of a nested table."""
    path: Path = ()
    for at, key in enumerate(keys):
        path = (*path, key)
        if at < len(keys) - 1 and counts[path]:
            path = (*path, counts[path] - 1)
    return path


def _pair_lines(node: Any, head: Path) -> Iterator[tuple[Path, int]]:
    if node.type != "pair":
        return
    key, value = (child for child in node.children if child.is_named)
    path = (*head, *_keys(key))
    yield path, node.start_point[0] + 1
    if value.type == "inline_table":
        for child in value.children:
            yield from _pair_lines(child, path)
    elif value.type == "array":
        for at, child in enumerate(child for child in value.children if child.is_named and child.type != "comment"):
            yield (*path, at), child.start_point[0] + 1


def _keys(node: Any) -> Path:
    if node.type == "dotted_key":
        return tuple(key for child in node.children if child.is_named for key in _keys(child))
    return (node.text.decode().strip("\"'"),)
