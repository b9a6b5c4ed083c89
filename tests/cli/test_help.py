from __future__ import annotations

import subprocess
import sys

import pytest

from screener.cli.app import COMMANDS, load_command
from screener.cli.frame.help import spoken_language
from screener.terms.say import sentences
from tests.conftest import ROOT, run_screener


def walk(command, path):
    yield path, command
    for name, part in getattr(command, "commands", {}).items():
        yield from walk(part, f"{path}_{name.replace('-', '_')}")


def test_every_command_and_every_option_is_explained_in_both_languages():
    known, missing = sentences(), []
    for name in COMMANDS:
        for path, command in walk(load_command(name), name.replace("-", "_")):
            missing += [f"help_{path}"] * (f"help_{path}" not in known)
            codes = [(f"help_{path}_{each.name}", f"help_option_{each.name}") for each in command.params]
            missing += [own for own, shared in codes if own not in known and shared not in known]
    assert missing == []


@pytest.mark.parametrize(
    ("words", "environ", "lang"),
    [
        ([], {}, "zh"),
        ([], {"LANG": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "C.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "SCREENER_LANG": "en"}, "en"),
        (["outcome", "--lang", "zh"], {"SCREENER_LANG": "en"}, "zh"),
        (["--lang=en"], {}, "en"),
        (["--lang", "fr"], {}, "zh"),
    ],
)
def test_help_speaks_the_language_of_the_option_then_of_the_environment(words, environ, lang):
    assert spoken_language(words, environ) == lang


def test_help_of_a_command_says_what_it_does_and_gives_an_example():
    chinese, english = (run_screener("screen", "--help", "--lang", lang).out for lang in ("zh", "en"))
    assert "筛选" in chinese
    assert "例：" in chinese
    assert "Example:" in english
    assert "筛选" not in english


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wekly"], "是不是 weekly"),
        (["nothing-like-it"], "没有命令"),
        (["outcome", "--publshed", "2024-04-14"], "是不是 --published"),
        (["grade"], "RATINGS"),
        (["screen", "--top", "many"], "--top"),
        (["outcome", "--lang", "fr"], "fr"),
    ],
)
def test_words_that_do_not_fit_end_with_2_and_say_what_was_meant(words, said):
    ran = run_screener(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_listing_the_commands_loads_none_of_them():
    program = "import sys, screener.cli.app as app\ntry:\n    app.main(['--help'])\nexcept SystemExit:\n    pass\n"
    program += "print(sorted({'pandas', 'numpy', 'pydantic', 'akshare', 'screener.cli.outcome'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [(), ("thesis",), ("outcome",)])
def test_the_heads_of_a_help_page_and_its_own_line_are_in_the_readers_language(words):
    chinese, english = (run_screener(*words, "--help", "--lang", lang).out for lang in ("zh", "en"))
    assert "选项" in chinese
    assert "显示帮助" in chinese
    assert "Show this message" not in chinese + english
    assert "Options" in english
    assert "Show this help" in english
