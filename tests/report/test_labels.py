from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.measures.quotes import is_doubtful
from screener.report.document import Cell
from screener.report.draw.palette import heat_step
from screener.report.figures import cell_text, number, percent, points, tone
from screener.report.wording import bullet_of, doubtful_word
from screener.terms.notes import GAP_CODES, Gap
from screener.thesis.scale import Band, Ladder
from screener.writers.page.marks import bullet


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.00%"),
        (-0.0, "0.00%"),
        (0.00004, "0.00%"),
        (-0.00004, "0.00%"),
        (0.00005, "+0.01%"),
        (-0.00005, "−0.01%"),
        (0.12345, "+12.35%"),
        (-0.041076, "−4.11%"),
        (0.080049999999999, "+8.01%"),
        (12.3456, "+1,234.56%"),
    ],
)
def test_a_return_is_shown_with_its_sign_and_rounded_away_from_zero(value, shown):
    assert percent(value) == shown


def test_points_have_a_narrow_space_before_their_unit():
    assert points(0.0575405) == "+5.75\u202fpp"
    assert points(-0.0123, unit=False) == "−1.23"


@given(st.floats(-5, 5))
def test_the_sign_shown_is_the_sign_of_what_is_shown(value):
    shown = percent(value)
    assert shown[0] == {"up": "+", "dn": "−", "mut": "0"}[tone(value)]
    assert "-" not in shown


@given(st.floats(-1000, 1000))
def test_what_is_shown_is_within_half_a_step_of_the_value(value):
    shown = float(number(value).replace("−", "-").replace(",", ""))
    assert abs(shown - value) <= 0.005 + 1e-6


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (-0.06, "dn-s"),
        (-0.0599, "dn-t"),
        (-0.02, "dn-t"),
        (-0.0199, "wash"),
        (0.0199, "wash"),
        (0.02, "up-t"),
        (0.0599, "up-t"),
        (0.06, "up-s"),
    ],
)
def test_heat_steps_are_fixed_and_own_their_outer_edges(value, token):
    assert heat_step(value).token == token


def test_a_gap_is_a_word_with_its_code_and_never_a_number():
    gap = Cell("gap", Gap("stale", "stale_close", {"symbol": "x", "last": dt.date(2025, 1, 1), "day": dt.date(2025, 2, 1)}))
    assert cell_text(gap, "zh") == "缺口 数据过期"
    assert cell_text(gap, "en") == "gap out of date"
    assert cell_text(Cell("not_due"), "zh") == "未到期"


def test_every_kind_of_gap_has_its_words_and_none_is_a_code():
    for code in GAP_CODES:
        words = {Gap(code, "no_file").kind(lang) for lang in ("zh", "en")}
        assert len(words) == 2
        assert not any("_" in each for each in words)


def test_a_stretch_that_a_partial_ladder_leaves_out_is_a_strip_without_a_word():
    bands = (
        Band(rating="推荐", rating_en="Recommend", lower=0.10, upper=0.20, side="buy"),
        Band(rating="中性", rating_en="Neutral", lower=-0.10, upper=0.10, lower_closed=True, upper_closed=True, side="hold"),
    )
    ladder = Ladder(bands=bands, partial=True, window={"from_months": 6, "to_months": 12})
    picture = bullet_of(0.05, None, ladder, "zh").value
    assert picture.edges == (-0.10, 0.10, 0.20)
    assert [band.rating for band in picture.bands] == ["", "中性", "推荐", ""]
    assert "<svg" in bullet(picture, "x", "y")


def test_a_band_on_unknown_actions_is_doubtful_on_every_surface_by_one_mark():
    assert is_doubtful(("suspended", "actions_unknown"))
    assert not is_doubtful(("suspended", "near_edge"))
    assert doubtful_word("买入", ("actions_unknown",), "zh") == "买入（存疑）"
    assert doubtful_word("Buy", ("near_edge",), "en") == "Buy"
