"""The command line: which commands there are, and where each one stands."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from screener.cli.frame.help import fill_help, speak_heads, speak_help, spoken_language, usage_text, without_language
from screener.terms.say import Lang, say

# Command → the module of `screener.cli` that holds it; loaded only when it is called.
COMMANDS = {
    "outcome": "outcome",
    "weekly": "weekly",
    "desk": "desk",
    "grade": "grade",
    "screen": "screen",
    "events": "events",
    "update": "update",
    "doctor": "doctor",
    "store": "store",
    "prices": "prices",
    "thesis": "thesis",
    "scales": "scales",
    "ratings": "ratings",
    "mcp": "mcp",
}


class Commands(TyperGroup):
    """The commands of `screener`; listing them loads none of them."""

    def __init__(self, lang: Lang) -> None:
        super().__init__(name="screener", help=say("help_screener", lang), no_args_is_help=True)
        self.lang = lang
        speak_help(self, lang)

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows a command's name and its line of help; None for a word that is no command."""
        return TyperCommand(cmd_name, help=say(f"help_{cmd_name}", self.lang)) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that was called, loaded."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(name or "", self.lang), rest


def load_command(name: str, lang: Lang = "zh") -> Any:
    """The command or group `name` of COMMANDS with all its options, its help in `lang`."""
    command = typer.main.get_command(importlib.import_module(f"screener.cli.{COMMANDS[name]}").app)
    command.name = name
    return fill_help(command, name, lang)


def main(args: Sequence[str] | None = None) -> None:
    """Entry point of the `screener` command; ends the process with the command's exit code, 2 for words it does not know."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    words = list(sys.argv[1:] if args is None else args)
    lang = spoken_language(words)
    if not words or "--help" in words:
        words = without_language(words)
        speak_heads(lang)
    try:
        code = Commands(lang).main(words, prog_name="screener", standalone_mode=False)
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error)
        else:
            print(usage_text(error, lang, list(COMMANDS)), file=sys.stderr)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
