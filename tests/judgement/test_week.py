from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.judgement.missing import has_gaps
from screener.judgement.week import Week, led_by
from screener.measures.quotes import build_market
from screener.report.records import week_record
from screener.screening import check_outcome, check_week
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import ScreenerError
from tests.conftest import ROOT
from tests.judgement.test_outcome import KEYS
from tests.reference_measures import BUCKETS, NAMES, basket, growth, read_figures

FIGURES = read_figures(ROOT / "screener" / "data")
BASE = dt.date(2024, 4, 12)


def check(bundled, day: str, source=None) -> Week:
    return check_week(*bundled, source or SnapshotSource(), day=dt.date.fromisoformat(day), today=dt.date(2026, 1, 5)).week


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["snapshot", "folder"])
def test_five_weeks_equal_the_answers_worked_out_independently(bundled, reference, kind):
    source = FolderSource(reference / "market") if kind == "folder" else SnapshotSource()
    symbols = {symbol.split(".")[0]: symbol for symbol in bundled[0].symbols(bundled[1])}
    with (reference / "answers" / "weekly_five_weeks.csv").open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    for week_end in sorted({answer["week_end"] for answer in answers}):
        week = check(bundled, week_end, source)
        for answer in (each for each in answers if each["week_end"] == week_end):
            row = week.row(KEYS.get(answer["subject"]) or symbols[answer["subject"]])
            assert row.own_return == pytest.approx(float(answer["ret"]), abs=1e-7)
            assert row.excess == pytest.approx(float(answer["excess"]), abs=1e-7)
            assert len(week.sessions) == int(answer["sessions"])


@pytest.mark.parametrize(
    ("day", "first", "last", "sessions", "benchmark"),
    [
        ("2024-09-30", "2024-09-30", "2024-09-30", 1, 0.0848),
        ("2024-10-09", "2024-10-08", "2024-10-11", 4, -0.0325),
        ("2025-01-30", "2025-01-27", "2025-01-27", 1, -0.0041),
        ("2025-02-06", "2025-02-05", "2025-02-07", 3, 0.0198),
        ("2025-04-07", "2025-04-07", "2025-04-11", 5, -0.0287),
    ],
)
def test_holiday_weeks_have_the_sessions_they_had_and_the_printed_return(bundled, day, first, last, sessions, benchmark):
    # The benchmark's week as the press printed it, to two decimals of a per cent.
    week = check(bundled, day)
    assert (str(week.sessions[0]), str(week.sessions[-1]), len(week.sessions)) == (first, last, sessions)
    assert week.row("000300.SH").own_return == pytest.approx(benchmark, abs=6e-5)
    assert week.row("000300.SH").excess == 0.0


def test_an_ex_date_inside_the_week_does_not_show(bundled):
    # 锐捷网络 went ex 10-for-14 with 0.60 CNY on 2025-06-04; closes 05-30, 06-03 and 06-06 are in the figures.
    week = check(bundled, "2025-06-04")
    closes = FIGURES.closes["301165"]
    start, before, end = (closes[dt.date.fromisoformat(day)] for day in ("2025-05-30", "2025-06-03", "2025-06-06"))
    by_hand = before / start * end / ((before - 0.6) / 1.4) - 1
    assert week.row("301165.SZ").own_return == pytest.approx(by_hand, abs=1e-12)
    assert by_hand == pytest.approx(0.1037, abs=1e-4)
    assert end / start - 1 < -0.2, "the raw close fell by more than a fifth"


def test_a_suspended_name_is_flagged_and_not_a_silent_zero(bundled):
    row = check(bundled, "2025-06-30").row("688313.SH")
    assert row.own_return == 0.0
    assert row.flags == ("suspended",)


def test_figures_since_publication_agree_with_the_outcome(bundled):
    one_day = check_week(*bundled, SnapshotSource(), day=dt.date(2024, 10, 14), today=dt.date(2024, 10, 14)).week
    at_six_months = check_outcome(*bundled, SnapshotSource(), as_of=dt.date(2024, 10, 14), today=dt.date(2026, 1, 5))
    for row in one_day.rows:
        if row.kind != "benchmark":
            assert row.excess_since_published == pytest.approx(at_six_months.row(row.subject, 6).excess, abs=1e-12)
            assert row.band_so_far == at_six_months.row(row.subject, 6).band


@pytest.mark.slow
@given(st.dates(dt.date(2024, 3, 8), dt.date(2025, 6, 30)))
@settings(max_examples=25, deadline=None)
def test_any_week_agrees_with_the_slow_reference(bundled, day):
    try:
        week = check(bundled, day.isoformat())
    except ScreenerError:
        assert not [each for each in FIGURES.days if each.isocalendar()[:2] == day.isocalendar()[:2]]
        return
    own = [each for each in FIGURES.days if each.isocalendar()[:2] == day.isocalendar()[:2]]
    start, end = max(each for each in FIGURES.days if each < own[0]), own[-1]
    base = BASE if start >= BASE else start
    for subject, codes in {**BUCKETS, "all": NAMES}.items():
        expected = basket(FIGURES, codes, base, start, end, reinvest=True)
        assert week.row(subject).own_return == pytest.approx(expected, abs=1e-10)
    for code in NAMES:
        row = next(each for each in week.rows if each.subject.startswith(code))
        assert row.own_return == pytest.approx(growth(FIGURES, code, start, end, reinvest=True) - 1, abs=1e-10)


@pytest.mark.parametrize("day", ["2024-03-15", "2024-09-30", "2025-04-11", "2025-06-30"])
def test_the_contributions_of_members_add_up_to_their_bucket(bundled, day):
    week = check(bundled, day)
    for bucket in bundled[0].buckets:
        parts = [row.contribution for row in week.rows if row.bucket == bucket.id]
        assert sum(parts) == pytest.approx(week.row(bucket.id).own_return, abs=1e-12)


def test_before_publication_baskets_start_equal_and_say_so(bundled):
    week = check(bundled, "2024-03-15")
    assert "equal_at_start" in week.row("operators").flags
    assert week.row("operators").since_published is None
    assert week.row("operators").since_gap.code == "not_due"
    assert not has_gaps(week)


def test_the_default_week_is_the_last_complete_one(bundled):
    week = check_week(*bundled, SnapshotSource(), today=dt.date(2026, 1, 5)).week
    assert (str(week.sessions[0]), str(week.sessions[-1])) == ("2025-06-23", "2025-06-27")


@pytest.mark.parametrize("day", ["2024-02-14", "2025-07-08"])
def test_a_week_without_a_session_or_without_prices_is_an_error(bundled, day):
    with pytest.raises(ScreenerError):
        check(bundled, day)


def test_the_record_has_the_names_of_the_contract(bundled):
    record = week_record(check_week(*bundled, SnapshotSource(), day=dt.date(2025, 4, 11), today=dt.date(2026, 1, 5)))
    assert {"thesis", "week_start", "week_end", "sessions", "base_date", "as_of", "benchmark", "prices", "rows"} <= set(record)
    wanted = {"subject", "kind", "name", "bucket", "return", "benchmark_return", "excess", "since_published"}
    wanted |= {"excess_since_published", "band_so_far", "to_next_edge", "contribution", "gap", "flags"}
    assert wanted <= set(record["rows"][0])


def test_a_week_led_by_total_return_agrees_with_the_outcome_on_that_basis(bundled):
    published = dt.date(2024, 4, 11)
    today, day = dt.date(2026, 1, 5), dt.date(2025, 4, 11)
    week = led_by(check_week(*bundled, SnapshotSource(), day=day, published=published, today=today).week, "total")
    outcome = check_outcome(*bundled, SnapshotSource(), published=published, today=today)
    for row in week.rows:
        if row.kind == "benchmark":
            continue
        if row.kind == "industry_index":
            assert row.excess_since_published == pytest.approx(outcome.row(row.subject, 12).excess, abs=1e-12)
            continue
        found = outcome.row(row.subject, 12, "total", "H00300.CSI")
        assert row.excess_since_published == pytest.approx(found.excess, abs=1e-12)
        assert row.band_so_far == found.band


def test_without_a_total_return_index_the_figures_on_that_basis_are_gaps(bundled):
    week = check(bundled, "2025-04-11")
    prices = replace(week.prices, close=week.prices.close.drop(columns="H00300.CSI"))
    row = led_by(replace(week, market=build_market(prices)), "total").row("600941.SH")
    assert row.excess_since_published is None
    assert row.since_gap.code == "no_benchmark"
