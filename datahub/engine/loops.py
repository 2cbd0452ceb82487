"""Comprehensions: the elements of lists, or the members of groups, as rows of their own, filtered and in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from datahub.engine.failures import ELEMENT, OMIT, outside_path, union, whole
from datahub.engine.nested import whole_elements
from datahub.engine.ordering import ordered
from datahub.engine.scope import Scope, evaluates
from datahub.engine.values import brought, carried
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, as_mask, failed_rows
from datahub.functions.columns import from_ints, valid
from datahub.functions.declare import Offsets
from datahub.functions.segments import beginnings, listed, owners, places, unpacked
from datahub.records import record
from datahub.semantic import ir
from datahub.types.sizes import check_elements


@record(frozen=True, slots=True)
class Elements:
    """The rows of a comprehension: their scope, where those of each row around begin, and what already failed there.

    `absent` are the rows around whose list is null. `failures` are those of the list, the filter and the order, as
    failures of the rows around.
    """

    scope: Scope
    offsets: Offsets
    absent: Mask | None
    failures: Failures

    def to_rows(self, failures: Failures, outer: Scope, *, keep: bool = False) -> Failures:
        """Failures of elements as those of the rows around; `keep`: as those of the elements of the list made of them."""
        found = whole_elements(failures) if keep else whole(failures)
        if keep and found:
            place = places(self.offsets)
            found = tuple(replace(failure, elements=place[failure.rows]) for failure in found)
        scope = self.scope
        while scope is not outer and scope.parent is not None:
            found = scope.to_parent(found)
            scope = scope.parent
        return found


def elements(over: ir.Loop | ir.Members, scope: Scope) -> Elements:
    """The rows of `over`, made once for all comprehensions of `scope` that go over the same."""
    order = tuple((id(key.value), key.descending) for key in over.order)
    base = _base_key(over)
    return scope.once((base, id(over.where), order), lambda: _narrowed(over, base, scope))


def _base_key(over: ir.Loop | ir.Members) -> tuple[Any, ...]:
    return (id(over.over), over.item, over.position) if isinstance(over, ir.Loop) else ("members",)


def _narrowed(over: ir.Loop | ir.Members, base: tuple[Any, ...], scope: Scope) -> Elements:
    """All elements, then those that the filter lets through, then in order."""
    found = scope.once(base, lambda: flattened(over, scope) if isinstance(over, ir.Loop) else _members(scope))
    if over.where is not None:
        found = _filtered(found, over.where, scope)
    return _sorted(found, over.order, scope) if over.order else found


def _members(scope: Scope) -> Elements:
    assert scope.members is not None
    assert scope.offsets is not None
    return Elements(scope.members, scope.offsets, None, ())


def flattened(over: ir.Loop, scope: Scope) -> Elements:
    """The elements of the lists, each knowing its row, and its place in the list."""
    column = scope.evaluate(over.over)
    lists = column.array(scope.length)
    items, offsets = unpacked(lists)
    check_elements(len(items), scope.length)
    parents, positions = owners(offsets), places(offsets)
    own = tuple(failure for failure in column.failures if failure.elements is None)
    columns = {over.item: Column(items, of_elements(column.failures, offsets))}
    if over.position:
        columns[over.position] = Column(from_ints(positions + 1))
    frame = Frame(columns, len(items), scope.frame.rows[parents])
    inner = Scope(frame, scope.run, parent=scope, parents=parents, item=over.item, positions=positions, label=label_of(over.over))
    return Elements(inner, offsets, ~valid(lists) if lists.null_count else None, own)


def of_elements(failures: Failures, offsets: Offsets) -> Failures:
    """The failures of a column of lists that are those of single elements, as failures of the elements."""
    found: list[Failure] = []
    for failure in failures:
        if failure.elements is not None:
            rows = offsets[failure.rows] + failure.elements
            paths = None if failure.paths is None else outside_path(failure, ELEMENT)
            risen = replace(failure, rows=rows, elements=None, paths=paths)
            order = np.argsort(rows, kind="stable").astype(np.int64)
            found.extend(risen.reordered(order, rows[order]).brought_up())
    return tuple(found)


def label_of(over: ir.Expression) -> str | None:
    """Where a list stands in the source (`/lines`); None where it was computed."""
    match over:
        case ir.Column(name=name):
            return "/" + name.partition(".")[2].replace(".", "/") if "." in name else ""
        case ir.Field(of=of, name=name):
            head = label_of(of)
            return None if head is None else f"{head}/{name}"
        case _:
            return None


def _filtered(found: Elements, condition: ir.Expression, outer: Scope) -> Elements:
    asked = found.scope.evaluate(condition)
    keep = as_mask(asked.values, found.scope.length)
    if asked.failures:
        keep &= ~failed_rows(asked.failures, found.scope.length)
    failures = union(found.failures, found.to_rows(asked.failures, outer))
    if keep.all():
        return replace(found, failures=failures)
    scope = found.scope.some(np.flatnonzero(keep))
    return Elements(scope, beginnings(keep)[found.offsets], found.absent, failures)


def _sorted(found: Elements, order: Sequence[ir.Sorting], outer: Scope) -> Elements:
    """The elements in order within their row; a key that failed fails the row."""
    columns = [found.scope.evaluate(key.value) for key in order]
    keys = [(column.array(found.scope.length), key.value.type, key.descending) for column, key in zip(columns, order, strict=True)]
    rows = ordered(keys, owners(found.offsets))
    failures = union(found.failures, *(found.to_rows(column.failures, outer) for column in columns))
    return Elements(found.scope.some(rows), found.offsets, found.absent, failures)


@evaluates(ir.Collect)
def collect(node: ir.Collect, scope: Scope) -> Column:
    """A list of the values, in order; what failed of one of them failed of that element alone."""
    if isinstance(node.over, ir.Members) and (scope.subset or scope.members is None):
        assert scope.parent is not None
        return scope.from_parent(scope.parent.evaluate(node))
    found = elements(node.over, scope)
    column = found.scope.evaluate(node.value)
    kind = carried(node.type)
    items = brought(column.array(found.scope.length), kind.value_type)
    own = tuple(failure for failure in column.failures if failure.code != OMIT)
    failures = union(found.failures, found.to_rows(own, scope, keep=True))
    keep = _rows_with_list(found, node.type.nullable, scope.length)
    values = listed(items, found.offsets, keep)
    return Column(values.cast(kind) if values.type != kind else values, failures)


def _rows_with_list(found: Elements, nullable: bool, length: int) -> Mask | None:
    """The rows that have a result: not those that failed, nor (where the result may be null) those whose list is null."""
    keep = None if found.absent is None or not nullable else ~found.absent
    if found.failures:
        lost = failed_rows(tuple(failure for failure in found.failures if failure.elements is None), length)
        keep = ~lost if keep is None else keep & ~lost
    return keep
