"""Second listings in other markets, as plain text for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.judgement.outcome import ListingRow, Outcome
from screener.terms.say import Lang, say
from screener.terms.symbols import parse_symbol
from screener.thesis.markets import Market
from screener.writers.text.text import LIGHT, Column, pct, pp_in, table_lines, wrapped


def listings_text(outcome: Outcome, lang: Lang = "zh") -> str:
    """One table per market on the `price` series; empty when the thesis names no second listing."""
    markets = dict.fromkeys(row.market for row in outcome.other_markets)
    lines = [line for market in markets for line in _market_lines(outcome, outcome.scale.market(market), lang)]
    return "".join(line.rstrip() + "\n" for line in lines)


def _market_lines(outcome: Outcome, market: Market, lang: Lang) -> Iterator[str]:
    rows = [row for row in outcome.other_markets if row.market == market.id and row.series == "price"]
    months = list(dict.fromkeys(row.horizon_months for row in rows))
    by_listing = {symbol: [row for row in rows if row.subject == symbol] for symbol in dict.fromkeys(r.subject for r in rows)}
    yield LIGHT
    yield from wrapped("", _head(rows, market, lang))
    columns = [Column(say("listing_col_name", lang)), Column(say("listing_col_symbol", lang))]
    for month in months:
        columns += [Column(say("listing_col_months", lang, months=month), right=True), Column("")]
    named = {each.symbol: each.name_en or each.name for each in outcome.thesis.candidates} if lang == "en" else {}
    yield from table_lines(
        columns,
        [
            [
                named.get(found[0].listing_of, found[0].name),
                symbol,
                *(cell for row in found for cell in _cells(outcome, row, lang)),
            ]
            for symbol, found in by_listing.items()
        ],
    )
    for flag in ("near_edge", "form_differs"):
        marked = [say("listing_at", lang, symbol=row.subject, months=row.horizon_months) for row in rows if flag in row.flags]
        if marked:
            yield from wrapped(say(f"listing_{flag}", lang) + "  ", ", ".join(marked))
    yield from _date_lines(rows, lang)
    gaps = dict.fromkeys(row.gap.text(lang) for row in rows if row.gap and row.gap.code != "not_due")
    for text in gaps:
        yield from wrapped(say("listing_gap", lang), text)


def _head(rows: Sequence[ListingRow], market: Market, lang: Lang) -> str:
    said = dict.fromkeys((row.benchmark, row.measured_against) for row in rows)
    parts = []
    for benchmark, against in said:
        known = {"name": market.benchmark_name(benchmark, lang), "symbol": benchmark, "proxy": against}
        code = "listing_benchmark" if benchmark == against else "listing_proxy"
        parts.append(say(code, lang, **known))
    currencies = dict.fromkeys(row.benchmark_currency for row in rows if "currency_differs" in row.flags)
    if currencies:
        parts.append(say("listing_currency", lang, currency=", ".join(str(each) for each in currencies)))
    title = market.name_en if lang == "en" else market.name
    return say("listing_head", lang, market=title, currency=market.currency, benchmarks="".join(parts))


def _cells(outcome: Outcome, row: ListingRow, lang: Lang) -> tuple[str, str]:
    """Excess and band; without a benchmark the listing's own return, called what it is."""
    if row.excess is None and row.own_return is not None:
        return pct(row.own_return), say("listing_own_only", lang)
    if row.excess is None or row.band is None:
        due = row.gap is not None and row.gap.code == "not_due"
        return say("events_not_due" if due else "events_gap", lang), "" if due or not row.gap else row.gap.code
    return pp_in(row.excess, outcome.scale.stock), outcome.scale.word(row.band, lang)


def _date_lines(rows: Sequence[ListingRow], lang: Lang) -> Iterator[str]:
    """The closes that were used, both sides', once per horizon and pair of dates."""
    seen: dict[str, None] = {}
    for row in rows:
        if row.excess is not None:
            dates = {
                "months": row.horizon_months,
                "base": row.base_close_date,
                "benchmark_base": row.benchmark_base_close_date,
                "end": row.end_close_date,
                "benchmark_end": row.benchmark_end_close_date,
                "symbol": parse_symbol(row.measured_against),
            }
            seen.setdefault(say("listing_dates", lang, **dates))
    yield from seen
