"""What can be done here, job by job: report, pictures, PDF, drafting, update, store, grading, Spark, notebooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from screener.terms.notes import Note, ScreenerError
from screener.upstream.doctor import Finding, Level

# Job → the libraries that it needs and the command that brings them; an extra that is not there is no failure.
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "pdf": (("weasyprint",), "pip install 'screener[pdf]'"),
    "draft": (("pdfplumber",), "pip install 'screener[draft]'"),
    "spark": (("pyspark",), "pip install 'screener[spark]'"),
    "notebook": (("nbclient", "jupyterlab", "altair"), "pip install 'screener[notebook]'"),
}
# Topic of a finding → the job that it concerns.
_JOB_OF = {
    "topic_versions": "versions",
    "topic_snapshot": "report",
    "topic_calendar": "report",
    "topic_store": "store",
    "topic_symbol": "store",
    "topic_quarantine": "store",
    "topic_source": "update",
    "topic_akshare": "update",
    "topic_order": "update",
    "topic_single": "update",
}
JOBS = ("versions", "report", "pictures", "pdf", "draft", "update", "store", "grade", "spark", "notebook")


@dataclass(frozen=True)
class Job:
    """One line of help: the job, how it stands, what to say, what to do about it ("" = nothing), and the findings behind it."""

    name: str
    level: Level
    said: Note
    remedy: str
    findings: tuple[Finding, ...] = ()


def examine_jobs(findings: Sequence[Finding], *, check_glyphs: Callable[[], None]) -> tuple[Job, ...]:
    """Ten jobs in the order of JOBS; `check_glyphs` draws Chinese characters and raises where they are missing."""
    of = {name: tuple(each for each in findings if _JOB_OF.get(each.topic) == name) for name in JOBS}
    made = {"pictures": _pictures(check_glyphs), "grade": _grade(), **{name: _extra(name) for name in EXTRAS}}
    return tuple(made.get(name) or _summed(name, of[name]) for name in JOBS)


def _pictures(check_glyphs: Callable[[], None]) -> Job:
    try:
        check_glyphs()
    except ScreenerError as error:
        return Job("pictures", "fail", Note(error.code, error.params), "apt install fonts-noto-cjk")
    except (ImportError, OSError) as error:
        said = Note("job_lacks", {"libraries": f"vl-convert-python ({error})"})
        return Job("pictures", "fail", said, "pip install --force-reinstall vl-convert-python")
    return Job("pictures", "ok", Note("job_pictures"), "")


def _grade() -> Job:
    lacking = [name for name in ("duckdb",) if find_spec(name) is None]
    if lacking:
        said = Note("job_lacks", {"libraries": ", ".join(lacking)})
        return Job("grade", "fail", said, "pip install --force-reinstall duckdb")
    return Job("grade", "ok", Note("job_grade"), "")


def _extra(name: str) -> Job:
    libraries, remedy = EXTRAS[name]
    lacking = [each for each in libraries if find_spec(each) is None]
    if lacking:
        return Job(name, "warn", Note("job_lacks", {"libraries": ", ".join(lacking)}), remedy)
    return Job(name, "ok", Note(f"job_{name}"), "")


def _summed(name: str, findings: tuple[Finding, ...]) -> Job:
    """The worst of the findings about a job stands for it; without a fault the first does."""
    if not findings:
        return Job(name, "ok", Note("job_not_asked"), "")
    level: Level = next((level for level in ("fail", "warn") if any(each.level == level for each in findings)), "ok")
    if name == "update" and level == "fail" and any(each.code == "doctor_source" for each in findings):
        level = "warn"  # other sources answer
    worst = next((each for each in findings if each.level == level), findings[0])
    said = Note(worst.code, worst.params)
    return Job(name, level, said, "" if level == "ok" else _REMEDIES.get(name, ""), findings)


_REMEDIES = {
    "report": "pip install -U screener",
    "update": "pip install -U akshare",
    "store": "screener store check --repair && screener update",
}


def exit_code(jobs: Sequence[Job]) -> int:
    """1 where reports cannot be made, 3 where another job fails, 0 where all that is installed works."""
    failed = {each.name for each in jobs if each.level == "fail"}
    return 1 if failed & {"versions", "report"} else 3 if failed else 0
