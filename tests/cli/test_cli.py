from __future__ import annotations

import json
import subprocess
import sys

import pytest

from screener.terms.clock import last_finished_day
from tests.conftest import ROOT, run_screener


def test_json_is_the_only_thing_on_standard_output():
    ran = run_screener("outcome", "--prices", "snapshot", "--json")
    assert ran.code == 0
    assert ran.json["thesis"] == "guolian-2024-ai-compute"
    assert ran.err == ""


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize("command", ["outcome", "weekly"])
def test_the_same_inputs_give_the_same_bytes_in_every_time_zone(command, zone):
    here = run_screener(command, "--json", env={"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "1"})
    there = run_screener(command, "--json", env={"TZ": zone, "PYTHONHASHSEED": "2"})
    assert here.out == there.out


def test_today_is_shanghai_and_a_bar_is_final_only_after_the_safe_time():
    import datetime as dt

    def at(text: str) -> dt.date:
        return last_finished_day(dt.datetime.fromisoformat(text))

    assert str(at("2026-09-20T23:30:00+00:00")) == "2026-09-20"  # 07:30 on the 21st in Beijing: the 20th is finished
    assert str(at("2026-09-21T07:59:00+00:00")) == "2026-09-20"  # 15:59
    assert str(at("2026-09-21T08:00:00+00:00")) == "2026-09-21"  # 16:00


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["outcome", "no-such-thesis"], 2, "guolian-2024-ai-compute"),
        (["outcome", "../../etc/passwd"], 2, "../../etc/passwd"),
        (["outcome", "missing.toml"], 2, "missing.toml"),
        (["outcome", "--published", "2024-13-01"], 2, "2024-13-01"),
        (["outcome", "--published", "2099-01-01"], 2, "2099-01-01"),
        (["outcome", "--as-of", "2099-01-01"], 2, "2099-01-01"),
        (["outcome", "--prices", "no-such-folder"], 2, "no-such-folder"),
        (["outcome", "--series", "both"], 2, "both"),
        (["weekly", "--series", "both"], 2, "both"),
        (["weekly", "--week", "2024-02-14"], 1, "2024-02-14"),
        (["weekly", "--week", "2030-02-14"], 1, "2030-02-14"),
        (["outcome", "--themes", "no-such-folder"], 2, "no-such-folder"),
        (["outcome", "--lang", "fr"], 2, "fr"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_a_mistake_gets_one_clear_line_and_its_exit_code(arguments, code, said):
    ran = run_screener(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_messages_follow_the_language_asked_for():
    assert "没有名为" in run_screener("outcome", "nobody").err
    assert "there is no thesis named" in run_screener("outcome", "nobody", "--lang", "en").err


@pytest.mark.slow
def test_slow_libraries_are_not_on_the_path_of_an_offline_report():
    program = (
        "import sys; sys.argv = ['screener', 'weekly', '--json']\n"
        "from screener.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "slow = {'akshare', 'altair', 'ibis', 'exchange_calendars', 'jinja2', 'vl_convert', 'xlsxwriter', 'duckdb'}\n"
        "print(sorted(slow & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert json.loads(done.stdout)["rows"]
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_the_first_screen_of_an_outcome_is_the_plain_answer(tmp_path):
    ran = run_screener("outcome", "--out", tmp_path)
    top = "".join(ran.out.splitlines()[:12])
    for words in ("未兑现：申万通信超额 +6.75 pp", "兑现：等权篮子超额 +37.81 pp", "+3.10", "+11.90", "+1.72", "+50.24"):
        assert words in top
    assert "推断" in top
    assert "sha256" in top


@pytest.mark.slow
def test_a_terminal_line_holds_no_character_of_uncertain_width(tmp_path):
    import unicodedata

    for arguments in (["outcome"], ["weekly"], ["weekly", "--lang", "en"], ["events"], ["screen", "--out", "s.csv"]):
        out = [] if "--out" in arguments else ["--out", tmp_path]
        text = run_screener(*arguments, *out, cwd=tmp_path).out
        uncertain = {each for each in text if ord(each) > 127 and unicodedata.east_asian_width(each) not in "WF"}
        assert uncertain == set()


def test_a_thesis_list_names_what_is_inferred():
    ran = run_screener("thesis", "list")
    assert "推断" in ran.out
    assert run_screener("thesis", "list", "--json").json[0]["slug"] == "guolian-2024-ai-compute"


def test_the_bundled_thesis_passes_its_check():
    ran = run_screener("thesis", "check", "guolian-2024-ai-compute")
    assert ran.code == 0
