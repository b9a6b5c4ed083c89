from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.report.document import Band, Bullet, Chart, Shares
from screener.report.draw import marks as charts
from screener.report.draw.marks import Axis, spread, still, tick_step
from screener.report.draw.palette import LIGHT
from screener.report.week.report import weekly_document
from screener.screening import check_week
from screener.sources.snapshot import SnapshotSource
from screener.writers.page.marks import bullet, shares, sparkline
from screener.writers.svg import draw_svg, load_runtime
from tests.conftest import run_screener

TODAY = dt.date(2026, 1, 5)
FOUR = tuple(Band(word, word, level) for word, level in (("卖出", -1), ("持有", 0), ("增持", 1), ("买入", 2)))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(bundled) -> dict[str, Chart]:
    source = SnapshotSource()
    week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY)
    return {each.id: each for each in weekly_document(week, "zh").charts}


def svg(chart: Chart, spec) -> ET.Element:
    text = draw_svg(spec, title=chart.title, finding=chart.finding, key=chart.id)
    return ET.fromstring(text)


def words(root: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def test_a_drawing_has_a_title_and_states_its_finding_in_figures(drawn):
    root = svg(drawn["relative"], drawn["relative"].wide)
    assert root.find(f"{SVG}title").text == "相对大盘走势"
    assert "+45.11%" in root.find(f"{SVG}desc").text
    assert root.get("role") == "img"


def test_chinese_stays_text(drawn):
    shown = words(svg(drawn["relative"], drawn["relative"].wide))
    assert "主题篮子" in shown
    assert "报告发布 2024-04-14（推断）" in shown
    assert "强于大市 ≥ +10" in shown
    assert "观察窗口，余 1 个交易日" in shown


@pytest.mark.slow
def test_colours_are_variables_so_that_a_page_can_change_them(drawn):
    for chart in drawn.values():
        for spec in (chart.wide, chart.narrow):
            text = draw_svg(spec, title="t", finding="f", key="k")
            assert not re.findall(r'"#[0-9a-f]{3,6}"', text)
            used = set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
            assert used <= set(LIGHT)


def test_the_same_specification_gives_the_same_bytes_whatever_was_drawn_before(drawn):
    chart = drawn["relative"]
    first = draw_svg(chart.wide, title="t", finding="f", key="k")
    draw_svg(drawn["excess"].narrow, title="t", finding="f", key="k")
    assert draw_svg(chart.wide, title="t", finding="f", key="k") == first


def test_a_still_drawing_has_no_layer_for_the_pointer(drawn):
    names = [layer.get("name", "") for panel in still(drawn["relative"].wide)["vconcat"] for layer in panel["layer"]]
    assert not [name for name in names if name.startswith("hover")]
    assert "hover_upper" in json.dumps(drawn["relative"].wide)


def test_every_drawing_stays_inside_its_frame(drawn):
    for chart in drawn.values():
        for spec, widest in ((chart.wide, 765), (chart.narrow, 358)):
            width, height = spec["usermeta"]["size"]
            assert width <= widest
            for panel in spec["vconcat"]:
                for layer in panel["layer"]:
                    for row in layer.get("data", {}).get("values", []):
                        assert -60 <= row["x"] <= width
                        assert -40 <= row["y"] <= height


def test_no_text_is_smaller_than_the_floor(drawn):
    for chart in drawn.values():
        for spec in (chart.wide, chart.narrow):
            sizes = re.findall(r'font-size="(\d+)px"', draw_svg(spec, title="t", finding="f", key="k"))
            assert min(map(int, sizes)) >= 11


def test_the_lines_show_excess_from_the_base_date_on_and_end_at_the_as_of_date(drawn):
    rows = drawn["relative"].wide["data"]["values"]
    base = next(row["i"] for row in rows if row["day"] == "2024-04-12")
    assert [row["theme_excess"] for row in rows[:base]] == [None] * base
    assert rows[base]["theme_excess"] == rows[base]["theme"] == rows[base]["bench"] == 0
    assert rows[-1]["day"] == "2025-04-11"
    # 2680.25 / 2358.20 − 3750.52 / 3475.84, in percent.
    assert rows[-1]["industry_excess"] == pytest.approx(100 * (2680.25 / 2358.2 - 3750.52 / 3475.84), abs=1e-4)
    assert (rows[-1]["high"] + rows[-1]["low"]) / 2 == pytest.approx(rows[-1]["bench"], abs=1e-4)


def test_falling_bars_are_hatched_and_rising_ones_solid(drawn):
    root = svg(drawn["excess"], drawn["excess"].wide)
    fills = [each.get("fill") for each in root.iter(f"{SVG}path") if each.get("fill")]
    # The week of the crash: three segments ahead of CSI 300, three behind, the basket and the index behind.
    assert fills.count("var(--up)") == 3
    assert fills.count("url(#hd)") == 5


def test_the_waterfall_ends_where_its_steps_lead(drawn):
    rows = drawn["contribution"].data.rows
    values = [row.cells[0].value for row in rows]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-12)


def test_text_in_a_drawing_is_escaped():
    row = {"x": 5, "y": 5, "text": "<script>&\"'"}
    spec = charts.chart([charts.view(charts.texts([row]), width=50, height=20)], size=(50, 20), origin=(0, 0))
    text = draw_svg(spec, title="<b>", finding='"><script>', key="k")
    assert "<script" not in text
    assert words(ET.fromstring(text)) == ["<script>&\"'"]


@pytest.fixture
def no_fonts(tmp_path) -> dict[str, str]:
    """The environment of a machine without a single system font."""
    conf = tmp_path / "fonts.conf"
    conf.write_text(f'<?xml version="1.0"?><fontconfig><dir>{tmp_path / "none"}</dir></fontconfig>', "utf-8")
    return {"FONTCONFIG_FILE": str(conf)}


@pytest.mark.slow
def test_pictures_are_refused_without_chinese_glyphs_and_nothing_is_written(no_fonts, tmp_path):
    ran = run_screener("weekly", "--week", "2025-04-11", "--png", "--out", tmp_path / "reports", env=no_fonts)
    assert ran.code == 1
    assert "fonts-noto-cjk" in ran.err
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_a_page_is_the_same_without_any_font(no_fonts, tmp_path):
    pages = []
    for name, env in (("with", {}), ("without", no_fonts)):
        ran = run_screener("weekly", "--week", "2025-04-11", "--out", tmp_path / name, env=env)
        assert ran.code == 0, ran.err
        pages.append((tmp_path / name / "guolian-2024-ai-compute" / "2025-W15" / "weekly.html").read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.slow
def test_the_runtime_is_bundled_once_and_then_read(tmp_path):
    first = load_runtime(tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_text("utf-8") == first
    assert "vegaEmbed" in first
    assert "</script" not in first
    kept.write_text("short", "utf-8")
    assert load_runtime(tmp_path) == "short"


@given(st.lists(st.floats(0, 300), min_size=1, max_size=6))
def test_labels_are_pushed_apart_in_their_order(positions):
    placed = spread(positions, low=0, high=300)
    ordered = [place for _, place in sorted(zip(positions, placed, strict=True), key=lambda pair: pair[0])]
    assert all(after - before >= charts.LABEL_STEP - 0.05 for before, after in zip(ordered, ordered[1:], strict=False))


@given(st.floats(0.5, 5000))
def test_ticks_are_round_and_few(span):
    step = tick_step(span)
    assert span / step <= 6
    assert float(f"{step:.1e}".split("e")[0]) in (1, 2, 2.5, 5)


def test_an_axis_maps_its_ends():
    axis = Axis(-10, 30, 200, 0)
    assert (axis.at(-10), axis.at(10), axis.at(30)) == (200, 100, 0)


def parsed(svg: str) -> ET.Element:
    """A small drawing as a page reads it: the page gives the namespace."""
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_a_sparkline_ends_in_a_dot_and_says_its_last_value():
    root = parsed(sparkline([0.0, 0.05, -0.02], "中国移动", "末值 −2.00 pp"))
    assert root.get("aria-label") == "中国移动 末值 −2.00 pp"
    assert len(root.findall("{*}circle")) == 1


@pytest.mark.parametrize(("now", "mark"), [(0.10, "circle"), (0.90, "path"), (-0.90, "path")])
def test_a_bullet_beyond_its_strip_is_an_arrow(now, mark):
    root = parsed(bullet(Bullet(now, 0.0, (-0.1, 0.05, 0.2), FOUR), "x", "y"))
    assert [each.tag.split("}")[1] for each in root if each.get("class") == "dot"] == [mark]
    assert len(root.findall("{*}rect")) == 4


def test_shares_run_from_the_worst_band_to_the_best():
    parts = ((Band("卖出", "卖出", -1), 0.25), (Band("持有", "持有", 0), 0.0), (Band("买入", "买入", 2, best=True), 0.75))
    root = parsed(shares(Shares(parts, 4), "x", "y"))
    assert [each.text for each in root.findall("{*}text")] == ["25%", "75%"]
    assert [each.get("fill") for each in root.findall("{*}rect")] == ["var(--dn-s)", "url(#hd)", "var(--up-s)"]
