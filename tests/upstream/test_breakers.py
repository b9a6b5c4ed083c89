"""A host that turned us away is left alone by the next run too: the real akshare asks the stand-in, on a clock of our own."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from screener.store.store import Store
from screener.upstream.asking.memory import BREAKERS, MEMORY, keep_breakers, load_breakers
from screener.upstream.asking.patience import Breaker, Fetcher, Policy
from screener.upstream.doctor import examine
from screener.upstream.plan import plan_update
from screener.upstream.update import run_update
from tests.conftest import run_screener

EVENING = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
QUICK = Policy(deadline_seconds=3.0, calls_per_second=1000.0, tries=2, backoff_seconds=0.01, breaker_refusals=2)
REST = dt.timedelta(seconds=QUICK.breaker_rest_seconds)
FIRST = "proxy.finance.qq.com"  # the first that is asked
FIBERHOME, ACCELINK = "600498.SH", "002281.SZ"


@pytest.fixture
def served(upstream, monkeypatch):
    for name, value in upstream.env().items():
        monkeypatch.setenv(name, value)
    return upstream


def run(store, *symbols, now):
    """One update as the command makes it, on the clock `now`; gives what it said at the start and what became of it."""
    breakers, notes = load_breakers(store.folder, now=now)
    fetcher = Fetcher(QUICK, breakers=breakers, now=lambda: now)
    said = (*notes, *fetcher.resting())
    plan = plan_update(symbols, start=dt.date(2025, 3, 3), end=None, now=now)
    return said, run_update(store, plan, fetcher=fetcher)


@pytest.mark.slow
def test_a_host_that_opened_its_breaker_is_not_asked_by_the_next_run_until_the_rest_is_over(served, tmp_path):
    store = Store(tmp_path / "store")
    served.fault("reset", host=FIRST)
    said, results = run(store, FIBERHOME, "600050.SH", now=EVENING)
    assert said == ()
    assert [each.source for each in results] == ["sina", "sina"]
    # The first name twice; then a refusal about another one.
    assert len(served.asked(FIRST)) == 3
    assert json.loads((store.folder / BREAKERS).read_text())[FIRST]["opened"] == "2025-06-30T09:00:00+00:00"

    served.log.clear()
    said, results = run(store, ACCELINK, now=EVENING + REST - dt.timedelta(seconds=1))
    assert served.asked(FIRST) == []
    assert "17:30" in said[0].params["until"]  # 09:00 UTC is 17:00 in Beijing, plus half an hour
    assert (results[0].source, results[0].tried[0].code) == ("sina", "host_resting")

    served.log.clear()
    said, _ = run(store, "600941.SH", now=EVENING + REST)
    assert said == ()
    assert len(served.asked(FIRST)) == 1  # one probe, which begins the next rest

    served.log.clear()
    served.faults.clear()
    _, results = run(store, "601728.SH", now=EVENING + 2 * REST)
    assert results[0].source == "tencent"
    assert load_breakers(store.folder, now=EVENING + 2 * REST) == ({}, ())


def test_what_is_or_was_left_alone_is_remembered_for_a_day(tmp_path):
    store = Store(tmp_path)
    opened = {FIRST: Breaker(3, EVENING + REST, EVENING), "other.example": Breaker(1)}
    with store.writing(now=EVENING):
        keep_breakers(store, opened)
    assert load_breakers(tmp_path, now=EVENING)[0] == {FIRST: opened[FIRST]}
    assert load_breakers(tmp_path, now=EVENING + MEMORY)[0] != {}
    assert load_breakers(tmp_path, now=EVENING + MEMORY + dt.timedelta(seconds=1)) == ({}, ())
    with store.writing(now=EVENING):
        keep_breakers(store, {})
    assert load_breakers(tmp_path, now=EVENING) == ({}, ())


def test_a_run_without_refusals_leaves_no_file(tmp_path):
    store = Store(tmp_path)
    with store.writing(now=EVENING):
        keep_breakers(store, {FIRST: Breaker(1)})
    assert not (tmp_path / BREAKERS).exists()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"a": 1}',
        '{"a": {"refusals": 3}}',
        '{"a": {"refusals": "x", "opened": "2025-06-30T09:00:00+00:00", "until": "2025-06-30T09:30:00+00:00"}}',
        '{"a": {"refusals": 3, "opened": "2025-06-30T09:00:00", "until": "2025-06-30T09:30:00"}}',
        '{"a": {"refusals": 3, "opened": "2025-06-30T09:00:00+00:00", "until": "2024-06-30T09:30:00+00:00"}}',
    ],
)
def test_a_broken_file_is_ignored_with_a_note(tmp_path, text):
    (tmp_path / BREAKERS).write_text(text)
    found, notes = load_breakers(tmp_path, now=EVENING)
    assert found == {}
    assert [note.code for note in notes] == ["breakers_unreadable"]


def test_an_opening_in_the_future_is_ignored_with_a_note_and_the_others_are_kept(tmp_path):
    store = Store(tmp_path)
    late = EVENING + dt.timedelta(hours=1)
    with store.writing(now=EVENING):
        keep_breakers(store, {FIRST: Breaker(3, late + REST, late), "b.example": Breaker(3, EVENING + REST, EVENING)})
    found, notes = load_breakers(tmp_path, now=EVENING)
    assert list(found) == ["b.example"]
    assert [(note.code, note.params["host"]) for note in notes] == [("breaker_ahead", FIRST)]


def test_doctor_names_a_host_that_rests_and_does_not_ask_it(served, tmp_path):
    fetcher = Fetcher(QUICK, breakers={FIRST: Breaker(3, EVENING + REST, EVENING)}, now=lambda: EVENING)
    found = examine(Store(tmp_path), ("600941.SH",), today=dt.date(2025, 6, 30), fetcher=fetcher)
    resting = [each for each in found if each.code == "host_resting"]
    assert [(each.level, each.params["host"]) for each in resting] == [("warn", FIRST)]
    assert served.asked(FIRST) == []


@pytest.mark.slow
def test_the_commands_say_what_they_remember(upstream, tmp_path):
    now = dt.datetime.now(dt.UTC)
    store = Store(tmp_path / "store")
    with store.writing(now=now):
        keep_breakers(store, {FIRST: Breaker(3, now + REST, now - dt.timedelta(seconds=1))})
    (store.folder / "sources.toml").write_text("[policy]\ncalls_per_second = 200\ntries = 1\n")
    ran = run_screener("update", "--store", store.folder, "--start", "2025-06-02", "--end", "2025-06-30", env=upstream.env())
    assert f"{FIRST} 已连续 3 次拒绝" in ran.err
    assert upstream.asked(FIRST) == []
    assert FIRST in run_screener("doctor", "--store", store.folder, env=upstream.env()).out
