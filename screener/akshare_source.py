"""Prices, corporate actions, names and ratings through akshare: the only module that knows it.

Every function asks one source once and maps what came back by name to one schema: plain Asia/Shanghai dates, CNY, shares.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from screener.fetching import FetchError
from screener.symbols import Symbol

BAR_COLUMNS = ("session", "open", "high", "low", "close", "volume", "amount")
ACTION_COLUMNS = ("ex_date", "cash_per_share", "split_ratio")


class SourceError(FetchError):
    """A source gave nothing usable: see FetchError for `may_pass`, `refused`, `excerpt`; codes in words/fetching.toml."""


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
            Source("sina_dividends", "vip.stock.finance.sina.com.cn", ("新浪分红配股", "Sina dividends")),
            Source("eastmoney_reports", "reportapi.eastmoney.com", ("东方财富研报", "Eastmoney research reports")),
            Source("exchanges", "query.sse.com.cn", ("交易所股票列表", "the exchanges' lists")),
            Source("sina_calendar", "finance.sina.com.cn", ("新浪交易日历", "Sina trading calendar")),
        )
    }
)


def bar_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of daily bars of `symbol`, in the order in which they are asked; empty = no source has it."""
    raise NotImplementedError


def action_sources(symbol: Symbol) -> tuple[str, ...]:
    """Names of the sources of corporate actions; empty for an index and where no source has them (Hong Kong, B shares)."""
    raise NotImplementedError


def fetch_bars(source: str, symbol: Symbol, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Unadjusted daily bars from `start` to `end` (both included), ascending, columns BAR_COLUMNS.

    session datetime64[s]; prices CNY (HKD for Hong Kong); volume in shares (NaN for an index), amount in CNY (NaN where
    the source has none). Faulty values (negative, '-', twice the same date, a weekend) are handed on as found, '-' as NaN:
    `bars.check_bars` judges them. `frame.attrs`: `name` as the source calls it ("" = not said), `asked_as` the symbol asked.
    No rows at all is an error (`source_empty`; `source_unknown_symbol` where the source says so), never an empty frame.
    """
    raise NotImplementedError


def fetch_forward_adjusted(source: str, symbol: Symbol, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """A vendor's 前复权 closes (session, close), for checking actions only: may be additive, negative, drifting.

    Sources: eastmoney, tencent.
    """
    raise NotImplementedError


def fetch_actions(source: str, symbol: Symbol) -> pd.DataFrame:
    """Corporate actions with an ex-date, ascending, columns ACTION_COLUMNS (ex_date datetime64[s]).

    cash_per_share: gross CNY per share before; split_ratio: shares after per share before; a rights issue has NaN
    split_ratio. An empty frame = the source has the company and no dividends on record; a failure is a SourceError.
    """
    raise NotImplementedError


def fetch_names() -> pd.DataFrame:
    """Every listed A share: symbol ("600498.SH"), name."""
    raise NotImplementedError


def fetch_sessions() -> list[dt.date]:
    """Trading days of the mainland exchanges, ascending; the list also holds days yet to come."""
    raise NotImplementedError


def fetch_ratings(symbol: Symbol) -> pd.DataFrame:
    """Sell-side reports on a stock: symbol, date (datetime64[s]), house, rating (as printed), title, code."""
    raise NotImplementedError
