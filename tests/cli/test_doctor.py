"""`screener doctor`: plain words about what works here, whatever is broken."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.cli.doctor import doctor_records, doctor_text
from screener.store.store import Store
from screener.upstream.doctor import examine
from screener.upstream.patience import Fetcher, Policy
from tests.conftest import run_screener
from tests.stored import END, fill_store

SYMBOLS = ("000300.SH", "801770.SI", "600941.SH")
QUICK = Policy(deadline_seconds=1.0, calls_per_second=1000.0, tries=1)


def look(store, *, today=END, symbols=SYMBOLS, fetcher=None):
    return {(each.topic, each.title("en")): each for each in examine(store, symbols, today=today, fetcher=fetcher)}


@pytest.fixture
def served(upstream, monkeypatch):
    for name, value in upstream.env().items():
        monkeypatch.setenv(name, value)
    return upstream


def test_an_empty_store_is_a_remark_that_says_what_to_do(tmp_path):
    found = look(Store(tmp_path / "none"))["topic_store", "store"]
    assert (found.level, found.code) == ("warn", "doctor_store_empty")
    assert "screener update" in found.text("en")


def test_the_bundled_figures_and_the_calendar_are_counted(tmp_path):
    found = look(Store(tmp_path))
    snapshot = found["topic_snapshot", "snapshot"]
    assert snapshot.params == {"first": dt.date(2024, 3, 1), "last": END, "stocks": 15, "indices": 35, "sessions": 322}
    assert found["topic_calendar", "calendar"].params == {"last": dt.date(2026, 12, 31)}


def test_a_day_beyond_the_calendar_is_a_remark(tmp_path):
    assert look(Store(tmp_path), today=dt.date(2027, 1, 4))["topic_calendar", "calendar"].level == "warn"


def test_every_stored_symbol_is_named_with_its_last_session_and_how_far_it_is_behind(tmp_path, market_folder):
    store = fill_store(Store(tmp_path), market_folder, ("000300.SH", "600941.SH"))
    assert look(store)["topic_symbol", "600941.SH"].level == "ok"
    later = look(store, today=dt.date(2025, 7, 3))["topic_symbol", "600941.SH"]
    assert (later.level, later.params["sessions"], later.params["last"]) == ("warn", 3, END)
    assert "801770.SI" in str([each.params.get("symbols") for each in examine(store, SYMBOLS, today=END)])


def test_a_stored_file_that_does_not_open_fails_alone(tmp_path, market_folder):
    store = fill_store(Store(tmp_path), market_folder, ("000300.SH", "600941.SH"))
    (tmp_path / "bars" / "600941.SH.parquet").write_bytes(b"PAR1 torn")
    found = look(store)
    assert (found["topic_symbol", "600941.SH"].level, found["topic_symbol", "000300.SH"].level) == ("fail", "ok")


def test_a_newer_store_is_a_failure_and_not_an_error(tmp_path):
    (tmp_path / "manifest.json").write_text('{"version": 99, "symbols": {}}')
    assert look(Store(tmp_path))["topic_store", "store"].code == "store_newer"


def test_each_source_is_said_to_be_reachable_or_why_not(served, tmp_path):
    served.fault("status_403", host="finance.sina.com.cn")
    served.fault("hang", host="swsresearch")
    found = look(Store(tmp_path), fetcher=Fetcher(QUICK))
    levels = {title: each.level for (topic, title), each in found.items() if topic == "topic_source"}
    assert levels["Eastmoney"] == "ok"
    assert levels["China Securities Index"] == "ok"
    assert levels["Sina Finance"] == "fail"
    assert levels["Shenwan Hongyuan Research"] == "fail"
    assert found["topic_source", "Shenwan Hongyuan Research"].code == "no_answer"


def test_symbols_with_a_single_source_are_named(tmp_path):
    assert look(Store(tmp_path))["topic_single", "single source"].params["symbols"] == "801770.SI"


def test_the_text_has_a_line_for_each_finding_and_a_count(tmp_path):
    findings = examine(Store(tmp_path), SYMBOLS, today=END, fetcher=None)
    lines = doctor_text(findings, "zh").splitlines()
    assert len(lines) == len(findings) + 2
    assert lines[0].startswith("正常  版本")
    count = sum(each.level == "ok" for each in findings)
    assert lines[-1].startswith(f"{count} 项正常")
    assert [each["level"] for each in doctor_records(findings, "en")] == [each.level for each in findings]


def test_the_command_prints_json_and_ends_with_0_although_a_source_is_down(upstream, tmp_path):
    upstream.fault("reset")
    ran = run_screener("doctor", "--json", "--store", tmp_path / "store", env=upstream.env())
    assert ran.code == 0
    by_topic = {each["topic"]: each for each in ran.json}
    assert by_topic["source"]["level"] == "fail"
    assert {"versions", "snapshot", "calendar", "store", "fonts"} <= set(by_topic)


@pytest.fixture
def without_akshare(tmp_path):
    """An akshare that fails as it does where its JavaScript engine has no binary."""
    package = tmp_path / "broken" / "akshare"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('Native library not available')\n")
    return {"PYTHONPATH": str(package.parent)}


def run_without(broken, *args):
    from tests.conftest import ROOT

    return run_screener(*args, env={"PYTHONPATH": broken["PYTHONPATH"] + ":" + str(ROOT)})


def test_without_akshare_doctor_says_what_to_do_and_stored_data_and_reports_work(
    without_akshare, tmp_path, market_folder, bundled
):
    thesis, scale = bundled
    fill_store(Store(tmp_path / "store"), market_folder, thesis.symbols(scale))
    ran = run_without(without_akshare, "doctor", "--store", tmp_path / "store", "--lang", "en")
    assert ran.code == 0
    assert "Native library not available" in ran.out
    assert "pip install" in ran.out
    args = ("--prices", "store", "--store", tmp_path / "store", "--as-of", "2025-06-30", "--json")
    outcome = run_without(without_akshare, "outcome", *args)
    assert outcome.code == 3  # the store is behind today's calendar; every figure is there
    assert not [row for row in outcome.json["rows"] if row["gap"]]


def test_without_akshare_an_update_fails_in_words_and_stores_nothing(without_akshare, tmp_path):
    ran = run_without(without_akshare, "update", "--store", tmp_path / "store", "--end", "2025-06-30", "--json", "--lang", "en")
    assert ran.code == 3
    assert {row["state"] for row in ran.json} == {"failed"}
    assert all("akshare cannot be loaded" in row["reason"] for row in ran.json)
