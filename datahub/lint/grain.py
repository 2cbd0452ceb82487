"""What a row of each rowset stands for: the sets of fields that no two of its rows share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.walk import columns_read

Keys = frozenset[frozenset[str]]
NONE: Keys = frozenset()


@record(slots=True)
class Grain:
    """Keys of rowsets, found as they are asked for."""

    program: ir.Program
    known: dict[str, Keys] = field(default_factory=dict)

    def of(self, rowset: str) -> Keys:
        """The keys of the rows of `rowset`: of an entity its own, of a view what its clauses leave, of a source none."""
        if rowset not in self.known:
            self.known[rowset] = NONE
            self.known[rowset] = self._of(rowset)
        return self.known[rowset]

    def _of(self, rowset: str) -> Keys:
        for entity in self.program.entities:
            if entity.name == rowset:
                return frozenset((frozenset(entity.key),)) if entity.key else NONE
        for view in self.program.views:
            if view.body.name == rowset:
                return _as_fields(self.columns(view.body), view.body.fields)
        return NONE

    def columns(self, body: ir.RowsetBody) -> Keys:
        """The keys of a body's rows after its clauses, as columns of its frame."""
        keys = _behind(self.of(body.inputs[0]), body.alias) if len(body.inputs) == 1 else NONE
        for clause in body.clauses:
            match clause:
                case ir.UniqueClause(keys=values):
                    keys |= _of_columns(values)
                case ir.GroupClause(keys=assignments):
                    keys = frozenset((frozenset(one.name for one in assignments),))
                case ir.EachClause(position=position):
                    keys = frozenset(key | {position} for key in keys) if position else NONE
                case ir.JoinClause(many=True):
                    keys = NONE
                case _:
                    pass
        return keys


def _behind(keys: Keys, alias: str) -> Keys:
    return frozenset(frozenset(f"{alias}.{name}" for name in key) for key in keys)


def _of_columns(values: Iterable[ir.Expression]) -> Keys:
    names = [one.name if isinstance(one, ir.Column) else None for one in values]
    return frozenset((frozenset(name for name in names if name is not None),)) if None not in names else NONE


def _as_fields(keys: Keys, fields: Iterable[ir.Assignment]) -> Keys:
    """The keys as fields, where each of their columns is a field as it is."""
    called = {one.value.name: one.name for one in fields if isinstance(one.value, ir.Column)}
    return frozenset(frozenset(called[column] for column in key) for key in keys if key <= called.keys())


def read_through(expression: ir.Expression, body: ir.RowsetBody) -> frozenset[str]:
    """The columns that `expression` reads, by way of the lets and fields of `body` either."""
    made = {one.name: one.value for one in (*body.lets, *body.fields)}
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        for name in columns_read(waiting.pop()) - found:
            found.add(name)
            if name in made:
                waiting.append(made[name])
    return frozenset(found)
