"""The reject signature: for every field of every view and map, the codes that it can give."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.semantic import ir
from datahub.semantic.expressions import codes
from datahub.semantic.unit import Made

Signature = tuple[tuple[str, str, tuple[str, ...]], ...]


def signature(made: Made) -> Signature:
    """Map or view, field, and codes; fields that cannot fail are left out."""
    return tuple(_of(made))


def _of(made: Made) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for body in (*(one.body for one in made.views), *(one.body for one in made.maps)):
        carried = carried_codes(body, made)
        for one in body.fields:
            found = tuple(sorted(codes(one.value, carried)))
            if found:
                yield body.name, one.name, found


def carried_codes(body: ir.RowsetBody, made: Made) -> dict[str, tuple[str, ...]]:
    """The codes that each column of a body's frame brings along."""
    found: dict[str, tuple[str, ...]] = {}
    rows = [(body.alias, name) for name in body.inputs]
    rows += [(clause.alias, clause.rowset) for clause in body.clauses if isinstance(clause, ir.JoinClause)]
    for alias, rowset in rows:
        for name, carried in made.codes.get(rowset, {}).items():
            column = f"{alias}.{name}"
            found[column] = tuple(dict.fromkeys((*found.get(column, ()), *carried)))
    for clause in body.clauses:
        if isinstance(clause, ir.EachClause):
            found[clause.item] = tuple(codes(clause.over, found))
        if isinstance(clause, ir.GroupClause):
            found.update({key.name: tuple(codes(key.value, found)) for key in clause.keys})
    for one in body.lets:
        found[one.name] = tuple(codes(one.value, found))
    return found
