"""What akshare brings, in our names and units, against a stand-in for its servers and plain readings of its folder."""

from __future__ import annotations

import csv
import datetime as dt
import math
import os
import subprocess
import sys

import pytest

from screener.terms.symbols import parse_symbol
from screener.upstream import akshare_source
from screener.upstream.asking.vendors import SOURCES, action_sources, bar_sources
from screener.upstream.lists import fetch_actions, fetch_names, fetch_ratings, fetch_sessions
from screener.upstream.replies import SourceError
from screener.upstream.series import fetch_bars, fetch_forward_adjusted
from tests.conftest import ROOT
from tests.standin import Upstream

START, END = dt.date(2025, 1, 1), dt.date(2025, 6, 30)
STOCKS = ("600498.SH", "601728.SH", "002281.SZ", "000063.SZ", "301165.SZ", "688205.SH", "689009.SH")
KINDS = {"HK": "hk", "CSI": "index", "SI": "index"}


def bars(source: str, symbol: str, start: dt.date = START, end: dt.date = END):
    return fetch_bars(source, parse_symbol(symbol), start=start, end=end)


def written(folder, symbol: str) -> list[dict[str, str]]:
    """The rows of the folder behind the stand-in, as text."""
    code, exchange = symbol.split(".")
    kind = KINDS.get(exchange, "index" if code == "000300" else "raw")
    with (folder / kind / f"{code}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("source", ["eastmoney", "sina", "tencent"])
@pytest.mark.parametrize("symbol", STOCKS)
def test_stock_bars_are_the_same_in_yuan_and_shares_from_every_source(served: Upstream, sample_folder, source, symbol):
    frame = bars(source, symbol)
    expected = written(sample_folder, symbol)
    assert [f"{day:%Y-%m-%d}" for day in frame["session"]] == [row["date"] for row in expected]
    for column in ("open", "high", "low", "close"):
        assert frame[column].tolist() == [float(row[column]) for row in expected]
    assert frame["volume"].tolist() == pytest.approx([float(row["volume"]) for row in expected], abs=50)
    assert frame["amount"].tolist() == pytest.approx([float(row["amount"]) for row in expected], abs=50)
    assert frame["session"].dtype == "datetime64[s]"


@pytest.mark.parametrize(
    ("source", "symbol"),
    [
        ("csindex", "000300.SH"),
        ("eastmoney", "000300.SH"),
        ("sina", "000300.SH"),
        ("csindex", "931160.CSI"),
        ("eastmoney", "931160.CSI"),
        ("csindex", "H00300.CSI"),
        ("swsresearch", "801770.SI"),
        ("eastmoney_hk", "0941.HK"),
    ],
)
def test_closes_of_indices_and_of_hong_kong_are_those_of_the_source(served: Upstream, sample_folder, source, symbol):
    frame = bars(source, symbol)
    expected = written(sample_folder, symbol)
    assert [f"{day:%Y-%m-%d}" for day in frame["session"]] == [row["date"] for row in expected]
    assert frame["close"].tolist() == [float(row["close"]) for row in expected]


def test_an_index_has_no_volume_and_its_amount_is_in_yuan(served: Upstream, sample_folder):
    frame = bars("csindex", "000300.SH")
    assert frame["volume"].isna().all()
    assert frame["amount"].iloc[0] == pytest.approx(float(written(sample_folder, "000300.SH")[0]["amount"]), rel=1e-4)
    assert bars("sina", "000300.SH")["amount"].isna().all()


def test_closes_alone_leave_the_other_prices_blank_not_zero(served: Upstream):
    assert bars("csindex", "H00300.CSI")[["open", "high", "low"]].isna().all(axis=None)
    assert bars("swsresearch", "801770.SI")[["open", "high", "low"]].isna().all(axis=None)


def test_tencents_script_may_be_looser_than_json(served: Upstream, monkeypatch):
    from tests.standin import routes

    good = bars("tencent", "600498.SH")
    strict = routes._tencent

    def loose(*args):
        status, body, mime = strict(*args)
        return status, body.replace(b'"code": 0', b"code: 0").replace(b'"qt"', b"qt"), mime

    monkeypatch.setattr(
        routes, "ROUTES", tuple((pattern, loose if handler is strict else handler) for pattern, handler in routes.ROUTES)
    )
    assert bars("tencent", "600498.SH").equals(good)


def test_a_redirect_is_followed_and_is_one_reply(served: Upstream, monkeypatch):
    from tests.standin import server

    plain = server.route

    def moved(market, host, path, query, kinds):
        if host == "www.csindex.com.cn" and "moved" not in query:
            return (
                302,
                b"",
                "text/plain\r\nLocation: https://www.csindex.com.cn"
                + path
                + "?moved=1&"
                + "&".join(f"{k}={v}" for k, v in query.items()),
            )
        return plain(market, host, path, query, kinds)

    monkeypatch.setattr(server, "route", moved)
    assert len(bars("csindex", "000300.SH")) == 117
    assert len(served.log) == 2


def test_an_index_without_official_history_comes_from_the_second_source(served: Upstream, sample_folder):
    served.fault("empty", host="csindex")
    symbol = parse_symbol("931160.CSI")
    first, second = bar_sources(symbol)
    with pytest.raises(SourceError) as caught:
        fetch_bars(first, symbol, start=START, end=END)
    assert caught.value.code == "source_empty"
    found = fetch_bars(second, symbol, start=START, end=END)
    assert found["close"].tolist() == [float(row["close"]) for row in written(sample_folder, "931160.CSI")]


def test_a_host_that_has_moved_is_named(monkeypatch):
    import requests

    from screener.upstream.replies import no_reply

    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get("https://trend.invalid/", timeout=5)
    error = no_reply(caught.value, "trend.invalid")
    assert (error.code, error.may_pass, error.refused) == ("host_not_found", False, False)
    assert "trend.invalid" in error.text("zh")


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_no_day_moves_in_any_time_zone(served: Upstream, zone):
    served.fault("text_dates")
    code = (
        "import datetime as dt\n"
        "from screener.upstream.series import fetch_bars\n"
        "from screener.terms.symbols import parse_symbol\n"
        "asked = ['sina 600498.SH', 'sina 000300.SH', 'tencent 600498.SH', 'swsresearch 801770.SI']\n"
        "for source, symbol in map(str.split, asked):\n"
        "    days = fetch_bars(source, parse_symbol(symbol), start=dt.date(2025, 1, 1), end=dt.date(2025, 6, 30))['session']\n"
        "    print(len(days), days.iloc[0].date(), days.iloc[-1].date())\n"
    )
    environment = {**os.environ, "TZ": zone}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
    assert done.stdout.splitlines() == ["117 2025-01-02 2025-06-30"] * 4


def test_only_the_days_asked_for_come_back_also_from_sources_that_send_everything(served: Upstream):
    start, end = dt.date(2025, 3, 3), dt.date(2025, 3, 7)
    for source, symbol in [
        ("sina", "600498.SH"),
        ("swsresearch", "801770.SI"),
        ("tencent", "600498.SH"),
        ("eastmoney_hk", "0941.HK"),
    ]:
        frame = bars(source, symbol, start, end)
        assert [day.date() for day in frame["session"]] == [dt.date(2025, 3, day) for day in (3, 4, 5, 6, 7)]


def test_every_request_names_its_first_and_last_day(served: Upstream):
    bars("eastmoney", "600498.SH", dt.date(2025, 3, 3), dt.date(2025, 3, 7))
    bars("csindex", "000300.SH", dt.date(2025, 3, 3), dt.date(2025, 3, 7))
    [kline], [perf] = served.asked("push2his"), served.asked("csindex")
    assert (kline.query["beg"], kline.query["end"], kline.query["fqt"]) == ("20250303", "20250307", "0")
    assert (perf.query["startDate"], perf.query["endDate"]) == ("20250303", "20250307")


def test_an_index_code_never_fetches_the_stock_of_that_code(served: Upstream):
    bars("eastmoney", "000300.SH")
    assert {request.query["secid"] for request in served.log} == {"1.000300"}
    with pytest.raises(SourceError, match="does not carry"):
        fetch_forward_adjusted("eastmoney", parse_symbol("000300.SH"), start=START, end=END)
    assert len(served.log) == 1


def test_a_reply_about_another_security_is_refused_by_code_and_by_name(served: Upstream):
    served.fault("wrong_security")
    for source, symbol in [("eastmoney", "600498.SH"), ("csindex", "000300.SH"), ("swsresearch", "801770.SI")]:
        with pytest.raises(SourceError, match="answered with"):
            bars(source, symbol)


def test_no_bar_comes_from_the_day_on_which_only_the_share_count_changed(served: Upstream):
    assert "2025-01-01" not in [f"{day:%Y-%m-%d}" for day in bars("sina", "600498.SH")["session"]]
    assert served.asked(text="getAmountBySymbol") == []


def test_the_depositary_receipt_has_prices_although_sina_knows_no_share_count_of_it(served: Upstream):
    served.fault("null", path="getAmountBySymbol")
    assert len(bars("sina", "689009.SH")) == 117


@pytest.mark.parametrize(
    ("symbol", "sources"),
    [
        ("600498.SH", ("tencent", "sina", "eastmoney")),
        ("689009.SH", ("tencent", "sina", "eastmoney")),
        ("000300.SH", ("csindex", "sina", "eastmoney")),
        ("931160.CSI", ("csindex", "eastmoney")),
        ("H00300.CSI", ("csindex", "eastmoney")),
        ("801770.SI", ("swsresearch",)),
        ("920799.BJ", ("sina", "eastmoney")),
        ("0941.HK", ("sina_hk", "eastmoney_hk")),
        ("900901.SH", ()),
        ("HSI.HK", ("sina_hk",)),
        ("IXIC.US", ("sina_us",)),
        ("KOSPI.KR", ("sina_global",)),
        ("KOSDAQ.KR", ()),
    ],
)
def test_each_board_has_its_sources_in_order(symbol, sources):
    assert bar_sources(parse_symbol(symbol)) == sources
    assert set(sources) <= set(SOURCES)


def test_a_source_without_the_board_says_so_and_is_not_asked(served: Upstream):
    with pytest.raises(SourceError, match="tencent does not carry 920799.BJ"):
        bars("tencent", "920799.BJ")
    assert served.log == []


def test_a_beijing_stock_comes_from_the_source_that_has_it(served: Upstream, sample_folder):
    wanted = [float(row["close"]) for row in written(sample_folder, "920799.BJ")]
    for source in ("sina", "eastmoney"):
        assert bars(source, "920799.BJ")["close"].tolist() == wanted


def test_indices_of_other_markets_and_total_return_have_the_closes_of_their_sources(served: Upstream, sample_folder):
    cells = (
        ("sina_hk", "HSI.HK", "index"),
        ("sina_us", "IXIC.US", "index"),
        ("sina_us", "SPX.US", "index"),
        ("sina_global", "KOSPI.KR", "index"),
        ("eastmoney", "H00300.CSI", "index"),
        ("sina_hk", "0941.HK", "hk"),
    )
    for source, symbol, kind in cells:
        with (sample_folder / kind / f"{symbol.partition('.')[0]}.csv").open() as file:
            wanted = [float(row["close"]) for row in csv.DictReader(file)]
        found = bars(source, symbol)
        assert found["close"].tolist() == wanted, symbol
        assert found["volume"].isna().all() == (kind == "index")


def test_suspended_unknown_and_empty_are_three_states(served: Upstream):
    with pytest.raises(SourceError) as unknown:
        bars("eastmoney", "600001.SH")
    with pytest.raises(SourceError) as suspended:
        bars("eastmoney", "600498.SH", dt.date(2025, 7, 1), dt.date(2025, 7, 9))
    assert (unknown.value.code, suspended.value.code) == ("source_unknown_symbol", "source_empty")
    assert not unknown.value.may_pass
    assert not suspended.value.refused


def test_a_changed_code_is_asked_under_the_new_one_and_that_is_said(sample_folder, monkeypatch, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "300114.csv").write_bytes((sample_folder / "raw" / "301165.csv").read_bytes())
    (tmp_path / "actions.csv").write_text("code,ex_date,cash_per_share,split_ratio\n", encoding="utf-8")
    with Upstream(tmp_path, renamed={"300114": "302132"}) as upstream:
        for name, value in upstream.env().items():
            monkeypatch.setenv(name, value)
        frame = bars("eastmoney", "300114.SZ")
        assert (len(frame), frame.attrs["asked_as"]) == (117, "302132.SZ")
        assert [request.query["secid"] for request in upstream.log] == ["0.302132"]


def test_a_shorter_answer_than_asked_is_completed_page_by_page(served: Upstream, sample_folder):
    whole = bars("csindex", "000300.SH")
    served.log.clear()
    served.fault("short_window", host="csindex")
    paged = bars("csindex", "000300.SH")
    assert paged.equals(whole)
    assert [request.query["endDate"] for request in served.log] == ["20250630", "20250331"]  # 117 sessions, 60 at a time
    assert written(sample_folder, "000300.SH")[-60]["date"] == "2025-04-01"


def test_an_index_without_official_history_before_some_day_starts_there(served: Upstream):
    frame = bars("csindex", "000300.SH", dt.date(2024, 11, 1))
    assert f"{frame['session'].iloc[0]:%Y-%m-%d}" == "2025-01-02"
    assert len(served.log) == 2


def test_volume_is_in_shares_whichever_unit_a_source_chose_today(served: Upstream, sample_folder):
    served.fault("other_units")
    expected = [float(row["volume"]) for row in written(sample_folder, "600498.SH")]
    for source in ("eastmoney", "sina", "tencent"):
        assert bars(source, "600498.SH")["volume"].tolist() == pytest.approx(expected, abs=50), source


def test_units_that_fit_no_price_are_refused_not_guessed(served: Upstream, tmp_path, monkeypatch, sample_folder):
    (tmp_path / "raw").mkdir()
    lines = (sample_folder / "raw" / "600498.csv").read_text("utf-8").splitlines()
    rows = [line.rsplit(",", 1) for line in lines[1:]]
    text = "\n".join([lines[0], *(f"{head},{int(float(amount) * 7)}" for head, amount in rows)])
    (tmp_path / "raw" / "600498.csv").write_text(text, encoding="utf-8")
    with Upstream(tmp_path) as upstream:
        for name, value in upstream.env().items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SourceError, match="units are unclear"):
            bars("eastmoney", "600498.SH")


@pytest.mark.parametrize("source", ["eastmoney_dividends", "sina_dividends"])
def test_actions_are_per_share_before_tax_with_shares_after_per_share_before(served: Upstream, source):
    plain = fetch_actions(source, parse_symbol("600498.SH"))
    split = fetch_actions(source, parse_symbol("688205.SH"))
    assert [(f"{a:%Y-%m-%d}", b, c) for a, b, c in plain.itertuples(index=False)] == [("2025-06-12", 0.137, 1.0)]
    assert [(f"{a:%Y-%m-%d}", b, c) for a, b, c in split.itertuples(index=False)] == [("2025-05-29", 0.35, 1.3)]


@pytest.mark.parametrize("source", ["eastmoney_dividends", "sina_dividends"])
def test_no_dividends_on_record_is_an_answer_and_a_failure_is_not(served: Upstream, source):
    never_paid = fetch_actions(source, parse_symbol("601728.SH"))
    assert (len(never_paid), list(never_paid.columns)) == (0, ["ex_date", "cash_per_share", "split_ratio"])
    served.fault("status_403")
    with pytest.raises(SourceError, match="status 403"):
        fetch_actions(source, parse_symbol("601728.SH"))


def test_another_refusal_of_the_data_centre_is_not_taken_for_no_dividends(served: Upstream, monkeypatch):
    from tests.standin import routes

    reply = routes._json({"version": None, "result": None, "success": False, "message": "系统繁忙", "code": 9701})
    monkeypatch.setattr(routes, "ROUTES", ((r"datacenter-web", lambda *_: reply),))
    with pytest.raises(SourceError, match="系统繁忙"):
        fetch_actions("eastmoney_dividends", parse_symbol("600498.SH"))


def test_a_rights_issue_is_an_action_of_unknown_kind(served: Upstream):
    served.fault("rights_issue")
    frame = fetch_actions("sina_dividends", parse_symbol("601728.SH"))
    assert [f"{day:%Y-%m-%d}" for day in frame["ex_date"]] == ["2024-06-18"]
    assert math.isnan(frame["split_ratio"].iloc[0])
    assert len(served.log) == 1  # the page of the dividends has it, too


def test_actions_are_only_asked_where_somebody_has_them():
    assert action_sources(parse_symbol("600498.SH")) == ("eastmoney_dividends", "sina_dividends")
    assert action_sources(parse_symbol("000300.SH")) == ()
    assert action_sources(parse_symbol("0941.HK")) == ()


@pytest.mark.parametrize("source", ["eastmoney", "tencent"])
def test_forward_adjusted_closes_take_the_dividend_off_the_days_before(served: Upstream, sample_folder, source):
    frame = fetch_forward_adjusted(source, parse_symbol("600498.SH"), start=START, end=END)
    raw = [float(row["close"]) for row in written(sample_folder, "600498.SH")]
    before = [row["date"] < "2025-06-12" for row in written(sample_folder, "600498.SH")]
    assert all((close < plain) == earlier for close, plain, earlier in zip(frame["close"], raw, before, strict=True))


def test_a_vendor_without_a_factor_says_so_and_raw_prices_do_not_stand_in(served: Upstream):
    served.fault("missing_factor")
    with pytest.raises(SourceError, match="has no rows"):
        fetch_forward_adjusted("eastmoney", parse_symbol("600498.SH"), start=START, end=END)


def test_the_list_of_names_is_asked_anew_each_time_and_ours_to_change(served: Upstream):
    for exchange, symbol in (("shanghai", "600498.SH"), ("shenzhen", "000063.SZ"), ("beijing", "920799.BJ")):
        first = fetch_names(exchange)
        assert symbol in set(first["symbol"])
        asked = len(served.log)
        first["name"] = "x"
        assert "x" not in set(fetch_names(exchange)["name"])
        assert len(served.log) > asked
    row = fetch_names("shanghai").set_index("symbol").loc["600498.SH"]
    assert (row["name"], row["listed"]) == ("烽火通信", dt.datetime(2001, 8, 23))  # noqa: DTZ001 - a date


def test_a_list_of_names_that_is_not_whole_is_refused(served: Upstream):
    for exchange, kind in (
        ("shanghai", "short_window"),
        ("shenzhen", "html"),
        ("shanghai", "status_403"),
        ("beijing", "reset"),
        ("beijing", "page_twice"),
    ):
        fault = served.fault(kind)
        with pytest.raises(SourceError):
            fetch_names(exchange)
        served.faults.remove(fault)


def test_the_calendar_holds_sessions_to_come_and_no_holiday(served: Upstream):
    days = fetch_sessions()
    assert days == sorted(days)
    assert dt.date(2025, 10, 1) not in days
    assert days[-1] == dt.date(2026, 12, 31)


def test_published_ratings_carry_the_word_of_the_house_and_of_eastmoney(served: Upstream):
    [row] = fetch_ratings(parse_symbol("600498.SH")).to_dict("records")
    assert (row["symbol"], f"{row['date']:%Y-%m-%d}", row["house"]) == ("600498.SH", "2025-03-03", "某某证券")
    assert (row["rating"], row["printed"], row["code"]) == ("买入", "推荐", "AP202503031234")


def test_a_stock_without_reports_has_none_rather_than_an_error(served: Upstream):
    assert fetch_ratings(parse_symbol("600000.SH")).empty


def test_without_a_usable_akshare_the_error_says_what_to_do(monkeypatch):
    akshare_source._akshare.cache_clear()
    monkeypatch.setitem(sys.modules, "akshare", None)
    with pytest.raises(SourceError, match="reinstall") as caught:
        fetch_sessions()
    assert not caught.value.may_pass
    akshare_source._akshare.cache_clear()


def test_nothing_of_akshare_is_loaded_until_something_is_asked():
    code = "import sys, screener.upstream.akshare_source; print('akshare' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"


def test_requests_of_other_code_in_the_process_are_left_alone(served: Upstream):
    import requests

    bars("eastmoney", "600498.SH")
    served.fault("status_403")
    assert (
        requests.get(
            "https://push2his.eastmoney.com/api/qt/stock/kline/get",
            params={"secid": "1.600498", "end": "9", "fields2": ""},
            timeout=5,
        ).status_code
        == 403
    )


def test_a_host_that_is_not_played_is_seen(served: Upstream):
    import requests

    assert requests.get("https://example.org/x", timeout=5).status_code == 599
    assert [request.host for request in served.log] == ["example.org"]


def test_nothing_is_printed_by_a_call(served: Upstream, capfd):
    bars("tencent", "600498.SH")
    fetch_actions("eastmoney_dividends", parse_symbol("600498.SH"))
    bars("swsresearch", "801770.SI")
    assert capfd.readouterr() == ("", "")
