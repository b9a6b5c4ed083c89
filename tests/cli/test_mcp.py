"""The tools for an assistant, called through the protocol's own client, the server being a process of its own."""

from __future__ import annotations

import json
import os
import sys

import anyio
import pytest

from tests.conftest import ROOT, THESIS

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
pytestmark = pytest.mark.slow


def talk(calls, *options):
    """Start the server, make the calls, return (tool names, answers) in their order."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["-m", "screener", "mcp", "--prices", "snapshot", *options]
    parameters = StdioServerParameters(command=sys.executable, args=words, env=environment)

    async def run():
        async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            return tools, [await session.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(run)


def text_of(result):
    return "".join(part.text for part in result.content)


def test_every_run_is_a_tool_and_answers_keep_gaps_flags_conventions_and_hash():
    calls = [
        ("list_theses", {}),
        ("check_outcome", {"thesis": THESIS, "as_of": "2025-06-30"}),
        ("week", {"thesis": THESIS, "day": "2025-04-11"}),
        ("screen", {"thesis": THESIS, "where": "excess_13w > 0.5"}),
        ("desk", {}),
        ("explain_rule", {"rule": "band"}),
        ("check_thesis", {"toml": 'title = "x"\n'}),
        ("draft", {"report": "行业评级：强于大市\n"}),
    ]
    tools, answers = talk(calls)
    assert set(tools) == {name for name, _ in calls}
    listed, outcome, week, screen, desk, rule, checked, draft = [text_of(each) for each in answers]
    assert THESIS in listed
    outcome = json.loads(outcome)["answer"]
    (row,) = [r for r in outcome["rows"] if (r["subject"], r["horizon_months"]) == ("801770.SI", 12)]
    assert row["band"] == "中性"
    assert len(outcome["prices"]["sha256"]) == 64
    assert {"gaps", "published_basis"} <= set(outcome)
    assert all("flags" in r and "gap" in r for r in outcome["rows"])
    assert json.loads(week)["answer"]["week_end"] == "2025-04-11"
    assert "源杰科技" in screen
    assert json.loads(desk)["answer"]["theses"][0]["slug"] == THESIS
    assert "thesis" in rule
    assert json.loads(checked)["problems"]
    assert json.loads(draft)["answer"]["questions"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("check_outcome", {"thesis": "../../etc/passwd"}),
        ("check_outcome", {"thesis": "--help"}),
        ("check_outcome", {"thesis": THESIS, "published": "2024-04-14 --out=/tmp/x"}),
        ("check_outcome", {"thesis": THESIS, "as_of": "9999-12-31"}),
        ("screen", {"thesis": THESIS, "where": "__import__('os').system('true')"}),
        ("screen", {"thesis": THESIS, "top": -1}),
        ("explain_rule", {"rule": "no_such_rule"}),
        ("week", {"thesis": "x" * 500}),
    ],
)
def test_hostile_arguments_are_refused_with_a_sentence_and_nothing_is_run(tool, arguments):
    _, (answer,) = talk([(tool, arguments)])
    assert answer.is_error
    said = text_of(answer)
    assert "Traceback" not in said
    assert "意外的" not in said


def test_nothing_is_written_unless_the_user_named_a_folder(tmp_path):
    before = sorted(path.name for path in ROOT.iterdir())
    talk([("desk", {})])
    assert sorted(path.name for path in ROOT.iterdir()) == before
    assert list(tmp_path.iterdir()) == []
