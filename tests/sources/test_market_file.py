"""One Parquet file of the whole market as `--prices`."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from screener.sources.choose import open_place
from screener.terms.notes import UsageError

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
    assert "market_factor_unused" not in codes


def test_a_factor_that_is_not_used_is_said(tmp_path):
    prices = open_place(write(tmp_path / "m.parquet", factor=1.0)).load(["600000.SH"], start=START, end=END)
    assert "market_factor_unused" in [note.code for note in prices.notes]


@pytest.mark.parametrize("change", [{"code": 600000}, None])
def test_a_file_of_another_shape_is_refused_with_what_it_needs(tmp_path, change):
    path = tmp_path / "m.parquet"
    if change is None:
        path.write_bytes(b"no parquet")
    else:
        write(path, **change)
    with pytest.raises(UsageError):
        open_place(path)
