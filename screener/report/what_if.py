"""The what-if of the outcome page: every convention that the report leaves open as a choice of the reader."""

from __future__ import annotations

from screener.evidence.sensitivity import Sensitivity
from screener.evidence.what_if import DIMENSIONS, build_what_if
from screener.judgement.outcome import Outcome
from screener.report.document import Picker, WhatIf
from screener.report.wording import band_of
from screener.terms.say import Lang, say


def what_if_block(sensitivity: Sensitivity, outcome: Outcome, lang: Lang) -> WhatIf:
    """The grid of conventions with a picker for each dimension."""
    found = build_what_if(sensitivity, outcome)
    subjects = {each.id: each for each in outcome.thesis.subjects()}
    ladders = [outcome.scale.ladder(subjects[str(each)].kind) for each in found.values["subject"]]
    names = {each.id: each.name_in(lang) for each in subjects.values()}
    pickers = tuple(
        Picker(
            name,
            say(f"what_if_{name}", lang),
            tuple(names.get(str(value)) or _option(name, value, outcome, lang) for value in found.values[name]),
            found.chosen[name],
        )
        for name in DIMENSIONS
    )
    return WhatIf(
        "what_if",
        say("what_if_title", lang),
        say("what_if_sub", lang),
        pickers,
        tuple(tuple(band_of(rating, ladder, lang) for rating in ladder.ratings) for ladder in ladders),
        tuple(ladder.edges for ladder in ladders),
        tuple(found.excess.tolist()),
        tuple(found.band.tolist()),
    )


def _option(name: str, value: object, outcome: Outcome, lang: Lang) -> str:
    """A value of a dimension in the reader's words."""
    if name == "published":
        return str(value)
    if name == "horizon_months":
        return say("dossier_horizon", lang, months=value)
    if name == "basis":
        series, benchmark = str(value).split(" ")
        kind = "price" if series == "price" else "mixed" if benchmark == outcome.benchmark else "total"
        return say(f"what_if_basis_{kind}", lang)
    return say({"base_price": f"trust_price_{value}", "anchor": f"trust_anchor_{value}"}.get(name, f"what_if_{value}"), lang)
