from __future__ import annotations

import doctest
import json
import subprocess
import sys

import pandas as pd
import pytest

import screener as sc
from screener.notebook import api
from tests.conftest import ROOT


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


RATINGS = pd.DataFrame(
    {
        "symbol": ["600941.SH", "600498.SH", "002281.SZ"],
        "published": ["2024-04-15", "2024-03-05", "2024-04-15"],
        "rating": ["买入", "增持", "买入"],
        "house": ["国联证券", "国联证券", "没有这家"],
    }
)


@pytest.fixture(scope="module")
def thesis():
    return sc.load_thesis()


@pytest.fixture(scope="module")
def prices():
    return sc.open_prices("snapshot")


@pytest.fixture(scope="module")
def results(thesis, prices):
    return {
        "thesis": thesis,
        "outcome": sc.outcome(thesis, prices),
        "week": sc.week(thesis, prices, day="2025-04-11"),
        "screen": sc.screen(thesis, prices),
        "sensitivity": sc.sensitivity(thesis, prices),
        "events": sc.events(thesis, prices),
        "trust": sc.trust(thesis, prices, placebo=200),
        "desk": sc.desk([thesis], prices, quick=True),
        "grade": sc.grade(RATINGS, prices),
    }


@pytest.mark.slow
def test_every_example_in_the_docstrings_is_true():
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    for module in (api, sc):
        found = doctest.testmod(module, optionflags=flags)
        assert found.failed == 0
        assert found.attempted > 0


def test_the_package_shows_a_dozen_names_and_each_is_there():
    assert dir(sc) == sorted(sc.__all__)
    assert 8 <= len(dir(sc)) <= 14
    for name in dir(sc):
        assert getattr(sc, name) is not None
    with pytest.raises(AttributeError):
        _ = sc.nothing


@pytest.mark.slow
def test_importing_every_module_hides_no_public_name():
    program = """
import importlib, pkgutil
import screener as sc
for module in pkgutil.walk_packages(sc.__path__, "screener."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
taken = [name for name in sc.__all__ if type(getattr(sc, name)).__name__ == "module"]
assert taken == [], taken
print("fine")
"""
    assert run_python(program) == "fine"


def test_importing_the_package_loads_nothing_slow():
    slow = "{'pandas', 'numpy', 'pydantic', 'typer', 'akshare', 'altair', 'vl_convert', 'screener.notebook.api'}"
    assert run_python(f"import sys, screener; print(sorted({slow} & set(sys.modules)))") == "[]"


def test_figures_are_those_of_the_command(results, bundled):
    value = results["outcome"].value
    frame = results["outcome"].frame
    assert len(frame) == len(value.rows)
    for row, own in zip(frame.to_dict("records"), value.rows, strict=True):
        assert (row["subject"], row["horizon_months"], row["excess"]) == (own.subject, own.horizon_months, own.excess)


def test_frames_are_typed_and_take_chinese_names_on_request(results):
    for name in ("outcome", "week", "screen", "sensitivity", "events", "trust", "desk", "grade"):
        frame = results[name].frame
        assert "object" not in frame.dtypes.astype(str).tolist(), name
        chinese = results[name].named()
        assert not any(column.isascii() for column in chinese.columns if column != "beta"), name
        assert list(results[name].named("en").columns) != list(chinese.columns)
        assert chinese.shape == frame.shape
    assert results["outcome"].frame["base_date"].dtype == "datetime64[s]"
    assert results["outcome"].frame["excess"].dtype == "float64"


def test_a_named_table_has_the_words_of_the_page_where_it_has_ids(results):
    named = results["screen"].named()
    assert "CW 光源" in set(named["环节"])
    assert "cw_light_source" in set(results["screen"].frame["bucket"])
    assert (named["13周超额"] == results["screen"].frame["excess_13w"]).all()


def test_changing_a_frame_does_not_change_the_result(results):
    frame = results["screen"].frame
    frame.loc[0, "name"] = "别的"
    assert results["screen"].frame.loc[0, "name"] == "中国移动"
    with pytest.raises(AttributeError):
        results["screen"].value = None


@pytest.mark.slow
def test_a_result_shows_itself_as_a_table_in_both_languages(results):
    for name, result in results.items():
        chinese, english = result._repr_html_(), result.in_language("en")._repr_html_()
        assert chinese.count("<table>") == english.count("<table>") >= 1, name
        assert "nan" not in chinese.lower().replace("<na>", "nan"), name
        assert chinese != english
    assert "+6.75" in results["outcome"]._repr_html_()
    assert "推断" in results["outcome"]._repr_html_()


def test_text_of_a_thesis_is_escaped(thesis):
    hostile = thesis.thesis.model_copy(update={"title": "<script>alert(1)</script>"})
    assert "<script>" not in api.ThesisView(hostile, thesis.scale)._repr_html_()


@pytest.mark.slow
def test_a_chart_is_vega_lite_with_literal_colours_and_a_picture_beside_it(results):
    import vl_convert

    charts = [results["outcome"].chart(), results["outcome"].chart("index"), results["week"].chart()]
    charts += [results["screen"].chart(), results["screen"].chart("beta"), results["sensitivity"].chart()]
    charts += [results["desk"].chart(), results["grade"].chart(), results["grade"].chart("rating")]
    for chart in charts:
        bundle = chart._repr_mimebundle_()
        spec = bundle["application/vnd.vegalite.v5+json"]
        assert "var(--" not in json.dumps(spec)
        assert spec["$schema"].endswith("v5.json")
        assert vl_convert.vegalite_to_svg(spec, vl_version="5.20").startswith("<svg")
        assert bundle["image/png"].startswith(b"\x89PNG")


def test_a_chart_draws_the_figures_of_its_table(results):
    spec = results["screen"].chart().spec
    drawn = [row["value"] for row in spec["data"]["values"]]
    assert drawn == pytest.approx((results["screen"].frame["excess_since_published"] * 100).tolist())
    dots = [row for row in results["sensitivity"].chart().spec["data"]["values"] if row["headline"]]
    assert [row["value"] for row in dots] == [6.75, 37.81]


@pytest.mark.slow
def test_every_result_is_written_as_an_excel_file(results, tmp_path):
    for name in ("outcome", "week", "screen", "sensitivity", "events", "trust", "desk", "grade"):
        path = results[name].to_excel(tmp_path / f"{name}.xlsx")
        assert pd.ExcelFile(path).sheet_names


def test_a_mistake_is_an_error_with_words(thesis, prices):
    with pytest.raises(sc.UsageError):
        sc.load_thesis("nobody")
    with pytest.raises(sc.UsageError):
        sc.outcome(thesis, prices, published="2024-13-01")
    with pytest.raises(sc.ScreenerError):
        sc.week(thesis, prices, day="2030-01-04")
    with pytest.raises(sc.UsageError):
        sc.open_prices("no-such-folder")


def test_a_broken_thesis_says_every_problem_where_the_exception_is_shown(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('title = "x"\n', encoding="utf-8")
    with pytest.raises(sc.ScreenerError) as caught:
        sc.load_thesis(path)
    assert len(caught.value.__notes__) == len(caught.value.problems) > 3


def test_a_folder_and_a_source_of_ones_own_serve_as_prices(thesis):
    from screener.sources.snapshot import SnapshotSource

    assert sc.outcome(thesis, SnapshotSource()).band("all") == "强于大市"


def test_a_graded_frame_has_the_figures_of_the_outcome_and_a_house_without_a_standard_is_a_gap(results, thesis, prices):
    graded = results["grade"].ratings
    [own] = [
        row
        for row in sc.outcome(thesis, prices, published="2024-04-15").value.rows
        if (row.subject, row.horizon_months, row.basis) == ("600941.SH", 12, "headline")
    ]
    assert graded["excess_12m"][0] == own.excess
    assert graded["rating_id"].tolist() == ["0", "1", "2"]
    assert graded["gap"][2] == "no_standard"
    [house] = results["grade"].frame.query("by == 'house' and group == '国联证券'").to_dict("records")
    assert house["count"] == 2


def test_a_desk_has_the_figures_of_the_outcome_and_needs_a_thesis(results, prices):
    [row] = results["desk"].frame.to_dict("records")
    assert row["subject"] == "801770.SI"
    assert row["measured"] == results["desk"].value.rows[0].index.measured
    with pytest.raises(sc.UsageError):
        sc.desk([], prices)
