"""What the head of a column says: our name for it, the unit of its numbers, and whether its prices are adjusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from screener.sources.exports.cells import plain_cell

# Our name → what terminals, libraries and people call it, in lower case without units.
WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "date": (
            "date",
            "日期",
            "交易日期",
            "交易日",
            "trade_date",
            "时间",
            "交易时间",
            "datetime",
            "截止日期",
            "day",
            "tradedate",
        ),
        "code": (
            "code",
            "代码",
            "股票代码",
            "证券代码",
            "指数代码",
            "ts_code",
            "symbol",
            "wind代码",
            "thscode",
            "ticker",
            "交易代码",
        ),
        "name": ("name", "名称", "股票名称", "证券简称", "证券名称", "股票简称", "简称", "sec_name"),
        "open": ("open", "开盘", "开盘价", "今开"),
        "high": ("high", "最高", "最高价"),
        "low": ("low", "最低", "最低价"),
        "close": ("close", "收盘", "收盘价", "收盘点位", "price", "close price", "最新", "收市价"),
        "volume": ("volume", "vol", "成交量", "总手", "成交数量", "交易量"),
        "amount": ("amount", "成交额", "成交金额", "金额", "turnover", "amt", "总金额", "成交总额"),
        "pre_close": ("pre_close", "preclose", "前收盘", "前收盘价", "昨收", "昨收盘", "前收"),
        "adj_factor": ("adj_factor", "factor", "复权因子", "累计复权因子"),
        "adjust_flag": ("adjustflag", "复权状态"),
        "listed": ("listed", "上市日期", "list_date"),
        "delisted": ("delisted", "退市日期", "delist_date"),
        "ex_date": ("ex_date", "除权除息日", "除权日", "除息日", "除权除息日期", "除净日"),
        "cash_per_share": (
            "cash_per_share",
            "cash_div_tax",
            "每股派息",
            "每股股利",
            "每股派息税前",
            "每股股利税前",
            "每股现金分红",
            "cash_hkd",
        ),
        "split_ratio": ("split_ratio", "拆股比例"),
        "stock_per_share": ("stk_div", "每股送转", "每股送转股"),
        "cash_per_ten": ("派息", "每10股派息", "派息税前", "10股派息", "现金分红-现金分红比例", "每10股派现"),
        "bonus_per_ten": ("送股", "送股比例", "每10股送股", "送转股份-送股比例"),
        "transfer_per_ten": ("转增", "转增比例", "转增股本", "每10股转增", "送转股份-转股比例"),
        "plan": (
            "分红方案",
            "分配方案",
            "方案说明",
            "分红送转",
            "分红送转方案",
            "方案",
            "实施方案",
            "分红说明",
            "分红方案说明",
        ),
        "progress": ("progress", "div_proc", "进度", "方案进度"),
    }
)
_NAMES = {word: name for name, words in WORDS.items() for word in words}
PRICE_FIELDS = ("open", "high", "low", "close", "pre_close")
BAR_FIELDS = (*PRICE_FIELDS, "volume", "amount", "adj_factor")
# Unit → what its numbers are multiplied by to be CNY, shares, points.
UNITS: Mapping[str, Decimal] = MappingProxyType(
    {"元": Decimal(1), "千元": Decimal(1000), "万元": Decimal(10_000), "百万元": Decimal(1_000_000)}
    | {"亿元": Decimal(100_000_000), "亿": Decimal(100_000_000), "万": Decimal(10_000), "点": Decimal(1), "元/股": Decimal(1)}
    | {"股": Decimal(1), "手": Decimal(100), "百股": Decimal(100), "万股": Decimal(10_000), "万手": Decimal(1_000_000)}
    | {"亿股": Decimal(100_000_000), "cny": Decimal(1), "港元": Decimal(1), "人民币": Decimal(1), "rmb": Decimal(1)}
)
_ADJUSTED = re.compile(r"前复权|后复权|等比|qfq|hfq|forward|backward|(?<!un)adj(?:usted|\b)(?!_)", re.IGNORECASE)
_RAW = re.compile(r"不复权|未复权|除权价|unadjusted|raw", re.IGNORECASE)
_BRACKET = re.compile(r"[(\[【{]([^()\[\]【】{}]*)[)\]】}]")
# 通达信, Choice and Wind put what they chose into the head: [单位]元 [复权方式]不复权 [交易日期]最新.
_OPTION = re.compile(r"[\[【]([^\]】]+)[\]】]\s*([^\[【\s]+)")


@dataclass(frozen=True)
class Head:
    """What a head says: `name` is ours, `unit` as printed ("" = none), `factor` what the numbers are multiplied by."""

    name: str
    printed: str
    unit: str = ""
    factor: Decimal = Decimal(1)


def read_head(text: str) -> Head | None:
    """What the head of a column says; None for a word that is none of ours."""
    printed = re.sub(r"\s+", " ", plain_cell(text))
    options = {key: value for key, value in _OPTION.findall(printed) if key in ("单位", "复权方式", "交易日期", "币种", "周期")}
    word = _OPTION.sub("", printed) if options else printed
    unit = options.get("单位", "")
    for inside in _BRACKET.findall(word):
        unit = inside.strip().lower() if inside.strip().lower() in UNITS else unit
    stem = re.sub(r"\s*[:_]\s*(?:" + "|".join(sorted(UNITS, key=len, reverse=True)) + r")$", "", _BRACKET.sub("", word).strip())
    if stem != _BRACKET.sub("", word).strip() and not unit:
        unit = re.split(r"[:_]", _BRACKET.sub("", word).strip())[-1].strip().lower()
    name = _NAMES.get(stem.strip().lower()) or _NAMES.get(stem.replace(" ", "").lower())
    return None if name is None else Head(name, printed, unit, UNITS.get(unit, Decimal(1)))


def adjustment_of(*texts: str) -> str:
    """The word by which a head, title or file name says that its prices are adjusted; "" where none does."""
    for text in texts:
        cleaned = _RAW.sub("", plain_cell(text))
        match = _ADJUSTED.search(cleaned)
        if match:
            return match[0]
    return ""
