"""The scoreboard as a document: hit rates by house, analyst and rating beside what the market would have earned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from screener.grading.ground import Ground
from screener.grading.scoreboard import BY_SIGN, FEW_RATINGS, FEW_SYMBOLS, GROUPS, Score, Scoreboard
from screener.report.document import Cell, Column, Document, Fact, Paragraph, Row, Section, Stack, Table, figure, text
from screener.terms.say import Lang, say

COUNTS = ("count", "pending", "gaps", "measured", "symbols")


def build_scoreboard_report(board: Scoreboard, ground: Ground, rows: int, lang: Lang = "zh") -> Document:
    """The document of a scoreboard over `rows` ratings: the market's own shares, then a table for each grouping."""
    title = say("board_title", lang, rows=f"{rows:,}", as_of=ground.as_of)
    tables = tuple(_score_table(board, by, lang) for by in GROUPS if board.of(by))
    market = _market_table(board, lang)
    return Document(
        kind="scoreboard",
        lang=lang,
        slug="scoreboard",
        kicker=say("board_kicker", lang),
        title=title,
        page_title=title,
        byline=(Fact(say("board_universe", lang), (f"{board.universe:,}",)),),
        meta=tuple(_meta(board, ground, rows, lang)),
        lede=(Paragraph((say("grade_convention", lang),), style="lede"),),
        key_figures=(),
        sections=(
            Section("market", "", (Stack((market,)),)),
            Section("groups", "", (Stack(tables),)),
        ),
        foot=(say("board_foot", lang),),
        parameters=tuple(_meta(board, ground, rows, lang)),
        brief=(market, *tables),
    )


def _meta(board: Scoreboard, ground: Ground, rows: int, lang: Lang) -> Iterator[Fact]:
    yield Fact(say("board_ratings", lang), (f"{rows:,}",))
    yield Fact(say("board_as_of", lang), (str(ground.as_of),))
    yield Fact(say("board_prices", lang), (f"{ground.kind} {ground.name}",))
    repeats = say("grade_repeats", lang, count=board.repeats) if board.repeats else say("grade_every", lang)
    yield Fact(say("board_repeats", lang), (repeats,))
    for note in ground.notes:
        yield Fact(say("board_note", lang), (say(note.code, lang, **note.params),))


def _market_table(board: Scoreboard, lang: Lang) -> Table:
    """The share of the market's stocks in each band, averaged over the windows of the measured ratings."""
    rows = [
        Row(f"{scale}-{kind}-{band}", band, (text(f"{scale} {say(f'grade_kind_{kind}', lang)}"), figure("weight", share)))
        for (scale, kind, band), share in board.market.items()
    ]
    columns = (Column("scale", say("board_scale", lang), left=True), Column("share", say("board_share", lang), "%"))
    return Table("market", say("board_market", lang), say("board_band", lang), columns, tuple(rows))


def _score_table(board: Scoreboard, by: str, lang: Lang) -> Table:
    heads = say("grade_columns", lang, by=say(f"group_{by}", lang)).split(" | ")
    ids = (*COUNTS, "hit_rate", "interval", "base_rate", "skill")
    units = {"hit_rate": "%", "base_rate": "%", "skill": "pp"}
    columns = [Column(name, head, units.get(name, "")) for name, head in zip(ids, heads[1:], strict=True)]
    columns.append(Column("remark", say("board_remark", lang), left=True))
    rows = tuple(Row(f"{by}-{at}", group_name(score, lang), _cells(score, lang)) for at, score in enumerate(board.of(by)))
    note = say("board_small", lang, ratings=FEW_RATINGS, symbols=FEW_SYMBOLS)
    return Table(
        by, say("board_by", lang, by=say(f"group_{by}", lang)), heads[0], tuple(columns), rows, notes=(note,), layout="wide"
    )


def group_name(score: Score, lang: Lang) -> str:
    """What a group is called; ratings judged by the sign alone stand apart under their group's name."""
    group = score.group.removesuffix(BY_SIGN)
    name = say(f"grade_step_{group}", lang) if score.by == "change" else group or say("grade_unrated", lang)
    return say("grade_by_sign", lang, group=name) if score.group.endswith(BY_SIGN) else name


def _cells(score: Score, lang: Lang) -> tuple[Cell, ...]:
    counts = tuple(figure("count", getattr(score, name)) for name in COUNTS)
    interval = text("") if score.low is None or score.high is None else text(f"{score.low:.1%} – {score.high:.1%}")
    rates = (figure("weight", score.hit_rate), interval, figure("weight", score.base_rate), figure("excess", score.skill))
    remarks = [say("grade_small", lang)] if score.small else []
    if score.skill is not None and score.compared < score.measured:
        remarks.append(say("grade_compared", lang, compared=f"{score.compared:,}"))
    return (*counts, *rates, text(" ".join(remarks)))


def scoreboard_record(board: Scoreboard, ground: Ground, rows: int) -> dict[str, Any]:
    """The scoreboard for machines: fractions, full precision."""
    return {
        "ratings": rows,
        "as_of": ground.as_of.isoformat(),
        "prices": {"kind": ground.kind, "name": ground.name},
        "universe_size": board.universe,
        "repeats": board.repeats,
        "base_rates": [
            {"scale": scale, "kind": kind, "band": band, "share": share} for (scale, kind, band), share in board.market.items()
        ],
        "rows": [dataclasses.asdict(score) for score in board.scores],
    }
