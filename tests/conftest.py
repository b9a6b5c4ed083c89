"""What every test may use: the reference data, the bundled thesis, and the command as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from screener.thesis.library import open_library
from tests.standin import Upstream
from tests.standin.sample import write_sample

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
    """Run `python -m screener` as a process of its own; it must never print a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "screener", *map(str, args)],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **(env or {})},
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


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
