from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as Digits

import pytest

from datahub.formats.declare import BadInput
from datahub.types.model import Bool, Date, DateTime, Decimal, Enum, Float, Int, Json, ListOf, MapOf, Struct, Text
from tests.unit.formats.reading import column

LINES = ListOf(Struct((("sku", Text()), ("quantity", Int()), ("price", Decimal()), ("taxes", ListOf(Struct((("amount", Decimal()),)))))))


def lines(*records):
    return b"\n".join(records) + b"\n"


def test_values_have_their_declared_types(read):
    data = lines(
        b'{"t":"x","i":1,"d":12.50,"f":0.5,"b":true,"day":"2024-02-29","at":"2024-01-01T10:00:00+01:00","e":"new"}',
        b'{"t":null,"i":null,"d":null,"f":null,"b":null,"day":null,"at":null,"e":null}',
        b"{}",
    )
    kinds = {"t": Text(True), "i": Int(True), "d": Decimal(True), "f": Float(True), "b": Bool(True), "day": Date(True)}
    kinds |= {"at": DateTime(True), "e": Enum(("new", "old"), True)}
    seen = read("jsonl", data, [column(name, kind) for name, kind in kinds.items()])
    first = {
        "t": "x",
        "i": 1,
        "d": Digits("12.50"),
        "f": 0.5,
        "b": True,
        "day": date(2024, 2, 29),
        "at": datetime(2024, 1, 1, 9, tzinfo=UTC),
    }
    nothing = dict.fromkeys(kinds)
    assert [first | {"e": "new"}, nothing, nothing] == seen.rows
    assert [] == seen.failures


def test_a_bad_line_among_good_ones_falls_alone(read):
    seen = read("jsonl", b'{"a":1}\n{"a":2\n\n[3]\n{"a":4}{"a":5}\n{"a":6}\n', [column("a", Int())])
    assert [1, 6] == seen.columns["a"]
    assert [(2, "R005"), (4, "R006"), (5, "R005")] == seen.problems
    assert [1, 6] == seen.lines


def test_many_records_around_a_bad_one_keep_their_order_and_lines(read):
    records = [b'{"a":%d,"d":"2024-01-01"}' % number for number in range(5000)]
    records[1234] = b'{"a":1234,'
    records[4321] = b'{"a":"x","d":"31/02/2024"}'
    seen = read("jsonl", lines(*records), [column("a", Int()), column("d", Date())])
    assert [number for number in range(5000) if number not in (1234, 4321)] == [value for value in seen.columns["a"] if value is not None]
    assert [(1235, "R005")] == seen.problems
    assert [number for number in range(1, 5001) if number != 1235] == seen.lines
    assert [("R101", "a", 4320, "x"), ("R106", "d", 4320, "31/02/2024")] == [failure[:4] for failure in seen.failures]


def test_failures_inside_of_lists_say_where(read):
    data = lines(
        b'{"lines":[{"sku":"a","quantity":1,"price":1.5,"taxes":[]},'
        b'{"sku":"b","quantity":"many","price":2,"taxes":[{"amount":0.1},{"amount":"x"}]}]}',
        b'{"lines":[{"sku":{},"quantity":null,"price":1,"taxes":7}]}',
    )
    seen = read("jsonl", data, [column("lines", LINES, at=["lines"])])
    assert {
        ("R101", "lines", 0, "many", "/lines/1/quantity", 1, "quantity"),
        ("R104", "lines", 0, "x", "/lines/1/taxes/1/amount", 1, "taxes"),
        ("R006", "lines", 1, "{}", "/lines/0/sku", 0, "sku"),
        ("R201", "lines", 1, None, "/lines/0/quantity", 0, "quantity"),
        ("R006", "lines", 1, "7", "/lines/0/taxes", 0, "taxes"),
    } == set(seen.failures)
    assert [{"sku": "b", "quantity": None, "price": Digits(2), "taxes": [{"amount": Digits("0.1")}, {"amount": None}]}] == seen.columns[
        "lines"
    ][0][1:]


def test_failures_inside_of_structs_say_where(read):
    kind = Struct((("name", Text()), ("address", Struct((("zip", Int()),), True))))
    seen = read(
        "jsonl", lines(b'{"c":{"name":"x","address":{"zip":"F-1"}}}', b'{"c":{"name":"y"}}', b'{"c":3}', b"{}"), [column("c", kind)]
    )
    assert {
        ("R101", "c", 0, "F-1", "/c/address/zip", None, "address/zip"),
        ("R006", "c", 2, "3", None, None, ""),
        ("R201", "c", 3, None, None, None, ""),
    } == set(seen.failures)


def test_numbers_under_text_keep_how_they_are_written(read):
    data = lines(b'{"a":1.50}', b'{"a":-0}', b'{"a":12345678901234567890123}', b'{"a":true}', b'{"a":"x"}')
    assert ["1.50", "-0", "12345678901234567890123", "true", "x"] == read("jsonl", data, [column("a")]).columns["a"]
    assert ["1", "20"] == read("jsonl", lines(b'{"a":1}', b'{"a":20}'), [column("a")]).columns["a"]
    assert ["1", "-0"] == read("jsonl", lines(b'{"a":1}', b'{"a":-0}'), [column("a")]).columns["a"]


def test_numbers_are_exact(read):
    data = lines(b'{"a":0.1,"i":9007199254740993}', b'{"a":1e3,"i":1e3}', b'{"a":12345678901234567.12,"i":2.0}')
    seen = read("jsonl", data, [column("a", Decimal()), column("i", Int())])
    assert [Digits("0.1"), Digits(1000), Digits("12345678901234567.12")] == seen.columns["a"]
    assert [9007199254740993, 1000, 2] == seen.columns["i"]


def test_numbers_that_do_not_fit_fail(read):
    data = lines(b'{"a":1.23456,"i":99999999999999999999}', b'{"a":1.25,"i":1.5}')
    seen = read("jsonl", data, [column("a", Decimal(False, 12, 2)), column("i", Int())])
    assert {("R105", "a", 0, "1.23456"), ("R102", "i", 0, "99999999999999999999"), ("R101", "i", 1, "1.5")} == {
        failure[:4] for failure in seen.failures
    }


def test_whole_numbers_with_too_many_digits_for_a_decimal_fail(read):
    seen = read("jsonl", lines(b'{"a":99999999}', b'{"a":100000000}'), [column("a", Decimal(False, 12, 4))])
    assert [Digits(99999999), None] == seen.columns["a"]
    assert [("R102", "a", 1)] == [failure[:3] for failure in seen.failures]


def test_texts_that_are_numbers_to_arrow_alone_fail(read):
    data = lines(b'{"a":1}', b'{"a":"1E3"}', b'{"a":"5."}', b'{"a":1E3}', b'{"a":"5.0"}')
    seen = read("jsonl", data, [column("a", Decimal())])
    assert [Digits(1), None, None, Digits(1000), Digits(5)] == seen.columns["a"]
    assert [("R104", "a", 1, "1E3"), ("R104", "a", 2, "5.")] == [failure[:4] for failure in seen.failures]


def test_texts_under_numbers_are_read_as_the_source_says(read):
    data = lines(b'{"a":"12,50"}', b'{"a":1.5}', b'{"a":"1.234,5"}', b'{"a":"N/A"}')
    seen = read("jsonl", data, [column("a", Decimal(True), decimal=",", null_words=("N/A",))])
    assert [Digits("12.5"), Digits("1.5"), Digits("1234.5"), None] == seen.columns["a"]


def test_numbers_that_no_json_has_are_refused(read):
    seen = read("jsonl", lines(b'{"a":NaN}', b'{"a":1,"b":-Infinity}', b'{"a":2,"b":"NaN: Inf"}'), [column("a", Float())])
    assert [2.0] == seen.columns["a"]
    assert [(1, "R005"), (2, "R005")] == seen.problems


def test_texts_that_are_no_unicode_are_refused(read):
    seen = read("jsonl", lines(b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"b":"\xff","a":"x"}', b'{"a":"\\ud83d\\ude00"}'), [column("a")])
    assert ["😀"] == seen.columns["a"]
    assert [(1, "R001"), (2, "R005"), (3, "R001")] == seen.problems


def test_the_last_of_repeated_keys_counts_and_is_told(read):
    seen = read("jsonl", lines(b'{"a":1,"a":2}'), [column("a", Int())])
    assert [2] == seen.columns["a"]
    assert ["objects of `s` have `a` more than once; the last one counts"] == seen.warnings


def test_an_absent_key_is_told_from_null_where_that_is_asked(read):
    data = lines(b'{"a":1}', b'{"a":null}', b"{}")
    seen = read("jsonl", data, [column("a", Int(True))], wanted=["a", "!present.a", "?a"])
    assert [True, True, False] == seen.parsed[0].columns["!present.a"].values.to_pylist()
    assert [True, True, False] == seen.columns["?a"]


def test_maps_and_json_are_read(read):
    data = lines(b'{"m":{"x":1,"y":"2"},"j":{"q":[1,2.50,"\\u00e9"]}}', b'{"m":{},"j":"s"}')
    seen = read("jsonl", data, [column("m", MapOf(Int())), column("j", Json())])
    assert [[("x", 1), ("y", 2)], []] == seen.columns["m"]
    assert ['{"q":[1,2.50,"é"]}', '"s"'] == seen.columns["j"]


def test_other_names_are_tried_in_turn(read):
    seen = read("jsonl", lines(b'{"old":1}', b'{"new":2}', b'{"old":3,"new":4}'), [column("a", Int(), at=["new", "old"])])
    assert [1, 2, 4] == seen.columns["a"]


@pytest.mark.parametrize("depth", [129, 20_000, 200_000])
def test_deep_nesting_falls_alone_and_brings_nothing_down(read, depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    seen = read("jsonl", lines(b'{"a":1}', deep, b'{"b":' + b"[" * depth, b'{"a":2}'), [column("a", Int())])
    assert [1, 2] == seen.columns["a"]
    assert [(2, "R005"), (3, "R005")] == seen.problems


def test_nesting_just_allowed_is_read(read):
    deep = b'{"b":' + b"[" * 127 + b"]" * 127 + b',"a":1}'
    assert [1] == read("jsonl", lines(deep), [column("a", Int())]).columns["a"]


def test_brackets_in_texts_are_no_nesting(read):
    data = lines(b'{"a":1,"b":"' + b"[{" * 500 + b'\\""}')
    assert [1] == read("jsonl", data, [column("a", Int())]).columns["a"]


def test_members_that_are_not_declared_are_told_or_refused(read):
    data = lines(b'{"a":1,"b":2}')
    assert ["the records have members that `s` does not declare: `b`"] == read("jsonl", data, [column("a", Int())]).warnings
    assert [] == read("jsonl", data, [column("a", Int())], extra="allow").warnings
    assert [(1, "R003")] == read("jsonl", data, [column("a", Int())], extra="reject").problems


def test_a_json_array_is_no_json_lines(read):
    with pytest.raises(BadInput, match="one JSON array"):
        read("jsonl", b'[{"a":1}]', [column("a", Int())])


# ---------------------------------------------------------------- documents


def test_rows_are_the_elements_of_an_array(read):
    data = b'[\n  {"a": 1},\n  {"a": 2,\n   "b": [1, {"c": "]},{"}]}\n]\n'
    seen = read("json", data, [column("a", Int())], extra="allow")
    assert [1, 2] == seen.columns["a"]
    assert [2, 3] == seen.lines


@pytest.mark.parametrize(
    "rows, data",
    [
        ("$.orders[*]", b'{"meta":{"orders":[9]},"orders":[{"a":1},{"a":2}],"next":null}'),
        ("$.data.items[*]", b'{"data":{"n":2,"items":[{"a":1},{"a":2}]}}'),
        ("$['my data'].x", b'{"my data":{"x":[{"a":1},{"a":2}]}}'),
        ("$[*]", b'[{"a":1},{"a":2}]'),
        ("", b' [{"a":1},{"a":2}] '),
    ],
)
def test_a_path_leads_to_the_rows(read, rows, data):
    assert [1, 2] == read("json", data, [column("a", Int())], rows=rows).columns["a"]


def test_an_object_is_one_row(read):
    assert [1] == read("json", b'{"a":1}', [column("a", Int())]).columns["a"]
    assert [1] == read("json", b'{"order":{"a":1}}', [column("a", Int())], rows="$.order").columns["a"]


def test_a_bad_element_among_good_ones_falls_alone(read):
    seen = read("json", b'[{"a":1},\n{"a":2 3},\n4,\n{"a":5}]', [column("a", Int())])
    assert [1, 5] == seen.columns["a"]
    assert [(2, "R005"), (3, "R006")] == seen.problems
    assert [1, 4] == seen.lines


def test_blocks_of_a_document_are_cut_between_elements(read, small_blocks):
    tricky = '},{ \\"'
    rows = [f'{{"a": {number},\n "t": "{tricky} {number}"}}' for number in range(60_000)]
    seen = read("json", ('{"rows": [\n' + ",\n".join(rows) + "\n]}").encode(), [column("a", Int()), column("t")], rows="$.rows[*]")
    assert len(seen.blocks) > 2
    assert list(range(60_000)) == seen.columns["a"]
    assert [2 + 2 * number for number in range(60_000)] == seen.lines


@pytest.mark.parametrize(
    "data, words",
    [
        (b'[{"a":1}', "cut short"),
        (b'[{"a":1},]', "comma before the end"),
        (b'[{"a":1}] {}', "no JSON document"),
        (b'{"rows":[{"a":1}],"x":}', "no JSON document"),
        (b'{"rows":[{"a":1}]', "no JSON document"),
        (b'{"rows":[{"a":1}],"rows":[{"a":2}]}', "twice"),
        (b'{"row":[]}', "no member `rows`"),
        (b'{"rows":[{"a":"x}]}', "cut short"),
        (b"[" * 100_000, "cut short"),
        (b'{"rows":[' + b'{"a":' * 100_000, "cut short"),
    ],
)
def test_documents_that_are_wrong_as_a_whole_are_refused(read, data, words):
    with pytest.raises(BadInput, match=words):
        read("json", data, [column("a", Int())], rows="" if data.startswith(b"[") else "$.rows[*]")


def test_a_path_that_is_none_is_refused(read):
    with pytest.raises(BadInput, match="leads to no rows"):
        read("json", b"[]", [column("a", Int())], rows="orders where a > 1 [*][*]")


def test_rows_one_level_down_are_pointed_at(read):
    with pytest.raises(BadInput) as refusal:
        read("json", b'{"orders":[{"a":1}]}', [column("a", Int())])
    assert 'say where the rows are: rows "$.orders[*]"' == refusal.value.help


@pytest.mark.parametrize("data", [b"", b"  \n", b"[]", b" [ ] "])
def test_documents_without_rows_warn(read, data):
    assert ["`in0.json` has no rows"] == read("json", data, [column("a", Int())]).warnings


def test_nothing_behind_the_last_comma_is_a_bad_record(read):
    seen = read("json", b'": "A", "qty: 2, "ok": tru "tags": ["x", "y"],', [column("sku")])
    assert [] == seen.rows
    assert {"R005"} == {one.code for one in seen.bad}
