"""What can go wrong, as values: a problem in an input, a gap in a result, an error that ends a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from screener.terms.say import Lang, printable, say

GapCode = Literal[
    "not_listed",
    "no_data",
    "stale",
    "not_due",
    "bad_data",
    "action_mismatch",
    "no_benchmark",
    "no_standard",
    "no_bands",
    "no_match",
]
GAP_CODES: tuple[str, ...] = get_args(GapCode)


def gap_kind(code: str, lang: Lang) -> str:
    """What kind of gap a code stands for, in a word or two for people."""
    return say(f"gap_word_{code}", lang)


@dataclass(frozen=True)
class Gap:
    """Why a figure does not exist; `reason` is a message code, `params` fill it."""

    code: GapCode
    reason: str
    params: dict[str, object] = dataclasses.field(default_factory=dict)

    def kind(self, lang: Lang = "zh") -> str:
        """Say in a word or two what kind of gap it is; programs get its code."""
        return gap_kind(self.code, lang)

    def text(self, lang: Lang = "zh") -> str:
        """Say the reason in one sentence."""
        return say(self.reason, lang, **self.params)


@dataclass(frozen=True)
class Problem:
    """One fault in a user's file: where it stands, what stands there, and the message code of what is wrong."""

    file: str
    line: int | None
    field: str
    value: str
    code: str
    params: dict[str, object] = dataclasses.field(default_factory=dict)

    def text(self, lang: Lang = "zh") -> str:
        """Say what is wrong and what to do, without the place."""
        return say(self.code, lang, **self.params)

    def line_text(self, lang: Lang = "zh") -> str:
        """One line: `file:line  field  value  what is wrong`."""
        return printable("  ".join(part for part in (self.place, self.field, self.value, self.text(lang)) if part))

    @property
    def place(self) -> str:
        """`file:line`, or the file alone where no line is to blame."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class ScreenerError(Exception):
    """A run cannot go on; carries a message code, so that the CLI can say it in the reader's language."""

    exit_code = 1

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(say(code, "en", **params))

    def text(self, lang: Lang = "zh") -> str:
        """Say it in one line: what happened and what to do."""
        return say(self.code, lang, **self.params)


class UsageError(ScreenerError):
    """The command line asks for something that cannot be: exit code 2."""

    exit_code = 2


class InputProblems(ScreenerError):
    """One or more faults in the user's files; every one is listed, none hides another."""

    def __init__(self, code: str, problems: Iterable[Problem], **params: object) -> None:
        self.problems = tuple(problems)
        super().__init__(code, count=len(self.problems), **params)
        for problem in self.problems:
            self.add_note(problem.line_text("en"))  # where the exception is shown as it is: a notebook, a test


class ThesisProblems(InputProblems):
    """A thesis or scale file is broken: exit code 2."""

    exit_code = 2


class PriceProblems(InputProblems):
    """Price data is broken: exit code 1, no figure is given."""


@dataclass(frozen=True)
class Note:
    """Something a reader must know about the data behind a figure: a message code with its parameters."""

    code: str
    params: dict[str, object] = field(default_factory=dict)
