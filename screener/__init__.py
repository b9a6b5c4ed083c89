"""Check whether a Chinese sell-side theme report's rating came true, under the report's own rule.

>>> import screener as sc
>>> sc.outcome(sc.load_thesis(), sc.open_prices("snapshot")).band("801770.SI")
'中性'
"""

from typing import Any

from screener.version import __version__

# What `import screener as sc` offers; all but the version come from `screener.notebook.api` when first asked for, so that
# importing the package costs nothing.
__all__ = [  # noqa: PLE0604 every name but the version is found by __getattr__
    "ScreenerError",
    "UsageError",
    "__version__",
    "desk",
    "events",
    "grade",
    "list_theses",
    "load_thesis",
    "open_prices",
    "outcome",
    "screen",
    "sensitivity",
    "trust",
    "week",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screener.notebook import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
