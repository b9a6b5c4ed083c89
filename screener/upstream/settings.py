"""The user's own patience and order of sources: `sources.toml` in the store's folder."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from screener.terms.notes import UsageError
from screener.upstream.patience import Policy
from screener.upstream.vendors import SOURCES

FILE = "sources.toml"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How sources are asked. `order`: a symbol, `stock` or `index` → names of sources, in the order to ask them."""

    policy: Policy = dataclasses.field(default_factory=Policy)
    order: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def load_settings(folder: Path) -> Settings:
    """Read `sources.toml` (tables `policy`, with the fields of Policy, and `order`); defaults without it.

    UsageError for text that is not TOML, an unknown key, a value that is not a positive number, an unknown source.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("settings_broken", file=path, detail=error) from None
    unknown = sorted(set(tables) - {"policy", "order"})
    if unknown:
        raise UsageError("settings_unknown", file=path, key=unknown[0], known="policy, order")
    return Settings(_policy(tables.get("policy", {}), path), _order(tables.get("order", {}), path))


def _policy(table: dict[str, Any], path: Path) -> Policy:
    known = {each.name: type(getattr(Policy(), each.name)) for each in dataclasses.fields(Policy)}
    for key, value in table.items():
        if key not in known:
            raise UsageError("settings_unknown", file=path, key=f"policy.{key}", known=", ".join(known))
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or (value == 0 and key != "jitter"):
            raise UsageError("settings_number", file=path, key=f"policy.{key}", value=value)
    return Policy(**{key: known[key](value) for key, value in table.items()})


def _order(table: dict[str, Any], path: Path) -> dict[str, tuple[str, ...]]:
    for key, names in table.items():
        wrong = [name for name in names if name not in SOURCES] if isinstance(names, list) else [names]
        if wrong or not names:
            raise UsageError("settings_unknown", file=path, key=f"order.{key}: {wrong}", known=", ".join(SOURCES))
    return {key: tuple(names) for key, names in table.items()}
