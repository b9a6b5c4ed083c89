"""When a session counts as finished, in Shanghai's time; the clock itself is asked by the command line only."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Closes are final at 15:00; sources need a while. Before this time today's bar is provisional (MEASUREMENT).
SAFE_TIME = dt.time(16, 0)


def shanghai_date(now: dt.datetime) -> dt.date:
    """The calendar date in Shanghai at `now` (aware)."""
    return now.astimezone(SHANGHAI).date()


def last_finished_day(now: dt.datetime) -> dt.date:
    """The date in Shanghai whose closes are final at `now` (aware): today after SAFE_TIME, else yesterday."""
    local = now.astimezone(SHANGHAI)
    return local.date() if local.time() >= SAFE_TIME else local.date() - dt.timedelta(days=1)
