from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screener.measures.returns import (
    beta,
    contributions,
    drawdown,
    excess_return,
    geometric_excess,
    held_basket,
    rebalanced_basket,
    simple_return,
    volatility,
    worst_drawdown,
)

LEVELS = arrays(float, st.tuples(st.integers(2, 12), st.integers(1, 5)), elements=st.floats(1, 1000))


def test_returns_and_both_forms_of_excess_by_hand():
    assert simple_return(80.0, 100.0) == pytest.approx(0.25)
    assert excess_return(0.25, 0.10) == pytest.approx(0.15)
    assert geometric_excess(0.25, 0.10) == pytest.approx(1.25 / 1.10 - 1)


def test_a_held_basket_drifts_and_a_rebalanced_one_does_not():
    # A doubles, then halves; B stays. Held: 1, 1.5, 1. Rebalanced: 1, 1.5, 1.5 × 0.75.
    levels = np.array([[10.0, 10.0], [20.0, 10.0], [10.0, 10.0]])
    assert held_basket(levels).tolist() == [1.0, 1.5, 1.0]
    assert rebalanced_basket(levels).tolist() == [1.0, 1.5, 1.125]


def test_contributions_use_the_weights_that_drifted_since_the_base():
    # Since the base A doubled and B stood still, so A weighs 2/3; this week A falls 10% and B gains 10%.
    parts = contributions(np.array([10.0, 10.0]), np.array([20.0, 10.0]), np.array([18.0, 11.0]))
    assert parts.tolist() == pytest.approx([-2 / 30, 1 / 30])


@given(LEVELS)
def test_contributions_add_up_to_the_basket(levels):
    base, start, end = levels[0], levels[len(levels) // 2], levels[-1]
    basket = (end / base).sum() / (start / base).sum() - 1
    assert contributions(base, start, end).sum() == pytest.approx(basket, abs=1e-9)


@given(LEVELS)
def test_a_basket_of_one_is_its_member(levels):
    one = levels[:, :1]
    assert np.allclose(held_basket(one), one[:, 0] / one[0, 0])
    assert np.allclose(rebalanced_basket(one), one[:, 0] / one[0, 0])


@given(st.floats(1, 1000), st.floats(1, 1000))
def test_the_benchmark_has_no_excess_over_itself(start, end):
    own = simple_return(start, end)
    assert excess_return(own, own) == 0.0
    assert geometric_excess(own, own) == 0.0


def test_drawdown_looks_back_from_the_last_level_and_the_worst_along_the_path():
    levels = np.array([100.0, 120.0, 60.0, 90.0])
    assert drawdown(levels) == pytest.approx(-0.25)
    assert worst_drawdown(levels) == pytest.approx(-0.5)


@given(arrays(float, st.integers(1, 30), elements=st.floats(0.5, 500)))
def test_a_drawdown_is_never_positive_and_never_below_the_worst(levels):
    assert -1 < worst_drawdown(levels) <= drawdown(levels) <= 0


def test_volatility_is_the_sample_deviation_times_the_root_of_250():
    returns = np.array([0.01, -0.01, 0.03])
    mean = 0.01
    deviation = math.sqrt(((0.01 - mean) ** 2 + (-0.01 - mean) ** 2 + (0.03 - mean) ** 2) / 2)
    assert volatility(returns) == pytest.approx(deviation * math.sqrt(250))
    assert volatility(returns[:1]) is None


def test_volatility_and_beta_forget_what_is_older_than_250_days():
    old = np.concatenate([np.full(50, 9.0), np.tile([0.01, -0.01], 125)])
    assert volatility(old) == pytest.approx(volatility(old[50:]))
    assert beta(old, old) == pytest.approx(1.0)


def test_beta_against_a_benchmark_that_does_not_move_is_unknown():
    assert beta(np.array([0.01, 0.02]), np.zeros(2)) is None


@pytest.mark.slow
def test_volatility_agrees_with_an_independent_library():
    from empyrical import annual_volatility

    returns = np.random.default_rng(7).normal(0, 0.02, 200)
    assert volatility(returns) == pytest.approx(annual_volatility(returns, annualization=250))
