"""Policies as events: windows, months, overlaps, random dates, and no look-ahead."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from screener.judgement.events import WINDOWS, percentile_of, study_events
from screener.measures.baskets import measure, window_returns
from screener.measures.quotes import build_market
from screener.prices.adjust import assemble_prices
from screener.prices.prices import EMPTY_ACTIONS
from screener.report.event_records import events_record
from screener.report.events import events_document
from screener.screening import check_events
from screener.sources.folder_source import FolderSource
from screener.terms.notes import Gap
from screener.terms.sessions import load_calendar, session_axis
from screener.terms.widths import width
from screener.thesis.library import open_library
from screener.thesis.policies import PolicyBook
from screener.thesis.scale import read_record
from screener.writers.text import render_text
from tests.conftest import THESIS, run_screener

AXIS = session_axis(dt.date(2023, 1, 3), dt.date(2023, 6, 30))
AS_OF = dt.date(2023, 6, 30)


def policy(name: str, month: str, **more):
    plain = {"region": "全国", "region_en": "National", "title": name, "title_en": name, "tables": [2]}
    return {"id": name, "month": month, **plain, "keywords": {"compute": ["x"]}, "buckets": ["pair"], **more}


def book_of(*policies) -> PolicyBook:
    return read_record(PolicyBook, {"thesis": "t", "source": "x", "policies": list(policies)})


@pytest.fixture(scope="module")
def small(bundled):
    """Two names in one bucket, a third in another; no indices beside the benchmark."""
    thesis, scale = bundled
    first = thesis.candidates[0]
    names = (("600941.SH", "pair"), ("600050.SH", "pair"), ("601728.SH", "single"))
    plain = first.model_copy(update={"listings": ()})
    candidates = tuple(plain.model_copy(update={"symbol": symbol, "bucket": bucket}) for symbol, bucket in names)
    buckets = tuple(thesis.buckets[0].model_copy(update={"id": each}) for each in ("pair", "single"))
    changes = {"candidates": candidates, "buckets": buckets, "industry_index": None, "second_opinion": None}
    return thesis.model_copy(update=changes), scale


def stepping(steps: dict[str, float], start: float) -> pd.Series:
    """A close that changes on the named sessions only."""
    values = pd.Series(np.nan, index=AXIS)
    values.iloc[0] = start
    for day, value in steps.items():
        values[pd.Timestamp(day)] = value
    return values.ffill()


def prices_of(closes: dict[str, pd.Series], breaks=None):
    bars = {
        symbol: pd.DataFrame({"close": values}).reindex(columns=["open", "high", "low", "close", "volume", "amount"])
        for symbol, values in closes.items()
    }
    return assemble_prices(
        bars,
        {},
        symbols=list(closes),
        axis=AXIS,
        calendar=load_calendar(),
        actions=EMPTY_ACTIONS,
        listings=pd.DataFrame({"name": [], "listed": [], "delisted": []}),
        kind="folder",
        name="small",
        gaps={},
        breaks=breaks or {},
    )


def usual(**more):
    """10 until Friday 2023-02-10, 11 on Monday, 12.1 from Tuesday on; the benchmark gains 2% on that Tuesday."""
    closes = {
        "600941.SH": stepping({"2023-02-13": 11.0, "2023-02-14": 12.1}, 10.0),
        "600050.SH": stepping({"2023-02-13": 11.0, "2023-02-14": 12.1}, 20.0 / 2),
        "601728.SH": stepping({}, 5.0),
        "000300.SH": stepping({"2023-02-14": 102.0}, 100.0),
    }
    return prices_of({**closes, **more})


def window(study, event, subject, at):
    return study.row(event, subject).windows[WINDOWS.index(at)]


def test_an_event_on_a_saturday_reacts_on_monday_and_its_windows_are_worked_by_hand(small):
    book = book_of(policy("a", "2023-02", day="2023-02-11", day_source="x"), policy("b", "2023-03"))
    study = study_events(*small, book, usual(), as_of=AS_OF)
    assert study.row("a", "pair").date.first == dt.date(2023, 2, 13)
    around = window(study, "a", "pair", (-1, 1))
    # Returns of 02-10, 02-13, 02-14, from the close of 02-09: 12.1 / 10 - 1 = 21%, benchmark 2%.
    assert (around.base, around.end, around.sessions) == (dt.date(2023, 2, 9), dt.date(2023, 2, 14), 3)
    assert around.excess == pytest.approx(0.19, abs=1e-12)
    week = window(study, "a", "pair", (0, 4))
    assert (week.base, week.end, week.sessions) == (dt.date(2023, 2, 10), dt.date(2023, 2, 17), 5)
    assert week.excess == pytest.approx(0.19, abs=1e-12)
    # 2023-02-13 + 19 sessions = 2023-03-10.
    assert (window(study, "a", "pair", (0, 19)).end, window(study, "a", "pair", (0, 19)).sessions) == (dt.date(2023, 3, 10), 20)
    # All three names: two at 21%, one at 0: 14%; less 2%.
    assert window(study, "a", "all", (0, 4)).excess == pytest.approx(0.12, abs=1e-12)


def test_a_month_is_a_window_from_before_its_first_session_to_after_its_last_and_never_a_day(small):
    study = study_events(*small, book_of(policy("m", "2023-03")), usual(), as_of=AS_OF)
    date = study.row("m", "pair").date
    assert (date.dated, date.first, date.last) == ("month", dt.date(2023, 3, 1), dt.date(2023, 3, 31))
    # March 2023 had 23 sessions; 2023-04-05 was a holiday.
    found = {each.window: (each.base, each.end, each.sessions) for each in study.row("m", "pair").windows}
    assert found == {
        (-1, 1): (dt.date(2023, 2, 27), dt.date(2023, 4, 3), 25),
        (0, 4): (dt.date(2023, 2, 28), dt.date(2023, 4, 7), 27),
        (0, 19): (dt.date(2023, 2, 28), dt.date(2023, 4, 28), 42),
    }
    record = events_record(study)["rows"][0]
    assert (record["date"], record["session"], record["first_session"]) == (None, None, "2023-03-01")


def test_the_percentile_counts_random_dates_from_the_first_event_to_the_last(small):
    book = book_of(policy("a", "2023-02", day="2023-02-11", day_source="x"), policy("b", "2023-03"))
    found = window(study_events(*small, book, usual(), as_of=AS_OF), "a", "pair", (0, 4))
    # Session 0 on 12 sessions of February from 02-13 and on 23 of March. On 02-13: 19%. On 02-14: 12.1 / 11 - 1 - 2% = 8%.
    # On the other 33: 0. The event is the highest and equal to itself: (34 + 0.5) / 35.
    assert found.dates == 35
    assert found.percentile == pytest.approx(34.5 / 35, abs=1e-12)


def test_fewer_than_thirty_random_dates_give_no_percentile_and_no_share(small):
    study = study_events(*small, book_of(policy("m", "2023-03")), usual(), as_of=AS_OF)
    assert window(study, "m", "pair", (0, 4)).dates == 23
    assert window(study, "m", "pair", (0, 4)).percentile is None
    assert {mean.share_beaten for mean in study.means} == {None}


def test_the_mean_counts_events_of_one_month_once_and_keeps_days_and_months_apart(small):
    days = [policy(f"d{day}", "2023-02", day=f"2023-02-{day}", day_source="x") for day in (13, 14)]
    months = [policy("m1", "2023-03"), policy("m2", "2023-03"), policy("m3", "2023-05")]
    study = study_events(*small, book_of(*days, *months), usual(), as_of=AS_OF)
    means = {(mean.subject, mean.dated, mean.window): mean for mean in study.means}
    day = means["pair", "day", (0, 4)]
    # 02-13 and 02-14 overlap: only the first, 19%, counts.
    assert (day.events, day.overlapping, day.gaps) == (1, 1, 0)
    assert day.mean == pytest.approx(0.19, abs=1e-12)
    assert window(study, "d13", "pair", (0, 4)).overlaps == ("d14",)
    month = means["pair", "month", (0, 4)]
    # m2 repeats m1; the window of m3 begins on 05-04, after 04-07.
    assert (month.events, month.overlapping, month.mean) == (2, 1, 0.0)
    counted = {row.event: row.windows[1].counted for row in study.rows if row.subject == "pair"}
    assert counted == {"d13": True, "d14": False, "m1": True, "m2": False, "m3": True}


def test_windows_that_only_touch_do_not_overlap(small):
    # [0,+4] from Monday 02-13 ends on 02-17; the next begins on Monday 02-20.
    days = [policy(f"d{day}", "2023-02", day=f"2023-02-{day}", day_source="x") for day in (13, 20)]
    study = study_events(*small, book_of(*days), usual(), as_of=AS_OF)
    assert window(study, "d13", "pair", (0, 4)).overlaps == ()
    assert window(study, "d13", "pair", (0, 19)).overlaps == ("d20",)


def test_the_share_of_random_sets_is_that_of_single_dates_when_one_event_counts(small):
    days = [policy(f"d{day}", "2023-02", day=f"2023-02-{day}", day_source="x") for day in (13, 14)]
    study = study_events(*small, book_of(*days, policy("m", "2023-03")), usual(), as_of=AS_OF, draws=20_000)
    mean = {(each.subject, each.dated, each.window): each for each in study.means}["pair", "day", (0, 4)]
    # A random set of one window: below 19% in 34 of 35, equal in 1 of 35.
    assert mean.sets == 20_000
    assert mean.share_beaten == pytest.approx(34.5 / 35, abs=0.003)


def test_an_event_concerns_the_buckets_of_the_file_and_always_the_basket_of_all(small):
    study = study_events(*small, book_of(policy("a", "2023-02")), usual(), as_of=AS_OF)
    assert {row.subject: row.concerned for row in study.rows} == {"all": True, "pair": True, "single": False}
    means = {(mean.subject, mean.dated): mean.events for mean in study.means if mean.window == (0, 4)}
    assert (means["single", "month"], means["pair", "month"]) == (0, 1)


def test_a_name_without_prices_yet_is_left_out_and_listed(small):
    later = stepping({"2023-02-13": 11.0}, 10.0).where(pd.Timestamp("2023-02-20") <= AXIS)
    book = book_of(policy("a", "2023-02", day="2023-02-13", day_source="x"))
    found = window(study_events(*small, book, usual(**{"600050.SH": later}), as_of=AS_OF), "a", "pair", (0, 4))
    assert found.left_out == ("600050.SH",)
    assert found.excess == pytest.approx(0.19, abs=1e-12)


def test_an_event_before_the_prices_is_a_gap_that_says_where_they_begin(small):
    late = stepping({}, 100.0).where(pd.Timestamp("2023-03-01") <= AXIS)
    study = study_events(*small, book_of(policy("a", "2023-02")), usual(**{"000300.SH": late}), as_of=AS_OF)
    gap = window(study, "a", "all", (0, 4)).gap
    assert (gap.code, gap.reason) == ("no_data", "event_before_prices")
    assert "2023-03-01" in gap.text("en")


def test_a_step_that_nothing_explains_is_a_gap_of_the_windows_that_hold_it_only(small):
    broken = Gap("action_mismatch", "action_unknown", {"symbol": "600941.SH", "day": dt.date(2023, 3, 10)})
    prices = prices_of({s: usual().close[s] for s in usual().close}, {"600941.SH": {dt.date(2023, 3, 10): broken}})
    study = study_events(*small, book_of(policy("a", "2023-02"), policy("b", "2023-03")), prices, as_of=AS_OF)
    assert window(study, "a", "pair", (0, 4)).gap is None
    assert window(study, "b", "pair", (0, 4)).gap.code == "action_mismatch"
    assert window(study, "b", "single", (0, 4)).gap is None


def test_nothing_after_the_as_of_date_is_used(small):
    book = book_of(policy("a", "2023-02"), policy("b", "2023-04"), policy("c", "2023-06"))
    changed = usual(**{"600941.SH": stepping({"2023-02-13": 11.0, "2023-02-14": 12.1, "2023-04-20": 30.0}, 10.0)})
    as_of = dt.date(2023, 4, 10)
    one, two = (study_events(*small, book, prices, as_of=as_of) for prices in (usual(), changed))
    assert events_record(one)["rows"] == events_record(two)["rows"]
    assert window(one, "a", "pair", (0, 4)).excess is not None
    assert window(one, "b", "pair", (-1, 1)).gap.code == "not_due"
    assert "c" not in {row.event for row in one.rows}


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_sets(small):
    rng = np.random.default_rng(1)
    walk = {symbol: pd.Series(10 * np.exp(np.cumsum(rng.normal(0, 0.02, len(AXIS)))), index=AXIS) for symbol in usual().close}
    book = book_of(*(policy(f"m{month}", f"2023-0{month}") for month in (2, 4, 5)))
    texts = [
        json.dumps(events_record(study_events(*small, book, prices_of(walk), as_of=AS_OF, seed=seed))["means"])
        for seed in (7, 7, 8)
    ]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize("seed", range(5))
def test_many_windows_at_once_are_the_figures_of_one_basket_at_a_time(seed):
    rng = np.random.default_rng(seed)
    symbols = ["600941.SH", "600050.SH", "601728.SH", "000300.SH"]
    closes = {}
    for at, symbol in enumerate(symbols):
        values = pd.Series(10 * np.exp(np.cumsum(rng.normal(0, 0.02, len(AXIS)))), index=AXIS)
        values.iloc[: 10 * at * (at < 3)] = np.nan
        values.iloc[rng.choice(np.arange(40, len(AXIS)), 6, replace=False)] = np.nan
        closes[symbol] = values
    broken = {"600050.SH": {AXIS[60].date(): Gap("action_mismatch", "action_unknown", {"symbol": "x", "day": AXIS[60].date()})}}
    market = build_market(prices_of(closes, broken))
    starts = rng.integers(0, len(AXIS) - 25, 80)
    ends = starts + rng.integers(1, 25, 80)
    for members in (symbols[:3], symbols[3:]):
        fast = window_returns(market, members, starts, ends, series="price")
        for start, end, value in zip(starts, ends, fast, strict=True):
            slow = measure(market, members, series="price", start=AXIS[start].date(), end=AXIS[end].date())
            assert (slow.value is None) == bool(np.isnan(value))
            if slow.value is not None:
                assert value == pytest.approx(slow.value, abs=1e-12)


def test_a_percentile_counts_equal_values_by_half():
    assert percentile_of(2.0, np.array([1.0, 2.0, 2.0, 3.0])) == 0.5
    assert percentile_of(9.0, np.array([1.0, 2.0])) == 1.0


@pytest.fixture(scope="module")
def measured(bundled, market_folder):
    thesis, scale = bundled
    book = open_library().load_policies(THESIS)
    return check_events(thesis, scale, book, FolderSource(market_folder), as_of=dt.date(2025, 6, 30), today=dt.date(2025, 7, 1))


def test_digital_china_against_the_operators_is_the_figure_worked_out_from_the_files(measured, market_folder):
    def growth(path) -> float:
        with (market_folder / path).open() as file:
            closes = {row["date"]: float(row["close"]) for row in csv.DictReader(file)}
        return closes["2023-03-03"] / closes["2023-02-24"] - 1

    own = [growth(f"raw/{code}.csv") for code in ("600941", "600050", "601728")]
    found = window(measured, "digital-china-2023", "operators", (0, 4))
    assert found.excess == pytest.approx(sum(own) / 3 - growth("index/000300.csv"), abs=1e-12)
    assert found.left_out == ()


def test_names_not_listed_yet_are_left_out_of_the_theme_basket(measured):
    # China Mobile since 2022-01, China Telecom since 2021-08, Yuanjie 2022-12, Ruijie 2023-05, Centec 2023-09, Taclink 2022-08;
    # the files of Accelink and Range begin in 2023.
    first = window(measured, "inner-mongolia-digital-2021", "all", (0, 4))
    assert set(first.left_out) == {
        "600941.SH",
        "601728.SH",
        "688498.SH",
        "301165.SZ",
        "688702.SH",
        "688205.SH",
        "002281.SZ",
        "300442.SZ",
    }
    assert window(measured, "national-compute-network-2023", "all", (0, 4)).left_out == ()


@pytest.mark.slow
def test_the_industry_index_is_measured_where_its_file_reaches_back(bundled, market_folder, tmp_path, measured):
    assert window(measured, "digital-china-2023", "801770.SI", (0, 4)).gap.code == "no_data"
    folder = tmp_path / "prices"
    (folder / "index").mkdir(parents=True)
    for name in ("raw", "actions.csv"):
        (folder / name).symlink_to(market_folder / name)
    for name in ("000300", "931160", "H00300"):
        (folder / "index" / f"{name}.csv").symlink_to(market_folder / "index" / f"{name}.csv")
    shutil.copy(market_folder / "index" / "801770_full.csv", folder / "index" / "801770.csv")
    thesis, scale = bundled
    book = open_library().load_policies(THESIS)
    study = check_events(thesis, scale, book, FolderSource(folder), as_of=dt.date(2025, 6, 30), today=dt.date(2025, 7, 1))
    with (folder / "index" / "801770.csv").open() as file:
        closes = {row["date"]: float(row["close"]) for row in csv.DictReader(file)}
    with (folder / "index" / "000300.csv").open() as file:
        benchmark = {row["date"]: float(row["close"]) for row in csv.DictReader(file)}
    own, other = (each["2023-03-03"] / each["2023-02-24"] - 1 for each in (closes, benchmark))
    assert window(study, "digital-china-2023", "801770.SI", (0, 4)).excess == pytest.approx(own - other, abs=1e-12)


def test_the_snapshot_gives_gaps_that_say_why_and_the_command_says_it_is_incomplete():
    ran = run_screener("events", "--json")
    assert ran.code == 3
    record = ran.json
    assert {figure["gap"] for row in record["rows"] for figure in row["windows"]} == {"no_data"}
    assert all("2024-03-01" in gap["reason"] for gap in record["gaps"])
    assert len(record["events"]) == 33
    assert len(record["targets"]) == 41
    assert {each["status"] for each in record["targets"]} == {"passed", "later", "stated"}


@pytest.mark.slow
def test_where_every_policy_lies_before_the_prices_one_sentence_says_so_and_the_targets_stand():
    out = run_screener("events").out
    assert "33 项政策都早于这份行情的首日 2024-03-01" in out
    assert "缺口 no_data" not in out
    assert "总算力" in out  # a target
    assert "All 33 policies lie before the first day of these prices, 2024-03-01" in run_screener("events", "--lang", "en").out


def test_the_json_has_every_event_and_subject_with_three_windows(measured):
    record = events_record(measured)
    assert len(record["rows"]) == 33 * 9
    assert {len(row["windows"]) for row in record["rows"]} == {3}
    figure = record["rows"][0]["windows"][0]
    assert {"window", "excess", "placebo_percentile", "placebo_dates", "overlaps", "counted", "gap", "left_out"} <= set(figure)
    assert "claims no cause" in events_record(measured, "en")["causality"]
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_text_fits_100_columns_and_says_that_no_cause_is_claimed(measured, lang):
    text = render_text(events_document(measured, lang), 100)
    assert max(width(line) for line in text.split("\n")) <= 100
    assert not set(text) & set("−·—“”→×±…▲▼")
    assert ("不作因果判断" if lang == "zh" else "claims no cause") in " ".join(text.split())
    assert "2023.20" in text


def test_actions_before_the_years_of_the_list_are_unknown_and_this_is_noted(measured):
    assert [note.params["since"] for note in measured.prices.notes if note.code == "actions_begin"] == [dt.date(2024, 1, 1)]
    # 10 for 4 new shares of Yuanjie on 2023-06-09 is not in the list: a break, not a fall of 24%.
    assert list(measured.prices.breaks) == ["688498.SH"]
    assert window(measured, "ipv6-evolution-2023", "cw_light_source", (0, 19)).gap is None
