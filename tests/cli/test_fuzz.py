"""Thousands of spoilt inputs: whatever a file or an option holds, the answer is a sentence, soon, and no other file changes."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, run_screener
from tests.store.test_screen_store import HALTED, MARKET, SPLIT, UNKNOWN, make_store

pytestmark = pytest.mark.slow

CASES = 250
SECONDS, LINES = 20.0, 120
CODES = (0, 1, 2, 3, 4)
HOSTILE = (
    "", " ", "-", "--", "0", "-1", "1e400", "-1e-320", "NaN", "inf", "1,234.5", "999999999999999999999", "0x10", "1e",
    "true", "缺失", "#N/A", "=1+1", "@x", "../../etc/passwd", "/dev/null", "\x00", "\x1b[31m", "\u202e", "é", "a" * 400,
    "2024-02-30", "2024/4/14", "20240414", "9999-12-31", "0001-01-01", "1900-01-01", "２０２４-04-14",
    "[]", "{}", "[[1]]", '"', "'", "\\",
    "%s", "{0}", "600000", "600000.SH", "000300.SH", "BRK.A", "中国移动", "None", "nan%", "１２",
    "1 000", "0.1.2", "+5", "五",
)  # fmt: skip
TOML_VALUES = (
    "1", "-1", "1.5", "inf", "nan", "true", "[]", "{}", '[["a"]]', '""', '"x"', "2024-04-14", "2024-04-14T00:00:00Z",
    "12:00:00", "99999999999999999999999", '"2024-13-01"', "0001-01-01", "9999-12-31", "[1, [2, [3, [4, [5]]]]]", 
    '{ a = { b = { c = 1 } } }', '"' + "长" * 500 + '"', "'''\n'''", "0o7", '"\\u0000"', '"=1"', '"../x"',
)  # fmt: skip
OPTIONS = {
    "outcome": ("--published", "--as-of", "--series", "--lang", "--placebo", "--seed", "--universe", "--proxy", "--updown"),
    "weekly": ("--week", "--published", "--lang", "--updown", "--series", "--prices", "--store"),
    "screen": ("--where", "--sort", "--top", "--as-of", "--universe", "--like", "--lang"),
    "events": ("--as-of", "--seed", "--lang", "--prices"),
    "desk": ("--lang", "--week", "--universe", "--themes"),
}


def spoil_text(text: str, draw: random.Random) -> bytes:
    """A text file with one to three faults of the kind that editors, exports and transfers make."""
    lines = text.splitlines() or [""]
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(lines))
        kind = draw.randrange(8)
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, lines[draw.randrange(len(lines))])
        elif kind == 2:
            lines[place] = draw.choice(HOSTILE)
        elif kind == 3 and len(lines[place]) > 1:
            cut = draw.randrange(len(lines[place]))
            lines[place] = lines[place][:cut] + draw.choice(HOSTILE) + lines[place][cut + 1 :]
        else:
            lines[place] = _spoil_line(lines[place], draw)
        lines = lines or [""]
    data = "\n".join(lines).encode(draw.choice(["utf-8"] * 6 + ["utf-16", "gb18030", "utf-8-sig"]), "replace")
    if draw.random() < 0.1:
        data = data[: draw.randrange(len(data) + 1)]
    if draw.random() < 0.1:
        at = draw.randrange(len(data) + 1)
        data = data[:at] + draw.randbytes(5) + data[at:]
    return data


def _spoil_line(line: str, draw: random.Random) -> str:
    """One cell of a row of a table, or the key or value of a line of TOML, is another."""
    if " = " in line:
        key, _, value = line.partition(" = ")
        return draw.choice(
            [f"{key} = {draw.choice(TOML_VALUES)}", f"x{key} = {value}", f"{key}.a = {value}", f'"{key}" = {value}']
        )
    cells = line.split(",")
    cells[draw.randrange(len(cells))] = draw.choice(HOSTILE)
    return ",".join(cells)


def spoil_frame(frame: pd.DataFrame, draw: random.Random) -> pd.DataFrame:
    """A table of Parquet with another type, value, name or order in one of its columns."""
    name = draw.choice(list(frame.columns))
    column = frame[name]
    changes: list[Callable[[], pd.DataFrame]] = [
        lambda: frame.drop(columns=name),
        lambda: frame.rename(columns={name: draw.choice(HOSTILE)}),
        lambda: frame.assign(**{name: column.astype(str)}),
        lambda: frame.assign(**{name: [[each] for each in column]}),
        lambda: frame.assign(**{name: None}),
        lambda: frame.assign(**{name: pd.Timestamp("2024-05-01", tz="Asia/Shanghai")}),
        lambda: frame.assign(**{name: dt.date(1, 1, 1) if name == "date" else float("inf")}),
        lambda: frame.assign(**{name: column.astype(str).where(column.index % 7 > 0, draw.choice(HOSTILE))}),
        lambda: pd.concat([frame, frame.head(draw.randrange(5))]),
        lambda: frame.sample(frac=1, random_state=draw.randrange(99)),
        lambda: frame.head(0),
        lambda: frame.assign(extra=b"\xff\xfe"),
    ]
    return draw.choice(changes)()


def foreseen(words: list[object], inside: Path) -> str | None:
    """What is wrong with the answer to a command; None for a sentence, an exit code of the contract, and no stray file."""
    before = set((ROOT / "reports").rglob("*")) | set(ROOT.iterdir())
    began = time.monotonic()
    ran = run_screener(*words)
    took = time.monotonic() - began
    said = ran.out + ran.err
    stray = (set((ROOT / "reports").rglob("*")) | set(ROOT.iterdir())) - before
    if ran.code not in CODES:
        return f"exit code {ran.code}"
    if "意外的" in said or "unforeseen" in said:
        return ran.err[-300:]
    if any(each < " " and each != "\n" for each in ran.err):
        return f"control characters in {ran.err[-200:]!r}"
    if took > SECONDS:
        return f"{took:.0f} s"
    if len(ran.err.splitlines()) > LINES:
        return f"{len(ran.err.splitlines())} lines of complaint"
    if stray:
        return f"wrote {sorted(map(str, stray))[:3]}"
    return None


def run_cases(make: Callable[[random.Random, Path], list[object]], tmp_path: Path, first: int) -> None:
    """Every case of a family; fails with the seed and the words of each that is not foreseen."""
    wrong = []
    for seed in range(first, first + CASES):
        place = tmp_path / "case"
        place.mkdir()
        words = make(random.Random(seed), place)  # noqa: S311 seeded on purpose
        fault = foreseen(words, place)
        if fault is not None:
            wrong.append(f"{seed}: {' '.join(map(str, words))[-160:]!r}: {fault}")
        shutil.rmtree(place)
    assert not wrong, "\n".join(wrong[:20])


SMALL = """# A small report of two names.
title = "算力底座"
house = "国联证券"
sector = "通信"
market = "a_share"
scale = "guolian"
benchmark = "000300.SH"
published = 2024-04-14
published_basis = "printed"
[rating]
industry = "强于大市"
change = "maintained"
[industry_index]
symbol = "801770.SI"
name = "申万通信"
name_en = "SW Telecom"
[[buckets]]
id = "operators"
name = "运营商"
name_en = "Operators"
[[buckets]]
id = "cw"
name = "CW 光源"
name_en = "CW light sources"
[[candidates]]
symbol = "600941.SH"
name = "中国移动"
name_en = "China Mobile"
bucket = "operators"
[[candidates]]
symbol = "688498.SH"
name = "源杰科技"
name_en = "Yuanjie"
bucket = "cw"
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, closes_folder: Path) -> Path:
    """Sound inputs, small: thesis, scale, a folder of prices, a whole-market file, a list of ratings."""
    place = tmp_path_factory.mktemp("sound")
    (place / "small.toml").write_text(SMALL, "utf-8")
    shutil.copytree(ROOT / "themes" / "scales", place / "scales")
    folder = place / "prices"
    shutil.copytree(closes_folder, folder)
    for path in (folder / "raw").iterdir():
        if path.stem not in ("600941", "688498"):
            path.unlink()
    frames = [pd.read_csv(path).assign(code=path.stem) for path in sorted((closes_folder / "raw").iterdir())]
    market = pd.concat(frames)[["date", "code", "close"]].assign(date=lambda found: pd.to_datetime(found["date"]))
    (place / "market").mkdir()
    shutil.copytree(folder / "index", place / "market" / "index")
    market.to_parquet(place / "market" / "market_close.parquet", index=False)
    rows = [f"{each:03},{code}.SH,2024-0{1 + each % 8}-1{each % 9},买入,国联证券" for each in range(20) for code in ("600941",)]
    (place / "ratings.csv").write_text("\n".join(["rating_id,symbol,published,rating,house", *rows, ""]), "utf-8")
    return place


def one_of(folder: Path, draw: random.Random) -> Path:
    """A file of a folder, any of its rooms."""
    return draw.choice(sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size))


def commands(thesis: Path, draw: random.Random) -> Iterator[list[object]]:
    """What people run on a thesis."""
    yield ["thesis", "check", thesis]
    yield ["outcome", thesis, "--quick", "--json"]
    yield ["weekly", thesis, "--json"]
    yield ["screen", thesis, "--json"]
    yield ["outcome", thesis, "--quick", "--lang", "en", "--json"]


def test_a_spoilt_thesis_is_told_what_is_wrong(sound, tmp_path):
    def make(draw: random.Random, place: Path) -> list[object]:
        thesis = place / "spoilt.toml"
        thesis.write_bytes(spoil_text(SMALL, draw))
        return draw.choice(list(commands(thesis, draw)))

    run_cases(make, tmp_path, 0)


def test_a_spoilt_scale_is_told_what_is_wrong(sound, tmp_path):
    def make(draw: random.Random, place: Path) -> list[object]:
        (place / "scales").mkdir()
        chosen = draw.choice(sorted((sound / "scales").glob("*.toml")))
        scale = place / "scales" / chosen.name
        scale.write_bytes(spoil_text(chosen.read_text("utf-8"), draw))
        thesis = place / "small.toml"
        thesis.write_text(SMALL.replace('"guolian"', f'"{chosen.stem}"'), "utf-8")
        return draw.choice([["scales", "check", scale], ["outcome", thesis, "--quick", "--json"], ["weekly", thesis, "--json"]])

    run_cases(make, tmp_path, 1_000)


@pytest.mark.parametrize("first", [2_000, 3_000])
def test_a_spoilt_folder_of_prices_is_told_what_is_wrong(sound, tmp_path, first):
    def make(draw: random.Random, place: Path) -> list[object]:
        folder = place / "prices"
        shutil.copytree(sound / "prices", folder)
        path = one_of(folder, draw)
        path.write_bytes(spoil_text(path.read_text("utf-8"), draw))
        if draw.random() < 0.1:
            path.rename(path.with_name(draw.choice(["x.csv", "6009.csv", "600941.SH.csv", "中国移动.csv", "600941.xlsx"])))
        words = draw.choice([["outcome", "--quick"], ["weekly"], ["screen"], ["prices", "check", folder]])
        thesis = [] if words[0] == "prices" else [sound / "small.toml", "--prices", folder, "--json"]
        return [words[0], *thesis, *words[1:]]

    run_cases(make, tmp_path, first)


def test_a_spoilt_market_file_is_told_what_is_wrong(sound, tmp_path):
    frame = pd.read_parquet(sound / "market" / "market_close.parquet")

    def make(draw: random.Random, place: Path) -> list[object]:
        folder = place / "market"
        shutil.copytree(sound / "market", folder)
        path = folder / "market_close.parquet"
        spoil_frame(frame, draw).to_parquet(path, index=False)
        if draw.random() < 0.2:
            data = path.read_bytes()
            at = draw.randrange(len(data))
            path.write_bytes(data[:at] + (b"" if draw.random() < 0.5 else draw.randbytes(4) + data[at + 4 :]))
        return draw.choice(
            [
                ["outcome", sound / "small.toml", "--quick", "--json", "--prices", folder],
                ["weekly", sound / "small.toml", "--json", "--prices", folder],
                ["screen", "--universe", "a-shares", "--prices", folder, "--json"],
                ["grade", sound / "ratings.csv", "--prices", folder, "--out", place / "o.parquet", "--json"],
                ["prices", "check", folder],
            ]
        )

    run_cases(make, tmp_path, 4_000)


def test_a_spoilt_list_of_ratings_is_told_what_is_wrong(sound, tmp_path):
    frame = pd.read_csv(sound / "ratings.csv", dtype=str)

    def make(draw: random.Random, place: Path) -> list[object]:
        if draw.random() < 0.5:
            path = place / "r.csv"
            path.write_bytes(spoil_text((sound / "ratings.csv").read_text("utf-8"), draw))
        else:
            path = place / "r.parquet"
            spoil_frame(frame, draw).to_parquet(path, index=False)
        return ["grade", path, "--prices", "snapshot", "--out", place / "o.parquet", "--json"]

    run_cases(make, tmp_path, 5_000)


def test_an_odd_option_is_told_what_is_wrong(tmp_path):
    def make(draw: random.Random, place: Path) -> list[object]:
        command = draw.choice(list(OPTIONS))
        words: list[object] = [command, "--json", *(["--quick"] if command == "outcome" else [])]
        for option in draw.sample(OPTIONS[command], draw.randint(1, 2)):
            words += [option, draw.choice([each for each in HOSTILE if "\x00" not in each])]
        return words

    run_cases(make, tmp_path, 6_000)


def test_a_spoilt_report_gives_a_draft_or_a_sentence(tmp_path):
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "tests" / "reports").glob("*.md"))]

    def make(draw: random.Random, place: Path) -> list[object]:
        report = place / draw.choice(["r.txt", "r.md", "r.pdf", "r.docx"])
        report.write_bytes(spoil_text(draw.choice(texts), draw))
        return ["thesis", "draft", report, "--out", place / "t.toml"]

    run_cases(make, tmp_path, 7_000)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small store of invented prices, priced as the small thesis's names."""
    place = tmp_path_factory.mktemp("stored") / "store"
    make_store(place, {"600941.SH": MARKET[SPLIT], "688498.SH": MARKET[HALTED], "600003.SH": MARKET[UNKNOWN]})
    return place


def test_a_spoilt_store_is_told_what_is_wrong_and_loses_nothing_sound(sound, stored, tmp_path):
    def make(draw: random.Random, place: Path) -> list[object]:
        store = place / "store"
        shutil.copytree(stored, store)
        path = one_of(store, draw)
        if path.suffix == ".parquet" and draw.random() < 0.5:
            frame = pd.read_parquet(path)
            spoil_frame(frame, draw).to_parquet(path)
        elif path.suffix == ".parquet":
            data = path.read_bytes()
            path.write_bytes(data[: draw.randrange(len(data))] + draw.randbytes(draw.randrange(9)))
        else:
            path.write_bytes(spoil_text(path.read_text("utf-8"), draw))
        thesis = sound / "small.toml"
        words = draw.choice(
            [["outcome", thesis, "--quick"], ["weekly", thesis], ["screen", "--universe", "a-shares"], ["screen", thesis]]
        )
        checks = [["store", "check"], ["store", "check", "--repair"], ["doctor"]]
        if draw.random() < 0.3:
            return [*draw.choice(checks), "--store", store]
        return [*words, "--prices", "store", "--store", store, "--json"]

    run_cases(make, tmp_path, 8_000)
