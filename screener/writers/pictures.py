"""Charts as pictures that stand alone in a chat or on a slide: title, drawing, and where the figures come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from screener.report.document import Band, Document, Panel, Panels
from screener.report.draw.heat import heat_spec
from screener.report.draw.marks import Spec, in_light, still
from screener.report.draw.palette import LIGHT, UpDown, signed
from screener.report.figures import GLYPHS, cell_text, parts_text, tone
from screener.terms.notes import ScreenerError
from screener.terms.widths import broken

PICTURE_FONTS = (
    "Source Han Sans SC, Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, WenQuanYi Micro Hei, sans-serif"
)
PICTURE_SCALE = 2
EDGE, TITLE, SUB, FOOT, LEADING = 16, 16, 12, 11, 1.5
# Pixels that one column of text takes at most, for each pixel of its size.
COLUMN = 0.56
PANEL_COLUMNS, PANEL_GAP, PANEL_HEAD = 4, 20, 22


def draw_pictures(document: Document, updown: UpDown = "red-up") -> dict[str, bytes]:
    """Every chart of a document, its heat map and its small charts as PNG in the light palette at twice the size, by file name.

    ScreenerError when this machine has no Chinese glyphs.
    """
    check_glyphs()
    palette, source = signed(LIGHT, updown), source_lines(document)
    found = {f"{each.id}.png": _framed(draw_light(each.wide, updown), each.title, each.sub, source) for each in document.charts}
    for table in document.tables:
        if table.layout == "heat":
            found[f"{table.id}.png"] = _framed(
                draw_light(heat_spec(table, document.lang), updown), table.title, table.sub, source
            )
    for block in document.blocks:
        if isinstance(block, Panels):
            drawn = draw_panels(block, palette, updown, document)
            found[f"{block.id}.png"] = _framed(drawn, block.title, block.sub, source)
    return found


def source_lines(document: Document) -> tuple[str, ...]:
    """What a reader of a picture alone must know: the thesis, and the dates, benchmark and prices behind the figures."""
    between = "；" if document.lang == "zh" else "; "
    facts = [f"{fact.label} {parts_text(fact.parts, document.lang)}".strip() for fact in (*document.byline, *document.meta)]
    return (document.title, between.join(facts))


Drawing = tuple[str, int, int]


def draw_light(spec: Spec, updown: UpDown = "red-up") -> Drawing:
    """The inside of an SVG in the light palette, with its width and height (pixels)."""
    import vl_convert

    width, height = spec["usermeta"]["size"]
    light = {**in_light(still(spec), updown), "config": {"aria": False, "font": PICTURE_FONTS}}
    drawn = str(vl_convert.vegalite_to_svg(light))
    return drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")], width, height


def _framed(drawing: Drawing, title: str, sub: str, source: tuple[str, ...]) -> bytes:
    inside, width, height = drawing
    total, top = width + 2 * EDGE, float(EDGE)
    words = []
    heads = (TITLE, "ink", (title,)), (SUB, "ink3", (sub,) if sub else ())
    for size, color, texts in heads:
        for line in _lines(texts, size, width):
            top += size * LEADING
            words.append(text_svg(EDGE, top - size * 0.4, line, size=size, fill=LIGHT[color], bold=size == TITLE))
    at, top = top + 8, top + 8 + height + 8
    words.append(f'<line x1="{EDGE}" y1="{top}" x2="{total - EDGE}" y2="{top}" stroke="{LIGHT["rule2"]}"/>')
    for line in _lines(source, FOOT, width):
        top += FOOT * LEADING
        words.append(text_svg(EDGE, top, line, size=FOOT, fill=LIGHT["ink3"]))
    body = f'<svg x="{EDGE}" y="{at}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{inside}</svg>'
    return draw_png("".join(words) + body, total, top + EDGE)


def draw_png(inside: str, width: float, height: float, *, scale: float = PICTURE_SCALE) -> bytes:
    """A picture on paper of what stands inside an SVG."""
    import vl_convert

    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" viewBox="0 0 {width} {height:.0f}">'
    paper = f'<rect width="100%" height="100%" fill="{LIGHT["paper"]}"/>'
    return bytes(vl_convert.svg_to_png(f"{head}{paper}{inside}</svg>", scale=scale))


def _lines(texts: tuple[str, ...], size: int, room: int) -> Iterator[str]:
    for text in texts:
        yield from broken(text, int(room / (size * COLUMN)))


def text_svg(x: float, y: float, text: str, *, size: int, fill: str, bold: bool = False, anchor: str = "start") -> str:
    """A line of text of a picture, its baseline at `y` (pixels)."""
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-family="{PICTURE_FONTS}" fill="{fill}"{weight} '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def draw_panels(block: Panels, palette: Mapping[str, str], updown: UpDown, document: Document) -> Drawing:
    """Small charts in rows of PANEL_COLUMNS, each under its name and band, its marks below."""
    drawn = [draw_light(panel.drawing, updown) for panel in block.panels]
    width, height = drawn[0][1], drawn[0][2]
    step_x, step_y = width + PANEL_GAP, height + PANEL_HEAD + 2 * PANEL_GAP
    found = []
    for place, (panel, (inside, _, _)) in enumerate(zip(block.panels, drawn, strict=True)):
        x, y = place % PANEL_COLUMNS * step_x, place // PANEL_COLUMNS * step_y
        found += [*_panel_words(panel, x, y, (width, height), palette, document)]
        found.append(f'<svg x="{x}" y="{y + PANEL_HEAD}" width="{width}" height="{height}">{inside}</svg>')
    rows = -(-len(drawn) // PANEL_COLUMNS)
    return "".join(found), PANEL_COLUMNS * step_x - PANEL_GAP, rows * step_y - PANEL_GAP


def _panel_words(
    panel: Panel, x: int, y: int, size: tuple[int, int], palette: Mapping[str, str], document: Document
) -> Iterator[str]:
    yield text_svg(x, y + 14, panel.head, size=SUB, fill=LIGHT["ink"], bold=True)
    band: Any = panel.band.value
    shown = f"{GLYPHS[band.level]} {band.word}" if isinstance(band, Band) else cell_text(panel.band, document.lang)
    yield text_svg(x + size[0], y + 14, shown, size=SUB, fill=LIGHT["ink2"], anchor="end")
    for place, cell in enumerate(panel.marks):
        share = place / max(len(panel.marks) - 1, 1)
        anchor = "start" if place == 0 else "end" if place == len(panel.marks) - 1 else "middle"
        color = palette.get(tone(cell.value, 1) if isinstance(cell.value, float) else "", LIGHT["ink3"])
        at, below = x + share * size[0], y + PANEL_HEAD + size[1] + 15
        yield text_svg(at, below, cell_text(cell, document.lang), size=FOOT, fill=color, anchor=anchor)


def check_glyphs() -> None:
    """ScreenerError `no_glyphs` when two different Chinese characters come out as the same picture: both are missing."""
    pictures = {draw_png(text_svg(2, 20, character, size=20, fill=LIGHT["ink"]), 24, 24) for character in "证券"}
    if len(pictures) < 2:
        raise ScreenerError("no_glyphs")
