"""Every house's standard judged on real prices: each measure, window and benchmark against figures worked out apart."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict

import pytest

from screener.evidence.sensitivity import measure_sensitivity
from screener.judgement.judge import judge
from screener.judgement.missing import has_gaps
from screener.judgement.span import first_needed
from screener.judgement.stages import OUTCOME_ROWS, check_stage
from screener.judgement.week import measure_week
from screener.judgement.week_facts import build_facts
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record
from screener.report.week.report import weekly_document
from screener.sources.folder_source import FolderSource
from screener.terms.notes import gap_kind
from screener.thesis.library import open_library
from screener.thesis.scale import no_standard
from screener.thesis.thesis import RatingChange, StatedRating
from screener.writers.markdown import render_markdown
from screener.writers.text import render_text
from tests.conftest import ROOT
from tests.reference_measures import growth, last_session, months_later, read_figures

PUBLISHED, AS_OF = dt.date(2024, 4, 14), dt.date(2025, 6, 30)
NAMES = ("600941.SH", "002281.SZ", "300442.SZ")
INDEX = "801770.SI"
FIGURES = read_figures(ROOT / "screener" / "data")


def back(code: str, months: int) -> float:
    """Price return of a code from the base session to the last session n months after publication, by the slow way."""
    end = last_session(FIGURES, months_later(PUBLISHED, months))
    base = last_session(FIGURES, PUBLISHED)
    return growth(FIGURES, code.split(".", maxsplit=1)[0], base, end, reinvest=False) - 1


@pytest.fixture(scope="module")
def library():
    return open_library()


@pytest.fixture(scope="module")
def prices(bundled, market_folder):
    thesis, scale = bundled
    symbols = (*thesis.symbols(scale), "000001.SH", "399001.SZ", "399106.SZ", "399006.SZ")
    return FolderSource(market_folder).load(symbols, start=first_needed(thesis), end=AS_OF)


@pytest.fixture(scope="module")
def report(bundled):
    """A report of any house: the industry rated best, three names rated from best to worst."""
    thesis, _ = bundled

    def make(scale, industry=None, stocks=None, **changes):
        best = scale.stock.ratings
        words = stocks or ([best[0], best[1 % len(best)], best[-1]] if best else [None] * 3)
        kept = [each for each in thesis.candidates if each.symbol in NAMES]
        pairs = zip(kept, words, strict=True)
        rated = [each.model_copy(update={"rating": word, "listings": ()}) for each, word in pairs]
        stated = industry or (scale.industry.ratings[0] if scale.industry.bands else None)
        own = {"house": scale.house, "rating": StatedRating(industry=stated) if stated else None, "candidates": tuple(rated)}
        used = {each.bucket for each in rated}
        own["buckets"] = tuple(each for each in thesis.buckets if each.id in used)
        return thesis.model_copy(update={**own, **changes})

    return make


@pytest.fixture(scope="module")
def printed(reference):
    """The bands of every edition and kind as the table of print has them: (rating, lower, upper, row)."""
    bands = defaultdict(list)
    with (reference / "scales" / "houses.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            low, high = (float(row[edge]) if row[edge] else end for edge, end in (("lower", -9.0), ("upper", 9.0)))
            bands[row["edition_id"], row["kind"]].append((row["rating"], low, high, row))
    return bands


def band_in_print(bands, value: float) -> str | None:
    return next((rating for rating, low, high, _ in bands if low < value < high), None)


@pytest.mark.slow
def test_every_solid_ladder_that_the_prices_can_judge_is_judged_as_its_print_says(library, prices, report, printed):
    judged, gaps, measures = [], [], set()
    for scale in library.editions():
        key = "guolian-2" if scale.id == "guolian" else scale.id
        thesis = report(scale)
        outcome = judge(thesis, scale, prices, published=PUBLISHED, as_of=AS_OF)
        check_stage(OUTCOME_ROWS, outcome.rows)
        for kind, subjects in (("stock", NAMES), ("industry", (INDEX,))):
            bands = printed[key, kind]
            ladder = scale.own_stock if kind == "stock" else scale.own_industry
            if ladder is None or bands[0][3]["solid"] != "yes":
                continue
            told = [_as_printed(outcome, subject, bands) for subject in subjects]
            (judged if any(told) else gaps).append(f"{key}/{kind}")
            measures |= {(ladder.measure, ladder.window.horizons)} if any(told) else set()
    editions = sorted({each.split("/")[0] for each in judged})
    print(f"{len(editions)} editions judged: {' '.join(editions)}; without their index: {' '.join(gaps)}")
    assert len(editions) >= 35
    assert {measure for measure, _ in measures} == {"relative", "absolute", "industry_relative", "words_only"}
    assert {horizons for _, horizons in measures} >= {(6,), (12,), (3, 4, 6), (6, 9, 12), (3, 7, 12)}
    assert set(gaps) >= {"haitong/stock", "haitong/industry", "hx168/stock", "orient/stock", "cib-1/industry", "cicc/stock"}


def _as_printed(outcome, subject: str, bands) -> bool:
    """Whether a subject has a figure at the end of its window, after checking it against the print; else its gap is right."""
    row = bands[0][3]
    verdict, months = outcome.verdict[subject], int(row["to_months"])
    found = outcome.row(subject, months)
    own, benchmark = back(subject, months), row["benchmark"]
    code = "801770" if row["measure"] == "industry_relative" else "000300"
    if row["measure"] == "absolute":
        value = own
    elif benchmark in ("000300.SH", "industry index") or benchmark.startswith("unnamed"):
        value = own - back(code, months)
    else:
        value = None
    if subject == "300442.SZ" and row["edition_id"] == "ebscn":
        value = None  # 创业板指 is not at hand
    if value is None:
        assert found.gap.code == "no_benchmark", (outcome.scale.id, subject)
        assert (verdict.band, verdict.hit) == (None, None)
        return False
    assert found.measured == pytest.approx(value, abs=1e-9), (outcome.scale.id, subject)
    assert ("benchmark_assumed" in found.flags) == benchmark.startswith("unnamed")
    stated = next(each for each in bands if each[0] == verdict.stated)[3]
    if row["measure"] == "words_only":
        assert verdict.band is None
        assert verdict.hit == {"buy": value > 0, "sell": value < 0, "hold": None}[stated["side"]]
        assert (verdict.gap is not None) == (stated["side"] == "hold")
        return True
    assert verdict.band == found.band == band_in_print(bands, value), (outcome.scale.id, subject, value)
    assert verdict.hit == (verdict.band == verdict.stated)
    return True


def test_a_stock_and_an_industry_window_run_side_by_side(library, prices, report):
    scale = library.load_scale("gjzq")  # stocks 6 to 12 months absolute, industry 3 to 6 months against an unnamed market
    outcome = judge(report(scale), scale, prices, published=PUBLISHED, as_of=dt.date(2024, 12, 31))
    assert outcome.months == (3, 4, 6, 9, 12)
    assert (outcome.status_of("industry_index"), outcome.status_of("candidate"), outcome.status) == (
        "matured",
        "running",
        "matured",
    )
    windows = {each.subject: each for each in outcome.windows if each.basis == "headline"}
    assert sum(windows[INDEX].share.values()) == pytest.approx(1)
    first, last = (last_session(FIGURES, months_later(PUBLISHED, months)) for months in (3, 6))
    assert windows[INDEX].sessions == sum(first <= day <= last for day in FIGURES.days)
    assert outcome.row("600941.SH", 3).band is None, "three months are before the stock window"
    assert outcome.row(INDEX, 9).band is None, "nine months are after the industry window"
    assert {"outside_window"} <= set(outcome.row("600941.SH", 3).flags)
    assert outcome.verdict[INDEX].months == 6
    assert outcome.verdict["600941.SH"].hit is None


def test_an_absolute_measure_has_a_return_and_no_benchmark(library, prices, report):
    scale = library.load_scale("mszq")
    outcome = judge(report(scale), scale, prices, published=PUBLISHED, as_of=AS_OF)
    record = next(
        each for each in outcome_record(outcome)["rows"] if (each["subject"], each["horizon_months"]) == ("600941.SH", 12)
    )
    # 中国移动: 102.97 on 2024-04-12, 112.49 on 2025-04-14, no split in between
    assert record["return"] == record["measured"] == pytest.approx(back("600941", 12))
    assert (record["benchmark"], record["benchmark_return"], record["excess"], record["measure"]) == (
        None,
        None,
        None,
        "absolute",
    )
    assert record["band"] == "谨慎推荐"
    assert "absolute" in record["flags"]


def test_a_name_against_its_industry_needs_the_industry(library, prices, report):
    scale = library.load_scale("cgws-1")
    against = judge(report(scale), scale, prices, published=PUBLISHED, as_of=AS_OF).row("600941.SH", 6)
    assert (against.benchmark, against.excess) == (INDEX, pytest.approx(back("600941", 6) - back("801770", 6)))
    alone = judge(report(scale, industry_index=None), scale, prices, published=PUBLISHED, as_of=AS_OF)
    assert alone.row("600941.SH", 6).gap.code == "no_benchmark"


def test_a_house_without_a_standard_is_compared_and_not_rated(prices, report):
    scale = no_standard("国新证券")
    outcome = judge(report(scale, industry="推荐", stocks=["买入"] * 3), scale, prices, published=PUBLISHED, as_of=AS_OF)
    row = outcome.row(INDEX, 12)
    assert row.excess == pytest.approx(back("801770", 12) - back("000300", 12))
    assert (row.band, row.band_gap.code) == (None, "no_standard")
    verdict = outcome.verdict["600941.SH"]
    assert (verdict.stated, verdict.hit, verdict.gap.code) == ("买入", None, "no_standard")
    assert has_gaps(outcome)
    assert {each["gap"] for each in outcome_record(outcome)["rows"]} == {"no_standard"}


def test_an_edition_outside_its_months_says_that_it_is_the_nearest(library, prices, report):
    old, sure = library.load_scale("essence"), library.load_scale("guolian")
    assert "edition_nearest" in judge(report(old), old, prices, published=PUBLISHED, as_of=AS_OF).row(INDEX, 6).flags
    assert "edition_nearest" not in judge(report(sure), sure, prices, published=PUBLISHED, as_of=AS_OF).row(INDEX, 6).flags


def test_a_later_rating_gives_a_second_verdict_and_the_window_runs_on(bundled, library, prices, report):
    scale = bundled[1]
    changes = (
        RatingChange(date=dt.date(2024, 9, 1), rating="强于大市", source="maintained"),
        RatingChange(date=dt.date(2024, 10, 12), rating="中性", source="a Saturday; cut"),
        RatingChange(date=dt.date(2025, 1, 10), rating="弱于大市", source="cut again"),
    )
    thesis = report(scale, rating=StatedRating(industry="强于大市", changes=changes))
    outcome = judge(thesis, scale, prices, published=PUBLISHED, as_of=AS_OF)
    verdict = outcome.verdict[INDEX]
    assert (verdict.band, verdict.hit, verdict.months) == ("中性", False, 12), "the window's own verdict stands"
    found = verdict.until_change
    base, end = last_session(FIGURES, PUBLISHED), dt.date(2024, 10, 11)
    value = growth(FIGURES, "801770", base, end, reinvest=False) - growth(FIGURES, "000300", base, end, reinvest=False)
    assert (found.day, found.end_date, found.rating) == (dt.date(2024, 10, 12), end, "中性")
    assert found.measured == pytest.approx(value)
    assert (found.band, found.hit) == ("中性", False)
    assert outcome_record(outcome)["verdict"][INDEX]["until_change"]["end_date"] == "2024-10-11"
    assert "改为「中性」" in render_markdown(build_dossier(outcome, "zh"))
    assert "changed to 'Neutral' on 2024-10-12" in render_markdown(build_dossier(outcome, "en"))
    early = judge(thesis, scale, prices, published=PUBLISHED, as_of=dt.date(2024, 10, 10))
    assert early.verdict[INDEX].until_change is None, "what comes after the as-of date is not known yet"


@pytest.mark.parametrize("name", ["mszq", "kysec", "orient"])
def test_what_cannot_be_rated_alike_has_no_conventions_to_agree_and_no_failure(library, prices, report, name):
    scale = library.load_scale(name)
    outcome = judge(report(scale), scale, prices, published=PUBLISHED, as_of=AS_OF)
    found = measure_sensitivity(outcome).agreement_of(INDEX, scale.window.to_months)
    assert (found.cells, found.share_same) == (0, None)


def slow_target(code: str, target: float, last: dt.date):
    """(first session whose close reached the target, last close against it), adjusted for splits, from below."""
    base = last_session(FIGURES, PUBLISHED)
    ratio = target / FIGURES.closes[code][base]
    grown = {day: growth(FIGURES, code, base, day, reinvest=False) for day in FIGURES.days if base < day <= last}
    return next((day for day, each in grown.items() if each >= ratio), None), grown[last] / ratio - 1


TARGETS = [("600941", 110.0, None), ("600941", 200.0, None), ("301165", 45.0, dt.date(2024, 12, 29))]


@pytest.mark.parametrize(("code", "target", "until"), TARGETS)
def test_a_target_price_is_reached_by_any_close_and_told_apart_from_the_hit(bundled, prices, code, target, until):
    thesis, scale = bundled
    symbol = f"{code}.SH" if code.startswith("6") else f"{code}.SZ"
    change = {"target_price": target, "target_date": until}
    candidates = tuple(each.model_copy(update=change if each.symbol == symbol else {}) for each in thesis.candidates)
    outcome = judge(thesis.model_copy(update={"candidates": candidates}), scale, prices, published=PUBLISHED, as_of=AS_OF)
    (found,) = outcome.targets
    end = last_session(FIGURES, until or months_later(PUBLISHED, 12))
    day, distance = slow_target(code, target, end)
    assert (found.subject, found.until, found.reached_on, found.reached) == (symbol, end, day, day is not None)
    assert found.to_target == pytest.approx(distance)
    assert symbol not in outcome.verdict
    assert outcome_record(outcome)["targets"][0]["to_target"] == found.to_target
    page = render_markdown(build_dossier(outcome, "zh"))
    assert ("未达到" in page) == (day is None)
    running = judge(outcome.thesis, scale, prices, published=PUBLISHED, as_of=dt.date(2024, 4, 19))
    assert (running.targets[0].reached, running.targets[0].gap.code) == (None, "not_due")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gjzq", "mszq", "kysec", "orient", "cgws-1", "haitong", "hcyjs", "no-standard"])
def test_every_measure_goes_through_the_writers_in_both_languages(library, prices, report, name):
    scale = no_standard("国新证券") if name == "no-standard" else library.load_scale(name)
    thesis = report(scale, industry=None if scale.industry.bands else "推荐")
    outcome = judge(thesis, scale, prices, published=PUBLISHED, as_of=AS_OF)
    week = measure_week(thesis, scale, prices, day=dt.date(2025, 1, 8), published=PUBLISHED, as_of=AS_OF)
    for lang in ("zh", "en"):
        page, text = (
            render_markdown(build_dossier(outcome, lang)).replace("\\", ""),
            render_text(build_dossier(outcome, lang), 200),
        )
        assert render_text(weekly_document(build_facts(week), lang), 200)
        for words in (page, text):
            if name == "mszq":
                assert {"zh": "绝对收益", "en": "absolute return"}[lang] in words
            if name == "kysec":
                assert {"zh": "只看正负", "en": "by sign only"}[lang] in words
            if name in ("orient", "haitong"):
                assert gap_kind("no_benchmark", lang) in words
            if name == "no-standard":
                assert gap_kind("no_standard", lang) in words
