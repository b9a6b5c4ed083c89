"""What is remembered from run to run of hosts that turned us away: `breakers.json` in the store's folder."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

from screener.store.store import Store
from screener.terms.notes import Note
from screener.upstream.patience import Breaker

FILE = "breakers.json"
# The first refusal after a rest begins the next one; a host that refused longer ago than this is a host like any other.
MEMORY = dt.timedelta(days=1)


def load_breakers(folder: Path, *, now: dt.datetime) -> tuple[dict[str, Breaker], tuple[Note, ...]]:
    """Host → Breaker of the last day, for `Fetcher(breakers=…)`; nothing without the file. `now` is aware.

    A file that cannot be read, or an opening in the future (the clock was set back), is ignored with a note.
    """
    try:
        entries = json.loads((folder / FILE).read_text("utf-8"))
        found = {host: _breaker(entry) for host, entry in entries.items()}
    except FileNotFoundError:
        return {}, ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {}, (Note("breakers_unreadable", {"file": folder / FILE, "detail": type(error).__name__}),)
    ahead = sorted(host for host, (opened, _) in found.items() if opened > now)
    notes = tuple(Note("breaker_ahead", {"host": host, "opened": f"{found[host][0]:%Y-%m-%d %H:%M}Z"}) for host in ahead)
    return {host: breaker for host, (opened, breaker) in found.items() if now - MEMORY <= opened <= now}, notes


def _breaker(entry: Mapping[str, object]) -> tuple[dt.datetime, Breaker]:
    opened, until = (dt.datetime.fromisoformat(str(entry[name])) for name in ("opened", "until"))
    if opened.tzinfo is None or until.tzinfo is None or until < opened:
        raise ValueError
    return opened, Breaker(int(str(entry["refusals"])), until, opened)


def keep_breakers(store: Store, breakers: Mapping[str, Breaker]) -> None:
    """Write the hosts that are or were left alone into the store's folder, where anything changed; needs `store.writing`.

    Seconds are cut off, never rounded up, so that no opening lies in the future.
    """
    entries = {
        host: {
            "refusals": each.refusals,
            "opened": each.opened.isoformat(timespec="seconds"),
            "until": each.until.isoformat(timespec="seconds"),
        }
        for host, each in sorted(breakers.items())
        if each.opened is not None and each.until is not None
    }
    text, path = json.dumps(entries, indent=1), store.folder / FILE
    if path.read_bytes() != text.encode() if path.is_file() else entries:
        store.write_text(FILE, text)
