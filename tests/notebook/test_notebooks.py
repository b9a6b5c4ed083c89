from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "reports" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
LIMIT = 60
# In the kernel, nothing reaches a network: a name is not resolved, an address not connected to, except for the kernel's own.
OFFLINE = """
import socket as _socket
_connect = _socket.socket.connect
def _local(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError("offline")
    return _connect(self, address)
_socket.socket.connect = _local
"""


def test_the_seven_notebooks_are_there_and_short():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06", "07"]
    assert all(len(path.read_text("utf-8").splitlines()) < 140 for path in NOTEBOOKS)


@pytest.mark.slow
def test_jupyterlab_opens_the_sources_as_notebooks():
    import jupytext
    from jupytext.config import load_jupytext_config

    config = load_jupytext_config(str(NOTEBOOKS[0]))
    assert config.formats == ["ipynb,py:percent"]
    assert all(jupytext.read(path).cells[0].cell_type == "markdown" for path in NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_offline_and_ends_in_a_picture_and_a_table(path: Path, tmp_path: Path):
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    notebook = jupytext.read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE))
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path)}
    client = NotebookClient(notebook, timeout=LIMIT, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env=environment)
    assert time.monotonic() - started < LIMIT
    kinds = [set(output.get("data", {})) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("application/vnd.vegalite.v5+json" in each for each in kinds)
    assert "text/html" in kinds[-1]
    assert not any(output.output_type == "error" for cell in notebook.cells if "outputs" in cell for output in cell.outputs)
