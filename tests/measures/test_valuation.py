"""Valuation: percentiles against pandas, losses, short histories, a basket's medians."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screener.measures.valuation import Valuation, value_basket, value_on
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap

DAY = dt.date(2025, 6, 30)


def prices(**rows: pd.DataFrame):
    loaded = SnapshotSource().load(["600941.SH"], start=dt.date(2025, 6, 3), end=DAY)
    return replace(loaded, valuations=pd.concat([each.assign(symbol=symbol) for symbol, each in rows.items()]))


def history(pe, pb, *, last: dt.date = DAY) -> pd.DataFrame:
    days = pd.bdate_range(end=last, periods=len(pe)).astype("datetime64[s]")
    return pd.DataFrame({"date": days, "pe_ttm": pe, "pb": pb, "source": "somewhere"})


def test_a_percentile_is_that_of_pandas_over_the_whole_history():
    random = np.random.default_rng(3)
    pe, pb = random.normal(20, 5, 900).round(1), random.normal(3, 0.5, 900).round(2)
    found = value_on(prices(A=history(pe, pb)), "A", DAY)
    assert isinstance(found, Valuation)
    for value, percentile, own in ((found.pe_ttm, found.pe_percentile, pe), (found.pb, found.pb_percentile, pb)):
        known = pd.Series(own)[pd.Series(own) > 0]
        assert value == own[-1]
        assert percentile == pytest.approx((known.rank().iloc[-1] - 0.5) / len(known), abs=1e-12)


def test_a_loss_is_shown_and_has_no_place_and_takes_no_other_days_place():
    found = value_on(prices(A=history([10.0] * 599 + [-4.0], [2.0] * 600)), "A", DAY)
    assert (found.pe_ttm, found.is_loss) == (-4.0, True)
    assert found.pe_percentile.reason == "valuation_loss"
    assert found.pb_percentile == 0.5
    back = value_on(prices(A=history([-4.0] * 300 + [8.0, 9.0] * 150, [2.0] * 600)), "A", DAY)
    assert back.pe_percentile == 0.75  # 150 of the 300 days with earnings below, 150 equal


def test_under_two_years_there_is_a_figure_and_no_percentile():
    found = value_on(prices(A=history([10.0] * 400, [2.0] * 400)), "A", DAY)
    assert found.pe_ttm == 10.0
    assert {found.pe_percentile.reason, found.pb_percentile.reason} == {"valuation_short"}


def test_nothing_after_the_day_is_used_and_an_old_row_is_stale():
    held = prices(A=history(np.arange(1.0, 901.0), np.arange(1.0, 901.0)))
    assert value_on(held, "A", dt.date(2025, 6, 27)).pe_ttm == 899.0
    old = prices(A=history([10.0] * 600, [2.0] * 600, last=dt.date(2025, 6, 13)))
    assert value_on(old, "A", DAY) == Gap("stale", "valuation_stale", {"symbol": "A", "last": dt.date(2025, 6, 13), "day": DAY})
    assert value_on(old, "B", DAY).reason == "valuation_not_pulled"


def test_a_basket_has_medians_of_those_with_earnings_and_the_share_of_losses():
    held = prices(
        **{name: history([pe] * 10, [pb] * 10) for name, pe, pb in (("A", 10.0, 1.0), ("B", 30.0, 4.0), ("C", -5.0, 2.0))}
    )
    basket = value_basket({name: value_on(held, name, DAY) for name in "ABCD"})
    assert (basket.count, basket.pe_ttm, basket.pb) == (3, 20.0, 2.0)
    assert basket.losses == pytest.approx(1 / 3)
    assert value_basket({"D": value_on(held, "D", DAY)}) is None
