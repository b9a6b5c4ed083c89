"""`screener prices`: what a place of exports is understood as, and the same as a folder of prices."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, as_lang, today
from screener.cli.frame.saying import exit_with, print_json
from screener.sources.exports.findings import find_all
from screener.sources.exports.folders import write_place
from screener.sources.exports.place import Place, read_place
from screener.terms.notes import InputProblems, UsageError
from screener.terms.say import say
from screener.writers.files import write_files
from screener.writers.places import import_text, place_record, place_text

README = "README.txt"

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Exports of a terminal as prices. 终端导出的行情。")


@app.command("check")
@reported
def check_prices(
    place: Annotated[Path, typer.Argument(metavar="PLACE", help="A file or folder of exports.")],
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Say file by file what was understood of a place of prices. 逐个文件说明读懂了什么。"""
    found = read_place(place)
    findings = find_all(found)
    if as_json:
        print_json(place_record(found, findings, as_lang(lang)))
    else:
        print(place_text(found, findings, as_lang(lang)), end="")
    exit_with(bool(found.faults) or any(each.reason for each in found.sheets) or not found.bars)


@app.command("import")
@reported
def import_prices(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files or folders of exports.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder of prices to write.")],
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Write exports as a folder of prices that --prices takes; what lies there stays. 把导出写成行情文件夹。"""
    if to.exists() and not to.is_dir():
        raise UsageError("folder_missing", folder=str(to))
    known = [to] if to.is_dir() and any(to.iterdir()) else []
    found = read_place(*files, *known)
    if found.faults:
        raise InputProblems("export_faults", [each.problem for each in found.faults], name=to.name)
    written = dict(_new_files(found, to))
    if not written:
        print(say("import_nothing", as_lang(lang), folder=to))
        return
    text = import_text(found, sorted(written), as_lang(lang), day=today())
    write_files(to, {**written, README: _noted(to / README, text)})
    if as_json:
        print_json({"folder": str(to), "written": sorted(written), **_counts(found)})
    else:
        print(text, end="")


def _new_files(found: Place, to: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the folder layout that are new there or hold more than before."""
    with tempfile.TemporaryDirectory(prefix="screener-") as copy:
        write_place(found, Path(copy))
        for path in sorted(Path(copy).rglob("*")):
            name = path.relative_to(copy).as_posix()
            if path.is_file() and not ((to / name).is_file() and (to / name).read_bytes() == path.read_bytes()):
                yield name, path.read_bytes()


def _noted(path: Path, text: str) -> bytes:
    """The README with this import below what it said of earlier ones."""
    before = path.read_text("utf-8") + "\n" if path.is_file() else ""
    return (before + text).encode()


def _counts(found: Place) -> dict[str, Any]:
    return {"securities": len(found.bars), "actions": len(found.actions), "names": len(found.names)}
