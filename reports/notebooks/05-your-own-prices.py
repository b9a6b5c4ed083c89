# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · 用自己的价格
#
# 从终端导出的 CSV 放进一个文件夹就行：`raw/<代码>.csv` 未复权收盘、`index/<代码>.csv` 指数、`actions.csv` 分红送转，
# 中英文表头都认。复权在读取时算，不要自己复权。这里用快照的数字造一个小文件夹来演示。
#
# *A folder of CSV exports as a price source; unadjusted closes in, adjustment happens at read.*

# %%
import tempfile
from importlib.resources import files
from pathlib import Path

import pandas as pd

import screener as sc

figures = Path(str(files("screener"))) / "data"
closes = pd.read_csv(figures / "closes.csv", dtype={"date": "string"}).set_index("date")
folder = Path(tempfile.mkdtemp())
for name in ("raw", "index"):
    (folder / name).mkdir()
for code in closes.columns:
    place = "index" if code in ("000300", "H00300", "801770", "931160") else "raw"
    closes[code].dropna().rename("收盘").rename_axis("日期").to_csv(folder / place / f"{code}.csv")
(folder / "actions.csv").write_text((figures / "actions.csv").read_text(encoding="utf-8"), encoding="utf-8")
sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv"))

# %% [markdown]
# 用它和用快照，应当得到同样的数字：

# %%
thesis = sc.load_thesis()
mine = sc.outcome(thesis, sc.open_prices(folder))
bundled = sc.outcome(thesis, sc.open_prices("snapshot"))
pd.DataFrame({"文件夹": mine.verdict["band"], "快照": bundled.verdict["band"]})

# %% [markdown]
# 数据有错时拒绝计算，并指明文件、行、列、值。把中国移动某天的收盘价改成负数：

# %%
path = folder / "raw" / "600941.csv"
good = path.read_text(encoding="utf-8")
path.write_text(good.replace("2024-06-03,", "2024-06-03,-"), encoding="utf-8")
try:
    sc.outcome(thesis, sc.open_prices(folder))
except sc.ScreenerError as error:
    for problem in error.problems:
        print(problem.line_text())
path.write_text(good, encoding="utf-8")

# %% [markdown]
# 少一个文件则是缺口，其余照算：

# %%
(folder / "raw" / "688313.csv").unlink()
partial = sc.outcome(thesis, sc.open_prices(folder))
partial.chart()

# %%
partial
