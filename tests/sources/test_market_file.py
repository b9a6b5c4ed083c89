"""One Parquet file of the whole market as `--prices`."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from screener.measures.baskets import measure
from screener.measures.quotes import build_market
from screener.prices.prices import SERIES
from screener.sources.choose import open_place
from screener.sources.folder_source import FolderSource
from screener.terms.notes import PriceProblems, UsageError
from tests.conftest import ROOT, run_screener

START, END = dt.date(2024, 4, 8), dt.date(2024, 4, 12)


def write(path, **change):
    days = pd.to_datetime(["2024-04-08", "2024-04-09", "2024-04-10", "2024-04-12"])
    frame = pd.DataFrame({"code": "600000", "date": days, "close": [7.01, 7.02, 7.03, 7.05]}).assign(**change)
    frame.to_parquet(path)
    return path


def test_a_file_of_code_date_and_close_is_enough_and_indices_are_lent(tmp_path):
    prices = open_place(write(tmp_path / "m.parquet")).load(["600000.SH", "000300.SH"], start=START, end=END)
    assert prices.close["600000.SH"].dropna().tolist() == [7.01, 7.02, 7.03, 7.05]
    assert prices.close["000300.SH"].notna().all()
    codes = [note.code for note in prices.notes]
    assert "export_indices_lent" in codes
    assert "market_factor_used" not in codes


@pytest.mark.parametrize("name", ["factor", "adj_factor"])
def test_a_factor_gives_the_total_series_and_leaves_price_raw_and_marked(tmp_path, name):
    # 10 shares became 12 on the 10th: 12.00 → 10.00, and the factor steps from 2.5 to 3.
    path = write(tmp_path / "m.parquet", close=[11.9, 12.0, 10.0, 10.1], **{name: [2.5, 2.5, 3.0, 3.0]})
    prices = open_place(path).load(["600000.SH"], start=START, end=END)
    assert "market_factor_used" in [note.code for note in prices.notes]
    market = build_market(prices)
    levels = {series: market.levels[series]["600000.SH"].dropna().to_numpy() for series in SERIES}
    assert levels["total"] == pytest.approx([11.9, 12.0, 12.0, 12.0, 12.12], abs=1e-12)
    assert levels["price"] == pytest.approx([11.9, 12.0, 10.0, 10.0, 10.1], abs=1e-12)
    total = measure(market, ["600000.SH"], series="total", start=START, end=END)
    assert total.value == pytest.approx(12.12 / 11.9 - 1, abs=1e-12)
    assert "actions_unknown" not in total.flags
    price = measure(market, ["600000.SH"], series="price", start=START, end=END)
    assert price.gap is not None  # The step is beyond the limit and no action is known that explains it.
    within = measure(market, ["600000.SH"], series="price", start=dt.date(2024, 4, 10), end=END)
    assert "actions_unknown" in within.flags


def test_prices_read_together_have_the_factors_of_prices_read_one_by_one(tmp_path):
    path = write(tmp_path / "m.parquet", close=[11.9, 12.0, 10.0, 10.1], factor=[2.5, 2.5, 3.0, 3.0])
    source = open_place(path)
    one, many = source.load(["600000.SH"], start=START, end=END), source.load_many(["600000.SH"], start=START, end=END)
    pd.testing.assert_series_equal(one.steps["600000.SH"], many.prices.steps["600000.SH"])
    assert one.sha256 == many.prices.sha256


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), None])
def test_a_factor_that_is_no_positive_number_is_refused_with_its_column(tmp_path, wrong):
    path = write(tmp_path / "m.parquet", factor=[1.0, 1.0, wrong, 1.0])
    with pytest.raises(PriceProblems) as caught:
        open_place(path).load(["600000.SH"], start=START, end=END)
    assert [(each.field, each.code) for each in caught.value.problems] == [("factor", "factor_not_positive")]
    assert open_place(path).load_many(["600000.SH"], start=START, end=END).faults == {"600000.SH": dt.date(2024, 4, 10)}


@pytest.mark.slow
def test_close_times_factor_is_the_adjusted_close_of_an_independent_table(market_folder):
    whole = market_folder / "whole"
    theirs = pd.read_parquet(whole / "market_raw.parquet")
    codes = ["000001", "600036", "601398", "000858", "300750", "688205", "600941", "002594"]
    first, last = dt.date(2024, 4, 12), dt.date(2025, 5, 23)
    second = pd.read_parquet(whole / "market_adj.parquet")
    market = build_market(open_place(whole / "market_raw.parquet").load(list(map(named, codes)), start=first, end=last))
    for code in codes:
        own = theirs[theirs["code"] == code].set_index("date").loc[first:last]
        expected = (own["close"].iloc[-1] * own["factor"].iloc[-1]) / (own["close"].iloc[0] * own["factor"].iloc[0]) - 1
        found = measure(market, [named(code)], series="total", start=first, end=last)
        assert found.value == pytest.approx(expected, abs=1e-9)
        # The other table is rounded to cents, its dividends too.
        other = second[second["code"] == code].set_index("date").loc[first:last, "close_adj"]
        assert found.value == pytest.approx(other.iloc[-1] / other.iloc[0] - 1, abs=1.5e-3)


def named(code):
    return f"{code}.{'SH' if code.startswith('6') else 'SZ'}"


@pytest.mark.parametrize("change", [{"code": 600000}, None])
def test_a_file_of_another_shape_is_refused_with_what_it_needs(tmp_path, change):
    path = tmp_path / "m.parquet"
    if change is None:
        path.write_bytes(b"no parquet")
    else:
        write(path, **change)
    with pytest.raises(UsageError):
        open_place(path)


@pytest.mark.slow
@pytest.mark.parametrize(("prices", "file"), [("", "market_close.parquet"), ("whole/market_raw.parquet",) * 2])
@pytest.mark.parametrize("week", ["2024-09-30", "2025-01-24", "2025-05-23"])
def test_weekly_returns_of_a_real_list_are_those_worked_out_from_the_file(market_folder, prices, file, week):
    thesis = ROOT / "tests" / "theses" / "util-202412.toml"
    ran = run_screener("weekly", thesis, "--week", week, "--prices", market_folder / prices, "--json")
    rows = {row["subject"]: row for row in ran.json["rows"] if row["kind"] == "candidate"}
    theirs = pd.read_parquet(market_folder / file)
    theirs = theirs[theirs["code"].isin([symbol[:6] for symbol in rows])].assign(date=lambda rows: pd.to_datetime(rows["date"]))
    theirs = theirs[theirs["volume"] > 0] if "volume" in theirs else theirs
    level = theirs["close"] * theirs.get("factor", 1.0)
    end = pd.Timestamp(week)
    monday = end - pd.Timedelta(days=end.weekday())
    assert len(rows) == 18
    for symbol, row in rows.items():
        own = theirs["code"] == symbol[:6]
        last, before = (level[own & (theirs["date"] < day)].iloc[-1:] for day in (end + pd.Timedelta(days=1), monday))
        if len(before):
            assert row["return"] == pytest.approx(last.iloc[0] / before.iloc[0] - 1, abs=1e-9)
        else:
            assert row["gap"] is not None


def test_amounts_made_from_closes_do_not_show_that_these_are_unadjusted(market_folder):
    prices = FolderSource(market_folder).load(["600519.SH", "000300.SH"], start=dt.date(2024, 1, 2), end=dt.date(2024, 2, 2))
    assert "unadjusted" in prices.flags["600519.SH"]
    assert [note.code for note in prices.notes if note.code in ("market_amounts", "prices_unshown")] == [
        "market_amounts",
        "prices_unshown",
    ]
