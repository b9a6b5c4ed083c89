"""Every request of akshare on its way: verified, bounded in size and number, paced, and nowhere else than to its source.

akshare sends everything through `requests`: mostly without a timeout, to Shenwan without a look at the certificate, to Sina
in part without encryption. So, in a thread that listens, and in no other, each request is put right before it leaves, and
each reply is read in pieces and judged before akshare sees it. The errors raised here are not those of `requests`, at which
some functions of akshare sleep and ask again, unpaced: asking again is for a Fetcher to decide.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from screener.upstream.asking.patience import allowance, further_request, given_up, goes_unverified
from screener.upstream.replies import Form, NoReply, Reply, SourceError, check_reply

# Seconds to connect and between two pieces of a reply. The deadline around a call bounds a run; this lets its thread end.
CONNECT_SECONDS, READ_SECONDS = 10.0, 15.0
# A reply in which fewer bytes a second arrive than this, after so many seconds, is no use: it would hold up everybody else.
DRIP_BYTES, DRIP_SECONDS = 500, 5.0
# The largest reply known is some 5 MB, unpacked; the longest list some 70 pages.
MOST_BYTES = 64 * 1024 * 1024
MOST_REQUESTS = 150
MOST_REDIRECTS = 5
_PIECE = 65536
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass(eq=False)
class _Listening:
    form: Form
    domains: Sequence[str]
    most: int
    replies: list[Reply] = field(default_factory=list)
    answered: dict[tuple[str | None, ...], requests.Response] = field(default_factory=dict)


class _Thread(threading.local):
    listening: _Listening | None = None


_thread = _Thread()


@contextmanager
def listening(form: Form, *, domains: Sequence[str], most: int = MOST_REQUESTS) -> Iterator[list[Reply]]:
    """Note the replies to every request of this thread meanwhile, in order; each must be of `form`.

    `domains`: where requests and redirects may go, hosts below them included. `most`: requests in all. Each request after
    the first is paced and has a deadline of its own; one that was answered a moment ago is not sent again. NoReply and
    SourceError are raised where akshare asked, as soon as it is known.
    """
    _listen_to_requests()
    here = _Listening(form, domains, most)
    _thread.listening = here
    try:
        yield here.replies
    finally:
        _thread.listening = None


@cache
def _listen_to_requests() -> None:
    """Put an ear on `requests.Session.send`, once per process; it leaves threads alone that do not listen."""
    plain = requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        here = _thread.listening
        if here is None:
            return plain(session, request, **options)
        key = (request.method, request.url, str(request.body))
        known = here.answered.get(key)
        if known is not None:
            return known
        response, reply = _sent(here, plain, session, request, options)
        here.replies.append(reply)
        check_reply(reply, here.form)
        here.answered[key] = response
        return response

    requests.Session.send = send  # type: ignore[method-assign, assignment]


def _sent(
    here: _Listening, plain: Any, session: requests.Session, request: requests.PreparedRequest, options: dict[str, Any]
) -> tuple[requests.Response, Reply]:
    """The reply to one request, redirects followed as far as they stay with the source."""
    if len(here.replies) >= here.most:
        raise SourceError("too_many_requests", refused=True, host=_host(request), count=here.most)
    if here.replies:
        further_request(_host(request))
    follow = options.pop("allow_redirects", True)
    for _ in range(MOST_REDIRECTS + 1):
        _put_right(here, request, options)
        response, reply = _one(plain, session, request, options)
        target = session.get_redirect_target(response) if follow else None
        if target is None:
            return response, reply
        request = _redirected(session, response, request, target)
    raise SourceError("redirect_refused", refused=True, host=_host(request), target="…")


def _host(request: requests.PreparedRequest) -> str:
    return urlsplit(request.url or "").hostname or ""


def _put_right(here: _Listening, request: requests.PreparedRequest, options: dict[str, Any]) -> None:
    """Encrypt it, check its host, ask for an encoding whose size can be bounded, verify, and wait for so long only."""
    host = _host(request)
    if not any(host == domain or host.endswith("." + domain) for domain in here.domains):
        raise SourceError("redirect_refused", refused=True, host=host, target=request.url)
    if (request.url or "").startswith("http://"):
        request.url = "https://" + (request.url or "").removeprefix("http://")
    request.headers["Accept-Encoding"] = "gzip, deflate"
    if options.get("verify") is False and not goes_unverified(host):
        options["verify"] = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    elif goes_unverified(host):
        options["verify"] = False
    half = allowance() / 2
    options["timeout"] = (min(CONNECT_SECONDS, half), min(READ_SECONDS, half))
    options["stream"] = True


def _redirected(
    session: requests.Session, response: requests.Response, request: requests.PreparedRequest, target: str
) -> requests.PreparedRequest:
    ahead: Iterator[Any] = session.resolve_redirects(response, request, yield_requests=True)
    following: requests.PreparedRequest = next(ahead)
    if (following.url or "").startswith("http://"):
        raise SourceError("redirect_refused", refused=True, host=_host(request), target=target)
    return following


def _one(
    plain: Any, session: requests.Session, request: requests.PreparedRequest, options: dict[str, Any]
) -> tuple[requests.Response, Reply]:
    if given_up():
        raise NoReply(requests.Timeout("nobody waits for this any more"))
    try:
        with _no_look_ahead(session):
            response = plain(session, request, allow_redirects=False, **options)
    except requests.RequestException as error:
        raise NoReply(error) from error
    with response:
        body = _body(response, _host(request))
    response._content, response._content_consumed = body, True
    return response, Reply(_host(request), response.status_code, body, verified=options.get("verify") is not False)


@contextmanager
def _no_look_ahead(session: requests.Session) -> Iterator[None]:
    """`requests` reads the body of a redirect, whatever its size, to tell where it would lead."""
    session.resolve_redirects = lambda *_, **__: iter(())  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del session.resolve_redirects


def _body(response: requests.Response, host: str) -> bytes:
    """The whole body, unpacked, read piece by piece as it comes."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise SourceError("unparsable_reply", may_pass=True, host=host, excerpt=encoding.encode())
    pieces, size, began = [], 0, time.monotonic()
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            _check_progress(host, size, time.monotonic() - began)
    except (urllib3.exceptions.DecodeError, EOFError) as error:
        raise SourceError("unparsable_reply", may_pass=True, host=host, excerpt=pieces[0] if pieces else b"") from error
    except urllib3.exceptions.TimeoutError as error:
        raise NoReply(requests.ReadTimeout(error)) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoReply(requests.exceptions.ChunkedEncodingError(error)) from error
    return b"".join(pieces)


def _check_progress(host: str, size: int, seconds: float) -> None:
    """SourceError for a reply that is too large, or comes too slowly to wait for."""
    if size > MOST_BYTES:
        raise SourceError("reply_too_large", refused=True, host=host, limit=MOST_BYTES // 1024**2)
    if given_up():
        raise NoReply(requests.Timeout("nobody waits for this any more"))
    patience = min(DRIP_SECONDS, allowance() / 2)
    if seconds > patience and size < DRIP_BYTES * seconds:
        raise SourceError("reply_drips", refused=True, slow=True, host=host, seconds=f"{seconds:.0f}", size=size)
