"""Functions are found by what other tools call them, and the forms that stand for other tools' functions give what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from datahub import compiler
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.functions import load
from datahub.functions.elsewhere.absent import ABSENT
from datahub.functions.elsewhere.forms import FORMS
from datahub.functions.elsewhere.formulas import FORMULAS
from datahub.functions.elsewhere.french import FRENCH
from datahub.functions.elsewhere.habits import HABITS
from datahub.functions.elsewhere.search import meant
from datahub.packs.folders import Folders
from datahub.reports.function_search import chapters, functions_about, null_rule, shown
from datahub.testing.expressions import answer


def names(about: str) -> set[str]:
    return {one.name for one in functions_about(load(), about)}


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("upper", {"upper"}),
        ("UPPER", {"upper"}),
        ("upcase", {"upper"}),
        ("replace_with", {"replace"}),
        ("timestamp_unix_milli", {"to_unix"}),
        ("keySet", {"keys"}),
        ("entryOf", {"entries"}),
        ("valueSet", {"values"}),
        ("substringEvery", {"extract_all"}),
        ("atBeginningOfYear", {"start_of"}),
        ("yesterday", {"add_days"}),
        ("isURL", {"url_valid"}),
        ("getHost", {"url_parse"}),
        ("FINDB", {"find"}),
        ("words", {"split"}),
        ("VRL upcase", {"upper"}),
        ("$uppercase", {"upper"}),
        ("uppercase", {"upper"}),
        ("VLOOKUP", {"get"}),
        ("Excel VLOOKUP", {"get"}),
        ("textjoin", {"join_text", "csv_line"}),
        ("excel substitute", {"replace"}),
        ("REPLACE", {"replace", "splice"}),
        ("sql initcap", {"title_case"}),
        ("STDEV.S", {"stddev"}),
        ("starts with", {"starts_with"}),
    ],
)
def test_a_function_is_found_by_any_of_its_names(about, found):
    assert found <= names(about)
    assert len(names(about)) <= len(found) + 2


@pytest.mark.parametrize(
    "about",
    [
        "find_table_row",
        "foldl",
        "COVAR",
        "isEmptyString",
        "encode_key_value",
        "parse_groks",
        "ip_version",
        "ip_ntop",
        "delay",
        "Excel COLUMN",
    ],
)
def test_a_name_leads_to_a_form_or_to_the_reason_why_there_is_none(about):
    found = meant(load(), about)
    assert found.forms or found.absent


def test_ways_of_calling_that_look_the_same_are_shown_once():
    for function in load().values():
        assert len(set(function.signatures)) == len(function.signatures)
    assert 1 == len(load()["pad_left"].signatures) < len(load()["pad_left"].overloads)


def test_a_chapter_and_a_word_find_several():
    assert {"upper", "slug", "phonetic"} <= {one.name for one in chapters(load().values())["text"][1]}
    assert {"gtin_valid", "convert_unit"} <= names("commerce")
    assert {"country_code", "country_valid"} <= names("country")
    assert set() == names("no such word anywhere")


def test_what_is_no_function_here_is_found_as_the_form_that_stands_for_it():
    assert ["sum(x for x in xs where …)"] == forms("SUMIF") == forms("countif")
    assert ["lookup NAME (key: text) -> text { | key | value | … }"] == forms("vlookup")
    assert [] == forms("")


def forms(about: str) -> list[str]:
    return [one.written for one in meant(load(), about).forms]


@pytest.mark.parametrize("form", [one for one in (*FORMS, *FORMULAS) if one.example], ids=lambda one: one.example)
def test_a_form_gives_what_its_example_says(form):
    assert form.result == shown(answer(form.example).value if not isinstance(answer(form.example).value, list) else _plain(form.example))


def _plain(expression: str) -> object:
    return answer(expression).as_json()["value"]


VALUES = {"T?": "1", "int?": "1", "decimal?": "1", "float?": "float(1)", "bool?": "true", "text?": '"a"', "duration?": 'duration("PT1H")'}
CONSTANTS = {"separator": '"-"', "n": "1", "share": "0.5"}


def over(function, overload, items: str) -> dict:
    """What the aggregate gives over a list written `items`."""
    arguments = [CONSTANTS[one.name] if one.constant else items for one in overload.parameters]
    return answer(f"{function.name}({', '.join(arguments)})").as_json()


AGGREGATES = [
    pytest.param(function, overload, id=overload.signature)
    for function in load().values()
    for overload in function.overloads
    if overload.kind == "aggregate" and overload.parameters and function.name != "list"
]


@pytest.mark.parametrize(("function", "overload"), AGGREGATES)
def test_an_aggregate_treats_null_as_its_page_says(function, overload):
    value = VALUES[next(one.type for one in overload.parameters if not one.constant)]
    plain, around = over(function, overload, f"[{value}]"), over(function, overload, f"[null, {value}, null]")
    assert "refused" not in plain, plain
    assert (plain == around) is (null_rule(function) == "left out"), (plain, around)


def test_values_are_shown_as_scripts_write_them():
    from datetime import date
    from decimal import Decimal

    assert '[1, null, "a", {b: true}]' == shown([1, None, "a", {"b": True}])
    assert ("12.50", "2024-05-01") == (shown(Decimal("12.50")), shown(date(2024, 5, 1)))


@pytest.mark.parametrize("one", [one for one in ABSENT if one.instead], ids=lambda one: one.instead)
def test_what_comes_nearest_gives_what_is_said(one):
    value = answer(one.instead).value
    assert one.result == shown(value if not isinstance(value, list) else _plain(one.instead))


def test_what_is_not_here_says_why():
    assert [] == functions_about(load(), "RANDBETWEEN")
    assert "nothing is left to chance" in meant(load(), "excel randbetween").absent[0].why
    assert meant(load(), "$random").absent == meant(load(), "RAND").absent
    assert () == meant(load(), "").absent == meant(load(), "upper").absent


def test_the_equivalents_of_every_overload_are_kept():
    assert {"mid"} == names("MID")
    assert "length" in names("LEN")
    assert "find" in names("SEARCH")


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("parse_timestamp!", {"date", "datetime"}),
        ("$parseInteger", {"int"}),
        ("trim()", {"trim"}),
        ("array_max", {"max"}),
        ("try_to_date", {"date"}),
        ("str.lower", {"lower"}),
        ("dw::core::Strings::capitalize", {"capitalize"}),
        ("pluck", {"entries", "values"}),
        ("Object.keys", {"keys"}),
        ("regexp_replace", {"replace"}),
        ("$sum", {"sum"}),
    ],
)
def test_marks_modules_and_words_that_say_little_are_passed_over(about, found):
    assert found <= names(about)


def test_words_are_found_as_words_and_several_together():
    assert "avg" not in names("age")
    assert "proration" not in names("locate")
    assert {"round", "round_half_even"} <= names("rounding")
    assert {"strip_accents"} == names("remove accents")
    assert set() == names("nothing of the kind said here")


def test_habits_name_functions_that_there_are():
    assert {one for several in HABITS.values() for one in several} <= set(load())


def test_names_of_excel_in_french_mean_what_its_english_ones_do():
    every = load()
    assert [one for one in FRENCH if not meant(every, one)] == []
    assert {"if"} <= {one.name for one in meant(every, "SI").functions}
    assert {"length"} <= {one.name for one in meant(every, "NBCAR()").functions}
    assert {"year"} <= {one.name for one in meant(every, "Année").functions}
    assert meant(every, "Somme.Si") == meant(every, "SUMIF")


SCRIPT = Path(__file__).with_name("every_form.dhm")
OF_ROWS = {
    "lookup NAME": "lookup NAME (key: text) -> text {", "join c": "join c in brands on c.key = r.brand", "each l": "each l in r.lines",
    "each kv": "each kv in entries(r.custom)", "group by": "group by r.brand", "unique by": "unique by r.sku keep last",
    "row_number": "row_number(within r.brand order by r.n)", "lag(": "lag(r.price within r.brand order by r.day)",
    "count(*": "count(* within r.brand)", "fill a": "fill brand by r.sku", "decide": "decide SIZE (n: int) -> text {", "where": "where r.n > 0",
    "order by": "order by r.sku, r.n desc", "map E": "map E from r in items, more", "let name": "let name :", "fn name": "fn twice(x: text) -> text = x & x",
    "abort when": "abort when rejected_share(E) > 5%",
}  # fmt: skip
"""How a form of whole rows begins, and what stands for it in the script that has them all."""


def test_the_forms_of_whole_rows_are_forms_of_the_language():
    script = SCRIPT.read_text(encoding="utf-8")
    for form in (one for one in FORMS if not one.example):
        (said,) = (text for begins, text in OF_ROWS.items() if form.written.startswith(begins))
        assert said in script
    found: list = []
    compiler.check(Document("every_form.dhm", script), Folders(), found.append)
    assert [] == [one.message for one in found if one.level is Severity.ERROR]


ELSEWHERE = Path(__file__).with_name("elsewhere.txt").read_text(encoding="utf-8")
SUITES = {tool: words.split(" | ") for tool, _, words in (line.partition(": ") for line in ELSEWHERE.splitlines())}


@pytest.mark.parametrize("tool", SUITES)
def test_every_function_of_another_tool_is_found_by_its_name(tool):
    """By the very name, as a function, a form, or with the reason why there is none; never by a word in a summary."""
    every = load()
    assert [] == [one for one in SUITES[tool] if not meant(every, one)]
