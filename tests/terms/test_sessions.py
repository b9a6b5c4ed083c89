from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.judgement.outcome import end_date
from screener.terms.notes import ScreenerError
from screener.terms.sessions import add_months, load_calendar, places_on, spread_on

XSHG = load_calendar("XSHG")
day = dt.date.fromisoformat


def test_the_friday_before_the_lunar_new_year_of_2024_was_a_holiday():
    assert not XSHG.is_session(day("2024-02-09"))
    assert XSHG.is_session(day("2024-02-08"))


def test_a_sunday_publication_counts_from_the_friday_before():
    assert XSHG.last_on_or_before(day("2024-04-14")) == day("2024-04-12")


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2023-08-31", 6, "2024-02-29"),  # a leap year's February
        ("2024-08-31", 6, "2025-02-28"),
        ("2024-03-31", 6, "2024-09-30"),
        ("2024-04-14", 12, "2025-04-14"),
        ("2024-10-31", 4, "2025-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_a_horizon_is_clamped_to_the_month_end(start, months, expected):
    assert add_months(day(start), months) == day(expected)


@pytest.mark.parametrize(
    ("published", "months", "expected"),
    [
        ("2024-04-14", 6, "2024-10-14"),  # a Monday
        ("2024-04-02", 6, "2024-09-30"),  # 2 October lies in the National Day week
        ("2024-07-30", 6, "2025-01-27"),  # 30 January 2025 lies in the Spring Festival week
        ("2024-04-14", 9, "2025-01-14"),
        ("2024-08-09", 6, "2025-02-07"),  # 9 February 2025 is a Sunday after the Spring Festival
    ],
)
def test_an_end_date_is_the_last_session_on_or_before_the_horizon(published, months, expected):
    assert end_date(XSHG, day(published), months) == day(expected)


def test_an_end_date_beyond_the_table_is_unknown_and_not_a_guess():
    assert end_date(XSHG, day("2026-11-25"), 6) is None


def test_a_week_holds_only_its_own_sessions():
    assert [str(each) for each in XSHG.week(day("2024-10-10"))] == ["2024-10-08", "2024-10-09", "2024-10-10", "2024-10-11"]
    assert XSHG.week(day("2024-09-30")) == (day("2024-09-30"),)
    assert XSHG.week(day("2025-01-28")) == (day("2025-01-27"),)
    assert len(XSHG.week(day("2025-02-05"))) == 3
    assert XSHG.week(day("2024-02-14")) == ()


def test_a_week_outside_the_table_names_the_bound():
    with pytest.raises(ScreenerError, match="2026-12-31"):
        XSHG.week(day("2027-03-01"))


def test_weeks_without_a_session_are_not_counted_as_weeks():
    ends = XSHG.last_week_ends(day("2024-10-11"), 3)
    assert [str(each) for each in ends] == ["2024-09-27", "2024-09-30", "2024-10-11"]
    over_spring_festival = XSHG.last_week_ends(day("2024-02-23"), 2)
    assert [str(each) for each in over_spring_festival] == ["2024-02-08", "2024-02-23"]


@given(st.dates(dt.date(2005, 1, 10), dt.date(2026, 12, 20)))
def test_the_sessions_around_any_day_agree(any_day):
    before, after = XSHG.last_on_or_before(any_day), XSHG.first_on_or_after(any_day)
    assert before is not None
    assert after is not None
    assert before <= any_day <= after
    assert (before == after) == XSHG.is_session(any_day)
    assert XSHG.count_between(before, after) == (0 if before == after else 1)


def test_the_table_has_exactly_the_days_of_the_benchmark(market_folder):
    with (market_folder / "index" / "000300.csv").open(encoding="utf-8") as file:
        traded = [row["date"] for row in csv.DictReader(file)]
    table = [str(each) for each in XSHG.between(day(traded[0]), day(traded[-1]))]
    assert table == sorted(traded)


def test_hong_kong_has_its_own_sessions():
    hong_kong = load_calendar("XHKG")
    assert hong_kong.is_session(day("2025-10-02"))
    assert not XSHG.is_session(day("2025-10-02"))


def test_values_are_spread_over_sessions_and_days_that_are_none_are_left_out():
    sessions = np.array(["2024-02-05", "2024-02-06", "2024-02-19"], dtype="datetime64[D]")
    days = np.array(["2024-02-19", "2024-02-10", "2024-02-05", "2024-03-01"], dtype="datetime64[D]")
    assert places_on(sessions, days).tolist() == [2, -1, 0, -1]
    found = spread_on(sessions, days, np.array([3.0, 9.0, 1.0, 9.0]))
    assert np.array_equal(found, [1.0, np.nan, 3.0], equal_nan=True)
    assert places_on(sessions[:0], days).tolist() == [-1, -1, -1, -1]
