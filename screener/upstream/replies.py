"""What servers answered while akshare asked them on our behalf, and a refusal where akshare would not look.

akshare looks at no status code and gives back a frame in which the reply can no longer be seen. So a status of 400 and
above, or another form than the one due, is an error here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import requests

from screener.upstream.asking.patience import FetchError

# What a reply must be: JSON, a script that holds data (Tencent's need not be strict JSON), Sina's packed series, a web
# page, or one cannot say.
Form = Literal["json", "script", "packed", "page", "any"]
_PACKED = re.compile(rb'=\s*"[^"<\s]*"')
# A list in more pages than this is no list: the longest known has some 70.
MOST_PAGES = 120


class SourceError(FetchError):
    """A source gave nothing usable: see FetchError for `may_pass`, `refused`, `excerpt`; codes in data/texts/fetching.toml."""


@dataclass(frozen=True)
class Reply:
    """One reply: where it came from, what it said, and whether the certificate of who said it was checked."""

    host: str
    status: int
    body: bytes
    verified: bool = True

    @cached_property
    def json(self) -> Any:
        """The reply as JSON, also where it is wrapped as `name=…` or `name(…)`; None when it cannot be parsed."""
        text = self.body.decode("utf-8", errors="replace")
        if text.startswith("null("):  # Beijing's exchange
            text = text.removeprefix("null(").rstrip("); ")
        if not text.lstrip().startswith(("{", "[")):
            text = text[text.find("=") + 1 :]
        try:
            return json.loads(text)
        except (ValueError, RecursionError):  # nested without end: no data
            return None

    @property
    def pages(self) -> int:
        """The number of pages that a list announces; 1 where it announces none."""
        said = self.json if isinstance(self.json, dict) else {}
        result = said.get("result")
        found = (result if isinstance(result, dict) else said).get("pages" if isinstance(result, dict) else "TotalPage")
        return found if isinstance(found, int) else 1

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


def check_reply(reply: Reply, form: Form) -> None:
    """SourceError when a reply is not what it must be, whatever a library would make of it."""
    if reply.status >= 400:
        raise bad_status(reply)
    if reply.is_page and form in ("json", "script", "packed"):
        raise SourceError("ban_page", refused=True, excerpt=reply.body, host=reply.host)
    if not reply.has(form):
        raise SourceError("unparsable_reply", may_pass=True, excerpt=reply.body, host=reply.host)
    if form == "json" and reply.pages > MOST_PAGES:
        raise SourceError("too_many_requests", refused=True, excerpt=reply.body, host=reply.host, count=reply.pages)


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
        return SourceError("no_answer", refused=True, slow=True, host=host)
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
