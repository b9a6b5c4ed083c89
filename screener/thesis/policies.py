"""The policies that a report gives as evidence, as data: dated events with their quantified targets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from screener.terms.sessions import add_months
from screener.thesis.markets import Frozen

PolicyField = Literal["compute", "application", "network", "east_west"]
Comparator = Literal[">", ">=", "<", "<=", "=", "~"]
Unit = Literal["EFLOPS", "PFLOPS", "EB", "ms", "racks", "count", "fraction", "per_year", "per_field", "ratio", "PUE"]
DueStatus = Literal["passed", "soon", "later", "stated"]
# A target due within this many months of the as-of date is a checkpoint to prepare for.
SOON_MONTHS = 6


class Target(Frozen):
    """A quantified aim of a policy: `value` in `unit` (shares as fractions) by `due`.

    `kind` `status` is a figure that the source states as reached; it has no due date. `buckets`: whom it concerns, our
    judgement. `note`: where the source leaves something open.
    """

    metric: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    name_en: str
    kind: Literal["target", "status"] = "target"
    comparator: Comparator
    value: float = Field(gt=0)
    unit: Unit
    due: dt.date | None = None
    scope: str
    scope_en: str
    buckets: tuple[str, ...] = Field(min_length=1)
    note: str | None = None

    def due_status(self, as_of: dt.date) -> DueStatus:
        """`passed` when due before or on `as_of`, `soon` within six calendar months, `later`; `stated` without a date."""
        if self.due is None:
            return "stated"
        if self.due <= as_of:
            return "passed"
        return "soon" if self.due <= add_months(as_of, SOON_MONTHS) else "later"


class Policy(Frozen):
    """One policy: published in `month`, on `day` only where a public announcement is known (`day_source` says which).

    `tables`: numbers of the report's tables that list it; `keywords`: by field; `issuers`: empty where the table prints
    none; `correction`: what the source prints wrongly or in two ways, and what was kept.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    day: dt.date | None = None
    day_source: str | None = None
    issuers: tuple[str, ...] = ()
    region: str
    region_en: str
    title: str
    title_en: str
    tables: tuple[int, ...] = Field(min_length=1)
    keywords: Mapping[PolicyField, tuple[str, ...]] = Field(min_length=1)
    buckets: tuple[str, ...] = Field(min_length=1)
    correction: str | None = None
    correction_en: str | None = None
    targets: tuple[Target, ...] = ()

    @property
    def fields(self) -> tuple[PolicyField, ...]:
        """What the policy is about, in the order of the file."""
        return tuple(self.keywords)

    @property
    def first_day(self) -> dt.date:
        """The first day on which it can have been published."""
        return self.day or dt.date.fromisoformat(f"{self.month}-01")

    @property
    def last_day(self) -> dt.date:
        """The last day on which it can have been published."""
        return self.day or add_months(self.first_day, 1) - dt.timedelta(days=1)


class PolicyBook(Frozen):
    """The policies of one thesis, oldest first."""

    thesis: str
    source: str
    policies: tuple[Policy, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Checkpoint:
    """A quantified target of a policy and whether its due date has passed; nobody has checked whether it was attained."""

    policy: Policy
    target: Target
    status: DueStatus


def checkpoints(book: PolicyBook, as_of: dt.date) -> tuple[Checkpoint, ...]:
    """Every target by due date (undated last), with its status on `as_of`; policies after `as_of` are not known yet."""
    found = [
        Checkpoint(policy, target, target.due_status(as_of))
        for policy in book.policies
        if policy.first_day <= as_of
        for target in policy.targets
    ]
    return tuple(sorted(found, key=lambda each: each.target.due or dt.date.max))
