from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest

from screener.sources.market_file import load_universe
from screener.store.store import Store
from screener.store.universe import load_store_universe
from screener.terms.notes import UsageError
from tests.conftest import run_screener
from tests.stored import INDICES, fill_store

END = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def store(bundled, market_folder, tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("universe") / "store"
    return fill_store(Store(folder), market_folder, bundled[0].symbols(bundled[1]))


def test_the_store_gives_the_universe_that_a_market_file_of_the_same_rows_gives(store, market_folder, tmp_path):
    files = sorted((market_folder / "raw").glob("*.csv"))
    rows = pd.concat([pd.read_csv(path, usecols=["date", "close", "volume"]).assign(code=path.stem) for path in files])
    rows = rows[(rows["date"] >= "2023-12-01") & (rows["date"] <= str(END))]
    rows = rows.assign(date=pd.to_datetime(rows["date"]).dt.date, volume=rows["volume"].astype(float))
    rows.sort_values(["code", "date"]).to_parquet(tmp_path / "market_close.parquet", index=False)
    (tmp_path / "index").mkdir()
    shutil.copy(market_folder / "index" / "000300.csv", tmp_path / "index")
    stored = load_store_universe(store.folder, benchmark="000300.SH", end=END)
    filed = load_universe(tmp_path, benchmark="000300.SH", end=END)
    assert stored.symbols == filed.symbols
    assert len(stored.symbols) == 11
    assert stored.sessions.tolist() == filed.sessions.tolist()
    assert np.array_equal(stored.level, filed.level, equal_nan=True)
    assert np.array_equal(stored.benchmark, filed.benchmark, equal_nan=True)


def test_an_outcome_takes_its_random_baskets_from_the_store(store):
    options = ("--prices", "snapshot", "--placebo", 50, "--universe", "store", "--store", store.folder, "--json")
    ran = run_screener("outcome", "--as-of", "2025-06-30", *options)
    rows = [row for row in ran.json["placebo"] if row["subject"] == "all" and row["horizon_months"] == 12]
    assert rows[0]["universe_size"] == 11
    assert "store" in rows[0]["basis"]


def test_a_store_without_stocks_cannot_serve(tmp_path, market_folder):
    only_indices = fill_store(Store(tmp_path / "store"), market_folder, tuple(INDICES))
    with pytest.raises(UsageError):
        load_store_universe(only_indices.folder, benchmark="000300.SH", end=END)
