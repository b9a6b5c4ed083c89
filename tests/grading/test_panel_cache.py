"""A market's panel is kept for the next run, and never believed once a file has changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screener.sources.folder_source import FolderSource
from tests.grading.conftest import grade, sessions_of, write_prices, write_ratings

END = dt.date(2025, 1, 27)
NAMES = [f"{600000 + each}" for each in range(510)]


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """CSI 300 flat; each of 510 names in a market file flat at its own price, then, from 2024-06-03, 5% up."""
    folder, days = tmp_path / "market", sessions_of("2023-10-09", "2025-01-27")
    write_prices(folder, "index/000300.csv", dict.fromkeys(days, 4000.0))
    write_market(folder, days, 1.05)
    return folder


def write_market(folder: Path, days: list[dt.date], factor: float) -> None:
    later = np.array(days) >= dt.date(2024, 6, 3)
    rows = [
        pd.DataFrame({"code": name, "date": days, "close": np.where(later, round(10 * factor, 2), 10.0), "volume": 100})
        for name in NAMES
    ]
    pd.concat(rows).to_parquet(folder / "market_close.parquet", index=False)


def run(market: Path, tmp_path: Path) -> pd.DataFrame:
    rows = [[name, f"{name}.SH", "2024-01-10", "持有", "guolian"] for name in NAMES]
    return grade(write_ratings(tmp_path / "r.csv", rows), FolderSource(market), tmp_path / "o.parquet", as_of=END)


@pytest.mark.slow
def test_the_next_run_gives_the_same_rows_from_the_kept_panel(market, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = run(market, tmp_path)
    [kept] = (tmp_path / "cache" / "screener" / "panels").glob("*.arrow")
    assert first["excess_12m"].round(12).unique().tolist() == [0.05]
    pd.testing.assert_frame_equal(run(market, tmp_path), first)
    # A kept file that is not what was written is not believed.
    whole = bytearray(kept.read_bytes())
    whole[len(whole) // 2] ^= 1
    kept.write_bytes(whole)
    pd.testing.assert_frame_equal(run(market, tmp_path), first)
    kept.unlink()
    pd.testing.assert_frame_equal(run(market, tmp_path), first)


@pytest.mark.slow
def test_a_changed_file_is_read_again(market, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run(market, tmp_path)["excess_12m"].round(12).unique().tolist() == [0.05]
    write_market(market, sessions_of("2023-10-09", "2025-01-27"), 1.07)
    assert run(market, tmp_path)["excess_12m"].round(12).unique().tolist() == [0.07]
