"""Who has the data of which security: places to ask, their hosts, and the order of asking per board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from screener.terms.symbols import Symbol


@dataclass(frozen=True)
class Source:
    """One place to ask: `name` in options and records, `host` for pacing and the breaker, `title` for people (zh, en)."""

    name: str
    host: str
    title: tuple[str, str]


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source("eastmoney", "push2his.eastmoney.com", ("东方财富", "Eastmoney")),
            Source("eastmoney_hk", "33.push2his.eastmoney.com", ("东方财富港股", "Eastmoney, Hong Kong")),
            Source("sina", "finance.sina.com.cn", ("新浪财经", "Sina Finance")),
            Source("tencent", "proxy.finance.qq.com", ("腾讯证券", "Tencent")),
            Source("csindex", "www.csindex.com.cn", ("中证指数", "China Securities Index")),
            Source("swsresearch", "www.swsresearch.com", ("申万宏源研究", "Shenwan Hongyuan Research")),
            Source("eastmoney_dividends", "datacenter-web.eastmoney.com", ("东方财富分红", "Eastmoney dividends")),
            Source("eastmoney_shares", "datacenter-web.eastmoney.com", ("东方财富估值分析", "Eastmoney valuation")),
            Source("sina_dividends", "vip.stock.finance.sina.com.cn", ("新浪分红配股", "Sina dividends")),
            Source("eastmoney_reports", "reportapi.eastmoney.com", ("东方财富研报", "Eastmoney research reports")),
            Source("exchanges", "query.sse.com.cn", ("交易所股票列表", "the exchanges' lists")),
            Source("sina_calendar", "finance.sina.com.cn", ("新浪交易日历", "Sina trading calendar")),
        )
    }
)

# Which source has which board, in the order of asking. Tencent has no Beijing stocks; nobody here has B shares in CNY.
_STOCK_SOURCES: Mapping[str, tuple[str, ...]] = {
    "main": ("eastmoney", "sina", "tencent"),
    "chinext": ("eastmoney", "sina", "tencent"),
    "star": ("eastmoney", "sina", "tencent"),
    "bse": ("eastmoney",),
    "hk": ("eastmoney_hk",),
}
_ACTION_SOURCES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("main", "chinext", "star"), ("eastmoney_dividends", "sina_dividends")),
    "bse": ("eastmoney_dividends",),
}


def bar_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of daily bars of `symbol`, in the order in which they are asked; empty = no source has it.

    The CSI 300 total return and H-codes: csindex alone. 申万 indices: swsresearch alone, no other house computes them.
    """
    if symbol.kind == "stock":
        return _STOCK_SOURCES.get(symbol.board, ())
    if str(symbol) == "000300.SH":
        return ("csindex", "eastmoney", "sina")
    if symbol.exchange == "CSI":
        return ("csindex", "eastmoney") if symbol.code.isdigit() else ("csindex",)
    if symbol.exchange == "SI":
        return ("swsresearch",)
    if symbol.exchange in ("SH", "SZ") and symbol.code.startswith(("000", "399")):
        return ("eastmoney", "sina")
    return ()


def action_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of corporate actions; empty for an index and where no source has them (Hong Kong, B shares)."""
    return _ACTION_SOURCES.get(symbol.board, ())


def share_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of float share counts; empty for an index and where no source has them (Hong Kong, B shares)."""
    return ("eastmoney_shares",) if symbol.board in _ACTION_SOURCES else ()
