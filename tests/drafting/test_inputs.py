"""The small reports of the reference folder: each shows one fault of drafting, and what is right instead."""

from __future__ import annotations

import datetime as dt

import pytest

from screener.drafting.draft import Draft, draft_thesis
from screener.drafting.lines.reading import read_report
from screener.terms.names import bundled_registry
from screener.thesis.library import open_library

TODAY = dt.date(2026, 11, 25)
TITLE = "光网络迎来新一轮建设"
DAY = dt.date(2025, 3, 3)
RATED = {"industry": "强于大市", "change": "maintained", "previous": "强于大市"}


@pytest.fixture(scope="module")
def draft_input(reference):
    scales = open_library().editions()

    def draft(name: str) -> Draft:
        path = reference / "drafting" / "inputs" / f"{name}.txt"
        return draft_thesis(
            read_report(path), file=path.name, slug="x", registry=bundled_registry(), scales=scales, today=TODAY
        )

    return draft


def groups(draft: Draft) -> dict[str, list[str]]:
    names = {each["id"]: each["name"] for each in draft.thesis.get("buckets", [])}
    found: dict[str, list[str]] = {}
    for each in draft.thesis.get("candidates", []):
        found.setdefault(names[each["bucket"]], []).append(each["name"])
    return found


def names(draft: Draft) -> set[str]:
    return {each["name"] for each in draft.thesis.get("candidates", [])}


def asked(draft: Draft, field: str) -> set[tuple[str, str]]:
    return {(each.code, each.value) for each in draft.questions if each.field == field}


def ladder(draft: Draft, kind: str) -> list[tuple]:
    return [(each["rating"], each.get("lower"), each.get("upper")) for each in draft.scale[kind]["bands"]]


def test_a_line_of_the_contents_is_no_advice(draft_input):
    draft = draft_input("dots")
    assert (names(draft), asked(draft, "candidates")) == (set(), {("names_unread", "")})


@pytest.mark.parametrize(("name", "value", "others"), [("f2", "半导体板块月度数据", {"中兴通讯"}), ("f2b", "中兴通讯", set())])
def test_what_looks_like_a_code_and_is_none_is_asked_about_and_the_draft_goes_on(draft_input, name, value, others):
    draft = draft_input(name)
    assert ("code_wrong", value) in asked(draft, "candidates")
    assert next(each.line for each in draft.questions if each.code == "code_wrong") == 2
    assert names(draft) == others


def test_no_footer_is_a_title(draft_input):
    draft = draft_input("f3")
    assert (draft.thesis["title"], draft.thesis["house"], draft.thesis["published"]) == (TITLE, "样例证券", DAY)


def test_what_stands_before_a_house_s_name_is_no_part_of_it(draft_input):
    for name in ("f4", "f4b"):
        draft = draft_input(name)
        assert draft.thesis.get("house", "样例证券") == "样例证券"
        assert draft.thesis["title"] == TITLE


def test_a_rating_alone_on_its_line_is_read(draft_input):
    assert draft_input("f4c").thesis["rating"] == RATED


def test_the_front_page_s_date_beats_one_of_the_text(draft_input):
    assert draft_input("f5").thesis["published"] == DAY


def test_no_word_of_the_standard_is_the_report_s_rating(draft_input):
    draft = draft_input("f6")
    assert draft.thesis["rating"] == RATED
    assert ladder(draft, "stock") == [("买入", 0.2, None), ("增持", 0.1, 0.2), ("中性", -0.1, 0.1), ("减持", None, -0.1)]
    assert "industry" not in draft.scale


def test_no_band_of_a_ladder_is_dropped(draft_input):
    draft = draft_input("f7")
    assert ladder(draft, "industry") == [("超配", 0.1, None), ("中配", -0.1, 0.1), ("低配", None, -0.1)]
    assert draft.scale["window"]["from_months"] == 6
    assert draft.thesis["rating"] == {"industry": "超配"}


def test_names_after_a_semicolon_are_of_the_list(draft_input):
    assert groups(draft_input("f8")) == {"光模块": ["中兴通讯", "烽火通信"], "运营商": ["中国移动", "中国联通"]}
    assert names(draft_input("f14")) == {"传音控股", "豪威集团", "卓胜微", "中兴通讯"}


def test_a_rule_that_compares_with_nothing_is_absolute(draft_input):
    draft = draft_input("f9")
    assert {draft.scale[kind]["measure"] for kind in ("stock", "industry")} == {"absolute"}
    assert ladder(draft, "stock") == [("推荐", 0.15, None), ("中性", -0.05, 0.15), ("回避", None, -0.05)]
    assert ladder(draft, "industry") == [("推荐", 0.05, None), ("中性", -0.05, 0.05), ("回避", None, -0.05)]
    assert draft.scale["window"]["to_months"] == 12


def test_nothing_is_lost_after_a_running_header(draft_input):
    drafts = [draft_input(name).thesis for name in ("f10", "f10b", "f10c")]
    assert {each["name"] for each in drafts[0]["candidates"]} == {"中兴通讯", "烽火通信"}
    assert drafts[0] == drafts[1] == drafts[2]
    assert (drafts[0]["rating"], drafts[0]["sector"], drafts[0]["published"]) == (RATED, "通信", DAY)


def test_names_may_be_parted_by_bracketed_notes_alone(draft_input):
    draft = draft_input("f11")
    assert groups(draft) == {"光模块": ["中际旭创", "新易盛"], "运营商": ["中国移动"]}
    assert asked(draft, "candidates") == set()


def test_the_source_of_a_chart_recommends_nobody(draft_input):
    assert names(draft_input("f12")) == {"中兴通讯"}


def test_former_names_and_hong_kong_codes_are_read_and_others_asked_with_a_hint(draft_input):
    draft = draft_input("f13")
    assert {each["symbol"] for each in draft.thesis["candidates"]} == {"000403.SZ", "300740.SZ", "0700.HK", "2382.HK"}
    assert names(draft) == {"派林生物", "水羊股份", "腾讯控股", "舜宇光学科技"}
    assert asked(draft, "candidates") == {("name_elsewhere", "美团")}
    assert "3690.HK" in next(each.text("en") for each in draft.questions if each.code == "name_elsewhere")


def test_a_verb_with_an_object_is_no_rating(draft_input):
    for name in ("f12", "f13", "f2"):
        assert "rating" not in draft_input(name).thesis


LADDERS = {
    "better-than-without-upper": [("增持", 0.18, None), ("谨慎增持", 0.08, 0.18), ("中性", -0.08, 0.08), ("减持", None, -0.08)],
    "columns-apart": [("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", None, -0.06)],
    "english-in-brackets": [("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", None, -0.06)],
    "glued-one-line": [("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("卖出", None, -0.06)],
    "negative-and-below": [("优于大市", 0.12, None), ("中性", -0.12, 0.12), ("弱于大市", None, -0.12)],
    "no-word-for-second": [("买入", 0.18, None), ("审慎增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", None, -0.06)],
    "number-before-word": [("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", None, -0.06)],
    "plus-signs": [("买入", 0.18, None), ("增持", 0.08, 0.18), ("中性", -0.08, 0.08), ("减持", None, -0.08)],
    "rule-in-brackets": [("强烈推荐", 0.18, None), ("推荐", 0.08, 0.18), ("中性", -0.08, 0.08), ("回避", None, -0.08)],
    "unknown-word": [("买入", 0.18, None), ("谨慎买入", 0.06, 0.18), ("观望", -0.06, 0.06), ("卖出", None, -0.06)],
    "reach-or-exceed": [
        ("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", -0.18, -0.06), ("卖出", None, -0.18)
    ],
    "two-tables-side-by-side": [
        ("买入", 0.18, None), ("增持", 0.06, 0.18), ("中性", -0.06, 0.06), ("减持", -0.18, -0.06), ("卖出", None, -0.18)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LADDERS)
def test_every_form_of_a_printed_standard_is_read_as_printed(draft_input, name):
    draft = draft_input(f"scale-{name}")
    assert ladder(draft, "stock") == LADDERS[name]
    assert draft.scale["stock"].get("measure", "relative") == "relative"


def test_a_dash_may_follow_the_word(draft_input):
    wanted = [("领先大市", 0.12, None), ("同步大市", -0.12, 0.12), ("落后大市", None, -0.12)]
    assert ladder(draft_input("scale-dash-after-word"), "industry") == wanted


def test_a_standard_in_words_beside_one_in_numbers_is_read_as_such(draft_input):
    draft = draft_input("scale-two-tables-side-by-side")
    assert draft.scale["industry"]["measure"] == "words_only"
    assert [each["rating"] for each in draft.scale["industry"]["bands"]] == ["增持", "中性", "减持"]
    assert draft.thesis["rating"]["industry"] == "增持"


def test_a_standard_without_an_open_end_is_asked_about_and_not_taken(draft_input):
    draft = draft_input("scale-no-open-end")
    assert draft.scale is None
    assert asked(draft, "scale.stock") == {("bands_no_open_end", "强推 推荐 中性 回避")}
