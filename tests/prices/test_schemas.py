from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys

import pandas as pd
import pandera.pandas as pa
import pytest

from screener.judgement.stages import OUTCOME_ROWS, WEEK_ROWS, check_stage
from screener.prices.bars import Listing, check_bars
from screener.prices.prices import FIELDS
from screener.screening import check_outcome, check_week
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol
from tests.conftest import ROOT

TODAY = dt.date(2026, 1, 5)


@pytest.fixture(scope="module")
def rows(bundled):
    return check_outcome(*bundled, SnapshotSource(), as_of=dt.date(2025, 1, 15), today=TODAY).rows


@pytest.fixture(scope="module")
def week_rows(bundled):
    return check_week(*bundled, SnapshotSource(), day=dt.date(2025, 4, 11), today=TODAY).week.rows


def test_what_the_stages_hand_on_passes(rows, week_rows):
    check_stage(OUTCOME_ROWS, rows)
    check_stage(WEEK_ROWS, week_rows)


@pytest.mark.parametrize(
    "fault",
    [
        {"measured": None},  # neither a figure nor a gap
        {"gap": Gap("no_data", "not_in_source", {"symbol": "600941.SH"})},  # both
        {"excess": float("inf")},
        {"measured": None, "gap": Gap("no_data", "not_in_source", {"symbol": "600941.SH"})},  # a band without a figure
        {"status": "done"},
        {"kind": "stock"},
    ],
)
def test_a_faulty_outcome_row_is_caught_before_anybody_reads_it(rows, fault):
    spoilt = dataclasses.replace(next(row for row in rows if row.excess is not None), **fault)
    with pytest.raises(pa.errors.SchemaErrors):
        check_stage(OUTCOME_ROWS, (*rows, spoilt))


@pytest.mark.parametrize("fault", [{"own_return": None}, {"own_return": float("nan")}, {"kind": "fund"}])
def test_a_faulty_week_row_is_caught_before_anybody_reads_it(week_rows, fault):
    with pytest.raises(pa.errors.SchemaErrors):
        check_stage(WEEK_ROWS, (*week_rows, dataclasses.replace(week_rows[0], **fault)))


def test_every_fault_is_listed_at_once(rows):
    measured = [row for row in rows if row.excess is not None][:2]
    spoilt = [dataclasses.replace(measured[0], status="done"), dataclasses.replace(measured[1], kind="stock")]
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        check_stage(OUTCOME_ROWS, spoilt)
    assert len(caught.value.failure_cases) == 2


def test_a_close_without_a_value_is_a_problem_with_symbol_date_and_column_beside_the_others():
    days = pd.to_datetime(["2025-06-03", "2025-06-04", "2025-06-05"]).astype("datetime64[s]")
    frame = pd.DataFrame({"session": days, "close": [10.0, float("nan"), -1.0]}, index=[2, 3, 4])
    checked = check_bars(
        frame.reindex(columns=["session", *FIELDS]).astype(dict.fromkeys(FIELDS, float)),
        file="raw/600498.csv",
        symbol=parse_symbol("600498.SH"),
        calendar=load_calendar(),
        start=dt.date(2025, 6, 3),
        end=dt.date(2025, 6, 5),
        actions=None,
        listing=Listing(),
    )
    assert [(each.code, each.line, each.field) for each in checked.problems] == [
        ("value_missing", 3, "close"),
        ("price_not_positive", 4, "close"),
    ]
    assert "600498.SH" in checked.problems[0].line_text("en")
    assert "2025-06-04" in checked.problems[0].line_text("zh")


@pytest.mark.slow
def test_tables_are_checked_without_loading_what_pandera_could_use_beside_them():
    program = "import sys, screener.prices.tables as t; t.pa.Check; print(sorted({'hypothesis', 'pyspark'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
    import hypothesis

    assert hypothesis.strategies
