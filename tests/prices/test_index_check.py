from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screener.prices.index_check import check_indices
from screener.sources import bundled
from screener.sources.index_record import quick_closes
from screener.terms.sessions import load_calendar
from tests.conftest import run_screener

SESSIONS = pd.DatetimeIndex(load_calendar().days.astype("datetime64[s]"))
DAY = dt.date(2024, 9, 3)


@pytest.fixture(scope="session")
def real(market_folder: Path) -> pd.DataFrame:
    """Every real index of the reference folder, sessions × series, 801770 at its full length."""
    series = {path.stem: quick_closes(path, 0) for path in sorted((market_folder / "index").glob("*.csv"))}
    full = series.pop("801770_full")
    series |= {"801770": full}
    del series["MCHI"], series["MCHI_adj"]  # a fund in dollars, not an index
    axis = SESSIONS[(SESSIONS >= "2014-01-02") & (SESSIONS <= "2026-08-21")]
    return pd.DataFrame({code: each.reindex(axis) for code, each in series.items()}, index=axis)


def made(count: int = 200, wrong: dict[tuple[str, int], float] | None = None) -> pd.DataFrame:
    """Five series that follow one market at ± a thousandth, and what stands in place of single closes."""
    noise = np.random.default_rng(7)
    market = noise.normal(0, 0.01, count).cumsum()
    axis = SESSIONS[(SESSIONS >= "2024-01-02")][:count]
    frame = pd.DataFrame({name: 1000 * np.exp(market + noise.normal(0, 0.001, count)) for name in "abcde"}, index=axis)
    for (name, row), factor in (wrong or {}).items():
        frame.iloc[row, "abcde".index(name)] *= factor
    return frame


def judged(frame: pd.DataFrame, asked: str = "abcde", start: int = 0):
    return check_indices(frame, list(asked), start=frame.index[start].date(), end=frame.index[-1].date())


def found(check) -> list[tuple[str, str]]:
    return [(fault.symbol, fault.code) for fault in check.faults]


def test_a_close_three_per_cent_off_is_the_fault_of_its_own_series_alone():
    frame = made(wrong={("c", 150): 1.03})
    check = judged(frame)
    assert found(check) == [("c", "index_taken_back")]
    assert check.faults[0].day == frame.index[150].date()
    assert judged(frame, "abde").faults == ()


def test_a_close_in_another_unit_is_named_once_and_so_is_a_level_that_stays_there():
    frame = made(wrong={("b", 150): 10.0})
    assert found(judged(frame)) == [("b", "index_beyond_members")]
    frame = made()
    frame.iloc[150:, 1] *= 10
    assert found(judged(frame)) == [("b", "index_beyond_members")]


def test_a_leap_that_stays_or_that_all_make_is_no_fault():
    frame = made()
    frame.iloc[150:, 2] *= 1.05  # stays
    assert judged(frame).faults == ()
    frame = made()
    frame.iloc[150] *= 1.08  # all of them, for a day
    assert judged(frame).faults == ()


def test_a_leap_in_the_last_row_is_used_and_waits_for_the_next_session():
    frame = made(wrong={("a", 199): 1.04})
    check = judged(frame)
    assert check.faults == ()
    assert check.unconfirmed == {"a": frame.index[199].date()}


def test_what_is_older_than_the_run_or_later_than_the_as_of_date_is_not_looked_at():
    frame = made(wrong={("c", 110): 1.05, ("d", 190): 1.5})
    assert judged(frame, start=140).faults == judged(made(wrong={("d", 190): 1.5}), start=140).faults
    end = frame.index[180].date()
    assert check_indices(frame, list("abcde"), start=frame.index[140].date(), end=end).faults == ()


def test_with_too_few_series_or_sessions_nothing_is_refused_and_that_is_said():
    assert judged(made(wrong={("c", 150): 1.05})[["a", "b", "c"]], "abc").unchecked == ("a", "b", "c")
    check = judged(made(99, {("c", 50): 1.05}))
    assert check.faults == ()
    assert check.unchecked == tuple("abcde")


def test_the_unit_of_a_series_and_the_order_of_the_columns_change_nothing():
    frame = made(wrong={("c", 150): 1.03})
    assert found(judged(frame * [1, 10, 0.01, 3, 7])) == found(judged(frame[list("ecabd")], "ecabd")) == found(judged(frame))


def test_no_real_row_is_refused(real):
    asked = list(real.columns)
    check = check_indices(real, asked, start=real.index[0].date(), end=real.index[-1].date())
    assert check.faults == ()
    assert check.unchecked == ()


@pytest.mark.slow
def test_no_real_row_is_refused_whatever_the_window(real):
    for length in (100, 250, 500, 1000):
        for stop in range(1700 + length, len(real), 200):
            part = real.iloc[stop - length : stop].dropna(axis=1, how="all")
            check = check_indices(part, list(part.columns), start=part.index[0].date(), end=part.index[-1].date())
            assert check.faults == (), (length, stop, check.faults)


def rate_found(real: pd.DataFrame, symbols: list[str], size: float, count: int, seed: int) -> float:
    """The share of single wrong closes that are found, each with the right culprit alone."""
    random = np.random.default_rng(seed)
    hits = 0
    for _ in range(count):
        symbol = symbols[random.integers(len(symbols))]
        rows = np.flatnonzero(real[symbol].notna() & (real.index >= "2021-06-01") & (real.index <= "2026-03-10"))
        row = int(random.choice(rows[1:-1]))
        spoilt = real.iloc[: min(len(real), row + 120)].copy()
        spoilt.iloc[row, spoilt.columns.get_loc(symbol)] *= 1 + size * (random.choice([-1, 1]) if size < 1 else 1)
        start, end = spoilt.index[row - 60].date(), spoilt.index[-1].date()
        places = {(fault.symbol, fault.day) for fault in check_indices(spoilt, [symbol, "801030"], start=start, end=end).faults}
        assert places <= {(symbol, spoilt.index[row].date())}, (symbol, spoilt.index[row], size, places)
        hits += bool(places)
    return hits / count


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "size", "least"),
    [
        ("000300", 0.03, 0.84),
        ("000300", 0.05, 0.84),
        ("000300", 0.10, 0.84),
        ("801", 0.05, 0.45),
        ("801", 0.08, 0.80),
        ("801", 0.10, 0.90),
        ("801", 0.15, 0.94),
        ("801", 9.0, 1.0),
    ],
)
def test_injected_errors_are_found_at_the_stated_rates_and_never_blamed_on_another(real, kind, size, least):
    symbols = [code for code in real.columns if code.startswith(kind)]
    assert rate_found(real, symbols, size, 250, seed=round(size * 100)) >= least


@pytest.fixture
def folder(tmp_path: Path, market_folder: Path) -> Path:
    """The real folder by links, its index files copied where a test spoils them."""
    (tmp_path / "index").mkdir()
    for name in ("raw", "actions.csv"):
        (tmp_path / name).symlink_to(market_folder / name)
    for path in (market_folder / "index").glob("*.csv"):
        (tmp_path / "index" / path.name).symlink_to(path)
    return tmp_path


def spoil(folder: Path, market_folder: Path, code: str, day: str, factor: float) -> int:
    """Write the index's file with one close changed, and give its line."""
    table = pd.read_csv(market_folder / "index" / f"{code}.csv")[["date", "close"]]
    row = int(table.index[table["date"] == day][0])
    table.loc[row, "close"] *= factor
    (folder / "index" / f"{code}.csv").unlink()
    table.to_csv(folder / "index" / f"{code}.csv", index=False)
    return row + 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "day", "factor"),
    [
        ("000300", "2024-12-02", 10),
        ("000300", "2025-04-14", 1.12),  # the end date of a report published on 2024-04-14
        ("000300", "2024-04-12", 1.10),  # its base date
        ("801770", "2024-12-02", 10),
        ("801770", "2025-04-14", 0.9),
    ],
)
def test_one_wrong_cell_of_an_index_is_refused_with_file_and_line(folder, market_folder, code, day, factor):
    line = spoil(folder, market_folder, code, day, factor)
    for command in (("outcome", "--published", "2024-04-14"), ("weekly", "--published", "2024-04-14")):
        ran = run_screener(*command, "--prices", folder, "--json")
        assert (ran.code, ran.out) == (1, "")
        assert f"index/{code}.csv:{line}" in ran.err


def test_the_bundled_indices_pass_their_own_check():
    tables = [bundled.closes(), bundled.industry_closes()]
    frame = pd.concat(
        [table.loc[:, ~table.columns.str.contains(r"\.(?:SH|SZ)$") | (table.columns == "000300.SH")] for table in tables],
        axis=1,
    )
    frame = frame.loc[:, ~frame.columns.duplicated()]
    check = check_indices(frame, list(frame.columns), start=frame.index[0].date(), end=frame.index[-1].date())
    assert (check.faults, check.unchecked) == ((), ())
    assert len(frame.columns) > 30
