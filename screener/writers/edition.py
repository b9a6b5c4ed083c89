"""What a reader asked a report to be written as."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from screener.report.draw.palette import UpDown

# What every report is written as; the other endings are written when asked for.
STANDARD, ON_REQUEST = (".html", ".md", ".xlsx"), (".pdf", ".png", ".docx")


@dataclass(frozen=True)
class Edition:
    """What a reader asked for: `png` each chart as a picture too, `pdf` the report on A4 too, `docx` for Word too, `card` one
    picture for a chat too, `updown` the colours of signs.
    """

    png: bool = False
    pdf: bool = False
    docx: bool = False
    card: bool = False
    updown: UpDown = "red-up"


STANDARD_EDITION = Edition()


def left_behind(written: Iterable[Path]) -> tuple[Path, ...]:
    """Pictures and PDF of an earlier run beside the files just `written`: their figures may be older than the report's."""
    now = set(written)
    found = {path for folder in {each.parent for each in now} for path in folder.iterdir() if path.suffix in ON_REQUEST}
    return tuple(sorted(found - now))
