"""Decision tables: which of a table's rows each row of data satisfies, and the outputs of those."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.branches import where
from datahub.engine.calls import naming
from datahub.engine.dimensions import Dimension, Words, dimension
from datahub.engine.failures import nulled, union, whole
from datahub.engine.scope import Scope, evaluate_all, evaluates, field_of
from datahub.engine.values import array, brought, carried, coerced
from datahub.frames.frame import Column, Failure, Failures, Mask, Rows, failed_rows
from datahub.functions.segments import beginnings, listed
from datahub.records import record
from datahub.semantic import ir
from datahub.types import model as t

NONE, SEVERAL = "R405", "R406"


@record(frozen=True, slots=True)
class Output:
    """One output: its name and type, what each row of the table gives, and the same as a column where all are constants."""

    name: str
    kind: t.Type
    expressions: tuple[ir.Expression, ...]
    constants: pa.Array | None


@record(frozen=True, slots=True)
class DecisionIndex:
    """A table made ready for a run."""

    table: ir.DecisionTable
    dimensions: tuple[Dimension, ...]
    outputs: tuple[Output, ...]
    struct: bool


def build(table: ir.DecisionTable) -> DecisionIndex:
    """The index of a table."""
    width = max((len(table.rows) + 63) // 64, 1)
    inputs = tuple(dimension(kind, [row.tests[at] for row in table.rows], width) for at, (_, kind) in enumerate(table.inputs))
    result = t.base_of(table.result)
    if table.policy == "collect" and isinstance(result, t.ListOf):
        result = t.base_of(result.item)
    count = len(table.rows[0].outputs) if table.rows else 1
    if isinstance(result, t.Struct) and len(result.fields) == count:
        fields, struct = result.fields, True
    else:
        fields, struct = (("", result),), False
    outputs = tuple(_output(name, kind, tuple(row.outputs[at] for row in table.rows)) for at, (name, kind) in enumerate(fields))
    return DecisionIndex(table, inputs, outputs, struct)


def _output(name: str, kind: t.Type, expressions: tuple[ir.Expression, ...]) -> Output:
    constants = [one.value for one in expressions if isinstance(one, ir.Constant)]
    return Output(name, kind, expressions, array(constants, kind) if len(constants) == len(expressions) else None)


@evaluates(ir.Decision)
def decide(node: ir.Decision, scope: Scope) -> Column:
    """The outputs of the row that the inputs satisfy; of all such rows, as a list, where the table collects."""
    index = scope.run.decisions[node.table]
    columns = evaluate_all(node.inputs, scope)
    before = union(*(whole(column.failures) for column in columns))
    hits = scope.once(("hits", node.table, *(id(one) for one in node.inputs)), lambda: matches(index, columns, scope.length))
    live = ~failed_rows(before, scope.length) if before else np.ones(scope.length, np.bool_)
    inner = _with_inputs(index, columns, scope)
    if index.table.policy == "collect":
        return _collected(node, index, hits, live, before, inner, scope)
    row = first_rows(hits)
    row[~live] = -1
    failures = before
    if index.table.policy == "unique":
        several = live & (np.bitwise_count(hits).sum(axis=1) > 1)
        if several.any():
            failures = union(failures, (Failure(np.flatnonzero(several), SEVERAL),))
            row[several] = -1
            live &= ~several
    given = _of_rows(node, index, row, inner)
    made = _with_rest(node, index, given, (row < 0) & live, failures, inner)
    if not made.failures or not scope.in_list:
        return made
    return Column(made.values, naming(made.failures, before, [column.values for column in columns]))


def _with_inputs(index: DecisionIndex, columns: Sequence[Column], scope: Scope) -> Scope:
    """The same rows, in which outputs and messages read the inputs by their names in the table."""
    inner = scope.some(np.arange(scope.length, dtype=np.int64))
    for (name, _), column in zip(index.table.inputs, columns, strict=True):
        inner.columns[name] = Column(column.values)
    return inner


def matches(index: DecisionIndex, columns: Sequence[Column], length: int) -> Words:
    """For each row of data the rows of the table that it satisfies."""
    width = max((len(index.table.rows) + 63) // 64, 1)
    hits = np.full((length, width), np.uint64(0xFFFFFFFFFFFFFFFF))
    if len(index.table.rows) % 64 or not index.table.rows:
        hits[:, -1] = np.uint64((1 << (len(index.table.rows) % 64)) - 1)
    for place, column, (_, kind) in zip(index.dimensions, columns, index.table.inputs, strict=True):
        if isinstance(column.values, pa.Scalar):
            classes, words = place.classes(pa.repeat(coerced(column.values, kind), 1))
            hits &= words[classes]
        else:
            classes, words = place.classes(coerced(column.values, kind))
            hits &= words[classes]
    return hits


def first_rows(hits: Words) -> Rows:
    """For each row of data the first row of the table that it satisfies, or -1."""
    first = np.full(len(hits), -1, np.int64)
    for word in range(hits.shape[1] - 1, -1, -1):
        bits = hits[:, word]
        lowest = np.bitwise_count((bits & (~bits + np.uint64(1))) - np.uint64(1))
        first = np.where(bits != 0, word * 64 + lowest.astype(np.int64), first)
    return first


def _of_rows(node: ir.Decision, index: DecisionIndex, row: Rows, inner: Scope) -> Column:
    """What the rows of the table give, one for each row of data; null where that is -1."""
    columns = {one.name: _given(one, row, inner) for one in index.outputs if not node.member or one.name == node.member}
    if node.member:
        return columns[node.member]
    if not index.struct:
        return columns[""]
    fields = list(carried(index.table.result if index.table.policy != "collect" else _item(index)))
    arrays = [brought(columns[field.name].array(inner.length), field.type) for field in fields]
    failures = union(*(whole(column.failures) for column in columns.values()))
    return Column(pa.StructArray.from_arrays(arrays, fields=fields), failures)


def _item(index: DecisionIndex) -> t.Type:
    result = t.base_of(index.table.result)
    return result.item if isinstance(result, t.ListOf) else result


def _given(output: Output, row: Rows, inner: Scope) -> Column:
    """One output."""
    none = row < 0
    if output.constants is not None:
        if not len(output.constants):
            return Column(pa.nulls(len(row), carried(output.kind)))
        return Column(output.constants.take(pa.array(row, mask=none) if none.any() else pa.array(row)))
    values = pa.nulls(len(row), carried(output.kind))
    failures: Failures = ()
    # A loop over the rows of the table that were satisfied, not over those of the data.
    for at in np.unique(row[~none]):
        taken = row == at
        column = where(output.expressions[at], taken, inner)
        values = pc.if_else(pa.array(taken), coerced(column.values, output.kind), values)
        failures = union(failures, column.failures)
    return Column(values, failures)


def _with_rest(node: ir.Decision, index: DecisionIndex, given: Column, rest: Mask, before: Failures, inner: Scope) -> Column:
    """The outputs, and for rows that satisfy none what the table says of them."""
    values, failures = coerced(given.values, node.type), union(before, given.failures)
    if rest.any():
        if index.table.otherwise is None:
            failures = union(failures, (_none(index, rest, inner),))
        else:
            other = where(index.table.otherwise, rest, inner)
            if node.member:
                other = field_of(Column(coerced(other.values, index.table.result), other.failures), node.member)
            values = pc.if_else(pa.array(rest), coerced(other.values, node.type), values)
            failures = union(failures, other.failures)
    return Column(nulled(values, failures, inner.length), failures)


def _none(index: DecisionIndex, rest: Mask, inner: Scope) -> Failure:
    rows = np.flatnonzero(rest)
    if index.table.message is None:
        return Failure(rows, NONE)
    said = where(index.table.message, rest, inner)
    return Failure(rows, NONE, texts=said.array(inner.length).take(pa.array(rows)).fill_null(""))


def _collected(node: ir.Decision, index: DecisionIndex, hits: Words, live: Mask, before: Failures, inner: Scope, scope: Scope) -> Column:
    """The outputs of all rows satisfied, as a list in the order of the table."""
    hits = np.where(live[:, None], hits, np.uint64(0))
    bits = np.unpackbits(hits.view(np.uint8), axis=1, bitorder="little")
    data_row, table_row = np.nonzero(bits)
    offsets = beginnings(np.bincount(data_row, minlength=scope.length))
    items = inner.some(data_row.astype(np.int64))
    given = _of_rows(node, index, table_row.astype(np.int64), items)
    kind = carried(node.type)
    values = listed(brought(given.array(len(data_row)), kind.value_type), offsets)
    column = Column(values.cast(kind) if values.type != kind else values, whole(items.to_parent(given.failures)))
    rest = live & (np.diff(offsets) == 0) if index.table.otherwise is not None else np.zeros(scope.length, np.bool_)
    return _with_rest(node, index, column, rest, before, inner)
