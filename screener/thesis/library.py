"""Where theses and rating scales are found, and how they are loaded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from screener.terms.notes import Problem, ThesisProblems, UsageError
from screener.thesis.check import check_policies_text, check_scale_text, check_thesis_text
from screener.thesis.editions import choose_edition
from screener.thesis.policies import PolicyBook
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

# A slug is a file name: longer ones than this no file system is sure to take.
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True)
class Library:
    """Thesis files in the user's folder (if any) before the bundled ones; scales likewise, in a `scales` folder inside."""

    folders: tuple[Path, ...]

    def thesis_paths(self) -> Iterator[Path]:
        """Every thesis file, the user's first; a slug found twice counts once."""
        seen: set[str] = set()
        for folder in self.folders:
            for path in sorted(folder.glob("*.toml")):
                if path.stem not in seen:
                    seen.add(path.stem)
                    yield path

    def find(self, name: str) -> Path:
        """The file of a slug, or of a path to a `.toml` file; UsageError when there is none."""
        if name.endswith(".toml"):
            path = Path(name)
            if not path.is_file():
                raise UsageError("thesis_file_missing", path=name)
            return path
        if not _SLUG.fullmatch(name):
            raise UsageError("bad_slug", name=name)
        for path in self.thesis_paths():
            if path.stem == name:
                return path
        known = ", ".join(path.stem for path in self.thesis_paths())
        raise UsageError("thesis_unknown", name=name, known=known)

    def scale_path(self, scale_id: str, beside: Path | None = None) -> Path | None:
        """The file of a rating scale: beside the thesis file first, then in the library; None when there is none."""
        if not _SLUG.fullmatch(scale_id):
            return None
        folders = ([beside.parent] if beside else []) + list(self.folders)
        places = [folder / "scales" / f"{scale_id}.toml" for folder in folders]
        return next((place for place in places if place.is_file()), None)

    def scale_ids(self) -> tuple[str, ...]:
        """The ids of every scale in the library, sorted."""
        return tuple(sorted({path.stem for folder in self.folders for path in (folder / "scales").glob("*.toml")}))

    def load_scale(self, scale_id: str) -> RatingScale:
        """A checked rating scale; UsageError when unknown, ThesisProblems when broken."""
        path = self.scale_path(scale_id)
        if path is None:
            raise UsageError("scale_unknown", name=scale_id, known=", ".join(self.scale_ids()))
        scale, problems = check_scale_text(path.read_bytes(), path.name)
        if scale is None:
            raise ThesisProblems("thesis_broken", problems, file=path.name)
        return scale

    def editions(self) -> tuple[RatingScale, ...]:
        """Every scale of the library by id, the user's own before the bundled ones; broken ones are ThesisProblems."""
        return tuple(self.load_scale(each) for each in self.scale_ids())

    def edition(self, house: str, day: dt.date, rating: str | None = None) -> RatingScale | None:
        """The edition of `house` that a report of `day` is judged by; None where the library has no confirmed one."""
        return choose_edition(self.editions(), house, day, rating=rating)

    def load(self, name: str) -> tuple[Thesis, RatingScale]:
        """A checked thesis with its scale, by slug or path; UsageError when unknown, ThesisProblems when broken."""
        thesis, scale, problems = self.check(self.find(name))
        if thesis is None or scale is None or problems:
            raise ThesisProblems("thesis_broken", problems, file=Path(name).name)
        return thesis, scale

    def load_sound(self, names: Iterable[str]) -> tuple[list[tuple[Thesis, RatingScale]], list[tuple[str, ThesisProblems]]]:
        """The theses of slugs and paths, and the broken files among them with what is wrong; UsageError for an unknown one."""
        sound, broken = [], []
        for name in names:
            try:
                sound.append(self.load(name))
            except ThesisProblems as fault:
                broken.append((Path(name).name, fault))
        return sound, broken

    def check(
        self, path: Path, *, today: dt.date | None = None
    ) -> tuple[Thesis | None, RatingScale | None, tuple[Problem, ...]]:
        """Read a thesis file and its scale and list every problem of both; dates after `today` are problems too."""

        def find_scale(scale_id: str) -> tuple[bytes, str] | None:
            place = self.scale_path(scale_id, beside=path)
            return None if place is None else (place.read_bytes(), f"scales/{place.name}")

        thesis, scale, problems = check_thesis_text(
            path.read_bytes(),
            file=path.name,
            slug=path.stem,
            find_scale=find_scale,
            find_edition=self.edition,
            today=today,
        )
        if thesis is not None:
            problems += self.check_policies(path, thesis, today=today)[1]
        return thesis, scale, problems

    def check_policies(
        self, path: Path, thesis: Thesis, *, today: dt.date | None = None
    ) -> tuple[PolicyBook | None, tuple[Problem, ...]]:
        """The policies in `policies/<slug>.toml` beside a thesis file, with every problem; nothing where there is no file."""
        place = path.parent / "policies" / f"{thesis.slug}.toml"
        if not place.is_file():
            return None, ()
        buckets = tuple(bucket.id for bucket in thesis.buckets)
        file = f"policies/{place.name}"
        return check_policies_text(place.read_bytes(), file=file, slug=thesis.slug, buckets=buckets, today=today)

    def load_policies(self, name: str) -> PolicyBook:
        """The checked policies of a thesis, by slug or path; UsageError when it has none, ThesisProblems when broken."""
        thesis, _ = self.load(name)
        book, problems = self.check_policies(self.find(name), thesis)
        if book is None:
            raise UsageError("no_policies", slug=thesis.slug)
        return book


def bundled_folder() -> Path:
    """The theses that ship with the package: inside it when installed, beside it in a checkout."""
    inside = Path(str(files("screener"))) / "themes"
    return inside if inside.is_dir() else inside.parent.parent / "themes"


def open_library(folder: Path | None = None) -> Library:
    """The library of bundled theses, with `folder` before it; UsageError when `folder` is not one."""
    if folder is not None and not folder.is_dir():
        raise UsageError("themes_missing", folder=str(folder))
    return Library((*([folder] if folder else []), bundled_folder()))
