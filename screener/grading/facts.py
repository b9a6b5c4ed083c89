"""What ratings are graded against, as tables that are joined by equality: sessions, levels, bands, statuses, gaps.

Every rule keeps its home: bands and near edges are asked of `rating`, dates and statuses of `outcome`, quotes and breaks
of `panel`. Here their answers become rows, so that an engine that joins them can have no opinion of its own.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from screener.grading.ratings import ladder_of
from screener.judgement.outcome import end_date, judge_status
from screener.measures.panel import ACTIONS_UNKNOWN, DELISTED, GAP_NUMBER, MISSING_SESSION, NO_GAP, SUSPENDED, Floats, Panel
from screener.measures.returns import simple_return
from screener.terms.notes import GAP_CODES
from screener.terms.sessions import Calendar
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import Ladder, RatingScale, is_at_least, is_near_edge, rate

# The two horizons that have columns of their own, calendar months.
HORIZONS = (6, 12)
# Sessions per row of the block tables: wide rows make a window of half a year about nine joined rows instead of 123.
BLOCK = 16
NEAR_EDGE_FLAG, FORM_DIFFERS = 4, 8
# In the order in which `outcome` lists them.
FLAG_WORDS = {
    SUSPENDED: "suspended",
    DELISTED: "delisted",
    ACTIONS_UNKNOWN: "actions_unknown",
    NEAR_EDGE_FLAG: "near_edge",
    FORM_DIFFERS: "form_differs",
}
MARKET, CALENDAR = "a_share", "XSHG"


@dataclass(frozen=True, eq=False)
class Facts:
    """The tables, by name; `edges` = columns `edge_k`, `near_from_k`, `near_to_k` of `standards`.

    symbols: symbol → sid, kind, gap · standards: scale, kind, rating → plan, ladder, stated band as excess [from, to) and
    as number of edges passed, edges · dates: plan, published → date_id, positions, dates, status, benchmark returns ·
    quotes: key = sid × sessions + position → level, gap, base_gap, flag, stop, stop_gap · blocks: key = sid × blocks +
    block → BLOCK levels · windows: date_id, block → BLOCK benchmark returns since the base date (null outside the window) ·
    bands: ladder, passed → rating · gaps: number → code · flags: bits → words.
    """

    tables: Mapping[str, pa.Table]
    sessions: int
    blocks: int
    edges: int


def build_facts(
    panel: Panel,
    calendar: Calendar,
    scales: Mapping[str, RatingScale],
    *,
    symbols: Sequence[str],
    first: dt.date,
    last: dt.date,
    as_of: dt.date,
) -> Facts:
    """The tables for ratings of `symbols` published from `first` to `last`, judged on `as_of`, the panel's last session."""
    edges = max(len(ladder.edges) for scale in scales.values() for ladder in (scale.stock, scale.industry))
    blocks = -(-len(panel.days) // BLOCK)
    dates, windows = _date_tables(panel, calendar, scales, first=first, last=last, as_of=as_of)
    tables = {
        "symbols": _symbol_table(panel, symbols),
        "standards": _standard_table(scales, edges),
        "dates": dates,
        "windows": windows,
        "quotes": _quote_table(panel),
        "blocks": _block_table(panel),
        "bands": _band_table(scales),
        "gaps": pa.table(
            {
                "number": pa.array([*GAP_NUMBER.values(), MISSING_SESSION], type=pa.int8()),
                "gap": [*GAP_CODES, "no_data"],
            }
        ),
        "flags": _flag_table(),
    }
    return Facts(tables, len(panel.days), blocks, edges)


def _symbol_table(panel: Panel, symbols: Sequence[str]) -> pa.Table:
    places = {symbol: place for place, symbol in enumerate(panel.symbols)}
    kinds = [parse_symbol(symbol) for symbol in symbols]
    graded = [identity.market == CALENDAR for identity in kinds]
    gaps = ["no_data" if each else "no_benchmark" for each in graded]
    return pa.table(
        {
            "symbol": pa.array(symbols, type=pa.string()),
            "sid": pa.array([places.get(symbol) for symbol in symbols], type=pa.int64()),
            "kind": [identity.kind for identity in kinds],
            "symbol_gap": pa.array([GAP_NUMBER[gap] for gap in gaps], type=pa.int8()),
        }
    )


def smallest_excess(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest double in (low, high] for which `holds`, which is False at `low`, True at `high`, and turns once."""
    while (middle := low + (high - low) / 2) not in (low, high):
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def band_edges(ladder: Ladder) -> list[float]:
    """For each band edge, ascending: the smallest excess (a double) that earns the better band, as `rating.rate` says."""
    order: dict[str | None, int] = {rating: rank for rank, rating in enumerate((*ladder.ratings, None))}
    margin = 1e-6
    found = []
    for edge in ladder.edges:
        worse = order[rate(edge - margin, ladder)]
        found.append(
            smallest_excess(lambda x, worse=worse: order[rate(x, ladder)] < worse, edge - margin, edge + margin)  # type: ignore[misc]
        )
    return found


def near_zones(ladder: Ladder) -> list[tuple[float, float]]:
    """For each band edge: the smallest near excess, and the smallest one above that is no longer near (doubles)."""
    zones = []
    for edge in ladder.edges:
        low, high = edge - 0.0051, edge + 0.0051
        start = low if is_near_edge(low, ladder) else smallest_excess(lambda x: is_near_edge(x, ladder), low, edge)
        end = high if is_near_edge(high, ladder) else smallest_excess(lambda x: not is_near_edge(x, ladder), edge, high)
        zones.append((start, end))
    return zones


def _standard_table(scales: Mapping[str, RatingScale], edges: int) -> pa.Table:
    rows = [row for place, scale in enumerate(scales.values()) for row in _standards(place, scale, edges)]
    types = {"plan": pa.int32(), "ladder": pa.int32(), "stated": pa.int32()}
    types |= {"least_from": pa.int32(), "least_to": pa.int32()}
    columns = {name: pa.array([row[name] for row in rows], type=types.get(name)) for name in rows[0]}
    return pa.table(columns)


def _standards(place: int, scale: RatingScale, edges: int) -> Iterator[dict[str, object]]:
    for number, kind in enumerate(("stock", "index")):
        ladder = ladder_of(scale, kind)
        starts, zones = band_edges(ladder), near_zones(ladder)
        bounds = [-math.inf, *starts, math.inf]
        padded = [*starts, *[math.inf] * (edges - len(starts))]
        zones += [(math.inf, math.inf)] * (edges - len(zones))
        common = {"scale": scale.id, "kind": kind, "plan": place, "ladder": 2 * place + number}
        for k in range(edges):
            common |= {f"edge_{k}": padded[k], f"near_from_{k}": zones[k][0], f"near_to_{k}": zones[k][1]}
        worst_first = list(reversed(ladder.ratings))
        for passed, rating in enumerate(worst_first):
            least = [other for other, earned in enumerate(worst_first) if is_at_least(earned, rating, ladder)]
            band = {"stated_from": bounds[passed], "stated_to": bounds[passed + 1], "stated": passed}
            yield {**common, "rating": rating, **band, "least_from": min(least), "least_to": max(least)}
        unrated = dict.fromkeys(("stated_from", "stated_to", "stated", "least_from", "least_to"))
        yield {**common, "rating": "", **unrated}


def _band_table(scales: Mapping[str, RatingScale]) -> pa.Table:
    rows = [
        (2 * place + number, passed, rating)
        for place, scale in enumerate(scales.values())
        for number, kind in enumerate(("stock", "index"))
        for passed, rating in enumerate(reversed(ladder_of(scale, kind).ratings))
    ]
    ladder, passed, rating = zip(*rows, strict=True)
    return pa.table(
        {"ladder": pa.array(ladder, type=pa.int32()), "passed": pa.array(passed, type=pa.int32()), "band": list(rating)}
    )


def _flag_table() -> pa.Table:
    bits = range(1, sum(FLAG_WORDS) + 1)
    words = [" ".join(word for bit, word in FLAG_WORDS.items() if value & bit) for value in bits]
    return pa.table({"bits": pa.array(bits, type=pa.int32()), "flags": words})


def _quote_table(panel: Panel) -> pa.Table:
    return pa.table(
        {
            "key": np.arange(panel.levels.size, dtype=np.int64),
            "level": _nullable(panel.levels.ravel()),
            "gap": panel.gaps.ravel(),
            "base_gap": panel.base_gaps.ravel(),
            "flag": panel.flags.ravel(),
            "stop": panel.stops.ravel(),
            "stop_gap": panel.stop_gaps.ravel(),
        }
    )


def _block_table(panel: Panel) -> pa.Table:
    symbols, sessions = panel.levels.shape
    blocks = -(-sessions // BLOCK)
    wide = np.full((symbols, blocks * BLOCK), np.nan)
    wide[:, :sessions] = np.where(panel.gaps == NO_GAP, panel.levels, np.nan)
    by_block = wide.reshape(symbols * blocks, BLOCK)
    columns = {f"close_{place}": _nullable(by_block[:, place]) for place in range(BLOCK)}
    return pa.table({"key": np.arange(symbols * blocks, dtype=np.int64), **columns})


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


@dataclass(frozen=True)
class _Index:
    """A plan's benchmark in the panel: `place` None where it is not there."""

    panel: Panel
    place: int | None

    def gap(self, base: int, end: int | None = None) -> int:
        """Why the benchmark has no return from `base` to `end` (positions), as outcome names it; NO_GAP when it has one."""
        if self.place is None:
            return GAP_NUMBER["no_benchmark"]
        found = int(self.panel.base_gaps[self.place, base])
        if found == NO_GAP and end is not None:
            found = int(self.panel.gaps[self.place, end])
            if found == NO_GAP and self.panel.stops[self.place, base] <= end:
                found = int(self.panel.stop_gaps[self.place, base])
        return GAP_NUMBER["no_benchmark"] if found == GAP_NUMBER["no_data"] else found

    def value(self, base: int, end: int | None) -> float | None:
        if end is None or self.place is None or self.gap(base, end) != NO_GAP:
            return None
        level = self.panel.levels[self.place]
        return simple_return(float(level[base]), float(level[end]))

    def path(self, base: int, low: int, high: int) -> Floats:
        """Return since `base` at each position from `low` to `high`, NaN where there is none."""
        if self.place is None or self.gap(base) != NO_GAP:
            return np.full(high - low + 1, np.nan)
        level, span = self.panel.levels[self.place], slice(low, high + 1)
        known = (self.panel.gaps[self.place, span] == NO_GAP) & (np.arange(low, high + 1) < self.panel.stops[self.place, base])
        return np.where(known, level[span] / level[base] - 1, np.nan)


def _date_tables(
    panel: Panel,
    calendar: Calendar,
    scales: Mapping[str, RatingScale],
    *,
    first: dt.date,
    last: dt.date,
    as_of: dt.date,
) -> tuple[pa.Table, pa.Table]:
    """(dates, windows): every calendar day from `first` to `last` under the window and benchmark of every scale."""
    positions = {day: place for place, day in enumerate(panel.days.tolist())}
    rows: list[dict[str, object]] = []
    paths: list[tuple[int, int, Floats]] = []
    for plan, scale in enumerate(scales.values()):
        index = _Index(panel, _benchmark_place(panel, scale))
        for day in (first + dt.timedelta(days=each) for each in range((last - first).days + 1)):
            row = _date_row(calendar, scale, index, positions, published=day, as_of=as_of)
            span = row.pop("window")
            if isinstance(span, tuple) and isinstance(row["base_pos"], int):
                paths.append((len(rows), span[0], index.path(row["base_pos"], *span)))
            rows.append({"date_id": len(rows), "plan": plan, "published": day, **row})
    types = {"date_id": pa.int32(), "plan": pa.int32(), "base_pos": pa.int32(), "pos_6": pa.int32(), "pos_12": pa.int32()}
    types |= dict.fromkeys(("published", "base_date", "end_6m", "end_12m"), pa.date32())
    types |= {"gap_of_bench_6": pa.int8(), "gap_of_bench_12": pa.int8(), "bench_6": pa.float64(), "bench_12": pa.float64()}
    dates = pa.table({name: pa.array([row[name] for row in rows], type=types.get(name)) for name in rows[0]})
    return dates, _window_table(paths)


def _benchmark_place(panel: Panel, scale: RatingScale) -> int | None:
    symbol = benchmark_of(scale)
    return panel.symbols.index(symbol) if symbol in panel.symbols else None


def benchmark_of(scale: RatingScale) -> str | None:
    """The index that the standard names for A shares; None when it names none."""
    if MARKET not in {market.id for market in scale.markets}:
        return None
    return scale.market(MARKET).benchmarks[0].symbol


def _date_row(
    calendar: Calendar,
    scale: RatingScale,
    index: _Index,
    positions: Mapping[dt.date, int],
    *,
    published: dt.date,
    as_of: dt.date,
) -> dict[str, object]:
    base = calendar.last_on_or_before(published)
    months = {*HORIZONS, scale.window.from_months, scale.window.to_months}
    ends = {each: end_date(calendar, published, each) for each in months}
    base_pos = positions.get(base) if base is not None and base <= as_of else None
    row: dict[str, object] = {"base_pos": base_pos, "base_date": base, "status": judge_status(ends, as_of, scale)}
    for each in HORIZONS:
        end = ends[each]
        position = positions.get(end) if end is not None and end <= as_of and base_pos is not None else None
        row |= {f"end_{each}m": end, f"pos_{each}": position}
        known = base_pos is not None and position is not None
        row[f"gap_of_bench_{each}"] = index.gap(base_pos, position) if known and base_pos is not None else NO_GAP
        row[f"bench_{each}"] = index.value(base_pos, position) if known and base_pos is not None else None
    start, stop = ends[scale.window.from_months], ends[scale.window.to_months]
    due = base_pos is not None and start is not None and start <= as_of
    row["window"] = (positions[start], positions[min(stop or as_of, as_of)]) if due and start is not None else None
    return row


def _window_table(paths: Sequence[tuple[int, int, Floats]]) -> pa.Table:
    """Paths cut at the block borders: one row for each date and block, null outside the path."""
    ids: list[int] = []
    numbers: list[int] = []
    parts: list[Floats] = []
    for date_id, low, path in paths:
        first, last = low // BLOCK, (low + len(path) - 1) // BLOCK
        padded = np.full((last - first + 1) * BLOCK, np.nan)
        padded[low - first * BLOCK : low - first * BLOCK + len(path)] = path
        ids += [date_id] * (last - first + 1)
        numbers += range(first, last + 1)
        parts.append(padded.reshape(-1, BLOCK))
    values = np.concatenate(parts) if parts else np.empty((0, BLOCK))
    columns = {f"bench_{place}": _nullable(np.ascontiguousarray(values[:, place])) for place in range(BLOCK)}
    return pa.table({"date_id": pa.array(ids, type=pa.int32()), "block": pa.array(numbers, type=pa.int64()), **columns})
