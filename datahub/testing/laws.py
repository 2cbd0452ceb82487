"""The laws of functions, held against what extensions do: examples, nulls, columns cut anywhere, constants, and a reference row by row."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState, Scope
from datahub.engine.values import brought, carried
from datahub.frames.frame import Column, Frame
from datahub.functions.columns import Reject
from datahub.functions.declare import Context, Function, Overload, Parameter
from datahub.functions.extensions import BrokenExtension
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.scope import Scope as Names
from datahub.semantic.scope import World
from datahub.syntax.parser import parse_expression
from datahub.testing.expressions import answer, as_json
from datahub.testing.normal import actual, same
from datahub.testing.samples import NOW, value
from datahub.types import model as t
from datahub.types.shapes import built, shape

ROWS = 400
"""How many rows each signature is tried with."""
CUTS = (0, 1, 8, 9, 64, 300, ROWS)


@record(frozen=True, slots=True)
class Breach:
    """A law that a function broke: what was looked at, and what was found."""

    law: str
    found: str


def breaches(function: Function) -> Iterator[Breach]:
    """All laws that a function breaks; a kernel that raises, or gives what was not declared, ends the look at its signature."""
    if not function.summary:
        yield Breach("a function says what it gives", "its kernel has no docstring")
    if not function.examples:
        yield Breach("a function has an example", "`@function` was given none")
    yield from _broken_examples(function)
    for number, overload in enumerate(function.overloads):
        try:
            yield from _of_overload(function, number, overload)
        except BrokenExtension as problem:
            yield Breach(f"`{overload.signature}` gives what it declares", problem.message)


def _broken_examples(function: Function) -> Iterator[Breach]:
    for one in function.examples:
        found = answer(one.expression)
        got = found.refused[0].message if found.refused else found.rejected or repr(found.value)
        agrees = same(actual(one.result), actual(found.value)) or as_json(found.value) == one.result
        if found.refused or found.rejected != one.rejected or not (one.rejected or agrees):
            yield Breach(f"`{one.expression}` gives {one.rejected or repr(one.result)}", got)


# ---------------------------------------------------------------- one signature


def _of_overload(function: Function, number: int, overload: Overload) -> Iterator[Breach]:
    if overload.kind == "aggregate":
        return  # its examples went over lists, and its answers were checked
    call = _call(function, number, overload)
    if call is None:
        yield Breach(f"`{overload.signature}` is called by an example", "none of them gives its constants")
        return
    # The same rows each time: what is found once is found again.
    rows = frame(call, random.Random(f"{function.name} {number}"))
    whole = _evaluated(call, rows)
    for start, end in pairwise(CUTS):
        if _told(_evaluated(call, _part(rows, start, end))) != _told(whole)[start:end]:
            yield Breach("how a column is cut does not show", f"rows {start + 1} to {end} alone give something else")
            break
    if _told(_evaluated(call, rows)) != _told(whole):
        yield Breach("the same input gives the same output", "a second call gave something else")
    yield from _constants(call, rows)
    if overload.reference is not None:
        yield from _differences(overload, call, rows, whole)


def _call(function: Function, number: int, overload: Overload) -> ir.Call | None:
    """A call over columns, with the constants of an example."""
    constants = _constants_of(function, number)
    if constants is None and any(one.constant and not one.optional for one in overload.parameters):
        return None
    arguments: list[ir.Expression] = []
    for at, parameter in enumerate(overload.parameters):
        if parameter.constant:
            given = constants[at] if constants is not None and at < len(constants) else None
            if given is None:
                break
            arguments.append(given)
        else:
            kind = _column_type(parameter)
            arguments.append(ir.Column(parameter.name, t.nullable(kind)))
    kinds = [one.type for one in arguments]
    if overload.rule is not None:
        found = overload.rule(kinds, [one.value if isinstance(one, ir.Constant) else None for one in arguments])
    else:
        found = built(shape(overload.returns), dict.fromkeys("TUVKS", t.Text()))
    if found is None:
        return None
    return ir.Call(function.name, number, tuple(arguments), t.nullable(found), overload.rejects)


def _column_type(parameter: Parameter) -> t.Type:
    wanted = built(shape(parameter.type), dict.fromkeys("TUVKS", t.Text()))
    match t.base_of(wanted):
        case t.Unknown():
            return t.Decimal(False, 12, 2) if parameter.type.startswith("number") else t.Text()
        case t.Decimal(precision=28, scale=10):
            return t.Decimal(False, 12, 2)
        case _:
            return wanted


def _constants_of(function: Function, number: int) -> tuple[ir.Constant | None, ...] | None:
    """The constants that an example gives to the signature; None where no example calls it."""
    for one in function.examples:
        found: list[Diagnostic] = []
        tree = parse_expression(Document("example", one.expression), found.append)
        typed = elaborate(tree, Names(World(), found.append)) if tree is not None else None
        if isinstance(typed, ir.Call | ir.Aggregate) and (typed.function, typed.overload) == (function.name, number):
            return tuple(argument if isinstance(argument, ir.Constant) else None for argument in typed.arguments)
    return None


# ---------------------------------------------------------------- rows


def frame(call: ir.Call, r: random.Random) -> Frame:
    """Rows for the columns that a call reads: what trips, and what repeats itself; a tenth of it is null."""
    columns = {one.name: one.type for one in call.arguments if isinstance(one, ir.Column)}
    made = {name: Column(pa.array([value(kind, r) for _ in range(ROWS)], carried(kind))) for name, kind in columns.items()}
    return Frame(made, ROWS, np.arange(ROWS, dtype=np.int64))


def _part(rows: Frame, start: int, end: int) -> Frame:
    columns = {name: Column(one.array(rows.length).slice(start, end - start)) for name, one in rows.columns.items()}
    return Frame(columns, end - start, np.arange(start, end))


def _evaluated(call: ir.Call, rows: Frame) -> tuple[list[Any], list[set[str]]]:
    """Each row's value, and the codes that it failed with."""
    found = evaluate(call, Scope(rows, RunState(Context(NOW))))
    codes: list[set[str]] = [set() for _ in range(rows.length)]
    for failure in found.failures:
        for row in failure.rows:
            codes[int(row)].add(failure.code)
    return found.array(rows.length).to_pylist(), codes


def _told(found: tuple[list[Any], list[set[str]]]) -> list[Any]:
    values, codes = found
    return [sorted(code) or one for one, code in zip(values, codes, strict=True)]


# ---------------------------------------------------------------- constants, reference


def _constants(call: ir.Call, rows: Frame) -> Iterator[Breach]:
    """A constant is a column of one value."""
    names = [one.name for one in call.arguments if isinstance(one, ir.Column)]
    for name in names:
        column = rows.columns[name].array(rows.length)
        single = next((one for one in column if one.is_valid), None)
        if single is None:
            continue
        repeated = replace(rows, columns={**rows.columns, name: Column(pa.repeat(single, rows.length))})
        constant = replace(rows, columns={**rows.columns, name: Column(single)})
        if _told(_evaluated(call, repeated)) != _told(_evaluated(call, constant)):
            yield Breach("a constant is a column of one value", f"`{name}` as a constant gives something else")


def _differences(overload: Overload, call: ir.Call, rows: Frame, whole: tuple[list[Any], list[set[str]]]) -> Iterator[Breach]:
    """Where the reference says something else of a row than the kernel; the first few."""
    assert overload.reference is not None
    given = [_row_values(one, rows) for one in call.arguments]
    places = overload.parameters
    found = 0
    for row in range(rows.length):
        arguments = [values[row] for values in given]
        if any(one is None and not place.nullable for one, place in zip(arguments, places, strict=False)):
            continue
        try:
            said = overload.reference(*arguments)
        except Exception as problem:  # noqa: BLE001 - the reference is of others, and is judged here
            yield Breach("a reference answers for every row", f"{arguments}: it raised {type(problem).__name__}: {problem}")
            return
        wanted = [said.code] if isinstance(said, Reject) else _as_carried(said, call.type)
        got = _told(whole)[row]
        if got != wanted and found < 3:
            found += 1
            yield Breach("the kernel gives what its reference says", f"{arguments}: kernel {got!r}, reference {wanted!r}")


def _row_values(argument: ir.Expression, rows: Frame) -> Sequence[Any]:
    if isinstance(argument, ir.Constant):
        return [argument.value] * rows.length
    assert isinstance(argument, ir.Column)
    values: list[Any] = rows.columns[argument.name].array(rows.length).to_pylist()
    return values


def _as_carried(said: Any, kind: t.Type) -> Any:
    """What a reference says as the engine carries it: 1 is 1.00 where that is the type."""
    try:
        return brought(pa.array([said], carried(kind)), carried(kind))[0].as_py()
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return said
