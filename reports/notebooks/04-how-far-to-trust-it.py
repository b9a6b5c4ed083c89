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
# # 04 · 这个结论有多可信
#
# 评级标准没有说从哪天算、按哪个价买、算术还是几何、含不含红利。我们固定了一种读法并写明；这里把别的读法也都算一遍，
# 看有多少给出同样的区间。
#
# *The rule leaves conventions open. Every other reading is computed too; how many give the same band?*

# %%
import screener as sc

thesis, prices = sc.load_thesis(), sc.open_prices("snapshot")
grid = sc.sensitivity(thesis, prices)
grid.chart()

# %% [markdown]
# 行业指数的结论靠近 10% 这条边界，有些读法会跨过去；点名股票的篮子在所有读法下都高于边界。再看什么都不改、只换发布日时的差别：

# %%
cells = grid.cells.query(
    "subject == '801770.SI' and horizon_months == 12 and form == 'arithmetic' and base_price == 'last_close' "
    "and series == 'price' and anchor == 'published'"
)
cells.groupby("band")["published"].agg(["count", "min", "max"])

# %% [markdown]
# 还有一个问题：随便挑十一只股票，是不是也能做到？内置了报告基准日那天的全市场，可以拿随机组合来比；
# 同一个行业指数，换别的起点又有多少次能到「强于大市」？`sc.trust` 把这几样一起算：

# %%
trust = sc.trust(thesis, prices, placebo=1000)
trust.frame.query("subject == 'all'")

# %% [markdown]
# 合起来就是报告页第一屏那个框：

# %%
trust
