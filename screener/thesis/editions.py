"""Which edition of a house's rating standard holds for a report: by the house's name and the report's date."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable

from screener.thesis.scale import RatingScale


def plain_house(name: str) -> str:
    """A house's name for comparing: no spaces, full width folded, lower case, legal endings cut."""
    plain = "".join(unicodedata.normalize("NFKC", name).lower().split())
    for ending in ("股份有限公司", "有限责任公司", "有限公司", "研究所", "研究院"):
        plain = plain.removesuffix(ending)
    return plain


def is_of_house(scale: RatingScale, house: str) -> bool:
    """Whether `house` is a name, a former name or an alias of the scale's house; whole names only."""
    names = (scale.house, scale.house_en, *scale.aliases)
    return plain_house(house) in map(plain_house, names)


def first_month(scale: RatingScale) -> int | None:
    """The first month of an edition, counted from year 0; a year alone begins in January. None where it is not known."""
    return None if scale.edition_from is None else _month(scale.edition_from, 1)


def last_month(scale: RatingScale) -> int | None:
    """The last month of an edition, counted from year 0; a year alone ends in December. None where it is not known."""
    return None if scale.edition_to is None else _month(scale.edition_to, 12)


def _month(text: str, missing: int) -> int:
    year, _, month = text.partition("-")
    return 12 * int(year) + (int(month) if month else missing) - 1


def months_outside(scale: RatingScale, day: dt.date) -> int:
    """How many months `day` lies outside the months in which the edition was seen; 0 inside, and where none are known."""
    month, first, last = 12 * day.year + day.month - 1, first_month(scale), last_month(scale)
    if first is not None and month < first:
        return first - month
    return month - last if last is not None and month > last else 0


def choose_edition(scales: Iterable[RatingScale], house: str, day: dt.date, *, rating: str | None = None) -> RatingScale | None:
    """The edition of `house` that a report of `day` is judged by; None without any confirmed one.

    Where two hold, the one that knows the word `rating`, then the later; outside all, the nearest by months, a tie to the
    earlier. What was seen once only (`unconfirmed`) is never chosen: it must be named. Source: MEASUREMENT, "Editions".
    """
    own = [found for each in scales if is_of_house(each, house) for found in [confirmed(each)] if found is not None]
    holding = [each for each in own if months_outside(each, day) == 0]
    if holding:
        return max(holding, key=lambda each: (_knows(each, rating), first_month(each) or 0, last_month(each) or 0))
    return min(own, key=lambda each: (months_outside(each, day), first_month(each) or 0), default=None)


def _knows(scale: RatingScale, rating: str | None) -> bool:
    word = scale.plain_rating(rating) if rating else None
    return word is not None and (scale.stock.knows(word) or scale.industry.knows(word))


def confirmed(scale: RatingScale) -> RatingScale | None:
    """The edition without the ladders that were seen once only; None where nothing is left, or the whole is unconfirmed."""
    if scale.unconfirmed:
        return None
    kept = {
        field: None if ladder is not None and ladder.unconfirmed else ladder
        for field, ladder in (("own_stock", scale.own_stock), ("own_industry", scale.own_industry))
    }
    return scale.model_copy(update=kept) if any(kept.values()) else None
