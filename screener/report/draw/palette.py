"""Colours by token: the light palette of pictures, workbooks and print; pages define the same names for light and dark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from screener.terms.numbers import NOISE_DECIMALS

# Which sign is red: mainland China reads red as up, most other markets read green as up.
UpDown = Literal["red-up", "green-up"]
UP_DOWN: tuple[UpDown, ...] = ("red-up", "green-up")

LIGHT = {
    "paper": "#fffefb",
    "wash": "#f6f4ee",
    "ink": "#1a1d21",
    "ink2": "#454c54",
    "ink3": "#5b626a",
    "rule": "#dcd8ce",
    "rule2": "#a8a49a",
    "theme": "#0b3d66",
    "industry": "#96590a",
    "bench": "#5b626a",
    "window": "#f1ede2",
    "up": "#b0211f",
    "up-t": "#f8e3df",
    "up-s": "#efc4bd",
    "dn": "#0a6647",
    "dn-t": "#dcede5",
    "dn-s": "#b3d8c8",
    "flat": "#ecebe5",
}
# What is white or lighter on paper than on a screen.
PRINT = {**LIGHT, "paper": "#ffffff", "wash": "#f5f4f0", "window": "#f3f0e8"}
_OTHER_SIGN = {"up": "dn", "up-t": "dn-t", "up-s": "dn-s", "dn": "up", "dn-t": "up-t", "dn-s": "up-s"}


@dataclass(frozen=True)
class HeatStep:
    """A step of the heat map: from `edge` (a fraction of weekly excess) outwards, the edge itself belongs to it.

    `token`: the colour of its ground; `css`: the class of a cell on a page.
    """

    edge: float
    token: str
    css: str


# Fixed steps, so that two weeks can be compared; on each side the outer one first. Between them a cell is neutral.
HEAT_DOWN = (HeatStep(-0.06, "dn-s", "h3m"), HeatStep(-0.02, "dn-t", "h2m"))
HEAT_UP = (HeatStep(0.06, "up-s", "h3p"), HeatStep(0.02, "up-t", "h2p"))
HEAT_NEUTRAL = HeatStep(0.0, "wash", "h0")


def heat_step(value: float) -> HeatStep:
    """The heat step of a weekly excess (fraction): ≤ −6, ≤ −2, between, ≥ +2, ≥ +6 pp, noise below 1e-9 removed."""
    plain = round(value, NOISE_DECIMALS)
    below = (step for step in HEAT_DOWN if plain <= step.edge)
    above = (step for step in HEAT_UP if plain >= step.edge)
    return next(below, None) or next(above, HEAT_NEUTRAL)


_VARIABLE = re.compile(r"var\(--([a-z0-9-]+)\)")


def signed(palette: Mapping[str, str], updown: UpDown = "red-up") -> dict[str, str]:
    """The palette under a reader's convention: with `green-up` the tokens of up and down trade colours."""
    if updown == "red-up":
        return dict(palette)
    return {token: palette[_OTHER_SIGN.get(token, token)] for token in palette}


def resolve(text: str, palette: Mapping[str, str]) -> str:
    """`text` with every CSS variable of a token replaced by its colour; KeyError for a token without one."""
    return _VARIABLE.sub(lambda found: palette[found[1]], text)
