"""What a command writes, and where: --out with --json, a reader who has had enough, options checked on every path."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT, run_screener


@pytest.mark.slow
@pytest.mark.parametrize("command", ["weekly", "outcome", "events"])
def test_an_explicit_out_is_obeyed_with_json_and_standard_output_holds_json_alone(command, tmp_path):
    ran = run_screener(command, "--json", "--out", tmp_path / "r", cwd=tmp_path)
    json.loads(ran.out)
    assert list((tmp_path / "r").rglob(f"{command}.html"))
    assert "index.html" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("command", ["weekly", "outcome"])
def test_without_an_explicit_out_json_writes_nothing(command, tmp_path):
    run_screener(command, "--json", cwd=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", [("--series", "both"), ("--updown", "blue-up")])
@pytest.mark.parametrize("command", ["weekly", "outcome"])
def test_a_wrong_option_is_refused_with_json_too(command, option):
    ran = run_screener(command, "--json", *option)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.slow
def test_a_reader_who_has_had_enough_does_not_cost_the_report(tmp_path):
    program = f"{sys.executable} -m screener weekly --out {tmp_path / 'r'} | head -1"
    subprocess.run(["bash", "-c", program], cwd=ROOT, capture_output=True, check=True)
    assert list((tmp_path / "r").rglob("weekly.html"))


def test_a_screen_that_goes_to_a_file_is_not_printed_too(tmp_path):
    ran = run_screener("screen", "--out", tmp_path / "s.csv")
    assert "中国移动" not in ran.out
    assert (tmp_path / "s.csv").is_file()


def test_a_screen_names_what_it_is_measured_by():
    out = "".join(run_screener("screen").out.split())
    for words in ("夯实算力基础", "发布日2024-04-14", "基准日2024-04-12", "买入>=+20"):
        assert words in out, words


@pytest.mark.slow
def test_a_whole_market_without_a_thesis_has_no_columns_that_count_from_one(market_folder):
    bare = run_screener("screen", "--universe", "a-shares", "--prices", market_folder, "--top", 3, "--json").json
    assert not {"since_published", "excess_since_published", "band_so_far", "to_next_edge", "drawdown"} & set(bare["columns"])
    named = run_screener(
        "screen", "guolian-2024-ai-compute", "--universe", "a-shares", "--prices", market_folder, "--top", 3, "--json"
    ).json
    assert "band_so_far" in named["columns"]


@pytest.mark.slow
def test_a_condition_that_no_name_has_a_figure_for_is_named(market_folder):
    ran = run_screener("screen", "--universe", "a-shares", "--prices", market_folder, "--where", "listed_days > 100")
    assert "没有符合的行" in ran.out
    assert "listed_days" in ran.out
