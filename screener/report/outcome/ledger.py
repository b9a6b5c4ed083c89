"""The rows of an outcome under the names of `--json`, with what each is computed from."""

from __future__ import annotations

from screener.judgement.ledger import Entry
from screener.report.document import Field
from screener.terms.say import Lang


def row_fields(entry: Entry, lang: Lang) -> dict[str, Field]:
    """An entry under the names of `--json`, with the factor and the benchmark's closes: fractions, plain dates."""
    row = entry.row
    gap = row.gap or row.band_gap
    return {
        "subject": row.subject,
        "kind": row.kind,
        "name": row.name,
        "series": row.series,
        "benchmark": row.benchmark,
        "horizon_months": row.horizon_months,
        "base_date": row.base_date,
        "base_close": row.base_close,
        "base_close_date": row.base_close_date,
        "end_date": row.end_date,
        "end_close": row.end_close,
        "end_close_date": row.end_close_date,
        "factor": entry.factor,
        "return": row.own_return,
        "benchmark_base_close": entry.benchmark_base_close,
        "benchmark_end_close": entry.benchmark_end_close,
        "benchmark_return": row.benchmark_return,
        "excess": row.excess,
        "excess_geometric": row.excess_geometric,
        "band": row.band,
        "near_edge": row.near_edge,
        "status": row.status,
        "gap": gap.code if gap else None,
        "gap_reason": gap.text(lang) if gap else None,
        "flags": " ".join(row.flags),
        "left_out": " ".join(row.left_out),
    }
