"""The archive of written reports, found by their JSON files: weeks, newest first, and the outcome check of each thesis."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

WEEKLY, OUTCOME, EVENTS, DESK = "weekly", "outcome", "events", "desk"
FORMATS = ("html", "md", "xlsx", "pdf", "csv", "json")


@dataclass(frozen=True)
class Figures:
    """One subject's line in the archive: this week and since publication (fractions), None where there is a gap."""

    name: str
    own_return: float | None
    excess: float | None
    excess_since_published: float | None
    before_publication: bool = False


@dataclass(frozen=True)
class Entry:
    """One written week: its thesis, its folder's name, and the figures of the basket and the industry index."""

    thesis: str
    title: str
    week: str
    start: dt.date
    end: dt.date
    sessions: int
    figures: tuple[Figures, ...]
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the files are, from the archive's page."""
        return f"{self.thesis}/{self.week}"


@dataclass(frozen=True)
class Judged:
    """What became of one stated rating: excess at the last horizon (fraction), whether it came true; None where not known."""

    name: str
    excess: float | None
    hit: bool | None


@dataclass(frozen=True)
class Check:
    """One written outcome check: its thesis, its as-of date, and the verdict on each stated rating.

    `tried`: the publication date that was tried instead of the thesis's own, else None.
    """

    thesis: str
    title: str
    as_of: dt.date
    tried: dt.date | None
    verdicts: tuple[Judged, ...]
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the files are, from the archive's page."""
        return f"{self.thesis}/{OUTCOME}"


@dataclass(frozen=True)
class Study:
    """One written study of policy events: its thesis, its as-of date, and how many events and targets it holds."""

    thesis: str
    title: str
    as_of: dt.date
    events: int
    targets: int
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the files are, from the archive's page."""
        return f"{self.thesis}/{EVENTS}"


@dataclass(frozen=True)
class Board:
    """One written desk: the end of its week, and how many theses, crossed bands and matured ratings it holds."""

    week: str
    end: dt.date
    theses: int
    crossed: int
    matured: int
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the files are, from the archive's page."""
        return f"{DESK}/{self.week}"


@dataclass(frozen=True)
class Archive:
    """Every report under one folder: weeks, outcome checks, event studies, desks; and the JSON files that could not be read."""

    weeks: tuple[Entry, ...]
    checks: tuple[Check, ...]
    broken: tuple[Path, ...]
    studies: tuple[Study, ...] = ()
    desks: tuple[Board, ...] = ()

    @property
    def titles(self) -> dict[str, str]:
        """The title of each thesis by its slug, slugs ascending."""
        known = {each.thesis: each.title for each in self.weeks} | {each.thesis: each.title for each in self.checks}
        known |= {each.thesis: each.title for each in self.studies}
        return dict(sorted(known.items()))


def read_archive(folder: Path) -> Archive:
    """Every report under `folder`: weeks newest first within their thesis."""
    weeks, bad_weeks = _read(folder.glob(f"*/*/{WEEKLY}.json"), _entry)
    checks, bad_checks = _read(folder.glob(f"*/{OUTCOME}/{OUTCOME}.json"), _check)
    studies, bad_studies = _read(folder.glob(f"*/{EVENTS}/{EVENTS}.json"), _study)
    desks, bad_desks = _read(folder.glob(f"{DESK}/*/{DESK}.json"), _board)
    desks.sort(key=lambda board: -board.end.toordinal())
    weeks.sort(key=lambda entry: (entry.thesis, -entry.end.toordinal()))
    return Archive(
        tuple(weeks), tuple(checks), (*bad_weeks, *bad_checks, *bad_studies, *bad_desks), tuple(studies), tuple(desks)
    )


T = TypeVar("T")


def _read(paths: Iterable[Path], build: Callable[[Path, dict[str, Any]], T]) -> tuple[list[T], list[Path]]:
    found, broken = [], []
    for path in sorted(paths):
        try:
            found.append(build(path, json.loads(path.read_text("utf-8"))))
        except (ValueError, KeyError, TypeError):
            broken.append(path)
    return found, broken


def _entry(path: Path, record: dict[str, Any]) -> Entry:
    return Entry(
        thesis=path.parent.parent.name,
        title=str(record["title"]),
        week=path.parent.name,
        start=dt.date.fromisoformat(record["week_start"]),
        end=dt.date.fromisoformat(record["week_end"]),
        sessions=int(record["sessions"]),
        figures=tuple(_figures(record["rows"])),
        files=_files(path),
    )


def _files(record: Path) -> tuple[str, ...]:
    return tuple(each for each in FORMATS if record.with_suffix(f".{each}").is_file())


def _check(path: Path, record: dict[str, Any]) -> Check:
    rows = [row for row in record["rows"] if (row["series"], row["benchmark"]) == ("price", record["benchmark"])]
    last = max(row["horizon_months"] for row in rows)
    excess = {row["subject"]: (str(row["name"]), row["excess"]) for row in rows if row["horizon_months"] == last}
    return Check(
        thesis=path.parent.parent.name,
        title=str(record["title"]),
        as_of=dt.date.fromisoformat(record["as_of"]),
        tried=dt.date.fromisoformat(record["published"]) if record["published_basis"] == "tried" else None,
        verdicts=tuple(Judged(*excess[subject], each["hit"]) for subject, each in record["verdict"].items()),
        files=_files(path),
    )


def _study(path: Path, record: dict[str, Any]) -> Study:
    return Study(
        thesis=path.parent.parent.name,
        title=str(record["title"]),
        as_of=dt.date.fromisoformat(record["as_of"]),
        events=len(record["events"]),
        targets=len(record["targets"]),
        files=_files(path),
    )


def _board(path: Path, record: dict[str, Any]) -> Board:
    return Board(
        week=path.parent.name,
        end=dt.date.fromisoformat(record["week_end"]),
        theses=len(record["theses"]),
        crossed=len(record["changes"]["crossed"]),
        matured=len(record["changes"]["matured"]),
        files=_files(path),
    )


def _figures(rows: list[dict[str, Any]]) -> Iterator[Figures]:
    """The whole basket, then the first industry index: the two that a rating is judged on."""
    for kind in ("all", "industry_index"):
        row = next((each for each in rows if each["kind"] == kind), None)
        if row is not None:
            yield Figures(
                str(row["name"]), row["return"], row["excess"], row["excess_since_published"], row.get("since_gap") == "not_due"
            )
