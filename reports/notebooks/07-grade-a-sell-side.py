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
# # 07 · 批量核查一家机构的评级
#
# 一列评级，每条按自己那家机构当月的标准核查：`symbol`、`published`、`rating`、`house`，别的列原样带着。
# 没有标准的机构是缺口，不会被套上别家的。
#
# *A list of ratings, each graded by its house's standard of that month.*

# %%
import pandas as pd

import screener as sc

thesis, prices = sc.load_thesis(), sc.open_prices("snapshot")
names = thesis.names["symbol"].tolist()
days = pd.date_range("2024-03-04", "2024-06-03", freq="W-MON").strftime("%Y-%m-%d")
rows = [(symbol, day, rating) for day in days for symbol in names for rating in ("买入", "增持")]
ratings = pd.DataFrame(rows, columns=["symbol", "published", "rating"]).assign(house="国联证券")
len(ratings)

# %% [markdown]
# 兑现率要和「同期随便一只股票有多大机会落在同一区间」比。快照里只有这份报告的十一只股票，所以这里的市场就是它们自己；
# 换成带 `market_close.parquet` 的价格文件夹，市场就是全部 A 股：

# %%
graded = sc.grade(ratings, prices)
graded.chart("rating")

# %% [markdown]
# 每条评级的结果，缺口有原因：

# %%
graded.ratings[["symbol", "published", "rating", "end_date", "excess_end", "band_end", "hit_end", "gap"]].head()

# %% [markdown]
# 同一家机构对同一只股票不变的评级，12 个月内只算一次：

# %%
merged = sc.grade(ratings, prices, merge_repeats=True)
graded.frame.query("by == 'house'")["count"].item(), merged.frame.query("by == 'house'")["count"].item()

# %% [markdown]
# 记分牌：

# %%
graded
