"""Ratings graded by Spark: its workers read, check, grade and write them; this process only sends what they need."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import re
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import platformdirs
import pyarrow as pa
import pyarrow.fs

from screener.grading.census import Contents, day_of
from screener.grading.coding import Said, Trouble
from screener.grading.faults import SHOWN
from screener.grading.ground import Choose, Ground, prepare
from screener.grading.ratings import CODED, our_names
from screener.grading.results import ordered, result_fields
from screener.grading.shipping import write_facts
from screener.grading.standards import Editions
from screener.grading.worker import CENSUS, Shipped, bad_part, grade_part, take_census
from screener.terms.notes import InputProblems, Problem, ScreenerError, UsageError
from screener.thesis.scale import RatingScale
from screener.version import __version__

# Names of what lies beside the part files; an underscore hides them from whoever reads the folder.
MANIFEST, BAD = "_manifest.json", "_bad"
ROWS_A_BATCH = 100_000
# Two numbers of a set of ids that agree only when the ids do, for all that chance can tell.
PRIME = 2_147_483_647

_ERROR = re.compile(r"[\w.]*(Error|Exception): ")
_PYTHON_ERROR = re.compile(r"(pyarrow\.lib\.|screener\.terms\.notes\.)?[A-Z]\w*(Error|Problems|Invalid): ")
_CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]+: ")

WORD = ("a", "b", "c", "d", "number")

Frame = Any  # pyspark is an extra
Part = Callable[..., Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Manifest:
    """What became of the ratings: rows read, written with an outcome, and set aside; the outcomes by status and by gap."""

    rows: int
    written: int
    bad: int
    measured: int
    status: Mapping[str, int]
    gap: Mapping[str, int]
    as_of: str
    prices: str
    version: str = __version__

    @property
    def pending(self) -> int:
        """Ratings that are not due."""
        return self.gap.get("not_due", 0)

    @property
    def gaps(self) -> int:
        """Ratings without a figure that should be there."""
        return sum(self.gap.values()) - self.pending


def grade_on_spark(
    ratings: str,
    choose: Choose,
    scales: Mapping[str, RatingScale],
    *,
    out: str,
    as_of: dt.date | None = None,
    today: dt.date,
    staging: str | None = None,
    shares: bool = True,
) -> tuple[Ground, Manifest]:
    """Grade `ratings` (whatever Spark can read: a file, folder, glob, URI) into the folder `out` of Parquet files.

    `out` gets MANIFEST, and under BAD the rows that are wrong, each with its reason. `staging`: a URI that the workers reach,
    for the facts; without one Spark brings them the file. ScreenerError in one sentence when the engine is missing or fails,
    when `out` is there already, or when not every rating came out once; what Java says goes to a log.
    """
    editions = Editions(scales)
    with _engine() as engine:
        frame, names = engine.read(ratings)
        census = engine.census(frame, names, editions, ratings)
        print_in = engine.fingerprint(frame, names["rating_id"])
        _check_once(engine, frame, names, print_in, ratings)
        source, has_targets = choose(census.contents.symbols, census.contents.published[0]), "target_price" in names
        ground = prepare(census.contents, source, editions, as_of=as_of, today=today, with_closes=has_targets)
        with engine.shipped(ground, census, staging) as shipped:
            part: dict[str, Any] = {"shipped": shipped, "scales": frozenset(scales), "names": dict(names)}
            engine.write_graded(frame, names, functools.partial(grade_part, **part, shares=shares), out=out)
            if census.bad or census.wrong:
                engine.write_bad(frame, names, functools.partial(bad_part, **part), out=out)
        manifest = engine.manifest(out, ground, census)
        print_out = engine.written_fingerprint(out, has_bad=manifest.bad > 0)
        if (manifest.written + manifest.bad, print_out.ids) != (census.rows, print_in.ids):
            counts = {"rows": census.rows, "written": manifest.written, "bad": manifest.bad}
            raise ScreenerError("engine_lost_rows", path=out, **{name: f"{count:,}" for name, count in counts.items()})
        engine.write_text(f"{out.rstrip('/')}/{MANIFEST}", json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    return ground, manifest


@dataclass(frozen=True)
class Census:
    """What the ratings hold: `rows` in all, `bad` of them by their own cells, `wrong` the words that will not do, and why."""

    contents: Contents
    rows: int
    bad: int
    wrong: Mapping[int, Trouble]


@dataclass(frozen=True)
class Fingerprint:
    """The ids of a set of ratings: a number for all of them together, and how many occur more than once."""

    ids: tuple[int, int]
    twice: int


def _check_once(engine: Spark, frame: Frame, names: Mapping[str, str], found: Fingerprint, ratings: str) -> None:
    if found.twice:
        shown = [Problem(ratings, None, "rating_id", each, "ratings_id_twice") for each in engine.twice(frame, names)]
        raise InputProblems("ratings_broken", shown, file=ratings, total=f"{found.twice:,}")


@contextmanager
def _engine() -> Iterator[Spark]:
    """The Spark session of the environment; what goes wrong in it is one sentence, the rest stands in the log."""
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ScreenerError("engine_missing") from None
    log = platformdirs.user_log_path("screener", ensure_exists=True) / "spark.log"
    settings = _log_settings(log)
    # Workers run the same Python as this process, unless the environment names another.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        builder = SparkSession.builder.appName("screener grade").config("spark.ui.showConsoleProgress", "false")
        session = builder.config(
            "spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={settings.as_uri()}"
        ).getOrCreate()
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", ROWS_A_BATCH)
        with tempfile.TemporaryDirectory(prefix="screener-") as folder:
            yield Spark(session, Path(folder))
    except (Py4JError, PySparkException, OSError, RuntimeError) as error:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{error}\n")
        raise ScreenerError("engine_failed", detail=_reason(str(error)), log=log) from None


def _log_settings(log: Path) -> Path:
    """A configuration of Java's logging that writes to `log` instead of the terminal."""
    path = log.with_suffix(".log4j2.properties")
    lines = ["rootLogger.level = warn", "rootLogger.appenderRef.file.ref = file", "appender.file.type = File"]
    lines += [
        "appender.file.name = file",
        f"appender.file.fileName = {log.as_posix()}",
        "appender.file.layout.type = PatternLayout",
    ]
    lines += ["appender.file.layout.pattern = %d %p %c: %m%n%ex"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _reason(text: str) -> str:
    """The line of an engine's report that says what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    python = [line for line in lines if _PYTHON_ERROR.match(line)]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    errors = [line for line in lines if _ERROR.match(line)]
    found = [*lines[:1], *errors[-1:], *causes[-1:], *python[-1:]][-1] if lines else ""
    return _CLASS.sub("", found.removeprefix("Caused by: "))[:300]


class Spark:
    """The steps that Spark does; `session` is its own, `folder` holds what it brings to the workers."""

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.folder = session, folder
        # Under a new name each time: workers that live longer keep what they have loaded.
        package = folder / f"screener-{uuid.uuid4().hex}.zip"
        _pack(package)
        session.sparkContext.addPyFile(str(package))

    def read(self, ratings: str) -> tuple[Frame, dict[str, str]]:
        """(the ratings as they lie there, our name → theirs of each column)."""
        is_text = ratings.rstrip("/").lower().endswith(".csv")
        frame = self.session.read.csv(ratings, header=True) if is_text else self.session.read.parquet(ratings)
        return frame, our_names([(each.name, each.dataType.simpleString()) for each in frame.schema.fields], ratings)

    def census(self, frame: Frame, names: Mapping[str, str], editions: Editions, place: str) -> Census:
        """What the ratings hold; InputProblems when every row is wrong, ScreenerError when there is none."""
        wanted = frame.select([names[each] for each in CODED if each in names])
        found = self._map(wanted, functools.partial(take_census, scales=frozenset(editions.scales), names=dict(names)), CENSUS)
        table = found.toArrow().to_pylist()
        rows, bad = (sum(each["number"] for each in table if each["what"] == what) for what in ("rows", "bad"))
        if not rows:
            raise ScreenerError("ratings_empty", file=place)
        words = sorted({Said(*(each[name] for name in WORD)) for each in table if each["what"] == "word"})
        wrong = {at: trouble for at, word in enumerate(words) for trouble in [editions.trouble(word)] if trouble is not None}
        if rows == bad or len(wrong) == len(words):
            raise InputProblems("ratings_broken", list(_told(table, wrong, words, place)), file=place, total=f"{rows:,}")
        symbols = sorted({each["a"] for each in table if each["what"] == "symbol"})
        days = sorted({each["number"] for each in table if each["what"] == "day"})
        return Census(Contents(tuple(symbols), tuple(map(day_of, days)), tuple(words)), rows, bad, wrong)

    def fingerprint(self, frame: Frame, column: str) -> Fingerprint:
        """Of the ids in a column."""
        from pyspark.sql import functions as f

        hashed = frame.select(f.xxhash64(f.trim(f.col(f"`{column}`").cast("string"))).alias("id"))
        counted = hashed.groupBy("id").count()
        sums = (f.sum(f.pmod("id", f.lit(PRIME)) * f.col("count")), f.expr("bit_xor(if(count % 2 = 1, id, 0))"))
        [row] = counted.agg(*sums, f.count(f.when(f.col("count") > 1, 1))).collect()
        return Fingerprint((row[0] or 0, row[1] or 0), row[2])

    def twice(self, frame: Frame, names: Mapping[str, str]) -> list[str]:
        """Some ids that occur more than once."""
        from pyspark.sql import functions as f

        ids = frame.select(f.trim(f.col(f"`{names['rating_id']}`").cast("string")).alias("id"))
        rows = ids.groupBy("id").count().where("count > 1").orderBy("id").limit(SHOWN).collect()
        return [row["id"] for row in rows]

    def write_graded(self, frame: Frame, names: Mapping[str, str], part: Part, *, out: str) -> None:
        """The outcomes, as a folder of Parquet that is not there yet."""
        schema = pa.schema([*_input_fields(frame, names), *result_fields(tuple(names))])
        self._map(frame, functools.partial(part, schema=schema), schema).write.mode("errorifexists").parquet(out)

    def write_bad(self, frame: Frame, names: Mapping[str, str], part: Part, *, out: str) -> None:
        """The rows that have a fault, under BAD in `out`."""
        schema = pa.schema([*(_field(frame, ours, theirs) for ours, theirs in names.items()), ("fault", pa.string())])
        self._map(frame, functools.partial(part, schema=schema), schema).write.parquet(f"{out.rstrip('/')}/{BAD}")

    def manifest(self, out: str, ground: Ground, census: Census) -> Manifest:
        """Counted from what was written."""
        from pyspark.sql import functions as f

        counted = self.session.read.parquet(out).groupBy("status", "gap").agg(f.count("*"), f.count("measured_end")).collect()
        status: dict[str, int] = {}
        gap: dict[str, int] = {}
        for state, reason, count, _ in counted:
            status[state] = status.get(state, 0) + count
            if reason is not None:
                gap[reason] = gap.get(reason, 0) + count
        written = sum(row[2] for row in counted)
        prices = f"{ground.kind} {ground.name}"
        is_bad = census.bad or census.wrong
        bad = self.session.read.parquet(f"{out.rstrip('/')}/{BAD}").count() if is_bad else 0
        return Manifest(
            census.rows, written, bad, sum(row[3] for row in counted), status, gap, ground.as_of.isoformat(), prices
        )

    def written_fingerprint(self, out: str, *, has_bad: bool) -> Fingerprint:
        """Of the ids in what was written, the rows set aside included."""
        ids = self.session.read.parquet(out).select("rating_id")
        if has_bad:
            ids = ids.unionAll(self.session.read.parquet(f"{out.rstrip('/')}/{BAD}").selectExpr("cast(rating_id as string)"))
        return self.fingerprint(ids, "rating_id")

    @contextmanager
    def shipped(self, ground: Ground, census: Census, staging: str | None) -> Iterator[Shipped]:
        """The facts where the workers find them, as long as the context."""
        name, more = f"facts-{uuid.uuid4().hex}.arrow", {"words": census.contents.words, "wrong": census.wrong}
        if staging is not None:
            place = f"{staging.rstrip('/')}/{name}"
            files_, path = _open_uri(place)
            with files_.open_output_stream(path) as sink:
                write_facts(ground.facts, sink, more)
            yield Shipped(place, is_uri=True)
            files_.delete_file(path)
            return
        local = self.folder / name
        with pa.OSFile(str(local), "wb") as sink:
            write_facts(ground.facts, sink, more)
        self.session.sparkContext.addFile(str(local))
        yield Shipped(name)

    def write_text(self, place: str, text: str) -> None:
        """A small file, through the engine's own filesystem."""
        java = self.session.sparkContext._jvm
        path = java.org.apache.hadoop.fs.Path(place)
        stream = path.getFileSystem(self.session.sparkContext._jsc.hadoopConfiguration()).create(path)
        stream.write(bytearray(text.encode("utf-8")))
        stream.close()

    def _map(self, frame: Frame, part: Any, schema: pa.Schema) -> Frame:
        from pyspark.sql.pandas.types import from_arrow_schema

        return frame.mapInArrow(part, from_arrow_schema(schema))


def _told(table: list[dict[str, Any]], wrong: Mapping[int, Trouble], words: list[Said], place: str) -> Iterator[Problem]:
    """Examples of what is wrong with ratings of which none is right."""
    for each in [row for row in table if row["what"] == "fault"][:SHOWN]:
        yield Problem(place, None, each["a"], each["c"], each["b"], {"value": each["c"]})
    for at, (column, code, params) in list(wrong.items())[:SHOWN]:
        yield Problem(place, None, column, getattr(words[at], column), code, dict(params))


def _open_uri(place: str) -> tuple[pyarrow.fs.FileSystem, str]:
    try:
        found = pyarrow.fs.FileSystem.from_uri(place)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise UsageError("staging_unreachable", path=place, detail=str(error).splitlines()[0][:80]) from None
    return found[0], found[1]


def _input_fields(frame: Frame, names: Mapping[str, str]) -> list[pa.Field]:
    made = {"rating_id": pa.string(), "symbol": pa.string(), "published": pa.date32(), "rating": pa.string()}
    return [pa.field(name, made[name]) if name in made else _field(frame, name, names[name]) for name in ordered(tuple(names))]


def _field(frame: Frame, ours: str, theirs: str) -> pa.Field:
    from pyspark.sql.pandas.types import to_arrow_type

    return pa.field(ours, to_arrow_type(frame.schema[theirs].dataType, timezone="UTC"))


def _pack(path: Path) -> None:
    """This package's modules and sentences as a zip, for workers that have only numpy and pyarrow."""
    root = Path(str(files("screener")))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted([*root.rglob("*.py"), *(root / "data" / "texts").glob("*.toml")]):
            archive.write(source, source.relative_to(root.parent).as_posix())


__all__ = ["BAD", "MANIFEST", "Manifest", "grade_on_spark"]
