"""What a source calls its columns, in our names, dates and units; and whether its units and scale can be believed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from screener.upstream.replies import Reply, SourceError

BAR_COLUMNS = ("session", "open", "high", "low", "close", "volume", "amount")
PRICE_COLUMNS = ("open", "high", "low", "close")
ACTION_COLUMNS = ("ex_date", "cash_per_share", "split_ratio")
SHARE_COLUMNS = ("date", "float_shares")
VALUE_COLUMNS = ("date", "pe_ttm", "pb", "total_cap", "float_cap")
# A float market value may differ from close × float shares by this fraction: both are rounded, to cents and 10,000 shares.
SHARES_TOLERANCE = 0.005
# Sina's page: which table has the rights issues, which column the ex-date, how many columns there must be.
_RIGHTS_TABLE, _RIGHTS_COLUMN, _RIGHTS_WIDTH = 13, 4, 11


def read_bars(frame: pd.DataFrame, names: Mapping[str, str], host: str, *, name: str = "") -> pd.DataFrame:
    """BAR_COLUMNS from a source's frame, `names`: its column → ours; values as found, what is no number is NaN."""
    bars = rename(frame, names, host)[list(BAR_COLUMNS)]
    bars["session"] = read_days(bars["session"], host)
    for column in BAR_COLUMNS[1:]:
        bars[column] = read_numbers(bars[column])
    bars.attrs = {"name": name}
    return bars


def read_index_records(
    records: Sequence[Mapping[str, Any]], names: Mapping[str, str], host: str, *, name: str, yuan: float
) -> pd.DataFrame:
    """Bars of an index from JSON records, amounts in units of `yuan` CNY, no volume.

    Where a source has computed closes only, the other three prices are blank or all 0: they become NaN.
    """
    frame = rename(pd.DataFrame(list(records)), names, host).assign(volume=np.nan)
    bars = read_bars(frame, {column: column for column in BAR_COLUMNS}, host, name=name)
    only_close = (bars[["open", "high", "low"]].fillna(0) == 0).all(axis=1)
    bars.loc[only_close, ["open", "high", "low"]] = np.nan
    bars["amount"] *= yuan
    return bars


def without_volume(bars: pd.DataFrame) -> pd.DataFrame:
    """An index is not traded: what sources call its volume is its members', in units that differ."""
    return bars.assign(volume=np.nan)


def within(bars: pd.DataFrame, start: dt.date, end: dt.date) -> pd.DataFrame:
    """The rows from `start` to `end`, ascending; whatever more a source gives (whole history, a live bar) stays out."""
    inside = bars[(bars["session"] >= pd.Timestamp(start)) & (bars["session"] <= pd.Timestamp(end))]
    return inside.sort_values("session", kind="stable", ignore_index=True)


def rename(frame: pd.DataFrame, names: Mapping[str, str], host: str) -> pd.DataFrame:
    """The columns of `names` under our names; any other is left out, a missing one is an error that names it."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SourceError("columns_missing", host=host, columns=", ".join(missing))
    return frame[list(names)].rename(columns=dict(names)).copy()


def data_of(reply: Reply) -> Any:
    """What stands under `data` in a JSON reply; SourceError where there is no such key."""
    said = reply.json
    if not isinstance(said, dict) or "data" not in said:
        raise SourceError("columns_missing", host=reply.host, columns="data", excerpt=reply.body)
    return said["data"]


def record_of(reply: Reply, value: Any) -> dict[str, Any]:
    """A JSON object out of `reply`, null and [] as an empty one; SourceError where it is something else."""
    if value and not isinstance(value, dict):
        raise SourceError("layout_changed", host=reply.host, excerpt=reply.body, detail=type(value).__name__)
    return dict(value or {})


def records_of(reply: Reply, value: Any) -> list[dict[str, Any]]:
    """A JSON list of objects out of `reply`, null as an empty one; SourceError where it is something else."""
    if value is not None and not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
        raise SourceError("layout_changed", host=reply.host, excerpt=reply.body, detail=type(value).__name__)
    return list(value or [])


def different(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of a list that came in pages, each once: a page that came twice does not make up for one that did not."""
    return list({json.dumps(record, sort_keys=True): record for record in records}.values())


def drop_copy(found: list[dict[str, Any]], later: Sequence[dict[str, Any]], start: dt.date) -> list[dict[str, Any]]:
    """csindex's records without a first one that only repeats the next (in `found` or `later`) under the day asked for.

    A session whose every value, amounts included, equals those of the session after it has not been seen.
    """
    following = [*found, *later][1:2]
    if not found or not following or day_of(found[0].get("tradeDate")) != start:
        return found
    same = {**found[0], "tradeDate": ""} == {**following[0], "tradeDate": ""}
    return found[1:] if same else found


def announced(said: object) -> object:
    """How many records an exchange says that its list has: Shanghai's reply, or Beijing's, which stands in a list."""
    first = said[0] if isinstance(said, list) and said else said
    if not isinstance(first, dict):
        return None
    return record["total"] if isinstance(record := first.get("pageHelp"), dict) else first.get("totalElements")


def check_count(host: str, count: int, total: object) -> None:
    """SourceError `list_truncated` when a source says that it has more rows than it gave."""
    if isinstance(total, int) and count < total:
        raise SourceError("list_truncated", host=host, count=count, total=total)


def read_days(days: pd.Series, host: str) -> pd.Series:
    """Plain dates, whatever they were: dates, 20250303, 2025-03-03T00:00:00.000Z (which is the day that it says)."""
    read = days.map(day_of)
    if read.isna().any():
        raise SourceError("dates_unreadable", host=host, count=int(read.isna().sum()))
    return pd.to_datetime(read).astype("datetime64[s]")


def day_of(value: object) -> dt.date | None:
    """The day that a value begins with; None when it is none."""
    digits = str(value).replace("-", "")[:8]
    try:
        return dt.datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 - a date, no time
    except ValueError:
        return None


def read_numbers(values: pd.Series) -> pd.Series:
    """Numbers as found; what is no number ('-', blank) is NaN."""
    return pd.to_numeric(values, errors="coerce").astype(float)


def sum_actions(found: Iterable[tuple[object, float, float]]) -> pd.DataFrame:
    """ACTION_COLUMNS, a row per ex-date, from (ex-date, cash per share, new shares per share; NaN = a rights issue).

    Rows that change nothing are left out.
    """
    frame = pd.DataFrame(list(found), columns=list(ACTION_COLUMNS))
    frame = frame.astype({"ex_date": "datetime64[s]", "cash_per_share": float, "split_ratio": float})
    frame = frame[(frame["cash_per_share"] != 0) | (frame["split_ratio"] != 0)]
    summed = frame.groupby("ex_date").agg(_sum_known)
    summed["split_ratio"] += 1
    return summed.round(9).reset_index()[list(ACTION_COLUMNS)]


def _sum_known(values: pd.Series) -> float:
    """The sum, NaN where any part is unknown; groupby().sum can say that from pandas 3 on only."""
    return float(values.sum(skipna=False))


def read_shares(records: Sequence[Mapping[str, Any]], host: str) -> pd.DataFrame:
    """SHARE_COLUMNS, ascending, a row per day, from records with close (CNY), float market value (CNY) and float shares.

    A day contradicts itself where market value ≠ close × shares by more than SHARES_TOLERANCE, the count is not positive or
    there are two: its count is NaN, its date in `attrs["refused"]`. SourceError `shares_contradict` when most days do: then
    it is the units. A day without close or market value cannot be checked and is taken.
    """
    names = {"TRADE_DATE": "date", "CLOSE_PRICE": "close", "NOTLIMITED_MARKETCAP_A": "value", "FREE_SHARES_A": "float_shares"}
    frame = rename(pd.DataFrame(list(records)), names, host)
    frame["date"] = read_days(frame["date"], host)
    for column in ("close", "value", "float_shares"):
        frame[column] = read_numbers(frame[column])
    frame = frame.drop_duplicates().sort_values("date", kind="stable", ignore_index=True)
    off = (frame["value"] / (frame["close"] * frame["float_shares"]) - 1).abs() > SHARES_TOLERANCE
    wrong = off | (frame["float_shares"] <= 0) | frame["date"].duplicated(keep=False)
    if wrong.mean() > 0.5:
        first = frame[wrong].iloc[0]
        close, shares, value = (f"{first[name]:g}" for name in ("close", "float_shares", "value"))
        day = f"{first['date']:%Y-%m-%d}"
        raise SourceError("shares_contradict", host=host, day=day, close=close, shares=shares, value=value)
    counts = frame.assign(float_shares=frame["float_shares"].mask(wrong)).drop_duplicates("date", ignore_index=True)
    counts.attrs = {"refused": tuple(frame.loc[wrong, "date"].dt.date.drop_duplicates())}
    return counts[list(SHARE_COLUMNS)]


def read_values(records: Sequence[Mapping[str, Any]], host: str) -> pd.DataFrame:
    """VALUE_COLUMNS, ascending, a row per day, as published: multiples and CNY; what is no finite number is NaN."""
    names = {
        "TRADE_DATE": "date",
        "PE_TTM": "pe_ttm",
        "PB_MRQ": "pb",
        "TOTAL_MARKET_CAP": "total_cap",
        "NOTLIMITED_MARKETCAP_A": "float_cap",
    }
    frame = rename(pd.DataFrame(list(records)), names, host)
    frame["date"] = read_days(frame["date"], host)
    for column in VALUE_COLUMNS[1:]:
        numbers = read_numbers(frame[column])
        frame[column] = numbers.where(np.isfinite(numbers))
    return frame.drop_duplicates("date").sort_values("date", ignore_index=True)[list(VALUE_COLUMNS)]


def read_rights(reply: Reply) -> list[dt.date]:
    """Ex-dates of rights issues, from Sina's page that the dividends came with.

    akshare would ask for the same page again and take the same table and column by position.
    """
    tables = pd.read_html(StringIO(reply.body.decode("gb18030", errors="replace")))
    if len(tables) <= _RIGHTS_TABLE or tables[_RIGHTS_TABLE].shape[1] != _RIGHTS_WIDTH:
        raise SourceError("layout_changed", host=reply.host, excerpt=reply.body, detail="配股")
    days = [day_of(value) for value in tables[_RIGHTS_TABLE].iloc[:, _RIGHTS_COLUMN]]
    return [day for day in days if day is not None]


def volume_unit(bars: pd.DataFrame, units: Sequence[float], host: str) -> float:
    """Shares per unit of volume, from amount / (volume × price); `units`: those the source may use, the documented first.

    The documented unit where no row can prove it; SourceError `units_unclear` when none fits most rows. Another unit than
    the documented one needs three rows, so that `check_scale` can tell it from prices that are 100 times too large.
    """
    proof = bars[(bars["volume"] > 0) & (bars["amount"] > 0) & (bars["low"] > 0) & (bars["high"] >= bars["low"])]
    if proof.empty:
        return units[0]
    price = proof["amount"] / proof["volume"]
    for unit in units:
        fits = (price / unit >= proof["low"] / 2) & (price / unit <= proof["high"] * 2)
        if fits.mean() > 0.5 and (unit == units[0] or len(proof) >= 3):
            return unit
    ratio = float((price / proof["close"]).median())
    raise SourceError("units_unclear", host=host, ratio=f"{ratio:.4g}")


def check_scale(bars: pd.DataFrame, host: str) -> None:
    """SourceError `price_scale` when every mainland price is a whole number of at least 100: cents taken for CNY.

    Needs three traded rows; fewer cannot tell.
    """
    prices = bars.loc[bars["volume"] != 0, list(PRICE_COLUMNS)].dropna(axis=1, how="all").dropna().to_numpy()
    if len(prices) >= 3 and prices.min() >= 100 and np.allclose(prices, np.round(prices), rtol=0, atol=1e-6):
        raise SourceError("price_scale", host=host)
