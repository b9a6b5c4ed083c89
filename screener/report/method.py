"""The written rules behind a report: each with its place in the code, and links to them from the method box."""

from __future__ import annotations

from screener.report.document import Fact, Facts, Link, Section, Stack, text
from screener.terms.say import Lang, say

# Each rule and the one function that applies it, below the package.
RULES = {
    "return": "performance.simple_return",
    "base_date": "sessions.Calendar.last_on_or_before",
    "horizon": "outcome.end_date",
    "excess": "performance.excess_return",
    "geometric": "performance.geometric_excess",
    "band": "rating.rate",
    "series": "prices.adjustment_factors",
    "pairs": "outcome.judge",
    "basket": "performance.held_basket",
    "rebalanced": "performance.rebalanced_basket",
    "float_cap": "float_weight.float_weights",
    "contribution": "performance.contributions",
    "week": "week.measure_week",
    "halted": "performance.quote",
    "drawdown": "performance.drawdown",
    "rank": "ranking.rank_industries",
    "window": "outcome.share_in_bands",
    "hit": "rating.is_at_least",
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
            (say(f"rule_{rule}", lang, benchmark=benchmark) + " ", text(RULES[rule], quiet=True)),
            anchor=f"rule-{rule}",
        )
        for rule in rules
    )
    return Section("rules", "", (Stack((Facts("rules", say("rules_title", lang), items, sub=say("rules_sub", lang)),)),))
