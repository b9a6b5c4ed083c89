"""The formulas of a workbook, worked out by LibreOffice: they give our own values, and follow a close that is changed."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from screener.report.outcome.dossier import build_dossier
from screener.screening import check_outcome
from screener.sources.snapshot import SnapshotSource
from screener.writers.sheets.workbook import render_workbook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice (soffice)"),
    pytest.mark.filterwarnings("ignore:Sparkline:UserWarning"),
]
LEDGER, PRICES, BANDS = "明细", "起止日期与价格", "6、9、12 个月的评级区间"


def worked_out(path: Path, folder: Path) -> openpyxl.Workbook:
    """A workbook as LibreOffice saves it; a file without stored values is worked out on loading."""
    folder.mkdir()
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "xlsx", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return openpyxl.load_workbook(folder / path.name, data_only=True)


@pytest.fixture(scope="module")
def ours(bundled, tmp_path_factory) -> Path:
    outcome = check_outcome(*bundled, SnapshotSource(), today=dt.date(2026, 1, 5))
    path = tmp_path_factory.mktemp("book") / "outcome.xlsx"
    path.write_bytes(render_workbook(build_dossier(outcome)))
    return path


def test_every_formula_gives_the_value_that_stands_beside_it(ours, tmp_path):
    formulas, values = openpyxl.load_workbook(ours), openpyxl.load_workbook(ours, data_only=True)
    formulas.save(tmp_path / "outcome.xlsx")
    found = worked_out(tmp_path / "outcome.xlsx", tmp_path / "out")
    places = [(sheet.title, cell.coordinate) for sheet in formulas for row in sheet for cell in row if cell.data_type == "f"]
    assert len(places) > 1000
    for title, place in places:
        expected, value = values[title][place].value, found[title][place].value
        assert value == expected if isinstance(expected, str) else abs(value - expected) <= 1e-12, (title, place)


def test_a_changed_close_changes_the_return_the_excess_and_the_band(ours, tmp_path):
    book = openpyxl.load_workbook(ours)
    prices = book[PRICES]
    row = next(cells for cells in prices.iter_rows(min_row=6) if cells[0].value == "中国移动")
    # 中国移动 stands at 101.05 and 110.40; the benchmark rose by 8.15%. At 140 it returns 38.5%, an excess of 30.4 pp: 买入.
    (end,) = [cell for cell in row if cell.value == 110.40]
    end.value = 140.0
    book.save(tmp_path / "outcome.xlsx")
    found = worked_out(tmp_path / "outcome.xlsx", tmp_path / "out")
    shown = next(cells for cells in found[BANDS].iter_rows(min_row=6) if cells[0].value == "中国移动")
    values = [cell.value for cell in shown]
    own, benchmark = 140.0 / 101.05 - 1, 3759.14 / 3475.84 - 1
    at = next(place for place, value in enumerate(values) if isinstance(value, float) and abs(value - (own - benchmark)) < 1e-5)
    assert values[at + 1] == "买入"
