"""What changed since last week: bands crossed, ranks, places, edges near, what went ex, what comes."""

from __future__ import annotations

from collections.abc import Iterator

from screener.judgement.week_facts import WeeklyFacts, order_by_excess
from screener.report.document import Cell, Fact, Facts, text
from screener.report.figures import distance_text, measured_text, month_day
from screener.report.wording import band_of
from screener.terms.say import Lang, say
from screener.thesis.scale import edge_text


def changes_list(facts: WeeklyFacts, lang: Lang) -> Facts:
    """What changed since last week: bands crossed, ranks, places, edges near, what went ex, what comes."""
    running = facts.matured is None  # once the window has ended, no band is crossed and no edge is near
    items = [*(_band_changes(facts, lang) if running else ()), *_rank_change(facts, lang), *_place_changes(facts, lang)]
    items += [*(_near_edges(facts, lang) if running else ()), _gone_ex(facts, lang), _ahead(facts, lang)]
    return Facts("changes", say("weekly_changes_title", lang), tuple(items))


def _band_changes(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    label = say("weekly_change_band", lang)
    if facts.before is None:
        yield Fact(label, (say("weekly_change_no_before", lang),))
        return
    for each in facts.crossings:
        subject = facts.subject(each.row.subject)
        ladder = facts.week.scale.ladder(subject.kind)
        before, now = (Cell("band", band_of(row.band_so_far or "", ladder, lang)) for row in (each.before, each.row))
        shown = ((row.measured_since or 0.0, row is each.row) for row in (each.before, each.row))
        excess = (measured_text(value, ladder, unit=unit) for value, unit in shown)
        line = "\n" + say("weekly_change_excess", lang) + " → ".join(excess)
        yield Fact(label, (text(subject.name_in(lang), strong=True), " ", before, " → ", now, line))
    if not facts.crossings and ("all", "since") in facts.figures:
        yield Fact(label, (say("weekly_change_none", lang),))


def _rank_change(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    index = facts.week.thesis.industry_index
    now = facts.ranking.rank(index.symbol) if facts.ranking and index else None
    if facts.ranking is None or index is None or now is None:
        return
    before = facts.ranking_before.rank(index.symbol) if facts.ranking_before else None
    params = {"name": facts.subject(index.symbol).name_in(lang), "now": now, "count": facts.ranking.count}
    code = "weekly_change_rank_value" if before else "weekly_change_rank_new"
    yield Fact(say("weekly_change_rank", lang), (say(code, lang, before=before, **params),))


def _place_changes(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    if facts.before is None or ("all", "since") not in facts.figures:
        return
    before, now = order_by_excess(facts.before), order_by_excess(facts.week)
    moved = [symbol for symbol in now if symbol in before and before[symbol] != now[symbol]]
    words = [
        say("weekly_change_place", lang, name=facts.subject(symbol).name_in(lang), before=before[symbol], now=now[symbol])
        for symbol in moved
    ]
    line = ("；" if lang == "zh" else "; ").join(words) or say("weekly_change_places_same", lang)
    yield Fact(say("weekly_change_places", lang), (line,))


def _near_edges(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    label, found = say("weekly_change_edge", lang), [row for row in facts.week.rows if "near_edge" in row.flags]
    for row in found:
        excess, distance = row.measured_since or 0.0, row.to_next_edge or 0.0
        edge = say("weekly_change_edge_value", lang, edge=edge_text(excess + distance))
        subject = facts.subject(row.subject)
        own = measured_text(excess, facts.week.scale.ladder(subject.kind))
        yield Fact(label, (f"{subject.name_in(lang)} {own}{edge}{distance_text(distance)}",))
    if not found and ("all", "since") in facts.figures:
        yield Fact(label, (say("weekly_change_edge_none", lang),))


def _gone_ex(facts: WeeklyFacts, lang: Lang) -> Fact:
    lines = []
    for each in facts.gone_ex:
        words = [say("weekly_change_ex_cash", lang, cash=f"{each.cash:g}")] if each.cash else []
        words += [say("weekly_change_ex_split", lang, ratio=f"{each.split_ratio:g}")] if each.split_ratio != 1 else []
        name = facts.subject(each.symbol).name_in(lang)
        lines.append(f"{month_day(each.ex_date)} {name} " + ("，" if lang == "zh" else ", ").join(words))
    return Fact(say("weekly_change_ex", lang), ("\n".join(lines) or say("weekly_change_ex_none", lang),))


def _ahead(facts: WeeklyFacts, lang: Lang) -> Fact:
    coming = [
        say("weekly_change_horizon", lang, day=day, months=months)
        for months, day in facts.horizons.items()
        if day > facts.week.as_of
    ]
    line = ("；" if lang == "zh" else "; ").join(coming) or say("weekly_change_horizons_over", lang)
    return Fact(say("weekly_change_next", lang), (line,))
