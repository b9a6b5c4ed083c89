"""What people's terminals save: twelve layouts give one answer."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.report.records import outcome_record
from screener.screening import check_outcome
from screener.sources.choose import open_place
from screener.sources.exports.source import ExportSource
from screener.sources.folder_source import FolderSource
from tests.sources.exports_written import LAYOUTS, Facts, read_facts

AS_OF = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def facts() -> Facts:
    return read_facts()


def figures(bundled, source) -> dict[tuple[object, ...], dict[str, object]]:
    record = outcome_record(check_outcome(*bundled, source, as_of=AS_OF, today=AS_OF))
    keys = ("subject", "series", "benchmark", "horizon_months")
    return {tuple(row[key] for key in keys): row for row in record["rows"]}


@pytest.fixture(scope="module")
def expected(bundled, closes_folder):
    return figures(bundled, FolderSource(closes_folder))


QUICK = ("Wind wide", "通达信")


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in LAYOUTS])
def test_the_same_thesis_through_every_layout_has_the_same_figures(bundled, facts, expected, name, tmp_path):
    LAYOUTS[name](facts, tmp_path)
    source = open_place(tmp_path)
    assert isinstance(source, ExportSource)
    found = figures(bundled, source)
    assert found.keys() == expected.keys()
    for key, row in found.items():
        for field, value in row.items():
            if isinstance(value, float):
                assert value == pytest.approx(expected[key][field], abs=1e-12), (key, field)
            else:
                assert value == expected[key][field], (key, field)
