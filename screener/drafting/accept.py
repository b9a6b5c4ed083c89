"""Proposals of an assistant taken into a thesis file: the text keeps its comments, the proposals go where they belong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from screener.drafting.naming.groups import build_groups
from screener.drafting.sector import sector_words, sectors
from screener.terms.notes import UsageError
from screener.thesis.toml_text import Record, remark_lines, toml_lines

_PROPOSED = re.compile(r"^\[\[proposed\]\]\s*$", re.MULTILINE)
_TABLE = re.compile(r"^\[", re.MULTILINE)


def accepted_text(text: str) -> tuple[str, int]:
    """The file's text with every proposal in its place, and how many there were; ValueError for what is no TOML."""
    proposed = tomllib.loads(text).get("proposed", [])
    start = _PROPOSED.search(text)
    if not proposed or start is None:
        return text, 0
    kept = text[: start.start()].rstrip("\n") + "\n"
    for each in proposed:
        kept = _with(kept, each)
    return kept, len(proposed)


def accept_file(path: Path) -> int:
    """Take the proposals of a file into it, and how many there were; UsageError for what is no TOML."""
    try:
        text, count = accepted_text(path.read_text("utf-8"))
    except ValueError as error:
        raise UsageError("accept_broken", path=str(path), detail=str(error)[:80]) from None
    if count:
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    return count


def _with(text: str, proposal: Mapping[str, Any]) -> str:
    remark = f"{proposal.get('place', '')}: {proposal.get('quote', '')}"[:90]
    field, value = str(proposal["field"]), str(proposal["value"])
    if field == "candidates":
        return _with_candidate(text, proposal, remark)
    if field == "rating.industry":
        return _with_table(text, "rating", {"industry": value}, remark)
    if field == "published":
        return _with_key(_with_key(text, "published", value, remark), "published_basis", '"printed"', "")
    if field == "sector":
        return _with_sector(text, value, remark)
    return _with_key(text, field, next(iter(toml_lines({"x": value}))).removeprefix("x = "), remark)


def _with_key(text: str, key: str, value: str, remark: str) -> str:
    """A plain key of the file set: in its line where there is one, else before the first table."""
    table = _TABLE.search(text)
    end = table.start() if table else len(text)
    head, rest = text[:end], text[end:]
    line = f"{key} = {value}"
    if re.search(rf"^{key} = ", head, re.MULTILINE):
        return re.sub(rf"^{key} = .*$", lambda _: line, head, count=1, flags=re.MULTILINE) + rest
    said = "\n".join([*remark_lines(remark), line])
    return f"{head.rstrip(chr(10))}\n{said}\n\n{rest}" if rest else f"{head}{said}\n"


def _with_table(text: str, name: str, record: Record, remark: str) -> str:
    """A table of the file set where there is none; one that stands there keeps what it has."""
    if re.search(rf"^\[{name}\]", text, re.MULTILINE):
        return text
    return "\n".join([text.rstrip("\n"), "", *remark_lines(remark), *list(toml_lines({name: record}))[1:], ""])


def _with_sector(text: str, word: str, remark: str) -> str:
    name = word if word in sectors() else sector_words()[word].sector
    sector = sectors()[name]
    quoted = next(iter(toml_lines({"x": name}))).removeprefix("x = ")
    index = {"symbol": sector.symbol, "name": f"申万{name}", "name_en": f"SW {sector.sector_en}"}
    return _with_table(_with_key(text, "sector", quoted, remark), "industry_index", index, "")


def _with_candidate(text: str, proposal: Mapping[str, Any], remark: str) -> str:
    document = tomllib.loads(text)
    wanted = str(proposal.get("bucket", ""))
    buckets = document.get("buckets", [])
    known = next(
        (each["id"] for each in buckets if each.get("name") == wanted or (not wanted and each["id"] == "recommended")), None
    )
    lines: list[str] = []
    if known is None:
        group = build_groups([wanted])[wanted]
        taken = {each["id"] for each in buckets}
        known = group.id if group.id not in taken else f"bucket_{len(taken) + 1}"
        lines += toml_lines({"buckets": [{"id": known, "name": group.name, "name_en": group.name_en}]})
    candidate = {"symbol": proposal["symbol"], "name": proposal["value"], "bucket": known}
    lines += toml_lines({"candidates": [candidate]}, remarks={"candidates[0]": remark})
    return "\n".join([text.rstrip("\n"), *lines, ""])
