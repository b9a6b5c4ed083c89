"""An assistant's answers are held against the report; by hand in two minutes; the schema of the files."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest

from screener.drafting.accept import accepted_text
from screener.thesis.schema import file_schema, schema_text
from screener.thesis.toml_text import toml_lines
from tests.conftest import ROOT, run_screener

REPORT = """光网络迎来新一轮建设
2025年3月3日
青禾证券研究所
投资建议
建议关注中际旭创、星辰无线。
我们对通信板块的看法与上期一致，即强于大市。
不建议关注烽火通信。
风险提示：需求不及预期。
"""
# A stand-in that answers what it is told to: it lies, drops and invents.
ASSISTANT = """
import json, sys
question = json.load(sys.stdin)
assert question["lines"] and question["thesis_schema"] and question["answer_schema"]
json.dump({"answers": json.loads(open(sys.argv[1], encoding="utf-8").read())}, sys.stdout, ensure_ascii=False)
"""
TRUE = [
    {"field": "sector", "value": "通信", "quote": "我们对通信板块的看法与上期一致，即强于大市。"},
    {"field": "rating.industry", "value": "强于大市", "quote": "我们对通信板块的看法与上期一致，即强于大市。"},
]
FALSE = [
    {"field": "rating.industry", "value": "买入", "quote": "我们对通信板块的看法与上期一致，即强于大市。"},
    {"field": "rating.industry", "value": "看好", "quote": "公司评级：看好（维持）"},
    {"field": "candidates", "value": "中国移动", "quote": "建议关注中国移动。"},
    {"field": "candidates", "value": "星辰无线", "quote": "建议关注中际旭创、星辰无线。"},
    {"field": "candidates", "value": "烽火通信", "quote": "不建议关注烽火通信。"},
    {"field": "title", "value": "另一个标题", "quote": "光网络迎来新一轮建设"},
    {"field": "published", "value": "2025-03-04", "quote": "2025年3月3日"},
    {"field": "house", "value": "国联证券", "quote": "青禾证券研究所"},
    {"field": "risks", "value": "x", "quote": "风险提示：需求不及预期。"},
    {"field": "title"},
]


@pytest.fixture
def assisted(tmp_path):
    (tmp_path / "report.txt").write_text(REPORT, "utf-8")
    (tmp_path / "assistant.py").write_text(ASSISTANT, "utf-8")

    def run(answers: list, *options: str):
        (tmp_path / "answers.json").write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
        command = f"{sys.executable} {tmp_path / 'assistant.py'} {tmp_path / 'answers.json'}"
        out = tmp_path / "mine.toml"
        done = run_screener("thesis", "draft", tmp_path / "report.txt", "--out", out, "--assist", command, *options)
        return done, out

    return run


@pytest.mark.slow
def test_what_the_report_bears_out_stands_as_proposed_until_it_is_accepted(assisted):
    done, out = assisted(TRUE)
    document = tomllib.loads(out.read_text("utf-8"))
    assert [(each["field"], each["value"], each["place"]) for each in document["proposed"]] == [
        ("sector", "通信", "l.6"),
        ("rating.industry", "强于大市", "l.6"),
    ]
    assert "rating" not in document
    waiting = run_screener("thesis", "check", out, "--lang", "en")
    assert waiting.code == 2
    assert "thesis accept" in waiting.out
    assert run_screener("outcome", out).code == 2
    assert run_screener("thesis", "accept", out).code == 0
    accepted = tomllib.loads(out.read_text("utf-8"))
    assert "proposed" not in accepted
    assert (accepted["sector"], accepted["rating"]) == ("通信", {"industry": "强于大市"})
    assert accepted["industry_index"]["symbol"] == "801770.SI"
    assert "# l.1: 光网络迎来新一轮建设" in out.read_text("utf-8"), "comments stay"
    assert run_screener("thesis", "check", out).code == 0


def test_yes_accepts_what_passed_at_once(assisted):
    _, out = assisted(TRUE, "--yes")
    document = tomllib.loads(out.read_text("utf-8"))
    assert (document["sector"], document["rating"]["industry"]) == ("通信", "强于大市")


def test_an_assistant_that_lies_or_invents_changes_nothing(assisted):
    done, out = assisted(FALSE)
    document = tomllib.loads(out.read_text("utf-8"))
    assert "proposed" not in document
    assert "rating" not in document
    assert {each["name"] for each in document["candidates"]} == {"中际旭创"}
    assert document["title"] == "光网络迎来新一轮建设"
    refused = [line for line in done.err.splitlines() if "没有采用助手的" in line]
    assert len(refused) == len(FALSE)


def test_an_assistant_that_drops_everything_leaves_the_draft_as_it_is(assisted):
    _, out = assisted([])
    assert "proposed" not in tomllib.loads(out.read_text("utf-8"))


@pytest.mark.parametrize(
    "command", ["no-such-command-anywhere", f"{sys.executable} -c 'print(1)'", f"{sys.executable} -c 'exit(3)'"]
)
def test_an_assistant_that_fails_is_an_error_of_use_and_nothing_is_written(tmp_path, command):
    (tmp_path / "report.txt").write_text(REPORT, "utf-8")
    done = run_screener("thesis", "draft", tmp_path / "report.txt", "--out", tmp_path / "mine.toml", "--assist", command)
    assert done.code == 2
    assert not (tmp_path / "mine.toml").exists()


def test_an_accepted_candidate_gets_its_bucket():
    proposal = {
        "field": "candidates",
        "value": "中际旭创",
        "symbol": "300308.SZ",
        "bucket": "光模块",
        "place": "l.3",
        "quote": "q",
    }
    text = "\n".join(toml_lines({"title": "x", "proposed": [{**proposal, "quote": "q"}]}))
    document = tomllib.loads(accepted_text(text)[0])
    assert document["buckets"] == [{"id": "optical_modules", "name": "光模块", "name_en": "Optical modules"}]
    assert document["candidates"] == [{"symbol": "300308.SZ", "name": "中际旭创", "bucket": "optical_modules"}]


NEW = ("--house", "国联证券", "--date", "2024-04-14", "--title", "算力", "--sector", "通信", "--rating", "强于大市")


def test_a_thesis_is_written_by_hand_and_judged(tmp_path):
    out = tmp_path / "mine.toml"
    done = run_screener("thesis", "new", "--out", out, *NEW, "--group", "运营商:中国移动,600050", "--group", "光器件：源杰科技")
    assert done.code == 0, done.err
    document = tomllib.loads(out.read_text("utf-8"))
    assert [(each["symbol"], each["name"]) for each in document["candidates"]] == [
        ("600941.SH", "中国移动"), ("600050.SH", "中国联通"), ("688498.SH", "源杰科技"),
    ]  # fmt: skip
    assert out.read_text("utf-8").startswith("#:schema ./thesis.schema.json\n")
    assert (tmp_path / "thesis.schema.json").is_file()
    judged = run_screener("outcome", out, "--json", "--quick")
    assert judged.json["rating"] == "强于大市"
    assert run_screener("thesis", "new", "--out", out, *NEW, "--candidates", "中国移动").code == 2, "nothing is overwritten"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*NEW, "--candidates", "无此公司"), "无此公司"),
        (NEW, "--candidates"),
        ((*NEW, "--group", "光模块"), "光模块:"),
        ((*NEW[:2], *NEW[4:], "--candidates", "中国移动"), "--date"),
    ],
)
def test_what_is_missing_or_unknown_is_said_and_nothing_is_written(tmp_path, options, said):
    done = run_screener("thesis", "new", "--out", tmp_path / "mine.toml", *options)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "mine.toml").exists()


def test_the_published_schema_is_that_of_the_types():
    for kind in ("thesis", "scale"):
        assert (ROOT / "docs" / "schema" / f"{kind}.schema.json").read_text("utf-8") == schema_text(kind)
        assert run_screener("thesis", "schema", kind).out == schema_text(kind)


@pytest.mark.slow
def test_the_bundled_files_fit_the_schema():
    import jsonschema

    for path in (ROOT / "themes").glob("*.toml"):
        jsonschema.validate(json.loads(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str)), file_schema("thesis"))
    for path in (ROOT / "themes" / "scales").glob("*.toml"):
        jsonschema.validate(json.loads(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str)), file_schema("scale"))


def test_every_written_file_names_its_schema(tmp_path):
    Path(tmp_path / "r.txt").write_text((ROOT / "tests" / "reports" / "five-percent-steps.txt").read_text("utf-8"), "utf-8")
    assert run_screener("thesis", "draft", tmp_path / "r.txt", "--out", tmp_path / "a.toml").code == 0
    assert (tmp_path / "a.toml").read_text("utf-8").startswith("#:schema ./thesis.schema.json\n")
    assert (tmp_path / "scales" / "a-scale.toml").read_text("utf-8").startswith("#:schema ../scale.schema.json\n")
    assert {each.name for each in tmp_path.glob("*.json")} == {"thesis.schema.json", "scale.schema.json"}
