"""`screener mcp`: the same runs as tools for an assistant (Model Context Protocol over standard input and output)."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import Debug, Language, PricesWord, StoreDir, ThemesDir
from screener.report.method import RULES
from screener.terms.notes import ScreenerError, UsageError
from screener.terms.say import LANGS, Lang, say
from screener.thesis.library import Library, open_library
from screener.version import __version__

app = typer.Typer(add_completion=False)
# Complete, done with gaps, something changed: each of them is an answer.
ANSWERED = (0, 3, 4)
LONGEST_SECONDS = 300
LONGEST_TEXT = 2_000_000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Tool = TypeVar("Tool", bound=Callable[..., Any])


@app.command()
@reported
def mcp(
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR")] = None,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Serve the runs as tools until standard input ends."""
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError as error:
        raise ScreenerError("mcp_missing") from error
    server = MCPServer("screener", instructions=say("mcp_instructions", "zh" if lang == "zh" else "en"), version=__version__)
    places = [("--store", store), ("--themes", themes)]
    fixed = [word for option, value in places if value is not None for word in (option, str(value))]
    add_tools(
        server, Service(open_library(themes), ("--prices", prices, *fixed), tuple(fixed[-2:] if themes else ()), lang, out)
    )
    server.run("stdio")


@dataclass(frozen=True)
class Service:
    """What every call shares: the library, the options that the user fixed when starting, and where files may be written."""

    library: Library
    fixed: tuple[str, ...]
    themes: tuple[str, ...]
    lang: str
    out: Path | None

    def run(self, *words: str) -> Any:
        """The JSON answer of a command, which runs as a process of its own; UsageError's words for a mistake in them."""
        command = [sys.executable, "-m", "screener", *words, "--json", f"--lang={self.lang}"]
        done = subprocess.run(  # noqa: S603 our own command; every word was checked or stands behind its option's =
            command, capture_output=True, encoding="utf-8", timeout=LONGEST_SECONDS, check=False
        )
        if done.returncode not in ANSWERED:
            raise ValueError(done.stderr.strip() or done.stdout.strip())
        return {"answer": json.loads(done.stdout), "complete": done.returncode == 0, "said": done.stderr.splitlines()}

    def thesis(self, slug: str) -> str:
        """A slug of the library; no tool takes a path."""
        if not _SLUG.fullmatch(slug):
            raise UsageError("bad_slug", name=slug[:80])
        self.library.find(slug)
        return slug


def day_option(name: str, value: str | None) -> tuple[str, ...]:
    """A date option for the command line; ValueError for anything but YYYY-MM-DD."""
    if value is None:
        return ()
    if not _DAY.fullmatch(value):
        raise ValueError(f"{name}: YYYY-MM-DD")
    return (f"--{name}={value}",)


def add_tools(server: Any, service: Service) -> None:
    """Register every tool and resource; each answer keeps gaps, flags, conventions and the hash of the prices."""
    lang: Lang = "zh" if service.lang == "zh" else "en"
    for tool in (*_judging(service), *_writing(service)):
        server.tool(description=say(f"mcp_{tool.__name__}", lang))(worded(tool, lang))
    server.resource("screener://theses/{slug}", name="theses")(lambda slug: _thesis_text(service, slug))
    server.resource("screener://scales/{scale}", name="scales")(lambda scale: _scale_text(service.library, scale))
    server.resource("screener://rules/{rule}", name="rules")(explain)


def _thesis_text(service: Service, slug: str) -> str:
    return service.library.find(service.thesis(slug)).read_text("utf-8")


def _scale_text(library: Library, scale: str) -> str:
    path = library.scale_path(scale)
    if path is None:
        raise UsageError("scale_unknown", name=scale[:80], known=", ".join(library.scale_ids()))
    return path.read_text("utf-8")


def worded(tool: Tool, lang: Lang) -> Tool:
    """`tool`, whose refusals are sentences in `lang`: what an assistant reads is what a user would."""

    @functools.wraps(tool)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return tool(*args, **options)
        except ScreenerError as error:
            raise ValueError(error.text(lang)) from error

    return call  # type: ignore[return-value]


def explain(rule: str) -> str:
    """A rule of the numbers in words, and the function that applies it; UsageError for an unknown one."""
    if rule not in RULES:
        raise UsageError("rule_unknown", name=rule[:80], known=", ".join(RULES))
    texts = [say(f"rule_{rule}", lang, benchmark=say("mcp_benchmark", lang)) for lang in LANGS]
    return "\n".join([*texts, RULES[rule]])


def _judging(service: Service) -> Sequence[Callable[..., Any]]:
    def list_theses() -> Any:
        return service.run("thesis", "list", *service.themes)

    def check_outcome(thesis: str, published: str | None = None, as_of: str | None = None) -> Any:
        days = (*day_option("published", published), *day_option("as-of", as_of))
        return service.run("outcome", service.thesis(thesis), *service.fixed, *days, *_out(service))

    def week(thesis: str, day: str | None = None) -> Any:
        return service.run("weekly", service.thesis(thesis), *service.fixed, *day_option("week", day), *_out(service))

    def screen(thesis: str, where: str | None = None, sort: str | None = None, top: int | None = None) -> Any:
        asked = (("where", where), ("sort", sort), ("top", top))
        options = [f"--{name}={value}" for name, value in asked if value is not None]
        return service.run("screen", service.thesis(thesis), *service.fixed, *options)

    def follow_desk(day: str | None = None) -> Any:
        return service.run("desk", *service.fixed, *day_option("week", day), *_out(service))

    follow_desk.__name__ = "desk"
    return list_theses, check_outcome, week, screen, follow_desk


def _out(service: Service) -> tuple[str, ...]:
    return () if service.out is None else (f"--out={service.out}",)


def _writing(service: Service) -> Sequence[Callable[..., Any]]:
    def draft(report: str) -> Any:
        return _with_file(report, "report.txt", lambda path: service.run("thesis", "draft", path, *service.themes))

    def check_thesis(toml: str) -> Any:
        return _with_file(toml, "checked.toml", lambda path: _checked(service, path))

    def explain_rule(rule: str) -> str:
        return explain(rule)

    return draft, check_thesis, explain_rule


def _checked(service: Service, path: str) -> Any:
    command = [sys.executable, "-m", "screener", "thesis", "check", path, *service.themes, "--json", f"--lang={service.lang}"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=LONGEST_SECONDS, check=False)  # noqa: S603 as above
    return {"problems": json.loads(done.stdout or "[]"), "said": done.stderr.splitlines()}


def _with_file(text: str, name: str, use: Callable[[str], Any]) -> Any:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{len(text)} > {LONGEST_TEXT}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        return use(str(path))
