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
# # 02 · 评级兑现了吗
#
# 报告自己的标准：发布后 6 到 12 个月内，行业指数相对沪深300 涨幅 10% 以上为「强于大市」。我们按这句话核查，不多不少。
#
# *The report's own rule, applied as printed: industry index against CSI 300, 6 to 12 months after publication.*

# %%
import screener as sc

thesis, prices = sc.load_thesis(), sc.open_prices("snapshot")
outcome = sc.outcome(thesis, prices)
outcome.verdict

# %% [markdown]
# 同一句「强于大市」，在行业指数上没有兑现，在点名的十一只股票上兑现了：两行都要看，不能只挑一行。
# 图是从第 6 个月到第 12 个月每一天的超额，底色是评级区间。先看行业指数，再看点名的股票。

# %%
outcome.chart("index")

# %%
outcome.chart()

# %% [markdown]
# 发布日如果早一周会怎样？标准没有说从哪天算起，所以换一个日子试一试（不改投资逻辑文件）：

# %%
sc.outcome(thesis, prices, published="2024-04-07").verdict

# %% [markdown]
# 全部对象、三个观察期：

# %%
outcome
