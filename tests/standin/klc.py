"""Sina's packed series, written so that akshare's own decoder reads them back.

The stream is a run of bits, six to a character, lowest first: a 12-bit kind, a 6-bit head, then records of differences.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
EPOCH = dt.date(1990, 12, 19)
WORD = 30  # the decoder reads longer numbers as a low word of 30 bits and the rest
STOCK, INDEX, CALENDAR = 3466, 1479, 139
STOCK_LENGTHS = {"o": 8, "h": 6, "l": 6, "c": 7, "v": 14, "a": 14}  # in units of three bits
STOCK_DEFAULTS = {"o": 3, "h": 3, "l": 3, "c": 3, "v": 5, "a": 5}

StockRow = tuple[dt.date, float, float, float, float, float, float]
IndexRow = tuple[dt.date, float, float, float, float, float]


class Bits:
    """A growing run of bits."""

    def __init__(self, kind: int) -> None:
        self.bits: list[int] = []
        self.put(kind, 12).put(63, 6)

    def put(self, value: int, width: int) -> Bits:
        """Append `width` bits of `value` (two's complement), lowest first."""
        value &= (1 << width) - 1
        self.bits += [(value >> at) & 1 for at in range(width)]
        return self

    def put_long(self, value: int, width: int) -> Bits:
        """Append a number that may be wider than one word."""
        if width <= WORD:
            return self.put(value, width)
        return self.put(value & (2**WORD - 1), WORD).put(value >> WORD, width - WORD)

    def unary(self, value: int) -> Bits:
        """Append a signed number other than zero: its sign, then as many ones as it is large, less one, then a zero."""
        self.bits += [1 if value > 0 else 0] + [1] * (abs(value) - 1) + [0]
        return self

    def text(self) -> str:
        """The run as text."""
        bits = self.bits + [0] * (-len(self.bits) % 6)
        return "".join(ALPHABET[sum(bits[at + i] << i for i in range(6))] for at in range(0, len(bits), 6))


def pack_stock(rows: Sequence[StockRow]) -> str:
    """Rows (date, open, high, low, close, volume in shares, amount in CNY), prices in whole cents."""
    if not rows:
        return ""
    run = Bits(STOCK)
    close_before = volume_before = 0
    for at, (day, *prices, shares, amount) in enumerate(rows):
        number = (day - EPOCH).days
        opened, high, low, close = (round(price * 100) for price in prices)
        volume = int(shares)
        if at == 0:
            _stock_head(run, number)
        else:
            run.put(0b11101, 5).put(1, 3).put(number, 18)
        guess = _guess_amount(opened, high, low, close, volume)
        differences = (
            opened - close_before,
            high - opened,
            opened - low,
            close - opened,
            volume - volume_before,
            round(amount) - guess,
        )
        for name, value in zip("ohlcva", differences, strict=True):
            run.put_long(value, 3 * STOCK_LENGTHS[name])
        close_before, volume_before = close, volume
    return run.put(0b00011, 5).text()


def _stock_head(run: Bits, day: int) -> None:
    """The first record: new lengths for every field, an absolute date, no previous close."""
    run.put(0b11, 2).put(0, 1).put(1, 1)
    for name in "ohlcva":
        run.put(1, 1).unary(STOCK_LENGTHS[name] - STOCK_DEFAULTS[name])
    run.put(1, 1).put(1, 3).put(day, 18).put(0, 1)


def _guess_amount(opened: int, high: int, low: int, close: int, volume: int) -> int:
    """What the decoder takes the amount for before the difference: typical price × volume, halves to even."""
    typical = opened + ((high - opened) - (opened - low) + (close - opened)) / 4
    digits = str(math.floor(typical * volume + 0.5)).zfill(3)
    whole, first, second = int(digits[:-2]), digits[-2], digits[-1]
    up = first > "5" or (first == "5" and (second > "0" or whole & 1))
    return whole + (1 if up else 0)


def pack_index(rows: Sequence[IndexRow]) -> str:
    """Rows (date, open, high, low, close, volume)."""
    if not rows:
        return ""
    places = _places(rows)
    scale = 10**places
    run = Bits(INDEX).put(places, 6).put(0, 18).put(1, 3).put(7, 3)
    close_before = volume_before = 0
    for day, *prices, volume in rows:
        opened, high, low, close = (round(price * scale) for price in prices)
        run.put(32, 6).put(17, 6).put((day - EPOCH).days, 18).put(63, 6).put(7, 3).put(7, 3)
        for value in (opened - close_before, high - opened, opened - low, close - opened):
            run.put(value, 24)
        run.put_long(int(volume) - volume_before, 42)
        close_before, volume_before = close, int(volume)
    return run.text()


def _places(rows: Sequence[IndexRow]) -> int:
    """Decimal places that still fit into 24 bits with a sign."""
    largest = max(abs(price) for row in rows for price in row[1:5])
    return next((places for places in (3, 2, 1) if largest * 10**places < 2**23), 0)


def pack_calendar(days: Sequence[dt.date]) -> str:
    """Trading days, ascending, all of them weekdays."""
    sessions = set(days)
    first, last = (days[0] - EPOCH).days, (days[-1] - EPOCH).days
    run = Bits(CALENDAR).put(first, 18).put(last, 18)
    for at, length in enumerate(_runs(days[0], days[-1], sessions)):
        run.put(1 if at == 0 else 0, 1)
        if at == 0:
            run.unary(5)  # 15 bits for a run's length from here on
        run.put(length, 15)
    return run.text()


def _runs(first: dt.date, last: dt.date, sessions: set[dt.date]) -> list[int]:
    """Lengths of the runs of weekdays that are sessions, split at every weekday that is none."""
    runs, length, day = [], 0, first
    while day <= last:
        if day.weekday() < 5 and day in sessions:
            length += 1
        elif day.weekday() < 5:
            runs.append(length)
            length = 0
        day += dt.timedelta(days=1)
    return [*runs, length]


def script(name: str, packed: str) -> str:
    """The JavaScript that carries a packed series."""
    return f'var {name}="{packed}";\n\n/* note */'
