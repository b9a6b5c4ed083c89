"""`screener store check`: what a store holds, what is wrong, and that a repair touches nothing else."""

from __future__ import annotations

import random

import pytest

from screener.store.store import Store
from tests.conftest import run_screener
from tests.store.test_store import NO_ACTIONS
from tests.stored import NOW, small_bars

SYMBOLS = ("600050.SH", "601728.SH", "002281.SZ")


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    with store.writing(now=NOW):
        for at, symbol in enumerate(SYMBOLS):
            store.write_actions(symbol, NO_ACTIONS)
            store.write_bars(symbol, small_bars([5.0 + at, 5.1 + at]))
    return store


def check(store, *args):
    return run_screener("store", "check", "--store", store.folder, *args)


def test_a_sound_store_is_said_to_be_so(store):
    ran = check(store, "--json")
    assert (ran.code, ran.json["wrong"], ran.json["held"]) == (0, [], {"bars": 3, "actions": 3, "shares": 0, "valuations": 0})
    assert (ran.json["first"], ran.json["last"]) == ("2025-06-03", "2025-06-04")
    assert check(store, "--lang", "en").out.rstrip().endswith("SHA-256 say.")


def test_without_a_store_there_is_one_line_that_says_what_to_do(tmp_path):
    ran = run_screener("store", "check", "--store", tmp_path / "none", "--lang", "en")
    assert ran.code == 1
    assert "screener update" in ran.err


def spoil(path, chance):
    data = bytearray(path.read_bytes())
    kind = chance.choice(["cut", "flip", "empty", "garbage"])
    if kind == "flip":
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
    path.write_bytes({"cut": data[: chance.randrange(len(data))], "flip": data, "empty": b"", "garbage": b"x" * 99}[kind])


@pytest.mark.slow
def test_thirty_damaged_stores_lose_the_damaged_file_and_nothing_else(store):
    chance = random.Random(20250630)
    whole = {path: path.read_bytes() for path in store.folder.rglob("*.parquet")}
    for _ in range(30):
        for path, data in whole.items():
            path.write_bytes(data)
        with Store(store.folder).writing(now=NOW):
            pass
        hit = chance.choice([path for path in whole if path.parent.name in ("bars", "actions")])
        spoil(hit, chance)
        if hit.read_bytes() == whole[hit]:
            continue
        name = f"{hit.parent.name}/{hit.name}"
        found = check(store, "--json")
        assert found.code == 3
        assert len(found.json["wrong"]) == 1
        assert hit.name in found.json["wrong"][0]["text"], name
        repaired = check(store, "--repair", "--json")
        assert [each["code"] for each in repaired.json["done"]][1:] == ["store_set_aside"]
        assert not hit.exists()
        assert all(path.read_bytes() == data for path, data in whole.items() if path != hit)
        assert check(store, "--json").json["wrong"] == []
