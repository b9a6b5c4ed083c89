from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.thesis.rating import is_at_least, is_near_edge, rate, to_next_edge

EXCESS = st.floats(-2, 5, allow_nan=False)


@pytest.fixture(scope="module")
def scale(bundled):
    return bundled[1]


@pytest.mark.parametrize(
    ("excess", "rating"),
    [
        (0.20, "买入"),
        (0.1 + 0.1, "买入"),
        (0.3 - 0.1, "买入"),  # 0.19999999999999998 is 0.20
        (0.1999999, "增持"),
        (0.05, "增持"),
        (0.0499999, "持有"),
        (0.0, "持有"),
        (-0.0999999, "持有"),
        (-0.10, "卖出"),
        (-0.5, "卖出"),
    ],
)
def test_the_outer_stock_bands_own_their_edges(scale, excess, rating):
    assert rate(excess, scale.stock) == rating


@pytest.mark.parametrize(
    ("excess", "rating"),
    [(0.10, "强于大市"), (0.0999999, "中性"), (-0.0999999, "中性"), (-0.10, "弱于大市"), (0.3 - 0.2, "强于大市")],
)
def test_the_outer_industry_bands_own_their_edges(scale, excess, rating):
    assert rate(excess, scale.industry) == rating


@given(EXCESS)
def test_exactly_one_band_holds_any_excess(scale, excess):
    for ladder in (scale.stock, scale.industry):
        assert sum(band.holds(round(excess, 9)) for band in ladder.bands) == 1


@given(EXCESS, EXCESS)
def test_more_excess_never_earns_a_worse_rating(scale, one, other):
    low, high = sorted((one, other))
    for ladder in (scale.stock, scale.industry):
        rank = ladder.ratings.index
        assert rank(rate(high, ladder)) <= rank(rate(low, ladder))


@pytest.mark.parametrize("excess", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_earns_no_band(scale, excess):
    with pytest.raises(ValueError, match="finite"):
        rate(excess, scale.stock)


@pytest.mark.parametrize(
    ("excess", "distance"),
    [
        (0.0075, 0.0425),  # 持有 looks up to 5%
        (0.1179, -0.0679),  # 增持 is nearer to 5% than to 20%
        (0.2515, -0.0515),
        (-0.2277, 0.1277),
        (0.1906, 0.0094),
        (-0.025, 0.075),  # equally far from −10% and 5%: the upper edge
    ],
)
def test_the_next_edge_is_the_nearest_with_its_sign(scale, excess, distance):
    assert to_next_edge(excess, scale.stock) == pytest.approx(distance, abs=1e-12)


def test_half_a_point_from_an_edge_is_near_it(scale):
    assert is_near_edge(0.105, scale.industry)
    assert is_near_edge(0.095, scale.industry)
    assert not is_near_edge(0.1050001, scale.industry)
    assert not is_near_edge(0.0, scale.industry)


@pytest.mark.parametrize(
    ("earned", "stated", "expected"),
    [
        ("买入", "增持", True),
        ("持有", "增持", False),
        ("持有", "持有", True),
        ("买入", "持有", False),
        ("卖出", "卖出", True),
        ("持有", "卖出", False),
    ],
)
def test_at_least_asks_for_better_on_the_buy_side_and_the_same_on_hold(scale, earned, stated, expected):
    assert is_at_least(earned, stated, scale.stock) is expected
