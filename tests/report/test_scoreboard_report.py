from __future__ import annotations

import openpyxl
import pytest

from tests.conftest import run_screener

HEAD = "rating_id,symbol,published,rating,scale,house"
# Published 2024-04-14 with 12 months to 2025-04-14 (answers worked out independently): 中国移动 +1.10 持有, 中国电信 +24.23
# 买入, 源杰科技 -22.14 卖出. 甲 hits one of two, the second house hits its one.
ROWS = [
    "1,600941.SH,2024-04-14,持有,guolian,甲证券",
    "2,601728.SH,2024-04-14,增持,guolian,甲证券",
    "3,688498.SH,2024-04-14,卖出,guolian,=乙证券",
]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["html", "md", "xlsx"])
def test_a_scoreboard_is_written_with_the_hit_rates_and_no_formula(tmp_path, market_folder, ending):
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("\n".join([HEAD, *ROWS]) + "\n", "utf-8")
    out = tmp_path / f"board.{ending}"
    ran = run_screener("grade", ratings, "--prices", market_folder, "--as-of", "2025-05-23", "--out", out)
    assert ran.code == 0
    assert ran.out == ""
    if ending == "xlsx":
        cells = [cell for sheet in openpyxl.load_workbook(out) for row in sheet.iter_rows() for cell in row]
        assert any(cell.value == 0.5 for cell in cells)
        assert not [cell for cell in cells if cell.data_type == "f"], "a house whose name starts with = is no formula"
    else:
        text = out.read_text("utf-8")
        assert "50.00" in text
        assert "100.00" in text
        assert "样本太小" in text
