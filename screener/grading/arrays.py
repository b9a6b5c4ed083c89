"""What ratings are graded against, as arrays: numpy alone, so that an engine can send it to where the ratings are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.grading.plan import Plan
from screener.measures.cells import Codes, Floats, Panel

# The two horizons that have columns of their own, calendar months.
HORIZONS = (6, 12)
STATUSES = ("pending", "running", "matured")
# No day, as days since 1970.
NO_DAY = np.iinfo(np.int32).min
Places = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Standards:
    """Plans and the words that ratings use, as arrays.

    By plan: `names` (a scale's id, "" for no standard), `months` (first, last) of its window, whether it judges `by_sign`, the
    `absolute` return, or `needs_industry`. By word: its rating, `plan`, as figures [from, to) the `stated` band and the bands
    that are `at_least` it (NaN: cannot be told), `word_gap` (GAP_NUMBER) why, and its `rank`, 0 the worst. By plan and edge,
    padded with infinity: `edges`, `near_from`, `near_to`. By plan and number of edges passed: `band`, a place in `bands`. By
    plan and class of symbols: `flags` (bits).
    """

    plans: tuple[Plan, ...]
    names: tuple[str, ...]
    ratings: tuple[str, ...]
    plan: Places
    months: Places
    stated: Floats
    at_least: Floats
    word_gap: Codes
    rank: Places
    edges: Floats
    near_from: Floats
    near_to: Floats
    band: Places
    bands: tuple[str, ...]
    by_sign: npt.NDArray[np.bool_]
    absolute: npt.NDArray[np.bool_]
    needs_industry: npt.NDArray[np.bool_]
    flags: npt.NDArray[np.int16]


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

    By symbol of the ratings: `place` in the panel (−1 = none), why there is none, `group`, the place of its own as-of date in
    `Dates.status`, and `shelf`, the class of its exchange and board. By plan and class: `benchmark`, a place in the panel,
    −1 = none.
    """

    panel: Panel
    dates: Dates
    standards: Standards
    symbols: tuple[str, ...]
    place: Places
    missing: Codes
    group: Places
    shelf: Places
    benchmark: Places
