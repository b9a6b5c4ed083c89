"""What time does to a library of theses: files edited after they were recorded, and candidates gone stale."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screener.terms.codes import code_changes, current_symbol
from screener.terms.names import NameRegistry, is_delisting, plain_name
from screener.terms.notes import InputProblems, Problem, ScreenerError, UsageError
from screener.terms.say import Lang, say
from screener.thesis.library import Library
from screener.thesis.lines import locate
from screener.thesis.scale import Ladder, RatingScale
from screener.thesis.thesis import Thesis
from screener.thesis.toml_text import Record, toml_lines

LOCK = "theses.lock"


@dataclass(frozen=True)
class Checked:
    """What checking some thesis files found: `problems` to mend, `stale` facts that were right once, slugs recorded."""

    files: int
    problems: tuple[Problem, ...]
    stale: tuple[Problem, ...]
    recorded: tuple[str, ...]


def check_library(
    library: Library, names: Sequence[str], *, today: dt.date, registry: NameRegistry, record: bool = False
) -> Checked:
    """Check thesis files by slug or path (every one of the library when none is named); one bad name hides no other.

    A file in a folder of the library is also compared with that folder's lock; `record` writes sound files into the lock.
    """
    problems: list[Problem] = []
    stale: list[Problem] = []
    recorded: list[str] = []
    names = names or [str(path) for path in library.thesis_paths()]
    for name in names:
        try:
            path = library.find(name)
            data = path.read_bytes()
        except (ScreenerError, OSError) as error:
            problems.append(_unreadable(name, error))
            continue
        thesis, scale, found = library.check(path, today=today)
        problems += found
        if thesis is None or scale is None or found:
            continue
        stale += stale_candidates(thesis, registry, file=path.name, data=data, today=today)
        if record:
            recorded += [thesis.slug] if _record(library, path, thesis, scale, today) else []
        else:
            problems += edits(_lock_of(library, path), thesis, scale, file=path.name)
    return Checked(len(names), tuple(problems), tuple(stale), tuple(recorded))


def _unreadable(name: str, error: ScreenerError | OSError) -> Problem:
    if isinstance(error, ScreenerError):
        return Problem(name, None, "", "", error.code, error.params)
    return Problem(name, None, "", "", "file_unreadable", {"detail": error.strerror or type(error).__name__})


def stale_candidates(thesis: Thesis, registry: NameRegistry, *, file: str, data: bytes, today: dt.date) -> Iterator[Problem]:
    """Candidates whose code, name or listing changed since: right when published, yet not found under that today."""
    for at, each in enumerate(thesis.candidates):
        reason = _stale(each.symbol, each.name, registry, today)
        if reason is not None:
            code, params = reason
            line = locate(data, ("candidates", at, "symbol"))
            yield Problem(file, line, f"candidates[{at}].symbol", each.symbol, code, params)


def _stale(symbol: str, name: str, registry: NameRegistry, today: dt.date) -> tuple[str, dict[str, object]] | None:
    now = current_symbol(symbol, today)
    listed = registry.names.get(now) or registry.names.get(symbol)
    if now != symbol:
        change = code_changes()[symbol]
        return "code_changed", {"new": now, "name": change.new_name or listed or name, "since": change.since}
    delisted = registry.delisted.get(symbol)
    if delisted is not None and delisted <= today:
        return "candidate_delisted", {"name": name, "day": delisted}
    if listed is None:
        absent = registry.is_whole_market and not symbol.endswith(".HK")
        return ("candidate_absent", {"name": name, "list": registry.label}) if absent else None
    if is_delisting(listed):
        return "candidate_delisting", {"listed": listed}
    if plain_name(listed) != plain_name(name) and not plain_name(name).startswith(plain_name(listed)):
        return "candidate_renamed", {"name": name, "listed": listed}
    return None


def thesis_facts(thesis: Thesis, scale: RatingScale) -> dict[str, str]:
    """Everything of a thesis that a figure or verdict hangs on, as text by name; titles, names and risks are not."""
    rating = thesis.rating
    facts = {
        "published": f"{thesis.published} {thesis.published_basis}",
        "rating": " ".join(filter(None, (rating.industry, rating.change, rating.previous))) if rating else "",
        **(
            {"rating changes": "; ".join(f"{each.date} {each.rating}" for each in rating.changes)}
            if rating and rating.changes
            else {}
        ),
        "market": thesis.market,
        "benchmark": thesis.benchmark(scale),
        "industry_index": thesis.industry_index.symbol if thesis.industry_index else "",
        "second_opinion": thesis.second_opinion.symbol if thesis.second_opinion else "",
        "scale": scale.id,
        "scale window": f"{scale.window.from_months} {scale.window.to_months}",
        "scale stock": _bands(scale.stock),
        "scale industry": _bands(scale.industry),
        **_measures(scale),
    }
    for each in thesis.candidates:
        listings = (f"{other.symbol} {other.market} {other.benchmark or ''}".strip() for other in each.listings)
        target = f"{each.target_price:g} {each.target_date or ''}".strip() if each.target_price is not None else ""
        facts[each.symbol] = " ".join(filter(None, (each.bucket, each.rating, target, *listings)))
    return facts


def _measures(scale: RatingScale) -> dict[str, str]:
    """What sets a ladder apart from the usual one: its own measure, months and index; nothing for one that has none."""
    facts = {}
    for kind, ladder in (("stock", scale.stock), ("industry", scale.industry)):
        window = ladder.window
        own = [f"{window.from_months} {window.to_months}"] if window != scale.window else []
        own += [ladder.measure] if ladder.measure != "relative" else []
        own += [f"{market} {each.symbol or each.name} {each.by}" for market, each in ladder.benchmark.items()]
        if own:
            facts[f"scale {kind} measure"] = "; ".join(own)
    return facts


def _bands(ladder: Ladder) -> str:
    return " ".join(
        f"{band.rating}{'[' if band.lower_closed else '('}{band.lower:g},{band.upper:g}{']' if band.upper_closed else ')'}"
        for band in ladder.bands
    )


def facts_hash(facts: Mapping[str, str]) -> str:
    """SHA-256 of the facts in a form that neither their order nor their place in a file changes."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def edits(lock: Mapping[str, Record], thesis: Thesis, scale: RatingScale, *, file: str) -> Iterator[Problem]:
    """What differs between a thesis and its entry in the lock; nothing for a thesis that is not recorded."""
    entry = lock.get(thesis.slug)
    if entry is None:
        return
    old, new = entry["facts"], thesis_facts(thesis, scale)
    if facts_hash(old) != entry["sha256"]:
        yield Problem(LOCK, None, thesis.slug, str(entry["sha256"]), "lock_hash_wrong")
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            code = "fact_edited" if name in old and name in new else "fact_added" if name in new else "fact_removed"
            params = {"old": old.get(name, ""), "recorded": entry["recorded"]}
            yield Problem(file, None, name, new.get(name, ""), code, params)


def read_lock(path: Path) -> dict[str, Record]:
    """The entries of a lock file by slug; {} when there is none, InputProblems for a broken one."""
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputProblems("lock_broken", [Problem(path.name, None, "", "", "toml_syntax", {"detail": error})]) from None
    for slug, entry in entries.items():
        if not isinstance(entry, dict) or {"recorded", "sha256", "facts"} - set(entry) or not isinstance(entry["facts"], dict):
            raise InputProblems("lock_broken", [Problem(path.name, None, slug, "", "lock_entry_wrong")])
    return entries


def _lock_of(library: Library, path: Path) -> dict[str, Record]:
    """The lock that speaks for a file: its folder's, where that is a folder of the library; a copy elsewhere has none."""
    at_home = any(folder.resolve() == path.resolve().parent for folder in library.folders)
    return read_lock(path.parent / LOCK) if at_home else {}


def _record(library: Library, path: Path, thesis: Thesis, scale: RatingScale, today: dt.date) -> bool:
    if not any(folder.resolve() == path.resolve().parent for folder in library.folders):
        raise UsageError("record_outside_library", path=str(path))
    lock = read_lock(path.parent / LOCK)
    facts = thesis_facts(thesis, scale)
    old = lock.get(thesis.slug)
    if old is not None and old["facts"] == facts and old["sha256"] == facts_hash(facts):
        return False
    dates = {"recorded": today} if old is None else {"recorded": old["recorded"], "edited": today}
    lock[thesis.slug] = {**dates, "sha256": facts_hash(facts), "facts": facts}
    (path.parent / LOCK).write_text(lock_text(lock), "utf-8", newline="\n")
    return True


def lock_text(lock: Mapping[str, Record], lang: Lang = "en") -> str:
    """The lock file: one entry per thesis in the order of slugs."""
    return "\n".join([f"# {say('lock_head', lang)}", *toml_lines({slug: lock[slug] for slug in sorted(lock)}), ""])
