"""Everything that is known to go wrong on the other side, each with a switch."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

WIRE = {
    "reset": "the connection is reset before a reply",
    "hang": "the request is read, nothing is ever sent",
    "drip": "the head of a reply, then a byte now and then",
    "status_403": "403 with JSON",
    "status_429": "429 with JSON",
    "status_500": "500 with a reply that looks like data",
    "html": "200 with a page that asks for patience",
    "truncated": "half the body, announced as if it were whole",
    "cut_off": "half the body, less than announced",
    "malformed": "JSON with a value left out",
    "rogue": "a certificate of an authority that nobody trusts",
    "bomb": "a small packed reply that grows to a gigabyte",
    "huge": "a reply of a hundred megabytes",
    "deep": "JSON nested a hundred thousand times",
    "equals_page": "a page of patience with equals signs in it",
    "redirect_away": "a redirect to another house's host",
    "redirect_plain": "a redirect to the same host without encryption",
    "redirect_home": "a redirect to another host of the same house, which answers",
    "many_pages": "a list that announces a thousand million pages",
}
BODY = {
    "empty": "success without rows",
    "null": "success without data: the code is not known",
    "reordered": "the keys in another order",
    "extra_keys": "keys that were not there before",
    "missing_key": "a needed key is gone",
    "wrong_security": "a reply about another code",
}
ROWS = {
    "times_100": "every price times 100",
    "times_100_last": "the last row's prices times 100",
    "negative": "one close below zero",
    "zero": "one close of zero",
    "dash": "one close is '-'",
    "duplicate_dates": "one date twice with different values",
    "weekend": "a row on a Saturday",
    "padded_holiday": "a row on New Year's Day, a copy of the next",
    "stale_last": "the last three rows are not there yet",
    "live_bar": "a bar of the day after the last, half way through the session",
    "text_dates": "dates as 20250303 or with a time zone",
    "other_units": "volume in another unit than usual",
    "formula_title": "a report whose title and house begin like a formula",
    "no_codes": "two reports without a number",
    "page_twice": "a list whose second page repeats the first",
    "short_window": "only the last 60 rows of what was asked",
}
ACTIONS = {
    "missing_dividend": "the list leaves out the newest dividend",
    "missing_factor": "no 前复权 prices",
    "additive_qfq": "前复权 by subtraction",
    "rights_issue": "a rights issue on the list",
}
COUNTS = {"doubled_count": "one day's float shares are twice what its market value says"}
FAULTS = {**WIRE, **BODY, **ROWS, **ACTIONS, **COUNTS}


@dataclass(frozen=True)
class Bar:
    """One session of one security as the folder has it: CNY, shares; None = not there."""

    day: str
    open: float | str | None
    high: float | str | None
    low: float | str | None
    close: float | str | None
    volume: float | None
    amount: float | None


@dataclass
class Fault:
    """A fault of `kind` for requests whose host, path and text contain these; after `after` good ones, `times` times."""

    kind: str
    host: str = ""
    path: str = ""
    code: str = ""
    after: int = 0
    times: int | None = None
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"no such fault: {self.kind}; known: {', '.join(FAULTS)}")

    def strikes(self, host: str, path: str, text: str) -> bool:
        """Whether this request is hit; counts the requests that it concerns."""
        if self.host not in host or self.path not in path or self.code not in text:
            return False
        self.seen += 1
        return self.after < self.seen <= self.after + (self.times if self.times is not None else 10**9)


def spoil_rows(kinds: Iterable[str], bars: list[Bar]) -> list[Bar]:
    """The bars with the row faults of `kinds`."""
    for kind in kinds:
        if kind in SPOIL and bars:
            bars = SPOIL[kind](bars)
    return bars


def _scaled(bar: Bar, by: float) -> Bar:
    prices = {name: value * by for name in ("open", "high", "low", "close") if isinstance(value := getattr(bar, name), float)}
    return replace(bar, **{name: round(value, 2) for name, value in prices.items()})


def _middle(change: Callable[[Bar], Bar]) -> Callable[[list[Bar]], list[Bar]]:
    def spoil(bars: list[Bar]) -> list[Bar]:
        at = len(bars) // 2
        return [*bars[:at], change(bars[at]), *bars[at + 1 :]]

    return spoil


def _twice(bars: list[Bar]) -> list[Bar]:
    at = len(bars) // 2
    return [*bars[: at + 1], _scaled(bars[at], 1.01), *bars[at + 1 :]]


def _weekend(bars: list[Bar]) -> list[Bar]:
    day = dt.date.fromisoformat(bars[len(bars) // 2].day)
    saturday = day + dt.timedelta(days=5 - day.weekday())
    return sorted([*bars, replace(bars[len(bars) // 2], day=saturday.isoformat())], key=lambda bar: bar.day)


def _holiday(bars: list[Bar]) -> list[Bar]:
    year = max(bar.day[:4] for bar in bars)
    after = next((bar for bar in bars if bar.day > f"{year}-01-01"), bars[0])
    return sorted([*bars, replace(after, day=f"{year}-01-01")], key=lambda bar: bar.day)


def _live(bars: list[Bar]) -> list[Bar]:
    day = dt.date.fromisoformat(bars[-1].day) + dt.timedelta(days=1)
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return [*bars, replace(_scaled(bars[-1], 1.02), day=day.isoformat())]


SPOIL: dict[str, Callable[[list[Bar]], list[Bar]]] = {
    "times_100": lambda bars: [_scaled(bar, 100) for bar in bars],
    "times_100_last": lambda bars: [*bars[:-1], _scaled(bars[-1], 100)],
    "negative": _middle(lambda bar: replace(bar, close=-1.85, low=-2.0)),
    "zero": _middle(lambda bar: replace(bar, close=0.0, low=0.0)),
    "dash": _middle(lambda bar: replace(bar, close="-")),
    "duplicate_dates": _twice,
    "weekend": _weekend,
    "padded_holiday": _holiday,
    "stale_last": lambda bars: bars[:-3],
    "live_bar": _live,
    "short_window": lambda bars: bars[-60:],
}


def spoil_records(kinds: Iterable[str], records: list[dict[str, Any]], needed: str) -> list[dict[str, Any]]:
    """JSON records with the key faults of `kinds`; `needed` is the key that `missing_key` takes away."""
    for kind in kinds:
        if kind == "reordered":
            records = [dict(reversed(record.items())) for record in records]
        elif kind == "extra_keys":
            records = [dict(itertools.chain([("newKey", 1)], record.items(), [("dlmkts", "")])) for record in records]
        elif kind == "missing_key":
            records = [{key: value for key, value in record.items() if key != needed} for record in records]
    return records


def text_date(day: str, kinds: Iterable[str]) -> str:
    """The date as other servers write it, where that fault is on."""
    return f"{day}T00:00:00.000Z" if "text_dates" in kinds else day


Reply = tuple[int, bytes, str]
PATIENCE = "<html><head><title>请稍后再试</title></head><body>您的访问过于频繁</body></html>"


def spoil_reply(kinds: Iterable[str], reply: Reply) -> Reply:
    """The finished reply with the wire faults of `kinds`; `reset`, `hang`, `drip` and `cut_off` are the server's own."""
    status, body, mime = reply
    for kind in kinds:
        if kind in ("html", "equals_page"):
            page = PATIENCE if kind == "html" else PATIENCE.replace("<body>", '<body><script>var a="b";c=1</script>')
            return 200, page.encode(), "text/html; charset=utf-8"
        if kind == "deep":
            return 200, b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"
        if kind == "huge":
            return 200, b'{"data":"' + b" " * 100_000_000 + b'"}', "application/json"
        if kind == "many_pages":
            body = re.sub(rb'"(pages|TotalPage)": \d+', rb'"\1": 1000000000', body)
        if kind in ("status_403", "status_429"):
            code = int(kind[-3:])
            return code, json.dumps({"code": code, "message": "refused", "data": None}).encode(), "application/json"
        if kind == "status_500":
            status = 500
        elif kind == "truncated":
            body = body[: len(body) // 2]
        elif kind == "malformed":
            body = (
                b'{"code":"200","data":[{"swindexcode":"801770","bargaindate":"2025-03-03","openindex":,"closeindex":2555.5}]}'
            )
    return status, body, mime
