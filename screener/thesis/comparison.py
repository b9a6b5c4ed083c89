"""What a figure of a subject is measured against: the index that the standard names for it, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from screener.terms.notes import Gap
from screener.terms.symbols import parse_symbol
from screener.thesis.editions import months_outside
from screener.thesis.markets import Standard
from screener.thesis.scale import Ladder, Measure, RatingScale
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis


@dataclass(frozen=True)
class Comparison:
    """How a subject is measured: `symbol` the index, `total` its total-return sister, or the `gap` in its place.

    An absolute measure has neither symbol nor gap. `flags`: what must stand beside the verdict (`benchmark_assumed`, …).
    """

    measure: Measure
    symbol: str | None = None
    total: str | None = None
    gap: Gap | None = None
    flags: tuple[str, ...] = ()

    @property
    def is_absolute(self) -> bool:
        """Whether the bands compare the return itself."""
        return self.measure == "absolute"


def compare(thesis: Thesis, scale: RatingScale, subject: Subject) -> Comparison:
    """How `subject` of `thesis` is measured by its ladder of `scale`."""
    single = subject.id if subject.kind == "candidate" else None
    industry = thesis.industry_index.symbol if thesis.industry_index else None
    ladder = scale.ladder(subject.kind)
    chosen = thesis.benchmark_symbol
    found = comparison_of(scale, ladder, market=thesis.market, symbol=single, chosen=chosen, industry=industry)
    nearest = ("edition_nearest",) if ladder.bands and months_outside(scale, thesis.published) else ()
    return replace(found, flags=(*found.flags, *nearest))


def comparison_of(
    scale: RatingScale,
    ladder: Ladder,
    *,
    market: str = "a_share",
    symbol: str | None = None,
    chosen: str | None = None,
    industry: str | None = None,
) -> Comparison:
    """How a figure is measured by `ladder`: `symbol` the rated share (None for an index or basket), `chosen` the benchmark that
    a thesis names, `industry` the index of its industry.

    An unnamed market is CSI 300, said (`benchmark_assumed`). A house's own index is `no_benchmark`, and so is an industry
    measure without an industry index. A standard by exchange or board gives a basket its first index, said.
    """
    flags: tuple[str, ...] = (
        ("by_sign",) if ladder.measure == "words_only" else ("absolute",) if ladder.measure == "absolute" else ()
    )
    flags += ("standard_total",) if ladder.dividends else ()
    if ladder.measure == "absolute":
        return Comparison("absolute", flags=flags)
    if ladder.measure == "industry_relative" and not ladder.benchmark:
        gap = None if industry else Gap("no_benchmark", "no_industry_index", {})
        return Comparison(ladder.measure, industry, gap=gap, flags=(*flags, "against_industry"))
    standard = ladder.benchmark.get(market)
    if standard is None or chosen is not None:
        found = chosen or scale.market(market).benchmarks[0].symbol
    elif standard.unnamed:
        found, flags = scale.market(market).benchmarks[0].symbol, (*flags, "benchmark_assumed")
    else:
        found, assumed = _of_standard(standard, symbol)
        flags += ("benchmark_assumed",) if assumed else ()
    if found is None:
        words = standard.name if standard else ""
        return Comparison(ladder.measure, gap=Gap("no_benchmark", "benchmark_not_kept", {"name": words}), flags=flags)
    return Comparison(ladder.measure, found, total=_total_of(scale, market, found), flags=flags)


def _of_standard(standard: Standard, symbol: str | None) -> tuple[str | None, bool]:
    """The index for a share by its exchange or board, and whether it had to be assumed: a basket has neither."""
    if symbol is None:
        return standard.symbol or next(iter(standard.by.values()), None), bool(standard.by) and standard.symbol is None
    share = parse_symbol(symbol)
    return standard.by.get(share.board) or standard.by.get(share.exchange) or standard.symbol, False


def _total_of(scale: RatingScale, market: str, symbol: str) -> str | None:
    return next((each.total_return for each in scale.market(market).benchmarks if each.symbol == symbol), None)
