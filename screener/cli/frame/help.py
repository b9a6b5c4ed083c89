"""Help in the reader's language: which language that is, and a command whose help is filled in from the sentences."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from screener.terms.say import LANGS, Lang, printable, say, sentences

# Asked for in this order, as every program does.
LOCALE_NAMES = ("LC_ALL", "LC_MESSAGES", "LANG")


def spoken_language(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> Lang:
    """The language of help and of errors in options: `--lang`, SCREENER_LANG, the locale, Chinese."""
    asked = [after for word, after in zip(words, words[1:], strict=False) if word == "--lang"]
    asked += [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    asked += [environ.get("SCREENER_LANG", "")]
    found = next((lang for each in asked for lang in LANGS if each == lang), None)
    if found:
        return found
    locale = next((environ[name] for name in LOCALE_NAMES if environ.get(name)), "")
    return "en" if locale.startswith("en") else "zh"


def fill_help(command: Any, path: str, lang: Lang) -> Any:
    """`command` with the sentences of its help; `path` is its name with the names of the groups that hold it, by `_`.

    A sentence is `help_<path>`, its examples `example_<path>`; that of an option `help_<path>_<option>`, or, where several
    commands share the option, `help_option_<option>`.
    """
    known = sentences()
    if f"help_{path}" in known:
        command.help = command.short_help = say(f"help_{path}", lang)
    if f"example_{path}" in known:
        command.epilog = say(f"example_{path}", lang)
    for param in command.params:
        code = next((each for each in (f"help_{path}_{param.name}", f"help_option_{param.name}") if each in known), None)
        if code:
            param.help = say(code, lang)
    speak_help(command, lang)
    for name, part in getattr(command, "commands", {}).items():
        fill_help(part, f"{path}_{name.replace('-', '_')}", lang)
    return command


def speak_help(command: Any, lang: Lang) -> None:
    """Make the line of a command's own `--help` speak `lang`."""
    made = command.get_help_option

    def spoken(ctx: Any) -> Any:
        option = made(ctx)
        if option is not None:
            option.help = say("help_option_help", lang)
        return option

    command.get_help_option = spoken


def speak_heads(lang: Lang) -> None:
    """Make the heads of every help page speak `lang`; for a call that shows one, since it loads what draws it."""
    from typer import rich_utils

    for part in ("arguments", "options", "commands"):
        setattr(rich_utils, f"{part.upper()}_PANEL_TITLE", say(f"help_head_{part}", lang))


def without_language(words: Sequence[str]) -> list[str]:
    """The words of a call for help without `--lang`, which groups of commands do not have."""
    kept = [word for word in words if not word.startswith("--lang=")]
    at = kept.index("--lang") if "--lang" in kept else len(kept)
    return [*kept[:at], *kept[at + 2 :]]


def usage_text(error: typer.TyperException, lang: Lang, commands: Sequence[str]) -> str:
    """What is wrong with the words of a call, and which word may have been meant."""
    kind, param = type(error).__name__, getattr(error, "param", None)
    near: Sequence[str] = getattr(error, "possibilities", None) or ()
    if kind == "NoSuchOption":
        text = say("usage_option", lang, name=getattr(error, "option_name", ""))
    elif kind == "MissingParameter":
        text = say("usage_missing", lang, name=_title(param))
    elif kind == "BadParameter" and param is not None:
        text = say("usage_value", lang, name=_title(param))
    elif str(error).startswith("No such command"):
        name, commands = str(error).split("'")[1], _commands_at(error) or commands
        near = difflib.get_close_matches(name, commands, n=1)
        text = say("usage_command", lang, name=name, names=" ".join(commands))
    elif "requires an argument" in str(error):
        text = say("usage_needs_value", lang, name=getattr(error, "option_name", ""))
    elif "unexpected extra argument" in str(error):
        text = say("usage_extra", lang, words=str(error).rpartition("(")[2].rstrip(")"))
    else:
        text = str(getattr(error, "message", error))
    return printable(text + (say("usage_near", lang, near=near[0]) if near else ""))


def _commands_at(error: typer.TyperException) -> list[str]:
    """The commands of the group whose command was mistyped."""
    here = getattr(error, "ctx", None)
    return list(getattr(getattr(here, "command", None), "commands", ()))


def _title(param: Any) -> str:
    return str(param.metavar if param.param_type_name == "argument" else param.opts[-1])
