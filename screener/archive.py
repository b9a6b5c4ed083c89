"""The archive of written weekly reports: found by their JSON files, newest first."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEEKLY = "weekly"
FORMATS = ("html", "md", "xlsx", "json")


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


def read_entries(folder: Path) -> tuple[tuple[Entry, ...], tuple[Path, ...]]:
    """Every weekly report under `folder`, newest first within its thesis, and the JSON files that could not be read."""
    found, broken = [], []
    for path in sorted(folder.glob(f"*/*/{WEEKLY}.json")):
        try:
            found.append(_entry(path, json.loads(path.read_text("utf-8"))))
        except (ValueError, KeyError, TypeError):
            broken.append(path)
    found.sort(key=lambda entry: (entry.thesis, -entry.end.toordinal()))
    return tuple(found), tuple(broken)


def _entry(path: Path, record: dict[str, Any]) -> Entry:
    return Entry(
        thesis=path.parent.parent.name,
        title=str(record["title"]),
        week=path.parent.name,
        start=dt.date.fromisoformat(record["week_start"]),
        end=dt.date.fromisoformat(record["week_end"]),
        sessions=int(record["sessions"]),
        figures=tuple(_figures(record["rows"])),
        files=tuple(each for each in FORMATS if (path.parent / f"{WEEKLY}.{each}").is_file()),
    )


def _figures(rows: list[dict[str, Any]]) -> Iterator[Figures]:
    """The whole basket, then the first industry index: the two that a rating is judged on."""
    for kind in ("all", "industry_index"):
        row = next((each for each in rows if each["kind"] == kind), None)
        if row is not None:
            yield Figures(
                str(row["name"]), row["return"], row["excess"], row["excess_since_published"], row.get("since_gap") == "not_due"
            )
