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
# # 01 · 先看一眼投资逻辑
#
# 一份卖方主题研报在这里是一份数据：点了哪些名、分成哪些环节、给了什么评级、哪天发布。内置的是国联证券 2024 年春的通信行业报告，
# 收盘价也已内置，不需要网络。
#
# *A theme report as data: names, segments, rating, date. Everything here runs offline on bundled closes.*

# %%
import screener as sc

thesis = sc.load_thesis()
thesis

# %% [markdown]
# 发布日写着「推断」：手头的副本没有印日期，能确定的只有一个范围。后面每个数都依赖它，所以处处标明。
#
# 价格用内置快照；有本地行情库时 `sc.open_prices("auto")` 会自己选，并写明选了哪个。

# %%
prices = sc.open_prices("snapshot")
week = sc.week(thesis, prices, day="2025-04-11")
week.chart()

# %% [markdown]
# 2025 年 4 月 7 日是大跌的一天；这一周各环节相对沪深300 的超额如上。下面是所有标的一张表：`screen` 的列可以筛选、排序。

# %%
sc.screen(thesis, prices, sort="-excess_since_published")

# %% [markdown]
# 每个结果都有整洁的 DataFrame（英文列名，分数而非百分数；要中文列名用 `.named()`）：

# %%
candidates = week.named().query("类别 == 'candidate'")
candidates[["名称", "环节", "收益", "超额", "累计超额", "至今区间"]]
