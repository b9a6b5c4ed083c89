"""Which code a security bears: the changes of code on record, forwards and backwards."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from screener.terms.symbols import Symbol, parse_symbol

# The day on which Beijing's stocks other than the six pilots took their new codes.
BEIJING_MOVED = dt.date(2025, 10, 9)


@dataclass(frozen=True)
class CodeChange:
    """A security that bears another code since a date; names are blank where the change did not touch them."""

    old: str
    new: str
    since: dt.date
    old_name: str
    new_name: str


@cache
def code_changes() -> Mapping[str, CodeChange]:
    """The bundled code changes by old symbol.

    Source: announcements of the exchanges. 中航电测 became 中航成飞 on 2025-02-17. The Beijing exchange moved six pilot
    stocks on 2025-05-06 and all others on 2025-10-09 to 920 and the old last three digits; where two old codes ended alike
    it moved one of them on to the next free number: 26 of 247, so that no rule but the list itself is right.
    """
    rows = [
        CodeChange(row["old"], row["new"], dt.date.fromisoformat(row["since"]), row["old_name"], row["new_name"])
        for row in read_rows("code_changes.csv")
    ]
    beijing = [CodeChange(f"{row['old']}.BJ", f"{row['new']}.BJ", BEIJING_MOVED, "", "") for row in read_rows("bse_codes.csv")]
    return {row.old: row for row in (*beijing, *rows)}


def current_symbol(symbol: str, on: dt.date) -> str:
    """The symbol that the security bears on the date `on`; itself when nothing is known to have changed."""
    change = code_changes().get(symbol)
    return change.new if change is not None and change.since <= on else symbol


def successor(symbol: Symbol) -> Symbol:
    """The symbol under which sources know the security today: itself, unless its change of code is on record."""
    change = code_changes().get(str(symbol))
    return symbol if change is None else parse_symbol(change.new)


def symbols_borne(symbol: str) -> tuple[str, ...]:
    """Every symbol that the security has borne, as far as is on record: itself first, then the new one, then older ones."""
    change = code_changes().get(symbol)
    newest = symbol if change is None else change.new
    return tuple(dict.fromkeys((symbol, newest, *_older().get(newest, ()))))


def stock_codes(symbols: Iterable[str]) -> dict[str, str]:
    """Every code that the stocks among `symbols` have borne → the symbol asked for; an own code goes before a borne one."""
    stocks = [symbol for symbol in symbols if parse_symbol(symbol).kind == "stock"]
    borne = {parse_symbol(each).code: symbol for symbol in stocks for each in symbols_borne(symbol)}
    return {**borne, **{parse_symbol(symbol).code: symbol for symbol in stocks}}


@cache
def _older() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for old, change in code_changes().items():
        found[change.new] = (*found.get(change.new, ()), old)
    return found


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a bundled table as text, by column."""
    with (files("screener") / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
