"""The securities that a report recommends, each with its group, its rating and the line that names it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from screener.drafting.fact import Seen
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.naming.advice import Passage, passages
from screener.drafting.naming.clause import Item, items, strangers, unbracketed, unknown_list
from screener.drafting.naming.groups import condense, group_of, theme_words
from screener.drafting.naming.known import NameIndex, hints, read_code
from screener.drafting.naming.rows import TableRow, table_rows
from screener.drafting.sector import sector_words
from screener.terms.names import plain_name

_ITEM = re.compile(r"(?<![\w.%(])\(?(?:(\d{1,2}|[一二三四五六七八九十])[)]|([①②③④⑤⑥⑦⑧⑨⑩]))(?=\s{0,3}\S)")


@dataclass
class Found:
    """A security that the report recommends: `phrase` groups it, `places` say where it is named."""

    symbol: str
    name: str
    line: Line
    phrase: str = ""
    rating: str | None = None
    target: float | None = None
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unread:
    """A word in the place of a name that is asked about: unknown, ambiguous, doubtful, or with the code of another."""

    code: str
    name: str
    line: Line
    params: dict[str, object]


class NameReader:
    """Collects the recommended names of one report; the first mention with a phrase of its own decides the group.

    `house`: never recommended by itself. A company's own report recommends that company and no other: see `read_subject`.
    """

    def __init__(self, index: NameIndex, house: str = "") -> None:
        self.index, self.house = index, house
        self.found: dict[str, Found] = {}
        self.unread: dict[str, Unread] = {}
        self.seen: list[Seen] = []
        self._taken: set[tuple[object, ...]] = set()
        self._themes = frozenset(theme_words()) | frozenset(sector_words())

    def read(self, report: ReportText) -> None:
        """Read every passage that recommends, then the tables that list recommended names."""
        for passage in passages(report):
            self._read_passage(passage)
        for row in table_rows(report, self.index):
            self._read_row(row)
        for symbol in self.found:
            for name in [
                name
                for name, each in self.unread.items()
                if each.params.get("symbol") == symbol and each.code == "name_doubtful"
            ]:
                del self.unread[name]

    def read_subject(self, report: ReportText, title: str, rating: str | None) -> bool:
        """The company that a report about one company is about, from its title or the head of its front page."""
        for line in report.of("front", "furniture")[:40]:
            found = re.search(
                r"(?P<name>[一-鿿A-Za-z\d*·-]{2,10})\s{0,2}[(\[\s|]{1,3}(?P<code>\d{6}(?:\.(?:SH|SZ|BJ))?)(?!\d)",
                line.half[:120],
            )
            symbol = read_code(found["code"]).symbol if found else None
            if found is not None and symbol is not None:
                name = plain_name(found["name"])
                if any(symbol in self.index.symbols_of(name[at:]) for at in range(len(name) - 1)):
                    self._keep(Found(symbol, self.index.name_of(symbol), line, rating=rating))
                    return True
        head = next(iter(self.index.find(title)), None)
        if (
            head is not None
            and head.start == 0
            and len(head.symbols) == 1
            and re.match(r"[:(\s,]", title[head.end : head.end + 1] or ":")
        ):
            self._keep(Found(head.symbols[0], self.index.name_of(head.symbols[0]), report.lines[0], rating=rating))
            return True
        return False

    def _read_passage(self, passage: Passage) -> None:
        if (passage.text, passage.phrase, passage.place) in self._taken:
            return
        self._taken.add((passage.text, passage.phrase, passage.place))
        for start, label, clause in _clauses(passage.text):
            self._read_clause(
                passage, start, clause, f"{passage.place} {label}".strip() if label not in passage.place else passage.place
            )

    def _read_clause(self, passage: Passage, start: int, clause: str, place: str) -> None:
        clause = unbracketed(clause)
        found = list(items(clause, self.index, strict=passage.strict))
        if passage.refused:
            self.seen += [
                Seen("candidates", each.name, passage.line_at(start + each.start), "seen_advised_against") for each in found
            ]
            return
        if not found:
            for word in unknown_list(clause, self._themes) if not passage.strict else []:
                self._ask("name_unknown", word, passage.line_at(start), hint=hints().get(word, ""))
            return
        phrase = ""
        for item in found:
            phrase = group_of(item.lead) or phrase
            own = phrase or condense(passage.phrase) or self._colon_before(passage, start)
            self._take(item, passage.line_at(start + item.start), own, place)
        for at, word in strangers(clause, found, self.index, self._themes):
            self._ask("name_unknown", word, passage.line_at(start + at), hint=hints().get(word, ""))

    def _colon_before(self, passage: Passage, start: int) -> str:
        """The group that stands before the verb of advice: 光模块：建议关注…."""
        if start:
            return ""
        head = re.split(r"[。;]", passage.before)[-1]
        aside = re.search(r"(?P<group>[^,、:]{2,14})(?:方面|领域|环节|板块|方向|端)\s?[,:]?\s?(?:我们)?$", head)
        if aside is not None:
            return condense(aside["group"])
        return group_of(head.rpartition(":")[0] + ":") if ":" in head else ""

    def _take(self, item: Item, line: Line, phrase: str, place: str) -> None:
        if item.name == self.house or item.name.removesuffix("股份") == self.house:
            return
        again = (item.name, item.code, item.rating, item.doubt, phrase, place)
        if again in self._taken:
            return
        self._taken.add(again)
        symbol = self._symbol(item, line)
        if symbol is None:
            return
        if item.doubt:
            self._ask(item.doubt, item.name, line, symbol=symbol)
            return
        listed = self.index.name_of(symbol)
        same = plain_name(listed) == plain_name(item.name)
        name = listed if item.former and listed and not same else item.name
        others = item.symbols if item.symbols != (symbol,) else self.index.symbols_of(plain_name(item.name))
        if item.code is not None and listed and not same and not item.former and symbol not in others:
            self._ask("code_of_other_name", item.name, line, symbol=symbol, owner=listed)
        self._keep(Found(symbol, name, line, phrase, item.rating, item.target, [place] if place else []))

    def _symbol(self, item: Item, line: Line) -> str | None:
        """The security that an item means: by its code where that is a share's, else by its name; None where asked."""
        if item.code is not None and item.code.symbol is None:
            self._ask("code_wrong", item.name, line, printed=item.code.printed)
            digits = re.sub(r"\D", "", item.code.printed)
            return next((symbol for symbol in item.symbols if symbol.startswith(digits)), None)
        if item.code is not None and item.code.symbol is not None:
            unknown = (
                self.index.is_whole_market
                and item.code.symbol.endswith((".SH", ".SZ", ".BJ"))
                and not self.index.name_of(item.code.symbol)
            )
            if unknown and item.code.symbol not in item.symbols:
                self._ask("code_wrong", item.name, line, printed=item.code.printed)
                return None
            return item.code.symbol
        if len(item.symbols) > 1:
            self._ask("name_ambiguous", item.name, line, known=" / ".join(item.symbols))
            return None
        return item.symbols[0] if item.symbols else None

    def _read_row(self, row: TableRow) -> None:
        item = Item(
            0, 0, row.name, row.symbols, "", row.code, row.rating, row.target, former=plain_name(row.name) in self.index.past
        )
        if not row.symbols and row.code is None:
            self._ask("name_unknown", row.name, row.line, hint=hints().get(row.name, ""))
            return
        self._take(item, row.line, condense(row.group) if row.group else "", "")

    def _keep(self, found: Found) -> None:
        entry = self.found.setdefault(found.symbol, found)
        if entry is found:
            return
        entry.phrase = entry.phrase or found.phrase
        entry.rating = entry.rating or found.rating
        entry.target = entry.target or found.target
        entry.places += [place for place in found.places if place not in entry.places]

    def _ask(self, code: str, name: str, line: Line, **params: object) -> None:
        if code == "name_unknown" and params.get("hint"):
            code = "name_elsewhere"
        self.unread.setdefault(name, Unread(code, name, line, {"name": name, **params}))


def _clauses(text: str) -> list[tuple[int, str, str]]:
    """Clauses between semicolons and item numbers: where each begins, the number it stands under, its text."""
    found: list[tuple[int, str, str]] = []
    label, start = "", 0
    cuts = sorted(
        [(each.start(), each.end(), each[0].strip("( ")) for each in _ITEM.finditer(text)]
        + [(each.start(), each.end(), "") for each in re.finditer(r"[;。]", text)]
    )
    for begin, end, number in cuts:
        if begin < start:
            continue
        found.append((start, label, text[start:begin]))
        label, start = number or label, end
    found.append((start, label, text[start:]))
    return [each for each in found if each[2].strip()]
