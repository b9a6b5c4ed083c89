"""How far to trust the answer, as plain text for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.evidence.base_rates import BaseRate
from screener.evidence.placebo import AGAINST, Placebo
from screener.evidence.robustness import LeftOneOut
from screener.evidence.sensitivity import Choice
from screener.evidence.trust import Trust
from screener.report.trust import basis_sentences, trust_sentences
from screener.terms.say import Lang
from screener.thesis.subjects import Subject
from screener.writers.text.text import HEAVY, LIGHT, Column, Text, pp, table_lines, wrapped


def trust_text(trust: Trust, lang: Lang = "zh") -> str:
    """The sentences first, then conventions, chance, base rates and robustness; only what was asked for."""
    return "\n".join(_TrustText(trust, lang).lines()) + "\n"


class _TrustText(Text):
    def __init__(self, trust: Trust, lang: Lang) -> None:
        super().__init__(trust.outcome.thesis, trust.outcome.scale, lang)
        self.trust, self.outcome = trust, trust.outcome
        self.subjects = trust.outcome.thesis.subjects()
        self.months = trust.months

    def lines(self) -> Iterator[str]:
        yield self.say("trust_title")
        yield HEAVY
        for sentence in trust_sentences(self.trust, self.lang):
            yield from wrapped("", sentence)
        yield from wrapped("", self.say("trust_one_report"))
        if self.trust.sensitivity is not None:
            yield from self.grid_lines()
        if self.trust.placebo:
            yield from self.placebo_lines()
            yield from self.rate_lines()
        else:
            yield self.say("trust_no_universe")
        yield from self.robustness_lines()

    def part(self, code: str, **params: object) -> Iterator[str]:
        yield LIGHT
        yield self.say(code, **params)
        yield LIGHT

    def grid_lines(self) -> Iterator[str]:
        yield from self.part("trust_grid_title", months=self.months)
        heads = ("subject", "cells", "same_pct", "range", "most")
        columns = [Column(self.say(f"trust_head_{each}"), right=each in ("cells", "same_pct", "range")) for each in heads]
        yield from table_lines(columns, [self.grid_cells(subject) for subject in self.subjects])
        yield from wrapped("", self.say("trust_most_rule"))
        sensitivity = self.trust.sensitivity
        lacking = dict.fromkeys(each.lacking for each in sensitivity.left_out) if sensitivity else {}
        if lacking:
            yield from wrapped("", self.say("trust_opens_left_out", symbols=" ".join(lacking)))

    def grid_cells(self, subject: Subject) -> list[str]:
        sensitivity = self.trust.sensitivity
        assert sensitivity is not None  # noqa: S101 only called with one
        agreement = sensitivity.agreement_of(subject.id, self.months)
        if agreement.share_same is None:
            gap = self.outcome.row(subject.id, self.months).gap
            word = "trust_not_due" if gap is not None and gap.code == "not_due" else "trust_gap"
            return [self.name(subject), str(agreement.cells), self.say(word), "", ""]
        cells = sensitivity.cells
        mine = cells[(cells["subject"] == subject.id) & (cells["horizon_months"] == self.months)]["excess"]
        same, spread = f"{agreement.share_same * 100:.1f}", f"{pp(float(mine.min()))} .. {pp(float(mine.max()))}"
        return [
            self.name(subject),
            str(agreement.cells),
            same,
            spread,
            self.most(sensitivity.choices_of(subject.id, self.months)),
        ]

    def most(self, choices: Sequence[Choice]) -> str:
        for each in choices:
            if each.moves_most:
                return self.say("trust_most", choice=self.say(f"trust_choice_{each.choice}"), spread=f"{each.spread * 100:.2f}")
        return ""

    def placebo_lines(self) -> Iterator[str]:
        yield from self.part("trust_placebo_title", months=self.months)
        heads = ("subject", "size", "random", "matched", "dates")
        columns = [Column(self.say(f"trust_head_{each}"), right=each != "subject") for each in heads]
        yield from table_lines(columns, [self.placebo_cells(each) for each in self.subjects if each.kind != "industry_index"])
        for text in basis_sentences(self.trust, self.lang):
            yield from wrapped("", text)
        for text in dict.fromkeys(gap.text(self.lang) for _, gap in self.trust.gaps()):
            yield from wrapped(f"{self.say('trust_gap')}  ", text)

    def placebo_cells(self, subject: Subject) -> list[str]:
        found = {against: self.trust.placebo_of(subject.id, self.months, against) for against in AGAINST}
        random = found["baskets"]
        size = "" if random is None else f"{len(subject.members) - len(random.left_out)}/{len(subject.members)}"
        dates = found["dates"]
        last = "" if dates is None else self.percentile(dates) + (f" ({dates.n})" if dates.n else "")
        return [self.name(subject), size, self.percentile(random), self.percentile(found["matched_baskets"]), last]

    def percentile(self, placebo: Placebo | None) -> str:
        if placebo is None or placebo.percentile is None:
            code = placebo.gap.code if placebo and placebo.gap else ""
            return self.say("trust_not_due") if code == "not_due" else f"{self.say('trust_gap')} {code}".rstrip()
        return f"{placebo.percentile * 100:.1f}"

    def rate_lines(self) -> Iterator[str]:
        rates = [each for each in self.trust.base_rates if each.n]
        if rates:
            yield from self.part("trust_rates_title")
        for each in rates:
            yield from wrapped("", self.rate_line(each))

    def rate_line(self, rate: BaseRate) -> str:
        shares = self.comma().join(f"{self.band(rating)} {share * 100:.1f}%" for rating, share in rate.share.items())
        beaten = rate.share_beaten
        place = "" if beaten is None else self.say("trust_rate_place", share=f"{beaten * 100:.1f}")
        against = self.say(f"trust_rate_{rate.against}", n=rate.n)
        return self.say("trust_rate_line", months=rate.horizon_months, against=against, shares=shares, place=place)

    def robustness_lines(self) -> Iterator[str]:
        yield from self.part("trust_rest_title")
        for subject in self.subjects:
            if len(subject.members) > 1:
                yield from self.left_out_lines(subject)
        for each in self.trust.robustness.intervals:
            if each.low is not None and each.high is not None and self.is_rated(each.subject):
                params = {"block": each.block, "n": f"{each.resamples:,}", "low": pp(each.low), "high": pp(each.high)}
                yield from wrapped("", self.say("trust_interval", name=self.named(each.subject), **params))
        for one in self.trust.robustness.behaviour:
            if self.is_rated(one.subject) and None not in (one.run_up, one.beta, one.volatility):
                yield from wrapped("", self.behaviour_line(one.subject, one.run_up, one.beta, one.volatility))
        mixing = [each.mixing for each in self.trust.bases if each.horizon_months == self.months and each.mixing is not None]
        if mixing:
            yield from wrapped("", self.say("trust_mixing", months=self.months, mixing=pp(mixing[0])))

    def behaviour_line(self, subject: str, run_up: float | None, beta: float | None, volatility: float | None) -> str:
        return self.say(
            "trust_behaviour",
            name=self.named(subject),
            run_up=pp(run_up or 0.0),
            beta=f"{beta or 0.0:.2f}",
            volatility=f"{(volatility or 0.0) * 100:.1f}",
        )

    def left_out_lines(self, subject: Subject) -> Iterator[str]:
        found = [each for each in self.trust.robustness.left_one_out if each.subject == subject.id]
        known = [(each, each.excess) for each in found if each.excess is not None]
        best = next((each for each, _ in known if each.best), None)
        if best is None or best.excess is None or best.band is None:
            return
        values = [excess for _, excess in known]
        params = {"low": pp(min(values)), "high": pp(max(values)), "changed": sum(not each.same_band for each, _ in known)}
        yield from wrapped("", self.say("trust_without_best", **self.best_params(subject, best), **params))

    def best_params(self, subject: Subject, best: LeftOneOut) -> dict[str, object]:
        excess, band = pp(best.excess or 0.0), self.band(best.band or "")
        return {"name": self.name(subject), "best": self.named(best.without), "excess": excess, "band": band}

    def named(self, subject: str) -> str:
        return next(self.name(each) for each in self.subjects if each.id == subject)

    def is_rated(self, subject: str) -> bool:
        return subject in self.outcome.verdict
