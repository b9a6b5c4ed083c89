"""The tables of the outcome dossier that compare: like with like, index beside basket, and what is near an edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from screener.judgement.outcome import Basis, Outcome
from screener.judgement.outcome import Row as Measured
from screener.report.document import Cell, Column, Flag, Row, Table, figure, text
from screener.report.figures import points
from screener.report.outcome.bands import (
    bases,
    basis_benchmark,
    basis_differs,
    ends_group,
    excess_and_band,
)
from screener.report.outcome.verdict import main_subjects
from screener.report.wording import rating_word, to_edge
from screener.terms.say import Lang, listed, say
from screener.thesis.scale import EXCESS_DECIMALS, to_next_edge
from screener.thesis.subjects import Subject

# How many rows the table of the nearest edges shows: enough to see what hangs on a detail.
NEAREST = 5


def like_for_like_table(outcome: Outcome, lang: Lang) -> Table | None:
    """The last due horizon on each pair of series and benchmark; rows whose band hangs on it are set apart."""
    months = outcome.due_months
    if months is None:
        return None
    found = bases(outcome)
    columns = tuple(column for basis in found for column in _basis_columns(outcome, basis, lang))
    subjects = [each for each in outcome.thesis.subjects() if each.kind != "industry_index"]
    rows = []
    for place, subject in enumerate(subjects):
        own = outcome.due_of(subject.kind) or months
        cells = [cell for basis in found for cell in _basis_cells(outcome, subject, own, basis, lang)]
        differs = basis_differs(outcome, subject, own)
        mark = Cell("flags", (Flag("basis_differs", say("dossier_basis_differs", lang), strong=True),)) if differs else text("")
        rows.append(
            Row(
                subject.id,
                subject.name_in(lang),
                (*cells, mark),
                note="" if own == months else say("dossier_horizon", lang, months=own),
                role="reference" if differs else "theme" if subject.kind == "all" else "plain",
                ends_group=ends_group(subjects, place),
            )
        )
    columns = (*columns, Column("flags", say("dossier_flags_head", lang), left=True))
    return Table(
        id="series",
        title=say("dossier_series_title", lang),
        row_head=say("dossier_horizon", lang, months=months),
        columns=columns,
        rows=tuple(rows),
        sub=say("dossier_series_sub", lang),
        notes=tuple(_series_notes(outcome, months, lang)),
        layout="wide",
    )


def _basis_cells(outcome: Outcome, subject: Subject, months: int, basis: Basis, lang: Lang) -> tuple[Cell, Cell]:
    row = _row_or_none(outcome, subject, months, basis)
    if row is None:
        return Cell("none"), Cell("none")
    return excess_and_band(outcome, subject, row, lang, strong=basis == "headline")


def _row_or_none(outcome: Outcome, subject: Subject, months: int, basis: Basis) -> Measured | None:
    try:
        return outcome.row(subject.id, months, basis=basis)
    except KeyError:
        return None


def _basis_columns(outcome: Outcome, basis: Basis, lang: Lang) -> tuple[Column, Column]:
    series = say("dossier_series_price" if basis == "headline" else "dossier_series_total", lang)
    group = say("dossier_pair", lang, series=series, benchmark=basis_benchmark(outcome, basis, lang))
    note = say(f"dossier_pair_{basis}", lang)
    return (
        Column(f"excess_{basis}", say("dossier_excess", lang), "pp", group=group, group_note=note),
        Column(f"band_{basis}", say("dossier_band", lang), group=group, group_note=note, left=True),
    )


def _series_notes(outcome: Outcome, months: int, lang: Lang) -> Iterator[str]:
    if "like" not in bases(outcome):
        yield say("dossier_no_total_index", lang)
        return
    for subject in outcome.thesis.subjects():
        if subject.kind == "industry_index":
            continue
        mixed, like = (_row_or_none(outcome, subject, months, basis) for basis in ("mixed", "like"))
        if mixed is not None and like is not None and mixed.excess is not None and like.excess is not None:
            yield say("dossier_note_mixed", lang, months=months, excess=points(mixed.excess - like.excess))
            return


def nearest_table(outcome: Outcome, lang: Lang) -> Table | None:
    """The rows of the headline pair that lie nearest to an edge of their scale; None before a horizon is due."""
    rows = [row for row in outcome.rows if row.basis == "headline" and row.band is not None]
    if not rows:
        return None
    subjects = {each.id: each for each in outcome.thesis.subjects()}

    def distance(row: Measured) -> float:
        """Signed, to the nearest edge of the row's own ladder."""
        return to_next_edge(row.measured or 0.0, outcome.scale.ladder(row.kind)) or 0.0

    found = sorted(rows, key=lambda row: round(abs(distance(row)), EXCESS_DECIMALS))[:NEAREST]
    near = sum(row.near_edge for row in rows)
    return Table(
        id="nearest",
        title=say("dossier_nearest_title", lang, n=len(found)),
        row_head=say("dossier_subject", lang),
        columns=(
            Column("months", say("dossier_months_head", lang), left=True),
            Column("excess", say("dossier_excess", lang), "pp"),
            Column("band", say("dossier_band", lang), left=True),
            Column("edge", say("dossier_edge", lang), "pp"),
        ),
        rows=tuple(
            Row(
                f"{row.subject}-{row.horizon_months}",
                subjects[row.subject].name_in(lang),
                (
                    text(say("dossier_horizon", lang, months=row.horizon_months)),
                    *excess_and_band(outcome, subjects[row.subject], row, lang),
                    to_edge(distance(row)),
                ),
            )
            for row in found
        ),
        sub=say("dossier_nearest_some" if near else "dossier_nearest_none", lang, n=near),
        notes=(say("dossier_nearest_note", lang),),
    )


def versus_table(outcome: Outcome, lang: Lang) -> Table | None:
    """The rated industry index beside the basket of all names at each due horizon, and their difference."""
    subjects, months = main_subjects(outcome), outcome.due_months
    if len(subjects) != 2 or months is None:
        return None
    rows = []
    for each in (each for each in outcome.scale.window.horizons if outcome.is_due(each)):
        index, basket = (outcome.row(subject.id, each) for subject in subjects)
        cells = [*excess_and_band(outcome, subjects[0], index, lang), *excess_and_band(outcome, subjects[1], basket, lang)]
        known = None not in (index.measured, basket.measured)
        difference = (basket.measured or 0.0) - (index.measured or 0.0) if known else None
        cells.append(figure("points", index.gap or basket.gap or difference))
        rows.append(Row(str(each), say("dossier_horizon", lang, months=each), tuple(cells)))
    columns = [column for subject in subjects for column in _versus_columns(subject, lang)]
    return Table(
        id="versus",
        title=say("dossier_versus_title", lang),
        row_head=say("dossier_months_head", lang),
        columns=(*columns, Column("difference", say("dossier_versus_difference", lang), "pp")),
        rows=tuple(rows),
        sub=say("dossier_versus_sub", lang),
        notes=tuple(_counts_note(outcome, months, lang)),
    )


def _versus_columns(subject: Subject, lang: Lang) -> tuple[Column, Column]:
    group = subject.name_in(lang)
    return (
        Column(f"excess_{subject.id}", say("dossier_excess", lang), "pp", group=group),
        Column(f"band_{subject.id}", say("dossier_band", lang), group=group, left=True),
    )


def _counts_note(outcome: Outcome, months: int, lang: Lang) -> Iterator[str]:
    """How many names earned each band at a horizon, and how many beat the benchmark."""
    candidates = [each for each in outcome.thesis.subjects() if each.kind == "candidate"]
    months = outcome.due_of("candidate") or months
    rows = [row for row in (outcome.row(each.id, months) for each in candidates) if row.excess is not None]
    if not rows or not outcome.scale.stock.has_numbers:
        return
    counts = Counter(row.band for row in rows)
    stock = outcome.scale.stock
    words = [say("dossier_count", lang, band=rating_word(rating, stock, lang), n=counts[rating]) for rating in stock.ratings]
    yield say(
        "dossier_versus_counts",
        lang,
        n=len(rows),
        months=months,
        counts=listed(words, lang),
        benchmark=outcome.thesis.benchmark_name_in(outcome.scale, lang),
        beat=sum((row.excess or 0.0) > 0 for row in rows),
    )
