from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, run_screener

SH = "raw/600941.csv"
SZ = "raw/002281.csv"
Edit = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, market_folder: Path) -> Path:
    """A private copy of the real folder, to be spoilt."""
    for name in ("raw", "index"):
        (tmp_path / name).mkdir()
    for path in (market_folder / "raw").iterdir():
        shutil.copy(path, tmp_path / "raw")
    for code in ("000300", "801770", "931160", "H00300"):
        shutil.copy(market_folder / "index" / f"{code}.csv", tmp_path / "index")
    shutil.copy(market_folder / "actions.csv", tmp_path)
    return tmp_path


def edit(folder: Path, file: str, change: Edit) -> None:
    path = folder / file
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def line_of(text: str, day: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(day))


def set_cell(day: str, column: int, value: str) -> Edit:
    def change(text: str) -> str:
        line = line_of(text, day)
        cells = line.split(",")
        cells[column] = value
        return text.replace(line, ",".join(cells))

    return change


def outcome(folder: Path, *more: str) -> Ran:
    options = ("--published", "2024-04-14", "--as-of", "2025-06-30", "--prices", str(folder), "--json", "--quick", *more)
    return run_screener("outcome", *options)


def weekly(folder: Path, week: str, *more: str) -> Ran:
    return run_screener("weekly", "--week", week, "--prices", str(folder), "--json", *more)


CLOSE, VOLUME = 4, 5


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-109.79", "价格须为正数"),
        ("0", "价格须为正数"),
        ("NaN", "不是数字"),
        ("inf", "不是数字"),
        ("abc", "不是数字"),
        ("1,234.5", "列"),
        ("", "缺少数值"),
    ],
)
def test_a_close_that_is_no_positive_number_is_refused_with_its_line(folder, value, said):
    edit(folder, SH, set_cell("2024-08-15", CLOSE, value))
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "raw/600941.csv:635" in ran.err
    assert said in ran.err
    assert value in ran.err


def test_a_text_cell_does_not_hide_a_negative_one_nor_one_file_another(folder):
    edit(folder, SH, set_cell("2024-08-15", CLOSE, "abc"))
    edit(folder, SH, set_cell("2024-08-16", CLOSE, "-5"))
    edit(folder, SZ, set_cell("2024-08-16", CLOSE, "0"))
    ran = outcome(folder)
    assert ran.code == 1
    for place in ("raw/600941.csv:635", "raw/600941.csv:636", "raw/002281.csv:"):
        assert place in ran.err


@pytest.mark.slow
def test_the_same_date_with_different_values_is_refused_and_an_exact_duplicate_is_dropped(folder):
    same = line_of((folder / SH).read_text("utf-8"), "2024-08-15")
    edit(folder, SH, lambda text: text + same + "\n")
    ran = outcome(folder)
    assert ran.code == 0
    assert "完全重复" in ran.err
    edit(folder, SH, lambda text: text + same.replace("2024-08-15,1", "2024-08-15,2") + "\n")
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "同一日期出现两次" in ran.err


@pytest.mark.slow
def test_a_saturday_is_refused_and_a_padded_holiday_is_dropped_with_a_word(folder):
    friday = line_of((folder / SH).read_text("utf-8"), "2024-09-30")
    edit(folder, SH, lambda text: text + friday.replace("2024-09-30", "2024-10-01") + "\n")
    ran = outcome(folder)
    assert ran.code == 0
    assert "2024-10-01 休市" in ran.err
    edit(folder, SH, lambda text: text + friday.replace("2024-09-30", "2024-10-05") + "\n")
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "周末" in ran.err


@pytest.mark.slow
def test_a_missing_file_is_a_gap_that_stands_where_its_figures_would(folder):
    (folder / SH).unlink()
    ran = outcome(folder)
    assert ran.code == 3
    rows = [row for row in ran.json["rows"] if row["subject"] == "600941.SH"]
    assert {row["gap"] for row in rows} == {"no_data"}
    assert {row["excess"] for row in rows} == {None}
    basket = [row for row in ran.json["rows"] if row["subject"] == "operators"]
    assert all(row["left_out"] == ["600941.SH"] and row["excess"] is not None for row in basket)


@pytest.mark.slow
def test_without_the_benchmark_nothing_is_measured(folder):
    (folder / "index" / "000300.csv").unlink()
    ran = outcome(folder)
    assert ran.code == 3
    against_it = [row for row in ran.json["rows"] if row["benchmark"] == "000300.SH"]
    assert {row["gap"] for row in against_it} == {"no_benchmark"}
    assert {row["band"] for row in against_it} == {None}


@pytest.mark.slow
def test_without_the_industry_index_its_verdict_is_open(folder):
    (folder / "index" / "801770.csv").unlink()
    ran = outcome(folder)
    assert ran.code == 3
    assert ran.json["verdict"]["801770.SI"]["hit"] is None
    assert ran.json["verdict"]["all"]["hit"] is True


@pytest.mark.slow
def test_an_empty_file_and_one_without_rows(folder):
    (folder / SH).write_text("")
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "raw/600941.csv" in ran.err
    (folder / SH).write_text("date,close\n")
    ran = outcome(folder)
    assert ran.code == 3
    assert any(gap["subject"] == "600941.SH" and gap["code"] == "no_data" for gap in ran.json["gaps"])


@pytest.mark.slow
def test_bom_gb18030_and_chinese_heads_are_read_and_said_and_change_no_figure(folder):
    plain = outcome(folder).json["rows"]
    text = (folder / SH).read_text("utf-8")
    (folder / SH).write_text("\ufeff" + text, "utf-8")
    ran = outcome(folder)
    assert ran.json["rows"] == plain
    assert "BOM" in ran.err
    chinese = text.replace("date,open,high,low,close,volume,amount", "日期,开盘,最高,最低,收盘,成交量,成交额")
    (folder / SH).write_bytes(chinese.replace("-", "").encode("gb18030"))
    ran = outcome(folder)
    assert ran.json["rows"] == plain
    assert "GB18030" in ran.err
    assert "中文表头" in ran.err
    assert len(ran.json["prices"]["notes"]) == 2


@pytest.mark.slow
def test_shuffled_rows_change_nothing_not_even_the_hash(folder):
    plain = outcome(folder).json
    for file in (SH, SZ, "index/000300.csv"):
        edit(folder, file, lambda text: "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]) + "\n")
    assert {**outcome(folder).json, "prices": None} == {**plain, "prices": None}
    assert outcome(folder).json["prices"]["sha256"] == plain["prices"]["sha256"]


@pytest.mark.slow
def test_volume_in_lots_is_converted_and_said(folder):
    def in_lots(text: str) -> str:
        head, *rows = text.splitlines()
        cells = [row.split(",") for row in rows]
        return "\n".join([head, *(",".join([*row[:5], str(int(float(row[5])) / 100), row[6]]) for row in cells)]) + "\n"

    edit(folder, SH, in_lots)
    ran = outcome(folder)
    assert ran.code == 0
    assert "手" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("close", "price", 1), "缺少必需的列"),
        (lambda text: text.replace(",", "\t"), "缺少必需的列"),
        (lambda text: text.replace("open", "收盘", 1), "同一含义的列"),
        (lambda text: text.replace("2024-08-15", "2024-13-01"), "不是日期"),
        (lambda text: text.replace("2024-08-15", "15/08/2024"), "不是日期"),
        (lambda text: text.replace(line_of(text, "2024-08-15"), line_of(text, "2024-08-15") + ",5"), "8 列"),
        (lambda text: text.replace(line_of(text, "2024-08-15"), '2024-08-15,"'), "CSV"),
    ],
)
def test_a_file_that_is_not_such_a_table_is_refused(folder, change, said):
    edit(folder, SH, change)
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


@pytest.mark.slow
def test_bytes_that_are_no_text_are_refused(folder):
    (folder / SH).write_bytes(b"\x00\xff\xfe\xff" * 50)
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "GB18030" in ran.err


@pytest.mark.slow
def test_codes_that_lost_their_zeros_are_refused_with_what_they_were(folder):
    edit(folder, "actions.csv", lambda text: text.replace("\n002281", "\n2281"))
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "002281" in ran.err
    shutil.copy(folder / SZ, folder / "raw" / "2281.csv")
    (folder / SZ).unlink()
    assert "raw/2281.csv" in outcome(folder).err


@pytest.mark.slow
def test_a_close_beyond_the_price_limit_is_refused_unless_an_action_explains_it(folder):
    def jump(text: str) -> str:
        line = line_of(text, "2024-08-15")
        return text.replace(line, "2024-08-15,150,150,150,150,1000000,150000000")

    edit(folder, SH, jump)
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "涨跌幅限制" in ran.err
    assert "raw/600941.csv:635" in ran.err


@pytest.mark.slow
def test_a_removed_action_makes_its_ex_date_a_fault_and_removed_actions_a_gap(folder):
    edit(folder, "actions.csv", lambda text: "\n".join(row for row in text.splitlines() if "301165,2025-06-04" not in row))
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert "raw/301165.csv" in ran.err
    (folder / "actions.csv").unlink()
    ran = outcome(folder)
    assert ran.code == 3
    rows = {(row["subject"], row["series"]): row["gap"] for row in ran.json["rows"] if row["horizon_months"] == 12}
    assert rows["600941.SH", "total"] == "no_data"
    assert rows["600941.SH", "price"] is None
    flags = {
        row["subject"]: row["flags"] for row in ran.json["rows"] if (row["series"], row["horizon_months"]) == ("price", 12)
    }
    assert "actions_unknown" in flags["688205.SH"]
    assert "actions_unknown" in flags["otn_400g"], "a basket with such a member says so too"
    assert "actions_unknown" not in flags["801770.SI"]


# The close before 2024-11-12 is 102.04: cash that reaches it, and splits after which no quotable price is left.
@pytest.mark.parametrize(("cash", "ratio"), [("102.04", "1"), ("1e9", "1"), ("0", "1e9"), ("0", "0"), ("0", "1e-300")])
def test_an_action_that_leaves_no_price_is_named_with_file_line_and_value(folder, cash, ratio):
    edit(folder, "actions.csv", lambda text: f"{text.rstrip()}\n600941,2024-11-12,{cash},{ratio},typed wrong\n")
    line = len((folder / "actions.csv").read_text("utf-8").splitlines())
    ran = outcome(folder)
    assert (ran.code, ran.out) == (1, "")
    assert f"actions.csv:{line}" in ran.err
    assert f"{float(cash if float(cash) else ratio):g}" in ran.err
    assert "意外" not in ran.err


@pytest.mark.slow
def test_an_action_of_unknown_kind_is_a_gap_across_its_date(folder):
    edit(folder, "actions.csv", lambda text: text + "600941,2024-11-11,,,rights issue\n")
    ran = outcome(folder)
    assert ran.code == 3
    gaps = {row["horizon_months"]: row["gap"] for row in ran.json["rows"] if row["subject"] == "600941.SH"}
    assert gaps == {6: None, 9: "action_mismatch", 12: "action_mismatch"}


@pytest.mark.slow
def test_a_file_that_ends_early_is_stale_and_not_carried_for_months(folder):
    edit(folder, SH, lambda text: "\n".join(row for row in text.splitlines() if row < "2025-03" or row > "a") + "\n")
    ran = outcome(folder)
    assert ran.code == 3
    rows = {row["horizon_months"]: row for row in ran.json["rows"] if row["subject"] == "600941.SH"}
    assert (rows[9]["gap"], rows[12]["gap"], rows[12]["end_close"]) == (None, "stale", None)
    baskets = {row["horizon_months"]: row["gap"] for row in ran.json["rows"] if row["subject"] == "operators"}
    assert baskets == {6: None, 9: None, 12: "stale"}, "a basket does not drop the member that ended early"


@pytest.mark.slow
def test_rows_outside_the_sessions_that_a_run_uses_are_not_judged(folder):
    edit(folder, SH, set_cell("2022-06-01", CLOSE, "-1"))
    edit(folder, SH, set_cell("2025-07-01", CLOSE, "-1"))
    assert outcome(folder).code == 0


@pytest.mark.slow
def test_a_listing_date_after_the_base_date_is_not_listed(folder):
    (folder / "names.csv").write_text("code,name,listed,delisted\n688702,盛科通信-U,2024-05-06,\n", "utf-8")
    ran = outcome(folder)
    rows = [row for row in ran.json["rows"] if row["subject"] == "688702.SH"]
    assert {row["gap"] for row in rows} == {"not_listed"}


def test_a_delisted_name_keeps_its_last_price_and_stays_in_the_basket(folder):
    (folder / "names.csv").write_text("code,name,listed,delisted\n688702,盛科通信-U,2023-09-14,2025-01-10\n", "utf-8")
    edit(folder, "raw/688702.csv", lambda text: "\n".join(row for row in text.splitlines() if row < "2025-01-09" or row > "a"))
    ran = outcome(folder)
    row = next(row for row in ran.json["rows"] if row["subject"] == "688702.SH" and row["horizon_months"] == 12)
    assert row["gap"] is None
    assert "delisted" in row["flags"]
    assert row["end_close_date"] == "2025-01-08"


@pytest.mark.parametrize(
    ("name", "file", "published", "as_of", "said"),
    [
        ("688702_partial_and_snapshot_days", "raw/688702.csv", "2025-08-26", "2025-09-18", "小于 1 股"),
        ("688702_volume_hands_vs_shares", "raw/688702.csv", "2024-06-03", "2024-06-05", "同一日期"),
        ("600941_factor_drift_no_event", SH, "2024-06-21", "2024-06-28", "缺少必需的列"),
        ("301165_stale_row_under_two_dates", "raw/301165.csv", "2026-06-29", "2026-07-02", "前收盘"),
        ("301165_adjusted_price_raw_volume", "raw/301165.csv", "2025-05-30", "2025-06-06", "口径不一"),
    ],
)
def test_a_real_faulty_file_is_refused(folder, market_folder, name, file, published, as_of, said):
    shutil.copy(market_folder / "faults" / f"{name}.csv", folder / file)
    ran = outcome(folder, "--published", published, "--as-of", as_of)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


@pytest.mark.slow
def test_an_adjustment_in_the_wrong_segment_is_refused_whatever_is_known_of_the_listing(folder, market_folder):
    # The file starts four sessions before the false step, so that the price limit alone could not tell.
    shutil.copy(market_folder / "faults" / "301165_adjustment_in_wrong_segment.csv", folder / "raw" / "301165.csv")
    ran = weekly(folder, "2024-06-04", "--published", "2024-05-31")
    assert (ran.code, ran.out) == (1, "")
    assert "raw/301165.csv:" in ran.err
    assert "复权" in ran.err
    (folder / "names.csv").write_text("code,name,listed\n301165,锐捷网络,2022-11-21\n", "utf-8")
    ran = weekly(folder, "2024-06-04", "--published", "2024-05-31")
    assert (ran.code, ran.out) == (1, "")
    assert "涨跌幅限制" in ran.err


@pytest.mark.slow
def test_a_holiday_that_repeats_the_next_session_is_dropped(folder, market_folder):
    shutil.copy(market_folder / "faults" / "000300_padded_head.csv", folder / "index" / "000300.csv")
    ran = weekly(folder, "2015-01-07", "--published", "2015-01-05")
    assert "2015-01-01 休市" in ran.err


@pytest.mark.slow
def test_suspended_days_with_zero_prices_are_not_traded(folder, market_folder):
    shutil.copy(market_folder / "faults" / "600358_suspended_zero_ohl.csv", folder / SH)
    ran = weekly(folder, "2025-05-16", "--published", "2025-05-13")
    row = next(row for row in ran.json["rows"] if row["subject"] == "600941.SH")
    assert "suspended" in row["flags"]
    assert row["since_published"] == pytest.approx(4.73 / 4.5 - 1), "the last close before the suspension is carried"


def test_a_missing_index_session_is_a_gap_only_where_it_is_needed(folder, market_folder):
    shutil.copy(market_folder / "faults" / "801770_missing_day.csv", folder / "index" / "801770.csv")
    needed = weekly(folder, "2023-09-08", "--published", "2023-09-06")
    row = next(row for row in needed.json["rows"] if row["subject"] == "801770.SI")
    assert (row["gap"], row["return"]) == ("no_data", None)


@pytest.mark.slow
def test_a_name_that_stands_only_in_the_market_file_is_measured_and_says_so(tmp_path, market_folder, bundled):
    from tests.conftest import ROOT

    text = (ROOT / "themes" / "guolian-2024-ai-compute.toml").read_text("utf-8")
    text = text.replace('symbol = "600498.SH"\nname = "烽火通信"', 'symbol = "600000.SH"\nname = "浦发银行"')
    (tmp_path / "other.toml").write_text(text, "utf-8")
    ran = run_screener("outcome", tmp_path / "other.toml", "--as-of", "2025-05-23", "--prices", market_folder, "--json")
    assert ran.code == 3
    rows = {row["series"]: row for row in ran.json["rows"] if row["subject"] == "600000.SH" and row["horizon_months"] == 12}
    assert rows["price"]["gap"] is None
    assert rows["total"]["gap"] == "no_data"
    assert "market_close.parquet" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["index/801770.csv", "index/000300.csv", "raw/600941.csv", "actions.csv"])
def test_a_report_is_written_whatever_is_missing_and_the_gap_stands_in_it(folder, tmp_path, missing):
    (folder / missing).unlink()
    out = tmp_path / "out"
    ran = run_screener("weekly", "--week", "2025-04-11", "--prices", folder, "--out", out)
    assert ran.code == 3
    written = out / "guolian-2024-ai-compute" / "2025-W15"
    assert {path.suffix for path in written.iterdir()} == {".html", ".md", ".xlsx", ".json"}
    assert "缺口" in (written / "weekly.md").read_text("utf-8")


def put_shares(folder: Path, text: str, encoding: str = "utf-8") -> None:
    (folder / "shares.csv").write_text(text, encoding=encoding)


ELEVEN = {
    "600941": 9e8,
    "600050": 3e10,
    "601728": 2e10,
    "688498": 6e7,
    "688313": 4.5e8,
    "301165": 7e7,
    "688702": 1.5e8,
    "600498": 1.1e9,
    "688205": 6e7,
    "002281": 7e8,
    "300442": 5e8,
}


def float_cap(ran: Ran, period: str = "since") -> dict:
    return next(each for each in ran.json["weightings"] if (each["weighting"], each["period"]) == ("float_cap", period))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "day", "encoding"),
    [("code,date,float_shares", "2020-01-02", "utf-8-sig"), ("代码,日期,流通股本", "20200102", "gb18030")],
)
def test_share_counts_of_a_folder_weigh_the_basket_in_any_spelling(folder, head, day, encoding):
    put_shares(folder, "\n".join([head, *(f"{code},{day},{count:.0f}" for code, count in ELEVEN.items())]), encoding)
    found = float_cap(weekly(folder, "2025-04-11"))
    closes = {code: float(line_of((folder / f"raw/{code}.csv").read_text(), "2024-04-12").split(",")[CLOSE]) for code in ELEVEN}
    total = sum(closes[code] * count for code, count in ELEVEN.items())
    assert {symbol[:6]: weight for symbol, weight in found["weights"].items()} == pytest.approx(
        {code: closes[code] * count / total for code, count in ELEVEN.items()}, abs=1e-12
    )
    assert found["gap"] is None


@pytest.mark.slow
def test_a_name_without_a_count_is_named_and_nothing_is_weighed_without_it(folder):
    put_shares(folder, "\n".join(["code,date,float_shares", *(f"{code},20200102,1e11" for code in ELEVEN if code != "688702")]))
    found = float_cap(weekly(folder, "2025-04-11"))
    assert (found["return"], found["weights"], found["gap"]) == (None, None, "no_data")
    assert "688702.SH" in found["gap_reason"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        ("600941,2024-01-02,0", "float_shares", "0", "流通股本须为正数"),
        ("600941,2024-01-02,-5", "float_shares", "-5", "流通股本须为正数"),
        ("600941,2024-01-02,", "float_shares", "", "缺少数值"),
        ("600941,2024-01-02,many", "float_shares", "many", "不是数字"),
        ("600941,2024-13-02,5", "date", "2024-13-02", "日期"),
        ("600941,2024-01-02,90000", "float_shares", "90000", "单位可能是万股"),
        ("2281,2024-01-02,5", "code", "2281", "002281"),
        ("600941,2020-01-02,7", "date", "2020-01-02", "两个不同的流通股本"),
    ],
)
def test_a_share_count_that_cannot_be_right_is_refused_with_file_line_column_and_value(folder, row, column, value, said):
    put_shares(folder, f"code,date,float_shares\n600941,2020-01-02,900000000\n{row}\n")
    ran = weekly(folder, "2025-04-11")
    assert (ran.code, ran.out) == (1, "")
    assert "shares.csv:3" in ran.err
    for part in (column, value, said):
        assert part in ran.err
