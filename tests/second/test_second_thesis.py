"""A second thesis through every writer: another house, benchmark, ladder and months, in both languages."""

from __future__ import annotations

import html
import re
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import run_screener

THEMES = Path(__file__).parent / "themes"
THESIS = "east-coast-2024-optics"
WEEK = "2025-01-08"


@pytest.fixture(scope="module", params=["zh", "en"])
def lang(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def written(lang, tmp_path_factory) -> dict[str, str]:
    """Everything that both runs write, as text by `run.ending`; a workbook as all its cells."""
    out = tmp_path_factory.mktemp(f"second-{lang}")
    common = ("--themes", THEMES, "--prices", "snapshot", "--lang", lang, "--out", out)
    runs = {
        "weekly": run_screener("weekly", THESIS, "--week", WEEK, *common),
        "outcome": run_screener("outcome", THESIS, *common),
        "screen": run_screener("screen", THESIS, "--themes", THEMES, "--prices", "snapshot", "--lang", lang),
    }
    assert {name: ran.code for name, ran in runs.items()} == dict.fromkeys(runs, 0), [ran.err for ran in runs.values()]
    texts = {f"{name}.txt": ran.out for name, ran in runs.items()}
    for path in sorted(out.rglob("*")):
        if path.suffix in (".html", ".md") and path.name != "index.html":
            texts[f"{_run_of(path)}{path.suffix}"] = path.read_text("utf-8")
        elif path.suffix == ".xlsx":
            texts[f"{_run_of(path)}.xlsx"] = _cells(path)
    wanted = {f"{run}{ending}" for run in ("weekly", "outcome") for ending in (".txt", ".html", ".md", ".xlsx")}
    assert wanted <= set(texts)
    return {place: _plain(text) for place, text in texts.items()}


def _plain(text: str) -> str:
    """The words as a reader sees them: entities and Markdown escapes undone, lines and columns run together."""
    text = html.unescape(text).replace("\\u003e", ">").replace("\\u003c", "<")
    return re.sub(r"\s+", " ", re.sub(r"\\([<>_*])", r"\1", text))


def _run_of(path: Path) -> str:
    return "outcome" if "outcome" in path.as_posix().removeprefix(path.anchor) else "weekly"


def _cells(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    return "\n".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    )


def test_the_benchmark_is_called_by_its_own_name_everywhere(written, lang):
    name, other = {"zh": ("中证通信设备", "沪深300"), "en": ("CSI Telecom Equipment", "CSI 300")}[lang]
    for place, text in written.items():
        if place != "screen.txt":
            assert name in text, place
        assert other not in text, (place, _around(text, other))


def test_an_open_edge_is_written_as_open_and_a_closed_one_as_closed(written, lang):
    best, worst, level = {"zh": ("看好", "看淡", "同步"), "en": ("Positive", "Negative", "In Line")}[lang]
    for place, text in written.items():
        for wrong in (f"{best} ≥", f"{worst} ≤", f"{best} ≥ +8", f"≤ {best}", f"−3 < {level}", f"{level} < +8", "±8", "±3"):
            assert wrong not in text, (place, _around(text, wrong))
        if not place.endswith(".txt"):
            for right in (f"{best} > +8", f"{worst} < −3", f"−3 ≤ {level} ≤ +8"):
                assert right in text, (place, right)


def test_every_band_of_an_asymmetric_ladder_of_five_is_written_with_all_its_digits(written, lang):
    words = {"zh": ["观望", "减仓", "回避"], "en": ["Wait", "Trim", "Avoid"]}[lang]
    for place, text in written.items():
        if place.endswith((".html", ".md", ".xlsx")):
            assert f"−2.5 ≤ {words[0]} ≤ +5" in text, place
            assert f"−12 ≤ {words[1]} < −2.5" in text, place
            assert f"{words[2]} < −12" in text, place


def test_the_months_are_the_house_s_own(written, lang):
    for place in ("outcome.html", "outcome.md"):
        assert re.search({"zh": r"6 ?个月", "en": r"6 months"}[lang], written[place])


def _around(text: str, word: str) -> str:
    at = text.find(word)
    return text[max(at - 80, 0) : at + 80]
