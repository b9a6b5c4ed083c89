"""The table of target prices: what the report wanted, whether a close reached it, and how far the last one was."""

from __future__ import annotations

from screener.judgement.outcome import Outcome
from screener.judgement.targets import TargetVerdict
from screener.report.document import Cell, Column, Row, Table, figure, text
from screener.terms.say import Lang, say


def targets_table(outcome: Outcome, lang: Lang) -> Table | None:
    """One row a target price; None where the report states none."""
    if not outcome.targets:
        return None
    names = {each.id: each.name_in(lang) for each in outcome.thesis.subjects()}
    return Table(
        id="targets",
        title=say("targets_title", lang),
        row_head=say("dossier_subject", lang),
        columns=(
            Column("target", say("targets_target", lang), say("weekly_unit_cny", lang)),
            Column("base", say("targets_base", lang), say("weekly_unit_cny", lang)),
            Column("until", say("targets_until", lang), left=True),
            Column("reached", say("targets_reached", lang), left=True),
            Column("gap", say("targets_gap", lang), "%"),
        ),
        rows=tuple(Row(each.subject, names[each.subject], _cells(each, lang), note=each.subject) for each in outcome.targets),
        sub=say("targets_sub", lang),
    )


def _cells(each: TargetVerdict, lang: Lang) -> tuple[Cell, ...]:
    missing = each.gap
    if each.reached_on is not None:
        reached = Cell("day", each.reached_on)
    else:
        reached = figure("text", missing) if missing is not None else text(say("targets_missed", lang))
    distance = Cell("not_due") if each.to_target is None and missing is None else figure("return", missing or each.to_target)
    return Cell("price", each.target), figure("price", each.base_close), Cell("day", each.until), reached, distance
