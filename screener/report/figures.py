"""Figures as people read them: one place for number formats, glyphs and the words inside cells.

Fractions come in, text goes out. The sign is always shown, `+` too; zero has none. The minus is U+2212, and a narrow
no-break space (U+202F) stands between a figure and its unit, none before % or ×. Rounding is half away from zero and for
display only.
"""

from __future__ import annotations

import datetime as dt

from screener.report.document import Band, Bullet, Cell, CellKind, Flag, Parts, Shares
from screener.terms.notes import Gap
from screener.terms.numbers import NOISE_DECIMALS, rounded
from screener.terms.say import Lang, say
from screener.thesis.scale import Ladder, decimals_apart, decimals_seen

MINUS = "\u2212"
NARROW_SPACE = "\u202f"
# Glyphs of chips by Band.level: the second encoding beside the colour.
GLYPHS = {2: "▲▲", 1: "▲", 0: "◆", -1: "▼"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def number(value: float, decimals: int = 2, *, sign: bool = False, minus: str = MINUS) -> str:
    """`value` with `decimals`, thousands by comma; with `sign` a plus is shown too, and none for zero."""
    plain = rounded(value, decimals)
    mark = minus if plain < 0 else "+" if sign and plain > 0 else ""
    return f"{mark}{abs(plain):,.{decimals}f}"


def percent(value: float, decimals: int = 2, *, unit: bool = True, sign: bool = True, minus: str = MINUS) -> str:
    """A fraction as `−4.11%`; without unit for a column under a % head."""
    return number(round(value, NOISE_DECIMALS) * 100, decimals, sign=sign, minus=minus) + ("%" if unit else "")


def points(value: float, decimals: int = 2, *, unit: bool = True, sign: bool = True, minus: str = MINUS) -> str:
    """A fraction as percentage points, `+5.75 pp`; without unit for a column under a pp head."""
    return number(round(value, NOISE_DECIMALS) * 100, decimals, sign=sign, minus=minus) + (f"{NARROW_SPACE}pp" if unit else "")


def points_in(value: float, ladder: Ladder, decimals: int = 2, *, unit: bool = True, minus: str = MINUS) -> str:
    """An excess that is judged by `ladder`: as `points`, with the digits that keep it on its own side of an edge."""
    return points(value, decimals_apart(value, ladder, decimals), unit=unit, minus=minus)


def measured_text(value: float, ladder: Ladder, decimals: int = 2, *, unit: bool = True) -> str:
    """What the bands of `ladder` compare: an excess as points, a return under an absolute measure as per cent."""
    if ladder.measure == "absolute":
        return percent(value, decimals_apart(value, ladder, decimals))
    return points_in(value, ladder, decimals, unit=unit)


def distance_text(value: float) -> str:
    """How far an excess is from a band edge, without a sign; never 0.00 pp unless it is at the edge."""
    return points(abs(value), decimals_seen(value), sign=False)


def price(value: float) -> str:
    """CNY, two decimals."""
    return number(value)


def multiple(value: float) -> str:
    """A ratio as `1.71×`."""
    return number(value) + "×"


def day(value: dt.date) -> str:
    """2025-04-11."""
    return value.isoformat()


def short_day(value: dt.date) -> str:
    """25-04-11, for column heads."""
    return f"{value:%y-%m-%d}"


def month_day(value: dt.date) -> str:
    """04-11, inside a week."""
    return f"{value:%m-%d}"


def weekday(value: dt.date, lang: Lang) -> str:
    """周一 or Mon."""
    return say(f"label_{WEEKDAYS[value.weekday()]}", lang)


def tone(value: float, decimals: int = 2) -> str:
    """`up`, `dn` or `mut` (zero as shown) of a fraction written as % or pp: the class that takes a sign colour."""
    shown = rounded(value * 100, decimals)
    return "up" if shown > 0 else "dn" if shown < 0 else "mut"


def cell_text(cell: Cell, lang: Lang, *, unit: bool = False) -> str:
    """A cell as plain text; `unit` where no column head gives it (running text, key figures)."""
    value = cell.value
    if cell.kind == "gap" and isinstance(value, Gap):
        return f"{say('label_gap', lang)} {value.kind(lang)}"
    if cell.kind in ("not_due", "none"):
        return say(f"label_{cell.kind}", lang)
    if isinstance(value, Band):
        return value.word
    if isinstance(value, Bullet):
        return points(value.now, unit=unit)
    if isinstance(value, Shares):
        return shares_text(value, lang)
    if isinstance(value, tuple):
        return _tuple_text(value, lang)
    if isinstance(value, dt.date):
        return day(value)
    if isinstance(value, float | int):
        return figure_text(cell.kind, value, unit=unit or cell.with_unit, decimals=cell.decimals)
    return str(value)


def figure_text(kind: CellKind, value: float, *, unit: bool = False, decimals: int | None = None) -> str:
    """A number of a cell kind as text; `decimals` where a return or points need others than usual."""
    if kind == "return":
        return percent(value, 2 if decimals is None else decimals, unit=unit)
    if kind in ("excess", "points", "heat"):
        usual = 1 if kind == "heat" else 2
        return points(value, usual if decimals is None else decimals, unit=unit)
    if kind in ("weight", "share"):
        return percent(value, 0 if kind == "share" else 2, unit=unit, sign=False)
    if kind == "multiple":
        return multiple(value)
    if kind in ("cash", "factor"):
        return number(value, 4)
    return number(value, 0) if kind == "count" else price(value)


def shares_text(value: Shares, lang: Lang) -> str:
    """How days divide among bands, the best first, bands without a day left out: `强于大市 66%、中性 34%`."""
    found = [f"{band.word} {percent(part, 0, sign=False)}" for band, part in reversed(value.parts) if part > 0]
    return ("、" if lang == "zh" else ", ").join(found) or say("label_none", lang)


def _tuple_text(value: tuple[Flag, ...] | tuple[float, ...], lang: Lang) -> str:
    if not value:
        return say("label_none", lang)
    flags = [each.text for each in value if isinstance(each, Flag)]
    if flags:
        return ("、" if lang == "zh" else ", ").join(flags)
    return " ".join(points(each, 1, unit=False) for each in value if isinstance(each, float))


def parts_text(parts: Parts, lang: Lang) -> str:
    """Running text with its figures, as plain text."""
    return "".join(each if isinstance(each, str) else cell_text(each, lang, unit=True) for each in parts)
