"""The engine's columns beside the reference's rows: equal in values, nulls and codes, or told where not."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState
from datahub.engine.scope import Scope as Rows
from datahub.engine.values import brought, carried
from datahub.frames.frame import Column, Frame
from datahub.functions.declare import Context
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.scope import Scope, World
from datahub.syntax.parser import parse_expression
from datahub.types import model as t
from tests.differential import values
from tests.differential.calls import Call
from tests.reference import expressions as reference

NOW = datetime(2024, 5, 1, 12, 34, 56, tzinfo=UTC)
ZONE = "Europe/Paris"
POOLS = {
    **values.SPECIAL,
    "countries": ("FR", "fr", "DE", "GB", "EL", "", "XX", " be "),
    "likes": ("%", "_", "a%", "%b_", "a\\%", "%é%", "", "____", "A%"),
    "": (),
}


def typed(call: Call) -> tuple[ir.Expression, Call] | None:
    """The typed expression over columns that may be null, or where that is refused over ones that may not."""
    for columns in (call.columns, {name: t.required(kind) for name, kind in call.columns.items()}):
        found = checked(call.expression, columns)
        if found is not None:
            return found, replace(call, columns=columns)
    return None


def checked(expression: str, columns: dict[str, t.Type]) -> ir.Expression | None:
    """The typed expression over columns of these types; None where it is refused."""
    found: list[Any] = []
    tree = parse_expression(Document("expression", expression), found.append)
    if tree is None:
        return None
    typed = elaborate(tree, Scope(World(), found.append, names={name: ir.Column(name, kind) for name, kind in columns.items()}))
    return None if any(one.level is Severity.ERROR for one in found) else typed


@dataclass(frozen=True, slots=True)
class Held:
    """How many cells were compared, and what was found to differ: the row, the engine's answer and the reference's."""

    cells: int
    differences: tuple[str, ...]


def rows_for(call: Call, count: int, r: random.Random) -> list[dict[str, Any]]:
    """So many rows; of several columns each has a third as many values, which meet by chance."""
    made = count if len(call.columns) < 2 else count // 3 + 1
    columns = [
        [values.value(kind, r, POOLS[call.pools.get(name, "")], name in call.small) for _ in range(made)]
        for name, kind in call.columns.items()
    ]
    if len(columns) > 1:
        columns = [r.choices(column, k=count) for column in columns]
    return [dict(zip(call.columns, row)) for row in zip(*columns)] if columns else [{} for _ in range(count)]


def expected(typed: ir.Expression, rows: list[dict[str, Any]]) -> list[reference.Cell]:
    """What the reference says of each row; of rows that are the same, as a third of them are by chance, once."""
    world = reference.World(NOW, ZONE)
    known: dict[str, reference.Cell] = {}
    found = []
    for row in rows:
        key = repr([*row.values()])
        if key not in known:
            known[key] = reference.read(typed, reference.Place({name: reference.Cell(one) for name, one in row.items()}, world))
        found.append(known[key])
    return found


def framed(columns: dict[str, t.Type], rows: list[dict[str, Any]]) -> Frame:
    made = {name: Column(array_of([row[name] for row in rows], kind)) for name, kind in columns.items()}
    return Frame(made, len(rows), np.arange(len(rows), dtype=np.int64))


def array_of(found: list[Any], kind: t.Type) -> pa.Array:
    if isinstance(t.base_of(kind), t.Duration):
        # Arrow works out the days of a length of time by themselves, and finds them too many near the end of 64 bits.
        return pa.array([None if one is None else one // timedelta(microseconds=1) for one in found], pa.int64()).cast(carried(kind))
    return pa.array([plain(one, kind) for one in found], carried(kind))


def plain(value: Any, kind: t.Type) -> Any:
    """A value as Arrow takes it: a map is pairs."""
    base = t.base_of(kind)
    if value is None:
        return None
    match base:
        case t.MapOf(value=inner):
            return [(key, plain(one, inner)) for key, one in value.items()]
        case t.ListOf(item=item):
            return [plain(one, item) for one in value]
        case t.Struct(fields=fields):
            return {name: plain(value[name], inner) for name, inner in fields}
        case _:
            return value


def state() -> RunState:
    return RunState(Context(NOW, ZONE))


def hold(typed: ir.Expression, call: Call, rows: list[dict[str, Any]], order: np.ndarray[Any, Any], close: bool) -> Held:
    """Compare the rows, repeated in `order`, in one column."""
    cells = expected(typed, rows)
    frame = framed(call.columns, rows).take(order)
    return compare(typed, cells, rows, order, evaluate(typed, Rows(frame, state())), close)


def compare(
    typed: ir.Expression, cells: list[reference.Cell], rows: list[dict[str, Any]], order: np.ndarray[Any, Any], given: Column, close: bool
) -> Held:
    length = len(order)
    wanted = array_of([cell.value for cell in cells], typed.type)
    got = brought(given.array(length), wanted.type)
    wrong = np.zeros(length, np.bool_)
    picked = wanted.take(pa.array(order))
    if not got.equals(picked):
        wrong |= unequal(got, picked, close)
    codes = {code for cell in cells for code in cell.codes} | {one.code for one in given.failures}
    for code in codes:
        mine = np.zeros(length, np.bool_)
        for failure in given.failures:
            if failure.code == code:
                mine[failure.rows] = True
        theirs = np.array([code in cell.codes for cell in cells], np.bool_)[order]
        wrong |= mine != theirs
    found = []
    for at in np.flatnonzero(wrong)[:40]:
        row = int(order[at])
        told = sorted({failure.code for failure in given.failures if at in failure.rows})
        found.append(f"{rows[row]}: engine {told or got[int(at)].as_py()!r}, reference {sorted(cells[row].codes) or cells[row].value!r}")
    return Held(length, tuple(dict.fromkeys(found)))


def unequal(got: pa.Array, wanted: pa.Array, close: bool) -> Any:
    """Where two columns differ; floats by more than a few units in the last place, where that is let pass."""
    return np.array([not alike(one, other, close) for one, other in zip(got.to_pylist(), wanted.to_pylist(), strict=True)], np.bool_)


def alike(one: Any, other: Any, close: bool) -> bool:
    if close and isinstance(one, float) and isinstance(other, float):
        return one == other or abs(one - other) <= 1e-12 * max(abs(one), abs(other)) + 1e-300
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(alike(a, b, close) for a, b in zip(one, other))
    return bool(one == other)
