"""What servers answered while a library asked them on our behalf, and a refusal where the library would not look.

akshare sends everything through `requests`, mostly without a timeout, looks at no status code, and gives back a frame in
which the reply can no longer be seen. So, in a thread that listens, and in no other, every reply is noted, a status of
400 and above or another form than the one due is an error, and no request waits for ever. These errors are not those of
`requests`, at which some functions of akshare sleep and ask again, unpaced: asking again is for a Fetcher to decide.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from screener.upstream.patience import FetchError, given_up

# What a reply must be: JSON, a script that holds data (Tencent's need not be strict JSON), Sina's packed series, a web
# page, or one cannot say.
Form = Literal["json", "script", "packed", "page", "any"]
_PACKED = re.compile(rb'=\s*"[^"<\s]*"')
# Seconds to connect and between bytes. The deadline around a call is what bounds a run; this lets its thread end, too.
TIMEOUT = (10.0, 20.0)


class SourceError(FetchError):
    """A source gave nothing usable: see FetchError for `may_pass`, `refused`, `excerpt`; codes in data/texts/fetching.toml."""


@dataclass(frozen=True)
class Reply:
    """One reply: where it came from and what it said."""

    host: str
    status: int
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The reply as JSON, also where it is wrapped as `name=…` or `name(…)`; None when it cannot be parsed."""
        text = self.body.decode("utf-8", errors="replace")
        if not text.lstrip().startswith(("{", "[")):
            text = text[text.find("=") + 1 :]
        try:
            return json.loads(text)
        except ValueError:
            return None

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        return self.body.lstrip()[:1] == b"<"

    def has(self, form: Form) -> bool:
        """Whether it is complete in that form."""
        if form == "json":
            return isinstance(self.json, dict)
        if form == "packed":
            return _PACKED.search(self.body) is not None
        return form != "page" or b"</html>" in self.body.lower()


class NoReply(Exception):
    """No reply, or not all of it: `error` is what `requests` says about it."""

    def __init__(self, error: requests.RequestException) -> None:
        self.error = error
        super().__init__(str(error))


class _Thread(threading.local):
    replies: list[Reply] | None = None
    form: Form = "any"


_thread = _Thread()


@contextmanager
def listening(form: Form) -> Iterator[list[Reply]]:
    """Note the replies to every request of this thread meanwhile, in order; each must be of `form`.

    NoReply and SourceError are raised where the library asked, as soon as it is known.
    """
    _listen_to_requests()
    replies: list[Reply] = []
    _thread.replies, _thread.form = replies, form
    try:
        yield replies
    finally:
        _thread.replies = None


@cache
def _listen_to_requests() -> None:
    """Put an ear on `requests.Session.send`, once per process; it leaves threads alone that do not listen."""
    plain = requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        replies = _thread.replies
        if replies is None:
            return plain(session, request, **options)
        if given_up():
            raise NoReply(requests.Timeout("nobody waits for this any more"))
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        _thread.replies = None  # a redirect is part of this request
        try:
            response = plain(session, request, **options)
        except requests.RequestException as error:
            raise NoReply(error) from error
        finally:
            _thread.replies = replies
        reply = Reply(urlsplit(response.url).hostname or "", response.status_code, response.content)
        replies.append(reply)
        check_reply(reply, _thread.form)
        return response

    requests.Session.send = send  # type: ignore[method-assign, assignment]


def check_reply(reply: Reply, form: Form) -> None:
    """SourceError when a reply is not what it must be, whatever a library would make of it."""
    if reply.status >= 400:
        raise bad_status(reply)
    if reply.is_page and form in ("json", "script", "packed"):
        raise SourceError("ban_page", refused=True, excerpt=reply.body, host=reply.host)
    if not reply.has(form):
        raise SourceError("unparsable_reply", may_pass=True, excerpt=reply.body, host=reply.host)


def unread(error: Exception, replies: Sequence[Reply], form: Form) -> SourceError:
    """The error for a reply that the library could not read, or for a failure before there was one."""
    detail = f"{type(error).__name__}: {error}".splitlines()[0][:120]
    if not replies:
        return SourceError("akshare_failed", detail=detail)
    last = replies[-1]
    if last.is_page:
        return SourceError("ban_page", refused=True, excerpt=last.body, host=last.host)
    if form == "script" and last.json is None:
        return SourceError("unparsable_reply", may_pass=True, excerpt=last.body, host=last.host)
    return SourceError("layout_changed", excerpt=last.body, host=last.host, detail=detail)


def bad_status(reply: Reply) -> SourceError:
    """The error for a status of 400 and above: a refusal, unless the address or the server is at fault."""
    refused = reply.status < 500 and reply.status not in (400, 404, 410)
    may_pass = reply.status == 429 or reply.status >= 500
    return SourceError(
        "bad_status", may_pass=may_pass, refused=refused, excerpt=reply.body, host=reply.host, status=reply.status
    )


def no_reply(error: requests.RequestException, host: str) -> SourceError:
    """The error for a reply that did not come or not in full: why, from the chain of errors below."""
    below = _chain(error)
    if {"NameResolutionError", "gaierror"} & below:
        return SourceError("host_not_found", host=host)
    if isinstance(error, requests.Timeout):
        return SourceError("no_answer", may_pass=True, refused=True, host=host)
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "IncompleteRead" in below:
        return SourceError("reply_cut_off", may_pass=True, host=host)
    if "SSLCertVerificationError" in below:
        return SourceError("certificate_refused", host=host)
    return SourceError("connection_reset", may_pass=True, refused=True, host=host)


def _chain(error: BaseException) -> set[str]:
    """Names of the errors behind `error`, whether chained or carried as arguments."""
    found: set[str] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        found.add(type(each).__name__)
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        waiting += [other for other in inner if isinstance(other, BaseException) and type(other).__name__ not in found]
    return found
