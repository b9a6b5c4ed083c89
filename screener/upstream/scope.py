"""Which symbols an update is about: those of theses, or every listed A share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from screener.judgement.span import first_needed
from screener.store.store import Store
from screener.terms.notes import Note, ScreenerError, UsageError
from screener.terms.symbols import parse_symbol
from screener.thesis.library import Library
from screener.upstream import akshare_source
from screener.upstream.patience import Fetcher, FetchError

UNIVERSES = ("a-shares",)


def thesis_symbols(library: Library, names: Sequence[str]) -> tuple[tuple[str, ...], dt.date]:
    """Every symbol that the named theses (all, if none is named) need, and the first session that any of them reads."""
    slugs = list(names) or [str(path) for path in library.thesis_paths()]
    loaded = [library.load(slug) for slug in slugs]
    symbols = dict.fromkeys(symbol for thesis, scale in loaded for symbol in thesis.symbols(scale))
    return tuple(symbols), min(first_needed(thesis) for thesis, _ in loaded)


def universe_symbols(store: Store, fetcher: Fetcher, name: str, *, now: dt.datetime) -> tuple[tuple[str, ...], Note | None]:
    """Every A share of the stored registry of names, renewed first; a note where it could not be renewed.

    A name that left the exchanges' lists stays in the registry, so that its history is not lost. UsageError for an unknown
    universe, ScreenerError when there is no registry and none can be had.
    """
    if name not in UNIVERSES:
        raise UsageError("universe_unknown", name=name)
    host = akshare_source.SOURCES["exchanges"].host
    stored, note = store.read_names(), None
    try:
        found = fetcher.call(host, akshare_source.fetch_names).drop_duplicates("symbol").set_index("symbol")
        stored = _merged(stored, found["name"])
        with store.writing(now=now):
            store.write_names(stored)
    except FetchError as error:
        if stored.empty:
            raise ScreenerError("update_no_names", detail=error.text("en")) from None
        note = Note("names_kept", {"count": len(stored), "detail": error.text("en")})
    return tuple(symbol for symbol in stored.index if parse_symbol(symbol).is_a_share), note


def _merged(stored: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    merged = stored.reindex(stored.index.union(names.index))
    merged["name"] = names.reindex(merged.index).fillna(stored["name"].reindex(merged.index))
    return merged
