"""What is known of each security of a place: its days, what is missing, whether it is unadjusted, and who agrees with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from screener.sources.exports.place import Place
from screener.sources.exports.rows import Value
from screener.sources.snapshot import snapshot_closes
from screener.terms.names import bundled_names, bundled_registry
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol

# A close of an A share is a whole cent; files may hold 32-bit numbers.
CENT_TOLERANCE = 1e-4
# Below these (CNY, points) two closes differ by rounding only.
SHARE_TOLERANCE, INDEX_TOLERANCE = 0.005, 0.1


@dataclass(frozen=True)
class Finding:
    """One security: ISO days; `missing`: sessions without a row between its first and last; `files`: where its closes stand.

    `part_cents`: closes of an A share that are no whole cent, which adjusted ones are. `common`, `differing`: sessions that the
    bundled figures hold too, and on how many of them the closes differ; `differs_on`: the first, with both closes.
    `actions`: its corporate actions in the place; None where the place has no list of them at all.
    """

    symbol: str
    name: str
    first: str
    last: str
    days: int
    missing: int
    files: tuple[str, ...]
    part_cents: int
    common: int
    differing: int
    differs_on: tuple[str, float, float] | None
    actions: int | None


def find_all(place: Place) -> tuple[Finding, ...]:
    """Every security with a close, by symbol."""
    return tuple(
        _finding(place, symbol, days)
        for symbol, days in sorted(place.bars.items())
        if any("close" in each for each in days.values())
    )


def _finding(place: Place, symbol: str, days: Mapping[str, Mapping[str, Value]]) -> Finding:
    closes = {day: fields["close"] for day, fields in sorted(days.items()) if "close" in fields}
    first, last = next(iter(closes)), next(reversed(closes))
    stock = parse_symbol(symbol).kind == "stock" and symbol.rpartition(".")[2] in ("SH", "SZ", "BJ")
    values = np.array([float(value.text) for value in closes.values()])
    odd = np.abs(values * 100 - np.round(values * 100)) > CENT_TOLERANCE * 100
    differing = list(against_bundled(symbol, closes))
    acting = sum(own == symbol for own, _ in place.actions)
    return Finding(
        symbol=symbol,
        name=bundled_names().get(symbol) or bundled_registry().names.get(symbol, ""),
        first=first,
        last=last,
        days=len(closes),
        missing=_missing(symbol, set(closes), first, last),
        files=tuple(dict.fromkeys(value.file for value in closes.values())),
        part_cents=int(odd.sum()) if stock else 0,
        common=len(differing),
        differing=sum(own != other for _, own, other in differing),
        differs_on=next((each for each in differing if each[1] != each[2]), None),
        actions=acting if place.actions else None,
    )


def _missing(symbol: str, days: set[str], first: str, last: str) -> int:
    calendar = load_calendar(parse_symbol(symbol).market)
    sessions = calendar.between(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    return sum(str(session) not in days for session in sessions)


def against_bundled(symbol: str, closes: Mapping[str, Value]) -> Iterator[tuple[str, float, float]]:
    """(day, own close, bundled close) of the days on which both have one; equal where they differ by rounding only.

    A close of a share is exact to the cent; an index is printed with as many digits as its vendor likes.
    """
    known = snapshot_closes(symbol)
    tolerance = SHARE_TOLERANCE if parse_symbol(symbol).kind == "stock" else INDEX_TOLERANCE
    for day, close in () if known is None else known.dropna().items():
        value = closes.get(f"{day:%Y-%m-%d}")
        if value is not None:
            own, other = float(value.text), float(close)
            yield f"{day:%Y-%m-%d}", other if abs(own - other) < tolerance else own, other
