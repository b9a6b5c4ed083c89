"""The manual: both languages alike, every command in it runs, and the site loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
# Scripts, pictures, frames and style sheets that a page fetches from another host.
LOADED = r'<(?:script|img|iframe)[^>]+src="https?:|<link[^>]+stylesheet[^>]+href="https?:'
PAGES = sorted((DOCS / "zh").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.parent.name}-{page.stem}-{number}")
    for page in sorted(DOCS.glob("*/*.md"))
    for number, block in enumerate(re.findall(r"^```bash\n(.*?)^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_both_languages_have_the_same_heads_and_tables(page):
    texts = [(DOCS / lang / page.name).read_text("utf-8") for lang in ("zh", "en")]
    heads = [[line.count("#") for line in text.splitlines() if line.startswith("#")] for text in texts]
    tables = [sum(line.startswith("|---") for line in text.splitlines()) for text in texts]
    assert heads[0] == heads[1]
    assert tables[0] == tables[1]


def test_no_page_of_prose_is_longer_than_two_screens():
    long = {page.name: words for page in DOCS.rglob("*.md") if (words := len(page.read_text("utf-8").splitlines())) > 110}
    assert long == {}


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_every_command_of_the_manual_runs(block, tmp_path):
    shim = tmp_path / "bin" / "screener"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m screener "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NO_COLOR": "1",
        "LANG": "zh_CN.UTF-8",
    }
    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


PYTHON = [
    pytest.param(block, id=f"{page.parent.name}-{page.stem}-{number}")
    for page in sorted(DOCS.glob("*/*.md"))
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    )
]


@pytest.mark.slow
@pytest.mark.parametrize("block", PYTHON)
def test_every_python_example_of_the_manual_runs(block, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-c", block]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= 18
    for page in pages:
        loaded = re.findall(LOADED, page.read_text("utf-8"))
        assert loaded == [], page.name
    commands = (tmp_path / "site" / "zh" / "commands.html").read_text("utf-8")
    assert "screener outcome" in commands
    assert (Path(tmp_path) / "site" / "en" / "houses.html").is_file()
