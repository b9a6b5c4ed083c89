"""Policies as events, as plain text for a terminal of 100 columns: the answer first, then rules, data and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from screener.judgement.events import WINDOWS, EventStudy, SubjectMean, WindowFigure
from screener.report.event_records import event_gaps
from screener.report.figures import number
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.thesis.policies import Policy, Target
from screener.writers.text.text import HEAVY, LIGHT, pad, pp, wrapped

# Curly quotes are one or two columns wide depending on the terminal; corner brackets are always two.
_CERTAIN = str.maketrans({"\u201c": "「", "\u201d": "」"})


def events_text(study: EventStudy, lang: Lang = "zh") -> str:
    """The whole study; only ASCII and characters that are two columns wide everywhere."""
    early = _early(study)
    if early is not None:
        answer = _labelled("events_word", say("events_all_early", lang, count=len(study.book.policies), **early.params), lang)
        parts: list[Iterable[str]] = [[_head(study, lang), HEAVY, answer, LIGHT], _target_table(study, lang)]
        return _joined([*parts, [LIGHT, say("events_mapping", lang, slug=study.thesis.slug)]])
    parts = [
        [_head(study, lang), HEAVY],
        _answer(study, lang),
        _rules(study, lang),
        [LIGHT, *_subject_table(study, lang)],
        [LIGHT, *_event_table(study, lang)],
        [LIGHT, *_target_table(study, lang)],
        [LIGHT, *_remarks(study, lang)],
    ]
    return _joined(parts)


def _joined(parts: Iterable[Iterable[str]]) -> str:
    return "".join(line.translate(_CERTAIN).rstrip() + "\n" for part in parts for line in part)


def _early(study: EventStudy) -> Gap | None:
    """The gap that every figure shares when all policies lie before the prices begin; None when any does not."""
    gaps = [figure.gap for row in study.rows for figure in row.windows if row.concerned]
    found = next((gap for gap in gaps if gap is not None), None)
    return found if found and all(gap is not None and gap.reason == "event_before_prices" for gap in gaps) else None


def _head(study: EventStudy, lang: Lang) -> str:
    thesis = study.thesis
    return say("events_head", lang, title=thesis.title_in(lang), house=thesis.house_in(lang), sector=thesis.sector_in(lang))


def _answer(study: EventStudy, lang: Lang) -> Iterator[str]:
    policies = study.book.policies
    days = sum(policy.day is not None for policy in policies)
    first, last = min(policy.month for policy in policies), max(policy.month for policy in policies)
    counts = {"events": len(policies), "days": days, "months": len(policies) - days, "first": first, "last": last}
    yield _labelled("events_word", say("events_count", lang, **counts), lang)
    for mean in study.means:
        if mean.subject == "all" and mean.window == (0, 4):
            yield _labelled(None, _mean_sentence(study, mean, lang), lang)
    yield _labelled(None, say("events_no_cause", lang), lang)


def _mean_sentence(study: EventStudy, mean: SubjectMean, lang: Lang) -> str:
    kind = say(f"events_kind_{mean.dated}", lang)
    if mean.mean is None:
        found = [row.windows[WINDOWS.index(mean.window)].gap for row in study.rows if row.subject == mean.subject]
        reason = next((gap.text(lang) for gap in found if gap is not None), say("events_none_due", lang))
        return say("events_mean_none", lang, kind=kind, reason=reason)
    figures = {"kind": kind, "mean": pp(mean.mean), "events": mean.events}
    if mean.share_beaten is None:
        return say("events_mean_bare", lang, **figures)
    return say("events_mean", lang, **figures, share=f"{_whole(mean.share_beaten)}%")


def _rules(study: EventStudy, lang: Lang) -> Iterator[str]:
    yield _labelled("events_rule", say("events_rules_1", lang), lang)
    yield _labelled(None, say("events_rules_2", lang, benchmark=study.benchmark), lang)
    yield _labelled(None, say("events_rules_3", lang, seed=study.seed), lang)
    prices = study.prices
    where = {"name": prices.name, "kind": prices.kind, "last": prices.last, "sha": prices.sha256[:12], "as_of": study.as_of}
    yield _labelled("events_data", say("events_prices", lang, **where), lang)


def _labelled(code: str | None, text: str, lang: Lang) -> str:
    label = say(code, lang) if code else ""
    indent = 6 if lang == "zh" else 8
    return "\n".join(wrapped(pad(label, indent), text))


def _subject_table(study: EventStudy, lang: Lang) -> Iterator[str]:
    yield say("events_by_subject", lang)
    heads = [_to_right(_window_name(window), 22) + _to_right(say("events_col_beaten", lang), 6) for window in WINDOWS]
    means = {(mean.subject, mean.dated, mean.window): mean for mean in study.means}
    for dated in ("day", "month"):
        yield set_cell_size(say(f"events_kind_{dated}", lang), 16) + "".join(heads)
        for subject in study.subjects():
            cells = [_mean_cell(means[subject.id, dated, window], lang) for window in WINDOWS]
            yield set_cell_size(subject.name_in(lang), 16) + "".join(cells)


def _mean_cell(mean: SubjectMean, lang: Lang) -> str:
    counts = f"{mean.events}/{mean.overlapping}/{mean.gaps}"
    if mean.mean is None:
        value = say("events_gap", lang) if mean.gaps else say("events_none_due", lang)
        return _to_right(f"{value} {counts}" if mean.gaps else value, 22) + " " * 6
    share = say("events_few", lang) if mean.share_beaten is None else _whole(mean.share_beaten)
    return _to_right(f"{pp(mean.mean)} {_to_right(counts, 10)}", 22) + _to_right(share, 6)


def _event_table(study: EventStudy, lang: Lang) -> Iterator[str]:
    yield say("events_by_event", lang)
    heads = [_to_right(_window_name(window), 9) + _to_right(say("events_col_percentile", lang), 5) for window in WINDOWS]
    columns = [("time", 11), ("region", 9 if lang == "zh" else 15), ("policy", 37 if lang == "zh" else 31)]
    yield "".join(set_cell_size(say(f"events_col_{name}", lang), width) for name, width in columns) + "".join(heads)
    rows = {row.event: row for row in study.rows if row.subject == "all"}
    for policy in study.book.policies:
        cells = (str(policy.day or policy.month), _region(policy, lang), _title(policy, lang))
        fixed = "".join(_cell(text, width) for text, (_, width) in zip(cells, columns, strict=True))
        row = rows.get(policy.id)
        figures = (
            [_figure_cell(figure, lang) for figure in row.windows] if row else [_to_right(say("events_not_due", lang), 14)]
        )
        yield fixed + "".join(figures)


def _figure_cell(figure: WindowFigure, lang: Lang) -> str:
    if figure.excess is None:
        due = figure.gap is not None and figure.gap.code == "not_due"
        return _to_right(say("events_not_due" if due else "events_gap", lang), 9) + " " * 5
    mark = "*" if figure.counted else " "
    share = say("events_few", lang) if figure.percentile is None else _whole(figure.percentile)
    return _to_right(pp(figure.excess) + mark, 9) + _to_right(share, 5)


def _target_table(study: EventStudy, lang: Lang) -> Iterator[str]:
    counts = Counter(each.status for each in study.checkpoints)
    yield from wrapped(
        "", say("events_targets", lang, **{status: counts[status] for status in ("passed", "soon", "later", "stated")})
    )
    widths = (12, 12, 26, 32, 16) if lang == "zh" else (11, 16, 20, 36, 17)
    columns = list(zip(("due", "status", "scope", "metric", "value"), widths, strict=True))
    yield "".join(set_cell_size(say(f"events_col_{name}", lang), width) for name, width in columns)
    for each in study.checkpoints:
        target = each.target
        cells = (
            str(target.due or ""),
            say(f"due_{each.status}", lang),
            target.scope_en if lang == "en" else target.scope,
            target.name_en if lang == "en" else target.name,
            _amount(target, lang),
        )
        yield "".join(_cell(text, width) for text, (_, width) in zip(cells, columns, strict=True))


def _amount(target: Target, lang: Lang) -> str:
    if target.unit in ("fraction", "per_year"):
        value, unit = f"{target.value * 100:g}%", say("unit_per_year", lang) if target.unit == "per_year" else ""
    else:
        value = number(target.value, 0 if target.value == int(target.value) else 2).rstrip()
        named = target.unit in ("per_field", "ratio", "racks", "count")
        unit = say(f"unit_{target.unit}", lang) if named else "" if target.unit == "PUE" else target.unit
    return f"{target.comparator} {value} {unit}".strip()


def _remarks(study: EventStudy, lang: Lang) -> Iterator[str]:
    gaps = event_gaps(study, lang)
    names = {subject.id: subject.name_in(lang) for subject in study.thesis.subjects()}
    if gaps:
        yield say("events_gaps_head", lang)
        yield from (f"  {set_cell_size(names[subject], 16)}{text}" for subject, text in _first_gaps(gaps, lang))
    left_out = Counter(member for row in study.rows if row.subject == "all" for member in row.windows[0].left_out)
    if left_out and not all(row.windows[0].gap for row in study.rows if row.subject == "all"):
        told = [say("events_left_out_one", lang, name=names[member], count=count) for member, count in left_out.items()]
        yield from wrapped("", say("events_left_out", lang, names=", ".join(told)))
    yield say("events_corrections", lang)
    for policy in study.book.policies:
        if policy.correction:
            text = policy.correction_en or policy.correction if lang == "en" else policy.correction
            yield from wrapped(f"  {policy.month}  ", text)
    yield say("events_mapping", lang, slug=study.thesis.slug)


def _first_gaps(gaps: Sequence[tuple[tuple[str, str], Gap]], lang: Lang) -> Iterator[tuple[str, str]]:
    """The first reason of each subject and how many more there are; the JSON has them all."""
    counts = Counter(subject for (subject, _), _ in gaps)
    for (subject, text), _ in gaps:
        if subject in counts:
            more = counts.pop(subject) - 1
            yield subject, text + (say("events_gaps_more", lang, more=more) if more else "")


def _region(policy: Policy, lang: Lang) -> str:
    return policy.region_en if lang == "en" else policy.region


def _title(policy: Policy, lang: Lang) -> str:
    return policy.title_en if lang == "en" else policy.title


def _window_name(window: Sequence[int]) -> str:
    return "[" + ",".join(f"{at:+d}" if at else "0" for at in window) + "]"


def _whole(share: float) -> str:
    return number(share * 100, 0)


def _to_right(text: str, columns: int) -> str:
    return pad(text, columns, right=True)


def _cell(text: str, width: int) -> str:
    """`text` cut to leave one blank column, and padded to `width` columns."""
    return set_cell_size(set_cell_size(text.translate(_CERTAIN), min(cell_len(text.translate(_CERTAIN)), width - 1)), width)
