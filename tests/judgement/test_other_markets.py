"""Second listings in other markets: whose benchmark, whose sessions, whose currency, and what stands in for what."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import fields

import pytest

from screener.judgement.listings import parse_proxies
from screener.report.outcome.dossier import build_dossier
from screener.report.records import outcome_record
from screener.screening import check_listings, check_outcome
from screener.sources.folder_source import FolderSource
from screener.sources.snapshot import SnapshotSource
from screener.terms.notes import UsageError
from screener.terms.sessions import load_calendar
from screener.terms.symbols import parse_symbol
from screener.thesis.check import check_thesis_text
from screener.thesis.scale import read_record
from screener.thesis.thesis import Listing
from screener.writers.text import render_text
from tests.conftest import ROOT, THESIS, run_screener

PUBLISHED = dt.date(2024, 4, 14)
AS_OF = dt.date(2025, 6, 30)
HSI = {"MXCN.MSCI": "HSI.HK"}


def write(path, rows, head="date,close"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n", "utf-8")


def listed(bundled, symbol: str, market: str, benchmark: str | None = None):
    """The bundled thesis with one second listing only."""
    thesis, scale = bundled
    plain = [each.model_copy(update={"listings": ()}) for each in thesis.candidates]
    plain[0] = plain[0].model_copy(update={"listings": (Listing(symbol=symbol, market=market, benchmark=benchmark),)})
    return thesis.model_copy(update={"candidates": tuple(plain)}), scale


def rows_of(thesis, scale, folder, *, published=PUBLISHED, as_of=AS_OF, proxies=HSI):
    rows, _ = check_listings(thesis, scale, FolderSource(folder), published=published, as_of=as_of, proxies=proxies)
    return {(row.subject, row.series, row.horizon_months): row for row in rows}


def figures(row):
    return round(row.own_return, 9), round(row.benchmark_return, 9), round(row.excess, 9)


def test_the_h_shares_of_the_operators_against_a_named_proxy_are_the_figures_worked_by_hand(bundled, market_folder):
    rows = rows_of(*bundled, market_folder)
    # China Mobile 67.9 -> 75.1, 74.3, 81.65; China Unicom 5.82 -> 8.69; China Telecom 4.25 -> 5.84 HKD.
    # Hang Seng 16721.69 -> 21092.87, 19219.78, 21417.4.
    hsi = {6: 21092.87 / 16721.69 - 1, 9: 19219.78 / 16721.69 - 1, 12: 21417.4 / 16721.69 - 1}
    closes = {6: 75.1, 9: 74.3, 12: 81.65}
    for months, close in closes.items():
        own = close / 67.9 - 1
        assert figures(rows["0941.HK", "price", months]) == tuple(round(x, 9) for x in (own, hsi[months], own - hsi[months]))
    assert [rows["0941.HK", "price", months].band for months in (6, 9, 12)] == ["卖出", "持有", "持有"]
    unicom, telecom = rows["0762.HK", "price", 12], rows["0728.HK", "price", 12]
    assert (round(unicom.excess, 9), unicom.band) == (round(8.69 / 5.82 - 1 - hsi[12], 9), "买入")
    assert (round(telecom.excess, 9), telecom.band) == (round(5.84 / 4.25 - 1 - hsi[12], 9), "增持")
    # China Unicom's 1.493127 / 1.280815 - 1 = 16.6% would be 增持 geometrically.
    assert unicom.flags == ("local_currency", "proxy_benchmark", "form_differs")
    assert telecom.flags == ("local_currency", "proxy_benchmark")
    assert {(row.benchmark, row.measured_against, row.currency) for row in rows.values()} == {("MXCN.MSCI", "HSI.HK", "HKD")}


def test_the_total_series_reinvests_the_cash_in_hong_kong_dollars_and_is_called_mixed(bundled, market_folder):
    row = rows_of(*bundled, market_folder)["0941.HK", "total", 6]
    # 2.40 HKD on 2024-06-06 and 2.60 on 2024-09-02: each factor is the close before / (the close before - cash).
    lines = (market_folder / "hk" / "0941.csv").read_text().split()[1:]
    closes = dict(line.split(",") for line in lines)
    factor = 1.0
    for ex_date, cash in (("2024-06-06", 2.4), ("2024-09-02", 2.6)):
        before = float(closes[max(day for day in closes if day < ex_date)])
        factor *= before / (before - cash)
    assert row.own_return == pytest.approx(75.1 / 67.9 * factor - 1, abs=1e-12)
    assert "mixed_basis" in row.flags


def test_without_the_benchmark_and_without_a_named_proxy_every_row_is_a_gap_that_says_how_to_name_one(bundled, market_folder):
    rows = rows_of(*bundled, market_folder, proxies={})
    assert {row.gap.code for row in rows.values()} == {"no_benchmark"}
    assert all(row.excess is None and row.band is None and row.benchmark_return is None for row in rows.values())
    # What the listing itself did needs no benchmark.
    assert rows["0941.HK", "price", 12].own_return == pytest.approx(81.65 / 67.9 - 1, abs=1e-12)
    assert "--proxy MXCN.MSCI=" in rows["0941.HK", "price", 12].gap.text("en")
    assert rows["0941.HK", "price", 12].base_close == 67.9


def test_a_proxy_is_left_alone_where_the_benchmark_itself_has_data(bundled, tmp_path):
    write(tmp_path / "hk" / "0941.csv", [("2024-04-12", 100), ("2024-10-14", 120)])
    write(tmp_path / "index" / "MXCN.csv", [("2024-04-12", 50), ("2024-10-14", 55)])
    write(tmp_path / "index" / "HSI.csv", [("2024-04-12", 50), ("2024-10-14", 50)])
    row = rows_of(*listed(bundled, "0941.HK", "hong_kong"), tmp_path, as_of=dt.date(2024, 12, 31))["0941.HK", "price", 6]
    assert row.measured_against == "MXCN.MSCI"
    assert figures(row) == (0.2, 0.1, 0.1)
    assert "proxy_benchmark" not in row.flags


def test_each_side_uses_its_own_last_close_on_or_before_the_same_day_and_both_dates_are_given(bundled, tmp_path):
    # 2024-04-04 is a holiday in Hong Kong and a session in New York; 2024-10-04 is a session in both.
    write(tmp_path / "hk" / "0941.csv", [("2024-04-03", 100), ("2024-10-04", 120)])
    write(tmp_path / "index" / "MCHI.csv", [("2024-04-03", 39), ("2024-04-04", 40), ("2024-10-04", 42)])
    row = rows_of(
        *listed(bundled, "0941.HK", "hong_kong"),
        tmp_path,
        published=dt.date(2024, 4, 4),
        as_of=dt.date(2024, 12, 31),
        proxies={"MXCN.MSCI": "MCHI.US"},
    )["0941.HK", "price", 6]
    assert (row.base_day, row.base_close_date, row.benchmark_base_close_date) == (
        dt.date(2024, 4, 4),
        dt.date(2024, 4, 3),
        dt.date(2024, 4, 4),
    )
    assert figures(row) == (0.2, 0.05, 0.15)
    assert {"dates_differ", "currency_differs", "proxy_benchmark", "local_currency"} <= set(row.flags)
    assert (row.currency, row.benchmark_currency) == ("HKD", "USD")


@pytest.mark.parametrize(("last", "gap"), [("2024-10-04", None), ("2024-10-03", "stale")])
def test_a_close_may_be_five_sessions_old_and_no_older(bundled, tmp_path, last, gap):
    # After 10-04 Hong Kong traded on 10-07, 08, 09, 10 and 14 (10-11 was a holiday): five sessions.
    write(tmp_path / "hk" / "0941.csv", [("2024-04-12", 100), (last, 110)])
    write(tmp_path / "index" / "HSI.csv", [("2024-04-12", 50), ("2024-10-14", 50)])
    row = rows_of(*listed(bundled, "0941.HK", "hong_kong"), tmp_path, as_of=dt.date(2024, 12, 31))["0941.HK", "price", 6]
    assert (row.gap.code if row.gap else None) == gap


def test_a_horizon_that_has_not_come_is_not_due_by_the_sessions_of_its_own_market(bundled, market_folder):
    rows = rows_of(*bundled, market_folder, as_of=dt.date(2024, 12, 31))
    row = rows["0941.HK", "price", 6]
    assert (row.status, row.gap) == ("running", None)
    assert rows["0941.HK", "price", 9].gap.code == "not_due"
    assert rows["0941.HK", "price", 9].base_close == 67.9


def test_later_prices_change_no_earlier_figure(bundled, market_folder):
    early = rows_of(*bundled, market_folder, as_of=dt.date(2024, 12, 31))["0941.HK", "price", 6]
    late = rows_of(*bundled, market_folder)["0941.HK", "price", 6]
    assert figures(early) == figures(late)


@pytest.mark.parametrize(
    ("symbol", "market", "benchmark", "files", "currency"),
    [
        ("ABC.US", "us", "SPX.US", ("us/ABC", "index/SPX"), "USD"),
        ("ABC.US", "us", None, ("us/ABC", "index/IXIC"), "USD"),
        ("017670.KR", "korea", "KOSPI.KR", ("kr/017670", "index/KOSPI"), "KRW"),
        ("430047.NEEQ", "neeq", "899002.NEEQ", ("neeq/430047", "index/899002"), "CNY"),
    ],
)
def test_every_other_market_is_served_by_the_scale_file(bundled, tmp_path, symbol, market, benchmark, files, currency):
    for name, closes in zip(files, ((10, 13), (1000, 1100)), strict=True):
        write(tmp_path / f"{name}.csv", [("2024-04-12", closes[0]), ("2024-10-14", closes[1])])
    thesis, scale = listed(bundled, symbol, market, benchmark)
    row = rows_of(thesis, scale, tmp_path, as_of=dt.date(2024, 12, 31), proxies={})[symbol, "price", 6]
    assert figures(row) == (0.3, 0.1, 0.2)
    assert (row.band, row.currency, row.gap) == ("买入", currency, None)
    total = rows_of(thesis, scale, tmp_path, as_of=dt.date(2024, 12, 31), proxies={})[symbol, "total", 6]
    assert total.gap.code == "no_data"
    assert total.gap.reason == "actions_unknown"


@pytest.mark.slow
def test_the_rows_of_a_shares_do_not_change_when_a_thesis_names_second_listings(bundled, market_folder):
    thesis, scale = bundled
    bare = thesis.model_copy(
        update={"candidates": tuple(each.model_copy(update={"listings": ()}) for each in thesis.candidates)}
    )
    options = {"published": PUBLISHED, "as_of": AS_OF, "today": dt.date(2025, 7, 1)}
    alone = outcome_record(check_outcome(bare, scale, FolderSource(market_folder), **options))
    beside = outcome_record(check_outcome(thesis, scale, FolderSource(market_folder), proxies=HSI, **options))
    assert alone.pop("other_markets") == []
    others = beside.pop("other_markets")
    assert alone == beside
    assert len(alone["rows"]) == 168
    assert len(others) == 18
    assert {row["subject"] for row in others} == {"0941.HK", "0762.HK", "0728.HK"}
    assert {"gap", "gap_reason", "return", "base_close_date", "benchmark_end_close_date"} <= set(others[0])


@pytest.mark.slow
def test_the_text_names_the_proxy_the_currency_and_both_dates(bundled, market_folder):
    options = {"published": PUBLISHED, "as_of": AS_OF, "today": dt.date(2025, 7, 1)}
    result = check_outcome(*bundled, FolderSource(market_folder), proxies={"MXCN.MSCI": "MCHI.US"}, **options)
    for lang in ("zh", "en"):
        text = render_text(build_dossier(result, lang), 200)
        for word in ("MSCI" if lang == "en" else "摩根士丹利中国指数", "MCHI.US", "HKD", "USD", "2024-04-12", "2025-04-14"):
            assert word in text


def test_a_proxy_must_be_written_as_benchmark_and_symbol_and_stand_for_a_benchmark_in_use(bundled):
    assert parse_proxies(["MXCN.MSCI=HSI.HK"], *bundled) == {"MXCN.MSCI": "HSI.HK"}
    for word in ("HSI.HK", "MXCN.MSCI=HSI", "000300.SH=HSI.HK"):
        with pytest.raises(UsageError):
            parse_proxies([word], *bundled)


@pytest.mark.slow
def test_the_command_is_complete_without_a_proxy_and_incomplete_when_the_named_one_is_missing(market_folder):
    options = ("--published", PUBLISHED, "--as-of", AS_OF, "--prices", market_folder, "--json")
    without = run_screener("outcome", *options)
    assert without.code == 0
    assert {row["gap"] for row in without.json["other_markets"]} == {"no_benchmark"}
    named = run_screener("outcome", *options, "--proxy", "MXCN.MSCI=HSI.HK")
    assert named.code == 0
    assert {row["gap"] for row in named.json["other_markets"]} == {None}
    missing = run_screener("outcome", *options, "--proxy", "MXCN.MSCI=NIXHERE.HK")
    assert missing.code == 3


def test_the_command_refuses_a_proxy_of_another_form():
    assert run_screener("outcome", "--proxy", "HSI").code == 2


def test_the_snapshot_holds_the_second_listings_and_lacks_their_benchmark_only(bundled, market_folder):
    rows, _ = check_listings(*bundled, SnapshotSource(), published=PUBLISHED, as_of=AS_OF)
    assert {row.gap.code for row in rows} == {"no_benchmark"}
    folder = rows_of(*bundled, market_folder, proxies={})
    for row in rows:
        assert row.own_return == pytest.approx(folder[row.subject, row.series, row.horizon_months].own_return, abs=1e-12)


def test_the_snapshot_measures_a_named_proxy_on_new_york_days_too(bundled):
    proxies = {"MXCN.MSCI": "MCHI.US"}
    rows, _ = check_listings(*bundled, SnapshotSource(), published=PUBLISHED, as_of=AS_OF, proxies=proxies)
    assert {row.gap for row in rows} == {None}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('symbol = "0941.HK"', 'symbol = "0762.HK"', "symbol_of_other"),
        ('symbol = "0941.HK"', 'symbol = "ABC.US"', "listing_elsewhere"),
        ('market = "hong_kong"', 'market = "hongkong"', "market_unknown"),
        ('market = "hong_kong"', 'market = "a_share"', "listing_same_market"),
        ('market = "hong_kong"', 'market = "hong_kong"\nbenchmark = "HSI.HK"', "benchmark_unknown"),
    ],
)
def test_a_faulty_listing_is_found_with_its_line(old, new, code):
    text = (ROOT / "themes" / f"{THESIS}.toml").read_text("utf-8")
    faulty = text.replace(old, new, 1)
    scale = (ROOT / "themes" / "scales" / "guolian.toml").read_bytes()
    _, _, problems = check_thesis_text(
        faulty.encode(), file="t.toml", slug="t", find_scale=lambda _: (scale, "scales/guolian.toml")
    )
    found = {problem.code: problem for problem in problems}
    assert code in found
    assert found[code].field.startswith("candidates[0].listings[0].")
    assert faulty.split("\n")[found[code].line - 1].startswith(found[code].field.rpartition(".")[2])


def test_every_ending_of_the_scale_has_a_session_table(bundled):
    _, scale = bundled
    for market in scale.markets:
        symbols = [
            f"430047.{each}" if each != "US" else "ABC.US" for each in market.exchanges if each not in ("SH", "SZ", "BJ")
        ]
        for symbol in [*symbols, *(each.symbol for each in market.benchmarks if each.symbol)]:
            assert load_calendar(parse_symbol(symbol).market).covers(PUBLISHED)


def test_the_kind_of_a_symbol_abroad_is_told_by_its_shape():
    kinds = {
        "0941.HK": "stock",
        "HSI.HK": "index",
        "017670.KR": "stock",
        "KOSPI.KR": "index",
        "MCHI.US": "stock",
        "SPX.US": "index",
        "430047.NEEQ": "stock",
        "899002.NEEQ": "index",
        "MXCN.MSCI": "index",
    }
    assert {symbol: parse_symbol(symbol).kind for symbol in kinds} == kinds


def test_a_wrong_value_of_a_dividend_abroad_is_refused_with_its_place(bundled, market_folder, tmp_path):
    folder = tmp_path / "prices"
    shutil.copytree(market_folder / "hk", folder / "hk")
    shutil.copytree(market_folder / "index", folder / "index")
    path = folder / "hk" / "dividends.csv"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("2024-06-06,2.4,", "2024-06-06,-2.4,"))
    with pytest.raises(Exception, match="1 fault") as error:
        rows_of(*bundled, folder)
    (problem,) = error.value.problems
    assert (problem.place, problem.code) == ("hk/dividends.csv:2", "cash_negative")


def test_a_listing_row_is_a_plain_record(bundled, market_folder):
    row = next(iter(rows_of(*bundled, market_folder).values()))
    assert {each.name for each in fields(row)} >= {"subject", "listing_of", "market", "measured_against", "flags"}
    assert bundled[0].candidates[0].listings == (read_record(Listing, {"symbol": "0941.HK", "market": "hong_kong"}),)
