"""The outcome dossier in a real browser: Chromium on a wide screen, on a phone, in print, and without a script."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from screener.screening import check_outcome
from screener.sources.folder_source import FolderSource
from screener.writers.files import publish_outcome

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = os.environ.get("SCREENER_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# A4 less the margins of the print style, in CSS pixels: one wider table makes the browser shrink every page.
PRINT_WIDTH = 703


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_file(bundled, market_folder, tmp_path_factory) -> Path:
    source = FolderSource(market_folder)
    outcome = check_outcome(*bundled, source, as_of=dt.date(2025, 6, 30), today=dt.date(2026, 1, 5))
    written = publish_outcome(outcome, tmp_path_factory.mktemp("reports"))
    return next(path for path in written if path.suffix == ".html")


@pytest.fixture(params=[DESK, PHONE], ids=["1280", "390"])
def page(request, browser, page_file) -> Iterator[object]:
    """The page at a width; whatever it logs as an error or asks the network for fails the test."""
    context = browser.new_context(viewport=request.param)
    shown = context.new_page()
    complaints: list[str] = []
    shown.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
    shown.goto(page_file.as_uri())
    yield shown
    context.close()
    assert complaints == []


def test_the_first_words_of_the_page_are_the_verdict(page):
    verdict = page.locator("p.verdict")
    assert verdict.inner_text().startswith("按报告自己的标准，满 12 个月，「强于大市」在行业指数上未兑现：申万通信超额 +6.75")
    assert verdict.bounding_box()["y"] < 420


def test_nothing_makes_the_page_scroll_sideways(page):
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_both_paths_and_all_small_charts_are_drawn(page):
    for key in ("path-index", "path-all"):
        shown = page.locator(f".plot[data-key^={key}] svg:visible")
        assert shown.count() == 1
        assert shown.locator("path").count() > 1
    assert page.locator(".sm figure svg:visible").count() == 12
    assert page.locator("td svg[role=img]:visible").count() >= 20


def test_every_drawing_says_what_it_shows_and_every_table_has_heads(page):
    assert page.locator("h1").count() == 1
    unnamed = "document.querySelectorAll('svg[role=img]:not([aria-label]):not([aria-labelledby])').length"
    assert page.evaluate(unnamed) == 0
    dangling = """[...document.querySelectorAll('[aria-labelledby]')].flatMap(e => e.getAttribute('aria-labelledby').split(' '))
        .filter(id => !document.getElementById(id))"""
    assert page.evaluate(dangling) == []
    headless = "[...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope]')).length"
    assert page.evaluate(headless) == 0
    assert (
        page.evaluate("[...document.querySelectorAll('tbody tr')].filter(r => !r.querySelector('th[scope=row]')).length") == 0
    )
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0 && e.ariaLabel)")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_the_rows_behind_a_chart_open_by_keyboard(page):
    summary = page.locator("details summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.locator("tbody tr:visible").count() == 123


def test_colours_follow_the_switches(page):
    colour = "getComputedStyle(document.querySelector('.verdict .up')).color"
    red = page.evaluate(colour)
    page.locator("#bu").click()
    assert page.evaluate(colour) != red
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#bt").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper


def test_a_chart_tells_the_day_and_its_figure_under_the_pointer(page):
    chart = page.locator(".plot[data-key^=path-index]:visible")
    chart.scroll_into_view_if_needed()
    chart.hover()
    page.wait_for_selector(".plot.awake[data-key^=path-index] svg")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.5)
    page.wait_for_selector(".tip.on")
    words = page.locator(".tip").inner_text()
    assert "202" in words
    assert "pp" in words


def test_the_page_reads_without_a_script(browser, page_file):
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    shown = context.new_page()
    shown.goto(page_file.as_uri())
    assert shown.locator("p.verdict").is_visible()
    assert shown.locator(".plot svg:visible").count() == 2
    assert not shown.locator("#bu").is_visible()
    context.close()


def test_it_prints_on_a4_without_a_table_that_shrinks_the_pages(browser, page_file, tmp_path):
    context = browser.new_context(viewport={"width": PRINT_WIDTH, "height": 1000})
    shown = context.new_page()
    shown.goto(page_file.as_uri())
    shown.emulate_media(media="print")
    widths = shown.evaluate(
        "[...document.querySelectorAll('table')].map(t => [t.closest('section')?.className, t.scrollWidth])"
    )
    assert [each for each in widths if each[1] > PRINT_WIDTH] == []
    shown.pdf(path=tmp_path / "dossier.pdf", prefer_css_page_size=True)
    assert (tmp_path / "dossier.pdf").read_bytes().count(b"/Type /Page\n") <= 5
    context.close()


def test_the_file_is_one_small_page(page_file):
    assert page_file.stat().st_size < 2_000_000
