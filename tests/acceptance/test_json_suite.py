"""JSONTestSuite by `run`: what is JSON comes through as it was, what is not is a reject of its own line, nothing stops the run.

The files were counted: 95 must be accepted (`y_`), 188 must not (`n_`), 35 are left to the reader (`i_`). Here each is the value
`x` of a record, one a line; files that hold a line end within are left to the tests of the reader, as they would be several lines.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import datahub

SCRIPT = """
source records: jsonl { empty text, columns { name: text, x: json? } }
entity Record { key name
  name: text
  x: json?
}
map Record from r in records { include r }
"""


@pytest.fixture(scope="module")
def suite(realdata):
    """The contents of the files by their names."""
    found = {path.name: path.read_bytes().strip(b"\n") for path in sorted((realdata / "json_test_suite/test_parsing").glob("*.json"))}
    assert {"y": 95, "n": 188, "i": 35} == {first: sum(name[0] == first for name in found) for first in "yni"}
    return {name: content for name, content in found.items() if b"\n" not in content and b"\r" not in content}


def record(name, content):
    return b'{"name": "' + name.encode() + b'", "x": ' + content + b"}\n"


def run(suite, tmp_path, firsts, **settings):
    lines = [(name, record(name, content)) for name, content in suite.items() if name[0] in firsts]
    path = tmp_path / "suite.jsonl"
    path.write_bytes(b"".join(line for _, line in lines))
    result = datahub.run(SCRIPT, {"records": path}, **settings)
    names = {number: name for number, (name, _) in enumerate(lines, 1)}
    assert len(lines) == sum(result.fates["records"].values())
    return names, {row["name"]: row["x"] for row in result.entities["Record"].to_pylist()}, result.issues.to_pylist()


def test_what_is_json_comes_through_as_it_was(suite, tmp_path):
    names, written, issues = run(suite, tmp_path, "y")
    assert [] == issues
    assert set(names.values()) == set(written)
    for name, found in written.items():
        given = json.loads(suite[name], parse_float=Decimal, parse_int=Decimal)
        # A JSON null is no value.
        assert given == (None if found is None else json.loads(found, parse_float=Decimal, parse_int=Decimal)), name


@pytest.mark.parametrize("batch_rows", [65_536, 1])
def test_what_is_no_json_is_a_reject_of_its_line_and_its_neighbours_go_on(suite, tmp_path, batch_rows):
    names, written, issues = run(suite, tmp_path, "yn", batch_rows=batch_rows)
    assert {name for name in names.values() if name[0] == "y"} == set(written)
    assert {line for line, name in names.items() if name[0] == "n"} == {one["line"] for one in issues}
    assert {one["code"] for one in issues} <= {"R001", "R005"}


def test_what_is_left_to_the_reader_is_written_or_rejected(suite, tmp_path):
    names, written, issues = run(suite, tmp_path, "i")
    rejected = {names[one["line"]] for one in issues}
    assert set(names.values()) == set(written) | rejected
    assert not set(written) & rejected
    for found in written.values():
        json.loads(found)
