"""Results as a notebook sees them: frozen values with tidy frames, a table, a chart and an Excel file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pandas as pd

from screener.evidence.sensitivity import Agreement, Sensitivity
from screener.evidence.trust import Trust
from screener.judgement.columns import column_word
from screener.judgement.events import EventStudy
from screener.judgement.outcome import Outcome
from screener.judgement.screen import Screen
from screener.judgement.week_facts import WeeklyFacts
from screener.notebook.views import (
    VegaChart,
    bar_chart,
    save_workbook,
    strip_chart,
    tidy_frame,
    view_chart,
    view_document,
    view_html,
)
from screener.prices.prices import Prices
from screener.report.document import Cell, Column, Document, Section, Stack, Table, figure, text
from screener.report.document import Row as TableRow
from screener.report.events import events_document, window_name
from screener.report.figures import parts_text, percent, points
from screener.report.outcome.charts import path_charts
from screener.report.outcome.dossier import build_dossier
from screener.report.outcome.verdict import headline, main_subjects
from screener.report.screen import (
    KINDS,
    UNITS,
    cells_of,
    gaps_named,
    named_frame,
    screen_document,
)
from screener.report.trust import trust_sections, trust_sentences
from screener.report.week.charts import excess_chart
from screener.report.week.report import weekly_document
from screener.report.wording import band_of, basis_text, rating_word
from screener.terms.say import Lang, say
from screener.thesis.scale import RatingScale
from screener.thesis.subjects import Subject
from screener.thesis.thesis import Thesis

# Notes on reading shown below a table; a folder of many files has one for each.
MOST_NOTES = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """`lang`: the language of tables, charts and files; frames keep their English column names unless asked."""

    lang: Lang = "zh"

    def in_language(self, lang: Lang) -> Self:
        """The same result shown in another language, `zh` or `en`."""
        return replace(self, lang=lang)

    def say(self, code: str, **params: object) -> str:
        """A sentence in the result's language."""
        return say(code, self.lang, **params)


def _named(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    return gaps_named(frame, lang).rename(columns={name: say(f"view_{name}", lang) for name in frame.columns})


@dataclass(frozen=True, eq=False)
class ThesisView(Shown):
    """A thesis with its rating scale."""

    thesis: Thesis
    scale: RatingScale

    @property
    def published(self) -> dt.date:
        """The publication date that figures count from."""
        return self.thesis.published

    @property
    def published_basis(self) -> str:
        """`printed` on the report, or `inferred`."""
        return self.thesis.published_basis

    @property
    def names(self) -> pd.DataFrame:
        """The recommended names: symbol, name, bucket, rating (missing where the report states none)."""
        fields = ("symbol", "name", "bucket", "rating")
        return pd.DataFrame(
            [[getattr(each, name) for name in fields] for each in self.thesis.candidates], columns=list(fields)
        ).astype("string")

    def __repr__(self) -> str:
        published = f"published {self.published} ({self.published_basis})"
        return f"<thesis {self.thesis.slug}: {len(self.thesis.candidates)} names, {published}>"

    def _repr_html_(self) -> str:
        thesis, zh = self.thesis, self.lang == "zh"
        rows = []
        for bucket in thesis.buckets:
            members = [each for each in thesis.candidates if each.bucket == bucket.id]
            shown = "、".join(each.name for each in members) if zh else ", ".join(each.name_en or each.name for each in members)
            rows.append(TableRow(bucket.id, bucket.name if zh else bucket.name_en, (text(shown), Cell("count", len(members)))))
        columns = (Column("names", self.say("view_names"), left=True), Column("count", self.say("view_count")))
        stated = thesis.rating.industry if thesis.rating else None
        word = rating_word(stated, self.scale.industry, self.lang) if stated else self.say("view_unrated")
        basis = basis_text(thesis, thesis.published, self.lang)
        line = self.say("view_thesis_line", house=thesis.house_in(self.lang), rating=word)
        published = self.say("view_published", published=f"{thesis.published}{basis}")
        return view_html(
            thesis.title_in(self.lang),
            [f"{line}{published}"],
            Table("thesis", "", self.say("view_bucket"), columns, tuple(rows)),
            self.lang,
        )


@dataclass(frozen=True, eq=False)
class OutcomeResult(Shown):
    """Whether a rating came true. `value`: everything that was measured, as the command has it."""

    value: Outcome

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each subject, pair of series and benchmark, and horizon (CONTRACT); fractions, CNY."""
        return tidy_frame(self.value.rows)

    @property
    def verdict(self) -> pd.DataFrame:
        """What became of each stated rating at the headline horizon, by subject."""
        return tidy_frame(self.value.verdict.values()).set_index("subject")

    @property
    def windows(self) -> pd.DataFrame:
        """The share of sessions from 6 to 12 months in each band: subject, series, benchmark, band, share, sessions."""
        rows = [
            (each.subject, each.series, each.benchmark, band, share, each.sessions)
            for each in self.value.windows
            for band, share in each.share.items()
        ]
        frame = pd.DataFrame(rows, columns=["subject", "series", "benchmark", "band", "share", "sessions"])
        return frame.astype(
            {**dict.fromkeys(("subject", "series", "benchmark", "band"), "string"), "share": float, "sessions": "Int64"}
        )

    @property
    def paths(self) -> pd.DataFrame:
        """Excess since publication by session, a column for each subject; fractions, headline series."""
        return self.value.paths.copy()

    def band(self, subject: str, months: int = 12) -> str | None:
        """The band that a subject earned on the headline series; None where it is not due or a gap."""
        return self.value.row(subject, months).band

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _named(self.frame, lang)

    def chart(self, subject: str = "all") -> VegaChart:
        """Daily excess of the basket (`all`) or of the rated index over the window, on the bands; KeyError without one."""
        charts = {each.id: each for each in path_charts(self.value, self.lang)}
        return view_chart(charts["path-all" if subject == "all" else "path-index"])

    def to_excel(self, path: str | Path) -> Path:
        """Write the dossier as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<outcome {self.value.thesis.slug}: {parts_text(headline(self.value, 'en'), 'en')}>"

    @property
    def document(self) -> Document:
        """The dossier, whose short form a notebook shows."""
        return build_dossier(self.value, self.lang)

    def _repr_html_(self) -> str:
        return view_document(self.document)


@dataclass(frozen=True, eq=False)
class WeekResult(Shown):
    """The figures of one week. `value`: everything that was measured."""

    value: WeeklyFacts

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each subject (CONTRACT); fractions; this week `total`, since publication on the headline series."""
        return tidy_frame(self.value.week.rows)

    @property
    def sessions(self) -> tuple[dt.date, ...]:
        """The sessions of the week."""
        return self.value.week.sessions

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _named(self.frame, lang)

    def chart(self) -> VegaChart:
        """The week's excess by segment; ValueError when there is none to draw."""
        found = excess_chart(self.value, self.lang)
        if found is None:
            raise ValueError("no subject has an excess in this week")
        return view_chart(found)

    def to_excel(self, path: str | Path) -> Path:
        """Write the weekly report as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        week = self.value.week
        return f"<week {self.sessions[0]} to {self.sessions[-1]} of {week.thesis.slug}: {len(week.rows)} subjects>"

    @property
    def document(self) -> Document:
        """The weekly report, whose short form a notebook shows."""
        return weekly_document(self.value, self.lang)

    def _repr_html_(self) -> str:
        return view_document(self.document)


@dataclass(frozen=True, eq=False)
class ScreenResult(Shown):
    """A screened table. `value`: the table with the reasons of its gaps."""

    value: Screen

    @property
    def frame(self) -> pd.DataFrame:
        """The screen columns (CONTRACT), a row each; fractions, CNY, days."""
        return self.value.frame.copy()

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return named_frame(self.value, lang)

    def chart(self, column: str = "excess_since_published") -> VegaChart:
        """Bars of a column of figures by name, in the order of the table; KeyError for a column that has no figures."""
        kind = KINDS[column]
        scale = 100 if kind in UNITS else 1
        cells = cells_of(self.value, column, self.lang)
        names = [cell.value for cell in cells_of(self.value, "name", self.lang)]
        rows = [
            {
                "name": f"{name}",
                "value": float(each.value) * scale if isinstance(each.value, float | int) else None,
                "text": _bar_text(each, self.lang),
            }
            for name, each in zip(names, cells, strict=True)
        ]
        title = f"{column_word(column, self.lang)} · {self.value.as_of}"
        return bar_chart(title, ", ".join(f"{row['name']} {row['text']}" for row in rows), rows, unit=UNITS.get(kind, ""))

    def to_excel(self, path: str | Path) -> Path:
        """Write the table as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<screen of {self.value.as_of}: {len(self.value.frame)} of {self.value.screened} names>"

    @property
    def document(self) -> Document:
        """The table as a document, whose short form a notebook shows."""
        return screen_document(self.value, self.lang)

    def _repr_html_(self) -> str:
        return view_document(self.document)


def _bar_text(cell: Cell, lang: Lang) -> str:
    if not isinstance(cell.value, float | int):
        return say("label_gap" if cell.kind == "gap" else "label_not_due", lang)
    if cell.kind in ("excess", "points"):
        return points(cell.value, 1, unit=False)
    return percent(cell.value, 1, unit=False) if cell.kind in UNITS else f"{cell.value:,.2f}"


@dataclass(frozen=True, eq=False)
class SensitivityResult(Shown):
    """How far other readings of the rule agree. `value`: the grid; `outcome`: the headline that it is compared with."""

    value: Sensitivity
    outcome: Outcome

    @property
    def frame(self) -> pd.DataFrame:
        """Agreement by subject and horizon: headline_band, cells, gaps, share_same (fraction)."""
        fields = ("subject", "horizon_months", "headline_band", "cells", "gaps", "share_same")
        rows = [[getattr(each, name) for name in fields] for each in self.value.agreement]
        kinds = {"subject": "string", "headline_band": "string", "share_same": "float64"}
        return pd.DataFrame(rows, columns=list(fields)).astype(
            {**dict.fromkeys(("horizon_months", "cells", "gaps"), "Int64"), **kinds}
        )

    @property
    def cells(self) -> pd.DataFrame:
        """Every cell of the grid (CONTRACT): the choices made, excess and band."""
        return self.value.cells.copy()

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _named(self.frame, lang)

    @property
    def months(self) -> int:
        """The longest horizon that is due; the headline's while none is."""
        return self.outcome.due_months or self.outcome.scale.window.to_months

    def chart(self) -> VegaChart:
        """The excess of the rated index and of the basket under every reading, the headline as a dot, band edges dashed."""
        rows, months = [], self.months
        cells = self.value.cells[self.value.cells["horizon_months"] == months]
        for subject in main_subjects(self.outcome):
            name = subject.name_in(self.lang)
            found = cells.loc[cells["subject"] == subject.id, "excess"].dropna().round(4).unique()
            rows += [{"name": name, "value": round(value * 100, 2), "headline": False} for value in sorted(found.tolist())]
            excess = self.outcome.row(subject.id, months).excess
            rows += [] if excess is None else [{"name": name, "value": round(excess * 100, 2), "headline": True}]
        edges = [round(edge * 100, 4) for edge in self.outcome.scale.industry.edges]
        finding = " ".join(self.lines())
        return strip_chart(self.say("view_strip_title", months=months), finding, rows, edges=edges, unit="pp")

    def to_excel(self, path: str | Path) -> Path:
        """Write the dossier with this grid's agreement as an Excel file."""
        section = Section("sensitivity", "", (Stack((self.table(),)),))
        return save_workbook(build_dossier(self.outcome, self.lang, extra=(section,)), path)

    def lines(self) -> Iterator[str]:
        """For each stated rating the share of readings that give the same band."""
        subjects = {each.id: each for each in self.outcome.thesis.subjects()}
        for subject in self.outcome.verdict:
            each = self.value.agreement_of(subject, self.months)
            if each.share_same is not None and each.headline_band is not None:
                band = rating_word(each.headline_band, self.outcome.scale.ladder(subjects[subject].kind), self.lang)
                share = percent(each.share_same, 1, sign=False)
                name = subjects[subject].name_in(self.lang)
                yield self.say("view_agreement", name=name, months=self.months, cells=f"{each.cells:,}", share=share, band=band)

    def table(self) -> Table:
        """Headline band and share of readings that agree, by subject, at each horizon."""
        months = tuple(self.outcome.end_dates)
        heads = [
            column
            for each in months
            for column in (
                Column(f"band_{each}", self.say("view_months", months=each), left=True),
                Column(f"share_{each}", self.say("view_share_same"), "%"),
            )
        ]
        rows = tuple(
            TableRow(each.id, each.name_in(self.lang), self._cells(each, months)) for each in self.outcome.thesis.subjects()
        )
        return Table("sensitivity", self.say("view_sensitivity_title"), self.say("view_subject"), tuple(heads), rows)

    def _cells(self, subject: Subject, months: Sequence[int]) -> tuple[Cell, ...]:
        found: list[Cell] = []
        for each in months:
            agreement = self.value.agreement_of(subject.id, each)
            ladder = self.outcome.scale.ladder(subject.kind)
            band = agreement.headline_band
            found.append(Cell("band", band_of(band, ladder, self.lang)) if band else Cell("not_due"))
            found.append(figure("share", agreement.share_same))
        return tuple(found)

    def __repr__(self) -> str:
        return f"<sensitivity of {self.outcome.thesis.slug}: {len(self.value.cells)} cells>"

    def _repr_html_(self) -> str:
        table = self.table()
        return view_html(table.title, self.lines(), table, self.lang, notes=source_lines(self.outcome.prices, self.lang))


def source_lines(prices: Prices, lang: Lang) -> Iterator[str]:
    """Where the prices came from, and what was noted while reading them."""
    kind = say(f"term_kind_{prices.kind}", lang)
    yield say("view_prices", lang, name=prices.name, kind=kind, first=prices.first, last=prices.last, hash=prices.sha256[:12])
    yield from (say(note.code, lang, **note.params) for note in prices.notes[:MOST_NOTES])
    if len(prices.notes) > MOST_NOTES:
        yield say("view_more_notes", lang, count=len(prices.notes) - MOST_NOTES)


@dataclass(frozen=True, eq=False)
class EventsResult(Shown):
    """Dated policies against the thesis's baskets. `value`: everything that was measured."""

    value: EventStudy

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each event, subject and window: excess (fraction), placebo_percentile, counted, gap."""
        rows = [
            (row.event, row.subject, window_name(each.window), each.excess, each.percentile, each.counted, each.gap)
            for row in self.value.rows
            for each in row.windows
        ]
        named = [(*row[:6], row[6].code if row[6] else None) for row in rows]
        columns = ["event", "subject", "window", "excess", "placebo_percentile", "counted", "gap"]
        kinds = {"excess": "float64", "placebo_percentile": "float64", "counted": "boolean"}
        return pd.DataFrame(named, columns=columns).astype(
            kinds | dict.fromkeys(("event", "subject", "window", "gap"), "string")
        )

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _named(self.frame, lang)

    @property
    def document(self) -> Document:
        """The study as a document, whose short form a notebook shows."""
        return events_document(self.value, self.lang)

    def to_excel(self, path: str | Path) -> Path:
        """Write the study as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<events of {self.value.thesis.slug}: {len(self.value.book.policies)} policies>"

    def _repr_html_(self) -> str:
        return view_document(self.document)


@dataclass(frozen=True, eq=False)
class TrustResult(Shown):
    """How far to trust an outcome: conventions, chance, base rates, robustness. `value`: everything that was measured."""

    value: Trust

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each stated or named subject and horizon: cells, share_same, and percentile among random baskets."""
        grid = self.value.sensitivity
        rows = [
            (each.subject, each.horizon_months, each.headline_band, each.cells, each.share_same, self._percentile(each))
            for each in (grid.agreement if grid else ())
        ]
        columns = ["subject", "horizon_months", "headline_band", "cells", "share_same", "percentile"]
        kinds = {"subject": "string", "headline_band": "string", "horizon_months": "Int64", "cells": "Int64"}
        return pd.DataFrame(rows, columns=columns).astype(kinds | dict.fromkeys(("share_same", "percentile"), "float64"))

    def _percentile(self, agreement: Agreement) -> float | None:
        found = self.value.placebo_of(agreement.subject, agreement.horizon_months, "baskets")
        return found.percentile if found else None

    def named(self, lang: Lang = "zh") -> pd.DataFrame:
        """The frame under column names for people."""
        return _named(self.frame, lang)

    @property
    def document(self) -> Document:
        """The dossier with its evidence, whose short form a notebook shows."""
        return build_dossier(self.value.outcome, self.lang, extra=trust_sections(self.value, self.lang))

    def to_excel(self, path: str | Path) -> Path:
        """Write the dossier with its evidence as an Excel file."""
        return save_workbook(self.document, path)

    def __repr__(self) -> str:
        return f"<trust of {self.value.outcome.thesis.slug}: {' '.join(trust_sentences(self.value, 'en'))}>"

    def _repr_html_(self) -> str:
        return view_document(self.document)
