"""Which rating standard a draft is judged by: the one named, the house's own, or the one that the report prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from screener.drafting.house import house_english
from screener.drafting.ladders import PrintedLadder, ladder_record
from screener.drafting.standard import PrintedScale, read_scale
from screener.drafting.text import Line, ReportText
from screener.thesis.scale import RatingScale

Record = dict[str, Any]
Question = tuple[str, str, str, tuple[tuple[str, object], ...]]


@dataclass(frozen=True)
class Choice:
    """The standard of a draft: its id, the words of both ladders, its markets; `record` where it is a new file.

    `questions`: field, message code, value and parameters of what is missing or differs from what the house is known for.
    """

    id: str | None = None
    record: Record | None = None
    stock: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    house_en: str = ""
    questions: tuple[Question, ...] = ()
    line: Line | None = None


def choose_scale(
    report: ReportText, house: str | None, scales: Sequence[RatingScale], scale_id: str | None, *, slug: str, file: str
) -> Choice:
    """The standard by `scale_id`; else the printed one, which is the library's where both judge alike; else the house's own."""
    if scale_id is not None:
        return _of_library(next(scale for scale in scales if scale.id == scale_id), house)
    own = next((scale for scale in scales if scale.house == house), None)
    printed = read_scale(report)
    record, questions = _record(printed, house, slug, file) if printed else (None, ())
    line = printed.line if printed else None
    if record is None:
        known = ", ".join(scale.id for scale in scales)
        if own is not None:
            return _of_library(own, house, (("scale", "scale_not_printed", own.id, ()), *questions), line)
        return Choice(house_en=house_english(house or ""), questions=(*questions, ("scale", "scale_unread", "", (("known", known),))), line=line)
    if own is not None and _judges_alike(own, record):
        return _of_library(own, house, (), line)
    if own is not None:
        questions = (*questions, ("scale", "scale_differs", own.id, (("differences", _differences(own, record)),)))
    english = house_english(house or "") or (own.house_en if own else "")
    return Choice(
        record["id"],
        record,
        tuple(band["rating"] for band in record["stock"]["bands"]),
        tuple(band["rating"] for band in record["industry"]["bands"]),
        tuple(market["id"] for market in record["markets"]),
        english,
        questions,
        line,
    )


def _of_library(scale: RatingScale, house: str | None, questions: tuple[Question, ...] = (), line: Line | None = None) -> Choice:
    english = scale.house_en if scale.house == house else house_english(house or "")
    markets = tuple(market.id for market in scale.markets)
    return Choice(scale.id, None, scale.stock.ratings, scale.industry.ratings, markets, english, questions, line)


def _record(printed: PrintedScale, house: str | None, slug: str, file: str) -> tuple[Record | None, tuple[Question, ...]]:
    """The printed standard as a scale file has it, None where no ladder of it can be used; and what is asked about it."""
    questions: list[Question] = [
        (f"scale.{each.kind}", each.fault, " ".join(band.rating for band in each.bands), ()) for each in printed.broken
    ]
    usable = {"stock": _bands(printed.stock), "industry": _bands(printed.industry)}
    for kind, ladder in (("stock", printed.stock), ("industry", printed.industry)):
        if ladder is not None and ladder.measure != "relative":
            questions.append((f"scale.{kind}", f"measure_{ladder.measure}", " ".join(band.rating for band in ladder.bands), ()))
    if not any(usable.values()):
        return None, tuple(questions)
    for kind, other in (("stock", "industry"), ("industry", "stock")):
        if not usable[kind]:
            questions.append((f"scale.{kind}", f"{kind}_bands_unread", "", ()))
            usable[kind] = usable[other]
    if printed.window is None:
        questions.append(("scale.window", "window_unread", "", ()))
    if not printed.has_benchmark:
        questions.append(("scale.markets", "benchmark_unread", "", ()))
    english = house_english(house or "")
    if not english:
        questions.append(("scale.house_en", "house_en_unread", house or "", ()))
    first, last, phrase = printed.window or (6, 12, "")
    record: Record = {
        "id": f"{slug}-scale",
        "house": house or "",
        "house_en": english or house or "",
        "source": f"printed in {file}",
        "window": {"from_months": first, "to_months": last, "phrase": phrase},
        **{kind: {"bands": bands} for kind, bands in usable.items()},
        "markets": list(printed.markets),
    }
    return record, tuple(questions)


def _bands(ladder: PrintedLadder | None) -> list[Record]:
    """The bands of a ladder that the format of today can hold."""
    return ladder_record(ladder.bands) if ladder is not None and ladder.measure == "relative" else []


def _judges_alike(scale: RatingScale, record: Record) -> bool:
    return not _differences(scale, record)


def _differences(scale: RatingScale, record: Record) -> str:
    """Where the printed standard judges otherwise than the library's: the kinds, or the months."""
    window = record["window"]
    months = (window["from_months"], window["to_months"]) == (scale.window.from_months, scale.window.to_months)
    kinds = [
        kind
        for kind, ladder in (("stock", scale.stock), ("industry", scale.industry))
        if [_edges(band.model_dump()) for band in ladder.bands] != [_edges(band) for band in record[kind]["bands"]]
    ]
    return ", ".join([*kinds, *([] if months else ["window"])])


def _edges(band: Record) -> tuple[Any, ...]:
    return (
        band["rating"],
        band.get("lower", -math.inf),
        band.get("upper", math.inf),
        band.get("lower_closed", False),
        band.get("upper_closed", False),
    )
