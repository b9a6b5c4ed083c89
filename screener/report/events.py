"""Policies as events, as a document: what happened around them, one by one and on average, and what they promised for when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from screener.judgement.events import WINDOWS, Dated, EventRow, EventStudy, SubjectMean, WindowFigure
from screener.report.document import (
    Block,
    Box,
    BoxPart,
    Cell,
    Column,
    Document,
    Fact,
    Paragraph,
    Row,
    Section,
    Stack,
    Table,
    figure,
    text,
)
from screener.report.figures import number, percent, points
from screener.report.gaps import gap_lines
from screener.report.records import versions
from screener.report.wording import prices_fact
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.thesis.policies import Policy, Target

# The window whose mean is the answer: the event's week.
ANSWER = (0, 4)
KINDS: tuple[Dated, ...] = ("day", "month")


def events_document(study: EventStudy, lang: Lang = "zh") -> Document:
    """The whole study as a document: the answer, the means by subject, every event, the targets, and what is missing."""
    thesis = study.thesis
    title = say("events_title", lang, title=thesis.title_in(lang))
    means, events, targets = means_table(study, lang), events_table(study, lang), targets_table(study, lang)
    missing = Box("missing", (BoxPart(say("events_gaps_head", lang), bullets=tuple(_missing_lines(study, lang))),))
    reading = (missing,) if not is_early(study) else ()
    rules = Box("rules", (BoxPart(say("events_rule", lang), paragraphs=tuple(_rules(study, lang))),))
    corrections = Box("corrections", (BoxPart(say("events_corrections", lang), bullets=tuple(_corrections(study, lang))),))
    blocks: tuple[Block, ...] = (means, events, targets) if has_figures(study) else (targets,)
    return Document(
        kind="events",
        lang=lang,
        slug=thesis.slug,
        kicker=say("events_kicker", lang),
        title=title,
        page_title=title,
        byline=(Fact("", (say("weekly_house", lang, house=thesis.house_in(lang), sector=thesis.sector_in(lang)),)),),
        meta=tuple(_meta(study, lang)),
        lede=tuple(Paragraph((line,), style="lede") for line in _answer(study, lang)),
        key_figures=(),
        sections=(
            *(Section(block.id, "", (Stack((block,)),)) for block in blocks if isinstance(block, Table)),
            Section("reading", "", (Stack((*reading, rules, corrections)),)),
        ),
        foot=(say("dossier_foot", lang, house=thesis.house_in(lang)),),
        parameters=(*_meta(study, lang), *(Fact(name, (each,)) for name, each in versions().items())),
        brief=(*blocks, *reading, rules, corrections),
    )


def has_figures(study: EventStudy) -> bool:
    """Whether any event has a figure: without one there are only targets to show."""
    return any(figure.excess is not None for row in study.rows for figure in row.windows)


def is_early(study: EventStudy) -> bool:
    """Whether every event lies before the prices begin: one sentence says so in place of all the gaps."""
    gaps = [each.gap for row in study.rows for each in row.windows if row.concerned]
    return all(gap is not None and gap.reason == "event_before_prices" for gap in gaps)


def event_gaps(study: EventStudy, lang: Lang = "zh") -> list[tuple[tuple[str, str], Gap]]:
    """Every reason why an event that concerns a subject has no figure, once per subject; what is not due is no gap."""
    found: dict[tuple[str, str], Gap] = {}
    for row in study.rows:
        for each in row.windows:
            if row.concerned and each.gap is not None and each.gap.code != "not_due":
                found.setdefault((row.subject, each.gap.text(lang)), each.gap)
    return list(found.items())


def _meta(study: EventStudy, lang: Lang) -> Iterator[Fact]:
    yield Fact(say("dossier_as_of_label", lang), (say("dossier_close_of", lang, day=study.as_of),))
    yield Fact(say("dossier_benchmark_label", lang), (study.benchmark,))
    yield prices_fact(study.prices, lang)
    yield Fact(say("events_seed", lang), (str(study.seed),))


def _answer(study: EventStudy, lang: Lang) -> Iterator[str]:
    policies = study.book.policies
    days = sum(policy.day is not None for policy in policies)
    first, last = min(policy.month for policy in policies), max(policy.month for policy in policies)
    counts = {"events": len(policies), "days": days, "months": len(policies) - days, "first": first, "last": last}
    yield say("events_count", lang, **counts)
    if not has_figures(study):
        code = "events_all_early" if is_early(study) else "events_no_figure"
        yield say(code, lang, count=len(policies), first=study.prices.first)
    else:
        yield say("events_mean_lead", lang)
        yield from (_mean_line(study, each, lang) for each in study.means if (each.subject, each.window) == ("all", ANSWER))
    yield say("events_no_cause", lang)


def _mean_line(study: EventStudy, mean: SubjectMean, lang: Lang) -> str:
    kind = say(f"events_kind_{mean.dated}", lang)
    if mean.mean is None:
        found = [row.windows[WINDOWS.index(mean.window)].gap for row in study.rows if row.subject == mean.subject]
        reason = next((gap.text(lang) for gap in found if gap is not None), say("events_none_due", lang))
        return say("events_mean_none", lang, kind=kind, reason=reason)
    known = {"kind": kind, "mean": points(mean.mean, unit=False), "events": mean.events}
    if mean.share_beaten is None:
        return say("events_mean_bare", lang, **known)
    return say("events_mean", lang, **known, share=percent(mean.share_beaten, 0, sign=False))


def _rules(study: EventStudy, lang: Lang) -> Iterator[str]:
    yield say("events_rules_1", lang)
    yield say("events_rules_2", lang, benchmark=study.benchmark)
    yield say("events_rules_3", lang, seed=study.seed)
    yield say("events_mapping", lang, slug=study.thesis.slug)


def means_table(study: EventStudy, lang: Lang) -> Table:
    """Mean excess of every subject over each window, events known by day apart from those known by month."""
    means = {(mean.subject, mean.dated, mean.window): mean for mean in study.means}
    columns = []
    for at, window in enumerate(WINDOWS):
        group, short = window_name(window), 0 if window == ANSWER else at + 1
        columns += [
            Column(f"mean_{at}", say("events_col_mean", lang), "pp", group=group, short=short),
            Column(f"counts_{at}", say("events_col_counts", lang), group=group, left=True, short=short + 3),
            Column(f"beaten_{at}", say("events_col_beaten", lang), "%", group=group, short=short),
        ]
    rows = [
        Row(
            f"{dated} {subject.id}",
            subject.name_in(lang),
            tuple(cell for window in WINDOWS for cell in _mean_cells(means[subject.id, dated, window], lang)),
            note=say(f"events_kind_{dated}", lang),
            role="theme" if subject.kind == "all" else "plain",
            ends_group=subject == study.subjects()[-1],
        )
        for dated in KINDS
        for subject in study.subjects()
    ]
    head = (Column("dated", say("events_col_dated", lang), left=True, short=0), *columns)
    filled = tuple(Row(r.id, r.head, (text(r.note, quiet=True), *r.cells), role=r.role, ends_group=r.ends_group) for r in rows)
    return Table("means", say("events_by_subject", lang), say("events_col_subject", lang), head, filled, layout="wide")


def _mean_cells(mean: SubjectMean, lang: Lang) -> tuple[Cell, ...]:
    counts = text(f"{mean.events}/{mean.overlapping}/{mean.gaps}", quiet=True)
    if mean.mean is None:
        gap = Gap("no_data", "events_mean_gaps", {"count": mean.gaps}) if mean.gaps else Gap("not_due", "events_none_due")
        return figure("excess", gap), counts, Cell("none")
    share = text(say("events_few", lang), quiet=True) if mean.share_beaten is None else Cell("share", mean.share_beaten)
    return Cell("excess", mean.mean), counts, share


def events_table(study: EventStudy, lang: Lang) -> Table:
    """The basket's excess around every event, and where it stands among random dates."""
    columns = [
        Column("region", say("events_col_region", lang), left=True, short=4),
        Column("policy", say("events_col_policy", lang), left=True, short=1),
    ]
    for at, window in enumerate(WINDOWS):
        group, short = window_name(window), 0 if window == ANSWER else at + 2
        columns += [
            Column(f"excess_{at}", say("dossier_excess", lang), "pp", group=group, short=short),
            Column(f"percentile_{at}", say("events_col_percentile", lang), "%", group=group, short=short),
        ]
    found = {row.event: row for row in study.rows if row.subject == "all"}
    rows = tuple(
        Row(
            policy.id,
            str(policy.day or policy.month),
            (text(_region(policy, lang)), text(_title(policy, lang)), *_window_cells(found.get(policy.id), lang)),
        )
        for policy in study.book.policies
    )
    return Table(
        "events",
        say("events_by_event", lang),
        say("events_col_time", lang),
        tuple(columns),
        rows,
        notes=(say("events_counted_note", lang),),
        layout="wide",
    )


def _window_cells(row: EventRow | None, lang: Lang) -> Iterator[Cell]:
    for at in range(len(WINDOWS)):
        if row is None:
            yield from (Cell("not_due"), Cell("none"))
        else:
            yield from _figure_cells(row.windows[at], lang)


def _figure_cells(found: WindowFigure, lang: Lang) -> tuple[Cell, Cell]:
    if found.excess is None:
        return figure("excess", found.gap), Cell("none")
    share = text(say("events_few", lang), quiet=True) if found.percentile is None else Cell("share", found.percentile)
    return Cell("excess", found.excess, strong=found.counted), share


def targets_table(study: EventStudy, lang: Lang) -> Table:
    """Every quantified target by due date, and whether its time has come."""
    counts = Counter(each.status for each in study.checkpoints)
    heads = ("status", "scope", "metric", "value")
    columns = tuple(
        Column(name, say(f"events_col_{name}", lang), left=True, short=0 if at > 1 else 1) for at, name in enumerate(heads)
    )
    rows = tuple(
        Row(
            f"{at}",
            str(each.target.due or say("label_none", lang)),
            (
                text(say(f"due_{each.status}", lang)),
                text(each.target.scope_en if lang == "en" else each.target.scope),
                text(each.target.name_en if lang == "en" else each.target.name),
                text(_amount(each.target, lang)),
            ),
        )
        for at, each in enumerate(study.checkpoints)
    )
    said = {status: counts[status] for status in ("passed", "soon", "later", "stated")}
    return Table("targets", say("events_targets", lang, **said), say("events_col_due", lang), columns, rows, layout="wide")


def _amount(target: Target, lang: Lang) -> str:
    if target.unit in ("fraction", "per_year"):
        value, unit = f"{target.value * 100:g}%", say("unit_per_year", lang) if target.unit == "per_year" else ""
    else:
        value = number(target.value, 0 if target.value == int(target.value) else 2).rstrip()
        named = target.unit in ("per_field", "ratio", "racks", "count")
        unit = say(f"unit_{target.unit}", lang) if named else "" if target.unit == "PUE" else target.unit
    return f"{target.comparator} {value} {unit}".strip()


def _missing_lines(study: EventStudy, lang: Lang) -> Iterator[str]:
    gaps = event_gaps(study, lang)
    names = {subject.id: subject.name_in(lang) for subject in study.thesis.subjects()}
    yield from gap_lines(((names[subject], gap) for (subject, _), gap in gaps), lang)
    left_out = Counter(member for row in study.rows if row.subject == "all" for member in row.windows[0].left_out)
    if left_out and not all(row.windows[0].gap for row in study.rows if row.subject == "all"):
        told = [say("events_left_out_one", lang, name=names[member], count=count) for member, count in left_out.items()]
        yield say("events_left_out", lang, names=", ".join(told))
    if not gaps and not left_out:
        yield say("dossier_no_gaps", lang)


def _corrections(study: EventStudy, lang: Lang) -> Iterator[str]:
    for policy in study.book.policies:
        if policy.correction:
            yield f"{policy.month} {policy.correction_en or policy.correction if lang == 'en' else policy.correction}"


def _region(policy: Policy, lang: Lang) -> str:
    return policy.region_en if lang == "en" else policy.region


def _title(policy: Policy, lang: Lang) -> str:
    return policy.title_en if lang == "en" else policy.title


def window_name(window: Sequence[int]) -> str:
    """[-1,+1]: sessions around session 0."""
    return "[" + ",".join(f"{at:+d}" if at else "0" for at in window) + "]"
