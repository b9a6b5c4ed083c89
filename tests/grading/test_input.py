"""Real people's ratings files: every row judged by itself, every fault counted, nothing said falsely."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.grading.coding import read_day
from screener.grading.run import grade_to_scoreboard
from screener.sources.folder_source import FolderSource
from screener.terms.notes import InputProblems, UsageError
from tests.conftest import run_screener
from tests.grading.conftest import grade, scales, sessions_of, write_prices, write_ratings

END = dt.date(2025, 1, 27)


def read(tmp_path: Path, hand_folder: Path, table: pa.Table) -> pd.DataFrame:
    pq.write_table(table, tmp_path / "r.parquet")
    return grade(tmp_path / "r.parquet", FolderSource(hand_folder), tmp_path / "o.parquet", as_of=END)


def ratings(published: pa.Array) -> pa.Table:
    count = len(published)
    return pa.table(
        {
            "rating_id": [str(each) for each in range(count)],
            "symbol": ["600001.SH"] * count,
            "published": published,
            "rating": ["增持"] * count,
            "scale": ["guolian"] * count,
        }
    )


def test_a_price_is_never_paired_with_an_index_of_later_sessions(tmp_path):
    # The market file ends on Friday 2025-01-10; the index, and 600001 in a file of its own, run on.
    folder, days = tmp_path / "prices", sessions_of("2023-10-09", "2025-01-27")
    write_prices(folder, "index/000300.csv", dict.fromkeys(days, 4000.0))
    write_prices(folder, "raw/600001.csv", dict.fromkeys(days, 10.0))
    (folder / "actions.csv").write_text("code,ex_date,cash_per_share,split_ratio\n600001,2020-03-04,0.1,1\n")
    known = [day for day in days if day <= dt.date(2025, 1, 10)]
    rows = pd.DataFrame({"code": "600003", "date": known, "close": 7.0, "volume": 1000})
    rows.to_parquet(folder / "market_close.parquet", index=False)
    file = write_ratings(
        tmp_path / "r.csv",
        [
            ["a", "600003.SH", "2024-01-10", "持有", "guolian"],
            ["b", "600003.SH", "2024-01-15", "持有", "guolian"],
            ["c", "600001.SH", "2024-01-15", "持有", "guolian"],
            ["d", "600003.SH", "2025-01-13", "持有", "guolian"],
        ],
    )
    found = grade(file, FolderSource(folder), tmp_path / "o.parquet", as_of=None, today=dt.date(2025, 1, 27))
    a, b, c, d = (found.iloc[each] for each in range(4))
    assert (a["excess_12m"], a["status"]) == (0.0, "matured")
    assert (b["gap"], b["status"], pd.isna(b["excess_12m"])) == ("not_due", "running", True)
    assert b["sessions"] == len(sessions_of("2024-07-15", "2025-01-10"))
    assert (c["excess_12m"], c["status"]) == (0.0, "matured")
    assert (d["gap"], d["status"]) == ("not_due", "pending")


def test_what_is_asked_beyond_the_end_of_the_prices_is_said_and_is_no_success(hand_folder, tmp_path):
    file = write_ratings(tmp_path / "r.csv", [["a", "600001.SH", "2024-01-10", "增持", "guolian"]])
    ran = run_screener(
        "grade", file, "--prices", hand_folder, "--as-of", "2025-06-30", "--out", tmp_path / "o.csv", "--json", "--lang", "en"
    )
    assert (ran.code, ran.json["as_of"], ran.json["measured"]) == (3, "2025-01-27", 1)
    assert "prices end on 2025-01-27" in ran.err


@pytest.mark.slow
def test_an_instant_is_the_day_in_shanghai_whatever_its_zone(hand_folder, tmp_path):
    # 2024-01-09 16:00 UTC is midnight of 2024-01-10 in Shanghai.
    moment = dt.datetime(2024, 1, 9, 16, tzinfo=dt.UTC)
    for zone in ("UTC", "Asia/Shanghai", "America/New_York"):
        for unit in ("s", "us", "ns"):
            found = read(tmp_path, hand_folder, ratings(pa.array([moment], type=pa.timestamp(unit, zone))))
            assert found["published"][0] == dt.date(2024, 1, 10)
            assert found["base_date"][0] == dt.date(2024, 1, 10)


def test_a_naive_time_of_day_is_asked_about_and_a_naive_midnight_is_a_date(hand_folder, tmp_path):
    midnight = ratings(pa.array(["2024-01-10"]).cast(pa.timestamp("ms")))
    assert read(tmp_path, hand_folder, midnight)["base_date"][0] == dt.date(2024, 1, 10)
    with pytest.raises(InputProblems) as caught:
        read(tmp_path, hand_folder, ratings(pa.array(["2024-01-09 16:00"]).cast(pa.timestamp("ms"))))
    assert [(each.line, each.field, each.code) for each in caught.value.problems] == [(1, "published", "ratings_time_of_day")]


def test_dates_of_a_text_are_read_as_people_write_them():
    day = dt.date(2024, 9, 30)
    same = ("2024-09-30", "20240930", "2024/9/30", "2024年9月30日", "2024-09-30 00:00:00", "2024-09-29T16:00:00Z")
    assert {read_day(text) for text in (*same, "2024-09-30 08:30:00+08:00")} == {day}
    assert read_day("2024-09-30 08:30") == "time"
    assert [
        read_day(text) for text in ("2024-13-01", "30/9/2024", "", "2024-09-30 25:00", "2024-9", "9999-12-31T23:00-05:00")
    ] == [None] * 6


def test_a_row_of_2004_and_one_of_9999_take_nothing_from_the_others(hand_folder, tmp_path):
    rows = [
        ["a", "600001.SH", "2024-01-10", "增持", "guolian"],
        ["b", "600001.SH", "2004-01-10", "增持", "guolian"],
        ["c", "600001.SH", "9999-12-31", "增持", "guolian"],
        ["d", "600001.SH", "0001-01-01", "增持", "guolian"],
    ]
    file = write_ratings(tmp_path / "r.csv", rows)
    found = grade(file, FolderSource(hand_folder), tmp_path / "o.parquet", as_of=END).set_index("rating_id")
    assert found["excess_12m"].notna().tolist() == [True, False, False, False]
    assert found["gap"].fillna("").tolist() == ["", "no_data", "not_due", "no_data"]
    assert found["status"].tolist() == ["matured", "matured", "pending", "matured"]


def test_every_fault_is_counted_and_the_first_ten_are_shown(tmp_path, hand_folder):
    rows = [[str(each), "600001.SH", "2024-01-10" if each % 2 else "soon", "增持", "guolian"] for each in range(30_000)]
    ran = run_screener("grade", write_ratings(tmp_path / "r.csv", rows), "--prices", hand_folder, "--lang", "en")
    assert ran.code == 1
    lines = ran.err.splitlines()
    assert "15,000 faults" in lines[0]
    assert [line.split("  ")[1] for line in lines[1:11]] == [f"r.csv:{2 * each + 2}" for each in range(10)]
    assert "14,990 more" in lines[11]
    assert len(lines) == 12


def test_a_code_with_the_wrong_exchange_is_refused_with_its_row(tmp_path, hand_folder):
    wrong = ["600941.SZ", "600941.BJ", "sh600941", "600941", "000001.SH.SZ"]
    rows = [[each, each, "2024-01-10", "增持", "guolian"] for each in wrong]
    with pytest.raises(InputProblems) as caught:
        grade(write_ratings(tmp_path / "r.csv", rows), FolderSource(hand_folder), tmp_path / "o.csv", as_of=END)
    assert [(each.line, each.value) for each in caught.value.problems] == [(at + 2, each) for at, each in enumerate(wrong)]
    assert {each.code for each in caught.value.problems} == {"bad_symbol"}


def test_a_list_column_and_a_damaged_file_are_foreseen(tmp_path, hand_folder):
    listed = ratings(pa.array([dt.date(2024, 1, 10)])).set_column(3, "rating", pa.array([["增持"]]))
    with pytest.raises(InputProblems) as caught:
        read(tmp_path, hand_folder, listed)
    assert [(each.field, each.code) for each in caught.value.problems] == [("rating", "ratings_column_kind")]
    carried = ratings(pa.array([dt.date(2024, 1, 10)])).append_column("analysts", pa.array([["甲", "乙"]]))
    assert read(tmp_path, hand_folder, carried)["analysts"][0].tolist() == ["甲", "乙"]
    pq.write_table(ratings(pa.array([dt.date(2024, 1, 10)] * 5000)), tmp_path / "d.parquet")
    whole = (tmp_path / "d.parquet").read_bytes()
    for damaged in (whole[:-1000], b"PAR1" + bytes(200) + whole[204:], whole[:60] + bytes(400) + whole[460:], b""):
        (tmp_path / "d.parquet").write_bytes(damaged)
        with pytest.raises((UsageError, InputProblems)):
            grade(tmp_path / "d.parquet", FolderSource(hand_folder), tmp_path / "o.parquet", as_of=END)


def test_chinese_heads_a_folder_and_a_glob_are_read(tmp_path, hand_folder):
    folder = tmp_path / "ratings"
    folder.mkdir()
    head = ["编号", "证券代码", "报告日期", "评级", "评级标准", "机构", "备注"]
    for at, day in enumerate(("2024-01-10", "2024/1/11")):
        row = pd.DataFrame([[f"r{at}", "600001.SH", day, "增持", "guolian", "甲", "x"]], columns=head)
        row.to_parquet(folder / f"{at}.parquet", index=False)
    for place in (folder, folder / "*.parquet"):
        found = grade(place, FolderSource(hand_folder), tmp_path / "o.parquet", as_of=END)
        assert found.columns[:7].tolist() == ["rating_id", "symbol", "published", "rating", "scale", "house", "备注"]
        assert found["rating_id"].tolist() == ["r0", "r1"]
        assert found["published"].tolist() == [dt.date(2024, 1, 10), dt.date(2024, 1, 11)]


@pytest.mark.slow
def test_an_industry_rating_has_the_base_rate_of_the_industries_and_a_house_with_both_is_not_diluted(reference, tmp_path):
    day = "2024-04-12"
    names = sorted(path.stem for path in (reference / "market" / "index").glob("801???.csv"))
    rows = [[f"i{each}", f"{each}.SI", day, "强于大市", "guolian", "甲"] for each in names]
    stocks = sorted(path.stem for path in (reference / "market" / "raw").glob("60*.csv"))
    rows += [[f"s{each}", f"{each}.SH", day, "买入", "guolian", "乙"] for each in stocks]
    rows += [
        ["m1", f"{names[0]}.SI", day, "强于大市", "guolian", "丙"],
        ["m2", f"{stocks[0]}.SH", day, "买入", "guolian", "丙"],
    ]
    file = write_ratings(tmp_path / "r.csv", rows, ["rating_id", "symbol", "published", "rating", "scale", "house"])
    source, as_of = FolderSource(reference / "market"), dt.date(2025, 5, 23)
    _, _, board = grade_to_scoreboard(file, lambda *_: source, scales(), as_of=as_of, today=as_of)
    houses = {score.group: score for score in board.of("house")}
    # All 31 industries were called 强于大市: the hit rate is the share of the industries that were, so there is no skill.
    assert (houses["甲"].measured, houses["甲"].compared) == (31, 31)
    assert houses["甲"].skill == pytest.approx(0.0, abs=1e-12)
    assert houses["甲"].base_rate > 0
    of_both = [score.base_rate for score in board.of("rating")]
    assert houses["丙"].base_rate == pytest.approx(sum(of_both) / 2)


def test_without_the_industries_there_is_no_base_rate_instead_of_zero(tmp_path, hand_folder):
    write_prices(hand_folder, "index/801770.csv", dict.fromkeys(sessions_of("2023-10-09", "2025-01-27"), 3000.0))
    file = write_ratings(tmp_path / "r.csv", [["a", "801770.SI", "2024-01-10", "强于大市", "guolian"]])
    ran = run_screener("grade", file, "--prices", hand_folder, "--json")
    [score] = ran.json["rows"]
    assert (score["measured"], score["base_rate"], score["skill"], score["compared"]) == (1, None, None, 0)
