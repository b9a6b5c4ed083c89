"""Float share counts: asked through the real akshare, stored, brought up to date, and weighed in the weekly report.

The stand-in invents them: 100 million × (1 + code mod 9), times every split so far.
"""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from screener.cli.update import update_records, update_text
from screener.store.manifest import Manifest
from screener.store.rows import ShareCounts
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.symbols import parse_symbol
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.asking.vendors import share_sources
from screener.upstream.lists import fetch_shares, fetch_values
from screener.upstream.plan import plan_update
from screener.upstream.replies import SourceError
from screener.upstream.update import run_update
from tests.conftest import run_screener
from tests.standin import Upstream
from tests.stored import END, NOW, small_bars

DEKELI, FIBERHOME, CSI300 = "688205.SH", "600498.SH", "000300.SH"
EVENING = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
START = dt.date(2025, 3, 3)
QUICK = Policy(deadline_seconds=5.0, calls_per_second=1000.0, tries=1)
VALUATION = "RPT_VALUEANALYSIS_DET"


def ask(symbol: str = DEKELI) -> pd.DataFrame:
    return fetch_shares("eastmoney_shares", parse_symbol(symbol))


def changes(frame: pd.DataFrame) -> list[tuple[str, float]]:
    rows = frame[frame["float_shares"] != frame["float_shares"].shift()]
    return [(f"{row.date:%Y-%m-%d}", row.float_shares) for row in rows.itertuples()]


# --- asking ----------------------------------------------------------------------------------------------------------


def test_float_shares_come_in_shares_by_day_in_one_request(served: Upstream):
    # 688205 mod 9 = 2; ten for thirteen on 2025-05-29.
    frame = ask()
    assert changes(frame) == [("2025-01-02", 3e8), ("2025-05-29", 3.9e8)]
    assert list(frame.columns) == ["date", "float_shares"]
    assert (len(frame), frame.attrs["refused"]) == (117, ())
    [request] = served.log
    assert (request.query["reportName"], request.query["filter"]) == (VALUATION, '(SECURITY_CODE="688205")')


def test_a_day_whose_market_value_belies_its_count_is_unknown_and_named(served: Upstream):
    served.fault("doubled_count")
    frame = ask()
    assert frame.loc[frame["float_shares"].isna(), "date"].dt.date.tolist() == [dt.date(2025, 4, 2)]
    assert frame.attrs["refused"] == (dt.date(2025, 4, 2),)


@pytest.mark.parametrize(
    ("kind", "code", "again", "refused"),
    [
        ("reset", "connection_reset", True, True),
        ("status_500", "bad_status", True, False),
        ("status_403", "bad_status", False, True),
        ("html", "ban_page", False, True),
        ("truncated", "unparsable_reply", True, False),
        ("empty", "source_unknown_symbol", False, False),
        ("wrong_security", "wrong_security", False, False),
        ("missing_key", "columns_missing", False, False),
        ("short_window", "list_truncated", False, False),
        ("other_units", "shares_contradict", False, False),
    ],
)
def test_a_reply_without_counts_is_an_error_after_one_request_whatever_akshare_would_do(
    served: Upstream, kind, code, again, refused
):
    served.fault(kind)
    with pytest.raises(SourceError) as caught:
        ask()
    assert (caught.value.code, caught.value.may_pass, caught.value.refused) == (code, again, refused)
    assert len(served.log) == 1  # akshare itself sleeps and asks three times


@pytest.mark.parametrize("kind", ["reordered", "extra_keys", "text_dates", "dash"])
def test_what_does_no_harm_changes_no_count(served: Upstream, kind):
    good = ask()
    served.fault(kind)
    assert ask().equals(good)


def test_only_a_shares_have_a_source_of_counts(served: Upstream):
    assert share_sources(parse_symbol(DEKELI)) == ("eastmoney_shares",)
    assert [share_sources(parse_symbol(each)) for each in (CSI300, "0941.HK", "900901.SH")] == [(), (), ()]
    with pytest.raises(SourceError, match="does not carry"):
        ask(CSI300)
    assert served.log == []


# --- storing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def counts(*rows: tuple[str, float], reach: str = "2025-06-30") -> ShareCounts:
    days = pd.to_datetime([day for day, _ in rows]).astype("datetime64[s]")
    frame = pd.DataFrame({"date": days, "float_shares": [count for _, count in rows], "source": "x"})
    return ShareCounts(frame, dt.date.fromisoformat(reach))


def test_counts_come_back_as_they_were_stored_with_how_far_they_reach(store):
    kept = counts(("2024-01-02", 3e8), ("2025-05-29", float("nan")))
    assert store.read_shares(DEKELI) is None
    with store.writing(now=NOW):
        store.write_bars(DEKELI, small_bars([5.0, 5.1]))
        store.write_shares(DEKELI, kept)
    back = store.read_shares(DEKELI)
    pd.testing.assert_frame_equal(back.rows, kept.rows, check_dtype=False)
    assert back.reach == dt.date(2025, 6, 30)
    assert store.entries()[DEKELI]["shares_reach"] == "2025-06-30"
    schema = pq.read_schema(store.folder / "shares" / f"{DEKELI}.parquet")
    assert schema.names == ["date", "float_shares", "source"]
    assert str(schema.field("date").type) == "date32[day]"


def test_counts_written_just_before_a_kill_enter_the_manifest_and_broken_ones_are_set_aside(store, monkeypatch):
    with store.writing(now=NOW):
        store.write_bars(DEKELI, small_bars([5.0, 5.1]))
    monkeypatch.setattr(Manifest, "save", lambda self: None)  # the kill
    with store.writing(now=NOW):
        store.write_shares(DEKELI, counts(("2024-01-02", 3e8)))
    monkeypatch.undo()
    with store.writing(now=NOW):
        assert store.entries()[DEKELI]["shares_reach"] == "2025-06-30"
    path = store.folder / "shares" / f"{DEKELI}.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    prices = StoreSource(store, today=END).load([DEKELI], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, 4))
    assert prices.shares.empty
    assert "store_unreadable" in {note.code for note in prices.notes}
    with store.writing(now=NOW):
        pass
    assert len(store.read_bars(DEKELI).rows) == 2
    assert len(list((store.folder / "quarantine").glob(f"unreadable-*-shares-{DEKELI}.parquet"))) == 1
    assert store.read_shares(DEKELI) is None


def test_a_source_of_prices_gives_counts_up_to_its_end_and_none_beyond_what_was_vouched_for(store):
    with store.writing(now=NOW):
        store.write_bars(DEKELI, small_bars([5 + at / 100 for at in range(10)]))
        store.write_shares(DEKELI, counts(("2024-01-02", 3e8), ("2025-06-05", 4e8), reach="2025-06-10"))
    source = StoreSource(store, today=END)
    early, late = (source.load([DEKELI], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, day)) for day in (4, 16))
    assert [late.float_shares_on(DEKELI, dt.date(2025, 6, day)) for day in (4, 5, 10, 11)] == [3e8, 4e8, 4e8, None]
    assert early.float_shares_on(DEKELI, dt.date(2025, 6, 16)) == 3e8
    assert late.cut(dt.date(2025, 6, 4)).sha256 == early.sha256


# --- bringing up to date ---------------------------------------------------------------------------------------------


def pull(store, *symbols, end=None, now=EVENING, counted=None, policy=QUICK):
    plan = plan_update(symbols, start=START, end=end, now=now, counted=symbols if counted is None else counted)
    return run_update(store, plan, fetcher=Fetcher(policy))


def test_an_update_stores_the_days_on_which_the_count_changed_and_asks_no_more_that_day(served: Upstream, store):
    results = pull(store, DEKELI, CSI300)
    assert [(each.state, each.complete, each.shares) for each in results] == [("fresh", True, None)] * 2
    shares = store.read_shares(DEKELI)
    assert changes(shares.rows) == [("2025-01-02", 3e8), ("2025-05-29", 3.9e8)]
    assert (len(shares.rows), shares.reach, set(shares.rows["source"])) == (2, dt.date(2025, 6, 30), {"eastmoney_shares"})
    assert store.read_shares(CSI300) is None
    served.log.clear()
    pull(store, DEKELI, CSI300)
    assert served.log == []


@pytest.mark.slow
def test_a_name_is_asked_once_a_week(served: Upstream, store):
    # 2025-06-20 is a Friday; the week of the 27th needs counts up to it, the week of the 30th up to the 27th.
    asked = []
    for day in (20, 23, 27, 30):
        pull(store, DEKELI, now=dt.datetime(2025, 6, day, 9, 0, tzinfo=dt.UTC))
        asked.append(len(served.asked(text=VALUATION)))
    assert asked == [1, 1, 1, 2]


def test_only_the_names_that_are_counted_are_asked(served: Upstream, store):
    pull(store, DEKELI, FIBERHOME, counted=[FIBERHOME])
    assert [request.query["filter"] for request in served.asked(text=VALUATION)] == ['(SECURITY_CODE="600498")']


@pytest.mark.parametrize("kind", ["reset", "status_500", "html", "empty", "wrong_security"])
def test_without_counts_bars_stay_fresh_and_the_line_says_why_and_the_next_run_gets_them(served: Upstream, store, kind):
    fault = served.fault(kind, host="datacenter", code=VALUATION)
    [result] = pull(store, DEKELI)
    assert (result.state, result.complete, result.reason, result.shares.code) == ("fresh", True, None, "shares_failed")
    assert result.tried[-1].source == "eastmoney_shares"
    assert result.tried[-1].code != "answered"
    plan = plan_update([DEKELI], start=START, end=None, now=EVENING)
    assert "流通股本取不到" in update_text([result], plan, store, "zh")
    [record] = update_records([result], "en")
    assert any("float share counts could not be had" in note for note in record["notes"])
    served.faults.remove(fault)
    assert pull(store, DEKELI)[0].shares is None
    assert store.read_shares(DEKELI).reach == dt.date(2025, 6, 30)


def test_counts_that_end_before_the_week_are_kept_and_said(served: Upstream, store):
    served.fault("stale_last", host="datacenter", code=VALUATION)
    [result] = pull(store, DEKELI)
    assert (result.shares.code, result.shares.params) == (
        "shares_behind",
        {"reach": dt.date(2025, 6, 25), "due": dt.date(2025, 6, 27)},
    )
    assert store.read_shares(DEKELI).reach == dt.date(2025, 6, 25)


def test_refused_days_are_noted_and_stored_as_unknown(served: Upstream, store):
    served.fault("doubled_count", host="datacenter", code=VALUATION)
    [result] = pull(store, DEKELI)
    assert [(note.code, note.params["count"], note.params["first"]) for note in result.notes] == [
        ("shares_days_refused", 1, dt.date(2025, 4, 2))
    ]
    rows = store.read_shares(DEKELI).rows
    assert [f"{day:%m-%d}" for day in rows["date"]] == ["01-02", "04-02", "04-03", "05-29"]
    assert np.isnan(rows["float_shares"].iloc[1])
    assert json.loads(store.quarantine.refusals()[0].read_text())["detail"] == "2025-04-02"


def test_a_restated_count_is_taken_and_said_and_an_earlier_history_is_kept(served: Upstream, store):
    pull(store, DEKELI)
    with store.writing(now=EVENING):
        store.write_shares(DEKELI, counts(("2024-06-03", 2e8), ("2025-03-03", 2.5e8), reach="2025-03-31"))
    notes = [note for note in pull(store, DEKELI)[0].notes if note.code == "shares_restated"]
    assert [note.params for note in notes] == [
        {"symbol": DEKELI, "day": dt.date(2025, 1, 2), "stored": "200000000", "found": "300000000"}
    ]
    kept = [(f"{row.date:%Y-%m-%d}", row.float_shares) for row in store.read_shares(DEKELI).rows.itertuples()]
    assert kept == [("2024-06-03", 2e8), ("2025-01-02", 3e8), ("2025-05-29", 3.9e8)]


@pytest.mark.slow
def test_after_an_update_the_week_has_float_cap_weight_beside_the_others(upstream, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "sources.toml").write_text("[policy]\ncalls_per_second = 200\n")
    args = ("update", "--store", folder, "--end", "2025-06-30", "--json")
    assert run_screener(*args, env=upstream.env()).code == 0
    assert len(upstream.asked(text=VALUATION)) == 11
    upstream.log.clear()
    run_screener(*args, env=upstream.env())
    assert upstream.log == []
    ran = run_screener("weekly", "--prices", "store", "--store", folder, "--week", "2025-06-27", "--json")
    rows = {(each["weighting"], each["period"]): each for each in ran.json["weightings"]}
    everyone = next(row for row in ran.json["rows"] if row["subject"] == "all")
    assert rows["hold", "week"]["return"] == pytest.approx(everyone["return"])
    assert rows["hold", "since"]["return"] == pytest.approx(everyone["since_published"])
    found = rows["float_cap", "since"]
    assert (found["weighed_on"], found["gap"]) == ("2024-04-12", None)
    # 600941 mod 9 = 2 and 600050 mod 9 = 2: the same count, so the closes of 2024-04-12 alone, 101.05 and 4.52.
    assert sum(found["weights"].values()) == pytest.approx(1, abs=1e-12)
    assert found["weights"]["600941.SH"] / found["weights"]["600050.SH"] == pytest.approx(101.05 / 4.52, abs=1e-9)
    members = {row["subject"]: row["since_published"] for row in ran.json["rows"] if row["kind"] == "candidate"}
    assert found["return"] == pytest.approx(sum(found["weights"][each] * members[each] for each in members), abs=1e-9)


def test_pe_pb_and_market_values_come_with_the_counts_in_one_request_and_losses_stay_negative(served: Upstream, store):
    served.log.clear()
    shares, values = fetch_values("eastmoney_shares", parse_symbol(DEKELI))
    assert len(served.log) == 1
    assert shares["date"].tolist() == values["date"].tolist()
    fault = served.fault("missing_key", path="data/v1/get")
    with pytest.raises(SourceError):
        fetch_values("eastmoney_shares", parse_symbol(DEKELI))
    served.faults.remove(fault)
    last = values.iloc[-1]
    assert last["pe_ttm"] < 0 < last["pb"]  # an odd code makes a loss in the stand-in
    assert last["total_cap"] == pytest.approx(1.5 * last["float_cap"])


def test_an_update_stores_valuations_and_keeps_those_of_earlier_days(served: Upstream, store):
    pull(store, DEKELI)
    first = store.read_valuations(DEKELI)
    assert first.reach.isoformat() <= "2025-06-30"
    assert list(first.rows.columns) == ["date", "pe_ttm", "pb", "total_cap", "float_cap", "source"]
    assert set(first.rows["source"]) == {"eastmoney_shares"}
    assert store.entries()[DEKELI]["valuations_reach"] == first.reach.isoformat()
