"""A figure whose corporate actions are unknown, or that may be adjusted already, never shows a band without its mark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from screener.store.store import Store
from tests.conftest import run_screener
from tests.stored import INDICES, NOW, actions_of, bars_of

pytestmark = pytest.mark.slow

STOCK_BANDS = ("买入", "增持", "持有", "卖出")
MARK = "（存疑）"
NAME, SYMBOL = "德科立", "688205.SH"
HEAD = "code,ex_date,cash_per_share,split_ratio\n"


def no_list(folder: Path, market_folder: Path) -> None:
    """There is no actions.csv."""


def only_a_head(folder: Path, market_folder: Path) -> None:
    """A list without a row says nothing of anybody."""
    (folder / "actions.csv").write_text(HEAD, "utf-8")


def not_covered(folder: Path, market_folder: Path) -> None:
    """The name stands in the whole-market file only, and the list has no row of it."""
    rows = (market_folder / "actions.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "actions.csv").write_text("".join(row for row in rows if not row.startswith("688205")), "utf-8")
    bars = pd.read_csv(folder / "raw" / "688205.csv")
    (folder / "raw" / "688205.csv").unlink()
    frame = bars.assign(code="688205", date=pd.to_datetime(bars["date"]).dt.date)[["code", "date", "close", "volume"]]
    frame.to_parquet(folder / "market_close.parquet", index=False)


KINDS = (no_list, only_a_head, not_covered)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def folder(request, tmp_path_factory, market_folder: Path) -> Path:
    """The real folder in which nothing is known of the actions of 688205."""
    found = tmp_path_factory.mktemp(request.param.__name__)
    (found / "index").symlink_to(market_folder / "index")
    (found / "raw").mkdir()
    for path in (market_folder / "raw").glob("*.csv"):
        (found / "raw" / path.name).symlink_to(path)
    request.param(found, market_folder)
    return found


class _Rows(HTMLParser):
    """The text of every table row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.rows and data.strip():
            self.rows[-1].append(data.strip())


def unmarked(words: Iterator[str] | list[str]) -> list[str]:
    """Cells that are a band, or end with one after a figure, without the mark."""
    return [word for word in words if re.search(rf"(?:^|\s)(?:[▲▽△▼●○◇ ]*)(?:{'|'.join(STOCK_BANDS)})$", word.strip())]


def rows_of_the_name(text: str) -> list[list[str]]:
    parser = _Rows()
    parser.feed(text)
    return [row for row in parser.rows if row and row[0] == NAME]


@pytest.fixture(scope="module")
def pages(folder: Path, tmp_path_factory) -> Path:
    """Every file of a week and of an outcome check."""
    out = tmp_path_factory.mktemp("out")
    for command in (("weekly", "--week", "2024-05-31"), ("outcome",)):
        ran = run_screener(*command, "--published", "2024-04-14", "--prices", folder, "--out", out)
        assert ran.code in (0, 3), ran.err
        lines = [line for line in ran.out.splitlines() if line.startswith(NAME)]
        assert any(MARK in line for line in lines)
        for line in lines:
            assert not unmarked(re.split(r"\s{2,}", line)), line
    return out


def test_pages_mark_every_band_of_such_a_name(pages):
    html = [path for path in pages.rglob("*.html") if path.name in ("weekly.html", "outcome.html")]
    assert len(html) == 2
    for path in html:
        rows = rows_of_the_name(path.read_text("utf-8"))
        assert any(MARK in cell for row in rows for cell in row), path.name
        assert [cell for row in rows for cell in unmarked(row)] == [], path.name


def test_markdown_marks_every_band_of_such_a_name(pages):
    for path in pages.rglob("*.md"):
        rows = [line for line in path.read_text("utf-8").splitlines() if line.startswith("|") and NAME in line.split("|")[1]]
        cells = [cell for line in rows for cell in line.split("|")]
        assert any(MARK in cell for cell in cells), path.name
        assert unmarked(cells) == [], path.name


def test_workbooks_mark_every_band_of_such_a_name(pages):
    for path in pages.rglob("*.xlsx"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = [[str(cell) for cell in row if cell is not None] for sheet in book for row in sheet.iter_rows(values_only=True)]
        own = [row for row in rows if row and row[0] == NAME]
        assert any(MARK in cell for row in own for cell in row), path.name
        bare = [row for row in own if "actions_unknown" not in " ".join(row)]  # the ledger has a column of flags
        assert [cell for row in bare for cell in unmarked(row)] == [], path.name


def test_records_carry_the_flag_beside_every_band_and_no_verdict_rests_on_it(pages):
    outcome, weekly = (json.loads(next(pages.rglob(f"{name}.json")).read_text("utf-8")) for name in ("outcome", "weekly"))
    for row in (*outcome["rows"], *weekly["rows"]):
        if (
            row["subject"] in (SYMBOL, "otn_400g", "all")
            and "left_out" not in row["flags"]
            and (row.get("band") or row.get("band_so_far"))
        ):
            assert "actions_unknown" in row["flags"], row
    assert outcome["verdict"]["all"]["band"] is None
    assert outcome["verdict"]["all"]["hit"] is None
    assert outcome["verdict"]["801770.SI"]["hit"] is False


def test_the_week_is_whole_on_the_price_series(pages):
    weekly = json.loads(next(pages.rglob("weekly.json")).read_text("utf-8"))
    assert [row["subject"] for row in weekly["rows"] if row["return"] is None] == []


def test_the_screen_marks_the_row_and_its_band(folder):
    ran = run_screener("screen", "--prices", folder, "--as-of", "2024-05-31")
    line = next(line for line in ran.out.splitlines() if line.startswith(NAME))
    assert MARK in line
    assert "权息未知" in line
    record = run_screener("screen", "--prices", folder, "--as-of", "2024-05-31", "--json").json
    row = next(each for each in record["rows"] if each["symbol"] == SYMBOL)
    assert row["flags"] == "actions_unknown"


def test_a_doubtful_band_crosses_nothing(folder):
    ran = run_screener(
        "weekly", "--week", "2024-06-21", "--published", "2024-04-14", "--prices", folder, "--out", folder / "out"
    )
    assert ran.code in (0, 3)
    page = next((folder / "out").rglob("weekly.md")).read_text("utf-8")
    crossed = [line for line in page.splitlines() if "区间变动" in line]
    assert crossed
    assert all(NAME not in line for line in crossed)


def test_grade_marks_the_row_and_decides_nothing(folder, tmp_path):
    """The figure of the name carries the flag and no verdict; a name whose actions are known is judged."""
    ratings, out = tmp_path / "ratings.csv", tmp_path / "graded.csv"
    heads = "rating_id,symbol,published,rating,scale\n"
    ratings.write_text(f"{heads}a,{SYMBOL},2024-04-14,买入,guolian\n", "utf-8")
    place = folder if isinstance(folder, tuple) else (folder,)
    ran = run_screener("grade", ratings, "--prices", *place, "--out", out)
    assert ran.code in (0, 3), ran.err
    row = pd.read_csv(out).iloc[0]
    assert "actions_unknown" in row["flags"].split()
    assert pd.notna(row["excess_12m"])
    assert pd.isna(row["hit_12m"])
    assert pd.isna(row["hit_end"])


def test_a_name_that_only_the_total_series_lacks_is_not_said_to_be_out_of_the_basket(folder):
    """The price basket holds all eleven names, so nothing says 未计入."""
    ran = run_screener("outcome", "--published", "2024-04-14", "--prices", folder, "--quick", "--out", folder / "o")
    pages = [path.read_text("utf-8") for path in (folder / "o").rglob("outcome.*") if path.suffix in (".md", ".html")]
    assert len(pages) == 2
    assert all("未计入 德科立" not in page for page in (ran.out, *pages))


def market_file(market_folder: Path, place: Path) -> tuple[object, ...]:
    """One file of closes for every name of the report: nothing is known of any action."""
    frames = [
        pd.read_csv(path).assign(code=path.stem)[["code", "date", "close"]] for path in (market_folder / "raw").glob("*.csv")
    ]
    pd.concat(frames).to_parquet(place / "mine.parquet", index=False)
    return ("--prices", place / "mine.parquet")


def store(market_folder: Path, place: Path) -> tuple[object, ...]:
    """A store whose hosts of dividends were down when the name was pulled."""
    stored = Store(place / "store")
    names = [f"{path.stem}.{'SH' if path.stem[0] == '6' else 'SZ'}" for path in (market_folder / "raw").glob("*.csv")]
    with stored.writing(now=NOW):
        for symbol in (*names, *INDICES):
            if symbol not in (*INDICES, SYMBOL):
                stored.write_actions(symbol, actions_of(market_folder, symbol))
            stored.write_bars(symbol, bars_of(market_folder, symbol))
    return ("--prices", "store", "--store", place / "store")


@pytest.mark.parametrize("source", [market_file, store], ids=lambda source: source.__name__)
def test_no_surface_shows_a_bare_band_from_a_market_file_or_a_store_without_actions(source, market_folder, tmp_path):
    prices, out = source(market_folder, tmp_path), tmp_path / "out"
    for command in (("weekly", "--week", "2025-04-11"), ("outcome", "--quick")):
        ran = run_screener(*command, "--published", "2024-04-14", *prices, "--out", out)
        assert ran.code in (0, 3), ran.err
        lines = [line for line in ran.out.splitlines() if line.startswith(NAME)]
        assert any(MARK in line for line in lines), command
        assert [line for line in lines if unmarked(re.split(r"\s{2,}", line))] == []
    test_pages_mark_every_band_of_such_a_name(out)
    test_markdown_marks_every_band_of_such_a_name(out)
    test_workbooks_mark_every_band_of_such_a_name(out)
    records = [json.loads(next(out.rglob(f"{name}.json")).read_text("utf-8")) for name in ("outcome", "weekly")]
    own = [row for record in records for row in record["rows"] if row["subject"] == SYMBOL]
    assert [row for row in own if (row.get("band") or row.get("band_so_far")) and "actions_unknown" not in row["flags"]] == []
    screen = run_screener("screen", *prices, "--as-of", "2024-05-31", "--json").json
    assert next(row["flags"] for row in screen["rows"] if row["symbol"] == SYMBOL) == "actions_unknown"
    test_grade_marks_the_row_and_decides_nothing(prices[1:], tmp_path)
