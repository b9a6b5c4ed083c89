"""The desk for machines (CONTRACT, `screener desk`): fractions in full precision, ISO dates, null where there is no figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from screener.coverage.changes import Change
from screener.coverage.desk import Desk, DeskRow, Unread
from screener.coverage.standing import NamesStanding, Standing
from screener.report.records import Record, plain, problem_record, versions
from screener.terms.say import Lang


def desk_record(desk: Desk, prices: Record | None, changes: Sequence[Change], lang: Lang) -> Record:
    """`screener desk --json` as one object; `changes`: since the last desk, or within the week where there is none."""
    best, worst = desk.extremes
    return {
        "week_end": plain(desk.week_end),
        "sessions": len(desk.sessions),
        "as_of": plain(desk.as_of),
        "prices": prices,
        "theses": [_thesis_record(row, desk, lang) for row in desk.rows],
        "unread": [_unread_record(each, lang) for each in desk.unread],
        "changes": {
            "crossed": [plain_fields(each) for each in desk.crossed],
            "matured": [row.thesis.slug for row in desk.matured],
            "changed": [plain_fields(each) for each in desk.changed],
            "due": [{"slug": row.thesis.slug, "due": plain(row.due), "days_left": row.days_left} for row in desk.due_soon],
            "since_last": [plain_fields(each) for each in changes],
        },
        "week": {
            key: [{"symbol": row.subject, "name": row.name, "excess": row.excess} for row in rows]
            for key, rows in (("best", best), ("worst", worst))
        },
        "houses": [_house_record(plain_fields(score)) for score in desk.houses],
        "names": [
            {
                "symbol": each.symbol,
                "name": each.name,
                "theses": [{"thesis": slug, "house": house, "band": band} for slug, house, band in each.theses],
            }
            for each in desk.named_by_several
        ],
        "versions": versions(),
    }


def plain_fields(value: Any) -> Record:
    """The fields of a flat value as JSON knows them."""
    return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}


def _house_record(record: Record) -> Record:
    return {"house": record.pop("group"), **{key: value for key, value in record.items() if key != "by"}}


def _unread_record(each: Unread, lang: Lang) -> Record:
    fault = each.fault
    problems = [problem_record(one, lang) for one in fault.problems]
    return {"file": each.file, "code": fault.code, "reason": fault.text(lang), "problems": problems}


def _thesis_record(row: DeskRow, desk: Desk, lang: Lang) -> Record:
    thesis = row.thesis
    return {
        "slug": thesis.slug,
        "house": thesis.house,
        "sector": thesis.sector,
        "title": thesis.title,
        "stated": row.stated,
        "current": desk.current(thesis),
        "published": plain(thesis.published),
        "published_basis": row.basis,
        "status": row.status,
        "as_of": plain(row.as_of),
        "week_end": plain(row.week_end),
        "measure": row.scale.industry.measure,
        "months": row.scale.window.to_months,
        "due": plain(row.due),
        "days_left": row.days_left,
        "index": _standing_record(row.index, lang),
        "basket": _standing_record(row.basket, lang),
        "rated_names": _names_record(row.rated_names),
        "bands": dict(row.bands),
        "gaps": list(_gap_records(row, lang)),
    }


def _standing_record(standing: Standing | None, lang: Lang) -> Record | None:
    if standing is None:
        return None
    return {
        "subject": standing.subject,
        "excess": standing.excess,
        "measured": standing.measured,
        "band_so_far": standing.band,
        "to_next_edge": standing.to_next_edge,
        "horizons": {str(months): at._asdict() for months, at in standing.horizons.items()},
        "hit": standing.hit,
        "at_least": standing.at_least,
        "until_change": plain(standing.until_change, lang) if standing.until_change else None,
        "agreement": standing.agreement,
        "percentile": standing.percentile,
        "percentile_gap": standing.percentile_gap.code if standing.percentile_gap else None,
        "base_rate": standing.base_rate,
        "gap": standing.gap.code if standing.gap else None,
        "verdict_gap": standing.verdict_gap.code if standing.verdict_gap else None,
        "flags": list(standing.flags),
    }


def _names_record(names: NamesStanding | None) -> Record | None:
    return None if names is None else plain_fields(names)


def _gap_records(row: DeskRow, lang: Lang) -> Iterator[Record]:
    if row.fault is not None:
        yield {"subject": None, "code": row.fault.code, "reason": row.fault.text(lang)}
    for subject, gap in row.gaps:
        yield {"subject": subject, "code": gap.code, "reason": gap.text(lang)}
