from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from screener.report.document import (
    Band,
    Cell,
    Chart,
    Column,
    Document,
    Fact,
    Flag,
    Paragraph,
    Row,
    Section,
    Shares,
    Stack,
    Table,
    Zone,
    text,
)
from screener.report.outcome.dossier import build_dossier
from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.terms.notes import Gap
from screener.writers.csv import csv_text, neutralise
from screener.writers.sheets.workbook import render_workbook

BUY, HOLD = Band("买入", "买入", 2, best=True), Band("持有", "持有", 0)
HOSTILE = ('=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", "\t=1", "  =1")


def sample(*, title: str = "样表", rows: tuple[Row, ...] | None = None) -> Document:
    columns = (
        Column("excess", "超额", "pp", group="12 个月", group_note="至 25-04-14"),
        Column("band", "区间", group="12 个月", group_note="至 25-04-14", left=True),
        Column("shares", "占比", left=True),
        Column("close", "收盘"),
        Column("day", "日期"),
        Column("flags", "标记", left=True),
    )
    halves = Cell("shares", Shares(((HOLD, 0.25), (BUY, 0.75)), 4))
    first = Row(
        "000063.SZ",
        "中兴通讯",
        (
            Cell("excess", 0.123456789012345, "停牌"),
            Cell("band", BUY),
            halves,
            Cell("price", 1234.5),
            Cell("day", dt.date(2025, 4, 14)),
            Cell("flags", (Flag("near", "临近边界"),)),
        ),
        note="000063",
    )
    gap = Gap("no_data", "no_file", {"file": "raw/000063.csv"})
    second = Row(
        "600000.SH",
        "浦发银行",
        (Cell("gap", gap), Cell("none"), Cell("not_due"), Cell("none"), Cell("none"), text("")),
        note="600000",
    )
    found = Table("sample", title, "对象", columns, (first, second) if rows is None else rows, notes=("注",))
    days = tuple(Row(day, day, (Cell("excess", value),)) for day, value in (("2025-04-11", 0.01), ("2025-04-14", -0.02)))
    lines = Chart("path", "走势", "", "lines", Table("path-data", "", "交易日", (Column("all", "篮子", "pp"),), days), {}, {})
    return Document(
        kind="outcome",
        lang="zh",
        slug="sample",
        kicker="样",
        title=title,
        page_title=title,
        byline=(),
        meta=(Fact("截止日", ("2025-04-14 收盘",)),),
        lede=(Paragraph(("超额 ", Cell("excess", 0.0675))),),
        key_figures=(),
        sections=(Section("one", "", (Stack((found, lines)),)),),
        foot=("脚注",),
        parameters=(
            Fact("来源类别", ("folder",)),
            Fact("截止日", (Cell("day", dt.date(2025, 4, 14)),)),
            Fact("sha256", ("0" * 64,)),
        ),
    )


def midnight(year: int, month: int, day: int) -> dt.datetime:
    """How openpyxl reads a plain date."""
    return dt.datetime.combine(dt.date(year, month, day), dt.time())


def written(document: Document, folder: Path, *, values: bool = False) -> openpyxl.Workbook:
    path = folder / "report.xlsx"
    path.write_bytes(render_workbook(document))
    return openpyxl.load_workbook(path, data_only=values)


def grid(sheet: Worksheet) -> list[dict[str, object]]:
    """The rows below the heads, by head; heads are on the fifth line."""
    heads = [cell.value for cell in sheet[5]]
    return [dict(zip(heads, (cell.value for cell in line), strict=True)) for line in sheet.iter_rows(min_row=6)]


def test_figures_are_numbers_in_full_precision_under_a_format(tmp_path):
    sheet = written(sample(), tmp_path)["样表"]
    first = grid(sheet)[0]
    assert first["超额 pp"] == pytest.approx(0.123456789012345, abs=1e-16)
    assert (first["收盘"], first["日期"]) == (1234.5, midnight(2025, 4, 14))
    formats = {cell.value: cell.number_format for cell in sheet[6]}
    assert formats[1234.5] == "#,##0.00"
    assert formats[first["超额 pp"]] == "+0.00%;-0.00%;0.00%"
    assert formats[first["日期"]] == "yyyy-mm-dd"


def test_a_code_stays_text_with_its_zeros(tmp_path):
    sheet = written(sample(), tmp_path)["样表"]
    assert [line["代码"] for line in grid(sheet)[:2]] == ["000063", "600000"]
    assert sheet["B6"].data_type == "s"
    assert sheet["B6"].number_format == "@"


def test_a_share_of_days_is_a_column_for_each_band(tmp_path):
    first = grid(written(sample(), tmp_path)["样表"])[0]
    assert (first["买入"], first["持有"]) == (0.75, 0.25)


def test_a_gap_is_said_where_the_figure_would_stand_and_is_no_number(tmp_path):
    second = grid(written(sample(), tmp_path)["样表"])[1]
    assert (second["超额 pp"], second["收盘"], second["买入"]) == ("缺口 无数据", "无", "未到期")


def test_a_note_on_a_figure_has_a_column_of_its_own(tmp_path):
    assert [line["超额（注）"] for line in grid(written(sample(), tmp_path)["样表"])[:2]] == ["停牌", ""]


def test_heads_and_names_stay_in_view_and_colours_follow_the_cells(tmp_path):
    book = written(sample(), tmp_path)
    assert book["样表"].freeze_panes == "B6"
    assert book["样表"].auto_filter.ref == "A5:J7"
    rules = {
        str(area.sqref): [rule.formula for rule in found]
        for area, found in book["样表"].conditional_formatting._cf_rules.items()
    }
    assert rules["C6:C7"] == [["0"], ["0"]]
    assert rules["E6:E7"] == [['"买入"']]


def test_a_chart_is_drawn_natively_beside_its_rows(tmp_path):
    sheet = written(sample(), tmp_path)["走势"]
    assert sheet["A6"].value == midnight(2025, 4, 11)
    (chart,) = sheet._charts
    (series,) = chart.series
    assert series.val.numRef.f == "走势!$B$6:$B$7"
    assert series.cat.numRef.f == "走势!$A$6:$A$7"


def with_zones() -> Document:
    """A chart of excess from −2 % to +1 % on three bands with the edges −10 % and +10 %."""
    zones = (
        Zone(Band("弱", "弱", -1), -math.inf, -0.1),
        Zone(Band("中", "中", 0), -0.1, 0.1),
        Zone(Band("强", "强", 1, best=True), 0.1, math.inf),
    )
    return with_chart(sample(), lambda chart: dataclasses.replace(chart, zones=zones))


def with_chart(document: Document, change) -> Document:
    """The document with its chart changed."""
    (section,) = document.sections
    (stack,) = section.stacks
    blocks = tuple(change(block) if isinstance(block, Chart) else block for block in stack.blocks)
    stacks = (dataclasses.replace(stack, blocks=blocks),)
    return dataclasses.replace(document, sections=(dataclasses.replace(section, stacks=stacks),))


def axis_ends(folder: Path) -> list[tuple[float, ...]]:
    """The fixed ends of the value axis of every chart in the workbook (max, min); empty where the spreadsheet chooses."""
    with zipfile.ZipFile(folder / "report.xlsx") as book:
        texts = [book.read(name).decode() for name in sorted(book.namelist()) if name.startswith("xl/charts/chart")]
    return [tuple(float(each) for each in re.findall(r'<c:m(?:ax|in) val="([^"]+)"', text)) for text in texts]


def test_bands_stand_behind_the_lines_of_a_native_chart_and_fill_its_axis(tmp_path):
    book = written(with_zones(), tmp_path)
    (chart,) = book["走势"]._charts
    heights = {line[0].value: [cell.value for cell in line[1:]] for line in book["画图数据"].iter_rows()}
    ((high, low),) = axis_ends(tmp_path)
    # The axis holds the edges with a twentieth of their span as room: ±0.11, rounded outwards to a step of 0.05.
    assert (low, high) == (-0.15, 0.15)
    assert heights["弱"] == pytest.approx([-0.1 - low] * 2)
    assert heights["中"] == pytest.approx([0.2] * 2)
    assert heights["强"] == pytest.approx([high - 0.1] * 2)
    assert [len(each.series) for each in chart._charts] == [4, 1]


def test_a_chart_without_bands_keeps_the_axis_that_the_spreadsheet_chooses(tmp_path):
    written(sample(), tmp_path)
    assert axis_ends(tmp_path) == [()]


def test_columns_of_another_unit_get_a_chart_of_their_own(tmp_path):
    days = ("2025-04-11", "2025-04-14")
    columns = (Column("r", "篮子", "%", group="涨跌"), Column("e", "篮子", "pp", group="超额"))
    rows = tuple(Row(day, day, (Cell("return", 0.1), Cell("excess", 0.05))) for day in days)
    data = Table("path-data", "", "交易日", columns, rows)
    document = with_chart(with_zones(), lambda chart: dataclasses.replace(chart, data=data))
    written(document, tmp_path)
    returns, excess = axis_ends(tmp_path)
    assert returns == ()
    assert excess == (0.15, -0.15)


def test_green_up_swaps_the_colours_of_figures(tmp_path):
    colours = []
    for updown in ("red-up", "green-up"):
        path = tmp_path / f"{updown}.xlsx"
        path.write_bytes(render_workbook(sample(), updown))
        rules = [rule for area in openpyxl.load_workbook(path)["样表"].conditional_formatting for rule in area.rules]
        colours.append({rule.operator: rule.dxf.font.color.rgb[-6:] for rule in rules if rule.dxf.font})
    assert colours[0] == {"greaterThan": "B0211F", "lessThan": "0A6647"}
    assert colours[1] == {"greaterThan": "0A6647", "lessThan": "B0211F"}


# Weekly excess and the ground that belongs to it, by the table of colours: red up, tints from ±2 pp, strong from ±6 pp.
HEAT = {-0.07: "B3D8C8", -0.06: "B3D8C8", -0.0599: "DCEDE5", -0.02: "DCEDE5", -0.0199: None, 0.0: None}
HEAT |= {0.0199: None, 0.02: "F8E3DF", 0.0599: "F8E3DF", 0.06: "EFC4BD", 0.07: "EFC4BD"}


def filled(rules: list[object], value: float) -> str | None:
    """The ground that a spreadsheet gives a value: that of the first rule that holds."""
    holds = {"lessThanOrEqual": float.__le__, "greaterThanOrEqual": float.__ge__}
    for rule in sorted(rules, key=lambda each: each.priority):
        if holds[rule.operator](value, float(rule.formula[0])):
            return rule.dxf.fill.bgColor.rgb[-6:]
    return None


def test_the_heat_map_of_a_workbook_stands_on_the_steps_of_the_page(tmp_path):
    columns = tuple(Column(str(place), f"{place + 1:02}-03") for place in range(len(HEAT)))
    cells = tuple(Cell("heat", value) for value in HEAT)
    table = Table("heat", "热力图", "对象", columns, (Row("000063.SZ", "中兴通讯", cells),), layout="heat")
    document = dataclasses.replace(sample(), sections=(Section("heat", "", (Stack((table,)),)),))
    sheet = written(document, tmp_path)["热力图"]
    rules = {str(area.sqref): list(area.rules) for area in sheet.conditional_formatting}
    found = {cell.value: filled(rules[f"{cell.coordinate}"], float(cell.value)) for cell in sheet[6][1:]}
    assert found == HEAT


def test_text_that_could_start_a_formula_is_harmless_everywhere(tmp_path):
    rows = tuple(Row(each, each, (text(each, each), *(Cell("none"),) * 5), note=each) for each in HOSTILE)
    book = written(sample(title="=1+1", rows=rows), tmp_path)
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f"
                assert not isinstance(cell.value, str) or not cell.value.lstrip(" ").startswith(
                    ("=", "+", "-", "@", "\t", "\r")
                )
    assert book.properties.title == "'=1+1"


@pytest.mark.parametrize("words", HOSTILE)
def test_neutralised_text_keeps_its_words_behind_an_apostrophe(words):
    assert neutralise(words) == "'" + words
    assert csv_text(["a"], [[words]]).splitlines()[1].strip('"').startswith("'")


@pytest.mark.parametrize("words", ["中国移动", "600941.SH", "−4.11", "1+1", "", "a=b"])
def test_harmless_text_stays_as_it_is(words):
    assert neutralise(words) == words


def test_numbers_in_a_csv_keep_their_sign_and_precision():
    assert csv_text(["a", "b", "c"], [[-0.1, 0.1 + 0.2, None], [1, True, dt.date(2025, 4, 14)]]) == (
        "a,b,c\n-0.1,0.30000000000000004,\n1,true,2025-04-14\n"
    )


def test_the_same_document_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    first.write_bytes(render_workbook(sample()))
    second.write_bytes(render_workbook(sample()))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_workbook_names_no_clock(tmp_path):
    assert written(sample(), tmp_path).properties.created == midnight(2000, 1, 1)


def test_parameters_and_provenance_have_a_sheet(tmp_path):
    sheet = written(sample(), tmp_path)["参数与出处"]
    assert [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2)] == [
        ["来源类别", "folder"],
        ["截止日", midnight(2025, 4, 14)],
        ["sha256", "0" * 64],
    ]


def test_sheet_names_are_allowed_and_never_twice(tmp_path):
    document = sample(title="一" * 40 + "[x]:*?/\\")
    doubled = document.sections[0].stacks[0].blocks[0]
    twice = (Section("one", "", (Stack((doubled, doubled)),)),)
    names = written(dataclasses.replace(document, sections=twice), tmp_path).sheetnames
    assert names[1:3] == ["一" * 31, "一" * 29 + " 2"]


def test_every_figure_of_the_dossier_is_in_its_workbook(bundled, market_folder, tmp_path):
    source = FolderSource(market_folder)
    outcome = check_outcome(*bundled, source, as_of=dt.date(2025, 6, 30), today=dt.date(2026, 1, 5))
    document = build_dossier(outcome)
    book = written(document, tmp_path, values=True)
    bands = next(each for each in document.tables if each.id == "bands")
    lines = grid(book["6、9、12 个月的评级区间"])
    for row, line in zip(bands.rows, lines, strict=False):
        assert line["对象"] == row.head
        assert row.note in (line["代码"], line["说明"])
        assert line["几何 12 月"] == pytest.approx(row.cells[7].value, abs=1e-15)
        assert line["涨跌 12 月"] == pytest.approx(row.cells[8].value, abs=1e-15)
    ledger = grid(book["明细"])
    assert len(ledger) == len(outcome.rows)
    assert [line["excess"] for line in ledger] == pytest.approx([row.excess for row in outcome.rows], abs=1e-15)
    assert {"摘要", "起止日期与价格", "明细", "文字", "参数与出处"} <= set(book.sheetnames)
