"""Lists about one security or all of them: corporate actions, share counts, names, sessions, published ratings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from screener.terms.codes import successor
from screener.terms.symbols import Symbol, stock_symbol
from screener.upstream.akshare_source import ask, check_identity, host_of
from screener.upstream.asking.patience import further_request
from screener.upstream.asking.vendors import action_sources, share_sources
from screener.upstream.columns import (
    announced,
    check_count,
    day_of,
    different,
    read_days,
    read_numbers,
    read_rights,
    read_shares,
    read_values,
    record_of,
    records_of,
    rename,
    sum_actions,
)
from screener.upstream.replies import Reply, SourceError

RATING_COLUMNS = (
    "symbol",
    "date",
    "house",
    "rating",
    "printed",
    "title",
    "code",
    "last_rating",
    "rating_change",
    "target_low",
    "target_high",
)
# akshare asks for one page of share counts, the newest first: some twenty years of sessions.
_SHARES_PAGE = 5000
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


def fetch_values(source: str, symbol: Symbol) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Float share counts as `fetch_shares`, and PE, PB and market values by session out of the same reply (VALUE_COLUMNS).

    The second is None where the reply lacks one of them: counts are good without it.
    """
    shares, records, host = _valued(source, symbol)
    try:
        return shares, read_values(records, host)
    except SourceError:
        return shares, None


def fetch_shares(source: str, symbol: Symbol) -> pd.DataFrame:
    """Float A shares (流通股本) by session, ascending, columns SHARE_COLUMNS (date datetime64[s]; shares, not lots).

    NaN: a day on which the source gives none or contradicts itself (see `columns.read_shares`; `attrs["refused"]`: the
    latter days). Nothing on record is `source_unknown_symbol`, never an empty frame.
    """
    return _valued(source, symbol)[0]


def _valued(source: str, symbol: Symbol) -> tuple[pd.DataFrame, list[dict[str, Any]], str]:
    """The share counts of one reply, its records, and the host."""
    if source not in share_sources(symbol):
        raise SourceError("source_unsupported", source=source, symbol=str(symbol))
    asked = successor(symbol)
    reply = ask(source, "stock_value_em", asked.code, form="json").replies[-1]
    page = record_of(reply, _result_of(reply))
    records = records_of(reply, page.get("data"))
    if not records:
        raise SourceError("source_unknown_symbol", host=reply.host, symbol=str(symbol))
    total = page.get("count")
    check_count(reply.host, len(records), min(total, _SHARES_PAGE) if isinstance(total, int) else None)
    for code in {str(record.get("SECURITY_CODE", asked.code)) for record in records}:
        check_identity(source, asked, code, "")
    return read_shares(records, reply.host), records, reply.host


def fetch_names(exchange: str) -> pd.DataFrame:
    """Every listed A share of `exchange` (a name of NAME_LISTS): symbol ("600498.SH"), name, listed (datetime64[s]).

    SourceError `list_truncated` when the exchange gave only a part.
    """
    names = {_NAMES_COLUMNS[exchange][place]: name for place, name in enumerate(("code", "name", "listed"))}
    parts = []
    for place, (function, *words) in enumerate(NAME_LISTS[exchange]):
        if place:
            further_request(host_of(exchange))
        answer = ask(exchange, function, *words, form="any")
        part = rename(answer.table, names, host_of(exchange))
        for said in (reply.json for reply in answer.replies):
            check_count(host_of(exchange), part["code"].nunique(), announced(said))
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["code"].astype(str).str.fullmatch(r"\d{6}")].drop_duplicates("code")  # Shenzhen's has blank lines
    symbols = [str(stock_symbol(code)) for code in frame["code"]]
    listed = pd.to_datetime(frame["listed"].map(day_of)).astype("datetime64[s]").to_numpy()
    return pd.DataFrame({"symbol": symbols, "name": frame["name"].astype(str).str.strip().to_numpy(), "listed": listed})


def fetch_sessions() -> list[dt.date]:
    """Trading days of the mainland exchanges, ascending; the list also holds days yet to come."""
    table = ask("sina_calendar", "tool_trade_date_hist_sina", form="packed").table
    days = read_days(rename(table, {"trade_date": "session"}, host_of("sina_calendar"))["session"], host_of("sina_calendar"))
    return sorted({day.date() for day in days})


def fetch_ratings(symbol: Symbol) -> pd.DataFrame:
    """Sell-side reports on a stock, RATING_COLUMNS (date datetime64[s]); newest last.

    `rating`: in Eastmoney's own words; `printed`: in the house's, "" = not said; `code`: Eastmoney's number of the report,
    "" = none. `last_rating`: Eastmoney's word for the house's rating before, `rating_change`: Eastmoney's own code for the
    step, as it came. `target_low`, `target_high`: target price in CNY, NaN = none.
    """
    names = {"publishDate": "date", "orgSName": "house", "emRatingName": "rating", "title": "title", "infoCode": "code"}
    host = host_of("eastmoney_reports")
    replies = ask("eastmoney_reports", "stock_research_report_em", symbol.code, form="json").replies
    records = different([record for reply in replies for record in records_of(reply, reply.json.get("data"))])
    check_count(host, len(records), replies[0].json.get("hits"))
    if not records:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in RATING_COLUMNS})
    frame = rename(pd.DataFrame(records), names, host)
    for name, key in (("printed", "sRatingName"), ("last_rating", "lastEmRatingName"), ("rating_change", "ratingChange")):
        frame[name] = ["" if record.get(key) is None else str(record[key]) for record in records]
    for name, key in (("target_low", "indvAimPriceL"), ("target_high", "indvAimPriceT")):
        prices = read_numbers(pd.Series([record.get(key) for record in records], dtype=object))
        frame[name] = prices.where(prices > 0)
    frame["code"] = frame["code"].fillna("").astype(str)
    frame["symbol"] = str(symbol)
    frame["date"] = read_days(frame["date"], host)
    return frame[list(RATING_COLUMNS)].sort_values("date", kind="stable", ignore_index=True)


def _eastmoney_actions(symbol: Symbol) -> pd.DataFrame:
    """Per ten shares. A company that never paid has no `result`, with code 9201, on which akshare fails."""
    source = "eastmoney_dividends"
    replies = ask(source, "stock_fhps_detail_em", symbol.code, form="json").replies
    last = replies[-1]
    if _result_of(last) is None:
        return sum_actions([])
    pages = [(reply, record_of(reply, reply.json.get("result"))) for reply in replies]
    records = different([record for reply, page in pages for record in records_of(reply, page.get("data"))])
    check_count(last.host, len(records), pages[0][1].get("count"))
    names = {"EX_DIVIDEND_DATE": "ex_date", "PRETAX_BONUS_RMB": "cash", "BONUS_IT_RATIO": "shares"}
    frame = rename(pd.DataFrame(records), names, host_of(source))
    frame = frame[frame["ex_date"].notna()]
    days = read_days(frame["ex_date"], host_of(source))
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
    host = host_of("sina_dividends")
    answer = ask("sina_dividends", "stock_history_dividend_detail", symbol.code, "分红", form="page")
    found: list[tuple[object, float, float]] = []
    if len(answer.table):
        names = {"除权除息日": "ex_date", "送股": "bonus", "转增": "converted", "派息": "cash", "进度": "progress"}
        table = rename(answer.table, names, host)
        table = table[(table["progress"] == "实施") & table["ex_date"].notna()]
        bonus, converted, cash = (read_numbers(table[name]).fillna(0) / 10 for name in ("bonus", "converted", "cash"))
        found += zip(read_days(table["ex_date"], host), cash, bonus + converted, strict=True)
    found += [(day, 0.0, np.nan) for day in read_rights(answer.replies[-1])]
    return sum_actions(found)
