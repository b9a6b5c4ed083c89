"""`screener update`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, StoreDir, ThemesDir, as_lang, parse_date
from screener.cli.frame.saying import exit_with, print_json, say_notes
from screener.store.store import Store, default_folder
from screener.terms.notes import Note
from screener.terms.say import Lang, say
from screener.thesis.library import open_library
from screener.upstream.asking.memory import load_breakers, load_settings
from screener.upstream.asking.patience import Fetcher
from screener.upstream.asking.vendors import SOURCES
from screener.upstream.plan import Plan, SymbolResult, plan_update, thesis_symbols, universe_symbols
from screener.upstream.update import run_update

app = typer.Typer(add_completion=False)


@app.command()
@reported
def update(
    theses: Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or files; default: all.")] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day wanted.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day wanted.")] = None,
    universe: Annotated[str | None, typer.Option("--universe", metavar="a-shares", help="The whole market too.")] = None,
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Pull prices, corporate actions and indices into the local store; resumable. 更新本地行情库。"""
    now = dt.datetime.now(dt.UTC)
    opened = Store(store or default_folder())
    settings = load_settings(opened.folder)
    breakers, notes = load_breakers(opened.folder, now=now)
    fetcher = Fetcher(settings.policy, breakers=breakers, unverified=settings.unverified)
    symbols, first = thesis_symbols(open_library(themes), theses or [])
    counted, bulk = symbols, frozenset[str]()
    notes += fetcher.resting()
    if universe is not None:
        more, kept = universe_symbols(opened, fetcher, universe, now=now)
        symbols, bulk = symbols + more, frozenset(more) - frozenset(symbols)
        notes += kept
    say_notes(notes, as_lang(lang))
    first = parse_date(start, "--start") or first
    plan = plan_update(symbols, start=first, end=parse_date(end, "--end"), now=now, counted=counted, bulk=bulk)
    with ProgressBar(len(plan.symbols), as_lang(lang)) as progress:
        said: list[Note] = []
        results = run_update(opened, plan, fetcher=fetcher, order=settings.order, watcher=progress, notes=said)
    say_notes((*opened.mended, *said), as_lang(lang))
    say_notes(opened.mended, as_lang(lang))
    if as_json:
        print_json(update_records(results, as_lang(lang)))
    else:
        print(update_text(results, plan, opened, as_lang(lang)), end="")
    exit_with(not all(each.complete for each in results))


class ProgressBar:
    """A Watcher that draws a bar on a terminal; elsewhere it prints a line for every symbol that needs attention."""

    def __init__(self, total: int, lang: Lang) -> None:
        self.lang = lang
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
        self.task = self.progress.add_task("", total=total)

    def __enter__(self) -> ProgressBar:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.progress.stop()

    def begin(self, symbol: str, sources: Sequence[str]) -> None:
        """See `update.Watcher.begin`."""
        titles = " / ".join(SOURCES[name].title[0 if self.lang == "zh" else 1] for name in sources)
        self.progress.update(self.task, description=say("update_asking", self.lang, symbol=symbol, source=titles or "-"))

    def done(self, result: SymbolResult) -> None:
        """See `update.Watcher.done`."""
        self.progress.advance(self.task)
        for note in result.said:
            text = say(note.code, self.lang, **note.params)
            self.console.print(f"{result.symbol}  {text}", highlight=False, markup=False, soft_wrap=True)


def update_records(results: Sequence[SymbolResult], lang: Lang) -> list[dict[str, Any]]:
    """`screener update --json`: one object per symbol (CONTRACT)."""
    return [
        {
            "symbol": each.symbol,
            "source": each.source,
            "rows": each.rows,
            "first": each.first.isoformat() if each.first else None,
            "last": each.last.isoformat() if each.last else None,
            "state": each.state,
            "complete": each.complete,
            "reason": say(each.reason.code, lang, **each.reason.params) if each.reason else None,
            "reason_code": each.reason.code if each.reason else None,
            "tried": [{"source": one.source, "outcome": one.code, "detail": one.text(lang)} for one in each.tried],
            "notes": [say(note.code, lang, **note.params) for note in (*each.notes, *filter(None, [each.shares]))],
        }
        for each in results
    ]


def update_text(results: Sequence[SymbolResult], plan: Plan, store: Store, lang: Lang) -> str:
    """One line per symbol, then how many reach the end that was wanted."""
    rows = [
        say(
            "update_row",
            lang,
            symbol=each.symbol,
            state=say(f"state_{each.state}", lang),
            rows=each.rows,
            first=each.first or "-",
            last=each.last or "-",
            source=each.source or "-",
            reason=_joined(each.said, lang),
        ).rstrip()
        for each in results
    ]
    fresh = sum(each.state == "fresh" for each in results)
    rows.append(say("update_end", lang, folder=store.folder, fresh=fresh, total=len(results), end=plan.end))
    return "\n".join(rows) + "\n"


def _joined(notes: Sequence[Note], lang: Lang) -> str:
    return ("；" if lang == "zh" else "; ").join(say(note.code, lang, **note.params) for note in notes)
