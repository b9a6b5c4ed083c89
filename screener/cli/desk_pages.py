"""The weekly and outcome pages behind a desk: those that are out of date are written again."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
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

# From so many theses on the pages are written by two processes: below that a second one costs more than it saves.
MANY, WORKERS = 16, 2


@dataclass(frozen=True)
class Pages:
    """What the pages behind a desk share."""

    source: PriceSource
    out: Path
    lang: Lang
    edition: Edition
    today: dt.date
    chance: Chance | None

    def write(self, row: DeskRow) -> str | None:
        """Write a thesis's two pages where prices, dates or version have changed since; its slug where one was written.

        The week is the desk's, or the last that the thesis's prices reach.
        """
        try:
            written = [_write_outcome(row, self), _write_weekly(row, self)]
        except ScreenerError:
            return None
        return row.thesis.slug if any(written) else None


def write_pages(desk: Desk, pages: Pages) -> Iterator[str]:
    """Write the pages of every thesis that could be measured; yields the slugs written.

    Many are shared out among the machine's cores, where a process can be forked with the prices that it has read.
    """
    rows = [row for row in desk.rows if row.fault is None]
    if len(rows) < MANY or sys.platform != "linux":
        yield from filter(None, map(pages.write, rows))
        return
    with ProcessPoolExecutor(WORKERS, get_context("fork"), initializer=_share, initargs=(pages, rows)) as pool:
        yield from filter(None, pool.map(_write_shared, range(len(rows))))


_shared: list[tuple[Pages, list[DeskRow]]] = []


def _share(pages: Pages, rows: list[DeskRow]) -> None:
    """In a worker: keep what it was forked with."""
    _shared[:] = [(pages, rows)]


def _write_shared(place: int) -> str | None:
    pages, rows = _shared[0]
    return pages.write(rows[place])


def _write_outcome(row: DeskRow, pages: Pages) -> bool:
    outcome = check_outcome(row.thesis, row.scale, pages.source, today=pages.today)
    if _is_current(pages.out / row.thesis.slug / "outcome" / "outcome.json", outcome.prices, outcome.as_of):
        return False
    trust = check_trust(outcome, pages.source, chance=pages.chance)
    record = with_trust(outcome_record(outcome, pages.lang), trust, pages.lang)
    document = build_dossier(outcome, pages.lang, extra=trust_sections(trust, pages.lang))
    publish_outcome(outcome, pages.out, record, lang=pages.lang, edition=pages.edition, document=document)
    return True


def _write_weekly(row: DeskRow, pages: Pages) -> bool:
    facts = check_week(row.thesis, row.scale, pages.source, day=row.week_end, today=pages.today)
    folder = pages.out / row.thesis.slug / week_label(facts.week.as_of)
    if _is_current(folder / "weekly.json", facts.week.prices, facts.week.as_of):
        return False
    publish_weekly(facts, pages.out, lang=pages.lang, edition=pages.edition)
    return True


def _is_current(path: Path, prices: Prices, as_of: dt.date) -> bool:
    """Whether the record of an earlier run was made from the same prices, as of the same day, by the same version."""
    try:
        record: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        known = (record["prices"]["sha256"], record["as_of"], record["versions"]["screener"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return known == (prices.sha256, as_of.isoformat(), __version__)
