"""The outcome dossier as a document without format: the verdict, what it rests on, and how far it can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.judgement.missing import listing_gaps, missing_in
from screener.judgement.outcome import Basis, Outcome
from screener.prices.prices import SeriesName
from screener.report.document import (
    Block,
    Box,
    BoxPart,
    Cell,
    Document,
    Fact,
    Facts,
    Flag,
    Paragraph,
    Section,
    Stack,
    Table,
    figure,
    text,
)
from screener.report.figures import short_day
from screener.report.gaps import gap_lines, gaps_in
from screener.report.method import OUTCOME, rule_links, rules_section
from screener.report.outcome.bands import bands_table, bases, headline_window
from screener.report.outcome.charts import path_charts, path_panels
from screener.report.outcome.formulas import ladder_table
from screener.report.outcome.listings import listings_table
from screener.report.outcome.series import like_for_like_table, nearest_table, versus_table
from screener.report.outcome.targets import targets_table
from screener.report.outcome.verdict import background, headline, horizon_date
from screener.report.outcome.workings import actions_table, ledger_table, prices_table
from screener.report.records import versions
from screener.report.wording import prices_fact, published_text, rating_word, standard_text
from screener.terms.say import Lang, listed, say

# What was noted on reading that bears on the figures; the rest (encodings, heads) stands with the parameters only.
FIGURE_NOTES = (
    "no_actions_file",
    "actions_list_empty",
    "from_market_file",
    "market_factor_used",
    "index_unchecked",
    "index_unconfirmed",
    "prices_unshown",
)

# The sections that try the answer, each with the table that stands in the short form.
TRIED = {"conventions": "conventions", "chance": "placebo"}


def build_dossier(
    outcome: Outcome, lang: Lang = "zh", *, extra: Sequence[Section] = (), lead: SeriesName = "price"
) -> Document:
    """The dossier of one outcome check; `extra` sections (how far to trust it) stand before the table of prices.

    `lead`: the series of the short form's table; the dossier itself holds all of them.
    """
    thesis = outcome.thesis
    title = outcome.thesis.title_in(lang)
    sections = list(_sections(outcome, lang, extra))
    reading = Box("reading", tuple(_box(outcome, lang, sections)))
    rules = rules_section(OUTCOME, lang, benchmark=thesis.benchmark_name_in(outcome.scale, lang))
    return Document(
        kind="outcome",
        lang=lang,
        slug=thesis.slug,
        kicker=say("dossier_kicker", lang),
        title=say("dossier_title", lang, title=title),
        page_title=say("dossier_page_title", lang, published=outcome.published, title=title),
        byline=tuple(_byline(outcome, lang)),
        meta=tuple(_meta(outcome, lang)),
        lede=tuple(_lede(outcome, lang)),
        key_figures=(),
        sections=(*sections, Section("reading", "", (Stack((reading,)),)), rules),
        foot=(
            say("dossier_foot", lang, house=outcome.thesis.house_in(lang)),
            say("dossier_foot_data", lang, hash=outcome.prices.sha256[:16], as_of=outcome.as_of),
        ),
        parameters=tuple(_parameters(outcome, lang)),
        brief=tuple(_brief(outcome, lang, sections, reading, lead=lead)),
        appendix=tuple(table for table in (ledger_table(outcome, lang), ladder_table(outcome, lang)) if table),
    )


def _byline(outcome: Outcome, lang: Lang) -> Iterator[Fact]:
    thesis = outcome.thesis
    yield Fact("", (say("dossier_house", lang, house=outcome.thesis.house_in(lang), sector=thesis.sector_in(lang)),))
    yield Fact(say("dossier_rating_label", lang), (text(_rating_text(outcome, lang), strong=True),))
    inferred = outcome.published_basis != "printed"
    yield Fact(
        say("dossier_published_label", lang), (published_text(outcome.thesis, outcome.published, lang),), inferred=inferred
    )
    status = Flag(outcome.status, say(f"dossier_status_{outcome.status}", lang), strong=True)
    yield Fact("", (Cell("flags", (status,)),))


def _rating_text(outcome: Outcome, lang: Lang) -> str:
    stated = outcome.thesis.rating
    if stated is None:
        return say("dossier_no_rating", lang)
    word = rating_word(stated.industry, outcome.scale.industry, lang)
    if stated.change is None:
        return word
    return say("dossier_rating", lang, rating=word, change=say(f"dossier_change_{stated.change}", lang))


def _meta(outcome: Outcome, lang: Lang) -> Iterator[Fact]:
    horizons = outcome.months
    days = listed((short_day(horizon_date(outcome, months)) for months in horizons), lang)
    base = outcome.base_date
    if base is not None:
        yield Fact(say("dossier_base_label", lang), (say("dossier_close_of", lang, day=base),))
    yield Fact(say("dossier_ends_label", lang), (say("dossier_ends", lang, days=days, months=listed(horizons, lang)),))
    yield Fact(say("dossier_as_of_label", lang), (say("dossier_close_of", lang, day=outcome.as_of),))
    name = outcome.thesis.benchmark_name_in(outcome.scale, lang)
    yield Fact(say("dossier_benchmark_label", lang), (say("dossier_benchmark", lang, name=name, symbol=outcome.benchmark),))
    thesis = outcome.thesis
    if outcome.published_basis == "inferred":
        known = {"earliest": thesis.published_earliest, "latest": thesis.published_latest}
        yield Fact(say("dossier_inferred_label", lang), (say("dossier_inferred_range", lang, **known),))
    if outcome.published_basis == "tried":
        yield Fact(say("dossier_tried_label", lang), (say("dossier_tried_file", lang, file=thesis.published),))
    yield prices_fact(outcome.prices, lang)


def _lede(outcome: Outcome, lang: Lang) -> Iterator[Paragraph]:
    yield Paragraph(headline(outcome, lang), style="verdict")
    behind = background(outcome, lang)
    if behind:
        yield Paragraph(behind, style="lede")


def _sections(outcome: Outcome, lang: Lang, extra: Sequence[Section]) -> Iterator[Section]:
    yield from (each for each in extra if each.front)
    charts = path_charts(outcome, lang)
    if charts:
        yield Section("path", "", tuple(Stack((each,), span=12 // len(charts)) for each in charts), front=True)
    yield Section("bands", "", (Stack((bands_table(outcome, lang),)),))
    yield Section("rule", "", (Stack(tuple(_rule(outcome, lang)), span=6), Stack((_computed(outcome, lang),), span=6)))
    targets = targets_table(outcome, lang)
    if targets is not None:
        yield Section("targets", "", (Stack((targets,)),))
    panels = path_panels(outcome, lang)
    if panels is not None:
        yield Section("names", "", (Stack((panels,)),))
    yield from _series_section(outcome, lang)
    listings = listings_table(outcome, lang)
    if listings is not None:
        yield Section("listings", "", (Stack((listings,)),))
    yield from (each for each in extra if not each.front)
    actions = actions_table(outcome, lang)
    tables: tuple[Table, ...] = (prices_table(outcome, lang), *((actions,) if actions is not None else ()))
    yield Section("prices", "", (Stack(tables),))


def _brief(outcome: Outcome, lang: Lang, sections: Sequence[Section], reading: Box, *, lead: SeriesName) -> Iterator[Block]:
    """The bands, other markets, what tries the answer, and what is missing; the report's files hold the rest."""
    total: Basis = "like" if "like" in bases(outcome) else "mixed"
    shown = {block.id: block for section in sections for block in section.blocks if isinstance(block, Table)}
    yield from (block for section in sections if section.id == "evidence" for block in section.blocks)
    yield bands_table(outcome, lang, basis=total) if lead == "total" else shown["bands"]
    yield from (shown[each] for each in ("targets", "listings") if each in shown)
    for section in sections:
        if section.id in TRIED:
            yield from (
                block for block in section.blocks if isinstance(block, Paragraph) or block is shown.get(TRIED[section.id])
            )
    yield Box("missing", reading.parts[:1])


def _series_section(outcome: Outcome, lang: Lang) -> Iterator[Section]:
    series, nearest = like_for_like_table(outcome, lang), nearest_table(outcome, lang)
    if series is not None and nearest is not None:
        versus = versus_table(outcome, lang)
        beside: tuple[Table, ...] = (nearest, versus) if versus is not None else (nearest,)
        yield Section("series", "", (Stack((series,), span=7), Stack(beside, span=5)))


def _rule(outcome: Outcome, lang: Lang) -> Iterator[Paragraph]:
    source = say("dossier_rule_source", lang, house=outcome.scale.house if lang == "zh" else outcome.scale.house_en)
    quoted = (f"「{outcome.scale.window.phrase}」",)
    yield Paragraph(quoted, style="quote", source=source, title=say("dossier_rule_title", lang))
    yield Paragraph((say("dossier_rule_silent", lang),), style="note")


def _computed(outcome: Outcome, lang: Lang) -> Facts:
    window = outcome.scale.window
    day = {"months": window.to_months, "others": listed(window.horizons[:-1], lang)}
    items = [Fact(say("dossier_computed_day", lang), (say("dossier_computed_day_text", lang, **day),))]
    for key in ("base", "excess", "dividends", "basket"):
        items.append(Fact(say(f"dossier_computed_{key}", lang), (say(f"dossier_computed_{key}_text", lang),)))
    for key, ladder in (("industry", outcome.scale.industry), ("stock", outcome.scale.stock)):
        items.append(Fact(say(f"dossier_computed_{key}", lang), (standard_text(outcome.scale, ladder, lang),)))
    return Facts("computed", say("dossier_computed_title", lang), tuple(items))


def _box(outcome: Outcome, lang: Lang, sections: Sequence[Section]) -> Iterator[BoxPart]:
    """What is missing or inferred, on any page of the `sections`; how to read it, and how it is made."""
    yield BoxPart(say("dossier_gaps_title", lang), bullets=tuple(_gap_lines(outcome, lang, sections)))
    yield BoxPart(say("dossier_read_title", lang), paragraphs=(say("dossier_read_two_rows", lang),))
    yield BoxPart(
        say("dossier_method_title", lang),
        paragraphs=(say("dossier_method", lang), say("dossier_method_files", lang)),
        links=rule_links(OUTCOME, lang),
    )


def _gap_lines(outcome: Outcome, lang: Lang, sections: Sequence[Section]) -> Iterator[str]:
    yield from _inferred_lines(outcome, lang)
    names = {each.id: each.name_in(lang) for each in outcome.thesis.subjects()} | {"prices": say("dossier_gap_prices", lang)}
    own = ((names[subject], gap) for subject, gap in missing_in(outcome))
    shown = gaps_in(block for section in sections for block in section.blocks)
    missing = [*gap_lines(own, lang, shown=shown), *_missing_lines(outcome, lang, names)]
    yield from missing or [say("dossier_no_gaps", lang)]


def _inferred_lines(outcome: Outcome, lang: Lang) -> Iterator[str]:
    thesis = outcome.thesis
    if outcome.published_basis == "inferred":
        yield say("dossier_inferred", lang, earliest=thesis.published_earliest, latest=thesis.published_latest)
    if outcome.published_basis == "tried":
        yield say("dossier_tried", lang, published=outcome.published, file=thesis.published)
    for note in outcome.prices.notes:
        if note.code in FIGURE_NOTES:
            yield say(note.code, lang, **note.params)


def _missing_lines(outcome: Outcome, lang: Lang, names: dict[str, str]) -> Iterator[str]:
    for reason in dict.fromkeys(gap.text(lang) for gap in listing_gaps(outcome)):
        yield say("dossier_listing_missing", lang, reason=reason)
    yield from _left_out_lines(outcome, lang, names)
    yield from _missing_days(outcome, lang, names)


def _left_out_lines(outcome: Outcome, lang: Lang, names: dict[str, str]) -> Iterator[str]:
    for subject in outcome.thesis.subjects():
        left_out = outcome.row(subject.id, outcome.window_of(subject.kind).to_months).left_out
        if left_out and not subject.is_single:
            members = listed((names[member] for member in left_out), lang)
            yield say("dossier_left_out", lang, name=names[subject.id], members=members)


def _missing_days(outcome: Outcome, lang: Lang, names: dict[str, str]) -> Iterator[str]:
    for subject in outcome.thesis.subjects():
        window = headline_window(outcome, subject.id)
        if window is not None and window.missing and window.sessions:
            yield say("dossier_missing_days", lang, name=names[subject.id], n=window.missing)


def _parameters(outcome: Outcome, lang: Lang) -> Iterator[Fact]:
    prices = outcome.prices
    yield Fact(say("dossier_parameter_thesis", lang), (outcome.thesis.slug,))
    yield Fact(say("dossier_published_label", lang), (figure("day", outcome.published),))
    yield Fact(say("dossier_parameter_basis", lang), (say(f"dossier_basis_{outcome.published_basis}", lang),))
    yield Fact(say("dossier_as_of_label", lang), (figure("day", outcome.as_of),))
    if outcome.base_date is not None:
        yield Fact(say("dossier_base_label", lang), (figure("day", outcome.base_date),))
    for months in outcome.months:
        yield Fact(say("dossier_end_head", lang, months=months), (figure("day", horizon_date(outcome, months)),))
    yield Fact(say("dossier_status_label", lang), (say(f"dossier_status_{outcome.status}", lang),))
    yield Fact(say("dossier_benchmark_label", lang), (outcome.benchmark,))
    yield Fact(say("dossier_parameter_scale", lang), (f"{outcome.scale.id}: {outcome.scale.source}",))
    yield Fact(say("dossier_computed_industry", lang), (standard_text(outcome.scale, outcome.scale.industry, lang),))
    yield Fact(say("dossier_computed_stock", lang), (standard_text(outcome.scale, outcome.scale.stock, lang),))
    yield Fact(say("dossier_parameter_kind", lang), (prices.kind,))
    yield Fact(say("dossier_parameter_name", lang), (prices.name,))
    yield Fact(say("dossier_parameter_first", lang), (figure("day", prices.first),))
    yield Fact(say("dossier_parameter_last", lang), (figure("day", prices.last),))
    yield Fact(say("dossier_parameter_hash", lang), (prices.sha256,))
    for note in prices.notes:
        yield Fact(say("dossier_parameter_note", lang), (say(note.code, lang, **note.params),))
    for name, version in versions().items():
        yield Fact(say("dossier_parameter_version", lang, name=name), (version,))
