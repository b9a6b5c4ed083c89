"""Daily bars source by source, each mapped by name to one schema: plain Asia/Shanghai dates, CNY (HKD), shares.

akshare names several replies by position; those are read from the reply itself, by key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from screener.terms.codes import successor
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol
from screener.upstream.akshare_source import Answer, ask, check_identity, host_of, nothing_found
from screener.upstream.asking.patience import further_request
from screener.upstream.asking.vendors import FOREIGN, bar_sources
from screener.upstream.columns import (
    BAR_COLUMNS,
    PRICE_COLUMNS,
    check_scale,
    data_of,
    day_of,
    drop_copy,
    read_bars,
    read_index_records,
    record_of,
    records_of,
    volume_unit,
    within,
    without_volume,
)
from screener.upstream.replies import Reply, SourceError

# Units of volume that a source may use, the documented one first; amount is CNY everywhere.
# akshare turns Tencent's lots into shares by a list of code prefixes, which is wrong for some boards, in both directions.
_VOLUME_UNITS: Mapping[str, tuple[float, ...]] = {
    "eastmoney": (100.0, 1.0),
    "sina": (1.0, 100.0),
    "tencent": (1.0, 100.0, 0.01),
}
_CSINDEX_PAGES = 60
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
    asked = successor(symbol)
    frame = _BARS[source](asked, start, end)
    frame = within(frame, start, end)
    if frame.empty:
        raise nothing_found(source, symbol, start, end)
    if asked.exchange != "HK":  # where whole dollars are common
        check_scale(frame, host_of(source))
    if asked.kind == "stock" and source in _VOLUME_UNITS:
        frame["volume"] *= volume_unit(frame, _VOLUME_UNITS[source], host_of(source))
    frame.attrs["asked_as"] = str(asked)
    return frame


def fetch_forward_adjusted(source: str, symbol: Symbol, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """A vendor's 前复权 closes (session, close), for checking actions only: may be additive, negative, drifting.

    Sources: eastmoney, tencent. A vendor without a factor is `source_empty`.
    """
    if symbol.kind != "stock" or source not in bar_sources(symbol) or source not in ("eastmoney", "tencent"):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    asked = successor(symbol)
    read = _eastmoney_stock if source == "eastmoney" else _tencent
    frame = within(read(asked, start, end, adjust="qfq"), start, end)
    if frame.empty:
        raise nothing_found(source, symbol, start, end)
    return frame[["session", "close"]]


def _eastmoney(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    return _eastmoney_stock(symbol, start, end) if symbol.kind == "stock" else _eastmoney_index(symbol, start, end)


def _eastmoney_stock(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """Lots and CNY. akshare takes every code with a 6 for Shanghai, so only A and Beijing shares may come here."""
    options = {**_compact(start, end), "adjust": adjust}
    answer = ask("eastmoney", "stock_zh_a_hist", symbol.code, form="json", **options)
    name = _check_kline(answer, "eastmoney", symbol, start, end)
    return read_bars(answer.table, _CHINESE, host_of("eastmoney"), name=name)


def _eastmoney_index(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    code = {"SH": "sh", "SZ": "sz", "CSI": "csi"}[symbol.exchange] + symbol.code
    answer = ask("eastmoney", "stock_zh_index_daily_em", code, form="json", **_compact(start, end))
    name = _check_kline(answer, "eastmoney", symbol, start, end)
    return without_volume(read_bars(answer.table, _ENGLISH, host_of("eastmoney"), name=name))


def _eastmoney_hk(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Shares and HKD; the whole history comes and is cut by akshare."""
    code = symbol.code.zfill(5)
    answer = ask("eastmoney_hk", "stock_hk_hist", code, form="json", **_compact(start, end))
    name = _check_kline(answer, "eastmoney_hk", Symbol(code, "HK"), start, end)
    if answer.table.empty:
        raise nothing_found("eastmoney_hk", symbol, start, end)
    return read_bars(answer.table, _CHINESE, host_of("eastmoney_hk"), name=name)


def _compact(start: dt.date, end: dt.date) -> dict[str, str]:
    return {"start_date": f"{start:%Y%m%d}", "end_date": f"{end:%Y%m%d}"}


def _check_kline(answer: Answer, source: str, symbol: Symbol, start: dt.date, end: dt.date) -> str:
    """The name in Eastmoney's reply, after making sure that the reply is about `symbol` and has rows."""
    reply = answer.replies[-1]
    data = record_of(reply, data_of(reply))
    if not data:
        raise SourceError("source_unknown_symbol", host=host_of(source), symbol=str(symbol))
    check_identity(source, symbol, str(data.get("code", symbol.code)), str(data.get("name", "")))
    if "klines" not in data:
        raise SourceError("columns_missing", host=host_of(source), columns="klines", excerpt=reply.body)
    if not data["klines"]:
        raise nothing_found(source, symbol, start, end)
    return str(data.get("name", ""))


def _sina(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history. Of akshare's two readers of stocks, the one for depositary receipts fits all of them.

    The other merges share counts into the bars, which adds a bar on every day on which the count changed and fails with
    the count (689009 has none).
    """
    code = symbol.exchange.lower() + symbol.code
    function = "stock_zh_a_cdr_daily" if symbol.kind == "stock" else "stock_zh_index_daily"
    answer = ask("sina", function, code, form="packed")
    _check_packed(answer, "sina", symbol, start, end)
    if symbol.kind == "stock":
        return read_bars(answer.table, _ENGLISH, host_of("sina"))
    return without_volume(read_bars(answer.table.assign(amount=np.nan), _ENGLISH, host_of("sina")))


def _sina_hk(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history; a share in shares and HKD, an index without volume."""
    if symbol.kind == "index":
        return _sina_foreign("sina_hk", "stock_hk_index_daily_sina", symbol, start, end)
    answer = ask("sina_hk", "stock_hk_daily", symbol.code.zfill(5), form="packed")
    _check_packed(answer, "sina_hk", symbol, start, end)
    table = answer.table
    return read_bars(table if "amount" in table else table.assign(amount=np.nan), _ENGLISH, host_of("sina_hk"))


def _sina_us(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    return _sina_foreign("sina_us", "index_us_stock_sina", symbol, start, end)


def _sina_foreign(source: str, function: str, symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """An index of another market, whole history; what the source calls its volume and amount is in no known unit."""
    answer = ask(source, function, FOREIGN[str(symbol)], form="packed")
    _check_packed(answer, source, symbol, start, end)
    return without_volume(read_bars(answer.table.assign(amount=np.nan), _ENGLISH, host_of(source)))


def _sina_global(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """The last ten thousand sessions of an index, as JSON."""
    answer = ask("sina_global", "index_global_hist_sina", FOREIGN[str(symbol)], form="json")
    if not records_of(answer.replies[-1], record_of(answer.replies[-1], answer.replies[-1].json.get("result")).get("data")):
        raise nothing_found("sina_global", symbol, start, end)
    return without_volume(read_bars(answer.table.assign(amount=np.nan), _ENGLISH, host_of("sina_global")))


def _check_packed(answer: Answer, source: str, symbol: Symbol, start: dt.date, end: dt.date) -> None:
    if b'=""' in answer.replies[-1].body.replace(b" ", b""):
        raise nothing_found(source, symbol, start, end)


def _tencent(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """A request for the first day and one a year, within one call; dates with dashes keep akshare from asking beyond."""
    code = symbol.exchange.lower() + symbol.code
    options = {"start_date": start.isoformat(), "end_date": end.isoformat(), "adjust": adjust}
    answer = ask("tencent", "stock_zh_a_hist_tx", code, form="script", **options)
    years = [_tencent_rows(reply, code) for reply in answer.replies if "qq.com" in reply.host and reply.json is not None]
    if any(rows is None for rows in years):
        raise SourceError("source_unknown_symbol", host=host_of("tencent"), symbol=str(symbol))
    if years and not any(years):
        raise nothing_found("tencent", symbol, start, end)
    return read_bars(answer.table, _ENGLISH, host_of("tencent"))


def _tencent_rows(reply: Reply, code: str) -> list[object] | None:
    """The rows of one year; None when the code has no table of bars at all."""
    said = record_of(reply, record_of(reply, data_of(reply)).get(code))
    return next((said[key] for key in ("day", "qfqday", "hfqday") if key in said), None)


def _csindex(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Amounts in 100 million CNY, keys read by name.

    A reply may hold only the last part of the days asked for; the earlier part is then asked for by itself, until it is
    there or nothing more comes. Asked from a day without data, csindex begins with a copy of the first real row under that
    day, which is left out.
    """
    records: list[dict[str, Any]] = []
    expected = load_calendar("XSHG").first_on_or_after(start) or start
    until = end
    for page in range(_CSINDEX_PAGES):
        if page:
            further_request(host_of("csindex"))
        found = drop_copy(_csindex_page(symbol, start, until), records, start)
        first = min((day_of(record.get("tradeDate")) or dt.date.max for record in found), default=dt.date.max)
        records = found + records
        if not found or first <= expected or first > until:
            break
        until = first - dt.timedelta(days=1)
    if not records:
        raise nothing_found("csindex", symbol, start, end)
    return read_index_records(records, _CSINDEX, host_of("csindex"), name=str(records[0].get("indexNameCn") or ""), yuan=1e8)


def _csindex_page(symbol: Symbol, start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    reply = ask("csindex", "stock_zh_index_hist_csindex", symbol.code, form="json", **_compact(start, end)).replies[-1]
    records = records_of(reply, data_of(reply))
    for record in records[:1]:
        check_identity("csindex", symbol, str(record.get("indexCode", symbol.code)), str(record.get("indexNameCn") or ""))
    return records


def _swsresearch(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history; 100 million CNY."""
    reply = ask("swsresearch", "index_hist_sw", symbol.code, "day", form="json").replies[-1]
    records = records_of(reply, data_of(reply))
    if not records:
        raise nothing_found("swsresearch", symbol, start, end)
    check_identity("swsresearch", symbol, str(records[0].get("swindexcode", symbol.code)), "")
    return read_index_records(records, _SHENWAN, host_of("swsresearch"), name="", yuan=1e8)


_BARS: Mapping[str, Callable[[Symbol, dt.date, dt.date], pd.DataFrame]] = {
    "eastmoney": _eastmoney,
    "eastmoney_hk": _eastmoney_hk,
    "sina": _sina,
    "sina_hk": _sina_hk,
    "sina_us": _sina_us,
    "sina_global": _sina_global,
    "tencent": _tencent,
    "csindex": _csindex,
    "swsresearch": _swsresearch,
}
