"""Whether two lists of corporate actions agree with each other and with the step of raw over a vendor's 前复权."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from screener.errors import Gap


@dataclass(frozen=True, eq=False)
class CheckedActions:
    """Actions that may be used, and the ex-dates that may not.

    `actions`: ex_date, cash_per_share, split_ratio, source ("a+b" = both say so); where sources disagree on an ex-date the
    value in doubt is NaN (cash: breaks `total`; ratio: breaks both series), so the row itself carries the break.
    `mismatches`: ex-date → Gap `action_mismatch` that names both and what they say.
    `checked`: names of what the list was checked against (other source, "adjusted"); empty = one source, unchecked.
    """

    actions: pd.DataFrame
    mismatches: Mapping[dt.date, Gap]
    checked: tuple[str, ...]


def check_actions(
    found: Mapping[str, pd.DataFrame],
    *,
    symbol: str,
    raw: pd.DataFrame,
    adjusted: pd.DataFrame | None,
) -> CheckedActions:
    """Compare the actions of one or two sources over the sessions of `raw` (session, close), and with `adjusted`.

    `found`: source name → ex_date, cash_per_share, split_ratio, in order of preference. `adjusted`: (session, close), a
    vendor's 前复权 closes as of now, or None. Actions outside the sessions of `raw` are kept and compared between sources only.
    """
    raise NotImplementedError
