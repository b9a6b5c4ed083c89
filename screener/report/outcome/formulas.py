"""How a spreadsheet works an outcome out again: a formula beside each value of the ledger, from closes to bands.

A formula names cells, `{column}` of its own row or `{column@table:row}` of another; it stands only where it gives the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from screener.judgement.ledger import Entry
from screener.judgement.outcome import Outcome, Row
from screener.measures.quotes import is_doubtful
from screener.report.document import Cell, Column, Table, text
from screener.report.document import Row as TableRow
from screener.terms.say import Lang, say
from screener.thesis.scale import EXCESS_DECIMALS, Ladder, rate

SAME = 1e-12
# A formula may name at most so many members of a basket.
MOST_MEMBERS = 100


def row_id(subject: str, row: Row) -> str:
    """The row of the ledger that holds `subject` on the series, benchmark and horizon of `row`."""
    return f"{subject}-{row.basis}-{row.measure}-{row.series}-{row.benchmark}-{row.horizon_months}"


def ledger_formulas(outcome: Outcome, entry: Entry) -> dict[str, str]:
    """The formulas of one row of the ledger by column."""
    row, found = entry.row, {}
    for key, symbol, place in (
        ("base_close", row.subject, "base"),
        ("end_close", row.subject, f"end_{row.horizon_months}"),
        ("benchmark_base_close", row.benchmark, "base"),
        ("benchmark_end_close", row.benchmark, f"end_{row.horizon_months}"),
    ):
        found[key] = f"{{{place}@prices:{symbol}}}"
    if row.own_return is None:
        return found
    found["return"] = _return(outcome, entry)
    found["band"] = band_formula(outcome, row, "rating", f"{{{measured_column(row)}}}")
    if row.excess is None or row.benchmark_return is None:
        return found
    closes = entry.benchmark_base_close, entry.benchmark_end_close
    if closes[0] and closes[1] and _same(closes[1] / closes[0] - 1, row.benchmark_return):
        found["benchmark_return"] = "{benchmark_end_close}/{benchmark_base_close}-1"
    if _same(row.own_return - row.benchmark_return, row.excess):
        found["excess"] = "{return}-{benchmark_return}"
    if _same((1 + row.own_return) / (1 + row.benchmark_return) - 1, row.excess_geometric):
        found["excess_geometric"] = "(1+{return})/(1+{benchmark_return})-1"
    return found


def _return(outcome: Outcome, entry: Entry) -> str:
    """A security's from its closes and factor, an equal-weight basket's from its members' returns."""
    row = entry.row
    if entry.factor is not None and row.base_close and row.end_close:
        own = row.end_close * entry.factor / row.base_close - 1
        return "{end_close}*{factor}/{base_close}-1" if _same(own, row.own_return) else ""
    wanted = set(outcome.thesis.members(row.subject)) - set(row.left_out)
    members = [
        each for each in outcome.rows if each.subject in wanted and row_id(row.subject, each) == row_id(row.subject, row)
    ]
    if not members or len(members) != len(wanted) or len(members) > MOST_MEMBERS:
        return ""
    mean = math.fsum(each.own_return or 0.0 for each in members) / len(members)
    cells = ",".join(f"{{return@ledger:{row_id(each.subject, each)}}}" for each in members)
    return f"AVERAGE({cells})" if _same(mean, row.own_return) else ""


def _same(found: float, value: float | None) -> bool:
    return value is not None and abs(found - value) <= SAME


def measured_column(row: Row) -> str:
    """The column of the ledger that the bands compare."""
    return "return" if row.measure == "absolute" else "excess"


def band_formula(outcome: Outcome, row: Row, column: str, measured: str) -> str:
    """The band that the ladder's own sheet gives the cell `measured`; `column` of that sheet holds what is answered.

    A doubtful band has none, since the ladder's own word carries no mark.
    """
    kind = "stock" if row.kind == "candidate" else "industry"
    ladder = outcome.scale.ladder(row.kind)
    if (
        row.measured is None
        or row.band is None
        or is_doubtful(row.flags)
        or ladder.partial
        or rate(row.measured, ladder) != row.band
    ):
        return ""
    *upper, last = (f"{{{column}@ladder:{kind}-{band.rating}}}" for band in ladder.bands)
    formula = last
    for band, answer in reversed(list(zip(ladder.bands, upper, strict=False))):
        sign = ">=" if band.lower_closed else ">"
        edge = f"{{lower@ladder:{kind}-{band.rating}}}"
        formula = f"IF(ROUND({measured},{EXCESS_DECIMALS}){sign}{edge},{answer},{formula})"
    return formula


def ladder_table(outcome: Outcome, lang: Lang) -> Table | None:
    """The bands of both ladders with their edges, best first: what the formulas of bands read; None without numbers."""
    ladders = (("stock", outcome.scale.own_stock), ("industry", outcome.scale.own_industry))
    rows = tuple(
        row for kind, ladder in ladders if ladder is not None and ladder.has_numbers for row in _rows(kind, ladder, lang)
    )
    columns = (
        Column("word", say("ladder_band", lang), left=True),
        Column("lower", say("ladder_lower", lang), "pp"),
        Column("upper", say("ladder_upper", lang), "pp"),
        Column("text", say("ladder_text", lang), left=True),
        Column("rating", say("ladder_code", lang), left=True),
    )
    title, sub = say("ladder_title", lang), say("ladder_sub", lang)
    return Table("ladder", title, say("ladder_kind", lang), columns, rows, sub=sub) if rows else None


def _rows(kind: str, ladder: Ladder, lang: Lang) -> Iterator[TableRow]:
    for band in ladder.bands:
        edges = (Cell("points", edge) if math.isfinite(edge) else text("") for edge in (band.lower, band.upper))
        cells = (text(band.word(lang)), *edges, text(band.text(lang)), text(band.rating))
        yield TableRow(f"{kind}-{band.rating}", say(f"ladder_{kind}", lang), cells)
