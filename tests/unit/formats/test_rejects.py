from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from datahub.formats.declare import InputFile
from datahub.semantic.ir import SourceShape
from datahub.types.model import Int, Text
from tests.unit.formats.reading import column, make_reader, make_rejecter, see


@pytest.fixture
def rejected(tmp_path):
    """The bytes of the reject file of some records, with their number as `_dhm_row`."""

    def rejecting(kind, data, names, positions, **options):
        files = []
        for number, content in enumerate(data if isinstance(data, list) else [data]):
            (tmp_path / f"in{number}").write_bytes(content)
            files.append(InputFile(str(tmp_path / f"in{number}"), f"in{number}"))
        declared = tuple(column(name, Int(True) if kind != "csv" else Text(True)) for name in names)
        shape = SourceShape("s", kind, tuple(options.items()), declared)
        reader = make_reader(kind, shape, frozenset(names), files)
        seen = see(reader, files)
        rejecter = make_rejecter(kind, shape, reader, str(tmp_path / "out"))
        for block in seen.blocks:
            chosen = np.array(positions, np.int64)
            added = pa.table({"_dhm_row": pa.array(chosen + 1), "_dhm_why": [f'it\'s €{at}; "bad"' for at in positions]})
            rejecter.write(reader.reread(files[block.file], block), chosen, added)
        rejecter.close()
        return (tmp_path / "out").read_bytes()

    return rejecting


def test_records_come_out_byte_for_byte(rejected):
    data = b'a;b\r\n 1 ;"x ""y""\r\nz"\r\n2;3\r\n'
    expected = b'a;b;_dhm_row;_dhm_why\r\n 1 ;"x ""y""\r\nz";1;"it\'s \xe2\x82\xac0; ""bad"""\r\n2;3;2;"it\'s \xe2\x82\xac1; ""bad"""\r\n'
    assert expected == rejected("csv", data, ["a", "b"], [0, 1], delimiter=";")


def test_records_with_too_few_or_too_many_values_are_one_value(rejected):
    text = rejected("csv", b"a,b,c\n1\n1,2,3,4\n1,2,3\n", ["a", "b", "c"], [0, 1, 2]).splitlines()
    assert [b'"_dhm_raw 1",,,1,', b'"_dhm_raw 1,2,3,4",,,2,', b"1,2,3,3,"] == [line[: line.index(b'"it')] for line in text[1:]]


def test_records_that_may_be_short_are_filled_up(rejected):
    text = rejected("csv", b"a,b,c\n1\n1,2\n1,2,3\n", ["a", "b", "c"], [0, 1, 2], short_rows="null").splitlines()
    assert [b"1,,,1,", b"1,2,,2,", b"1,2,3,3,"] == [line[: line.index(b'"it')] for line in text[1:]]


def test_a_record_is_one_value_without_its_delimiters_where_nothing_can_be_quoted(rejected):
    text = rejected("csv", b'a\tb\n1\t"2\\\t3\n', ["a", "b"], [0], delimiter="\t", quote="").splitlines()
    assert text[1].startswith(b'_dhm_raw 1\\x09"2\\x5c\\x093\t\t1\t')


def test_records_that_cannot_be_cut_are_one_value(rejected):
    text = rejected("csv", b'a,b\n1,"x\n2,y\n', ["a", "b"], [0])
    assert b'"_dhm_raw 1,""x",,1,' in text


def test_the_encoding_is_that_of_the_source(rejected):
    text = rejected("csv", b"a,b\n\xe9,1\n\x81,2\n", ["a", "b"], [0, 1], encoding="cp1252")
    assert [b"\xe9,1,1,", b"\x81,2,2,"] == [line[: line.index(b'"')] for line in text.splitlines()[1:]]
    assert b"\x80" in text
    wide = rejected("csv", "a,b\né,1\n".encode("utf-16"), ["a", "b"], [0], encoding="utf-16")
    assert wide.decode("utf-16").startswith("a,b,_dhm_row,_dhm_why\né,1,1,")


def test_bytes_that_belong_to_no_encoding_come_out_as_they_came(rejected):
    assert b"\xff,1,1," in rejected("csv", b"a,b\n\xff,1\n", ["a", "b"], [0])


def test_files_with_another_order_of_columns_are_brought_into_that_of_the_first(rejected):
    text = rejected("csv", [b"a,b\n1,2\n", b'b,c,a\n4,x,"3,"\n'], ["a", "b"], [0])
    assert [b"a,b,_dhm_row,_dhm_why", b"1,2,1,", b'"3,",4,1,'] == [line.partition(b'"it')[0] for line in text.splitlines()]


def test_json_lines_get_further_members(rejected):
    text = rejected("jsonl", b'{"a": 1.50 }\n{}\n{"a":\n[1]\n', ["a"], [0, 1, 2, 3]).decode().splitlines()
    assert ['{"a": 1.50,"_dhm_row":1,', '{"_dhm_row":2,', '{"_dhm_raw":"{\\"a\\":","_dhm_row":3,', '{"_dhm_raw":"[1]","_dhm_row":4,'] == [
        line.partition('"_dhm_why"')[0] for line in text
    ]


def test_json_with_bytes_of_no_text_is_strict_json_and_itself_again(rejected):
    data = b'{"a":"\xe9 \\\\xe9 \\n"}\n'
    (made,) = rejected("jsonl", data, ["a"], [0]).splitlines()
    assert data.decode("latin-1").replace("\\", "\\\\").replace("é", "\\xe9").strip() == json.loads(made.decode("utf-8"))["_dhm_raw_bytes"]
    assert made == rejected("jsonl", made + b"\n", ["a"], [0]).strip()
    corrected = made.replace(rb"\\xe9 ", "é ".encode(), 1)
    assert corrected != made
    assert 'é \\\\xe9 \\n"' in rejected("jsonl", corrected + b"\n", ["a"], [0]).decode("utf-8")


def test_json_documents_keep_their_rows_where_they_were(rejected):
    data = b'{"data":{"orders":[\n{"a":1,\n "b":"x\\ny"},{"a":2},{"a":3}]}}'
    text = rejected("json", data, ["a"], [0, 2], rows="$.data.orders[*]").decode()
    assert text.startswith('{"data":{"orders":[\n{"a":1,  "b":"x\\ny","_dhm_row":1,')
    assert text.rstrip().endswith("}\n]}}")
    assert '\n,{"a":3,"_dhm_row":3,' in text


def test_many_rejected_records_of_several_blocks(tmp_path, small_blocks):
    content = b"a,b\n" + b"".join(b'%d,"x, %d"\n' % (number, number) for number in range(60_000))
    (tmp_path / "in").write_bytes(content)
    file = InputFile(str(tmp_path / "in"), "in")
    shape = SourceShape("s", "csv", (), (column("a"), column("b")))
    reader = make_reader("csv", shape, frozenset({"a"}), [file])
    seen = see(reader, [file])
    assert len(seen.blocks) > 1
    rejecter = make_rejecter("csv", shape, reader, str(tmp_path / "out"))
    for block, parsed in zip(seen.blocks, seen.parsed):
        positions = np.arange(0, parsed.records, 2)
        rejecter.write(reader.reread(file, block), positions, pa.table({"_dhm_row": pa.array(positions)}))
    rejecter.close()
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert 1 + sum(-(-parsed.records // 2) for parsed in seen.parsed) == len(lines)
    assert lines[1].startswith(b'0,"x, 0",0')


def test_a_reject_file_that_is_sent_again_gets_its_added_columns_once(rejected):
    for data, expected in (
        (b'a,b,_dhm_row,_dhm_why\n1,2,7,x\n3,"4,5",8,"y,z"\n6\n', [b"1,2,1,", b'3,"4,5",2,', b'"_dhm_raw 6",,3,']),
        (b'"a","b","_dhm_row","_dhm_why"\n1,2,7,x\n3,4,8,y,9\n6,7,1,\n', [b"1,2,1,", b'"_dhm_raw 3,4,8",,2,', b"6,7,3,"]),
    ):
        header, *lines = rejected("csv", data, ["a", "b"], [0, 1, 2]).splitlines()
        assert b"a,b,_dhm_row,_dhm_why" == header.replace(b'"', b"")
        assert expected == [line[: line.index(b'"it')] for line in lines]


def test_json_that_is_sent_again_gets_its_added_members_once(rejected):
    data = b'{"a": 1.50,"_dhm_row":7,"_dhm_why":"x, \\"_dhm_row\\":1"}\n{"_dhm_row":8,"_dhm_why":"y"}\n{"_dhm_raw":"[1]","_dhm_row":9}\n'
    text = rejected("jsonl", data, ["a"], [0, 1, 2]).decode().splitlines()
    assert ['{"a": 1.50,"_dhm_row":1,', '{"_dhm_row":2,', '{"_dhm_raw":"[1]","_dhm_row":3,'] == [
        line.partition('"_dhm_why"')[0] for line in text
    ]
