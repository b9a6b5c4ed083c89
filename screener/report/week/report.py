"""The weekly report as a document: head, one paragraph written from the numbers, key figures, sections, method."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from screener.judgement.week_facts import WeeklyFacts
from screener.measures.industries import industries
from screener.measures.quotes import unknown_actions
from screener.report.document import (
    Block,
    Box,
    BoxPart,
    Document,
    Fact,
    Facts,
    Paragraph,
    Parts,
    Section,
    Stack,
    Table,
    text,
)
from screener.report.figures import month_day, weekday
from screener.report.gaps import gap_lines, gaps_in
from screener.report.method import WEEKLY, rule_links, rules_section
from screener.report.outcome.verdict import headline
from screener.report.records import versions
from screener.report.week.changes import changes_list
from screener.report.week.charts import weekly_charts
from screener.report.week.names import names_table
from screener.report.week.summary import key_figures, lede_parts
from screener.report.week.tables import (
    against_table,
    daily_table,
    extremes_table,
    heat_table,
    led_table,
    parts_table,
    periods_table,
)
from screener.report.week.valuation import valuation_table
from screener.report.wording import published_text, rating_word, standard_text
from screener.terms.notes import Gap
from screener.terms.say import Lang, say

HASH_SHOWN = 12
# With fewer charts than this in their row, the strongest and weakest names take the free place.
CHARTS_IN_ROW = 3


def weekly_document(facts: WeeklyFacts, lang: Lang) -> Document:
    """The whole report of one week."""
    week = facts.week
    title = facts.week.thesis.title_in(lang)
    front = list(_sections(facts, lang))
    method = method_box(facts, lang, [block for section in front for block in section.blocks])
    parts = Section("parts", "", (Stack((parts_table(facts, lang),), 6), Stack((method,), 6)))
    return Document(
        kind="weekly",
        lang=lang,
        slug=week.thesis.slug,
        kicker=say("weekly_kicker", lang),
        title=title,
        page_title=say("weekly_page_title", lang, week=week_label(week.as_of), title=title),
        byline=tuple(_byline(facts, lang)),
        meta=tuple(_meta(facts, lang)),
        lede=(*_verdict(facts, lang), Paragraph(tuple(lede_parts(facts, lang)), "lede")),
        key_figures=tuple(key_figures(facts, lang)),
        sections=(*front, parts, rules_section(WEEKLY, lang, benchmark=facts.benchmark.name_in(lang))),
        foot=tuple(_foot(facts, lang)),
        parameters=tuple(_parameters(facts, lang)),
        brief=tuple(_brief(facts, lang, front, method)),
    )


def _verdict(facts: WeeklyFacts, lang: Lang) -> Iterator[Paragraph]:
    """Once matured, the verdict at the end of the window, before anything of the week."""
    if facts.matured is not None:
        yield Paragraph(headline(facts.matured, lang), style="verdict")


def week_label(day: dt.date) -> str:
    """The ISO week of a day, 2025-W15: the name of the report's folder too."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _byline(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    thesis, scale = facts.week.thesis, facts.week.scale
    yield Fact("", (say("weekly_house", lang, house=thesis.house_in(lang), sector=thesis.sector_in(lang)),))
    if thesis.rating:
        word = rating_word(thesis.rating.industry, scale.industry, lang)
        change = say(f"weekly_rating_{thesis.rating.change}", lang) if thesis.rating.change else ""
        yield Fact(say("weekly_rating", lang), (text(word + change, strong=True),))
    yield Fact(
        say("weekly_published", lang),
        (published_text(facts.week.thesis, facts.week.published, lang),),
        inferred=is_inferred(facts),
    )


def is_inferred(facts: WeeklyFacts) -> bool:
    """Whether the publication date used is the thesis's inferred one."""
    return facts.week.thesis.basis(facts.week.published) == "inferred"


def _meta(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    week, prices = facts.week, facts.week.prices
    yield Fact(say("weekly_meta_week", lang), (week_text(facts, lang),))
    yield Fact(say("weekly_meta_as_of", lang), (say("weekly_meta_as_of_value", lang, day=week.as_of),))
    benchmark = say("weekly_meta_benchmark_value", lang, name=facts.benchmark.name_in(lang), symbol=week.benchmark)
    yield Fact(say("weekly_meta_benchmark", lang), (benchmark,))
    yield Fact(say("weekly_meta_prices", lang), (prices_text(facts, lang),))
    yield Fact(say("weekly_meta_hash", lang), (f"sha256 {prices.sha256[:HASH_SHOWN]}",))
    thesis = week.thesis
    if is_inferred(facts):
        latest = thesis.published_latest
        value = say("weekly_meta_inferred_value", lang, earliest=thesis.published_earliest, latest=latest)
        yield Fact(say("weekly_meta_inferred", lang), (value,))


def week_text(facts: WeeklyFacts, lang: Lang) -> str:
    """2025-W15 · 04-07 至 04-11，5 个交易日."""
    sessions = facts.week.sessions
    code = "weekly_meta_week_single" if len(sessions) == 1 else "weekly_meta_week_value"
    params = {"first": month_day(sessions[0]), "last": month_day(sessions[-1]), "count": len(sessions)}
    return say(code, lang, week=week_label(sessions[-1]), **params) + cut_text(facts, lang)


def cut_text(facts: WeeklyFacts, lang: Lang) -> str:
    """That the data end before the week does, and on which day; nothing for a whole week."""
    week = facts.week
    return say("weekly_cut", lang, day=weekday(week.sessions[-1], lang)) if week.is_cut else ""


def prices_text(facts: WeeklyFacts, lang: Lang) -> str:
    """Where the prices came from, and their last session."""
    prices = facts.week.prices
    return say(f"weekly_prices_{prices.kind}", lang, name=prices.name, last=prices.last)


# Sections


def _sections(facts: WeeklyFacts, lang: Lang) -> Iterator[Section]:
    charts = weekly_charts(facts, lang)
    changes = changes_list(facts, lang)
    daily = daily_table(facts, lang)
    if "relative" in charts:
        yield Section("front", "", (Stack((charts["relative"],), 8), Stack((changes, daily), 4)), front=True)
    else:
        yield Section("front", "", (Stack((changes,), 6), Stack((daily,), 6)), front=True)
    against = against_table(facts, lang)
    yield Section("periods", "", (Stack((periods_table(facts, lang), *((against,) if against else ()))),))
    extremes = extremes_table(facts, lang)
    row = [charts[each] for each in ("excess", "contribution", "ranking") if each in charts]
    full = len(row) == CHARTS_IN_ROW
    if row:
        yield Section("charts", "", tuple(Stack((each,), 4) for each in (*row, *(() if full else (extremes,)))))
    yield Section("names", "", (Stack((names_table(facts, lang),)),))
    values = valuation_table(facts, lang)
    if values is not None:
        yield Section("valuation", "", (Stack((values,)),))
    side = (*((charts["drawdown"],) if "drawdown" in charts else ()), *((extremes,) if full or not row else ()))
    heat = Stack((heat_table(facts, lang),), 8)
    yield Section("heat", "", (heat, Stack(side, 4)) if side else (heat,))


def _brief(facts: WeeklyFacts, lang: Lang, sections: Sequence[Section], method: Box) -> Iterator[Block]:
    """The periods, the names, what changed, and what is missing; the report's files hold the rest."""
    blocks = [block for section in sections for block in section.blocks]
    shown = {block.id: block for block in blocks if isinstance(block, Table)}
    yield shown["periods"]
    if facts.led is not None:
        yield led_table(facts, facts.led, lang)
    yield replace(shown["names"], notes=())
    yield from (block for block in blocks if isinstance(block, Facts))
    yield Box("missing", tuple(part for part in method.parts if part.bullets))


# Method, gaps, foot


def method_box(facts: WeeklyFacts, lang: Lang, shown: Sequence[Block]) -> Box:
    """How the figures are made, the rating standard, what is missing in the blocks `shown` or inferred, and the risks."""
    week, scale = facts.week, facts.week.scale
    benchmark = facts.benchmark.name_in(lang)
    method = (
        say("weekly_method_week", lang, base=week.base_date),
        say("weekly_method_excess", lang, benchmark=benchmark),
        say("weekly_method_links", lang, slug=week.thesis.slug),
    )
    house = scale.house if lang == "zh" else scale.house_en
    standard = say(
        "weekly_scale_value",
        lang,
        stock=standard_text(scale, scale.stock, lang),
        industry=standard_text(scale, scale.industry, lang),
        first=scale.window.from_months,
        last=scale.window.to_months,
        benchmark=benchmark,
        source=house,
    )
    links = rule_links(WEEKLY, lang)
    parts = (
        BoxPart(say("weekly_method_title", lang), method, links=links),
        BoxPart(say("weekly_scale_title", lang), (standard,)),
    )
    return Box("method", (*parts, *_gaps_and_risks(facts, lang, shown)))


def _gaps_and_risks(facts: WeeklyFacts, lang: Lang, shown: Sequence[Block]) -> tuple[BoxPart, ...]:
    thesis = facts.week.thesis
    risks = ("；" if lang == "zh" else "; ").join(
        each.text_en or each.text if lang == "en" else each.text for each in thesis.risks
    )
    missing = gap_lines(_gaps_of_subjects(facts, lang), lang, shown=gaps_in(shown))
    values = (say("weekly_value_missing", lang),) if facts.basket_value is None else ()
    told = (*_inferred_lines(facts, lang), *missing, *_ranking_gaps(facts, lang), *values, *_data_notes(facts, lang))
    gaps = BoxPart(say("weekly_gaps_title", lang), bullets=told)
    return gaps, BoxPart(say("weekly_risks_title", lang), (say("weekly_risks_value", lang, risks=risks),))


def _inferred_lines(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    week, thesis = facts.week, facts.week.thesis
    if is_inferred(facts):
        yield say("weekly_gap_inferred", lang, earliest=thesis.published_earliest, latest=thesis.published_latest)
    if week.published != thesis.published:
        yield say("weekly_gap_tried", lang, day=week.published, file=thesis.published)


def _gaps_of_subjects(facts: WeeklyFacts, lang: Lang) -> Iterator[tuple[str, Gap]]:
    """Subjects and weightings with the reasons why figures of theirs are missing; what is not due yet is none."""
    week = facts.week
    for row in week.rows:
        name = facts.subject(row.subject).name_in(lang)
        gaps = (row.gap, row.since_gap, row.band_gap)
        yield from ((name, gap) for gap in gaps if gap is not None and gap.code != "not_due")
    for symbol, gap in unknown_actions(week.prices, week.thesis.members("all")):
        yield facts.subject(symbol).name_in(lang), gap
    weighted = (each.own for each in facts.weighted("float_cap").values())
    yield from ((say("weekly_float_cap", lang), gap) for gap in weighted if isinstance(gap, Gap))


def _data_notes(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    for note in facts.week.prices.notes:
        yield say("weekly_gap_data", lang, text=say(note.code, lang, **note.params))


def _ranking_gaps(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    if facts.ranking is None:
        yield say("weekly_gap_ranking", lang)
        return
    names = {each.symbol: each.label(lang) for each in industries()}
    if facts.ranking.missing:
        missing = ("、" if lang == "zh" else ", ").join(names[each] for each in facts.ranking.missing)
        yield say("weekly_gap_ranking_missing", lang, missing=missing)


def _foot(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    thesis, week = facts.week.thesis, facts.week
    yield say("weekly_foot_disclaimer", lang, house=thesis.house_in(lang))
    yield say("weekly_foot_versions", lang, sha=week.prices.sha256[:HASH_SHOWN], as_of=week.as_of, **versions())


def _parameters(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    week = facts.week
    yield Fact(say("weekly_param_thesis", lang), (week.thesis.slug,))
    yield Fact(
        say("weekly_published", lang),
        (published_text(facts.week.thesis, facts.week.published, lang),),
        inferred=is_inferred(facts),
    )
    yield Fact(say("weekly_param_base", lang), (str(week.base_date or ""),))
    yield from _meta(facts, lang)
    yield Fact(say("weekly_param_series", lang), (say("weekly_param_series_value", lang),))
    yield Fact(say("weekly_param_sha", lang), (week.prices.sha256,))
    words: Parts = (", ".join(f"{name} {version}" for name, version in versions().items()),)
    yield Fact(say("weekly_param_versions", lang), words)
