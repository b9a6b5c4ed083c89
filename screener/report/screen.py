"""A screened table as a document, as records and as CSV; the words of its columns."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from screener.judgement.columns import column_word
from screener.judgement.screen import BASIS, COLUMNS, CORRELATION, FLAGS, SINCE, UNADJUSTED, Screen
from screener.report.document import (
    Box,
    BoxPart,
    Cell,
    CellKind,
    Column,
    Document,
    Fact,
    Paragraph,
    Row,
    Section,
    Stack,
    Table,
    figure,
    text,
)
from screener.report.figures import cell_text
from screener.report.gaps import gap_lines
from screener.report.records import Record, prices_record, versions
from screener.report.wording import band_of, basis_text
from screener.terms.notes import Gap, gap_kind
from screener.terms.say import Lang, say
from screener.terms.sessions import load_calendar
from screener.thesis.scale import Ladder

# How the figures of a column are written; the others are text.
KINDS: Mapping[str, CellKind] = {
    **{name: "excess" for name in COLUMNS if name.startswith("excess_")},
    "since_published": "return",
    "to_next_edge": "points",
    "drawdown": "return",
    "volatility": "weight",
    "beta": "price",
    "amount_20d": "count",
    "listed_days": "count",
    "correlation": "price",
    "pe_ttm": "price",
    "pb": "price",
    "pb_percentile": "weight",
}
UNITS: Mapping[CellKind, str] = {"excess": "pp", "points": "pp", "return": "%", "weight": "%"}
# The columns that a terminal shows while there is room, the most wanted first.
SHOWN = (
    "excess_since_published",
    "band_so_far",
    "excess_1w",
    "excess_13w",
    "excess_52w",
    "excess_4w",
    "drawdown",
    "beta",
    "excess_26w",
)
MOST_GAPS = 12
# Columns of ids that a page shows in words.
WORDS = ("name", "bucket", "band_so_far", BASIS)


def column_head(name: str, lang: Lang) -> str:
    """The word of a column with its unit."""
    unit = UNITS.get(KINDS[name], "") if name in KINDS else ""
    return f"{column_word(name, lang)} {unit}".rstrip()


def gaps_named(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """A copy of the frame whose column `gap`, where it has one, says in words what kind each gap is."""
    found = frame.copy()
    if "gap" in found.columns:
        found["gap"] = found["gap"].map(lambda code: gap_kind(code, lang), na_action="ignore").astype("string")
    return found


def named_frame(screen: Screen, lang: Lang) -> pd.DataFrame:
    """The table under the words of its columns: figures as they are, words as the page has them, missing ones missing."""
    found = gaps_named(screen.frame, lang)
    for name in (each for each in WORDS if each in found.columns):
        words = pd.Series([cell_text(cell, lang) for cell in cells_of(screen, name, lang)], index=found.index, dtype="string")
        found[name] = words.where(found[name].notna())
    return found.rename(columns={name: column_word(name, lang) for name in found.columns})


def cells_of(screen: Screen, name: str, lang: Lang) -> list[Cell]:
    """A column as typed cells: a missing figure is a gap, or not due where the report is not published yet."""
    return [_cell(screen, name, row, lang) for row in screen.frame.to_dict("records")]


def row_flags(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """The flags of a row; in a whole market an unadjusted one hides what its actions were."""
    flags = row.get("flags")
    own = tuple(flags.split()) if isinstance(flags, str) else ()
    return (*own, "actions_unknown") if row.get(BASIS) in UNADJUSTED else own


def _cell(screen: Screen, name: str, row: Mapping[Any, Any], lang: Lang) -> Cell:
    value = row[name]
    if pd.isna(value):
        if name not in KINDS and name != "band_so_far":
            return Cell("none")
        return figure("text", _missing(screen, name, row))
    if name == "band_so_far":
        return Cell("band", band_of(value, _ladder(screen, row), lang, flags=row_flags(row)))
    if name == "bucket":
        return text(_bucket_word(screen, row, lang))
    if name == FLAGS:
        return text(say("screen_flag_joint", lang).join(say(f"flag_{flag}", lang) for flag in value.split()))
    if name == "gap":
        return text(gap_kind(value, lang))
    if name == BASIS:
        return text(say(f"row_basis_{value}", lang))
    if name == "name":
        return text(name_word(screen, row, lang))
    if name in KINDS:
        return Cell(KINDS[name], int(value) if name == "listed_days" else float(value))
    return Cell("code", value) if name == "symbol" else text(value)


def _missing(screen: Screen, name: str, row: Mapping[Any, Any]) -> Gap:
    thesis = None if pd.isna(row["thesis"]) else row["thesis"]
    known = screen.gap_of(row["symbol"], thesis, name)
    if known is not None:
        return known
    if name in SINCE and pd.isna(row["gap"]):
        return Gap("not_due", "before_publication")
    return Gap("no_data", "screen_unknown", {"symbol": row["symbol"], "column": name})


def _place(screen: Screen, row: Mapping[Any, Any]) -> int:
    slugs = [each.slug for each in screen.theses]
    return 0 if pd.isna(row["thesis"]) else slugs.index(row["thesis"])


def _ladder(screen: Screen, row: Mapping[Any, Any]) -> Ladder:
    return screen.scales[_place(screen, row)].stock


def _bucket_word(screen: Screen, row: Mapping[Any, Any], lang: Lang) -> str:
    bucket = screen.theses[_place(screen, row)].bucket(row["bucket"])
    return bucket.name if lang == "zh" else bucket.name_en


def name_word(screen: Screen, row: Mapping[Any, Any], lang: Lang) -> str:
    """A name in the reader's language, where the thesis knows it in English."""
    if lang == "en" and not pd.isna(row["thesis"]):
        english = {each.symbol: each.name_en for each in screen.theses[_place(screen, row)].candidates}
        return english.get(row["symbol"]) or str(row["name"])
    return str(row["name"])


def title_of(screen: Screen, lang: Lang) -> str:
    """What the table is: candidates, a market, or a question about look-alikes."""
    if screen.like is None:
        code = "screen_title" if screen.universe is None else "screen_title_market"
        return say(code, lang, universe=screen.universe)
    thesis = screen.theses[0]
    names = {each.id: each.name if lang == "zh" else each.name_en for each in thesis.buckets}
    return say("screen_title_like", lang, bucket=names.get(screen.like) or say("screen_all", lang))


def note_lines(screen: Screen, lang: Lang) -> Iterator[str]:
    """Which rows these are, what the figures rest on, and what the table is not."""
    counts = {"shown": f"{len(screen.frame):,}", "screened": f"{screen.screened:,}", "as_of": screen.as_of}
    yield say("screen_counts", lang, **counts)
    days = [day for day in load_calendar().week(screen.as_of) if day <= screen.as_of]
    if days != list(load_calendar().week(screen.as_of)):
        yield say("screen_part_week", lang, count=len(days))
    if screen.like is not None:
        yield say("screen_like_question", lang)
    yield say(screen.rests_on, lang)
    yield from (say(note.code, lang, **note.params) for note in screen.basis)


def _gap_lines(screen: Screen, lang: Lang) -> tuple[str, ...]:
    return tuple(gap_lines(((each.symbol, each.gap) for each in screen.gaps), lang))


def screen_table(screen: Screen, lang: Lang, *, asked: str = "") -> Table:
    """The whole table, typed: the name as the head of its row, every other column after it.

    `asked`: the filter and the sort column; the columns that they name stay in the short form.
    """
    columns = [name for name in screen.frame.columns if name != "name"]
    cells = [cells_of(screen, name, lang) for name in columns]
    wanted = set(re.findall(r"[a-z_0-9]+", asked))
    heads = tuple(
        Column(
            name,
            column_word(name, lang),
            UNITS.get(KINDS[name], "") if name in KINDS else "",
            left=name not in KINDS,
            short=0 if name in wanted else _short(screen, name),
        )
        for name in columns
    )
    names = [name_word(screen, row, lang) for row in screen.frame.to_dict("records")]
    rows = tuple(Row(f"{place}", head, tuple(column[place] for column in cells)) for place, head in enumerate(names))
    return Table(
        "screen",
        title_of(screen, lang),
        column_word("name", lang),
        heads,
        rows,
        notes=tuple(note_lines(screen, lang)),
        layout="wide",
    )


def empty_lines(screen: Screen, lang: Lang) -> Iterator[str]:
    """Which columns of the filter had no figure for any name, so that nothing could be said of them."""
    for name in screen.unknown:
        yield say("screen_only_gaps", lang, column=column_word(name, lang), id=name)


def _measured_by(screen: Screen, place: int, lang: Lang) -> Iterator[Fact]:
    """What the figures since publication are measured by: thesis, publication and base date, and the stock ladder."""
    thesis, scale = screen.theses[place], screen.scales[place]
    base = load_calendar().last_on_or_before(thesis.published)
    words = {"title": thesis.title_in(lang), "published": f"{thesis.published}{basis_text(thesis, thesis.published, lang)}"}
    yield Fact(say("screen_theses", lang), (say("screen_measured_by", lang, base=base or "-", **words),))
    yield Fact(say("screen_ladder", lang), (scale.stock.text(lang),))


def _short(screen: Screen, name: str) -> int:
    """The order in which a narrow terminal keeps a column: what says which row it is, the gap, then the most wanted."""
    if name in ("symbol", CORRELATION, FLAGS, "gap") or (name == "thesis" and len(screen.theses) > 1):
        return 0
    if name == BASIS:
        return 0 if screen.frame[BASIS].nunique() > 1 else -1
    if name == "bucket" and screen.universe is None:
        return 1
    return SHOWN.index(name) + 2 if name in SHOWN else len(SHOWN) + 2


def screen_document(screen: Screen, lang: Lang, *, asked: str = "") -> Document:
    """The table as a document; `asked`: see `screen_table`."""
    title = title_of(screen, lang)
    facts = (
        *(fact for place in range(len(screen.theses)) for fact in _measured_by(screen, place, lang)),
        Fact(say("screen_as_of", lang), (screen.as_of.isoformat(),)),
    )
    empty = tuple(Paragraph((line,)) for line in empty_lines(screen, lang))
    gaps = tuple(Paragraph((line,), style="note") for line in _gap_lines(screen, lang))
    table = screen_table(screen, lang, asked=asked)
    sections = [Section("screen", "", (Stack((table, *empty)),))]
    if gaps:
        sections.append(Section("gaps", say("label_gap", lang), (Stack(gaps),)))
    hashes = [Fact(slug, (f"{each.kind} {each.name} sha256 {each.sha256}",)) for slug, each in screen.prices.items()]
    return Document(
        kind="screen",
        lang=lang,
        slug=screen.theses[0].slug,
        kicker="screener screen",
        title=title,
        page_title=title,
        byline=(),
        meta=facts,
        lede=(),
        key_figures=(),
        sections=tuple(sections),
        foot=(say("screen_foot", lang),),
        parameters=(*facts, *hashes, *(Fact(name, (each,)) for name, each in versions().items())),
        brief=(table, *empty, *([_first_gaps(screen, lang)] if gaps else [])),
    )


def _first_gaps(screen: Screen, lang: Lang) -> Box:
    """The first gaps with their reasons, and how many more there are."""
    found = _gap_lines(screen, lang)
    more = [say("screen_more_gaps", lang, count=len(found) - MOST_GAPS)] if len(found) > MOST_GAPS else []
    return Box("missing", (BoxPart(say("label_gap", lang), bullets=(*found[:MOST_GAPS], *more)),))


def screen_record(screen: Screen, lang: Lang) -> Record:
    """`screener screen --json` as one object: `rows` with the screen columns, null where there is no figure."""
    return {
        "theses": [each.slug for each in screen.theses],
        "as_of": screen.as_of.isoformat(),
        "universe": screen.universe,
        "like": screen.like,
        "columns": list(screen.frame.columns),
        "screened": screen.screened,
        "rows": [{name: plain(value) for name, value in row.items()} for row in screen.frame.to_dict("records")],
        "gaps": [
            {
                "symbol": each.symbol,
                "thesis": each.thesis,
                "column": each.column,
                "code": each.gap.code,
                "reason": each.gap.text(lang),
            }
            for each in screen.gaps
        ],
        "basis": {
            "adjusted": screen.is_adjusted,
            "text": say(screen.rests_on, lang),
            "notes": [{"code": note.code, "text": say(note.code, lang, **note.params)} for note in screen.basis],
        },
        "prices": {slug: prices_record(each, lang) for slug, each in screen.prices.items()},
        "versions": versions(),
    }


def plain(value: Any) -> str | int | float | dt.date | None:
    """A cell of the frame as a plain Python value; None where it is missing."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value  # type: ignore[no-any-return]
