from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.prices.adjust import adjusted_levels, assemble_prices
from screener.prices.prices import EMPTY_ACTIONS, Prices
from screener.terms.sessions import load_calendar, session_axis

START = dt.date(2024, 6, 3)  # a Monday; ten sessions to 2024-06-17, the 10th being the Dragon Boat holiday
AXIS = session_axis(START, dt.date(2024, 6, 17))
SYMBOL = "600941.SH"


def make_prices(closes: list[float | None], actions: list[tuple[str, float, float]] = ()) -> Prices:
    """One stock's closes on consecutive sessions from START; actions as (ex-date, cash, split ratio)."""
    axis = AXIS[: len(closes)]
    bars = pd.DataFrame({"close": [np.nan if close is None else close for close in closes]}, index=axis)
    frame = pd.DataFrame(
        [(SYMBOL, pd.Timestamp(day), cash, ratio) for day, cash, ratio in actions], columns=EMPTY_ACTIONS.columns
    ).astype(EMPTY_ACTIONS.dtypes)
    return assemble_prices(
        {SYMBOL: bars.reindex(columns=["open", "high", "low", "close", "volume", "amount"])},
        {SYMBOL: pd.Series(False, index=axis)},
        symbols=[SYMBOL],
        axis=axis,
        calendar=load_calendar(),
        actions=frame,
        listings=pd.DataFrame(columns=["name", "listed", "delisted"]),
        kind="folder",
        name="test",
        gaps={},
        breaks={},
    )


def levels(prices: Prices, series: str) -> list[float]:
    return adjusted_levels(prices, series)[SYMBOL].round(10).tolist()


def test_a_bonus_issue_with_cash_is_undone_by_hand_arithmetic():
    # 20.00, then 1.00 cash and 10 for 20: ex reference (20 − 1) / 2 = 9.50, and it closes there.
    prices = make_prices([20.0, 9.5, 10.45], [("2024-06-04", 1.0, 2.0)])
    assert levels(prices, "total") == [20.0, 20.0, 22.0]  # unchanged, then +10%
    assert levels(prices, "price") == [20.0, 19.0, 20.9]  # the cash is lost, the split is not


def test_without_actions_both_series_are_the_raw_close():
    prices = make_prices([5.0, 5.5, 4.4])
    assert levels(prices, "price") == levels(prices, "total") == [5.0, 5.5, 4.4]


def test_an_action_on_or_before_the_first_day_changes_nothing():
    prices = make_prices([10.0, 11.0], [("2024-06-03", 5.0, 3.0), ("2024-05-20", 1.0, 2.0)])
    assert levels(prices, "total") == [10.0, 11.0]


def test_an_ex_date_inside_a_suspension_acts_on_the_last_close_before_it():
    # Suspended on the 4th and 5th, ex on the 4th (10 for 20), back at half the price on the 6th.
    prices = make_prices([20.0, None, None, 10.0], [("2024-06-04", 0.0, 2.0)])
    assert levels(prices, "total") == [20.0, 20.0, 20.0, 20.0]


def test_an_ex_date_on_a_holiday_acts_on_the_next_session():
    # 2024-06-10 was a holiday: the step shows on the 11th, the sixth session.
    prices = make_prices([10.0] * 5 + [5.0], [("2024-06-10", 0.0, 2.0)])
    assert levels(prices, "price")[-1] == 10.0


def test_two_actions_multiply():
    prices = make_prices([20.0, 10.0, 5.0], [("2024-06-04", 0.0, 2.0), ("2024-06-05", 0.0, 2.0)])
    assert levels(prices, "price") == [20.0, 20.0, 20.0]


def test_the_level_before_the_first_close_is_unknown():
    assert np.isnan(adjusted_levels(make_prices([None, 8.0]), "price")[SYMBOL].iloc[0])


def test_a_rights_issue_breaks_both_series_and_unknown_cash_only_the_total():
    prices = make_prices([10.0, 9.0, 9.0], [("2024-06-04", 0.0, np.nan), ("2024-06-05", np.nan, 1.0)])
    assert list(prices.breaks[SYMBOL]) == [dt.date(2024, 6, 4)]
    assert list(prices.total_breaks[SYMBOL]) == [dt.date(2024, 6, 5)]


CLOSES = st.lists(st.floats(1, 500), min_size=3, max_size=10)


@given(CLOSES, st.floats(0.01, 100))
def test_prices_times_a_constant_change_no_return(closes, factor):
    actions = [("2024-06-04", 0.5, 1.4)]
    scaled = [("2024-06-04", 0.5 * factor, 1.4)]
    own = adjusted_levels(make_prices(closes, actions), "total")[SYMBOL].pct_change().dropna()
    other = adjusted_levels(make_prices([close * factor for close in closes], scaled), "total")[SYMBOL].pct_change().dropna()
    assert np.allclose(own, other, rtol=1e-9, atol=1e-12)


@given(CLOSES)
def test_later_prices_never_change_an_earlier_level(closes):
    actions = [("2024-06-04", 0.3, 1.2), ("2024-06-05", 0.1, 1.0)]
    whole = make_prices(closes, actions)
    for end in range(1, len(closes)):
        part = adjusted_levels(whole.cut(AXIS[end].date()), "total")
        assert part[SYMBOL].tolist() == adjusted_levels(whole, "total")[SYMBOL].tolist()[: end + 1]


def test_the_hash_depends_on_what_is_seen_and_on_nothing_else():
    prices = make_prices([10.0, 11.0, 12.0], [("2024-06-05", 0.1, 1.0)])
    same = make_prices([10.0, 11.0], [])
    assert prices.sha256 == make_prices([10.0, 11.0, 12.0], [("2024-06-05", 0.1, 1.0)]).sha256
    assert prices.cut(AXIS[1].date()).sha256 == same.sha256
    assert prices.sha256 != make_prices([10.0, 11.0, 12.01], [("2024-06-05", 0.1, 1.0)]).sha256


def test_a_real_split_does_not_show_in_the_total_series(bundled, market_folder):
    from screener.sources.folder_source import FolderSource

    prices = FolderSource(market_folder).load(["301165.SZ"], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, 4))
    raw = prices.close["301165.SZ"]
    assert raw.iloc[1] / raw.iloc[0] - 1 == pytest.approx(-0.28, abs=0.02)  # 10 for 14 in the raw close
    day = adjusted_levels(prices, "total")["301165.SZ"]
    expected = raw.iloc[1] / ((raw.iloc[0] - 0.6) / 1.4) - 1
    assert day.iloc[1] / day.iloc[0] - 1 == pytest.approx(expected, abs=1e-12)
