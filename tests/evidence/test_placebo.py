"""Random baskets: fair draws, uniform ranks, the rules of who is in the universe, and plain Python beside it."""

import dataclasses
import datetime as dt
import itertools
import json
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.evidence.placebo import FEWEST_PEERS, draw_baskets, horizon_ends, match_groups, measure_placebo, rank
from screener.measures.universe import SIZE_SESSIONS, Traits, measure_traits, unadjusted_levels
from screener.report.trust_records import placebo_record
from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.sources.market_file import load_universe
from screener.terms.notes import PriceProblems, UsageError
from screener.terms.sessions import load_calendar
from screener.thesis.thesis import Bucket, Candidate
from tests.conftest import run_screener

AS_OF = dt.date(2025, 6, 30)
PUBLISHED = dt.date(2024, 4, 14)
DAYS = load_calendar().between(dt.date(2023, 6, 1), AS_OF)


# --- drawing and ranking -----------------------------------------------------------------------------------------------


def test_a_drawn_basket_never_holds_a_stock_twice():
    drawn = draw_baskets(np.random.default_rng(1), pool=13, size=11, n=2000)
    assert all(len(set(row)) == 11 for row in drawn.tolist())
    assert drawn.min() >= 0
    assert drawn.max() <= 12


@pytest.mark.slow
def test_every_set_of_stocks_is_drawn_equally_often():
    drawn = draw_baskets(np.random.default_rng(2), pool=6, size=3, n=200_000)
    counts = pd.Series([tuple(sorted(row)) for row in drawn.tolist()]).value_counts()
    assert set(counts.index) == set(itertools.combinations(range(6), 3))
    # 20 sets, 10,000 expected of each with a standard deviation of about 97.
    assert counts.between(9_500, 10_500).all()


def test_a_basket_as_large_as_the_pool_is_the_pool():
    assert np.sort(draw_baskets(np.random.default_rng(3), 5, 5, 10), axis=1).tolist() == [[0, 1, 2, 3, 4]] * 10
    with pytest.raises(ValueError, match="cannot draw"):
        draw_baskets(np.random.default_rng(3), 4, 5, 1)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(-5, 5))
def test_the_percentile_counts_ties_half(others, own):
    percentile, beaten = rank(own / 7, np.array(others) / 7)
    below, equal = sum(each < own for each in others), sum(each == own for each in others)
    assert beaten == pytest.approx(below / len(others))
    assert percentile == pytest.approx((below + equal / 2) / len(others))


# --- a made-up market ---------------------------------------------------------------------------------------------------


def market(folder, closes, *, volumes=None):
    """Write `closes` {code: {day: close}} as a folder with a universe and a flat benchmark."""
    rows = [
        (code, day, close, (volumes or {}).get((code, str(day)), 1_000_000))
        for code, series in closes.items()
        for day, close in series.items()
    ]
    frame = pd.DataFrame(rows, columns=["code", "date", "close", "volume"])
    frame["date"] = pd.to_datetime(frame["date"]).dt.date
    frame.to_parquet(folder / "market_close.parquet", index=False)
    (folder / "index").mkdir(exist_ok=True)
    lines = [f"{day},{3000 + count % 7}" for count, day in enumerate(DAYS)]
    (folder / "index" / "000300.csv").write_text("date,close\n" + "\n".join(lines) + "\n")
    return folder


def walks(count, *, prefix="60", seed=5):
    draws = random.Random(seed)
    closes = {}
    for number in range(count):
        price, series = draws.uniform(5, 90), {}
        drift = draws.uniform(-0.002, 0.002)
        for day in DAYS:
            price = max(price * (1 + drift + draws.uniform(-0.03, 0.03)), 1.0)
            series[day] = round(price, 2)
        closes[f"{prefix}{number:04d}"] = series
    return closes


def thesis_of(thesis, baskets):
    """The bundled thesis with other names: {bucket: codes}."""
    buckets = tuple(Bucket(id=name, name=name, name_en=name) for name in baskets)
    candidates = tuple(
        Candidate(symbol=f"{code}.SH", name=code, bucket=name) for name, codes in baskets.items() for code in codes
    )
    return thesis.model_copy(update={"buckets": buckets, "candidates": candidates})


def outcome_of(bundled, folder, baskets, **options):
    thesis, scale = bundled
    return check_outcome(thesis_of(thesis, baskets), scale, FolderSource(folder), as_of=AS_OF, today=AS_OF, **options)


@pytest.fixture(scope="module")
def closes():
    return walks(90)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, closes):
    return market(tmp_path_factory.mktemp("universe"), closes)


@pytest.fixture(scope="module")
def universe(folder):
    return load_universe(folder, benchmark="000300.SH", end=AS_OF)


def test_a_placebo_of_the_universe_against_itself_is_uniform(bundled, folder, universe, closes):
    draws = random.Random(11)
    baskets = {f"b{number}": draws.sample(sorted(closes), 4) for number in range(150)}
    outcome = outcome_of(bundled, folder, {"b": ["600000"]})
    thesis = thesis_of(bundled[0], baskets)
    subjects = {each.id: each for each in thesis.subjects() if each.kind == "bucket"}
    at, end = (universe.position(day) for day in (outcome.base_date, outcome.end_dates[12]))
    growth = universe.level[end] / universe.level[at]
    others = growth[draw_baskets(np.random.default_rng(0), len(universe.symbols), 4, 5000)].mean(axis=1)
    ranks = sorted(rank(float(growth[universe.columns(each.members)].mean()), others)[0] for each in subjects.values())
    gaps = [abs(found - (place + 0.5) / len(ranks)) for place, found in enumerate(ranks)]
    # Kolmogorov-Smirnov at 1%: 1.63 / √150.
    assert max(gaps) < 1.63 / np.sqrt(len(ranks))


@pytest.mark.slow
def test_the_best_names_sit_at_the_top_and_the_worst_at_the_bottom(bundled, folder, universe, closes):
    outcome = outcome_of(bundled, folder, {"b": ["600000"]})
    base, end = outcome.base_date, outcome.end_dates[12]
    gains = sorted(closes, key=lambda code: closes[code][np.datetime64(end)] / closes[code][np.datetime64(base)])
    found = outcome_of(bundled, folder, {"worst": gains[:11], "best": gains[-11:]})
    ranks = {
        (each.subject, each.horizon_months): each.percentile
        for each in measure_placebo(found, universe, n=20_000, seed=4)
        if each.against == "baskets"
    }
    assert ranks["best", 12] == 1.0
    assert ranks["worst", 12] == 0.0


def test_every_figure_equals_a_slow_plain_python_version(bundled, folder, universe, closes):
    codes = ["600003", "600010", "600044"]
    outcome = outcome_of(bundled, folder, {"b": codes})
    base, end = np.datetime64(outcome.base_date), np.datetime64(outcome.end_dates[12])
    bench = {day: 3000 + count % 7 for count, day in enumerate(DAYS)}

    def slow(names, start, stop):
        value = sum(closes[name][stop] / closes[name][start] for name in names) / len(names)
        return value - bench[stop] / bench[start]

    placebos = {
        each.against: each
        for each in measure_placebo(outcome, universe, n=3000, seed=9)
        if each.subject == "b" and each.horizon_months == 12
    }
    own = slow(codes, base, end)
    assert placebos["baskets"].excess == pytest.approx(own, abs=1e-12)
    assert (placebos["baskets"].universe_size, placebos["baskets"].size, placebos["baskets"].n) == (90, 3, 3000)
    # The same share, from an independent draw of many more baskets.
    draws = random.Random(1)
    beaten = sum(slow(draws.sample(sorted(closes), 3), base, end) < own for _ in range(8000)) / 8000
    assert placebos["baskets"].percentile == pytest.approx(beaten, abs=0.03)
    starts = []
    for day in DAYS:
        later = (
            day.astype(dt.date).replace(year=day.astype(dt.date).year + 1)
            if day != np.datetime64("2024-02-29")
            else dt.date(2025, 2, 28)
        )
        stop = max(each for each in DAYS if each <= np.datetime64(later))
        if np.datetime64(later) <= DAYS[-1] and day != base:
            starts.append(slow(codes, day, stop))
    assert placebos["dates"].n == len(starts)
    assert placebos["dates"].share_beaten == pytest.approx(sum(each < own for each in starts) / len(starts))
    assert placebos["dates"].median == pytest.approx(float(np.median(starts)))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(bundled, folder, universe):
    outcome = outcome_of(bundled, folder, {"b": ["600003", "600010"]})

    def drawn(seed):
        return json.dumps([placebo_record(each) for each in measure_placebo(outcome, universe, n=500, seed=seed)])

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_subject_is_compared_alike_whatever_other_subjects_there_are(bundled, folder, universe):
    alone = measure_placebo(outcome_of(bundled, folder, {"b": ["600003", "600010"]}), universe, n=500, seed=1)
    among = measure_placebo(outcome_of(bundled, folder, {"a": ["600001"], "b": ["600003", "600010"]}), universe, n=500, seed=1)
    assert [each for each in alone if each.subject == "b"] == [each for each in among if each.subject == "b"]


def test_nothing_after_the_as_of_date_is_used(bundled, folder, universe, closes, tmp_path):
    early = dt.date(2025, 4, 14)
    changed = {
        code: {day: price if day <= np.datetime64(early) else 1.0 for day, price in series.items()}
        for code, series in closes.items()
    }
    other = load_universe(market(tmp_path, changed), benchmark="000300.SH", end=AS_OF)
    outcome = dataclasses.replace(outcome_of(bundled, folder, {"b": ["600003", "600010"]}), as_of=early)
    for against in ("baskets", "dates"):
        found = [
            [each for each in measure_placebo(outcome, which, n=500, seed=1) if each.against == against]
            for which in (universe, other)
        ]
        assert [(each.excess, each.percentile, each.n) for each in found[0]] == [
            (each.excess, each.percentile, each.n) for each in found[1]
        ]


def test_what_is_not_due_is_said_to_be_so(bundled, folder, universe):
    outcome = outcome_of(bundled, folder, {"b": ["600003", "600010"]}, published=dt.date(2024, 10, 9))
    gaps = {(each.horizon_months, each.against): each.gap for each in measure_placebo(outcome, universe, n=100, seed=1)}
    assert gaps[12, "baskets"].code == "not_due"
    assert gaps[6, "baskets"] is None
    # Too few peers, but at 12 months it is first of all not due.
    assert (gaps[6, "matched_baskets"].code, gaps[12, "matched_baskets"].code) == ("no_match", "not_due")


# --- matching -------------------------------------------------------------------------------------------------------------


def test_matched_peers_are_of_one_board_one_fifth_of_size_and_one_third_of_momentum():
    draws = np.random.default_rng(3)
    boards = np.array(["main"] * 300 + ["star"] * 150)
    traits = Traits(boards, draws.permutation(450).astype(float) + 1, draws.permutation(450).astype(float))
    groups = match_groups(traits, np.arange(450))
    for group in set(groups.tolist()):
        mine = np.flatnonzero(groups == group)
        assert len(set(boards[mine].tolist())) == 1
        board = np.flatnonzero(boards == boards[mine[0]])
        fifth = [sorted(traits.size[board]).index(traits.size[column]) * 5 // len(board) for column in mine]
        assert len(set(fifth)) == 1
        same = [
            column for column in board if sorted(traits.size[board]).index(traits.size[column]) * 5 // len(board) == fifth[0]
        ]
        third = [sorted(traits.momentum[same]).index(traits.momentum[column]) * 3 // len(same) for column in mine]
        assert len(set(third)) == 1
    assert {int((groups == group).sum()) for group in set(groups.tolist())} == {20, 10}


def test_too_few_peers_are_a_gap_and_not_a_figure(bundled, folder, universe):
    outcome = outcome_of(bundled, folder, {"b": ["600003", "600010"]})
    matched = [each for each in measure_placebo(outcome, universe, n=100, seed=1) if each.against == "matched_baskets"]
    # 90 stocks in 15 groups leave five peers at most.
    assert {each.gap.code for each in matched} == {"no_match"}
    assert all(each.percentile is None for each in matched)
    assert f"少于 {FEWEST_PEERS}" in matched[0].gap.text()


@pytest.mark.slow
def test_matched_baskets_hold_peers_of_each_member(bundled, tmp_path):
    folder = market(tmp_path, walks(600, seed=8))
    universe = load_universe(folder, benchmark="000300.SH", end=AS_OF)
    outcome = outcome_of(bundled, folder, {"b": ["600003", "600010"]})
    found = {
        each.against: each
        for each in measure_placebo(outcome, universe, n=4000, seed=1)
        if each.subject == "b" and each.horizon_months == 12
    }
    at, end = universe.position(outcome.base_date), universe.position(outcome.end_dates[12])
    groups = match_groups(measure_traits(universe, at), universe.alive(at))
    growth = universe.level[end] / universe.level[at]
    own = universe.columns(["600003.SH", "600010.SH"])
    pools = [np.setdiff1d(np.flatnonzero(groups == groups[column]), own) for column in own]
    assert all(len(pool) >= FEWEST_PEERS for pool in pools)
    draws = random.Random(2)
    baskets = []
    while len(baskets) < 8000:
        pair = [draws.choice(pool) for pool in pools]
        if pair[0] != pair[1]:
            baskets.append(growth[pair].mean())
    beaten = sum(each < growth[own].mean() for each in baskets) / len(baskets)
    assert found["matched_baskets"].percentile == pytest.approx(beaten, abs=0.03)
    assert found["matched_baskets"].matched == ("board", "size", "momentum")


def test_size_is_mean_turnover_of_twenty_sessions_and_momentum_six_months(universe, closes):
    at = universe.position(dt.date(2024, 4, 12))
    traits = measure_traits(universe, at)
    series = closes["600007"]
    column = universe.columns(["600007.SH"])[0]
    window = [series[day] * 1_000_000 for day in universe.sessions[at + 1 - SIZE_SESSIONS : at + 1]]
    assert traits.size[column] == pytest.approx(sum(window) / 20)
    # Six months before 12 April 2024 is 12 October 2023, a session.
    assert traits.momentum[column] == pytest.approx(
        series[np.datetime64("2024-04-12")] / series[np.datetime64("2023-10-12")] - 1
    )


# --- who is in the universe, and at what level ---------------------------------------------------------------------------


def test_b_shares_preferred_shares_and_funds_are_out_and_counted(tmp_path):
    closes = walks(40) | {code: dict.fromkeys(DAYS, 10.0) for code in ("900901", "200012", "140001", "510300", "159915")}
    universe = load_universe(market(tmp_path, closes), benchmark="000300.SH", end=AS_OF)
    assert universe.excluded == {"b_share": 2, "preferred": 1, "fund": 2}
    assert len(universe.symbols) == 40


def test_a_suspended_and_a_later_delisted_name_stay_in_at_their_last_price(tmp_path, bundled):
    closes = walks(40)
    halted, gone = "600001", "600002"
    closes[halted] = {
        day: price
        for day, price in closes[halted].items()
        if not np.datetime64("2024-04-08") <= day <= np.datetime64("2024-05-10")
    }
    closes[gone] = {day: price for day, price in closes[gone].items() if day <= np.datetime64("2024-09-30")}
    universe = load_universe(market(tmp_path, closes), benchmark="000300.SH", end=AS_OF)
    at = universe.position(dt.date(2024, 4, 12))
    assert {"600001.SH", "600002.SH"} <= {universe.symbols[column] for column in universe.alive(at)}
    columns = universe.columns(["600001.SH", "600002.SH"])
    assert universe.level[at, columns[0]] == closes[halted][np.datetime64("2024-04-03")]
    end = universe.position(dt.date(2025, 4, 14))
    assert universe.level[end, columns[1]] == closes[gone][np.datetime64("2024-09-30")]
    # After it left it can no longer be picked.
    assert columns[1] not in universe.alive(end)


def test_a_session_without_volume_is_no_trade(tmp_path):
    closes = walks(3)
    closes["600001"][np.datetime64("2024-04-12")] = 55.55
    universe = load_universe(market(tmp_path, closes, volumes={("600001", "2024-04-12"): 0}), benchmark="000300.SH", end=AS_OF)
    at = universe.position(dt.date(2024, 4, 12))
    assert universe.level[at, universe.columns(["600001.SH"])[0]] == closes["600001"][np.datetime64("2024-04-11")]


def levels_of(prices, code="600001.SH", last=None, sessions=None):
    days = DAYS[: len(prices)] if sessions is None else sessions
    close = np.array(prices, dtype=float)[:, None]
    end = len(prices) - 1 if last is None else last
    levels, steps = unadjusted_levels(close, days, [code], np.array([end]))
    return levels[:, 0].tolist(), steps


def test_a_fall_beyond_the_limit_is_an_ex_date_and_counts_as_unchanged():
    # 10转5 on the main board: 30 → 20 is −33%, so the level stays at 30; the later gain of 10% is kept.
    levels, steps = levels_of([30.0] * 7 + [20.0, 22.0])
    assert steps == 1
    assert levels == pytest.approx([30.0] * 7 + [30.0, 33.0])


def test_a_fall_within_the_limit_stays_whatever_it_was():
    levels, steps = levels_of([30.0] * 7 + [27.0, 27.0])
    assert steps == 0
    assert levels[-1] == 27.0


def test_a_star_stock_may_fall_twenty_per_cent():
    assert levels_of([30.0] * 7 + [25.0, 25.0], code="688001.SH")[1] == 0
    assert levels_of([30.0] * 7 + [23.9, 23.9], code="688001.SH")[1] == 1


def test_the_limit_is_in_whole_cents():
    # 1.05 × 0.9 = 0.945, which the exchange rounds to 0.95 at the half: 0.95 is allowed, 0.94 is not.
    assert levels_of([1.05] * 7 + [0.95])[1] == 0
    assert levels_of([1.05] * 7 + [0.94])[1] == 1


def test_the_first_five_closes_have_no_limit():
    assert levels_of([30.0, 20.0, 20.0, 13.0, 9.0])[1] == 0


def test_the_last_fall_of_a_stock_that_is_leaving_is_real():
    # It ends ten sessions before the data do: its delisting period opened without a limit.
    prices = [30.0] * 60 + [10.0] * 10 + [float("nan")] * 10
    levels, steps = levels_of(prices, last=69)
    assert steps == 0
    assert levels[69] == 10.0


def test_wrong_values_of_the_market_file_are_refused_with_their_row(tmp_path):
    closes = walks(3)
    closes["600001"][np.datetime64("2024-04-12")] = -1.0
    with pytest.raises(PriceProblems) as caught:
        load_universe(market(tmp_path, closes), benchmark="000300.SH", end=AS_OF)
    assert [(each.field, each.code, each.value) for each in caught.value.problems] == [("close", "price_not_positive", "-1.0")]


def test_a_date_twice_is_refused(tmp_path):
    folder = market(tmp_path, walks(3))
    frame = pd.read_parquet(folder / "market_close.parquet")
    pd.concat([frame, frame.iloc[[5]]]).to_parquet(folder / "market_close.parquet", index=False)
    with pytest.raises(PriceProblems) as caught:
        load_universe(folder, benchmark="000300.SH", end=AS_OF)
    assert [each.code for each in caught.value.problems] == ["date_twice"]


def test_a_folder_without_a_market_file_is_no_universe(tmp_path):
    with pytest.raises(UsageError, match=r"market_close\.parquet"):
        load_universe(tmp_path, benchmark="000300.SH", end=AS_OF)


def test_an_end_date_beyond_the_data_is_no_end():
    sessions = DAYS[np.datetime64("2025-04-11") >= DAYS]
    ends = horizon_ends(load_calendar(), sessions, 12)
    assert ends[np.searchsorted(sessions, np.datetime64("2024-04-11"))] == len(sessions) - 1
    # 12 April 2025 is a Saturday: its last session is Friday the 11th, which the data have.
    assert ends[np.searchsorted(sessions, np.datetime64("2024-04-12"))] == len(sessions) - 1
    assert ends[np.searchsorted(sessions, np.datetime64("2024-04-15"))] == -1


# --- the real market ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_where_only_shanghai_is_alive_the_result_says_so(bundled, market_folder):
    thesis, scale = bundled
    outcome = check_outcome(thesis, scale, FolderSource(market_folder), as_of=AS_OF, today=AS_OF)
    universe = load_universe(market_folder, benchmark="000300.SH", end=AS_OF)
    found = {
        (each.subject, each.horizon_months, each.against): each for each in measure_placebo(outcome, universe, n=2000, seed=0)
    }
    basket = found["all", 12, "baskets"]
    # 2,294 rows on 12 April 2024, of which 43 are B shares; the three Shenzhen names begin on 2024-07-19.
    assert basket.universe_size == 2251
    assert set(basket.left_out) == {"301165.SZ", "002281.SZ", "300442.SZ"}
    assert any(note.code == "placebo_exchange_absent" and note.params["exchange"] == "SZ" for note in basket.basis)
    assert found["300442.SZ", 12, "baskets"].gap.code == "no_data"
    # 12 months of dividends: operators 4.8 pp, all eleven names 2.3 pp.
    assert round(found["operators", 12, "baskets"].dividends * 100, 1) == 4.8
    assert round(basket.dividends * 100, 1) == 2.3


@pytest.mark.slow
def test_the_command_adds_the_placebo_to_its_json(market_folder):
    asked = ("--placebo", 200, "--universe", market_folder, "--seed", 3)
    ran = run_screener("outcome", "--prices", market_folder, "--as-of", AS_OF, "--json", *asked)
    assert ran.code == 3
    rows = ran.json["placebo"]
    assert {
        "subject",
        "n",
        "horizon_months",
        "universe_size",
        "size",
        "percentile",
        "share_beaten",
        "matched",
        "seed",
        "excluded",
        "basis",
    } <= set(rows[0])
    baskets = [each for each in rows if each["subject"] == "operators" and each["against"] == "baskets"]
    assert [(each["horizon_months"], each["n"], each["size"], each["seed"]) for each in baskets] == [
        (6, 200, 3, 3),
        (9, 200, 3, 3),
        (12, 200, 3, 3),
    ]
    assert "2024-07-19" in baskets[0]["basis"]
    assert "no_data" in {each["code"] for each in ran.json["gaps"]}


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--placebo", 0), ("--universe", "."), ("--placebo", 10, "--published", "2024-06-03")])
def test_a_question_that_no_market_can_answer_is_refused(options):
    assert run_screener("outcome", *options).code == 2
