"""What a result hangs on: one name, the path, the bases, chance; and the one sentence that says so."""

import csv
import datetime as dt
import statistics

import numpy as np
import pytest

from screener.evidence.base_rates import date_rates, industry_rates, recent_closes, stock_rates
from screener.evidence.bases import compare_bases, excess_column
from screener.evidence.robustness import measure_robustness, resampled_excess
from screener.measures.industries import industries
from screener.measures.universe import IndexHistory
from screener.report.document import Table
from screener.report.outcome.dossier import build_dossier
from screener.report.trust import trust_sections, trust_sentences
from screener.screening import check_outcome, check_trust
from screener.sources.folder_source import FolderSource
from screener.sources.index_history import load_index_history
from screener.sources.market_file import load_universe
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import PriceProblems, ScreenerError
from screener.terms.sessions import load_calendar
from screener.writers.text import render_text
from tests.conftest import ROOT, run_screener

AS_OF = dt.date(2025, 6, 30)
INDEX = "801770.SI"
OPERATORS = ("600941", "600050", "601728")


@pytest.fixture(scope="module")
def outcome(bundled):
    return check_outcome(*bundled, SnapshotSource(), as_of=AS_OF, today=AS_OF)


@pytest.fixture(scope="module")
def robustness(outcome):
    return measure_robustness(outcome, seed=5)


@pytest.fixture(scope="module")
def closes():
    with (ROOT / "screener" / "data" / "closes.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def on(closes, day):
    return next(row for row in closes if row["date"] == day)


# --- leave one out --------------------------------------------------------------------------------------------------------


def test_a_basket_without_one_name_is_the_mean_of_the_others(closes, robustness):
    start, end = on(closes, "2024-04-12"), on(closes, "2025-04-14")
    bench = float(end["000300"]) / float(start["000300"])
    # The operators had no split in the window, so their price returns are those of the raw closes.
    growth = {code: float(end[code]) / float(start[code]) for code in OPERATORS}
    found = {each.without: each for each in robustness.left_one_out if each.subject == "operators"}
    assert set(found) == {f"{code}.SH" for code in OPERATORS}
    for code in OPERATORS:
        others = [growth[other] for other in OPERATORS if other != code]
        assert found[f"{code}.SH"].excess == pytest.approx(sum(others) / 2 - bench, abs=1e-12)


def test_without_its_best_name_the_operators_basket_is_no_outperformer(robustness):
    found = [each for each in robustness.left_one_out if each.subject == "operators"]
    assert [each.without for each in found if each.best] == ["601728.SH"]
    assert [(each.band, each.same_band) for each in found if each.best] == [("中性", False)]


def test_what_is_not_due_has_no_basket_without_a_name(bundled):
    late = check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 10, 9), as_of=AS_OF, today=AS_OF)
    found = measure_robustness(late, seed=0)
    assert {each.gap.code for each in found.left_one_out} == {"not_due"}
    assert {each.gap.code for each in found.intervals} == {"not_due"}


# --- bootstrap ------------------------------------------------------------------------------------------------------------


def test_a_resample_is_made_of_blocks_that_wrap_round():
    own, other = np.array([0.01, -0.02, 0.03, 0.04, -0.05]), np.array([0.0, 0.01, 0.02, -0.01, 0.005])
    found = resampled_excess(np.random.default_rng(6), own, other, resamples=50, block=2)
    starts = np.random.default_rng(6).integers(0, 5, size=(50, 3))
    for excess, begins in zip(found, starts.tolist(), strict=True):
        places = [(begin + count) % 5 for begin in begins for count in (0, 1)][:5]
        mine, bench = 1.0, 1.0
        for place in places:
            mine *= 1 + own[place]
            bench *= 1 + other[place]
        assert excess == pytest.approx(mine - bench, abs=1e-12)


def test_moves_that_never_differ_leave_no_interval():
    own, other = np.full(240, 0.001), np.full(240, 0.0005)
    found = resampled_excess(np.random.default_rng(1), own, other, resamples=200, block=20)
    assert found == pytest.approx(np.full(200, 1.001**240 - 1.0005**240), abs=1e-10)


def test_a_subject_that_is_its_benchmark_has_an_interval_of_nothing():
    moves = np.random.default_rng(2).normal(0, 0.02, 240)
    assert resampled_excess(np.random.default_rng(1), moves, moves, resamples=100, block=20).tolist() == [0.0] * 100


def test_the_interval_holds_the_measured_excess_and_repeats_with_its_seed(outcome, robustness):
    found = {each.subject: each for each in robustness.intervals}
    for subject in (INDEX, "all", "operators"):
        assert found[subject].low < outcome.row(subject, 12).excess < found[subject].high
        assert sum(found[subject].share.values()) == pytest.approx(1)
    assert measure_robustness(outcome, seed=5) == robustness
    assert measure_robustness(outcome, seed=6) != robustness


# --- before and after publication ----------------------------------------------------------------------------------------


def test_the_run_up_is_the_excess_of_the_twenty_sessions_before_the_base_date(closes, robustness):
    days = [row["date"] for row in closes]
    start, base = closes[days.index("2024-04-12") - 20], on(closes, "2024-04-12")
    own, bench = (float(base[code]) / float(start[code]) for code in ("801770", "000300"))
    found = {each.subject: each for each in robustness.behaviour}
    assert found[INDEX].run_up == pytest.approx(own - bench, abs=1e-12)


def test_beta_and_volatility_are_those_of_the_window(closes, robustness):
    window = [row for row in closes if "2024-04-12" <= row["date"] <= "2025-04-14"]
    own, bench = (
        [float(after[code]) / float(before[code]) - 1 for before, after in zip(window, window[1:], strict=False)]
        for code in ("801770", "000300")
    )
    found = {each.subject: each for each in robustness.behaviour}
    assert found[INDEX].sessions == len(own) == 242
    assert found[INDEX].beta == pytest.approx(statistics.covariance(own, bench) / statistics.variance(bench))
    assert found[INDEX].volatility == pytest.approx(statistics.stdev(own) * 250**0.5)


# --- like with like -------------------------------------------------------------------------------------------------------


def test_mixing_bases_is_worth_the_benchmarks_own_dividends(closes, outcome):
    start, end = on(closes, "2024-04-12"), on(closes, "2025-04-14")
    worth = float(end["H00300"]) / float(start["H00300"]) - float(end["000300"]) / float(start["000300"])
    found = [each for each in compare_bases(outcome) if each.horizon_months == 12]
    assert {round(each.mixing, 12) for each in found} == {round(worth, 12)}
    assert round(worth * 100, 2) == 3.61
    assert [each.subject for each in found if each.differs] == ["600941.SH"]


def test_one_column_cannot_mix_bases(outcome):
    price = [row for row in outcome.rows if row.series == "price"]
    assert excess_column(price)["all", 12] == outcome.row("all", 12).excess
    with pytest.raises(ScreenerError, match="mix"):
        excess_column(outcome.rows)


# --- base rates -----------------------------------------------------------------------------------------------------------


def made_up_history(days, own, bench, others=()):
    sessions = load_calendar().between(days[0], days[-1])
    columns = np.column_stack([own, *others])
    symbols = (INDEX, *(f"8010{count}0.SI" for count in range(1, len(others) + 1)))
    return IndexHistory(sessions, symbols, columns, bench, {each.symbol: (each.name, each.name_en) for each in industries()})


def test_a_close_stands_in_for_five_sessions_and_no_longer():
    close = np.array([[1.0], *[[np.nan]] * 6, [2.0]])
    assert recent_closes(close)[:, 0].tolist() == pytest.approx([1.0] * 6 + [np.nan, 2.0], nan_ok=True)


def test_dates_are_every_session_whose_end_lies_within_the_reports_window(outcome):
    sessions = load_calendar().between(dt.date(2023, 1, 3), AS_OF)
    draws = np.random.default_rng(4)
    own, bench = (3000 * np.cumprod(1 + draws.normal(0, 0.01, len(sessions))) for _ in range(2))
    own[7] = np.nan
    history = made_up_history([dt.date(2023, 1, 3), AS_OF], own, bench)
    found = {each.horizon_months: each for each in date_rates(outcome, history)}
    expected = []
    for at, day in enumerate(sessions.tolist()):
        later = day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else dt.date(day.year + 1, 2, 28)
        if at == 7 or later > dt.date(2025, 4, 14):
            continue
        end = max(place for place, other in enumerate(sessions.tolist()) if other <= later)
        last = own[end] if np.isfinite(own[end]) else own[end - 1]
        expected.append(last / own[at] - bench[end] / bench[at])
    assert found[12].n == len(expected)
    assert sorted(found[12].excess) == pytest.approx(sorted(expected))
    own_excess = outcome.row(INDEX, 12).excess
    assert found[12].share_beaten == pytest.approx(sum(each < own_excess for each in expected) / len(expected))
    assert found[12].share["强于大市"] == pytest.approx(sum(each >= 0.1 for each in expected) / len(expected))


@pytest.mark.slow
def test_any_day_would_have_done_better_on_the_real_index(bundled, market_folder):
    outcome = check_outcome(*bundled, FolderSource(market_folder), as_of=AS_OF, today=AS_OF)
    history = load_index_history(market_folder, benchmark="000300.SH", end=AS_OF)
    dates = {each.horizon_months: each for each in date_rates(outcome, history)}
    # Counted by a separate script over the index files: starts, and the share below this report's excess.
    assert [dates[months].n for months in (6, 9, 12)] == [903, 844, 783]
    assert [round(dates[months].share_beaten * 100, 1) for months in (6, 9, 12)] == [26.7, 47.9, 15.5]
    assert round(dates[12].share["强于大市"] * 100) == 76
    industries = {each.horizon_months: each for each in industry_rates(outcome, history)}
    assert [round(industries[months].share_beaten * 100, 1) for months in (6, 9, 12)] == [83.3, 93.3, 76.7]
    assert (industries[12].n, industries[12].place) == (30, 8)
    excess = dict(zip(industries[12].labels, industries[12].excess, strict=True))
    assert round(excess["801080.SI"] * 100, 2) == 27.21
    assert round(excess["801950.SI"] * 100, 2) == -28.25


@pytest.mark.slow
def test_any_stock_of_the_market_is_rated_on_the_stock_scale(bundled, market_folder):
    outcome = check_outcome(*bundled, FolderSource(market_folder), as_of=AS_OF, today=AS_OF)
    universe = load_universe(market_folder, benchmark="000300.SH", end=AS_OF)
    found = {each.horizon_months: each for each in stock_rates(outcome, universe)}
    assert found[12].n == 2251
    assert list(found[12].share) == ["买入", "增持", "持有", "卖出"]
    assert sum(found[12].share.values()) == pytest.approx(1)


def test_a_wrong_value_in_an_index_file_is_refused_with_its_line(tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "801770.csv").write_text("date,close\n2024-01-02,100\n2024-01-03,-5\n")
    with pytest.raises(PriceProblems) as caught:
        load_index_history(tmp_path, benchmark="000300.SH", end=AS_OF)
    assert [(each.file, each.line, each.code) for each in caught.value.problems] == [
        ("index/801770.csv", 3, "price_not_positive")
    ]


# --- the sentence, the text, the command ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_sentence_says_how_far_to_trust_the_answer(outcome):
    trust = check_trust(outcome, SnapshotSource(), placebo=50)
    index, basket = trust_sentences(trust)
    same = "同一指数 783 个起点中 76% 得到所评区间"
    assert index == f"申万通信：按报告口径，未兑现；248 种口径中 91.5% 同此结论；{same}。"
    assert basket.startswith("主题篮子：按报告口径，兑现；1,488 种口径中 100.0% 同此结论；50 个随机组合中的第 ")
    english = trust_sentences(trust, "en")[0]
    assert english.startswith("SW Telecom: by the report's own standard, did not come true; 91.5% of 248 conventions agree; ")


@pytest.mark.slow
def test_the_sentence_names_the_percentile_among_chance(bundled, market_folder):
    outcome = check_outcome(*bundled, FolderSource(market_folder), as_of=AS_OF, today=AS_OF)
    trust = check_trust(outcome, FolderSource(market_folder), placebo=1000)
    index, basket = trust_sentences(trust)
    assert "同一指数 783 个起点中 76%" in index
    assert "1,000 个随机组合中的" in basket
    assert "11 只中仅 8 只在比较集合内" in basket


def test_a_rating_that_is_not_due_is_not_called_a_miss(bundled):
    late = check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 10, 9), as_of=AS_OF, today=AS_OF)
    trust = check_trust(late, SnapshotSource())
    assert set(trust_sentences(trust)) == {"申万通信：按报告口径，未到期。", "主题篮子：按报告口径，未到期。"}


def test_tables_show_the_longest_horizon_that_is_due(bundled):
    late = check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 8, 1), as_of=AS_OF, today=AS_OF)
    trust = check_trust(late, SnapshotSource())
    blocks = [block for section in trust_sections(trust) for block in section.blocks if isinstance(block, Table)]
    table = next(block for block in blocks if block.id == "conventions")
    assert "9 个月" in table.title
    assert not [cell for row in table.rows for cell in row.cells if cell.kind == "gap"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_text_fits_a_terminal_and_warns_about_one_report(outcome, lang):
    trust = check_trust(outcome, SnapshotSource(), placebo=50)
    text = render_text(build_dossier(outcome, lang, extra=trust_sections(trust, lang)), 100)
    assert ("事后挑出的一份报告" if lang == "zh" else "One report chosen after the fact") in text
    for line in text.splitlines():
        columns = sum(2 if ord(each) > 0x2E7F else 1 for each in line)
        assert columns <= 100, line
        assert not set(line) & set("▲−·—“”→×±…")


@pytest.mark.slow
def test_evidence_is_part_of_the_answer_unless_it_is_left_out():
    bare = run_screener("outcome", "--as-of", AS_OF, "--json", "--quick").json
    assert not {"sensitivity", "placebo", "robustness", "trust"} & set(bare)
    plain = run_screener("outcome", "--as-of", AS_OF, "--json").json
    assert {"agreement", "choices"} <= set(plain["sensitivity"])
    assert "cells" not in plain["sensitivity"]
    assert {row["n"] for row in plain["placebo"] if row["against"] == "baskets" and row["subject"] == "all"} == {10_000}
    assert {key: plain[key] for key in bare} == bare


def test_evidence_cannot_be_left_out_and_asked_for_at_once():
    ran = run_screener("outcome", "--quick", "--placebo", 100)
    assert (ran.code, ran.out) == (2, "")
    assert "--placebo" in ran.err


@pytest.mark.slow
def test_without_a_market_of_the_base_date_the_box_says_so_and_the_run_is_complete(bundled):
    outcome = check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 4, 22), as_of=AS_OF, today=AS_OF)
    trust = check_trust(outcome, SnapshotSource())
    assert trust.placebo == ()
    (box,) = trust_sections(trust)[0].blocks
    assert any("--universe" in line for line in box.parts[0].bullets)
    assert trust.base_rate_of(INDEX, 12, "dates").n > 700


@pytest.mark.slow
def test_the_grid_stands_in_the_json_where_it_is_asked_for():
    ran = run_screener("outcome", "--as-of", AS_OF, "--json", "--sensitivity")
    assert ran.code == 0
    grid = ran.json["sensitivity"]
    cell = next(
        each
        for each in grid["cells"]
        if (each["subject"], each["published"], each["horizon_months"]) == (INDEX, "2024-04-07", 12)
        and (each["anchor"], each["base_price"], each["form"]) == ("base_date", "last_close", "arithmetic")
    )
    assert (round(cell["excess"], 3), cell["band"], cell["gap"]) == (0.133, "强于大市", None)
    agreement = next(each for each in grid["agreement"] if (each["subject"], each["horizon_months"]) == ("all", 12))
    assert (agreement["headline_band"], agreement["cells"], agreement["share_same"]) == ("强于大市", 1488, 1.0)
    assert ran.json["robustness"]["warning"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sections_hold_the_same_figures_as_the_results(bundled, market_folder, lang):
    outcome = check_outcome(*bundled, FolderSource(market_folder), as_of=AS_OF, today=AS_OF)
    trust = check_trust(outcome, FolderSource(market_folder), placebo=500)
    sections = trust_sections(trust, lang)
    assert [section.id for section in sections] == ["evidence", "conventions", "chance", "hangs"]
    tables = {block.id: block for section in sections for block in section.blocks if isinstance(block, Table)}
    for table in tables.values():
        assert table.rows
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
        assert len({row.id for row in table.rows}) == len(table.rows)
    index = next(row for row in tables["conventions"].rows if row.id == INDEX)
    assert index.cells[1].value == trust.sensitivity.agreement_of(INDEX, 12).share_same
    dates = next(row for row in tables["rates"].rows if row.id == f"{INDEX} dates 12")
    assert dates.cells[2].value == 783
    gap = next(row for row in tables["placebo"].rows if row.id == "300442.SZ")
    assert [cell.kind for cell in gap.cells[1:]] == ["gap"] * 5
