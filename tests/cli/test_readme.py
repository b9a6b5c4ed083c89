from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from screener.cli.app import COMMANDS, load_command
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands_of(group: object, before: str) -> list[str]:
    commands = getattr(group, "commands", {})
    return [each for name, command in commands.items() for each in commands_of(command, f"{before} {name}")] or [before]


def test_every_command_is_documented():
    names = [each for name in COMMANDS for each in commands_of(load_command(name), f"screener {name}")]
    assert "screener screen" in names
    table = README[README.index("## 命令") :]
    for name in names:
        words = name.split()
        where = [line for line in table.splitlines() if f"`{' '.join(words[:2])}" in line]
        assert any(words[-1] in line for line in where), f"README does not say what `{name}` does"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which `.venv/bin/screener` is this very package, as after the README's first lines."""
    shim = tmp_path / ".venv" / "bin" / "screener"
    shim.parent.mkdir(parents=True)
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m screener "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    return tmp_path


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder / "data"), "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=environment,
        check=False,
    )


@pytest.mark.slow
def test_the_walk_through_goes_from_a_report_to_a_verdict_in_ten_commands(checkout):
    (walk,) = [block for block in blocks("bash") if "thesis draft" in block]
    install = [line for line in blocks("")[1].splitlines() if line.startswith((".venv", "python3"))][:2]
    steps = [line for line in walk.splitlines() if line.startswith((".venv/bin/screener", "cat >"))]
    assert len(install) + len(steps) <= 10
    ran = run(walk, checkout)
    assert ran.returncode == 0, ran.stderr
    assert "「强于大市」在行业指数上兑现：申万通信超额 +10.98 pp" in ran.stdout.replace("\n", "")
    said = README[README.index("## 从一份研报到结论") : README.index("## 自己的价格")]
    for figure in ("+10.98 pp", "+39.12 pp"):
        assert figure in ran.stdout
        assert figure in said
    assert (checkout / "reports" / "guangwang" / "outcome" / "outcome.xlsx").is_file()


@pytest.mark.slow
def test_the_python_example_runs_and_prints_what_it_says(tmp_path):
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", example],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for comment in re.findall(r"^print\(.*\)  # (.*)$", example, flags=re.MULTILINE):
        assert comment in done.stdout.splitlines()


def test_every_file_that_the_readme_links_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target
