from __future__ import annotations

import contextlib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.judgement.where import parse_where, select
from screener.terms.notes import UsageError
from tests.conftest import run_screener

COLUMNS = {"name": "text", "bucket": "text", "excess_13w": "number", "beta": "number", "gap": "text"}
FRAME = pd.DataFrame(
    {
        "name": ["中国移动", "德科立", "新股"],
        "bucket": ["operators", "otn_400g", "otn_400g"],
        "excess_13w": [0.02, 0.15, float("nan")],
        "beta": [0.4, 1.6, 1.0],
        "gap": [None, None, "no_data"],
    }
)


def names(expression: str) -> list[str]:
    return select(FRAME, parse_where(expression, COLUMNS))["name"].tolist()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("excess_13w > 0.1 and bucket == 'otn_400g'", ["德科立"]),
        ("excess_13w > 0.1 or beta < .5", ["中国移动", "德科立"]),
        ('name = "中国移动"', ["中国移动"]),
        ("bucket in ('operators', 'aidc')", ["中国移动"]),
        ("bucket not in ['operators']", ["德科立", "新股"]),
        ("excess_13w between 0 and 0.02", ["中国移动"]),
        ("beta not between 0.5 and 1.5", ["中国移动", "德科立"]),
        ("0.1 < excess_13w", ["德科立"]),
        ("excess_13w < beta", ["中国移动", "德科立"]),
        ("gap == null", ["中国移动", "德科立"]),
        ("gap != null", ["新股"]),
        ("13周超额 > 10% and 环节 == 'otn_400g'", ["德科立"]),
        ("-5% < 13周超额 and 13周超额 <= 2%", ["中国移动"]),
        ("名称 in ('新股')", ["新股"]),
        ("excess_13w > -1e0", ["中国移动", "德科立"]),
        ("not excess_13w > 0.1", ["中国移动"]),  # the name without a figure is unknown, not false
        ("beta > 1 and excess_13w > 0 or name == '中国移动'", ["中国移动", "德科立"]),
        ("beta > 1 AND (excess_13w > 0 OR name == '中国移动')", ["德科立"]),
    ],
)
def test_an_expression_keeps_the_rows_for_which_it_is_true(expression, expected):
    assert names(expression) == expected


@pytest.mark.parametrize(
    ("expression", "caret_under"),
    [
        ("excess_13w >", ""),
        ("excess > 0.1", "excess > 0.1"),
        ("excess_13w > 'a'", "'a'"),
        ("excess_13w > 0.1 bucket == 'x'", "bucket == 'x'"),
        ("(excess_13w > 0.1", ""),
        ("name == 中国移动", "中国移动"),
        ("周超额 > 1", "周超额 > 1"),
        ("beta > 1 %", "%"),
        ("bucket in (beta)", "beta)"),
        ("bucket in ()", ")"),
        ("__import__('os')", "__import__('os')"),
        ("name.__class__ == 'x'", ".__class__ == 'x'"),
        ("excess_13w > 0.1; drop", "; drop"),
        ("beta + 1 > 2", "+ 1 > 2"),
        ("lambda: 0", ": 0"),
        ("`beta` > 1", "`beta` > 1"),
        ("", ""),
    ],
)
def test_anything_else_is_an_error_with_a_caret_under_it(expression, caret_under):
    with pytest.raises(UsageError) as caught:
        parse_where(expression, COLUMNS)
    _, shown, caret = caught.value.text("en").split("\n")
    at = caret.index("^") - 2
    assert shown[2:] == expression
    assert expression[at:] == caret_under


def test_the_command_prints_the_caret_on_a_line_of_its_own():
    ran = run_screener("screen", "--where", "excess_13w >> 0.1", "--lang", "en")
    assert ran.code == 2
    lines = ran.err.splitlines()
    at = next(place for place, line in enumerate(lines) if line.strip() == "excess_13w >> 0.1")
    assert lines[at][lines[at + 1].index("^") :] == "> 0.1"


def test_hostile_length_and_depth_are_refused():
    with pytest.raises(UsageError):
        parse_where("(" * 500 + "beta > 1" + ")" * 500, COLUMNS)
    with pytest.raises(UsageError):
        parse_where("not " * 400 + "beta > 1", COLUMNS)
    with pytest.raises(UsageError):
        parse_where("beta > 1 and " * 1000 + "beta > 1", COLUMNS)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_usage_error(text):
    with contextlib.suppress(UsageError):
        parse_where(text, COLUMNS)


def test_an_error_prints_no_control_character():
    with pytest.raises(UsageError) as caught:
        parse_where("beta > \x1b[31m1", COLUMNS)
    assert "\x1b" not in caught.value.text("zh")


@given(st.sampled_from(["excess_13w > 0.1", "beta <= 1", "gap == null", "name != '德科立'"]))
def test_a_condition_and_its_negation_never_keep_the_same_row(expression):
    assert not set(names(expression)) & set(names(f"not ({expression})"))


def test_a_name_without_quotes_is_told_to_quote_and_an_unknown_column_lists_ids_with_their_heads():
    with pytest.raises(UsageError) as caught:
        parse_where("name == 中国移动", COLUMNS)
    assert "'中国移动'" in caught.value.text("zh").split("\n")[0]
    with pytest.raises(UsageError) as caught:
        parse_where("周超额 > 1", COLUMNS)
    assert "excess_13w（13周超额）" in caught.value.text("zh")


def test_a_text_may_mean_an_id_of_the_column_that_it_is_compared_with():
    values = {"bucket": {"CW 光源": "cw_light_source", "运营商": "operators"}}
    assert select(FRAME, parse_where("环节 == '运营商'", COLUMNS, values=values))["name"].tolist() == ["中国移动"]
    assert select(FRAME, parse_where("环节 in ('CW 光源', '运营商')", COLUMNS, values=values))["name"].tolist() == ["中国移动"]
