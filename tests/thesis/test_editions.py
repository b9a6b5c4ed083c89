"""Rating standards as data: the format, every bundled edition, and which edition holds for a report."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.thesis.check import check_scale_text
from screener.thesis.comparison import comparison_of
from screener.thesis.editions import choose_edition, months_outside, plain_house
from screener.thesis.library import open_library
from screener.thesis.scale import judge_rating, no_standard, rate

HEAD = 'id = "x"\nhouse = "某证券"\nhouse_en = "Some House"\nsource = "print"\n'
STOCK = """
[[stock.bands]]
rating = "买入"
rating_en = "Buy"
lower = 0.1
lower_closed = true
side = "buy"
[[stock.bands]]
rating = "持有"
rating_en = "Hold"
upper = 0.1
side = "hold"
"""


@pytest.fixture(scope="module")
def editions():
    return open_library().editions()


@pytest.fixture(scope="module")
def by_id(editions):
    return {each.id: each for each in editions}


def read(text: str):
    return check_scale_text(text.encode(), "x.toml")


def test_every_bundled_edition_is_whole_and_fifty_houses_have_a_confirmed_one(editions):
    sure = [each for each in editions if choose_edition([each], each.house, dt.date(2021, 1, 1)) is not None]
    assert len({each.house for each in sure}) >= 51
    for each in sure:
        for ladder in (each.own_stock, each.own_industry):
            assert (
                ladder is None
                or ladder.unconfirmed
                or ladder.partial
                or ladder.measure == "words_only"
                or (rate(9.0, ladder) == ladder.ratings[0] and rate(-0.99, ladder) == ladder.ratings[-1])
            ), each.id


def test_a_window_of_the_whole_file_is_that_of_each_ladder_without_its_own():
    scale, problems = read(HEAD + "[window]\nfrom_months = 6\nto_months = 12\n" + STOCK)
    assert not problems
    assert scale.stock.window.horizons == (6, 9, 12)
    own, problems = read(HEAD + STOCK + "[stock.window]\nfrom_months = 3\nto_months = 6\n")
    assert not problems
    assert own.stock.window.horizons == (3, 4, 6)
    assert own.months == (3, 4, 6, 9, 12)


def test_a_ladder_without_a_window_or_with_edges_on_words_only_is_a_problem_with_its_place():
    assert [each.code for each in read(HEAD + STOCK)[1]] == ["window_missing"]
    words = HEAD + '[window]\nfrom_months = 6\nto_months = 6\n[stock]\nmeasure = "words_only"\n' + STOCK
    assert {each.code for each in read(words)[1]} == {"band_with_edges"}


def test_an_open_bottom_is_a_problem_unless_the_ladder_says_that_it_is_partial(by_id):
    lines = (
        HEAD
        + "[window]\nfrom_months = 6\nto_months = 6\n[stock]\n{}"
        + STOCK.replace("upper = 0.1", "upper = 0.1\nlower = -0.2")
    )
    assert [each.code for each in read(lines.format(""))[1]] == ["band_hole"]
    scale, problems = read(lines.format("partial = true\n"))
    assert not problems
    assert rate(-0.3, scale.stock) is None
    assert judge_rating(-0.3, "持有", scale.stock).hit is None


@pytest.mark.parametrize(
    ("house", "day", "rating", "chosen"),
    [
        ("国联证券", "2024-04-14", "强于大市", "guolian"),
        ("国联民生证券股份有限公司", "2025-06-01", None, "guolian"),  # outside all: the nearest
        ("光大", "2024-04-01", None, "ebscn"),
        ("安信证券", "2020-05-01", None, "essence"),  # the former name of 国投证券
        ("华泰证券", "2020-05-01", None, "htsc-2"),  # a year is January to December: both hold, the later
        ("西南证券", "2018-05-01", "增持", "swsc-1"),  # both hold, only one knows the word
        ("西南证券", "2018-05-01", "持有", "swsc-2"),
        ("招商证券", "2022-07-31", None, "cms-1"),  # five months from either: the earlier
        ("招商证券", "2022-08-01", None, "cms-2"),
        ("长城证券", "2021-04-15", "强于大市", "cgws-1"),  # the edition of that month was seen once only
        ("国新证券", "2024-04-01", None, None),
        ("银河证券", "2020-06-01", None, None),
    ],
)
def test_the_edition_is_the_one_of_the_house_and_the_date(editions, house, day, rating, chosen):
    found = choose_edition(editions, house, dt.date.fromisoformat(day), rating=rating)
    assert (found.id if found else None) == chosen


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31)))
def test_no_other_edition_of_a_house_is_nearer_than_the_chosen_one(editions, day):
    for house in ("华泰证券", "招商证券", "西南证券", "国信证券"):
        own = [each for each in editions if each.house == house and not each.unconfirmed]
        chosen = choose_edition(editions, house, day)
        assert months_outside(chosen, day) == min(months_outside(each, day) for each in own)


def test_an_edition_seen_once_is_used_by_name_only(editions, by_id):
    assert by_id["cib-2"].unconfirmed
    assert choose_edition(editions, "兴业证券", dt.date(2024, 8, 1)).id == "cib-1"
    western = choose_edition(editions, "西部证券", dt.date(2024, 8, 1))
    assert western.own_stock is None  # its stock ladder was seen once
    assert by_id["xbzq"].own_stock is not None


def test_legal_endings_and_width_do_not_hide_a_house():
    assert plain_house(" 国联证券股份有限公司 ") == plain_house("国联证券") == "国联证券"
    assert plain_house("ＨＴＳＣ") == "htsc"


@pytest.mark.parametrize(
    ("name", "kind", "symbol", "index", "gap", "flags"),
    [
        ("htsc-2", "stock", "600941.SH", "000300.SH", None, ("standard_total",)),
        ("orient", "stock", "600941.SH", "000001.SH", None, ()),
        ("orient", "stock", "002281.SZ", "399001.SZ", None, ()),
        ("orient", "stock", "832000.BJ", None, "no_benchmark", ()),
        ("orient", "industry", None, "000001.SH", None, ("benchmark_assumed",)),
        ("ebscn", "stock", "300442.SZ", "399006.SZ", None, ()),
        ("ebscn", "stock", "600941.SH", "000300.SH", None, ()),
        ("gjzq", "stock", "600941.SH", None, None, ("absolute",)),
        ("gjzq", "industry", None, "000300.SH", None, ("benchmark_assumed",)),
        ("haitong", "industry", None, None, "no_benchmark", ()),
        ("cgws-1", "stock", "600941.SH", "801770.SI", None, ("against_industry",)),
        ("kysec", "industry", None, "000300.SH", None, ("by_sign",)),
    ],
)
def test_each_standard_measures_against_the_index_that_it_names(by_id, name, kind, symbol, index, gap, flags):
    scale = by_id[name]
    ladder = scale.own_stock if kind == "stock" else scale.own_industry
    found = comparison_of(scale, ladder, symbol=symbol, industry="801770.SI")
    assert (found.symbol, found.gap.code if found.gap else None, found.flags) == (index, gap, flags)


def test_an_industry_measure_without_an_industry_index_is_no_benchmark(by_id):
    assert comparison_of(by_id["cgws-1"], by_id["cgws-1"].stock, symbol="600941.SH").gap.code == "no_benchmark"


@pytest.mark.parametrize(
    ("value", "stated", "hit"), [(0.001, "看好", True), (0.0, "看好", False), (-0.2, "看淡", True), (0.3, "中性", None)]
)
def test_words_without_numbers_are_judged_by_the_sign_alone(by_id, value, stated, hit):
    earned = judge_rating(value, stated, by_id["kysec"].industry)
    assert (earned.band, earned.hit, earned.at_least, earned.by_sign) == (None, hit, hit, True)


def test_a_risk_grade_is_cut_and_a_word_that_rates_nothing_is_no_rating(by_id):
    assert by_id["essence"].plain_rating("领先大市-A") == "领先大市"
    assert by_id["essence"].plain_rating("无评级") is None
    assert by_id["guolian"].plain_rating("领先大市-A") == "领先大市-A"


def test_the_side_belongs_to_the_edition_not_to_the_word(by_id):
    assert by_id["swsc-2"].stock.band("持有").side == "buy"
    assert by_id["guolian"].stock.band("持有").side == "hold"


def test_a_house_without_an_edition_rates_nothing_and_still_compares(by_id):
    scale = no_standard("国新证券")
    assert rate(0.5, scale.stock) is None
    assert judge_rating(0.5, "买入", scale.stock).hit is None
    assert scale.months == (6, 9, 12)
