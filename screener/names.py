"""The small registry of names that ships with the package: symbol → name of what the bundled theses concern."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def bundled_names() -> dict[str, str]:
    """Symbol → name, from the bundled `figures/names.csv`."""
    with (files("screener") / "figures" / "names.csv").open(encoding="utf-8") as file:
        return {row["symbol"]: row["name"] for row in csv.DictReader(file)}
