"""How far to trust the answer, as sections of the dossier: conventions, chance, and what the result hangs on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from screener.evidence.base_rates import BaseRate
from screener.evidence.placebo import AGAINST, Placebo
from screener.evidence.robustness import BLOCK_SESSIONS, RESAMPLES
from screener.evidence.sensitivity import Sensitivity, heat_table
from screener.evidence.trust import Trust
from screener.judgement.outcome import Verdict
from screener.report.document import Block, Box, BoxPart, Cell, Column, Paragraph, Row, Section, Stack, Table, figure, text
from screener.report.figures import points
from screener.report.what_if import what_if_block
from screener.report.wording import band_of
from screener.terms.notes import Gap
from screener.terms.say import Lang, say
from screener.thesis.scale import rate
from screener.thesis.subjects import Subject

EMPTY = Cell("none")


def trust_sections(trust: Trust, lang: Lang = "zh") -> tuple[Section, ...]:
    """The sections of what was asked for, in reading order; they stand before the dossier's table of prices."""
    return tuple(_TrustSections(trust, lang).sections())


class _TrustSections:
    def __init__(self, trust: Trust, lang: Lang) -> None:
        self.trust, self.lang, self.outcome = trust, lang, trust.outcome
        self.subjects = {subject.id: subject for subject in trust.outcome.thesis.subjects()}
        self.months = trust.months

    def sections(self) -> Iterator[Section]:
        yield Section("evidence", "", (Stack((evidence_box(self.trust, self.lang),)),), front=True)
        if self.trust.sensitivity is not None:
            yield self.grid_section(self.trust.sensitivity)
        if self.trust.placebo or any(each.n for each in self.trust.base_rates):
            lead = Paragraph((self.say("trust_chance_lead"),))
            placebo = (self.placebo_table(),) if self.trust.placebo else ()
            blocks: tuple[Block, ...] = (lead, *placebo, *self.rate_tables(), self.basis_box())
            yield Section("chance", self.say("trust_section_chance"), (Stack(blocks),))
        tables = (self.left_out_table(), self.behaviour_table())
        yield Section("hangs", self.say("trust_section_rest"), (Stack((self.interval_note(), *tables)),))

    def say(self, code: str, **params: object) -> str:
        return say(code, self.lang, **params)

    def name(self, subject: str) -> str:
        found = self.subjects.get(subject)
        if found is None:
            return self.say("trust_against_stocks")
        return found.name_in(self.lang)

    def code(self, subject: Subject) -> str:
        return subject.id if subject.is_single else ""

    def chip(self, subject: str, rating: str | None) -> Cell:
        """An earned band as a chip on its subject's ladder."""
        if rating is None:
            return EMPTY
        kind = self.subjects[subject].kind if subject in self.subjects else "candidate"
        ladder = self.outcome.scale.ladder(kind)
        return Cell("band", band_of(rating, ladder, self.lang))

    def column(self, head: str, unit: str = "", *, left: bool = False) -> Column:
        return Column(head, self.say(f"trust_head_{head}"), unit, left=left)

    def row(self, key: str, subject: str, *cells: Cell) -> Row:
        found = self.subjects.get(subject)
        note = self.code(found) if found else ""
        return Row(key, self.name(subject), cells, note=note, role="theme" if subject == "all" else "plain")

    # --- conventions

    def grid_section(self, sensitivity: Sensitivity) -> Section:
        heats = tuple(self.heat(sensitivity, subject) for subject in self.outcome.verdict if subject in self.subjects)
        picks = (what_if_block(sensitivity, self.outcome, self.lang),) if len(sensitivity.cells) else ()
        blocks: tuple[Block, ...] = (self.grid_table(sensitivity), *picks, *heats)
        return Section("conventions", self.say("trust_section_grid"), (Stack(blocks),))

    def grid_table(self, sensitivity: Sensitivity) -> Table:
        heads = (("cells", ""), ("same", "%"), ("low", "pp"), ("high", "pp"), ("most", ""), ("spread", "pp"))
        columns = tuple(self.column(head, unit, left=head == "most") for head, unit in heads)
        lacking = dict.fromkeys(each.lacking for each in sensitivity.left_out)
        opens = (self.say("trust_opens_left_out", symbols=" ".join(lacking)),) if lacking else ()
        mixing = [each.mixing for each in self.trust.bases if each.horizon_months == self.months and each.mixing is not None]
        mixed = (self.say("trust_mixing", months=self.months, mixing=points(mixing[0], unit=False)),) if mixing else ()
        return Table(
            "conventions",
            self.say("trust_grid_title", months=self.months),
            self.say("trust_head_subject"),
            columns,
            tuple(self.grid_row(sensitivity, subject) for subject in self.subjects),
            sub=self.say("trust_grid_sub", months=self.months),
            notes=(self.say("trust_most_rule"), *opens, *mixed),
            layout="wide",
        )

    def grid_row(self, sensitivity: Sensitivity, subject: str) -> Row:
        agreement = sensitivity.agreement_of(subject, self.months)
        cells = sensitivity.cells
        mine = cells[(cells["subject"] == subject) & (cells["horizon_months"] == self.months)]["excess"].dropna()
        most = next((each for each in sensitivity.choices_of(subject, self.months) if each.moves_most), None)
        if agreement.share_same is None or most is None or not len(mine):
            gap = self.outcome.row(subject, self.months).gap or Gap("no_data", "base_rate_nothing")
            return self.row(subject, subject, figure("count", agreement.cells), *(figure("weight", gap) for _ in range(5)))
        return self.row(
            subject,
            subject,
            figure("count", agreement.cells),
            figure("weight", agreement.share_same, strong=True),
            figure("excess", float(mine.min())),
            figure("excess", float(mine.max())),
            text(self.say(f"trust_choice_{most.choice}")),
            figure("points", most.spread),
        )

    def heat(self, sensitivity: Sensitivity, subject: str) -> Table:
        found = heat_table(sensitivity, self.outcome, subject, self.months)
        columns = tuple(Column(price, self.say(f"trust_price_{price}"), "pp") for price in found.columns)
        return Table(
            f"heat_{subject}",
            self.say("trust_heat_title", name=self.name(subject)),
            self.say("trust_head_date"),
            columns,
            tuple(
                Row(
                    f"{subject} {published} {anchor}",
                    f"{published}",
                    tuple(self.heat_cell(subject, value) for value in values),
                    note=self.say(f"trust_anchor_{anchor}"),
                    role="reference" if (published, anchor) == (self.outcome.published, "published") else "plain",
                )
                for (published, anchor), values in zip(found.index, found.to_numpy(dtype=float), strict=True)
            ),
            sub=self.say("trust_heat_sub", months=self.months),
            notes=(self.say("trust_heat_note"),),
            layout="wide",
        )

    def heat_cell(self, subject: str, value: float) -> Cell:
        """The excess, bold where it earns another band than the headline."""
        if math.isnan(value):
            return EMPTY
        band = rate(value, self.outcome.scale.ladder(self.subjects[subject].kind))
        return figure("excess", float(value), strong=band != self.outcome.row(subject, self.months).band)

    # --- chance

    def placebo_table(self) -> Table:
        heads = (("size", ""), ("own", "pp"), ("by_random", "%"), ("by_matched", "%"), ("by_dates", "%"), ("date_count", ""))
        subjects = dict.fromkeys(each.subject for each in self.trust.placebo)
        rows = (self.placebo_row(subject) for subject in subjects)
        return Table(
            "placebo",
            self.say("trust_placebo_table", months=self.months),
            self.say("trust_head_subject"),
            tuple(self.column(head, unit) for head, unit in heads),
            tuple(row for row in rows if row is not None),
            layout="wide",
        )

    def placebo_row(self, subject: str) -> Row | None:
        random, matched, dates = (self.trust.placebo_of(subject, self.months, each) for each in AGAINST)
        if random is None or matched is None:
            return None
        count = len(self.subjects[subject].members)
        size = f"{count - len(random.left_out)}/{count}"
        percentiles = (figure("weight", each.gap or each.percentile, strong=True) for each in (random, matched))
        own = figure("excess", random.gap or random.excess)
        return self.row(subject, subject, text(size), own, *percentiles, *self.dates_cells(dates))

    def dates_cells(self, dates: Placebo | None) -> tuple[Cell, Cell]:
        """Percentile and number of other dates; empty where the universe has one base date only, which its basis says."""
        if dates is None:
            return EMPTY, EMPTY
        return figure("weight", dates.gap or dates.percentile, strong=True), figure("count", dates.gap or dates.n)

    def rate_tables(self) -> Iterator[Table]:
        """One table for each scale: indices are judged by other bands than stocks."""
        heads = (("against", "", True), ("months", "", False), ("n", "", False), ("own", "pp", False))
        known = [each for each in self.trust.base_rates if each.n]
        for key, mine in (
            ("rates", [each for each in known if each.against != "stocks"]),
            ("stock_rates", [each for each in known if each.against == "stocks"]),
        ):
            if not mine:
                continue
            ratings = tuple(mine[0].share)
            measured = heads if key == "rates" else heads[1:3]
            columns = (
                *(self.column(head, unit, left=left) for head, unit, left in measured),
                *((self.column("percentile", "%"),) if key == "rates" else ()),
                *(Column(rating, self.outcome.scale.word(rating, self.lang), "%") for rating in ratings),
            )
            rows = tuple(self.rate_row(each, indices=key == "rates") for each in mine)
            yield Table(key, self.say(f"trust_{key}_table"), self.say("trust_head_subject"), columns, rows, layout="wide")

    def rate_row(self, found: BaseRate, *, indices: bool) -> Row:
        shares = tuple(figure("weight", share) for share in found.share.values())
        key = f"{found.subject} {found.against} {found.horizon_months}"
        months, count = figure("count", found.horizon_months), figure("count", found.n)
        if not indices:
            return self.row(key, found.subject, months, count, *shares)
        own, place = figure("excess", found.own), figure("weight", found.percentile, strong=True)
        against = text(self.say(f"trust_against_{found.against}"))
        return self.row(key, found.subject, against, months, count, own, place, *shares)

    def basis_box(self) -> Box:
        gaps = dict.fromkeys(gap.text(self.lang) for _, gap in self.trust.gaps())
        bullets = (*basis_sentences(self.trust, self.lang), *gaps)
        return Box("chance_basis", (BoxPart(self.say("trust_basis_title"), bullets=bullets),))

    # --- what it hangs on

    def interval_note(self) -> Paragraph:
        return Paragraph((self.say("trust_interval_note", block=BLOCK_SESSIONS, n=f"{RESAMPLES:,}"),), style="note")

    def left_out_table(self) -> Table:
        columns = (self.column("without", left=True), self.column("excess", "pp"), self.column("band", left=True))
        rows = tuple(
            self.row(
                f"{each.subject} {each.without}",
                each.subject,
                text(self.name(each.without), self.say("trust_best") if each.best else ""),
                figure("excess", each.gap or each.excess),
                self.chip(each.subject, each.band),
            )
            for each in self.trust.robustness.left_one_out
        )
        title = self.say("trust_left_out_table", months=self.months)
        return Table("left_one_out", title, self.say("trust_head_subject"), columns, rows, layout="plain")

    def behaviour_table(self) -> Table:
        heads = (("low", "pp"), ("high", "pp"), ("run_up", "pp"), ("beta", ""), ("volatility", "%"))
        intervals = {each.subject: each for each in self.trust.robustness.intervals}
        rows = []
        for each in self.trust.robustness.behaviour:
            interval = intervals.get(each.subject)
            low, high = (None, None) if interval is None else (interval.gap or interval.low, interval.gap or interval.high)
            rows.append(
                self.row(
                    each.subject,
                    each.subject,
                    figure("excess", low),
                    figure("excess", high),
                    figure("excess", each.gap or each.run_up),
                    figure("price", each.gap or each.beta),
                    figure("weight", each.gap or each.volatility),
                )
            )
        columns = tuple(self.column(head, unit) for head, unit in heads)
        title = self.say("trust_behaviour_table")
        return Table("behaviour", title, self.say("trust_head_subject"), columns, tuple(rows), layout="wide")


def trust_sentences(trust: Trust, lang: Lang = "zh") -> tuple[str, ...]:
    """One sentence for each stated rating: the answer, how many conventions agree, and where it stands among chance."""
    subjects = {subject.id: subject for subject in trust.outcome.thesis.subjects()}
    verdicts = trust.outcome.verdict.items()
    return tuple(trust_sentence(trust, subjects[subject], verdict, lang) for subject, verdict in verdicts)


def trust_sentence(trust: Trust, subject: Subject, verdict: Verdict, lang: Lang = "zh") -> str:
    """By the report's own standard hit or not; the share of conventions with the same band; the percentile among chance."""
    months = trust.outcome.scale.window.to_months
    name = subject.name if lang == "zh" else subject.name_en
    parts = [say("trust_verdict", lang, name=name, verdict=verdict_word(verdict, lang))]
    if verdict.band is not None and verdict.months == months:
        found = (
            _agreement(trust, subject.id, months, lang),
            _chance(trust, subject, months, lang),
            _rate(trust, verdict, lang),
        )
        parts += [part for part in found if part]
    return say("trust_joint", lang).join(parts) + say("trust_stop", lang)


def basis_sentences(trust: Trust, lang: Lang = "zh") -> tuple[str, ...]:
    """What the chance results rest on, each said once, and how large the bias is for the baskets."""
    notes = {note.code: say(note.code, lang, **note.params) for each in trust.placebo for note in each.basis}
    return (*notes.values(), *_bias(trust, lang))


def _bias(trust: Trust, lang: Lang) -> Iterator[str]:
    """What the unadjusted universe hides of each basket of several names, as far as the outcome's prices know."""
    months = trust.months
    baskets = [subject for subject in trust.outcome.thesis.subjects() if len(subject.members) > 1]
    found = [(subject, trust.placebo_of(subject.id, months, "baskets")) for subject in baskets]
    items = [
        say(
            "trust_bias_item",
            lang,
            name=subject.name if lang == "zh" else subject.name_en,
            dividends=points(each.dividends, unit=False, minus="-"),
            splits=points(each.unseen, unit=False, minus="-"),
        )
        for subject, each in found
        if each is not None and each.dividends is not None and each.unseen is not None
    ]
    if items:
        yield say("trust_bias", lang, months=months, items=say("trust_joint", lang).join(items))


def verdict_word(verdict: Verdict, lang: Lang) -> str:
    """Hit, missed, not due yet, or cannot be judged."""
    if verdict.hit is None:
        return say("trust_not_due" if verdict.status != "matured" else "trust_unknown", lang)
    return say("trust_hit" if verdict.hit else "trust_missed", lang)


def _agreement(trust: Trust, subject: str, months: int, lang: Lang) -> str:
    if trust.sensitivity is None:
        return ""
    agreement = trust.sensitivity.agreement_of(subject, months)
    if agreement.share_same is None:
        return ""
    return say("trust_agreement", lang, cells=f"{agreement.cells:,}", share=f"{agreement.share_same * 100:.1f}")


def _chance(trust: Trust, subject: Subject, months: int, lang: Lang) -> str:
    """Where a basket or a name stands among random baskets; an index is like no random basket."""
    random = trust.placebo_of(subject.id, months, "baskets")
    if random is None or random.percentile is None:
        return ""
    share = f"{random.percentile * 100:.1f}"
    code = "trust_chance_part" if random.left_out else "trust_chance"
    return say(code, lang, n=f"{random.n:,}", share=share, size=random.size, of=random.size + len(random.left_out))


def _rate(trust: Trust, verdict: Verdict, lang: Lang) -> str:
    """On how many other publication dates the same index earned the stated band."""
    dates = trust.base_rate_of(verdict.subject, trust.outcome.scale.window.to_months, "dates")
    if dates is None or not dates.n:
        return ""
    share = f"{dates.share.get(verdict.stated, 0.0) * 100:.0f}"
    return say("trust_rate_same", lang, n=f"{dates.n:,}", share=share)


def evidence_box(trust: Trust, lang: Lang = "zh") -> Box:
    """How far to trust the answer, in one box: a line for every stated rating, and what one report can show at all."""
    universe = () if trust.placebo else (say("trust_no_universe", lang),)
    lines = (*trust_sentences(trust, lang), *universe, say("trust_one_report", lang))
    return Box("evidence", (BoxPart(say("trust_title", lang), bullets=lines),))
