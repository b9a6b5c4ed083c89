"""Lists of the whole market, in the servers' own formats: prices of the day, dividends by report period, suspensions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tests.standin.faults import Reply, spoil_records
from tests.standin.market import Action, Market

SPOT_PAGE, PERIOD_PAGE = 80, 500
Query = dict[str, str]


def _json(value: object) -> Reply:
    return 200, json.dumps(value, ensure_ascii=False).encode(), "application/json"


def exchange_of(code: str) -> str:
    """sh, sz or bj."""
    return "sh" if code.startswith("6") else "bj" if code.startswith(("4", "8", "92")) else "sz"


def spot_count(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    """How many shares the list has, as bare text."""
    return 200, f'"{len(market.spot())}"'.encode(), "application/json"


def spot_page(market: Market, path: str, query: Query, kinds: Sequence[str]) -> Reply:
    """Eighty rows of the list of prices, by symbol."""
    page = 1 if "page_twice" in kinds and query["page"] == "2" else int(query["page"])
    rows = market.spot()[(page - 1) * SPOT_PAGE : page * SPOT_PAGE]
    return _json(spoil_records(kinds, [_spot_row(row, kinds) for row in rows], "settlement"))


def _spot_row(row: dict[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    """Twenty keys in Sina's order; prices are text."""
    code, previous, close = row["code"], row["previous"], row["close"]
    price = {name: f"{row[name]:.3f}" for name in ("open", "high", "low")}
    return {
        "symbol": exchange_of(code) + code,
        "code": code,
        "name": code,
        "trade": f"{close:.3f}",
        "pricechange": round(close - previous, 3),
        "changepercent": 0.0,
        "buy": f"{close:.3f}",
        "sell": f"{close:.3f}",
        "settlement": f"{previous:.3f}",
        **price,
        "volume": int(row["volume"]),
        "amount": int(row["amount"]),
        "ticktime": "11:12:03" if "live_bar" in kinds else "15:00:03",
        "per": 10.0,
        "pb": 1.0,
        "mktcap": 1e6,
        "nmc": 1e6,
        "turnoverratio": 1.0,
    }


def period_of(action: Action) -> str:
    """The report period that a dividend is for: the year before, or half of this year from October on."""
    year, month = int(action.day[:4]), int(action.day[5:7])
    return f"{year - 1}-12-31" if month < 10 else f"{year}-06-30"


def period_page(market: Market, query: Query, kinds: Sequence[str], record: Any) -> Reply:
    """A page of every company's dividends for one report period; `record` writes one in the data centre's form."""
    period = re.findall(r"REPORT_DATE='([\d-]+)'", query["filter"])[0]
    found = [(code, action) for code, action in market.every_action() if period_of(action) == period]
    if not found or "empty" in kinds or "null" in kinds:
        return _json({"version": None, "result": None, "success": False, "message": "返回数据为空", "code": 9201})
    at = (int(query["pageNumber"]) - 1) * PERIOD_PAGE
    data = [record(code, code, action, kinds) for code, action in found[at : at + PERIOD_PAGE]]
    result = {"pages": -(-len(found) // PERIOD_PAGE), "data": data, "count": len(found)}
    return _json({"version": "1", "result": result, "success": True, "message": "ok", "code": 0})


def suspensions(market: Market, kinds: Sequence[str]) -> Reply:
    """The names that do not trade today."""
    codes = [row["code"] for row in market.spot() if row["volume"] == 0]
    if not codes or "empty" in kinds:
        return _json({"version": None, "result": None, "success": False, "message": "返回数据为空", "code": 9201})
    keys = ("SECURITY_NAME_ABBR", "SUSPEND_START_TIME", "SUSPEND_END_TIME", "SUSPEND_EXPIRE", "SUSPEND_REASON")
    more = ("TRADE_MARKET", "SUSPEND_START_DATE", "PREDICT_RESUME_DATE", "TRADE_MARKET_CODE", "SECURITY_TYPE_CODE", "X")
    data = [{"SECURITY_CODE": code, **dict.fromkeys((*keys, *more))} for code in codes]
    return _json({"version": "1", "result": {"pages": 1, "data": data, "count": len(data)}, "success": True, "code": 0})
