from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from screener.cli.app import COMMANDS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def test_every_command_is_named_and_the_page_is_one_screen():
    for name in COMMANDS:
        assert f"`screener {name}`" in README, name
    assert len(README.splitlines()) <= 80


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
def test_the_four_lines_without_make_lead_to_a_report_and_the_manual_from_a_report_to_a_verdict(checkout):
    (install,) = [block for block in blocks("") if "pip install" in block]
    ran = run("\n".join(line for line in install.splitlines() if "/screener" in line), checkout)
    assert ran.returncode in (0, 3), ran.stderr
    begin = (ROOT / "docs" / "zh" / "begin.md").read_text("utf-8")
    (walk,) = [block for block in blocks("bash", begin) if "thesis draft" in block]
    assert sum(line.startswith(("screener", "cat >")) for line in walk.splitlines()) == 5
    ran = run(f"PATH=$PWD/.venv/bin:$PATH\n{walk}", checkout)
    assert ran.returncode == 0, ran.stderr
    assert "「强于大市」在行业指数上兑现：申万通信超额 +10.98 pp" in ran.stdout.replace("\n", "")
    assert "+39.12 pp" in ran.stdout
    assert (checkout / "reports" / "guangwang" / "outcome" / "outcome.xlsx").is_file()


def test_every_picture_has_words_and_every_file_that_is_linked_exists():
    assert all(re.search(r'alt="[^"]{20,}"', picture) for picture in re.findall(r"<img [^>]+>", README))
    for source in re.findall(r'src="([^"]+)"', README):
        assert (ROOT / source).is_file(), source


def test_every_file_that_the_readme_links_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target
