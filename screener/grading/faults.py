"""What is wrong with a ratings file: every fault is counted, the first ones are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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

    def check(self) -> None:
        """InputProblems when there is any fault."""
        if self.count:
            rest = self.count - len(self.shown)
            more = [Problem(self.file, None, "", "", "ratings_more", {"rest": f"{rest:,}"})] if rest else []
            raise InputProblems("ratings_broken", [*self.shown, *more], file=self.file, total=f"{self.count:,}")
