"""The local store: what is written can be read, nothing is ever half there, one writer, versions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import threading

import pandas as pd
import pyarrow.parquet as pq
import pytest

from screener.store.files import StoreError
from screener.store.manifest import VERSION, Manifest
from screener.store.rows import Actions
from screener.store.source import StoreSource
from screener.store.store import Store
from screener.terms.notes import Gap, ScreenerError
from tests.conftest import ROOT, THESIS, run_screener
from tests.stored import END, NOW, actions_of, bars_of, fill_store, small_bars

LEFT = "600050.SH"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def write(store, symbol=LEFT, closes=(5.0, 5.1)):
    with store.writing(now=NOW):
        store.write_bars(symbol, small_bars(list(closes)))


def test_bars_come_back_as_they_were_stored(store):
    bars = small_bars([5.0, 5.05, 5.1])
    with store.writing(now=NOW):
        store.write_bars(LEFT, bars)
    back = store.read_bars(LEFT)
    pd.testing.assert_frame_equal(back.rows, bars.rows, check_dtype=False)
    assert (back.asked_from, back.silent_to) == (dt.date(2025, 6, 3), None)
    assert store.span(LEFT) == (dt.date(2025, 6, 3), dt.date(2025, 6, 5))


def test_a_stored_file_has_the_columns_of_the_contract_and_plain_dates(store):
    write(store)
    schema = pq.read_schema(store.folder / "bars" / f"{LEFT}.parquet")
    assert schema.names == ["session", "open", "high", "low", "close", "volume", "amount", "source", "fetched_at"]
    assert str(schema.field("session").type) == "date32[day]"


def test_actions_come_back_with_their_mismatches_and_none_differs_from_never_read(store):
    gap = Gap("action_mismatch", "actions_mismatch", {"symbol": LEFT, "days": "2025-06-27", "day": dt.date(2025, 6, 27)})
    rows = pd.DataFrame(
        {"ex_date": pd.to_datetime(["2025-06-27"]), "cash_per_share": [0.06], "split_ratio": [1.0], "source": ["a"]}
    )
    assert store.read_actions(LEFT) is None
    with store.writing(now=NOW):
        store.write_actions(LEFT, Actions(rows, END, ("b",), {dt.date(2025, 6, 27): gap}))
        store.write_actions("688702.SH", Actions(rows.iloc[:0], END))
    back = store.read_actions(LEFT)
    assert back.mismatches == {dt.date(2025, 6, 27): gap}
    assert (back.checked, back.checked_to) == (("b",), END)
    assert list(back.rows["cash_per_share"]) == [0.06]
    assert store.read_actions("688702.SH").rows.empty


def test_the_manifest_says_source_span_time_rows_and_hash_of_every_symbol(store):
    write(store)
    manifest = json.loads((store.folder / "manifest.json").read_text())
    assert manifest["version"] == VERSION
    entry = manifest["symbols"][LEFT]
    digest = hashlib.sha256((store.folder / "bars" / f"{LEFT}.parquet").read_bytes()).hexdigest()
    assert entry["source"] == "eastmoney"
    assert (entry["first"], entry["last"], entry["rows"]) == ("2025-06-03", "2025-06-04", 2)
    assert (entry["fetched_at"], entry["sha256"]) == ("2025-07-01T09:00:00Z", digest)


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store):
    write(store)
    path = store.folder / "manifest.json"
    path.write_text(path.read_text().replace(f'"version": {VERSION}', f'"version": {VERSION + 1}'))
    before = {each: each.read_bytes() for each in store.folder.rglob("*.parquet")}
    with pytest.raises(StoreError) as refused:
        StoreSource(store, today=END)
    assert refused.value.code == "store_newer"
    with pytest.raises(StoreError), store.writing(now=NOW):
        pytest.fail("a newer store must not be opened for writing")
    assert {each: each.read_bytes() for each in store.folder.rglob("*.parquet")} == before


@pytest.mark.parametrize("manifest", [None, "{}", "not json", '{"version": 0, "symbols": {"600050.SH": {"rows": 99}}}'])
def test_a_store_from_before_versions_gets_its_manifest_from_its_files(store, manifest):
    write(store)
    path = store.folder / "manifest.json"
    path.unlink() if manifest is None else path.write_text(manifest)
    with store.writing(now=NOW):
        pass
    assert json.loads(path.read_text())["version"] == VERSION
    assert store.entries()[LEFT]["rows"] == 2


def test_a_file_that_was_replaced_just_before_a_kill_enters_the_manifest_at_the_next_start(store, monkeypatch):
    write(store)
    monkeypatch.setattr(Manifest, "save", lambda self: None)  # the kill
    write(store, closes=(5.0, 5.1, 5.2))
    monkeypatch.undo()
    assert store.entries()[LEFT]["rows"] == 2
    assert len(Store(store.folder).read_bars(LEFT).rows) == 3
    own, others = (store.folder / "bars" / name for name in (f".{LEFT}.parquet.ab_1x9q0.part", ".x.parquet.ab_1x9q0.part"))
    for path in (own, others, store.folder / ".someone.tmp"):
        path.write_bytes(b"half")
    with store.writing(now=NOW):
        assert store.entries()[LEFT]["rows"] == 3
    assert not own.exists()
    assert others.exists()
    assert (store.folder / ".someone.tmp").exists()


def aside(store):
    return sorted(path.name.split("Z-", 1)[1] for path in (store.folder / "quarantine").glob("unreadable-*"))


def test_a_file_that_does_not_open_is_a_gap_when_read_and_set_aside_by_the_next_writer(store, bundled):
    write(store)
    write(store, "601728.SH")
    path = store.folder / "bars" / f"{LEFT}.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    prices = StoreSource(store, today=END).load([LEFT, "601728.SH"], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, 4))
    assert (prices.gaps[LEFT].code, prices.gaps[LEFT].reason) == ("bad_data", "store_unreadable")
    assert prices.close["601728.SH"].tolist() == [5.0, 5.1]
    with store.writing(now=NOW):
        pass
    assert store.symbols() == ("601728.SH",)
    assert aside(store) == [f"{LEFT}.parquet"]
    assert [note.code for note in store.mended] == ["store_unreadable", "store_set_aside"]


NO_ACTIONS = Actions(
    pd.DataFrame({"ex_date": pd.to_datetime([]), "cash_per_share": [], "split_ratio": [], "source": []}).astype(
        {"ex_date": "datetime64[s]", "cash_per_share": float, "split_ratio": float}
    ),
    END,
    ("a", "b"),
)


def two_names(store):
    with store.writing(now=NOW):
        for symbol, close in ((LEFT, 5.0), ("601728.SH", 7.0)):
            store.write_actions(symbol, NO_ACTIONS)
            store.write_bars(symbol, small_bars([close, close]))
    return store


def test_files_that_changed_places_are_refused_by_the_symbol_in_them_and_set_aside(store):
    for part in ("bars", "actions"):
        two_names(store)
        one, other = (store.folder / part / f"{symbol}.parquet" for symbol in (LEFT, "601728.SH"))
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)
        with pytest.raises(StoreError) as refused:
            Store(store.folder).read_bars(LEFT) if part == "bars" else Store(store.folder).read_actions(LEFT)
        assert (refused.value.code, refused.value.params["found"]) == ("store_swapped", "601728.SH")
        source = StoreSource(Store(store.folder), today=END)
        prices = source.load([LEFT, "601728.SH"], start=dt.date(2025, 6, 3), end=dt.date(2025, 6, 4))
        assert {gap.reason for gap in prices.gaps.values()} == {"store_swapped"}


def test_a_file_with_another_content_than_the_manifest_knows_is_refused(store):
    two_names(store)
    for part in ("bars", "actions"):
        path = store.folder / part / f"{LEFT}.parquet"
        table = pq.read_table(path)
        pq.write_table(table, path)  # the same rows, the same metadata, another writer
        fresh = Store(store.folder)
        with pytest.raises(StoreError) as refused:
            fresh.read_bars(LEFT) if part == "bars" else fresh.read_actions(LEFT)
        assert refused.value.code == "store_changed"


def test_bars_stay_where_actions_do_not_open_and_earlier_copies_are_kept(store):
    two_names(store)
    for count in (1, 2):
        path = store.folder / "actions" / f"{LEFT}.parquet"
        path.write_bytes(b"PAR1" + bytes([count]) * 50)
        with store.writing(now=NOW):
            assert store.read_actions(LEFT) is None
            store.write_actions(LEFT, NO_ACTIONS)
        assert store.symbols() == (LEFT, "601728.SH")
        assert len(aside(store)) == count


def test_copies_of_a_cloud_folder_are_named_and_never_read(store):
    two_names(store)
    copy = store.folder / "bars" / f"{LEFT} (冲突副本 2025-07-01).parquet"
    copy.write_bytes((store.folder / "bars" / f"{LEFT}.parquet").read_bytes())
    assert store.symbols() == (LEFT, "601728.SH")
    with store.writing(now=NOW):
        pass
    assert [(note.code, note.params["file"]) for note in store.mended] == [("store_stray", f"bars/{copy.name}")]
    assert copy.exists()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"version": "x"}',
        '{"version": true}',
        '{"version": -1}',
        '{"symbols": 3}',
        '{"symbols": {"a": 1}}',
        "[]",
    ],
)
def test_a_manifest_that_cannot_be_is_named_and_made_anew_and_the_rest_goes_on(store, text):
    two_names(store)
    (store.folder / "manifest.json").write_text(text)
    fresh = Store(store.folder)
    assert fresh.fault().code == "manifest_unreadable"
    assert len(fresh.read_bars(LEFT).rows) == 2
    with fresh.writing(now=NOW):
        pass
    assert (fresh.fault(), fresh.entries()[LEFT]["rows"]) == (None, 2)


def test_a_reader_in_the_middle_of_a_file_is_not_disturbed_by_its_replacement(store):
    write(store)
    path = store.folder / "bars" / f"{LEFT}.parquet"
    whole = path.read_bytes()
    with path.open("rb") as reader:
        head = reader.read(100)
        write(store, closes=(5.0, 5.1, 5.2))
        assert head + reader.read() == whole
    assert len(store.read_bars(LEFT).rows) == 3


def test_a_second_writer_waits_and_then_says_who_holds_the_store(store):
    with store.writing(now=NOW), pytest.raises(StoreError) as refused, Store(store.folder).writing(wait=0.2, now=NOW):
        pytest.fail("two writers at once")
    assert refused.value.code == "store_locked"
    assert refused.value.params["pid"] == os.getpid()
    assert refused.value.params["since"] == "2025-07-01T09:00:00Z"


def test_a_second_writer_gets_its_turn_when_the_first_is_done(store):
    held, entered = threading.Event(), []

    def hold():
        with store.writing(now=NOW):
            held.set()
            release.wait(5)

    release = threading.Event()
    first = threading.Thread(target=hold)
    first.start()
    assert held.wait(5)
    threading.Timer(0.2, release.set).start()
    with Store(store.folder).writing(wait=5, now=NOW):
        entered.append(True)
    first.join()
    assert entered


def test_what_is_refused_is_kept_with_the_reason_and_the_first_bytes(store):
    rows = pd.DataFrame({"session": ["2025-06-03"], "close": [-1.0]})
    with store.writing(now=NOW):
        store.quarantine.keep(
            LEFT, source="sina", reason="door_rows", detail="why", excerpt=b"<html>" * 100, rows=rows, now=NOW
        )
    record = json.loads(store.quarantine.refusals()[0].read_text())
    assert (record["symbol"], record["source"], record["reason"]) == (LEFT, "sina", "door_rows")
    assert record["first_bytes"] == ("<html>" * 100)[:200]
    assert "-1.0" in next((store.folder / "quarantine").glob("*.csv")).read_text()


def test_a_symbol_cannot_name_a_file_outside_the_store(store):
    with pytest.raises(ScreenerError), store.writing(now=NOW):
        store.write_bars("../../evil.SH", small_bars([5.0]))


SCRIPT = """
import resource
from pathlib import Path
from screener.store.store import Store, StoreError
from tests.stored import NOW, small_bars
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    store = Store(Path({folder!r}))
    with store.writing(now=NOW):
        store.write_bars("600050.SH", small_bars([5 + i / 100 for i in range(140)]))
except StoreError as error:
    print(error.code, error.text("en"))
"""


@pytest.mark.slow
def test_a_full_disk_is_a_clear_error_and_loses_nothing(store):
    write(store)
    before = (store.folder / "bars" / f"{LEFT}.parquet").read_bytes()
    script = SCRIPT.format(folder=str(store.folder))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith("store_write_failed"), done.stderr
    assert "what was stored is unchanged" in done.stdout
    assert (store.folder / "bars" / f"{LEFT}.parquet").read_bytes() == before
    assert not list(store.folder.rglob("*.part"))


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill_up(store):
    with store.writing(now=NOW):
        for code in range(600000, 600100):
            store.write_bars(f"{code}.SH", small_bars([5 + at / 100 for at in range(140)]))


def test_a_disk_that_fills_up_keeps_every_file_that_was_there(tiny_disk):
    store = Store(tiny_disk / "store")
    write(store)
    with pytest.raises(StoreError) as full:
        fill_up(store)
    assert full.value.code == "store_write_failed"
    assert len(store.symbols()) > 2
    assert all(store.read_bars(symbol) for symbol in store.symbols())


def test_a_read_only_store_is_a_clear_error_for_a_writer_and_no_matter_for_a_reader(tiny_disk):
    store = Store(tiny_disk / "store")
    write(store)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StoreError) as refused, store.writing(now=NOW):
        pytest.fail("a read-only store was opened for writing")
    assert refused.value.code == "store_not_writable"
    assert len(store.read_bars(LEFT).rows) == 2


def load(store, symbols, today=END):
    return StoreSource(store, today=today).load(symbols, start=dt.date(2025, 5, 6), end=END)


def test_unknown_actions_are_flagged_and_actions_known_up_to_a_day_break_total_after_it(store, market_folder):
    with store.writing(now=NOW):
        store.write_bars(LEFT, bars_of(market_folder, LEFT))
        store.write_bars("601728.SH", bars_of(market_folder, "601728.SH"))
        store.write_actions("601728.SH", actions_of(market_folder, "601728.SH", checked_to=dt.date(2025, 6, 12)))
    prices = load(store, [LEFT, "601728.SH"])
    assert prices.flags[LEFT] == ("actions_unknown",)
    assert list(prices.total_breaks["601728.SH"]) == [dt.date(2025, 6, 13)]
    assert prices.total_breaks["601728.SH"][dt.date(2025, 6, 13)].reason == "actions_unchecked_since"


@pytest.mark.parametrize(("ratio", "both"), [(1.0, False), (float("nan"), True)])
def test_a_stored_mismatch_breaks_total_and_an_unknown_ratio_breaks_both_series(store, market_folder, ratio, both):
    day = dt.date(2025, 6, 27)
    gap = Gap("action_mismatch", "actions_mismatch", {"symbol": LEFT, "days": str(day), "day": day})
    rows = pd.DataFrame(
        {"ex_date": [pd.Timestamp(day)], "cash_per_share": [float("nan")], "split_ratio": [ratio], "source": ["a"]}
    )
    with store.writing(now=NOW):
        store.write_bars(LEFT, bars_of(market_folder, LEFT))
        store.write_actions(LEFT, Actions(rows, END, ("b",), {day: gap}))
    prices = load(store, [LEFT])
    found = prices.breaks if both else prices.total_breaks
    assert found[LEFT][day] == gap
    assert (LEFT in prices.breaks) is both


def test_the_age_of_the_store_is_counted_in_sessions_against_the_calendar(store, market_folder):
    fill_store(store, market_folder, ("000300.SH", LEFT, "688313.SH"))
    assert load(store, ["000300.SH", LEFT, "688313.SH"]).stale is None
    assert load(store, ["000300.SH", LEFT], today=dt.date(2025, 7, 1)).stale.params["sessions"] == 1
    week_later = load(store, ["000300.SH"], today=dt.date(2025, 7, 6)).stale
    assert (week_later.code, week_later.params["sessions"], week_later.params["due"]) == ("stale", 4, dt.date(2025, 7, 4))


def test_a_calendar_that_has_ended_is_said_and_later_days_are_not_taken_for_holidays(store, market_folder):
    fill_store(store, market_folder, ("000300.SH",))
    prices = load(store, ["000300.SH"], today=dt.date(2027, 1, 5))
    assert "calendar_ended" in [note.code for note in prices.notes]
    assert prices.stale.params["due"] == dt.date(2026, 12, 31)


@pytest.mark.slow
def test_a_store_that_is_behind_ends_in_exit_code_3_and_says_how_far(tmp_path, market_folder, bundled):
    thesis, scale = bundled
    fill_store(Store(tmp_path / "store"), market_folder, thesis.symbols(scale))
    args = ("--prices", "store", "--store", tmp_path / "store", "--published", "2024-04-14", "--as-of", "2025-06-30")
    ran = run_screener("outcome", THESIS, *args, "--json")
    assert ran.code == 3
    stale = [gap for gap in ran.json["gaps"] if gap["code"] == "stale"]
    assert [gap["subject"] for gap in stale] == ["prices"]
    assert "2025-06-30" in stale[0]["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("lacking", [None, "931160.CSI"])
def test_auto_takes_the_store_only_if_it_covers_the_thesis_and_says_which(tmp_path, market_folder, bundled, lacking):
    thesis, scale = bundled
    symbols = tuple(symbol for symbol in thesis.symbols(scale) if symbol != lacking)
    fill_store(Store(tmp_path / "store"), market_folder, symbols)
    ran = run_screener("outcome", THESIS, "--store", tmp_path / "store", "--as-of", "2025-06-30", "--json")
    assert ran.json["prices"]["kind"] == ("snapshot" if lacking else "store")
    note = ran.json["prices"]["notes"][0]
    assert note.startswith("--prices auto")
    assert lacking is None or lacking in note


@pytest.mark.slow
def test_without_a_store_auto_is_the_snapshot_and_store_is_a_clear_error(tmp_path):
    ran = run_screener("outcome", THESIS, "--store", tmp_path / "none", "--as-of", "2025-06-30", "--json")
    assert (ran.code, ran.json["prices"]["kind"]) == (0, "snapshot")
    refused = run_screener("outcome", THESIS, "--prices", "store", "--store", tmp_path / "none", "--lang", "en")
    assert refused.code == 1
    assert "screener update" in refused.err
