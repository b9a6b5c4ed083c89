"""When a group of ratings is large enough to say something."""

from __future__ import annotations

import pandas as pd
import pytest

from screener.grading.scoreboard import SUMS, score_group


@pytest.mark.parametrize(("ratings", "symbols", "small"), [(30, 10, False), (29, 10, True), (30, 9, True)])
def test_fewer_than_thirty_ratings_or_ten_stocks_say_nothing_of_a_house(ratings, symbols, small):
    each, rest = divmod(ratings, symbols)
    counts = [each + (at < rest) for at in range(symbols)]
    sums = pd.DataFrame(dict.fromkeys(SUMS, 0.0), index=range(symbols)).assign(count=counts, measured=counts, hits=1)
    assert score_group("house", "某机构", sums).small is small
