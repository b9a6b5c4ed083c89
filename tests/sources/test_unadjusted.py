from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screener.sources.choose import open_source
from screener.sources.folder_source import FolderSource
from screener.sources.market_file import load_universe
from screener.sources.unadjusted import cannot_be_shown, unadjusted_problems
from screener.store.rows import Bars
from screener.store.store import Store
from screener.terms.notes import PriceProblems
from tests.conftest import run_screener
from tests.stored import NOW


@pytest.fixture
def folder(tmp_path: Path, market_folder: Path) -> Path:
    """The real folder by links."""
    (tmp_path / "raw").mkdir()
    for path in (market_folder / "raw").glob("*.csv"):
        (tmp_path / "raw" / path.name).symlink_to(path)
    (tmp_path / "index").symlink_to(market_folder / "index")
    (tmp_path / "actions.csv").symlink_to(market_folder / "actions.csv")
    return tmp_path


@pytest.mark.parametrize("code", ["600941", "600498", "688205"])
def test_forward_adjusted_closes_in_place_of_raw_ones_are_refused_with_file_and_line(folder, market_folder, code):
    (folder / "raw" / f"{code}.csv").unlink()
    (folder / "raw" / f"{code}.csv").symlink_to(market_folder / "qfq" / f"{code}.csv")
    ran = run_screener("outcome", "--published", "2024-04-14", "--prices", folder, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert f"raw/{code}.csv:" in ran.err
    assert "复权" in ran.err


def rows(closes: list[float]) -> pd.DataFrame:
    days = pd.bdate_range("2022-03-01", periods=len(closes))
    return pd.DataFrame(
        {"session": days, "close": closes, "volume": float("nan"), "amount": float("nan")}, index=range(2, 2 + len(closes))
    )


def test_a_close_that_is_no_whole_cent_is_named_once_with_its_line_and_count():
    found = list(unadjusted_problems(rows([10.0, 10.015, 10.02, 10.033]), "600000.SH", "raw/600000.csv"))
    assert [(each.code, each.line, each.params["count"]) for each in found] == [("close_no_cent", 3, 2)]


def test_whole_cents_in_32_bits_are_whole_cents():
    closes = pd.Series([1999.99, 10.01, 0.57, 2627.88], dtype="float32").astype(float).tolist()
    assert list(unadjusted_problems(rows(closes), "600000.SH", "x")) == []


def test_closes_alone_of_a_name_that_no_other_source_has_cannot_be_shown_to_be_unadjusted():
    assert cannot_be_shown(rows([10.0, 10.01]), "600000.SH")
    assert not cannot_be_shown(rows([10.0, 10.01]).assign(amount=1e6, volume=1e5), "600000.SH")


def test_amounts_without_volumes_show_nothing():
    """The identity that an adjusted close breaks needs both."""
    assert cannot_be_shown(rows([10.0, 10.01]).assign(amount=1e6), "600000.SH")


def halved(days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Unadjusted closes of a name, and the same adjusted for a dividend of CNY 0.50 in cents, from 2024-01-02 on."""
    sessions = pd.bdate_range("2024-01-02", periods=days)
    raw = pd.DataFrame({"code": "600000", "date": sessions.date, "close": np.round(np.linspace(10, 11, days), 2)})
    return raw, raw.assign(close=np.round(raw["close"] - 0.5, 2))


def loaded(folder: Path, others: dict | None = None, symbols: tuple[str, ...] = ("600000.SH",)):
    source = FolderSource(folder)
    source.others = {**source.others, **(others or {})}
    return source.load_many(symbols, start=dt.date(2024, 1, 2), end=dt.date(2024, 1, 31))


@pytest.mark.parametrize("beside", ["store", "market", "nothing"])
def test_closes_are_held_against_the_store_and_the_market_file_of_the_folder(tmp_path, beside):
    """Adjusted to whole cents they look sound: only another source can tell; without one nothing shows that they are."""
    raw, adjusted = halved(12)
    (tmp_path / "raw").mkdir()
    adjusted[["date", "close"]].to_csv(tmp_path / "raw" / "600000.csv", index=False)
    if beside == "market":
        raw.assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    stored = pd.Series(raw["close"].to_numpy(), index=pd.DatetimeIndex(raw["date"]))
    found = loaded(tmp_path, {"store": lambda symbol: stored} if beside == "store" else {})
    assert ("600000.SH" in found.faults) == (beside != "nothing")
    codes = {note.code for note in found.prices.notes}
    assert ("closes_adjusted" in codes) == (beside != "nothing")
    assert ("unadjusted" in found.prices.flags.get("600000.SH", ())) == (beside == "nothing")
    assert "prices_unshown" in codes or beside != "nothing"


def test_bulk_reads_of_a_market_file_refuse_names_whose_closes_are_no_whole_cents(tmp_path):
    raw, _ = halved(12)
    bent = raw.assign(code="600001", close=raw["close"] * 0.987)
    pd.concat([raw, bent]).assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    found = loaded(tmp_path, symbols=("600000.SH", "600001.SH"))
    assert set(found.faults) == {"600001.SH"}
    note = next(each for each in found.prices.notes if each.code == "closes_adjusted")
    assert note.params["symbols"] == "600001.SH"


def dividend_names(reference: Path, count: int) -> pd.DataFrame:
    """Raw and forward-adjusted closes, by rows, of the first names by a fixed draw whose factor steps within the year 2024."""
    whole = reference / "market" / "whole"
    raw = pd.read_parquet(whole / "market_raw.parquet")
    raw = raw[raw["date"].astype(str) < "2025-01-01"]
    steps = raw.groupby("code")["factor"].nunique()
    chosen = steps[steps > 1].index.to_series().sample(count, random_state=12)
    adjusted = pd.read_parquet(whole / "market_adj.parquet", columns=["code", "date", "close_adj"])
    return raw[raw["code"].isin(chosen)].merge(adjusted, on=["code", "date"])


@pytest.mark.slow
@pytest.mark.parametrize("beside", [True, False], ids=["with the market file", "alone"])
def test_of_200_names_with_a_dividend_no_forward_adjusted_close_is_used_silently(reference, tmp_path, beside):
    """Beside the unadjusted market all are refused; alone, whole cents hide most of them, and every one of those is marked."""
    both = dividend_names(reference, 200)
    (tmp_path / "raw").mkdir()
    for code, own in both.groupby("code"):
        own[["date", "close_adj"]].set_axis(["date", "close"], axis=1).to_csv(tmp_path / "raw" / f"{code}.csv", index=False)
    if beside:
        both[["code", "date", "close"]].assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    source = FolderSource(tmp_path)
    names = source.symbols()
    found = source.load_many(names, start=dt.date(2024, 1, 2), end=dt.date(2024, 12, 31))
    marked = {name for name in names if "unadjusted" in found.prices.flags.get(name, ())}
    assert len(names) == 200
    assert set(names) <= marked | set(found.faults)
    if beside:
        assert len(found.faults) == 200


@pytest.mark.slow
def test_no_name_of_the_real_market_is_taken_for_an_adjusted_one(reference, tmp_path):
    """The unadjusted closes of the same 200 names, whole-market file and files of their own."""
    both = dividend_names(reference, 200)
    (tmp_path / "raw").mkdir()
    for code, own in both.groupby("code"):
        own[["date", "close"]].to_csv(tmp_path / "raw" / f"{code}.csv", index=False)
    both[["code", "date", "close"]].assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    source = FolderSource(tmp_path)
    found = source.load_many(source.symbols(), start=dt.date(2024, 1, 2), end=dt.date(2024, 12, 31))
    assert "closes_adjusted" not in {note.code for note in found.prices.notes}
    assert not any("unadjusted" in flags for flags in found.prices.flags.values())


def test_a_universe_of_adjusted_closes_is_refused_with_its_first_row_and_a_real_one_is_not(tmp_path, market_folder):
    """B shares have no cents to keep; a name in fractions of a cent is named by its row."""
    raw, _ = halved(12)
    foreign = raw.assign(code="900901", close=0.444)
    (tmp_path / "index").symlink_to(market_folder / "index")
    pd.concat([raw, foreign]).assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    assert load_universe(tmp_path, benchmark="000300.SH", end=dt.date(2024, 1, 12)).symbols == ("600000.SH",)
    bent = raw.assign(code="600001", close=raw["close"] * 0.987)
    pd.concat([raw, foreign, bent]).assign(volume=1e6).to_parquet(tmp_path / "market_close.parquet", index=False)
    with pytest.raises(PriceProblems) as refused:
        load_universe(tmp_path, benchmark="000300.SH", end=dt.date(2024, 1, 12))
    assert [(each.code, each.line) for each in refused.value.problems] == [("close_no_cent", 26)]


def test_a_folder_named_on_the_command_line_is_held_against_the_store(tmp_path):
    """The store has 12 unadjusted closes of a name, the folder the same less 0.50, which is said by file and line."""
    raw, adjusted = halved(12)
    store = Store(tmp_path / "store")
    rows_of = pd.DataFrame({"session": pd.DatetimeIndex(raw["date"]).astype("datetime64[s]")})
    for column in ("open", "high", "low", "close"):
        rows_of[column] = raw["close"]
    rows_of = rows_of.assign(volume=1000.0, amount=raw["close"] * 1000, source="eastmoney", fetched_at=pd.Timestamp(NOW))
    with store.writing(now=NOW):
        store.write_bars("600000.SH", Bars(rows_of, dt.date(2024, 1, 2)))
    (tmp_path / "mine" / "raw").mkdir(parents=True)
    adjusted[["date", "close"]].to_csv(tmp_path / "mine" / "raw" / "600000.csv", index=False)
    span = {"start": dt.date(2024, 1, 2), "end": dt.date(2024, 1, 17)}
    opened = open_source(
        str(tmp_path / "mine"), ["600000.SH"], store=tmp_path / "store", start=span["start"], today=dt.date(2024, 2, 1)
    )
    with pytest.raises(PriceProblems) as refused:
        opened.load(["600000.SH"], **span)
    assert [(each.code, each.place) for each in refused.value.problems] == [("close_not_store", "raw/600000.csv:2")]
