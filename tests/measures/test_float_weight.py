"""Float-cap weight: what each member weighs and what holding that earns, against arithmetic done by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.measures.baskets import measure
from screener.measures.quotes import Market, build_market
from screener.measures.weights import float_weights, measure_float_cap
from screener.prices.adjust import assemble_prices
from screener.prices.prices import EMPTY_ACTIONS, FIELDS, Prices
from screener.terms.notes import Gap
from screener.terms.sessions import load_calendar, session_axis

AXIS = session_axis(dt.date(2024, 6, 3), dt.date(2024, 6, 7))  # a Monday to its Friday
DAYS = [day.date() for day in AXIS]
A, B, C = "600941.SH", "600050.SH", "601728.SH"
CLOSES = {A: [10.0, 12.0, 12.0], B: [20.0, 20.0, 22.0], C: [5.0, 5.0, 5.0]}
COUNTS = {A: {0: 100.0}, B: {0: 200.0}, C: {0: 400.0}}


def prices(closes, counts, actions=()) -> Prices:
    """Closes on consecutive sessions from Monday (None = not traded), counts by session from which they hold."""
    axis = AXIS[: max(map(len, closes.values()))]
    bars = {
        symbol: pd.DataFrame({"close": np.array(own, dtype=float)}, index=axis).reindex(columns=list(FIELDS))
        for symbol, own in closes.items()
    }
    rows = [(symbol, pd.Timestamp(DAYS[at]), count) for symbol, own in counts.items() for at, count in own.items()]
    frame = pd.DataFrame(
        [(symbol, pd.Timestamp(DAYS[at]), *how) for symbol, at, *how in actions], columns=EMPTY_ACTIONS.columns
    )
    return assemble_prices(
        bars,
        {symbol: own["close"].isna() for symbol, own in bars.items()},
        symbols=list(closes),
        axis=axis,
        calendar=load_calendar(),
        actions=frame.astype(EMPTY_ACTIONS.dtypes),
        listings=pd.DataFrame(columns=["name", "listed", "delisted"]),
        kind="folder",
        name="test",
        gaps={},
        breaks={},
        shares=pd.DataFrame(rows, columns=["symbol", "date", "float_shares"]).astype({"date": "datetime64[s]"}),
    )


def market(closes=None, counts=None, actions=()) -> Market:
    return build_market(prices(closes or CLOSES, COUNTS if counts is None else counts, actions))


def earned(found: Market, members=(A, B, C), start=0, end=2, base=None, series="price"):
    days = {"start": DAYS[start], "end": DAYS[end], "base": None if base is None else DAYS[base]}
    return measure_float_cap(found, members, series=series, **days)


def test_a_weight_is_close_times_float_shares_over_the_sum():
    # 10 × 100, 20 × 200, 5 × 400: 1000, 4000 and 2000 of 7000.
    assert float_weights(market(), (A, B, C), DAYS[0]) == pytest.approx({A: 1 / 7, B: 4 / 7, C: 2 / 7}, abs=1e-15)


def test_the_return_is_the_weighted_sum_of_the_members():
    # +20% of 1/7, +10% of 4/7, 0% of 2/7.
    assert earned(market()).value == pytest.approx(0.6 / 7, abs=1e-15)


def test_a_later_period_of_the_held_basket_starts_from_drifted_weights():
    # Worth 1200 + 4000 + 2000 at its start, 1200 + 4400 + 2000 at its end.
    found = earned(market(), base=0, start=1)
    assert found.value == pytest.approx(400 / 7200, abs=1e-15)
    assert [member.contribution for member in found.members] == pytest.approx([0, 400 / 7200, 0], abs=1e-15)


def test_a_split_after_the_base_date_changes_neither_weight_nor_return():
    # 1 share at 10 becomes 2 at 6: still +20%; the doubled count of that day is not the base date's.
    split = market({**CLOSES, A: [10.0, 6.0, 6.0]}, {**COUNTS, A: {0: 100.0, 1: 200.0}}, [(A, 1, 0.0, 2.0)])
    assert earned(split).value == pytest.approx(0.6 / 7, abs=1e-15)


def test_a_suspended_member_weighs_by_its_last_close_and_the_count_of_that_day():
    # A stops after Monday's 10.00 and goes ex 2 for 1 on Tuesday: 10 × 100 against 20 × 200, not 10 × 200.
    stopped = market(
        {A: [10.0, None, 6.0], B: [20.0, 20.0, 22.0]}, {A: {0: 100.0, 1: 200.0}, B: {0: 200.0}}, [(A, 1, 0.0, 2.0)]
    )
    assert float_weights(stopped, (A, B), DAYS[1]) == pytest.approx({A: 0.2, B: 0.8}, abs=1e-15)
    found = earned(stopped, (A, B), start=1)
    assert found.value == pytest.approx(0.2 * 0.2 + 0.8 * 0.1, abs=1e-15)
    assert "suspended" in found.flags


def test_a_member_without_a_count_is_a_gap_of_the_whole_that_names_it():
    for counts in ({A: {0: 100.0}, B: {0: 200.0}}, {**COUNTS, C: {1: 400.0}}, {**COUNTS, C: {0: float("nan")}}):
        gap = earned(market(counts=counts)).gap
        assert (gap.code, gap.reason, gap.params["symbols"]) == ("no_data", "no_float_shares", C)
        assert float_weights(market(counts=counts), (A, B, C), DAYS[0]) == gap
        assert C in gap.text("zh")
    assert earned(market(counts={A: {0: 100.0}}), base=0, start=1).gap.params == {"symbols": f"{B}, {C}", "day": DAYS[0]}


def test_a_member_without_a_price_at_the_start_is_a_gap_although_equal_weight_leaves_it_out():
    late = market({**CLOSES, C: [None, 5.0, 5.0]})
    assert measure(late, (A, B, C), series="price", start=DAYS[0], end=DAYS[2]).left_out == (C,)
    for gap in (earned(late).gap, float_weights(late, (A, B, C), DAYS[0])):
        assert isinstance(gap, Gap)
        assert (gap.code, gap.params["symbol"]) == ("no_data", C)


def test_a_source_without_counts_says_so():
    assert earned(market(counts={})).gap.reason == "no_share_counts"
    assert float_weights(market(counts={}), (A, B, C), DAYS[0]).text("en") == "the source has no share counts"


def test_a_count_holds_from_its_date_until_the_next():
    found = prices(CLOSES, {A: {1: 300.0, 0: 100.0}})
    assert [found.float_shares_on(A, day) for day in (dt.date(2024, 6, 2), *DAYS[:2], dt.date(2030, 1, 1))] == [
        None,
        100.0,
        300.0,
        300.0,
    ]
    assert found.float_shares_on(B, DAYS[0]) is None


def test_what_is_counted_later_is_cut_off_and_only_counts_that_are_there_enter_the_hash():
    found = prices(CLOSES, {A: {0: 100.0, 2: 300.0}})
    cut = found.cut(DAYS[1])
    assert cut.float_shares_on(A, DAYS[2]) == 100.0
    assert cut.sha256 == prices({symbol: own[:2] for symbol, own in CLOSES.items()}, {A: {0: 100.0}}).sha256
    assert found.sha256 != replace(found, shares=found.shares.iloc[:1]).sha256
    assert found.sha256 == replace(found, shares=found.shares.iloc[::-1]).sha256
    without = prices(CLOSES, {})
    assert without.sha256 == replace(found, shares=found.shares.iloc[:0]).sha256 != found.sha256


CLOSE, COUNT = st.floats(0.5, 500), st.floats(1e3, 1e11)
BASKETS = st.lists(st.tuples(CLOSE, CLOSE, CLOSE, COUNT), min_size=1, max_size=3)


def drawn(basket, counts=None) -> tuple[Market, tuple[str, ...]]:
    members = (A, B, C)[: len(basket)]
    closes = {symbol: list(row[:3]) for symbol, row in zip(members, basket, strict=True)}
    own = counts or [row[3] for row in basket]
    return market(closes, {symbol: {0: count} for symbol, count in zip(members, own, strict=True)}), members


@settings(deadline=None)
@given(BASKETS)
def test_weights_add_up_and_the_return_is_their_mean_of_the_members(basket):
    found, members = drawn(basket)
    weights = float_weights(found, members, DAYS[0])
    assert sum(weights.values()) == pytest.approx(1, abs=1e-12)
    expected = sum(weights[symbol] * (row[2] / row[0] - 1) for symbol, row in zip(members, basket, strict=True))
    assert earned(found, members).value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.slow
@settings(deadline=None)
@given(BASKETS, st.floats(1e-3, 1e3))
def test_every_count_times_a_constant_changes_nothing(basket, factor):
    (one, members), (other, _) = drawn(basket), drawn(basket, [row[3] * factor for row in basket])
    assert earned(other, members, base=0, start=1).value == pytest.approx(
        earned(one, members, base=0, start=1).value, rel=1e-9, abs=1e-12
    )


@pytest.mark.slow
@settings(deadline=None)
@given(BASKETS)
def test_members_of_equal_market_value_are_the_equal_weight_basket(basket):
    found, members = drawn(basket, [1e9 / row[0] for row in basket])
    equal = measure(found, members, series="price", start=DAYS[1], end=DAYS[2], base=DAYS[0])
    assert earned(found, members, base=0, start=1).value == pytest.approx(equal.value, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(BASKETS, COUNT)
def test_later_counts_never_change_an_earlier_figure_nor_does_the_order_of_rows(basket, later):
    found, members = drawn(basket)
    more = pd.DataFrame({"symbol": [members[0]], "date": [pd.Timestamp(DAYS[2])], "float_shares": [later]})
    shares = pd.concat([found.prices.shares, more.astype({"date": "datetime64[s]"})], ignore_index=True)
    for changed in (shares, shares.iloc[::-1]):
        other = build_market(replace(found.prices, shares=changed))
        assert float_weights(other, members, DAYS[1]) == float_weights(found, members, DAYS[1])
        assert earned(other, members).value == earned(found, members).value
