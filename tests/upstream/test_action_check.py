"""Two lists of corporate actions and a vendor's adjusted prices: what agrees, what does not, worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from screener.prices.adjust import action_breaks
from screener.upstream.actions import check_actions

DAYS = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"]
EX = dt.date(2025, 3, 5)


def closes(*values: float, days=DAYS) -> pd.DataFrame:
    return pd.DataFrame({"session": pd.to_datetime(list(days)), "close": list(values)})


def actions(*rows: tuple[str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["ex_date", "cash_per_share", "split_ratio"])
    return frame.assign(ex_date=pd.to_datetime(frame["ex_date"]).astype("datetime64[s]")).astype(
        {"cash_per_share": float, "split_ratio": float}
    )


# Closes of 20.00, 20.50, then 1.00 in cash per share goes ex: the reference is 19.50, the close 19.80.
RAW = closes(20.00, 20.50, 19.80, 19.90)
PAID = actions(("2025-03-05", 1.0, 1.0))
BY_RATIO = closes(19.02, 19.50, 19.80, 19.90)  # × 19.5 / 20.5
BY_SUBTRACTION = closes(19.00, 19.50, 19.80, 19.90)  # less 1.00


@pytest.mark.parametrize("adjusted", [BY_RATIO, BY_SUBTRACTION])
def test_a_dividend_that_all_agree_on_passes_whichever_way_the_vendor_adjusts(adjusted):
    checked = check_actions({"a": PAID, "b": PAID}, symbol="600498.SH", raw=RAW, adjusted=adjusted)
    assert checked.mismatches == {}
    assert checked.actions["source"].tolist() == ["a+b"]
    assert checked.checked == ("a", "b", "adjusted")


@pytest.mark.parametrize("adjusted", [BY_RATIO, BY_SUBTRACTION])
def test_a_dividend_on_no_list_shows_in_the_step_and_breaks_the_total_series_alone(adjusted):
    checked = check_actions({"a": actions()}, symbol="600498.SH", raw=RAW, adjusted=adjusted)
    assert list(checked.mismatches) == [EX]
    assert "-1.0" in checked.mismatches[EX].text("zh")
    both, total = action_breaks(checked.actions.assign(symbol="600498.SH"))
    assert both == {}
    assert list(total["600498.SH"]) == [EX]


def test_a_vendor_that_subtracts_is_recognised_over_a_wide_range_of_prices():
    raw = closes(60.00, 41.00, 20.50, 19.80, days=["2025-02-28", *DAYS[:3]])
    adjusted = closes(59.00, 40.00, 19.50, 19.80, days=["2025-02-28", *DAYS[:3]])  # by ratio they would be 57.07 and 39.00
    assert check_actions({"a": PAID}, symbol="x", raw=raw, adjusted=adjusted).mismatches == {}
    assert list(check_actions({"a": actions()}, symbol="x", raw=raw, adjusted=adjusted).mismatches) == [EX]


def test_a_wrong_amount_on_both_lists_shows_in_the_step():
    wrong = actions(("2025-03-05", 0.5, 1.0))
    checked = check_actions({"a": wrong, "b": wrong}, symbol="x", raw=RAW, adjusted=BY_RATIO)
    assert list(checked.mismatches) == [EX]
    assert math.isnan(checked.actions["cash_per_share"].iloc[0])


def test_a_split_on_both_lists_passes_and_on_none_breaks_both_series():
    raw = closes(28.00, 28.70, 20.60, 20.70)  # 10转4: 28.70 / 1.4 = 20.50
    adjusted = closes(20.00, 20.50, 20.60, 20.70)
    split = actions(("2025-03-05", 0.0, 1.4))
    assert check_actions({"a": split, "b": split}, symbol="x", raw=raw, adjusted=adjusted).mismatches == {}
    unseen = check_actions({"a": actions(), "b": actions()}, symbol="x", raw=raw, adjusted=adjusted)
    both, _ = action_breaks(unseen.actions.assign(symbol="x"))
    assert list(both["x"]) == [EX]


def test_amounts_that_differ_on_two_lists_are_a_mismatch_that_says_who_says_what():
    checked = check_actions({"a": PAID, "b": actions(("2025-03-05", 0.9, 1.0))}, symbol="x", raw=RAW, adjusted=None)
    assert "a: 1 CNY × 1; b: 0.9 CNY × 1" in checked.mismatches[EX].text("en")
    assert checked.actions["split_ratio"].tolist() == [1.0]
    assert checked.actions["cash_per_share"].isna().all()


def test_ratios_that_differ_break_both_series():
    lists = {"a": actions(("2025-03-05", 0.1, 1.3)), "b": actions(("2025-03-05", 0.1, 1.4))}
    checked = check_actions(lists, symbol="x", raw=RAW, adjusted=None)
    assert checked.actions[["cash_per_share", "split_ratio"]].isna().all(axis=None)


def test_amounts_that_differ_by_rounding_per_ten_shares_agree():
    lists = {"a": actions(("2025-03-05", 0.09585, 1.0)), "b": actions(("2025-03-05", 0.0959, 1.0))}
    checked = check_actions(lists, symbol="x", raw=RAW, adjusted=None)
    assert checked.mismatches == {}
    assert checked.actions["cash_per_share"].tolist() == [0.09585]  # the preferred source's


def test_a_rights_issue_that_one_list_has_stays_an_action_of_unknown_kind():
    lists = {"a": actions(), "b": actions(("2025-03-05", 0.0, math.nan))}
    checked = check_actions(lists, symbol="x", raw=RAW, adjusted=BY_RATIO)
    assert checked.mismatches == {}
    assert checked.actions["split_ratio"].isna().all()


def test_one_list_and_no_adjusted_prices_are_said_to_be_unchecked():
    checked = check_actions({"a": PAID}, symbol="x", raw=RAW, adjusted=None)
    assert checked.checked == ("a",)
    assert checked.actions["cash_per_share"].tolist() == [1.0]


def test_an_action_on_a_suspended_day_acts_on_the_last_close_before_it():
    raw, adjusted = (
        closes(20.00, 20.50, 19.80, days=[*DAYS[:2], "2025-03-10"]),
        closes(19.02, 19.50, 19.80, days=[*DAYS[:2], "2025-03-10"]),
    )
    assert check_actions({"a": PAID}, symbol="x", raw=raw, adjusted=adjusted).mismatches == {}


def test_a_drift_of_a_factor_by_three_hundredths_of_a_percent_is_no_event():
    raw = closes(105.00, 105.20, 105.10, 105.30)
    adjusted = closes(104.97, 105.17, 105.10, 105.30)
    assert check_actions({"a": actions()}, symbol="x", raw=raw, adjusted=adjusted).mismatches == {}


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@example(prices=[500, 1190, 2999, 501, *[500] * 8], paid=[(2, 1, 1.0), (4, 0, 2.0)], by_ratio=True)
@given(
    prices=st.lists(st.integers(500, 20_000), min_size=12, max_size=12),
    paid=st.lists(
        st.tuples(st.integers(1, 10), st.integers(0, 40), st.sampled_from([1.0, 1.2, 1.4, 2.0])),
        max_size=3,
        unique_by=lambda each: each[0],
    ),
    by_ratio=st.booleans(),
)
def test_a_complete_list_never_raises_an_alarm(prices, paid, by_ratio):
    """Random closes, up to three actions worth at most 40% of the lowest price; adjusted by the textbook, then rounded."""
    days = [f"2025-03-{day:02d}" for day in range(1, 13)]
    raw = [price / 100 for price in prices]
    cash = {at: (min(raw) * percent / 100, ratio) for at, percent, ratio in paid}
    adjusted = []
    for at, close in enumerate(raw):
        level = close
        for ex in sorted(each for each in cash if each > at):
            amount, ratio = cash[ex]
            level = level * (raw[ex - 1] - amount) / ratio / raw[ex - 1] if by_ratio else (level - amount) / ratio
        adjusted.append(round(level, 2))
    known = actions(*((days[at], amount, ratio) for at, (amount, ratio) in sorted(cash.items())))
    checked = check_actions({"a": known}, symbol="x", raw=closes(*raw, days=days), adjusted=closes(*adjusted, days=days))
    assert checked.mismatches == {}


@pytest.mark.parametrize(
    "code", ["600941", "600050", "601728", "301165", "688205", "300442", "002281", "600498", "688313", "688498", "688702"]
)
def test_real_actions_agree_with_a_real_vendors_adjusted_closes(market_folder, code):
    raw, adjusted, found = real(market_folder, code)
    assert check_actions({"a": found, "b": found}, symbol=code, raw=raw, adjusted=adjusted).mismatches == {}


@pytest.mark.parametrize("code", ["600941", "600050", "601728", "301165", "688205", "300442", "002281", "600498", "688313"])
def test_any_real_dividend_that_is_left_out_is_found_to_the_day(market_folder, code):
    raw, adjusted, found = real(market_folder, code)
    inside = found[found["ex_date"] <= raw["session"].max()]
    assert len(inside)
    for at, day in inside["ex_date"].items():
        checked = check_actions({"a": found.drop(index=at)}, symbol=code, raw=raw, adjusted=adjusted)
        assert list(checked.mismatches) == [day.date()]


def real(folder, code: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    def read(kind: str) -> pd.DataFrame:
        frame = pd.read_csv(folder / kind / f"{code}.csv").query("date >= '2024-01-02'")
        return closes(*frame["close"], days=frame["date"])

    with (folder / "actions.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["code"] == code]
    found = actions(*((row["ex_date"], float(row["cash_per_share"]), float(row["split_ratio"])) for row in rows))
    return read("raw"), read("qfq"), found.sort_values("ex_date", ignore_index=True)
