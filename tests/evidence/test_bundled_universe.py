"""The bundled market of one base date: what a first run says of chance, against figures worked out elsewhere."""

from __future__ import annotations

import csv
import datetime as dt
import statistics

import pytest

from screener.screening import check_outcome, check_trust
from screener.sources.bundled_universe import load_bundled_history, load_bundled_universe
from screener.sources.snapshot import SnapshotSource
from tests.conftest import ROOT

DATA = ROOT / "screener" / "data"
AS_OF = dt.date(2025, 6, 30)


def outcome_of(bundled, **asked):
    return check_outcome(*bundled, SnapshotSource(), as_of=AS_OF, today=AS_OF, **asked)


@pytest.fixture(scope="module")
def trust(bundled):
    return check_trust(outcome_of(bundled), SnapshotSource())


def test_the_report_stands_where_400_000_baskets_put_it(trust):
    # Worked out apart from this code: 91.6, 99.7, 98.1; the scatter of 10,000 baskets is 0.9, 0.2, 0.5.
    for months, percentile, scatter in ((6, 91.6, 0.9), (9, 99.7, 0.2), (12, 98.1, 0.5)):
        found = trust.placebo_of("all", months, "baskets")
        assert found.percentile * 100 == pytest.approx(percentile, abs=2 * scatter)
        assert (found.size, found.left_out) == (11, ())


def test_the_baskets_own_excess_is_that_of_the_table_and_its_benchmark(trust):
    with (DATA / "universe_2024-04-12.csv").open() as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    with (DATA / "closes.csv").open() as file:
        index = {row["date"]: float(row["H00300"]) for row in csv.DictReader(file)}
    codes = [symbol[:6] for symbol in trust.outcome.thesis.members("all")]
    for months, end in ((6, "2024-10-14"), (9, "2025-01-14"), (12, "2025-04-14")):
        mean = statistics.fmean(float(rows[code][f"ret{months}m"]) for code in codes)
        expected = mean - (index[end] / index["2024-04-12"] - 1)
        assert trust.placebo_of("all", months, "baskets").excess == pytest.approx(expected, abs=1e-12)


def test_the_universe_agrees_with_the_bundled_prices_of_the_eleven_names(bundled):
    # Two vendors and two ways of adjusting: within half a percentage point over twelve months.
    outcome, universe = outcome_of(bundled), load_bundled_universe(benchmark="000300.SH")
    for symbol in outcome.thesis.members("all"):
        column = universe.columns([symbol])[0]
        for place, months in enumerate((6, 9, 12), start=1):
            own = outcome.row(symbol, months, "total").own_return
            assert universe.level[place, column] - 1 == pytest.approx(own, abs=0.005)


def test_what_the_universe_leaves_out_is_counted_and_said(trust):
    found = trust.placebo_of("all", 12, "baskets")
    assert found.universe_size + found.excluded["bse"] + found.excluded["no_end_close"] == 5360
    assert {note.code for note in found.basis} >= {"placebo_bundled"}
    assert found.dividends is None  # the levels hold the dividends: there is no such bias


def test_a_universe_of_one_base_date_has_no_other_dates_and_refuses_another_base(bundled, trust):
    assert trust.placebo_of("all", 12, "dates") is None
    assert not list(trust.gaps())
    other = outcome_of(bundled, published=dt.date(2024, 10, 14))
    late = check_trust(other, SnapshotSource(), placebo=100, universe="bundled")
    assert {late.placebo_of("all", 6, each).gap.reason for each in ("baskets", "matched_baskets")} == {"placebo_other_base"}


def test_the_bundled_industries_give_the_base_rates_that_were_counted_by_hand(trust):
    # 76% of the 783 sessions from 2021 on whose twelve months ended by 2025-04-14 earned at least 10 pp.
    found = trust.base_rate_of("801770.SI", 12, "dates")
    assert found.n == 783
    assert found.share["强于大市"] == pytest.approx(0.76, abs=0.005)
    assert trust.base_rate_of("801770.SI", 12, "industries").n == 30


def test_the_longer_history_of_one_index_does_not_lend_days_to_the_others():
    history = load_bundled_history(benchmark="000300.SH", end=AS_OF)
    own, other = (history.close[:, history.symbols.index(symbol)] for symbol in ("801770.SI", "801010.SI"))
    assert str(history.sessions[0]) == "2021-01-04"
    assert own[0] == 2135.0
    before = history.sessions < history.sessions.dtype.type("2023-12-29")
    assert (other[before] != other[before]).all()  # NaN
    assert (other[~before] == other[~before]).all()
