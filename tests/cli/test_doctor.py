"""`screener doctor`: plain words about what works here, whatever is broken."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.cli.doctor import doctor_text
from screener.store.store import Store
from screener.terms.notes import Note, ScreenerError
from screener.upstream import jobs
from screener.upstream.asking.memory import Settings
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.doctor import Finding, examine
from screener.upstream.jobs import JOBS, Job, examine_jobs, exit_code
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


@pytest.mark.slow
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


def fine() -> None:
    """Every glyph is there."""


def boxes() -> None:
    raise ScreenerError("no_glyphs")


def test_ten_lines_say_job_by_job_what_works_and_how_to_mend_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "find_spec", lambda name: None if name == "weasyprint" else True)
    findings = examine(Store(tmp_path / "none"), SYMBOLS, today=END, fetcher=None)
    found = {each.name: each for each in examine_jobs(findings, check_glyphs=boxes)}
    assert tuple(found) == JOBS
    assert len(found) == 10
    levels = {name: each.level for name, each in found.items()}
    assert levels["pictures"] == "fail"
    assert levels["pdf"] == levels["store"] == "warn"
    assert levels["report"] == levels["grade"] == levels["notebook"] == "ok"
    assert all(each.remedy for each in found.values() if each.level != "ok" and each.name != "update")
    lines = doctor_text(tuple(found.values()), "zh").splitlines()
    assert lines[0].startswith("正常  版本")
    assert "screener[pdf]" in lines[3]


def test_the_exit_code_says_what_failed(tmp_path):
    findings = examine(Store(tmp_path / "none"), SYMBOLS, today=END, fetcher=None)
    assert exit_code(examine_jobs(findings, check_glyphs=fine)) == 0
    assert exit_code(examine_jobs(findings, check_glyphs=boxes)) == 3
    broken = Finding("fail", "topic_snapshot", "doctor_snapshot", {})
    assert exit_code((Job("report", "fail", Note("job_pdf"), "", (broken,)),)) == 1


def test_the_order_of_sources_and_what_goes_unverified_are_said(tmp_path):
    settings = Settings(order={"stock": ("eastmoney",)}, unverified=frozenset({"www.swsresearch.com"}))
    found = examine(Store(tmp_path / "none"), SYMBOLS, today=END, fetcher=None, settings=settings)
    orders = {each.params["symbol"]: each.params["sources"] for each in found if each.code == "doctor_order"}
    assert orders["600941.SH"] == "eastmoney → tencent → sina"
    assert orders["920000.BJ"] == "eastmoney → sina"
    assert [each.params["host"] for each in found if each.code == "doctor_unverified"] == ["www.swsresearch.com"]


@pytest.mark.slow
def test_the_command_ends_with_3_where_no_source_answers_and_says_so(upstream, tmp_path):
    upstream.fault("reset")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "sources.toml").write_text("[policy]\ntries = nan\n")
    ran = run_screener("doctor", "--json", "--store", tmp_path / "store", env=upstream.env())
    assert ran.code == 3
    levels = {each["job"]: each["level"] for each in ran.json["jobs"]}
    assert (levels["update"], levels["report"]) == ("fail", "ok")
    assert "settings_number" in {each["code"] for each in ran.json["findings"]}
    assert {"versions", "snapshot", "calendar", "store", "order"} <= {each["topic"] for each in ran.json["findings"]}


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


@pytest.mark.slow
def test_without_akshare_doctor_says_what_to_do_and_stored_data_and_reports_work(
    without_akshare, tmp_path, market_folder, bundled
):
    thesis, scale = bundled
    fill_store(Store(tmp_path / "store"), market_folder, thesis.symbols(scale))
    ran = run_without(without_akshare, "doctor", "--store", tmp_path / "store", "--lang", "en")
    assert ran.code == 3
    assert "Native library not available" in ran.out
    assert "pip install" in ran.out
    args = ("--prices", "store", "--store", tmp_path / "store", "--as-of", "2025-06-30", "--json")
    outcome = run_without(without_akshare, "outcome", *args)
    assert outcome.code == 3  # the store is behind today's calendar; every figure is there
    assert not [row for row in outcome.json["rows"] if row["gap"]]


@pytest.mark.slow
def test_without_akshare_an_update_fails_in_words_and_stores_nothing(without_akshare, tmp_path):
    ran = run_without(without_akshare, "update", "--store", tmp_path / "store", "--end", "2025-06-30", "--json", "--lang", "en")
    assert ran.code == 3
    assert {row["state"] for row in ran.json} == {"failed"}
    assert all("akshare cannot be loaded" in row["reason"] for row in ran.json)
