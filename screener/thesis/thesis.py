"""A report as data: what it recommends, what it rates, when it was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from screener.terms.say import LANGS, Lang
from screener.thesis.markets import Frozen
from screener.thesis.scale import RatingScale
from screener.thesis.subjects import Subject

# What a publication date rests on: printed on the report, inferred within a range, or tried by the reader.
Basis = Literal["printed", "inferred", "tried"]
DEFAULT_THESIS = "guolian-2024-ai-compute"
ALL = "all"


class RatingChange(Frozen):
    """A later report of the same house that rates the industry anew; `rating` may be a word that rates nothing (暂停评级)."""

    date: dt.date
    rating: str
    source: str


class StatedRating(Frozen):
    """The industry rating that the report states, the one before it, and what later reports of the house made of it."""

    industry: str
    change: Literal["maintained", "raised", "lowered", "first"] | None = None
    previous: str | None = None
    changes: tuple[RatingChange, ...] = ()

    def first_change(self, after: dt.date) -> RatingChange | None:
        """The first later report after a day whose rating is another one; None where the rating stood."""
        later = (each for each in self.changes if each.date > after and each.rating != self.industry)
        return min(later, key=lambda each: each.date, default=None)


class Named(Frozen):
    """An index with the names it goes by."""

    symbol: str
    name: str
    name_en: str


class RelatedReport(Frozen):
    """An earlier report of the series, as the report lists it."""

    title: str
    date: dt.date


class Bucket(Frozen):
    """A theme segment (细分环节) of the thesis."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    name_en: str


class Listing(Frozen):
    """A second listing of a candidate in another market of the standard; `benchmark` where that market has several."""

    symbol: str
    market: str
    benchmark: str | None = None


class Candidate(Frozen):
    """A security that the thesis names; `rating` only when the report rates it, `named_in` where it does.

    `target_price`: CNY a share, by `target_date`, else by the end of the rating's window.
    """

    symbol: str
    name: str
    name_en: str | None = None
    bucket: str
    rating: str | None = None
    target_price: float | None = Field(default=None, gt=0)
    target_date: dt.date | None = None
    named_in: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()


class Risk(Frozen):
    """A risk that the report prints, in our words."""

    text: str
    text_en: str | None = None


class Proposed(Frozen):
    """A value that an assistant proposes with the line that it quotes; until accepted or deleted the thesis is not used."""

    field: str
    value: str
    place: str
    quote: str
    symbol: str | None = None
    bucket: str | None = None


class Thesis(Frozen):
    """One report. `scale`: a rating standard by name, else the edition of the house that holds on the date of the report.

    `published_basis`: `printed` on the report, or `inferred` with the earliest and latest possible day.
    """

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    title_en: str | None = None
    house: str
    house_en: str | None = None
    sector: str
    sector_en: str | None = None
    market: str = "a_share"
    scale: str | None = None
    benchmark_symbol: str | None = Field(None, alias="benchmark")
    published: dt.date
    published_basis: Literal["printed", "inferred"]
    published_earliest: dt.date | None = None
    published_latest: dt.date | None = None
    rating: StatedRating | None = None
    industry_index: Named | None = None
    second_opinion: Named | None = None
    related_reports: tuple[RelatedReport, ...] = ()
    buckets: tuple[Bucket, ...] = Field(min_length=1)
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    risks: tuple[Risk, ...] = ()
    proposed: tuple[Proposed, ...] = ()

    def rated_by(self, scale: RatingScale) -> Thesis:
        """The same thesis with ratings as the scale has them: without a risk grade (领先大市-A), none for 无评级."""
        rating = self.rating and scale.plain_rating(self.rating.industry)
        stated = self.rating.model_copy(update={"industry": rating}) if self.rating and rating else None
        names = (
            each.model_copy(update={"rating": each.rating and scale.plain_rating(each.rating)}) for each in self.candidates
        )
        return self.model_copy(update={"rating": stated, "candidates": tuple(names)})

    def title_in(self, lang: Lang) -> str:
        """The report's title in the reader's language, its own where it has none."""
        return self.title if lang == "zh" else self.title_en or self.title

    def house_in(self, lang: Lang) -> str:
        """The broker's name in the reader's language, its own where it has none."""
        return self.house if lang == "zh" else self.house_en or self.house

    def sector_in(self, lang: Lang) -> str:
        """The sector in the reader's language, the report's own word where it has none."""
        return self.sector if lang == "zh" else self.sector_en or self.sector

    def basis(self, published: dt.date) -> Basis:
        """What a publication date rests on: `tried` for another date than the file's, else what the file says."""
        return self.published_basis if published == self.published else "tried"

    def benchmark(self, scale: RatingScale) -> str:
        """The symbol of the index that the standard names for the thesis's market (the thesis may choose among several)."""
        return self.benchmark_symbol or scale.market(self.market).benchmarks[0].symbol or ""

    def benchmark_subject(self, scale: RatingScale) -> Subject:
        """The benchmark as a row of a table, under the name that the standard gives it."""
        symbol, market = self.benchmark(scale), scale.market(self.market)
        zh, en = (market.benchmark_name(symbol, lang) for lang in LANGS)
        return Subject(symbol, "benchmark", zh, en, (symbol,))

    def benchmark_name_in(self, scale: RatingScale, lang: Lang) -> str:
        """What the standard calls the thesis's benchmark."""
        return scale.market(self.market).benchmark_name(self.benchmark(scale), lang)

    def index_name(self, scale: RatingScale, symbol: str, lang: Lang) -> str:
        """The name of any index that a subject is measured against: an index of the thesis, else as the standard calls it."""
        own = [each for each in (self.industry_index, self.second_opinion) if each is not None and each.symbol == symbol]
        if own:
            return own[0].name if lang == "zh" else own[0].name_en
        return scale.market(self.market).benchmark_name(symbol, lang)

    def total_benchmark(self, scale: RatingScale) -> str | None:
        """The total-return index of the same benchmark, if the scale knows one."""
        benchmarks = scale.market(self.market).benchmarks
        return next((each.total_return for each in benchmarks if each.symbol == self.benchmark(scale)), None)

    def bucket(self, bucket_id: str) -> Bucket:
        """The bucket with this id; KeyError when the thesis has none."""
        return {bucket.id: bucket for bucket in self.buckets}[bucket_id]

    def members(self, bucket_id: str) -> tuple[str, ...]:
        """Symbols of a bucket in the order of the file; of all candidates for `all`."""
        return tuple(each.symbol for each in self.candidates if bucket_id in (ALL, each.bucket))

    def subjects(self) -> tuple[Subject, ...]:
        """Everything that is judged, in table order: industry index, all names, second opinion, buckets, names."""
        return tuple(self._subjects())

    def _subjects(self) -> Iterator[Subject]:
        stated = self.rating.industry if self.rating else None
        if self.industry_index:
            yield _index_subject(self.industry_index, stated)
        yield Subject(ALL, "all", "主题篮子", "Theme basket", self.members(ALL), stated=stated)
        if self.second_opinion:
            yield _index_subject(self.second_opinion, None)
        for bucket in self.buckets:
            yield Subject(bucket.id, "bucket", bucket.name, bucket.name_en, self.members(bucket.id))
        for each in self.candidates:
            yield Subject(
                each.symbol, "candidate", each.name, each.name_en or each.name, (each.symbol,), each.bucket, each.rating
            )

    def symbols(self, scale: RatingScale) -> tuple[str, ...]:
        """Every symbol whose prices a run needs: benchmark, its total-return index, indices, candidates."""
        wanted = [self.benchmark(scale), self.total_benchmark(scale)]
        wanted += [symbol for ladder in (scale.stock, scale.industry) for symbol in ladder.named(self.market)]
        wanted += [index.symbol for index in (self.industry_index, self.second_opinion) if index]
        wanted += [each.symbol for each in self.candidates]
        return tuple(dict.fromkeys(symbol for symbol in wanted if symbol))


def _index_subject(index: Named, stated: str | None) -> Subject:
    return Subject(index.symbol, "industry_index", index.name, index.name_en, (index.symbol,), stated=stated)
