"""A document as one picture for a chat: verdict, chart, three figures, source, readable on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from screener.report.document import Cell, Chart, Document
from screener.report.draw.palette import LIGHT, UpDown, signed
from screener.report.figures import cell_text, parts_text, tone
from screener.terms.widths import broken, wrap
from screener.writers.pictures import check_glyphs, draw_light, draw_png, text_svg

WIDTH, HEIGHT, EDGE = 1080, 1350, 56
# Type sizes (pixels): nothing is smaller than what a phone shows at a third of this width.
KICKER, TITLE, VERDICT, LABEL, FIGURE, FOOT = 26, 40, 38, 26, 52, 24
LEADING, COLUMN = 1.4, 0.53
MOST_TITLE, MOST_VERDICT, MOST_FOOT = 2, 5, 3
# A chart may be this many times as high as it is wide.
MOST_HEIGHT = 1.1
FIGURES = 3
# What follows the months in the head of the deciding horizon.
HEADLINE = r"\s*[（(]"


def draw_card(document: Document, updown: UpDown = "red-up") -> bytes:
    """The card as a PNG of 1080 × 1350; ScreenerError `no_glyphs` without Chinese glyphs."""
    check_glyphs()
    parts, top = [], float(EDGE)
    heads = (
        (KICKER, "ink3", [document.kicker], 1),
        (TITLE, "ink", [document.title], MOST_TITLE),
        (VERDICT, "ink", [_verdict(document)], MOST_VERDICT),
    )
    for size, color, texts, most in heads:
        for line in _lines(texts, size, most):
            top += size * LEADING
            parts.append(text_svg(EDGE, top - size * 0.3, line, size=size, fill=LIGHT[color], bold=size == TITLE))
        top += 12
    foot = [*_lines(_source(document), FOOT, MOST_FOOT), *_hash(document)]
    bottom = HEIGHT - EDGE - len(foot) * FOOT * LEADING
    parts += _foot(foot, bottom)
    figures = list(_figures(document))[:FIGURES]
    low = bottom - (LABEL + FIGURE) * LEADING - 28 if figures else bottom - 16
    parts += _figure_row(figures, low, document, updown)
    parts += _chart(document, top + 8, low - 20, updown)
    return draw_png("".join(parts), WIDTH, HEIGHT, scale=1)


def _verdict(document: Document) -> str:
    """The verdict, or the first paragraph where there is none."""
    lede = sorted(document.lede, key=lambda each: each.style != "verdict")
    return parts_text(lede[0].parts, document.lang) if lede else ""


def _source(document: Document) -> list[str]:
    between = "；" if document.lang == "zh" else "; "
    facts = (*document.byline, *document.meta)
    return [between.join(f"{fact.label} {parts_text(fact.parts, document.lang)}".strip() for fact in facts)]


def _hash(document: Document) -> Iterator[str]:
    """The hash of the prices that the figures were made from."""
    for fact in document.parameters:
        value = parts_text(fact.parts, document.lang)
        if re.fullmatch(r"[0-9a-f]{64}", value):
            yield f"sha256 {value}"


def _lines(texts: Sequence[str], size: int, most: int) -> list[str]:
    """The texts as at most `most` lines; what is cut ends with …"""
    found = [line for text in texts for line in wrap(text, int((WIDTH - 2 * EDGE) / (size * COLUMN))) if line]
    return found if len(found) <= most else [*found[: most - 1], found[most - 1].rstrip("，。,. ") + "…"]


def _figures(document: Document) -> Iterator[tuple[str, Cell]]:
    """The document's key figures, or the excess of the basket at every horizon."""
    yield from ((key.label, key.figure) for key in document.key_figures)
    bands = next((table for table in document.tables if table.id == "bands"), None)
    main = [row for row in bands.rows if row.role == "theme"] if bands else []
    if bands and main:
        for column, cell in zip(bands.columns, main[-1].cells, strict=True):
            if column.id.startswith("excess_"):
                yield f"{main[-1].head} {re.split(HEADLINE, column.group)[0]}", cell


def _figure_row(figures: Sequence[tuple[str, Cell]], top: float, document: Document, updown: UpDown) -> Iterator[str]:
    palette, step = signed(LIGHT, updown), (WIDTH - 2 * EDGE) / FIGURES
    for place, (label, cell) in enumerate(figures):
        x = EDGE + place * step
        room = int((step - 16) / (LABEL * COLUMN))
        yield text_svg(x, top + LABEL, broken(label, room)[0], size=LABEL, fill=LIGHT["ink3"])
        signs = cell.kind == "excess" and isinstance(cell.value, float)
        color = palette.get(tone(cell.value), LIGHT["ink"]) if signs and isinstance(cell.value, float) else LIGHT["ink"]
        shown = cell_text(cell, document.lang, unit=True)
        size = FIGURE if len(shown) * FIGURE * COLUMN < step else LABEL
        yield text_svg(x, top + LABEL + FIGURE * 1.15, shown, size=size, fill=color, bold=True)


def _foot(lines: Sequence[str], top: float) -> Iterator[str]:
    yield f'<line x1="{EDGE}" y1="{top}" x2="{WIDTH - EDGE}" y2="{top}" stroke="{LIGHT["rule2"]}" stroke-width="2"/>'
    for place, line in enumerate(lines, start=1):
        yield text_svg(EDGE, top + place * FOOT * LEADING, line, size=FOOT, fill=LIGHT["ink3"])


def _height(chart: Chart) -> float:
    """How high a chart for a phone is, as a multiple of its width."""
    width, height = chart.narrow["usermeta"]["size"]
    return float(height / width)


def _chart(document: Document, top: float, bottom: float, updown: UpDown) -> Iterator[str]:
    """The first chart that is not too high, drawn for a phone, as large as the room between verdict and figures allows."""
    if not document.charts:
        return
    chart = min(document.charts, key=lambda each: _height(each) > MOST_HEIGHT)
    yield text_svg(EDGE, top + LABEL, _lines([chart.title], LABEL, 1)[0], size=LABEL, fill=LIGHT["ink2"])
    inside, width, height = draw_light(chart.narrow, updown)
    start = top + LABEL * LEADING + 6
    scale = min((WIDTH - 2 * EDGE) / width, (bottom - start) / height)
    left = EDGE + (WIDTH - 2 * EDGE - width * scale) / 2
    yield (
        f'<svg x="{left:.1f}" y="{start:.1f}" width="{width * scale:.1f}" height="{height * scale:.1f}" '
        f'viewBox="0 0 {width} {height}">{inside}</svg>'
    )
