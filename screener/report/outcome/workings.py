"""The tables of the outcome dossier from which its figures can be worked out again: dates, closes, factors, actions."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from screener.judgement.ledger import (
    ActionEntry,
    actions_of,
    actions_since_base,
    cash_per_base_share,
    entries,
    factor,
    raw_quote,
)
from screener.judgement.outcome import Outcome
from screener.measures.quotes import Quote
from screener.report.document import Cell, CellKind, Column, Field, Row, Table, figure, text
from screener.report.figures import weekday
from screener.report.outcome.bands import index_name
from screener.report.outcome.formulas import ledger_formulas, row_id
from screener.report.outcome.ledger import row_fields
from screener.terms.notes import Gap
from screener.terms.say import Lang, say


def prices_table(outcome: Outcome, lang: Lang) -> Table:
    """Base and end closes of everything with a price, shares per share, cash in between; why that base close, said once."""
    due = [months for months in outcome.months if outcome.is_due(months)]
    columns = [
        Column("base", say("dossier_close", lang), group=say("dossier_base_head", lang), group_note=_day(outcome.base_date))
    ]
    for months in due:
        group = say("dossier_end_head", lang, months=months)
        columns.append(
            Column(f"end_{months}", say("dossier_close", lang), group=group, group_note=_day(outcome.end_dates[months]))
        )
    columns += [
        Column("factor", say("dossier_factor", lang)),
        Column("cash", say("dossier_cash", lang)),
    ]
    priced = tuple(_priced(outcome, lang))
    reasons = {symbol: _why(outcome, symbol, lang) for symbol, _, _ in priced}
    usual = Counter(reasons.values()).most_common(1)[0][0]
    others = {symbol: "" if why == usual else why for symbol, why in reasons.items()}
    if any(others.values()):
        columns.append(Column("why", say("dossier_why", lang), left=True))
    rows = tuple(
        _price_row(outcome, symbol, name, due, is_index=index, why=others[symbol] if any(others.values()) else None, lang=lang)
        for symbol, name, index in priced
    )
    said = say("dossier_why_rest" if any(others.values()) else "dossier_why_note", lang, why=usual)
    return Table(
        id="prices",
        title=say("dossier_prices_title", lang),
        row_head=say("dossier_subject", lang),
        columns=tuple(columns),
        rows=rows,
        sub=say("dossier_prices_sub", lang),
        notes=(said, *_price_notes(outcome, lang)),
        layout="wide",
    )


def _day(day: dt.date | None) -> str:
    return "" if day is None else day.isoformat()


def _priced(outcome: Outcome, lang: Lang) -> Iterator[tuple[str, str, bool]]:
    """Symbol, name, and whether it is an index: the benchmarks first, then indices and names in thesis order."""
    against = dict.fromkeys(row.benchmark for row in outcome.rows if row.benchmark is not None)
    for symbol in against:
        yield symbol, index_name(outcome, symbol, lang), True
    for subject in outcome.thesis.subjects():
        if subject.is_single and subject.id not in against:
            yield subject.id, subject.name_in(lang), subject.kind == "industry_index"


def _price_row(
    outcome: Outcome, symbol: str, name: str, due: Sequence[int], *, is_index: bool, why: str | None, lang: Lang
) -> Row:
    """`why`: what is special about its base close, None where nothing is about any."""
    base = _quote_cell(outcome, symbol, outcome.base_date)
    ends = [_quote_cell(outcome, symbol, outcome.end_dates[months]) for months in due]
    if is_index:
        rest = (text(say("dossier_index", lang), quiet=True), text(say(_index_kind(outcome, symbol), lang), quiet=True))
    else:
        rest = (_factor_cell(outcome, symbol, due), _cash_cell(outcome, symbol, due))
    special = () if why is None else (text(why, quiet=True),)
    return Row(symbol, name, (base, *ends, *rest, *special), note=symbol)


def _index_kind(outcome: Outcome, symbol: str) -> str:
    return "dossier_total_kind" if symbol in {each.total for each in outcome.compared.values()} else "dossier_price_kind"


def _quote_cell(outcome: Outcome, symbol: str, day: dt.date | None) -> Cell:
    """The raw close that stands for a session, with its own date where that is another day."""
    if day is None or day > outcome.as_of:
        return Cell("not_due")
    found = raw_quote(outcome, symbol, day)
    if not isinstance(found, Quote):
        return figure("price", found)
    return Cell("price", found.close, "" if found.close_date == day else _day(found.close_date))


def _factor_cell(outcome: Outcome, symbol: str, due: Sequence[int]) -> Cell:
    """Shares that one share at the base became, by the last due horizon; the others beside it where they differ."""
    if not due:
        return Cell("not_due")
    rows = [outcome.row(symbol, months) for months in due]
    factors = [factor(outcome, row) for row in rows]
    if factors[-1] is None:
        return figure("factor", rows[-1].gap)
    earlier = [
        f"{months}: {value:.4g}×" for months, value in zip(due, factors, strict=True) if value not in (None, factors[-1])
    ]
    return Cell("factor", factors[-1], " ".join(earlier))


def _cash_cell(outcome: Outcome, symbol: str, due: Sequence[int]) -> Cell:
    """Gross cash that one share at the base received by the last due horizon (CNY), later shares included."""
    if not due:
        return Cell("not_due")
    row = outcome.row(symbol, due[-1])
    if row.base_close_date is None or row.end_close_date is None:
        return figure("cash", row.gap)
    found = [each for each in actions_of(outcome, symbol) if row.base_close_date < each.ex_date <= row.end_close_date]
    return Cell("cash", cash_per_base_share(found)) if found else Cell("none")


def _why(outcome: Outcome, symbol: str, lang: Lang) -> str:
    """Why the base close is that one: the day's own close, the last session's before it, or a suspended name's last one."""
    base = outcome.base_date
    if base is None or base > outcome.as_of:
        return say("dossier_why_not_reached", lang)
    found = raw_quote(outcome, symbol, base)
    if not isinstance(found, Quote):
        return found.text(lang)
    if found.close_date != base:
        return say("dossier_why_suspended", lang, day=found.close_date)
    return say("dossier_why_same_day" if base == outcome.published else "dossier_why_before", lang)


def _price_notes(outcome: Outcome, lang: Lang) -> Iterator[str]:
    base = outcome.base_date
    day = weekday(outcome.published, lang)
    code = "dossier_note_base_same" if base == outcome.published else "dossier_note_base"
    yield say(code, lang, published=outcome.published, weekday=day, base=base or outcome.published)
    yield say("dossier_note_basket", lang)


def actions_table(outcome: Outcome, lang: Lang) -> Table | None:
    """The corporate actions between the base date and the end of the window, with both factors; None where there is none."""
    names = {each.id: each.name_in(lang) for each in outcome.thesis.subjects()}
    found = actions_since_base(outcome)
    if not found:
        return None
    return Table(
        id="actions",
        title=say("dossier_actions_title", lang),
        row_head=say("dossier_subject", lang),
        columns=(
            Column("ex_date", say("dossier_ex_date", lang), left=True),
            Column("cash", say("dossier_cash_per_share", lang)),
            Column("ratio", say("dossier_ratio", lang)),
            Column("previous", say("dossier_previous_close", lang)),
            Column("total_factor", say("dossier_total_factor", lang)),
        ),
        rows=tuple(
            Row(
                f"{each.symbol}-{each.ex_date}",
                names[each.symbol],
                (
                    Cell("day", each.ex_date),
                    _known("cash", each, each.cash_per_share),
                    _known("factor", each, each.split_ratio),
                    Cell("price", each.previous_close),
                    _known("factor", each, each.total_factor),
                ),
                note=each.symbol,
            )
            for each in found
        ),
        sub=say("dossier_actions_sub", lang),
    )


def _known(kind: CellKind, action: ActionEntry, value: float) -> Cell:
    """A figure of an action; a gap where its kind is unknown, such as a rights issue."""
    gap = Gap("action_mismatch", "action_unknown", {"symbol": action.symbol, "day": action.ex_date})
    return figure(kind, value if math.isfinite(value) else gap)


# What the columns of the ledger hold; every other one is text.
LEDGER_KINDS: dict[str, CellKind] = {
    "horizon_months": "count",
    "base_close": "price",
    "end_close": "price",
    "factor": "factor",
    "return": "return",
    "benchmark_base_close": "price",
    "benchmark_end_close": "price",
    "benchmark_return": "return",
    "excess": "excess",
    "excess_geometric": "return",
}


def ledger_table(outcome: Outcome, lang: Lang) -> Table:
    """Every row of the outcome with what it is computed from, as `outcome.csv` has it."""
    traced = entries(outcome)
    found = [row_fields(entry, lang) for entry in traced]
    worked = [ledger_formulas(outcome, entry) for entry in traced]
    names = {each.id: each.name_in(lang) for each in outcome.thesis.subjects()}
    keys = [key for key in found[0] if key not in ("subject", "name")]
    rows = tuple(
        Row(
            row_id(entry.row.subject, entry.row),
            names[str(fields["subject"])],
            tuple(_ledger_cell(key, fields[key], formulas.get(key, "")) for key in keys),
            note=str(fields["subject"]),
        )
        for entry, fields, formulas in zip(traced, found, worked, strict=True)
    )
    columns = tuple(Column(key, key, left=key not in LEDGER_KINDS) for key in keys)
    title, sub = say("dossier_ledger_title", lang), say("dossier_ledger_sub", lang)
    return Table("ledger", title, say("dossier_subject", lang), columns, rows, sub=sub, layout="wide")


def _ledger_cell(key: str, value: Field, formula: str) -> Cell:
    if isinstance(value, dt.date):
        return Cell("day", value)
    if value is None or isinstance(value, bool):
        return text("" if value is None else str(value).lower())
    return Cell(LEDGER_KINDS.get(key, "text"), value, formula=formula)
