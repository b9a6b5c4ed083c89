"""Lists that hold the whole market at once: the day's prices, the dividends of a report period, a day's suspensions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from screener.terms.notes import ScreenerError
from screener.terms.symbols import stock_symbol
from screener.upstream.akshare_source import Answer, ask, host_of
from screener.upstream.columns import (
    check_count,
    different,
    read_days,
    read_numbers,
    record_of,
    records_of,
    rename,
)
from screener.upstream.replies import SourceError

SPOT_COLUMNS = ("symbol", "open", "high", "low", "close", "previous", "volume", "amount", "time")
PERIOD_COLUMNS = ("symbol", "ex_date", "cash_per_share", "split_ratio")
_SPOT: Mapping[str, str] = {
    "symbol": "symbol",
    "open": "open",
    "high": "high",
    "low": "low",
    "trade": "close",
    "settlement": "previous",
    "volume": "volume",
    "amount": "amount",
    "ticktime": "time",
}


def fetch_spot() -> pd.DataFrame:
    """The newest prices of every A share, columns SPOT_COLUMNS: CNY, shares; `time` as the source says it ("15:00:00").

    What has not traded has volume 0. SourceError `list_truncated` unless as many different shares came as announced.
    """
    host = host_of("sina_spot")
    answer = ask("sina_spot", "stock_zh_a_spot", form="any")
    first, *pages = answer.replies
    digits = re.search(rb"\d+", first.body)
    records = different([record for reply in pages for record in records_of(reply, reply.json)])
    if not records:
        raise SourceError("layout_changed", host=host, excerpt=first.body, detail="0")
    frame = rename(pd.DataFrame(records), _SPOT, host).drop_duplicates("symbol")
    check_count(host, len(frame), int(digits[0]) if digits else None)
    for column in SPOT_COLUMNS[1:-1]:
        frame[column] = read_numbers(frame[column])
    frame["symbol"] = [f"{text[2:]}.{text[:2].upper()}" for text in frame["symbol"].astype(str)]
    return frame[list(SPOT_COLUMNS)].reset_index(drop=True)


def fetch_period_actions(period: dt.date) -> pd.DataFrame:
    """The dividends and bonus shares of every company for a report period that have an ex-date, columns PERIOD_COLUMNS.

    CNY per share before, gross; shares after per share before. An empty frame: none on record.
    """
    answer = ask("eastmoney_dividends", "stock_fhps_em", f"{period:%Y%m%d}", form="json")
    records = _data_center_records(answer)
    if not records:
        return pd.DataFrame({name: [] for name in PERIOD_COLUMNS}).astype({"ex_date": "datetime64[s]"})
    host = host_of("eastmoney_dividends")
    names = {"SECURITY_CODE": "code", "EX_DIVIDEND_DATE": "ex_date", "PRETAX_BONUS_RMB": "cash", "BONUS_IT_RATIO": "shares"}
    frame = rename(pd.DataFrame(records), names, host)
    frame = frame[frame["ex_date"].notna()].assign(symbol=lambda rows: rows["code"].map(_share))
    frame = frame[frame["symbol"] != ""]
    return pd.DataFrame(
        {
            "symbol": frame["symbol"].to_numpy(dtype=object),
            "ex_date": read_days(frame["ex_date"], host).to_numpy(),
            "cash_per_share": (read_numbers(frame["cash"]).fillna(0) / 10).round(9).to_numpy(),
            "split_ratio": (1 + read_numbers(frame["shares"]).fillna(0) / 10).round(9).to_numpy(),
        }
    )


def fetch_suspensions(day: dt.date) -> frozenset[str]:
    """The shares that did not trade on `day`, the whole day or a part of it."""
    answer = ask("eastmoney_dividends", "stock_tfp_em", f"{day:%Y%m%d}", form="json")
    codes = [str(record.get("SECURITY_CODE", "")) for record in _data_center_records(answer)]
    return frozenset(symbol for symbol in map(_share, codes) if symbol)


def _data_center_records(answer: Answer) -> list[dict[str, Any]]:
    """Every record of a list in pages; none where the data centre has nothing on record."""
    last = answer.replies[-1]
    if last.json.get("result") is None:
        if last.json.get("code") != 9201:
            raise SourceError("source_says", host=last.host, message=last.json.get("message"), excerpt=last.body)
        return []
    pages = [(reply, record_of(reply, reply.json.get("result"))) for reply in answer.replies]
    records = different([record for reply, page in pages for record in records_of(reply, page.get("data"))])
    check_count(last.host, len(records), pages[0][1].get("count"))
    return records


def _share(code: object) -> str:
    """The symbol of an A share's code, "" for another's."""
    try:
        symbol = stock_symbol(str(code))
    except ScreenerError:
        return ""
    return str(symbol) if symbol.is_a_share else ""


def periods_until(day: dt.date, *, years: float) -> Sequence[dt.date]:
    """Report periods (ends of quarters) of the last `years` before `day`, newest first."""
    ends = [
        dt.date(year, month, 30 if month in (6, 9) else 31) for year in range(day.year, 1990, -1) for month in (12, 9, 6, 3)
    ]
    first = day - dt.timedelta(days=round(365.25 * years))
    return [end for end in ends if first <= end <= day]


def odd_rows(spot: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Rows of traded shares that cannot simply be believed: they go the way of a single name, through every check."""
    low, high = spot["low"], spot["high"]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = spot["amount"] / spot["volume"]
        fits = (price >= low * 0.998 - 0.005) & (price <= high * 1.002 + 0.005)
        inside = (low > 0) & (low <= spot["open"]) & (spot["open"] <= high) & (low <= spot["close"]) & (spot["close"] <= high)
        calm = (spot["close"] / spot["previous"] - 1).abs() <= 0.31
    return np.asarray(~(fits & inside & calm & (spot["volume"] >= 1)), dtype=bool)
