"""The tables of the weekly report: periods, days, heat map, extremes, contributions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from screener.judgement.week import Week, WeekRow
from screener.judgement.week_facts import Part, WeeklyFacts, has_traded, traded_between
from screener.judgement.weightings import WeightingId
from screener.measures.periods import Figure, PeriodId
from screener.measures.returns import excess_return
from screener.report.document import Cell, Column, Row, Table, figure, text
from screener.report.figures import month_day, percent, short_day, weekday
from screener.report.wording import band_of, earned, rated, to_edge
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.thesis.scale import Ladder
from screener.thesis.subjects import Subject

# How many of the strongest and of the weakest names are listed.
# The strongest and the weakest: this many each, or this many where the thesis has more names than FEW.
EXTREMES, EXTREMES_OF_MANY, FEW = 3, 5, 10
WEEK_DAYS = 5
# The periods that a narrow terminal keeps longest.
SHORT_PERIODS: tuple[PeriodId, ...] = ("week", "since", "weeks_4")
# How many of the heaviest names of the float-cap basket are named.
LARGEST = 3


def periods_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """Theme, segments, benchmark and indices over every period, with excess in pp and the band so far."""
    benchmark = facts.benchmark.name_in(lang)
    subjects = [each for each in facts.subjects if each.kind in ("all", "bucket")]
    rows = [_period_row(facts, subjects[0], lang), *_weighting_rows(facts, lang)]
    rows += [_period_row(facts, each, lang, ends=each is subjects[-1]) for each in subjects[1:]]
    rows += [_period_row(facts, facts.benchmark, lang)]
    rows += [_period_row(facts, each, lang) for each in facts.subjects if each.kind == "industry_index"]
    notes = [say("weekly_periods_note", lang, benchmark=benchmark)]
    if any(each.equal_at_start for each in facts.figures.values()):
        notes.append(say("weekly_periods_equal", lang))
    if not has_since(facts):
        notes.append(say("weekly_periods_before", lang))
    notes += _float_cap_notes(facts, lang)
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


def against_table(facts: WeeklyFacts, lang: Lang) -> Table | None:
    """Excess of every basket over the industry index, period by period; None without an industry index."""
    index = facts.week.thesis.industry_index
    if index is None:
        return None
    name = facts.subject(index.symbol).name_in(lang)
    kinds = ("all", "bucket", "benchmark", "industry_index")
    subjects = [each for kind in kinds for each in facts.subjects if each.kind == kind and each.id != index.symbol]
    baskets = [(each.id, each.name_in(lang), facts.subject_figures(each.id)) for each in subjects]
    weighted = [(f"all_{each}", say(f"weekly_{each}", lang), facts.weighted(each)) for each in _weightings(facts)]
    return Table(
        id="against",
        title=say("weekly_against_title", lang, name=name),
        row_head=say("weekly_head_subject", lang),
        columns=tuple(Column(each.id, say(f"weekly_period_{each.id}", lang), "pp") for each in facts.periods),
        rows=tuple(
            Row(key, head, tuple(figure("excess", facts.against_industry(figures, each.id)) for each in facts.periods))
            for key, head, figures in (*baskets[:1], *weighted, *baskets[1:])
        ),
        layout="folded",
    )


def led_table(facts: WeeklyFacts, led: Week, lang: Lang) -> Table:
    """Return, excess and band since publication on the total series, which `led` holds, against the total-return index."""
    subjects = [
        each for kind in ("industry_index", "all", "bucket", "candidate") for each in facts.subjects if each.kind == kind
    ]
    return Table(
        id="led",
        title=say("weekly_led_title", lang),
        row_head=say("weekly_head_subject", lang),
        columns=(
            Column("since_return", say("weekly_head_since", lang), "%"),
            Column("since_excess", say("weekly_head_since_excess", lang), "pp", short=0),
            Column("band", say("weekly_head_band", lang), left=True, short=0),
            Column("to_next_edge", say("weekly_head_edge", lang), "pp"),
        ),
        rows=tuple(_led_row(led.row(each.id), each, facts, lang) for each in subjects),
        sub=say("weekly_led_sub", lang, benchmark=facts.benchmark.name_in(lang)),
    )


def _led_row(row: WeekRow, subject: Subject, facts: WeeklyFacts, lang: Lang) -> Row:
    ladder = facts.week.scale.ladder(subject.kind)
    band = band_cell(row, ladder, lang)
    own = figure("return", row.since_gap if row.since_published is None else row.since_published)
    excess = rated(row.since_gap if row.excess_since_published is None else row.excess_since_published, ladder)
    edge = figure("points", row.since_gap) if row.to_next_edge is None else to_edge(row.to_next_edge)
    return Row(subject.id, subject.name_in(lang), (own, excess, band, edge))


def has_since(facts: WeeklyFacts) -> bool:
    """Whether the week ends after publication, so that figures since then exist."""
    return any(period.id == "since" for period in facts.periods)


def _period_columns(facts: WeeklyFacts, lang: Lang) -> Iterator[Column]:
    returned, excess = say("weekly_head_return", lang), say("weekly_head_excess", lang)
    index = facts.week.thesis.industry_index
    for period in facts.periods:
        group = say(f"weekly_period_{period.id}", lang)
        code = "weekly_period_from_price" if period.id == "since" else "weekly_period_from"
        note = say(code, lang, day=short_day(period.start))
        short = SHORT_PERIODS.index(period.id) if period.id in SHORT_PERIODS else len(SHORT_PERIODS) + 2
        yield Column(f"{period.id}_return", returned, "%", group, note, short=short)
        yield Column(f"{period.id}_excess", excess, "pp", group, note, short=short)
        if period.id == "since" and index:
            head = say("weekly_head_against", lang, name=facts.subject(index.symbol).name_in(lang))
            yield Column("since_against_industry", head, "pp", group, note, short=4)
    if has_since(facts):
        yield Column("band", say("weekly_head_band", lang), left=True, short=1)


def _period_row(facts: WeeklyFacts, subject: Subject, lang: Lang, *, ends: bool = False) -> Row:
    row = facts.week.row(subject.id)
    ladder = facts.week.scale.ladder(subject.kind)
    band = band_cell(row, ladder, lang)
    if subject.kind == "benchmark":
        band = text(say("weekly_word_benchmark", lang), quiet=True)
    return Row(
        id=subject.id,
        head=subject.name_in(lang),
        note=_subject_note(facts, subject, lang),
        cells=tuple(_figure_cells(facts, facts.subject_figures(subject.id), band, ladder)),
        role="theme" if subject.kind == "all" else "reference" if subject.kind == "benchmark" else "plain",
        ends_group=ends,
    )


def _weighting_rows(facts: WeeklyFacts, lang: Lang) -> Iterator[Row]:
    """The whole basket rebalanced and, where the share counts allow any figure, by float market value."""
    shown, ladder = _weightings(facts), facts.week.scale.ladder("all")
    for weighting in shown:
        figures = facts.weighted(weighting)
        yield Row(
            id=f"all_{weighting}",
            head=say(f"weekly_{weighting}", lang),
            cells=tuple(_figure_cells(facts, figures, _since_band(facts, figures, lang), ladder)),
            depth=1,
            ends_group=weighting == shown[-1],
        )


def _weightings(facts: WeeklyFacts) -> tuple[WeightingId, ...]:
    return ("rebalanced", "float_cap") if has_float_cap(facts) else ("rebalanced",)


def has_float_cap(facts: WeeklyFacts) -> bool:
    """Whether the float-cap basket has a figure over any period."""
    return any(isinstance(each.own, float) for each in facts.weighted("float_cap").values())


def _since_band(facts: WeeklyFacts, figures: Mapping[PeriodId, Figure], lang: Lang) -> Cell:
    since = figures.get("since")
    if since is None:
        return Cell("none")
    ladder = facts.week.scale.ladder(facts.subject("all").kind)
    return _excess_band(since.excess, ladder, lang, flags=facts.week.row("all").flags)


def _float_cap_notes(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    """How the float-cap basket is weighed and what its largest members weigh, or why there is none."""
    shown = facts.float_cap
    weights = shown.weights
    if not has_float_cap(facts) or not isinstance(weights, Mapping):
        gap = shown.figure.own if isinstance(shown.figure.own, Gap) else None
        if gap is not None:
            yield say("weekly_periods_cap_gap", lang, kind=gap.kind(lang), reason=gap.text(lang))
        return
    largest = sorted(weights, key=lambda symbol: -weights[symbol])[:LARGEST]
    words = [f"{facts.subject(symbol).name_in(lang)} {percent(weights[symbol], 1, sign=False)}" for symbol in largest]
    rest = len(weights) - len(largest)
    if rest:
        part = percent(1 - sum(weights[symbol] for symbol in largest), 1, sign=False)
        words.append(say("weekly_periods_cap_rest", lang, count=rest, weight=part))
    listed = ("、" if lang == "zh" else ", ").join(words)
    yield say("weekly_periods_cap", lang, day=shown.weighed_on, weights=listed)
    if any(each.figure.equal_at_start for each in facts.weightings):
        yield say("weekly_periods_cap_start", lang)


def since_excess(facts: WeeklyFacts, subject: Subject, *, strong: bool = False) -> Cell:
    """The excess of a subject since publication, which stands beside its band."""
    found = facts.figures[subject.id, "since"].excess
    measured = facts.week.row(subject.id).measured_since
    if measured is None:
        return figure("excess", found, strong=strong)
    return rated(measured, facts.week.scale.ladder(subject.kind), strong=strong)


def _figure_cells(facts: WeeklyFacts, figures: Mapping[PeriodId, Figure], band: Cell, ladder: Ladder) -> Iterator[Cell]:
    for period in facts.periods:
        found = figures[period.id]
        yield figure("return", found.own)
        plain = period.id != "since" or ladder.measure == "absolute"
        yield figure("excess", found.excess, strong=period.id == "since") if plain else rated(found.excess, ladder, strong=True)
        if period.id == "since" and facts.week.thesis.industry_index:
            yield figure("excess", facts.against_industry(figures))
    if has_since(facts):
        yield band


def band_cell(row: WeekRow, ladder: Ladder, lang: Lang) -> Cell:
    """A row's band so far as a chip, marked where it is doubtful, or its gap."""
    rating = row.band_so_far
    gap = row.since_gap or row.band_gap
    return figure("band", gap if rating is None else band_of(rating, ladder, lang, flags=row.flags))


def _excess_band(excess: float | Gap, ladder: Ladder, lang: Lang, *, flags: Sequence[str]) -> Cell:
    return figure("band", excess) if isinstance(excess, Gap) else earned(excess, ladder, lang, flags=flags)


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
        Column("all", facts.subject("all").name_in(lang), "%"),
        Column("benchmark", facts.benchmark.name_in(lang), "%"),
        Column("excess", say("weekly_head_excess", lang), "pp"),
    ]
    keys = ["all", facts.benchmark.id]
    if index:
        columns.append(Column("index", facts.subject(index.symbol).name_in(lang), "%"))
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
            each.name_in(lang),
            tuple(_heat_cells(facts, each, lang)),
            role="plain" if each.kind == "candidate" else "theme",
            ends_group=each.id in ends or each.id == last,
        )
        for each in subjects
        if own is None or each.id != own.symbol
    )
    sub = say("weekly_heat_sub", lang, count=len(columns), benchmark=facts.benchmark.name_in(lang))
    return Table("heat", say("weekly_heat_title", lang), say("weekly_head_name", lang), columns, rows, sub, layout="heat")


def _heat_cells(facts: WeeklyFacts, subject: Subject, lang: Lang) -> Iterator[Cell]:
    """The excess of each week; a name that did not trade at all in a week says so instead of a figure."""
    for (start, stop, _), value in zip(facts.weeks, facts.by_week[subject.id], strict=True):
        if (
            subject.kind == "candidate"
            and not isinstance(value, Gap)
            and not traded_between(facts.week, subject.id, start, stop)
        ):
            yield text(say("weekly_flag_suspended", lang), quiet=True)
        else:
            yield figure("heat", value)


def extremes_table(facts: WeeklyFacts, lang: Lang) -> Table:
    """The strongest and the weakest names of the week; a name that did not trade is not among them."""
    week = facts.week
    rows = [
        row for row in week.rows if row.kind == "candidate" and row.own_return is not None and has_traded(week, row.subject)
    ]
    rows.sort(key=lambda row: -(row.own_return or 0.0))
    count = min(EXTREMES_OF_MANY if len(rows) > FEW else EXTREMES, len(rows) // 2)
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
                facts.subject(row.subject).name_in(lang),
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
        # A bucket without a member that has a price weighs nothing that could be said: its gap, not 0.
        gap = part.own_return if isinstance(part.own_return, Gap) else None
        cells = (
            figure("weight", part.weight if part.members else gap),
            figure("return", part.own_return),
            figure("points", part.own_return),
            Cell("excess", part.to_all, formula=_product(part.weight, part.own_return, part.to_all))
            if part.members
            else figure("excess", gap),
        )
        rows.append(Row(part.bucket, bucket.name_in(lang), cells, role="total"))
        if len(bucket.members) > 1 or part.left_out:
            rows += [_member_row(facts, member, lang) for member in part.members]
            rows += [_left_out_row(facts, symbol, lang) for symbol in part.left_out]
    total = facts.figures["all", "week"].own
    weight = sum(part.weight for part in facts.parts)
    parts = "+".join(f"{{to_all@parts:{part.bucket}}}" for part in facts.parts)
    adds_up = isinstance(total, float) and abs(math.fsum(part.to_all for part in facts.parts) - total) <= 1e-12
    whole = replace(figure("excess", total), formula=parts if adds_up else "")
    known = weight if any(part.members for part in facts.parts) or not isinstance(total, Gap) else total
    cells = (figure("weight", known), figure("return", total), text(""), whole)
    rows.append(Row("all", facts.subject("all").name_in(lang), cells, role="reference"))
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


def _product(weight: float, own_return: float | Gap | None, part: float | None) -> str:
    """The formula of a contribution, where it is weight × return."""
    same = isinstance(own_return, float) and part is not None and abs(weight * own_return - part) <= 1e-12
    return "{weight}*{return}" if same else ""


def _member_row(facts: WeeklyFacts, member: Part, lang: Lang) -> Row:
    return Row(
        member.symbol,
        facts.subject(member.symbol).name_in(lang),
        (
            Cell("weight", member.weight, quiet=True),
            Cell("return", member.own_return),
            figure("points", member.to_bucket),
            Cell("points", member.to_all, formula=_product(member.weight, member.own_return, member.to_all)),
        ),
        depth=1,
    )


def _left_out_row(facts: WeeklyFacts, symbol: str, lang: Lang) -> Row:
    gap = facts.week.row(symbol).gap or Gap("no_data", "no_earlier_close", {"symbol": symbol, "day": facts.week.previous})
    word = text(say("weekly_left_out", lang), quiet=True)
    return Row(symbol, facts.subject(symbol).name_in(lang), (word, figure("return", gap), word, word), depth=1)
