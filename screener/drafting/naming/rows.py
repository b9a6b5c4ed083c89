"""Tables that list recommended names: rows of code, name, rating and target price under a caption that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screener.drafting.lines.layout import heading
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.naming.clause import CODE
from screener.drafting.naming.known import Code, NameIndex, read_code
from screener.drafting.words import rating_words
from screener.terms.names import plain_name

_GOOD = re.compile(
    r"重点(?:推荐|关注|公司|标的|跟踪|覆盖|个股)|推荐(?:标的|公司|组合|个股|名单)|建议关注|受益(?:标的|公司|个股)|相关(?:标的|公司|个股)|投资组合|投资建议|投资评级|覆盖(?:公司|标的)|金股|关注(?:标的|公司|个股)|标的(?:盈利预测|估值|梳理|推荐)"
)
_BAD = re.compile(
    r"可比|对比|比较|涨跌|涨幅|跌幅|排名|持股|解禁|成交|公告|产能|营收|收入|市占|份额|大宗|融资|北向|沪深港通|中标|募|客户|供应商|竞争|回购|股东|研发|目录|行业指数|动态|新闻|复盘|参与(?:者|公司|厂商)|布局|一览"
)
_CAPTION = re.compile(r"^\W{0,4}(?:图表?|表格?)\s{0,2}\d{0,3}|盈利预测|估值表")
_HEAD_CELL = re.compile(
    r"代码|名称|简称|公司|评级|股价|收盘|EPS|PE|P/E|目标价|标的|市值|归母|细分|环节|领域|板块|备注|推荐理由|逻辑", re.IGNORECASE
)
_FIGURE = re.compile(r"[-+]?[\d,]{1,12}(?:\.\d{1,6})?[%xXAEP]{0,2}|-{1,3}|N/?A|/|")
_TARGET_HEAD = re.compile(r"目标价")


@dataclass(frozen=True)
class TableRow:
    """A row that lists a security: name as printed, securities it may mean, code, rating, target price, group, its line."""

    name: str
    symbols: tuple[str, ...]
    code: Code | None
    rating: str | None
    target: float | None
    group: str
    line: Line


@dataclass
class _Table:
    good: bool = False
    bad: bool = False
    rated: bool = False
    target: int = -1
    group: str = ""
    heads: int = 0


def table_rows(report: ReportText, index: NameIndex) -> Iterator[TableRow]:
    """The rows of recommending tables of front page and body."""
    table, scope = _Table(), False
    for line in report.of("front", "body"):
        title = heading(line)
        if title is not None:
            scope = bool(_GOOD.search(title)) and not _BAD.search(title)
        cells = _cells(line)
        if len(cells) < 2:
            table = _captioned(line, table, scope)
        elif _is_head(cells):
            table = _headed(cells, table, scope)
        else:
            row = _row(cells, line, table, index)
            if row is not None and (table.good or (row.rating and table.rated)) and not (table.bad and not row.rating):
                yield row


def _cells(line: Line) -> list[str]:
    """The cells of a row; of a row whose cells only spaces part, where a code or figures show that it is one."""
    if line.is_row:
        return [cell.strip(" *") for cell in re.split(r"[|\t]", line.half.strip("| "))]
    if " " not in line.half or len(line.half) > 200:
        return []
    parts = line.half.split()
    figures = sum(bool(_FIGURE.fullmatch(part)) for part in parts)
    coded = any(re.fullmatch(CODE, part, re.IGNORECASE) for part in parts)
    rated = any(part in rating_words() for part in parts)
    return parts if 2 <= len(parts) <= 24 and ((coded and (figures >= 2 or rated)) or figures >= 3) else []


def _captioned(line: Line, table: _Table, scope: bool) -> _Table:
    """What a caption or a line of text between rows makes of the next table."""
    half = line.half[:80]
    if re.match(r"\W{0,4}(?:资料|数据)来源|\W{0,3}注", half):
        return _Table(good=scope)
    if _CAPTION.search(half) or (len(half) < 30 and _GOOD.search(half)):
        bad = _BAD.search(half) is not None
        return _Table(good=_GOOD.search(half) is not None and not bad, bad=bad)
    return table if len(half) < 24 else _Table(good=scope)


def _is_head(cells: Sequence[str]) -> bool:
    words = sum(bool(_HEAD_CELL.search(cell)) and len(cell) <= 14 for cell in cells)
    return words >= 2 and not any(re.fullmatch(r"\d{6}(?:\.\w{2})?", cell) for cell in cells)


def _headed(cells: Sequence[str], table: _Table, scope: bool) -> _Table:
    rated = any("评级" in cell for cell in cells)
    target = next((at for at, cell in enumerate(cells) if _TARGET_HEAD.search(cell)), -1)
    good = (
        table.good
        or (scope and not table.bad)
        or any(re.search(r"推荐|受益|建议关注", cell) and len(cell) < 8 for cell in cells)
    )
    return _Table(good, table.bad, rated, target, "", len(cells))


def _row(cells: Sequence[str], line: Line, table: _Table, index: NameIndex) -> TableRow | None:
    code_at = next((at for at, cell in enumerate(cells) if re.fullmatch(CODE, cell, re.IGNORECASE)), None)
    name_at = _name_at(cells, code_at, index)
    if name_at is None:
        return None
    inner = re.search(rf"\(\s?({CODE})\s?\)", cells[name_at], re.IGNORECASE)
    code = read_code(cells[code_at]) if code_at is not None else read_code(inner[1]) if inner else None
    name = re.sub(r"\s{0,2}\([^()]{0,40}\)", "", cells[name_at]).strip()
    rating = next(
        (
            re.sub(r"-?[ABC]$|\(.{0,6}\)", "", cell)
            for cell in cells
            if re.sub(r"-?[ABC]$|\(.{0,6}\)", "", cell) in rating_words()
        ),
        None,
    )
    others = [
        cell
        for at, cell in enumerate(cells[: min(name_at, code_at if code_at is not None else name_at)])
        if cell and not _FIGURE.fullmatch(cell)
    ]
    if others and others[0] not in rating_words():
        table.group = others[0][:20]
    target = _number(cells[table.target]) if len(cells) == table.heads and table.target >= 0 else None
    symbols = index.symbols_of(plain_name(name)) or ((code.symbol,) if code and code.symbol else ())
    return TableRow(name, symbols, code, rating, target, table.group, line)


def _name_at(cells: Sequence[str], code_at: int | None, index: NameIndex) -> int | None:
    """The cell with the name: a known one, else the one beside the code that is no figure."""
    for at, cell in enumerate(cells):
        if index.symbols_of(plain_name(re.sub(r"\s{0,2}\([^()]{0,40}\)", "", cell))):
            return at
    beside = [] if code_at is None else [at for at in (code_at + 1, code_at - 1) if 0 <= at < len(cells)]
    return next(
        (at for at in beside if re.match(r"[一-鿿*]", cells[at]) and len(cells[at]) <= 10 and cells[at] not in rating_words()),
        None,
    )


def _number(cell: str) -> float | None:
    found = re.fullmatch(r"([\d,]{1,8}(?:\.\d{1,3})?)(?:元|港元)?", cell)
    return float(found[1].replace(",", "")) if found else None
