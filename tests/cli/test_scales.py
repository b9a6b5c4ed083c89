"""`screener scales`: what each house promises, on the terminal, as a page, as JSON; and files checked."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT, run_screener


def test_a_house_is_shown_with_all_editions_and_the_one_that_holds_on_a_date():
    ran = run_screener("scales", "show", "招商证券", "--on", "2022-08-01")
    assert ran.code == 0
    assert "cms-2" in ran.out.split("----")[0]
    assert "相差 4 个月" in ran.out
    assert "强烈推荐 >= +20" in ran.out
    record = run_screener("scales", "show", "招商", "--on", "2022-08-01", "--json").json
    assert [(each["id"], each["holds"]) for each in record] == [("cms-1", False), ("cms-2", True)]
    assert record[0]["stock"]["bands"][0] == {
        "rating": "强烈推荐",
        "rating_en": "Strong Buy",
        "lower": 0.2,
        "lower_closed": True,
        "upper_closed": False,
        "side": "buy",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("绝对收益", "+5 ≤ 增持 < +15", "只有文字")), ("en", ("absolute return", "words only"))]
)
def test_the_page_of_all_houses_holds_every_edition_in_both_languages(tmp_path, lang, words):
    for ending in (".html", ".md"):
        ran = run_screener("scales", "list", "--lang", lang, "--out", tmp_path / f"standards{ending}")
        assert ran.code == 0, ran.err
    page = (tmp_path / "standards.md").read_text("utf-8").replace("\\", "")
    assert all(word in page for word in words)
    for path in (ROOT / "themes" / "scales").glob("*.toml"):
        assert f"({path.stem})" in page, path.stem
    assert "<table" in (tmp_path / "standards.html").read_text("utf-8")


def test_an_unknown_house_and_a_faulty_file_are_told_with_what_to_do(tmp_path):
    unknown = run_screener("scales", "show", "没有这家")
    assert (unknown.code, "国联证券" in unknown.err) == (2, True)
    path = tmp_path / "mine.toml"
    path.write_text((ROOT / "themes" / "scales" / "gjzq.toml").read_text("utf-8").replace("upper = -0.05", "upper = -0.04"))
    faulty = run_screener("scales", "check", path)
    assert faulty.code == 2
    assert "mine.toml:" in faulty.out
    assert run_screener("scales", "check", ROOT / "themes" / "scales" / "gjzq.toml").code == 0
