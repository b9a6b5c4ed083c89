"""The valuation of the names (估值) as their source published it, and of the theme basket: a table of the weekly report."""

from __future__ import annotations

from screener.judgement.week_facts import WeeklyFacts
from screener.measures.valuation import HISTORY_YEARS, Valuation
from screener.report.document import Cell, Column, Row, Table, figure, text
from screener.terms.notes import Gap
from screener.terms.say import Lang, say

# What the sources of valuations are called.
SOURCES = {"eastmoney_shares": "weekly_value_eastmoney"}


def valuation_table(facts: WeeklyFacts, lang: Lang) -> Table | None:
    """PE-TTM, PB and their places in each name's own history, the basket's medians last; None where the prices hold none."""
    basket = facts.basket_value
    if basket is None:
        return None
    found = [each for each in facts.values.values() if isinstance(each, Valuation)]
    losses = say("weekly_value_losses", lang, share=f"{basket.losses:.0%}")
    median = (figure("price", basket.pe_ttm, losses), Cell("none"), figure("price", basket.pb), Cell("none"), text(""))
    rows = [Row(each.id, each.name_in(lang), _cells(facts.values[each.id], lang), note=each.id) for each in facts.candidates]
    label = say("weekly_value_basket", lang, count=basket.count)
    words = {each.source: say(SOURCES[each.source], lang) if each.source in SOURCES else each.source for each in found}
    return Table(
        id="valuation",
        title=say("weekly_value_title", lang),
        row_head=say("weekly_value_name", lang),
        columns=(
            Column("pe_ttm", say("screen_column_pe_ttm", lang), short=0),
            Column("pe_percentile", say("weekly_value_pe_percentile", lang), "%", short=1),
            Column("pb", say("screen_column_pb", lang), short=0),
            Column("pb_percentile", say("screen_column_pb_percentile", lang), "%", short=1),
            Column("day", say("weekly_value_day", lang), short=2),
        ),
        rows=(*rows, Row("all", label, median)),
        sub=say("weekly_value_sub", lang, source=", ".join(words.values()), last=max(each.day for each in found)),
        notes=(say("weekly_value_note", lang, years=HISTORY_YEARS),),
        layout="wide",
    )


def _cells(found: Valuation | Gap, lang: Lang) -> tuple[Cell, ...]:
    if isinstance(found, Gap):
        return (*(figure("price", found) for _ in range(4)), text(""))
    loss = say("weekly_value_loss", lang) if found.is_loss else ""
    return (
        figure("price", found.pe_ttm, loss),
        figure("weight", found.pe_percentile),
        figure("price", found.pb),
        figure("weight", found.pb_percentile),
        text(str(found.day)),
    )
