"""Results over many theses or ratings as a notebook sees them: the desk, and a graded list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from screener.coverage.desk import Desk, DeskRow
from screener.grading.ground import Ground
from screener.grading.scoreboard import Scoreboard
from screener.notebook.results import Shown
from screener.notebook.views import VegaChart, bar_chart, save_workbook, view_document
from screener.report.desk import build_desk, league_table, shown_by
from screener.report.document import Document
from screener.report.figures import points
from screener.report.scoreboard import build_scoreboard_report, group_name
from screener.terms.say import Lang, say

# Columns of a frame → the code of their head for people.
DESK_HEADS = {
    "slug": "desk_head_slug",
    "house": "desk_head_house",
    "sector": "desk_head_sector",
    "stated": "desk_head_stated",
    "published": "desk_head_published",
    "status": "view_status",
    "due": "desk_head_due",
    "days_left": "desk_head_left",
    "subject": "view_subject",
    "measured": "view_measured_since",
    "band": "view_band_so_far",
    "basket_measured": "desk_head_basket_measured",
    "hit": "desk_head_verdict",
    "agreement": "desk_head_agreement",
    "percentile": "desk_head_percentile",
    "gap": "view_gap",
}
BOARD_HEADS = {
    "by": "board_head_by",
    "group": "board_head_group",
    "count": "board_head_count",
    "pending": "board_head_pending",
    "gaps": "view_gaps",
    "measured": "board_head_measured",
    "symbols": "board_head_symbols",
    "hits": "board_head_hits",
    "hit_rate": "board_head_hit_rate",
    "low": "board_head_low",
    "high": "board_head_high",
    "base_rate": "board_head_base_rate",
    "skill": "board_head_skill",
    "small": "board_head_small",
}


def _under_heads(frame: pd.DataFrame, heads: Mapping[str, str], lang: Lang) -> pd.DataFrame:
    return frame.rename(columns={name: say(code, lang) for name, code in heads.items()})


@dataclass(frozen=True, eq=False)
class DeskResult(Shown):
    """Many theses in one week. `value`: everything that was measured."""

    value: Desk

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each thesis: the stated rating, its lead subject so far and at the end, agreement, chance, and the gap.

        `measured`, `basket_measured` (what the bands compare), `agreement`, `percentile` are fractions.
        """
        frame = pd.DataFrame(
            [dict(zip(DESK_HEADS, _cells(row), strict=True)) for row in self.value.rows], columns=list(DESK_HEADS)
        )
        words = dict.fromkeys(("slug", "house", "sector", "stated", "status", "subject", "band", "gap"), "string")
        numbers = dict.fromkeys(("measured", "basket_measured", "agreement", "percentile"), "float64")
        days = dict.fromkeys(("published", "due"), "datetime64[s]")
        return frame.astype({**words, **numbers, **days, "days_left": "Int64", "hit": "boolean"})

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _under_heads(self.frame, DESK_HEADS, lang)

    def chart(self) -> VegaChart:
        """Bars of the figure that each thesis is judged by, at the end of its window or so far, the largest first."""
        shown = [(row.thesis, shown_by(row)) for row in self.value.rows]
        ordered = sorted(shown, key=lambda each: (each[1] is None, -(each[1] or 0.0)))
        rows = [
            _bar(f"{thesis.house_in(self.lang)} {thesis.sector_in(self.lang)}", value, self.lang) for thesis, value in ordered
        ]
        return bar_chart(say("view_desk_title", self.lang), _told(rows), rows, unit="%")

    @property
    def document(self) -> Document:
        """The desk as a document, whose short form a notebook shows."""
        return build_desk(self.value, self.lang)

    def to_excel(self, path: str | Path) -> Path:
        """Write the desk as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<desk of {len(self.value.rows)} theses, week to {self.value.week_end}>"

    def _repr_html_(self) -> str:
        return view_document(replace(self.document, brief=(league_table(self.value, self.lang),)))


def _bar(name: str, value: float | None, lang: Lang) -> dict[str, Any]:
    """A bar of a fraction, drawn in hundredths; a missing one is a word."""
    if value is None:
        return {"name": name, "value": None, "text": say("label_gap", lang)}
    return {"name": name, "value": value * 100, "text": points(value, unit=False)}


def _told(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['name']} {row['text']}" for row in rows)


def _cells(row: DeskRow) -> Iterator[object]:
    lead, basket = row.lead, row.basket
    gap = row.fault.code if row.fault else lead.gap.code if lead and lead.gap else None
    yield from (row.thesis.slug, row.thesis.house, row.thesis.sector, row.stated, row.thesis.published)
    yield from (row.status, row.due, row.days_left)
    yield from (lead.subject, lead.measured, lead.band) if lead else (None, None, None)
    yield basket.measured if basket else None
    yield from (lead.hit, lead.agreement, lead.percentile) if lead else (None, None, None)
    yield gap


@dataclass(frozen=True, eq=False)
class GradeResult(Shown):
    """Many ratings against what they promised. `ratings`: every row as `screener grade --out` writes it, in the file's order.

    `value`: hit rates by house, analyst, rating and change, beside what any stock of the market earned. `ground`: where the
    prices came from.
    """

    ratings: pd.DataFrame
    value: Scoreboard
    ground: Ground

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each group of the scoreboard: counts, and fractions (hit_rate, low, high, base_rate, skill)."""
        frame = pd.DataFrame([asdict(score) for score in self.value.scores], columns=list(BOARD_HEADS))
        counts = dict.fromkeys(("count", "pending", "gaps", "measured", "symbols", "hits"), "Int64")
        rates = dict.fromkeys(("hit_rate", "low", "high", "base_rate", "skill"), "float64")
        return frame.astype({"by": "string", "group": "string", **counts, **rates, "small": "boolean"})

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _under_heads(self.frame, BOARD_HEADS, lang)

    def chart(self, by: str = "house") -> VegaChart:
        """Bars of the skill of each group (hit rate minus what the market earned), the largest first; see `frame` for `by`."""
        scores = sorted(self.value.of(by), key=lambda score: (score.skill is None, -(score.skill or 0.0)))
        rows = [_bar(group_name(score, self.lang), score.skill, self.lang) for score in scores]
        title = say("view_skill_title", self.lang, by=say(f"group_{by}", self.lang))
        return bar_chart(title, _told(rows), rows, unit="pp")

    @property
    def document(self) -> Document:
        """The scoreboard as a document, which a notebook shows."""
        return build_scoreboard_report(self.value, self.ground, len(self.ratings), self.lang)

    def to_excel(self, path: str | Path) -> Path:
        """Write the scoreboard as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<{len(self.ratings)} ratings graded as of {self.ground.as_of}>"

    def _repr_html_(self) -> str:
        return view_document(self.document)
