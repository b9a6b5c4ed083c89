from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.prices.limits import limit_on, limit_prices, reference_price
from screener.terms.symbols import stock_symbol


@pytest.mark.parametrize(
    ("reference", "percent", "low", "high"),
    [
        (10.00, 10, 9.00, 11.00),
        (1.05, 10, 0.95, 1.16),  # 0.945 and 1.155, half a cent upwards
        (20.15, 20, 16.12, 24.18),
        (3.33, 5, 3.16, 3.50),  # 3.1635 and 3.4965
        (15.25, 30, 10.68, 19.83),  # 10.675 and 19.825
    ],
)
def test_limits_are_rounded_to_the_cent_as_the_exchange_does(reference, percent, low, high):
    assert limit_prices(reference, percent) == (low, high)


def test_shanghai_b_shares_move_in_tenths_of_a_cent():
    assert limit_prices(0.233, 10, 0.001) == (0.210, 0.256)


@pytest.mark.parametrize(
    ("board", "day", "percent", "free"),
    [
        ("main", "2022-06-01", 10, 1),
        ("main", "2023-04-10", 10, 5),
        ("chinext", "2020-08-21", 10, 1),
        ("chinext", "2020-08-24", 20, 5),
        ("star", "2024-01-02", 20, 5),
        ("bse", "2024-01-02", 30, 1),
    ],
)
def test_limits_are_dated(board, day, percent, free):
    rule = limit_on(board, dt.date.fromisoformat(day))
    assert rule is not None
    assert (rule.percent, rule.free_sessions) == (percent, free)


def test_an_index_and_hong_kong_have_no_limit():
    assert limit_on("none", dt.date(2024, 1, 2)) is None
    assert limit_on("hk", dt.date(2024, 1, 2)) is None


def test_the_reference_on_an_ex_date_is_the_ex_right_close():
    # 锐捷网络 2025-06-04: 0.60 CNY and 10 for 14 shares; (67.41 − 0.60) / 1.4 = 47.7214…
    assert reference_price(67.41, 0.60, 1.4) == 47.72


@given(st.integers(10, 200_000), st.sampled_from([5, 10, 20, 30]))
def test_a_close_within_the_plain_percentage_is_never_beyond_the_limit(cents, percent):
    low, high = limit_prices(cents / 100, percent)
    assert low <= round(cents * (100 - percent) / 10_000 + 0.005, 2)
    assert high >= int(cents * (100 + percent) / 100) / 100


@pytest.mark.slow
def test_no_real_rise_after_the_fifth_session_is_beyond_its_limit(market_folder):
    rows = pd.read_parquet(market_folder / "market_close.parquet")
    rows = rows[rows["volume"] > 0].sort_values(["code", "date"])
    rows["previous"] = rows.groupby("code")["close"].shift(1)
    rows["session"] = rows.groupby("code").cumcount()
    rises = rows[(rows["close"] / rows["previous"] > 1.0999) & (rows["session"] >= 5)]
    rises = rises[rises["code"].str.startswith(("60", "00", "30", "68"))]
    beyond = [
        (code, day)
        for code, day, close, previous in rises[["code", "date", "close", "previous"]].itertuples(index=False)
        for rule in [limit_on(stock_symbol(code).board, pd.Timestamp(day).date())]
        if rule is not None and close > limit_prices(previous, rule.percent)[1] + 0.005
    ]
    assert len(rises) > 15_000
    assert beyond == []
