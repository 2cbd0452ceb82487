"""Every function and operator, in all its signatures: the engine's columns are what the reference says row by row.

Distinct rows are asked of the reference once, and repeated in a column of the engine, for a hundred thousand cells and more a function.
`DHM_SEED` and `DHM_ROWS` make other rows, and more of them, for `make torture`.
"""

from __future__ import annotations

import os
import random
from functools import cache

import numpy as np
import pytest

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Column, Frame
from datahub.functions import load
from datahub.semantic import ir
from datahub.semantic.walk import walk
from datahub.types import model as t
from tests.differential.calls import Call, calls_of
from tests.differential.held import compare, expected, framed, hold, rows_for, state, typed

CELLS = 100_000
DISTINCT = 10_000
"""How many rows are made for a function; they come again, in another order, until there are as many cells as asked."""
SEED = os.environ.get("DHM_SEED", "")
ROWS = int(os.environ.get("DHM_ROWS", "0"))
FLOATS = frozenset(
    ("acos", "asin", "atan", "atan2", "cos", "sin", "tan", "sinh", "cosh", "tanh", "degrees", "radians", "sqrt", "log10", "ln", "log", "exp", "power", "distance_km",
     "sum", "avg", "stddev", "stddev_all", "variance", "variance_all", "product", "mod", "similarity")
)  # fmt: skip
"""Functions whose floats may differ by the last digits: libraries of mathematics do, and sums of floats have an order."""
NAMES = sorted(load())
SIZES = ((1, 1000), (7, 1000), (333, 1000)) if SEED else ((1, 20), (7, 140), (333, 1000))
"""How long batches are, and over how many rows; scripts are run in batches of one and of seven over a thousand rows as well."""


@cache
def typed_calls(name: str) -> tuple[tuple[ir.Expression, Call], ...]:
    function = load()[name]
    if name == "between_inclusive":  # scripts say it with `>=` and `<=`; plans may hold it
        return tuple(_between(kind) for kind in (t.Int(True), t.Text(True), t.Decimal(True, 12, 2), t.Date(True)))
    found = (typed(call) for overload in function.overloads for call in calls_of(function, overload))
    return tuple({f"{one[1].expression} {one[1].columns}": one for one in found if one is not None}.values())


def _between(kind: t.Type) -> tuple[ir.Expression, Call]:
    columns = dict.fromkeys(("value", "low", "high"), kind)
    arguments = tuple(ir.Column(one, kind) for one in columns)
    return ir.Call("between_inclusive", 0, arguments, t.Bool()), Call("between_inclusive", columns)


def used(expression: ir.Expression) -> set[tuple[str, int]]:
    return {(one.function, one.overload) for one in walk(expression) if isinstance(one, ir.Call | ir.Aggregate)}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_gives_what_the_reference_says(name: str) -> None:
    calls = typed_calls(name)
    seen: set[tuple[str, int]] = set()
    cells = 0
    for expression, call in calls:
        r = random.Random(f"{SEED}{name}{call.expression}{call.columns}")
        rows = rows_for(call, ROWS or max(DISTINCT // 25, DISTINCT // len(calls)), r)
        order = np.random.default_rng(r.getrandbits(32)).integers(0, len(rows), max(CELLS // len(calls) + 1, len(rows)))
        order[: len(rows)] = np.arange(len(rows))
        held = hold(expression, call, rows, order, name in FLOATS)
        assert not held.differences, f"{call.expression}\n" + "\n".join(held.differences)
        cells += held.cells
        seen |= used(expression)
    assert cells >= CELLS
    special = load()[name].kind == "special"
    assert special or {(name, number) for number in range(len(load()[name].overloads))} <= seen


@pytest.mark.parametrize("name", NAMES)
def test_how_a_column_is_cut_never_shows(name: str) -> None:
    """Batches of one row and of seven, and slices of longer columns, have what the whole has."""
    for expression, call in typed_calls(name)[:: max(len(typed_calls(name)) // 2, 1)]:
        r = random.Random(f"{SEED}cut{name}{call.expression}")
        rows = rows_for(call, 40, r)
        cells = expected(expression, rows)
        order = np.arange(1000) % len(rows)
        whole = framed(call.columns, rows).take(order)
        for size, length in SIZES:
            for start in range(0, length, size):
                part = sliced(whole, start, min(start + size, length))
                given = evaluate(expression, Scope(part, state()))
                held = compare(expression, cells, rows, order[start : start + part.length], given, name in FLOATS)
                assert not held.differences, f"{call.expression} in batches of {size}\n" + "\n".join(held.differences)


def sliced(frame: Frame, start: int, stop: int) -> Frame:
    """Rows of a frame as they lie in it, with nothing copied."""
    columns = {name: Column(column.array(frame.length).slice(start, stop - start)) for name, column in frame.columns.items()}
    return Frame(columns, stop - start, np.arange(start, stop))
