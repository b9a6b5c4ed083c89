"""Reports in other clothes: PDF with columns, tables, pictures; Word; text in one line; Markdown with HTML tables."""

from __future__ import annotations

import datetime as dt
import time

import docx
import pytest

from screener.drafting.draft import Draft, draft_thesis
from screener.drafting.lines.reading import parse_report, read_report
from screener.terms.names import bundled_registry
from screener.terms.notes import UsageError
from screener.thesis.library import open_library
from tests.drafting import made_pdf

TODAY = dt.date(2026, 11, 25)
RATED = {"industry": "强于大市", "change": "maintained", "previous": "强于大市"}
OPTICS = {"光模块": ["中际旭创", "新易盛"], "光器件": ["天孚通信", "太辰光"], "运营商": ["中国移动", "中国联通"]}


@pytest.fixture(scope="module")
def scales():
    return open_library().editions()


def drafted(report, scales, file: str = "report.txt") -> Draft:
    return draft_thesis(report, file=file, slug="x", registry=bundled_registry(), scales=scales, today=TODAY)


def groups(draft: Draft) -> dict[str, list[str]]:
    names = {each["id"]: each["name"] for each in draft.thesis.get("buckets", [])}
    found: dict[str, list[str]] = {}
    for each in draft.thesis.get("candidates", []):
        found.setdefault(names[each["bucket"]], []).append(each["name"])
    return found


def facts(draft: Draft, *keys: str) -> list:
    return [draft.thesis.get(key) for key in keys]


def test_a_front_page_with_a_sidebar_is_read_column_by_column(tmp_path, scales):
    draft = drafted(read_report(made_pdf.sidebar_report(tmp_path / "side.pdf")), scales, "side.pdf")
    wanted = ["光网络迎来新一轮建设", "青禾证券", "通信", dt.date(2025, 3, 3), RATED]
    assert facts(draft, "title", "house", "sector", "published", "rating") == wanted
    assert groups(draft) == OPTICS
    assert [each["rating"] for each in draft.scale["stock"]["bands"]] == ["买入", "增持", "中性", "卖出"]
    assert {each.code for each in draft.questions} == {"house_en_unread"}
    line = draft.sources["rating"]
    assert (line.page, line.text) == (1, "行业评级：强于大市（维持）")


def test_cells_of_a_table_stay_in_their_row_and_a_table_of_comparisons_recommends_nobody(tmp_path, scales):
    draft = drafted(read_report(made_pdf.table_report(tmp_path / "table.pdf")), scales)
    found = [(each["symbol"], each.get("rating")) for each in draft.thesis["candidates"]]
    assert found == [("603986.SH", "买入"), ("600584.SH", "增持"), ("002371.SZ", "买入")]
    assert facts(draft, "title", "sector", "published") == ["存储周期上行带动设备材料", "电子", dt.date(2024, 5, 6)]
    assert ("rating_of_other_kind", "看好") in {(each.code, each.value) for each in draft.questions}


def test_a_page_that_is_a_picture_is_said(tmp_path, scales):
    report = read_report(made_pdf.picture_report(tmp_path / "picture.pdf"))
    assert report.pictures == (2,)
    draft = drafted(report, scales)
    assert ("page_is_picture", "2") in {(each.code, each.value) for each in draft.questions}
    assert groups(draft) == OPTICS


def test_a_scan_has_no_text_and_says_so(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_report(made_pdf.scanned_report(tmp_path / "scan.pdf"))
    assert caught.value.code == "report_empty"


def test_the_pages_of_a_pdf_are_counted_while_they_are_read(tmp_path):
    said: list[tuple[int, int]] = []
    read_report(made_pdf.sidebar_report(tmp_path / "side.pdf"), lambda page, pages: said.append((page, pages)))
    assert said == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_word_document_is_read_with_its_tables(tmp_path, scales):
    document = docx.Document()
    document.add_heading("光网络迎来新一轮建设", level=1)
    for text in ("通信", "报告日期：2025年3月3日", "行业评级：强于大市（维持）", "青禾证券研究所"):
        document.add_paragraph(text)
    document.add_heading("投资建议", level=2)
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(
        table.rows,
        [("环节", "公司", "代码"), ("光模块", "中际旭创", "300308.SZ"), ("运营商", "中国移动", "600941.SH")],
        strict=True,
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.save(str(tmp_path / "report.docx"))
    draft = drafted(read_report(tmp_path / "report.docx"), scales)
    assert facts(draft, "title", "house", "published", "rating") == [
        "光网络迎来新一轮建设",
        "青禾证券",
        dt.date(2025, 3, 3),
        RATED,
    ]
    assert groups(draft) == {"光模块": ["中际旭创"], "运营商": ["中国移动"]}


def test_markdown_of_a_converter_with_tables_in_html(scales):
    text = (
        "# 证券研究报告\n\n# 光网络迎来新一轮建设\n\n![](images/a.jpg)\n\n"
        "通信 | 强于大市（维持）\n\n2025年03月03日\n\n## 投资建议\n\n"
        "<html><body><table><tr><td>环节</td><td>代码</td><td>公司</td><td>评级</td></tr>"
        '<tr><td rowspan="2">光模块</td><td>300308.SZ</td><td>中际旭创</td><td>买入</td></tr>'
        "<tr><td>300502.SZ</td><td>新易盛</td><td>增持</td></tr></table></body></html>\n\n## 风险提示\n\n需求不及预期。\n"
    )
    draft = drafted(parse_report(text), scales)
    assert facts(draft, "title", "sector", "published", "rating") == [
        "光网络迎来新一轮建设",
        "通信",
        dt.date(2025, 3, 3),
        RATED,
    ]
    assert [(each["name"], each.get("rating")) for each in draft.thesis["candidates"]] == [
        ("中际旭创", "买入"),
        ("新易盛", "增持"),
    ]
    assert groups(draft) == {"光模块": ["中际旭创", "新易盛"]}


ONE_LINE = (
    "证券研究报告 | 行业深度2023年08月15日半导体设备行业深度报告国产替代进入深水区推荐（维持）分析师：王明"
    "执业证书编号：S0990520010001投资要点半导体设备需求旺盛，国内厂商份额提升。请务必阅读正文之后的免责条款部分"
    "投资建议：建议关注平台型龙头北方华创、中微公司；零部件公司富创精密、江丰电子等。不建议关注晶盛机电。"
    "风险提示：扩产不及预期；摩擦加剧。资料来源：Wind，华创证券分析师声明本报告分析师声明。"
    "免责声明本报告仅供华创证券有限责任公司（以下简称“本公司”）的客户使用。" + "市场有风险，投资需谨慎。" * 20
)


def test_a_text_without_any_line_break_is_cut_where_something_begins(scales):
    draft = drafted(parse_report(ONE_LINE), scales)
    assert facts(draft, "house", "sector", "published") == ["华创证券", "电子", dt.date(2023, 8, 15)]
    assert draft.thesis["rating"]["industry"] == "推荐"
    assert {each["name"] for each in draft.thesis["candidates"]} == {"北方华创", "中微公司", "富创精密", "江丰电子"}
    assert "title" in draft.thesis or "title_unread" in {each.code for each in draft.questions}
    assert ("晶盛机电", "seen_advised_against") in {(each.value, each.code) for each in draft.seen}


def test_a_text_wrapped_at_a_fixed_width_keeps_the_names_that_a_line_break_cuts(scales):
    lines = made_pdf.wrapped(made_pdf.ADVICE + "算力需求带动光网络升级。" * 24, 33)
    text = "# 光网络迎来新一轮建设\n投资建议\n" + "\n".join(lines)
    assert groups(drafted(parse_report(text), scales)) == OPTICS


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("不建议关注烽火通信。", set()),
        ("暂不推荐烽火通信，推荐中兴通讯。", {"中兴通讯"}),
        ("建议关注中兴通讯，不再推荐烽火通信。", {"中兴通讯"}),
        ("推荐中兴通讯，其主要竞争对手烽火通信、光迅科技。", {"中兴通讯"}),
        ("推荐中兴通讯（主要客户包括中国移动、中国联通）。", {"中兴通讯"}),
        ("可比公司烽火通信估值较高，推荐中兴通讯。", {"中兴通讯"}),
        ("相比烽火通信，我们更推荐中兴通讯。", {"中兴通讯"}),
        ("剔除烽火通信，建议关注中兴通讯。", {"中兴通讯"}),
        ("建议回避烽火通信、光迅科技。", set()),
        ("建议关注光模块（中际旭创、新易盛）、运营商（中国移动）。", {"中际旭创", "新易盛", "中国移动"}),
        ("建议关注【比亚迪】、【长安汽车】。", {"比亚迪", "长安汽车"}),
        ("中兴通讯、烽火通信等，建议关注。", {"中兴通讯", "烽火通信"}),
        ("推荐中兴通讯（000063.SZ，买入）、烽火通信（600498，增持）。", {"中兴通讯", "烽火通信"}),
        ("关注通信ETF（515880）、中兴转债（110062）。", set()),
        ("建议关注中国移动资本开支。", set()),
        ("中兴通讯与烽火通信签订协议。", set()),
    ],
)
def test_who_is_recommended_and_who_is_only_named(sentence, found, scales):
    draft = drafted(parse_report(f"# 光网络迎来新一轮建设\n投资建议\n{sentence}"), scales)
    assert {each["name"] for each in draft.thesis.get("candidates", [])} == found


def test_a_company_s_own_report_has_that_company_with_its_rating_and_no_industry_rating(scales):
    text = (
        "中际旭创（300308）\n公司深度报告\n800G放量在即，龙头地位稳固\n买入（首次）\n报告日期：2024-03-20\n当前股价（元）：150.2\n天风证券研究所\n"
        "投资要点\n公司主要竞争对手包括新易盛。可比公司选取新易盛、天孚通信，推荐关注。首次覆盖，给予“买入”评级。\n风险提示：需求不及预期。\n"
    )
    draft = drafted(parse_report(text), scales)
    assert [(each["symbol"], each["rating"]) for each in draft.thesis["candidates"]] == [("300308.SZ", "买入")]
    assert "rating" not in draft.thesis
    assert facts(draft, "title", "house", "published") == ["800G放量在即，龙头地位稳固", "天风证券", dt.date(2024, 3, 20)]


SIZE = 1_000_000
HOSTILE = [
    *("目录：.", "投资评级 ", "建议关注中国移动、", "建议关注中国移动和", "的", "1. 光模块\n", "《", "评级标准-1-", "("),
    *("推荐中兴通讯(一)", "\t", "300308\t中际旭创\t买入\n", "1234567890", "光模块：", "国联证券研究所\n"),
    *("<table><tr><td>a", "资料来源：", "中国\r", "1）光模块：中际旭创；"),
]


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: piece[:6].strip() or "space")
def test_a_megabyte_of_anything_is_drafted_in_seconds(piece, scales):
    head, repeated = piece[:-1], piece[-1:] if len(piece) < 6 and not piece.endswith("\n") else piece
    text = (head + repeated * (SIZE // len(repeated)))[:SIZE]
    begun = time.process_time()
    drafted(parse_report(text), scales)
    assert time.process_time() - begun < 5


def test_every_value_of_a_draft_stands_under_its_line(tmp_path, scales):
    from screener.drafting.files import thesis_text

    draft = drafted(read_report(made_pdf.sidebar_report(tmp_path / "side.pdf")), scales)
    lines = thesis_text(draft).split("\n")
    assert lines[0] == "#:schema ./thesis.schema.json"
    assert lines[lines.index('title = "光网络迎来新一轮建设"') - 1] == "# p.1 l.3: 光网络迎来新一轮建设"
    assert lines[lines.index("published = 2025-03-03") - 1] == "# p.1 l.4: 2025年03月03日"
