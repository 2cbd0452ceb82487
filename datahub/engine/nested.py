"""Structs and lists: made of columns, and read by field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from datahub.engine.failures import OMIT, union
from datahub.engine.scope import Scope, evaluate_all, evaluates, field_of
from datahub.engine.values import brought, carried
from datahub.frames.frame import Column, Failures
from datahub.functions.columns import from_lists
from datahub.semantic import ir
from datahub.types.sizes import checked, total_bytes


@evaluates(ir.Field)
def field(node: ir.Field, scope: Scope) -> Column:
    """A field of a struct; a struct one of whose other fields failed gives it all the same."""
    return field_of(scope.evaluate(node.of), node.name)


@evaluates(ir.MakeStruct)
def make_struct(node: ir.MakeStruct, scope: Scope) -> Column:
    """A struct of columns; what failed of one field failed of that field alone."""
    kind = carried(node.type)
    columns = evaluate_all([value for _, value in node.fields], scope)
    fields = [kind.field(name) for name, _ in node.fields]
    arrays = [brought(column.array(scope.length), one.type) for column, one in zip(columns, fields, strict=True)]
    failures = union(*(_inside(column.failures, name) for (name, _), column in zip(node.fields, columns, strict=True)))
    if not arrays:
        # Arrow tells the length of a struct by its fields.
        return Column(pa.array([{}] * scope.length, kind))
    return Column(pa.StructArray.from_arrays(arrays, fields=fields), failures)


def _inside(failures: Failures, name: str) -> Failures:
    kept = whole_elements(tuple(failure for failure in failures if failure.code != OMIT))
    return tuple(replace(failure, inside=f"{name}/{failure.inside}" if failure.inside else name) for failure in kept)


def whole_elements(failures: Failures) -> Failures:
    """The failures, no longer as those of single elements: the list is not on top any more."""
    plain = (failure if failure.elements is None else replace(failure, elements=None, inside="") for failure in failures)
    return tuple(failure if failure.deeper is None else replace(failure, deeper=None) for failure in plain)


@evaluates(ir.MakeList)
def make_list(node: ir.MakeList, scope: Scope) -> Column:
    """A list of columns, row by row; what failed of an item failed of that element alone."""
    kind, length, count = carried(node.type), scope.length, len(node.items)
    wanted = kind.value_type
    columns = evaluate_all(node.items, scope)
    if not columns:
        return Column(pa.scalar([], kind))
    arrays = [brought(column.array(length), wanted) for column in columns]
    checked(sum(map(total_bytes, arrays)), length)
    stacked = pa.concat_arrays(arrays)
    woven = np.arange(count)[None, :] * length + np.arange(length)[:, None]
    values = from_lists(np.arange(length + 1) * count, stacked.take(pa.array(woven.ravel())))
    failures = union(*(_element(column.failures, at) for at, column in enumerate(columns)))
    return Column(values.cast(kind) if values.type != kind else values, failures)


def _element(failures: Failures, at: int) -> Failures:
    return tuple(replace(failure, elements=np.full(len(failure.rows), at, np.int64)) for failure in whole_elements(failures))
