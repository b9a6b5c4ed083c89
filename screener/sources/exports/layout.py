"""How a sheet is laid out: where its head stands, what its columns are, and what its rows hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from screener.sources.exports.cells import plain_cell, read_day
from screener.sources.exports.heads import BAR_FIELDS, Head, adjustment_of, read_head
from screener.sources.exports.sheets import Sheet
from screener.sources.exports.subjects import Unknown, find_subject
from screener.terms.notes import Note
from screener.terms.symbols import Symbol

Kind = Literal["bars", "actions", "names"]
# A head stands among the first rows; what stands above it are titles.
MOST_TITLES = 12
ACTION_FIELDS = frozenset(
    {"cash_per_share", "split_ratio", "stock_per_share", "cash_per_ten", "bonus_per_ten", "transfer_per_ten", "plan"}
)


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its place, what its head says, and in a wide sheet whose it is (None = the row's or file's)."""

    place: int
    head: Head
    subject: Symbol | None = None


@dataclass(frozen=True)
class Layout:
    """What was understood of a sheet. `first`: place in `Sheet.rows` of the first row below the head; `notes`: decisions."""

    kind: Kind
    columns: tuple[Column, ...]
    first: int
    titles: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    adjusted: str = ""
    notes: tuple[Note, ...] = ()

    def place_of(self, name: str) -> int | None:
        """Place of the first column under our name; None without one."""
        return next((each.place for each in self.columns if each.head.name == name and each.subject is None), None)


def read_layout(sheet: Sheet, *, is_index: bool = False) -> Layout | Note:
    """The layout of a sheet, or why it is none of ours."""
    at = next((place for place in range(min(MOST_TITLES, len(sheet.rows))) if _is_head(sheet, place)), None)
    if at is None:
        return _wide_without_word(sheet, is_index)
    first = _first_data_row(sheet, at)
    heads = _joined_heads(sheet, at, first)
    found = [Column(place, head) for place, texts in heads.items() if (head := _head_of(texts)) is not None]
    named = {each.head.name for each in found}
    titles = tuple(cell for _, row in sheet.rows[: at - _has_upper_head(sheet, at)] for cell in row if cell)
    if "date" in named and not named & set(BAR_FIELDS):
        return _wide(sheet, heads, first=first, titles=titles, is_index=is_index)
    if "date" in named and _has_subjects(heads, found, is_index):
        return _wide(sheet, heads, first=first, titles=titles, is_index=is_index)
    kind = _kind_of(named)
    if kind is None:
        wanted = "日期/date 收盘/close"
        return Note("export_head", {"file": sheet.label, "found": "、".join(sorted(named)) or "-", "wanted": wanted})
    return _finished(sheet, kind, found, heads, first=first, titles=titles)


def _is_head(sheet: Sheet, place: int) -> bool:
    """Whether a row names columns: a day's or a code's word, and one more word of ours or the head of a wide sheet."""
    row = sheet.rows[place][1]
    names = [head.name for cell in row if (head := read_head(cell)) is not None]
    if "date" in names or "ex_date" in names:
        return sum(bool(cell) for cell in row) >= 2
    return "code" in names and len(set(names)) >= 2


def _first_data_row(sheet: Sheet, at: int) -> int:
    """The first row below the head that is not a second row of it: units or fields."""
    place = at + 1
    while place < len(sheet.rows) and place <= at + 2 and _continues_head(sheet.rows[place][1]):
        place += 1
    return place


def _continues_head(row: Sequence[str]) -> bool:
    """Whether a row below the head belongs to it: words only, no number and no day."""
    cells = [plain_cell(cell) for cell in row if cell]
    return bool(cells) and not any(any(each.isdigit() for each in cell) and not read_head(cell) for cell in cells)


def _joined_heads(sheet: Sheet, at: int, first: int) -> dict[int, tuple[str, ...]]:
    """Place → the texts of the head from top to bottom: the row above, if it names securities, the head, the rows below."""
    rows = [sheet.rows[place][1] for place in range(at, first)]
    if _has_upper_head(sheet, at):
        rows.insert(0, _filled(sheet.rows[at - 1][1]))
    width = max(len(row) for row in rows)
    return {place: tuple(row[place] for row in rows if place < len(row) and row[place]) for place in range(width)}


def _has_upper_head(sheet: Sheet, at: int) -> bool:
    """Whether the row above the head names securities or fields: a title stands in one cell."""
    return at > 0 and sum(bool(cell) for cell in sheet.rows[at - 1][1]) > 1


def _filled(row: Sequence[str]) -> tuple[str, ...]:
    """A row of merged cells: a blank stands for what is to its left."""
    found: list[str] = []
    for cell in row:
        found.append(cell or (found[-1] if found else ""))
    return tuple(found)


def _head_of(texts: Sequence[str]) -> Head | None:
    """The lowest text that is a word of ours, with a unit that another row gives."""
    heads = [head for text in texts if (head := read_head(text)) is not None]
    if not heads:
        return None
    units = [head for text in texts if (head := read_head(f"收盘({text})")) is not None and head.unit]
    return (
        Head(heads[-1].name, heads[-1].printed, units[-1].unit, units[-1].factor) if units and not heads[-1].unit else heads[-1]
    )


def _has_subjects(heads: dict[int, tuple[str, ...]], found: Sequence[Column], is_index: bool) -> bool:
    """Whether a field stands twice, under different securities: two head rows."""
    bars = [each for each in found if each.head.name in BAR_FIELDS]
    return len({each.head.name for each in bars}) < len(bars) and all(
        any(isinstance(find_subject(text, is_index=is_index), Symbol) for text in heads[each.place]) for each in bars
    )


def _wide_without_word(sheet: Sheet, is_index: bool) -> Layout | Note:
    """A wide sheet whose corner is blank or says nothing: securities across, days down the first column."""
    for at in range(min(MOST_TITLES, len(sheet.rows) - 1)):
        if read_day(sheet.rows[at + 1][1][0])[0] and not read_day(sheet.rows[at][1][0])[0]:
            row = sheet.rows[at][1]
            heads = {place: (cell,) for place, cell in enumerate(row) if cell and place}
            titles = tuple(cell for _, above in sheet.rows[:at] for cell in above if cell)
            return _wide(sheet, {0: ("日期",), **heads}, first=at + 1, titles=titles, is_index=is_index)
    return Note("export_no_head", {"file": sheet.label})


def _wide(
    sheet: Sheet, heads: dict[int, tuple[str, ...]], *, first: int, titles: tuple[str, ...], is_index: bool
) -> Layout | Note:
    """A sheet with securities across; the field stands in a second head row, a title or the sheet's or file's name."""
    said = next((head for text in (*titles, sheet.name, _stem(sheet.file)) if (head := _field_in(text)) is not None), None)
    columns, unknown = [], []
    for place, texts in heads.items():
        head = _head_of(texts)
        if head is not None and head.name == "date":
            columns.append(Column(place, head))
            continue
        subject = next((each for text in texts if isinstance(each := find_subject(text, is_index=is_index), Symbol)), None)
        if subject is None:
            unknown += [_why_unknown(texts, is_index)] if texts else []
            continue
        own = head if head is not None and head.name in BAR_FIELDS else said or Head("close", "")
        columns.append(Column(place, own, subject))
    if not any(each.subject for each in columns):
        return Note(
            "export_head", {"file": sheet.label, "found": "、".join(unknown[:5]) or "-", "wanted": "日期/date 收盘/close"}
        )
    notes = (
        []
        if any(each.head.printed for each in columns if each.subject)
        else [Note("export_assumed_close", {"file": sheet.label})]
    )
    kept = [each for each in columns if each.subject is None or each.head.name in BAR_FIELDS]
    return _finished(sheet, "bars", kept, heads, first=first, titles=titles, notes=tuple(notes), ignored=tuple(unknown))


def _why_unknown(texts: Sequence[str], is_index: bool) -> str:
    found = find_subject(texts[0], is_index=is_index)
    options = found.params.get("options") if isinstance(found, Unknown) else ""
    return f"{texts[0]}（{options}）" if options else texts[0]


def _field_in(text: str) -> Head | None:
    """The field that a title, sheet or file names: 收盘价, 成交额(万元), close."""
    whole = read_head(text)
    if whole is not None:
        return whole if whole.name in BAR_FIELDS else None
    words = [word for word in plain_cell(text).replace("_", " ").replace("：", " ").split() if word]
    return next((head for word in words if (head := read_head(word)) is not None and head.name in BAR_FIELDS), None)


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]


def _kind_of(named: set[str]) -> Kind | None:
    if "ex_date" in named and named & ACTION_FIELDS:
        return "actions"
    if "date" in named and named & {"close", "adj_factor"}:
        return "bars"
    return "names" if {"code", "name"} <= named and "date" not in named else None


def _finished(
    sheet: Sheet,
    kind: Kind,
    columns: Sequence[Column],
    heads: dict[int, tuple[str, ...]],
    *,
    first: int,
    titles: tuple[str, ...],
    notes: tuple[Note, ...] = (),
    ignored: tuple[str, ...] = (),
) -> Layout:
    """The layout with what is left out of it: columns of no use, and a second column under a name that stands already."""
    kept: list[Column] = []
    for each in columns:
        if not any((each.head.name, each.subject) == (other.head.name, other.subject) for other in kept):
            kept.append(each)
    used = {each.place for each in kept}
    dropped = tuple(texts[-1] for place, texts in heads.items() if place not in used and texts)
    marked = adjustment_of(*titles, sheet.name, sheet.file, *(each.head.printed for each in kept)) if kind == "bars" else ""
    return Layout(
        kind, tuple(kept), first, titles, (*ignored, *(each for each in dropped if each not in ignored)), marked, notes
    )
