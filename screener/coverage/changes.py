"""What changed since an earlier desk, from the record that it left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from screener.coverage.desk import Desk, DeskRow

Kind = Literal["crossed", "matured", "due", "rating", "new"]


@dataclass(frozen=True)
class Change:
    """One thing that is not as the earlier desk left it; `before`, `now`: bands, ratings or a date, as `kind` says."""

    kind: Kind
    slug: str
    subject: str
    before: str | None
    now: str | None


def changes_since(desk: Desk, earlier: Mapping[str, Any] | None) -> tuple[Change, ...]:
    """Bands crossed, ratings matured, ratings that come due within four weeks, ratings changed, and theses not seen before.

    `earlier`: the JSON record of the last desk; without one, what changed within the desk's own week.
    """
    if earlier is None:
        crossed = [Change("crossed", each.slug, each.subject, each.before, each.now) for each in desk.crossed]
        matured = [Change("matured", row.thesis.slug, "", None, _verdict(row)) for row in desk.matured]
        due = [Change("due", row.thesis.slug, "", None, str(row.due)) for row in desk.due_soon]
        changed = [Change("rating", each.slug, "", each.before, each.now) for each in desk.changed]
        return (*crossed, *matured, *due, *changed)
    known = {each["slug"]: each for each in earlier.get("theses", ())}
    return tuple(change for row in desk.rows for change in _changes(desk, row, known.get(row.thesis.slug), earlier))


def _changes(desk: Desk, row: DeskRow, before: Mapping[str, Any] | None, earlier: Mapping[str, Any]) -> Iterator[Change]:
    slug = row.thesis.slug
    if before is None:
        yield Change("new", slug, "", None, row.stated)
        return
    rating, now_rated = before.get("current", before.get("stated")), desk.current(row.thesis)
    if rating != now_rated:
        yield Change("rating", slug, "", rating, now_rated)
    if row.status == "matured" and before.get("status") != "matured":
        yield Change("matured", slug, "", None, _verdict(row))
    for subject, band in (before.get("bands") or {}).items():
        now = row.bands.get(subject)
        if band is not None and now is not None and band != now and subject not in row.closed:
            yield Change("crossed", slug, subject, band, now)
    week_end = dt.date.fromisoformat(str(earlier["week_end"]))
    if row in desk.due_soon and row.due is not None and row.due > week_end + dt.timedelta(weeks=4):
        yield Change("due", slug, "", None, str(row.due))


def _verdict(row: DeskRow) -> str | None:
    """The band at the end of the window, on which the rating is judged."""
    return None if row.lead is None else row.lead.horizons[row.scale.window.to_months].band
