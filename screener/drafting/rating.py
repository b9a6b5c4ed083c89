"""The rating that the report states: of the industry, or of the one company that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screener.drafting.fact import Fact, Seen
from screener.drafting.lines.text import Line, ReportText
from screener.drafting.words import CHANGE, CHANGES, WORD, rating_words

_Q = r"[\"'(]?"
_ANY_WORD = re.compile(WORD)
_LABEL = r"(?:(?:行业|投资|股票|公司|板块|个股)(?:投资)?评级|投资建议|行业看法|(?<![一-鿿])评级|最新评级|当前评级)"
_STATED = re.compile(
    rf"(?P<label>{_LABEL})\s{{0,3}}[:|\t\s]{{0,4}}\s{{0,2}}{_Q}(?P<word>{WORD})(?:-?[ABC])?{_Q}(?:评级)?(?![一-鿿]{{2}})"
    rf"|(?P<label2>{_LABEL})\s{{0,3}}[:|\t\s]{{0,4}}\s{{0,2}}{_Q}(?P<word2>{WORD})(?:-?[ABC])?{_Q}(?:评级)?\s{{0,3}}[(,/|\"\t]{{0,2}}\s{{0,3}}(?P<change2>{CHANGE})"
    rf"|(?P<label3>{_LABEL})\s{{0,3}}[:|\t\s]{{0,4}}\s{{0,2}}(?P<change3>{CHANGE})\s{{0,3}}[(,/|\"\t]{{0,2}}\s{{0,3}}{_Q}(?P<word3>{WORD})"
)
_ALONE = re.compile(
    rf"(?:(?P<lead>[^|/\t。;,:]{{1,18}})[|/\t]\s{{0,3}})?{_Q}(?P<word>{WORD})(?:-?[ABC])?{_Q}\s{{0,3}}(?:评级)?\s{{0,3}}(?:[(/|,\t]\s{{0,3}}|\s)?(?P<change>{CHANGE})(?:评级)?\s{{0,2}}\)?\W{{0,3}}(?P<rest>.{{0,24}})"
    rf"|(?P<change2>{CHANGE})(?:评级)?[\s:|(\"]{{0,4}}(?P<word2>{WORD})(?:-?[ABC])?(?:评级)?\W{{0,3}}"
)
_WORD_ONLY = re.compile(rf"\W{{0,2}}(?:评级\s?[:|]?\s?)?{_Q}(?P<word>{WORD})(?:-?[ABC])?{_Q}(?:评级)?\W{{0,2}}")
_SAID = re.compile(
    rf"(?P<change>{CHANGE}|给予|予以)[^。;,\n]{{0,16}}?{_Q}(?P<word>{WORD})(?:-?[ABC])?{_Q}(?:的)?(?P<of>投资|行业|板块)?(?:投资)?评级"
)
_GLUED = re.compile(rf"(?P<word>{WORD})(?:评级)?\s?\(\s?(?P<change>{CHANGE})(?:评级)?\s?\)")
_MOVED = re.compile(
    rf"(?P<subject>[^。;,\n]{{0,20}})(?:由|从)\s{{0,2}}{_Q}(?P<previous>{WORD}){_Q}(?:评级)?\s{{0,2}}(?P<change>{CHANGE})(?:至|为|到)\s{{0,2}}{_Q}(?P<word>{WORD})"
)
_BEFORE = re.compile(
    rf"(?:上次|前次|此前|原)(?:建议|评级|投资评级|行业评级)\s{{0,3}}[:|\t ]{{0,3}}\s?{_Q}(?P<word>{WORD}|[一-鿿]{{2,4}})"
)
_COMPANY = re.compile(
    r"公司(?:研究|点评|深度|报告|动态|快报|简评|首次覆盖|调研|季报|年报|跟踪|信息更新)|当前(?:股价|价格)|收盘价|总股本|流通(?:股本|市值)|总市值|目标价|\(?\d{6}(?:\.S[HZ])?\)?\s{0,3}(?:买入|增持|推荐|强烈推荐)"
)
_INDUSTRY = re.compile(
    r"行业(?:研究|深度|点评|周报|月报|专题|报告|动态|策略|评级|跟踪|投资|简评|快评|定期|年度|及产业|与产业)|产业(?:深度|研究)|板块|行业指数"
)


@dataclass(frozen=True)
class Rating:
    """A stated rating: the word, what became of it (if said), the one before (if said or maintained)."""

    word: str
    change: str | None = None
    previous: str | None = None

    def record(self) -> dict[str, str]:
        """As a thesis file has it."""
        parts = {"industry": self.word, "change": self.change, "previous": self.previous}
        return {key: value for key, value in parts.items() if value is not None}


@dataclass(frozen=True)
class _Sight:
    rating: Rating
    line: Line
    weight: int
    of: str


def is_company_report(report: ReportText, title: str) -> bool | None:
    """Whether the report is about one company; None where the front page speaks for neither."""
    front = [
        line.half[:200]
        for line in report.of("front", "furniture")
        if not re.match(r"[一二三四五六七八九十\d]{1,3}[、.]", line.half)
    ]
    text = "\n".join(front)
    coded = re.search(r"\(?(?<!\d)[036]\d{5}(?:\.(?:SH|SZ))?\)?", title) is not None
    near = "\n".join(front[:14])
    company = (
        len(set(_COMPANY.findall(text)))
        + 2 * coded
        + 2 * bool(re.search(r"公司(?:研究|点评|深度|报告|动态|简评|首次覆盖)", near))
    )
    industry = len(set(_INDUSTRY.findall(text))) + 2 * bool(_INDUSTRY.search(near)) + bool(re.search(r"行业", title))
    if company >= 2 and company > industry:
        return True
    return False if industry >= company and industry > 0 else None


def read_rating(
    report: ReportText, words: Sequence[str], company: bool | None = None
) -> tuple[Fact[Rating] | None, list[Seen]]:
    """The stated rating with its line, and the words that were seen and not taken.

    A label or a line of its own on the front page comes first, then a sentence that gives a rating; nothing after the
    standard or the back matter has begun is read. In doubt where places of one weight differ.
    """
    allowed = set(words) | set(rating_words())
    sights = [sight for line in report.of("front", "body") for sight in _sights(line) if sight.rating.word in allowed]
    sights = [each for each in sights if each.weight < 3 or each.line.zone == "front" or each.of == "label"]
    usable = [
        each
        for each in sights
        if each.of != "stock" and not (company is False and rating_words()[each.rating.word].kind == "stock")
    ]
    seen = [Seen("rating", each.rating.word, each.line, "seen_rating_of_stock") for each in sights if each not in usable]
    if not usable:
        return None, seen
    best = max(each.weight for each in usable)
    top = [each for each in usable if each.weight == best]
    chosen = top[0]
    others = {each.rating.word for each in top[1:]} - {chosen.rating.word, chosen.rating.previous}
    seen += [
        Seen("rating", each.rating.word, each.line, "seen_rating_again")
        for each in usable
        if each.rating.word != chosen.rating.word
    ]
    doubt = "rating_unsure" if others or best <= 1 else ""
    if len({each.rating.word for each in usable if each.line.zone == "front"}) > 1 and not doubt:
        fresh = {each.rating.word for each in usable if each.line.zone == "front" and each.weight >= best - 1} - {
            chosen.rating.previous
        }
        doubt = "rating_unsure" if len(fresh) > 1 else ""
    return Fact(_completed(chosen.rating, usable, report), chosen.line, doubt), seen


def _completed(rating: Rating, sights: Sequence[_Sight], report: ReportText) -> Rating:
    """The rating with what other places say became of it; a maintained one was the same before."""
    same = [each.rating for each in sights if each.rating.word == rating.word and each.rating.change]
    change = rating.change or (same[0].change if same and len({each.change for each in same}) == 1 else None)
    previous = rating.previous or next((each.previous for each in same if each.previous), None)
    for line in report.of("front"):
        before = _BEFORE.search(line.half[:300])
        previous = previous or (before["word"] if before and before["word"] in rating_words() else None)
    return Rating(rating.word, change, previous or (rating.word if change == "maintained" else None))


def _sights(line: Line) -> Iterator[_Sight]:
    """Ratings that a line states, with how much its form says: 5 a change to another, 4 a label, 3 alone, 2 a sentence."""
    half = line.half[:6000]
    if not _ANY_WORD.search(half):
        return
    if re.match(r"\W{0,3}(?:上次|前次|此前|原)(?:建议|评级|投资评级)", half):
        return
    for found in _MOVED.finditer(half):
        stock = not re.search(r"行业|板块|产业|评级", found["subject"])
        yield _Sight(Rating(found["word"], CHANGES[found["change"]], found["previous"]), line, 5, "stock" if stock else "label")
    for found in _STATED.finditer(half):
        if re.search(r"(?:上次|前次|此前|原)$", half[max(0, found.start() - 2) : found.start()]):
            continue
        at = next(each for each in ("", "2", "3") if found[f"word{each}"])
        change = CHANGES.get(found[f"change{at}"] or "") if at else _change_after(half[found.end() : found.end() + 12])
        label = found[f"label{at}"]
        if label.endswith("建议") and _is_verb(half[found.end() : found.end() + 4]):
            continue
        stock = re.match(r"股票|公司|个股", label) is not None
        yield _Sight(Rating(found[f"word{at}"], change), line, 4, "stock" if stock else "label")
    if len(half) <= 60 and line.zone == "front" and (alone := _ALONE.fullmatch(half.strip("# *►■●"))):
        word, change = alone["word"] or alone["word2"], alone["change"] or alone["change2"]
        if not re.search(r"[。;]|将|被|我们", alone["rest"] or ""):
            yield _Sight(Rating(word, CHANGES[change]), line, 3, "alone")
    elif len(half) <= 12 and line.zone == "front" and (only := _WORD_ONLY.fullmatch(half)) and not line.is_row:
        yield _Sight(Rating(only["word"]), line, 2, "alone")
    if len(half) > 24 and line.zone == "front" and line.number <= 3:
        glued = {(found["word"], CHANGES[found["change"]]) for found in _GLUED.finditer(half[:500])}
        if len(glued) == 1:
            word, change = glued.pop()
            yield _Sight(Rating(word, change), line, 3, "alone")
    for found in _SAID.finditer(half):
        own = half[max(0, found.start() - 14) : found.end() + 1]
        sector = found["of"] in ("行业", "板块") or re.search(r"行业|板块", own) is not None
        change = CHANGES.get(found["change"]) or _change_before(half[max(0, found.start() - 14) : found.start()])
        yield _Sight(
            Rating(found["word"], change), line, 2 if sector else 1, "said" if sector else "stock" if "公司" in own else "said"
        )


def _change_after(text: str) -> str | None:
    found = re.match(rf"\W{{0,4}}({CHANGE})", text)
    return CHANGES[found[1]] if found else None


def _change_before(text: str) -> str | None:
    found = re.search(rf"({CHANGE})[^。;]{{0,8}}$", text)
    return CHANGES[found[1]] if found else None


def _is_verb(after: str) -> bool:
    """Whether what follows 投资建议：推荐 is its object, so that the word is a verb: 推荐中兴通讯."""
    return re.match(r"\s{0,2}[一-鿿A-Za-z\d]", after) is not None
