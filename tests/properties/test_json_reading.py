"""JSON is read alike at once and record by record, and as strictly as the suite of test cases asks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahub.formats.declare import BadInput, InputFile
from datahub.formats.json_exact import Decoder, Malformed
from datahub.formats.json_read import Piece, elements_of
from datahub.formats.json_records import RecordParser
from datahub.formats.json_scan import nesting, structure
from datahub.formats.jsonl import lines_of
from datahub.semantic.ir import SourceShape
from datahub.types.model import Bool, Date, Decimal, Float, Int, ListOf, Struct, Text
from tests.unit.formats.reading import column, make_reader, see

COLUMNS = (
    column("t", Text(True)),
    column("i", Int(True)),
    column("d", Decimal(True, 12, 4)),
    column("f", Float(True)),
    column("b", Bool(True)),
    column("day", Date(True)),
    column("s", Struct((("x", Int()), ("y", Text(True))), True)),
    column("l", ListOf(Struct((("q", Int()), ("p", Decimal(False, 9, 2)))), True)),
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20), st.decimals(allow_nan=False, allow_infinity=False, places=3), st.sampled_from(["1e3", "-0", "1.0"])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), st.sampled_from(["12.5", "2024-02-29", "", "1E3", "5."]))
ITEMS = st.fixed_dictionaries({}, optional={"q": SCALARS, "p": SCALARS})
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "t": SCALARS,
        "i": SCALARS,
        "d": SCALARS,
        "f": SCALARS,
        "b": SCALARS,
        "day": SCALARS,
        "s": st.one_of(SCALARS, st.fixed_dictionaries({}, optional={"x": SCALARS, "y": SCALARS})),
        "l": st.one_of(SCALARS, st.lists(st.one_of(ITEMS, SCALARS), max_size=3)),
        "other": st.lists(SCALARS, max_size=2),
    },
)


def text_of(value):
    """JSON text, numbers as they are."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)}:{text_of(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(text_of, value)) + "]"
        case str() if value in ("1e3", "-0", "1.0"):
            return value
        case None | bool() | str():
            return json.dumps(value)
        case _:
            return str(value)


def told(parsed):
    values = {name: one.array(parsed.length).to_pylist() for name, one in parsed.columns.items()}
    failures = set()
    for name, one in parsed.columns.items():
        for failure in one.failures:
            for at, row in enumerate(failure.rows.tolist()):
                failures.add((name, failure.code, row, failure.paths and failure.paths[at].as_py(), failure.inside))
    return values, failures, parsed.bad


@given(st.lists(RECORDS, min_size=1, max_size=8))
def test_records_read_at_once_are_what_they_are_one_by_one(records):
    text = "\n".join(map(text_of, records)).encode() + b"\n"
    shape = SourceShape("s", "jsonl", (), COLUMNS)
    names = frozenset({*(one.name for one in COLUMNS), "!present.t", "!present.l"})
    together = RecordParser(shape, names).parse(lines_of(text), 1)
    one_by_one = RecordParser(shape, names)
    one_by_one._planned = True
    exactly = one_by_one.parse(lines_of(text), 1)
    assert told(exactly) == told(together)
    assert ["t" in record for record in records] == told(exactly)[0]["!present.t"]
    for number, record in enumerate(records):
        alone = RecordParser(shape, names).parse(lines_of(text_of(record).encode()), 1)
        assert {name: values[0] for name, values in told(alone)[0].items()} == {
            name: values[number] for name, values in told(together)[0].items()
        }


@given(st.lists(RECORDS, min_size=1, max_size=6), st.sampled_from([",", ",\n", " ,\t"]))
def test_elements_are_cut_where_they_end(records, comma):
    texts = [text_of(record) for record in records]
    found = elements_of(Piece(comma.join(texts).encode()))
    assert texts == [found.text[start:end].decode() for start, end in zip(found.starts.tolist(), found.ends.tolist())]


@given(st.text(alphabet='{}[],:"\\a \n', max_size=40))
def test_structure_is_what_a_reader_letter_by_letter_sees(text):
    inside, escaped, depth, seen = False, False, 0, []
    for place, letter in enumerate(text):
        if inside or letter == '"':
            if not escaped and letter == '"':
                inside = not inside
            escaped = inside and letter == "\\" and not escaped
        elif letter in "{}[],:":
            depth += (letter in "{[") - (letter in "}]")
            seen.append((place, letter, depth))
    if "\\" in "".join(part for part in text.split('"')[::2]):
        return
    found = structure(text.encode())
    assert seen == [(int(place), chr(mark), int(deep)) for place, mark, deep in zip(found.places, found.marks, found.depths)]
    assert [one for one in seen if one[1] in "{}[]"] == [
        (int(p), chr(m), int(d)) for p, m, d in zip(*(getattr(nesting(text.encode()), n) for n in ("places", "marks", "depths")))
    ]


@pytest.fixture(scope="module")
def suite(shared):
    return sorted((shared / "realdata/json_test_suite/test_parsing").glob("*.json"))


def test_the_suite_is_judged_as_it_says(suite):
    assert len(suite) > 300
    wrong = []
    for path in suite:
        try:
            Decoder().read(path.read_bytes())
            accepted = True
        except Malformed:
            accepted = False
        if path.name[0] in "yn" and accepted != (path.name[0] == "y"):
            wrong.append(path.name)
    assert [] == wrong


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_nothing_of_the_suite_that_is_no_json_gives_a_row(suite, kind, tmp_path):
    """Each file as a document, and inside of an undeclared member of a record whose other member is fine."""
    for path in suite:
        if path.name[0] != "n":
            continue
        raw = path.read_bytes()
        contents = [raw, b'{"a":1,"x":' + raw.strip(b"\n") + b"}\n"]
        for content in contents:
            (tmp_path / "f").write_bytes(content)
            file = InputFile(str(tmp_path / "f"), "f")
            reader = make_reader(kind, SourceShape("s", kind, (), (column("a", Int(True)),)), frozenset({"a"}), [file])
            try:
                seen = see(reader, [file])
            except BadInput:
                continue
            if kind == "json" or content is contents[1]:
                assert [] == seen.rows, path.name


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_everything_of_the_suite_that_is_json_is_accepted_beside_what_is_wanted(suite, kind, tmp_path):
    for path in suite:
        if path.name[0] != "y":
            continue
        value = path.read_bytes()
        content = b'{"a":1,"x":' + (value.replace(b"\n", b" ") if kind == "jsonl" else value) + b"}\n"
        (tmp_path / "f").write_bytes(content)
        file = InputFile(str(tmp_path / "f"), "f")
        seen = see(make_reader(kind, SourceShape("s", kind, (), (column("a", Int(True)),)), frozenset({"a"}), [file]), [file])
        assert [1] == seen.columns.get("a"), path.name
