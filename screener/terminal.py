"""Results as plain text for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Sequence

from screener.messages import Lang
from screener.outcome import Outcome
from screener.thesis import Thesis
from screener.week import Week


def outcome_text(outcome: Outcome, lang: Lang = "zh") -> str:
    """The outcome check: the plain answer first, then convention, data and table."""
    return f"{outcome.thesis.title}\n"


def week_text(week: Week, lang: Lang = "zh") -> str:
    """The weekly figures: summary first, then the tables."""
    return f"{week.thesis.title}\n"


def theses_text(theses: Sequence[Thesis], lang: Lang = "zh") -> str:
    """One line per thesis: slug, publication date, house, title."""
    return "".join(f"{each.slug}  {each.published}  {each.house}  {each.title}\n" for each in theses)
