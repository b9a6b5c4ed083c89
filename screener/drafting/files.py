"""A draft as text: thesis and scale files in TOML, in the order that the bundled ones have."""

from __future__ import annotations

import re
from pathlib import Path

from screener.drafting.draft import Draft, Record
from screener.terms.notes import UsageError
from screener.terms.say import Lang, say
from screener.thesis.toml_text import toml_lines


def thesis_text(draft: Draft, lang: Lang = "zh") -> str:
    """The thesis file; dated policies of the report stand in comments, since the figures do not use them."""
    head = [f"# {say('draft_head', lang)}", "# " + say("thesis_units", lang)]
    policies = [f"# {each['date']}  {each['issuer']}  《{each['title']}》" for each in draft.policies]
    tail = ["", f"# {say('policies_head', lang)}", *policies] if policies else []
    return "\n".join([*head, *toml_lines(draft.thesis), *map(_one_line, tail), ""])


def scale_text(record: Record, lang: Lang = "zh") -> str:
    """The scale file."""
    return "\n".join([f"# {say('scale_head', lang)}", *toml_lines(record), ""])


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


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
    for path in texts:
        if path.exists():
            raise UsageError("draft_exists", path=str(path))
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return tuple(texts)
