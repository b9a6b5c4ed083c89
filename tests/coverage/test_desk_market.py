"""The desk over a market file against `outcome --json` and `weekly --json` of each thesis alone, field by field."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from screener.thesis.library import open_library
from tests.conftest import run_screener

# A date in each of the years that the file holds; the sample walks through houses, dates and indices at different steps.
DATES = ("2022-03-14", "2022-11-07", "2023-05-15", "2023-08-28", "2024-04-15", "2024-09-30", "2024-12-16")
NAMES = ("600519", "600036", "601318", "600276", "600030", "601888", "600900", "601166", "600887", "601012", "600309", "600031")
# Names whose corporate actions the folder knows, so that their figures decide a rating.
KNOWN = ("600050", "600498", "601728", "600941")
INDICES = {"801080.SI": "申万电子", "801150.SI": "申万医药生物", "801780.SI": "申万银行", "801770.SI": "申万通信"}
STANDARDS = ("mszq", "kysec", "gjzq", "shzq", "cgws-3", "essence", "guolian")


def made(number: int, names: dict[str, str]) -> str:
    """One thesis of the sample as TOML: house, date and names, with and without index, changed rating, rated names."""
    picked = random.Random(number)
    ids = open_library().scale_ids()
    scale = open_library().load_scale(STANDARDS[number % len(STANDARDS)] if number < 14 else ids[number * 3 % len(ids)])
    words = scale.industry.ratings or scale.stock.ratings
    date = DATES[number % len(DATES)]
    lines = [f'title = "样例 {number}"', f'house = "{scale.house}"', 'sector = "样例"', f'scale = "{scale.id}"']
    lines += [f"published = {date}", 'published_basis = "printed"', "[rating]", f'industry = "{picked.choice(words)}"']
    if number % 3 == 0:
        lines += ["[[rating.changes]]", f"date = {int(date[:4]) + 1}-01-20", f'rating = "{words[-1]}"', 'source = "later"']
    if number % 4:
        symbol, name = list(INDICES.items())[number % len(INDICES)]
        lines += ["[industry_index]", f'symbol = "{symbol}"', f'name = "{name}"', f'name_en = "{symbol}"']
    lines += ["[[buckets]]", 'id = "b"', 'name = "组"', 'name_en = "Group"']
    for code in KNOWN if number % 2 else picked.sample(NAMES, 8):
        rated = [f'rating = "{scale.stock.ratings[0]}"'] if number % 2 and scale.stock.ratings else []
        lines += ["[[candidates]]", f'symbol = "{code}.SH"', f'name = "{names[code]}"', 'bucket = "b"', *rated]
    return "\n".join(lines) + "\n"


def open_names(reference: Path) -> dict[str, str]:
    """The names of all shares by code."""
    rows = (reference / "figures" / "names_all.csv").read_text("utf-8").splitlines()[1:]
    return dict(row.split(",")[:2] for row in rows)


@pytest.mark.slow
def test_twenty_theses_have_the_figures_of_outcome_and_weekly_in_every_field(tmp_path, reference):
    market, paths = reference / "market", []
    names = open_names(reference)
    for number in range(20):
        paths.append(tmp_path / f"sample-{number:02d}.toml")
        paths[-1].write_text(made(number, names), encoding="utf-8")
    desk = run_screener("desk", *paths, "--prices", market, "--json").json
    assert [each["slug"] for each in desk["theses"]] == [path.stem for path in paths]
    assert len({(each["measure"], each["months"]) for each in desk["theses"]}) >= 5
    for path, row in zip(paths, desk["theses"], strict=True):
        outcome = run_screener("outcome", path, "--prices", market, "--json", "--placebo", "1000").json
        weekly = run_screener("weekly", path, "--prices", market, "--json", "--week", row["week_end"]).json
        plain = run_screener("outcome", path, "--prices", market, "--json", "--quick").json
        assert row == expected(row, outcome, weekly, [*plain["gaps"], *weekly["gaps"]]), path.stem


def expected(row, outcome, weekly, gaps):
    """The row as the two commands tell it; what only the thesis file knows is taken from the row itself."""
    own = ("slug", "house", "sector", "title", "current", "due", "days_left", "measure", "months", "rated_names")
    months = row["months"]
    return {
        **{key: row[key] for key in own},
        "stated": outcome["rating"],
        "published": outcome["published"],
        "published_basis": outcome["published_basis"],
        "status": outcome["status"],
        "as_of": outcome["as_of"],
        "week_end": weekly["as_of"],
        **{key: standing(row[key], months, outcome, weekly) for key in ("index", "basket")},
        "bands": {each["subject"]: firm_band(each) for each in weekly["rows"]},
        "gaps": once(gaps),
    }


def firm_band(row):
    return None if "actions_unknown" in row["flags"] else row["band_so_far"]


def once(gaps):
    return list({(each["subject"], each["reason"]): each for each in gaps}.values())


def standing(found, months, outcome, weekly):
    """The index or the basket: its week, its headline rows, its verdict and the evidence at the end of its window."""
    if found is None:
        return None
    subject = found["subject"]
    week = next(each for each in weekly["rows"] if each["subject"] == subject)
    rows = [each for each in outcome["rows"] if (each["subject"], each["basis"]) == (subject, "headline")]
    end = next(each for each in rows if each["horizon_months"] == months)
    verdict = outcome["verdict"].get(subject, {})
    matured = outcome["status"] == "matured"
    gap = next((each for each in (end["gap"], week["since_gap"], week["gap"]) if each not in (None, "not_due")), None)
    agreement = [
        each["share_same"]
        for each in outcome["sensitivity"]["agreement"]
        if (each["subject"], each["horizon_months"]) == (subject, months)
    ]
    placebo = [
        each
        for each in outcome["placebo"]
        if (each["subject"], each["horizon_months"], each["against"]) == (subject, months, "baskets")
    ]
    rates = [
        each["share"].get(outcome["rating"])
        for each in outcome["robustness"]["base_rates"]
        if (each["subject"], each["horizon_months"], each["against"]) == (subject, months, "industries")
    ]
    return {
        "subject": subject,
        "excess": week["excess_since_published"],
        "measured": week["measured_since"],
        "band_so_far": week["band_so_far"],
        "to_next_edge": week["to_next_edge"],
        "horizons": {str(each["horizon_months"]): {key: each[key] for key in ("excess", "measured", "band")} for each in rows},
        "hit": verdict.get("hit"),
        "at_least": verdict.get("at_least"),
        "until_change": verdict.get("until_change"),
        "agreement": agreement[0] if matured and agreement else None,
        "percentile": placebo[0]["percentile"] if matured and subject == "all" else None,
        "percentile_gap": placebo[0]["gap"] if matured and subject == "all" else None,
        "base_rate": rates[0] if matured and subject != "all" and rates else None,
        "gap": gap,
        "verdict_gap": verdict.get("gap"),
        "flags": list(dict.fromkeys([*week["flags"], *end["flags"]])),
    }


@pytest.mark.slow
def test_the_pages_behind_a_desk_are_the_bytes_of_the_commands(tmp_path, reference):
    market, names = reference / "market", open_names(reference)
    paths = [tmp_path / f"sample-{number:02d}.toml" for number in (0, 3, 8)]
    for number, path in zip((0, 3, 8), paths, strict=True):
        path.write_text(made(number, names), encoding="utf-8")
    run_screener("desk", *paths, "--prices", market, "--out", tmp_path / "desk")
    for path in paths:
        run_screener("outcome", path, "--prices", market, "--out", tmp_path / "alone")
        run_screener("weekly", path, "--prices", market, "--out", tmp_path / "alone")
        written = sorted((tmp_path / "alone" / path.stem).rglob("*.*"))
        assert len(written) == 10
        for file in written:
            assert (tmp_path / "desk" / file.relative_to(tmp_path / "alone")).read_bytes() == file.read_bytes(), file.name
