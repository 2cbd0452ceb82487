"""Aggregates: the kernel of each over the elements of lists, the members of groups, or the rows of a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.engine.calls import constant_value, opened, spread_parameters
from datahub.engine.failures import failing, nulled, union
from datahub.engine.loops import elements
from datahub.engine.scope import Scope, evaluates
from datahub.engine.values import coerced
from datahub.engine.windows import over_window
from datahub.frames.frame import Column, Failures, Mask
from datahub.functions.declare import REGISTRY, Datum, Offsets
from datahub.records import record
from datahub.semantic import ir

Failed = tuple[tuple[Mask, str], ...]
Kernel = Callable[[pa.Array | None, Offsets], tuple[Datum, Failed]]


@record(frozen=True, slots=True)
class Prepared:
    """An aggregate made ready for a run: what it is of (nothing, for `count()`), and its kernel with its constants."""

    value: ir.Expression | None
    kernel: Kernel


@evaluates(ir.Aggregate)
def aggregate(node: ir.Aggregate, scope: Scope) -> Column:
    """One value out of many; failed where one of them failed."""
    ready: Prepared = scope.run.once(node, "kernel", lambda: prepared(node, scope))
    if isinstance(node.over, ir.Window):
        return over_window(node, ready.value, ready.kernel, scope)
    if isinstance(node.over, ir.Members) and (scope.subset or scope.members is None):
        assert scope.parent is not None
        return scope.from_parent(scope.parent.evaluate(node))
    found = elements(node.over, scope)
    failures: Failures = found.failures
    values = None
    if ready.value is not None:
        column = found.scope.evaluate(ready.value)
        values = column.array(found.scope.length)
        failures = union(failures, found.to_rows(column.failures, scope))
    result, failed = ready.kernel(values, found.offsets)
    absent = found.absent if node.type.nullable else None
    return of_rows(coerced(result, node.type), failed, failures, absent, scope.length)


def of_rows(values: Datum, failed: Failed, before: Failures, absent: Mask | None, length: int) -> Column:
    """A kernel's result for each row, where nothing before it failed and there was a list."""
    if absent is not None:
        values = nulled(values, failing("", absent), length)
    if not failed and not before:
        return Column(values)
    lost = np.zeros(length, np.bool_)
    for failure in before:
        lost[failure.rows] = True
    own = [one for mask, code in failed for one in failing(code, mask & ~lost)]
    failures = union(before, tuple(own))
    return Column(nulled(values, failures, length), failures)


def prepared(node: ir.Aggregate, scope: Scope) -> Prepared:
    """The kernel of an aggregate, bound to its constants."""
    overload = REGISTRY[node.function].overloads[node.overload]
    parameters = spread_parameters(overload, len(node.arguments))
    value = next((one for one, place in zip(node.arguments, parameters, strict=True) if not place.constant), None)
    constants = [constant_value(one, scope) for one, place in zip(node.arguments, parameters, strict=True) if place.constant]
    left_out = [place.default for place in overload.parameters[len(node.arguments) :] if place.constant and not place.variadic]
    return Prepared(value, partial(_applied, overload.kernel, tuple(constants + left_out)))


def _applied(kernel: Callable[..., Any], constants: tuple[Any, ...], values: pa.Array | None, offsets: Offsets) -> tuple[Datum, Failed]:
    return opened(kernel(values, offsets, *constants))
