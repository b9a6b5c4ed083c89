"""A place of exports as a source of prices: read once, checked as a folder is, its faults named where they stand."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from screener.prices.prices import ManyPrices, Prices
from screener.sources.exports.findings import against_bundled
from screener.sources.exports.folders import Origins, lend_indices, write_place
from screener.sources.exports.place import ENDINGS, OWN_FILES, Place, read_place
from screener.sources.exports.rows import Fault
from screener.sources.folder_source import FolderSource
from screener.terms.notes import Note, PriceProblems, Problem

# Faults of cells that name a security which nobody asked for.
OF_OTHERS = frozenset({"security_unknown", "security_ambiguous"})
SHOWN_FILES = 10
_PLAIN_FILE = re.compile(r"[0-9A-Z]+(?:_full|_adj)?\.csv")
_ROOMS = ("raw", "index", "hk", "us")
_ROOT_FILES = OWN_FILES | {"actions.csv", "names.csv"}


class ExportSource(FolderSource):
    """Price source over a file or folder of exports; works on a copy of it in the folder layout, which goes when it does."""

    def __init__(self, root: Path) -> None:
        """UsageError when `root` holds nothing that could be an export."""
        self.place: Place = read_place(root)
        self._copy = tempfile.TemporaryDirectory(prefix="screener-")
        folder = Path(self._copy.name) / (root.stem if root.is_file() else root.resolve().name)
        folder.mkdir()
        self.origins: Origins = write_place(self.place, folder)
        self.lent = lend_indices(folder, known=self.place.bars)
        super().__init__(folder)

    def load(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> Prices:
        """See `prices.PriceSource.load`; every fault stands with the file and line of the export."""
        faults = list(self._faults(symbols, start, end))
        try:
            prices = super().load(symbols, start=start, end=end)
        except PriceProblems as error:
            found = (*faults, *(self._traced(each) for each in error.problems))
            raise PriceProblems("prices_broken", found, name=self.folder.name) from None
        if faults:
            raise PriceProblems("prices_broken", faults, name=self.folder.name)
        notes = tuple(self._traced_note(each) for each in prices.notes)
        return replace(prices, notes=(*self._own_notes(symbols), *notes))

    def load_many(self, symbols: Sequence[str], *, start: dt.date, end: dt.date) -> ManyPrices:
        """See `prices.ManySource.load_many`; a symbol with a faulty cell has no figure that reads it."""
        found = super().load_many(symbols, start=start, end=end)
        faulty = {fault.symbol: dt.date.fromisoformat(fault.day) if fault.day else end for fault in self.place.faults}
        return replace(found, faults={**found.faults, **{symbol: day for symbol, day in faulty.items() if symbol in symbols}})

    def _faults(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> Iterator[Problem]:
        for fault in self.place.faults:
            inside = not fault.day or str(start) <= fault.day <= str(end)
            if inside and (fault.symbol in symbols or self._concerns_all(fault, symbols)):
                yield fault.problem
        for symbol in symbols:
            if symbol in self.place.set_aside and symbol not in self.place.bars:
                yield self.place.set_aside[symbol]
            yield from self._contradictions(symbol, start, end)

    def _contradictions(self, symbol: str, start: dt.date, end: dt.date) -> Iterator[Problem]:
        """Closes of the window that are not those of the bundled figures."""
        days = self.place.bars.get(symbol, {})
        closes = {day: fields["close"] for day, fields in days.items() if "close" in fields and str(start) <= day <= str(end)}
        for day, own, other in against_bundled(symbol, closes):
            if own != other:
                value = closes[day]
                params: dict[str, object] = {"day": day, "symbol": symbol, "other": f"{other:g}"}
                yield Problem(value.file, value.line, "close", value.text, "export_bundled_differs", params)

    def _concerns_all(self, fault: Fault, symbols: Sequence[str]) -> bool:
        """Whether a fault of no known security may be one of those asked for."""
        if fault.symbol or fault.problem.code not in OF_OTHERS:
            return not fault.symbol
        options = str(fault.problem.params.get("options", ""))
        return any(symbol in options for symbol in symbols)

    def _traced(self, problem: Problem) -> Problem:
        """The problem at the place of the export that its line was written from."""
        file, line = problem.file, problem.line
        if line is not None and (file, line) in self.origins.lines:
            file, line = self.origins.lines[file, line]
            return replace(problem, file=file, line=line)
        return replace(problem, file=" ".join(self.origins.files.get(file, [file])))

    def _traced_note(self, note: Note) -> Note:
        file = note.params.get("file")
        named = self.origins.files.get(str(file))
        return Note(note.code, {**note.params, "file": " ".join(named)}) if named else note

    def _own_notes(self, symbols: Sequence[str]) -> Iterator[Note]:
        read = [each for each in self.place.sheets if each.reason is None]
        yield Note("export_read", {"count": len(read), "place": self.folder.name})
        others = [(each.file, each.reason) for each in self.place.sheets if each.reason is not None]
        for file, reason in others[:SHOWN_FILES]:
            yield Note("export_not_read", {"file": file, "code": reason.code})
        if len(others) > SHOWN_FILES:
            yield Note("export_more_not_read", {"count": len(others) - SHOWN_FILES})
        lent = [symbol for symbol in self.lent if symbol in symbols]
        if lent:
            yield Note("export_indices_lent", {"symbols": "、".join(lent)})


def is_plain_folder(root: Path) -> bool:
    """Whether a folder has the folder layout with its own file names and heads, and needs no understanding."""
    rooms = [root / each for each in _ROOMS if (root / each).is_dir()]
    has_market = (root / "market_close.parquet").is_file()
    if not (has_market or (root / "raw").is_dir()) and _other_files(root):
        return False
    if not rooms:
        return has_market
    files = [path for room in rooms for path in room.iterdir() if path.is_file() and not path.name.startswith(".")]
    named = all(_PLAIN_FILE.fullmatch(path.name) or path.name == "dividends.csv" for path in files)
    return named and all(_has_plain_head(room) for room in rooms)


def _other_files(root: Path) -> bool:
    """Whether tables lie in the folder itself that the folder layout does not know."""
    return any(path.suffix.lower() in ENDINGS and path.name not in _ROOT_FILES for path in root.iterdir() if path.is_file())


def _has_plain_head(room: Path) -> bool:
    """Whether the first file of a room begins with a head that the folder layout knows."""
    first = next((path for path in sorted(room.glob("*.csv")) if path.name != "dividends.csv"), None)
    if first is None:
        return True
    with first.open("rb") as file:
        head = file.readline().decode("gb18030", errors="replace").lstrip("\ufeff").strip().lower()
    cells = {cell.strip() for cell in head.split(",")}
    return bool(cells & {"date", "日期", "交易日期", "交易日", "trade_date"}) and bool(cells & {"close", "收盘", "收盘价"})
