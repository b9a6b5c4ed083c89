from __future__ import annotations

import datetime as dt
import math

import pytest

from screener.judgement.week_facts import WeeklyFacts
from screener.measures.industries import Ranking, industries
from screener.measures.periods import build_periods
from screener.measures.stock_facts import limit_hits
from screener.screening import check_week
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap
from screener.terms.sessions import load_calendar
from tests.conftest import ROOT
from tests.reference_measures import BUCKETS, NAMES, basket, growth, read_figures

FIGURES = read_figures(ROOT / "screener" / "data")
BASE = dt.date(2024, 4, 12)
TODAY = dt.date(2026, 1, 5)


def facts_of(bundled, day: str, source=None) -> WeeklyFacts:
    return check_week(*bundled, source or SnapshotSource(), day=dt.date.fromisoformat(day), today=TODAY)


@pytest.fixture(scope="module")
def crash(bundled) -> WeeklyFacts:
    return facts_of(bundled, "2025-04-11")


def test_periods_count_from_the_last_session_before_them():
    periods = {each.id: each.start for each in build_periods(load_calendar(), dt.date(2025, 4, 11), base=BASE)}
    assert {key: str(day) for key, day in periods.items()} == {
        "week": "2025-04-03",
        "month": "2025-03-31",
        "weeks_4": "2025-03-14",
        "weeks_13": "2025-01-10",
        "year": "2024-12-31",
        "since": "2024-04-12",
    }


def test_there_is_no_period_since_publication_before_publication():
    periods = build_periods(load_calendar(), dt.date(2024, 4, 12), base=BASE)
    assert [each.id for each in periods] == ["week", "month", "weeks_4", "weeks_13", "year"]


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("week", "2025-04-03"),
        ("month", "2025-03-31"),
        ("weeks_4", "2025-03-14"),
        ("weeks_13", "2025-01-10"),
        ("year", "2024-12-31"),
    ],
)
def test_every_period_of_every_subject_equals_the_slow_reference(crash, period, start):
    first, end = dt.date.fromisoformat(start), dt.date(2025, 4, 11)
    market = growth(FIGURES, "000300", first, end, reinvest=False) - 1
    for subject in crash.subjects:
        codes = [symbol.split(".")[0] for symbol in subject.members]
        reinvest = subject.kind not in ("industry_index", "benchmark")
        expected = basket(FIGURES, codes, BASE, first, end, reinvest=reinvest)
        found = crash.figures[subject.id, period]
        assert found.own == pytest.approx(expected, abs=1e-9)
        assert found.excess == pytest.approx(expected - market, abs=1e-9)


def test_a_rebalanced_basket_earns_the_mean_of_its_members_every_day(crash):
    days = [day for day in FIGURES.days if dt.date(2025, 4, 3) <= day <= dt.date(2025, 4, 11)]
    value = 1.0
    for before, after in zip(days, days[1:], strict=False):
        value *= sum(growth(FIGURES, code, before, after, reinvest=True) for code in NAMES) / len(NAMES)
    assert crash.weighted("rebalanced")["week"].own == pytest.approx(value - 1, abs=1e-12)


def test_since_publication_against_the_industry_index_is_a_difference_of_two_returns(crash):
    # 中国移动 109.79 / 101.05, 申万通信 2680.25 / 2358.2, price series.
    against = crash.against_industry(crash.subject_figures("600941.SH"))
    assert against == pytest.approx((109.79 / 101.05) - (2680.25 / 2358.2), abs=1e-12)


def test_contributions_add_up_to_their_bucket_and_to_the_basket(crash):
    total = 0.0
    for part in crash.parts:
        assert sum(member.to_bucket or 0 for member in part.members) == pytest.approx(part.own_return, abs=1e-12)
        assert len(part.members) == len(BUCKETS[part.bucket])
        total += part.to_all
    assert total == pytest.approx(crash.figures["all", "week"].own, abs=1e-12)
    assert sum(part.weight for part in crash.parts) == pytest.approx(1.0, abs=1e-12)


def test_a_weight_is_what_a_name_is_worth_in_the_drifted_basket(crash):
    values = {code: growth(FIGURES, code, BASE, dt.date(2025, 4, 3), reinvest=True) for code in NAMES}
    found = {member.symbol.split(".")[0]: member.weight for part in crash.parts for member in part.members}
    for code, value in values.items():
        assert found[code] == pytest.approx(value / sum(values.values()), abs=1e-12)


def test_limit_down_days_of_the_crash_are_named(crash):
    # Main board 10%: 烽火 22.95 × 0.9 = 20.655, at 20.66; 光迅 47.90 × 0.9 = 43.11. STAR 20%: 源杰 115.01 × 0.8 = 92.008,
    # at 92.01; 德科立 56.60 × 0.8 = 45.28.
    # 仕佳 17.10 × 0.8 = 13.68 closed at 13.80 and 锐捷 71.18 × 0.8 = 56.94 at 58.89: no limit.
    hit = {symbol for symbol, each in crash.names.items() if each.limits}
    assert hit == {"600498.SH", "002281.SZ", "688498.SH", "688205.SH"}
    assert {(each.session.isoformat(), each.side) for symbol in hit for each in crash.names[symbol].limits} == {
        ("2025-04-07", "down")
    }


def test_a_limit_is_counted_from_the_ex_right_close(bundled):
    # 锐捷网络 went ex on 2025-06-04 (cash 0.60, 10 for 14): (68.01 − 0.60) / 1.4 = 48.15; the close of 48.49 is a rise of 0.7%.
    facts = facts_of(bundled, "2025-06-04")
    assert facts.names["301165.SZ"].limits == ()
    assert not limit_hits(facts.week.prices, "301165.SZ", [dt.date(2025, 6, 4)], name="锐捷网络")


def test_an_ex_date_inside_the_week_does_not_show_in_its_return(bundled):
    facts = facts_of(bundled, "2025-06-04")
    # To the close before: 68.01 / 66.83; on the ex-date one share at 68.01 becomes 1.4 of 48.49 with 0.60 reinvested; to 52.22.
    expected = (68.01 / 66.83) * (48.49 * 1.4 / (68.01 - 0.60)) * (52.22 / 48.49) - 1
    assert facts.figures["301165.SZ", "week"].own == pytest.approx(expected, abs=1e-12)
    assert [(each.symbol, str(each.ex_date), each.cash, each.split_ratio) for each in facts.gone_ex] == [
        ("301165.SZ", "2025-06-04", 0.6, 1.4),
        ("600941.SH", "2025-06-06", 2.29, 1.0),
    ]


def test_a_name_that_did_not_trade_keeps_its_close_and_counts_as_no_flat_week(bundled):
    facts = facts_of(bundled, "2025-06-30")
    name = facts.names["688313.SH"]
    assert (name.close, name.close_date) == (38.05, dt.date(2025, 6, 27))
    # Ten others: 600941 112.55 > 112.17, 600050 5.34 > 5.31, 601728 unchanged, 688205 62.69 < 62.99, the rest up.
    assert (facts.breadth.up, facts.breadth.down, facts.breadth.flat, facts.breadth.halted) == (8, 1, 1, 1)


def test_breadth_of_the_one_session_week(bundled):
    facts = facts_of(bundled, "2024-09-30")
    assert (facts.breadth.up, facts.breadth.down) == (11, 0)
    # 301165 42.24 / 36.15 − 1 = 16.8% beats 4017.85 / 3703.68 − 1 = 8.48%; 600941 5.2%, 600050 7.6%, 601728 6.0% do not;
    # 600498 8.95% and 002281 9.23% do.
    assert facts.breadth.ahead == 8


def test_bands_crossed_since_last_week(crash):
    crossed = {each.row.subject: (each.before.band_so_far, each.row.band_so_far) for each in crash.crossings}
    assert crossed == {"801770.SI": ("强于大市", "中性"), "600498.SH": ("买入", "增持"), "002281.SZ": ("买入", "增持")}


def test_sessions_left_are_counted_to_the_end_dates(crash):
    # 2024-10-14 has passed; 2025-04-14 is the Monday after.
    assert crash.left == {6: 0, 9: 0, 12: 1}


def test_drawdown_counts_from_the_highest_close_since_the_base_date(crash):
    # 中国联通 has no split, so its price series is its close.
    closes = [FIGURES.closes["600050"][day] for day in FIGURES.days if BASE <= day <= dt.date(2025, 4, 11)]
    assert crash.names["600050.SH"].drawdown == pytest.approx(5.41 / max(closes) - 1, abs=1e-12)


def test_the_week_before_knows_nothing_of_this_week(bundled, crash):
    assert crash.before is not None
    own = check_week(*bundled, SnapshotSource(), day=dt.date(2025, 4, 3), today=TODAY).week
    assert crash.before.rows == own.rows


def test_the_first_weeks_of_the_data_say_what_they_lack(bundled):
    facts = facts_of(bundled, "2024-03-08")
    assert facts.before is None or facts.before.row("all").gap is not None
    assert isinstance(facts.figures["all", "weeks_13"].own, Gap)
    assert isinstance(facts.figures["all", "week"].own, float)


@pytest.mark.slow
@pytest.mark.parametrize(("day", "rank"), [("2024-03-22", 6), ("2024-06-07", 13), ("2024-09-13", 1), ("2025-05-23", 29)])
@pytest.mark.parametrize("kind", ["folder", "snapshot"])
def test_the_rank_among_industries_is_the_one_that_brokers_printed(bundled, market_folder, day, rank, kind):
    source = FolderSource(market_folder) if kind == "folder" else SnapshotSource()
    week = check_week(*bundled, source, day=dt.date.fromisoformat(day), today=TODAY)
    now, before = week.ranking, week.ranking_before
    assert now is not None
    assert before is not None
    assert (now.rank("801770.SI"), now.count) == (rank, 31)


@pytest.mark.slow
def test_there_is_no_rank_without_the_industries(bundled, closes_folder):
    source = FolderSource(closes_folder)
    week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY)
    assert (week.ranking, week.ranking_before) == (None, None)


def test_equal_returns_share_the_better_rank():
    ranking = Ranking((("a", 0.02), ("b", 0.01), ("c", 0.01), ("d", -0.01)), ())
    assert [ranking.rank(each) for each in "abcd"] == [1, 2, 2, 4]
    assert ranking.rank("x") is None
    assert ranking.place_of(0.015) == 2


def test_there_are_31_level_1_industries():
    assert len({each.symbol for each in industries()}) == 31
    assert {each.symbol for each in industries()} >= {"801770.SI", "801010.SI", "801980.SI"}


@pytest.mark.slow
def test_turnover_is_the_mean_day_against_the_mean_day_of_four_weeks(bundled, market_folder):
    import csv

    facts = facts_of(bundled, "2025-04-11", FolderSource(market_folder))
    with (market_folder / "raw" / "600941.csv").open(encoding="utf-8") as file:
        amounts = {row["date"]: float(row["amount"] or "nan") for row in csv.DictReader(file)}
    week = [value for day, value in amounts.items() if "2025-04-07" <= day <= "2025-04-11"]
    before = [value for day, value in amounts.items() if "2025-03-10" <= day <= "2025-04-03"]
    expected = (math.fsum(week) / 5) / (math.fsum(before) / len(before))
    assert facts.names["600941.SH"].turnover == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_turnover_is_a_gap_where_the_source_has_none(bundled, closes_folder):
    found = facts_of(bundled, "2025-04-11", FolderSource(closes_folder)).names["600941.SH"].turnover
    assert isinstance(found, Gap)
    assert found.code == "no_data"
