"""Sentences for people, in Chinese and English, by code; the texts stand in `data/texts/*.toml`, one file per area."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


def say(code: str, /, lang: Lang = "zh", **params: object) -> str:
    """The sentence of `code` filled with `params`; KeyError for a code that no words file has."""
    return sentences()[code][LANGS.index(lang)].format_map(params)


def printable(text: str) -> str:
    """`text` with control and direction characters written out, so that a file's content cannot steer a terminal."""
    return "".join(
        each if each.isprintable() or unicodedata.category(each) == "Zs" else each.encode("unicode_escape").decode()
        for each in text
    )


@cache
def sentences() -> dict[str, tuple[str, str]]:
    """Every sentence by code: (Chinese, English); ValueError when two areas use one code."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((files("screener") / "data" / "texts").iterdir(), key=lambda each: each.name):
        if not path.name.endswith(".toml"):
            continue
        for code, texts in area_sentences(path.name.removesuffix(".toml")).items():
            if code in found:
                raise ValueError(f"{path.name}: {code} is already defined")
            found[code] = texts
    return found


def area_sentences(area: str) -> dict[str, tuple[str, str]]:
    """The sentences of one area, which is one file of `data/texts`, by code: (Chinese, English)."""
    text = (files("screener") / "data" / "texts" / f"{area}.toml").read_text("utf-8")
    return {code: (zh, en) for code, (zh, en) in tomllib.loads(text).items()}


def listed(words: Iterable[object], lang: Lang) -> str:
    """Words in a row: 6、9、12, or 6, 9, 12."""
    return ("、" if lang == "zh" else ", ").join(map(str, words))


def run_on(sentences: Iterable[str], lang: Lang) -> str:
    """Sentences one after the other, as one paragraph."""
    return ("" if lang == "zh" else " ").join(sentences)
