"""An understood place written as the folder layout, each line knowing where it came from."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from screener.sources import bundled
from screener.sources.exports.heads import BAR_FIELDS
from screener.sources.exports.place import Place
from screener.sources.exports.rows import Value
from screener.terms.symbols import Symbol, parse_symbol

FIELDS = tuple(name for name in BAR_FIELDS if name != "adj_factor")
# Files of the folder layout that are taken over as they are.
KEPT_FILES = ("shares.csv", "actions_cover.csv", "market_close.parquet")


@dataclass
class Origins:
    """File of the folder → the files that its lines came from, and (file, line) → (file, line)."""

    files: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)

    def add(self, file: str, line: int, value: Value) -> None:
        """Remember where a line of `file` came from."""
        self.lines[file, line] = (value.file, value.line)
        known = self.files.setdefault(file, [])
        if value.file not in known:
            known.append(value.file)


def file_of(symbol: Symbol) -> str:
    """The file of the folder layout that holds a symbol's prices."""
    if symbol.kind == "index":
        return f"index/{symbol.code}.csv"
    room = "raw" if symbol.exchange in ("SH", "SZ", "BJ") else symbol.exchange.lower()
    return f"{room}/{symbol.code}.csv"


def write_place(place: Place, folder: Path) -> Origins:
    """Write the place's prices, actions and names into `folder`; where each line came from."""
    origins = Origins()
    for symbol, days in place.bars.items():
        rows = {day: fields for day, fields in sorted(days.items()) if "close" in fields}
        if rows:
            _write_bars(folder, parse_symbol(symbol), rows, origins)
    _write_actions(place, folder, origins)
    if place.names:
        lines = [
            (symbol[:6], *values) for symbol, values in sorted(place.names.items()) if parse_symbol(symbol).kind == "stock"
        ]
        _write(folder / "names.csv", ("code", "name", "listed", "delisted"), lines)
    for name in KEPT_FILES:
        if place.root.is_dir() and (place.root / name).is_file():
            shutil.copyfile(place.root / name, folder / name)
    return origins


def lend_indices(folder: Path, *, known: Iterable[str]) -> tuple[str, ...]:
    """Write the bundled indices other than the `known` into `folder`, to stand in for missing ones; which they are."""
    held = set(known)
    lent = {symbol: text for symbol, text in _bundled_indices().items() if symbol not in held}
    for symbol, text in lent.items():
        path = folder / file_of(parse_symbol(symbol))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return tuple(lent)


@cache
def _bundled_indices() -> Mapping[str, str]:
    """Every bundled index as the text of its file."""
    columns = {str(name): closes[name] for closes in (bundled.industry_closes(), bundled.closes()) for name in closes.columns}
    return {
        symbol: "date,close\n" + "".join(f"{day:%Y-%m-%d},{value}\n" for day, value in closes.dropna().items())
        for symbol, closes in columns.items()
        if parse_symbol(symbol).kind == "index"
    }


def _write_bars(folder: Path, symbol: Symbol, rows: Mapping[str, Mapping[str, Value]], origins: Origins) -> None:
    file = file_of(symbol)
    # An index's volume is that of its members, so its points prove nothing of it.
    fields = [name for name in FIELDS if symbol.kind == "stock" or name != "volume"]
    present = [name for name in fields if any(name in own for own in rows.values())]
    lines = []
    for line, (day, own) in enumerate(rows.items(), start=2):
        lines.append((day, *(own[name].text if name in own else "" for name in present)))
        origins.add(file, line, own["close"])
    _write(folder / file, ("date", *present), lines)


def _write_actions(place: Place, folder: Path, origins: Origins) -> None:
    """`actions.csv` for mainland shares, `<room>/dividends.csv` for the others; a head alone where a list was empty."""
    rooms: dict[str, list[tuple[str, str, Value, Value]]] = {}
    for (symbol, day), (cash, ratio) in sorted(place.actions.items()):
        parsed = parse_symbol(symbol)
        file = "actions.csv" if file_of(parsed).startswith("raw/") else f"{parsed.exchange.lower()}/dividends.csv"
        rooms.setdefault(file, []).append((parsed.code, day, cash, ratio))
    for file, rows in rooms.items():
        for line, (_, _, cash, _) in enumerate(rows, start=2):
            origins.add(file, line, cash)
        texts = [(code, day, cash.text, ratio.text) for code, day, cash, ratio in rows]
        _write(folder / file, ("code", "ex_date", "cash_per_share", "split_ratio"), texts)


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
