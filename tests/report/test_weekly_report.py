from __future__ import annotations

import datetime as dt
import json
import os
import re
from dataclasses import replace

import pandas as pd
import pytest

from screener.report.document import Chart, Document, Facts, Table, walk_cells
from screener.report.figures import cell_text, parts_text
from screener.report.week.report import week_label, weekly_document
from screener.screening import check_outcome, check_week
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap
from screener.writers.files import publish_archive, publish_outcome, publish_weekly
from screener.writers.markdown import escaped, render_markdown
from tests.conftest import ROOT, run_screener
from tests.reference_measures import NAMES, growth, read_figures

GOLDEN = ROOT / "tests" / "golden"
TODAY = dt.date(2026, 1, 5)
BASE = dt.date(2024, 4, 12)
FIGURES = read_figures(ROOT / "screener" / "data")
VERSIONS = re.compile(r"screener \S+[，,] ?Python \S+[，,] ?pandas \S+[，,] ?numpy \S+?[。.]$", re.MULTILINE)


def document(bundled, day: str, lang="zh", source=None) -> Document:
    source = source or SnapshotSource()
    return weekly_document(check_week(*bundled, source, day=dt.date.fromisoformat(day), today=TODAY), lang)


def table(found: Document, table_id: str) -> Table:
    return next(each for each in found.tables if each.id == table_id)


def shown(found: Document, table_id: str, row: str) -> list[str]:
    line = next(each for each in table(found, table_id).rows if each.id == row)
    return [cell_text(cell, found.lang) for cell in line.cells]


def changes(found: Document) -> dict[str, list[str]]:
    block = next(each for each in found.blocks if isinstance(each, Facts))
    lines: dict[str, list[str]] = {}
    for fact in block.items:
        lines.setdefault(fact.label, []).append(parts_text(fact.parts, found.lang))
    return lines


def test_the_paragraph_of_the_one_session_week_is_written_from_the_numbers(bundled):
    # CSI 300: 4017.85 / 3703.68 − 1 = +8.48%. 申万通信: 2736.19 / 2456.48 − 1 = +11.39%, since publication 2736.19 / 2358.20
    # − 4017.85 / 3475.84 = +0.44 pp.
    text = parts_text(document(bundled, "2024-09-30").lede[0].parts, "zh")
    assert "沪深300 +8.48%" in text
    assert "申万通信 +11.39%" in text
    assert "11 只标的 11 涨 0 跌，8 只跑赢沪深300" in text
    assert "申万通信超额 +0.44\u202fpp，处于中性，距 +10 边界 9.56\u202fpp" in text
    assert "距 12 个月期末余 127 个交易日" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2024-09-30", "2024-W40 · 09-30，1 个交易日"),
        ("2024-10-10", "2024-W41 · 10-08 至 10-11，4 个交易日"),
        ("2025-01-27", "2025-W05 · 01-27，1 个交易日"),
        ("2025-04-07", "2025-W15 · 04-07 至 04-11，5 个交易日"),
    ],
)
def test_the_head_says_which_sessions_the_week_had(bundled, day, words):
    found = document(bundled, day)
    assert words in parts_text(found.meta[0].parts, "zh")
    assert len(table(found, "daily").rows) == int(words.split("，")[1].split()[0]) + 1


def test_the_week_of_the_reopening_fell(bundled):
    # From 2024-09-30 to 2024-10-11: CSI 300 3887.17 / 4017.85, 中国移动 108.57 / 109.70, 德科立 39.53 / 41.23 (no ex-date).
    found = document(bundled, "2024-10-11")
    assert shown(found, "periods", "000300.SH")[:2] == ["−3.25", "0.00"]
    assert shown(found, "names", "600941.SH")[2:4] == ["−1.03", "+2.22"]
    assert shown(found, "names", "688205.SH")[2:4] == ["−4.12", "−0.87"]


def test_the_last_week_before_the_new_year_of_2025_has_one_session(bundled):
    # 3817.08 / 3832.86 − 1 = −0.41%; 源杰 145.61 / 160.12 − 1 = −9.06%; 中国移动 110.97 / 109.02 − 1 = +1.79%.
    found = document(bundled, "2025-01-27")
    assert shown(found, "periods", "000300.SH")[0] == "−0.41"
    assert shown(found, "names", "688498.SH")[2:4] == ["−9.06", "−8.65"]
    assert shown(found, "names", "600941.SH")[2:4] == ["+1.79", "+2.20"]


def test_the_week_of_the_crash_day_by_day(bundled):
    # 3589.44 / 3861.50 − 1 = −7.05%; 2562.59 / 2902.96 − 1 = −11.72%; the week 3750.52 / 3861.50 − 1 = −2.87%.
    found = document(bundled, "2025-04-11")
    days = {row.head: [cell_text(cell, "zh") for cell in row.cells] for row in table(found, "daily").rows}
    assert days["04-07 周一"][1:] == ["−7.05", "−4.92", "−11.72"]
    assert days["全周"][1] == "−2.87"
    assert len(found.key_figures) == 6


def lede_of(found):
    return "".join(parts_text(each.parts, "zh") for each in found.lede)


def test_a_suspended_name_is_flagged_and_its_week_is_no_zero(bundled):
    found = document(bundled, "2025-06-30")
    row = next(each for each in table(found, "names").rows if each.id == "688313.SH")
    assert cell_text(row.cells[1], "zh") == "38.05"
    assert "停牌" in cell_text(row.cells[-1], "zh")
    assert "收盘为 25-06-27" in cell_text(row.cells[-1], "zh")
    heat = next(each for each in table(found, "heat").rows if each.id == "688313.SH")
    assert cell_text(heat.cells[-1], "zh") == "停牌"
    assert "688313.SH" not in {each.id for each in table(found, "extremes").rows}
    assert "8 涨 1 跌" in lede_of(found)
    assert "1 只无成交" in lede_of(found)


def test_an_ex_date_is_named_and_does_not_show_in_the_week(bundled):
    found = document(bundled, "2025-06-04")
    assert changes(found)["除权除息"] == ["06-04 锐捷网络 每股派 0.6 元，每股变为 1.4 股\n06-06 中国移动 每股派 2.29 元"]
    # (68.01 / 66.83) × (48.49 × 1.4 / 67.41) × (52.22 / 48.49) − 1 = +10.37%.
    assert shown(found, "names", "301165.SZ")[2] == "+10.37"


def test_what_changed_since_last_week_is_named(bundled):
    lines = changes(document(bundled, "2025-04-11"))
    assert [line.split("\n")[0] for line in lines["区间变动"]] == [
        "申万通信 强于大市 → 中性",
        "烽火通信 买入 → 增持",
        "光迅科技 买入 → 增持",
    ]
    assert lines["临近边界"] == ["中证通信设备 −9.58\u202fpp，距 −10 边界 0.42\u202fpp"]
    assert lines["后续日期"] == ["2025-04-14 为 12 个月期末日"]


@pytest.mark.slow
def test_the_rank_stands_with_how_many_were_ranked(bundled, market_folder):
    found = document(bundled, "2025-05-23", source=FolderSource(market_folder))
    assert "在 31 个申万一级行业中列第 29" in lede_of(found)
    assert "ranking" in {each.id for each in found.charts}


@pytest.mark.slow
def test_without_the_industries_the_rank_is_left_out_and_said(bundled, closes_folder):
    found = document(bundled, "2025-04-11", source=FolderSource(closes_folder))
    assert "ranking" not in {each.id for each in found.charts}
    assert "申万一级行业排名：缺口 无数据（来源没有 31 个行业指数）。" in render_markdown(found).replace("\\", "")


def test_a_missing_figure_is_a_gap_with_its_code(bundled, market_folder):
    # 801770 ends on 2025-06-30 in this folder; the week goes on to 2025-07-04.
    found = document(bundled, "2025-07-02", source=FolderSource(market_folder))
    assert shown(found, "periods", "801770.SI")[0] == "缺口 数据过期"
    gaps = [cell for cell in walk_cells(found) if cell.kind == "gap"]
    assert gaps
    assert all(isinstance(cell.value, Gap) for cell in gaps)


@pytest.mark.slow
def test_before_publication_nothing_is_said_since_publication(bundled):
    found = document(bundled, "2024-03-29")
    text = render_markdown(found)
    assert "报告尚未发布" in text
    assert not any(column.group == "发布以来" for column in table(found, "periods").columns)
    assert "relative" not in {each.id for each in found.charts}


@pytest.mark.slow
def test_no_cell_prints_a_blank_or_a_dash_for_a_figure(bundled):
    for day in ("2024-03-08", "2024-09-30", "2025-04-11", "2025-06-30"):
        for cell in walk_cells(document(bundled, day)):
            words = cell_text(cell, "zh")
            assert words.strip("−-—–") or cell.kind == "text"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_format_has_the_same_figures(bundled, lang):
    found = document(bundled, "2025-04-11", lang)
    text = render_markdown(found).replace("\\", "")
    for block in found.blocks:
        data = block.data if isinstance(block, Chart) else block
        if not isinstance(data, Table):
            continue
        for row in data.rows:
            for cell in row.cells:
                if cell.kind not in ("spark", "bullet"):
                    assert cell_text(cell, lang) in text


def test_english_has_no_chinese_left_in_it(bundled):
    text = render_markdown(document(bundled, "2025-04-11", "en"))
    assert re.findall(r"[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e]+", text) == []


@pytest.mark.slow
def test_the_same_week_gives_the_same_bytes(bundled):
    first, second = (render_markdown(document(bundled, "2025-04-11")) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("day", "lang"), [("2025-04-11", "zh"), ("2024-09-30", "en")])
def test_markdown_is_as_it_was_agreed(bundled, day, lang):
    text = VERSIONS.sub("VERSIONS", render_markdown(document(bundled, day, lang)))
    path = GOLDEN / f"weekly-{week_label(dt.date.fromisoformat(day))}-{lang}.md"
    if os.environ.get("SCREENER_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text("utf-8")


def test_every_period_is_measured_against_the_industry_index_too(bundled):
    table = next(each for each in document(bundled, "2025-04-11").tables if each.id == "against")
    rows = {row.id: row for row in table.rows}
    # Week to 2025-04-11: basket −4.11 %, 申万通信 −7.67 %, CSI 300 −2.87 %, as the table above prints them.
    assert rows["all"].cells[0].value == pytest.approx(0.0356, abs=1e-4)
    assert rows["000300.SH"].cells[0].value == pytest.approx(0.0480, abs=1e-4)
    assert "801770.SI" not in rows
    assert list(rows)[:2] == ["all", "all_rebalanced"]
    assert list(rows)[-2:] == ["000300.SH", "931160.CSI"]


def test_text_for_markdown_cannot_become_markup():
    assert escaped("a|b <script> *x* [y](z)") == "a\\|b \\<script\\> \\*x\\* \\[y\\](z)"


def test_every_table_of_markdown_has_as_many_cells_in_every_row(bundled):
    for lines in re.findall(r"(?:^\|.*\|\n)+", render_markdown(document(bundled, "2025-04-11")), flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines.strip().split("\n")}
        assert len(counts) == 1


@pytest.mark.slow
def test_a_week_is_written_in_four_formats_with_its_archive(bundled, tmp_path):
    source = SnapshotSource()
    for day in ("2024-09-30", "2025-04-11"):
        publish_weekly(check_week(*bundled, source, day=dt.date.fromisoformat(day), today=TODAY), tmp_path)
    page, broken = publish_archive(tmp_path, "zh")
    folder = tmp_path / "guolian-2024-ai-compute" / "2025-W15"
    assert sorted(path.name for path in folder.iterdir()) == ["weekly.html", "weekly.json", "weekly.md", "weekly.xlsx"]
    text = page.read_text("utf-8")
    assert broken == ()
    assert text.index("2025-W15") < text.index("2024-W40")
    assert 'href="guolian-2024-ai-compute/2024-W40/weekly.html"' in text
    assert "+37.21" in text


def test_the_archive_names_what_it_cannot_read(tmp_path):
    folder = tmp_path / "some-thesis" / "2025-W01"
    folder.mkdir(parents=True)
    (folder / "weekly.json").write_text("{", encoding="utf-8")
    _, broken = publish_archive(tmp_path, "en")
    assert broken == (folder / "weekly.json",)


@pytest.mark.slow
def test_the_archive_shows_what_became_of_each_stated_rating(bundled, tmp_path):
    publish_outcome(check_outcome(*bundled, SnapshotSource(), today=TODAY), tmp_path)
    text = re.sub(r"<[^>]+>", "", publish_archive(tmp_path, "zh")[0].read_text("utf-8"))
    assert "申万通信 +6.75 pp 未兑现" in text
    assert "主题篮子 +37.81 pp 兑现" in text
    running = check_outcome(*bundled, SnapshotSource(), as_of=dt.date(2024, 11, 1), today=TODAY)
    publish_outcome(running, tmp_path)
    page = publish_archive(tmp_path, "zh")[0].read_text("utf-8")
    assert "评级核查（截止 2024-11-01）" in page
    assert "未到期或缺口" in page
    assert 'href="guolian-2024-ai-compute/outcome/outcome.html"' in page


@pytest.mark.slow
def test_the_archive_says_when_another_publication_date_was_tried(bundled, tmp_path):
    publish_outcome(check_outcome(*bundled, SnapshotSource(), published=dt.date(2024, 4, 7), today=TODAY), tmp_path)
    assert "试算发布日 2024-04-07，截止 2025-06-30" in publish_archive(tmp_path, "zh")[0].read_text("utf-8")


def test_an_outcome_check_that_cannot_be_read_is_named_too(tmp_path):
    folder = tmp_path / "some-thesis" / "outcome"
    folder.mkdir(parents=True)
    (folder / "outcome.json").write_text('{"rows": []}', encoding="utf-8")
    assert publish_archive(tmp_path, "en")[1] == (folder / "outcome.json",)


def test_json_writes_no_file(tmp_path):
    ran = run_screener("weekly", "--week", "2025-04-11", "--json", cwd=tmp_path)
    assert ran.code == 0
    assert ran.json["week_end"] == "2025-04-11"
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_the_command_says_where_the_report_is(tmp_path):
    ran = run_screener("weekly", "--week", "2025-04-11", "--out", tmp_path, "--lang", "en")
    assert ran.code == 0, ran.err
    folder = tmp_path / "guolian-2024-ai-compute" / "2025-W15"
    assert str(folder) in ran.out
    assert str(tmp_path / "index.html") in ran.out
    record = json.loads((folder / "weekly.json").read_text("utf-8"))
    assert record["sessions"] == 5


class Counted:
    """The snapshot with share counts from `since` on: 9 of China Mobile for each of another name."""

    kind = "snapshot"

    def __init__(self, since: str = "2024-01-02", without: str = "") -> None:
        self.plain, self.since, self.without = SnapshotSource(), since, without

    def last_session(self, symbol):
        return self.plain.last_session(symbol)

    def load(self, symbols, *, start, end):
        names = [each for each in symbols if each[0] in "036" and each != "000300.SH" and each != self.without]
        days = pd.DatetimeIndex([self.since] * len(names)).astype("datetime64[s]")
        counts = [9e8 if each == "600941.SH" else 1e8 for each in names]
        shares = pd.DataFrame({"symbol": names, "date": days, "float_shares": counts})
        return replace(self.plain.load(symbols, start=start, end=end), shares=shares)


@pytest.mark.parametrize(("lang", "word"), [("zh", "流通市值加权"), ("en", "Float-cap weight")])
def test_float_cap_weight_stands_under_the_rebalanced_basket_with_the_heaviest_names(bundled, lang, word):
    found = document(bundled, "2025-04-11", lang, Counted())
    rows = [row.id for row in table(found, "periods").rows]
    assert rows[:3] == ["all", "all_rebalanced", "all_float_cap"]
    line = next(row for row in table(found, "periods").rows if row.id == "all_float_cap")
    assert (line.head, line.ends_group) == (word, True)
    # The close of 2024-04-12, nine times that of China Mobile (101.05 × 9 = 909.45), over the sum.
    closes = {code: FIGURES.closes[code][dt.date(2024, 4, 12)] * (9 if code == "600941" else 1) for code in NAMES}
    weights = {code: value / sum(closes.values()) for code, value in closes.items()}
    note = table(found, "periods").notes[0]
    assert "2024-04-12" in note
    for code in sorted(weights, key=weights.get)[-3:]:
        assert f" {weights[code]:.1%}" in note
    assert {"zh": "其余 8 只", "en": "the other 8"}[lang] in note
    since = sum(weights[c] * (growth(FIGURES, c, BASE, dt.date(2025, 4, 11), reinvest=False) - 1) for c in NAMES)
    assert line.cells[10].value == pytest.approx(since, abs=1e-12)
    text = render_markdown(found).replace("\\", "")
    assert all(cell_text(cell, lang) in text for cell in line.cells)
    assert "no_data" not in note


def test_before_the_base_date_float_cap_weight_is_set_at_the_start_of_the_period_and_that_is_said(bundled):
    found = document(bundled, "2024-03-29", source=Counted())
    assert "按时段起点的流通市值加权" in table(found, "periods").notes[0]
    assert "2024-03-22 收盘" in table(found, "periods").notes[0]


def test_a_missing_count_takes_the_whole_row_away_and_is_named(bundled):
    found = document(bundled, "2025-04-11", source=Counted(without="688702.SH"))
    assert "all_float_cap" not in [row.id for row in table(found, "periods").rows]
    said = "缺口 无数据（688702.SH 在 2024-04-12 的流通股本未知）"
    assert said in table(found, "periods").notes[0]
    assert "流通市值加权：缺口 无数据，688702.SH" in render_markdown(found).replace("\\", "")


def test_a_period_that_starts_before_the_counts_is_a_gap_of_its_own(bundled):
    found = document(bundled, "2024-06-28", source=Counted(since="2024-04-01"))
    line = next(row for row in table(found, "periods").rows if row.id == "all_float_cap")
    kinds = {column.id: cell.kind for column, cell in zip(table(found, "periods").columns, line.cells, strict=True)}
    assert (kinds["weeks_13_return"], kinds["week_return"], kinds["since_return"]) == ("gap", "return", "return")


@pytest.mark.slow
def test_the_verdict_of_a_matured_report_leads_to_the_whole_check(tmp_path):
    """A link stands where the check of the same publication date lies; without one, or with another's, there is none."""
    week = ("weekly", "--week", "2025-04-18", "--out", tmp_path)
    page = tmp_path / "guolian-2024-ai-compute" / "2025-W16"

    def links() -> list[bool]:
        assert run_screener(*week).code in (0, 3)
        html, words = ((page / f"weekly.{ending}").read_text("utf-8") for ending in ("html", "md"))
        return ['href="../outcome/outcome.html"' in html, "](../outcome/outcome.md)" in words]

    assert links() == [False, False]
    run_screener("outcome", "--quick", "--published", "2024-04-08", "--out", tmp_path)
    assert links() == [False, False]
    run_screener("outcome", "--quick", "--out", tmp_path)
    assert links() == [True, True]
