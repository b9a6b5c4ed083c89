"""From a report's text to a thesis: what is certain as data with the line it comes from, the rest as questions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from screener.drafting.dates import read_published
from screener.drafting.fact import Fact, Seen
from screener.drafting.house import read_house
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.naming.groups import Group, build_groups
from screener.drafting.naming.known import NameIndex
from screener.drafting.naming.names import Found, NameReader
from screener.drafting.rating import Rating, is_company_report, read_rating
from screener.drafting.risks import read_policies, read_related, read_risks
from screener.drafting.sector import Sector, read_sector
from screener.drafting.standards.scale_choice import Choice, choose_scale
from screener.drafting.title import read_title
from screener.drafting.words import rating_words
from screener.terms.names import NameRegistry
from screener.terms.notes import Problem
from screener.thesis.scale import RatingScale

Record = dict[str, Any]

# Without a printed date: the report follows the last one of its series within a few weeks, most likely after one.
_USUAL_GAP, _LONGEST_GAP = dt.timedelta(days=7), dt.timedelta(days=28)
_NEEDED = ("title", "house", "sector", "scale", "published", "buckets", "candidates")


@dataclass(frozen=True)
class Draft:
    """A drafted thesis as data. `scale`: a new rating standard, None when the library has it or none was printed.

    `questions`: what could not be read or is only proposed, each with the line of the report that it concerns; `sources`:
    the line of each value by its field; `seen`: what looked like a value and was not taken, with the reason; `proposed`:
    what an assistant proposes, `accepted` at once or not. `policies`: dated policies of the report's tables (`date` as
    printed to the month or day, `issuer`, `title`).
    """

    slug: str
    thesis: Record
    scale: Record | None
    questions: tuple[Problem, ...]
    policies: tuple[Record, ...]
    sources: dict[str, Line] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    proposed: tuple[Record, ...] = ()
    accepted: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything that a thesis file needs was read or proposed."""
        return all(key in self.thesis for key in _NEEDED)


def draft_thesis(
    report: ReportText,
    *,
    file: str,
    slug: str,
    registry: NameRegistry,
    scales: Sequence[RatingScale],
    scale_id: str | None = None,
    today: dt.date,
) -> Draft:
    """Draft a thesis from `report`; `scales` are those at hand, `scale_id` takes one of them instead of the printed one.

    What is missing is left out of the thesis and asked back, so that checking the draft names it; nothing is made up.
    Dates after `today` are not believed.
    """
    return _Drafter(report, file, slug, registry, scales, today).draft(scale_id)


class _Drafter:
    """One draft: reads each fact once, in the order of the file, and collects the questions."""

    def __init__(
        self, report: ReportText, file: str, slug: str, registry: NameRegistry, scales: Sequence[RatingScale], today: dt.date
    ) -> None:
        self.report, self.file, self.slug = report, file, slug
        self.registry, self.scales, self.today = registry, scales, today
        self.index = NameIndex(registry)
        self.questions: list[Problem] = []
        self.sources: dict[str, Line] = {}
        self.seen: list[Seen] = []

    def draft(self, scale_id: str | None) -> Draft:
        for page in self.report.pictures:
            self._ask("report", "page_is_picture", str(page))
        related = read_related(self.report)
        title = self._text("title", read_title(self.report), "title_unread")
        house, known = self._house()
        sector = self._sector(title or "", related)
        published = self._published(related)
        day = published.get("published")
        choice = choose_scale(
            self.report, house if known else None, self.scales, scale_id, slug=self.slug, file=self.file, day=day or self.today
        )
        self._said(choice)
        company = is_company_report(self.report, title or "")
        stated = self._rating(choice, company)
        names = self._names(house or "", title or "", company, stated)
        market = self._market(list(names.found.values()), choice)
        thesis: Record = {
            "title": title,
            "house": house,
            "house_en": choice.house_en or None,
            "sector": sector.sector if sector else None,
            "sector_en": sector.sector_en if sector else None,
            "market": market,
            "scale": choice.id,
            **published,
            "rating": None if company or stated is None else self._rated(stated, choice),
            **self._indices(sector, market),
            "related_reports": related,
            **self._named(names, choice),
            "risks": [{"text": risk} for risk in read_risks(self.report)],
        }
        if not thesis["risks"]:
            self._ask("risks", "risks_unread")
        kept = {key: value for key, value in thesis.items() if value not in (None, [], {}, "")}
        policies = tuple(read_policies(self.report))
        return Draft(self.slug, kept, choice.record, tuple(self.questions), policies, self.sources, tuple(self.seen))

    def _ask(self, about: str, code: str, value: str = "", line: Line | None = None, **params: object) -> None:
        file = f"{self.file} p.{line.page}" if line is not None and line.page is not None else self.file
        self.questions.append(Problem(file, line.number if line else None, about, value, code, params))

    def _text(self, name: str, fact: Fact[str] | None, unread: str) -> str | None:
        """The value of a fact, noted with its line; asked about where it is missing or only proposed."""
        if fact is None:
            self._ask(name, unread)
            return None
        self.sources[name] = fact.line
        if fact.doubt:
            self._ask(name, fact.doubt, fact.value, fact.line, **dict(fact.params))
        return fact.value

    def _house(self) -> tuple[str | None, bool]:
        """The house, and whether it is certain enough to bring its standard."""
        fact = read_house(self.report)
        house = self._text("house", fact, "house_unread")
        return house, fact is not None and fact.is_sure

    def _sector(self, title: str, related: Sequence[Record]) -> Sector | None:
        fact = read_sector(self.report, title, related)
        if fact is None:
            self._ask("sector", "sector_unread")
            return None
        self.sources["sector"] = fact.line
        if fact.doubt:
            self._ask("sector", fact.doubt, fact.value.sector, fact.line, **dict(fact.params))
        return fact.value

    def _said(self, choice: Choice) -> None:
        for name, code, value, params in choice.questions:
            self._ask(name, code, value, choice.line, **dict(params))
        if choice.line is not None:
            self.sources["scale"] = choice.line

    def _rating(self, choice: Choice, company: bool | None) -> Rating | None:
        """The stated rating where it is certain and a word of the standard."""
        words = choice.industry or tuple(rating_words())
        fact, seen = read_rating(self.report, words, company)
        self.seen += seen
        if fact is None:
            if not company:
                self._ask("rating.industry", "rating_unread", known=" ".join(choice.industry or ()))
            return None
        if fact.doubt:
            self._ask("rating.industry", fact.doubt, fact.value.word, fact.line)
            return None
        if not company and choice.industry and fact.value.word not in choice.industry:
            self._ask("rating.industry", "rating_of_other_kind", fact.value.word, fact.line, known=" ".join(choice.industry))
            return None
        self.sources["rating"] = fact.line
        return fact.value

    def _rated(self, rating: Rating, choice: Choice) -> Record:
        record = rating.record()
        if rating.change is None:
            self._ask("rating.change", "change_unread", rating.word, self.sources["rating"])
        if choice.industry and record.get("previous") not in (None, *choice.industry):
            self._ask("rating.previous", "previous_of_other_scale", record.pop("previous"), self.sources["rating"])
        return record

    def _names(self, house: str, title: str, company: bool | None, stated: Rating | None) -> NameReader:
        names = NameReader(self.index, house)
        own = names.read_subject(self.report, title, stated.word if stated else None) if company else False
        if not own:
            names.read(self.report)
        self.seen += names.seen
        return names

    def _market(self, found: Sequence[Found], choice: Choice) -> str:
        hong_kong = sum(each.symbol.endswith(".HK") for each in found)
        market = "hong_kong" if hong_kong * 2 > len(found) else "a_share"
        if choice.markets and market not in choice.markets:
            self._ask("market", "market_without_benchmark", market)
        return market

    def _published(self, related: Sequence[Record]) -> Record:
        fact = read_published(self.report, self.today)
        if fact is not None:
            self.sources["published"] = fact.line
            if fact.doubt:
                self._ask("published", fact.doubt, str(fact.value), fact.line)
            return {"published": fact.value, "published_basis": "printed"}
        last = max((each["date"] for each in related if each["date"] <= self.today), default=None)
        if last is None:
            self._ask("published", "published_unread")
            return {}
        guess = {"published": last + _USUAL_GAP, "published_basis": "inferred"}
        guess |= {"published_earliest": last + dt.timedelta(days=1), "published_latest": last + _LONGEST_GAP}
        self._ask("published", "published_inferred", str(guess["published"]), last=last)
        return guess

    def _indices(self, sector: Sector | None, market: str) -> Record:
        """The industry's indices; those of Shenwan stand for A shares only."""
        if sector is None or market != "a_share":
            self._ask("industry_index", "index_unread", market)
            return {}
        own = {"symbol": sector.symbol, "name": f"申万{sector.sector}", "name_en": f"SW {sector.sector_en}"}
        second = {"symbol": sector.second_symbol, "name": sector.second_name, "name_en": sector.second_name_en}
        return {"industry_index": own, "second_opinion": second if sector.second_symbol else None}

    def _listings(self, symbol: str, markets: Sequence[str]) -> Record:
        """The Hong Kong listing of a mainland share, where the list of names has it and the standard judges there."""
        others = self.registry.listings_of(symbol) if "hong_kong" in markets else ()
        found = [{"symbol": other, "market": "hong_kong"} for other in others if other.endswith(".HK")]
        return {"listings": found} if found else {}

    def _named(self, names: NameReader, choice: Choice) -> Record:
        for unread in names.unread.values():
            self._ask("candidates", unread.code, unread.name, unread.line, **unread.params)
        found = list(names.found.values())
        if not found:
            self._ask("candidates", "names_unread")
        groups = self._groups(found)
        for each in found:
            if each.rating and choice.stock and each.rating not in choice.stock:
                self._ask("candidates.rating", "rating_of_other_scale", each.rating, each.line, name=each.name)
        placed = [(each, group) for group in groups.values() for each in found if groups[each.phrase] is group]
        self.sources |= {f"candidates[{at}]": each.line for at, (each, _) in enumerate(placed)}
        return {
            "buckets": [{"id": group.id, "name": group.name, "name_en": group.name_en} for group in groups.values()],
            "candidates": [
                {**_candidate(each, group.id, choice), **self._listings(each.symbol, choice.markets)} for each, group in placed
            ],
        }

    def _groups(self, found: Sequence[Found]) -> dict[str, Group]:
        groups = build_groups(each.phrase for each in found)
        if "" in groups and len(found) > 1:
            self._ask("buckets", "buckets_unread", groups[""].name, next(each.line for each in found if not each.phrase))
        untranslated = [group.name for group in groups.values() if group.name == group.name_en and not group.name.isascii()]
        if untranslated:
            self._ask("buckets.name_en", "bucket_en_unread", "、".join(untranslated))
        return groups


def _candidate(found: Found, bucket: str, choice: Choice) -> Record:
    rating = {"rating": found.rating} if found.rating and (not choice.stock or found.rating in choice.stock) else {}
    named = {"named_in": found.places} if found.places else {}
    return {"symbol": found.symbol, "name": re.sub(r"\s", "", found.name), "bucket": bucket, **rating, **named}
