"""The cells of a what-if for the script of the page: compressed, with the words and ladders that it shows them by."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np

from screener.report.document import Band, WhatIf
from screener.report.figures import GLYPHS
from screener.terms.say import Lang, say
from screener.writers.page.marks import chip_class

# Cells are whole millionths of a fraction: ten times finer than the finest figure that a page shows.
UNIT = 1e6
WORDS = ("excess", "gap", "same")


def what_if_json(block: WhatIf, lang: Lang) -> str:
    """One JSON object that may stand in a page: `cells` is base64 of zlib of int32 excess, then int8 bands."""
    spec = {
        "cells": base64.b64encode(pack_cells(block)).decode("ascii"),
        "bands": [[_chip(each) for each in ladder] for ladder in block.bands],
        "edges": [list(each) for each in block.edges],
        "words": {**{name: say(f"what_if_{name}", lang) for name in WORDS}, "place": _template(lang)},
    }
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def pack_cells(block: WhatIf) -> bytes:
    """The cells as bytes, compressed the same way every time."""
    excess = np.nan_to_num(np.round(np.array(block.excess) * UNIT), nan=0.0).astype("<i4")
    return zlib.compress(excess.tobytes() + np.array(block.band, dtype=np.int8).tobytes(), 9)


def _template(lang: Lang) -> str:
    """The sentence on the place with its holes left open for the script."""
    holes = {name: "{" + name + "}" for name in ("n", "place", "same", "low", "high")}
    return say("what_if_place", lang, **holes)


def _chip(band: Band) -> dict[str, str]:
    return {"word": band.word, "css": chip_class(band), "glyph": GLYPHS[band.level]}
