"""The main table of the outcome dossier, bands by horizon, and what its other tables share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from screener.judgement.outcome import Basis, Outcome, WindowShares
from screener.judgement.outcome import Row as Measured
from screener.measures.quotes import DOUBTFUL, SHARED_FLAGS, doubts
from screener.report.document import Cell, Column, Flag, Row, Shares, Table, figure, text
from screener.report.figures import short_day
from screener.report.outcome.formulas import band_formula, measured_column, row_id
from screener.report.outcome.verdict import horizon_date, latest, result_of
from screener.report.wording import band_of, doubtful_word, earned, earned_word, rated, rating_word
from screener.terms.notes import Gap
from screener.terms.say import Lang, listed, run_on, say
from screener.thesis.subjects import Subject


def bases(outcome: Outcome) -> tuple[Basis, ...]:
    """What the rows' series stand against, the headline first: `headline`, `like`, `mixed`, as far as there are any."""
    return tuple(dict.fromkeys(row.basis for row in outcome.rows))


def bands_table(outcome: Outcome, lang: Lang, *, basis: Basis = "headline") -> Table:
    """Excess and band at each horizon, share of days, and the result; once matured, geometric excess and return too.

    `basis`: what the figures stand against, by default the headline; an index has that one only.
    Before the end of the window the reading on the as-of date stands beside them; what nothing is due for is left out.
    """
    horizons = outcome.months
    subjects = outcome.thesis.subjects()
    return Table(
        id="bands",
        title=say("dossier_bands_title", lang, months=listed(horizons, lang)),
        row_head=say("dossier_subject", lang),
        columns=tuple(_band_columns(outcome, lang)),
        rows=tuple(
            _band_row(outcome, each, ends=ends_group(subjects, place), lang=lang, basis=basis)
            for place, each in enumerate(subjects)
        ),
        sub=_bands_sub(outcome, basis, lang),
        notes=(run_on(_band_notes(outcome, lang), lang),),
        layout="wide",
    )


def basis_of(outcome: Outcome, subject: Subject, basis: Basis) -> Basis:
    """`basis`, or the headline for a subject that has no such rows: an index, or a name without a total-return index."""
    has_it = any((row.subject, row.basis) == (subject.id, basis) for row in outcome.rows)
    return basis if has_it else "headline"


def _bands_sub(outcome: Outcome, basis: Basis, lang: Lang) -> str:
    benchmark = basis_benchmark(outcome, basis, lang)
    if basis != "headline":
        return say("dossier_bands_total", lang, benchmark=benchmark)
    return say("dossier_bands_sub", lang, months=outcome.scale.window.to_months, benchmark=benchmark)


def _band_columns(outcome: Outcome, lang: Lang) -> Iterator[Column]:
    for months in outcome.months:
        yield from _horizon_columns(outcome, months, lang)
    if _shows_now(outcome):
        group, note = say("dossier_now_head", lang), say("dossier_until", lang, day=short_day(outcome.as_of))
        yield Column("excess_now", say("dossier_excess", lang), "pp", group=group, group_note=note, short=0)
        yield Column("band_now", say("dossier_band", lang), group=group, group_note=note, left=True, short=0)
    last = outcome.due_months
    if last is not None:
        sessions = max((each.sessions + each.missing for each in outcome.windows), default=0)
        yield Column("shares", say("dossier_shares_head", lang, n=sessions), left=True, short=5)
    if last is not None and outcome.status == "matured":
        yield Column("geometric", say("dossier_geometric_head", lang, months=last), "%", short=7)
        yield Column("return", say("dossier_return_head", lang, months=last), "%", short=6)
    yield Column("result", say("dossier_result_head", lang), left=True, short=1)
    yield Column("flags", say("dossier_flags_head", lang), left=True, short=0)


def _shows_now(outcome: Outcome) -> bool:
    """Whether there is a reading on the way: after the base date and before the end of the window."""
    return outcome.status != "matured" and len(outcome.paths) > 1


def _horizon_columns(outcome: Outcome, months: int, lang: Lang) -> tuple[Column, Column]:
    headline = months == outcome.scale.window.to_months
    group = say("dossier_horizon_headline" if headline else "dossier_horizon", lang, months=months)
    end = horizon_date(outcome, months)
    due = end <= outcome.as_of
    note = say("dossier_until" if due else "dossier_until_open", lang, day=short_day(end))
    short = 0 if headline else 2
    return (
        Column(f"excess_{months}", say("dossier_excess", lang), "pp", group=group, group_note=note, short=short),
        Column(f"band_{months}", say("dossier_band", lang), group=group, group_note=note, left=True, short=short),
    )


def ends_group(subjects: Sequence[Subject], place: int) -> bool:
    """Whether the next subject is of another group: indices and basket, buckets, names."""
    following = subjects[place + 1 : place + 2]
    groups = {"industry_index": 0, "all": 0, "bucket": 1, "candidate": 2}
    return bool(following) and groups[following[0].kind] != groups[subjects[place].kind]


def _band_row(outcome: Outcome, subject: Subject, *, ends: bool, lang: Lang, basis: Basis) -> Row:
    main = subject.kind == "all" or (subject.kind == "industry_index" and subject.stated is not None)
    return Row(
        id=subject.id,
        head=subject.name_in(lang),
        cells=tuple(_band_cells(outcome, subject, lang, basis_of(outcome, subject, basis))),
        note=subject_note(outcome, subject, lang),
        role="theme" if main else "plain",
        ends_group=ends,
    )


def _band_cells(outcome: Outcome, subject: Subject, lang: Lang, basis: Basis) -> Iterator[Cell]:
    for months in outcome.months:
        strong = months == outcome.window_of(subject.kind).to_months
        row = outcome.row(subject.id, months, basis=basis)
        yield from excess_and_band(outcome, subject, row, lang, strong=strong)
    if _shows_now(outcome):
        yield from _now_cells(outcome, subject, lang)
    last = outcome.due_months
    if last is not None:
        yield _shares_cell(outcome, subject, lang, basis)
    if last is not None and outcome.status == "matured":
        row = outcome.row(subject.id, outcome.due_of(subject.kind) or last, basis=basis)
        yield figure("return", row.gap or row.excess_geometric)
        yield figure("return", row.gap or row.own_return)
    yield _result_cell(outcome, subject, lang)
    yield flags_cell(outcome, subject, lang)


def _now_cells(outcome: Outcome, subject: Subject, lang: Lang) -> tuple[Cell, Cell]:
    """Excess and band on the as-of date; where it has none, the subject's gap."""
    now = latest(outcome, subject.id)
    if now is None:
        gap = next((gap for member in subject.members for gap in [outcome.prices.gaps.get(member)] if gap), None)
        return figure(
            "excess", gap or Gap("stale", "prices_stale", {"last": outcome.prices.last, "as_of": outcome.as_of})
        ), Cell("none")
    ladder = outcome.scale.ladder(subject.kind)
    return rated(now, ladder), earned(now, ladder, lang, flags=doubts(outcome.prices, subject.members))


def excess_and_band(
    outcome: Outcome, subject: Subject, row: Measured, lang: Lang, *, strong: bool = False
) -> tuple[Cell, Cell]:
    """The excess of a row and its band; a gap stands where the figure would, and then there is no band."""
    ladder = outcome.scale.ladder(subject.kind)
    if row.measured is None:
        return figure("excess", row.gap), Cell("none")
    band = figure("band", row.band_gap if row.band is None else band_of(row.band, ladder, lang, flags=row.flags))
    place = f"{{{measured_column(row)}@ledger:{row_id(row.subject, row)}}}"
    worked = replace(rated(row.measured, ladder, strong=strong), formula=place)
    return worked, replace(band, formula=band_formula(outcome, row, "word", place))


def subject_note(outcome: Outcome, subject: Subject, lang: Lang) -> str:
    """What stands beside a subject's name: its code, or how many names a basket holds and how many were left out."""
    if subject.is_single:
        return subject.id
    left_out = len(outcome.row(subject.id, outcome.window_of(subject.kind).to_months).left_out)
    kept = len(subject.members) - left_out
    code = "dossier_names_equal" if subject.kind == "all" else "dossier_names" if kept > 1 else "dossier_name_alone"
    return say("dossier_names_of" if left_out else code, lang, n=kept, all=len(subject.members))


def _shares_cell(outcome: Outcome, subject: Subject, lang: Lang, basis: Basis) -> Cell:
    window = next((each for each in outcome.windows if (each.subject, each.basis) == (subject.id, basis)), None)
    if window is None or not window.sessions + window.missing:
        return Cell("not_due")
    if not window.sessions:
        return figure("shares", outcome.row(subject.id, outcome.window_of(subject.kind).from_months).gap)
    if not window.share:
        return Cell("none")
    ladder = outcome.scale.ladder(subject.kind)
    flags = doubts(outcome.prices, subject.members)
    chips = {rating: band_of(rating, ladder, lang) for rating in reversed(ladder.ratings)}
    parts = tuple(
        (replace(chip, word=doubtful_word(chip.word, flags, lang)), window.share[rating]) for rating, chip in chips.items()
    )
    return Cell("shares", Shares(parts, window.sessions, window.missing))


def headline_window(outcome: Outcome, subject: str) -> WindowShares | None:
    """The share of days of a subject on the headline pair; None where there is none."""
    return next((each for each in outcome.windows if (each.subject, each.basis) == (subject, "headline")), None)


def _result_cell(outcome: Outcome, subject: Subject, lang: Lang) -> Cell:
    """What became of the stated rating; for a bucket its band on the stock scale; else that nothing was stated."""
    verdict = outcome.verdict.get(subject.id)
    if verdict is not None:
        stated = say("dossier_stated", lang, rating=rating_word(verdict.stated, outcome.scale.ladder(subject.kind), lang))
        return text(say(f"dossier_result_{result_of(verdict)}", lang), stated, strong=True)
    if subject.kind == "industry_index":
        return text(say("dossier_second_opinion", lang), quiet=True)
    months = outcome.due_months
    excess = outcome.row(subject.id, months).excess if months is not None else None
    if subject.kind == "candidate" or excess is None or not outcome.scale.stock.has_numbers or not outcome.is_plain(subject.id):
        return text(say("dossier_unrated", lang), quiet=True)
    word = earned_word(excess, outcome.scale.stock, lang, flags=doubts(outcome.prices, subject.members))
    return text(say("dossier_on_stock_scale", lang, rating=word), quiet=True)


def basis_differs(outcome: Outcome, subject: Subject, months: int) -> bool:
    """Whether the band of a subject hangs on the series: price, total like for like, and mixed do not all agree."""
    bands = {row.band for row in outcome.rows if (row.subject, row.horizon_months) == (subject.id, months) and row.band}
    return len(bands) > 1


def flags_cell(outcome: Outcome, subject: Subject, lang: Lang) -> Cell:
    """What a reader must know about a subject's rows on the headline pair, and the months that it concerns."""
    found: dict[str, list[int]] = {}
    for months in outcome.months:
        codes = [code for code in outcome.row(subject.id, months).flags if code != "mixed_basis"]
        for code in codes + (["basis_differs"] if basis_differs(outcome, subject, months) else []):
            found.setdefault(code, []).append(months)
    flags = [Flag(code, _flag_text(outcome, code, months, lang), strong=code in STRONG_FLAGS) for code, months in found.items()]
    return Cell("flags", tuple(flags)) if flags else text("")


def _flag_text(outcome: Outcome, code: str, months: Sequence[int], lang: Lang) -> str:
    """A flag in words, with the horizons that it concerns unless that is the headline alone."""
    word = say(f"dossier_flag_{code}", lang)
    if list(months) == [outcome.scale.window.to_months] or list(months) == list(outcome.months):
        return word
    return say("dossier_flag_at", lang, flag=word, months=listed(months, lang))


# Flags on which an answer hangs.
MEASURES = ("benchmark_assumed", "edition_nearest", "by_sign", "absolute", "against_industry")
STRONG_FLAGS = (*MEASURES, "basis_differs", "form_differs", "near_edge", "delisted", "unadjusted", *DOUBTFUL, *SHARED_FLAGS)


def _band_notes(outcome: Outcome, lang: Lang) -> Iterator[str]:
    window = outcome.scale.window
    first, last = (horizon_date(outcome, months) for months in (window.from_months, window.to_months))
    yield say("dossier_note_scales", lang)
    if outcome.due_months is not None:
        yield say("dossier_note_shares", lang, first=first, last=min(last, outcome.as_of))
    unrated = [each for each in outcome.thesis.subjects() if each.kind == "candidate" and each.stated is None]
    if unrated:
        yield say("dossier_note_unrated", lang, n=len(unrated))
    rows = [row for row in outcome.rows if row.basis == "headline" and row.band is not None]
    if rows:
        differing = [row for row in rows if "form_differs" in row.flags]
        yield say(
            "dossier_note_form_differs" if differing else "dossier_note_form_agrees",
            lang,
            rows=_listed(outcome, differing, lang),
        )
        near = [row for row in rows if row.near_edge]
        yield say("dossier_note_near" if near else "dossier_note_none_near", lang, rows=_listed(outcome, near, lang))


def _listed(outcome: Outcome, rows: Sequence[Measured], lang: Lang) -> str:
    names = {each.id: each.name_in(lang) for each in outcome.thesis.subjects()}
    words = [say("dossier_name_at", lang, name=names[row.subject], months=row.horizon_months) for row in rows]
    return listed(words, lang)


def basis_benchmark(outcome: Outcome, basis: Basis, lang: Lang) -> str:
    """What a basis stands against: the index's name (a total-return index says that it is one), or that it differs by name."""
    found = {row.benchmark for row in outcome.rows if row.basis == basis and row.kind != "industry_index"}
    if len(found) != 1:
        return say("dossier_own_index", lang)
    symbol = found.pop()
    if symbol is None:
        return say("dossier_no_index", lang)
    return index_name(outcome, symbol, lang)


def index_name(outcome: Outcome, symbol: str, lang: Lang) -> str:
    """The name of an index that rows are measured against; a total-return index says that it is one."""
    sisters = {each.total: each.symbol for each in outcome.compared.values() if each.total is not None}
    name = outcome.thesis.index_name(outcome.scale, sisters.get(symbol) or symbol, lang)
    return say("dossier_total_index", lang, name=name) if symbol in sisters else name
