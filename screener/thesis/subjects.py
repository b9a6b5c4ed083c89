"""What a figure is about: a candidate, a bucket, all names, or an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from screener.terms.say import Lang

SubjectKind = Literal["industry_index", "all", "bucket", "candidate", "benchmark"]


@dataclass(frozen=True)
class Subject:
    """A row of the tables: its symbols (`members`), and the rating that the report states for it, if any."""

    id: str
    kind: SubjectKind
    name: str
    name_en: str
    members: tuple[str, ...]
    bucket: str | None = None
    stated: str | None = None

    def name_in(self, lang: Lang) -> str:
        """The name in the reader's language."""
        return self.name if lang == "zh" else self.name_en

    @property
    def is_single(self) -> bool:
        """Whether the subject is one security or index, so that it has a close."""
        return self.kind not in ("all", "bucket")
