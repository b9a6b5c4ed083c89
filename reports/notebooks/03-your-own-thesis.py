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
# # 03 · 十分钟写一份自己的投资逻辑
#
# 一份投资逻辑就是一个 TOML 文件。这里虚构一份：用快照里的名字换一种分组、换一个发布日、换一家的评级标准（5% 一档）。
# 其中「中际旭创」不在快照里：它会显示为缺口，而不是 0，也不会悄悄消失。
#
# *A thesis is one TOML file. This invented one regroups the bundled names; one of them has no price here and shows as a gap.*

# %%
import tempfile
from pathlib import Path

import screener as sc

folder = Path(tempfile.mkdtemp())
(folder / "scales").mkdir()
(folder / "scales" / "five-percent.toml").write_text(
    """
id = "five-percent"
house = "我自己"
house_en = "My own"
source = "虚构"

[window]
from_months = 6
to_months = 12
phrase = "发布后 6 到 12 个月内的相对表现"

[stock]
bands = [
  { rating = "推荐", rating_en = "Buy", lower = 0.05, lower_closed = true, side = "buy" },
  { rating = "中性", rating_en = "Neutral", lower = -0.05, upper = 0.05, side = "hold" },
  { rating = "回避", rating_en = "Avoid", upper = -0.05, upper_closed = true, side = "sell" },
]

[industry]
bands = [
  { rating = "看好", rating_en = "Positive", lower = 0.05, lower_closed = true, side = "buy" },
  { rating = "中性", rating_en = "Neutral", lower = -0.05, upper = 0.05, side = "hold" },
  { rating = "看淡", rating_en = "Negative", upper = -0.05, upper_closed = true, side = "sell" },
]

[[markets]]
id = "a_share"
name = "A 股"
name_en = "A shares"
exchanges = ["SH", "SZ", "BJ"]
currency = "CNY"
benchmarks = [{ symbol = "000300.SH", name = "沪深300", name_en = "CSI 300", total_return = "H00300.CSI" }]
""",
    encoding="utf-8",
)

# %%
(folder / "my-first.toml").write_text(
    """
title = "光与网：换一种分组"
title_en = "Light and networks, regrouped"
house = "我自己"
sector = "通信"
scale = "five-percent"
published = 2024-05-06
published_basis = "printed"
rating = { industry = "看好" }
industry_index = { symbol = "801770.SI", name = "申万通信", name_en = "SW Telecom" }
buckets = [
  { id = "optics", name = "光", name_en = "Optics" },
  { id = "networks", name = "网", name_en = "Networks" },
]
candidates = [
  { symbol = "688498.SH", name = "源杰科技", bucket = "optics" },
  { symbol = "688313.SH", name = "仕佳光子", bucket = "optics", rating = "推荐" },
  { symbol = "300308.SZ", name = "中际旭创", bucket = "optics" },
  { symbol = "600941.SH", name = "中国移动", bucket = "networks" },
  { symbol = "301165.SZ", name = "锐捷网络", bucket = "networks" },
]
""",
    encoding="utf-8",
)
mine = sc.load_thesis(folder / "my-first.toml")
mine

# %% [markdown]
# 写错了会怎样？每个问题都指出文件、行和改法，一次列全：

# %%
broken = (folder / "my-first.toml").read_text(encoding="utf-8").replace('bucket = "networks" }', 'bucket = "network" }')
(folder / "broken.toml").write_text(broken, encoding="utf-8")
try:
    sc.load_thesis(folder / "broken.toml")
except sc.ScreenerError as error:
    for problem in error.problems:
        print(problem.line_text())

# %% [markdown]
# 结论、图和表。缺口那只不计入等权篮子，并写明：

# %%
outcome = sc.outcome(mine, sc.open_prices("snapshot"))
outcome.chart()

# %%
outcome
