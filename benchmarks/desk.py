"""A desk of many made-up theses on the reference market: python benchmarks/desk.py [--theses 200] [--pages]."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parent.parent
REFERENCE = Path(os.environ.get("SCREENER_REFERENCE", ROOT.parent / "shared"))
HOUSES = ("国联证券", "中信建投", "中泰证券", "天风证券", "国盛证券", "东兴证券")
FIRST, LAST = dt.date(2024, 8, 1), dt.date(2025, 3, 31)


def made_up(number: int, codes: list[str], indices: list[tuple[str, str]], rng: random.Random, names: pd.Series) -> str:
    """A thesis of eight to fifteen names of the market, rated on one of the 31 industries."""
    symbol, name = rng.choice(indices)
    day = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days))
    lines = [
        f'title = "样例主题 {number}"',
        f'house = "{rng.choice(HOUSES)}"',
        f'sector = "{name}"',
        'scale = "guolian"',
        f"published = {day}",
        'published_basis = "printed"',
        f'[rating]\nindustry = "{rng.choice(("强于大市", "中性", "弱于大市"))}"',
        f'[industry_index]\nsymbol = "{symbol}"\nname = "申万{name}"\nname_en = "{symbol}"',
        '[[buckets]]\nid = "names"\nname = "标的"\nname_en = "Names"',
    ]
    for code in rng.sample(codes, rng.randrange(8, 16)):
        exchange = "SH" if code.startswith("6") else "SZ"
        lines.append(f'[[candidates]]\nsymbol = "{code}.{exchange}"\nname = "{names[code]}"\nbucket = "names"')
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the theses, run the desk as a process, print wall, CPU and peak memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--theses", type=int, default=200)
    parser.add_argument("--pages", action="store_true", help="write every page behind the desk too")
    parser.add_argument("--prices", type=Path, default=REFERENCE / "market")
    asked = parser.parse_args()
    rng = random.Random(1)
    frame = pd.read_parquet(REFERENCE / "market" / "market_close.parquet", columns=["code", "date"])
    counts = frame[pd.to_datetime(frame["date"]) >= pd.Timestamp("2024-07-19")].groupby("code").size()
    names = pd.read_csv(REFERENCE / "market" / "names.csv", dtype=str).set_index("code")["name"]
    codes = sorted(
        code for code, count in counts.items() if count > 190 and code in names and code[:2] in ("60", "00", "30", "68")
    )
    industries = pd.read_csv(ROOT / "screener" / "data" / "industries.csv", dtype=str)
    indices = list(zip(industries.iloc[:, 0], industries.iloc[:, 1], strict=True))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "themes"
        folder.mkdir()
        for number in range(asked.theses):
            (folder / f"made-up-{number:03}.toml").write_text(made_up(number, codes, indices, rng, names), encoding="utf-8")
        files = sorted(map(str, folder.glob("*.toml")))
        tail = ["--out", str(Path(place) / "reports")] if asked.pages else ["--json", "--out", str(Path(place) / "reports")]
        begun = time.perf_counter()
        command = [sys.executable, "-m", "screener", "desk", *files, "--prices", str(asked.prices), *tail]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
        wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = f"wall {wall:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, peak {used.ru_maxrss / 1024:.0f} MB"
    print(f"{asked.theses} theses, exit {done.returncode}: {cost}")
    if done.returncode not in (0, 3):
        print(done.stderr[-2000:])


if __name__ == "__main__":
    main()
