"""Sentences with typed figures inside: messages said as parts, and ratings in the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from screener.measures.quotes import is_doubtful
from screener.prices.prices import Prices
from screener.report.document import Band, Bullet, Cell, CellKind, Fact, Parts, Zone, figure
from screener.terms.notes import Gap
from screener.terms.say import Lang, listed, say
from screener.thesis.markets import Standard
from screener.thesis.scale import Ladder, RatingScale, Window, decimals_apart, decimals_seen, rate
from screener.thesis.thesis import Thesis

# Marks a figure's place while a sentence is being said; from a private range, so that no text contains them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


def phrase(code: str, lang: Lang, **params: object) -> Parts:
    """The sentence of `code` filled with `params`; a Cell or Parts among them stays typed, in its place."""
    held: list[Parts] = []

    def keep(value: object) -> object:
        if not isinstance(value, Cell | tuple):
            return value
        held.append((value,) if isinstance(value, Cell) else value)
        return f"{_OPEN}{len(held) - 1}{_CLOSE}"

    said = say(code, lang, **{name: keep(value) for name, value in params.items()})
    pieces = _MARK.split(said)
    parts = [part for place, piece in enumerate(pieces) for part in (held[int(piece)] if place % 2 else (piece,))]
    return joined(parts)


def joined(parts: Iterable[str | Cell]) -> Parts:
    """The same parts with neighbouring text put together and empty text left out."""
    found: list[str | Cell] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def strung(clauses: Iterable[Parts], lang: Lang) -> Parts:
    """Clauses put together to one sentence: ；between them and a full stop behind."""
    between, stop = say("phrase_between", lang), say("phrase_stop", lang)
    found: list[str | Cell] = []
    for clause in clauses:
        found += [between, *clause] if found else clause
    return joined([*found, stop]) if found else ()


def capitalised(parts: Parts) -> Parts:
    """The same sentence with a capital first letter; Chinese has none and stays as it is."""
    if not parts or not isinstance(parts[0], str):
        return parts
    return (parts[0][:1].upper() + parts[0][1:], *parts[1:])


def band_of(rating: str, ladder: Ladder, lang: Lang, *, flags: Collection[str] = ()) -> Band:
    """A rating of `ladder` as a chip: 2 for the better of two buy ratings, 1 buy, 0 hold, −1 sell.

    `flags` of the figure: where they make it doubtful (`quotes.is_doubtful`), the word says so and the chip has no colour.
    """
    if is_doubtful(flags):
        return Band(rating, doubtful_word(rating_word(rating, ladder, lang), flags, lang), 0)
    band = ladder.band(rating)
    buys = [each.rating for each in ladder.bands if each.side == "buy"]
    level = {"hold": 0, "sell": -1}.get(band.side, 2 if len(buys) > 1 and rating == buys[0] else 1)
    return Band(rating, rating_word(rating, ladder, lang), level, best=rating == ladder.ratings[0])


def doubtful_word(word: str, flags: Collection[str], lang: Lang) -> str:
    """The word of a band, marked where the figure's `flags` make it doubtful: the one mark of every surface."""
    return say("band_doubtful", lang, band=word) if is_doubtful(flags) else word


def rating_word(rating: str, ladder: Ladder, lang: Lang) -> str:
    """A rating in the reader's language; the word itself where the ladder does not have it."""
    return ladder.band(rating).word(lang) if ladder.knows(rating) else rating


def standard_text(scale: RatingScale, ladder: Ladder, lang: Lang) -> str:
    """What a ladder promises in one line: its bands, then how, when and against what it measures where that is unusual."""
    if not ladder.bands:
        return say("standard_none", lang)
    bands = ladder.text(lang) if ladder.has_numbers else listed((band.word(lang) for band in ladder.bands), lang)
    parts = [bands if ladder.has_numbers else say("standard_words_only", lang, words=bands)]
    if ladder.window.horizons != scale.window.horizons:
        parts.append(months_text(ladder.window, lang))
    if ladder.measure in ("absolute", "industry_relative"):
        parts.append(say(f"standard_{ladder.measure}", lang))
    parts += [against_text(scale, market, lang) for market in ladder.benchmark.values()]
    parts += [say(f"standard_{mark}", lang) for mark in ("partial", "dividends", "unconfirmed") if getattr(ladder, mark)]
    return say("phrase_between", lang).join(parts)


def months_text(window: Window, lang: Lang) -> str:
    """The months of a window: 6 个月内, or 3 至 6 个月."""
    code = "standard_within" if window.from_months == window.to_months else "standard_months"
    return say(code, lang, first=window.from_months, last=window.to_months)


def against_text(scale: RatingScale, standard: Standard, lang: Lang) -> str:
    """What a standard measures against in a market, in its own words."""
    names = {each.symbol: each.name if lang == "zh" else each.name_en for market in scale.markets for each in market.benchmarks}
    if standard.unnamed:
        return say("standard_unnamed", lang, name=standard.name)
    if standard.by:
        found = [f"{place} {names.get(symbol, symbol)}" for place, symbol in standard.by.items()]
        return listed([names.get(standard.symbol, standard.symbol), *found] if standard.symbol else found, lang)
    if standard.symbol:
        return str(names.get(standard.symbol, standard.symbol))
    return standard.name if lang == "zh" else standard.name_en or standard.name


def earned(value: float, ladder: Ladder, lang: Lang, *, flags: Collection[str] = ()) -> Cell:
    """The band that a figure earns, as a chip; `none` where the standard cannot tell."""
    rating = rate(value, ladder)
    return Cell("none") if rating is None else Cell("band", band_of(rating, ladder, lang, flags=flags))


def earned_word(value: float, ladder: Ladder, lang: Lang, *, flags: Collection[str] = ()) -> str:
    """The band that a figure earns, in words; that there is none where the standard cannot tell."""
    rating = rate(value, ladder)
    return say("label_no_band", lang) if rating is None else doubtful_word(rating_word(rating, ladder, lang), flags, lang)


def rated(excess: float | Gap | None, ladder: Ladder, *, kind: CellKind = "excess", strong: bool = False) -> Cell:
    """A figure (fraction) that is judged by `ladder`, with the digits that keep it on its own side of every edge.

    The return under an absolute measure, with its unit, since the column's head speaks of excess.
    """
    if not isinstance(excess, float):
        return figure(kind, excess)
    least = 1 if kind == "heat" else 2
    decimals = decimals_apart(excess, ladder, least)
    own = decimals if decimals > least else None
    if ladder.measure == "absolute":
        return Cell("return", excess, strong=strong, decimals=own, with_unit=True)
    return Cell(kind, excess, strong=strong, decimals=own)


def to_edge(distance: float, note: str = "") -> Cell:
    """A distance to a band edge (fraction), never shown as 0 unless it is."""
    decimals = decimals_seen(distance)
    return Cell("points", distance, note, decimals=decimals if decimals > 2 else None)


def bullet_of(now: float, before: float | None, ladder: Ladder, lang: Lang) -> Cell:
    """The place of a figure (fraction) on its ladder as a picture; a stretch that a partial ladder leaves out has no word."""
    edges = ladder.edges
    inside = (edges[0] - 1, *((low + high) / 2 for low, high in pairwise(edges)), edges[-1] + 1)
    ratings = (rate(middle, ladder) for middle in inside)
    unrated = Band("", say("label_no_band", lang), 0)
    bands = tuple(unrated if rating is None else band_of(rating, ladder, lang) for rating in ratings)
    return Cell("bullet", Bullet(now, before, edges, bands))


def zones_of(ladder: Ladder, lang: Lang) -> tuple[Zone, ...]:
    """The bands of a ladder as strips behind an excess, worst first."""
    if not ladder.has_numbers:
        return ()
    tokens = {2: "up-s", 1: "up-t", -1: "dn-s" if len(ladder.bands) > 3 else "dn-t"}
    chips = ((band, band_of(band.rating, ladder, lang)) for band in reversed(ladder.bands))
    return tuple(Zone(chip, band.lower, band.upper, tokens.get(chip.level, "")) for band, chip in chips)


def basis_text(thesis: Thesis, published: dt.date, lang: Lang) -> str:
    """What stands behind a publication date: printed, inferred with its range, or tried."""
    known = {
        "published": thesis.published,
        "earliest": thesis.published_earliest,
        "latest": thesis.published_latest,
    }
    return say(f"term_{thesis.basis(published)}", lang, **known)


def published_text(thesis: Thesis, published: dt.date, lang: Lang) -> str:
    """A publication date with how it is known, where it is not printed: 2024-04-14（推断）."""
    return say(f"published_day_{thesis.basis(published)}", lang, published=published)


def prices_fact(prices: Prices, lang: Lang) -> Fact:
    """Where the prices came from, their last session, and the beginning of their hash."""
    source = say(f"dossier_prices_{prices.kind}", lang, name=prices.name, last=prices.last)
    return Fact(say("dossier_prices_label", lang), (source + say("dossier_hash", lang, hash=prices.sha256[:12]),))
