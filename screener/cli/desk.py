"""`screener desk`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from screener.cli.desk_pages import Pages, write_pages
from screener.cli.frame.errors import reported
from screener.cli.frame.opening import choose_prices
from screener.cli.frame.options import (
    EXIT_GAPS,
    REPORTS,
    AsJson,
    Colours,
    Debug,
    Language,
    PricesWord,
    StoreDir,
    ThemesDir,
    Theses,
    as_lang,
    finished_day,
    parse_date,
    parse_edition,
)
from screener.cli.frame.saying import print_json, say_note
from screener.coverage.changes import Change, changes_since
from screener.coverage.desk import Desk, Unread
from screener.report.desk import build_desk, change_text, desk_folder, desk_text
from screener.report.desk_record import desk_record
from screener.report.records import prices_record
from screener.screening import check_desk, open_chance
from screener.sources.reading import read_once
from screener.terms.say import Lang, say
from screener.thesis.library import open_library
from screener.writers.edition import Edition
from screener.writers.files import publish_archive, publish_desk

app = typer.Typer(add_completion=False)
EXIT_CHANGED = 4
RECORD = "desk.json"


@app.command()
@reported
def desk(
    theses: Theses = None,
    week: Annotated[str | None, typer.Option("--week", metavar="DATE")] = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    universe: Annotated[str | None, typer.Option("--universe", metavar="SOURCE")] = None,
    quick: Annotated[bool, typer.Option("--quick")] = False,
    only_changed: Annotated[bool, typer.Option("--only-changed")] = False,
    as_text: Annotated[bool, typer.Option("--text")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR")] = REPORTS,
    as_json: AsJson = False,
    lang: Language = "zh",
    updown: Colours = "red-up",
    debug: Debug = False,
) -> None:
    """Many theses at once."""
    edition, spoken = parse_edition(False, False, updown), as_lang(lang)
    library = open_library(themes)
    pairs, broken = library.load_sound(theses or [str(path) for path in library.thesis_paths()])
    if not pairs and broken:
        raise broken[0][1]
    symbols = tuple(dict.fromkeys(symbol for thesis, scale in pairs for symbol in thesis.symbols(scale)))
    chosen = choose_prices(prices, store, symbols, min(thesis.published for thesis, _ in pairs))
    source, read = read_once(pairs, chosen, today=finished_day())
    chance = None if quick else open_chance(source, universe, store=store)
    found, _ = check_desk(pairs, source, day=parse_date(week, "--week"), today=finished_day(), chance=chance)
    found = replace(found, unread=tuple(Unread(*each) for each in broken))
    earlier = _last_record(out, found, spoken)
    changes = changes_since(found, earlier)
    record = desk_record(found, None if read is None else prices_record(read, spoken), changes, spoken)
    if as_json:
        print_json(record)
    elif only_changed:
        print(_changes_text(changes, found, spoken))
    else:
        print(desk_text(found, spoken), end="", flush=True)
    if not as_json and not as_text:
        _publish(found, record, out, spoken, edition)
        if not quick and not only_changed:
            pages = Pages(source, out, spoken, edition, finished_day(), chance)
            for slug in write_pages(found, pages):
                print(say("desk_page", spoken, slug=slug), file=sys.stderr)
        page, _ = publish_archive(out, spoken, edition.updown)
        print(say("weekly_archive", spoken, path=page), file=sys.stderr)
    if only_changed and changes:
        raise typer.Exit(EXIT_CHANGED)
    if found.has_gaps:
        raise typer.Exit(EXIT_GAPS)


def _publish(found: Desk, record: Mapping[str, Any], out: Path, lang: Lang, edition: Edition) -> None:
    paths = publish_desk(build_desk(found, lang), record, out / desk_folder(found), edition=edition)
    text = say("desk_written", lang, folder=paths[0].parent, files=" ".join(path.name for path in paths))
    print(text, file=sys.stderr)


def _changes_text(changes: Sequence[Change], found: Desk, lang: Lang) -> str:
    return "\n".join(change_text(each, found, lang) for each in changes) or say("desk_unchanged", lang)


def _last_record(out: Path, found: Desk, lang: Lang) -> Mapping[str, Any] | None:
    """The newest record of an earlier run below `out`, of this week's desk at the latest; None where there is none."""
    paths = sorted((out / "desk").glob(f"*/{RECORD}"))
    known = [path for path in paths if path.parent.name <= Path(desk_folder(found)).name]
    if not known:
        return None
    try:
        record = json.loads(known[-1].read_text("utf-8"))
        return record if isinstance(record, dict) and "week_end" in record and "theses" in record else None
    except (OSError, ValueError):
        say_note(say("desk_broken_record", lang, path=known[-1]), lang)
        return None
