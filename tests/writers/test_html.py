from __future__ import annotations

import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from screener.report.week.report import weekly_document
from screener.screening import check_week
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.writers.files import publish_archive, publish_weekly
from screener.writers.page.html import render_html

TODAY = dt.date(2026, 1, 5)
CHROMIUM = Path("/usr/bin/chromium")
WEEKS = ("2024-09-30", "2025-04-11", "2025-06-30")


@pytest.fixture(scope="module")
def reports(bundled, tmp_path_factory) -> Path:
    """Three weeks in Chinese, one in English, and the archive, as files."""
    folder = tmp_path_factory.mktemp("reports")
    source = SnapshotSource()
    for day in WEEKS:
        publish_weekly(check_week(*bundled, source, day=dt.date.fromisoformat(day), today=TODAY), folder / "zh")
    week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY)
    publish_weekly(week, folder / "en", lang="en")
    publish_archive(folder / "zh", "zh")
    return folder


def page_of(reports: Path, week: str = "2025-W15", lang: str = "zh") -> Path:
    return reports / lang / "guolian-2024-ai-compute" / week / "weekly.html"


class Outline(HTMLParser):
    """What a reader without eyes meets: tags with their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def outline(path: Path) -> Outline:
    parser = Outline()
    parser.feed(path.read_text("utf-8"))
    return parser


def test_a_page_is_one_file_under_two_megabytes_without_an_outside_reference(reports):
    for path in reports.rglob("*.html"):
        text = path.read_text("utf-8")
        assert len(text.encode()) < 2_000_000
        found = outline(path)
        outside = [attrs.get(key) for _, attrs in found.tags for key in ("src", "href", "action", "data") if attrs.get(key)]
        assert not [each for each in outside if re.match(r"(?:[a-z]+:)?//", each)]
        assert "@import" not in text.split("</style>")[0]
        assert not re.findall(r"url\((?!#)", text.split("</style>")[0])


def test_tables_have_heads_and_drawings_have_words(reports):
    found = outline(page_of(reports))
    assert len(found.named("h1")) == 1
    assert all(
        attrs.get("scope") in ("col", "row", "colgroup") or not attrs.get("class") or attrs["class"].strip() == "gap-l"
        for attrs in found.named("th")
    )
    assert all(
        attrs.get("aria-label") or attrs.get("aria-labelledby") or attrs.get("aria-hidden") for attrs in found.named("svg")
    )
    ids = [attrs["id"] for _, attrs in found.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    pointed = [each for attrs in found.named("svg") for each in (attrs.get("aria-labelledby") or "").split()]
    assert set(pointed) <= set(ids)
    assert found.named("html")[0]["lang"] == "zh-CN"
    assert all(
        attrs.get("tabindex") == "0" and attrs.get("aria-label") for _, attrs in found.tags if attrs.get("role") == "region"
    )


def test_names_from_a_thesis_file_cannot_become_markup(bundled):
    thesis, scale = bundled
    evil = "<script>alert(1)</script>\"'&"
    candidates = tuple(each.model_copy(update={"name": f"{evil}{each.symbol}"}) for each in thesis.candidates)
    hostile = thesis.model_copy(update={"title": f"</title>{evil}", "candidates": candidates})
    source = SnapshotSource()
    week = check_week(hostile, scale, source, day=dt.date(2025, 4, 11), today=TODAY)
    text = render_html(weekly_document(week, "zh"), runtime="window.nothing=1;")
    assert "<script>alert" not in text
    assert text.count("</title>") == text.count("<title>") + text.count("<title id=")
    assert text.count("<script") == text.count("</script>")


@pytest.mark.slow
def test_the_same_week_gives_the_same_page(bundled):
    source = SnapshotSource()
    pages = []
    for _ in range(2):
        week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY)
        pages.append(render_html(weekly_document(week, "zh")))
    assert pages[0] == pages[1]


# How opaque each line of the industry index is drawn.
OPACITY = """[...document.querySelectorAll('.plot.vw[data-key=relative-w] path[stroke="var(--industry)"]')]
  .map(each => Number(each.getAttribute('opacity') ?? 1))"""


@dataclass
class Seen:
    """A page in a real browser, with what it said and asked for."""

    page: object
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def visit(chromium):
    """Open a file at a width; every page is closed again."""
    pages = []

    def open_page(path: Path, width: int = 1280, **options) -> Seen:
        page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
        seen = Seen(page)
        page.on("console", lambda message: seen.said.append(message.text))
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return seen

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_opens_without_error_request_or_sideways_scroll(reports, visit, width):
    for path in sorted(reports.rglob("*.html")):
        seen = visit(path, width)
        assert seen.said == []
        assert [url for url in seen.asked if not url.startswith(("file:", "data:"))] == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.parametrize(("width", "shown", "hidden"), [(1280, ".plot.vw", ".plot.vn"), (390, ".plot.vn", ".plot.vw")])
def test_every_chart_is_drawn_once_at_its_width(reports, visit, width, shown, hidden):
    page = visit(page_of(reports), width).page
    assert page.locator(f"{shown}:visible").count() == page.locator("figure.chart").count() == 5
    assert page.locator(f"{hidden}:visible").count() == 0
    for plot in page.locator(f"{shown} svg").all():
        box = plot.bounding_box()
        assert box["width"] > 150
        assert box["height"] > 100
        assert plot.locator("path").count() > 0


@pytest.mark.browser
def test_a_chart_answers_to_the_pointer(reports, visit):
    seen = visit(page_of(reports))
    page = seen.page
    plot = page.locator(".plot.vw[data-key=relative-w]")
    plot.scroll_into_view_if_needed()
    plot.hover()
    page.wait_for_selector(".plot.awake")
    box = plot.bounding_box()
    # The last session stands 637 of 765 pixels from the left; a little to its left lies 2025-04-10 or 04-11.
    page.mouse.move(box["x"] + 400, box["y"] + 150)
    page.mouse.move(box["x"] + 636, box["y"] + 150, steps=5)
    page.wait_for_selector(".tip.on")
    words = page.locator(".tip").inner_text()
    assert words.startswith("2025-04-")
    assert "主题篮子" in words
    assert "undefined" not in words
    assert seen.said == []


@pytest.mark.browser
def test_a_line_can_be_hidden_and_shown_by_keyboard(reports, visit):
    seen = visit(page_of(reports))
    page = seen.page
    button = page.get_by_role("button", name="申万通信")
    lines = page.locator('.plot.vw[data-key=relative-w] path[stroke="var(--industry)"]')
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".plot.vw.awake")
    assert button.get_attribute("aria-pressed") == "false"
    page.wait_for_function(OPACITY + ".every(each => each < 0.1)")
    page.keyboard.press("Enter")
    page.wait_for_function(OPACITY + ".some(each => each === 1)")
    assert lines.count() >= 2
    assert seen.said == []


def colour(page, selector: str) -> str:
    return page.locator(selector).first.evaluate("node => getComputedStyle(node).color")


@pytest.mark.browser
def test_dark_and_swapped_colours_reach_text_and_drawings(reports, visit):
    page = visit(page_of(reports), color_scheme="light").page
    assert colour(page, ".kpi .v .dn") == "rgb(10, 102, 71)"
    fill = "node => getComputedStyle(node).fill"
    bar = page.locator('.plot.vw[data-key=excess-w] path[fill="var(--up)"]').first
    assert bar.evaluate(fill) == "rgb(176, 33, 31)"
    page.get_by_role("button", name="改为绿涨红跌").click()
    assert colour(page, ".kpi .v .dn") == "rgb(176, 33, 31)"
    assert bar.evaluate(fill) == "rgb(10, 102, 71)"
    page.get_by_role("button", name="深色").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert bar.evaluate(fill) == "rgb(99, 207, 165)"


@pytest.mark.browser
def test_a_dark_system_gets_the_dark_page(reports, visit):
    page = visit(page_of(reports), color_scheme="dark").page
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"


@pytest.mark.browser
def test_everything_reads_without_a_script(reports, visit):
    page = visit(page_of(reports), java_script_enabled=False).page
    assert page.locator(".ctl:visible").count() == 0
    assert page.locator(".sw:visible").count() == 0
    assert "+37.21" in page.locator(".lede").inner_text()
    assert page.locator(".plot.vw svg:visible").count() == 5


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(reports, visit, scheme):
    page = visit(page_of(reports), color_scheme=scheme).page
    poor = page.evaluate(CONTRAST)
    assert poor == []


@pytest.mark.browser
def test_the_first_printed_page_can_be_sent_alone(reports, visit, tmp_path):
    page = visit(page_of(reports)).page
    path = tmp_path / "weekly.pdf"
    path.write_bytes(page.pdf(prefer_css_page_size=True, print_background=True))
    texts = (
        subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode().split("\f")
    )
    first = texts[0]
    assert "全周" in first
    assert "较上周的变化" in first
    assert "主题与环节表现" not in first
    assert 4 <= len([each for each in texts if each.strip()]) <= 5
    assert "显示" not in "".join(texts)


WIDE_TABLES = """[...document.querySelectorAll('table')]
  .filter(each => each.offsetParent && each.scrollWidth > 703).map(each => each.className)"""


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_table_is_wider_than_a_printed_page(reports, visit, lang):
    page = visit(page_of(reports, lang=lang), 703).page
    page.emulate_media(media="print")
    assert page.evaluate(WIDE_TABLES) == []


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_with_every_column_fits_paper_and_phone(bundled, market_folder, visit, tmp_path, lang):
    # Turnover and the industries' ranks are in this source, so that the page is as full as it gets.
    source = FolderSource(market_folder)
    week = check_week(*bundled, source, day=dt.date(2025, 4, 11), today=TODAY)
    path = tmp_path / "full.html"
    path.write_text(render_html(weekly_document(week, lang)), encoding="utf-8")
    page = visit(path, 703).page
    assert page.locator("figure.chart").count() == 5
    page.emulate_media(media="print")
    assert page.evaluate(WIDE_TABLES) == []
    narrow = visit(path, 390)
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert narrow.said == []


# Every visible text against the nearest painted ground behind it: WCAG 2, 4.5 : 1, or 3 : 1 for large text.
CONTRAST = """() => {
  const parse = value => (value.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = each => { each /= 255; return each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || (colour.length === 4 && colour[3] > 0.99)) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll('body *:not(svg):not(svg *):not(script):not(style)')) {
    const words = [...node.childNodes].filter(each => each.nodeType === 3 && each.textContent.trim()).length;
    if (!words || !node.offsetParent || node.getAttribute('aria-hidden')) continue;
    const style = getComputedStyle(node), size = parseFloat(style.fontSize);
    const [high, low] = [light(parse(style.color)), light(ground(node))].sort((a, b) => b - a);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if ((high + 0.05) / (low + 0.05) < needed) poor.add(node.className + ': ' + node.textContent.slice(0, 20));
  }
  return [...poor];
}"""
