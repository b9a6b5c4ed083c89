"""Every problem of a thesis or scale file at once, each with line, field, value and remedy."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from screener.errors import Problem, ScreenerError
from screener.names import bundled_names
from screener.scales import RatingScale, Record, read_record
from screener.symbols import parse_symbol
from screener.thesis import Thesis

Path = tuple[str | int, ...]
FindScale = Callable[[str], tuple[bytes, str] | None]


def check_thesis_text(
    data: bytes, *, file: str, slug: str, find_scale: FindScale, today: dt.date | None = None
) -> tuple[Thesis | None, RatingScale | None, tuple[Problem, ...]]:
    """The thesis, its scale and all problems of both files; a syntax error stands alone.

    `find_scale` gives the bytes and file name of a scale id. Dates after `today` are problems when it is given.
    """
    document, problems = _parse(data, file)
    if document is None:
        return None, None, problems
    lines = _Lines(data.decode("utf-8"))
    thesis, problems = _validate(Thesis, {"slug": slug, **document}, file, lines)
    scale: RatingScale | None = None
    found = find_scale(str(document.get("scale", "")))
    if found is None:
        if "scale" in document:
            problems += (_problem(file, lines, ("scale",), document, "scale_missing"),)
    else:
        scale, more = check_scale_text(*found)
        problems += more
    problems += tuple(_facts(document, file, lines, scale, today))
    return thesis, scale, tuple(sorted(set_once(problems), key=lambda each: (each.file, each.line or 0)))


def check_scale_text(data: bytes, file: str) -> tuple[RatingScale | None, tuple[Problem, ...]]:
    """The rating scale and all problems of its file."""
    document, problems = _parse(data, file)
    if document is None:
        return None, problems
    return _validate(RatingScale, document, file, _Lines(data.decode("utf-8")))


def set_once(problems: tuple[Problem, ...]) -> list[Problem]:
    """The problems without repeats of one place and code."""
    return list({(each.file, each.line, each.field, each.code): each for each in problems}.values())


def _parse(data: bytes, file: str) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, (Problem(file, line, "", "", "not_utf8"),)
    try:
        return tomllib.loads(text), ()
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line_number = int(at[1]) if at else text.count("\n") + 1
        row = (text.split("\n") + [""])[line_number - 1].strip()
        return None, (Problem(file, line_number, "", row[:60], "toml_syntax", {"detail": str(error).split(" (at")[0]}),)


def _validate(
    model: type[Record], document: dict[str, Any], file: str, lines: _Lines
) -> tuple[Record | None, tuple[Problem, ...]]:
    try:
        return read_record(model, document), ()
    except ValidationError as error:
        return None, tuple(_schema_problem(file, lines, document, model, detail) for detail in error.errors(include_url=False))


# What pydantic calls a fault, and our message for it.
_CODES = {"extra_forbidden": "key_unknown", "missing": "key_missing", "literal_error": "not_one_of", "too_short": "list_empty"}


def _schema_problem(file: str, lines: _Lines, document: object, model: type[BaseModel], detail: Any) -> Problem:
    path: Path = tuple(detail["loc"])
    code = _CODES.get(detail["type"], "value_wrong")
    params: dict[str, object] = {"detail": detail["msg"], **detail.get("ctx", {})}
    if code == "value_wrong" and "error" in params:
        named, _, rest = str(params["error"]).partition(": ")
        if named.startswith(("band_", "window_")):
            code, params = named, {"detail": rest}
    if code == "value_wrong" and _is_bare_number(document, path):
        code = "bare_number"
    params.pop("error", None)
    return _problem(file, lines, path, document, code, **params)


def _is_bare_number(document: object, path: Path) -> bool:
    return isinstance(_value(document, path), int | float) and not isinstance(_value(document, path), bool)


def _facts(
    document: dict[str, Any], file: str, lines: _Lines, scale: RatingScale | None, today: dt.date | None
) -> Iterator[Problem]:
    """Problems that no type can see: names against codes, duplicates, empty buckets, words the scale does not have, dates."""
    yield from _check_symbols(document, file, lines)
    yield from _check_buckets(document, file, lines)
    if scale is not None:
        yield from _check_scale_words(document, file, lines, scale)
    yield from _check_dates(document, file, lines, today)


def _check_symbols(document: dict[str, Any], file: str, lines: _Lines) -> Iterator[Problem]:
    names = bundled_names()
    for path, symbol, name in _named_symbols(document):
        try:
            parse_symbol(symbol)
        except ScreenerError as error:
            yield _problem(file, lines, path, document, error.code, **error.params)
            continue
        right = [
            each for each, known in names.items() if known == name and parse_symbol(each).kind == parse_symbol(symbol).kind
        ]
        if symbol in names and name != names[symbol]:
            code = "symbol_of_other" if right else "symbol_name_differs"
            yield _problem(
                file, lines, path, document, code, symbol=symbol, owner=names[symbol], name=name, right=" / ".join(right)
            )
        elif right and symbol not in right:
            yield _problem(
                file, lines, path, document, "name_has_other_symbol", symbol=symbol, name=name, right=" / ".join(right)
            )


def _named_symbols(document: dict[str, Any]) -> Iterator[tuple[Path, str, str]]:
    for key in ("industry_index", "second_opinion"):
        entry = document.get(key)
        if isinstance(entry, dict) and isinstance(entry.get("symbol"), str):
            yield (key, "symbol"), entry["symbol"], str(entry.get("name", ""))
    for at, entry in enumerate(_entries(document, "candidates")):
        if isinstance(entry.get("symbol"), str):
            yield ("candidates", at, "symbol"), entry["symbol"], str(entry.get("name", ""))


def _check_buckets(document: dict[str, Any], file: str, lines: _Lines) -> Iterator[Problem]:
    buckets = [str(entry.get("id")) for entry in _entries(document, "buckets")]
    used = [str(entry.get("bucket")) for entry in _entries(document, "candidates")]
    for table, key in (("buckets", "id"), ("candidates", "symbol"), ("candidates", "name")):
        values = [str(entry.get(key)) for entry in _entries(document, table)]
        for at, value in enumerate(values):
            if values.index(value) < at:
                first = lines.find((table, values.index(value), key))
                yield _problem(file, lines, (table, at, key), document, "duplicate", first=first)
    for at, bucket in enumerate(buckets):
        if bucket == "all":
            yield _problem(file, lines, ("buckets", at, "id"), document, "bucket_reserved")
        if bucket not in used:
            yield _problem(file, lines, ("buckets", at, "id"), document, "bucket_empty")
    for at, bucket in enumerate(used):
        if bucket not in buckets:
            yield _problem(file, lines, ("candidates", at, "bucket"), document, "bucket_unknown", known=", ".join(buckets))


def _check_scale_words(document: dict[str, Any], file: str, lines: _Lines, scale: RatingScale) -> Iterator[Problem]:
    rating = document.get("rating", {})
    for key in ("industry", "previous"):
        if isinstance(rating, dict) and key in rating and rating[key] not in scale.industry.ratings:
            known = " ".join(scale.industry.ratings)
            yield _problem(file, lines, ("rating", key), document, "rating_unknown", known=known)
    for at, entry in enumerate(_entries(document, "candidates")):
        if "rating" in entry and entry["rating"] not in scale.stock.ratings:
            known = " ".join(scale.stock.ratings)
            yield _problem(file, lines, ("candidates", at, "rating"), document, "rating_unknown", known=known)
    market = document.get("market", "a_share")
    markets = {each.id: each for each in scale.markets}
    if market not in markets:
        yield _problem(file, lines, ("market",), document, "market_unknown", known=", ".join(markets))
    elif "benchmark" in document:
        named = [each.symbol for each in markets[market].benchmarks]
        if document["benchmark"] not in named:
            known = ", ".join(str(each) for each in named)
            yield _problem(file, lines, ("benchmark",), document, "benchmark_unknown", market=markets[market].name, known=known)


def _check_dates(document: dict[str, Any], file: str, lines: _Lines, today: dt.date | None) -> Iterator[Problem]:
    published, earliest, latest = (document.get(f"published{part}") for part in ("", "_earliest", "_latest"))
    dated: list[tuple[Path, object]] = [((f"published{part}",), document.get(f"published{part}")) for part in ("", "_earliest")]
    dated += [
        (("related_reports", at, "date"), each.get("date")) for at, each in enumerate(_entries(document, "related_reports"))
    ]
    for path, day in dated:
        if today is not None and _is_date(day) and day > today:  # type: ignore[operator]
            yield _problem(file, lines, path, document, "date_in_future", today=today)
    if document.get("published_basis") == "inferred" and not (_is_date(earliest) and _is_date(latest)):
        yield _problem(file, lines, ("published_basis",), document, "inferred_needs_range")
    ranged = all(_is_date(day) for day in (published, earliest, latest))
    if ranged and not earliest <= published <= latest:  # type: ignore[operator]
        yield _problem(file, lines, ("published",), document, "published_outside_range", earliest=earliest, latest=latest)
    for at, each in enumerate(_entries(document, "related_reports")):
        if _is_date(each.get("date")) and _is_date(published) and each["date"] > published:
            yield _problem(file, lines, ("related_reports", at, "date"), document, "related_after_publication", day=published)


def _is_date(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _entries(document: dict[str, Any], table: str) -> list[dict[str, Any]]:
    entries = document.get(table, [])
    return [entry if isinstance(entry, dict) else {} for entry in entries] if isinstance(entries, list) else []


def _problem(file: str, lines: _Lines, path: Path, document: object, code: str, **params: object) -> Problem:
    value = _value(document, path)
    shown = "" if value is None or isinstance(value, dict | list) else str(value)
    return Problem(file, lines.find(path), _field(path), shown, code, params)


def _value(document: object, path: Path) -> object:
    for key in path:
        try:
            document = document[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _field(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


class _Lines:
    """The line of every key of a TOML text; parsed only when a problem asks for one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines: dict[Path, int] | None = None

    def find(self, path: Path) -> int | None:
        """The line of `path`, or of the nearest table around it."""
        if self._lines is None:
            self._lines = dict(_key_lines(self.text))
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)


def _key_lines(text: str) -> Iterator[tuple[Path, int]]:
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    counts: Counter[Path] = Counter()
    for node in tree.root_node.children:
        if node.type == "pair":
            yield from _pair_lines(node, ())
        elif node.type in ("table", "table_array_element"):
            inside = [child for child in node.children if child.is_named and child.type != "comment"]
            head = _resolve(_keys(inside[0]), counts)
            if node.type == "table_array_element":
                counts[head] += 1
                head = (*head, counts[head] - 1)
            yield head, node.start_point[0] + 1
            for child in inside[1:]:
                yield from _pair_lines(child, head)


def _resolve(keys: Path, counts: Counter[Path]) -> Path:
    """Put the running number of each enclosing array table into the path of a nested table."""
    path: Path = ()
    for at, key in enumerate(keys):
        path = (*path, key)
        if at < len(keys) - 1 and counts[path]:
            path = (*path, counts[path] - 1)
    return path


def _pair_lines(node: Any, head: Path) -> Iterator[tuple[Path, int]]:
    if node.type != "pair":
        return
    key, value = (child for child in node.children if child.is_named)
    path = (*head, *_keys(key))
    yield path, node.start_point[0] + 1
    if value.type == "inline_table":
        for child in value.children:
            yield from _pair_lines(child, path)
    elif value.type == "array":
        for at, child in enumerate(child for child in value.children if child.is_named and child.type != "comment"):
            yield (*path, at), child.start_point[0] + 1


def _keys(node: Any) -> Path:
    if node.type == "dotted_key":
        return tuple(key for child in node.children if child.is_named for key in _keys(child))
    return (node.text.decode().strip("\"'"),)
