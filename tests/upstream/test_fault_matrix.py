"""Every source against every fault: what each must give, and that nothing faulty passes for data.

Three outcomes: an error with its code, whether it may pass and whether the server refused; the same bars as without the
fault; or the faulty value handed on, which the check at the door then refuses.
"""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
import time
from dataclasses import dataclass

import pandas as pd
import pytest

from screener.prices.bars import CheckedBars, Listing, check_bars
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol
from screener.upstream.actions import check_actions
from screener.upstream.asking.patience import Fetcher, FetchError, Policy
from screener.upstream.asking.vendors import SOURCES
from screener.upstream.lists import fetch_actions
from screener.upstream.replies import SourceError
from screener.upstream.series import fetch_bars, fetch_forward_adjusted
from tests.conftest import ROOT
from tests.standin import Upstream

START, END = dt.date(2025, 1, 1), dt.date(2025, 6, 30)
STOCK = ("eastmoney", "sina", "tencent")
# (source, symbol): every reader of bars, stock and index.
BARS = (
    ("eastmoney", "600498.SH"),
    ("sina", "600498.SH"),
    ("tencent", "600498.SH"),
    ("eastmoney", "000300.SH"),
    ("sina", "000300.SH"),
    ("csindex", "000300.SH"),
    ("swsresearch", "801770.SI"),
    ("eastmoney_hk", "0941.HK"),
)
ACTIONS = (("eastmoney_dividends", "600498.SH"), ("sina_dividends", "600498.SH"))
PACKED = (("sina", "600498.SH"), ("sina", "000300.SH"))


@dataclass(frozen=True)
class Error:
    """An error of this code; `again`: it may pass; `refused`: it counts for the breaker."""

    code: str
    again: bool = False
    refused: bool = False


WIRE = {
    "reset": Error("connection_reset", again=True, refused=True),
    "status_403": Error("bad_status", refused=True),
    "status_429": Error("bad_status", again=True, refused=True),
    "status_500": Error("bad_status", again=True),
    "html": Error("ban_page", refused=True),
    "truncated": Error("unparsable_reply", again=True),
    "cut_off": Error("reply_cut_off", again=True),
    "malformed": Error("unparsable_reply", again=True),
}


def ask(source: str, symbol: str) -> pd.DataFrame:
    if source.endswith("dividends"):
        return fetch_actions(source, parse_symbol(symbol))
    return fetch_bars(source, parse_symbol(symbol), start=START, end=END)


def at_the_door(frame: pd.DataFrame, symbol: str) -> CheckedBars:
    return check_bars(
        frame,
        file=symbol,
        symbol=parse_symbol(symbol),
        calendar=load_calendar(),
        start=START,
        end=END,
        actions=fetch_actions("sina_dividends", parse_symbol(symbol)) if symbol == "600498.SH" else None,
        listing=Listing(listed=dt.date(2001, 8, 23)),
    )


def codes(checked: CheckedBars) -> set[str]:
    return {problem.code for problem in checked.problems}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "symbol"), BARS + ACTIONS)
def test_without_a_fault_every_source_passes_the_door(served: Upstream, source, symbol):
    frame = ask(source, symbol)
    assert len(frame) == (1 if source.endswith("dividends") else 117)
    if not source.endswith("dividends") and symbol != "0941.HK":
        assert at_the_door(frame, symbol).problems == ()


@pytest.mark.parametrize("kind", WIRE)
@pytest.mark.parametrize(("source", "symbol"), BARS + ACTIONS)
def test_a_reply_that_is_none_is_an_error_that_says_whether_to_try_again(served: Upstream, source, symbol, kind):
    served.fault(kind)
    with pytest.raises(SourceError) as caught:
        ask(source, symbol)
    error = caught.value
    assert Error(error.code, error.may_pass, error.refused) == WIRE[kind]
    assert len(error.excerpt) <= 200
    assert bool(error.excerpt) == (kind not in ("reset", "cut_off"))
    assert "{" not in error.text("zh").replace(str(error.params.get("detail", "")), "")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hang", "drip"])
@pytest.mark.parametrize(("source", "symbol"), BARS + ACTIONS)
def test_a_reply_that_does_not_come_to_an_end_costs_one_deadline(served: Upstream, source, symbol, kind):
    ask(source, symbol)  # akshare is loaded
    served.fault(kind)
    began = time.monotonic()
    with pytest.raises(FetchError) as caught:
        Fetcher(Policy(deadline_seconds=0.5, tries=1)).call(SOURCES[source].host, lambda: ask(source, symbol))
    assert caught.value.code in {"deadline_passed", "no_answer", "reply_drips"}
    assert time.monotonic() - began < 5.0  # a loaded machine is slow to wake; without a deadline it would be a minute


@pytest.mark.parametrize(("source", "symbol"), BARS)
def test_no_rows_are_an_error_of_their_own_and_not_an_empty_frame(served: Upstream, source, symbol):
    served.fault("empty")
    with pytest.raises(SourceError) as caught:
        ask(source, symbol)
    assert Error(caught.value.code, caught.value.may_pass, caught.value.refused) == Error("source_empty")


@pytest.mark.parametrize(("source", "symbol"), BARS)
def test_a_code_that_a_source_does_not_know_is_told_from_one_without_rows_where_it_says_so(served: Upstream, source, symbol):
    served.fault("null")
    with pytest.raises(SourceError) as caught:
        ask(source, symbol)
    says_so = source.startswith("eastmoney") or source == "tencent"
    assert caught.value.code == ("source_unknown_symbol" if says_so else "source_empty")


@pytest.mark.parametrize("kind", ["reordered", "extra_keys", "text_dates", "live_bar"])
@pytest.mark.parametrize(("source", "symbol"), BARS)
def test_what_does_no_harm_changes_nothing(served: Upstream, source, symbol, kind):
    good = ask(source, symbol)
    served.fault(kind)
    assert ask(source, symbol).equals(good)


@pytest.mark.parametrize("kind", ["reordered", "extra_keys"])
@pytest.mark.parametrize(("source", "symbol"), ACTIONS)
def test_actions_are_read_by_name_whatever_else_is_there(served: Upstream, source, symbol, kind):
    good = ask(source, symbol)
    served.fault(kind)
    assert ask(source, symbol).equals(good)


@pytest.mark.parametrize(
    ("source", "symbol", "missing"),
    [
        ("eastmoney", "600498.SH", "klines"),
        ("eastmoney", "000300.SH", "klines"),
        ("eastmoney_hk", "0941.HK", "klines"),
        ("csindex", "000300.SH", "close"),
        ("swsresearch", "801770.SI", "closeindex"),
        ("eastmoney_dividends", "600498.SH", "EX_DIVIDEND_DATE"),
    ],
)
def test_a_missing_key_is_named(served: Upstream, source, symbol, missing):
    served.fault("missing_key")
    with pytest.raises(SourceError, match=f"lacks {missing}") as caught:
        ask(source, symbol)
    assert caught.value.code == "columns_missing"


@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair[0] != "eastmoney_hk"])
def test_prices_a_hundred_times_too_large_are_refused_from_the_first_download_on(served: Upstream, source, symbol):
    served.fault("times_100")
    with pytest.raises(SourceError) as caught:
        ask(source, symbol)
    assert caught.value.code == "price_scale"


@pytest.mark.parametrize("source", STOCK)
def test_a_last_price_a_hundred_times_too_large_does_not_pass_the_door(served: Upstream, source):
    served.fault("times_100_last")
    assert {"limit_broken", "amount_identity"} & codes(at_the_door(ask(source, "600498.SH"), "600498.SH"))


@pytest.mark.parametrize("kind", ["negative", "zero"])
@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair[0] != "eastmoney_hk"])
def test_a_price_that_is_not_positive_is_handed_on_and_refused_at_the_door(served: Upstream, source, symbol, kind):
    served.fault(kind)
    frame = ask(source, symbol)
    assert len(frame) == 117
    assert frame["close"].min() == (-1.85 if kind == "negative" else 0.0)
    assert "price_not_positive" in codes(at_the_door(frame, symbol))


@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair not in PACKED])
def test_a_dash_is_no_number_and_no_zero(served: Upstream, source, symbol):
    served.fault("dash")
    frame = ask(source, symbol)
    assert len(frame) == 117
    assert math.isnan(frame["close"].iloc[58])
    assert frame["close"].notna().sum() == 116


@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair[0] != "eastmoney_hk"])
def test_one_date_with_two_values_is_handed_on_and_refused_at_the_door(served: Upstream, source, symbol):
    served.fault("duplicate_dates")
    frame = ask(source, symbol)
    assert len(frame) == 118
    assert "date_twice" in codes(at_the_door(frame, symbol))


@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair[0] != "eastmoney_hk"])
def test_a_weekend_is_handed_on_and_refused_at_the_door(served: Upstream, source, symbol):
    served.fault("weekend")
    frame = ask(source, symbol)
    assert (frame["session"].dt.day_of_week == 5).sum() == 1
    assert "weekend" in codes(at_the_door(frame, symbol))


@pytest.mark.parametrize(("source", "symbol"), [pair for pair in BARS if pair[0] != "eastmoney_hk"])
def test_a_padded_holiday_is_dropped_at_the_door_and_said(served: Upstream, source, symbol):
    served.fault("padded_holiday")
    frame = ask(source, symbol)
    if source == "csindex":  # which pads so by itself where it is asked from a holiday on: such a row is known
        assert f"{frame['session'].iloc[0]:%Y-%m-%d}" == "2025-01-02"
        return
    assert f"{frame['session'].iloc[0]:%Y-%m-%d}" == "2025-01-01"
    checked = at_the_door(frame, symbol)
    assert [note.code for note in checked.notes] == ["dropped_holiday"]
    assert f"{checked.bars.index[0]:%Y-%m-%d}" == "2025-01-02"


@pytest.mark.parametrize(("source", "symbol"), BARS)
def test_a_series_that_lags_behind_ends_where_it_ends(served: Upstream, source, symbol):
    served.fault("stale_last")
    frame = ask(source, symbol)
    assert (len(frame), f"{frame['session'].iloc[-1]:%Y-%m-%d}") == (114, "2025-06-25")


@pytest.mark.parametrize("source", STOCK)
def test_another_unit_of_volume_changes_no_share(served: Upstream, source):
    good = ask(source, "600498.SH")
    served.fault("other_units")
    assert ask(source, "600498.SH")["volume"].tolist() == pytest.approx(good["volume"].tolist(), abs=50)


# --- corporate actions -----------------------------------------------------------------------------------------------


def checked_actions(symbol: str, vendor: str = "eastmoney"):
    parsed = parse_symbol(symbol)
    found = {source: fetch_actions(source, parsed) for source in ("eastmoney_dividends", "sina_dividends")}
    raw = fetch_bars("sina", parsed, start=START, end=END)
    adjusted = fetch_forward_adjusted(vendor, parsed, start=START, end=END)
    return check_actions(found, symbol=symbol, raw=raw, adjusted=adjusted)


@pytest.mark.parametrize("kind", [None, "additive_qfq"])
@pytest.mark.parametrize("symbol", ["600498.SH", "688205.SH", "002281.SZ", "601728.SH"])
def test_two_lists_and_adjusted_prices_of_either_kind_agree(served: Upstream, symbol, kind):
    if kind:
        served.fault(kind)
    checked = checked_actions(symbol)
    assert checked.mismatches == {}
    assert checked.checked == ("eastmoney_dividends", "sina_dividends", "adjusted")
    assert checked.actions[["cash_per_share", "split_ratio"]].notna().all(axis=None)


@pytest.mark.parametrize("host", ["datacenter-web", "vip.stock"])
def test_a_dividend_that_one_list_leaves_out_is_a_mismatch_that_names_both(served: Upstream, host):
    served.fault("missing_dividend", host=host)
    checked = checked_actions("600498.SH")
    [(day, gap)] = checked.mismatches.items()
    assert (day, gap.code) == (dt.date(2025, 6, 12), "action_mismatch")
    assert all(name in gap.text("zh") for name in ("eastmoney_dividends", "sina_dividends", "0.137"))
    [row] = checked.actions.to_dict("records")
    assert math.isnan(row["cash_per_share"])
    assert row["split_ratio"] == 1.0


def test_a_dividend_that_both_lists_leave_out_shows_in_the_step_of_the_adjusted_prices(served: Upstream):
    served.fault("missing_dividend")
    checked = checked_actions("600498.SH")
    assert list(checked.mismatches) == [dt.date(2025, 6, 12)]
    assert "前复权" in checked.mismatches[dt.date(2025, 6, 12)].text("en")


def test_adjusted_prices_below_zero_are_no_reason_for_a_wrong_alarm(served: Upstream):
    raw = pd.DataFrame(
        {"session": pd.to_datetime(["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"]), "close": [2.0, 2.1, 1.1, 1.2]}
    )
    actions = pd.DataFrame(
        {"ex_date": pd.to_datetime(["2025-03-05", "2025-03-07"]), "cash_per_share": [1.0, 1.15], "split_ratio": [1.0, 1.0]}
    )
    adjusted = raw.assign(close=[-0.15, -0.05, -0.05, 0.05])  # everything less 1.15, the first two days less 1.00 more
    assert check_actions({"a": actions}, symbol="x", raw=raw, adjusted=adjusted).mismatches == {}


# --- a run over several sources --------------------------------------------------------------------------------------


def quick(**settings) -> Fetcher:
    policy = Policy(**({"calls_per_second": 1000.0, "backoff_seconds": 0.0, "deadline_seconds": 5.0} | settings))
    return Fetcher(policy, sleep=lambda seconds: None)


def test_after_refusals_about_three_names_an_address_is_no_longer_asked(served: Upstream):
    served.fault("reset", host="push2his")
    fetch = quick(tries=1)
    for symbol in ("600498.SH", "000063.SZ", "002281.SZ", "601728.SH", "301165.SZ"):
        with pytest.raises(FetchError) as caught:
            fetch.call(SOURCES["eastmoney"].host, lambda symbol=symbol: ask("eastmoney", symbol), subject=symbol)
    assert caught.value.code == "host_resting"
    assert len(served.asked("push2his")) == 3


@pytest.mark.slow
def test_a_program_ends_in_time_although_sina_never_answers_and_its_decoder_is_loaded(served: Upstream):
    served.fault("hang", host="sina", after=1)
    code = (
        "import datetime as dt\n"
        "from screener.upstream.series import fetch_bars\n"
        "from screener.upstream.asking.patience import Fetcher, FetchError, Policy\n"
        "from screener.terms.symbols import parse_symbol\n"
        "ask = lambda: fetch_bars('sina', parse_symbol('600498.SH'), start=dt.date(2025, 1, 1), end=dt.date(2025, 6, 30))\n"
        "print(len(ask()))\n"
        "try:\n"
        "    Fetcher(Policy(deadline_seconds=0.5, tries=1)).call('finance.sina.com.cn', ask)\n"
        "except FetchError as error:\n"
        "    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["117", "no_answer"], "")
