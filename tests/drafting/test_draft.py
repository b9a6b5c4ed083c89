"""A report's text becomes a thesis: expected values were written down by hand while reading each text."""

from __future__ import annotations

import datetime as dt
import math
import time
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.drafting.draft import Draft, draft_thesis
from screener.drafting.files import scale_text, thesis_text
from screener.drafting.lines.reading import parse_report, read_report
from screener.drafting.lines.text import half_width
from screener.drafting.naming.groups import condense
from screener.drafting.naming.known import NameIndex
from screener.drafting.naming.names import NameReader
from screener.drafting.standards.ladders import PrintedBand, ladder_record
from screener.drafting.standards.standard import read_scale
from screener.report.records import outcome_record
from screener.screening import check_outcome
from screener.sources.name_lists import read_registry
from screener.sources.snapshot import SnapshotSource
from screener.terms.names import NameRegistry, bundled_registry
from screener.terms.notes import UsageError
from screener.thesis.check import check_scale_text
from screener.thesis.library import open_library
from screener.thesis.scale import RatingScale, rate, read_record
from screener.thesis.thesis import Thesis
from tests.conftest import ROOT, THESIS, run_screener

REPORTS = ROOT / "tests" / "reports"
TODAY = dt.date(2026, 11, 25)
# The codes of every name in the texts under reports/, written from the exchanges' lists.
MARKET = NameRegistry(
    {
        **bundled_registry().names,
        "600900.SH": "长江电力",
        "600674.SH": "川投能源",
        "601985.SH": "中国核电",
        "003816.SZ": "中国广核",
        "000002.SZ": "万科Ａ",
        "002402.SZ": "和而泰",
        "600001.SH": "双名股份",
        "600002.SH": "双名股份",
    },
    "test",
)


def draft_of(text: str, registry: NameRegistry = MARKET, file: str = "report.txt", slug: str = "draft") -> Draft:
    library = open_library()
    scales = [library.load_scale(each) for each in library.scale_ids()]
    return draft_thesis(parse_report(text), file=file, slug=slug, registry=registry, scales=scales, today=TODAY)


def draft_of_file(name: str, registry: NameRegistry = MARKET) -> Draft:
    return draft_of((REPORTS / name).read_text("utf-8"), registry, file=name)


def names(draft: Draft) -> dict[str, list[tuple[str, str]]]:
    groups = {bucket["id"]: bucket["name"] for bucket in draft.thesis["buckets"]}
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in groups.values()}
    for each in draft.thesis["candidates"]:
        found[groups[each["bucket"]]].append((each["symbol"], each["name"]))
    return found


def bands(draft: Draft, kind: str) -> list[tuple]:
    assert draft.scale is not None
    return [
        (band["rating"], band.get("lower"), band.get("upper"), band["side"], band.get("lower_closed"), band.get("upper_closed"))
        for band in draft.scale[kind]["bands"]
    ]


def asked(draft: Draft) -> list[str]:
    return [each.code for each in draft.questions]


# The seed.


@pytest.fixture(scope="module")
def seed(reference) -> str:
    return (reference / "seed" / "guolian-2024-ai-compute-report.txt").read_text("utf-8")


def test_the_seed_gives_its_eleven_names_in_six_groups(seed):
    assert names(draft_of(seed, bundled_registry())) == {
        "运营商": [("600941.SH", "中国移动"), ("600050.SH", "中国联通"), ("601728.SH", "中国电信")],
        "CW 光源": [("688498.SH", "源杰科技"), ("688313.SH", "仕佳光子")],
        "交换机设备": [("301165.SZ", "锐捷网络")],
        "交换机芯片": [("688702.SH", "盛科通信-U")],
        "400G OTN": [("600498.SH", "烽火通信"), ("688205.SH", "德科立"), ("002281.SZ", "光迅科技")],
        "AIDC": [("300442.SZ", "润泽科技")],
    }


def test_the_seed_s_operators_get_their_hong_kong_listings_as_the_bundled_thesis_has_them(seed, bundled):
    listed = {each["symbol"]: each.get("listings", []) for each in draft_of(seed, bundled_registry()).thesis["candidates"]}
    wanted = {
        each.symbol: [{"symbol": other.symbol, "market": other.market} for other in each.listings]
        for each in bundled[0].candidates
    }
    assert listed == wanted


def test_the_seed_gives_its_facts(seed):
    thesis = draft_of(seed).thesis
    assert thesis["title"] == "夯实算力基础，助力 AI 产业发展"
    assert (thesis["house"], thesis["sector"], thesis["scale"]) == ("国联证券", "通信", "guolian")
    assert thesis["rating"] == {"industry": "强于大市", "change": "maintained", "previous": "强于大市"}
    assert [each["date"] for each in thesis["related_reports"]] == [dt.date(2024, 4, 6), dt.date(2024, 3, 31)]
    assert [each["text"] for each in thesis["risks"]] == ["AI 产业发展不及预期", "技术提升不及预期"]
    assert {each["symbol"]: each["named_in"] for each in thesis["candidates"]}["688205.SH"] == ["投资建议 3)", "3.3"]


def test_the_seed_s_broken_table_gives_all_seven_bands_with_their_edges(seed):
    printed = read_scale(parse_report(seed))
    library = open_library().load_scale("guolian")
    for kind, ladder in (("stock", library.stock), ("industry", library.industry)):
        read = ladder_record(getattr(printed, kind).bands)
        assert [band["rating"] for band in read] == list(ladder.ratings)
        for excess in (-0.5, -0.1, -0.0999, 0, 0.0499, 0.05, 0.0999, 0.1, 0.1999, 0.2, 0.5):
            holder = read_record(RatingScale, {**library.model_dump(by_alias=True, exclude_none=True), kind: {"bands": read}})
            assert rate(excess, getattr(holder, kind)) == rate(excess, ladder)
    assert printed.window == (6, 12, "评级标准为报告发布日后6到12个月内的相对市场表现")
    assert [market["id"] for market in printed.markets] == ["a_share", "neeq", "hong_kong", "us", "korea"]
    assert printed.markets[1]["benchmarks"][0]["when"] == "协议转让标的"


def test_the_seed_s_date_is_asked_back_and_guessed_after_the_last_related_report(seed):
    draft = draft_of(seed)
    assert asked(draft) == ["published_inferred"]
    assert draft.thesis["published"] == dt.date(2024, 4, 13)
    assert (draft.thesis["published_earliest"], draft.thesis["published_latest"]) == (dt.date(2024, 4, 7), dt.date(2024, 5, 4))


def test_the_seed_s_dated_policies_are_read_once_each_with_their_issuer(seed):
    policies = draft_of(seed).policies
    titles = [each["title"] for each in policies]
    assert len(titles) == len(set(titles))
    assert {"date": "2023-10", "issuer": "工信部", "title": "《算力基础设施高质量发展行动计划》".strip("《》")} in policies
    merged_cell = next(each for each in policies if each["title"].startswith("关于加快发展数字经济深入推进数字四川"))
    assert (merged_cell["date"], merged_cell["issuer"]) == ("2022-11", "四川")
    assert not any(each["date"].startswith("2023-20") for each in policies), "a misprinted month is no date"


@pytest.mark.slow
def test_the_seed_s_draft_passes_the_check_and_gives_the_figures_of_the_bundled_thesis(reference, tmp_path):
    report = reference / "seed" / "guolian-2024-ai-compute-report.txt"
    mine = tmp_path / "mine.toml"
    done = run_screener("thesis", "draft", report, "--out", mine)
    assert (done.code, done.out) == (0, "")
    assert run_screener("thesis", "check", mine).code == 0
    text = mine.read_text("utf-8")
    mine.write_text(text.replace("published = 2024-04-13", "published = 2024-04-14"), "utf-8")
    assert run_screener("thesis", "check", mine).code == 0
    drafted, bundled = (
        outcome_record(check_outcome(*open_library().load(name), SnapshotSource(), today=TODAY)) for name in (str(mine), THESIS)
    )

    def key(row):
        return row["subject"], row["series"], row["benchmark"], row["horizon_months"]

    assert len(bundled["rows"]) > 100
    assert {key(row): row for row in drafted["rows"]} == {key(row): row for row in bundled["rows"]}
    assert drafted["verdict"] == bundled["verdict"]
    assert sorted(map(str, drafted["windows"])) == sorted(map(str, bundled["windows"]))


def test_the_whole_market_s_list_finds_no_other_names_in_the_seed(seed, market_folder):
    assert names(draft_of(seed, read_registry(market_folder))) == names(draft_of(seed, bundled_registry()))


# Other layouts.


def test_five_percent_steps_over_six_months_with_codes_and_ratings_in_brackets():
    draft = draft_of_file("five-percent-steps.txt", bundled_registry())
    thesis = draft.thesis
    assert (thesis["title"], thesis["house"], thesis["sector"]) == ("存储周期上行，封装设备同步受益", "恒岳证券", "电子")
    assert (thesis["published"], thesis["published_basis"]) == (dt.date(2024, 5, 20), "printed")
    assert thesis["rating"] == {"industry": "看好", "change": "raised", "previous": "中性"}
    assert thesis["industry_index"]["symbol"] == "801080.SI"
    assert names(draft) == {
        "存储芯片": [("603986.SH", "兆易创新"), ("300223.SZ", "北京君正")],
        "先进封装": [("600584.SH", "长电科技"), ("002156.SZ", "通富微电")],
        "半导体设备": [("002371.SZ", "北方华创"), ("688012.SH", "中微公司")],
    }
    assert {each["symbol"]: each["rating"] for each in thesis["candidates"] if "rating" in each} == {
        "603986.SH": "增持",
        "600584.SH": "买入",
    }
    assert bands(draft, "stock") == [
        ("买入", 0.15, None, "buy", True, None),
        ("增持", 0.05, 0.15, "buy", True, None),
        ("中性", -0.05, 0.05, "hold", None, None),
        ("减持", None, -0.05, "sell", None, True),
    ]
    assert bands(draft, "industry") == [
        ("看好", 0.05, None, "buy", True, None),
        ("中性", -0.05, 0.05, "hold", None, None),
        ("看淡", None, -0.05, "sell", None, True),
    ]
    window = draft.scale["window"]
    assert (window["from_months"], window["to_months"]) == (6, 6)
    assert [each["text"] for each in thesis["risks"]] == ["下游需求不及预期", "扩产进度慢于预期", "汇率波动"]
    assert asked(draft) == ["house_en_unread"]


def test_tables_in_markdown_with_edges_that_say_more_than():
    draft = draft_of_file("markdown-tables.md", bundled_registry())
    thesis = draft.thesis
    assert (thesis["title"], thesis["house"], thesis["sector"]) == ("电力设备：海缆与储能的第二曲线", "明德证券", "电力设备")
    assert thesis["published"] == dt.date(2024, 6, 3)
    assert thesis["rating"] == {"industry": "领先大市", "change": "maintained", "previous": "领先大市"}
    assert names(draft) == {
        "海缆": [("603606.SH", "东方电缆"), ("600522.SH", "中天科技")],
        "储能": [("300274.SZ", "阳光电源")],
        "风机叶片材料": [("002080.SZ", "中材科技")],
    }
    assert [each["rating"] for each in thesis["candidates"]] == ["强烈推荐", "谨慎推荐", "强烈推荐", "中性"]
    assert bands(draft, "stock") == [
        ("强烈推荐", 0.2, None, "buy", True, None),
        ("谨慎推荐", 0.1, 0.2, "buy", True, None),
        ("中性", -0.1, 0.1, "hold", None, None),
        ("回避", None, -0.1, "sell", None, True),
    ]
    assert bands(draft, "industry") == [
        ("领先大市", 0.1, None, "buy", None, None),
        ("跟随大市", -0.1, 0.1, "hold", True, True),
        ("落后大市", None, -0.1, "sell", None, None),
    ], "> 10% and < -10% leave both edges to the range between"
    assert (draft.scale["window"]["from_months"], draft.scale["window"]["to_months"]) == (12, 12)
    assert [each["text"] for each in thesis["risks"]] == ["招标进度不及预期", "原材料价格大幅上涨"]
    assert asked(draft) == ["house_en_unread", "bucket_en_unread"]


def test_names_listed_in_hong_kong_are_held_against_the_index_that_the_standard_names_for_it():
    draft = draft_of_file("hong-kong-names.txt", bundled_registry())
    thesis = draft.thesis
    assert (thesis["market"], thesis["house"], thesis["published"]) == ("hong_kong", "南屿国际", dt.date(2024, 7, 15))
    assert names(draft) == {
        "平台": [("0700.HK", "腾讯控股"), ("3690.HK", "美团-W")],
        "运营商": [("0941.HK", "中国移动"), ("0728.HK", "中国电信")],
    }
    assert draft.scale["markets"] == [
        {
            "id": "hong_kong",
            "name": "香港",
            "name_en": "Hong Kong",
            "exchanges": ["HK"],
            "currency": "HKD",
            "benchmarks": [{"symbol": "HSI.HK", "name": "恒生指数", "name_en": "Hang Seng Index"}],
        }
    ]
    assert "stock" not in draft.scale, "no ladder stands in for one that is not printed"
    assert bands(draft, "industry") == [
        ("增持", 0.1, None, "buy", True, None),
        ("中性", -0.1, 0.1, "hold", None, None),
        ("减持", None, -0.1, "sell", None, True),
    ]
    assert (draft.scale["window"]["from_months"], draft.scale["window"]["to_months"]) == (6, 12)
    assert thesis["rating"] == {"industry": "增持", "change": "first"}
    assert [each["text"] for each in thesis["risks"]] == ["宏观经济波动", "行业竞争加剧"]
    assert "industry_index" not in thesis
    assert asked(draft) == ["stock_bands_unread", "house_en_unread", "index_unread"]


def test_a_report_without_a_standard_of_an_unknown_house_gets_none_made_up():
    draft = draft_of_file("no-scale.txt")
    assert draft.scale is None
    assert "scale" not in draft.thesis
    assert not draft.is_complete
    assert asked(draft) == ["published_inferred", "scale_unread"]
    assert draft.thesis["rating"] == {"industry": "推荐", "change": "maintained", "previous": "推荐"}
    assert draft.thesis["published"] == dt.date(2024, 5, 13)
    assert [each["date"] for each in draft.thesis["related_reports"]] == [dt.date(2024, 5, 6), dt.date(2024, 4, 22)]
    assert names(draft) == {
        "水电": [("600900.SH", "长江电力"), ("600674.SH", "川投能源")],
        "核电": [("601985.SH", "中国核电"), ("003816.SZ", "中国广核")],
    }


def test_a_table_whose_columns_came_apart_and_names_in_full_width():
    draft = draft_of_file("columns-apart.txt")
    thesis = draft.thesis
    assert (thesis["title"], thesis["house"], thesis["published"]) == ("卫星互联网组网提速", "远汀证券", dt.date(2024, 8, 12))
    assert thesis["rating"] == {"industry": "推荐", "change": "raised", "previous": "中性"}
    assert names(draft) == {
        "卫星通信": [("000002.SZ", "ST万科A"), ("688702.SH", "盛科通信-U")],
        "光纤光缆": [("600498.SH", "烽火通信")],
        "特种线材": [("688205.SH", "德科立"), ("002281.SZ", "光迅科技")],
    }
    assert bands(draft, "stock") == [
        ("推荐", 0.1, None, "buy", True, None),
        ("谨慎推荐", 0.05, 0.1, "buy", True, None),
        ("中性", -0.05, 0.05, "hold", None, None),
        ("回避", None, -0.05, "sell", None, True),
    ]
    assert bands(draft, "industry") == [
        ("推荐", 0.05, None, "buy", True, None),
        ("中性", -0.05, 0.05, "hold", None, None),
        ("回避", None, -0.05, "sell", None, True),
    ]
    unknown = [each for each in draft.questions if each.code == "name_unknown"]
    assert [(each.value, each.line) for each in unknown] == [("神舟无线", 8)]


def test_a_code_of_another_company_is_honoured_and_asked_back():
    draft = draft_of_file("wrong-code.txt")
    assert draft.thesis["candidates"][0]["symbol"] == "301205.SZ"
    question = next(each for each in draft.questions if each.code == "code_of_other_name")
    assert (question.line, question.value) == (6, "德科立")
    assert "联特科技" in question.text("en")


BYLINES = ["华创证券· 2024-11-10 15:26", "华创证券 2024-11-10", "华创证券 | 2024年11月10日"]


@pytest.mark.parametrize("byline", BYLINES)
def test_a_house_with_the_day_behind_it_is_the_publisher(byline):
    draft = draft_of(
        f"中国移动(600941)：算力网络再进一步\n{byline}\n报告公司投资评级 - 强推（维持）\n风险提示：需求不及预期。\n"
    )
    assert draft.thesis["house"] == "华创证券"
    assert draft.thesis["published"] == dt.date(2024, 11, 10)


def test_the_day_of_a_portal_is_not_the_day_of_the_report():
    portal = "发布时间: 2023年02月27日    作者: xn2oyhja    栏目:行业研报"
    body = "证券研究报告·行业跟踪周报·建筑装饰\n建筑装饰行业跟踪周报\n增持(维持)\n投资要点\n"
    draft = draft_of(f"{portal}\n{body}2023 02 26\n风险提示：需求不及预期。\n")
    assert draft.thesis["published"] == dt.date(2023, 2, 26)
    assert "published" not in draft_of(f"{portal}\n{body}风险提示：需求不及预期。\n").thesis


def test_a_house_in_a_sentence_with_a_day_is_none():
    draft = draft_of(
        "中国移动(600941)：算力网络再进一步\n据华创证券 2024-11-10 的统计，行业增速放缓。\n风险提示：需求不及预期。\n"
    )
    assert "house" not in draft.thesis or "house_unsure" in asked(draft)


def test_the_code_that_a_portal_wraps_in_links_is_the_names_own():
    draft = draft_of("中国移动(行情600941,诊股)：算力网络再进一步\n\n信达证券\n\n维持“买入”评级。\n风险因素：需求不及预期。\n")
    assert [each["symbol"] for each in draft.thesis["candidates"]] == ["600941.SH"]
    assert "行情" not in draft.thesis["title"]


def test_a_report_without_a_standard_of_a_known_house_takes_the_library_s_and_says_so():
    draft = draft_of_file("wrong-code.txt")
    assert (draft.thesis["scale"], draft.scale) == ("guolian", None)
    assert "scale_not_printed" in asked(draft)


@pytest.mark.parametrize("name", ["columns-apart.txt", "five-percent-steps.txt", "hong-kong-names.txt", "markdown-tables.md"])
def test_every_draft_with_a_standard_passes_the_check(name, tmp_path):
    done = run_screener("thesis", "draft", REPORTS / name, "--out", tmp_path / "mine.toml", "--lang", "en")
    assert done.code == 0, done.err
    assert "could not be read or are guesses" in done.err
    checked = run_screener("thesis", "check", tmp_path / "mine.toml")
    assert checked.code == 0, checked.out
    assert "TODO" not in (tmp_path / "mine.toml").read_text("utf-8")


# Names and groups.


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("建议关注中国移动、中国联通。", {"600941.SH": "", "600050.SH": ""}),
        ("受益标的：光模块：光迅科技、德科立等。", {"002281.SZ": "光模块", "688205.SH": "光模块"}),
        ("重点推荐具备液冷能力的润泽科技。", {"300442.SZ": "液冷"}),
        ("推荐水电龙头长江电力和川投能源。", {"600900.SH": "水电", "600674.SH": "水电"}),
        ("推荐和而泰。", {"002402.SZ": ""}),
        ("建议关注长江电力(600900)，中国移动（SH600941）。", {"600900.SH": "", "600941.SH": ""}),
        ("建议关注中国移动（00941.HK）。", {"0941.HK": ""}),
        ("建议关注中国移动 600941.SH、中国电信 0728.HK。", {"600941.SH": "", "0728.HK": ""}),
        ("公司中国移动资本开支下降。", {}),
        ("中国移动、中国联通宣布集采。", {}),
        ("建议关注中国移动资本开支。", {}),
    ],
)
def test_names_are_read_where_they_are_recommended(sentence, found):
    reader = NameReader(NameIndex(MARKET))
    reader.read(parse_report(sentence))
    assert {symbol: each.phrase for symbol, each in reader.found.items()} == found


def test_an_ambiguous_name_is_asked_back_with_its_choices():
    reader = NameReader(NameIndex(MARKET))
    reader.read(parse_report("建议关注双名股份、中国移动。"))
    assert list(reader.found) == ["600941.SH"]
    assert reader.unread["双名股份"].code == "name_ambiguous"
    assert reader.unread["双名股份"].params["known"] == "600001.SH / 600002.SH"


def test_names_after_the_risks_and_in_the_legal_text_are_not_recommended():
    text = "投资建议\n建议关注中国移动。\n风险提示：竞争加剧。\n中国联通：略\n免责声明\n本公司推荐中国电信。"
    reader = NameReader(NameIndex(MARKET))
    reader.read(parse_report(text))
    assert list(reader.found) == ["600941.SH"]


def test_a_name_keeps_the_group_of_its_first_own_phrase():
    text = "投资建议\n建议关注：中国移动、德科立。\n光模块：德科立。\n运营商：中国移动。"
    reader = NameReader(NameIndex(MARKET))
    reader.read(parse_report(text))
    assert {symbol: each.phrase for symbol, each in reader.found.items()} == {"600941.SH": "运营商", "688205.SH": "光模块"}


@pytest.mark.parametrize(
    ("phrase", "short"),
    [
        ("AI、算力有望为电信运营商提供新的业务增长点:", "运营商"),
        ("具备 CW 光源产品能力的", "CW 光源"),
        ("国产交换机芯片供应商:", "交换机芯片"),
        ("国内骨干网 400G OTN 产业链企业:", "400G OTN"),
        ("建议关注", ""),
        ("我们看好", ""),
        ("特种线材龙头", "特种线材"),
    ],
)
def test_a_phrase_is_condensed_to_what_it_is_about(phrase, short):
    assert condense(phrase) == short


# Standards.


@pytest.mark.parametrize(
    ("words", "lower", "upper"),
    [
        ("涨幅20%以上", 0.2, math.inf),
        ("涨幅超过20%", 0.2, math.inf),
        ("强于沪深300指数20%以上", 0.2, math.inf),
        ("涨幅≥20％", 0.2, math.inf),
        ("涨幅介于5%～20%之间", 0.05, 0.2),
        ("涨幅介于-10%~5%之间", -0.1, 0.05),
        ("涨幅5%-15%", 0.05, 0.15),
        ("涨幅在－5%与＋5%之间", -0.05, 0.05),
        ("变动幅度在±5%之间", -0.05, 0.05),
        ("涨跌幅在5%以内", -0.05, 0.05),
        ("跌幅5%至15%", -0.15, -0.05),
        ("跌幅10%以上", -math.inf, -0.1),
        ("弱于沪深300指数10%以上", -math.inf, -0.1),
        ("涨幅低于-10%", -math.inf, -0.1),
        ("涨幅-10%以下", -math.inf, -0.1),
        ("< -10%", -math.inf, -0.1),
        ("低于沪深300指数10%以上", -math.inf, -0.1),
    ],
)
def test_a_band_is_read_from_the_words_of_a_standard(words, lower, upper):
    upside = "" if upper == math.inf else f"买入：涨幅{upper * 100:g}%以上\n"
    downside = "" if lower == -math.inf else f"卖出：涨幅{lower * 100:g}%以下\n"
    scale = read_scale(parse_report(f"评级标准\n{upside}中性：相对指数{words}\n{downside}"))
    assert scale is not None
    ladder = scale.industry or scale.stock or scale.broken[0]
    read = next(band for band in ladder.bands if band.rating == "中性")
    assert (read.lower, read.upper) == (lower, upper)


def test_an_edge_that_words_claim_belongs_to_them_and_one_between_ranges_to_the_better():
    def band(lower, upper, lower_closed, upper_closed):
        return PrintedBand("中性", lower, upper, lower_closed, upper_closed, 0, 0)

    closed = [
        band(0.2, math.inf, False, False),
        band(0.1, 0.2, None, None),
        band(0, 0.1, None, None),
        band(-math.inf, 0, False, False),
    ]
    read = ladder_record(closed)
    assert [(each.get("lower_closed"), each.get("upper_closed")) for each in read] == [
        (None, None), (True, True), (True, None), (None, None),
    ]  # fmt: skip


def test_a_ladder_with_an_end_missing_is_not_used():
    printed = read_scale(parse_report("评级标准\n买入：涨幅15%以上\n增持：涨幅5%~15%"))
    assert (printed.stock, printed.industry) == (None, None)
    assert [each.fault for each in printed.broken] == ["bands_no_open_end"]


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("报告发布日后6到12个月内", (6, 12)),
        ("未来6-12个月", (6, 12)),
        ("发布之日起六个月内", (6, 6)),
        ("未来十二个月", (12, 12)),
        ("6个月至12个月", (6, 12)),
    ],
)
def test_the_window_is_read_in_figures_and_in_words(text, window):
    scale = read_scale(parse_report(f"评级标准\n{text}\n买入：涨幅15%以上\n中性：涨幅-5%~15%\n卖出：涨幅-5%以下"))
    assert scale.window[:2] == window


# The rest.


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("投资建议：强于大市（维持）", {"industry": "强于大市", "change": "maintained", "previous": "强于大市"}),
        ("行业评级 强于大市 上调", {"industry": "强于大市", "change": "raised"}),
        ("维持行业“强于大市”评级", {"industry": "强于大市", "change": "maintained", "previous": "强于大市"}),
        ("首次覆盖，给予“中性”评级", {"industry": "中性", "change": "first"}),
        ("我们将行业评级由“中性”下调至“弱于大市”", {"industry": "弱于大市", "change": "lowered", "previous": "中性"}),
        ("上次建议：强于大市", None),
        ("市场表现强于大市。", None),
    ],
)
def test_the_rating_is_read_with_what_became_of_it(text, rating):
    from screener.drafting.rating import read_rating

    fact, _ = read_rating(parse_report(text), ("强于大市", "中性", "弱于大市"))
    assert (fact.value.record() if fact else None) == rating


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024年4月14日", dt.date(2024, 4, 14)),
        ("２０２４．０４．１４", dt.date(2024, 4, 14)),
        ("20240414 星期日", dt.date(2024, 4, 14)),
        ("报告日期：2024/4/14", dt.date(2024, 4, 14)),
        ("2024-02-30", None),
        ("2034-04-14", None),
        ("数据截至2024年4月14日的收盘价", None),
        ("《旧报告》2024.04.06", None),
        ("2023.12", None),
    ],
)
def test_only_a_printed_date_that_can_be_is_the_publication_date(text, day):
    from screener.drafting.dates import read_published

    fact = read_published(parse_report(text), TODAY)
    assert (fact.value if fact else None) == day


def test_nothing_to_go_by_is_asked_back_and_left_out():
    draft = draft_of("一段没有任何信息的文字")
    assert not draft.is_complete
    assert {"published", "candidates", "buckets", "scale", "rating", "sector", "house"} & set(draft.thesis) == set()
    assert {"published_unread", "names_unread", "scale_unread", "rating_unread", "sector_unread", "house_unread"} <= set(
        asked(draft)
    )


def test_half_width_keeps_every_place():
    text = "（６００９４１．ＳＨ）　Ａ－Ｕ～５％"
    assert half_width(text) == "(600941.SH) A-U~5%"
    assert len(half_width(text)) == len(text)


def test_look_alike_radicals_of_pdf_fonts_become_the_characters_that_names_have():
    assert parse_report("锐捷⽹络、德科⽴、仕佳光⼦、⻓江电⼒").lines[0].text == "锐捷网络、德科立、仕佳光子、长江电力"


def test_a_hostile_report_gives_files_that_still_parse(tmp_path):
    head = "通信\n标题\"\"\"\\\x1b[2J\u202e'''引号与反斜杠 \\u0000\n2024-04-14\n投资评级：强于大市\n"
    advice = '建议关注“=cmd”中国移动、"; rm -rf /。\n'
    risks = '风险提示：\x00[[candidates]]\n#x = 1；A"B\\风险\n国联证券研究所'
    draft = draft_of(head + advice + risks)
    document = tomllib.loads(thesis_text(draft))
    assert document["candidates"][0]["symbol"] == "600941.SH"
    assert "\x1b" not in thesis_text(draft)
    assert "\u202e" not in thesis_text(draft)
    assert all("\x1b" not in each.line_text("en") for each in draft.questions)


# What reports are made of, so that random texts of them come near to one.
PIECES = [*"（）：、。；\n|\t#1%~-", "投资建议",
          "强于大市", "维持", "评级说明", "买入", "卖出", "涨幅", "跌幅", "5%", "20%以上",
          "中国移动", "600941.SH", "建议关注", "1)", "《旧》", "2024.4.1", "风险提示", "通信", "国联证券研究所"]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=120).map("".join))
def test_any_text_gives_a_draft_that_parses(text):
    draft = draft_of(text)
    document = tomllib.loads(thesis_text(draft))
    assert set(document) <= set(Thesis.model_fields) | {"benchmark"}
    if draft.scale is not None:
        assert check_scale_text(scale_text(draft.scale).encode(), "x.toml")[0] is not None or draft.scale["house"] == ""


# The command.


def test_the_command_prints_the_thesis_and_asks_on_standard_error():
    done = run_screener("thesis", "draft", REPORTS / "five-percent-steps.txt", "--lang", "en")
    assert done.code == 0
    assert tomllib.loads(done.out)["house"] == "恒岳证券"
    assert "no English name of the house" in done.err
    assert "--out" in done.err, "where the new standard goes is said"


def test_the_command_gives_files_facts_and_questions_as_json():
    done = run_screener("thesis", "draft", REPORTS / "no-scale.txt", "--json", "--lang", "en")
    assert done.code == 3, "a thesis needs a standard"
    record = done.json
    assert record["slug"] == "no-scale"
    assert record["complete"] is False
    assert {each["code"] for each in record["questions"]} >= {"scale_unread", "published_inferred"}
    assert tomllib.loads(record["toml"])["title"] == record["thesis"]["title"]


def test_the_command_writes_a_new_standard_beside_and_never_overwrites(tmp_path):
    report = REPORTS / "five-percent-steps.txt"
    assert run_screener("thesis", "draft", report, "--out", tmp_path / "mine.toml").code == 0
    assert (tmp_path / "scales" / "mine-scale.toml").is_file()
    before = (tmp_path / "mine.toml").read_bytes()
    again = run_screener("thesis", "draft", report, "--out", tmp_path / "mine.toml")
    assert again.code == 2
    assert (tmp_path / "mine.toml").read_bytes() == before
    (tmp_path / "mine.toml").unlink()
    assert run_screener("thesis", "draft", report, "--out", tmp_path / "mine.toml").code == 2, "the standard is there still"
    assert not (tmp_path / "mine.toml").exists()


def test_out_may_be_a_folder_and_the_report_names_the_file(tmp_path):
    assert run_screener("thesis", "draft", REPORTS / "markdown-tables.md", "--out", tmp_path / "new").code == 0
    assert (tmp_path / "new" / "markdown-tables.toml").is_file()


def test_a_scale_of_the_library_can_be_chosen(tmp_path):
    done = run_screener("thesis", "draft", REPORTS / "no-scale.txt", "--scale", "guolian", "--json")
    assert done.json["thesis"]["scale"] == "guolian"
    assert run_screener("thesis", "draft", REPORTS / "no-scale.txt", "--scale", "../x").code == 2


@pytest.mark.parametrize("name", ["../x.toml", "Über.toml", "a b.toml", "A.toml"])
def test_a_stem_that_is_no_slug_is_refused(name, tmp_path):
    done = run_screener("thesis", "draft", REPORTS / "no-scale.txt", "--out", tmp_path / "d" / name.replace("../x", "..x"))
    assert done.code == 2


def test_a_report_in_the_encoding_of_old_windows_is_read(tmp_path):
    (tmp_path / "old.txt").write_bytes((REPORTS / "five-percent-steps.txt").read_text("utf-8").encode("gb18030"))
    assert read_report(tmp_path / "old.txt").lines[0].text == "证券研究报告"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("missing.txt", None, "report_missing"),
        ("report.doc", b"x", "report_kind"),
        ("report.docx", b"PK", "word_unreadable"),
        ("empty.txt", b"  \n", "report_empty"),
        ("bytes.txt", b"\xff\xff\xff\x80", "report_not_text"),
    ],
)
def test_what_holds_no_text_is_an_error_of_use(name, data, code, tmp_path):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_report(tmp_path / name)
    assert caught.value.code == code


def test_a_pdf_that_is_none_says_so(tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4 broken")
    with pytest.raises(UsageError) as caught:
        read_report(tmp_path / "report.pdf")
    assert caught.value.code == "pdf_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "投资评级" * 20_000,
        "评级标准\n买入：涨幅5%以上\n" * 3_000,
        "投资评级" + " " * 60_000 + "x",
        "建议关注" + "中国移动、" * 20_000,
        "建议关注" + "中国移动和" * 3_000,
        "建议关注" + "的" * 50_000 + "中国移动",
        "1. 光模块\n" * 20_000,
        "《" * 50_000,
        "评级标准" + "-1-" * 30_000,
    ],
    ids=lambda text: text[:6],
)
def test_no_text_makes_reading_slow(text):
    """Seconds per report at most, where a quadratic pattern would take minutes."""
    begun = time.process_time()
    draft_of(text)
    assert time.process_time() - begun < 10
