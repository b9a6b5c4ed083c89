"""The table of second listings in other markets: each in its own currency, against the benchmark of its own market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from screener.judgement.outcome import ListingRow, Outcome
from screener.report.document import Cell, Column, Row, Table, figure, text
from screener.report.figures import short_day
from screener.report.wording import band_of
from screener.terms.say import Lang, run_on, say


def listings_table(outcome: Outcome, lang: Lang) -> Table | None:
    """Excess and band of every second listing at each horizon (`price` series), with both sides' dates; None without one.

    Where no benchmark has data the listings' own returns stand in their place, and one line says why.
    """
    rows = [row for row in outcome.other_markets if row.series == "price"]
    if not rows:
        return None
    horizons = tuple(dict.fromkeys(row.horizon_months for row in rows))
    listed = {symbol: [row for row in rows if row.subject == symbol] for symbol in dict.fromkeys(row.subject for row in rows)}
    compared = not _lack_benchmark(rows)
    columns = [Column("benchmark", say("dossier_listing_benchmark", lang), left=True, short=4)]
    for months in horizons:
        columns += _horizon_columns(months, next(row.end_day for row in rows if row.horizon_months == months), compared, lang)
    columns += [
        Column("base", say("dossier_listing_base", lang), short=5),
        Column("end", say("dossier_listing_end", lang), short=5),
    ]
    columns += [Column("dates", say("dossier_listing_dates", lang), left=True, short=3)] if compared else []
    return Table(
        id="listings",
        title=say("dossier_listing_title", lang),
        row_head=say("dossier_subject", lang),
        columns=tuple(columns),
        rows=tuple(_listing_row(outcome, found, lang, compared=compared) for found in listed.values()),
        sub=say("dossier_listing_sub", lang),
        notes=tuple(_listing_notes(rows, lang)),
        layout="wide",
    )


def _lack_benchmark(rows: Sequence[ListingRow]) -> bool:
    """Whether the missing benchmark is all that keeps the due rows from being compared."""
    codes = {row.gap.code if row.gap else "" for row in rows}
    return "no_benchmark" in codes and codes <= {"no_benchmark", "not_due"}


def _horizon_columns(months: int, end_day: dt.date, compared: bool, lang: Lang) -> list[Column]:
    group = say("dossier_horizon", lang, months=months)
    note = say("dossier_until", lang, day=short_day(end_day))
    if not compared:
        return [Column(f"return_{months}", say("dossier_listing_return", lang), "%", group=group, group_note=note)]
    return [
        Column(f"excess_{months}", say("dossier_excess", lang), "pp", group=group, group_note=note),
        Column(f"band_{months}", say("dossier_band", lang), group=group, group_note=note, left=True),
    ]


def _listing_row(outcome: Outcome, rows: Sequence[ListingRow], lang: Lang, *, compared: bool) -> Row:
    first = rows[0]
    last = next((row for row in reversed(rows) if row.end_close is not None), first)
    cells = [text(_benchmark_text(outcome, first, lang))]
    for row in rows:
        cells += (
            _excess_and_band(outcome, row, lang)
            if compared
            else (figure("return", row.gap if row.own_return is None else row.own_return),)
        )
    cells += [
        _close_cell(first, first.base_close, first.base_close_date),
        _close_cell(last, last.end_close, last.end_close_date),
    ]
    cells += [_dates_cell(last, lang)] if compared else []
    names = {each.symbol: each.name_en or each.name for each in outcome.thesis.candidates}
    market = outcome.scale.market(first.market)
    note = f"{first.subject} · {market.name if lang == 'zh' else market.name_en} {first.currency}"
    return Row(first.subject, first.name if lang == "zh" else names[first.listing_of], tuple(cells), note=note)


def _dates_cell(row: ListingRow, lang: Lang) -> Cell:
    days = (row.benchmark_base_close_date, row.benchmark_end_close_date)
    words = say("label_range", lang, first=days[0], last=days[1]) if all(days) else ""
    return text(words, quiet=True) if words else figure("text", row.gap)


def _benchmark_text(outcome: Outcome, row: ListingRow, lang: Lang) -> str:
    """The benchmark that the standard names; where another symbol stands in for it, that is said."""
    benchmarks = outcome.scale.market(row.market).benchmarks
    names = {each.symbol: each.name if lang == "zh" else each.name_en for each in benchmarks}
    name = names.get(row.benchmark, row.benchmark)
    if row.measured_against == row.benchmark:
        return name
    return say("dossier_listing_proxy", lang, name=name, proxy=row.measured_against)


def _excess_and_band(outcome: Outcome, row: ListingRow, lang: Lang) -> tuple[Cell, Cell]:
    if row.gap is not None or row.band is None:
        return figure("excess", row.gap), Cell("none")
    return figure("excess", row.excess), figure("band", band_of(row.band, outcome.scale.stock, lang, flags=row.flags))


def _close_cell(row: ListingRow, close: float | None, day: object) -> Cell:
    """A close in local currency with its own date; the gap where there is none."""
    return Cell("price", close, str(day)) if close is not None else figure("price", row.gap)


def _listing_notes(rows: Sequence[ListingRow], lang: Lang) -> Iterator[str]:
    gaps = dict.fromkeys(row.gap.text(lang) for row in rows if row.gap and row.gap.code != "not_due")
    sentences = [say("dossier_listing_note", lang), *(say("dossier_listing_gap", lang, reason=reason) for reason in gaps)]
    if any("currency_differs" in row.flags for row in rows):
        currencies = ", ".join(dict.fromkeys(row.benchmark_currency or "" for row in rows))
        sentences.append(say("dossier_listing_currency", lang, currency=currencies))
    yield run_on(sentences, lang)
