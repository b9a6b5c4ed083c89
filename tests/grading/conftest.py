"""A folder of prices small enough to work out by hand, and the ways of grading a file on it."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from screener.grading.run import grade_to_file
from screener.terms.sessions import as_date, load_calendar
from screener.thesis.library import open_library

HEAD = ["rating_id", "symbol", "published", "rating", "scale"]


def scales():
    return {"guolian": open_library().load_scale("guolian")}


def write_ratings(path: Path, rows: list[list[object]], head: list[str] = HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def grade(ratings: Path, source, out: Path, *, as_of: dt.date | None, today: dt.date | None = None, known=None) -> pd.DataFrame:
    day = as_of or today
    grade_to_file(ratings, lambda symbols, start: source, known or scales(), out=out, as_of=as_of, today=day)
    return pq.read_table(out).to_pandas()


def sessions_of(start: str, end: str) -> list[dt.date]:
    return [as_date(day) for day in load_calendar().between(dt.date.fromisoformat(start), dt.date.fromisoformat(end))]


def write_prices(folder: Path, name: str, closes: dict[dt.date, float | None]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        rows = [[day, f"{close:g}"] for day, close in closes.items() if close is not None]
        csv.writer(file).writerows([["date", "close"], *rows])


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Panels that the tests keep lie in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture
def hand_folder(tmp_path: Path) -> Path:
    """CSI 300 flat at 4000 until 2024-08-30, then 4200. 600001 at 10 with a 10-for-10 split half way; 600002 stops trading.

    Published 2024-01-10 (Wednesday): base 2024-01-10, 6 months 2024-07-10, 12 months 2025-01-10.
    """
    folder = tmp_path / "hand"
    days = sessions_of("2023-10-09", "2025-01-27")
    later = dt.date(2024, 9, 2)
    write_prices(folder, "index/000300.csv", {day: 4200.0 if day >= later else 4000.0 for day in days})
    split = dt.date(2024, 3, 4)
    split_closes = {day: 10.0 if day < split else 5.5 for day in days}
    write_prices(folder, "raw/600001.csv", split_closes)
    write_prices(folder, "raw/600002.csv", {day: 8.0 if day <= dt.date(2024, 7, 31) else None for day in days})
    write_prices(folder, "raw/600003.csv", {day: 20.0 if day >= dt.date(2024, 5, 6) else None for day in days})
    (folder / "actions.csv").write_text("code,ex_date,cash_per_share,split_ratio\n600001,2024-03-04,0,2\n")
    return folder
