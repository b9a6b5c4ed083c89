"""A scoreboard as plain text and as a JSON record."""

from __future__ import annotations

from screener.grading.ground import Ground
from screener.grading.scoreboard import GROUPS, Score, Scoreboard
from screener.terms.say import Lang, say


def scoreboard_text(board: Scoreboard, ground: Ground, rows: int, lang: Lang) -> str:
    """What was graded and how, the market's own shares, then a table for each grouping."""
    prices = ground.name if ground.kind == ground.name else f"{ground.kind} {ground.name}"
    lines = [say("grade_head", lang, rows=f"{rows:,}", as_of=ground.as_of, prices=prices, universe=board.universe)]
    lines.append(say("grade_convention", lang))
    lines.append(say("grade_repeats", lang, count=board.repeats) if board.repeats else say("grade_every", lang))
    for scale, kind in dict.fromkeys((scale, kind) for scale, kind, _ in board.market):
        shares = "  ".join(f"{band} {share:.1%}" for (*of, band), share in board.market.items() if of == [scale, kind])
        lines.append(say("grade_market", lang, scale=scale, kind=say(f"grade_kind_{kind}", lang), shares=shares))
    for by in GROUPS:
        scores = board.of(by)
        if scores:
            lines += ["", say("grade_columns", lang, by=say(f"group_{by}", lang))]
            lines += [_line(score, lang) for score in scores]
    return "\n".join(lines) + "\n"


def _line(score: Score, lang: Lang) -> str:
    cells = [score.group or say("grade_unrated", lang)]
    cells += [f"{each:,}" for each in (score.count, score.pending, score.gaps, score.measured, score.symbols)]
    cells += ["—"] * 2 if score.hit_rate is None else [f"{score.hit_rate:.1%}", f"{score.low:.1%}–{score.high:.1%}"]
    cells += ["—"] * 2 if score.skill is None else [f"{score.base_rate:.1%}", f"{score.skill * 100:+.1f} pp"]
    if score.skill is not None and score.compared < score.measured:
        cells.append(say("grade_compared", lang, compared=f"{score.compared:,}"))
    if score.small:
        cells.append(say("grade_small", lang))
    return " | ".join(cells)
