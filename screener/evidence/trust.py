"""How far to trust the answer, in one value and one sentence: conventions, luck, and what hangs on one name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from screener.evidence.base_rates import BaseRate
from screener.evidence.bases import Basis
from screener.evidence.placebo import Against, Placebo
from screener.evidence.robustness import Robustness
from screener.evidence.sensitivity import Sensitivity
from screener.judgement.outcome import Outcome
from screener.terms.notes import Gap, UsageError

# Random baskets where no number is asked for, and the most that may be.
BASKETS, MOST_BASKETS = 10_000, 1_000_000


@dataclass(frozen=True, eq=False)
class Trust:
    """What was asked for; None or empty where it was not. `seed` makes every drawn figure repeatable."""

    outcome: Outcome
    robustness: Robustness
    bases: tuple[Basis, ...]
    seed: int
    sensitivity: Sensitivity | None = None
    placebo: tuple[Placebo, ...] = ()
    base_rates: tuple[BaseRate, ...] = ()

    @property
    def months(self) -> int:
        """The horizon that tables show: the longest that is due; the headline's while none is."""
        return self.outcome.due_months or self.outcome.scale.window.to_months

    def placebo_of(self, subject: str, months: int, against: Against) -> Placebo | None:
        """The comparison of a subject at a horizon, None where none was asked for."""
        key = (subject, months, against)
        return next((each for each in self.placebo if (each.subject, each.horizon_months, each.against) == key), None)

    def base_rate_of(self, subject: str, months: int, against: str) -> BaseRate | None:
        """The base rate of a subject at a horizon, None where none was asked for."""
        key = (subject, months, against)
        return next((each for each in self.base_rates if (each.subject, each.horizon_months, each.against) == key), None)

    def gaps(self) -> Iterator[tuple[str, Gap]]:
        """Every gap of what was asked for, with its subject; what is not due yet is none."""
        found = [(each.subject, each.gap) for each in self.placebo] + [(each.subject, each.gap) for each in self.base_rates]
        yield from ((subject, gap) for subject, gap in found if gap is not None and gap.code != "not_due")


def check_draws(placebo: int | None, seed: int) -> None:
    """UsageError when the number of baskets or the seed makes no sense."""
    if placebo is not None and not 1 <= placebo <= MOST_BASKETS:
        raise UsageError("placebo_count", most=MOST_BASKETS, value=placebo)
    if seed < 0:
        raise UsageError("placebo_seed", value=seed)
