"""Pandera without the libraries that it imports wherever they are installed, though no table here uses them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# hypothesis makes example data and pyspark is a backend: together a third of the time that a command takes to start.
UNUSED = ("hypothesis", "pyspark")


@contextmanager
def left_out(names: tuple[str, ...]) -> Iterator[None]:
    """Importing one of `names` fails inside, as if it were not installed; one already imported stays."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python is told that there is no such module
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


with left_out(UNUSED):
    import pandera.pandas as pa
    import pandera.strategies.pandas_strategies  # noqa: F401 pandera loads it at the first check, which is too late for us

__all__ = ["left_out", "pa"]
