"""Calls that may hang, fail or be refused, made so that a run can rely on them.

Each is paced, bounded in time, retried where that may help, and no longer made to a host that keeps refusing. Nothing here
knows what is asked of whom.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import tenacity

from screener.terms.notes import Note, ScreenerError
from screener.terms.say import Lang, say

T = TypeVar("T")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Policy:
    """How patient a run is with other people's servers: every number in one place, all of them the user's to change.

    `deadline_seconds`: hard limit around one request, whatever it waits for; half of it for a host that was too slow the
    last time, half of that again, until it answers. `calls_per_second`: requests per host; `jitter`: each pause is longer
    by up to this fraction. `tries`: calls in all, of which those after the first wait `backoff_seconds`, then twice that,
    and so on up to `backoff_limit_seconds`. After `breaker_refusals` refusals in a row, each about another subject, the
    host is left alone for `breaker_rest_seconds`; the first refusal after that rest begins the next. A call that brought
    nothing of use in all its tries (500, half a reply) counts as one refusal.

    One call a second: Eastmoney turns an address away after some 50 to 200 fast calls, for hours.
    """

    deadline_seconds: float = 30.0
    calls_per_second: float = 1.0
    jitter: float = 0.1
    tries: int = 3
    backoff_seconds: float = 2.0
    backoff_limit_seconds: float = 20.0
    breaker_refusals: int = 3
    breaker_rest_seconds: float = 1800.0

    @property
    def pause_seconds(self) -> float:
        """Shortest time from one call to a host to the next."""
        return 1.0 / self.calls_per_second


class FetchError(ScreenerError):
    """One call gave nothing.

    `may_pass`: trying again is sensible. `refused`: the server turned us away or did not answer, which counts for the
    breaker. `slow`: it cost much time, so the next call gets less. `excerpt`: the first 200 bytes of the reply, if any.
    """

    def __init__(
        self,
        code: str,
        *,
        may_pass: bool = False,
        refused: bool = False,
        slow: bool = False,
        excerpt: bytes = b"",
        **params: object,
    ) -> None:
        self.may_pass = may_pass
        self.refused = refused
        self.slow = slow
        self.excerpt = excerpt[:200]
        super().__init__(code, **params)


@dataclass(frozen=True)
class Tried:
    """One source's part in an answer: `code` is `answered`, or the message code of what went wrong, filled by `params`."""

    source: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    excerpt: bytes = b""

    def text(self, lang: Lang = "zh") -> str:
        """Say how it went, in one sentence."""
        return say(self.code, lang, **self.params)


@dataclass(frozen=True)
class Breaker:
    """What is remembered of one host: refusals in a row, and from when until when it is left alone (None = it may be asked).

    `subjects`: what it was asked about when it refused; refusals about one subject count once, for one name that a host
    cannot serve is no reason to leave the host alone.
    """

    refusals: int = 0
    until: dt.datetime | None = None
    opened: dt.datetime | None = None
    subjects: frozenset[str] = frozenset()


class Fetcher:
    """Makes calls under one policy, from one thread; remembers per host when it was asked and how often it refused.

    `now`: wall clock (aware) for the breaker; `monotonic` and `sleep`: for pacing and backoff. The deadline always runs on
    the real clock. `breakers`: host → Breaker, what an earlier run remembered; the attribute of that name is what the next
    run should know. `unverified`: hosts whose certificates the user does not want checked. `passed_over`: what a resting
    host was not asked about, as (host, subject).
    """

    def __init__(
        self,
        policy: Policy = Policy(),  # noqa: B008 - a frozen value
        *,
        breakers: Mapping[str, Breaker] | None = None,
        unverified: Collection[str] = (),
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.policy = policy
        self.breakers: dict[str, Breaker] = dict(breakers or {})
        self.unverified = frozenset(unverified)
        self.passed_over: set[tuple[str, str]] = set()
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._next_call: dict[str, float] = {}
        self._slow: dict[str, int] = {}
        self._put_to_rest: set[str] = set()
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    def call(self, host: str, function: Callable[[], T], *, subject: str = "") -> T:
        """The value of `function`, paced for `host`, within the deadline, retried where that may help.

        `subject`: what it asks about, "" = something else each time. FetchError: `host_resting` (the breaker is open),
        `deadline_passed`, or what `function` raised last. Any other exception of `function` passes through at once.
        `function` runs in a daemon thread of its own: one that never returns costs its deadline and cannot keep the program
        alive; what it returns late is dropped.
        """
        policy = self.policy
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(policy.tries),
            wait=tenacity.wait_exponential(multiplier=policy.backoff_seconds, max=policy.backoff_limit_seconds),
            retry=tenacity.retry_if_exception(lambda error: self._worth_another(host, error)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            value: T = attempts(self._call_once, host, function, subject)
        except FetchError as error:
            if error.may_pass and not error.refused:
                self._note_refusal(host, subject)  # no reply of use in all its tries is as good as a refusal
            raise
        return value

    def resting_until(self, host: str) -> dt.datetime | None:
        """When `host` may be asked again; None if it may be asked now."""
        until = self.breakers.get(host, Breaker()).until
        return until if until is not None and until > self._now() else None

    def missed(self) -> frozenset[str]:
        """The subjects that hosts were not asked about whose rest began under this Fetcher."""
        return frozenset(subject for host, subject in self.passed_over if host in self._put_to_rest)

    def wake(self) -> None:
        """Let the hosts whose rest began under this Fetcher be asked once more; the first refusal begins the next rest.

        A rest that an earlier run began is kept.
        """
        for host in self._put_to_rest & self.breakers.keys():
            self.breakers[host] = replace(self.breakers[host], until=None, subjects=frozenset())
        self.passed_over.clear()

    def resting(self) -> tuple[Note, ...]:
        """Every host that is left alone now, and when it is asked again, in the words of a call that would be refused."""
        return tuple(Note("host_resting", self._rest(host)) for host in sorted(self.breakers) if self.resting_until(host))

    def _rest(self, host: str) -> dict[str, Any]:
        breaker = self.breakers[host]
        local = f"{breaker.until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if breaker.until else ""
        return {"host": host, "count": breaker.refusals, "until": local}

    def pace(self, host: str) -> None:
        """Wait until `host` may be called again."""
        now = self._monotonic()
        start = max(now, self._next_call.get(host, now))
        self._next_call[host] = start + self.policy.pause_seconds * (1 + self.policy.jitter * self._jitter.random())
        if start > now:
            self._sleep(start - now)

    def _call_once(self, host: str, function: Callable[[], T], subject: str) -> T:
        if self.resting_until(host) is not None:
            self.passed_over.add((host, subject))
            raise FetchError("host_resting", **self._rest(host))
        self.pace(host)
        try:
            value = _Job(self, host, function, self.policy.deadline_seconds / 2 ** min(self._slow.get(host, 0), 3)).run()
        except FetchError as error:
            self._note_failure(host, subject, error)
            raise
        self._note_answer(host)
        return value

    def _note_answer(self, host: str) -> None:
        self.breakers.pop(host, None)
        self._slow.pop(host, None)

    def _note_failure(self, host: str, subject: str, error: FetchError) -> None:
        if error.slow:
            self._slow[host] = self._slow.get(host, 0) + 1
        if error.refused:
            self._note_refusal(host, subject)
        elif not error.may_pass:
            self._note_answer(host)

    def _note_refusal(self, host: str, subject: str) -> None:
        known = self.breakers.get(host, Breaker())
        if subject and subject in known.subjects:
            return
        refusals, subjects = known.refusals + 1, known.subjects | ({subject} if subject else set())
        if refusals < self.policy.breaker_refusals:
            self.breakers[host] = Breaker(refusals, subjects=subjects)
            return
        self._put_to_rest.add(host)
        now = self._now()
        until = now + dt.timedelta(seconds=self.policy.breaker_rest_seconds)
        self.breakers[host] = Breaker(refusals, until, now, subjects)

    def _worth_another(self, host: str, error: BaseException) -> bool:
        return isinstance(error, FetchError) and error.may_pass and self.resting_until(host) is None


class _Job(Generic[T]):
    """One call in a thread of its own, with an end that a further request of the same call moves on."""

    def __init__(self, fetcher: Fetcher, host: str, function: Callable[[], T], seconds: float) -> None:
        self.fetcher = fetcher
        self.host = host
        self.function = function
        self.seconds = seconds
        self.ends = time.monotonic() + self.seconds
        self.given_up = False
        self._done = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> T:
        """Wait for the value; FetchError `deadline_passed` when the end comes first."""
        threading.Thread(target=self._work, daemon=True, name=f"fetch {self.host}").start()
        try:
            while not self._done.wait(max(0.0, self.ends - time.monotonic())):
                if time.monotonic() >= self.ends:
                    raise self.deadline_passed()
        finally:
            self.given_up = True  # also on Ctrl-C: the thread makes no further request
        if self._error is not None:
            raise self._error
        return self._value[0]

    def deadline_passed(self) -> FetchError:
        """The error for a call that took too long."""
        return FetchError("deadline_passed", refused=True, slow=True, host=self.host, seconds=f"{self.seconds:g}")

    def renew(self, host: str) -> None:
        """Pace a further request of this call and give it a deadline of its own."""
        if self.given_up:
            raise self.deadline_passed()
        self.ends = time.monotonic() + self.seconds + self.fetcher.policy.pause_seconds * (1 + self.fetcher.policy.jitter)
        self.fetcher.pace(host)
        self.ends = time.monotonic() + self.seconds

    def _work(self) -> None:
        _thread.job = self
        try:
            self._value.append(self.function())
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits, which raises it
            self._error = error
        self._done.set()


class _Thread(threading.local):
    job: _Job[Any] | None = None


_thread = _Thread()


def further_request(host: str) -> None:
    """To be called by a function under `Fetcher.call` before each call after its first: paces it, renews the deadline.

    FetchError `deadline_passed` when the caller has given up meanwhile. Outside a Fetcher it does nothing.
    """
    if _thread.job is not None:
        _thread.job.renew(host)


def given_up() -> bool:
    """Whether the caller of the function that runs in this thread no longer waits for it."""
    return _thread.job is not None and _thread.job.given_up


def allowance() -> float:
    """Seconds that the caller of the function that runs in this thread gives one request."""
    return Policy.deadline_seconds if _thread.job is None else _thread.job.seconds


def goes_unverified(host: str) -> bool:
    """Whether the user does not want the certificate of `host` checked."""
    return _thread.job is not None and host in _thread.job.fetcher.unverified
