"""What a result lacks that should be there: the gaps that end a run as incomplete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from screener.judgement.outcome import Outcome
from screener.judgement.week import Week, WeekRow
from screener.measures.quotes import unknown_actions
from screener.terms.notes import Gap


def missing_in(result: Outcome | Week) -> Iterable[tuple[str, Gap]]:
    """Subject (or `prices`) and reason of every gap that should not be there, again for every row that has it."""
    if result.prices.last < result.as_of:
        yield "prices", Gap("stale", "prices_stale", {"last": result.prices.last, "as_of": result.as_of})
    if result.prices.stale is not None:
        yield "prices", result.prices.stale
    for symbol, gap in result.prices.gaps.items():
        if symbol in result.thesis.members("all"):
            yield symbol, gap
    yield from ((symbol, gap) for symbol, gap in unknown_actions(result.prices, result.thesis.members("all")))
    for row in result.rows:
        gaps: Sequence[Gap | None] = (row.gap, row.since_gap if isinstance(row, WeekRow) else None, row.band_gap)
        yield from ((row.subject, gap) for gap in gaps if gap is not None and gap.code != "not_due")
    if isinstance(result, Outcome):
        yield from _verdict_gaps(result)


def _verdict_gaps(outcome: Outcome) -> Iterable[tuple[str, Gap]]:
    return ((each.subject, each.gap) for each in outcome.verdict.values() if each.gap is not None)


def has_gaps(result: Outcome | Week) -> bool:
    """Whether something that should be there is missing or stale: exit code 3."""
    return next(iter(missing_in(result)), None) is not None


def listing_gaps(outcome: Outcome) -> list[Gap]:
    """Why second listings have no figure, except that it is not due."""
    return [row.gap for row in outcome.other_markets if row.gap is not None and row.gap.code != "not_due"]
