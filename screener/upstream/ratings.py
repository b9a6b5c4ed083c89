"""Published ratings pulled through akshare, kept by symbol, and put together as a file that `grade` takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from screener.grading.facts import CALENDAR
from screener.grading.result_files import check_result_path, write_frame
from screener.terms.notes import Note
from screener.terms.replacing import replacing
from screener.terms.sessions import as_date
from screener.terms.symbols import parse_symbol
from screener.thesis.scale import Ladder, RatingScale
from screener.upstream.lists import RATING_COLUMNS, fetch_ratings
from screener.upstream.patience import Fetcher, FetchError
from screener.upstream.vendors import SOURCES

SOURCE = "eastmoney_reports"
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
        stored = _read(folder / f"{symbol}.parquet")
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
        joined = pd.concat([stored, found]).drop_duplicates("code", keep="first")
        joined = joined.sort_values(["date", "code"], ignore_index=True)
        _write(folder / f"{symbol}.parquet", joined)
        yield _state(symbol, "fresh", joined, None)


def _state(symbol: str, state: State, rows: pd.DataFrame, reason: Note | None) -> PulledRatings:
    first, last = (as_date(day) for day in (rows["date"].min(), rows["date"].max())) if len(rows) else (None, None)
    return PulledRatings(symbol, state, len(rows), first, last, reason)


def _refusal(symbol: str, stored: pd.DataFrame, found: pd.DataFrame, today: dt.date) -> Note | None:
    late = found[found["date"] > pd.Timestamp(today)] if len(found) else found
    if len(late):
        return Note("ratings_future", {"symbol": symbol, "day": as_date(late["date"].iloc[0])})
    both = stored.merge(found, on="code", suffixes=("", "_new"))
    for name in ("date", "house", "rating"):
        changed = both[both[name] != both[f"{name}_new"]]
        if len(changed):
            row = changed.iloc[0]
            return Note("ratings_changed", {"symbol": symbol, "code": row["code"], "was": row[name], "now": row[f"{name}_new"]})
    return None


def _read(path: Path) -> pd.DataFrame:
    if path.is_file():
        return pd.read_parquet(path)
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
    for row in (each for symbol in symbols for each in _read(folder / f"{symbol}.parquet").to_dict("records")):
        scale_id = houses.get(row["house"], default)
        rating, how = map_rating(row["printed"], row["rating"], scales[scale_id].stock)
        rows.append(
            {
                "rating_id": f"{row['symbol']} {row['code']}",
                "symbol": row["symbol"],
                "published": as_date(row["date"]),
                "rating": rating,
                "scale": scale_id,
                "house": row["house"],
                "title": row["title"],
                "printed": row["printed"],
                "vendor_rating": row["rating"],
                "mapped": ("own_scale" if row["house"] in houses else "default_scale") + f" {how}",
            }
        )
    names = ["rating_id", "symbol", "published", "rating", "scale", "house", "title", "printed", "vendor_rating", "mapped"]
    return pd.DataFrame(rows, columns=names)


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
