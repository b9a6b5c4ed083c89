"""What was refused or set aside, with the reason: nothing that ever came in or lay in the store is thrown away."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from screener.store.files import write_file

EXCERPT = 200
# A source that is refused every day must not fill the disk: the newest records are kept.
KEPT_REFUSALS = 500


@dataclass(frozen=True)
class Quarantine:
    """The folder `quarantine/` of a store."""

    folder: Path

    def refusals(self) -> tuple[Path, ...]:
        """The records of refused data, oldest first."""
        return tuple(sorted(self.folder.glob("[!.]*.json")))

    def keep(
        self, symbol: str, *, source: str, reason: str, detail: str, excerpt: bytes, rows: pd.DataFrame | None, now: dt.datetime
    ) -> None:
        """Keep what was refused: a record with the reason and the first bytes, and the rows where there were any.

        The newest KEPT_REFUSALS records stay.
        """
        name = f"{now:%Y%m%dT%H%M%SZ}-{symbol}-{_slug(source)}"
        record = {
            "symbol": symbol,
            "source": source,
            "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "reason": reason,
            "detail": detail,
            "first_bytes": excerpt[:EXCERPT].decode("utf-8", "replace"),
        }
        if rows is not None:
            write_file(self.folder / f"{name}.csv", rows.to_csv(index=False).encode())
        write_file(self.folder / f"{name}.json", json.dumps(record, ensure_ascii=False, indent=2).encode())
        for old in self.refusals()[:-KEPT_REFUSALS]:
            for path in (old, old.with_suffix(".csv")):
                path.unlink(missing_ok=True)

    def take(self, path: Path, name: str, *, now: dt.datetime) -> Path:
        """Move a file here, beside whatever was set aside before; gives its new place."""
        self.folder.mkdir(exist_ok=True)
        stamp = f"unreadable-{now:%Y%m%dT%H%M%SZ}"
        places = (self.folder / f"{stamp}{f'-{count}' if count else ''}-{name}" for count in range(10_000))
        place = next(place for place in places if not place.exists())
        os.replace(path, place)
        return place


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text) or "unknown"
