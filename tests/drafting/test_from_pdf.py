from __future__ import annotations

import datetime as dt

import pytest

from tests.conftest import ROOT, run_screener
from tests.drafting.made_pdf import walk_report
from tests.reference_measures import read_figures

pytest.importorskip("pdfplumber", reason="the extra draft is not installed")


@pytest.mark.slow
def test_five_commands_lead_from_a_pdf_to_a_verdict(tmp_path):
    report, thesis = walk_report(tmp_path / "研报.pdf"), tmp_path / "walk.toml"
    drafted = run_screener("thesis", "draft", report, "--out", thesis)
    assert drafted.code in (0, 3), drafted.err
    text = thesis.read_text("utf-8")
    for symbol in ("688498.SH", "688313.SH", "600941.SH", "600050.SH"):
        assert symbol in text
    assert "published = 2024-05-06" in text
    assert run_screener("thesis", "check", thesis).code == 0
    asked = ("--prices", "snapshot", "--out", tmp_path / "reports")
    outcome = run_screener("outcome", thesis, *asked, "--json", "--quick").json
    assert (outcome["thesis"], outcome["published"], outcome["rating"]) == ("walk", "2024-05-06", "强于大市")
    closes = read_figures(ROOT / "screener" / "data").closes
    own, other = (closes[code] for code in ("801770", "000300"))
    first, last = dt.date(2024, 5, 6), dt.date(2025, 5, 6)
    expected = own[last] / own[first] - other[last] / other[first]
    (row,) = [each for each in outcome["rows"] if (each["subject"], each["horizon_months"]) == ("801770.SI", 12)]
    assert row["excess"] == pytest.approx(expected, abs=1e-12)
    assert outcome["verdict"]["801770.SI"]["hit"] == (expected >= 0.1)
    assert run_screener("weekly", thesis, *asked).code == 0
    assert run_screener("screen", thesis, "--prices", "snapshot").out.count("中国") >= 2
