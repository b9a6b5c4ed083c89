"""The weekly and outcome pages behind a desk: those that are out of date are written again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from screener.prices.prices import Prices, PriceSource
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record
from screener.report.trust import trust_sections
from screener.report.trust_records import with_trust
from screener.report.week.report import week_label
from screener.screening import check_outcome, check_trust, check_week
from screener.terms.notes import ScreenerError
from screener.terms.say import Lang
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis
from screener.version import __version__
from screener.writers.edition import Edition
from screener.writers.files import publish_outcome, publish_weekly


def write_pages(
    theses: Sequence[tuple[Thesis, RatingScale]],
    source: PriceSource,
    out: Path,
    *,
    lang: Lang,
    edition: Edition,
    week: dt.date,
    today: dt.date,
) -> Iterator[str]:
    """Write each thesis's two pages where prices, dates or version have changed since; yields the slugs written.

    A thesis that cannot be measured has no pages; the desk says why.
    """
    for thesis, scale in theses:
        try:
            written = [
                _write_outcome(thesis, scale, source, out, lang=lang, edition=edition, today=today),
                _write_weekly(thesis, scale, source, out, lang=lang, edition=edition, week=week, today=today),
            ]
        except ScreenerError:
            continue
        if any(written):
            yield thesis.slug


def _write_outcome(
    thesis: Thesis, scale: RatingScale, source: PriceSource, out: Path, *, lang: Lang, edition: Edition, today: dt.date
) -> bool:
    outcome = check_outcome(thesis, scale, source, today=today)
    if _is_current(out / thesis.slug / "outcome" / "outcome.json", outcome.prices, outcome.as_of):
        return False
    trust = check_trust(outcome, source)
    record = with_trust(outcome_record(outcome, lang), trust, lang)
    document = build_dossier(outcome, lang, extra=trust_sections(trust, lang))
    publish_outcome(outcome, out, record, lang=lang, edition=edition, document=document)
    return True


def _write_weekly(
    thesis: Thesis,
    scale: RatingScale,
    source: PriceSource,
    out: Path,
    *,
    lang: Lang,
    edition: Edition,
    week: dt.date,
    today: dt.date,
) -> bool:
    facts = check_week(thesis, scale, source, day=week, today=today)
    if _is_current(out / thesis.slug / week_label(facts.week.as_of) / "weekly.json", facts.week.prices, facts.week.as_of):
        return False
    publish_weekly(facts, out, lang=lang, edition=edition)
    return True


def _is_current(path: Path, prices: Prices, as_of: dt.date) -> bool:
    """Whether the record of an earlier run was made from the same prices, as of the same day, by the same version."""
    try:
        record: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        known = (record["prices"]["sha256"], record["as_of"], record["versions"]["screener"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return known == (prices.sha256, as_of.isoformat(), __version__)
