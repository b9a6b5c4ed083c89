"""A report's file as text with lines: plain text, Markdown, Word, PDF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from screener.drafting.lines.layout import lay_out
from screener.drafting.lines.markup import plain_rows
from screener.drafting.lines.pdf import read_pdf
from screener.drafting.lines.text import RawLine, ReportText, make_lines, split_text
from screener.drafting.lines.word import read_word
from screener.terms.notes import UsageError

READABLE = (".txt", ".md", ".pdf", ".docx")
Progress = Callable[[int, int], None]


def parse_report(text: str, stem: str = "") -> ReportText:
    """The lines of a plain or Markdown text; of a text without line breaks, cut where something begins."""
    return _laid_out(split_text(plain_rows(text)), stem)


def read_report(path: Path, progress: Progress | None = None) -> ReportText:
    """The text of a .txt, .md, .docx or .pdf file; UsageError for anything else and for what holds no text.

    Text is UTF-8, UTF-16 with its mark, or GB18030. A PDF needs the extra `draft`; pages that are pictures are counted.
    `progress` is told the page just read and the number of pages.
    """
    if not path.is_file():
        raise UsageError("report_missing", path=str(path))
    kind = path.suffix.lower()
    if kind not in READABLE:
        raise UsageError("report_kind", path=path.name, kinds=" ".join(READABLE))
    if kind == ".pdf":
        raw, pictures = read_pdf(path, progress)
        report = _laid_out(raw, path.stem, pictures)
    elif kind == ".docx":
        report = _laid_out(read_word(path), path.stem)
    else:
        report = parse_report(_decode(path), path.stem)
    if not report.lines:
        raise UsageError("report_empty", path=path.name)
    return report


def _laid_out(raw: list[RawLine], stem: str, pictures: tuple[int, ...] = ()) -> ReportText:
    return ReportText(tuple(lay_out(make_lines(raw))), stem, pictures)


def _decode(path: Path) -> str:
    data = path.read_bytes()
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError("report_not_text", path=path.name)
