"""The weekly report as a document: head, one paragraph written from the numbers, key figures, sections, method."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping

from screener.errors import Gap
from screener.labels import month_day, number, points
from screener.messages import Lang, say
from screener.phrases import band_of, ladder_of, name_of
from screener.ranking import industries
from screener.report import (
    Box,
    BoxPart,
    Cell,
    Chart,
    Document,
    Fact,
    Facts,
    KeyFigure,
    Paragraph,
    Parts,
    Section,
    Stack,
    figure,
    text,
)
from screener.weekly_charts import weekly_charts
from screener.weekly_facts import WeeklyFacts, order_by_excess
from screener.weekly_tables import (
    daily_table,
    extremes_table,
    heat_table,
    names_table,
    parts_table,
    periods_table,
    scale_text,
)

HASH_SHOWN = 12


def weekly_document(facts: WeeklyFacts, lang: Lang, *, versions: Mapping[str, str]) -> Document:
    """The whole report of one week; `versions` are those that a figure may depend on."""
    week = facts.week
    title = thesis_title(facts, lang)
    return Document(
        kind="weekly",
        lang=lang,
        slug=week.thesis.slug,
        kicker=say("weekly_kicker", lang),
        title=title,
        page_title=say("weekly_page_title", lang, week=week_label(week.as_of), title=title),
        byline=tuple(_byline(facts, lang)),
        meta=tuple(_meta(facts, lang)),
        lede=(Paragraph(tuple(_lede(facts, lang)), "lede"),),
        key_figures=tuple(_key_figures(facts, lang)),
        sections=tuple(_sections(facts, lang)),
        foot=tuple(_foot(facts, lang, versions)),
        parameters=tuple(_parameters(facts, lang, versions)),
    )


def week_label(day: dt.date) -> str:
    """The ISO week of a day, 2025-W15: the name of the report's folder too."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def thesis_title(facts: WeeklyFacts, lang: Lang) -> str:
    """The report's title in a language, the original where there is no translation."""
    thesis = facts.week.thesis
    return thesis.title_en or thesis.title if lang == "en" else thesis.title


# Head


def _byline(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    thesis, scale = facts.week.thesis, facts.week.scale
    house = thesis.house_en or thesis.house if lang == "en" else thesis.house
    sector = thesis.sector_en or thesis.sector if lang == "en" else thesis.sector
    yield Fact("", (say("weekly_house", lang, house=house, sector=sector),))
    if thesis.rating:
        word = band_of(thesis.rating.industry, scale.industry, lang).word
        change = say(f"weekly_rating_{thesis.rating.change}", lang) if thesis.rating.change else ""
        yield Fact(say("weekly_rating", lang), (text(word + change, strong=True),))
    yield Fact(say("weekly_published", lang), (published_text(facts, lang),), inferred=is_inferred(facts))


def is_inferred(facts: WeeklyFacts) -> bool:
    """Whether the publication date used is the thesis's inferred one."""
    return facts.week.published == facts.week.thesis.published and facts.week.thesis.published_basis == "inferred"


def published_text(facts: WeeklyFacts, lang: Lang) -> str:
    """The publication date with how it is known."""
    day = facts.week.published
    if day != facts.week.thesis.published:
        return say("weekly_day_tried", lang, day=day)
    return say("weekly_day_inferred", lang, day=day) if is_inferred(facts) else day.isoformat()


def _meta(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    week, prices = facts.week, facts.week.prices
    yield Fact(say("weekly_meta_week", lang), (week_text(facts, lang),))
    yield Fact(say("weekly_meta_as_of", lang), (say("weekly_meta_as_of_value", lang, day=week.as_of),))
    benchmark = say("weekly_meta_benchmark_value", lang, name=name_of(facts.benchmark, lang), symbol=week.benchmark)
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
    return say(code, lang, week=week_label(sessions[-1]), **params)


def prices_text(facts: WeeklyFacts, lang: Lang) -> str:
    """Where the prices came from, and their last session."""
    prices = facts.week.prices
    return say(f"weekly_prices_{prices.kind}", lang, name=prices.name, last=prices.last)


# The paragraph


def _lede(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    yield from _lede_week(facts, lang)
    yield say("weekly_stop", lang)
    yield from _lede_names(facts, lang)
    yield say("weekly_stop", lang)
    yield from _lede_since(facts, lang)
    yield say("weekly_stop", lang).rstrip()


def _lede_week(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    theme, other = facts.figures["all", "week"], facts.figures[facts.benchmark.id, "week"]
    benchmark = name_of(facts.benchmark, lang)
    yield say("weekly_lede_theme", lang)
    yield toned(theme.own, strong=True)
    yield say("weekly_lede_benchmark", lang, name=benchmark)
    yield toned(other.own)
    yield say("weekly_lede_benchmark_after", lang, name=benchmark)
    yield say("weekly_lede_excess", lang)
    yield figure("excess", theme.excess, strong=True)
    index = facts.week.thesis.industry_index
    if index is None:
        return
    yield say("weekly_lede_index", lang, name=name_of(facts.subject(index.symbol), lang))
    yield toned(facts.figures[index.symbol, "week"].own)
    rank = facts.ranking.rank(index.symbol) if facts.ranking else None
    if facts.ranking and rank:
        yield say("weekly_lede_rank", lang, rank=rank, count=facts.ranking.count)
        before = facts.ranking_before.rank(index.symbol) if facts.ranking_before else None
        yield say("weekly_lede_rank_before", lang, rank=before) if before else ""


def toned(value: float | Gap, *, strong: bool = False) -> Cell:
    """A return in running text, where it takes the colour of its sign."""
    return dataclasses.replace(figure("return", value, strong=strong), toned=True)


def _lede_names(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    breadth, benchmark = facts.breadth, name_of(facts.benchmark, lang)
    yield say("weekly_lede_breadth", lang, count=breadth.listed, up=breadth.up, down=breadth.down)
    if breadth.flat:
        yield say("weekly_lede_flat", lang, flat=breadth.flat)
    if breadth.measured < breadth.listed:
        yield say("weekly_lede_untraded", lang, count=breadth.listed - breadth.measured)
    yield say("weekly_lede_ahead", lang, ahead=breadth.ahead, name=benchmark)
    rows = extremes_table(facts, lang).rows
    if rows:
        yield say("weekly_lede_best", lang, name=rows[0].head)
        yield toned(float(rows[0].cells[0].value))  # type: ignore[arg-type]
        yield say("weekly_lede_worst", lang, name=rows[-1].head)
        yield toned(float(rows[-1].cells[0].value))  # type: ignore[arg-type]
        yield say("weekly_lede_worst_after", lang)


def _lede_since(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    if ("all", "since") not in facts.figures:
        yield say("weekly_lede_before", lang)
        return
    yield say("weekly_lede_since", lang)
    yield figure("excess", facts.figures["all", "since"].excess, strong=True)
    index = facts.week.thesis.industry_index
    if index is not None:
        subject = facts.subject(index.symbol)
        yield say("weekly_lede_since_index", lang, name=name_of(subject, lang))
        yield figure("excess", facts.figures[index.symbol, "since"].excess, strong=True)
        yield from _lede_band(facts, index.symbol, lang)
    months = max(facts.left)
    left = facts.left[months]
    if left is not None:
        code = "weekly_lede_over" if left == 0 else "weekly_lede_left_one" if left == 1 else "weekly_lede_left"
        yield say(code, lang, months=months, left=left)


def _lede_band(facts: WeeklyFacts, symbol: str, lang: Lang) -> Iterator[str | Cell]:
    row, ladder = facts.week.row(symbol), facts.week.scale.industry
    if row.band_so_far is None or row.to_next_edge is None or row.excess_since_published is None:
        return
    now = band_of(row.band_so_far, ladder, lang).word
    crossed = next((each for each in facts.crossings if each.row.subject == symbol), None)
    if crossed and crossed.before.band_so_far:
        yield say("weekly_lede_crossed", lang, before=band_of(crossed.before.band_so_far, ladder, lang).word, after=now)
    else:
        yield say("weekly_lede_band", lang, band=now)
    edge = number(100 * (row.excess_since_published + row.to_next_edge), 0, sign=True)
    yield say("weekly_lede_edge", lang, edge=edge)
    yield points(abs(row.to_next_edge), sign=False)
    yield say("weekly_lede_edge_after", lang)


# Key figures


def _key_figures(facts: WeeklyFacts, lang: Lang) -> Iterator[KeyFigure]:
    index = facts.week.thesis.industry_index
    shown = ["all", *([index.symbol] if index else [])]
    for subject_id in shown:
        yield _key_week(facts, subject_id, lang)
    for subject_id in shown:
        if (subject_id, "since") in facts.figures:
            yield _key_since(facts, subject_id, lang)
    breadth = facts.breadth
    ahead = say("weekly_key_ahead", lang, name=name_of(facts.benchmark, lang))
    yield KeyFigure(
        ahead, Cell("count", breadth.ahead), (_up_down(facts, lang),), say("weekly_key_of", lang, count=breadth.listed)
    )
    yield _key_left(facts, lang)


def _key_week(facts: WeeklyFacts, subject_id: str, lang: Lang) -> KeyFigure:
    found = facts.figures[subject_id, "week"]
    note: list[str | Cell] = [say("weekly_key_excess", lang), figure("excess", found.excess)]
    rank = facts.ranking.rank(subject_id) if facts.ranking else None
    if facts.ranking and rank:
        note.append(say("weekly_key_rank", lang, rank=rank, count=facts.ranking.count))
    label = say("weekly_key_week", lang, name=name_of(facts.subject(subject_id), lang))
    return KeyFigure(label, toned(found.own), tuple(note))


def _key_since(facts: WeeklyFacts, subject_id: str, lang: Lang) -> KeyFigure:
    subject, row = facts.subject(subject_id), facts.week.row(subject_id)
    note: list[str | Cell] = []
    if row.band_so_far:
        note.append(Cell("band", band_of(row.band_so_far, ladder_of(subject, facts.week.scale), lang)))
    before = facts.before.row(subject_id).excess_since_published if facts.before else None
    if before is not None:
        note.append(say("weekly_key_last_week", lang) + points(before, unit=False))
    label = say("weekly_key_since", lang, name=name_of(subject, lang))
    return KeyFigure(label, figure("excess", facts.figures[subject_id, "since"].excess), tuple(note))


def _up_down(facts: WeeklyFacts, lang: Lang) -> str:
    words = say("weekly_key_up_down", lang, up=facts.breadth.up, down=facts.breadth.down)
    for side in ("down", "up"):
        count = sum(any(hit.side == side for hit in each.limits) for each in facts.names.values())
        words += say(f"weekly_key_limit_{side}", lang, count=count) if count else ""
    return words


def _key_left(facts: WeeklyFacts, lang: Lang) -> KeyFigure:
    months = max(facts.left)
    left, due = facts.left[months], facts.horizons[months]
    label = say("weekly_key_left", lang, months=months)
    if left is None:
        return KeyFigure(label, text(say("weekly_beyond_calendar", lang)), (say("weekly_key_due", lang, day=due),))
    note = say("weekly_key_due" if left else "weekly_key_over", lang, day=due)
    return KeyFigure(
        label, Cell("count", left), (note,), say("weekly_key_session" if left == 1 else "weekly_key_sessions", lang)
    )


# Sections


def _sections(facts: WeeklyFacts, lang: Lang) -> Iterator[Section]:
    charts = weekly_charts(facts, lang)
    changes = changes_list(facts, lang)
    daily = daily_table(facts, lang)
    if "relative" in charts:
        yield Section("front", "", (Stack((charts["relative"],), 8), Stack((changes, daily), 4)), front=True)
    else:
        yield Section("front", "", (Stack((changes,), 6), Stack((daily,), 6)), front=True)
    yield Section("periods", "", (Stack((periods_table(facts, lang),)),))
    row = [charts[each] for each in ("excess", "contribution", "ranking") if each in charts]
    if row:
        yield Section("charts", "", tuple(Stack((each,), 12 // max(len(row), 2)) for each in row))
    yield Section("names", "", (Stack((names_table(facts, lang),)),))
    side: tuple[Chart, ...] = (charts["drawdown"],) if "drawdown" in charts else ()
    yield Section("heat", "", (Stack((heat_table(facts, lang),), 8), Stack((*side, extremes_table(facts, lang)), 4)))
    yield Section("parts", "", (Stack((parts_table(facts, lang),), 6), Stack((method_box(facts, lang),), 6)))


def changes_list(facts: WeeklyFacts, lang: Lang) -> Facts:
    """What changed since last week: bands crossed, ranks, places, edges near, what went ex, what comes."""
    items = [*_band_changes(facts, lang), *_rank_change(facts, lang), *_place_changes(facts, lang)]
    items += [*_near_edges(facts, lang), _gone_ex(facts, lang), _ahead(facts, lang)]
    return Facts("changes", say("weekly_changes_title", lang), tuple(items))


def _band_changes(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    label = say("weekly_change_band", lang)
    if facts.before is None:
        yield Fact(label, (say("weekly_change_no_before", lang),))
        return
    for each in facts.crossings:
        subject = facts.subject(each.row.subject)
        ladder = ladder_of(subject, facts.week.scale)
        before, now = (Cell("band", band_of(row.band_so_far or "", ladder, lang)) for row in (each.before, each.row))
        excess = (points(row.excess_since_published or 0.0, unit=row is each.row) for row in (each.before, each.row))
        line = "\n" + say("weekly_change_excess", lang) + " → ".join(excess)
        yield Fact(label, (text(name_of(subject, lang), strong=True), " ", before, " → ", now, line))
    if not facts.crossings and ("all", "since") in facts.figures:
        yield Fact(label, (say("weekly_change_none", lang),))


def _rank_change(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    index = facts.week.thesis.industry_index
    now = facts.ranking.rank(index.symbol) if facts.ranking and index else None
    if facts.ranking is None or index is None or now is None:
        return
    before = facts.ranking_before.rank(index.symbol) if facts.ranking_before else None
    params = {"name": name_of(facts.subject(index.symbol), lang), "now": now, "count": facts.ranking.count}
    code = "weekly_change_rank_value" if before else "weekly_change_rank_new"
    yield Fact(say("weekly_change_rank", lang), (say(code, lang, before=before, **params),))


def _place_changes(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    if facts.before is None or ("all", "since") not in facts.figures:
        return
    before, now = order_by_excess(facts.before), order_by_excess(facts.week)
    moved = [symbol for symbol in now if symbol in before and before[symbol] != now[symbol]]
    words = [
        say("weekly_change_place", lang, name=name_of(facts.subject(symbol), lang), before=before[symbol], now=now[symbol])
        for symbol in moved
    ]
    line = ("；" if lang == "zh" else "; ").join(words) or say("weekly_change_places_same", lang)
    yield Fact(say("weekly_change_places", lang), (line,))


def _near_edges(facts: WeeklyFacts, lang: Lang) -> Iterator[Fact]:
    label, found = say("weekly_change_edge", lang), [row for row in facts.week.rows if "near_edge" in row.flags]
    for row in found:
        excess, distance = row.excess_since_published or 0.0, row.to_next_edge or 0.0
        edge = say("weekly_change_edge_value", lang, edge=number(100 * (excess + distance), 0, sign=True))
        name = name_of(facts.subject(row.subject), lang)
        yield Fact(label, (f"{name} {points(excess)}{edge}{points(abs(distance), sign=False)}",))
    if not found and ("all", "since") in facts.figures:
        yield Fact(label, (say("weekly_change_edge_none", lang),))


def _gone_ex(facts: WeeklyFacts, lang: Lang) -> Fact:
    lines = []
    for each in facts.gone_ex:
        words = [say("weekly_change_ex_cash", lang, cash=f"{each.cash:g}")] if each.cash else []
        words += [say("weekly_change_ex_split", lang, ratio=f"{each.split_ratio:g}")] if each.split_ratio != 1 else []
        name = name_of(facts.subject(each.symbol), lang)
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


# Method, gaps, foot


def method_box(facts: WeeklyFacts, lang: Lang) -> Box:
    """How the figures are made, the rating standard, what is missing or inferred, and the risks, in one box."""
    week, scale = facts.week, facts.week.scale
    benchmark = name_of(facts.benchmark, lang)
    method = (
        say("weekly_method_week", lang, base=week.base_date),
        say("weekly_method_excess", lang, benchmark=benchmark),
        say("weekly_method_links", lang, slug=week.thesis.slug),
    )
    house = scale.house if lang == "zh" else scale.house_en
    standard = say(
        "weekly_scale_value",
        lang,
        stock=scale_text(scale.stock, lang),
        industry=scale_text(scale.industry, lang),
        first=scale.window.from_months,
        last=scale.window.to_months,
        benchmark=benchmark,
        source=house,
    )
    parts = (BoxPart(say("weekly_method_title", lang), method), BoxPart(say("weekly_scale_title", lang), (standard,)))
    return Box("method", (*parts, *_gaps_and_risks(facts, lang)))


def _gaps_and_risks(facts: WeeklyFacts, lang: Lang) -> tuple[BoxPart, ...]:
    thesis = facts.week.thesis
    risks = ("；" if lang == "zh" else "; ").join(
        each.text_en or each.text if lang == "en" else each.text for each in thesis.risks
    )
    gaps = BoxPart(say("weekly_gaps_title", lang), bullets=tuple(_gap_lines(facts, lang)))
    return gaps, BoxPart(say("weekly_risks_title", lang), (say("weekly_risks_value", lang, risks=risks),))


def _gap_lines(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    week, thesis = facts.week, facts.week.thesis
    if is_inferred(facts):
        yield say("weekly_gap_inferred", lang, earliest=thesis.published_earliest, latest=thesis.published_latest)
    if week.published != thesis.published:
        yield say("weekly_gap_tried", lang, day=week.published, file=thesis.published)
    seen = set()
    for row in week.rows:
        for gap in (row.gap, row.since_gap):
            if gap is not None and gap.code != "not_due" and (row.subject, gap.reason) not in seen:
                seen.add((row.subject, gap.reason))
                name = name_of(facts.subject(row.subject), lang)
                yield say("weekly_gap_line", lang, name=name, code=gap.code, reason=gap.text(lang))
    yield from _ranking_gaps(facts, lang)
    yield say("weekly_gap_cap", lang)
    for note in week.prices.notes:
        yield say("weekly_gap_data", lang, text=say(note.code, lang, **note.params))


def _ranking_gaps(facts: WeeklyFacts, lang: Lang) -> Iterator[str]:
    if facts.ranking is None:
        yield say("weekly_gap_ranking", lang)
        return
    names = {each.symbol: each.label(lang) for each in industries()}
    if facts.ranking.missing:
        missing = ("、" if lang == "zh" else ", ").join(names[each] for each in facts.ranking.missing)
        yield say("weekly_gap_ranking_missing", lang, missing=missing)


def _foot(facts: WeeklyFacts, lang: Lang, versions: Mapping[str, str]) -> Iterator[str]:
    thesis, week = facts.week.thesis, facts.week
    yield say("weekly_foot_disclaimer", lang, house=thesis.house_en or thesis.house if lang == "en" else thesis.house)
    yield say("weekly_foot_versions", lang, sha=week.prices.sha256[:HASH_SHOWN], as_of=week.as_of, **versions)


def _parameters(facts: WeeklyFacts, lang: Lang, versions: Mapping[str, str]) -> Iterator[Fact]:
    week = facts.week
    yield Fact(say("weekly_param_thesis", lang), (week.thesis.slug,))
    yield Fact(say("weekly_published", lang), (published_text(facts, lang),), inferred=is_inferred(facts))
    yield Fact(say("weekly_param_base", lang), (str(week.base_date or ""),))
    yield from _meta(facts, lang)
    yield Fact(say("weekly_param_series", lang), (say("weekly_param_series_value", lang),))
    yield Fact(say("weekly_param_sha", lang), (week.prices.sha256,))
    words: Parts = (", ".join(f"{name} {version}" for name, version in versions.items()),)
    yield Fact(say("weekly_param_versions", lang), words)
