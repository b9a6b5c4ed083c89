"""The words that reports are read by: ratings, what became of them, and tables of words that ship as data."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_CHANGE_WORDS = {
    "maintained": ("维持", "不变"),
    "first": ("首次", "首次覆盖", "首次给予", "首予", "首次评级"),
    "raised": ("上调", "调高", "调升", "提高"),
    "lowered": ("下调", "调低", "调降", "降低"),
}
CHANGES = {word: change for change, words in _CHANGE_WORDS.items() for word in words}
CHANGE = "|".join(sorted(CHANGES, key=len, reverse=True))


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table under `data/`."""
    with (files("screener") / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class RatingWord:
    """A word that houses use for a rating; `kind` only when no house uses it for the other kind of subject."""

    word: str
    word_en: str
    side: str
    kind: str


@cache
def rating_words() -> dict[str, RatingWord]:
    """Every known rating word, longest first, so that 谨慎推荐 is found before 推荐."""
    rows = [RatingWord(**row) for row in table("rating_words.csv")]
    return {row.word: row for row in sorted(rows, key=lambda row: -len(row.word))}


WORD = "|".join(map(re.escape, rating_words()))
# A line that explains what a rating means: the word first, then the market or a share of it; no line of a report does that.
RATED_LINE = re.compile(
    rf"(?:^|[\s|\t:;。、(\"\d.]|(?<=说明)|(?<=定义)|(?<=标准)|(?<=体系))(?:{WORD})(?:\s{{0,3}}\([^()]{{1,24}}\))?[\"\s|\t:)=指—-]{{0,6}}[^。;\n]{{0,60}}?"
    r"(?:\d\s{0,2}%|强于|弱于|超越|跑赢|跑输|持平|同步|优于|落后|领先|基准指数|大盘)"
)
