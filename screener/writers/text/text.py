"""Plain text for a terminal of 100 columns, ASCII and full-width characters only: tables, wrapping, shared words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from screener.report.figures import percent, points, points_in
from screener.report.wording import basis_text
from screener.terms.say import Lang, say
from screener.thesis.scale import Ladder, RatingScale, decimals_seen
from screener.thesis.subjects import Subject
from screener.thesis.thesis import ALL, Thesis
from screener.writers.text.widths import broken, width

WIDTH = 100
HEAVY, LIGHT = "=" * WIDTH, "-" * WIDTH


def theses_text(theses: Sequence[Thesis], lang: Lang = "zh") -> str:
    """One line per thesis: slug, publication date and its basis, house, title."""
    lines = []
    for each in theses:
        basis = basis_text(each, each.published, lang)
        lines.append(f"{each.slug}  {each.published}{basis}  {each.house_in(lang)}  {each.title_in(lang)}\n")
    return "".join(lines)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` padded with spaces to `columns`."""
    space = " " * max(columns - width(text), 0)
    return space + text if right else text + space


@dataclass(frozen=True)
class Column:
    """A column of a text table: its head, and whether it is set right; it is as wide as its widest cell."""

    head: str
    right: bool = False


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str] | None]) -> Iterator[str]:
    """A text table between rules, two spaces between columns and more where WIDTH allows; None among the rows is a rule."""
    filled = [row for row in rows if row is not None]
    sizes = [max(width(text) for text in (column.head, *(row[at] for row in filled))) for at, column in enumerate(columns)]
    gap = min(max((WIDTH - sum(sizes)) // max(len(sizes) - 1, 1), 2), 4)

    def line(cells: Sequence[str]) -> str:
        padded = (pad(cell, size, right=column.right) for cell, size, column in zip(cells, sizes, columns, strict=True))
        return (" " * gap).join(padded).rstrip()

    yield line([column.head for column in columns])
    yield LIGHT
    yield from (LIGHT if row is None else line(row) for row in rows)


def wrapped(head: str, text: str) -> Iterator[str]:
    """`text` after `head`, broken at spaces or full-width stops so that no line is wider than WIDTH; indented below."""
    first, *others = broken(text, WIDTH - width(head))
    yield head + first
    yield from (" " * width(head) + line for line in others)


def pp(value: float) -> str:
    """Percentage points with an ASCII sign, without unit."""
    return points(value, unit=False, minus="-")


def pp_in(value: float, ladder: Ladder) -> str:
    """As `pp`, for an excess that is judged by `ladder`: never a figure on the other side of an edge."""
    return points_in(value, ladder, unit=False, minus="-")


def to_edge_text(value: float) -> str:
    """A signed distance to a band edge, never 0.00 unless it is."""
    return points(value, decimals_seen(value), unit=False, minus="-")


def pct(value: float) -> str:
    """Per cent with an ASCII sign, without unit."""
    return percent(value, unit=False, minus="-")


class Text:
    """What the two texts share: language, thesis and the words of both."""

    def __init__(self, thesis: Thesis, scale: RatingScale, lang: Lang) -> None:
        self.thesis, self.scale, self.lang = thesis, scale, lang

    def say(self, code: str, /, **params: object) -> str:
        """A sentence in the reader's language."""
        return say(code, self.lang, **params)

    def name(self, subject: Subject) -> str:
        """A subject's name in the reader's language."""
        return subject.name_in(self.lang)

    def band(self, rating: str) -> str:
        """A rating in the reader's language."""
        return self.scale.word(rating, self.lang)

    def flags(self, flags: Sequence[str]) -> str:
        """Flags as words; those that a note explains are left out."""
        shown = [flag for flag in flags if flag not in ("mixed_basis", "left_out", "equal_at_start")]
        return " ".join(self.say(f"flag_{flag}") for flag in shown)

    def basket_flags(self, flags: Sequence[str]) -> str:
        """The flags of a basket: a member's suspension is not the basket's own."""
        return self.flags(["suspended_member" if flag == "suspended" else flag for flag in flags])

    def groups(self) -> Iterator[tuple[Subject, ...]]:
        """The subjects in table order: indices and basket, buckets, names."""
        subjects = self.thesis.subjects()
        kinds: tuple[Callable[[Subject], bool], ...] = (
            lambda subject: subject.kind in ("industry_index", ALL),
            lambda subject: subject.kind == "bucket",
            lambda subject: subject.kind == "candidate",
        )
        for belongs in kinds:
            yield tuple(subject for subject in subjects if belongs(subject))

    def code(self, subject: Subject) -> str:
        """A symbol, or how many names a basket has."""
        if subject.is_single:
            return subject.id
        return self.say("term_member" if len(subject.members) == 1 else "term_members", count=len(subject.members))

    def head(self, code: str) -> str:
        """The head of a line, padded so that what follows lines up."""
        return pad(self.say(code), 6 if self.lang == "zh" else 9)

    def comma(self) -> str:
        """What stands between the items of a list."""
        return "，" if self.lang == "zh" else ", "
