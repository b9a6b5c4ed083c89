"""Price against price, total against total, and what mixing them would be worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from screener.judgement.outcome import Outcome, Row
from screener.terms.notes import ScreenerError


@dataclass(frozen=True)
class Basis:
    """One subject's excess (fractions) and bands at a horizon on the three bases; `mixing`: mixed − total.

    `mixing` is the benchmark's own dividends: what a terminal that sets total returns against the price index gives away.
    `differs`: the three bands are not the same.
    """

    subject: str
    horizon_months: int
    price: float | None
    price_band: str | None
    total: float | None
    total_band: str | None
    mixed: float | None
    mixed_band: str | None
    mixing: float | None
    differs: bool


def compare_bases(outcome: Outcome) -> tuple[Basis, ...]:
    """Every subject that has all three bases, at every horizon; empty without a total-return benchmark."""
    total = outcome.thesis.total_benchmark(outcome.scale)
    plain = [row for row in outcome.rows if outcome.is_plain(row.subject)]
    if not any(row.benchmark == total for row in plain):
        return ()
    rows = [[row for row in plain if row.basis == basis] for basis in ("headline", "like", "mixed")]
    columns = [excess_column(each) for each in rows]
    bands = [{(row.subject, row.horizon_months): row.band for row in each} for each in rows]
    return tuple(_basis(key, columns, bands) for key in columns[1])


def excess_column(rows: Iterable[Row]) -> dict[tuple[str, int], float | None]:
    """(subject, months) → excess of rows on one basis; ScreenerError when they would mix series or benchmarks."""
    listed = list(rows)
    pairs = sorted({f"{row.series}/{row.benchmark}" for row in listed})
    if len(pairs) > 1:
        raise ScreenerError("basis_mixed", pairs=", ".join(pairs))
    return {(row.subject, row.horizon_months): row.excess for row in listed}


def _basis(
    key: tuple[str, int],
    columns: Sequence[Mapping[tuple[str, int], float | None]],
    bands: Sequence[Mapping[tuple[str, int], str | None]],
) -> Basis:
    price, total, mixed = (column.get(key) for column in columns)
    names = [band.get(key) for band in bands]
    mixing = None if mixed is None or total is None else mixed - total
    known = {name for name in names if name is not None}
    return Basis(*key, price, names[0], total, names[1], mixed, names[2], mixing, differs=len(known) > 1)
