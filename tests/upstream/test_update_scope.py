"""The whole market as a list of symbols: from the exchanges' lists, kept when they cannot be had; resumable."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from screener.store.store import Store
from screener.terms.notes import ScreenerError, UsageError
from screener.thesis.library import open_library
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.plan import thesis_symbols, universe_symbols
from tests.conftest import THESIS, run_screener
from tests.standin import Upstream

NOW = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
QUICK = Policy(deadline_seconds=5.0, calls_per_second=1000.0, tries=1)
CODES = {"600498": "烽火通信", "002281": "光迅科技", "300442": "润泽科技", "688702": "盛科通信-U"}
OURS = ("600498.SH", "002281.SZ", "300442.SZ", "688702.SH")


@pytest.fixture
def small_market(market_folder, tmp_path, monkeypatch):
    """A market of four listed companies."""
    folder = tmp_path / "market"
    (folder / "raw").mkdir(parents=True)
    for code in CODES:
        (folder / "raw" / f"{code}.csv").write_bytes((market_folder / "raw" / f"{code}.csv").read_bytes())
    (folder / "actions.csv").write_bytes((market_folder / "actions.csv").read_bytes())
    (folder / "names.csv").write_text("code,name\n" + "".join(f"{code},{name}\n" for code, name in CODES.items()))
    with Upstream(folder) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        yield served


def names(store):
    return universe_symbols(store, Fetcher(QUICK), "a-shares", now=NOW)


def test_every_listed_a_share_is_in_the_universe_and_its_name_in_the_registry(small_market, tmp_path):
    store = Store(tmp_path / "store")
    symbols, notes = names(store)
    # Beside samples with which the stand-in fills the lists up, for a workbook of a few rows is not read.
    assert set(OURS) <= set(symbols)
    assert not [symbol for symbol in symbols if symbol.startswith(("900", "200"))]
    assert notes == ()
    assert store.read_names().loc["688702.SH", "name"] == "盛科通信-U"


def test_a_name_that_left_the_lists_stays_in_the_registry(small_market, tmp_path):
    store = Store(tmp_path / "store")
    gone = pd.DataFrame(
        {"name": ["退市公司"], "listed": [pd.NaT], "delisted": [pd.Timestamp("2025-03-03")]}, index=["600001.SH"]
    )
    with store.writing(now=NOW):
        store.write_names(gone)
    assert "600001.SH" in names(store)[0]
    kept = store.read_names().loc["600001.SH"]
    assert (kept["name"], kept["delisted"]) == ("退市公司", pd.Timestamp("2025-03-03"))


def test_when_the_lists_cannot_be_had_the_stored_registry_is_used_and_said(small_market, tmp_path):
    store = Store(tmp_path / "store")
    names(store)
    known = len(store.read_names())
    small_market.fault("html", host="sse.com.cn")
    symbols, notes = names(store)
    assert set(OURS) <= set(symbols)
    assert [(note.code, note.params["count"]) for note in notes] == [("names_kept", known)]
    assert "query.sse.com.cn" in notes[0].params["detail"]


def test_without_any_registry_the_universe_is_a_clear_error(small_market, tmp_path):
    small_market.fault("reset")
    with pytest.raises(ScreenerError) as refused:
        names(Store(tmp_path / "store"))
    assert refused.value.code == "update_no_names"


def test_an_unknown_universe_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        universe_symbols(Store(tmp_path), Fetcher(QUICK), "b-shares", now=NOW)


def test_an_update_needs_what_the_theses_need_from_sixty_sessions_before_the_earliest_publication(bundled):
    thesis, scale = bundled
    symbols, first = thesis_symbols(open_library(), [THESIS])
    assert symbols == (*thesis.symbols(scale), "0941.HK", "0762.HK", "0728.HK")
    assert {"000300.SH", "H00300.CSI", "801770.SI", "931160.CSI"} <= set(symbols)
    # The earliest possible publication, Sunday 2024-04-07, has its base date on Wednesday 2024-04-03 (Qingming follows);
    # counted back by hand from there: 3 sessions in April, 21 in March, 15 in February, 21 in January from the 2nd to the
    # 31st is 22, so that the 60th before the base date is 2024-01-02.
    assert first == dt.date(2024, 1, 2)


@pytest.mark.slow
def test_the_whole_market_is_updated_by_command_and_a_second_run_only_asks_for_the_lists(small_market, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "sources.toml").write_text("[policy]\ncalls_per_second = 200\ntries = 1\n")
    args = ("update", "--universe", "a-shares", "--store", folder, "--start", "2025-05-06", "--end", "2025-06-30", "--json")
    ran = run_screener(*args)
    states = {row["symbol"]: row["state"] for row in ran.json}
    assert {symbol: states[symbol] for symbol in OURS} == dict.fromkeys(OURS, "fresh")
    assert ran.code == 3  # the small market has no indices
    small_market.log.clear()
    run_screener(*args)
    assert not [request for request in small_market.log if "kline" in request.path and "600498" in request.text]
