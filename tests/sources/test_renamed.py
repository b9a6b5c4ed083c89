"""Names and codes that changed: prices join, and what changed is said."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.cli.frame.opening import renamings
from screener.sources.choose import with_notes
from screener.sources.folder_source import FolderSource

START, END = dt.date(2025, 10, 8), dt.date(2025, 10, 10)


@pytest.mark.parametrize(("file", "asked"), [("831167", "920267.BJ"), ("920267", "831167.BJ"), ("920267", "920267.BJ")])
def test_beijing_prices_under_the_old_and_the_new_code_are_one_security_s(tmp_path, file, asked):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / f"{file}.csv").write_text(f"date,code,close\n2025-10-09,{file},10.5\n2025-10-10,{file},10.6\n")
    (tmp_path / "actions.csv").write_text(f"code,ex_date,cash_per_share,split_ratio\n{file},2025-10-10,0.1,1\n")
    prices = FolderSource(tmp_path).load([asked], start=START, end=END)
    assert prices.close[asked].dropna().tolist() == [10.5, 10.6]
    assert prices.actions["symbol"].tolist() == [asked]
    assert FolderSource(tmp_path).last_session(asked) == END


def test_a_candidate_under_its_former_name_is_said_with_the_prices(bundled, tmp_path):
    thesis, _ = bundled
    former = thesis.candidates[0].model_copy(update={"symbol": "000403.SZ", "name": "双林生物"})
    notes = renamings([thesis.model_copy(update={"candidates": (former, *thesis.candidates[1:])})])
    assert [(each.code, each.params["listed"]) for each in notes] == [("name_now", "派林生物")]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "000403.csv").write_text("date,close\n2025-10-09,20.5\n")
    prices = with_notes(FolderSource(tmp_path), notes).load(["000403.SZ"], start=START, end=END)
    assert prices.notes[0] == notes[0]
    assert renamings([thesis]) == ()
