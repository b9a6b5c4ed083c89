"""A draft as text: thesis and scale files in TOML, each value under the line of the report that it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from screener.drafting.accept import accepted_text
from screener.drafting.draft import Draft, Record
from screener.drafting.lines.text import Line
from screener.terms.notes import UsageError
from screener.terms.say import Lang, say
from screener.thesis.schema import SCHEMA_FILES, schema_line, schema_text
from screener.thesis.toml_text import remark_lines, toml_lines

_QUOTED = 60


def thesis_text(draft: Draft, lang: Lang = "zh") -> str:
    """The thesis file; dated policies of the report stand in comments, since the figures do not use them."""
    head = [schema_line("thesis"), f"# {say('draft_head', lang)}", "# " + say("thesis_units", lang)]
    seen = [f"{each.line.place}: {each.field} {each.value} ({say(each.code, lang)})" for each in draft.seen[:40]]
    unsure = [f"{each.field} {each.value}: {each.text(lang)}" for each in draft.questions if each.field != "candidates"][:20]
    policies = [f"{each['date']}  {each['issuer']}  《{each['title']}》" for each in draft.policies]
    tail = [
        *_block("draft_open_head", unsure, lang),
        *_block("draft_seen_head", seen, lang),
        *_block("policies_head", policies, lang),
    ]
    remarks = {name: quoted(line) for name, line in draft.sources.items()}
    proposed = toml_lines({"proposed": list(draft.proposed)}) if draft.proposed else ()
    text = "\n".join([*head, *toml_lines(draft.thesis, remarks=remarks), *tail, *proposed, ""])
    return accepted_text(text)[0] if draft.accepted else text


def quoted(line: Line) -> str:
    """The place of a line with its first characters: p.1 l.12: 强于大市（维持）."""
    text = " ".join(line.text.split())
    return f"{line.place}: {text[:_QUOTED]}{'…' if len(text) > _QUOTED else ''}"


def _block(head: str, rows: list[str], lang: Lang) -> list[str]:
    return ["", f"# {say(head, lang)}", *(line for row in rows for line in remark_lines(row))] if rows else []


def scale_text(record: Record, lang: Lang = "zh") -> str:
    """The scale file."""
    return "\n".join([schema_line("scale", "../"), f"# {say('scale_head', lang)}", *toml_lines(record), ""])


def draft_place(report: Path, out: Path | None) -> tuple[str, Path | None]:
    """The slug of a draft and where it goes: `out` names the file (`.toml`) or a folder; without it nothing is written.

    The slug is the file's stem, else the report's name in lower-case ASCII. UsageError for a stem that is no slug, and for
    a file that exists.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", report.stem.lower()).strip("-") or "draft"
    if out is None:
        return slug, None
    if out.suffix == ".toml":
        slug = out.stem
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
            raise UsageError("bad_slug", name=slug)
    place = out if out.suffix == ".toml" else out / f"{slug}.toml"
    if place.exists():
        raise UsageError("draft_exists", path=str(place))
    return slug, place


def write_draft(draft: Draft, place: Path, lang: Lang = "zh") -> tuple[Path, ...]:
    """Write the thesis file, and a new rating standard into `scales` beside it; UsageError when either exists."""
    texts = {place: thesis_text(draft, lang)}
    if draft.scale is not None:
        texts[place.parent / "scales" / f"{draft.scale['id']}.toml"] = scale_text(draft.scale, lang)
    return write_new(texts, place.parent)


def write_new(texts: dict[Path, str], folder: Path) -> tuple[Path, ...]:
    """Write new files, and the schemas that they name into `folder`; UsageError when one exists, before any is written."""
    for path in texts:
        if path.exists():
            raise UsageError("draft_exists", path=str(path))
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    write_schemas(folder, [kind for kind in SCHEMA_FILES if kind == "thesis" or len(texts) > 1], keep=True)
    return tuple(texts)


def write_schemas(folder: Path, kinds: Sequence[str] = tuple(SCHEMA_FILES), *, keep: bool = False) -> tuple[Path, ...]:
    """Write the JSON Schemas of these kinds of file into `folder`; `keep` leaves alone what lies there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [(kind, folder / SCHEMA_FILES[kind]) for kind in kinds]
    for kind, path in paths:
        if not (keep and path.exists()):
            path.write_text(schema_text(kind), encoding="utf-8", newline="\n")
    return tuple(path for _, path in paths)
