"""Pacing, deadline, retry and breaker, with a clock that only moves when something waits."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
import threading
import time

import pytest

from screener.upstream.asking.patience import Breaker, Fetcher, FetchError, Policy, allowance, further_request, given_up

HOST = "quotes.example"
START = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return START + dt.timedelta(seconds=self.seconds)


def fetcher(clock: Clock, breakers=None, **policy) -> Fetcher:
    settings = {"jitter": 0.0, "deadline_seconds": 5.0} | policy
    return Fetcher(Policy(**settings), breakers=breakers, now=clock.now, monotonic=clock.monotonic, sleep=clock.sleep)


def failing(times: int, **kind):
    """A call that fails `times` times and then says how often it was called."""
    calls = []

    def call() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise FetchError("connection_reset", host=HOST, **kind)
        return len(calls)

    return call, calls


def test_ten_calls_to_one_host_take_nine_seconds_at_one_a_second():
    clock = Clock()
    fetch = fetcher(clock)
    assert [fetch.call(HOST, lambda: 1) for _ in range(10)] == [1] * 10
    assert clock.seconds == pytest.approx(9.0)


def test_jitter_only_ever_lengthens_a_pause_and_by_no_more_than_its_share():
    clock = Clock()
    fetch = fetcher(clock, jitter=0.2)
    for _ in range(50):
        fetch.call(HOST, lambda: 1)
    assert all(1.0 <= wait <= 1.2 + 1e-9 for wait in clock.waits)
    assert len(set(clock.waits)) > 1


def test_two_hosts_do_not_wait_for_each_other():
    clock = Clock()
    fetch = fetcher(clock)
    fetch.call("a.example", lambda: 1)
    fetch.call("b.example", lambda: 1)
    assert clock.seconds == 0.0


def test_what_may_pass_is_tried_again_with_growing_pauses():
    clock = Clock()
    call, calls = failing(2, may_pass=True)
    assert fetcher(clock, backoff_seconds=2.0).call(HOST, call) == 3
    assert clock.waits == [2.0, 4.0]


def test_tries_are_bounded_and_the_last_reason_is_told():
    clock = Clock()
    call, calls = failing(99, may_pass=True)
    with pytest.raises(FetchError, match="closed the connection"):
        fetcher(clock, tries=4, breaker_refusals=99).call(HOST, call)
    assert len(calls) == 4


def test_what_cannot_pass_is_not_tried_again():
    call, calls = failing(99)
    with pytest.raises(FetchError):
        fetcher(Clock()).call(HOST, call)
    assert len(calls) == 1


def test_a_fault_of_our_own_is_not_mistaken_for_a_fault_of_theirs():
    with pytest.raises(ZeroDivisionError):
        fetcher(Clock()).call(HOST, lambda: 1 // 0)


def test_a_call_that_hangs_ends_at_its_deadline():
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(FetchError) as caught:
        fetcher(Clock(), deadline_seconds=0.2, tries=1).call(HOST, release.wait)
    assert caught.value.code == "deadline_passed"
    assert time.monotonic() - began < 5.0
    release.set()


def test_a_late_result_is_dropped_and_the_next_call_gets_its_own():
    release = threading.Event()
    fetch = fetcher(Clock(), deadline_seconds=0.2, tries=1)
    with pytest.raises(FetchError):
        fetch.call(HOST, lambda: release.wait() and "late")
    release.set()
    assert fetch.call(HOST, lambda: "own") == "own"


def test_a_call_knows_when_nobody_waits_for_it_any_more():
    release, seen, done = threading.Event(), [], threading.Event()

    def slow() -> None:
        seen.append(given_up())
        release.wait()
        seen.append(given_up())
        with pytest.raises(FetchError):
            further_request(HOST)
        done.set()

    with pytest.raises(FetchError):
        fetcher(Clock(), deadline_seconds=0.2, tries=1).call(HOST, slow)
    release.set()
    assert done.wait(5)
    assert seen == [False, True]


@pytest.mark.slow
def test_a_further_request_of_one_call_is_paced_and_has_a_deadline_of_its_own():
    clock = Clock()
    fetch = fetcher(clock, deadline_seconds=1.0)

    def pages() -> int:
        for _ in range(4):
            threading.Event().wait(0.4)  # 1.6 s in all, beyond one deadline
            further_request(HOST)
        return 5

    assert fetch.call(HOST, pages) == 5
    assert clock.seconds == pytest.approx(4.0)


def test_the_program_ends_although_a_call_still_hangs():
    code = (
        "import threading\n"
        "from screener.upstream.asking.patience import Fetcher, FetchError, Policy\n"
        "try:\n"
        "    Fetcher(Policy(deadline_seconds=0.2, tries=1)).call('h', threading.Event().wait)\n"
        "except FetchError as error:\n"
        "    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "deadline_passed")


def test_three_refusals_in_a_row_and_the_host_is_left_alone():
    clock = Clock()
    call, calls = failing(99, refused=True)
    fetch = fetcher(clock)
    for _ in range(3):
        with pytest.raises(FetchError, match="closed the connection"):
            fetch.call(HOST, call)
    with pytest.raises(FetchError) as caught:
        fetch.call(HOST, call)
    assert caught.value.code == "host_resting"
    assert "2026-03-02 09:30" in caught.value.text("zh")  # 01:00 UTC is 09:00 in Beijing, plus two seconds and half an hour
    assert len(calls) == 3


def test_refusals_within_the_tries_of_one_call_count_and_end_the_tries():
    call, calls = failing(99, refused=True, may_pass=True)
    with pytest.raises(FetchError, match="closed the connection"):
        fetcher(Clock(), tries=10).call(HOST, call)
    assert len(calls) == 3


def test_a_call_without_anything_of_use_in_all_its_tries_counts_as_one_refusal():
    call, calls = failing(99, may_pass=True)
    fetch = fetcher(Clock(), tries=2)
    for _ in range(3):
        with pytest.raises(FetchError, match="closed the connection"):
            fetch.call(HOST, call)
    with pytest.raises(FetchError, match="left alone"):
        fetch.call(HOST, call)
    assert len(calls) == 6


def test_an_honest_no_is_an_answer_and_begins_the_count_anew():
    fetch = fetcher(Clock())
    refused, _ = failing(99, refused=True)
    unknown, _ = failing(99)
    for call in (refused, refused, unknown, refused, refused):
        with pytest.raises(FetchError, match="closed the connection"):
            fetch.call(HOST, call)
    assert fetch.breakers[HOST].refusals == 2


def test_an_answer_in_between_begins_the_count_anew():
    clock = Clock()
    fetch = fetcher(clock)
    for _ in range(3):
        call, _ = failing(2, refused=True, may_pass=True)
        assert fetch.call(HOST, call) == 3
    assert fetch.breakers == {}


def test_a_host_that_rests_is_asked_again_afterwards_and_rests_at_the_first_refusal():
    clock = Clock()
    fetch = fetcher(clock, {HOST: Breaker(3, START + dt.timedelta(seconds=60))})
    with pytest.raises(FetchError, match="left alone"):
        fetch.call(HOST, lambda: 1)
    clock.sleep(61)
    call, calls = failing(1, refused=True)
    with pytest.raises(FetchError, match="closed the connection"):
        fetch.call(HOST, call)
    with pytest.raises(FetchError, match="left alone"):
        fetch.call(HOST, call)
    assert fetch.breakers[HOST].refusals == 4


def test_the_next_run_knows_what_this_one_learnt():
    clock = Clock()
    call, _ = failing(99, refused=True, may_pass=True)
    first = fetcher(clock)
    with pytest.raises(FetchError):
        first.call(HOST, call)
    with pytest.raises(FetchError, match="left alone"):
        fetcher(clock, first.breakers).call(HOST, lambda: 1)


def test_another_host_is_not_concerned_by_a_breaker():
    fetch = fetcher(Clock(), {HOST: Breaker(3, START + dt.timedelta(hours=1))})
    assert fetch.call("other.example", lambda: 7) == 7


def test_refusals_about_one_subject_count_once_and_others_make_the_host_rest():
    call, _ = failing(99, refused=True, may_pass=True)
    fetch = fetcher(Clock(), tries=3)
    for _ in range(4):
        with pytest.raises(FetchError, match="closed the connection"):
            fetch.call(HOST, call, subject="600001.SH")
    assert fetch.breakers[HOST].refusals == 1
    for subject in ("600002.SH", "600003.SH"):
        with pytest.raises(FetchError, match="closed the connection"):
            fetch.call(HOST, call, subject=subject)
    with pytest.raises(FetchError, match="left alone"):
        fetch.call(HOST, call, subject="600004.SH")
    assert fetch.passed_over == {(HOST, "600004.SH")}


def test_a_host_that_was_too_slow_gets_half_the_time_until_it_answers():
    def slow() -> None:
        raise FetchError("no_answer", refused=True, slow=True, host=HOST)

    given = []
    fetch = fetcher(Clock(), deadline_seconds=8.0, breaker_refusals=9)
    for call in (slow, slow, lambda: None, slow):
        with contextlib.suppress(FetchError):
            fetch.call(HOST, lambda call=call: (given.append(allowance()), call()))
    assert given == [8.0, 4.0, 2.0, 8.0]


def test_what_was_too_slow_is_not_asked_again_at_once():
    calls = []

    def slow() -> None:
        calls.append(1)
        raise FetchError("reply_drips", refused=True, slow=True, host=HOST, seconds=5, size=3)

    with pytest.raises(FetchError):
        fetcher(Clock(), tries=3).call(HOST, slow, subject="x")
    assert len(calls) == 1


def test_only_a_rest_that_began_here_is_cut_short_and_the_subjects_passed_over_are_told():
    call, _ = failing(3, refused=True)
    fetch = fetcher(Clock(), {"old.example": Breaker(3, START + dt.timedelta(hours=1), START)})
    for subject in ("a", "b", "c", "d"):
        with pytest.raises(FetchError):
            fetch.call(HOST, call, subject=subject)
    with pytest.raises(FetchError, match="left alone"):
        fetch.call("old.example", lambda: 1, subject="e")
    assert fetch.missed() == {"d"}
    fetch.wake()
    assert fetch.call(HOST, lambda: 7, subject="d") == 7
    with pytest.raises(FetchError, match="left alone"):
        fetch.call("old.example", lambda: 1, subject="e")
