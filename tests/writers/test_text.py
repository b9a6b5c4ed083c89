"""The short form of every document as terminal text: readable at any width, the same figures, lined up everywhere."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest

from screener.report.document import Column, Document, Paragraph, Row, Table, text
from screener.report.events import events_document
from screener.report.outcome.dossier import build_dossier
from screener.report.screen import screen_document
from screener.report.week.report import weekly_document
from screener.screening import check_events, check_outcome, check_screen, check_week
from screener.sources.snapshot import SnapshotSource
from screener.terms.widths import width, wrap
from screener.thesis.library import open_library
from screener.writers.text import render_text
from tests.conftest import THESIS, run_screener

TODAY = dt.date(2026, 1, 5)
WIDTHS = (60, 80, 100, 120, 200)


@pytest.fixture(scope="module")
def documents(bundled) -> dict[str, Document]:
    source = SnapshotSource()
    outcome = check_outcome(*bundled, source, today=TODAY)
    week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY, lead="total")
    study = check_events(*bundled, open_library().load_policies(THESIS), source, today=TODAY)
    screen = check_screen([bundled], source, today=TODAY)
    return {
        f"{name} {lang}": document
        for lang in ("zh", "en")
        for name, document in (
            ("outcome", build_dossier(outcome, lang)),
            ("outcome total", build_dossier(outcome, lang, lead="total")),
            ("weekly", weekly_document(week, lang)),
            ("events", events_document(study, lang)),
            ("screen", screen_document(screen, lang, asked="beta > 1 volatility")),
        )
    }


@pytest.mark.slow
def test_no_line_is_wider_than_the_terminal_at_60_to_200_columns(documents):
    for name, document in documents.items():
        for columns in WIDTHS:
            widest = max(render_text(document, columns).splitlines(), key=width)
            assert width(widest) <= columns, (name, columns, widest)


def test_a_text_holds_no_character_of_uncertain_width(documents):
    for name, document in documents.items():
        found = {each for each in render_text(document, 100) if ord(each) > 127}
        assert {each for each in found if unicodedata.east_asian_width(each) not in "WF"} == set(), name


def test_figures_are_never_folded_at_any_width(documents):
    """Every word of a figure that a wide terminal shows and a narrow one shows too is whole."""
    for columns in WIDTHS:
        rows = [line for line in render_text(documents["outcome zh"], columns).splitlines() if line.startswith("申万通信")]
        assert any("+6.75" in line and "中性" in line for line in rows), columns


def test_a_narrow_terminal_says_which_columns_it_leaves_out_and_keeps_the_headline(documents):
    narrow, wide = (render_text(documents["outcome zh"], columns) for columns in (60, 200))
    assert "未显示：" in narrow
    assert "几何" in narrow[narrow.index("未显示：") :]
    assert "+37.81" in narrow
    assert "未显示：" not in wide.split("其他市场")[0]


def test_columns_that_were_asked_about_stay_at_every_width(documents):
    for columns in WIDTHS:
        assert "年化波动" in render_text(documents["screen zh"], columns).replace("\n", "")


def test_the_total_series_leads_where_it_is_asked_for(documents):
    text_of = render_text(documents["outcome total zh"], 120)
    row = next(line for line in text_of.splitlines() if line.startswith("中国移动"))
    # 中国移动, 12 months: +2.47 pp on total return (the answer file), +1.10 on price.
    assert "+2.47" in row
    assert "+1.10" not in row
    assert "发布以来（总回报口径）" in render_text(documents["weekly zh"], 100)


def test_a_table_without_rows_says_so():
    table = Table("t", "标题", "名称", (Column("a", "甲"),), ())
    document = Document("screen", "zh", "s", "k", "t", "t", (), (), (), (), (), (), (), brief=(table,))
    assert "没有符合的行" in render_text(document, 60)


def test_a_control_character_of_a_file_never_reaches_the_terminal():
    table = Table("t", "", "名称", (Column("a", "甲", left=True),), (Row("1", "a\x1b[31mb", (text("\x07c"),)),))
    lede = (Paragraph(("\x1b]0;title\x07",)),)
    document = Document("screen", "zh", "s", "k", "t", "t", (), (), lede, (), (), (), (), brief=(table,))
    assert not set("\x1b\x07") & set(render_text(document, 60))


def test_a_line_breaks_before_no_closing_mark_and_behind_no_opening_one():
    for columns in range(12, 40):
        lines = wrap("「强于大市」在行业指数上未兑现：申万通信超额 +6.75 pp，为中性（推断）。", columns)
        assert not [line for line in lines if line[:1] in "，。：）」" or line[-1:] in "（「"]
        assert "".join(lines).replace(" ", "") == "「强于大市」在行业指数上未兑现：申万通信超额+6.75pp，为中性（推断）。"


@pytest.mark.slow
def test_the_command_follows_the_width_of_the_terminal():
    ran = run_screener("thesis", "list", env={"COLUMNS": "60"})
    assert ran.code == 0
    out = run_screener("screen", env={"COLUMNS": "60"}).out
    assert max(width(line) for line in out.splitlines()) <= 60
