"""What ratings are graded against, as arrays: numpy alone, so that an engine can send it to where the ratings are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from screener.measures.cells import Codes, Floats, Panel

if TYPE_CHECKING:
    from screener.grading.standards import Plan

# The two horizons that have columns of their own, calendar months.
HORIZONS = (6, 12)
STATUSES = ("pending", "running", "matured")
# No day, as days since 1970.
NO_DAY = np.iinfo(np.int32).min
Places = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Standards:
    """Plans and the words that ratings use, as arrays.

    By plan: `months` (first, last) of its window. By word: its rating, `plan`, and as excess [from, to) the `stated` band and
    the bands that are `at_least` it (NaN: unrated). By plan and edge, padded with infinity: `edges`, `near_from`, `near_to`. By
    plan and number of edges passed: `band`, a place in `bands`.
    """

    plans: tuple[Plan, ...]
    ratings: tuple[str, ...]
    plan: Places
    months: Places
    stated: Floats
    at_least: Floats
    edges: Floats
    near_from: Floats
    near_to: Floats
    band: Places
    bands: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Dates:
    """What follows from each publication date (rows): positions are those of the panel's sessions, −1 = none.

    `published`, `base_day`, `end_day` (by month of `months`): days since 1970, NO_DAY = unknown. `base`, `end`: positions,
    −1 where not due. `gap`: why nothing published then has a figure (GAP_NUMBER, 0 = it may have one). `last`: the as-of
    date's position. `status`: by as-of date, publication date and plan, a place in STATUSES.
    """

    published: Places
    base_day: Places
    base: Places
    gap: Codes
    months: tuple[int, ...]
    end_day: Places
    end: Places
    status: Codes
    last: int

    def month(self, months: int) -> int:
        """Column of a horizon."""
        return self.months.index(months)


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything that a rating's figures follow from.

    By symbol of the ratings: `place` in the panel (−1 = none), why there is none, and `group`, the place of its own as-of date
    in `Dates.status`. By plan: `benchmark`, a place in the panel, −1 = none.
    """

    panel: Panel
    dates: Dates
    standards: Standards
    symbols: tuple[str, ...]
    place: Places
    missing: Codes
    group: Places
    benchmark: Places
