"""Every problem of a thesis or scale file at once, each with line, field, value and remedy."""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pydantic import ValidationError

from screener.terms.codes import symbols_borne
from screener.terms.names import bundled_names, bundled_registry, find_security, plain_name
from screener.terms.notes import Problem, ScreenerError
from screener.terms.say import printable
from screener.terms.symbols import parse_symbol
from screener.thesis.lines import Lines, Path
from screener.thesis.policies import PolicyBook
from screener.thesis.scale import Ladder, RatingScale, Record, no_standard, read_record
from screener.thesis.thesis import Thesis

# Deeper than any key of a thesis or scale (markets → benchmarks → symbol).
MAX_DEPTH = 12
# No more of a wrong value than this stands in a message.
SHOWN = 60
FindScale = Callable[[str], tuple[bytes, str] | None]
# The edition of a house on a date that knows a rating's word; None where the house has none.
FindEdition = Callable[[str, dt.date, str | None], RatingScale | None]


def check_thesis_text(
    data: bytes,
    *,
    file: str,
    slug: str,
    find_scale: FindScale,
    find_edition: FindEdition = lambda *_: None,
    today: dt.date | None = None,
) -> tuple[Thesis | None, RatingScale | None, tuple[Problem, ...]]:
    """The thesis, its scale and all problems of both files; a syntax error stands alone.

    `find_scale` gives the bytes and file name of a scale id; `find_edition` the house's own for a thesis that names none, and
    where there is none the thesis has no standard. Dates after `today` are problems when it is given.
    """
    document, problems = _parse(data, file)
    if document is None:
        return None, None, problems
    lines = Lines(data.decode("utf-8-sig"))
    unresolved = tuple(_resolve_candidates(document, file, lines))
    thesis, problems = _validate(Thesis, {"slug": slug, **document}, file, lines)
    problems = (*problems, *unresolved)
    scale: RatingScale | None = None
    found = find_scale(str(document.get("scale", "")))
    if found is None and "scale" in document:
        problems += (_problem(file, lines, ("scale",), document, "scale_missing"),)
    elif found is None:
        scale = _standard_of(document, find_edition)
    else:
        scale, more = check_scale_text(*found)
        problems += more
    problems += tuple(_facts(document, file, lines, scale, today))
    thesis = thesis.rated_by(scale) if thesis is not None and scale is not None else thesis
    return thesis, scale, tuple(sorted(set_once(problems), key=lambda each: (each.file, each.line or 0)))


def _standard_of(document: dict[str, Any], find_edition: FindEdition) -> RatingScale:
    """The edition of the thesis's house on its date, or the stand-in of a house without any."""
    house, published = str(document.get("house", "")), _date(document.get("published"))
    stated = document.get("rating")
    rating = stated.get("industry") if isinstance(stated, dict) else None
    found = find_edition(house, published, str(rating) if rating else None) if published else None
    return found or no_standard(house, str(document["house_en"]) if "house_en" in document else None)


def check_scale_text(data: bytes, file: str) -> tuple[RatingScale | None, tuple[Problem, ...]]:
    """The rating scale and all problems of its file."""
    document, problems = _parse(data, file)
    if document is None:
        return None, problems
    lines = Lines(data.decode("utf-8-sig"))
    scale, problems = _validate(RatingScale, document, file, lines)
    problems += (*_check_edges(document, file, lines), *_check_characters(document, file, lines))
    return (None if problems else scale), tuple(set_once(problems))


def _check_edges(document: dict[str, Any], file: str, lines: Lines) -> Iterator[Problem]:
    """Band edges that are not fractions: 20 for 20%, or no number at all."""
    for kind in ("stock", "industry"):
        ladder = document.get(kind)
        for at, band in enumerate(_entries(ladder, "bands") if isinstance(ladder, dict) else []):
            for edge in ("lower", "upper"):
                value = band.get(edge)
                if isinstance(value, int | float) and not abs(value) < 1 and not math.isinf(value):
                    yield _problem(file, lines, (kind, "bands", at, edge), document, "edge_not_fraction")


def check_policies_text(
    data: bytes, *, file: str, slug: str, buckets: tuple[str, ...], today: dt.date | None = None
) -> tuple[PolicyBook | None, tuple[Problem, ...]]:
    """The policies of the thesis `slug` with these bucket ids, and all problems of their file."""
    document, problems = _parse(data, file)
    if document is None:
        return None, problems
    lines = Lines(data.decode("utf-8-sig"))
    book, problems = _validate(PolicyBook, document, file, lines)
    if document.get("thesis") not in (None, slug):
        problems += (_problem(file, lines, ("thesis",), document, "policies_of_other", slug=slug),)
    problems += tuple(_policy_facts(document, file, lines, buckets, today))
    return book, tuple(sorted(set_once(problems), key=lambda each: each.line or 0))


def _policy_facts(
    document: dict[str, Any], file: str, lines: Lines, buckets: tuple[str, ...], today: dt.date | None
) -> Iterator[Problem]:
    ids = [str(entry.get("id")) for entry in _entries(document, "policies")]
    seen: dict[str, int] = {}
    for at, entry in enumerate(_entries(document, "policies")):
        path: Path = ("policies", at)
        before = seen.setdefault(ids[at], at)
        if before < at:
            first = lines.find(("policies", before, "id"))
            yield _problem(file, lines, (*path, "id"), document, "duplicate", first=first)
        day = _date(entry.get("day"))
        if day is not None and f"{day:%Y-%m}" != entry.get("month"):
            yield _problem(file, lines, (*path, "day"), document, "day_outside_month", month=entry.get("month"))
        if day is not None and "day_source" not in entry:
            yield _problem(file, lines, (*path, "day"), document, "day_needs_source")
        if today is not None and str(entry.get("month")) > f"{today:%Y-%m}":
            yield _problem(file, lines, (*path, "month"), document, "date_in_future", today=today)
        yield from _unknown_buckets(document, file, lines, path, buckets)
        for number, target in enumerate(_entries(entry, "targets")):
            place = (*path, "targets", number)
            yield from _unknown_buckets(document, file, lines, place, buckets)
            if ("due" in target) == (target.get("kind") == "status"):
                yield _problem(file, lines, (*place, "due"), document, "target_due")


def _unknown_buckets(
    document: dict[str, Any], file: str, lines: Lines, path: Path, known: tuple[str, ...]
) -> Iterator[Problem]:
    named = _value(document, (*path, "buckets"))
    for at, bucket in enumerate(named if isinstance(named, list) else []):
        if bucket not in known:
            yield _problem(file, lines, (*path, "buckets", at), document, "bucket_unknown", known=", ".join(known))


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
        document = tomllib.loads(text)
        return (document, ()) if _is_flat(document) else (None, (Problem(file, None, "", "", "nested_too_deep"),))
    except RecursionError:
        return None, (Problem(file, None, "", "", "nested_too_deep"),)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line_number = int(at[1]) if at else text.count("\n") + 1
        row = (text.split("\n") + [""])[line_number - 1].strip()
        return None, (Problem(file, line_number, "", row[:60], "toml_syntax", {"detail": str(error).split(" (at")[0]}),)


def _is_flat(document: dict[str, Any]) -> bool:
    """Whether nothing is nested deeper than any key of ours, so that no later step can run out of stack."""
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return True
    return False


def _inside(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _validate(
    model: type[Record], document: dict[str, Any], file: str, lines: Lines
) -> tuple[Record | None, tuple[Problem, ...]]:
    try:
        return read_record(model, document), ()
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _only_seems_empty(document, detail)]
        return None, tuple(problem for each in details for problem in _schema_problems(file, lines, document, each))


def _only_seems_empty(document: object, detail: Any) -> bool:
    """A list whose entries are all faulty counts as too short as well: the entries' own problems say enough."""
    return detail["type"] == "too_short" and bool(_value(document, tuple(detail["loc"])))


# What pydantic calls a fault, and our message for it.
_CODES = {
    "extra_forbidden": "key_unknown",
    "missing": "key_missing",
    "literal_error": "not_one_of",
    "too_short": "list_empty",
    "string_pattern_mismatch": "pattern_wrong",
    "string_type": "text_wanted",
    "tuple_type": "list_wanted",
    "model_type": "table_wanted",
    "float_type": "number_wanted",
    "less_than_equal": "number_too_large",
    "greater_than_equal": "number_too_small",
}


def _schema_problems(file: str, lines: Lines, document: object, detail: Any) -> Iterator[Problem]:
    path: Path = tuple(detail["loc"])
    params: dict[str, object] = {"detail": detail["msg"], **detail.get("ctx", {})}
    rules = [part for part in str(params.pop("error", "")).split("; ") if part.startswith(("band_", "window_"))]
    for rule in rules:
        code, _, rest = rule.partition(": ")
        yield _problem(file, lines, _band_path(document, path, rest), document, code, detail=rest)
    if rules:
        return
    code = _CODES.get(detail["type"], "date_wrong" if detail["type"].startswith("date_") else "value_wrong")
    if code in ("value_wrong", "text_wanted", "list_wanted", "table_wanted") and _is_bare_number(document, path):
        code = "bare_number"
    yield _problem(file, lines, path, document, code, **params)


def _band_path(document: object, path: Path, rest: str) -> Path:
    """The lower edge of the band that a rule blames: the better one of two, which is named last."""
    name = rest.split(" (", maxsplit=1)[0].rsplit(" | ", maxsplit=1)[-1]
    bands = _value(document, (*path, "bands"))
    ratings = [band.get("rating") for band in bands if isinstance(band, dict)] if isinstance(bands, list) else []
    return (*path, "bands", ratings.index(name), "lower") if name in ratings else path


def _is_bare_number(document: object, path: Path) -> bool:
    return isinstance(_value(document, path), int | float) and not isinstance(_value(document, path), bool)


def _facts(
    document: dict[str, Any], file: str, lines: Lines, scale: RatingScale | None, today: dt.date | None
) -> Iterator[Problem]:
    """Problems that no type can see: names against codes, duplicates, empty buckets, words the scale does not have, dates."""
    for at, _ in enumerate(_entries(document, "proposed")):
        yield _problem(file, lines, ("proposed", at, "value"), document, "proposed_waiting")
    yield from _check_characters(document, file, lines)
    yield from _check_symbols(document, file, lines)
    yield from _check_buckets(document, file, lines)
    if scale is not None:
        yield from _check_listings(document, file, lines, scale)
        yield from _check_scale_words(document, file, lines, scale)
    yield from _check_dates(document, file, lines, today)


def _check_characters(document: dict[str, Any], file: str, lines: Lines) -> Iterator[Problem]:
    """Text with control or direction characters, which could steer a terminal or a browser."""
    for path, value in _texts(document, ()):
        if printable(value) != value:
            yield _problem(file, lines, path, document, "control_character")


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _texts(inner, (*path, key))


def _resolve_candidates(document: dict[str, Any], file: str, lines: Lines) -> Iterator[Problem]:
    """Give each candidate the symbol that its code without ending, its name or its former name means; else a problem."""
    for at, entry in enumerate(_entries(document, "candidates")):
        word = entry.get("symbol", entry.get("name"))
        if not isinstance(word, str) or "." in word:
            continue
        path: Path = ("candidates", at, "symbol" if "symbol" in entry else "name")
        try:
            entry["symbol"] = str(find_security(word, bundled_registry()).symbol)
        except ScreenerError as error:
            yield _problem(file, lines, path, document, error.code, **{**error.params, "value": printable(word)[:SHOWN]})


def _check_symbols(document: dict[str, Any], file: str, lines: Lines) -> Iterator[Problem]:
    names = bundled_names()
    for path, symbol, name in _named_symbols(document):
        try:
            parse_symbol(symbol)
        except ScreenerError as error:
            yield _problem(file, lines, path, document, error.code, **error.params)
            continue
        right = [each for each in _bearers().get(plain_name(name), ()) if parse_symbol(each).kind == parse_symbol(symbol).kind]
        if symbol in names and plain_name(name) != plain_name(names[symbol]):
            code = "symbol_of_other" if right else "symbol_name_differs"
            yield _problem(
                file, lines, path, document, code, symbol=symbol, owner=names[symbol], name=name, right=" / ".join(right)
            )
        elif right and symbol not in right:
            yield _problem(
                file, lines, path, document, "name_has_other_symbol", symbol=symbol, name=name, right=" / ".join(right)
            )
        elif symbol not in names and (others := _others_named(symbol, name)):
            yield _problem(
                file, lines, path, document, "name_has_other_symbol", symbol=symbol, name=name, right=" / ".join(others)
            )


@cache
def _bearers() -> dict[str, tuple[str, ...]]:
    """The symbols of the bundled names by plain name."""
    found: dict[str, tuple[str, ...]] = {}
    for symbol, name in bundled_names().items():
        found[plain_name(name)] = (*found.get(plain_name(name), ()), symbol)
    return found


def _others_named(symbol: str, name: str) -> tuple[str, ...]:
    """The A shares that bear or bore `name`, where `symbol` is an A share and none of them under any of its codes."""
    if symbol.rpartition(".")[2] not in ("SH", "SZ", "BJ") or parse_symbol(symbol).kind != "stock" or not name:
        return ()
    found = bundled_registry().bearers_of(name)
    return () if set(found) & set(symbols_borne(symbol)) else found


def _named_symbols(document: dict[str, Any]) -> Iterator[tuple[Path, str, str]]:
    for key in ("industry_index", "second_opinion"):
        entry = document.get(key)
        if isinstance(entry, dict) and isinstance(entry.get("symbol"), str):
            yield (key, "symbol"), entry["symbol"], str(entry.get("name", ""))
    for at, entry in enumerate(_entries(document, "candidates")):
        if isinstance(entry.get("symbol"), str):
            yield ("candidates", at, "symbol"), entry["symbol"], str(entry.get("name", ""))
        for number, listing in enumerate(_entries(entry, "listings")):
            if isinstance(listing.get("symbol"), str):
                yield ("candidates", at, "listings", number, "symbol"), listing["symbol"], str(entry.get("name", ""))


def _check_buckets(document: dict[str, Any], file: str, lines: Lines) -> Iterator[Problem]:
    buckets = [str(entry.get("id")) for entry in _entries(document, "buckets")]
    used = [str(entry.get("bucket")) for entry in _entries(document, "candidates")]
    for table, key in (("buckets", "id"), ("candidates", "symbol"), ("candidates", "name")):
        first: dict[str, int] = {}
        for at, entry in enumerate(_entries(document, table)):
            before = first.setdefault(str(entry.get(key)), at)
            if before < at:
                code = "in_two_buckets" if table == "candidates" and used[at] != used[before] else "duplicate"
                other = {"bucket": used[before]} if table == "candidates" else {}
                line = lines.find((table, before, key))
                yield _problem(file, lines, (table, at, key), document, code, first=line, **other)
    members, known = set(used), set(buckets)
    for at, bucket in enumerate(buckets):
        if bucket == "all":
            yield _problem(file, lines, ("buckets", at, "id"), document, "bucket_reserved")
        if bucket not in members:
            yield _problem(file, lines, ("buckets", at, "id"), document, "bucket_empty")
    listed = ", ".join(buckets[:SHOWN])
    for at, bucket in enumerate(used):
        if bucket not in known:
            yield _problem(file, lines, ("candidates", at, "bucket"), document, "bucket_unknown", known=listed)


def _check_scale_words(document: dict[str, Any], file: str, lines: Lines, scale: RatingScale) -> Iterator[Problem]:
    rating = document.get("rating", {})
    for key in ("industry", "previous") if isinstance(rating, dict) and scale.industry.bands else ():
        if key in rating and not _is_word_of(scale.industry, rating[key], scale):
            known = " ".join(scale.industry.ratings)
            yield _problem(file, lines, ("rating", key), document, "rating_unknown", known=known)
    for at, entry in enumerate(_entries(rating, "changes") if isinstance(rating, dict) and scale.industry.bands else []):
        if "rating" in entry and not _is_word_of(scale.industry, entry["rating"], scale):
            known = " ".join(scale.industry.ratings)
            yield _problem(file, lines, ("rating", "changes", at, "rating"), document, "rating_unknown", known=known)
    for at, entry in enumerate(_entries(document, "candidates")):
        if "rating" in entry and scale.stock.bands and not _is_word_of(scale.stock, entry["rating"], scale):
            known = " ".join(scale.stock.ratings)
            yield _problem(file, lines, ("candidates", at, "rating"), document, "rating_unknown", known=known)
    market = str(document.get("market", "a_share"))
    markets = {each.id: each for each in scale.markets}
    if market not in markets:
        yield _problem(file, lines, ("market",), document, "market_unknown", known=", ".join(markets))
    elif "benchmark" in document:
        named = [each.symbol for each in markets[market].benchmarks]
        if document["benchmark"] not in named:
            known = ", ".join(str(each) for each in named)
            yield _problem(file, lines, ("benchmark",), document, "benchmark_unknown", market=market, known=known)


def _is_word_of(ladder: Ladder, rating: object, scale: RatingScale) -> bool:
    """Whether a printed rating is a word of the ladder, a risk grade behind it or not, or a word that rates nothing."""
    word = scale.plain_rating(str(rating))
    return word is None or ladder.knows(word)


def _check_listings(document: dict[str, Any], file: str, lines: Lines, scale: RatingScale) -> Iterator[Problem]:
    """Second listings: in another market of the scale, trading there, judged by a benchmark it names, each once."""
    markets = {each.id: each for each in scale.markets}
    places: dict[str, Path] = {}
    for at, entry in enumerate(_entries(document, "candidates")):
        for number, listing in enumerate(_entries(entry, "listings")):
            path: Path = ("candidates", at, "listings", number)
            symbol, market = str(listing.get("symbol")), markets.get(str(listing.get("market")))
            if symbol in places:
                yield _problem(file, lines, (*path, "symbol"), document, "duplicate", first=lines.find(places[symbol]))
            places.setdefault(symbol, (*path, "symbol"))
            if market is None:
                yield _problem(file, lines, (*path, "market"), document, "market_unknown", known=", ".join(markets))
                continue
            if market.id == document.get("market", "a_share"):
                yield _problem(file, lines, (*path, "market"), document, "listing_same_market")
            if symbol.rpartition(".")[2] not in market.exchanges:
                told = {"symbol": symbol, "market": market.name, "exchanges": ", ".join(market.exchanges)}
                yield _problem(file, lines, (*path, "symbol"), document, "listing_elsewhere", **told)
            named = [each.symbol for each in market.benchmarks]
            if "benchmark" in listing and listing["benchmark"] not in named:
                known = ", ".join(str(each) for each in named)
                place = (*path, "benchmark")
                yield _problem(file, lines, place, document, "benchmark_unknown", market=market.name, known=known)


def _check_dates(document: dict[str, Any], file: str, lines: Lines, today: dt.date | None) -> Iterator[Problem]:
    published, earliest, latest = (_date(document.get(f"published{part}")) for part in ("", "_earliest", "_latest"))
    related = [
        (("related_reports", at, "date"), _date(each.get("date")))
        for at, each in enumerate(_entries(document, "related_reports"))
    ]
    rated = document.get("rating")
    changes = _entries(rated, "changes") if isinstance(rated, dict) else []
    later: list[tuple[Path, dt.date | None]] = [
        (("rating", "changes", at, "date"), _date(each.get("date"))) for at, each in enumerate(changes)
    ]
    dated: list[tuple[Path, dt.date | None]] = [(("published",), published), (("published_earliest",), earliest), *related]
    dated += later
    for path, day in dated:
        if today is not None and day is not None and day > today:
            yield _problem(file, lines, path, document, "date_in_future", today=today)
    if document.get("published_basis") == "inferred" and not (earliest and latest):
        yield _problem(file, lines, ("published_basis",), document, "inferred_needs_range")
    if published and earliest and latest and not earliest <= published <= latest:
        yield _problem(file, lines, ("published",), document, "published_outside_range", earliest=earliest, latest=latest)
    yield from _check_changes(document, file, lines, published)
    for path, day in related:
        if day and published and day > published:
            yield _problem(file, lines, path, document, "related_after_publication", day=published)


def _check_changes(document: dict[str, Any], file: str, lines: Lines, published: dt.date | None) -> Iterator[Problem]:
    """Later ratings come after the report."""
    rating = document.get("rating")
    for at, entry in enumerate(_entries(rating, "changes") if isinstance(rating, dict) else []):
        day = _date(entry.get("date"))
        if day and published and day <= published:
            yield _problem(file, lines, ("rating", "changes", at, "date"), document, "change_before_publication", day=published)


def _date(value: object) -> dt.date | None:
    """A TOML date, or an ISO date in quotes; None for anything else, which the types complain about."""
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def _entries(document: dict[str, Any], table: str) -> list[dict[str, Any]]:
    entries = document.get(table, [])
    return [entry if isinstance(entry, dict) else {} for entry in entries] if isinstance(entries, list) else []


def _problem(file: str, lines: Lines, path: Path, document: object, code: str, **params: object) -> Problem:
    value = _value(document, path)
    shown = "" if value is None or isinstance(value, dict | list) else str(value)[:SHOWN]
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
