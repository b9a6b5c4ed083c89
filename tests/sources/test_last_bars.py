from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from screener.measures.panel import GAP_NUMBER, build_panel
from screener.measures.quotes import Quote, build_market, quote
from screener.sources.folder_source import FolderSource
from tests.conftest import run_screener

HELD = "600941.SH"
GONE = "603375.SH"  # stands in the whole-market file only
SPAN = {"start": dt.date(2025, 5, 1), "end": dt.date(2025, 6, 5)}


@pytest.fixture
def folder(tmp_path: Path, market_folder: Path) -> Path:
    """`raw/` runs on to August, the whole-market file ends on 2025-05-23 and one of its names stopped on the 21st."""
    (tmp_path / "raw").mkdir()
    for code in ("600941", "600050"):
        (tmp_path / "raw" / f"{code}.csv").symlink_to(market_folder / "raw" / f"{code}.csv")
    (tmp_path / "index").symlink_to(market_folder / "index")
    days = pd.bdate_range("2025-05-06", "2025-05-23")
    rows = [(code, day.date(), 20.0, 1000.0) for code in ("603375", "603376") for day in days]
    rows = [row for row in rows if row[0] == "603376" or row[1] <= dt.date(2025, 5, 21)]
    frame = pd.DataFrame(rows, columns=["code", "date", "close", "volume"])
    frame.to_parquet(tmp_path / "market_close.parquet", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("day", "suspended"), [("2025-05-22", True), ("2025-05-23", True), ("2025-05-26", False), ("2025-05-28", False)]
)
def test_where_the_files_of_a_name_end_it_is_not_suspended(folder, day, suspended):
    session = dt.date.fromisoformat(day)
    source = FolderSource(folder)
    market = build_market(source.load([HELD, GONE], **SPAN))
    found = quote(market, GONE, session, series="price")
    assert isinstance(found, Quote) is suspended
    assert found.flags == ("suspended",) if isinstance(found, Quote) else found.code == "stale"
    assert isinstance(quote(market, HELD, session, series="price"), Quote)
    panel = build_panel(source.load_many([HELD, GONE], **SPAN))
    at = list(panel.days).index(session)
    assert panel.gaps[1, at] == (0 if suspended else GAP_NUMBER["stale"])
    assert panel.gaps[0, at] == 0


@pytest.mark.slow
def test_evidence_pairs_no_old_close_with_a_newer_index(market_folder, tmp_path):
    """The market file ends on 2025-03-21, the indices in August: as of May names are gaps at 12 months."""
    rows = pd.read_parquet(market_folder / "market_close.parquet")
    rows = rows[rows["date"] <= dt.date(2025, 3, 21)]
    rows[rows["code"].str[:3].isin(["600", "601", "688"])].to_parquet(tmp_path / "market_close.parquet", index=False)
    for name in ("index", "actions.csv"):
        (tmp_path / name).symlink_to(market_folder / name)
    words = ("--sensitivity", "--universe", tmp_path, "--placebo", "50", "--as-of", "2025-05-15", "--json")
    ran = run_screener("outcome", "--prices", tmp_path, *words)
    assert ran.code == 3, ran.err
    late = [cell for cell in ran.json["sensitivity"]["cells"] if cell["horizon_months"] == 12]
    names = [cell for cell in late if cell["subject"] not in ("801770.SI", "931160.CSI")]
    assert names
    assert {(cell["excess"], cell["band"]) for cell in names} == {(None, None)}
    assert {cell["gap"] for cell in names} <= {"stale", "no_data", "not_due"}
    assert any(cell["excess"] is not None and cell["gap"] is None for cell in late)
    compared = [each for each in ran.json["placebo"] if each["horizon_months"] == 12 and each["subject"] != "801770.SI"]
    assert {each["percentile"] for each in compared} == {None}
    screened = run_screener("screen", "--universe", "a-shares", "--prices", tmp_path, "--as-of", "2025-05-15", "--json").json
    assert screened["as_of"] == "2025-03-21"


@pytest.mark.slow
def test_a_screen_says_that_a_name_is_delisted(market_folder, tmp_path):
    (tmp_path / "raw").mkdir()
    for path in (market_folder / "raw").glob("*.csv"):
        (tmp_path / "raw" / path.name).symlink_to(path)
    bars = pd.read_csv(tmp_path / "raw" / "688205.csv")
    (tmp_path / "raw" / "688205.csv").unlink()
    bars[bars["date"] <= "2024-08-01"].to_csv(tmp_path / "raw" / "688205.csv", index=False)
    (tmp_path / "names.csv").write_text("code,name,listed,delisted\n688205,德科立,2022-08-09,2024-08-05\n", "utf-8")
    for name in ("index", "actions.csv"):
        (tmp_path / name).symlink_to(market_folder / name)
    ran = run_screener("screen", "--prices", tmp_path, "--as-of", "2025-04-11")
    assert "退市" in next(line for line in ran.out.splitlines() if line.startswith("德科立"))
