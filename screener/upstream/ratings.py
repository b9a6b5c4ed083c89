"""Published ratings pulled through akshare, kept by symbol, and put together as a file that `grade` takes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa

from screener.grading.facts import CALENDAR
from screener.grading.result_files import check_result_path, write_frame
from screener.store.files import StoreError, unreadable
from screener.store.quarantine import Quarantine
from screener.terms.notes import Note
from screener.terms.replacing import replacing
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import Ladder, RatingScale
from screener.upstream.asking.patience import Fetcher, FetchError
from screener.upstream.asking.vendors import SOURCES
from screener.upstream.lists import RATING_COLUMNS, fetch_ratings

SOURCE = "eastmoney_reports"
TABLE_COLUMNS = (
    "rating_id",
    "symbol",
    "published",
    "rating",
    "scale",
    "house",
    "title",
    "printed",
    "vendor_rating",
    "target_price",
    "target_low",
    "target_high",
    "last_rating",
    "rating_change",
    "mapped",
)
# Eastmoney's five words with the reader's side of each and its place on that side, strongest first.
WORDS: Mapping[str, tuple[str, int]] = {
    "买入": ("buy", 0),
    "增持": ("buy", 1),
    "中性": ("hold", 0),
    "减持": ("sell", 1),
    "卖出": ("sell", 0),
}
State = Literal["fresh", "failed", "quarantined"]


@dataclass(frozen=True)
class PulledRatings:
    """What came of one symbol: `rows` stored in all, first and last publication date, and why nothing new came, if so."""

    symbol: str
    state: State
    rows: int
    first: dt.date | None
    last: dt.date | None
    reason: Note | None = None

    @property
    def note(self) -> Note:
        """What to tell a reader: the reason, or what is stored."""
        params: dict[str, object] = {"symbol": self.symbol, "rows": self.rows, "first": self.first, "last": self.last}
        return self.reason or Note("ratings_stored" if self.rows else "ratings_none", params)


@dataclass(frozen=True)
class FetchedRatings:
    """A ratings file written to `out`: its rows, how many of them are on the default scale, and each symbol's part."""

    out: Path
    rows: int
    default: int
    results: tuple[PulledRatings, ...]


def fetch_to_file(
    symbols: Sequence[str],
    folder: Path,
    fetcher: Fetcher,
    scales: Mapping[str, RatingScale],
    *,
    default: str,
    out: Path | None,
    today: dt.date,
) -> FetchedRatings:
    """Pull the ratings of the A shares among `symbols` and write all that is stored of them for `grade`.

    `out`: .csv or .parquet; None = `ratings.csv` in `folder`.
    """
    out = out or folder / "ratings.csv"
    check_result_path(out)
    shares = [symbol for symbol in dict.fromkeys(symbols) if parse_symbol(symbol).market == CALENDAR]
    results = tuple(pull_ratings(shares, folder, fetcher, today=today))
    table = ratings_table(folder, shares, scales, default)
    write_frame(table, out)
    return FetchedRatings(out, len(table), int(table["mapped"].str.startswith("default").sum()), results)


def pull_ratings(symbols: Sequence[str], folder: Path, fetcher: Fetcher, *, today: dt.date) -> Iterator[PulledRatings]:
    """Ask for each symbol's reports and keep them in `folder`/<symbol>.parquet, one atomic file at a time.

    What was stored stays: a failed call changes nothing, a report that the source no longer lists is kept, and a reply
    that contradicts a stored report or is dated after `today` is set aside in `folder`/quarantine as a whole.
    """
    for symbol in symbols:
        stored = _read_or_set_aside(folder, symbol)
        identity = parse_symbol(symbol)
        try:
            found = fetcher.call(SOURCES[SOURCE].host, partial(fetch_ratings, identity), subject=symbol)
        except FetchError as error:
            yield _state(symbol, "failed", stored, Note("ratings_failed", {"symbol": symbol, "reason": error.text("en")}))
            continue
        reason = _refusal(symbol, stored, found, today)
        if reason is not None:
            _write(folder / "quarantine" / f"{symbol}.parquet", found)
            yield _state(symbol, "quarantined", stored, reason)
            continue
        joined = _joined(stored, found)
        _write(folder / f"{symbol}.parquet", joined)
        yield _state(symbol, "fresh", joined, None)


def _read_or_set_aside(folder: Path, symbol: str) -> pd.DataFrame:
    """Stored reports; a file that does not open is moved into quarantine, beside earlier ones, and counts as none."""
    path = folder / f"{symbol}.parquet"
    try:
        return _read(path)
    except StoreError:
        Quarantine(folder / "quarantine").take(path, path.name, now=dt.datetime.now(dt.UTC))
        return _read(path)


def _state(symbol: str, state: State, rows: pd.DataFrame, reason: Note | None) -> PulledRatings:
    first, last = (as_date(day) for day in (rows["date"].min(), rows["date"].max())) if len(rows) else (None, None)
    return PulledRatings(symbol, state, len(rows), first, last, reason)


def _refusal(symbol: str, stored: pd.DataFrame, found: pd.DataFrame, today: dt.date) -> Note | None:
    late = found[found["date"] > pd.Timestamp(today)] if len(found) else found
    if len(late):
        return Note("ratings_future", {"symbol": symbol, "day": as_date(late["date"].iloc[0])})
    coded = found[found["code"] != ""]
    both = stored.merge(coded, on="code", suffixes=("", "_new"))
    for name in ("date", "house", "rating"):
        changed = both[both[name] != both[f"{name}_new"]]
        if len(changed):
            row = changed.iloc[0]
            return Note("ratings_changed", {"symbol": symbol, "code": row["code"], "was": row[name], "now": row[f"{name}_new"]})
    return None


def report_ids(rows: pd.DataFrame) -> list[str]:
    """What tells a report from every other of its symbol: Eastmoney's number, else day, house and title."""
    cells = zip(rows["code"], rows["date"], rows["house"], rows["title"], strict=True)
    return [code or f"{day:%Y-%m-%d} {house} {title}" for code, day, house, title in cells]


def _joined(stored: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Stored and found reports, each once; what a report said first stays, what it did not say yet is added."""
    both = pd.concat([each for each in (stored, found) if len(each)] or [stored])
    both = both.assign(report=report_ids(both))
    first = both.groupby("report", sort=False).first().reset_index()
    return first.sort_values(["date", "report"], ignore_index=True)[list(RATING_COLUMNS)]


def _read(path: Path) -> pd.DataFrame:
    """Stored reports; a file of an older version lacks the later columns. ScreenerError where it does not open."""
    if path.is_file():
        try:
            stored = pd.read_parquet(path)
        except (OSError, pa.ArrowException, ValueError) as error:
            raise unreadable(path, error) from None
        stored = stored.reindex(columns=list(RATING_COLUMNS)).astype({"date": "datetime64[s]"})
        texts = [name for name in RATING_COLUMNS if name not in ("date", "target_low", "target_high")]
        return stored.assign(**{name: stored[name].fillna("").astype(str) for name in texts})
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in RATING_COLUMNS})
    return empty.assign(date=pd.Series(dtype="datetime64[s]"))


def _write(path: Path, frame: pd.DataFrame) -> None:
    with replacing(path) as part:
        frame.to_parquet(part, index=False)


def ratings_table(folder: Path, symbols: Sequence[str], scales: Mapping[str, RatingScale], default: str) -> pd.DataFrame:
    """The stored ratings of `symbols` as `grade` takes them, with house, title, words of the source and how they were mapped.

    scale: the house's own where a scale of `scales` names the house, else `default`, and `mapped` says which it was. The
    rating is the house's printed word if the scale has it, else Eastmoney's word if the scale has it, else the scale's
    rating of the same side and strength; blank where the report has no rating.
    """
    houses = {scale.house: scale.id for scale in scales.values()}
    rows = []
    stored = [_read(folder / f"{symbol}.parquet") for symbol in symbols]
    for report, row in (each for one in stored for each in zip(report_ids(one), one.to_dict("records"), strict=True)):
        scale_id = houses.get(row["house"], default)
        rating, how = map_rating(row["printed"], row["rating"], scales[scale_id].stock)
        rows.append(
            {
                "rating_id": f"{row['symbol']} {report}",
                "symbol": row["symbol"],
                "published": as_date(row["date"]),
                "rating": rating,
                "scale": scale_id,
                "house": row["house"],
                "title": row["title"],
                "printed": row["printed"],
                "vendor_rating": row["rating"],
                "target_price": _target(row["target_low"], row["target_high"]),
                "target_low": row["target_low"],
                "target_high": row["target_high"],
                "last_rating": row["last_rating"],
                "rating_change": row["rating_change"],
                "mapped": ("own_scale" if row["house"] in houses else "default_scale") + f" {how}",
            }
        )
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def _target(low: float, high: float) -> float:
    """The target price where the report has one; NaN for a range or none."""
    if math.isnan(low) or math.isnan(high):
        return high if math.isnan(low) else low
    return low if low == high else float("nan")


def map_rating(printed: str, vendor: str, ladder: Ladder) -> tuple[str, str]:
    """(the scale's rating, how it was found): `printed`, `vendor`, `side`, or "" with `unrated`."""
    for word, how in ((printed, "printed"), (vendor, "vendor")):
        if word and word in ladder.ratings:
            return word, how
    if vendor not in WORDS:
        return "", "unrated"
    side, place = WORDS[vendor]
    ordered = [band.rating for band in ladder.bands if band.side == side]
    strongest_first = ordered if side != "sell" else ordered[::-1]
    if not strongest_first:
        return "", "unrated"
    return strongest_first[min(place, len(strongest_first) - 1)], "side"
