"""What a fetched series must satisfy before it is stored, each fault with the answer it must get."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screener.prices.bars import Listing
from screener.terms.symbols import parse_symbol
from screener.upstream.asking.door import Admitted, Asked, Refusal, admit, join
from tests.stored import small_bars

LEFT = "600498.SH"
NO_ACTIONS = pd.DataFrame({"ex_date": pd.to_datetime([]), "cash_per_share": np.array([]), "split_ratio": np.array([])})
# Tue 2025-03-04 to Mon 2025-03-10, five sessions, by hand.
DAYS = ["2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07", "2025-03-10"]


def frame(closes=(20.0, 20.2, 20.1, 20.4, 20.3), days=DAYS, *, name="", **columns):
    """A fetched stock series: flat bars, 1000 shares."""
    rows = pd.DataFrame({"session": pd.to_datetime(list(days)).astype("datetime64[s]")})
    for column in ("open", "high", "low", "close"):
        rows[column] = [float(close) for close in closes]
    rows["volume"], rows["amount"] = 1000.0, [1000.0 * close for close in closes]
    rows = rows.assign(**columns)
    rows.attrs = {"name": name, "asked_as": LEFT}
    return rows


def asked(symbol=LEFT, *, finished="2025-03-10", today="2025-03-10", **changes):
    start, end = dt.date(2025, 3, 4), dt.date.fromisoformat(finished)
    base = Asked(parse_symbol(symbol), "eastmoney", start, end, end, dt.date.fromisoformat(today), NO_ACTIONS, Listing())
    return replace(base, **changes)


def without_trade(series):
    return series.assign(volume=np.nan, amount=np.nan)


def refused(series, request):
    answer = admit(series, request)
    assert isinstance(answer, Refusal)
    return answer


def test_a_sound_series_is_let_in_as_it_came():
    answer = admit(frame(), asked())
    assert isinstance(answer, Admitted)
    assert answer.rows["close"].tolist() == [20.0, 20.2, 20.1, 20.4, 20.3]
    assert answer.notes == ()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("close", -20.1, "price_not_positive"),
        ("close", 0.0, "price_not_positive"),
        ("open", 19.0, "outside_low_high"),
        ("volume", -1000.0, "volume_negative"),
        ("volume", 0.5, "volume_fraction"),
        ("amount", 2_010_000.0, "amount_identity"),
    ],
)
def test_one_faulty_cell_keeps_the_whole_series_out_and_is_named(column, value, code):
    series = frame()
    series.loc[2, column] = value
    answer = refused(series, asked())
    assert answer.code == "door_rows"
    assert code in {problem.code for problem in answer.problems}
    assert all(problem.line == 3 for problem in answer.problems if problem.code == code)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_close_that_is_blank_or_infinite_keeps_the_series_out(value):
    series = frame()
    series.loc[2, "close"] = value
    assert refused(series, asked()).code == "door_rows"


def test_a_series_a_hundred_times_too_large_is_refused_even_when_amounts_fit():
    series = frame([100 * close for close in (20.0, 20.2, 20.1, 20.4, 20.3)])
    known = pd.Series([20.0, 20.2], index=pd.to_datetime(["2025-03-04", "2025-03-05"]).astype("datetime64[s]"))
    answer = refused(series, asked(levels=known))
    assert (answer.code, answer.params["factor"]) == ("door_level", "100")


def test_a_weekend_is_refused_and_a_padded_holiday_is_left_out_with_a_note():
    assert refused(frame((20.0, 20.2), ("2025-03-07", "2025-03-08")), asked()).problems[0].code == "weekend"
    days = ("2025-01-27", "2025-01-28", "2025-02-05")
    answer = admit(frame((20.0, 20.0, 20.1), days), asked(start=dt.date(2025, 1, 27)))
    assert isinstance(answer, Admitted)
    assert [f"{day:%m-%d}" for day in answer.rows["session"]] == ["01-27", "02-05"]
    assert [note.code for note in answer.notes] == ["dropped_holiday"]


def test_an_exact_duplicate_is_left_out_and_two_values_for_one_day_are_refused():
    days = (*DAYS[:2], DAYS[1])
    assert len(admit(frame((20.0, 20.2, 20.2), days), asked()).rows) == 2
    assert refused(frame((20.0, 20.2, 20.3), days), asked()).problems[0].code == "date_twice"


def test_a_bar_of_today_before_the_safe_time_is_not_stored():
    answer = admit(frame(), asked(finished="2025-03-07", today="2025-03-10"))
    assert [f"{day:%m-%d}" for day in answer.rows["session"]] == ["03-04", "03-05", "03-06", "03-07"]
    assert [note.code for note in answer.notes] == ["provisional_dropped"]


def test_a_row_of_the_future_is_refused():
    assert refused(frame(), asked(finished="2025-03-06", today="2025-03-07")).code == "door_future"


def test_a_stale_copy_of_the_row_before_is_refused_for_a_stock_and_for_an_index():
    closes = (20.0, 20.2, 20.1, 20.4, 20.4)
    assert refused(frame(closes), asked()).problems[0].code == "row_repeated"
    assert refused(without_trade(frame(closes)), asked("931160.CSI")).code == "door_copy"


def test_a_step_beyond_the_price_limit_needs_an_action():
    # (20.2 - 0.18) / 1.4 = 14.30; the first five rows may be a new listing's, which have no limit, so the step is the sixth.
    days = ("2025-02-26", "2025-02-27", "2025-02-28", "2025-03-03", *DAYS[:3])
    series = frame((20.0, 20.1, 20.0, 20.1, 20.2, 14.3, 14.4), days)
    request = asked(start=dt.date(2025, 2, 26))
    assert refused(series, request).problems[0].code == "limit_broken"
    action = pd.DataFrame({"ex_date": pd.to_datetime(["2025-03-05"]), "cash_per_share": [0.18], "split_ratio": [1.4]})
    assert isinstance(admit(series, replace(request, actions=action)), Admitted)


def test_a_session_without_trading_keeps_its_volume_of_zero():
    series = frame((20.0, 20.2, 20.2, 20.4, 20.3))
    series.loc[2, ["volume", "amount"]] = 0.0
    rows = admit(series, asked()).rows
    assert (rows.loc[2, "volume"], rows.loc[2, "close"]) == (0.0, 20.2)


@pytest.mark.parametrize(
    ("name", "let_in"), [("沪深300", True), ("沪深300指数", True), ("", True), ("烽火通信", False), ("中证500", False)]
)
def test_000300_must_come_back_as_csi_300(name, let_in):
    answer = admit(without_trade(frame(name=name)), asked("000300.SH"))
    assert isinstance(answer, Admitted) is let_in
    assert let_in or answer.code == "door_name"


def test_nothing_in_the_window_is_no_series():
    assert refused(frame(), asked(start=dt.date(2024, 3, 4), end=dt.date(2024, 3, 29))).code == "door_nothing"


def rows_of(closes, *, first="2025-06-03", source="sina"):
    return small_bars(closes, first=first, source=source).rows


def test_new_rows_join_the_stored_ones_which_are_never_changed():
    stored = small_bars([5.0, 5.1, 5.2, 5.3, 5.4, 5.5])
    joined = join(stored, rows_of([5.1, 5.2, 5.3, 5.4, 5.5, 5.6], first="2025-06-04"), "sina")
    assert joined["close"].tolist() == [5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6]
    assert joined["source"].tolist() == ["eastmoney"] * 6 + ["sina"]


def test_two_sources_are_joined_over_five_agreeing_sessions_and_not_over_four():
    stored = small_bars([5.0, 5.1, 5.2, 5.3, 5.4, 5.5])
    answer = join(stored, rows_of([5.2, 5.3, 5.4, 5.5, 5.6], first="2025-06-05"), "sina")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.params["count"]) == ("door_overlap", 4)


@pytest.mark.parametrize(("source", "code"), [("eastmoney", "door_restated"), ("sina", "door_disagrees")])
@pytest.mark.parametrize(("found", "differs"), [(5.31, False), (5.32, True)])
def test_closes_that_differ_by_more_than_a_cent_do_not_join(source, code, found, differs):
    stored = small_bars([5.0, 5.1, 5.2, 5.3, 5.4, 5.5])
    answer = join(stored, rows_of([5.1, 5.2, found, 5.4, 5.5, 5.6], first="2025-06-04", source=source), source)
    assert isinstance(answer, Refusal) is differs
    if differs:
        assert (answer.code, answer.params["stored"], answer.params["day"]) == (code, 5.3, dt.date(2025, 6, 6))


def test_a_new_series_that_lacks_a_stored_session_does_not_join():
    stored = small_bars([5.0, 5.1, 5.2, 5.3, 5.4, 5.5])
    new = rows_of([5.1, 5.2, 5.3, 5.4, 5.5, 5.6], first="2025-06-04").drop(index=2)
    answer = join(stored, new, "eastmoney")
    assert (answer.code, answer.params["day"]) == ("door_lost", dt.date(2025, 6, 6))


def test_an_earlier_history_joins_in_front():
    stored = small_bars([5.1, 5.2, 5.3, 5.4, 5.5], first="2025-06-04")
    joined = join(stored, rows_of([5.0, 5.1, 5.2, 5.3, 5.4, 5.5]), "sina")
    assert joined["source"].tolist() == ["sina"] + ["eastmoney"] * 5


def test_fewer_than_five_stored_rows_give_way_to_a_whole_series_of_the_other_source():
    joined = join(small_bars([5.0, 5.1]), rows_of([5.0, 5.1, 5.2]), "sina")
    assert joined["source"].tolist() == ["sina"] * 3
