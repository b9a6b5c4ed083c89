"""The desk as a document: who is right so far, what changed this week, houses, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from screener.coverage.changes import Change
from screener.coverage.desk import Crossed, Desk, DeskRow, HouseScore, NamedBy, Standing
from screener.judgement.week import WeekRow
from screener.report.document import (
    Bullet,
    Cell,
    Column,
    Document,
    Fact,
    Facts,
    KeyFigure,
    Paragraph,
    Row,
    Section,
    Stack,
    Table,
    figure,
    text,
)
from screener.report.figures import percent, points
from screener.report.week.report import week_label
from screener.report.wording import band_of, basis_text, rated
from screener.terms.notes import Gap
from screener.terms.say import Lang, listed, say
from screener.thesis.scale import Ladder

LEAGUE = (
    ("house", "", True),
    ("sector", "", True),
    ("stated", "", True),
    ("published", "", False),
    ("due", "", False),
    ("left", "", False),
    ("index", "pp", False),
    ("basket", "pp", False),
    ("end", "pp", False),
    ("band", "", True),
    ("verdict", "", True),
    ("agreement", "%", False),
    ("percentile", "%", False),
    ("edge", "", True),
)


def build_desk(desk: Desk, lang: Lang, *, meta: Sequence[Fact] = ()) -> Document:
    """The document of a desk; `meta`: where its prices come from."""
    title = say("desk_title", lang, end=desk.week_end)
    return Document(
        kind="desk",
        lang=lang,
        slug="desk",
        kicker=say("desk_kicker", lang),
        title=title,
        page_title=title,
        byline=(Fact(say("desk_theses", lang), (str(len(desk.rows)),)), Fact(say("desk_as_of", lang), (str(desk.as_of),))),
        meta=tuple(meta),
        lede=(Paragraph((_lede(desk, lang),), style="lede"),),
        key_figures=tuple(_key_figures(desk, lang)),
        sections=(
            Section("league", "", (Stack((league_table(desk, lang),)),), front=True),
            Section("week", say("desk_week_title", lang), tuple(_week_stacks(desk, lang))),
            Section("houses", "", (Stack((_houses_table(desk, lang),)),)),
            Section("gaps", "", (Stack((_gaps(desk, lang),)),)),
        ),
        foot=(say("desk_foot", lang),),
        parameters=tuple(meta),
    )


def desk_folder(desk: Desk) -> str:
    """The folder of a desk below the reports: desk/<year>-W<week>."""
    return str(PurePosixPath("desk", week_label(desk.week_end)))


def _lede(desk: Desk, lang: Lang) -> str:
    counts = {"theses": len(desk.rows), "crossed": len(desk.crossed), "matured": len(desk.matured), "due": len(desk.due_soon)}
    return say("desk_lede", lang, **counts)


def _key_figures(desk: Desk, lang: Lang) -> Iterator[KeyFigure]:
    stated = [row for row in desk.rows if row.lead is not None and row.stated is not None]
    known = [row for row in stated if row.status == "matured" and row.lead and row.lead.hit is not None]
    hits = sum(bool(row.lead and row.lead.hit) for row in known)
    yield KeyFigure(say("desk_hits", lang), figure("count", hits), of=say("desk_of", lang, count=len(known)))
    running = sum(row.status in ("running", "pending") for row in desk.rows)
    yield KeyFigure(say("desk_running", lang), figure("count", running))
    yield KeyFigure(say("desk_crossed", lang), figure("count", len(desk.crossed)))
    yield KeyFigure(say("desk_soon", lang), figure("count", len(desk.due_soon)))


def league_table(desk: Desk, lang: Lang) -> Table:
    """Every thesis in one line: rating, dates, excess so far and at the end of the window, band, verdict, evidence."""
    rows = tuple(_league_row(row, lang) for row in sorted(desk.rows, key=_league_order))
    columns = tuple(Column(key, say(f"desk_head_{key}", lang), unit, left=left) for key, unit, left in LEAGUE)
    notes = (say("desk_league_note", lang),)
    title = say("desk_league_title", lang)
    return Table("league", title, say("desk_head_thesis", lang), columns, rows, notes=notes, layout="league")


def _league_order(row: DeskRow) -> tuple[int, float, str]:
    order = {"matured": 0, "running": 1, "pending": 2}.get(row.status or "", 3)
    excess = row.lead.excess if row.lead and row.lead.excess is not None else float("-inf")
    return order, -excess, row.thesis.slug


def _league_row(row: DeskRow, lang: Lang) -> Row:
    thesis = row.thesis
    ladder = row.scale.industry
    stated = Cell("band", band_of(row.stated, ladder, lang)) if row.stated in ladder.ratings else text(row.stated or "–")
    published = figure("day", thesis.published, "" if row.basis == "printed" else say("desk_inferred", lang))
    known = (text(thesis.house_in(lang)), text(thesis.sector_in(lang)), stated, published)
    if row.fault is not None:
        return Row(thesis.slug, thesis.title_in(lang), (*known, *(text("") for _ in LEAGUE[4:-1]), text(row.fault.text(lang))))
    lead = row.lead
    end = _end_of(lead, row)
    cells = (
        figure("day", row.due),
        figure("count", row.days_left),
        _excess(row.index, ladder),
        _excess(row.basket, ladder),
        rated(end[0], ladder, strong=True) if end[0] is not None else _no_end(lead),
        Cell("band", band_of(end[1], ladder, lang, flags=lead.flags if lead else ())) if end[1] else Cell("none"),
        text(verdict_word(row, lang), strong=True),
        figure("share", lead.agreement if lead else None),
        figure("share", row.basket.percentile if row.basket else None),
        _edge(lead, ladder, lang, is_over=row.status == "matured"),
    )
    return Row(thesis.slug, thesis.title_in(lang), (*known, *cells))


def _end_of(lead: Standing | None, row: DeskRow) -> tuple[float | None, str | None]:
    """Excess and band of the leading subject at the end of the window; nothing while that is not due."""
    return lead.horizons[row.scale.window.to_months] if lead else (None, None)


def _no_end(lead: Standing | None) -> Cell:
    gap = lead.gap if lead else None
    return figure("excess", gap) if gap is not None else Cell("not_due")


def _excess(standing: Standing | None, ladder: Ladder) -> Cell:
    if standing is None:
        return Cell("none")
    return rated(standing.excess, ladder) if standing.excess is not None else figure("excess", standing.gap)


def _edge(lead: Standing | None, ladder: Ladder, lang: Lang, *, is_over: bool) -> Cell:
    """The place of the excess on the ladder as a small picture; none once the window has ended."""
    if lead is None or lead.excess is None or is_over or not ladder.has_numbers:
        return Cell("none")
    bands = tuple(band_of(each, ladder, lang) for each in reversed(ladder.ratings))
    return Cell("bullet", Bullet(lead.excess, None, ladder.edges, bands))


def verdict_word(row: DeskRow, lang: Lang) -> str:
    """What became of the stated rating in one or two words."""
    if row.stated is None:
        return say("desk_unrated", lang)
    if row.status != "matured" or row.lead is None or row.lead.hit is None:
        return say({"matured": "desk_gap", "running": "desk_open"}.get(row.status or "", "desk_pending"), lang)
    return say("desk_hit" if row.lead.hit else "desk_miss", lang)


def _week_stacks(desk: Desk, lang: Lang) -> Iterator[Stack]:
    crossed = tuple(_crossed_fact(each, desk, lang) for each in desk.crossed)
    ended = tuple(_dated_fact(row, verdict_word(row, lang), lang) for row in desk.matured)
    soon = tuple(_dated_fact(row, say("desk_days", lang, days=row.days_left), lang) for row in desk.due_soon)
    for key, facts in (("crossed", crossed), ("matured", ended), ("soon", soon)):
        yield Stack((Facts(key, say(f"desk_{key}", lang), facts or _nothing(lang)),), span=4)
    best, worst = desk.extremes
    for key, names in (("best", best), ("worst", worst)):
        if names:
            yield Stack((_names_table(key, names, desk, lang),), span=6)
    if desk.named_by_several:
        yield Stack((_several_table(desk, lang),))


def _nothing(lang: Lang) -> tuple[Fact, ...]:
    return (Fact("", (say("desk_nothing", lang),)),)


def _crossed_fact(each: Crossed, desk: Desk, lang: Lang) -> Fact:
    thesis = next(row.thesis for row in desk.rows if row.thesis.slug == each.slug)
    name = each.name if lang == "zh" else each.name_en
    return Fact(thesis.title_in(lang), (say("desk_crossed_line", lang, name=name, before=each.before, now=each.now),))


def _dated_fact(row: DeskRow, words: str, lang: Lang) -> Fact:
    return Fact(row.thesis.title_in(lang), (f"{row.due}  {words}",))


def _names_table(key: str, names: Sequence[WeekRow], desk: Desk, lang: Lang) -> Table:
    words = {each.id: each.name_in(lang) for row in desk.rows for each in row.thesis.subjects()}
    rows = tuple(Row(each.subject, words[each.subject], (figure("excess", each.excess),), note=each.subject) for each in names)
    return Table(
        key, say(f"desk_{key}", lang), say("desk_head_name", lang), (Column("excess", say("desk_head_week", lang), "pp"),), rows
    )


def _several_table(desk: Desk, lang: Lang) -> Table:
    rows = tuple(
        Row(
            each.symbol,
            each.name,
            (text(listed([f"{house} {band or '–'}" for _, house, band in each.theses], lang)),),
            each.symbol,
        )
        for each in desk.named_by_several
    )
    columns = (Column("houses", say("desk_head_houses", lang), left=True),)
    return Table("several", say("desk_several", lang), say("desk_head_name", lang), columns, rows)


def _houses_of(each: NamedBy, lang: Lang) -> str:
    return listed([f"{house} {band or '–'}" for _, house, band in each.theses], lang)


def _houses_table(desk: Desk, lang: Lang) -> Table:
    heads = ("count", "measured", "hits", "hit_rate", "interval", "base_rate", "skill", "remark")
    units = {"hit_rate": "%", "base_rate": "%", "skill": "pp"}
    columns = tuple(Column(key, say(f"desk_house_{key}", lang), units.get(key, ""), left=key == "remark") for key in heads)
    rows = tuple(Row(each.house, each.house, _house_cells(each, lang)) for each in desk.houses)
    notes = (say("desk_house_note", lang),)
    return Table(
        "houses", say("desk_houses_title", lang), say("desk_head_house", lang), columns, rows, notes=notes, layout="wide"
    )


def _house_cells(score: HouseScore, lang: Lang) -> tuple[Cell, ...]:
    known = score.low is not None and score.high is not None
    interval = text(
        f"{percent(score.low or 0.0, 1, sign=False)} – {percent(score.high or 0.0, 1, sign=False)}" if known else ""
    )
    counts = (figure("count", score.count), figure("count", score.measured), figure("count", score.hits))
    rates = (figure("weight", score.hit_rate), interval, figure("weight", score.base_rate), figure("excess", score.skill))
    return (*counts, *rates, text(say("grade_small", lang) if score.small else ""))


def _gaps(desk: Desk, lang: Lang) -> Facts:
    items = [Fact(row.thesis.title_in(lang), (row.fault.text(lang),)) for row in desk.rows if row.fault is not None]
    items += [Fact(row.thesis.title_in(lang), (_gaps_text(row.gaps, lang),)) for row in desk.rows if row.gaps]
    items += [
        Fact(row.thesis.title_in(lang), (basis_text(row.thesis, row.thesis.published, lang),))
        for row in desk.rows
        if row.basis == "inferred"
    ]
    return Facts("gaps", say("desk_gaps_title", lang), tuple(items) or _nothing(lang))


def _gaps_text(gaps: Sequence[tuple[str, Gap]], lang: Lang) -> str:
    """Each reason once, with the subjects it holds for."""
    reasons: dict[str, list[str]] = {}
    for subject, gap in gaps:
        reasons.setdefault(gap.text(lang), []).append(subject)
    return say("phrase_between", lang).join(f"{reason} ({len(subjects)})" for reason, subjects in reasons.items())


def desk_text(desk: Desk, lang: Lang) -> str:
    """A short text for a chat: numbers only, a line a thesis."""
    lines = [say("desk_title", lang, end=desk.week_end), _lede(desk, lang)]
    lines += [_text_line(row, lang) for row in sorted(desk.rows, key=_league_order)]
    return "\n".join(lines) + "\n"


def _text_line(row: DeskRow, lang: Lang) -> str:
    head = f"{row.thesis.house_in(lang)} {row.thesis.sector_in(lang)}"
    if row.fault is not None:
        return f"{head}  {row.fault.text(lang)}"
    excess = _end_of(row.lead, row)[0]
    excess = excess if excess is not None else (row.lead.excess if row.lead else None)
    return (
        f"{head}  {row.stated or ''} {verdict_word(row, lang)}  {'–' if excess is None else points(excess, unit=False) + ' pp'}"
    )


def change_text(change: Change, desk: Desk, lang: Lang) -> str:
    """One change in one line."""
    row = next(each for each in desk.rows if each.thesis.slug == change.slug)
    names = {each.id: each.name if lang == "zh" else each.name_en for each in row.thesis.subjects()}
    return say(
        f"desk_change_{change.kind}",
        lang,
        title=row.thesis.title_in(lang),
        name=names.get(change.subject, change.subject),
        before=change.before or "–",
        now=change.now or "–",
    )
