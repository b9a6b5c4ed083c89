"""A value read from a report with the line it comes from: taken, or only proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from screener.drafting.lines.text import Line

Value = TypeVar("Value")


@dataclass(frozen=True)
class Fact(Generic[Value]):
    """What a line says. `doubt`: the message code of why it is only a proposal, empty where it is certain."""

    value: Value
    line: Line
    doubt: str = ""
    params: tuple[tuple[str, object], ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether the value is taken without a question."""
        return not self.doubt


@dataclass(frozen=True)
class Seen:
    """What looked like a value of `field` and was not taken, with the message code of why."""

    field: str
    value: str
    line: Line
    code: str
