"""Which sessions a run on a thesis reads."""

from __future__ import annotations

import datetime as dt

from screener.judgement.week_facts import WEEKS_SHOWN
from screener.prices.prices import LOOKBACK
from screener.terms.notes import UsageError
from screener.terms.sessions import Calendar, load_calendar
from screener.thesis.thesis import Thesis


def weekly_start(calendar: Calendar, end: dt.date) -> dt.date:
    """The first close that a weekly report on `end` counts from: 13 weeks back or the last session of the year before."""
    year = calendar.last_on_or_before(dt.date(end.year - 1, 12, 31)) or end
    return min(year, *calendar.last_week_ends(end, WEEKS_SHOWN + 1))


def first_needed(thesis: Thesis) -> dt.date:
    """The first session that a run on `thesis` reads: LOOKBACK sessions before the base date of its earliest publication."""
    calendar = load_calendar()
    earliest = min(thesis.published, thesis.published_earliest or thesis.published)
    return calendar.shift(calendar.last_on_or_before(earliest) or earliest, -LOOKBACK)


def known_day(published: dt.date) -> dt.date:
    """The publication date itself; UsageError for one before the first session on record, which has no base date."""
    calendar = load_calendar()
    if published < calendar.first_day:
        raise UsageError("beyond_calendar", day=published, first=calendar.first_day, last=calendar.last_day)
    return published
