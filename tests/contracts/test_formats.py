"""What every format that reads and writes must do, whichever it is."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal as Digits
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.formats.declare import BadInput, InputFile
from datahub.formats.typed import typed
from datahub.semantic.ir import Reading, SourceColumn, SourceShape, TargetShape
from datahub.semantic.kinds import SOURCES, TARGETS
from datahub.types.arrow import arrow_type
from datahub.types.model import (
    Bool,
    Date,
    DateTime,
    Decimal,
    Duration,
    Enum,
    Float,
    Int,
    ListOf,
    LocalDateTime,
    MapOf,
    Struct,
    Text,
    Time,
)
from tests.unit.formats.reading import FORMATS, make_reader, make_rejecter, make_writer, see

BOTH = sorted(name for name, format in FORMATS.items() if format.reader and format.writer)
TEXT = [name for name in BOTH if SOURCES[name].text]
TYPED = [name for name in BOTH if not SOURCES[name].text]

FLAT = (
    ("key", Int()),
    ("text", Text(True)),
    ("bool", Bool(True)),
    ("decimal", Decimal(True, 12, 2)),
    ("wide", Decimal(True)),
    ("float", Float(True)),
    ("date", Date(True)),
    ("time", Time(True)),
    ("instant", DateTime(True)),
    ("local", LocalDateTime(True)),
    ("duration", Duration(True)),
    ("enum", Enum(("new", "old"), True)),
)
NESTED = (
    ("list", ListOf(Text(True), True)),
    ("struct", Struct((("a", Int(True)), ("b", ListOf(Struct((("c", Decimal(True, 9, 3)),))))), True)),
    ("map", MapOf(Int(True), True)),
)
FULL: dict[str, Any] = {
    "key": 1,
    "text": 'a "b", c\nd;\t€ 😀',
    "bool": False,
    "decimal": Digits("-12.50"),
    "wide": Digits("0.0000000001"),
    "float": 1.5e-7,
    "date": date(2024, 2, 29),
    "time": time(23, 59, 59, 500000),
    "instant": datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
    "local": datetime.fromisoformat("1969-12-31T23:59:59.999999"),
    "duration": timedelta(days=1, seconds=3, microseconds=5),
    "enum": "old",
    "list": ["x", None, ""],
    "struct": {"a": None, "b": [{"c": Digits("1.250")}, {"c": None}]},
    "map": [("k", 1), ('é"', None)],
}


def table(rows, columns):
    return pa.table({name: pa.array([row.get(name) for row in rows], arrow_type(kind)) for name, kind in columns})


def write(kind, path, tables, columns, **options):
    writer = make_writer(kind, TargetShape("t", kind, tuple(options.items())), str(path), columns)
    for one in tables:
        writer.write(one)
    writer.close()


def shape(kind, columns, **options):
    reading = Reading(empty_text=True)
    declared = tuple(SourceColumn(name, one, (name,), "", None, reading) for name, one in columns)
    return SourceShape("s", kind, tuple(options.items()), declared)


def read(kind, path, columns, wanted=None, **options):
    """Rows in their declared types; what a text format leaves as text is converted here, as the plan would."""
    file = InputFile(str(path), path.name)
    reader = make_reader(kind, shape(kind, columns, **options), frozenset(wanted or [name for name, _ in columns]), [file])
    seen = see(reader, [file])
    if SOURCES[kind].text:
        for name, one in columns:
            reading = Reading(empty_text=isinstance(one, Text) and not one.nullable)
            seen.columns[name] = typed(pa.array(seen.columns.get(name, []), pa.string()), one, reading).values.to_pylist()
    return seen


def rows_of(seen, columns):
    return [dict(zip((name for name, _ in columns), values)) for values in zip(*(seen.columns.get(name, []) for name, _ in columns))]


def outcome(kind, path, columns):
    """The refusal of a file, or None, and its rows."""
    try:
        return None, rows_of(read(kind, path, columns), columns)
    except BadInput as refusal:
        return refusal, []


@pytest.mark.parametrize("kind", BOTH)
def test_values_of_every_flat_type_come_back(kind, tmp_path):
    rows = [{name: FULL[name] for name, _ in FLAT}, {"key": 2}, {**{name: FULL[name] for name, _ in FLAT}, "key": 3}]
    write(kind, tmp_path / "f", [table(rows[:2], FLAT), table(rows[2:], FLAT)], FLAT)
    seen = read(kind, tmp_path / "f", FLAT)
    assert [{name: row.get(name) for name, _ in FLAT} for row in rows] == rows_of(seen, FLAT)
    assert ([], []) == (seen.bad, seen.failures)


@pytest.mark.parametrize("kind", TYPED)
def test_nested_values_come_back(kind, tmp_path):
    rows = [FULL, {"key": 2}, {"key": 3, "list": [], "struct": {"a": 1, "b": []}, "map": []}]
    columns = (FLAT[0], *NESTED)
    write(kind, tmp_path / "f", [table(rows, columns)], columns)
    expected = [{name: row.get(name) for name, _ in columns} for row in rows]
    if kind == "xml":
        # An element that is not there is null where that may be: XML has no list without elements.
        expected[2]["list"] = None
    assert expected == rows_of(read(kind, tmp_path / "f", columns), columns)


@pytest.mark.parametrize("kind", TEXT)
def test_nested_values_are_json_in_a_cell(kind, tmp_path):
    write(kind, tmp_path / "f", [table([FULL], NESTED)], NESTED)
    seen = read(kind, tmp_path / "f", tuple((name, Text(True)) for name, _ in NESTED))
    assert ["x", None, ""] == json.loads(seen.columns["list"][0])
    assert {"a": None, "b": [{"c": 1.25}, {"c": None}]} == json.loads(seen.columns["struct"][0])
    assert {"k": 1, 'é"': None} == json.loads(seen.columns["map"][0])


@pytest.mark.parametrize("kind", BOTH)
def test_no_rows_come_back_as_none(kind, tmp_path):
    write(kind, tmp_path / "f", [table([], FLAT)], FLAT)
    seen = read(kind, tmp_path / "f", FLAT)
    assert [] == rows_of(seen, FLAT)
    assert any("no rows" in warning for warning in seen.warnings)


@pytest.mark.parametrize("kind", BOTH)
def test_a_file_to_which_nothing_was_written_can_be_read(kind, tmp_path):
    write(kind, tmp_path / "f", [], FLAT)
    assert [] == rows_of(read(kind, tmp_path / "f", FLAT), FLAT)


@pytest.mark.parametrize("kind", BOTH)
def test_a_single_column_keeps_its_empty_and_null_rows(kind, tmp_path):
    columns = (("a", Text(True)),)
    write(kind, tmp_path / "f", [table([{"a": "x"}, {"a": None}, {"a": ""}, {"a": None}, {"a": "y"}], columns)], columns)
    values = read(kind, tmp_path / "f", columns).columns["a"]
    if kind == "xlsx":
        # A row of a sheet without any value is no row: sheets are full of them.
        assert ["x", "y"] == values
        return
    assert ["x", None, None, None, "y"] == [value or None for value in values]


@pytest.mark.parametrize("kind", BOTH)
def test_naughty_strings_come_back(kind, tmp_path, shared):
    naughty = json.loads((shared / "realdata/blns/blns.json").read_text(encoding="utf-8"))
    assert len(naughty) > 500
    texts = [text.replace("\0", "") for text in naughty]
    if kind == "xml":
        # XML has no way to write these; the writer refuses them by name (tests/unit/formats/test_xml.py).
        texts = [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text) for text in texts]
    columns = (("n", Int()), ("a", Text(True)), ("b", Text(True)))
    rows = [{"n": number, "a": text, "b": texts[-number]} for number, text in enumerate(texts)]
    write(kind, tmp_path / "f", [table(rows, columns)], columns)
    seen = read(kind, tmp_path / "f", columns)
    assert [] == seen.bad
    assert [(row["a"] or None, row["b"] or None) for row in rows] == [
        (a or None, b or None) for a, b in zip(seen.columns["a"], seen.columns["b"])
    ]


@pytest.mark.parametrize("kind", BOTH)
def test_only_the_columns_wanted_are_given(kind, tmp_path):
    write(kind, tmp_path / "f", [table([FULL], FLAT)], FLAT)
    file = InputFile(str(tmp_path / "f"), "f")
    seen = see(make_reader(kind, shape(kind, FLAT), frozenset({"date", "key"}), [file]), [file])
    assert {"date", "key"} == set(seen.columns)


@pytest.mark.parametrize("kind", BOTH)
def test_a_target_chooses_and_renames_columns(kind, tmp_path):
    target = TargetShape("t", kind, (), (("text", "Label"), ("key", "Key")))
    writer = make_writer(kind, target, str(tmp_path / "f"), FLAT)
    writer.write(table([{"key": 1, "text": "x"}], FLAT))
    writer.close()
    columns = (("Label", Text(True)), ("Key", Int()))
    assert [{"Label": "x", "Key": 1}] == rows_of(read(kind, tmp_path / "f", columns), columns)


@pytest.mark.parametrize("kind", BOTH)
def test_nobody_sees_a_file_before_it_is_closed_or_after_it_is_given_up(kind, tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    writer = make_writer(kind, TargetShape("t", kind, ()), str(path), FLAT)
    writer.write(table([FULL] * 1000, FLAT))
    assert "old" == path.read_text()
    writer.abort()
    assert "old" == path.read_text()
    assert ["out"] == [one.name for one in tmp_path.iterdir()]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x01" * 300, b"<html>no</html>", b'{"a": [1, 2', b"PAR1", b"ARROW1\0\0", b"\n"])
def test_what_is_no_such_file_is_refused_or_gives_no_good_row(kind, content, tmp_path):
    (tmp_path / "f").write_bytes(content)
    refusal, rows = outcome(kind, tmp_path / "f", FLAT)
    assert [] == rows
    assert refusal is None or (refusal.code[:3], "`f`" in refusal.message) == ("R00", True)


@pytest.mark.parametrize("kind", BOTH)
def test_a_file_that_was_cut_short_gives_no_row_that_was_not_there(kind, tmp_path):
    rows = [{name: FULL[name] for name, _ in FLAT} | {"key": number} for number in range(300)]
    write(kind, tmp_path / "f", [table(rows, FLAT)], FLAT)
    whole = (tmp_path / "f").read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 23)):
        (tmp_path / "f").write_bytes(whole[:size])
        try:
            seen = read(kind, tmp_path / "f", FLAT)
        except BadInput:
            continue
        # The last row may have lost its end without a trace; there is a warning where that is so.
        complete = rows_of(seen, FLAT)[: -1 if any("cut short" in one for one in seen.warnings) else None]
        assert rows[: len(complete)] == complete


@pytest.mark.parametrize("kind", BOTH)
def test_a_missing_column_is_refused_or_fails_every_row(kind, tmp_path):
    write(kind, tmp_path / "f", [table([FULL, FULL], FLAT[:2])], FLAT[:2])
    columns = (*FLAT[:2], ("colour", Text()))
    refusal, _ = outcome(kind, tmp_path / "f", columns)
    if refusal is not None:
        assert ("R004", True) == (refusal.code, "`colour`" in refusal.message)
        return
    failures = read(kind, tmp_path / "f", columns).failures
    assert [("R201", "colour", 0), ("R201", "colour", 1)] == [failure[:3] for failure in failures]


@pytest.mark.parametrize("kind", BOTH)
def test_blocks_are_parsed_by_several_threads_and_found_again(kind, tmp_path):
    rows = [{"key": number, "text": f"text {number}"} for number in range(70_000)]
    columns = FLAT[:2]
    write(kind, tmp_path / "f", [table(rows[:40_000], columns), table(rows[40_000:], columns)], columns)
    file = InputFile(str(tmp_path / "f"), "f")
    reader = make_reader(kind, shape(kind, columns), frozenset({"key"}), [file])
    blocks = list(reader.blocks(file, 0, 7))
    assert list(range(7, 7 + len(blocks))) == [block.number for block in blocks]
    with ThreadPoolExecutor(4) as pool:
        parsed = list(pool.map(reader.parse, blocks))
    keys = [int(key) for one in parsed for column in one.columns.values() for key in column.array(one.length).to_pylist()]
    assert list(range(70_000)) == keys
    again = [reader.parse(reader.reread(file, block)) for block in blocks]
    assert [one.columns for one in parsed] == [one.columns for one in again]


@pytest.mark.parametrize("kind", [name for name in BOTH if FORMATS[name].rejecter])
def test_rejected_rows_can_be_corrected_and_sent_again(kind, tmp_path):
    rows = [{name: FULL[name] for name, _ in FLAT} | {"key": number} for number in range(100)]
    write(kind, tmp_path / "f", [table(rows, FLAT)], FLAT)
    file = InputFile(str(tmp_path / "f"), "f")
    declared = shape(kind, FLAT)
    reader = make_reader(kind, declared, frozenset({"key"}), [file])
    blocks = list(reader.blocks(file, 0, 0))
    reader.parse(blocks[0])
    rejecter = make_rejecter(kind, declared, reader, str(tmp_path / "rejects"))
    added = pa.table({"_dhm_row": pa.array([4, 78], pa.int64()), "_dhm_messages": ['R104: "x", no number', None]})
    rejecter.write(reader.reread(file, blocks[0]), np.array([3, 77]), added)
    rejecter.close()
    columns = (*FLAT, ("_dhm_row", Int()), ("_dhm_messages", Text(True)))
    expected = [rows[3] | {"_dhm_row": 4, "_dhm_messages": 'R104: "x", no number'}, rows[77] | {"_dhm_row": 78, "_dhm_messages": None}]
    assert expected == rows_of(read(kind, tmp_path / "rejects", columns), columns)


# ------------------------------------------------------------------------------------------------ of all that read, whoever writes

READERS = sorted(name for name, format in FORMATS.items() if format.reader)
PLACES = {"key": (0, 8), "text": (8, 30)}
BY_HAND = {"fixed": lambda row: f"{row['key']:<8}{row['text']:<22}\n"}
"""A line of the formats that nothing of ours writes."""


def wanted(kind, *names):
    """Columns as a plan asks a reader for them: what a format leaves as text has a name of its own."""
    return frozenset(f"#s.{name}" if SOURCES[kind].text else name for name in names)


def given_file(kind, path, rows):
    """A reader of a file with two columns, and the file."""
    if kind in BY_HAND:
        path.write_text("".join(map(BY_HAND[kind], rows)), encoding="utf-8")
    else:
        write(kind, path, [table(rows, FLAT[:2])], FLAT[:2])
    declared = shape(kind, FLAT[:2])
    if kind in BY_HAND:
        placed = tuple(replace(one, positions=PLACES[one.name]) for one in declared.columns)
        declared = replace(declared, columns=placed)
    return declared, InputFile(str(path), path.name)


def test_a_format_that_only_reads_is_written_by_hand():
    assert set(BY_HAND) == set(READERS) - set(BOTH)


@pytest.mark.parametrize("kind", READERS)
def test_rows_come_in_order_each_once_from_whichever_thread(kind, tmp_path):
    rows = [{"key": number, "text": f"é {number}"} for number in range(70_000)]
    declared, file = given_file(kind, tmp_path / "f", rows)
    reader = make_reader(kind, declared, wanted(kind, "text"), [file])
    blocks = list(reader.blocks(file, 0, 7))
    assert list(range(7, 7 + len(blocks))) == [block.number for block in blocks]
    with ThreadPoolExecutor(4) as pool:
        parsed = list(pool.map(reader.parse, blocks))
    # Nothing is given but what is wanted.
    assert all({"text"} == {name.rpartition(".")[2] for name in one.columns} for one in parsed)
    texts = [text for one in parsed for column in one.columns.values() for text in column.array(one.length).to_pylist()]
    assert [row["text"] for row in rows] == texts
    assert [one.columns for one in parsed] == [reader.parse(reader.reread(file, block)).columns for block in blocks]


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x01" * 300, b"<html>no</html>", b"PK\x03\x04" + b"\0" * 40, b"\n", b""])
def test_junk_is_refused_or_gives_no_good_row(kind, content, tmp_path):
    declared, file = given_file(kind, tmp_path / "f", [{"key": 1, "text": "x"}])
    (tmp_path / "f").write_bytes(content)
    refusal: BadInput | None = None
    columns: dict[str, Any] = {}
    try:
        reader = make_reader(kind, declared, wanted(kind, "key", "text"), [file])
        columns = see(reader, [file]).columns
    except BadInput as problem:
        refusal = problem
    assert refusal is None or (refusal.code[:3], "`f`" in refusal.message) == ("R00", True)
    keys: list[Any] = next((values for name, values in columns.items() if name.rpartition(".")[2] == "key"), [])
    assert not any(str(key or "").strip().isdecimal() for key in keys)


@pytest.mark.parametrize("kind", [name for name in READERS if FORMATS[name].rejecter])
def test_rows_that_are_rejected_are_read_again_as_they_came(kind, tmp_path):
    rows = [{"key": number, "text": f"é {number}"} for number in range(100)]
    declared, file = given_file(kind, tmp_path / "f", rows)
    reader = make_reader(kind, declared, wanted(kind, "key", "text"), [file])
    blocks = list(reader.blocks(file, 0, 0))
    reader.parse(blocks[0])
    rejecter = make_rejecter(kind, declared, reader, str(tmp_path / "rejects"))
    added = pa.table({"_dhm_row": pa.array([4, 78], pa.int64()), "_dhm_messages": ['R104: "x", no number', None]})
    rejecter.write(reader.reread(file, blocks[0]), np.array([3, 77]), added)
    rejecter.close()
    again = InputFile(str(tmp_path / "rejects"), "rejects")
    seen = see(make_reader(kind, declared, wanted(kind, "text"), [again]), [again])
    assert [["é 3", "é 77"]] == list(seen.columns.values())


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_every_format_is_a_kind_of_source_and_of_target(kind):
    assert (kind in SOURCES) == (FORMATS[kind].reader is not None)
    assert (kind in TARGETS) == (FORMATS[kind].writer is not None)
    assert FORMATS[kind].extension
