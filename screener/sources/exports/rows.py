"""The rows of an understood sheet as values: which day of which security has which number, and what is wrong where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from screener.sources.exports.cells import BLANKS, plain_cell, read_day, read_number, read_plan
from screener.sources.exports.heads import BAR_FIELDS, PRICE_FIELDS
from screener.sources.exports.layout import Column, Layout
from screener.sources.exports.sheets import Sheet
from screener.sources.exports.subjects import find_subject
from screener.terms.notes import Problem
from screener.terms.symbols import Symbol, parse_symbol

# Tushare's `daily` prints volume in 手 and amount in 千元 without saying so; its code column gives it away.
TUSHARE_CODE, TUSHARE_UNITS = "ts_code", {"volume": Decimal(100), "amount": Decimal(1000)}
# baostock's mark of unadjusted rows, and akshare's and Tushare's words for a plan that was carried out.
UNADJUSTED_FLAG = "3"
DONE = ("实施", "实施方案", "实施分配", "已实施")
# What ends an export: a source, a note, a count.
FOOTS = (
    "数据来源",
    "来源",
    "资料来源",
    "注:",
    "注：",
    "说明",
    "data source",
    "source:",
    "制表",
    "更新时间",
    "合计",
    "以上数据",
)


@dataclass(frozen=True)
class Value:
    """One number as text (CNY, shares, points) with the line it stands on."""

    text: str
    file: str
    line: int


@dataclass(frozen=True)
class Fault:
    """A wrong cell; `day` (ISO) says when a run that does not reach it need not mind, "" = always."""

    symbol: str
    day: str
    problem: Problem


@dataclass
class Readings:
    """What a sheet holds. `bars`: symbol → day → field → value; `actions`: (symbol, ex-date) → cash and ratio values."""

    bars: dict[str, dict[str, dict[str, Value]]] = field(default_factory=dict)
    actions: dict[tuple[str, str], tuple[Value, Value]] = field(default_factory=dict)
    names: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    untraded: int = 0
    skipped: int = 0
    rounded: set[str] = field(default_factory=set)


def read_rows(sheet: Sheet, layout: Layout, own: Symbol | None, *, is_index: bool = False) -> Readings:
    """Every row of a sheet; `own`: whose the rows are where no column says it. Faulty cells are kept as faults."""
    return _Rows(sheet, layout, own, is_index).read()


class _Rows:
    def __init__(self, sheet: Sheet, layout: Layout, own: Symbol | None, is_index: bool) -> None:
        self.sheet, self.layout, self.own, self.is_index = sheet, layout, own, is_index
        self.found = Readings()
        self.subjects: dict[str, Symbol | None] = {}
        self.places = {each.head.name: each.place for each in layout.columns if each.subject is None}
        self.units = self._units()

    def read(self) -> Readings:
        rows = {"bars": self._bar, "actions": self._action, "names": self._name}[self.layout.kind]
        for line, row in self.sheet.rows[self.layout.first :]:
            if not _is_foot(row):
                rows(line, row)
        self._drop_rounded()
        return self.found

    def _units(self) -> dict[int, Decimal]:
        """Place → factor of its numbers; Tushare's unspoken units where its code column stands."""
        code = next((each.head.printed for each in self.layout.columns if each.head.name == "code"), "")
        spoken = TUSHARE_UNITS if code == TUSHARE_CODE else {}
        return {
            each.place: each.head.factor if each.head.unit else spoken.get(each.head.name, each.head.factor)
            for each in self.layout.columns
        }

    def cell(self, row: Sequence[str], name: str) -> str:
        place = self.places.get(name)
        return row[place] if place is not None and place < len(row) else ""

    def fault(self, line: int, symbol: str, day: str, name: str, cell: str, code: str, **params: object) -> None:
        problem = Problem(self.sheet.label, line, name, plain_cell(cell)[:60], code, params)
        self.found.faults.append(Fault(symbol, day, problem))

    def _subject(self, line: int, row: Sequence[str]) -> Symbol | None:
        """Whose row it is: its code, else its name, else the file's own."""
        for name in ("code", "name"):
            word = self.cell(row, name)
            if not word or (name == "name" and self.layout.kind == "names"):
                continue
            if word not in self.subjects:
                found = find_subject(self._in_room(word), is_index=self.is_index)
                if not isinstance(found, Symbol) and self.layout.kind != "names":
                    self.fault(line, "", "", name, word, found.code, **found.params)
                self.subjects[word] = found if isinstance(found, Symbol) else None
            return self.subjects[word]
        return self.own

    def _in_room(self, word: str) -> str:
        """A short code in a folder of Hong Kong shares is one of theirs."""
        return f"{word.zfill(4)}.HK" if self.sheet.file.startswith("hk/") and word.isdigit() and len(word) <= 5 else word

    def _bar(self, line: int, row: Sequence[str]) -> None:
        cell = self.cell(row, "date")
        day, code = read_day(cell)
        if self.cell(row, "adjust_flag") not in ("", UNADJUSTED_FLAG):
            self.fault(line, "", "", "adjustflag", self.cell(row, "adjust_flag"), "export_adjusted_row")
            return
        wide = [each for each in self.layout.columns if each.subject is not None]
        owner = None if wide else self._subject(line, row)
        if code:
            self.fault(line, str(owner or ""), "", "date", cell, code)
            return
        columns = wide or [each for each in self.layout.columns if each.head.name in BAR_FIELDS]
        if wide or owner is not None:
            self._values(line, row, day, columns, owner)

    def _values(self, line: int, row: Sequence[str], day: str, columns: Sequence[Column], owner: Symbol | None) -> None:
        values: dict[str, dict[str, Value]] = {}
        for column in columns:
            symbol = str(column.subject or owner)
            cell = row[column.place] if column.place < len(row) else ""
            text, code = read_number(cell, self.units[column.place])
            if code == "number_rounded" and column.head.name not in PRICE_FIELDS:
                self.found.rounded.add(column.head.name)
            elif code:
                self.fault(line, symbol, day, column.head.name, cell, "not_a_number" if code != "number_rounded" else code)
            elif text and column.head.name == "close" and _is_part_of_cent(symbol, text):
                self.fault(line, symbol, day, "close", cell, "export_part_cent")
            elif text:
                values.setdefault(symbol, {})[column.head.name] = Value(text, self.sheet.label, line)
            elif column.head.name == "close":
                self.found.untraded += 1
        for symbol, fields in values.items():
            self._keep(symbol, day, fields, line)

    def _keep(self, symbol: str, day: str, fields: dict[str, Value], line: int) -> None:
        days = self.found.bars.setdefault(symbol, {})
        for name, value in fields.items():
            old = days.setdefault(day, {}).setdefault(name, value)
            if old is not value and Decimal(old.text) != Decimal(value.text):
                self.fault(line, symbol, day, "date", day, "date_twice", other=old.line)

    def _action(self, line: int, row: Sequence[str]) -> None:
        progress, cell = self.cell(row, "progress"), self.cell(row, "ex_date")
        if (progress and progress not in DONE) or plain_cell(cell).upper() in BLANKS | {"NAT"}:
            self.found.skipped += 1
            return
        symbol = self._subject(line, row)
        if symbol is None:
            return
        day, code = read_day(cell)
        if code:
            self.fault(line, str(symbol), "", "ex_date", cell, code)
            return
        terms = self._terms(line, row, str(symbol), day)
        if terms is not None and terms != ("", ""):
            values = tuple(Value(text, self.sheet.label, line) for text in terms)
            self._add_action(str(symbol), day, (values[0], values[1]), line)

    def _terms(self, line: int, row: Sequence[str], symbol: str, day: str) -> tuple[str, str] | None:
        """(gross cash per share, split ratio) of a row; None with a fault for a cell that cannot be read."""
        plan = self.cell(row, "plan")
        numbers: dict[str, str] = {}
        for name in self.places.keys() - {"plan", "ex_date", "code", "name", "progress"}:
            numbers[name], code = read_number(self.cell(row, name))
            if code:
                self.fault(line, symbol, day, name, self.cell(row, name), code)
                return None
        if plan and not numbers.keys() & {"cash_per_share", "cash_per_ten"}:
            found = read_plan(plan)
            if found is None:
                self.fault(line, symbol, day, "plan", plan, "plan_unread")
            return found
        return _terms_of(numbers)

    def _add_action(self, symbol: str, day: str, terms: tuple[Value, Value], line: int) -> None:
        old = self.found.actions.setdefault((symbol, day), terms)
        if old is not terms and [each.text for each in old] != [each.text for each in terms]:
            self.fault(line, symbol, day, "ex_date", day, "export_action_twice", own=symbol, other=old[0].line)

    def _name(self, line: int, row: Sequence[str]) -> None:
        symbol = self._subject(line, row)
        if symbol is not None and self.cell(row, "name"):
            dates = [read_day(cell)[0] if (cell := self.cell(row, each)) else "" for each in ("listed", "delisted")]
            self.found.names[str(symbol)] = (self.cell(row, "name"), dates[0], dates[1])

    def _drop_rounded(self) -> None:
        """A column in which some numbers are rounded to 万 or 亿 is no column of exact numbers."""
        for days in self.found.bars.values():
            for fields in days.values():
                for name in self.found.rounded:
                    fields.pop(name, None)


def _is_part_of_cent(symbol: str, text: str) -> bool:
    """Whether a close of an A share is no whole cent, to a hundredth of one: files may hold 32-bit numbers."""
    if not parse_symbol(symbol).is_a_share:
        return False
    cents = Decimal(text) * 100
    return abs(cents - cents.to_integral_value()) > Decimal("0.01")


def _terms_of(numbers: dict[str, str]) -> tuple[str, str]:
    def of(name: str) -> Decimal:
        return Decimal(numbers.get(name) or 0)

    cash = of("cash_per_share") + of("cash_per_ten") / 10
    ratio = of("split_ratio") if numbers.get("split_ratio") else 1 + of("stock_per_share")
    ratio += (of("bonus_per_ten") + of("transfer_per_ten")) / 10
    known = (
        "cash_per_share" not in numbers
        or "split_ratio" not in numbers
        or (numbers["cash_per_share"] and numbers["split_ratio"])
    )
    if not known:
        return numbers["cash_per_share"], numbers["split_ratio"]
    return ("", "") if cash == 0 and ratio == 1 else (f"{cash.normalize():f}", f"{ratio.normalize():f}")


def _is_foot(row: Sequence[str]) -> bool:
    """Whether a row is a source or note below the numbers: words in one or two cells."""
    cells: Iterator[str] = (plain_cell(cell).lower() for cell in row if cell)
    first = next(cells, "")
    return first.startswith(FOOTS) and sum(bool(cell) for cell in row) <= 2
