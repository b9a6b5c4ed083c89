"""What people type and what systems refuse: each a sentence, none an unforeseen error."""

from __future__ import annotations

import subprocess
import sys

import pytest

from screener.cli.frame.errors import SHOWN, problem_lines
from screener.cli.frame.options import parse_date
from screener.terms.notes import Problem, UsageError
from tests.conftest import ROOT, THESIS, run_screener


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2004-12-31", "2030-06-01"])
@pytest.mark.parametrize(
    "words", [("weekly", "--week"), ("outcome", "--quick", "--as-of"), ("outcome", "--quick", "--published")]
)
def test_a_day_beyond_the_calendar_is_a_sentence(words, day):
    ran = run_screener(*words, day, "--prices", "snapshot", "--json")
    assert ran.code in (1, 2)
    assert "意外的" not in ran.err


@pytest.mark.parametrize("text", ["2024-04-14", "20240414", "2024/4/14", "2024/04/14", " 2024-04-14 "])
def test_a_date_is_read_in_each_way_that_people_write_it(text):
    assert str(parse_date(text, "--as-of")) == "2024-04-14"


@pytest.mark.parametrize("text", ["", "14.04.2024", "2024-13-01", "2024-02-30", "昨天", "x" * 300, "2024-04-14T00:00"])
def test_anything_else_is_no_date(text):
    with pytest.raises(UsageError):
        parse_date(text, "--as-of")


def test_a_name_too_long_for_a_file_is_no_slug(tmp_path):
    text = (ROOT / "themes" / f"{THESIS}.toml").read_text("utf-8")
    path = tmp_path / "long.toml"
    path.write_text(text.replace('scale = "guolian"', f'scale = "{"a" * 300}"'), encoding="utf-8")
    for words in (("thesis", "check", path), ("outcome", path, "--quick"), ("outcome", "a" * 300, "--quick")):
        ran = run_screener(*words)
        assert ran.code == 2
        assert "意外的" not in ran.out + ran.err
        assert str(tmp_path) not in ran.out


@pytest.mark.slow
def test_a_full_device_is_a_sentence():
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "screener", "thesis", "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "意外的" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_of_many_problems_of_one_kind_the_first_ten_are_shown_and_the_rest_counted():
    problems = [Problem("a.csv", line, "close", "x", "not_a_number", {}) for line in range(1_000)]
    lines = list(problem_lines([*problems, Problem("a.csv", 1, "date", "x", "bad_date", {})], "zh"))
    assert len(lines) == SHOWN + 2
    assert "990" in lines[-1]


@pytest.mark.parametrize(("months", "said"), [("1000000", "不大于 120"), ("0", "不小于 1")])
def test_a_window_of_a_million_months_is_too_large_and_not_unquoted(tmp_path, months, said):
    text = (ROOT / "themes" / "scales" / "guolian.toml").read_text("utf-8")
    path = tmp_path / "odd.toml"
    path.write_text(text.replace("to_months = 12", f"to_months = {months}"), encoding="utf-8")
    ran = run_screener("scales", "check", path)
    assert ran.code == 2
    assert said in ran.out
    assert "引号" not in ran.out
