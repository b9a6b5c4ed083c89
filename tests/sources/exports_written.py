"""The bundled closes and actions as twelve kinds of people save them; volumes and amounts are made up to fit the closes."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl

from tests.conftest import ROOT

DATA = ROOT / "screener" / "data"
INDICES = {"000300": "000300.SH", "H00300": "H00300.CSI", "931160": "931160.CSI", "801770": "801770.SI"}


@dataclass(frozen=True)
class Bar:
    """One session of one code, as text: prices in CNY, volume in shares, amount in CNY."""

    day: dt.date
    close: str
    volume: int

    @property
    def amount(self) -> Decimal:
        return Decimal(self.close) * self.volume


@dataclass(frozen=True)
class Facts:
    """What every layout is written from: bars by code, actions (code, day, cash, ratio), names by code."""

    bars: dict[str, list[Bar]]
    actions: list[tuple[str, dt.date, Decimal, Decimal]]
    names: dict[str, str]

    @property
    def stocks(self) -> dict[str, list[Bar]]:
        return {code: bars for code, bars in self.bars.items() if code not in INDICES}

    @property
    def indices(self) -> dict[str, list[Bar]]:
        return {code: bars for code, bars in self.bars.items() if code in INDICES}


def read_facts() -> Facts:
    with (DATA / "closes.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (DATA / "actions.csv").open() as file:
        actions = [
            (row["code"], dt.date.fromisoformat(row["ex_date"]), Decimal(row["cash_per_share"]), Decimal(row["split_ratio"]))
            for row in csv.DictReader(file)
        ]
    with (DATA / "names.csv").open(encoding="utf-8") as file:
        names = {
            row["symbol"].partition(".")[0]: row["name"] for row in csv.DictReader(file) if not row["symbol"].endswith("HK")
        }
    bars = {
        code: [
            Bar(dt.date.fromisoformat(row["date"]), row[code], 100 * (20_000 + at)) for at, row in enumerate(rows) if row[code]
        ]
        for code in list(rows[0])[1:]
    }
    return Facts(bars, actions, names)


def dotted(code: str) -> str:
    return INDICES.get(code) or f"{code}.{'SH' if code.startswith('6') else 'SZ'}"


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def write_csv(path: Path, rows: Iterable[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def write_book(path: Path, sheets: dict[str, Iterable[Sequence[object]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


def own_actions(facts: Facts, folder: Path) -> None:
    rows = [(code, day, plain(cash), plain(ratio)) for code, day, cash, ratio in facts.actions]
    write_csv(folder / "actions.csv", [("code", "ex_date", "cash_per_share", "split_ratio"), *rows])


def plan(cash: Decimal, ratio: Decimal) -> str:
    parts = [f"转{plain((ratio - 1) * 10)}"] if ratio != 1 else []
    return "10" + "".join([*parts, *([f"派{plain(cash * 10)}元(含税)"] if cash else [])])


def wind_long(facts: Facts, folder: Path) -> None:
    head = [
        "证券代码",
        "证券简称",
        "交易日期",
        "开盘价(元)",
        "最高价(元)",
        "最低价(元)",
        "收盘价(元)",
        "成交量(股)",
        "成交额(元)",
        "涨跌幅(%)",
    ]
    rows = [
        (
            dotted(code),
            facts.names[code],
            dt.datetime.combine(bar.day, dt.time()),
            *[float(bar.close)] * 4,
            bar.volume,
            float(bar.amount),
            0.5,
        )
        for code, bars in facts.bars.items()
        for bar in bars
    ]
    write_book(folder / "行情序列.xlsx", {"Sheet1": [["Wind资讯 沪深行情序列"], head, *rows, [], ["数据来源：Wind"]]})
    actions = [(dotted(code), facts.names[code], day, plan(cash, ratio), "实施") for code, day, cash, ratio in facts.actions]
    write_book(
        folder / "分红送转.xlsx",
        {"万得": [["证券代码", "证券简称", "除权除息日", "分红送转方案", "方案进度"], *actions, ["数据来源：Wind"]]},
    )


def wind_wide(facts: Facts, folder: Path) -> None:
    days = sorted({bar.day for bars in facts.bars.values() for bar in bars})
    closes = {code: {bar.day: bar.close for bar in bars} for code, bars in facts.bars.items()}
    table = [
        [
            (day - dt.date(1899, 12, 30)).days,
            *[float(closes[code][day]) if day in closes[code] else None for code in facts.bars],
        ]
        for day in days
    ]
    heads = [["", *map(dotted, facts.bars)], ["日期", *["收盘价(元)"] * len(facts.bars)]]
    write_book(folder / "收盘价.xlsx", {"Wind": [*heads, *table, ["数据来源：Wind"]]})
    own_actions(facts, folder)


def choice(facts: Facts, folder: Path) -> None:
    head = ["证券代码", "证券名称", "交易时间", "收盘价(元)", "成交量(手)", "成交额(万元)"]
    rows = [
        (
            dotted(code),
            facts.names[code],
            f"{bar.day.year}/{bar.day.month}/{bar.day.day}",
            bar.close,
            bar.volume // 100,
            plain(bar.amount / 10000),
        )
        for code, bars in facts.bars.items()
        for bar in bars
    ]
    write_csv(folder / "Choice导出.csv", [head, *rows, ["数据来源：东方财富Choice数据"]], encoding="gb18030")
    own_actions(facts, folder)


def ifind(facts: Facts, folder: Path) -> None:
    days = sorted({bar.day for bars in facts.bars.values() for bar in bars})
    closes = {code: {bar.day: bar.close for bar in bars} for code, bars in facts.bars.items()}
    names = [facts.names[code] if code not in ("H00300",) else "H00300.CSI" for code in facts.bars]
    rows = [[f"{day.year}年{day.month}月{day.day}日", *[closes[code].get(day, "--") for code in facts.bars]] for day in days]
    write_csv(
        folder / "iFinD_收盘价.csv", [["收盘价(元)"], ["时间", *names], *rows, ["数据来源：同花顺iFinD"]], encoding="utf-8-sig"
    )
    own_actions(facts, folder)


def hexin(facts: Facts, folder: Path) -> None:
    for code, bars in facts.bars.items():
        stem = f"{'SH' if code.startswith('6') else 'SZ'}{code}" if code not in INDICES else INDICES[code]
        rows = [
            (f"{bar.day},{'一二三四五六日'[bar.day.weekday()]}", *[bar.close] * 4, bar.volume, plain(bar.amount), "1.2%")
            for bar in bars
        ]
        head = ["时间", "开盘", "最高", "最低", "收盘", "总手", "金额", "涨幅"]
        write_csv(folder / f"{stem}.xls", [head, *rows], encoding="gbk", delimiter="\t")
    own_actions(facts, folder)


def tdx(facts: Facts, folder: Path) -> None:
    for code, bars in facts.bars.items():
        stem = f"{'SH' if code.startswith('6') else 'SZ'}#{code}" if code not in INDICES else INDICES[code]
        rows = [(f"{bar.day:%Y/%m/%d}", *[bar.close] * 4, bar.volume, plain(bar.amount)) for bar in bars]
        head = ["      日期", "    开盘", "    最高", "    最低", "    收盘", "    成交量", "    成交额"]
        title = [f"{code} {facts.names[code]} 日线 不复权"]
        write_csv(folder / f"{stem}.txt", [title, head, *rows, ["数据来源:通达信"]], encoding="gbk", delimiter="\t")
    own_actions(facts, folder)


def eastmoney(facts: Facts, folder: Path) -> None:
    for code, bars in facts.bars.items():
        rows = [(bar.day, *[bar.close] * 4, bar.volume // 100, plain(bar.amount), "--", "0.31") for bar in bars]
        head = ["时间", "开盘", "收盘", "最高", "最低", "成交量", "成交额", "振幅", "换手率"]
        write_csv(folder / f"{INDICES.get(code, code)}.csv", [head, *rows], encoding="utf-8-sig")
    own_actions(facts, folder)


def tushare(facts: Facts, folder: Path) -> None:
    head = ["ts_code", "trade_date", "open", "high", "low", "close", "pre_close", "change", "pct_chg", "vol", "amount"]
    for name, group in (("daily", facts.stocks), ("index_daily", facts.indices)):
        rows = [
            (dotted(code), f"{bar.day:%Y%m%d}", *[bar.close] * 4, "", "", "", bar.volume // 100, plain(bar.amount / 1000))
            for code, bars in group.items()
            for bar in reversed(bars)
        ]
        write_csv(folder / f"{name}.csv", [head, *rows])
    factors = [(dotted(code), f"{bar.day:%Y%m%d}", "1.0") for code, bars in facts.stocks.items() for bar in bars]
    write_csv(folder / "adj_factor.csv", [("ts_code", "trade_date", "adj_factor"), *factors])
    plans = [
        (dotted(code), "20231231", "实施", plain(ratio - 1), plain(cash * Decimal("0.8")), plain(cash), f"{day:%Y%m%d}")
        for code, day, cash, ratio in facts.actions
    ]
    planned = ("600941.SH", "20231231", "预案", "0", "1.9", "2.4", "")
    head = ["ts_code", "end_date", "div_proc", "stk_div", "cash_div", "cash_div_tax", "ex_date"]
    write_csv(folder / "dividend.csv", [head, planned, *plans])


def baostock(facts: Facts, folder: Path) -> None:
    head = ["date", "code", "open", "high", "low", "close", "preclose", "volume", "amount", "adjustflag"]
    head += ["turn", "tradestatus", "pctChg", "isST"]
    for code, bars in facts.stocks.items():
        dotted_first = f"{'sh' if code.startswith('6') else 'sz'}.{code}"
        rows = [
            (bar.day, dotted_first, *[bar.close] * 4, "", bar.volume, plain(bar.amount), 3, "0.1", 1, "0.2", 0) for bar in bars
        ]
        write_csv(folder / f"{dotted_first}.csv", [head, *rows])
    for code, bars in facts.indices.items():
        write_csv(folder / "index" / f"{code}.csv", [("date", "close"), *((bar.day, bar.close) for bar in bars)])
    own_actions(facts, folder)


def akshare(facts: Facts, folder: Path) -> None:
    head = ["", "日期", "股票代码", "开盘", "收盘", "最高", "最低", "成交量", "成交额", "振幅", "涨跌幅", "涨跌额", "换手率"]
    for code, bars in facts.stocks.items():
        rows = [
            (at, bar.day, code, *[bar.close] * 4, bar.volume // 100, plain(bar.amount), 0, 0, 0, 0)
            for at, bar in enumerate(bars)
        ]
        write_csv(folder / f"{code}.csv", [head, *rows])
        own = [(day, cash, ratio) for each, day, cash, ratio in facts.actions if each == code]
        plans = [
            (at, "2024-04-01", 0, plain((ratio - 1) * 10), plain(cash * 10), "实施", day, "2024-05-01", "--")
            for at, (day, cash, ratio) in enumerate(own)
        ]
        list_head = ["", "公告日期", "送股", "转增", "派息", "进度", "除权除息日", "股权登记日", "红股上市日"]
        if own:
            write_csv(folder / f"{code}_分红.csv", [list_head, *plans])
    for code, bars in facts.indices.items():
        rows = [(at, bar.day, *[bar.close] * 4) for at, bar in enumerate(bars)]
        write_csv(folder / "index" / f"{code}.csv", [("", "date", "open", "close", "high", "low"), *rows])


def colleague(facts: Facts, folder: Path) -> None:
    def rows(code: str) -> Iterable[Sequence[object]]:
        yield ["日期", "收盘", "成交额"]
        for at, bar in enumerate(facts.bars[code]):
            day = f"{bar.day.year}/{bar.day.month}/{bar.day.day}"
            close = f"{Decimal(bar.close):,f}"
            wide = "".join(chr(ord(each) + 0xFEE0) for each in close) if at % 50 == 7 else close
            yield [day, wide, f"{bar.amount:,f}"]

    sheets = {facts.names[code] if code != "H00300" else "H00300.CSI": rows(code) for code in facts.bars}
    write_book(folder / "收盘价汇总.xlsx", sheets)
    own_actions(facts, folder)


def yahoo(facts: Facts, folder: Path) -> None:
    for code, bars in facts.bars.items():
        stem = INDICES.get(code) or f"{code}.{'SS' if code.startswith('6') else 'SZ'}"
        rows = [(f"{bar.day} 00:00:00+08:00", *[bar.close] * 4, f"{float(bar.close) * 0.97:.6f}", bar.volume) for bar in bars]
        write_csv(folder / f"{stem}.csv", [("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"), *rows])
    own_actions(facts, folder)


LAYOUTS: dict[str, Callable[[Facts, Path], None]] = {
    "Wind long": wind_long,
    "Wind wide": wind_wide,
    "Choice": choice,
    "iFinD": ifind,
    "同花顺": hexin,
    "通达信": tdx,
    "东方财富": eastmoney,
    "Tushare": tushare,
    "baostock": baostock,
    "akshare": akshare,
    "colleague": colleague,
    "Yahoo": yahoo,
}
