"""`screener prices`: what was understood, and the folder that an import writes."""

from __future__ import annotations

import pytest

from screener.sources.exports.source import is_plain_folder
from screener.sources.folder_source import FolderSource
from tests.conftest import run_screener
from tests.sources.exports_written import own_actions, read_facts, wind_wide, write_csv


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    wind_wide(read_facts(), folder)
    write_csv(folder / "说明.csv", [("这是", "说明"), ("不是", "行情")])
    return folder


def test_the_check_names_columns_days_actions_and_what_is_not_used(exports):
    ran = run_screener("prices", "check", exports)
    assert ran.code == 3  # one file is not understood
    for word in (
        "收盘价.xlsx",
        "收盘价(元)→close",
        "2024-03-01 至 2025-06-30",
        "600941.SH 中国移动",
        "不复权（与内置收盘价一致）",
        "说明.csv",
    ):
        assert word in ran.out
    record = run_screener("prices", "check", exports, "--json").json
    mobile = next(each for each in record["securities"] if each["symbol"] == "600941.SH")
    assert (mobile["days"], mobile["missing"], mobile["common"], mobile["differing"]) == (322, 0, 322, 0)


@pytest.mark.slow
def test_an_import_writes_the_folder_layout_and_says_what_it_did(exports, tmp_path):
    to = tmp_path / "mine"
    ran = run_screener("prices", "import", exports / "收盘价.xlsx", exports / "actions.csv", "--to", to)
    assert ran.code == 0
    assert "收盘价.xlsx" in (to / "README.txt").read_text("utf-8")
    assert is_plain_folder(to)
    assert FolderSource(to).last_session("600941.SH").isoformat() == "2025-06-30"
    assert run_screener("outcome", "--prices", to, "--json", "--quick").code == 0


def test_an_import_adds_to_what_lies_there_and_never_overwrites_it(tmp_path):
    to = tmp_path / "mine"
    write_csv(to / "raw" / "600941.csv", [("date", "close"), ("2024-04-11", "103.02")])
    more = tmp_path / "600941.SH.csv"
    write_csv(more, [("日期", "收盘"), ("2024/4/11", "103.02"), ("2024/4/12", "101.05")])
    assert run_screener("prices", "import", more, "--to", to).code == 0
    assert (to / "raw" / "600941.csv").read_text().split() == ["date,close", "2024-04-11,103.02", "2024-04-12,101.05"]
    before = (to / "raw" / "600941.csv").read_bytes()
    write_csv(more, [("日期", "收盘"), ("2024/4/11", "103.03")])
    refused = run_screener("prices", "import", more, "--to", to)
    assert refused.code == 1
    assert "103.03" in refused.err
    assert (to / "raw" / "600941.csv").read_bytes() == before
    again = run_screener("prices", "import", to / "raw" / "600941.csv", "--to", to)
    assert again.code == 0


def test_actions_alone_are_no_prices(tmp_path):
    own_actions(read_facts(), tmp_path)
    ran = run_screener("prices", "check", tmp_path)
    assert ran.code == 3
    assert "没有读到一只证券的收盘价" in ran.out


def test_a_place_that_is_not_there_is_an_error_of_use(tmp_path):
    assert run_screener("prices", "check", tmp_path / "none").code == 2
    assert run_screener("prices", "check", tmp_path).code == 2
