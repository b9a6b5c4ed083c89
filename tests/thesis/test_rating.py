from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.report.figures import distance_text, points_in
from screener.thesis.scale import edge_text, is_at_least, is_near_edge, rate, to_next_edge

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


@pytest.mark.parametrize(
    ("excess", "shown", "word"),
    [
        (0.09996, "+9.996", "中性"),  # two decimals would say +10.00, which is 强于大市
        (0.0999999, "+9.99999", "中性"),
        (0.10, "+10.00", "强于大市"),
        (0.10004, "+10.004", "强于大市"),  # not at the edge, so not shown at it
        (-0.09996, "−9.996", "中性"),
        (0.0667, "+6.67", "中性"),
    ],
)
def test_a_figure_is_shown_with_the_digits_that_keep_it_in_its_band(scale, excess, shown, word):
    assert points_in(excess, scale.industry, unit=False) == shown
    assert rate(excess, scale.industry) == word


@given(st.one_of(EXCESS, st.floats(-0.0002, 0.0002).map(lambda near: 0.10 + near)), st.integers(0, 2))
def test_a_shown_figure_earns_the_band_of_the_figure(scale, excess, least):
    for ladder in (scale.stock, scale.industry):
        shown = points_in(excess, ladder, least, unit=False)
        read = float(shown.replace("−", "-").replace(",", "")) / 100
        assert rate(read, ladder) == rate(excess, ladder), shown
        assert (round(read, 9) in ladder.edges) == (round(excess, 9) in ladder.edges)


@pytest.mark.parametrize(("distance", "shown"), [(0.00004, "0.004"), (-0.0000012, "0.0001"), (0.0, "0.00"), (0.0123, "1.23")])
def test_only_an_edge_is_shown_at_no_distance_from_itself(distance, shown):
    assert distance_text(distance).removesuffix("\u202fpp") == shown


@pytest.mark.parametrize(("edge", "written"), [(0.2, "+20"), (-0.025, "−2.5"), (0.0, "0"), (0.07, "+7"), (1.25, "+125")])
def test_an_edge_is_written_with_its_sign_and_no_more_digits_than_it_has(edge, written):
    assert edge_text(edge) == written


def test_a_band_says_which_of_its_edges_it_owns(scale):
    assert scale.stock.text("zh") == "买入 ≥ +20，+5 ≤ 增持 < +20，−10 < 持有 < +5，卖出 ≤ −10"
    assert scale.industry.text("en") == "Outperform ≥ +10, −10 < Neutral < +10, Underperform ≤ −10"
    assert scale.industry.level_band.range("zh") == "±10"
