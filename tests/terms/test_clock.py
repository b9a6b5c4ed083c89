"""When a session counts as finished, wherever the machine stands."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.terms.clock import last_finished_day, shanghai_date


@pytest.mark.parametrize(
    ("now", "today", "finished"),
    [
        ("2026-09-20T23:30", "2026-09-21", "2026-09-20"),  # 07:30 in Shanghai
        ("2026-09-21T07:59", "2026-09-21", "2026-09-20"),  # 15:59
        ("2026-09-21T08:00", "2026-09-21", "2026-09-21"),  # 16:00
        ("2026-09-21T16:30", "2026-09-22", "2026-09-21"),  # 00:30 of the next day
    ],
)
def test_a_day_is_finished_at_four_in_the_afternoon_in_shanghai(now, today, finished):
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    assert shanghai_date(moment) == dt.date.fromisoformat(today)
    assert last_finished_day(moment) == dt.date.fromisoformat(finished)
    elsewhere = moment.astimezone(dt.timezone(dt.timedelta(hours=-7)))
    assert last_finished_day(elsewhere) == dt.date.fromisoformat(finished)
