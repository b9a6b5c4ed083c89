"""What a store holds and what is wrong with it, file by file, without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from screener.store.files import StoreError, partial_files
from screener.store.store import PARTS, Store
from screener.terms.notes import Note


@dataclass(frozen=True)
class StoreCheck:
    """`held`: part → number of symbols. `first`, `last`: the stored sessions, "" = none.

    `wrong`: what, and what is to be done. `aside`: files that were set aside or refused before.
    """

    held: dict[str, int]
    first: str
    last: str
    size: int
    wrong: tuple[tuple[Note, Note], ...]
    aside: int


def check_store(store: Store) -> StoreCheck:
    """Read every file of `store`; StoreError only for a store that is newer than this program."""
    store.check_version()
    spans = [span for span in map(store.span, store.symbols()) if span]
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    return StoreCheck(
        held={part: len(store.stored(part)) for part in PARTS},
        first=str(min((span[0] for span in spans), default="")),
        last=str(max((span[1] for span in spans), default="")),
        size=sum(path.stat().st_size for path in files),
        wrong=tuple(_wrong(store)),
        aside=sum(path.is_file() for path in store.quarantine.folder.glob("[!.]*")),
    )


def _wrong(store: Store) -> Iterator[tuple[Note, Note]]:
    """Each fault with what `--repair` does about it."""
    fault = store.fault()
    if fault is not None:
        yield fault, Note("repair_manifest")
    for error, file in _faulty_files(store):
        yield Note(error.code, error.params), Note("repair_set_aside", {"file": file})
    for path in store.strays():
        yield Note("store_stray", {"file": f"{path.parent.name}/{path.name}"}), Note("repair_nothing")
    for part in ("", *PARTS, "quarantine"):
        for path in partial_files(store.folder / part):
            yield Note("store_partial", {"file": path.name}), Note("repair_remove")


def _faulty_files(store: Store) -> Iterator[tuple[StoreError, str]]:
    for part, schema in PARTS.items():
        for symbol in sorted(store.stored(part)):
            try:
                store.read_table(part, symbol, schema)
            except StoreError as error:
                yield error, f"{part}/{symbol}.parquet"
    try:
        store.read_names()
    except StoreError as error:
        yield error, "names.parquet"
