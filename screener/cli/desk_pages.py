"""The weekly and outcome pages behind a desk: those that are out of date are written again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from screener.coverage.chance import Chance
from screener.coverage.desk import Desk, DeskRow
from screener.prices.prices import Prices, PriceSource
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record
from screener.report.trust import trust_sections
from screener.report.trust_records import with_trust
from screener.report.week.report import week_label
from screener.screening import check_outcome, check_trust, check_week
from screener.terms.notes import ScreenerError
from screener.terms.say import Lang
from screener.version import __version__
from screener.writers.edition import Edition
from screener.writers.files import publish_outcome, publish_weekly


def write_pages(
    desk: Desk,
    source: PriceSource,
    out: Path,
    *,
    lang: Lang,
    edition: Edition,
    today: dt.date,
    chance: Chance | None,
) -> Iterator[str]:
    """Write each thesis's two pages where prices, dates or version have changed since; yields the slugs written.

    The week is the desk's, or the last that the thesis's prices reach. A thesis that cannot be measured has no pages; the desk
    says why.
    """
    for row in desk.rows:
        if row.fault is not None:
            continue
        try:
            written = [
                _write_outcome(row, source, out, lang=lang, edition=edition, today=today, chance=chance),
                _write_weekly(row, source, out, lang=lang, edition=edition, today=today),
            ]
        except ScreenerError:
            continue
        if any(written):
            yield row.thesis.slug


def _write_outcome(
    row: DeskRow, source: PriceSource, out: Path, *, lang: Lang, edition: Edition, today: dt.date, chance: Chance | None
) -> bool:
    outcome = check_outcome(row.thesis, row.scale, source, today=today)
    if _is_current(out / row.thesis.slug / "outcome" / "outcome.json", outcome.prices, outcome.as_of):
        return False
    trust = check_trust(outcome, source, chance=chance)
    record = with_trust(outcome_record(outcome, lang), trust, lang)
    document = build_dossier(outcome, lang, extra=trust_sections(trust, lang))
    publish_outcome(outcome, out, record, lang=lang, edition=edition, document=document)
    return True


def _write_weekly(row: DeskRow, source: PriceSource, out: Path, *, lang: Lang, edition: Edition, today: dt.date) -> bool:
    facts = check_week(row.thesis, row.scale, source, day=row.week_end, today=today)
    folder = out / row.thesis.slug / week_label(facts.week.as_of)
    if _is_current(folder / "weekly.json", facts.week.prices, facts.week.as_of):
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
