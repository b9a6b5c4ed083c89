"""An update of the store against the stand-in for akshare's servers: the real akshare asks, nothing is patched.

Expected closes come straight from the folder behind the stand-in.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading

import pandas as pd
import pytest

from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.symbols import parse_symbol
from screener.upstream.asking.memory import load_settings
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.plan import plan_update
from screener.upstream.pull import ordered_sources
from screener.upstream.update import run_update
from tests.conftest import ROOT, THESIS, run_screener
from tests.standin import FAULTS, Upstream
from tests.stored import bars_of

# 17:00 in Shanghai on 2025-06-30: that session is finished.
EVENING = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
START = dt.date(2025, 3, 3)
QUICK = Policy(deadline_seconds=3.0, calls_per_second=1000.0, tries=2, backoff_seconds=0.01)
HASTY = Policy(deadline_seconds=1.0, calls_per_second=1000.0, tries=1)
PATIENT = Policy(deadline_seconds=10.0, calls_per_second=1000.0, tries=1)
FIBERHOME, CSI300, SHENWAN = "600498.SH", "000300.SH", "801770.SI"
EASTMONEY, SINA, TENCENT = "push2his.eastmoney", "finance.sina.com.cn", "qq.com"


@pytest.fixture
def served(upstream, monkeypatch):
    """The stand-in, for this very process."""
    for name, value in upstream.env().items():
        monkeypatch.setenv(name, value)
    return upstream


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def pull(store, *symbols, now=EVENING, start=START, end=None, policy=QUICK, order=None, watcher=None):
    plan = plan_update(symbols, start=start, end=end, now=now)
    results = run_update(store, plan, fetcher=Fetcher(policy), order=order, watcher=watcher)
    return results[0] if len(results) == 1 else results


def true_closes(folder, symbol, start=START, end=dt.date(2025, 6, 30)):
    part = "raw" if symbol.endswith((".SZ", "SH")) and symbol != CSI300 else "index"
    with (folder / part / f"{symbol.partition('.')[0]}.csv").open() as file:
        rows = [(row["date"], float(row["close"])) for row in csv.DictReader(file)]
    return [row for row in rows if str(start) <= row[0] <= str(end)]


def stored_closes(store, symbol):
    bars = store.read_bars(symbol)
    return [] if bars is None else [(f"{row.session:%Y-%m-%d}", row.close) for row in bars.rows.itertuples()]


def outcomes(*args, env=None):
    """Thesis outcome as (months, series, benchmark, subject) → excess."""
    ran = run_screener("outcome", THESIS, "--published", "2024-04-14", "--as-of", "2025-06-30", "--json", *args, env=env)
    rows = ran.json["rows"]
    return ran, {
        (row["horizon_months"], row["series"], row["benchmark"][:6], row["subject"].split(".")[0]): row for row in rows
    }


BUCKETS = {
    "运营商": "operators",
    "CW光源": "cw_light_source",
    "CW 光源": "cw_light_source",
    "交换机设备": "switch_equipment",
    "交换机芯片": "switch_chip",
    "400G OTN": "otn_400g",
    "400GOTN": "otn_400g",
    "AIDC": "aidc",
    "全部11只": "all",
}


def answers(reference):
    with (reference / "answers" / "outcomes_2024-04-14.csv").open() as file:
        return list(csv.DictReader(file))


def assert_equals_answers(rows, reference):
    wanted = answers(reference)
    assert len(wanted) > 100
    for row in wanted:
        key = (int(row["months"]), row["series"], row["bench"], BUCKETS.get(row["key"], row["key"]))
        assert rows[key]["excess"] == pytest.approx(float(row["excess"]), abs=2e-9), key
        assert rows[key]["band"] == row["band"], key


def settings(folder, **policy):
    folder.mkdir(parents=True, exist_ok=True)
    lines = {"calls_per_second": 200, "backoff_seconds": 0.05, **policy}
    (folder / "sources.toml").write_text("[policy]\n" + "\n".join(f"{name} = {value}" for name, value in lines.items()))
    return folder


def update(folder, upstream, *args):
    return run_screener("update", "--store", folder, "--end", "2025-06-30", "--json", *args, env=upstream.env())


@pytest.mark.slow
@pytest.mark.parametrize("refusing", ["", "qq.com"])
def test_an_update_and_an_outcome_from_the_store_give_the_known_answers(upstream, tmp_path, reference, refusing):
    if refusing:
        upstream.fault("reset", host=refusing)
    folder = settings(tmp_path / "store")
    ran = update(folder, upstream)
    assert ran.code == 0, ran.out
    assert {row["state"] for row in ran.json} == {"fresh"}
    assert len(ran.json) == 18
    sources = {row["symbol"]: row["source"] for row in ran.json}
    assert sources["000300.SH"] == sources["931160.CSI"] == "csindex"
    assert sources["801770.SI"] == "swsresearch"
    assert sources["600941.SH"] == ("sina" if refusing else "tencent")
    assert upstream.asked("swsresearch.com", "801770")
    assert not [request for request in upstream.log if "unexpected" in request.text]
    ran, rows = outcomes("--prices", "store", "--store", folder)
    assert ran.json["prices"]["kind"] == "store"
    assert_equals_answers(rows, reference)


@pytest.mark.slow
def test_a_second_update_asks_for_nothing_and_a_later_one_once_per_symbol(upstream, tmp_path):
    folder = settings(tmp_path / "store")
    args = ("update", "--store", folder, "--json")
    assert run_screener(*args, "--end", "2025-06-20", env=upstream.env()).code == 0
    upstream.log.clear()
    assert run_screener(*args, "--end", "2025-06-20", env=upstream.env()).code == 0
    assert upstream.log == []
    ran = run_screener(*args, "--end", "2025-06-30", env=upstream.env())
    assert {row["last"] for row in ran.json} == {"2025-06-30", "2025-06-27"}
    asked = [request.query["param"] for request in upstream.asked(TENCENT, "newfqkline") if request.query["param"][-1] == ","]
    assert len(asked) == len({param.partition(",")[0] for param in asked}) == 11


def test_a_first_pull_stores_the_closes_of_the_folder_and_says_where_they_came_from(served, store, market_folder):
    results = pull(store, FIBERHOME, CSI300, SHENWAN)
    assert [(each.symbol, each.source, each.state, each.complete) for each in results] == [
        (FIBERHOME, "tencent", "fresh", True),
        (CSI300, "csindex", "fresh", True),
        (SHENWAN, "swsresearch", "fresh", True),
    ]
    for symbol in (FIBERHOME, CSI300, SHENWAN):
        assert stored_closes(store, symbol) == true_closes(market_folder, symbol)
    rows = store.read_bars(FIBERHOME).rows
    assert set(rows["source"]) == {"tencent"}
    assert set(rows["fetched_at"]) == {pd.Timestamp(EVENING)}


def test_volumes_are_stored_in_shares_whatever_the_source_counts_in(served, store, market_folder):
    pull(store, FIBERHOME)
    with (market_folder / "raw" / "600498.csv").open() as file:
        wanted = {row["date"]: float(row["volume"]) for row in csv.DictReader(file)}
    rows = store.read_bars(FIBERHOME).rows
    # Eastmoney prints whole lots: half a lot may be lost.
    assert all(abs(row.volume - wanted[f"{row.session:%Y-%m-%d}"]) <= 50 for row in rows.itertuples())


def test_actions_are_stored_checked_by_two_lists_and_the_step_of_adjusted_prices(served, store):
    pull(store, FIBERHOME)
    actions = store.read_actions(FIBERHOME)
    assert actions.checked == ("eastmoney_dividends", "sina_dividends", "adjusted")
    assert actions.mismatches == {}
    assert actions.checked_to == dt.date(2025, 6, 30)
    row = actions.rows[actions.rows["ex_date"] == "2025-06-20"].iloc[0]
    assert (row["cash_per_share"], row["split_ratio"]) == (pytest.approx(0.18, abs=0.006), 1.0)


def test_when_the_first_source_refuses_the_next_one_is_taken_and_tried_says_so(served, store, market_folder):
    served.fault("reset", host=TENCENT)
    result = pull(store, FIBERHOME)
    assert (result.source, result.state) == ("sina", "fresh")
    assert [(each.source, each.code) for each in result.tried][:2] == [("tencent", "connection_reset"), ("sina", "answered")]
    assert stored_closes(store, FIBERHOME) == true_closes(market_folder, FIBERHOME)


@pytest.mark.slow
def test_rows_of_two_sources_stand_side_by_side_only_after_an_agreeing_overlap(served, store, market_folder):
    pull(store, FIBERHOME, end=dt.date(2025, 6, 20))
    served.fault("reset", host=TENCENT)
    result = pull(store, FIBERHOME)
    rows = store.read_bars(FIBERHOME).rows
    assert result.state == "fresh"
    assert rows.groupby("source")["session"].agg(["min", "max"]).to_dict("index") == {
        "tencent": {"min": pd.Timestamp("2025-03-03"), "max": pd.Timestamp("2025-06-20")},
        "sina": {"min": pd.Timestamp("2025-06-23"), "max": pd.Timestamp("2025-06-30")},
    }
    assert stored_closes(store, FIBERHOME) == true_closes(market_folder, FIBERHOME)


def test_history_that_every_source_restates_is_set_aside_and_what_was_stored_is_kept(served, store, market_folder):
    bars = bars_of(market_folder, FIBERHOME, end=dt.date(2025, 6, 20), source="tencent")
    bars.rows.loc[bars.rows.index[-3], ["close", "high"]] += 0.02
    with store.writing(now=EVENING):
        store.write_bars(FIBERHOME, bars)
    result = pull(store, FIBERHOME)
    assert (result.state, result.reason.code, result.last) == ("quarantined", "door_restated", dt.date(2025, 6, 20))
    assert not result.complete
    pd.testing.assert_series_equal(store.read_bars(FIBERHOME).rows["close"], bars.rows["close"])
    records = [json.loads(path.read_text()) for path in store.quarantine.refusals()]
    assert {record["reason"] for record in records} == {"door_restated", "door_disagrees"}


def test_a_source_that_ends_early_is_completed_by_the_next_one(served, store, market_folder):
    served.fault("stale_last", host=EASTMONEY)
    result = pull(store, FIBERHOME, order={"stock": ("eastmoney",)})
    assert result.state == "fresh"
    assert stored_closes(store, FIBERHOME) == true_closes(market_folder, FIBERHOME)
    assert store.read_bars(FIBERHOME).rows["source"].iloc[-3:].tolist() == ["tencent"] * 3


def test_a_stock_that_every_source_has_too_short_is_stale_when_no_other_stock_reaches_the_end(
    market_folder, store, tmp_path, monkeypatch
):
    raw = tmp_path / "market" / "raw"
    raw.mkdir(parents=True)
    lines = (market_folder / "raw" / "600498.csv").read_text().splitlines(keepends=True)
    (raw / "600498.csv").write_text("".join(line for line in lines if line[:10] <= "2025-06-25" or line.startswith("date")))
    for name in ("actions.csv", "names.csv"):
        (tmp_path / "market" / name).write_bytes((market_folder / name).read_bytes())
    with Upstream(tmp_path / "market") as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        result = pull(store, FIBERHOME)
    assert (result.state, result.reason.code, result.last) == ("stale", "source_lags", dt.date(2025, 6, 25))
    assert result.reason.params["sessions"] == 3


def test_an_index_whose_only_source_is_late_is_stale_by_so_many_sessions(served, store):
    served.fault("stale_last", host="swsresearch")
    result = pull(store, SHENWAN)
    assert (result.state, result.complete, result.last) == ("stale", False, dt.date(2025, 6, 25))


@pytest.mark.slow
def test_a_suspended_stock_is_told_from_a_late_source_and_not_asked_again_that_evening(served, store):
    suspended, other = pull(store, "688313.SH", FIBERHOME)
    assert (suspended.state, suspended.reason.code, suspended.complete) == ("fresh", "suspended_since", True)
    assert (suspended.last, other.last) == (dt.date(2025, 6, 27), dt.date(2025, 6, 30))
    served.log.clear()
    assert pull(store, "688313.SH").state == "fresh"
    assert served.log == []


def test_when_all_sources_fail_what_was_stored_stays_with_its_last_good_date(served, store):
    pull(store, FIBERHOME, end=dt.date(2025, 6, 20))
    before = stored_closes(store, FIBERHOME)
    served.fault("reset")
    result = pull(store, FIBERHOME)
    assert (result.state, result.last, result.reason.code) == ("stale", dt.date(2025, 6, 20), "kept_stale")
    assert stored_closes(store, FIBERHOME) == before


def test_a_symbol_that_fails_does_not_stop_the_others(served, store):
    served.fault("reset", code="600498")
    failed, fine = pull(store, FIBERHOME, "600050.SH")
    assert (failed.state, failed.rows, failed.last) == ("failed", 0, None)
    assert fine.state == "fresh"


@pytest.mark.slow
def test_a_bar_of_today_is_stored_after_the_safe_time_only(served, store):
    before, after = (dt.datetime(2025, 6, 30, hour, 30, tzinfo=dt.UTC) for hour in (7, 8))
    assert pull(store, FIBERHOME, now=before).last == dt.date(2025, 6, 27)
    assert pull(store, FIBERHOME, now=after).last == dt.date(2025, 6, 30)


def test_a_live_bar_that_a_source_adds_is_never_stored(served, store):
    served.fault("live_bar")
    noon = dt.datetime(2025, 6, 30, 4, 0, tzinfo=dt.UTC)
    result = pull(store, FIBERHOME, now=noon)
    assert (result.state, result.last) == ("fresh", dt.date(2025, 6, 27))


def test_an_earlier_start_is_filled_in_front_of_what_is_stored(served, store, market_folder):
    pull(store, FIBERHOME, start=dt.date(2025, 5, 6))
    result = pull(store, FIBERHOME)
    assert (result.first, result.state) == (START, "fresh")
    assert stored_closes(store, FIBERHOME) == true_closes(market_folder, FIBERHOME)


def test_a_short_reply_about_an_index_is_passed_over_for_a_whole_one(served, store, market_folder):
    served.fault("short_window", host="csindex", path="index-perf", times=1)
    result = pull(store, CSI300, start=dt.date(2024, 9, 2))
    assert result.state == "fresh"
    assert stored_closes(store, CSI300) == true_closes(market_folder, CSI300, dt.date(2024, 9, 2))


def test_a_dividend_that_one_list_lacks_is_a_gap_of_total_that_names_both(served, store):
    served.fault("missing_dividend", host="datacenter")
    result = pull(store, FIBERHOME)
    assert (result.state, result.reason.code, result.complete) == ("fresh", "actions_mismatch", False)
    gap = store.read_actions(FIBERHOME).mismatches[dt.date(2025, 6, 20)]
    assert gap.code == "action_mismatch"
    assert {"eastmoney_dividends", "sina_dividends"} <= set(gap.text("en").replace(":", " ").replace(",", " ").split())
    prices = StoreSource(store, today=dt.date(2025, 6, 30)).load((FIBERHOME,), start=START, end=dt.date(2025, 6, 30))
    assert prices.total_breaks[FIBERHOME][dt.date(2025, 6, 20)].code == "action_mismatch"
    assert FIBERHOME not in prices.breaks


@pytest.mark.slow
def test_a_doubt_stays_while_it_cannot_be_looked_into_and_goes_when_it_is_cleared(served, store):
    served.fault("missing_dividend", host="datacenter")
    served.fault("missing_dividend", host="vip.stock.finance.sina")
    pull(store, FIBERHOME, end=dt.date(2025, 6, 24))
    day = dt.date(2025, 6, 20)
    assert store.read_actions(FIBERHOME).mismatches[day].reason == "action_step_differs"
    served.faults.clear()
    no_adjusted = [served.fault("missing_factor"), served.fault("reset", host=TENCENT)]
    pull(store, FIBERHOME, end=dt.date(2025, 6, 27))
    assert day in store.read_actions(FIBERHOME).mismatches
    for fault in no_adjusted:
        served.faults.remove(fault)
    assert pull(store, FIBERHOME).complete
    assert store.read_actions(FIBERHOME).mismatches == {}


def test_when_no_dividend_list_is_to_be_had_total_is_a_gap_and_the_run_says_so(served, store):
    served.fault("reset", host="datacenter")
    served.fault("reset", host="vip.stock.finance.sina")
    result = pull(store, FIBERHOME)
    assert (result.state, result.reason.code, result.complete) == ("fresh", "actions_failed", False)
    prices = StoreSource(store, today=dt.date(2025, 6, 30)).load((FIBERHOME,), start=START, end=dt.date(2025, 6, 30))
    assert prices.flags[FIBERHOME] == ("actions_unknown",)


def test_a_company_that_never_paid_is_not_one_whose_dividends_are_unknown(served, store):
    assert pull(store, "688702.SH").complete
    assert store.read_actions("688702.SH").rows.empty


def test_a_symbol_that_no_source_has_is_said_to_be_unsupported(served, store):
    result = pull(store, "900901.SH")
    assert (result.state, result.tried, result.complete) == ("unsupported", (), False)
    assert served.log == []


def test_a_changed_code_is_asked_under_the_new_one_and_kept_under_the_old(market_folder, tmp_path, monkeypatch):
    raw = tmp_path / "market" / "raw"
    raw.mkdir(parents=True)
    (raw / "300114.csv").write_bytes((market_folder / "raw" / "300442.csv").read_bytes())
    (tmp_path / "market" / "actions.csv").write_text("code,ex_date,cash_per_share,split_ratio\n")
    (tmp_path / "market" / "names.csv").write_text("code,name\n300114,中航电测\n")
    with Upstream(tmp_path / "market", renamed={"300114": "302132"}) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        result = pull(Store(tmp_path / "store"), "300114.SZ", start=dt.date(2025, 5, 6))
    assert (result.symbol, result.state) == ("300114.SZ", "fresh")
    assert ("asked_under_new_code", "302132.SZ") in [(note.code, note.params["used"]) for note in result.notes]


def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(served, store):
    class Impatient:
        def begin(self, symbol, sources):
            if symbol == CSI300:
                raise KeyboardInterrupt

        def done(self, result):
            assert result.state == "fresh"

    from screener.terms.notes import ScreenerError

    with pytest.raises(ScreenerError) as stopped:
        pull(store, FIBERHOME, CSI300, watcher=Impatient())
    assert (stopped.value.code, stopped.value.params) == ("update_stopped", {"done": 1, "total": 2})
    assert store.entries()[FIBERHOME]["rows"] > 0
    served.log.clear()
    results = pull(store, FIBERHOME, CSI300)
    assert [each.state for each in results] == ["fresh", "fresh"]
    assert not served.asked(EASTMONEY)


@pytest.mark.slow
def test_a_suspension_stays_known_when_an_earlier_history_is_filled_in(served, store):
    pull(store, "688313.SH", FIBERHOME, start=dt.date(2025, 5, 6))
    suspended, _ = pull(store, "688313.SH", FIBERHOME)
    assert (suspended.first, suspended.state, suspended.reason.code) == (START, "fresh", "suspended_since")


@pytest.mark.slow
def test_a_stock_listed_after_the_start_is_whole_when_two_sources_begin_on_one_day(served, store):
    # 盛科通信 was listed on 2023-09-14.
    result = pull(store, "688702.SH", start=dt.date(2023, 8, 1))
    assert (result.first, result.state, result.complete) == (dt.date(2023, 9, 14), "fresh", True)
    assert store.read_bars("688702.SH").asked_from == dt.date(2023, 8, 1)


@pytest.mark.slow
def test_an_interrupt_from_the_keyboard_ends_in_one_line_that_says_how_to_go_on(upstream, tmp_path):
    folder = settings(
        tmp_path / "store", calls_per_second=1
    )  # three quarters of a minute: none of it is over when the key is pressed
    command = [sys.executable, "-m", "screener", "update", "--store", str(folder), "--end", "2025-06-30", "--lang", "en"]
    env = {**os.environ, **upstream.env(), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    running = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not Store(folder).symbols() and running.poll() is None:
        threading.Event().wait(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "run screener update again to go on" in said
    assert "Traceback" not in said
    done = Store(folder).symbols()
    assert set(Store(folder).entries()) == set(done)


HANGING = {"hang", "drip"}
HARMLESS = {"reordered", "extra_keys", "padded_holiday", "text_dates", "live_bar", "other_units"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FAULTS))
@pytest.mark.parametrize(
    ("symbol", "host"), [(FIBERHOME, TENCENT), (FIBERHOME, SINA), (CSI300, "csindex"), (SHENWAN, "swsresearch")]
)
def test_no_fault_of_one_source_puts_a_faulty_bar_into_the_store(served, store, market_folder, kind, symbol, host):
    if host == SINA:
        served.fault("reset", host=TENCENT)
    served.fault(kind, host=host)
    result = pull(store, symbol, policy=HASTY if kind in HANGING else PATIENT)
    wanted = true_closes(market_folder, symbol)
    got = stored_closes(store, symbol)
    assert set(got) <= set(wanted)
    if symbol == SHENWAN:
        assert got in ([], wanted, wanted[:-3], wanted[-60:])
        assert result.complete is (got == wanted)
    else:
        assert got == wanted, (result.state, result.reason, result.tried)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_no_fault_of_every_source_at_once_puts_a_faulty_bar_into_the_store(served, store, market_folder, kind):
    served.fault(kind)
    result = pull(store, FIBERHOME, policy=HASTY if kind in HANGING else PATIENT)
    assert set(stored_closes(store, FIBERHOME)) <= set(true_closes(market_folder, FIBERHOME))
    assert result.complete or result.reason is not None
    if kind in HARMLESS:
        assert result.state == "fresh"


def test_the_order_of_sources_is_the_users_to_change_within_those_that_have_the_symbol(served, store, tmp_path):
    (tmp_path / "sources.toml").write_text(
        '[policy]\ntries = 1\n[order]\nstock = ["eastmoney", "sina"]\nindex = ["csindex", "sina"]\nbse = ["tencent"]\n'
        '"000300.SH" = ["sina"]\n'
    )
    order = load_settings(tmp_path).order
    asked = {
        FIBERHOME: ("eastmoney", "sina", "tencent"),
        "0941.HK": ("sina_hk", "eastmoney_hk"),
        "920799.BJ": ("sina", "eastmoney"),
        SHENWAN: ("swsresearch",),
        CSI300: ("sina", "csindex", "eastmoney"),
    }
    for symbol, sources in asked.items():
        assert ordered_sources(parse_symbol(symbol), order) == sources, symbol
    assert pull(store, FIBERHOME, order=order).source == "eastmoney"
    assert pull(store, SHENWAN, order=order).state == "fresh"
    assert not [request for request in served.asked(TENCENT) if "qfq" not in request.query.get("param", "qfq")]


@pytest.mark.parametrize(
    "text",
    [
        "[policy]\nspeed = 3\n",
        "[policy]\ntries = -1\n",
        "[order]\nstock = ['nobody']\n",
        "not toml",
        "[x]\n",
        "[policy]\ndeadline_seconds = nan\n",
        "[policy]\ntries = 2.5\n",
        "[policy]\ncalls_per_second = inf\n",
        "policy = 3\n",
        "[hosts.'evil.example']\nverify = false\n",
        "[hosts.'www.csindex.com.cn']\nverify = 'no'\n",
    ],
)
def test_settings_that_cannot_be_meant_are_a_usage_error_that_names_the_file(tmp_path, text):
    (tmp_path / "sources.toml").write_text(text)
    ran = run_screener("update", "--store", tmp_path)
    assert ran.code == 2
    assert "sources.toml" in ran.err


def test_an_update_window_without_a_finished_session_is_a_usage_error(tmp_path):
    ran = run_screener("update", "--store", tmp_path, "--start", "2025-07-01", "--end", "2025-06-30")
    assert ran.code == 2
