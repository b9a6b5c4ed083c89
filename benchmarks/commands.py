"""Whole-process time and memory of the everyday commands, beside quantstats doing its metrics for one series.

`python benchmarks/commands.py [RUNS]`; commands run in turn (A B C A B C …) so that a slower moment hits all of them.
Needs quantstats 0.0.86 beside the package: `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUANTSTATS = """
import warnings; warnings.filterwarnings("ignore")
import pandas as pd, quantstats as qs
closes = pd.read_csv("screener/data/closes.csv", index_col="date", parse_dates=True)
returns = closes["600941"].pct_change().dropna()
print(qs.reports.metrics(returns, benchmark=closes["000300"].pct_change().dropna(), mode="full", display=False).shape)
"""
SCREENER = [sys.executable, "-m", "screener"]


def run(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of one process."""
    with tempfile.TemporaryFile() as sink:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, stderr=sink, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) != 0:
            sink.seek(0)
            raise SystemExit(f"{command}: {sink.read().decode()[-800:]}")
    return wall, usage.ru_maxrss / 1024


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as out:
        commands = {
            "screener --help": [*SCREENER, "--help"],
            "screener weekly --json": [*SCREENER, "weekly", "--json"],
            "screener outcome --json": [*SCREENER, "outcome", "--json"],
            "screener weekly (all files)": [*SCREENER, "weekly", "--out", out],
            "screener outcome (all files)": [*SCREENER, "outcome", "--out", out],
            "import pandas": [sys.executable, "-c", "import pandas"],
            "quantstats metrics, one series": [sys.executable, "-c", QUANTSTATS],
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for round_ in range(runs + 1):
            for name, command in commands.items():
                figures = run(command)
                if round_:  # the first round warms the file cache and is not counted
                    taken[name].append(figures)
    base = statistics.median(wall for wall, _ in taken["screener weekly --json"])
    print(f"{runs} runs each after one warm-up, in turn; wall seconds min / median / max, peak memory")
    for name, figures in taken.items():
        walls = [wall for wall, _ in figures]
        middle = statistics.median(walls)
        memory = max(each for _, each in figures)
        print(
            f"{name:32} {min(walls):6.2f} {middle:6.2f} {max(walls):6.2f} s {memory:6.0f} MB"
            f"   × {middle / base:5.2f} of weekly --json"
        )


if __name__ == "__main__":
    main()
