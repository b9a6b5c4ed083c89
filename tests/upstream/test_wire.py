"""What may leave and what may come in: certificates, size, nesting, redirects, pages; the real akshare asks the stand-in."""

from __future__ import annotations

import datetime as dt
import resource
import threading

import pytest

from screener.store.store import Store
from screener.terms.symbols import parse_symbol
from screener.upstream.asking.patience import Fetcher, FetchError, Policy
from screener.upstream.asking.vendors import SOURCES
from screener.upstream.lists import NAME_LISTS, fetch_actions, fetch_names, fetch_ratings, fetch_sessions, fetch_shares
from screener.upstream.plan import plan_update
from screener.upstream.replies import SourceError
from screener.upstream.series import fetch_bars
from screener.upstream.update import run_update

START, END = dt.date(2025, 1, 2), dt.date(2025, 6, 30)
EVENING = dt.datetime(2025, 6, 30, 9, 0, tzinfo=dt.UTC)
FIBERHOME, SHENWAN = "600498.SH", "801770.SI"
BARS = {
    "eastmoney": FIBERHOME,
    "sina": FIBERHOME,
    "tencent": FIBERHOME,
    "csindex": "000300.SH",
    "swsresearch": SHENWAN,
    "eastmoney_hk": "0941.HK",
}


def bars(source: str, symbol: str = "", start: dt.date = START):
    return fetch_bars(source, parse_symbol(symbol or BARS[source]), start=start, end=END)


CALLS = {
    **{source: lambda source=source: bars(source) for source in BARS},
    "eastmoney_dividends": lambda: fetch_actions("eastmoney_dividends", parse_symbol(FIBERHOME)),
    "sina_dividends": lambda: fetch_actions("sina_dividends", parse_symbol(FIBERHOME)),
    "eastmoney_shares": lambda: fetch_shares("eastmoney_shares", parse_symbol(FIBERHOME)),
    "eastmoney_reports": lambda: fetch_ratings(parse_symbol(FIBERHOME)),
    **{exchange: lambda exchange=exchange: fetch_names(exchange) for exchange in NAME_LISTS},
    "sina_calendar": fetch_sessions,
}


def refusal_of(call) -> SourceError:
    with pytest.raises(SourceError) as caught:
        call()
    return caught.value


@pytest.mark.slow
def test_a_rogue_certificate_is_refused_on_every_host_that_is_asked(served):
    fault = served.fault("rogue")
    for source, call in CALLS.items():
        assert refusal_of(call).code == "certificate_refused", source
    served.faults.remove(fault)
    for source, call in CALLS.items():
        assert len(call()), source


def test_a_redirect_away_from_the_source_or_to_plain_text_is_not_followed(served):
    for kind in ("redirect_away", "redirect_plain"):
        fault = served.fault(kind)
        for source, call in CALLS.items():
            assert refusal_of(call).code == "redirect_refused", (kind, source)
        served.faults.remove(fault)
    assert not served.asked("elsewhere.example")


def test_a_redirect_within_the_source_is_followed(served):
    good = bars("csindex")
    served.fault("redirect_home", host="csindex")
    assert bars("csindex").equals(good)
    assert served.asked("alias.www.csindex.com.cn")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code"), [("bomb", "reply_too_large"), ("huge", "reply_too_large"), ("deep", "unparsable_reply")]
)
def test_a_reply_that_would_burst_is_that_hosts_fault_and_costs_little_memory(served, kind, code):
    served.fault(kind, host="swsresearch")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal_of(lambda: bars("swsresearch")).code == code
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400 * 1024  # KB; the stand-in's own hundred megabytes are among them


def test_a_list_that_announces_a_thousand_million_pages_is_refused_at_its_first_page(served):
    served.fault("many_pages")
    for source in ("eastmoney_dividends", "eastmoney_reports"):
        served.log.clear()
        assert refusal_of(CALLS[source]).code == "too_many_requests"
        assert len(served.log) == 1


def test_a_page_with_equals_signs_is_a_page(served):
    served.fault("equals_page")
    for source in ("sina", "tencent", "csindex", "eastmoney"):
        assert refusal_of(lambda source=source: bars(source)).code == "ban_page"


def test_one_list_is_one_request_although_akshare_asks_for_its_first_page_twice(served):
    CALLS["eastmoney_dividends"]()
    CALLS["eastmoney_reports"]()
    assert len(served.log) == 2


def test_each_request_of_one_call_is_paced(served):
    waits: list[float] = []
    fetcher = Fetcher(Policy(calls_per_second=2.0, jitter=0.0), sleep=waits.append, monotonic=lambda: sum(waits))
    served.log.clear()
    fetcher.call(SOURCES["tencent"].host, CALLS["tencent"])
    fetcher.call(SOURCES["tencent"].host, CALLS["tencent"])
    assert [request.host for request in served.log] == ["web.ifzq.gtimg.cn", "proxy.finance.qq.com"] * 2
    served.log.clear()
    fetcher.call(SOURCES["beijing"].host, CALLS["beijing"])
    fetcher.call(SOURCES["beijing"].host, CALLS["beijing"])
    assert sum(waits) > 0.49 * (len(served.log) - 1)


def test_a_first_row_that_csindex_copied_under_the_day_asked_for_is_left_out(served):
    # 1 January 2025 has no session; the folder begins on 2 January.
    for symbol in ("000300.SH", "931160.CSI", "H00300.CSI"):
        frame = bars("csindex", symbol, start=dt.date(2025, 1, 1))
        assert frame["session"].iloc[0].date() == dt.date(2025, 1, 2), symbol
        frame = bars("csindex", symbol, start=dt.date(2024, 6, 3))
        assert frame["session"].iloc[0].date() == dt.date(2025, 1, 2), symbol


@pytest.mark.slow
def test_a_dripping_reply_is_given_up_after_five_seconds_not_at_its_deadline(served):
    served.fault("drip", host="swsresearch")
    fetcher = Fetcher(Policy(tries=3), sleep=lambda seconds: None)
    with pytest.raises(FetchError) as caught:
        fetcher.call(SOURCES["swsresearch"].host, lambda: bars("swsresearch"), subject=SHENWAN)
    assert caught.value.code == "reply_drips"
    assert len(served.asked("swsresearch")) == 1


def test_what_comes_over_an_unchecked_certificate_is_marked_and_only_where_the_user_says_so(served, tmp_path):
    served.fault("rogue", host="swsresearch")
    host = SOURCES["swsresearch"].host
    plan = plan_update((SHENWAN,), start=START, end=END, now=EVENING)
    policy = Policy(calls_per_second=1000.0, tries=1)
    [refused] = run_update(Store(tmp_path / "a"), plan, fetcher=Fetcher(policy))
    assert (refused.state, refused.reason.code) == ("failed", "certificate_refused")
    store = Store(tmp_path / "b")
    [taken] = run_update(store, plan, fetcher=Fetcher(policy, unverified={host}))
    assert taken.state == "fresh"
    assert [note.code for note in taken.notes] == ["came_unverified"]
    assert store.read_bars(SHENWAN).unverified == (host,)
    served.faults.clear()
    [renewed] = run_update(store, plan, fetcher=Fetcher(policy))
    assert store.read_bars(SHENWAN).unverified == (host,)  # rows that were stored stay what they are


def test_other_threads_are_left_alone(served):
    import requests

    bars("swsresearch")
    found = []
    url = "http://www.swsresearch.com/institute-sw/api/index_publish/trend/?swindexcode=801770"
    thread = threading.Thread(target=lambda: found.append(requests.get(url, timeout=5).status_code))
    thread.start()
    thread.join()
    assert found == [200]
