"""Check whether a Chinese sell-side theme report's rating came true, under the report's own rule.

>>> import screener as sc
>>> sc.outcome(sc.load_thesis(), sc.open_prices("snapshot")).band("801770.SI")
'中性'
"""

import sys
from types import ModuleType
from typing import Any

__version__ = "0.1.0"
# What `import screener as sc` offers; all but the version come from `screener.api` when first asked for, so that importing
# the package costs nothing.
__all__ = [  # noqa: PLE0604 every name but the version is found by __getattr__
    "ScreenerError",
    "UsageError",
    "__version__",
    "list_theses",
    "load_thesis",
    "open_prices",
    "outcome",
    "screen",
    "sensitivity",
    "week",
]


class _Package(ModuleType):
    """The package, on which importing the module `screener.outcome` does not hide the function `screener.outcome`.

    Python sets a module as an attribute of its package after loading it. Modules are reached by import statements
    (`from screener.outcome import judge`), the public names as attributes: so a module never takes a public name's place.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screener import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
