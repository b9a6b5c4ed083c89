from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from screener.sources.unadjusted import cannot_be_shown, unadjusted_problems
from tests.conftest import run_screener


@pytest.fixture
def folder(tmp_path: Path, market_folder: Path) -> Path:
    """The real folder by links."""
    (tmp_path / "raw").mkdir()
    for path in (market_folder / "raw").glob("*.csv"):
        (tmp_path / "raw" / path.name).symlink_to(path)
    (tmp_path / "index").symlink_to(market_folder / "index")
    (tmp_path / "actions.csv").symlink_to(market_folder / "actions.csv")
    return tmp_path


@pytest.mark.parametrize("code", ["600941", "600498", "688205"])
def test_forward_adjusted_closes_in_place_of_raw_ones_are_refused_with_file_and_line(folder, market_folder, code):
    (folder / "raw" / f"{code}.csv").unlink()
    (folder / "raw" / f"{code}.csv").symlink_to(market_folder / "qfq" / f"{code}.csv")
    ran = run_screener("outcome", "--published", "2024-04-14", "--prices", folder, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert f"raw/{code}.csv:" in ran.err
    assert "复权" in ran.err


def rows(closes: list[float]) -> pd.DataFrame:
    days = pd.bdate_range("2022-03-01", periods=len(closes))
    return pd.DataFrame({"session": days, "close": closes, "amount": float("nan")}, index=range(2, 2 + len(closes)))


def test_a_close_that_is_no_whole_cent_is_named_once_with_its_line_and_count():
    found = list(unadjusted_problems(rows([10.0, 10.015, 10.02, 10.033]), "600000.SH", "raw/600000.csv"))
    assert [(each.code, each.line, each.params["count"]) for each in found] == [("close_no_cent", 3, 2)]


def test_whole_cents_in_32_bits_are_whole_cents():
    closes = pd.Series([1999.99, 10.01, 0.57, 2627.88], dtype="float32").astype(float).tolist()
    assert list(unadjusted_problems(rows(closes), "600000.SH", "x")) == []


def test_closes_alone_of_a_name_that_no_other_source_has_cannot_be_shown_to_be_unadjusted():
    assert cannot_be_shown(rows([10.0, 10.01]), "600000.SH")
    assert not cannot_be_shown(rows([10.0, 10.01]).assign(amount=1e6), "600000.SH")
