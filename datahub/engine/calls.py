"""Functions and operators: what a kernel is given, the null rule, and which of its failures count."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.row_codes import OUTSIDE
from datahub.engine.failures import nulled, of_itself, union, whole
from datahub.engine.scope import Scope, evaluates
from datahub.engine.values import carried, coerced, without
from datahub.frames.frame import Column, Failure, Failures, Mask, Rows, failed_rows
from datahub.functions.columns import Judgement, on_distinct, valid
from datahub.functions.declare import REGISTRY, Datum, Outcome, Overload, Parameter
from datahub.functions.written import as_text
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.evidence import feeding
from datahub.types.sizes import checked, fits, total_bytes

_PLAIN = {int: pa.int64(), str: pa.string(), bool: pa.bool_()}
"""Looking for the type of a value, Arrow loads what knows intervals of time."""
COUNTING = frozenset({"length", "is_empty", "not_empty"})
"""Functions that look at how long a list is, and at none of its elements: what failed within one is no matter to them."""


@record(frozen=True, slots=True)
class Prepared:
    """A call made ready for a run: the kernel, and how each argument reaches it."""

    kernel: Callable[..., Any]
    constant: tuple[bool, ...]
    strict: tuple[bool, ...]
    distinct: bool
    counts: bool
    judgement: Judgement = field(default_factory=Judgement)


@evaluates(ir.Call)
def call(node: ir.Call, scope: Scope) -> Column:
    """What a function gives: null where a strict argument is null, failed where an argument or the kernel failed."""
    ready: Prepared = scope.run.once(node, "kernel", lambda: prepared(node, scope))
    given: list[Any] = []
    strict: list[Datum] = []
    failures: list[Failures] = []
    for argument, constant, is_strict in zip(node.arguments, ready.constant, ready.strict, strict=True):
        if constant:
            given.append(constant_value(argument, scope))
            continue
        column = scope.evaluate(argument)
        given.append(column.values)
        failures.append(of_itself(column.failures) if ready.counts else whole(column.failures))
        if is_strict:
            strict.append(column.values)
    before = union(*failures)
    if any(is_null(values) for values in strict):
        return Column(pa.scalar(None, carried(node.type)), before)
    values, failed = applied(ready, given, scope.distinct)
    if not fits(values):
        checked(total_bytes(values), scope.length)
    gaps = [one for one in strict if isinstance(one, pa.Array) and one.null_count]
    own = kernel_failures(failed, gaps, before, scope.length)
    # Of an element of a list no column of the source shows what was given.
    own = tuple(replace(one, wanted=node.function) if one.code == OUTSIDE else one for one in own)
    shown = (
        naming(own, (), strict)
        if scope.in_list
        else tuple(_shown(one, given, scope.run.once(node, "reads", lambda: feeding(node))) for one in own)
    )
    return settled(coerced(values, node.type), shown, gaps, before, scope.length)


def _shown(failure: Failure, given: list[Any], reads: tuple[str, ...]) -> Failure:
    """A failure of a call with what it was given: the value, where it was given one, and the columns that it reads."""
    varying = [one for one in given if isinstance(one, pa.Array)]
    several = varying or [one for one in given if isinstance(one, pa.Scalar)]
    values = None
    if len(several) == 1 and not pa.types.is_nested(several[0].type):
        held = several[0] if varying else pa.repeat(several[0], 1)
        values = as_text(held.take(pa.array(failure.rows if varying else np.zeros(len(failure.rows), np.int64))))
    return replace(failure, values=values, read=reads)


def naming(failures: Failures, before: Failures, asked: Sequence[Datum]) -> Failures:
    """Failures that began with `asked`, with what was asked: of an element of a list no column of the source shows it."""
    known = {id(failure) for failure in before}
    return tuple(
        failure if id(failure) in known or failure.values is not None else replace(failure, values=texts_at(asked, failure.rows))
        for failure in failures
    )


def texts_at(asked: Sequence[Datum], rows: Rows) -> pa.Array | None:
    """What stands in some columns at `rows`, as people read it; None where none of them varies."""
    picked = pa.array(rows)
    texts = [as_text(one.take(picked)).fill_null("") for one in asked if isinstance(one, pa.Array)]
    return pc.binary_join_element_wise(*texts, ", ") if texts else None


def prepared(node: ir.Call, scope: Scope) -> Prepared:
    """The kernel of a call, with what it needs beside the arguments."""
    declared = REGISTRY[node.function]
    overload = declared.overloads[node.overload]
    places = spread_parameters(overload, len(node.arguments))
    kernel = with_defaults(overload, len(node.arguments), scope)
    return Prepared(
        kernel,
        tuple(place.constant for place in places),
        tuple(not place.nullable for place in places),
        declared.distinct,
        node.function in COUNTING,
    )


def spread_parameters(overload: Overload, count: int) -> list[Parameter]:
    """The parameter that each of `count` arguments is for."""
    last = len(overload.parameters) - 1
    return [overload.parameters[min(at, last)] for at in range(count)]


def with_defaults(overload: Overload, count: int, scope: Scope) -> Callable[..., Any]:
    """The kernel, given the context if it asks for it, and the declared defaults that it does not know itself."""
    kernel = overload.kernel
    known = inspect.signature(kernel).parameters
    if overload.context:
        kernel = partial(kernel, context=scope.run.context)
    missing = {
        place.name: place.default if place.constant else pa.scalar(place.default, _PLAIN.get(type(place.default)))
        for place in overload.parameters[count:]
        if place.optional and not place.variadic and place.name in known and known[place.name].default is inspect.Parameter.empty
    }
    return partial(kernel, **missing) if missing else kernel


def constant_value(argument: ir.Expression, scope: Scope) -> Any:
    """The Python value of an argument that is constant."""
    if isinstance(argument, ir.Constant):
        return argument.value
    values = scope.evaluate(argument).values
    # One value: a constant, told by the checker to be one.
    return (values if isinstance(values, pa.Scalar) else values[0]).as_py()


def is_null(values: Datum) -> bool:
    """Whether an argument is null in every row, for all that its type says."""
    return (isinstance(values, pa.Scalar) and not values.is_valid) or pa.types.is_null(values.type)


def applied(ready: Prepared, given: list[Any], distinct: bool) -> tuple[Datum, tuple[tuple[Mask, str], ...]]:
    """The kernel's values and failures; constants alone give a scalar, and failures of one row."""
    arrays = [at for at, one in enumerate(given) if isinstance(one, pa.Array)]
    if arrays:
        if ready.distinct and not distinct and len(arrays) == 1:
            return opened(on_distinct(_over(ready.kernel, given, arrays[0]), given[arrays[0]], ready.judgement))
        return opened(ready.kernel(*given))
    scalars = [at for at, one in enumerate(given) if isinstance(one, pa.Scalar)]
    if scalars:
        given = [*given[: scalars[0]], pa.repeat(given[scalars[0]], 1), *given[scalars[0] + 1 :]]
    values, failed = opened(ready.kernel(*given))
    return (values[0] if isinstance(values, pa.Array) else values), failed


def _over(kernel: Callable[..., Any], given: list[Any], at: int) -> Callable[[pa.Array], Any]:
    return lambda values: kernel(*given[:at], values, *given[at + 1 :])


def opened(result: Any) -> tuple[Datum, tuple[tuple[Mask, str], ...]]:
    """What a kernel answered, as values and failures."""
    if isinstance(result, Outcome):
        return result.values, result.failed
    return result, ()


def settled(values: Datum, own: Failures, gaps: list[pa.Array], before: Failures, length: int) -> Column:
    """The column of a call: null where a strict argument is, failed where an argument or the kernel did."""
    if gaps:
        values = null_where_null(values, gaps)
    if not own and not before:
        return Column(values)
    failures = union(before, own)
    return Column(nulled(values, failures, length), failures)


def kernel_failures(failed: tuple[tuple[Mask, str], ...], gaps: list[pa.Array], before: Failures, length: int) -> Failures:
    """A kernel's failures, but none for rows in which an argument was null or had failed already."""
    if not failed:
        return ()
    live = np.ones(length, np.bool_)
    for gap in gaps:
        live &= valid(gap)
    if before:
        live &= ~failed_rows(before, length)
    found = ((np.flatnonzero(mask & live), code) for mask, code in failed)
    return tuple(Failure(rows, code) for rows, code in found if len(rows))


def null_where_null(values: Datum, gaps: list[pa.Array]) -> Datum:
    """`values`, null where one of `gaps` is; most kernels have seen to it themselves, and then nothing is copied."""
    if isinstance(values, pa.Scalar) or (len(gaps) == 1 and _same_validity(values, gaps[0])):
        return values
    gone = ~valid(gaps[0])
    for gap in gaps[1:]:
        gone |= ~valid(gap)
    if not (gone & valid(values)).any():
        return values
    return without(values, gone)


def _same_validity(values: pa.Array, gap: pa.Array) -> bool:
    """Whether two columns share the memory that says which of their values are null."""
    mine, other = values.buffers()[0], gap.buffers()[0]
    return mine is not None and other is not None and mine.address == other.address and values.offset == gap.offset
