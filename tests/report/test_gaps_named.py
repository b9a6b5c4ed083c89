"""No page says that nothing is missing where something is, or shows 0 for an empty set; every gap is named, in JSON too."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from dataclasses import replace

import pytest

from screener.report.document import Box, Cell, Chart, Document, Facts, Panels, Paragraph, Table
from screener.report.figures import cell_text, parts_text
from screener.report.gaps import gaps_in
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record, week_record
from screener.report.trust import trust_sections
from screener.report.week.report import weekly_document
from screener.screening import check_outcome, check_trust, check_week
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap
from screener.thesis.thesis import Thesis
from screener.writers.markdown import render_markdown
from screener.writers.text import render_text
from tests.conftest import run_screener

TODAY = dt.date(2026, 1, 5)
NONE_MISSING = ("没有缺口", "There is no gap")

# Stands for any symbols: one line names all that lack figures for one reason.
MARK = "\0"


class Without:
    """A source in which some symbols have no prices at all: what a reader with a partial folder has."""

    kind = "snapshot"

    def __init__(self, *symbols: str) -> None:
        self.inner, self.gone = SnapshotSource(), symbols

    def last_session(self, symbol):
        return None if symbol in self.gone else self.inner.last_session(symbol)

    def load(self, symbols, *, start, end):
        prices = self.inner.load(symbols, start=start, end=end)
        gone = [each for each in self.gone if each in prices.close.columns]
        gaps = {each: Gap("no_data", "not_in_snapshot", {"symbol": each}) for each in gone}
        frames = {name: getattr(prices, name) for name in ("open", "volume", "amount", "halted")}
        cut = {name: None if frame is None else frame.drop(columns=gone, errors="ignore") for name, frame in frames.items()}
        return replace(prices, close=prices.close.drop(columns=gone), gaps={**prices.gaps, **gaps}, **cut)


def only(thesis: Thesis, *symbols: str) -> Thesis:
    """The same thesis with these names alone."""
    kept = [each for each in thesis.candidates if each.symbol in symbols]
    return thesis.model_copy(update={"candidates": tuple(kept)})


OPERATORS = ("600941.SH", "600050.SH", "601728.SH")
EVERYBODY = (*OPERATORS, "688498.SH", "688313.SH", "301165.SZ", "688702.SH", "600498.SH", "688205.SH", "002281.SZ", "300442.SZ")
SOURCES = (SnapshotSource(), Without("301165.SZ"), Without(*OPERATORS), Without(*EVERYBODY), Without("801770.SI"))
DAYS = (dt.date(2024, 3, 8), dt.date(2024, 12, 6), dt.date(2025, 6, 27))


@pytest.fixture(scope="module")
def results(bundled):
    """(document, record) of outcomes and weeks: several sources, states and windows."""
    thesis, scale = bundled
    found = []
    for source in SOURCES:
        for day in DAYS:
            week = check_week(thesis, scale, source, day=day, today=TODAY)
            found.append((weekly_document(week, "zh"), week_record(week)))
            outcome = check_outcome(thesis, scale, source, as_of=day, today=TODAY)
            found.append((build_dossier(outcome, "zh"), outcome_record(outcome)))
    outcome = check_outcome(thesis, scale, SnapshotSource(), today=TODAY)
    trust = check_trust(outcome, SnapshotSource(), placebo=50)
    found.append((build_dossier(outcome, "en", extra=trust_sections(trust, "en")), outcome_record(outcome, "en")))
    return found


def words_of(document: Document) -> str:
    """Every sentence of a page, without its tables' cells."""
    found = [parts_text(each.parts, document.lang) for each in document.lede]
    for figure in document.key_figures:
        found += [parts_text((figure.figure, *figure.note), document.lang), figure.of]
    for block in document.blocks:
        if isinstance(block, Paragraph):
            found.append(parts_text(block.parts, document.lang))
        elif isinstance(block, Facts):
            found += [parts_text(each.parts, document.lang) for each in block.items]
        elif isinstance(block, Box):
            found += [line for part in block.parts for line in (*part.paragraphs, *part.bullets)]
        elif isinstance(block, Table):
            found += block.notes
    return "\n".join(found)


def cells_of(document: Document) -> list[Cell]:
    tables = [block.data if isinstance(block, Chart | Panels) else block for block in document.blocks]
    return [cell for table in tables if isinstance(table, Table) for row in table.rows for cell in row.cells]


@pytest.mark.slow
def test_a_page_that_shows_a_gap_never_says_that_there_is_none(results):
    for document, _ in results:
        if any(cell.kind == "gap" for cell in cells_of(document)):
            assert not [word for word in NONE_MISSING if word in words_of(document)]


@pytest.mark.slow
def test_every_kind_of_gap_in_a_cell_is_named_on_its_page(results):
    for document, _ in results:
        words = words_of(document)
        for _head, gap in gaps_in(document.blocks):
            said = replace(gap, params={**gap.params, "symbol": MARK}).text(document.lang)
            assert all(part in words for part in said.split(MARK)), (document.kind, gap)


@pytest.mark.slow
def test_every_gap_of_a_row_has_its_reason_in_the_json(results):
    def walk(value):
        if isinstance(value, dict):
            for key, content in value.items():
                if key.endswith("gap") and content is not None:
                    assert value[f"{key}_reason"], value
                walk(content)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    for _, record in results:
        walk(json.loads(json.dumps(record, allow_nan=False)))


@pytest.mark.slow
def test_what_is_missing_is_the_same_in_the_terminal_markdown_and_page(results):
    for document, _ in results:
        gaps = list(gaps_in(document.blocks))
        if gaps:
            assert "缺口" in render_text(document, 100) or "gap" in render_text(document, 100)
            assert "缺口" in render_markdown(document) or "gap" in render_markdown(document)


def test_an_empty_set_is_no_zero(bundled):
    thesis, scale = bundled
    document = weekly_document(check_week(thesis, scale, Without(*EVERYBODY), day=dt.date(2024, 12, 6), today=TODAY), "zh")
    words = words_of(document)
    for wrong in ("0 涨 0 跌", "0 只跑赢", "0 / 11", "0.00 pp"):
        assert wrong not in words, wrong
    assert "11 只标的本周都没有数据" in words
    (parts,) = [block for block in document.blocks if isinstance(block, Table) and block.id == "parts"]
    for row in parts.rows:
        assert not [cell for cell in row.cells if isinstance(cell.value, float)], row.id


def test_an_empty_bucket_weighs_a_gap_and_the_others_what_they_weigh(bundled):
    thesis, scale = bundled
    document = weekly_document(check_week(thesis, scale, Without("301165.SZ"), day=dt.date(2024, 12, 6), today=TODAY), "zh")
    (parts,) = [block for block in document.blocks if isinstance(block, Table) and block.id == "parts"]
    rows = {row.id: row for row in parts.rows}
    assert [cell.kind for cell in rows["switch_equipment"].cells] == ["gap"] * 4
    assert rows["operators"].cells[0].kind == "weight"
    ahead = next(each for each in document.key_figures if "跑赢" in each.label)
    assert ahead.of == " / 10 只"
    assert "1 只缺口" in parts_text(ahead.note, "zh")


# --- after maturity, and weeks that the data cut short ----------------------------------------------------------------------


def test_once_matured_the_verdict_leads_the_weekly_page_and_nothing_pretends_that_the_window_runs(bundled):
    week = check_week(*bundled, SnapshotSource(), day=dt.date(2025, 6, 27), today=TODAY)
    document = weekly_document(week, "zh")
    first = parts_text(document.lede[0].parts, "zh")
    assert "在行业指数上未兑现：申万通信超额 +6.75" in first
    index = next(each for each in document.key_figures if each.label == "申万通信 · 满 12 个月")
    assert cell_text(index.figure, "zh") == "+6.75"
    assert "中性" in parts_text(index.note, "zh")
    assert "未兑现" in parts_text(index.note, "zh")
    assert "至今" in parts_text(index.note, "zh")
    (names,) = [block for block in document.blocks if isinstance(block, Table) and block.id == "names"]
    heads = {column.id for column in names.columns}
    assert {"end_excess", "end_band"} <= heads
    assert not {"to_next_edge", "left"} & heads
    mobile = dict(zip((column.id for column in names.columns), names.rows[0].cells, strict=True))
    assert round(mobile["end_excess"].value, 4) == 0.0110  # 中国移动, 12 months, price: the answer file
    words = words_of(document)
    assert "距 +10 边界" not in words
    assert "处于强于大市" not in words
    assert week_record(week)["verdict"]["801770.SI"]["hit"] is False


def test_while_the_window_runs_the_weekly_page_is_as_it_was(bundled):
    week = check_week(*bundled, SnapshotSource(), day=dt.date(2025, 4, 11), today=TODAY)
    assert week.matured is None
    assert [each.style for each in weekly_document(week, "zh").lede] == ["lede"]
    assert week_record(week)["verdict"] is None


@pytest.mark.slow
def test_a_week_that_the_data_cut_says_so_and_a_true_one_session_week_does_not(bundled):
    cut = check_week(*bundled, SnapshotSource(), day=dt.date(2025, 6, 30), today=TODAY)
    assert "本周未完，至周一" in render_text(weekly_document(cut, "zh"), 100)
    assert week_record(cut)["is_cut"] is True
    alone = check_week(*bundled, SnapshotSource(), day=dt.date(2024, 9, 30), today=TODAY)
    assert len(alone.week.sessions) == 1
    assert "本周未完" not in render_text(weekly_document(alone, "zh"), 100)
    assert week_record(alone)["is_cut"] is False


def test_an_as_of_date_before_publication_is_said_to_be_one(bundled):
    outcome = check_outcome(*bundled, SnapshotSource(), as_of=dt.date(2024, 4, 1), today=TODAY)
    assert "报告尚未发布" in parts_text(build_dossier(outcome, "zh").lede[0].parts, "zh")
    assert "Before publication" in parts_text(build_dossier(outcome, "en").lede[0].parts, "en")


@pytest.mark.slow
def test_the_documents_hold_frozen_values(results):
    assert all(dataclasses.is_dataclass(document) for document, _ in results)


@pytest.mark.slow
def test_the_gaps_of_a_screen_are_words_for_people_and_codes_for_programs(market_folder, tmp_path):
    (tmp_path / "raw").mkdir()
    for path in (market_folder / "raw").glob("*.csv"):
        if path.stem != "688205":
            (tmp_path / "raw" / path.name).symlink_to(path)
    for name in ("index", "actions.csv"):
        (tmp_path / name).symlink_to(market_folder / name)
    words = ("screen", "--prices", tmp_path, "--as-of", "2024-05-31")
    row = next(line for line in run_screener(*words).out.splitlines() if line.startswith("德科立"))
    assert "no_data" not in row
    assert row.endswith("无数据")
    assert (
        next(each["gap"] for each in run_screener(*words, "--json").json["rows"] if each["symbol"] == "688205.SH") == "no_data"
    )
