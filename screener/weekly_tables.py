"""The tables of the weekly report: periods, names, heat map, contributions, days, extremes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from screener.errors import Gap
from screener.labels import month_day, number, short_day, weekday
from screener.messages import Lang, say
from screener.performance import excess_return
from screener.periods import Figure
from screener.phrases import band_of, ladder_of, name_of
from screener.rating import rate
from screener.report import Bullet, Cell, Column, Flag, Row, Table, figure, text
from screener.scales import Band as ScaleBand
from screener.scales import Ladder
from screener.standing import Dividend
from screener.subjects import Subject
from screener.weekly_facts import NameFacts, Part, WeeklyFacts, has_traded

# How many of the strongest and of the weakest names are listed.
EXTREMES = 3
WEEK_DAYS = 5


def band_word(band: ScaleBand, lang: Lang) -> str:
    """A rating's word in a language."""
    return band.rating if lang == "zh" else band.rating_en


def band_range(band: ScaleBand, lang: Lang) -> str:
    """A band with its edges in pp: 买入 ≥ +20, 增持 +5 至 +20."""
    word = band_word(band, lang)
    low, high = (number(100 * edge, 0, sign=True) if math.isfinite(edge) else "" for edge in (band.lower, band.upper))
    if not low:
        return say("weekly_band_most", lang, word=word, edge=high)
    if not high:
        return say("weekly_band_least", lang, word=word, edge=low)
    return say("weekly_band_between", lang, word=word, low=low, high=high)


def scale_text(ladder: Ladder, lang: Lang) -> str:
    """Every band of a ladder with its edges, best first."""
    return ("，" if lang == "zh" else ", ").join(band_range(band, lang) for band in ladder.bands)


# Periods


def periods_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Theme, segments, benchmark and indices over every period, with excess in pp and the band so far."""
    benchmark = name_of(facts.benchmark, lang)
    subjects = [each for each in facts.subjects if each.kind in ("all", "bucket")]
    rows = [_period_row(facts, subjects[0], lang), _rebalanced_row(facts, lang)]
    rows += [_period_row(facts, each, lang, ends=each is subjects[-1]) for each in subjects[1:]]
    rows += [_period_row(facts, facts.benchmark, lang)]
    rows += [_period_row(facts, each, lang) for each in facts.subjects if each.kind == "industry_index"]
    notes = [say("weekly_periods_note", lang, benchmark=benchmark)]
    if any(each.equal_at_start for each in facts.figures.values()):
        notes.append(say("weekly_periods_equal", lang))
    if not _has_since(facts):
        notes.append(say("weekly_periods_before", lang))
    notes.append(say("weekly_periods_cap", lang))
    return Table(
        id="periods",
        title=say("weekly_periods_title", lang),
        sub=say("weekly_periods_sub", lang, benchmark=benchmark),
        row_head=say("weekly_head_subject", lang),
        columns=tuple(_period_columns(facts, lang)),
        rows=tuple(rows),
        notes=("".join(notes) if lang == "zh" else " ".join(notes),),
        layout="wide",
    )


def _has_since(facts: WeeklyFacts) -> bool:
    return any(period.id == "since" for period in facts.periods)


def _period_columns(facts: WeeklyFacts, lang: Lang) -> Iterator[Column]:
    for period in facts.periods:
        code = "weekly_period_from_price" if period.id == "since" else "weekly_period_from"
        group = {"group": say(f"weekly_period_{period.id}", lang), "group_note": say(code, lang, day=short_day(period.start))}
        yield Column(f"{period.id}_return", say("weekly_head_return", lang), "%", **group)
        yield Column(f"{period.id}_excess", say("weekly_head_excess", lang), "pp", **group)
        index = facts.week.thesis.industry_index
        if period.id == "since" and index:
            name = name_of(facts.subject(index.symbol), lang)
            yield Column("since_against_industry", say("weekly_head_against", lang, name=name), "", **group)
    if _has_since(facts):
        yield Column("band", say("weekly_head_band", lang), left=True)


def _period_row(facts: WeeklyFacts, subject: Subject, lang: Lang, *, ends: bool = False) -> Row:
    figures = {period.id: facts.figures[subject.id, period.id] for period in facts.periods}
    against = facts.against_industry(subject.id)
    row = facts.week.row(subject.id)
    band = _band_cell(row.band_so_far, row.since_gap, ladder_of(subject, facts.week.scale), lang)
    if subject.kind == "benchmark":
        band = text(say("weekly_word_benchmark", lang), quiet=True)
    return Row(
        id=subject.id,
        head=name_of(subject, lang),
        note=_subject_note(facts, subject, lang),
        cells=tuple(_figure_cells(facts, figures, against, band)),
        role="theme" if subject.kind == "all" else "reference" if subject.kind == "benchmark" else "plain",
        ends_group=ends,
    )


def _rebalanced_row(facts: WeeklyFacts, lang: Lang) -> Row:
    since = facts.rebalanced.get("since")
    index = facts.week.thesis.industry_index
    against: float | Gap | None = None
    if since is not None and index is not None:
        other = facts.figures[index.symbol, "since"].own
        own = since.own
        against = own if isinstance(own, Gap) else other if isinstance(other, Gap) else excess_return(own, other)
    everyone = facts.subject("all")
    band: Cell = Cell("none")
    if since is not None:
        band = _excess_band(since.excess, ladder_of(everyone, facts.week.scale), lang)
    return Row(
        id="all_rebalanced",
        head=say("weekly_rebalanced", lang),
        cells=tuple(_figure_cells(facts, dict(facts.rebalanced), against, band)),
        depth=1,
        ends_group=True,
    )


def _figure_cells(
    facts: WeeklyFacts, figures: dict[str, Figure] | dict, against: float | Gap | None, band: Cell
) -> Iterator[Cell]:  # type: ignore[type-arg]
    for period in facts.periods:
        found = figures[period.id]
        yield figure("return", found.own)
        yield figure("excess", found.excess, strong=period.id == "since")
        if period.id == "since" and facts.week.thesis.industry_index:
            yield figure("excess", against)
    if _has_since(facts):
        yield band


def _band_cell(rating: str | None, gap: Gap | None, ladder: Ladder, lang: Lang) -> Cell:
    return figure("band", gap if rating is None else band_of(rating, ladder, lang))


def _excess_band(excess: float | Gap, ladder: Ladder, lang: Lang) -> Cell:
    return figure("band", excess if isinstance(excess, Gap) else band_of(rate(excess, ladder), ladder, lang))


def _subject_note(facts: WeeklyFacts, subject: Subject, lang: Lang) -> str:
    if subject.kind == "all":
        return say("weekly_note_held", lang)
    if subject.kind == "bucket":
        count = len(subject.members)
        return say("weekly_note_name" if count == 1 else "weekly_note_names", lang, count=count)
    if subject.kind == "benchmark":
        return say("weekly_note_benchmark", lang)
    index = facts.week.thesis.industry_index
    return say("weekly_note_index" if index and index.symbol == subject.id else "weekly_note_second", lang)


# Days


def daily_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Each session of the week: basket, benchmark, excess, industry index; then the whole week."""
    index = facts.week.thesis.industry_index
    columns = [
        Column("all", name_of(facts.subject("all"), lang), "%"),
        Column("benchmark", name_of(facts.benchmark, lang), "%"),
        Column("excess", say("weekly_head_excess", lang), "pp"),
    ]
    keys = ["all", facts.benchmark.id]
    if index:
        columns.append(Column("index", name_of(facts.subject(index.symbol), lang), "%"))
        keys.append(index.symbol)
    rows = []
    for at, day in enumerate(facts.week.sessions):
        head = f"{month_day(day)} {weekday(day, lang)}"
        rows.append(Row(day.isoformat(), head, _day_cells([facts.by_day[key][at] for key in keys])))
    whole = _day_cells([facts.figures[key, "week"].own for key in keys])
    rows.append(Row("week", say("weekly_daily_total", lang), whole, role="theme"))
    return Table(
        "daily",
        say("weekly_daily_title", lang),
        say("weekly_head_session", lang),
        tuple(columns),
        tuple(rows),
        say("weekly_daily_sub", lang),
    )


def _day_cells(values: Sequence[float | Gap]) -> tuple[Cell, ...]:
    own, other = values[0], values[1]
    gap = own if isinstance(own, Gap) else other if isinstance(other, Gap) else None
    excess = gap if gap is not None else excess_return(float(own), float(other))  # type: ignore[arg-type]
    cells = [figure("return", own), figure("return", other), figure("excess", excess)]
    return (*cells, *(figure("return", value) for value in values[2:]))


# Names


def names_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Every name: close, week, since publication, position on the bands, drawdown, turnover, dividend, days left, flags."""
    week = facts.week
    benchmark = name_of(facts.benchmark, lang)
    since, turnover = _has_since(facts), _has_turnover(facts)
    rows = tuple(_name_row(facts, each, lang, since=since, turnover=turnover) for each in facts.candidates)
    return Table(
        id="names",
        title=say("weekly_names_title", lang),
        sub=say("weekly_names_sub", lang, count=len(rows), scale=scale_text(week.scale.stock, lang), benchmark=benchmark),
        row_head=say("weekly_head_name", lang),
        columns=tuple(_name_columns(facts, lang, since=since, turnover=turnover)),
        rows=rows,
        notes=("".join(_name_notes(facts, lang, since=since, turnover=turnover)),),
        layout="cards",
    )


def _has_turnover(facts: WeeklyFacts) -> bool:
    return any(isinstance(each.turnover, float) for each in facts.names.values())


def _name_columns(facts: WeeklyFacts, lang: Lang, *, since: bool, turnover: bool) -> Iterator[Column]:
    def head(name: str) -> str:
        return say(f"weekly_head_{name}", lang)

    months = sorted(facts.horizons)
    if since:
        yield Column("band", head("band"), left=True)
    yield Column("close", head("close"), say("weekly_unit_cny", lang))
    yield Column("week_return", head("week"), "%")
    yield Column("week_excess", head("week_excess"), "pp")
    if since:
        yield Column("since_return", head("since"), "%")
        yield Column("since_excess", head("since_excess"), "pp")
        yield Column("spark", head("spark"), say("weekly_unit_weekly", lang), left=True)
        yield Column("bullet", head("bullet"), left=True)
        yield Column("to_next_edge", head("edge"), "pp")
        yield Column("drawdown", head("drawdown"), "%")
    if turnover:
        yield Column("turnover", head("turnover"), say("weekly_unit_turnover", lang))
    yield Column("dividend", head("dividend"), say("weekly_unit_cny", lang))
    yield Column("left", head("left"), say("weekly_unit_left", lang, first=months[0], last=months[-1]))
    yield Column("flags", head("flags"), left=True)


def _name_row(facts: WeeklyFacts, subject: Subject, lang: Lang, *, since: bool, turnover: bool) -> Row:
    bucket = facts.subject(subject.bucket or "")
    members = bucket.members
    return Row(
        id=subject.id,
        head=name_of(subject, lang),
        note=f"{subject.id} · {name_of(bucket, lang)}",
        cells=tuple(_name_cells(facts, subject, lang, since=since, turnover=turnover)),
        ends_group=subject.id == members[-1],
    )


def _name_cells(facts: WeeklyFacts, subject: Subject, lang: Lang, *, since: bool, turnover: bool) -> Iterator[Cell]:
    row, found, ladder = facts.week.row(subject.id), facts.names[subject.id], ladder_of(subject, facts.week.scale)
    figures = {period.id: facts.figures[subject.id, period.id] for period in facts.periods}
    if since:
        yield _band_cell(row.band_so_far, row.since_gap, ladder, lang)
    yield figure("price", found.close)
    yield figure("return", figures["week"].own)
    yield figure("excess", figures["week"].excess)
    if since:
        yield figure("return", figures["since"].own)
        yield figure("excess", figures["since"].excess, strong=True)
        yield _spark_cell(facts, subject)
        yield _bullet_cell(facts, subject, ladder)
        yield _edge_cell(row.excess_since_published, row.to_next_edge, row.since_gap, lang)
        yield figure("return", found.drawdown)
    if turnover:
        yield figure("multiple", found.turnover)
    yield _dividend_cell(found)
    yield text(left_text(facts, lang))
    yield Cell("flags", tuple(name_flags(facts, subject, lang)))


def _spark_cell(facts: WeeklyFacts, subject: Subject) -> Cell:
    return figure("spark", facts.since_paths[subject.id])


def _bullet_cell(facts: WeeklyFacts, subject: Subject, ladder: Ladder) -> Cell:
    row = facts.week.row(subject.id)
    if row.excess_since_published is None:
        return figure("bullet", row.since_gap)
    before = facts.before.row(subject.id).excess_since_published if facts.before else None
    return Cell("bullet", Bullet(row.excess_since_published, before, ladder.edges))


def _edge_cell(excess: float | None, distance: float | None, gap: Gap | None, lang: Lang) -> Cell:
    if excess is None or distance is None:
        return figure("points", gap)
    edge = number(100 * (excess + distance), 0, sign=True)
    return Cell("points", distance, say("weekly_edge_to", lang, edge=edge))


def _dividend_cell(found: NameFacts) -> Cell:
    if isinstance(found.dividend, Dividend):
        return Cell("cash", found.dividend.cash, short_day(found.dividend.ex_date))
    return figure("cash", found.dividend)


def left_text(facts: WeeklyFacts, lang: Lang) -> str:
    """Sessions left to the first and the last horizon, 0 where it has passed."""
    months = sorted(facts.left)
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
    elif row.gap is None and (missed := missed_sessions(facts, subject.id)):
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
    marks = {"st": found.risk_warning, "new": found.newly_listed, "near_edge": "near_edge" in row.flags}
    marks["crossed"] = any(each.row.subject == subject.id for each in facts.crossings)
    yield from (Flag(code, say(f"weekly_flag_{code}", lang)) for code, is_so in marks.items() if is_so)


def missed_sessions(facts: WeeklyFacts, symbol: str) -> str:
    """The sessions of the week without a trade, as 06-30; "" when it traded on all."""
    close = facts.week.prices.close
    if symbol not in close.columns:
        return ""
    days = close[symbol].loc[str(facts.week.sessions[0]) :]
    return " ".join(f"{day:%m-%d}" for day, value in days.items() if math.isnan(value))  # type: ignore[str-format]


def _name_notes(facts: WeeklyFacts, lang: Lang, *, since: bool, turnover: bool) -> Iterator[str]:
    stop = "" if lang == "zh" else " "
    bands = [band_word(band, lang) for band in reversed(facts.week.scale.stock.bands)]
    if since:
        yield say("weekly_names_note_bullet", lang, order=("、" if lang == "zh" else ", ").join(bands)) + stop
    if all(each.stated is None for each in facts.candidates):
        yield say("weekly_names_note_unrated", lang) + stop
    yield say("weekly_names_note_rest", lang) + stop
    if not turnover:
        yield say("weekly_names_note_turnover", lang) + stop
    if facts.week.prices.listings.empty or facts.week.prices.listings["listed"].isna().all():
        yield say("weekly_names_note_no_listing", lang) + stop
    calm = not any(each.risk_warning for each in facts.names.values())
    if calm and all(has_traded(facts.week, each.id) and not missed_sessions(facts, each.id) for each in facts.candidates):
        yield say("weekly_names_note_quiet", lang)


# Heat map, extremes, contributions


def heat_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Weekly excess of every name, then of the basket and the industry index: fixed steps, so that weeks compare."""
    columns = tuple(
        Column(stop.isoformat(), month_day(stop), "" if count == WEEK_DAYS else say("weekly_heat_sessions", lang, count=count))
        for _, stop, count in facts.weeks
    )
    subjects = [*facts.candidates, *(each for each in facts.subjects if each.id in facts.by_week and each.kind != "candidate")]
    subjects.sort(key=lambda each: (each.kind != "candidate", each.kind != "all"))
    last = facts.candidates[-1].id
    ends = {each.members[-1] for each in facts.subjects if each.kind == "bucket"}
    own = facts.week.thesis.second_opinion
    rows = tuple(
        Row(
            each.id,
            name_of(each, lang),
            tuple(figure("heat", value) for value in facts.by_week[each.id]),
            role="plain" if each.kind == "candidate" else "theme",
            ends_group=each.id in ends or each.id == last,
        )
        for each in subjects
        if own is None or each.id != own.symbol
    )
    sub = say("weekly_heat_sub", lang, count=len(columns), benchmark=name_of(facts.benchmark, lang))
    return Table("heat", say("weekly_heat_title", lang), say("weekly_head_name", lang), columns, rows, sub, layout="heat")


def extremes_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """The strongest and the weakest names of the week; a name that did not trade is not among them."""
    week = facts.week
    rows = [
        row for row in week.rows if row.kind == "candidate" and row.own_return is not None and has_traded(week, row.subject)
    ]
    rows.sort(key=lambda row: -(row.own_return or 0.0))
    count = min(EXTREMES, len(rows) // 2)
    chosen = [*rows[:count], *rows[len(rows) - count :]]
    return Table(
        id="extremes",
        title=say("weekly_extremes_title", lang),
        sub=say("weekly_extremes_sub", lang),
        row_head=say("weekly_head_name", lang),
        columns=(
            Column("return", say("weekly_head_return", lang), "%"),
            Column("excess", say("weekly_head_excess", lang), "pp"),
        ),
        rows=tuple(
            Row(
                row.subject,
                name_of(facts.subject(row.subject), lang),
                (figure("return", row.own_return), figure("excess", row.excess)),
                ends_group=at == count - 1,
            )
            for at, row in enumerate(chosen)
        ),
    )


def parts_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Contributions: members add up to their segment, segments to the basket."""
    rows: list[Row] = []
    for part in facts.parts:
        bucket = facts.subject(part.bucket)
        cells = (
            Cell("weight", part.weight),
            figure("return", part.own_return),
            figure("points", part.own_return),
            Cell("excess", part.to_all),
        )
        rows.append(Row(part.bucket, name_of(bucket, lang), cells, role="total"))
        if len(bucket.members) > 1 or part.left_out:
            rows += [_member_row(facts, member, lang) for member in part.members]
            rows += [_left_out_row(facts, symbol, lang) for symbol in part.left_out]
    total = facts.figures["all", "week"].own
    weight = sum(part.weight for part in facts.parts)
    cells = (Cell("weight", weight), figure("return", total), text(""), figure("excess", total))
    rows.append(Row("all", name_of(facts.subject("all"), lang), cells, role="reference"))
    held = facts.week.base_date is not None and facts.week.base_date <= facts.week.previous
    return Table(
        id="parts",
        title=say("weekly_parts_title", lang),
        sub=say("weekly_parts_sub", lang),
        row_head=say("weekly_head_part", lang),
        columns=(
            Column("weight", say("weekly_head_weight", lang), "%"),
            Column("return", say("weekly_head_week", lang), "%"),
            Column("to_bucket", say("weekly_head_to_bucket", lang), "pp"),
            Column("to_all", say("weekly_head_to_all", lang), "pp"),
        ),
        rows=tuple(rows),
        notes=(say("weekly_parts_note" if held else "weekly_parts_note_equal", lang, day=month_day(facts.week.previous)),),
    )


def _member_row(facts: WeeklyFacts, member: Part, lang: Lang) -> Row:
    return Row(
        member.symbol,
        name_of(facts.subject(member.symbol), lang),
        (
            Cell("weight", member.weight, quiet=True),
            Cell("return", member.own_return),
            figure("points", member.to_bucket),
            Cell("points", member.to_all),
        ),
        depth=1,
    )


def _left_out_row(facts: WeeklyFacts, symbol: str, lang: Lang) -> Row:
    gap = facts.week.row(symbol).gap or Gap("no_data", "no_earlier_close", {"symbol": symbol, "day": facts.week.previous})
    word = text(say("weekly_left_out", lang), quiet=True)
    return Row(symbol, name_of(facts.subject(symbol), lang), (word, figure("return", gap), word, word), depth=1)
