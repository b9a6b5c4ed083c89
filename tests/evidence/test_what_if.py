"""The what-if of the outcome page: the cells that a reader can pick are those of the grid, and none is lost or invented."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import shutil
import zlib

import numpy as np
import pytest

from screener.evidence.sensitivity import measure_sensitivity
from screener.evidence.what_if import DIMENSIONS, NO_CELL, build_what_if
from screener.report.outcome.dossier import build_dossier
from screener.report.trust import trust_sections
from screener.report.what_if import what_if_block
from screener.screening import check_outcome, check_trust
from screener.sources.snapshot import SnapshotSource
from screener.writers.markdown import render_markdown
from screener.writers.page.html import render_html

AS_OF = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def outcome(bundled):
    return check_outcome(*bundled, SnapshotSource(), as_of=AS_OF, today=AS_OF)


@pytest.fixture(scope="module")
def html(outcome) -> str:
    trust = check_trust(outcome, SnapshotSource(), placebo=50)
    return render_html(build_dossier(outcome, "zh", extra=trust_sections(trust)))


def spec_of(html: str) -> dict:
    return json.loads(re.search(r'id="whatif-cells">(.*?)</script>', html, re.DOTALL)[1])


def test_every_cell_of_the_grid_stands_at_its_place_and_no_other(outcome):
    grid = measure_sensitivity(outcome)
    found = build_what_if(grid, outcome)
    sizes = [len(found.values[name]) for name in DIMENSIONS]
    assert (found.band != NO_CELL).sum() == len(grid.cells)
    rng = np.random.default_rng(0)
    for row in grid.cells.iloc[rng.integers(0, len(grid.cells), 300)].to_dict("records"):
        row["basis"] = f"{row['series']} {row['benchmark']}"
        at = 0
        for name, size in zip(DIMENSIONS, sizes, strict=True):
            at = at * size + found.values[name].index(row[name])
        assert found.excess[at] == row["excess"]
        kind = next(each.kind for each in outcome.thesis.subjects() if each.id == row["subject"])
        assert outcome.scale.ladder(kind).ratings[found.band[at]] == row["band"]


def test_the_page_opens_with_the_cell_by_which_the_report_is_judged(outcome):
    block = what_if_block(measure_sensitivity(outcome), outcome, "zh")
    at = 0
    for picker in block.pickers:
        at = at * len(picker.options) + picker.chosen
    assert block.excess[at] == pytest.approx(outcome.row("801770.SI", 12).excess, abs=1e-12)
    assert block.bands[block.pickers[0].chosen][block.band[at]].word == "中性"


def test_the_compressed_cells_of_the_page_are_those_of_the_grid(outcome, html):
    block = what_if_block(measure_sensitivity(outcome), outcome, "zh")
    raw = zlib.decompress(base64.b64decode(spec_of(html)["cells"]))
    count = len(block.excess)
    excess, band = np.frombuffer(raw[: 4 * count], "<i4"), np.frombuffer(raw[4 * count :], np.int8)
    assert band.tolist() == list(block.band)
    known = band >= 0
    assert np.abs(excess[known] / 1e6 - np.array(block.excess)[known]).max() <= 5e-7


@pytest.mark.slow
def test_the_page_reads_without_a_script_and_a_quick_one_has_no_picker(outcome, html):
    assert '<div class="whatif" id="whatif" hidden>' in html
    assert 'id="whatif"' not in render_html(build_dossier(outcome, "zh"))
    trust = check_trust(outcome, SnapshotSource(), placebo=50)
    markdown = render_markdown(build_dossier(outcome, "zh", extra=trust_sections(trust)))
    assert "换一种口径试试" not in markdown
    assert "口径敏感性" in markdown


@pytest.mark.browser
def test_a_reader_picks_a_convention_and_sees_excess_band_and_place(html, tmp_path):
    chromium = os.environ.get("SCREENER_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "outcome.html"
    path.write_text(html, encoding="utf-8")
    with sync_api.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(path.as_uri())
        tab.wait_for_selector("#whatif:not([hidden])")
        said = tab.locator("#whatif .said")
        assert "+6.75" in said.inner_text()
        # Published 2024-04-07, counted from the base session: +13.3 pp, 强于大市 (MEASUREMENT, "Outcome").
        tab.locator("#whatif select").nth(2).select_option("2024-04-07")
        tab.locator("#whatif select").nth(3).select_option("自基准日")
        assert "+13.30" in said.inner_text()
        assert "强于大市" in said.inner_text()
        tab.locator("#whatif button").click()
        assert "+6.75" in said.inner_text()
        assert faults == []
        browser.close()
