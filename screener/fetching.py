"""Calls that may hang, fail or be refused, made one can trust: paced, bounded in time, retried, broken off, passed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from screener.errors import ScreenerError
from screener.messages import Lang

T = TypeVar("T")


@dataclass(frozen=True)
class Policy:
    """How patient a run is with other people's servers: every number in one place, all of them the user's to change.

    `deadline_seconds`: hard limit around one call, whatever the call itself waits for. `calls_per_second`: per host;
    `jitter`: each pause is longer by up to this fraction. `tries`: calls in all, of which those after the first wait
    `backoff_seconds`, then twice that, and so on up to `backoff_limit_seconds`. `breaker_refusals` refusals in a row
    (over all calls to one host) and the host is left alone for `breaker_rest_seconds`.
    """

    deadline_seconds: float = 30.0
    calls_per_second: float = 1.0
    jitter: float = 0.2
    tries: int = 3
    backoff_seconds: float = 2.0
    backoff_limit_seconds: float = 20.0
    breaker_refusals: int = 3
    breaker_rest_seconds: float = 1800.0


class FetchError(ScreenerError):
    """One call gave nothing; `may_pass`: trying again is sensible; `refused`: the server turned us away.

    `excerpt`: the first bytes of the reply, as far as there was one.
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
    """One source's part in an answer: `code` is `ok`, or the message code of what went wrong, filled by `params`."""

    source: str
    code: str
    params: Mapping[str, object]
    excerpt: bytes = b""

    def text(self, lang: Lang = "zh") -> str:
        """Say how it went, in one sentence."""
        raise NotImplementedError


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
        super().__init__("all_sources_failed", tried="; ".join(f"{each.source}: {each.text('en')}" for each in tried))


@dataclass(frozen=True)
class Breaker:
    """What is remembered of one host: refusals in a row and until when it is left alone (None = it may be asked)."""

    refusals: int = 0
    until: dt.datetime | None = None


class Fetcher:
    """Makes calls under one policy; remembers per host when it was last asked and how often it refused in a row.

    `now`: wall clock (aware UTC) for the breaker; `monotonic` and `sleep`: for pacing and backoff (tests pass their own).
    `breakers`: what an earlier run remembered, see the attribute `breakers`, a mapping host → Breaker to keep for the next.
    """

    def __init__(
        self,
        policy: Policy = Policy(),  # noqa: B008 - a frozen value
        *,
        breakers: Mapping[str, Breaker] | None = None,
        now: Callable[[], dt.datetime] | None = None,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.policy = policy
        self.breakers: dict[str, Breaker] = dict(breakers or {})

    def call(self, host: str, function: Callable[[], T]) -> T:
        """The value of `function`, paced for `host`, within the deadline, retried where that may help.

        FetchError: `host_resting` (the breaker is open), `deadline_passed`, or what `function` raised last.
        Other exceptions pass through at once.
        """
        raise NotImplementedError

    def first(self, attempts: Sequence[tuple[str, str, Callable[[], T]]]) -> Fetched[T]:
        """The first value that one of (source, host, function) gives, in order; AllSourcesFailed if none does."""
        raise NotImplementedError


def further_request(host: str) -> None:
    """To be called by a function under `Fetcher.call` before each further request: paces it and renews the deadline.

    Raises FetchError `deadline_passed` when the caller has given up meanwhile. Outside a Fetcher it does nothing.
    """
