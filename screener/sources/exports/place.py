"""A file or folder of exports as one understood place: whose prices it holds, from which file each, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from screener.sources.exports.layout import Layout, read_layout
from screener.sources.exports.rows import Fault, Readings, Value, read_rows
from screener.sources.exports.sheets import BOOK_ENDINGS, TEXT_ENDINGS, Sheet, read_sheets
from screener.sources.exports.subjects import coded_subject, find_subject
from screener.terms.notes import Note, Problem, UsageError
from screener.terms.symbols import Symbol, parse_symbol

ENDINGS = TEXT_ENDINGS | BOOK_ENDINGS
# Files of the folder layout that are no prices; a README is what `prices import` leaves.
OWN_FILES = frozenset({"README.txt", "README.md", "shares.csv", "actions_cover.csv"})
MOST_FILES = 20_000


@dataclass(frozen=True)
class Understood:
    """One sheet as it was understood, or `reason` why it was not; `first`, `last`: ISO days, "" where it has none."""

    file: str
    layout: Layout | None
    reason: Note | None = None
    symbols: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    rows: int = 0
    notes: tuple[Note, ...] = ()
    faults: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Where two files give one security's close of one day differently; `count` of `common` days."""

    symbol: str
    files: tuple[str, str]
    common: int
    count: int
    first: str = ""
    values: tuple[Value, Value] | None = None


@dataclass
class Place:
    """Everything understood of a place; values as text with their origin."""

    root: Path
    sheets: list[Understood] = field(default_factory=list)
    bars: dict[str, dict[str, dict[str, Value]]] = field(default_factory=dict)
    actions: dict[tuple[str, str], tuple[Value, Value]] = field(default_factory=dict)
    action_symbols: set[str] = field(default_factory=set)
    names: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    set_aside: dict[str, Problem] = field(default_factory=dict)
    compared: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    differing: dict[tuple[str, str, str], list[tuple[str, Value, Value]]] = field(default_factory=dict)

    def differences(self) -> Iterator[Difference]:
        """Every pair of files that hold one security's closes on common days, equal ones too."""
        for key, days in self.compared.items():
            found = self.differing.get(key, [])
            first = found[0] if found else None
            values = (first[1], first[2]) if first else None
            yield Difference(key[0], (key[1], key[2]), len(days), len(found), first[0] if first else "", values)


def read_place(root: Path, *more: Path) -> Place:
    """Read files, or every file of folders, as one place; UsageError when there is none, or nothing that could be an export."""
    roots = {path: each for each in (root, *more) for path in _files(each)}
    if not roots:
        raise UsageError("export_nothing", place=str(root))
    place = Place(root)
    for path, own in roots.items():
        label = path.name if own.is_file() else path.relative_to(own).as_posix()
        sheets, problems = read_sheets(path, label)
        for problem in problems:
            place.sheets.append(Understood(label, None, Note(problem.code, dict(problem.params)), faults=(problem,)))
        for sheet in sheets:
            _add_sheet(place, sheet, path)
    return place


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    if not root.is_dir():
        raise UsageError("folder_missing", folder=str(root))
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix.lower() in ENDINGS)
    if len(found) > MOST_FILES:
        raise UsageError("export_many_files", place=str(root), most=MOST_FILES)
    yield from (path for path in found if path.name not in OWN_FILES and not path.name.startswith((".", "~$")))


def _add_sheet(place: Place, sheet: Sheet, path: Path) -> None:
    is_index = path.parent.name.lower() in ("index", "indices", "指数")
    layout = read_layout(sheet, is_index=is_index)
    if isinstance(layout, Note):
        place.sheets.append(Understood(sheet.label, None, layout))
        return
    own = _own_subject(sheet, layout, path, is_index=is_index)
    found = read_rows(sheet, layout, own, is_index=is_index)
    if not (found.bars or found.actions or found.names or found.faults):
        code = (
            "export_no_subject"
            if own is None and layout.kind != "names" and layout.place_of("code") is None
            else "export_no_rows"
        )
        place.sheets.append(Understood(sheet.label, layout, Note(code, {"file": sheet.label})))
        return
    if layout.adjusted:
        _set_aside(place, sheet, layout, found)
        return
    place.sheets.append(_understood(sheet, layout, found))
    place.faults += found.faults
    place.names.update(found.names)
    place.action_symbols |= {symbol for symbol, _ in found.actions}
    for symbol, days in found.bars.items():
        _merge(place, symbol, days)
    for key, terms in found.actions.items():
        _merge_action(place, key, terms)


def _own_subject(sheet: Sheet, layout: Layout, path: Path, *, is_index: bool) -> Symbol | None:
    """Whose the rows are where no column says so: the sheet's name, the file's, a title."""
    in_hong_kong = path.parent.name.lower() == "hk"
    if in_hong_kong and path.stem.isdigit():
        return parse_symbol(f"{path.stem[-4:].zfill(4)}.HK")
    for text in (sheet.name, path.stem, *layout.titles):
        found = coded_subject(text, is_index=is_index) if text else None
        whole = find_subject(text, is_index=is_index) if text and found is None else found
        if isinstance(whole, Symbol):
            return whole
    words = [word for text in (path.stem, *layout.titles) for word in text.replace("_", " ").replace("-", " ").split()]
    return next((each for word in words if isinstance(each := find_subject(word, is_index=is_index), Symbol)), None)


def _set_aside(place: Place, sheet: Sheet, layout: Layout, found: Readings) -> None:
    """Adjusted prices are never taken for traded ones; whose they are is kept for the message where nothing else has them."""
    problem = Problem(sheet.label, None, "", layout.adjusted, "export_adjusted")
    for symbol in found.bars:
        place.set_aside[symbol] = problem
    place.sheets.append(Understood(sheet.label, layout, Note("export_adjusted", {}), tuple(found.bars)))


def _understood(sheet: Sheet, layout: Layout, found: Readings) -> Understood:
    days = sorted({day for each in found.bars.values() for day in each} | {day for _, day in found.actions})
    notes = list(layout.notes)
    if found.untraded:
        notes.append(Note("export_untraded", {"count": found.untraded}))
    if found.skipped:
        notes.append(Note("export_plans_skipped", {"count": found.skipped}))
    notes += [Note("export_rounded", {"column": name}) for name in sorted(found.rounded)]
    symbols = tuple(dict.fromkeys([*found.bars, *(symbol for symbol, _ in found.actions), *found.names]))
    rows = sum(len(each) for each in found.bars.values()) + len(found.actions) + len(found.names)
    problems = tuple(each.problem for each in found.faults)
    first, last = (days[0], days[-1]) if days else ("", "")
    return Understood(sheet.label, layout, None, symbols, first, last, rows, tuple(notes), problems)


def _merge(place: Place, symbol: str, days: dict[str, dict[str, Value]]) -> None:
    known = place.bars.setdefault(symbol, {})
    for day, fields in days.items():
        own = known.setdefault(day, {})
        for name, value in fields.items():
            old = own.setdefault(name, value)
            if name == "close" and old is not value:
                _compare(place, symbol, day, old, value)


def _compare(place: Place, symbol: str, day: str, old: Value, new: Value) -> None:
    key = (symbol, old.file, new.file)
    place.compared.setdefault(key, []).append(day)
    if Decimal(old.text) != Decimal(new.text):
        place.differing.setdefault(key, []).append((day, old, new))
        params = {"day": day, "symbol": symbol, "other": old.text, "file": old.file, "line": old.line}
        place.faults.append(Fault(symbol, day, Problem(new.file, new.line, "close", new.text, "export_files_differ", params)))


def _merge_action(place: Place, key: tuple[str, str], terms: tuple[Value, Value]) -> None:
    old = place.actions.setdefault(key, terms)
    if old is not terms and not _same_terms(old, terms):
        params = {"day": key[1], "symbol": key[0], "file": old[0].file, "line": old[0].line}
        problem = Problem(terms[0].file, terms[0].line, "ex_date", key[1], "export_actions_differ", params)
        place.faults.append(Fault(key[0], key[1], problem))


def _same_terms(one: Sequence[Value], other: Sequence[Value]) -> bool:
    """Equal cash and ratio, or both unknown; half a hundredth of a cent a share is a vendor's rounding."""
    return all(
        a.text == b.text or (a.text and b.text and abs(Decimal(a.text) - Decimal(b.text)) <= Decimal("0.00005"))
        for a, b in zip(one, other, strict=True)
    )
