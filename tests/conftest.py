"""What every test may use: the reference data, the bundled thesis, and the command as a real process."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from screener.cli.app import main
from screener.thesis.library import open_library
from tests.standin import Upstream
from tests.standin.sample import write_sample

# Text follows the width of the terminal; where tests run there is none.
os.environ["COLUMNS"] = "100"
ROOT = Path(__file__).parent.parent
REFERENCE = Path(os.environ.get("SCREENER_REFERENCE", ROOT.parent / "shared"))
THESIS = "guolian-2024-ai-compute"


@dataclass(frozen=True)
class Ran:
    """What a finished command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def run_screener(*args: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ran:
    """Run the command line: in this process, or with an environment of its own as a process of its own; never a traceback."""
    words = [*map(str, args)]
    ran = _run_here(words, cwd or ROOT) if env is None else _run_apart(words, env, cwd or ROOT)
    assert "Traceback" not in ran.err, ran.err
    return ran


def _run_apart(words: list[str], env: dict[str, str], cwd: Path) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "screener", *words],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **env},
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _run_here(words: list[str], cwd: Path) -> Ran:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code = 0
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    return Ran(code, *texts)


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference designs, market data and answers."""
    if not (REFERENCE / "market").is_dir():
        pytest.skip(f"needs the reference data; set SCREENER_REFERENCE (looked in {REFERENCE})")
    return REFERENCE


@pytest.fixture(scope="session")
def market_folder(reference: Path) -> Path:
    """Real market data as a folder of prices."""
    return reference / "market"


@pytest.fixture(scope="session")
def bundled():
    """The bundled thesis with its scale."""
    return open_library().load(THESIS)


@pytest.fixture(scope="session")
def closes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled closes and actions as a folder of prices: no amounts, no industries, no listing dates."""
    folder = tmp_path_factory.mktemp("closes")
    data = ROOT / "screener" / "data"
    with (data / "closes.csv").open() as file:
        rows = list(csv.DictReader(file))
    for code in list(rows[0])[1:]:
        room = folder / ("index" if code in ("000300", "H00300", "931160", "801770") else "raw")
        room.mkdir(exist_ok=True)
        lines = [f"{row['date']},{row[code]}" for row in rows if row[code]]
        (room / f"{code}.csv").write_text("\n".join(["date,close", *lines, ""]))
    (folder / "actions.csv").write_bytes((data / "actions.csv").read_bytes())
    return folder


@pytest.fixture
def upstream(market_folder: Path) -> Iterator[Upstream]:
    """Every server that akshare asks, played from the reference data: `.env()`, `.log`, `.faults`, `.fault(kind, …)`."""
    with Upstream(market_folder) as running:
        yield running


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of invented prices."""
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def sample_upstream(sample_folder: Path) -> Iterator[Upstream]:
    """As `upstream`, from invented prices."""
    with Upstream(sample_folder) as running:
        yield running


@pytest.fixture
def served(sample_upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """As `sample_upstream`, for calls of akshare in this process."""
    for name, value in sample_upstream.env().items():
        monkeypatch.setenv(name, value)
    return sample_upstream
