"""Structs that may be null, with members that may not, in every format that keeps types and in tables of Python."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import datahub
from tests.commands import dhm

SCRIPT = """\
source s: jsonl { columns { id: int, st: {k: text, n: {q: int}}?, l: [{k: text}?]?, m: map({k: text}?)?, w: {k: text, ns: [{q: int}]} } }
entity A { id: int, st: {k: text, n: {q: int}}?, l: [{k: text}?]?, m: map({k: text}?)?, w: {k: text, ns: [{q: int}]} }
map A from x in s { include x }
"""
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "st": {"k": "a", "n": {"q": 1}},
        "l": [{"k": "a"}, None],
        "m": [("x", {"k": "a"}), ("y", None)],
        "w": {"k": "w", "ns": [{"q": 2}]},
    },
    {"id": 2, "st": None, "l": None, "m": None, "w": {"k": "w", "ns": []}},
    {"id": 3, "st": None, "l": [None], "m": [], "w": {"k": "w", "ns": []}},
]


def read_arrow(path):
    with pa.ipc.open_file(path) as file:
        return file.read_all()


@pytest.mark.parametrize(("form", "read"), [("parquet", pq.read_table), ("arrow", read_arrow)])
def test_a_struct_that_is_null_is_written_though_its_members_are_not_nullable(tmp_path, form, read):
    (tmp_path / "a.dhm").write_text(SCRIPT, encoding="utf-8")
    lines = [{**row, "m": None if row["m"] is None else dict(row["m"])} for row in ROWS]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = dhm("run", "a.dhm", "--source", "s=s.jsonl", "--format", form, "--out", "out", home=tmp_path)
    assert 0 == done.code, done.err
    made = read(tmp_path / "out" / f"A.{form}")
    assert ROWS == made.to_pylist()
    # What is always there says so.
    assert not made.schema.field("w").type.field("k").nullable


def test_a_table_of_python_may_have_a_null_struct(tmp_path):
    script = tmp_path / "b.dhm"
    script.write_text(
        "source s: arrow { columns { id: int, st: {k: text, n: int}? } }\nentity A { id: int, st: {k: text, n: int}? }\nmap A from x in s { include x }\n",
        encoding="utf-8",
    )
    rows = [{"id": 1, "st": {"k": "a", "n": 1}}, {"id": 2, "st": None}]
    given = pa.Table.from_pylist(rows, pa.schema([("id", pa.int64()), ("st", pa.struct([("k", pa.string()), ("n", pa.int64())]))]))
    assert rows == datahub.run(script, {"s": given}).entities["A"].to_pylist()
