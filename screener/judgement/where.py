"""Filter expressions over a table's columns: parsed to a small tree, checked against a whitelist, never evaluated as code.

or    := and ("or" and)*            and  := not ("and" not)*        not := "not" not | test
test  := "(" or ")" | operand ("==" | "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=") operand
       | operand ["not"] "in" "(" literal ("," literal)* ")" | operand ["not"] "between" operand "and" operand
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from screener.judgement.columns import column_heads, known_columns
from screener.terms.notes import UsageError

ColumnType = Literal["number", "text"]
Values = Mapping[str, Mapping[str, str]]
NO_VALUES: Values = {}
MAX_LENGTH = 2000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'[^']*'|"[^"]*")
  | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?)(?!\w)
  | (?P<name>\w+(?:（\w+）)?)
  | (?P<sign>==|!=|<>|<=|>=|=|<|>|\(|\)|\[|\]|,)
  )""",
    re.VERBOSE,
)
_WORDS = {"and", "or", "not", "in", "between", "null"}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    name: str
    type: ColumnType


@dataclass(frozen=True)
class Constant:
    """A number, a text, or null."""

    value: float | str | None

    @property
    def type(self) -> ColumnType | None:
        """None for null, which compares with anything."""
        return None if self.value is None else "text" if isinstance(self.value, str) else "number"


Operand = Column | Constant


@dataclass(frozen=True)
class Comparison:
    """Two operands and a sign between them."""

    sign: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Membership:
    """Whether an operand is one of some constants."""

    operand: Operand
    choices: tuple[Constant, ...]


@dataclass(frozen=True)
class Combination:
    """`and`, `or` of two conditions, or `not` of one."""

    word: Literal["and", "or", "not"]
    parts: tuple[Condition, ...]


Condition = Comparison | Membership | Combination


def parse_where(text: str, columns: Mapping[str, ColumnType], *, values: Values = NO_VALUES) -> Condition:
    """The condition that `text` states over `columns`; UsageError with a caret under the first thing that is wrong.

    A column is named by its id or by its Chinese head, a number may be per cent (10% = 0.1). `values`: what a text compared
    with a column means, by column and text, such as the id of a bucket by its name.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError("where_too_long", limit=MAX_LENGTH)
    return _Parser(text, columns, values).parse()


def select(frame: pd.DataFrame, condition: Condition) -> pd.DataFrame:
    """The rows of `frame` for which `condition` is true; a comparison with a missing value is unknown, so not true."""
    kept = evaluate(condition, frame.convert_dtypes())
    return frame[kept.fillna(False).astype(bool)]


def evaluate(condition: Condition, frame: pd.DataFrame) -> pd.Series:
    """True, False or missing per row (three-valued logic: `not` of unknown is unknown); `frame` in nullable dtypes."""
    if isinstance(condition, Combination):
        parts = [evaluate(part, frame) for part in condition.parts]
        if condition.word == "not":
            return ~parts[0]
        return parts[0] & parts[1] if condition.word == "and" else parts[0] | parts[1]
    if isinstance(condition, Membership):
        values = _values(condition.operand, frame)
        found = values.isin([choice.value for choice in condition.choices]).astype("boolean")
        return found.mask(values.isna())
    return _compare(condition, frame)


def _compare(condition: Comparison, frame: pd.DataFrame) -> pd.Series:
    sides = (condition.left, condition.right)
    if Constant(None) in sides:
        other = sides[0] if sides[1] == Constant(None) else sides[1]
        missing = _values(other, frame).isna().astype("boolean")
        return missing if condition.sign in ("==", "=") else ~missing
    left, right = (_values(side, frame) for side in sides)
    compared: pd.Series = _COMPARISONS[condition.sign](left, right)
    return compared.astype("boolean")


def _values(operand: Operand, frame: pd.DataFrame) -> pd.Series:
    dtype = "Float64" if operand.type == "number" else "string"
    found = frame[operand.name] if isinstance(operand, Column) else pd.Series([operand.value] * len(frame), index=frame.index)
    return found.astype(pd.api.types.pandas_dtype(dtype))


def _number(text: str) -> float:
    return float(Decimal(text[:-1]) / 100) if text.endswith("%") else float(text)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent over the tokens; `at` counts characters for the caret."""

    def __init__(self, text: str, columns: Mapping[str, ColumnType], values: Values) -> None:
        self.text, self.columns, self.values = text, columns, values
        self.heads = column_heads(columns)
        self.tokens = self._tokens()
        self.position = 0
        self.depth = 0

    def _tokens(self) -> list[_Token]:
        tokens, at = [], 0
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                raise self.fault("where_character", at + len(self.text[at:]) - len(self.text[at:].lstrip()))
            word = match[match.lastgroup]
            kind = "word" if match.lastgroup == "name" and word.lower() in _WORDS else match.lastgroup
            tokens.append(_Token(kind, word.lower() if kind == "word" else word, match.start(match.lastgroup)))
            at = match.end()
        return [*tokens, _Token("end", "", len(self.text))]

    def fault(self, code: str, at: int, **params: object) -> UsageError:
        shown = "".join(each if each.isprintable() else " " for each in self.text)
        return UsageError(code, expression=shown, caret=" " * at + "^", **params)

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> _Token | None:
        token = self.next
        if token.text in texts and token.kind in ("word", "sign"):
            self.position += 1
            return token
        return None

    def expect(self, text: str) -> None:
        if self.take(text) is None:
            raise self.fault("where_expected", self.next.at, expected=text)

    def parse(self) -> Condition:
        condition = self.either()
        if self.next.kind != "end":
            raise self.fault("where_expected", self.next.at, expected="and / or")
        return condition

    def either(self) -> Condition:
        condition = self.both()
        while self.take("or"):
            condition = Combination("or", (condition, self.both()))
        return condition

    def both(self) -> Condition:
        condition = self.negated()
        while self.take("and"):
            condition = Combination("and", (condition, self.negated()))
        return condition

    def negated(self) -> Condition:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault("where_too_deep", self.next.at, limit=MAX_DEPTH)
        found = Combination("not", (self.negated(),)) if self.take("not") else self.test()
        self.depth -= 1
        return found

    def test(self) -> Condition:
        if self.take("("):
            condition = self.either()
            self.expect(")")
            return condition
        left = self.operand()
        denied = self.take("not") is not None
        if self.take("in"):
            found: Condition = Membership(left, self.choices(left))
        elif self.take("between"):
            found = self.between(left)
        else:
            sign = self.take(*_COMPARISONS)
            if sign is None or denied:
                raise self.fault("where_expected", self.next.at, expected="== != < <= > >= in between")
            found = Comparison(sign.text, left, self.operand(like=left))
        return Combination("not", (found,)) if denied else found

    def between(self, left: Operand) -> Condition:
        low = self.operand(like=left)
        self.expect("and")
        high = self.operand(like=left)
        return Combination("and", (Comparison(">=", left, low), Comparison("<=", left, high)))

    def choices(self, left: Operand) -> tuple[Constant, ...]:
        closing = ")" if self.take("(") else "]"
        if closing == "]":
            self.expect("[")
        found: list[Constant] = []
        while not found or self.take(","):
            at = self.next.at
            choice = self.operand(like=left)
            if not isinstance(choice, Constant):
                raise self.fault("where_literal_only", at)
            found.append(choice)
        self.expect(closing)
        return tuple(found)

    def operand(self, like: Operand | None = None) -> Operand:
        token = self.next
        found: Operand
        if token.kind == "number":
            found = Constant(_number(token.text))
        elif token.kind == "text":
            words = token.text[1:-1]
            meant = self.values.get(like.name, {}) if isinstance(like, Column) else {}
            found = Constant(meant.get(words, words))
        elif token.text == "null" and token.kind == "word":
            found = Constant(None)
        elif token.kind == "name":
            name = self.heads.get(token.text, token.text)
            if name not in self.columns and like is not None and like.type == "text":
                raise self.fault("where_quote", token.at, name=token.text)
            if name not in self.columns:
                raise self.fault("where_column", token.at, name=token.text, known=known_columns(self.columns))
            found = Column(name, self.columns[name])
        else:
            raise self.fault("where_operand", token.at)
        if like is not None and None not in (like.type, found.type) and like.type != found.type:
            raise self.fault("where_types", token.at, left=like.type, right=found.type)
        self.position += 1
        return found
