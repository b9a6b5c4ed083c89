"""Reports as files: a document in every format, in its own folder, each file replaced in one step."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from screener.errors import ScreenerError
from screener.messages import Lang
from screener.outcome import Outcome
from screener.report import Document, Section

# Excel takes a CSV file for UTF-8 only with a byte-order mark.
CSV_ENCODING = "utf-8-sig"


def publish_outcome(
    outcome: Outcome,
    out: Path,
    record: Mapping[str, object] | None = None,
    *,
    lang: Lang = "zh",
    png: bool = False,
    extra: Sequence[Section] = (),
) -> tuple[Path, ...]:
    """Write the dossier of `outcome` to `out`/<thesis>/outcome/: HTML, Markdown, Excel, JSON, CSV, with `png` its charts.

    `record`: what the JSON file holds, else the outcome's own; `extra`: sections on how far to trust it. Returns the files
    written. ScreenerError when the folder cannot be written, or for `png` without Chinese glyphs.
    """
    from screener.dossier import build_dossier
    from screener.ledger import daily_csv, outcome_csv
    from screener.records import outcome_record

    document = build_dossier(outcome, lang, extra=extra)
    files = document_files(document, "outcome", png=png)
    files["outcome.json"] = json_bytes(record or outcome_record(outcome, lang))
    files["outcome.csv"] = outcome_csv(outcome, lang).encode(CSV_ENCODING)
    files["outcome-daily.csv"] = daily_csv(outcome).encode(CSV_ENCODING)
    return write_files(out / document.slug / "outcome", files)


def document_files(document: Document, stem: str, *, png: bool = False) -> dict[str, bytes]:
    """A document as HTML, Markdown and Excel, with `png` also its charts, by file name."""
    from screener import charts
    from screener.markdown import render_markdown
    from screener.render import render_html
    from screener.runtime import load_runtime

    pictures = {f"{chart.id}.png": charts.draw_picture(chart.wide) for chart in document.charts} if png else {}
    return {
        f"{stem}.html": render_html(document, runtime=load_runtime()).encode(),
        f"{stem}.md": render_markdown(document).encode(),
        f"{stem}.xlsx": workbook_bytes(document),
        **pictures,
    }


def publish_scoreboard(document: Document, path: Path) -> None:
    """Write one document to `path`, as HTML, Excel or Markdown by its ending, replaced in one step."""
    write_files(path.parent, {path.name: document_files(document, path.stem)[f"{path.stem}{path.suffix.lower()}"]})


def workbook_bytes(document: Document) -> bytes:
    """The workbook of a document."""
    from screener.workbook import write_workbook

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        write_workbook(document, path)
        return path.read_bytes()


def json_bytes(record: Mapping[str, object]) -> bytes:
    """A record as indented JSON, Chinese as it is, never NaN."""
    return (json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def write_files(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write `files` into `folder`, made if need be, each replaced in one step; ScreenerError when that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            part = folder / f".{name}.{os.getpid()}.part"
            part.write_bytes(content)
            os.replace(part, folder / name)
    except OSError as error:
        raise ScreenerError("report_not_written", folder=folder, detail=error.strerror or error) from error
    return tuple(folder / name for name in files)
