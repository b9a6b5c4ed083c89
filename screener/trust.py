"""How far to trust the answer, in one value and one sentence: conventions, luck, and what hangs on one name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from screener.base_rates import BaseRate
from screener.errors import Gap
from screener.labels import points
from screener.like_with_like import Basis
from screener.messages import Lang, say
from screener.outcome import Outcome, Verdict
from screener.placebo import Against, Placebo
from screener.robustness import Robustness
from screener.sensitivity import Sensitivity
from screener.subjects import Subject


@dataclass(frozen=True, eq=False)
class Trust:
    """What was asked for; None or empty where it was not. `seed` makes every drawn figure repeatable."""

    outcome: Outcome
    robustness: Robustness
    bases: tuple[Basis, ...]
    seed: int
    sensitivity: Sensitivity | None = None
    placebo: tuple[Placebo, ...] = ()
    base_rates: tuple[BaseRate, ...] = ()

    @property
    def months(self) -> int:
        """The horizon that tables show: the longest that is due; the headline's while none is."""
        due = [months for months, end in self.outcome.end_dates.items() if end is not None and end <= self.outcome.as_of]
        return max(due, default=self.outcome.scale.window.to_months)

    def placebo_of(self, subject: str, months: int, against: Against) -> Placebo | None:
        """The comparison of a subject at a horizon, None where none was asked for."""
        key = (subject, months, against)
        return next((each for each in self.placebo if (each.subject, each.horizon_months, each.against) == key), None)

    def base_rate_of(self, subject: str, months: int, against: str) -> BaseRate | None:
        """The base rate of a subject at a horizon, None where none was asked for."""
        key = (subject, months, against)
        return next((each for each in self.base_rates if (each.subject, each.horizon_months, each.against) == key), None)

    def gaps(self) -> Iterator[tuple[str, Gap]]:
        """Every gap of what was asked for, with its subject; what is not due yet is none."""
        found = [(each.subject, each.gap) for each in self.placebo] + [(each.subject, each.gap) for each in self.base_rates]
        yield from ((subject, gap) for subject, gap in found if gap is not None and gap.code != "not_due")


def trust_sentences(trust: Trust, lang: Lang = "zh") -> tuple[str, ...]:
    """One sentence for each stated rating: the answer, how many conventions agree, and where it stands among chance."""
    subjects = {subject.id: subject for subject in trust.outcome.thesis.subjects()}
    verdicts = trust.outcome.verdict.items()
    return tuple(trust_sentence(trust, subjects[subject], verdict, lang) for subject, verdict in verdicts)


def trust_sentence(trust: Trust, subject: Subject, verdict: Verdict, lang: Lang = "zh") -> str:
    """By the report's own standard hit or not; the share of conventions with the same band; the percentile among chance."""
    months = trust.outcome.scale.window.to_months
    name = subject.name if lang == "zh" else subject.name_en
    parts = [say("trust_verdict", lang, name=name, verdict=verdict_word(verdict, lang))]
    if verdict.band is not None:
        parts += [part for part in (_agreement(trust, subject.id, months, lang), _chance(trust, subject, months, lang)) if part]
    return say("trust_joint", lang).join(parts) + say("trust_stop", lang)


def basis_sentences(trust: Trust, lang: Lang = "zh") -> tuple[str, ...]:
    """What the chance results rest on, each said once, and how large the bias is for the baskets."""
    notes = {note.code: say(note.code, lang, **note.params) for each in trust.placebo for note in each.basis}
    return (*notes.values(), *_bias(trust, lang))


def _bias(trust: Trust, lang: Lang) -> Iterator[str]:
    """What the unadjusted universe hides of each basket of several names, as far as the outcome's prices know."""
    months = trust.months
    baskets = [subject for subject in trust.outcome.thesis.subjects() if len(subject.members) > 1]
    found = [(subject, trust.placebo_of(subject.id, months, "baskets")) for subject in baskets]
    items = [
        say(
            "trust_bias_item",
            lang,
            name=subject.name if lang == "zh" else subject.name_en,
            dividends=points(each.dividends, unit=False, minus="-"),
            splits=points(each.unseen, unit=False, minus="-"),
        )
        for subject, each in found
        if each is not None and each.dividends is not None and each.unseen is not None
    ]
    if items:
        yield say("trust_bias", lang, months=months, items=say("trust_joint", lang).join(items))


def verdict_word(verdict: Verdict, lang: Lang) -> str:
    """Hit, missed, not due yet, or cannot be judged."""
    if verdict.hit is None:
        return say("trust_not_due" if verdict.status != "matured" else "trust_unknown", lang)
    return say("trust_hit" if verdict.hit else "trust_missed", lang)


def _agreement(trust: Trust, subject: str, months: int, lang: Lang) -> str:
    if trust.sensitivity is None:
        return ""
    agreement = trust.sensitivity.agreement_of(subject, months)
    if agreement.share_same is None:
        return ""
    return say("trust_agreement", lang, cells=f"{agreement.cells:,}", share=f"{agreement.share_same * 100:.1f}")


def _chance(trust: Trust, subject: Subject, months: int, lang: Lang) -> str:
    """Random baskets for names; other days for an index, which no random basket is like."""
    random = trust.placebo_of(subject.id, months, "baskets")
    if random is not None and random.percentile is not None:
        share = f"{random.percentile * 100:.1f}"
        code = "trust_chance_part" if random.left_out else "trust_chance"
        return say(code, lang, n=f"{random.n:,}", share=share, size=random.size, of=random.size + len(random.left_out))
    dates = trust.base_rate_of(subject.id, months, "dates")
    if dates is not None and dates.percentile is not None:
        return say("trust_chance_dates", lang, n=f"{dates.n:,}", share=f"{dates.percentile * 100:.1f}")
    return ""
