"""Valuation on every surface: the weekly report's table and the screen's columns, from whatever source holds it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from screener.report.figures import cell_text
from screener.report.week.report import weekly_document
from screener.screening import check_week, open_screen
from screener.sources.snapshot import SnapshotSource
from screener.store.rows import Valuations
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.notes import UsageError
from screener.writers.markdown import render_markdown
from tests.store.test_screen_store import DAYS, NOW, bars

TODAY = dt.date(2026, 1, 5)
MOBILE, UNICOM, LOSS = "600941.SH", "600050.SH", "688498.SH"


class Valued(SnapshotSource):
    """The snapshot with a valuation of three of its names: one of 900 days, one of a year, one with a loss."""

    def load(self, symbols, *, start, end):
        days = pd.bdate_range(end="2025-06-30", periods=900).astype("datetime64[s]")
        made = [
            pd.DataFrame({"symbol": symbol, "date": days[-count:], "pe_ttm": pe, "pb": pb, "source": "eastmoney_shares"})
            for symbol, count, pe, pb in (
                (MOBILE, 900, [float(each) for each in range(1, 901)], 1.5),
                (UNICOM, 250, 20.0, 1.1),
                (LOSS, 900, -35.0, 6.0),
            )
        ]
        rows = pd.concat(made, ignore_index=True)
        return replace(super().load(symbols, start=start, end=end), valuations=rows[rows["date"] <= pd.Timestamp(end)])


@pytest.fixture(scope="module")
def weekly(bundled):
    facts = check_week(*bundled, Valued(), day=dt.date(2025, 6, 27), today=TODAY)
    return weekly_document(facts, "zh")


def test_the_weekly_report_shows_multiples_places_losses_and_medians(weekly):
    table = next(each for each in weekly.tables if each.id == "valuation")
    rows = {row.id: [cell_text(cell, "zh") for cell in row.cells] for row in table.rows}
    # Friday 27 June is the last but one of 900 days: 898 lower and itself, of 899.
    assert rows[MOBILE][0].startswith("899.00")
    assert rows[MOBILE][1] == f"{100 * (898 + 0.5) / 899:.2f}"
    assert (rows[MOBILE][2:4], rows[MOBILE][4]) == (["1.50", "50.00"], "2025-06-27")
    assert "缺口" in rows[UNICOM][1]
    assert "亏损" in next(row for row in table.rows if row.id == LOSS).cells[0].note
    assert rows["all"][0].startswith("459.50")  # the median of 899 and 20
    assert rows["all"][2] == "1.50"
    assert "来源 东方财富估值分析，至 2025-06-27" in table.sub


def test_markdown_has_the_table(weekly):
    assert "亏损占 33%" in render_markdown(weekly)


def test_a_report_without_valuations_has_no_such_table(bundled):
    facts = check_week(*bundled, SnapshotSource(), day=dt.date(2025, 6, 27), today=TODAY)
    assert "valuation" not in {each.id for each in weekly_document(facts, "zh").tables}


def test_the_screen_has_the_columns_and_filters_by_them(bundled):
    day = dt.date(2025, 6, 27)
    found = open_screen([bundled], Valued(), where="pe_ttm < 100", sort="pb", as_of=day, today=TODAY)
    assert found.frame["symbol"].tolist() == [UNICOM, LOSS]
    assert found.frame["pb"].tolist() == [1.1, 6.0]
    assert found.frame["pb_percentile"].isna().tolist() == [True, False]
    assert found.gap_of(UNICOM, bundled[0].slug, "pb_percentile").reason == "valuation_short"
    plain = open_screen([bundled], SnapshotSource(), as_of=day, today=TODAY)
    assert "pe_ttm" not in plain.frame
    with pytest.raises(UsageError):
        open_screen([bundled], SnapshotSource(), where="pe_ttm < 100", as_of=day, today=TODAY)


def test_a_store_gives_what_was_pulled_up_to_the_end_of_the_window(tmp_path):
    store = Store(tmp_path / "store")
    rows = pd.DataFrame({"date": pd.to_datetime(["2023-06-01", "2025-06-30"]).astype("datetime64[s]"), "pe_ttm": [9.0, -1.0]})
    with store.writing(now=NOW):
        store.write_bars(MOBILE, bars(*((day, 10 + place / 100) for place, day in enumerate(DAYS))))
        store.write_valuations(MOBILE, Valuations(rows.assign(pb=1.0, total_cap=1e9, float_cap=1e9, source="eastmoney_shares")))
    held = StoreSource(store, today=TODAY).load([MOBILE], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, 27))
    rows = held.valuations
    assert rows[["symbol", "pe_ttm", "pb"]].to_numpy().tolist() == [[MOBILE, 9.0, 1.0]]
