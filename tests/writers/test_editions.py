"""What a report is written as on request: pictures, PDF, and the colours of up and down."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from screener.report import method as method_rules
from screener.report.document import Box, BoxPart, Cell, Column, Document, Facts, Row, Section, Stack, Table
from screener.report.draw.heat import heat_spec
from screener.report.draw.palette import LIGHT, PRINT, resolve, signed
from screener.report.figures import cell_text
from screener.report.week.report import weekly_document
from screener.screening import check_outcome, check_week
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import Gap
from screener.terms.say import LANGS
from screener.terms.widths import broken, width
from screener.writers.archive import Archive
from screener.writers.edition import Edition, left_behind
from screener.writers.files import publish_outcome, write_files
from screener.writers.markdown import render_markdown
from screener.writers.page.html import render_html, render_index
from screener.writers.pdf import for_paper, render_pdf
from screener.writers.pictures import draw_light, draw_pictures, source_lines
from tests.conftest import ROOT, run_screener

# Every test here rests on pictures or files that take seconds to make.
pytestmark = pytest.mark.slow

TODAY = dt.date(2026, 1, 5)
CSS = (ROOT / "screener" / "writers" / "page" / "templates" / "page.css").read_text("utf-8")


@pytest.fixture(scope="module")
def weekly(bundled) -> Document:
    source = SnapshotSource()
    return weekly_document(check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY), "zh")


@pytest.fixture(scope="module")
def outcome(bundled):
    return check_outcome(*bundled, SnapshotSource(), today=TODAY)


@pytest.fixture(scope="module")
def pictures(weekly) -> dict[str, bytes]:
    return draw_pictures(weekly)


def size(picture: bytes) -> tuple[int, int]:
    return struct.unpack(">II", picture[16:24])


def test_the_palette_of_pictures_is_the_one_of_the_page():
    screen = dict(re.findall(r"--([a-z0-9-]+):(#[0-9a-f]{6})", CSS[: CSS.index("@media")]))
    names = {"up": "red", "dn": "green"}
    for token, colour in LIGHT.items():
        sign, _, rest = token.partition("-")
        assert screen["-".join([names.get(sign, sign), *([rest] if rest else [])])] == colour
    paper = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})", CSS[CSS.index("@media print") :][:120]))
    assert {token: colour for token, colour in PRINT.items() if colour != LIGHT[token]} == {**paper, "paper": "#ffffff"}


def test_swapping_the_colours_twice_changes_nothing():
    once = signed(LIGHT, "green-up")
    assert once["up"] == LIGHT["dn"]
    assert once["dn-t"] == LIGHT["up-t"]
    assert once["theme"] == LIGHT["theme"]
    assert signed(once, "green-up") == LIGHT


def test_a_token_without_a_colour_is_a_fault_of_ours():
    with pytest.raises(KeyError):
        resolve("var(--none)", LIGHT)


def test_every_chart_and_the_heat_map_is_a_picture(weekly, pictures):
    wanted = {f"{each.id}.png" for each in weekly.charts} | {"heat.png"}
    assert set(pictures) == wanted
    for name, picture in pictures.items():
        assert picture[:8] == b"\x89PNG\r\n\x1a\n", name


def test_the_small_charts_of_a_dossier_are_one_picture(outcome, tmp_path):
    files = {path.name for path in publish_outcome(outcome, tmp_path, edition=Edition(png=True))}
    assert {"path-index.png", "path-all.png", "paths.png"} <= files


def test_a_picture_has_room_for_its_title_and_source_beside_the_drawing(weekly, pictures):
    chart = next(each for each in weekly.charts if each.id == "relative")
    wide, high = chart.wide["usermeta"]["size"]
    shown = size(pictures["relative.png"])
    assert shown[0] == 2 * (wide + 32)
    assert shown[1] > 2 * (high + 60)


def test_a_picture_says_where_its_figures_come_from(weekly):
    title, facts = source_lines(weekly)
    assert title == weekly.title
    for word in ("2024-04-14（推断）", "2025-04-11 收盘", "000300.SH", "内置快照", "sha256"):
        assert word in facts


def test_a_heat_picture_prints_every_figure_on_its_step(weekly):
    table = next(each for each in weekly.tables if each.id == "heat")
    text = str(heat_spec(table, "zh"))
    cells = [cell for row in table.rows for cell in row.cells]
    assert len(re.findall(r"'text': '[+−0-9.]+'", text)) == len(cells)
    assert "var(--dn-s)" in text
    assert "var(--up-s)" in text


def test_a_gap_in_a_heat_picture_is_said_in_the_language_of_the_report():
    gap = Cell("gap", Gap("no_data", "no_file", {"file": "raw/600000.csv"}))
    table = Table("heat", "", "", (Column("w", "04-11"),), (Row("600000.SH", "SPDB", (gap,)),), layout="heat")
    for lang in LANGS:
        assert f"'text': '{cell_text(gap, lang)}'" in str(heat_spec(table, lang))
    assert cell_text(gap, "zh") != cell_text(gap, "en")


def test_green_up_swaps_the_colours_of_a_picture(weekly, pictures):
    chart = next(each for each in weekly.charts if each.id == "excess")
    for updown, rise, fall in (("red-up", "up", "dn"), ("green-up", "dn", "up")):
        drawn, _, _ = draw_light(chart.wide, updown)
        assert re.search(rf'fill="{LIGHT[rise]}">\+11.92<', drawn)
        assert re.search(rf'fill="{LIGHT[fall]}">−2.68<', drawn)
    assert draw_pictures(weekly, "green-up")["excess.png"] != pictures["excess.png"]


def test_a_page_opens_with_the_colours_asked_for(weekly):
    assert "data-updown" not in render_html(weekly)[:200]
    assert 'data-updown="green-up"' in render_html(weekly, updown="green-up")[:200]
    assert 'data-updown="green-up"' in render_index(Archive((), (), ()), "zh", updown="green-up")[:200]


def test_a_page_for_paper_needs_no_style_sheet_inside_its_drawings(weekly):
    page = for_paper(render_html(weekly))
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert "var(" not in drawing
        assert "url(#" not in drawing
        if "viewBox" in drawing:
            assert "<style>" in drawing
            assert "font-size:15px" not in drawing  # the rule of small drawings in one kind of table
            assert re.match(r'<svg[^>]* width="[\d.]+" height="[\d.]+"', drawing)


def test_green_up_swaps_the_colours_of_a_pdf(weekly):
    page = for_paper(render_html(weekly), "green-up")
    assert re.search(rf'fill="{LIGHT["dn"]}">\+11.92<', page)
    assert re.search(rf'fill="{LIGHT["up"]}">−2.68<', page)


def test_an_unknown_colour_order_is_a_usage_error():
    ran = run_screener("weekly", "--updown", "blue-up")
    assert ran.code == 2
    assert "red-up 或 green-up" in ran.err


def test_pictures_of_an_earlier_run_are_named(tmp_path):
    written = write_files(tmp_path, {"weekly.html": b"", "heat.png": b""})
    assert left_behind(written) == ()
    again = write_files(tmp_path, {"weekly.html": b""})
    assert left_behind(again) == (tmp_path / "heat.png",)


def test_a_pdf_without_its_library_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "weasyprint.py").write_text("raise ImportError('not here')\n", "utf-8")
    ran = run_screener("weekly", "--pdf", "--out", tmp_path / "reports", env={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert ran.code == 1
    assert "pip install -c constraints.txt -e '.[pdf]'" in ran.err
    assert not (tmp_path / "reports").exists()


@pytest.mark.browser
def test_a_pdf_holds_the_report_as_text_on_a4_and_the_same_bytes_twice(tmp_path):
    made = []
    for name in ("a", "b"):
        ran = run_screener("weekly", "--week", "2025-04-11", "--pdf", "--out", tmp_path / name)
        assert ran.code == 0, ran.err
        made.append(tmp_path / name / "guolian-2024-ai-compute" / "2025-W15" / "weekly.pdf")
    assert made[0].read_bytes() == made[1].read_bytes()
    about, words = pdf_facts(made[0]), pdf_words(made[0])
    assert "A4" in about
    for said in ("夯实算力基础", "−4.11%", "+37.21", "强于大市 ≥ +10", "测算规则", "推断"):
        assert said in words, said


@pytest.mark.browser
def test_a_section_longer_than_a_page_goes_on_over_the_next(weekly, tmp_path):
    rows = tuple(Row(str(at), f"第 {at} 行", (Cell("excess", at / 1000),)) for at in range(150))
    table = Table("long", "长表", "对象", (Column("e", "超额", "pp"),), rows)
    box = Box("long", (BoxPart("长框", bullets=tuple(f"第 {at} 条" for at in range(120))),))
    sections = (Section("a", "", (Stack((table,), 6), Stack((box,), 6))), Section("b", "", (Stack((box, table)),)))
    assert [each.is_long for each in sections] == [True, True]
    path = tmp_path / "long.pdf"
    path.write_bytes(render_pdf(replace(weekly, sections=sections)))
    words = pdf_words(path)
    assert words.count("第 149 行") == 2
    assert words.count("第 119 条") == 2


def pdf_facts(path: Path) -> str:
    return subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout


def pdf_words(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("rule", sorted(method_rules.RULES))
def test_every_written_rule_names_a_documented_function_of_ours(rule):
    module, name = method_rules.RULES[rule].split(":")
    found = importlib.import_module(f"screener.{module}")
    for part in name.split("."):
        found = getattr(found, part)
    assert callable(found)
    assert found.__doc__


def test_every_rule_is_linked_from_some_report():
    assert set(method_rules.WEEKLY) | set(method_rules.OUTCOME) == set(method_rules.RULES)


def test_a_link_of_the_method_box_leads_to_its_rule_in_page_and_markdown(weekly):
    (rules,) = (block for block in weekly.blocks if isinstance(block, Facts) and block.id == "rules")
    page, words = render_html(weekly), render_markdown(weekly)
    for rule in rules.items:
        assert page.count(f'id="{rule.anchor}"') == 1
        assert f'href="#{rule.anchor}"' in page
        assert f'<a id="{rule.anchor}"></a>' in words
        assert f"(#{rule.anchor})" in words


def test_lines_break_behind_stops_and_stay_within_their_columns():
    text = "国联证券，报告发布日 2024-04-14；截止日 2025-06-27 收盘。"
    lines = broken(text, 24)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line) <= 24 for line in lines)
    assert broken("", 10) == [""]
