"""The written rules behind a report: each with its place in the code, and links to them from the method box."""

from __future__ import annotations

from screener.report.document import Fact, Facts, Link, Section, Stack
from screener.terms.say import Lang, say

# Each rule and the one function that applies it, as room.module:name; a reader of the page is not shown it.
RULES = {
    "return": "measures.returns:simple_return",
    "base_date": "terms.sessions:Calendar.last_on_or_before",
    "horizon": "judgement.outcome:end_date",
    "excess": "measures.returns:excess_return",
    "geometric": "measures.returns:geometric_excess",
    "band": "thesis.scale:rate",
    "series": "prices.adjust:adjustment_factors",
    "pairs": "judgement.judge:judge",
    "basket": "measures.returns:held_basket",
    "rebalanced": "measures.returns:rebalanced_basket",
    "float_cap": "measures.weights:float_weights",
    "contribution": "measures.returns:contributions",
    "week": "judgement.week:measure_week",
    "halted": "measures.quotes:quote",
    "drawdown": "measures.returns:drawdown",
    "rank": "measures.industries:rank_industries",
    "window": "judgement.outcome:share_in_bands",
    "hit": "thesis.scale:is_at_least",
}
_SHARED = ("return", "base_date", "excess", "band", "series", "basket", "halted")
WEEKLY = ("week", *_SHARED, "rebalanced", "float_cap", "contribution", "drawdown", "rank")
OUTCOME = ("horizon", *_SHARED, "geometric", "pairs", "window", "hit")


def rule_links(rules: tuple[str, ...], lang: Lang) -> tuple[Link, ...]:
    """A link to each rule, for the method box."""
    return tuple(Link(f"rule-{rule}", say(f"rule_{rule}_title", lang)) for rule in rules)


def rules_section(rules: tuple[str, ...], lang: Lang, *, benchmark: str) -> Section:
    """The rules in full, at the end of a report; `benchmark` is the name of the index that the report measures against."""
    items = tuple(
        Fact(
            say(f"rule_{rule}_title", lang),
            (say(f"rule_{rule}", lang, benchmark=benchmark),),
            anchor=f"rule-{rule}",
        )
        for rule in rules
    )
    return Section("rules", "", (Stack((Facts("rules", say("rules_title", lang), items, sub=say("rules_sub", lang)),)),))
