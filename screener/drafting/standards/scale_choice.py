"""Which rating standard a draft is judged by: the one named, the house's own, or the one that the report prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from screener.drafting.house import house_english
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.standards.ladders import PrintedLadder, ladder_record
from screener.drafting.standards.standard import PrintedScale, read_scale
from screener.thesis.editions import choose_edition
from screener.thesis.scale import Ladder, RatingScale, read_record

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
    report: ReportText,
    house: str | None,
    scales: Sequence[RatingScale],
    scale_id: str | None,
    *,
    slug: str,
    file: str,
    day: dt.date | None,
) -> Choice:
    """The standard by `scale_id`; else the printed one, or the house's edition of `day` where both judge alike, or none is."""
    if scale_id is not None:
        return _of_library(next(scale for scale in scales if scale.id == scale_id), house)
    own = choose_edition(scales, house, day) if house and day else None
    printed = read_scale(report)
    record, questions = _record(printed, house, slug, file) if printed else (None, ())
    line = printed.line if printed else None
    if record is None:
        return _unprinted(house, own, scales, questions, line)
    differences = _differences(own, record) if own is not None else ""
    if own is not None and not differences:
        return _of_library(own, house, (), line)
    if own is not None:
        questions = (*questions, ("scale", "scale_differs", own.id, (("differences", differences),)))
    scale = read_record(RatingScale, record)
    markets = tuple(market.id for market in scale.markets)
    return Choice(scale.id, record, scale.stock.ratings, scale.industry.ratings, markets, record["house_en"], questions, line)


def _unprinted(
    house: str | None,
    own: RatingScale | None,
    scales: Sequence[RatingScale],
    questions: tuple[Question, ...],
    line: Line | None,
) -> Choice:
    if own is not None:
        return _of_library(own, house, (*questions, ("scale", "scale_not_printed", own.id, ())), line)
    return Choice(
        house_en=house_english(house or ""),
        questions=(*questions, ("scale", "scale_unread", "", (("count", len(scales)),))),
        line=line,
    )


def _of_library(
    scale: RatingScale, house: str | None, questions: tuple[Question, ...] = (), line: Line | None = None
) -> Choice:
    english = scale.house_en if scale.house == house else house_english(house or "")
    markets = tuple(market.id for market in scale.markets)
    return Choice(scale.id, None, scale.stock.ratings, scale.industry.ratings, markets, english, questions, line)


def _record(printed: PrintedScale, house: str | None, slug: str, file: str) -> tuple[Record | None, tuple[Question, ...]]:
    """The printed standard as a scale file has it, None where no ladder of it can be used; and what is asked about it."""
    questions: list[Question] = [
        (f"scale.{each.kind}", each.fault, " ".join(band.rating for band in each.bands), ()) for each in printed.broken
    ]
    ladders = {
        kind: ladder for kind, ladder in (("stock", printed.stock), ("industry", printed.industry)) if ladder is not None
    }
    if not ladders:
        return None, tuple(questions)
    questions += [
        (f"scale.{kind}", f"{kind}_bands_unread", "", ())
        for kind in ("stock", "industry")
        if kind not in ladders and kind not in {each.kind for each in printed.broken}
    ]
    if printed.window is None and not all(ladder.window for ladder in ladders.values()):
        questions.append(("scale.window", "window_unread", "", ()))
    relative = any(each.measure in ("relative", "words_only") for each in ladders.values())
    if relative and not printed.has_benchmark:
        questions.append(("scale.markets", "benchmark_unread", "", ()))
    english = house_english(house or "")
    if not english:
        questions.append(("scale.house_en", "house_en_unread", house or "", ()))
    record: Record = {
        "id": f"{slug}-scale",
        "house": house or "",
        "house_en": english or house or "",
        "source": f"printed in {file}",
        "window": _window(printed.window or (6, 12, "")),
        **{kind: _ladder(ladder, printed) for kind, ladder in ladders.items()},
        "markets": list(printed.markets),
    }
    return record, tuple(questions)


def _ladder(ladder: PrintedLadder, printed: PrintedScale) -> Record:
    """A ladder as a scale file has it: what it measures where that is no excess, and against what where that is unnamed."""
    measure = {} if ladder.measure == "relative" else {"measure": ladder.measure}
    compares = ladder.measure in ("relative", "words_only")
    unnamed = (
        {"benchmark": {"a_share": {"unnamed": True, "name": "市场指数"}}} if compares and not printed.has_benchmark else {}
    )
    indices = [each["symbol"] for market in printed.markets if market["id"] == "a_share" for each in market["benchmarks"]]
    by = {symbol[-2:]: symbol for symbol in indices if symbol.startswith(("000001.", "399"))}
    parted = (
        {"benchmark": {"a_share": {"by": by}}}
        if compares and printed.has_benchmark and len(by) == 2 and len(indices) == 2
        else {}
    )
    own = {} if ladder.window is None or ladder.window[:2] == (printed.window or ())[:2] else {"window": _window(ladder.window)}
    return {**measure, **unnamed, **parted, **own, "bands": ladder_record(ladder.bands)}


def _window(window: tuple[int, int, str]) -> Record:
    first, last, phrase = window
    return {"from_months": first, "to_months": last, "phrase": phrase}


def _differences(scale: RatingScale, record: Record) -> str:
    """Where the printed standard judges otherwise than the library's: the kinds that it prints, or their months."""
    found = read_record(RatingScale, record)
    kinds = [
        kind
        for kind, ours, theirs in (("stock", scale.stock, found.own_stock), ("industry", scale.industry, found.own_industry))
        if theirs is not None and (_judgement(ours) != _judgement(theirs))
    ]
    return ", ".join(kinds)


def _judgement(ladder: Ladder) -> tuple[Any, ...]:
    bands = tuple((band.rating, band.lower, band.upper, band.lower_closed, band.upper_closed) for band in ladder.bands)
    return (bands, ladder.measure, ladder.window.from_months, ladder.window.to_months)
