"""From a report's text to a thesis: best guesses as data, and a list of what could not be read."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from screener.drafting.facts import (
    Sector,
    read_house,
    read_policies,
    read_published,
    read_rating,
    read_related,
    read_risks,
    read_sector,
    read_title,
)
from screener.drafting.names import Found, NameReader, build_groups
from screener.drafting.scale import PrintedScale, ladder_record, rating_words, read_scale
from screener.drafting.text import ReportText
from screener.terms.names import NameRegistry
from screener.terms.notes import Problem
from screener.thesis.scale import RatingScale

Record = dict[str, Any]

# Without a printed date: the report follows the last one of its series within a few weeks, most likely after one.
_USUAL_GAP, _LONGEST_GAP = dt.timedelta(days=7), dt.timedelta(days=28)


@dataclass(frozen=True)
class Draft:
    """A drafted thesis as data. `scale`: a new rating standard, None when the library has it or none was printed.

    `questions`: what could not be read or was guessed, each with the line of the report that it concerns.
    `policies`: dated policies of the report's tables (`date` as printed to the month or day, `issuer`, `title`).
    """

    slug: str
    thesis: Record
    scale: Record | None
    questions: tuple[Problem, ...]
    policies: tuple[Record, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything that a thesis file needs was read or guessed."""
        return all(key in self.thesis for key in ("title", "house", "sector", "scale", "published", "buckets", "candidates"))


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
        self.questions: list[Problem] = []

    def draft(self, scale_id: str | None) -> Draft:
        house = read_house(self.report.half)
        related = read_related(self.report)
        sector = read_sector(self.report, related)
        known, scale = self._scale(house, scale_id)
        stock, industry = _ratings(known, scale, "stock"), _ratings(known, scale, "industry")
        names = NameReader(self.registry)
        names.read(self.report)
        market = self._market(list(names.found.values()), known, scale)
        thesis: Record = {
            "title": self._asked("title", read_title(self.report), "title_unread"),
            "house": self._asked("house", house, "house_unread"),
            **({"house_en": known.house_en} if known and known.house == house else {}),
            "sector": self._asked("sector", sector.sector if sector else None, "sector_unread"),
            **({"sector_en": sector.sector_en} if sector else {}),
            "market": market,
            "scale": known.id if known else scale["id"] if scale else None,
            **self._published(related),
            "rating": self._rating(industry),
            **self._indices(sector, market),
            "related_reports": related,
            **self._names(names, stock, _markets(known, scale)),
            "risks": [{"text": risk} for risk in read_risks(self.report)],
        }
        if not thesis["risks"]:
            self._ask("risks", "risks_unread")
        kept = {key: value for key, value in thesis.items() if value not in (None, [], {})}
        return Draft(self.slug, kept, scale, tuple(self.questions), tuple(read_policies(self.report)))

    def _ask(self, field: str, code: str, value: str = "", line: int | None = None, **params: object) -> None:
        self.questions.append(Problem(self.file, line, field, value, code, params))

    def _asked(self, field: str, value: str | None, code: str) -> str | None:
        if not value:
            self._ask(field, code)
        return value or None

    def _scale(self, house: str | None, scale_id: str | None) -> tuple[RatingScale | None, Record | None]:
        """The library's standard, or a new one as data; neither when the report prints none and its house is unknown."""
        own = [scale for scale in self.scales if scale.house == house]
        if scale_id is not None:
            return next(scale for scale in self.scales if scale.id == scale_id), None
        printed = read_scale("\n".join(line.text for line in self.report.lines))
        if printed is None or not (printed.stock or printed.industry):
            if own:
                self._ask("scale", "scale_not_printed", own[0].id)
                return own[0], None
            self._ask("scale", "scale_unread", known=", ".join(scale.id for scale in self.scales))
            return None, None
        record = self._scale_record(printed, house)
        same = next((scale for scale in own if _judges_alike(scale, record)), None)
        if same is not None:
            self.questions = [each for each in self.questions if not each.field.startswith("scale.")]
            return same, None
        return None, record

    def _scale_record(self, printed: PrintedScale, house: str | None) -> Record:
        ladders = {"stock": ladder_record(printed.stock), "industry": ladder_record(printed.industry)}
        for kind, other in (("stock", "industry"), ("industry", "stock")):
            if not ladders[kind]:
                self._ask(f"scale.{kind}", f"{kind}_bands_unread")
                ladders[kind] = ladders[other]
        if printed.window is None:
            self._ask("scale.window", "window_unread")
        if not printed.has_benchmark:
            self._ask("scale.markets", "benchmark_unread")
        self._ask("scale.house_en", "house_en_unread", house or "")
        first, last, phrase = printed.window or (6, 12, "")
        return {
            "id": f"{self.slug}-scale",
            "house": house or "",
            "house_en": house or "",
            "source": f"printed in {self.file}",
            "window": {"from_months": first, "to_months": last, "phrase": phrase},
            **{kind: {"bands": bands} for kind, bands in ladders.items()},
            "markets": list(printed.markets),
        }

    def _market(self, found: Sequence[Found], known: RatingScale | None, scale: Record | None) -> str:
        hong_kong = sum(each.symbol.endswith(".HK") for each in found)
        market = "hong_kong" if hong_kong * 2 > len(found) else "a_share"
        markets = _markets(known, scale)
        if markets and market not in markets:
            self._ask("market", "market_without_benchmark", market)
        return market

    def _published(self, related: Sequence[Record]) -> Record:
        day = read_published(self.report, self.today)
        if day is not None:
            return {"published": day, "published_basis": "printed"}
        last = max((each["date"] for each in related if each["date"] <= self.today), default=None)
        if last is None:
            self._ask("published", "published_unread")
            return {}
        one_day = dt.timedelta(days=1)
        guess = {"published": last + _USUAL_GAP, "published_basis": "inferred"}
        guess |= {"published_earliest": last + one_day, "published_latest": last + _LONGEST_GAP}
        self._ask("published", "published_inferred", str(guess["published"]), last=last)
        return guess

    def _rating(self, words: Sequence[str]) -> Record | None:
        found = read_rating(self.report, words)
        if found is None:
            self._ask("rating.industry", "rating_unread", known=" ".join(words))
            return None
        if "change" not in found:
            self._ask("rating.change", "change_unread", found["industry"])
        if found.get("previous") not in (None, *words):
            self._ask("rating.previous", "previous_of_other_scale", found.pop("previous"))
        return found

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

    def _names(self, names: NameReader, stock: Sequence[str], markets: Sequence[str]) -> Record:
        for unread in names.unread.values():
            self._ask("candidates", unread.code, unread.name, unread.line, **unread.params)
        found = list(names.found.values())
        if not found:
            self._ask("candidates", "names_unread")
        groups = build_groups(found)
        used = [groups[each.phrase] for each in found]
        untranslated = [group.name for group in groups.values() if group.name == group.name_en and not group.name.isascii()]
        if untranslated:
            self._ask("buckets.name_en", "bucket_en_unread", "、".join(untranslated))
        for each in found:
            if each.rating and each.rating not in stock:
                self._ask("candidates.rating", "rating_of_other_scale", each.rating, each.line, name=each.name)
        return {
            "buckets": [{"id": group.id, "name": group.name, "name_en": group.name_en} for group in groups.values()],
            "candidates": [
                {**_candidate(each, group.id, stock), **self._listings(each.symbol, markets)}
                for wanted in groups.values()
                for each, group in zip(found, used, strict=True)
                if group is wanted
            ],
        }


def _markets(known: RatingScale | None, scale: Record | None) -> tuple[str, ...]:
    """The ids of the markets that the standard names."""
    if known is not None:
        return tuple(market.id for market in known.markets)
    return tuple(each["id"] for each in (scale or {}).get("markets", ()))


def _candidate(found: Found, bucket: str, stock: Sequence[str]) -> Record:
    rating = {"rating": found.rating} if found.rating in stock else {}
    named = {"named_in": found.places} if found.places else {}
    return {"symbol": found.symbol, "name": found.name, "bucket": bucket, **rating, **named}


def _ratings(known: RatingScale | None, scale: Record | None, kind: str) -> tuple[str, ...]:
    """The rating words of a kind: of the standard, else every word that some house uses for it."""
    if known is not None:
        return (known.stock if kind == "stock" else known.industry).ratings
    if scale is not None:
        return tuple(band["rating"] for band in scale[kind]["bands"])
    return tuple(each.word for each in rating_words().values() if each.kind in ("", kind))


def _judges_alike(scale: RatingScale, record: Record) -> bool:
    """Whether the printed standard gives every excess the same word as the library's, over the same months."""
    window = record["window"]
    months = (window["from_months"], window["to_months"]) == (scale.window.from_months, scale.window.to_months)
    return months and all(
        [_edges(band.model_dump()) for band in ladder.bands] == [_edges(band) for band in record[kind]["bands"]]
        for kind, ladder in (("stock", scale.stock), ("industry", scale.industry))
    )


def _edges(band: Record) -> tuple[Any, ...]:
    return (
        band["rating"],
        band.get("lower", -math.inf),
        band.get("upper", math.inf),
        band.get("lower_closed", False),
        band.get("upper_closed", False),
    )
