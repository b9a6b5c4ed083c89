"""The script that makes charts answer, bundled once for each version of the drawing library and kept in the user's cache."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from screener.charts import bundle_runtime


def load_runtime(folder: Path | None = None) -> str:
    """Vega-Embed with Vega and Vega-Lite as one script; bundling takes a second, so the result is kept in `folder`.

    A cache that cannot be written is no error: the script is then bundled every time.
    """
    path = (folder or cache_folder()) / f"vega-embed-{version('vl-convert-python')}.js"
    if path.is_file():
        return path.read_text("utf-8")
    script = bundle_runtime()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(script, "utf-8")
        part.replace(path)
    except OSError:
        return script
    return script


def cache_folder() -> Path:
    """The user's cache folder of this program."""
    from platformdirs import user_cache_path

    return user_cache_path("screener", appauthor=False)
