"""Sentences with typed figures inside: messages said as parts, and ratings in the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from screener.report.document import Band, Cell, Parts, Zone
from screener.terms.say import Lang, say
from screener.thesis.scale import Ladder
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


def band_of(rating: str, ladder: Ladder, lang: Lang) -> Band:
    """A rating of `ladder` as a chip: 2 for the better of two buy ratings, 1 buy, 0 hold, −1 sell."""
    band = ladder.band(rating)
    buys = [each.rating for each in ladder.bands if each.side == "buy"]
    level = {"hold": 0, "sell": -1}.get(band.side, 2 if len(buys) > 1 and rating == buys[0] else 1)
    return Band(rating, rating_word(rating, ladder, lang), level, best=rating == ladder.ratings[0])


def rating_word(rating: str, ladder: Ladder, lang: Lang) -> str:
    """A rating in the reader's language."""
    return ladder.band(rating).word(lang)


def zones_of(ladder: Ladder, lang: Lang) -> tuple[Zone, ...]:
    """The bands of a ladder as strips behind an excess, worst first."""
    return tuple(Zone(band_of(band.rating, ladder, lang), band.lower, band.upper) for band in reversed(ladder.bands))


def basis_text(thesis: Thesis, published: dt.date, lang: Lang) -> str:
    """What stands behind a publication date: printed, inferred with its range, or tried."""
    if published != thesis.published:
        return say("term_tried", lang, published=thesis.published)
    if thesis.published_basis == "printed":
        return say("term_printed", lang)
    return say("term_inferred", lang, earliest=thesis.published_earliest, latest=thesis.published_latest)
