"""A file with a column of every type of Arrow's, flat and nested, through every writer, and its rejected row sent again."""

from __future__ import annotations

import csv
import json
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.types import model as t
from tests.commands import dhm
from tests.unit.formats.test_arrow_types import FAILS, LEAVES, built

DEPTHS = [(), ("list view",), ("struct",), ("map of numbers",), ("list view", "struct")]
NAMES = {t.Text: "text", t.Int: "int", t.Float: "float", t.Bool: "bool", t.Date: "date", t.Time: "time", t.Duration: "duration"}
MOMENTS = {t.DateTime: "datetime", t.LocalDateTime: "local_datetime"}


def declared(kind):
    match kind:
        case t.ListOf(item=item):
            return f"[{declared(item)}]?"
        case t.Struct(fields=((name, inner),)):
            return f"{{{name}: {declared(inner)}}}?"
        case t.MapOf(value=value):
            return f"map({declared(value)})?"
        case t.Decimal(precision=precision, scale=scale):
            return f"decimal({precision},{scale})?"
        case _:
            return (NAMES | MOMENTS)[type(kind)] + "?"


@cache
def columns():
    """Of each the name, its type, what its first row is, and both rows: the first is whole, the second is what fails of it, if any."""
    found: list[tuple[str, t.Type, Any, pa.Array]] = []
    for leaf in LEAVES:
        for depth in DEPTHS:
            values, kind, wished = built(leaf, depth)
            bad = wished.index(FAILS) if FAILS in wished else 0
            good = next((at for at, one in enumerate(wished) if one is not FAILS), None)
            if good is not None and "null" != leaf:
                rows = pa.concat_arrays([values[good : good + 1], values[bad : bad + 1]]) if sliceable(values) else None
                if rows is not None:
                    found.append((f"c{len(found)}", kind, wished[good], rows))
    return found


def sliceable(values):
    return not pa.types.is_run_end_encoded(values.type)


def run(folder, form, source="s.arrow", out="out"):
    return dhm("run", "a.dhm", "--source", f"s={source}", "--format", form, "--out", out, "-q", home=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("arrow")
    table = pa.table({name: rows for name, _, _, rows in columns()} | {"other": LEAVES["union"][0], "span": pa.nulls(2)})
    with pa.ipc.new_file(str(place / "s.arrow"), table.schema) as writer:
        writer.write_table(table)
    fields = "\n".join(f"  {name}: {declared(kind)}" for name, kind, _, _ in columns())
    script = f"source s: arrow {{ columns {{\n{fields}\n}} }}\nentity E {{\n{fields}\n}}\nmap E from r in s {{ include r }}\n"
    (place / "a.dhm").write_text(script, encoding="utf-8")
    return place


def read_arrow(path):
    with pa.ipc.open_file(str(path)) as file:
        return file.read_all()


@pytest.mark.parametrize(("form", "read"), [("parquet", pq.read_table), ("arrow", read_arrow)])
def test_typed_files_hold_what_the_file_held(folder, form, read):
    done = run(folder, form, out=form)
    assert 0 == done.code, done.err
    made = read(folder / form / f"E.{form}")
    assert 1 == made.num_rows
    for name, kind, wished, _ in columns():
        assert wished == made[name].to_pylist()[0], (name, kind)


def test_text_files_hold_it_as_text(folder):
    for form in ("jsonl", "csv"):
        assert 0 == run(folder, form, out=form).code
    (line,) = (folder / "jsonl" / "E.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(line, parse_constant=pytest.fail)
    with (folder / "csv" / "E.csv").open(newline="", encoding="utf-8") as file:
        (cells,) = csv.DictReader(file)
    for name, kind, wished, _ in columns():
        if isinstance(kind, t.Text | t.Int):
            assert (wished, "" if wished is None else str(wished)) == (row[name], cells[name])
        elif isinstance(kind, t.ListOf) and isinstance(kind.item, t.Text | t.Int):
            assert wished == row[name] == json.loads(cells[name])
        assert "<value" not in cells[name]
        assert "b'" not in cells[name]


def test_the_rejected_row_is_a_file_that_can_be_sent_again(folder):
    assert 0 == run(folder, "jsonl", out="first").code
    again = run(folder, "jsonl", source="first/run/rejects/s.arrow", out="second")
    assert 0 == again.code, again.err
    first, second = (pq.read_table(folder / place / "run" / "issues.parquet") for place in ("first", "second"))
    told = ["code", "field", "value", "path"]
    assert 70 < first.num_rows
    assert first.select(told).to_pylist() == second.select(told).to_pylist()
    assert {"R001", "R006", "R102", "R104", "R105", "R106", "R107", "R112"} >= set(first["code"].to_pylist())
