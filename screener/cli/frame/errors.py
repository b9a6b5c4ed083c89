"""The command line's last line: an error becomes one clear sentence and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import typer

from screener.terms.notes import InputProblems, Problem, ScreenerError
from screener.terms.say import LANGS, Lang, printable, say

# Problems of one kind that are shown; how many more there are is said.
SHOWN = 10
Command = TypeVar("Command", bound=Callable[..., None])


def reported(command: Command) -> Command:
    """Turn an error of `command` into one clear line in its language and an exit code; the CLI's last line."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        lang: Lang = options.get("lang", "zh") if options.get("lang") in LANGS else "zh"
        try:
            if options.get("lang", "zh") not in LANGS:
                raise typer.BadParameter(say("lang_unknown", lang, value=options["lang"]))
            command(*args, **options)
        except (typer.Exit, typer.BadParameter):
            raise
        except BrokenPipeError:
            # Whoever read our output (head, less) has had enough; what is left must not fail at the interpreter's exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except InputProblems as error:
            _complain(error, lang, options)
            for line in problem_lines(error.problems, lang):
                print("  " + line, file=sys.stderr)
            raise typer.Exit(error.exit_code) from None
        except ScreenerError as error:
            _complain(error, lang, options)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            if options.get("debug"):
                raise
            place = "" if error.filename is None else printable(str(error.filename))
            print(say("system_refused", lang, detail=error.strerror or error, place=place), file=sys.stderr)
            # What could not be written must not fail again at the interpreter's exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise typer.Exit(1) from None
        except Exception as error:  # noqa: BLE001 the one place where an unforeseen fault becomes a sentence
            if options.get("debug"):
                raise
            print(say("unforeseen", lang, kind=type(error).__name__, detail=error), file=sys.stderr)
            raise typer.Exit(1) from None

    return run  # type: ignore[return-value]


def problem_lines(problems: Iterable[Problem], lang: Lang) -> Iterator[str]:
    """A line a problem, the first SHOWN of a kind; then how many more there are of it."""
    more: Counter[str] = Counter()
    for problem in problems:
        more[problem.code] += 1
        if more[problem.code] <= SHOWN:
            yield problem.line_text(lang)
    for count in more.values():
        if count > SHOWN:
            yield say("problems_more", lang, count=count - SHOWN)


def _complain(error: Any, lang: Lang, options: dict[str, Any]) -> None:
    if options.get("debug"):
        raise error
    # Line by line: a caret stands under what it points at, and no control character reaches the terminal.
    lines = (printable(line) for line in error.text(lang).split("\n"))
    print(say("error_line", lang, text="\n".join(lines)), file=sys.stderr)
