"""The desk as a document: who is right so far, what changed this week, houses, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from screener.coverage.changes import Change
from screener.coverage.desk import Changed, Crossed, Desk, DeskRow
from screener.coverage.standing import At, NamesStanding, Standing
from screener.grading.scoreboard import Score
from screener.judgement.week import WeekRow
from screener.report.document import (
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
from screener.report.wording import band_of, basis_text, bullet_of, rated, rating_word
from screener.terms.notes import Gap
from screener.terms.say import Lang, listed, say
from screener.thesis.scale import Ladder

LEAGUE = (
    ("house", "", True),
    ("stated", "", True),
    ("published", "", False),
    ("due", "", False),
    ("left", "", False),
    ("index", "pp", False),
    ("basket", "pp", False),
    ("end", "pp", False),
    ("band", "", True),
    ("verdict", "", True),
    ("names", "", True),
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
    rows = tuple(_league_row(row, desk, lang) for row in sorted(desk.rows, key=_league_order))
    columns = tuple(Column(key, say(f"desk_head_{key}", lang), unit, left=left) for key, unit, left in LEAGUE)
    notes = (say("desk_league_note", lang),)
    title = say("desk_league_title", lang)
    return Table("league", title, say("desk_head_thesis", lang), columns, rows, notes=notes, layout="league")


def _league_order(row: DeskRow) -> tuple[int, float, str]:
    order = {"matured": 0, "running": 1, "pending": 2}.get(row.status or "", 3)
    value = shown_by(row)
    return order, float("inf") if value is None else -value, row.thesis.slug


def _league_row(row: DeskRow, desk: Desk, lang: Lang) -> Row:
    thesis = row.thesis
    ladder = row.scale.industry
    published = figure("day", thesis.published, "" if row.basis == "printed" else say("desk_inferred", lang))
    known = (text(thesis.house_in(lang)), _stated(row, desk, lang), published)
    if row.fault is not None:
        blank = (text("") for _ in LEAGUE[3:-1])
        return Row(
            thesis.slug, thesis.title_in(lang), (*known, *blank, text(row.fault.text(lang))), note=thesis.sector_in(lang)
        )
    lead, end = row.lead, _end_of(row)
    flags = lead.flags if lead else ()
    cells = (
        figure("day", row.due),
        Cell("none") if row.status == "matured" else figure("count", row.days_left),
        _so_far(row.index, ladder),
        _so_far(row.basket, ladder),
        rated(end.measured, ladder, strong=True) if end.measured is not None else _no_end(lead),
        Cell("band", band_of(end.band, ladder, lang, flags=flags)) if end.band else _no_band(lead, end, lang),
        text(verdict_word(row, lang), strong=True),
        text(_names_word(row.rated_names, lang)),
        figure("share", lead.agreement if lead else None),
        _percentile(row.basket),
        _edge(lead, ladder, lang, is_over=row.status == "matured"),
    )
    return Row(thesis.slug, thesis.title_in(lang), (*known, *cells), note=thesis.sector_in(lang))


def _stated(row: DeskRow, desk: Desk, lang: Lang) -> Cell:
    """The stated rating as a chip; with what its house made of it since, in words."""
    ladder, now = row.scale.industry, desk.current(row.thesis)
    if now != row.stated:
        before = rating_word(row.stated or "–", ladder, lang)
        return text(say("desk_rating_now", lang, before=before, now=rating_word(now or "–", ladder, lang)))
    return Cell("band", band_of(row.stated, ladder, lang)) if row.stated in ladder.ratings else text(row.stated or "–")


def shown_by(row: DeskRow) -> float | None:
    """The figure that a thesis is ordered and shown by: its lead's at the end of the window, before that so far."""
    end = _end_of(row).measured
    return end if end is not None or row.lead is None else row.lead.measured


def _end_of(row: DeskRow) -> At:
    """The leading subject at the end of the window; nothing while that is not due."""
    return row.lead.horizons[row.scale.window.to_months] if row.lead else At(None, None, None)


def _no_end(lead: Standing | None) -> Cell:
    gap = lead.gap if lead else None
    return figure("excess", gap) if gap is not None else Cell("not_due")


def _no_band(lead: Standing | None, end: At, lang: Lang) -> Cell:
    """Why there is a figure and no band: a standard of words only is judged by the sign, which is said."""
    is_by_sign = lead is not None and lead.measure == "words_only" and end.measured is not None
    return text(say("dossier_flag_by_sign", lang)) if is_by_sign else Cell("none")


def _so_far(standing: Standing | None, ladder: Ladder) -> Cell:
    """What the bands compare since publication: an excess, or of an absolute measure the return with its unit."""
    if standing is None:
        return Cell("none")
    return rated(standing.measured, ladder) if standing.measured is not None else figure("excess", standing.gap)


def _percentile(basket: Standing | None) -> Cell:
    if basket is None:
        return Cell("none")
    return figure("share", basket.percentile_gap if basket.percentile is None else basket.percentile)


def _names_word(names: NamesStanding | None, lang: Lang) -> str:
    """How many of the rated names came true by the ladder for stocks, or when its own window ends."""
    if names is None:
        return ""
    if names.status == "matured" and not names.measured:
        return say("desk_gap", lang)
    if names.status == "matured":
        return say("desk_names_due", lang, hits=names.hits, measured=names.measured)
    return say("desk_names_open", lang, rated=names.rated, due=names.due or "–")


def _edge(lead: Standing | None, ladder: Ladder, lang: Lang, *, is_over: bool) -> Cell:
    """The place of what the bands compare on the ladder as a small picture; none once the window has ended."""
    if lead is None or lead.measured is None or is_over or not ladder.has_numbers:
        return Cell("none")
    return bullet_of(lead.measured, None, ladder, lang)


def verdict_word(row: DeskRow, lang: Lang) -> str:
    """What became of the stated rating in one or two words."""
    if row.stated is None:
        return say("desk_unrated", lang)
    if row.status != "matured" or row.lead is None or row.lead.hit is None:
        return say({"matured": "desk_gap", "running": "desk_open"}.get(row.status or "", "desk_pending"), lang)
    return say("desk_hit" if row.lead.hit else "desk_exceeded" if row.lead.at_least else "desk_miss", lang)


def _week_stacks(desk: Desk, lang: Lang) -> Iterator[Stack]:
    crossed = tuple(_crossed_fact(each, desk, lang) for each in desk.crossed)
    ended = tuple(_dated_fact(row, verdict_word(row, lang), lang) for row in desk.matured)
    soon = tuple(_dated_fact(row, say("desk_days", lang, days=row.days_left), lang) for row in desk.due_soon)
    changed = tuple(_changed_fact(each, desk, lang) for each in desk.changed)
    for key, facts in (("crossed", crossed), ("matured", ended), ("soon", soon), ("changed", changed)):
        yield Stack((Facts(key, say(f"desk_{key}", lang), facts or _nothing(lang)),), span=6)
    best, worst = desk.extremes
    for key, names in (("best", best), ("worst", worst)):
        if names:
            yield Stack((_names_table(key, names, desk, lang),), span=6)
    if desk.named_by_several:
        yield Stack((_several_table(desk, lang),))


def _nothing(lang: Lang) -> tuple[Fact, ...]:
    return (Fact("", (say("desk_nothing", lang),)),)


def _crossed_fact(each: Crossed, desk: Desk, lang: Lang) -> Fact:
    row = _row_of(desk, each.slug)
    name = each.name if lang == "zh" else each.name_en
    before, now = (row.scale.word(word, lang) for word in (each.before, each.now))
    return Fact(row.thesis.title_in(lang), (say("desk_crossed_line", lang, name=name, before=before, now=now),))


def _changed_fact(each: Changed, desk: Desk, lang: Lang) -> Fact:
    row = _row_of(desk, each.slug)
    before, now = (row.scale.word(word, lang) for word in (each.before, each.now))
    return Fact(row.thesis.title_in(lang), (f"{each.date}  " + say("desk_rating_now", lang, before=before, now=now),))


def _row_of(desk: Desk, slug: str) -> DeskRow:
    return next(row for row in desk.rows if row.thesis.slug == slug)


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


def _houses_table(desk: Desk, lang: Lang) -> Table:
    heads = ("count", "measured", "hits", "hit_rate", "interval", "base_rate", "skill", "remark")
    units = {"hit_rate": "%", "base_rate": "%", "skill": "pp"}
    columns = tuple(Column(key, say(f"desk_house_{key}", lang), units.get(key, ""), left=key == "remark") for key in heads)
    rows = tuple(Row(each.group, each.group, _house_cells(each, lang)) for each in desk.houses)
    notes = (say("desk_house_note", lang),)
    return Table(
        "houses", say("desk_houses_title", lang), say("desk_head_house", lang), columns, rows, notes=notes, layout="wide"
    )


def _house_cells(score: Score, lang: Lang) -> tuple[Cell, ...]:
    known = score.low is not None and score.high is not None
    interval = text(
        f"{percent(score.low or 0.0, 1, sign=False)} – {percent(score.high or 0.0, 1, sign=False)}" if known else ""
    )
    counts = (figure("count", score.count), figure("count", score.measured), figure("count", score.hits))
    rates = (figure("weight", score.hit_rate), interval, figure("weight", score.base_rate), figure("excess", score.skill))
    return (*counts, *rates, text(say("grade_small", lang) if score.small else ""))


def _gaps(desk: Desk, lang: Lang) -> Facts:
    items = [
        Fact(each.file, (each.fault.text(lang), *(one.line_text(lang) for one in each.fault.problems))) for each in desk.unread
    ]
    items += [Fact(row.thesis.title_in(lang), (row.fault.text(lang),)) for row in desk.rows if row.fault is not None]
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
    lines += [f"{each.file}  {each.fault.text(lang)}" for each in desk.unread]
    return "\n".join(lines) + "\n"


def _text_line(row: DeskRow, lang: Lang) -> str:
    head = f"{row.thesis.house_in(lang)} {row.thesis.sector_in(lang)}"
    if row.fault is not None:
        return f"{head}  {row.fault.text(lang)}"
    value = shown_by(row)
    if value is None:
        return f"{head}  {row.stated or ''} {verdict_word(row, lang)}  –"
    is_absolute = row.scale.industry.measure == "absolute"
    shown = percent(value) if is_absolute else points(value, unit=False) + " pp"
    return f"{head}  {row.stated or ''} {verdict_word(row, lang)}  {shown}"


def change_text(change: Change, desk: Desk, lang: Lang) -> str:
    """One change in one line."""
    row = _row_of(desk, change.slug)
    names = {each.id: each.name if lang == "zh" else each.name_en for each in row.thesis.subjects()}
    return say(
        f"desk_change_{change.kind}",
        lang,
        title=row.thesis.title_in(lang),
        name=names.get(change.subject, change.subject),
        before=change.before or "–",
        now=change.now or "–",
    )
