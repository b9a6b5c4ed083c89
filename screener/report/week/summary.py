"""The weekly paragraph, written from the numbers only, and the key figures below it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from screener.judgement.outcome import Outcome
from screener.judgement.week_facts import WeeklyFacts
from screener.report.document import Cell, KeyFigure, figure, text
from screener.report.figures import distance_text, measured_text
from screener.report.outcome.verdict import result_of
from screener.report.week.tables import extremes_table, since_excess
from screener.report.wording import band_of, phrase, rated
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.thesis.scale import edge_text


def lede_parts(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    """The paragraph, written from the numbers only: the week, the names, since publication."""
    yield from _lede_week(facts, lang)
    yield say("weekly_stop", lang)
    yield from _lede_names(facts, lang)
    yield say("weekly_stop", lang)
    yield from _lede_since(facts, lang)
    yield say("weekly_stop", lang).rstrip()


def _lede_week(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    theme, other = facts.figures["all", "week"], facts.figures[facts.benchmark.id, "week"]
    yield from phrase(
        "weekly_lede_week",
        lang,
        own=toned(theme.own, strong=True),
        benchmark=facts.benchmark.name_in(lang),
        other=toned(other.own),
        excess=figure("excess", theme.excess, strong=True),
    )
    index = facts.week.thesis.industry_index
    if index is None:
        return
    name, value = facts.subject(index.symbol).name_in(lang), toned(facts.figures[index.symbol, "week"].own)
    yield from phrase("weekly_lede_index", lang, name=name, value=value)
    rank = facts.ranking.rank(index.symbol) if facts.ranking else None
    if facts.ranking and rank:
        yield say("weekly_lede_rank", lang, rank=rank, count=facts.ranking.count)
        before = facts.ranking_before.rank(index.symbol) if facts.ranking_before else None
        yield say("weekly_lede_rank_before", lang, rank=before) if before else ""


def toned(value: float | Gap, *, strong: bool = False) -> Cell:
    """A return in running text, where it takes the colour of its sign."""
    return dataclasses.replace(figure("return", value, strong=strong), toned=True)


def _lede_names(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    breadth, benchmark = facts.breadth, facts.benchmark.name_in(lang)
    if breadth.missing == breadth.listed:
        yield say("weekly_lede_no_names", lang, count=breadth.listed)
        return
    yield say("weekly_lede_breadth", lang, count=breadth.listed, up=breadth.up, down=breadth.down)
    if breadth.flat:
        yield say("weekly_lede_flat", lang, flat=breadth.flat)
    if breadth.halted:
        yield say("weekly_lede_untraded", lang, count=breadth.halted)
    if breadth.missing:
        yield say("weekly_lede_missing", lang, count=breadth.missing)
    yield say("weekly_lede_ahead", lang, ahead=breadth.ahead, name=benchmark)
    rows = extremes_table(facts, lang).rows
    if rows:
        best, worst = (dataclasses.replace(row.cells[0], toned=True) for row in (rows[0], rows[-1]))
        names = {"best": rows[0].head, "worst": rows[-1].head}
        yield from phrase("weekly_lede_extremes", lang, **names, best_value=best, worst_value=worst)


def _lede_since(facts: WeeklyFacts, lang: Lang) -> Iterator[str | Cell]:
    if ("all", "since") not in facts.figures:
        yield say("weekly_lede_before", lang)
        return
    own = since_excess(facts, facts.subject("all"), strong=True)
    yield say("weekly_lede_matured", lang) if facts.matured else ""
    yield from phrase("weekly_lede_since", lang, value=own)
    index = facts.week.thesis.industry_index
    if index is not None:
        subject = facts.subject(index.symbol)
        value = since_excess(facts, subject, strong=True)
        yield from phrase("weekly_lede_since_index", lang, name=subject.name_in(lang), value=value)
        yield from _lede_band(facts, index.symbol, lang) if not facts.matured else ()
    months = facts.week.scale.window.to_months
    left = facts.left[months]
    if left is not None and not facts.matured:
        code = "weekly_lede_over" if left == 0 else "weekly_lede_left_one" if left == 1 else "weekly_lede_left"
        yield say(code, lang, months=months, left=left)


def _lede_band(facts: WeeklyFacts, symbol: str, lang: Lang) -> Iterator[str | Cell]:
    row, ladder = facts.week.row(symbol), facts.week.scale.industry
    if row.band_so_far is None or row.to_next_edge is None or row.measured_since is None:
        return
    now = band_of(row.band_so_far, ladder, lang, flags=row.flags).word
    crossed = next((each for each in facts.crossings if each.row.subject == symbol), None)
    if crossed and crossed.before.band_so_far:
        yield say("weekly_lede_crossed", lang, before=band_of(crossed.before.band_so_far, ladder, lang).word, after=now)
    else:
        yield say("weekly_lede_band", lang, band=now)
    edge = edge_text(row.measured_since + row.to_next_edge)
    yield say("weekly_lede_edge", lang, edge=edge, value=distance_text(row.to_next_edge))


def key_figures(facts: WeeklyFacts, lang: Lang) -> Iterator[KeyFigure]:
    """The large figures below the paragraph."""
    index = facts.week.thesis.industry_index
    shown = ["all", *([index.symbol] if index else [])]
    for subject_id in shown:
        yield _key_week(facts, subject_id, lang)
    for subject_id in shown:
        if facts.matured is not None:
            yield _key_end(facts, facts.matured, subject_id, lang)
        elif (subject_id, "since") in facts.figures:
            yield _key_since(facts, subject_id, lang)
    yield _key_ahead(facts, lang)
    yield _key_left(facts, lang)


def _key_ahead(facts: WeeklyFacts, lang: Lang) -> KeyFigure:
    """How many of the names that have a figure beat the benchmark; a gap where none has one."""
    breadth, label = facts.breadth, say("weekly_key_ahead", lang, name=facts.benchmark.name_in(lang))
    known = breadth.listed - breadth.missing
    if not known:
        return KeyFigure(label, figure("count", _first_gap(facts)))
    missing = say("weekly_key_missing", lang, count=breadth.missing) if breadth.missing else ""
    return KeyFigure(
        label, Cell("count", breadth.ahead), (_up_down(facts, lang) + missing,), say("weekly_key_of", lang, count=known)
    )


def _first_gap(facts: WeeklyFacts) -> Gap:
    gaps = (facts.week.row(each.id).gap for each in facts.candidates)
    return next((gap for gap in gaps if gap is not None), Gap("no_data", "no_names"))


def _key_end(facts: WeeklyFacts, matured: Outcome, subject_id: str, lang: Lang) -> KeyFigure:
    """What a subject came to at the end of the window, with the verdict; the running figure behind it."""
    subject = facts.subject(subject_id)
    months = matured.window_of(subject.kind).to_months
    row, verdict = matured.row(subject_id, months), matured.verdict.get(subject_id)
    note: list[str | Cell] = []
    if row.band is not None:
        note.append(Cell("band", band_of(row.band, facts.week.scale.ladder(subject.kind), lang, flags=row.flags)))
    if verdict is not None:
        note.append(" " + say(f"dossier_result_{result_of(verdict)}", lang))
    if (subject_id, "since") in facts.figures:
        note += [say("weekly_key_now", lang), since_excess(facts, subject)]
    label = say("weekly_key_end", lang, name=subject.name_in(lang), months=months)
    return KeyFigure(label, rated(row.gap or row.measured, facts.week.scale.ladder(subject.kind)), tuple(note))


def _key_week(facts: WeeklyFacts, subject_id: str, lang: Lang) -> KeyFigure:
    found = facts.figures[subject_id, "week"]
    note: list[str | Cell] = [say("weekly_key_excess", lang), figure("excess", found.excess)]
    rank = facts.ranking.rank(subject_id) if facts.ranking else None
    if facts.ranking and rank:
        note.append(say("weekly_key_rank", lang, rank=rank, count=facts.ranking.count))
    label = say("weekly_key_week", lang, name=facts.subject(subject_id).name_in(lang))
    return KeyFigure(label, toned(found.own), tuple(note))


def _key_since(facts: WeeklyFacts, subject_id: str, lang: Lang) -> KeyFigure:
    subject, row = facts.subject(subject_id), facts.week.row(subject_id)
    note: list[str | Cell] = []
    if row.band_so_far:
        note.append(Cell("band", band_of(row.band_so_far, facts.week.scale.ladder(subject.kind), lang, flags=row.flags)))
    before = facts.before.row(subject_id).measured_since if facts.before else None
    if before is not None:
        note.append(
            say("weekly_key_last_week", lang) + measured_text(before, facts.week.scale.ladder(subject.kind), unit=False)
        )
    label = say("weekly_key_since", lang, name=subject.name_in(lang))
    return KeyFigure(label, since_excess(facts, subject), tuple(note))


def _up_down(facts: WeeklyFacts, lang: Lang) -> str:
    words = say("weekly_key_up_down", lang, up=facts.breadth.up, down=facts.breadth.down)
    for side in ("down", "up"):
        count = sum(any(hit.side == side for hit in each.limits) for each in facts.names.values())
        words += say(f"weekly_key_limit_{side}", lang, count=count) if count else ""
    return words


def _key_left(facts: WeeklyFacts, lang: Lang) -> KeyFigure:
    months = facts.week.scale.window.to_months
    left, due = facts.left[months], facts.horizons[months]
    label = say("weekly_key_left", lang, months=months)
    if facts.matured is not None:
        return KeyFigure(
            say("weekly_key_window", lang), text(say("dossier_status_matured", lang)), (say("weekly_key_over", lang, day=due),)
        )
    if left is None:
        return KeyFigure(label, text(say("weekly_beyond_calendar", lang)), (say("weekly_key_due", lang, day=due),))
    note = say("weekly_key_due" if left else "weekly_key_over", lang, day=due)
    return KeyFigure(
        label, Cell("count", left), (note,), say("weekly_key_session" if left == 1 else "weekly_key_sessions", lang)
    )
