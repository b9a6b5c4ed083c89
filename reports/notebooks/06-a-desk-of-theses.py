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
# # 06 · 许多份研报一起看
#
# 研究总监、合规、基金跟的不是一份研报。`sc.desk` 只读一次价格，把每份研报按自己的评级标准量一遍：谁说对了、本周谁跨了区间、
# 谁将到期。这里用同一份名单设三个发布日来演示；你自己的文件夹用 `sc.list_theses(themes=...)` 列出。
#
# *Many theses from one load of prices, each by its own standard.*

# %%
import tempfile
from importlib.resources import files
from pathlib import Path

import screener as sc

bundled = Path(str(files("screener"))) / "themes"
bundled = bundled if bundled.is_dir() else Path("../../themes")
text = (bundled / "guolian-2024-ai-compute.toml").read_text(encoding="utf-8")
folder = Path(tempfile.mkdtemp())
for day in ("2024-04-14", "2024-05-06", "2024-06-24"):
    changed = text.replace("published = 2024-04-14", f"published = {day}")
    changed = changed.replace("published_earliest = 2024-04-07", f"published_earliest = {day}")
    changed = changed.replace("published_latest = 2024-04-30", f"published_latest = {day}")
    (folder / f"telecom-{day}.toml").write_text(changed, encoding="utf-8")
slugs = [path.stem for path in sorted(folder.glob("*.toml"))]
slugs

# %% [markdown]
# 一次读价，三份研报：

# %%
theses = [sc.load_thesis(slug, themes=folder) for slug in slugs]
desk = sc.desk(theses, sc.open_prices("snapshot"), quick=True)
desk.chart()

# %% [markdown]
# 同一份名单、同一条标准，换一个发布日，结论就可能不同。每个数字都与 `sc.outcome` 单独算的一样：

# %%
desk.frame[["slug", "status", "days_left", "measured", "band", "hit", "gap"]]

# %% [markdown]
# 本周跨越区间的对象，和点名相同股票的研报：

# %%
[(each.slug, each.name, each.before, each.now) for each in desk.value.crossed][:5]

# %% [markdown]
# 整张表（写成文件：`desk.to_excel("desk.xlsx")`，或命令 `screener desk`）：

# %%
desk
