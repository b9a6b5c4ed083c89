"""Grading 3 million ratings against what could do the same: python benchmarks/grade.py [--reference DIR] [--ratings N].

Every contender runs in a process of its own, from the same ratings file to a result; wall time, CPU time (user + system of
all threads) and peak memory. Ratios to the dense-numpy bound are taken in one run, so that the machine's speed drops out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from screener.sources.folder_source import FolderSource
from screener.thesis.library import open_library

AS_OF = dt.date(2025, 5, 23)
FIRST, LAST = np.datetime64("2021-04-01"), np.datetime64("2024-05-23")
EDGES = (0.20, 0.05, -0.10)
NAIVE_ROWS = 300


def write_ratings(path: Path, count: int, symbols: tuple[str, ...]) -> None:
    """Random A shares on random days from FIRST to LAST, all with a stated rating of the bundled scale."""
    rng = np.random.default_rng(20240414)
    days = np.arange(FIRST, LAST)
    words = open_library().load_scale("guolian").stock.ratings
    writer = None
    for start in range(0, count, 1_000_000):
        rows = min(1_000_000, count - start)
        table = pa.table(
            {
                "rating_id": pa.array(np.arange(start, start + rows)).cast(pa.string()),
                "symbol": pa.array(symbols).take(pa.array(rng.integers(0, len(symbols), rows))),
                "published": days[rng.integers(0, len(days), rows)],
                "rating": pa.array(words).take(pa.array(rng.integers(0, len(words), rows))),
                "scale": pa.array(["guolian"]).take(pa.array(np.zeros(rows, dtype=int))),
                "house": pa.array([f"house {n}" for n in range(60)]).take(pa.array(rng.integers(0, 60, rows))),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def grade(ratings: Path, folder: Path, out: Path, *, shares: bool) -> None:
    """What this package does: `screener grade`."""
    from screener.grading.run import grade_to_file

    scales = {"guolian": open_library().load_scale("guolian")}
    source = FolderSource(folder)
    grade_to_file(ratings, lambda *_: source, scales, out=out, as_of=AS_OF, today=AS_OF, shares=shares)


def dense_bound(ratings: Path, folder: Path, out: Path, *, shares: bool) -> None:
    """The least that can be done: dense arrays in memory, figures only; no checks, no corporate actions, no reasons.

    Window shares scan a matrix of rating-days in chunks.
    """
    levels, codes, days, bench = _dense_levels(folder)
    table = pq.read_table(ratings)
    encoded = table["symbol"].combine_chunks().dictionary_encode()
    places = {code: place for place, code in enumerate(codes)}
    sid = np.array([places[each[:6]] for each in encoded.dictionary.to_pylist()])[encoded.indices.to_numpy()]
    published = table["published"].to_numpy().astype("datetime64[D]")
    position = {months: _positions(published, days, months) for months in (0, 6, 12)}
    words = open_library().load_scale("guolian").stock.ratings
    stated = table["rating"].combine_chunks().dictionary_encode()
    stated_band = np.array([words.index(each) for each in stated.dictionary.to_pylist()])[stated.indices.to_numpy()]
    base, base_bench = levels[sid, position[0]], bench[position[0]]
    result: dict[str, np.ndarray] = {}
    for months in (6, 12):
        excess = (levels[sid, position[months]] / base - 1) - (bench[position[months]] / base_bench - 1)
        result[f"excess_{months}m"] = excess
        result[f"band_{months}m"] = sum((excess < edge).astype(np.int8) for edge in EDGES)
    result["hit_12m"] = result["band_12m"] == stated_band
    if shares:
        lower, upper = np.array([*EDGES, -np.inf])[stated_band], np.array([np.inf, *EDGES])[stated_band]
        result["share_in_band"] = _shares(levels, bench, sid, position, (lower, upper))
    columns = {name: pa.array(values) for name, values in result.items()}
    pq.write_table(pa.table({**{name: table[name] for name in table.column_names}, **columns}), out, compression="zstd")


def _dense_levels(folder: Path) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Raw closes carried forward: (codes × sessions, codes, sessions, the index's closes)."""
    index = pd.read_csv(folder / "index" / "000300.csv", usecols=["date", "close"], parse_dates=["date"])
    index = index[(index["date"] >= "2020-12-29") & (index["date"] <= pd.Timestamp(AS_OF))]
    days = index["date"].to_numpy().astype("datetime64[D]")
    market = pq.read_table(folder / "market_close.parquet", columns=["code", "date", "close"], read_dictionary=["code"])
    coded = market.unify_dictionaries()["code"].combine_chunks()
    codes = coded.dictionary.to_pylist()
    levels = np.full((len(codes), len(days)), np.nan)
    at = np.searchsorted(days, market["date"].to_numpy().astype("datetime64[D]"))
    levels[coded.indices.to_numpy(), at] = market["close"].to_numpy()
    last = np.maximum.accumulate(np.where(np.isnan(levels), 0, np.arange(len(days), dtype=np.int32)), axis=1)
    return np.take_along_axis(levels, last, axis=1), codes, days, index["close"].to_numpy()


def _positions(published: np.ndarray, days: np.ndarray, months: int) -> np.ndarray:
    month = published.astype("datetime64[M]")
    day = published - month.astype("datetime64[D]")
    target = month + months
    last = (target + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    end = np.minimum(target.astype("datetime64[D]") + day, last)
    return np.searchsorted(days, end, side="right") - 1


def _shares(levels, bench, sid, position, bounds, chunk: int = 20_000) -> np.ndarray:
    width = int((position[12] - position[6]).max()) + 1
    shares = np.full(len(sid), np.nan)
    for start in range(0, len(sid), chunk):
        some = slice(start, start + chunk)
        base = position[0][some]
        at = position[6][some][:, np.newaxis] + np.arange(width)
        inside = at <= position[12][some][:, np.newaxis]
        at = np.minimum(at, levels.shape[1] - 1)
        own = levels[sid[some][:, np.newaxis], at] / levels[sid[some], base][:, np.newaxis] - 1
        excess = own - (bench[at] / bench[base][:, np.newaxis] - 1)
        lower, upper = (each[some][:, np.newaxis] for each in bounds)
        inside &= ~np.isnan(excess)
        hits = inside & (excess >= lower) & (excess < upper)
        shares[some] = hits.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    return shares


def naive_pandas(ratings: Path, folder: Path, out: Path, *, shares: bool) -> None:
    """What one writes first: a loop over NAIVE_ROWS ratings with `asof` on each symbol's Series."""
    closes = pd.read_parquet(folder / "market_close.parquet", columns=["code", "date", "close"])
    by_code = {
        code: part.set_index(pd.DatetimeIndex(part["date"]))["close"].sort_index() for code, part in closes.groupby("code")
    }
    index = pd.read_csv(folder / "index" / "000300.csv", parse_dates=["date"]).set_index("date")["close"]
    rows = pq.ParquetFile(ratings).iter_batches(NAIVE_ROWS).__next__().to_pandas()
    began = time.perf_counter()
    for row in rows.itertuples():
        own = by_code[row.symbol[:6]]
        base = pd.Timestamp(row.published)
        ends = [base + pd.DateOffset(months=months) for months in (6, 12)]
        excess = [own.asof(end) / own.asof(base) - index.asof(end) / index.asof(base) for end in ends]
        if shares:
            days = index.loc[ends[0] : ends[1]].index
            path = own.reindex(days, method="ffill") / own.asof(base) - index.loc[days] / index.asof(base)
            excess.append(((path >= 0.05) & (path < 0.20)).mean())
    print(json.dumps({"per_row": (time.perf_counter() - began) / len(rows)}))


def alphalens(ratings: Path, folder: Path, out: Path, *, shares: bool) -> None:
    """alphalens-reloaded's forward returns at 121 and 243 sessions: sessions, not months, and no benchmark, band or reason."""
    from alphalens.utils import compute_forward_returns

    closes = pd.read_parquet(folder / "market_close.parquet", columns=["code", "date", "close"])
    prices = closes.pivot(index="date", columns="code", values="close")
    prices.index = pd.DatetimeIndex(prices.index, freq=None)
    rows = pq.read_table(ratings, columns=["symbol", "published"]).to_pandas()
    rows["code"] = rows["symbol"].str[:6]
    days = prices.index.values
    rows["date"] = days[
        np.maximum(np.searchsorted(days, rows["published"].to_numpy().astype("datetime64[ns]"), side="right") - 1, 0)
    ]
    unique = rows.drop_duplicates(["date", "code"])
    factor = pd.Series(
        1.0, index=pd.MultiIndex.from_arrays([unique["date"], unique["code"]], names=["date", "asset"])
    ).sort_index()
    compute_forward_returns(factor, prices, periods=(121, 243), filter_zscore=None)


CONTENDERS = {"screener": grade, "bound": dense_bound, "pandas": naive_pandas, "alphalens": alphalens}


def measure(name: str, ratings: Path, folder: Path, *, shares: bool) -> dict[str, float | str]:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--file", str(ratings), "--reference", str(folder.parent)]
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command + ["--shares"] * shares, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    said = {name: value for line in done.stdout.splitlines() for name, value in json.loads(line).items()}
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - began, "cpu": cpu, **said}


def run_one(options: argparse.Namespace) -> None:
    """The child: one contender, peak memory in MB on the last line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.parquet"
        CONTENDERS[options.one](Path(options.file), options.reference / "market", out, shares=options.shares)
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def table(options: argparse.Namespace) -> None:
    """Print the table of README."""
    folder = options.reference / "market"
    symbols = FolderSource(folder).symbols()
    with tempfile.TemporaryDirectory() as work:
        ratings = Path(work) / "ratings.parquet"
        write_ratings(ratings, options.ratings, symbols)
        for shares in (False, True):
            bound = measure("bound", ratings, folder, shares=shares)
            for name in CONTENDERS:
                if name == "alphalens" and shares:
                    continue
                found = bound if name == "bound" else measure(name, ratings, folder, shares=shares)
                report(name, options.ratings, found, bound, shares=shares)
        for count in options.growth:
            path = Path(work) / f"{count}.parquet"
            write_ratings(path, count, symbols)
            for shares in (False, True):
                found = measure("screener", path, folder, shares=shares)
                report("screener", count, found, found, shares=shares)
            path.unlink()


def report(name: str, count: int, found: dict, bound: dict, *, shares: bool) -> None:
    """One line of the table."""
    what = "with window shares" if shares else "6 and 12 months"
    if "failed" in found:
        print(f"{name:10} {count:>10,} {what:18} did not run: {found['failed'][:80]}", flush=True)
        return
    if "per_row" in found:
        found = {**found, "wall": found["per_row"] * count, "cpu": found["per_row"] * count}
    ratio = found["wall"] / bound["wall"]
    print(
        f"{name:10} {count:>10,} {what:18} wall {found['wall']:8.1f} s  cpu {found['cpu']:8.1f} s  "
        f"{ratio:6.2f} × bound  {found.get('peak_mb', 0):6.0f} MB",
        flush=True,
    )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, default=Path(os.environ.get("SCREENER_REFERENCE", "../shared")))
    parser.add_argument("--ratings", type=int, default=3_000_000)
    parser.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--one", choices=list(CONTENDERS))
    parser.add_argument("--file")
    parser.add_argument("--shares", action="store_true")
    options = parser.parse_args()
    run_one(options) if options.one else table(options)


if __name__ == "__main__":
    main()
