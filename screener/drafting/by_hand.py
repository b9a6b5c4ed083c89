"""A thesis file from a few answers: house, date, rating, names by code or Chinese name, in groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from screener.drafting.house import house_english
from screener.drafting.naming.groups import build_groups
from screener.drafting.sector import sector_words, sectors
from screener.terms.names import NameRegistry, find_security
from screener.terms.notes import ScreenerError, UsageError
from screener.terms.say import Lang, say
from screener.thesis.schema import schema_line
from screener.thesis.toml_text import toml_lines

Record = dict[str, Any]


def hand_thesis(
    *,
    title: str,
    house: str,
    published: dt.date,
    sector: str,
    rating: str | None,
    groups: Mapping[str, Sequence[str]],
    registry: NameRegistry,
) -> Record:
    """The thesis as data; `groups`: theme segment ("" for none) → codes or names. UsageError for a word that means none."""
    industry = sectors().get(sector) or sectors().get(sector_words()[sector].sector if sector in sector_words() else "")
    buckets = build_groups(groups)
    index = industry and {"symbol": industry.symbol, "name": f"申万{industry.sector}", "name_en": f"SW {industry.sector_en}"}
    english = house_english(house)
    return {
        "title": title,
        "house": house,
        **({"house_en": english} if english else {}),
        "sector": industry.sector if industry else sector,
        **({"sector_en": industry.sector_en} if industry else {}),
        "published": published,
        "published_basis": "printed",
        **({"rating": {"industry": rating}} if rating else {}),
        **({"industry_index": index} if index else {}),
        "buckets": [{"id": each.id, "name": each.name, "name_en": each.name_en} for each in buckets.values()],
        "candidates": [
            {**_security(word, registry), "bucket": buckets[group].id} for group, words in groups.items() for word in words
        ],
    }


def _security(word: str, registry: NameRegistry) -> Record:
    try:
        found = find_security(word, registry)
    except ScreenerError as error:
        raise UsageError(error.code, **error.params) from None
    return {"symbol": str(found.symbol), "name": found.listed or word}


def hand_text(thesis: Record, lang: Lang = "zh") -> str:
    """The file: every key under a remark that says what it means and what may stand there."""
    remarks = {key: say(f"new_{key}", lang) for key in ("title", "published", "rating", "industry_index", "sector")}
    remarks |= {"buckets[0]": say("new_buckets", lang), "candidates[0]": say("new_candidates", lang)}
    head = [schema_line("thesis"), f"# {say('new_head', lang)}", f"# {say('thesis_units', lang)}"]
    return "\n".join([*head, *toml_lines(thesis, remarks=remarks), ""])


def split_groups(names: str, groups: Sequence[str]) -> dict[str, list[str]]:
    """Options as groups: names between commas without one, and `光模块:中际旭创,新易盛`; UsageError for one without a colon."""
    found: dict[str, list[str]] = {}
    if _words(names):
        found[""] = _words(names)
    for group in groups:
        name, colon, words = group.replace("：", ":").partition(":")
        if not colon or not _words(words):
            raise UsageError("new_group_wrong", value=group)
        found.setdefault(name.strip(), []).extend(_words(words))
    return found


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip()]
