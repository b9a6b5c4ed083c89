"""`screener ratings`: published ratings through akshare."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.frame.errors import reported
from screener.cli.frame.options import AsJson, Debug, Language, StoreDir, ThemesDir, Theses, as_lang, today
from screener.cli.frame.saying import exit_with, print_json, say_notes
from screener.store.store import Store, default_folder
from screener.terms.say import say
from screener.thesis.library import open_library
from screener.upstream.asking.memory import keep_breakers, load_breakers, load_settings
from screener.upstream.asking.patience import Fetcher
from screener.upstream.ratings import FetchedRatings, fetch_to_file

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Published ratings through akshare. 研报评级。")


@app.callback()
def ratings() -> None:
    """Published ratings through akshare. 研报评级。"""


@app.command("fetch")
@reported
def fetch_published_ratings(
    theses: Theses = None,
    default_scale: Annotated[str, typer.Option("--scale", metavar="ID", help="For houses without a known scale.")] = "guolian",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write them to a .csv or .parquet.")] = None,
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Pull the published ratings of the candidates, for grade. 拉取标的的研报评级。"""
    library = open_library(themes)
    loaded = [library.load(name)[0] for name in theses or [str(path) for path in library.thesis_paths()]]
    scales = {name: library.load_scale(name) for name in (*library.scale_ids(), default_scale)}
    now, opened = dt.datetime.now(dt.UTC), Store(store or default_folder())
    settings, (breakers, notes) = load_settings(opened.folder), load_breakers(opened.folder, now=now)
    fetcher = Fetcher(settings.policy, breakers=breakers, unverified=settings.unverified)
    say_notes((*notes, *fetcher.resting()), as_lang(lang))
    symbols = [each.symbol for thesis in loaded for each in thesis.candidates]
    with opened.writing(now=now):
        found = fetch_to_file(
            symbols, opened.folder / "ratings", fetcher, scales, default=default_scale, out=out, today=today()
        )
        keep_breakers(opened, fetcher.breakers)
    say_notes(opened.mended, as_lang(lang))
    for each in found.results:
        print(say(each.note.code, as_lang(lang), **each.note.params), file=sys.stderr)
    if as_json:
        print_json(fetched_record(found))
    else:
        print(
            say("ratings_fetched", as_lang(lang), rows=found.rows, path=found.out, default=found.default, scale=default_scale)
        )
    exit_with(any(each.state != "fresh" for each in found.results))


def fetched_record(found: FetchedRatings) -> dict[str, object]:
    """The fetch for machines."""
    return {
        "out": str(found.out),
        "rows": found.rows,
        "default_scale": found.default,
        "symbols": [
            {
                "symbol": each.symbol,
                "state": each.state,
                "rows": each.rows,
                "first": each.first and each.first.isoformat(),
                "last": each.last and each.last.isoformat(),
                "reason": each.reason.code if each.reason else None,
            }
            for each in found.results
        ],
    }
