"""`screener store`: what the local store holds and what is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, StoreDir, as_lang
from screener.cli.frame.saying import exit_with, print_json
from screener.store.check import StoreCheck, check_store
from screener.store.files import StoreError
from screener.store.store import Store, default_folder
from screener.terms.notes import Note
from screener.terms.say import Lang, say

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The local store of prices. 本地行情库。")


@app.callback()
def store() -> None:
    """The local store of prices. 本地行情库。"""


@app.command("check")
@reported
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Set aside what is wrong; the next update fetches it again.")
    ] = False,
    store: StoreDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Say what the store holds, what is wrong, and what would be done. 检查本地行情库。"""
    opened = Store(store or default_folder())
    if not opened.exists():
        raise StoreError("store_missing", folder=opened.folder)
    found = check_store(opened)
    if repair:
        with opened.writing(now=dt.datetime.now(dt.UTC)):
            pass
    done = tuple(opened.mended)
    if as_json:
        print_json(check_record(found, done, opened, as_lang(lang)))
    else:
        print(check_text(found, done, opened, as_lang(lang), repaired=repair), end="")
    # Nothing is missing where only a manifest was made anew or a file of somebody else's lies about.
    lost = any(note.code == "store_set_aside" for note in done) if repair else any(_matters(each) for each, _ in found.wrong)
    exit_with(lost)


def _matters(wrong: Note) -> bool:
    return wrong.code not in ("store_stray", "store_partial")


def check_text(found: StoreCheck, done: Sequence[Note], opened: Store, lang: Lang, *, repaired: bool) -> str:
    """A line of what is held, one for each fault with what would be done, and what was done."""
    held = {name: str(count) for name, count in found.held.items()}
    size = f"{found.size / 1e6:.1f}"
    span = {"first": found.first or "-", "last": found.last or "-"}
    lines = [say("store_holds", lang, folder=opened.folder, size=size, aside=found.aside, **span, **held)]
    lines += [_line(wrong, None if repaired else remedy, lang) for wrong, remedy in found.wrong]
    if repaired:
        lines += [say("store_repaired", lang, count=sum(note.code == "store_set_aside" for note in done))]
    elif found.wrong:
        lines += [say("store_would_repair", lang, count=len(found.wrong))]
    else:
        lines += [say("store_sound", lang)]
    return "\n".join(lines) + "\n"


def _line(wrong: Note, remedy: Note | None, lang: Lang) -> str:
    text = "  " + say(wrong.code, lang, **wrong.params)
    return text if remedy is None else text + say("phrase_stop", lang) + say(remedy.code, lang, **remedy.params)


def check_record(found: StoreCheck, done: Sequence[Note], opened: Store, lang: Lang) -> dict[str, Any]:
    """`screener store check --json`: one object."""
    return {
        "folder": str(opened.folder),
        "held": found.held,
        "first": found.first or None,
        "last": found.last or None,
        "bytes": found.size,
        "set_aside": found.aside,
        "wrong": [{**_said(wrong, lang), "remedy": say(remedy.code, lang, **remedy.params)} for wrong, remedy in found.wrong],
        "done": [_said(note, lang) for note in done],
    }


def _said(note: Note, lang: Lang) -> dict[str, str]:
    return {"code": note.code, "text": say(note.code, lang, **note.params)}
