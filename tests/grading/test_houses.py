"""Ratings under their own houses' standards, target prices, and ratings that their house changes: worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from screener.grading.results import RESULTS, TARGETS
from screener.grading.run import grade_to_scoreboard
from screener.sources.folder_source import FolderSource
from screener.thesis.library import open_library
from screener.thesis.scale import Band, Ladder, RatingScale, Window
from tests.grading.conftest import grade, sessions_of, write_prices, write_ratings

END = dt.date(2025, 1, 27)
HOUSE_HEAD = ["rating_id", "symbol", "published", "rating", "house"]
SIX = Window(from_months=6, to_months=6)


def editions() -> dict[str, RatingScale]:
    return {scale.id: scale for scale in open_library().editions()}


def words_only() -> RatingScale:
    """A standard without a number."""
    sides = (("推荐", "buy"), ("中性", "hold"), ("回避", "sell"))
    bands = tuple(Band(rating=word, rating_en=word, side=side) for word, side in sides)
    ladder = Ladder(bands=bands, measure="words_only", window=SIX)
    return RatingScale(id="words", house="某某证券", house_en="Some", source="here", stock=ladder)


def by_industry() -> RatingScale:
    """A standard that measures names against their industry."""
    bands = (
        Band(rating="买入", rating_en="Buy", lower=0.05, lower_closed=True, side="buy"),
        Band(rating="中性", rating_en="Neutral", upper=0.05, side="hold"),
    )
    ladder = Ladder(bands=bands, measure="industry_relative", window=SIX)
    return RatingScale(id="industry", house="行业证券", house_en="Industry", source="here", stock=ladder)


def graded(tmp_path: Path, folder: Path, rows, head=HOUSE_HEAD, **options) -> pd.DataFrame:
    file = write_ratings(tmp_path / "r.csv", rows, head)
    found = grade(file, FolderSource(folder), tmp_path / "o.parquet", as_of=END, **options)
    return found.set_index("rating_id")


def test_a_house_is_judged_by_its_edition_of_the_date_in_its_own_window(hand_folder, tmp_path):
    rows = [
        # 川财 measures the return itself over 6 months: 600001 made +10%, within −15% and 15%.
        ["a", "600001.SH", "2024-01-10", "中性", "川财证券"],
        # 西南 over 6 months, excess: +10% is 增持's 10% 以上 in its first edition.
        ["b", "600001.SH", "2024-01-10", "买入", "西南证券"],
        # Nobody knows this house: the figure stands, nothing is rated.
        ["c", "600001.SH", "2024-01-10", "买入", "无名证券"],
        # A word that the edition does not have.
        ["d", "600001.SH", "2024-01-10", "谨慎推荐", "川财证券"],
    ]
    found = graded(tmp_path, hand_folder, rows, known=editions())
    a, b, c, d = (found.loc[each] for each in "abcd")
    assert (a["edition"], a["months_from"], a["months_to"], a["end_date"]) == ("cczq", 6, 6, dt.date(2024, 7, 10))
    assert pd.isna(a["excess_end"])
    assert a["measured_end"] == pytest.approx(0.10, abs=1e-12)
    assert (a["band_end"], a["hit_end"], a["flags"]) == ("中性", True, "absolute")
    # Twelve months lie outside its window.
    assert a[["end_12m", "excess_12m", "band_12m", "hit_12m"]].isna().all()
    # Its window is the last session only.
    assert (a["sessions"], a["share_in_band"], a["status"]) == (1, 1.0, "matured")
    assert (b["edition"], b["months_to"]) == ("swsc-2", 6)
    assert b["excess_end"] == pytest.approx(0.10, abs=1e-12)
    assert (c["gap"], pd.isna(c["edition"]), pd.isna(c["hit_end"]), pd.isna(c["band_end"])) == ("no_standard", True, True, True)
    # Without a standard nobody knows the months: the figure at 12 months is a comparison, and there is none at "the end".
    assert c["excess_12m"] == pytest.approx(0.05, abs=1e-12)
    assert all(pd.isna(c[name]) for name in ("months_from", "months_to", "end_date", "excess_end", "measured_end"))
    assert (d["gap"], d["band_end"], pd.isna(d["hit_end"])) == ("no_bands", "中性", True)


def test_where_two_editions_hold_the_one_that_knows_the_word_is_used(tmp_path):
    folder, days = tmp_path / "old", sessions_of("2017-06-01", "2019-12-31")
    write_prices(folder, "index/000300.csv", dict.fromkeys(days, 4000.0))
    write_prices(folder, "raw/600001.csv", dict.fromkeys(days, 10.0))
    (folder / "actions.csv").write_text("code,ex_date,cash_per_share,split_ratio\n600001,2017-01-04,0.1,1\n")
    rows = [["a", "600001.SH", "2018-03-01", "增持", "西南"], ["b", "600001.SH", "2018-03-01", "持有", "西南"]]
    file = write_ratings(tmp_path / "r.csv", rows, HOUSE_HEAD)
    day = dt.date(2019, 12, 31)
    found = grade(file, FolderSource(folder), tmp_path / "o.parquet", as_of=day, known=editions())
    assert found["edition"].tolist() == ["swsc-1", "swsc-2"]
    assert found["band_end"].tolist() == ["中性", "中性"]


def test_a_standard_without_numbers_is_judged_by_the_sign(hand_folder, tmp_path):
    rows = [
        ["a", "600001.SH", "2024-01-10", "推荐", "某某证券"],
        ["b", "600001.SH", "2024-01-10", "回避", "某某证券"],
        ["c", "600001.SH", "2024-01-10", "中性", "某某证券"],
        ["d", "600002.SH", "2024-01-10", "推荐", "某某证券"],
    ]
    found = graded(tmp_path, hand_folder, rows, known={"words": words_only()})
    assert found["hit_end"].astype(object).where(found["hit_end"].notna(), None).tolist() == [True, False, None, False]
    assert found["band_end"].isna().all()
    assert found["share_in_band"].isna().all()
    assert found.loc["c", "gap"] == "no_bands"  # neutral cannot be told
    assert found.loc["d", "excess_end"] == 0.0  # exactly 0 is no hit
    assert set(found["flags"]) == {"by_sign"}


def test_a_name_is_measured_against_its_own_industry(hand_folder, tmp_path):
    days = sessions_of("2023-10-09", "2025-01-27")
    later = dt.date(2024, 6, 3)
    write_prices(hand_folder, "index/801770.csv", {day: 3300.0 if day >= later else 3000.0 for day in days})
    rows = [
        ["a", "600001.SH", "2024-01-10", "中性", "行业证券", "801770.SI"],
        ["b", "600001.SH", "2024-01-10", "中性", "行业证券", ""],
    ]
    known = {"industry": by_industry()}
    found = graded(tmp_path, hand_folder, rows, [*HOUSE_HEAD, "industry_index"], known=known)
    # The name and its industry both made +10%.
    assert found.loc["a", "excess_end"] == pytest.approx(0.0, abs=1e-12)
    assert found.loc["a", ["band_end", "hit_end", "flags"]].tolist() == ["中性", True, "against_industry"]
    assert (found.loc["b", "gap"], pd.isna(found.loc["b", "excess_end"])) == ("no_benchmark", True)


def test_a_target_price_is_reached_at_a_close_adjusted_for_actions_since(hand_folder, tmp_path):
    # 600001 closes at 10 on the base date; two shares at 5.5 since 2024-03-04 are 11 for one of then.
    head = [*HOUSE_HEAD, "target_price"]
    rows = [
        ["a", "600001.SH", "2024-01-10", "买入", "国联证券", "11"],
        ["b", "600001.SH", "2024-01-10", "买入", "国联证券", "12.5"],
        ["c", "600001.SH", "2024-01-10", "卖出", "国联证券", "9"],
        ["d", "600001.SH", "2024-09-10", "买入", "国联证券", "6"],
        ["e", "600001.SH", "2024-01-10", "买入", "国联证券", ""],
        ["f", "600003.SH", "2024-01-10", "买入", "国联证券", "25"],
    ]
    found = graded(tmp_path, hand_folder, rows, head, known=editions())
    reached = found["target_reached"].astype(object).where(found["target_reached"].notna(), None)
    # d is still open: the end is not due. f has no close at its base date.
    assert reached.tolist() == [True, False, False, None, None, None]
    assert found.loc["a", "target_date"] == dt.date(2024, 3, 4)
    assert found.loc["a", "target_gap"] == pytest.approx(0.0, abs=1e-12)
    assert found.loc["b", "target_gap"] == pytest.approx(11 / 12.5 - 1, abs=1e-12)
    assert found.loc["c", "target_gap"] == pytest.approx(11 / 9 - 1, abs=1e-12)
    assert found.loc[["d", "e", "f"], "target_gap"].isna().all()
    assert list(found.columns) == [*head[1:], *RESULTS, *TARGETS]
    # The rating's own verdict does not know of it.
    assert found["hit_end"].astype(object).where(found["hit_end"].notna(), None).tolist()[:2] == [False, False]


def test_a_target_price_that_is_no_price_is_a_fault(hand_folder, tmp_path):
    head = [*HOUSE_HEAD, "target_price"]
    with pytest.raises(Exception, match="2 faults"):
        graded(
            tmp_path,
            hand_folder,
            [[str(at), "600001.SH", "2024-01-10", "买入", "国联证券", each] for at, each in enumerate(["-1", "soon", "-"])],
            head,
        )


def test_a_change_of_the_same_house_ends_a_rating(hand_folder, tmp_path):
    rows = [
        ["a", "600001.SH", "2024-01-10", "买入", "国联证券"],
        ["b", "600001.SH", "2024-02-10", "买入", "国联证券"],  # kept: ends nothing
        ["c", "600001.SH", "2024-05-10", "增持", "国联证券"],  # cut
        ["d", "600001.SH", "2024-06-10", "卖出", "他人"],  # another house
        ["e", "600001.SH", "2024-12-10", "买入", "国联证券"],  # raised again
    ]
    file = write_ratings(tmp_path / "r.csv", rows, HOUSE_HEAD)
    known = {"guolian": editions()["guolian"]}
    source = FolderSource(hand_folder)
    from screener.grading.run import grade_to_file

    grade_to_file(file, lambda *_: source, known, out=tmp_path / "o.parquet", as_of=END, today=END, until_change=True)
    found = pd.read_parquet(tmp_path / "o.parquet").set_index("rating_id")
    assert found["change"].tolist() == ["first", "kept", "down", "first", "up"]
    assert found["ended_by_change"].tolist() == [True, True, True, False, False]
    # a ends on 2024-05-10: one share at 10 became two at 5.5; the index had not moved.
    assert found.loc["a", "end_date"] == dt.date(2024, 5, 10)
    assert found.loc["a", "excess_end"] == pytest.approx(0.10, abs=1e-12)
    assert found.loc["a", ["band_end", "status"]].tolist() == ["增持", "matured"]
    # Its 12 months are what they are.
    assert found.loc["a", "excess_12m"] == pytest.approx(0.05, abs=1e-12)
    # c ends on 2024-12-10: since its base date the name is flat and the index made +5%.
    assert found.loc["c", "excess_end"] == pytest.approx(-0.05, abs=1e-12)
    _, _, board = grade_to_scoreboard(file, lambda *_: source, known, as_of=END, today=END, until_change=True)
    steps = {score.group: (score.count, score.measured) for score in board.of("change")}
    assert steps == {"first": (2, 1), "kept": (1, 1), "down": (1, 1), "up": (1, 0)}
