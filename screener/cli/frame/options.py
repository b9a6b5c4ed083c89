"""Options that more than one command takes, and what their words mean."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from screener.prices.prices import SeriesName
from screener.report.draw.palette import UP_DOWN
from screener.terms.clock import last_finished_day, shanghai_date
from screener.terms.notes import UsageError
from screener.terms.say import Lang
from screener.writers.edition import Edition

EXIT_GAPS = 3


# Where reports are written unless --out says otherwise.
REPORTS = Path("reports")
DEFAULT = "guolian-2024-ai-compute"


def today() -> dt.date:
    """Today's date in Shanghai."""
    return shanghai_date(dt.datetime.now(dt.UTC))


def finished_day() -> dt.date:
    """The last day whose closes are final, in Shanghai."""
    return last_finished_day(dt.datetime.now(dt.UTC))


ThesisName = Annotated[str, typer.Argument(metavar="THESIS", help="Slug or .toml file of the thesis.")]


Published = Annotated[str | None, typer.Option("--published", metavar="DATE", help="Try another publication date.")]


AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Use nothing after this date.")]


PricesWord = Annotated[str, typer.Option("--prices", metavar="SOURCE", help="auto, snapshot, store, or a folder.")]


StoreDir = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="The local store of prices.")]


ThemesDir = Annotated[Path | None, typer.Option("--themes", metavar="DIR", help="Your own theses, before the bundled.")]


Theses = Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or files; default: every thesis.")]


RatingsFile = Annotated[
    str, typer.Argument(metavar="RATINGS", help="CSV or Parquet, folder or glob: rating_id, symbol, published, rating, scale.")
]


ResultFile = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Every outcome as .csv or .parquet; .html .xlsx .md: scoreboard.")
]


NamesPlace = Annotated[Path | None, typer.Option("--names", metavar="PLACE", help="List of names: a file, folder or store.")]


OutDir = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where reports are written.")]


Proxy = Annotated[
    list[str] | None,
    typer.Option("--proxy", metavar="BENCHMARK=SYMBOL", help="A stand-in for another market's benchmark: MXCN.MSCI=HSI.HK."),
]


AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output, nothing else there.")]


Language = Annotated[
    str,
    typer.Option(
        "--lang", envvar="SCREENER_LANG", show_envvar=False, metavar="zh|en", help="Language of reports and messages."
    ),
]


SeriesOption = Annotated[str, typer.Option("--series", metavar="price|total", help="The series that the text leads with.")]


WithPng = Annotated[bool, typer.Option("--png", help="Also write each chart as a picture.")]


WithDocx = Annotated[bool, typer.Option("--docx", help="Also write the report for Word.")]


WithCard = Annotated[bool, typer.Option("--card", help="Also write one picture for a chat, 1080 by 1350.")]


WithPdf = Annotated[bool, typer.Option("--pdf", help="Also write the report as a PDF on A4 (extra: pdf).")]


Colours = Annotated[str, typer.Option("--updown", metavar="red-up|green-up", help="Which colour a rise has.")]


Quick = Annotated[bool, typer.Option("--quick", help="Leave out what tries the answer: conventions, chance, base rates.")]


SensitivityFlag = Annotated[bool, typer.Option("--sensitivity", help="Try every convention that the report leaves open.")]


PlaceboCount = Annotated[int | None, typer.Option("--placebo", metavar="N", help="Compare with N random baskets.")]


UniverseFolder = Annotated[
    str | None,
    typer.Option("--universe", metavar="SOURCE", help="Where random baskets come from: bundled, store, or a folder."),
]


Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Makes the random draws repeatable.")]


Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


# The ways in which a date may be written on the command line (CONTRACT).
DATES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


def parse_date(text: str | None, option: str) -> dt.date | None:
    """A date option, written 2024-04-14, 20240414 or 2024/4/14; UsageError for anything else."""
    if text is None:
        return None
    for written in DATES:
        try:
            return dt.datetime.strptime(text.strip(), written).date()  # noqa: DTZ007 a plain date has no zone
        except ValueError:
            continue
    raise UsageError("bad_option_date", option=option, value=text[:40])


def parse_published(text: str | None) -> dt.date | None:
    """The publication date to try; UsageError for a day to come."""
    day = parse_date(text, "--published")
    if day is not None and day > today():
        raise UsageError("published_in_future", published=day, today=today())
    return day


def check_evidence(*, quick: bool, sensitivity: bool, placebo: int | None, universe: str | None) -> None:
    """UsageError where evidence is left out and asked for at once."""
    named = {"--sensitivity": sensitivity, "--placebo": placebo is not None, "--universe": universe is not None}
    asked = [option for option, given in named.items() if given]
    if quick and asked:
        raise UsageError("quick_and_evidence", option=asked[0])


def parse_series(series: str) -> SeriesName:
    """The series that a text leads with; UsageError for another word than price or total."""
    if series not in ("price", "total"):
        raise UsageError("series_unknown", value=series)
    return "total" if series == "total" else "price"


def as_lang(lang: str) -> Lang:
    """The language of an option that `reported` has checked."""
    return "en" if lang == "en" else "zh"


def parse_edition(png: bool, pdf: bool, updown: str, *, docx: bool = False, card: bool = False) -> Edition:
    """What is written beside the standard files; UsageError for an unknown choice of colours."""
    found = next((each for each in UP_DOWN if each == updown), None)
    if found is None:
        raise UsageError("updown_unknown", value=updown)
    return Edition(png=png, pdf=pdf, docx=docx, card=card, updown=found)
