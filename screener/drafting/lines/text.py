"""A report as lines that know where they stand: characters made alike, runs cut short, so that any text reads fast."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Zone = Literal["front", "body", "contents", "furniture", "standard", "back"]

# Full-width forms and their kin, one character for one, so that places in both texts agree.
_HALF: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF |= {ord(each): " " for each in "\u3000\u00a0\u2002\u2003\u2009"}
_HALF |= {ord(each): "~" for each in "～∼〜"} | {ord(each): "-" for each in "–—−﹣‐‑─"}
_HALF |= {ord(a): b for a, b in zip("【】〔〕［］“”‘’≧≦﹪∶︰", "()()()\"\"''≥≤%::", strict=True)}
# PDF fonts map some characters to look-alike radicals, which no name list has.
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
_RADICALS |= {
    ord(a): b
    for a, b in zip(
        "⺟⺠⻅⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻥⻦⻧⻨⻩⻬⻮⻰⻳", "母民见贝车长门青韦页风飞食马鱼鸟卤麦黄齐齿龙龟", strict=True
    )
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b-\u200d\u202a-\u202e\u2066-\u2069\ufeff\ue000-\uf8ff]")
# A long run of one mark says no more than a short one: every later pattern meets bounded runs only.
_RUNS = re.compile(r"([^\w\s])\1{7,}")
_SPACES = re.compile(r"[ \u00a0\u2002\u2003\u2009\u3000]{4,}")
_LEADERS = re.compile(r"[.．…·⋯]{3,}|(?:\. ){3,}")
# Where a text without line breaks goes on with something new. Each is tried once at each place: no repetition inside.
_NEW_START = re.compile(
    r"(?<=[。！？])(?=[^\s”\"’')）」』])"
    r"|(?=证券研究报告|分析师(?:声明|承诺|及)|(?<!证券)分析师[:：\s]|(?<![一-鿿])证券分析师[:：\s]|(?:联系人|研究助理)[:：\s]|执业证书|SAC|相关(?:研究|报告)(?!所|院)|投资要点|核心观点|投资摘要"
    r"|风险(?:提示|因素)(?:[:：])|资料来源|数据来源|(?:图表?|表)\s?\d{1,3}[:：]|(?:免责|法律|重要|特别|一般)(?:声明|条款)|(?:行业|公司|股票|投资)?(?:投资)?评级(?:的?说明|标准|体系|定义)"
    r"|(?:正文|内容|图表|报告)目录|投资建议[:：]|(?:行业|投资)评级[:：])"
)
_PLEASE = re.compile(
    r"(?:敬请|请)(?:您)?(?:务必|仔细|认真)?(?:阅读|参阅|参考|参见|查阅|关注)[^。；;\n]{0,36}?(?:声明|条款|说明|披露|申明|提示)(?:(?:部分|内容)|(?:及|和|与|、)[^。；;\n]{0,14}?(?:声明|条款|说明|披露|申明))?"
)
_LONG_LINE = 300
# A line that repeats itself this often on end says nothing new.
_REPEATED = 40


def half_width(text: str) -> str:
    """`text` with ASCII punctuation, digits and letters for full-width ones; of the same length."""
    return text.translate(_HALF)


@dataclass(frozen=True)
class Line:
    """A line of the report: its number (in the file, or on its page), its text, and the same in half width.

    `size`: height of its type in points, 0 where unknown; `full`: it fills its column, so that the next one may go on.
    """

    number: int
    text: str
    half: str
    page: int | None = None
    size: float = 0.0
    full: bool = False
    zone: Zone = "body"

    @property
    def place(self) -> str:
        """How to find the line again: `p.1 l.12`, or `l.12` where there are no pages."""
        return f"l.{self.number}" if self.page is None else f"p.{self.page} l.{self.number}"

    @property
    def is_row(self) -> bool:
        """Whether the line is a row of a table: cells between tabs or bars."""
        return "\t" in self.half or (self.half.startswith("|") and self.half.count("|") > 1)


@dataclass(frozen=True)
class RawLine:
    """A line as a reader of files found it, before characters are made alike."""

    text: str
    number: int
    page: int | None = None
    size: float = 0.0
    full: bool | None = None


@dataclass(frozen=True)
class ReportText:
    """A report's lines without blank ones, each in its zone; `stem` is the file's name without its ending.

    `pictures`: numbers of pages that hold no text (scans), so that what stands there is known to be unread.
    """

    lines: tuple[Line, ...]
    stem: str = ""
    pictures: tuple[int, ...] = ()
    zones: dict[Zone, tuple[Line, ...]] = field(default_factory=dict)

    def of(self, *zones: Zone) -> tuple[Line, ...]:
        """The lines of these zones in the order of the report."""
        return tuple(line for line in self.lines if line.zone in zones)

    @property
    def half(self) -> str:
        """The whole text in half width, a line each."""
        return "\n".join(line.half for line in self.lines)


# What web portals put around a code: 中国移动(行情600941,诊股).
_PORTAL = re.compile(r"[(（]\s{0,3}行情\s{0,3}(\d{6})\s{0,3}[,，]\s{0,3}(?:诊股|股吧)\s{0,3}[)）]")


def clean(text: str) -> str:
    """`text` without control characters, look-alike radicals and portals' links, long runs of one mark or space cut short."""
    plain = _PORTAL.sub(r"(\1)", _CONTROL.sub("", text.translate(_RADICALS)))
    return _SPACES.sub("   ", _RUNS.sub(lambda found: found[1] * 8, plain))


def split_text(text: str) -> list[RawLine]:
    """The lines of plain text: at its line breaks, form feeds as pages; a line too long for one also where something begins."""
    pages = text.replace("\r\n", "\n").replace("\r", "\n").split("\f")
    found: list[RawLine] = []
    for page, part in enumerate(pages, start=1):
        for number, line in enumerate(part.split("\n"), start=1):
            at = page if len(pages) > 1 else None
            pieces = _pieces(line) if len(line) > _LONG_LINE and "|" not in line[:2] else [line]
            found += [RawLine(piece, number, at, full=False if len(pieces) > 1 else None) for piece in pieces]
    return found


def _pieces(line: str) -> list[str]:
    """A long line cut where something new begins; what asks the reader to read the disclaimer goes."""
    return _NEW_START.split(_PLEASE.sub("\n", _RUNS.sub(lambda found: found[1] * 8, line)).replace("\n", " ")) or [line]


def make_lines(raw: Iterable[RawLine]) -> list[Line]:
    """Lines with text in them, characters made alike; of a line that repeats itself on and on the first ones."""
    lines: list[Line] = []
    same = 0
    for each in raw:
        text = clean(each.text).strip(" \t\u3000\u00a0") if "\t" not in each.text else clean(each.text).rstrip()
        same = same + 1 if lines and text == lines[-1].text else 0
        if text.strip() and same < _REPEATED:
            lines.append(Line(each.number, text, half_width(text), each.page, each.size, bool(each.full)))
    width = _wrap_width(lines) if any(each.full is None for each in raw) else 0
    if not width:
        return lines
    return [Line(line.number, line.text, line.half, line.page, line.size, len(line.text) >= width, line.zone) for line in lines]


def _wrap_width(lines: list[Line]) -> float:
    """From which length a line of plain text counts as full: near the longest, where many lines are about that long."""
    lengths = sorted(len(line.text) for line in lines if len(line.text) >= 12)
    if len(lengths) < 8:
        return 0
    widest = lengths[len(lengths) * 9 // 10]
    near = sum(0.85 * widest <= length <= 1.15 * widest for length in lengths)
    return 0.85 * widest if near >= 0.25 * len(lengths) and widest <= 120 else 0


def has_leaders(half: str) -> bool:
    """Whether the line belongs to a table of contents: dots that lead to a page number."""
    cut = _LEADERS.split(half)
    return len(cut) > 1 and any(re.match(r"\s{0,3}\d{1,3}(?!\d)", part) for part in cut[1:])
