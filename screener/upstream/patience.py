"""Calls that may hang, fail or be refused, made so that a run can rely on them.

Each is paced, bounded in time, retried where that may help, no longer made to a host that keeps refusing, and passed on to
the next source. Nothing here knows what is asked of whom.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

    `deadline_seconds`: hard limit around one call, whatever the call itself waits for. `calls_per_second`: per host;
    `jitter`: each pause is longer by up to this fraction. `tries`: calls in all, of which those after the first wait
    `backoff_seconds`, then twice that, and so on up to `backoff_limit_seconds`. After `breaker_refusals` refusals in a
    row, over all calls to one host, the host is left alone for `breaker_rest_seconds`; the first refusal after that rest
    begins the next. A call that brought nothing of use in all its tries (500, half a reply) counts as one refusal.

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
    breaker. `excerpt`: the first 200 bytes of the reply, as far as there was one.
    """

    def __init__(
        self, code: str, *, may_pass: bool = False, refused: bool = False, excerpt: bytes = b"", **params: object
    ) -> None:
        self.may_pass = may_pass
        self.refused = refused
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
class Fetched(Generic[T]):
    """A value with the source it came from and every source that was asked, in order, the last being that source."""

    value: T
    source: str
    tried: tuple[Tried, ...]


class AllSourcesFailed(ScreenerError):
    """No source had an answer; `tried` says why each had none. `may_pass`: at least one of them may have it later."""

    def __init__(self, tried: Sequence[Tried], *, may_pass: bool) -> None:
        self.tried = tuple(tried)
        self.may_pass = may_pass
        super().__init__("all_sources_failed", reasons=self._reasons("en"))

    def text(self, lang: Lang = "zh") -> str:
        """Every source with its reason, in one line."""
        return say(self.code, lang, reasons=self._reasons(lang))

    def _reasons(self, lang: Lang) -> str:
        return ("；" if lang == "zh" else "; ").join(f"{each.source} {each.text(lang)}" for each in self.tried)


@dataclass(frozen=True)
class Breaker:
    """What is remembered of one host: refusals in a row, and from when until when it is left alone (None = it may be asked)."""

    refusals: int = 0
    until: dt.datetime | None = None
    opened: dt.datetime | None = None


class Fetcher:
    """Makes calls under one policy, from one thread; remembers per host when it was asked and how often it refused.

    `now`: wall clock (aware) for the breaker; `monotonic` and `sleep`: for pacing and backoff. The deadline always runs on
    the real clock. `breakers`: host → Breaker, what an earlier run remembered; the attribute of that name is what the next
    run should know.
    """

    def __init__(
        self,
        policy: Policy = Policy(),  # noqa: B008 - a frozen value
        *,
        breakers: Mapping[str, Breaker] | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.policy = policy
        self.breakers: dict[str, Breaker] = dict(breakers or {})
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._next_call: dict[str, float] = {}
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    def call(self, host: str, function: Callable[[], T]) -> T:
        """The value of `function`, paced for `host`, within the deadline, retried where that may help.

        FetchError: `host_resting` (the breaker is open), `deadline_passed`, or what `function` raised last. Any other
        exception of `function` passes through at once. `function` runs in a daemon thread of its own: one that never
        returns costs its deadline and cannot keep the program alive; what it returns late is dropped.
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
            value: T = attempts(self._call_once, host, function)
        except FetchError as error:
            if error.may_pass and not error.refused:
                self._note_refusal(host)  # no reply of use in all its tries is as good as a refusal
            raise
        return value

    def first(self, attempts: Sequence[tuple[str, str, Callable[[], T]]]) -> Fetched[T]:
        """The first value that one of (source, host, function) gives, in order; AllSourcesFailed if none does."""
        tried: list[Tried] = []
        may_pass = False
        for source, host, function in attempts:
            try:
                value = self.call(host, function)
            except FetchError as error:
                tried.append(Tried(source, error.code, error.params, error.excerpt))
                may_pass = may_pass or error.may_pass or error.refused or error.code == "host_resting"
            else:
                return Fetched(value, source, (*tried, Tried(source, "answered")))
        raise AllSourcesFailed(tried, may_pass=may_pass)

    def resting_until(self, host: str) -> dt.datetime | None:
        """When `host` may be asked again; None if it may be asked now."""
        until = self.breakers.get(host, Breaker()).until
        return until if until is not None and until > self._now() else None

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

    def _call_once(self, host: str, function: Callable[[], T]) -> T:
        if self.resting_until(host) is not None:
            raise FetchError("host_resting", **self._rest(host))
        self.pace(host)
        try:
            value = _Job(self, host, function).run()
        except FetchError as error:
            if error.refused:
                self._note_refusal(host)
            elif not error.may_pass:
                self.breakers.pop(host, None)
            raise
        self.breakers.pop(host, None)
        return value

    def _note_refusal(self, host: str) -> None:
        refusals = self.breakers.get(host, Breaker()).refusals + 1
        if refusals < self.policy.breaker_refusals:
            self.breakers[host] = Breaker(refusals)
            return
        now = self._now()
        self.breakers[host] = Breaker(refusals, now + dt.timedelta(seconds=self.policy.breaker_rest_seconds), now)

    def _worth_another(self, host: str, error: BaseException) -> bool:
        return isinstance(error, FetchError) and error.may_pass and self.resting_until(host) is None


class _Job(Generic[T]):
    """One call in a thread of its own, with an end that a further request of the same call moves on."""

    def __init__(self, fetcher: Fetcher, host: str, function: Callable[[], T]) -> None:
        self.fetcher = fetcher
        self.host = host
        self.function = function
        self.seconds = fetcher.policy.deadline_seconds
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
        return FetchError("deadline_passed", may_pass=True, refused=True, host=self.host, seconds=f"{self.seconds:g}")

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
