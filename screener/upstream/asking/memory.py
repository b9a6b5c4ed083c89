"""What an update remembers of hosts and is told of them: `breakers.json` and `sources.toml` in the store's folder."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from screener.store.store import Store
from screener.terms.notes import Note, UsageError
from screener.upstream.asking.patience import Breaker, Policy
from screener.upstream.asking.vendors import SOURCES

BREAKERS, SETTINGS = "breakers.json", "sources.toml"
# The first refusal after a rest begins the next one; a host that refused longer ago than this is a host like any other.
MEMORY = dt.timedelta(days=1)
# No pause, deadline or rest is longer than a day; no count of tries or calls a second larger.
MOST = 86_400.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """How sources are asked. `order`: a symbol, board or kind → names of sources, in the order to ask them.

    `unverified`: hosts that may be asked although their certificate cannot be checked; what comes from them is marked.
    """

    policy: Policy = dataclasses.field(default_factory=Policy)
    order: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    unverified: frozenset[str] = frozenset()


def load_settings(folder: Path) -> Settings:
    """Read `sources.toml` (tables `policy`, with the fields of Policy, `order` and `hosts`); defaults without it.

    UsageError for text that is not TOML, an unknown key, a number that cannot be meant, an unknown source or host.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return Settings()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("settings_broken", file=path, detail=error) from None
    unknown = sorted(set(tables) - {"policy", "order", "hosts"})
    if unknown:
        raise UsageError("settings_unknown", file=path, key=unknown[0], known="policy, order, hosts")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError("settings_unknown", file=path, key=f"{name} = {table}", known=f"[{name}]")
    return Settings(
        _policy(tables.get("policy", {}), path), _order(tables.get("order", {}), path), _hosts(tables.get("hosts", {}), path)
    )


def _policy(table: dict[str, Any], path: Path) -> Policy:
    known = {each.name: type(getattr(Policy(), each.name)) for each in dataclasses.fields(Policy)}
    for key, value in table.items():
        if key not in known:
            raise UsageError("settings_unknown", file=path, key=f"policy.{key}", known=", ".join(known))
        if not _can_be_meant(key, value, known[key]):
            raise UsageError("settings_number", file=path, key=f"policy.{key}", value=value)
    return Policy(**{key: known[key](value) for key, value in table.items()})


def _can_be_meant(key: str, value: object, kind: type) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    least = 0.0 if key in ("jitter", "backoff_seconds") else 1.0 if kind is int else 0.001
    return least <= value <= MOST and (kind is float or value == int(value))


def _order(table: dict[str, Any], path: Path) -> dict[str, tuple[str, ...]]:
    for key, names in table.items():
        wrong = [name for name in names if name not in SOURCES] if isinstance(names, list) else [names]
        if wrong or not names:
            raise UsageError("settings_unknown", file=path, key=f"order.{key}: {wrong}", known=", ".join(SOURCES))
    return {key: tuple(names) for key, names in table.items()}


def _hosts(table: dict[str, Any], path: Path) -> frozenset[str]:
    """The hosts with `verify = false`; a host must be one that is asked, and nothing else can be said of it."""
    known = sorted({source.host for source in SOURCES.values()})
    for host, said in table.items():
        if host not in known:
            raise UsageError("settings_unknown", file=path, key=f"hosts.{host}", known=", ".join(known))
        if not isinstance(said, dict) or set(said) != {"verify"} or not isinstance(said["verify"], bool):
            raise UsageError("settings_unknown", file=path, key=f"hosts.{host}: {said}", known="verify = true, verify = false")
    return frozenset(host for host, said in table.items() if not said["verify"])


def load_breakers(folder: Path, *, now: dt.datetime) -> tuple[dict[str, Breaker], tuple[Note, ...]]:
    """Host → Breaker of the last day, for `Fetcher(breakers=…)`; nothing without the file. `now` is aware.

    What cannot be read or cannot be, and an opening in the future (the clock was set back), is ignored with a note.
    """
    path = folder / BREAKERS
    try:
        entries = json.loads(path.read_text("utf-8"))
        found = {host: _breaker(entry) for host, entry in entries.items()}
    except FileNotFoundError:
        return {}, ()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        return {}, (Note("breakers_unreadable", {"file": path, "detail": type(error).__name__}),)
    ahead = sorted(host for host, (opened, _) in found.items() if opened > now)
    notes = tuple(Note("breaker_ahead", {"host": host, "opened": f"{found[host][0]:%Y-%m-%d %H:%M}Z"}) for host in ahead)
    return {host: breaker for host, (opened, breaker) in found.items() if now - MEMORY <= opened <= now}, notes


def _breaker(entry: Mapping[str, object]) -> tuple[dt.datetime, Breaker]:
    opened, until = (dt.datetime.fromisoformat(str(entry[name])) for name in ("opened", "until"))
    refusals, subjects = int(str(entry["refusals"])), entry.get("subjects", [])
    if opened.tzinfo is None or until.tzinfo is None or not opened <= until <= opened + MEMORY:
        raise ValueError
    if not 1 <= refusals <= MOST or not isinstance(subjects, list):
        raise ValueError
    return opened, Breaker(refusals, until, opened, frozenset(map(str, subjects)))


def keep_breakers(store: Store, breakers: Mapping[str, Breaker]) -> None:
    """Write the hosts that are or were left alone into the store's folder, where anything changed; needs `store.writing`.

    Seconds are cut off, never rounded up, so that no opening lies in the future.
    """
    entries = {
        host: {
            "refusals": each.refusals,
            "opened": each.opened.isoformat(timespec="seconds"),
            "until": each.until.isoformat(timespec="seconds"),
            "subjects": sorted(each.subjects),
        }
        for host, each in sorted(breakers.items())
        if each.opened is not None and each.until is not None
    }
    text, path = json.dumps(entries, indent=1), store.folder / BREAKERS
    if path.read_bytes() != text.encode() if path.is_file() else entries:
        store.write_text(BREAKERS, text)
