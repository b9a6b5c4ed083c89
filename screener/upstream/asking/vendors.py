"""Who has the data of which security: places to ask, their hosts, and the order of asking per board (data/vendors.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from screener.terms.symbols import Symbol

_TABLES: Mapping[str, Any] = tomllib.loads((files("screener") / "data" / "vendors.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Source:
    """One place to ask: `name` in options and records, `host` for pacing and the breaker, `title` for people (zh, en).

    `domains`: where its requests may go, hosts below them included.
    """

    name: str
    host: str
    domains: tuple[str, ...]
    title: tuple[str, str]


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        name: Source(name, each["host"], tuple(each["domains"]), (each["title"][0], each["title"][1]))
        for name, each in _TABLES["source"].items()
    }
)
# Symbol → what a source's name for it must hold, where the source says one.
INDEX_NAMES: Mapping[str, str] = MappingProxyType(_TABLES["index_names"])


# Symbol of an index of another market → what its source calls it.
FOREIGN: Mapping[str, str] = MappingProxyType(_TABLES["foreign"])


def bar_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of daily bars of `symbol`, in the order in which they are asked; empty = no source has it."""
    bars = _TABLES["bars"]
    return tuple(bars.get(str(symbol)) or bars.get(_group(symbol), ()))


def action_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of corporate actions; empty for an index and where no source has them."""
    return tuple(_TABLES["actions"].get(symbol.board, ()))


def share_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of float share counts; empty for an index and where no source has them (Hong Kong, B shares)."""
    return tuple(_TABLES["shares"].get(symbol.board, ()))


def _group(symbol: Symbol) -> str:
    """The line of the table that a symbol without an order of its own belongs to."""
    if symbol.kind == "stock":
        return symbol.board
    if symbol.exchange == "CSI":
        return "csindex" if symbol.code.isdigit() else "csindex_letters"
    if symbol.exchange == "SI":
        return "shenwan"
    return "exchange_index" if symbol.exchange in ("SH", "SZ") and symbol.code.startswith(("000", "399")) else ""
