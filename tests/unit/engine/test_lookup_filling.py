"""A table that is put together while its rows are read is the table that they give at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.lookup_filling import Filling
from datahub.engine.lookup_index import FEW, build
from datahub.semantic import ir
from datahub.types import model as t

KINDS: dict[str, tuple[t.Type, Callable[[int], str | int]]] = {
    "text": (t.Text(), lambda one: f"K-{one * 7919}"),
    "int": (t.Int(), lambda one: one * 7919),
}


def table(kind: t.Type, **given) -> ir.LookupTable:
    made = {"rows": (), "source": "s", "valid_from": "", "miss": "error", "fallback": None, "message": None, **given}
    return ir.LookupTable("x", (("key", kind),), result=t.Int(), **made)


def same(filled, whole, wanted: pa.Array) -> bool:
    found, known = filled.rows_at(filled.keys.find([wanted])), whole.rows_at(whole.keys.find([wanted]))
    results = filled.results.take(pa.array(found, mask=found < 0)).equals(whole.results.take(pa.array(known, mask=known < 0)))
    return np.array_equal(found, known) and results and filled.contradicts == whole.contradicts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", ["unique", "again", "contradicted", "null at the end", "null at first", "few", "none", "uneven"])
def test_it_is_the_table_of_all_rows(kind, shape):
    type_, make = KINDS[kind]
    count = {"few": FEW // 2, "none": 0}.get(shape, 3 * FEW)
    numbers = list(range(count))
    if shape in ("again", "contradicted"):
        numbers[-5], numbers[FEW + 1] = 7, 8
    keys: list[str | int | None] = [make(one) for one in numbers]
    if shape.startswith("null"):
        keys[-1 if shape == "null at the end" else 0] = None
    results = numbers if shape == "again" else list(range(count))
    rows = pa.table({"key": pa.array(keys, pa.string() if kind == "text" else pa.int64()), "result": pa.array(results, pa.int64())})
    declared = table(type_)
    filling = Filling(declared)
    step = 1_001 if shape == "uneven" else FEW // 3 + 1
    for start in range(0, count, step):
        filling.add(rows.slice(start, step))
    wanted = pa.array([make(one) for one in (*range(0, count + 50, 13), 7, 8)] + [None], rows.column("key").type)
    assert same(filling.built(rows.slice(0, 0)), build(declared, rows), wanted)


def test_no_thread_is_left_where_a_run_breaks_off():
    rows = pa.table({"key": pa.array(range(2 * FEW)), "result": pa.array(range(2 * FEW))})
    filling = Filling(table(t.Int()))
    for start in range(0, len(rows), FEW // 2):
        filling.add(rows.slice(start, FEW // 2))
    assert [one.name for one in threading.enumerate() if one.name.startswith("dhm-keys")]
    filling.close()
    assert [] == [one.name for one in threading.enumerate() if one.name.startswith("dhm-keys")]
