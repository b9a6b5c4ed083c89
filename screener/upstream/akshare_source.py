"""The one door to akshare: asks one of its functions, watches what comes back, and says in our words what went wrong."""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from screener.terms.symbols import Symbol
from screener.upstream.asking.vendors import INDEX_NAMES, SOURCES
from screener.upstream.asking.wire import listening
from screener.upstream.replies import Form, NoReply, Reply, SourceError, check_reply, no_reply, unread


def load_akshare() -> None:
    """Import akshare now (about a second), so that no call's deadline pays for it; SourceError `akshare_unusable`."""
    _akshare("stock_zh_a_hist")


def check_identity(source: str, symbol: Symbol, code: str, name: str) -> None:
    """SourceError `wrong_security` when the reply is about another code, or an index has another name."""
    wanted = INDEX_NAMES.get(str(symbol), "") if symbol.kind == "index" else ""
    if code != symbol.code or (name and wanted and wanted not in name):
        got = f"{code} {name}".strip()
        raise SourceError("wrong_security", host=host_of(source), symbol=str(symbol), got=got)


def nothing_found(source: str, symbol: Symbol, start: dt.date, end: dt.date) -> SourceError:
    """The error for a source that has no rows of `symbol` in these days."""
    return SourceError("source_empty", host=host_of(source), symbol=str(symbol), start=start, end=end)


def host_of(source: str) -> str:
    """The host of `source`."""
    return SOURCES[source].host


@dataclass(frozen=True, eq=False)
class Answer:
    """The replies behind one call of akshare, and the frame that it made of them, if it could."""

    replies: Sequence[Reply]
    frame: pd.DataFrame | None
    error: SourceError | None = None

    @property
    def table(self) -> pd.DataFrame:
        """akshare's frame; SourceError where it could not read the replies."""
        if self.frame is None:
            raise self.error or SourceError("akshare_failed", detail="-")
        return self.frame


def ask(source: str, function: str, *args: str, form: Form, **options: str) -> Answer:
    """Call one function of akshare; replies that are not of `form`, or none at all, are a SourceError.

    The frame is a copy: akshare caches and shares some.
    """
    call = _akshare(function)
    getattr(call, "cache_clear", lambda: None)()  # some remember their first answer for as long as the program runs
    unreadable = _library_errors()
    with listening(form, domains=SOURCES[source].domains) as replies:
        try:
            answer = Answer(replies, pd.DataFrame(call(*args, **options)).copy())
        except NoReply as error:
            raise no_reply(error.error, host_of(source)) from error
        except unreadable as error:
            answer = Answer(replies, None, unread(error, replies, form))
    for reply in replies:  # also those whose error the library swallowed
        check_reply(reply, form)
    if answer.error is not None and not replies:
        raise answer.error
    return answer


@cache
def _akshare(name: str) -> Callable[..., Any]:
    """akshare's function, its own progress bars off; SourceError `akshare_unusable` where it cannot be imported."""
    try:
        import akshare
        from akshare.utils.tqdm import get_tqdm
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise SourceError("akshare_unusable", detail=f"{type(error).__name__}: {error}") from error
    # akshare does not verify Shenwan's certificate and leans on what pandas will drop; saying so at each call helps nobody.
    warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    warnings.filterwarnings("ignore", module=r"akshare\.")
    function: Callable[..., Any] = getattr(akshare, name)
    module: Any = sys.modules[function.__module__]
    if hasattr(module, "get_tqdm"):
        module.get_tqdm = partial(get_tqdm, enable=False)
    return function


@cache
def _library_errors() -> tuple[type[Exception], ...]:
    """What akshare and the libraries under it raise at a reply that they cannot read."""
    from akshare.exceptions import AkshareException
    from akshare.utils.demjson import JSONException
    from py_mini_racer.py_mini_racer import MiniRacerBaseException

    built_in = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError, SyntaxError)
    return (*built_in, BadZipFile, JSONException, MiniRacerBaseException, AkshareException)
