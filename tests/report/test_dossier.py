from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import shutil
from pathlib import Path

import pytest

from screener.judgement.ledger import actions_of, entries
from screener.judgement.outcome import Outcome
from screener.report.document import Box, Cell, Chart, Document, Panels, Paragraph, Row, Section, Stack, Table, walk_cells
from screener.report.figures import cell_text, parts_text
from screener.report.outcome.charts import shown_span, values_of
from screener.report.outcome.dossier import build_dossier
from screener.report.outcome.verdict import background, headline
from screener.report.wording import phrase
from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import UsageError
from screener.thesis.thesis import StatedRating
from screener.writers.csv import daily_csv, outcome_csv
from screener.writers.markdown import render_markdown
from tests.conftest import ROOT, run_screener

GOLDEN = ROOT / "tests" / "golden"
MATURED, RUNNING, PENDING = dt.date(2025, 6, 30), dt.date(2025, 1, 15), dt.date(2024, 9, 30)
BUCKETS = {
    "运营商": "operators",
    "CW光源": "cw_light_source",
    "交换机设备": "switch_equipment",
    "交换机芯片": "switch_chip",
    "400G OTN": "otn_400g",
    "AIDC": "aidc",
    "全部11只": "all",
}


def check(bundled, folder: Path, *, as_of: dt.date = MATURED, published: dt.date | None = None) -> Outcome:
    source = FolderSource(folder)
    return check_outcome(*bundled, source, published=published, as_of=as_of, today=dt.date(2026, 1, 5))


@pytest.fixture(scope="module")
def outcome(bundled, market_folder) -> Outcome:
    return check(bundled, market_folder)


@pytest.fixture(scope="module")
def document(outcome) -> Document:
    return build_dossier(outcome)


@pytest.fixture(scope="module")
def answers(reference) -> list[dict[str, str]]:
    with (reference / "answers" / "outcomes_2024-04-14.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder_without_index(reference, tmp_path_factory) -> Path:
    """The reference market without the rated industry index."""
    folder = tmp_path_factory.mktemp("market")
    for name in ("raw", "actions.csv", "names.csv"):
        (folder / name).symlink_to(reference / "market" / name)
    (folder / "index").mkdir()
    for name in ("000300.csv", "H00300.csv", "931160.csv"):
        shutil.copy(reference / "market" / "index" / name, folder / "index" / name)
    return folder


def table(document: Document, key: str) -> Table:
    return next(each for each in (*document.tables, *document.appendix) if each.id == key)


def row(found: Table, key: str) -> Row:
    return next(each for each in found.rows if each.id == key)


def cells(found: Table, key: str) -> dict[str, Cell]:
    return dict(zip((column.id for column in found.columns), row(found, key).cells, strict=True))


def said(document: Document) -> str:
    return "\n".join(parts_text(each.parts, document.lang) for each in document.lede)


def subject_of(answer: dict[str, str], bundled) -> str:
    symbols = {symbol.split(".")[0]: symbol for symbol in bundled[0].symbols(bundled[1])}
    return BUCKETS.get(answer["key"]) or symbols[answer["key"]]


# The verdict


def test_the_verdict_says_in_one_sentence_what_came_true_and_what_did_not(outcome):
    assert parts_text(headline(outcome, "zh"), "zh") == (
        "按报告自己的标准，满 12 个月，「强于大市」在行业指数上未兑现：申万通信超额 +6.75\u202fpp，为中性；"
        "在点名的 11 只标的上兑现：等权篮子超额 +37.81\u202fpp，为强于大市。"
    )
    assert parts_text(headline(outcome, "en"), "en") == (
        "By the report's own standard, 12 months on, 'Outperform' did not come true on the industry index: SW Telecom had an "
        "excess of +6.75\u202fpp, Neutral; it came true on the 11 recommended names: the equal-weight basket had an excess of "
        "+37.81\u202fpp, Outperform."
    )


def test_behind_the_verdict_stand_the_earlier_horizons_and_the_share_of_days(outcome):
    assert parts_text(background(outcome, "zh"), "zh") == (
        "满 6 个月两者都是中性（+3.10\u202fpp、+1.72\u202fpp）；满 9 个月两者都是强于大市（+11.90\u202fpp、+50.24\u202fpp）。"
        "6 至 12 个月的 123 个交易日里，申万通信有 65.9% 落在强于大市，等权篮子有 96.7%。"
    )


def test_before_six_months_nothing_is_judged_and_the_dates_are_said(bundled, market_folder):
    pending = check(bundled, market_folder, as_of=PENDING)
    assert parts_text(headline(pending, "zh"), "zh") == (
        "尚未到期：「强于大市」要满 6 个月（2024-10-14）才开始核查，满 12 个月（2025-04-14）才有结论；截止日为 2024-09-30。"
    )
    # 2,736.19 / 2,358.20 − 4,017.85 / 3,475.84 = 1.160288 − 1.155936.
    assert "申万通信超额 +0.44" in parts_text(background(pending, "zh"), "zh")
    assert "这是途中的读数，不是结论" in parts_text(background(pending, "zh"), "zh")


def test_inside_the_window_there_is_a_reading_and_no_verdict(bundled, market_folder):
    running = check(bundled, market_folder, as_of=RUNNING)
    sentence = parts_text(headline(running, "zh"), "zh")
    assert sentence.startswith(
        "观察期未满，尚无结论：截止日 2025-01-15 在满 6 个月（2024-10-14）与满 12 个月（2025-04-14）之间"
    )
    assert "兑现：" not in sentence
    behind = parts_text(background(running, "zh"), "zh")
    assert "满 9 个月两者都是强于大市（+11.90\u202fpp、+50.24\u202fpp）" in behind
    assert "观察期已过的 67 个交易日（至 2025-01-15）" in behind


@pytest.mark.slow
def test_another_publication_date_is_marked_as_tried(bundled, market_folder):
    tried = build_dossier(check(bundled, market_folder, published=dt.date(2025, 2, 10)))
    assert said(tried).startswith("尚未到期：「强于大市」要满 6 个月（2025-08-08）才开始核查")
    byline = [parts_text(fact.parts, "zh") for fact in tried.byline]
    assert "2025-02-10（试算）" in byline
    assert "未到期" in byline
    assert "发布日 2025-02-10 是试算，投资逻辑文件中为 2024-04-14。" in box_lines(tried)


@pytest.mark.slow
def test_before_the_base_date_there_is_no_figure_at_all(bundled, market_folder):
    future = build_dossier(check(bundled, market_folder, published=dt.date(2025, 7, 10)))
    assert "基准日 2025-07-10 晚于截止日 2025-06-30，还没有可以计算的价格。" in said(future)
    assert future.charts == ()
    assert not {"excess", "points", "return", "price", "band"} & {cell.kind for cell in walk_cells(future)}


def test_a_missing_industry_index_leaves_the_rating_unjudged_and_names_the_file(bundled, folder_without_index):
    document = build_dossier(check(bundled, folder_without_index))
    assert "「强于大市」在行业指数上无法判定：没有 index/801770.csv；在点名的 11 只标的上兑现" in said(document)
    bands = cells(table(document, "bands"), "801770.SI")
    assert cell_text(bands["excess_12"], "zh") == "缺口 无数据"
    assert cell_text(bands["result"], "zh") == "无法判定"
    assert "申万通信：缺口 无数据，没有 index/801770.csv" in box_lines(document)
    assert [each.id for each in document.charts] == ["path-all"]
    assert "两图" not in document.charts[0].sub


@pytest.mark.slow
def test_a_report_without_a_rating_has_nothing_to_come_true(outcome, bundled, market_folder):
    thesis, scale = bundled
    silent = build_dossier(check((thesis.model_copy(update={"rating": None}), scale), market_folder))
    assert said(silent).startswith("报告没有给出评级，谈不上兑现与否")
    assert "未给出" in [parts_text(fact.parts, "zh") for fact in silent.byline]
    assert not [each for each in table(silent, "bands").rows if cell_text(each.cells[-2], "zh") in ("兑现", "未兑现")]


@pytest.mark.slow
def test_names_with_ratings_of_their_own_are_counted(bundled, market_folder):
    # 12 months: 600941 持有, 688498 卖出, 300442 买入 (answers file).
    stated = {"600941.SH": "持有", "688498.SH": "增持", "300442.SZ": "增持"}
    thesis, scale = bundled
    rated = tuple(each.model_copy(update={"rating": stated.get(each.symbol)}) for each in thesis.candidates)
    changed = check((thesis.model_copy(update={"candidates": rated}), scale), market_folder)
    sentence = parts_text(headline(changed, "zh"), "zh")
    assert sentence.endswith("；逐只评级的 3 只标的中兑现 1 只，超出所评 1 只，未兑现 1 只。")
    results = table(build_dossier(changed), "bands")
    assert cell_text(cells(results, "600941.SH")["result"], "zh") == "兑现"
    assert cell_text(cells(results, "300442.SZ")["result"], "zh") == "超出所评"
    assert cell_text(cells(results, "688498.SH")["result"], "zh") == "未兑现"
    assert cell_text(cells(results, "600050.SH")["result"], "zh") == "未评级"


def test_two_equal_results_are_said_as_such(bundled, market_folder):
    thesis, scale = bundled
    neutral = thesis.model_copy(update={"rating": StatedRating(industry="弱于大市")})
    sentence = parts_text(headline(check((neutral, scale), market_folder), "zh"), "zh")
    assert "「弱于大市」在行业指数上未兑现" in sentence
    assert "在点名的 11 只标的上也未兑现" in sentence


# The tables


def test_every_excess_and_band_of_the_table_is_the_answer_worked_out_independently(document, answers, bundled):
    found = table(document, "bands")
    headline_rows = [each for each in answers if (each["series"], each["bench"]) == ("price", "000300")]
    assert len(headline_rows) == 20 * 3
    for answer in headline_rows:
        own = cells(found, subject_of(answer, bundled))
        assert own[f"excess_{answer['months']}"].value == pytest.approx(float(answer["excess"]), abs=1e-8)
        assert cell_text(own[f"band_{answer['months']}"], "zh") == answer["band"]
        if answer["months"] == "12":
            benchmark = float(answer["bench_ret"])
            assert own["return"].value == pytest.approx(float(answer["ret"]), abs=1e-8)
            assert own["geometric"].value == pytest.approx((1 + float(answer["ret"])) / (1 + benchmark) - 1, abs=1e-8)


def test_the_three_pairs_of_series_and_benchmark_stand_beside_each_other(document, answers, bundled):
    found = table(document, "series")
    kinds = {("price", "000300"): "headline", ("total", "H00300"): "like", ("total", "000300"): "mixed"}
    twelve = [each for each in answers if each["months"] == "12" and each["kind"] != "index"]
    assert len(twelve) == 18 * 3
    for answer in twelve:
        kind = kinds[answer["series"], answer["bench"]]
        own = cells(found, subject_of(answer, bundled))
        assert own[f"excess_{kind}"].value == pytest.approx(float(answer["excess"]), abs=1e-8)
        assert cell_text(own[f"band_{kind}"], "zh") == answer["band"]


def test_only_china_mobile_hangs_on_the_series_and_is_marked(document):
    # Published 2024-04-14, 12 months: +1.10 持有, +2.47 持有, +6.08 增持.
    marked = [each.id for each in table(document, "series").rows if each.role == "reference"]
    assert marked == ["600941.SH"]
    assert cell_text(cells(table(document, "bands"), "600941.SH")["flags"], "zh") == "口径不一"
    assert table(document, "series").columns[-2].group_note == "口径混用"


def test_the_mixed_pair_flatters_by_the_dividends_of_the_benchmark(document):
    # H00300 5,403.1124 / 4,834.515 less 000300 3,759.14 / 3,475.84.
    difference = 5403.1124 / 4834.515 - 3759.14 / 3475.84
    assert difference == pytest.approx(0.0361, abs=5e-5)
    assert "多计 +3.61\u202fpp" in table(document, "series").notes[0]


def test_the_share_of_days_counts_every_session_of_the_window(document, reference):
    def closes(code: str) -> dict[str, float]:
        with (reference / "market" / "index" / f"{code}.csv").open(encoding="utf-8") as file:
            return {each["date"]: float(each["close"]) for each in csv.DictReader(file)}

    index, benchmark = closes("801770"), closes("000300")
    days = [day for day in benchmark if "2024-10-14" <= day <= "2025-04-14"]
    excess = [index[day] / index["2024-04-12"] - benchmark[day] / benchmark["2024-04-12"] for day in days]
    share = cells(table(document, "bands"), "801770.SI")["shares"].value
    assert share.sessions == len(days) == 123
    assert {band.rating: part for band, part in share.parts}["强于大市"] == sum(each >= 0.1 for each in excess) / 123
    drawn = next(each for each in document.charts if each.id == "path-index").data
    assert [each.cells[0].value for each in drawn.rows] == pytest.approx(excess, abs=1e-12)


def test_the_five_rows_nearest_to_an_edge(document):
    shown = [(each.head, *(cell_text(cell, "zh") for cell in each.cells)) for each in table(document, "nearest").rows]
    assert shown == [
        ("中国电信", "9 个月", "+5.69", "增持", "−0.69"),
        ("源杰科技", "9 个月", "+4.07", "持有", "+0.93"),
        ("烽火通信", "12 个月", "+18.93", "增持", "+1.07"),
        ("烽火通信", "9 个月", "+3.62", "持有", "+1.38"),
        ("中证通信设备", "12 个月", "−8.51", "中性", "−1.49"),
    ]


def test_index_and_basket_stand_beside_each_other_with_their_difference(document):
    shown = [[cell_text(cell, "zh") for cell in each.cells] for each in table(document, "versus").rows]
    assert shown == [
        ["+3.10", "中性", "+1.72", "中性", "−1.38"],
        ["+11.90", "强于大市", "+50.24", "强于大市", "+38.34"],
        ["+6.75", "中性", "+37.81", "强于大市", "+31.06"],
    ]
    assert table(document, "versus").notes == (
        "11 只标的满 12 个月所得区间：买入 6 只、增持 3 只、持有 1 只、卖出 1 只；其中 10 只跑赢沪深300。",
    )


def test_every_name_has_its_base_close_and_why_that_one_is_said_once(document):
    prices = table(document, "prices")
    mobile = cells(prices, "600941.SH")
    assert [mobile[key].value for key in ("base", "end_6", "end_9", "end_12")] == [101.05, 110.80, 108.34, 110.40]
    assert mobile["cash"].value == pytest.approx(2.18 + 2.3789)
    assert "why" not in mobile
    assert prices.notes[0] == "基准价：发布日休市，取此前最近收盘。"
    # 德科立 2024-05-31: 10 转 2 with 0.30, then 0.20 on 1.2 shares.
    assert cells(prices, "688205.SH")["factor"].value == pytest.approx(1.2)
    assert cells(prices, "688205.SH")["cash"].value == pytest.approx(0.30 + 1.2 * 0.20)
    assert cell_text(cells(prices, "688702.SH")["cash"], "zh") == "无"


def test_a_suspended_base_date_takes_the_last_close_and_says_so(bundled, market_folder):
    # 仕佳光子 did not trade on 2025-06-30; its last close is that of 2025-06-27.
    document = build_dossier(check(bundled, market_folder, published=dt.date(2025, 6, 30)))
    own = cells(table(document, "prices"), "688313.SH")
    assert own["base"].note == "2025-06-27"
    assert cell_text(own["why"], "zh") == "基准日停牌，沿用 2025-06-27 收盘"
    assert cell_text(cells(table(document, "prices"), "600941.SH")["why"], "zh") == ""
    assert table(document, "prices").notes[0] == "基准价：发布日当日收盘；不同者另列。"


@pytest.mark.slow
def test_listings_in_other_markets_stand_in_their_own_currency_with_the_dates_of_both_sides(bundled, market_folder):
    source = FolderSource(market_folder)
    asked = {"as_of": MATURED, "today": dt.date(2026, 1, 5)}
    named = table(build_dossier(check_outcome(*bundled, source, **asked)), "listings")
    mobile = cells(named, "0941.HK")
    assert (mobile["base"].value, mobile["base"].note, mobile["end"].value) == (67.9, "2024-04-12", 81.65)
    assert cell_text(mobile["return_12"], "zh") == "+20.25"  # 81.65 / 67.9 - 1
    assert "excess_12" not in mobile
    assert named.notes[0].count("MXCN.MSCI") == 2  # one sentence: the benchmark, and how to name a proxy for it
    proxied = check_outcome(*bundled, source, proxies={"MXCN.MSCI": "MCHI.US"}, **asked)
    found = cells(table(build_dossier(proxied), "listings"), "0941.HK")
    assert "以 MCHI.US 代替" in cell_text(found["benchmark"], "zh")
    excess = next(each.excess for each in proxied.other_markets if each.subject == "0941.HK" and each.horizon_months == 12)
    assert found["excess_12"].value == excess


@pytest.mark.slow
def test_a_name_without_a_price_is_left_out_of_the_basket_and_counted(bundled, market_folder, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "index").symlink_to(market_folder / "index")
    (tmp_path / "actions.csv").symlink_to(market_folder / "actions.csv")
    for path in (market_folder / "raw").iterdir():
        if path.stem != "688313":
            (tmp_path / "raw" / path.name).symlink_to(path)
    document = build_dossier(check(bundled, tmp_path))
    assert "在点名的 11 只标的中有价可计的 10 只上兑现" in said(document)
    assert row(table(document, "bands"), "all").note == "11 只中的 10 只"
    assert "主题篮子：基准日无价，未计入 仕佳光子" in box_lines(document)


def test_a_publication_date_before_the_sessions_on_record_is_refused(bundled, market_folder):
    with pytest.raises(UsageError, match="outside the session table"):
        check(bundled, market_folder, published=dt.date(1989, 3, 1))


# Traces


def test_every_return_can_be_worked_out_from_its_row(outcome):
    singles = [each for each in entries(outcome) if each.factor is not None]
    assert len(singles) == (2 + 11 * 3) * 3
    for each in singles:
        assert each.row.end_close * each.factor / each.row.base_close - 1 == pytest.approx(each.row.own_return, abs=1e-12)
        assert each.benchmark_end_close / each.benchmark_base_close - 1 == pytest.approx(each.row.benchmark_return, abs=1e-12)
        assert each.row.own_return - each.row.benchmark_return == pytest.approx(each.row.excess, abs=1e-12)


def test_a_total_factor_reinvests_gross_cash_at_the_ex_reference_price(outcome):
    june, september = [each for each in actions_of(outcome, "600941.SH") if each.ex_date.year == 2024]
    assert (june.ex_date, june.cash_per_share, june.previous_close) == (dt.date(2024, 6, 6), 2.18, 101.68)
    assert june.total_factor == pytest.approx(101.68 / (101.68 - 2.18))
    row = next(each for each in entries(outcome) if each.row.subject == "600941.SH" and each.row.series == "total")
    assert row.factor == pytest.approx(june.total_factor * september.total_factor)


def test_the_csv_beside_the_dossier_holds_every_row_of_the_outcome(outcome):
    rows = list(csv.DictReader(io.StringIO(outcome_csv(outcome))))
    assert len(rows) == len(outcome.rows)
    first = rows[2]
    assert (first["subject"], first["horizon_months"], first["band"], first["near_edge"]) == (
        "801770.SI",
        "12",
        "中性",
        "false",
    )
    assert float(first["excess"]) == outcome.rows[2].excess
    assert (first["base_close"], first["end_close"], first["factor"]) == ("2358.2", "2709.64", "1.0")
    daily = list(csv.DictReader(io.StringIO(daily_csv(outcome))))
    assert (daily[0]["session"], daily[0]["801770.SI"]) == ("2024-04-12", "0.0")
    assert float(daily[-1]["all"]) == outcome.row("all", 12).excess


def test_text_that_could_start_a_formula_is_harmless_in_the_csv(bundled, market_folder):
    thesis, scale = bundled
    first = thesis.candidates[0].model_copy(update={"name": '=HYPERLINK("http://x","y")'})
    hostile = thesis.model_copy(update={"candidates": (first, *thesis.candidates[1:])})
    rows = list(csv.DictReader(io.StringIO(outcome_csv(check((hostile, scale), market_folder)))))
    names = {each["name"] for each in rows if each["subject"] == "600941.SH"}
    assert names == {'\'=HYPERLINK("http://x","y")'}


# The document


def test_sections_of_others_stand_before_the_prices(outcome):
    extra = Section("trust", "How far", (Stack((Paragraph(("words",)),)),))
    keys = [each.id for each in build_dossier(outcome, extra=(extra,)).sections]
    assert keys.index("trust") == keys.index("prices") - 1


def test_the_rule_is_quoted_in_one_phrase_and_stands_beside_the_rule_as_computed(document):
    section = next(each for each in document.sections if each.id == "rule")
    quote, silent, computed = section.blocks
    assert quote.parts == ("「评级标准为报告发布日后6到12个月内的相对市场表现」",)
    assert "原文没有说明" in silent.parts[0]
    lines = {fact.label: parts_text(fact.parts, "zh") for fact in computed.items}
    assert lines["行业区间 pp"] == "强于大市 ≥ +10，−10 < 中性 < +10，弱于大市 ≤ −10"
    assert lines["个股区间 pp"] == "买入 ≥ +20，+5 ≤ 增持 < +20，−10 < 持有 < +5，卖出 ≤ −10"


def test_the_parameters_hold_what_a_rerun_needs(document, outcome):
    found = {fact.label: parts_text(fact.parts, "zh") for fact in document.parameters}
    assert found["数据 sha256"] == outcome.prices.sha256
    assert (found["报告发布日"], found["发布日依据"], found["截止日"]) == ("2024-04-14", "推断", "2025-06-30")
    assert {"版本 screener", "版本 pandas", "来源类别", "价格止"} <= set(found)


def test_an_english_dossier_has_no_chinese_but_the_quotation_and_its_source(outcome):
    document = build_dossier(outcome, "en")
    allowed = (outcome.scale.window.phrase, outcome.scale.source)
    found = [words for words in every_text(document) if re.search(r"[\u4e00-\u9fff]", words)]
    left = [words for words in found if not any(part in words for part in allowed)]
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize("as_of", [MATURED, RUNNING, PENDING])
def test_the_same_inputs_give_the_same_document(bundled, market_folder, as_of):
    first, second = (build_dossier(check(bundled, market_folder, as_of=as_of)) for _ in range(2))
    assert repr(first) == repr(second)


@pytest.mark.slow
def test_a_chart_ends_at_the_as_of_date_while_the_window_runs_on(bundled, market_folder):
    running = check(bundled, market_folder, as_of=RUNNING)
    span = shown_span(running, "all")
    assert (span.sessions[0], span.sessions[-1]) == (dt.date(2024, 10, 14), dt.date(2025, 4, 14))
    values = values_of(running, "801770.SI", span)
    assert span.sessions[max(place for place, value in enumerate(values) if value is not None)] == RUNNING
    drawn = build_dossier(running)
    assert drawn.charts[0].data.rows[-1].id == "2025-01-15"


def test_small_charts_show_every_name_and_the_second_opinion(document):
    panels = next(each for each in document.blocks if isinstance(each, Panels))
    assert [each.head for each in panels.panels] == [each.head for each in table(document, "bands").rows][9:] + ["中证通信设备"]
    shown = {each.head: [cell_text(mark, "zh") for mark in each.marks] for each in panels.panels}
    assert shown["源杰科技"] == ["−5.5", "+4.1", "−22.1"]


def test_figures_inside_a_sentence_stay_typed():
    parts = phrase("verdict_both", "zh", months=6, band="中性", first=Cell("excess", 0.031), second=Cell("excess", 0.0172))
    assert parts == ("满 6 个月两者都是中性（", Cell("excess", 0.031), "、", Cell("excess", 0.0172), "）")


@pytest.mark.parametrize(("as_of", "lang"), [(MATURED, "zh"), (RUNNING, "en")])
def test_the_markdown_of_the_bundled_figures_stays_as_it_was_read(bundled, as_of, lang):
    outcome = check_outcome(*bundled, SnapshotSource(), as_of=as_of, today=dt.date(2026, 1, 5))
    found = render_markdown(build_dossier(outcome, lang))
    path = GOLDEN / f"outcome-{as_of}-{lang}.md"
    if os.environ.get("SCREENER_UPDATE_GOLDEN"):
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8")


@pytest.mark.slow
def test_the_command_writes_the_dossier_and_ends_with_3_when_something_is_missing(folder_without_index, tmp_path):
    ran = run_screener("outcome", "--prices", folder_without_index, "--as-of", "2025-06-30", "--out", tmp_path)
    assert ran.code == 3
    folder = tmp_path / "guolian-2024-ai-compute" / "outcome"
    written = {"outcome.html", "outcome.md", "outcome.xlsx", "outcome.json", "outcome.csv", "outcome-daily.csv"}
    assert {path.name for path in folder.iterdir()} == written
    assert str(folder) in ran.out
    assert (folder / "outcome.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    for name in ("outcome.html", "outcome.md"):
        assert "无法判定：没有 index/801770.csv" in (folder / name).read_text("utf-8")


def box_lines(document: Document) -> tuple[str, ...]:
    box = next(each for each in document.blocks if isinstance(each, Box))
    return tuple(line for part in box.parts for line in (*part.paragraphs, *part.bullets))


def every_text(document: Document) -> list[str]:
    facts = (*document.byline, *document.meta, *document.parameters)
    found = [document.kicker, document.page_title, *document.foot, *(parts_text(each.parts, "en") for each in facts)]
    found += [each.label for each in facts] + [said(document), *box_lines(document)]
    for block in document.blocks:
        if isinstance(block, Paragraph):
            found += [parts_text(block.parts, "en"), block.source, block.title]
            continue
        found += [getattr(block, "title", ""), getattr(block, "sub", ""), getattr(block, "finding", "")]
        data = block.data if isinstance(block, Chart | Panels) else block
        if isinstance(data, Table):
            heads = [words for column in data.columns for words in (column.head, column.group, column.group_note)]
            rows = [words for each in data.rows for words in (each.head, each.note, *map(shown, each.cells))]
            found += [data.row_head, *data.notes, *heads, *rows]
    return found


def shown(cell: Cell) -> str:
    return f"{cell_text(cell, 'en')} {cell.note}"
