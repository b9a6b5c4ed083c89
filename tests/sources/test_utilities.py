"""Eighteen utilities of a broker's weekly, priced from closes alone: in full, and as computed apart from this code."""

from __future__ import annotations

import csv
import datetime as dt

import pandas as pd
import pytest

from screener.screening import check_outcome, check_screen, check_week
from screener.sources.choose import open_place
from screener.sources.folder_source import FolderSource

TODAY = dt.date(2025, 11, 21)


def utilities(bundled, reference, *, market=("SH", "SZ"), most=18):
    """The list as a thesis: every name in one bucket, the utilities index as its industry."""
    thesis, scale = bundled
    with (reference / "theses" / "lists.csv").open(encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if row["list"] == "util-202412" and row["symbol"][-2:] in market][:most]
    first, bucket = thesis.candidates[0], thesis.buckets[0]
    plain = {"name_en": None, "bucket": bucket.id, "listings": (), "named_in": ()}
    names = tuple(first.model_copy(update={"symbol": row["symbol"], "name": row["name"], **plain}) for row in listed)
    index = thesis.industry_index.model_copy(update={"symbol": "801160.SI", "name": "申万公用事业", "name_en": "SW Utilities"})
    dates = {"published": dt.date(2024, 12, 20), "published_earliest": None, "published_latest": None}
    update = {"candidates": names, "buckets": (bucket,), "industry_index": index, "second_opinion": None, **dates}
    return thesis.model_copy(update=update), scale


@pytest.mark.slow
@pytest.mark.parametrize(("friday", "before"), [("2025-01-10", "2025-01-03"), ("2025-06-27", "2025-06-20")])
def test_weekly_returns_from_the_raw_file_equal_an_independent_computation(bundled, reference, friday, before):
    path = reference / "market" / "whole" / "market_raw.parquet"
    thesis, scale = utilities(bundled, reference)
    week = check_week(thesis, scale, open_place(path), day=dt.date.fromisoformat(friday), today=TODAY).week
    raw = pd.read_parquet(path, columns=["code", "date", "close", "factor"])
    raw = raw[raw["code"].isin([each.symbol[:6] for each in thesis.candidates])].sort_values("date")
    days = pd.to_datetime(raw["date"])
    raw["total"] = raw["close"] * raw["factor"]  # The week counts on the total series, which the factor gives.
    last, earlier = (raw[days <= day].groupby("code")["total"].last() for day in (friday, before))
    assert len(thesis.candidates) == 18
    for each in thesis.candidates:
        row = week.row(each.symbol)
        assert row.own_return == pytest.approx(last[each.symbol[:6]] / earlier[each.symbol[:6]] - 1, abs=1e-9)
        assert "actions_unknown" in row.flags


@pytest.mark.slow
def test_names_outside_the_eleven_have_a_full_week_an_outcome_and_a_screen_from_closes_alone(bundled, reference):
    thesis, scale = utilities(bundled, reference, market=("SH",), most=15)
    source = FolderSource(reference / "market")
    as_of = dt.date(2025, 5, 23)
    week = check_week(thesis, scale, source, day=as_of, today=TODAY).week
    outcome = check_outcome(thesis, scale, source, published=dt.date(2024, 7, 22), as_of=as_of, today=TODAY)
    screen = check_screen([(thesis, scale)], source, as_of=as_of, today=TODAY)
    for each in thesis.candidates:
        assert week.row(each.symbol).own_return is not None
        assert outcome.row(each.symbol, 6).excess is not None
        assert outcome.row(each.symbol, 9).excess is not None
    assert screen.frame["excess_1w"].notna().all()
    assert len(screen.frame) == len(thesis.candidates)
