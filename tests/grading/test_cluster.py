"""Grading on a real Spark cluster: a master and two workers on this machine, and what can go wrong with them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.sources.folder_source import FolderSource
from tests.conftest import ROOT, Ran

AS_OF = "2025-05-23"
# Longest that a part of the cluster may take to come up, seconds.
PATIENCE = 120

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Cluster:
    """A standalone master and its workers, each a process group of its own; `hidden` is a folder that no worker sees."""

    folder: Path
    url: str
    web: int
    running: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *words: str, before: tuple[str, ...] = ()) -> subprocess.Popen:
        import pyspark

        home = Path(pyspark.__file__).parent
        # Nothing of this checkout is on the workers' path: they have what Spark brings them.
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "SPARK_HOME")}
        env = {**kept, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(self.folder / "work")}
        command = [*before, str(home / "bin" / "spark-class"), *words]
        log = (self.folder / f"{len(self.running)}.log").open("wb")
        started = subprocess.Popen(command, env=env, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        self.running.append(started)
        return started

    def start_worker(self, before: tuple[str, ...] = ()) -> subprocess.Popen:
        words = (
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            "127.0.0.1",
            "--cores",
            "1",
            "--memory",
            "1g",
            "--webui-port",
            "0",
        )
        return self.start(*words, self.url, before=before)

    def wait_for(self, workers: int) -> None:
        """Until so many workers are registered."""
        from urllib.error import URLError
        from urllib.request import urlopen

        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(URLError, ConnectionError, ValueError):
                state = json.load(urlopen(f"http://127.0.0.1:{self.web}/json/", timeout=5))
                if state["aliveworkers"] >= workers:
                    return
            time.sleep(0.2)  # waits for another process: there is nothing else to wait for
        raise AssertionError(f"no cluster after {PATIENCE} s; see {self.folder}")

    def stop(self, one: subprocess.Popen | None = None) -> None:
        """Kill one process group, or all."""
        for each in [one] if one else self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()

    def env(self) -> dict[str, str]:
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "4",
        }
        words = " ".join(f"--conf {name}={value}" for name, value in settings.items())
        mine = {"PYSPARK_SUBMIT_ARGS": f"--master {self.url} {words} pyspark-shell", "PYSPARK_PYTHON": sys.executable}
        return {**os.environ, **mine, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "SCREENER_LANG": "en"}

    def command(self, ratings: Path, market: Path, out: Path) -> list[str]:
        words = ["grade", ratings, "--prices", market, "--as-of", AS_OF, "--engine", "spark", "--out", out, "--json"]
        return [sys.executable, "-m", "screener", *map(str, words)]

    def grade(self, ratings: Path, market: Path, out: Path, **env: str) -> Ran:
        words = self.command(ratings, market, out)
        done = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=ROOT, env={**self.env(), **env}, check=False)
        assert "Traceback" not in done.stderr
        assert "\tat org.apache" not in done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("pyspark", reason="needs the extra `spark`")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17")
    port, web = free_port(), free_port()
    made = Cluster(tmp_path_factory.mktemp("cluster"), f"spark://127.0.0.1:{port}", web)
    try:
        master = "org.apache.spark.deploy.master.Master"
        made.start(master, "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(web))
        made.wait_for(0)
        for _ in range(2):
            made.start_worker()
        made.wait_for(2)
        yield made
    finally:
        made.stop()


def random_ratings(folder: Path, count: int, *, seed: int) -> pa.Table:
    """Ratings of random A shares of the market file under several houses' standards; an eighth of them unrated."""
    rng = np.random.default_rng(seed)
    symbols = FolderSource(folder).symbols()
    days = np.arange(np.datetime64("2021-04-01"), np.datetime64("2025-05-30"))
    words = np.array(["买入", "增持", "中性", "持有", "卖出", "减持", "推荐", ""])
    houses = np.array(["国联证券", "西南证券", "川财证券", "中金公司", "光大证券", "无名证券"])
    return pa.table(
        {
            "rating_id": [f"r{each:07}" for each in range(count)],
            "symbol": np.array(symbols)[rng.integers(0, len(symbols), count)],
            "published": days[rng.integers(0, len(days), count)],
            "rating": words[rng.integers(0, len(words), count)],
            "house": houses[rng.integers(0, len(houses), count)],
            "target_price": pa.array(rng.uniform(1, 100, count), mask=rng.random(count) < 0.5),
        }
    )


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory, market_folder: Path) -> Path:
    """A folder of four Parquet files, a million ratings together."""
    folder = tmp_path_factory.mktemp("million")
    table = random_ratings(market_folder, 1_000_000, seed=17)
    for part in range(4):
        pq.write_table(table.slice(part * 250_000, 250_000), folder / f"{part}.parquet")
    return folder


def test_two_workers_give_a_million_rows_equal_to_one_process_in_every_column(cluster, million, market_folder, tmp_path):
    out = tmp_path / "graded"
    ran = cluster.grade(million, market_folder, out)
    assert (ran.json["rows"], ran.json["bad"]) == (1_000_000, 0)
    words = ["grade", million, "--prices", market_folder, "--as-of", AS_OF, "--out", tmp_path / "one.parquet", "--json"]
    alone = subprocess.run(
        [sys.executable, "-m", "screener", *map(str, words)], capture_output=True, env=cluster.env(), cwd=ROOT, check=False
    )
    assert json.loads(alone.stdout)["measured"] == ran.json["measured"] > 100_000
    one, many = (pq.read_table(place).sort_by("rating_id") for place in (tmp_path / "one.parquet", out))
    assert one.schema.equals(many.schema)
    assert [name for name in one.column_names if not one[name].combine_chunks().equals(many[name].combine_chunks())] == []
    manifest = json.loads((out / "_manifest.json").read_text("utf-8"))
    assert (manifest["rows"], manifest["written"], manifest["bad"]) == (1_000_000, 1_000_000, 0)
    assert sum(manifest["status"].values()) == 1_000_000


def test_bad_rows_are_set_aside_with_their_reasons_and_the_rest_is_graded(cluster, market_folder, tmp_path):
    table = random_ratings(market_folder, 10_000, seed=18)
    broken = table.to_pandas()
    broken.loc[5, "symbol"] = "600941"
    broken["published"] = broken["published"].astype(str)
    broken.loc[[6, 7], "published"] = ["soon", "2024-01-01 16:00"]
    broken.loc[8, "house"] = ""
    broken.to_parquet(tmp_path / "r.parquet", index=False)
    ran = cluster.grade(tmp_path / "r.parquet", market_folder, tmp_path / "out")
    assert (ran.json["rows"], ran.json["bad"]) == (10_000, 4)
    aside = pq.read_table(tmp_path / "out" / "_bad").sort_by("rating_id").to_pylist()
    assert [(each["rating_id"], each["fault"]) for each in aside] == [
        ("r0000005", "symbol: bad_symbol"),
        ("r0000006", "published: bad_date"),
        ("r0000007", "published: ratings_time_of_day"),
        ("r0000008", "scale: ratings_scale_unknown"),
    ]
    assert pq.read_table(tmp_path / "out").num_rows == 9_996


def test_an_id_that_occurs_twice_and_a_folder_that_is_there_are_refused_in_one_sentence(cluster, market_folder, tmp_path):
    table = random_ratings(market_folder, 1_000, seed=19)
    pq.write_table(pa.concat_tables([table, table.slice(10, 1)]), tmp_path / "r.parquet")
    ran = cluster.grade(tmp_path / "r.parquet", market_folder, tmp_path / "out")
    assert (ran.code, "r0000010" in ran.err, (tmp_path / "out").exists()) == (1, True, False)
    pq.write_table(table, tmp_path / "r.parquet")
    (tmp_path / "out").mkdir()
    ran = cluster.grade(tmp_path / "r.parquet", market_folder, tmp_path / "out")
    assert ran.code == 1
    assert "already exists" in ran.err


def test_a_lost_part_file_is_no_success(cluster, million, market_folder, tmp_path):
    out = tmp_path / "graded"
    running = subprocess.Popen(
        cluster.command(million, market_folder, out),
        cwd=ROOT,
        env=cluster.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while running.poll() is None and not (out / "_SUCCESS").exists():
        time.sleep(0.001)  # waits for a file of another process: there is nothing else to wait for
    next(iter(out.glob("part-*.parquet"))).unlink()
    _, err = running.communicate()
    assert running.returncode == 1
    assert "Traceback" not in err.decode()
    assert not (out / "_manifest.json").exists()


def test_workers_that_cannot_see_the_drivers_folder_are_brought_what_they_need(cluster, market_folder, tmp_path):
    hidden, seen = tmp_path / "hidden", tmp_path / "seen"
    hidden.mkdir()
    seen.mkdir()
    over = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs none "{hidden}" && exec "$@"', "sh")
    if shutil.which("unshare") is None or subprocess.run([*over, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to hide a folder from a process (unshare -m)")
    apart = Cluster(tmp_path / "cluster", f"spark://127.0.0.1:{free_port()}", free_port())
    apart.folder.mkdir()
    try:
        port = apart.url.rpartition(":")[2]
        apart.start(
            "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", str(apart.web)
        )
        apart.wait_for(0)
        apart.start_worker(before=over)
        apart.wait_for(1)
        table = random_ratings(market_folder, 5_000, seed=20)
        pq.write_table(table, seen / "r.parquet")
        # The driver's own temporary files lie where no worker can look.
        ran = apart.grade(seen / "r.parquet", market_folder, seen / "out", TMPDIR=str(hidden))
        assert ran.json["rows"] == 5_000
    finally:
        apart.stop()


def test_a_worker_that_dies_in_the_middle_costs_no_rating(cluster, million, market_folder, tmp_path):
    out = tmp_path / "graded"
    victim = cluster.start_worker()
    cluster.wait_for(3)
    running = subprocess.Popen(
        cluster.command(million, market_folder, out),
        cwd=ROOT,
        env=cluster.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while running.poll() is None and not (out / "_temporary").exists():
        time.sleep(0.01)  # waits for a folder of another process: there is nothing else to wait for
    cluster.stop(victim)
    printed, _ = running.communicate()
    assert json.loads(printed)["rows"] == 1_000_000
    ids = pq.read_table(out, columns=["rating_id"])["rating_id"]
    assert (len(ids), len(ids.unique())) == (1_000_000, 1_000_000)
