"""The command line: picks the source, asks what day it is, prints, writes files, and sets the exit code."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from screener.terms.clock import last_finished_day, shanghai_date
from screener.terms.say import LANGS, Lang, printable, say

if TYPE_CHECKING:
    from screener.drafting.draft import Draft
    from screener.evidence.trust import Trust
    from screener.judgement.outcome import Outcome
    from screener.prices.prices import PriceSource, SeriesName
    from screener.report.document import Section
    from screener.terms.names import NameRegistry
    from screener.terms.notes import Note
    from screener.thesis.scale import RatingScale
    from screener.thesis.thesis import Thesis
    from screener.writers.files import Edition

EXIT_GAPS = 3
# Endings of `grade --out` that ask for the scoreboard instead of every rating.
BOARD_ENDINGS = (".html", ".xlsx", ".md")
DEFAULT = "guolian-2024-ai-compute"

app = typer.Typer(
    name="screener",
    help="Check whether a sell-side theme report's rating came true. 核查卖方主题研报的评级是否兑现。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
thesis_app = typer.Typer(no_args_is_help=True, help="List and check thesis files. 投资逻辑文件。")
app.add_typer(thesis_app, name="thesis")
ratings_app = typer.Typer(no_args_is_help=True, help="Published ratings through akshare. 研报评级。")
app.add_typer(ratings_app, name="ratings")

ThesisName = Annotated[str, typer.Argument(metavar="THESIS", help="Slug or .toml file of the thesis.")]
Published = Annotated[str | None, typer.Option("--published", metavar="DATE", help="Try another publication date.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Use nothing after this date.")]
PricesWord = Annotated[str, typer.Option("--prices", metavar="SOURCE", help="auto, snapshot, store, or a folder.")]
StoreDir = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="The local store of prices.")]
ThemesDir = Annotated[Path | None, typer.Option("--themes", metavar="DIR", help="Your own theses, before the bundled.")]
Theses = Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or files; default: every thesis.")]
RatingsFile = Annotated[
    Path, typer.Argument(metavar="RATINGS", help="CSV or Parquet: rating_id, symbol, published, rating, scale.")
]
ResultFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Every outcome as .csv or .parquet; .html .xlsx .md: scoreboard.")
]
NamesPlace = Annotated[Path | None, typer.Option("--names", metavar="PLACE", help="List of names: a file, folder or store.")]
OutDir = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where reports are written.")]
Proxy = Annotated[
    list[str] | None,
    typer.Option("--proxy", metavar="BENCHMARK=SYMBOL", help="A stand-in for another market's benchmark: MXCN.MSCI=HSI.HK."),
]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output, nothing else there.")]
Language = Annotated[str, typer.Option("--lang", metavar="zh|en", help="Language of reports and messages.")]
SeriesOption = Annotated[str, typer.Option("--series", metavar="price|total", help="The series that the text leads with.")]
WithPng = Annotated[bool, typer.Option("--png", help="Also write each chart as a picture.")]
WithPdf = Annotated[bool, typer.Option("--pdf", help="Also write the report as a PDF on A4 (extra: pdf).")]
Colours = Annotated[str, typer.Option("--updown", metavar="red-up|green-up", help="Which colour a rise has.")]
SensitivityFlag = Annotated[bool, typer.Option("--sensitivity", help="Try every convention that the report leaves open.")]
PlaceboCount = Annotated[int | None, typer.Option("--placebo", metavar="N", help="Compare with N random baskets.")]
UniverseFolder = Annotated[
    str | None, typer.Option("--universe", metavar="SOURCE", help="Where random baskets come from: store, or a folder.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Makes the random draws repeatable.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

Command = TypeVar("Command", bound=Callable[..., None])


def reported(command: Command) -> Command:
    """Turn an error of `command` into one clear line in its language and an exit code; the CLI's last line."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        from screener.terms.notes import InputProblems, ScreenerError

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


def main() -> None:
    """Entry point of the `screener` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


def today() -> dt.date:
    """Today's date in Shanghai."""
    return shanghai_date(dt.datetime.now(dt.UTC))


def finished_day() -> dt.date:
    """The last day whose closes are final, in Shanghai."""
    return last_finished_day(dt.datetime.now(dt.UTC))


def parse_date(text: str | None, option: str) -> dt.date | None:
    """A date option; UsageError for anything but YYYY-MM-DD."""
    from screener.terms.notes import UsageError

    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 a plain date has no zone
    except ValueError:
        raise UsageError("bad_option_date", option=option, value=text) from None


@app.command()
@reported
def outcome(
    thesis: ThesisName = DEFAULT,
    published: Published = None,
    as_of: AsOf = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: OutDir = Path("reports"),
    as_json: AsJson = False,
    lang: Language = "zh",
    series: SeriesOption = "price",
    png: WithPng = False,
    pdf: WithPdf = False,
    updown: Colours = "red-up",
    sensitivity: SensitivityFlag = False,
    placebo: PlaceboCount = None,
    universe: UniverseFolder = None,
    seed: Seed = 0,
    proxy: Proxy = None,
    debug: Debug = False,
) -> None:
    """Check whether the rating came true, 6 to 12 months after publication. 核查评级是否兑现。"""
    from screener.judgement.listings import parse_proxies
    from screener.report.records import has_gaps, listing_gaps, outcome_record
    from screener.screening import check_outcome
    from screener.writers.files import publish_archive, publish_outcome
    from screener.writers.text.listings import listings_text
    from screener.writers.text.outcome import outcome_text

    edition = _edition(png, pdf, updown)
    loaded, scale, source = _open(thesis, themes, prices, store)
    result = check_outcome(
        loaded,
        scale,
        source,
        published=_published(published),
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
        proxies=parse_proxies(proxy or [], loaded, scale),
    )
    _say_notes((*result.prices.notes, *result.other_notes), _lang(lang))
    trust = _trust(result, sensitivity=sensitivity, placebo=placebo, universe=universe, seed=seed, store=store)
    record = _trust_record(outcome_record(result, _lang(lang)), trust, _lang(lang))
    if as_json:
        _print_json(record)
    else:
        words = outcome_text(result, _lang(lang), series=_series(series)) + listings_text(result, _lang(lang))
        print(words + _trust_text(trust, _lang(lang)), end="", flush=True)
        print(say("report_writing", _lang(lang)), file=sys.stderr)
        extra = _trust_sections(trust, _lang(lang))
        _say_files(publish_outcome(result, out, record, lang=_lang(lang), edition=edition, extra=extra), _lang(lang))
        _say_archive(*publish_archive(out, _lang(lang), edition.updown), _lang(lang))
    # A listing without its benchmark is said in its own rows; it ends the run as incomplete only where a proxy was asked for.
    missing = bool(proxy and listing_gaps(result)) or (trust is not None and any(trust.gaps()))
    _exit(has_gaps(result) or missing)


@app.command()
@reported
def weekly(
    thesis: ThesisName = DEFAULT,
    week: Annotated[str | None, typer.Option("--week", metavar="DATE", help="Any day of the week wanted.")] = None,
    published: Published = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: OutDir = Path("reports"),
    as_json: AsJson = False,
    lang: Language = "zh",
    series: SeriesOption = "price",
    png: WithPng = False,
    pdf: WithPdf = False,
    updown: Colours = "red-up",
    debug: Debug = False,
) -> None:
    """Write the weekly theme performance report. 主题周度表现。"""
    from screener.report.records import has_gaps, week_record
    from screener.screening import check_week
    from screener.writers.text.week import week_text

    edition, lead = _edition(png, pdf, updown), _series(series)
    loaded, scale, source = _open(thesis, themes, prices, store)
    result = check_week(
        loaded,
        scale,
        source,
        day=parse_date(week, "--week"),
        published=_published(published),
        today=finished_day(),
    )
    _say_notes(result.prices.notes, _lang(lang))
    if as_json:
        _print_json(week_record(result, _lang(lang)))
    else:
        print(week_text(result, _lang(lang), series=lead), end="", flush=True)
        from screener.writers.files import publish_archive
        from screener.writers.week_files import publish_weekly

        print(say("report_writing", _lang(lang)), file=sys.stderr)
        _say_files(publish_weekly(result, source, out, lang=_lang(lang), edition=edition), _lang(lang))
        _say_archive(*publish_archive(out, _lang(lang), edition.updown), _lang(lang))
    _exit(has_gaps(result))


@app.command()
@reported
def grade(
    ratings: RatingsFile,
    prices: PricesWord = "auto",
    as_of: AsOf = None,
    engine: Annotated[str, typer.Option("--engine", metavar="duckdb|spark", help="What runs the query.")] = "duckdb",
    out: ResultFile = None,
    merge_repeats: Annotated[
        bool, typer.Option("--merge-repeats", help="Scoreboard: a house's unchanged rating counts once in 12 months.")
    ] = False,
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Grade many published ratings at once. 批量核查评级是否兑现。"""
    from screener.grading.query import ENGINES
    from screener.grading.run import check_result_path, grade_to_file, grade_to_scoreboard
    from screener.report.scoreboard import build_scoreboard_report, scoreboard_record
    from screener.terms.notes import UsageError
    from screener.thesis.library import open_library
    from screener.writers.files import document_bytes, write_files
    from screener.writers.text.scoreboard import scoreboard_text

    if engine not in ENGINES:
        raise UsageError("engine_unknown", value=engine)
    library = open_library(themes)
    scales = {name: library.load_scale(name) for name in library.scale_ids()}
    choose = functools.partial(_choose, prices, store)
    when: dict[str, Any] = {"as_of": parse_date(as_of, "--as-of"), "today": finished_day()}
    if out is not None and out.suffix.lower() not in BOARD_ENDINGS:
        check_result_path(out)
        ground, tally = grade_to_file(ratings, choose, scales, out=out, engine=engine, **when)
        counts = {"rows": tally.rows, "measured": tally.measured, "pending": tally.pending, "gaps": tally.gaps}
        if as_json:
            _print_json({"out": str(out), "as_of": str(ground.as_of), **counts})
        else:
            print(say("grade_written", _lang(lang), path=out, as_of=ground.as_of, **counts))
    else:
        ground, tally, board = grade_to_scoreboard(ratings, choose, scales, engine=engine, merge_repeats=merge_repeats, **when)
        if out is not None:
            document = build_scoreboard_report(board, ground, tally.rows, _lang(lang))
            write_files(out.parent, {out.name: document_bytes(document, out.suffix.lower())})
            print(say("board_written", _lang(lang), path=out, rows=tally.rows), file=sys.stderr)
        if as_json:
            _print_json(scoreboard_record(board, ground, tally.rows))
        elif out is None:
            print(scoreboard_text(board, ground, tally.rows, _lang(lang)), end="")
    _say_notes(ground.notes, _lang(lang))
    _exit(tally.gaps > 0)


@app.command()
@reported
def screen(
    theses: Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or .toml files of theses.")] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="EXPR", help="Keep rows: excess_13w > 0.1 and beta < 1")
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", metavar="COLUMN", help="Sort by; -COLUMN: largest first.")] = None,
    top: Annotated[int | None, typer.Option("--top", metavar="N", help="Only the first N rows.")] = None,
    universe: Annotated[str | None, typer.Option("--universe", metavar="a-shares", help="The whole market.")] = None,
    like: Annotated[str | None, typer.Option("--like", metavar="BUCKET", help="Names that moved like a bucket.")] = None,
    as_of: AsOf = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write .csv, .md, .xlsx or .json.")] = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Candidates, or the whole market, as a table: filter, sort, export. 筛选。"""
    from screener.report.screen import screen_record
    from screener.screening_market import open_screen
    from screener.thesis.library import open_library
    from screener.writers.screen_files import check_ending, write_screen
    from screener.writers.text.screen import screen_text

    if out is not None:
        check_ending(out)
    library = open_library(themes)
    pairs = [library.load(name) for name in theses or [DEFAULT]]
    symbols = tuple(dict.fromkeys(symbol for thesis, scale in pairs for symbol in thesis.symbols(scale)))
    result = open_screen(
        pairs,
        _choose(
            prices,
            store,
            symbols,
            min(thesis.published_earliest or thesis.published for thesis, _ in pairs),
            whole_market=universe is not None or like is not None,
        ),
        where=where,
        sort=sort,
        top=top,
        universe=universe,
        like=like,
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
    )
    _say_notes((note for each in result.prices.values() for note in each.notes), _lang(lang))
    if as_json:
        _print_json(screen_record(result, _lang(lang)))
    else:
        print(screen_text(result, _lang(lang), asked=f"{where or ''} {sort or ''}"), end="")
    if out is not None:
        print(say("screen_written", _lang(lang), path=write_screen(result, out, _lang(lang))), file=sys.stderr)
    _exit(result.has_gaps)


@app.command()
@reported
def events(
    thesis: ThesisName = DEFAULT,
    as_of: AsOf = None,
    prices: PricesWord = "auto",
    store: StoreDir = None,
    themes: ThemesDir = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of the random dates.")] = 0,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Dated policies of the thesis against its baskets, and their targets. 政策事件与量化目标。"""
    from screener.report.event_records import event_gaps, events_record
    from screener.screening import check_events
    from screener.thesis.library import open_library
    from screener.writers.text.events import events_text

    loaded, scale, source = _open(thesis, themes, prices, store)
    result = check_events(
        loaded,
        scale,
        open_library(themes).load_policies(thesis),
        source,
        as_of=parse_date(as_of, "--as-of"),
        today=finished_day(),
        seed=seed,
    )
    _say_notes(result.prices.notes, _lang(lang))
    if as_json:
        _print_json(events_record(result, _lang(lang)))
    else:
        print(events_text(result, _lang(lang)), end="")
    _exit(bool(event_gaps(result)))


@ratings_app.command("fetch")
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
    from screener.cli.shown import fetched_record
    from screener.store.store import default_folder
    from screener.thesis.library import open_library
    from screener.upstream.patience import Fetcher
    from screener.upstream.ratings import fetch_to_file

    library = open_library(themes)
    loaded = [library.load(name)[0] for name in theses or [str(path) for path in library.thesis_paths()]]
    scales = {name: library.load_scale(name) for name in (*library.scale_ids(), default_scale)}
    folder = (store or default_folder()) / "ratings"
    symbols = [each.symbol for thesis in loaded for each in thesis.candidates]
    found = fetch_to_file(symbols, folder, Fetcher(), scales, default=default_scale, out=out, today=today())
    for each in found.results:
        print(say(each.note.code, _lang(lang), **each.note.params), file=sys.stderr)
    if as_json:
        _print_json(fetched_record(found))
    else:
        print(say("ratings_fetched", _lang(lang), rows=found.rows, path=found.out, default=found.default, scale=default_scale))
    _exit(any(each.state != "fresh" for each in found.results))


@app.command()
@reported
def update(
    theses: Annotated[list[str] | None, typer.Argument(metavar="[THESIS…]", help="Slugs or files; default: all.")] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day wanted.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day wanted.")] = None,
    universe: Annotated[str | None, typer.Option("--universe", metavar="a-shares", help="The whole market too.")] = None,
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Pull prices, corporate actions and indices into the local store; resumable. 更新本地行情库。"""
    from screener.cli.progress import ProgressBar
    from screener.cli.shown import update_records, update_text
    from screener.store.store import Store, default_folder
    from screener.thesis.library import open_library
    from screener.upstream.breakers import load_breakers
    from screener.upstream.patience import Fetcher
    from screener.upstream.scope import thesis_symbols, universe_symbols
    from screener.upstream.settings import load_settings
    from screener.upstream.update import plan_update, run_update

    now = dt.datetime.now(dt.UTC)
    opened = Store(store or default_folder())
    settings = load_settings(opened.folder)
    breakers, notes = load_breakers(opened.folder, now=now)
    fetcher = Fetcher(settings.policy, breakers=breakers)
    symbols, first = thesis_symbols(open_library(themes), theses or [])
    counted = symbols
    notes += fetcher.resting()
    if universe is not None:
        more, kept = universe_symbols(opened, fetcher, universe, now=now)
        symbols += more
        notes += () if kept is None else (kept,)
    _say_notes(notes, _lang(lang))
    first = parse_date(start, "--start") or first
    plan = plan_update(symbols, start=first, end=parse_date(end, "--end"), now=now, counted=counted)
    with ProgressBar(len(plan.symbols), _lang(lang)) as progress:
        results = run_update(opened, plan, fetcher=fetcher, order=settings.order, watcher=progress)
    if as_json:
        _print_json(update_records(results, _lang(lang)))
    else:
        print(update_text(results, plan, opened, _lang(lang)), end="")
    _exit(not all(each.complete for each in results))


@app.command()
@reported
def doctor(
    store: StoreDir = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Say what works here: sources, store, calendar, versions, fonts. 检查环境。"""
    from screener.cli.shown import doctor_records, doctor_text
    from screener.store.store import Store, default_folder
    from screener.thesis.library import open_library
    from screener.upstream.breakers import load_breakers
    from screener.upstream.doctor import DOCTOR_POLICY, examine
    from screener.upstream.patience import Fetcher
    from screener.upstream.scope import thesis_symbols

    now = dt.datetime.now(dt.UTC)
    opened = Store(store or default_folder())
    symbols, _ = thesis_symbols(open_library(themes), [])
    breakers, notes = load_breakers(opened.folder, now=now)
    fetcher = Fetcher(DOCTOR_POLICY, breakers=breakers)
    findings = examine(opened, symbols, today=last_finished_day(now), fetcher=fetcher, notes=notes)
    if as_json:
        _print_json(doctor_records(findings, _lang(lang)))
    else:
        print(doctor_text(findings, _lang(lang)), end="")


@thesis_app.command("list")
@reported
def list_theses(themes: ThemesDir = None, as_json: AsJson = False, lang: Language = "zh", debug: Debug = False) -> None:
    """List the theses at hand. 列出投资逻辑。"""
    from screener.report.records import thesis_record
    from screener.thesis.library import open_library
    from screener.writers.text.text import theses_text

    library = open_library(themes)
    theses = [library.load(str(path))[0] for path in library.thesis_paths()]
    if as_json:
        _print_json([thesis_record(each) for each in theses])
    else:
        print(theses_text(theses, _lang(lang)), end="")


@thesis_app.command("check")
@reported
def check_theses(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[FILE…]", help="Files or slugs; all when none.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the facts of sound files into theses.lock.")] = False,
    names: NamesPlace = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Find every problem of thesis files at once. 检查投资逻辑文件。"""
    from screener.report.records import problem_record
    from screener.thesis.library import open_library
    from screener.thesis.lock import check_library

    library, day = open_library(themes), today()
    checked = check_library(library, paths or [], today=day, registry=_registry(names), record=record)
    levels = [("problem", each) for each in checked.problems] + [("stale", each) for each in checked.stale]
    if as_json:
        _print_json([{**problem_record(each, _lang(lang)), "level": level} for level, each in levels])
    else:
        for _, each in levels:
            print(each.line_text(_lang(lang)))
        count, files = len(checked.problems), checked.files
        print(say("check_found" if count else "check_passed", _lang(lang), files=files, count=count))
        for slug in checked.recorded:
            print(say("check_recorded", _lang(lang), slug=slug))
        if checked.stale:
            print(say("check_stale", _lang(lang), count=len(checked.stale)))
    if checked.problems:
        raise typer.Exit(2)
    _exit(bool(checked.stale))


@thesis_app.command("draft")
@reported
def draft_report(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report's text: .txt, .md or .pdf.")],
    names: NamesPlace = None,
    scale: Annotated[str | None, typer.Option("--scale", metavar="ID", help="Take this rating scale of the library.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of printing.")] = None,
    themes: ThemesDir = None,
    as_json: AsJson = False,
    lang: Language = "zh",
    debug: Debug = False,
) -> None:
    """Draft a thesis file from a report's text. 由研报正文起草投资逻辑。"""
    from screener.cli.shown import draft_record
    from screener.drafting.draft import draft_thesis
    from screener.drafting.files import draft_place, thesis_text, write_draft
    from screener.drafting.text import read_report
    from screener.thesis.library import open_library

    library, text = open_library(themes), read_report(report)
    slug, place = draft_place(report, out)
    scales = [library.load_scale(each) for each in ([scale] if scale else library.scale_ids())]
    draft = draft_thesis(
        text, file=report.name, slug=slug, registry=_registry(names), scales=scales, scale_id=scale, today=today()
    )
    written = write_draft(draft, place, _lang(lang)) if place else ()
    if as_json:
        _print_json(draft_record(draft, written, _lang(lang)))
    elif not written:
        print(thesis_text(draft, _lang(lang)), end="")
    _say_draft(draft, written, _lang(lang))
    _exit(not draft.is_complete)


def _registry(names: Path | None) -> NameRegistry:
    from screener.terms.names import bundled_registry

    if names is None:
        return bundled_registry()
    from screener.sources.name_lists import read_registry

    return read_registry(names)


def _say_draft(draft: Draft, written: Sequence[Path], lang: Lang) -> None:
    lines = [say("draft_written", lang, path=path) for path in written]
    lines += [say("draft_scale_apart", lang)] if draft.scale and not written else []
    lines += [say("draft_asked", lang, count=len(draft.questions))] if draft.questions else []
    for line in [*lines, *("  " + each.line_text(lang) for each in draft.questions)]:
        print(line, file=sys.stderr)


def _open(name: str, themes: Path | None, prices: str, store: Path | None) -> tuple[Thesis, RatingScale, PriceSource]:
    from screener.judgement.span import first_needed
    from screener.sources.choose import open_source
    from screener.thesis.library import open_library

    thesis, scale = open_library(themes).load(name)
    source = open_source(prices, thesis.symbols(scale), store=store, start=first_needed(thesis), today=finished_day())
    return thesis, scale, source


def _say_archive(page: Path, broken: Sequence[Path], lang: Lang) -> None:
    print(say("weekly_archive", lang, path=page))
    for path in broken:
        _note(say("weekly_archive_broken", lang, path=path), lang)


def _trust(
    result: Outcome, *, sensitivity: bool, placebo: int | None, universe: str | None, seed: int, store: Path | None
) -> Trust | None:
    if not sensitivity and placebo is None and universe is None:
        return None
    from screener.screening_trust import assess_trust

    return assess_trust(result, sensitivity=sensitivity, placebo=placebo, universe=universe, seed=seed, store=store)


def _trust_record(record: dict[str, Any], trust: Trust | None, lang: Lang) -> dict[str, Any]:
    if trust is None:
        return record
    from screener.report.trust_records import with_trust

    return with_trust(record, trust, lang)


def _trust_sections(trust: Trust | None, lang: Lang) -> Sequence[Section]:
    if trust is None:
        return ()
    from screener.report.trust import trust_sections

    return trust_sections(trust, lang)


def _trust_text(trust: Trust | None, lang: Lang) -> str:
    if trust is None:
        return ""
    from screener.writers.text.trust import trust_text

    return "\n" + trust_text(trust, lang)


def _choose(
    prices: str, store: Path | None, symbols: Sequence[str], start: dt.date, *, whole_market: bool = False
) -> PriceSource:
    from screener.prices.prices import LOOKBACK
    from screener.sources.choose import open_source
    from screener.terms.sessions import load_calendar

    first = load_calendar().shift(start, -LOOKBACK)
    today = finished_day()
    return open_source(prices, symbols, store=store, start=first, today=today, whole_market=whole_market)


def _published(text: str | None) -> dt.date | None:
    from screener.terms.notes import UsageError

    day = parse_date(text, "--published")
    if day is not None and day > today():
        raise UsageError("published_in_future", published=day, today=today())
    return day


def _edition(png: bool, pdf: bool, updown: str) -> Edition:
    from screener.report.draw.palette import UP_DOWN
    from screener.terms.notes import UsageError
    from screener.writers.files import Edition

    found = next((each for each in UP_DOWN if each == updown), None)
    if found is None:
        raise UsageError("updown_unknown", value=updown)
    return Edition(png=png, pdf=pdf, updown=found)


def _series(series: str) -> SeriesName:
    from screener.terms.notes import UsageError

    if series not in ("price", "total"):
        raise UsageError("series_unknown", value=series)
    return "total" if series == "total" else "price"


def _lang(lang: str) -> Lang:
    return "en" if lang == "en" else "zh"


def _say_notes(notes: Iterable[Note], lang: Lang) -> None:
    """Each note once, in the order in which they came."""
    for text in dict.fromkeys(say(note.code, lang, **note.params) for note in notes):
        _note(text, lang)


def _note(text: str, lang: Lang) -> None:
    print(say("note_line", lang, text=text), file=sys.stderr)


def _say_files(paths: Sequence[Path], lang: Lang) -> None:
    from screener.writers.files import left_behind

    print(say("report_written", lang, folder=paths[0].parent, files=" ".join(path.name for path in paths)))
    older = left_behind(paths)
    if older:
        _note(say("report_left_behind", lang, files=" ".join(path.name for path in older)), lang)


def _print_json(record: object) -> None:
    print(json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False))


def _exit(gaps: bool) -> None:
    if gaps:
        raise typer.Exit(EXIT_GAPS)
