"""The plain answer of an outcome check in one sentence, and the few facts that belong beside it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import numpy as np

from screener.judgement.outcome import Outcome, Verdict
from screener.measures.quotes import doubts
from screener.report.document import Cell, Parts
from screener.report.figures import percent
from screener.report.wording import band_of, capitalised, earned_word, joined, phrase, rated, rating_word, strung
from screener.terms.say import Lang, say
from screener.terms.sessions import add_months
from screener.thesis.scale import Ladder
from screener.thesis.subjects import Subject

# What became of a stated rating. `exceeded`: not the band that was stated, but beyond it on the same side.
Result = Literal["hit", "miss", "exceeded", "gap", "open"]


def result_of(verdict: Verdict) -> Result:
    """What became of a stated rating; `open` until the window has ended, `gap` where the headline figure is missing."""
    if verdict.status != "matured":
        return "open"
    if verdict.hit is None:
        return "gap"
    return "hit" if verdict.hit else "exceeded" if verdict.at_least else "miss"


def headline(outcome: Outcome, lang: Lang) -> Parts:
    """The verdict in one sentence: what became of the stated rating by the report's own standard."""
    if not outcome.verdict:
        return phrase("verdict_unrated", lang)
    if outcome.as_of < outcome.published:
        return phrase("verdict_before", lang, published=outcome.published, as_of=outcome.as_of)
    if outcome.status == "pending":
        return phrase("verdict_pending", lang, **_dates(outcome), stated=_stated_words(outcome, lang), as_of=outcome.as_of)
    if outcome.status == "running":
        return phrase("verdict_running", lang, **_dates(outcome), stated=_stated_words(outcome, lang), as_of=outcome.as_of)
    lead = say("verdict_lead", lang, months=outcome.scale.window.to_months)
    clauses = [*_clauses(outcome, lang), *_names_clause(outcome, lang)]
    return joined([lead, *strung(clauses, lang)])


def background(outcome: Outcome, lang: Lang) -> Parts:
    """What stands behind the headline: where it stands so far, the earlier horizons, the share of days; () if nothing does."""
    sentences = [*_so_far(outcome, lang), *_changed(outcome, lang), *_earlier(outcome, lang), *_share(outcome, lang)]
    space = "" if lang == "zh" else " "
    return joined(part for place, each in enumerate(sentences) for part in ((space if place else ""), *capitalised(each)))


def horizon_date(outcome: Outcome, months: int) -> dt.date:
    """The end date of a horizon, or its calendar date where that lies beyond the known sessions."""
    return outcome.end_dates.get(months) or add_months(outcome.published, months)


def main_subjects(outcome: Outcome) -> tuple[Subject, ...]:
    """The rated industry index and the basket of all names, as far as the thesis has them, in this order."""
    first = [each for each in outcome.thesis.subjects() if each.kind == "industry_index" and each.stated is not None]
    return (*first, *(each for each in outcome.thesis.subjects() if each.kind == "all"))


def counted_names(outcome: Outcome) -> int:
    """How many names the basket holds: all of them but those left out at the base date."""
    row = outcome.row("all", outcome.window_of("all").to_months)
    return len(outcome.thesis.members("all")) - len(row.left_out)


def _stated_words(outcome: Outcome, lang: Lang) -> str:
    stated = [each for each in outcome.thesis.subjects() if each.stated is not None]
    words = dict.fromkeys(rating_word(each.stated or "", outcome.scale.ladder(each.kind), lang) for each in stated)
    quoted = (say("verdict_quoted", lang, rating=word) for word in words)
    return ("" if lang == "zh" else ", ").join(quoted)


def _dates(outcome: Outcome) -> dict[str, object]:
    window = outcome.scale.window
    return {
        "from_months": window.from_months,
        "to_months": window.to_months,
        "first": horizon_date(outcome, window.from_months),
        "last": horizon_date(outcome, window.to_months),
    }


def _clauses(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """One clause for the industry index and one for the basket, the second leaning on the first."""
    before: Result | None = None
    for subject in main_subjects(outcome):
        verdict = outcome.verdict.get(subject.id)
        if verdict is None:
            continue
        result = result_of(verdict)
        row = outcome.row(subject.id, verdict.months)
        ladder = outcome.scale.ladder(subject.kind)
        gap = row.gap or verdict.gap
        leaning = "verdict_" if before is None else "verdict_also_" if result == before else "verdict_next_"
        yield phrase(
            f"{leaning}{result}",
            lang,
            stated=say("verdict_quoted", lang, rating=rating_word(verdict.stated, ladder, lang)),
            place=_place(subject, outcome, lang),
            who=_who(subject, lang),
            excess=rated(row.measured, ladder),
            band=_earned_word(verdict, ladder, lang),
            reason=gap.text(lang) if gap else "",
        )
        before = result


def _earned_word(verdict: Verdict, ladder: Ladder, lang: Lang) -> str:
    """The band that a verdict rests on; of a standard of words only, that the sign of the excess decides."""
    if verdict.band is not None:
        return rating_word(verdict.band, ladder, lang)
    return say("verdict_by_sign", lang) if "by_sign" in verdict.flags else ""


def _names_clause(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """One clause that counts what became of the names that the report rates one by one; none where it rates none."""
    names = [outcome.verdict[each.id] for each in outcome.thesis.subjects() if each.kind == "candidate" and each.stated]
    if names:
        counts = Counter(result_of(each) for each in names)
        words = [
            say(f"verdict_count_{result}", lang, n=counts[result])
            for result in ("hit", "exceeded", "miss", "gap", "open")
            if counts[result]
        ]
        yield phrase("verdict_names", lang, n=len(names), counts=say("phrase_comma", lang).join(words))


def _place(subject: Subject, outcome: Outcome, lang: Lang) -> str:
    if subject.kind != "all":
        return say("verdict_place_index", lang)
    counted, named = counted_names(outcome), len(subject.members)
    return say("verdict_place_names" if counted == named else "verdict_place_some", lang, n=counted, all=named)


def _who(subject: Subject, lang: Lang) -> str:
    return say("verdict_basket", lang) if subject.kind == "all" else subject.name_in(lang)


def _so_far(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """Where index and basket stand on the as-of date, while the window has not ended."""
    if outcome.status == "matured":
        return
    if outcome.base_date is None or outcome.base_date > outcome.as_of:
        yield phrase("verdict_not_begun", lang, base=outcome.base_date or outcome.published, as_of=outcome.as_of)
        return
    clauses = []
    for subject in main_subjects(outcome):
        now = latest(outcome, subject.id)
        if now is not None:
            ladder = outcome.scale.ladder(subject.kind)
            band = earned_word(now, ladder, lang, flags=doubts(outcome.prices, subject.members))
            clauses.append(phrase("verdict_now", lang, who=_who(subject, lang), excess=rated(now, ladder), band=band))
    if clauses:
        yield phrase("verdict_so_far", lang, as_of=outcome.as_of, readings=strung(clauses, lang))


def _changed(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """The second verdict: where index and basket stood when the house changed its rating; the window runs on."""
    clauses, change = [], None
    for subject in main_subjects(outcome):
        verdict = outcome.verdict.get(subject.id)
        found = verdict.until_change if verdict else None
        if found is None:
            continue
        change, ladder = found, outcome.scale.ladder(subject.kind)
        result = "gap" if found.hit is None else "hit" if found.hit else "exceeded" if found.at_least else "miss"
        value = rated(found.gap if found.measured is None else found.measured, ladder)
        band = "" if found.measured is None else earned_word(found.measured, ladder, lang)
        known = {"who": _who(subject, lang), "excess": value, "band": band, "result": say(f"dossier_result_{result}", lang)}
        clauses.append(phrase("verdict_until_change", lang, **known))
    if change is not None:
        word = rating_word(change.rating, outcome.scale.industry, lang)
        yield phrase("verdict_changed", lang, day=change.day, rating=word, readings=strung(clauses, lang))


def latest(outcome: Outcome, subject: str) -> float | None:
    """The last excess of a subject's path (fraction); None where it has none."""
    if subject not in outcome.paths.columns or not len(outcome.paths):
        return None
    value = float(outcome.paths[subject].iloc[-1])
    return None if np.isnan(value) else value


def _earlier(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """The horizons before the headline one, one sentence: both alike, or each by itself."""
    clauses = []
    for months in outcome.scale.window.horizons[:-1]:
        rows = [(each, outcome.row(each.id, months)) for each in main_subjects(outcome)]
        due = [(each, row) for each, row in rows if row.measured is not None and row.band is not None]
        words = [band_of(row.band or "", outcome.scale.ladder(each.kind), lang, flags=row.flags).word for each, row in due]
        figures = [rated(row.measured, outcome.scale.ladder(each.kind)) for each, row in due]
        if len(due) == 2 and words[0] == words[1]:
            clauses.append(phrase("verdict_both", lang, months=months, band=words[0], first=figures[0], second=figures[1]))
        elif due:
            clauses.append(
                _each(due_names=[_who(each, lang) for each, _ in due], words=words, figures=figures, months=months, lang=lang)
            )
    if clauses:
        yield strung(clauses, lang)


def _each(*, due_names: list[str], words: list[str], figures: list[Cell], months: int, lang: Lang) -> Parts:
    found: list[str | Cell] = [say("verdict_at", lang, months=months)]
    for place, (name, word, value) in enumerate(zip(due_names, words, figures, strict=True)):
        found += [say("phrase_comma", lang) if place else "", *phrase("verdict_each", lang, who=name, band=word, excess=value)]
    return joined(found)


def _share(outcome: Outcome, lang: Lang) -> Iterator[Parts]:
    """How many of the window's sessions each main subject spent in the stated band."""
    clauses: list[str] = []
    windows = {each.subject: each for each in outcome.windows if each.basis == "headline"}
    sessions = 0
    for subject in main_subjects(outcome):
        verdict, window = outcome.verdict.get(subject.id), windows.get(subject.id)
        if verdict is None or window is None or verdict.stated not in window.share:
            continue
        sessions = max(sessions, window.sessions + window.missing)
        word = rating_word(verdict.stated, outcome.scale.ladder(subject.kind), lang)
        share = percent(window.share[verdict.stated], 1, sign=False)
        code = "verdict_days_more" if clauses else "verdict_days"
        missing = say("verdict_days_missing", lang, n=window.missing) if window.missing else ""
        clauses.append(say(code, lang, who=_who(subject, lang), share=share, band=word) + missing)
    if clauses and sessions > 1:
        code = "verdict_window" if outcome.status == "matured" else "verdict_window_so_far"
        lead = say(code, lang, n=sessions, as_of=outcome.as_of, **_dates(outcome))
        yield (lead + say("phrase_comma", lang).join(clauses) + say("phrase_stop", lang),)
