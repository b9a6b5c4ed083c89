"""The one way a file is written: beside its place first, then put there in one step, so that nobody reads half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# How the name of an unfinished file ends; a killed run leaves it behind.
PART = ".part"
READABLE = 0o644


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A file beside `path`, its folder made if need be, to write into; it takes the place of `path` when the block ends.

    Where the block fails, `path` is as it was and nothing is left beside it. `durable`: the content is on the disk before it
    takes the place; that it did so is once `folder_to_disk` is done. OSError where the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        if durable:
            _to_disk(part)
        part.chmod(READABLE)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def folder_to_disk(folder: Path) -> None:
    """Make renamings in `folder` last; where folders cannot be opened (Windows) the system sees to it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
