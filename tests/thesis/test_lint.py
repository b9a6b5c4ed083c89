"""Every fault of a thesis or scale file is named with file, line, field, value and remedy, all at once."""

from __future__ import annotations

import datetime as dt
import tomllib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.thesis.check import check_scale_text, check_thesis_text
from screener.thesis.library import Library, bundled_folder, open_library
from tests.conftest import ROOT, THESIS, run_screener

TODAY = dt.date(2026, 11, 25)
SOURCE = (bundled_folder() / f"{THESIS}.toml").read_text("utf-8")
SCALE = (bundled_folder() / "scales" / "guolian.toml").read_text("utf-8")
FILE = f"{THESIS}.toml"


def line_of(text: str, part: str, nth: int = 1) -> int:
    """The number of the nth line that holds `part`."""
    return [number for number, line in enumerate(text.split("\n"), start=1) if part in line][nth - 1]


def check(text: str | bytes, scale: str = SCALE):
    data = text if isinstance(text, bytes) else text.encode()
    found = check_thesis_text(
        data, file=FILE, slug=THESIS, find_scale=lambda name: (scale.encode(), "scales/guolian.toml"), today=TODAY
    )
    return found[2]


def is_harmless(text: str) -> bool:
    """Whether no character of `text` is a control, format, private or unassigned one (Unicode category C)."""
    return not any(unicodedata.category(each).startswith("C") for each in text)


def places(problems) -> list[tuple]:
    return [(each.file, each.line, each.field, each.value, each.code) for each in problems]


def edited(old: str, new: str) -> str:
    assert old in SOURCE
    return SOURCE.replace(old, new, 1)


def appended(text: str) -> str:
    return f"{SOURCE}\n{text}\n"


def test_the_bundled_thesis_has_no_problem():
    assert check(SOURCE) == ()


@pytest.mark.parametrize("text", [SOURCE.replace("\n", "\r\n"), "\ufeff" + SOURCE])
def test_line_ends_of_windows_and_a_byte_order_mark_do_no_harm(text):
    assert check(text) == ()


def test_an_unknown_key_is_named_with_its_line():
    text = edited("title_en", "titel_en")
    assert places(check(text)) == [(FILE, 3, "titel_en", "Building the compute base for AI", "key_unknown")]


def test_an_unknown_key_of_a_candidate_is_named_with_its_place_in_the_list():
    text = edited('name_en = "Taclink"', 'englisch = "Taclink"')
    assert places(check(text)) == [(FILE, line_of(text, "englisch"), "candidates[8].englisch", "Taclink", "key_unknown")]


def test_the_code_of_another_company_is_named_with_whose_it_is_and_the_right_one():
    text = edited("688205.SH", "301205.SZ")
    (problem,) = check(text)
    assert places([problem]) == [(FILE, line_of(text, "301205.SZ"), "candidates[8].symbol", "301205.SZ", "symbol_of_other")]
    assert problem.text("zh") == "301205.SZ 是联特科技；德科立是 688205.SH"
    assert problem.text("en") == "301205.SZ is 联特科技; 德科立 is 688205.SH"


def test_a_code_that_no_list_has_is_set_right_by_the_name():
    (problem,) = check(edited("688205.SH", "688206.SH"))
    assert problem.code == "name_has_other_symbol"
    assert "688205.SH" in problem.text("en")


def test_the_marks_of_an_exchange_make_no_other_name():
    assert check(edited('name = "盛科通信-U"', 'name = "盛科通信"')) == ()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("688205", "bare_number"),
        ('"688205.SZ"', "bad_symbol"),
        ('"688205.sh"', "bad_symbol"),
        ('"６８８２０５.SH"', "bad_symbol"),
        ('"688205.SH; rm -rf /"', "bad_symbol"),
        ("688205.5", "bare_number"),
        ("true", "text_wanted"),
        ("[]", "text_wanted"),
    ],
)
def test_a_code_must_be_text_with_its_exchange(value, code):
    text = edited('"688205.SH"', value)
    problems = [each for each in check(text) if each.field == "candidates[8].symbol"]
    assert [(each.line, each.code) for each in problems] == [(line_of(text, f"symbol = {value}"), code)]


@pytest.mark.parametrize(("value", "name"), [('"688205"', "德科立"), ('"sh688205"', "德科立"), ('"德科立"', "德科立")])
def test_a_code_without_its_exchange_or_a_name_is_understood_where_it_means_one_security(value, name):
    assert check(edited('"688205.SH"', value)) == ()


def test_a_former_name_stands_for_the_security_and_another_s_name_is_a_problem():
    former = '[[candidates]]\nname = "双林生物"\nbucket = "aidc"'
    assert check(appended(former)) == ()
    twice = check(appended('[[candidates]]\nsymbol = "300308.SZ"\nname = "双林生物"\nbucket = "aidc"'))
    assert [(each.code, each.params["right"]) for each in twice if each.code == "name_has_other_symbol"] == [
        ("name_has_other_symbol", "000403.SZ")
    ]
    asked = check(appended('[[candidates]]\nname = "安德利"\nbucket = "aidc"'))
    assert "security_ambiguous" in {each.code for each in asked}


def test_a_bare_code_with_a_leading_zero_is_a_syntax_error_that_says_what_to_do():
    text = edited('"002281.SZ"', "002281")
    (problem,) = check(text)
    assert (problem.line, problem.code, problem.value) == (line_of(text, "symbol = 002281"), "toml_syntax", "symbol = 002281")
    assert "quotes" in problem.text("en")


def test_a_name_in_two_buckets_is_named_with_the_first_bucket():
    text = appended('[[candidates]]\nsymbol = "688205.SH"\nname = "德科立"\nbucket = "aidc"')
    first = line_of(text, '"688205.SH"')
    problems = check(text)
    assert [(each.field, each.code) for each in problems] == [
        ("candidates[11].symbol", "in_two_buckets"),
        ("candidates[11].name", "in_two_buckets"),
    ]
    assert f"(line {first})" in problems[0].text("en")
    assert "otn_400g" in problems[0].text("en")


def test_a_name_twice_in_one_bucket_is_a_duplicate():
    text = appended('[[candidates]]\nsymbol = "688205.SH"\nname = "德科立"\nbucket = "otn_400g"')
    assert {each.code for each in check(text)} == {"duplicate"}


def test_a_bucket_id_twice_is_a_duplicate():
    text = appended('[[buckets]]\nid = "aidc"\nname = "x"\nname_en = "x"')
    assert ("buckets[6].id", "aidc", "duplicate") in [(each.field, each.value, each.code) for each in check(text)]


def test_an_empty_bucket_and_an_unknown_one_are_named():
    text = edited('bucket = "aidc"', 'bucket = "adic"')
    assert places(check(text)) == [
        (FILE, line_of(text, 'id = "aidc"'), "buckets[5].id", "aidc", "bucket_empty"),
        (FILE, line_of(text, '"adic"'), "candidates[10].bucket", "adic", "bucket_unknown"),
    ]


def test_no_bucket_may_be_called_all():
    text = SOURCE.replace('"aidc"', '"all"')
    assert [each.code for each in check(text)] == ["bucket_reserved"]


@pytest.mark.parametrize(
    ("old", "new", "edge", "code"),
    [
        ("lower = 0.05", "lower = 0.06", "stock.bands[1].lower", "band_hole"),
        ("lower = 0.05", "lower = 0.04", "stock.bands[1].lower", "band_overlap"),
        ("upper = 0.20", "upper = 0.20\nupper_closed = true", "stock.bands[0].lower", "band_overlap"),
        ("lower = 0.20\nlower_closed = true", "lower = 0.20", "stock.bands[0].lower", "band_hole"),
        ("upper = -0.10\nupper_closed = true", "upper = -0.20\nupper_closed = true", "stock.bands[2].lower", "band_hole"),
        ("lower = 0.05", "lower = 0.30", "stock.bands[1].lower", "band_order"),
        ("lower = 0.05", "lower = nan", "stock.bands[1].lower", "band_order"),
        ("lower = 0.20", "lower = 20", "stock.bands[0].lower", "edge_not_fraction"),
        ('rating = "增持"', 'rating = "买入"', "stock.bands[0].lower", "band_duplicate"),
    ],
)
def test_bands_must_cover_every_excess_once(old, new, edge, code):
    scale = SCALE.replace(old, new, 1)
    problems = [each for each in check(SOURCE, scale) if each.code == code]
    assert problems, [each.code for each in check(SOURCE, scale)]
    assert problems[0].file == "scales/guolian.toml"
    assert problems[0].line is not None
    if code != "band_duplicate":
        assert problems[0].field == edge


def test_two_faults_of_one_ladder_are_both_named():
    scale = SCALE.replace("lower = 0.05", "lower = 0.06", 1).replace(
        "lower = -0.10\nupper = 0.05", "lower = -0.12\nupper = 0.05", 1
    )
    assert sorted(each.code for each in check(SOURCE, scale)) == ["band_hole", "band_overlap"]


def test_a_side_that_is_none_is_named_with_the_choices():
    scale = SCALE.replace('side = "hold"', 'side = "keep"', 1)
    (problem,) = check(SOURCE, scale)
    assert (problem.line, problem.field, problem.value) == (line_of(scale, "keep"), "stock.bands[2].side", "keep")
    assert "buy" in problem.text("en")


def test_a_window_must_run_forward():
    scale = SCALE.replace("to_months = 12", "to_months = 3")
    assert [each.code for each in check(SOURCE, scale)] == ["window_order"]


def test_a_benchmark_that_the_standard_does_not_name_for_the_market_is_named():
    text = edited('market = "a_share"', 'market = "a_share"\nbenchmark = "000905.SH"')
    assert places(check(text)) == [(FILE, line_of(text, "000905"), "benchmark", "000905.SH", "benchmark_unknown")]


def test_a_benchmark_of_another_market_is_none_of_this_one():
    text = edited('market = "a_share"', 'market = "hong_kong"\nbenchmark = "000300.SH"')
    assert ("benchmark", "000300.SH", "benchmark_unknown") in [(each.field, each.value, each.code) for each in check(text)]


def test_a_market_that_the_standard_does_not_have_is_named_with_those_it_has():
    (problem,) = check(edited('market = "a_share"', 'market = "moon"'))
    assert (problem.field, problem.value, problem.code) == ("market", "moon", "market_unknown")
    assert "hong_kong" in problem.text("zh")


@pytest.mark.parametrize(("key", "field"), [("industry", "rating.industry"), ("previous", "rating.previous")])
def test_a_rating_must_be_a_word_of_the_standard(key, field):
    text = edited(f'{key} = "强于大市"', f'{key} = "推荐"')
    assert places(check(text)) == [(FILE, line_of(text, '"推荐"'), field, "推荐", "rating_unknown")]


def test_dates_after_today_are_named():
    text = SOURCE.replace("2024-04-14", "2026-11-26").replace("2024-04-30", "2026-12-30")
    assert places(check(text)) == [(FILE, line_of(text, "2026-11-26"), "published", "2026-11-26", "date_in_future")]
    assert check(SOURCE.replace("2024-04-14", "2026-11-25").replace("2024-04-30", "2026-11-25")) == (), "today itself is not"


def test_a_future_date_in_quotes_is_named_too():
    assert "date_in_future" in [each.code for each in check(edited("published = 2024-04-14", 'published = "2099-04-14"'))]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("published = 2024-04-14", "published = 2024-05-14", "published_outside_range"),
        ("published_earliest = 2024-04-07\n", "", "inferred_needs_range"),
        ("date = 2024-04-06", "date = 2024-04-20", "related_after_publication"),
        ("published = 2024-04-14", "published = 2024-04-14T09:30:00", "date_wrong"),
        ("published = 2024-04-14", 'published = "14 April"', "date_wrong"),
        ("published = 2024-04-14\n", "", "key_missing"),
        ('published_basis = "inferred"', 'published_basis = "guessed"', "not_one_of"),
    ],
)
def test_dates_must_fit_each_other(old, new, code):
    assert code in [each.code for each in check(edited(old, new))]


def test_text_that_is_not_utf_8_stands_alone():
    assert places(check(SOURCE.encode("gb18030"))) == [(FILE, 2, "", "", "not_utf8")]


def test_a_syntax_error_stands_alone():
    text = edited('house = "国联证券"', "house = 国联证券").replace("688205.SH", "301205.SZ")
    assert places(check(text)) == [(FILE, 4, "", "house = 国联证券", "toml_syntax")]


def test_a_key_twice_is_a_syntax_error():
    (problem,) = check(edited('house = "国联证券"', 'house = "国联证券"\nhouse = "x"'))
    assert (problem.line, problem.code) == (5, "toml_syntax")


def test_every_fault_is_named_at_once():
    text = SOURCE.replace("688205.SH", "301205.SZ").replace('"002281.SZ"', "2281").replace('bucket = "aidc"', 'bucket = "adic"')
    text = text.replace("title_en", "titel_en").replace("published = 2024-04-14", "published = 2034-04-14")
    found = check(text, SCALE.replace("lower = 0.05", "lower = 0.06"))
    assert {each.code for each in found} == {
        "symbol_of_other", "bare_number", "bucket_unknown", "bucket_empty", "key_unknown",
        "date_in_future", "published_outside_range", "band_hole",
    }  # fmt: skip
    thesis_lines = [each.line for each in found if each.file == FILE]
    assert thesis_lines == sorted(thesis_lines), "in the order of the file"
    assert all(each.field and each.text("zh") and each.text("en") for each in found)


# Hostile text: nothing but a problem may come of it.


@pytest.mark.parametrize("depth", [13, 100, 400, 3000])
@pytest.mark.parametrize("brackets", [("[", "]"), ("{a=", "}")])
def test_huge_nesting_is_a_problem(depth, brackets):
    text = appended(f"x = {brackets[0] * depth}1{brackets[1] * depth}")
    assert [each.code for each in check(text)] in (["nested_too_deep"], ["toml_syntax"])
    assert check_scale_text(text.encode(), "x.toml")[0] is None


def test_a_zero_byte_is_a_problem():
    (problem,) = check(SOURCE.encode() + b"\x00")
    assert problem.code == "toml_syntax"
    assert "\x00" not in problem.line_text("en")


@pytest.mark.parametrize("escape", ["\\u001b[2J", "\\u0007", "\\u009b31m", "\\u202e", "\\u2066", "\\u0000", "\\u007f"])
def test_text_that_could_steer_a_terminal_is_refused_and_printed_harmlessly(escape):
    text = edited('house = "国联', f'house = "{escape}国联')
    (problem,) = check(text)
    assert (problem.line, problem.field, problem.code) == (4, "house", "control_character")
    for lang in ("zh", "en"):
        assert is_harmless(problem.line_text(lang))


def test_a_key_that_could_steer_a_terminal_is_printed_harmlessly():
    problems = check(appended('"\\u001b[31mx" = 1'))
    assert [each.code for each in problems] == ["key_unknown"]
    assert "\x1b" not in problems[0].line_text("en")


@pytest.mark.parametrize(
    "scale", ["../../../etc/passwd", "/etc/passwd", "guolian/../guolian", "", "..", "GUOLIAN", "guolian\\u0000"]
)
def test_a_path_is_no_scale(scale, tmp_path):
    (tmp_path / FILE).write_text(edited('scale = "guolian"', f'scale = "{scale}"'), "utf-8")
    thesis, found, problems = open_library().check(tmp_path / FILE, today=TODAY)
    assert found is None
    assert "scale_missing" in [each.code for each in problems]


@pytest.mark.parametrize("bucket", ["../x", "A", "1st", "a b", "a\\nb", "运营商"])
def test_a_bucket_id_is_a_plain_word(bucket):
    assert "pattern_wrong" in [each.code for each in check(edited('id = "aidc"', f'id = "{bucket}"'))]


def test_a_long_value_is_cut_in_the_message():
    (problem,) = check(edited('market = "a_share"', f'market = "{"x" * 100_000}"'))
    assert len(problem.line_text("en")) < 300


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidates = 3\nbuckets = 'x'",
        "candidates = [1, 2]\nbuckets = [[]]",
        "[rating]\n[stock]",
        "rating = 5",
        "[[title]]\nx=1",
    ],
)
def test_a_file_of_another_shape_is_a_list_of_problems(text):
    problems = check(text)
    assert {"key_missing"} <= {each.code for each in problems}


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(sorted(tomllib.loads(SOURCE))), value=VALUES)
def test_any_value_anywhere_is_judged_and_never_crashes(key, value):
    from screener.thesis.toml_text import toml_lines

    document = {**tomllib.loads(SOURCE), key: value}
    problems = check("\n".join(toml_lines(document)))
    assert all(each.file and each.text("zh") and is_harmless(each.line_text("en")) for each in problems)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[", b"a = ", b"\x1b]0;x\x07", bytes(range(256))])
def test_any_bytes_are_judged_and_never_crash(data):
    assert check(data)


def test_a_slug_that_is_a_path_is_refused():
    names = ("../x", "/etc/passwd", "a/b", "..", "x\x1b[2J", "A")
    done = run_screener("thesis", "check", *names, "--json")
    assert done.code == 2
    assert [each["code"] for each in done.json] == ["bad_slug"] * len(names)
    assert "\x1b" not in run_screener("thesis", "check", names[4]).out


def test_the_command_names_every_file_s_problems_and_exits_with_2(tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(edited("688205.SH", "301205.SZ"), "utf-8")
    second.write_bytes(SOURCE.encode("gb18030"))
    done = run_screener("thesis", "check", first, tmp_path / "missing.toml", second, THESIS, "--lang", "en")
    assert done.code == 2
    assert f"first.toml:{line_of(first.read_text('utf-8'), '301205.SZ')}" in done.out
    assert "missing.toml" in done.out
    assert "second.toml:2" in done.out
    assert "4 files, 3 problems" in done.out


def test_the_command_prints_problems_as_json(tmp_path):
    (tmp_path / "x.toml").write_text(edited("688205.SH", "301205.SZ"), "utf-8")
    done = run_screener("thesis", "check", tmp_path / "x.toml", "--json")
    assert done.code == 2
    (problem,) = done.json
    assert (problem["field"], problem["value"], problem["code"]) == ("candidates[8].symbol", "301205.SZ", "symbol_of_other")
    assert problem["level"] == "problem"
    assert "688205.SH" in problem["text"]


def test_a_scale_beside_the_thesis_goes_before_the_bundled_one(tmp_path):
    (tmp_path / "scales").mkdir()
    (tmp_path / "scales" / "guolian.toml").write_text(SCALE.replace("lower = 0.05", "lower = 0.06"), "utf-8")
    (tmp_path / FILE).write_text(SOURCE, "utf-8")
    problems = Library((bundled_folder(),)).check(tmp_path / FILE)[2]
    assert [(each.file, each.code) for each in problems] == [("scales/guolian.toml", "band_hole")]


def test_a_later_rating_before_the_report_or_of_another_scale_is_a_problem_with_its_line(tmp_path, bundled):
    path = tmp_path / "guolian-2024-ai-compute.toml"
    text = (ROOT / "themes" / "guolian-2024-ai-compute.toml").read_text("utf-8")
    change = '[[rating.changes]]\ndate = {}\nrating = "{}"\nsource = "later report"\n\n[industry_index]'
    path.write_text(text.replace("[industry_index]", change.format("2024-04-14", "中性"), 1), "utf-8")
    assert [each.code for each in open_library().check(path)[2]] == ["change_before_publication"]
    path.write_text(text.replace("[industry_index]", change.format("2024-06-14", "看好"), 1), "utf-8")
    (problem,) = open_library().check(path)[2]
    assert (problem.code, problem.field) == ("rating_unknown", "rating.changes[0].rating")
    assert problem.line == path.read_text("utf-8").split("\n").index('rating = "看好"') + 1
