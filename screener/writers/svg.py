"""The script that makes charts answer, bundled once for each version of the drawing library and kept in the user's cache."""

from __future__ import annotations

import re
from contextlib import suppress
from html import escape
from importlib.metadata import version
from pathlib import Path

from screener.report.draw.marks import Spec, still
from screener.terms.replacing import replacing


def load_runtime(folder: Path | None = None) -> str:
    """Vega-Embed with Vega and Vega-Lite as one script; bundling takes a second, so the result is kept in `folder`.

    A cache that cannot be written is no error: the script is then bundled every time.
    """
    path = (folder or cache_folder()) / f"vega-embed-{version('vl-convert-python')}.js"
    if path.is_file():
        return path.read_text("utf-8")
    script = bundle_runtime()
    with suppress(OSError), replacing(path) as part:
        part.write_text(script, "utf-8")
    return script


def cache_folder() -> Path:
    """The user's cache folder of this program."""
    from platformdirs import user_cache_path

    return user_cache_path("screener", appauthor=False)


def draw_svg(spec: Spec, *, title: str, finding: str, key: str, css_class: str = "") -> str:
    """An SVG with its title and description inside, colours as CSS variables, text as text; the same bytes each time."""
    import vl_convert

    drawn = str(vl_convert.vegalite_to_svg(still(spec)))
    width, height = spec["usermeta"]["size"]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(finding)}</desc>'
    )
    return head + _slim(drawn[drawn.index(">") + 1 :])


def _slim(svg: str) -> str:
    """Drop what says nothing: empty backgrounds, default attributes, accessibility roles of a picture that has its own."""
    svg = re.sub(r'<path class="(?:background|foreground)"[^>]*/>', "", svg)
    svg = re.sub(r' (?:aria-[a-z]+|role|pointer-events|font-family)="[^"]*"', "", svg)
    svg = re.sub(r' (?:opacity="1"|fill="transparent"|class="mark-[^"]*")', "", svg)
    return re.sub(r"<g></g>", "", svg)


def bundle_runtime() -> str:
    """Vega-Embed with Vega and Vega-Lite as one script for a page without a network; it defines `vegaEmbed`."""
    import vl_convert

    script = str(vl_convert.javascript_bundle("window.vegaEmbed=vegaEmbed;"))
    return script.replace("</script", "<\\/script")
