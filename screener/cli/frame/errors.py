"""The command line's last line: an error becomes one clear sentence and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from screener.terms.notes import InputProblems, ScreenerError
from screener.terms.say import LANGS, Lang, printable, say

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
            for problem in error.problems:
                print("  " + problem.line_text(lang), file=sys.stderr)
            raise typer.Exit(error.exit_code) from None
        except ScreenerError as error:
            _complain(error, lang, options)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:  # noqa: BLE001 the one place where an unforeseen fault becomes a sentence
            if options.get("debug"):
                raise
            print(say("unforeseen", lang, kind=type(error).__name__, detail=error), file=sys.stderr)
            raise typer.Exit(1) from None

    return run  # type: ignore[return-value]


def _complain(error: Any, lang: Lang, options: dict[str, Any]) -> None:
    if options.get("debug"):
        raise error
    # Line by line: a caret stands under what it points at, and no control character reaches the terminal.
    lines = (printable(line) for line in error.text(lang).split("\n"))
    print(say("error_line", lang, text="\n".join(lines)), file=sys.stderr)
