"""What is wrong with a ratings file: every fault is counted, the first ones are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from screener.grading.coding import Fault
from screener.terms.notes import InputProblems, Problem

SHOWN = 10


@dataclass
class Faults:
    """The faults of one file: how many, and the first of them by line."""

    file: str
    count: int = 0
    shown: list[Problem] = field(default_factory=list)

    def add(self, problems: Iterable[Problem], *, count: int | None = None) -> None:
        """Take in `problems`, of which there are `count` in all (None = these); only the first are kept."""
        new = list(problems)
        self.count += len(new) if count is None else count
        self.shown = sorted([*self.shown, *new], key=lambda problem: problem.line or 0)[:SHOWN]

    def take(self, faults: Iterable[Fault], line: Callable[[int], int], first: int) -> None:
        """Take in what is wrong with a batch, whose first row is row `first` of the file; `line`: where a row stands."""
        for fault in faults:
            rows = np.flatnonzero(fault.rows)
            self.add((self._problem(fault, line, first, row) for row in rows[:SHOWN].tolist()), count=len(rows))

    def _problem(self, fault: Fault, line: Callable[[int], int], first: int, row: int) -> Problem:
        value = fault.value(row)
        return Problem(self.file, line(first + row), fault.column, value, fault.code, {"value": value, **fault.params})

    def check(self) -> None:
        """InputProblems when there is any fault."""
        if self.count:
            rest = self.count - len(self.shown)
            more = [Problem(self.file, None, "", "", "ratings_more", {"rest": f"{rest:,}"})] if rest else []
            raise InputProblems("ratings_broken", [*self.shown, *more], file=self.file, total=f"{self.count:,}")
