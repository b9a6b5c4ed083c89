"""Prices, corporate actions, names and ratings through akshare: the only module that knows it.

Every function asks one source once and maps what came back by name to one schema: plain Asia/Shanghai dates, CNY, shares.
akshare names several replies by position; those are read from the reply itself, by key.
"""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import requests

from screener.columns import (
    ACTION_COLUMNS,
    BAR_COLUMNS,
    PRICE_COLUMNS,
    check_count,
    check_scale,
    data_of,
    day_of,
    read_bars,
    read_days,
    read_index_records,
    read_numbers,
    rename,
    sum_actions,
    volume_unit,
    within,
    without_volume,
)
from screener.fetching import further_request
from screener.replies import BadStatus, Form, Reply, SourceError, bad_status, check_forms, listening, no_reply, unread
from screener.sessions import load_calendar
from screener.symbols import Symbol, current_symbol, stock_symbol

__all__ = [
    "ACTION_COLUMNS",
    "BAR_COLUMNS",
    "RATING_COLUMNS",
    "SOURCES",
    "Source",
    "SourceError",
    "action_sources",
    "bar_sources",
    "fetch_actions",
    "fetch_bars",
    "fetch_forward_adjusted",
    "fetch_names",
    "fetch_ratings",
    "fetch_sessions",
]
RATING_COLUMNS = ("symbol", "date", "house", "rating", "printed", "title", "code")


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
# Units of volume that a source may use, the documented one first; amount is CNY everywhere.
# akshare turns Tencent's lots into shares by a list of code prefixes, which is wrong for some boards, in both directions.
_VOLUME_UNITS: Mapping[str, tuple[float, ...]] = {
    "eastmoney": (100.0, 1.0),
    "sina": (1.0, 100.0),
    "tencent": (1.0, 100.0, 0.01),
}
# What an index must be called where its source says a name: a code is easily another security elsewhere.
_INDEX_NAMES = {"000300": "沪深300"}
_CSINDEX_PAGES = 60


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


def fetch_bars(source: str, symbol: Symbol, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Unadjusted daily bars from `start` to `end` (both included), ascending, columns BAR_COLUMNS.

    session datetime64[s]; prices CNY (HKD for Hong Kong); volume in shares (NaN for an index), amount in CNY (NaN where
    the source has none). Faulty values (negative, '-', twice the same date, a weekend) are handed on as found, '-' as NaN:
    `bars.check_bars` judges them. `frame.attrs`: `name` as the source calls it ("" = not said), `asked_as` the symbol asked
    (another one after a change of code). No rows at all is an error (`source_empty`; `source_unknown_symbol` where the
    source says so), never an empty frame.
    """
    if source not in bar_sources(symbol):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    asked = current_symbol(symbol)
    frame = _BARS[source](asked, start, end)
    frame = within(frame, start, end)
    if frame.empty:
        raise _empty(source, symbol, start, end)
    if asked.exchange != "HK":  # where whole dollars are common
        check_scale(frame, _host(source))
    if asked.kind == "stock" and source in _VOLUME_UNITS:
        frame["volume"] *= volume_unit(frame, _VOLUME_UNITS[source], _host(source))
    frame.attrs["asked_as"] = str(asked)
    return frame


def fetch_forward_adjusted(source: str, symbol: Symbol, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """A vendor's 前复权 closes (session, close), for checking actions only: may be additive, negative, drifting.

    Sources: eastmoney, tencent. A vendor without a factor is `source_empty`.
    """
    if symbol.kind != "stock" or source not in bar_sources(symbol) or source not in ("eastmoney", "tencent"):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    asked = current_symbol(symbol)
    read = _eastmoney_stock if source == "eastmoney" else _tencent
    frame = within(read(asked, start, end, adjust="qfq"), start, end)
    if frame.empty:
        raise _empty(source, symbol, start, end)
    return frame[["session", "close"]]


def fetch_actions(source: str, symbol: Symbol) -> pd.DataFrame:
    """Corporate actions with an ex-date, ascending, columns ACTION_COLUMNS (ex_date datetime64[s]).

    cash_per_share: gross CNY per share before; split_ratio: shares after per share before; a rights issue has NaN
    split_ratio. Several on one ex-date are one row. An empty frame = the source has no dividends of the company on record;
    a failure is a SourceError. Only Sina lists rights issues.
    """
    if source not in action_sources(symbol):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    read = {"eastmoney_dividends": _eastmoney_actions, "sina_dividends": _sina_actions}[source]
    return read(current_symbol(symbol))


def fetch_names() -> pd.DataFrame:
    """Every listed A share: symbol ("600498.SH"), name. SourceError `list_truncated` when an exchange gave only a part."""
    frame, replies = _ask("exchanges", "stock_info_a_code_name", form="any")
    for reply in replies:
        said = reply.json
        if isinstance(said, dict) and isinstance(said.get("pageHelp"), dict):
            check_count(_host("exchanges"), len(said.get("result") or []), said["pageHelp"].get("total"))
    frame = rename(frame, {"code": "code", "name": "name"}, _host("exchanges"))
    listed = frame[frame["code"].astype(str).str.fullmatch(r"\d{6}")]  # the list of Shenzhen has blank lines
    symbols = [str(stock_symbol(code)) for code in listed["code"]]
    return pd.DataFrame({"symbol": symbols, "name": listed["name"].astype(str).str.strip().to_numpy()})


def fetch_sessions() -> list[dt.date]:
    """Trading days of the mainland exchanges, ascending; the list also holds days yet to come."""
    frame, _ = _ask("sina_calendar", "tool_trade_date_hist_sina", form="packed")
    days = read_days(rename(frame, {"trade_date": "session"}, _host("sina_calendar"))["session"], _host("sina_calendar"))
    return sorted({day.date() for day in days})


def fetch_ratings(symbol: Symbol) -> pd.DataFrame:
    """Sell-side reports on a stock: symbol, date (datetime64[s]), house, rating, printed, title, code; newest last.

    `rating`: in Eastmoney's own words; `printed`: in the house's, "" = not said; `code`: Eastmoney's number of the report.
    """
    names = {"publishDate": "date", "orgSName": "house", "emRatingName": "rating", "title": "title", "infoCode": "code"}
    _, replies = _ask("eastmoney_reports", "stock_research_report_em", symbol.code, form="json", tolerant=True)
    pages = [reply.json for reply in replies[1:] or replies]
    records = [record for page in pages for record in page.get("data") or []]
    if not records:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in RATING_COLUMNS})
    frame = rename(pd.DataFrame(records), names, _host("eastmoney_reports"))
    frame["printed"] = [record.get("sRatingName") or "" for record in records]
    frame["symbol"] = str(symbol)
    frame["date"] = read_days(frame["date"], _host("eastmoney_reports"))
    frame = frame[list(RATING_COLUMNS)].drop_duplicates()
    return frame.sort_values("date", kind="stable", ignore_index=True)


# --- bars, source by source ------------------------------------------------------------------------------------------


def _eastmoney(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    return _eastmoney_stock(symbol, start, end) if symbol.kind == "stock" else _eastmoney_index(symbol, start, end)


def _eastmoney_stock(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """Lots and CNY. akshare takes every code with a 6 for Shanghai, so only A and Beijing shares may come here."""
    frame, replies = _ask(
        "eastmoney",
        "stock_zh_a_hist",
        symbol.code,
        start_date=f"{start:%Y%m%d}",
        end_date=f"{end:%Y%m%d}",
        adjust=adjust,
        form="json",
        tolerant=True,
    )
    name = _check_kline(replies, "eastmoney", symbol, start, end)
    return read_bars(frame, _CHINESE, _host("eastmoney"), name=name)


def _eastmoney_index(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    prefix = {"SH": "sh", "SZ": "sz", "CSI": "csi"}[symbol.exchange]
    frame, replies = _ask(
        "eastmoney",
        "stock_zh_index_daily_em",
        prefix + symbol.code,
        start_date=f"{start:%Y%m%d}",
        end_date=f"{end:%Y%m%d}",
        form="json",
        tolerant=True,
    )
    name = _check_kline(replies, "eastmoney", symbol, start, end)
    return without_volume(read_bars(frame, _ENGLISH, _host("eastmoney"), name=name))


def _eastmoney_hk(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Shares and HKD; the whole history comes and is cut by akshare."""
    code = symbol.code.zfill(5)
    bounds = {"start_date": f"{start:%Y%m%d}", "end_date": f"{end:%Y%m%d}"}
    frame, replies = _ask("eastmoney_hk", "stock_hk_hist", code, **bounds, form="json", tolerant=True)
    name = _check_kline(replies, "eastmoney_hk", Symbol(code, "HK"), start, end)
    if not len(frame):
        raise _empty("eastmoney_hk", symbol, start, end)
    return read_bars(frame, _CHINESE, _host("eastmoney_hk"), name=name)


def _check_kline(replies: Sequence[Reply], source: str, symbol: Symbol, start: dt.date, end: dt.date) -> str:
    """The name in Eastmoney's reply, after making sure that the reply is about `symbol` and has rows."""
    data = data_of(replies[-1])
    if not data:
        raise SourceError("source_unknown_symbol", host=_host(source), symbol=str(symbol))
    _check_identity(source, symbol, str(data.get("code", symbol.code)), str(data.get("name", "")))
    if "klines" not in data:
        raise SourceError("columns_missing", host=_host(source), columns="klines", excerpt=replies[-1].body)
    if not data["klines"]:
        raise _empty(source, symbol, start, end)
    return str(data.get("name", ""))


def _sina(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history. Of akshare's two readers of stocks, the one for depositary receipts fits all of them.

    The other merges share counts into the bars, which adds a bar on every day on which the count changed and fails with
    the count (689009 has none).
    """
    code = symbol.exchange.lower() + symbol.code
    function = "stock_zh_a_cdr_daily" if symbol.kind == "stock" else "stock_zh_index_daily"
    frame, replies = _ask("sina", function, code, form="packed", tolerant=True)
    if b'=""' in replies[-1].body.replace(b" ", b""):
        raise _empty("sina", symbol, start, end)
    if symbol.kind == "stock":
        return read_bars(frame, _ENGLISH, _host("sina"))
    return without_volume(read_bars(frame.assign(amount=np.nan), _ENGLISH, _host("sina")))


def _tencent(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """A request for the first day and one a year, within one call; dates with dashes keep akshare from asking beyond."""
    code = symbol.exchange.lower() + symbol.code
    frame, replies = _ask(
        "tencent",
        "stock_zh_a_hist_tx",
        code,
        start_date=start.isoformat(),
        end_date=end.isoformat(),
        adjust=adjust,
        form="json",
        tolerant=True,
    )
    years = [_tencent_rows(reply, code) for reply in replies if "qq.com" in reply.host]
    if any(rows is None for rows in years):
        raise SourceError("source_unknown_symbol", host=_host("tencent"), symbol=str(symbol))
    if not any(years):
        raise _empty("tencent", symbol, start, end)
    return read_bars(frame, _ENGLISH, _host("tencent"))


def _tencent_rows(reply: Reply, code: str) -> list[object] | None:
    """The rows of one year; None when the code has no table of bars at all."""
    said = (reply.json.get("data") or {}).get(code) or {}
    return next((said[key] for key in ("day", "qfqday", "hfqday") if key in said), None)


def _csindex(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """10,000 lots and 100 million CNY, keys read by name. A reply may hold only the last part of the days asked for:

    then the earlier part is asked for by itself, until it is there or nothing more comes.
    """
    records: list[dict[str, Any]] = []
    expected = load_calendar("XSHG").first_on_or_after(start) or start
    until = end
    for page in range(_CSINDEX_PAGES):
        if page:
            further_request(_host("csindex"))
        found = _csindex_page(symbol, start, until)
        first = min((day_of(record.get("tradeDate")) or dt.date.max for record in found), default=dt.date.max)
        records = found + records
        if not found or first <= expected or first > until:
            break
        until = first - dt.timedelta(days=1)
    if not records:
        raise _empty("csindex", symbol, start, end)
    return read_index_records(records, _CSINDEX, _host("csindex"), name=str(records[0].get("indexNameCn") or ""), yuan=1e8)


def _csindex_page(symbol: Symbol, start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    bounds = (f"{start:%Y%m%d}", f"{end:%Y%m%d}")
    _, replies = _ask("csindex", "stock_zh_index_hist_csindex", symbol.code, *bounds, form="json", tolerant=True)
    records = list(data_of(replies[-1]) or [])
    for record in records[:1]:
        said = str(record.get("indexCode", symbol.code)), str(record.get("indexNameCn") or "")
        _check_identity("csindex", symbol, *said)
    return records


def _swsresearch(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history; 100 million CNY."""
    _, replies = _ask("swsresearch", "index_hist_sw", symbol.code, "day", form="json", tolerant=True)
    records = list(data_of(replies[-1]) or [])
    if not records:
        raise _empty("swsresearch", symbol, start, end)
    _check_identity("swsresearch", symbol, str(records[0].get("swindexcode", symbol.code)), "")
    return read_index_records(records, _SHENWAN, _host("swsresearch"), name="", yuan=1e8)


_BARS: Mapping[str, Callable[[Symbol, dt.date, dt.date], pd.DataFrame]] = {
    "eastmoney": _eastmoney,
    "eastmoney_hk": _eastmoney_hk,
    "sina": _sina,
    "tencent": _tencent,
    "csindex": _csindex,
    "swsresearch": _swsresearch,
}


# --- corporate actions -----------------------------------------------------------------------------------------------


def _eastmoney_actions(symbol: Symbol) -> pd.DataFrame:
    """Per ten shares. A company that never paid has no `result`, with code 9201, on which akshare fails."""
    source = "eastmoney_dividends"
    _, replies = _ask(source, "stock_fhps_detail_em", symbol.code, form="json", tolerant=True)
    said = [reply.json for reply in replies]
    if said[-1].get("result") is None:
        if said[-1].get("code") != 9201:
            raise SourceError("source_says", host=_host(source), message=said[-1].get("message"), excerpt=replies[-1].body)
        return sum_actions([])
    # The first reply only tells the number of pages; each page is then asked for.
    pages = [each["result"] for each in (said[1:] or said)]
    records = [record for page in pages for record in page.get("data") or []]
    check_count(_host(source), len(records), pages[0].get("count"))
    names = {"EX_DIVIDEND_DATE": "ex_date", "PRETAX_BONUS_RMB": "cash", "BONUS_IT_RATIO": "shares"}
    frame = rename(pd.DataFrame(records), names, _host(source))
    frame = frame[frame["ex_date"].notna()]
    days = read_days(frame["ex_date"], _host(source))
    numbers = [read_numbers(frame[name]).fillna(0) / 10 for name in ("cash", "shares")]
    return sum_actions(zip(days, *numbers, strict=True))


def _sina_actions(symbol: Symbol) -> pd.DataFrame:
    """Dividends and bonus shares per ten shares, and rights issues, from two tables of one page."""
    source = "sina_dividends"
    function = "stock_history_dividend_detail"
    frame, _ = _ask(source, function, symbol.code, "分红", form="page")
    found: list[tuple[pd.Timestamp, float, float]] = []
    if len(frame):
        names = {"除权除息日": "ex_date", "送股": "bonus", "转增": "converted", "派息": "cash", "进度": "progress"}
        frame = rename(frame, names, _host(source))
        frame = frame[(frame["progress"] == "实施") & frame["ex_date"].notna()]
        bonus, converted, cash = (read_numbers(frame[name]).fillna(0) / 10 for name in ("bonus", "converted", "cash"))
        found += zip(read_days(frame["ex_date"], _host(source)), cash, bonus + converted, strict=True)
    further_request(_host(source))
    frame, _ = _ask(source, function, symbol.code, "配股", form="page")
    if len(frame):
        days = rename(frame, {"除权日": "ex_date"}, _host(source))["ex_date"].dropna()
        found += [(day, 0.0, np.nan) for day in read_days(days, _host(source))]
    return sum_actions(found)


# --- names of columns, and whether the reply is about what was asked ---------------------------------------------------

_CHINESE = dict(zip(("日期", "开盘", "最高", "最低", "收盘", "成交量", "成交额"), BAR_COLUMNS, strict=True))
_ENGLISH = dict(zip(("date", "open", "high", "low", "close", "volume", "amount"), BAR_COLUMNS, strict=True))
_CSINDEX = {"tradeDate": "session", **{name: name for name in PRICE_COLUMNS}, "tradingValue": "amount"}
_SHENWAN = dict(
    zip(
        ("bargaindate", "openindex", "maxindex", "minindex", "closeindex", "bargainsum"),
        ("session", *PRICE_COLUMNS, "amount"),
        strict=True,
    )
)


def _check_identity(source: str, symbol: Symbol, code: str, name: str) -> None:
    """SourceError `wrong_security` when the reply is about another code, or an index has another name."""
    wanted = _INDEX_NAMES.get(symbol.code, "") if symbol.kind == "index" else ""
    if code != symbol.code or (name and wanted and wanted not in name):
        got = f"{code} {name}".strip()
        raise SourceError("wrong_security", host=_host(source), symbol=str(symbol), got=got)


def _empty(source: str, symbol: Symbol, start: dt.date, end: dt.date) -> SourceError:
    return SourceError("source_empty", host=_host(source), symbol=str(symbol), start=start, end=end)


def _host(source: str) -> str:
    return SOURCES[source].host


# --- asking ----------------------------------------------------------------------------------------------------------


def _ask(
    source: str, function: str, *args: object, form: Form, tolerant: bool = False, **options: object
) -> tuple[pd.DataFrame, list[Reply]]:
    """Call one function of akshare: its frame (a copy: some are cached and shared) and the replies behind it.

    `tolerant`: a reply of the right form that akshare could not read gives an empty frame; the caller reads the reply.
    """
    call = _akshare(function)
    failures: tuple[type[Exception], ...] = (requests.RequestException, *_library_errors())
    raised: Exception | None = None
    frame = pd.DataFrame()
    with listening() as replies:
        try:
            frame = pd.DataFrame(call(*args, **options)).copy()
        except BadStatus as error:
            raise bad_status(error.reply) from error
        except failures as error:
            raised = error
    if isinstance(raised, requests.RequestException) and not isinstance(raised, ValueError):
        raise no_reply(raised, _host(source)) from raised
    check_forms(replies, form)
    if raised is not None and not (tolerant and replies):
        raise unread(raised, replies) from raised
    return frame, replies


@cache
def _akshare(name: str) -> Callable[..., Any]:
    """akshare's function, its own progress bars off; SourceError `akshare_unusable` where it cannot be imported."""
    try:
        import akshare
        from akshare.utils.tqdm import get_tqdm
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise SourceError("akshare_unusable", detail=f"{type(error).__name__}: {error}") from error
    # akshare does not verify Shenwan's certificate and leans on what pandas will drop; saying so at each call helps nobody.
    warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    warnings.filterwarnings("ignore", module=r"akshare\.")
    function: Callable[..., Any] = getattr(akshare, name)
    module: Any = sys.modules[function.__module__]
    if hasattr(module, "get_tqdm"):
        module.get_tqdm = partial(get_tqdm, enable=False)
    return function


@cache
def _library_errors() -> tuple[type[Exception], ...]:
    """What akshare and the libraries under it raise at a reply that they cannot read."""
    from akshare.utils.demjson import JSONException
    from py_mini_racer.py_mini_racer import MiniRacerBaseException

    built_in = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError, SyntaxError)
    return (*built_in, BadZipFile, JSONException, MiniRacerBaseException)
