"""The JSON Schema of thesis and scale files, from the types that read them, so that editors complete and check."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import BaseModel

from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

# The file names under which editors find them; a written file names its own in its first line.
SCHEMA_FILES = {"thesis": "thesis.schema.json", "scale": "scale.schema.json"}


def file_schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of file: `thesis` or `scale`; KeyError for any other. A thesis file's name is its slug."""
    models: dict[str, type[BaseModel]] = {"thesis": Thesis, "scale": RatingScale}
    schema = models[kind].model_json_schema(by_alias=True, mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"].pop("slug", None)
    schema["required"] = [each for each in schema.get("required", []) if each != "slug"]
    plain: dict[str, Any] = _finite(schema)
    return plain


def schema_text(kind: str) -> str:
    """The schema as the text of its file."""
    return json.dumps(file_schema(kind), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def schema_line(kind: str, folder: str = "./") -> str:
    """The first line of a file, by which editors find its schema."""
    return f"#:schema {folder}{SCHEMA_FILES[kind]}"


def _finite(value: Any) -> Any:
    """The schema without defaults that JSON cannot write (an open edge has none)."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items() if not (isinstance(each, float) and math.isinf(each))}
    return [_finite(each) for each in value] if isinstance(value, list) else value
