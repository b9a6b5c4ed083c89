"""The trust results as plain JSON objects (CONTRACT): fractions in full precision, ISO dates, null where there is no figure."""

from __future__ import annotations

import dataclasses

from screener.evidence.base_rates import BaseRate
from screener.evidence.placebo import Placebo
from screener.evidence.sensitivity import Sensitivity
from screener.evidence.trust import Trust
from screener.report.records import Record, plain
from screener.report.trust import trust_sentences
from screener.terms.notes import Note
from screener.terms.say import Lang, say


def trust_record(trust: Trust, lang: Lang = "zh", *, cells: bool = False) -> Record:
    """What the evidence adds to the object of `outcome --json`; `cells`: every cell of the grid too."""
    record: Record = {"trust": list(trust_sentences(trust, lang))}
    if trust.sensitivity is not None:
        record["sensitivity"] = sensitivity_record(trust.sensitivity, lang, cells=cells)
    if trust.placebo:
        of_indices = [each for each in trust.base_rates if each.against != "stocks"]
        record["placebo"] = [
            *(index_placebo_record(each, trust.seed, lang) for each in of_indices),
            *(placebo_record(each, lang) for each in trust.placebo),
        ]
    rest = trust.robustness
    record["robustness"] = {
        "left_one_out": plain(rest.left_one_out, lang),
        "intervals": plain(rest.intervals, lang),
        "behaviour": plain(rest.behaviour, lang),
        "base_rates": [base_rate_record(each, lang) for each in trust.base_rates],
        "like_with_like": plain(trust.bases, lang),
        "warning": say("trust_one_report", lang),
    }
    return record


def with_trust(record: Record, trust: Trust, lang: Lang = "zh", *, cells: bool = False) -> Record:
    """The object of `outcome --json` with the trust results, and their gaps among its gaps."""
    return {**record, "gaps": [*record["gaps"], *trust_gap_records(trust, lang)], **trust_record(trust, lang, cells=cells)}


def trust_gap_records(trust: Trust, lang: Lang) -> list[Record]:
    """The gaps of what was asked for, once per subject and reason."""
    found = {(subject, gap.text(lang)): gap.code for subject, gap in trust.gaps()}
    return [{"subject": subject, "code": code, "reason": reason} for (subject, reason), code in found.items()]


def sensitivity_record(sensitivity: Sensitivity, lang: Lang = "zh", *, cells: bool = False) -> Record:
    """`agreement` as CONTRACT has it, `choices` and `left_out` beside it; with `cells` every cell of the grid."""
    return {
        **({"cells": _cells(sensitivity)} if cells else {}),
        "agreement": plain(sensitivity.agreement, lang),
        "choices": plain(sensitivity.choices, lang),
        "left_out": plain(sensitivity.left_out, lang),
    }


def _cells(sensitivity: Sensitivity) -> list[Record]:
    cells = sensitivity.cells.assign(published=[day.isoformat() for day in sensitivity.cells["published"]])
    missing = {column: cells[column].isna() for column in cells.columns}
    columns = {column: cells[column].astype(object).mask(gone, None).tolist() for column, gone in missing.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def placebo_record(placebo: Placebo, lang: Lang = "zh") -> Record:
    """One comparison; `basis` is what a reader must know about it, in sentences."""
    return {**plain(placebo, lang), "basis": _sentences(placebo.basis, lang)}


def index_placebo_record(rate: BaseRate, seed: int, lang: Lang = "zh") -> Record:
    """An index among its peers or its own other dates, with the fields of a basket's comparison; nothing is drawn."""
    return {
        "subject": rate.subject,
        "horizon_months": rate.horizon_months,
        "against": rate.against,
        "n": rate.n,
        "universe_size": rate.n,
        "size": 1,
        "excess": rate.own,
        "median": rate.median,
        "percentile": rate.percentile,
        "share_beaten": rate.share_beaten,
        "matched": None,
        "seed": seed,
        "excluded": {},
        "left_out": [],
        "basis": _sentences(rate.basis, lang),
        "gap": rate.gap.code if rate.gap else None,
        "gap_reason": rate.gap.text(lang) if rate.gap else None,
    }


def base_rate_record(rate: BaseRate, lang: Lang = "zh") -> Record:
    """One base rate; every single result only where there are few, as for the industries."""
    record: Record = plain(dataclasses.replace(rate, labels=(), excess=rate.excess[:0]), lang)
    record["basis"] = _sentences(rate.basis, lang)
    del record["labels"], record["excess"]
    if rate.against == "industries":
        record["results"] = {label: float(value) for label, value in zip(rate.labels, rate.excess, strict=True)}
    return record


def _sentences(basis: tuple[Note, ...], lang: Lang) -> str:
    return " ".join(say(note.code, lang, **note.params) for note in basis)
