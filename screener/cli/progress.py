"""An update's progress on standard error: what is asked of whom, how much is done, how long it still takes."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from screener.terms.say import Lang, say
from screener.upstream.update import SymbolResult
from screener.upstream.vendors import SOURCES


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
