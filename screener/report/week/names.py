"""The table of all names: where each stands on its bands, and what a reader must know about it this week."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from screener.judgement.week_facts import NameFacts, WeeklyFacts, has_traded
from screener.measures.quotes import DOUBTFUL
from screener.measures.stock_facts import Dividend
from screener.report.document import Cell, Column, Flag, Row, Table, figure, text
from screener.report.figures import month_day, short_day
from screener.report.week.tables import band_cell, has_since, since_excess
from screener.report.wording import band_of, bullet_of, rated, rating_word, to_edge
from screener.terms.notes import Gap
from screener.terms.say import Lang, listed, say
from screener.thesis.comparison import compare
from screener.thesis.scale import Ladder, edge_text
from screener.thesis.subjects import Subject

# Flags that say how the house's standard measures, not what is special about a name.
STANDARD = ("by_sign", "absolute", "against_industry", "benchmark_assumed", "edition_nearest", "standard_total")


def names_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Every name: close, week, since publication, position on the bands, drawdown, turnover, dividend, days left, flags."""
    week = facts.week
    since, turnover = has_since(facts), _has_turnover(facts)
    rows = tuple(_name_row(facts, each, lang, since=since, turnover=turnover) for each in facts.candidates)
    return Table(
        id="names",
        title=say("weekly_names_title", lang),
        sub=say("weekly_names_sub", lang, count=len(rows), scale=week.scale.stock.text(lang), against=_against(facts, lang)),
        row_head=say("weekly_head_name", lang),
        columns=tuple(_name_columns(facts, lang, since=since, turnover=turnover)),
        rows=rows,
        notes=("".join(_name_notes(facts, lang, since=since, turnover=turnover)),),
        layout="cards",
    )


def _against(facts: WeeklyFacts, lang: Lang) -> str:
    """What the bands of the names compare: the excess over an index, named, or the return itself."""
    week = facts.week
    found = [compare(week.thesis, week.scale, each) for each in facts.candidates]
    if all(each.is_absolute for each in found):
        return say("standard_absolute", lang)
    symbols = dict.fromkeys(each.symbol for each in found if each.symbol)
    names = [week.thesis.index_name(week.scale, symbol, lang) for symbol in symbols]
    return say("weekly_names_against", lang, names=listed(names, lang)) if names else say("gap_word_no_benchmark", lang)


def _has_turnover(facts: WeeklyFacts) -> bool:
    return any(isinstance(each.turnover, float) for each in facts.names.values())


def _name_columns(facts: WeeklyFacts, lang: Lang, *, since: bool, turnover: bool) -> Iterator[Column]:
    def head(name: str) -> str:
        return say(f"weekly_head_{name}", lang)

    months = facts.week.scale.stock.window.horizons
    if since:
        yield Column("band", head("band"), left=True, short=1)
    yield Column("close", head("close"), say("weekly_unit_cny", lang), short=4)
    yield Column("week_return", head("week"), "%", short=0)
    yield Column("week_excess", head("week_excess"), "pp", short=0)
    if since:
        yield Column("since_return", head("since"), "%", short=2)
        yield Column("since_excess", head("since_excess"), "pp", short=1)
        yield Column("spark", head("spark"), say("weekly_unit_weekly", lang), left=True, short=-1)
        yield Column("bullet", head("bullet"), left=True, short=-1)
        if facts.matured is None:
            yield Column("to_next_edge", head("edge"), "pp", short=2)
        else:
            yield Column("end_excess", head("end_excess"), "pp", short=1)
            yield Column("end_band", head("end_band"), left=True, short=1)
        yield Column("drawdown", head("drawdown"), "%", short=3)
    if turnover:
        yield Column("turnover", head("turnover"), say("weekly_unit_turnover", lang), short=5)
    yield Column("dividend", head("dividend"), say("weekly_unit_cny", lang), short=6)
    if facts.matured is None:
        yield Column("left", head("left"), say("weekly_unit_left", lang, first=months[0], last=months[-1]), short=-1)
    yield Column("flags", head("flags"), left=True, short=0)


def _name_row(facts: WeeklyFacts, subject: Subject, lang: Lang, *, since: bool, turnover: bool) -> Row:
    bucket = facts.subject(subject.bucket or "")
    members = bucket.members
    return Row(
        id=subject.id,
        head=subject.name_in(lang),
        note=f"{subject.id} · {bucket.name_in(lang)}",
        cells=tuple(_name_cells(facts, subject, lang, since=since, turnover=turnover)),
        ends_group=subject.id == members[-1],
    )


def _name_cells(facts: WeeklyFacts, subject: Subject, lang: Lang, *, since: bool, turnover: bool) -> Iterator[Cell]:
    row, found, ladder = facts.week.row(subject.id), facts.names[subject.id], facts.week.scale.ladder(subject.kind)
    figures = {period.id: facts.figures[subject.id, period.id] for period in facts.periods}
    if since:
        yield band_cell(row, ladder, lang)
    yield figure("price", found.close)
    yield figure("return", figures["week"].own)
    yield figure("excess", figures["week"].excess)
    if since:
        yield figure("return", figures["since"].own)
        yield since_excess(facts, subject, strong=True)
        yield _spark_cell(facts, subject)
        yield _bullet_cell(facts, subject, ladder, lang)
        yield from _standing_cells(facts, subject, lang)
        yield figure("return", found.drawdown)
    if turnover:
        yield figure("multiple", found.turnover)
    yield _dividend_cell(found)
    if facts.matured is None:
        yield text(left_text(facts, lang))
    yield Cell("flags", tuple(name_flags(facts, subject, lang)))


def _spark_cell(facts: WeeklyFacts, subject: Subject) -> Cell:
    return figure("spark", facts.since_paths[subject.id])


def _bullet_cell(facts: WeeklyFacts, subject: Subject, ladder: Ladder, lang: Lang) -> Cell:
    row = facts.week.row(subject.id)
    if row.measured_since is None or not ladder.has_numbers:
        return figure("bullet", row.since_gap or row.band_gap)
    before = facts.before.row(subject.id).measured_since if facts.before else None
    return bullet_of(row.measured_since, before, ladder, lang)


def _standing_cells(facts: WeeklyFacts, subject: Subject, lang: Lang) -> tuple[Cell, ...]:
    """The distance to the next edge while the window runs; what the name came to at its end once it has ended."""
    row, ladder = facts.week.row(subject.id), facts.week.scale.ladder(subject.kind)
    if facts.matured is None:
        return (_edge_cell(row.measured_since, row.to_next_edge, row.since_gap or row.band_gap, lang),)
    end = facts.matured.row(subject.id, facts.matured.window_of(subject.kind).to_months)
    band = end.gap or end.band_gap or (band_of(end.band, ladder, lang, flags=end.flags) if end.band else None)
    return rated(end.gap or end.measured, ladder), figure("band", band)


def _edge_cell(excess: float | None, distance: float | None, gap: Gap | None, lang: Lang) -> Cell:
    if excess is None or distance is None:
        return figure("points", gap)
    return to_edge(distance, say("weekly_edge_to", lang, edge=edge_text(excess + distance)))


def _dividend_cell(found: NameFacts) -> Cell:
    if isinstance(found.dividend, Dividend):
        return Cell("cash", found.dividend.cash, short_day(found.dividend.ex_date))
    return figure("cash", found.dividend)


def left_text(facts: WeeklyFacts, lang: Lang) -> str:
    """Sessions left to the first and the last horizon, 0 where it has passed."""
    months = [each for each in facts.week.scale.stock.window.horizons if each in facts.left]
    words = [
        say("weekly_beyond_calendar", lang) if facts.left[each] is None else str(facts.left[each])
        for each in (months[0], months[-1])
    ]
    return say("weekly_left_both", lang, first=words[0], last=words[1])


def name_flags(facts: WeeklyFacts, subject: Subject, lang: Lang) -> Iterator[Flag]:
    """What a reader must know about a name this week; never a silent zero."""
    week, found = facts.week, facts.names[subject.id]
    row = week.row(subject.id)
    if row.gap is None and not has_traded(week, subject.id):
        yield Flag("suspended", say("weekly_flag_suspended", lang), strong=True)
    elif row.gap is None and (missed := missed_sessions(facts, subject.id, lang)):
        yield Flag("suspended", say("weekly_flag_suspended_part", lang, days=missed), strong=True)
    if found.close_date is not None and found.close_date < week.as_of:
        yield Flag("carried", say("weekly_flag_stale", lang, day=short_day(found.close_date)), strong=True)
    if "delisted" in row.flags:
        yield Flag("delisted", say("weekly_flag_delisted", lang), strong=True)
    for hit in found.limits:
        yield Flag(f"limit_{hit.side}", say(f"weekly_flag_limit_{hit.side}", lang, day=month_day(hit.session)), strong=True)
    for gone in facts.gone_ex:
        if gone.symbol == subject.id:
            yield Flag("ex", say("weekly_flag_ex", lang, day=month_day(gone.ex_date)))
    own = [code for code in STANDARD if code in row.flags and code not in of_every_name(facts)]
    yield from (Flag(code, say(f"dossier_flag_{code}", lang)) for code in own)
    running = facts.matured is None  # once the window has ended, no edge is near and no band is crossed
    marks = {"st": found.risk_warning, "new": found.newly_listed, "near_edge": running and "near_edge" in row.flags}
    marks |= {code: code in row.flags for code in (*DOUBTFUL, "unadjusted", "unconfirmed_index")}
    marks["crossed"] = running and any(each.row.subject == subject.id for each in facts.crossings)
    yield from (Flag(code, say(f"weekly_flag_{code}", lang)) for code, is_so in marks.items() if is_so)


def of_every_name(facts: WeeklyFacts) -> tuple[str, ...]:
    """The flags of the standard that every one of several names carries: said once, below the table."""
    carried = [set(facts.week.row(each.id).flags) for each in facts.candidates]
    return tuple(code for code in STANDARD if len(carried) > 1 and all(code in flags for flags in carried))


def missed_sessions(facts: WeeklyFacts, symbol: str, lang: Lang) -> str:
    """The sessions of the week without a trade, as 07-07 至 07-10 where they follow one another; "" when it traded on all."""
    close = facts.week.prices.close
    if symbol not in close.columns:
        return ""
    sessions = facts.week.sessions
    traded = close[symbol].reindex(pd.DatetimeIndex(list(sessions))).notna().to_numpy()
    at = [place for place, has_close in enumerate(traded) if not has_close]
    if len(at) > 1 and at == list(range(at[0], at[-1] + 1)):
        return say("label_range", lang, first=month_day(sessions[at[0]]), last=month_day(sessions[at[-1]]))
    return listed([month_day(sessions[place]) for place in at], lang)


def _name_notes(facts: WeeklyFacts, lang: Lang, *, since: bool, turnover: bool) -> Iterator[str]:
    stop = "" if lang == "zh" else " "
    bands = [rating_word(rating, facts.week.scale.stock, lang) for rating in reversed(facts.week.scale.stock.ratings)]
    if since:
        yield say("weekly_names_note_bullet", lang, order=listed(bands, lang)) + stop
        if all(each.stated is None for each in facts.candidates):
            yield say("weekly_names_note_unrated", lang) + stop
        yield say("weekly_names_note_edge", lang) + stop if facts.matured is None else ""
    if shared := [say(f"dossier_flag_{code}", lang) for code in of_every_name(facts)]:
        yield say("weekly_names_note_every", lang, flags=listed(shared, lang)) + stop
    yield say("weekly_names_note_dividend", lang) + stop
    if not turnover:
        yield say("weekly_names_note_turnover", lang) + stop
    if facts.week.prices.listings.empty or facts.week.prices.listings["listed"].isna().all():
        yield say("weekly_names_note_no_listing", lang) + stop
    calm = not any(each.risk_warning for each in facts.names.values())
    if calm and all(has_traded(facts.week, each.id) and not missed_sessions(facts, each.id, lang) for each in facts.candidates):
        yield say("weekly_names_note_quiet", lang)
