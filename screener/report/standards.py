"""What each house promises: rating standards side by side, edition by edition, as a document and as records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from screener.report.document import Cell, Column, Document, Fact, Paragraph, Row, Section, Stack, Table, text
from screener.report.records import Record
from screener.report.wording import against_text, months_text
from screener.terms.say import Lang, say
from screener.thesis.editions import confirmed, months_outside
from screener.thesis.scale import Ladder, RatingScale

KINDS = ("stock", "industry")


def standards_document(
    scales: Sequence[RatingScale], lang: Lang = "zh", *, on: dt.date | None = None, chosen: RatingScale | None = None
) -> Document:
    """The standards of `scales` side by side: bands, months, what they measure, the months in which each was seen.

    `chosen`: the edition that holds on the day `on`, said first where both are given.
    """
    tables = tuple(table for kind in KINDS for table in [standards_table(scales, kind, lang)] if table.rows)
    title = say("standards_title", lang)
    houses, sure = {each.house for each in scales}, {each.house for each in scales if confirmed(each) is not None}
    counted = say("standards_counts", lang, editions=len(scales), houses=len(houses), sure=len(sure))
    return Document(
        kind="standards",
        lang=lang,
        slug="standards",
        kicker=say("standards_kicker", lang),
        title=title,
        page_title=title,
        byline=(),
        meta=(Fact(say("standards_count_label", lang), (counted,)),),
        lede=tuple(Paragraph((line,), style="lede") for line in _answer(lang, on, chosen)),
        key_figures=(),
        sections=tuple(Section(table.id, "", (Stack((table,)),)) for table in tables),
        foot=(say("standards_foot", lang),),
        parameters=tuple(Fact(each.id, (each.source,)) for each in scales),
        brief=tables,
    )


def _answer(lang: Lang, on: dt.date | None, chosen: RatingScale | None) -> Iterator[str]:
    if on is None:
        return
    if chosen is None:
        yield say("standards_none_on", lang, day=on)
        return
    outside = months_outside(chosen, on)
    code = "standards_nearest_on" if outside else "standards_holds_on"
    yield say(code, lang, day=on, id=chosen.id, seen=seen_text(chosen, lang), months=outside)


def standards_table(scales: Sequence[RatingScale], kind: str, lang: Lang) -> Table:
    """One row an edition with a ladder of this kind: its bands best first, months, measure, and when it was seen."""
    found = [(scale, ladder) for scale in scales for ladder in [_ladder(scale, kind)] if ladder is not None]
    most = max((len(ladder.bands) for _, ladder in found), default=0)
    columns = (
        *(
            Column(f"band_{place}", say("standards_band", lang, n=place), left=True, short=place)
            for place in range(1, most + 1)
        ),
        Column("months", say("standards_months", lang), left=True, short=0),
        Column("measure", say("standards_measure", lang), left=True, short=0),
        Column("seen", say("standards_seen", lang), left=True, short=most),
    )
    rows = tuple(
        Row(
            f"{scale.id}-{kind}",
            scale.house if lang == "zh" else scale.house_en,
            _cells(scale, ladder, most, lang),
            note=scale.id,
        )
        for scale, ladder in found
    )
    title, sub = say(f"standards_{kind}_title", lang), say("standards_sub", lang)
    return Table(f"standards-{kind}", title, say("standards_house", lang), columns, rows, sub=sub, layout="wide")


def _band_column(place: int, lang: Lang) -> Column:
    return Column(f"band_{place}", say("standards_band", lang, n=place), left=True, short=place)


def _ladder(scale: RatingScale, kind: str) -> Ladder | None:
    return scale.own_stock if kind == "stock" else scale.own_industry


def _cells(scale: RatingScale, ladder: Ladder, most: int, lang: Lang) -> tuple[Cell, ...]:
    bands = [text(band.text(lang)) for band in ladder.bands]
    bands += [text("")] * (most - len(bands))
    marks = [say("standard_unconfirmed", lang)] if scale.unconfirmed or ladder.unconfirmed else []
    marks += [say(f"standard_{mark}", lang) for mark in ("partial", "dividends") if getattr(ladder, mark)]
    seen = text(seen_text(scale, lang), say("phrase_comma", lang).join(marks))
    return (*bands, text(months_text(ladder.window, lang)), text(measure_text(scale, ladder, lang)), seen)


def measure_text(scale: RatingScale, ladder: Ladder, lang: Lang) -> str:
    """What a ladder compares: return alone, or return against an index, which it may not name."""
    if ladder.measure == "absolute":
        return say("standard_absolute", lang)
    named = [against_text(scale, each, lang) for each in ladder.benchmark.values()]
    market = scale.markets[0].benchmarks[0]
    usual = say("standard_industry_relative", lang) if ladder.measure == "industry_relative" else market.name
    usual = market.name_en if lang == "en" and ladder.measure != "industry_relative" else usual
    against = named[0] if named else usual
    return say("standards_words_only", lang, against=against) if ladder.measure == "words_only" else against


def seen_text(scale: RatingScale, lang: Lang) -> str:
    """The months in which an edition was seen in print: 2019-06 至 2021-05."""
    first, last = scale.edition_from, scale.edition_to
    if first is None and last is None:
        return say("standards_any_time", lang)
    return str(first or last) if first == last else say("label_range", lang, first=first or "…", last=last or "…")


def standard_record(scale: RatingScale) -> Record:
    """An edition as its file has it; open edges are left out."""
    record: Record = scale.model_dump(mode="json", by_alias=True, exclude_none=True)
    for kind in KINDS:
        for band in record.get(kind, {}).get("bands", ()):
            for edge in ("lower", "upper"):
                if not isinstance(band[edge], int | float) or band[edge] in (float("inf"), float("-inf")):
                    del band[edge]
    return record
