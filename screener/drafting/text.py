"""The text of a published report: read from .txt, .md or .pdf, and cut into lines that keep their numbers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from screener.terms.notes import UsageError

# Full-width forms and their kin, one character for one, so that places in both texts agree.
_HALF: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF |= {ord(each): " " for each in "\u3000\u00a0\u2002\u2003\u2009"}
_HALF |= {ord(each): "~" for each in "～∼〜"} | {ord(each): "-" for each in "–—−﹣‐‑"}
_HALF |= {ord(a): b for a, b in zip("【】〔〕“”‘’≧≦﹪", "()()\"\"''≥≤%", strict=True)}
# PDF fonts map some characters to look-alike radicals, which no name list has.
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
_RADICALS |= {
    ord(a): b
    for a, b in zip(
        "⺟⺠⻅⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻥⻦⻧⻨⻩⻬⻮⻰⻳", "母民见贝车长门青韦页风飞食马鱼鸟卤麦黄齐齿龙龟", strict=True
    )
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"[ \u00a0\u2002\u2003\u2009\u3000]{4,}")
_CONTENTS = re.compile(r"(?:\t|\.{3,}|…+|·{3,}|\s{3,})\s*\d{1,3}\s*$")
# What follows the report proper: nothing there recommends anything.
_BACK_MATTER = re.compile(
    r"^\W{0,4}(?:\d+(?:\.\d+)*[.、]?\s*)?(?:[^\s。:]{0,6}(?:分析师|特别|重要|免责|法律|一般|信息)(?:声明|承诺|披露)|[^\s。:]{0,8}(?:评级说明|评级标准|评级体系|评级定义|评级系统))"
)
_HEADING = re.compile(
    r"^(?P<mark>#{1,6}\s+|[►■●◆▶❑➢]\s*|\d{1,2}(?:\.\d{1,2})*[.、]?\s+|[一二三四五六七八九十]{1,3}、\s*)(?P<title>\S.*)$"
)
READABLE = (".txt", ".md", ".pdf")


def half_width(text: str) -> str:
    """`text` with ASCII punctuation, digits and letters for full-width ones; of the same length."""
    return text.translate(_HALF)


@dataclass(frozen=True)
class Line:
    """A line of the report: its number in the file, its text, and the same in half width."""

    number: int
    text: str
    half: str

    @property
    def heading(self) -> str | None:
        """The title when the line is a heading (numbered, marked, or Markdown), else None."""
        found = _HEADING.match(self.half)
        if found is None or self.half.endswith((".", "。", ";", "、")) or len(found["title"]) > 60:
            return None
        return found["title"].strip("* ")

    @property
    def level(self) -> int:
        """Depth of a numbered or Markdown heading: 1 for `3.`, 2 for `3.1`; 1 for any other mark."""
        found = _HEADING.match(self.half)
        mark = found["mark"].strip() if found else ""
        return mark.count("#") or len(re.findall(r"\d+", mark)) or 1

    @property
    def label(self) -> str:
        """How to cite the heading: its number, or its first words."""
        found = _HEADING.match(self.half)
        number = re.match(r"\d[\d.]*", found["mark"]) or re.match(r"\d[\d.]*(?=[.、\s])", found["title"]) if found else None
        return number[0].rstrip(".") if number else (self.heading or "").split(":")[0].strip()


@dataclass(frozen=True)
class ReportText:
    """A report's lines without blank ones and tables of contents; `body` ends where declarations and legal text begin."""

    lines: tuple[Line, ...]

    @property
    def body(self) -> tuple[Line, ...]:
        """The lines before the back matter (rating standard, declarations)."""
        start = len(self.lines) // 4
        for at, line in enumerate(self.lines):
            if at >= min(start, 8) and len(line.half) < 40 and _BACK_MATTER.match(line.half):
                return self.lines[:at]
        return self.lines

    @property
    def half(self) -> str:
        """The whole text in half width, a line each."""
        return "\n".join(line.half for line in self.lines)


def parse_report(text: str) -> ReportText:
    """The lines of `text`; control characters, blank lines and lines of a table of contents are dropped."""
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").translate(_RADICALS))
    lines = [(number, _SPACES.sub("   ", line.strip(" \u3000"))) for number, line in enumerate(clean.split("\n"), start=1)]
    kept = [(number, line) for number, line in lines if line.strip() and not _CONTENTS.search(line.strip())]
    return ReportText(tuple(Line(number, line, half_width(line)) for number, line in kept))


def read_report(path: Path) -> ReportText:
    """The text of a .txt, .md or .pdf file; UsageError for anything else and for what holds no text.

    Text is UTF-8 or GB18030. A PDF needs the optional `pypdf`; scanned pages have no text.
    """
    if not path.is_file():
        raise UsageError("report_missing", path=str(path))
    if path.suffix.lower() not in READABLE:
        raise UsageError("report_kind", path=path.name, kinds=" ".join(READABLE))
    report = parse_report(_pdf_text(path) if path.suffix.lower() == ".pdf" else _decode(path))
    if not report.lines:
        raise UsageError("report_empty", path=path.name)
    return report


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError("report_not_text", path=path.name)


def _pdf_text(path: Path) -> str:
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise UsageError("pypdf_missing", path=path.name) from None
    try:
        return _unwrap("\n".join(page.extract_text() for page in PdfReader(path).pages))
    except (PyPdfError, ValueError, KeyError) as error:
        raise UsageError("pdf_unreadable", path=path.name, detail=str(error)[:80]) from None


def _unwrap(text: str) -> str:
    """Lines of a page joined into paragraphs: a line that fills the width and ends without a stop goes on in the next."""
    lines = text.split("\n")
    width = sorted(len(line) for line in lines)[len(lines) * 9 // 10]
    joined = ""
    for line in lines:
        goes_on = len(line) >= 0.9 * width and not line.rstrip().endswith(("。", "；", "：", ".", ";", ":"))
        joined += line if goes_on else line + "\n"
    return joined
