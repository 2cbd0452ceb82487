from __future__ import annotations

import json
from datetime import date
from decimal import Decimal as Digits

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.formats.declare import BadOutput
from datahub.semantic.ir import Marks, TargetShape
from datahub.types.arrow import arrow_type
from datahub.types.model import Bool, Date, Decimal, Enum, Int, Json, ListOf, MapOf, Struct, Text
from tests.unit.formats.reading import make_writer


@pytest.fixture
def written(tmp_path):
    """The bytes of a file written from rows."""

    def writing(kind, columns, rows, at=(), splits=(), **options):
        path = tmp_path / "out"
        writer = make_writer(kind, TargetShape("t", kind, tuple(options.items()), tuple(at), tuple(splits)), str(path), columns)
        arrays = [pa.array([row.get(name) for row in rows], arrow_type(one)) for name, one in columns]
        try:
            writer.write(pa.table(arrays, names=[name for name, _ in columns]))
            writer.close()
        except BadOutput:
            writer.abort()
            assert [] == [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]
            raise
        return path.read_bytes()

    return writing


AB = (("a", Text(True)), ("b", Text(True)))


def test_only_values_that_need_quotes_get_them(written):
    rows = [{"a": "x y", "b": 'say "hi"'}, {"a": "1,5", "b": "two\nlines"}, {"a": "", "b": None}, {"a": "\r", "b": " "}]
    assert b'a,b\nx y,"say ""hi"""\n"1,5","two\nlines"\n"",\n"\r", \n' == written("csv", AB, rows)


def test_all_values_get_quotes_where_that_is_wished(written):
    assert b'"a";"b"\r\n"x";\r\n' == written("csv", AB, [{"a": "x"}], delimiter=";", quoting="all", newline="\r\n")


def test_null_and_the_text_that_stands_for_it_stay_apart(written):
    assert b'a,b\nNULL,"NULL"\n' == written("csv", AB, [{"b": "NULL"}], nulls="NULL")


def test_delimiters_of_several_letters(written):
    assert b'a||b\nx|y||"p||q"\n' == written("csv", AB, [{"a": "x|y", "b": "p||q"}], delimiter="||")


def test_numbers_and_dates_as_the_target_has_them(written):
    columns = (("d", Decimal(True, 12, 2)), ("w", Decimal(True)), ("day", Date(True)), ("ok", Bool(True)))
    rows = [
        {"d": Digits("-1234.50"), "w": Digits("0.10"), "day": date(2024, 2, 9), "ok": True},
        {"d": Digits(0), "w": Digits(0), "day": None, "ok": None},
    ]
    text = written("csv", columns, rows, delimiter=";", decimal=",", dates="dd/MM/yyyy")
    assert b"d;w;day;ok\n-1234,50;0,1;09/02/2024;true\n0,00;0;;\n" == text
    assert b"20240209" in written("csv", columns, rows, dates="yyyyMMdd")


def test_formulas_are_disarmed_where_that_is_wished(written):
    columns = (("a", Text()), ("n", Int()))
    rows = [{"a": text, "n": -1} for text in ("=1+1", "+1", "-1", "@x", "plain", "a=b")]
    assert b"a,n\n'=1+1,-1\n'+1,-1\n'-1,-1\n'@x,-1\nplain,-1\na=b,-1\n" == written("csv", columns, rows, formula_guard=True)
    assert b"=1+1,-1" in written("csv", columns, rows)


def test_another_encoding_and_what_it_lacks(written):
    assert "a,b\né,€\n".encode("cp1252") == written("csv", AB, [{"a": "é", "b": "€"}], encoding="cp1252")
    with pytest.raises(BadOutput, match=r"U\+8A9E"):
        written("csv", AB, [{"a": "語"}], encoding="cp1252")
    assert "\ufeffa,b\né,\n".encode("utf-16-le") == written("csv", AB, [{"a": "é"}], encoding="utf-16")


def test_without_quotes_what_needs_them_is_refused(written):
    assert b"a,b\nx,\n" == written("csv", AB, [{"a": "x"}], quote="")
    with pytest.raises(BadOutput, match="no quote"):
        written("csv", AB, [{"a": "x,y"}], quote="")


def test_no_header_where_none_is_wished(written):
    assert b"x,y\n" == written("csv", AB, [{"a": "x", "b": "y"}], header=False)


def test_maps_lists_and_structs_spread_over_columns(written):
    groups = ListOf(Struct((("name", Text()), ("value", Text(True)))))
    columns = (
        ("sku", Text()),
        ("m", MapOf(Text(True))),
        ("tags", ListOf(Text())),
        ("t", Struct((("fr", Text()), ("en", Text(True))))),
        ("g", groups),
    )
    rows = [
        {"sku": "1", "m": [("x", "a")], "tags": ["p", "q"], "t": {"fr": "un"}, "g": [{"name": "Size", "value": "S"}]},
        {"sku": "2", "m": [("y", "b"), ("x", None)], "tags": [], "t": {"fr": "deux", "en": "two"}, "g": []},
    ]
    at = [("sku", "SKU"), ("m", "/^CF_(.+)$/"), ("tags", r"/^TAG_\d+$/"), ("t", "/^title_(..)$/"), ("g", r"/^Attribute (\d+) (.+)$/")]
    text = written("csv", columns, rows, at=at).decode()
    assert [
        "SKU,CF_x,CF_y,TAG_1,TAG_2,title_fr,title_en,Attribute 1 name,Attribute 1 value",
        "1,a,,p,q,un,,Size,S",
        "2,,b,,,deux,two,,",
    ] == text.splitlines()


def test_json_lines_have_every_member_and_exact_numbers(written):
    columns = (("d", Decimal(True, 12, 2)), ("w", Decimal(True)), ("t", Text(True)), ("j", Json(True)), ("l", ListOf(Int(True), True)))
    rows = [{"d": Digits("1.50"), "w": Digits("12345678901234567.25"), "t": '\x00\x1f"\\/\u2028é', "j": '{"a":\n1}', "l": [1, None]}, {}]
    first, second, rest = written("jsonl", columns, rows).decode().split("\n")
    assert "" == rest
    assert '{"d":1.50,"w":12345678901234567.25,"t":"\\u0000\\u001f\\"\\\\/\u2028é","j":{"a": 1},"l":[1,null]}' == first
    assert '{"d":null,"w":null,"t":null,"j":null,"l":null}' == second


def test_json_arrays_plain_and_indented(written):
    columns = (("a", ListOf(Int(), True)), ("m", MapOf(Int(True), True)))
    rows = [{"a": [1, 2], "m": [("k", None)]}, {"a": [], "m": []}, {}]
    expected = [{"a": [1, 2], "m": {"k": None}}, {"a": [], "m": {}}, {"a": None, "m": None}]
    assert expected == json.loads(written("json", columns, rows))
    indented = written("json", columns, rows, indent=2).decode()
    assert expected == json.loads(indented)
    assert json.dumps(expected, indent=2) + "\n" == indented
    assert b"[]\n" == written("json", columns, [])


def test_parquet_has_the_types_that_were_declared(written):
    columns = (("i", Int(False, 16)), ("e", Enum(("new", "old"))), ("d", Decimal(True, 9, 3)), ("t", Text()), ("l", ListOf(Int(False, 32))))
    rows = [{"i": 1, "e": "old", "d": None, "t": "x", "l": [1]}] * 3
    found = pq.read_table(pa.BufferReader(written("parquet", columns, rows)))
    assert [pa.int16(), pa.dictionary(pa.int32(), pa.string()), pa.decimal128(9, 3), pa.string()] == [field.type for field in found.schema][
        :4
    ]
    assert pa.int32() == found.schema.field("l").type.value_type
    assert [False, False, True, False, False] == [field.nullable for field in found.schema]
    assert ["old"] * 3 == found.column("e").to_pylist()


def test_parquet_row_groups_and_dictionaries_suit_the_data(tmp_path):
    columns = (("key", Text()), ("state", Text()))
    writer = make_writer("parquet", TargetShape("t", "parquet", ()), str(tmp_path / "out"), columns)
    for first in range(0, 300_000, 50_000):
        keys = pa.array([f"k{number}" for number in range(first, first + 50_000)])
        writer.write(pa.table({"key": keys, "state": pa.array(["open", "closed"] * 25_000)}))
    writer.close()
    facts = pq.ParquetFile(tmp_path / "out").metadata
    # Nearer to 120,000 than what comes next would lead.
    assert [100_000, 100_000, 100_000] == [facts.row_group(number).num_rows for number in range(facts.num_row_groups)]
    encodings = [facts.row_group(0).column(number).encodings for number in range(2)]
    assert [False, True] == [any("DICTIONARY" in one for one in several) for several in encodings]
    assert "ZSTD" == facts.row_group(0).column(0).compression


def test_lists_are_one_cell_with_their_marks_between(written):
    columns = (("a", ListOf(Text(True), True)), ("b", ListOf(Struct((("q", Int()), ("p", Decimal(False, 8, 2)))))))
    rows = [
        {"a": ["x", "y;z", None], "b": [{"q": 1, "p": Digits("2.5")}, {"q": 3, "p": Digits(4)}]},
        {"a": [], "b": []},
        {"a": None, "b": []},
    ]
    splits = (("a", Marks(("|",))), ("b", Marks(("#", ":"))))
    assert b'a;b\n"x|y;z|";1:2,50#3:4,00\n"";""\nNULL;""\n' == written(
        "csv", columns, rows, splits=splits, delimiter=";", decimal=",", nulls="NULL"
    )


def test_a_value_that_holds_the_mark_of_its_cell_is_refused(written):
    with pytest.raises(BadOutput, match=r'"b/c" holds `/`'):
        written("csv", (("a", ListOf(Text())),), [{"a": ["a", "b/c"]}], splits=(("a", Marks(("/",))),))


def test_a_patch_in_xml_has_an_element_for_null_and_none_for_what_is_left_alone(tmp_path):
    columns = (("id", Text()), ("note", Text(True)), ("size", Int(True)), ("tags", ListOf(Text(), True)))
    rows = pa.table(
        {
            "id": ["1", "2", "3"],
            "note": pa.array(["a<b", None, None], pa.string()),
            "size": pa.array([None, 2, None], pa.int64()),
            "tags": pa.array([["x"], None, None], pa.list_(pa.string())),
            "!omitted.note": [False, False, True],
        }
    )
    writer = make_writer("xml", TargetShape("t", "xml", (("omissions", True),)), str(tmp_path / "out.xml"), columns)
    writer.write(rows)
    writer.close()
    assert [line.strip() for line in (tmp_path / "out.xml").read_text().splitlines()[2:-1]] == [
        '<row><id>1</id><note>a&lt;b</note><size xsi:nil="true"/><tags>x</tags></row>',
        '<row><id>2</id><note xsi:nil="true"/><size>2</size></row>',
        '<row><id>3</id><size xsi:nil="true"/></row>',
    ]
