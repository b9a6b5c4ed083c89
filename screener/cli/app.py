"""The command line: which commands there are, and where each one stands."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from screener.terms.say import say

# Command → the module of `screener.cli` that holds it; loaded only when it is called.
COMMANDS = {
    "outcome": "outcome",
    "weekly": "weekly",
    "grade": "grade",
    "screen": "screen",
    "events": "events",
    "update": "update",
    "doctor": "doctor",
    "thesis": "thesis",
    "ratings": "ratings",
}


class Commands(TyperGroup):
    """The commands of `screener`; listing them loads none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows a command's name and its line of help; None for a word that is no command."""
        if cmd_name not in COMMANDS:
            return None
        line = f"{say('help_' + cmd_name, 'en')} {say('help_' + cmd_name, 'zh')}"
        return TyperCommand(cmd_name, help=line)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that was called, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name in COMMANDS else command, rest


def load_command(name: str) -> Any:
    """The command or group `name` of COMMANDS with all its options."""
    command = typer.main.get_command(importlib.import_module(f"screener.cli.{COMMANDS[name]}").app)
    command.name = name
    return command


app = Commands(
    name="screener",
    help="Check whether a sell-side theme report's rating came true. 核查卖方主题研报的评级是否兑现。",
    no_args_is_help=True,
)


def main(**settings: Any) -> None:
    """Entry point of the `screener` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app(**settings)
