from __future__ import annotations

import ast
import string

import pytest

from screener.terms.notes import GAP_CODES
from screener.terms.say import say, sentences
from tests.conftest import ROOT

MODULES = sorted((ROOT / "screener").rglob("*.py"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things():
    unlike = [code for code, (zh, en) in sentences().items() if fields(zh) != fields(en) or not zh.strip() or not en.strip()]
    assert unlike == []


def test_every_message_code_in_the_code_has_a_sentence():
    calls = {"say", "Gap", "Problem", "Note", "ScreenerError", "UsageError", "PriceProblems", "ThesisProblems"}
    place = {"Gap": 1, "Problem": 4}
    missing = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            at = place.get(name, 0)
            if name in calls and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                code = node.args[at].value
                if isinstance(code, str) and code not in sentences():
                    missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {code}")
    assert missing == []


def test_an_unknown_code_is_a_fault_of_ours_and_fails_loudly():
    with pytest.raises(KeyError):
        say("no_such_code")


def test_the_gap_codes_are_those_of_the_contract():
    contract = {"not_listed", "no_data", "stale", "not_due", "bad_data", "action_mismatch", "no_benchmark"}
    assert contract <= set(GAP_CODES)
