"""The grid of conventions: against plain Python on a made-up market, and on the bundled figures."""

import csv
import datetime as dt
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.evidence.sensitivity import CELL_COLUMNS, heat_table, measure_sensitivity, publication_days
from screener.measures.levels import BASE_PRICES
from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.sessions import load_calendar
from screener.thesis.scale import rate, rate_all
from tests.conftest import ROOT

AS_OF = dt.date(2025, 6, 30)
INDEX = "801770.SI"
HEADLINE = {
    "anchor": "published",
    "base_price": "last_close",
    "weighting": "hold",
    "form": "arithmetic",
    "series": "price",
    "benchmark": "000300.SH",
}


@pytest.fixture(scope="module")
def checked(bundled):
    outcome = check_outcome(*bundled, SnapshotSource(), as_of=AS_OF, today=AS_OF)
    return outcome, measure_sensitivity(outcome)


def pick(cells, **wanted):
    mine = cells
    for column, value in wanted.items():
        mine = mine[mine[column] == value]
    return mine


def snapshot_closes(code):
    with (ROOT / "screener" / "data" / "closes.csv").open(encoding="utf-8") as file:
        return {row["date"]: float(row[code]) for row in csv.DictReader(file) if row[code]}


def test_the_grid_holds_the_cell_that_says_the_opposite_of_the_headline(checked):
    _, grid = checked
    own, other = snapshot_closes("801770"), snapshot_closes("000300")

    def by_hand(base, end):
        return own[end] / own[base] - other[end] / other[base]

    # Published on Sunday 7 April; the last session was Wednesday the 3rd, before the Qingming holiday.
    dissent = pick(
        grid.cells, subject=INDEX, horizon_months=12, published=dt.date(2024, 4, 7), **{**HEADLINE, "anchor": "base_date"}
    )
    assert dissent["excess"].tolist() == pytest.approx([by_hand("2024-04-03", "2025-04-03")], abs=1e-12)
    assert round(float(dissent["excess"].iloc[0]) * 100, 1) == 13.3
    assert dissent["band"].tolist() == ["强于大市"]
    headline = pick(grid.cells, subject=INDEX, horizon_months=12, published=dt.date(2024, 4, 14), **HEADLINE)
    assert headline["excess"].tolist() == pytest.approx([by_hand("2024-04-12", "2025-04-14")], abs=1e-12)
    assert round(float(headline["excess"].iloc[0]) * 100, 1) == 6.8
    assert headline["band"].tolist() == ["中性"]


@pytest.mark.slow
def test_every_cell_of_the_headline_convention_is_the_row_of_the_outcome(checked):
    outcome, grid = checked
    for row in outcome.rows:
        pair = {"series": row.series, "benchmark": row.benchmark}
        cell = pick(
            grid.cells,
            subject=row.subject,
            horizon_months=row.horizon_months,
            published=outcome.published,
            **{**HEADLINE, **pair},
        )
        assert cell["excess"].tolist() == pytest.approx([row.excess], abs=1e-12)
        assert cell["band"].tolist() == [row.band]


def test_no_cell_stands_twice_and_what_does_not_apply_makes_none(checked):
    _, grid = checked
    keys = [column for column in CELL_COLUMNS if column not in ("excess", "band", "gap")]
    assert not grid.cells.duplicated(keys).any()
    singles = grid.cells[grid.cells["subject"].isin(["switch_chip", "600941.SH", INDEX])]
    assert set(singles["weighting"]) == {"hold"}
    assert set(pick(grid.cells, subject="all")["weighting"]) == {"hold", "rebalanced"}
    assert set(pick(grid.cells, subject=INDEX)["series"]) == {"price"}
    # 30 April is a session: counting from the date or from the base session is one and the same.
    assert set(pick(grid.cells, published=dt.date(2024, 4, 30))["anchor"]) == {"published"}


def test_a_basket_has_at_least_a_thousand_cells(checked):
    _, grid = checked
    assert len(pick(grid.cells, subject="all", horizon_months=12)) >= 1000


def test_opens_that_the_snapshot_lacks_are_left_out_and_said_so(checked):
    _, grid = checked
    assert set(grid.cells["base_price"]) == set(BASE_PRICES) - {"next_open"}
    assert {each.lacking for each in grid.left_out} == {"000300.SH", "H00300.CSI"}


def test_agreement_counts_the_cells_with_the_headlines_band(checked):
    outcome, grid = checked
    for subject, months in (("all", 12), (INDEX, 9), ("600498.SH", 12)):
        bands = Counter(pick(grid.cells, subject=subject, horizon_months=months)["band"])
        agreement = grid.agreement_of(subject, months)
        headline = outcome.row(subject, months).band
        assert agreement.headline_band == headline
        assert agreement.cells == sum(bands.values())
        assert agreement.share_same == bands[headline] / agreement.cells
        assert sum(agreement.bands.values()) == pytest.approx(1)


def test_the_choice_that_moves_most_has_the_widest_range_when_it_alone_varies(checked):
    _, grid = checked
    mine = [each for each in grid.choices if (each.subject, each.horizon_months) == ("operators", 12)]
    alone = {key: value for key, value in HEADLINE.items() if key != "weighting"}
    cells = pick(grid.cells, subject="operators", horizon_months=12, published=dt.date(2024, 4, 14), **alone)
    weighting = next(each for each in mine if each.choice == "weighting")
    assert weighting.cells == 2
    assert weighting.spread == pytest.approx(abs(cells["excess"].iloc[0] - cells["excess"].iloc[1]))
    assert [each.choice for each in mine if each.moves_most] == [max(mine, key=lambda each: each.spread).choice]


def test_the_heat_table_shows_dates_by_base_price(checked):
    outcome, grid = checked
    table = heat_table(grid, outcome, INDEX, 12)
    assert list(table.columns) == ["last_close", "previous_close", "next_close", "mean_5"]
    assert round(table.loc[(dt.date(2024, 4, 7), "base_date"), "last_close"], 4) == 0.1330


def test_a_printed_date_is_varied_by_five_sessions_either_way(bundled):
    thesis, scale = bundled
    printed = thesis.model_copy(update={"published_basis": "printed"})
    outcome = check_outcome(printed, scale, SnapshotSource(), as_of=AS_OF, today=AS_OF)
    days = publication_days(outcome)
    # Friday 12 April and five sessions either way (the 4th and 5th were a holiday), and Sunday the 14th itself.
    assert [f"{day:%m-%d}" for day in days] == [
        "04-03", "04-08", "04-09", "04-10", "04-11", "04-12", "04-14", "04-15", "04-16", "04-17", "04-18", "04-19",
    ]  # fmt: skip


def test_what_is_not_due_is_a_gap_and_not_a_cell_that_agrees(bundled):
    outcome = check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 10, 9), as_of=AS_OF, today=AS_OF)
    grid = measure_sensitivity(outcome)
    late = pick(grid.cells, subject="all", horizon_months=12)
    assert set(late["gap"]) == {"not_due"}
    assert late["excess"].isna().all()
    assert grid.agreement_of("all", 12).share_same is None
    assert grid.agreement_of("all", 6).share_same is not None


ladders = st.sampled_from(["stock", "industry"])


@given(st.lists(st.floats(-3, 3) | st.sampled_from([-0.1, 0.05, 0.1, 0.2, 0.05 + 1e-10, 0.1 - 1e-10])), ladders)
def test_rating_an_array_is_rating_each_number(bundled, values, name):
    ladder = getattr(bundled[1], name)
    assert rate_all(np.array(values, dtype=float), ladder).tolist() == [rate(value, ladder) for value in values]


def test_a_number_that_is_missing_has_no_band_and_infinity_is_refused(bundled):
    assert rate_all(np.array([np.nan]), bundled[1].stock).tolist() == [None]
    with pytest.raises(ValueError, match="infinite"):
        rate_all(np.array([np.inf]), bundled[1].stock)


# --- a made-up market with opens, a split, a dividend and a suspension, and the grid in plain Python ---------------------


# The bundled closes of the report's own names would contradict invented ones: other codes take their places.
OTHERS = ("600000", "600036", "601166", "601318", "600519", "600030", "600276", "600585", "601398", "601288", "601988")
SPLIT, PAYS, HALTED = "600036.SH", "600000.SH", "601166.SH"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory, bundled):
    own, scale = bundled
    places = zip(own.candidates, OTHERS, strict=True)
    renamed = tuple(each.model_copy(update={"symbol": f"{code}.SH", "listings": ()}) for each, code in places)
    thesis = own.model_copy(update={"candidates": renamed})
    folder = tmp_path_factory.mktemp("market")
    draws = random.Random(7)
    days = [str(day) for day in load_calendar().between(dt.date(2024, 1, 2), AS_OF)]
    symbols = [each.symbol for each in thesis.candidates]
    series = {symbol: walk(draws, days) for symbol in (*symbols, "000300.SH", "H00300.CSI", INDEX)}
    halted = set(days[days.index("2024-04-15") : days.index("2024-04-18")])
    for day in halted:
        del series[HALTED][day]
    for day in days[days.index("2024-06-03") :]:
        series[SPLIT][day] = tuple(round(price / 1.5, 2) for price in series[SPLIT][day])
    (folder / "raw").mkdir()
    (folder / "index").mkdir()
    for symbol, bars in series.items():
        bare = symbol in ("H00300.CSI", INDEX)
        lines = [f"{day},{'' if bare else bar[0]},{bar[1]}" for day, bar in bars.items()]
        place = "raw" if symbol in symbols else "index"
        (folder / place / f"{symbol.split('.')[0]}.csv").write_text("date,open,close\n" + "\n".join(lines) + "\n")
    actions = "code,ex_date,cash_per_share,split_ratio\n600036,2024-06-03,0.2,1.5\n600000,2024-07-01,0.9,1\n"
    (folder / "actions.csv").write_text(actions)
    outcome = check_outcome(thesis, scale, FolderSource(folder), as_of=AS_OF, today=AS_OF)
    return outcome, measure_sensitivity(outcome), series, days


def walk(draws, days):
    price, bars = 50.0, {}
    for day in days:
        start = round(price * (1 + draws.uniform(-0.01, 0.01)), 2)
        price = round(start * (1 + draws.uniform(-0.02, 0.022)), 2)
        bars[day] = (start, price)
    return bars


ACTIONS = {SPLIT: ("2024-06-03", 0.2, 1.5), PAYS: ("2024-07-01", 0.9, 1.0)}


def slow_levels(symbol, series, bars, days):
    """{day: (level of the open or None, level of the close)} with carried closes, one day after another."""
    factor, last, levels = 1.0, None, {}
    ex, cash, ratio = ACTIONS.get(symbol, (None, 0, 1))
    for day in days:
        if day in bars:
            if day == ex and series == "price":
                factor *= ratio
            elif day == ex:
                factor *= last * ratio / (last - cash)
            last = bars[day][1]
            levels[day] = (bars[day][0] * factor, last * factor)
        elif last is not None:
            levels[day] = (last * factor, last * factor)
    return levels


def slow_value(members, days, published, base_price, weighting, end):
    """Value at `end` of 1 invested under a convention; members: {symbol: {day: (open, close)}}."""
    base = max(at for at, day in enumerate(days) if day <= published)
    entered, start = {}, base
    for symbol, levels in members.items():
        if base_price == "last_close":
            entered[symbol] = levels[days[base]][1]
        elif base_price == "previous_close":
            start, entered[symbol] = base - 1, levels[days[base - 1]][1]
        elif base_price == "next_open":
            start, entered[symbol] = base + 1, levels[days[base + 1]][0]
        elif base_price == "next_close":
            start, entered[symbol] = base + 1, levels[days[base + 1]][1]
        else:
            start = base + 5
            entered[symbol] = sum(levels[days[base + count]][1] for count in range(1, 6)) / 5
    if weighting == "hold":
        return sum(levels[end][1] / entered[symbol] for symbol, levels in members.items()) / len(members)
    value = sum(levels[days[start]][1] / entered[symbol] for symbol, levels in members.items()) / len(members)
    for at in range(start + 1, days.index(end) + 1):
        value *= sum(levels[days[at]][1] / levels[days[at - 1]][1] for levels in members.values()) / len(members)
    return value


def months_later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = [31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    return dt.date(year, month + 1, min(day.day, last))


@pytest.mark.parametrize("subject", ["operators", HALTED, SPLIT, "931160.CSI", INDEX])
def test_every_cell_equals_a_slow_plain_python_version(made_up, subject):
    outcome, grid, series, days = made_up
    cells = pick(grid.cells, subject=subject)
    members = next(each for each in outcome.thesis.subjects() if each.id == subject).members
    if subject == "931160.CSI":
        assert set(cells["gap"]) == {"no_data"}
        return
    levels = {
        name: {symbol: slow_levels(symbol, name, series[symbol], days) for symbol in members} for name in ("price", "total")
    }
    others = {symbol: {symbol: slow_levels(symbol, "price", series[symbol], days)} for symbol in ("000300.SH", "H00300.CSI")}
    assert len(cells) > 200
    for cell in cells.sample(n=min(len(cells), 400), random_state=1).itertuples():
        published = cell.published
        base = max(day for day in days if day <= str(published))
        anchor = published if cell.anchor == "published" else dt.date.fromisoformat(base)
        end = max(day for day in days if day <= str(months_later(anchor, cell.horizon_months)))
        own = slow_value(levels[cell.series], days, str(published), cell.base_price, cell.weighting, end)
        other = slow_value(others[cell.benchmark], days, str(published), cell.base_price, "hold", end)
        expected = own - other if cell.form == "arithmetic" else own / other - 1
        assert cell.excess == pytest.approx(expected, abs=1e-10), cell


def test_opens_are_used_where_both_sides_have_them(made_up):
    _, grid, _, _ = made_up
    opened = pick(grid.cells, base_price="next_open")
    assert set(opened["benchmark"]) == {"000300.SH"}
    assert INDEX not in set(opened["subject"])
    assert {each.lacking for each in grid.left_out if each.subject == "operators"} == {"H00300.CSI"}
