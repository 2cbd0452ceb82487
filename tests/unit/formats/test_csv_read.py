from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from datahub.formats import csv_scan
from datahub.formats.csv_read import survey
from datahub.formats.declare import BadInput, InputFile
from datahub.semantic.ir import SourceShape
from datahub.types.model import ListOf, MapOf, Struct, Text
from tests.unit.formats.reading import column, make_reader, see


def test_values_come_as_they_stand_in_the_file(read):
    seen = read("csv", b'ean,name,none\n00123, NA ,\n23e1,null,""\n', ["ean", "name", "none"])
    assert [{"ean": "00123", "name": " NA ", "none": ""}, {"ean": "23e1", "name": "null", "none": ""}] == seen.rows
    assert [2, 3] == seen.lines


def test_ragged_rows_fall_alone_with_their_lines(read):
    seen = read("csv", b"a,b\n1,2\n3\n\n4,5,6\n7,8\n", ["a", "b"])
    assert [{"a": "1", "b": "2"}, {"a": "7", "b": "8"}] == seen.rows
    assert [(3, "R002"), (5, "R002")] == seen.problems
    assert [2, 6] == seen.lines
    assert [0, 3] == seen.parsed[0].positions.tolist()
    assert 4 == seen.parsed[0].records


def test_lines_are_physical_where_values_hold_line_ends(read):
    seen = read("csv", b'a,b\n1,"x\ny\r\nz"\n2,w\n\n3,v\n', ["a", "b"])
    assert ["x\ny\r\nz", "w", "v"] == seen.columns["b"]
    assert [2, 5, 7] == seen.lines


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_ends_a_record(read, newline):
    seen = read("csv", newline.join([b"a,b", b"1,2", b'3,"4"', b""]), ["a", "b"])
    assert ["1", "3"] == seen.columns["a"]
    assert [2, 3] == seen.lines


def test_a_quote_that_never_closes_costs_one_line(read):
    seen = read("csv", b'a,b\n1,x\n2,"oops\n3,y\n4,z\n', ["a", "b"])
    assert ["1", "3", "4"] == seen.columns["a"]
    assert [(3, "R005")] == seen.problems
    assert [2, 4, 5] == seen.lines


def test_a_stray_quote_that_a_later_one_would_close_costs_one_line(read):
    seen = read("csv", b'a,b\n1,"oops\n2,"fine"\n3,y\n', ["a", "b"])
    assert ["2", "3"] == seen.columns["a"]
    assert [(2, "R005")] == seen.problems


def test_two_stray_quotes_do_not_swallow_the_records_between_them(read):
    rows = b"".join(b"%d,x,y,z\n" % number for number in range(10))
    seen = read("csv", b'a,b,c,d\n1,"x,y,z\n' + rows + b'2,x,y",z\n' + rows, ["a", "b", "c", "d"])
    assert [*map(str, range(10)), "2", *map(str, range(10))] == seen.columns["a"]
    assert [(2, "R005")] == seen.problems


def test_a_long_quoted_text_of_many_lines_is_no_runaway(read):
    text = "\n".join(f"<p>line {number}, with commas, and more</p>" for number in range(30))
    seen = read("csv", f'a,b\n1,"{text}"\n2,x\n'.encode(), ["a", "b"])
    assert [text, "x"] == seen.columns["b"]


def test_quotes_inside_of_plain_values_are_letters(read):
    seen = read("csv", b'a,b\n5" pipe,12"\n1,2\n', ["a", "b"])
    assert ['5" pipe', "1"] == seen.columns["a"]
    assert [] == seen.bad


def test_a_byte_of_another_encoding_rejects_its_row(read):
    seen = read("csv", "a,b\n1,é\n2,x\n".encode() + b"3,\xe9\n4,y\n", ["a", "b"])
    assert ["1", "2", "4"] == seen.columns["a"]
    assert [(4, "R001")] == seen.problems
    assert "0xE9" in seen.bad[0].message
    assert "`b`" in seen.bad[0].message


def test_a_byte_that_an_encoding_lacks_rejects_its_row(read):
    seen = read("csv", b"a;b\n1;\xe9t\xe9\n2;\x81\n3;\x80\n", ["a", "b"], encoding="cp1252", delimiter=";")
    assert ["été", "€"] == seen.columns["b"]
    assert [(3, "R001")] == seen.problems
    assert "0x81" in seen.bad[0].message
    assert r"2;\x81" == seen.bad[0].raw


def test_a_nul_rejects_its_row(read):
    seen = read("csv", b"a,b\n1,x\0y\n2,z\n", ["a", "b"])
    assert ["2"] == seen.columns["a"]
    assert [(2, "R001")] == seen.problems


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-15", "gbk", "cp037"])
def test_encodings_are_read(read, encoding):
    letters = "語" if encoding.startswith(("utf", "gbk")) else "£"
    seen = read("csv", f"a,b\n1,{letters}\n2,x\n".encode(encoding), ["a", "b"], encoding=encoding)
    assert [letters, "x"] == seen.columns["b"]


def test_a_byte_order_mark_that_contradicts_the_encoding_is_refused(read):
    with pytest.raises(BadInput, match="byte order mark of utf-16-le"):
        read("csv", "a,b\n1,2\n".encode("utf-16"), ["a", "b"])
    with pytest.raises(BadInput, match="byte order mark of utf-8"):
        read("csv", "a,b\n1,2\n".encode("utf-8-sig"), ["a", "b"], encoding="cp1252")


def test_an_unknown_encoding_is_refused(read):
    with pytest.raises(BadInput, match="`klingon` is no encoding"):
        read("csv", b"a\n1\n", ["a"], encoding="klingon")


@pytest.mark.parametrize("delimiter", ["||", "::", "§", "\t", "|", "<->"])
def test_delimiters_of_any_length(read, delimiter):
    data = 'a|b\n1|2\n"x|y"|"q""q"\n3\n'.replace("|", delimiter).encode()
    seen = read("csv", data, ["a", "b"], delimiter=delimiter)
    assert [("1", "2"), (f"x{delimiter}y", 'q"q')] == list(zip(seen.columns["a"], seen.columns["b"]))
    assert [(4, "R002")] == seen.problems


def test_other_quotes_and_none(read):
    assert ["x,y"] == read("csv", b"a,b\n'x,y',1\n", ["a", "b"], quote="'").columns["a"]
    assert ['"x'] == read("csv", b'a,b\n"x,1\n', ["a", "b"], quote="").columns["a"]


def test_preamble_comments_and_blank_lines_are_passed_over_but_counted(read):
    seen = read("csv", b"export of today\n\na,b\n# note, with\n1,2\n   \n#,\n3,4\n", ["a", "b"], skip=2, comment="#")
    assert ["1", "3"] == seen.columns["a"]
    assert [5, 8] == seen.lines


def test_a_file_without_header_counts_columns_in_their_order(read):
    seen = read("csv", b"1,2\n3,4\n", ["a", "b"], header=False)
    assert ["2", "4"] == seen.columns["b"]
    assert [1, 2] == seen.lines


def test_headers_are_matched_without_spaces_and_mark(read):
    seen = read("csv", b"\xef\xbb\xbf Prix HT , b\n1,2\n", [column("price", at=["PRIX", "Prix HT"]), column("b")])
    assert [{"price": "1", "b": "2"}] == seen.rows


def test_missing_columns_are_all_named_with_what_is_near(read):
    with pytest.raises(BadInput) as refusal:
        read("csv", b"sku,prise,x\n1,2,3\n", ["sku", "price", "name", column("note", Text(True))])
    assert "R004" == refusal.value.code
    assert "`price` and `name`" in refusal.value.message
    assert "`prise` is there" in refusal.value.help


def test_a_nullable_column_may_be_absent(read):
    seen = read("csv", b"sku\n1\n", ["sku", column("note", Text(True))], wanted=["sku", "note", "!present.note", "!present.sku"])
    assert [{"sku": "1", "note": None, "note_there": False}] == [
        {"sku": row["sku"], "note": row["note"], "note_there": seen.parsed[0].columns["!present.note"].values.as_py()} for row in seen.rows
    ]
    assert ("note",) == seen.reader.absent()


def test_a_wrong_delimiter_is_told_with_the_right_one(read):
    with pytest.raises(BadInput) as refusal:
        read("csv", b"sku;price\n1;2\n", ["sku", "price"])
    assert "R004" == refusal.value.code
    assert '`;` gives 2 of 2: write delimiter ";"' == refusal.value.help


def test_a_wrong_delimiter_is_told_even_when_every_column_may_be_absent(read):
    with pytest.raises(BadInput, match="none of the declared columns"):
        read("csv", b"sku\tprice\n1\t2\n", [column("sku", Text(True)), column("price", Text(True))])


@pytest.mark.parametrize(
    "data, words",
    [
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "HTML page"),
        (b"\n  <html lang='en'>\n<h1>sku,price</h1>", "HTML page"),
        (b'{"error": "not found"}', "is JSON"),
        (b"PK\x03\x04rest of a workbook", "ZIP archive"),
        (b"PAR1" + bytes(100), "Parquet"),
        (bytes(range(256)) * 20, "binary"),
    ],
)
def test_what_is_no_delimited_text_is_refused(read, data, words):
    with pytest.raises(BadInput, match=words):
        read("csv", data, ["sku", "price"])


def test_a_header_that_names_a_declared_column_twice_is_refused(read):
    with pytest.raises(BadInput, match="`sku` stands 2 times"):
        read("csv", b"sku,b,sku\n1,2,3\n", ["sku"])
    assert ["1"] == read("csv", b"sku,b,b\n1,2,3\n", ["sku"]).columns["sku"]


def test_surplus_columns_warn_unless_told(read):
    data = b"a,b,c\n1,2,3\n"
    assert ["`in0.csv` has 2 columns that `s` does not declare: `b` and `c`"] == read("csv", data, ["a"]).warnings
    assert [] == read("csv", data, ["a"], extra="allow").warnings
    with pytest.raises(BadInput, match="does not declare"):
        read("csv", data, ["a"], extra="reject")


@pytest.mark.parametrize(
    "data, words", [(b"", "no rows"), (b"a,b", "a header and no rows"), (b"a,b\n", "a header and no rows"), (b"\n\n", "no rows")]
)
def test_files_without_rows_warn(read, data, words):
    seen = read("csv", data, ["a", "b"])
    assert [] == seen.rows
    assert [f"`in0.csv` has {words}"] == seen.warnings
    with pytest.raises(BadInput):
        read("csv", data, ["a", "b"], require_rows=True)


def test_a_last_line_without_end_warns(read):
    seen = read("csv", b"a,b\n1,400\n2,40", ["a", "b"])
    assert ["400", "40"] == seen.columns["b"]
    assert ["`in0.csv` does not end with a line end: its last row may have been cut short"] == seen.warnings


def test_what_is_read_twice_is_warned_of_once(tmp_path):
    (tmp_path / "f").write_bytes(b"a,b\n1,2")
    file = InputFile(str(tmp_path / "f"), "f")
    reader = make_reader("csv", SourceShape("s", "csv", (), (column("a"),)), frozenset({"a"}), [file])
    see(reader, [file])
    seen = see(reader, [file])
    assert [
        "`f` has a column that `s` does not declare: `b`",
        "`f` does not end with a line end: its last row may have been cut short",
    ] == seen.warnings


def test_blank_values_of_a_file_with_one_column_are_kept_where_quoted(read):
    assert ["x", "", "y"] == read("csv", b'a\nx\n""\n\ny\n', ["a"]).columns["a"]


def test_a_value_longer_than_the_limit_falls_alone(read):
    seen = read("csv", b"a,b\n1,x\n2," + b"y" * (2 << 20) + b"\n3,z\n", ["a", "b"])
    assert ["1", "3"] == seen.columns["a"]
    assert [(3, "R005")] == seen.problems


def test_a_line_longer_than_any_record_is_not_held_in_memory_and_falls_alone(read):
    seen = read("csv", b"a,b\n1,x\n2," + b"y" * (40 << 20) + b"\n3,z\n", ["a", "b"])
    assert ["1", "3"] == seen.columns["a"]
    assert [(3, "R005")] == seen.problems
    assert [2, 4] == seen.lines


def test_blocks_are_cut_only_between_records(read, small_blocks):
    rows = [f'{number},"line {number}\nand ""more"", and\n{"x" * (number % 97)}"' for number in range(60_000)]
    seen = read("csv", ("a,b\n" + "\n".join(rows) + "\n").encode(), ["a", "b"])
    assert len(seen.blocks) > 2
    assert [str(number) for number in range(60_000)] == seen.columns["a"]
    assert [2 + 3 * number for number in range(60_000)] == seen.lines
    assert b"".join(block.data.text for block in seen.blocks) == ("\n".join(rows) + "\n").encode()


def test_blocks_are_cut_between_records_around_stray_quotes(read, small_blocks):
    rows = [f'{number},5" pipe' if number % 7 else f'{number},"a, b"' for number in range(80_000)]
    seen = read("csv", ("a,b\n" + "\n".join(rows) + "\n").encode(), ["a", "b"])
    assert len(seen.blocks) > 1
    assert [str(number) for number in range(80_000)] == seen.columns["a"]
    assert list(range(2, 80_002)) == seen.lines


def test_compressed_files_are_looked_through(read):
    assert ["1"] == read("csv", gzip.compress(b"a,b\n1,2\n"), ["a", "b"]).columns["a"]
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(b"a,b\n1,2\n")
    assert ["1"] == read("csv", out.getvalue().to_pybytes(), ["a", "b"]).columns["a"]


@pytest.mark.parametrize("damage", [lambda data: data[:-6], lambda data: data + b"more", lambda data: data[:-8] + bytes(4) + data[-4:]])
def test_damaged_compressed_files_are_refused(read, damage):
    with pytest.raises(BadInput, match="damaged or was cut short"):
        read("csv", damage(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)), ["a", "b"])


def test_columns_under_a_pattern_become_a_map(read):
    seen = read("csv", b"sku,CF_a,CF_b\n1,x,\n2, ,y\n3,,\n", ["sku", column("custom", MapOf(Text()), pattern="^CF_(.+)$")])
    assert [[("a", "x")], [("b", "y")], []] == seen.columns["custom"]


def test_numbered_columns_become_a_list_in_their_order(read):
    data = b"TAG_10,TAG_2,TAG_1\nc,b,a\n,,z\n"
    assert [["a", "b", "c"], ["z"]] == read("csv", data, [column("tags", ListOf(Text()), pattern=r"^TAG_\d+$")]).columns["tags"]
    kept = read("csv", data, [column("tags", ListOf(Text(True)), pattern=r"^TAG_\d+$")]).columns["tags"]
    assert [["a", "b", "c"], ["z", "", ""]] == kept


def test_numbered_groups_become_a_list_of_structs(read):
    kind = ListOf(Struct((("name", Text()), ("values", ListOf(Text())))))
    parts = [column("name"), column("values", ListOf(Text()), at=["value(s)"])]
    data = (
        b'Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 2 name,Attribute 2 value(s)\nSize,"S, M",1,,\n,,,Colour,red\n'
    )
    seen = read("csv", data, [column("attributes", kind, pattern=r"^Attribute (\d+) (.+)$", parts=parts)])
    assert [[{"name": "Size", "values": "S, M"}], [{"name": "Colour", "values": "red"}]] == seen.columns["attributes"]


def test_suffixes_become_the_fields_of_a_struct(read):
    kind = Struct((("fr", Text()), ("en", Text(True))))
    seen = read("csv", b"title_fr,title_de\nun,eins\n", [column("title", kind, pattern="^title_(..)$")])
    assert [{"fr": "un", "en": ""}] == seen.columns["title"]
    with pytest.raises(BadInput, match="no column for `fr`"):
        read("csv", b"title_en\none\n", [column("title", kind, pattern="^title_(..)$")])


def test_files_of_one_source_may_order_their_columns_differently(read):
    seen = read("csv", [b"a,b\n1,2\n", b"b,a\n3,4\n"], ["a", "b"])
    assert [{"a": "1", "b": "2"}, {"a": "4", "b": "3"}] == seen.rows


@pytest.mark.parametrize("rest", [b'"', b'1||"', b'"a"', b'"||'])
def test_a_stray_quote_at_the_end_of_a_tiny_file_is_no_accident_with_a_long_delimiter(read, rest):
    seen = read("csv", b"a||b\n" + rest, ["a", "b"], delimiter="||")
    assert [2] == [line for line, _ in seen.problems]


def test_a_long_quoted_record_before_the_rest_of_a_file(read, small_blocks):
    long = b'1,"' + b"<p>text</p>\n" * 70_000 + b'"\n'
    seen = read("csv", b"a,b\n" + long + b"".join(b"%d,x\n" % number for number in range(2, 20_000)), ["a", "b"])
    last = seen.blocks[-1].data
    found, anew = survey(last), csv_scan.survey(last.text, last.dialect)
    assert found is not None
    assert anew is not None
    assert found.lines == anew.lines
    assert seen.columns["a"] == [str(number) for number in range(1, 20_000)]
