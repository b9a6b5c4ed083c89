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
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from screener.terms.names import successor
from screener.terms.sessions import load_calendar
from screener.terms.symbols import Symbol, stock_symbol
from screener.upstream.columns import (
    ACTION_COLUMNS,
    BAR_COLUMNS,
    PRICE_COLUMNS,
    announced,
    check_count,
    check_scale,
    data_of,
    day_of,
    different,
    drop_copy,
    read_bars,
    read_days,
    read_index_records,
    read_numbers,
    read_rights,
    read_shares,
    record_of,
    records_of,
    rename,
    sum_actions,
    volume_unit,
    within,
    without_volume,
)
from screener.upstream.patience import further_request
from screener.upstream.replies import Form, NoReply, Reply, SourceError, check_reply, no_reply, unread
from screener.upstream.vendors import INDEX_NAMES, SOURCES, Source, action_sources, bar_sources, share_sources
from screener.upstream.wire import listening

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
    "fetch_shares",
    "load_akshare",
]
RATING_COLUMNS = ("symbol", "date", "house", "rating", "printed", "title", "code")


# Units of volume that a source may use, the documented one first; amount is CNY everywhere.
# akshare turns Tencent's lots into shares by a list of code prefixes, which is wrong for some boards, in both directions.
_VOLUME_UNITS: Mapping[str, tuple[float, ...]] = {
    "eastmoney": (100.0, 1.0),
    "sina": (1.0, 100.0),
    "tencent": (1.0, 100.0, 0.01),
}
_CSINDEX_PAGES = 60
# akshare asks for one page of share counts, the newest first: some twenty years of sessions.
_SHARES_PAGE = 5000


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
    asked = successor(symbol)
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
    return read(successor(symbol))


def fetch_shares(source: str, symbol: Symbol) -> pd.DataFrame:
    """Float A shares (流通股本) by session, ascending, columns SHARE_COLUMNS (date datetime64[s]; shares, not lots).

    NaN: a day on which the source gives none or contradicts itself (see `columns.read_shares`; `attrs["refused"]`: the
    latter days). Nothing on record is `source_unknown_symbol`, never an empty frame.
    """
    if source not in share_sources(symbol):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    asked = successor(symbol)
    reply = _ask(source, "stock_value_em", asked.code, form="json").replies[-1]
    page = record_of(reply, _result_of(reply))
    records = records_of(reply, page.get("data"))
    if not records:
        raise SourceError("source_unknown_symbol", host=reply.host, symbol=str(symbol))
    total = page.get("count")
    check_count(reply.host, len(records), min(total, _SHARES_PAGE) if isinstance(total, int) else None)
    for code in {str(record.get("SECURITY_CODE", asked.code)) for record in records}:
        _check_identity(source, asked, code, "")
    return read_shares(records, reply.host)


def fetch_names(exchange: str) -> pd.DataFrame:
    """Every listed A share of `exchange` (a name of NAME_LISTS): symbol ("600498.SH"), name, listed (datetime64[s]).

    SourceError `list_truncated` when the exchange gave only a part.
    """
    names = {_NAMES_COLUMNS[exchange][place]: name for place, name in enumerate(("code", "name", "listed"))}
    parts = []
    for place, (function, *words) in enumerate(NAME_LISTS[exchange]):
        if place:
            further_request(_host(exchange))
        answer = _ask(exchange, function, *words, form="any")
        part = rename(answer.table, names, _host(exchange))
        for said in (reply.json for reply in answer.replies):
            check_count(_host(exchange), part["code"].nunique(), announced(said))
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["code"].astype(str).str.fullmatch(r"\d{6}")].drop_duplicates("code")  # Shenzhen's has blank lines
    symbols = [str(stock_symbol(code)) for code in frame["code"]]
    listed = pd.to_datetime(frame["listed"].map(day_of)).astype("datetime64[s]").to_numpy()
    return pd.DataFrame({"symbol": symbols, "name": frame["name"].astype(str).str.strip().to_numpy(), "listed": listed})


def fetch_sessions() -> list[dt.date]:
    """Trading days of the mainland exchanges, ascending; the list also holds days yet to come."""
    table = _ask("sina_calendar", "tool_trade_date_hist_sina", form="packed").table
    days = read_days(rename(table, {"trade_date": "session"}, _host("sina_calendar"))["session"], _host("sina_calendar"))
    return sorted({day.date() for day in days})


def fetch_ratings(symbol: Symbol) -> pd.DataFrame:
    """Sell-side reports on a stock: symbol, date (datetime64[s]), house, rating, printed, title, code; newest last.

    `rating`: in Eastmoney's own words; `printed`: in the house's, "" = not said; `code`: Eastmoney's number of the report.
    """
    names = {"publishDate": "date", "orgSName": "house", "emRatingName": "rating", "title": "title", "infoCode": "code"}
    host = _host("eastmoney_reports")
    replies = _ask("eastmoney_reports", "stock_research_report_em", symbol.code, form="json").replies
    records = different([record for reply in replies for record in records_of(reply, reply.json.get("data"))])
    check_count(host, len(records), replies[0].json.get("hits"))
    if not records:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in RATING_COLUMNS})
    frame = rename(pd.DataFrame(records), names, host)
    frame["printed"] = [record.get("sRatingName") or "" for record in records]
    frame["symbol"] = str(symbol)
    frame["date"] = read_days(frame["date"], host)
    return frame[list(RATING_COLUMNS)].sort_values("date", kind="stable", ignore_index=True)


def load_akshare() -> None:
    """Import akshare now (about a second), so that no call's deadline pays for it; SourceError `akshare_unusable`."""
    _akshare("stock_zh_a_hist")


# --- bars, source by source ------------------------------------------------------------------------------------------


def _eastmoney(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    return _eastmoney_stock(symbol, start, end) if symbol.kind == "stock" else _eastmoney_index(symbol, start, end)


def _eastmoney_stock(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """Lots and CNY. akshare takes every code with a 6 for Shanghai, so only A and Beijing shares may come here."""
    options = {**_compact(start, end), "adjust": adjust}
    answer = _ask("eastmoney", "stock_zh_a_hist", symbol.code, form="json", **options)
    name = _check_kline(answer, "eastmoney", symbol, start, end)
    return read_bars(answer.table, _CHINESE, _host("eastmoney"), name=name)


def _eastmoney_index(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    code = {"SH": "sh", "SZ": "sz", "CSI": "csi"}[symbol.exchange] + symbol.code
    answer = _ask("eastmoney", "stock_zh_index_daily_em", code, form="json", **_compact(start, end))
    name = _check_kline(answer, "eastmoney", symbol, start, end)
    return without_volume(read_bars(answer.table, _ENGLISH, _host("eastmoney"), name=name))


def _eastmoney_hk(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Shares and HKD; the whole history comes and is cut by akshare."""
    code = symbol.code.zfill(5)
    answer = _ask("eastmoney_hk", "stock_hk_hist", code, form="json", **_compact(start, end))
    name = _check_kline(answer, "eastmoney_hk", Symbol(code, "HK"), start, end)
    if answer.table.empty:
        raise _empty("eastmoney_hk", symbol, start, end)
    return read_bars(answer.table, _CHINESE, _host("eastmoney_hk"), name=name)


def _compact(start: dt.date, end: dt.date) -> dict[str, str]:
    return {"start_date": f"{start:%Y%m%d}", "end_date": f"{end:%Y%m%d}"}


def _check_kline(answer: _Answer, source: str, symbol: Symbol, start: dt.date, end: dt.date) -> str:
    """The name in Eastmoney's reply, after making sure that the reply is about `symbol` and has rows."""
    reply = answer.replies[-1]
    data = record_of(reply, data_of(reply))
    if not data:
        raise SourceError("source_unknown_symbol", host=_host(source), symbol=str(symbol))
    _check_identity(source, symbol, str(data.get("code", symbol.code)), str(data.get("name", "")))
    if "klines" not in data:
        raise SourceError("columns_missing", host=_host(source), columns="klines", excerpt=reply.body)
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
    answer = _ask("sina", function, code, form="packed")
    if b'=""' in answer.replies[-1].body.replace(b" ", b""):
        raise _empty("sina", symbol, start, end)
    if symbol.kind == "stock":
        return read_bars(answer.table, _ENGLISH, _host("sina"))
    return without_volume(read_bars(answer.table.assign(amount=np.nan), _ENGLISH, _host("sina")))


def _tencent(symbol: Symbol, start: dt.date, end: dt.date, *, adjust: str = "") -> pd.DataFrame:
    """A request for the first day and one a year, within one call; dates with dashes keep akshare from asking beyond."""
    code = symbol.exchange.lower() + symbol.code
    options = {"start_date": start.isoformat(), "end_date": end.isoformat(), "adjust": adjust}
    answer = _ask("tencent", "stock_zh_a_hist_tx", code, form="script", **options)
    years = [_tencent_rows(reply, code) for reply in answer.replies if "qq.com" in reply.host and reply.json is not None]
    if any(rows is None for rows in years):
        raise SourceError("source_unknown_symbol", host=_host("tencent"), symbol=str(symbol))
    if years and not any(years):
        raise _empty("tencent", symbol, start, end)
    return read_bars(answer.table, _ENGLISH, _host("tencent"))


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
            further_request(_host("csindex"))
        found = drop_copy(_csindex_page(symbol, start, until), records, start)
        first = min((day_of(record.get("tradeDate")) or dt.date.max for record in found), default=dt.date.max)
        records = found + records
        if not found or first <= expected or first > until:
            break
        until = first - dt.timedelta(days=1)
    if not records:
        raise _empty("csindex", symbol, start, end)
    return read_index_records(records, _CSINDEX, _host("csindex"), name=str(records[0].get("indexNameCn") or ""), yuan=1e8)


def _csindex_page(symbol: Symbol, start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    reply = _ask("csindex", "stock_zh_index_hist_csindex", symbol.code, form="json", **_compact(start, end)).replies[-1]
    records = records_of(reply, data_of(reply))
    for record in records[:1]:
        _check_identity("csindex", symbol, str(record.get("indexCode", symbol.code)), str(record.get("indexNameCn") or ""))
    return records


def _swsresearch(symbol: Symbol, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Whole history; 100 million CNY."""
    reply = _ask("swsresearch", "index_hist_sw", symbol.code, "day", form="json").replies[-1]
    records = records_of(reply, data_of(reply))
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
    replies = _ask(source, "stock_fhps_detail_em", symbol.code, form="json").replies
    last = replies[-1]
    if _result_of(last) is None:
        return sum_actions([])
    pages = [(reply, record_of(reply, reply.json.get("result"))) for reply in replies]
    records = different([record for reply, page in pages for record in records_of(reply, page.get("data"))])
    check_count(last.host, len(records), pages[0][1].get("count"))
    names = {"EX_DIVIDEND_DATE": "ex_date", "PRETAX_BONUS_RMB": "cash", "BONUS_IT_RATIO": "shares"}
    frame = rename(pd.DataFrame(records), names, _host(source))
    frame = frame[frame["ex_date"].notna()]
    days = read_days(frame["ex_date"], _host(source))
    numbers = [read_numbers(frame[name]).fillna(0) / 10 for name in ("cash", "shares")]
    return sum_actions(zip(days, *numbers, strict=True))


def _result_of(reply: Reply) -> Any:
    """What Eastmoney's data centre found; None where it has nothing on record (code 9201), SourceError where it says else."""
    found = reply.json.get("result")
    if found is None and reply.json.get("code") != 9201:
        raise SourceError("source_says", host=reply.host, message=reply.json.get("message"), excerpt=reply.body)
    return found


def _sina_actions(symbol: Symbol) -> pd.DataFrame:
    """Dividends and bonus shares per ten shares, and rights issues, from two tables of one page."""
    host = _host("sina_dividends")
    answer = _ask("sina_dividends", "stock_history_dividend_detail", symbol.code, "分红", form="page")
    found: list[tuple[object, float, float]] = []
    if len(answer.table):
        names = {"除权除息日": "ex_date", "送股": "bonus", "转增": "converted", "派息": "cash", "进度": "progress"}
        table = rename(answer.table, names, host)
        table = table[(table["progress"] == "实施") & table["ex_date"].notna()]
        bonus, converted, cash = (read_numbers(table[name]).fillna(0) / 10 for name in ("bonus", "converted", "cash"))
        found += zip(read_days(table["ex_date"], host), cash, bonus + converted, strict=True)
    found += [(day, 0.0, np.nan) for day in read_rights(answer.replies[-1])]
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
    wanted = INDEX_NAMES.get(str(symbol), "") if symbol.kind == "index" else ""
    if code != symbol.code or (name and wanted and wanted not in name):
        got = f"{code} {name}".strip()
        raise SourceError("wrong_security", host=_host(source), symbol=str(symbol), got=got)


def _empty(source: str, symbol: Symbol, start: dt.date, end: dt.date) -> SourceError:
    return SourceError("source_empty", host=_host(source), symbol=str(symbol), start=start, end=end)


# Each exchange's lists of A shares: akshare's function and its argument; and what they call code, name and listing date.
NAME_LISTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "shanghai": (("stock_info_sh_name_code", "主板A股"), ("stock_info_sh_name_code", "科创板")),
    "shenzhen": (("stock_info_sz_name_code", "A股列表"),),
    "beijing": (("stock_info_bj_name_code",),),
}
_NAMES_COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "shanghai": ("证券代码", "证券简称", "上市日期"),
    "shenzhen": ("A股代码", "A股简称", "A股上市日期"),
    "beijing": ("证券代码", "证券简称", "上市日期"),
}


def _host(source: str) -> str:
    return SOURCES[source].host


# --- asking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Answer:
    """The replies behind one call of akshare, and the frame that it made of them, if it could."""

    replies: Sequence[Reply]
    frame: pd.DataFrame | None
    error: SourceError | None = None

    @property
    def table(self) -> pd.DataFrame:
        """akshare's frame; SourceError where it could not read the replies."""
        if self.frame is None:
            raise self.error or SourceError("akshare_failed", detail="-")
        return self.frame


def _ask(source: str, function: str, *args: str, form: Form, **options: str) -> _Answer:
    """Call one function of akshare; replies that are not of `form`, or none at all, are a SourceError.

    The frame is a copy: akshare caches and shares some.
    """
    call = _akshare(function)
    getattr(call, "cache_clear", lambda: None)()  # some remember their first answer for as long as the program runs
    unreadable = _library_errors()
    with listening(form, domains=SOURCES[source].domains) as replies:
        try:
            answer = _Answer(replies, pd.DataFrame(call(*args, **options)).copy())
        except NoReply as error:
            raise no_reply(error.error, _host(source)) from error
        except unreadable as error:
            answer = _Answer(replies, None, unread(error, replies, form))
    for reply in replies:  # also those whose error the library swallowed
        check_reply(reply, form)
    if answer.error is not None and not replies:
        raise answer.error
    return answer


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
    from akshare.exceptions import AkshareException
    from akshare.utils.demjson import JSONException
    from py_mini_racer.py_mini_racer import MiniRacerBaseException

    built_in = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError, SyntaxError)
    return (*built_in, BadZipFile, JSONException, MiniRacerBaseException, AkshareException)
