"""Typed expressions written short, frames out of Python values, and what a column holds, for the tests of evaluation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from datahub import functions
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState, Scope
from datahub.engine.values import carried, plain
from datahub.frames.frame import Column, Failure, Frame
from datahub.functions.declare import Context
from datahub.semantic import ir
from datahub.types import model as t

REGISTRY = functions.load()
INT, DECIMAL, TEXT, BOOL, DATE = t.Int(), t.Decimal(), t.Text(), t.Bool(), t.Date()


def frame(columns: dict[str, tuple[t.Type, list[Any]]], **failures: list[Failure]) -> Frame:
    """A frame of columns (type and Python values); `failures` by column name, a double underscore standing for a point."""
    made = {}
    for name, (kind, values) in columns.items():
        array = pa.array([plain(value, kind) for value in values], carried(kind))
        made[name] = Column(array, tuple(failures.get(name.replace(".", "__"), ())))
    length = len(next(iter(columns.values()))[1])
    return Frame(made, length, np.arange(length, dtype=np.int64))


def state(**more: Any) -> RunState:
    return RunState(Context(datetime(2024, 5, 1, 12, tzinfo=UTC)), **more)


def failure(rows: list[int], code: str, **more: Any) -> Failure:
    if "elements" in more:
        more["elements"] = np.array(more["elements"], np.int64)
    if "paths" in more:
        more["paths"] = pa.array(more["paths"], pa.string())
    return Failure(np.array(rows, np.int64), code, **more)


def run(expression: ir.Expression, rows: Frame, **more: Any) -> Column:
    return evaluate(expression, Scope(rows, state(**more)))


def values(column: Column, length: int) -> list[Any]:
    return column.array(length).to_pylist()


def told(column: Column) -> list[tuple[int, str, str]]:
    """Row, code and path of every failure of a column, in order."""
    found = []
    for one in column.failures:
        paths = [""] * len(one.rows) if one.paths is None else one.paths.to_pylist()
        found += [(int(row), one.code, path or "") for row, path in zip(one.rows, paths, strict=True)]
    return sorted(found)


def elements(failure: Failure) -> list[int]:
    """Which elements failed."""
    assert failure.elements is not None
    return [int(one) for one in failure.elements]


def members(failure: Failure) -> list[int]:
    """Which members of their groups failed."""
    assert failure.members is not None
    return [int(one) for one in failure.members]


def raw(failure: Failure) -> list[Any]:
    """The raw values that are told."""
    assert failure.values is not None
    return failure.values.to_pylist()


def col(name: str, kind: t.Type = INT) -> ir.Column:
    return ir.Column(name, kind)


def const(value: Any, kind: t.Type | None = None) -> ir.Constant:
    return ir.Constant(value, kind or _kind(value))


def _kind(value: Any) -> t.Type:
    match value:
        case None:
            return t.Nothing()
        case bool():
            return BOOL
        case int():
            return INT
        case str():
            return TEXT
        case _:
            return DECIMAL


def call(name: str, *arguments: ir.Expression, kind: t.Type | None = None, signature: str = "") -> ir.Call:
    """A call of the first overload whose signature begins with `signature`, or that takes as many arguments."""
    overloads = REGISTRY[name].overloads
    number = next(
        at
        for at, one in enumerate(overloads)
        if one.kind in ("function", "operator")
        and (one.signature.startswith(signature) if signature else len(one.parameters) == len(arguments))
    )
    return ir.Call(name, number, arguments, kind or arguments[0].type)


def total(name: str, over: ir.Over, *arguments: ir.Expression, kind: t.Type, signature: str = "") -> ir.Aggregate:
    overloads = REGISTRY[name].overloads
    number = next(
        at
        for at, one in enumerate(overloads)
        if one.kind == "aggregate" and (one.signature.startswith(signature) if signature else len(one.parameters) == len(arguments))
    )
    return ir.Aggregate(name, number, arguments, over, kind)


def loop(
    over: ir.Expression, item: str = "l", where: ir.Expression | None = None, order: tuple[ir.Sorting, ...] = (), position: str = ""
) -> ir.Loop:
    return ir.Loop(over, item, position, where, order)
