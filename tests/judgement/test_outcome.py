from __future__ import annotations

import csv
import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.judgement.judge import judge
from screener.judgement.missing import has_gaps
from screener.judgement.outcome import Outcome
from screener.report.records import outcome_record
from screener.screening import check_outcome, load_prices
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.thesis.thesis import Named
from tests.conftest import ROOT
from tests.reference_measures import BUCKETS, NAMES, basket, last_session, months_later, read_figures

LAST = dt.date(2025, 6, 30)
PUBLISHED = dt.date(2024, 4, 14)
KEYS = {
    "运营商": "operators",
    "CW光源": "cw_light_source",
    "交换机设备": "switch_equipment",
    "交换机芯片": "switch_chip",
    "400G OTN": "otn_400g",
    "AIDC": "aidc",
    "全部11只": "all",
}
FIGURES = read_figures(ROOT / "screener" / "data")


def check(bundled, source=None, *, published=PUBLISHED, as_of=LAST) -> Outcome:
    return check_outcome(*bundled, source or SnapshotSource(), published=published, as_of=as_of, today=dt.date(2026, 1, 5))


@pytest.fixture(scope="module", params=["snapshot", "folder"])
def outcome(request, bundled, reference) -> Outcome:
    return check(bundled, FolderSource(reference / "market") if request.param == "folder" else None)


def test_every_row_equals_the_answers_worked_out_independently(outcome, reference, bundled):
    symbols = {symbol.split(".")[0]: symbol for symbol in bundled[0].symbols(bundled[1])}
    with (reference / "answers" / "outcomes_2024-04-14.csv").open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    rows = {(row.subject, row.horizon_months, row.series, row.benchmark.split(".")[0]): row for row in outcome.rows}
    assert len(rows) == len(answers) == 168
    for answer in answers:
        subject = KEYS.get(answer["key"]) or symbols[answer["key"]]
        row = rows[subject, int(answer["months"]), answer["series"], answer["bench"]]
        assert (str(row.base_date), str(row.end_date), row.band) == (answer["base_date"], answer["end_date"], answer["band"])
        assert row.own_return == pytest.approx(float(answer["ret"]), abs=1e-8)
        assert row.benchmark_return == pytest.approx(float(answer["bench_ret"]), abs=1e-8)
        assert row.excess == pytest.approx(float(answer["excess"]), abs=1e-8)


def test_the_industry_rating_missed_and_the_named_basket_hit(outcome):
    index, names = outcome.verdict["801770.SI"], outcome.verdict["all"]
    assert (index.stated, index.band, index.hit, index.at_least) == ("强于大市", "中性", False, False)
    assert (names.stated, names.band, names.hit, names.at_least) == ("强于大市", "强于大市", True, True)
    assert set(outcome.verdict) == {"801770.SI", "all"}, "names recommended without a rating have no verdict"


def test_the_window_has_123_sessions_and_shares_that_add_up(outcome):
    windows = {(each.subject, each.series, each.benchmark): each for each in outcome.windows}
    index = windows["801770.SI", "price", "000300.SH"]
    assert (index.sessions, index.missing) == (123, 0)
    assert index.share["强于大市"] == pytest.approx(81 / 123)
    assert all(sum(each.share.values()) == pytest.approx(1) for each in outcome.windows)


def test_every_pair_of_series_and_benchmark_stands_beside_the_others(outcome):
    pairs = {(row.series, row.benchmark) for row in outcome.rows if row.subject == "600941.SH"}
    assert pairs == {("price", "000300.SH"), ("total", "H00300.CSI"), ("total", "000300.SH")}
    mobile = [outcome.row("600941.SH", 12, series, benchmark) for series, benchmark in sorted(pairs)]
    assert {row.band for row in mobile} == {"持有", "增持"}
    assert {"mixed_basis" in row.flags for row in mobile if row.series == "total" and row.benchmark == "000300.SH"} == {True}


@given(st.dates(dt.date(2024, 3, 1), dt.date(2024, 12, 20)))
@settings(max_examples=25, deadline=None)
def test_any_publication_date_agrees_with_the_slow_reference(bundled, published):
    result = check(bundled, published=published)
    base = last_session(FIGURES, published)
    for months in (6, 12):
        horizon = months_later(published, months)
        if horizon > LAST:
            assert result.row("all", months).gap.code == "not_due"
            continue
        end = last_session(FIGURES, horizon)
        for subject, codes in {**BUCKETS, "all": NAMES}.items():
            for series, benchmark in (("price", "000300.SH"), ("total", "H00300.CSI"), ("total", "000300.SH")):
                row = result.row(subject, months, series, benchmark)
                own = basket(FIGURES, codes, base, base, end, reinvest=series == "total")
                other = basket(FIGURES, [benchmark.split(".")[0]], base, base, end, reinvest=False)
                assert row.excess == pytest.approx(own - other, abs=1e-10)
                assert row.excess_geometric == pytest.approx((1 + own) / (1 + other) - 1, abs=1e-10)


@pytest.mark.parametrize(
    ("as_of", "status", "due"),
    [
        ("2024-09-30", "pending", []),
        ("2024-10-11", "pending", []),
        ("2024-10-14", "running", [6]),
        ("2025-01-15", "running", [6, 9]),
        ("2025-04-11", "running", [6, 9]),
        ("2025-04-14", "matured", [6, 9, 12]),
    ],
)
def test_status_follows_the_end_dates(bundled, as_of, status, due):
    result = check(bundled, as_of=dt.date.fromisoformat(as_of))
    assert result.status == status
    assert {row.status for row in result.rows} == {status}
    assert [months for months in (6, 9, 12) if result.row("all", months).excess is not None] == due
    assert not has_gaps(result), "what is not due yet is no gap"


def test_a_thesis_published_today_is_an_ordinary_pending(bundled):
    result = check_outcome(*bundled, SnapshotSource(), published=dt.date(2026, 11, 25), today=dt.date(2026, 11, 24))
    assert result.status == "pending"
    assert {row.gap.code for row in result.rows} == {"not_due"}
    assert not has_gaps(result)


@pytest.mark.parametrize("as_of", ["2024-09-30", "2024-12-31", "2025-04-14"])
def test_cutting_the_data_after_the_as_of_date_changes_nothing(bundled, as_of):
    day = dt.date.fromisoformat(as_of)
    prices = load_prices(*bundled, SnapshotSource(), published=PUBLISHED, as_of=LAST)
    whole = outcome_record(judge(*bundled, prices, published=PUBLISHED, as_of=day))
    cut = outcome_record(judge(*bundled, prices.cut(day), published=PUBLISHED, as_of=day))
    assert whole == cut


def test_the_benchmark_has_no_excess_over_itself_at_any_horizon(bundled):
    thesis, scale = bundled
    index = Named(symbol="000300.SH", name="沪深300", name_en="CSI 300")
    result = check((thesis.model_copy(update={"industry_index": index}), scale))
    assert {result.row("000300.SH", months).excess for months in (6, 9, 12)} == {0.0}
    assert result.paths["000300.SH"].abs().max() == 0.0


def test_a_suspended_name_keeps_its_last_close_and_says_so(bundled):
    # 688313 did not trade on 2025-06-30; published 2024-06-30, the 12-month end date is that day.
    row = check(bundled, published=dt.date(2024, 6, 30)).row("688313.SH", 12)
    assert (str(row.end_date), str(row.end_close_date), row.end_close) == ("2025-06-30", "2025-06-27", 38.05)
    assert "suspended" in row.flags
    assert row.gap is None


def test_an_as_of_date_after_the_data_is_stale_and_leaves_due_figures_alone(bundled):
    result = check(bundled, as_of=dt.date(2025, 9, 30))
    record = outcome_record(result)
    assert record["gaps"][0]["code"] == "stale"
    assert has_gaps(result)
    assert result.row("801770.SI", 12).excess == pytest.approx(0.067523, abs=1e-5)


def test_a_horizon_after_the_data_is_a_gap_and_not_the_last_known_close(bundled):
    # Published 2024-08-30: the 12-month end date, 2025-08-29, is asked for and lies two months after the data.
    result = check(bundled, published=dt.date(2024, 8, 30), as_of=dt.date(2025, 9, 30))
    assert result.row("600941.SH", 12).gap.code == "stale"
    assert result.row("600941.SH", 6).gap is None


@pytest.mark.slow
def test_a_missing_total_return_index_leaves_its_rows_out(bundled, tmp_path, market_folder):
    import shutil

    for name in ("raw", "index"):
        shutil.copytree(market_folder / name, tmp_path / name)
    shutil.copy(market_folder / "actions.csv", tmp_path)
    (tmp_path / "index" / "H00300.csv").unlink()
    result = check(bundled, FolderSource(tmp_path))
    assert {(row.series, row.benchmark) for row in result.rows} == {("price", "000300.SH"), ("total", "000300.SH")}


def test_rows_leave_as_plain_json_with_the_names_of_the_contract(outcome):
    record = outcome_record(outcome)
    assert {"thesis", "published", "published_basis", "as_of", "benchmark", "prices", "rating"} <= set(record)
    assert {"rows", "windows", "verdict", "gaps", "versions"} <= set(record)
    wanted = {"subject", "kind", "name", "series", "benchmark", "horizon_months", "base_date", "base_close", "end_date"}
    wanted |= {"end_close", "return", "benchmark_return", "excess", "excess_geometric", "band", "near_edge", "status"}
    assert wanted | {"gap", "flags"} <= set(record["rows"][0])
    assert {"kind", "first", "last", "sha256"} <= set(record["prices"])
    assert record["published_basis"] == "inferred"


def test_results_are_frozen(outcome):
    with pytest.raises(dataclasses.FrozenInstanceError):
        outcome.rows[0].excess = 0.0
