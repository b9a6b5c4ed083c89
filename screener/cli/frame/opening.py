"""What a command opens: a thesis with its scale, a source of prices, a list of names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from screener.cli.frame.options import finished_day
from screener.judgement.span import first_needed
from screener.prices.prices import LOOKBACK, PriceSource
from screener.sources.choose import open_source, with_notes
from screener.sources.name_lists import read_registry
from screener.terms.names import NameRegistry, bundled_names, bundled_registry, renaming
from screener.terms.notes import Note
from screener.terms.sessions import load_calendar
from screener.thesis.library import open_library
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis


def open_thesis(name: str, themes: Path | None, prices: str, store: Path | None) -> tuple[Thesis, RatingScale, PriceSource]:
    """The thesis `name`, its scale, and the source of prices that `prices` means for it."""
    thesis, scale = open_library(themes).load(name)
    source = open_source(prices, thesis.symbols(scale), store=store, start=first_needed(thesis), today=finished_day())
    return thesis, scale, with_notes(source, renamings([thesis]))


def renamings(theses: Sequence[Thesis]) -> tuple[Note, ...]:
    """What to say of candidates that bear another name or code today than the theses give them, each once."""
    known = bundled_names()
    named = {each.symbol: each.name for thesis in theses for each in thesis.candidates if each.symbol not in known}
    notes = (renaming(symbol, name, bundled_registry()) for symbol, name in named.items())
    return tuple(note for note in notes if note is not None)


def choose_prices(
    prices: str, store: Path | None, symbols: Sequence[str], start: dt.date, *, whole_market: bool = False
) -> PriceSource:
    """The source that `prices` means for `symbols` from LOOKBACK sessions before `start`."""
    first = load_calendar().shift(start, -LOOKBACK)
    today = finished_day()
    return open_source(prices, symbols, store=store, start=first, today=today, whole_market=whole_market)


def open_registry(names: Path | None) -> NameRegistry:
    """The list of names at the place `names`, by default the bundled one."""
    return bundled_registry() if names is None else read_registry(names)
