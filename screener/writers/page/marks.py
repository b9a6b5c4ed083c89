"""Small drawings inside table cells: sparkline, bullet on the bands, shares among bands; SVG from arithmetic alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from screener.report.document import Band, Bullet, Shares
from screener.report.figures import percent, points
from screener.thesis.scale import edge_text

SPARK = (92, 22)
BULLET = (132, 16)
SHARES = (210, 18)
PAD = 2.5
# A bullet shows at least this much around zero, and this much beyond the outer edges (fractions).
BULLET_LOW, BULLET_HIGH, BULLET_BEYOND = -0.30, 0.40, 0.10
# A share narrower than this has no room for its figure (pixels).
LABEL_ROOM = 34


def sparkline(values: Sequence[float], name: str, finding: str) -> str:
    """A path on its own scale with a zero line and a dot at its end."""
    width, height = SPARK
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    step = (width - 7) / max(len(values) - 1, 1)
    spots = [(2 + step * at, height - 2 - (height - 4) * (value - low) / span) for at, value in enumerate(values)]
    zero = height - 2 - (height - 4) * (0 - low) / span
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    x, y = spots[-1]
    return (
        f"{_head(SPARK, name, finding)}"
        f'<line x1="0" y1="{zero:.1f}" x2="{width}" y2="{zero:.1f}" class="ax"/><path d="{path}" class="sp"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" class="dot"/></svg>'
    )


def bullet(value: Bullet, name: str, finding: str) -> str:
    """The bands as a strip, a dot for now, a dotted tick for a week before, an arrow where now lies beyond the strip."""
    width, height = BULLET
    places = [_bullet_at(edge, value.edges) for edge in value.edges]
    stops = [PAD, *places, width - 8.5]
    tints = [tint(band) for band in value.bands]
    strip = "".join(
        f'<rect x="{left + 0.5:.1f}" y="4" width="{right - left - 1:.1f}" height="8" fill="var(--{ground})"/>'
        for (left, right), ground in zip(pairwise(stops), tints, strict=True)
    )
    before = "" if value.before is None else _tick(_clamped(_bullet_at(value.before, value.edges)))
    return f"{_head(BULLET, name, finding)}{strip}{before}{_bullet_mark(_bullet_at(value.now, value.edges))}</svg>"


def _tick(x: float) -> str:
    return f'<line x1="{x:.1f}" y1="2" x2="{x:.1f}" y2="14" class="edge"/>'


def _bullet_mark(at: float) -> str:
    right = BULLET[0] - 8.5
    if at > right:
        return f'<path d="M{right + 1:.1f} 3.5L{right + 8:.1f} 8L{right + 1:.1f} 12.5Z" class="dot"/>'
    if at < PAD:
        return '<path d="M7 3.5L0 8L7 12.5Z" class="dot"/>'
    return f'<circle cx="{at:.1f}" cy="8" r="3.6" class="dot"/>'


def _bullet_at(value: float, edges: Sequence[float]) -> float:
    low, high = min(BULLET_LOW, edges[0] - BULLET_BEYOND), max(BULLET_HIGH, edges[-1] + BULLET_BEYOND)
    return PAD + (BULLET[0] - 8.5 - PAD) * (value - low) / (high - low)


def _clamped(at: float) -> float:
    return min(max(at, PAD), BULLET[0] - 8.5)


def bullet_axis(edges: Sequence[float]) -> str:
    """The band edges (pp) above a column of bullets."""
    words = "".join(_edge_text(edge, edges) for edge in edges)
    return f'<svg viewBox="0 0 {BULLET[0]} 12" aria-hidden="true">{words}</svg>'


def _edge_text(edge: float, edges: Sequence[float]) -> str:
    x, text = _bullet_at(edge, edges), edge_text(edge)
    return f'<text x="{x:.1f}" y="10" class="m s" text-anchor="middle">{text}</text>'


def shares(value: Shares, name: str, finding: str) -> str:
    """How days divide among bands, worst first from the left; the worst segment has a hatched foot."""
    width, height = SHARES
    left, drawn = 0.0, []
    for at, (band, part) in enumerate(value.parts):
        if part <= 0:
            continue
        size = part * (width - 1)
        drawn.append(f'<rect x="{left:.1f}" y="1" width="{max(size - 1, 0.5):.1f}" height="16" fill="var(--{tint(band)})"/>')
        if at == 0 and band.level < 0:
            drawn.append(f'<rect x="{left:.1f}" y="13" width="{max(size - 1, 0.5):.1f}" height="4" fill="url(#hd)"/>')
        if size >= LABEL_ROOM:
            drawn.append(f'<text x="{left + 6:.1f}" y="13.5" class="s k2">{percent(part, 0, sign=False)}</text>')
        left += size
    return f"{_head(SHARES, name, finding)}{''.join(drawn)}</svg>"


def tint(band: Band) -> str:
    """The colour token of a band's ground."""
    if band.level == 1 and band.best:
        return "up-s"
    return {2: "up-s", 1: "up-t", 0: "flat", -1: "dn-s"}[band.level]


def chip_class(band: Band) -> str:
    """The CSS class of a band's chip: b4 best, b3 buy, b2 hold, b1 sell."""
    return {"up-s": "b4", "up-t": "b3", "flat": "b2", "dn-s": "b1"}[tint(band)]


def bullet_finding(value: Bullet, template: str) -> str:
    """What a bullet shows, in figures: `template` has {now} and {before}."""
    before = "" if value.before is None else points(value.before)
    return template.format(now=points(value.now), before=before)


def _head(size: tuple[int, int], name: str, finding: str) -> str:
    label = escape(f"{name} {finding}", quote=True)
    return f'<svg viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{label}"><title>{escape(finding)}</title>'
