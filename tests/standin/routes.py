"""What each server answers, in its own wire format, from the folder of prices."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import openpyxl

from tests.standin import klc
from tests.standin.faults import Bar, Reply, spoil_records, text_date
from tests.standin.lists import period_page, spot_count, spot_page, suspensions
from tests.standin.market import Action, Market

Query = dict[str, str]
Handler = Callable[[Market, str, Query, Sequence[str]], Reply | None]


def route(market: Market, host: str, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    """The reply of `host` to a request; 599 for a host or path that is not played."""
    for pattern, handler in ROUTES:
        if re.search(pattern, host + path):
            reply = handler(market, path, query, kinds)
            if reply is not None:
                return reply
    return 599, f"unexpected {host}{path}".encode(), "text/plain"


def _json(value: object) -> Reply:
    return 200, json.dumps(value, ensure_ascii=False).encode(), "application/json"


def _text(value: str, mime: str = "application/javascript; charset=utf-8") -> Reply:
    return 200, value.encode(), mime


def _plain(value: float | str | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:.2f}"


# --- Eastmoney -------------------------------------------------------------------------------------------------------


def _kline(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    prefix, code = query["secid"].split(".")
    start, end = _iso(query.get("beg", "0")), _iso(query["end"])
    if "live_bar" in kinds:
        end = "9"  # the running session comes whatever was asked
    bars = _kline_bars(market, prefix, code, query.get("fqt", "0"), kinds, start, end)
    name = market.names.get(code, {"000300": "沪深300", "931160": "通信设备", "H00300": "沪深300全收益"}.get(code, code))
    if "null" in kinds or bars is None:
        return _json({"rc": 0, "rt": 17, "svr": 181669449, "data": None})
    if "wrong_security" in kinds:
        code, name = "600001", "别的股票"
    lots = 1 if "other_units" in kinds or prefix == "116" else 100
    rows = [] if "empty" in kinds else [_kline_row(bar, lots, kinds) for bar in bars]
    wanted = [key for key in query["fields2"].split(",") if key <= "f61" and len(key) == 3]
    order = [f"f{51 + at}" for at in range(11)]
    klines = [",".join(row[order.index(key)] for key in wanted) for row in rows]
    record = {"code": code, "market": int(prefix), "name": name, "decimal": 2, "dktotal": 5000, "klines": klines}
    [data] = spoil_records(kinds, [record], "klines")
    [reply] = spoil_records([kind for kind in kinds if kind == "extra_keys"], [{"rc": 0, "rt": 17, "data": data}], "")
    return _json(reply)


def _kline_bars(
    market: Market, prefix: str, code: str, fqt: str, kinds: Sequence[str], start: str, end: str
) -> list[Bar] | None:
    if prefix == "116":
        return market.bars("hk", code[-4:], kinds, start=start, end=end)
    if code.startswith(("000300", "93", "H")):
        right = {"000300": "1", "931160": "2", "H00300": "2"}.get(code)
        return market.bars("index", code, kinds, start=start, end=end) if prefix == right else None
    if prefix != ("1" if code.startswith("6") else "0"):
        return None
    if fqt == "1":
        return market.adjusted(code, kinds, start=start, end=end)
    return market.bars("raw", code, kinds, start=start, end=end)


def _kline_row(bar: Bar, lots: int, kinds: Sequence[str]) -> list[str]:
    day = bar.day.replace("-", "") if "text_dates" in kinds else bar.day
    prices = [_plain(_or_close(value, bar)) for value in (bar.open, bar.close, bar.high, bar.low)]
    volume = 1_000_000.0 if bar.volume is None else bar.volume
    amount = bar.amount if bar.amount is not None else volume * (bar.close if isinstance(bar.close, float) else 0)
    return [day, *prices, f"{volume / lots:.0f}", f"{amount:.2f}", "1.00", "0.50", "0.10", "0.42"]


def _or_close(value: float | str | None, bar: Bar) -> float | str | None:
    return bar.close if value is None else value


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 else text


def _datacenter(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply | None:
    if query.get("reportName") == "RPT_CUSTOM_SUSPEND_DATA_INTERFACE":
        return suspensions(market, kinds)
    if "REPORT_DATE=" in query["filter"]:
        return period_page(market, query, kinds, _bonus)
    code = re.sub(r"\D", "", query["filter"])
    if query.get("reportName") == "RPT_VALUEANALYSIS_DET":
        return _valuation(market, code, kinds)
    if query.get("reportName") != "RPT_SHAREBONUS_DET":
        return None
    actions = market.actions(code, kinds)
    if not actions or "empty" in kinds or "null" in kinds:
        return _json({"version": None, "result": None, "success": False, "message": "返回数据为空", "code": 9201})
    records = [_bonus(code, market.names.get(code, code), action, kinds) for action in actions]
    records.append(_bonus(code, market.names.get(code, code), None, kinds))
    records = spoil_records(kinds, records, "EX_DIVIDEND_DATE")
    return _json(
        {"version": "1", "result": {"pages": 1, "data": records[::-1], "count": len(records)}, "success": True, "code": 0}
    )


def _valuation(market: Market, code: str, kinds: Sequence[str]) -> Reply:
    """Close, float shares and float market value of every session, newest first."""
    bars, true = market.bars("raw", code, kinds), market.bars("raw", code, ())
    if not bars or not true or "empty" in kinds or "null" in kinds:
        return _json({"version": None, "result": None, "success": False, "message": "返回数据为空", "code": 9201})
    closes = {bar.day: bar.close for bar in true}
    unit = 10_000 if "other_units" in kinds else 1
    records = [_valued(market, code, bar, closes.get(bar.day, bar.close), unit) for bar in bars]
    if "wrong_security" in kinds:
        records = [record | {"SECURITY_CODE": "600001"} for record in records]
    if "doubled_count" in kinds:
        records[len(records) // 2]["FREE_SHARES_A"] *= 2
    records = spoil_records(kinds, records, "FREE_SHARES_A")
    found = {"pages": 1, "data": records[::-1], "count": len(true) if "short_window" in kinds else len(records)}
    return _json({"version": "1", "result": found, "success": True, "message": "ok", "code": 0})


def _valued(market: Market, code: str, bar: Bar, close: Any, unit: int) -> dict[str, Any]:
    shares = market.float_shares(code, bar.day)
    return {
        "SECURITY_CODE": code,
        "SECUCODE": f"{code}.SH" if code.startswith("6") else f"{code}.SZ",
        "SECURITY_NAME_ABBR": market.names.get(code, code),
        "TRADE_DATE": f"{bar.day} 00:00:00",
        "CLOSE_PRICE": bar.close,
        "CHANGE_RATE": 0.5,
        "TOTAL_MARKET_CAP": close * shares * 1.5,
        "NOTLIMITED_MARKETCAP_A": close * shares,
        "TOTAL_SHARES": shares * 1.5,
        "FREE_SHARES_A": shares / unit,
        **dict.fromkeys(("PE_LAR", "PEG_CAR", "PCF_OCF_TTM", "PS_TTM"), 10.0),
        "PE_TTM": round(close / 0.8, 4) if int(code) % 2 == 0 else round(-close / 0.2, 4),
        "PB_MRQ": round(close / 6.5, 4),
    }


def _bonus(code: str, name: str, action: Action | None, kinds: Sequence[str]) -> dict[str, Any]:
    """One proposal as the data centre has it (per ten shares); None = one that is not carried out yet."""
    ex_date = f"{action.day} 00:00:00" if action else None
    shares = round((action.ratio - 1) * 10, 6) if action else None
    return {
        "SECUCODE": f"{code}.SH" if code.startswith("6") else f"{code}.SZ",
        "SECURITY_CODE": code,
        "SECURITY_NAME_ABBR": name,
        "SECURITY_INNER_CODE": "1000001",
        "TRADE_MARKET": "主板",
        "BONUS_IT_RATIO": shares or None,
        "BONUS_RATIO": None,
        "IT_RATIO": shares or None,
        "PRETAX_BONUS_RMB": round(action.cash * 10, 6) if action else 1.5,
        "PUBLISH_DATE": "2024-03-22 00:00:00",
        "EQUITY_RECORD_DATE": ex_date,
        "EX_DIVIDEND_DATE": ex_date,
        "REPORT_DATE": "2023-12-31 00:00:00",
        "ASSIGN_PROGRESS": "实施分配" if action else "董事会决议通过",
        "IMPL_PLAN_PROFILE": "10派",
        "NOTICE_DATE": "2024-06-01 00:00:00",
        **{f"CLOSE_{at}": 1.0 for at in range(3)},
        "BASIC_EPS": 1.0,
        "BVPS": 10.0,
        "PER_CAPITAL_RESERVE": 3.0,
        "PER_UNASSIGN_PROFIT": 4.0,
        "PNP_YOY_RATIO": 5.0,
        "TOTAL_SHARES": 1e9,
        "PLAN_NOTICE_DATE": "2024-03-22 00:00:00",
        "DIVIDENT_RATIO": 0.02,
        **{f"DAYS_{at}": 1.0 for at in range(3)},
    }


def _reports(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    if {"empty", "null"} & set(kinds) or query["code"] not in market.names:
        return _json({"hits": 0, "size": 0, "data": [], "TotalPage": 0, "pageNo": 1, "currentYear": 2026})
    keys = [
        "title",
        "stockName",
        "stockCode",
        "orgCode",
        "orgName",
        "orgSName",
        "publishDate",
        "infoCode",
        "column",
        "predictNextTwoYearEps",
        "predictNextTwoYearPe",
        "predictNextYearEps",
        "predictNextYearPe",
        "predictThisYearEps",
        "predictThisYearPe",
        "indvInduName",
        "emRatingName",
        "sRatingName",
        "count",
    ]
    record = dict.fromkeys(keys, "1") | {
        "title": "算力网络建设提速",
        "stockCode": query["code"],
        "stockName": market.names[query["code"]],
        "orgSName": "某某证券",
        "publishDate": "2025-03-03 00:00:00.000",
        "infoCode": "AP202503031234",
        "emRatingName": "买入",
        "sRatingName": "推荐",
    }
    record |= {"lastEmRatingName": "增持", "ratingChange": 0, "indvAimPriceT": "30.5", "indvAimPriceL": ""}
    found = [record]
    if "formula_title" in kinds:
        found = [record | {"title": "=SUM(A1)", "orgSName": "@某某证券", "infoCode": "AP2"}, record]
    if "no_codes" in kinds:
        found = [record | {"infoCode": None, "title": f"报告{at}"} for at in (1, 2)]
    records = spoil_records(kinds, found, "emRatingName")
    return _json({"hits": len(found), "size": len(found), "data": records, "TotalPage": 1, "pageNo": 1, "currentYear": 2026})


# --- Sina ------------------------------------------------------------------------------------------------------------


def _floats(bar: Bar) -> tuple[dt.date, float, float, float, float]:
    """Day and prices as numbers: the packed series has no way to say '-'."""
    close = bar.close if isinstance(bar.close, float) else 0.0
    prices = [value if isinstance(value, float) else close for value in (bar.open, bar.high, bar.low)]
    return dt.date.fromisoformat(bar.day), prices[0], prices[1], prices[2], close


def _sina_bars(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    code = re.findall(r"(?:sh|sz|bj)(\d{6})/", path)[0]
    is_index = "hisdata/" in path
    bars = market.bars("index" if is_index else "raw", code, kinds) or []
    if {"empty", "null"} & set(kinds):
        bars = []
    if is_index:
        return _text(klc.script(f"KLC_KL_{code}", klc.pack_index([(*_floats(bar), bar.volume or 1000.0) for bar in bars])))
    unit = 100 if "other_units" in kinds else 1
    rows = [(*_floats(bar), (bar.volume or 0.0) / unit, bar.amount or 0.0) for bar in bars]
    return _text(klc.script(f"KLC_K2_{code}", klc.pack_stock(rows)))


def _sina_abroad(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    """A share or index of Hong Kong, or an index of New York."""
    name = (
        path.split("/")[-2]
        if "hkstock" in path
        else {".INX": "SPX"}.get(path.rsplit("/", maxsplit=1)[-1], path.rsplit("/", maxsplit=1)[-1][1:])
    )
    kind, code = ("hk", name[1:]) if name.isdigit() else ("index", name)
    bars = [] if {"empty", "null"} & set(kinds) else market.bars(kind, code, kinds) or []
    if "/us/" in path:
        return _text(klc.script(f"KLC_K2_{code}", klc.pack_stock([(*_floats(bar), 1000.0, 1e9) for bar in bars])))
    return _text(klc.script(f"KLC_K2_{code}", klc.pack_index([(*_floats(bar), bar.volume or 1000.0) for bar in bars])))


def _sina_global(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    bars = [] if {"empty", "null"} & set(kinds) else market.bars("index", query["symbol"], kinds) or []
    records = [
        {"d": text_date(bar.day, kinds), "o": bar.close, "h": bar.close, "l": bar.close, "c": bar.close, "v": "0"}
        for bar in bars
    ]
    return _json({"result": {"status": {"code": 0}, "data": spoil_records(kinds, records, "c")}})


def _share_counts(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    code = query.get("symbol", "x")
    rows = (
        "null"
        if {"empty", "null"} & set(kinds)
        else '[{date:"2000-01-01",amount:"118000"},{date:"2024-01-01",amount:"118549.2"}]'
    )
    return _text(f"/*<script>location.href='//sina.com';</script>*/\nvar KKE_ShareAmount_{code}=({rows});")


def _sina_sessions(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    days = [dt.date.fromisoformat(day) for day in market.sessions if day >= "2015"]
    return _text(klc.script("datelist", klc.pack_calendar(days)))


def _share_bonus_page(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    code = re.findall(r"stockid/(\d{6})", path)[0]
    actions = [] if {"empty", "null"} & set(kinds) else market.actions(code, kinds)
    bonus = ["".join(f"<td>{cell}</td>" for cell in _bonus_cells(action)) for action in actions[::-1]]
    rights = ["<td>2024-01-02</td><td>3</td><td>5.20</td><td>100000000</td><td>2024-06-18</td>" + "<td>--</td>" * 6]
    tables = ["<table><tr><td>导航</td></tr></table>"] * 12
    heads = ["公告日期", "送股(股)", "转增(股)", "派息(税前)(元)", "进度", "除权除息日", "股权登记日", "红股上市日", "查看详细"]
    tables.append(_table(heads, bonus, rows_of_head=3))
    heads = [
        "公告日期",
        "配股方案",
        "配股价格",
        "基准股本",
        "除权日",
        "股权登记日",
        "缴款起始日",
        "缴款终止日",
        "配股上市日",
        "募集资金合计",
        "查看详细",
    ]
    tables.append(_table(heads, rights if "rights_issue" in kinds else [], rows_of_head=2))
    page = f"<html><head><title>分红配股</title></head><body>{''.join(tables)}</body></html>"
    return 200, page.encode("gb18030"), "text/html; charset=gbk"


def _bonus_cells(action: Action) -> list[str]:
    shares, cash = f"{(action.ratio - 1) * 10:.6g}", f"{action.cash * 10:.6g}"
    return [action.day, "0", shares, cash, "实施", action.day, action.day, "--", "查看"]


def _table(heads: list[str], rows: list[str], *, rows_of_head: int) -> str:
    top = f'<tr><th colspan="{len(heads)}">标题</th></tr>' * (rows_of_head - 1)
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = rows or [f'<td colspan="{len(heads)}">暂时没有数据！</td>']
    return f"<table><thead>{top}<tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in body)}</tbody></table>"


# --- Tencent ---------------------------------------------------------------------------------------------------------


def _tencent_trend(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    return _text('trend_qfq={"code":0,"msg":"","data":[["2001-08-24","20.9"]]}')


def _tencent(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    symbol, _, start, end, _, adjust = query["param"].split(",")
    code = symbol[2:]
    if adjust == "qfq":
        bars = market.adjusted(code, kinds, start=start, end=end)
    else:
        bars = market.bars("raw", code, kinds, start=start, end=end)
    if bars is None or "null" in kinds or symbol.startswith("bj"):
        return _text(query["_var"] + "=" + json.dumps({"code": 0, "msg": "", "data": {symbol: {"qt": {}, "version": "16"}}}))
    lots = 1 if symbol.startswith("sh688") != ("other_units" in kinds) else 100
    rows = [] if "empty" in kinds else [_tencent_row(bar, lots, kinds) for bar in bars]
    key = "qfqday" if adjust == "qfq" and market.actions(code) else "day"
    [data] = spoil_records(kinds, [{key: rows, "qt": {}, "prec": "19.9", "version": "16"}], key)
    return _text(query["_var"] + "=" + json.dumps({"code": 0, "msg": "", "data": {symbol: data}}))


def _tencent_row(bar: Bar, lots: int, kinds: Sequence[str]) -> list[Any]:
    prices = [_plain(_or_close(value, bar)) for value in (bar.open, bar.close, bar.high, bar.low)]
    return [
        text_date(bar.day, kinds),
        *prices,
        f"{(bar.volume or 0) / lots:.2f}",
        {},
        "2.64",
        f"{(bar.amount or 0) / 1e4:.4f}",
        "",
        "0",
    ]


# --- index houses ----------------------------------------------------------------------------------------------------

CSINDEX_NAMES = {"000300": "沪深300", "H00300": "沪深300全收益", "931160": "中证全指通信设备"}


def _csindex(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    code = query["indexCode"]
    start = _iso(query["startDate"])
    bars = market.bars("index", code, kinds, start=start, end=_iso(query["endDate"]))
    if bars and bars[0].day > start and "short_window" not in kinds:
        bars = [replace(bars[0], day=start), *bars]  # asked from a day without data, it copies the first real row there
    if bars is None or {"empty", "null"} & set(kinds):
        return _json({"code": "200", "msg": "Success", "data": None if "null" in kinds else [], "success": True})
    name = CSINDEX_NAMES.get(code, code)
    if "wrong_security" in kinds:
        code, name = "000001", "上证指数"
    records = spoil_records(kinds, [_csindex_row(bar, code, name, kinds) for bar in bars], "close")
    return _json({"code": "200", "msg": "Success", "data": records, "success": True})


def _csindex_row(bar: Bar, code: str, name: str, kinds: Sequence[str]) -> dict[str, Any]:
    day = text_date(bar.day, kinds) if "text_dates" in kinds else bar.day.replace("-", "")
    return {
        "tradeDate": day,
        "indexCode": code,
        "indexNameCnAll": f"{name}指数",
        "indexNameCn": name,
        "indexNameEnAll": "x",
        "indexNameEn": "x",
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "change": 0.5,
        "changePct": 0.5,
        "tradingVol": 1234.5,
        "tradingValue": None if bar.amount is None else round(bar.amount / 1e8, 2),
        "consNumber": 50.0,
        "peg": 30.1,
    }


def _shenwan(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    code = query["swindexcode"]
    bars = market.bars("index", code, kinds)
    if bars is None or {"empty", "null"} & set(kinds):
        return _json({"code": "200", "data": None if "null" in kinds else []})
    records = [
        {
            "swindexcode": "801010" if "wrong_security" in kinds else code,
            "bargaindate": text_date(bar.day, kinds),
            "openindex": bar.open,
            "maxindex": bar.high,
            "minindex": bar.low,
            "closeindex": bar.close,
            "hike": 10.0,
            "markup": 0.39,
            "bargainamount": 123.4,
            "bargainsum": None if bar.amount is None else round(bar.amount / 1e8, 2),
        }
        for bar in bars
    ]
    return _json({"code": "200", "data": spoil_records(kinds, records, "closeindex")})


# --- lists of stocks -------------------------------------------------------------------------------------------------


def _shanghai(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    wanted = ("68",) if query["STOCK_TYPE"] == "8" else ("60",)
    rows = [
        {
            "A_STOCK_CODE": code,
            "SEC_NAME_CN": name,
            "SEC_NAME_FULL": name,
            "COMPANY_ABBR": name,
            "FULL_NAME": name,
            "LIST_DATE": "20010823",
        }
        for code, name in market.listed()
        if code.startswith(wanted)
    ]
    total = len(rows)
    rows = [] if {"empty", "null"} & set(kinds) else rows[:1] if "short_window" in kinds else rows
    return _json({"pageHelp": {"total": total, "pageSize": 10000}, "result": spoil_records(kinds, rows, "SEC_NAME_CN")})


def _shenzhen(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("A股列表")
    sheet.append(["板块", "A股代码", "A股简称", "A股上市日期", "A股总股本", "A股流通股本", "所属行业"])
    for code, name in market.listed():
        if code.startswith(("00", "30")):
            sheet.append(["主板", code, name, "1991-04-03", "1", "1", "J"])
    for at in range(12):
        sheet.append(["主板", f"0029{at:02d}", f"样本{at}", "1991-04-03", "1", "1", "J"])
    file = io.BytesIO()
    book.save(file)
    return 200, file.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _beijing(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    columns = [f"c{at:02d}" for at in range(48)]
    rows = [
        dict.fromkeys(columns, "1") | {"c00": "20200727", "c22": "20250303", "c38": code, "c40": name}
        for code, name in market.listed()
        if code.startswith(("4", "8", "920"))
    ]
    # Samples fill the list up, so that it has more pages than one, as the real one has eighteen.
    samples = [("9209" + f"{at:02d}", f"京样{at}") for at in range(21)]
    rows += [
        dict.fromkeys(columns, "1") | {"c00": "20200727", "c22": "20250303", "c38": code, "c40": name} for code, name in samples
    ]
    size = 20
    at = 0 if "page_twice" in kinds else int(query.get("page", 0))
    page = {"content": rows[at * size : (at + 1) * size], "totalPages": -(-len(rows) // size), "totalElements": len(rows)}
    return _text("null(" + json.dumps([page], ensure_ascii=False) + ")")


ROUTES: tuple[tuple[str, Handler], ...] = (
    (r"^(33\.)?push2his\.eastmoney\.com/api/qt/stock/kline/get$", _kline),
    (r"^datacenter-web\.eastmoney\.com/api/data/v1/get$", _datacenter),
    (r"^reportapi\.eastmoney\.com/report/list$", _reports),
    (r"^finance\.sina\.com\.cn/realstock/company/\w+/hisdata(_klc2)?/klc_kl\.js$", _sina_bars),
    (r"^stock\.finance\.sina\.com\.cn/.*getAmountBySymbol$", _share_counts),
    (r"^finance\.sina\.com\.cn/stock/hkstock/\w+/klc2_kl\.js$", _sina_abroad),
    (r"^finance\.sina\.com\.cn/staticdata/us/\.\w+$", _sina_abroad),
    (r"^gi\.finance\.sina\.com\.cn/hq/daily$", _sina_global),
    (r"^finance\.sina\.com\.cn/realstock/company/klc_td_sh\.txt$", _sina_sessions),
    (r"^vip\.stock\.finance\.sina\.com\.cn/quotes_service/api/json_v2\.php/Market_Center\.getHQNodeStockCount", spot_count),
    (r"^vip\.stock\.finance\.sina\.com\.cn/quotes_service/api/json_v2\.php/Market_Center\.getHQNodeData", spot_page),
    (r"^vip\.stock\.finance\.sina\.com\.cn/corp/go\.php/vISSUE_ShareBonus/", _share_bonus_page),
    (r"^web\.ifzq\.gtimg\.cn/other/klineweb/klineWeb/weekTrends$", _tencent_trend),
    (r"^proxy\.finance\.qq\.com/ifzqgtimg/appstock/app/newfqkline/get$", _tencent),
    (r"^www\.csindex\.com\.cn/csindex-home/perf/index-perf$", _csindex),
    (r"^www\.swsresearch\.com/institute-sw/api/index_publish/trend/$", _shenwan),
    (r"^query\.sse\.com\.cn/sseQuery/commonQuery\.do$", _shanghai),
    (r"^www\.szse\.cn/api/report/ShowReport$", _shenzhen),
    (r"^www\.bse\.cn/nqxxController/nqxxCnzq\.do$", _beijing),
)
