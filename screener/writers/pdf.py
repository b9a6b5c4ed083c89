"""A document as a PDF on A4, from its own page in print; the only module that knows weasyprint."""

from __future__ import annotations

import re
from importlib.resources import files

from screener.report.document import Document
from screener.report.draw.palette import PRINT, UpDown, resolve, signed
from screener.terms.notes import ScreenerError
from screener.writers.page.html import render_html
from screener.writers.pictures import check_glyphs

# Widths of the two drawings of a chart on A4 (mm): the wide one alone in its row, the narrow one in a pair.
WIDTHS = {"vw": 132.0, "vn": 88.0}
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_HEAD = re.compile(r'<svg\b[^>]*?(?:class="(?P<kind>v[wn])" )?viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
# Rules for every drawing; those for drawings inside one kind of table have more before `svg`.
_RULE = re.compile(r"(?:^|(?<=\}))svg (\.[a-z0-9]+|text)\{([^}]*)\}", re.MULTILINE)


def render_pdf(document: Document, updown: UpDown = "red-up") -> bytes:
    """The report as a PDF with its text as text, in print's light palette; the same bytes for the same fonts and versions.

    ScreenerError `no_pdf` without weasyprint or the system library that it draws with, `no_glyphs` without Chinese glyphs.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise ScreenerError("no_pdf", detail=str(error).splitlines()[0]) from error
    check_glyphs()
    page = for_paper(render_html(document, updown=updown), updown)
    # The page refers to nothing outside itself; if a text ever did, it would not be fetched.
    made = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=("data",))).write_pdf(pdf_tags=True)
    return bytes(made)


def for_paper(page: str, updown: UpDown = "red-up") -> str:
    """The page with drawings that need no style sheet: weasyprint does not apply the page's to them."""
    palette = signed(PRINT, updown)
    templates = files("screener") / "writers" / "page" / "templates"
    css, paper = ((templates / name).read_text("utf-8") for name in ("page.css", "paper.css"))
    rules = [f"{name}{{{body}}}" for name, body in _RULE.findall(css)]
    fonts = dict(re.findall(r"(--f-[a-z]+):([^;]+);", css))
    style = "".join(rules)
    for name, value in fonts.items():
        style = style.replace(f"var({name})", value)
    style = f"<style>{resolve(style, palette)}</style>"
    page = page.replace("</style>", f"{paper}</style>", 1)
    return _DRAWING.sub(lambda found: _own_style(resolve(found[0].replace("url(#hd)", palette["dn-t"]), palette), style), page)


def _own_style(drawing: str, style: str) -> str:
    head = _HEAD.match(drawing)
    if head is None:
        return drawing
    width, height = float(head["width"]), float(head["height"])
    shown = WIDTHS.get(head["kind"] or "")
    size = f' style="width:{shown}mm;height:{shown * height / width:.2f}mm"' if shown else ""
    end = drawing.index(">")
    return f'{drawing[:end]} width="{width:g}" height="{height:g}"{size}>{style}{drawing[end + 1 :]}'
