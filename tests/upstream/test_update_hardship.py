"""An update under hardship: killed at any moment, no room on the disk, little memory, and how long it may take."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter

import pandas as pd
import pytest

from screener.store.store import Store
from screener.upstream.asking.patience import Fetcher, Policy
from screener.upstream.asking.wire import DRIP_SECONDS
from screener.upstream.plan import plan_update
from screener.upstream.update import run_update
from tests.conftest import ROOT, run_screener

pytestmark = pytest.mark.slow
FAST = "[policy]\ncalls_per_second = 200\nbackoff_seconds = 0.05\n"
END = "2025-06-30"


# A forked process starts with its parent's peak memory, which is a whole test runner's: a small parent measures instead.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], check=False).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def start(folder, upstream):
    command = [sys.executable, "-m", "screener", "update", "--store", str(folder), "--end", END]
    env = {**os.environ, **upstream.env(), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def new_store(folder, text=FAST):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "sources.toml").write_text(text)
    return folder


def contents(folder):
    """Everything stored but the time of fetching."""
    store = Store(folder)
    bars = {symbol: store.read_bars(symbol).rows.drop(columns="fetched_at") for symbol in store.symbols()}
    actions = {symbol: store.read_actions(symbol) for symbol in store.symbols()}
    shares = {symbol: store.read_shares(symbol) for symbol in store.symbols()}
    return bars, *({symbol: found and found.rows for symbol, found in each.items()} for each in (actions, shares))


def assert_same(one, other):
    for part, counterpart in zip(contents(one), contents(other), strict=True):
        assert list(part) == list(counterpart)
        for symbol, rows in part.items():
            assert (rows is None) == (counterpart[symbol] is None)
            if rows is not None:
                pd.testing.assert_frame_equal(rows, counterpart[symbol])


def test_killed_at_thirty_random_moments_nothing_stored_is_lost_and_the_end_is_the_same(upstream, tmp_path):
    calm = new_store(tmp_path / "calm")
    begun = time.monotonic()
    assert start(calm, upstream).wait() == 0
    duration = time.monotonic() - begun
    chance = random.Random(20250630)
    folder = new_store(tmp_path / "killed")
    killed = 0
    while killed < 30:
        if len(Store(folder).symbols()) > 12:
            folder = new_store(tmp_path / "killed")
        running = start(folder, upstream)
        try:
            running.wait(duration * chance.uniform(0.3, 1.0))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            killed += 1
        store = Store(folder)
        before = {symbol: len(store.read_bars(symbol).rows) for symbol in store.symbols()}
        assert all(before.values())
        assert all(
            store.read_actions(symbol) is not None for symbol in before if symbol[-2:] in ("SH", "SZ") and symbol != "000300.SH"
        )
    assert start(folder, upstream).wait() == 0
    assert_same(folder, calm)
    assert not list(folder.rglob("*.part"))


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_and_a_read_only_one_end_in_one_clear_line_and_keep_what_was_stored(upstream, small_disk):
    folder = small_disk / "store"
    folder.mkdir()
    (folder / "sources.toml").write_text(FAST)
    args = ("update", "--store", folder, "--end", END, "--lang", "en")
    full = run_screener(*args, env=upstream.env())
    assert full.code == 1
    assert "No space left on device" in full.err
    assert "what was stored is unchanged" in full.err
    stored = Store(folder).symbols()
    assert 1 <= len(stored) < 18
    assert all(len(Store(folder).read_bars(symbol).rows) > 300 for symbol in stored)
    subprocess.run(["mount", "-o", "remount,ro,size=96k", str(small_disk)], check=True)
    refused = run_screener(*args, env=upstream.env())
    assert refused.code == 1
    assert "cannot be written" in refused.err
    assert Store(folder).symbols() == stored
    subprocess.run(["mount", "-o", "remount,rw,size=4m", str(small_disk)], check=True)
    assert run_screener(*args, env=upstream.env()).code == 0
    assert len(Store(folder).symbols()) == 18


def test_an_update_takes_what_pacing_takes_plus_a_fifth_and_less_than_300_megabytes(upstream, tmp_path):
    policy = Policy()
    begun = time.monotonic()
    command = [sys.executable, "-m", "screener", "update", "--store", str(new_store(tmp_path / "store", "")), "--end", END]
    env = {**os.environ, **upstream.env(), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    measured = [sys.executable, "-c", MEASURED, *command]
    ran = subprocess.run(measured, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    elapsed = time.monotonic() - begun
    assert ran.returncode == 0
    busiest = Counter(request.host for request in upstream.log if "datacenter" not in request.host).most_common(1)[0][1]
    paced = busiest * policy.pause_seconds * (1 + policy.jitter)
    begin = 15.0  # starting Python and akshare, and the second listings' own hosts, on a busy machine
    assert elapsed <= 1.2 * paced + begin
    assert int(ran.stdout.splitlines()[-1]) / 1024 < 300


@pytest.mark.parametrize("host", ["proxy.finance.qq.com", "datacenter-web", "www.csindex"])
def test_an_update_with_one_dripping_host_takes_no_more_than_a_minute(upstream, tmp_path, monkeypatch, bundled, host):
    for name, value in upstream.env().items():
        monkeypatch.setenv(name, value)
    upstream.fault("drip", host=host)
    thesis, scale = bundled
    passed: list[float] = []  # pauses are virtual; what drips takes its own time
    fetcher = Fetcher(Policy(), sleep=passed.append, monotonic=lambda: sum(passed))
    now = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
    plan = plan_update(thesis.symbols(scale), start=dt.date(2025, 3, 3), end=None, now=now)
    results = run_update(Store(tmp_path / "store"), plan, fetcher=fetcher)
    dripping = upstream.asked(host)
    assert sum(passed) + (DRIP_SECONDS + 0.5) * len(dripping) <= 60
    if host.startswith("proxy"):
        assert all(each.state == "fresh" for each in results)
